/*
 * Context stores: definitions, the stack of providers, the states of their instances. What always holds: a provider is
 * on the stack exactly as long as its body runs, so no instance outlives its subtree, its pass or its request; states
 * are values of the pass, replaced and never changed, so whoever has read one keeps it until the pass ends; a refused
 * call has changed neither the stack nor a state.
 */
#include "ssrstore/context_internal.h"

#include <stdio.h>

#include "ssrstore/digest.h"

/* ---- Definitions ------------------------------------------------------------------------------------------------ */

struct ssr_context *ssr_context_define(struct ssr_registry *registry, const char *name,
                                       const ssr_context_options *options)
{
    static const ssr_context_options zero;
    options = options ? options : &zero;
    if (!registry)
        return NULL;
    struct ssr_actions actions = {NULL, 0};
    ssr_status status = ssr_registry_check(registry, SSR_KIND_CONTEXT, name, false);
    if (status == SSR_OK && (unsigned)options->policy > SSR_LOCAL)
        status = SSR_E_INVALID_ARGUMENT;
    if (status == SSR_OK)
        status = ssr_actions_copy(&actions, &registry->region, options->actions, options->action_count);
    const char *type = NULL;
    if (status == SSR_OK)
        status = ssr_registry_copy_type(registry, options->type, &type);
    if (status != SSR_OK)
        return ssr_registry_refuse(registry, SSR_KIND_CONTEXT, name, status);
    struct ssr_context *context = ssr_registry_add(registry, SSR_KIND_CONTEXT, name, sizeof *context);
    if (!context)
        return ssr_registry_refuse(registry, SSR_KIND_CONTEXT, name, SSR_E_NOMEM);
    context->definition.type = type;
    context->init = options->init;
    context->arg = options->arg;
    context->actions = actions;
    context->policy = options->policy;
    return context;
}

struct ssr_context *ssr_context_find(const struct ssr_registry *registry, const char *name)
{
    return (struct ssr_context *)ssr_registry_find(registry, SSR_KIND_CONTEXT, name);
}

const char *ssr_context_name(const struct ssr_context *context)
{
    return context ? context->definition.name : "";
}

/* The definition, if it is one of this engine's. */
static const struct ssr_definition *known(const struct ssr_ctx *ctx, const struct ssr_context *context)
{
    return context && context->definition.registry == ctx->registry ? &context->definition : NULL;
}

/* ---- Values and drafts ------------------------------------------------------------------------------------------ */

/* Out of memory ends the render, another error is noted. Returns the status. */
static ssr_status refuse(struct ssr_ctx *ctx, struct ssr_refusal refusal)
{
    if (ssr_ends_render(refusal.status))
        return ssr_fail_memory(ctx, refusal.status, refusal.definition->name);
    return ssr_refuse(ctx, refusal);
}

/* The input as a value of the pass; NULL: refused. */
static const struct ssr_value *make_value(struct ssr_ctx *ctx, ssr_input input, struct ssr_refusal refusal)
{
    struct ssr_builder *builder = ssr_scope_borrow_builder(ctx);
    if (!builder) {
        ssr_fail_memory(ctx, ctx->budget.refusal, refusal.definition->name);
        return NULL;
    }
    const struct ssr_value *value = NULL;
    ssr_builder_input(builder, input);
    refusal.status = ssr_builder_complete(builder);
    refusal.is_text = builder->is_text_error;
    refusal.offset = builder->error_at;
    if (refusal.status == SSR_OK) {
        value = ssr_scope_text_value(ctx, builder->out.data, builder->out.length);
        refusal.status = value ? SSR_OK : ctx->budget.refusal;
    }
    if (refusal.status != SSR_OK)
        refuse(ctx, refusal);
    ssr_scope_return_builder(ctx, builder);
    return value;
}

/* A closed draft of the request's memory, so that one kept too long is still known to have ended; NULL: no memory. */
static struct ssr_draft *borrow_draft(struct ssr_ctx *ctx)
{
    struct ssr_draft *draft = ctx->spare_drafts;
    if (draft) {
        ctx->spare_drafts = draft->next_spare;
        return draft;
    }
    draft = ssr_region_alloc(&ctx->request, sizeof *draft);
    if (draft)
        ssr_draft_init(draft, &ctx->budget, ctx->value_cap);
    return draft;
}

static void return_draft(struct ssr_ctx *ctx, struct ssr_draft *draft)
{
    draft->next_spare = ctx->spare_drafts;
    ctx->spare_drafts = draft;
}

