/*
 * demo/lua_calls.c - ssr_ctx as templates call it. What always holds: an argument is checked before anything is called,
 * a refusal is an answer (nil and its name) and no error, and what ends the render ends the template at once.
 */
#include <string.h>

#include "demo/lua_parts.h"

static ssr_ctx *ctx_of(lua_State *L)
{
    return run_of(L)->ctx;
}

/* A string without NUL, as the library takes it. */
const char *calls_check_name(lua_State *L, int index)
{
    size_t length;
    const char *text = luaL_checklstring(L, index, &length);

    luaL_argcheck(L, strlen(text) == length, index, "a NUL is inside");
    return text;
}

int calls_answer(lua_State *L, ssr_status status, const char *error)
{
    if (status == SSR_E_NOMEM || status == SSR_E_LIMIT)
        return luaL_error(L, "%s: %s", ssr_status_name(status), ssr_status_advice(status));
    if (status == SSR_OK) {
        lua_pushboolean(L, true);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, error ? error : ssr_status_name(status));
    return 2;
}

static bool is_nothing(lua_State *L, int index)
{
    return lua_isnoneornil(L, index) || lua_islightuserdata(L, index);
}

int calls_write_html(lua_State *L)
{
    const char *text;
    size_t length;

    if (is_nothing(L, 1))
        return 0;
    text = luaL_checklstring(L, 1, &length);
    return calls_answer(L, ssr_html_n(ctx_of(L), text, length), NULL);
}

int calls_write_text(lua_State *L)
{
    const char *text;
    size_t length;

    if (is_nothing(L, 1))
        return 0;
    switch (lua_type(L, 1)) {
    case LUA_TBOOLEAN: return calls_answer(L, ssr_text(ctx_of(L), lua_toboolean(L, 1) ? "true" : "false"), NULL);
    case LUA_TNUMBER:
        if (lua_isinteger(L, 1))
            return calls_answer(L, ssr_text_integer(ctx_of(L), lua_tointeger(L, 1)), NULL);
        return calls_answer(L, ssr_text_number(ctx_of(L), lua_tonumber(L, 1)), NULL);
    case LUA_TSTRING:
        text = lua_tolstring(L, 1, &length);
        return calls_answer(L, ssr_text_n(ctx_of(L), text, length), NULL);
    default: return luaL_error(L, "a %s has no text", luaL_typename(L, 1));
    }
}

static int write_url(lua_State *L)
{
    return is_nothing(L, 1) ? 0 : calls_answer(L, ssr_url(ctx_of(L), calls_check_name(L, 1)), NULL);
}

static int write_url_component(lua_State *L)
{
    return is_nothing(L, 1) ? 0 : calls_answer(L, ssr_url_component(ctx_of(L), calls_check_name(L, 1)), NULL);
}

static int get(lua_State *L)
{
    const ssr_store *store = ssr_store_find(options_of(L)->registry, calls_check_name(L, 1));
    const ssr_value *value = ssr_get(ctx_of(L), store);

    if (!value)
        return calls_answer(L, ssr_last_status(ctx_of(L)), NULL);
    value_push(L, ssr_value_json(value));
    return 1;
}

static int set(lua_State *L)
{
    const ssr_store *store = ssr_store_find(options_of(L)->registry, calls_check_name(L, 1));
    const char *file = "template", *error;
    int line = 0;

    luaL_checkany(L, 2);
    lua_settop(L, 2);
    run_find_place(L, &file, &line);
    error = value_build(L, 2, ssr_build(ctx_of(L)));
    return calls_answer(L, ssr_set_built_at(ctx_of(L), store, file, line), store ? error : NULL);
}

static int query(lua_State *L)
{
    static const char *const states[] = {"disabled", "pending", "ready", "failed"};
    ssr_query *wanted = ssr_query_find(options_of(L)->registry, calls_check_name(L, 1));
    bool enabled = lua_isnoneornil(L, 3) || lua_toboolean(L, 3);
    ssr_builder *args = ssr_build(ctx_of(L));
    const char *error = NULL;
    ssr_query_result result;
    ssr_status status;

    lua_settop(L, 2);
    if (lua_isnil(L, 2))
        ssr_builder_null(args);
    else
        error = value_build(L, 2, args);
    result = ssr_query_built(ctx_of(L), wanted, enabled);
    status = ssr_last_status(ctx_of(L));
    if (status != SSR_OK && calls_answer(L, status, error) == 2)
        error = lua_tostring(L, -1);
    else if (result.state == SSR_QUERY_FAILED)
        error = result.error;
    lua_createtable(L, 0, 3);
    lua_pushstring(L, states[result.state]);
    lua_setfield(L, -2, "state");
    value_push(L, result.data);
    lua_setfield(L, -2, "data");
    lua_pushstring(L, error);
    lua_setfield(L, -2, "error");
    return 1;
}

