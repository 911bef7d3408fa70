/*
 * ssrstore/atom.h - atom stores: a request's own copies of states that are declared once.
 *
 * A template is defined once and never changes. An atom store holds clones of templates, each made at its first use; a
 * request has a store of its own (ssr_atoms), and a program may make any number of others, with or without an engine.
 * No clone of one store can be reached from another.
 *
 * Writes to an atom are immediate. A page may run several times, so the request's store is rewound at the end of each
 * pass that is not the last to what it was when the pass began: values, first uses, queued values and subscriptions;
 * nobody is told of that. What hooks and loaders wrote stays.
 *
 * A store belongs to one thread at a time. The atoms of a render are legal in render (reads and first uses in init too)
 * and nowhere else, but for reads in callbacks that the library runs itself; atoms of other stores wherever their store
 * may be touched.
 *
 * Source: seed "Atom Store".
 */
#ifndef SSRSTORE_ATOM_H
#define SSRSTORE_ATOM_H

#include "ssrstore/draft.h"
#include "ssrstore/ssrstore.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The declaration of an atom. Borrowed from its registry, valid as long as it; shared by all threads. */
typedef struct ssr_atom_template ssr_atom_template;

/* A clone of a template in one store. Borrowed until the store is destroyed or the render's pass ends. */
typedef struct ssr_atom ssr_atom;

/* Clones by the key of their template. One thread at a time. */
typedef struct ssr_atom_store ssr_atom_store;

/* ---- Templates -------------------------------------------------------------------------------------------------- */

/*
 * Looks at a value before an atom takes it: the draft holds it and may be changed. `old` is the atom's value, borrowed
 * for the call. An error refuses the update. Called for every way to change an atom but resets, and whether or not the
 * value is a new one.
 */
typedef ssr_status (*ssr_before_update_fn)(ssr_draft *next, ssr_json old, const ssr_atom *atom, void *arg);

/* What ssr_atom_get answers for a path, instead of looking into the value; borrowed from it, or for longer. Absent: the
 * default that was asked with. */
typedef ssr_json (*ssr_atom_getter_fn)(ssr_json value, const char *path, void *arg);

/* All zero is a good start: the value null, nothing else. */
typedef struct ssr_atom_options {
    const char *default_json; /* JSON text; NULL: null. Copied. */
    ssr_before_update_fn before_update;
    ssr_atom_getter_fn get;
    const ssr_action *actions; /* names copied */
    size_t action_count;
    void *arg;         /* for before_update and get; borrowed as long as the registry */
    ssr_policy policy; /* whether the clones of a request cross to the browser; no value of an atom is in a log */
    const char *type;  /* as in ssr_store_options: what the atom holds, where the default cannot tell. Copied. */
    /*
     * The name of a cookie definition (cookie/cookie.h) that keeps the value: in a request, a clone starts from what
     * the cookie held when this location first asked, and each change is staged as that cookie; when it cannot be, the
     * atom stays as it was. NULL: not kept. Only in the stores of requests, and not for clones of clones.
     */
    const char *persist;
} ssr_atom_options;

/*
 * Defines a template; `key` is unique among the atoms of the registry. As ssr_store_define.
 * Source     seed "Concepts", template atom; createAtom.
 */
SSR_API ssr_atom_template *ssr_atom_define(ssr_registry *registry, const char *key, const ssr_atom_options *options);
SSR_API ssr_atom_template *ssr_atom_find(const ssr_registry *registry, const char *key);
SSR_API const char *ssr_atom_template_key(const ssr_atom_template *atom);
/*
 * The template as an atom that can only be read: writes and subscriptions to it answer SSR_E_TEMPLATE_READ_ONLY (NULL),
 * so that one visitor's value can never become everybody's. Borrowed from the registry. Seed "Key pitfalls".
 */
SSR_API ssr_atom *ssr_atom_template_atom(const ssr_atom_template *atom);
/* The default: what every clone begins with. Borrowed from the registry. */
SSR_API ssr_json ssr_atom_template_value(const ssr_atom_template *atom);

/*
 * A registry of one's own, for atoms without an engine: define templates, then make stores; the first store freezes it.
 * allocator  NULL: realloc and free. Copied.
 * Returns    SSR_OK; on SSR_E_NOMEM *registry is NULL.
 * Memory     *registry is the caller's: ssr_registry_free, when its stores are gone. NULL is allowed there.
 */
SSR_API ssr_status ssr_registry_new(const ssr_allocator *allocator, ssr_registry **registry);
SSR_API void ssr_registry_free(ssr_registry *registry);

/* ---- Stores ----------------------------------------------------------------------------------------------------- */

/*
 * The store of this request. Reading it makes the response private.
 * Returns    NULL in a wrong phase.
 * Memory     borrowed: it ends with the render, and is never destroyed by hand.
 * Legal      render, init.
 */
SSR_API ssr_atom_store *ssr_atoms(ssr_ctx *ctx);