void ssr_contexts_release(struct ssr_ctx *ctx)
{
    for (struct ssr_draft *draft = ctx->spare_drafts, *next; draft; draft = next) {
        next = draft->next_spare;
        ssr_draft_release(draft);
    }
}

/* A change of a state: by an updater, by an action with its argument, or to a whole new value. */
struct ssr_context_change {
    ssr_updater_fn updater;
    void *arg;
    const ssr_action *action;
    const struct ssr_value *value; /* NULL for an action: none was given */
    struct ssr_writer writer;
    struct ssr_context_change *next; /* behind it in the queue */
};

static ssr_status run_draft(struct ssr_draft *draft, const struct ssr_value *state,
                            const struct ssr_context_change *change)
{
    if (change->action)
        return ssr_draft_act(draft, state->text, state->length, change->action, ssr_input_value(change->value));
    return ssr_draft_run(draft, state->text, state->length, change->updater, change->arg);
}

/* What an updater or an action makes of a state: itself when it is equal. NULL: refused. */
static const struct ssr_value *edit(struct ssr_ctx *ctx, const struct ssr_value *state,
                                    const struct ssr_context_change *change, struct ssr_refusal refusal)
{
    struct ssr_draft *draft = borrow_draft(ctx);
    const struct ssr_value *next = NULL;
    refusal.status = draft ? run_draft(draft, state, change) : ctx->budget.refusal;
    if (refusal.status == SSR_OK && ctx->fatal == SSR_OK) {
        size_t length;
        const char *text = ssr_draft_text(draft, &length);
        bool is_same = length == state->length && memcmp(text, state->text, length) == 0;
        next = is_same ? state : ssr_scope_text_value(ctx, text, length);
        refusal.status = next ? SSR_OK : ctx->budget.refusal;
    }
    if (draft)
        return_draft(ctx, draft);
    if (ctx->fatal != SSR_OK) /* by a call of the updater on ctx */
        ssr_answer(ctx, ctx->fatal);
    else if (refusal.status != SSR_OK)
        refuse(ctx, refusal);
    return next;
}

/* ---- Paths ------------------------------------------------------------------------------------------------------ */

/* Where a path is, or where it would go. */
static struct ssr_provided **find_path(struct ssr_ctx *ctx, const char *path, size_t length)
{
    uint64_t bits = ssr_digest_of(path, length, 0).low;
    struct ssr_provided **at = &ctx->provided;
    while (*at && ((*at)->path_length != length || memcmp((*at)->path, path, length) != 0)) {
        at = &(*at)->child[bits >> 62];
        bits <<= 2;
    }
    return at;
}

enum { NUMBER_TEXT = 24 }; /* "~" and a number, with a NUL */

/* A node with the path that the provider asks for; NULL: no memory. */
static struct ssr_provided *new_provided(struct ssr_ctx *ctx, const struct ssr_context *context, const char *key)
{
    const char *around = ctx->provider ? ctx->provider->provided->path : "";
    const char *const parts[] = {around, "/", context->definition.name, key ? ":" : "", key ? key : ""};
    enum { PARTS = sizeof parts / sizeof parts[0] };
    size_t length = 0;
    for (size_t i = 0; i < PARTS; i++)
        length += strlen(parts[i]);
    struct ssr_provided *provided = ssr_region_alloc(&ctx->memory->region, sizeof *provided);
    char *path = provided ? ssr_region_alloc(&ctx->memory->region, length + NUMBER_TEXT) : NULL;
    if (!path)
        return NULL;
    for (size_t i = 0; i < PARTS; i++) {
        size_t part = strlen(parts[i]);
        memcpy(path + provided->path_length, parts[i], part);
        provided->path_length += part;
    }
    provided->context = context;
    provided->path = path;
    provided->number = 1;
    return provided;
}

/* Gives the path a number where it is taken, and puts the node into list and tree. */
static void add_provided(struct ssr_ctx *ctx, struct ssr_provided *provided)
{
    size_t length = provided->path_length;
    struct ssr_provided **at = find_path(ctx, provided->path, length), *first = *at;
    while (*at) { /* a number may be taken too, by a key that looks like one */
        int digits = snprintf(provided->path + length, NUMBER_TEXT, "~%u", ++first->number);
        provided->path_length = length + (size_t)digits;
        at = find_path(ctx, provided->path, provided->path_length);
    }
    *at = provided;
    *ctx->provided_end = provided;
    ctx->provided_end = &provided->next;
}

void ssr_contexts_transfer(struct ssr_transfer *transfer)
{
    for (const struct ssr_provided *at = transfer->ctx->kept_provided; at; at = at->next)
        if (at->context->policy == SSR_TRANSFERRED) {
            ssr_builder_key_n(transfer->builder, at->path, at->path_length);
            ssr_transfer_add(transfer, at->initial, at->context->definition.name);
        }
}

