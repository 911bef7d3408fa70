/*
 * demo/live.c - the last renders, as the page of records. The sink copies each record's JSON into a ring that holds so
 * many, and so many bytes, that a server may run for days. The badge is written into the finished document, behind the
 * back of the render: so it can tell the final figures, and a page cannot settle otherwise because of it.
 */
#include "demo/live.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo/metrics.h"
#include "tools/explain_html.h"

#define SHOWN 200
#define SHOWN_BYTES (16u << 20)
#define SERVER_TIMING_SIZE 512

struct live {
    pthread_mutex_t mutex; /* guards all of it */
    explain_text ring[SHOWN];
    size_t first, count; /* the oldest one, and how many */
    size_t bytes;        /* of them all; at most SHOWN_BYTES */
    uint64_t total;
    struct metrics *metrics;
};

struct live *live_new(void)
{
    struct live *live = calloc(1, sizeof *live);

    if (!live)
        return NULL;
    live->metrics = metrics_new();
    if (!live->metrics) {
        free(live);
        return NULL;
    }
    pthread_mutex_init(&live->mutex, NULL);
    return live;
}

static explain_text *at(struct live *live, size_t index)
{
    return &live->ring[(live->first + index) % SHOWN];
}

static void drop_oldest(struct live *live)
{
    explain_text *oldest = at(live, 0);

    live->bytes -= oldest->length;
    free((char *)oldest->bytes);
    live->first = (live->first + 1) % SHOWN;
    live->count--;
}

void live_free(struct live *live)
{
    if (!live)
        return;
    while (live->count > 0)
        drop_oldest(live);
    pthread_mutex_destroy(&live->mutex);
    metrics_free(live->metrics);
    free(live);
}

/* ---- The sinks --------------------------------------------------------------------------------------------------- */

/* One that is too large for the ring, or for the memory there is, is counted and not shown. */
static void keep(struct live *live, const char *json, size_t length)
{
    char *copy = length <= SHOWN_BYTES ? malloc(length) : NULL;

    live->total++;
    if (!copy)
        return;
    memcpy(copy, json, length);
    while (live->count == SHOWN || live->bytes + length > SHOWN_BYTES)
        drop_oldest(live);
    *at(live, live->count++) = (explain_text){copy, length};
    live->bytes += length;
}

/* For the answer to this very request, which has not left yet. */
static void note_for_response(struct visit *visit, ssr_record *record, ssr_json json)
{
    ssr_record_summary summary = ssr_record_summarize(record);
    double ms = 0, wait_ms = 0;

    ssr_json_number(ssr_json_at(json, "/ms"), &ms);
    ssr_json_number(ssr_json_at(json, "/waitMs"), &wait_ms);
    visit->noted.server_timing = malloc(SERVER_TIMING_SIZE);
    if (visit->noted.server_timing)
        ssr_record_server_timing(record, visit->noted.server_timing, SERVER_TIMING_SIZE);
    snprintf(visit->noted.figures, sizeof visit->noted.figures, "%u %s \xc2\xb7 %.*f ms \xc2\xb7 %s", summary.passes,
             summary.passes == 1 ? "pass" : "passes", ms + wait_ms < 10 ? 2 : 0, ms + wait_ms, summary.outcome);
    visit->noted.is_settled = strcmp(summary.verdict, "settled") == 0;
}

static void record_sink(void *arg, ssr_record *record)
{
    struct live *live = arg;
    size_t length;
    const char *json = ssr_record_json(record, &length);
    ssr_value *value = NULL;

    if (!json || ssr_value_parse(NULL, json, length, NULL, &value) != SSR_OK)
        return;
    note_for_response(ssr_record_summarize(record).host, record, ssr_value_json(value));
    pthread_mutex_lock(&live->mutex);
    keep(live, json, length);
    metrics_note_record(live->metrics, ssr_value_json(value));
    pthread_mutex_unlock(&live->mutex);
    ssr_value_free(value);
}

static void error_sink(void *arg, const char *category, const char *line)
{
    struct live *live = arg;

    (void)category;
    (void)line;
    pthread_mutex_lock(&live->mutex);
    metrics_note_error(live->metrics);
    pthread_mutex_unlock(&live->mutex);
}

