/*
 * ssrstore/shared.h - shared stores: one state for the whole process, for what is the same for every visitor.
 *
 * A state is immutable. Readers take a snapshot of it, without a lock and without a loop, and keep it as long as they
 * like; a writer makes the next state and swaps it in. The rule for what belongs here: the state does not differ from
 * visitor to visitor. If unsure, use a context store (ssrstore/context.h).
 *
 * Writing one while a request is served is how one visitor sees another's data. So a write from inside a page callback,
 * an init, a hook or a loader is refused (shared_write_in_request) and listed in the render's record, unless the
 * definition says `writable_in_render`. Other threads may write at any time. docs/shared.md tells it as a story.
 *
 * Source: seed "Pareto: defineStore".
 */
#ifndef SSRSTORE_SHARED_H
#define SSRSTORE_SHARED_H

#include "ssrstore/draft.h"
#include "ssrstore/ssrstore.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One shared store. Borrowed from the registry, valid as long as it; any number of threads may use it at once. */
typedef struct ssr_shared ssr_shared;

/* One state of it. Immutable; counted: whoever takes one gives it back. */
typedef struct ssr_snapshot ssr_snapshot;

/* All zero is a good start: the state null, no actions, not writable in a render. */
typedef struct ssr_shared_options {
    const char *initial_json;  /* JSON text; NULL: null. Copied. */
    const ssr_action *actions; /* names copied; arg borrowed as long as the registry */
    size_t action_count;
    ssr_policy policy;       /* whether a state that a render has read crosses to the browser */
    bool writable_in_render; /* lifts the guard for this store */
    bool redact;             /* keys the digest of what a pass saw of it; no state itself is in a log */
    const char *type;        /* as in ssr_store_options: what a state is, where the first cannot tell. Copied. */
} ssr_shared_options;

/*
 * Defines a shared store. As ssr_store_define: unique name, setup only, one thread; NULL on an error that
 * ssr_engine_start answers. It may be read and written from now on, before the start too.
 * Memory     its states are the registry's allocator's, which must be thread-safe when several threads use the store,
 *            for who gives back the last share of a state frees it.
 * Source     seed "defineStore".
 */
SSR_API ssr_shared *ssr_shared_define(ssr_registry *registry, const char *name, const ssr_shared_options *options);
SSR_API ssr_shared *ssr_shared_find(const ssr_registry *registry, const char *name);
SSR_API const char *ssr_shared_name(const ssr_shared *shared);

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

/*
 * The state now, for readers outside of renders. Wait-free, on any thread, also while a writer is inside its updater.
 * Returns    a snapshot, or NULL for a NULL store.
 * Memory     counted: ssr_snapshot_free gives it back, on any thread; NULL is allowed. It outlives later writes, keeps
 *            no other state alive, and must be given back before the registry goes. Does not allocate.
 * Source     seed "getState".
 */
SSR_API ssr_snapshot *ssr_shared_snapshot(ssr_shared *shared);
SSR_API void ssr_snapshot_free(ssr_snapshot *snapshot);

/* The state as a cursor, and its canonical text with its length (NULL: not asked). Borrowed from the snapshot; absent
 * and "" for NULL. */
SSR_API ssr_json ssr_snapshot_json(const ssr_snapshot *snapshot);
SSR_API const char *ssr_snapshot_text(const ssr_snapshot *snapshot, size_t *length);

/*
 * The state that this request sees: pinned at its first read, the same in all its passes and locations. What it holds
 * does not count for the request's memory.
 * Returns    the state; absent for an unknown store (unknown_shared) or in a wrong phase.
 * Memory     borrowed until the callback returns. May allocate in the request's memory.
 * Legal      render, init.
 */
SSR_API ssr_json ssr_shared_get(ssr_ctx *ctx, ssr_shared *shared);

/* ---- Writing ---------------------------------------------------------------------------------------------------- */

/*
 * Changes the state with an updater, which runs under the writers' lock on a draft of the latest state; or replaces the
 * whole state; or runs a named action (an absent cursor as its argument: none). Then the subscribers are told, without
 * the lock. A change that leaves equal bytes tells nobody.
 *
 * A call from inside an updater, an action or a listener of the same store, on the same thread, is queued: it runs on
 * the result of the outer one, before the outer call returns, whether or not the outer one failed. Its arg must live
 * until then; inputs are copied. A listener that changes the state each time it is told is told for ever.
 *
 * An updater may write other stores; as it holds the lock of its own meanwhile, all updaters of a program that do so
 * must do it in one order of stores. A listener holds no lock and may write whatever it likes.
 *
 * These are macros that note the caller's place for the record and the guard's error.
 *
 * Returns    SSR_OK; unknown_shared (NULL), shared_write_in_request (ssr_guard_refusal names store, place and remedy),
 *            unknown_action, invalid_argument, what the updater returned, a value error, nomem, limit (2^20 states are
 *            held): the state is as it was. SSR_E_LISTENER: it changed, and everybody was told. A queued call answers
 *            SSR_OK or why it cannot be queued; the outer call answers the first error of its own and of those queued
 *            behind it.
 * Memory     allocates, on the calling thread, with the registry's allocator.
 * Legal      any thread that serves no request.
 * Source     seed "setState", "actions".
 */
