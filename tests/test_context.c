/*
 * Context stores as a page sees them, and what the article "The SSR State Management Trap" says about
 * defineContextStore, statement by statement, with its headings.
 */
#include "fixture.h"

#include "ssrstore/context_internal.h" /* for the journal */

struct site {
    struct fixture fixture;
    ssr_context *user, *cart, *plain; /* with actions and init; with an action; with nothing */
    ssr_store *store;
    ssr_ctx *ctx;      /* kept for calls where they are not legal */
    ssr_draft *draft;  /* kept too long */
    ssr_status answer; /* what an updater is to return, or what a call has answered */
    unsigned inits, bodies;
    const void *more;
    char id[64];
};

/* ---- A site ----------------------------------------------------------------------------------------------------- */

/* { "user": initial data, "admin": whether it is root } */
static ssr_status init_user(ssr_draft *state, void *arg)
{
    struct site *site = arg;
    site->inits++;
    site->draft = state;
    bool is_admin = ssr_json_equals(ssr_draft_get(state, ""), "root");
    ssr_value *initial;
    ssr_json data = ssr_draft_get(state, "");
    assert_status(ssr_value_parse(NULL, data.text, data.length, NULL, &initial), SSR_OK);
    ssr_draft_set(state, "", ssr_input_json("{}"));
    ssr_draft_set(state, "/user", ssr_input_value(initial));
    ssr_value_free(initial);
    ssr_status status = ssr_draft_set(state, "/admin", ssr_input_boolean(is_admin));
    return site->answer == SSR_OK ? status : site->answer;
}

static ssr_status set_user(ssr_draft *state, ssr_json user, void *arg)
{
    (void)arg;
    if (ssr_json_type(user) == SSR_JSON_ABSENT)
        return SSR_E_FAILED;
    return ssr_draft_set(state, "/user", ssr_input_cursor(user));
}

static ssr_status push(ssr_draft *state, ssr_json item, void *arg)
{
    (void)arg;
    return ssr_draft_set(state, "/-", ssr_input_cursor(item));
}

static void open_site(struct site *site)
{
    ssr_action user_actions[] = {{"setUser", set_user, NULL}};
    const ssr_action cart_actions[] = {{"push", push, NULL}};
    fixture_open(&site->fixture);
    ssr_registry *registry = site->fixture.registry;
    site->user = ssr_context_define(
        registry, "user",
        &(ssr_context_options){.init = init_user, .arg = site, .actions = user_actions, .action_count = 1});
    memset(user_actions, 0, sizeof user_actions);
    site->cart =
        ssr_context_define(registry, "cart", &(ssr_context_options){.actions = cart_actions, .action_count = 1});
    site->plain = ssr_context_define(registry, "plain", NULL);
    site->store = fixture_store(&site->fixture, "title", "0");
    fixture_start(&site->fixture);
}

static void init_site(struct site *site)
{
    memset(site, 0, sizeof *site);
    fixture_init(&site->fixture);
}

/* Runs a page on a new site. */
static void run_site(struct site *site, ssr_page_fn page)
{
    init_site(site);
    open_site(site);
    fixture_run(&site->fixture, page, site);
}

/* Runs a page that settles, and shows what it should. */
static void assert_page(ssr_page_fn page, const char *html)
{
    struct site site;
    run_site(&site, page);
    assert_string_equal(site.fixture.result->html, html);
    assert_int_equal(site.fixture.result->outcome, SSR_SETTLED);
    fixture_close(&site.fixture);
}

/* Writes a state as JSON, "-" for none, and ";". */
static void show(ssr_ctx *ctx, const ssr_context *context)
{
    ssr_json json = ssr_context_use(ctx, context);
    if (json.text)
        ssr_html_n(ctx, json.text, json.length);
    ssr_html(ctx, json.text ? ";" : "-;");
}

static ssr_status show_plain(ssr_ctx *ctx, void *arg)
{
    show(ctx, ((struct site *)arg)->plain);
    return SSR_OK;
}

static ssr_status show_user(ssr_ctx *ctx, void *arg)
{
    show(ctx, ((struct site *)arg)->user);
    return SSR_OK;
}

static size_t count_journal(ssr_ctx *ctx, enum ssr_journal_op op, const ssr_context *context)
{
    size_t count = 0;
    for (const struct ssr_journal_chunk *chunk = ctx->journal.first; chunk; chunk = chunk->next)
        for (size_t i = 0; i < chunk->count; i++)
            count += chunk->entries[i].op == op && chunk->entries[i].definition == &context->definition;
    return count;
}

/* ---- Definitions ------------------------------------------------------------------------------------------------ */

static void assert_refused(const char *name, const ssr_context_options *options, ssr_status expected)
{
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_open(&fixture);
    assert_null(ssr_context_define(fixture.registry, name, options));
    assert_status(ssr_registry_status(fixture.registry), expected);
    assert_non_null(strstr(ssr_registry_error(fixture.registry), "context"));
    assert_status(ssr_engine_start(fixture.engine), expected);
    fixture_close(&fixture);
}

static void bad_definitions_are_refused(void **state)
{
    const ssr_action good = {"a", push, NULL}, idle = {"a", NULL, NULL}, nameless = {NULL, push, NULL};
    const ssr_action twice[] = {good, good};
    (void)state;
    assert_refused(NULL, NULL, SSR_E_INVALID_NAME);
    assert_refused("", NULL, SSR_E_INVALID_NAME);
    assert_refused("a\x1f", NULL, SSR_E_INVALID_NAME);
    assert_refused("a\xff", NULL, SSR_E_INVALID_NAME);
    assert_refused("a", &(ssr_context_options){.policy = (ssr_policy)7}, SSR_E_INVALID_ARGUMENT);
    assert_refused("a", &(ssr_context_options){.action_count = 1}, SSR_E_INVALID_ARGUMENT);
    assert_refused("a", &(ssr_context_options){.actions = &idle, .action_count = 1}, SSR_E_INVALID_ARGUMENT);
    assert_refused("a", &(ssr_context_options){.actions = &nameless, .action_count = 1}, SSR_E_INVALID_NAME);
    assert_refused("a", &(ssr_context_options){.actions = twice, .action_count = 2}, SSR_E_DUPLICATE_NAME);
    assert_null(ssr_context_define(NULL, "a", NULL));
}

static void a_name_is_one_context_store(void **state)
{
    struct site site;
    (void)state;
    init_site(&site);
    open_site(&site);
    assert_string_equal(ssr_context_name(site.user), "user");
    assert_ptr_equal(ssr_context_find(site.fixture.registry, "user"), site.user);
    assert_null(ssr_context_find(site.fixture.registry, "title")); /* another kind */
    assert_null(ssr_context_find(site.fixture.registry, "User"));
    assert_null(ssr_context_define(site.fixture.registry, "late", NULL));
    fixture_close(&site.fixture);
    fixture_init(&site.fixture);
    fixture_open(&site.fixture);
    assert_non_null(ssr_context_define(site.fixture.registry, "user", NULL));
    assert_non_null(fixture_store(&site.fixture, "user", NULL));
    assert_null(ssr_context_define(site.fixture.registry, "user", NULL));
    assert_status(ssr_engine_start(site.fixture.engine), SSR_E_DUPLICATE_NAME);
    fixture_close(&site.fixture);
}

/* ---- Providers -------------------------------------------------------------------------------------------------- */

