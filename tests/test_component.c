/*
 * Component boundaries. Random trees of components that read, set, ask, provide and render each other are rendered
 * four times: with boundaries, with boundaries of which none is reused, in the checking mode, and with plain calls.
 * Documents, values, cookies, headers, passes and outcome must be the same, also when the render is called off at some
 * step; and nobody is said to have broken a promise. A plain call has no identity of its own, so trees that show ids
 * are not compared with plain calls. test_boundaries.c has the cases that were made by hand.
 *
 * TEST_TREES=N renders that many random trees, TEST_SEED=N begins with that one.
 */
#include "fixture.h"

#include <limits.h>

#include "ssrstore/cjson.h"

/* ---- A random program -------------------------------------------------------------------------------------------- */

enum { NODES = 9, OPS = 7, STORES = 4, COOKIES = 2, QUERIES = 2, CONTEXTS = 2, ATOMS = 2, SHOWN = 4 };

enum op_kind {
    OP_TEXT,
    OP_SHOW_STORE,
    OP_SHOW_COOKIE,
    OP_SHOW_QUERY,
    OP_SHOW_CONTEXT,
    OP_SHOW_ATOM,
    OP_SHOW_PASS,
    OP_SHOW_PENDING,
    OP_SHOW_SHARED,
    OP_SHOW_LAZY,
    OP_SHOW_UNREADABLE,
    OP_SHOW_VIEW,
    OP_SHOW_ATOMS,
    OP_SHOW_ATOM_KEY,
    OP_SHOW_ID,
    OP_SET_STORE,
    OP_SET_COOKIE,
    OP_DELETE_COOKIE,
    OP_SEND_COOKIE,
    OP_SET_CONTEXT,
    OP_ACT_CONTEXT,
    OP_CHANGE_ATOM,
    OP_LISTEN,
    OP_HYDRATE,
    OP_EFFECT,
    OP_DESTROY_ATOM,
    OP_CLONE_ATOM,
    OP_STATUS,
    OP_HEADER,
    OP_REFUSED,
    OP_TRANSFER,
    OP_REDIRECT,
    OP_FAIL,
    OP_REASON,
    OP_CHILD,
    OP_BYTES,
    OP_CHILD_IF,
    OP_CHILDREN,
    OP_PROVIDE,
    OP_KINDS
};

struct op {
    enum op_kind kind;
    unsigned a, b, c;
};

struct node {
    struct op ops[OPS];
    size_t count;
    unsigned index;
    struct program *program;
};

struct program {
    struct node nodes[NODES];
    bool uses_boundaries;
    bool shows_ids, has_hooks, follows, is_data_only, is_deadline;
    bool stops_on_cycle, is_unreadable; /* what was sent as the second cookie, which keeps an atom */
    uint64_t allowed, forbidden;
    unsigned rarity; /* of the rare kinds: one in so many */
    unsigned stop;   /* the step before which the render is called off */
    unsigned calls;  /* of the page */
    unsigned latest; /* the pass that it ran in last */
    ssr_store *lazy;
    ssr_cookie *unreadable;
    ssr_shared *shared;
    ssr_component_definition *components[NODES];
    ssr_store *stores[STORES];
    ssr_cookie *cookies[COOKIES];
    ssr_query *queries[QUERIES];
    ssr_context *contexts[CONTEXTS];
    ssr_atom_template *atoms[ATOMS];
};

static uint64_t state;

static unsigned draw(unsigned below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(state >> 33) % below;
}

