/*
 * Advice: what in a record could be better, whether it settled or not. One finding for each thing, however many passes
 * it shows in. What always holds: advice tells names, places, sizes and codes, never a value.
 */
#include "engine/operation.h"
#include "engine/render_internal.h"

enum { ADVICE_MOST = 20, NAMES_TOLD = 5, BUDGET_BYTES = 10 << 10 };

/* ---- A finding --------------------------------------------------------------------------------------------------- */

/* Ends a text that was begun and adds it, unless it has been said. */
static void add(struct ssr_record *record, const char *kind, const struct ssr_log_text *text)
{
    size_t count = 0, length = text->buffer->length;
    if (text->status != SSR_OK)
        return;
    for (const struct ssr_advice *said = record->advice; said; said = said->next) {
        if (strlen(said->text) == length && memcmp(said->text, text->buffer->data, length) == 0)
            return;
        count++;
    }
    struct ssr_advice *advice = count < ADVICE_MOST ? ssr_record_alloc(record, sizeof *advice) : NULL;
    if (!advice)
        return;
    advice->kind = kind;
    advice->text = ssr_record_finish_text(record, text);
    if (!advice->text)
        return;
    *record->advice_end = advice;
    record->advice_end = &advice->next;
}

/* ---- Passes that could be saved ---------------------------------------------------------------------------------- */

/* Queries that were found in several passes of one location, each of them a wait. Returns the first of the next one. */
static const struct ssr_record_pass *advise_prefetch(struct ssr_record *record, const struct ssr_record_pass *pass)
{
    struct ssr_log_text text = ssr_record_begin_text(record);
    unsigned waits = 0;
    const char *last = "";
    ssr_put_words(&text, "these loaded one after the other: ");
    do {
        if (pass->number == 0 || !pass->loads || strcmp(pass->loads->name, last) == 0)
            continue;
        ssr_put_words(&text, waits++ == 0 ? "" : ", ");
        last = pass->loads->name;
        ssr_put_name(&text, pass->loads->kind, last);
    } while ((pass = pass->next) != NULL && !pass->redirected_from);
    ssr_put_words(&text, "; declare them on the route and set prefetchLoadersBeforePageRender, or load them in a hook");
    if (waits > 1)
        add(record, "prefetch", &text);
    return pass;
}

/* Whether a hook could have set it: a store that was set, by a place that is known. */
static bool is_of_a_hook(const struct ssr_record_change *change)
{
    return change->definition->kind == SSR_KIND_STORE && change->writer.file;
}

/* What the first pass set without asking for anything: a hook could have set it before, when that is all it set, as
 * only a whole record tells. */
static void advise_hook(struct ssr_record *record, const struct ssr_record_pass *pass)
{
    bool is_first = pass->number > 0 && !ssr_record_cause(pass) && pass->next && ssr_record_cause(pass->next) == pass;
    if (record->verdict.kind != SSR_VERDICT_SETTLED || !is_first || pass->has_asked || record->is_truncated)
        return;
    struct ssr_log_text text = ssr_record_begin_text(record);
    unsigned count = 0;
    ssr_put_words(&text, "the first pass asks for nothing and sets ");
    for (const struct ssr_record_change *change = pass->changes; change; change = change->next) {
        if (!is_of_a_hook(change))
            return;
        if (++count > NAMES_TOLD)
            continue;
        ssr_put_words(&text, count == 1 ? "" : ", ");
        ssr_put_definition(&text, change->definition);
        ssr_put_at(&text, change->writer);
    }
    ssr_put_more(&text, count > NAMES_TOLD ? count - NAMES_TOLD : 0);
    ssr_put_words(&text, ": what depends on the location alone can be set in a hook of the route, which saves a pass");
    add(record, "hook", &text);
}

/* ---- What is written in a wrong way ------------------------------------------------------------------------------ */

static void advise_writers(struct ssr_record *record, const struct ssr_record_change *change)
{
    if (!change->writers || !change->is_disputed)
        return;
    struct ssr_log_text text = ssr_record_begin_text(record);
    ssr_put_definition(&text, change->definition);
    ssr_put_words(&text, " is set to different values in one pass: ");
    for (const struct ssr_record_writer *writer = change->writers; writer; writer = writer->next) {
        ssr_put_words(&text, writer == change->writers ? "" : ", ");
        ssr_put_place(&text, writer->place);
    }
    ssr_put_words(&text, "; the last one counts");
    add(record, "two_writers", &text);
}

/* Whether a text begins with a word of small letters, whatever the case of its own. */
static bool begins_with(const char *text, const char *word)
{
    while (*word && (*text == *word || (*text >= 'A' && *text <= 'Z' && *text + ('a' - 'A') == *word)))
        text++, word++;
    return *word == '\0';
}

