/*
 * Budgets, buffers and regions. What always holds: a budget's `used` is the sum of the sizes handed out through
 * it and never exceeds its cap; a refused call leaves block, sizes and counters as they were.
 */
#include "ssrstore/memory.h"

#include <stdlib.h>
#include <string.h>

/* In a build with single blocks, sanitizers see where each object ends and a failing allocator every one of them. */
#ifdef SSR_SINGLE_BLOCKS
enum { REGION_ALIGN = 16, CHUNK_FIRST = 32, CHUNK_LARGEST = 32, BUFFER_FIRST = 16, ARRAY_FIRST = 1 };
#else
enum { REGION_ALIGN = 16, CHUNK_FIRST = 4096, CHUNK_LARGEST = 65536, BUFFER_FIRST = 256, ARRAY_FIRST = 8 };
#endif

static void *default_resize(void *arg, void *pointer, size_t old_size, size_t new_size)
{
    (void)arg;
    (void)old_size;
    if (new_size == 0) {
        free(pointer);
        return NULL;
    }
    return realloc(pointer, new_size);
}

const ssr_allocator ssr_default_allocator = {default_resize, NULL};

void ssr_budget_init(struct ssr_budget *budget, const ssr_allocator *allocator, size_t cap)
{
    budget->allocator = allocator && allocator->resize ? *allocator : ssr_default_allocator;
    budget->used = 0;
    budget->cap = cap;
    budget->refusal = SSR_OK;
    budget->has_secrets = false;
}

/* Called through a pointer that a compiler must read each time, so that it cannot know that nobody reads the zeros. */
static void *(*const volatile set_bytes)(void *, int, size_t) = memset;

void ssr_wipe(void *bytes, size_t size)
{
    set_bytes(bytes, 0, size);
}

/* A resize that leaves no copy behind: realloc may move a block and forget the old one as it is. */
static void *resize_secretly(struct ssr_budget *budget, void *pointer, size_t old_size, size_t new_size)
{
    const ssr_allocator *allocator = &budget->allocator;
    void *moved = new_size > 0 ? allocator->resize(allocator->arg, NULL, 0, new_size) : NULL;
    if (new_size > 0 && !moved)
        return NULL;
    if (moved)
        memcpy(moved, pointer, old_size < new_size ? old_size : new_size);
    ssr_wipe(pointer, old_size);
    allocator->resize(allocator->arg, pointer, old_size, 0);
    return moved;
}

void *ssr_budget_resize(struct ssr_budget *budget, void *pointer, size_t old_size, size_t new_size)
{
    if (new_size > old_size && new_size - old_size > budget->cap - budget->used) {
        budget->refusal = SSR_E_LIMIT;
        return NULL;
    }
    if (new_size == 0 && !pointer)
        return NULL;
    void *moved = budget->has_secrets && pointer
                      ? resize_secretly(budget, pointer, old_size, new_size)
                      : budget->allocator.resize(budget->allocator.arg, pointer, old_size, new_size);
    if (!moved && new_size > 0) {
        budget->refusal = SSR_E_NOMEM;
        return NULL;
    }
    budget->used = budget->used - old_size + new_size;
    return moved;
}

bool ssr_budget_charge(struct ssr_budget *budget, size_t size)
{
    if (size > budget->cap - budget->used) {
        budget->refusal = SSR_E_LIMIT;
        return false;
    }
    budget->used += size;
    return true;
}

/* The capacity that holds `needed`: doubled from `from`, or 0 when it would overflow. */
static size_t doubled(size_t from, size_t needed)
{
    size_t capacity = from;
    while (capacity < needed) {
        if (capacity > SIZE_MAX / 2)
            return 0;
        capacity *= 2;
    }
    return capacity;
}

ssr_status ssr_buffer_reserve(struct ssr_buffer *buffer, size_t extra)
{
    if (extra <= buffer->capacity - buffer->length)
        return SSR_OK;
    if (extra > SIZE_MAX - buffer->length)
        return SSR_E_LIMIT;
    size_t capacity = doubled(buffer->capacity ? buffer->capacity : BUFFER_FIRST, buffer->length + extra);
    char *data = capacity ? ssr_budget_resize(buffer->budget, buffer->data, buffer->capacity, capacity) : NULL;
    if (!data)
        return capacity ? buffer->budget->refusal : SSR_E_LIMIT;
    buffer->data = data;
    buffer->capacity = capacity;
    return SSR_OK;
}