/* Rare kinds stand once, common ones several times. */
static enum op_kind draw_kind(bool is_leaf, unsigned rarity)
{
    static const enum op_kind kinds[] = {
        OP_TEXT,        OP_SHOW_STORE,  OP_SHOW_STORE, OP_SHOW_COOKIE, OP_SHOW_QUERY, OP_SHOW_CONTEXT, OP_SHOW_CONTEXT,
        OP_CHANGE_ATOM, OP_SET_CONTEXT, OP_SET_STORE,  OP_SET_STORE,   OP_SET_COOKIE, OP_STATUS,       OP_HEADER,
        OP_REFUSED,     OP_SHOW_ATOM,   OP_CHILD,      OP_CHILD,       OP_CHILD,      OP_CHILD_IF,     OP_CHILD_IF,
        OP_CHILDREN,    OP_PROVIDE,     OP_PROVIDE,    OP_BYTES};
    static const enum op_kind rare[] = {
        OP_SHOW_PASS,  OP_DELETE_COOKIE, OP_SET_CONTEXT, OP_CHANGE_ATOM,  OP_TRANSFER,        OP_REDIRECT,
        OP_FAIL,       OP_SHOW_PENDING,  OP_SHOW_SHARED, OP_SHOW_LAZY,    OP_SHOW_UNREADABLE, OP_SHOW_VIEW,
        OP_SHOW_ATOMS, OP_SHOW_ATOM_KEY, OP_SHOW_ID,     OP_SEND_COOKIE,  OP_ACT_CONTEXT,     OP_LISTEN,
        OP_HYDRATE,    OP_EFFECT,        OP_REASON,      OP_DESTROY_ATOM, OP_CLONE_ATOM};
    if (draw(rarity) == 0)
        return rare[draw(TEST_COUNT(rare))];
    enum op_kind kind = kinds[draw(TEST_COUNT(kinds))];
    return is_leaf && kind >= OP_CHILD ? OP_SHOW_STORE : kind;
}

static void draw_program(struct program *program)
{
    program->shows_ids = draw(4) == 0;
    program->has_hooks = draw(3) == 0;
    program->follows = draw(2);
    program->is_data_only = draw(12) == 0;
    program->is_deadline = draw(2);
    program->stop = draw(4) ? UINT_MAX : draw(8);
    program->stops_on_cycle = draw(4) == 0;
    program->is_unreadable = draw(3) == 0;
    program->allowed = draw(4) ? SSR_UNLIMITED : draw(4);
    program->forbidden = program->stops_on_cycle ? 20 : draw(4) ? 6 : draw(4);
    program->rarity = 3 + draw(8);
    for (unsigned i = 0; i < NODES; i++) {
        struct node *node = &program->nodes[i];
        node->index = i;
        node->program = program;
        node->count = 1 + draw(OPS);
        for (size_t j = 0; j < node->count; j++)
            node->ops[j] = (struct op){draw_kind(i + 1 == NODES, program->rarity), draw(1000), draw(1000), draw(1000)};
    }
}

/* ---- Running it ---------------------------------------------------------------------------------------------------
 */

struct call {
    const struct node *node;
    const char *key;
    int64_t props;
    bool is_bytes;
};

static ssr_status run_node(ssr_ctx *ctx, const struct node *node, int64_t props);

static ssr_status run_component(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    int64_t number = -1;
    if (props->bytes)
        memcpy(&number, props->bytes, props->size);
    ssr_json_integer(props->json, &number);
    return run_node(ctx, arg, number);
}

static ssr_status render_call(ssr_ctx *ctx, void *arg)
{
    const struct call *call = arg;
    const struct program *program = call->node->program;
    if (!program->uses_boundaries)
        return run_node(ctx, call->node, call->props);
    const ssr_component_definition *component = program->components[call->node->index];
    if (call->is_bytes)
        return ssr_component_bytes(ctx, component, call->key, &call->props, sizeof call->props);
    return ssr_component(ctx, component, call->key, ssr_input_integer(call->props));
}

/* A child deeper in the list of nodes, under a key that is its own. */
static ssr_status render_child(ssr_ctx *ctx, const struct node *node, const struct op *op, unsigned which,
                               int64_t props)
{
    char key[32];
    unsigned rest = NODES - 1 - node->index;
    if (rest == 0)
        return SSR_OK;
    snprintf(key, sizeof key, "%u.%u", (unsigned)(op - node->ops), which);
    struct call call = {&node->program->nodes[node->index + 1 + (op->a + which) % rest], key, props,
                        op->kind == OP_BYTES};
    return render_call(ctx, &call);
}

static int64_t number_of(ssr_json json)
{
    int64_t number = 0;
    ssr_json_integer(json, &number);
    return number;
}

static int64_t store_number(ssr_ctx *ctx, const struct program *program, unsigned which)
{
    return ssr_get_integer(ctx, program->stores[which % STORES], 0);
}

static ssr_status show(ssr_ctx *ctx, const char *what, ssr_json json)
{
    ssr_html(ctx, what);
    return ssr_text_n(ctx, json.text, json.length);
}

static ssr_status add_one(ssr_draft *draft, void *arg)
{
    (void)arg;
    return ssr_draft_set(draft, "", ssr_input_integer(number_of(ssr_draft_get(draft, "")) + 1));
}

