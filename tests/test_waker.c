/*
 * The waker: what is readable when, in what order entries come out, and that no wake of many threads is lost. Built
 * twice, with an eventfd and with a pipe.
 */
#include "tests/host_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>

static bool is_readable(const ssr_waker *waker)
{
    struct pollfd descriptor = {.fd = ssr_waker_descriptor(waker), .events = POLLIN};
    assert_true(poll(&descriptor, 1, 0) >= 0);
    return (descriptor.revents & POLLIN) != 0;
}

static ssr_waker *new_waker(void)
{
    ssr_waker *waker;
    assert_status(ssr_waker_new(NULL, &waker), SSR_OK);
    assert_false(is_readable(waker));
    return waker;
}

static void a_descriptor_to_poll(void **state)
{
    ssr_waker *waker = new_waker();
    int descriptor = ssr_waker_descriptor(waker);
    (void)state;
    assert_true(fcntl(descriptor, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(descriptor, F_GETFD) & FD_CLOEXEC);
    ssr_waker_free(waker);
    assert_status(ssr_waker_new(&(ssr_allocator){NULL, NULL}, &waker), SSR_OK); /* the default one too */
    ssr_waker_free(waker);
    ssr_waker_free(NULL);
}

static void wakes_of_an_entry_coalesce(void **state)
{
    ssr_waker *waker = new_waker();
    ssr_waker_entry entry = {.waker = waker, .data = &entry};
    (void)state;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 5; i++)
            ssr_waker_wake(&entry);
        assert_true(is_readable(waker));
        assert_ptr_equal(ssr_waker_next(waker)->data, &entry);
        assert_null(ssr_waker_next(waker));
        assert_false(is_readable(waker));
    }
    ssr_waker_forget(&entry);
    ssr_waker_free(waker);
}

static void the_longest_ready_comes_first(void **state)
{
    enum { ENTRIES = 3 };
    ssr_waker *waker = new_waker();
    ssr_waker_entry entries[ENTRIES];
    (void)state;
    for (int i = 0; i < ENTRIES; i++)
        entries[i] = (ssr_waker_entry){.waker = waker};
    for (int i = ENTRIES - 1; i >= 0; i--)
        ssr_waker_wake(&entries[i]);
    ssr_waker_wake(&entries[ENTRIES - 1]);
    for (int i = ENTRIES - 1; i >= 0; i--)
        assert_ptr_equal(ssr_waker_next(waker), &entries[i]);
    assert_null(ssr_waker_next(waker));
    ssr_waker_free(waker);
}

/* Who stops in between finds the descriptor readable; who was taken can be woken again at once. */
static void a_loop_may_stop_in_between(void **state)
{
    ssr_waker *waker = new_waker();
    ssr_waker_entry first = {.waker = waker}, second = {.waker = waker};
    (void)state;
    ssr_waker_wake(&first);
    ssr_waker_wake(&second);
    assert_ptr_equal(ssr_waker_next(waker), &first);
    assert_true(is_readable(waker));
    ssr_waker_wake(&first);
    assert_ptr_equal(ssr_waker_next(waker), &second);
    assert_ptr_equal(ssr_waker_next(waker), &first);
    assert_null(ssr_waker_next(waker));
    assert_false(is_readable(waker));
    ssr_waker_free(waker);
}

static void a_forgotten_entry_does_not_come_out(void **state)
{
    enum { ENTRIES = 3 };
    (void)state;
    for (int gone = 0; gone < ENTRIES; gone++) {
        ssr_waker *waker = new_waker();
        ssr_waker_entry *entries[ENTRIES];
        for (int i = 0; i < ENTRIES; i++) {
            entries[i] = calloc(1, sizeof *entries[i]);
            assert_non_null(entries[i]);
            entries[i]->waker = waker;
            ssr_waker_wake(entries[i]);
        }
        ssr_waker_forget(entries[gone]);
        free(entries[gone]);
        for (int i = 0; i < ENTRIES; i++)
            if (i != gone) {
                assert_ptr_equal(ssr_waker_next(waker), entries[i]);
                ssr_waker_forget(entries[i]);
                free(entries[i]);
            }
        assert_null(ssr_waker_next(waker));
        assert_false(is_readable(waker));
        ssr_waker_free(waker);
    }
}

