/*
 * demo/site.h - the application: its engine, its stores, queries and data, and the answer to a GET. Two ways lead to
 * an answer, and everything but the waiting is the same on both: site_get waits on the calling thread; site_begin and
 * site_continue leave the waiting to whoever has other connections to look after.
 */
#ifndef DEMO_SITE_H
#define DEMO_SITE_H

#include "demo/declared.h"
#include "demo/options.h"
#include "demo/response.h"
#include "demo/visit.h"
#include "engine/host/pool.h"

struct site {
    ssr_engine *engine;
    struct stores stores;
    struct queries queries;
    struct loading loading;
    struct declared *declared;
    struct lua_site *lua;
    ssr_pool *pool; /* of the threads that load */
    enum log_format log;
};

/*
 * Opens the data and starts engine and pool. False: one line on standard error says why. site_close either way, with
 * the same address: the definitions borrow it.
 */
bool site_open(struct site *site, const ssr_config *config, const struct options *options);
void site_close(struct site *site);

/*
 * The answer to GET target ("/ideas?x=1"), for any target. NULL: no memory.
 * Memory     the caller's: response_free, before site_close. One thread at a time for each response.
 */
struct response *site_get(struct site *site, const char *target);

/*
 * The same, step by step: begin, then continue until it is complete. Where site_continue says false, loaders are at
 * work; wake(wake_arg) is called, on one of their threads, whenever one of them is done and it is worth continuing.
 * No wake follows response_free.
 */
struct response *site_begin(struct site *site, const char *target, void (*wake)(void *arg), void *wake_arg);
bool site_continue(struct site *site, struct response *response);

/* Completes it at once, without what it waits for. */
void site_give_up(struct site *site, struct response *response);

#endif
