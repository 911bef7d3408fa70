/*
 * Component boundaries: whether a component runs, is walked, or is taken over from the pass before. What always holds:
 * whatever the choice, output and effects of this pass are in document order, and are those of a pass that runs
 * everything; `html_was` and `effects_were` of a frame that is looked at are where it lay in the pass before.
 */
#include "engine/component.h"

#include <string.h>

#include "engine/output.h"
#include "engine/render_internal.h"
#include "ssrstore/context_internal.h"

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
    return component->definition.name;
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

/* Where the frame begins in this pass. */
static void place_here(struct ssr_ctx *ctx, struct ssr_frame *frame)
{
    frame->html_is = ssr_output_length(render_of(ctx));
    frame->effects_are = ctx->frames.effects.count;
}

/* How long it has become. */
static void measure(struct ssr_ctx *ctx, struct ssr_frame *frame)
{
    frame->html_length = ssr_output_length(render_of(ctx)) - frame->html_is;
    frame->effect_count = ctx->frames.effects.count - frame->effects_are;
}

static ssr_status call(struct ssr_ctx *ctx, struct ssr_frame *frame)
{
    const struct ssr_component_definition *component = definition_of(frame);
    const char *given = frame->block + frame->props_at;
    ssr_props props = {.json = frame->has_json_props ? (ssr_json){.text = given, .length = frame->props_size}
                                                     : ssr_value_json(NULL),
                       .bytes = frame->has_json_props ? NULL : given,
                       .size = frame->props_size};
    ssr_status status = component->render(ctx, &props, component->arg);
    if (status != SSR_OK || component->always)
        ssr_frame_runs_always(ctx);
    return status;
}

static ssr_status run(struct ssr_ctx *ctx, struct ssr_frame *frame)
{
    struct ssr_frame *outer = ctx->frames.current;
    struct ssr_place place = ctx->place;
    place_here(ctx, frame);
    ssr_frame_begin_run(ctx, frame);
    ctx->frames.current = frame;
    ctx->place = (struct ssr_place){place.init_of, frame->path, 0, 0};
    ssr_status status = call(ctx, frame);
    ctx->place = place;
    ctx->frames.current = outer;
    measure(ctx, frame);
    ssr_frame_end_run(ctx, frame);
    if (status != SSR_OK) {
        outer->has_failed_child = true;
        ssr_frame_runs_always(ctx); /* what is around it has to say again what comes of that */
    }
    return status;
}

/* ---- Taking over ------------------------------------------------------------------------------------------------ */

/* Text and effects of the pass before, from these places on. */
static void take_span(struct ssr_ctx *ctx, size_t html_from, size_t html_length, size_t effects_from,
                      size_t effect_count)
{
    struct ssr_render *render = render_of(ctx);
    render->span_was = html_from;
    render->span_is = ssr_output_length(render);
    if (html_length > 0)
        ssr_html_n(ctx, render->kept.html.data + html_from, html_length);
    if (effect_count > 0)
        ssr_frames_replay(ctx, effects_from, effect_count);
}

/* How far a walk has come in what the frame was, relative to it, and how far what follows has moved. */
struct walk {
    struct ssr_frame *frame;
    size_t html_done, effects_done;
    size_t html_shift, effects_shift; /* modulo the size of a size_t: it may be backwards */
    size_t child;                     /* the first whose place is not up to date */
};

static void take_until(struct ssr_ctx *ctx, struct walk *walk, size_t html_at, size_t effects_at)
{
    const struct ssr_frame *frame = walk->frame;
    take_span(ctx, frame->html_was + walk->html_done, html_at - walk->html_done,
              frame->effects_were + walk->effects_done, effects_at - walk->effects_done);
    walk->html_done = html_at;
    walk->effects_done = effects_at;
}

static void shift_until(struct walk *walk, size_t index)
{
    struct ssr_child *items = walk->frame->children.items;
    for (size_t i = walk->child; i < index; i++) {
        items[i].html_at += walk->html_shift;
        items[i].effects_at += walk->effects_shift;
    }
    walk->child = index;
}

