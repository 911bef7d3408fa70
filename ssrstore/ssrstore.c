/*
 * Stores: reading committed values, staging sets, committing them between passes.
 *
 * What always holds: a staged value equal to the committed one is the committed one (the same pointer), so that
 * "differs" is a comparison of pointers and "has the page settled" is one integer, kept at set time. Every set makes
 * its value, its place in the list and its journal entry before it changes anything.
 */
#include "ssrstore/ssrstore.h"

#include <limits.h>
#include <string.h>

#include "ssrstore/digest.h"
#include "ssrstore/number.h"
#include "ssrstore/scope.h"

/* ---- Defaults --------------------------------------------------------------------------------------------------- */

/* What no component's path is made with, so that a store and a component of one name have ids of their own. */
#define INIT_SEED UINT64_MAX

/* Calls the init function as its own place and phase. It runs once, whoever asks: no component depends on it. */
static ssr_status call_init(struct ssr_ctx *ctx, const struct ssr_store *store, struct ssr_builder *builder)
{
    const char *name = store->definition.name;
    struct ssr_frame_run *asking = ctx->frames.current;
    struct ssr_init_mark mark;
    ctx->frames.current = NULL;
    struct ssr_place place = {.init_of = name, .path = ssr_digest_of(name, strlen(name), INIT_SEED).low};
    ssr_begin_init(ctx, place, &mark);
    ssr_status status = store->init(ctx, builder, store->init_arg);
    ssr_end_init(ctx, &mark);
    ctx->frames.current = asking;
    return status == SSR_OK ? ssr_builder_complete(builder) : status;
}

/* The value that the init function makes; NULL: the render has failed. */
static const struct ssr_value *run_init(struct ssr_ctx *ctx, const struct ssr_store *store)
{
    struct ssr_builder *builder = ssr_scope_borrow_builder(ctx);
    if (!builder) {
        ssr_fail_memory(ctx, ctx->budget.refusal, store->definition.name);
        return NULL;
    }
    const struct ssr_value *value = NULL;
    ssr_status status = call_init(ctx, store, builder);
    if (ctx->fatal == SSR_OK && status == SSR_OK) {
        value = ssr_scope_text_value(ctx, builder->out.data, builder->out.length);
        if (!value)
            ssr_fail_memory(ctx, ctx->budget.refusal, store->definition.name);
    } else if (ssr_ends_render(builder->status)) {
        ssr_fail_memory(ctx, builder->status, store->definition.name);
    } else {
        ssr_end_callback(ctx, status, "the init of store ", store->definition.name);
    }
    ssr_scope_return_builder(ctx, builder);
    return value;
}

struct ssr_cell *ssr_resolve(struct ssr_ctx *ctx, const struct ssr_store *store)
{
    struct ssr_cell *cell = ssr_scope_cell(ctx, &store->definition, sizeof *cell);
    if (!cell || cell->committed)
        return cell;
    if (cell->first_pass == UINT_MAX) /* known from the location before this one */
        ssr_cell_touch(ctx, cell);
    if (cell->is_initializing) {
        ssr_end_render(ctx, SSR_E_INIT_CYCLE,
                       "pass %u: the init of store \"%s\" reads store \"%s\", whose init is running: %s: %s", ctx->pass,
                       ctx->place.init_of, store->definition.name, ssr_status_name(SSR_E_INIT_CYCLE),
                       ssr_status_advice(SSR_E_INIT_CYCLE));
        return NULL;
    }
    const struct ssr_value *value = store->fallback;
    if (store->init) {
        cell->is_initializing = true;
        value = run_init(ctx, store);
        cell->is_initializing = false;
    }
    if (!value)
        return NULL;
    ssr_value_hold(value);
    cell->committed = value;
    if (store->lifetime == SSR_DERIVED) {
        ssr_value_hold(value);
        cell->initial = value;
    }
    return cell;
}

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

static bool is_known(const struct ssr_ctx *ctx, const struct ssr_store *store)
{
    return store && store->definition.registry == ctx->registry;
}