/* ---- Providing -------------------------------------------------------------------------------------------------- */

/* The state that a new instance begins with; NULL: refused. */
static const struct ssr_value *first_state(struct ssr_ctx *ctx, const struct ssr_context *context,
                                           const struct ssr_value *initial, struct ssr_refusal refusal)
{
    if (!context->init)
        return initial;
    const struct ssr_context_change init = {.updater = context->init, .arg = context->arg};
    struct ssr_place place = ctx->place;
    place.init_of = context->definition.name;
    struct ssr_init_mark mark;
    ssr_begin_init(ctx, place, &mark);
    const struct ssr_value *state = edit(ctx, initial, &init, refusal);
    place = ctx->place;
    ssr_end_init(ctx, &mark);
    ctx->place.spot.randoms = place.spot.randoms; /* an init that runs in every pass counts with the page */
    ctx->place.spot.ids = place.spot.ids;
    return state;
}

/* Makes the instance; false: refused, and nothing has changed. */
static bool open_provider(struct ssr_ctx *ctx, struct ssr_provider *provider, const struct ssr_context *context,
                          const char *key, ssr_input initial, struct ssr_refusal refusal)
{
    const struct ssr_value *value = make_value(ctx, initial, refusal);
    provider->state = value ? first_state(ctx, context, value, refusal) : NULL;
    if (!provider->state)
        return false;
    provider->provided = new_provided(ctx, context, key);
    if (!provider->provided) {
        ssr_fail_memory(ctx, ctx->budget.refusal, context->definition.name);
        return false;
    }
    provider->provided->initial = value;
    add_provided(ctx, provider->provided);
    provider->outer = ctx->provider;
    provider->frame = ctx->frames.current ? ctx->frames.current->frame : NULL;
    ctx->provider = provider;
    ctx->is_private = true;
    return true;
}

static ssr_status replay_begin(struct ssr_ctx *ctx, const struct ssr_effect *effect);

/* So that a component which is taken over still provides, as far as the browser is concerned. */
static bool note_begin(struct ssr_ctx *ctx, const struct ssr_context *context, const char *key,
                       const struct ssr_value *initial)
{
    if (!ctx->frames.current)
        return true;
    const char *copy = key ? ssr_region_copy(&ctx->memory->region, key, strlen(key)) : NULL;
    if (key && !copy) {
        ssr_fail_memory(ctx, ctx->budget.refusal, context->definition.name);
        return false;
    }
    return ssr_frame_effect(ctx, (struct ssr_effect){.replay = replay_begin,
                                                     .is_same = ssr_effects_say_the_same,
                                                     .on = (void *)context,
                                                     .value = initial,
                                                     .more = copy});
}

static ssr_status replay_end(struct ssr_ctx *ctx, const struct ssr_effect *effect)
{
    ctx->provider = ctx->provider->outer;
    ssr_frame_effect(ctx, *effect);
    return ctx->fatal;
}

/* Provides for nobody: only the paths of what is provided inside need it. */
static ssr_status replay_begin(struct ssr_ctx *ctx, const struct ssr_effect *effect)
{
    const struct ssr_context *context = effect->on;
    const struct ssr_value *former = effect->value;
    struct ssr_provider *provider = ssr_region_alloc(&ctx->memory->region, sizeof *provider);
    const struct ssr_value *initial = provider ? ssr_scope_text_value(ctx, former->text, former->length) : NULL;
    if (initial)
        provider->provided = new_provided(ctx, context, effect->more);
    if (!initial || !provider->provided)
        return ssr_fail_memory(ctx, ctx->budget.refusal, context->definition.name);
    provider->provided->initial = initial;
    add_provided(ctx, provider->provided);
    provider->outer = ctx->provider;
    ctx->provider = provider;
    return note_begin(ctx, context, effect->more, initial) ? SSR_OK : ctx->fatal;
}

