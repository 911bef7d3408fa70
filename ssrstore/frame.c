/*
 * Frames: the tree of a request's components, who read what, and the effects of a pass. frame.h says what always holds.
 * Whether a component runs is decided in engine/component.c; here is what that decision is made from.
 */
#include "ssrstore/frame.h"

#include <string.h>

#include "ssrstore/digest.h"
#include "ssrstore/frame_short.h"

enum { TABLE_FIRST = 64 };

/* The running frame, if it is a component's. */
static struct ssr_frame *running(const struct ssr_ctx *ctx)
{
    const struct ssr_frame_run *current = ctx->frames.current;
    return current && current->frame->component ? current->frame : NULL;
}

static bool fail(struct ssr_ctx *ctx)
{
    ssr_fail_memory(ctx, ctx->budget.refusal, "the components");
    return false;
}

/* ---- Readers ---------------------------------------------------------------------------------------------------- */

static bool is_void(const struct ssr_reader *reader)
{
    return reader->frame->run != reader->run;
}

/* Entries of frames that have run again, or are gone. */
static void drop_void(struct ssr_readers *readers)
{
    size_t kept = 0;
    for (size_t i = 0; i < readers->count; i++)
        if (!is_void(&readers->items[i]))
            readers->items[kept++] = readers->items[i];
    readers->count = kept;
}

/* Void entries make room before the list grows, unless they are too few to be worth the next search for them. */
static bool reserve_reader(struct ssr_ctx *ctx, struct ssr_readers *readers)
{
    size_t needed = readers->count + 1;
    if (needed > readers->capacity) {
        drop_void(readers);
        needed = readers->count > readers->capacity / 2 ? readers->capacity + 1 : readers->count + 1;
    }
    struct ssr_reader *items = ssr_grow(&ctx->budget, readers->items, &readers->capacity, needed, sizeof *items);
    if (!items)
        return fail(ctx);
    readers->items = items;
    return true;
}

static bool is_this_run(const struct ssr_reader *reader, const struct ssr_frame *frame)
{
    return reader->frame == frame && !is_void(reader);
}

bool ssr_frame_reads(struct ssr_ctx *ctx, struct ssr_readers *readers)
{
    struct ssr_frame *frame = running(ctx);
    if (!frame)
        return true;
    if (readers->count > 0 && is_this_run(&readers->items[readers->count - 1], frame))
        return true;
    if (!reserve_reader(ctx, readers))
        return false;
    readers->items[readers->count++] = (struct ssr_reader){frame, frame->run};
    return true;
}

void ssr_readers_free(struct ssr_budget *budget, struct ssr_readers *readers)
{
    ssr_budget_resize(budget, readers->items, readers->capacity * sizeof *readers->items, 0);
    *readers = (struct ssr_readers){NULL, 0, 0};
}

static void mark(struct ssr_frame *frame)
{
    frame->is_dirty = true;
    for (; frame->parent && !frame->is_listed; frame = frame->parent) {
        frame->is_listed = true;
        frame->next_dirty = frame->parent->dirty_children;
        frame->parent->dirty_children = frame;
    }
}

void ssr_frames_touch(struct ssr_readers *readers)
{
    for (size_t i = 0; i < readers->count; i++)
        if (!is_void(&readers->items[i]) && !readers->items[i].frame->is_dirty)
            mark(readers->items[i].frame);
    readers->count = 0;
}

static bool has_seen(const struct ssr_frame *frame, const struct ssr_definition *context)
{
    const struct ssr_seen *seen = frame->seen;
    while (seen && seen->context != context)
        seen = seen->next;
    return seen;
}

bool ssr_frame_has_seen(struct ssr_ctx *ctx, const struct ssr_definition *context, const struct ssr_value *state,
                        const struct ssr_frame *of)
{
    for (struct ssr_frame *frame = running(ctx); frame && frame != of && frame->component; frame = frame->parent) {
        if (has_seen(frame, context))
            return true;
        struct ssr_seen *seen = ctx->frames.free_seen;
        if (seen)
            ctx->frames.free_seen = seen->next;
        else if (!(seen = ssr_region_take(&ctx->request, sizeof *seen)))
            return fail(ctx);
        *seen = (struct ssr_seen){frame->seen, context, state};
        frame->seen = seen;
        ssr_value_hold(state);
    }
    return true;
}

