/*
 * The page of 4 KB: a header with a breadcrumb, 12 paragraphs, 8 list items, in 1, 2 or 26 passes. Everything counts:
 * request scope, staging, comparing, transfer element.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "engine/ssr.h"

struct page_state {
    ssr_engine *engine;
    ssr_store *title, *trail;
    int passes;
    double renders, allocations;
};

static const char paragraph[] =
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

static void show_header(ssr_ctx *ctx, const struct page_state *state)
{
    ssr_html(ctx, "<!doctype html><html lang=\"en\"><head><title>");
    ssr_text(ctx, ssr_get_string(ctx, state->title));
    ssr_html(ctx, "</title></head><body><header><nav>");
    for (ssr_json step = ssr_json_first(ssr_get_json(ctx, state->trail)); step.text; step = ssr_json_next(step)) {
        ssr_html(ctx, "<a href=\"");
        ssr_url(ctx, ssr_string(ctx, ssr_json_at(step, "/1")));
        ssr_html(ctx, "\">");
        ssr_text_json(ctx, ssr_json_at(step, "/0"));
        ssr_html(ctx, "</a>");
    }
    ssr_html(ctx, "</nav></header><main>");
}

static void set_header(ssr_ctx *ctx, const struct page_state *state)
{
    if (state->passes == 26)
        ssr_set_integer(ctx, state->title, ssr_pass(ctx)); /* never settles */
    else
        ssr_set_string(ctx, state->title, "One idea");
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
    show_header(ctx, state);
    if (state->passes > 1)
        set_header(ctx, state);
    for (int i = 0; i < 12; i++) {
        ssr_html(ctx, "<p>");
        ssr_text(ctx, paragraph);
        ssr_html(ctx, "</p>");
    }
    ssr_html(ctx, "<ul>");
    for (int i = 0; i < 8; i++) {
        ssr_html(ctx, "<li>");
        ssr_text(ctx, "An item of the list");
        ssr_html(ctx, "</li>");
    }
    return ssr_html(ctx, "</ul></main></body></html>");
}

static void *page_begin(const char *argument)
{
    struct page_state *state = calloc(1, sizeof *state);
    if (!state)
        return NULL;
    state->passes = atoi(argument);
    ssr_config config = ssr_config_default();
    config.allocator = (ssr_allocator){count_resize, &state->allocations};
    ssr_engine_new(&config, &state->engine);
    ssr_registry *registry = ssr_engine_registry(state->engine);
    state->title = ssr_store_define(registry, "title", &(ssr_store_options){.default_string = "Untitled"});
    state->trail = ssr_store_define(registry, "breadcrumb", &(ssr_store_options){.default_json = "[]"});
    return ssr_engine_start(state->engine) == SSR_OK ? state : NULL;
}

static void page_run(void *opaque, size_t times)
{
    struct page_state *state = opaque;
    state->allocations = 0;
    state->renders = (double)times;
    for (size_t i = 0; i < times; i++) {
        ssr_render *render;
        ssr_run(state->engine, page, state, NULL, &render);
        if ((int)ssr_render_result(render)->passes != state->passes)
            abort(); /* another page than the one to be measured */
        ssr_render_free(render);
    }
}

static double page_count(void *opaque)
{
    struct page_state *state = opaque;
    return state->allocations / state->renders;
}

static void page_end(void *opaque)
{
    struct page_state *state = opaque;
    ssr_engine_free(state->engine);
    free(state);
}

const struct bench page_bench = {"page", page_begin, page_run, page_count, page_end};
