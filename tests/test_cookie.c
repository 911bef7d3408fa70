/*
 * The cookie store where no scenario reaches: keys in the configuration, handlers that render nothing, and what is left
 * in memory that was given back. What a page sees of cookies is in tests/scenarios/cookie_*.txt.
 */
#include "fixture.h"

static const unsigned char secret[] = "0123456789abcdef0123456789abcdef";
static const ssr_cookie_key key = {"k1", secret, SSR_COOKIE_KEY_BYTES};

/* ---- Keys ------------------------------------------------------------------------------------------------------- */

static void bad_keys_make_no_engine(void **state)
{
    (void)state;
    ssr_config config = ssr_config_default();
    ssr_cookie_key short_key = {"k1", secret, 31};
    ssr_engine *engine = (ssr_engine *)&config;
    config.cookie_keys = &short_key;
    config.cookie_key_count = 1;
    assert_status(ssr_engine_new(&config, &engine), SSR_E_COOKIE_KEY);
    assert_null(engine);
    config.cookie_keys = &key;
    config.cookie_key_count = 0;
    assert_status(ssr_engine_new(&config, &engine), SSR_E_COOKIE_KEY);
}

/* ---- Definitions ------------------------------------------------------------------------------------------------ */

static void options_that_say_nothing_are_refused(void **state)
{
    static const ssr_cookie_options refused[] = {
        {.encoding = (ssr_cookie_encoding)9},
        {.attributes = {.max_age = -1}},
        {.protection = (ssr_cookie_protection)9},
        {.protection = SSR_COOKIE_SEALED, .sealed_for = -1},
        {.fallback_string = "light", .fallback_json = "\"light\""},
    };
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(refused); i++) {
        struct fixture fixture;
        fixture_init(&fixture);
        fixture.config.cookie_keys = &key;
        fixture.config.cookie_key_count = 1;
        fixture_open(&fixture);
        assert_null(ssr_cookie_define(fixture.registry, "theme", &refused[i]));
        assert_status(ssr_engine_start(fixture.engine), SSR_E_INVALID_ARGUMENT);
        assert_non_null(strstr(ssr_registry_error(fixture.registry), "theme"));
        fixture_close(&fixture);
    }
    assert_null(ssr_cookie_define(NULL, "theme", NULL));
}

/* ---- Outside of renders ----------------------------------------------------------------------------------------- */

struct site {
    struct fixture fixture;
    ssr_cookie *theme, *name, *cart, *session, *ticket;
    ssr_query *query;
};

static ssr_status load_theme(ssr_operation *operation, void *arg)
{
    const struct site *site = arg;
    ssr_json theme = ssr_operation_cookie(operation, site->theme);
    return ssr_builder_json(ssr_operation_build(operation), theme.text, theme.length);
}

static void open_limited_site(struct site *site, uint64_t cookies)
{
    fixture_init(&site->fixture);
    site->fixture.config.limits.cookies = cookies;
    site->fixture.config.cookie_keys = &key;
    site->fixture.config.cookie_key_count = 1;
    fixture_open(&site->fixture);
    ssr_registry *registry = site->fixture.registry;
    site->theme = ssr_cookie_define(registry, "theme", &(ssr_cookie_options){.fallback_string = "light"});
    site->name = ssr_cookie_define(registry, "name", &(ssr_cookie_options){.encoding = SSR_COOKIE_PERCENT});
    site->cart =
        ssr_cookie_define(registry, "cart", &(ssr_cookie_options){.encoding = SSR_COOKIE_JSON, .fallback_json = "[]"});
    site->session = ssr_cookie_define(
        registry, "session",
        &(ssr_cookie_options){.protection = SSR_COOKIE_SEALED, .attributes = {.http_only = true, .max_age = 60}});
    site->ticket =
        ssr_cookie_define(registry, "ticket", &(ssr_cookie_options){.protection = SSR_COOKIE_SIGNED, .sealed_for = 30});
    site->query = ssr_query_define(registry, "theme", &(ssr_query_options){.load = load_theme, .load_arg = site});
    fixture_start(&site->fixture);
}

static void open_site(struct site *site)
{
    open_limited_site(site, SSR_UNLIMITED);
    ssr_registry *registry = site->fixture.registry;
    assert_string_equal(ssr_cookie_name(site->theme), "theme");
    assert_ptr_equal(ssr_cookie_find(registry, "theme"), site->theme);
    assert_null(ssr_cookie_find(registry, "Theme"));
}

/* json: what is read; NULL: nothing, and the builder has failed as well. */
static void assert_reads(const ssr_cookie *cookie, const char *header, int64_t now_ms, ssr_status expected,
                         const char *json)
{
    ssr_builder *builder = ssr_builder_new(NULL);
    ssr_value *value = NULL;
    ssr_builder_begin_array(builder); /* what stands in the builder already stays */
    assert_status(ssr_cookie_read(cookie, &header, 1, now_ms, builder), expected);
    ssr_builder_end_array(builder);
    assert_status(ssr_builder_finish(builder, &value), json ? SSR_OK : expected);
    char wanted[256];
    snprintf(wanted, sizeof wanted, "[%s]", json ? json : "");
    if (json)
        assert_string_equal(ssr_value_text(value), wanted);
    ssr_value_free(value);
    ssr_builder_free(builder);
}

static void a_handler_reads_what_a_page_would_read(void **state)
{
    struct site site;
    (void)state;
    open_site(&site);
    assert_reads(site.theme, "theme=dark; theme=second", 0, SSR_OK, "\"dark\"");
    assert_reads(site.theme, "other=dark; a=b", 0, SSR_OK, "\"light\"");
    assert_reads(site.theme, NULL, 0, SSR_OK, "\"light\"");
    assert_reads(NULL, "theme=dark", 0, SSR_E_UNKNOWN_COOKIE, NULL);
    assert_reads(site.theme, "theme=", 0, SSR_OK, "\"\"");
    assert_reads(site.name, "name=%C3%BC", 0, SSR_OK, "\"\xc3\xbc\"");
    assert_reads(site.cart, "cart=%5B1.0%5D", 0, SSR_OK, "[1]");
    assert_reads(site.cart, "cart=%5B1", 0, SSR_E_SYNTAX, "[]");
    assert_reads(site.session, "session=plain", 0, SSR_E_SEAL_FORM, "null");
    fixture_close(&site.fixture);
}

