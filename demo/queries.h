/* demo/queries.h - what pages can ask for in the middle of a render. The loaders run on threads of the pool. */
#ifndef DEMO_QUERIES_H
#define DEMO_QUERIES_H

#include "demo/data.h"
#include "engine/query.h"

/* What the query answers, and its argument. An idea has id, title, summary, author, votes, created. */
struct queries {
    ssr_query *ideas;     /* array of ideas; no argument */
    ssr_query *idea;      /* one idea with its body, or null; its id */
    ssr_query *favourite; /* one idea; no argument */
    ssr_query *by_author; /* array of ideas; the author's name */
    ssr_query *comments;  /* always fails; no argument */
    ssr_query *race;      /* as race.h says */
};

/* What all loaders share. Borrowed by them as long as the engine lives. */
struct loading {
    struct data *data;
    unsigned delay_ms; /* each takes that much longer */
};

/* Defines them, under the names of the members. An error is the registry's: ssr_engine_start answers it. */
void queries_define(ssr_registry *registry, const struct loading *loading, struct queries *queries);

#endif
