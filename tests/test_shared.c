/*
 * Shared stores and the guard: each statement of the seed "Pareto: defineStore vs defineContextStore" about
 * defineStore, and what this library promises beside. Threads are in test_shared_threads.c.
 */
#include "fixture.h"

#include <math.h>

#include "ssrstore/shared_internal.h"

/* ---- Fixture ---------------------------------------------------------------------------------------------------- */

static ssr_status toggle(ssr_draft *draft, ssr_json argument, void *arg)
{
    (void)argument, (void)arg;
    bool is_light = ssr_json_equals(ssr_draft_get(draft, "/mode"), "light");
    return ssr_draft_set(draft, "/mode", ssr_input_string(is_light ? "dark" : "light"));
}

/* The argument, or null when none was given. */
static ssr_status set_user(ssr_draft *draft, ssr_json argument, void *arg)
{
    (void)arg;
    return ssr_draft_set(draft, "/user", argument.text ? ssr_input_cursor(argument) : ssr_input_null());
}

static const ssr_action theme_actions[] = {{"toggle", toggle, NULL}, {"setUser", set_user, NULL}};

/* The store of the seed's first sample. */
static ssr_shared *define_theme(ssr_registry *registry)
{
    return ssr_shared_define(registry, "theme",
                             &(ssr_shared_options){.initial_json = "{\"mode\":\"light\"}",
                                                   .actions = theme_actions,
                                                   .action_count = TEST_COUNT(theme_actions)});
}

static ssr_shared *define_number(ssr_registry *registry, const char *name)
{
    return ssr_shared_define(registry, name, &(ssr_shared_options){.initial_json = "0"});
}

/* An engine with the theme, started. */
static ssr_shared *open_theme(struct fixture *fixture)
{
    fixture_init(fixture);
    fixture_open(fixture);
    ssr_shared *theme = define_theme(fixture->registry);
    assert_non_null(theme);
    fixture_start(fixture);
    return theme;
}

static ssr_shared *open_number(struct fixture *fixture)
{
    fixture_init(fixture);
    fixture_open(fixture);
    ssr_shared *number = define_number(fixture->registry, "number");
    fixture_start(fixture);
    return number;
}

static void assert_state(ssr_shared *shared, const char *expected)
{
    size_t length;
    ssr_snapshot *snapshot = ssr_shared_snapshot(shared);
    assert_string_equal(ssr_snapshot_text(snapshot, &length), expected);
    assert_int_equal(length, strlen(expected));
    ssr_snapshot_free(snapshot);
}

static int64_t number_in(const ssr_snapshot *snapshot)
{
    int64_t number = -1;
    ssr_json_integer(ssr_snapshot_json(snapshot), &number);
    return number;
}

/* Adds one; arg: a status to answer afterwards, or NULL. */
static ssr_status add_one(ssr_draft *draft, void *arg)
{
    int64_t number = 0;
    ssr_json_integer(ssr_draft_get(draft, ""), &number);
    ssr_status status = ssr_draft_set(draft, "", ssr_input_integer(number + 1));
    return arg ? *(ssr_status *)arg : status;
}

/* ---- "defineStore - one instance per process" ---------------------------------------------------------------------
 */

/* "defineStore((set) => ({ mode: 'light' ... }))" */
static void a_store_begins_with_its_initial_state(void **state)
{
    struct fixture fixture;
    (void)state;
    ssr_shared *theme = open_theme(&fixture);
    assert_string_equal(ssr_shared_name(theme), "theme");
    assert_ptr_equal(ssr_shared_find(fixture.registry, "theme"), theme);
    assert_null(ssr_shared_find(fixture.registry, "Theme"));
    assert_state(theme, "{\"mode\":\"light\"}");
    fixture_close(&fixture);
}

static void a_store_without_options_is_null(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    assert_state(ssr_shared_define(fixture.registry, "empty", NULL), "null");
    fixture_close(&fixture);
}

static ssr_status go_dark(ssr_draft *draft, void *arg)
{
    (void)arg;
    return ssr_draft_set(draft, "/mode", ssr_input_string("dark"));
}

/* "set((d) => { d.mode = ... })": over a draft, so that who read the state before keeps it unchanged. */
static void set_works_on_a_draft(void **state)
{
    struct fixture fixture;
    (void)state;
    ssr_shared *theme = open_theme(&fixture);
    ssr_snapshot *before = ssr_shared_snapshot(theme);
    assert_status(ssr_shared_update(theme, go_dark, NULL), SSR_OK);
    assert_state(theme, "{\"mode\":\"dark\"}");
    assert_string_equal(ssr_snapshot_text(before, NULL), "{\"mode\":\"light\"}");
    assert_true(ssr_json_equals(ssr_json_at(ssr_snapshot_json(before), "/mode"), "light"));
    ssr_snapshot_free(before);
    fixture_close(&fixture);
}

/* "toggle: () => set(...)" */
static void an_action_changes_the_state_by_name(void **state)
{
    struct fixture fixture;
    (void)state;
    ssr_shared *theme = open_theme(&fixture);
    ssr_json none = {NULL, 0, NULL, 0};
    assert_status(ssr_shared_act(theme, "toggle", ssr_input_null()), SSR_OK);
    assert_state(theme, "{\"mode\":\"dark\"}");
    assert_status(ssr_shared_act(theme, "toggle", ssr_input_null()), SSR_OK);
    assert_status(ssr_shared_act(theme, "setUser", ssr_input_json("{\"b\":1, \"a\":2}")), SSR_OK);
    assert_state(theme, "{\"mode\":\"light\",\"user\":{\"a\":2,\"b\":1}}");
    assert_status(ssr_shared_act(theme, "setUser", ssr_input_cursor(none)), SSR_OK);
    assert_state(theme, "{\"mode\":\"light\",\"user\":null}");
    fixture_close(&fixture);
}

static void an_unknown_action_is_named(void **state)
{
    struct fixture fixture;
    (void)state;
    ssr_shared *theme = open_theme(&fixture);
    assert_status(ssr_shared_act(theme, "Toggle", ssr_input_null()), SSR_E_UNKNOWN_ACTION);
    assert_status(ssr_shared_act(theme, NULL, ssr_input_null()), SSR_E_UNKNOWN_ACTION);
    assert_state(theme, "{\"mode\":\"light\"}");
    fixture_close(&fixture);
}

/* "getState", and setState with a function that makes a new one: "userStore.setState(() => ({...}))". */
static void the_whole_state_can_be_replaced(void **state)
{
    struct fixture fixture;
    (void)state;
    ssr_shared *theme = open_theme(&fixture);
    assert_status(ssr_shared_replace(theme, ssr_input_json("{\"user\":null, \"isAdmin\":false}")), SSR_OK);
    assert_state(theme, "{\"isAdmin\":false,\"user\":null}");
    assert_status(ssr_shared_replace(theme, ssr_input_json("{")), SSR_E_SYNTAX);
    assert_status(ssr_shared_replace(theme, ssr_input_string(NULL)), SSR_E_INVALID_ARGUMENT);
    assert_status(ssr_shared_replace(theme, ssr_input_number(INFINITY)), SSR_E_NOT_FINITE);
    assert_state(theme, "{\"isAdmin\":false,\"user\":null}");
    fixture_close(&fixture);
}

static ssr_status show_mode(ssr_ctx *ctx, void *arg)
{
    return ssr_text(ctx, ssr_string(ctx, ssr_json_at(ssr_shared_get(ctx, arg), "/mode")));
}

/* "On the server, there's one themeStore per process. Every SSR request reads and writes the same state." */
static void every_request_sees_the_same_state(void **state)
{
    struct fixture fixture;
    (void)state;
    ssr_shared *theme = open_theme(&fixture);
    assert_status(fixture_run(&fixture, show_mode, theme), SSR_OK);
    assert_string_equal(fixture.result->html, "light");
    assert_status(fixture_run(&fixture, show_mode, theme), SSR_OK);
    assert_string_equal(fixture.result->html, "light");
    assert_status(ssr_shared_act(theme, "toggle", ssr_input_null()), SSR_OK);
    assert_status(fixture_run(&fixture, show_mode, theme), SSR_OK);
    assert_string_equal(fixture.result->html, "dark");
    fixture_close(&fixture);
}

