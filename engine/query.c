/*
 * Queries as the page sees them: definitions, the keys of a request, asking. What always holds: a key has one load; a
 * load is in the batch when it was found and nobody has handed its answer to a pass yet.
 */
#include "engine/query.h"

#include <string.h>

#include "engine/operation.h"
#include "engine/render_internal.h"
#include "ssrstore/digest.h"

enum { TABLE_FIRST = 16 };

/* ---- Definitions ------------------------------------------------------------------------------------------------ */

ssr_query *ssr_query_define(struct ssr_registry *registry, const char *name, const ssr_query_options *options)
{
    static const ssr_query_options zero;
    options = options ? options : &zero;
    if (!registry)
        return NULL;
    ssr_status status = ssr_registry_check(registry, SSR_KIND_QUERY, name, false);
    if (status == SSR_OK && (options->timeout_ms < 0 || (unsigned)options->policy > SSR_LOCAL))
        status = SSR_E_INVALID_ARGUMENT;
    const char *type = NULL, *args_type = NULL;
    if (status == SSR_OK)
        status = ssr_registry_copy_type(registry, options->type, &type);
    if (status == SSR_OK)
        status = ssr_registry_copy_type(registry, options->args_type, &args_type);
    if (status != SSR_OK)
        return ssr_registry_refuse(registry, SSR_KIND_QUERY, name, status);
    struct ssr_query *query = ssr_registry_add(registry, SSR_KIND_QUERY, name, sizeof *query);
    if (!query)
        return ssr_registry_refuse(registry, SSR_KIND_QUERY, name, SSR_E_NOMEM);
    query->definition.redact = !options->show_args;
    query->definition.type = type;
    query->args_type = args_type;
    query->load = options->load;
    query->load_arg = options->load_arg;
    query->timeout_ms = options->timeout_ms;
    query->policy = options->policy;
    return query;
}

ssr_query *ssr_query_find(const struct ssr_registry *registry, const char *name)
{
    return (struct ssr_query *)ssr_registry_find(registry, SSR_KIND_QUERY, name);
}

const char *ssr_query_name(const struct ssr_query *query)
{
    return query ? query->definition.name : "";
}

/* ---- Keys ------------------------------------------------------------------------------------------------------- */

static bool is_key(const struct ssr_load *load, const struct ssr_query *query, const char *args, size_t length,
                   ssr_digest digest)
{
    return load->query == query && ssr_value_same_text(load->args, args, length, digest);
}

static struct ssr_load **place_of(const struct ssr_loads *loads, const struct ssr_query *query, const char *args,
                                  size_t length, ssr_digest digest)
{
    size_t mask = loads->table_size - 1;
    size_t at = (size_t)(digest.low + query->definition.index * UINT64_C(0x9e3779b97f4a7c15)) & mask;
    while (loads->table[at] && !is_key(loads->table[at], query, args, length, digest))
        at = (at + 1) & mask;
    return &loads->table[at];
}

/* Keeps the table at most half full. */
static ssr_status reserve_table(struct ssr_ctx *ctx, struct ssr_loads *loads)
{
    if ((loads->count + 1) * 2 <= loads->table_size)
        return SSR_OK;
    struct ssr_loads larger = *loads;
    larger.table_size = loads->table_size ? loads->table_size * 2 : TABLE_FIRST;
    larger.table = ssr_budget_resize(&ctx->budget, NULL, 0, larger.table_size * sizeof(struct ssr_load *));
    if (!larger.table)
        return ctx->budget.refusal;
    for (size_t i = 0; i < larger.table_size; i++)
        larger.table[i] = NULL;
    for (size_t i = 0; i < loads->table_size; i++) {
        struct ssr_load *load = loads->table[i];
        if (load)
            *place_of(&larger, load->query, load->args->text, load->args->length, load->args->digest) = load;
    }
    ssr_budget_resize(&ctx->budget, loads->table, loads->table_size * sizeof(struct ssr_load *), 0);
    loads->table = larger.table;
    loads->table_size = larger.table_size;
    return SSR_OK;
}

/* Arguments that live as long as the request. */
static const struct ssr_value *keep_args(struct ssr_ctx *ctx, const char *args, size_t length, ssr_digest digest)
{
    struct ssr_value *value = ssr_region_alloc(&ctx->request, sizeof *value);
    const char *copy = value ? ssr_region_copy(&ctx->request, args, length) : NULL;
    if (!copy)
        return NULL;
    *value = (struct ssr_value){copy, length, digest, NULL};
    return value;
}

