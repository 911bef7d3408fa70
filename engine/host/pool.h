/*
 * engine/host/pool.h - threads that run operations, and a blocking call that renders with them.
 *
 *     ssr_pool_new -> ssr_pool_run ... on any number of threads -> ssr_pool_free
 *
 * Who has no event loop calls ssr_pool_run. Who has one steps its renders there (docs/event-loop.md), gives their
 * operations to ssr_pool_submit, and hears of the answers through engine/host/waker.h.
 *
 * Every operation that a pool has taken is answered exactly once, also when the pool is freed. Order of freeing:
 * the pool, then the engine; renders may be freed before or after the pool.
 */
#ifndef SSR_ENGINE_HOST_POOL_H
#define SSR_ENGINE_HOST_POOL_H

#include "engine/render.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Threads and their queue. Any number of threads may use it at once. */
typedef struct ssr_pool ssr_pool;

/*
 * Starts `threads` threads, which block all signals, and a queue for `queue_capacity` operations that no thread is
 * free for yet; both at least 1.
 *
 * allocator  NULL: realloc and free. Copied; must be thread-safe.
 * Returns    SSR_OK, invalid_argument, nomem, or system (a thread could not be started); on an error *pool is NULL.
 * Memory     *pool is the caller's: ssr_pool_free. Allocates; submitting does not.
 * Legal      anywhere, on any thread.
 */
SSR_API ssr_status ssr_pool_new(const ssr_allocator *allocator, unsigned threads, size_t queue_capacity,
                                ssr_pool **pool);

/*
 * Queues an operation: a thread of the pool runs its loader and answers it. Operations begin in the order in which
 * they were queued.
 *
 *   ssr_pool_submit         answers at once
 *   ssr_pool_submit_within  waits up to wait_ms milliseconds for room; 0: not at all, -1: as long as it takes
 *
 * Returns    SSR_OK; queue_full, and the caller decides: wait, try again after a wake, or ssr_operation_run it here;
 *            cancelled (the pool is being freed), and the caller answers it.
 * Memory     SSR_OK: the operation is taken. Otherwise it is still the caller's. Does not allocate.
 * Legal      ssr_pool_submit anywhere, on any thread. ssr_pool_submit_within not in a loader that this pool runs:
 *            when all its threads wait for room, none makes any.
 */
SSR_API ssr_status ssr_pool_submit(ssr_pool *pool, ssr_operation *operation);
SSR_API ssr_status ssr_pool_submit_within(ssr_pool *pool, ssr_operation *operation, int64_t wait_ms);

/*
 * Renders a request to its end as ssr_run does, with its loaders running in the pool all at once, in so far as it has
 * threads, and with an eye on the time: the page runs on the calling thread, which sleeps while the loaders run.
 *
 * request    Copied, except for what its pointers refer to, which is borrowed until ssr_render_free. Its deadline_ms
 *            is on the scale of ssr_pool_now_ms. Its wake and wake_arg are replaced by the pool's own and not called.
 * render     *render is set before the page runs for the first time, so that the page's arg may lead another thread
 *            to it, for ssr_pool_cancel.
 * Returns    as ssr_run; also nomem when the pool has no memory for the call, and cancelled when it is being freed;
 *            then *render is NULL.
 * Memory     *render is the caller's, as after ssr_run. Allocates.
 * Legal      on any thread; not in a loader that this pool runs: it could wait for itself.
 */
SSR_API ssr_status ssr_pool_run(ssr_pool *pool, const ssr_engine *engine, ssr_page_fn page, void *arg,
                                const ssr_request *request, ssr_render **render);

/*
 * Cancels a render that is in ssr_pool_run, and wakes it: it ends with outcome `cancelled`, without waiting for its
 * loaders, which see ssr_operation_is_cancelled. A render that is not, or no longer, in ssr_pool_run of this pool is
 * not touched, so it may even have been freed; but mind that its address may then be another's.
 * Returns    whether the render was there.
 * Legal      on any thread.
 */
SSR_API bool ssr_pool_cancel(ssr_pool *pool, const ssr_render *render);

/* Milliseconds of CLOCK_MONOTONIC: the time of ssr_pool_run, and a good one for a host's own steps. Any thread. */
SSR_API int64_t ssr_pool_now_ms(void);

/*
 * Ends the pool and frees it. Operations that wait in the queue are answered with `cancelled`, and their loaders do not
 * run; loaders that run are waited for. Renders in ssr_pool_run on other threads are cancelled, and so are threads that
 * wait for room; both are waited for. When it returns, everything that the pool has taken has been answered.
 * NULL is allowed.
 * Legal      on one thread, once, and not in a loader that this pool runs. No other call on the pool may begin after
 *            it, other than from a loader or a page that it waits for.
 */
SSR_API void ssr_pool_free(ssr_pool *pool);

#ifdef __cplusplus
}
#endif
#endif