ssr_log live_sinks(struct live *live)
{
    return (ssr_log){.error = error_sink, .record = record_sink, .arg = live};
}

/* ---- Answers ----------------------------------------------------------------------------------------------------- */

static bool write_piece(void *arg, const char *bytes, size_t length)
{
    return fwrite(bytes, 1, length, arg) == length;
}

static ssr_status write_renders(struct live *live, FILE *out)
{
    explain_text records[SHOWN];

    for (size_t i = 0; i < live->count; i++)
        records[i] = *at(live, i);
    return explain_html(&(explain_page){.records = records,
                                        .count = live->count,
                                        .total = live->total,
                                        .source = "this server",
                                        .style_url = "/_ssr.css",
                                        .script_url = "/_ssr.js"},
                        write_piece, out);
}

static ssr_status write_metrics(struct live *live, FILE *out)
{
    metrics_write(live->metrics, out);
    return SSR_OK;
}

static ssr_status write_style(struct live *live, FILE *out)
{
    (void)live;
    return write_piece(out, explain_style().bytes, explain_style().length) ? SSR_OK : SSR_E_NOMEM;
}

static ssr_status write_script(struct live *live, FILE *out)
{
    (void)live;
    return write_piece(out, explain_script().bytes, explain_script().length) ? SSR_OK : SSR_E_NOMEM;
}

static const struct address {
    const char *path, *content_type;
    ssr_status (*write)(struct live *live, FILE *out);
} addresses[] = {
    {"/_ssr", "text/html; charset=utf-8", write_renders},
    {"/_ssr.css", "text/css; charset=utf-8", write_style},
    {"/_ssr.js", "text/javascript; charset=utf-8", write_script},
    {"/metrics", METRICS_TYPE, write_metrics},
};

static const struct address *find_address(const char *path)
{
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        if (strcmp(addresses[i].path, path) == 0)
            return &addresses[i];
    }
    return NULL;
}

bool live_has(const struct live *live, const char *path)
{
    return live && find_address(path);
}

/* What a file of memory holds, for free; NULL: no memory. */
static char *write_all(struct live *live, const struct address *address, size_t *length)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, length);
    bool is_whole;

    if (!out)
        return NULL;
    pthread_mutex_lock(&live->mutex);
    is_whole = address->write(live, out) == SSR_OK && !ferror(out);
    pthread_mutex_unlock(&live->mutex);
    if (fclose(out) == 0 && is_whole)
        return text;
    free(text);
    return NULL;
}

void live_answer(struct live *live, struct response *response, const char *path)
{
    const struct address *address = find_address(path);
    size_t length;
    char *text = write_all(live, address, &length);

    if (!text) {
        response_refuse(response, 500, "Out of memory.\n");
        return;
    }
    response->status = 200;
    response->content_type = address->content_type;
    response->cache_control = "no-store";
    response->runs_script = true;
    response_own_body(response, text, length);
}

/* ---- The badge --------------------------------------------------------------------------------------------------- */

/* The end of the body element, as every layout writes it; length when there is none. */
static size_t find_end(const char *body, size_t length)
{
    static const char tag[] = "</body>";
    const size_t size = sizeof tag - 1;

    for (size_t i = length < size ? 0 : length - size + 1; i-- > 0;) {
        if (memcmp(body + i, tag, size) == 0)
            return i;
    }
    return length;
}

/* Words and digits of our own alone: nothing in it needs to be escaped. */
void live_add_badge(struct response *response)
{
    const struct noted *noted = &response->visit.noted;
    size_t end = find_end(response->body, response->length), length;
    char *text = NULL;
    FILE *out = *noted->figures && end < response->length ? open_memstream(&text, &length) : NULL;

    if (!out)
        return;
    fwrite(response->body, 1, end, out);
    fprintf(out, "<a class=\"badge%s\" href=\"/_ssr#%s\" title=\"How this page was rendered\">%s</a>",
            noted->is_settled ? "" : " unsettled", response->id, noted->figures);
    fwrite(response->body + end, 1, response->length - end, out);
    bool is_whole = !ferror(out);

    if (fclose(out) == 0 && is_whole)
        response_own_body(response, text, length);
    else
        free(text);
}
