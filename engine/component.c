/*
 * Component boundaries: whether a component runs, is walked, or is taken over from the pass before. What always holds:
 * whatever the choice, output and effects of this pass are in document order, and are those of a pass that runs
 * everything; `was` is where a frame began in the pass before.
 */
#include "engine/component.h"

#include <string.h>

#include "engine/output.h"
#include "engine/render_internal.h"
#include "ssrstore/context_internal.h"
#include "ssrstore/frame_short.h"

struct ssr_component_definition {
    struct ssr_definition definition;
    ssr_component_fn render;
    void *arg;
    bool always;
};

/* ---- Definitions ------------------------------------------------------------------------------------------------ */

ssr_component_definition *ssr_component_define(struct ssr_registry *registry, const char *name,
                                               const ssr_component_options *options)
{
    if (!registry)
        return NULL;
    ssr_status status = ssr_registry_check(registry, SSR_KIND_COMPONENT, name, false);
    if (status == SSR_OK && (!options || !options->render))
        status = SSR_E_INVALID_ARGUMENT;
    if (status != SSR_OK)
        return ssr_registry_refuse(registry, SSR_KIND_COMPONENT, name, status);
    struct ssr_component_definition *component =
        ssr_registry_add(registry, SSR_KIND_COMPONENT, name, sizeof *component);
    if (!component)
        return ssr_registry_refuse(registry, SSR_KIND_COMPONENT, name, SSR_E_NOMEM);
    component->render = options->render;
    component->arg = options->arg;
    component->always = options->always;
    registry->has_components = true;
    return component;
}

ssr_component_definition *ssr_component_find(const struct ssr_registry *registry, const char *name)
{
    return (struct ssr_component_definition *)ssr_registry_find(registry, SSR_KIND_COMPONENT, name);
}

const char *ssr_component_name(const struct ssr_component_definition *component)
{
    return component ? component->definition.name : "";
}

static const struct ssr_component_definition *definition_of(const struct ssr_frame *frame)
{
    return (const struct ssr_component_definition *)frame->component;
}

/* ---- Running ---------------------------------------------------------------------------------------------------- */

static struct ssr_render *render_of(struct ssr_ctx *ctx)
{
    return (struct ssr_render *)ctx;
}

static struct ssr_point here(struct ssr_ctx *ctx)
{
    return (struct ssr_point){ssr_output_length(render_of(ctx)), (uint32_t)ctx->frames.effects.count};
}

static struct ssr_point sum(struct ssr_point a, struct ssr_point b)
{
    return (struct ssr_point){a.html + b.html, a.effects + b.effects};
}

/* Modulo the size of a size_t: what follows may have moved backwards. */
static struct ssr_point difference(struct ssr_point a, struct ssr_point b)
{
    return (struct ssr_point){a.html - b.html, a.effects - b.effects};
}

static ssr_status call(struct ssr_ctx *ctx, struct ssr_frame *frame)
{
    const struct ssr_component_definition *component = definition_of(frame);
    const char *given = ssr_frame_props(frame);
    ssr_props props = {.size = frame->props_size};
    if (frame->has_json_props)
        props.json = (ssr_json){.text = given, .length = frame->props_size};
    else
        props.bytes = given;
    ssr_status status = component->render(ctx, &props, component->arg);
    if (status != SSR_OK || component->always)
        ssr_frame_runs_always(ctx);
    return status;
}

/* is, was: where it begins in this pass, and began in the one before. */
static inline ssr_status run(struct ssr_ctx *ctx, struct ssr_frame *frame, struct ssr_point is, struct ssr_point was)
{
    struct ssr_frame_run run, *outer = ctx->frames.current;
    const struct ssr_spot spot = ctx->place.spot;
    run.is = is;
    run.was = was;
    ssr_frame_begin_run(ctx, frame, &run);
    ctx->place.spot = (struct ssr_spot){.frame = frame};
    ssr_status status = call(ctx, frame);
    ctx->place.spot = spot;
    ctx->frames.current = outer;
    frame->extent = difference(here(ctx), is);
    if (run.former)
        ssr_frames_discard(ctx, run.former);
    if (status != SSR_OK) {
        outer->frame->has_failed_child = true;
        ssr_frame_runs_always(ctx); /* what is around it has to say again what comes of that */
    }
    return status;
}

/* ---- Taking over ------------------------------------------------------------------------------------------------ */

