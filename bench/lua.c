/*
 * The page of 4 KB from Lua templates: the same header, paragraphs and items as in page.c, each a template. The
 * argument is its number of passes, 1 or 2: the ideas set the breadcrumb that the header above them shows. The Lua
 * state and its compiled templates are kept from render to render, as a server keeps them.
 */
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "demo/lua_renderer.h"

enum { KEEP = 1 << 20, LUA_BYTES = 16 << 20, INSTRUCTIONS = 10000000 };

#define PARAGRAPH                                                                                                    \
    "A layout renders above its page, but only the page, deep in the tree, often after a query, knows the "          \
    "breadcrumb, the title & the theme. It says \"set\", the layout says \"get\", and between the two there is one " \
    "more pass, in which both agree on what the visitor is going to see."

#define TEMPLATE(name, text)         \
    {                                \
        name, text, sizeof(text) - 1 \
    }

/* `part` is component, or include where the page has no boundaries. */
static const struct lua_template templates[] = {
    TEMPLATE("layout.html", "<% local part = props.bounded and component or include %>"
                            "<!doctype html><html lang=\"en\"><head><title>Ideas</title></head><body>"
                            "<% part(\"header.html\") %><main><% part(\"ideas.html\", props) %></main></body></html>"),
    TEMPLATE("header.html", "<header><h1>Ideas</h1><nav>"
                            "<% for _, step in ipairs(get(\"breadcrumb\")) do %>"
                            "<a href=\"<% url(step[2]) %>\"><%= step[1] %></a><% end %></nav></header>"),
    TEMPLATE("ideas.html", "<% local part = props.bounded and component or include %>"
                           "<% if props.sets then set(\"breadcrumb\", {{\"Ideas\", \"/ideas\"}}) end %>"
                           "<% for i = 1, 12 do part(\"paragraph.html\", i, \"p\" .. i) end %>"
                           "<ul><% for i = 1, 7 do part(\"item.html\", i, \"i\" .. i) end %></ul>"),
    TEMPLATE("paragraph.html", "<p><%= [[" PARAGRAPH "]] %></p>"),
    TEMPLATE("item.html", "<li><%= [[An item of the list]] %></li>"),
};

struct lua_state {
    ssr_engine *engine;
    ssr_recycler *recycler;
    struct lua_renderer *renderer;
    ssr_value *props;
    unsigned passes;
};

static ssr_status page(ssr_ctx *ctx, void *arg)
{
    const struct lua_state *state = arg;
    struct lua_page page = {"layout.html", "ideas.html", ssr_value_json(state->props), NULL};
    return lua_renderer_page(state->renderer, ctx, &page);
}

static bool start(struct lua_state *state)
{
    ssr_engine_new(NULL, &state->engine);
    ssr_registry *registry = ssr_engine_registry(state->engine);
    ssr_store_define(registry, "breadcrumb", &(ssr_store_options){.default_json = "[]"});
    for (size_t i = 1; i < sizeof templates / sizeof *templates; i++)
        lua_renderer_define(registry, templates[i].name);
    if (ssr_engine_start(state->engine) != SSR_OK)
        return false;
    struct lua_renderer_options options = {.registry = registry,
                                           .templates = templates,
                                           .template_count = sizeof templates / sizeof *templates,
                                           .memory_bytes = LUA_BYTES,
                                           .instructions = INSTRUCTIONS};
    state->renderer = lua_renderer_new(&options);
    return state->renderer != NULL;
}

static void *begin(const char *argument, bool is_bounded)
{
    struct lua_state *state = calloc(1, sizeof *state);
    if (!state || (state->passes = (unsigned)atoi(argument)) - 1 > 1 || !start(state))
        return NULL;
    state->recycler = ssr_recycler_new(NULL, KEEP);
    ssr_builder *props = ssr_builder_new(NULL);
    ssr_builder_begin_object(props);
    ssr_builder_key(props, "bounded");
    ssr_builder_boolean(props, is_bounded);
    ssr_builder_key(props, "sets");
    ssr_builder_boolean(props, state->passes == 2);
    ssr_builder_end_object(props);
    ssr_status status = ssr_builder_finish(props, &state->props);
    ssr_builder_free(props);
    return status == SSR_OK ? state : NULL;
}

static void *begin_plain(const char *argument)
{
    return begin(argument, false);
}

static void *begin_boundaries(const char *argument)
{
    return begin(argument, true);
}

static void run(void *opaque, size_t times)
{
    struct lua_state *state = opaque;
    for (size_t i = 0; i < times; i++) {
        ssr_render *render;
        ssr_run(state->engine, page, state, &(ssr_request){.recycler = state->recycler}, &render);
        const ssr_result *result = ssr_render_result(render);
        if (result->passes != state->passes || result->outcome != SSR_SETTLED)
            abort(); /* another page than the one to be measured */
        ssr_render_free(render);
    }
}

static void end(void *opaque)
{
    struct lua_state *state = opaque;
    lua_renderer_free(state->renderer);
    ssr_value_free(state->props);
    ssr_engine_free(state->engine);
    ssr_recycler_free(state->recycler);
    free(state);
}

const struct bench lua_benches[] = {
    {"lua", begin_plain, run, NULL, end, false},
    {"lua-boundaries", begin_boundaries, run, NULL, end, false},
};
const size_t lua_bench_count = sizeof lua_benches / sizeof *lua_benches;