/* "Shared in-memory caches (read-only)": populated once at startup, before the engine starts or after it. */
static void a_cache_is_filled_at_startup(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_shared *countries = ssr_shared_define(
        fixture.registry, "countries", &(ssr_shared_options){.initial_json = "{\"countries\":[],\"loaded\":false}"});
    assert_status(ssr_shared_replace(countries, ssr_input_json("{\"countries\":[\"AT\"],\"loaded\":true}")), SSR_OK);
    fixture_start(&fixture);
    assert_state(countries, "{\"countries\":[\"AT\"],\"loaded\":true}");
    fixture_close(&fixture);
}

/* ---- Updates that do not happen -----------------------------------------------------------------------------------
 */

static void an_updater_that_fails_leaves_the_state(void **state)
{
    struct fixture fixture;
    ssr_status failed = SSR_E_FAILED;
    (void)state;
    ssr_shared *number = open_number(&fixture);
    assert_status(ssr_shared_update(number, add_one, &failed), SSR_E_FAILED);
    assert_state(number, "0");
    assert_status(ssr_shared_update(number, add_one, NULL), SSR_OK);
    assert_state(number, "1");
    fixture_close(&fixture);
}

static ssr_status keep_draft(ssr_draft *draft, void *kept)
{
    *(ssr_draft **)kept = draft;
    return ssr_draft_set(draft, "", ssr_input_integer(1));
}

static void a_draft_that_was_kept_has_ended(void **state)
{
    struct fixture fixture;
    ssr_draft *kept = NULL;
    (void)state;
    ssr_shared *number = open_number(&fixture);
    assert_status(ssr_shared_update(number, keep_draft, &kept), SSR_OK);
    assert_status(ssr_draft_set(kept, "", ssr_input_integer(2)), SSR_E_DRAFT_ENDED);
    assert_int_equal(ssr_json_type(ssr_draft_get(kept, "")), SSR_JSON_ABSENT);
    assert_state(number, "1");
    fixture_close(&fixture);
}

static void wrong_arguments_are_named(void **state)
{
    struct fixture fixture;
    ssr_subscription subscription = {NULL, 7};
    (void)state;
    ssr_shared *number = open_number(&fixture);
    assert_null(ssr_shared_snapshot(NULL));
    ssr_snapshot_free(NULL);
    assert_string_equal(ssr_snapshot_text(NULL, NULL), "");
    assert_int_equal(ssr_json_type(ssr_snapshot_json(NULL)), SSR_JSON_ABSENT);
    assert_status(ssr_shared_update(NULL, add_one, NULL), SSR_E_UNKNOWN_SHARED);
    assert_status(ssr_shared_replace(NULL, ssr_input_null()), SSR_E_UNKNOWN_SHARED);
    assert_status(ssr_shared_act(NULL, "toggle", ssr_input_null()), SSR_E_UNKNOWN_SHARED);
    assert_status(ssr_shared_update(number, NULL, NULL), SSR_E_INVALID_ARGUMENT);
    assert_status(ssr_shared_subscribe(number, NULL, NULL, &subscription), SSR_E_INVALID_ARGUMENT);
    ssr_unsubscribe(subscription);
    fixture_close(&fixture);
}

/* The engine's start answers what is wrong with a definition, and names it. */
static void assert_refused(const char *name, const ssr_shared_options *options, ssr_status expected)
{
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_open(&fixture);
    assert_null(ssr_shared_define(fixture.registry, name, options));
    assert_status(ssr_engine_start(fixture.engine), expected);
    assert_non_null(strstr(ssr_registry_error(fixture.registry), "shared \""));
    fixture_close(&fixture);
}

static void bad_definitions_are_refused(void **state)
{
    struct fixture fixture;
    const ssr_action twice[] = {{"toggle", toggle, NULL}, {"toggle", toggle, NULL}};
    const ssr_action without_function[] = {{"toggle", NULL, NULL}};
    (void)state;
    assert_refused("", NULL, SSR_E_INVALID_NAME);
    assert_refused("theme", &(ssr_shared_options){.initial_json = "{"}, SSR_E_SYNTAX);
    assert_refused("theme", &(ssr_shared_options){.policy = (ssr_policy)9}, SSR_E_INVALID_ARGUMENT);
    assert_refused("theme", &(ssr_shared_options){.action_count = 1}, SSR_E_INVALID_ARGUMENT);
    assert_refused("theme", &(ssr_shared_options){.actions = twice, .action_count = 2}, SSR_E_DUPLICATE_NAME);
    assert_refused("theme", &(ssr_shared_options){.actions = without_function, .action_count = 1},
                   SSR_E_INVALID_ARGUMENT);
    assert_null(ssr_shared_define(NULL, "theme", NULL));
    open_theme(&fixture);
    assert_null(ssr_shared_define(fixture.registry, "late", NULL));
    fixture_close(&fixture);
    fixture_init(&fixture);
    fixture_open(&fixture);
    define_theme(fixture.registry);
    assert_non_null(fixture_store(&fixture, "theme", NULL)); /* names are unique in their kind */
    assert_null(define_theme(fixture.registry));
    assert_status(ssr_engine_start(fixture.engine), SSR_E_DUPLICATE_NAME);
    fixture_close(&fixture);
}

/* ---- "subscribe" ------------------------------------------------------------------------------------------------ */

/* What a listener does when it is told the change to `at`; nothing when that is 0. */
struct listener {
    char name;
    char *log; /* of the whole test: "a0>1 " for each call */
    ssr_shared *number;
    int64_t at;
    ssr_status answer;
    ssr_subscription *ends[3];
    struct listener *begins;
    ssr_subscription subscription;
    int writes; /* how many times it adds one */
};

static ssr_status listen(const ssr_snapshot *next, const ssr_snapshot *previous, void *arg);

static void subscribe(struct listener *listener)
{
    assert_status(ssr_shared_subscribe(listener->number, listen, listener, &listener->subscription), SSR_OK);
}

static ssr_status listen(const ssr_snapshot *next, const ssr_snapshot *previous, void *arg)
{
    struct listener *self = arg;
    sprintf(self->log + strlen(self->log), "%c%d>%d ", self->name, (int)number_in(previous), (int)number_in(next));
    if (number_in(next) != self->at)
        return SSR_OK;
    for (size_t i = 0; i < TEST_COUNT(self->ends) && self->ends[i]; i++)
        ssr_unsubscribe(*self->ends[i]);
    if (self->begins)
        subscribe(self->begins);
    for (int i = 0; i < self->writes; i++)
        assert_status(ssr_shared_update(self->number, add_one, NULL), SSR_OK);
    return self->answer;
}

/* Three listeners a, b and c on a number, subscribed in this order; and d, which is not. */
struct listeners {
    struct fixture fixture;
    ssr_shared *number;
    char log[512];
    struct listener a, b, c, d;
};

static void open_listeners(struct listeners *test)
{
    test->number = open_number(&test->fixture);
    test->log[0] = '\0';
    struct listener *all[] = {&test->a, &test->b, &test->c, &test->d};
    for (size_t i = 0; i < TEST_COUNT(all); i++) {
        *all[i] = (struct listener){.name = (char)('a' + i), .log = test->log, .number = test->number};
        if (all[i] != &test->d)
            subscribe(all[i]);
    }
}

static ssr_status add(struct listeners *test)
{
    return ssr_shared_update(test->number, add_one, NULL);
}

static void listeners_are_told_next_and_previous_in_order(void **state)
{
    struct listeners test;
    (void)state;
    open_listeners(&test);
    assert_status(add(&test), SSR_OK);
    assert_status(ssr_shared_replace(test.number, ssr_input_integer(5)), SSR_OK);
    assert_string_equal(test.log, "a0>1 b0>1 c0>1 a1>5 b1>5 c1>5 ");
    fixture_close(&test.fixture);
}

static void ending_a_subscription_twice_is_harmless(void **state)
{
    struct listeners test;
    (void)state;
    open_listeners(&test);
    ssr_unsubscribe(test.b.subscription);
    ssr_unsubscribe(test.b.subscription);
    subscribe(&test.d); /* may use what b had: b's old handle is not d's */
    ssr_unsubscribe(test.b.subscription);
    assert_status(add(&test), SSR_OK);
    assert_string_equal(test.log, "a0>1 c0>1 d0>1 ");
    ssr_unsubscribe((ssr_subscription){NULL, 0});
    fixture_close(&test.fixture);
}

