/*
 * The page of a scenario: runs its lines through the public calls of a context and logs what the page learned, which
 * is what it read and what each write answered. What a call answers never stops the page, because that is what the
 * library promises; only the line "fail" does.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario_internal.h"

static ssr_status run_block(struct scenario_play *play, size_t at);

/* ---- Logging ---------------------------------------------------------------------------------------------------- */

static void note_place(struct scenario_play *play)
{
    text_format(play->log, "  ");
    if (play->init)
        text_format(play->log, "init %s: ", play->init);
}

void scenario_note_write(struct scenario_play *play, const char *what, const char *rest, ssr_status status)
{
    if (play->is_quiet && status == SSR_OK)
        return;
    note_place(play);
    text_format(play->log, "%s%s%s: %s\n", what, *rest ? " " : "", rest, ssr_status_name(status));
}

/* What output answered: worth a line only when it was refused. */
static ssr_status note_refusal(struct scenario_play *play, const char *what, const char *rest, ssr_status status)
{
    if (status != SSR_OK)
        scenario_note_write(play, what, rest, status);
    return SSR_OK;
}

void scenario_note_value(struct scenario_play *play, const char *name, const char *value)
{
    if (play->is_quiet)
        return;
    note_place(play);
    text_format(play->log, "%s = %s\n", name, value);
}

/* ---- Words of a line -------------------------------------------------------------------------------------------- */

static ssr_store *find(const struct scenario_play *play, const char *name)
{
    return ssr_store_find(ssr_engine_registry(play->engine), name);
}

/* The store that the first word of *rest names, which may be one that does not exist. */
static ssr_store *take_store(struct scenario_play *play, size_t at, const char **rest)
{
    char name[64];
    if (!scenario_word(rest, name, sizeof name))
        scenario_mistake(play->scenario, at, "a store is missing");
    return find(play, name);
}

static char *take_string(struct scenario_play *play, size_t at, const char *json, size_t *length)
{
    char *text = scenario_string(json, length);
    if (!text)
        scenario_mistake(play->scenario, at, "a JSON string is missing");
    return text;
}

static int line_number(const struct scenario_play *play, size_t at)
{
    return play->scenario->lines[at].number;
}

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

static ssr_status run_read(struct scenario_play *play, size_t at, const char *rest)
{
    const char *name = rest;
    const ssr_value *value = ssr_get(play->ctx, take_store(play, at, &rest));
    char answer[64] = "(";
    strcat(strcat(answer, value ? "" : ssr_status_name(ssr_last_status(play->ctx))), ")");
    scenario_note_value(play, name, value ? ssr_value_text(value) : answer);
    return SSR_OK;
}

/* Reads, and keeps it to itself. */
static ssr_status run_touch(struct scenario_play *play, size_t at, const char *rest)
{
    ssr_use(play->ctx, take_store(play, at, &rest));
    return SSR_OK;
}

static ssr_status run_pass(struct scenario_play *play, size_t at, const char *rest)
{
    (void)at, (void)rest;
    char answer[16] = "";
    snprintf(answer, sizeof answer, "%u", ssr_pass(play->ctx));
    scenario_note_value(play, "pass", answer);
    return SSR_OK;
}

static ssr_status run_now(struct scenario_play *play, size_t at, const char *rest)
{
    (void)at, (void)rest;
    char answer[32];
    snprintf(answer, sizeof answer, "%lld", (long long)ssr_now(play->ctx));
    scenario_note_value(play, "now", answer);
    return SSR_OK;
}

static ssr_status run_location(struct scenario_play *play, size_t at, const char *rest)
{
    (void)at, (void)rest;
    scenario_note_value(play, "location", ssr_location(play->ctx));
    return SSR_OK;
}

static ssr_status run_host(struct scenario_play *play, size_t at, const char *rest)
{
    (void)at, (void)rest;
    scenario_note_value(play, "host", ssr_host(play->ctx) == play ? "the host's request" : "nothing");
    return SSR_OK;
}

