/*
 * The render loop as a state machine: one small function for each state of states.def, one setter, at most one pass a
 * step. docs/loop.md says in words what is decided here.
 *
 * What always holds: `kept`, `completed` and the committed values belong to the same pass, the last that completed,
 * whenever the machine is not inside a pass.
 */
#include "engine/render_internal.h"

#include <stdio.h>
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

/* The location without its query string, which may hold what a log should not. */
static char *path_of(struct ssr_render *render)
{
    const char *location = render->ctx.location;
    return ssr_region_copy(&render->ctx.request, location, strcspn(location, "?"));
}

static void init_scope(struct ssr_render *render)
{
    const ssr_config *config = &render->engine->config;
    struct ssr_ctx *ctx = &render->ctx;
    ssr_scope_init(ctx, &render->engine->registry, &config->allocator, config->limits.request_bytes);
    ctx->value_cap = config->limits.value_bytes < SIZE_MAX ? (size_t)config->limits.value_bytes : SIZE_MAX;
    ctx->cell_cap = config->limits.stores < SIZE_MAX ? (size_t)config->limits.stores : SIZE_MAX;
    ctx->id = render->request.id;
    ctx->location = render->request.location ? render->request.location : "/";
    ctx->host = render->request.host;
    ctx->now_ms = render->request.now_ms;
    ctx->seed = render->request.seed;
}

static void init_outputs(struct ssr_render *render)
{
    render->out.html.budget = render->kept.html.budget = render->transfer.budget = &render->ctx.budget;
    render->out.transfer_at = render->kept.transfer_at = SSR_NO_TRANSFER;
    render->kept.status = 200;
}

ssr_status ssr_render_new(const struct ssr_engine *engine, ssr_page_fn page, void *arg, const ssr_request *request,
                          struct ssr_render **render)
{
    *render = NULL;
    if (!engine || !page)
        return SSR_E_INVALID_ARGUMENT;
    if (!engine->registry.is_frozen)
        return SSR_E_NOT_STARTED;
    const ssr_allocator *allocator = &engine->config.allocator;
    struct ssr_render *made = allocator->resize(allocator->arg, NULL, 0, sizeof *made);
    if (!made)
        return SSR_E_NOMEM;
    memset(made, 0, sizeof *made);
    made->engine = engine;
    made->page = page;
    made->arg = arg;
    if (request)
        made->request = *request;
    atomic_init(&made->is_cancelled, false);
    init_scope(made);
    init_outputs(made);
    ssr_record_init(&made->record, made);
    made->location_path = path_of(made);
    if (!made->location_path) {
        ssr_render_free(made);
        return SSR_E_NOMEM;
    }
    *render = made;
    return SSR_OK;
}

void ssr_render_free(struct ssr_render *render)
{
    if (!render)
        return;
    ssr_buffer_free(&render->out.html);
    ssr_buffer_free(&render->kept.html);
    ssr_buffer_free(&render->transfer);
    ssr_scope_release(&render->ctx);
    ssr_record_release(&render->record);
    const ssr_allocator *allocator = &render->engine->config.allocator;
    allocator->resize(allocator->arg, render, sizeof *render, 0);
}

void ssr_render_cancel(struct ssr_render *render)
{
    atomic_store(&render->is_cancelled, true);
}

const ssr_result *ssr_render_result(const struct ssr_render *render)
{
    return render->state == SSR_STATE_ENDED ? &render->result : NULL;
}

/* ---- States ----------------------------------------------------------------------------------------------------- */

static void set_state(struct ssr_render *render, enum ssr_state state)
{
    render->state = state;
}

static void stop(struct ssr_render *render, ssr_outcome outcome)
{
    render->outcome = outcome;
    set_state(render, SSR_STATE_FINISH);
}

static uint64_t read_clock(const struct ssr_render *render)
{
    const ssr_config *config = &render->engine->config;
    return config->clock ? config->clock(config->clock_arg) : 0;
}

