/*
 * The stabilization log. While a render runs, the record notes each pass in memory of its own; when it ends, the
 * sinks get it and ask for the form they want. With no sink nothing is noted. The record never changes a render: when
 * its memory is used up it says `truncated` and goes on.
 */
#include "engine/record.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/operation.h"
#include "engine/render_internal.h"
#include "ssrstore/digest.h"
#include "ssrstore/utf8.h"

enum { RECORD_BYTES = 1 << 20 };

/* One changed value of a pass. Names and files are borrowed from definitions and callers, who outlive the render. */
struct record_change {
    struct record_change *next;
    const struct ssr_definition *definition;
    ssr_digest before, after;
    struct ssr_writer writer;
    bool was_read_first;
};

struct record_refusal {
    struct record_refusal *next;
    struct ssr_journal_entry entry;
};

/* One member of a batch: a query, or a hook. */
struct record_load {
    struct record_load *next;
    const char *kind, *name;
    const char *args; /* NULL: redacted, or a hook */
    const char *state, *code, *reason;
    uint64_t nanoseconds;
};

struct ssr_record_pass {
    struct ssr_record_pass *next;
    unsigned number;
    bool completed;
    uint64_t nanoseconds;
    size_t bytes;
    struct record_change *changes, **changes_end;
    struct record_refusal *refusals, **refusals_end;
    struct record_load *loads, **loads_end;
};

/* ---- Noting ----------------------------------------------------------------------------------------------------- */

void ssr_record_init(struct ssr_record *record, const struct ssr_render *render)
{
    record->render = render;
    ssr_budget_init(&record->budget, &render->engine->config.allocator, RECORD_BYTES);
    record->region.budget = record->json.budget = record->text.budget = &record->budget;
}

void ssr_record_release(struct ssr_record *record)
{
    ssr_buffer_free(&record->json);
    ssr_buffer_free(&record->text);
    ssr_region_free(&record->region);
}

/* NULL: the record's memory is used up, and it says truncated. */
static void *record_alloc(struct ssr_record *record, size_t size)
{
    void *object = ssr_region_alloc(&record->region, size);
    record->is_truncated |= !object;
    return object;
}

/* The digest as the log shows it: keyed when the definition is redacted. */
static ssr_digest shown_digest(const struct ssr_record *record, const struct ssr_definition *definition,
                               const struct ssr_value *value)
{
    if (!definition->redact)
        return value->digest;
    return ssr_digest_of(value->text, value->length, record->render->engine->config.redaction_key);
}

static void note_change(struct ssr_record *record, struct ssr_record_pass *pass, const struct ssr_cell *cell)
{
    struct record_change *change = record_alloc(record, sizeof *change);
    if (!change)
        return;
    change->definition = &cell->store->definition;
    change->before = shown_digest(record, change->definition, cell->committed);
    change->after = shown_digest(record, change->definition, cell->staged);
    change->writer = cell->writer;
    change->was_read_first = cell->was_read_first;
    *pass->changes_end = change;
    pass->changes_end = &change->next;
}

static void note_refusal(struct ssr_record *record, struct ssr_record_pass *pass, const struct ssr_journal_entry *entry)
{
    struct record_refusal *refusal = record_alloc(record, sizeof *refusal);
    if (!refusal)
        return;
    refusal->entry = *entry;
    *pass->refusals_end = refusal;
    pass->refusals_end = &refusal->next;
}

static void note_refusals(struct ssr_record *record, struct ssr_record_pass *pass)
{
    for (const struct ssr_journal_chunk *chunk = record->render->ctx.journal.first; chunk; chunk = chunk->next)
        for (size_t i = 0; i < chunk->count; i++)
            if (chunk->entries[i].op == SSR_JOURNAL_REFUSE)
                note_refusal(record, pass, &chunk->entries[i]);
}

static void note_changes(struct ssr_record *record, struct ssr_record_pass *pass)
{
    const struct ssr_ctx *ctx = &record->render->ctx;
    for (size_t i = 0; i < ctx->staged_count; i++)
        if (ctx->staged[i]->staged != ctx->staged[i]->committed)
            note_change(record, pass, ctx->staged[i]);
}

static bool has_sink(const struct ssr_record *record)
{
    return record->render->engine->config.log.record != NULL;
}

