/*
 * Memory of the library, in four pieces:
 *
 *   ssr_budget   an allocator with a cap: counts every byte, remembers why it last refused
 *   ssr_buffer   one growing run of bytes
 *   ssr_region   many small objects, freed at once
 *   ssr_grow     a growing array
 *
 * Sizes are bytes. Nothing here is shared between threads.
 */
#ifndef SSRSTORE_MEMORY_H
#define SSRSTORE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ssrstore/allocator.h"
#include "ssrstore/status.h"

extern const ssr_allocator ssr_default_allocator; /* realloc and free */

/* A configured count of bytes or things as a size of this machine. */
static inline size_t ssr_clamp_size(uint64_t limit)
{
    return limit < SIZE_MAX ? (size_t)limit : SIZE_MAX;
}

struct ssr_budget {
    ssr_allocator allocator;
    size_t used;
    size_t cap;
    ssr_status refusal; /* why the last refused resize was refused: SSR_E_NOMEM or SSR_E_LIMIT */
    bool has_secrets;   /* what is given back is wiped first */
};

/* A NULL allocator, or one without a function, is the default one. */
void ssr_budget_init(struct ssr_budget *budget, const ssr_allocator *allocator, size_t cap);
void *ssr_budget_resize(struct ssr_budget *budget, void *pointer, size_t old_size, size_t new_size);

/* Overwrites with zeros, even when nobody reads them again. */
void ssr_wipe(void *bytes, size_t size);

/* As memset with 0, for some hundred bytes and more. Where it is inline, a compiler writes `rep stos`, which is slow to
 * start. */
static inline void ssr_zero(void *bytes, size_t size)
{
    ssr_wipe(bytes, size);
}

/* Counts bytes that live elsewhere but belong to the request; false: they exceed the cap (SSR_E_LIMIT). */
bool ssr_budget_charge(struct ssr_budget *budget, size_t size);

/* memcmp() == 0; for runs of 4 to 16 bytes without a call. */
static inline bool ssr_is_same(const void *a, const void *b, size_t size)
{
    uint64_t first[2], last[2];
    uint32_t short_first[2], short_last[2];
    if (size < sizeof *short_first || size > 2 * sizeof *first)
        return size == 0 || memcmp(a, b, size) == 0;
    const char *end_of_a = (const char *)a + size, *end_of_b = (const char *)b + size;
    if (size >= sizeof *first) {
        memcpy(&first[0], a, sizeof *first);
        memcpy(&first[1], b, sizeof *first);
        memcpy(&last[0], end_of_a - sizeof *last, sizeof *last);
        memcpy(&last[1], end_of_b - sizeof *last, sizeof *last);
        return ((first[0] ^ first[1]) | (last[0] ^ last[1])) == 0;
    }
    memcpy(&short_first[0], a, sizeof *short_first);
    memcpy(&short_first[1], b, sizeof *short_first);
    memcpy(&short_last[0], end_of_a - sizeof *short_last, sizeof *short_last);
    memcpy(&short_last[1], end_of_b - sizeof *short_last, sizeof *short_last);
    return ((short_first[0] ^ short_first[1]) | (short_last[0] ^ short_last[1])) == 0;
}

/* The same text, or neither is there. */
static inline bool ssr_is_same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* memcpy(); for runs of 4 to 16 bytes without a call. */
static inline void ssr_copy(void *to, const void *from, size_t size)
{
    uint64_t first, last;
    uint32_t short_first, short_last;
    if (size < sizeof short_first || size > 2 * sizeof first) {
        if (size > 0)
            memcpy(to, from, size);
    } else if (size >= sizeof first) {
        memcpy(&first, from, sizeof first);
        memcpy(&last, (const char *)from + size - sizeof last, sizeof last);
        memcpy(to, &first, sizeof first);
        memcpy((char *)to + size - sizeof last, &last, sizeof last);
    } else {
        memcpy(&short_first, from, sizeof short_first);
        memcpy(&short_last, (const char *)from + size - sizeof short_last, sizeof short_last);
        memcpy(to, &short_first, sizeof short_first);
        memcpy((char *)to + size - sizeof short_last, &short_last, sizeof short_last);
    }
}

struct ssr_buffer {
    struct ssr_budget *budget;
    char *data; /* NULL while capacity is 0 */
    size_t length;
    size_t capacity;
};

/* Makes room for `extra` more bytes; the answer is SSR_OK or the budget's refusal, and then nothing changed. */
ssr_status ssr_buffer_reserve(struct ssr_buffer *buffer, size_t extra);
ssr_status ssr_buffer_append_slowly(struct ssr_buffer *buffer, const char *bytes, size_t length);
static inline ssr_status ssr_buffer_append(struct ssr_buffer *buffer, const char *bytes, size_t length)
{
    if (length >= buffer->capacity - buffer->length)
        return ssr_buffer_append_slowly(buffer, bytes, length);
    if (length > 0) /* bytes may be NULL */
        memcpy(buffer->data + buffer->length, bytes, length);
    buffer->length += length;
    return SSR_OK;
}
void ssr_buffer_free(struct ssr_buffer *buffer);

/* A growing array: returns `items` with room for `needed` of `size` bytes each, moved or not; NULL: refused, unchanged.
 */
void *ssr_grow(struct ssr_budget *budget, void *items, size_t *capacity, size_t needed, size_t size);

struct ssr_region_chunk;

struct ssr_region {
    struct ssr_budget *budget;
    struct ssr_region_chunk *chunks; /* the newest first; the first serves */
    size_t used;                     /* of the first chunk */
};

/* Returns memory aligned for any object, or NULL (see budget->refusal): with whatever it holds, and zeroed. */
void *ssr_region_take(struct ssr_region *region, size_t size);
void *ssr_region_alloc(struct ssr_region *region, size_t size);
/* Copies `length` bytes and puts a NUL after them. */
char *ssr_region_copy(struct ssr_region *region, const char *bytes, size_t length);
/* As ssr_grow, in a region: what `items` had before stays there, unused. */
void *ssr_region_grow(struct ssr_region *region, void *items, size_t *capacity, size_t needed, size_t size);
/* Frees every object; keeps one chunk for the next. */
void ssr_region_reset(struct ssr_region *region);
void ssr_region_free(struct ssr_region *region);

#endif
