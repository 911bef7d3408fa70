/*
 * ssrstore/context.h - context stores: a state for one subtree of one page. What can never leak.
 *
 * A provider makes a fresh instance for what is rendered inside it, from initial data; the nearest provider wins; where
 * there is none, reading is a named error. An instance lives as long as its provider's body runs, in this pass of this
 * request. State set inside is seen at once by what renders after it; an earlier reader has seen the old one, which the
 * record lists as a late write. If unsure which store to use, use this one.
 *
 * Source: seed "Pareto: defineContextStore".
 */
#ifndef SSRSTORE_CONTEXT_H
#define SSRSTORE_CONTEXT_H

#include "ssrstore/draft.h"
#include "ssrstore/ssrstore.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One defined context store. Borrowed from the registry, valid as long as it; shared by all requests and threads. */
typedef struct ssr_context ssr_context;

/*
 * Makes the state from the initial data, which the draft holds. Once for each instance, so once for each provider and
 * pass. An error is the provider's answer. Of calls on an ssr_ctx those of the phase init are legal in it.
 */
typedef ssr_status (*ssr_context_init_fn)(ssr_draft *state, void *arg);

/* All zero is a good start: the state is the initial data, and there are no actions. */
typedef struct ssr_context_options {
    ssr_context_init_fn init;
    void *arg;                 /* for init; borrowed as long as the registry */
    const ssr_action *actions; /* names copied */
    size_t action_count;
    ssr_policy policy; /* whether a provider's initial data crosses to the browser; no state is in a log */
    const char *type;  /* as in ssr_store_options: what the initial data is. Copied. */
} ssr_context_options;

/* Defines a context store. As ssr_store_define. Source: seed "defineContextStore". */
SSR_API ssr_context *ssr_context_define(ssr_registry *registry, const char *name, const ssr_context_options *options);
SSR_API ssr_context *ssr_context_find(const ssr_registry *registry, const char *name);
SSR_API const char *ssr_context_name(const ssr_context *context);

/* What renders inside a provider. Its answer is the provider's. */
typedef ssr_status (*ssr_body_fn)(ssr_ctx *ctx, void *arg);

/*
 * Renders `body` inside a new instance.
 *
 * key        tells siblings apart for the browser; NULL when there is one. UTF-8 without control characters. The
 *            provider's path is its enclosing provider's path, "/", the name, and ":" and the key; "~2", "~3" for
 *            further ones of the same path, in the order of the pass.
 * initial    the initial data; goes through `init` once
 * Returns    what body returned; or, and then body did not run and nothing has changed, unknown_context, wrong_phase,
 *            invalid_argument (no body, or a key as above), a value error, what init returned: refused, and listed in
 *            the record; nomem or limit: the render ends.
 * Memory     everything is copied or borrowed for the call. Allocates in the request's memory.
 * Legal      render. It makes the response private.
 * Source     seed "defineContextStore", Provider initialData.
 */
#define ssr_context_provide(ctx, context, key, initial, body, arg) \
    ssr_context_provide_at(ctx, context, key, initial, body, arg, __FILE__, __LINE__)
SSR_API ssr_status ssr_context_provide_at(ssr_ctx *ctx, const ssr_context *context, const char *key, ssr_input initial,
                                          ssr_body_fn body, void *arg, const char *file, int line);

/*
 * The state of the nearest instance, as it is now.
 * Returns    absent, and ssr_last_status says why: no_provider, unknown_context, wrong_phase.
 * Memory     borrowed until the callback returns.
 * Legal      render. Reading makes the response private.
 * Source     seed "defineContextStore", useStore.
 */
SSR_API ssr_json ssr_context_use(ssr_ctx *ctx, const ssr_context *context);

/*
 * Changes the state of the nearest instance at once: with an updater over a draft, to a whole new state, or by a named
 * action. Macros that note the caller's place.
 *
 * A change of an instance from inside an updater or action of the same instance is queued: it runs on the result of
 * the outer one, before the outer call returns. Its arg must live until then; inputs are copied.
 *
 * Returns    SSR_OK; no_provider, unknown_action, unknown_context, wrong_phase, what the updater returned, a value
 *            error: the state is as it was, and the refusal is listed in the record; nomem or limit: likewise, and the
 *            render ends. A queued call answers SSR_OK; the outer one the first error of its own and of those queued.
 * Memory     everything is copied or borrowed for the call. Allocates in the request's memory.
 * Legal      render.
 * Source     seed "defineContextStore", setUser.
 */
#define ssr_context_update(ctx, context, updater, arg) \
    ssr_context_update_at(ctx, context, updater, arg, __FILE__, __LINE__)
#define ssr_context_set(ctx, context, input) ssr_context_set_at(ctx, context, input, __FILE__, __LINE__)
#define ssr_context_act(ctx, context, action, argument) \
    ssr_context_act_at(ctx, context, action, argument, __FILE__, __LINE__)
SSR_API ssr_status ssr_context_update_at(ssr_ctx *ctx, const ssr_context *context, ssr_updater_fn updater, void *arg,
                                         const char *file, int line);
SSR_API ssr_status ssr_context_set_at(ssr_ctx *ctx, const ssr_context *context, ssr_input input, const char *file,
                                      int line);
SSR_API ssr_status ssr_context_act_at(ssr_ctx *ctx, const ssr_context *context, const char *action, ssr_input argument,
                                      const char *file, int line);

#ifdef __cplusplus
}
#endif
#endif
