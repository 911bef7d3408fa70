/*
 * Component boundaries, by hand: one case for each rule of what may be taken over, for each effect that is replayed,
 * for each refusal, and for what the checking mode names. Most cases render one page three times: everything run,
 * reused, and checked; what leaves the render must be the same, and how often each part ran is counted.
 *
 * "Without:" says how a rule is taken out, so that the case below it fails.
 */
#include "fixture.h"

enum mode { EVERYTHING, REUSE, CHECK, MODES };
enum { PARTS = 8, TEXT = 32768 };

/* ---- A world in which pages are rendered ------------------------------------------------------------------------- */

struct part {
    ssr_component_fn render;
    bool always;
};

static struct world {
    struct fixture fixture;
    ssr_store *a, *b, *c, *derived, *lazy, *never;
    ssr_cookie *cookie, *json_cookie;
    ssr_query *query;
    ssr_context *x, *y;
    ssr_atom_template *atom, *other_atom, *kept_atom, *unreadable_atom;
    ssr_shared *shared;
    ssr_component_definition *parts[PARTS];
    const struct part *plan;
    unsigned runs[PARTS]; /* of each part, in the last render */
    unsigned effects;     /* that ran, likewise */
    unsigned late;        /* parts called when the render had failed already, likewise */
    unsigned secret;      /* what a part that breaks its promise looks at */
    char text[MODES][TEXT];
} w;

static ssr_status run_part(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    size_t index = (size_t)((const struct part *)arg - w.plan);
    w.runs[index]++;
    w.late += ssr_html(ctx, "") != SSR_OK;
    return w.plan[index].render(ctx, props, NULL);
}

static int64_t number_of(ssr_json json)
{
    int64_t number = -1;
    ssr_json_integer(json, &number);
    return number;
}

static ssr_status load(ssr_operation *operation, void *arg)
{
    (void)arg;
    int64_t number = number_of(ssr_operation_args(operation));
    if (number == 13)
        return ssr_operation_fail(operation, "unlucky", "13");
    if (number == 14) { /* gives c as well */
        ssr_builder_integer(ssr_operation_build_store(operation), number);
        ssr_operation_set(operation, w.c);
    }
    return ssr_builder_integer(ssr_operation_build(operation), number * 10);
}

/* Refused each time: an init may not set. Uses an atom, which nobody else does. */
static ssr_status init_lazy(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    (void)arg;
    ssr_set_integer(ctx, w.c, 99);
    return ssr_builder_integer(value, number_of(ssr_atom_value(ssr_atom_use(ssr_atoms(ctx), w.other_atom))));
}

static ssr_status init_never(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    (void)value, (void)arg;
    return ssr_fail(ctx, "nobody should have asked");
}

static void define(ssr_registry *registry, const struct part *parts)
{
    w.a = ssr_store_define(registry, "a", &(ssr_store_options){.default_json = "0"});
    w.b = ssr_store_define(registry, "b", &(ssr_store_options){.default_json = "0"});
    w.c = ssr_store_define(registry, "c", &(ssr_store_options){.default_json = "0"});
    w.derived =
        ssr_store_define(registry, "derived", &(ssr_store_options){.default_json = "0", .lifetime = SSR_DERIVED});
    w.lazy = ssr_store_define(registry, "lazy", &(ssr_store_options){.init = init_lazy});
    w.never = ssr_store_define(registry, "never", &(ssr_store_options){.init = init_never});
    w.cookie = ssr_cookie_define(registry, "raw", NULL);
    w.json_cookie = ssr_cookie_define(registry, "json", &(ssr_cookie_options){.encoding = SSR_COOKIE_JSON});
    w.query = ssr_query_define(registry, "query", &(ssr_query_options){.load = load});
    w.x = ssr_context_define(registry, "x", NULL);
    w.y = ssr_context_define(registry, "y", NULL);
    w.atom = ssr_atom_define(registry, "atom", &(ssr_atom_options){.default_json = "0"});
    w.other_atom = ssr_atom_define(registry, "other", &(ssr_atom_options){.default_json = "7"});
    w.kept_atom =
        ssr_atom_define(registry, "kept", &(ssr_atom_options){.default_json = "\"default\"", .persist = "raw"});
    w.unreadable_atom = ssr_atom_define(registry, "unreadable", &(ssr_atom_options){.persist = "json"});
    w.shared = ssr_shared_define(registry, "shared", &(ssr_shared_options){.initial_json = "5"});
    static const char *const names[PARTS] = {"P0", "P1", "P2", "P3", "P4", "P5", "P6", "P7"};
    w.plan = parts;
    for (size_t i = 0; i < PARTS && parts && parts[i].render; i++)
        w.parts[i] = ssr_component_define(
            registry, names[i],
            &(ssr_component_options){.render = run_part, .arg = (void *)&parts[i], .always = parts[i].always});
}

/* Everything defined, the engine started. */
static void open_world(enum mode mode, const struct part *parts)
{
    fixture_init(&w.fixture);
    w.fixture.config.reuse_components = mode != EVERYTHING;
    w.fixture.config.check_components = mode == CHECK;
    w.fixture.config.forbidden_rerenders_count = 8;
    fixture_open(&w.fixture);
    define(w.fixture.registry, parts);
    fixture_start(&w.fixture);
    memset(w.runs, 0, sizeof w.runs);
    w.effects = w.late = w.secret = 0;
}

static void close_world(void)
{
    fixture_close(&w.fixture);
}

__attribute__((format(printf, 2, 3))) static void put(char *text, const char *format, ...)
{
    size_t length = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    int more = vsnprintf(text + length, TEXT - length, format, arguments);
    va_end(arguments);
    assert_true(more >= 0 && length + (size_t)more < TEXT);
}

/* Everything that leaves a render. */
static void describe(const ssr_result *result, char *text)
{
    text[0] = '\0';
    put(text, "%s %u %u %u %d refused %u\n", ssr_outcome_name(result->outcome), result->passes, result->rerenders,
        result->query_passes, result->status, result->refused);
    for (size_t i = 0; i < result->header_count; i++)
        put(text, "%s: %s\n", result->headers[i].name, result->headers[i].value);
    for (size_t i = 0; i < result->set_cookie_count; i++)
        put(text, "%s\n", result->set_cookies[i]);
    put(text, "%s %s\n%s\n%s\n%s", result->location, result->redirect_to ? result->redirect_to : "", result->error,
        result->html, result->data);
}

static ssr_request with_cookies(ssr_request request)
{
    static const char *const sent = "raw=sent; json=%7B";
    request.cookie_headers = &sent;
    request.cookie_header_count = 1;
    return request;
}

/* Renders with a mode; the world stays open, for the result. */
static const ssr_result *render(enum mode mode, ssr_page_fn page, const struct part *parts, ssr_request request)
{
    open_world(mode, parts);
    request = with_cookies(request);
    fixture_run_request(&w.fixture, page, NULL, &request);
    describe(w.fixture.result, w.text[mode]);
    return w.fixture.result;
}

static void expect_same(enum mode mode)
{
    if (strcmp(w.text[EVERYTHING], w.text[mode]) != 0)
        fail_msg("%s:\n%s\n---- everything run:\n%s", mode == CHECK ? "checked" : "reused", w.text[mode],
                 w.text[EVERYTHING]);
}

/* All three modes leave the same; w.runs is of the one that reuses. The document is answered. */
static const char *expect_all_same(ssr_page_fn page, const struct part *parts, ssr_request request)
{
    static const enum mode order[MODES] = {EVERYTHING, CHECK, REUSE};
    for (size_t i = 0; i < MODES; i++) {
        if (i > 0)
            close_world();
        render(order[i], page, parts, request);
        expect_same(order[i]);
    }
    return w.fixture.result->html;
}

#define NO_REQUEST ((ssr_request){0})

/* ---- What parts do ------------------------------------------------------------------------------------------------
 */

static ssr_status show(ssr_ctx *ctx, const char *what, ssr_json json)
{
    ssr_html(ctx, what);
    return json.text ? ssr_text_n(ctx, json.text, json.length) : ssr_html(ctx, "-");
}

static int64_t a_of(ssr_ctx *ctx)
{
    return ssr_get_integer(ctx, w.a, 0);
}

/* Set by the page, one more in each pass: so many passes run, each with another a. */
static ssr_status raise_a(ssr_ctx *ctx, int64_t until)
{
    int64_t now = a_of(ctx);
    return now < until ? ssr_set_integer(ctx, w.a, now + 1) : SSR_OK;
}

static ssr_status part(ssr_ctx *ctx, unsigned index)
{
    return ssr_component(ctx, w.parts[index], NULL, ssr_input_null());
}

static ssr_status show_a(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return show(ctx, "a", ssr_get_json(ctx, w.a));
}

