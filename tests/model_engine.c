/*
 * A page as callbacks of the engine: what its definitions, hooks, loaders and parts do. What always holds: a callback
 * decides nothing that the page does not say, so that every difference to the model is the engine's or the model's.
 */
#include "model_engine.h"

#include <stdio.h>
#include <string.h>

/* What a call in the page answered: nomem ends the render. */
static ssr_status note(struct real *real, ssr_status status)
{
    real->must_end |= status == SSR_E_NOMEM;
    return status;
}

const char *model_known_location(const char *location)
{
    for (unsigned i = 0; i < LOCATIONS; i++)
        if (strcmp(location, model_locations[i]) == 0)
            return model_locations[i];
    return NULL;
}

/* ---- Values that instructions take ------------------------------------------------------------------------------ */

/* A value in the form in which the engine gets it, and its canonical text. */
struct taken {
    ssr_input input;
    const char *text; /* NULL: it could not be had */
    size_t length;
    char number[16];
};

static void take_text(struct taken *taken, const char *text, size_t length)
{
    taken->text = text;
    taken->length = length;
    taken->input = ssr_input_json_n(text, length);
}

static void take_number(struct taken *taken, unsigned number)
{
    snprintf(taken->number, sizeof taken->number, "%u", number);
    take_text(taken, taken->number, strlen(taken->number));
    taken->input = ssr_input_integer(number);
}

static void take_json(struct taken *taken, ssr_json json)
{
    if (json.text)
        take_text(taken, json.text, json.length);
}

static void take(struct real *real, ssr_ctx *ctx, const struct instruction *line, ssr_json props, struct taken *taken)
{
    const struct model_value *listed = &model_values[line->value];
    const ssr_value *value;
    *taken = (struct taken){.text = NULL};
    switch (line->source) {
    case SOURCE_PASS: take_number(taken, ssr_pass(ctx)); break;
    case SOURCE_PROPS: take_text(taken, props.text, props.length); break;
    case SOURCE_STORE:
        value = ssr_get(ctx, real->stores[line->value % STORES]);
        if (value)
            take_text(taken, ssr_value_text(value), ssr_value_length(value));
        taken->input = ssr_input_value(value);
        break;
    case SOURCE_COOKIE: take_json(taken, ssr_cookie_get_json(ctx, real->cookies[line->value % COOKIES])); break;
    case SOURCE_ATOM:
        take_json(taken, ssr_atom_value(ssr_atom_use(ssr_atoms(ctx), real->atoms[line->value % ATOMS])));
        break;
    case SOURCE_CONTEXT:
        take_text(taken, "null", 4);
        take_json(taken, ssr_context_use(ctx, real->contexts[line->value % CONTEXTS]));
        break;
    default:
        take_text(taken, listed->canonical, strlen(listed->canonical));
        taken->input = ssr_input_json(listed->written);
        break;
    }
    note(real, ssr_last_status(ctx));
}

static bool is_open(const struct real *real, ssr_ctx *ctx, const struct instruction *line)
{
    if (line->guard == GUARD_PASS)
        return ssr_pass(ctx) == line->guard_number + 1;
    if (line->guard == GUARD_FROM_PASS)
        return ssr_pass(ctx) >= line->guard_number + 1;
    if (line->guard == GUARD_LOCATION)
        return strcmp(ssr_location(ctx), model_locations[line->guard_number % LOCATIONS]) == 0;
    if (line->guard == GUARD_NONE)
        return true;
    const char *expected = model_values[line->guard_value].canonical;
    ssr_json json = line->guard == GUARD_ATOM
                        ? ssr_atom_value(ssr_atom_use(ssr_atoms(ctx), real->atoms[line->guard_store % ATOMS]))
                        : ssr_get_json(ctx, real->stores[line->guard_store]);
    bool is_equal = json.text && json.length == strlen(expected) && memcmp(json.text, expected, json.length) == 0;
    return is_equal == (line->guard != GUARD_UNEQUAL);
}

/* ---- Showing ---------------------------------------------------------------------------------------------------- */

static ssr_status show_json(ssr_ctx *ctx, ssr_json json, const char *otherwise)
{
    return json.text ? ssr_html_n(ctx, json.text, json.length) : ssr_html(ctx, otherwise);
}