static ssr_status run_private(struct scenario_play *play, size_t at, const char *rest)
{
    (void)at;
    scenario_note_write(play, "private", rest, ssr_private(play->ctx));
    return SSR_OK;
}

/* Whether an answer is new in its place, or what the earlier passes got there. */
static const char *compare_series(struct scenario_series *series, const char *answer)
{
    size_t place = series->next++;
    for (size_t i = 0; i < place && i < SCENARIO_SERIES; i++)
        if (strcmp(series->answers[i], answer) == 0)
            return "REPEATED";
    if (place >= SCENARIO_SERIES)
        return "too many";
    if (place < series->known)
        return strcmp(series->answers[place], answer) == 0 ? "as before" : "CHANGED";
    series->known = series->next;
    strncpy(series->answers[place], answer, sizeof series->answers[place] - 1);
    return "new";
}

static ssr_status run_random(struct scenario_play *play, size_t at, const char *rest)
{
    (void)at, (void)rest;
    char answer[32];
    snprintf(answer, sizeof answer, "%llx", (unsigned long long)ssr_random(play->ctx));
    scenario_note_value(play, "random", compare_series(&play->randoms, answer));
    return SSR_OK;
}

static ssr_status run_id(struct scenario_play *play, size_t at, const char *rest)
{
    (void)at, (void)rest;
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    const char *id = ssr_id(play->ctx);
    bool good = id && *id && strchr(letters, *id) && id[strspn(id, allowed)] == '\0';
    scenario_note_value(play, "id", good ? compare_series(&play->ids, id) : "MALFORMED");
    return SSR_OK;
}

/* ---- Setting ---------------------------------------------------------------------------------------------------- */

static ssr_status run_set(struct scenario_play *play, size_t at, const char *rest)
{
    const char *line = rest;
    char pass[16];
    ssr_store *store = take_store(play, at, &rest);
    if (strcmp(rest, "=pass") == 0) {
        snprintf(pass, sizeof pass, "%u", ssr_pass(play->ctx));
        rest = pass;
    }
    ssr_status status =
        ssr_set_json_at(play->ctx, store, rest, strlen(rest), play->scenario->path, line_number(play, at));
    scenario_note_write(play, "set", line, status);
    return SSR_OK;
}

static ssr_status run_set_string(struct scenario_play *play, size_t at, const char *rest)
{
    const char *line = rest;
    size_t length;
    ssr_store *store = take_store(play, at, &rest);
    char *text = take_string(play, at, rest, &length);
    scenario_note_write(play, "set_string", line, ssr_set_string_n(play->ctx, store, text, length));
    free(text);
    return SSR_OK;
}

/* The bytes are written in hexadecimal. */
static ssr_status run_set_bytes(struct scenario_play *play, size_t at, const char *rest)
{
    const char *line = rest;
    char bytes[64];
    size_t length = 0;
    ssr_store *store = take_store(play, at, &rest);
    for (; rest[2 * length] && length < sizeof bytes; length++)
        bytes[length] = (char)strtol((char[]){rest[2 * length], rest[2 * length + 1], 0}, NULL, 16);
    scenario_note_write(play, "set_bytes", line, ssr_set_string_n(play->ctx, store, bytes, length));
    return SSR_OK;
}

static ssr_status run_set_integer(struct scenario_play *play, size_t at, const char *rest)
{
    const char *line = rest;
    ssr_store *store = take_store(play, at, &rest);
    scenario_note_write(play, "set_integer", line, ssr_set_integer(play->ctx, store, strtoll(rest, NULL, 10)));
    return SSR_OK;
}

/* A number, or the sum of two as the machine adds them. */
static ssr_status run_set_number(struct scenario_play *play, size_t at, const char *rest)
{
    const char *line = rest;
    char *end;
    ssr_store *store = take_store(play, at, &rest);
    double number = strtod(rest, &end);
    if (*end == '+')
        number += strtod(end + 1, NULL);
    scenario_note_write(play, "set_number", line, ssr_set_number(play->ctx, store, number));
    return SSR_OK;
}

