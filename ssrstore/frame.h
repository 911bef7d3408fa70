/*
 * Frames: the components of a request as a tree, and what each left in the pass before.
 *
 * Data and owners:
 *   frame      one component at its place: parent, name and key. In the request region, reused through a free list;
 *              lives as long as a pass renders it. The page is the root.
 *   point      where a frame's output and its effects begin: relative to those of its parent, so that what is taken
 *              over whole moves without being touched
 *   effects    what a pass did beside writing text, in document order: sets, cookies, status, headers, refusals,
 *              providers. In two arrays that take turns; those of the pass before are replayed from
 *   readers    of a cell, a query, the atoms or the contexts: the frames that read it. An entry is void when its frame
 *              has run again since, or is gone
 *   index      of the children of frames that do not render in an order that tells them apart: a table, seeded for each
 *              request, because visitors may choose keys
 *
 * What always holds: a frame is dirty when something it read itself has changed since it ran; each parent of a dirty
 * one has it, or its way to it, in its list of dirty children. A frame that is neither can be taken over as it is.
 * The children of a frame that is not indexed, and behind them the former ones that its run has not come to, have keys
 * that grow from each to the next, or shrink.
 */
#ifndef SSRSTORE_FRAME_H
#define SSRSTORE_FRAME_H

#include "ssrstore/journal.h"
#include "ssrstore/value_internal.h"

struct ssr_ctx;
struct ssr_frame;

/* How much a pass has written, and how many effects it has noted, of which no memory holds more. */
struct ssr_point {
    size_t html;
    uint32_t effects;
};

/* A key as it is looked for. */
struct ssr_key {
    const char *text;
    size_t length;
    uint64_t head; /* the number whose last bytes are the first of the text: of two texts of one length, the greater
                      head is the later in order, and equal heads of SSR_HEAD bytes at most are equal texts */
};

enum { SSR_HEAD = 8, SSR_PROPS_ALIGN = 16, SSR_FRAME_ROOM = 16 };

/* A context store's state as it was read; NULL: there was no provider. The value is held. */
struct ssr_seen {
    struct ssr_seen *next;
    const struct ssr_definition *context;
    const struct ssr_value *state;
};

/* Small, because small components are many; what only matters while it runs is in struct ssr_frame_run. */
struct ssr_frame {
    const struct ssr_definition *component; /* NULL: the page */
    struct ssr_frame *parent;
    struct ssr_frame *next, *before; /* among the children of its parent; the first has no `before` */
    struct ssr_point at;             /* from where its parent begins */
    struct ssr_point extent;
    uint64_t key_head;
    char *block; /* the props and, before them, the key when it is longer than its head; each with a NUL. Or `room` */
    size_t block_capacity, key_length, props_size;
    uint32_t run;     /* what names it by an older run is void */
    uint32_t adopted; /* the run of its parent that has it among its children */
    uint32_t index;   /* among them */
    bool is_dirty;
    bool provides; /* a context store: then it runs when something inside has to, so that what it provides is there */
    bool gave_other_props; /* in its run: to a child that it had rendered before, or to a new one */
    bool has_failed_child; /* likewise */
    bool has_json_props;
    bool is_listed;                   /* among the dirty children of its parent */
    bool is_indexed;                  /* all its children, former ones included, are in the index */
    signed char order;                /* of its children: 1 growing, -1 shrinking, 0 for one or none */
    struct ssr_frame *children;       /* the first; while it runs, of those it has rendered */
    struct ssr_frame *dirty_children; /* those that are dirty or have such inside */
    struct ssr_frame *next_dirty;     /* among those of its parent; or free */
    struct ssr_seen *seen; /* states of context stores provided outside of it, that it or what is inside has read */
    uint64_t path;         /* for ssr_id and ssr_random; 0: nobody has asked */
    _Alignas(SSR_PROPS_ALIGN) char room[SSR_FRAME_ROOM];
};

/* The run of a frame, or a walk through it, for which `frame` suffices. On the stack of whoever runs it. */
struct ssr_frame_run {
    struct ssr_frame *frame;
    struct ssr_point is, was; /* where it begins: in this pass, and in the one before */
    struct ssr_frame *former; /* what it rendered when it ran last and has not rendered again, in order */
    struct ssr_frame *last;   /* of its children */
    uint32_t count;           /* of them */
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

/* One place of the index. */
struct ssr_indexed {
    uint64_t hash;
    struct ssr_frame *frame; /* NULL: free */
};

struct ssr_frames {
    bool are_kept;                 /* the registry has components */
    bool are_reused;               /* and what has not changed is taken over */
    struct ssr_frame_run *current; /* whose function runs; NULL: nothing is noted */
    const char *replayed;          /* the component whose effect is replayed; NULL: none is */
    struct ssr_frame *root;        /* the page */
    struct ssr_frame_run root_run;
    struct ssr_frame *free;              /* that were in use */
    struct ssr_frame *fresh, *fresh_end; /* that were not */
    size_t made_last;                    /* how many at once */
    struct ssr_seen *free_seen;
    struct ssr_indexed *table; /* by parent, component and key, open addressing */
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

/*
 * The running frame's child of that component and key, of this pass or the one before; NULL: none. False: no memory,
 * and the render has failed.
 */
bool ssr_frame_find(struct ssr_ctx *ctx, const struct ssr_definition *component, const struct ssr_key *key,
                    struct ssr_frame **frame);
/* Makes frames to be taken; false: no memory, and the render has failed. */
bool ssr_frames_make(struct ssr_ctx *ctx);
/* Room in a frame's block; false: no memory, and the render has failed. */
bool ssr_frame_reserve(struct ssr_ctx *ctx, struct ssr_frame *frame, size_t size);
/* Puts a key that is longer than its head into the block of a new frame. False as above, and the frame is free. */
bool ssr_frame_copy_key(struct ssr_ctx *ctx, struct ssr_frame *frame, const struct ssr_key *key);
/* The index of a frame that is indexed: room for one more of its children, and that child. False as above. */
bool ssr_frame_reserve_index(struct ssr_ctx *ctx);
void ssr_frame_index(struct ssr_ctx *ctx, struct ssr_frame *frame);
/* What names a component at its place; never 0, which is the page's. */
uint64_t ssr_frame_path(struct ssr_frame *frame);
/* Frees what a run had rendered before and did not render again: `left` and those behind it, and all below. */
void ssr_frames_discard(struct ssr_ctx *ctx, struct ssr_frame *left);
void ssr_frame_forget_seen(struct ssr_ctx *ctx, struct ssr_frame *frame);
/* Its dirty children, of which there are some, in the order of its children, unlisted; linked through next_dirty. */
struct ssr_frame *ssr_frame_take_dirty(struct ssr_frame *frame);
/* Replays `count` effects of the pass before. Returns the render's sticky status. */
ssr_status ssr_frames_replay(struct ssr_ctx *ctx, size_t from, size_t count);

#endif
