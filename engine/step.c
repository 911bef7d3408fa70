/*
 * The render loop as a state machine: one small function for each state of states.def, one setter, at most one pass a
 * step. docs/loop.md says in words what is decided here.
 *
 * What always holds: `kept`, `completed` and the committed values belong to the same pass, the last that completed,
 * whenever the machine is not inside a pass.
 */
#include "cookie/cookie_internal.h"
#include "engine/escape.h"
#include "engine/render_internal.h"
#include "ssrstore/recycler_internal.h"
#include "ssrstore/shared.h"

#include <string.h>

/* ---- States ----------------------------------------------------------------------------------------------------- */

#ifdef SSR_NOTE_STATE /* tests/test_states.c looks on */
void SSR_NOTE_STATE(enum ssr_state from, enum ssr_state to);
#else
#define SSR_NOTE_STATE(from, to) ((void)0)
#endif

static void set_state(struct ssr_render *render, enum ssr_state state)
{
    SSR_NOTE_STATE(render->state, state);
    render->state = state;
}

static void stop(struct ssr_render *render, ssr_outcome outcome)
{
    render->outcome = outcome;
    set_state(render, SSR_STATE_FINISH);
}

/* What the host wants stopped. */
static bool is_called_off(struct ssr_render *render, int64_t now_ms)
{
    struct ssr_ctx *ctx = &render->ctx;
    if (atomic_load(&render->is_cancelled)) {
        ssr_end_render(ctx, SSR_E_CANCELLED, "after pass %u: cancelled", ctx->pass);
        stop(render, SSR_CANCELLED);
    } else if (render->request.deadline_ms != 0 && now_ms >= render->request.deadline_ms) {
        ssr_end_render(ctx, SSR_E_DEADLINE, "after pass %u: the deadline has passed", ctx->pass);
        stop(render, SSR_DEADLINE);
    }
    return ctx->fatal != SSR_OK;
}

static void stop_fatally(struct ssr_render *render)
{
    stop(render, render->ctx.fatal_is_limit ? SSR_LIMITED : SSR_FAILED);
}

/* ---- Before a location, and loading ----------------------------------------------------------------------------- */

/* The batch, if there is one, is handed out; then the pass runs. */
static void load_batch(struct ssr_render *render, int64_t now_ms)
{
    if (!render->loads.first)
        set_state(render, SSR_STATE_PASS);
    else if (ssr_begin_load(render, now_ms) == SSR_OK)
        set_state(render, SSR_STATE_LOAD);
    else
        stop_fatally(render);
}

static void prepare(struct ssr_render *render, int64_t now_ms)
{
    if (is_called_off(render, now_ms))
        return;
    if (!render->has_run_hooks) {
        render->has_run_hooks = render->is_preparing = true;
        ssr_add_hooks(render);
    }
    if (render->ctx.fatal == SSR_OK && !render->loads.first) { /* hooks have run, and what they loaded is known */
        render->is_preparing = false;
        ssr_add_declared_loaders(render);
    }
    if (render->ctx.fatal == SSR_OK)
        load_batch(render, now_ms);
    else
        stop_fatally(render);
}

static void load(struct ssr_render *render, int64_t now_ms)
{
    bool is_off = is_called_off(render, now_ms);
    if (!is_off && !ssr_continue_load(render, now_ms))
        return;
    if (render->ctx.fatal == SSR_OK)
        set_state(render, render->is_preparing ? SSR_STATE_PREPARE : SSR_STATE_PASS);
    else
        ssr_cancel_load(render);
    if (render->ctx.fatal != SSR_OK && !is_off)
        stop_fatally(render);
    ssr_record_loaded(&render->record);
    ssr_loads_end_batch(render);
}

/* ---- A pass ----------------------------------------------------------------------------------------------------- */

enum {
    PAGE_BYTES = 4096, /* what most pages need at least, in one allocation */
    GUESS_SHARE = 64   /* of what a request may use, that much of its room at the most goes into a guess */
};

/*
 * How much the pass may write: much as the one before, or as the render before. That one is another request's, which
 * must not take the memory of this one: a long page is no guess.
 */
static size_t expected_length(const struct ssr_render *render)
{
    const struct ssr_budget *budget = &render->ctx.budget;
    size_t length = render->kept.html.length;
    if (length > 0)
        return length;
    length = ssr_recycler_page_length(render->request.recycler);
    return length <= (budget->cap - budget->used) / GUESS_SHARE ? length : 0;
}

static void begin_output(struct ssr_render *render)
{
    struct ssr_output *out = &render->out;
    size_t expected = expected_length(render) + SSR_ESCAPE_ROOM;
    out->html.length = 0;
    /* When this is refused, a smaller one may still do. */
    ssr_buffer_reserve(&out->html, expected < PAGE_BYTES ? PAGE_BYTES : expected);
    out->transfer_at = SSR_NO_TRANSFER;
    ssr_region_reset(&out->region);
    out->header_count = 0;
    out->status = render->base.status;
    out->redirect_to = NULL;
    for (size_t i = 0; i < render->base.header_count; i++)
        ssr_output_set_header(&render->ctx, out, render->base.headers[i].name, render->base.headers[i].value);
}

