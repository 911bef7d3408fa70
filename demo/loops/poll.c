/*
 * poll(2): several renders in flight on one thread, loaders in the pool, answers back through the waker.
 */
#include <engine/host/pool.h>
#include <engine/host/waker.h>
#include <engine/ssr.h>
#include <poll.h>
#include <stdio.h>

static ssr_store *title;
static ssr_query *idea;
static ssr_pool *pool;
static ssr_waker *waker;
static int running = 3;

static ssr_status load_idea(ssr_operation *operation, void *arg)
{
    (void)arg;
    poll(NULL, 0, 20); /* a database, on a thread of the pool */
    return ssr_builder_string(ssr_operation_build(operation), "Ideas & more");
}

static ssr_status page(ssr_ctx *ctx, void *number)
{
    ssr_query_result found = ssr_query_integer(ctx, idea, *(int *)number, true);
    ssr_html(ctx, "<h1>");
    ssr_text(ctx, ssr_get_string(ctx, title));
    if (found.state == SSR_QUERY_READY)
        ssr_set_string(ctx, title, ssr_string(ctx, found.data)); /* the query feeds the store */
    return ssr_html(ctx, "</h1>");
}

static struct visit {
    int number;
    ssr_render *render;
    ssr_waker_entry entry;
} visits[3];

static void go_on(struct visit *visit)
{
    while (ssr_render_step(visit->render, ssr_pool_now_ms()) == SSR_STEP_AGAIN)
        continue;
    for (ssr_operation *operation; (operation = ssr_render_next_operation(visit->render)) != NULL;)
        if (ssr_pool_submit(pool, operation) != SSR_OK)
            ssr_operation_run(operation); /* the queue is full: this thread helps out */
    const ssr_result *result = ssr_render_result(visit->render);
    if (!result)
        return;
    printf("visit %d: %u passes, %s\n", visit->number, result->passes, result->html);
    ssr_render_free(visit->render);
    ssr_waker_forget(&visit->entry); /* not before: a late answer could still wake it */
    running--;
}

int main(void)
{
    ssr_engine *engine;
    ssr_engine_new(NULL, &engine);
    title = ssr_store_define(ssr_engine_registry(engine), "title", &(ssr_store_options){.default_string = "Untitled"});
    idea = ssr_query_define(ssr_engine_registry(engine), "idea", &(ssr_query_options){.load = load_idea});
    if (ssr_engine_start(engine) != SSR_OK || ssr_pool_new(NULL, 4, 64, &pool) != SSR_OK ||
        ssr_waker_new(NULL, &waker) != SSR_OK)
        return 1;
    for (int i = 0; i < 3; i++) {
        visits[i] = (struct visit){.number = i + 1, .entry = {.waker = waker, .data = &visits[i]}};
        ssr_request request = {.wake = ssr_waker_wake, .wake_arg = &visits[i].entry};
        if (ssr_render_new(engine, page, &visits[i].number, &request, &visits[i].render) != SSR_OK)
            return 1;
        go_on(&visits[i]);
    }
    struct pollfd ready = {.fd = ssr_waker_descriptor(waker), .events = POLLIN}; /* and a server's sockets */
    while (running > 0) {
        poll(&ready, 1, -1); /* -1: these renders have no deadline; else the least ssr_render_timeout_ms */
        for (ssr_waker_entry *entry; (entry = ssr_waker_next(waker)) != NULL;)
            go_on(entry->data);
    }
    ssr_pool_free(pool);
    ssr_waker_free(waker);
    ssr_engine_free(engine);
}
