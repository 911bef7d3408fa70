/*
 * Frames: the components of a request as a tree, and what each left in the pass before.
 *
 * Data and owners:
 *   frame      one component at its place: parent, name and key. In the request region, reused through a free list;
 * lives as long as a pass renders it. The page is the root. span       where a frame's output, or its effects, lie:
 * relative to those of its parent, so that what is taken over whole moves without being touched effects    what a pass
 * did beside writing text, in document order: sets, cookies, status, headers, refusals, providers. In two arrays that
 * take turns; those of the pass before are replayed from readers    of a cell, a query, the atoms or the contexts: the
 * frames that read it. An entry is void when its frame has run again since, or is gone
 *
 * What always holds: a frame is dirty when something it read itself has changed since it ran; each parent of a dirty
 * one has it, or its way to it, in its list of dirty children. A frame that is neither can be taken over as it is.
 */
#ifndef SSRSTORE_FRAME_H
#define SSRSTORE_FRAME_H

#include "ssrstore/journal.h"
#include "ssrstore/value_internal.h"

struct ssr_ctx;
struct ssr_frame;

/* A child's place in its parent. */
struct ssr_child {
    struct ssr_frame *frame;
    size_t html_at, effects_at;
};

/* A context store's state as it was read; NULL: there was no provider. The value is held. */
struct ssr_seen {
    const struct ssr_definition *context;
    const struct ssr_value *state;
};

struct ssr_children {
    struct ssr_child *items;
    size_t count, capacity;
};

struct ssr_frame {
    const struct ssr_definition *component; /* NULL: the page */
    struct ssr_frame *parent;
    char *block; /* the key with a NUL, and the props behind it */
    size_t block_capacity, key_length, props_at, props_size;
    bool has_json_props;
    uint64_t path;    /* for ssr_id and ssr_random */
    uint32_t run;     /* what names it by an older run is void */
    uint32_t adopted; /* the run of its parent that has it among its children */
    size_t index;     /* among them */
    size_t html_length, effect_count;
    size_t html_was, effects_were; /* absolute, in the pass before; set when it is visited */
    size_t html_is, effects_are;   /* absolute, in this one */
    bool is_dirty;
    bool gave_other_props; /* in its run: to a child that it had rendered before, or to a new one */
    bool has_failed_child; /* likewise */
    bool provides; /* a context store: then it runs when something inside has to, so that what it provides is there */
    struct ssr_seen *seen; /* states of context stores provided outside of it, that it or what is inside has read */
    size_t seen_count, seen_capacity;
    struct ssr_children children, former; /* former: while it runs */
    struct ssr_frame *dirty_children;     /* those that are dirty or have such inside */
    struct ssr_frame *next_dirty;         /* among those of its parent */
    bool is_listed;                       /* there */
    struct ssr_frame *next;               /* in its place of the table, or free */
};

/* One thing that a pass did. replay does it again in the running pass. */
struct ssr_effect {
    ssr_status (*replay)(struct ssr_ctx *ctx, const struct ssr_effect *effect);
    /* For the checking mode: whether `what` and `more` say the same; NULL: they need not. */
    bool (*is_same)(const struct ssr_effect *is, const struct ssr_effect *was);
    void *on; /* a cell, a definition, ... as replay knows it */
    const struct ssr_value *value;
    const void *what; /* a text, or an object as replay knows it */
    const void *more;
    size_t number;
    bool is_place;         /* number is a place in the output */
    const char *component; /* that did it; set here */
    struct ssr_writer writer;
};

struct ssr_effects {
    struct ssr_effect *items;
    size_t count, capacity;
};

/* One reading of something by a frame. */
struct ssr_reader {
    struct ssr_frame *frame;
    uint32_t run;
};

struct ssr_readers {
    struct ssr_reader *items;
    size_t count, capacity;
};

struct ssr_frames {
    bool are_kept;             /* the registry has components */
    bool are_reused;           /* and what has not changed is taken over */
    struct ssr_frame *current; /* whose function runs; NULL: nothing is noted */
    const char *replayed;      /* the component whose effect is replayed; NULL: none is */
    struct ssr_frame *root;    /* the page */
    struct ssr_frame *free;
    struct ssr_frame **table; /* by parent, component and key */
    size_t table_size, count;
    uint32_t runs, runs_before; /* so far, and when the pass began */
    struct ssr_effects effects, former;
    struct ssr_readers always;            /* frames that depend on what changes in every pass, or failed */
    struct ssr_readers atoms, contexts;   /* frames that touched any */
    bool atoms_are_hot, contexts_are_hot; /* the page has changed one */
    bool has_turned;                      /* something that frames had read has changed in the middle of this pass */
    bool must_start_over;                 /* what was taken over cannot be trusted: the pass runs again without reuse */
};