static ssr_status run_set_boolean(struct scenario_play *play, size_t at, const char *rest)
{
    const char *line = rest;
    ssr_store *store = take_store(play, at, &rest);
    scenario_note_write(play, "set_boolean", line, ssr_set_boolean(play->ctx, store, strcmp(rest, "true") == 0));
    return SSR_OK;
}

static ssr_status run_set_null(struct scenario_play *play, size_t at, const char *rest)
{
    const char *line = rest;
    scenario_note_write(play, "set_null", line, ssr_set_null(play->ctx, take_store(play, at, &rest)));
    return SSR_OK;
}

/* Through the context's builder; "open" leaves an array open. */
static ssr_status run_set_built(struct scenario_play *play, size_t at, const char *rest)
{
    const char *line = rest;
    ssr_store *store = take_store(play, at, &rest);
    ssr_builder *builder = ssr_build(play->ctx);
    if (strcmp(rest, "open") == 0)
        ssr_builder_begin_array(builder);
    else
        ssr_builder_json(builder, rest, strlen(rest));
    scenario_note_write(play, "set_built", line, ssr_set_built(play->ctx, store));
    return SSR_OK;
}

/* copy FROM TO */
static ssr_status run_copy(struct scenario_play *play, size_t at, const char *rest)
{
    const char *line = rest;
    const ssr_value *value = ssr_get(play->ctx, take_store(play, at, &rest));
    scenario_note_write(play, "copy", line, ssr_set_value(play->ctx, take_store(play, at, &rest), value));
    return SSR_OK;
}

/* flip STORE: a boolean becomes what it is not. */
static ssr_status run_flip(struct scenario_play *play, size_t at, const char *rest)
{
    const char *line = rest;
    ssr_store *store = take_store(play, at, &rest);
    bool now = ssr_get_boolean(play->ctx, store, false);
    scenario_note_write(play, "flip", line, ssr_set_boolean(play->ctx, store, !now));
    return SSR_OK;
}

/* ---- Output ----------------------------------------------------------------------------------------------------- */

static ssr_status run_html(struct scenario_play *play, size_t at, const char *rest)
{
    (void)at;
    return note_refusal(play, "html", rest, ssr_html(play->ctx, rest));
}

/* fill N: writes N bytes in pieces of a thousand, until it is refused. */
static ssr_status run_fill(struct scenario_play *play, size_t at, const char *rest)
{
    enum { PIECE = 1000 };
    (void)at;
    char piece[PIECE];
    memset(piece, 'x', sizeof piece);
    ssr_status status = SSR_OK;
    for (long left = atol(rest); left > 0 && status == SSR_OK; left -= PIECE)
        status = ssr_html_n(play->ctx, piece, left < PIECE ? (size_t)left : PIECE);
    scenario_note_write(play, "fill", rest, status);
    return SSR_OK;
}

/* A store's value as text: strings and numbers as they are, other values as JSON. */
static ssr_status run_show(struct scenario_play *play, size_t at, const char *rest)
{
    const char *line = rest;
    ssr_store *store = take_store(play, at, &rest);
    ssr_json json = ssr_get_json(play->ctx, store);
    ssr_json_kind kind = ssr_json_type(json);
    if (kind == SSR_JSON_ABSENT)
        return SSR_OK;
    if (kind == SSR_JSON_STRING || kind == SSR_JSON_NUMBER)
        return note_refusal(play, "show", line, ssr_text_json(play->ctx, json));
    return note_refusal(play, "show", line, ssr_text_n(play->ctx, json.text, json.length));
}

/* show_json STORE: whatever it is, through ssr_text_json. */
static ssr_status run_show_json(struct scenario_play *play, size_t at, const char *rest)
{
    const char *line = rest;
    ssr_store *store = take_store(play, at, &rest);
    return note_refusal(play, "show_json", line, ssr_text_json(play->ctx, ssr_get_json(play->ctx, store)));
}