static void a_handler_writes_what_a_page_would_send(void **state)
{
    struct site site;
    char line[512];
    size_t length;
    (void)state;
    open_site(&site);
    ssr_input dark = ssr_input_string("dark"), number = ssr_input_integer(5), bad = ssr_input_json("{");
    assert_status(ssr_cookie_write(site.theme, &dark, NULL, 0, line, sizeof line, &length), SSR_OK);
    assert_string_equal(line, "theme=dark; Path=/; SameSite=Lax");
    assert_int_equal(length, strlen(line));
    assert_status(ssr_cookie_write(site.theme, NULL, NULL, 0, line, sizeof line, &length), SSR_OK);
    assert_string_equal(line, "theme=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; SameSite=Lax");
    assert_status(ssr_cookie_write(site.theme, &number, NULL, 0, line, sizeof line, &length), SSR_E_WRONG_TYPE);
    assert_status(ssr_cookie_write(site.theme, &bad, NULL, 0, line, sizeof line, &length), SSR_E_SYNTAX);
    assert_status(ssr_cookie_write(NULL, &dark, NULL, 0, line, sizeof line, &length), SSR_E_UNKNOWN_COOKIE);
    assert_status(ssr_cookie_write(site.cart, &number, &(ssr_cookie_attributes){.path = "/p", .secure = true}, 0, line,
                                   sizeof line, &length),
                  SSR_OK);
    assert_string_equal(line, "cart=5; Path=/p; Secure; SameSite=Lax");
    assert_status(
        ssr_cookie_write(site.theme, &dark, &(ssr_cookie_attributes){.max_age = -1}, 0, line, sizeof line, &length),
        SSR_E_INVALID_ARGUMENT);
    fixture_close(&site.fixture);
}

static void what_is_sealed_opens_until_its_time_has_come(void **state)
{
    struct site site;
    char line[512];
    size_t length;
    (void)state;
    open_site(&site);
    ssr_input alice = ssr_input_string("alice");
    assert_status(ssr_cookie_write(site.session, &alice, NULL, 1000000, line, sizeof line, &length), SSR_OK);
    assert_null(strstr(line, "alice"));
    assert_non_null(strstr(line, "; Max-Age=60; HttpOnly; SameSite=Lax"));
    *strchr(line, ';') = '\0';
    assert_reads(site.session, line, 1059999, SSR_OK, "\"alice\"");
    assert_reads(site.session, line, 1060000, SSR_E_SEAL_EXPIRED, "null");
    char *late = &line[strlen(line) - 10];
    *late = *late == 'A' ? 'B' : 'A';
    assert_reads(site.session, line, 1000000, SSR_E_SEAL_FORGED, "null");
    fixture_close(&site.fixture);
}

static void sealing_lasts_as_long_as_the_definition_says(void **state)
{
    struct site site;
    char line[512];
    size_t length;
    (void)state;
    open_site(&site);
    ssr_input bob = ssr_input_string("bob");
    assert_status(ssr_cookie_write(site.ticket, &bob, NULL, 1000000, line, sizeof line, &length), SSR_OK);
    assert_null(strstr(line, "Max-Age")); /* the browser may keep it for its session */
    *strchr(line, ';') = '\0';
    assert_reads(site.ticket, line, 1029999, SSR_OK, "\"bob\"");
    assert_reads(site.ticket, line, 1030000, SSR_E_SEAL_EXPIRED, "null");
    fixture_close(&site.fixture);
}

/* As long as browsers keep it, whatever the definition says: a stolen copy would outlive the cookie else. */
static void sealing_lasts_no_longer_than_browsers_keep_a_cookie(void **state)
{
    struct site site;
    char line[512];
    size_t length;
    (void)state;
    open_site(&site);
    ssr_input bob = ssr_input_string("bob");
    const ssr_cookie_attributes for_ever = {.max_age = INT64_MAX};
    const int64_t end_ms = 1000000 + INT64_C(400) * 24 * 60 * 60 * 1000;
    assert_status(ssr_cookie_write(site.session, &bob, &for_ever, 1000000, line, sizeof line, &length), SSR_OK);
    assert_non_null(strstr(line, "; Max-Age=34560000;"));
    *strchr(line, ';') = '\0';
    assert_reads(site.session, line, end_ms - 1, SSR_OK, "\"bob\"");
    assert_reads(site.session, line, end_ms, SSR_E_SEAL_EXPIRED, "null");
    fixture_close(&site.fixture);
}

/* A length that lies about a clock from before the epoch, or from the end of time, must not overflow. */
static void extreme_clocks_are_survived(void **state)
{
    struct site site;
    char line[512];
    size_t length;
    (void)state;
    open_site(&site);
    const int64_t clocks[] = {INT64_MIN, -1, 0, INT64_C(253402300799000), INT64_MAX};
    ssr_input alice = ssr_input_string("alice");
    for (size_t i = 0; i < TEST_COUNT(clocks); i++) {
        ssr_status status = ssr_cookie_write(site.session, &alice, NULL, clocks[i], line, sizeof line, &length);
        assert_true(status == SSR_OK || status == SSR_E_COOKIE_EXPIRES);
    }
    fixture_close(&site.fixture);
}

/* ---- In a render ------------------------------------------------------------------------------------------------ */

static ssr_status show_theme_thrice(ssr_ctx *ctx, void *arg)
{
    const struct site *site = arg;
    char loaded[16] = "";
    ssr_text(ctx, ssr_cookie_get_string(ctx, site->theme));
    ssr_text(ctx, ssr_cookie_sent(ctx, "theme", 0));
    ssr_json_string(ssr_query_get(ctx, site->query, NULL, true).data, loaded, sizeof loaded);
    return ssr_text(ctx, loaded);
}

/* As some servers give the headers of one name that were not sent. */
static void headers_that_are_missing_are_passed_over(void **state)
{
    static const char *const headers[] = {NULL, "a=b", NULL, "theme=dark"};
    struct site site;
    (void)state;
    open_site(&site);
    ssr_request request = {.cookie_headers = headers, .cookie_header_count = TEST_COUNT(headers)};
    assert_status(fixture_run_request(&site.fixture, show_theme_thrice, &site, &request), SSR_OK);
    assert_string_equal(site.fixture.result->html, "darkdarkdark");
    fixture_close(&site.fixture);
}