bool ssr_frame_sees(struct ssr_ctx *ctx, const struct ssr_definition *context, const struct ssr_value *state,
                    const struct ssr_frame *of)
{
    return ssr_frame_reads(ctx, &ctx->frames.contexts) && ssr_frame_has_seen(ctx, context, state, of);
}

void ssr_frame_forget_seen(struct ssr_ctx *ctx, struct ssr_frame *frame)
{
    while (frame->seen) {
        struct ssr_seen *seen = frame->seen;
        frame->seen = seen->next;
        ssr_value_drop(ctx, seen->state);
        seen->next = ctx->frames.free_seen;
        ctx->frames.free_seen = seen;
    }
}

void ssr_frame_runs_always(struct ssr_ctx *ctx)
{
    ssr_frame_reads(ctx, &ctx->frames.always);
}

/* Whether some frame that is noted there was taken over from the pass before. */
static bool were_taken_over(const struct ssr_ctx *ctx, const struct ssr_readers *readers)
{
    for (size_t i = 0; ctx->frames.are_reused && i < readers->count; i++)
        if (!is_void(&readers->items[i]) && readers->items[i].run <= ctx->frames.runs_before)
            return true;
    return false;
}

/* Whether a frame that is not running is noted there. */
static bool are_others(const struct ssr_ctx *ctx, const struct ssr_readers *readers)
{
    for (size_t i = 0; i < readers->count; i++)
        if (!is_void(&readers->items[i]) && readers->items[i].frame != ctx->frames.current->frame)
            return true;
    return false;
}

void ssr_frames_touch_now(struct ssr_ctx *ctx, struct ssr_readers *readers)
{
    if (ctx->frames.current) {
        ctx->frames.has_turned |= are_others(ctx, readers);
        ctx->frames.must_start_over |= were_taken_over(ctx, readers);
    }
    ssr_frames_touch(readers);
}

void ssr_frames_heat(struct ssr_ctx *ctx, struct ssr_readers *readers, bool *are_hot)
{
    if (*are_hot || !ctx->frames.current)
        return;
    *are_hot = ctx->frames.has_turned = true;
    ctx->frames.must_start_over |= were_taken_over(ctx, readers);
}

/* ---- Effects ---------------------------------------------------------------------------------------------------- */

const char *ssr_frame_name(const struct ssr_ctx *ctx)
{
    const struct ssr_frame *frame = running(ctx);
    return ctx->frames.replayed ? ctx->frames.replayed : frame ? frame->component->name : NULL;
}

bool ssr_frame_effect(struct ssr_ctx *ctx, struct ssr_effect effect)
{
    struct ssr_effects *effects = &ctx->frames.effects;
    if (!running(ctx))
        return true;
    struct ssr_effect *items =
        ssr_grow(&ctx->budget, effects->items, &effects->capacity, effects->count + 1, sizeof *items);
    if (!items)
        return fail(ctx);
    effects->items = items;
    effect.component = ssr_frame_name(ctx);
    items[effects->count++] = effect;
    return true;
}

bool ssr_effects_say_the_same(const struct ssr_effect *is, const struct ssr_effect *was)
{
    return ssr_is_same_text(is->what, was->what) && ssr_is_same_text(is->more, was->more);
}

ssr_status ssr_frames_replay(struct ssr_ctx *ctx, size_t from, size_t count)
{
    const struct ssr_effect *effects = ctx->frames.former.items;
    for (size_t i = from; i < from + count && ctx->fatal == SSR_OK; i++) {
        ctx->frames.replayed = effects[i].component;
        effects[i].replay(ctx, &effects[i]);
    }
    ctx->frames.replayed = NULL;
    return ctx->fatal;
}

/* ---- Keys ------------------------------------------------------------------------------------------------------- */

/* The key of a frame, as it is looked for; `room` is for a short one. */
static struct ssr_key key_of(const struct ssr_frame *frame, char room[SSR_HEAD])
{
    struct ssr_key key = {room, frame->key_length, frame->key_head};
    if (key.length > SSR_HEAD)
        key.text = frame->block;
    else
        for (size_t i = key.length; i > 0; i--)
            room[i - 1] = (char)(unsigned char)(key.head >> 8 * (key.length - i));
    return key;
}

