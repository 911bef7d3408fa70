/*
 * A page that asks for several queries in one pass, each of which takes 20 ms to load: one after the other in ssr_run,
 * in the pool, and in a libuv loop. The argument is how many; the pool has as many threads, libuv what
 * UV_THREADPOOL_SIZE says.
 */
#include <stdlib.h>
#include <uv.h>

#include "bench/bench.h"
#include "engine/host/pool.h"
#include "engine/ssr.h"

struct loaders_state {
    int queries;
    ssr_engine *engine;
    ssr_query *query;
    ssr_pool *pool;
};

static ssr_status load(ssr_operation *operation, void *arg)
{
    (void)arg;
    uv_sleep(20);
    return ssr_builder_integer(ssr_operation_build(operation), 1);
}

static ssr_status page(ssr_ctx *ctx, void *arg)
{
    const struct loaders_state *state = arg;
    for (int i = 0; i < state->queries; i++)
        ssr_text_json(ctx, ssr_query_integer(ctx, state->query, i, true).data);
    return SSR_OK;
}

static void *begin(const char *argument)
{
    struct loaders_state *state = calloc(1, sizeof *state);
    if (!state || (state->queries = atoi(argument)) <= 0)
        return NULL;
    ssr_engine_new(NULL, &state->engine);
    state->query = ssr_query_define(ssr_engine_registry(state->engine), "one", &(ssr_query_options){.load = load});
    if (ssr_engine_start(state->engine) != SSR_OK)
        return NULL;
    unsigned threads = (unsigned)state->queries;
    return ssr_pool_new(NULL, threads, threads, &state->pool) == SSR_OK ? state : NULL;
}

static void end(void *opaque)
{
    struct loaders_state *state = opaque;
    ssr_pool_free(state->pool);
    ssr_engine_free(state->engine);
    free(state);
}

/* Another page than the one to be measured is no measurement. */
static void check(const struct loaders_state *state, ssr_render *render)
{
    const ssr_result *result = ssr_render_result(render);
    if (result->passes != 2 || result->html_length != (size_t)state->queries)
        abort();
    ssr_render_free(render);
}

static void run_serially(void *opaque, size_t times)
{
    struct loaders_state *state = opaque;
    while (times-- > 0) {
        ssr_render *render;
        ssr_run(state->engine, page, state, NULL, &render);
        check(state, render);
    }
}

static void run_in_pool(void *opaque, size_t times)
{
    struct loaders_state *state = opaque;
    while (times-- > 0) {
        ssr_render *render;
        ssr_pool_run(state->pool, state->engine, page, state, NULL, &render);
        check(state, render);
    }
}

/* ---- libuv, as in demo/loops/uv.c ------------------------------------------------------------------------------- */

static void wake(void *woken)
{
    uv_async_send(woken);
}

static void run_loader(uv_work_t *work)
{
    ssr_operation_run(work->data);
}

static void free_work(uv_work_t *work, int status)
{
    (void)status;
    free(work);
}

static void go_on(uv_async_t *woken)
{
    ssr_render *render = woken->data;
    while (ssr_render_step(render, 0) == SSR_STEP_AGAIN)
        continue;
    for (ssr_operation *operation; (operation = ssr_render_next_operation(render)) != NULL;) {
        uv_work_t *work = malloc(sizeof *work);
        if (!work)
            abort();
        work->data = operation;
        uv_queue_work(woken->loop, work, run_loader, free_work);
    }
    if (ssr_render_result(render))
        uv_close((uv_handle_t *)woken, NULL);
}

static void run_in_uv(void *opaque, size_t times)
{
    struct loaders_state *state = opaque;
    while (times-- > 0) {
        ssr_render *render;
        uv_async_t woken;
        ssr_request request = {.wake = wake, .wake_arg = &woken};
        if (ssr_render_new(state->engine, page, state, &request, &render) != SSR_OK)
            abort();
        uv_async_init(uv_default_loop(), &woken, go_on);
        woken.data = render;
        go_on(&woken);
        uv_run(uv_default_loop(), UV_RUN_DEFAULT);
        check(state, render);
    }
}

const struct bench loader_benches[] = {
    {"loaders-serial", begin, run_serially, NULL, end, true},
    {"loaders-pool", begin, run_in_pool, NULL, end, true},
    {"loaders-uv", begin, run_in_uv, NULL, end, true},
};
const size_t loader_bench_count = sizeof loader_benches / sizeof *loader_benches;
