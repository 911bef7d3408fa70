/*
 * The fixture of host_fixture.h. Loaders run on other threads and never assert, because cmocka belongs to the main
 * thread; what they do is seen in counts and in what the page says.
 */
#include "tests/host_fixture.h"

#include <limits.h>
#include <time.h>

/* ---- Memory ----------------------------------------------------------------------------------------------------- */

static void count(atomic_size_t *counter, size_t more, size_t less)
{
    atomic_fetch_add_explicit(counter, more - less, memory_order_relaxed);
}

static void *shared_resize(void *arg, void *pointer, size_t old_size, size_t new_size)
{
    struct shared_memory *memory = arg;
    if (new_size > old_size && atomic_load_explicit(&memory->is_empty, memory_order_relaxed))
        return NULL;
    if (sweep_refuses(pointer, old_size, new_size))
        return NULL;
    count(&memory->live_bytes, new_size, old_size);
    count(&memory->live_blocks, new_size > 0, old_size > 0);
    if (new_size > 0)
        return realloc(pointer, new_size);
    free(pointer);
    return NULL;
}

ssr_allocator shared_allocator(struct shared_memory *memory)
{
    return (ssr_allocator){shared_resize, memory};
}

/* ---- The gate --------------------------------------------------------------------------------------------------- */

void gate_pass(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->arrived++;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->is_open)
        pthread_cond_wait(&gate->changed, &gate->mutex);
    pthread_mutex_unlock(&gate->mutex);
}

void gate_await(struct gate *gate, unsigned how_many)
{
    pthread_mutex_lock(&gate->mutex);
    while (gate->arrived < how_many)
        pthread_cond_wait(&gate->changed, &gate->mutex);
    pthread_mutex_unlock(&gate->mutex);
}

void gate_stop_awaiting(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->arrived = UINT_MAX / 2;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
}

void gate_open(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    gate->is_open = true;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
}

/* ---- The page and its loaders ----------------------------------------------------------------------------------- */

static void show(ssr_ctx *ctx, int number, ssr_query_result found)
{
    ssr_text_integer(ctx, number);
    ssr_html(ctx, "=");
    if (found.state == SSR_QUERY_READY)
        ssr_text_json(ctx, found.data);
    else
        ssr_text(ctx, found.state == SSR_QUERY_FAILED ? found.error : "-");
    ssr_html(ctx, ";");
}

ssr_status host_page(ssr_ctx *ctx, void *arg)
{
    const struct host *host = arg;
    for (int number = 0; number < host->queries; number++) {
        const ssr_query *query = number < host->patient_from ? host->query : host->patient;
        show(ctx, number, ssr_query_integer(ctx, query, number, true));
    }
    return ssr_text(ctx, ssr_get_string(ctx, host->note));
}

static ssr_status load(ssr_operation *operation, void *arg)
{
    struct host *host = arg;
    int64_t number = -1;
    ssr_json_integer(ssr_operation_args(operation), &number);
    atomic_fetch_add_explicit(&host->runs, 1, memory_order_relaxed);
    return host->load(host, operation, number);
}

ssr_status load_number(struct host *host, ssr_operation *operation, int64_t number)
{
    (void)host;
    return ssr_builder_integer(ssr_operation_build(operation), number);
}

ssr_status load_at_gate(struct host *host, ssr_operation *operation, int64_t number)
{
    gate_pass(&host->gate);
    return load_number(host, operation, number);
}

ssr_status load_until_gone(struct host *host, ssr_operation *operation, int64_t number)
{
    gate_open(&host->gate);
    while (!ssr_operation_is_cancelled(operation))
        sleep_ms(1);
    return load_number(host, operation, number);
}

void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* ---- Life ------------------------------------------------------------------------------------------------------- */

static void let_go(void *gate)
{
    gate_open(gate);
}

void host_init(struct host *host, host_load load_one, int queries)
{
    memset(host, 0, sizeof *host);
    pthread_mutex_init(&host->gate.mutex, NULL);
    pthread_cond_init(&host->gate.changed, NULL);
    sweep_on_stop(let_go, &host->gate);
    host->load = load_one;
    host->queries = host->patient_from = queries;
}

void host_open(struct host *host, unsigned threads, size_t capacity)
{
    ssr_config config = ssr_config_default();
    config.allocator = shared_allocator(&host->memory);
    assert_status(ssr_engine_new(&config, &host->engine), SSR_OK);
    ssr_registry *registry = ssr_engine_registry(host->engine);
    host->note = ssr_store_define(registry, "note", &(ssr_store_options){.default_string = ""});
    ssr_query_options options = {.load = load, .load_arg = host};
    host->patient = ssr_query_define(registry, "patient", &options);
    options.timeout_ms = host->timeout_ms;
    host->query = ssr_query_define(registry, "number", &options);
    assert_status(ssr_engine_start(host->engine), SSR_OK);
    assert_status(ssr_pool_new(&config.allocator, threads, capacity, &host->pool), SSR_OK);
}

void host_close(struct host *host)
{
    ssr_pool_free(host->pool);
    ssr_render_free(host->render);
    ssr_engine_free(host->engine);
    pthread_mutex_destroy(&host->gate.mutex);
    pthread_cond_destroy(&host->gate.changed);
    assert_int_equal(host->memory.live_blocks, 0);
    assert_int_equal(host->memory.live_bytes, 0);
}

ssr_status host_run(struct host *host, const ssr_request *request)
{
    ssr_status status = ssr_pool_run(host->pool, host->engine, host_page, host, request, &host->render);
    host->result = host->render ? ssr_render_result(host->render) : NULL;
    return status;
}

void host_begin(struct host *host, const ssr_request *request)
{
    assert_status(ssr_render_new(host->engine, host_page, host, request, &host->render), SSR_OK);
}

ssr_step host_step(struct host *host, int64_t now_ms)
{
    ssr_step step = SSR_STEP_AGAIN;
    while (step == SSR_STEP_AGAIN)
        step = ssr_render_step(host->render, now_ms);
    host->result = ssr_render_result(host->render);
    return step;
}