bool ssr_note_read(struct ssr_ctx *ctx, struct ssr_cell *cell)
{
    if (!ssr_frame_reads(ctx, &cell->readers))
        return false;
    if (cell->read_pass == ctx->pass)
        return true;
    struct ssr_journal_entry *entry = ssr_scope_note(ctx, SSR_JOURNAL_READ, cell->definition);
    if (!entry)
        return false;
    entry->value = cell->committed;
    entry->init_of = ctx->place.init_of;
    cell->read_pass = ctx->pass;
    return true;
}

struct ssr_cell *ssr_read(struct ssr_ctx *ctx, const struct ssr_store *store)
{
    if (ssr_enter(ctx, SSR_CALL_GET) != SSR_OK)
        return NULL;
    if (!is_known(ctx, store)) {
        ssr_answer(ctx, SSR_E_UNKNOWN_STORE);
        return NULL;
    }
    struct ssr_cell *cell = ssr_resolve(ctx, store);
    return cell && ssr_note_read(ctx, cell) ? cell : NULL;
}

const ssr_value *ssr_get(struct ssr_ctx *ctx, const struct ssr_store *store)
{
    struct ssr_cell *cell = ssr_read(ctx, store);
    return cell ? cell->committed : NULL;
}

const ssr_value *ssr_use(struct ssr_ctx *ctx, const struct ssr_store *store)
{
    return ssr_get(ctx, store);
}

ssr_json ssr_get_json(struct ssr_ctx *ctx, const struct ssr_store *store)
{
    return ssr_value_json(ssr_get(ctx, store));
}

/* The text of the string at json in the pass's memory; NULL: no string, or no memory. */
static const char *copy_string(struct ssr_ctx *ctx, ssr_json json)
{
    if (ssr_json_type(json) != SSR_JSON_STRING) {
        ssr_answer(ctx, SSR_E_WRONG_TYPE);
        return NULL;
    }
    char *text = ssr_region_alloc(&ctx->memory->region, json.length);
    if (!text) {
        ssr_fail_memory(ctx, ctx->budget.refusal, "the text of a string");
        return NULL;
    }
    ssr_json_string(json, text, json.length);
    return text;
}

const char *ssr_string(struct ssr_ctx *ctx, ssr_json json)
{
    return ssr_enter(ctx, SSR_CALL_STRING) == SSR_OK ? copy_string(ctx, json) : NULL;
}

const char *ssr_cell_string(struct ssr_ctx *ctx, struct ssr_cell *cell)
{
    if (cell->string_pass != ctx->pass) {
        cell->string = copy_string(ctx, ssr_value_json(cell->committed));
        cell->string_pass = ctx->pass;
    } else if (!cell->string) {
        ssr_answer(ctx, SSR_E_WRONG_TYPE); /* what ended the render has answered before */
    }
    return cell->string;
}

const char *ssr_get_string(struct ssr_ctx *ctx, const struct ssr_store *store)
{
    struct ssr_cell *cell = ssr_read(ctx, store);
    return cell ? ssr_cell_string(ctx, cell) : NULL;
}

int64_t ssr_get_integer(struct ssr_ctx *ctx, const struct ssr_store *store, int64_t otherwise)
{
    const struct ssr_value *value = ssr_get(ctx, store);
    if (value && !ssr_integer_read(value->text, value->length, &otherwise))
        ssr_json_integer(ssr_value_json(value), &otherwise);
    return otherwise;
}

double ssr_get_number(struct ssr_ctx *ctx, const struct ssr_store *store, double otherwise)
{
    ssr_json_number(ssr_get_json(ctx, store), &otherwise);
    return otherwise;
}

bool ssr_get_boolean(struct ssr_ctx *ctx, const struct ssr_store *store, bool otherwise)
{
    ssr_json_boolean(ssr_get_json(ctx, store), &otherwise);
    return otherwise;
}

/* ---- Staging ---------------------------------------------------------------------------------------------------- */

const struct ssr_value *ssr_value_for(struct ssr_ctx *ctx, const struct ssr_cell *cell, const char *text, size_t length)
{
    ssr_digest digest = ssr_digest_of(text, length, 0);
    if (ssr_value_same_text(cell->committed, text, length, digest))
        return cell->committed;
    if (cell->staged && ssr_value_same_text(cell->staged, text, length, digest))
        return cell->staged;
    return ssr_scope_value(ctx, text, length, digest);
}