/* ---- What the kinds of state call ------------------------------------------------------------------------------- */

/* Notes that the running frame has read something; false: no memory, and the render has failed. */
bool ssr_frame_reads(struct ssr_ctx *ctx, struct ssr_readers *readers);
/* What was read has changed: its readers are dirty, and the list is empty. */
void ssr_frames_touch(struct ssr_readers *readers);
/* The same, in the middle of a pass: one that was taken over, or may be, should have seen the change. */
void ssr_frames_touch_now(struct ssr_ctx *ctx, struct ssr_readers *readers);
/* The running frame depends on something that no list tells: it runs in every pass. */
void ssr_frame_runs_always(struct ssr_ctx *ctx);
/* The name of the component that runs, or whose effect is replayed; NULL: the page itself. */
const char *ssr_frame_name(const struct ssr_ctx *ctx);
/* Notes an effect of the running frame; false: no memory, and the render has failed. Nothing outside of components. */
bool ssr_frame_effect(struct ssr_ctx *ctx, struct ssr_effect effect);
/* An is_same where `what` and `more` are texts, or NULL. */
bool ssr_effects_say_the_same(const struct ssr_effect *is, const struct ssr_effect *was);
void ssr_readers_free(struct ssr_budget *budget, struct ssr_readers *readers);

/*
 * The running frame has read a context store, whose provider belongs to the frame `of`; NULL: to nobody, there is none.
 * So has every frame between the two.
 */
bool ssr_frame_sees(struct ssr_ctx *ctx, const struct ssr_definition *context, const struct ssr_value *state,
                    const struct ssr_frame *of);
/* The same for what a child of the running frame had seen, when it does not run again. */
bool ssr_frame_has_seen(struct ssr_ctx *ctx, const struct ssr_definition *context, const struct ssr_value *state,
                        const struct ssr_frame *of);
/* Atoms, or contexts, are changed by the page: whoever touched any runs in every later pass. */
void ssr_frames_heat(struct ssr_ctx *ctx, struct ssr_readers *readers, bool *are_hot);

/* ---- What the engine calls -------------------------------------------------------------------------------------- */

/* What a pass needs; false: no memory, and the render has failed. */
bool ssr_frames_prepare(struct ssr_ctx *ctx);
/* A pass begins: the page's frame runs. */
void ssr_frames_begin_pass(struct ssr_ctx *ctx);
/* The page has returned. */
void ssr_frames_end_pass(struct ssr_ctx *ctx);
/* Another location, or a pass that must not reuse anything: nothing is known. */
void ssr_frames_forget(struct ssr_ctx *ctx);
void ssr_frames_release(struct ssr_ctx *ctx);

/* The running frame's child of that component and key, of this pass or the one before; NULL: none, *path is what its
 * path will be. */
struct ssr_frame *ssr_frame_find(struct ssr_ctx *ctx, const struct ssr_definition *component, const char *key,
                                 size_t key_length, uint64_t *path);
/* A new one, with room for props, but without any; NULL: no memory, and the render has failed. */
struct ssr_frame *ssr_frame_new(struct ssr_ctx *ctx, const struct ssr_definition *component, const char *key,
                                size_t key_length, uint64_t path, size_t props_size);
/* Whether these are its props; and puts them in place of those it has: false: no memory, and the render has failed. */
bool ssr_frame_has_props(const struct ssr_frame *frame, const void *props, size_t size, bool is_json);
bool ssr_frame_set_props(struct ssr_ctx *ctx, struct ssr_frame *frame, const void *props, size_t size, bool is_json);
/* Whether it has been rendered in the running run of its parent. */
bool ssr_frame_is_adopted(const struct ssr_ctx *ctx, const struct ssr_frame *frame);
/* Makes it a child of the running frame, at these absolute places of this pass; false: no memory. */
bool ssr_frame_adopt(struct ssr_ctx *ctx, struct ssr_frame *frame, size_t html_at, size_t effects_at);
/* It runs: what was noted of it is void, its children become former ones. */
void ssr_frame_begin_run(struct ssr_ctx *ctx, struct ssr_frame *frame);
/* It has run: the former children that it did not render are gone. */
void ssr_frame_end_run(struct ssr_ctx *ctx, struct ssr_frame *frame);
/* Its dirty children in the order of its children, unlisted; linked through next_dirty. */
struct ssr_frame *ssr_frame_take_dirty(struct ssr_frame *frame);
/* Replays `count` effects of the pass before. Returns the render's sticky status. */
ssr_status ssr_frames_replay(struct ssr_ctx *ctx, size_t from, size_t count);

#endif