/* Refuses some values, what a cookie holds among them, and takes others in another form. */
static ssr_status look_at(ssr_draft *next, ssr_json old, const ssr_atom *atom, void *arg)
{
    int64_t number = number_of(ssr_draft_get(next, ""));
    (void)old, (void)atom, (void)arg;
    if (number % 5 == 3)
        return SSR_E_INVALID_ARGUMENT;
    return number % 5 == 4 ? ssr_draft_set(next, "", ssr_input_integer(number + 10)) : SSR_OK;
}

/* One more, back to the default, or a value that it may have already. */
static ssr_status change_atom(ssr_atom *atom, const struct op *op)
{
    if (op->b % 2 == 0)
        return ssr_atom_update_with(atom, add_one, NULL);
    return op->c % 4 == 0 ? ssr_atom_reset(atom) : ssr_atom_update(atom, ssr_input_integer(op->c % 4));
}

static ssr_atom *use_atom(ssr_ctx *ctx, const struct program *program, const struct op *op)
{
    return ssr_atom_use(ssr_atoms(ctx), program->atoms[op->a % ATOMS]);
}

/* Everything there is to know about the atoms that are in use. */
static ssr_status show_atoms(ssr_ctx *ctx, const struct op *op)
{
    ssr_atom_store *store = ssr_atoms(ctx);
    if (op->b % 3 == 0)
        return ssr_html(ctx, ssr_atom_store_has(store, op->a % 2 ? "a0" : "a1") ? "has" : "has not");
    if (op->b % 3 == 1)
        for (ssr_atom *atom = NULL; (atom = ssr_atom_store_next(store, atom)) != NULL;)
            show(ctx, "n", ssr_atom_value(atom));
    ssr_builder *snapshot = ssr_build(ctx);
    ssr_atom_store_snapshot(store, snapshot);
    return ssr_query_built(ctx, NULL, true).state == SSR_QUERY_FAILED ? SSR_E_FAILED : SSR_OK;
}

static ssr_status show_more(ssr_ctx *ctx, const struct program *program, const struct op *op)
{
    const cJSON *view;
    switch (op->kind) {
    case OP_SHOW_PENDING: return ssr_html(ctx, ssr_has_pending_changes(ctx) ? "pending" : "none");
    case OP_SHOW_SHARED: return show(ctx, "h", ssr_shared_get(ctx, program->shared));
    case OP_SHOW_LAZY: return show(ctx, "l", ssr_get_json(ctx, program->lazy));
    case OP_SHOW_UNREADABLE: return show(ctx, "u", ssr_cookie_get_json(ctx, program->unreadable));
    case OP_SHOW_VIEW:
        view = ssr_get_cjson(ctx, program->stores[op->a % STORES]);
        return view ? ssr_text_number(ctx, view->valuedouble) : SSR_OK;
    case OP_SHOW_ATOMS: return show_atoms(ctx, op);
    case OP_SHOW_ATOM_KEY: return ssr_html(ctx, ssr_atom_key(use_atom(ctx, program, op)));
    case OP_SHOW_ID:
        if (program->shows_ids && op->a % 2)
            ssr_text_integer(ctx, (int64_t)(ssr_random(ctx) >> 1));
        return program->shows_ids ? ssr_html(ctx, ssr_id(ctx)) : SSR_OK;
    default: return ssr_text_integer(ctx, ssr_pass(ctx));
    }
}

static ssr_status run_show(ssr_ctx *ctx, const struct program *program, const struct op *op)
{
    ssr_query_result result;
    switch (op->kind) {
    case OP_SHOW_STORE: return show(ctx, "s", ssr_get_json(ctx, program->stores[op->a % STORES]));
    case OP_SHOW_COOKIE: return show(ctx, "c", ssr_cookie_get_json(ctx, program->cookies[op->a % COOKIES]));
    case OP_SHOW_CONTEXT: return show(ctx, "x", ssr_context_use(ctx, program->contexts[op->a % CONTEXTS]));
    case OP_SHOW_ATOM:
        return show(ctx, "a", ssr_atom_value(ssr_atom_use(ssr_atoms(ctx), program->atoms[op->a % ATOMS])));
    case OP_SHOW_QUERY:
        result =
            ssr_query_integer(ctx, program->queries[op->a % QUERIES], store_number(ctx, program, op->b), op->c % 5 > 0);
        ssr_html(ctx, result.error);
        return show(ctx, "q", result.data);
    default: return show_more(ctx, program, op);
    }
}

