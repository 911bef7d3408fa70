/* The life of a render: its parts made and freed, its result and the names of its states and outcomes. */
#include "cookie/cookie_internal.h"
#include "engine/operation.h"
#include "engine/render_internal.h"

#include <string.h>

static const char *const state_names[] = {
#define SSR_STATE(identifier, name, meaning) name,
#include "engine/states.def"
#undef SSR_STATE
};

static const struct {
    const char *name;
    bool has_document;
} outcomes[] = {
#define SSR_OUTCOME(identifier, name, has_document, meaning) {name, has_document},
#include "engine/outcomes.def"
#undef SSR_OUTCOME
};

const char *ssr_outcome_name(ssr_outcome outcome)
{
    return (unsigned)outcome < SSR_OUTCOME_COUNT ? outcomes[outcome].name : "unknown";
}

bool ssr_outcome_has_document(ssr_outcome outcome)
{
    return outcomes[outcome].has_document;
}

const char *ssr_render_state(const struct ssr_render *render)
{
    return state_names[render->state];
}

/* ---- Life ------------------------------------------------------------------------------------------------------- */

bool ssr_set_location(struct ssr_render *render, const char *location)
{
    const char *path = ssr_region_copy(&render->ctx.request, location, strcspn(location, "?"));
    if (!path)
        return false;
    render->ctx.location = location;
    render->location_path = path;
    return true;
}

static void init_scope(struct ssr_render *render, const ssr_allocator *allocator)
{
    const ssr_config *config = &render->engine->config;
    struct ssr_ctx *ctx = &render->ctx;
    ssr_scope_init(ctx, &render->engine->registry, allocator, config->limits.request_bytes);
    ctx->value_cap = ssr_clamp_size(config->limits.value_bytes);
    ctx->cell_cap = ssr_clamp_size(config->limits.stores);
    ctx->persistence = &ssr_cookie_persistence;
    ctx->cookie_headers = render->request.cookie_headers;
    ctx->cookie_header_count = render->request.cookie_header_count;
    ctx->cookie_cap = ssr_clamp_size(config->limits.cookies);
    ctx->cookie_bytes_cap = ssr_clamp_size(config->limits.cookie_bytes);
    ctx->id = render->request.id;
    ctx->host = render->request.host;
    ctx->frames.are_reused = render->engine->config.reuse_components && !render->engine->config.check_components;
    ctx->now_ms = render->request.now_ms;
    ctx->seed = render->request.seed;
}

static void init_output(struct ssr_render *render, struct ssr_output *output)
{
    output->html.budget = output->region.budget = &render->ctx.budget;
    output->transfer_at = SSR_NO_TRANSFER;
    output->status = 200;
}

ssr_status ssr_render_new(const struct ssr_engine *engine, ssr_page_fn page, void *arg, const ssr_request *request,
                          struct ssr_render **render)
{
    *render = NULL;
    if (!engine || !page)
        return SSR_E_INVALID_ARGUMENT;
    if (!engine->registry.is_frozen)
        return SSR_E_NOT_STARTED;
    ssr_allocator allocator =
        request && request->recycler ? ssr_recycler_allocator(request->recycler) : engine->config.allocator;
    struct ssr_render *made = allocator.resize(allocator.arg, NULL, 0, sizeof *made);
    if (!made)
        return SSR_E_NOMEM;
    ssr_zero(&made->engine, offsetof(struct ssr_render, error) - offsetof(struct ssr_render, engine));
    made->error[0] = '\0';
    made->engine = engine;
    made->page = page;
    made->arg = arg;
    if (request)
        made->request = *request;
    atomic_init(&made->is_cancelled, false);
    init_scope(made, &allocator);
    init_output(made, &made->base);
    init_output(made, &made->out);
    init_output(made, &made->kept);
    ssr_record_init(&made->record, made);
    if (!ssr_set_location(made, made->request.location ? made->request.location : "/")) {
        ssr_render_free(made);
        return SSR_E_NOMEM;
    }
    *render = made;
    return SSR_OK;
}

static void free_output(struct ssr_render *render, struct ssr_output *output)
{
    ssr_buffer_free(&output->html);
    ssr_region_free(&output->region);
    ssr_budget_resize(&render->ctx.budget, output->headers, output->header_capacity * sizeof *output->headers, 0);
}

void ssr_render_free(struct ssr_render *render)
{
    if (!render)
        return;
    ssr_cancel_load(render);
    ssr_mailbox_close(render->mailbox);
    ssr_loads_release(render);
    free_output(render, &render->out);
    free_output(render, &render->kept);
    free_output(render, &render->base);
    ssr_scope_release(&render->ctx);
    ssr_record_release(&render->record);
    ssr_allocator allocator = render->ctx.budget.allocator;
    if (render->ctx.budget.has_secrets)
        ssr_wipe(render, sizeof *render);
    allocator.resize(allocator.arg, render, sizeof *render, 0);
}

uint64_t ssr_read_clock(const struct ssr_render *render)
{
    const ssr_config *config = &render->engine->config;
    return config->clock ? config->clock(config->clock_arg) : 0;
}

uint64_t ssr_time_since(const struct ssr_render *render, uint64_t began)
{
    uint64_t now = ssr_read_clock(render);
    return now > began ? now - began : 0;
}

void ssr_render_cancel(struct ssr_render *render)
{
    atomic_store(&render->is_cancelled, true);
}

const ssr_result *ssr_render_result(const struct ssr_render *render)
{
    return render->state == SSR_STATE_ENDED ? &render->result : NULL;
}
