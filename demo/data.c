/*
 * demo/data.c - the only file that knows SQLite. Both statements are prepared once and reset after each use, so no
 * read is left open; values reach them as bound parameters only.
 */
#include "demo/data.h"

#include <sqlite3.h>
#include <stdlib.h>

#define COLUMNS "SELECT id, title, summary, body, author, votes, created FROM ideas "

struct data {
    sqlite3 *db;
    sqlite3_stmt *all;
    sqlite3_stmt *by_id;
};

static int prepare(struct data *data, const char *sql, sqlite3_stmt **statement)
{
    return sqlite3_prepare_v3(data->db, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
}

static int fill(struct data *data, const char *sql)
{
    int code = sqlite3_open_v2(":memory:", &data->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_exec(data->db, sql, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = prepare(data, COLUMNS "ORDER BY votes DESC, id", &data->all);
    if (code == SQLITE_OK)
        code = prepare(data, COLUMNS "WHERE id = ?1", &data->by_id);
    return code;
}

struct data *data_open(const char *sql, const char **error)
{
    struct data *data = calloc(1, sizeof *data);
    int code = data ? fill(data, sql) : SQLITE_NOMEM;

    if (code == SQLITE_OK)
        return data;
    *error = sqlite3_errstr(code);
    data_close(data);
    return NULL;
}

void data_close(struct data *data)
{
    if (!data)
        return;
    sqlite3_finalize(data->all);
    sqlite3_finalize(data->by_id);
    sqlite3_close(data->db);
    free(data);
}

static const char *text(sqlite3_stmt *row, int column)
{
    return (const char *)sqlite3_column_text(row, column);
}

static void hand_over(sqlite3_stmt *row, idea_fn each, void *arg)
{
    struct idea idea = {
        .id = sqlite3_column_int64(row, 0),
        .title = text(row, 1),
        .summary = text(row, 2),
        .body = text(row, 3),
        .author = text(row, 4),
        .votes = sqlite3_column_int64(row, 5),
        .created = text(row, 6),
    };

    each(&idea, arg);
}

/* Runs a statement whose parameters are bound; the number of its rows, or -1. */
static int run(sqlite3_stmt *statement, idea_fn each, void *arg)
{
    int rows = 0;
    int code;

    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        hand_over(statement, each, arg);
        rows++;
    }
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? rows : -1;
}

int data_ideas(struct data *data, idea_fn each, void *arg)
{
    return run(data->all, each, arg);
}

int data_idea(struct data *data, int64_t id, idea_fn found, void *arg)
{
    if (sqlite3_bind_int64(data->by_id, 1, id) != SQLITE_OK)
        return -1;
    return run(data->by_id, found, arg);
}

const char *data_error(const struct data *data)
{
    return sqlite3_errmsg(data->db);
}