static ssr_status use_what_is_not_there(ssr_ctx *ctx, void *foreign)
{
    assert_null(ssr_cookie_get(ctx, NULL));
    assert_null(ssr_cookie_get(ctx, foreign));
    assert_status(ssr_last_status(ctx), SSR_E_UNKNOWN_COOKIE);
    assert_null(ssr_cookie_sent(ctx, NULL, 0));
    assert_status(ssr_cookie_set(ctx, foreign, ssr_input_string("x")), SSR_E_UNKNOWN_COOKIE);
    assert_status(ssr_cookie_delete(ctx, foreign), SSR_E_UNKNOWN_COOKIE);
    assert_status(ssr_cookie_send(ctx, NULL), SSR_E_INVALID_ARGUMENT);
    return ssr_html(ctx, "done");
}

static void cookies_of_another_engine_are_unknown(void **state)
{
    struct site site, other;
    (void)state;
    open_site(&site);
    open_site(&other);
    assert_status(fixture_run(&site.fixture, use_what_is_not_there, other.theme), SSR_OK);
    assert_string_equal(site.fixture.result->html, "done");
    assert_int_equal(site.fixture.result->set_cookie_count, 0);
    assert_int_equal(site.fixture.result->refused, 3);
    fixture_close(&other.fixture);
    fixture_close(&site.fixture);
}

static ssr_status look_into_the_headers(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    assert_null(ssr_cookie_sent(ctx, "a", 0));
    assert_status(ssr_last_status(ctx), SSR_E_LIMIT);
    return ssr_html(ctx, "not shown");
}

static ssr_status send_one(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    assert_status(ssr_cookie_send(ctx, &((ssr_set_cookie){.name = "mine"})), SSR_E_LIMIT);
    return ssr_html(ctx, "not shown");
}

/* Whichever call is the first to look at them. */
static void too_many_cookies_end_the_render(void **state)
{
    static const ssr_page_fn pages[] = {look_into_the_headers, send_one};
    const char *header = "a=1; b=2; c=3";
    ssr_request request = {.cookie_headers = &header, .cookie_header_count = 1};
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(pages); i++) {
        struct site site;
        open_limited_site(&site, 2);
        assert_status(fixture_run_request(&site.fixture, pages[i], NULL, &request), SSR_E_LIMIT);
        assert_int_equal(site.fixture.result->outcome, SSR_LIMITED);
        assert_non_null(strstr(site.fixture.result->error, "ssr_limits.cookies"));
        assert_int_equal(site.fixture.result->set_cookie_count, 0);
        fixture_close(&site.fixture);
    }
}

/* ---- Atoms that are kept in a cookie ----------------------------------------------------------------------------- */

static ssr_status push_five(ssr_draft *draft, void *arg)
{
    (void)arg;
    return ssr_draft_set(draft, "/-", ssr_input_integer(5));
}

static ssr_status fill_cart(ssr_ctx *ctx, void *arg)
{
    ssr_atom *cart = ssr_atom_use(ssr_atoms(ctx), arg);
    assert_status(ssr_atom_update_with(cart, push_five, NULL), SSR_OK);
    ssr_json json = ssr_atom_value(cart);
    return ssr_text_n(ctx, json.text, json.length);
}

/* One item, not one for each pass; the next request begins with what this one sent. */
static void an_atom_is_kept_in_its_cookie(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_cookie_define(fixture.registry, "cart", &(ssr_cookie_options){.encoding = SSR_COOKIE_JSON});
    ssr_atom_template *cart =
        ssr_atom_define(fixture.registry, "cart", &(ssr_atom_options){.default_json = "[]", .persist = "cart"});
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, fill_cart, cart), SSR_OK);
    assert_string_equal(fixture.result->html, "[5]");
    assert_int_equal(fixture.result->passes, 2);
    assert_int_equal(fixture.result->set_cookie_count, 1);
    assert_string_equal(fixture.result->set_cookies[0], "cart=%5B5%5D; Path=/; SameSite=Lax");
    const char *header = "cart=%5B5%5D";
    assert_status(fixture_run_request(&fixture, fill_cart, cart,
                                      &(ssr_request){.cookie_headers = &header, .cookie_header_count = 1}),
                  SSR_OK);
    assert_string_equal(fixture.result->html, "[5,5]");
    assert_string_equal(fixture.result->set_cookies[0], "cart=%5B5%2C5%5D; Path=/; SameSite=Lax");
    fixture_close(&fixture);
}

struct shelf {
    ssr_cookie *cookie;
    ssr_atom_template *atom;
};

/* The first location leaves in the cookie what it falls back to: by a set, or by its deletion. */
static ssr_status leave_fallback(ssr_ctx *ctx, void *arg)
{
    const struct shelf *shelf = arg;
    ssr_atom *cart = ssr_atom_use(ssr_atoms(ctx), shelf->atom);
    ssr_json json = ssr_atom_value(cart);
    if (strcmp(ssr_location(ctx), "/set") == 0)
        ssr_atom_update(cart, ssr_input_json("[]"));
    if (strcmp(ssr_location(ctx), "/delete") == 0)
        ssr_cookie_delete(ctx, shelf->cookie);
    if (strcmp(ssr_location(ctx), "/shown") != 0)
        return ssr_redirect(ctx, "/shown", 0);
    return ssr_text_n(ctx, json.text, json.length);
}

/* What the cookie holds is the atom's, also when it is what the cookie reads as where there is none; and not once it is
 * deleted. */
static void an_atom_begins_with_what_its_cookie_holds_and_with_nothing_else(void **state)
{
    static const struct {
        const char *location, *header, *html;
    } cases[] = {{"/set", NULL, "[]"}, {"/delete", "cart=%5B%5D", "[1]"}, {"/nothing", NULL, "[1]"}};
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_open(&fixture);
    struct shelf shelf;
    shelf.cookie = ssr_cookie_define(fixture.registry, "cart",
                                     &(ssr_cookie_options){.encoding = SSR_COOKIE_JSON, .fallback_json = "[]"});
    shelf.atom =
        ssr_atom_define(fixture.registry, "cart", &(ssr_atom_options){.default_json = "[1]", .persist = "cart"});
    fixture_start(&fixture);
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        const ssr_request request = {.location = cases[i].location,
                                     .cookie_headers = &cases[i].header,
                                     .cookie_header_count = cases[i].header != NULL,
                                     .redirects = SSR_REDIRECTS_FOLLOW};
        assert_status(fixture_run_request(&fixture, leave_fallback, &shelf, &request), SSR_OK);
        assert_string_equal(fixture.result->html, cases[i].html);
    }
    fixture_close(&fixture);
}