/* What an effect sets. */
struct set {
    const struct program *program;
    const struct op *op;
    int64_t number;
};

static ssr_status set_in_effect(ssr_ctx *ctx, void *arg)
{
    const struct set *set = arg;
    return ssr_set_integer(ctx, set->program->stores[set->op->a % STORES], set->number);
}

static ssr_status change_other(ssr_atom *atom, ssr_json next, ssr_json previous, void *arg)
{
    (void)next, (void)previous, (void)atom;
    return ssr_atom_update_with(arg, add_one, NULL);
}

static ssr_status destroy_late(ssr_ctx *ctx, const struct program *program, const struct op *op)
{
    if (store_number(ctx, program, op->b) >= 2)
        ssr_atom_destroy(use_atom(ctx, program, op));
    return SSR_OK;
}

static ssr_status clone_atom(ssr_ctx *ctx, const struct program *program, const struct op *op)
{
    ssr_atom *clone = ssr_atom_clone(use_atom(ctx, program, op));
    if (op->b % 2)
        change_atom(clone, op);
    show(ctx, "k", ssr_atom_value(clone));
    if (op->c % 2)
        ssr_atom_destroy(clone);
    return SSR_OK;
}

static ssr_status set_more(ssr_ctx *ctx, const struct program *program, const struct op *op, int64_t number)
{
    struct set set = {program, op, number};
    char text[32];
    snprintf(text, sizeof text, "{\"a%u\":%d}", op->a % ATOMS, (int)number);
    switch (op->kind) {
    case OP_SEND_COOKIE:
        return ssr_cookie_send(
            ctx, &((ssr_set_cookie){.name = op->a % 2 ? "c0" : "hand", .value = text + 2, .value_length = 2}));
    case OP_ACT_CONTEXT:
        return ssr_context_act(ctx, program->contexts[op->a % CONTEXTS], "add", ssr_input_integer(number));
    case OP_LISTEN:
        ssr_atom_on_change(ssr_atom_use(ssr_atoms(ctx), program->atoms[0]), change_other,
                           ssr_atom_use(ssr_atoms(ctx), program->atoms[1]));
        return SSR_OK;
    case OP_HYDRATE: return ssr_atom_store_hydrate(ssr_atoms(ctx), ssr_input_json(text));
    case OP_EFFECT: return ssr_effect(ctx, set_in_effect, &set);
    case OP_DESTROY_ATOM: return destroy_late(ctx, program, op);
    case OP_CLONE_ATOM: return clone_atom(ctx, program, op);
    default: return ssr_set_json(ctx, program->stores[op->a % STORES], "[", 1);
    }
}

static ssr_status run_set(ssr_ctx *ctx, const struct program *program, const struct op *op, int64_t props)
{
    int64_t number = (store_number(ctx, program, op->b) + (int64_t)(op->c % 3) + props) % SHOWN;
    char text[16];
    snprintf(text, sizeof text, "%d", (int)number);
    bool is_late = op->kind == OP_SET_CONTEXT || op->kind == OP_CHANGE_ATOM; /* now and then, in a later pass only */
    if (is_late && op->c % 4 && store_number(ctx, program, op->b) < 2)
        return SSR_OK;
    switch (op->kind) {
    case OP_SET_STORE: return ssr_set_integer(ctx, program->stores[op->a % STORES], number);
    case OP_SET_COOKIE: return ssr_cookie_set(ctx, program->cookies[op->a % COOKIES], ssr_input_string(text));
    case OP_DELETE_COOKIE: return ssr_cookie_delete(ctx, program->cookies[op->a % COOKIES]);
    case OP_SET_CONTEXT: return ssr_context_set(ctx, program->contexts[op->a % CONTEXTS], ssr_input_integer(number));
    case OP_CHANGE_ATOM: return change_atom(use_atom(ctx, program, op), op);
    case OP_STATUS: return ssr_set_status(ctx, 200 + (int)number);
    case OP_HEADER: return ssr_set_header(ctx, op->a % 2 ? "X-A" : "X-B", text);
    default: return set_more(ctx, program, op, number);
    }
}