ssr_status ssr_buffer_append_slowly(struct ssr_buffer *buffer, const char *bytes, size_t length)
{
    if (length == 0)
        return SSR_OK;
    ssr_status status = ssr_buffer_reserve(buffer, length);
    if (status != SSR_OK)
        return status;
    memcpy(buffer->data + buffer->length, bytes, length);
    buffer->length += length;
    return SSR_OK;
}

void ssr_buffer_free(struct ssr_buffer *buffer)
{
    ssr_budget_resize(buffer->budget, buffer->data, buffer->capacity, 0);
    buffer->data = NULL;
    buffer->length = buffer->capacity = 0;
}

void *ssr_grow(struct ssr_budget *budget, void *items, size_t *capacity, size_t needed, size_t size)
{
    if (needed <= *capacity)
        return items;
    size_t wanted = doubled(*capacity ? *capacity : ARRAY_FIRST, needed);
    if (wanted == 0 || wanted > SIZE_MAX / size) {
        budget->refusal = SSR_E_LIMIT;
        return NULL;
    }
    void *moved = ssr_budget_resize(budget, items, *capacity * size, wanted * size);
    if (moved)
        *capacity = wanted;
    return moved;
}

struct ssr_region_chunk {
    struct ssr_region_chunk *older;
    size_t size; /* of the whole chunk */
};

static const size_t chunk_header = (sizeof(struct ssr_region_chunk) + REGION_ALIGN - 1) / REGION_ALIGN * REGION_ALIGN;

/* A chunk for at least `size` bytes becomes the first; chunks double until CHUNK_LARGEST. */
static bool add_chunk(struct ssr_region *region, size_t size)
{
    size_t chunk_size = region->chunks ? region->chunks->size * 2 : CHUNK_FIRST;
    if (chunk_size > CHUNK_LARGEST)
        chunk_size = CHUNK_LARGEST;
    if (chunk_size < size + chunk_header)
        chunk_size = size + chunk_header;
    struct ssr_region_chunk *chunk = ssr_budget_resize(region->budget, NULL, 0, chunk_size);
    if (!chunk)
        return false;
    chunk->older = region->chunks;
    chunk->size = chunk_size;
    region->chunks = chunk;
    region->used = chunk_header;
    return true;
}

void *ssr_region_take(struct ssr_region *region, size_t size)
{
    if (size > SIZE_MAX / 2) {
        region->budget->refusal = SSR_E_LIMIT;
        return NULL;
    }
    size_t rounded = (size + REGION_ALIGN - 1) / REGION_ALIGN * REGION_ALIGN;
    if ((!region->chunks || rounded > region->chunks->size - region->used) && !add_chunk(region, rounded))
        return NULL;
    void *object = (char *)region->chunks + region->used;
    region->used += rounded;
    return object;
}

void *ssr_region_alloc(struct ssr_region *region, size_t size)
{
    void *object = ssr_region_take(region, size);
    return object ? memset(object, 0, size) : NULL;
}

char *ssr_region_copy(struct ssr_region *region, const char *bytes, size_t length)
{
    char *copy = ssr_region_take(region, length + 1);
    if (!copy)
        return NULL;
    if (length > 0)
        memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

void *ssr_region_grow(struct ssr_region *region, void *items, size_t *capacity, size_t needed, size_t size)
{
    if (needed <= *capacity)
        return items;
    size_t wanted = doubled(*capacity ? *capacity : ARRAY_FIRST, needed);
    if (wanted == 0 || wanted > SIZE_MAX / size) {
        region->budget->refusal = SSR_E_LIMIT;
        return NULL;
    }
    void *moved = ssr_region_take(region, wanted * size);
    if (!moved)
        return NULL;
    if (*capacity > 0)
        memcpy(moved, items, *capacity * size);
    *capacity = wanted;
    return moved;
}

static void free_chunks(struct ssr_region *region, const struct ssr_region_chunk *until)
{
    while (region->chunks != until) {
        struct ssr_region_chunk *chunk = region->chunks;
        region->chunks = chunk->older;
        ssr_budget_resize(region->budget, chunk, chunk->size, 0);
    }
}

void ssr_region_reset(struct ssr_region *region)
{
    struct ssr_region_chunk *kept = region->chunks;
    if (!kept)
        return;
    if (region->budget->has_secrets)
        ssr_wipe((char *)kept + chunk_header, region->used - chunk_header);
    region->chunks = kept->older;
    free_chunks(region, NULL);
    kept->older = NULL;
    region->chunks = kept;
    region->used = chunk_header;
}

void ssr_region_free(struct ssr_region *region)
{
    free_chunks(region, NULL);
    region->used = 0;
}
