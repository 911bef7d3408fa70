/* demo/race.h - what becomes of two visitors at once, told by a query. */
#ifndef DEMO_RACE_H
#define DEMO_RACE_H

#include "engine/query.h"

/*
 * Defines the query "race", which has no argument. It answers an array, an object for each place to keep a visitor's
 * name in: title and about, what alice and bob were sent, did (what came of it) and leaks, and refusal (why a write was
 * refused, or null).
 */
ssr_query *race_define(ssr_registry *registry);

#endif
