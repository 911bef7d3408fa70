/* The history of a render, and the proof that its states repeat. history.h says what it is made of and what holds. */
#include "engine/history.h"

#include "engine/log_text.h"

enum { HISTORY_BYTES = 4 << 20, TABLE_FIRST = 16, HEAD_BYTES = 64, CAPACITY_FIRST = 32 };

struct ssr_history *ssr_history_new(const ssr_allocator *allocator)
{
    struct ssr_history *history = allocator->resize(allocator->arg, NULL, 0, sizeof *history);
    if (!history)
        return NULL;
    memset(history, 0, sizeof *history);
    ssr_budget_init(&history->budget, allocator, HISTORY_BYTES);
    history->region.budget = &history->budget;
    history->end = &history->first;
    return history;
}

static void free_table(struct ssr_history *history)
{
    ssr_budget_resize(&history->budget, history->table, history->table_size * sizeof *history->table, 0);
    history->table = NULL;
    history->table_size = 0;
}

void ssr_history_free(struct ssr_history *history)
{
    if (!history)
        return;
    free_table(history);
    ssr_region_free(&history->region);
    ssr_allocator allocator = history->budget.allocator;
    allocator.resize(allocator.arg, history, sizeof *history, 0);
}

void ssr_history_restart(struct ssr_history *history)
{
    if (!history)
        return;
    free_table(history);
    ssr_region_reset(&history->region);
    history->first = NULL;
    history->end = &history->first;
    history->track_count = history->transition_count = 0;
    memset(history->transitions, 0, sizeof history->transitions);
    history->state = 0;
}

/* ---- Tracks ------------------------------------------------------------------------------------------------------ */

static struct ssr_track **place_of(struct ssr_track **table, size_t size, const struct ssr_definition *definition)
{
    size_t at = (size_t)(definition->index * UINT32_C(2654435769)) & (size - 1);
    while (table[at] && table[at]->definition != definition)
        at = (at + 1) & (size - 1);
    return &table[at];
}

/* Keeps the table at most half full; false: no memory. */
static bool reserve_table(struct ssr_history *history)
{
    if ((history->track_count + 1) * 2 <= history->table_size)
        return true;
    size_t size = history->table_size ? history->table_size * 2 : TABLE_FIRST;
    struct ssr_track **table = ssr_budget_resize(&history->budget, NULL, 0, size * sizeof(struct ssr_track *));
    if (!table)
        return false;
    for (size_t i = 0; i < size; i++)
        table[i] = NULL;
    for (struct ssr_track *track = history->first; track; track = track->next)
        *place_of(table, size, track->definition) = track;
    free_table(history);
    history->table = table;
    history->table_size = size;
    return true;
}

/* NULL: no memory. */
static struct ssr_track *track_of(struct ssr_history *history, const struct ssr_definition *definition)
{
    struct ssr_track *track =
        history->table_size > 0 ? *place_of(history->table, history->table_size, definition) : NULL;
    if (track || !reserve_table(history))
        return track;
    track = ssr_region_alloc(&history->region, sizeof *track);
    if (!track)
        return NULL;
    track->definition = definition;
    *history->end = track;
    history->end = &track->next;
    *place_of(history->table, history->table_size, definition) = track;
    history->track_count++;
    history->budget.has_secrets |= definition->redact; /* what is copied here is wiped too */
    return track;
}

const struct ssr_past_value *ssr_track_value(const struct ssr_track *track, size_t n)
{
    if (n >= track->value_count || n >= SSR_HISTORY_VALUES)
        return NULL;
    return &track->values[(track->value_count - 1 - n) % SSR_HISTORY_VALUES];
}

static bool is_value(const struct ssr_past_value *past, const struct ssr_value *value)
{
    return past->digest.high == value->digest.high && past->digest.low == value->digest.low &&
           past->length == value->length && past->kept == value->length &&
           memcmp(past->text, value->text, value->length) == 0;
}

/* Room for `size` bytes, the old place when it will do. */
static bool reserve_text(struct ssr_history *history, struct ssr_past_value *past, size_t size)
{
    size_t capacity = CAPACITY_FIRST;
    while (capacity < size)
        capacity *= 2;
    if (size <= past->capacity)
        return true;
    char *text = ssr_region_alloc(&history->region, capacity);
    if (!text)
        return false;
    past->text = text;
    past->capacity = capacity;
    return true;
}

/* Keeps the bytes; the head of them, or none, when there is no room, and then the value equals no other. */
static void keep_text(struct ssr_history *history, struct ssr_past_value *past, const struct ssr_value *value)
{
    past->kept = value->length;
    if (!reserve_text(history, past, past->kept)) {
        past->kept = value->length < HEAD_BYTES ? value->length : HEAD_BYTES;
        if (!reserve_text(history, past, past->kept))
            past->kept = 0;
    }
    if (past->kept > 0)
        memcpy(past->text, value->text, past->kept);
}

/* The number of a value; is_known says whether it was there before. */
static uint64_t number_of(struct ssr_history *history, struct ssr_track *track, const struct ssr_value *value,
                          bool *is_known)
{
    size_t count = track->value_count < SSR_HISTORY_VALUES ? track->value_count : SSR_HISTORY_VALUES;
    for (size_t i = 0; i < count; i++)
        if (is_value(&track->values[i], value)) {
            *is_known = true;
            return track->values[i].number;
        }
    struct ssr_past_value *past = &track->values[track->value_count++ % SSR_HISTORY_VALUES];
    keep_text(history, past, value);
    past->digest = value->digest;
    past->length = value->length;
    *is_known = false;
    return past->number = ++history->last_number;
}

/* ---- Transitions ------------------------------------------------------------------------------------------------- */

