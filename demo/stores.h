/* demo/stores.h - what pages say while they are rendered, and who reads it. */
#ifndef DEMO_STORES_H
#define DEMO_STORES_H

#include "ssrstore/ssrstore.h"

struct stores {
    /* Set by pages, shown by the layout above them. */
    ssr_store *title;       /* string */
    ssr_store *description; /* string */
    ssr_store *breadcrumb;  /* array of [label, address or null] */
    ssr_store *notice;      /* string, or null for none */

    /* Set by a page for itself: the argument of its next query. */
    ssr_store *author; /* string, or null: not known yet */

    /* Between a cookie and the page that sets it. */
    ssr_store *order; /* string, or null: none yet */
};

/* Defines them with their defaults, which for what the header shows are those of the route. The request's host is the
 * visit. An error is the registry's: ssr_engine_start answers it. */
void stores_define(ssr_registry *registry, struct stores *stores);

#endif
