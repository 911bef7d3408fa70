/*
 * A program as somebody writes it who has installed the library: engine and host helper, their own headers only. What
 * it prints is compared with consumer.txt, by consumer.sh, for each way to find the package.
 */
#include <engine/host/pool.h>
#include <engine/ssr.h>
#include <stdio.h>

static ssr_store *title;
static ssr_query *idea;

static ssr_status load_idea(ssr_operation *operation, void *arg)
{
    (void)arg;
    return ssr_builder_string(ssr_operation_build(operation), "Ideas & more");
}

static ssr_status page(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    ssr_html(ctx, "<h1>");
    ssr_text(ctx, ssr_get_string(ctx, title));
    ssr_html(ctx, "</h1>");
    ssr_query_result loaded = ssr_query_integer(ctx, idea, 1, true);
    if (loaded.state == SSR_QUERY_READY)
        ssr_set_string(ctx, title, ssr_string(ctx, loaded.data));
    return SSR_OK;
}

static ssr_status render(const ssr_engine *engine)
{
    ssr_pool *pool = NULL;
    ssr_render *render = NULL;
    ssr_status status = ssr_pool_new(NULL, 1, 1, &pool);
    if (status == SSR_OK)
        status = ssr_pool_run(pool, engine, page, NULL, NULL, &render);
    if (status == SSR_OK) {
        const ssr_result *result = ssr_render_result(render);
        printf("%s after %u passes: %s\n", ssr_outcome_name(result->outcome), result->passes, result->html);
    }
    ssr_render_free(render);
    ssr_pool_free(pool);
    return status;
}

int main(void)
{
    ssr_engine *engine = NULL;
    ssr_status status = ssr_engine_new(NULL, &engine);
    ssr_registry *registry = ssr_engine_registry(engine);
    title = ssr_store_define(registry, "title", &(ssr_store_options){.default_string = "Untitled"});
    idea = ssr_query_define(registry, "idea", &(ssr_query_options){.load = load_idea});
    if (status == SSR_OK)
        status = ssr_engine_start(engine);
    if (status == SSR_OK)
        status = render(engine);
    if (status != SSR_OK)
        fprintf(stderr, "%s: %s\n", ssr_status_name(status), ssr_status_advice(status));
    ssr_engine_free(engine);
    return status != SSR_OK;
}
