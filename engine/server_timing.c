/*
 * The record as a Server-Timing header (W3C Server Timing, in the grammar of RFC 9110 5.6): one metric for the whole,
 * one for each pass, one for each load. What always holds: only whole metrics, and only printable ASCII.
 */
#include "engine/render_internal.h"

/* A header in the caller's memory: what does not fit is left out. */
struct header {
    struct ssr_budget no_budget;
    struct ssr_buffer buffer;
    struct ssr_log_text text;
    size_t whole; /* the length up to the last metric that fitted */
};

/* A quoted string's inside: RFC 9110 5.6.4 without its escapes, which not every reader knows. */
static void put_description(struct ssr_log_text *text, const char *from)
{
    for (const char *p = from; *p; p++) {
        bool is_plain = *p >= 0x20 && *p < 0x7f && *p != '"' && *p != '\\';
        ssr_put(text, is_plain ? p : "?", 1);
    }
}

static void put_metric(struct header *header, const struct ssr_record *record, const char *name,
                       const char *description, uint64_t nanoseconds)
{
    struct ssr_log_text *text = &header->text;
    ssr_put_words(text, header->whole > 0 ? ", " : "");
    ssr_put_words(text, name);
    ssr_put_words(text, ";desc=\"");
    put_description(text, description);
    ssr_put_words(text, "\"");
    if (record->render->engine->config.clock) {
        ssr_put_words(text, ";dur=");
        ssr_put_milliseconds(text, nanoseconds, 3);
    }
    if (text->status == SSR_OK)
        header->whole = header->buffer.length;
}

static void put_pass(struct header *header, const struct ssr_record *record, const struct ssr_record_pass *pass)
{
    char digits[24];
    struct ssr_buffer buffer = {&header->no_budget, digits, 0, sizeof digits};
    struct ssr_log_text number = {&buffer, SSR_OK};
    ssr_put_number(&number, pass->number);
    ssr_put(&number, "", 1);
    if (pass->number > 0)
        put_metric(header, record, "pass", digits, pass->nanoseconds);
    for (const struct ssr_record_load *load = pass->loads; load; load = load->next)
        put_metric(header, record, load->kind, load->name, load->nanoseconds);
}

size_t ssr_record_server_timing(const struct ssr_record *record, char *buffer, size_t size)
{
    struct header header = {.whole = 0};
    if (size == 0)
        return 0;
    ssr_budget_init(&header.no_budget, NULL, 0);
    header.buffer = (struct ssr_buffer){&header.no_budget, buffer, 0, size - 1}; /* and a NUL */
    header.text = (struct ssr_log_text){&header.buffer, SSR_OK};
    put_metric(&header, record, "total", ssr_outcome_name(record->render->outcome),
               ssr_record_time(record) + ssr_record_wait(record));
    for (const struct ssr_record_pass *pass = record->first; pass; pass = pass->next)
        put_pass(&header, record, pass);
    buffer[header.whole] = '\0';
    return header.whole;
}
