/*
 * Shared stores used by many threads: readers that wait for nobody, states that are never torn and never go backwards,
 * holders that keep their own state and no other, listeners that come and go. Each loop is bounded by a count, not by
 * time. Threads count what is wrong instead of asserting, because cmocka belongs to the main thread.
 *
 * An argument is the number of reads of the longest test, in millions.
 */
#include "testing.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/ssr.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define __SANITIZE_THREAD__ 1
#endif
#endif

#ifdef __SANITIZE_THREAD__
enum { SLOW = 10 };
#else
enum { SLOW = 1 };
#endif

enum { MILLION = 1000000 };

static unsigned long long_reads = 10ul * MILLION / SLOW;

/* ---- Memory that counts in all threads ----------------------------------------------------------------------------
 */

static atomic_size_t live_blocks;

static void *count_resize(void *arg, void *pointer, size_t old_size, size_t new_size)
{
    (void)arg;
    if (sweep_refuses(pointer, old_size, new_size))
        return NULL;
    if (new_size == 0) {
        atomic_fetch_sub(&live_blocks, pointer != NULL);
        free(pointer);
        return NULL;
    }
    void *moved = realloc(pointer, new_size);
    if (moved && !pointer)
        atomic_fetch_add(&live_blocks, 1);
    return moved;
}

/* ---- Fixture ------------------------------------------------------------------------------------------------------
 */

static atomic_uint wrong;

static void expect(bool holds)
{
    if (!holds)
        atomic_fetch_add(&wrong, 1);
}

static ssr_engine *engine;

static ssr_shared *define(const char *name, const char *json)
{
    return ssr_shared_define(ssr_engine_registry(engine), name, &(ssr_shared_options){.initial_json = json});
}

static void open_engine(void)
{
    ssr_config config = ssr_config_default();
    config.allocator = (ssr_allocator){count_resize, NULL};
    atomic_store(&wrong, 0);
    assert_int_equal(ssr_engine_new(&config, &engine), SSR_OK);
}

static void close_engine(void)
{
    ssr_engine_free(engine);
    assert_int_equal(atomic_load(&wrong), 0);
    assert_int_equal(atomic_load(&live_blocks), 0);
}

static pthread_t start(void *(*run)(void *), void *arg)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run, arg), 0);
    return thread;
}

static int64_t integer_at(ssr_json json, const char *place)
{
    int64_t integer = -1;
    ssr_json_integer(ssr_json_at(json, place), &integer);
    return integer;
}

static ssr_status add_one(ssr_draft *draft, void *arg)
{
    (void)arg;
    return ssr_draft_set(draft, "", ssr_input_integer(integer_at(ssr_draft_get(draft, ""), "") + 1));
}

static int64_t number_of(const ssr_snapshot *snapshot)
{
    return integer_at(ssr_snapshot_json(snapshot), "");
}

static int64_t number_now(ssr_shared *shared)
{
    ssr_snapshot *snapshot = ssr_shared_snapshot(shared);
    int64_t number = number_of(snapshot);
    ssr_snapshot_free(snapshot);
    return number;
}

/* ---- Readers wait for nobody --------------------------------------------------------------------------------------
 */

enum { READERS = 2 };

struct parking {
    ssr_shared *shared;
    atomic_bool is_parked, may_go;
};

static ssr_status park(ssr_draft *draft, void *arg)
{
    struct parking *parking = arg;
    atomic_store(&parking->is_parked, true);
    while (!atomic_load(&parking->may_go))
        sched_yield();
    return ssr_draft_set(draft, "", ssr_input_integer(1));
}

static void *write_parked(void *arg)
{
    struct parking *parking = arg;
    expect(ssr_shared_update(parking->shared, park, parking) == SSR_OK);
    return NULL;
}

static void *read_a_million(void *arg)
{
    struct parking *parking = arg;
    for (unsigned long i = 0; i < (unsigned long)MILLION / SLOW; i++)
        expect(number_now(parking->shared) == 0);
    return NULL;
}

/* The writer goes on only after all readers have ended, so that one which waited for it would wait for ever. */
static void readers_go_on_while_a_writer_is_inside_its_updater(void **state)
{
    pthread_t readers[READERS];
    (void)state;
    open_engine();
    struct parking parking = {.shared = define("number", "0")};
    pthread_t writer = start(write_parked, &parking);
    while (!atomic_load(&parking.is_parked))
        sched_yield();
    for (int i = 0; i < READERS; i++)
        readers[i] = start(read_a_million, &parking);
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    atomic_store(&parking.may_go, true);
    pthread_join(writer, NULL);
    assert_int_equal(number_now(parking.shared), 1);
    close_engine();
}

