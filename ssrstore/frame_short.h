/*
 * The short ways of frame.h, which a component that costs little itself takes: no call, no search, no hash, as long as
 * components have short keys and come in the order of their keys, or in that of the pass before.
 */
#ifndef SSRSTORE_FRAME_SHORT_H
#define SSRSTORE_FRAME_SHORT_H

#include "ssrstore/scope.h"

static inline struct ssr_key ssr_key_of(const char *text)
{
    struct ssr_key key = {text, 0, 0};
    for (; key.length < SSR_HEAD && text[key.length]; key.length++)
        key.head = key.head << 8 | (unsigned char)text[key.length];
    if (key.length == SSR_HEAD)
        key.length = strlen(text);
    return key;
}

/* Whether a child of the running frame has that component and key. */
static inline bool ssr_frame_is(const struct ssr_frame *frame, const struct ssr_definition *component,
                                const struct ssr_key *key)
{
    return frame->component == component && frame->key_head == key->head && frame->key_length == key->length &&
           (key->length <= SSR_HEAD || memcmp(frame->block, key->text, key->length) == 0);
}

/* The short way to see that a key is a new one: it keeps the order of those before it. */
static inline bool ssr_frame_follows(const struct ssr_frame_run *parent, const struct ssr_definition *component,
                                     const struct ssr_key *key)
{
    const struct ssr_frame *last = parent->last;
    if (parent->frame->is_indexed || !last)
        return !parent->frame->is_indexed;
    signed char order = parent->frame->order;
    return last->component == component && last->key_length == key->length && key->length <= SSR_HEAD &&
           ((order > 0 && last->key_head < key->head) || (order < 0 && last->key_head > key->head));
}

/* Where the props begin in a block. */
static inline size_t ssr_props_at(size_t key_length)
{
    return key_length <= SSR_HEAD ? 0 : (key_length + SSR_PROPS_ALIGN) / SSR_PROPS_ALIGN * SSR_PROPS_ALIGN;
}

static inline char *ssr_frame_props(const struct ssr_frame *frame)
{
    return frame->block + ssr_props_at(frame->key_length);
}

/* Whether these are its props. */
static inline bool ssr_frame_has_props(const struct ssr_frame *frame, const void *props, size_t size, bool is_json)
{
    return frame->props_size == size && frame->has_json_props == is_json &&
           ssr_is_same(ssr_frame_props(frame), props, size);
}

/* Puts a copy of these props in place of those it has: false: no memory, and the render has failed. */
static inline bool ssr_frame_set_props(struct ssr_ctx *ctx, struct ssr_frame *frame, const void *props, size_t size,
                                       bool is_json)
{
    size_t at = ssr_props_at(frame->key_length);
    if (at + size >= frame->block_capacity && !ssr_frame_reserve(ctx, frame, at + size + 1))
        return false;
    ssr_copy(frame->block + at, props, size);
    frame->block[at + size] = '\0';
    frame->props_size = size;
    frame->has_json_props = is_json;
    return true;
}

static inline struct ssr_frame *ssr_frame_take(struct ssr_ctx *ctx)
{
    struct ssr_frames *frames = &ctx->frames;
    struct ssr_frame *frame = frames->free;
    if (frame) {
        frames->free = frame->next_dirty;
        return frame;
    }
    if (frames->fresh == frames->fresh_end && !ssr_frames_make(ctx))
        return NULL;
    frame = frames->fresh++;
    frame->block = frame->room;
    frame->block_capacity = sizeof frame->room;
    return frame;
}

/* A new child of the running frame, without props; NULL: no memory, and the render has failed. */
static inline struct ssr_frame *ssr_frame_new(struct ssr_ctx *ctx, const struct ssr_definition *component,
                                              const struct ssr_key *key)
{
    struct ssr_frame *parent = ctx->frames.current->frame;
    if (parent->is_indexed && !ssr_frame_reserve_index(ctx))
        return NULL;
    struct ssr_frame *frame = ssr_frame_take(ctx);
    if (!frame)
        return NULL;
    frame->component = component;
    frame->parent = parent;
    frame->key_head = key->head;
    frame->key_length = key->length;
    frame->is_indexed = false;
    frame->order = 0;
    frame->children = NULL;
    frame->seen = NULL;
    frame->path = 0;
    if (key->length > SSR_HEAD && !ssr_frame_copy_key(ctx, frame, key))
        return NULL;
    if (parent->is_indexed)
        ssr_frame_index(ctx, frame);
    return frame;
}

/* Makes a frame, a new or a former one, the next child of a running one, from which it begins that far. */
static inline void ssr_frame_adopt(struct ssr_frame_run *run, struct ssr_frame *frame, bool is_new, struct ssr_point at)
{
    if (frame == run->former) {
        run->former = frame->next;
    } else if (!is_new) {
        frame->before->next = frame->next;
        if (frame->next)
            frame->next->before = frame->before;
    }
    frame->before = run->last;
    frame->next = NULL;
    *(run->last ? &run->last->next : &run->frame->children) = frame;
    run->last = frame;
    frame->adopted = run->frame->run;
    frame->index = run->count++;
    frame->is_listed = false;
    frame->at = at;
}

/* A frame begins to run: what was noted of it is void, its children become former ones. */
static inline void ssr_frame_begin_run(struct ssr_ctx *ctx, struct ssr_frame *frame, struct ssr_frame_run *run)
{
    run->frame = frame;
    run->former = frame->children;
    run->last = NULL;
    run->count = 0;
    frame->run = ++ctx->frames.runs;
    frame->is_dirty = frame->provides = frame->gave_other_props = frame->has_failed_child = false;
    frame->dirty_children = NULL; /* each of them is looked at when it is rendered */
    frame->children = NULL;
    if (frame->seen)
        ssr_frame_forget_seen(ctx, frame);
    ctx->frames.current = run;
}

#endif