static ssr_status inner_body(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    show(ctx, site->plain);
    show(ctx, site->cart);
    return SSR_OK;
}

static ssr_status outer_body(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    inner_body(ctx, site);
    ssr_context_provide(ctx, site->plain, NULL, ssr_input_integer(2), inner_body, site);
    ssr_context_provide(ctx, site->cart, NULL, ssr_input_integer(3), inner_body, site);
    return inner_body(ctx, site);
}

static ssr_status nested_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    return ssr_context_provide(ctx, site->plain, NULL, ssr_input_integer(1), outer_body, site);
}

static void the_nearest_provider_wins(void **state)
{
    (void)state;
    assert_page(nested_page, "1;-;2;-;1;3;1;-;");
}

/* Seed "defineContextStore - one instance per React render": scoped to a Provider. */
static ssr_status unprovided_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    assert_int_equal(ssr_json_type(ssr_context_use(ctx, site->plain)), SSR_JSON_ABSENT);
    assert_status(ssr_last_status(ctx), SSR_E_NO_PROVIDER);
    assert_status(ssr_context_set(ctx, site->plain, ssr_input_null()), SSR_E_NO_PROVIDER);
    assert_status(ssr_context_provide(ctx, site->plain, NULL, ssr_input_integer(1), show_plain, site), SSR_OK);
    assert_int_equal(ssr_json_type(ssr_context_use(ctx, site->plain)), SSR_JSON_ABSENT);
    assert_status(ssr_last_status(ctx), SSR_E_NO_PROVIDER);
    return ssr_html(ctx, "on");
}

static void without_a_provider_is_a_named_error(void **state)
{
    struct site site;
    (void)state;
    run_site(&site, unprovided_page);
    assert_string_equal(site.fixture.result->html, "1;on");
    assert_int_equal(site.fixture.result->refused, 1);
    assert_non_null(strstr(site.fixture.record_json, "\"call\":\"ssr_context_update\",\"kind\":\"context\",\"name\":"
                                                     "\"plain\",\"error\":\"no_provider\",\"at\":\"test_context.c:"));
    assert_non_null(strstr(site.fixture.record_text, "wrap it with ssr_context_provide"));
    fixture_close(&site.fixture);
}

static ssr_status unknown_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    const ssr_context *unknown[] = {NULL, site->more};
    for (size_t i = 0; i < TEST_COUNT(unknown); i++) {
        const ssr_context *context = unknown[i];
        assert_status(ssr_context_provide(ctx, context, NULL, ssr_input_null(), show_plain, site),
                      SSR_E_UNKNOWN_CONTEXT);
        assert_null(ssr_context_use(ctx, context).text);
        assert_status(ssr_last_status(ctx), SSR_E_UNKNOWN_CONTEXT);
        assert_status(ssr_context_set(ctx, context, ssr_input_null()), SSR_E_UNKNOWN_CONTEXT);
        assert_status(ssr_context_act(ctx, context, "push", ssr_input_null()), SSR_E_UNKNOWN_CONTEXT);
        assert_status(ssr_context_update(ctx, context, NULL, NULL), SSR_E_UNKNOWN_CONTEXT);
    }
    return SSR_OK;
}

static void a_context_of_another_engine_is_unknown(void **state)
{
    struct site site, other;
    (void)state;
    init_site(&site);
    open_site(&site);
    init_site(&other);
    open_site(&other);
    site.more = other.plain;
    assert_status(fixture_run(&site.fixture, unknown_page, &site), SSR_OK);
    assert_int_equal(site.fixture.result->refused, 8);
    fixture_close(&other.fixture);
    fixture_close(&site.fixture);
}

static ssr_status never(ssr_ctx *ctx, void *arg)
{
    (void)ctx, (void)arg;
    fail_msg("a refused provider rendered its body");
    return SSR_OK;
}

static ssr_status bad_arguments_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    static const char *const keys[] = {"\n", "a\x1f", "a\x7f", "\xff", "\xc0\x80", "\xed\xa0\x80", "a\xe2\x82"};
    for (size_t i = 0; i < TEST_COUNT(keys); i++)
        assert_status(ssr_context_provide(ctx, site->plain, keys[i], ssr_input_null(), never, site),
                      SSR_E_INVALID_ARGUMENT);
    assert_status(ssr_context_provide(ctx, site->plain, NULL, ssr_input_null(), NULL, site), SSR_E_INVALID_ARGUMENT);
    assert_status(ssr_context_provide(ctx, site->plain, NULL, ssr_input_json("[1,}"), never, site), SSR_E_SYNTAX);
    assert_status(ssr_context_provide(ctx, site->plain, NULL, ssr_input_value(NULL), never, site),
                  SSR_E_INVALID_ARGUMENT);
    show(ctx, site->plain);
    return SSR_OK;
}

static void a_refused_provider_changes_nothing(void **state)
{
    struct site site;
    (void)state;
    run_site(&site, bad_arguments_page);
    assert_string_equal(site.fixture.result->html, "-;");
    assert_int_equal(site.fixture.result->refused, 10);
    assert_non_null(strstr(site.fixture.record_json, "\"error\":\"syntax\",\"byte\":3"));
    assert_non_null(strstr(site.fixture.result->data, "\"contexts\":{}"));
    fixture_close(&site.fixture);
}

static ssr_status failing_body(ssr_ctx *ctx, void *arg)
{
    show(ctx, ((struct site *)arg)->plain);
    return ssr_fail(ctx, "no ideas");
}

static ssr_status failing_body_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    ssr_status status = ssr_context_provide(ctx, site->plain, NULL, ssr_input_integer(1), failing_body, site);
    assert_status(status, SSR_E_FAILED);
    show(ctx, site->plain); /* the provider is gone all the same */
    return site->answer == SSR_OK ? SSR_OK : status;
}

static void the_answer_of_the_body_is_the_providers(void **state)
{
    struct site site;
    (void)state;
    assert_page(failing_body_page, "1;-;");
    init_site(&site);
    open_site(&site);
    site.answer = SSR_E_FAILED;
    assert_status(fixture_run(&site.fixture, failing_body_page, &site), SSR_E_FAILED);
    assert_int_equal(site.fixture.result->outcome, SSR_FAILED);
    assert_non_null(strstr(site.fixture.result->error, "no ideas"));
    fixture_close(&site.fixture);
}

static ssr_status push_body(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    assert_status(ssr_context_act(ctx, site->cart, "push", ssr_input_integer(site->bodies++)), SSR_OK);
    show(ctx, site->cart);
    return SSR_OK;
}

static ssr_status siblings_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    for (int i = 0; i < 3; i++)
        ssr_context_provide(ctx, site->cart, NULL, ssr_input_json("[]"), push_body, site);
    return SSR_OK;
}

static void siblings_do_not_see_each_other(void **state)
{
    (void)state;
    assert_page(siblings_page, "[0];[1];[2];");
}

static ssr_status rerendered_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    site->bodies = 7;
    ssr_set_integer(ctx, site->store, ssr_pass(ctx) < 3 ? (int)ssr_pass(ctx) : 2);
    return ssr_context_provide(ctx, site->cart, NULL, ssr_input_json("[]"), push_body, site);
}

static void each_pass_begins_with_a_fresh_instance(void **state)
{
    struct site site;
    (void)state;
    run_site(&site, rerendered_page);
    assert_int_equal(site.fixture.result->passes, 3);
    assert_string_equal(site.fixture.result->html, "[7];");
    fixture_close(&site.fixture);
}