/* ---- No state is torn ---------------------------------------------------------------------------------------------
 */

/* A state says one number three times, around a text whose length follows from it. */
struct tearing {
    ssr_shared *shared;
    atomic_bool has_read;
    atomic_long writes;
};

static ssr_status write_thrice(ssr_draft *draft, void *arg)
{
    char text[64];
    (void)arg;
    int64_t number = integer_at(ssr_draft_get(draft, ""), "/a") + 1;
    memset(text, 'x', sizeof text);
    ssr_draft_set(draft, "/a", ssr_input_integer(number));
    ssr_draft_set(draft, "/text", ssr_input_string_n(text, (size_t)number % sizeof text));
    return ssr_draft_set(draft, "/z", ssr_input_integer(number));
}

static void *write_often(void *arg)
{
    struct tearing *tearing = arg;
    while (!atomic_load(&tearing->has_read)) {
        expect(ssr_shared_update(tearing->shared, write_thrice, NULL) == SSR_OK);
        atomic_fetch_add(&tearing->writes, 1);
    }
    return NULL;
}

/* The number of a state, after a look at all of it. */
static int64_t check_whole(const ssr_snapshot *snapshot)
{
    ssr_json json = ssr_snapshot_json(snapshot);
    int64_t number = integer_at(json, "/a");
    expect(number >= 0 && integer_at(json, "/z") == number);
    expect(ssr_json_string(ssr_json_at(json, "/text"), NULL, 0) == (size_t)number % 64);
    return number;
}

static void *read_often(void *arg)
{
    struct tearing *tearing = arg;
    int64_t latest = 0;
    for (unsigned long i = 0; i < long_reads / READERS; i++) {
        ssr_snapshot *snapshot = ssr_shared_snapshot(tearing->shared);
        int64_t number = i % 16 == 0 ? check_whole(snapshot) : integer_at(ssr_snapshot_json(snapshot), "/a");
        expect(number >= latest);
        latest = number;
        ssr_snapshot_free(snapshot);
    }
    return NULL;
}

static void no_state_is_torn_or_older_than_the_last(void **state)
{
    enum { WRITERS = 2 };
    pthread_t readers[READERS], writers[WRITERS];
    (void)state;
    open_engine();
    struct tearing tearing = {.shared = define("numbers", "{\"a\":0,\"text\":\"\",\"z\":0}")};
    for (int i = 0; i < WRITERS; i++)
        writers[i] = start(write_often, &tearing);
    for (int i = 0; i < READERS; i++)
        readers[i] = start(read_often, &tearing);
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    atomic_store(&tearing.has_read, true);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i], NULL);
    ssr_snapshot *last = ssr_shared_snapshot(tearing.shared);
    assert_int_equal(check_whole(last), atomic_load(&tearing.writes));
    ssr_snapshot_free(last);
    print_message("%lu reads, %ld writes\n", long_reads / READERS * READERS, atomic_load(&tearing.writes));
    close_engine();
}

/* ---- Holders ------------------------------------------------------------------------------------------------------
 */

enum { HOLDERS = 4, HELD = 200, WRITES = 2000 };

struct holding {
    ssr_shared *shared;
    ssr_snapshot *held[HELD];
    int64_t numbers[HELD];
};

/* Holds many states, one after the other. */
static void *hold(void *arg)
{
    struct holding *holding = arg;
    for (int i = 0; i < HELD; i++) {
        holding->held[i] = ssr_shared_snapshot(holding->shared);
        holding->numbers[i] = number_of(holding->held[i]);
        expect(ssr_shared_update(holding->shared, add_one, NULL) == SSR_OK);
    }
    return NULL;
}

/* Gives back what another thread has taken. */
static void *give_back(void *arg)
{
    struct holding *holding = arg;
    for (int i = 0; i < HELD; i++) {
        expect(number_of(holding->held[i]) == holding->numbers[i]);
        ssr_snapshot_free(holding->held[i]);
    }
    return NULL;
}

static void *write_many(void *shared)
{
    for (int i = 0; i < WRITES; i++)
        expect(ssr_shared_update((ssr_shared *)shared, add_one, NULL) == SSR_OK);
    return NULL;
}

static void run_holders(void *(*run)(void *), struct holding *holdings)
{
    pthread_t threads[HOLDERS];
    for (int i = 0; i < HOLDERS; i++)
        threads[i] = start(run, &holdings[i]);
    for (int i = 0; i < HOLDERS; i++)
        pthread_join(threads[i], NULL);
}

