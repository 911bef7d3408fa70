/*
 * tests/host_fixture.h - what the tests of engine/host share: memory that several threads may count, a gate at which
 * loaders wait, and an engine with one query whose loader the test writes.
 */
#ifndef SSR_TESTS_HOST_FIXTURE_H
#define SSR_TESTS_HOST_FIXTURE_H

#include "testing.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/host/pool.h"
#include "engine/host/waker.h"
#include "engine/ssr.h"

/* Counted without ordering, so that counting hides no race from ThreadSanitizer. */
struct shared_memory {
    atomic_size_t live_blocks, live_bytes;
    atomic_bool is_empty; /* growing calls answer NULL */
};

ssr_allocator shared_allocator(struct shared_memory *memory);

/* Lets loaders wait for the test, and the test for loaders. */
struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned arrived;
    bool is_open;
};

void gate_pass(struct gate *gate);                     /* arrives, and waits until the gate is open */
void gate_await(struct gate *gate, unsigned how_many); /* until so many have arrived */
void gate_open(struct gate *gate);
void gate_stop_awaiting(struct gate *gate); /* whoever awaits arrivals goes on without them */

struct host;
typedef ssr_status (*host_load)(struct host *host, ssr_operation *operation, int64_t number);

struct host {
    struct shared_memory memory;
    struct gate gate;
    ssr_engine *engine;
    ssr_pool *pool;
    ssr_store *note;            /* "": loaders may set it */
    ssr_query *query, *patient; /* the same, but without a timeout */
    int patient_from;           /* numbers from here on ask for the patient one; at first there are none */
    host_load load;
    int queries;              /* how many the page asks for, numbered from 0 */
    int64_t timeout_ms;       /* of the query; set before host_open */
    atomic_uint runs;         /* of the loader */
    ssr_render *render;       /* of the test; host_close frees it */
    const ssr_result *result; /* its, once it has ended */
};

/* All zero but for the load: an engine on shared memory and a pool. */
void host_init(struct host *host, host_load load, int queries);
void host_open(struct host *host, unsigned threads, size_t capacity);
/* Pool first, render, engine; nothing may be left. */
void host_close(struct host *host);

/*
 * The page, with the host as arg. It writes "NUMBER=STATE;" for each of its queries, STATE being what was loaded, the
 * error's code, or "-" while it is pending, and then the note.
 */
ssr_status host_page(ssr_ctx *ctx, void *host);
ssr_status load_number(struct host *host, ssr_operation *operation, int64_t number);     /* loads its number */
ssr_status load_at_gate(struct host *host, ssr_operation *operation, int64_t number);    /* the same, after the gate */
ssr_status load_until_gone(struct host *host, ssr_operation *operation, int64_t number); /* until nobody waits for it */

/* ssr_pool_run of the page. */
ssr_status host_run(struct host *host, const ssr_request *request);
/* ssr_render_new of the page. */
void host_begin(struct host *host, const ssr_request *request);
/* Steps at that time until the render waits or has ended. */
ssr_step host_step(struct host *host, int64_t now_ms);

void sleep_ms(long ms);

#define assert_status(seen, expected) assert_string_equal(ssr_status_name(seen), ssr_status_name(expected))
#define assert_outcome(host, expected) \
    assert_string_equal(ssr_outcome_name((host)->result->outcome), ssr_outcome_name(expected))

#endif