static void visit(struct ssr_ctx *ctx, struct ssr_frame *frame);

/* The dirty child is next: what lies before it is taken over, then it is visited. */
static void visit_child(struct ssr_ctx *ctx, struct walk *walk, struct ssr_frame *child)
{
    struct ssr_frame *frame = walk->frame;
    shift_until(walk, child->index);
    struct ssr_child was = frame->children.items[child->index];
    size_t html_length = child->html_length, effect_count = child->effect_count;
    take_until(ctx, walk, was.html_at, was.effects_at);
    child->html_was = frame->html_was + was.html_at;
    child->effects_were = frame->effects_were + was.effects_at;
    if (ctx->fatal == SSR_OK)
        visit(ctx, child);
    frame->children.items[child->index].html_at = child->html_is - frame->html_is;
    frame->children.items[child->index].effects_at = child->effects_are - frame->effects_are;
    walk->child = child->index + 1;
    walk->html_done += html_length;
    walk->effects_done += effect_count;
    walk->html_shift = (child->html_is - frame->html_is) + child->html_length - walk->html_done;
    walk->effects_shift = (child->effects_are - frame->effects_are) + child->effect_count - walk->effects_done;
}

/* Only the dirty ones inside run; what lies between them is taken over. Useless when the pass is to start over. */
static void walk_through(struct ssr_ctx *ctx, struct ssr_frame *frame)
{
    struct ssr_frame *outer = ctx->frames.current;
    struct walk walk = {.frame = frame};
    size_t html_length = frame->html_length, effect_count = frame->effect_count;
    place_here(ctx, frame);
    ctx->frames.current = frame;
    struct ssr_frame *child = ssr_frame_take_dirty(frame);
    while (child && ctx->fatal == SSR_OK && !ctx->frames.must_start_over) {
        struct ssr_frame *next = child->next_dirty;
        visit_child(ctx, &walk, child);
        child = next;
    }
    if (ctx->fatal == SSR_OK && !ctx->frames.must_start_over) {
        shift_until(&walk, frame->children.count);
        take_until(ctx, &walk, html_length, effect_count);
    }
    ctx->frames.current = outer;
    measure(ctx, frame);
}

/* A component that its parent does not call again: where it fails, only the parent could say what comes of it. */
static void visit(struct ssr_ctx *ctx, struct ssr_frame *frame)
{
    if (!frame->is_dirty && !frame->provides)
        walk_through(ctx, frame);
    else if (run(ctx, frame) != SSR_OK)
        ctx->frames.must_start_over = true;
}

static void take_over(struct ssr_ctx *ctx, struct ssr_frame *frame)
{
    struct ssr_frame *outer = ctx->frames.current;
    place_here(ctx, frame);
    ctx->frames.current = frame;
    take_span(ctx, frame->html_was, frame->html_length, frame->effects_were, frame->effect_count);
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
    size_t html_at, html_end, effects_at, effects_end;
};

/* The places of a frame now; NULL: no memory, and the render has failed. */
static struct place *note_places(struct ssr_ctx *ctx, const struct ssr_frame *frame)
{
    const struct ssr_children *children = &frame->children;
    struct place *places = ssr_region_alloc(&ctx->memory->region, (children->count + 1) * sizeof *places);
    if (!places) {
        ssr_fail_memory(ctx, ctx->budget.refusal, "the components");
        return NULL;
    }
    for (size_t i = 0; i < children->count; i++) {
        const struct ssr_child *child = &children->items[i];
        places[i] = (struct place){child->frame, child->html_at, child->html_at + child->frame->html_length,
                                   child->effects_at, child->effects_at + child->frame->effect_count};
    }
    places[children->count].html_at = frame->html_length;
    places[children->count].effects_at = frame->effect_count;
    return places;
}

/* A stretch of text and effects, with where it lies in this pass and where it lay in the one before. */
struct stretch {
    size_t html_is, html_was, html_length;
    size_t effects_are, effects_were, effect_count;
};