/* Text and effects of the pass before, from there on. */
static void take_span(struct ssr_ctx *ctx, struct ssr_point from, struct ssr_point extent)
{
    struct ssr_render *render = render_of(ctx);
    size_t html_is = ssr_output_length(render);
    if (extent.html > 0)
        ssr_html_n(ctx, render->kept.html.data + from.html, extent.html);
    if (extent.effects > 0) {
        render->span_was = from.html;
        render->span_is = html_is;
        ssr_frames_replay(ctx, from.effects, extent.effects);
    }
}

/* How far a walk has come in what the frame was, relative to it, and how far what follows has moved. */
struct walk {
    struct ssr_point is, was; /* where the frame begins */
    struct ssr_point done, shift;
    struct ssr_frame *child; /* the first whose place is not up to date */
};

static void take_until(struct ssr_ctx *ctx, struct walk *walk, struct ssr_point at)
{
    take_span(ctx, sum(walk->was, walk->done), difference(at, walk->done));
    walk->done = at;
}

static void shift_until(struct walk *walk, const struct ssr_frame *end)
{
    bool has_moved = walk->shift.html != 0 || walk->shift.effects != 0;
    for (; has_moved && walk->child != end; walk->child = walk->child->next)
        walk->child->at = sum(walk->child->at, walk->shift);
}

static void visit(struct ssr_ctx *ctx, struct ssr_frame *frame, struct ssr_point was);

/* The dirty child is next: what lies before it is taken over, then it is visited. */
static void visit_child(struct ssr_ctx *ctx, struct walk *walk, struct ssr_frame *child)
{
    struct ssr_point was_at = child->at, had = child->extent;
    shift_until(walk, child);
    take_until(ctx, walk, was_at);
    child->at = difference(here(ctx), walk->is);
    if (ctx->fatal == SSR_OK)
        visit(ctx, child, sum(walk->was, was_at));
    walk->child = child->next;
    walk->done = sum(was_at, had);
    walk->shift = difference(sum(child->at, child->extent), walk->done);
}

/* Only the dirty ones inside run; what lies between them is taken over. Useless when the pass is to start over. */
static void walk_through(struct ssr_ctx *ctx, struct ssr_frame *frame, struct ssr_point was)
{
    struct ssr_frame_run run = {.frame = frame}, *outer = ctx->frames.current;
    struct walk walk = {.is = here(ctx), .was = was, .child = frame->children};
    struct ssr_point had = frame->extent;
    ctx->frames.current = &run;
    struct ssr_frame *child = ssr_frame_take_dirty(frame);
    while (child && ctx->fatal == SSR_OK && !ctx->frames.must_start_over) {
        struct ssr_frame *next = child->next_dirty;
        visit_child(ctx, &walk, child);
        child = next;
    }
    if (ctx->fatal == SSR_OK && !ctx->frames.must_start_over) {
        shift_until(&walk, NULL);
        take_until(ctx, &walk, had);
    }
    ctx->frames.current = outer;
    frame->extent = difference(here(ctx), walk.is);
}

/* A component that its parent does not call again: where it fails, only the parent could say what comes of it. */
static void visit(struct ssr_ctx *ctx, struct ssr_frame *frame, struct ssr_point was)
{
    if (!frame->is_dirty && !frame->provides)
        walk_through(ctx, frame, was);
    else if (run(ctx, frame, here(ctx), was) != SSR_OK)
        ctx->frames.must_start_over = true;
}

static void take_over(struct ssr_ctx *ctx, struct ssr_frame *frame, struct ssr_point was)
{
    struct ssr_frame_run run = {.frame = frame}, *outer = ctx->frames.current;
    ctx->frames.current = &run;
    take_span(ctx, was, frame->extent);
    ctx->frames.current = outer;
}

/* ---- The checking mode ------------------------------------------------------------------------------------------ */

/* moved: how far the output of the frame has moved, modulo the size of a size_t. */
static bool is_same_effect(const struct ssr_effect *is, const struct ssr_effect *was, size_t moved)
{
    size_t number = was->is_place ? was->number + moved : was->number;
    bool has_same_value = is->value && was->value ? ssr_value_equal(is->value, was->value) : is->value == was->value;
    return is->replay == was->replay && is->on == was->on && is->number == number && has_same_value &&
           (!is->is_same || is->is_same(is, was));
}

/*
 * What a frame leaves itself lies in the gaps between its children. A place is a child's, from where one gap ends to
 * where the next begins, relative to the frame; the last is that of no child, at the frame's end.
 */
struct place {
    const struct ssr_frame *child;
    struct ssr_point at, end;
};