/* ---- Init ------------------------------------------------------------------------------------------------------- */

static ssr_status use_twice(ssr_ctx *ctx, void *arg)
{
    show_user(ctx, arg);
    return show_user(ctx, arg);
}

static ssr_status init_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    ssr_context_provide(ctx, site->user, "a", ssr_input_string("ann"), use_twice, site);
    ssr_context_provide(ctx, site->user, "b", ssr_input_string("root"), use_twice, site);
    /* Its init has returned. */
    assert_status(ssr_draft_set(site->draft, "/user", ssr_input_null()), SSR_E_DRAFT_ENDED);
    return SSR_OK;
}

/* Seed "defineContextStore - one instance per React render", (initialUser) => (set) => ({ user: initialUser, ... }). */
static void initial_data_goes_through_init_once_for_each_instance(void **state)
{
    struct site site;
    (void)state;
    run_site(&site, init_page);
    assert_string_equal(site.fixture.result->html,
                        "{\"admin\":false,\"user\":\"ann\"};{\"admin\":false,\"user\":\"ann\"};"
                        "{\"admin\":true,\"user\":\"root\"};{\"admin\":true,\"user\":\"root\"};");
    assert_int_equal(site.inits, 2);
    fixture_close(&site.fixture);
}

static ssr_status failing_init_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    site->answer = SSR_E_FAILED;
    assert_status(ssr_context_provide(ctx, site->user, NULL, ssr_input_string("ann"), never, site), SSR_E_FAILED);
    assert_status(ssr_last_status(ctx), SSR_E_FAILED);
    site->answer = SSR_OK;
    assert_status(ssr_context_set(ctx, site->user, ssr_input_null()), SSR_E_NO_PROVIDER); /* of no init */
    show_user(ctx, site);
    return ssr_context_provide(ctx, site->user, NULL, ssr_input_string("bob"), show_user, site);
}

static void an_init_may_fail(void **state)
{
    struct site site;
    (void)state;
    run_site(&site, failing_init_page);
    assert_string_equal(site.fixture.result->html, "-;{\"admin\":false,\"user\":\"bob\"};");
    assert_non_null(strstr(site.fixture.record_json, "\"call\":\"ssr_context_provide\",\"kind\":\"context\",\"name\":"
                                                     "\"user\",\"error\":\"failed\",\"initOf\":\"user\""));
    assert_non_null(strstr(site.fixture.record_json, "\"error\":\"no_provider\",\"at\":"));
    assert_non_null(strstr(site.fixture.result->data, "\"contexts\":{\"/user\":\"bob\"}"));
    fixture_close(&site.fixture);
}

/* An init that has the context from elsewhere. */
static ssr_status meddling_init(ssr_draft *state, void *arg)
{
    struct site *site = arg;
    ssr_ctx *ctx = site->ctx;
    assert_status(ssr_html(ctx, "x"), SSR_E_WRONG_PHASE);
    assert_status(ssr_set_null(ctx, site->store), SSR_E_WRONG_PHASE);
    assert_status(ssr_context_set(ctx, site->plain, ssr_input_null()), SSR_E_WRONG_PHASE);
    assert_status(ssr_context_provide(ctx, site->plain, NULL, ssr_input_null(), never, site), SSR_E_WRONG_PHASE);
    assert_null(ssr_context_use(ctx, site->plain).text);
    assert_status(ssr_last_status(ctx), SSR_E_WRONG_PHASE);
    snprintf(site->id, sizeof site->id, "%s", ssr_id(ctx));
    return ssr_draft_set(state, "", ssr_input_integer(ssr_get_integer(ctx, site->store, -1)));
}

static ssr_status show_more(ssr_ctx *ctx, void *arg)
{
    show(ctx, ((struct site *)arg)->more);
    return SSR_OK;
}

static ssr_status meddling_body(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    ssr_context_provide(ctx, site->more, NULL, ssr_input_null(), show_more, site);
    assert_string_not_equal(ssr_id(ctx), site->id); /* unique in the document */
    return SSR_OK;
}

static ssr_status meddling_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    site->ctx = ctx;
    return ssr_context_provide(ctx, site->plain, NULL, ssr_input_integer(1), meddling_body, site);
}

static void an_init_can_do_what_inits_can(void **state)
{
    struct site site;
    (void)state;
    init_site(&site);
    fixture_open(&site.fixture);
    site.plain = ssr_context_define(site.fixture.registry, "plain", NULL);
    site.more =
        ssr_context_define(site.fixture.registry, "more", &(ssr_context_options){.init = meddling_init, .arg = &site});
    site.store = fixture_store(&site.fixture, "title", "42");
    fixture_start(&site.fixture);
    assert_status(fixture_run(&site.fixture, meddling_page, &site), SSR_OK);
    assert_string_equal(site.fixture.result->html, "42;");
    assert_int_equal(site.fixture.result->refused, 4); /* writes; html and reads are answered only */
    fixture_close(&site.fixture);
}

static ssr_status init_title(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    struct site *site = arg;
    assert_null(ssr_context_use(ctx, site->plain).text);
    assert_status(ssr_last_status(ctx), SSR_E_WRONG_PHASE);
    assert_status(ssr_context_set(ctx, site->plain, ssr_input_null()), SSR_E_WRONG_PHASE);
    assert_status(ssr_context_provide(ctx, site->plain, NULL, ssr_input_null(), never, site), SSR_E_WRONG_PHASE);
    return ssr_builder_null(value);
}

static ssr_status read_title(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    site->ctx = ctx;
    ssr_get(ctx, site->store);
    show(ctx, site->plain);
    return SSR_OK;
}

static ssr_status wrong_phase_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    return ssr_context_provide(ctx, site->plain, NULL, ssr_input_integer(1), read_title, site);
}

static void the_init_of_a_store_has_no_contexts(void **state)
{
    struct site site;
    (void)state;
    init_site(&site);
    fixture_open(&site.fixture);
    site.plain = ssr_context_define(site.fixture.registry, "plain", NULL);
    site.store =
        ssr_store_define(site.fixture.registry, "title", &(ssr_store_options){.init = init_title, .init_arg = &site});
    fixture_start(&site.fixture);
    assert_status(fixture_run(&site.fixture, wrong_phase_page, &site), SSR_OK);
    assert_string_equal(site.fixture.result->html, "1;");
    assert_status(ssr_context_provide(site.ctx, site.plain, NULL, ssr_input_null(), never, &site), SSR_E_WRONG_PHASE);
    assert_status(ssr_context_set(site.ctx, site.plain, ssr_input_null()), SSR_E_WRONG_PHASE);
    assert_status(ssr_context_act(site.ctx, site.plain, "a", ssr_input_null()), SSR_E_WRONG_PHASE);
    assert_null(ssr_context_use(site.ctx, site.plain).text);
    assert_status(ssr_last_status(site.ctx), SSR_E_WRONG_PHASE);
    fixture_close(&site.fixture);
}

/* ---- Changes ---------------------------------------------------------------------------------------------------- */

static ssr_status count_up(ssr_draft *state, void *arg)
{
    struct site *site = arg;
    int64_t count = 0;
    site->draft = state;
    ssr_json_integer(ssr_draft_get(state, "/count"), &count);
    ssr_status status = ssr_draft_set(state, "/count", ssr_input_integer(count + 1));
    return site->answer == SSR_OK ? status : site->answer;
}