static ssr_status show(struct real *real, ssr_ctx *ctx, const struct instruction *line, ssr_json props)
{
    const ssr_value *value;
    switch (line->op) {
    case OP_SHOW_PROPS: return show_json(ctx, props, "");
    case OP_SHOW_PASS: return ssr_text_integer(ctx, ssr_pass(ctx));
    case OP_SHOW_PENDING: return ssr_html(ctx, ssr_has_pending_changes(ctx) ? "p" : "n");
    case OP_SHOW_LONG: return ssr_html(ctx, model_long_text);
    case OP_SHOW_COOKIE: return show_json(ctx, ssr_cookie_get_json(ctx, real->cookies[line->target % COOKIES]), "");
    case OP_SHOW_ATOM:
        return show_json(ctx, ssr_atom_value(ssr_atom_use(ssr_atoms(ctx), real->atoms[line->target % ATOMS])), "");
    case OP_SHOW_CONTEXT: return show_json(ctx, ssr_context_use(ctx, real->contexts[line->target % CONTEXTS]), "-");
    case OP_SHOW: return show_json(ctx, ssr_get_json(ctx, real->stores[line->target % STORES]), "");
    default:
        value = ssr_get(ctx, real->stores[line->target % STORES]);
        return value ? ssr_text_n(ctx, ssr_value_text(value), ssr_value_length(value)) : SSR_OK;
    }
}

/* ---- Queries ---------------------------------------------------------------------------------------------------- */

static ssr_query_result ask(struct real *real, ssr_ctx *ctx, const struct instruction *line, const struct taken *taken)
{
    const ssr_query *query = real->queries[line->target % QUERIES];
    bool enabled = line->op != OP_ASK_DISABLED;
    if (line->source == SOURCE_VALUE)
        return ssr_query_get(ctx, query, model_values[line->value].written, enabled);
    if (line->source == SOURCE_PASS)
        return ssr_query_integer(ctx, query, ssr_pass(ctx), enabled);
    note(real, ssr_builder_input(ssr_build(ctx), taken->input));
    return ssr_query_built(ctx, query, enabled);
}

static void query(struct real *real, ssr_ctx *ctx, const struct instruction *line, const struct taken *taken)
{
    static const char *const marks[] = {"-", "?", "", "!"};
    ssr_query_result result = ask(real, ctx, line, taken);
    const ssr_store *store = real->stores[line->target % STORES];
    if (line->op != OP_FEED) {
        ssr_html(ctx, marks[result.state]);
        show_json(ctx, result.data, result.error);
    } else if (result.state == SSR_QUERY_READY) {
        ssr_set_json(ctx, store, result.data.text, result.data.length);
    } else if (result.state == SSR_QUERY_FAILED) {
        ssr_set_string(ctx, store, result.error);
    }
}

/* ---- Writing ---------------------------------------------------------------------------------------------------- */

static ssr_status set_store(struct real *real, ssr_ctx *ctx, const struct instruction *line, const struct taken *taken)
{
    const ssr_store *store = real->stores[line->target % STORES];
    const char *written = model_values[line->value].written;
    switch (line->source) {
    case SOURCE_VALUE: return ssr_set_json(ctx, store, written, strlen(written));
    case SOURCE_STORE: return ssr_set_value(ctx, store, ssr_get(ctx, real->stores[line->value % STORES]));
    case SOURCE_PASS: return ssr_set_integer(ctx, store, ssr_pass(ctx));
    default: ssr_builder_input(ssr_build(ctx), taken->input); return ssr_set_built(ctx, store);
    }
}

/* What an effect sets. */
struct effect {
    struct real *real;
    const struct instruction *line;
    const struct taken *taken;
};

static ssr_status run_effect(ssr_ctx *ctx, void *arg)
{
    const struct effect *effect = arg;
    return set_store(effect->real, ctx, effect->line, effect->taken);
}

static ssr_status set_header(ssr_ctx *ctx, const struct instruction *line, const struct taken *taken)
{
    char value[VALUE_SIZE];
    snprintf(value, sizeof value, "%.*s", (int)taken->length, taken->text);
    return ssr_set_header(ctx, line->target % 2 ? "X-A" : "X-B", value);
}

