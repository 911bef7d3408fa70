/*
 * How the cost of a render grows: a tree of components, the last of which shows a store; and a page that reads many
 * stores. The argument is "N PASSES": with two passes the page sets one store at its end, so that one component, or one
 * value, is dirty.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "engine/ssr.h"

enum { CHILDREN = 10, KEEP = 64 << 20 };

struct tree_state {
    ssr_engine *engine;
    ssr_recycler *recycler;
    ssr_store **stores;
    ssr_component_definition *node; /* NULL: plain calls */
    unsigned size, passes;
};

/* A node and all below it, in document order. */
struct node {
    unsigned first, size;
};

static ssr_status show_node(ssr_ctx *ctx, const ssr_props *props, void *arg);

static void show(ssr_ctx *ctx, const struct tree_state *state, struct node node, char index)
{
    char key[2] = {index, '\0'};
    if (state->node)
        ssr_component_bytes(ctx, state->node, key, &node, sizeof node);
    else
        show_node(ctx, &(ssr_props){.bytes = &node, .size = sizeof node}, (void *)state);
}

/* What is below a node is dealt out to at most ten children. */
static void show_below(ssr_ctx *ctx, const struct tree_state *state, struct node node)
{
    unsigned first = node.first + 1, left = node.size - 1;
    for (unsigned children = left < CHILDREN ? left : CHILDREN; children > 0; children--) {
        unsigned size = left / children;
        show(ctx, state, (struct node){first, size}, (char)('a' + children));
        first += size;
        left -= size;
    }
}

static ssr_status show_node(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    const struct tree_state *state = arg;
    struct node node = *(const struct node *)props->bytes;
    ssr_html(ctx, "<div class=\"node\">");
    ssr_text(ctx, "One of many & still itself");
    if (node.size > 1)
        show_below(ctx, state, node);
    else if (node.first == state->size - 1)
        ssr_text_integer(ctx, ssr_get_integer(ctx, state->stores[0], 0));
    return ssr_html(ctx, "</div>");
}

static ssr_status tree_page(ssr_ctx *ctx, void *arg)
{
    const struct tree_state *state = arg;
    show(ctx, state, (struct node){0, state->size}, 'a');
    return state->passes > 1 ? ssr_set_integer(ctx, state->stores[0], 1) : SSR_OK;
}

/* ---- Stores ------------------------------------------------------------------------------------------------------ */

static ssr_status show_stores(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    const struct tree_state *state = arg;
    (void)props;
    for (unsigned i = 1; i < state->size; i++)
        ssr_text_integer(ctx, ssr_get_integer(ctx, state->stores[i], 0));
    return SSR_OK;
}

static ssr_status stores_page(ssr_ctx *ctx, void *arg)
{
    const struct tree_state *state = arg;
    ssr_text_integer(ctx, ssr_get_integer(ctx, state->stores[0], 0));
    if (state->node)
        ssr_component(ctx, state->node, NULL, ssr_input_null());
    else
        show_stores(ctx, NULL, arg);
    return state->passes > 1 ? ssr_set_integer(ctx, state->stores[0], 1) : SSR_OK;
}

/* ---- The measurements -------------------------------------------------------------------------------------------- */

static bool define_stores(struct tree_state *state, unsigned count)
{
    state->stores = calloc(count, sizeof *state->stores);
    for (unsigned i = 0; state->stores && i < count; i++) {
        char name[16];
        snprintf(name, sizeof name, "s%u", i);
        state->stores[i] = ssr_store_define(ssr_engine_registry(state->engine), name,
                                            &(ssr_store_options){.default_json = "0", .policy = SSR_LOCAL});
    }
    return state->stores;
}

static struct tree_state *begin(const char *argument)
{
    struct tree_state *state = calloc(1, sizeof *state);
    char *rest;
    if (!state || (state->size = (unsigned)strtoul(argument, &rest, 10)) == 0)
        return NULL;
    state->passes = (unsigned)strtoul(rest, NULL, 10);
    ssr_config config = ssr_config_default();
    config.limits.stores = config.limits.request_bytes = SSR_UNLIMITED;
    state->recycler = ssr_recycler_new(NULL, KEEP);
    return state->passes > 0 && ssr_engine_new(&config, &state->engine) == SSR_OK ? state : NULL;
}

static void *start(struct tree_state *state, unsigned stores, ssr_component_fn component)
{
    if (!state || !define_stores(state, stores))
        return NULL;
    if (component)
        state->node = ssr_component_define(ssr_engine_registry(state->engine), "node",
                                           &(ssr_component_options){component, state, false});
    return ssr_engine_start(state->engine) == SSR_OK ? state : NULL;
}

static void *begin_tree(const char *argument)
{
    return start(begin(argument), 1, NULL);
}

static void *begin_tree_boundaries(const char *argument)
{
    return start(begin(argument), 1, show_node);
}

static void *begin_stores(const char *argument)
{
    struct tree_state *state = begin(argument);
    return start(state, state ? state->size : 0, NULL);
}

static void *begin_stores_boundaries(const char *argument)
{
    struct tree_state *state = begin(argument);
    return start(state, state ? state->size : 0, show_stores);
}

static void render(struct tree_state *state, ssr_page_fn page, size_t times)
{
    while (times-- > 0) {
        ssr_render *render;
        ssr_request request = {.recycler = state->recycler};
        ssr_run(state->engine, page, state, &request, &render);
        if (ssr_render_result(render)->passes != state->passes)
            abort();
        ssr_render_free(render);
    }
}

static void run_tree(void *state, size_t times)
{
    render(state, tree_page, times);
}

static void run_stores(void *state, size_t times)
{
    render(state, stores_page, times);
}

static void end(void *opaque)
{
    struct tree_state *state = opaque;
    ssr_engine_free(state->engine);
    ssr_recycler_free(state->recycler);
    free(state->stores);
    free(state);
}

const struct bench tree_benches[] = {
    {"components", begin_tree, run_tree, NULL, end, false},
    {"components-boundaries", begin_tree_boundaries, run_tree, NULL, end, false},
    {"stores", begin_stores, run_stores, NULL, end, false},
    {"stores-boundaries", begin_stores_boundaries, run_stores, NULL, end, false},
};
const size_t tree_bench_count = sizeof tree_benches / sizeof *tree_benches;