static ssr_status load_cart(ssr_operation *operation, void *cart)
{
    ssr_builder_json(ssr_operation_build_store(operation), "[7]", 3);
    assert_status(ssr_operation_update_atom(operation, cart), SSR_OK);
    return ssr_builder_null(ssr_operation_build(operation));
}

struct shop {
    bool fails; /* the page, once the loader has written */
    ssr_query *query;
    ssr_atom_template *cart;
};

static ssr_status show_loaded_cart(ssr_ctx *ctx, void *arg)
{
    const struct shop *shop = arg;
    if (ssr_query_get(ctx, shop->query, NULL, true).state == SSR_QUERY_READY && shop->fails)
        return SSR_E_FAILED;
    ssr_json json = ssr_atom_value(ssr_atom_use(ssr_atoms(ctx), shop->cart));
    return ssr_text_n(ctx, json.text, json.length);
}

static ssr_status greet(ssr_operation *operation, void *text)
{
    return ssr_operation_set_cookie(operation, text, ssr_input_string("hello"));
}

static ssr_status forget(ssr_operation *operation, void *text)
{
    return ssr_operation_delete_cookie(operation, text);
}

static ssr_status show_text(ssr_ctx *ctx, void *text)
{
    return ssr_text_json(ctx, ssr_atom_value(ssr_atom_use(ssr_atoms(ctx), text)));
}

/* Set to what an absent one reads as, a cookie is there, in this request as in the next. */
static void an_atom_begins_with_a_cookie_that_was_set_to_its_fallback(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_cookie *cookie = ssr_cookie_define(fixture.registry, "text", &(ssr_cookie_options){.fallback_string = "hello"});
    ssr_atom_template *text = ssr_atom_define(
        fixture.registry, "text", &(ssr_atom_options){.default_json = "\"nothing yet\"", .persist = "text"});
    fixture_start(&fixture);
    const ssr_hook set[] = {{.name = "greet", .run = greet, .arg = cookie}};
    const ssr_hook deleted[] = {set[0], {.name = "forget", .run = forget, .arg = cookie}};
    ssr_route route = {.hooks = set, .hook_count = 1};
    const ssr_request request = {.find_route = fixture_route, .find_route_arg = &route};
    assert_status(fixture_run_request(&fixture, show_text, text, &request), SSR_OK);
    assert_string_equal(fixture.result->html, "hello");
    assert_string_equal(fixture.result->set_cookies[0], "text=hello; Path=/; SameSite=Lax");
    route = (ssr_route){.hooks = deleted, .hook_count = 2};
    assert_status(fixture_run_request(&fixture, show_text, text, &request), SSR_OK);
    assert_string_equal(fixture.result->html, "nothing yet");
    assert_status(fixture_run(&fixture, show_text, text), SSR_OK);
    assert_string_equal(fixture.result->html, "nothing yet");
    fixture_close(&fixture);
}

static ssr_status refuse_numbers(ssr_draft *next, ssr_json old, const ssr_atom *atom, void *arg)
{
    (void)old, (void)atom, (void)arg;
    return ssr_json_type(ssr_draft_get(next, "")) == SSR_JSON_NUMBER ? SSR_E_FAILED : SSR_OK;
}

static ssr_status set_shelf_cookie(ssr_operation *operation, void *arg)
{
    const struct shelf *shelf = arg;
    return ssr_operation_set_cookie(operation, shelf->cookie, ssr_input_string("set"));
}

static ssr_status give_shelf_a_number(ssr_operation *operation, void *arg)
{
    const struct shelf *shelf = arg;
    ssr_builder_integer(ssr_operation_build_store(operation), 5);
    return ssr_operation_update_atom(operation, shelf->atom);
}

static ssr_status show_shelf(ssr_ctx *ctx, void *arg)
{
    const struct shelf *shelf = arg;
    ssr_text(ctx, ssr_cookie_get_string(ctx, shelf->cookie));
    ssr_text(ctx, " ");
    return ssr_text_json(ctx, ssr_atom_value(ssr_atom_use(ssr_atoms(ctx), shelf->atom)));
}

/* The second hook is the first to use the atom, and what it gives is refused. */
static void an_atom_begins_with_what_a_hook_has_just_set(void **state)
{
    (void)state;
    struct fixture fixture;
    struct shelf shelf;
    fixture_init(&fixture);
    fixture_open(&fixture);
    shelf.cookie = ssr_cookie_define(fixture.registry, "shelf", &(ssr_cookie_options){.fallback_string = "fallback"});
    shelf.atom = ssr_atom_define(fixture.registry, "shelf",
                                 &(ssr_atom_options){.persist = "shelf", .before_update = refuse_numbers});
    fixture_start(&fixture);
    const ssr_hook hooks[] = {{.name = "set", .run = set_shelf_cookie, .arg = &shelf},
                              {.name = "give", .run = give_shelf_a_number, .arg = &shelf}};
    const ssr_route route = {.hooks = hooks, .hook_count = TEST_COUNT(hooks)};
    const char *sent = "shelf=sent";
    for (size_t count = 0; count <= 1; count++) {
        assert_status(fixture_run_request(&fixture, show_shelf, &shelf,
                                          &(ssr_request){.cookie_headers = &sent,
                                                         .cookie_header_count = count,
                                                         .find_route = fixture_route,
                                                         .find_route_arg = (void *)&route}),
                      SSR_OK);
        assert_string_equal(fixture.result->html, "set set");
    }
    fixture_close(&fixture);
}

/* Whatever becomes of the pass after it. */
static void what_a_loader_writes_is_kept_too(void **state)
{
    (void)state;
    struct fixture fixture;
    struct shop shop = {.fails = false};
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_cookie_define(fixture.registry, "cart", &(ssr_cookie_options){.encoding = SSR_COOKIE_JSON});
    shop.cart = ssr_atom_define(fixture.registry, "cart", &(ssr_atom_options){.persist = "cart"});
    shop.query =
        ssr_query_define(fixture.registry, "q", &(ssr_query_options){.load = load_cart, .load_arg = shop.cart});
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, show_loaded_cart, &shop), SSR_OK);
    assert_string_equal(fixture.result->html, "[7]");
    assert_int_equal(fixture.result->set_cookie_count, 1);
    assert_string_equal(fixture.result->set_cookies[0], "cart=%5B7%5D; Path=/; SameSite=Lax");
    shop.fails = true;
    assert_status(fixture_run(&fixture, show_loaded_cart, &shop), SSR_E_FAILED);
    assert_int_equal(fixture.result->set_cookie_count, 1);
    assert_string_equal(fixture.result->set_cookies[0], "cart=%5B7%5D; Path=/; SameSite=Lax");
    fixture_close(&fixture);
}

