/*
 * tests/fixture.h - an engine on counted memory, and one render of a page on it: what most tests of the public API
 * begin and end with.
 */
#ifndef SSR_TESTS_FIXTURE_H
#define SSR_TESTS_FIXTURE_H

#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/ssr.h"

enum { FIXTURE_TEXT = 65536 };

struct ssr_region;

struct fixture {
    struct test_memory memory;
    ssr_config config; /* change it before fixture_open */
    ssr_engine *engine;
    ssr_registry *registry;
    ssr_render *render; /* the last one */
    const ssr_result *result;
    unsigned errors, records;
    char error[1024];                                          /* the last error line */
    char record_json[FIXTURE_TEXT], record_text[FIXTURE_TEXT]; /* of the last render */
};

/* The default configuration on counted memory, with a log that fills the fields above. */
void fixture_init(struct fixture *fixture);
/* Makes the engine. Define stores next. */
void fixture_open(struct fixture *fixture);
/* A store with a default in JSON, NULL for none. */
ssr_store *fixture_store(struct fixture *fixture, const char *name, const char *json);
/* Starts the engine. */
void fixture_start(struct fixture *fixture);
/* Frees the last render and runs the page; the answer is ssr_run's. */
ssr_status fixture_run(struct fixture *fixture, ssr_page_fn page, void *arg);
ssr_status fixture_run_request(struct fixture *fixture, ssr_page_fn page, void *arg, const ssr_request *request);
/* For ssr_request.find_route: the route that is its argument, at every location, or at "/b" alone. */
const ssr_route *fixture_route(const char *location, void *route);
const ssr_route *fixture_route_of_b(const char *location, void *route);
/* Leaves no room in a region: whatever takes from it next needs an allocation. */
void fixture_fill(struct ssr_region *region);
/* Frees everything and checks that nothing is left. */
void fixture_close(struct fixture *fixture);

#define assert_status(seen, expected) assert_string_equal(ssr_status_name(seen), ssr_status_name(expected))

#endif
