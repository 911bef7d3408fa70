/*
 * ssrstore/draft.h - changing a state: what an updater or an action is given.
 *
 * A draft is a copy of a state that its updater changes in place; when the updater returns SSR_OK the draft becomes
 * the next state, when it returns an error nothing has happened. Who holds the state from before keeps it unchanged.
 *
 *     static ssr_status add(ssr_draft *cart, ssr_json item, void *arg)
 *     {
 *         return ssr_draft_set(cart, "/items/-", ssr_input_cursor(item));
 *     }
 *
 * Places are JSON Pointers (RFC 6901): "" is the whole state, "/user/name" a member, "/items/0" an element,
 * "/items/-" the place behind the last element. Text that is no pointer is answered with invalid_argument.
 *
 * Memory     a draft belongs to the call that lends it and to its thread. Used after the updater has returned it
 *            changes nothing and answers SSR_E_DRAFT_ENDED, until a later update reuses it.
 * Source     seeds "Pareto: defineStore", `set((draft) => ...)`, and "Atom Store", update.
 */
#ifndef SSRSTORE_DRAFT_H
#define SSRSTORE_DRAFT_H

#include "ssrstore/value.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A state that is being changed. Borrowed for the call that lends it. */
typedef struct ssr_draft ssr_draft;

/*
 * Changes a state. Returns SSR_OK, or an error that leaves the state as it was and is answered to the caller.
 * An answer of the draft's calls that is returned unseen is therefore the right one. When memory runs out inside, the
 * state stays as it was whatever the updater returns.
 */
typedef ssr_status (*ssr_updater_fn)(ssr_draft *draft, void *arg);

/*
 * A named change: an updater with an argument. `argument` is borrowed for the call; absent when none was given, which
 * is said with ssr_input_value(NULL) or the cursor of nothing.
 */
typedef ssr_status (*ssr_action_fn)(ssr_draft *draft, ssr_json argument, void *arg);

/* A named change as definitions list it. The name is copied; arg is borrowed as long as the registry. */
typedef struct ssr_action {
    const char *name;
    ssr_action_fn run;
    void *arg;
} ssr_action;

/*
 * What stands at a place now. Absent: nothing does, or the draft has ended.
 * Memory     borrowed until the next change of the draft.
 */
SSR_API ssr_json ssr_draft_get(const ssr_draft *draft, const char *place);

/*
 * Puts a value at a place, in place of what was there; a new member is added, and so is an element at "/-" or at the
 * number behind the last. What is around the place must be there: its object, or its array with as many elements.
 * The input may be a part of the draft.
 * Returns    SSR_OK; draft_ended, no_member (nothing is around the place, or it is no index of its array), wrong_type
 *            (the place is inside of a string, number, boolean or null), a value error, nomem: the draft is as it was.
 * Memory     the input is copied. May allocate.
 */
SSR_API ssr_status ssr_draft_set(ssr_draft *draft, const char *place, ssr_input input);

/*
 * Sets each member of an object given at a place of an object: one level deep, the others stay.
 * Returns    as ssr_draft_set; wrong_type when one of the two is no object.
 */
SSR_API ssr_status ssr_draft_merge(ssr_draft *draft, const char *place, ssr_input members);

/*
 * Removes a member or an element; the elements behind it move up.
 * Returns    SSR_OK; draft_ended, nomem, no_member (it is not there, or the place is ""): the draft is as it was.
 */
SSR_API ssr_status ssr_draft_remove(ssr_draft *draft, const char *place);

#ifdef __cplusplus
}
#endif
#endif