static ssr_status show_b(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return show(ctx, "b", ssr_get_json(ctx, w.b));
}

static ssr_status show_x(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return show(ctx, "x", ssr_context_use(ctx, w.x));
}

static ssr_status show_props(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)arg;
    return show(ctx, "p", props->json);
}

/* ---- Found in review ----------------------------------------------------------------------------------------------
 */

static ssr_status wrap_1(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    show(ctx, "<b", ssr_get_json(ctx, w.b));
    part(ctx, 1);
    return ssr_html(ctx, ">");
}

static ssr_status part_0(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    return part(ctx, 0);
}

/* b is 1 in pass 2 only, in which the wrapper runs; the context changes in pass 3. */
static ssr_status provide_late(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    raise_a(ctx, 3);
    if (a_of(ctx) == 0)
        ssr_set_integer(ctx, w.b, 1);
    return ssr_context_provide(ctx, w.x, NULL, ssr_input_integer(a_of(ctx) >= 2 ? 2 : 1), part_0, NULL);
}

/* The wrapper has not read x in its latest run, but what it has taken over has. */
static void what_a_child_has_seen_stays_with_its_parent(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = wrap_1}, {.render = show_x}};
    assert_string_equal(expect_all_same(provide_late, parts, NO_REQUEST), "<b1x2>");
    close_world();
}

static ssr_status show_snapshot(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    ssr_builder *snapshot = ssr_build(ctx);
    ssr_atom_store_snapshot(ssr_atoms(ctx), snapshot);
    ssr_set_built(ctx, w.c);
    return SSR_OK;
}

static ssr_status show_atom_key(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return ssr_text(ctx, ssr_atom_key(ssr_atom_use(ssr_atoms(ctx), w.atom)));
}

static ssr_status use_other_when_a(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return a_of(ctx) ? show(ctx, "o", ssr_atom_value(ssr_atom_use(ssr_atoms(ctx), w.other_atom))) : SSR_OK;
}

static ssr_status use_kept_unless_a(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return a_of(ctx) ? SSR_OK : show(ctx, "k", ssr_atom_value(ssr_atom_use(ssr_atoms(ctx), w.kept_atom)));
}

/* Its cookie takes no number: an atom in use refuses it, and one that is not keeps it for later. */
static ssr_status hydrate_kept(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    ssr_atom_store_hydrate(ssr_atoms(ctx), ssr_input_json("{\"kept\":5}"));
    return SSR_OK;
}

static ssr_status three_parts(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    raise_a(ctx, 1);
    part(ctx, 0);
    part(ctx, 1);
    return part(ctx, 2);
}

static ssr_status set_cookie_when_a(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return a_of(ctx) ? ssr_cookie_set(ctx, w.cookie, ssr_input_string("other")) : SSR_OK;
}

/* Writes what the cookie says already. */
static ssr_status keep_what_was_sent(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return ssr_atom_update(ssr_atom_use(ssr_atoms(ctx), w.kept_atom), ssr_input_string("sent"));
}

/* Without: save_atom takes a write that changes nothing for one that depends on the cookie alone. */
static void an_atom_that_does_not_change_is_kept_behind_another_write(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {
        {.render = set_cookie_when_a}, {.render = keep_what_was_sent}, {.render = show_a}};
    assert_string_equal(expect_all_same(three_parts, parts, NO_REQUEST), "a1");
    assert_int_equal(w.fixture.result->passes, 2);
    assert_string_equal(w.fixture.result->set_cookies[0], "raw=sent; Path=/; SameSite=Lax");
    close_world();
}

/* Which atoms others have used before is not what a component alone decides. */
static void looking_at_what_has_been_used_runs_in_every_pass(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {
        {.render = use_other_when_a}, {.render = show_atom_key}, {.render = show_snapshot}};
    assert_string_equal(expect_all_same(three_parts, parts, NO_REQUEST), "o7atom.clone.2");
    assert_non_null(strstr(w.fixture.result->data, "\"c\":{\"atom\":0,\"other\":7}"));
    close_world();
    static const struct part hydrating[PARTS] = {
        {.render = use_kept_unless_a}, {.render = hydrate_kept}, {.render = show_a}};
    assert_string_equal(expect_all_same(three_parts, hydrating, NO_REQUEST), "a1");
    assert_int_equal(w.fixture.result->refused, 1);
    close_world();
}

static ssr_status show_json_cookie(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return show(ctx, "c", ssr_cookie_get_json(ctx, w.json_cookie));
}

static ssr_status show_lazy(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return show(ctx, "l", ssr_get_json(ctx, w.lazy));
}

/* An unreadable cookie, and what an init did, are refused once and not once a pass. */
static void what_happens_once_is_not_replayed(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = show_json_cookie}, {.render = show_lazy}, {.render = show_a}};
    expect_all_same(three_parts, parts, NO_REQUEST);
    assert_int_equal(w.fixture.result->refused, 2);
    close_world();
}

/* Fails, and its parent overlooks it. */
static ssr_status fail_always(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return ssr_fail(ctx, "no");
}

static ssr_status overlook(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return part(ctx, 1) == SSR_OK ? SSR_OK : ssr_html(ctx, "failed");
}

static ssr_status climb(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    raise_a(ctx, 4);
    part(ctx, 0);
    return part(ctx, 2);
}

/* The parent of one that failed is asked again, so that no pass has to be run twice. */
static void a_failed_child_runs_its_parent(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = overlook}, {.render = fail_always}, {.render = show_b}};
    assert_string_equal(expect_all_same(climb, parts, NO_REQUEST), "failedb0");
    assert_int_equal(w.fixture.result->passes, 5);
    assert_int_equal(w.runs[0], 5);
    assert_int_equal(w.runs[1], 5);
    assert_int_equal(w.runs[2], 1);
    close_world();
}

/* Changes an atom once a is set, which the part before it was taken over without. */
static ssr_status show_atom(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return show(ctx, "t", ssr_atom_value(ssr_atom_use(ssr_atoms(ctx), w.atom)));
}

static ssr_status change_atom_when_a(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    if (a_of(ctx))
        ssr_atom_update(ssr_atom_use(ssr_atoms(ctx), w.atom), ssr_input_integer(a_of(ctx)));
    return SSR_OK;
}

static ssr_status set_b_to_a(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return ssr_set_integer(ctx, w.b, a_of(ctx) + 10);
}

/* Steps until the pass that is run again has been discarded, and calls the render off there. */
static void step_and_cancel(unsigned steps, bool by_deadline)
{
    ssr_render_free(w.fixture.render);
    assert_status(ssr_render_new(w.fixture.engine, three_parts, NULL,
                                 &(ssr_request){.deadline_ms = by_deadline ? 10 : 0}, &w.fixture.render),
                  SSR_OK);
    for (unsigned i = 0; i < steps; i++)
        ssr_render_step(w.fixture.render, 0);
    if (!by_deadline)
        ssr_render_cancel(w.fixture.render);
    while (ssr_render_step(w.fixture.render, 20) != SSR_STEP_ENDED)
        continue;
    describe(ssr_render_result(w.fixture.render), w.text[REUSE]);
}

static void a_discarded_pass_leaves_nothing(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {
        {.render = show_atom}, {.render = change_atom_when_a}, {.render = set_b_to_a}};
    open_world(REUSE, parts);
    for (unsigned by_deadline = 0; by_deadline < 2; by_deadline++) {
        step_and_cancel(1, by_deadline);
        strcpy(w.text[EVERYTHING], w.text[REUSE]);
        step_and_cancel(2, by_deadline); /* pass 2 was run and discarded */
        expect_same(REUSE);
    }
    close_world();
}

static ssr_status fail_when_b(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    show_b(ctx, props, arg);
    return ssr_get_integer(ctx, w.b, 0) ? SSR_E_FAILED : SSR_OK;
}

static ssr_status pass_on(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    ssr_status status = part(ctx, 1);
    return status == SSR_OK ? ssr_html(ctx, "passed on") : status;
}

static ssr_status ask_when_good(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    ssr_set_integer(ctx, w.b, 1);
    if (part(ctx, 0) == SSR_OK && ssr_get_integer(ctx, w.b, 0)) {
        ssr_get_integer(ctx, w.c, 0);
        ssr_shared_get(ctx, w.shared);
        ssr_cookie_get(ctx, w.json_cookie);
        ssr_get_integer(ctx, w.lazy, 0);
        ssr_query_integer(ctx, w.query, 1, true);
    }
    return SSR_OK;
}

/* Pass 2: the walked part answers well, because it cannot know better, and the page asks for more. */
static void a_discarded_pass_has_touched_nothing(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = pass_on}, {.render = fail_when_b}};
    assert_string_equal(expect_all_same(ask_when_good, parts, NO_REQUEST), "b1");
    assert_string_equal(w.fixture.result->data,
                        "{\"atoms\":{},\"contexts\":{},\"queries\":{},\"stores\":{\"b\":1},\"v\":1}");
    close_world();
}