static ssr_status changing_body(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    show(ctx, site->plain);
    assert_status(ssr_context_update(ctx, site->plain, count_up, site), SSR_OK);
    show(ctx, site->plain);
    assert_status(ssr_context_set(ctx, site->plain, ssr_input_json("{ \"count\" : 1e1 }")), SSR_OK);
    assert_status(ssr_context_update(ctx, site->plain, count_up, site), SSR_OK);
    show(ctx, site->plain);
    return SSR_OK;
}

static ssr_status changing_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    return ssr_context_provide(ctx, site->plain, NULL, ssr_input_json("{}"), changing_body, site);
}

static void a_change_is_seen_at_once(void **state)
{
    (void)state;
    assert_page(changing_page, "{};{\"count\":1};{\"count\":11};");
}

static ssr_status acting_body(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    assert_status(ssr_context_act(ctx, site->user, "setUser", ssr_input_json("{\"id\":\"alice\"}")), SSR_OK);
    show_user(ctx, site);
    assert_status(ssr_context_act(ctx, site->user, "setUser", ssr_input_value(NULL)), SSR_E_FAILED);
    assert_status(ssr_context_act(ctx, site->user, "setUser", ssr_input_json("{")), SSR_E_SYNTAX);
    assert_status(ssr_context_act(ctx, site->user, "setuser", ssr_input_null()), SSR_E_UNKNOWN_ACTION);
    assert_status(ssr_context_act(ctx, site->user, NULL, ssr_input_null()), SSR_E_UNKNOWN_ACTION);
    return show_user(ctx, site);
}

static ssr_status acting_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    assert_status(ssr_context_act(ctx, site->user, "setUser", ssr_input_null()), SSR_E_NO_PROVIDER);
    return ssr_context_provide(ctx, site->user, NULL, ssr_input_string("bob"), acting_body, site);
}

/* Seed "defineContextStore", setUser: (user) => set((d) => { d.user = user }). */
static void actions_change_by_name(void **state)
{
    struct site site;
    (void)state;
    run_site(&site, acting_page);
    assert_string_equal(site.fixture.result->html, "{\"admin\":false,\"user\":{\"id\":\"alice\"}};"
                                                   "{\"admin\":false,\"user\":{\"id\":\"alice\"}};");
    assert_int_equal(site.fixture.result->refused, 5);
    assert_non_null(strstr(site.fixture.record_json, "\"error\":\"unknown_action\""));
    assert_non_null(strstr(site.fixture.record_json, "\"error\":\"syntax\",\"byte\":1"));
    fixture_close(&site.fixture);
}

static ssr_status refused_body(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    site->answer = SSR_E_WRONG_TYPE;
    assert_status(ssr_context_update(ctx, site->plain, count_up, site), SSR_E_WRONG_TYPE);
    site->answer = SSR_OK;
    assert_status(ssr_context_update(ctx, site->plain, NULL, site), SSR_E_INVALID_ARGUMENT);
    assert_status(ssr_context_set(ctx, site->plain, ssr_input_json("[")), SSR_E_SYNTAX);
    assert_status(ssr_context_set(ctx, site->plain, ssr_input_string("\xff")), SSR_E_INVALID_UTF8);
    assert_status(ssr_context_set(ctx, site->plain, ssr_input_value(NULL)), SSR_E_INVALID_ARGUMENT);
    show(ctx, site->plain);
    assert_status(ssr_draft_set(site->draft, "/count", ssr_input_null()), SSR_E_DRAFT_ENDED);
    return SSR_OK;
}

static ssr_status refused_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    if (ssr_pass(ctx) > 1) /* of the pass before: still known to have ended */
        assert_status(ssr_draft_set(site->draft, "", ssr_input_null()), SSR_E_DRAFT_ENDED);
    ssr_set_integer(ctx, site->store, 1);
    return ssr_context_provide(ctx, site->plain, NULL, ssr_input_json("{\"count\":3}"), refused_body, site);
}

static void a_refused_change_leaves_the_state(void **state)
{
    struct site site;
    (void)state;
    run_site(&site, refused_page);
    assert_string_equal(site.fixture.result->html, "{\"count\":3};");
    assert_int_equal(site.fixture.result->passes, 2);
    assert_int_equal(site.fixture.result->refused, 10);
    fixture_close(&site.fixture);
}

/* What was read stays as it was read. */
static ssr_status borrowing_body(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    ssr_json before = ssr_context_use(ctx, site->plain);
    for (int i = 0; i < 200; i++)
        ssr_context_update(ctx, site->plain, count_up, site);
    ssr_html_n(ctx, before.text, before.length);
    show(ctx, site->plain);
    return SSR_OK;
}

static ssr_status borrowing_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    return ssr_context_provide(ctx, site->plain, NULL, ssr_input_json("{\"count\":0}"), borrowing_body, site);
}

static void an_earlier_reader_keeps_what_it_saw(void **state)
{
    (void)state;
    assert_page(borrowing_page, "{\"count\":0}{\"count\":200};");
}

static ssr_status set_beside(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    assert_status(ssr_context_set(ctx, site->plain, ssr_input_integer(9)), SSR_OK);
    return SSR_OK;
}

static ssr_status late_body(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    ssr_context_set(ctx, site->plain, ssr_input_integer(2)); /* nothing has read it */
    show(ctx, site->plain);
    show(ctx, site->plain);
    ssr_context_set(ctx, site->plain, ssr_input_number(2.0));                            /* equal */
    ssr_context_provide(ctx, site->plain, NULL, ssr_input_integer(5), set_beside, site); /* another instance */
    assert_int_equal(count_journal(ctx, SSR_JOURNAL_LATE_WRITE, site->plain), 0);
    assert_int_equal(count_journal(ctx, SSR_JOURNAL_WRITE, site->plain), 3);
    assert_int_equal(count_journal(ctx, SSR_JOURNAL_READ, site->plain), 1);
    ssr_context_set(ctx, site->plain, ssr_input_integer(3));
    assert_int_equal(count_journal(ctx, SSR_JOURNAL_LATE_WRITE, site->plain), 1);
    show(ctx, site->plain);
    ssr_context_set(ctx, site->plain, ssr_input_json("{"));
    assert_int_equal(count_journal(ctx, SSR_JOURNAL_READ, site->plain), 2);
    assert_int_equal(count_journal(ctx, SSR_JOURNAL_LATE_WRITE, site->plain), 1);
    return SSR_OK;
}

static ssr_status late_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    return ssr_context_provide(ctx, site->plain, NULL, ssr_input_integer(1), late_body, site);
}

static void a_change_after_a_read_is_a_late_write(void **state)
{
    (void)state;
    assert_page(late_page, "2;2;3;");
}

/* ---- Changes inside changes ------------------------------------------------------------------------------------- */

static ssr_status append_item(ssr_draft *state, void *arg)
{
    return ssr_draft_set(state, "/-", ssr_input_string(arg));
}

static ssr_status append_and_fail(ssr_draft *state, void *arg)
{
    assert_status(append_item(state, arg), SSR_OK);
    return SSR_E_NO_MEMBER;
}

static ssr_status set_eight(ssr_draft *state, void *arg)
{
    (void)arg;
    return ssr_draft_set(state, "", ssr_input_integer(8));
}

