/*
 * The record as lines for a person. What always holds: each line ends with a newline, which is the only control
 * character; a pass's own lines are deeper than its title.
 */
#include "engine/render_internal.h"

enum { CAUSES_TOLD = 3, PATCH_TOLD = 160, FIRST_TOLD = 6, LAST_TOLD = 2 };

/* ---- Parts of lines ---------------------------------------------------------------------------------------------- */

static void put_time(const struct ssr_record *record, struct ssr_log_text *text, uint64_t nanoseconds)
{
    if (!record->render->engine->config.clock)
        return;
    ssr_put_words(text, ", ");
    ssr_put_milliseconds(text, nanoseconds, 3);
    ssr_put_words(text, " ms");
}

/* ---- What a pass did --------------------------------------------------------------------------------------------- */

/* From what to what, as shortly as it can be said. */
static void put_difference(const struct ssr_record *record, struct ssr_log_text *text,
                           const struct ssr_record_change *change)
{
    if (change->before_text && change->after_text) {
        ssr_put_words(text, " ");
        ssr_put_json(text, change->before_text);
        ssr_put_words(text, " -> ");
        ssr_put_json(text, change->after_text);
    } else if (change->patch && strlen(change->patch) <= PATCH_TOLD) {
        ssr_put_words(text, " by ");
        ssr_put_json(text, change->patch);
    } else if (!change->definition->redact) {
        ssr_put_words(text, " to ");
        ssr_put_number(text, change->size);
        ssr_put_words(text, " bytes");
    } else {
        ssr_put_words(text,
                      ssr_change_has_digest(record, change) ? " (redacted, digests in the JSON form)" : " (redacted)");
    }
}

static void put_setter(struct ssr_log_text *text, const struct ssr_record_change *change)
{
    if (change->by_kind) {
        ssr_put_words(text, ", set by ");
        ssr_put_name(text, change->by_kind, change->by_name);
        ssr_put_at(text, change->writer);
    } else if (change->is_default) {
        ssr_put_words(text, ", back to its default: nothing set it");
    } else if (change->writer.file || change->component) {
        ssr_put_words(text, ", set");
        if (change->component)
            ssr_put_name(text, " by component", change->component);
        ssr_put_at(text, change->writer);
    }
}

static void put_change(const struct ssr_record *record, struct ssr_log_text *text,
                       const struct ssr_record_change *change)
{
    ssr_put_words(text, "    ");
    ssr_put_definition(text, change->definition);
    ssr_put_words(text, " changed");
    put_difference(record, text, change);
    put_setter(text, change);
    if (change->was_read_first)
        ssr_put_words(text, ", after it had been read");
    for (const struct ssr_record_writer *writer = change->writers; writer; writer = writer->next) {
        ssr_put_words(text, writer == change->writers ? " (all that set it: " : ", ");
        ssr_put_place(text, writer->place);
        ssr_put(text, ")", !writer->next);
    }
    ssr_put_words(text, "\n");
}

static void put_refusal(struct ssr_log_text *text, const struct ssr_journal_entry *entry)
{
    ssr_put_words(text, "    refused: ");
    ssr_put_words(text, entry->call);
    if (entry->definition) {
        ssr_put_words(text, " of ");
        ssr_put_definition(text, entry->definition);
    }
    ssr_put_at(text, entry->writer);
    ssr_put_words(text, ": ");
    ssr_put_words(text, ssr_status_name(entry->status));
    if (entry->is_text) {
        ssr_put_words(text, " at byte ");
        ssr_put_number(text, entry->offset);
    }
    ssr_put_words(text, ": ");
    ssr_put_words(text, ssr_status_advice(entry->status));
    ssr_put_words(text, "\n");
}

static void put_event(struct ssr_log_text *text, const struct ssr_journal_entry *entry)
{
    if (entry->op == SSR_JOURNAL_REFUSE) {
        put_refusal(text, entry);
        return;
    }
    ssr_put_words(text, "    ");
    if (entry->definition)
        ssr_put_definition(text, entry->definition);
    else
        ssr_put_words(text, "a shared store of another engine");
    ssr_put_words(text, entry->op == SSR_JOURNAL_LATE_WRITE ? " changed" : " written");
    ssr_put_at(text, entry->writer);
    ssr_put_words(text, entry->op == SSR_JOURNAL_LATE_WRITE ? ", after it had been read\n" : ", for every visitor\n");
}

static void put_waits(struct ssr_log_text *text, const struct ssr_record_pass *pass, const struct ssr_record_load *load)
{
    const struct ssr_record_news *news = pass->news;
    for (size_t i = 0; i < load->waited_count; i++, news = news->next) {
        ssr_put_words(text, i == 0 ? ", waited for " : ", ");
        ssr_put_definition(text, news->definition);
        if (!news->writer.file)
            continue;
        ssr_put_words(text, ", set in pass ");
        ssr_put_number(text, news->set_in);
        ssr_put_at(text, news->writer);
    }
}

static void put_load(const struct ssr_record *record, struct ssr_log_text *text, const struct ssr_record_pass *pass,
                     const struct ssr_record_load *load)
{
    ssr_put_words(text, "    ");
    ssr_put_name(text, load->kind, load->name);
    if (load->args) {
        ssr_put_words(text, " ");
        ssr_put_json(text, load->args);
    }
    ssr_put_words(text, ": ");
    ssr_put_words(text, load->state);
    put_time(record, text, load->nanoseconds);
    if (load->code) {
        ssr_put_words(text, ", ");
        ssr_put_safe(text, load->code);
        ssr_put_words(text, ": ");
        ssr_put_safe(text, load->reason ? load->reason : "");
    }
    put_waits(text, pass, load);
    ssr_put_words(text, "\n");
}

