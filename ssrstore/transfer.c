/* What crosses to the browser (docs/transfer.md): one object, keys sorted, made of what the last pass saw. */
#include "ssrstore/context_internal.h"
#include "ssrstore/shared_internal.h"

static void add_encoded(struct ssr_transfer *transfer, const struct ssr_value *value, const char *of)
{
    struct ssr_builder *encoded = ssr_scope_borrow_builder(transfer->ctx);
    if (!encoded) {
        ssr_fail_memory(transfer->ctx, transfer->ctx->budget.refusal, "the transfer element");
        return;
    }
    ssr_status status = transfer->encode(value, encoded, transfer->encode_arg);
    if (status == SSR_OK)
        status = ssr_builder_complete(encoded);
    if (status == SSR_OK)
        ssr_builder_canonical(transfer->builder, encoded->out.data, encoded->out.length);
    else if (status == encoded->status && ssr_ends_render(status))
        ssr_fail_memory(transfer->ctx, status, of);
    else
        ssr_end_render(transfer->ctx, status, "the encoding of \"%s\": %s: %s", of, ssr_status_name(status),
                       ssr_status_advice(status));
    ssr_scope_return_builder(transfer->ctx, encoded);
}

void ssr_transfer_add(struct ssr_transfer *transfer, const struct ssr_value *value, const char *of)
{
    if (transfer->encode)
        add_encoded(transfer, value, of);
    else
        ssr_builder_canonical(transfer->builder, value->text, value->length);
}

static bool crosses(const struct ssr_transfer *transfer, const struct ssr_cell *cell)
{
    if (cell->definition->kind != SSR_KIND_STORE || !cell->committed)
        return false;
    const struct ssr_store *store = ssr_cell_store(cell);
    return store->policy == SSR_TRANSFERRED && (store->always || cell->first_pass <= transfer->last_pass);
}

/*
 * Begins an object that is a member of the whole. `before` is its key and what stands before that: these keys are known
 * and in order, so that nobody has to look at them, and for the builder each of the objects is a value of its own.
 */
static inline void begin_section(const struct ssr_transfer *transfer, const char *before)
{
    ssr_builder_put(transfer->builder, before, strlen(before));
    transfer->builder->is_complete = false;
    ssr_builder_begin_object(transfer->builder);
}

static void add_stores(struct ssr_transfer *transfer)
{
    for (struct ssr_cell *cell = transfer->ctx->touched; cell; cell = cell->next_touched)
        if (crosses(transfer, cell)) {
            ssr_builder_key(transfer->builder, cell->definition->name);
            ssr_transfer_add(transfer, cell->committed, cell->definition->name);
        }
}

static bool shared_crosses(const struct ssr_transfer *transfer, const struct ssr_cell *cell)
{
    if (cell->definition->kind != SSR_KIND_SHARED)
        return false;
    return ((const struct ssr_shared *)cell->definition)->policy == SSR_TRANSFERRED &&
           cell->first_pass <= transfer->last_pass;
}

/* The member is there only when it has something in it. */
static void add_shared(struct ssr_transfer *transfer)
{
    bool is_open = false;
    for (struct ssr_cell *cell = transfer->ctx->touched; cell; cell = cell->next_touched) {
        if (!shared_crosses(transfer, cell))
            continue;
        if (!is_open)
            begin_section(transfer, ",\"shared\":");
        is_open = true;
        ssr_builder_key(transfer->builder, cell->definition->name);
        ssr_transfer_add(transfer, cell->committed, cell->definition->name);
    }
    if (is_open)
        ssr_builder_end_object(transfer->builder);
}

static void add_all(struct ssr_transfer *transfer)
{
    static const char end[] = ",\"v\":1}";
    begin_section(transfer, "{\"atoms\":");
    ssr_atoms_transfer(transfer);
    ssr_builder_end_object(transfer->builder);
    begin_section(transfer, ",\"contexts\":");
    ssr_contexts_transfer(transfer);
    ssr_builder_end_object(transfer->builder);
    begin_section(transfer, ",\"queries\":");
    transfer->add_queries(transfer, transfer->queries_arg);
    ssr_builder_end_object(transfer->builder);
    add_shared(transfer);
    begin_section(transfer, ",\"stores\":");
    add_stores(transfer);
    ssr_builder_end_object(transfer->builder);
    ssr_builder_put(transfer->builder, end, sizeof end - 1);
}

const struct ssr_value *ssr_transfer_value(struct ssr_transfer *transfer)
{
    struct ssr_ctx *ctx = transfer->ctx;
    for (const struct ssr_store *store = ctx->registry->always; store; store = store->next_always)
        if (!ssr_resolve(ctx, store))
            return NULL;
    ssr_scope_take_builder_back(ctx);
    struct ssr_builder *builder = ssr_scope_borrow_builder(ctx);
    const struct ssr_value *value = NULL;
    ssr_status status = builder ? SSR_OK : ctx->budget.refusal;
    if (builder) {
        ssr_builder_set_cap(builder, SIZE_MAX); /* each value has been held to its cap; their sum is the request's */
        transfer->builder = builder;
        add_all(transfer);
        status = ssr_builder_complete(builder);
        if (ctx->fatal == SSR_OK && status == SSR_OK)
            value = ssr_scope_value(ctx, builder->out.data, builder->out.length, (ssr_digest){0, 0});
        ssr_scope_return_builder(ctx, builder);
    }
    if (!value)
        ssr_fail_memory(ctx, status == SSR_OK ? ctx->budget.refusal : status, "the transfer element");
    return value;
}
