/*
 * The page of 4 KB: a header with a breadcrumb, 12 paragraphs, 7 list items; 20 components where it has boundaries. The
 * argument is its number of passes: each but the last sets a title that the header of the next one shows. 26 never
 * settles. Everything counts: request scope, staging, comparing, transfer element.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "engine/ssr.h"

enum { PARAGRAPHS = 12, ITEMS = 7, NEVER = 26, KEEP = 1 << 20 };

struct page_state {
    ssr_engine *engine;
    ssr_recycler *recycler; /* NULL: every block is allocated */
    ssr_store *title, *trail;
    ssr_component_definition *header, *paragraph, *item; /* NULL: plain calls */
    int64_t passes;
    double renders, allocations;
};

static const char paragraph_text[] =
    "A layout renders above its page, but only the page, deep in the tree, often after a query, knows the breadcrumb, "
    "the title & the theme. It says \"set\", the layout says \"get\", and between the two there is one more pass, in "
    "which both agree on what the visitor is going to see.";

static void *count_resize(void *arg, void *pointer, size_t old_size, size_t new_size)
{
    (void)old_size;
    if (new_size == 0) {
        free(pointer);
        return NULL;
    }
    ++*(double *)arg;
    return realloc(pointer, new_size);
}

/* ---- The page ---------------------------------------------------------------------------------------------------- */

static ssr_status header(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    const struct page_state *state = arg;
    (void)props;
    ssr_html(ctx, "<header><h1>");
    ssr_text_integer(ctx, ssr_get_integer(ctx, state->title, 0));
    ssr_html(ctx, "</h1><nav>");
    for (ssr_json step = ssr_json_first(ssr_get_json(ctx, state->trail)); step.text; step = ssr_json_next(step)) {
        ssr_html(ctx, "<a href=\"");
        ssr_url(ctx, ssr_string(ctx, ssr_json_at(step, "/1")));
        ssr_html(ctx, "\">");
        ssr_text_json(ctx, ssr_json_at(step, "/0"));
        ssr_html(ctx, "</a>");
    }
    return ssr_html(ctx, "</nav></header>");
}

static ssr_status paragraph(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props;
    (void)arg;
    ssr_html(ctx, "<p>");
    ssr_text(ctx, paragraph_text);
    return ssr_html(ctx, "</p>");
}

static ssr_status item(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props;
    (void)arg;
    ssr_html(ctx, "<li>");
    ssr_text(ctx, "An item of the list");
    return ssr_html(ctx, "</li>");
}

/* Through its boundary where there is one. */
static void show(ssr_ctx *ctx, ssr_component_fn fn, const ssr_component_definition *component, int index, void *arg)
{
    char key[2] = {(char)('a' + index), '\0'};
    if (component)
        ssr_component_bytes(ctx, component, key, &index, sizeof index);
    else
        fn(ctx, &(ssr_props){.bytes = &index, .size = sizeof index}, arg);
}

static void set_header(ssr_ctx *ctx, const struct page_state *state)
{
    int64_t next = ssr_get_integer(ctx, state->title, 0) + 1;
    ssr_set_integer(ctx, state->title, next < state->passes || state->passes == NEVER ? next : state->passes - 1);
    ssr_builder *builder = ssr_build(ctx);
    ssr_builder_begin_array(builder);
    ssr_builder_begin_array(builder);
    ssr_builder_string(builder, "Ideas");
    ssr_builder_string(builder, "/ideas");
    ssr_builder_end_array(builder);
    ssr_builder_end_array(builder);
    ssr_set_built(ctx, state->trail);
}