/* The places of a frame now; NULL: no memory, and the render has failed. */
static struct place *note_places(struct ssr_ctx *ctx, const struct ssr_frame *frame)
{
    size_t count = 0, i = 0;
    for (const struct ssr_frame *child = frame->children; child; child = child->next)
        count++;
    struct place *places = ssr_region_alloc(&ctx->memory->region, (count + 1) * sizeof *places);
    if (!places) {
        ssr_fail_memory(ctx, ctx->budget.refusal, "the components");
        return NULL;
    }
    for (const struct ssr_frame *child = frame->children; child; child = child->next)
        places[i++] = (struct place){child, child->at, sum(child->at, child->extent)};
    places[count].at = frame->extent;
    return places;
}

/* Whether so much text and so many effects, in this pass and in the one before, are the same. */
static bool is_same_stretch(const struct ssr_ctx *ctx, struct ssr_point is, struct ssr_point was,
                            struct ssr_point extent)
{
    const struct ssr_render *render = (const struct ssr_render *)ctx;
    const struct ssr_effect *effects = ctx->frames.effects.items, *former = ctx->frames.former.items;
    for (size_t i = 0; i < extent.effects; i++)
        if (!is_same_effect(&effects[is.effects + i], &former[was.effects + i], is.html - was.html))
            return false;
    return extent.html == 0 ||
           memcmp(render->out.html.data + is.html, render->kept.html.data + was.html, extent.html) == 0;
}

/* A run, and what the one before left: where they begin, and their places. */
struct comparison {
    struct ssr_point is_at, was_at;
    const struct place *is, *was;
};

/* Whether a run left what the one before did, what lies inside of its children apart. */
static bool is_as_before(const struct ssr_ctx *ctx, struct comparison runs)
{
    struct ssr_point is_done = {0, 0}, was_done = {0, 0};
    for (const struct place *is = runs.is, *was = runs.was;; is++, was++) {
        struct ssr_point gap = difference(is->at, is_done), gap_was = difference(was->at, was_done);
        if (is->child != was->child || gap.html != gap_was.html || gap.effects != gap_was.effects ||
            !is_same_stretch(ctx, sum(runs.is_at, is_done), sum(runs.was_at, was_done), gap))
            return false;
        if (!is->child)
            return true;
        is_done = is->end;
        was_done = was->end;
    }
}

/* Runs what would have been taken over, or walked, and names it when that makes a difference. */
static ssr_status run_checked(struct ssr_ctx *ctx, struct ssr_frame *frame, struct ssr_point was)
{
    struct comparison runs = {here(ctx), was, NULL, note_places(ctx, frame)};
    if (!runs.was)
        return ctx->fatal;
    ssr_status status = run(ctx, frame, runs.is_at, was);
    bool can_tell = ctx->fatal == SSR_OK && !ctx->frames.has_turned && !frame->has_failed_child;
    runs.is = can_tell ? note_places(ctx, frame) : NULL;
    if (runs.is && (status != SSR_OK || frame->gave_other_props || !is_as_before(ctx, runs)))
        ssr_refuse(ctx, (struct ssr_refusal){.call = SSR_CALL_COMPONENT,
                                             .status = SSR_E_COMPONENT_IMPURE,
                                             .definition = frame->component,
                                             .has_effect = true});
    return status;
}

/* ---- The choice ------------------------------------------------------------------------------------------------- */

/* Whether a frame with the same props may be taken over or walked. */
static bool can_reuse(struct ssr_ctx *ctx, const struct ssr_frame *frame)
{
    bool lacks_provider = frame->dirty_children && frame->provides; /* what is inside would not find it */
    return render_of(ctx)->engine->config.reuse_components && !ctx->frames.must_start_over && !frame->is_dirty &&
           !lacks_provider && (!frame->seen || ssr_contexts_hold(ctx, frame));
}

static void reuse(struct ssr_ctx *ctx, struct ssr_frame *frame, struct ssr_point was)
{
    if (frame->seen && !ssr_contexts_take_over(ctx, frame))
        return;
    if (frame->dirty_children)
        walk_through(ctx, frame, was);
    else
        take_over(ctx, frame, was);
}

static ssr_status refuse(struct ssr_ctx *ctx, const struct ssr_component_definition *component, ssr_status status)
{
    return ssr_refuse(ctx, (struct ssr_refusal){.call = SSR_CALL_COMPONENT,
                                                .status = status,
                                                .definition = component ? &component->definition : NULL});
}