#define ssr_shared_update(shared, updater, arg) ssr_shared_update_at(shared, updater, arg, __FILE__, __LINE__)
#define ssr_shared_replace(shared, input) ssr_shared_replace_at(shared, input, __FILE__, __LINE__)
#define ssr_shared_act(shared, action, argument) ssr_shared_act_at(shared, action, argument, __FILE__, __LINE__)
SSR_API ssr_status ssr_shared_update_at(ssr_shared *shared, ssr_updater_fn updater, void *arg, const char *file,
                                        int line);
SSR_API ssr_status ssr_shared_replace_at(ssr_shared *shared, ssr_input input, const char *file, int line);
SSR_API ssr_status ssr_shared_act_at(ssr_shared *shared, const char *action, ssr_input argument, const char *file,
                                     int line);

/* ---- Listening -------------------------------------------------------------------------------------------------- */

/*
 * Told after each change, on the writer's thread, in the order of subscription, without the lock. `previous` is the
 * state that `next` was made from. The changes of one thread are told in their order, one after the other; those of
 * several threads may be told at the same time. An error of one listener does not keep the others from being told; the
 * writer's call answers SSR_E_LISTENER when all have been. The snapshots are borrowed for the call.
 */
typedef ssr_status (*ssr_listener_fn)(const ssr_snapshot *next, const ssr_snapshot *previous, void *arg);

/* One subscription: a handle, passed by value. All zero is none. */
typedef struct ssr_subscription {
    struct ssr_shared_listener *listener;
    uint64_t serial;
} ssr_subscription;

/*
 * Subscribes. Inside a listener too: the new one is told from the next change on.
 * Returns    SSR_OK, nomem, invalid_argument (no listener), unknown_shared; then *subscription is none.
 * Memory     arg is borrowed until the subscription ends. subscription may be NULL: it ends with the registry.
 *            Allocates.
 * Legal      any thread.
 * Source     seed "subscribe".
 */
SSR_API ssr_status ssr_shared_subscribe(ssr_shared *shared, ssr_listener_fn listener, void *arg,
                                        ssr_subscription *subscription);

/*
 * Ends a subscription: the listener is not called any more. Twice is harmless as long as the registry lives. Inside a
 * listener it is legal for that one and for others, who are not told any more of the change that is being told. A call
 * that another thread has begun goes on: it may use arg until its ssr_shared_update returns.
 * Legal      any thread.
 */
SSR_API void ssr_unsubscribe(ssr_subscription subscription);

/* ---- The guard -------------------------------------------------------------------------------------------------- */

/*
 * Says that this thread serves a request: what a host calls around its own loader code, on threads of its own, so that
 * the guard sees it. The library does it around callbacks, inits, hooks and loaders that it runs itself. Calls nest;
 * the mark is borrowed until it is left, on the same thread, the innermost first. docs/shared.md says what is not seen.
 *
 *     ssr_guard guard;
 *     ssr_guard_enter(&guard, "loader", "idea");
 *     ...
 *     ssr_operation_answer(operation, status);      inside, so that the record lists what was refused
 *     ssr_guard_leave(&guard);
 *
 * what, name    for the error: borrowed until left
 */
enum { SSR_GUARD_TEXT = 384, SSR_GUARD_LISTED = 4 };

/* A write that the guard refused, and where it stands. The pointers are borrowed. */
typedef struct ssr_refused_write {
    const ssr_shared *shared;
    const char *file;
    int line;
} ssr_refused_write;

/* Filled in by the calls below. */
typedef struct ssr_guard {
    const char *what, *name;
    ssr_ctx *ctx; /* of the render, when it runs on this thread; NULL otherwise */
    struct ssr_guard *outer;
    unsigned refused; /* writes inside that were refused and are not in the render's record yet; the first of them: */
    ssr_refused_write first_refused[SSR_GUARD_LISTED];
    char refusal[SSR_GUARD_TEXT]; /* the latest write refused inside, as a sentence; "" when none was */
} ssr_guard;

/* Enter and leave, as the example above has them. They cannot fail and do not allocate. Legal: any thread. */
SSR_API void ssr_guard_enter(ssr_guard *guard, const char *what, const char *name);
SSR_API void ssr_guard_leave(ssr_guard *guard);

/*
 * Why the latest write inside the innermost guard of this thread was refused: 'shared store "user" was written at
 * site.c:12 inside loader "account": every visitor would see it; use a context store, or say writable_in_render if that
 * is meant'. "" when none was, or outside of all guards. Borrowed until the guard is left.
 */
SSR_API const char *ssr_guard_refusal(void);

#ifdef __cplusplus
}
#endif
#endif