static ssr_status page(ssr_ctx *ctx, void *arg)
{
    const struct page_state *state = arg;
    ssr_html(ctx, "<!doctype html><html lang=\"en\"><head><title>Ideas</title></head><body>");
    show(ctx, header, state->header, 0, arg);
    ssr_html(ctx, "<main>");
    if (state->passes > 1)
        set_header(ctx, state);
    for (int i = 0; i < PARAGRAPHS; i++)
        show(ctx, paragraph, state->paragraph, i, arg);
    ssr_html(ctx, "<ul>");
    for (int i = 0; i < ITEMS; i++)
        show(ctx, item, state->item, i, arg);
    return ssr_html(ctx, "</ul></main></body></html>");
}

/* ---- The measurements -------------------------------------------------------------------------------------------- */

static void ignore_error(void *arg, const char *category, const char *line)
{
    (void)arg;
    (void)category;
    (void)line;
}

static void format_json(void *arg, ssr_record *record)
{
    size_t length;
    (void)arg;
    if (!ssr_record_json(record, &length) || length == 0)
        abort();
}

static void format_text(void *arg, ssr_record *record)
{
    size_t length;
    (void)arg;
    if (!ssr_record_text(record, &length) || length == 0)
        abort();
}

static void *begin(const char *argument, bool has_boundaries, bool is_recycled, ssr_log log)
{
    struct page_state *state = calloc(1, sizeof *state);
    if (!state || (state->passes = atoi(argument)) <= 0)
        return NULL;
    ssr_config config = ssr_config_default();
    config.allocator = (ssr_allocator){count_resize, &state->allocations};
    config.log = log;
    ssr_engine_new(&config, &state->engine);
    ssr_registry *registry = ssr_engine_registry(state->engine);
    state->title = ssr_store_define(registry, "title", &(ssr_store_options){.default_json = "0"});
    state->trail = ssr_store_define(registry, "breadcrumb", &(ssr_store_options){.default_json = "[]"});
    if (has_boundaries) {
        state->header = ssr_component_define(registry, "header", &(ssr_component_options){header, state, false});
        state->paragraph =
            ssr_component_define(registry, "paragraph", &(ssr_component_options){paragraph, NULL, false});
        state->item = ssr_component_define(registry, "item", &(ssr_component_options){item, NULL, false});
    }
    state->recycler = is_recycled ? ssr_recycler_new(&config.allocator, KEEP) : NULL;
    return ssr_engine_start(state->engine) == SSR_OK ? state : NULL;
}

static void *begin_plain(const char *argument)
{
    return begin(argument, false, true, (ssr_log){0});
}

static void *begin_boundaries(const char *argument)
{
    return begin(argument, true, true, (ssr_log){0});
}

static void *begin_allocating(const char *argument)
{
    return begin(argument, false, false, (ssr_log){0});
}

static void *begin_json(const char *argument)
{
    return begin(argument, false, true, (ssr_log){.error = ignore_error, .record = format_json});
}

static void *begin_text(const char *argument)
{
    return begin(argument, false, true, (ssr_log){.error = ignore_error, .record = format_text});
}

static void run(void *opaque, size_t times)
{
    struct page_state *state = opaque;
    state->allocations = 0;
    state->renders = (double)times;
    for (size_t i = 0; i < times; i++) {
        ssr_render *render;
        ssr_request request = {.recycler = state->recycler};
        ssr_run(state->engine, page, state, &request, &render);
        if (ssr_render_result(render)->passes != state->passes)
            abort(); /* another page than the one to be measured */
        ssr_render_free(render);
    }
}

static double count(void *opaque)
{
    struct page_state *state = opaque;
    return state->allocations / state->renders;
}

static void end(void *opaque)
{
    struct page_state *state = opaque;
    ssr_engine_free(state->engine);
    ssr_recycler_free(state->recycler);
    free(state);
}

const struct bench page_benches[] = {
    {"page", begin_plain, run, count, end, false},
    {"page-boundaries", begin_boundaries, run, count, end, false},
    {"page-allocating", begin_allocating, run, count, end, false},
    {"page-record-json", begin_json, run, count, end, false},
    {"page-record-text", begin_text, run, count, end, false},
};
const size_t page_bench_count = sizeof page_benches / sizeof *page_benches;