/* The states that are alive are those that somebody holds, and the current one. */
static void holders_keep_their_own_states_only(void **state)
{
    static struct holding holdings[HOLDERS];
    pthread_t writers[2];
    (void)state;
    open_engine();
    ssr_shared *shared = define("number", "0");
    for (int i = 0; i < HOLDERS; i++)
        holdings[i].shared = shared;
    write_many(shared);
    size_t alone = atomic_load(&live_blocks);
    run_holders(hold, holdings);
    size_t holding = atomic_load(&live_blocks);
    assert_in_range(holding - alone, HELD, HOLDERS * HELD + 8); /* and a few chunks of slots */
    for (int i = 0; i < 2; i++)
        writers[i] = start(write_many, shared);
    for (int i = 0; i < 2; i++)
        pthread_join(writers[i], NULL);
    assert_in_range(atomic_load(&live_blocks), holding, holding + 1); /* the one that was current is held now */
    for (int i = 0; i < 2; i++)
        writers[i] = start(write_many, shared);
    run_holders(give_back, holdings);
    for (int i = 0; i < 2; i++)
        pthread_join(writers[i], NULL);
    assert_in_range(atomic_load(&live_blocks), alone, alone + 8);
    assert_int_equal(number_now(shared), HOLDERS * HELD + 5 * WRITES);
    close_engine();
}

/* ---- Listeners ----------------------------------------------------------------------------------------------------
 */

struct coming {
    ssr_shared *shared;
    atomic_bool is_over;
    atomic_long told;
};

static ssr_status count_told(const ssr_snapshot *next, const ssr_snapshot *previous, void *told)
{
    expect(number_of(next) == number_of(previous) + 1);
    atomic_fetch_add((atomic_long *)told, 1);
    return SSR_OK;
}

static void *come_and_go(void *arg)
{
    struct coming *coming = arg;
    while (!atomic_load(&coming->is_over)) {
        ssr_subscription subscriptions[3];
        for (int i = 0; i < 3; i++)
            expect(ssr_shared_subscribe(coming->shared, count_told, &coming->told, &subscriptions[i]) == SSR_OK);
        for (int i = 0; i < 3; i++)
            ssr_unsubscribe(subscriptions[i * 2 % 3]);
        ssr_unsubscribe(subscriptions[0]); /* may be another's by now: harmless */
    }
    return NULL;
}

