/*
 * Shared stores: their definition, changes and listeners. What always holds: a state is made whole before it becomes
 * current, so a change that fails has not happened; a thread has at most one call under way in a store, the outer one,
 * and what is called inside it waits in that call's queue; listeners are told without any lock, of the changes of one
 * thread in the order in which it made them.
 */
#include <limits.h>

#include "ssrstore/shared_internal.h"

/* One change on its way: an updater, an action, or neither, and then `value` is the whole next state. */
struct change {
    struct change *next;
    ssr_updater_fn updater;
    const ssr_action *action;
    void *arg;               /* of the updater */
    struct ssr_value *value; /* owned; the argument of an action, NULL when none was given */
};

/* A call under way, on the stack of its thread, which alone touches its queue. */
struct ssr_shared_call {
    struct ssr_shared_call *next;
    pthread_t thread;
    struct change *first, **end;
};

/* A subscription. Never freed before the store, so that a handle may be compared with it at any time. */
struct ssr_shared_listener {
    struct ssr_shared *shared; /* for ever, so that it may be read without the lock */
    uint64_t serial;           /* of the subscription that has it; 0: none has */
    ssr_listener_fn run;
    void *arg;
    unsigned callers; /* threads that are inside run: the listener stays in its list until they are back */
    bool is_ended;
    struct ssr_shared_listener *before, *after;
};

static void *allocate(const struct ssr_shared_state *state, size_t size)
{
    return state->allocator.resize(state->allocator.arg, NULL, 0, size);
}

static void release(const struct ssr_shared_state *state, void *block, size_t size)
{
    state->allocator.resize(state->allocator.arg, block, size, 0);
}

/* ---- Definition ------------------------------------------------------------------------------------------------- */

/* Both locks, or none. */
static bool init_locks(struct ssr_shared_state *state)
{
    if (pthread_mutex_init(&state->writing, NULL) != 0)
        return false;
    if (pthread_mutex_init(&state->lists, NULL) == 0)
        return true;
    pthread_mutex_destroy(&state->writing);
    return false;
}

/* With a first state, which is taken when it succeeds. NULL: no memory. */
static struct ssr_shared_state *new_state(const ssr_allocator *allocator, struct ssr_value *first)
{
    struct ssr_shared_state *state = allocator->resize(allocator->arg, NULL, 0, sizeof *state);
    if (!state)
        return NULL;
    memset(state, 0, sizeof *state);
    state->allocator = *allocator;
    if (!init_locks(state)) {
        release(state, state, sizeof *state);
        return NULL;
    }
    if (ssr_snapshots_init(&state->snapshots, allocator, first) != SSR_OK) {
        pthread_mutex_destroy(&state->lists);
        pthread_mutex_destroy(&state->writing);
        release(state, state, sizeof *state);
        return NULL;
    }
    ssr_budget_init(&state->budget, allocator, SIZE_MAX);
    ssr_draft_init(&state->draft, &state->budget, SSR_MAX_VALUE);
    return state;
}

static void free_listeners(struct ssr_shared_state *state, struct ssr_shared_listener *listener)
{
    while (listener) {
        struct ssr_shared_listener *after = listener->after;
        release(state, listener, sizeof *listener);
        listener = after;
    }
}

static void free_state(struct ssr_shared_state *state)
{
    free_listeners(state, state->first);
    free_listeners(state, state->spare);
    ssr_draft_release(&state->draft);
    ssr_snapshots_release(&state->snapshots);
    pthread_mutex_destroy(&state->lists);
    pthread_mutex_destroy(&state->writing);
    release(state, state, sizeof *state);
}

static void release_shared(struct ssr_definition *definition)
{
    free_state(((struct ssr_shared *)definition)->state);
}

/* What a definition needs, all of it or nothing. */
static ssr_status prepare(struct ssr_registry *registry, const ssr_shared_options *options, struct ssr_actions *actions,
                          const char **type, struct ssr_shared_state **state)
{
    struct ssr_value *first;
    *state = NULL;
    if ((unsigned)options->policy > SSR_LOCAL)
        return SSR_E_INVALID_ARGUMENT;
    ssr_status status = ssr_actions_copy(actions, &registry->region, options->actions, options->action_count);
    if (status == SSR_OK)
        status = ssr_registry_copy_type(registry, options->type, type);
    if (status != SSR_OK)
        return status;
    const ssr_allocator *allocator = &registry->budget.allocator;
    const char *json = options->initial_json;
    status = ssr_input_make(allocator, json ? ssr_input_json(json) : ssr_input_null(), &first);
    if (status != SSR_OK)
        return status;
    *state = new_state(allocator, first);
    if (*state)
        return SSR_OK;
    ssr_value_free(first);
    return SSR_E_NOMEM;
}

