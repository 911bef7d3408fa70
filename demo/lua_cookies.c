/*
 * demo/lua_cookies.c - cookies as templates call them. As in lua_calls.c, an argument is checked before anything is
 * called: a wrong type or an attribute that does not exist is an error of the template, with its line; what browsers
 * would not keep is a refusal, with the library's name for it.
 */
#include <string.h>

#include "demo/lua_parts.h"

static const ssr_cookie *find_cookie(lua_State *L)
{
    return ssr_cookie_find(options_of(L)->registry, calls_check_name(L, 1));
}

int cookies_get(lua_State *L)
{
    ssr_ctx *ctx = run_of(L)->ctx;
    const ssr_value *value = ssr_cookie_get(ctx, find_cookie(L));

    if (!value)
        return calls_answer(L, ssr_last_status(ctx), NULL);
    value_push(L, ssr_value_json(value));
    return 1;
}

/* ---- Attributes -------------------------------------------------------------------------------------------------- */

/* Of the value on the top of the stack, which stays there, so that its text does. */
static const char *check_text(lua_State *L, const char *name)
{
    size_t length;
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &length) : NULL;

    if (!text || strlen(text) != length)
        luaL_error(L, "the attribute \"%s\" is a string without NUL", name);
    return text;
}

static bool check_flag(lua_State *L, const char *name)
{
    if (!lua_isboolean(L, -1))
        luaL_error(L, "the attribute \"%s\" is true or false", name);
    return lua_toboolean(L, -1);
}

static int64_t check_seconds(lua_State *L, const char *name)
{
    if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) < 0)
        luaL_error(L, "the attribute \"%s\" is a whole number of seconds", name);
    return lua_tointeger(L, -1);
}

static ssr_same_site check_same_site(lua_State *L, const char *name)
{
    static const char *const names[] = {
        [SSR_SAME_SITE_STRICT] = "strict", [SSR_SAME_SITE_LAX] = "lax", [SSR_SAME_SITE_NONE] = "none"};
    const char *text = check_text(L, name);

    for (int i = SSR_SAME_SITE_STRICT; i <= SSR_SAME_SITE_NONE; i++) {
        if (strcmp(names[i], text) == 0)
            return (ssr_same_site)i;
    }
    luaL_error(L, "the attribute \"%s\" is \"strict\", \"lax\" or \"none\"", name);
    return SSR_SAME_SITE_UNSET;
}

static void read_attribute(lua_State *L, const char *name, ssr_cookie_attributes *attributes)
{
    if (strcmp(name, "path") == 0)
        attributes->path = check_text(L, name);
    else if (strcmp(name, "domain") == 0)
        attributes->domain = check_text(L, name);
    else if (strcmp(name, "max_age") == 0)
        attributes->max_age = check_seconds(L, name);
    else if (strcmp(name, "secure") == 0)
        attributes->secure = check_flag(L, name);
    else if (strcmp(name, "http_only") == 0)
        attributes->http_only = check_flag(L, name);
    else if (strcmp(name, "partitioned") == 0)
        attributes->partitioned = check_flag(L, name);
    else if (strcmp(name, "same_site") == 0)
        attributes->same_site = check_same_site(L, name);
    else
        luaL_error(L, "cookies have no attribute \"%s\"", name);
}

/* The third argument: nothing, or a table of attributes, whose texts it holds. False: nothing. */
static bool read_attributes(lua_State *L, ssr_cookie_attributes *attributes)
{
    *attributes = (ssr_cookie_attributes){0};
    if (lua_isnoneornil(L, 3))
        return false;
    luaL_checktype(L, 3, LUA_TTABLE);
    for (lua_pushnil(L); lua_next(L, 3); lua_pop(L, 1)) {
        if (lua_type(L, -2) != LUA_TSTRING)
            luaL_error(L, "attributes have names");
        read_attribute(L, lua_tostring(L, -2), attributes);
    }
    return true;
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

int cookies_set(lua_State *L)
{
    ssr_ctx *ctx = run_of(L)->ctx;
    const ssr_cookie *cookie = find_cookie(L);
    const char *file = "template", *error;
    ssr_builder *value = ssr_build(ctx);
    ssr_cookie_attributes attributes;
    bool has_attributes;
    int line = 0;

    luaL_checkany(L, 2);
    has_attributes = read_attributes(L, &attributes);
    run_find_place(L, &file, &line);
    error = value_build(L, 2, value);
    return calls_answer(
        L, ssr_cookie_set_at(ctx, cookie, ssr_input_built(value), has_attributes ? &attributes : NULL, file, line),
        cookie ? error : NULL);
}

int cookies_delete(lua_State *L)
{
    const ssr_cookie *cookie = find_cookie(L);
    const char *file = "template";
    int line = 0;

    run_find_place(L, &file, &line);
    return calls_answer(L, ssr_cookie_delete_at(run_of(L)->ctx, cookie, file, line), NULL);
}

/* nil and null as its value: a deletion. */
int cookies_send(lua_State *L)
{
    bool is_deletion = lua_isnoneornil(L, 2) || lua_islightuserdata(L, 2);
    ssr_set_cookie set = {.name = calls_check_name(L, 1), .is_deletion = is_deletion};
    const char *file = "template";
    ssr_cookie_attributes given;
    int line = 0;

    if (!is_deletion)
        set.value = luaL_checklstring(L, 2, &set.value_length);
    read_attributes(L, &given);
    set.path = given.path;
    set.domain = given.domain;
    set.has_max_age = given.max_age > 0;
    set.max_age = given.max_age;
    set.secure = given.secure;
    set.http_only = given.http_only;
    set.partitioned = given.partitioned;
    set.same_site = given.same_site;
    run_find_place(L, &file, &line);
    return calls_answer(L, ssr_cookie_send_at(run_of(L)->ctx, &set, file, line), NULL);
}
