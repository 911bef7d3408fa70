/*
 * demo/site.c - the application. A request is answered by a file of the program, or else by a render of its route;
 * what is posted by its handler; a redirect becomes an answer without a body, and a render that ended in an error one
 * fixed page, while what went wrong goes to the log alone. What always holds: a response has a status exactly when it
 * is complete.
 */
#include "demo/site.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "demo/embedded.h"
#include "demo/layout.h"
#include "demo/likes.h"
#include "demo/lua_site.h"
#include "demo/posts.h"
#include "demo/routes.h"

#define HTML "text/html; charset=utf-8"

/* What loads at once, and what may wait for that: each connection of the server a few times over. */
#define LOADER_THREADS 8
#define LOADER_QUEUE 1024

/* What ended renders leave to the next ones, at most. */
#define KEPT_BYTES (1 << 20)

static int64_t unix_milliseconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- Opening ----------------------------------------------------------------------------------------------------- */

/* Without the kernel's help, at least one that moves. */
static uint64_t random_number(void)
{
    uint64_t number;

    if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
        number = (uint64_t)unix_milliseconds();
    return number;
}

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

static bool start_engine(struct site *site, const ssr_config *config, bool is_behind_tls)
{
    ssr_status status = ssr_engine_new(config, &site->engine);
    ssr_registry *registry = ssr_engine_registry(site->engine);

    if (status != SSR_OK)
        return refuse("cannot make an engine", ssr_status_advice(status));
    stores_define(registry, &site->stores);
    queries_define(registry, &site->loading, &site->queries);
    cookies_define(registry, is_behind_tls, &site->cookies);
    lua_site_define(registry);
    site->likes = likes_define(registry, is_behind_tls);
    site->bar = layout_define(registry);
    if (ssr_engine_start(site->engine) != SSR_OK)
        return refuse("cannot start the engine", ssr_registry_error(registry));
    site->declared = declared_new(registry);
    site->lua = lua_site_open(registry);
    return (site->declared && site->lua) || refuse("cannot prepare the pages", "out of memory");
}

bool site_open(struct site *site, const ssr_config *config, const struct options *options, struct live *live)
{
    ssr_status status;

    *site = (struct site){.limits = config->limits, .last_seed = random_number(), .log = options->log, .live = live};
    if (!browser_files_open(&site->browser, options->island_path))
        return false;
    if (!open_data(site, options->loader_delay_ms) || !start_engine(site, config, options->is_behind_tls))
        return false;
    site->recycler = ssr_recycler_new(NULL, KEPT_BYTES);
    status = ssr_pool_new(NULL, LOADER_THREADS, LOADER_QUEUE, &site->pool);
    return status == SSR_OK || refuse("cannot start the loaders' threads", ssr_status_advice(status));
}

/* The pool first: its loaders use all the rest. */
void site_close(struct site *site)
{
    ssr_pool_free(site->pool);
    ssr_recycler_free(site->recycler);
    lua_site_close(site->lua);
    declared_free(site->declared);
    ssr_engine_free(site->engine);
    data_close(site->loading.data);
    browser_files_close(&site->browser);
}

/* ---- Files ------------------------------------------------------------------------------------------------------- */

static const struct file files[] = {
    {"/style.css", "text/css; charset=utf-8", &embedded_style_css},
    {"/favicon.svg", "image/svg+xml", &embedded_favicon_svg},
};

static const struct file *find_file(const struct site *site, const char *path)
{
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (strcmp(files[i].path, path) == 0)
            return &files[i];
    }
    return browser_files_find(&site->browser, path);
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

/* The name of a request in the log: its seed in sixteen digits. */
static void write_id(char *id, uint64_t seed)
{
    size_t length = 16;

    id[length] = '\0';
    for (; length-- > 0; seed >>= 4)
        id[length] = "0123456789abcdef"[seed & 15];
}

/*
 * No deadline, and no query has a timeout: a render that waits need only be woken by answers. Seeds follow each other,
 * as the numbers made from them need only differ: whatever must not be guessed is made with a key of the cookies.
 */
