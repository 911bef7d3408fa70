/* demo/lua_parts.h - what the files of the Lua renderer know of each other. All of it may raise Lua errors. */
#ifndef DEMO_LUA_PARTS_H
#define DEMO_LUA_PARTS_H

#include <lauxlib.h>
#include <lua.h>

#include "demo/lua_renderer.h"

/* One pass. */
struct run {
    ssr_ctx *ctx;
    const struct lua_page *page;
    bool is_in_page;
    uint64_t instructions;
    bool has_failed;
    char message[256]; /* of the error that ended the run, and its place */
    const char *file;
    int line;
};

/* What belongs to a state; run_of is NULL while it is set up. */
struct run *run_of(lua_State *L);
const struct lua_renderer_options *options_of(lua_State *L);

/* The template that is running, and its line; left alone when there is none. */
void run_find_place(lua_State *L, const char **file, int *line);

/*
 * For a callback of the library: calls a function, which stands below its arguments, and takes all of them off. It
 * raises nothing; the callback returns its answer, and who has called the library then calls run_raise, which raises
 * what has failed.
 */
ssr_status run_protected(lua_State *L, int argument_count);
void run_raise(lua_State *L);

/* Pushes a table of what templates can call, but for what runs templates. */
void calls_push(lua_State *L);
int calls_write_html(lua_State *L);
int calls_write_text(lua_State *L);

/* An argument that is a string without NUL, as the library takes it. */
const char *calls_check_name(lua_State *L, int index);

/* The answer of a call: true, or nil and the error's name. What has ended the render ends the run, too. */
int calls_answer(lua_State *L, ssr_status status, const char *error);

/* cookie(name), set_cookie(name, value, attributes), delete_cookie(name), send_cookie(name, value, attributes) */
int cookies_get(lua_State *L);
int cookies_set(lua_State *L);
int cookies_delete(lua_State *L);
int cookies_send(lua_State *L);

/* What atom(key) answers has a metatable; before the others. */
void stores_setup(lua_State *L);

/* atom(key), provide(name, initial, body, key), context(name), set_context(name, state), act(name, action, argument),
 * shared(name) */
int stores_atom(lua_State *L);
int stores_provide(lua_State *L);
int stores_context(lua_State *L);
int stores_set_context(lua_State *L);
int stores_act(lua_State *L);
int stores_shared(lua_State *L);

/* Pushes the function that a template is: (environment, write markup, write text, props). */
void template_load(lua_State *L, const struct lua_template *template);

/* The metatables that say what a table is in JSON; before the other value_ calls. */
void value_setup(lua_State *L);
void value_push_null(lua_State *L);
void value_push(lua_State *L, ssr_json json);

/* Builds the value on the top of the stack. NULL, or the name of what is wrong; the builder then has an error, too. */
const char *value_build(lua_State *L, int top, ssr_builder *builder);

/* array{}, object{}: their table, marked. */
int value_array(lua_State *L);
int value_object(lua_State *L);

/*
 * Pushes run(template function, props), which calls it in a fresh environment over read-only names: those of the table
 * on the top of the stack, which it replaces, and the safe part of Lua's libraries.
 */
void sandbox_push_run(lua_State *L, lua_CFunction write_html, lua_CFunction write_text);

#endif
