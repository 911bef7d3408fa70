/*
 * The pool, the blocking call, and renders in flight on one thread. What decides a test is what was answered, never how
 * long it took: where something could hang it would, and the time limit of ctest speaks.
 */
#include "tests/host_fixture.h"

#include <poll.h>
#include <sched.h>

/* Steps to the first wait and hands all operations out; their number is the number of queries. */
static void begin_and_take(struct host *host, ssr_operation **operations)
{
    host_begin(host, NULL);
    assert_int_equal(host_step(host, 0), SSR_STEP_WAITING);
    for (int i = 0; i < host->queries; i++)
        assert_non_null(operations[i] = ssr_render_next_operation(host->render));
    assert_null(ssr_render_next_operation(host->render));
}

/* ---- The pool --------------------------------------------------------------------------------------------------- */

static ssr_status load_with_seven_others(struct host *host, ssr_operation *operation, int64_t number)
{
    pthread_mutex_lock(&host->gate.mutex);
    if (++host->gate.arrived == 8)
        host->gate.is_open = true;
    pthread_cond_broadcast(&host->gate.changed);
    while (!host->gate.is_open)
        pthread_cond_wait(&host->gate.changed, &host->gate.mutex);
    pthread_mutex_unlock(&host->gate.mutex);
    return load_number(host, operation, number);
}

/* Eight loaders wait for each other: only when all run at once do they return. */
static void loaders_run_at_once(void **state)
{
    struct host host;
    (void)state;
    host_init(&host, load_with_seven_others, 8);
    host_open(&host, 8, 8);
    assert_status(host_run(&host, NULL), SSR_OK);
    assert_int_equal(host.result->passes, 2);
    assert_string_equal(host.result->html, "0=0;1=1;2=2;3=3;4=4;5=5;6=6;7=7;");
    assert_int_equal(host.runs, 8);
    host_close(&host);
}

static void a_full_queue_is_named(void **state)
{
    ssr_operation *operations[3];
    struct host host;
    (void)state;
    host_init(&host, load_at_gate, 3);
    host_open(&host, 1, 1);
    begin_and_take(&host, operations);
    assert_status(ssr_pool_submit(host.pool, operations[0]), SSR_OK);
    gate_await(&host.gate, 1); /* it runs, so the queue is empty */
    assert_status(ssr_pool_submit_within(host.pool, operations[1], 0), SSR_OK);
    assert_status(ssr_pool_submit(host.pool, operations[2]), SSR_E_QUEUE_FULL);
    assert_status(ssr_pool_submit_within(host.pool, operations[2], 0), SSR_E_QUEUE_FULL);
    assert_status(ssr_pool_submit_within(host.pool, operations[2], 5), SSR_E_QUEUE_FULL);
    gate_open(&host.gate);
    assert_status(ssr_pool_submit_within(host.pool, operations[2], -1), SSR_OK);
    while (host_step(&host, 0) == SSR_STEP_WAITING)
        sched_yield();
    assert_string_equal(host.result->html, "0=0;1=1;2=2;");
    assert_int_equal(host.runs, 3);
    host_close(&host);
}

struct submission {
    struct host *host;
    ssr_operation *operation;
    ssr_status status;
};

/* Waits for room until the pool closes, answers the operation itself, and then lets the running loader go on. */
static void *submit_until_closed(void *arg)
{
    struct submission *submission = arg;
    submission->status = ssr_pool_submit_within(submission->host->pool, submission->operation, -1);
    if (submission->status != SSR_OK)
        ssr_operation_answer(submission->operation, submission->status);
    gate_open(&submission->host->gate);
    return NULL;
}