static void listeners_come_and_go_on_other_threads(void **state)
{
    pthread_t subscribers[2], writers[2];
    atomic_long always = 0;
    (void)state;
    open_engine();
    struct coming coming = {.shared = define("number", "0")};
    assert_int_equal(ssr_shared_subscribe(coming.shared, count_told, &always, NULL), SSR_OK);
    for (int i = 0; i < 2; i++) {
        subscribers[i] = start(come_and_go, &coming);
        writers[i] = start(write_many, coming.shared);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(writers[i], NULL);
    atomic_store(&coming.is_over, true);
    for (int i = 0; i < 2; i++)
        pthread_join(subscribers[i], NULL);
    assert_int_equal(always, 2 * WRITES);
    long told = atomic_load(&coming.told);
    assert_int_equal(ssr_shared_update(coming.shared, add_one, NULL), SSR_OK);
    assert_int_equal(atomic_load(&coming.told), told); /* all have ended */
    close_engine();
}

/* Two listeners of a store: the first ends itself and stays inside while another thread's change is told. */
struct leaving {
    ssr_shared *shared;
    ssr_subscription first;
    pthread_t writer;
    pthread_barrier_t is_told, has_returned; /* the writer is inside the second; the outer change has returned */
    unsigned first_told, second_told;
};

static void *write_once(void *leaving)
{
    expect(ssr_shared_update(((struct leaving *)leaving)->shared, add_one, NULL) == SSR_OK);
    return NULL;
}

static ssr_status leave_and_let_write(const ssr_snapshot *next, const ssr_snapshot *previous, void *arg)
{
    struct leaving *leaving = arg;
    (void)next, (void)previous;
    leaving->first_told++;
    ssr_unsubscribe(leaving->first);
    leaving->writer = start(write_once, leaving);
    pthread_barrier_wait(&leaving->is_told);
    return SSR_OK;
}

static ssr_status wait_in_writer(const ssr_snapshot *next, const ssr_snapshot *previous, void *arg)
{
    struct leaving *leaving = arg;
    (void)previous;
    if (number_of(next) == 2) {
        pthread_barrier_wait(&leaving->is_told);
        pthread_barrier_wait(&leaving->has_returned);
        leaving->second_told++;
    }
    return SSR_OK;
}

/* And the outer change returns before the inner one, which other threads' calls are not queued behind. */
static void who_has_ended_is_not_told_by_another_thread(void **state)
{
    struct leaving leaving = {.first_told = 0};
    (void)state;
    open_engine();
    leaving.shared = define("number", "0");
    assert_int_equal(pthread_barrier_init(&leaving.is_told, NULL, 2), 0);
    assert_int_equal(pthread_barrier_init(&leaving.has_returned, NULL, 2), 0);
    assert_int_equal(ssr_shared_subscribe(leaving.shared, leave_and_let_write, &leaving, &leaving.first), SSR_OK);
    assert_int_equal(ssr_shared_subscribe(leaving.shared, wait_in_writer, &leaving, NULL), SSR_OK);
    assert_int_equal(ssr_shared_update(leaving.shared, add_one, NULL), SSR_OK);
    pthread_barrier_wait(&leaving.has_returned);
    pthread_join(leaving.writer, NULL);
    assert_int_equal(number_now(leaving.shared), 2);
    assert_int_equal(leaving.first_told, 1);
    assert_int_equal(leaving.second_told, 1);
    pthread_barrier_destroy(&leaving.is_told);
    pthread_barrier_destroy(&leaving.has_returned);
    close_engine();
}

/* A thread that writes, and its listener. */
struct nesting {
    ssr_shared *shared;
    pthread_t writer;
    long nested;
};

/* Adds one more when its own thread has made a number that ends in 0. */
static ssr_status add_another(const ssr_snapshot *next, const ssr_snapshot *previous, void *arg)
{
    struct nesting *nesting = arg;
    (void)previous;
    if (!pthread_equal(nesting->writer, pthread_self()) || number_of(next) % 10 != 0)
        return SSR_OK;
    nesting->nested++;
    return ssr_shared_update(nesting->shared, add_one, NULL);
}

static void *write_and_listen(void *arg)
{
    struct nesting *nesting = arg;
    nesting->writer = pthread_self();
    expect(ssr_shared_subscribe(nesting->shared, add_another, nesting, NULL) == SSR_OK);
    return write_many(nesting->shared);
}

/* Each listener counts what it has queued on its own thread: nothing is lost, nothing done twice. */
static void nested_writes_of_several_threads_are_all_done(void **state)
{
    enum { WRITERS = 3 };
    struct nesting nestings[WRITERS];
    pthread_t writers[WRITERS];
    int64_t expected = WRITERS * WRITES;
    (void)state;
    open_engine();
    ssr_shared *shared = define("number", "0");
    for (int i = 0; i < WRITERS; i++) {
        nestings[i] = (struct nesting){.shared = shared};
        writers[i] = start(write_and_listen, &nestings[i]);
    }
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(writers[i], NULL);
        expected += nestings[i].nested;
    }
    assert_int_equal(number_now(shared), expected);
    close_engine();
}

/* ---- Stores whose listeners write each other ----------------------------------------------------------------------
 */

struct crossing {
    ssr_shared *own, *other;
};

/* Makes the number at least the argument. */
static ssr_status raise_to(ssr_draft *draft, ssr_json argument, void *arg)
{
    (void)arg;
    if (integer_at(ssr_draft_get(draft, ""), "") >= integer_at(argument, ""))
        return SSR_OK;
    return ssr_draft_set(draft, "", ssr_input_cursor(argument));
}

static ssr_status raise_other(const ssr_snapshot *next, const ssr_snapshot *previous, void *arg)
{
    struct crossing *crossing = arg;
    (void)previous;
    return ssr_shared_act(crossing->other, "raise", ssr_input_cursor(ssr_snapshot_json(next)));
}

static void *write_own(void *arg)
{
    struct crossing *crossing = arg;
    return write_many(crossing->own);
}

/* A listener of one store writes the other, whose listener writes the first: on two threads, and into their own calls.
 */
static void listeners_that_write_each_other_do_not_deadlock(void **state)
{
    static const ssr_action raise = {"raise", raise_to, NULL};
    ssr_shared_options options = {.initial_json = "0", .actions = &raise, .action_count = 1};
    (void)state;
    open_engine();
    ssr_shared *one = ssr_shared_define(ssr_engine_registry(engine), "one", &options);
    ssr_shared *two = ssr_shared_define(ssr_engine_registry(engine), "two", &options);
    struct crossing crossings[] = {{one, two}, {two, one}};
    for (int i = 0; i < 2; i++)
        assert_int_equal(ssr_shared_subscribe(crossings[i].own, raise_other, &crossings[i], NULL), SSR_OK);
    pthread_t threads[] = {start(write_own, &crossings[0]), start(write_own, &crossings[1])};
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(number_now(one), number_now(two));
    assert_in_range(number_now(one), WRITES, 2 * WRITES);
    close_engine();
}

