/*
 * What atom stores are made of.
 *
 * Owners: a store owns everything it made, on its budget: the atoms and subscriptions, which stay until it goes because
 * their handles may be used until then, and the counted values. A value lives as long as an atom, the log, the kept
 * list, a queue or a call in progress holds it; the default of a template belongs to its registry and is not counted,
 * because threads share it.
 *
 * Rewinding: everything that a callback changes in the store of a request is noted in the store's log before it
 * changes, and is taken back from it, the newest first. What is taken out of a list keeps its neighbours, so that it
 * can be put back where it was, and so that a walk which stands on it goes on.
 */
#ifndef SSRSTORE_ATOM_INTERNAL_H
#define SSRSTORE_ATOM_INTERNAL_H

#include "ssrstore/atom.h"
#include "ssrstore/draft_internal.h"
#include "ssrstore/scope.h"

enum { SSR_ATOM_DEPTH = 64 /* changes inside of each other's listeners */ };

struct ssr_atom_value {
    struct ssr_value value;
    size_t users; /* 0: of a template, not counted */
};

/* In a ring through its list's head. */
struct ssr_atom_link {
    struct ssr_atom_link *next, *previous;
};

struct ssr_atom {
    struct ssr_atom_link link; /* the clones of the store, in order of first use */
    const struct ssr_atom_template *template;
    struct ssr_atom_store *store; /* NULL: the template itself */
    struct ssr_atom_value *value; /* NULL: destroyed */
    const char *key;              /* "user.clone.1", behind the atom in its block */
    size_t size;                  /* of the block */
    bool is_main;                 /* the template's clone; otherwise the clone of a clone */
    bool is_ending;               /* its on_destroy listeners are being told, or it is gone */
    unsigned read_pass;           /* the last pass in which the page read it */
    unsigned late_pass;           /* the last pass whose journal says that it changed after that */
    struct ssr_atom_link subscriptions;
    struct ssr_atom *older, *younger; /* of all that the store has made */
};

struct ssr_atom_template {
    struct ssr_definition definition;
    ssr_before_update_fn before_update;
    ssr_atom_getter_fn get;
    void *arg;
    struct ssr_actions actions;
    ssr_policy policy;
    const char *persist;
    struct ssr_atom_value fallback;
    struct ssr_value *owned; /* whose text the fallback has */
    struct ssr_atom atom;    /* the template as an atom */
};

enum ssr_atom_event { SSR_ATOM_CHANGED, SSR_ATOM_WATCHED, SSR_ATOM_RESET, SSR_ATOM_DESTROYED };

struct ssr_atom_subscription {
    struct ssr_atom_link link; /* of its atom */
    struct ssr_atom *atom;
    enum ssr_atom_event event;
    bool is_ended;
    uint64_t number; /* in order of subscription, in the whole store */
    ssr_atom_listener_fn listener;
    void *arg;
    struct ssr_atom_subscription *older; /* of all that the store has made */
    size_t size;                         /* of the block */
    char path[];                         /* of a watch */
};

/* What a store knows of one template. */
struct ssr_atom_slot {
    const struct ssr_atom_template *template; /* NULL: a free place */
    struct ssr_atom *atom;                    /* the clone; NULL: not used */
    struct ssr_atom_value *queued;            /* for the first use */
    struct ssr_atom_value *loaded;            /* what the cookie held when this location first asked */
    bool has_loaded;
    unsigned loaded_pass; /* in which; between passes the one before */
};

enum ssr_atom_op {
    SSR_ATOM_OP_VALUE,       /* an atom took another value; `value` was the one before */
    SSR_ATOM_OP_LOAD,        /* the same, from where it is kept, before anybody has seen it */
    SSR_ATOM_OP_MAKE,        /* an atom was made */
    SSR_ATOM_OP_DESTROY,     /* an atom was taken out; `value` was its value */
    SSR_ATOM_OP_QUEUE,       /* the queued value of a template changed; `value` was the one before, or NULL */
    SSR_ATOM_OP_SUBSCRIBE,   /* a subscription was made */
    SSR_ATOM_OP_UNSUBSCRIBE, /* a subscription was ended */
};

