/*
 * demo/site.h - the application: its engine, its stores, cookies, queries and data, and the answer to a request. Two
 * ways lead to an answer, and everything but the waiting is the same on both: site_get waits on the calling thread;
 * site_begin and site_continue leave the waiting to whoever has other connections to look after.
 */
#ifndef DEMO_SITE_H
#define DEMO_SITE_H

#include "demo/browser_files.h"
#include "demo/cookies.h"
#include "demo/declared.h"
#include "demo/live.h"
#include "demo/options.h"
#include "demo/request.h"
#include "demo/response.h"
#include "demo/visit.h"
#include "engine/host/pool.h"

struct site {
    ssr_engine *engine;
    struct stores stores;
    struct queries queries;
    struct cookies cookies;
    struct loading loading;
    const ssr_atom_template *likes;
    const ssr_component_definition *bar;
    struct browser_files browser;
    struct declared *declared;
    struct lua_site *lua;
    ssr_pool *pool;         /* of the threads that load */
    ssr_recycler *recycler; /* of the one thread that renders; NULL: there was no memory for it */
    ssr_limits limits;      /* of the engine */
    uint64_t last_seed;     /* of the requests */
    enum log_format log;
    struct live *live; /* borrowed; NULL: this is not development */
};

/*
 * Opens the data and starts engine and pool. False: one line on standard error says why. site_close either way, with
 * the same address: the definitions borrow it.
 */
bool site_open(struct site *site, const ssr_config *config, const struct options *options, struct live *live);
void site_close(struct site *site);

/*
 * The answer to a request of any method and target. NULL: no memory.
 * Memory     the caller's: response_free, before site_close. All responses belong to one thread, as the recycler does.
 */
struct response *site_get(struct site *site, const struct request *request);

/*
 * The same, step by step: begin, then continue until it is complete. Where site_continue says false, loaders are at
 * work; wake(wake_arg) is called, on one of their threads, whenever one of them is done and it is worth continuing.
 * No wake follows response_free.
 */
struct response *site_begin(struct site *site, const struct request *request, void (*wake)(void *arg), void *wake_arg);
bool site_continue(struct site *site, struct response *response);

/* Completes it at once, without what it waits for. */
void site_give_up(struct site *site, struct response *response);

#endif