struct reader {
    ssr_cookie *cookie;
    ssr_atom_template *atom;
    ssr_query *query;
    const char *before; /* what the page or the loader does with the cookie first */
    char seen[64];
};

static ssr_status read_cart(ssr_operation *operation, void *arg)
{
    struct reader *reader = arg;
    if (strcmp(reader->before, "sets") == 0)
        assert_status(ssr_operation_set_cookie(operation, reader->cookie, ssr_input_json("[8]")), SSR_OK);
    if (strcmp(reader->before, "removes") == 0)
        assert_status(ssr_operation_delete_cookie(operation, reader->cookie), SSR_OK);
    ssr_json json = ssr_operation_atom(operation, reader->atom);
    snprintf(reader->seen, sizeof reader->seen, "%.*s", (int)json.length, json.text);
    return ssr_builder_null(ssr_operation_build(operation));
}

/* Asks, and uses the atom once the loader has answered. */
static ssr_status read_then_use(ssr_ctx *ctx, void *arg)
{
    const struct reader *reader = arg;
    bool is_first = ssr_query_get(ctx, reader->query, NULL, true).state == SSR_QUERY_PENDING;
    if (is_first && strcmp(reader->before, "reads") == 0)
        ssr_cookie_get(ctx, reader->cookie);
    if (is_first && strcmp(reader->before, "writes") == 0)
        ssr_cookie_set(ctx, reader->cookie, ssr_input_json("[9]"));
    if (strcmp(reader->before, "deletes") == 0)
        ssr_cookie_delete(ctx, reader->cookie);
    if (is_first)
        return SSR_OK;
    ssr_json json = ssr_atom_value(ssr_atom_use(ssr_atoms(ctx), reader->atom));
    return ssr_text_n(ctx, json.text, json.length);
}

/* What a loader sees of an atom that nobody has used yet is what the next pass sees when it uses it. */
static void a_loader_sees_what_the_cookie_of_an_atom_holds(void **state)
{
    static const struct {
        const char *before, *header, *seen;
    } cases[] = {
        {"", "cart=%5B5%5D", "[5]"},
        {"", NULL, "[1]"},
        {"", "cart=%5B%5D", "[]"},
        {"", "cart=%5B", "[1]"},
        {"reads", "cart=%5B5%5D", "[5]"},
        {"reads", NULL, "[1]"},
        {"reads", "cart=%5B%5D", "[]"},
        {"reads", "cart=%5B", "[1]"},
        {"writes", NULL, "[9]"},
        {"deletes", "cart=%5B5%5D", "[1]"},
        {"sets", NULL, "[8]"},
        {"removes", "cart=%5B5%5D", "[1]"},
    };
    (void)state;
    struct fixture fixture;
    struct reader reader = {0};
    fixture_init(&fixture);
    fixture_open(&fixture);
    reader.cookie = ssr_cookie_define(fixture.registry, "cart",
                                      &(ssr_cookie_options){.encoding = SSR_COOKIE_JSON, .fallback_json = "[]"});
    reader.atom =
        ssr_atom_define(fixture.registry, "cart", &(ssr_atom_options){.default_json = "[1]", .persist = "cart"});
    reader.query =
        ssr_query_define(fixture.registry, "q", &(ssr_query_options){.load = read_cart, .load_arg = &reader});
    fixture_start(&fixture);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        reader.before = cases[i].before;
        ssr_request request = {.cookie_headers = &cases[i].header, .cookie_header_count = cases[i].header != NULL};
        assert_status(fixture_run_request(&fixture, read_then_use, &reader, &request), SSR_OK);
        assert_string_equal(reader.seen, cases[i].seen);
        assert_string_equal(fixture.result->html, cases[i].seen);
    }
    fixture_close(&fixture);
}

/* A cart, and a store that says in the second pass that it must stay as it was. */
struct closing_shop {
    ssr_atom_template *cart;
    ssr_store *is_closed;
};

static ssr_status close_the_cart(ssr_ctx *ctx, void *arg)
{
    const struct closing_shop *shop = arg;
    ssr_atom *cart = ssr_atom_use(ssr_atoms(ctx), shop->cart);
    const char *items = ssr_get_boolean(ctx, shop->is_closed, false) ? "[]" : "[5]";
    ssr_set_boolean(ctx, shop->is_closed, true);
    assert_status(ssr_atom_update(cart, ssr_input_json(items)), SSR_OK);
    assert_status(ssr_atom_update(cart, ssr_input_json(items)), SSR_OK);
    ssr_json json = ssr_atom_value(cart);
    return ssr_text_n(ctx, json.text, json.length);
}

/* What was written last is sent, though the atom has been taken back to it: an earlier pass has sent another value. */
static void the_cookie_says_what_the_last_pass_wrote(void **state)
{
    (void)state;
    struct fixture fixture;
    struct closing_shop shop;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_cookie_define(fixture.registry, "cart", &(ssr_cookie_options){.encoding = SSR_COOKIE_JSON});
    shop.cart = ssr_atom_define(fixture.registry, "cart", &(ssr_atom_options){.default_json = "[]", .persist = "cart"});
    shop.is_closed = fixture_store(&fixture, "closed", "false");
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, close_the_cart, &shop), SSR_OK);
    assert_string_equal(fixture.result->html, "[]");
    assert_int_equal(fixture.result->passes, 3);
    assert_int_equal(fixture.result->set_cookie_count, 1);
    assert_string_equal(fixture.result->set_cookies[0], "cart=%5B%5D; Path=/; SameSite=Lax");
    fixture_close(&fixture);
}

static ssr_status leave_the_cart(ssr_ctx *ctx, void *registry)
{
    ssr_cookie_set(ctx, ssr_cookie_find(registry, "other"), ssr_input_json("[9]"));
    ssr_atom *other = ssr_atom_use(ssr_atoms(ctx), ssr_atom_find(registry, "other"));
    assert_int_equal(ssr_json_count(ssr_atom_value(other)), 0); /* a set is seen by the next pass */
    ssr_cookie_delete(ctx, ssr_cookie_find(registry, "gone"));
    ssr_atom_update(ssr_atom_use(ssr_atoms(ctx), ssr_atom_find(registry, "gone")), ssr_input_json("[]"));
    return ssr_atom_update(ssr_atom_use(ssr_atoms(ctx), ssr_atom_find(registry, "cart")), ssr_input_json("[]"));
}

