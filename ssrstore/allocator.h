/*
 * ssrstore/allocator.h - where memory comes from.
 *
 * One function of realloc's shape serves every allocation of an engine and of its requests. It must be
 * thread-safe when the engine is used from several threads. A request's memory is counted and capped
 * (ssr_limits.request_bytes); what the allocator refuses is answered with SSR_E_NOMEM and nothing changes.
 */
#ifndef SSRSTORE_ALLOCATOR_H
#define SSRSTORE_ALLOCATOR_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * resize(arg, pointer, old_size, new_size), sizes in bytes:
 *   pointer NULL, old_size 0    allocate new_size bytes, aligned for any object
 *   new_size 0                  free the old_size bytes at pointer; the answer is ignored
 *   otherwise                   move to a block of new_size bytes, contents kept
 * Returns NULL when there is no memory; the old block is then untouched.
 */
typedef struct ssr_allocator {
    void *(*resize)(void *arg, void *pointer, size_t old_size, size_t new_size);
    void *arg;
} ssr_allocator;

#ifdef __cplusplus
}
#endif
#endif