/* While it is still being told, its place is not free yet. */
static void a_listener_that_ends_itself_twice_has_ended(void **state)
{
    struct listeners test;
    (void)state;
    open_listeners(&test);
    test.b.at = 1;
    test.b.ends[0] = test.b.ends[1] = &test.b.subscription;
    assert_status(add(&test), SSR_OK);
    assert_status(add(&test), SSR_OK);
    assert_string_equal(test.log, "a0>1 b0>1 c0>1 a1>2 c1>2 ");
    fixture_close(&test.fixture);
}

static void subscribing_again_and_again_takes_no_memory(void **state)
{
    struct listeners test;
    (void)state;
    open_listeners(&test);
    subscribe(&test.d);
    add(&test);
    ssr_unsubscribe(test.d.subscription);
    size_t blocks = test.fixture.memory.live_blocks;
    for (int i = 0; i < 100; i++) {
        subscribe(&test.d);
        add(&test);
        test.log[0] = '\0';
        ssr_unsubscribe(test.d.subscription);
    }
    assert_int_equal(test.fixture.memory.live_blocks, blocks);
    fixture_close(&test.fixture);
}

static ssr_status set_fifteen(ssr_draft *draft, void *arg)
{
    (void)arg;
    ssr_draft_set(draft, "", ssr_input_integer(16));
    return ssr_draft_set(draft, "", ssr_input_integer(15));
}

/* A change that leaves equal bytes tells nobody, and makes no state. */
static void a_change_to_the_same_is_silent(void **state)
{
    struct listeners test;
    (void)state;
    open_listeners(&test);
    assert_status(ssr_shared_replace(test.number, ssr_input_json("1.5e1")), SSR_OK);
    test.log[0] = '\0';
    ssr_snapshot *before = ssr_shared_snapshot(test.number);
    assert_status(ssr_shared_replace(test.number, ssr_input_json(" 15.0 ")), SSR_OK);
    assert_status(ssr_shared_replace(test.number, ssr_input_integer(15)), SSR_OK);
    assert_status(ssr_shared_update(test.number, set_fifteen, NULL), SSR_OK);
    ssr_snapshot *after = ssr_shared_snapshot(test.number);
    assert_ptr_equal(after, before);
    assert_string_equal(test.log, "");
    ssr_snapshot_free(before);
    ssr_snapshot_free(after);
    fixture_close(&test.fixture);
}

static void a_failing_listener_does_not_stop_the_others(void **state)
{
    struct listeners test;
    (void)state;
    open_listeners(&test);
    test.a.at = 1;
    test.a.answer = SSR_E_FAILED;
    assert_status(add(&test), SSR_E_LISTENER);
    assert_state(test.number, "1");
    assert_string_equal(test.log, "a0>1 b0>1 c0>1 ");
    assert_status(add(&test), SSR_OK);
    fixture_close(&test.fixture);
}

static void a_listener_that_ends_itself_keeps_the_order_of_the_others(void **state)
{
    struct listeners test;
    (void)state;
    open_listeners(&test);
    test.b.at = 1;
    test.b.ends[0] = &test.b.subscription;
    assert_status(add(&test), SSR_OK);
    subscribe(&test.d);
    assert_status(add(&test), SSR_OK);
    assert_string_equal(test.log, "a0>1 b0>1 c0>1 a1>2 c1>2 d1>2 ");
    fixture_close(&test.fixture);
}

static void who_was_ended_is_not_told_any_more(void **state)
{
    struct listeners test;
    (void)state;
    open_listeners(&test);
    test.b.at = 1;
    test.b.ends[0] = &test.a.subscription; /* has been told */
    test.b.ends[1] = &test.c.subscription; /* has not */
    assert_status(add(&test), SSR_OK);
    assert_status(add(&test), SSR_OK);
    assert_string_equal(test.log, "a0>1 b0>1 b1>2 ");
    fixture_close(&test.fixture);
}

static void all_can_end_while_one_is_told(void **state)
{
    struct listeners test;
    (void)state;
    open_listeners(&test);
    test.a.at = 1;
    test.a.ends[0] = &test.c.subscription;
    test.a.ends[1] = &test.b.subscription;
    test.a.ends[2] = &test.a.subscription;
    test.a.begins = &test.d;
    assert_status(add(&test), SSR_OK);
    assert_status(add(&test), SSR_OK);
    assert_string_equal(test.log, "a0>1 d1>2 ");
    fixture_close(&test.fixture);
}

static void who_subscribes_in_a_listener_is_told_from_the_next_change_on(void **state)
{
    struct listeners test;
    (void)state;
    open_listeners(&test);
    test.b.at = 1;
    test.b.begins = &test.d;
    test.b.writes = 1;
    assert_status(add(&test), SSR_OK);
    assert_string_equal(test.log, "a0>1 b0>1 c0>1 a1>2 b1>2 c1>2 d1>2 ");
    fixture_close(&test.fixture);
}

/* ---- Nested calls -------------------------------------------------------------------------------------------------
 */

/* A write inside a listener is kept, told after the outer one, and done when the outer call returns. */
static void a_write_inside_a_listener_follows(void **state)
{
    struct listeners test;
    (void)state;
    open_listeners(&test);
    test.a.at = 1;
    test.a.writes = 2;
    test.c.at = 2;
    test.c.writes = 1;
    assert_status(add(&test), SSR_OK);
    assert_state(test.number, "4");
    assert_string_equal(test.log, "a0>1 b0>1 c0>1 a1>2 b1>2 c1>2 a2>3 b2>3 c2>3 a3>4 b3>4 c3>4 ");
    fixture_close(&test.fixture);
}

/* What is written while an updater runs. */
struct nesting {
    ssr_shared *number;
    ssr_status answer; /* of the outer updater */
    ssr_status queued; /* of a queued one */
};

static ssr_status write_inside(ssr_draft *draft, void *arg)
{
    struct nesting *nesting = arg;
    char text[] = "[1]";
    assert_status(ssr_shared_update(nesting->number, add_one, NULL), SSR_OK);
    assert_status(ssr_shared_update(nesting->number, add_one, &nesting->queued), SSR_OK);
    assert_status(ssr_shared_replace(nesting->number, ssr_input_json(text)), SSR_OK);
    assert_status(ssr_shared_act(nesting->number, "nothing", ssr_input_null()), SSR_E_UNKNOWN_ACTION);
    assert_status(ssr_shared_replace(nesting->number, ssr_input_json("[")), SSR_E_SYNTAX);
    memset(text, 'x', sizeof text - 1); /* inputs are copied */
    assert_state(nesting->number, "0");
    ssr_draft_set(draft, "", ssr_input_integer(10));
    return nesting->answer;
}

/* "Nested set not lost": the queued ones run on the outer's result, in order, before the outer call returns. */
static void a_write_inside_an_updater_follows(void **state)
{
    struct listeners test;
    (void)state;
    sweep_test_counts(); /* what is queued inside an updater is carried out, whatever becomes of the updater */
    open_listeners(&test);
    struct nesting nesting = {test.number, SSR_OK, SSR_OK};
    assert_status(ssr_shared_update(test.number, write_inside, &nesting), SSR_OK);
    assert_state(test.number, "[1]");
    assert_string_equal(test.log, "a0>10 b0>10 c0>10 a10>11 b10>11 c10>11 a11>12 b11>12 c11>12 "
                                  "a12>-1 b12>-1 c12>-1 ");
    fixture_close(&test.fixture);
}

static void the_outer_call_answers_the_first_error(void **state)
{
    struct listeners test;
    (void)state;
    sweep_leave_alone(); /* of several errors one is answered, which need not be that memory ran out */
    open_listeners(&test);
    struct nesting nesting = {test.number, SSR_OK, SSR_E_NO_MEMBER};
    assert_status(ssr_shared_update(test.number, write_inside, &nesting), SSR_E_NO_MEMBER);
    assert_string_equal(test.log, "a0>10 b0>10 c0>10 a10>11 b10>11 c10>11 a11>-1 b11>-1 c11>-1 ");
    ssr_shared_replace(test.number, ssr_input_integer(0));
    test.log[0] = '\0';
    nesting.answer = SSR_E_FAILED; /* the outer one fails: what was queued is done all the same */
    assert_status(ssr_shared_update(test.number, write_inside, &nesting), SSR_E_FAILED);
    assert_string_equal(test.log, "a0>1 b0>1 c0>1 a1>-1 b1>-1 c1>-1 ");
    fixture_close(&test.fixture);
}