static ssr_status write_string(struct scenario_play *play, size_t at, const char *word, const char *json,
                               ssr_status (*write)(ssr_ctx *ctx, const char *text))
{
    size_t length;
    char *text = take_string(play, at, json, &length);
    ssr_status status = write(play->ctx, text);
    free(text);
    return note_refusal(play, word, json, status);
}

static ssr_status run_text(struct scenario_play *play, size_t at, const char *rest)
{
    return write_string(play, at, "text", rest, ssr_text);
}

static ssr_status run_attr(struct scenario_play *play, size_t at, const char *rest)
{
    return write_string(play, at, "attr", rest, ssr_attr);
}

static ssr_status run_url(struct scenario_play *play, size_t at, const char *rest)
{
    return write_string(play, at, "url", rest, ssr_url);
}

static ssr_status run_url_component(struct scenario_play *play, size_t at, const char *rest)
{
    return write_string(play, at, "url_component", rest, ssr_url_component);
}

static ssr_status run_transfer_here(struct scenario_play *play, size_t at, const char *rest)
{
    (void)at;
    return note_refusal(play, "transfer_here", rest, ssr_transfer_here(play->ctx));
}

static ssr_status run_status(struct scenario_play *play, size_t at, const char *rest)
{
    (void)at;
    scenario_note_write(play, "status", rest, ssr_set_status(play->ctx, atoi(rest)));
    return SSR_OK;
}

/* A name and a value: words, or JSON strings where they hold what a line cannot. */
static ssr_status run_header(struct scenario_play *play, size_t at, const char *rest)
{
    const char *line = rest;
    char name[256], value[SCENARIO_TEXT] = "";
    if (!scenario_name(&rest, name, sizeof name))
        scenario_mistake(play->scenario, at, "a name is missing");
    if (*rest != '"')
        snprintf(value, sizeof value, "%s", rest);
    else
        scenario_name(&rest, value, sizeof value);
    scenario_note_write(play, "header", line, ssr_set_header(play->ctx, name, value));
    return SSR_OK;
}

static ssr_status redirect(struct scenario_play *play, size_t at, const char *word, const char *rest,
                           ssr_status (*call)(ssr_ctx *ctx, const char *to, int status))
{
    const char *line = rest;
    char to[SCENARIO_TEXT];
    if (!scenario_name(&rest, to, sizeof to))
        scenario_mistake(play->scenario, at, "a place is missing");
    scenario_note_write(play, word, line, call(play->ctx, to, atoi(rest)));
    return SSR_OK;
}

static ssr_status run_redirect(struct scenario_play *play, size_t at, const char *rest)
{
    return redirect(play, at, "redirect", rest, ssr_redirect);
}

static ssr_status run_redirect_external(struct scenario_play *play, size_t at, const char *rest)
{
    return redirect(play, at, "redirect_external", rest, ssr_redirect_external);
}

/* ---- Queries ---------------------------------------------------------------------------------------------------- */

static ssr_query *take_query(struct scenario_play *play, size_t at, const char **rest)
{
    char name[64];
    if (!scenario_name(rest, name, sizeof name))
        scenario_mistake(play->scenario, at, "a query is missing");
    return ssr_query_find(ssr_engine_registry(play->engine), name);
}

/* The arguments: JSON, =STORE, =pass; NULL when there are none. */
static const char *take_args(struct scenario_play *play, const char **rest, char args[SCENARIO_TEXT])
{
    if (!scenario_json(rest, args, SCENARIO_TEXT))
        return NULL;
    if (strcmp(args, "=pass") == 0) {
        snprintf(args, SCENARIO_TEXT, "%u", ssr_pass(play->ctx));
    } else if (*args == '=') {
        const ssr_value *value = ssr_get(play->ctx, find(play, args + 1));
        snprintf(args, SCENARIO_TEXT, "%s", value ? ssr_value_text(value) : "null");
    }
    return args;
}

