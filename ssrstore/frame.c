/*
 * Frames: the tree of a request's components, who read what, and the effects of a pass. frame.h says what always holds.
 * Whether a component runs is decided in engine/component.c; here is what that decision is made from.
 */
#include "ssrstore/frame.h"

#include <string.h>

#include "ssrstore/digest.h"
#include "ssrstore/scope.h"

enum { TABLE_FIRST = 64, PROPS_ALIGN = 16 };

/* The running frame, if it is a component's. */
static struct ssr_frame *running(const struct ssr_ctx *ctx)
{
    struct ssr_frame *current = ctx->frames.current;
    return current && current->component ? current : NULL;
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

bool ssr_frame_reads(struct ssr_ctx *ctx, struct ssr_readers *readers)
{
    struct ssr_frame *frame = running(ctx);
    if (!frame)
        return true;
    const struct ssr_reader *latest = readers->count > 0 ? &readers->items[readers->count - 1] : NULL;
    if (latest && latest->frame == frame && !is_void(latest))
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
    for (size_t i = 0; i < frame->seen_count; i++)
        if (frame->seen[i].context == context)
            return true;
    return false;
}

bool ssr_frame_has_seen(struct ssr_ctx *ctx, const struct ssr_definition *context, const struct ssr_value *state,
                        const struct ssr_frame *of)
{
    for (struct ssr_frame *frame = running(ctx); frame && frame != of && frame->component; frame = frame->parent) {
        if (has_seen(frame, context))
            return true;
        struct ssr_seen *seen =
            ssr_region_grow(&ctx->request, frame->seen, &frame->seen_capacity, frame->seen_count + 1, sizeof *seen);
        if (!seen)
            return fail(ctx);
        frame->seen = seen;
        seen[frame->seen_count++] = (struct ssr_seen){context, state};
        ssr_value_hold(state);
    }
    return true;
}

bool ssr_frame_sees(struct ssr_ctx *ctx, const struct ssr_definition *context, const struct ssr_value *state,
                    const struct ssr_frame *of)
{
    return ssr_frame_reads(ctx, &ctx->frames.contexts) && ssr_frame_has_seen(ctx, context, state, of);
}

static void forget_seen(struct ssr_ctx *ctx, struct ssr_frame *frame)
{
    for (size_t i = 0; i < frame->seen_count; i++)
        ssr_value_drop(ctx, frame->seen[i].state);
    frame->seen_count = 0;
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
        if (!is_void(&readers->items[i]) && readers->items[i].frame != ctx->frames.current)
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

static bool is_same_text(const char *is, const char *was)
{
    return is && was ? strcmp(is, was) == 0 : is == was;
}

bool ssr_effects_say_the_same(const struct ssr_effect *is, const struct ssr_effect *was)
{
    return is_same_text(is->what, was->what) && is_same_text(is->more, was->more);
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

/* ---- Finding ---------------------------------------------------------------------------------------------------- */

/* What names a component at its place; never 0, which is the page's. */
static uint64_t path_of(const struct ssr_frame *parent, const struct ssr_definition *component, const char *key,
                        size_t key_length)
{
    return ssr_digest_of(key, key_length, parent->path ^ component->index).low | 1;
}

static bool is_frame(const struct ssr_frame *frame, const struct ssr_frame *parent,
                     const struct ssr_definition *component, const char *key, size_t key_length)
{
    return frame->parent == parent && frame->component == component && frame->key_length == key_length &&
           memcmp(frame->block, key, key_length) == 0;
}

/* Where the list of the frames with such a path begins. */
static struct ssr_frame **place_of(const struct ssr_frames *frames, uint64_t path)
{
    return &frames->table[(size_t)(path >> 1) & (frames->table_size - 1)];
}

/* The child that a run in the same order as the last one renders next. */
static struct ssr_frame *expected(const struct ssr_frame *parent)
{
    size_t next = parent->children.count;
    return next < parent->former.count ? parent->former.items[next].frame : NULL;
}

struct ssr_frame *ssr_frame_find(struct ssr_ctx *ctx, const struct ssr_definition *component, const char *key,
                                 size_t key_length, uint64_t *path)
{
    const struct ssr_frames *frames = &ctx->frames;
    struct ssr_frame *parent = frames->current;
    struct ssr_frame *frame = expected(parent);
    if (frame && is_frame(frame, parent, component, key, key_length))
        return frame;
    *path = path_of(parent, component, key, key_length);
    if (frames->table_size == 0)
        return NULL;
    frame = *place_of(frames, *path);
    while (frame && !is_frame(frame, parent, component, key, key_length))
        frame = frame->next;
    return frame;
}

static void insert(struct ssr_frames *frames, struct ssr_frame *frame)
{
    struct ssr_frame **place = place_of(frames, frame->path);
    frame->next = *place;
    *place = frame;
}

static bool reserve_table(struct ssr_ctx *ctx)
{
    struct ssr_frames *frames = &ctx->frames;
    if (frames->count * 2 < frames->table_size)
        return true;
    size_t old_size = frames->table_size, size = old_size ? old_size * 2 : TABLE_FIRST;
    struct ssr_frame **old = frames->table;
    struct ssr_frame **table = ssr_budget_resize(&ctx->budget, NULL, 0, size * sizeof(struct ssr_frame *));
    if (!table)
        return fail(ctx);
    for (size_t i = 0; i < size; i++)
        table[i] = NULL;
    frames->table = table;
    frames->table_size = size;
    for (size_t i = 0; i < old_size; i++)
        for (struct ssr_frame *frame = old[i], *next; frame; frame = next) {
            next = frame->next;
            insert(frames, frame);
        }
    ssr_budget_resize(&ctx->budget, old, old_size * sizeof(struct ssr_frame *), 0);
    return true;
}

/* ---- Frames ----------------------------------------------------------------------------------------------------- */

static bool reserve_block(struct ssr_ctx *ctx, struct ssr_frame *frame, size_t size)
{
    char *block = ssr_region_grow(&ctx->request, frame->block, &frame->block_capacity, size, 1);
    if (!block)
        return fail(ctx);
    frame->block = block;
    return true;
}

static struct ssr_frame *take_frame(struct ssr_ctx *ctx)
{
    struct ssr_frame *frame = ctx->frames.free;
    if (frame) {
        ctx->frames.free = frame->next;
        return frame;
    }
    frame = ssr_region_alloc(&ctx->request, sizeof *frame);
    if (!frame)
        fail(ctx);
    return frame;
}

/* It keeps its arrays for whoever it becomes next; its run goes on, so that what names it is void. */
static void free_frame(struct ssr_frames *frames, struct ssr_frame *frame)
{
    frame->run = ++frames->runs;
    frame->next = frames->free;
    frames->free = frame;
}

struct ssr_frame *ssr_frame_new(struct ssr_ctx *ctx, const struct ssr_definition *component, const char *key,
                                size_t key_length, uint64_t path, size_t props_size)
{
    struct ssr_frames *frames = &ctx->frames;
    struct ssr_frame *frame = reserve_table(ctx) ? take_frame(ctx) : NULL;
    if (!frame)
        return NULL;
    size_t props_at = (key_length + PROPS_ALIGN) / PROPS_ALIGN * PROPS_ALIGN;
    if (!reserve_block(ctx, frame, props_at + props_size + 1)) {
        free_frame(frames, frame);
        return NULL;
    }
    memcpy(frame->block, key, key_length);
    frame->block[key_length] = '\0';
    frame->component = component;
    frame->parent = frames->current;
    frame->key_length = key_length;
    frame->props_at = props_at;
    frame->props_size = 0;
    frame->path = path;
    frame->adopted = 0;
    frame->children.count = frame->former.count = 0;
    frame->html_length = frame->effect_count = frame->html_was = frame->effects_were = 0;
    frame->is_dirty = frame->is_listed = frame->provides = false;
    frame->seen_count = 0;
    frame->dirty_children = NULL;
    insert(frames, frame);
    frames->count++;
    return frame;
}

bool ssr_frame_has_props(const struct ssr_frame *frame, const void *props, size_t size, bool is_json)
{
    return frame->props_size == size && frame->has_json_props == is_json &&
           (size == 0 || memcmp(frame->block + frame->props_at, props, size) == 0);
}

bool ssr_frame_set_props(struct ssr_ctx *ctx, struct ssr_frame *frame, const void *props, size_t size, bool is_json)
{
    if (!reserve_block(ctx, frame, frame->props_at + size + 1))
        return false;
    if (size > 0)
        memcpy(frame->block + frame->props_at, props, size);
    frame->block[frame->props_at + size] = '\0';
    frame->props_size = size;
    frame->has_json_props = is_json;
    return true;
}

bool ssr_frame_is_adopted(const struct ssr_ctx *ctx, const struct ssr_frame *frame)
{
    return frame->adopted == ctx->frames.current->run;
}

bool ssr_frame_adopt(struct ssr_ctx *ctx, struct ssr_frame *frame, size_t html_at, size_t effects_at)
{
    struct ssr_frame *parent = ctx->frames.current;
    struct ssr_children *children = &parent->children;
    struct ssr_child *items =
        ssr_region_grow(&ctx->request, children->items, &children->capacity, children->count + 1, sizeof *items);
    if (!items)
        return fail(ctx);
    children->items = items;
    frame->adopted = parent->run;
    frame->index = children->count;
    frame->is_listed = false;
    items[children->count++] = (struct ssr_child){frame, html_at - parent->html_is, effects_at - parent->effects_are};
    return true;
}

/* ---- Runs ------------------------------------------------------------------------------------------------------- */

void ssr_frame_begin_run(struct ssr_ctx *ctx, struct ssr_frame *frame)
{
    frame->run = ++ctx->frames.runs;
    frame->is_dirty = frame->provides = frame->gave_other_props = frame->has_failed_child = false;
    forget_seen(ctx, frame);
    frame->dirty_children = NULL; /* each of them is looked at when it is rendered */
    struct ssr_children children = frame->children;
    frame->children = frame->former;
    frame->former = children;
    frame->children.count = 0;
}

static void remove_from_table(struct ssr_frames *frames, const struct ssr_frame *frame)
{
    struct ssr_frame **place = place_of(frames, frame->path);
    while (*place != frame)
        place = &(*place)->next;
    *place = frame->next;
    frames->count--;
}

/*
 * Frees a frame and all below it, without recursion: `left` is the list of what is to be freed, linked through
 * next_dirty.
 */
static void discard(struct ssr_ctx *ctx, struct ssr_frame *left)
{
    struct ssr_frames *frames = &ctx->frames;
    while (left) {
        struct ssr_frame *frame = left;
        left = frame->next_dirty;
        for (size_t i = 0; i < frame->children.count; i++) {
            frame->children.items[i].frame->next_dirty = left;
            left = frame->children.items[i].frame;
        }
        frame->children.count = 0;
        forget_seen(ctx, frame);
        remove_from_table(frames, frame);
        free_frame(frames, frame);
    }
}

void ssr_frame_end_run(struct ssr_ctx *ctx, struct ssr_frame *frame)
{
    for (size_t i = 0; i < frame->former.count; i++) {
        struct ssr_frame *child = frame->former.items[i].frame;
        if (child->adopted == frame->run)
            continue;
        child->next_dirty = NULL;
        discard(ctx, child);
    }
    frame->former.count = 0;
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
    list = list && list->next_dirty ? sort(list) : list;
    for (struct ssr_frame *child = list; child; child = child->next_dirty)
        child->is_listed = false;
    return list;
}

/* ---- The edges of passes ---------------------------------------------------------------------------------------- */

bool ssr_frames_prepare(struct ssr_ctx *ctx)
{
    struct ssr_frames *frames = &ctx->frames;
    if (frames->are_kept && !frames->root)
        frames->root = take_frame(ctx);
    return !frames->are_kept || frames->root;
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
    ssr_frame_begin_run(ctx, frames->root);
    frames->current = frames->root;
}

void ssr_frames_end_pass(struct ssr_ctx *ctx)
{
    if (!ctx->frames.current)
        return;
    ssr_frame_end_run(ctx, ctx->frames.root);
    ctx->frames.current = NULL;
}

void ssr_frames_forget(struct ssr_ctx *ctx)
{
    struct ssr_frames *frames = &ctx->frames;
    if (!frames->root)
        return;
    ssr_frame_end_run(ctx, frames->root);
    ssr_frame_begin_run(ctx, frames->root);
    ssr_frame_end_run(ctx, frames->root);
    frames->effects.count = frames->former.count = 0;
    frames->current = NULL;
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
