/*
 * tests/testing.h - what every test program shares: cmocka with the headers it wants before itself, and an allocator
 * that counts, can be told to fail, and checks what it is told about its own blocks.
 */
#ifndef SSR_TESTS_TESTING_H
#define SSR_TESTS_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ssrstore/allocator.h"

/* What cmocka looks at is counted, and said at the program's end: "count: N assertions". */
void test_count_assertion(void);
#define _assert_true(...) (test_count_assertion(), _assert_true(__VA_ARGS__))
#define _assert_int_equal(...) (test_count_assertion(), _assert_int_equal(__VA_ARGS__))
#define _assert_int_not_equal(...) (test_count_assertion(), _assert_int_not_equal(__VA_ARGS__))
#define _assert_string_equal(...) (test_count_assertion(), _assert_string_equal(__VA_ARGS__))
#define _assert_string_not_equal(...) (test_count_assertion(), _assert_string_not_equal(__VA_ARGS__))
#define _assert_memory_equal(...) (test_count_assertion(), _assert_memory_equal(__VA_ARGS__))
#define _assert_memory_not_equal(...) (test_count_assertion(), _assert_memory_not_equal(__VA_ARGS__))
#define _assert_in_range(...) (test_count_assertion(), _assert_in_range(__VA_ARGS__))

/*
 * Start from {0}; set fail_at and fail_after before use. Not for several threads.
 *
 * A call grows when it asks for more bytes than before; only those are counted and only those fail.
 */
struct test_memory {
    size_t calls;       /* growing calls so far, those that failed among them */
    size_t fail_at;     /* the growing call that answers NULL, counted from 1; 0: none does */
    bool fail_after;    /* every later growing call fails too */
    size_t live_blocks; /* handed out and not freed */
    size_t live_bytes;
};

/*
 * An allocator on `memory`. Every growing call moves the block, so that a stale pointer is found by the sanitizer;
 * an old_size that is not the block's size fails the running test.
 */
ssr_allocator test_allocator(struct test_memory *memory);

/*
 * For an allocator of a test's own: whether this resize must fail because of a sweep (sweep.h), which counts it
 * otherwise. Any thread.
 */
bool sweep_refuses(const void *pointer, size_t old_size, size_t new_size);
/* A sweep leaves this test alone: it makes allocations fail itself, or cannot free what it holds when it ends early. */
void sweep_leave_alone(void);

/* Fails the running test unless everything was given back. */
void assert_all_freed(const struct test_memory *memory);

#define TEST_COUNT(array) (sizeof(array) / sizeof(array)[0])

#endif
