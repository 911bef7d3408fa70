/*
 * What a call that answers nomem leaves behind: nothing. Each call is made with each of its allocations failing in
 * turn. Inside a render all that leaves the render is that of the pass before, and the next request is served as if
 * nothing had happened; beside renders everything that can be read is as it was, and the same call succeeds then.
 */
#include "fixture.h"

#include "engine/component.h"
#include "ssrstore/scope.h"

enum { DUMP = 65536, LONG = 9000 };

/* What could be read, as text. */
struct dump {
    size_t length;
    char text[DUMP];
};

static void put(struct dump *dump, const char *name, const char *value)
{
    int written = snprintf(dump->text + dump->length, DUMP - dump->length, "%s=%s\n", name, value);
    assert_true(written > 0 && (size_t)written < DUMP - dump->length);
    dump->length += (size_t)written;
}

/* ---- Calls of a page --------------------------------------------------------------------------------------------- */

struct site {
    struct fixture fixture;
    ssr_store *title, *list, *other, *taken, *derived;
    ssr_cookie *theme, *fresh;
    ssr_atom_template *cart, *unused;
    ssr_context *user;
    ssr_query *idea;
    ssr_component_definition *card, *setter, *placer;
    char text[LONG + 1]; /* longer than what any buffer has to spare */
    ssr_status (*call)(ssr_ctx *ctx, struct site *site);
    size_t turn;    /* which allocation of the call fails; 0: none does */
    bool has_fired; /* it had so many */
};

static ssr_status load_idea(ssr_operation *operation, void *arg)
{
    (void)arg;
    return ssr_builder_string(ssr_operation_build(operation), "loaded");
}

static ssr_status show_card(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)arg;
    return ssr_text_json(ctx, props->json);
}

static ssr_status add(ssr_draft *draft, ssr_json item, void *arg)
{
    (void)arg;
    return ssr_draft_set(draft, "/-", ssr_input_cursor(item));
}

static ssr_status set_taken(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    struct site *site = arg;
    (void)props;
    return ssr_set_string(ctx, site->taken, "by the component");
}

/* Only the first time is the place; each is an effect of the component. */
static ssr_status place_often(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)props, (void)arg;
    for (int i = 0; i < 100; i++)
        if (ssr_transfer_here(ctx) == SSR_E_NOMEM)
            return SSR_E_NOMEM;
    return SSR_OK;
}

static ssr_status show_user(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    ssr_json user = ssr_context_use(ctx, site->user);
    return ssr_text_n(ctx, user.text, user.length);
}

static ssr_status change_user(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    ssr_context_act(ctx, site->user, "add", ssr_input_string(site->text));
    return ssr_context_set(ctx, site->user, ssr_input_json("[1,2,3]"));
}

static void open_site(struct site *site)
{
    static const ssr_action actions[] = {{"add", add, NULL}};
    memset(site, 0, sizeof *site);
    memset(site->text, 'x', LONG);
    fixture_init(&site->fixture);
    fixture_open(&site->fixture);
    ssr_registry *registry = site->fixture.registry;
    site->title = fixture_store(&site->fixture, "title", "\"Default\"");
    site->list = fixture_store(&site->fixture, "list", "[]");
    site->other = fixture_store(&site->fixture, "other", "\"untouched\"");
    site->theme = ssr_cookie_define(registry, "theme", NULL);
    site->fresh = ssr_cookie_define(registry, "fresh", NULL);
    ssr_atom_options atom = {.default_json = "[]", .actions = actions, .action_count = 1};
    site->cart = ssr_atom_define(registry, "cart", &atom);
    site->unused = ssr_atom_define(registry, "unused", &atom);
    site->user = ssr_context_define(registry, "user", &(ssr_context_options){.actions = actions, .action_count = 1});
    site->idea = ssr_query_define(registry, "idea", &(ssr_query_options){.load = load_idea});
    site->card = ssr_component_define(registry, "card", &(ssr_component_options){.render = show_card});
    site->taken = fixture_store(&site->fixture, "taken", NULL);
    site->setter = ssr_component_define(registry, "setter", &(ssr_component_options){.render = set_taken, .arg = site});
    site->placer = ssr_component_define(registry, "placer", &(ssr_component_options){.render = place_often});
    site->derived =
        ssr_store_define(registry, "derived", &(ssr_store_options){.default_json = "0", .lifetime = SSR_DERIVED});
    fixture_start(&site->fixture);
}

