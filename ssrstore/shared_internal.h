/*
 * What a shared store is made of: a definition that never changes, and behind it the one part of the library that
 * several threads change. Three things in it, each with its own rule:
 *
 *   snapshots   the states; readers take them without waiting for anybody (snapshot.c)
 *   writing     the writers' lock, held while an updater runs
 *   lists       who listens and which calls are under way; the lock is never held while code of the user runs
 *
 * Where both locks are held, `writing` was taken first.
 */
#ifndef SSRSTORE_SHARED_INTERNAL_H
#define SSRSTORE_SHARED_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "ssrstore/draft_internal.h"
#include "ssrstore/scope.h"
#include "ssrstore/shared.h"
#include "ssrstore/value_internal.h"

/* ---- snapshot.c ------------------------------------------------------------------------------------------------- */

struct ssr_snapshots;

struct ssr_snapshot {
    _Atomic(uint64_t) count; /* see snapshot.c */
    struct ssr_value *value; /* owned; NULL: nobody has the slot */
    struct ssr_snapshots *home;
    struct ssr_snapshot *next_free;
    uint32_t place; /* as it stands in the low bits of the word */
};

/* Chunk k holds SSR_SNAPSHOTS_FIRST << k slots: together just under 2^20. */
enum { SSR_SNAPSHOTS_FIRST = 8, SSR_SNAPSHOT_CHUNKS = 17 };

struct ssr_snapshots {
    _Atomic(uint64_t) word; /* the place of the current slot, and how many have taken it: see snapshot.c */
    _Atomic(struct ssr_snapshot *) freed;
    struct ssr_snapshot *chunks[SSR_SNAPSHOT_CHUNKS];
    unsigned chunk_count;
    struct ssr_snapshot *spare; /* the writer's own */
    ssr_allocator allocator;
};

/* With a first state, which is taken when the answer is SSR_OK; else SSR_E_NOMEM, and nothing is left. */
ssr_status ssr_snapshots_init(struct ssr_snapshots *snapshots, const ssr_allocator *allocator, struct ssr_value *first);
void ssr_snapshots_release(struct ssr_snapshots *snapshots);
/* On any thread, wait-free. */
struct ssr_snapshot *ssr_snapshots_take(struct ssr_snapshots *snapshots);

/* The rest is the writer's, one at a time. The current state, which stays current until `publish`. */
const struct ssr_value *ssr_snapshots_latest(const struct ssr_snapshots *snapshots);
/* Sees to it that the next `publish` finds a slot: SSR_OK, SSR_E_NOMEM, or SSR_E_LIMIT when 2^20 are held. */
ssr_status ssr_snapshots_reserve(struct ssr_snapshots *snapshots);
/* Makes the value, which is taken, current. Both answers are counted for the caller. */
struct ssr_snapshot *ssr_snapshots_publish(struct ssr_snapshots *snapshots, struct ssr_value *value,
                                           struct ssr_snapshot **previous);

/* ---- shared.c --------------------------------------------------------------------------------------------------- */

struct ssr_shared_listener;
struct ssr_shared_call;

struct ssr_shared_state {
    struct ssr_snapshots snapshots;
    ssr_allocator allocator;

    pthread_mutex_t writing;
    struct ssr_budget budget; /* of the draft */
    struct ssr_draft draft;

    pthread_mutex_t lists;
    struct ssr_shared_listener *first, *last; /* in order of subscription */
    struct ssr_shared_listener *spare;
    uint64_t serial; /* of the latest subscription */
    struct ssr_shared_call *calls;
};

struct ssr_shared {
    struct ssr_definition definition;
    ssr_policy policy;
    bool writable_in_render;
    struct ssr_actions actions;
    struct ssr_shared_state *state;
};

/* The cell of a request that has read one: what it pinned is given back with the request. */
struct ssr_shared_cell {
    struct ssr_cell cell;
    struct ssr_snapshot *pinned;
};

/* ---- guard.c ---------------------------------------------------------------------------------------------------- */

/* Whether this thread may write: SSR_OK, or refused and noted wherever it can be. */
ssr_status ssr_guard_write(const struct ssr_shared *shared, struct ssr_writer writer);
/* What a record may name: one of another registry may be gone when the record is written, and is NULL. */
const struct ssr_definition *ssr_shared_definition(const struct ssr_shared *shared,
                                                   const struct ssr_registry *registry);
/* The innermost guard of this thread, or NULL. */
const struct ssr_guard *ssr_guard_innermost(void);

#endif