/* A new entry at the end; NULL: truncated. */
static struct ssr_record_pass *add_pass(struct ssr_record *record, unsigned number)
{
    struct ssr_record_pass *pass = record_alloc(record, sizeof *pass);
    if (!pass)
        return NULL;
    pass->number = number;
    pass->changes_end = &pass->changes;
    pass->refusals_end = &pass->refusals;
    pass->loads_end = &pass->loads;
    if (record->last)
        record->last->next = pass;
    else
        record->first = pass;
    record->last = pass;
    return pass;
}

void ssr_record_pass_ended(struct ssr_record *record, bool completed)
{
    const struct ssr_render *render = record->render;
    struct ssr_record_pass *pass = has_sink(record) ? add_pass(record, render->ctx.pass) : NULL;
    if (!pass)
        return;
    pass->completed = completed;
    pass->nanoseconds = render->pass_nanoseconds;
    pass->bytes = render->out.html.length;
    note_changes(record, pass);
    note_refusals(record, pass);
}

/* ---- Loads ------------------------------------------------------------------------------------------------------ */

/* NULL: no memory, and then the record says truncated. */
static const char *keep(struct ssr_record *record, const char *text)
{
    const char *copy = ssr_region_copy(&record->region, text, strlen(text));
    if (!copy)
        record->is_truncated = true;
    return copy;
}

static const char *state_name(const struct ssr_load *load)
{
    return load->state == SSR_QUERY_READY ? "ready" : load->state == SSR_QUERY_FAILED ? "failed" : "pending";
}

static void note_load(struct ssr_record *record, struct ssr_record_pass *pass, const struct ssr_load *load)
{
    struct record_load *noted = record_alloc(record, sizeof *noted);
    if (!noted)
        return;
    noted->kind = load->query ? "query" : "hook";
    noted->name = load->query ? load->query->definition.name : load->hook->name;
    noted->state = state_name(load);
    noted->nanoseconds = load->nanoseconds;
    if (load->query && !load->query->definition.redact)
        noted->args = keep(record, load->args->text);
    if (load->state == SSR_QUERY_FAILED && load->operation) {
        noted->code = keep(record, load->operation->code);
        noted->reason = keep(record, load->operation->reason);
    }
    *pass->loads_end = noted;
    pass->loads_end = &noted->next;
}

void ssr_record_loaded(struct ssr_record *record)
{
    const struct ssr_render *render = record->render;
    if (!has_sink(record))
        return;
    struct ssr_record_pass *pass = render->loads.first->found_pass == 0 ? add_pass(record, 0) : record->last;
    if (!pass || pass->number != render->loads.first->found_pass) /* truncated */
        return;
    for (const struct ssr_load *load = render->loads.first; load; load = load->next)
        note_load(record, pass, load);
    pass->changes = NULL;
    pass->changes_end = &pass->changes;
    note_changes(record, pass);
}

/* ---- Sending ---------------------------------------------------------------------------------------------------- */

void ssr_record_send(struct ssr_record *record)
{
    const ssr_log *log = &record->render->engine->config.log;
    if (log->record)
        log->record(log->arg, record);
}

static void log_error(const struct ssr_render *render, const char *format, uint64_t count)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 0)))
#endif
    ;

static void log_error(const struct ssr_render *render, const char *format, uint64_t count)
{
    const ssr_log *log = &render->engine->config.log;
    char line[256];
    if (!log->error)
        return;
    snprintf(line, sizeof line, format, count);
    log->error(log->arg, "ssr", line);
}

void ssr_log_hard_cap(const struct ssr_render *render)
{
    log_error(render,
              "SSR stores/cookies did not stabilize after %" PRIu64
              " re-renders (forbiddenRerendersCount); using the last render. Check for non-deterministic SsrStore or "
              "cookie values (e.g. time(), rand()).",
              render->engine->config.forbidden_rerenders_count);
}

void ssr_log_query_cap(const struct ssr_render *render)
{
    log_error(render,
              "SSR queries were still being found after %" PRIu64
              " query passes (maxQueryPasses); using the last render. Check for queries whose arguments are new in "
              "every pass.",
              render->engine->config.max_query_passes);
}

ssr_record_summary ssr_record_summarize(const struct ssr_record *record)
{
    const struct ssr_render *render = record->render;
    return (ssr_record_summary){render->request.id, render->location_path, ssr_outcome_name(render->outcome),
                                render->result.passes, render->result.rerenders};
}

