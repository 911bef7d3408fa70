/*
 * demo/lua_sandbox.c - what a template sees of Lua. What always holds: nothing that a template can reach outlives its
 * run and can be changed. Every run gets an empty environment of its own; the names behind it, the libraries and the
 * metatable of strings are behind read-only tables; there is no function that goes around a metatable, makes one,
 * catches an error, loads code, or tells an address of memory. pairs sorts, because the order of a hash differs from
 * state to state, and a value built in that order would differ from pass to pass.
 */
#include <lualib.h>

#include "demo/lua_parts.h"

static const char prelude[] =
    "local names, html, text = ...\n"
    "local error, format, getmetatable, next, rep, select = error, string.format, getmetatable, next, string.rep, "
    "select\n"
    "local setmetatable, sort, tostring, type = setmetatable, table.sort, tostring, type\n"
    "local find, gsub, len, max = string.find, string.gsub, string.len, math.max\n"

    "local function pick(library, wanted)\n"
    "  local picked = {}\n"
    "  for name in wanted:gmatch('%w+') do picked[name] = library[name] end\n"
    "  return picked\n"
    "end\n"

    "local function naming(what, name)\n"
    "  return type(name) == 'string' and what .. ' \"' .. name .. '\"' or what\n"
    "end\n"

    "local function guard(contents, what)\n"
    "  local function refuse(_, name) error(naming(what, name), 2) end\n"
    "  return {__index = contents, __newindex = refuse, __metatable = false}\n"
    "end\n"

    /* What has no text but an address. */
    "local function check_text(value)\n"
    "  local kind = type(value)\n"
    "  if kind == 'table' or kind == 'function' or kind == 'userdata' then error('a ' .. kind .. ' has no text', 3) "
    "end\n"
    "end\n"

    "local strings = pick(string, 'byte char find gmatch gsub len lower match reverse sub upper')\n"
    "function strings.format(form, ...)\n"
    "  if find(gsub(form, '%%%%', ''), '%%[^%a%%]*p') then error('%p is not here', 2) end\n"
    "  for i = 1, select('#', ...) do check_text((select(i, ...))) end\n"
    "  return format(form, ...)\n"
    "end\n"
    "function strings.rep(piece, n, between)\n"
    "  if n > 0 and max(1.0, len(piece) + len(between or '')) * n > 1048576 then error('more than 1 MiB to repeat', 2) "
    "end\n"
    "  return rep(piece, n, between)\n"
    "end\n"

    "local function before(a, b)\n"
    "  local kind = type(a)\n"
    "  if kind == type(b) then return a < b end\n"
    "  return kind == 'number'\n"
    "end\n"
    "function names.pairs(table)\n"
    "  local keys, i = {}, 0\n"
    "  for key in next, table do\n"
    "    if type(key) ~= 'string' and type(key) ~= 'number' then error('pairs wants strings and numbers as keys', 2) "
    "end\n"
    "    keys[#keys + 1] = key\n"
    "  end\n"
    "  sort(keys, before)\n"
    "  return function()\n"
    "    i = i + 1\n"
    "    if keys[i] ~= nil then return keys[i], table[keys[i]] end\n"
    "  end\n"
    "end\n"
    "function names.tostring(value)\n"
    "  if value == names.null then return 'null' end\n"
    "  check_text(value)\n"
    "  return tostring(value)\n"
    "end\n"

    "for name, value in next, pick(_G, 'assert error ipairs select tonumber type') do names[name] = value end\n"
    "local libraries = {\n"
    "  string = strings,\n"
    "  table = pick(table, 'concat insert pack remove sort unpack'),\n"
    "  math = pick(math, 'abs ceil cos exp floor fmod huge log max maxinteger min mininteger modf pi sin sqrt tan "
    "tointeger type ult'),\n"
    "  utf8 = pick(utf8, 'char charpattern codepoint codes len offset'),\n"
    "}\n"
    "for name, library in next, libraries do\n"
    "  names[name] = setmetatable({}, guard(library, 'a library cannot be changed:'))\n"
    "end\n"
    "local of_strings = getmetatable('')\n"
    "of_strings.__index, of_strings.__metatable = strings, false\n"
    "setmetatable(names, {__index = function(_, name) error(naming('there is no', name), 2) end})\n"
    "local fresh = guard(names, 'a global cannot be assigned, write local:')\n"
    "return function(template, props) return template(setmetatable({}, fresh), html, text, props) end\n";

void sandbox_push_run(lua_State *L, lua_CFunction write_html, lua_CFunction write_text)
{
    luaL_requiref(L, "_G", luaopen_base, 1);
    luaL_requiref(L, LUA_STRLIBNAME, luaopen_string, 1);
    luaL_requiref(L, LUA_TABLIBNAME, luaopen_table, 1);
    luaL_requiref(L, LUA_MATHLIBNAME, luaopen_math, 1);
    luaL_requiref(L, LUA_UTF8LIBNAME, luaopen_utf8, 1);
    lua_pop(L, 5);
    if (luaL_loadbufferx(L, prelude, sizeof prelude - 1, "=sandbox", "t") != LUA_OK)
        lua_error(L);
    lua_insert(L, -2);
    lua_pushcfunction(L, write_html);
    lua_pushcfunction(L, write_text);
    lua_call(L, 3, 1);
}