/* Renders a child of the running frame. is_same: the pass before has rendered it, with the same props. */
static inline ssr_status render_frame(struct ssr_ctx *ctx, struct ssr_frame *frame, bool is_new, bool is_same)
{
    struct ssr_frame_run *parent = ctx->frames.current;
    struct ssr_point is = here(ctx), was = {0, 0};
    if (!is_new)
        was = sum(parent->was, frame->at);
    ssr_frame_adopt(parent, frame, is_new, difference(is, parent->is));
    if (!is_same)
        parent->frame->gave_other_props = true;
    if (!is_same || !can_reuse(ctx, frame))
        return run(ctx, frame, is, was);
    if (render_of(ctx)->engine->config.check_components)
        return run_checked(ctx, frame, was);
    reuse(ctx, frame, was);
    return ctx->fatal;
}

/* The child of that name; *frame is NULL when it is new. Not SSR_OK: there is none to be rendered. */
static inline ssr_status find_child(struct ssr_ctx *ctx, const struct ssr_component_definition *component,
                                    const struct ssr_key *key, struct ssr_frame **frame)
{
    const struct ssr_definition *definition = &component->definition;
    const struct ssr_frame_run *parent = ctx->frames.current;
    struct ssr_frame *next = *frame = parent->former;
    if (next ? ssr_frame_is(next, definition, key) : ssr_frame_follows(parent, definition, key))
        return SSR_OK;
    if (!ssr_frame_find(ctx, definition, key, frame))
        return ctx->fatal;
    bool is_duplicate = *frame && (*frame)->adopted == parent->frame->run;
    return is_duplicate ? refuse(ctx, component, SSR_E_DUPLICATE_COMPONENT) : SSR_OK;
}

static const char null_props[] = "null";

/*
 * Renders the child of that name, with a copy of the props when they are others than before. They are JSON when they
 * are null_props, or the content of the builder `lender`, which is given back when they have been copied.
 */
static ssr_status render_child(struct ssr_ctx *ctx, const struct ssr_component_definition *component,
                               const char *key_text, const void *props, size_t size, struct ssr_builder *lender)
{
    const struct ssr_key key = ssr_key_of(key_text ? key_text : "");
    bool is_json = lender || props == null_props;
    struct ssr_frame *frame;
    ssr_status status = find_child(ctx, component, &key, &frame);
    bool is_new = !frame, is_same = frame && ssr_frame_has_props(frame, props, size, is_json);
    if (status == SSR_OK && is_new)
        frame = ssr_frame_new(ctx, &component->definition, &key);
    if (status == SSR_OK && frame && !is_same && !ssr_frame_set_props(ctx, frame, props, size, is_json))
        frame = NULL;
    if (lender)
        ssr_scope_return_builder(ctx, lender);
    if (status == SSR_OK)
        status = frame ? render_frame(ctx, frame, is_new, is_same) : ctx->fatal;
    return ctx->last = status;
}

/* Whether a component can be rendered here: a known one, in the phase render, of a render that still stands. */
static inline bool can_render(const struct ssr_ctx *ctx, const struct ssr_component_definition *component)
{
    return component && component->definition.registry == ctx->registry && ctx->phase == SSR_RENDER &&
           ctx->fatal == SSR_OK;
}

/* It cannot: says why. */
static ssr_status refuse_here(struct ssr_ctx *ctx, const struct ssr_component_definition *component)
{
    bool is_known = component && component->definition.registry == ctx->registry;
    ssr_status status = ssr_enter_write(ctx, SSR_CALL_COMPONENT, is_known ? &component->definition : NULL,
                                        (struct ssr_writer){NULL, 0});
    return status != SSR_OK ? status : refuse(ctx, NULL, SSR_E_UNKNOWN_COMPONENT);
}

ssr_status ssr_component_bytes(struct ssr_ctx *ctx, const struct ssr_component_definition *component, const char *key,
                               const void *props, size_t size)
{
    if (!can_render(ctx, component))
        return refuse_here(ctx, component);
    return render_child(ctx, component, key, props, props ? size : 0, NULL);
}

ssr_status ssr_component(struct ssr_ctx *ctx, const struct ssr_component_definition *component, const char *key,
                         ssr_input props)
{
    if (!can_render(ctx, component))
        return refuse_here(ctx, component);
    if (props.form == SSR_INPUT_NULL)
        return render_child(ctx, component, key, null_props, sizeof null_props - 1, NULL);
    struct ssr_builder *builder = ssr_scope_borrow_builder(ctx);
    if (!builder)
        return ssr_fail_memory(ctx, ctx->budget.refusal, component->definition.name);
    ssr_builder_input(builder, props);
    ssr_status status = ssr_builder_complete(builder);
    if (status == SSR_OK)
        return render_child(ctx, component, key, builder->out.data, builder->out.length, builder);
    ssr_scope_return_builder(ctx, builder);
    return ssr_ends_render(status) ? ssr_fail_memory(ctx, status, component->definition.name)
                                   : refuse(ctx, component, status);
}
