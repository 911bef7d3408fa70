/*
 * The stabilization log. While a render runs, the record notes each pass in memory of its own; when it ends, the sinks
 * get it and ask for the form they want. With no sink nothing is noted, but the history when cycles are to end renders.
 * The record never changes a render: when its memory is used up it says `truncated` and goes on.
 */
#include "engine/record.h"

#include <string.h>

#include "engine/render_internal.h"
#include "ssrstore/digest.h"

enum { RECORD_BYTES = 1 << 20, SCRATCH_FIRST = 512 };

/* ---- Life and memory --------------------------------------------------------------------------------------------- */

void ssr_record_init(struct ssr_record *record, const struct ssr_render *render)
{
    const ssr_config *config = &render->engine->config;
    uint64_t bytes = config->log.record_bytes != 0 ? config->log.record_bytes : RECORD_BYTES;
    record->render = render;
    ssr_budget_init(&record->budget, &render->ctx.budget.allocator, ssr_clamp_size(bytes));
    record->region.budget = record->json.budget = record->text.budget = record->scratch.budget = &record->budget;
    record->advice_end = &record->advice;
    record->verdict.named_end = &record->verdict.named;
    record->is_uncounted = true;
}

void ssr_record_release(struct ssr_record *record)
{
    ssr_history_free(record->history);
    ssr_buffer_free(&record->json);
    ssr_buffer_free(&record->text);
    ssr_buffer_free(&record->scratch);
    ssr_region_free(&record->region);
}

void *ssr_record_alloc(struct ssr_record *record, size_t size)
{
    void *object = ssr_region_alloc(&record->region, size);
    record->is_truncated |= !object;
    return object;
}

const char *ssr_record_keep(struct ssr_record *record, const char *text, size_t length)
{
    const char *copy = ssr_region_copy(&record->region, text, length);
    record->is_truncated |= !copy;
    return copy;
}

struct ssr_log_text ssr_record_begin_text(struct ssr_record *record)
{
    record->scratch.length = 0;
    ssr_buffer_reserve(&record->scratch, SCRATCH_FIRST); /* when this is refused, a smaller one may still do */
    return (struct ssr_log_text){&record->scratch, SSR_OK};
}

const char *ssr_record_finish_text(struct ssr_record *record, const struct ssr_log_text *text)
{
    if (text->status == SSR_OK)
        return ssr_record_keep(record, text->buffer->data, text->buffer->length);
    record->is_truncated = true;
    return NULL;
}

/* ---- Passes ------------------------------------------------------------------------------------------------------ */

static bool has_sink(const struct ssr_record *record)
{
    return record->render->engine->config.log.record != NULL;
}

/* Where the entry's pass ran, when it was elsewhere than the one before. */
static void note_location(struct ssr_record *record, struct ssr_record_pass *pass)
{
    const char *location = record->render->location_path;
    if (record->location != location)
        pass->location = location;
    pass->redirected_from = record->redirected_from;
    record->location = location;
    record->redirected_from = NULL;
}

/* A new entry at the end; NULL: truncated. */
static struct ssr_record_pass *add_pass(struct ssr_record *record, unsigned number)
{
    struct ssr_record_pass *pass = ssr_record_alloc(record, sizeof *pass);
    if (!pass)
        return NULL;
    pass->number = number;
    pass->completed = true;
    pass->changes_end = &pass->changes;
    pass->events_end = &pass->events;
    pass->news_end = &pass->news;
    pass->loads_end = &pass->loads;
    pass->previous = record->last;
    if (record->last)
        record->last->next = pass;
    else
        record->first = pass;
    record->last = pass;
    note_location(record, pass);
    return pass;
}

static void note_pass(struct ssr_record *record, bool completed)
{
    const struct ssr_render *render = record->render;
    struct ssr_record_pass *pass = add_pass(record, render->ctx.pass);
    uint64_t late_writes = record->late_writes;
    if (!pass)
        return;
    pass->completed = completed;
    pass->nanoseconds = render->pass_nanoseconds;
    pass->bytes = render->out.html.length;
    ssr_note_state(record, pass);
    ssr_note_changes(record, pass);
    ssr_note_journal(record, pass);
    if (render->ctx.frames.must_start_over) /* as what was refused: the next run of the pass counts */
        record->late_writes = late_writes;
}

/*
 * Notes what is staged for the next pass. The first pass is left out: most pages settle in two, and what its changes
 * replaced can be no part of a cycle that is not seen from the second on.
 */
static void note_history(struct ssr_record *record, bool is_barrier)
{
    const struct ssr_render *render = record->render;
    bool is_wanted = has_sink(record) || render->engine->config.stop_on_cycle;
    if (!is_wanted || render->ctx.pass < 2 || (render->ctx.differing == 0 && !record->history))
        return;
    if (!record->history)
        record->history = ssr_history_new(&render->ctx.budget.allocator);
    if (record->history)
        ssr_history_note(record->history, &render->ctx, is_barrier);
    /* a verdict of what it could not note is not the whole truth */
    record->is_truncated |= !record->history || record->history->budget.refusal == SSR_E_NOMEM;
}

