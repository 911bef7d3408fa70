/*
 * What a render costs while it waits for a query: 2,000 of them in flight at once, counted by their allocator and by
 * the peak of the resident set. The argument is how many bytes of HTML the page writes. What is timed is one render
 * from its beginning to its end, its loader being answered at once.
 */
#include <stdlib.h>
#include <sys/resource.h>

#include "bench/bench.h"
#include "engine/ssr.h"

enum { FLIGHTS = 2000 };

struct flight_state {
    size_t html_bytes, live_bytes;
    ssr_engine *engine;
    ssr_store *title;
    ssr_query *query;
    double bytes_each, rss_each;
};

static void *count_resize(void *arg, void *pointer, size_t old_size, size_t new_size)
{
    *(size_t *)arg += new_size - old_size;
    if (new_size > 0)
        return realloc(pointer, new_size);
    free(pointer);
    return NULL;
}

static ssr_status load(ssr_operation *operation, void *arg)
{
    (void)arg;
    return ssr_builder_string(ssr_operation_build(operation), "One idea");
}

static ssr_status page(ssr_ctx *ctx, void *arg)
{
    static const char line[] = "<p>A layout renders above its page; only the page knows the title.</p>";
    const struct flight_state *state = arg;
    ssr_text(ctx, ssr_get_string(ctx, state->title));
    ssr_text_json(ctx, ssr_query_integer(ctx, state->query, 7, true).data);
    for (size_t bytes = 0; bytes < state->html_bytes; bytes += sizeof line - 1)
        ssr_html_n(ctx, line, sizeof line - 1);
    return SSR_OK;
}

/* Begins a render and takes it to where it waits. */
static ssr_render *take_off(struct flight_state *state)
{
    ssr_render *render;
    if (ssr_render_new(state->engine, page, state, NULL, &render) != SSR_OK)
        abort();
    while (ssr_render_step(render, 0) == SSR_STEP_AGAIN)
        continue;
    return render;
}

static void land(ssr_render *render, ssr_operation *operation)
{
    ssr_operation_run(operation);
    while (ssr_render_step(render, 0) == SSR_STEP_AGAIN)
        continue;
    if (ssr_render_result(render)->passes != 2)
        abort();
    ssr_render_free(render);
}

static double peak_bytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss * 1024;
}

/* All at once; every operation is out, as when its loader runs. */
static void measure(struct flight_state *state)
{
    static ssr_render *renders[FLIGHTS];
    static ssr_operation *operations[FLIGHTS];
    size_t live_before = state->live_bytes;
    double peak_before = peak_bytes();
    for (size_t i = 0; i < FLIGHTS; i++) {
        renders[i] = take_off(state);
        operations[i] = ssr_render_next_operation(renders[i]);
    }
    state->bytes_each = (double)(state->live_bytes - live_before) / FLIGHTS;
    state->rss_each = (peak_bytes() - peak_before) / FLIGHTS;
    for (size_t i = 0; i < FLIGHTS; i++)
        land(renders[i], operations[i]);
}

static void *begin(const char *argument)
{
    struct flight_state *state = calloc(1, sizeof *state);
    if (!state)
        return NULL;
    state->html_bytes = strtoul(argument, NULL, 10);
    ssr_config config = ssr_config_default();
    config.allocator = (ssr_allocator){count_resize, &state->live_bytes};
    ssr_engine_new(&config, &state->engine);
    ssr_registry *registry = ssr_engine_registry(state->engine);
    state->title = ssr_store_define(registry, "title", &(ssr_store_options){.default_string = "Untitled"});
    state->query = ssr_query_define(registry, "idea", &(ssr_query_options){.load = load});
    if (ssr_engine_start(state->engine) != SSR_OK)
        return NULL;
    measure(state);
    return state;
}

static void run(void *opaque, size_t times)
{
    while (times-- > 0) {
        ssr_render *render = take_off(opaque);
        land(render, ssr_render_next_operation(render));
    }
}

static double bytes_each(void *opaque)
{
    return ((struct flight_state *)opaque)->bytes_each;
}

static double rss_each(void *opaque)
{
    return ((struct flight_state *)opaque)->rss_each;
}

static void end(void *opaque)
{
    struct flight_state *state = opaque;
    ssr_engine_free(state->engine);
    free(state);
}

const struct bench flight_benches[] = {
    {"flight-bytes", begin, run, bytes_each, end, false},
    {"flight-rss", begin, run, rss_each, end, false},
};
const size_t flight_bench_count = sizeof flight_benches / sizeof *flight_benches;
