/*
 * Statements of the three source documents that no other test shows as they are told there: each test plays one sample
 * and names the document and the heading it is from. docs/seeds.md lists all statements with the tests that show them.
 */
#include "fixture.h"

/* ---- Seed "SsrStore" ----------------------------------------------------------------------------------------------
 */

struct breadcrumb {
    struct fixture fixture;
    ssr_store *trail;
    ssr_query *idea;
};

static ssr_status load_idea(ssr_operation *operation, void *arg)
{
    (void)arg;
    return ssr_builder_string(ssr_operation_build(operation), "Desire paths");
}

/* The page, deep in the tree, knows what to put into the trail only after its query has resolved. */
static ssr_status set_trail(ssr_ctx *ctx, void *arg)
{
    const struct breadcrumb *site = arg;
    ssr_query_result idea = ssr_query_integer(ctx, site->idea, 7, true);
    ssr_builder *trail = ssr_build(ctx);
    if (idea.state != SSR_QUERY_READY)
        return SSR_OK;
    ssr_builder_begin_array(trail);
    ssr_builder_json(trail, "[\"Ideas\",\"/ideas\"]", strlen("[\"Ideas\",\"/ideas\"]"));
    ssr_builder_begin_array(trail);
    ssr_builder_input(trail, ssr_input_cursor(idea.data));
    ssr_builder_end_array(trail);
    ssr_builder_end_array(trail);
    return ssr_set_built(ctx, site->trail);
}

/* The layout's header, which has been rendered when the page says what it shows. */
static ssr_status header_and_page(ssr_ctx *ctx, void *arg)
{
    const struct breadcrumb *site = arg;
    for (ssr_json item = ssr_json_first(ssr_get_json(ctx, site->trail)); item.text; item = ssr_json_next(item)) {
        ssr_html(ctx, "/");
        ssr_text_json(ctx, ssr_json_at(item, "/0"));
    }
    return ssr_effect(ctx, set_trail, arg);
}

/*
 * Seed "SsrStore", the canonical case: the layout's header shows the trail of the page, in the HTML and on the client.
 * Seed "The re-render loop and its caps": one pass that finds the query, one that sets, one that shows.
 */
static void a_breadcrumb_set_after_a_query_is_shown_above(void **state)
{
    struct breadcrumb site;
    (void)state;
    fixture_init(&site.fixture);
    fixture_open(&site.fixture);
    site.trail = fixture_store(&site.fixture, "breadcrumb", "[]");
    site.idea = ssr_query_define(site.fixture.registry, "idea", &(ssr_query_options){.load = load_idea});
    fixture_start(&site.fixture);
    assert_status(fixture_run(&site.fixture, header_and_page, &site), SSR_OK);
    assert_int_equal(site.fixture.result->passes, 3);
    assert_string_equal(site.fixture.result->html, "/Ideas/Desire paths");
    assert_non_null(strstr(site.fixture.result->data, "\"breadcrumb\":[[\"Ideas\",\"/ideas\"],[\"Desire paths\"]]"));
    fixture_close(&site.fixture);
}

static ssr_status override_title(ssr_ctx *ctx, void *title)
{
    bool is_first = ssr_pass(ctx) == 1;
    assert_string_equal(ssr_get_string(ctx, title), is_first ? "Default title" : "overridden");
    assert_status(ssr_set_string(ctx, title, "overridden"), SSR_OK);
    assert_string_equal(ssr_get_string(ctx, title), is_first ? "Default title" : "overridden");
    assert_ptr_equal(ssr_use(ctx, title), ssr_get(ctx, title));
    return SSR_OK;
}

/*
 * Seed ".set on the server: staged, not immediate", its sample; "Read, write, subscribe": use is get on the server;
 * "SsrStore": one way only, so the next request begins at the default again.
 */
static void a_set_is_seen_by_the_next_pass(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_store *title = fixture_store(&fixture, "page.title", "\"Default title\"");
    fixture_start(&fixture);
    for (int request = 0; request < 2; request++) {
        assert_status(fixture_run(&fixture, override_title, title), SSR_OK);
        assert_int_equal(fixture.result->passes, 2);
    }
    fixture_close(&fixture);
}

static ssr_status count_made(ssr_ctx *ctx, ssr_builder *value, void *made)
{
    (void)ctx;
    return ssr_builder_integer(value, ++*(int *)made);
}

static ssr_status show_and_set(ssr_ctx *ctx, void *arg)
{
    ssr_store **stores = arg;
    ssr_text_integer(ctx, ssr_get_integer(ctx, stores[0], 0));
    return ssr_set_integer(ctx, stores[1], 1);
}