static ssr_status redirect(ssr_ctx *ctx, const struct instruction *line)
{
    const char *to = model_redirects[line->target % REDIRECTS];
    int status = model_redirect_statuses[line->value % REDIRECT_STATUSES];
    return *to == '/' ? ssr_redirect(ctx, to, status) : ssr_redirect_external(ctx, to, status);
}

/* A cookie by hand, of a name that is not defined or of one that is. */
static ssr_status send_cookie(ssr_ctx *ctx, const struct instruction *line)
{
    const char *name = line->target % 2 == 0 ? "h" : "c0";
    return ssr_cookie_send(ctx, (&(ssr_set_cookie){.name = name, .value = "x", .value_length = 1}));
}

static ssr_status write_refused(struct real *real, ssr_ctx *ctx, const struct instruction *line)
{
    const char *bad = model_bad_values[line->value % BAD_VALUES];
    if (line->op == OP_UNKNOWN)
        return ssr_set_null(ctx, NULL);
    if (line->op == OP_BAD)
        return ssr_set_json(ctx, real->stores[line->target % STORES], bad, strlen(bad));
    ssr_query_get(ctx, real->queries[line->target % QUERIES], bad, true);
    return SSR_OK;
}

static ssr_atom *use_atom(struct real *real, ssr_ctx *ctx, const struct instruction *line)
{
    return ssr_atom_use(ssr_atoms(ctx), real->atoms[line->target % ATOMS]);
}

static ssr_status turn(struct real *real, ssr_ctx *ctx, const struct instruction *line)
{
    const ssr_store *store = real->stores[line->target % STORES];
    const ssr_value *value = ssr_get(ctx, store);
    return value ? ssr_set_integer(ctx, store, model_turn(ssr_value_text(value), line->value)) : SSR_OK;
}

/* What takes no value. */
static ssr_status write_plain(struct real *real, ssr_ctx *ctx, const struct instruction *line)
{
    switch (line->op) {
    case OP_COOKIE_DELETE: return ssr_cookie_delete(ctx, real->cookies[line->target % COOKIES]);
    case OP_COOKIE_SEND: return send_cookie(ctx, line);
    case OP_ATOM_RESET: return ssr_atom_reset(use_atom(real, ctx, line));
    case OP_STATUS: return ssr_set_status(ctx, 200 + (int)line->value);
    case OP_TRANSFER: return ssr_transfer_here(ctx);
    case OP_REDIRECT: return redirect(ctx, line);
    case OP_TURN: return turn(real, ctx, line);
    default: return write_refused(real, ctx, line);
    }
}

static bool takes_value(enum op op)
{
    return op != OP_BAD && op != OP_UNKNOWN && op != OP_ASK_BAD && op != OP_COOKIE_DELETE && op != OP_COOKIE_SEND &&
           op != OP_ATOM_RESET && op != OP_TURN && op != OP_STATUS && op != OP_TRANSFER && op != OP_REDIRECT;
}

static ssr_status write(struct real *real, ssr_ctx *ctx, const struct instruction *line, const struct taken *taken)
{
    struct effect effect = {real, line, taken};
    const ssr_cookie *cookie = real->cookies[line->target % COOKIES];
    static const ssr_cookie_attributes aged = {.max_age = 60};
    switch (line->op) {
    case OP_SET: return set_store(real, ctx, line, taken);
    case OP_EFFECT: return ssr_effect(ctx, run_effect, &effect);
    case OP_COOKIE_SET: return ssr_cookie_set(ctx, cookie, taken->input);
    case OP_COOKIE_AGED: return ssr_cookie_set_with(ctx, cookie, taken->input, &aged);
    case OP_ATOM_UPDATE: return ssr_atom_update(use_atom(real, ctx, line), taken->input);
    case OP_CONTEXT_SET: return ssr_context_set(ctx, real->contexts[line->target % CONTEXTS], taken->input);
    case OP_HEADER: return set_header(ctx, line, taken);
    default: query(real, ctx, line, taken); return SSR_OK;
    }
}

/* ---- Parts ------------------------------------------------------------------------------------------------------ */