/* What is the default is not sent where no cookie says anything else. */
static void a_default_needs_no_cookie(void **state)
{
    static const char *const headers[] = {"other=%5B%5D"};
    (void)state;
    struct fixture fixture;
    const ssr_cookie_options json = {.encoding = SSR_COOKIE_JSON};
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_cookie_define(fixture.registry, "cart", &json);
    ssr_cookie_define(fixture.registry, "other", &json);
    ssr_cookie_define(fixture.registry, "gone", &json);
    ssr_atom_define(fixture.registry, "gone", &(ssr_atom_options){.default_json = "[]", .persist = "gone"});
    ssr_atom_define(fixture.registry, "cart", &(ssr_atom_options){.default_json = "[]", .persist = "cart"});
    ssr_atom_define(fixture.registry, "other", &(ssr_atom_options){.default_json = "[]", .persist = "other"});
    fixture_start(&fixture);
    ssr_request request = {.cookie_headers = headers, .cookie_header_count = 1};
    assert_status(fixture_run_request(&fixture, leave_the_cart, fixture.registry, &request), SSR_OK);
    assert_int_equal(fixture.result->set_cookie_count, 2);
    assert_string_equal(fixture.result->set_cookies[0], "other=%5B9%5D; Path=/; SameSite=Lax");
    assert_non_null(strstr(fixture.result->set_cookies[1], "gone=; "));
    fixture_close(&fixture);
}

static ssr_status fill_cart_and_leave(ssr_ctx *ctx, void *arg)
{
    ssr_atom *cart = ssr_atom_use(ssr_atoms(ctx), arg);
    if (strcmp(ssr_location(ctx), "/b") != 0) {
        ssr_atom_update(cart, ssr_input_json("[5]"));
        return ssr_redirect(ctx, "/b", 0);
    }
    ssr_json json = ssr_atom_value(cart);
    return ssr_text_n(ctx, json.text, json.length);
}

static ssr_status empty_cart(ssr_operation *operation, void *cart)
{
    ssr_builder_json(ssr_operation_build_store(operation), "[]", 2);
    return ssr_operation_update_atom(operation, cart);
}

static ssr_status never_empty(ssr_draft *next, ssr_json old, const ssr_atom *atom, void *arg)
{
    (void)atom, (void)arg;
    bool empties = ssr_json_count(ssr_draft_get(next, "")) == 0 && ssr_json_count(old) > 0;
    return empties ? SSR_E_INVALID_ARGUMENT : SSR_OK;
}

/* At the next location the atom begins with what the page that was left has set, for its hook already. */
static void a_hook_finds_the_atom_as_it_was_left(void **state)
{
    static const ssr_before_update_fn looks[] = {NULL, never_empty};
    static const char *const headers[] = {"cart=[]", "cart=[5]"}, *const shown[] = {"[]", "[5]"};
    static const char *const sent[] = {"cart=%5B%5D; Path=/; SameSite=Lax", "cart=%5B5%5D; Path=/; SameSite=Lax"};
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(looks); i++) {
        struct fixture fixture;
        fixture_init(&fixture);
        fixture_open(&fixture);
        ssr_cookie_define(fixture.registry, "cart", &(ssr_cookie_options){.encoding = SSR_COOKIE_JSON});
        ssr_atom_template *cart =
            ssr_atom_define(fixture.registry, "cart",
                            &(ssr_atom_options){.default_json = "[]", .persist = "cart", .before_update = looks[i]});
        fixture_start(&fixture);
        ssr_hook hook = {"empty", empty_cart, cart};
        ssr_route route = {.hooks = &hook, .hook_count = 1};
        ssr_request request = {.location = "/a",
                               .redirects = SSR_REDIRECTS_FOLLOW,
                               .find_route = fixture_route_of_b,
                               .find_route_arg = &route,
                               .cookie_headers = headers,
                               .cookie_header_count = 1};
        assert_status(fixture_run_request(&fixture, fill_cart_and_leave, cart, &request), SSR_OK);
        assert_string_equal(fixture.result->html, shown[i]);
        assert_int_equal(fixture.result->set_cookie_count, 1);
        assert_string_equal(fixture.result->set_cookies[0], sent[i]);
        request.location = "/b"; /* and with what the browser sent, when nobody was here before */
        request.cookie_headers = &headers[1];
        assert_status(fixture_run_request(&fixture, fill_cart_and_leave, cart, &request), SSR_OK);
        assert_string_equal(fixture.result->html, shown[i]);
        assert_int_equal(fixture.result->set_cookie_count, 1 - i);
        fixture_close(&fixture);
    }
}

struct counting_shop {
    ssr_atom_template *cart;
    ssr_store *count;
    ssr_component_definition *bar;
};

static ssr_status refuse_all(ssr_draft *next, ssr_json old, const ssr_atom *atom, void *arg)
{
    (void)next, (void)old, (void)atom, (void)arg;
    return SSR_E_INVALID_ARGUMENT;
}

static ssr_status show_bar(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    const struct counting_shop *shop = arg;
    (void)props;
    ssr_json json = ssr_atom_value(ssr_atom_use(ssr_atoms(ctx), shop->cart));
    return ssr_text_n(ctx, json.text, json.length);
}

static ssr_status count_to_four(ssr_ctx *ctx, void *arg)
{
    const struct counting_shop *shop = arg;
    int64_t count = ssr_get_integer(ctx, shop->count, 0);
    ssr_component(ctx, shop->bar, NULL, ssr_input_null());
    return count < 4 ? ssr_set_integer(ctx, shop->count, count + 1) : SSR_OK;
}