/* QUERY [ARGS] */
static ssr_query_result ask(struct scenario_play *play, size_t at, const char **rest, bool enabled)
{
    char args[SCENARIO_TEXT];
    const ssr_query *query = take_query(play, at, rest);
    const char *given = take_args(play, rest, args);
    return ssr_query_get(play->ctx, query, given, enabled);
}

static void note_result(struct scenario_play *play, const char *word, const char *line, ssr_query_result result)
{
    static const char *const states[] = {"disabled", "pending", "ready ", "failed "};
    ssr_status status = ssr_last_status(play->ctx);
    bool is_refused = result.state == SSR_QUERY_DISABLED && status != SSR_OK;
    if (play->is_quiet && !is_refused)
        return;
    note_place(play);
    text_format(play->log, "%s %s: %s", word, line, states[result.state]);
    if (result.state == SSR_QUERY_READY)
        text_append(play->log, result.data.text, result.data.length);
    text_format(play->log, "%s", result.error);
    if (is_refused)
        text_format(play->log, " (%s)", ssr_status_name(status));
    text_format(play->log, "\n");
    if ((result.state == SSR_QUERY_READY) != (result.data.text != NULL) ||
        (result.state == SSR_QUERY_FAILED) != (result.error[0] != '\0'))
        scenario_violation(play->log, "state, data and error disagree");
}

/* ask QUERY [ARGS [disabled]] */
static ssr_status run_ask(struct scenario_play *play, size_t at, const char *rest)
{
    static const char word[] = " disabled";
    const char *line = rest;
    size_t length = strlen(rest), tail = strlen(word);
    bool enabled = length < tail || strcmp(rest + length - tail, word) != 0;
    ssr_query_result result = ask(play, at, &rest, enabled);
    note_result(play, "ask", line, result);
    return SSR_OK;
}

static ssr_status run_ask_integer(struct scenario_play *play, size_t at, const char *rest)
{
    const char *line = rest;
    const ssr_query *query = take_query(play, at, &rest);
    ssr_query_result result = ssr_query_integer(play->ctx, query, strtoll(rest, NULL, 10), true);
    note_result(play, "ask_integer", line, result);
    return SSR_OK;
}

static ssr_status run_ask_string(struct scenario_play *play, size_t at, const char *rest)
{
    const char *line = rest;
    size_t length;
    const ssr_query *query = take_query(play, at, &rest);
    char *text = take_string(play, at, rest, &length);
    ssr_query_result result = ssr_query_string(play->ctx, query, text, true);
    free(text);
    note_result(play, "ask_string", line, result);
    return SSR_OK;
}

/* Through the context's builder; "open" leaves an array open. */
static ssr_status run_ask_built(struct scenario_play *play, size_t at, const char *rest)
{
    const char *line = rest;
    const ssr_query *query = take_query(play, at, &rest);
    ssr_builder *builder = ssr_build(play->ctx);
    if (strcmp(rest, "open") == 0)
        ssr_builder_begin_array(builder);
    else
        ssr_builder_json(builder, rest, strlen(rest));
    ssr_query_result result = ssr_query_built(play->ctx, query, true);
    note_result(play, "ask_built", line, result);
    return SSR_OK;
}

/* show_ask QUERY [ARGS]: asks, and writes what it knows: "?" while it is pending, "!" and the code when it failed. */
static ssr_status run_show_ask(struct scenario_play *play, size_t at, const char *rest)
{
    const char *line = rest;
    ssr_query_result result = ask(play, at, &rest, true);
    if (result.state == SSR_QUERY_READY)
        return note_refusal(play, "show_ask", line, ssr_text_n(play->ctx, result.data.text, result.data.length));
    ssr_status status = ssr_html(play->ctx, result.state == SSR_QUERY_FAILED ? "!" : "?");
    note_refusal(play, "show_ask", line, status);
    return note_refusal(play, "show_ask", line, ssr_text(play->ctx, result.error));
}