/*
 * Seed "The re-render loop and its caps": a default that differs each time never stabilizes there. Here it is made once
 * for each location, so it does; the next request has another. Seed "Declare a value": not at definition time.
 */
static void a_default_that_differs_each_time_settles(void **state)
{
    struct fixture fixture;
    ssr_store *stores[2];
    int made = 0;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    stores[0] = ssr_store_define(fixture.registry, "made", &(ssr_store_options){.init = count_made, .init_arg = &made});
    stores[1] = fixture_store(&fixture, "other", "0");
    fixture_start(&fixture);
    assert_int_equal(made, 0);
    for (int request = 1; request <= 2; request++) {
        assert_status(fixture_run(&fixture, show_and_set, stores), SSR_OK);
        assert_int_equal(fixture.result->passes, 2);
        assert_int_equal(atoi(fixture.result->html), request);
        assert_int_equal(made, request);
    }
    fixture_close(&fixture);
}

static ssr_status transform_date(const ssr_value *value, ssr_builder *encoded, void *arg)
{
    (void)arg;
    ssr_builder_begin_object(encoded);
    ssr_builder_key(encoded, "json");
    ssr_builder_value(encoded, value);
    return ssr_builder_end_object(encoded);
}

static ssr_status read_both(ssr_ctx *ctx, void *arg)
{
    ssr_store **stores = arg;
    ssr_get(ctx, stores[0]);
    return ssr_get(ctx, stores[1]) ? SSR_OK : SSR_E_FAILED;
}

/* Seed "How it transfers": every value rides the one transformer of the application; only what may cross is in it. */
static void every_value_rides_the_one_transformer(void **state)
{
    struct fixture fixture;
    ssr_store *stores[2];
    (void)state;
    fixture_init(&fixture);
    fixture.config.encode = transform_date;
    fixture_open(&fixture);
    stores[0] = fixture_store(&fixture, "desc", "\"default\"");
    stores[1] = ssr_store_define(fixture.registry, "here",
                                 &(ssr_store_options){.default_string = "stays", .policy = SSR_LOCAL});
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, read_both, stores), SSR_OK);
    assert_non_null(strstr(fixture.result->data, "\"stores\":{\"desc\":{\"json\":\"default\"}}"));
    fixture_close(&fixture);
}

/* ---- Seed "Pareto: the SSR State Management Trap" ------------------------------------------------------------------
 */

struct race {
    struct fixture fixture;
    char current_user[16]; /* the article's global */
    ssr_shared *user_store;
    ssr_context *user_context;
    ssr_store *again;
};

struct runner {
    struct race *race;
    const char *name;
};

static ssr_status show_user(ssr_ctx *ctx, void *arg)
{
    const struct race *race = ((struct runner *)arg)->race;
    ssr_text(ctx, race->current_user);
    ssr_html(ctx, ",");
    ssr_text_json(ctx, ssr_shared_get(ctx, race->user_store));
    ssr_html(ctx, ",");
    return ssr_text_json(ctx, ssr_context_use(ctx, race->user_context));
}

/* Sets its user everywhere in its first pass, reads in its second. */
static ssr_status race_page(ssr_ctx *ctx, void *arg)
{
    struct runner *runner = arg;
    struct race *race = runner->race;
    if (ssr_pass(ctx) == 1) {
        snprintf(race->current_user, sizeof race->current_user, "%s", runner->name);
        assert_status(ssr_shared_replace(race->user_store, ssr_input_string(runner->name)), SSR_E_SHARED_WRITE);
    }
    ssr_set_integer(ctx, race->again, 1);
    return ssr_context_provide(ctx, race->user_context, NULL, ssr_input_string(runner->name), show_user, runner);
}

static void open_race(struct race *race)
{
    memset(race, 0, sizeof *race);
    fixture_init(&race->fixture);
    fixture_open(&race->fixture);
    race->user_store =
        ssr_shared_define(race->fixture.registry, "user", &(ssr_shared_options){.initial_json = "\"nobody\""});
    race->user_context = ssr_context_define(race->fixture.registry, "user", NULL);
    race->again = fixture_store(&race->fixture, "again", "0");
    fixture_start(&race->fixture);
}

/*
 * Seed "Why global state leaks across requests on the server": t=0 Alice's request sets, t=1 Bob's sets, t=2 Alice's
 * reads. The plain global, which no library sees, leaks; the shared store refuses both; the context store knows each
 * its own. Seed "The bigger pattern": two kinds with different defaults.
 */
