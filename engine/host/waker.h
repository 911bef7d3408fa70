/*
 * engine/host/waker.h - one descriptor and a ready list for all renders of an event loop.
 *
 * Operations are answered on other threads. A render's wake puts its entry on the loop's ready list and makes the
 * descriptor readable; the loop then takes the entries, one after the other, and steps their renders:
 *
 *     struct visit { ssr_waker_entry entry; ssr_render *render; ... };
 *
 *     visit->entry = (ssr_waker_entry){.waker = waker, .data = visit};
 *     request.wake = ssr_waker_wake, request.wake_arg = &visit->entry;
 *     ...
 *     poll: ssr_waker_descriptor(waker) is readable
 *     while ((entry = ssr_waker_next(waker)))
 *         step(entry->data);
 *
 * demo/loops/poll.c is the whole program.
 */
#ifndef SSR_ENGINE_HOST_WAKER_H
#define SSR_ENGINE_HOST_WAKER_H

#include <stdbool.h>

#include "ssrstore/allocator.h"
#include "ssrstore/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One descriptor and one ready list. */
typedef struct ssr_waker ssr_waker;

/*
 * What a host embeds for each render. It sets `waker` and `data` and leaves the rest zero; `data` is the host's own.
 * Neither copied nor moved between ssr_render_new and ssr_waker_forget.
 */
typedef struct ssr_waker_entry {
    ssr_waker *waker;
    void *data;
    struct ssr_waker_entry *next, *before; /* these three are the waker's */
    bool is_ready;
} ssr_waker_entry;

/*
 * allocator  NULL: realloc and free. Copied.
 * Returns    SSR_OK, nomem, or system (no descriptor: see errno); on an error *waker is NULL.
 * Memory     *waker is the caller's: ssr_waker_free. Allocates; nothing else here does.
 * Legal      anywhere.
 */
SSR_API ssr_status ssr_waker_new(const ssr_allocator *allocator, ssr_waker **waker);

/*
 * The descriptor that the loop waits for: readable as long as an entry is ready. The host only polls it, and neither
 * reads nor closes it. Non-blocking, close-on-exec. Any thread.
 */
SSR_API int ssr_waker_descriptor(const ssr_waker *waker);

/*
 * For ssr_request.wake, with the entry as wake_arg: makes the entry ready. Wakes of an entry that is ready already
 * change nothing. Any thread.
 */
SSR_API void ssr_waker_wake(void *entry);

/*
 * Takes the entry that has been ready for longest. It is ready again only after another wake, so an entry that was
 * woken many times comes out once; what was answered before it came out is seen by the step that follows.
 * Returns    the entry; NULL when none is ready, and then the descriptor is drained. A loop that waits for edges goes
 *            on until NULL; any other may stop in between, and the descriptor stays readable.
 * Memory     borrowed: it is the host's own.
 * Legal      the loop's thread.
 */
SSR_API ssr_waker_entry *ssr_waker_next(ssr_waker *waker);

/*
 * Takes the entry off the ready list, if it is there; the host may then free it.
 * Legal      after ssr_render_free of its render, which waits for a wake in progress and lets none follow.
 */
SSR_API void ssr_waker_forget(ssr_waker_entry *entry);

/* Frees the waker and closes its descriptor; every entry must have been forgotten before. NULL is allowed. */
SSR_API void ssr_waker_free(ssr_waker *waker);

#ifdef __cplusplus
}
#endif
#endif