static ssr_status wait_for_c(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    ssr_set_integer(ctx, w.b, 1);
    bool has_c = ssr_query_integer(ctx, w.query, 14, true).state == SSR_QUERY_READY;
    part(ctx, 0);
    return has_c ? show(ctx, "c", ssr_get_json(ctx, w.c)) : SSR_OK;
}

/* Without: untouch() does not look at was_given. c is first touched by the answer, between the passes. */
static void a_discarded_pass_keeps_what_it_was_given(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = pass_on}, {.render = fail_when_b}};
    assert_string_equal(expect_all_same(wait_for_c, parts, NO_REQUEST), "b1c14");
    close_world();
}

static ssr_status leave_last(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    ssr_html(ctx, "l");
    ssr_set_status(ctx, 7);
    return SSR_OK;
}

static ssr_status show_last(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    raise_a(ctx, 1);
    part(ctx, 0);
    return ssr_html(ctx, ssr_status_name(ssr_last_status(ctx)));
}

static void a_component_answers_for_itself(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = leave_last}};
    expect_all_same(show_last, parts, NO_REQUEST);
    close_world();
}

/* Asked, but not enabled; then enabled by the one before, in a pass in which others behind it are walked. */
static ssr_status ask_disabled(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)arg;
    bool is_enabled = number_of(props->json) == 1 && ssr_get_integer(ctx, w.b, 0) == 1; /* the others do not read b */
    ssr_query_result result = ssr_query_integer(ctx, w.query, 1, is_enabled);
    ssr_text_integer(ctx, (int64_t)result.state);
    return number_of(props->json) == 1 ? SSR_OK : part(ctx, 2);
}

static ssr_status three_askers(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    for (int64_t i = 0; i < 3; i++) {
        ssr_html(ctx, "<i>");
        ssr_component(ctx, w.parts[1], i == 0 ? "0" : i == 1 ? "1" : "2", ssr_input_integer(i));
    }
    return ssr_html(ctx, "</i>");
}

static ssr_status ask_then_leave(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    if (strcmp(ssr_location(ctx), "/") == 0) {
        ssr_query_integer(ctx, w.query, 1, true);
        return ssr_redirect(ctx, "/next", 0);
    }
    ssr_set_integer(ctx, w.b, 1);
    return part(ctx, 0);
}

static void a_query_enabled_in_a_walk_runs_who_asked_before(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = three_askers}, {.render = ask_disabled}, {.render = show_b}};
    expect_all_same(ask_then_leave, parts, (ssr_request){.redirects = SSR_REDIRECTS_FOLLOW});
    close_world();
}

/* ---- Rule 1: in document order ------------------------------------------------------------------------------------
 */

static ssr_status show_b_and_props(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    show_b(ctx, props, arg);
    return show_props(ctx, props, arg);
}

static ssr_status row(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    for (int64_t i = 0; i < 4; i++) {
        char key[2] = {(char)('0' + i), '\0'};
        ssr_html(ctx, ";");
        ssr_component(ctx, w.parts[1], key, ssr_input_integer(i));
    }
    return ssr_html(ctx, ".");
}

static ssr_status set_b_late(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    raise_a(ctx, 3);
    ssr_set_integer(ctx, w.b, a_of(ctx) < 2 ? 7 : 12345);
    return part(ctx, 0);
}

/* Without: ssr_frame_take_dirty does not sort. */
static void dirty_children_run_in_their_order(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = row}, {.render = show_b_and_props}};
    assert_string_equal(expect_all_same(set_b_late, parts, NO_REQUEST), ";b12345p0;b12345p1;b12345p2;b12345p3.");
    assert_int_equal(w.runs[0], 1);
    assert_int_equal(w.runs[1], 4 * 3);
    close_world();
}

static ssr_status set_c_to_a(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return ssr_set_integer(ctx, w.c, a_of(ctx));
}

static ssr_status set_c_to_9(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return ssr_set_integer(ctx, w.c, 9);
}

static ssr_status show_a_then_b(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    part(ctx, 1);
    ssr_html(ctx, "<hr>");
    return part(ctx, 2);
}

static ssr_status set_a_then_b(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    if (a_of(ctx) == 0)
        ssr_set_integer(ctx, w.a, 123456789);
    else
        ssr_set_integer(ctx, w.b, 1);
    return part(ctx, 0);
}

/* Without: shift_until does nothing. In pass 2 what lies before b becomes longer, in pass 3 b is another. */
static void what_has_moved_is_found_again(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = show_a_then_b}, {.render = show_a}, {.render = show_b}};
    assert_string_equal(expect_all_same(set_a_then_b, parts, NO_REQUEST), "a123456789<hr>b1");
    assert_int_equal(w.runs[0], 1);
    close_world();
}

/* Without: what is taken over replays nothing (take_span). The last set wins, be it fresh or replayed. */
static void the_last_set_wins_fresh_or_replayed(void **unused)
{
    (void)unused;
    static const struct part fresh_first[PARTS] = {{.render = set_c_to_a}, {.render = set_c_to_9}, {.render = show_b}};
    static const struct part replayed_first[PARTS] = {
        {.render = set_c_to_9}, {.render = set_c_to_a}, {.render = show_b}};
    expect_all_same(three_parts, fresh_first, NO_REQUEST);
    assert_non_null(strstr(w.fixture.result->data, "\"c\":9"));
    close_world();
    expect_all_same(three_parts, replayed_first, NO_REQUEST);
    assert_non_null(strstr(w.fixture.result->data, "\"c\":1"));
    close_world();
}

/* ---- Rule 2: what clean is ----------------------------------------------------------------------------------------
 */

static ssr_status give_a(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    raise_a(ctx, 2);
    ssr_component(ctx, w.parts[0], "json", ssr_input_integer(a_of(ctx)));
    int64_t bytes[2] = {7, a_of(ctx)};
    return ssr_component_bytes(ctx, w.parts[1], "bytes", bytes, sizeof bytes);
}

static ssr_status show_bytes(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)arg;
    assert_null(props->json.text);
    assert_int_equal(props->size, 16);
    assert_int_equal((uintptr_t)props->bytes % sizeof(int64_t), 0);
    return ssr_text_integer(ctx, ((const int64_t *)props->bytes)[1]);
}

/* Without: ssr_frame_has_props compares sizes only. */
static void other_props_run(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = show_props}, {.render = show_bytes}};
    assert_string_equal(expect_all_same(give_a, parts, NO_REQUEST), "p22");
    assert_int_equal(w.runs[0], 3);
    close_world();
}

static ssr_status give_two_forms(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    raise_a(ctx, 1);
    return a_of(ctx) == 0 ? ssr_component(ctx, w.parts[0], NULL, ssr_input_integer(12))
                          : ssr_component_bytes(ctx, w.parts[0], NULL, "12", 2);
}

static ssr_status show_form(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)arg;
    return ssr_html(ctx, props->json.text ? "as JSON" : "as bytes");
}

/* Without: ssr_frame_has_props does not ask whether they are JSON. */
static void the_same_bytes_are_other_props_than_json(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = show_form}};
    assert_string_equal(expect_all_same(give_two_forms, parts, NO_REQUEST), "as bytes");
    assert_int_equal(w.runs[0], 2);
    close_world();
}

/* A read of each kind that changes from pass to pass. */
static ssr_status read_everything(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)arg;
    ssr_query_result result;
    switch (number_of(props->json)) {
    case 0: return show(ctx, "s", ssr_get_json(ctx, w.a));
    case 1: return show(ctx, "c", ssr_cookie_get_json(ctx, w.cookie));
    case 2: result = ssr_query_integer(ctx, w.query, 13, true); return ssr_html(ctx, result.error);
    case 3: return ssr_text_integer(ctx, ssr_pass(ctx));
    case 4: return show(ctx, "x", ssr_context_use(ctx, w.x));
    case 5: return ssr_html(ctx, ssr_has_pending_changes(ctx) ? "pending" : "none");
    case 6: result = ssr_query_integer(ctx, w.query, 5, false); return show(ctx, "q", result.data);
    default: return show(ctx, "h", ssr_shared_get(ctx, w.shared));
    }
}

static ssr_status all_reads(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    char key[2] = "0";
    for (int64_t i = 0; i < 8; i++, key[0]++)
        ssr_component(ctx, w.parts[0], key, ssr_input_integer(i));
    return SSR_OK;
}

static ssr_status change_everything(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    raise_a(ctx, 3);
    ssr_cookie_set(ctx, w.cookie, ssr_input_string(a_of(ctx) ? "new" : "mid"));
    all_reads(ctx, NULL); /* without a provider in pass 1 and 2 */
    ssr_query_integer(ctx, w.query, 5, true);
    return SSR_OK;
}