void ssr_record_pass_ended(struct ssr_record *record, bool completed)
{
    const struct ssr_render *render = record->render;
    if (has_sink(record))
        note_pass(record, completed);
    if (completed && !render->out.redirect_to && !render->loads.first)
        note_history(record, false);
}

void ssr_record_loaded(struct ssr_record *record)
{
    const struct ssr_render *render = record->render;
    note_history(record, true);
    if (!has_sink(record))
        return;
    struct ssr_record_pass *pass = render->loads.first->found_pass == 0 ? add_pass(record, 0) : record->last;
    if (!pass || pass->number != render->loads.first->found_pass) /* truncated */
        return;
    ssr_note_answers(record);
    ssr_note_batch(record, pass);
}

void ssr_record_followed(struct ssr_record *record)
{
    record->redirected_from = record->render->location_path;
    record->is_uncounted = true;
    ssr_history_restart(record->history);
}

unsigned ssr_record_cycle(struct ssr_record *record)
{
    return record->history ? ssr_history_period(record->history, true) : 0;
}

uint64_t ssr_record_time(const struct ssr_record *record)
{
    uint64_t nanoseconds = 0;
    for (const struct ssr_record_pass *pass = record->first; pass; pass = pass->next)
        nanoseconds += pass->nanoseconds;
    return nanoseconds;
}

uint64_t ssr_record_wait(const struct ssr_record *record)
{
    uint64_t nanoseconds = 0;
    for (const struct ssr_record_pass *pass = record->first; pass; pass = pass->next) {
        uint64_t longest = 0; /* a batch loads together */
        for (const struct ssr_record_load *load = pass->loads; load; load = load->next)
            longest = load->nanoseconds > longest ? load->nanoseconds : longest;
        nanoseconds += longest;
    }
    return nanoseconds;
}

/* ---- What both forms ask ------------------------------------------------------------------------------------------
 */

const char *ssr_record_moved_to(const struct ssr_record *record, const struct ssr_record_pass *pass)
{
    const char *location = pass->location;
    bool is_said = !pass->previous && strcmp(location, record->render->location_path) == 0; /* the first one has it */
    return is_said ? NULL : location;
}

bool ssr_change_has_digest(const struct ssr_record *record, const struct ssr_record_change *change)
{
    return !change->definition->redact || record->render->engine->config.redaction_key != 0;
}

const char *ssr_record_format(struct ssr_record *record, struct ssr_buffer *buffer,
                              void (*form)(const struct ssr_record *, struct ssr_log_text *), size_t *length)
{
    struct ssr_log_text text = {buffer, SSR_OK};
    buffer->length = 0;
    form(record, &text);
    ssr_put(&text, "", 1);
    if (text.status != SSR_OK)
        return NULL;
    if (length)
        *length = buffer->length - 1;
    return buffer->data;
}

/* ---- Sending ----------------------------------------------------------------------------------------------------- */

/* One in N of the renders that ended well, the same ones on every machine; all of the others. */
static bool is_sampled(const struct ssr_record *record)
{
    const struct ssr_render *render = record->render;
    uint64_t sample = render->engine->config.log.sample;
    if (sample < 2 || (render->outcome != SSR_SETTLED && render->outcome != SSR_REDIRECT))
        return true;
    const char *id = render->request.id ? render->request.id : "";
    uint64_t of[3] = {ssr_digest_of(id, strlen(id), 0).low, render->request.seed, (uint64_t)render->request.now_ms};
    return ssr_digest_of((const char *)of, sizeof of, 0).low % sample == 0;
}

/* The buffer of the pass that was not the last, which has done its work, is one of the right size for a record. */
static void take_spare(struct ssr_record *record, struct ssr_buffer *spare)
{
    if (spare->capacity == 0)
        return;
    record->json = *spare;
    spare->data = NULL;
    spare->length = spare->capacity = 0;
}

void ssr_record_send(struct ssr_record *record, struct ssr_buffer *spare)
{
    const ssr_log *log = &record->render->engine->config.log;
    if (!log->record || !is_sampled(record))
        return;
    take_spare(record, spare);
    record->budget.cap = SIZE_MAX; /* what was noted within the cap may be written out */
    ssr_judge_record(record);
    ssr_advise(record);
    log->record(log->arg, record);
}

ssr_record_summary ssr_record_summarize(const struct ssr_record *record)
{
    const struct ssr_render *render = record->render;
    return (ssr_record_summary){.id = render->request.id,
                                .location = render->location_path,
                                .outcome = ssr_outcome_name(render->outcome),
                                .verdict = ssr_verdict_name(&record->verdict),
                                .passes = render->result.passes,
                                .rerenders = render->result.rerenders,
                                .host = render->request.host};
}