/* What stops a render between two passes. */
static bool is_stopped(struct ssr_render *render, int64_t now_ms)
{
    struct ssr_ctx *ctx = &render->ctx;
    if (atomic_load(&render->is_cancelled)) {
        ssr_end_render(ctx, SSR_E_CANCELLED, "before pass %u: cancelled", ctx->pass + 1);
        stop(render, SSR_CANCELLED);
    } else if (render->request.deadline_ms != 0 && now_ms >= render->request.deadline_ms) {
        ssr_end_render(ctx, SSR_E_DEADLINE, "before pass %u: the deadline has passed", ctx->pass + 1);
        stop(render, SSR_DEADLINE);
    } else if (ctx->pass >= render->engine->config.limits.passes) {
        ssr_fail_memory(ctx, SSR_E_LIMIT, "ssr_limits.passes");
        stop(render, SSR_LIMITED);
    }
    return ctx->fatal != SSR_OK;
}

static void run_page(struct ssr_render *render)
{
    struct ssr_ctx *ctx = &render->ctx;
    render->out.html.length = 0;
    render->out.transfer_at = SSR_NO_TRANSFER;
    render->out.status = 200;
    render->pass_began = read_clock(render);
    ctx->phase = SSR_RENDER;
    render->page_status = render->page(ctx, render->arg);
    if (render->engine->config.check_views)
        ssr_check_views(ctx);
    ctx->phase = SSR_IDLE;
    render->pass_nanoseconds = read_clock(render) - render->pass_began;
}

/* Design 2, steps 1 and 2. */
static void run_pass(struct ssr_render *render, int64_t now_ms)
{
    if (is_stopped(render, now_ms))
        return;
    if (render->ctx.pass == 0)
        render->began = read_clock(render);
    if (ssr_scope_begin_pass(&render->ctx) != SSR_OK) {
        stop(render, SSR_LIMITED);
        return;
    }
    render->rerenders += render->is_rerender;
    run_page(render);
    set_state(render, SSR_STATE_JUDGE);
}

/* The pass did not complete: everything is as it was before. */
static void abandon_pass(struct ssr_render *render, ssr_outcome outcome)
{
    ssr_record_pass_ended(&render->record, false);
    ssr_scope_abandon_pass(&render->ctx);
    stop(render, outcome);
}

static void complete_pass(struct ssr_render *render)
{
    ssr_record_pass_ended(&render->record, true);
    ssr_scope_end_pass(&render->ctx);
    struct ssr_output written = render->out;
    render->out = render->kept;
    render->kept = written;
    render->completed = render->ctx.pass;
}

/* Design 2, step 6: the forbidden count is looked at first. */
static void judge_rerender(struct ssr_render *render)
{
    const ssr_config *config = &render->engine->config;
    if (render->rerenders >= config->forbidden_rerenders_count) {
        ssr_log_hard_cap(render);
        stop(render, SSR_HARD_CAP);
    } else if (render->rerenders < config->allowed_rerenders_count) {
        render->is_rerender = true;
        set_state(render, SSR_STATE_PASS);
    } else {
        stop(render, SSR_SOFT_CAP);
    }
}

/* Design 2, steps 3 to 7. */
static void judge_pass(struct ssr_render *render)
{
    struct ssr_ctx *ctx = &render->ctx;
    ssr_status status = render->page_status;
    if (ctx->fatal == SSR_OK && status != SSR_OK)
        ssr_end_callback(ctx, status, "the page callback", "");
    if (ctx->fatal == SSR_OK)
        ssr_stage_defaults(ctx);
    if (ctx->fatal != SSR_OK) {
        abandon_pass(render, ctx->fatal_is_limit ? SSR_LIMITED : SSR_FAILED);
        return;
    }
    complete_pass(render);
    if (ctx->differing == 0)
        stop(render, SSR_SETTLED);
    else
        judge_rerender(render);
}

/* ---- The end ---------------------------------------------------------------------------------------------------- */

/* Writes the element that carries `value`, with its NUL. */
static ssr_status make_element(struct ssr_render *render, const ssr_value *value)
{
    static const char id[] = "__SSRSTORE__";
    size_t length = ssr_value_embed(value, id, NULL, 0);
    ssr_status status = ssr_buffer_reserve(&render->transfer, length + 1);
    if (status == SSR_OK)
        render->transfer.length = ssr_value_embed(value, id, render->transfer.data, length + 1);
    return status;
}

