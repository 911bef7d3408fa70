/* demo/lua_site.h - the same pages as Lua templates, under /lua. */
#ifndef DEMO_LUA_SITE_H
#define DEMO_LUA_SITE_H

#include <stdbool.h>

#include "demo/visit.h"

/* What their addresses begin with. */
#define LUA_ROOT "/lua"

struct lua_site;

/* Defines the templates that are components; before the engine is started. */
void lua_site_define(ssr_registry *registry);

/* The templates, and a renderer for each thread that renders at once. registry: of the started engine. NULL: no memory.
 */
struct lua_site *lua_site_open(const ssr_registry *registry);
void lua_site_close(struct lua_site *site);

/* Whether the path is one of these pages; then "/lua" is cut off, and what is left is the path of the same C page. */
bool lua_site_cut_path(char *path);

/* The render callback of these pages: arg is the struct visit, with visit->lua. */
ssr_status lua_site_render(ssr_ctx *ctx, void *arg);

#endif