static void alice_and_bob_race(void **state)
{
    struct race race;
    ssr_render *renders[2];
    (void)state;
    open_race(&race);
    struct runner runners[] = {{&race, "alice"}, {&race, "bob"}};
    for (int i = 0; i < 2; i++)
        assert_status(ssr_render_new(race.fixture.engine, race_page, &runners[i], NULL, &renders[i]), SSR_OK);
    for (int time = 0; time < 2; time++)
        for (int i = 0; i < 2; i++)
            assert_int_equal(ssr_render_step(renders[i], 0), time == 0 ? SSR_STEP_AGAIN : SSR_STEP_ENDED);
    assert_string_equal(ssr_render_result(renders[0])->html, "bob,nobody,alice");
    assert_string_equal(ssr_render_result(renders[1])->html, "bob,nobody,bob");
    assert_null(strstr(ssr_render_result(renders[0])->transfer, "bob"));
    for (int i = 0; i < 2; i++)
        ssr_render_free(renders[i]);
    fixture_close(&race.fixture);
}

static ssr_status toggle_sidebar(ssr_draft *draft, ssr_json argument, void *arg)
{
    bool is_open = false;
    (void)argument, (void)arg;
    ssr_json_boolean(ssr_draft_get(draft, "/sidebarOpen"), &is_open);
    return ssr_draft_set(draft, "/sidebarOpen", ssr_input_boolean(!is_open));
}

static ssr_status open_palette(ssr_draft *draft, ssr_json is_open, void *arg)
{
    (void)arg;
    return ssr_draft_set(draft, "/commandPaletteOpen", ssr_input_cursor(is_open));
}

static ssr_status show_preferences(ssr_ctx *ctx, void *ui)
{
    ssr_json state = ssr_shared_get(ctx, ui);
    ssr_shared_act(ui, "toggleSidebar", ssr_input_null());
    return ssr_html_n(ctx, state.text, state.length);
}

/*
 * Seed "UI preferences", "Client-only feature toggles": every request starts with the same state, cannot change it, and
 * gives it to the browser, where it goes its own way. Outside of requests its actions work.
 */
static void every_request_starts_with_the_same_preferences(void **state)
{
    static const ssr_action actions[] = {{"toggleSidebar", toggle_sidebar, NULL}, {"openPalette", open_palette, NULL}};
    static const char initial[] = "{\"commandPaletteOpen\":false,\"sidebarOpen\":true}";
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_shared *ui = ssr_shared_define(
        fixture.registry, "ui", &(ssr_shared_options){.initial_json = initial, .actions = actions, .action_count = 2});
    fixture_start(&fixture);
    for (int request = 0; request < 2; request++) {
        assert_status(fixture_run(&fixture, show_preferences, ui), SSR_OK);
        assert_string_equal(fixture.result->html, initial);
        assert_non_null(strstr(fixture.result->data, initial));
        assert_int_equal(fixture.result->refused, 1);
    }
    assert_status(ssr_shared_act(ui, "toggleSidebar", ssr_input_null()), SSR_OK);
    assert_status(ssr_shared_act(ui, "openPalette", ssr_input_boolean(true)), SSR_OK);
    ssr_snapshot *snapshot = ssr_shared_snapshot(ui);
    assert_string_equal(ssr_snapshot_text(snapshot, NULL), "{\"commandPaletteOpen\":true,\"sidebarOpen\":false}");
    ssr_snapshot_free(snapshot);
    fixture_close(&fixture);
}

/* ---- Seed "Atom Store" ---------------------------------------------------------------------------------------------
 */

struct shop {
    struct fixture fixture;
    ssr_cookie *session;
    ssr_atom_template *user, *theme;
    char snapshot[256], element[256];
};

/* A component that was handed nothing: it finds the request's store, and in it what another one has written. */
static ssr_status greet(ssr_ctx *ctx, void *arg)
{
    const struct shop *shop = arg;
    ssr_atom *user = ssr_atom_use(ssr_atoms(ctx), shop->user);
    assert_ptr_equal(user, ssr_atom_store_get(ssr_atoms(ctx), "user"));
    return ssr_text_json(ctx, ssr_atom_get(user, "name", ssr_value_json(NULL)));
}

