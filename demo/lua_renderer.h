/*
 * demo/lua_renderer.h - pages as Lua templates. Everything between a template engine and ssrstore is in lua_*.c, to be
 * copied for another engine; docs/embedding-templates.md tells the five rules it follows.
 *
 * A template is text with tags, those of EJS:
 *     <%= expr %>    the value of an expression, escaped for text and for quoted attributes; nil and null write nothing
 *     <%- expr %>    the same as markup, not escaped
 *     <% code %>     Lua 5.4
 *     <%# note %>    nothing
 *     <%%            a literal <%
 * A tag of code or a note that is alone on its lines leaves no line behind. Nothing escapes for script and style.
 * "%>" ends a tag even inside a Lua string, and a "--" comment must not end a tag on its line. Text goes to the page
 * at once, so a component is a function with markup in it, and a template that returns some is a library of them:
 *     <% local function byline(idea) %><p><%= idea.author %></p><% end %>
 *     <% return {byline = byline} %>                           other.html: <% local parts = include("parts.html") %>
 *
 * A template sees these names, and its argument as `props`:
 *     get use (name) -> value                                  set(name, value) -> true, or nil and the error's name
 *     cookie(name) -> value            set_cookie(name, value, attributes), delete_cookie(name) -> as set
 *     send_cookie(name, value or nil, attributes) -> as set: by hand, for the browser alone; nil deletes
 *     atom(key) -> the request's, or nil and the error's name: a:get(path, otherwise), and as set a:update(value),
 *         a:merge(members), a:change(path, value), a:act(action, argument), a:reset()
 *     provide(name, initial, function() ... end, key) -> as set       context(name) -> the state inside, or as set
 *     set_context(name, state), act(name, action, argument) -> as set         shared(name) -> the state
 *     component(template, props, key) -> as set: the template as a component boundary (lua_renderer_define)
 *     query(name, args, enabled) -> {state, data, error}       include(template, props) -> what it returns
 *     content() writes the page below, in a layout             raw(s) url(s) url_component(s) write for their place
 *     status(code) header(name, value) redirect(path, status)  transfer_here()
 *     pass() location() now() random([n]) id()                 null array{} object{}
 *     assert error ipairs pairs select tonumber tostring type; string table math utf8, their safe part
 * Values are JSON both ways: null is `null` (never nil), numbers that are whole are integers. A table is an array, or
 * an object when it has string keys; {} is an empty array and object{} an empty object; what `get` gave stays what it
 * was. `set` refuses mixed keys, holes, functions and nil, and by the library's names what is no JSON (docs/values.md);
 * a table that contains itself is too_deep. pairs goes by sorted keys, so that every pass sees the same order. The data
 * of a query that is not ready is nil: look at its state first. Attributes are a table of path, domain and same_site
 * ("strict", "lax", "none"), max_age in seconds, and secure, http_only and partitioned, each true or false.
 *
 * What a template cannot do: keep anything for the next run (each run has a fresh environment over read-only names;
 * assigning a global is an error, and so is changing a library or the metatable of strings), reach files, the system,
 * the clock, bytecode, metatables, coroutines or addresses of memory, run on beyond the limits below, or catch those.
 * What it can: call every store, cookie and query of the engine by name, write raw markup, and keep a thread busy with
 * a pattern that backtracks, which no limit sees. So templates may hold mistakes, but come from who wrote the program;
 * what visitors send arrives as values only, and is never compiled.
 */
#ifndef DEMO_LUA_RENDERER_H
#define DEMO_LUA_RENDERER_H

#include "engine/ssr.h"

/* The name is shorter than 60 bytes. Borrowed, until the renderer and all renders it had a part in are freed. */
struct lua_template {
    const char *name, *text;
    size_t length;
};

/* What the application writes in C, and templates by calling name(). Borrowed, until the renderer is freed. */
struct lua_part {
    const char *name;
    ssr_status (*write)(ssr_ctx *ctx, void *arg); /* an error fails the page */
};

struct lua_renderer_options {
    const ssr_registry *registry; /* of the started engine */
    const struct lua_template *templates;
    size_t template_count;
    const struct lua_part *parts;
    size_t part_count;
    ssr_allocator allocator; /* resize NULL: realloc and free */
    size_t memory_bytes;     /* what the Lua state may hold; one step of a template may for a moment double it */
    uint64_t instructions;   /* that one pass may take, counted by the thousand */
};

/*
 * Makes a template a component that templates render with component(name, props, key): what it writes depends on its
 * props and what it reads through the names above, so a later pass need not run it again. It has no content(), and the
 * parts that it calls must keep that promise. As ssr_component_define, before the engine is started; the name is
 * borrowed as long as the registry.
 */
void lua_renderer_define(ssr_registry *registry, const char *name);

/* One Lua state and its compiled templates. Belongs to one thread at a time; make one for each thread. */
struct lua_renderer;

/* The options are copied. NULL: no memory, or less than the libraries take (about 40 KB). */
struct lua_renderer *lua_renderer_new(const struct lua_renderer_options *options);
void lua_renderer_free(struct lua_renderer *renderer);

struct lua_page {
    const char *layout, *page; /* names of templates; the layout's content() runs the page */
    ssr_json props;            /* for both; absent: nil */
    void *arg;                 /* for parts */
};

/*
 * Renders one pass, for a page callback. An error of Lua ends here: it becomes ssr_fail_at with the template's name and
 * line, for the callback to return, and the renderer stays good for the next pass.
 */
ssr_status lua_renderer_page(struct lua_renderer *renderer, ssr_ctx *ctx, const struct lua_page *page);

#endif
