/*
 * demo/visit.h - what travels with one request: the argument of the render callback. The stores hold what the page
 * says to the layout; everything that must not be a store's (a route's parameter, the database) is here.
 */
#ifndef DEMO_VISIT_H
#define DEMO_VISIT_H

#include <stdbool.h>
#include <stdint.h>

#include "demo/data.h"
#include "engine/ssr.h"

/* What pages set and the layout above them shows. */
struct stores {
    ssr_store *title;       /* string */
    ssr_store *description; /* string */
    ssr_store *breadcrumb;  /* array of [label, address or null] */
    ssr_store *notice;      /* string, or null for none */
};

#define STORE_COUNT (sizeof(struct stores) / sizeof(ssr_store *))

struct route;

/* What the layout saw in a store, to tell in the end why there were several passes. */
struct seen {
    ssr_digest digest;
    unsigned changes; /* how often it differed from the pass before */
};

struct visit {
    const struct stores *stores;
    struct data *data;
    const struct route *route;
    int64_t id; /* of a route that has one */
    struct seen seen[STORE_COUNT];
};

#endif