static struct ssr_load *add_load(struct ssr_render *render, const struct ssr_query *query, const char *args,
                                 size_t length, ssr_digest digest)
{
    struct ssr_ctx *ctx = &render->ctx;
    struct ssr_loads *loads = &render->loads;
    if (loads->count >= render->engine->config.limits.queries) {
        ssr_fail_memory(ctx, SSR_E_LIMIT, "ssr_limits.queries");
        return NULL;
    }
    struct ssr_load *load = reserve_table(ctx, loads) == SSR_OK ? ssr_region_alloc(&ctx->request, sizeof *load) : NULL;
    if (load)
        load->args = keep_args(ctx, args, length, digest);
    if (!load || !load->args) {
        ssr_fail_memory(ctx, ctx->budget.refusal, query->definition.name);
        return NULL;
    }
    load->query = query;
    *place_of(loads, query, args, length, digest) = load;
    loads->count++;
    return load;
}

struct ssr_load *ssr_loads_find(struct ssr_render *render, const struct ssr_query *query, const char *args,
                                size_t length, bool make)
{
    ssr_digest digest = ssr_digest_of(args, length, 0);
    struct ssr_load *load =
        render->loads.table_size > 0 ? *place_of(&render->loads, query, args, length, digest) : NULL;
    return load || !make ? load : add_load(render, query, args, length, digest);
}

const struct ssr_load *ssr_loads_known(const struct ssr_loads *loads, const struct ssr_definition *query,
                                       const struct ssr_value *args)
{
    return *place_of(loads, (const struct ssr_query *)query, args->text, args->length, args->digest);
}

void ssr_loads_add(struct ssr_render *render, struct ssr_load *load)
{
    struct ssr_loads *loads = &render->loads;
    if (!loads->first)
        loads->end = &loads->first;
    load->state = SSR_QUERY_PENDING;
    ssr_frames_touch_now(&render->ctx, &load->readers);
    load->found_pass = render->ctx.phase == SSR_RENDER ? render->ctx.pass : 0;
    load->next = NULL;
    *loads->end = load;
    loads->end = &load->next;
}

void ssr_loads_end_batch(struct ssr_render *render)
{
    for (struct ssr_load *load = render->loads.first; load; load = load->next)
        if (load->hook)
            ssr_operation_drop(load->operation);
    render->loads.first = NULL;
}

void ssr_loads_forget_batch(struct ssr_render *render)
{
    for (struct ssr_load *load = render->loads.first; load; load = load->next)
        load->state = SSR_QUERY_DISABLED;
    render->loads.first = NULL;
}

void ssr_loads_release(struct ssr_render *render)
{
    struct ssr_loads *loads = &render->loads;
    ssr_view_drop(loads->view);
    for (size_t i = 0; i < loads->table_size; i++)
        if (loads->table[i]) {
            ssr_operation_drop(loads->table[i]->operation);
            ssr_readers_free(&render->ctx.budget, &loads->table[i]->readers);
        }
    for (struct ssr_load *load = loads->first; load; load = load->next)
        if (load->hook)
            ssr_operation_drop(load->operation);
    ssr_budget_resize(&render->ctx.budget, loads->table, loads->table_size * sizeof(struct ssr_load *), 0);
}

/* ---- Asking ----------------------------------------------------------------------------------------------------- */

static ssr_query_result result_of(const struct ssr_load *load)
{
    ssr_query_result result = {load ? load->state : SSR_QUERY_DISABLED, ssr_value_json(NULL), ""};
    if (result.state == SSR_QUERY_READY)
        result.data = ssr_value_json(load->operation->value);
    else if (result.state == SSR_QUERY_FAILED)
        result.error = load->operation->code;
    return result;
}

static ssr_query_result refuse(struct ssr_ctx *ctx, const struct ssr_query *query, ssr_status status)
{
    ssr_refuse(ctx, (struct ssr_refusal){
                        .call = SSR_CALL_QUERY, .status = status, .definition = query ? &query->definition : NULL});
    return result_of(NULL);
}

/* Notes in the journal what the pass asked for. */
static bool note_query(struct ssr_ctx *ctx, const struct ssr_load *load)
{
    struct ssr_journal_entry *entry = ssr_scope_note(ctx, SSR_JOURNAL_QUERY, &load->query->definition);
    if (!entry)
        return false;
    entry->value = load->args;
    return true;
}

/* Asks with the arguments that the builder holds. */
static ssr_query_result ask(struct ssr_ctx *ctx, const struct ssr_query *query, struct ssr_builder *args, bool enabled)
{
    struct ssr_render *render = (struct ssr_render *)ctx;
    ssr_status status = ssr_builder_complete(args);
    if (ssr_ends_render(status)) {
        ssr_fail_memory(ctx, status, query->definition.name);
        return result_of(NULL);
    }
    if (status != SSR_OK)
        return refuse(ctx, query, status);
    struct ssr_load *load = ssr_loads_find(render, query, args->out.data, args->out.length, enabled);
    if (!load) /* nobody has asked for it enabled, or the render has failed */
        ssr_frame_runs_always(ctx);
    if (!load || !note_query(ctx, load) || !ssr_frame_reads(ctx, &load->readers))
        return result_of(NULL);
    if (enabled && load->state == SSR_QUERY_DISABLED)
        ssr_loads_add(render, load);
    return result_of(load);
}