static void run_page(struct ssr_render *render)
{
    struct ssr_ctx *ctx = &render->ctx;
    ssr_guard guard;
    begin_output(render);
    render->pass_began = ssr_read_clock(render);
    ctx->phase = SSR_RENDER;
    ssr_output_open_window(render);
    ssr_guard_enter(&guard, "page", render->location_path);
    guard.ctx = ctx;
    render->page_status = render->page(ctx, render->arg);
    ssr_guard_leave(&guard);
    if (render->engine->config.check_views)
        ssr_check_views(ctx);
    ssr_output_close_window(render);
    ssr_frames_end_pass(ctx);
    ctx->phase = SSR_IDLE;
    render->pass_nanoseconds = ssr_time_since(render, render->pass_began);
}

/* docs/loop.md, steps 1 and 2. */
static void run_pass(struct ssr_render *render, int64_t now_ms)
{
    struct ssr_ctx *ctx = &render->ctx;
    if (is_called_off(render, now_ms)) {
        ssr_take_back_commits(ctx); /* of a pass that was to start over */
        return;
    }
    if (ctx->pass >= render->engine->config.limits.passes)
        ssr_fail_memory(ctx, SSR_E_LIMIT, "ssr_limits.passes");
    if (ctx->fatal != SSR_OK || ssr_scope_begin_pass(ctx) != SSR_OK) {
        ssr_take_back_commits(ctx);
        stop(render, SSR_LIMITED);
        return;
    }
    render->rerenders += render->next_is_rerender;
    render->all_rerenders += render->next_is_rerender;
    render->query_passes += render->next_is_query_pass;
    render->all_query_passes += render->next_is_query_pass;
    run_page(render);
    set_state(render, SSR_STATE_JUDGE);
}

/* The pass did not complete: everything is as it was before. */
static void abandon_pass(struct ssr_render *render, ssr_outcome outcome)
{
    ssr_record_pass_ended(&render->record, false);
    ssr_cookies_abandon(&render->ctx);
    ssr_scope_abandon_pass(&render->ctx);
    stop(render, outcome);
}

static void complete_pass(struct ssr_render *render)
{
    ssr_record_pass_ended(&render->record, true);
    ssr_cookies_complete(&render->ctx);
    ssr_scope_end_pass(&render->ctx);
    struct ssr_output written = render->out;
    render->out = render->kept;
    render->kept = written;
    render->completed = render->ctx.pass;
    render->next_is_rerender = render->next_is_query_pass = false;
}

/* docs/loop.md, step 6: a proven cycle first, when it is to end the render, and then the forbidden count. */
static void judge_rerender(struct ssr_render *render)
{
    const ssr_config *config = &render->engine->config;
    unsigned period = config->stop_on_cycle ? ssr_record_cycle(&render->record) : 0;
    if (period > 0) {
        ssr_log_cycle(render, period);
        stop(render, SSR_CYCLE);
    } else if (render->rerenders >= config->forbidden_rerenders_count) {
        ssr_log_hard_cap(render);
        stop(render, SSR_HARD_CAP);
    } else if (render->rerenders < config->allowed_rerenders_count) {
        render->next_is_rerender = true;
        set_state(render, SSR_STATE_PASS);
    } else {
        stop(render, SSR_SOFT_CAP);
    }
}

/* docs/loop.md, step 5. */
static void judge_queries(struct ssr_render *render, int64_t now_ms)
{
    if (render->query_passes >= render->engine->config.max_query_passes) {
        ssr_log_query_cap(render);
        ssr_loads_forget_batch(render);
        stop(render, SSR_QUERY_CAP);
    } else {
        render->next_is_query_pass = true;
        ssr_atoms_rewind(&render->ctx); /* loaders see what the next pass will see */
        load_batch(render, now_ms);
    }
}

/* Where a redirect leads, without the fragment, which is for browsers alone; NULL: no memory. */
static struct ssr_followed *find_followed(struct ssr_render *render, const char *to)
{
    size_t length = strcspn(to, "#");
    struct ssr_followed *followed = render->followed;
    while (followed && (strncmp(followed->location, to, length) != 0 || followed->location[length] != '\0'))
        followed = followed->next;
    if (followed)
        return followed;
    followed = ssr_region_alloc(&render->ctx.request, sizeof *followed);
    const char *location = followed ? ssr_region_copy(&render->ctx.request, to, length) : NULL;
    if (!location) {
        ssr_fail_memory(&render->ctx, render->ctx.budget.refusal, "a redirect");
        return NULL;
    }
    *followed = (struct ssr_followed){render->followed, location, 0};
    return render->followed = followed;
}

/* False: once too often. */
static bool count_followed(struct ssr_render *render, struct ssr_followed *followed)
{
    enum { EACH = 10, ALL = 20 };
    return ++followed->times <= EACH && ++render->followed_total <= ALL;
}

