/*
 * The pool: threads, a ring of queued operations, and the tickets of blocking calls, all under one mutex.
 *
 * What always holds: an operation is with one owner, the ring, a thread, or the caller, and whoever owns it last
 * answers it; nobody answers one while holding the mutex, because answering wakes and a wake takes it.
 *
 * A blocking call waits at a ticket. Its render may outlive the call, and late answers then still wake it: so tickets
 * belong to the pool, are handed on to later calls, and are freed with the pool, when everything has been answered.
 * A late wake finds a ticket that is free or another call's, which steps its render once too often, and that changes
 * nothing. No wake is lost: is_woken is cleared only before a step, and every answer that came before is seen by it.
 */
#include "engine/host/pool.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "engine/host/host_memory.h"

struct ticket {
    struct ticket *next; /* of all that the pool has */
    struct ssr_pool *pool;
    pthread_cond_t changed;
    bool is_held, is_woken, wants_room;
    ssr_render *render; /* in ssr_pool_run; NULL: none */
};

struct ssr_pool {
    ssr_allocator allocator;
    size_t size; /* of the block that holds this, the threads and the ring */
    pthread_mutex_t mutex;
    pthread_cond_t queued;  /* a thread has something to do */
    pthread_cond_t changed; /* there is room, or somebody has left a pool that closes */
    bool is_closing;
    unsigned inside; /* calls that ssr_pool_free waits for */
    struct ticket *tickets;
    ssr_operation **ring;
    size_t capacity, first, count;
    unsigned thread_count;
    pthread_t threads[];
};

/* ---- Time ------------------------------------------------------------------------------------------------------- */

int64_t ssr_pool_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0)
        return false;
    bool is_ready =
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 && pthread_cond_init(condition, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    return is_ready;
}

/* The end of a wait; -1, for ever, is an hour, after which whoever waits looks again. */
static struct timespec time_in(int64_t ms)
{
    enum { HOUR_MS = 3600 * 1000 };
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    long wait_ms = ms < 0 || ms > HOUR_MS ? HOUR_MS : (long)ms;
    long nanoseconds = at.tv_nsec + wait_ms % 1000 * 1000000;
    at.tv_sec += wait_ms / 1000 + nanoseconds / 1000000000;
    at.tv_nsec = nanoseconds % 1000000000;
    return at;
}

/* ---- The ring, under the mutex ---------------------------------------------------------------------------------- */

static bool has_room(const struct ssr_pool *pool)
{
    return pool->count < pool->capacity;
}

static void enqueue(struct ssr_pool *pool, ssr_operation *operation)
{
    pool->ring[(pool->first + pool->count++) % pool->capacity] = operation;
    pthread_cond_signal(&pool->queued);
}

/* One place for each who wants it: a thread in ssr_pool_submit_within, and the blocking calls. */
static void offer_room(struct ssr_pool *pool)
{
    pthread_cond_signal(&pool->changed);
    for (struct ticket *ticket = pool->tickets; ticket; ticket = ticket->next)
        if (ticket->wants_room)
            pthread_cond_signal(&ticket->changed);
}

static ssr_operation *dequeue(struct ssr_pool *pool)
{
    ssr_operation *operation = pool->ring[pool->first];
    pool->first = (pool->first + 1) % pool->capacity;
    pool->count--;
    offer_room(pool);
    return operation;
}

/* ---- Threads ---------------------------------------------------------------------------------------------------- */

/* Waits for something to do; NULL: the pool closes, and what is queued is not begun any more. */
static ssr_operation *next_operation(struct ssr_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    while (pool->count == 0 && !pool->is_closing)
        pthread_cond_wait(&pool->queued, &pool->mutex);
    ssr_operation *operation = pool->is_closing ? NULL : dequeue(pool);
    pthread_mutex_unlock(&pool->mutex);
    return operation;
}