static ssr_status provide_or_not(ssr_ctx *ctx, void *arg)
{
    return a_of(ctx) < 2 ? change_everything(ctx, arg)
                         : ssr_context_provide(ctx, w.x, NULL, ssr_input_integer(a_of(ctx)), change_everything, NULL);
}

/*
 * Without, one at a time: ssr_commit_staged does not touch readers; note_answer does not; ssr_pass or
 * ssr_has_pending_changes notes nothing; ask() with no load is not noted; ssr_contexts_hold is always true.
 */
static void what_was_read_and_has_changed_runs(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = read_everything}};
    const char *html = expect_all_same(provide_or_not, parts, NO_REQUEST);
    assert_string_equal(html, "s3c&quot;new&quot;unlucky4x3noneq50h5");
    close_world();
}

/* ---- Rule 3: walking ----------------------------------------------------------------------------------------------
 */

enum { DEEP = 1000, ITEMS = 20 };

static ssr_status nest(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)arg;
    int64_t depth = number_of(props->json);
    ssr_html(ctx, "(");
    if (depth == DEEP)
        ssr_component(ctx, w.parts[1], NULL, ssr_input_null());
    else
        ssr_component(ctx, w.parts[0], NULL, ssr_input_integer(depth + 1));
    return ssr_html(ctx, ")");
}

static ssr_status nested_page(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    raise_a(ctx, 2);
    return ssr_component(ctx, w.parts[0], NULL, ssr_input_integer(1));
}

/* Without: can_reuse says no to a frame with dirty children. */
static void one_of_a_thousand_nested_runs_alone(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = nest}, {.render = show_a}};
    const char *html = expect_all_same(nested_page, parts, NO_REQUEST);
    assert_int_equal(strlen(html), 2 * DEEP + 2);
    assert_int_equal(w.runs[0], DEEP);
    assert_int_equal(w.runs[1], 3);
    close_world();
}

static ssr_status items_page(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    part(ctx, 1); /* the header */
    for (int64_t i = 0; i < ITEMS; i++) {
        char key[2] = {(char)('a' + i), '\0'};
        ssr_component(ctx, w.parts[0], key, ssr_input_integer(i));
    }
    return ssr_set_integer(ctx, w.a, 1);
}

static void a_header_among_twenty_runs_alone(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = show_props}, {.render = show_a}};
    expect_all_same(items_page, parts, NO_REQUEST);
    assert_int_equal(w.runs[0], ITEMS);
    assert_int_equal(w.runs[1], 2);
    close_world();
}

/* In another order in each pass, the last one without item 0 and with a new one. */
static ssr_status reorder(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    raise_a(ctx, 3);
    for (int64_t i = 0; i < 5; i++) {
        int64_t item = a_of(ctx) < 3 ? (i * 2 + a_of(ctx)) % 5 : 5 - i;
        char key[2] = {(char)('a' + item), '\0'};
        ssr_component(ctx, w.parts[0], key, ssr_input_integer(item));
    }
    return SSR_OK;
}

static void keyed_items_are_reused_in_any_order(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = show_props}};
    assert_string_equal(expect_all_same(reorder, parts, NO_REQUEST), "p5p4p3p2p1");
    assert_int_equal(w.runs[0], 6);
    close_world();
}

/* What the passes of a page render: items by their numbers, in order; one that comes twice is refused. */
enum { LISTS = 4, MOST_ITEMS = 60 };
static struct list {
    unsigned items[MOST_ITEMS];
    size_t count;
} lists[LISTS];
static uint64_t chance;

static unsigned draw(size_t below)
{
    chance = chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((chance >> 33) % below);
}

/* Keys of any length, around that of a short one. */
static ssr_status show_item(ssr_ctx *ctx, unsigned item)
{
    static const char *const forms[] = {"%u", "item-%u", "a long key, and then %u", "%08u"};
    char key[40];
    snprintf(key, sizeof key, item > 0 ? forms[item % TEST_COUNT(forms)] : "", item);
    return ssr_component(ctx, w.parts[0], key, ssr_input_integer(item));
}

static ssr_status show_list(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    raise_a(ctx, LISTS - 1);
    const struct list *list = &lists[a_of(ctx)];
    for (size_t i = 0; i < list->count; i++)
        show_item(ctx, list->items[i]);
    return SSR_OK;
}

/* How often an item stands before a place. */
static size_t count_before(const struct list *list, size_t end, unsigned item)
{
    size_t count = 0;
    for (size_t i = 0; i < end; i++)
        count += list->items[i] == item;
    return count;
}

static void swap(struct list *list, size_t a, size_t b)
{
    unsigned item = list->items[a];
    list->items[a] = list->items[b];
    list->items[b] = item;
}

/* What pages do to a list: nothing, one more, one less, two change places, backwards, shuffled. */
static void change_list(struct list *list)
{
    size_t change = draw(6), count = list->count, at = draw(count);
    if (change == 1 && count < MOST_ITEMS) {
        memmove(&list->items[at + 1], &list->items[at], (count - at) * sizeof *list->items);
        list->items[at] = draw(2) ? 1000 + draw(1000) : draw(MOST_ITEMS);
        list->count++;
    }
    if (change == 2 && count > 1)
        memmove(&list->items[at], &list->items[at + 1], (--list->count - at) * sizeof *list->items);
    if (change == 3)
        swap(list, at, draw(count));
    for (size_t i = 0; change == 4 && i < count / 2; i++)
        swap(list, i, count - 1 - i);
    for (size_t i = 0; change == 5 && i < count; i++)
        swap(list, i, draw(count));
}

/* Counts what has to run and what has to be refused, not knowing how it is found out. */
static void draw_lists(unsigned *runs, unsigned *refused)
{
    *runs = *refused = 0;
    for (size_t l = 0; l < LISTS; l++) {
        lists[l].count = l > 0 ? lists[l - 1].count : 1 + draw(MOST_ITEMS);
        for (size_t i = 0; i < lists[l].count; i++)
            lists[l].items[i] = l > 0 ? lists[l - 1].items[i] : (unsigned)i;
        for (unsigned changes = draw(4); changes > 0; changes--)
            change_list(&lists[l]);
        for (size_t i = 0; i < lists[l].count; i++) {
            bool is_duplicate = count_before(&lists[l], i, lists[l].items[i]) > 0;
            bool was_there = l > 0 && count_before(&lists[l - 1], lists[l - 1].count, lists[l].items[i]) > 0;
            *refused += is_duplicate;
            *runs += !is_duplicate && !was_there;
        }
    }
}

/* Without: ssr_frame_adopt does not take a former child out of its list; or keeps_order says yes to equal keys. */
static void keys_may_have_any_length_and_order(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = show_props}};
    for (uint64_t seed = 1; seed <= 60; seed++) {
        unsigned runs, refused;
        chance = seed;
        draw_lists(&runs, &refused);
        expect_all_same(show_list, parts, NO_REQUEST);
        assert_int_equal(w.runs[0], runs);
        assert_int_equal(w.fixture.result->refused, refused);
        close_world();
    }
}

/* ---- Rule 4: context ----------------------------------------------------------------------------------------------
 */

static ssr_status show_a_and_x(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    show_a(ctx, props, arg);
    return show_x(ctx, props, arg);
}

static ssr_status inside_1(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    return part(ctx, 1);
}

static ssr_status inside_2(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    return part(ctx, 2);
}

static ssr_status provide_5(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return ssr_context_provide(ctx, w.x, "k", ssr_input_integer(5), inside_1, NULL);
}

static ssr_status provide_at_first(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    raise_a(ctx, 1);
    return a_of(ctx) == 0 ? ssr_context_provide(ctx, w.x, NULL, ssr_input_integer(5), inside_1, NULL) : part(ctx, 1);
}

/* Without: ssr_contexts_hold does not ask whether there is a provider. */
static void a_provider_that_goes_is_missed(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = show_a}, {.render = show_x}};
    assert_string_equal(expect_all_same(provide_at_first, parts, NO_REQUEST), "x-");
    close_world();
}

static ssr_status provide_y(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return ssr_context_provide(ctx, w.y, NULL, ssr_input_integer(6), inside_2, NULL);
}

static ssr_status show_a_x_and_y(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    show_a_and_x(ctx, props, arg);
    return show(ctx, "y", ssr_context_use(ctx, w.y));
}

static ssr_status outer_page(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    raise_a(ctx, 2);
    part(ctx, 0);
    return part(ctx, 3);
}