static ssr_status copy_to(const ssr_snapshot *next, const ssr_snapshot *previous, void *other)
{
    (void)previous;
    return ssr_shared_replace((ssr_shared *)other, ssr_input_cursor(ssr_snapshot_json(next)));
}

/* Two stores whose listeners write each other come to rest when nothing changes any more. */
static void listeners_may_write_other_stores(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_shared *one = define_number(fixture.registry, "one"), *two = define_number(fixture.registry, "two");
    fixture_start(&fixture);
    assert_status(ssr_shared_subscribe(one, copy_to, two, NULL), SSR_OK);
    assert_status(ssr_shared_subscribe(two, copy_to, one, NULL), SSR_OK);
    assert_status(ssr_shared_replace(two, ssr_input_integer(7)), SSR_OK);
    assert_state(one, "7");
    assert_status(ssr_shared_update(one, add_one, NULL), SSR_OK);
    assert_state(two, "8");
    fixture_close(&fixture);
}

/* ---- Snapshots ----------------------------------------------------------------------------------------------------
 */

static void snapshots_outlive_later_writes_and_nothing_else_does(void **state)
{
    enum { HELD = 100, ROUNDS = 5 };
    struct fixture fixture;
    ssr_snapshot *held[HELD];
    (void)state;
    ssr_shared *number = open_number(&fixture);
    size_t most = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < HELD; i++) {
            held[i] = ssr_shared_snapshot(number);
            assert_int_equal(number_in(held[i]), round * HELD + i);
            assert_status(ssr_shared_update(number, add_one, NULL), SSR_OK);
        }
        if (round == 0)
            most = fixture.memory.live_bytes;
        assert_in_range(fixture.memory.live_bytes, 0, most + 2 * HELD); /* the numbers grow, the slots do not */
        for (int i = 0; i < HELD; i++) {
            int at = i * 37 % HELD; /* in no order */
            assert_int_equal(number_in(held[at]), round * HELD + at);
            ssr_snapshot_free(held[at]);
        }
    }
    fixture_close(&fixture);
}

static void one_old_snapshot_keeps_no_other(void **state)
{
    struct fixture fixture;
    (void)state;
    ssr_shared *number = open_number(&fixture);
    ssr_snapshot *old = ssr_shared_snapshot(number);
    ssr_shared_update(number, add_one, NULL);
    size_t blocks = fixture.memory.live_blocks;
    for (int i = 0; i < 100; i++)
        ssr_shared_update(number, add_one, NULL);
    assert_int_equal(fixture.memory.live_blocks, blocks);
    assert_int_equal(number_in(old), 0);
    ssr_snapshot_free(old);
    assert_int_equal(fixture.memory.live_blocks, blocks - 1);
    fixture_close(&fixture);
}

/* As if the current state had been taken and given back `times` times. */
static void pretend_uses(ssr_shared *shared, uint64_t times)
{
    ssr_snapshot *current = ssr_shared_snapshot(shared);
    atomic_fetch_add(&shared->state->snapshots.word, times << 24);
    atomic_fetch_sub(&current->count, times << 24);
    ssr_snapshot_free(current);
}

/* Both counters overflow on their way, which must not matter: see snapshot.c. */
static void a_state_may_be_taken_any_number_of_times(void **state)
{
    enum { HELD = 5 };
    struct fixture fixture;
    ssr_snapshot *held[HELD];
    (void)state;
    ssr_shared *number = open_number(&fixture);
    ssr_shared_update(number, add_one, NULL); /* not in the first slot */
    size_t blocks = fixture.memory.live_blocks;
    for (int round = 0; round < 3; round++) {
        pretend_uses(number, (UINT64_C(1) << 40) - 3);
        for (int i = 0; i < HELD; i++)
            held[i] = ssr_shared_snapshot(number);
        assert_ptr_equal(held[HELD - 1], held[0]);
        if (round == 2)
            ssr_shared_update(number, add_one, NULL);
        for (int i = 0; i < HELD; i++) {
            assert_int_equal(number_in(held[i]), 1);
            ssr_snapshot_free(held[i]);
        }
    }
    assert_state(number, "2");
    assert_int_equal(fixture.memory.live_blocks, blocks);
    fixture_close(&fixture);
}

/* ---- Requests -----------------------------------------------------------------------------------------------------
 */

struct pinning {
    ssr_shared *number;
    ssr_store *store;
    ssr_json seen[2];
};

/* Settles in its third pass. */
static ssr_status read_and_set(ssr_ctx *ctx, void *arg)
{
    struct pinning *pinning = arg;
    int64_t number = -1;
    ssr_json_integer(ssr_shared_get(ctx, pinning->number), &number);
    ssr_text_integer(ctx, number);
    return ssr_set_integer(ctx, pinning->store, ssr_pass(ctx) < 3 ? ssr_pass(ctx) : 2);
}

/* Everything is told once more between two passes. */
static void a_request_sees_one_state_in_all_its_passes(void **state)
{
    struct fixture fixture;
    ssr_render *render;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    struct pinning pinning = {.number = define_number(fixture.registry, "number")};
    pinning.store = fixture_store(&fixture, "store", NULL);
    fixture_start(&fixture);
    assert_status(ssr_render_new(fixture.engine, read_and_set, &pinning, NULL, &render), SSR_OK);
    while (ssr_render_step(render, 0) == SSR_STEP_AGAIN)
        assert_status(ssr_shared_update(pinning.number, add_one, NULL), SSR_OK);
    assert_int_equal(ssr_render_result(render)->passes, 3);
    assert_string_equal(ssr_render_result(render)->html, "0");
    assert_non_null(strstr(ssr_render_result(render)->transfer, "\"shared\":{\"number\":0}"));
    ssr_render_free(render);
    assert_status(fixture_run(&fixture, read_and_set, &pinning), SSR_OK);
    assert_string_equal(fixture.result->html, "2");
    fixture_close(&fixture);
}

/* A waiting request holds what it has pinned and nothing else. */
static void a_waiting_request_keeps_no_other_state(void **state)
{
    struct fixture fixture;
    ssr_render *render;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    struct pinning pinning = {.number = define_number(fixture.registry, "number")};
    pinning.store = fixture_store(&fixture, "store", NULL);
    fixture_start(&fixture);
    ssr_shared_update(pinning.number, add_one, NULL);
    size_t alone = fixture.memory.live_blocks;
    assert_status(ssr_render_new(fixture.engine, read_and_set, &pinning, NULL, &render), SSR_OK);
    assert_int_equal(ssr_render_step(render, 0), SSR_STEP_AGAIN);
    ssr_shared_update(pinning.number, add_one, NULL);
    size_t blocks = fixture.memory.live_blocks;
    for (int i = 0; i < 100; i++)
        ssr_shared_update(pinning.number, add_one, NULL);
    assert_int_equal(fixture.memory.live_blocks, blocks);
    ssr_render_free(render);
    assert_int_equal(fixture.memory.live_blocks, alone);
    fixture_close(&fixture);
}

static ssr_status move_on(ssr_ctx *ctx, void *arg)
{
    struct pinning *pinning = arg;
    bool is_here = strcmp(ssr_location(ctx), "/here") == 0;
    pinning->seen[is_here] = ssr_shared_get(ctx, pinning->number);
    return is_here ? ssr_redirect(ctx, "/there", 302) : ssr_html(ctx, "<p>there</p>");
}

static ssr_status move_on_blindly(ssr_ctx *ctx, void *arg)
{
    return strcmp(ssr_location(ctx), "/here") == 0 ? move_on(ctx, arg) : ssr_html(ctx, "<p>there</p>");
}