/* One operation runs, two are queued, one waits for room, one was never submitted: each is answered once. */
static void a_freed_pool_has_answered_everything(void **state)
{
    ssr_operation *operations[5];
    struct host host;
    pthread_t submitter;
    (void)state;
    host_init(&host, load_at_gate, 5);
    host_open(&host, 1, 2);
    begin_and_take(&host, operations);
    assert_status(ssr_pool_submit(host.pool, operations[0]), SSR_OK);
    gate_await(&host.gate, 1);
    assert_status(ssr_pool_submit(host.pool, operations[1]), SSR_OK);
    assert_status(ssr_pool_submit(host.pool, operations[2]), SSR_OK);
    struct submission waiting = {&host, operations[3], SSR_OK};
    assert_int_equal(pthread_create(&submitter, NULL, submit_until_closed, &waiting), 0);
    sleep_ms(5); /* so that it most likely waits; when it does not yet, it must be told all the same */
    ssr_operation_answer(operations[4], SSR_E_FAILED);
    ssr_pool_free(host.pool);
    host.pool = NULL;
    pthread_join(submitter, NULL);
    assert_status(waiting.status, SSR_E_CANCELLED);
    assert_int_equal(host_step(&host, 0), SSR_STEP_ENDED);
    assert_string_equal(host.result->html, "0=0;1=cancelled;2=cancelled;3=cancelled;4=failed;");
    assert_int_equal(host.runs, 1);
    host_close(&host);
}

/* What waits in the queue when its render is freed is not begun any more. */
static void loaders_of_freed_renders_do_not_begin(void **state)
{
    ssr_operation *operations[3];
    struct host host;
    (void)state;
    host_init(&host, load_at_gate, 3);
    host_open(&host, 1, 3);
    begin_and_take(&host, operations);
    for (int i = 0; i < 3; i++)
        assert_status(ssr_pool_submit(host.pool, operations[i]), SSR_OK);
    gate_await(&host.gate, 1);
    ssr_render_free(host.render);
    gate_open(&host.gate);
    assert_status(host_run(&host, NULL), SSR_OK); /* by now the others have been answered: the queue is in order */
    assert_int_equal(host.runs, 1 + 3);
    host_close(&host);
}

static void what_cannot_be_had_is_named(void **state)
{
    struct shared_memory memory = {.is_empty = true};
    ssr_allocator allocator = shared_allocator(&memory);
    struct host host;
    ssr_pool *pool;
    (void)state;
    assert_status(ssr_pool_new(NULL, 0, 1, &pool), SSR_E_INVALID_ARGUMENT);
    assert_status(ssr_pool_new(NULL, 1, 0, &pool), SSR_E_INVALID_ARGUMENT);
    assert_status(ssr_pool_new(&allocator, 1, 1, &pool), SSR_E_NOMEM);
    assert_status(ssr_pool_new(NULL, 1, SIZE_MAX, &pool), SSR_E_NOMEM);
    assert_null(pool);
    ssr_pool_free(NULL);
    host_init(&host, load_number, 1);
    host_open(&host, 1, 1);
    host.memory.is_empty = true;
    assert_status(host_run(&host, NULL), SSR_E_NOMEM);
    assert_null(host.render);
    host.memory.is_empty = false;
    assert_status(host_run(&host, NULL), SSR_OK);
    assert_status(ssr_pool_run(host.pool, NULL, host_page, &host, NULL, &(ssr_render *){NULL}), SSR_E_INVALID_ARGUMENT);
    host_close(&host);
}

/* ---- The blocking call ------------------------------------------------------------------------------------------ */

enum { CALLERS = 8, CALLS = 60, ASKED = 5 };

/* A thread's share of calls; answers how many went as they should. */
static void *call_often(void *arg)
{
    struct host *host = arg;
    uintptr_t right = 0;
    for (int i = 0; i < CALLS; i++) {
        ssr_render *render;
        ssr_status status = ssr_pool_run(host->pool, host->engine, host_page, host, NULL, &render);
        const ssr_result *result = render ? ssr_render_result(render) : NULL;
        right += status == SSR_OK && result->passes == 2 && strcmp(result->html, "0=0;1=1;2=2;3=3;4=4;") == 0;
        ssr_render_free(render);
    }
    return (void *)right;
}