/* Once a pass, whether the component that uses the atom runs in it or is taken over. */
static void a_cookie_that_an_atom_refuses_is_told_once_a_pass(void **state)
{
    static const char *const headers[] = {"cart=[5]"};
    (void)state;
    for (int reuses = 0; reuses < 2; reuses++) {
        struct fixture fixture;
        struct counting_shop shop;
        fixture_init(&fixture);
        fixture.config.reuse_components = reuses;
        fixture_open(&fixture);
        ssr_cookie_define(fixture.registry, "cart", &(ssr_cookie_options){.encoding = SSR_COOKIE_JSON});
        shop.cart =
            ssr_atom_define(fixture.registry, "cart",
                            &(ssr_atom_options){.default_json = "[]", .persist = "cart", .before_update = refuse_all});
        shop.count = fixture_store(&fixture, "count", "0");
        shop.bar =
            ssr_component_define(fixture.registry, "bar", &(ssr_component_options){.render = show_bar, .arg = &shop});
        fixture_start(&fixture);
        ssr_request request = {.cookie_headers = headers, .cookie_header_count = 1};
        assert_status(fixture_run_request(&fixture, count_to_four, &shop, &request), SSR_OK);
        assert_string_equal(fixture.result->html, "[]");
        assert_int_equal(fixture.result->passes, 5);
        assert_int_equal(fixture.result->refused, 5);
        fixture_close(&fixture);
    }
}

static ssr_status empty_it(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    const struct counting_shop *shop = arg;
    (void)props;
    return ssr_atom_update(ssr_atom_use(ssr_atoms(ctx), shop->cart), ssr_input_json("[]"));
}

static ssr_status set_its_cookie_once(ssr_ctx *ctx, void *arg)
{
    const struct counting_shop *shop = arg;
    ssr_component(ctx, shop->bar, NULL, ssr_input_null());
    if (ssr_get_integer(ctx, shop->count, 0) > 0)
        return SSR_OK;
    ssr_cookie_set(ctx, ssr_cookie_find(shop->cart->definition.registry, "cart"), ssr_input_json("[5]"));
    return ssr_set_integer(ctx, shop->count, 1);
}

static void open_counting_shop(struct fixture *fixture, struct counting_shop *shop, bool reuses)
{
    fixture_init(fixture);
    fixture->config.reuse_components = reuses;
    fixture_open(fixture);
    ssr_cookie_define(fixture->registry, "cart", &(ssr_cookie_options){.encoding = SSR_COOKIE_JSON});
    shop->cart =
        ssr_atom_define(fixture->registry, "cart", &(ssr_atom_options){.default_json = "[]", .persist = "cart"});
    shop->count = fixture_store(fixture, "count", "0");
    shop->bar =
        ssr_component_define(fixture->registry, "bar", &(ssr_component_options){.render = empty_it, .arg = shop});
    fixture_start(fixture);
}

/* A component that writes what the atom has already depends on what the cookie says. */
static void who_writes_an_atom_looks_at_its_cookie(void **state)
{
    (void)state;
    for (int reuses = 0; reuses < 2; reuses++) {
        struct fixture fixture;
        struct counting_shop shop;
        open_counting_shop(&fixture, &shop, reuses);
        assert_status(fixture_run(&fixture, set_its_cookie_once, &shop), SSR_OK);
        assert_int_equal(fixture.result->passes, 3);
        assert_int_equal(fixture.result->set_cookie_count, 1);
        assert_string_equal(fixture.result->set_cookies[0], "cart=%5B%5D; Path=/; SameSite=Lax");
        bool has_failed = true;
        for (size_t i = 1; has_failed; i++) {
            fixture.memory.fail_at = fixture.memory.calls + i;
            ssr_status status = fixture_run(&fixture, set_its_cookie_once, &shop);
            assert_true(status == SSR_OK || status == SSR_E_NOMEM);
            has_failed = fixture.memory.calls >= fixture.memory.fail_at;
        }
        fixture_close(&fixture);
    }
}

static ssr_status fill_text(ssr_ctx *ctx, void *text)
{
    ssr_atom *atom = ssr_atom_use(ssr_atoms(ctx), text);
    assert_status(ssr_atom_update(atom, ssr_input_string("plain")), SSR_OK);
    assert_status(ssr_atom_update(atom, ssr_input_string("two words")), SSR_E_COOKIE_VALUE);
    assert_status(ssr_atom_update(atom, ssr_input_integer(5)), SSR_E_WRONG_TYPE);
    ssr_json json = ssr_atom_value(atom);
    return ssr_text_n(ctx, json.text + 1, json.length - 2);
}

/* What the cookie cannot hold, the atom does not take. */
static void an_atom_takes_only_what_its_cookie_can_hold(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_cookie_define(fixture.registry, "text", NULL);
    ssr_atom_template *text =
        ssr_atom_define(fixture.registry, "text", &(ssr_atom_options){.default_json = "\"\"", .persist = "text"});
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, fill_text, text), SSR_OK);
    assert_string_equal(fixture.result->html, "plain");
    assert_int_equal(fixture.result->set_cookie_count, 1);
    assert_string_equal(fixture.result->set_cookies[0], "text=plain; Path=/; SameSite=Lax");
    fixture_close(&fixture);
}

static void an_atom_cannot_be_kept_in_an_unknown_cookie(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_atom_define(fixture.registry, "cart", &(ssr_atom_options){.persist = "basket"});
    assert_status(ssr_engine_start(fixture.engine), SSR_E_UNKNOWN_COOKIE);
    assert_non_null(strstr(ssr_registry_error(fixture.registry), "cart"));
    fixture_close(&fixture);
}

/* ---- Memory that was given back --------------------------------------------------------------------------------- */

static const char mark[] = "PLAINTEXT-OF-ALICE";

/* Counts blocks that are given back with the mark in them. */
struct spy {
    unsigned seen;
};

static bool holds_mark(const char *bytes, size_t size)
{
    for (size_t i = 0; i + sizeof mark - 1 <= size; i++)
        if (memcmp(bytes + i, mark, sizeof mark - 1) == 0)
            return true;
    return false;
}

static void *spy_resize(void *arg, void *pointer, size_t old_size, size_t new_size)
{
    struct spy *spy = arg;
    if (sweep_refuses(pointer, old_size, new_size))
        return NULL;
    if (pointer)
        spy->seen += holds_mark(pointer, old_size);
    void *moved = NULL;
    if (new_size > 0) {
        moved = malloc(new_size);
        assert_non_null(moved);
        memset(moved, 0, new_size);
        if (pointer)
            memcpy(moved, pointer, old_size < new_size ? old_size : new_size);
    }
    free(pointer);
    return moved;
}

struct secret_page {
    ssr_cookie *session;
    ssr_query *query, *setter;
    ssr_atom_template *atom;
    enum { BY_PAGE, BY_ATOM, BY_LOADER } set_by;
};