/* One snapshot for all locations; what the page in the end did not read does not cross. */
static void a_redirected_request_keeps_its_state(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    struct pinning pinning = {.number = define_number(fixture.registry, "number")};
    fixture_start(&fixture);
    ssr_request request = {.location = "/here", .redirects = SSR_REDIRECTS_FOLLOW};
    assert_status(fixture_run_request(&fixture, move_on, &pinning, &request), SSR_OK);
    assert_ptr_equal(pinning.seen[0].text, pinning.seen[1].text);
    assert_non_null(strstr(fixture.result->transfer, "\"shared\":{\"number\":0}"));
    assert_status(fixture_run_request(&fixture, move_on_blindly, &pinning, &request), SSR_OK);
    assert_null(strstr(fixture.result->transfer, "\"shared\""));
    fixture_close(&fixture);
}

static ssr_status read_of_another_engine(ssr_ctx *ctx, void *arg)
{
    assert_int_equal(ssr_json_type(ssr_shared_get(ctx, arg)), SSR_JSON_ABSENT);
    assert_status(ssr_last_status(ctx), SSR_E_UNKNOWN_SHARED);
    return SSR_OK;
}

static void a_store_of_another_engine_is_unknown(void **state)
{
    struct fixture one, two;
    (void)state;
    ssr_shared *theme = open_theme(&one);
    open_theme(&two);
    assert_status(fixture_run(&two, read_of_another_engine, theme), SSR_OK);
    assert_status(fixture_run(&two, read_of_another_engine, NULL), SSR_OK);
    assert_int_equal(two.memory.live_blocks > 0, 1);
    fixture_close(&two);
    fixture_close(&one);
}

/* ---- Transfer -----------------------------------------------------------------------------------------------------
 */

static ssr_status read_all(ssr_ctx *ctx, void *arg)
{
    for (ssr_shared **shared = arg; *shared; shared++)
        ssr_shared_get(ctx, *shared);
    return ssr_html(ctx, "");
}

static ssr_status encode_as_list(const ssr_value *value, ssr_builder *encoded, void *arg)
{
    (void)arg;
    ssr_builder_begin_array(encoded);
    ssr_builder_value(encoded, value);
    return ssr_builder_end_array(encoded);
}

static void what_was_read_crosses(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture.config.encode = encode_as_list;
    fixture_open(&fixture);
    ssr_shared_options local = {.initial_json = "\"secret\"", .policy = SSR_LOCAL};
    ssr_shared *read[] = {define_number(fixture.registry, "zahl"), define_theme(fixture.registry),
                          ssr_shared_define(fixture.registry, "local", &local), NULL};
    define_number(fixture.registry, "unread");
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, read_all, read), SSR_OK);
    assert_string_equal(fixture.result->data,
                        "{\"atoms\":{},\"contexts\":{},\"queries\":{},"
                        "\"shared\":{\"theme\":[{\"mode\":\"light\"}],\"zahl\":[0]},\"stores\":{},\"v\":1}");
    assert_string_equal(fixture.result->cache_control, "private, no-store");
    read[0] = NULL;
    assert_status(fixture_run(&fixture, read_all, read), SSR_OK);
    assert_string_equal(fixture.result->data, "{\"atoms\":{},\"contexts\":{},\"queries\":{},\"stores\":{},\"v\":1}");
    fixture_close(&fixture);
}

/* What every visitor sees makes no response private. */
static void reading_a_shared_store_is_not_private(void **state)
{
    struct fixture fixture;
    (void)state;
    ssr_shared *read[] = {open_theme(&fixture), NULL};
    assert_status(fixture_run_request(&fixture, read_all, read, &(ssr_request){.cacheable = true}), SSR_OK);
    assert_string_equal(fixture.result->cache_control, "public");
    fixture_close(&fixture);
}

/* ---- The guard: "A leaky example and its fix" ---------------------------------------------------------------------
 */

struct site {
    ssr_shared *user;
    ssr_query *account;
    ssr_store *made;
    char refusal[SSR_GUARD_TEXT];
    int line; /* of the latest write */
};

static ssr_status write_user(struct site *site, const char *json)
{
    site->line = __LINE__ + 1;
    ssr_status status = ssr_shared_replace(site->user, ssr_input_json(json));
    snprintf(site->refusal, sizeof site->refusal, "%s", ssr_guard_refusal());
    return status;
}

/* "Mutating a global store during SSR": the answer is ignored, as the seed's loader does. */
static ssr_status leaky_loader(ssr_operation *operation, void *site)
{
    write_user(site, "{\"isAdmin\":true,\"user\":\"alice\"}");
    return ssr_builder_string(ssr_operation_build(operation), "alice");
}

/* "I'll just reset it at the start of each request" */
static ssr_status resetting_loader(ssr_operation *operation, void *site)
{
    write_user(site, "{\"isAdmin\":false,\"user\":null}");
    return leaky_loader(operation, site);
}

static ssr_status honest_loader(ssr_operation *operation, void *site)
{
    (void)operation;
    return write_user(site, "1");
}

static ssr_status show_account(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    ssr_query_result account = ssr_query_get(ctx, site->account, NULL, true);
    return ssr_text(ctx, account.error ? ssr_string(ctx, account.data) : "");
}

static ssr_status write_user_in_init(ssr_ctx *ctx, ssr_builder *value, void *site)
{
    (void)ctx;
    assert_status(write_user(site, "2"), SSR_E_SHARED_WRITE);
    return ssr_builder_null(value);
}

static void define_site(struct fixture *fixture, struct site *site, ssr_loader_fn load, bool is_writable)
{
    static const ssr_action actions[] = {{"toggle", toggle, NULL}};
    memset(site, 0, sizeof *site);
    fixture_open(fixture);
    site->user = ssr_shared_define(fixture->registry, "user",
                                   &(ssr_shared_options){.initial_json = "{\"isAdmin\":false,\"user\":\"nobody\"}",
                                                         .actions = actions,
                                                         .action_count = 1,
                                                         .writable_in_render = is_writable});
    site->account =
        ssr_query_define(fixture->registry, "account", &(ssr_query_options){.load = load, .load_arg = site});
    site->made =
        ssr_store_define(fixture->registry, "made", &(ssr_store_options){.init = write_user_in_init, .init_arg = site});
    fixture_start(fixture);
}

static void open_site(struct fixture *fixture, struct site *site, ssr_loader_fn load, bool is_writable)
{
    fixture_init(fixture);
    define_site(fixture, site, load, is_writable);
}

static void assert_refusal(const struct site *site, const char *inside)
{
    char expected[SSR_GUARD_TEXT];
    snprintf(
        expected, sizeof expected,
        "shared store \"user\" was written at test_shared.c:%d inside %s: every visitor would see it; use a context "
        "store, or say writable_in_render if that is meant",
        site->line, inside);
    assert_string_equal(site->refusal, expected);
}

static void assert_recorded(const struct fixture *fixture, const struct site *site)
{
    char expected[256];
    snprintf(expected, sizeof expected,
             "{\"call\":\"ssr_shared_update\",\"kind\":\"shared\",\"name\":\"user\","
             "\"error\":\"shared_write_in_request\",\"at\":\"test_shared.c:%d\"}",
             site->line);
    assert_non_null(strstr(fixture->record_json, expected));
}

static void the_leaky_loader_is_refused(void **state)
{
    struct fixture fixture;
    struct site site;
    (void)state;
    open_site(&fixture, &site, leaky_loader, false);
    assert_status(fixture_run(&fixture, show_account, &site), SSR_OK);
    assert_string_equal(fixture.result->html, "alice");
    assert_refusal(&site, "loader \"account\"");
    assert_state(site.user, "{\"isAdmin\":false,\"user\":\"nobody\"}");
    assert_int_equal(fixture.result->refused, 1);
    assert_recorded(&fixture, &site);
    assert_string_equal(ssr_guard_refusal(), "");
    fixture_close(&fixture);
}

static void resetting_at_the_start_of_each_request_is_refused(void **state)
{
    struct fixture fixture;
    struct site site;
    (void)state;
    open_site(&fixture, &site, resetting_loader, false);
    assert_status(fixture_run(&fixture, show_account, &site), SSR_OK);
    assert_state(site.user, "{\"isAdmin\":false,\"user\":\"nobody\"}");
    assert_int_equal(fixture.result->refused, 2);
    assert_recorded(&fixture, &site);
    fixture_close(&fixture);
}

