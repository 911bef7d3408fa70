/*
 * Loading: the batch of queries that a pass found, or of hooks and declared loaders before the first pass. What always
 * holds: answers are taken in whatever order they come, but staged in the order of finding and only when all are
 * there, so that the result is the same in whatever order they came.
 */
#include <string.h>

#include "engine/operation.h"
#include "engine/render_internal.h"

/* ---- Before the first pass -------------------------------------------------------------------------------------- */

static ssr_status add_hook(struct ssr_render *render, const ssr_hook *hook)
{
    struct ssr_load *load = ssr_region_alloc(&render->ctx.request, sizeof *load);
    if (!load)
        return ssr_fail_memory(&render->ctx, render->ctx.budget.refusal, "a hook");
    load->hook = hook;
    ssr_loads_add(render, load);
    return SSR_OK;
}

static ssr_status build_args(struct ssr_render *render, const ssr_declared_loader *loader, struct ssr_builder *args)
{
    ssr_status status = loader->args ? loader->args(render->ctx.location, args, loader->arg) : ssr_builder_null(args);
    return status == SSR_OK ? ssr_builder_complete(args) : status;
}

static ssr_status add_declared(struct ssr_render *render, const ssr_declared_loader *loader)
{
    struct ssr_ctx *ctx = &render->ctx;
    if (!loader->query || loader->query->definition.registry != ctx->registry)
        return ssr_end_render(ctx, SSR_E_UNKNOWN_QUERY, "a declared loader of %s: %s", render->location_path,
                              ssr_status_advice(SSR_E_UNKNOWN_QUERY));
    struct ssr_builder *args = ssr_scope_borrow_builder(ctx);
    if (!args)
        return ssr_fail_memory(ctx, ctx->budget.refusal, "a declared loader");
    ssr_status status = build_args(render, loader, args);
    if (ssr_ends_render(args->status)) {
        ssr_fail_memory(ctx, args->status, loader->query->definition.name);
    } else if (status != SSR_OK) {
        ssr_end_callback(ctx, status, "the arguments of declared loader ", loader->query->definition.name);
    } else {
        struct ssr_load *load = ssr_loads_find(render, loader->query, args->out.data, args->out.length, true);
        if (load && load->state == SSR_QUERY_DISABLED)
            ssr_loads_add(render, load);
    }
    ssr_scope_return_builder(ctx, args);
    return ctx->fatal;
}

ssr_status ssr_add_hooks(struct ssr_render *render)
{
    const ssr_request *request = &render->request;
    struct ssr_ctx *ctx = &render->ctx;
    render->route = request->find_route ? request->find_route(ctx->location, request->find_route_arg) : NULL;
    const ssr_route *route = render->route;
    if (!route || ssr_scope_prepare(ctx) != SSR_OK)
        return ctx->fatal;
    for (size_t i = 0; i < route->hook_count && ctx->fatal == SSR_OK; i++)
        add_hook(render, &route->hooks[i]);
    return ctx->fatal;
}

ssr_status ssr_add_declared_loaders(struct ssr_render *render)
{
    const ssr_route *route = render->route;
    struct ssr_ctx *ctx = &render->ctx;
    bool is_wanted = route && render->engine->config.prefetch_loaders_before_page_render;
    for (size_t i = 0; is_wanted && i < route->loader_count && ctx->fatal == SSR_OK; i++)
        add_declared(render, &route->loaders[i]);
    return ctx->fatal;
}

/* ---- Handing out ------------------------------------------------------------------------------------------------ */

static const char *name_of(const struct ssr_load *load)
{
    const char *name = load->hook ? load->hook->name : load->query->definition.name;
    return name ? name : "";
}

static struct ssr_operation *new_operation(struct ssr_render *render, const struct ssr_load *load,
                                           struct ssr_value *args)
{
    const struct ssr_ctx *ctx = &render->ctx;
    return ssr_operation_new(
        &(struct ssr_operation_plan){.mailbox = render->mailbox,
                                     .allocator = &render->engine->config.allocator,
                                     .registry = ctx->registry,
                                     .query = load->query,
                                     .name = name_of(load),
                                     .args = args,
                                     .run = load->hook ? load->hook->run : load->query->load,
                                     .run_arg = load->hook ? load->hook->arg : load->query->load_arg,
                                     .location = ctx->location,
                                     .request_id = ctx->id ? ctx->id : "",
                                     .pass = load->found_pass,
                                     .deadline_ms = render->request.deadline_ms,
                                     .value_cap = ctx->value_cap,
                                     .view = render->loads.view});
}

/* What the render knows already, for a hook that would load it again. */
static ssr_status give_known(struct ssr_render *render, struct ssr_operation *hook)
{
    const struct ssr_loads *loads = &render->loads;
    for (size_t i = 0; i < loads->table_size; i++) {
        const struct ssr_load *load = loads->table[i];
        if (load && load->operation && ssr_operation_know(hook, load->operation) != SSR_OK)
            return SSR_E_NOMEM;
    }
    return SSR_OK;
}