/* Asks for changes of its own instance and of another one. */
static ssr_status append_around(ssr_draft *state, void *arg)
{
    struct site *site = arg;
    char item[] = "queued";
    static char first[] = "first";
    ssr_context_update(site->ctx, site->cart, append_item, first);
    ssr_context_act(site->ctx, site->cart, "push", ssr_input_string(item));
    memset(item, 'x', sizeof item - 1); /* it was copied */
    ssr_context_update_at(site->ctx, site->cart, append_and_fail, first, "pages/queued.c", 77);
    assert_status(ssr_context_update(site->ctx, site->plain, set_eight, site), SSR_OK);
    show(site->ctx, site->plain); /* at once */
    show(site->ctx, site->cart);  /* not yet */
    assert_status(ssr_draft_set(state, "/-", ssr_input_string("outer")), SSR_OK);
    return site->answer;
}

static ssr_status nesting_body(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    site->ctx = ctx;
    assert_status(ssr_context_update(ctx, site->cart, append_around, site), SSR_E_NO_MEMBER);
    assert_status(ssr_last_status(ctx), SSR_E_NO_MEMBER);
    show(ctx, site->cart);
    site->answer = SSR_E_WRONG_TYPE;
    assert_status(ssr_context_update(ctx, site->cart, append_around, site), SSR_E_WRONG_TYPE);
    site->answer = SSR_OK;
    show(ctx, site->cart);
    return SSR_OK;
}

static ssr_status nesting_outer(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    return ssr_context_provide(ctx, site->cart, NULL, ssr_input_json("[]"), nesting_body, site);
}

static ssr_status nesting_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    return ssr_context_provide(ctx, site->plain, NULL, ssr_input_integer(1), nesting_outer, site);
}

static void a_change_inside_a_change_of_the_same_instance_waits(void **state)
{
    struct site site;
    (void)state;
    run_site(&site, nesting_page);
    assert_string_equal(site.fixture.result->html, "8;[];"
                                                   "[\"outer\",\"first\",\"queued\"];"
                                                   "8;[\"outer\",\"first\",\"queued\"];"
                                                   "[\"outer\",\"first\",\"queued\",\"first\",\"queued\"];");
    assert_non_null(strstr(site.fixture.record_json, "\"error\":\"no_member\",\"at\":\"queued.c:77\""));
    assert_int_equal(site.fixture.result->refused, 3);
    fixture_close(&site.fixture);
}

static ssr_status set_inside(ssr_draft *state, void *arg)
{
    struct site *site = arg;
    assert_status(ssr_context_set(site->ctx, site->plain, ssr_input_string("whole")), SSR_OK);
    return ssr_draft_set(state, "", ssr_input_string("draft"));
}

static ssr_status set_inside_body(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    site->ctx = ctx;
    assert_status(ssr_context_update(ctx, site->plain, set_inside, site), SSR_OK);
    show(ctx, site->plain);
    return SSR_OK;
}

static ssr_status set_inside_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    return ssr_context_provide(ctx, site->plain, NULL, ssr_input_null(), set_inside_body, site);
}

static void a_nested_set_is_kept(void **state)
{
    (void)state;
    assert_page(set_inside_page, "\"whole\";");
}

static ssr_status fail_init(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    (void)value, (void)arg;
    return ssr_fail(ctx, "no title");
}

static ssr_status end_the_render(ssr_draft *state, void *arg)
{
    struct site *site = arg;
    assert_status(ssr_context_set(site->ctx, site->plain, ssr_input_integer(3)), SSR_OK); /* waits, and is never made */
    assert_null(ssr_get(site->ctx, site->store));
    ssr_status status = ssr_draft_set(state, "", ssr_input_integer(2));
    return site->answer == SSR_OK ? status : site->answer;
}

static ssr_status ending_body(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    site->ctx = ctx;
    assert_status(ssr_context_update(ctx, site->plain, end_the_render, site), SSR_E_FAILED);
    assert_status(ssr_last_status(ctx), SSR_E_FAILED);
    return SSR_OK;
}

static ssr_status ending_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    return ssr_context_provide(ctx, site->plain, NULL, ssr_input_integer(1), ending_body, site);
}

/* The end of the render is no refusal, whatever the updater answers. */
static void an_updater_may_end_the_render(void **state)
{
    static const ssr_status answers[] = {SSR_OK, SSR_E_WRONG_TYPE};
    struct site site;
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(answers); i++) {
        init_site(&site);
        fixture_open(&site.fixture);
        site.answer = answers[i];
        site.plain = ssr_context_define(site.fixture.registry, "plain", NULL);
        site.store = ssr_store_define(site.fixture.registry, "title", &(ssr_store_options){.init = fail_init});
        fixture_start(&site.fixture);
        assert_status(fixture_run(&site.fixture, ending_page, &site), SSR_E_FAILED);
        assert_non_null(strstr(site.fixture.result->error, "no title"));
        assert_int_equal(site.fixture.result->refused, 0);
        fixture_close(&site.fixture);
    }
}

/* ---- What crosses ----------------------------------------------------------------------------------------------- */

static const char *contexts_of(const struct site *site, char *text, size_t size)
{
    ssr_value *value;
    const ssr_result *result = site->fixture.result;
    assert_status(ssr_value_parse(NULL, result->data, result->data_length, NULL, &value), SSR_OK);
    ssr_json contexts = ssr_json_at(ssr_value_json(value), "/contexts");
    snprintf(text, size, "%.*s", (int)contexts.length, contexts.text);
    ssr_value_free(value);
    return text;
}

static void assert_contexts(ssr_page_fn page, const char *expected)
{
    struct site site;
    char text[4096];
    run_site(&site, page);
    assert_string_equal(contexts_of(&site, text, sizeof text), expected);
    fixture_close(&site.fixture);
}

static ssr_status nothing(ssr_ctx *ctx, void *arg)
{
    (void)ctx, (void)arg;
    return SSR_OK;
}

static ssr_status crossing_inner(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    ssr_context_set(ctx, site->plain, ssr_input_string("state, not initial data"));
    ssr_context_provide(ctx, site->cart, NULL, ssr_input_json("[3]"), nothing, site);
    ssr_context_provide(ctx, site->cart, "x", ssr_input_json("[4]"), nothing, site);
    return SSR_OK;
}

static ssr_status crossing_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    ssr_context_provide(ctx, site->plain, NULL, ssr_input_integer(1), crossing_inner, site);
    ssr_context_provide(ctx, site->plain, NULL, ssr_input_integer(2), crossing_inner, site);
    ssr_context_provide(ctx, site->plain, "k", ssr_input_integer(5), nothing, site);
    ssr_context_provide(ctx, site->plain, "k", ssr_input_integer(6), nothing, site);
    ssr_context_provide(ctx, site->plain, "k", ssr_input_integer(7), nothing, site);
    ssr_context_provide(ctx, site->plain, "", ssr_input_integer(8), nothing, site);
    ssr_context_provide(ctx, site->user, NULL, ssr_input_string("before init"), nothing, site);
    return SSR_OK;
}

static void initial_data_crosses_by_path(void **state)
{
    (void)state;
    assert_contexts(crossing_page,
                    "{\"/plain\":1,\"/plain/cart\":[3],\"/plain/cart:x\":[4],\"/plain:\":8,\"/plain:k\":5,"
                    "\"/plain:k~2\":6,\"/plain:k~3\":7,\"/plain~2\":2,\"/plain~2/cart\":[3],\"/plain~2/cart:x\":[4],"
                    "\"/user\":\"before init\"}");
}

