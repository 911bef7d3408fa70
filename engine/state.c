/*
 * The digest of the state that a pass saw: a sum over every committed value and every answer, each mixed with what it
 * is the value of. What always holds: a pass adds what has changed since the one before, so that it costs what it
 * changes; the sum of two equal states is the same, in whatever order they were reached.
 */
#include "engine/operation.h"
#include "engine/render_internal.h"
#include "ssrstore/digest.h"

static uint64_t mix(uint64_t digest, uint64_t of)
{
    uint64_t mixed = (digest ^ (of * UINT64_C(0x9e3779b97f4a7c15))) * UINT64_C(0xbf58476d1ce4e5b9);
    return mixed ^ (mixed >> 31);
}

/* One value more, or less. The two halves are mixed differently, so that a sum is as good as a digest. */
static void count(struct ssr_record *record, const struct ssr_definition *definition, const struct ssr_value *value,
                  bool is_more)
{
    uint64_t of = (uint64_t)definition->index + 1;
    uint64_t high = mix(value->digest.high, of), low = mix(value->digest.low, ~of);
    record->state.high += is_more ? high : 0 - high;
    record->state.low += is_more ? low : 0 - low;
    record->has_redacted |= definition->redact;
}

/* That cell and those touched behind it; all are to be counted anew as long as one of them has no value yet. */
static void count_from(struct ssr_record *record, const struct ssr_cell *cell)
{
    for (; cell; cell = cell->next_touched) {
        if (cell->committed)
            count(record, cell->definition, cell->committed, true);
        record->is_uncounted |= !cell->committed;
        record->counted = cell;
    }
}

static void count_all(struct ssr_record *record)
{
    record->state = (ssr_digest){0, 0};
    record->is_uncounted = false;
    count_from(record, record->render->ctx.touched);
}

/* What the commit before this pass replaced, and the cells that were touched since: by who staged it, for example. */
static void count_changes(struct ssr_record *record)
{
    const struct ssr_ctx *ctx = &record->render->ctx;
    for (size_t i = 0; i < ctx->commit_count; i++) {
        const struct ssr_cell *cell = ctx->commits[i].cell;
        if (cell->first_pass == ctx->pass) /* no pass before has seen it: it is one of the others */
            continue;
        count(record, cell->definition, ctx->commits[i].before, false);
        count(record, cell->definition, cell->committed, true);
    }
    count_from(record, record->counted ? record->counted->next_touched : ctx->touched);
}

/* Keyed when something redacted is in it: a digest without a key can be compared with guesses. */
void ssr_note_state(struct ssr_record *record, struct ssr_record_pass *pass)
{
    uint64_t key = record->render->engine->config.redaction_key;
    if (record->is_uncounted)
        count_all(record);
    else
        count_changes(record);
    uint64_t whole[4] = {record->state.high, record->state.low, record->answers.high, record->answers.low};
    pass->state = ssr_digest_of((const char *)whole, sizeof whole, record->has_redacted ? key : 0);
    record->is_uncounted |= !pass->completed; /* its commits are taken back, or are there once more in the next run */
    pass->has_state = !record->has_redacted || key != 0;
}

static void count_answer(struct ssr_record *record, const struct ssr_operation *answered)
{
    const struct ssr_value *value = answered->value;
    ssr_digest answer = value ? value->digest : ssr_digest_of(answered->code, strlen(answered->code), 1);
    uint64_t key = answered->args->digest.low + answered->query->definition.index;
    record->answers.high += mix(answer.high, key);
    record->answers.low += mix(answer.low, ~key);
    record->has_redacted |= answered->query->definition.redact;
}

static void count_loads_of_hook(struct ssr_record *record, const struct ssr_operation *hook)
{
    for (const struct ssr_operation *answered = hook->loads; answered; answered = answered->next)
        if (answered->is_adopted)
            count_answer(record, answered);
}

/* The next pass sees the answers of this batch. */
void ssr_note_answers(struct ssr_record *record)
{
    for (const struct ssr_load *load = record->render->loads.first; load; load = load->next) {
        const struct ssr_operation *answered = ssr_load_answer(load);
        if (answered && load->query)
            count_answer(record, answered);
        else if (answered)
            count_loads_of_hook(record, answered);
    }
}
