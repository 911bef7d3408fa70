/*
 * demo/data.c - the only file that knows SQLite. There is one database, in memory, and as many connections to it as
 * threads ever read at once. What always holds: a connection, and with it its statements, belongs to the free list or
 * to the one thread that borrowed it; values reach a statement as bound parameters only; a statement that has run is
 * reset, so that no read stays open. After data_open nobody writes.
 */
#include "demo/data.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>

/* One database for all connections of this process, as long as one of them is open. */
#define DATABASE "file:/ideas?vfs=memdb"

#define SUMMARY "SELECT id, title, summary, author, votes, created FROM ideas "

static const struct {
    const char *sql;
    bool one_row; /* the row itself instead of an array; null when there is none */
} selections[SELECTION_COUNT] = {
    [SELECT_IDEAS] = {SUMMARY "ORDER BY votes DESC, id", false},
    [SELECT_IDEA] = {"SELECT id, title, summary, body, author, votes, created FROM ideas WHERE id = :arg", true},
    [SELECT_FAVOURITE] = {SUMMARY "ORDER BY votes DESC, id LIMIT 1", true},
    [SELECT_BY_AUTHOR] = {SUMMARY "WHERE author = :arg ORDER BY votes DESC, id", false},
    [SELECT_COMMENTS] = {"SELECT idea, author, text FROM comments ORDER BY created", false},
};

struct connection {
    struct connection *next; /* in the free list */
    sqlite3 *db;
    sqlite3_stmt *statements[SELECTION_COUNT]; /* prepared when first used */
};

struct data {
    pthread_mutex_t lock; /* of the free list */
    struct connection *free;
};

/* ---- Connections ------------------------------------------------------------------------------------------------- */

static void close_connection(struct connection *connection)
{
    for (size_t i = 0; i < SELECTION_COUNT; i++)
        sqlite3_finalize(connection->statements[i]);
    sqlite3_close(connection->db);
    free(connection);
}

/* Without SQLite's own lock around each call: one thread at a time has the connection. */
static struct connection *open_connection(int *code)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
    struct connection *connection = calloc(1, sizeof *connection);

    *code = connection ? sqlite3_open_v2(DATABASE, &connection->db, flags, NULL) : SQLITE_NOMEM;
    if (*code == SQLITE_OK || !connection)
        return connection;
    close_connection(connection);
    return NULL;
}

struct data *data_open(const char *sql, const char **error)
{
    struct data *data = calloc(1, sizeof *data);
    int code = SQLITE_NOMEM;

    if (data && pthread_mutex_init(&data->lock, NULL) == 0) {
        data->free = open_connection(&code);
        if (data->free)
            code = sqlite3_exec(data->free->db, sql, NULL, NULL, NULL);
        if (code == SQLITE_OK)
            return data;
        data_close(data);
    } else {
        free(data);
    }
    *error = sqlite3_errstr(code);
    return NULL;
}

void data_close(struct data *data)
{
    if (!data)
        return;
    while (data->free) {
        struct connection *connection = data->free;

        data->free = connection->next;
        close_connection(connection);
    }
    pthread_mutex_destroy(&data->lock);
    free(data);
}

struct connection *data_borrow(struct data *data)
{
    struct connection *connection;
    int code;

    pthread_mutex_lock(&data->lock);
    connection = data->free;
    if (connection)
        data->free = connection->next;
    pthread_mutex_unlock(&data->lock);
    return connection ? connection : open_connection(&code);
}

void data_give_back(struct data *data, struct connection *connection)
{
    pthread_mutex_lock(&data->lock);
    connection->next = data->free;
    data->free = connection;
    pthread_mutex_unlock(&data->lock);
}

const char *connection_error(const struct connection *connection)
{
    return sqlite3_errmsg(connection->db);
}

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

static void add_column(ssr_builder *rows, sqlite3_stmt *row, int column)
{
    ssr_builder_key(rows, sqlite3_column_name(row, column));
    if (sqlite3_column_type(row, column) == SQLITE_INTEGER)
        ssr_builder_integer(rows, sqlite3_column_int64(row, column));
    else
        ssr_builder_string(rows, (const char *)sqlite3_column_text(row, column));
}

static void add_row(ssr_builder *rows, sqlite3_stmt *row)
{
    ssr_builder_begin_object(rows);
    for (int column = 0; column < sqlite3_column_count(row); column++)
        add_column(rows, row, column);
    ssr_builder_end_object(rows);
}

/* A string is bound up to the end of its JSON text, which is at least as long as what it stands for. */
static int bind_string(sqlite3_stmt *statement, ssr_json arg)
{
    char *text = malloc(arg.length + 1);
    size_t length = text ? ssr_json_string(arg, text, arg.length + 1) : 0;

    return text ? sqlite3_bind_text64(statement, 1, text, length, free, SQLITE_UTF8) : SQLITE_NOMEM;
}

static int bind_argument(sqlite3_stmt *statement, ssr_json arg)
{
    int64_t integer;

    if (sqlite3_bind_parameter_count(statement) == 0)
        return SQLITE_OK;
    if (ssr_json_type(arg) == SSR_JSON_STRING)
        return bind_string(statement, arg);
    return ssr_json_integer(arg, &integer) == SSR_OK ? sqlite3_bind_int64(statement, 1, integer) : SQLITE_MISMATCH;
}

static int prepare(struct connection *connection, enum selection selection)
{
    if (connection->statements[selection])
        return SQLITE_OK;
    return sqlite3_prepare_v3(connection->db, selections[selection].sql, -1, SQLITE_PREPARE_PERSISTENT,
                              &connection->statements[selection], NULL);
}

/* SQLITE_DONE when all went well. */
static int add_rows(ssr_builder *rows, sqlite3_stmt *statement)
{
    int code;

    ssr_builder_begin_array(rows);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW)
        add_row(rows, statement);
    ssr_builder_end_array(rows);
    return code;
}

static int add_one_row(ssr_builder *rows, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);

    if (code == SQLITE_ROW)
        add_row(rows, statement);
    else
        ssr_builder_null(rows);
    return code == SQLITE_ROW ? SQLITE_DONE : code;
}

ssr_status connection_select(struct connection *connection, enum selection selection, ssr_json arg, ssr_builder *rows)
{
    int code = prepare(connection, selection);
    sqlite3_stmt *statement = connection->statements[selection];

    if (code == SQLITE_OK)
        code = bind_argument(statement, arg);
    if (code != SQLITE_OK)
        return SSR_E_FAILED;
    code = selections[selection].one_row ? add_one_row(rows, statement) : add_rows(rows, statement);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return code == SQLITE_DONE ? ssr_builder_status(rows) : SSR_E_FAILED;
}
