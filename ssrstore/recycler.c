/*
 * Blocks by size class: four classes for each doubling, so that a block is a quarter larger than asked for at most.
 * What always holds: a block that was handed out for a size has the size of that size's class, so that it serves
 * whoever asks for one of that class next; `kept` is the sum of the sizes of the spare blocks and never exceeds `keep`.
 */
#include "ssrstore/recycler_internal.h"

#include "ssrstore/memory.h"

enum { SMALLEST_BITS = 6, LARGEST_BITS = 20, STEPS = 4, CLASSES = (LARGEST_BITS - SMALLEST_BITS) * STEPS + 1 };

struct spare {
    struct spare *next;
};

struct ssr_recycler {
    ssr_allocator allocator;
    size_t keep, kept;
    size_t page_length;
    struct spare *spare[CLASSES];
};

static unsigned highest_bit(size_t number)
{
#ifdef __GNUC__
    return (unsigned)(sizeof(unsigned long long) * 8 - 1) - (unsigned)__builtin_clzll(number);
#else
    unsigned bit = 0;
    while (number >>= 1)
        bit++;
    return bit;
#endif
}

/* CLASSES or more: too large to be kept. */
static size_t class_of(size_t size)
{
    if (size <= (size_t)1 << SMALLEST_BITS)
        return 0;
    unsigned bit = highest_bit(size - 1);
    return (bit - SMALLEST_BITS) * (size_t)STEPS + ((size - 1) >> (bit - 2)) % STEPS + 1;
}

static size_t size_of(size_t index)
{
    if (index == 0)
        return (size_t)1 << SMALLEST_BITS;
    size_t bit = SMALLEST_BITS + (index - 1) / STEPS;
    return (STEPS + (index - 1) % STEPS + 1) << (bit - 2);
}

static void *take(struct ssr_recycler *recycler, size_t size)
{
    size_t index = class_of(size);
    const ssr_allocator *allocator = &recycler->allocator;
    if (index >= CLASSES)
        return allocator->resize(allocator->arg, NULL, 0, size);
    struct spare *block = recycler->spare[index];
    if (!block)
        return allocator->resize(allocator->arg, NULL, 0, size_of(index));
    recycler->spare[index] = block->next;
    recycler->kept -= size_of(index);
    return block;
}

static void give_back(struct ssr_recycler *recycler, void *pointer, size_t size)
{
    size_t index = class_of(size);
    size_t block_size = index < CLASSES ? size_of(index) : size;
    if (index >= CLASSES || block_size > recycler->keep - recycler->kept) {
        recycler->allocator.resize(recycler->allocator.arg, pointer, block_size, 0);
        return;
    }
    struct spare *block = pointer;
    block->next = recycler->spare[index];
    recycler->spare[index] = block;
    recycler->kept += block_size;
}

static void *move(struct ssr_recycler *recycler, void *pointer, size_t old_size, size_t new_size)
{
    size_t index = class_of(old_size);
    if (index < CLASSES && index == class_of(new_size))
        return pointer;
    void *moved = take(recycler, new_size);
    if (!moved)
        return NULL;
    memcpy(moved, pointer, old_size < new_size ? old_size : new_size);
    give_back(recycler, pointer, old_size);
    return moved;
}

static void *resize(void *arg, void *pointer, size_t old_size, size_t new_size)
{
    if (!pointer)
        return take(arg, new_size);
    if (new_size > 0)
        return move(arg, pointer, old_size, new_size);
    give_back(arg, pointer, old_size);
    return NULL;
}

ssr_recycler *ssr_recycler_new(const ssr_allocator *allocator, size_t keep)
{
    allocator = allocator && allocator->resize ? allocator : &ssr_default_allocator;
    struct ssr_recycler *recycler = allocator->resize(allocator->arg, NULL, 0, sizeof *recycler);
    if (!recycler)
        return NULL;
    memset(recycler, 0, sizeof *recycler);
    recycler->allocator = *allocator;
    recycler->keep = keep;
    return recycler;
}

void ssr_recycler_free(struct ssr_recycler *recycler)
{
    if (!recycler)
        return;
    ssr_allocator allocator = recycler->allocator;
    for (size_t index = 0; index < CLASSES; index++)
        for (struct spare *block = recycler->spare[index], *next; block; block = next) {
            next = block->next;
            allocator.resize(allocator.arg, block, size_of(index), 0);
        }
    allocator.resize(allocator.arg, recycler, sizeof *recycler, 0);
}

size_t ssr_recycler_page_length(const struct ssr_recycler *recycler)
{
    return recycler ? recycler->page_length : 0;
}

void ssr_recycler_note_page(struct ssr_recycler *recycler, size_t length)
{
    if (!recycler)
        return;
    size_t known = recycler->page_length;
    recycler->page_length = length >= known ? length : known - (known - length + 7) / 8;
}

ssr_allocator ssr_recycler_allocator(struct ssr_recycler *recycler)
{
    return (ssr_allocator){resize, recycler};
}