static ssr_status run_node(struct real *real, ssr_ctx *ctx, unsigned node, ssr_json props);

/* One child: its props, and what tells it from its siblings. */
struct child {
    struct real *real;
    const struct instruction *line;
    unsigned node; /* the parent */
    unsigned which;
    const struct taken *taken;
};

static ssr_status run_child(ssr_ctx *ctx, void *arg)
{
    const struct child *child = arg;
    struct real *real = child->real;
    unsigned node = child->node + 1 + child->line->target % (NODES - 1 - child->node);
    unsigned index = (unsigned)(child->line - real->page->nodes[child->node].instructions);
    char key[32];
    if (real->page->boundaries == BOUNDARIES_NONE)
        return run_node(real, ctx, node, (ssr_json){.text = child->taken->text, .length = child->taken->length});
    snprintf(key, sizeof key, "%u.%u", index, child->which);
    return ssr_component(ctx, real->components[node], key, child->taken->input);
}

static ssr_status run_list(ssr_ctx *ctx, struct child child)
{
    size_t begin = child.taken->length;
    ssr_status first = SSR_OK;
    for (unsigned i = 0; i < 3; i++) {
        struct taken number;
        child.which = (unsigned)((i + begin) % 3);
        child.taken = &number;
        take_number(&number, child.which);
        ssr_status status = run_child(ctx, &child);
        first = first == SSR_OK ? status : first;
    }
    return first;
}

static ssr_status run_provider(ssr_ctx *ctx, struct child child)
{
    struct taken number;
    const ssr_context *context = child.real->contexts[child.line->target % CONTEXTS];
    ssr_input initial = child.taken->input;
    take_number(&number, child.line->value);
    child.taken = &number;
    return ssr_context_provide(ctx, context, child.line->value % 2 ? "k" : NULL, initial, run_child, &child);
}

static ssr_status run_parts(ssr_ctx *ctx, struct child child)
{
    if (child.line->op == OP_LIST)
        return run_list(ctx, child);
    if (child.line->op == OP_PROVIDE)
        return run_provider(ctx, child);
    ssr_status status = run_child(ctx, &child);
    if (child.line->op == OP_TWICE && child.real->page->boundaries != BOUNDARIES_NONE)
        run_child(ctx, &child);
    return status;
}

static ssr_status run_instruction(struct real *real, ssr_ctx *ctx, unsigned node, const struct instruction *line,
                                  ssr_json props)
{
    struct taken taken;
    if (line->op < OP_SET)
        return note(real, show(real, ctx, line, props)), SSR_OK;
    if (line->op == OP_FAIL)
        return SSR_E_FAILED;
    if (!takes_value(line->op))
        return note(real, write_plain(real, ctx, line)), SSR_OK;
    take(real, ctx, line, props, &taken);
    if (!taken.text)
        return SSR_OK;
    if (line->op >= OP_CHILD)
        return note(real, run_parts(ctx, (struct child){real, line, node, 0, &taken}));
    note(real, write(real, ctx, line, &taken));
    return SSR_OK;
}

static ssr_status run_node(struct real *real, ssr_ctx *ctx, unsigned at, ssr_json props)
{
    const struct node *node = &real->page->nodes[at];
    note(real, ssr_html(ctx, "<"));
    for (unsigned i = 0; i < node->count; i++) {
        const struct instruction *line = &node->instructions[i];
        if (!is_open(real, ctx, line))
            continue;
        ssr_status status = run_instruction(real, ctx, at, line, props);
        if (status != SSR_OK && (line->op == OP_FAIL || line->value % 2 == 1))
            return status;
    }
    note(real, ssr_html(ctx, ">"));
    return SSR_OK;
}

static ssr_status run_component(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    const struct part *part = arg;
    return run_node(part->real, ctx, part->index, props->json);
}

ssr_status model_run_page(ssr_ctx *ctx, void *arg)
{
    struct real *real = arg;
    real->latest = ssr_pass(ctx);
    return run_node(real, ctx, 0, (ssr_json){.text = "null", .length = 4});
}

/* ---- Loading ---------------------------------------------------------------------------------------------------- */

