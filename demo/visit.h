/*
 * demo/visit.h - what travels with one request: the argument of the render callback. The stores hold what the page
 * says to the layout; everything that must not be a store's (a route's parameter, what was seen) is here.
 */
#ifndef DEMO_VISIT_H
#define DEMO_VISIT_H

#include <stdbool.h>
#include <stdint.h>

#include "demo/account.h"
#include "demo/cookies.h"
#include "demo/queries.h"
#include "demo/stores.h"
#include "engine/component.h"
#include "engine/ssr.h"
#include "ssrstore/atom.h"

struct lua_site;
struct route;

/* What the live view has noted of the render; empty before its end, and outside of development. */
struct noted {
    char figures[96];    /* passes, milliseconds, outcome: as the badge shows them */
    char *server_timing; /* the header's value, freed with the response; NULL: none */
    bool is_settled;
};

struct visit {
    const struct stores *stores;
    const struct queries *queries;
    const struct cookies *cookies;
    const ssr_atom_template *likes;
    const ssr_component_definition *bar; /* layout_define */
    const struct route *route;
    const char *root;     /* before the paths of the site that the visitor is in: "" or "/lua" */
    const char *refusal;  /* why the form that was posted to this page was not taken; NULL: none was */
    struct lua_site *lua; /* whose templates render it; NULL: its C page does */
    bool has_island;      /* its script is there to be served */
    int64_t id;           /* of a route that has one */
    struct account account;
    struct noted noted;
};

#endif
