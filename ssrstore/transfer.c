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

static void add_stores(struct ssr_transfer *transfer)
{
    ssr_builder_key(transfer->builder, "stores");
    ssr_builder_begin_object(transfer->builder);
    for (struct ssr_cell *cell = transfer->ctx->touched; cell; cell = cell->next_touched)
        if (crosses(transfer, cell)) {
            ssr_builder_key(transfer->builder, cell->definition->name);
            ssr_transfer_add(transfer, cell->committed, cell->definition->name);
        }
    ssr_builder_end_object(transfer->builder);
}

static bool shared_crosses(const struct ssr_transfer *transfer, const struct ssr_cell *cell)
{
    if (cell->definition->kind != SSR_KIND_SHARED || !cell->committed)
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
        if (!is_open) {
            ssr_builder_key(transfer->builder, "shared");
            ssr_builder_begin_object(transfer->builder);
        }
        is_open = true;
        ssr_builder_key(transfer->builder, cell->definition->name);
        ssr_transfer_add(transfer, cell->committed, cell->definition->name);
    }
    if (is_open)
        ssr_builder_end_object(transfer->builder);
}

static void add_all(struct ssr_transfer *transfer)
{
    ssr_builder_begin_object(transfer->builder);
    ssr_builder_key(transfer->builder, "atoms");
    ssr_builder_begin_object(transfer->builder);
    ssr_atoms_transfer(transfer);
    ssr_builder_end_object(transfer->builder);
    ssr_contexts_transfer(transfer);
    ssr_builder_key(transfer->builder, "queries");
    ssr_builder_begin_object(transfer->builder);
    transfer->add_queries(transfer, transfer->queries_arg);
    ssr_builder_end_object(transfer->builder);
    add_shared(transfer);
    add_stores(transfer);
    ssr_builder_key(transfer->builder, "v");
    ssr_builder_integer(transfer->builder, 1);
    ssr_builder_end_object(transfer->builder);
}

const struct ssr_value *ssr_transfer_value(struct ssr_transfer *transfer)
{
    struct ssr_ctx *ctx = transfer->ctx;
    for (const struct ssr_store *store = ctx->registry->always; store; store = store->next_always)
        if (!ssr_resolve(ctx, store))
            return NULL;
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