/* A refused write is ignored. */
static void write_from_outside(struct real *real, ssr_operation *operation, enum write write, unsigned target,
                               const char *text)
{
    if (write == WRITE_STORE || write == WRITE_ATOM)
        ssr_builder_json(ssr_operation_build_store(operation), text, strlen(text));
    if (write == WRITE_STORE)
        ssr_operation_set(operation, real->stores[target % STORES]);
    else if (write == WRITE_ATOM)
        ssr_operation_update_atom(operation, real->atoms[target % ATOMS]);
    else if (write == WRITE_COOKIE)
        ssr_operation_set_cookie(operation, real->cookies[target % COOKIES], ssr_input_json(text));
}

static void copy_json(char text[VALUE_SIZE], ssr_json json)
{
    snprintf(text, VALUE_SIZE, "%.*s", json.text ? (int)json.length : 4, json.text ? json.text : "null");
}

static ssr_json look(const struct real *real, ssr_operation *operation, const struct loader *loader)
{
    if (loader->answer == ANSWER_STORE)
        return ssr_operation_get(operation, real->stores[loader->value % STORES]);
    if (loader->answer == ANSWER_COOKIE)
        return ssr_operation_cookie(operation, real->cookies[loader->value % COOKIES]);
    return ssr_operation_atom(operation, real->atoms[loader->value % ATOMS]);
}

static ssr_status load_query(ssr_operation *operation, void *arg)
{
    const struct part *part = arg;
    struct real *real = part->real;
    const struct loader *loader = &real->page->loaders[part->index];
    ssr_json args = ssr_operation_args(operation);
    char text[VALUE_SIZE];
    copy_json(text, args);
    if (real->is_in_hook || !real->page->uses_steps)
        text_format(real->is_in_hook ? &real->in_place : &real->started, "q%u %s; ", part->index, text);
    if (loader->fails_on_odd && args.length % 2 == 1)
        return ssr_operation_fail(operation, "gone", "its arguments are odd");
    if (loader->answer == ANSWER_VALUE)
        snprintf(text, sizeof text, "%s", model_values[loader->value].written);
    else if (loader->answer != ANSWER_ARGS)
        copy_json(text, look(real, operation, loader));
    write_from_outside(real, operation, loader->write, loader->target, text);
    return ssr_builder_json(ssr_operation_build(operation), text, strlen(text));
}

static ssr_status run_hook(ssr_operation *operation, void *arg)
{
    const struct part *part = arg;
    struct real *real = part->real;
    const struct route *route = &real->page->routes[part->index];
    const char *text = model_values[route->hook_value].written;
    if (!real->page->uses_steps)
        text_format(&real->started, "hook %s; ", ssr_operation_location(operation));
    write_from_outside(real, operation, route->hook_write, route->hook_target, text);
    if (route->hook_loads) {
        ssr_builder_json(ssr_operation_build_args(operation), text, strlen(text));
        real->is_in_hook = true;
        ssr_operation_load(operation, real->queries[QUERIES - 1]);
        real->is_in_hook = false;
    }
    if (route->hook_responds) {
        ssr_operation_set_status(operation, 201);
        ssr_operation_set_header(operation, "X-A", "hook");
    }
    return route->hook_fails ? ssr_operation_fail(operation, "gone", "it was asked to fail") : SSR_OK;
}

static ssr_status declare_args(const char *location, ssr_builder *args, void *arg)
{
    const struct part *part = arg;
    const char *text = model_values[part->real->page->routes[part->index].declared_value].written;
    if (model_known_location(location) != model_locations[part->index])
        text_format(&part->real->complaints, "arguments were made for %s at %s\n", model_locations[part->index],
                    location);
    return ssr_builder_json(args, text, strlen(text));
}

const ssr_route *model_find_route(const char *location, void *arg)
{
    struct real *real = arg;
    for (unsigned i = 0; i < LOCATIONS; i++)
        if (strcmp(location, model_locations[i]) == 0)
            return &real->routes[i];
    return NULL;
}

/* ---- Defining --------------------------------------------------------------------------------------------------- */