static void *work(void *pool)
{
    for (ssr_operation *operation; (operation = next_operation(pool)) != NULL;)
        if (ssr_operation_is_cancelled(operation)) /* nobody waits for it any more */
            ssr_operation_answer(operation, SSR_E_CANCELLED);
        else
            ssr_operation_run(operation);
    return NULL;
}

/* Signals are the host's: the threads begin with all of them blocked. */
static bool start_threads(struct ssr_pool *pool, unsigned threads)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (pool->thread_count < threads && pthread_create(&pool->threads[pool->thread_count], NULL, work, pool) == 0)
        pool->thread_count++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pool->thread_count == threads;
}

/* ---- Making one ------------------------------------------------------------------------------------------------- */

/* The pool, the threads' handles and the ring in one block. */
static struct ssr_pool *allocate(const ssr_allocator *allocator, unsigned threads, size_t capacity)
{
    size_t ring_at = sizeof(struct ssr_pool) + threads * sizeof(pthread_t);
    if (capacity > (SIZE_MAX - ring_at) / sizeof(ssr_operation *))
        return NULL;
    size_t size = ring_at + capacity * sizeof(ssr_operation *);
    struct ssr_pool *pool = ssr_host_allocate(allocator, size);
    if (!pool)
        return NULL;
    pool->allocator = *allocator;
    pool->size = size;
    pool->ring = (ssr_operation **)(void *)&pool->threads[threads];
    pool->capacity = capacity;
    return pool;
}

/* The mutex and its two conditions; false: none of them. */
static bool init_waiting(struct ssr_pool *pool)
{
    if (pthread_mutex_init(&pool->mutex, NULL) != 0)
        return false;
    if (init_condition(&pool->queued)) {
        if (init_condition(&pool->changed))
            return true;
        pthread_cond_destroy(&pool->queued);
    }
    pthread_mutex_destroy(&pool->mutex);
    return false;
}

static void release(struct ssr_pool *pool)
{
    ssr_allocator allocator = pool->allocator;
    ssr_host_release(&allocator, pool, pool->size);
}

ssr_status ssr_pool_new(const ssr_allocator *allocator, unsigned threads, size_t queue_capacity, struct ssr_pool **pool)
{
    ssr_allocator memory = ssr_host_allocator(allocator);
    *pool = NULL;
    if (threads == 0 || queue_capacity == 0)
        return SSR_E_INVALID_ARGUMENT;
    struct ssr_pool *made = allocate(&memory, threads, queue_capacity);
    if (!made)
        return SSR_E_NOMEM;
    if (!init_waiting(made)) {
        release(made);
        return SSR_E_SYSTEM;
    }
    if (!start_threads(made, threads)) {
        ssr_pool_free(made);
        return SSR_E_SYSTEM;
    }
    *pool = made;
    return SSR_OK;
}

/* ---- Submitting ------------------------------------------------------------------------------------------------- */

/* Under the mutex. */
static ssr_status submit(struct ssr_pool *pool, ssr_operation *operation)
{
    if (pool->is_closing)
        return SSR_E_CANCELLED;
    if (!has_room(pool))
        return SSR_E_QUEUE_FULL;
    enqueue(pool, operation);
    return SSR_OK;
}

ssr_status ssr_pool_submit(struct ssr_pool *pool, ssr_operation *operation)
{
    pthread_mutex_lock(&pool->mutex);
    ssr_status status = submit(pool, operation);
    pthread_mutex_unlock(&pool->mutex);
    return status;
}

/* Under the mutex: one call more or less for ssr_pool_free to wait for. */
static void enter(struct ssr_pool *pool)
{
    pool->inside++;
}

static void leave(struct ssr_pool *pool)
{
    pool->inside--;
    if (pool->is_closing)
        pthread_cond_broadcast(&pool->changed);
}

