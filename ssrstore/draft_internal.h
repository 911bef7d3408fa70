/*
 * What a draft is made of, and the ways to run a change on one: what shared stores, atoms and context stores have in
 * common. Each of them keeps its drafts as long as somebody may still hold one, and copies the text of a change that
 * succeeded into its next state.
 */
#ifndef SSRSTORE_DRAFT_INTERNAL_H
#define SSRSTORE_DRAFT_INTERNAL_H

#include "ssrstore/draft.h"
#include "ssrstore/value_internal.h"

struct ssr_draft {
    struct ssr_buffer text; /* canonical, a NUL after it; nothing before the first open */
    struct ssr_buffer spare;
    struct ssr_buffer argument; /* of the action that runs */
    struct ssr_builder input;
    bool is_open;
    ssr_status exhausted;         /* since it was opened: SSR_OK, or the first nomem or limit, whoever overlooks it */
    struct ssr_draft *next_spare; /* of its keeper's */
};

/* Whether an input says that none was given. */
static inline bool ssr_input_is_none(ssr_input input)
{
    return input.form == SSR_INPUT_CANONICAL && !input.text;
}

/* A closed draft without text. `budget` is borrowed, value_cap in bytes of canonical text. Does not allocate. */
void ssr_draft_init(struct ssr_draft *draft, struct ssr_budget *budget, size_t value_cap);
/* Frees what it holds. It is as after init. */
void ssr_draft_release(struct ssr_draft *draft);

/* Makes it a copy of a canonical text. SSR_OK, nomem or limit: it is closed then. */
ssr_status ssr_draft_open(struct ssr_draft *draft, const char *text, size_t length);
/* Later calls answer draft_ended; the text stays until the next open or the release. */
void ssr_draft_close(struct ssr_draft *draft);
/* The text as it is, a NUL after it; borrowed until the next change, open or release. */
const char *ssr_draft_text(const struct ssr_draft *draft, size_t *length);

/*
 * The two changes of a state. Each runs on a closed draft and leaves it closed; on SSR_OK ssr_draft_text is the next
 * state, otherwise there is none. Memory that ran out inside is answered even when the callback says SSR_OK.
 */
ssr_status ssr_draft_run(struct ssr_draft *draft, const char *state, size_t length, ssr_updater_fn updater, void *arg);
ssr_status ssr_draft_act(struct ssr_draft *draft, const char *state, size_t length, const ssr_action *action,
                         ssr_input argument);

/* ---- actions.c -------------------------------------------------------------------------------------------------- */

/* The named actions of a definition: a copy, names too. */
struct ssr_actions {
    const ssr_action *items;
    size_t count;
};

/*
 * SSR_OK; invalid_argument (an action without a function, or no list), invalid_name, duplicate_name, or the region's
 * refusal: *actions is untouched.
 */
ssr_status ssr_actions_copy(struct ssr_actions *actions, struct ssr_region *region, const ssr_action *items,
                            size_t count);
/* NULL: none of that name. */
const ssr_action *ssr_actions_find(const struct ssr_actions *actions, const char *name);

#endif