static ssr_status init_store(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    const struct part *init = arg;
    const struct model_store_definition *definition = &init->real->page->stores[init->index];
    const char *text = model_values[definition->value].written;
    if (definition->copies_lower)
        return note(init->real, ssr_builder_value(value, ssr_get(ctx, init->real->stores[init->index - 1])));
    return note(init->real, ssr_builder_json(value, text, strlen(text)));
}

static ssr_store *define_store(struct real *real, ssr_registry *registry, unsigned at)
{
    static const char *const names[STORES] = {"s0", "s1", "s2", "s3", "s4"};
    const struct model_store_definition *definition = &real->page->stores[at];
    real->inits[at] = (struct part){real, at};
    ssr_store_options options = {.lifetime = definition->is_derived ? SSR_DERIVED : SSR_STICKY,
                                 .policy = definition->is_local ? SSR_LOCAL : SSR_TRANSFERRED,
                                 .always = definition->is_always};
    if (definition->has_init) {
        options.init = init_store;
        options.init_arg = &real->inits[at];
    } else {
        options.default_json = model_values[definition->value].written;
    }
    return ssr_store_define(registry, names[at], &options);
}

static ssr_cookie *define_cookie(ssr_registry *registry, unsigned at)
{
    static const char *const names[COOKIES] = {"c0", "c1", "c2"};
    bool has_fallback = strcmp(model_fallbacks[at], "null") != 0;
    return ssr_cookie_define(registry, names[at],
                             &(ssr_cookie_options){.encoding = model_encodings[at],
                                                   .fallback_json = has_fallback ? model_fallbacks[at] : NULL});
}

static ssr_query *define_query(struct real *real, ssr_registry *registry, unsigned at)
{
    static const char *const names[QUERIES] = {"q0", "q1", "q2"};
    const struct loader *loader = &real->page->loaders[at];
    real->loaders[at] = (struct part){real, at};
    return ssr_query_define(registry, names[at],
                            &(ssr_query_options){.load = load_query,
                                                 .load_arg = &real->loaders[at],
                                                 .timeout_ms = loader->is_slow ? 10 : 0,
                                                 .policy = loader->is_local ? SSR_LOCAL : SSR_TRANSFERRED});
}

static void define_rest(struct real *real, ssr_registry *registry)
{
    static const char *const names[NODES] = {"n0", "n1", "n2", "n3", "n4"};
    ssr_atom_options atom = {.default_json = "0"};
    ssr_context_options context = {.policy = SSR_TRANSFERRED};
    real->atoms[0] = ssr_atom_define(registry, "a0", &atom);
    real->contexts[0] = ssr_context_define(registry, "x0", &context);
    atom.policy = context.policy = SSR_LOCAL;
    real->atoms[1] = ssr_atom_define(registry, "a1", &atom);
    real->contexts[1] = ssr_context_define(registry, "x1", &context);
    for (unsigned i = 0; i < NODES; i++) {
        real->nodes[i] = (struct part){real, i};
        real->components[i] = ssr_component_define(
            registry, names[i], &(ssr_component_options){.render = run_component, .arg = &real->nodes[i]});
    }
}

static void make_routes(struct real *real)
{
    for (unsigned i = 0; i < LOCATIONS; i++) {
        const struct route *route = &real->page->routes[i];
        real->locations[i] = (struct part){real, i};
        real->hooks[i] = (ssr_hook){"hook", run_hook, &real->locations[i]};
        real->declared[i] =
            (ssr_declared_loader){real->queries[route->declared_query], declare_args, &real->locations[i]};
        real->routes[i] = (ssr_route){&real->hooks[i], route->has_hook, &real->declared[i], route->declares};
    }
}

void model_define(struct real *real)
{
    ssr_registry *registry = ssr_engine_registry(real->engine);
    for (unsigned i = 0; i < STORES; i++)
        real->stores[i] = define_store(real, registry, i);
    for (unsigned i = 0; i < COOKIES; i++)
        real->cookies[i] = define_cookie(registry, i);
    for (unsigned i = 0; i < QUERIES; i++)
        real->queries[i] = define_query(real, registry, i);
    define_rest(real, registry);
    make_routes(real);
    if (ssr_engine_start(real->engine) != SSR_OK)
        text_format(&real->complaints, "the engine did not start: %s\n", ssr_registry_error(registry));
}