/* The page's own site renders on at the new location, with fresh budgets; its stores begin at their defaults. */
static void follow(struct ssr_render *render)
{
    struct ssr_followed *followed = find_followed(render, render->kept.redirect_to);
    if (!followed) {
        stop_fatally(render);
        return;
    }
    const char *location = followed->location;
    if (!count_followed(render, followed)) {
        ssr_end_render(&render->ctx, SSR_E_REDIRECT_LOOP, "pass %u: redirected to %.*s once too often",
                       render->ctx.pass, (int)strcspn(location, "?"), location); /* the log gets no query string */
        stop(render, SSR_REDIRECT_LOOP);
        return;
    }
    ssr_record_followed(&render->record);
    if (!ssr_set_location(render, location)) {
        ssr_fail_memory(&render->ctx, render->ctx.budget.refusal, "a redirect");
        stop_fatally(render);
        return;
    }
    ssr_scope_restart(&render->ctx);
    render->rerenders = render->query_passes = 0;
    render->has_run_hooks = false;
    render->base.status = 200;
    render->base.header_count = 0;
    render->completed = 0; /* a page that was left is no document */
    set_state(render, SSR_STATE_PREPARE);
}

/* docs/loop.md, step 4. */
static void judge_redirect(struct ssr_render *render)
{
    const ssr_request *request = &render->request;
    ssr_loads_forget_batch(render);
    bool follows = request->redirects == SSR_REDIRECTS_FOLLOW || request->data_only;
    if (follows && *render->kept.redirect_to == '/')
        follow(render);
    else
        stop(render, SSR_REDIRECT);
}

/* Whether the pass ended in itself: it failed, or what it leaves cannot be had. */
static bool has_failed(struct ssr_render *render)
{
    struct ssr_ctx *ctx = &render->ctx;
    if (ctx->fatal == SSR_OK && render->page_status != SSR_OK)
        ssr_end_callback(ctx, render->page_status, "the page callback", "");
    if (ctx->fatal == SSR_OK && !render->loads.first && !render->out.redirect_to)
        ssr_stage_defaults(ctx);
    if (ctx->fatal == SSR_OK)
        ssr_atoms_keep(ctx);
    return ctx->fatal != SSR_OK;
}

/*
 * Something that was taken over cannot be trusted: the pass runs again, with everything running. It is not counted
 * twice; what it had committed stays committed, unless it is called off before it runs again. An init that failed in it
 * may run in no other.
 */
static void start_over(struct ssr_render *render)
{
    struct ssr_ctx *ctx = &render->ctx;
    render->rerenders -= render->next_is_rerender;
    render->all_rerenders -= render->next_is_rerender;
    render->query_passes -= render->next_is_query_pass;
    render->all_query_passes -= render->next_is_query_pass;
    ssr_record_pass_ended(&render->record, false);
    ssr_cookies_abandon(ctx);
    ssr_loads_forget_batch(render);
    ssr_scope_start_over(ctx);
    ctx->fatal = SSR_OK;
    set_state(render, SSR_STATE_PASS);
}

/* docs/loop.md, steps 3 to 7. */
static void judge_pass(struct ssr_render *render, int64_t now_ms)
{
    if (render->ctx.frames.must_start_over && !render->ctx.fatal_is_limit) {
        start_over(render);
        return;
    }
    if (has_failed(render)) {
        abandon_pass(render, render->ctx.fatal_is_limit ? SSR_LIMITED : SSR_FAILED);
        return;
    }
    complete_pass(render);
    if (render->kept.redirect_to)
        judge_redirect(render);
    else if (render->loads.first)
        judge_queries(render, now_ms);
    else if (render->ctx.differing == 0)
        stop(render, SSR_SETTLED);
    else
        judge_rerender(render);
    if (render->state != SSR_STATE_FINISH) /* another pass follows */
        ssr_atoms_rewind(&render->ctx);
}

/* ---- Steps ------------------------------------------------------------------------------------------------------ */

ssr_step ssr_render_step(struct ssr_render *render, int64_t now_ms)
{
    if (render->state == SSR_STATE_ENDED)
        return SSR_STEP_ENDED;
    if (render->is_stepping)
        return SSR_STEP_AGAIN;
    render->is_stepping = true;
    if (render->state == SSR_STATE_PREPARE)
        prepare(render, now_ms);
    if (render->state == SSR_STATE_LOAD)
        load(render, now_ms);
    if (render->state == SSR_STATE_PASS)
        run_pass(render, now_ms);
    if (render->state == SSR_STATE_JUDGE)
        judge_pass(render, now_ms);
    if (render->state == SSR_STATE_FINISH) {
        ssr_finish_render(render);
        set_state(render, SSR_STATE_ENDED);
    }
    render->is_stepping = false;
    switch (render->state) {
    case SSR_STATE_ENDED: return SSR_STEP_ENDED;
    case SSR_STATE_LOAD: return SSR_STEP_WAITING;
    default: return SSR_STEP_AGAIN;
    }
}