/* The first pass is a page; the second makes the call. */
static ssr_status page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    struct test_memory *memory = &site->fixture.memory;
    if (ssr_pass(ctx) == 1) {
        ssr_set_string(ctx, site->title, "first");
        ssr_cookie_set(ctx, site->theme, ssr_input_string("dark"));
        ssr_atom_act(ssr_atom_use(ssr_atoms(ctx), site->cart), "add", ssr_input_string("apple"));
        ssr_set_header(ctx, "X-Pass", "one");
        ssr_set_status(ctx, 201);
        ssr_component(ctx, site->card, NULL, ssr_input_string("card"));
        ssr_component(ctx, site->setter, NULL, ssr_input_null());
        ssr_set_string(ctx, site->taken, "by the page");
        return ssr_context_provide(ctx, site->user, NULL, ssr_input_json("[\"ann\"]"), show_user, site);
    }
    if (ssr_pass(ctx) > 2 || !site->call)
        return ssr_html(ctx, "later");
    size_t before = memory->calls;
    memory->fail_at = site->turn > 0 ? before + site->turn : 0;
    ssr_status status = site->call(ctx, site);
    site->has_fired = site->turn > 0 && memory->calls >= memory->fail_at;
    memory->fail_at = 0;
    if (site->has_fired)
        assert_status(status, SSR_E_NOMEM);
    return SSR_OK; /* as a page that does not look */
}

static void dump_result(struct dump *dump, const ssr_result *result)
{
    char status[16];
    dump->length = 0;
    snprintf(status, sizeof status, "%d", result->status);
    put(dump, "status", status);
    put(dump, "html", result->html);
    put(dump, "transfer", result->transfer);
    put(dump, "data", result->data);
    put(dump, "location", result->location);
    put(dump, "redirect", result->redirect_to ? result->redirect_to : "");
    for (size_t i = 0; i < result->header_count; i++)
        put(dump, result->headers[i].name, result->headers[i].value);
    for (size_t i = 0; i < result->set_cookie_count; i++)
        put(dump, "cookie", result->set_cookies[i]);
}

/* One render; cancelled after its first pass, or to its end with a turn failing. */
static ssr_outcome render(struct site *site, bool is_cancelled, size_t turn, struct dump *dump)
{
    ssr_render *made;
    site->turn = turn;
    site->has_fired = false;
    assert_status(ssr_render_new(site->fixture.engine, page, site, NULL, &made), SSR_OK);
    if (ssr_render_step(made, 0) != SSR_STEP_AGAIN)
        fail_msg("the first pass ended it: %s", ssr_render_result(made)->error);
    if (is_cancelled)
        ssr_render_cancel(made);
    while (ssr_render_step(made, 0) != SSR_STEP_ENDED)
        for (ssr_operation *operation; (operation = ssr_render_next_operation(made)) != NULL;)
            ssr_operation_run(operation);
    const ssr_result *result = ssr_render_result(made);
    ssr_outcome outcome = result->outcome;
    if (site->has_fired)
        assert_status(result->error_status, SSR_E_NOMEM);
    dump_result(dump, result);
    ssr_render_free(made);
    return outcome;
}

/* What has no status of its own is asked for it. */
static ssr_status told(ssr_ctx *ctx, bool is_there)
{
    return is_there ? SSR_OK : ssr_last_status(ctx);
}

static ssr_status call_set(ssr_ctx *ctx, struct site *site)
{
    return ssr_set_string(ctx, site->other, site->text);
}

static ssr_status call_set_json(ssr_ctx *ctx, struct site *site)
{
    return ssr_set_json(ctx, site->list, "[{\"b\":2,\"a\":1}]", 15);
}