/* Puts the element where the page wanted it, and a NUL after the document. */
static ssr_status complete_html(struct ssr_render *render)
{
    struct ssr_buffer *html = &render->kept.html;
    size_t at = render->kept.transfer_at, length = render->transfer.length;
    ssr_status status = ssr_buffer_reserve(html, length + 1);
    if (status != SSR_OK)
        return status;
    if (at != SSR_NO_TRANSFER) {
        memmove(html->data + at + length, html->data + at, html->length - at);
        memcpy(html->data + at, render->transfer.data, length);
        html->length += length;
    }
    html->data[html->length] = '\0';
    return SSR_OK;
}

/*
 * Document and transfer element of the last completed pass. The request's limits do not count here: what it made
 * within them may be handed over.
 */
static bool make_document(struct ssr_render *render)
{
    struct ssr_ctx *ctx = &render->ctx;
    const ssr_config *config = &render->engine->config;
    ctx->budget.cap = ctx->cell_cap = SIZE_MAX;
    const ssr_value *value = ssr_transfer_value(ctx, render->completed, config->encode, config->encode_arg);
    if (!value)
        return false;
    ssr_status status = make_element(render, value);
    if (status == SSR_OK)
        status = complete_html(render);
    if (status != SSR_OK)
        ssr_fail_memory(ctx, status, "the document");
    return status == SSR_OK;
}

/* Takes the error out of the scope, which can then serve the end of the render. */
static void move_error(struct ssr_render *render)
{
    struct ssr_ctx *ctx = &render->ctx;
    if (ctx->fatal == SSR_OK)
        return;
    render->result.error_status = ctx->fatal;
    memcpy(render->error, ctx->error, sizeof render->error);
    ctx->fatal = SSR_OK;
}

static bool is_cacheable(const struct ssr_render *render)
{
    return render->request.cacheable && render->outcome == SSR_SETTLED && !render->ctx.is_private;
}

static void fill_result(struct ssr_render *render, bool has_document)
{
    ssr_result *result = &render->result;
    result->outcome = render->outcome;
    result->passes = render->ctx.pass;
    result->rerenders = (unsigned)render->rerenders;
    result->refused = render->ctx.refused;
    result->status = has_document ? render->kept.status : 500;
    result->has_document = has_document;
    result->html = has_document ? render->kept.html.data : "";
    result->html_length = has_document ? render->kept.html.length : 0;
    result->transfer = has_document ? render->transfer.data : "";
    result->transfer_length = has_document ? render->transfer.length : 0;
    result->cache_control = is_cacheable(render) ? "public" : "private, no-store";
    result->error = render->error;
}

static void finish(struct ssr_render *render)
{
    move_error(render);
    bool has_document = render->completed > 0 && ssr_outcome_has_document(render->outcome) && make_document(render);
    if (render->ctx.fatal != SSR_OK) /* making the document failed */
        render->outcome = render->ctx.fatal_is_limit ? SSR_LIMITED : SSR_FAILED;
    move_error(render);
    fill_result(render, has_document);
    ssr_record_send(&render->record);
    set_state(render, SSR_STATE_ENDED);
}

/* ---- Steps ------------------------------------------------------------------------------------------------------ */

ssr_step ssr_render_step(struct ssr_render *render, int64_t now_ms)
{
    if (render->state == SSR_STATE_ENDED)
        return SSR_STEP_ENDED;
    if (render->is_stepping)
        return SSR_STEP_AGAIN;
    render->is_stepping = true;
    if (render->state == SSR_STATE_PASS)
        run_pass(render, now_ms);
    if (render->state == SSR_STATE_JUDGE)
        judge_pass(render);
    if (render->state == SSR_STATE_FINISH)
        finish(render);
    render->is_stepping = false;
    return render->state == SSR_STATE_ENDED ? SSR_STEP_ENDED : SSR_STEP_AGAIN;
}