/* Whether one of the words that name what no log should hold stands here. */
static bool is_secret_word(const char *at)
{
    switch (*at | 0x20) {
    case 'a': return begins_with(at, "apikey") || begins_with(at, "api_key");
    case 'c': return begins_with(at, "credential");
    case 'p': return begins_with(at, "password") || begins_with(at, "passwd");
    case 's': return begins_with(at, "secret") || begins_with(at, "session");
    case 't': return begins_with(at, "token");
    default: return false;
    }
}

static bool sounds_secret(const char *name)
{
    for (const char *at = name; *at; at++)
        if (is_secret_word(at))
            return true;
    return false;
}

static void advise_redact(struct ssr_record *record, const struct ssr_definition *definition)
{
    if (definition->redact || !sounds_secret(definition->name))
        return;
    struct ssr_log_text text = ssr_record_begin_text(record);
    ssr_put_definition(&text, definition);
    ssr_put_words(&text, " sounds secret, and its values are in this record: define it with .redact");
    add(record, "redact", &text);
}

static void advise_event(struct ssr_record *record, const struct ssr_journal_entry *entry)
{
    struct ssr_log_text text = ssr_record_begin_text(record);
    if (entry->op == SSR_JOURNAL_LATE_WRITE) {
        ssr_put_definition(&text, entry->definition);
        ssr_put_words(&text, " was changed");
        ssr_put_at(&text, entry->writer);
        ssr_put_words(&text, " after something in the pass had read it: change it before, or keep it in a store");
        add(record, "late_write", &text);
    } else if (entry->op == SSR_JOURNAL_REFUSE) {
        ssr_put_words(&text, entry->call);
        if (entry->definition) {
            ssr_put_words(&text, " of ");
            ssr_put_definition(&text, entry->definition);
        }
        ssr_put_at(&text, entry->writer);
        ssr_put_words(&text, " was refused: ");
        ssr_put_words(&text, ssr_status_name(entry->status));
        ssr_put_words(&text, ": ");
        ssr_put_words(&text, ssr_status_advice(entry->status));
        add(record, "refused", &text);
    }
}

/* A store that was set once a query had failed: every such answer costs a pass, and shows in another one. */
static void advise_failed_query(struct ssr_record *record, const struct ssr_record_pass *pass)
{
    if (!pass->failed_change)
        return;
    struct ssr_log_text text = ssr_record_begin_text(record);
    ssr_put_definition(&text, pass->failed_change->definition);
    ssr_put_words(&text, " is set");
    ssr_put_at(&text, pass->failed_change->writer);
    ssr_put_words(&text, " after ");
    ssr_put_definition(&text, pass->failed_query);
    ssr_put_words(&text, " had failed: see why it fails, and what a page without its answer should show");
    add(record, "failed_query", &text);
}

/* ---- What is too large ------------------------------------------------------------------------------------------- */

static void advise_size(struct ssr_record *record, const struct ssr_definition *definition, size_t bytes)
{
    if (bytes <= BUDGET_BYTES)
        return;
    struct ssr_log_text text = ssr_record_begin_text(record);
    ssr_put_definition(&text, definition);
    ssr_put_words(&text, " sends ");
    ssr_put_number(&text, bytes);
    ssr_put_words(&text, " bytes to the browser, more than 10 KB: send less, or define it with .policy = SSR_LOCAL");
    add(record, "budget", &text);
}

static void advise_sizes(struct ssr_record *record)
{
    const struct ssr_render *render = record->render;
    if (render->result.data_length == 0)
        return;
    for (const struct ssr_cell *cell = render->ctx.touched; cell; cell = cell->next_touched)
        if (cell->definition->kind == SSR_KIND_STORE && cell->committed && cell->first_pass <= render->completed &&
            ssr_cell_store(cell)->policy == SSR_TRANSFERRED)
            advise_size(record, cell->definition, cell->committed->length);
    for (size_t i = 0; i < render->loads.table_size; i++) {
        const struct ssr_load *load = render->loads.table[i];
        const struct ssr_operation *answered = load ? ssr_load_answer(load) : NULL;
        if (answered && answered->value && load->query->policy == SSR_TRANSFERRED)
            advise_size(record, &load->query->definition, answered->value->length);
    }
}

/* ---- All of it --------------------------------------------------------------------------------------------------- */

void ssr_advise(struct ssr_record *record)
{
    for (const struct ssr_record_pass *pass = record->first; pass;)
        pass = advise_prefetch(record, pass);
    for (const struct ssr_record_pass *pass = record->first; pass; pass = pass->next) {
        advise_hook(record, pass);
        advise_failed_query(record, pass);
        for (const struct ssr_record_change *change = pass->changes; change; change = change->next) {
            advise_writers(record, change);
            advise_redact(record, change->definition);
        }
        for (const struct ssr_record_event *event = pass->events; event; event = event->next)
            advise_event(record, &event->entry);
    }
    advise_sizes(record);
}
