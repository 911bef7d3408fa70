/*
 * demo/data.h - the ideas: an in-memory database that many threads read at once. Each borrows a connection for as
 * long as it reads, and what it reads becomes JSON at once.
 */
#ifndef DEMO_DATA_H
#define DEMO_DATA_H

#include "ssrstore/value.h"

/* What can be read. Nothing else is: there is no SQL outside data.c. */
enum selection {
    SELECT_IDEAS,     /* all, most votes first */
    SELECT_IDEA,      /* the one with the id that is asked for, or null */
    SELECT_FAVOURITE, /* the one with the most votes */
    SELECT_BY_AUTHOR, /* those of the author who is asked for, most votes first */
    SELECT_COMMENTS,  /* from a table that does not exist */
    SELECTION_COUNT
};

struct data;
struct connection;

/* Opens the database and runs the SQL text that fills it. NULL: *error says why (static). */
struct data *data_open(const char *sql, const char **error);

/* Every connection must have been given back. NULL is allowed. */
void data_close(struct data *data);

/* A connection for the calling thread alone, until it is given back. NULL: no memory. Any thread. */
struct connection *data_borrow(struct data *data);
void data_give_back(struct data *data, struct connection *connection);

/*
 * Adds to `rows` an array with an object for each row, or for the selection of one idea that object itself. The keys
 * are the names of the columns.
 * arg        an integer for SELECT_IDEA, a string for SELECT_BY_AUTHOR; not looked at otherwise.
 * Returns    SSR_OK, the builder's error, or SSR_E_FAILED: see connection_error.
 */
ssr_status connection_select(struct connection *connection, enum selection selection, ssr_json arg, ssr_builder *rows);

/* What went wrong last, in SQLite's words: for the log. Borrowed until the connection's next use. */
const char *connection_error(const struct connection *connection);

#endif