static ssr_status call_set_built(ssr_ctx *ctx, struct site *site)
{
    ssr_builder *builder = ssr_build(ctx);
    ssr_builder_begin_array(builder);
    ssr_builder_string(builder, site->text);
    ssr_builder_end_array(builder);
    return ssr_set_built(ctx, site->list);
}

static ssr_status call_get(ssr_ctx *ctx, struct site *site)
{
    return told(ctx, ssr_get_string(ctx, site->other) != NULL);
}

static ssr_status call_cookie_set(ssr_ctx *ctx, struct site *site)
{
    return ssr_cookie_set(ctx, site->fresh, ssr_input_string("oat"));
}

static ssr_status call_cookie_set_again(ssr_ctx *ctx, struct site *site)
{
    return ssr_cookie_set(ctx, site->theme, ssr_input_string("light"));
}

static ssr_status call_cookie_delete(ssr_ctx *ctx, struct site *site)
{
    return ssr_cookie_delete(ctx, site->theme);
}

static ssr_status call_cookie_send(ssr_ctx *ctx, struct site *site)
{
    (void)site;
    return ssr_cookie_send(ctx, (&(ssr_set_cookie){.name = "by-hand", .value = "1"}));
}

static ssr_status call_atom_use(ssr_ctx *ctx, struct site *site)
{
    return told(ctx, ssr_atom_use(ssr_atoms(ctx), site->unused) != NULL);
}

static ssr_status call_atom_act(ssr_ctx *ctx, struct site *site)
{
    ssr_atom *cart = ssr_atom_use(ssr_atoms(ctx), site->cart);
    return cart ? ssr_atom_act(cart, "add", ssr_input_string(site->text)) : ssr_last_status(ctx);
}

/* It is noted that the page had read what it changes. */
static ssr_status call_late_write(ssr_ctx *ctx, struct site *site)
{
    ssr_atom_get(ssr_atom_use(ssr_atoms(ctx), site->cart), "", (ssr_json){0});
    fixture_fill(&ctx->memory->region);
    return call_atom_act(ctx, site);
}

static ssr_status call_context(ssr_ctx *ctx, struct site *site)
{
    return ssr_context_provide(ctx, site->user, NULL, ssr_input_json("[\"bob\"]"), change_user, site);
}

static ssr_status call_query(ssr_ctx *ctx, struct site *site)
{
    ssr_query_get(ctx, site->idea, "[7]", true);
    return ssr_last_status(ctx);
}

static ssr_status call_component(ssr_ctx *ctx, struct site *site)
{
    return ssr_component(ctx, site->card, "k", ssr_input_string(site->text));
}

/* It is taken over from the first pass, with what it had set. */
static ssr_status call_component_again(ssr_ctx *ctx, struct site *site)
{
    fixture_fill(&ctx->memory->region);
    return ssr_component(ctx, site->setter, NULL, ssr_input_null());
}

static ssr_status call_transfer_here(ssr_ctx *ctx, struct site *site)
{
    return ssr_component(ctx, site->placer, NULL, ssr_input_null());
}

static ssr_status heard(ssr_atom *atom, ssr_json next, ssr_json previous, void *arg)
{
    (void)atom, (void)next, (void)previous, (void)arg;
    return SSR_OK;
}

enum { LISTENERS = 12 }; /* so that the log grows while they end */

static ssr_status call_unsubscribe(ssr_ctx *ctx, struct site *site)
{
    ssr_atom_subscription *subscriptions[LISTENERS];
    ssr_atom *cart = ssr_atom_use(ssr_atoms(ctx), site->cart);
    for (int i = 0; i < LISTENERS; i++)
        subscriptions[i] = ssr_atom_on_change(cart, heard, NULL);
    for (int i = 0; i < LISTENERS; i++)
        ssr_atom_unsubscribe(subscriptions[i]);
    return ssr_last_status(ctx);
}

