/*
 * demo/lua_renderer.c - the life of a Lua state, and its runs. What always holds: Lua runs inside lua_pcall only, so
 * that no error of it crosses a frame of ssrstore; nothing is held across a call that may raise one; and what belongs
 * to a run lies in its struct run, which ends with it.
 */
#include "demo/lua_renderer.h"

#include <stdlib.h>
#include <string.h>

#include "demo/lua_parts.h"

enum { COUNTED = 1000 }; /* instructions between two looks at the limits */

struct lua_renderer {
    struct lua_renderer_options options;
    lua_State *L;
    size_t bytes; /* that the state holds */
    struct run *run;
};

static struct lua_renderer *renderer_of(lua_State *L)
{
    return *(struct lua_renderer **)lua_getextraspace(L);
}

struct run *run_of(lua_State *L)
{
    return renderer_of(L)->run;
}

const struct lua_renderer_options *options_of(lua_State *L)
{
    return &renderer_of(L)->options;
}

static const struct lua_template *find_template(const struct lua_renderer *renderer, const char *name, size_t length)
{
    for (size_t i = 0; i < renderer->options.template_count; i++) {
        const struct lua_template *template = &renderer->options.templates[i];

        if (strlen(template->name) == length && memcmp(template->name, name, length) == 0)
            return template;
    }
    return NULL;
}

void run_find_place(lua_State *L, const char **file, int *line)
{
    lua_Debug frame;

    for (int level = 0; lua_getstack(L, level, &frame); level++) {
        const struct lua_template *template;

        lua_getinfo(L, "Sl", &frame);
        template = *frame.source == '@' ? find_template(renderer_of(L), frame.source + 1, frame.srclen - 1) : NULL;
        if (!template)
            continue;
        *file = template->name;
        *line = frame.currentline;
        return;
    }
}

/* ---- Limits ------------------------------------------------------------------------------------------------------ */

static void watch(lua_State *L, lua_Debug *event)
{
    struct lua_renderer *renderer = renderer_of(L);
    const struct lua_renderer_options *options = &renderer->options;

    (void)event;
    lua_sethook(L, watch, LUA_MASKCOUNT, COUNTED);
    if (renderer->bytes > options->memory_bytes)
        lua_gc(L, LUA_GCCOLLECT);
    if (renderer->bytes > options->memory_bytes)
        lua_pushliteral(L, "memory_limit: the template holds more memory than it may");
    else if ((renderer->run->instructions += COUNTED) > options->instructions)
        lua_pushliteral(L, "instruction_limit: the template runs longer than it may");
    else
        return;
    lua_error(L);
}

static void *default_resize(void *arg, void *pointer, size_t old_size, size_t new_size)
{
    (void)arg;
    (void)old_size;
    if (new_size > 0)
        return realloc(pointer, new_size);
    free(pointer);
    return NULL;
}

/*
 * Lua's allocator. Who asks for too much gets it once and is stopped at the next instruction, by an error that knows
 * its line; only twice as much is refused, by an error that does not.
 */
static void *resize(void *arg, void *pointer, size_t old_size, size_t new_size)
{
    struct lua_renderer *renderer = arg;
    const struct lua_renderer_options *options = &renderer->options;
    size_t others = renderer->bytes - (pointer ? old_size : 0);
    void *moved = NULL;

    if (!pointer && new_size == 0)
        return NULL;
    if (!pointer)
        old_size = 0;
    if (new_size <= old_size || new_size / 2 + others / 2 < options->memory_bytes)
        moved = options->allocator.resize(options->allocator.arg, pointer, old_size, new_size);
    if (!moved && new_size > 0)
        return NULL;
    renderer->bytes = others + new_size;
    if (renderer->run && renderer->bytes > options->memory_bytes && new_size > old_size)
        lua_sethook(renderer->L, watch, LUA_MASKCOUNT, 1);
    return moved;
}

/* ---- Running templates ------------------------------------------------------------------------------------------- */

static const char run_key;

/* Pushes the function that the template is; it is compiled once. */
static const struct lua_template *push_template(lua_State *L, const char *name)
{
    const struct lua_template *template = find_template(renderer_of(L), name, strlen(name));

    if (!template)
        luaL_error(L, "there is no template \"%s\"", name);
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, template) == LUA_TFUNCTION)
        return template;
    lua_pop(L, 1);
    template_load(L, template);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, template);
    return template;
}

