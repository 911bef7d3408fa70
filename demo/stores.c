/*
 * demo/stores.c - the stores and what they hold before a page has said anything. What depends on the address alone is
 * known then: title, description and breadcrumb begin as the table of routes says, and a page with nothing to add
 * needs no pass for them.
 */
#include "demo/stores.h"

#include <stdio.h>

#include "demo/routes.h"

static ssr_status init_title(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    const struct visit *visit = ssr_host(ctx);

    (void)arg;
    return ssr_builder_string(value, visit->route->title ? visit->route->title : "Second Pass");
}

static ssr_status init_description(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    const struct visit *visit = ssr_host(ctx);
    const char *description = visit->route->description;

    (void)arg;
    return ssr_builder_string(value, description ? description
                                                 : "A small site about ideas, rendered until every page has settled.");
}

static void add_crumb(ssr_builder *value, const char *label, const char *address)
{
    ssr_builder_begin_array(value);
    ssr_builder_string(value, label);
    if (address)
        ssr_builder_string(value, address);
    else
        ssr_builder_null(value);
    ssr_builder_end_array(value);
}

static ssr_status init_breadcrumb(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    const struct visit *visit = ssr_host(ctx);
    const struct route *route = visit->route;
    int64_t id;

    (void)arg;
    ssr_builder_begin_array(value);
    if (route->above) {
        char address[32];
        snprintf(address, sizeof address, "%s%s", visit->root, route->above);
        add_crumb(value, routes_find(route->above, &id)->title, address);
    }
    add_crumb(value, route->title ? route->title : "Start", NULL);
    return ssr_builder_end_array(value);
}

void stores_define(ssr_registry *registry, struct stores *stores)
{
    stores->title =
        ssr_store_define(registry, "page.title", &(ssr_store_options){.init = init_title, .type = "string"});
    stores->description = ssr_store_define(registry, "page.description",
                                           &(ssr_store_options){.init = init_description, .type = "string"});
    stores->breadcrumb = ssr_store_define(
        registry, "breadcrumb",
        &(ssr_store_options){.init = init_breadcrumb, .type = "[text: string, href: string | null][]"});
    stores->notice = ssr_store_define(registry, "notice", &(ssr_store_options){.type = "string | null"});
    stores->author = ssr_store_define(registry, "author", &(ssr_store_options){.type = "string | null"});
    stores->order = ssr_store_define(registry, "order", &(ssr_store_options){.type = "string | null"});
}
