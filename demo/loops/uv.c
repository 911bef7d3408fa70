/*
 * libuv: a loader is uv work, a wake is a uv_async; all else is on the loop's thread. The render goes before its async.
 */
#include <engine/ssr.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

static ssr_store *title;
static ssr_query *idea;

static ssr_status load_idea(ssr_operation *operation, void *arg)
{
    (void)arg;
    uv_sleep(20); /* a database, on a thread of libuv */
    return ssr_builder_string(ssr_operation_build(operation), "Ideas & more");
}

static ssr_status page(ssr_ctx *ctx, void *number)
{
    ssr_query_result found = ssr_query_get(ctx, idea, number, true);
    ssr_html(ctx, "<h1>");
    ssr_text(ctx, ssr_get_string(ctx, title));
    if (found.state == SSR_QUERY_READY)
        ssr_set_string(ctx, title, ssr_string(ctx, found.data)); /* the query feeds the store */
    return ssr_html(ctx, "</h1>");
}

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
    while (ssr_render_step(render, (int64_t)uv_now(woken->loop)) == SSR_STEP_AGAIN)
        continue;
    for (ssr_operation *operation; (operation = ssr_render_next_operation(render)) != NULL;) {
        uv_work_t *work = malloc(sizeof *work);
        if (!work)
            ssr_operation_answer(operation, SSR_E_NOMEM);
        else
            work->data = operation, uv_queue_work(woken->loop, work, run_loader, free_work);
    }
    if (!ssr_render_result(render))
        return;
    printf("%u passes, %s\n", ssr_render_result(render)->passes, ssr_render_result(render)->html);
    ssr_render_free(render);
    uv_close((uv_handle_t *)woken, NULL);
}

int main(void)
{
    ssr_engine *engine;
    ssr_render *render;
    uv_async_t woken;
    ssr_engine_new(NULL, &engine);
    title = ssr_store_define(ssr_engine_registry(engine), "title", &(ssr_store_options){.default_string = "Untitled"});
    idea = ssr_query_define(ssr_engine_registry(engine), "idea", &(ssr_query_options){.load = load_idea});
    ssr_request request = {.wake = wake, .wake_arg = &woken};
    if (ssr_engine_start(engine) != SSR_OK || ssr_render_new(engine, page, "7", &request, &render) != SSR_OK)
        return 1;
    uv_async_init(uv_default_loop(), &woken, go_on);
    woken.data = render;
    go_on(&woken);
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    ssr_engine_free(engine);
}