/* ---- A pass ------------------------------------------------------------------------------------------------------ */

/* `because store "a" changed, query "b" was loaded: ` */
static void put_causes(struct ssr_log_text *text, const struct ssr_record_pass *pass)
{
    const struct ssr_record_pass *cause = ssr_record_cause(pass);
    const struct ssr_record_change *change = cause ? cause->changes : NULL;
    const struct ssr_record_load *load = cause ? cause->loads : NULL;
    size_t told = 0;
    for (; change && told < CAUSES_TOLD; change = change->next) {
        ssr_put_words(text, told++ == 0 ? "because " : ", ");
        ssr_put_definition(text, change->definition);
        ssr_put_words(text, " changed");
    }
    for (; load && told < CAUSES_TOLD; load = load->next) {
        ssr_put_words(text, told++ == 0 ? "because " : ", ");
        ssr_put_name(text, load->kind, load->name);
        ssr_put_words(text, " was loaded");
    }
    if (change || load)
        ssr_put_words(text, " and more");
    ssr_put_words(text, told > 0 ? ": " : "");
}

static void put_title(const struct ssr_record *record, struct ssr_log_text *text, const struct ssr_record_pass *pass)
{
    const char *location = ssr_record_moved_to(record, pass);
    if (location) {
        ssr_put_words(text, pass->redirected_from ? "  redirected to " : "  at ");
        ssr_put_safe(text, location);
        ssr_put_words(text, "\n");
    }
    if (pass->number == 0) {
        ssr_put_words(text, "  before the first pass\n");
        return;
    }
    ssr_put_words(text, "  pass ");
    ssr_put_number(text, pass->number);
    ssr_put_words(text, pass->completed ? ": " : " (not completed): ");
    put_causes(text, pass);
    ssr_put_number(text, pass->bytes);
    ssr_put_words(text, " bytes");
    put_time(record, text, pass->nanoseconds);
    ssr_put_words(text, "\n");
}

static void put_pass(const struct ssr_record *record, struct ssr_log_text *text, const struct ssr_record_pass *pass)
{
    put_title(record, text, pass);
    for (const struct ssr_record_load *load = pass->loads; load; load = load->next)
        put_load(record, text, pass, load);
    for (const struct ssr_record_change *change = pass->changes; change; change = change->next)
        put_change(record, text, change);
    for (const struct ssr_record_event *event = pass->events; event; event = event->next)
        put_event(text, &event->entry);
}

/* The first and the last ones; what lies between them is mostly the same, and the JSON form has all of it. */
static void put_passes(const struct ssr_record *record, struct ssr_log_text *text)
{
    size_t count = 0, at = 0;
    for (const struct ssr_record_pass *pass = record->first; pass; pass = pass->next)
        count++;
    size_t left_out = count > FIRST_TOLD + LAST_TOLD + 1 ? count - FIRST_TOLD - LAST_TOLD : 0;
    for (const struct ssr_record_pass *pass = record->first; pass; pass = pass->next, at++) {
        if (at < FIRST_TOLD || at >= FIRST_TOLD + left_out) {
            put_pass(record, text, pass);
        } else if (at == FIRST_TOLD) {
            ssr_put_words(text, "  ... and ");
            ssr_put_number(text, left_out);
            ssr_put_words(text, " more, which the JSON form has\n");
        }
    }
}

/* ---- The whole --------------------------------------------------------------------------------------------------- */

static void put_head(const struct ssr_record *record, struct ssr_log_text *text)
{
    const ssr_result *result = &record->render->result;
    ssr_put_safe(text, record->render->location_path);
    ssr_put_words(text, ": ");
    ssr_put_words(text, ssr_outcome_name(result->outcome));
    ssr_put_words(text, " in ");
    ssr_put_number(text, result->passes);
    ssr_put_words(text, result->passes == 1 ? " pass" : " passes");
    put_time(record, text, ssr_record_time(record));
    ssr_put_words(text, record->is_truncated ? " (record truncated)\n" : "\n");
}

static void put_lines(const struct ssr_record *record, struct ssr_log_text *text)
{
    const ssr_result *result = &record->render->result;
    put_head(record, text);
    if (result->error_status != SSR_OK) {
        ssr_put_words(text, "  error: ");
        ssr_put_safe(text, result->error);
        ssr_put_words(text, "\n");
    }
    if (record->verdict.kind != SSR_VERDICT_SETTLED && record->verdict.kind != SSR_VERDICT_ENDED) {
        ssr_put_words(text, "  verdict: ");
        ssr_put_words(text, record->verdict.text);
        ssr_put_words(text, "\n");
    }
    put_passes(record, text);
    for (const struct ssr_advice *advice = record->advice; advice; advice = advice->next) {
        ssr_put_words(text, "  advice: ");
        ssr_put_words(text, advice->text);
        ssr_put_words(text, "\n");
    }
}

const char *ssr_record_text(struct ssr_record *record, size_t *length)
{
    return ssr_record_format(record, &record->text, put_lines, length);
}