/* Who returns the refusal fails, and the log says where. */
static void a_loader_that_returns_the_refusal_fails_with_it(void **state)
{
    struct fixture fixture;
    struct site site;
    (void)state;
    open_site(&fixture, &site, honest_loader, false);
    assert_status(fixture_run(&fixture, show_account, &site), SSR_OK);
    assert_non_null(strstr(fixture.record_json, "\"code\":\"shared_write_in_request\""));
    assert_non_null(strstr(fixture.record_text, "was written at test_shared.c:"));
    assert_null(strstr(fixture.result->transfer, "test_shared.c"));
    fixture_close(&fixture);
}

static ssr_status write_in_page(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    assert_status(ssr_shared_act(site->user, "toggle", ssr_input_null()), SSR_E_SHARED_WRITE);
    assert_status(ssr_shared_update(site->user, go_dark, NULL), SSR_E_SHARED_WRITE);
    assert_status(write_user(site, "1"), SSR_E_SHARED_WRITE);
    assert_int_equal(ssr_json_type(ssr_shared_get(ctx, site->user)), SSR_JSON_OBJECT);
    return ssr_html(ctx, "<p>page</p>");
}

static void a_page_cannot_write(void **state)
{
    struct fixture fixture;
    struct site site;
    (void)state;
    open_site(&fixture, &site, NULL, false);
    ssr_request request = {.location = "/profile?token=secret"};
    assert_status(fixture_run_request(&fixture, write_in_page, &site, &request), SSR_OK);
    assert_refusal(&site, "page \"/profile\"");
    assert_int_equal(fixture.result->refused, 3);
    assert_recorded(&fixture, &site);
    assert_status(write_user(&site, "3"), SSR_OK); /* the request has ended */
    assert_state(site.user, "3");
    fixture_close(&fixture);
}

static ssr_status read_made(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    ssr_get(ctx, site->made);
    assert_status(write_user(site, "1"), SSR_E_SHARED_WRITE); /* the page's guard is back */
    return SSR_OK;
}

static void an_init_cannot_write(void **state)
{
    struct fixture fixture;
    struct site site;
    (void)state;
    open_site(&fixture, &site, NULL, false);
    assert_status(fixture_run_request(&fixture, read_made, &site, &(ssr_request){.location = "/"}), SSR_OK);
    assert_refusal(&site, "page \"/\"");
    assert_int_equal(fixture.result->refused, 2);
    assert_non_null(strstr(fixture.record_json, "\"initOf\":\"made\""));
    fixture_close(&fixture);
}

static ssr_status leaky_hook(ssr_operation *operation, void *arg)
{
    struct site *site = arg;
    ssr_operation_load(operation, site->account);
    assert_string_equal(ssr_guard_refusal(), ""); /* that was inside the loader's guard */
    assert_status(write_user(site, "1"), SSR_E_SHARED_WRITE);
    return SSR_OK;
}

/* Its own write, and the one of the query that it loads in place. */
static void a_hook_cannot_write(void **state)
{
    struct fixture fixture;
    struct site site;
    (void)state;
    open_site(&fixture, &site, leaky_loader, false);
    ssr_hook hook = {"session", leaky_hook, &site};
    ssr_route route = {.hooks = &hook, .hook_count = 1};
    ssr_request request = {.find_route = fixture_route, .find_route_arg = &route};
    assert_status(fixture_run_request(&fixture, show_account, &site, &request), SSR_OK);
    assert_refusal(&site, "hook \"session\"");
    assert_string_equal(fixture.result->html, "alice");
    assert_int_equal(fixture.result->refused, 2);
    assert_recorded(&fixture, &site);
    fixture_close(&fixture);
}

/* An operation outlives its render, and what the hook was named by. */
static void a_hook_that_runs_late_cannot_write(void **state)
{
    struct fixture fixture;
    struct site site;
    ssr_render *render;
    char name[] = "session";
    (void)state;
    open_site(&fixture, &site, leaky_loader, false);
    ssr_hook hooks[] = {{name, leaky_hook, &site}, {NULL, leaky_hook, &site}};
    ssr_route route = {.hooks = hooks, .hook_count = TEST_COUNT(hooks)};
    ssr_request request = {.find_route = fixture_route, .find_route_arg = &route};
    assert_status(ssr_render_new(fixture.engine, show_account, &site, &request, &render), SSR_OK);
    while (ssr_render_step(render, 0) == SSR_STEP_AGAIN)
        continue;
    ssr_operation *named = ssr_render_next_operation(render), *nameless = ssr_render_next_operation(render);
    ssr_render_free(render);
    memset(name, 'x', sizeof name);
    ssr_operation_run(named);
    assert_refusal(&site, "hook \"session\"");
    ssr_operation_run(nameless);
    assert_refusal(&site, "hook \"\"");
    fixture_close(&fixture);
}

/* A page that renders a part of itself as a request of its own, on the same thread. */
struct nested_site {
    struct site *site;
    struct fixture *fixture;
    unsigned refused; /* of the part */
};

static ssr_status render_part(ssr_ctx *ctx, void *arg)
{
    struct nested_site *nested = arg;
    ssr_render *part;
    assert_status(ssr_run(nested->fixture->engine, show_account, nested->site, NULL, &part), SSR_OK);
    nested->refused = ssr_render_result(part)->refused;
    ssr_html(ctx, ssr_render_result(part)->html);
    ssr_render_free(part);
    return write_user(nested->site, "1") == SSR_E_SHARED_WRITE ? SSR_OK : SSR_E_FAILED;
}

/* Each record lists what was refused to its own request. */
static void a_request_inside_a_page_has_its_own_record(void **state)
{
    struct fixture fixture;
    struct site site;
    (void)state;
    open_site(&fixture, &site, leaky_loader, false);
    struct nested_site nested = {&site, &fixture, 0};
    assert_status(fixture_run(&fixture, render_part, &nested), SSR_OK);
    assert_string_equal(fixture.result->html, "alice");
    assert_int_equal(nested.refused, 1);
    assert_int_equal(fixture.result->refused, 1);
    fixture_close(&fixture);
}

/* Whether the running pass has noted a write of this store. */
static bool has_noted_write(const ssr_ctx *ctx, const ssr_shared *shared, int line)
{
    for (const struct ssr_journal_chunk *chunk = ctx->journal.first; chunk; chunk = chunk->next)
        for (size_t i = 0; i < chunk->count; i++)
            if (chunk->entries[i].op == SSR_JOURNAL_SHARED_WRITE)
                return chunk->entries[i].definition == &shared->definition && chunk->entries[i].writer.line == line;
    return false;
}

static ssr_status count_visit(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    assert_status(write_user(site, "1"), SSR_OK);
    assert_true(has_noted_write(ctx, site->user, site->line));
    return ssr_html(ctx, "");
}

/* A site whose loader writes an atom, which has callbacks. */
struct atom_site {
    struct site *site;
    ssr_atom_template *cart;
    ssr_query *query;
    char before_update[SSR_GUARD_TEXT];
};

static ssr_status write_before_update(ssr_draft *next, ssr_json old, const ssr_atom *atom, void *arg)
{
    struct atom_site *of = arg;
    (void)next, (void)old, (void)atom;
    assert_status(write_user(of->site, "1"), SSR_E_SHARED_WRITE);
    snprintf(of->before_update, sizeof of->before_update, "%s", of->site->refusal);
    return SSR_OK;
}

static ssr_status write_on_destroy(ssr_atom *atom, ssr_json next, ssr_json previous, void *arg)
{
    struct atom_site *of = arg;
    (void)atom, (void)next, (void)previous;
    return write_user(of->site, "1") == SSR_E_SHARED_WRITE ? SSR_OK : SSR_E_FAILED;
}

static ssr_status load_cart(ssr_operation *operation, void *arg)
{
    const struct atom_site *of = arg;
    ssr_builder_integer(ssr_operation_build_store(operation), 1);
    ssr_operation_update_atom(operation, of->cart);
    return ssr_builder_null(ssr_operation_build(operation));
}

static ssr_status show_cart(ssr_ctx *ctx, void *arg)
{
    struct atom_site *of = arg;
    ssr_query_get(ctx, of->query, NULL, true);
    ssr_atom_on_destroy(ssr_atom_use(ssr_atoms(ctx), of->cart), write_on_destroy, of);
    return SSR_OK;
}