struct ssr_shared *ssr_shared_define(struct ssr_registry *registry, const char *name, const ssr_shared_options *options)
{
    static const ssr_shared_options zero;
    options = options ? options : &zero;
    if (!registry)
        return NULL;
    struct ssr_actions actions;
    const char *type;
    struct ssr_shared_state *state;
    ssr_status status = ssr_registry_check(registry, SSR_KIND_SHARED, name, false);
    if (status == SSR_OK)
        status = prepare(registry, options, &actions, &type, &state);
    if (status != SSR_OK)
        return ssr_registry_refuse(registry, SSR_KIND_SHARED, name, status);
    struct ssr_shared *shared = ssr_registry_add(registry, SSR_KIND_SHARED, name, sizeof *shared);
    if (!shared) {
        free_state(state);
        return ssr_registry_refuse(registry, SSR_KIND_SHARED, name, SSR_E_NOMEM);
    }
    shared->definition.redact = options->redact;
    shared->definition.type = type;
    shared->definition.release = release_shared;
    shared->policy = options->policy;
    shared->writable_in_render = options->writable_in_render;
    shared->actions = actions;
    shared->state = state;
    return shared;
}

struct ssr_shared *ssr_shared_find(const struct ssr_registry *registry, const char *name)
{
    return (struct ssr_shared *)ssr_registry_find(registry, SSR_KIND_SHARED, name);
}

const char *ssr_shared_name(const struct ssr_shared *shared)
{
    return shared ? shared->definition.name : "";
}

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

struct ssr_snapshot *ssr_shared_snapshot(struct ssr_shared *shared)
{
    return shared ? ssr_snapshots_take(&shared->state->snapshots) : NULL;
}

static void unpin(struct ssr_cell *cell)
{
    ssr_snapshot_free(((struct ssr_shared_cell *)cell)->pinned);
}

/* The cell with its snapshot, taken at the first read of the request. */
static struct ssr_cell *pin(struct ssr_ctx *ctx, struct ssr_shared *shared)
{
    struct ssr_shared_cell *pinned = (struct ssr_shared_cell *)ssr_scope_cell(ctx, &shared->definition, sizeof *pinned);
    if (!pinned)
        return NULL;
    if (!pinned->pinned) {
        pinned->pinned = ssr_shared_snapshot(shared);
        pinned->cell.committed = pinned->pinned->value;
        pinned->cell.release = unpin;
    }
    if (pinned->cell.first_pass == UINT_MAX) /* known from the location before this one */
        ssr_cell_touch(ctx, &pinned->cell);
    return &pinned->cell;
}

ssr_json ssr_shared_get(struct ssr_ctx *ctx, struct ssr_shared *shared)
{
    ssr_json absent = ssr_value_json(NULL);
    if (ssr_enter(ctx, SSR_CALL_SHARED_GET) != SSR_OK)
        return absent;
    if (!shared || shared->definition.registry != ctx->registry) {
        ssr_answer(ctx, SSR_E_UNKNOWN_SHARED);
        return absent;
    }
    struct ssr_cell *cell = pin(ctx, shared);
    return cell && ssr_note_read(ctx, cell) ? ssr_value_json(cell->committed) : absent;
}

/* ---- Telling ---------------------------------------------------------------------------------------------------- */

/* One change that has happened; the snapshots are held until everybody has been told. */
struct news {
    struct ssr_snapshot *next, *previous;
    uint64_t until; /* the latest subscription that was there */
};

/* Takes an ended listener out of its list when nobody is inside it. The lists are locked. */
static void drop_listener(struct ssr_shared_state *state, struct ssr_shared_listener *listener)
{
    if (!listener->is_ended || listener->callers > 0)
        return;
    *(listener->before ? &listener->before->after : &state->first) = listener->after;
    *(listener->after ? &listener->after->before : &state->last) = listener->before;
    listener->serial = 0;
    listener->after = state->spare;
    state->spare = listener;
}

/* Calls a listener without the lock, which is held before and afterwards. Answers the one behind it. */
static struct ssr_shared_listener *tell_one(struct ssr_shared_state *state, struct ssr_shared_listener *listener,
                                            const struct news *news, bool *has_failed)
{
    if (!listener->is_ended) {
        listener->callers++;
        pthread_mutex_unlock(&state->lists);
        *has_failed |= listener->run(news->next, news->previous, listener->arg) != SSR_OK;
        pthread_mutex_lock(&state->lists);
        listener->callers--;
    }
    struct ssr_shared_listener *after = listener->after;
    drop_listener(state, listener);
    return after;
}