/* Makes and destroys in turn; the subscription in the middle lets the log grow at one as well as at the other. */
static ssr_status call_destroy(ssr_ctx *ctx, struct site *site)
{
    ssr_atom *cart = ssr_atom_use(ssr_atoms(ctx), site->cart);
    for (int i = 0; i < LISTENERS; i++) {
        if (i == LISTENERS / 2)
            ssr_atom_on_change(cart, heard, NULL);
        ssr_atom_destroy(ssr_atom_clone(cart));
    }
    return ssr_last_status(ctx);
}

static ssr_status call_html(ssr_ctx *ctx, struct site *site)
{
    return ssr_html(ctx, site->text);
}

static ssr_status call_text(ssr_ctx *ctx, struct site *site)
{
    return ssr_text(ctx, site->text);
}

static ssr_status call_header(ssr_ctx *ctx, struct site *site)
{
    (void)site;
    return ssr_set_header(ctx, "X-Pass", "two");
}

static ssr_status call_redirect(ssr_ctx *ctx, struct site *site)
{
    (void)site;
    return ssr_redirect(ctx, "/elsewhere", 303);
}

static void check_page_call(const char *name, ssr_status (*call)(ssr_ctx *ctx, struct site *site))
{
    static struct site site;
    static struct dump first_pass, whole, seen;
    open_site(&site);
    site.call = call;
    render(&site, true, 0, &first_pass);
    ssr_outcome outcome = render(&site, false, 0, &whole);
    size_t turn = 1;
    for (;; turn++) {
        ssr_outcome ended = render(&site, false, turn, &seen);
        if (!site.has_fired)
            break;
        assert_int_equal(ended, SSR_LIMITED);
        if (strcmp(seen.text, first_pass.text) != 0)
            fail_msg("%s, allocation %zu, left\n%sand not\n%s", name, turn, seen.text, first_pass.text);
        assert_int_equal(render(&site, false, 0, &seen), outcome);
        assert_string_equal(seen.text, whole.text);
    }
    if (turn == 1)
        fail_msg("%s allocates nothing", name);
    fixture_close(&site.fixture);
}

static void a_render_that_ran_out_leaves_the_pass_before(void **state)
{
    static const struct {
        const char *name;
        ssr_status (*call)(ssr_ctx *ctx, struct site *site);
    } calls[] = {
        {"set", call_set},
        {"set JSON", call_set_json},
        {"set built", call_set_built},
        {"get", call_get},
        {"cookie set", call_cookie_set},
        {"cookie set again", call_cookie_set_again},
        {"cookie delete", call_cookie_delete},
        {"cookie send", call_cookie_send},
        {"atom use", call_atom_use},
        {"atom act", call_atom_act},
        {"late write", call_late_write},
        {"context", call_context},
        {"query", call_query},
        {"atom unsubscribe", call_unsubscribe},
        {"atom destroy", call_destroy},
        {"component", call_component},
        {"component again", call_component_again},
        {"transfer here", call_transfer_here},
        {"html", call_html},
        {"text", call_text},
        {"header", call_header},
        {"redirect", call_redirect},
    };
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(calls); i++)
        check_page_call(calls[i].name, calls[i].call);
}

/* The second pass does not set the derived store, and has no room left when it ends. */
static ssr_status forgetful_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    struct test_memory *memory = &site->fixture.memory;
    if (ssr_pass(ctx) == 1) {
        ssr_set_integer(ctx, site->derived, 5);
        return ssr_html(ctx, "first");
    }
    if (ssr_pass(ctx) > 2)
        return ssr_html(ctx, "third");
    ssr_html(ctx, "second");
    fixture_fill(&ctx->request);
    fixture_fill(&ctx->memory->region);
    memory->fail_at = site->turn > 0 ? memory->calls + site->turn : 0;
    return SSR_OK;
}

/* A pass that could not have its default did not complete, although its page had done all it wanted. */
static void a_default_that_finds_no_memory_leaves_the_pass_before(void **state)
{
    static struct site site;
    const struct fixture *fixture = &site.fixture;
    (void)state;
    sweep_leave_alone();
    open_site(&site);
    fixture_run(&site.fixture, forgetful_page, &site);
    assert_status(fixture->result->error_status, SSR_OK);
    assert_string_equal(fixture->result->html, "third");
    site.turn = 1;
    fixture_run(&site.fixture, forgetful_page, &site);
    assert_status(fixture->result->error_status, SSR_E_NOMEM);
    assert_non_null(strstr(fixture->result->error, "pass 2: derived: nomem"));
    assert_string_equal(fixture->result->html, "first");
    fixture_close(&site.fixture);
}