ssr_status ssr_pool_submit_within(struct ssr_pool *pool, ssr_operation *operation, int64_t wait_ms)
{
    int64_t now_ms = ssr_pool_now_ms();
    int64_t until_ms = wait_ms < 0 || wait_ms > INT64_MAX - now_ms ? INT64_MAX : now_ms + wait_ms;
    pthread_mutex_lock(&pool->mutex);
    enter(pool);
    ssr_status status;
    while ((status = submit(pool, operation)) == SSR_E_QUEUE_FULL && (now_ms = ssr_pool_now_ms()) < until_ms) {
        struct timespec until = time_in(until_ms - now_ms);
        pthread_cond_timedwait(&pool->changed, &pool->mutex, &until);
    }
    leave(pool);
    pthread_mutex_unlock(&pool->mutex);
    return status;
}

/* ---- Tickets ---------------------------------------------------------------------------------------------------- */

/* Under the mutex: one that nobody holds, or a new one. */
static struct ticket *find_ticket(struct ssr_pool *pool)
{
    struct ticket *ticket = pool->tickets;
    while (ticket && ticket->is_held)
        ticket = ticket->next;
    if (ticket)
        return ticket;
    ticket = ssr_host_allocate(&pool->allocator, sizeof *ticket);
    if (!ticket || !init_condition(&ticket->changed)) {
        ssr_host_release(&pool->allocator, ticket, sizeof *ticket);
        return NULL;
    }
    ticket->pool = pool;
    ticket->next = pool->tickets;
    pool->tickets = ticket;
    return ticket;
}

static ssr_status take_ticket(struct ssr_pool *pool, struct ticket **ticket)
{
    ssr_status status = SSR_E_CANCELLED;
    pthread_mutex_lock(&pool->mutex);
    *ticket = pool->is_closing ? NULL : find_ticket(pool);
    if (*ticket) {
        (*ticket)->is_held = true;
        enter(pool);
        status = SSR_OK;
    } else if (!pool->is_closing) {
        status = SSR_E_NOMEM;
    }
    pthread_mutex_unlock(&pool->mutex);
    return status;
}

static void return_ticket(struct ticket *ticket)
{
    struct ssr_pool *pool = ticket->pool;
    pthread_mutex_lock(&pool->mutex);
    ticket->is_held = false;
    ticket->render = NULL;
    leave(pool);
    pthread_mutex_unlock(&pool->mutex);
}

/* From here on the render can be cancelled through the pool, and is when the pool closes. */
static void show_render(struct ticket *ticket, ssr_render *render)
{
    pthread_mutex_lock(&ticket->pool->mutex);
    ticket->render = render;
    if (ticket->pool->is_closing)
        ssr_render_cancel(render);
    pthread_mutex_unlock(&ticket->pool->mutex);
}

/* Under the mutex. */
static void wake_ticket(struct ticket *ticket)
{
    ticket->is_woken = true;
    pthread_cond_signal(&ticket->changed);
}

/* The render's wake. */
static void wake(void *arg)
{
    struct ticket *ticket = arg;
    pthread_mutex_lock(&ticket->pool->mutex);
    wake_ticket(ticket);
    pthread_mutex_unlock(&ticket->pool->mutex);
}

/* Sleeps until a wake, the end of the time, or, if that is wanted, room in the ring. */
static void wait_at(struct ticket *ticket, bool for_room, int64_t timeout_ms)
{
    struct ssr_pool *pool = ticket->pool;
    struct timespec until = time_in(timeout_ms);
    int ended = 0;
    pthread_mutex_lock(&pool->mutex);
    ticket->wants_room = for_room;
    while (ended == 0 && !ticket->is_woken && !(for_room && has_room(pool)))
        ended = pthread_cond_timedwait(&ticket->changed, &pool->mutex, &until);
    ticket->is_woken = ticket->wants_room = false;
    pthread_mutex_unlock(&pool->mutex);
}