static bool reserve_staged(struct ssr_ctx *ctx)
{
    struct ssr_cell **staged =
        ssr_region_grow(&ctx->request, ctx->staged, &ctx->staged_capacity, ctx->staged_count + 1, sizeof *staged);
    if (staged)
        ctx->staged = staged;
    return staged != NULL;
}

/* The value of the pass before becomes one of this pass. */
static ssr_status replay_stage(struct ssr_ctx *ctx, const struct ssr_effect *effect)
{
    struct ssr_cell *cell = effect->on;
    const struct ssr_value *value = effect->value;
    if (value != cell->committed)
        value = ssr_value_for(ctx, cell, value->text, value->length);
    if (!value)
        return ssr_fail_memory(ctx, ctx->budget.refusal, cell->definition->name);
    return ssr_stage(ctx, cell, value, effect->writer);
}

ssr_status ssr_stage(struct ssr_ctx *ctx, struct ssr_cell *cell, const struct ssr_value *value,
                     struct ssr_writer writer)
{
    struct ssr_journal_entry *entry =
        reserve_staged(ctx) ? ssr_journal_append(&ctx->journal, &ctx->memory->region) : NULL;
    if (!entry)
        return ssr_fail_memory(ctx, ctx->budget.refusal, cell->definition->name);
    entry->op = SSR_JOURNAL_STAGE;
    entry->definition = cell->definition;
    entry->value = value;
    entry->writer = writer;
    if (ctx->frames.current && /* else nobody is to be told, and nothing to be made for it */
        !ssr_frame_effect(ctx,
                          (struct ssr_effect){.replay = replay_stage, .on = cell, .value = value, .writer = writer}))
        return ctx->fatal;
    if (!cell->staged) {
        ctx->staged[ctx->staged_count++] = cell;
        cell->was_read_first = cell->read_pass == ctx->pass;
    } else if (cell->staged != cell->committed) {
        ctx->differing--;
    }
    cell->staged = value;
    cell->writer = writer;
    cell->component = ssr_frame_name(ctx);
    cell->is_default = false;
    ctx->differing += value != cell->committed;
    return ssr_answer(ctx, SSR_OK);
}

/* Stages canonical text. */
static ssr_status stage_text(struct ssr_ctx *ctx, const struct ssr_store *store, const char *text, size_t length,
                             struct ssr_writer writer)
{
    struct ssr_cell *cell = ssr_resolve(ctx, store);
    if (!cell)
        return ctx->last;
    const struct ssr_value *value = ssr_value_for(ctx, cell, text, length);
    if (!value)
        return ssr_fail_memory(ctx, ctx->budget.refusal, store->definition.name);
    return ssr_stage(ctx, cell, value, writer);
}

/* Stages what the builder holds. */
static ssr_status stage_built(struct ssr_ctx *ctx, const struct ssr_store *store, const struct ssr_builder *builder,
                              struct ssr_writer writer)
{
    ssr_status status = ssr_builder_complete(builder);
    if (ssr_ends_render(status))
        return ssr_fail_memory(ctx, status, store->definition.name);
    if (status != SSR_OK)
        return ssr_refuse(ctx, (struct ssr_refusal){.call = SSR_CALL_SET,
                                                    .status = status,
                                                    .definition = &store->definition,
                                                    .writer = writer,
                                                    .is_text = builder->is_text_error,
                                                    .offset = builder->error_at});
    return stage_text(ctx, store, builder->out.data, builder->out.length, writer);
}

ssr_status ssr_stage_answer(struct ssr_ctx *ctx, const struct ssr_store *store, const struct ssr_value *answer,
                            struct ssr_writer writer)
{
    ctx->seen_from = ctx->pass + 1;
    struct ssr_cell *cell = ssr_resolve(ctx, store);
    if (!cell)
        return ctx->fatal;
    const struct ssr_value *value = ssr_value_for(ctx, cell, answer->text, answer->length);
    if (!value)
        return ssr_fail_memory(ctx, ctx->budget.refusal, store->definition.name);
    if (ssr_stage(ctx, cell, value, writer) != SSR_OK)
        return ctx->fatal;
    if (store->lifetime == SSR_DERIVED) {
        ssr_value_hold(value);
        ssr_value_drop(ctx, cell->initial);
        cell->initial = value;
    }
    return SSR_OK;
}