static ssr_status hostile_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    static const char *const keys[] = {
        "1~2", "1", "1", "1~2", "1", "__proto__", "</script>", "\"\\", "a/plain:b", "\xf0\x9f\x98\x80", "~", "%s%n"};
    for (size_t i = 0; i < TEST_COUNT(keys); i++)
        ssr_context_provide(ctx, site->plain, keys[i], ssr_input_integer((int)i), nothing, site);
    return SSR_OK;
}

static void paths_are_unique_whatever_the_keys(void **state)
{
    struct site site;
    (void)state;
    assert_contexts(hostile_page,
                    "{\"/plain:\\\"\\\\\":7,\"/plain:%s%n\":11,\"/plain:1\":1,\"/plain:1~2\":0,\"/plain:1~2~2\":3,"
                    "\"/plain:1~3\":2,\"/plain:1~4\":4,\"/plain:</script>\":6,"
                    "\"/plain:__proto__\":5,\"/plain:a/plain:b\":8,\"/plain:~\":10,"
                    "\"/plain:\xf0\x9f\x98\x80\":9}");
    run_site(&site, hostile_page);
    assert_null(strstr(site.fixture.result->transfer, "</script>\":"));
    fixture_close(&site.fixture);
}

enum { MANY = 10000 };

static ssr_status many_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    for (int i = 0; i < MANY; i++)
        ssr_context_provide(ctx, site->plain, i % 2 ? "odd" : NULL, ssr_input_integer(i), nothing, site);
    return SSR_OK;
}

static void many_siblings_have_paths_of_their_own(void **state)
{
    struct site site;
    ssr_value *value;
    int64_t number = 0;
    (void)state;
    run_site(&site, many_page);
    const ssr_result *result = site.fixture.result;
    assert_status(ssr_value_parse(NULL, result->data, result->data_length, NULL, &value), SSR_OK);
    ssr_json contexts = ssr_json_at(ssr_value_json(value), "/contexts");
    assert_int_equal(ssr_json_count(contexts), MANY);
    assert_status(ssr_json_integer(ssr_json_at(contexts, "/~1plain:odd~05000"), &number), SSR_OK);
    assert_int_equal(number, MANY - 1);
    ssr_value_free(value);
    fixture_close(&site.fixture);
}

static ssr_status encode(const ssr_value *value, ssr_builder *encoded, void *arg)
{
    (void)arg;
    ssr_builder_begin_array(encoded);
    ssr_builder_value(encoded, value);
    return ssr_builder_end_array(encoded);
}

static ssr_status local_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    ssr_context_provide(ctx, site->more, NULL, ssr_input_string("secret"), nothing, site);
    return ssr_context_provide(ctx, site->plain, NULL, ssr_input_integer(1), show_plain, site);
}

static void local_stays_and_the_rest_is_encoded(void **state)
{
    struct site site;
    char text[256];
    (void)state;
    init_site(&site);
    site.fixture.config.encode = encode;
    fixture_open(&site.fixture);
    site.plain = ssr_context_define(site.fixture.registry, "plain", NULL);
    site.more = ssr_context_define(site.fixture.registry, "local", &(ssr_context_options){.policy = SSR_LOCAL});
    fixture_start(&site.fixture);
    assert_status(fixture_run(&site.fixture, local_page, &site), SSR_OK);
    assert_string_equal(contexts_of(&site, text, sizeof text), "{\"/plain\":[1]}");
    assert_null(strstr(site.fixture.result->transfer, "secret"));
    fixture_close(&site.fixture);
}

/* Provides the number of the pass; the second pass is no pass that completes. */
static ssr_status breaking_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    ssr_set_integer(ctx, site->store, ssr_pass(ctx));
    ssr_status status = ssr_context_provide(ctx, site->plain, NULL, ssr_input_integer(ssr_pass(ctx)), show_plain, site);
    if (ssr_pass(ctx) == 2)
        for (int i = 0; ssr_html(ctx, "0123456789012345678901234567890123456789") == SSR_OK; i++)
            ssr_context_provide(ctx, site->cart, NULL, ssr_input_integer(i), nothing, site);
    return status;
}

static void what_crosses_is_of_the_pass_that_is_shown(void **state)
{
    struct site site;
    char text[256];
    (void)state;
    init_site(&site);
    site.fixture.config.limits.output_bytes = 4096;
    open_site(&site);
    fixture_run(&site.fixture, breaking_page, &site);
    assert_int_equal(site.fixture.result->outcome, SSR_LIMITED);
    assert_string_equal(site.fixture.result->html, "1;");
    assert_string_equal(contexts_of(&site, text, sizeof text), "{\"/plain\":1}");
    fixture_close(&site.fixture);
}

/* Never settles; cut off by a cap or called off. */
static ssr_status endless_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    ssr_set_integer(ctx, site->store, ssr_pass(ctx));
    return ssr_context_provide(ctx, site->plain, NULL, ssr_input_integer(ssr_pass(ctx)), show_plain, site);
}

static void a_cap_shows_the_last_pass(void **state)
{
    struct site site;
    char text[256];
    (void)state;
    init_site(&site);
    site.fixture.config.forbidden_rerenders_count = 3;
    open_site(&site);
    fixture_run(&site.fixture, endless_page, &site);
    assert_int_equal(site.fixture.result->outcome, SSR_HARD_CAP);
    assert_string_equal(site.fixture.result->html, "4;");
    assert_string_equal(contexts_of(&site, text, sizeof text), "{\"/plain\":4}");
    fixture_close(&site.fixture);
}

static void data_mode_has_contexts_too(void **state)
{
    struct site site;
    char text[256];
    (void)state;
    init_site(&site);
    open_site(&site);
    ssr_request request = {.data_only = true};
    assert_status(fixture_run_request(&site.fixture, nested_page, &site, &request), SSR_OK);
    assert_string_equal(contexts_of(&site, text, sizeof text), "{\"/plain\":1,\"/plain/cart\":3,\"/plain/plain\":2}");
    fixture_close(&site.fixture);
}

static ssr_status nothing_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    ssr_context_use(ctx, site->plain);
    ssr_context_set(ctx, site->plain, ssr_input_null());
    return SSR_OK;
}

static ssr_status provide_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    return ssr_context_provide(ctx, site->plain, NULL, ssr_input_null(), nothing, site);
}

static void what_is_provided_is_for_one_visitor(void **state)
{
    struct site site;
    const ssr_request request = {.cacheable = true};
    (void)state;
    init_site(&site);
    open_site(&site);
    assert_status(fixture_run_request(&site.fixture, nothing_page, &site, &request), SSR_OK);
    assert_string_equal(site.fixture.result->cache_control, "public");
    assert_status(fixture_run_request(&site.fixture, provide_page, &site, &request), SSR_OK);
    assert_string_equal(site.fixture.result->cache_control, "private, no-store");
    fixture_close(&site.fixture);
}

/* ---- Limits and memory ------------------------------------------------------------------------------------------ */

static ssr_status large_body(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    assert_status(ssr_context_set(ctx, site->cart, ssr_input_string("longer than it may be")), SSR_E_TOO_LARGE);
    for (int i = 0; i < 4; i++)
        assert_status(ssr_context_act(ctx, site->cart, "push", ssr_input_integer(100)),
                      i < 3 ? SSR_OK : SSR_E_TOO_LARGE);
    show(ctx, site->cart);
    return SSR_OK;
}

