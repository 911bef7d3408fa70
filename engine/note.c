/*
 * What the record notes of a pass: its changes, with the patch from the committed to the staged value, and what its
 * journal says: who wrote, what was refused, which news it saw before it asked for a query. What always holds: nothing
 * of a redacted value is copied.
 */
#include "engine/operation.h"
#include "engine/render_internal.h"
#include "ssrstore/digest.h"
#include "ssrstore/patch.h"

enum { PATCH_BYTES = 2048, LINE_TEXT = 100, DEEPEST = SSR_MAX_DEPTH - 8 };

/* ---- Changes ----------------------------------------------------------------------------------------------------- */

/* The digest as the log shows it: keyed when the definition is redacted. */
static ssr_digest shown_digest(const struct ssr_record *record, const struct ssr_definition *definition,
                               const struct ssr_value *value)
{
    if (!definition->redact)
        return value->digest;
    return ssr_digest_of(value->text, value->length, record->render->engine->config.redaction_key);
}

/* Whether JSON is so shallow that a record with it inside can be read by whatever reads values. */
static bool is_shallow(const char *json, size_t length)
{
    unsigned depth = 0, deepest = 0;
    bool in_string = false;
    for (size_t i = 0; length > (size_t)2 * DEEPEST && i < length; i++) {
        if (in_string && json[i] == '\\')
            i++;
        else if (json[i] == '"')
            in_string = !in_string;
        else if (!in_string)
            depth += (unsigned)(json[i] == '[' || json[i] == '{') - (unsigned)(json[i] == ']' || json[i] == '}');
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest <= DEEPEST;
}

/* Whether two values are both arrays, or both objects, and neither is empty: only then a patch can say less than the
 * whole. */
static bool can_differ_in_part(const struct ssr_value *before, const struct ssr_value *after)
{
    bool are_containers = before->text[0] == after->text[0] && (after->text[0] == '[' || after->text[0] == '{');
    return are_containers && before->length > 2 && after->length > 2;
}

/* Puts the patch that replaces everything. */
static ssr_status put_whole(struct ssr_log_text *text, const struct ssr_value *after)
{
    static const char before_it[] = "[{\"op\":\"replace\",\"path\":\"\",\"value\":";
    ssr_put(text, before_it, sizeof before_it - 1);
    ssr_put(text, after->text, after->length);
    ssr_put(text, "}]", 2);
    return text->buffer->length > PATCH_BYTES ? SSR_E_LIMIT : text->status;
}

/* NULL: it would be too long, or there is no memory. */
static const char *make_patch(struct ssr_record *record, const struct ssr_cell *cell)
{
    const struct ssr_value *before = cell->committed, *after = cell->staged;
    struct ssr_log_text text = ssr_record_begin_text(record);
    if (after->length <= PATCH_BYTES && !can_differ_in_part(before, after))
        text.status = put_whole(&text, after);
    else
        text.status = ssr_patch_write(text.buffer, ssr_value_json(before), ssr_value_json(after), PATCH_BYTES);
    record->is_truncated |= text.status == SSR_E_NOMEM;
    if (text.status != SSR_OK || !is_shallow(text.buffer->data, text.buffer->length))
        return NULL;
    return ssr_record_keep(record, text.buffer->data, text.buffer->length);
}

static void note_texts(struct ssr_record *record, struct ssr_record_change *change, const struct ssr_cell *cell)
{
    const struct ssr_value *before = cell->committed, *after = cell->staged;
    change->patch = make_patch(record, cell);
    if (before->length > LINE_TEXT || after->length > LINE_TEXT)
        return;
    change->before_text = ssr_record_keep(record, before->text, before->length);
    change->after_text = ssr_record_keep(record, after->text, after->length);
}

static void note_change(struct ssr_record *record, struct ssr_record_pass *pass, const struct ssr_cell *cell)
{
    struct ssr_record_change *change = ssr_record_alloc(record, sizeof *change);
    if (!change)
        return;
    change->definition = cell->definition;
    change->before = shown_digest(record, change->definition, cell->committed);
    change->after = shown_digest(record, change->definition, cell->staged);
    change->size = cell->staged->length;
    change->staged = cell->staged;
    change->writer = cell->writer;
    change->component = cell->component;
    change->was_read_first = cell->was_read_first;
    change->is_default = cell->is_default;
    if (!change->definition->redact)
        note_texts(record, change, cell);
    *pass->changes_end = change;
    pass->changes_end = &change->next;
}

/* ---- The journal ------------------------------------------------------------------------------------------------- */

/* A walk over the journal in order; begin with chunk at the first one and index 0. */
struct walk {
    const struct ssr_journal_chunk *chunk;
    size_t index;
};

static const struct ssr_journal_entry *next_entry(struct walk *walk)
{
    while (walk->chunk && walk->index == walk->chunk->count) {
        walk->chunk = walk->chunk->next;
        walk->index = 0;
    }
    return walk->chunk ? &walk->chunk->entries[walk->index++] : NULL;
}

/* How many times something was staged. */
static size_t count_sets(const struct ssr_journal *journal)
{
    struct walk walk = {journal->first, 0};
    const struct ssr_journal_entry *entry;
    size_t count = 0;
    while ((entry = next_entry(&walk)) != NULL)
        count += entry->op == SSR_JOURNAL_STAGE;
    return count;
}

static void note_event(struct ssr_record *record, struct ssr_record_pass *pass, const struct ssr_journal_entry *entry)
{
    struct ssr_record_event *event = ssr_record_alloc(record, sizeof *event);
    if (!event)
        return;
    event->entry = *entry;
    event->entry.value = NULL; /* dies with the pass */
    record->late_writes += entry->op == SSR_JOURNAL_LATE_WRITE;
    *pass->events_end = event;
    pass->events_end = &event->next;
}

/* The change of a definition. Journal and changes are in much the same order, so the search goes on from the last. */
static struct ssr_record_change *find_change(struct ssr_record_change *from, struct ssr_record_change *first,
                                             const struct ssr_definition *definition)
{
    for (struct ssr_record_change *change = from; change; change = change->next)
        if (change->definition == definition)
            return change;
    for (struct ssr_record_change *change = first; change && change != from; change = change->next)
        if (change->definition == definition)
            return change;
    return NULL;
}

/* Adds a place to a change's writers, once. */
static void add_writer(struct ssr_record *record, struct ssr_record_change *change, struct ssr_writer place)
{
    struct ssr_record_writer **end = &change->writers;
    for (; *end; end = &(*end)->next)
        if (ssr_same_place((*end)->place, place))
            return;
    *end = ssr_record_alloc(record, sizeof **end);
    if (*end)
        (*end)->place = place;
}

/* Several places: whether they agree. One: it is told as the change's own writer. */
static void judge_writers(struct ssr_record_pass *pass)
{
    for (struct ssr_record_change *change = pass->changes; change; change = change->next)
        if (change->writers && !change->writers->next)
            change->writers = NULL;
}

/* Notes the places of every set, when more was set than is staged. */
static void note_writers(struct ssr_record *record, struct ssr_record_pass *pass)
{
    struct walk walk = {record->render->ctx.journal.first, 0};
    struct ssr_record_change *change = pass->changes;
    const struct ssr_journal_entry *entry;
    while (change && (entry = next_entry(&walk)) != NULL) {
        struct ssr_record_change *found =
            entry->op == SSR_JOURNAL_STAGE ? find_change(change, pass->changes, entry->definition) : NULL;
        if (!found)
            continue;
        if (entry->writer.file)
            add_writer(record, found, entry->writer);
        found->is_disputed |= !ssr_value_equal(entry->value, found->staged);
        change = found;
    }
    judge_writers(pass);
}

/* Whether the batch of hooks has staged it, and this is that of the declared loaders behind them. */
static bool is_of_hooks(const struct ssr_record_pass *pass, const struct ssr_cell *cell)
{
    const struct ssr_record_pass *hooks = pass->number == 0 ? pass->previous : NULL;
    if (!hooks || hooks->number != 0)
        return false;
    const struct ssr_record_change *told = find_change(hooks->changes, hooks->changes, cell->definition);
    return told && told->staged == cell->staged && ssr_same_place(told->writer, cell->writer);
}

void ssr_note_changes(struct ssr_record *record, struct ssr_record_pass *pass)
{
    const struct ssr_ctx *ctx = &record->render->ctx;
    pass->changes = NULL;
    pass->changes_end = &pass->changes;
    pass->sets = count_sets(&ctx->journal);
    for (size_t i = 0; i < ctx->staged_count; i++)
        if (ctx->staged[i]->staged != ctx->staged[i]->committed && !is_of_hooks(pass, ctx->staged[i]))
            note_change(record, pass, ctx->staged[i]);
    if (pass->sets > ctx->staged_count)
        note_writers(record, pass);
}

/* What the page asked for: the pass did not depend on its location alone; and what it set after a query had failed. */
static void note_asking(struct ssr_record *record, struct ssr_record_pass *pass, const struct ssr_journal_entry *entry)
{
    pass->has_asked = true;
    if (!record->has_failed_query || pass->failed_query)
        return;
    const struct ssr_load *load = ssr_loads_known(&record->render->loads, entry->definition, entry->value);
    if (load->state == SSR_QUERY_FAILED)
        pass->failed_query = entry->definition;
}

void ssr_note_journal(struct ssr_record *record, struct ssr_record_pass *pass)
{
    struct walk walk = {record->render->ctx.journal.first, 0};
    const struct ssr_journal_entry *entry;
    pass->has_asked = record->render->ctx.is_private;
    while ((entry = next_entry(&walk)) != NULL)
        switch (entry->op) {
        case SSR_JOURNAL_LATE_WRITE:
        case SSR_JOURNAL_SHARED_WRITE:
        case SSR_JOURNAL_REFUSE: note_event(record, pass, entry); break;
        case SSR_JOURNAL_QUERY: note_asking(record, pass, entry); break;
        case SSR_JOURNAL_STAGE:
            if (pass->failed_query && !pass->failed_change)
                pass->failed_change = find_change(pass->changes, pass->changes, entry->definition);
            break;
        default: break;
        }
}

/* ---- Batches ----------------------------------------------------------------------------------------------------- */

static const char *state_name(const struct ssr_load *load)
{
    return load->state == SSR_QUERY_READY ? "ready" : load->state == SSR_QUERY_FAILED ? "failed" : "pending";
}

static struct ssr_record_load *note_load(struct ssr_record *record, struct ssr_record_pass *pass,
                                         const struct ssr_load *load)
{
    struct ssr_record_load *noted = ssr_record_alloc(record, sizeof *noted);
    if (!noted)
        return NULL;
    noted->query = load->query ? &load->query->definition : NULL;
    noted->kind = load->query ? "query" : "hook";
    noted->name = load->query ? load->query->definition.name : load->hook->name ? load->hook->name : "";
    noted->state = state_name(load);
    noted->nanoseconds = load->nanoseconds;
    if (load->query && !load->query->definition.redact && is_shallow(load->args->text, load->args->length))
        noted->args = load->args->text;
    const struct ssr_operation *operation = ssr_load_answer(load);
    if (operation && load->state == SSR_QUERY_FAILED) {
        noted->code = ssr_record_keep(record, operation->code, strlen(operation->code));
        noted->reason = ssr_record_keep(record, operation->reason, strlen(operation->reason));
        record->has_failed_query |= load->query != NULL;
    }
    *pass->loads_end = noted;
    pass->loads_end = &noted->next;
    return noted;
}

/* What a loader set is told as set by it. */
static void note_loader(struct ssr_record_pass *pass, const struct ssr_record_load *noted, const struct ssr_load *load)
{
    const struct ssr_operation *operation = ssr_load_answer(load);
    for (const struct ssr_operation_write *write = operation ? operation->writes : NULL; write; write = write->next) {
        struct ssr_record_change *change = find_change(pass->changes, pass->changes, write->definition);
        if (!change || !ssr_same_place(change->writer, write->writer))
            continue;
        change->by_kind = noted->kind;
        change->by_name = noted->name;
    }
}

/* What a loader or hook wanted to write and was refused. */
static void note_refused_writes(struct ssr_record *record, struct ssr_record_pass *pass,
                                const struct ssr_operation *operation)
{
    for (unsigned i = 0; i < operation->refused && i < SSR_GUARD_LISTED; i++) {
        const struct ssr_operation_refusal *write = &operation->first_refused[i];
        struct ssr_journal_entry entry = {.op = SSR_JOURNAL_REFUSE,
                                          .status = write->status,
                                          .definition = write->definition,
                                          .writer = write->writer,
                                          .call = write->call};
        note_event(record, pass, &entry);
    }
}

static void add_news(struct ssr_record *record, struct ssr_record_pass *pass, const struct ssr_definition *definition,
                     const struct ssr_record_change *change)
{
    for (const struct ssr_record_news *known = pass->news; known; known = known->next)
        if (known->definition == definition)
            return;
    struct ssr_record_news *news = ssr_record_alloc(record, sizeof *news);
    if (!news)
        return;
    news->definition = definition;
    news->set_in = ssr_record_cause(pass)->number;
    if (change)
        news->writer = change->writer;
    *pass->news_end = news;
    pass->news_end = &news->next;
    pass->news_count++;
}

/* Whether the answer to what was asked here was new in this pass. */
static bool is_new_answer(const struct ssr_record *record, const struct ssr_journal_entry *entry)
{
    const struct ssr_load *load = ssr_loads_known(&record->render->loads, entry->definition, entry->value);
    return load->visible_pass == record->render->ctx.pass;
}

/* Takes an entry as news, if it is some. */
static void take_news(struct ssr_record *record, struct ssr_record_pass *pass, const struct ssr_journal_entry *entry)
{
    const struct ssr_record_pass *cause = ssr_record_cause(pass);
    if (entry->op == SSR_JOURNAL_READ) {
        const struct ssr_record_change *change = find_change(cause->changes, cause->changes, entry->definition);
        if (change)
            add_news(record, pass, entry->definition, change);
    } else if (entry->op == SSR_JOURNAL_QUERY && cause->loads && is_new_answer(record, entry)) {
        add_news(record, pass, entry->definition, NULL);
    }
}

/* What each query of the batch was asked after: found in order, so that the news before it are the first of the list.
 */
static void note_waits(struct ssr_record *record, struct ssr_record_pass *pass)
{
    const struct ssr_load *load = record->render->loads.first;
    struct walk walk = {record->render->ctx.journal.first, 0};
    const struct ssr_journal_entry *entry;
    struct ssr_record_load *noted = pass->loads;
    if (!ssr_record_cause(pass))
        return;
    while (load && noted && (entry = next_entry(&walk)) != NULL) { /* GCOVR_EXCL_BR_LINE: all of them are noted */
        if (entry->op != SSR_JOURNAL_QUERY || entry->value != load->args) {
            take_news(record, pass, entry);
            continue;
        }
        noted->waited_count = pass->news_count;
        noted = noted->next;
        load = load->next;
    }
}

void ssr_note_batch(struct ssr_record *record, struct ssr_record_pass *pass)
{
    if (count_sets(&record->render->ctx.journal) != pass->sets)
        ssr_note_changes(record, pass); /* loaders have set something */
    for (const struct ssr_load *load = record->render->loads.first; load; load = load->next) {
        const struct ssr_record_load *noted = note_load(record, pass, load);
        if (noted)
            note_loader(pass, noted, load);
        if (ssr_load_answer(load))
            note_refused_writes(record, pass, ssr_load_answer(load));
    }
    note_waits(record, pass);
}