/* More callers than threads, more operations than room: each loader runs once, each caller gets its own page. */
static void many_callers_share_a_small_pool(void **state)
{
    pthread_t callers[CALLERS];
    struct host host;
    (void)state;
    host_init(&host, load_number, ASKED);
    host_open(&host, 3, 2);
    for (int i = 0; i < CALLERS; i++)
        assert_int_equal(pthread_create(&callers[i], NULL, call_often, &host), 0);
    for (int i = 0; i < CALLERS; i++) {
        void *right;
        pthread_join(callers[i], &right);
        assert_int_equal((uintptr_t)right, CALLS);
    }
    assert_int_equal(host.runs, CALLERS * CALLS * ASKED);
    host_close(&host);
}

/* The loader runs on until it hears that nobody waits; the caller does not wait for it. */
static void a_timeout_fails_the_query(void **state)
{
    struct host host;
    (void)state;
    host_init(&host, load_until_gone, 2);
    host.timeout_ms = 20;
    host_open(&host, 2, 2);
    assert_status(host_run(&host, NULL), SSR_OK);
    assert_outcome(&host, SSR_SETTLED);
    assert_string_equal(host.result->html, "0=timeout;1=timeout;");
    host_close(&host);
}

static ssr_status note_at_gate(struct host *host, ssr_operation *operation, int64_t number)
{
    gate_pass(&host->gate);
    ssr_builder_string(ssr_operation_build_store(operation), "late");
    ssr_operation_set(operation, host->note);
    return load_number(host, operation, number);
}

/* The answer comes when the call has returned and the render still lives: its wake is harmless, and it writes nothing.
 */
static void an_answer_after_the_call_writes_nothing(void **state)
{
    struct host host;
    (void)state;
    host_init(&host, note_at_gate, 1);
    host.timeout_ms = 20;
    host_open(&host, 1, 1);
    assert_status(host_run(&host, NULL), SSR_OK);
    gate_open(&host.gate);
    ssr_pool_free(host.pool); /* has answered */
    host.pool = NULL;
    assert_int_equal(host_step(&host, 1000), SSR_STEP_ENDED);
    assert_string_equal(host.result->html, "0=timeout;");
    assert_null(strstr(host.result->data, "late"));
    host_close(&host);
}

static void a_deadline_hands_over_the_last_pass(void **state)
{
    struct host host;
    (void)state;
    host_init(&host, load_until_gone, 2);
    host_open(&host, 2, 2);
    ssr_request request = {.deadline_ms = ssr_pool_now_ms() + 20};
    assert_status(host_run(&host, &request), SSR_OK);
    assert_outcome(&host, SSR_DEADLINE);
    assert_status(host.result->error_status, SSR_E_DEADLINE);
    assert_string_equal(host.result->html, "0=-;1=-;");
    host_close(&host);
}

/* The deadline is kept also while the call waits for room. */
static void a_deadline_while_there_is_no_room(void **state)
{
    struct host host;
    (void)state;
    host_init(&host, load_until_gone, 5);
    host_open(&host, 1, 1);
    ssr_request request = {.deadline_ms = ssr_pool_now_ms() + 20};
    assert_status(host_run(&host, &request), SSR_OK);
    assert_outcome(&host, SSR_DEADLINE);
    host_close(&host);
}

static void *cancel_when_loading(void *arg)
{
    struct host *host = arg;
    gate_await(&host->gate, 1);
    return ssr_pool_cancel(host->pool, host->render) ? host : NULL;
}

static ssr_status load_until_cancelled(struct host *host, ssr_operation *operation, int64_t number)
{
    gate_open(&host->gate);
    gate_pass(&host->gate);
    return load_until_gone(host, operation, number);
}