/* Without: can_reuse does not look at `provides`. */
static void providers_are_there_for_what_runs_inside(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {
        {.render = provide_5}, {.render = provide_y}, {.render = show_a_x_and_y}, {.render = show_b}};
    assert_string_equal(expect_all_same(outer_page, parts, NO_REQUEST), "a2x5y6b0");
    assert_non_null(strstr(w.fixture.result->data, "\"contexts\":{\"/x:k\":5,\"/x:k/y\":6}"));
    assert_int_equal(w.runs[0], 3);
    assert_int_equal(w.runs[3], 1);
    close_world();
}

static ssr_status hold_provider(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return part(ctx, 0);
}

static ssr_status page_3(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    raise_a(ctx, 3);
    return part(ctx, 3);
}

/* Without: visit() does not look at `provides`. */
static void a_provider_on_a_walk_runs(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {
        {.render = provide_5}, {.render = show_a_and_x}, {.render = show_b}, {.render = hold_provider}};
    assert_string_equal(expect_all_same(page_3, parts, NO_REQUEST), "a3x5");
    assert_int_equal(w.runs[3], 1);
    close_world();
}

static ssr_status hold_provider_and_a(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    part(ctx, 0); /* provides, and is clean */
    return part(ctx, 4);
}

static ssr_status page_5(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    raise_a(ctx, 3);
    return part(ctx, 5);
}

/* A clean provider that is taken over on a walk does not make who is walked one. */
static void a_provider_inside_does_not_stop_a_walk(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = provide_5}, {.render = show_x},
                                             {.render = show_b},    {.render = show_b},
                                             {.render = show_a},    {.render = hold_provider_and_a}};
    assert_string_equal(expect_all_same(page_5, parts, NO_REQUEST), "x5a3");
    assert_int_equal(w.runs[5], 1);
    assert_int_equal(w.runs[4], 4);
    close_world();
}

/* ---- Rule 5: effects ----------------------------------------------------------------------------------------------
 */

static ssr_status count_effect(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    w.effects++;
    return ssr_set_integer(ctx, w.c, 3);
}

static ssr_status leave_effects(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    ssr_html(ctx, "before");
    ssr_transfer_here(ctx);
    ssr_html(ctx, "after");
    ssr_set_status(ctx, 404);
    ssr_set_header(ctx, "X-Part", "yes");
    ssr_set_integer(ctx, w.derived, 4);
    ssr_cookie_set_with(ctx, w.cookie, ssr_input_string("written"),
                        &((ssr_cookie_attributes){.path = "/here", .max_age = 60}));
    ssr_cookie_delete(ctx, w.json_cookie);
    ssr_cookie_send(ctx, &((ssr_set_cookie){.name = "hand", .value = "made", .value_length = 4}));
    ssr_set_json(ctx, w.b, "[", 1); /* refused */
    ssr_atom_use(ssr_atoms(ctx), w.atom);
    ssr_effect(ctx, count_effect, NULL);
    ssr_context_provide(ctx, w.y, "part", ssr_input_string("initial"), inside_2, NULL);
    return SSR_OK;
}

/*
 * Without: take_span does not replay; or one of replay_status, replay_header, replay_stage, replay_write, replay_hand,
 * replay_refusal, replay_use, replay_transfer, replay_begin does nothing.
 */
static void effects_of_what_is_taken_over_are_there(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {
        {.render = leave_effects}, {.render = show_a}, {.render = show_b}, {.render = show_a}};
    expect_all_same(outer_page, parts, NO_REQUEST);
    const ssr_result *result = w.fixture.result;
    assert_int_equal(w.runs[0], 1);
    assert_int_equal(w.effects, 1);
    assert_int_equal(result->passes, 3);
    assert_int_equal(result->status, 404);
    assert_int_equal(result->refused, 4); /* three times this one, and once the unreadable cookie */
    assert_int_equal(result->set_cookie_count, 3);
    assert_string_equal(result->set_cookies[0], "raw=written; Path=/here; Max-Age=60; SameSite=Lax");
    assert_string_equal(result->headers[0].value, "yes");
    assert_non_null(strstr(result->html, "before<script"));
    assert_non_null(strstr(result->html, "</script>afterb0a2"));
    assert_non_null(strstr(result->data, "{\"atoms\":{\"atom\":0},\"contexts\":{\"/y:part\":\"initial\"}"));
    assert_non_null(strstr(result->data, "\"derived\":4"));
    close_world();
}

static ssr_status shifted_page(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    ssr_set_integer(ctx, w.a, 123456);
    part(ctx, 1);
    return part(ctx, 0);
}

/* Without: replay_transfer puts the element where it was. */
static void the_transfer_element_moves_with_its_component(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = leave_effects}, {.render = show_a}, {.render = show_b}};
    const char *html = expect_all_same(shifted_page, parts, NO_REQUEST);
    assert_int_equal(strncmp(html, "a123456before<script", 20), 0);
    close_world();
}

static ssr_status leave_when_a(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return a_of(ctx) == 2 ? ssr_redirect(ctx, "/elsewhere", 303) : show(ctx, "l", ssr_get_json(ctx, w.a));
}

static ssr_status redirecting_page(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    part(ctx, 1);
    if (strcmp(ssr_location(ctx), "/") != 0)
        return SSR_OK;
    raise_a(ctx, 2);
    return part(ctx, 0);
}

/* Without (rule 8): ssr_scope_restart does not forget the frames: show_b is taken over from the page that was left. */
static ssr_status show_place(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return ssr_text(ctx, ssr_location(ctx));
}

static void nothing_is_reused_across_locations(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = leave_when_a}, {.render = show_place}};
    const ssr_request follow = {.redirects = SSR_REDIRECTS_FOLLOW};
    assert_string_equal(expect_all_same(redirecting_page, parts, follow), "/elsewhere");
    assert_int_equal(w.runs[1], 2);
    close_world();
    expect_all_same(redirecting_page, parts, NO_REQUEST);
    assert_string_equal(w.fixture.result->redirect_to, "/elsewhere");
    close_world();
}

/* ---- Rule 6: props are copies -------------------------------------------------------------------------------------
 */

static ssr_status show_bytes_and_b(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)arg;
    ssr_html_n(ctx, props->bytes, props->size);
    return show(ctx, "b", ssr_get_json(ctx, w.b));
}

static ssr_status give_shared_bytes(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    char bytes[4] = "mine";
    ssr_component_bytes(ctx, w.parts[1], NULL, bytes, sizeof bytes);
    memset(bytes, 'x', sizeof bytes);
    return SSR_OK;
}

static ssr_status set_b_page(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    ssr_set_integer(ctx, w.b, 1);
    return part(ctx, 0);
}

/* Without: ssr_frame_set_props keeps no copy. In pass 2 the parent is walked, so nobody gives the props again. */
static void props_belong_to_the_boundary(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = give_shared_bytes}, {.render = show_bytes_and_b}};
    assert_string_equal(expect_all_same(set_b_page, parts, NO_REQUEST), "mineb1");
    assert_int_equal(w.runs[0], 1);
    close_world();
}

/* ---- Rule 7: what is hot ------------------------------------------------------------------------------------------
 */

static ssr_status add_to_atom(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    ssr_atom *atom = ssr_atom_use(ssr_atoms(ctx), w.atom);
    return ssr_atom_update(atom, ssr_input_integer(number_of(ssr_atom_value(atom)) + 1));
}

/* Without: ssr_frames_begin_pass does not touch the atoms: what was rewound is not done again. */
static void who_changed_an_atom_changes_it_in_each_pass(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = add_to_atom}, {.render = show_atom}, {.render = show_a}};
    assert_string_equal(expect_all_same(three_parts, parts, NO_REQUEST), "t1a1");
    close_world();
}

static ssr_status set_x(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return ssr_context_set(ctx, w.x, ssr_input_integer(8));
}

static ssr_status set_x_when_a(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return a_of(ctx) ? ssr_context_set(ctx, w.x, ssr_input_integer(8)) : SSR_OK;
}

static ssr_status three_in_x(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    return ssr_context_provide(ctx, w.x, NULL, ssr_input_integer(1), three_parts, NULL);
}

/* Without: ssr_frames_begin_pass does not touch the contexts: a fresh instance has not been changed. */
static void who_changed_a_context_changes_it_in_each_pass(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = set_x}, {.render = show_x}, {.render = show_a}};
    assert_string_equal(expect_all_same(three_in_x, parts, NO_REQUEST), "x8a1");
    close_world();
}

/* Without: ssr_frames_heat does not look who was taken over: who is behind the change shows what was before it. */
static void what_turns_hot_discards_the_pass(void **unused)
{
    (void)unused;
    static const struct part of_atoms[PARTS] = {
        {.render = change_atom_when_a}, {.render = show_atom}, {.render = show_b}};
    static const struct part of_contexts[PARTS] = {{.render = set_x_when_a}, {.render = show_x}, {.render = show_b}};
    assert_string_equal(expect_all_same(three_parts, of_atoms, NO_REQUEST), "t1b0");
    assert_int_equal(w.fixture.result->passes, 2);
    assert_non_null(strstr(w.fixture.record_json, "\"pass\":2,\"completed\":false"));
    close_world();
    assert_string_equal(expect_all_same(three_in_x, of_contexts, NO_REQUEST), "x8b0");
    close_world();
}