/* ---- Text of both forms ----------------------------------------------------------------------------------------- */

/* Text under way. Its first failure is kept; what follows writes nothing. */
struct text {
    struct ssr_buffer *buffer;
    ssr_status status;
};

static void put(struct text *text, const char *bytes, size_t length)
{
    if (text->status == SSR_OK)
        text->status = ssr_buffer_append(text->buffer, bytes, length);
}

static void put_format(struct text *text, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

static void put_format(struct text *text, const char *format, ...)
{
    char bytes[192];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(bytes, sizeof bytes, format, arguments);
    va_end(arguments);
    if (length > 0)
        put(text, bytes, (size_t)length < sizeof bytes ? (size_t)length : sizeof bytes - 1);
}

/*
 * Text from outside, safe in JSON strings and in terminals alike: control characters, quotes and backslashes are
 * escaped as JSON does, bytes that are no UTF-8 become U+FFFD.
 */
static void put_safe(struct text *text, const char *from)
{
    const unsigned char *p = (const unsigned char *)from, *end = p + strlen(from);
    while (p < end) {
        size_t length = *p < 0x80 ? 1 : ssr_utf8_sequence(p, end);
        bool is_c1 = length == 2 && p[0] == 0xc2 && p[1] < 0xa0;
        if (length == 0)
            put(text, "\xef\xbf\xbd", 3);
        else if (is_c1 || *p < 0x20 || *p == 0x7f)
            put_format(text, "\\u%04x", is_c1 ? p[1] : p[0]);
        else if (*p == '"' || *p == '\\')
            put_format(text, "\\%c", *p);
        else
            put(text, (const char *)p, length);
        p += length > 0 ? length : 1;
    }
}

static void put_writer(struct text *text, struct ssr_writer writer)
{
    put_safe(text, ssr_base_name(writer.file));
    put_format(text, ":%d", writer.line);
}

/* Of all passes, in nanoseconds. */
static uint64_t total_time(const struct ssr_record *record)
{
    uint64_t nanoseconds = 0;
    for (const struct ssr_record_pass *pass = record->first; pass; pass = pass->next)
        nanoseconds += pass->nanoseconds;
    return nanoseconds;
}

static bool has_digest(const struct ssr_record *record, const struct record_change *change)
{
    return !change->definition->redact || record->render->engine->config.redaction_key != 0;
}

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

static void put_member(struct text *text, const char *name, const char *value)
{
    put_format(text, ",\"%s\":\"", name);
    put_safe(text, value);
    put(text, "\"", 1);
}

static void put_count(struct text *text, const char *name, uint64_t count)
{
    if (count == SSR_UNLIMITED)
        put_format(text, ",\"%s\":\"Infinity\"", name);
    else
        put_format(text, ",\"%s\":%" PRIu64, name, count);
}

static void put_milliseconds(const struct ssr_record *record, struct text *text, uint64_t nanoseconds)
{
    if (record->render->engine->config.clock)
        put_format(text, ",\"ms\":%" PRIu64 ".%06" PRIu64, nanoseconds / 1000000, nanoseconds % 1000000);
}

/* JSON that may hold DEL and C1 control characters, which a terminal would obey. */
static void put_json_text(struct text *text, const char *json)
{
    for (const char *p = json; *p; p++) {
        bool is_c1 = p[0] == '\xc2' && (unsigned char)p[1] < 0xa0;
        if (is_c1 || *p == 0x7f)
            put_format(text, "\\u%04x", is_c1 ? (unsigned char)p[1] : 0x7fu);
        else
            put(text, p, 1);
        p += is_c1;
    }
}

static void put_digest(struct text *text, const char *name, ssr_digest digest)
{
    put_format(text, ",\"%s\":\"%016" PRIx64 "%016" PRIx64 "\"", name, digest.high, digest.low);
}

static void put_change(const struct ssr_record *record, struct text *text, const struct record_change *change)
{
    put_format(text, "{\"kind\":\"%s\"", ssr_kind_name(change->definition->kind));
    put_member(text, "name", change->definition->name);
    if (has_digest(record, change)) {
        put_digest(text, "before", change->before);
        put_digest(text, "after", change->after);
    }
    if (change->writer.file) {
        put(text, ",\"at\":\"", 7);
        put_writer(text, change->writer);
        put(text, "\"", 1);
    } else {
        put_member(text, "by", "default");
    }
    put_format(text, ",\"readFirst\":%s}", change->was_read_first ? "true" : "false");
}

static void put_refusal(struct text *text, const struct ssr_journal_entry *entry)
{
    put_format(text, "{\"call\":\"%s\"", entry->call);
    if (entry->definition) {
        put_member(text, "kind", ssr_kind_name(entry->definition->kind));
        put_member(text, "name", entry->definition->name);
    }
    put_member(text, "error", ssr_status_name(entry->status));
    if (entry->is_text)
        put_format(text, ",\"byte\":%zu", entry->offset);
    if (entry->init_of)
        put_member(text, "initOf", entry->init_of);
    if (entry->writer.file) {
        put(text, ",\"at\":\"", 7);
        put_writer(text, entry->writer);
        put(text, "\"", 1);
    }
    put(text, "}", 1);
}

static void put_load(const struct ssr_record *record, struct text *text, const struct record_load *load)
{
    put_format(text, "{\"kind\":\"%s\"", load->kind);
    put_member(text, "name", load->name ? load->name : "");
    if (load->args) {
        put(text, ",\"args\":", 8);
        put_json_text(text, load->args);
    }
    put_member(text, "state", load->state);
    if (load->code)
        put_member(text, "code", load->code);
    if (load->reason)
        put_member(text, "reason", load->reason);
    put_milliseconds(record, text, load->nanoseconds);
    put(text, "}", 1);
}

static void put_pass(const struct ssr_record *record, struct text *text, const struct ssr_record_pass *pass)
{
    put_format(text, "{\"pass\":%u,\"completed\":%s,\"bytes\":%zu", pass->number, pass->completed ? "true" : "false",
               pass->bytes);
    put_milliseconds(record, text, pass->nanoseconds);
    put(text, ",\"changed\":[", 12);
    for (const struct record_change *change = pass->changes; change; change = change->next) {
        put(text, ",", change != pass->changes);
        put_change(record, text, change);
    }
    put(text, "],\"loads\":[", 11);
    for (const struct record_load *load = pass->loads; load; load = load->next) {
        put(text, ",", load != pass->loads);
        put_load(record, text, load);
    }
    put(text, "],\"refused\":[", 13);
    for (const struct record_refusal *refusal = pass->refusals; refusal; refusal = refusal->next) {
        put(text, ",", refusal != pass->refusals);
        put_refusal(text, &refusal->entry);
    }
    put(text, "]}", 2);
}

static void put_head(const struct ssr_record *record, struct text *text)
{
    const struct ssr_render *render = record->render;
    const ssr_result *result = &render->result;
    put_format(text, "{\"v\":1");
    if (render->request.id)
        put_member(text, "id", render->request.id);
    put_member(text, "location", render->location_path);
    put_member(text, "outcome", ssr_outcome_name(result->outcome));
    put_count(text, "passes", result->passes);
    put_count(text, "rerenders", result->rerenders);
    put_count(text, "queryPasses", result->query_passes);
    put_count(text, "allowedRerendersCount", render->engine->config.allowed_rerenders_count);
    put_count(text, "forbiddenRerendersCount", render->engine->config.forbidden_rerenders_count);
    put_count(text, "maxQueryPasses", render->engine->config.max_query_passes);
    put_format(text, ",\"status\":%d", result->status);
    put_count(text, "bytes", result->html_length);
    put_count(text, "refused", result->refused);
    if (result->error_status != SSR_OK) {
        put_member(text, "error", ssr_status_name(result->error_status));
        put_member(text, "message", result->error);
    }
    if (record->is_truncated)
        put_format(text, ",\"truncated\":true");
}

static void put_json(const struct ssr_record *record, struct text *text)
{
    put_head(record, text);
    put_milliseconds(record, text, total_time(record));
    put(text, ",\"passLog\":[", 12);
    for (const struct ssr_record_pass *pass = record->first; pass; pass = pass->next) {
        put(text, ",", pass != record->first);
        put_pass(record, text, pass);
    }
    put(text, "]}", 2);
}

/* ---- Lines for a person ------------------------------------------------------------------------------------------ */

static void put_time(const struct ssr_record *record, struct text *text, uint64_t nanoseconds)
{
    if (record->render->engine->config.clock)
        put_format(text, ", %.3f ms", (double)nanoseconds / 1e6);
}

static void put_change_line(const struct ssr_record *record, struct text *text, const struct record_change *change)
{
    put_format(text, "    %s \"", ssr_kind_name(change->definition->kind));
    put_safe(text, change->definition->name);
    put_format(text, "\" changed");
    if (has_digest(record, change))
        put_format(text, " %08" PRIx64 " -> %08" PRIx64, change->before.high >> 32, change->after.high >> 32);
    if (change->writer.file) {
        put_format(text, ", set at ");
        put_writer(text, change->writer);
    } else {
        put_format(text, ", back to its default: nothing set it");
    }
    put_format(text, "%s\n", change->was_read_first ? ", after it had been read" : "");
}

static void put_refusal_line(struct text *text, const struct ssr_journal_entry *entry)
{
    put_format(text, "    refused: %s", entry->call);
    if (entry->definition) {
        put_format(text, " of %s \"", ssr_kind_name(entry->definition->kind));
        put_safe(text, entry->definition->name);
        put(text, "\"", 1);
    }
    if (entry->writer.file) {
        put_format(text, " at ");
        put_writer(text, entry->writer);
    }
    put_format(text, ": %s", ssr_status_name(entry->status));
    if (entry->is_text)
        put_format(text, " at byte %zu", entry->offset);
    put_format(text, ": %s\n", ssr_status_advice(entry->status));
}

static void put_load_line(const struct ssr_record *record, struct text *text, const struct record_load *load)
{
    put_format(text, "    %s \"", load->kind);
    put_safe(text, load->name ? load->name : "");
    put(text, "\"", 1);
    if (load->args) {
        put(text, " ", 1);
        put_json_text(text, load->args);
    }
    put_format(text, ": %s", load->state);
    put_time(record, text, load->nanoseconds);
    if (load->code) {
        put_format(text, ", %s: ", load->code);
        put_safe(text, load->reason ? load->reason : "");
    }
    put(text, "\n", 1);
}

static void put_pass_title(const struct ssr_record *record, struct text *text, const struct ssr_record_pass *pass)
{
    if (pass->number == 0) {
        put_format(text, "  before the first pass\n");
        return;
    }
    put_format(text, "  pass %u%s: %zu bytes", pass->number, pass->completed ? "" : " (not completed)", pass->bytes);
    put_time(record, text, pass->nanoseconds);
    put(text, "\n", 1);
}

static void put_pass_lines(const struct ssr_record *record, struct text *text, const struct ssr_record_pass *pass)
{
    put_pass_title(record, text, pass);
    for (const struct record_load *load = pass->loads; load; load = load->next)
        put_load_line(record, text, load);
    for (const struct record_change *change = pass->changes; change; change = change->next)
        put_change_line(record, text, change);
    for (const struct record_refusal *refusal = pass->refusals; refusal; refusal = refusal->next)
        put_refusal_line(text, &refusal->entry);
}

static void put_lines(const struct ssr_record *record, struct text *text)
{
    const ssr_result *result = &record->render->result;
    put_safe(text, record->render->location_path);
    put_format(text, ": %s in %u pass%s", ssr_outcome_name(result->outcome), result->passes,
               result->passes == 1 ? "" : "es");
    put_time(record, text, total_time(record));
    if (record->is_truncated)
        put_format(text, " (record truncated)");
    put(text, "\n", 1);
    if (result->error_status != SSR_OK) {
        put_format(text, "  error: ");
        put_safe(text, result->error);
        put(text, "\n", 1);
    }
    for (const struct ssr_record_pass *pass = record->first; pass; pass = pass->next)
        put_pass_lines(record, text, pass);
}

/* Formats into a buffer of the record, which replaces what was there. */
static const char *format(struct ssr_record *record, struct ssr_buffer *buffer,
                          void (*form)(const struct ssr_record *, struct text *), size_t *length)
{
    struct text text = {buffer, SSR_OK};
    record->budget.cap = SIZE_MAX; /* what was noted within the cap may be written out */
    buffer->length = 0;
    form(record, &text);
    put(&text, "", 1);
    if (text.status != SSR_OK)
        return NULL;
    if (length)
        *length = buffer->length - 1;
    return buffer->data;
}

const char *ssr_record_json(struct ssr_record *record, size_t *length)
{
    return format(record, &record->json, put_json, length);
}

const char *ssr_record_text(struct ssr_record *record, size_t *length)
{
    return format(record, &record->text, put_lines, length);
}
