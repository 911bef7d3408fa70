/*
 * demo/site.c - the application. A request is answered by a file of the program, or else by a render of its route;
 * a redirect becomes an answer without a body, and a render that ended in an error one fixed page, while what went
 * wrong goes to the log alone. What always holds: a response has a status exactly when it is complete.
 */
#include "demo/site.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "demo/embedded.h"
#include "demo/layout.h"
#include "demo/lua_site.h"
#include "demo/routes.h"

#define HTML "text/html; charset=utf-8"

/* What loads at once, and what may wait for that: each connection of the server a few times over. */
#define LOADER_THREADS 8
#define LOADER_QUEUE 1024

/* ---- Opening ----------------------------------------------------------------------------------------------------- */

static bool refuse(const char *what, const char *why)
{
    fprintf(stderr, "ssrdemo: %s: %s\n", what, why);
    return false;
}

static bool open_data(struct site *site, unsigned loader_delay_ms)
{
    const char *error;

    site->loading = (struct loading){.data = data_open(embedded_ideas_sql.bytes, &error), .delay_ms = loader_delay_ms};
    return site->loading.data || refuse("cannot open the database", error);
}

static bool start_engine(struct site *site, const ssr_config *config)
{
    ssr_status status = ssr_engine_new(config, &site->engine);
    ssr_registry *registry = ssr_engine_registry(site->engine);

    if (status != SSR_OK)
        return refuse("cannot make an engine", ssr_status_advice(status));
    stores_define(registry, &site->stores);
    queries_define(registry, &site->loading, &site->queries);
    if (ssr_engine_start(site->engine) != SSR_OK)
        return refuse("cannot start the engine", ssr_registry_error(registry));
    site->declared = declared_new(registry);
    site->lua = lua_site_open(registry);
    return (site->declared && site->lua) || refuse("cannot prepare the pages", "out of memory");
}

bool site_open(struct site *site, const ssr_config *config, const struct options *options)
{
    ssr_status status;

    *site = (struct site){.log = options->log};
    if (!open_data(site, options->loader_delay_ms) || !start_engine(site, config))
        return false;
    status = ssr_pool_new(NULL, LOADER_THREADS, LOADER_QUEUE, &site->pool);
    return status == SSR_OK || refuse("cannot start the loaders' threads", ssr_status_advice(status));
}

/* The pool first: its loaders use all the rest. */
void site_close(struct site *site)
{
    ssr_pool_free(site->pool);
    lua_site_close(site->lua);
    declared_free(site->declared);
    ssr_engine_free(site->engine);
    data_close(site->loading.data);
}

/* ---- Files ------------------------------------------------------------------------------------------------------- */

static const struct file {
    const char *path, *content_type;
    const struct embedded *content;
} files[] = {
    {"/style.css", "text/css; charset=utf-8", &embedded_style_css},
    {"/favicon.svg", "image/svg+xml", &embedded_favicon_svg},
};

static const struct file *find_file(const char *path)
{
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (strcmp(files[i].path, path) == 0)
            return &files[i];
    }
    return NULL;
}

static void answer_with_file(struct response *response, const struct file *file)
{
    response->status = 200;
    response->content_type = file->content_type;
    response->cache_control = "public, max-age=300";
    response->body = file->content->bytes;
    response->length = file->content->size;
}

/* ---- Pages ------------------------------------------------------------------------------------------------------- */

static int64_t unix_milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Also the request's name in the log; without the kernel's help, at least a number that moves. */
static uint64_t random_seed(void)
{
    uint64_t seed;

    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = (uint64_t)unix_milliseconds();
    return seed;
}

/* No deadline, and no query has a timeout: a render that waits need only be woken by answers. */
static ssr_request describe(struct site *site, struct response *response)
{
    uint64_t seed = random_seed();

    snprintf(response->id, sizeof response->id, "%016" PRIx64, seed);
    return (ssr_request){.id = response->id,
                         .location = response->target,
                         .now_ms = unix_milliseconds(),
                         .seed = seed,
                         .find_route = declared_find,
                         .find_route_arg = site->declared};
}