static void a_cancel_wakes_the_call(void **state)
{
    pthread_t canceller;
    struct host host;
    void *found;
    (void)state;
    host_init(&host, load_until_cancelled, 1);
    host_open(&host, 1, 1);
    assert_int_equal(pthread_create(&canceller, NULL, cancel_when_loading, &host), 0);
    assert_status(host_run(&host, NULL), SSR_OK);
    gate_stop_awaiting(&host.gate);
    pthread_join(canceller, &found);
    assert_ptr_equal(found, &host);
    assert_outcome(&host, SSR_CANCELLED);
    assert_string_equal(host.result->html, "0=-;");
    assert_false(ssr_pool_cancel(host.pool, host.render)); /* the call has returned */
    assert_false(ssr_pool_cancel(host.pool, NULL));
    host_close(&host);
}

static void *free_pool_when_loading(void *arg)
{
    struct host *host = arg;
    gate_await(&host->gate, 1);
    ssr_pool_free(host->pool);
    return NULL;
}

/* The call is cancelled, so its loader may stop, so the pool can be freed. */
static void a_freed_pool_ends_its_calls(void **state)
{
    pthread_t other;
    struct host host;
    (void)state;
    host_init(&host, load_until_cancelled, 4);
    host_open(&host, 1, 1);
    assert_int_equal(pthread_create(&other, NULL, free_pool_when_loading, &host), 0);
    assert_status(host_run(&host, NULL), SSR_OK);
    gate_stop_awaiting(&host.gate);
    pthread_join(other, NULL);
    host.pool = NULL;
    assert_outcome(&host, SSR_CANCELLED);
    assert_string_equal(host.result->html, "0=-;1=-;2=-;3=-;");
    host_close(&host);
}

static ssr_status note_once(ssr_ctx *ctx, void *arg)
{
    const struct host *host = arg;
    ssr_set_string(ctx, host->note, "noted");
    return ssr_text(ctx, ssr_get_string(ctx, host->note));
}

static ssr_status give_up(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    return ssr_fail(ctx, "nothing to show");
}

/* As ssr_run does. */
static void pages_without_queries_are_rendered_too(void **state)
{
    struct host host;
    (void)state;
    host_init(&host, load_number, 1);
    host_open(&host, 1, 1);
    assert_status(ssr_pool_run(host.pool, host.engine, note_once, &host, NULL, &host.render), SSR_OK);
    assert_int_equal(ssr_render_result(host.render)->passes, 2);
    assert_string_equal(ssr_render_result(host.render)->html, "noted");
    ssr_render_free(host.render);
    assert_status(ssr_pool_run(host.pool, host.engine, give_up, NULL, NULL, &host.render), SSR_E_FAILED);
    assert_string_equal(ssr_render_result(host.render)->html, "");
    host_close(&host);
}

static void a_wait_may_be_as_long_as_a_number_can_say(void **state)
{
    ssr_operation *operation;
    struct host host;
    (void)state;
    host_init(&host, load_number, 1);
    host_open(&host, 1, 1);
    begin_and_take(&host, &operation);
    assert_status(ssr_pool_submit_within(host.pool, operation, INT64_MAX), SSR_OK);
    while (host_step(&host, 0) == SSR_STEP_WAITING)
        sched_yield();
    assert_string_equal(host.result->html, "0=0;");
    host_close(&host);
}

/* ---- A pool that closes while a call is under way ---------------------------------------------------------------- */

struct closing {
    ssr_pool *pool;
    ssr_engine *engine, *probe;
    ssr_query *query;
    pthread_t closer;
    bool is_armed; /* the next allocation of `engine` closes the pool */
    unsigned loads;
};

static void *free_pool(void *pool)
{
    ssr_pool_free(pool);
    return NULL;
}

static ssr_status empty_page(ssr_ctx *ctx, void *arg)
{
    (void)ctx, (void)arg;
    return SSR_OK;
}

