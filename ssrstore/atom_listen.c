/*
 * Subscriptions to atoms, and telling them. What always holds: those of one atom stand in the order of subscription;
 * one that has ended is never told again, and one that was made while others are being told waits for the next change.
 */
#include <string.h>

#include "ssrstore/atom_internal.h"

static struct ssr_atom_subscription *subscription_of(struct ssr_atom_link *link)
{
    return (struct ssr_atom_subscription *)link; /* its first member */
}

/* ---- Telling ---------------------------------------------------------------------------------------------------- */

static bool same_text(ssr_json a, ssr_json b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.text, b.text, a.length) == 0);
}

static ssr_status call(struct ssr_atom_subscription *subscription, ssr_json next, ssr_json previous)
{
    if (subscription->event == SSR_ATOM_WATCHED) {
        next = ssr_atom_path(next, subscription->path);
        previous = ssr_atom_path(previous, subscription->path);
        if (same_text(next, previous))
            return SSR_OK;
    }
    return subscription->listener(subscription->atom, next, previous, subscription->arg);
}

/* Watches are told of changes, in their turn. */
static bool listens_to(const struct ssr_atom_subscription *subscription, enum ssr_atom_event event)
{
    return subscription->event == event || (subscription->event == SSR_ATOM_WATCHED && event == SSR_ATOM_CHANGED);
}

/* Tells those with a number below `until`, as long as none of them destroys the atom. */
static ssr_status tell(struct ssr_atom *atom, enum ssr_atom_event event, uint64_t until, ssr_json next,
                       ssr_json previous)
{
    ssr_status status = SSR_OK;
    struct ssr_atom_link *head = &atom->subscriptions;
    for (struct ssr_atom_link *link = head->next; link != head; link = link->next) {
        struct ssr_atom_subscription *subscription = subscription_of(link);
        if (subscription->is_ended || subscription->number >= until || !listens_to(subscription, event))
            continue;
        if (atom->is_ending && event != SSR_ATOM_DESTROYED) /* a listener has destroyed the atom */
            break;
        if (call(subscription, next, previous) != SSR_OK)
            status = SSR_E_LISTENER;
    }
    return status;
}

ssr_status ssr_atom_tell(struct ssr_atom *atom, enum ssr_atom_event event, ssr_json next, ssr_json previous)
{
    uint64_t until = atom->store->subscription_count;
    ssr_status status = tell(atom, event, until, next, previous);
    if (event != SSR_ATOM_RESET)
        return status;
    ssr_status of_change = tell(atom, SSR_ATOM_CHANGED, until, next, previous);
    return status == SSR_OK ? of_change : status;
}

/* ---- Subscribing ------------------------------------------------------------------------------------------------ */

static struct ssr_atom_subscription *allocate(struct ssr_atom_store *store, const char *path)
{
    if (ssr_atom_log_reserve(store, 1) != SSR_OK)
        return NULL;
    size_t length = strlen(path) + 1, size = sizeof(struct ssr_atom_subscription) + length;
    struct ssr_atom_subscription *subscription = ssr_budget_resize(store->budget, NULL, 0, size);
    if (!subscription)
        return NULL;
    memset(subscription, 0, sizeof *subscription);
    memcpy(subscription->path, path, length);
    subscription->size = size;
    return subscription;
}

static struct ssr_atom_subscription *subscribe(struct ssr_atom *atom, enum ssr_atom_event event, const char *path,
                                               ssr_atom_listener_fn listener, void *arg)
{
    static const struct ssr_writer nowhere;
    if (ssr_atom_enter_write(atom, nowhere) != SSR_OK)
        return NULL;
    struct ssr_atom_store *store = atom->store;
    struct ssr_atom_subscription *subscription = listener && path ? allocate(store, path) : NULL;
    if (!subscription) {
        ssr_status status = listener && path ? store->budget->refusal : SSR_E_INVALID_ARGUMENT;
        ssr_atom_refuse(store, atom->template, status, nowhere);
        return NULL;
    }
    subscription->atom = atom;
    subscription->event = event;
    subscription->number = store->subscription_count++;
    subscription->listener = listener;
    subscription->arg = arg;
    subscription->older = store->subscribed;
    store->subscribed = subscription;
    ssr_atom_link_add(&atom->subscriptions, &subscription->link);
    ssr_atom_log(store, (struct ssr_atom_undo){SSR_ATOM_OP_SUBSCRIBE, {.subscription = subscription}, NULL});
    return subscription;
}

struct ssr_atom_subscription *ssr_atom_on_change(struct ssr_atom *atom, ssr_atom_listener_fn listener, void *arg)
{
    return subscribe(atom, SSR_ATOM_CHANGED, "", listener, arg);
}

struct ssr_atom_subscription *ssr_atom_watch(struct ssr_atom *atom, const char *path, ssr_atom_listener_fn listener,
                                             void *arg)
{
    return subscribe(atom, SSR_ATOM_WATCHED, path, listener, arg);
}

struct ssr_atom_subscription *ssr_atom_on_reset(struct ssr_atom *atom, ssr_atom_listener_fn listener, void *arg)
{
    return subscribe(atom, SSR_ATOM_RESET, "", listener, arg);
}

struct ssr_atom_subscription *ssr_atom_on_destroy(struct ssr_atom *atom, ssr_atom_listener_fn listener, void *arg)
{
    return subscribe(atom, SSR_ATOM_DESTROYED, "", listener, arg);
}

void ssr_atom_unsubscribe(struct ssr_atom_subscription *subscription)
{
    static const struct ssr_writer nowhere;
    if (!subscription || subscription->is_ended)
        return;
    struct ssr_atom *atom = subscription->atom;
    struct ssr_atom_store *store = atom->store;
    if (!atom->is_ending && ssr_atom_enter_write(atom, nowhere) != SSR_OK)
        return;
    ssr_status status = ssr_atom_log_reserve(store, 1);
    if (status != SSR_OK) {
        ssr_atom_refuse(store, atom->template, status, nowhere);
        return;
    }
    ssr_atom_log(store, (struct ssr_atom_undo){SSR_ATOM_OP_UNSUBSCRIBE, {.subscription = subscription}, NULL});
    subscription->is_ended = true;
    ssr_atom_link_remove(&subscription->link);
}

void ssr_atom_subscriptions_free(struct ssr_atom_store *store, const struct ssr_atom_subscription *until)
{
    while (store->subscribed != until) {
        struct ssr_atom_subscription *subscription = store->subscribed;
        store->subscribed = subscription->older;
        ssr_budget_resize(store->budget, subscription, subscription->size, 0);
    }
}