static int include(lua_State *L)
{
    struct run *run = run_of(L);
    const char *name = calls_check_name(L, 1), *outer = run->file;

    lua_settop(L, 2);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &run_key);
    run->file = push_template(L, name)->name;
    lua_pushvalue(L, 2);
    lua_call(L, 2, LUA_MULTRET);
    run->file = outer;
    return lua_gettop(L) - 2;
}

/* Includes a template with the props of the page. */
static int run_one(lua_State *L, const char *name)
{
    lua_pushcfunction(L, include);
    lua_pushstring(L, name);
    value_push(L, run_of(L)->page->props);
    lua_call(L, 2, 0);
    return 0;
}

static int content(lua_State *L)
{
    struct run *run = run_of(L);

    if (run->is_in_page)
        return luaL_error(L, "there is no content below a page");
    run->is_in_page = true;
    run_one(L, run->page->page);
    run->is_in_page = false;
    return 0;
}

static int run_layout(lua_State *L)
{
    return run_one(L, run_of(L)->page->layout);
}

/* ---- Components -------------------------------------------------------------------------------------------------- */

/* Of this thread, in lua_renderer_page: the library calls components with nothing of their caller, and where it walks
 * over one that need not run, nobody but the page has called it. */
static _Thread_local struct lua_renderer *running;

struct partial {
    const char *name;
    ssr_json props;
};

static int run_partial(lua_State *L)
{
    const struct partial *partial = lua_touserdata(L, 1);

    lua_pushcfunction(L, include);
    lua_pushstring(L, partial->name);
    value_push(L, partial->props);
    lua_call(L, 2, 0);
    return 0;
}

/* The page below is its caller's and no component's. */
static ssr_status render_component(ssr_ctx *ctx, const ssr_props *props, void *name)
{
    struct lua_renderer *renderer = running;
    struct partial partial = {name, props->json};
    ssr_status status;
    bool was_in_page;

    if (!renderer || renderer->run->ctx != ctx)
        return ssr_fail(ctx, "a template is a component of templates only");
    if (!lua_checkstack(renderer->L, LUA_MINSTACK))
        return SSR_E_NOMEM;
    was_in_page = renderer->run->is_in_page;
    renderer->run->is_in_page = true;
    lua_pushcfunction(renderer->L, run_partial);
    lua_pushlightuserdata(renderer->L, &partial);
    status = run_protected(renderer->L, 1);
    renderer->run->is_in_page = was_in_page;
    return status;
}

void lua_renderer_define(ssr_registry *registry, const char *name)
{
    ssr_component_define(registry, name, &(ssr_component_options){.render = render_component, .arg = (void *)name});
}

static int component(lua_State *L)
{
    const ssr_component_definition *wanted = ssr_component_find(options_of(L)->registry, calls_check_name(L, 1));
    const char *key = lua_isnoneornil(L, 3) ? NULL : calls_check_name(L, 3), *error = NULL;
    ssr_builder *props = ssr_build(run_of(L)->ctx);
    ssr_status status;

    lua_settop(L, 3);
    lua_pushvalue(L, 2);
    if (lua_isnil(L, -1))
        ssr_builder_null(props);
    else
        error = value_build(L, lua_gettop(L), props);
    status = ssr_component(run_of(L)->ctx, wanted, key, ssr_input_built(props));
    run_raise(L);
    return calls_answer(L, status, wanted ? error : NULL);
}

/* ---- Errors ------------------------------------------------------------------------------------------------------ */

/* Takes "name:line: " off the message when it begins with a template's place. */
static const char *take_place(struct lua_renderer *renderer, const char *message)
{
    const char *colon = strchr(message, ':');
    const struct lua_template *template = colon ? find_template(renderer, message, (size_t)(colon - message)) : NULL;
    char *end;
    long line = template ? strtol(colon + 1, &end, 10) : 0;

    if (!template || line <= 0 || line > 0x7fffffff || strncmp(end, ": ", 2) != 0)
        return message;
    renderer->run->file = template->name;
    renderer->run->line = (int)line;
    return end + 2;
}