static ssr_status use_unreadable_when_a(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return a_of(ctx) ? show(ctx, "u", ssr_atom_value(ssr_atom_use(ssr_atoms(ctx), w.unreadable_atom))) : SSR_OK;
}

/* Without: ssr_atoms_forget_pass leaves what the atom was loaded with, and nobody is told that it could not be read. */
static void a_discarded_pass_has_read_no_cookie(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {
        {.render = show_atom}, {.render = use_unreadable_when_a}, {.render = change_atom_when_a}};
    assert_string_equal(expect_all_same(three_parts, parts, NO_REQUEST), "t0unull");
    assert_int_equal(w.fixture.result->refused, 1);
    close_world();
}

static ssr_status show_kept_atom(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return show(ctx, "k", ssr_atom_value(ssr_atom_use(ssr_atoms(ctx), w.kept_atom)));
}

/* Without: ssr_atom_log takes a value that comes from a cookie for a change. */
static void an_atom_that_is_loaded_from_its_cookie_is_not_hot(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = show_kept_atom}, {.render = show_atom}, {.render = show_a}};
    assert_string_equal(expect_all_same(three_parts, parts, NO_REQUEST), "k&quot;sent&quot;t0a1");
    assert_non_null(strstr(w.fixture.result->data, "\"kept\":\"sent\""));
    assert_int_equal(w.fixture.result->passes, 2);
    assert_int_equal(w.runs[0], 1);
    assert_int_equal(w.runs[1], 1);
    close_world();
}

/* ---- Rule 8: what is never reused ---------------------------------------------------------------------------------
 */

static ssr_status show_secret(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return ssr_text_integer(ctx, w.secret++);
}

static ssr_status wrap_secret(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return part(ctx, 1);
}

/* Without: call() does not look at `always`. */
static void always_runs_in_every_pass(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {
        {.render = wrap_secret}, {.render = show_secret, .always = true}, {.render = show_a}};
    assert_string_equal(expect_all_same(climb, parts, NO_REQUEST), "4a4");
    assert_int_equal(w.runs[0], 1);
    assert_int_equal(w.runs[1], 5);
    close_world();
}

/* Succeeds from pass 3 on, as what it breaks its promise with tells; nobody has noted that. */
static ssr_status fail_twice(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return w.secret++ < 2 ? SSR_E_FAILED : ssr_html(ctx, "good");
}

/* Without: call() does not look at the status. */
static void a_failed_one_is_never_reused(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = overlook}, {.render = fail_twice}, {.render = show_b}};
    assert_string_equal(expect_all_same(climb, parts, NO_REQUEST), "goodb0");
    assert_int_equal(w.runs[1], 3);
    close_world();
}

static ssr_status say_failed(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    ssr_set_integer(ctx, w.b, 1);
    return part(ctx, 0) == SSR_OK ? SSR_OK : ssr_html(ctx, " failed");
}

/* Fails in a pass in which its parent is walked. Without: visit() does not look at the status. */
static void a_parent_that_is_walked_sees_the_failure(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = pass_on}, {.render = fail_when_b}};
    assert_string_equal(expect_all_same(say_failed, parts, NO_REQUEST), "b1 failed");
    assert_int_equal(w.fixture.result->passes, 2);
    close_world();
}

/* What the page does only when it takes a failed part for a good one ends the render. */
static ssr_status trust(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    ssr_set_integer(ctx, w.b, 1);
    if (part(ctx, 0) != SSR_OK)
        return ssr_html(ctx, " failed");
    return ssr_get_integer(ctx, w.b, 0) == 0 || ssr_get(ctx, w.never) ? SSR_OK : ssr_last_status(ctx);
}

/* Without: judge_pass lets a pass that is to be discarded fail. */
static void a_discarded_pass_does_not_fail(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = pass_on}, {.render = fail_when_b}};
    assert_string_equal(expect_all_same(trust, parts, NO_REQUEST), "b1 failed");
    assert_string_equal(w.fixture.result->error, "");
    close_world();
}

/* ---- Rule 9: the checking mode ------------------------------------------------------------------------------------
 */

enum breach {
    OF_TEXT,
    OF_STORE,
    OF_STATUS,
    OF_HEADER,
    OF_COOKIE,
    OF_DELETION,
    OF_AGE,
    OF_PATH,
    OF_NEW_DOMAIN,
    OF_LOST_DOMAIN,
    OF_SECURE,
    OF_HTTP_ONLY,
    OF_PARTITIONED,
    OF_SAME_SITE,
    OF_HAND,
    OF_REFUSAL,
    OF_KEY,
    OF_NEW_KEY,
    OF_LENGTH,
    OF_ONE_MORE,
    OF_ANOTHER_CALL,
    OF_A_CALL_BEFORE,
    OF_ANOTHER_STORE,
    OF_CHILD,
    OF_LOST_CHILD,
    OF_FAILURE,
    OF_REASON,
    OF_REFUSED_CALL,
    OF_OFFSET,
    BREACHES
};

static ssr_status nothing(ssr_ctx *ctx, void *arg)
{
    (void)ctx, (void)arg;
    return SSR_OK;
}

/* The same value, sent in two ways. */
static ssr_status break_attribute(ssr_ctx *ctx, enum breach breach, unsigned number)
{
    static const ssr_cookie_attributes attributes[][2] = {
        [OF_AGE] = {{.max_age = 1}, {.max_age = 2}},
        [OF_PATH] = {{.path = "/a"}, {.path = "/b"}},
        [OF_NEW_DOMAIN] = {{.domain = NULL}, {.domain = "example.org"}},
        [OF_LOST_DOMAIN] = {{.domain = "example.org"}, {.domain = NULL}},
        [OF_SECURE] = {{.secure = false}, {.secure = true}},
        [OF_HTTP_ONLY] = {{.http_only = false}, {.http_only = true}},
        [OF_PARTITIONED] = {{.secure = true}, {.secure = true, .partitioned = true}},
        [OF_SAME_SITE] = {{.same_site = SSR_SAME_SITE_LAX}, {.same_site = SSR_SAME_SITE_STRICT}},
    };
    return ssr_cookie_set_with(ctx, w.cookie, ssr_input_string(""), &attributes[breach][number]);
}

/* The same mistake in two calls. */
static ssr_status refuse_in(ssr_ctx *ctx, unsigned number)
{
    if (number)
        ssr_context_provide(ctx, NULL, NULL, ssr_input_null(), nothing, NULL);
    else
        ssr_context_set(ctx, NULL, ssr_input_null());
    return SSR_OK;
}

static ssr_status break_promise(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)arg;
    unsigned number = w.secret++ > 0; /* another one in the first pass only */
    const char *text = number ? "1" : "0";
    enum breach breach = (enum breach)number_of(props->json);
    switch (breach) {
    case OF_TEXT: return ssr_html(ctx, text);
    case OF_STORE: return ssr_set_string(ctx, w.c, text);
    case OF_STATUS: return ssr_set_status(ctx, 200 + (int)number);
    case OF_HEADER: return ssr_set_header(ctx, "X-Part", text);
    case OF_COOKIE: return ssr_cookie_set(ctx, w.cookie, ssr_input_string(text));
    case OF_DELETION: /* reads as null either way */
        return number ? ssr_cookie_delete(ctx, w.json_cookie) : ssr_cookie_set(ctx, w.json_cookie, ssr_input_null());
    case OF_AGE:
    case OF_PATH:
    case OF_NEW_DOMAIN:
    case OF_LOST_DOMAIN:
    case OF_SECURE:
    case OF_HTTP_ONLY:
    case OF_PARTITIONED:
    case OF_SAME_SITE: return break_attribute(ctx, breach, number);
    case OF_HAND: return ssr_cookie_send(ctx, &((ssr_set_cookie){.name = "h", .value = text, .value_length = 1}));
    case OF_REFUSAL: ssr_set_json(ctx, number ? w.b : w.c, "[", 1); return SSR_OK;
    case OF_NEW_KEY: return ssr_context_provide(ctx, w.x, number ? text : NULL, ssr_input_null(), nothing, NULL);
    case OF_LENGTH: return ssr_html(ctx, number ? "longer" : "long");
    case OF_ONE_MORE: return number ? ssr_set_status(ctx, 200) : SSR_OK;
    case OF_ANOTHER_CALL: return number ? ssr_set_status(ctx, 200) : ssr_set_string(ctx, w.c, "");
    case OF_A_CALL_BEFORE: return number ? ssr_set_string(ctx, w.c, "") : ssr_set_status(ctx, 200);
    case OF_ANOTHER_STORE: return ssr_set_string(ctx, number ? w.b : w.c, "");
    case OF_CHILD: return ssr_component(ctx, w.parts[3], text, ssr_input_null());
    case OF_LOST_CHILD: return number ? SSR_OK : ssr_component(ctx, w.parts[3], NULL, ssr_input_null());
    case OF_FAILURE: return number ? SSR_E_FAILED : SSR_OK;
    case OF_REASON: ssr_set_json(ctx, w.c, number ? "]" : "1e999", number ? 1 : 5); return SSR_OK;
    case OF_REFUSED_CALL: return refuse_in(ctx, number);
    case OF_OFFSET: ssr_set_json(ctx, w.c, "[1", 1 + number); return SSR_OK;
    default: return ssr_context_provide(ctx, w.x, text, ssr_input_null(), nothing, NULL);
    }
}