/* ---- Calls beside renders ---------------------------------------------------------------------------------------- */

struct beside {
    struct test_memory memory;
    ssr_registry *registry;
    ssr_shared *counters;
    ssr_atom_template *cart, *unused;
    ssr_atom_store *store;
    ssr_atom *atom;
    unsigned heard;
};

static ssr_status hear(const ssr_snapshot *next, const ssr_snapshot *previous, void *arg)
{
    (void)next, (void)previous;
    ++*(unsigned *)arg;
    return SSR_OK;
}

static ssr_status hear_atom(ssr_atom *atom, ssr_json next, ssr_json previous, void *arg)
{
    (void)atom, (void)next, (void)previous;
    ++*(unsigned *)arg;
    return SSR_OK;
}

static void open_beside(struct beside *beside)
{
    static const ssr_action actions[] = {{"add", add, NULL}};
    memset(beside, 0, sizeof *beside);
    ssr_allocator allocator = test_allocator(&beside->memory);
    assert_status(ssr_registry_new(&allocator, &beside->registry), SSR_OK);
    beside->counters =
        ssr_shared_define(beside->registry, "counters",
                          &(ssr_shared_options){.initial_json = "[1]", .actions = actions, .action_count = 1});
    ssr_atom_options atom = {.default_json = "[]", .actions = actions, .action_count = 1};
    beside->cart = ssr_atom_define(beside->registry, "cart", &atom);
    beside->unused = ssr_atom_define(beside->registry, "unused", &atom);
    assert_status(ssr_atom_store_new(beside->registry, &beside->store), SSR_OK);
    beside->atom = ssr_atom_use(beside->store, beside->cart);
    assert_non_null(beside->atom);
    assert_status(ssr_shared_subscribe(beside->counters, hear, &beside->heard, NULL), SSR_OK);
}

static void close_beside(struct beside *beside)
{
    assert_status(ssr_atom_store_destroy(beside->store), SSR_OK);
    ssr_registry_free(beside->registry);
    assert_all_freed(&beside->memory);
}

static void dump_beside(struct dump *dump, struct beside *beside)
{
    char heard[16];
    dump->length = 0;
    snprintf(heard, sizeof heard, "%u", beside->heard);
    put(dump, "heard", heard);
    ssr_snapshot *snapshot = ssr_shared_snapshot(beside->counters);
    put(dump, "counters", ssr_snapshot_text(snapshot, NULL));
    ssr_snapshot_free(snapshot);
    for (ssr_atom *atom = NULL; (atom = ssr_atom_store_next(beside->store, atom)) != NULL;) {
        ssr_json value = ssr_atom_value(atom);
        char text[256];
        snprintf(text, sizeof text, "%.*s", (int)value.length, value.text);
        put(dump, ssr_atom_key(atom), text);
    }
}

static ssr_status add_two(ssr_draft *draft, void *arg)
{
    (void)arg;
    return ssr_draft_set(draft, "/-", ssr_input_integer(2));
}

static ssr_status shared_update(struct beside *beside)
{
    return ssr_shared_update(beside->counters, add_two, NULL);
}

static ssr_status shared_replace(struct beside *beside)
{
    return ssr_shared_replace(beside->counters, ssr_input_json("{\"b\":1,\"a\":[2]}"));
}

static ssr_status shared_act(struct beside *beside)
{
    return ssr_shared_act(beside->counters, "add", ssr_input_string("two"));
}

static ssr_status shared_subscribe(struct beside *beside)
{
    return ssr_shared_subscribe(beside->counters, hear, &beside->heard, NULL);
}

static ssr_status atom_use(struct beside *beside)
{
    return ssr_atom_use(beside->store, beside->unused) ? SSR_OK : ssr_atom_store_status(beside->store);
}

