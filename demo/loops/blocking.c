/*
 * The blocking call: one page, whose two loaders run at the same time in a pool, each for 20 ms. Owns the engine and
 * the pool; the pool is freed before the engine.
 */
#include <engine/host/pool.h>
#include <engine/ssr.h>
#include <stdio.h>
#include <time.h>

static ssr_store *title;
static ssr_query *idea, *votes;

static ssr_status load_idea(ssr_operation *operation, void *arg)
{
    (void)arg;
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL); /* a database, on a thread of the pool */
    return ssr_builder_string(ssr_operation_build(operation), "Ideas & more");
}

static ssr_status load_votes(ssr_operation *operation, void *arg)
{
    (void)arg;
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    return ssr_builder_integer(ssr_operation_build(operation), 42);
}

static ssr_status page(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    ssr_query_result found = ssr_query_integer(ctx, idea, 7, true);
    ssr_query_result counted = ssr_query_integer(ctx, votes, 7, true);
    ssr_html(ctx, "<h1>");
    ssr_text(ctx, ssr_get_string(ctx, title));
    ssr_html(ctx, "</h1><p>");
    ssr_text_json(ctx, counted.data);
    if (found.state == SSR_QUERY_READY)
        ssr_set_string(ctx, title, ssr_string(ctx, found.data)); /* the query feeds the store */
    return ssr_html(ctx, " votes</p>");
}

static int show(const ssr_engine *engine, ssr_pool *pool)
{
    ssr_request request = {.location = "/ideas/7", .deadline_ms = ssr_pool_now_ms() + 10000};
    ssr_render *render;
    ssr_status status = ssr_pool_run(pool, engine, page, NULL, &request, &render);
    if (status != SSR_OK)
        fprintf(stderr, "%s: %s\n", ssr_status_name(status), render ? ssr_render_result(render)->error : "");
    else
        printf("%u passes\n%s\n", ssr_render_result(render)->passes, ssr_render_result(render)->html);
    ssr_render_free(render);
    return status != SSR_OK;
}

int main(void)
{
    ssr_engine *engine;
    ssr_pool *pool = NULL;
    ssr_engine_new(NULL, &engine);
    ssr_registry *registry = ssr_engine_registry(engine);
    title = ssr_store_define(registry, "title", &(ssr_store_options){.default_string = "Untitled"});
    idea = ssr_query_define(registry, "idea", &(ssr_query_options){.load = load_idea});
    votes = ssr_query_define(registry, "votes", &(ssr_query_options){.load = load_votes, .timeout_ms = 5000});
    int failed = 1;
    if (ssr_engine_start(engine) == SSR_OK && ssr_pool_new(NULL, 4, 64, &pool) == SSR_OK)
        failed = show(engine, pool);
    ssr_pool_free(pool);
    ssr_engine_free(engine);
    return failed;
}
