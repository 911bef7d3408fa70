/*
 * demo/lua_template.c - the compiler: a template's text becomes the text of one Lua function that writes it. What
 * always holds: line n of the template is line n of the function, so that every error and every writer names it; text
 * stands in the function only as string literals, whatever it contains.
 */
#include <string.h>

#include "demo/lua_parts.h"

/* As a local, _ENV is each call's own: no two runs share one, not even of a template that includes itself. */
static const char prologue[] = "local _ENV <const>, __html <const>, __text <const>, props <const> = ...";

struct source {
    const char *start, *end; /* of the template */
    luaL_Buffer lua;
};

/* One tag, from "<%" to behind "%>". */
struct tag {
    const char *start, *end;
    char kind; /* '=', '-', '#', '%' for "<%%", or ' ' for code */
    const char *inner;
    size_t length;
};

static const char *find(const char *from, const char *end, const char *pair)
{
    for (; from + 1 < end; from++)
        if (from[0] == pair[0] && from[1] == pair[1])
            return from;
    return NULL;
}

static void add_text(luaL_Buffer *lua, const char *text, const char *end)
{
    if (text == end)
        return;
    luaL_addstring(lua, ";__html(\"");
    for (; text < end; text++) {
        if (*text == '\\' || *text == '"' || *text == '\n')
            luaL_addchar(lua, '\\');
        if (*text == '\r' || *text == '\0')
            luaL_addstring(lua, *text ? "\\r" : "\\000");
        else
            luaL_addchar(lua, *text);
    }
    luaL_addstring(lua, "\")");
}

static void add_newlines(luaL_Buffer *lua, const char *text, const char *end)
{
    for (; text < end; text++)
        if (*text == '\n')
            luaL_addchar(lua, '\n');
}

static void add_tag(luaL_Buffer *lua, const struct tag *tag)
{
    switch (tag->kind) {
    case '=':
    case '-':
        luaL_addstring(lua, tag->kind == '=' ? ";__text(" : ";__html(");
        luaL_addlstring(lua, tag->inner, tag->length);
        luaL_addchar(lua, ')');
        break;
    case '#': add_newlines(lua, tag->inner, tag->inner + tag->length); break;
    case '%': luaL_addstring(lua, ";__html(\"<%\")"); break;
    default: luaL_addchar(lua, ';'); luaL_addlstring(lua, tag->inner, tag->length);
    }
}

static void refuse_tag(lua_State *L, const char *name, const char *start, const char *tag)
{
    int line = 1;

    for (; start < tag; start++)
        line += *start == '\n';
    lua_pushfstring(L, "%s:%d: the tag that begins here has no %%>", name, line);
    lua_error(L);
}

/* The first tag from p on. False: there is none; tag->end NULL: it does not end. */
static bool read_tag(const char *p, const char *end, struct tag *tag)
{
    const char *start = find(p, end, "<%"), *close;
    bool has_kind = start && start + 2 < end && memchr("=-#%", start[2], 4);

    if (!start)
        return false;
    *tag = (struct tag){.start = start, .kind = has_kind ? start[2] : ' ', .inner = start + 2 + has_kind};
    if (tag->kind == '%') {
        tag->end = tag->inner;
        return true;
    }
    close = find(tag->inner, end, "%>");
    tag->length = close ? (size_t)(close - tag->inner) : 0;
    tag->end = close ? close + 2 : NULL;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Code that is alone on its line takes the line with it: its end moves, and so does the end of the text before. */
static const char *trim(const struct source *source, struct tag *tag)
{
    const char *before = tag->start, *after = tag->end;

    while (before > source->start && is_blank(before[-1]))
        before--;
    while (after < source->end && is_blank(*after))
        after++;
    if ((tag->kind != ' ' && tag->kind != '#') || (before > source->start && before[-1] != '\n') ||
        (after < source->end && *after != '\n'))
        return tag->start;
    tag->end = after < source->end ? after + 1 : after;
    return before;
}

/* Pushes the text of the function. */
static void translate(lua_State *L, const struct lua_template *template)
{
    struct source source = {.start = template->text, .end = template->text + template->length};
    const char *p = source.start;
    struct tag tag;

    luaL_buffinit(L, &source.lua);
    luaL_addstring(&source.lua, prologue);
    while (read_tag(p, source.end, &tag)) {
        const char *tag_end = tag.end;

        if (!tag_end) {
            refuse_tag(L, template->name, source.start, tag.start);
            return;
        }
        add_text(&source.lua, p, trim(&source, &tag));
        add_tag(&source.lua, &tag);
        add_newlines(&source.lua, tag_end, tag.end);
        p = tag.end;
    }
    add_text(&source.lua, p, source.end);
    luaL_pushresult(&source.lua);
}

void template_load(lua_State *L, const struct lua_template *template)
{
    const char *code, *name = lua_pushfstring(L, "@%s", template->name);
    size_t length;

    translate(L, template);
    code = lua_tolstring(L, -1, &length);
    if (luaL_loadbufferx(L, code, length, name, "t") != LUA_OK)
        lua_error(L);
    lua_replace(L, -3);
    lua_pop(L, 1);
}