/* Begins to free the pool, which waits for the call that runs this, and returns when no other call is let in. */
static void close_meanwhile(struct closing *closing)
{
    ssr_render *render;
    ssr_status status;
    assert_int_equal(pthread_create(&closing->closer, NULL, free_pool, closing->pool), 0);
    do {
        status = ssr_pool_run(closing->pool, closing->probe, empty_page, NULL, NULL, &render);
        ssr_render_free(render);
    } while (render);
    assert_status(status, SSR_E_CANCELLED);
}

static void *resize_and_close(void *arg, void *pointer, size_t old_size, size_t new_size)
{
    struct closing *closing = arg;
    (void)old_size;
    if (closing->is_armed) {
        closing->is_armed = false;
        close_meanwhile(closing);
    }
    if (new_size > 0)
        return realloc(pointer, new_size);
    free(pointer);
    return NULL;
}

static ssr_status count_load(ssr_operation *operation, void *arg)
{
    ++*(unsigned *)arg;
    return ssr_builder_null(ssr_operation_build(operation));
}

static void open_closing(struct closing *closing)
{
    sweep_leave_alone(); /* its pool is freed by a thread of its own */
    memset(closing, 0, sizeof *closing);
    ssr_config config = ssr_config_default();
    config.allocator = (ssr_allocator){resize_and_close, closing};
    assert_status(ssr_engine_new(&config, &closing->engine), SSR_OK);
    closing->query = ssr_query_define(ssr_engine_registry(closing->engine), "q",
                                      &(ssr_query_options){.load = count_load, .load_arg = &closing->loads});
    assert_status(ssr_engine_start(closing->engine), SSR_OK);
    assert_status(ssr_engine_new(NULL, &closing->probe), SSR_OK);
    assert_status(ssr_engine_start(closing->probe), SSR_OK);
    assert_status(ssr_pool_new(NULL, 1, 1, &closing->pool), SSR_OK);
}

/* Runs the page; the pool is closed by what it does. */
static const ssr_result *run_closing(struct closing *closing, ssr_page_fn page, ssr_status expected,
                                     ssr_render **render)
{
    assert_status(ssr_pool_run(closing->pool, closing->engine, page, closing, NULL, render), expected);
    pthread_join(closing->closer, NULL);
    const ssr_result *result = ssr_render_result(*render);
    assert_int_equal(result->outcome, SSR_CANCELLED);
    assert_int_equal(closing->loads, 0);
    return result;
}

static void end_closing(struct closing *closing, ssr_render *render)
{
    ssr_render_free(render);
    ssr_engine_free(closing->engine);
    ssr_engine_free(closing->probe);
}

static void a_call_that_was_let_in_is_cancelled_before_its_first_pass(void **state)
{
    struct closing closing;
    ssr_render *render;
    (void)state;
    open_closing(&closing);
    closing.is_armed = true;
    assert_int_equal(run_closing(&closing, empty_page, SSR_E_CANCELLED, &render)->passes, 0);
    end_closing(&closing, render);
}

static ssr_status close_and_ask(ssr_ctx *ctx, void *arg)
{
    struct closing *closing = arg;
    close_meanwhile(closing);
    ssr_query_get(ctx, closing->query, NULL, true);
    return ssr_html(ctx, "pending");
}

/* What the pass found is not loaded any more, and the pass is shown. */
static void a_call_whose_pool_closes_loads_nothing(void **state)
{
    struct closing closing;
    ssr_render *render;
    (void)state;
    open_closing(&closing);
    assert_string_equal(run_closing(&closing, close_and_ask, SSR_OK, &render)->html, "pending");
    end_closing(&closing, render);
}

/* ---- Steps of a host's own -------------------------------------------------------------------------------------- */

