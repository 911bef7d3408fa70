/* The default allocator of the helpers, and allocation in its two forms. Owns nothing; what is allocated is zeroed. */
#include "engine/host/host_memory.h"

#include <stdlib.h>
#include <string.h>

static void *resize(void *arg, void *pointer, size_t old_size, size_t new_size)
{
    (void)arg, (void)old_size;
    if (new_size > 0)
        return realloc(pointer, new_size);
    free(pointer);
    return NULL;
}

ssr_allocator ssr_host_allocator(const ssr_allocator *allocator)
{
    return allocator && allocator->resize ? *allocator : (ssr_allocator){resize, NULL};
}

void *ssr_host_allocate(const ssr_allocator *allocator, size_t size)
{
    void *pointer = allocator->resize(allocator->arg, NULL, 0, size);
    return pointer ? memset(pointer, 0, size) : NULL;
}

void ssr_host_release(const ssr_allocator *allocator, void *pointer, size_t size)
{
    if (pointer)
        allocator->resize(allocator->arg, pointer, size, 0);
}