/* Keeps the message without what could confuse a log or a terminal. */
static void note_error(struct lua_renderer *renderer, const char *message)
{
    struct run *run = renderer->run;
    size_t length = 0;

    run->has_failed = true;
    message = take_place(renderer, message ? message : "an error that is no string");
    for (; message[length] && length + 1 < sizeof run->message; length++) {
        unsigned char byte = (unsigned char)message[length];

        run->message[length] = byte >= ' ' && byte < 0x7f ? message[length] : '?';
    }
    run->message[length] = '\0';
}

/* The message handler: here the stack still stands. What is raised again has been explained. */
static int explain(lua_State *L)
{
    struct lua_renderer *renderer = renderer_of(L);

    if (renderer->run->has_failed)
        return 0;
    run_find_place(L, &renderer->run->file, &renderer->run->line);
    note_error(renderer, lua_tostring(L, 1));
    return 0;
}

static ssr_status fail(struct lua_renderer *renderer)
{
    struct run *run = renderer->run;

    if (!run->has_failed) /* no memory: then Lua calls no handler */
        note_error(renderer, lua_tostring(renderer->L, -1));
    return ssr_fail_at(run->ctx, run->message, run->file, run->line);
}

ssr_status run_protected(lua_State *L, int argument_count)
{
    int handler = lua_gettop(L) - argument_count;
    ssr_status status = SSR_OK;

    lua_pushcfunction(L, explain);
    lua_insert(L, handler);
    if (lua_pcall(L, argument_count, 0, handler) != LUA_OK)
        status = fail(renderer_of(L));
    lua_settop(L, handler - 1);
    return status;
}

void run_raise(lua_State *L)
{
    if (!run_of(L)->has_failed)
        return;
    lua_pushnil(L);
    lua_error(L);
}

ssr_status lua_renderer_page(struct lua_renderer *renderer, ssr_ctx *ctx, const struct lua_page *page)
{
    struct run run = {.ctx = ctx, .page = page, .file = page->layout};
    lua_State *L = renderer->L;
    struct lua_renderer *outer = running;
    ssr_status outcome = SSR_OK;

    renderer->run = &run;
    running = renderer;
    lua_sethook(L, watch, LUA_MASKCOUNT, COUNTED);
    lua_pushcfunction(L, explain);
    lua_pushcfunction(L, run_layout);
    if (lua_pcall(L, 0, 0, -2) != LUA_OK)
        outcome = fail(renderer);
    lua_settop(L, 0);
    renderer->run = NULL;
    running = outer;
    if (outcome != SSR_OK)
        lua_gc(L, LUA_GCCOLLECT);
    return outcome;
}

/* ---- Life -------------------------------------------------------------------------------------------------------- */

static int set_up(lua_State *L)
{
    value_setup(L);
    stores_setup(L);
    calls_push(L);
    lua_pushcfunction(L, include);
    lua_setfield(L, -2, "include");
    lua_pushcfunction(L, content);
    lua_setfield(L, -2, "content");
    lua_pushcfunction(L, component);
    lua_setfield(L, -2, "component");
    sandbox_push_run(L, calls_write_html, calls_write_text);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &run_key);
    return 0;
}

struct lua_renderer *lua_renderer_new(const struct lua_renderer_options *options)
{
    ssr_allocator allocator = options->allocator.resize ? options->allocator : (ssr_allocator){default_resize, NULL};
    struct lua_renderer *renderer = allocator.resize(allocator.arg, NULL, 0, sizeof *renderer);

    if (!renderer)
        return NULL;
    *renderer = (struct lua_renderer){.options = *options};
    renderer->options.allocator = allocator;
    renderer->L = lua_newstate(resize, renderer);
    if (renderer->L) {
        *(struct lua_renderer **)lua_getextraspace(renderer->L) = renderer;
        lua_pushcfunction(renderer->L, set_up);
        if (lua_pcall(renderer->L, 0, 0, 0) == LUA_OK)
            return renderer;
    }
    lua_renderer_free(renderer);
    return NULL;
}

void lua_renderer_free(struct lua_renderer *renderer)
{
    if (!renderer)
        return;
    if (renderer->L)
        lua_close(renderer->L);
    ssr_allocator allocator = renderer->options.allocator;

    allocator.resize(allocator.arg, renderer, sizeof *renderer, 0);
}