static ssr_status run_children(ssr_ctx *ctx, const struct node *node, const struct op *op)
{
    const struct program *program = node->program;
    char key[16];
    int64_t number = store_number(ctx, program, op->b);
    snprintf(key, sizeof key, "p%u", (unsigned)(op - node->ops));
    struct call call = {&program->nodes[node->index + 1], key, number, false};
    if (op->kind == OP_CHILD || op->kind == OP_BYTES)
        return render_child(ctx, node, op, 0, op->c % 3 ? 1 : number);
    if (op->kind == OP_CHILD_IF)
        return number % 2 ? render_child(ctx, node, op, 0, 1) : SSR_OK;
    if (op->kind == OP_PROVIDE)
        return ssr_context_provide(ctx, program->contexts[op->a % CONTEXTS], op->c % 2 ? NULL : "k",
                                   ssr_input_integer(op->c % 3 ? number : 1), render_call, &call);
    for (unsigned i = 0; i < 3; i++) /* in an order that changes, some of them only sometimes */
        if ((unsigned)number != i || op->c % 2)
            render_child(ctx, node, op, (i + (unsigned)number) % 3, 2);
    return SSR_OK;
}

static ssr_status run_op(ssr_ctx *ctx, const struct node *node, const struct op *op, int64_t props)
{
    const struct program *program = node->program;
    switch (op->kind) {
    case OP_TEXT: return ssr_text_integer(ctx, (int64_t)node->index * 100 + props);
    case OP_TRANSFER: ssr_transfer_here(ctx); return SSR_OK;
    case OP_REDIRECT:
        return store_number(ctx, program, op->b) == 3 ? ssr_redirect(ctx, op->a % 2 ? "/a" : "/b", 0) : SSR_OK;
    case OP_FAIL: return store_number(ctx, program, op->b) == 2 ? SSR_E_FAILED : SSR_OK;
    case OP_REASON: return store_number(ctx, program, op->b) == 1 ? ssr_fail(ctx, "one") : SSR_OK;
    default: break;
    }
    if (op->kind >= OP_CHILD)
        return run_children(ctx, node, op);
    if (op->kind >= OP_SET_STORE)
        run_set(ctx, program, op, props);
    else
        run_show(ctx, program, op);
    return SSR_OK;
}

/* What a part answers is now and then passed on, now and then overlooked. */
static ssr_status run_node(ssr_ctx *ctx, const struct node *node, int64_t props)
{
    ssr_html(ctx, "<");
    for (size_t i = 0; i < node->count; i++) {
        ssr_status status = run_op(ctx, node, &node->ops[i], props);
        if (status != SSR_OK && (node->ops[i].c + i) % 4 == 0)
            return status;
    }
    return ssr_html(ctx, ">");
}

static ssr_status page(ssr_ctx *ctx, void *arg)
{
    struct program *program = arg;
    program->calls++;
    program->latest = ssr_pass(ctx);
    return run_node(ctx, &program->nodes[0], 0);
}

static ssr_status init_lazy(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    const struct program *program = arg;
    ssr_set_integer(ctx, program->stores[0], 3); /* refused */
    int64_t number = number_of(ssr_atom_value(ssr_atom_use(ssr_atoms(ctx), program->atoms[1])));
    return ssr_builder_integer(value, number * 10 + store_number(ctx, program, 1));
}

static ssr_status act_add(ssr_draft *draft, ssr_json argument, void *arg)
{
    (void)arg;
    return ssr_draft_set(draft, "", ssr_input_integer(number_of(ssr_draft_get(draft, "")) + number_of(argument)));
}

static ssr_status run_hook(ssr_operation *operation, void *arg)
{
    const struct program *program = arg;
    ssr_builder_integer(ssr_operation_build_store(operation), 2);
    ssr_operation_set(operation, program->stores[2]);
    ssr_builder_integer(ssr_operation_build_store(operation), 1);
    ssr_operation_set(operation, program->stores[3]);
    ssr_operation_set_cookie(operation, program->cookies[1], ssr_input_string("hook"));
    ssr_builder_integer(ssr_operation_build_store(operation), 4);
    ssr_operation_update_atom(operation, program->atoms[1]);
    ssr_operation_set_header(operation, "X-A", "hook");
    ssr_builder_integer(ssr_operation_build_args(operation), 1);
    ssr_operation_load(operation, program->queries[0]);
    return SSR_OK;
}

