/*
 * demo/site.c - the application. A request is answered by a file of the program, or else by a render of its route;
 * a render that ends without a document becomes one fixed page, and what went wrong goes to the log alone.
 */
#include "demo/site.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "demo/embedded.h"
#include "demo/layout.h"
#include "demo/routes.h"

#define HTML "text/html; charset=utf-8"

/* ---- Opening ----------------------------------------------------------------------------------------------------- */

static void define_stores(ssr_registry *registry, struct stores *stores)
{
    stores->title = ssr_store_define(registry, "page.title", &(ssr_store_options){.default_string = "Second Pass"});
    stores->description = ssr_store_define(
        registry, "page.description",
        &(ssr_store_options){.default_string = "A small site about ideas, rendered until every page has settled."});
    stores->breadcrumb =
        ssr_store_define(registry, "breadcrumb", &(ssr_store_options){.default_json = "[[\"Start\",null]]"});
    stores->notice = ssr_store_define(registry, "notice", NULL);
}

static bool start_engine(struct site *site, const ssr_config *config)
{
    ssr_registry *registry;

    if (ssr_engine_new(config, &site->engine) != SSR_OK) {
        fputs("ssrdemo: out of memory\n", stderr);
        return false;
    }
    registry = ssr_engine_registry(site->engine);
    define_stores(registry, &site->stores);
    if (ssr_engine_start(site->engine) == SSR_OK)
        return true;
    fprintf(stderr, "ssrdemo: %s\n", ssr_registry_error(registry));
    return false;
}

bool site_open(struct site *site, const ssr_config *config, enum log_format log)
{
    const char *error;

    *site = (struct site){.log = log};
    if (!start_engine(site, config))
        return false;
    site->data = data_open(embedded_ideas_sql.bytes, &error);
    if (!site->data)
        fprintf(stderr, "ssrdemo: cannot open the database: %s\n", error);
    return site->data;
}

void site_close(struct site *site)
{
    ssr_engine_free(site->engine);
    data_close(site->data);
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

static void answer_with_error(const struct site *site, struct response *response, ssr_status status)
{
    const ssr_result *result = response->render ? ssr_render_result(response->render) : NULL;
    char line[512];

    snprintf(line, sizeof line, "request %s has no document: %s", response->id,
             result ? result->error : ssr_status_advice(status));
    log_error(site->log, "demo", line);
    response->status = 500;
    response->cache_control = "no-store";
    response->body = embedded_error_html.bytes;
    response->length = embedded_error_html.size;
}

static void answer_with_page(struct site *site, struct response *response)
{
    uint64_t seed = random_seed();
    ssr_request request = {
        .id = response->id, .location = response->target, .now_ms = unix_milliseconds(), .seed = seed};
    const ssr_result *result;
    ssr_status status;

    snprintf(response->id, sizeof response->id, "%016" PRIx64, seed);
    response->visit.stores = &site->stores;
    response->visit.data = site->data;
    response->content_type = HTML;
    status = ssr_run(site->engine, layout_render, &response->visit, &request, &response->render);
    if (status != SSR_OK) {
        answer_with_error(site, response, status);
        return;
    }
    result = ssr_render_result(response->render);
    response->status = result->status;
    response->cache_control = result->cache_control;
    response->body = result->html;
    response->length = result->html_length;
}

struct response *site_get(struct site *site, const char *target)
{
    struct response *response = response_new(target);
    struct visit *visit;
    const struct file *file;
    char path[256];

    if (!response)
        return NULL;
    visit = &response->visit;
    if (!routes_path(target, path, sizeof path))
        *path = '\0';
    file = find_file(path);
    if (file) {
        answer_with_file(response, file);
        return response;
    }
    visit->route = routes_find(path, &visit->id);
    answer_with_page(site, response);
    return response;
}