/* The host tells the time, so nothing here depends on it: the late answer comes while the other one is waited for. */
static void a_late_answer_writes_nothing(void **state)
{
    ssr_operation *operations[2];
    struct host host;
    (void)state;
    host_init(&host, note_at_gate, 2);
    host.timeout_ms = 10;
    host.patient_from = 1;
    host_open(&host, 1, 1);
    gate_open(&host.gate);
    begin_and_take(&host, operations);
    assert_int_equal(ssr_render_timeout_ms(host.render, 4), 6);
    assert_int_equal(host_step(&host, 9), SSR_STEP_WAITING);
    assert_int_equal(host_step(&host, 10), SSR_STEP_WAITING);
    assert_int_equal(ssr_render_timeout_ms(host.render, 10), -1);
    ssr_operation_run(operations[0]);
    assert_int_equal(host_step(&host, 11), SSR_STEP_WAITING);
    ssr_operation_answer(operations[1], SSR_E_FAILED);
    assert_int_equal(host_step(&host, 12), SSR_STEP_ENDED);
    assert_string_equal(host.result->html, "0=timeout;1=failed;");
    assert_int_equal(host.result->passes, 2);
    assert_null(strstr(host.result->data, "late"));
    host_close(&host);
}

/* Of three queries two have timed out, one of them before its operation was taken: only the third is still to start. */
static void a_timed_out_operation_is_not_handed_out(void **state)
{
    struct host host;
    (void)state;
    host_init(&host, load_number, 3);
    host.timeout_ms = 10;
    host.patient_from = 2;
    host_open(&host, 1, 1);
    host_begin(&host, NULL);
    assert_int_equal(host_step(&host, 0), SSR_STEP_WAITING);
    ssr_operation *first = ssr_render_next_operation(host.render);
    assert_int_equal(host_step(&host, 20), SSR_STEP_WAITING);
    assert_true(ssr_operation_is_cancelled(first));
    ssr_operation *third = ssr_render_next_operation(host.render);
    assert_ptr_equal(ssr_operation_query(third), host.patient);
    assert_null(ssr_render_next_operation(host.render));
    ssr_operation_run(first);
    ssr_operation_run(third);
    assert_int_equal(host_step(&host, 30), SSR_STEP_ENDED);
    assert_string_equal(host.result->html, "0=timeout;1=timeout;2=2;");
    host_close(&host);
}

/* Answers on the pool's threads after the render, and what it waits with, have gone. */
static void renders_are_freed_while_they_are_woken(void **state)
{
    enum { RENDERS = 400, OPERATIONS = 4 };
    struct host host;
    ssr_waker *waker;
    (void)state;
    host_init(&host, load_number, OPERATIONS);
    host_open(&host, 3, RENDERS * OPERATIONS);
    assert_status(ssr_waker_new(NULL, &waker), SSR_OK);
    for (int i = 0; i < RENDERS; i++) {
        ssr_operation *operations[OPERATIONS];
        ssr_waker_entry *entry = calloc(1, sizeof *entry);
        assert_non_null(entry);
        entry->waker = waker;
        host_begin(&host, &(ssr_request){.wake = ssr_waker_wake, .wake_arg = entry});
        assert_int_equal(host_step(&host, 0), SSR_STEP_WAITING);
        for (int j = 0; j < OPERATIONS; j++)
            operations[j] = ssr_render_next_operation(host.render);
        for (int j = 0; j < OPERATIONS; j++)
            assert_status(ssr_pool_submit(host.pool, operations[j]), SSR_OK);
        for (int j = 0; j < i % 16; j++)
            sched_yield();
        if (i % 3 == 0)
            host_step(&host, 0);
        ssr_render_free(host.render);
        ssr_waker_forget(entry);
        free(entry);
    }
    host.render = NULL;
    assert_null(ssr_waker_next(waker));
    ssr_pool_free(host.pool);
    host.pool = NULL;
    ssr_waker_free(waker);
    host_close(&host);
}

/* ---- Thousands in flight ---------------------------------------------------------------------------------------- */

enum { FLIGHTS = 2000, LOAD_MS = 20 };