/*
 * A store of one's own. The registry is one of one's own, or that of an engine that has started.
 * Returns    SSR_OK, nomem, not_started, invalid_argument (no registry), or the registry's first error; on an error
 *            *store is NULL.
 * Memory     *store is the caller's: ssr_atom_store_destroy, before the registry goes. Allocates.
 * Source     seed "createAtomStore / new AtomStore", "Multiple stores".
 */
SSR_API ssr_status ssr_atom_store_new(ssr_registry *registry, ssr_atom_store **store);

/*
 * Frees the store, its clones and subscriptions; on_destroy listeners are told first, and can change nothing any more.
 * The store's pointer and those of everything in it are dead then. NULL is allowed.
 * Returns    SSR_OK; invalid_argument, and nothing happened: the store of a request, which ends with its render, or a
 *            store that is running one of its callbacks.
 * Source     seed "store.destroy()".
 */
SSR_API ssr_status ssr_atom_store_destroy(ssr_atom_store *store);

/*
 * The clone of a template in this store: made at the first call, the same afterwards.
 * Returns    NULL: no store, a template of another registry (unknown_atom), a wrong phase, no memory, too many in one
 *            request (ssr_limits.stores); see ssr_atom_store_status. When before_update refuses a queued value, the
 *            clone has the default, and the status tells.
 * Memory     borrowed from the store: until it is destroyed or the render's pass ends. Allocates.
 * Source     seed "store.use(template)".
 */
SSR_API ssr_atom *ssr_atom_use(ssr_atom_store *store, const ssr_atom_template *atom);

/* The clone of that template key if it has been used, else NULL; borrowed as from ssr_atom_use. Source: seed
 * "store.get(key)", "store.has(key)". */
SSR_API ssr_atom *ssr_atom_store_get(ssr_atom_store *store, const char *key);
SSR_API bool ssr_atom_store_has(ssr_atom_store *store, const char *key);

/*
 * The clones in the order of their first use: begin with NULL, NULL is the end. Atoms may be used and destroyed on the
 * way, `before` among them. Borrowed as from ssr_atom_use.
 * Source     seed "store.list()".
 */
SSR_API ssr_atom *ssr_atom_store_next(ssr_atom_store *store, const ssr_atom *before);

/*
 * Gives values by template key, as a JSON object, in the order of its canonical keys: to clones at once, through
 * before_update and on_change; to templates not used yet at their first use, through before_update. Keys of no template
 * wait for ever, harmlessly.
 * Returns    SSR_OK; a value error or wrong_type (no object), wrong_phase: nothing was applied; the first error of a
 *            before_update or listener: the others were applied; nomem: those before it were.
 * Source     seed "store.hydrate(snapshot)".
 */
SSR_API ssr_status ssr_atom_store_hydrate(ssr_atom_store *store, ssr_input snapshot);

/*
 * The current values of the clones as one object by template key, whatever their policy: adds it to the builder.
 * Returns    the builder's status, which a wrong phase sets too.
 * Source     seed "store.snapshot()".
 */
SSR_API ssr_status ssr_atom_store_snapshot(ssr_atom_store *store, ssr_builder *snapshot);

/* Why ssr_atom_use answered NULL: the status of the latest call that could fail, or SSR_OK. */
SSR_API ssr_status ssr_atom_store_status(const ssr_atom_store *store);

/* ---- Reading an atom -------------------------------------------------------------------------------------------- */

/* "user.clone.1": the template's key and a number that counts in its store. Borrowed from the atom. Seed "Key
 * pitfalls". */
SSR_API const char *ssr_atom_key(const ssr_atom *atom);
SSR_API const ssr_atom_template *ssr_atom_template_of(const ssr_atom *atom);

/* The value, and the default. Borrowed until the atom changes; in a render until the callback returns. Absent for NULL;
 * the value also for a destroyed atom and in a wrong phase. */
SSR_API ssr_json ssr_atom_value(const ssr_atom *atom);
SSR_API ssr_json ssr_atom_default(const ssr_atom *atom);

/*
 * What stands at a dotted path ("name.first", "items.0"), or what the template's getter answers for it; `otherwise`
 * when nothing does. "" is the whole value. A dot in a key cannot be written; ssr_json_at reads such.
 */
SSR_API ssr_json ssr_atom_get(const ssr_atom *atom, const char *path, ssr_json otherwise);

/* ---- Changing an atom ------------------------------------------------------------------------------------------- */

/*
 *   update          takes a value            update_with    takes what an updater makes of a draft of the value
 *   merge           sets members of an object, one level deep
 *   change          sets one member (a dotted path)
 *   act             runs a named action; ssr_input_value(NULL) is no argument
 *   reset           back to the default; on_reset listeners are told, then on_change ones
 *   silent_update, silent_reset              the same, nobody is told
 *
 * Each goes through before_update, resets excepted. A value equal to the present one changes nothing and tells nobody.
 * A change from inside a listener is done at once; its listeners are told before the outer ones go on. Changes inside
 * of each other without end are cut off at a depth of 64: those inside are refused, and the outer ones answer so too.
 * These are macros that note the caller's place for the record.
 *
 * Returns    SSR_OK; template_is_read_only (the atom is no clone: NULL answers so too), atom_destroyed, unknown_action,
 *            wrong_type, no_member, wrong_phase, a value error, what before_update or the updater returned, nomem: the
 *            atom is as it was. listener: it changed, everybody was told, and a listener failed. listener_loop: it
 *            changed, and its listeners changed atoms without end.
 *            In a render refusals are listed in the record; nomem and limit end it.
 * Source     seed "store.use(template)": update, merge, ... work on clones.
 */