bool ssr_pool_cancel(struct ssr_pool *pool, const ssr_render *render)
{
    pthread_mutex_lock(&pool->mutex);
    struct ticket *ticket = pool->tickets;
    while (ticket && (!render || ticket->render != render))
        ticket = ticket->next;
    if (ticket) {
        ssr_render_cancel(ticket->render);
        wake_ticket(ticket);
    }
    pthread_mutex_unlock(&pool->mutex);
    return ticket != NULL;
}

/* ---- The blocking call: nothing but the step API ---------------------------------------------------------------- */

/* Submits what the render has to load, beginning with `operation`; answers the first that finds no room, or NULL. */
static ssr_operation *submit_all(struct ssr_pool *pool, ssr_render *render, ssr_operation *operation)
{
    while (operation || (operation = ssr_render_next_operation(render)) != NULL) {
        ssr_status status = ssr_pool_submit(pool, operation);
        if (status == SSR_E_QUEUE_FULL)
            return operation;
        if (status != SSR_OK)
            ssr_operation_answer(operation, status);
        operation = NULL;
    }
    return NULL;
}

static void drive(struct ticket *ticket, ssr_render *render)
{
    ssr_operation *unsubmitted = NULL;
    for (ssr_step step; (step = ssr_render_step(render, ssr_pool_now_ms())) != SSR_STEP_ENDED;) {
        if (step == SSR_STEP_AGAIN)
            continue;
        unsubmitted = submit_all(ticket->pool, render, unsubmitted);
        wait_at(ticket, unsubmitted != NULL, ssr_render_timeout_ms(render, ssr_pool_now_ms()));
    }
    if (unsubmitted)
        ssr_operation_answer(unsubmitted, SSR_E_CANCELLED);
}

ssr_status ssr_pool_run(struct ssr_pool *pool, const ssr_engine *engine, ssr_page_fn page, void *arg,
                        const ssr_request *request, ssr_render **render)
{
    struct ticket *ticket;
    *render = NULL;
    ssr_status status = take_ticket(pool, &ticket);
    if (status != SSR_OK)
        return status;
    ssr_request own = request ? *request : (ssr_request){0};
    own.wake = wake;
    own.wake_arg = ticket;
    status = ssr_render_new(engine, page, arg, &own, render);
    if (status == SSR_OK) {
        show_render(ticket, *render);
        drive(ticket, *render);
        const ssr_result *result = ssr_render_result(*render);
        status = result->data_length > 0 ? SSR_OK : result->error_status;
    }
    return_ticket(ticket);
    return status;
}

/* ---- The end ---------------------------------------------------------------------------------------------------- */

/* Under the mutex: nothing begins any more, and everybody who waits looks up. */
static void begin_closing(struct ssr_pool *pool)
{
    pool->is_closing = true;
    pthread_cond_broadcast(&pool->queued);
    pthread_cond_broadcast(&pool->changed);
    for (struct ticket *ticket = pool->tickets; ticket; ticket = ticket->next) {
        if (ticket->render)
            ssr_render_cancel(ticket->render);
        wake_ticket(ticket);
    }
}

static void free_tickets(struct ssr_pool *pool)
{
    while (pool->tickets) {
        struct ticket *ticket = pool->tickets;
        pool->tickets = ticket->next;
        pthread_cond_destroy(&ticket->changed);
        ssr_host_release(&pool->allocator, ticket, sizeof *ticket);
    }
}

void ssr_pool_free(struct ssr_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->mutex);
    begin_closing(pool);
    while (pool->count > 0) {
        ssr_operation *operation = dequeue(pool);
        pthread_mutex_unlock(&pool->mutex);
        ssr_operation_answer(operation, SSR_E_CANCELLED);
        pthread_mutex_lock(&pool->mutex);
    }
    while (pool->inside > 0)
        pthread_cond_wait(&pool->changed, &pool->mutex);
    pthread_mutex_unlock(&pool->mutex);
    for (unsigned i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    free_tickets(pool);
    pthread_cond_destroy(&pool->changed);
    pthread_cond_destroy(&pool->queued);
    pthread_mutex_destroy(&pool->mutex);
    release(pool);
}