/* ---- Requests -----------------------------------------------------------------------------------------------------
 */

struct visiting {
    ssr_shared *shared;
    ssr_store *store;
    atomic_bool is_over;
};

/* Takes two passes, and says what both have seen. */
static ssr_status show_number(ssr_ctx *ctx, void *arg)
{
    struct visiting *visiting = arg;
    int64_t number = integer_at(ssr_shared_get(ctx, visiting->shared), "");
    expect(ssr_pass(ctx) == 1 || ssr_get_integer(ctx, visiting->store, -1) == number);
    expect(ssr_shared_update(visiting->shared, add_one, NULL) == SSR_E_SHARED_WRITE);
    return ssr_set_integer(ctx, visiting->store, number);
}

static void *visit_often(void *arg)
{
    struct visiting *visiting = arg;
    for (int i = 0; i < WRITES / SLOW; i++) {
        ssr_render *render;
        expect(ssr_run(engine, show_number, visiting, NULL, &render) == SSR_OK);
        expect(ssr_render_result(render)->refused == ssr_render_result(render)->passes);
        ssr_render_free(render);
    }
    return NULL;
}

static void *write_until_over(void *arg)
{
    struct visiting *visiting = arg;
    while (!atomic_load(&visiting->is_over))
        expect(ssr_shared_update(visiting->shared, add_one, NULL) == SSR_OK);
    return NULL;
}

/* The guard is a thread's own: what serves a request is refused, what does not is not. */
static void requests_see_one_state_while_others_write(void **state)
{
    pthread_t visitors[READERS];
    (void)state;
    open_engine();
    struct visiting visiting = {.shared = define("number", "0")};
    visiting.store = ssr_store_define(ssr_engine_registry(engine), "seen", NULL);
    assert_int_equal(ssr_engine_start(engine), SSR_OK);
    pthread_t writer = start(write_until_over, &visiting);
    for (int i = 0; i < READERS; i++)
        visitors[i] = start(visit_often, &visiting);
    for (int i = 0; i < READERS; i++)
        pthread_join(visitors[i], NULL);
    atomic_store(&visiting.is_over, true);
    pthread_join(writer, NULL);
    close_engine();
}

#ifndef __SANITIZE_THREAD__
/* ---- The most states ----------------------------------------------------------------------------------------------
 */

/* 2^20 held states, less a few: the next write is refused, and done as soon as one is given back. */
static void too_many_held_states_are_a_limit(void **state)
{
    enum { ROOM = 1 << 20 };
    static ssr_snapshot *held[ROOM];
    size_t count = 0;
    (void)state;
    open_engine();
    ssr_shared *shared = define("number", "0");
    ssr_status status;
    do {
        held[count++] = ssr_shared_snapshot(shared);
        status = ssr_shared_update(shared, add_one, NULL);
    } while (status == SSR_OK && count < ROOM);
    assert_int_equal(status, SSR_E_LIMIT);
    assert_in_range(count, ROOM - 16, ROOM);
    assert_int_equal(number_now(shared), count - 1);
    ssr_snapshot_free(held[--count]); /* the current one: gives no room */
    assert_int_equal(ssr_shared_update(shared, add_one, NULL), SSR_E_LIMIT);
    ssr_snapshot_free(held[--count]);
    assert_int_equal(ssr_shared_update(shared, add_one, NULL), SSR_OK);
    while (count > 0)
        ssr_snapshot_free(held[--count]);
    assert_int_equal(ssr_shared_update(shared, add_one, NULL), SSR_OK);
    close_engine();
}
#endif

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_go_on_while_a_writer_is_inside_its_updater),
        cmocka_unit_test(no_state_is_torn_or_older_than_the_last),
        cmocka_unit_test(holders_keep_their_own_states_only),
        cmocka_unit_test(listeners_come_and_go_on_other_threads),
        cmocka_unit_test(who_has_ended_is_not_told_by_another_thread),
        cmocka_unit_test(nested_writes_of_several_threads_are_all_done),
        cmocka_unit_test(listeners_that_write_each_other_do_not_deadlock),
        cmocka_unit_test(requests_see_one_state_while_others_write),
#ifndef __SANITIZE_THREAD__ /* one thread, and much memory */
        cmocka_unit_test(too_many_held_states_are_a_limit),
#endif
    };
    if (argc > 1)
        long_reads = strtoul(argv[1], NULL, 10) * MILLION;
    return cmocka_run_group_tests_name("shared threads", tests, NULL, NULL);
}
