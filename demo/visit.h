/*
 * demo/visit.h - what travels with one request: the argument of the render callback. The stores hold what the page
 * says to the layout; everything that must not be a store's (a route's parameter, what was seen) is here.
 */
#ifndef DEMO_VISIT_H
#define DEMO_VISIT_H

#include <stdbool.h>
#include <stdint.h>

#include "demo/account.h"
#include "demo/queries.h"
#include "demo/stores.h"
#include "engine/ssr.h"

struct lua_site;
struct route;

struct visit {
    const struct stores *stores;
    const struct queries *queries;
    const struct route *route;
    struct lua_site *lua; /* whose templates render it; NULL: its C page does */
    int64_t id;           /* of a route that has one */
    struct account account;
};

#endif
