/*
 * The allocator of the tests, and the count of what they assert. Each block carries its size in front of it, which is
 * how a caller's wrong old_size shows; a block always moves when it grows.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/testing.h"

/* In front of every block; a whole number of the strictest alignment. */
union block_header {
    size_t size;
    max_align_t align;
};

static _Atomic unsigned long assertions;

static void print_assertions(void)
{
    printf("count: %lu assertions\n", atomic_load(&assertions));
}

void test_count_assertion(void)
{
    if (atomic_fetch_add(&assertions, 1) == 0)
        atexit(print_assertions);
}

static bool must_fail(struct test_memory *memory)
{
    memory->calls++;
    if (memory->fail_at != 0)
        sweep_leave_alone();
    return memory->fail_at != 0 &&
           (memory->calls == memory->fail_at || (memory->fail_after && memory->calls > memory->fail_at));
}

static void release(struct test_memory *memory, union block_header *block)
{
    memory->live_blocks--;
    memory->live_bytes -= block->size;
    memset(block, 0xdd, sizeof *block + block->size);
    free(block);
}

static void *test_resize(void *arg, void *pointer, size_t old_size, size_t new_size)
{
    struct test_memory *memory = arg;
    union block_header *old = pointer ? (union block_header *)pointer - 1 : NULL;
    if ((old ? old->size : 0) != old_size)
        fail_msg("old_size is %zu for a block of %zu bytes", old_size, old ? old->size : 0);
    if (new_size > old_size && must_fail(memory))
        return NULL;
    if (sweep_refuses(pointer, old_size, new_size))
        return NULL;
    union block_header *block = NULL;
    if (new_size > 0) {
        block = malloc(sizeof *block + new_size);
        if (!block)
            fail_msg("the machine has no memory for the test");
        block->size = new_size;
        memset(block + 1, 0xcd, new_size);
        if (old)
            memcpy(block + 1, pointer, old_size < new_size ? old_size : new_size);
        memory->live_blocks++;
        memory->live_bytes += new_size;
    }
    if (old)
        release(memory, old);
    return block ? block + 1 : NULL;
}

ssr_allocator test_allocator(struct test_memory *memory)
{
    return (ssr_allocator){test_resize, memory};
}

void assert_all_freed(const struct test_memory *memory)
{
    assert_int_equal(memory->live_blocks, 0);
    assert_int_equal(memory->live_bytes, 0);
}