static ssr_status atom_update(struct beside *beside)
{
    return ssr_atom_update(beside->atom, ssr_input_json("{\"b\":1,\"a\":[2]}"));
}

static ssr_status atom_update_with(struct beside *beside)
{
    return ssr_atom_update_with(beside->atom, add_two, NULL);
}

static ssr_status atom_change(struct beside *beside)
{
    return ssr_atom_change(beside->atom, "-", ssr_input_string("two"));
}

static ssr_status atom_act(struct beside *beside)
{
    return ssr_atom_act(beside->atom, "add", ssr_input_string("two"));
}

static ssr_status atom_clone(struct beside *beside)
{
    return ssr_atom_clone(beside->atom) ? SSR_OK : ssr_atom_store_status(beside->store);
}

static ssr_status atom_listen(struct beside *beside)
{
    bool listens = ssr_atom_on_change(beside->atom, hear_atom, &beside->heard) != NULL;
    return listens ? SSR_OK : ssr_atom_store_status(beside->store);
}

static ssr_status atom_hydrate(struct beside *beside)
{
    return ssr_atom_store_hydrate(beside->store, ssr_input_json("{\"unused\":[7]}"));
}

/* The call, and what shows later whom it has subscribed and what it has queued. */
static ssr_status make(struct beside *beside, ssr_status (*call)(struct beside *beside), struct dump *dump)
{
    ssr_status status = call(beside);
    assert_status(ssr_shared_replace(beside->counters, ssr_input_integer(0)), SSR_OK);
    assert_status(ssr_atom_update(beside->atom, ssr_input_integer(0)), SSR_OK);
    assert_non_null(ssr_atom_use(beside->store, beside->unused));
    dump_beside(dump, beside);
    return status;
}

/* False: the call does not allocate so often. */
static bool fails_without_trace(const char *name, ssr_status (*call)(struct beside *beside), size_t turn)
{
    static struct dump before, after, whole, seen;
    struct beside beside;
    open_beside(&beside);
    assert_status(make(&beside, call, &whole), SSR_OK);
    close_beside(&beside);
    open_beside(&beside);
    dump_beside(&before, &beside);
    beside.memory.fail_at = beside.memory.calls + turn;
    ssr_status status = call(&beside);
    bool has_fired = beside.memory.calls >= beside.memory.fail_at;
    beside.memory.fail_at = 0;
    dump_beside(&after, &beside);
    if (has_fired) {
        assert_status(status, SSR_E_NOMEM);
        if (strcmp(after.text, before.text) != 0)
            fail_msg("%s, allocation %zu, left\n%sand not\n%s", name, turn, after.text, before.text);
        assert_status(make(&beside, call, &seen), SSR_OK);
        assert_string_equal(seen.text, whole.text);
    }
    close_beside(&beside);
    return has_fired;
}

static void a_call_that_ran_out_can_be_made_again(void **state)
{
    static const struct {
        const char *name;
        ssr_status (*call)(struct beside *beside);
    } calls[] = {
        {"shared update", shared_update},
        {"shared replace", shared_replace},
        {"shared act", shared_act},
        {"subscribe", shared_subscribe},
        {"atom use", atom_use},
        {"atom update", atom_update},
        {"atom update with", atom_update_with},
        {"atom change", atom_change},
        {"atom act", atom_act},
        {"atom clone", atom_clone},
        {"atom listen", atom_listen},
        {"hydrate", atom_hydrate},
    };
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(calls); i++) {
        size_t turn = 1;
        while (fails_without_trace(calls[i].name, calls[i].call, turn))
            turn++;
        if (turn == 1)
            fail_msg("%s allocates nothing", calls[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_render_that_ran_out_leaves_the_pass_before),
        cmocka_unit_test(a_default_that_finds_no_memory_leaves_the_pass_before),
        cmocka_unit_test(a_call_that_ran_out_can_be_made_again),
    };
    return cmocka_run_group_tests_name("unchanged", tests, NULL, NULL);
}