static ssr_request describe(struct site *site, struct response *response)
{
    const struct request *request = response->request;

    write_id(response->id, ++site->last_seed);
    return (ssr_request){.id = response->id,
                         .location = request->target,
                         .cookie_headers = request->cookies,
                         .cookie_header_count = request->cookie_count,
                         .host = &response->visit,
                         .now_ms = unix_milliseconds(),
                         .seed = site->last_seed,
                         .recycler = site->recycler,
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

/* Then the limit that was reached is the visitor's doing. */
static bool brings_too_many_cookies(const struct request *request, const ssr_limits *limits)
{
    uint64_t count = 0, bytes = 0;

    for (size_t i = 0; i < request->cookie_count; i++) {
        const char *header = request->cookies[i];
        size_t length = strlen(header);
        ssr_cookie_pair pair;

        bytes += length;
        while (ssr_cookie_next(&header, &length, &pair))
            count++;
    }
    return count > limits->cookies || bytes > limits->cookie_bytes;
}

/* The render has ended; its result says how. RFC 6585 5. */
static void answer_with_result(const struct site *site, struct response *response)
{
    const ssr_result *result = ssr_render_result(response->render);

    if (result->error_status == SSR_E_LIMIT && brings_too_many_cookies(response->request, &site->limits)) {
        response_refuse(response, 431, "Your browser sent too many cookies: delete those of this site.\n");
        return;
    }
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
    if (result->has_document)
        live_add_badge(response);
}

/* ---- Answers ----------------------------------------------------------------------------------------------------- */

static void find_page(struct site *site, struct visit *visit, char *path)
{
    bool is_lua = lua_site_cut_path(path);

    visit->stores = &site->stores;
    visit->queries = &site->queries;
    visit->cookies = &site->cookies;
    visit->likes = site->likes;
    visit->bar = site->bar;
    visit->has_island = site->browser.island.bytes;
    visit->lua = is_lua ? site->lua : NULL;
    visit->root = is_lua ? LUA_ROOT : "";
    visit->route = routes_find(path, &visit->id);
}

/* route NULL: a file. RFC 9110 15.5.6. */
static void refuse_method(struct response *response, const struct route *route)
{
    bool can_get = !route || route->page, can_post = route && route->post;

    response_refuse(response, 405, "This address has no answer to that method.\n");
    response->allow = !can_get ? "POST" : can_post ? "GET, HEAD, POST" : "GET, HEAD";
}

/* Complete when no page is to be rendered; otherwise it is known which. */
static struct response *begin(struct site *site, const struct request *request)
{
    bool is_post = strcmp(request->method, "POST") == 0;
    bool is_get = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
    struct response *response = response_new(request);
    const struct file *file;
    bool is_live;
    char path[256];

    if (!response)
        return NULL;
    if (!routes_path(request->target, path, sizeof path))
        *path = '\0';
    file = strchr(path, '.') ? find_file(site, path) : NULL; /* no page has one in its path */
    is_live = live_has(site->live, path);
    if (!file && !is_live)
        find_page(site, &response->visit, path);
    const struct route *route = response->visit.route;

    if (file && is_get)
        answer_with_file(response, file);
    else if (is_live && is_get)
        live_answer(site->live, response, path);
    else if (is_post && route && route->post)
        posts_answer(response, request, unix_milliseconds());
    else if (!is_get || (route && !route->page))
        refuse_method(response, route);
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

struct response *site_get(struct site *site, const struct request *request)
{
    struct response *response = begin(site, request);

    if (!response || response->status)
        return response;
    ssr_request wanted = describe(site, response);

    note_start(site, response,
               ssr_pool_run(site->pool, site->engine, page_of(response), &response->visit, &wanted, &response->render));
    if (response->render)
        answer_with_result(site, response);
    return response;
}

struct response *site_begin(struct site *site, const struct request *request, void (*wake)(void *arg), void *wake_arg)
{
    struct response *response = begin(site, request);

    if (!response || response->status)
        return response;
    ssr_request wanted = describe(site, response);

    wanted.wake = wake;
    wanted.wake_arg = wake_arg;
    note_start(site, response,
               ssr_render_new(site->engine, page_of(response), &response->visit, &wanted, &response->render));
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
    for (int64_t now_ms = ssr_pool_now_ms(); step == SSR_STEP_AGAIN;)
        step = ssr_render_step(response->render, now_ms);
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