/* By component, length and text, so that growing numbers have growing keys: 0 when they are the same. */
static int compare(const struct ssr_frame *frame, const struct ssr_definition *component, const struct ssr_key *key)
{
    if (frame->component != component)
        return frame->component->index < component->index ? -1 : 1;
    if (frame->key_length != key->length)
        return frame->key_length < key->length ? -1 : 1;
    if (frame->key_head != key->head)
        return frame->key_head < key->head ? -1 : 1;
    return key->length > SSR_HEAD ? memcmp(frame->block, key->text, key->length) : 0;
}

/* Whether a child keeps the order of those before it, `last` being the latest, so that it is none of them. */
static bool keeps_order(struct ssr_frame *parent, const struct ssr_frame *last, const struct ssr_definition *component,
                        const struct ssr_key *key)
{
    int order = compare(last, component, key);
    if (parent->order == 0)
        parent->order = order < 0 ? 1 : order > 0 ? -1 : 0;
    return (order < 0 && parent->order > 0) || (order > 0 && parent->order < 0);
}

uint64_t ssr_frame_path(struct ssr_frame *frame)
{
    if (frame->component && frame->path == 0) {
        char room[SSR_HEAD];
        struct ssr_key key = key_of(frame, room);
        uint64_t seed = ssr_frame_path(frame->parent) ^ frame->component->index;
        frame->path = ssr_digest_of(key.text, key.length, seed).low | 1;
    }
    return frame->path;
}

/* ---- The index -------------------------------------------------------------------------------------------------- */

/* Who chooses keys knows neither the request's seed nor where its memory lies. */
static uint64_t hash_of(const struct ssr_ctx *ctx, const struct ssr_frame *parent,
                        const struct ssr_definition *component, const struct ssr_key *key)
{
    uint64_t seed = ctx->seed ^ (uintptr_t)parent ^ (uint64_t)component->index << 48;
    return ssr_digest_of(key->text, key->length, seed).low;
}

/* The place behind this one. */
static size_t behind(const struct ssr_frames *frames, size_t at)
{
    return (at + 1) & (frames->table_size - 1);
}

static void put(struct ssr_frames *frames, struct ssr_indexed indexed)
{
    size_t at = indexed.hash & (frames->table_size - 1);
    while (frames->table[at].frame)
        at = behind(frames, at);
    frames->table[at] = indexed;
}

void ssr_frame_index(struct ssr_ctx *ctx, struct ssr_frame *frame)
{
    char room[SSR_HEAD];
    struct ssr_key key = key_of(frame, room);
    put(&ctx->frames, (struct ssr_indexed){hash_of(ctx, frame->parent, frame->component, &key), frame});
    ctx->frames.count++;
}

/* What lies behind it moves up, unless it would leave the places where it is looked for. */
static void remove_from_index(struct ssr_ctx *ctx, const struct ssr_frame *frame)
{
    struct ssr_frames *frames = &ctx->frames;
    size_t mask = frames->table_size - 1;
    char room[SSR_HEAD];
    struct ssr_key key = key_of(frame, room);
    size_t at = hash_of(ctx, frame->parent, frame->component, &key) & mask;
    while (frames->table[at].frame != frame)
        at = behind(frames, at);
    for (size_t next = behind(frames, at); frames->table[next].frame; next = behind(frames, next)) {
        size_t first = frames->table[next].hash & mask;
        if (((next - first) & mask) < ((next - at) & mask))
            continue;
        frames->table[at] = frames->table[next];
        at = next;
    }
    frames->table[at].frame = NULL;
    frames->count--;
}

/* Room for so many more; at most half of the places are taken. */
static bool reserve_index(struct ssr_ctx *ctx, size_t more)
{
    struct ssr_frames *frames = &ctx->frames;
    struct ssr_indexed *old = frames->table, *table = NULL;
    size_t old_size = frames->table_size, size = old_size ? old_size : TABLE_FIRST;
    while (size / 2 < frames->count + more)
        size *= 2;
    if (size == old_size)
        return true;
    table = ssr_budget_resize(&ctx->budget, NULL, 0, size * sizeof *table);
    if (!table)
        return fail(ctx);
    for (size_t i = 0; i < size; i++)
        table[i].frame = NULL;
    frames->table = table;
    frames->table_size = size;
    for (size_t i = 0; i < old_size; i++)
        if (old[i].frame)
            put(frames, old[i]);
    ssr_budget_resize(&ctx->budget, old, old_size * sizeof *old, 0);
    return true;
}