ssr_status ssr_context_provide_at(struct ssr_ctx *ctx, const struct ssr_context *context, const char *key,
                                  ssr_input initial, ssr_body_fn body, void *arg, const char *file, int line)
{
    struct ssr_refusal refusal = {.call = SSR_CALL_PROVIDE, .definition = known(ctx, context), .writer = {file, line}};
    if (ssr_enter_write(ctx, refusal.call, refusal.definition, refusal.writer) != SSR_OK)
        return ctx->last;
    if (!refusal.definition)
        refusal.status = SSR_E_UNKNOWN_CONTEXT;
    else if (!body || (key && !ssr_is_plain_text(key)))
        refusal.status = SSR_E_INVALID_ARGUMENT;
    if (refusal.status != SSR_OK)
        return ssr_refuse(ctx, refusal);
    struct ssr_provider provider = {0};
    if (!open_provider(ctx, &provider, context, key, initial, refusal))
        return ctx->last;
    if (ctx->frames.current)
        ctx->frames.current->frame->provides = true;
    ssr_status status = note_begin(ctx, context, key, provider.provided->initial) ? body(ctx, arg) : ctx->fatal;
    ctx->provider = provider.outer;
    if (!ssr_frame_effect(ctx, (struct ssr_effect){.replay = replay_end}))
        return ctx->fatal;
    return status;
}

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

static struct ssr_provider *nearest(const struct ssr_ctx *ctx, const struct ssr_context *context)
{
    struct ssr_provider *provider = ctx->provider;
    while (provider && provider->provided->context != context)
        provider = provider->outer;
    return provider;
}

bool ssr_contexts_hold(const struct ssr_ctx *ctx, const struct ssr_frame *frame)
{
    for (const struct ssr_seen *seen = frame->seen; seen; seen = seen->next) {
        const struct ssr_provider *provider = nearest(ctx, (const struct ssr_context *)seen->context);
        const struct ssr_value *state = seen->state;
        if (!provider || !state ? provider || state : !ssr_value_equal(provider->state, state))
            return false;
    }
    return true;
}

bool ssr_contexts_take_over(struct ssr_ctx *ctx, const struct ssr_frame *frame)
{
    for (const struct ssr_seen *seen = frame->seen; seen; seen = seen->next) {
        const struct ssr_provider *provider = nearest(ctx, (const struct ssr_context *)seen->context);
        if (!ssr_frame_has_seen(ctx, seen->context, seen->state, provider ? provider->frame : NULL))
            return false;
    }
    return true;
}

/* A read, and what came of it, is what the running component depends on. */
static bool note_seen(struct ssr_ctx *ctx, const struct ssr_context *context, const struct ssr_provider *provider)
{
    return ssr_frame_sees(ctx, &context->definition, provider ? provider->state : NULL,
                          provider ? provider->frame : NULL);
}

/* The first read of each state goes into the journal; false: no memory. */
static bool note_read(struct ssr_ctx *ctx, struct ssr_provider *provider)
{
    if (provider->is_noted)
        return true;
    struct ssr_journal_entry *entry = ssr_scope_note(ctx, SSR_JOURNAL_READ, &provider->provided->context->definition);
    if (!entry)
        return false;
    entry->value = provider->state;
    provider->is_noted = provider->was_read = true;
    return true;
}

ssr_json ssr_context_use(struct ssr_ctx *ctx, const struct ssr_context *context)
{
    const ssr_json absent = {NULL, 0, NULL, 0};
    if (ssr_enter(ctx, SSR_CALL_CONTEXT_USE) != SSR_OK)
        return absent;
    struct ssr_provider *provider = known(ctx, context) ? nearest(ctx, context) : NULL;
    if (known(ctx, context) && !note_seen(ctx, context, provider))
        return absent;
    if (!provider) {
        ssr_answer(ctx, known(ctx, context) ? SSR_E_NO_PROVIDER : SSR_E_UNKNOWN_CONTEXT);
        return absent;
    }
    ctx->is_private = true;
    return note_read(ctx, provider) ? ssr_value_json(provider->state) : absent;
}

/* ---- Changing --------------------------------------------------------------------------------------------------- */

/* Replaces the state. Late is a change after which an earlier reader has seen what is no longer true. */
static ssr_status set_state(struct ssr_ctx *ctx, struct ssr_provider *provider, const struct ssr_value *next,
                            struct ssr_writer writer)
{
    bool differs = !ssr_value_equal(next, provider->state);
    struct ssr_journal_entry *entry =
        ssr_scope_note(ctx, differs && provider->was_read ? SSR_JOURNAL_LATE_WRITE : SSR_JOURNAL_WRITE,
                       &provider->provided->context->definition);
    if (!entry)
        return ctx->fatal;
    entry->value = next;
    entry->writer = writer;
    if (differs) {
        provider->state = next;
        provider->is_noted = false;
        ssr_frames_heat(ctx, &ctx->frames.contexts, &ctx->frames.contexts_are_hot);
    }
    return ssr_answer(ctx, SSR_OK);
}