static bool is_same_stretch(const struct ssr_ctx *ctx, struct stretch stretch)
{
    const struct ssr_render *render = (const struct ssr_render *)ctx;
    const struct ssr_effect *effects = ctx->frames.effects.items, *former = ctx->frames.former.items;
    for (size_t i = 0; i < stretch.effect_count; i++)
        if (!is_same_effect(&effects[stretch.effects_are + i], &former[stretch.effects_were + i],
                            stretch.html_is - stretch.html_was))
            return false;
    return stretch.html_length == 0 || memcmp(render->out.html.data + stretch.html_is,
                                              render->kept.html.data + stretch.html_was, stretch.html_length) == 0;
}

/* Whether a run left what the one before did, what lies inside of its children apart. */
static bool is_as_before(const struct ssr_ctx *ctx, const struct ssr_frame *frame, const struct place *is,
                         const struct place *was)
{
    size_t html_is = 0, html_was = 0, effects_are = 0, effects_were = 0;
    for (;; is++, was++) {
        struct stretch gap = {
            frame->html_is + html_is,         frame->html_was + html_was,         is->html_at - html_is,
            frame->effects_are + effects_are, frame->effects_were + effects_were, is->effects_at - effects_are};
        if (is->child != was->child || was->html_at - html_was != gap.html_length ||
            was->effects_at - effects_were != gap.effect_count || !is_same_stretch(ctx, gap))
            return false;
        if (!is->child)
            return true;
        html_is = is->html_end;
        html_was = was->html_end;
        effects_are = is->effects_end;
        effects_were = was->effects_end;
    }
}

/* Runs what would have been taken over, or walked, and names it when that makes a difference. */
static ssr_status run_checked(struct ssr_ctx *ctx, struct ssr_frame *frame)
{
    bool was_clean = frame->dirty_children == NULL;
    const struct place *was = note_places(ctx, frame);
    if (!was)
        return ctx->fatal;
    ssr_status status = run(ctx, frame);
    bool can_tell = ctx->fatal == SSR_OK && !ctx->frames.has_turned && !frame->has_failed_child;
    const struct place *is = can_tell ? note_places(ctx, frame) : NULL;
    if (is && ((status != SSR_OK && was_clean) || frame->gave_other_props || !is_as_before(ctx, frame, is, was)))
        ssr_refuse(ctx, (struct ssr_refusal){.call = SSR_CALL_COMPONENT,
                                             .status = SSR_E_COMPONENT_IMPURE,
                                             .definition = frame->component,
                                             .has_effect = true});
    return status;
}

/* ---- The choice ------------------------------------------------------------------------------------------------- */

/* Where a child of the running frame lay in the pass before. */
static void find_former_place(const struct ssr_ctx *ctx, struct ssr_frame *frame)
{
    const struct ssr_frame *parent = ctx->frames.current;
    const struct ssr_child *was = &parent->former.items[frame->index];
    frame->html_was = parent->html_was + was->html_at;
    frame->effects_were = parent->effects_were + was->effects_at;
}

/* Whether a frame with the same props may be taken over or walked. */
static bool can_reuse(struct ssr_ctx *ctx, const struct ssr_frame *frame)
{
    bool lacks_provider = frame->dirty_children && frame->provides; /* what is inside would not find it */
    return render_of(ctx)->engine->config.reuse_components && !ctx->frames.must_start_over && !frame->is_dirty &&
           !lacks_provider && ssr_contexts_hold(ctx, frame);
}

static void reuse(struct ssr_ctx *ctx, struct ssr_frame *frame)
{
    if (!ssr_contexts_take_over(ctx, frame))
        return;
    if (frame->dirty_children)
        walk_through(ctx, frame);
    else
        take_over(ctx, frame);
}

/* Renders a child of the running frame; is_same: the pass before has rendered it, with the same props. */
static ssr_status render_frame(struct ssr_ctx *ctx, struct ssr_frame *frame, bool is_known, bool is_same)
{
    if (is_known)
        find_former_place(ctx, frame);
    if (!ssr_frame_adopt(ctx, frame, ssr_output_length(render_of(ctx)), ctx->frames.effects.count))
        return ctx->fatal;
    if (!is_same || !can_reuse(ctx, frame))
        return run(ctx, frame);
    if (render_of(ctx)->engine->config.check_components)
        return run_checked(ctx, frame);
    reuse(ctx, frame);
    return ctx->fatal;
}