/* How one change is taken back. */
struct ssr_atom_undo {
    enum ssr_atom_op op;
    union {
        struct ssr_atom *atom;
        const struct ssr_atom_template *template;
        struct ssr_atom_subscription *subscription;
    } of;
    struct ssr_atom_value *value;
};

/* What the snapshot of the last completed pass shows. */
struct ssr_atom_kept {
    const struct ssr_atom_template *template;
    struct ssr_atom_value *value;
};

/* A draft of the store; one for each call in progress, reused. */
struct ssr_atom_draft {
    struct ssr_draft draft;
    struct ssr_atom_draft *next;
};

struct ssr_atom_store {
    const struct ssr_registry *registry;
    struct ssr_ctx *ctx; /* NULL: not of a request */
    struct ssr_budget own, *budget;
    struct ssr_atom_slot *slots; /* by definition index, open addressing; the size is a power of two */
    size_t slot_count, slot_size;
    struct ssr_atom_link atoms;               /* that live */
    struct ssr_atom *made;                    /* the newest first */
    size_t atom_count;                        /* made and not taken back */
    struct ssr_atom_subscription *subscribed; /* the newest first */
    uint64_t subscription_count;
    struct ssr_atom_draft *drafts; /* that are free */
    struct ssr_atom_undo *log;
    size_t log_count, log_capacity;
    size_t log_owed; /* entries that calls in progress still have to make */
    struct ssr_atom_kept *kept;
    size_t kept_count, kept_capacity;
    unsigned depth;    /* calls in progress that run callbacks, inside of each other */
    bool is_looping;   /* a change went too deep: none inside of the outermost is taken any more */
    bool is_beginning; /* a clone takes what it begins with: what is refused is so again whenever it is first used */
    bool is_ending;
    ssr_status status;
};

/* The default as a value to take, which nobody counts. */
static inline struct ssr_atom_value *ssr_atom_fallback(const struct ssr_atom_template *template)
{
    return (struct ssr_atom_value *)&template->fallback;
}

/* ---- Lists ------------------------------------------------------------------------------------------------------ */

static inline void ssr_atom_link_init(struct ssr_atom_link *head)
{
    head->next = head->previous = head;
}

static inline void ssr_atom_link_add(struct ssr_atom_link *head, struct ssr_atom_link *link)
{
    link->next = head;
    link->previous = head->previous;
    head->previous->next = link;
    head->previous = link;
}

/* The link keeps its neighbours. */
static inline void ssr_atom_link_remove(struct ssr_atom_link *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
}

/* Takes the latest removal back that was not taken back yet. */
static inline void ssr_atom_link_restore(struct ssr_atom_link *link)
{
    link->previous->next = link;
    link->next->previous = link;
}

/* ---- atom_store.c ----------------------------------------------------------------------------------------------- */

/* A store on the memory of a request, or of its own registry when ctx is NULL. NULL: no memory. */
struct ssr_atom_store *ssr_atom_store_make(const struct ssr_registry *registry, struct ssr_ctx *ctx);
/* Tells the on_destroy listeners of every atom, then frees everything. */
void ssr_atom_store_end(struct ssr_atom_store *store);

/* NULL: the store knows nothing of that template yet. Borrowed until the next template. */
struct ssr_atom_slot *ssr_atom_slot_find(const struct ssr_atom_store *store, const struct ssr_atom_template *template);
/* The same, made when it is new; NULL: no memory. */
struct ssr_atom_slot *ssr_atom_slot_make(struct ssr_atom_store *store, const struct ssr_atom_template *template);

/* The queued value of a template, or NULL: taken. Its slot is there, and the log has room. */
void ssr_atom_queue(struct ssr_atom_store *store, const struct ssr_atom_template *template,
                    struct ssr_atom_value *value);
/* The clone, made at its first use, wherever the render is. SSR_OK, nomem, limit, atom_destroyed, listener_loop. */
ssr_status ssr_atom_obtain(struct ssr_atom_store *store, const struct ssr_atom_template *template,
                           struct ssr_atom **atom);
/* Takes an atom out of its store; the log has room for it. Its value goes to the log, or is dropped. */
void ssr_atom_remove(struct ssr_atom *atom);
void ssr_atom_free(struct ssr_atom *atom);

/* ---- atom.c ----------------------------------------------------------------------------------------------------- */

