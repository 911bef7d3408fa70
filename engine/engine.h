/*
 * engine/engine.h - configuration and definitions of an application.
 *
 *     ssr_engine_new -> ssr_store_define ... -> ssr_engine_start -> renders on any number of threads -> ssr_engine_free
 *
 * Once started an engine is immutable and may be shared by all threads without a lock.
 */
#ifndef SSR_ENGINE_ENGINE_H
#define SSR_ENGINE_ENGINE_H

#include "cookie/cookie.h"
#include "engine/record.h"
#include "ssrstore/ssrstore.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What one request may use. SSR_UNLIMITED is no limit. Reaching one ends that request alone (outcome `limit`). */
typedef struct ssr_limits {
    uint64_t request_bytes; /* memory of a request, output included                         default 64 MiB */
    uint64_t output_bytes;  /* HTML of one pass                                             default 8 MiB  */
    uint64_t value_bytes;   /* canonical text of one value; a longer one is refused (too_large)  default 1 MiB  */
    uint64_t stores;        /* stores, shared stores, cookies and atoms that it touches     default 10,000 */
    uint64_t cookies;       /* cookies that one request brings                              default 300    */
    uint64_t cookie_bytes;  /* of its Cookie headers                                        default 64 KiB */
    uint64_t queries;       /* keys that one request asks for                               default 1,000  */
    uint64_t passes;        /* passes of one render, whatever the caps say                  default 500    */
} ssr_limits;

/*
 * Everything that can be configured. Begin with ssr_config_default(); after that each field is literal: 0 is zero.
 * Copied by ssr_engine_new; the pointers in it are borrowed as long as the engine lives.
 */
typedef struct ssr_config {
    ssr_allocator allocator; /* thread-safe when the engine is used by several threads */

    /*
     * Both count re-renders: passes that run only because a staged value differs from its committed one. The
     * forbidden count is looked at first. A page that never settles takes min(allowed, forbidden) + 1 passes, and
     * the error is logged exactly when forbidden <= allowed.
     */
    uint64_t allowed_rerenders_count;   /* the loop stops quietly                        default SSR_UNLIMITED */
    uint64_t forbidden_rerenders_count; /* the loop stops and logs an error              default 25 */

    /*
     * Ends a render whose states repeat, with outcome `cycle` and one error line: as soon as the same states, of two to
     * eight passes, have come three times, compared byte by byte. Costs up to 4 MiB beside the request's memory, and
     * only in renders that take three passes or more. default false
     */
    bool stop_on_cycle;

    uint64_t max_query_passes; /* passes that run because the one before found queries   default 100 */

    /* The loaders that a route declares are loaded before the first pass. default false */
    bool prefetch_loaders_before_page_render;

    ssr_limits limits;

    /* Nanoseconds of any steady clock, for durations in the record; NULL: no durations. Read at the edges of passes and
     * when queries are handed out and answered, on the thread that steps. A duration in which it went back is 0. */
    uint64_t (*clock)(void *arg);
    void *clock_arg;

    /* The application-wide transformer; NULL: values cross as they are. Source: seed "How it transfers". */
    ssr_encode_fn encode;
    void *encode_arg;

    /*
     * Keys of signed and sealed cookies (cookie/seal.h): the first one signs and seals, all of them open. NULL: there
     * are no such cookies. Copied by ssr_engine_new, which answers cookie_key or no_crypto: wipe your own.
     */
    const ssr_cookie_key *cookie_keys;
    size_t cookie_key_count;

    ssr_log log;
    uint64_t redaction_key; /* random, the same for a process: keys the digests of redacted values; 0: they have none */

    /*
     * Component boundaries (engine/component.h). reuse: take over what has not changed; false runs everything. check:
     * run everything, and name in the record each component that left something else than taking over would have.
     */
    bool reuse_components; /* default true */
    bool check_components; /* for tests and development; default false */

    bool check_views; /* find cJSON views that somebody changed; for tests and development; default false */
} ssr_config;

/* The defaults above, the default allocator, no clock, no transformer, no log. Does not allocate. */
SSR_API ssr_config ssr_config_default(void);

/*
 * Sets the fields of `config` that the JSON object `json` names, in the spelling of the seed: allowedRerendersCount,
 * forbiddenRerendersCount, maxQueryPasses, prefetchLoadersBeforePageRender and stopOnCycle (true or false). Absent or
 * null leaves the field as it is, "Infinity" is no limit, anything else that is no whole number from 0 to 2^53-1 is
 * refused, and so is a name that is none of these.
 *
 * error      NULL, or receives a sentence naming the field and what to write there, up to error_size bytes.
 * Returns    SSR_OK, a value error, SSR_E_INVALID_CONFIG or SSR_E_NOMEM; on an error config is unchanged.
 * Source     seed "Engine ssr options".
 */
SSR_API ssr_status ssr_config_read_json(ssr_config *config, const char *json, size_t length, char *error,
                                        size_t error_size);

/* Configuration and definitions of one application: as many engines as you like, none knows of another. */
typedef struct ssr_engine ssr_engine;

/*
 * Makes an engine. config NULL: the defaults.
 * Returns    SSR_OK; nomem, cookie_key, no_crypto, and then *engine is NULL. Every call takes a NULL engine or registry
 *            and answers with NULL or invalid_argument, so that a program may look at the last answer only.
 * Memory     *engine is the caller's: ssr_engine_free. Allocates.
 * Next       ssr_engine_registry and definitions, then ssr_engine_start.
 */
SSR_API ssr_status ssr_engine_new(const ssr_config *config, ssr_engine **engine);

/* Where definitions go; NULL without an engine. Borrowed, as long as the engine lives. */
SSR_API ssr_registry *ssr_engine_registry(ssr_engine *engine);

/*
 * Freezes the definitions; renders may begin.
 * Returns    SSR_OK, or the first error of a definition: ssr_registry_error says which. Starting twice is harmless.
 * Next       SSR_OK: ssr_run, ssr_render_new. An error: correct the definition; this engine can only be freed.
 */
SSR_API ssr_status ssr_engine_start(ssr_engine *engine);

/* Frees the engine and its definitions, when every render is freed and every operation answered. NULL is allowed. */
SSR_API void ssr_engine_free(ssr_engine *engine);

#ifdef __cplusplus
}
#endif
#endif
