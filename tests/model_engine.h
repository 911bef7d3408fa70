/* The pages of model.h on the engine: what model_engine.c defines and model_play.c drives. */
#ifndef SSR_TESTS_MODEL_ENGINE_H
#define SSR_TESTS_MODEL_ENGINE_H

#include "model.h"

struct real;

/* What belongs to one definition or location, as an argument of its callback. */
struct part {
    struct real *real;
    unsigned index;
};

/* A page on an engine of its own. */
struct real {
    const struct page *page;
    ssr_engine *engine;
    ssr_store *stores[STORES];
    ssr_cookie *cookies[COOKIES];
    ssr_query *queries[QUERIES];
    ssr_atom_template *atoms[ATOMS];
    ssr_context *contexts[CONTEXTS];
    ssr_component_definition *components[NODES];
    struct part inits[STORES], loaders[QUERIES], locations[LOCATIONS], nodes[NODES];
    ssr_hook hooks[LOCATIONS];
    ssr_declared_loader declared[LOCATIONS];
    ssr_route routes[LOCATIONS];

    /* Of one render. */
    unsigned latest;     /* the pass that began last */
    unsigned errors;     /* lines logged */
    bool is_in_hook;     /* what is loaded now is loaded in place */
    bool must_end;       /* a call in the page answered nomem */
    struct text started; /* what was loaded, in order of handing out */
    struct text in_place;
    struct text complaints; /* what must not be, whatever the page */
};

/* Defines everything the page needs; a definition that fails is one for the complaints. */
void model_define(struct real *real);
ssr_status model_run_page(ssr_ctx *ctx, void *real);
const ssr_route *model_find_route(const char *location, void *real);
/* The entry of model_locations; NULL: none of them. */
const char *model_known_location(const char *location);

#endif