/* feed STORE QUERY [ARGS]: asks, and sets the store to the data, or to the code of a failure. */
static ssr_status run_feed(struct scenario_play *play, size_t at, const char *rest)
{
    const char *line = rest;
    ssr_store *store = take_store(play, at, &rest);
    ssr_query_result result = ask(play, at, &rest, true);
    if (result.state == SSR_QUERY_READY)
        scenario_note_write(play, "feed", line,
                            ssr_set_json_at(play->ctx, store, result.data.text, result.data.length,
                                            play->scenario->path, line_number(play, at)));
    else if (result.state == SSR_QUERY_FAILED)
        scenario_note_write(play, "feed", line, ssr_set_string(play->ctx, store, result.error));
    else
        note_result(play, "feed", line, result);
    return SSR_OK;
}

/* ---- Blocks ----------------------------------------------------------------------------------------------------- */

/* Whether "pass N", "location PATH", "ready QUERY [ARGS]", "failed QUERY [ARGS]" or "STORE JSON" holds. */
static bool condition(struct scenario_play *play, size_t at, const char *rest)
{
    const char *more;
    if ((more = scenario_rest(rest, "pass")))
        return (unsigned)atoi(more) == ssr_pass(play->ctx);
    if ((more = scenario_rest(rest, "location")))
        return strcmp(ssr_location(play->ctx), more) == 0;
    if ((more = scenario_rest(rest, "ready")))
        return ask(play, at, &more, true).state == SSR_QUERY_READY;
    if ((more = scenario_rest(rest, "failed")))
        return ask(play, at, &more, true).state == SSR_QUERY_FAILED;
    const ssr_value *value = ssr_get(play->ctx, take_store(play, at, &rest));
    return value && strcmp(ssr_value_text(value), rest) == 0;
}

static ssr_status run_when(struct scenario_play *play, size_t at, const char *rest)
{
    return condition(play, at, rest) ? run_block(play, at) : SSR_OK;
}

static ssr_status run_unless(struct scenario_play *play, size_t at, const char *rest)
{
    return condition(play, at, rest) ? SSR_OK : run_block(play, at);
}

static ssr_status run_repeat(struct scenario_play *play, size_t at, const char *rest)
{
    unsigned times = (unsigned)atoi(rest);
    ssr_status status = SSR_OK;
    play->is_quiet = true;
    for (unsigned i = 0; i < times && status == SSR_OK; i++) {
        play->repetition = i;
        status = run_block(play, at);
    }
    play->is_quiet = false;
    return status;
}

struct effect {
    struct scenario_play *play;
    size_t at;
};

static ssr_status effect(ssr_ctx *ctx, void *arg)
{
    struct effect *block = arg;
    (void)ctx;
    return run_block(block->play, block->at);
}

/* The page goes on after a failed effect. */
static ssr_status run_effect(struct scenario_play *play, size_t at, const char *rest)
{
    ssr_status status = ssr_effect(play->ctx, effect, &(struct effect){play, at});
    return note_refusal(play, "effect", rest, status);
}

static ssr_status run_fail(struct scenario_play *play, size_t at, const char *rest)
{
    (void)play, (void)at, (void)rest;
    return SSR_E_FAILED;
}

/* give JSON, or give =STORE: what an init function adds to its builder. */
static ssr_status run_give(struct scenario_play *play, size_t at, const char *rest)
{
    if (!play->builder)
        scenario_mistake(play->scenario, at, "only an init gives");
    if (*rest == '=')
        return ssr_builder_value(play->builder, ssr_get(play->ctx, find(play, rest + 1)));
    return ssr_builder_json(play->builder, rest, strlen(rest));
}