/* A counted value with one user; NULL: no memory. */
struct ssr_atom_value *ssr_atom_value_new(struct ssr_atom_store *store, const char *text, size_t length);
struct ssr_atom_value *ssr_atom_value_hold(struct ssr_atom_value *value);
void ssr_atom_value_drop(struct ssr_atom_store *store, struct ssr_atom_value *value);

/* One change: what an updater or an action makes of a draft of the value; or a reset. */
struct ssr_atom_edit {
    ssr_updater_fn updater;
    void *arg;
    const ssr_action *action; /* in place of the updater */
    ssr_input argument;
    struct ssr_writer writer;
    bool is_silent; /* nobody is told */
    bool is_reset;  /* to the default, past before_update */
    bool is_load;   /* from where it is persisted: not saved again */
};

/* Notes what a call answers. */
ssr_status ssr_atom_answer(struct ssr_atom_store *store, ssr_status status);
/* The same for a call that changed nothing: in the record too; no memory ends the render. */
ssr_status ssr_atom_refuse(struct ssr_atom_store *store, const struct ssr_atom_template *template, ssr_status status,
                           struct ssr_writer writer);
/* Whether a write to the atom, by a callback, is legal now. */
ssr_status ssr_atom_enter_write(struct ssr_atom *atom, struct ssr_writer writer);
/* Whether the store of an atom may be read now. */
bool ssr_atom_may_read(const struct ssr_atom_store *store);
/* Changes an atom, wherever the render is, and notes the answer. */
ssr_status ssr_atom_apply(struct ssr_atom *atom, const struct ssr_atom_edit *edit);
/* The updater that puts the const struct ssr_atom_value at arg into the place of the whole. */
ssr_status ssr_atom_put_value(ssr_draft *draft, void *arg);
/* In a render: the page has read the atom, and what changes it in this pass is late. */
void ssr_atom_note_read(const struct ssr_atom *atom);
/* What stands at a dotted path; "" is the whole. */
ssr_json ssr_atom_path(ssr_json json, const char *path);

/* Around everything that runs callbacks. begin: SSR_OK, or listener_loop. end: whether changes went too deep. */
ssr_status ssr_atom_begin_calls(struct ssr_atom_store *store);
bool ssr_atom_end_calls(struct ssr_atom_store *store);

/* ---- atom_listen.c ---------------------------------------------------------------------------------------------- */

/* Tells those who listen to the event, which a reset is before it is a change. SSR_E_LISTENER: all were told, and one
 * failed. */
ssr_status ssr_atom_tell(struct ssr_atom *atom, enum ssr_atom_event event, ssr_json next, ssr_json previous);
void ssr_atom_subscriptions_free(struct ssr_atom_store *store, const struct ssr_atom_subscription *until);

/* ---- atom_request.c --------------------------------------------------------------------------------------------- */

/* Room for that many entries beside those owed; a store that is not of a request needs none. SSR_OK, nomem, limit. */
ssr_status ssr_atom_log_reserve(struct ssr_atom_store *store, size_t count);
/* Notes a change, in reserved room. What is not noted, because the store is not of a request, is dropped. */
void ssr_atom_log(struct ssr_atom_store *store, struct ssr_atom_undo undo);
/* Notes a use for components that are taken over; false: no memory, and the render has failed. */
bool ssr_atom_note_use(struct ssr_atom_store *store, const struct ssr_atom_template *template);
/* As if the newest atom, which nobody listens to, had never been made. */
void ssr_atom_unmake(struct ssr_atom *atom);
void ssr_atom_forget_log(struct ssr_atom_store *store);
void ssr_atom_forget_kept(struct ssr_atom_store *store);
/* Notes that the atom changes to `value` after this pass has read it. */
ssr_status ssr_atom_note_late(struct ssr_atom *atom, const struct ssr_value *value, struct ssr_writer writer);
/* What the cookie held, NULL for nothing, the same for a whole location. SSR_OK, nomem, limit. */
ssr_status ssr_atom_load(struct ssr_atom_store *store, const struct ssr_atom_template *template,
                         struct ssr_atom_value **value);
ssr_status ssr_atom_save(const struct ssr_atom *atom, const struct ssr_atom_value *value, bool is_change,
                         struct ssr_writer writer);

#endif