static ssr_status refuse(struct ssr_ctx *ctx, const struct ssr_component_definition *component, ssr_status status)
{
    return ssr_refuse(ctx, (struct ssr_refusal){.call = SSR_CALL_COMPONENT,
                                                .status = status,
                                                .definition = component ? &component->definition : NULL});
}

/* A component that is about to be rendered. */
struct candidate {
    struct ssr_frame *frame; /* NULL: refused, or the render has failed */
    bool is_known, is_same;
};

/* Its frame, with the props, which are copied when they are others than before. */
static struct candidate find_frame(struct ssr_ctx *ctx, const struct ssr_component_definition *component,
                                   const char *key, const void *props, size_t size, bool is_json)
{
    const struct candidate none = {NULL, false, false};
    size_t key_length = strlen(key);
    uint64_t path = 0;
    struct ssr_frame *frame = ssr_frame_find(ctx, &component->definition, key, key_length, &path);
    if (frame && ssr_frame_is_adopted(ctx, frame)) {
        refuse(ctx, component, SSR_E_DUPLICATE_COMPONENT);
        return none;
    }
    bool is_known = frame != NULL;
    if (!frame)
        frame = ssr_frame_new(ctx, &component->definition, key, key_length, path, size);
    bool is_same = is_known && ssr_frame_has_props(frame, props, size, is_json);
    if (!frame || (!is_same && !ssr_frame_set_props(ctx, frame, props, size, is_json))) {
        ssr_answer(ctx, ctx->fatal);
        return none;
    }
    ctx->frames.current->gave_other_props |= !is_same;
    return (struct candidate){frame, is_known, is_same};
}

static ssr_status render_candidate(struct ssr_ctx *ctx, struct candidate candidate)
{
    if (!candidate.frame)
        return ctx->last;
    return ssr_answer(ctx, render_frame(ctx, candidate.frame, candidate.is_known, candidate.is_same));
}

/* Whether a component can be rendered here. */
static bool enter(struct ssr_ctx *ctx, const struct ssr_component_definition *component)
{
    bool is_known = component && component->definition.registry == ctx->registry;
    if (ssr_enter_write(ctx, SSR_CALL_COMPONENT, is_known ? &component->definition : NULL,
                        (struct ssr_writer){NULL, 0}) != SSR_OK)
        return false;
    if (!is_known)
        refuse(ctx, NULL, SSR_E_UNKNOWN_COMPONENT);
    return is_known;
}

ssr_status ssr_component_bytes(struct ssr_ctx *ctx, const struct ssr_component_definition *component, const char *key,
                               const void *props, size_t size)
{
    if (!enter(ctx, component))
        return ctx->last;
    return render_candidate(ctx, find_frame(ctx, component, key ? key : "", props, props ? size : 0, false));
}

ssr_status ssr_component(struct ssr_ctx *ctx, const struct ssr_component_definition *component, const char *key,
                         ssr_input props)
{
    if (!enter(ctx, component))
        return ctx->last;
    key = key ? key : "";
    if (props.form == SSR_INPUT_NULL)
        return render_candidate(ctx, find_frame(ctx, component, key, "null", 4, true));
    struct ssr_builder *builder = ssr_scope_borrow_builder(ctx);
    if (!builder)
        return ssr_fail_memory(ctx, ctx->budget.refusal, component->definition.name);
    struct candidate candidate = {NULL, false, false};
    ssr_builder_input(builder, props);
    ssr_status status = ssr_builder_complete(builder);
    if (ssr_ends_render(status))
        ssr_fail_memory(ctx, status, component->definition.name);
    else if (status != SSR_OK)
        refuse(ctx, component, status);
    else
        candidate = find_frame(ctx, component, key, builder->out.data, builder->out.length, true);
    ssr_scope_return_builder(ctx, builder);
    return render_candidate(ctx, candidate);
}