static enum breach tried;

static ssr_status wrap_breach(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return ssr_component(ctx, w.parts[1], NULL, ssr_input_integer(tried));
}

static ssr_status two_parts(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    raise_a(ctx, 1);
    part(ctx, 0);
    return part(ctx, 2);
}

static unsigned count_named(const char *name)
{
    char text[64];
    unsigned count = 0;
    snprintf(text, sizeof text, "component \"%s\": component_impure", name);
    for (const char *at = w.fixture.record_text; (at = strstr(at, text)) != NULL; at++)
        count++;
    return count;
}

/* Without: check_components takes over; or is_as_before is always true. */
static void who_breaks_the_promise_is_named(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {
        {.render = wrap_breach}, {.render = break_promise}, {.render = show_a}, {.render = show_props}};
    for (tried = OF_TEXT; tried < BREACHES; tried++) {
        const ssr_result *result = render(CHECK, two_parts, parts, NO_REQUEST);
        if (count_named("P1") != 1 || count_named("P0") != 0)
            fail_msg("breach %d: %s", (int)tried, w.fixture.record_text);
        if (tried == OF_TEXT)
            assert_string_equal(result->html, "1a1"); /* the fresh one */
        close_world();
    }
}

/* Beside a child that has to run. */
static ssr_status leak_between(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    part(ctx, 1);
    return ssr_text_integer(ctx, w.secret++);
}

static ssr_status leak_props(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    return ssr_component(ctx, w.parts[1], NULL, ssr_input_integer(w.secret++));
}

/* By itself, and not for what its child does. */
static ssr_status fail_around(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    part(ctx, 1);
    return w.secret++ ? SSR_E_FAILED : SSR_OK;
}

static void a_walk_is_checked_too(void **unused)
{
    (void)unused;
    static const struct part failing[PARTS] = {{.render = fail_around}, {.render = show_a}, {.render = show_b}};
    render(CHECK, two_parts, failing, NO_REQUEST);
    assert_int_equal(count_named("P0"), 1);
    assert_int_equal(count_named("P1"), 0);
    close_world();
    static const struct part between[PARTS] = {{.render = leak_between}, {.render = show_a}, {.render = show_b}};
    static const struct part of_props[PARTS] = {{.render = leak_props}, {.render = show_props}, {.render = show_b}};
    render(CHECK, two_parts, between, NO_REQUEST);
    assert_int_equal(count_named("P0"), 1);
    assert_int_equal(w.fixture.result->refused, 1);
    close_world();
    render(CHECK, two_parts, of_props, NO_REQUEST);
    assert_int_equal(count_named("P0"), 1);
    close_world();
}

/* ---- Calls that are refused ---------------------------------------------------------------------------------------
 */

static ssr_status wrong_init(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    (void)arg;
    assert_status(part(ctx, 0), SSR_E_WRONG_PHASE);
    return ssr_builder_null(value);
}

static ssr_status refused_page(ssr_ctx *ctx, void *arg)
{
    const struct ssr_component_definition *foreign = arg;
    assert_status(part(ctx, 0), SSR_OK);
    assert_status(part(ctx, 0), SSR_E_DUPLICATE_COMPONENT);
    assert_status(ssr_component(ctx, w.parts[0], "", ssr_input_integer(2)), SSR_E_DUPLICATE_COMPONENT);
    assert_status(ssr_component(ctx, w.parts[0], "other", ssr_input_json("{")), SSR_E_SYNTAX);
    assert_status(ssr_component(ctx, w.parts[0], "other", ssr_input_json("{\"a\":[1]}")), SSR_OK);
    assert_status(ssr_component(ctx, NULL, NULL, ssr_input_null()), SSR_E_UNKNOWN_COMPONENT);
    assert_status(ssr_component_bytes(ctx, foreign, NULL, "x", 1), SSR_E_UNKNOWN_COMPONENT);
    assert_status(ssr_component_bytes(ctx, w.parts[0], "empty", NULL, 9), SSR_OK);
    return raise_a(ctx, 1);
}

static void what_cannot_be_rendered_is_refused(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = show_props}};
    struct fixture other;
    fixture_init(&other);
    fixture_open(&other);
    ssr_component_definition *foreign = ssr_component_define(
        other.registry, "P0", &(ssr_component_options){.render = run_part, .arg = (void *)&parts[0]});
    assert_ptr_equal(ssr_component_find(other.registry, "P0"), foreign);
    assert_string_equal(ssr_component_name(foreign), "P0");
    open_world(REUSE, parts);
    assert_status(fixture_run(&w.fixture, refused_page, foreign), SSR_OK);
    assert_string_equal(w.fixture.result->html, "pnullp{&quot;a&quot;:[1]}p-");
    assert_int_equal(w.fixture.result->refused, 2 * 5);
    assert_int_equal(w.runs[0], 3);
    close_world();
    ssr_component_definition *twice =
        ssr_component_define(other.registry, "P0", &(ssr_component_options){.render = run_part});
    assert_null(twice);
    assert_null(ssr_component_define(other.registry, "P1", NULL));
    assert_null(ssr_component_define(other.registry, "P1", &(ssr_component_options){.render = NULL}));
    assert_null(ssr_component_define(NULL, "P1", &(ssr_component_options){.render = run_part}));
    fixture_close(&other);
}

static ssr_status read_wrong(ssr_ctx *ctx, void *arg)
{
    ssr_get(ctx, arg);
    return SSR_OK;
}

static void an_init_declares_no_components(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = show_props}};
    fixture_init(&w.fixture);
    fixture_open(&w.fixture);
    define(w.fixture.registry, parts);
    ssr_store *wrong = ssr_store_define(w.fixture.registry, "wrong", &(ssr_store_options){.init = wrong_init});
    assert_null(ssr_component_define(w.fixture.registry, "none", &(ssr_component_options){NULL, NULL, false}));
    fixture_close(&w.fixture);
    fixture_init(&w.fixture);
    fixture_open(&w.fixture);
    define(w.fixture.registry, parts);
    wrong = ssr_store_define(w.fixture.registry, "wrong", &(ssr_store_options){.init = wrong_init});
    fixture_start(&w.fixture);
    assert_status(fixture_run(&w.fixture, read_wrong, wrong), SSR_OK);
    assert_int_equal(w.fixture.result->refused, 1);
    close_world();
}

/* ---- Identity -----------------------------------------------------------------------------------------------------
 */

static ssr_status show_identity(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    ssr_text(ctx, ssr_id(ctx));
    ssr_text_integer(ctx, (int64_t)(ssr_random(ctx) >> 1));
    return number_of(props->json) ? show_a(ctx, props, arg) : SSR_OK;
}

static ssr_status identities(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    raise_a(ctx, 2);
    ssr_text(ctx, ssr_id(ctx));
    for (int64_t i = 0; i < 4; i++) { /* those with odd numbers run again, in another order */
        int64_t item = (i + a_of(ctx)) % 4;
        char key[2] = {(char)('a' + item), '\0'};
        ssr_component(ctx, w.parts[0], key, ssr_input_integer(item % 2));
    }
    return ssr_text(ctx, ssr_id(ctx)) == SSR_OK ? SSR_OK : SSR_E_FAILED;
}

static void ids_belong_to_the_place_in_the_tree(void **unused)
{
    (void)unused;
    static const struct part parts[PARTS] = {{.render = show_identity}};
    expect_all_same(identities, parts, NO_REQUEST);
    assert_int_equal(w.runs[0], 4 + 2 * 2);
    close_world();
}

/* ---- Memory that runs out -----------------------------------------------------------------------------------------
 */

/*
 * Runs in every pass around a child that is taken over, and has seen that there is no provider; sees another context
 * that has none later on, and leaves so many effects that room for them is made in between. With props it sets only.
 */