static ssr_status tell(struct ssr_shared_state *state, const struct news *news)
{
    bool has_failed = false;
    pthread_mutex_lock(&state->lists);
    struct ssr_shared_listener *listener = state->first;
    while (listener && listener->serial <= news->until)
        listener = tell_one(state, listener, news, &has_failed);
    pthread_mutex_unlock(&state->lists);
    return has_failed ? SSR_E_LISTENER : SSR_OK;
}

/* ---- Changing --------------------------------------------------------------------------------------------------- */

/* The state that an updater or action makes of `latest`; NULL: the same. The writers' lock is held. */
static ssr_status draft_next(struct ssr_shared_state *state, const struct change *change,
                             const struct ssr_value *latest, struct ssr_value **next)
{
    struct ssr_draft *draft = &state->draft;
    ssr_status status =
        change->updater
            ? ssr_draft_run(draft, latest->text, latest->length, change->updater, change->arg)
            : ssr_draft_act(draft, latest->text, latest->length, change->action, ssr_input_value(change->value));
    if (status != SSR_OK)
        return status;
    size_t length;
    const char *text = ssr_draft_text(draft, &length);
    if (length == latest->length && memcmp(text, latest->text, length) == 0)
        return SSR_OK;
    *next = ssr_value_new(&state->allocator, text, length);
    return *next ? SSR_OK : SSR_E_NOMEM;
}

/* Makes the next state current. Nothing in *news: there was no change. */
static ssr_status advance(struct ssr_shared_state *state, struct change *change, struct news *news)
{
    const struct ssr_value *latest = ssr_snapshots_latest(&state->snapshots);
    struct ssr_value *next = NULL;
    ssr_status status = ssr_snapshots_reserve(&state->snapshots);
    if (status == SSR_OK && (change->updater || change->action)) {
        status = draft_next(state, change, latest, &next);
    } else if (status == SSR_OK && !ssr_value_equal(change->value, latest)) {
        next = change->value;
        change->value = NULL;
    }
    if (status != SSR_OK || !next)
        return status;
    pthread_mutex_lock(&state->lists); /* who has subscribed before is told, who does so from now on is not */
    news->next = ssr_snapshots_publish(&state->snapshots, next, &news->previous);
    news->until = state->serial;
    pthread_mutex_unlock(&state->lists);
    return SSR_OK;
}

/* Changes the state and tells. What the change owns is freed. */
static ssr_status carry_out(struct ssr_shared_state *state, struct change *change)
{
    struct news news = {NULL, NULL, 0};
    pthread_mutex_lock(&state->writing);
    ssr_status status = advance(state, change, &news);
    pthread_mutex_unlock(&state->writing);
    ssr_value_free(change->value);
    if (news.next) {
        status = tell(state, &news);
        ssr_snapshot_free(news.next);
        ssr_snapshot_free(news.previous);
    }
    return status;
}

/* The call that this thread has under way, or else its own from now on. */
static struct ssr_shared_call *find_or_begin_call(struct ssr_shared_state *state, struct ssr_shared_call *own)
{
    pthread_t self = pthread_self();
    pthread_mutex_lock(&state->lists);
    struct ssr_shared_call *call = state->calls;
    while (call && !pthread_equal(call->thread, self))
        call = call->next;
    if (!call) {
        *own = (struct ssr_shared_call){state->calls, self, NULL, &own->first};
        state->calls = own;
    }
    pthread_mutex_unlock(&state->lists);
    return call ? call : own;
}

static void end_call(struct ssr_shared_state *state, const struct ssr_shared_call *call)
{
    pthread_mutex_lock(&state->lists);
    struct ssr_shared_call **at = &state->calls;
    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
    pthread_mutex_unlock(&state->lists);
}

static ssr_status enqueue(struct ssr_shared_state *state, struct ssr_shared_call *call, const struct change *change)
{
    struct change *queued = allocate(state, sizeof *queued);
    if (!queued) {
        ssr_value_free(change->value);
        return SSR_E_NOMEM;
    }
    *queued = *change;
    queued->next = NULL;
    *call->end = queued;
    call->end = &queued->next;
    return SSR_OK;
}

static struct change *dequeue(struct ssr_shared_call *call)
{
    struct change *change = call->first;
    if (change)
        call->first = change->next;
    if (!call->first)
        call->end = &call->first;
    return change;
}