/* Whether a set is legal here and the store is one of this engine's. */
static ssr_status enter_set(struct ssr_ctx *ctx, const struct ssr_store *store, struct ssr_writer writer)
{
    const struct ssr_definition *definition = is_known(ctx, store) ? &store->definition : NULL;
    ssr_status status = ssr_enter_write(ctx, SSR_CALL_SET, definition, writer);
    if (status == SSR_OK && !definition)
        status = ssr_refuse(
            ctx, (struct ssr_refusal){.call = SSR_CALL_SET, .status = SSR_E_UNKNOWN_STORE, .writer = writer});
    return status;
}

struct ssr_builder *ssr_begin_set(struct ssr_ctx *ctx, const struct ssr_store *store, struct ssr_writer writer)
{
    if (enter_set(ctx, store, writer) != SSR_OK)
        return NULL;
    struct ssr_builder *builder = ssr_scope_borrow_builder(ctx);
    if (!builder)
        ssr_fail_memory(ctx, ctx->budget.refusal, store->definition.name);
    return builder;
}

ssr_status ssr_end_set(struct ssr_ctx *ctx, const struct ssr_store *store, struct ssr_builder *builder,
                       struct ssr_writer writer)
{
    ssr_status status = stage_built(ctx, store, builder, writer);
    ssr_scope_return_builder(ctx, builder);
    return status;
}

/* A set whose text is short and known; length 0: there is none, because of `status`. */
static ssr_status set_token(struct ssr_ctx *ctx, const struct ssr_store *store, const char *text, size_t length,
                            ssr_status status, struct ssr_writer writer)
{
    if (enter_set(ctx, store, writer) != SSR_OK)
        return ctx->last;
    if (length > ctx->value_cap)
        status = SSR_E_TOO_LARGE;
    else if (length > 0)
        return stage_text(ctx, store, text, length, writer);
    return ssr_refuse(ctx,
                      (struct ssr_refusal){
                          .call = SSR_CALL_SET, .status = status, .definition = &store->definition, .writer = writer});
}

/* The body of a setter: `add` puts the value into the builder `b`. */
#define SET(ctx, store, file, line, add)                       \
    struct ssr_writer writer = {file, line};                   \
    struct ssr_builder *b = ssr_begin_set(ctx, store, writer); \
    if (!b)                                                    \
        return ctx->last;                                      \
    add;                                                       \
    return ssr_end_set(ctx, store, b, writer)

ssr_status ssr_set_string_at(struct ssr_ctx *ctx, const struct ssr_store *store, const char *text, const char *file,
                             int line)
{
    SET(ctx, store, file, line, ssr_builder_string(b, text));
}

ssr_status ssr_set_string_n_at(struct ssr_ctx *ctx, const struct ssr_store *store, const char *text, size_t length,
                               const char *file, int line)
{
    SET(ctx, store, file, line, ssr_builder_string_n(b, text, length));
}

ssr_status ssr_set_integer_at(struct ssr_ctx *ctx, const struct ssr_store *store, int64_t integer, const char *file,
                              int line)
{
    char text[SSR_NUMBER_TEXT];
    bool is_safe = integer >= -SSR_MAX_INTEGER && integer <= SSR_MAX_INTEGER;
    return set_token(ctx, store, text, is_safe ? ssr_integer_write(integer, text) : 0, SSR_E_INTEGER_RANGE,
                     (struct ssr_writer){file, line});
}

ssr_status ssr_set_number_at(struct ssr_ctx *ctx, const struct ssr_store *store, double number, const char *file,
                             int line)
{
    char text[SSR_NUMBER_TEXT];
    bool is_finite = number - number == 0;
    return set_token(ctx, store, text, is_finite ? ssr_number_write(number, text) : 0, SSR_E_NOT_FINITE,
                     (struct ssr_writer){file, line});
}

ssr_status ssr_set_boolean_at(struct ssr_ctx *ctx, const struct ssr_store *store, bool boolean, const char *file,
                              int line)
{
    return set_token(ctx, store, boolean ? "true" : "false", boolean ? 4 : 5, SSR_OK, (struct ssr_writer){file, line});
}

ssr_status ssr_set_null_at(struct ssr_ctx *ctx, const struct ssr_store *store, const char *file, int line)
{
    return set_token(ctx, store, "null", 4, SSR_OK, (struct ssr_writer){file, line});
}