static void answer_with_error(const struct site *site, struct response *response, ssr_status status, const char *error)
{
    char line[512];

    snprintf(line, sizeof line, "request %s has no document: %s", response->id, error);
    log_error(site->log, "demo", line);
    response->status = status == SSR_E_CANCELLED || status == SSR_E_DEADLINE ? 503 : 500;
    response->content_type = HTML;
    response->cache_control = "no-store";
    response->body = embedded_error_html.bytes;
    response->length = embedded_error_html.size;
}

/* The render has ended; its result says how. */
static void answer_with_result(const struct site *site, struct response *response)
{
    const ssr_result *result = ssr_render_result(response->render);

    if (result->error_status != SSR_OK) {
        answer_with_error(site, response, result->error_status, result->error);
        return;
    }
    response->status = result->status;
    response->cache_control = result->cache_control;
    response->redirect_to = result->redirect_to;
    response->content_type = result->has_document ? HTML : NULL;
    response->body = result->html;
    response->length = result->html_length;
}

/* ---- Answers ----------------------------------------------------------------------------------------------------- */

/* Complete when it is a file; otherwise its page is known. */
static struct response *begin(struct site *site, const char *target)
{
    struct response *response = response_new(target);
    const struct file *file;
    char path[256];

    if (!response)
        return NULL;
    if (!routes_path(target, path, sizeof path))
        *path = '\0';
    file = find_file(path);
    if (file) {
        answer_with_file(response, file);
        return response;
    }
    response->visit.stores = &site->stores;
    response->visit.queries = &site->queries;
    if (lua_site_cut_path(path))
        response->visit.lua = site->lua;
    response->visit.route = routes_find(path, &response->visit.id);
    return response;
}

static ssr_page_fn page_of(const struct response *response)
{
    return response->visit.lua ? lua_site_render : layout_render;
}

/* After a call that makes a render, or could not. */
static void note_start(const struct site *site, struct response *response, ssr_status status)
{
    if (!response->render)
        answer_with_error(site, response, status, ssr_status_advice(status));
}

struct response *site_get(struct site *site, const char *target)
{
    struct response *response = begin(site, target);

    if (!response || response->status)
        return response;
    ssr_request request = describe(site, response);

    note_start(
        site, response,
        ssr_pool_run(site->pool, site->engine, page_of(response), &response->visit, &request, &response->render));
    if (response->render)
        answer_with_result(site, response);
    return response;
}

struct response *site_begin(struct site *site, const char *target, void (*wake)(void *arg), void *wake_arg)
{
    struct response *response = begin(site, target);

    if (!response || response->status)
        return response;
    ssr_request request = describe(site, response);

    request.wake = wake;
    request.wake_arg = wake_arg;
    note_start(site, response,
               ssr_render_new(site->engine, page_of(response), &response->visit, &request, &response->render));
    return response;
}

/* Where the queue is full, this thread does a loader's work. */
static void hand_out_operations(struct site *site, ssr_render *render)
{
    for (ssr_operation *operation; (operation = ssr_render_next_operation(render)) != NULL;) {
        ssr_status status = ssr_pool_submit(site->pool, operation);

        if (status == SSR_E_QUEUE_FULL)
            ssr_operation_run(operation);
        else if (status != SSR_OK)
            ssr_operation_answer(operation, status);
    }
}

bool site_continue(struct site *site, struct response *response)
{
    ssr_step step = SSR_STEP_AGAIN;

    if (response->status)
        return true;
    while (step == SSR_STEP_AGAIN)
        step = ssr_render_step(response->render, ssr_pool_now_ms());
    if (step == SSR_STEP_WAITING)
        hand_out_operations(site, response->render);
    else
        answer_with_result(site, response);
    return step == SSR_STEP_ENDED;
}

void site_give_up(struct site *site, struct response *response)
{
    if (response->status)
        return;
    ssr_render_cancel(response->render);
    site_continue(site, response);
}