static ssr_status run_change(struct ssr_ctx *ctx, struct ssr_provider *provider,
                             const struct ssr_context_change *change, struct ssr_refusal refusal)
{
    bool is_whole = !change->updater && !change->action;
    refusal.writer = change->writer;
    const struct ssr_value *next = is_whole ? change->value : edit(ctx, provider->state, change, refusal);
    return next ? set_state(ctx, provider, next, change->writer) : ctx->last;
}

/* A change that an updater or action of the same instance asks for: it waits for the outer one. */
static ssr_status queue_change(struct ssr_ctx *ctx, struct ssr_provider *provider,
                               const struct ssr_context_change *change)
{
    struct ssr_context_change *queued = ssr_region_alloc(&ctx->memory->region, sizeof *queued);
    if (!queued)
        return ssr_fail_memory(ctx, ctx->budget.refusal, provider->provided->context->definition.name);
    *queued = *change;
    *provider->queue_end = queued;
    provider->queue_end = &queued->next;
    return ssr_answer(ctx, SSR_OK);
}

/* Runs a change and those queued behind it. The answer is the first error. */
static ssr_status change_state(struct ssr_ctx *ctx, struct ssr_provider *provider,
                               const struct ssr_context_change *change, struct ssr_refusal refusal)
{
    if (provider->queue_end)
        return queue_change(ctx, provider, change);
    provider->queue = NULL;
    provider->queue_end = &provider->queue;
    ssr_status status = run_change(ctx, provider, change, refusal);
    for (change = provider->queue; change && ctx->fatal == SSR_OK; change = change->next) {
        ssr_status queued = run_change(ctx, provider, change, refusal);
        status = status == SSR_OK ? queued : status;
    }
    provider->queue_end = NULL;
    return ssr_answer(ctx, ctx->fatal == SSR_OK ? status : ctx->fatal);
}

/* The entry of every change: the instance, or NULL, refused. */
static struct ssr_provider *enter_change(struct ssr_ctx *ctx, const struct ssr_context *context,
                                         struct ssr_refusal *refusal)
{
    refusal->call = SSR_CALL_CONTEXT_SET;
    refusal->definition = known(ctx, context);
    if (ssr_enter_write(ctx, refusal->call, refusal->definition, refusal->writer) != SSR_OK)
        return NULL;
    struct ssr_provider *provider = refusal->definition ? nearest(ctx, context) : NULL;
    if (refusal->definition && !note_seen(ctx, context, provider))
        return NULL;
    if (!provider) {
        refusal->status = refusal->definition ? SSR_E_NO_PROVIDER : SSR_E_UNKNOWN_CONTEXT;
        ssr_refuse(ctx, *refusal);
    }
    return provider;
}

ssr_status ssr_context_update_at(struct ssr_ctx *ctx, const struct ssr_context *context, ssr_updater_fn updater,
                                 void *arg, const char *file, int line)
{
    struct ssr_refusal refusal = {.writer = {file, line}};
    struct ssr_provider *provider = enter_change(ctx, context, &refusal);
    if (!provider)
        return ctx->last;
    if (!updater) {
        refusal.status = SSR_E_INVALID_ARGUMENT;
        return ssr_refuse(ctx, refusal);
    }
    const struct ssr_context_change change = {.updater = updater, .arg = arg, .writer = refusal.writer};
    return change_state(ctx, provider, &change, refusal);
}

ssr_status ssr_context_set_at(struct ssr_ctx *ctx, const struct ssr_context *context, ssr_input input, const char *file,
                              int line)
{
    struct ssr_refusal refusal = {.writer = {file, line}};
    struct ssr_provider *provider = enter_change(ctx, context, &refusal);
    const struct ssr_value *value = provider ? make_value(ctx, input, refusal) : NULL;
    if (!value)
        return ctx->last;
    const struct ssr_context_change change = {.value = value, .writer = refusal.writer};
    return change_state(ctx, provider, &change, refusal);
}

ssr_status ssr_context_act_at(struct ssr_ctx *ctx, const struct ssr_context *context, const char *action,
                              ssr_input argument, const char *file, int line)
{
    struct ssr_refusal refusal = {.writer = {file, line}};
    struct ssr_provider *provider = enter_change(ctx, context, &refusal);
    if (!provider)
        return ctx->last;
    struct ssr_context_change change = {.action = ssr_actions_find(&context->actions, action),
                                        .writer = refusal.writer};
    if (!change.action) {
        refusal.status = SSR_E_UNKNOWN_ACTION;
        return ssr_refuse(ctx, refusal);
    }
    if (!ssr_input_is_none(argument)) {
        change.value = make_value(ctx, argument, refusal);
        if (!change.value)
            return ctx->last;
    }
    return change_state(ctx, provider, &change, refusal);
}