static size_t count_of(const struct ssr_frame *list)
{
    size_t count = 0;
    for (; list; list = list->next)
        count++;
    return count;
}

static void insert_all(struct ssr_ctx *ctx, struct ssr_frame *list)
{
    for (; list; list = list->next)
        ssr_frame_index(ctx, list);
}

bool ssr_frame_reserve_index(struct ssr_ctx *ctx)
{
    return reserve_index(ctx, 1);
}

static bool index_children(struct ssr_ctx *ctx, const struct ssr_frame_run *run)
{
    if (!reserve_index(ctx, run->count + count_of(run->former)))
        return false;
    insert_all(ctx, run->frame->children);
    insert_all(ctx, run->former);
    return run->frame->is_indexed = true;
}

bool ssr_frame_find(struct ssr_ctx *ctx, const struct ssr_definition *component, const struct ssr_key *key,
                    struct ssr_frame **frame)
{
    struct ssr_frames *frames = &ctx->frames;
    const struct ssr_frame_run *run = frames->current;
    struct ssr_frame *parent = run->frame;
    *frame = NULL;
    if (!parent->is_indexed && !run->former && keeps_order(parent, run->last, component, key))
        return true;
    if (!parent->is_indexed && !index_children(ctx, run))
        return false;
    uint64_t hash = hash_of(ctx, parent, component, key);
    size_t at = hash & (frames->table_size - 1);
    for (; frames->table[at].frame; at = behind(frames, at)) {
        if (frames->table[at].hash != hash)
            continue;
        struct ssr_frame *found = frames->table[at].frame;
        /* compared all the same, although no two keys of one hash, of 64 bits, are to be expected */
        if (found->parent == parent && ssr_frame_is(found, component, key)) { /* GCOVR_EXCL_BR_LINE: hash says all */
            *frame = found;
            break;
        }
    }
    return true;
}

/* ---- Frames ----------------------------------------------------------------------------------------------------- */

bool ssr_frame_reserve(struct ssr_ctx *ctx, struct ssr_frame *frame, size_t size)
{
    char *block = ssr_region_grow(&ctx->request, frame->block, &frame->block_capacity, size, 1);
    if (!block)
        return fail(ctx);
    frame->block = block;
    return true;
}

/* It keeps its block for whoever it becomes next; what names it is void. */
static void free_frame(struct ssr_frames *frames, struct ssr_frame *frame)
{
    frame->run = 0;
    frame->next_dirty = frames->free;
    frames->free = frame;
}

bool ssr_frame_copy_key(struct ssr_ctx *ctx, struct ssr_frame *frame, const struct ssr_key *key)
{
    if (!ssr_frame_reserve(ctx, frame, key->length + 1)) {
        free_frame(&ctx->frames, frame);
        return false;
    }
    memcpy(frame->block, key->text, key->length + 1);
    return true;
}

/* More each time, as far as a page has more of them. */
bool ssr_frames_make(struct ssr_ctx *ctx)
{
    enum { FIRST = 8, MOST = 128 };
    struct ssr_frames *frames = &ctx->frames;
    size_t count = frames->made_last == 0 ? FIRST : frames->made_last < MOST ? frames->made_last * 2 : MOST;
    struct ssr_frame *made = ssr_region_take(&ctx->request, count * sizeof *made);
    if (!made)
        return fail(ctx);
    frames->made_last = count;
    frames->fresh = made;
    frames->fresh_end = made + count;
    return true;
}

/* Without recursion: what is below a frame comes before the others that are left. */
void ssr_frames_discard(struct ssr_ctx *ctx, struct ssr_frame *left)
{
    while (left) {
        struct ssr_frame *frame = left, *last = frame->children;
        left = frame->next;
        if (last) {
            while (last->next)
                last = last->next;
            last->next = left;
            left = frame->children;
        }
        ssr_frame_forget_seen(ctx, frame);
        if (frame->parent->is_indexed)
            remove_from_index(ctx, frame);
        free_frame(&ctx->frames, frame);
    }
}