/* Between passes too, when what a loader wrote is taken in, and at the end, when the request's atoms go. */
static void callbacks_of_atoms_cannot_write(void **state)
{
    struct fixture fixture;
    struct site site;
    struct atom_site of = {.site = &site};
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    site.user = ssr_shared_define(fixture.registry, "user", &(ssr_shared_options){.initial_json = "0"});
    of.cart = ssr_atom_define(fixture.registry, "cart",
                              &(ssr_atom_options){.before_update = write_before_update, .arg = &of});
    of.query = ssr_query_define(fixture.registry, "cart", &(ssr_query_options){.load = load_cart, .load_arg = &of});
    fixture_start(&fixture);
    assert_status(fixture_run_request(&fixture, show_cart, &of, &(ssr_request){.id = "r7"}), SSR_OK);
    assert_non_null(strstr(of.before_update, "inside atom \"cart\""));
    assert_refusal(&site, "request \"r7\"");
    assert_state(site.user, "0");
    assert_int_equal(fixture.result->refused, 2);
    assert_string_equal(ssr_guard_refusal(), "");
    fixture_close(&fixture);
}

static void writable_in_render_lifts_the_guard(void **state)
{
    struct fixture fixture;
    struct site site;
    (void)state;
    open_site(&fixture, &site, leaky_loader, true);
    assert_status(fixture_run(&fixture, show_account, &site), SSR_OK);
    assert_state(site.user, "{\"isAdmin\":true,\"user\":\"alice\"}");
    assert_int_equal(fixture.result->refused, 0);
    assert_status(fixture_run(&fixture, count_visit, &site), SSR_OK);
    assert_state(site.user, "1");
    assert_string_equal(site.refusal, "");
    fixture_close(&fixture);
}

/* ---- The guard of a host ------------------------------------------------------------------------------------------
 */

static void guards_nest(void **state)
{
    struct fixture fixture;
    struct site site;
    ssr_guard outer, inner;
    (void)state;
    open_site(&fixture, &site, NULL, false);
    assert_string_equal(ssr_guard_refusal(), "");
    ssr_guard_enter(&outer, "worker", "mail\n\x7f");
    assert_status(write_user(&site, "1"), SSR_E_SHARED_WRITE);
    assert_refusal(&site, "worker \"mail??\"");
    ssr_guard_enter(&inner, NULL, NULL);
    assert_string_equal(ssr_guard_refusal(), "");
    for (int i = 0; i < 7; i++)
        assert_status(write_user(&site, "2"), SSR_E_SHARED_WRITE);
    assert_refusal(&site, " \"\"");
    ssr_guard_leave(&inner);
    assert_string_equal(ssr_guard_refusal(), outer.refusal);
    assert_int_equal(outer.refused, 8);
    assert_status(write_user(&site, "3"), SSR_E_SHARED_WRITE);
    ssr_guard_leave(&outer);
    assert_status(write_user(&site, "4"), SSR_OK);
    fixture_close(&fixture);
}

static void a_long_refusal_is_cut(void **state)
{
    struct fixture fixture;
    char name[129];
    ssr_guard guard;
    (void)state;
    memset(name, 'n', 128);
    name[128] = '\0';
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_shared *shared = define_number(fixture.registry, name);
    ssr_guard_enter(&guard, name, name);
    assert_status(ssr_shared_replace_at(shared, ssr_input_null(), name, 2147483647), SSR_E_SHARED_WRITE);
    assert_non_null(strstr(ssr_guard_refusal(), "writable_in_render if that is meant"));
    assert_status(ssr_shared_replace_at(shared, ssr_input_null(), NULL, 0), SSR_E_SHARED_WRITE);
    assert_non_null(strstr(ssr_guard_refusal(), " at ?:0 "));
    ssr_guard_leave(&guard);
    fixture_close(&fixture);
}

/* A host that answers operations itself: what its guard has refused goes with the answer. */
static void a_host_enters_the_guard_itself(void **state)
{
    struct fixture fixture;
    struct site site;
    ssr_guard guard;
    ssr_render *render;
    (void)state;
    open_site(&fixture, &site, NULL, false);
    assert_status(ssr_render_new(fixture.engine, show_account, &site, NULL, &render), SSR_OK);
    while (ssr_render_step(render, 0) == SSR_STEP_AGAIN)
        continue;
    ssr_operation *operation = ssr_render_next_operation(render);
    ssr_guard_enter(&guard, "loader", "account");
    assert_status(write_user(&site, "1"), SSR_E_SHARED_WRITE);
    ssr_builder_string(ssr_operation_build(operation), "bob");
    ssr_operation_answer(operation, SSR_OK);
    ssr_guard_leave(&guard);
    while (ssr_render_step(render, 0) == SSR_STEP_AGAIN)
        continue;
    assert_string_equal(ssr_render_result(render)->html, "bob");
    assert_int_equal(ssr_render_result(render)->refused, 1);
    ssr_render_free(render);
    assert_recorded(&fixture, &site);
    fixture_close(&fixture);
}

/* ---- Memory -------------------------------------------------------------------------------------------------------
 */

/* What a sweep does once; afterwards the state is known to be one of those that a caller was told of. */
struct sweep {
    ssr_shared *number;
    unsigned told;
};

static ssr_status count_told(const ssr_snapshot *next, const ssr_snapshot *previous, void *arg)
{
    struct sweep *sweep = arg;
    assert_int_not_equal(number_in(next), number_in(previous));
    sweep->told++;
    return SSR_OK;
}

static ssr_status set_argument(ssr_draft *draft, ssr_json argument, void *arg)
{
    (void)arg;
    return ssr_draft_set(draft, "", ssr_input_cursor(argument));
}

static ssr_status write_nested(ssr_draft *draft, void *arg)
{
    ssr_status status = ssr_shared_replace((ssr_shared *)arg, ssr_input_integer(41));
    return status == SSR_OK ? ssr_draft_set(draft, "", ssr_input_integer(40)) : status;
}

static void assert_done_or_nomem(ssr_status status)
{
    assert_true(status == SSR_OK || status == SSR_E_NOMEM);
}

/* A change either happens and is told, or answers nomem and is not. */
static void change_or_not(struct sweep *sweep, ssr_status status, const char *before, const char *after)
{
    assert_done_or_nomem(status);
    assert_state(sweep->number, status == SSR_OK ? after : before);
    ssr_shared_replace(sweep->number, ssr_input_json(after));
}

static void use_everything(struct sweep *sweep)
{
    enum { HELD = 12 }; /* more than the first slots */
    ssr_snapshot *held[HELD];
    ssr_shared *number = sweep->number;
    ssr_status status = ssr_shared_subscribe(number, count_told, sweep, NULL);
    assert_done_or_nomem(status);
    for (int i = 0; i < HELD; i++) {
        held[i] = ssr_shared_snapshot(number);
        status = ssr_shared_update(number, add_one, NULL);
        assert_done_or_nomem(status);
    }
    for (int i = 0; i < HELD; i++)
        ssr_snapshot_free(held[i]);
    while (ssr_shared_replace(number, ssr_input_integer(20)) != SSR_OK) /* only one allocation fails */
        continue;
    unsigned told = sweep->told;
    status = ssr_shared_act(number, "set", ssr_input_integer(30));
    assert_true(sweep->told - told <= (status == SSR_OK)); /* 0 when it could not subscribe */
    change_or_not(sweep, status, "20", "30");
    assert_state(number, "30");
    status = ssr_shared_update(number, write_nested, number);
    ssr_snapshot *snapshot = ssr_shared_snapshot(number);
    assert_true(status == SSR_OK ? number_in(snapshot) == 41 : status == SSR_E_NOMEM);
    ssr_snapshot_free(snapshot);
}

/* Runs with the i-th allocation failing; false: there was no such allocation. */
static bool sweep_once(size_t fail_at)
{
    static const ssr_action actions[] = {{"set", set_argument, NULL}};
    struct test_memory memory = {.fail_at = fail_at};
    ssr_config config = ssr_config_default();
    ssr_engine *engine;
    config.allocator = test_allocator(&memory);
    if (ssr_engine_new(&config, &engine) == SSR_OK) {
        ssr_registry *registry = ssr_engine_registry(engine);
        struct sweep sweep = {
            .number = ssr_shared_define(
                registry, "number", &(ssr_shared_options){.initial_json = "0", .actions = actions, .action_count = 1})};
        assert_status(ssr_engine_start(engine), sweep.number ? SSR_OK : SSR_E_NOMEM);
        if (sweep.number)
            use_everything(&sweep);
        ssr_engine_free(engine);
    }
    assert_all_freed(&memory);
    return memory.calls >= fail_at;
}