static ssr_status run_around_x(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)arg;
    if (number_of(props->json) == 1) {
        ssr_context_set(ctx, w.y, ssr_input_null());
        return SSR_OK;
    }
    for (char key[2] = "a"; key[0] < 'f'; key[0]++)
        ssr_context_provide(ctx, w.y, key, ssr_input_null(), nothing, NULL);
    show(ctx, "around", ssr_get_json(ctx, w.a));
    if (a_of(ctx) > 0)
        ssr_context_use(ctx, w.y);
    return ssr_component(ctx, w.parts[1], "inside", ssr_input_null());
}

/* Every kind of effect, walking, taking over, discarding and moving in one page, and props that grow. */
static ssr_status everything(ssr_ctx *ctx, void *arg)
{
    static const char longer[] =
        "longer than what there was room for when the component was rendered for the first time";
    (void)arg;
    char key[2] = "a";
    raise_a(ctx, 2);
    ssr_component(ctx, w.parts[7], "sets", ssr_input_integer(1));
    part(ctx, 7);
    ssr_component(ctx, w.parts[4], "grows", ssr_input_string(a_of(ctx) == 0 ? "" : longer));
    for (int64_t i = 0; i < 3; i++, key[0]++)
        ssr_component(ctx, w.parts[4], key, ssr_input_integer((i + a_of(ctx)) % 3));
    part(ctx, 0);
    part(ctx, 3);
    part(ctx, 5);
    part(ctx, 6);
    return ssr_query_integer(ctx, w.query, a_of(ctx), true).state == SSR_QUERY_FAILED ? SSR_E_FAILED : SSR_OK;
}

/* A cookie with all its texts, and text, before each of two children that run. */
static ssr_status write_around_two(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    ssr_cookie_set_with(ctx, w.cookie, ssr_input_string("written"),
                        &((ssr_cookie_attributes){.path = "/here", .domain = "example.org"}));
    ssr_component(ctx, w.parts[1], "first", ssr_input_null());
    ssr_html(ctx, "<hr>");
    return ssr_component(ctx, w.parts[1], "second", ssr_input_null());
}

/* A short document around a long transfer element. What its part writes to the cookie is the last word. */
static ssr_status walk(ssr_ctx *ctx, void *arg)
{
    static char text[8192];
    (void)arg;
    raise_a(ctx, 2);
    ssr_set_string(ctx, w.c, memset(text, 'c', sizeof text - 1));
    ssr_cookie_set(ctx, w.cookie, ssr_input_string("page"));
    part(ctx, 0);
    return ssr_transfer_here(ctx);
}

/* So many in no order that their index grows, each with a key that is too long to lie in the frame. */
static ssr_status many_keys(ssr_ctx *ctx, void *arg)
{
    enum { KEYS = 40 };
    (void)arg;
    raise_a(ctx, 1);
    for (int64_t i = 0; i < KEYS; i++) {
        char key[40];
        snprintf(key, sizeof key, "a long key, and then %d", (int)(i * 7 % KEYS));
        ssr_component(ctx, w.parts[0], key, ssr_input_integer(i));
    }
    return SSR_OK;
}

static const struct hungry {
    ssr_page_fn page;
    struct part parts[PARTS];
} hungry[] = {
    {everything,
     {{.render = leave_effects},
      {.render = show_x},
      {.render = show_a},
      {.render = provide_5},
      {.render = show_props},
      {.render = change_atom_when_a},
      {.render = show_atom},
      {.render = run_around_x}}},
    {walk, {{.render = write_around_two}, {.render = show_a}}},
    {many_keys, {{.render = show_props}}},
};

/* One render with memory that fails; false: it did not have to. */
static bool render_with(const struct hungry *of, size_t fail_at, bool fail_after, const char *good)
{
    fixture_init(&w.fixture);
    w.fixture.config.log.record = NULL;
    fixture_open(&w.fixture);
    define(w.fixture.registry, of->parts);
    fixture_start(&w.fixture);
    w.fixture.memory.calls = 0;
    w.fixture.memory.fail_at = fail_at;
    w.fixture.memory.fail_after = fail_after;
    w.late = 0;
    ssr_request request = with_cookies(NO_REQUEST);
    ssr_status status = ssr_run(w.fixture.engine, of->page, NULL, &request, &w.fixture.render);
    bool has_failed = w.fixture.memory.calls >= fail_at;
    const ssr_result *result = w.fixture.render ? ssr_render_result(w.fixture.render) : NULL;
    bool has_failed_query = result && strstr(result->data, "{\"failed\":\"nomem\"}"); /* the loader's own memory */
    if (result)
        describe(result, w.text[REUSE]);
    if (result && result->outcome == SSR_SETTLED)
        assert_true(has_failed_query || strcmp(w.text[REUSE], good) == 0);
    else
        assert_true(has_failed && (!result || result->error_status != SSR_OK));
    if (result && result->outcome == SSR_LIMITED)
        assert_non_null(strstr(result->error, "nomem"));
    assert_true(result || status == SSR_E_NOMEM);
    assert_int_equal(w.late, 0);
    close_world();
    return has_failed;
}

/*
 * Without: visit_child runs the child of a render that has failed; or the answer of keep_text, in replay_write or in
 * complete_html is not looked at.
 */
static void memory_that_runs_out_leaves_everything_sound(void **unused)
{
    (void)unused;
    static char good[TEXT];
    for (size_t p = 0; p < TEST_COUNT(hungry); p++) {
        expect_all_same(hungry[p].page, hungry[p].parts, NO_REQUEST);
        close_world();
        memcpy(good, w.text[REUSE], sizeof good);
        for (int fail_after = 0; fail_after < 2; fail_after++)
            for (size_t i = 1; render_with(&hungry[p], i, fail_after, good); i++)
                continue;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_child_has_seen_stays_with_its_parent),
        cmocka_unit_test(looking_at_what_has_been_used_runs_in_every_pass),
        cmocka_unit_test(an_atom_that_does_not_change_is_kept_behind_another_write),
        cmocka_unit_test(what_happens_once_is_not_replayed),
        cmocka_unit_test(a_failed_child_runs_its_parent),
        cmocka_unit_test(a_discarded_pass_leaves_nothing),
        cmocka_unit_test(a_discarded_pass_has_touched_nothing),
        cmocka_unit_test(a_discarded_pass_keeps_what_it_was_given),
        cmocka_unit_test(a_component_answers_for_itself),
        cmocka_unit_test(a_query_enabled_in_a_walk_runs_who_asked_before),
        cmocka_unit_test(dirty_children_run_in_their_order),
        cmocka_unit_test(what_has_moved_is_found_again),
        cmocka_unit_test(the_last_set_wins_fresh_or_replayed),
        cmocka_unit_test(other_props_run),
        cmocka_unit_test(the_same_bytes_are_other_props_than_json),
        cmocka_unit_test(what_was_read_and_has_changed_runs),
        cmocka_unit_test(one_of_a_thousand_nested_runs_alone),
        cmocka_unit_test(a_header_among_twenty_runs_alone),
        cmocka_unit_test(keyed_items_are_reused_in_any_order),
        cmocka_unit_test(keys_may_have_any_length_and_order),
        cmocka_unit_test(a_provider_that_goes_is_missed),
        cmocka_unit_test(providers_are_there_for_what_runs_inside),
        cmocka_unit_test(a_provider_on_a_walk_runs),
        cmocka_unit_test(a_provider_inside_does_not_stop_a_walk),
        cmocka_unit_test(effects_of_what_is_taken_over_are_there),
        cmocka_unit_test(the_transfer_element_moves_with_its_component),
        cmocka_unit_test(nothing_is_reused_across_locations),
        cmocka_unit_test(props_belong_to_the_boundary),
        cmocka_unit_test(who_changed_an_atom_changes_it_in_each_pass),
        cmocka_unit_test(who_changed_a_context_changes_it_in_each_pass),
        cmocka_unit_test(what_turns_hot_discards_the_pass),
        cmocka_unit_test(a_discarded_pass_has_read_no_cookie),
        cmocka_unit_test(an_atom_that_is_loaded_from_its_cookie_is_not_hot),
        cmocka_unit_test(always_runs_in_every_pass),
        cmocka_unit_test(a_failed_one_is_never_reused),
        cmocka_unit_test(a_parent_that_is_walked_sees_the_failure),
        cmocka_unit_test(a_discarded_pass_does_not_fail),
        cmocka_unit_test(who_breaks_the_promise_is_named),
        cmocka_unit_test(a_walk_is_checked_too),
        cmocka_unit_test(what_cannot_be_rendered_is_refused),
        cmocka_unit_test(an_init_declares_no_components),
        cmocka_unit_test(ids_belong_to_the_place_in_the_tree),
        cmocka_unit_test(memory_that_runs_out_leaves_everything_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
