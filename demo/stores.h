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
};

/* Defines them with their defaults. An error is the registry's: ssr_engine_start answers it. */
void stores_define(ssr_registry *registry, struct stores *stores);

#endif