static ssr_status large_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    assert_status(ssr_context_provide(ctx, site->cart, NULL, ssr_input_string("longer than it may be"), never, site),
                  SSR_E_TOO_LARGE);
    return ssr_context_provide(ctx, site->cart, NULL, ssr_input_json("[]"), large_body, site);
}

static void a_state_is_held_to_the_cap_of_values(void **state)
{
    struct site site;
    (void)state;
    init_site(&site);
    site.fixture.config.limits.value_bytes = 13;
    open_site(&site);
    assert_status(fixture_run(&site.fixture, large_page, &site), SSR_OK);
    assert_string_equal(site.fixture.result->html, "[100,100,100];");
    assert_int_equal(site.fixture.result->refused, 3);
    fixture_close(&site.fixture);
}

/* Overlooks that memory has run out, and goes on. */
static ssr_status overlook(ssr_draft *state, void *arg)
{
    (void)arg;
    for (int i = 0; i < 1000; i++)
        ssr_draft_set(state, "/-", ssr_input_string("a hundred bytes, a hundred bytes, a hundred bytes, a hundred"));
    return SSR_OK;
}

static ssr_status queue_for_ever(ssr_draft *state, void *arg)
{
    struct site *site = arg;
    (void)state;
    return ssr_context_update(site->ctx, site->plain, queue_for_ever, site);
}

static ssr_status exhausting_body(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    site->ctx = ctx;
    assert_status(ssr_context_update(ctx, site->plain, site->inits ? queue_for_ever : overlook, site), SSR_E_LIMIT);
    assert_null(ssr_context_use(ctx, site->plain).text);
    assert_status(ssr_context_set(ctx, site->plain, ssr_input_null()), SSR_E_LIMIT);
    return SSR_OK;
}

static ssr_status exhausting_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    return ssr_context_provide(ctx, site->plain, NULL, ssr_input_json("[]"), exhausting_body, site);
}

static void memory_that_runs_out_ends_the_render(void **state)
{
    (void)state;
    for (unsigned way = 0; way < 2; way++) {
        struct site site;
        init_site(&site);
        site.fixture.config.limits.request_bytes = 48 << 10;
        open_site(&site);
        site.inits = way;
        fixture_run(&site.fixture, exhausting_page, &site);
        assert_int_equal(site.fixture.result->outcome, SSR_LIMITED);
        assert_int_equal(site.fixture.result->refused, 0);
        fixture_close(&site.fixture);
    }
}

static ssr_status quiet_init(ssr_draft *state, void *arg)
{
    (void)arg;
    return ssr_draft_merge(state, "", ssr_input_json("{\"z\":1,\"made\":true}"));
}

static ssr_status quiet_body(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    for (int i = 0; i < 40; i++)
        ssr_context_act(ctx, site->cart, "push", ssr_input_string("something to keep in a list that grows"));
    ssr_context_set(ctx, site->user, ssr_input_json("{\"b\":1,\"a\":[2]}"));
    ssr_context_set(ctx, site->user, ssr_input_json("{"));
    show(ctx, site->cart);
    return show_user(ctx, site);
}

static ssr_status quiet_outer(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    for (int i = 0; i < 3; i++)
        ssr_context_provide(ctx, site->cart, NULL, ssr_input_json("[]"), quiet_body, site);
    return SSR_OK;
}

static ssr_status quiet_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    ssr_set_integer(ctx, site->store, 1);
    return ssr_context_provide(ctx, site->user, "\xc3\xa9", ssr_input_json("{\"name\":\"ann\"}"), quiet_outer, site);
}

/* A whole life: definitions, a render of two passes, its end. The status is nomem where something told it. */
static ssr_status live_once(struct test_memory *memory)
{
    const ssr_action action = {"push", push, NULL};
    ssr_config config = ssr_config_default();
    struct site site = {.answer = SSR_OK};
    ssr_engine *engine;
    config.allocator = test_allocator(memory);
    ssr_status status = ssr_engine_new(&config, &engine);
    if (status != SSR_OK)
        return status;
    ssr_registry *registry = ssr_engine_registry(engine);
    site.user = ssr_context_define(registry, "user", &(ssr_context_options){.init = quiet_init});
    site.cart = ssr_context_define(registry, "cart", &(ssr_context_options){.actions = &action, .action_count = 1});
    site.store = ssr_store_define(registry, "title", NULL);
    status = ssr_engine_start(engine);
    ssr_render *render = NULL;
    if (status == SSR_OK)
        status = ssr_run(engine, quiet_page, &site, NULL, &render);
    const ssr_result *result = render ? ssr_render_result(render) : NULL;
    if (result && result->error_status == SSR_OK) {
        assert_int_equal(result->passes, 2);
        assert_int_equal(result->refused, 6);
        assert_non_null(strstr(result->data, "\"/user:\xc3\xa9/cart~3\":[]"));
    } else if (result) {
        assert_int_equal(result->outcome, SSR_LIMITED);
        status = result->error_status;
    }
    ssr_render_free(render);
    ssr_engine_free(engine);
    return status;
}

static void a_whole_life_survives_no_memory(void **state)
{
    struct test_memory good = {0};
    (void)state;
    assert_status(live_once(&good), SSR_OK);
    assert_all_freed(&good);
    for (size_t i = 1; i <= good.calls; i++)
        for (int after = 0; after < 2; after++) {
            struct test_memory memory = {.fail_at = i, .fail_after = after == 1};
            ssr_status status = live_once(&memory);
            if (status != SSR_OK && status != SSR_E_NOMEM)
                fail_msg("allocation %zu failed and was told as %s", i, ssr_status_name(status));
            assert_all_freed(&memory);
        }
}

/* ---- The article ------------------------------------------------------------------------------------------------ */

/* A request: what its session knows, and what was shown while another one ran. */
struct visit {
    struct site *site;
    const char *user;
    struct visit *meanwhile; /* runs whole inside of this one */
    ssr_result result;
    char html[256], transfer[512];
};

static ssr_status visit_page(ssr_ctx *ctx, void *arg);

static void run_visit(struct visit *visit)
{
    ssr_render *render;
    const ssr_request request = {.host = visit};
    assert_status(ssr_run(visit->site->fixture.engine, visit_page, visit, &request, &render), SSR_OK);
    const ssr_result *result = ssr_render_result(render);
    snprintf(visit->html, sizeof visit->html, "%s", result->html);
    snprintf(visit->transfer, sizeof visit->transfer, "%s", result->transfer);
    ssr_render_free(render);
}

static ssr_status dashboard(ssr_ctx *ctx, void *arg)
{
    struct visit *visit = arg;
    show(ctx, visit->site->user);
    if (visit->user) /* t=0: this request sets its user */
        ssr_context_act(ctx, visit->site->user, "setUser", ssr_input_string(visit->user));
    if (visit->meanwhile && ssr_pass(ctx) == 1) /* t=1: another one starts, sets its own, and ends */
        run_visit(visit->meanwhile);
    show(ctx, visit->site->user); /* t=2: and this one reads */
    return SSR_OK;
}

static ssr_status visit_page(ssr_ctx *ctx, void *arg)
{
    struct visit *visit = arg;
    ssr_set_integer(ctx, visit->site->store, 1);
    return ssr_context_provide(ctx, visit->site->user, NULL, ssr_input_string("nobody"), dashboard, visit);
}