struct flight {
    ssr_render *render;
    ssr_waker_entry entry;
    ssr_operation *operation;
    int64_t due_ms;
};

/* A loader as an event loop would write it: one thread that answers each operation when its 20 ms are over. */
static void *answer_when_due(void *arg)
{
    struct flight *flights = arg;
    for (int i = 0; i < FLIGHTS; i++) {
        while (ssr_pool_now_ms() < flights[i].due_ms)
            sleep_ms(1);
        ssr_operation_run(flights[i].operation);
    }
    return NULL;
}

static void take_off(struct host *host, struct flight *flight, ssr_waker *waker)
{
    flight->entry = (ssr_waker_entry){.waker = waker, .data = flight};
    host_begin(host, &(ssr_request){.wake = ssr_waker_wake, .wake_arg = &flight->entry});
    assert_int_equal(host_step(host, 0), SSR_STEP_WAITING);
    flight->render = host->render;
    flight->operation = ssr_render_next_operation(host->render);
    flight->due_ms = ssr_pool_now_ms() + LOAD_MS;
}

/* Steps a render that was woken; answers whether it has landed. */
static bool land(struct host *host, struct flight *flight)
{
    host->render = flight->render;
    if (host_step(host, 0) != SSR_STEP_ENDED)
        return false;
    assert_string_equal(host->result->html, "0=0;");
    ssr_render_free(flight->render);
    ssr_waker_forget(&flight->entry);
    return true;
}

static void two_thousand_on_one_thread(void **state)
{
    static struct flight flights[FLIGHTS];
    struct host host;
    ssr_waker *waker;
    pthread_t loader;
    int landed = 0;
    (void)state;
    host_init(&host, load_number, 1);
    host_open(&host, 1, 1);
    assert_status(ssr_waker_new(NULL, &waker), SSR_OK);
    for (int i = 0; i < FLIGHTS; i++)
        take_off(&host, &flights[i], waker);
    struct pollfd ready = {.fd = ssr_waker_descriptor(waker), .events = POLLIN};
    assert_int_equal(pthread_create(&loader, NULL, answer_when_due, flights), 0);
    while (landed < FLIGHTS) {
        assert_int_equal(poll(&ready, 1, -1), 1);
        for (ssr_waker_entry *entry; (entry = ssr_waker_next(waker)) != NULL;)
            landed += land(&host, entry->data);
    }
    pthread_join(loader, NULL);
    host.render = NULL;
    assert_int_equal(host.runs, FLIGHTS);
    ssr_waker_free(waker);
    host_close(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loaders_run_at_once),
        cmocka_unit_test(a_full_queue_is_named),
        cmocka_unit_test(a_freed_pool_has_answered_everything),
        cmocka_unit_test(loaders_of_freed_renders_do_not_begin),
        cmocka_unit_test(what_cannot_be_had_is_named),
        cmocka_unit_test(many_callers_share_a_small_pool),
        cmocka_unit_test(a_timeout_fails_the_query),
        cmocka_unit_test(an_answer_after_the_call_writes_nothing),
        cmocka_unit_test(a_deadline_hands_over_the_last_pass),
        cmocka_unit_test(a_deadline_while_there_is_no_room),
        cmocka_unit_test(a_cancel_wakes_the_call),
        cmocka_unit_test(a_freed_pool_ends_its_calls),
        cmocka_unit_test(pages_without_queries_are_rendered_too),
        cmocka_unit_test(a_wait_may_be_as_long_as_a_number_can_say),
        cmocka_unit_test(a_call_that_was_let_in_is_cancelled_before_its_first_pass),
        cmocka_unit_test(a_call_whose_pool_closes_loads_nothing),
        cmocka_unit_test(a_late_answer_writes_nothing),
        cmocka_unit_test(a_timed_out_operation_is_not_handed_out),
        cmocka_unit_test(renders_are_freed_while_they_are_woken),
        cmocka_unit_test(two_thousand_on_one_thread),
    };
    return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