static const ssr_route *find_route(const char *location, void *arg)
{
    static ssr_hook hook = {"hook", run_hook, NULL};
    static const ssr_route route = {.hooks = &hook, .hook_count = 1};
    struct program *program = arg;
    hook.arg = program;
    return program->has_hooks && strcmp(location, "/b") != 0 ? &route : NULL;
}

static ssr_status load(ssr_operation *operation, void *arg)
{
    const struct program *program = arg;
    int64_t number = number_of(ssr_operation_args(operation));
    if (number == 3)
        return ssr_operation_fail(operation, "three", "three is refused");
    if (number == 2) {
        ssr_builder_integer(ssr_operation_build_store(operation), 1);
        ssr_operation_set(operation, program->stores[0]);
        ssr_operation_set_cookie(operation, program->cookies[0], ssr_input_string("loaded"));
        ssr_builder_integer(ssr_operation_build_store(operation), 7);
        ssr_operation_update_atom(operation, program->atoms[0]);
    }
    return ssr_builder_integer(ssr_operation_build(operation), number * 7);
}

/* ---- Comparing ----------------------------------------------------------------------------------------------------
 */

static void define(struct program *program, ssr_registry *registry)
{
    char name[16];
    for (unsigned i = 0; i < NODES; i++) {
        snprintf(name, sizeof name, "n%u", i);
        program->components[i] = ssr_component_define(
            registry, name, &(ssr_component_options){.render = run_component, .arg = &program->nodes[i]});
    }
    for (unsigned i = 0; i < STORES; i++) {
        snprintf(name, sizeof name, "s%u", i);
        program->stores[i] = ssr_store_define(
            registry, name,
            &(ssr_store_options){.default_json = i % 2 ? "1" : "0", .lifetime = i == 3 ? SSR_DERIVED : SSR_STICKY});
    }
    for (unsigned i = 0; i < COOKIES; i++) {
        snprintf(name, sizeof name, "c%u", i);
        program->cookies[i] = ssr_cookie_define(registry, name, &(ssr_cookie_options){.encoding = SSR_COOKIE_JSON});
    }
    for (unsigned i = 0; i < QUERIES; i++) {
        snprintf(name, sizeof name, "q%u", i);
        program->queries[i] = ssr_query_define(registry, name, &(ssr_query_options){.load = load, .load_arg = program});
    }
    for (unsigned i = 0; i < CONTEXTS; i++) {
        snprintf(name, sizeof name, "x%u", i);
        program->contexts[i] = ssr_context_define(
            registry, name, &(ssr_context_options){.actions = &(ssr_action){"add", act_add, NULL}, .action_count = 1});
    }
    for (unsigned i = 0; i < ATOMS; i++) {
        snprintf(name, sizeof name, "a%u", i);
        program->atoms[i] = ssr_atom_define(
            registry, name,
            &(ssr_atom_options){.default_json = "0", .before_update = look_at, .persist = i == 0 ? "c0" : "c1"});
    }
    program->lazy = ssr_store_define(registry, "lazy", &(ssr_store_options){.init = init_lazy, .init_arg = program});
    program->unreadable = ssr_cookie_define(registry, "u", &(ssr_cookie_options){.encoding = SSR_COOKIE_JSON});
    program->shared = ssr_shared_define(registry, "shared", &(ssr_shared_options){.initial_json = "6"});
}

__attribute__((format(printf, 3, 4))) static void put(char *text, size_t size, const char *format, ...)
{
    size_t length = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + length, size - length, format, arguments);
    va_end(arguments);
}

/* Everything that leaves a render, as one text. */
static void describe(const ssr_result *result, char *text, size_t size)
{
    text[0] = '\0';
    put(text, size, "%s %u %u %u %d refused %u\n", ssr_outcome_name(result->outcome), result->passes, result->rerenders,
        result->query_passes, result->status, result->refused);
    for (size_t i = 0; i < result->header_count; i++)
        put(text, size, "%s: %s\n", result->headers[i].name, result->headers[i].value);
    for (size_t i = 0; i < result->set_cookie_count; i++)
        put(text, size, "%s\n", result->set_cookies[i]);
    put(text, size, "%s %s\n%s\n%s\n", result->location, result->redirect_to ? result->redirect_to : "", result->error,
        result->data);
    for (size_t i = 0; i < result->segment_count; i++)
        put(text, size, "%.*s", (int)result->segments[i].length, result->segments[i].bytes);
}