static void what_the_system_refuses_is_named(void **state)
{
    struct rlimit before, none;
    struct shared_memory memory = {0};
    ssr_allocator allocator = shared_allocator(&memory);
    ssr_waker *waker;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    ssr_status status = ssr_waker_new(&allocator, &waker);
    int reason = errno;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_status(status, SSR_E_SYSTEM);
    assert_int_equal(reason, EMFILE);
    assert_null(waker);
    memory.is_empty = true;
    assert_status(ssr_waker_new(&allocator, &waker), SSR_E_NOMEM);
    assert_null(waker);
    assert_int_equal(memory.live_blocks, 0);
}

/* ---- Many threads ----------------------------------------------------------------------------------------------- */

enum { WAKERS = 4, SHARED_ENTRIES = 16, WAKES = 50000 };

/* An entry and what was "answered" before its wakes and not seen yet. */
struct answers {
    ssr_waker_entry entry;
    atomic_uint unseen;
};

static void *wake_often(void *arg)
{
    struct answers *answers = arg;
    for (unsigned i = 0; i < WAKES; i++) {
        struct answers *one = &answers[i * 7 % SHARED_ENTRIES];
        atomic_fetch_add_explicit(&one->unseen, 1, memory_order_relaxed);
        ssr_waker_wake(&one->entry);
    }
    return NULL;
}

/* Sleeps until the descriptor is readable, without end: a lost wake hangs here. Answers what it has seen. */
static unsigned take_ready(ssr_waker *waker, unsigned *came_out)
{
    struct pollfd descriptor = {.fd = ssr_waker_descriptor(waker), .events = POLLIN};
    unsigned seen = 0;
    assert_int_equal(poll(&descriptor, 1, -1), 1);
    for (ssr_waker_entry *entry; (entry = ssr_waker_next(waker)) != NULL; ++*came_out) {
        struct answers *one = entry->data;
        seen += atomic_exchange_explicit(&one->unseen, 0, memory_order_relaxed);
    }
    return seen;
}

static void no_wake_is_lost(void **state)
{
    static struct answers answers[SHARED_ENTRIES];
    pthread_t threads[WAKERS];
    unsigned seen = 0, came_out = 0;
    ssr_waker *waker = new_waker();
    (void)state;
    for (unsigned i = 0; i < SHARED_ENTRIES; i++)
        answers[i].entry = (ssr_waker_entry){.waker = waker, .data = &answers[i]};
    for (unsigned i = 0; i < WAKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, wake_often, answers), 0);
    while (seen < WAKERS * WAKES)
        seen += take_ready(waker, &came_out);
    for (unsigned i = 0; i < WAKERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(seen, WAKERS * WAKES);
    assert_in_range(came_out, 1, WAKERS * WAKES);
    for (unsigned i = 0; i < SHARED_ENTRIES; i++)
        ssr_waker_forget(&answers[i].entry);
    assert_null(ssr_waker_next(waker));
    assert_false(is_readable(waker));
    ssr_waker_free(waker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_descriptor_to_poll),
        cmocka_unit_test(wakes_of_an_entry_coalesce),
        cmocka_unit_test(the_longest_ready_comes_first),
        cmocka_unit_test(a_loop_may_stop_in_between),
        cmocka_unit_test(a_forgotten_entry_does_not_come_out),
        cmocka_unit_test(what_the_system_refuses_is_named),
        cmocka_unit_test(no_wake_is_lost),
    };
    return cmocka_run_group_tests_name("waker", tests, NULL, NULL);
}