static void memory_that_runs_out_changes_nothing(void **state)
{
    size_t fail_at = 1;
    (void)state;
    while (sweep_once(fail_at))
        fail_at++;
    print_message("%zu allocations failed in turn\n", fail_at - 1);
    assert_true(fail_at > 20);
}

/* The same for a page that reads, is refused, and writes what it may. */
static ssr_status page_of_all(ssr_ctx *ctx, void *arg)
{
    struct site *site = arg;
    ssr_shared_get(ctx, site->user);
    ssr_shared_act(site->user, "toggle", ssr_input_null());
    return show_account(ctx, arg);
}

static void a_request_survives_no_memory(void **state)
{
    (void)state;
    for (int is_writable = 0; is_writable < 2; is_writable++) {
        struct fixture fixture;
        struct site site;
        fixture_init(&fixture);
        fixture.config.log = (ssr_log){.arg = NULL}; /* a record without memory says less, and no more */
        define_site(&fixture, &site, leaky_loader, is_writable != 0);
        fixture.memory.calls = 0;
        fixture_run(&fixture, page_of_all, &site);
        size_t calls = fixture.memory.calls;
        for (size_t i = 1; i <= calls; i++) {
            ssr_render *render;
            fixture.memory.calls = 0;
            fixture.memory.fail_at = i;
            ssr_run(fixture.engine, page_of_all, &site, NULL, &render);
            fixture.memory.fail_at = 0;
            ssr_render_free(render);
        }
        if (!is_writable)
            assert_state(site.user, "{\"isAdmin\":false,\"user\":\"nobody\"}");
        fixture_close(&fixture);
    }
}

/* ---- What is not there ------------------------------------------------------------------------------------------ */

static ssr_status keep_context(ssr_ctx *ctx, void *arg)
{
    *(ssr_ctx **)arg = ctx;
    return SSR_OK;
}

static ssr_status replace_foreign(ssr_ctx *ctx, void *foreign)
{
    (void)ctx;
    assert_status(ssr_shared_replace(foreign, ssr_input_integer(1)), SSR_E_SHARED_WRITE);
    return SSR_OK;
}

static void what_is_missing_is_refused(void **state)
{
    static struct fixture fixture, other;
    ssr_subscription subscription;
    ssr_ctx *ctx;
    size_t length = 9;
    (void)state;
    ssr_shared *theme = open_theme(&fixture), *number = open_number(&other);
    assert_status(ssr_shared_subscribe(NULL, NULL, NULL, &subscription), SSR_E_UNKNOWN_SHARED);
    assert_status(ssr_shared_subscribe(theme, NULL, NULL, &subscription), SSR_E_INVALID_ARGUMENT);
    ssr_unsubscribe(subscription);
    assert_string_equal(ssr_snapshot_text(NULL, &length), "");
    assert_int_equal(length, 0);
    assert_status(fixture_run(&fixture, keep_context, &ctx), SSR_OK);
    assert_int_equal(ssr_json_type(ssr_shared_get(ctx, theme)), SSR_JSON_ABSENT);
    assert_status(ssr_last_status(ctx), SSR_E_WRONG_PHASE);
    assert_status(fixture_run(&fixture, replace_foreign, number), SSR_OK); /* of another engine, which is no way out */
    assert_int_equal(fixture.result->refused, 1);
    assert_state(number, "0");
    fixture_close(&fixture);
    fixture_close(&other);
}

/* The argument of an action in each of its forms. */
static void an_argument_may_be_a_value(void **state)
{
    static struct fixture fixture;
    ssr_value *bob;
    (void)state;
    ssr_shared *theme = open_theme(&fixture);
    assert_status(ssr_value_parse(NULL, "\"bob\"", 5, NULL, &bob), SSR_OK);
    assert_status(ssr_shared_act(theme, "setUser", ssr_input_value(bob)), SSR_OK);
    assert_state(theme, "{\"mode\":\"light\",\"user\":\"bob\"}");
    assert_status(ssr_shared_act(theme, "setUser", ssr_input_value(NULL)), SSR_OK);
    assert_state(theme, "{\"mode\":\"light\",\"user\":null}");
    ssr_value_free(bob);
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_missing_is_refused),
        cmocka_unit_test(an_argument_may_be_a_value),
        cmocka_unit_test(a_store_begins_with_its_initial_state),
        cmocka_unit_test(a_store_without_options_is_null),
        cmocka_unit_test(set_works_on_a_draft),
        cmocka_unit_test(an_action_changes_the_state_by_name),
        cmocka_unit_test(an_unknown_action_is_named),
        cmocka_unit_test(the_whole_state_can_be_replaced),
        cmocka_unit_test(every_request_sees_the_same_state),
        cmocka_unit_test(a_cache_is_filled_at_startup),
        cmocka_unit_test(an_updater_that_fails_leaves_the_state),
        cmocka_unit_test(a_draft_that_was_kept_has_ended),
        cmocka_unit_test(wrong_arguments_are_named),
        cmocka_unit_test(bad_definitions_are_refused),
        cmocka_unit_test(listeners_are_told_next_and_previous_in_order),
        cmocka_unit_test(ending_a_subscription_twice_is_harmless),
        cmocka_unit_test(a_listener_that_ends_itself_twice_has_ended),
        cmocka_unit_test(subscribing_again_and_again_takes_no_memory),
        cmocka_unit_test(a_change_to_the_same_is_silent),
        cmocka_unit_test(a_failing_listener_does_not_stop_the_others),
        cmocka_unit_test(a_listener_that_ends_itself_keeps_the_order_of_the_others),
        cmocka_unit_test(who_was_ended_is_not_told_any_more),
        cmocka_unit_test(all_can_end_while_one_is_told),
        cmocka_unit_test(who_subscribes_in_a_listener_is_told_from_the_next_change_on),
        cmocka_unit_test(a_write_inside_a_listener_follows),
        cmocka_unit_test(a_write_inside_an_updater_follows),
        cmocka_unit_test(the_outer_call_answers_the_first_error),
        cmocka_unit_test(listeners_may_write_other_stores),
        cmocka_unit_test(snapshots_outlive_later_writes_and_nothing_else_does),
        cmocka_unit_test(one_old_snapshot_keeps_no_other),
        cmocka_unit_test(a_state_may_be_taken_any_number_of_times),
        cmocka_unit_test(a_request_sees_one_state_in_all_its_passes),
        cmocka_unit_test(a_waiting_request_keeps_no_other_state),
        cmocka_unit_test(a_redirected_request_keeps_its_state),
        cmocka_unit_test(a_store_of_another_engine_is_unknown),
        cmocka_unit_test(what_was_read_crosses),
        cmocka_unit_test(reading_a_shared_store_is_not_private),
        cmocka_unit_test(the_leaky_loader_is_refused),
        cmocka_unit_test(resetting_at_the_start_of_each_request_is_refused),
        cmocka_unit_test(a_loader_that_returns_the_refusal_fails_with_it),
        cmocka_unit_test(a_page_cannot_write),
        cmocka_unit_test(an_init_cannot_write),
        cmocka_unit_test(a_hook_cannot_write),
        cmocka_unit_test(a_hook_that_runs_late_cannot_write),
        cmocka_unit_test(a_request_inside_a_page_has_its_own_record),
        cmocka_unit_test(writable_in_render_lifts_the_guard),
        cmocka_unit_test(callbacks_of_atoms_cannot_write),
        cmocka_unit_test(guards_nest),
        cmocka_unit_test(a_long_refusal_is_cut),
        cmocka_unit_test(a_host_enters_the_guard_itself),
        cmocka_unit_test(memory_that_runs_out_changes_nothing),
        cmocka_unit_test(a_request_survives_no_memory),
    };
    return cmocka_run_group_tests_name("shared", tests, NULL, NULL);
}