/* A load's operation, with arguments of its own, because it may outlive the request. */
static bool make_operation(struct ssr_render *render, struct ssr_load *load)
{
    struct ssr_value *args = NULL;
    if (!load->hook)
        args = ssr_value_new(&render->engine->config.allocator, load->args->text, load->args->length);
    if (load->hook || args)
        load->operation = new_operation(render, load, args);
    if (!load->operation)
        ssr_value_free(args);
    else if (!load->hook || give_known(render, load->operation) == SSR_OK)
        return true;
    ssr_fail_memory(&render->ctx, SSR_E_NOMEM, "an operation");
    return false;
}

static ssr_status make_mailbox(struct ssr_render *render)
{
    if (!render->mailbox)
        render->mailbox =
            ssr_mailbox_new(&render->engine->config.allocator, render->request.wake, render->request.wake_arg);
    return render->mailbox ? SSR_OK : ssr_fail_memory(&render->ctx, SSR_E_NOMEM, "the mailbox");
}

static int64_t expiry(const struct ssr_load *load, int64_t now_ms)
{
    int64_t timeout = load->query ? load->query->timeout_ms : 0;
    return timeout > 0 && now_ms < INT64_MAX - timeout ? now_ms + timeout : INT64_MAX;
}

ssr_status ssr_begin_load(struct ssr_render *render, int64_t now_ms)
{
    struct ssr_loads *loads = &render->loads;
    if (make_mailbox(render) != SSR_OK)
        return render->ctx.fatal;
    ssr_view_drop(loads->view);
    loads->view = ssr_view_new(&render->ctx, &render->engine->config.allocator);
    if (!loads->view)
        return ssr_fail_memory(&render->ctx, SSR_E_NOMEM, "the view of the loaders");
    loads->next_out = loads->first;
    loads->unanswered = 0;
    for (struct ssr_load *load = loads->first; load; load = load->next) {
        if (!make_operation(render, load))
            return render->ctx.fatal;
        load->expires_ms = expiry(load, now_ms);
        load->began = ssr_read_clock(render);
        loads->unanswered++;
    }
    ssr_buffer_free(&render->out.html); /* nothing is written while the render waits */
    return SSR_OK;
}