static int set_status(lua_State *L)
{
    lua_Integer code = luaL_checkinteger(L, 1);

    return calls_answer(L, ssr_set_status(ctx_of(L), code > 0 && code < 1000 ? (int)code : 0), NULL);
}

static int set_header(lua_State *L)
{
    return calls_answer(L, ssr_set_header(ctx_of(L), calls_check_name(L, 1), calls_check_name(L, 2)), NULL);
}

static int redirect(lua_State *L)
{
    lua_Integer code = luaL_optinteger(L, 2, 0);

    return calls_answer(L, ssr_redirect(ctx_of(L), calls_check_name(L, 1), code >= 0 && code < 1000 ? (int)code : -1),
                        NULL);
}

static int transfer_here(lua_State *L)
{
    return calls_answer(L, ssr_transfer_here(ctx_of(L)), NULL);
}

static int pass(lua_State *L)
{
    lua_pushinteger(L, ssr_pass(ctx_of(L)));
    return 1;
}

static int location(lua_State *L)
{
    lua_pushstring(L, ssr_location(ctx_of(L)));
    return 1;
}

static int now(lua_State *L)
{
    lua_pushinteger(L, ssr_now(ctx_of(L)));
    return 1;
}

static int id(lua_State *L)
{
    lua_pushstring(L, ssr_id(ctx_of(L)));
    return 1;
}

/* As math.random: from 0 up to 1, or a whole number from 1 to n. */
static int random_number(lua_State *L)
{
    lua_Integer n = luaL_optinteger(L, 1, 1);
    uint64_t bits = ssr_random(ctx_of(L));

    luaL_argcheck(L, n > 0, 1, "a number from 1 up");
    if (lua_isnoneornil(L, 1))
        lua_pushnumber(L, (double)(bits >> 11) / 9007199254740992.0);
    else
        lua_pushinteger(L, 1 + (lua_Integer)(bits % (uint64_t)n));
    return 1;
}

/* ---- The application's ------------------------------------------------------------------------------------------- */

static int write_part(lua_State *L)
{
    const struct lua_part *part = lua_touserdata(L, lua_upvalueindex(1));
    ssr_status outcome = part->write(ctx_of(L), run_of(L)->page->arg);

    return outcome == SSR_OK ? 0 : luaL_error(L, "%s: %s", part->name, ssr_status_name(outcome));
}

static const luaL_Reg calls[] = {
    {"get", get},
    {"use", get},
    {"set", set},
    {"query", query},
    {"cookie", cookies_get},
    {"set_cookie", cookies_set},
    {"delete_cookie", cookies_delete},
    {"send_cookie", cookies_send},
    {"atom", stores_atom},
    {"provide", stores_provide},
    {"context", stores_context},
    {"set_context", stores_set_context},
    {"act", stores_act},
    {"shared", stores_shared},
    {"raw", calls_write_html},
    {"url", write_url},
    {"status", set_status},
    {"url_component", write_url_component},
    {"header", set_header},
    {"redirect", redirect},
    {"pass", pass},
    {"transfer_here", transfer_here},
    {"location", location},
    {"now", now},
    {"id", id},
    {"random", random_number},
    {"array", value_array},
    {"object", value_object},
    {NULL, NULL},
};

void calls_push(lua_State *L)
{
    const struct lua_renderer_options *options = options_of(L);

    luaL_newlib(L, calls);
    value_push_null(L);
    lua_setfield(L, -2, "null");
    for (size_t i = 0; i < options->part_count; i++) {
        lua_pushlightuserdata(L, (void *)&options->parts[i]);
        lua_pushcclosure(L, write_part, 1);
        lua_setfield(L, -2, options->parts[i].name);
    }
}