const struct ssr_transition *ssr_history_transition(const struct ssr_history *history, size_t n)
{
    if (n >= history->transition_count || n >= SSR_HISTORY_TRANSITIONS)
        return NULL;
    return &history->transitions[(history->transition_count - 1 - n) % SSR_HISTORY_TRANSITIONS];
}

static struct ssr_transition *add_transition(struct ssr_history *history, const struct ssr_ctx *ctx, bool is_barrier)
{
    struct ssr_transition *transition = &history->transitions[history->transition_count++ % SSR_HISTORY_TRANSITIONS];
    transition->pass = ctx->pass;
    transition->is_barrier = is_barrier;
    transition->count = 0;
    if (ctx->differing > transition->capacity) {
        transition->changes = ssr_region_alloc(&history->region, ctx->differing * sizeof *transition->changes);
        transition->capacity = transition->changes ? ctx->differing : 0;
    }
    return transition;
}

static uint64_t mix(uint64_t number)
{
    number = (number ^ (number >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ (number >> 27)) * UINT64_C(0x94d049bb133111eb);
    return number ^ (number >> 31);
}

static void count_streak(struct ssr_track *track, unsigned pass, bool is_known)
{
    bool goes_on = track->streak > 0 && track->last_pass + 1 == pass;
    track->streak = goes_on ? track->streak + 1 : 1;
    track->has_repeated = (goes_on && track->has_repeated) || is_known;
    track->last_pass = pass;
}

static void note_change(struct ssr_history *history, struct ssr_transition *transition, const struct ssr_cell *cell)
{
    struct ssr_track *track = track_of(history, cell->definition);
    if (!track || transition->count >= transition->capacity) {
        transition->is_barrier = true;
        return;
    }
    bool is_known;
    uint64_t before = number_of(history, track, cell->committed, &is_known);
    uint64_t after = number_of(history, track, cell->staged, &is_known);
    count_streak(track, transition->pass, is_known);
    history->state ^= mix(before) ^ mix(after); /* numbers are unique among all tracks */
    transition->changes[transition->count++] = (struct ssr_transition_change){track, before, after, cell->writer};
}

void ssr_history_note(struct ssr_history *history, const struct ssr_ctx *ctx, bool is_barrier)
{
    struct ssr_transition *transition = add_transition(history, ctx, is_barrier);
    for (size_t i = 0; i < ctx->staged_count; i++)
        if (ctx->staged[i]->staged != ctx->staged[i]->committed)
            note_change(history, transition, ctx->staged[i]);
    transition->state = history->state;
}

size_t ssr_track_places(const struct ssr_history *history, const struct ssr_track *track, size_t passes,
                        struct ssr_writer places[SSR_HISTORY_PLACES])
{
    size_t count = 0;
    for (size_t n = passes; n-- > 0;) {
        const struct ssr_transition *transition = ssr_history_transition(history, n);
        for (size_t i = 0; transition && i < transition->count; i++) {
            const struct ssr_transition_change *change = &transition->changes[i];
            size_t seen = 0;
            while (seen < count && !ssr_same_place(places[seen], change->writer))
                seen++;
            if (change->track == track && change->writer.file && seen == count && count < SSR_HISTORY_PLACES)
                places[count++] = change->writer;
        }
    }
    return count;
}

/* ---- Periods ----------------------------------------------------------------------------------------------------- */

/* The mixed state after the n-th transition from the end; the state before the first one is 0. */
static uint64_t state_after(const struct ssr_history *history, size_t n)
{
    const struct ssr_transition *transition = ssr_history_transition(history, n);
    return transition ? transition->state : 0;
}

static bool is_unchanged(const struct ssr_transition *transition)
{
    for (size_t i = 0; i < transition->count; i++)
        if (transition->changes[i].track->first_seen != transition->changes[i].track->last_seen)
            return false;
    return true;
}

/* Whether the transitions n + period - 1 to n from the end lead back to where they began: every track to its number. */
static bool returns(struct ssr_history *history, size_t n, size_t period)
{
    uint64_t look = ++history->last_look;
    for (size_t i = n + period; i-- > n;) {
        const struct ssr_transition *transition = ssr_history_transition(history, i);
        for (size_t j = 0; j < transition->count; j++) {
            const struct ssr_transition_change *change = &transition->changes[j];
            if (change->track->look != look)
                change->track->first_seen = change->before;
            change->track->look = look;
            change->track->last_seen = change->after;
        }
    }
    for (size_t i = n + period; i-- > n;)
        if (!is_unchanged(ssr_history_transition(history, i)))
            return false;
    return true;
}

/* Whether the last `times` states are those of a period before. */
static bool repeats(struct ssr_history *history, size_t period, size_t times)
{
    for (size_t n = 0; n < times; n++)
        if (state_after(history, n) != state_after(history, n + period))
            return false;
    for (size_t n = 0; n < times; n++)
        if (!returns(history, n, period))
            return false;
    return true;
}

/* How many transitions there are since the last barrier. */
static size_t count_known(const struct ssr_history *history)
{
    size_t known = 0;
    const struct ssr_transition *transition;
    while ((transition = ssr_history_transition(history, known)) != NULL && !transition->is_barrier)
        known++;
    return known;
}

unsigned ssr_history_period(struct ssr_history *history, bool is_proof)
{
    size_t known = count_known(history);
    for (size_t period = 2; period <= SSR_HISTORY_PERIOD && period <= known; period++) {
        size_t times = 2 * period; /* with the period before them, three */
        if (known + 1 < times + period) {
            if (is_proof)
                break;
            times = known + 1 - period;
        }
        if (repeats(history, period, times))
            return (unsigned)period;
    }
    return 0;
}