ssr_operation *ssr_render_next_operation(struct ssr_render *render)
{
    struct ssr_load *load = render->state == SSR_STATE_LOAD ? render->loads.next_out : NULL;
    while (load && load->is_answered) /* timed out before anybody asked for it */
        load = load->next;
    render->loads.next_out = load;
    if (!load)
        return NULL;
    render->loads.next_out = load->next;
    ssr_operation_hold(load->operation);
    return load->operation;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t ssr_render_timeout_ms(const struct ssr_render *render, int64_t now_ms)
{
    int64_t at = render->request.deadline_ms != 0 ? render->request.deadline_ms : INT64_MAX;
    if (render->state == SSR_STATE_LOAD)
        for (const struct ssr_load *load = render->loads.first; load; load = load->next)
            at = load->is_answered ? at : earlier(at, load->expires_ms);
    if (at == INT64_MAX)
        return -1;
    if (at <= now_ms)
        return 0;
    return now_ms < 0 && at > INT64_MAX + now_ms ? INT64_MAX : at - now_ms;
}

/* ---- Taking in -------------------------------------------------------------------------------------------------- */

static struct ssr_load *load_of(const struct ssr_render *render, const struct ssr_operation *operation)
{
    struct ssr_load *load = render->loads.first;
    while (load && load->operation != operation)
        load = load->next;
    return load;
}

static ssr_query_state state_of(const struct ssr_operation *answered)
{
    return answered->status == SSR_OK ? SSR_QUERY_READY : SSR_QUERY_FAILED;
}

/* A value lives outside of the request's memory but counts there. */
static void charge(struct ssr_render *render, const struct ssr_operation *answered)
{
    if (answered->value && !ssr_budget_charge(&render->ctx.budget, answered->value->length))
        ssr_fail_memory(&render->ctx, SSR_E_LIMIT, answered->query->definition.name);
}

static void note_answer(struct ssr_render *render, struct ssr_load *load)
{
    charge(render, load->operation);
    load->is_answered = true;
    load->state = state_of(load->operation);
    ssr_frames_touch(&load->readers);
    load->nanoseconds = ssr_time_since(render, load->began);
    render->loads.unanswered--;
}

/* Answers that came in. One that is late, because its query has timed out, finds no load. */
static void take_answers(struct ssr_render *render)
{
    for (struct ssr_operation *operation = ssr_mailbox_take(render->mailbox); operation;) {
        struct ssr_operation *next = operation->next;
        struct ssr_load *load = load_of(render, operation);
        if (load)
            note_answer(render, load);
        ssr_operation_drop(operation);
        operation = next;
    }
}

/* An operation that stands for the timed out one, which still belongs to its loader. */
static ssr_status time_out(struct ssr_render *render, struct ssr_load *load)
{
    struct ssr_operation *slow = load->operation;
    load->operation = NULL;
    if (!make_operation(render, load)) {
        load->operation = slow;
        return render->ctx.fatal;
    }
    ssr_operation_cancel(slow);
    ssr_operation_drop(slow);
    ssr_operation_fail(load->operation, "timeout", "the query took longer than its timeout_ms");
    load->operation->status = SSR_E_FAILED;
    note_answer(render, load);
    return SSR_OK;
}

static void take_timeouts(struct ssr_render *render, int64_t now_ms)
{
    for (struct ssr_load *load = render->loads.first; load; load = load->next)
        if (!load->is_answered && load->expires_ms != INT64_MAX && now_ms >= load->expires_ms &&
            time_out(render, load) != SSR_OK)
            return;
}

/* Its before_update or its cookie may refuse it still. No listener is there to fail: those of a pass end with it. */
static void stage_atom(struct ssr_ctx *ctx, struct ssr_operation *operation, const struct ssr_operation_write *write)
{
    ssr_status status =
        ssr_atoms_answer(ctx, (const struct ssr_atom_template *)write->definition, write->value, write->writer);
    ssr_operation_note(operation, (struct ssr_operation_refusal){"ssr_operation_update_atom", status, write->definition,
                                                                 write->writer});
}

static void stage_write(struct ssr_ctx *ctx, struct ssr_operation *operation, const struct ssr_operation_write *write)
{
    if (write->definition->kind == SSR_KIND_ATOM)
        stage_atom(ctx, operation, write);
    else if (write->definition->kind == SSR_KIND_COOKIE)
        ssr_cookie_stage_answer(ctx, (const struct ssr_cookie *)write->definition, write->value,
                                write->has_attributes ? &write->attributes : NULL, write->writer);
    else
        ssr_stage_answer(ctx, (const struct ssr_store *)write->definition, write->value, write->writer);
}

static void stage_writes(struct ssr_render *render, struct ssr_operation *operation)
{
    render->ctx.is_private |= operation->has_read_private;
    for (const struct ssr_operation_write *write = operation->writes; write; write = write->next)
        if (render->ctx.fatal == SSR_OK)
            stage_write(&render->ctx, operation, write);
}

/* A query that a hook loaded in place is one that the first pass finds answered. */
static void adopt_load(struct ssr_render *render, struct ssr_operation *answer)
{
    struct ssr_load *load = ssr_loads_find(render, answer->query, answer->args->text, answer->args->length, true);
    if (!load || load->operation)
        return;
    charge(render, answer);
    ssr_operation_hold(answer);
    answer->is_adopted = true;
    load->operation = answer;
    load->state = state_of(answer);
    load->visible_pass = render->ctx.pass + 1;
}

static void finish_hook(struct ssr_render *render, struct ssr_load *load)
{
    struct ssr_operation *operation = load->operation;
    if (load->state == SSR_QUERY_FAILED)
        ssr_end_render(&render->ctx, operation->status, "hook \"%s\": %s: %s", name_of(load), operation->code,
                       operation->reason);
    if (operation->http_status != 0)
        render->base.status = operation->http_status;
    for (struct ssr_operation_header *header = operation->headers; header; header = header->next)
        ssr_output_set_header(&render->ctx, &render->base, header->name, header->value);
    for (struct ssr_operation *answer = operation->loads; answer && render->ctx.fatal == SSR_OK; answer = answer->next)
        adopt_load(render, answer);
}

/* All answers are there: what they carry is staged, in the order of finding. A failed hook keeps no other from that. */
static void finish_batch(struct ssr_render *render)
{
    for (struct ssr_load *load = render->loads.first; load && render->ctx.fatal == SSR_OK; load = load->next) {
        render->ctx.refused += load->operation->refused; /* what is refused from here on counts itself */
        stage_writes(render, load->operation);
        load->visible_pass = render->ctx.pass + 1;
    }
    for (struct ssr_load *load = render->loads.first; load && render->ctx.fatal == SSR_OK; load = load->next)
        if (load->hook)
            finish_hook(render, load);
}

bool ssr_continue_load(struct ssr_render *render, int64_t now_ms)
{
    take_answers(render);
    take_timeouts(render, now_ms);
    if (render->ctx.fatal != SSR_OK)
        return true;
    if (render->loads.unanswered > 0)
        return false;
    finish_batch(render);
    return true;
}

void ssr_cancel_load(struct ssr_render *render)
{
    for (struct ssr_load *load = render->loads.first; load; load = load->next)
        if (load->operation)
            ssr_operation_cancel(load->operation);
}