/* Carries the change out, then what was called meanwhile on this thread; or queues it behind the call around it. */
static ssr_status change_state(struct ssr_shared_state *state, struct change change)
{
    struct ssr_shared_call own;
    struct ssr_shared_call *call = find_or_begin_call(state, &own);
    if (call != &own)
        return enqueue(state, call, &change);
    ssr_status status = carry_out(state, &change);
    for (struct change *queued = dequeue(call); queued; queued = dequeue(call)) {
        ssr_status answer = carry_out(state, queued);
        release(state, queued, sizeof *queued);
        status = status == SSR_OK ? answer : status;
    }
    end_call(state, call);
    return status;
}

/* Whether the store is one, and may be written here. */
static ssr_status enter(const struct ssr_shared *shared, const char *file, int line)
{
    return shared ? ssr_guard_write(shared, (struct ssr_writer){file, line}) : SSR_E_UNKNOWN_SHARED;
}

ssr_status ssr_shared_update_at(struct ssr_shared *shared, ssr_updater_fn updater, void *arg, const char *file,
                                int line)
{
    ssr_status status = enter(shared, file, line);
    if (status != SSR_OK)
        return status;
    return updater ? change_state(shared->state, (struct change){.updater = updater, .arg = arg})
                   : SSR_E_INVALID_ARGUMENT;
}

ssr_status ssr_shared_replace_at(struct ssr_shared *shared, ssr_input input, const char *file, int line)
{
    struct ssr_value *value;
    ssr_status status = enter(shared, file, line);
    if (status == SSR_OK)
        status = ssr_input_make(&shared->state->allocator, input, &value);
    return status == SSR_OK ? change_state(shared->state, (struct change){.value = value}) : status;
}

ssr_status ssr_shared_act_at(struct ssr_shared *shared, const char *name, ssr_input argument, const char *file,
                             int line)
{
    struct ssr_value *value = NULL;
    ssr_status status = enter(shared, file, line);
    if (status != SSR_OK)
        return status;
    const ssr_action *action = ssr_actions_find(&shared->actions, name);
    if (!action)
        return SSR_E_UNKNOWN_ACTION;
    bool is_absent = argument.form == SSR_INPUT_CANONICAL && !argument.text;
    if (!is_absent)
        status = ssr_input_make(&shared->state->allocator, argument, &value);
    return status == SSR_OK ? change_state(shared->state, (struct change){.action = action, .value = value}) : status;
}

/* ---- Listening -------------------------------------------------------------------------------------------------- */

/* A listener for a new subscription. The lists are locked. NULL: no memory. */
static struct ssr_shared_listener *take_listener(struct ssr_shared *shared)
{
    struct ssr_shared_state *state = shared->state;
    struct ssr_shared_listener *listener = state->spare;
    if (listener) {
        state->spare = listener->after;
    } else {
        listener = allocate(state, sizeof *listener);
        if (!listener)
            return NULL;
        listener->shared = shared;
    }
    listener->serial = ++state->serial;
    listener->callers = 0;
    listener->is_ended = false;
    return listener;
}

/* Puts a listener behind all others. The lists are locked. */
static void append_listener(struct ssr_shared_state *state, struct ssr_shared_listener *listener)
{
    listener->before = state->last;
    listener->after = NULL;
    *(state->last ? &state->last->after : &state->first) = listener;
    state->last = listener;
}

ssr_status ssr_shared_subscribe(struct ssr_shared *shared, ssr_listener_fn run, void *arg,
                                ssr_subscription *subscription)
{
    if (subscription)
        *subscription = (ssr_subscription){NULL, 0};
    if (!shared || !run)
        return shared ? SSR_E_INVALID_ARGUMENT : SSR_E_UNKNOWN_SHARED;
    struct ssr_shared_state *state = shared->state;
    pthread_mutex_lock(&state->lists);
    struct ssr_shared_listener *listener = take_listener(shared);
    if (listener) {
        listener->run = run;
        listener->arg = arg;
        append_listener(state, listener);
        if (subscription)
            *subscription = (ssr_subscription){listener, listener->serial};
    }
    pthread_mutex_unlock(&state->lists);
    return listener ? SSR_OK : SSR_E_NOMEM;
}

void ssr_unsubscribe(ssr_subscription subscription)
{
    struct ssr_shared_listener *listener = subscription.listener;
    if (!listener)
        return;
    struct ssr_shared_state *state = listener->shared->state;
    pthread_mutex_lock(&state->lists);
    if (listener->serial == subscription.serial && !listener->is_ended) {
        listener->is_ended = true;
        drop_listener(state, listener);
    }
    pthread_mutex_unlock(&state->lists);
}