ssr_status ssr_set_json_at(struct ssr_ctx *ctx, const struct ssr_store *store, const char *text, size_t length,
                           const char *file, int line)
{
    SET(ctx, store, file, line, ssr_builder_json(b, text, length));
}

ssr_status ssr_set_value_at(struct ssr_ctx *ctx, const struct ssr_store *store, const ssr_value *value,
                            const char *file, int line)
{
    SET(ctx, store, file, line, ssr_builder_value(b, value));
}

ssr_builder *ssr_build(struct ssr_ctx *ctx)
{
    if (ssr_enter(ctx, SSR_CALL_BUILD) != SSR_OK)
        return &ctx->refusing;
    if (!ctx->page_builder)
        ctx->page_builder = ssr_scope_borrow_builder(ctx);
    if (!ctx->page_builder) {
        ssr_fail_memory(ctx, ctx->budget.refusal, "ssr_build");
        return &ctx->refusing;
    }
    ssr_builder_reset(ctx->page_builder);
    return ctx->page_builder;
}

ssr_status ssr_set_built_at(struct ssr_ctx *ctx, const struct ssr_store *store, const char *file, int line)
{
    struct ssr_writer writer = {file, line};
    ssr_status status = enter_set(ctx, store, writer);
    if (status != SSR_OK)
        return status;
    if (!ctx->page_builder)
        return ssr_refuse(ctx, (struct ssr_refusal){.call = SSR_CALL_SET,
                                                    .status = SSR_E_BUILDER,
                                                    .definition = &store->definition,
                                                    .writer = writer});
    status = stage_built(ctx, store, ctx->page_builder, writer);
    ssr_builder_reset(ctx->page_builder);
    return status;
}

/* ---- Committing ------------------------------------------------------------------------------------------------- */

ssr_status ssr_reserve_commits(struct ssr_ctx *ctx)
{
    if (ctx->staged_count == 0)
        return SSR_OK;
    struct ssr_commit *commits =
        ssr_region_grow(&ctx->request, ctx->commits, &ctx->commit_capacity, ctx->staged_count, sizeof *commits);
    if (!commits)
        return ssr_fail_memory(ctx, ctx->budget.refusal, "committing");
    ctx->commits = commits;
    return SSR_OK;
}

void ssr_commit_staged(struct ssr_ctx *ctx)
{
    for (size_t i = 0; i < ctx->staged_count; i++) {
        struct ssr_cell *cell = ctx->staged[i];
        if (cell->staged != cell->committed) {
            ctx->commits[ctx->commit_count++] = (struct ssr_commit){cell, cell->committed};
            ssr_value_hold(cell->staged);
            cell->committed = cell->staged;
            ssr_frames_touch(&cell->readers);
        }
        cell->staged = NULL;
    }
    ctx->staged_count = 0;
    ctx->differing = 0;
}

void ssr_take_back_commits(struct ssr_ctx *ctx)
{
    while (ctx->commit_count > 0) {
        struct ssr_commit *commit = &ctx->commits[--ctx->commit_count];
        ssr_value_drop(ctx, commit->cell->committed);
        commit->cell->committed = commit->before;
    }
}

ssr_status ssr_stage_defaults(struct ssr_ctx *ctx)
{
    for (struct ssr_cell *cell = ctx->derived; cell; cell = cell->next_derived) {
        if (cell->staged || !cell->committed || ssr_value_equal(cell->committed, cell->initial))
            continue;
        ssr_status status = ssr_stage(ctx, cell, cell->initial, (struct ssr_writer){NULL, 0});
        if (status != SSR_OK)
            return status;
        cell->is_default = true;
    }
    return SSR_OK;
}

/* ---- Effects ---------------------------------------------------------------------------------------------------- */

ssr_status ssr_effect(struct ssr_ctx *ctx, ssr_effect_fn fn, void *arg)
{
    if (ssr_enter_unplaced(ctx, SSR_CALL_EFFECT) != SSR_OK)
        return ctx->last;
    if (!fn)
        return ssr_refuse_unplaced(ctx, SSR_CALL_EFFECT, SSR_E_INVALID_ARGUMENT);
    return ssr_scope_note(ctx, SSR_JOURNAL_EFFECT, NULL) ? fn(ctx, arg) : ctx->fatal;
}