static void take_snapshot(ssr_atom_store *store, struct shop *shop)
{
    ssr_value *value = NULL;
    ssr_builder *builder = ssr_builder_new(NULL);
    assert_non_null(builder);
    assert_status(ssr_atom_store_snapshot(store, builder), SSR_OK);
    assert_status(ssr_builder_finish(builder, &value), SSR_OK);
    snprintf(shop->snapshot, sizeof shop->snapshot, "%s", ssr_value_text(value));
    ssr_value_embed(value, "snapshot", shop->element, sizeof shop->element);
    ssr_value_free(value);
    ssr_builder_free(builder);
}

static ssr_status shop_page(ssr_ctx *ctx, void *arg)
{
    struct shop *shop = arg;
    ssr_atom_store *store = ssr_atoms(ctx);
    ssr_json session = ssr_cookie_get_json(ctx, shop->session);
    assert_ptr_equal(store, ssr_atoms(ctx));
    if (ssr_json_type(session) == SSR_JSON_OBJECT)
        ssr_atom_update(ssr_atom_use(store, shop->user), ssr_input_cursor(session));
    ssr_status status = greet(ctx, shop);
    take_snapshot(store, shop);
    return status;
}

static void open_shop(struct shop *shop)
{
    fixture_init(&shop->fixture);
    fixture_open(&shop->fixture);
    ssr_registry *registry = shop->fixture.registry;
    shop->session = ssr_cookie_define(registry, "session", &(ssr_cookie_options){.encoding = SSR_COOKIE_JSON});
    shop->user = ssr_atom_define(registry, "user", &(ssr_atom_options){.default_json = "{\"name\":\"Anon\"}"});
    shop->theme = ssr_atom_define(registry, "ui.theme", &(ssr_atom_options){.default_json = "\"light\""});
    fixture_start(&shop->fixture);
}

/*
 * Seed "Next.js App Router example": one store for a request, wherever it is asked for; the session's cookie becomes an
 * atom, and the snapshot is for the browser. Who has no session, later, is nobody again.
 */
static void a_session_cookie_becomes_an_atom(void **state)
{
    struct shop shop;
    const char *header = "session=%7B%22name%22%3A%22Alice%22%7D";
    (void)state;
    open_shop(&shop);
    ssr_request request = {.cookie_headers = &header, .cookie_header_count = 1};
    assert_status(fixture_run_request(&shop.fixture, shop_page, &shop, &request), SSR_OK);
    assert_string_equal(shop.fixture.result->html, "Alice");
    assert_string_equal(shop.snapshot, "{\"user\":{\"name\":\"Alice\"}}");
    assert_status(fixture_run(&shop.fixture, shop_page, &shop), SSR_OK);
    assert_string_equal(shop.fixture.result->html, "Anon");
    fixture_close(&shop.fixture);
}

/*
 * Seed "store.snapshot()", "store.hydrate(snapshot)": embedded in HTML, where no value can end the script, and taken
 * in again by a store that has not used its templates yet; a dotted key is a key like any other.
 */
static void a_snapshot_goes_into_html_and_back(void **state)
{
    struct shop shop;
    ssr_atom_store *store, *other;
    (void)state;
    open_shop(&shop);
    assert_status(ssr_atom_store_new(shop.fixture.registry, &store), SSR_OK);
    assert_status(ssr_atom_store_new(shop.fixture.registry, &other), SSR_OK);
    ssr_atom_update(ssr_atom_use(store, shop.theme), ssr_input_string("</script>"));
    take_snapshot(store, &shop);
    assert_string_equal(shop.element, "<script type=\"application/json\" id=\"snapshot\">"
                                      "{\"ui.theme\":\"\\u003c/script\\u003e\"}</script>");
    assert_status(ssr_atom_store_hydrate(other, ssr_input_json(shop.snapshot)), SSR_OK);
    assert_false(ssr_atom_store_has(other, "ui.theme"));
    assert_true(ssr_json_equals(ssr_atom_value(ssr_atom_use(other, shop.theme)), "</script>"));
    assert_status(ssr_atom_store_destroy(store), SSR_OK);
    assert_status(ssr_atom_store_destroy(other), SSR_OK);
    fixture_close(&shop.fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_breadcrumb_set_after_a_query_is_shown_above),
        cmocka_unit_test(a_set_is_seen_by_the_next_pass),
        cmocka_unit_test(a_default_that_differs_each_time_settles),
        cmocka_unit_test(every_value_rides_the_one_transformer),
        cmocka_unit_test(alice_and_bob_race),
        cmocka_unit_test(every_request_starts_with_the_same_preferences),
        cmocka_unit_test(a_session_cookie_becomes_an_atom),
        cmocka_unit_test(a_snapshot_goes_into_html_and_back),
    };
    return cmocka_run_group_tests_name("seeds", tests, NULL, NULL);
}
