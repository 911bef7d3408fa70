/*
 * demo/declared.c - the loaders that routes declare, in the form in which the engine wants them. It loads them before
 * the first pass with --prefetch-loaders and leaves them alone otherwise: pages ask the same way in both cases.
 */
#include "demo/declared.h"

#include <stdlib.h>

#include "demo/lua_site.h"
#include "demo/routes.h"

/* One for each row of the table of routes. Immutable, so that all threads may read it. */
struct declared {
    ssr_declared_loader loader;
    ssr_route route;
};

static const struct route *find(const char *location, int64_t *id)
{
    char path[256];

    if (!routes_path(location, path, sizeof path))
        *path = '\0';
    lua_site_cut_path(path);
    return routes_find(path, id);
}

/* The argument that the page will ask with. */
static ssr_status build_args(const char *location, ssr_builder *args, void *arg)
{
    int64_t id;

    (void)arg;
    return find(location, &id)->with_id ? ssr_builder_integer(args, id) : ssr_builder_null(args);
}

struct declared *declared_new(const ssr_registry *registry)
{
    struct declared *declared = calloc(route_count, sizeof *declared);

    for (size_t i = 0; declared && i < route_count; i++) {
        struct declared *each = &declared[i];

        if (!routes[i].loader)
            continue;
        each->loader.query = ssr_query_find(registry, routes[i].loader);
        each->loader.args = build_args;
        each->route = (ssr_route){.loaders = &each->loader, .loader_count = 1};
    }
    return declared;
}

void declared_free(struct declared *declared)
{
    free(declared);
}

const ssr_route *declared_find(const char *location, void *declared)
{
    int64_t id;
    const struct route *route = find(location, &id);

    return route == &route_not_found ? NULL : &((struct declared *)declared)[route - routes].route;
}