/* ---- Order ------------------------------------------------------------------------------------------------------ */

static struct ssr_frame *merge(struct ssr_frame *a, struct ssr_frame *b)
{
    struct ssr_frame *merged = NULL, **end = &merged;
    while (a && b) {
        struct ssr_frame **first = a->index < b->index ? &a : &b;
        *end = *first;
        end = &(*first)->next_dirty;
        *first = *end;
    }
    *end = a ? a : b;
    return merged;
}

/* Merge sort of a list: run i of `runs` is empty or has 2^i frames. */
static struct ssr_frame *sort(struct ssr_frame *list)
{
    enum { RUNS = 64 };
    struct ssr_frame *runs[RUNS] = {NULL}, *sorted = NULL;
    while (list) {
        struct ssr_frame *run = list;
        size_t i = 0;
        list = list->next_dirty;
        run->next_dirty = NULL;
        for (; runs[i]; i++) {
            run = merge(runs[i], run);
            runs[i] = NULL;
        }
        runs[i] = run;
    }
    for (size_t i = 0; i < RUNS; i++)
        sorted = merge(runs[i], sorted);
    return sorted;
}

struct ssr_frame *ssr_frame_take_dirty(struct ssr_frame *frame)
{
    struct ssr_frame *list = frame->dirty_children;
    frame->dirty_children = NULL;
    if (list->next_dirty)
        list = sort(list);
    for (struct ssr_frame *child = list; child; child = child->next_dirty)
        child->is_listed = false;
    return list;
}

/* ---- The edges of passes ---------------------------------------------------------------------------------------- */

bool ssr_frames_prepare(struct ssr_ctx *ctx)
{
    struct ssr_frames *frames = &ctx->frames;
    if (!frames->are_kept || frames->root)
        return true;
    struct ssr_frame *root = ssr_frame_take(ctx);
    if (root)
        *root = (struct ssr_frame){.block = root->block};
    frames->root = root;
    return root;
}

void ssr_frames_begin_pass(struct ssr_ctx *ctx)
{
    struct ssr_frames *frames = &ctx->frames;
    if (!frames->are_kept)
        return;
    struct ssr_effects effects = frames->former;
    frames->former = frames->effects;
    frames->effects = effects;
    frames->effects.count = 0;
    ssr_frames_touch(&frames->always);
    if (frames->atoms_are_hot)
        ssr_frames_touch(&frames->atoms);
    if (frames->contexts_are_hot)
        ssr_frames_touch(&frames->contexts);
    frames->runs_before = frames->runs;
    frames->has_turned = false;
    ssr_frame_begin_run(ctx, frames->root, &frames->root_run);
}

void ssr_frames_end_pass(struct ssr_ctx *ctx)
{
    if (!ctx->frames.current)
        return;
    ssr_frames_discard(ctx, ctx->frames.root_run.former);
    ctx->frames.current = NULL;
}

void ssr_frames_forget(struct ssr_ctx *ctx)
{
    struct ssr_frames *frames = &ctx->frames;
    if (!frames->root)
        return;
    ssr_frames_discard(ctx, frames->root->children);
    frames->root->children = frames->root->dirty_children = NULL;
    frames->effects.count = frames->former.count = 0;
    frames->must_start_over = false;
}

void ssr_frames_release(struct ssr_ctx *ctx)
{
    struct ssr_frames *frames = &ctx->frames;
    struct ssr_budget *budget = &ctx->budget;
    ssr_budget_resize(budget, frames->table, frames->table_size * sizeof *frames->table, 0);
    ssr_budget_resize(budget, frames->effects.items, frames->effects.capacity * sizeof(struct ssr_effect), 0);
    ssr_budget_resize(budget, frames->former.items, frames->former.capacity * sizeof(struct ssr_effect), 0);
    ssr_readers_free(budget, &frames->always);
    ssr_readers_free(budget, &frames->atoms);
    ssr_readers_free(budget, &frames->contexts);
}