static ssr_status load_secret(ssr_operation *operation, void *arg)
{
    const struct secret_page *page = arg;
    char text[64];
    ssr_json_string(ssr_operation_cookie(operation, page->session), text, sizeof text);
    assert_string_equal(text, mark);
    ssr_operation_set_cookie(operation, page->session, ssr_input_string(mark));
    return ssr_builder_null(ssr_operation_build(operation));
}

static ssr_status set_secret(ssr_operation *operation, void *arg)
{
    const struct secret_page *page = arg;
    ssr_operation_set_cookie(operation, page->session, ssr_input_string(mark));
    return ssr_builder_null(ssr_operation_build(operation));
}

static ssr_status show_secret(ssr_ctx *ctx, void *arg)
{
    const struct secret_page *page = arg;
    ssr_cookie_get_string(ctx, page->session);
    ssr_query_get(ctx, page->query, NULL, true);
    char value[64];
    snprintf(value, sizeof value, "%s%u", mark, ssr_pass(ctx));
    if (ssr_pass(ctx) > 1)
        ssr_cookie_set(ctx, page->session, ssr_input_string(value));
    return ssr_html(ctx, "<p>done</p>");
}

/* An engine whose memory is watched, and its definitions. */
static ssr_engine *start_watched(struct spy *spy, struct secret_page *page)
{
    ssr_config config = ssr_config_default();
    ssr_engine *engine;
    config.allocator = (ssr_allocator){spy_resize, spy};
    config.cookie_keys = &key;
    config.cookie_key_count = 1;
    config.forbidden_rerenders_count = 3;
    assert_status(ssr_engine_new(&config, &engine), SSR_OK);
    ssr_registry *registry = ssr_engine_registry(engine);
    page->session = ssr_cookie_define(registry, "session", &(ssr_cookie_options){.protection = SSR_COOKIE_SEALED});
    page->query = ssr_query_define(registry, "q", &(ssr_query_options){.load = load_secret, .load_arg = page});
    page->setter = ssr_query_define(registry, "setter", &(ssr_query_options){.load = set_secret, .load_arg = page});
    page->atom = ssr_atom_define(registry, "kept", &(ssr_atom_options){.default_json = "null", .persist = "session"});
    assert_status(ssr_engine_start(engine), SSR_OK);
    return engine;
}

static void plaintexts_are_wiped_from_memory_given_back(void **state)
{
    (void)state;
    struct spy spy = {0};
    struct secret_page page;
    ssr_engine *engine = start_watched(&spy, &page);
    char line[512];
    size_t length;
    ssr_input input = ssr_input_string(mark);
    assert_status(ssr_cookie_write(page.session, &input, NULL, 1000, line, sizeof line, &length), SSR_OK);
    *strchr(line, ';') = '\0';
    const char *header = line;
    ssr_render *render;
    assert_status(ssr_run(engine, show_secret, &page,
                          &(ssr_request){.cookie_headers = &header, .cookie_header_count = 1, .now_ms = 1000}, &render),
                  SSR_OK);
    assert_int_equal(ssr_render_result(render)->set_cookie_count, 1);
    assert_true(ssr_render_result(render)->passes > 2);
    ssr_render_free(render);
    ssr_engine_free(engine);
    assert_int_equal(spy.seen, 0);
}

static ssr_status keep_secret(ssr_ctx *ctx, void *arg)
{
    const struct secret_page *page = arg;
    if (page->set_by == BY_PAGE)
        ssr_cookie_set(ctx, page->session, ssr_input_string(mark));
    else if (page->set_by == BY_ATOM)
        ssr_atom_update(ssr_atom_use(ssr_atoms(ctx), page->atom), ssr_input_string(mark));
    else
        ssr_query_get(ctx, page->setter, NULL, true);
    return ssr_html(ctx, "<p>done</p>");
}

/* Nobody has sent the cookie, so that nothing was read of it before. */
static void what_is_only_set_is_wiped_as_well(void **state)
{
    (void)state;
    for (unsigned set_by = BY_PAGE; set_by <= BY_LOADER; set_by++) {
        struct spy spy = {0};
        struct secret_page page = {.set_by = set_by};
        ssr_engine *engine = start_watched(&spy, &page);
        ssr_render *render;
        assert_status(ssr_run(engine, keep_secret, &page, &(ssr_request){.now_ms = 1000}, &render), SSR_OK);
        assert_int_equal(ssr_render_result(render)->set_cookie_count, 1);
        ssr_render_free(render);
        ssr_engine_free(engine);
        assert_int_equal(spy.seen, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_keys_make_no_engine),
        cmocka_unit_test(options_that_say_nothing_are_refused),
        cmocka_unit_test(a_handler_reads_what_a_page_would_read),
        cmocka_unit_test(a_handler_writes_what_a_page_would_send),
        cmocka_unit_test(what_is_sealed_opens_until_its_time_has_come),
        cmocka_unit_test(sealing_lasts_as_long_as_the_definition_says),
        cmocka_unit_test(sealing_lasts_no_longer_than_browsers_keep_a_cookie),
        cmocka_unit_test(extreme_clocks_are_survived),
        cmocka_unit_test(headers_that_are_missing_are_passed_over),
        cmocka_unit_test(cookies_of_another_engine_are_unknown),
        cmocka_unit_test(too_many_cookies_end_the_render),
        cmocka_unit_test(an_atom_is_kept_in_its_cookie),
        cmocka_unit_test(an_atom_begins_with_what_its_cookie_holds_and_with_nothing_else),
        cmocka_unit_test(an_atom_begins_with_a_cookie_that_was_set_to_its_fallback),
        cmocka_unit_test(an_atom_begins_with_what_a_hook_has_just_set),
        cmocka_unit_test(what_a_loader_writes_is_kept_too),
        cmocka_unit_test(a_loader_sees_what_the_cookie_of_an_atom_holds),
        cmocka_unit_test(the_cookie_says_what_the_last_pass_wrote),
        cmocka_unit_test(a_default_needs_no_cookie),
        cmocka_unit_test(a_cookie_that_an_atom_refuses_is_told_once_a_pass),
        cmocka_unit_test(who_writes_an_atom_looks_at_its_cookie),
        cmocka_unit_test(a_hook_finds_the_atom_as_it_was_left),
        cmocka_unit_test(an_atom_takes_only_what_its_cookie_can_hold),
        cmocka_unit_test(an_atom_cannot_be_kept_in_an_unknown_cookie),
        cmocka_unit_test(plaintexts_are_wiped_from_memory_given_back),
        cmocka_unit_test(what_is_only_set_is_wiped_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