static const struct scenario_statement statements[] = {
    {"read", run_read},
    {"touch", run_touch},
    {"pass", run_pass},
    {"now", run_now},
    {"location", run_location},
    {"host", run_host},
    {"private", run_private},
    {"random", run_random},
    {"id", run_id},
    {"set", run_set},
    {"set_string", run_set_string},
    {"set_bytes", run_set_bytes},
    {"set_integer", run_set_integer},
    {"set_number", run_set_number},
    {"set_boolean", run_set_boolean},
    {"set_null", run_set_null},
    {"set_built", run_set_built},
    {"copy", run_copy},
    {"flip", run_flip},
    {"html", run_html},
    {"fill", run_fill},
    {"show", run_show},
    {"show_json", run_show_json},
    {"text", run_text},
    {"attr", run_attr},
    {"url", run_url},
    {"url_component", run_url_component},
    {"transfer_here", run_transfer_here},
    {"status", run_status},
    {"header", run_header},
    {"redirect", run_redirect},
    {"redirect_external", run_redirect_external},
    {"ask", run_ask},
    {"ask_integer", run_ask_integer},
    {"ask_string", run_ask_string},
    {"ask_built", run_ask_built},
    {"show_ask", run_show_ask},
    {"feed", run_feed},
    {"when", run_when},
    {"unless", run_unless},
    {"repeat", run_repeat},
    {"effect", run_effect},
    {"fail", run_fail},
    {"give", run_give},
    {NULL, NULL},
};

/* The statement of a line, and the rest of the line; NULL: it is of another table. */
static const struct scenario_statement *find_statement(const struct scenario_statement *table, const char *text,
                                                       const char **rest)
{
    for (; table->word; table++)
        if ((*rest = scenario_rest(text, table->word)))
            return table;
    return NULL;
}

const char *scenario_expand(const struct scenario_play *play, size_t at, char buffer[SCENARIO_TEXT])
{
    size_t length = 0;
    const char *text = play->scenario->lines[at].text;
    if (!play->is_quiet)
        return text;
    for (; *text && length < SCENARIO_TEXT - 16; text++) {
        if (*text == '#')
            length += (size_t)snprintf(buffer + length, 16, "%u", play->repetition);
        else
            buffer[length++] = *text;
    }
    buffer[length] = '\0';
    return buffer;
}

static ssr_status run_line(struct scenario_play *play, size_t at)
{
    char buffer[SCENARIO_TEXT];
    const char *text = scenario_expand(play, at, buffer);
    const char *rest;
    const struct scenario_statement *statement = find_statement(statements, text, &rest);
    if (!statement)
        statement = find_statement(scenario_cookie_statements, text, &rest);
    if (statement)
        return statement->run(play, at, rest);
    scenario_mistake(play->scenario, at, "no such line in a page");
}

static ssr_status run_block(struct scenario_play *play, size_t at)
{
    size_t end = scenario_next(play->scenario, at);
    for (size_t i = at + 1; i < end; i = scenario_next(play->scenario, i)) {
        ssr_status status = run_line(play, i);
        if (status != SSR_OK)
            return status;
    }
    return SSR_OK;
}

/* ---- Callbacks -------------------------------------------------------------------------------------------------- */

ssr_status scenario_page(ssr_ctx *ctx, void *arg)
{
    struct scenario_play *play = arg;
    const struct scenario *scenario = play->scenario;
    play->ctx = ctx;
    play->callbacks++;
    play->randoms.next = play->ids.next = 0;
    scenario_flush_loads(play);
    text_format(play->log, "pass %u\n", ssr_pass(ctx));
    ssr_status status = SSR_OK;
    for (size_t i = 0; i < scenario->line_count && status == SSR_OK; i = scenario_next(scenario, i)) {
        const char *text = scenario->lines[i].text;
        if (scenario_rest(text, "layout") || scenario_rest(text, "page"))
            status = run_block(play, i);
    }
    play->ctx = NULL;
    return status;
}

/* An init may begin in the middle of the page's or another init's lines, whose state it puts back. */
ssr_status scenario_init_store(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    const struct scenario_init *init = arg;
    struct scenario_play *play = init->play;
    struct scenario_play outer = *play;
    play->ctx = ctx;
    play->init = init->name;
    play->builder = value;
    play->is_quiet = false;
    note_place(play);
    text_format(play->log, "begins\n");
    ssr_status status = run_block(play, init->line);
    play->ctx = outer.ctx;
    play->init = outer.init;
    play->builder = outer.builder;
    play->is_quiet = outer.is_quiet;
    return status;
}
