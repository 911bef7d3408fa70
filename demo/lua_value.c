/*
 * demo/lua_value.c - JSON values as Lua values, and back. What always holds: a value that came from JSON goes back as
 * the same JSON, because arrays and objects carry a mark (a metatable that templates cannot reach) and null is a value
 * of its own, one address that is never dereferenced.
 */
#include "demo/lua_parts.h"

static const char array_mark, object_mark, null_mark;

static void make_mark(lua_State *L, const char *mark)
{
    lua_createtable(L, 0, 1);
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_rawsetp(L, LUA_REGISTRYINDEX, mark);
}

void value_setup(lua_State *L)
{
    make_mark(L, &array_mark);
    make_mark(L, &object_mark);
}

/* Whether the table on the top of the stack has it. */
static bool has_mark(lua_State *L, int top, const char *mark)
{
    bool is_it = lua_getmetatable(L, top) && lua_rawgetp(L, LUA_REGISTRYINDEX, mark) && lua_rawequal(L, -1, -2);

    lua_settop(L, top);
    return is_it;
}

/* Marks the argument, unless it has a metatable already: those of the sandbox must stay. */
static int mark_table(lua_State *L, const char *mark)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    if (lua_getmetatable(L, 1))
        return luaL_argerror(L, 1, "this table cannot be marked");
    lua_rawgetp(L, LUA_REGISTRYINDEX, mark);
    lua_setmetatable(L, 1);
    return 1;
}

int value_array(lua_State *L)
{
    return mark_table(L, &array_mark);
}

int value_object(lua_State *L)
{
    return mark_table(L, &object_mark);
}

/* ---- From JSON --------------------------------------------------------------------------------------------------- */

void value_push_null(lua_State *L)
{
    lua_pushlightuserdata(L, (void *)&null_mark);
}

static void push_string(lua_State *L, ssr_json json)
{
    size_t length = ssr_json_string(json, NULL, 0);
    luaL_Buffer buffer;

    ssr_json_string(json, luaL_buffinitsize(L, &buffer, length + 1), length + 1);
    luaL_pushresultsize(&buffer, length);
}

static void push_number(lua_State *L, ssr_json json)
{
    double number = 0;
    int64_t integer;

    if (ssr_json_integer(json, &integer) == SSR_OK) {
        lua_pushinteger(L, integer);
    } else {
        ssr_json_number(json, &number);
        lua_pushnumber(L, number);
    }
}

static void push_table(lua_State *L, ssr_json json, bool is_object)
{
    lua_Integer n = 0;

    luaL_checkstack(L, 4, "a value is too deep");
    lua_newtable(L);
    for (ssr_json item = ssr_json_first(json); ssr_json_type(item) != SSR_JSON_ABSENT; item = ssr_json_next(item)) {
        if (is_object)
            push_string(L, ssr_json_key(item));
        else
            lua_pushinteger(L, ++n);
        value_push(L, item);
        lua_rawset(L, -3);
    }
    lua_rawgetp(L, LUA_REGISTRYINDEX, is_object ? &object_mark : &array_mark);
    lua_setmetatable(L, -2);
}

void value_push(lua_State *L, ssr_json json)
{
    bool boolean = false;

    switch (ssr_json_type(json)) {
    case SSR_JSON_ABSENT: lua_pushnil(L); break;
    case SSR_JSON_NULL: value_push_null(L); break;
    case SSR_JSON_BOOLEAN:
        ssr_json_boolean(json, &boolean);
        lua_pushboolean(L, boolean);
        break;
    case SSR_JSON_NUMBER: push_number(L, json); break;
    case SSR_JSON_STRING: push_string(L, json); break;
    case SSR_JSON_ARRAY: push_table(L, json, false); break;
    case SSR_JSON_OBJECT: push_table(L, json, true); break;
    }
}

/* ---- To JSON ----------------------------------------------------------------------------------------------------- */

/* Gives the builder an error, too: to it nothing has happened yet. */
static const char *refuse(ssr_builder *builder, const char *why)
{
    ssr_builder_string(builder, NULL);
    return why;
}

static const char *answer(ssr_status status)
{
    return status == SSR_OK ? NULL : ssr_status_name(status);
}

static const char *build_object(lua_State *L, int table, ssr_builder *builder)
{
    const char *error = answer(ssr_builder_begin_object(builder));

    lua_pushnil(L);
    while (!error && lua_next(L, table)) {
        size_t length;

        if (lua_type(L, -2) != LUA_TSTRING)
            return refuse(builder, "bad_table");
        const char *key = lua_tolstring(L, -2, &length);

        ssr_builder_key_n(builder, key, length);
        error = value_build(L, lua_gettop(L), builder);
        lua_pop(L, 1);
    }
    return error ? error : answer(ssr_builder_end_object(builder));
}

static const char *build_array(lua_State *L, int table, ssr_builder *builder)
{
    lua_Integer length = (lua_Integer)lua_rawlen(L, table), keys = 0;
    const char *error;

    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1))
        keys++;
    if (keys != length)
        return refuse(builder, "bad_table");
    error = answer(ssr_builder_begin_array(builder));
    for (lua_Integer i = 1; i <= length && !error; i++) {
        lua_rawgeti(L, table, i);
        error = value_build(L, lua_gettop(L), builder);
        lua_pop(L, 1);
    }
    return error ? error : answer(ssr_builder_end_array(builder));
}

static const char *build_table(lua_State *L, int table, ssr_builder *builder)
{
    bool is_array;

    luaL_checkstack(L, 5, "a table is too deep");
    if (has_mark(L, table, &object_mark))
        return build_object(L, table, builder);
    if (has_mark(L, table, &array_mark))
        return build_array(L, table, builder);
    if (lua_getmetatable(L, table))
        return refuse(builder, "bad_table");
    lua_pushnil(L);
    is_array = lua_rawlen(L, table) > 0 || !lua_next(L, table);
    lua_settop(L, table);
    return is_array ? build_array(L, table, builder) : build_object(L, table, builder);
}

const char *value_build(lua_State *L, int top, ssr_builder *builder)
{
    const char *error;
    size_t length;

    switch (lua_type(L, top)) {
    case LUA_TBOOLEAN: return answer(ssr_builder_boolean(builder, lua_toboolean(L, top)));
    case LUA_TNUMBER:
        if (lua_isinteger(L, top))
            return answer(ssr_builder_integer(builder, lua_tointeger(L, top)));
        return answer(ssr_builder_number(builder, lua_tonumber(L, top)));
    case LUA_TSTRING: {
        const char *text = lua_tolstring(L, top, &length);

        return answer(ssr_builder_string_n(builder, text, length));
    }
    case LUA_TLIGHTUSERDATA: return answer(ssr_builder_null(builder));
    case LUA_TTABLE:
        error = build_table(L, top, builder);
        lua_settop(L, top);
        return error;
    default: return refuse(builder, "bad_type");
    }
}
