/* Memory of the helpers beside the core: the caller's allocator, or realloc and free. */
#ifndef SSR_ENGINE_HOST_MEMORY_H
#define SSR_ENGINE_HOST_MEMORY_H

#include "ssrstore/allocator.h"

/* A copy of the allocator; of the default one when it is NULL or without a function. */
ssr_allocator ssr_host_allocator(const ssr_allocator *allocator);

/* Zeroed memory, or NULL. */
void *ssr_host_allocate(const ssr_allocator *allocator, size_t size);
void ssr_host_release(const ssr_allocator *allocator, void *pointer, size_t size);

#endif
