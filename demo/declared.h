/* demo/declared.h - what is known about a location before its page has run: the query it will ask for. */
#ifndef DEMO_DECLARED_H
#define DEMO_DECLARED_H

#include "engine/render.h"

struct declared;

/* The routes and the queries their loaders name. NULL: no memory. */
struct declared *declared_new(const ssr_registry *registry);
void declared_free(struct declared *declared);

/* For ssr_request.find_route; arg is the struct declared. */
const ssr_route *declared_find(const char *location, void *declared);

#endif
