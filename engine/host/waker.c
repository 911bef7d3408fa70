/*
 * The waker: a list of ready entries under a mutex, and a descriptor. Owns the descriptor; the entries are the host's.
 *
 * What always holds while the mutex is free:
 *   (1) an entry is on the list exactly when its is_ready is true;
 *   (2) the descriptor is readable exactly when is_signalled is true;
 *   (3) when the list is not empty, is_signalled is true.
 * A wake puts the entry on the list and signals if nobody has; the descriptor is drained only while the list is
 * empty. Both happen under the mutex, so each keeps all three.
 *
 * No wake is lost: when a wake returns, its entry is on the list, put there now or earlier and not taken since; by (3)
 * and (2) the descriptor is readable until somebody has taken it. Who takes it steps the render afterwards, and the
 * mutex orders the answer, which came before the wake, before that step. A burst of wakes costs one write and one read.
 */
#include "engine/host/waker.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <unistd.h>
#if defined(__linux__) && !defined(SSR_WAKER_PIPE)
#include <sys/eventfd.h>
#endif

#include "engine/host/host_memory.h"

struct ssr_waker {
    ssr_allocator allocator;
    int readable, writable; /* the same for an eventfd */
    pthread_mutex_t mutex;
    ssr_waker_entry *first, *last;
    bool is_signalled;
};

/* ---- The descriptor --------------------------------------------------------------------------------------------- */

#if defined(__linux__) && !defined(SSR_WAKER_PIPE)
static bool open_descriptor(struct ssr_waker *waker)
{
    waker->readable = waker->writable = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return waker->readable >= 0;
}
#else
static bool prepare(int descriptor)
{
    return fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 && fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0;
}

static bool open_descriptor(struct ssr_waker *waker)
{
    int ends[2];
    if (pipe(ends) != 0)
        return false;
    waker->readable = ends[0];
    waker->writable = ends[1];
    return prepare(ends[0]) && prepare(ends[1]);
}
#endif

static void close_descriptor(struct ssr_waker *waker)
{
    if (waker->writable >= 0 && waker->writable != waker->readable)
        close(waker->writable);
    if (waker->readable >= 0)
        close(waker->readable);
}

/* Eight bytes are what an eventfd counts with; a pipe carries them as well, and has never more than these in it. */
static void signal_descriptor(struct ssr_waker *waker)
{
    static const uint64_t one = 1;
    while (write(waker->writable, &one, sizeof one) < 0 && errno == EINTR)
        continue;
    waker->is_signalled = true;
}

static void drain_descriptor(struct ssr_waker *waker)
{
    uint64_t count;
    while (read(waker->readable, &count, sizeof count) < 0 && errno == EINTR)
        continue;
    waker->is_signalled = false;
}

/* ---- The list, under the mutex ---------------------------------------------------------------------------------- */

static void append(struct ssr_waker *waker, ssr_waker_entry *entry)
{
    entry->is_ready = true;
    entry->next = NULL;
    entry->before = waker->last;
    *(waker->last ? &waker->last->next : &waker->first) = entry;
    waker->last = entry;
}

static void take_off(struct ssr_waker *waker, ssr_waker_entry *entry)
{
    *(entry->before ? &entry->before->next : &waker->first) = entry->next;
    *(entry->next ? &entry->next->before : &waker->last) = entry->before;
    entry->next = entry->before = NULL;
    entry->is_ready = false;
}

/* ---- Calls ------------------------------------------------------------------------------------------------------ */

ssr_status ssr_waker_new(const ssr_allocator *allocator, struct ssr_waker **waker)
{
    ssr_allocator memory = ssr_host_allocator(allocator);
    struct ssr_waker *made = ssr_host_allocate(&memory, sizeof *made);
    *waker = NULL;
    if (!made)
        return SSR_E_NOMEM;
    made->allocator = memory;
    made->readable = made->writable = -1;
    int error = open_descriptor(made) ? pthread_mutex_init(&made->mutex, NULL) : errno;
    if (error != 0) {
        close_descriptor(made);
        ssr_host_release(&memory, made, sizeof *made);
        errno = error;
        return SSR_E_SYSTEM;
    }
    *waker = made;
    return SSR_OK;
}

int ssr_waker_descriptor(const struct ssr_waker *waker)
{
    return waker->readable;
}

void ssr_waker_wake(void *arg)
{
    ssr_waker_entry *entry = arg;
    struct ssr_waker *waker = entry->waker;
    pthread_mutex_lock(&waker->mutex);
    if (!entry->is_ready)
        append(waker, entry);
    if (!waker->is_signalled)
        signal_descriptor(waker);
    pthread_mutex_unlock(&waker->mutex);
}

ssr_waker_entry *ssr_waker_next(struct ssr_waker *waker)
{
    pthread_mutex_lock(&waker->mutex);
    ssr_waker_entry *entry = waker->first;
    if (entry)
        take_off(waker, entry);
    else if (waker->is_signalled)
        drain_descriptor(waker);
    pthread_mutex_unlock(&waker->mutex);
    return entry;
}

void ssr_waker_forget(ssr_waker_entry *entry)
{
    struct ssr_waker *waker = entry->waker;
    pthread_mutex_lock(&waker->mutex);
    if (entry->is_ready)
        take_off(waker, entry);
    pthread_mutex_unlock(&waker->mutex);
}

void ssr_waker_free(struct ssr_waker *waker)
{
    if (!waker)
        return;
    close_descriptor(waker);
    pthread_mutex_destroy(&waker->mutex);
    ssr_host_release(&waker->allocator, waker, sizeof *waker);
}