/*
 * Seed "Why global state leaks across requests on the server", the race of Alice and Bob; "defineContextStore - one
 * instance per React render": two concurrent requests create two isolated stores, Alice's render never touches Bob's.
 */
static void alice_never_sees_bob(void **state)
{
    struct site site;
    (void)state;
    init_site(&site);
    open_site(&site);
    struct visit bob = {.site = &site, .user = "bob"};
    struct visit alice = {.site = &site, .user = "alice", .meanwhile = &bob};
    run_visit(&alice);
    assert_string_equal(alice.html, "{\"admin\":false,\"user\":\"nobody\"};{\"admin\":false,\"user\":\"alice\"};");
    assert_string_equal(bob.html, "{\"admin\":false,\"user\":\"nobody\"};{\"admin\":false,\"user\":\"bob\"};");
    assert_null(strstr(alice.transfer, "bob"));
    assert_null(strstr(bob.transfer, "alice"));
    fixture_close(&site.fixture);
}

/*
 * Seed "The 'I'll just reset it at the start of each request' trick": there is nothing to reset, every request begins
 * with its own initial data, whoever came before.
 */
static void nothing_stays_for_the_next_request(void **state)
{
    struct site site;
    (void)state;
    init_site(&site);
    open_site(&site);
    struct visit first = {.site = &site, .user = "alice"}, second = {.site = &site};
    run_visit(&first);
    run_visit(&second);
    assert_string_equal(second.html, "{\"admin\":false,\"user\":\"nobody\"};{\"admin\":false,\"user\":\"nobody\"};");
    fixture_close(&site.fixture);
}

static ssr_status layout_body(ssr_ctx *ctx, void *arg)
{
    struct visit *visit = arg;
    ssr_set_integer(ctx, visit->site->store, ssr_pass(ctx) < 3 ? (int)ssr_pass(ctx) : 2);
    show(ctx, visit->site->user);
    return SSR_OK;
}

/* The root layout, whose data a loader has made from the request. */
static ssr_status root_layout(ssr_ctx *ctx, void *arg)
{
    struct visit *visit = arg;
    ssr_query_result user = ssr_query_get(ctx, visit->site->more, visit->user, true);
    if (user.state != SSR_QUERY_READY)
        return ssr_html(ctx, "loading");
    return ssr_context_provide(ctx, visit->site->user, NULL, ssr_input_cursor(user.data), layout_body, visit);
}

static void step_while_waiting(ssr_render *render)
{
    ssr_operation *operation = ssr_render_next_operation(render);
    if (operation)
        ssr_operation_run(operation);
    ssr_render_step(render, 0);
}

static ssr_status load_user(ssr_operation *operation, void *arg)
{
    (void)arg;
    return ssr_builder_input(ssr_operation_build(operation), ssr_input_cursor(ssr_operation_args(operation)));
}

/*
 * Seed "A leaky example and its fix": the root layout provides what its own loader answered. Seed "The bigger pattern":
 * many concurrent state trees; and multiple renders share one process while a response is held open: here they take
 * turns, pass by pass.
 */
static void renders_that_take_turns_have_trees_of_their_own(void **state)
{
    enum { VISITS = 4 };
    static const char *const users[VISITS] = {"\"alice\"", "\"bob\"", "\"root\"", "{\"id\":4}"};
    static const char *const shown[VISITS] = {
        "{\"admin\":false,\"user\":\"alice\"};", "{\"admin\":false,\"user\":\"bob\"};",
        "{\"admin\":true,\"user\":\"root\"};", "{\"admin\":false,\"user\":{\"id\":4}};"};
    struct visit visits[VISITS];
    ssr_render *renders[VISITS];
    struct site site;
    (void)state;
    init_site(&site);
    fixture_open(&site.fixture);
    site.user =
        ssr_context_define(site.fixture.registry, "user", &(ssr_context_options){.init = init_user, .arg = &site});
    site.store = fixture_store(&site.fixture, "title", "0");
    site.more = ssr_query_define(site.fixture.registry, "user", &(ssr_query_options){.load = load_user});
    fixture_start(&site.fixture);
    for (int i = 0; i < VISITS; i++) {
        visits[i] = (struct visit){.site = &site, .user = users[i]};
        assert_status(ssr_render_new(site.fixture.engine, root_layout, &visits[i], NULL, &renders[i]), SSR_OK);
    }
    for (int turn = 0; turn < 12; turn++)
        for (int i = 0; i < VISITS; i++)
            step_while_waiting(renders[(i + turn) % VISITS]);
    for (int i = 0; i < VISITS; i++) {
        const ssr_result *result = ssr_render_result(renders[i]);
        assert_non_null(result);
        assert_int_equal(result->outcome, SSR_SETTLED);
        assert_string_equal(result->html, shown[i]);
        char crossed[64];
        snprintf(crossed, sizeof crossed, "\"contexts\":{\"/user\":%s}", users[i]);
        assert_non_null(strstr(result->data, crossed));
        ssr_render_free(renders[i]);
    }
    fixture_close(&site.fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_definitions_are_refused),
        cmocka_unit_test(a_name_is_one_context_store),
        cmocka_unit_test(the_nearest_provider_wins),
        cmocka_unit_test(without_a_provider_is_a_named_error),
        cmocka_unit_test(a_context_of_another_engine_is_unknown),
        cmocka_unit_test(a_refused_provider_changes_nothing),
        cmocka_unit_test(the_answer_of_the_body_is_the_providers),
        cmocka_unit_test(siblings_do_not_see_each_other),
        cmocka_unit_test(each_pass_begins_with_a_fresh_instance),
        cmocka_unit_test(initial_data_goes_through_init_once_for_each_instance),
        cmocka_unit_test(an_init_may_fail),
        cmocka_unit_test(an_init_can_do_what_inits_can),
        cmocka_unit_test(the_init_of_a_store_has_no_contexts),
        cmocka_unit_test(a_change_is_seen_at_once),
        cmocka_unit_test(actions_change_by_name),
        cmocka_unit_test(a_refused_change_leaves_the_state),
        cmocka_unit_test(an_earlier_reader_keeps_what_it_saw),
        cmocka_unit_test(a_change_after_a_read_is_a_late_write),
        cmocka_unit_test(a_change_inside_a_change_of_the_same_instance_waits),
        cmocka_unit_test(a_nested_set_is_kept),
        cmocka_unit_test(an_updater_may_end_the_render),
        cmocka_unit_test(initial_data_crosses_by_path),
        cmocka_unit_test(paths_are_unique_whatever_the_keys),
        cmocka_unit_test(many_siblings_have_paths_of_their_own),
        cmocka_unit_test(local_stays_and_the_rest_is_encoded),
        cmocka_unit_test(what_crosses_is_of_the_pass_that_is_shown),
        cmocka_unit_test(a_cap_shows_the_last_pass),
        cmocka_unit_test(data_mode_has_contexts_too),
        cmocka_unit_test(what_is_provided_is_for_one_visitor),
        cmocka_unit_test(a_state_is_held_to_the_cap_of_values),
        cmocka_unit_test(memory_that_runs_out_ends_the_render),
        cmocka_unit_test(a_whole_life_survives_no_memory),
        cmocka_unit_test(alice_never_sees_bob),
        cmocka_unit_test(nothing_stays_for_the_next_request),
        cmocka_unit_test(renders_that_take_turns_have_trees_of_their_own),
    };
    return cmocka_run_group_tests_name("context", tests, NULL, NULL);
}