/* In the first, the document is rendered in segments. */
enum mode { BOUNDARIES, EVERYTHING, CHECKED, PLAIN, MODES };

static void run_operations(ssr_render *render)
{
    for (ssr_operation *operation; (operation = ssr_render_next_operation(render)) != NULL;)
        ssr_operation_run(operation);
}

/* Steps to the end; called off before step `stop`. */
static void drive(struct fixture *fixture, const struct program *program, unsigned stop)
{
    ssr_render *render = fixture->render;
    ssr_step step = SSR_STEP_AGAIN;
    for (unsigned i = 0; step != SSR_STEP_ENDED; i++) {
        bool is_off = i >= stop;
        if (is_off && !program->is_deadline)
            ssr_render_cancel(render);
        step = ssr_render_step(render, is_off ? 20 : 0);
        if (step == SSR_STEP_WAITING)
            run_operations(render);
    }
    fixture->result = ssr_render_result(render);
}

/*
 * Renders, and answers how many passes were discarded, each of which has taken a step; UINT_MAX: called off when one
 * had been discarded and not run again, where the others are not between two steps.
 */
static unsigned render(struct program *program, enum mode mode, unsigned stop, char *text, size_t size)
{
    struct fixture fixture;
    fixture_init(&fixture);
    fixture.config.stop_on_cycle = program->stops_on_cycle;
    fixture.config.allowed_rerenders_count = program->allowed;
    fixture.config.forbidden_rerenders_count = program->forbidden;
    fixture.config.max_query_passes = 6;
    fixture.config.reuse_components = mode != EVERYTHING;
    fixture.config.check_components = mode == CHECKED;
    fixture.config.log.record = NULL;
    fixture_open(&fixture);
    program->uses_boundaries = mode != PLAIN;
    program->calls = program->latest = 0;
    define(program, fixture.registry);
    fixture_start(&fixture);
    const char *cookies = program->is_unreadable ? "c0=3; c1=%7B; u=%7B" : "c0=3; c1=1; u=%7B";
    ssr_request request = {.redirects = program->follows ? SSR_REDIRECTS_FOLLOW : SSR_REDIRECTS_REPORT,
                           .cookie_headers = &cookies,
                           .cookie_header_count = 1,
                           .data_only = program->is_data_only,
                           .in_segments = mode == BOUNDARIES,
                           .find_route = find_route,
                           .find_route_arg = program,
                           .seed = 7,
                           .deadline_ms = program->is_deadline ? 10 : 0};
    assert_status(ssr_render_new(fixture.engine, page, program, &request, &fixture.render), SSR_OK);
    drive(&fixture, program, stop);
    describe(fixture.result, text, size);
    unsigned discarded = program->calls - fixture.result->passes;
    if (program->latest > fixture.result->passes)
        discarded = UINT_MAX;
    fixture_close(&fixture);
    return discarded;
}

/* Answers how many passes were discarded. */
static unsigned compare(struct program *program, unsigned seed)
{
    static char reused[65536], other[65536];
    unsigned discarded = render(program, BOUNDARIES, program->stop, reused, sizeof reused);
    if (discarded == UINT_MAX)
        return 1;
    unsigned stop = program->stop == UINT_MAX ? UINT_MAX : program->stop - discarded;
    for (enum mode mode = EVERYTHING; mode < MODES; mode++) {
        if (mode == PLAIN && program->shows_ids)
            continue;
        assert_int_equal(render(program, mode, stop, other, sizeof other), 0);
        if (strcmp(reused, other) != 0)
            fail_msg("tree of seed %u, reused:\n%s\n---- mode %d:\n%s", seed, reused, (int)mode, other);
    }
    return discarded;
}

static unsigned number_from(const char *name, unsigned otherwise)
{
    const char *text = getenv(name);
    return text ? (unsigned)atoi(text) : otherwise;
}

static void random_trees_are_the_same_with_boundaries(void **unused)
{
    (void)unused;
    static struct program program;
    unsigned trees = number_from("TEST_TREES", sweep_rounds(2000)), first = number_from("TEST_SEED", 1), discarded = 0;
    for (unsigned seed = first; seed < first + trees; seed++) {
        state = seed * UINT64_C(0x9e3779b97f4a7c15);
        draw_program(&program);
        discarded += compare(&program, seed);
    }
    print_message("%u trees from seed %u on, %u passes discarded\n", trees, first, discarded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_trees_are_the_same_with_boundaries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
