/* demo/routes.h - which address is which page. */
#ifndef DEMO_ROUTES_H
#define DEMO_ROUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "demo/visit.h"

/* Writes the page into the main element of the layout. An error ends the render. */
typedef ssr_status (*page_fn)(ssr_ctx *ctx, struct visit *visit);

struct route {
    const char *path;
    bool with_id; /* a whole number from 1 up follows the path */
    page_fn page;
    const char *loader;  /* the query that the page is known to ask for, its argument the number; NULL: none */
    const char *label;   /* in the navigation; NULL: not there */
    const char *example; /* an address of the route, for the start page; NULL: not listed there */
    const char *about;   /* what there is to see */
};

extern const struct route routes[];
extern const size_t route_count;

/* Writes the path of a request target, "/ideas?x" -> "/ideas", with its escapes resolved. False: no page has it. */
bool routes_path(const char *target, char *path, size_t size);

/* The route of such a path, and the number in it. Never NULL: what nobody has is the page "not found". */
const struct route *routes_find(const char *path, int64_t *id);

/* The page "not found". */
extern const struct route route_not_found;

#endif
