/* demo/routes.h - which address is which page. */
#ifndef DEMO_ROUTES_H
#define DEMO_ROUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "demo/visit.h"

struct request;
struct response;

/* Writes the page into the main element of the layout. An error ends the render. */
typedef ssr_status (*page_fn)(ssr_ctx *ctx, struct visit *visit);

/* Answers a POST, or leaves that to the page (posts.h). */
typedef void (*post_fn)(struct response *response, const struct request *request, int64_t now_ms);

struct route {
    const char *path;
    bool with_id; /* a whole number from 1 up follows the path */
    page_fn page; /* answers GET and HEAD; NULL: there is none */
    post_fn post; /* answers POST; NULL: nothing is posted here */
    bool leaves;  /* its page redirects, so no document of it is seen */

    /* What the header shows before the page has said anything: no pass is spent on it. NULL: what the stores say. */
    const char *title, *description;
    const char *above; /* the path of the page above it in the breadcrumb; NULL: none */

    bool sets_cookies;
    bool shows_biscuit;  /* in the header: the pages about cookies */
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
