/*
 * ssrstore/recycler.h - the memory of ended renders, kept for the next ones.
 *
 *     ssr_recycler_new -> ssr_request.recycler of one render after the other -> ssr_recycler_free
 *
 * A render allocates some five to twelve blocks: itself, its output, the memory of its passes. A host that renders much
 * gives each of its threads a recycler; then a render takes the blocks that the one before has given back, and after
 * a few renders of a page asks the allocator for nothing.
 *
 * A recycler belongs to one thread at a time, and with it every render that names it: it has no lock. A render that
 * moves to another thread takes the recycler, and all other renders that name it, along. Operations and loaders are
 * not concerned: what they allocate is never the recycler's.
 *
 * Blocks are rounded up, by a quarter at most, and by 64 bytes where they are small; ssr_limits.request_bytes counts
 * what was asked for. A render that has read a sealed cookie wipes its blocks before it gives them back; others leave
 * in them what they held, as with any allocator, and nothing reads it.
 */
#ifndef SSRSTORE_RECYCLER_H
#define SSRSTORE_RECYCLER_H

#include "ssrstore/allocator.h"
#include "ssrstore/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Blocks of renders that have ended. One thread at a time. */
typedef struct ssr_recycler ssr_recycler;

/*
 * Makes an empty one.
 *
 * allocator  where its blocks come from and go to in the end; NULL, or one without resize: the default one. Copied; its
 *            arg is borrowed until ssr_recycler_free.
 * keep       bytes that it keeps at most while nobody uses them. What comes back beyond that is freed; so is every
 *            block of more than a mebibyte.
 * Returns    NULL: no memory.
 * Memory     the caller's: ssr_recycler_free. Allocates.
 */
SSR_API ssr_recycler *ssr_recycler_new(const ssr_allocator *allocator, size_t keep);

/* Frees it and what it keeps, when every render that names it is freed. NULL is allowed. */
SSR_API void ssr_recycler_free(ssr_recycler *recycler);

/* An allocator on the recycler, for a host's own objects of the same thread. Valid until ssr_recycler_free. */
SSR_API ssr_allocator ssr_recycler_allocator(ssr_recycler *recycler);

#ifdef __cplusplus
}
#endif
#endif
