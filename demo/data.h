/*
 * demo/data.h - the ideas. An in-memory database, filled when it is opened; one thread at a time may use it.
 */
#ifndef DEMO_DATA_H
#define DEMO_DATA_H

#include <stdint.h>

/* One row. The strings are borrowed, until the function that got the row returns. */
struct idea {
    int64_t id;
    const char *title, *summary;
    const char *body; /* paragraphs, with an empty line between them */
    const char *author;
    int64_t votes;
    const char *created; /* YYYY-MM-DD */
};

typedef void (*idea_fn)(const struct idea *idea, void *arg);

struct data;

/* Opens the database and runs the SQL text that fills it. NULL: *error says why (static or borrowed from SQLite). */
struct data *data_open(const char *sql, const char **error);
void data_close(struct data *data);

/* Calls each(idea, arg) for all ideas, most votes first. Returns how many there were; -1: see data_error. */
int data_ideas(struct data *data, idea_fn each, void *arg);

/* Calls found(idea, arg) for the idea of that id, if there is one. Returns 1, 0, or -1: see data_error. */
int data_idea(struct data *data, int64_t id, idea_fn found, void *arg);

/* What went wrong last. Borrowed until the next call. */
const char *data_error(const struct data *data);

#endif
