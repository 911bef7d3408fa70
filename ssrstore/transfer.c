/* What crosses to the browser (design: docs/transfer.md): one object, keys sorted, made of what the last pass saw. */
#include "ssrstore/scope.h"

struct transfer {
    struct ssr_ctx *ctx;
    struct ssr_builder *builder;
    unsigned last_pass;
    ssr_encode_fn encode;
    void *encode_arg;
};

static void fail(struct transfer *transfer, const struct ssr_store *store, ssr_status status)
{
    ssr_end_render(transfer->ctx, status, "the encoding of store \"%s\": %s: %s", store->definition.name,
                   ssr_status_name(status), ssr_status_advice(status));
}

/* The value as the transformer makes it. */
static void add_encoded(struct transfer *transfer, const struct ssr_store *store, const struct ssr_value *value)
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
    else if (status == encoded->status && (status == SSR_E_NOMEM || status == SSR_E_LIMIT))
        ssr_fail_memory(transfer->ctx, status, store->definition.name);
    else
        fail(transfer, store, status);
    ssr_scope_return_builder(transfer->ctx, encoded);
}

static void add_store(struct transfer *transfer, const struct ssr_cell *cell)
{
    const struct ssr_store *store = cell->store;
    ssr_builder_key(transfer->builder, store->definition.name);
    if (transfer->encode)
        add_encoded(transfer, store, cell->committed);
    else
        ssr_builder_canonical(transfer->builder, cell->committed->text, cell->committed->length);
}

static bool crosses(const struct transfer *transfer, const struct ssr_cell *cell)
{
    return cell->committed && cell->store->policy == SSR_TRANSFERRED &&
           (cell->store->always || cell->first_pass <= transfer->last_pass);
}

static void add_stores(struct transfer *transfer)
{
    ssr_builder_key(transfer->builder, "stores");
    ssr_builder_begin_object(transfer->builder);
    for (struct ssr_cell *cell = transfer->ctx->touched; cell; cell = cell->next_touched)
        if (crosses(transfer, cell))
            add_store(transfer, cell);
    ssr_builder_end_object(transfer->builder);
}

static void add_empty(struct transfer *transfer, const char *key)
{
    ssr_builder_key(transfer->builder, key);
    ssr_builder_begin_object(transfer->builder);
    ssr_builder_end_object(transfer->builder);
}

static void add_all(struct transfer *transfer)
{
    ssr_builder_begin_object(transfer->builder);
    add_empty(transfer, "atoms");
    add_empty(transfer, "contexts");
    add_empty(transfer, "queries");
    add_stores(transfer);
    ssr_builder_key(transfer->builder, "v");
    ssr_builder_integer(transfer->builder, 1);
    ssr_builder_end_object(transfer->builder);
}

const struct ssr_value *ssr_transfer_value(struct ssr_ctx *ctx, unsigned last_pass, ssr_encode_fn encode,
                                           void *encode_arg)
{
    for (const struct ssr_store *store = ctx->registry->always; store; store = store->next_always)
        if (!ssr_resolve(ctx, store))
            return NULL;
    struct ssr_builder *builder = ssr_scope_borrow_builder(ctx);
    const struct ssr_value *value = NULL;
    if (builder) {
        struct transfer transfer = {ctx, builder, last_pass, encode, encode_arg};
        ssr_builder_set_cap(builder,
                            SIZE_MAX); /* each value has been held to its cap; their sum is the request's affair */
        add_all(&transfer);
        if (ctx->fatal == SSR_OK && ssr_builder_complete(builder) == SSR_OK)
            value = ssr_scope_value(ctx, builder->out.data, builder->out.length, (ssr_digest){0, 0});
        ssr_scope_return_builder(ctx, builder);
    }
    if (!value)
        ssr_fail_memory(ctx, ctx->budget.refusal, "the transfer element");
    return value;
}
