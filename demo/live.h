/*
 * demo/live.h - what development sees of the renders, none of which a visitor's server has: the last ones at /_ssr,
 * what they add up to at /metrics, and on each page a badge that leads to its own record.
 */
#ifndef DEMO_LIVE_H
#define DEMO_LIVE_H

#include "demo/response.h"
#include "engine/record.h"

struct live;

/* NULL: no memory. Free it after the engine. */
struct live *live_new(void);
void live_free(struct live *live);

/* The sinks that keep records here; any thread. They expect a struct visit in ssr_request.host. */
ssr_log live_sinks(struct live *live);

/* Whether a path is one of this file's. live NULL: none is. */
bool live_has(const struct live *live, const char *path);

/* Completes the response to such a path. */
void live_answer(struct live *live, struct response *response, const char *path);

/* Puts the badge into the document of a response that is complete. Without memory the document stays as it is. */
void live_add_badge(struct response *response);

#endif