/* A builder for the arguments; NULL: refused. */
static struct ssr_builder *begin(struct ssr_ctx *ctx, const struct ssr_query *query)
{
    bool is_known = query && query->definition.registry == ctx->registry;
    const struct ssr_definition *definition = is_known ? &query->definition : NULL;
    if (ssr_enter_write(ctx, SSR_CALL_QUERY, definition, (struct ssr_writer){NULL, 0}) != SSR_OK)
        return NULL;
    if (!is_known) {
        refuse(ctx, NULL, SSR_E_UNKNOWN_QUERY);
        return NULL;
    }
    struct ssr_builder *builder = ssr_scope_borrow_builder(ctx);
    if (!builder)
        ssr_fail_memory(ctx, ctx->budget.refusal, query->definition.name);
    return builder;
}

static ssr_query_result end(struct ssr_ctx *ctx, const struct ssr_query *query, struct ssr_builder *args, bool enabled)
{
    ssr_query_result result = ask(ctx, query, args, enabled);
    ssr_scope_return_builder(ctx, args);
    return result;
}

ssr_query_result ssr_query_get(struct ssr_ctx *ctx, const struct ssr_query *query, const char *args, bool enabled)
{
    struct ssr_builder *builder = begin(ctx, query);
    if (!builder)
        return result_of(NULL);
    if (args)
        ssr_builder_json(builder, args, strlen(args));
    else
        ssr_builder_null(builder);
    return end(ctx, query, builder, enabled);
}

ssr_query_result ssr_query_integer(struct ssr_ctx *ctx, const struct ssr_query *query, int64_t arg, bool enabled)
{
    struct ssr_builder *builder = begin(ctx, query);
    if (!builder)
        return result_of(NULL);
    ssr_builder_integer(builder, arg);
    return end(ctx, query, builder, enabled);
}

ssr_query_result ssr_query_string(struct ssr_ctx *ctx, const struct ssr_query *query, const char *arg, bool enabled)
{
    struct ssr_builder *builder = begin(ctx, query);
    if (!builder)
        return result_of(NULL);
    ssr_builder_string(builder, arg);
    return end(ctx, query, builder, enabled);
}

ssr_query_result ssr_query_built(struct ssr_ctx *ctx, const struct ssr_query *query, bool enabled)
{
    struct ssr_builder *builder = begin(ctx, query);
    if (!builder)
        return result_of(NULL);
    if (ctx->page_builder && ssr_builder_complete(ctx->page_builder) == SSR_OK)
        ssr_builder_canonical(builder, ctx->page_builder->out.data, ctx->page_builder->out.length);
    else
        ssr_builder_fail(builder, ctx->page_builder ? ssr_builder_complete(ctx->page_builder) : SSR_E_BUILDER);
    if (ctx->page_builder)
        ssr_builder_reset(ctx->page_builder);
    return end(ctx, query, builder, enabled);
}

/* ---- Transfer --------------------------------------------------------------------------------------------------- */

static bool crosses(const struct ssr_transfer *transfer, const struct ssr_load *load)
{
    return load && load->query->policy == SSR_TRANSFERRED && load->visible_pass > 0 &&
           load->visible_pass <= transfer->last_pass;
}

/* The key as it crosses: the canonical text of [name, arguments]. */
static void add_key(struct ssr_transfer *transfer, const struct ssr_load *load)
{
    struct ssr_builder *key = ssr_scope_borrow_builder(transfer->ctx);
    if (!key) {
        ssr_builder_fail(transfer->builder, transfer->ctx->budget.refusal);
        return;
    }
    ssr_builder_set_cap(key, SIZE_MAX); /* the arguments have been held to their cap */
    ssr_builder_begin_array(key);
    ssr_builder_string(key, load->query->definition.name);
    ssr_builder_canonical(key, load->args->text, load->args->length);
    ssr_builder_end_array(key);
    if (ssr_builder_complete(key) == SSR_OK)
        ssr_builder_key_n(transfer->builder, key->out.data, key->out.length);
    else
        ssr_builder_fail(transfer->builder, key->status);
    ssr_scope_return_builder(transfer->ctx, key);
}

static void add_answer(struct ssr_transfer *transfer, const struct ssr_load *load)
{
    add_key(transfer, load);
    ssr_builder_begin_object(transfer->builder);
    if (load->state == SSR_QUERY_READY) {
        ssr_builder_key(transfer->builder, "ready");
        ssr_transfer_add(transfer, load->operation->value, load->query->definition.name);
    } else {
        ssr_builder_key(transfer->builder, "failed");
        ssr_builder_string(transfer->builder, load->operation->code);
    }
    ssr_builder_end_object(transfer->builder);
}

void ssr_loads_transfer(struct ssr_transfer *transfer, void *render)
{
    const struct ssr_loads *loads = &((struct ssr_render *)render)->loads;
    for (size_t i = 0; i < loads->table_size; i++)
        if (crosses(transfer, loads->table[i]))
            add_answer(transfer, loads->table[i]);
}
