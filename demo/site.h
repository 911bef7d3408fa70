/* demo/site.h - the application: its engine, its stores, its data, and the answer to a GET. */
#ifndef DEMO_SITE_H
#define DEMO_SITE_H

#include "demo/log.h"
#include "demo/response.h"
#include "demo/visit.h"

struct site {
    ssr_engine *engine;
    struct stores stores;
    struct data *data;
    enum log_format log;
};

/* Starts the engine and opens the data. False: one line on standard error says why. site_close either way. */
bool site_open(struct site *site, const ssr_config *config, enum log_format log);
void site_close(struct site *site);

/*
 * The answer to GET target ("/ideas?x=1"), for any target. NULL: no memory.
 * Memory     the caller's: response_free, before site_close. One thread at a time.
 */
struct response *site_get(struct site *site, const char *target);

#endif