#define ssr_atom_update(atom, input) ssr_atom_update_at(atom, input, __FILE__, __LINE__)
#define ssr_atom_update_with(atom, updater, arg) ssr_atom_update_with_at(atom, updater, arg, __FILE__, __LINE__)
#define ssr_atom_merge(atom, members) ssr_atom_merge_at(atom, members, __FILE__, __LINE__)
#define ssr_atom_change(atom, path, input) ssr_atom_change_at(atom, path, input, __FILE__, __LINE__)
#define ssr_atom_act(atom, action, argument) ssr_atom_act_at(atom, action, argument, __FILE__, __LINE__)
#define ssr_atom_reset(atom) ssr_atom_reset_at(atom, __FILE__, __LINE__)
#define ssr_atom_silent_update(atom, input) ssr_atom_silent_update_at(atom, input, __FILE__, __LINE__)
#define ssr_atom_silent_reset(atom) ssr_atom_silent_reset_at(atom, __FILE__, __LINE__)

SSR_API ssr_status ssr_atom_update_at(ssr_atom *atom, ssr_input input, const char *file, int line);
SSR_API ssr_status ssr_atom_update_with_at(ssr_atom *atom, ssr_updater_fn updater, void *arg, const char *file,
                                           int line);
SSR_API ssr_status ssr_atom_merge_at(ssr_atom *atom, ssr_input members, const char *file, int line);
SSR_API ssr_status ssr_atom_change_at(ssr_atom *atom, const char *path, ssr_input input, const char *file, int line);
SSR_API ssr_status ssr_atom_act_at(ssr_atom *atom, const char *action, ssr_input argument, const char *file, int line);
SSR_API ssr_status ssr_atom_reset_at(ssr_atom *atom, const char *file, int line);
SSR_API ssr_status ssr_atom_silent_update_at(ssr_atom *atom, ssr_input input, const char *file, int line);
SSR_API ssr_status ssr_atom_silent_reset_at(ssr_atom *atom, const char *file, int line);

/* ---- Listening -------------------------------------------------------------------------------------------------- */

/* next and previous are borrowed for the call. For watches they are what stands at the path; absent where nothing does.
 */
typedef ssr_status (*ssr_atom_listener_fn)(ssr_atom *atom, ssr_json next, ssr_json previous, void *arg);

/* One subscription. Borrowed from the store. */
typedef struct ssr_atom_subscription ssr_atom_subscription;

/*
 * Told after each change, in the order of subscription.
 *
 *   on_change, watch   after a change that was not silent; a watch when what stands at the path has changed
 *   on_reset           after a reset that was not silent and changed the value, before on_change
 *   on_destroy         once, when the atom goes: next is absent
 *
 * An error of one does not keep the others from being told. Who ends a subscription inside a listener is not told any
 * more, who begins one is told from the next change on. When a listener destroys the atom, the others are not told of
 * the change.
 *
 * Returns    the subscription, or NULL: no memory, a destroyed atom, no clone, a wrong phase (ssr_atom_store_status)
 * Memory     the subscription is the store's and stays until it goes, or the render's pass ends; path is copied. Ending
 *            it with ssr_atom_unsubscribe is optional, and harmless twice; arg is borrowed until then.
 */
SSR_API ssr_atom_subscription *ssr_atom_on_change(ssr_atom *atom, ssr_atom_listener_fn listener, void *arg);
SSR_API ssr_atom_subscription *ssr_atom_watch(ssr_atom *atom, const char *path, ssr_atom_listener_fn listener,
                                              void *arg);
SSR_API ssr_atom_subscription *ssr_atom_on_reset(ssr_atom *atom, ssr_atom_listener_fn listener, void *arg);
SSR_API ssr_atom_subscription *ssr_atom_on_destroy(ssr_atom *atom, ssr_atom_listener_fn listener, void *arg);
SSR_API void ssr_atom_unsubscribe(ssr_atom_subscription *subscription);

/* ---- One atom --------------------------------------------------------------------------------------------------- */

/* A clone of the clone, with its value and template, beside it in its store, found by ssr_atom_store_next only.
 * NULL: no memory, a destroyed atom, no clone, a wrong phase. Borrowed as from ssr_atom_use. */
SSR_API ssr_atom *ssr_atom_clone(ssr_atom *atom);

/* Takes one clone out of its store: on_destroy listeners are told, then it is gone for get and snapshot; the next use
 * makes a new one. The handle stays valid until the store goes, and writes to it answer atom_destroyed, for listeners
 * of on_destroy already. Twice is harmless. */
SSR_API void ssr_atom_destroy(ssr_atom *atom);

#ifdef __cplusplus
}
#endif
#endif
