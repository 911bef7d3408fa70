/*
 * What a user of a render can see and the scenario language cannot say: calls in the wrong phase, the life of a
 * context and of what it lends, chance that depends on the seed, the record, escapes, renders side by side.
 */
#include "fixture.h"

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* ---- Life ------------------------------------------------------------------------------------------------------- */

static ssr_status empty_page(ssr_ctx *ctx, void *arg)
{
    (void)ctx, (void)arg;
    return SSR_OK;
}

static void an_engine_renders_only_once_started(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    assert_status(fixture_run(&fixture, empty_page, NULL), SSR_E_NOT_STARTED);
    assert_null(fixture.render);
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, empty_page, NULL), SSR_OK);
    assert_status(ssr_engine_start(fixture.engine), SSR_OK);
    assert_status(fixture_run(&fixture, empty_page, NULL), SSR_OK);
    fixture_close(&fixture);
}

static void a_render_needs_a_page(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, NULL, NULL), SSR_E_INVALID_ARGUMENT);
    assert_null(fixture.render);
    fixture_close(&fixture);
}

static void nothing_runs_before_the_first_step(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_start(&fixture);
    assert_status(ssr_render_new(fixture.engine, empty_page, NULL, NULL, &fixture.render), SSR_OK);
    assert_null(ssr_render_result(fixture.render));
    assert_non_null(ssr_render_state(fixture.render));
    fixture_close(&fixture);
    assert_int_equal(fixture.records, 0);
}

struct counter {
    ssr_store *store;
    ssr_render *render;
    ssr_ctx *ctx;
    unsigned callbacks;
};

/* Never settles. */
static ssr_status counting_page(ssr_ctx *ctx, void *arg)
{
    struct counter *counter = arg;
    counter->ctx = ctx;
    counter->callbacks++;
    ssr_text_integer(ctx, ssr_get_integer(ctx, counter->store, -1));
    return ssr_set_integer(ctx, counter->store, ssr_pass(ctx));
}

static void open_counter(struct fixture *fixture, struct counter *counter)
{
    fixture_init(fixture);
    fixture_open(fixture);
    *counter = (struct counter){.store = fixture_store(fixture, "count", "0")};
    fixture_start(fixture);
}

static void a_render_may_be_freed_between_steps(void **state)
{
    struct fixture fixture;
    struct counter counter;
    (void)state;
    open_counter(&fixture, &counter);
    assert_status(ssr_render_new(fixture.engine, counting_page, &counter, NULL, &fixture.render), SSR_OK);
    assert_int_equal(ssr_render_step(fixture.render, 0), SSR_STEP_AGAIN);
    assert_int_equal(ssr_render_step(fixture.render, 0), SSR_STEP_AGAIN);
    fixture_close(&fixture);
}

static ssr_status stepping_page(ssr_ctx *ctx, void *arg)
{
    struct counter *counter = arg;
    counter->callbacks++;
    assert_int_equal(ssr_render_step(counter->render, 0), SSR_STEP_AGAIN);
    assert_null(ssr_render_result(counter->render));
    return ssr_html(ctx, "x");
}

static void a_step_inside_a_callback_does_nothing(void **state)
{
    struct fixture fixture;
    struct counter counter;
    (void)state;
    open_counter(&fixture, &counter);
    assert_status(ssr_render_new(fixture.engine, stepping_page, &counter, NULL, &counter.render), SSR_OK);
    while (ssr_render_step(counter.render, 0) == SSR_STEP_AGAIN)
        continue;
    fixture.render = counter.render;
    const ssr_result *result = ssr_render_result(fixture.render);
    assert_int_equal(counter.callbacks, 1);
    assert_string_equal(result->html, "x");
    assert_int_equal(result->outcome, SSR_SETTLED);
    fixture_close(&fixture);
}

static void renders_side_by_side_do_not_see_each_other(void **state)
{
    struct fixture fixture;
    struct counter counter, other;
    ssr_render *first, *second;
    (void)state;
    open_counter(&fixture, &counter);
    other = counter;
    assert_status(ssr_render_new(fixture.engine, counting_page, &counter, NULL, &first), SSR_OK);
    assert_int_equal(ssr_render_step(first, 0), SSR_STEP_AGAIN);
    assert_int_equal(ssr_render_step(first, 0), SSR_STEP_AGAIN);
    assert_status(ssr_render_new(fixture.engine, counting_page, &other, NULL, &second), SSR_OK);
    for (int i = 0; i < 5; i++) {
        ssr_render_step(first, 0);
        ssr_render_step(second, 0);
    }
    ssr_render_cancel(first);
    ssr_render_cancel(second);
    assert_int_equal(ssr_render_step(first, 0), SSR_STEP_ENDED);
    assert_int_equal(ssr_render_step(second, 0), SSR_STEP_ENDED);
    assert_string_equal(ssr_render_result(first)->html, "6");
    assert_string_equal(ssr_render_result(second)->html, "4");
    ssr_render_free(first);
    ssr_render_free(second);
    fixture_close(&fixture);
}

static void the_configuration_is_copied(void **state)
{
    struct fixture fixture;
    struct counter counter;
    (void)state;
    fixture_init(&fixture);
    fixture.config.forbidden_rerenders_count = 2;
    fixture_open(&fixture);
    fixture.config.forbidden_rerenders_count = 9;
    counter = (struct counter){.store = fixture_store(&fixture, "count", "0")};
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, counting_page, &counter), SSR_OK);
    assert_int_equal(fixture.result->passes, 3);
    fixture_close(&fixture);
}

static void each_request_logs_its_own_error(void **state)
{
    struct fixture fixture;
    struct counter counter;
    (void)state;
    open_counter(&fixture, &counter);
    for (unsigned i = 1; i <= 3; i++) {
        assert_status(fixture_run(&fixture, counting_page, &counter), SSR_OK);
        assert_int_equal(fixture.result->passes, 26);
        assert_int_equal(fixture.errors, i);
        assert_int_equal(fixture.records, i);
    }
    assert_string_equal(fixture.error,
                        "SSR stores/cookies did not stabilize after 25 re-renders (forbiddenRerendersCount); using the "
                        "last render. Check for non-deterministic SsrStore or cookie values (e.g. time(), rand()).");
    fixture_close(&fixture);
}

static void without_a_log_everything_else_is_the_same(void **state)
{
    struct fixture fixture;
    struct counter counter;
    (void)state;
    fixture_init(&fixture);
    fixture.config.log = (ssr_log){.arg = NULL};
    fixture_open(&fixture);
    counter = (struct counter){.store = fixture_store(&fixture, "count", "0")};
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, counting_page, &counter), SSR_OK);
    assert_int_equal(fixture.result->outcome, SSR_HARD_CAP);
    assert_string_equal(fixture.result->html, "25");
    fixture_close(&fixture);
}

/* ---- Wrong phase ------------------------------------------------------------------------------------------------ */

static ssr_status do_nothing(ssr_ctx *ctx, void *arg)
{
    (void)ctx;
    ++*(unsigned *)arg;
    return SSR_OK;
}

static void sets_are_refused(ssr_ctx *ctx, const ssr_store *store)
{
    assert_status(ssr_set_string(ctx, store, "x"), SSR_E_WRONG_PHASE);
    assert_status(ssr_set_string_n(ctx, store, "x", 1), SSR_E_WRONG_PHASE);
    assert_status(ssr_set_integer(ctx, store, 99), SSR_E_WRONG_PHASE);
    assert_status(ssr_set_number(ctx, store, 99), SSR_E_WRONG_PHASE);
    assert_status(ssr_set_boolean(ctx, store, true), SSR_E_WRONG_PHASE);
    assert_status(ssr_set_null(ctx, store), SSR_E_WRONG_PHASE);
    assert_status(ssr_set_json(ctx, store, "99", 2), SSR_E_WRONG_PHASE);
    assert_status(ssr_set_value(ctx, store, NULL), SSR_E_WRONG_PHASE);
    ssr_builder *builder = ssr_build(ctx);
    assert_non_null(builder);
    ssr_builder_integer(builder, 99);
    assert_status(ssr_set_built(ctx, store), SSR_E_WRONG_PHASE);
}

static void output_is_refused(ssr_ctx *ctx)
{
    unsigned effects = 0;
    assert_status(ssr_html(ctx, "x"), SSR_E_WRONG_PHASE);
    assert_status(ssr_html_n(ctx, "x", 1), SSR_E_WRONG_PHASE);
    assert_status(ssr_text(ctx, "x"), SSR_E_WRONG_PHASE);
    assert_status(ssr_text_n(ctx, "x", 1), SSR_E_WRONG_PHASE);
    assert_status(ssr_text_integer(ctx, 1), SSR_E_WRONG_PHASE);
    assert_status(ssr_text_number(ctx, 1), SSR_E_WRONG_PHASE);
    assert_status(ssr_text_json(ctx, (ssr_json){"1", 1, NULL, 0}), SSR_E_WRONG_PHASE);
    assert_status(ssr_attr(ctx, "x"), SSR_E_WRONG_PHASE);
    assert_status(ssr_url(ctx, "x"), SSR_E_WRONG_PHASE);
    assert_status(ssr_url_component(ctx, "x"), SSR_E_WRONG_PHASE);
    assert_status(ssr_transfer_here(ctx), SSR_E_WRONG_PHASE);
    assert_status(ssr_set_status(ctx, 404), SSR_E_WRONG_PHASE);
    assert_status(ssr_effect(ctx, do_nothing, &effects), SSR_E_WRONG_PHASE);
    assert_int_equal(effects, 0);
}

static void reads_answer_nothing(ssr_ctx *ctx, const ssr_store *store)
{
    assert_null(ssr_get(ctx, store));
    assert_status(ssr_last_status(ctx), SSR_E_WRONG_PHASE);
    assert_null(ssr_use(ctx, store));
    assert_null(ssr_get_string(ctx, store));
    assert_int_equal(ssr_get_integer(ctx, store, -7), -7);
    assert_true(ssr_get_number(ctx, store, -7.5) == -7.5);
    assert_true(ssr_get_boolean(ctx, store, true));
    assert_int_equal(ssr_json_type(ssr_get_json(ctx, store)), SSR_JSON_ABSENT);
    assert_null(ssr_string(ctx, (ssr_json){"\"x\"", 3, NULL, 0}));
    assert_null(ssr_host(ctx));
    assert_status(ssr_private(ctx), SSR_E_WRONG_PHASE);
    assert_status(ssr_fail(ctx, "x"), SSR_E_WRONG_PHASE);
    assert_false(ssr_has_pending_changes(ctx));
    assert_string_equal(ssr_request_id(ctx), "");
    assert_int_equal(ssr_pass(ctx), 0);
    assert_int_equal(ssr_now(ctx), 0);
    assert_int_equal(ssr_random(ctx), 0);
    assert_string_equal(ssr_id(ctx), "");
    assert_string_equal(ssr_location(ctx), "/here");
}

static void outside_a_callback_every_call_is_refused(void **state)
{
    struct fixture fixture;
    struct counter counter;
    ssr_request request = {.location = "/here", .host = &counter, .now_ms = 5, .seed = 6, .cacheable = true};
    (void)state;
    open_counter(&fixture, &counter);
    assert_status(ssr_render_new(fixture.engine, counting_page, &counter, &request, &fixture.render), SSR_OK);
    assert_int_equal(ssr_render_step(fixture.render, 0), SSR_STEP_AGAIN);
    sets_are_refused(counter.ctx, counter.store);
    output_is_refused(counter.ctx);
    reads_answer_nothing(counter.ctx, counter.store);
    assert_int_equal(ssr_render_step(fixture.render, 0), SSR_STEP_AGAIN);
    ssr_render_cancel(fixture.render);
    assert_int_equal(ssr_render_step(fixture.render, 0), SSR_STEP_ENDED);
    const ssr_result *result = ssr_render_result(fixture.render);
    assert_string_equal(result->html, "1");
    assert_int_equal(result->status, 200);
    assert_int_equal(result->passes, 2);
    fixture_close(&fixture);
}

static void after_the_end_every_call_is_refused(void **state)
{
    struct fixture fixture;
    struct counter counter;
    (void)state;
    open_counter(&fixture, &counter);
    ssr_request request = {.location = "/here"};
    assert_status(fixture_run_request(&fixture, counting_page, &counter, &request), SSR_OK);
    sets_are_refused(counter.ctx, counter.store);
    output_is_refused(counter.ctx);
    reads_answer_nothing(counter.ctx, counter.store);
    assert_string_equal(fixture.result->html, "25");
    assert_int_equal(fixture.result->refused, 0);
    fixture_close(&fixture);
}

static ssr_status init_without_effects(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    unsigned effects = 0;
    sets_are_refused(ctx, *(ssr_store **)arg);
    output_is_refused(ctx);
    assert_status(ssr_effect(ctx, do_nothing, &effects), SSR_E_WRONG_PHASE);
    assert_int_equal(effects, 0);
    return ssr_builder_integer(value, 1);
}

static ssr_status reading_page(ssr_ctx *ctx, void *arg)
{
    assert_non_null(ssr_get(ctx, arg));
    return ssr_html(ctx, "read");
}

static void an_init_reads_and_nothing_else(void **state)
{
    struct fixture fixture;
    ssr_store *other;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    other = fixture_store(&fixture, "other", "0");
    ssr_store *store = ssr_store_define(fixture.registry, "store",
                                        &(ssr_store_options){.init = init_without_effects, .init_arg = &other});
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, reading_page, store), SSR_OK);
    assert_string_equal(fixture.result->html, "read");
    assert_int_equal(fixture.result->outcome, SSR_SETTLED);
    fixture_close(&fixture);
}

/* ---- Pending changes --------------------------------------------------------------------------------------------- */

static ssr_status pending_page(ssr_ctx *ctx, void *arg)
{
    const struct counter *counter = arg;
    bool is_first = ssr_pass(ctx) == 1;
    assert_string_equal(ssr_request_id(ctx), "request-1");
    assert_false(ssr_has_pending_changes(ctx));
    ssr_set_integer(ctx, counter->store, 1);
    assert_int_equal(ssr_has_pending_changes(ctx), is_first);
    ssr_set_json(ctx, counter->store, "{", 1);
    assert_int_equal(ssr_has_pending_changes(ctx), is_first);
    ssr_set_integer(ctx, counter->store, is_first ? 0 : 2);
    assert_int_equal(ssr_has_pending_changes(ctx), !is_first);
    ssr_set_integer(ctx, counter->store, 1);
    return SSR_OK;
}

static void a_page_knows_whether_it_changed_something(void **state)
{
    struct fixture fixture;
    struct counter counter;
    (void)state;
    open_counter(&fixture, &counter);
    assert_status(fixture_run_request(&fixture, pending_page, &counter, &(ssr_request){.id = "request-1"}), SSR_OK);
    assert_int_equal(fixture.result->passes, 2);
    fixture_close(&fixture);
}

/* ---- What a context lends ---------------------------------------------------------------------------------------- */

static ssr_status lending_page(ssr_ctx *ctx, void *arg)
{
    ssr_store *const *stores = arg;
    const ssr_value *value = ssr_get(ctx, stores[0]);
    const char *text = ssr_get_string(ctx, stores[0]);
    const char *inner = ssr_string(ctx, ssr_json_at(ssr_get_json(ctx, stores[1]), "/a"));
    const char *id = ssr_id(ctx);
    char id_before[64];
    snprintf(id_before, sizeof id_before, "%s", id);
    for (int i = 0; i < 2000; i++) {
        ssr_set_integer(ctx, stores[0], i);
        ssr_set_integer(ctx, stores[1], i);
        ssr_html(ctx, "some markup that makes the output grow");
        ssr_id(ctx);
    }
    if (ssr_pass(ctx) == 1) {
        assert_string_equal(text, "a\"\n\xc3\xa9");
        assert_string_equal(ssr_value_text(value), "\"a\\\"\\n\xc3\xa9\"");
        assert_string_equal(inner, "x\ty");
        assert_string_equal(id, id_before);
    }
    return SSR_OK;
}

static void what_a_context_lends_lives_until_the_callback_returns(void **state)
{
    struct fixture fixture;
    ssr_store *stores[2];
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    stores[0] = fixture_store(&fixture, "text", "\"a\\\"\\n\\u00e9\"");
    stores[1] = fixture_store(&fixture, "object", "{\"a\":\"x\\ty\"}");
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, lending_page, stores), SSR_OK);
    assert_int_equal(fixture.result->passes, 2);
    fixture_close(&fixture);
}

static ssr_status effect_page(ssr_ctx *ctx, void *arg)
{
    assert_status(ssr_effect(ctx, NULL, arg), SSR_E_INVALID_ARGUMENT);
    assert_status(ssr_effect(ctx, do_nothing, arg), SSR_OK);
    return SSR_OK;
}

static ssr_status failing_effect(ssr_ctx *ctx, void *arg)
{
    (void)ctx, (void)arg;
    return SSR_E_FAILED;
}

static ssr_status page_with_failing_effect(ssr_ctx *ctx, void *arg)
{
    return ssr_effect(ctx, failing_effect, arg);
}

static void an_effect_runs_and_answers_what_it_returned(void **state)
{
    struct fixture fixture;
    unsigned effects = 0;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, effect_page, &effects), SSR_OK);
    assert_int_equal(effects, 1);
    assert_int_equal(fixture.result->refused, 1); /* an effect of no function */
    assert_status(fixture_run(&fixture, page_with_failing_effect, NULL), SSR_E_FAILED);
    assert_int_equal(fixture.result->outcome, SSR_FAILED);
    fixture_close(&fixture);
}

/* ---- Time, chance, identity ---------------------------------------------------------------------------------------
 */

enum { DRAWS = 8 };

struct draws {
    uint64_t numbers[DRAWS];
    char ids[DRAWS][64], init_id[64];
    ssr_store *made;
};

static ssr_status drawing_init(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    struct draws *draws = arg;
    snprintf(draws->init_id, sizeof draws->init_id, "%s", ssr_id(ctx));
    return ssr_builder_null(value);
}

static ssr_status drawing_page(ssr_ctx *ctx, void *arg)
{
    struct draws *draws = arg;
    ssr_get(ctx, draws->made);
    for (int i = 0; i < DRAWS; i++) {
        draws->numbers[i] = ssr_random(ctx);
        snprintf(draws->ids[i], sizeof draws->ids[i], "%s", ssr_id(ctx));
    }
    return SSR_OK;
}

static void chance_depends_on_the_seed_alone(void **state)
{
    struct fixture fixture;
    struct draws first = {0}, same = {0}, other = {0};
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_start(&fixture);
    assert_status(fixture_run_request(&fixture, drawing_page, &first, &(ssr_request){.seed = 1}), SSR_OK);
    assert_status(fixture_run_request(&fixture, drawing_page, &same, &(ssr_request){.seed = 1}), SSR_OK);
    assert_status(fixture_run_request(&fixture, drawing_page, &other, &(ssr_request){.seed = 2}), SSR_OK);
    for (int i = 0; i < DRAWS; i++) {
        assert_int_equal(first.numbers[i], same.numbers[i]);
        assert_int_not_equal(first.numbers[i], other.numbers[i]);
        assert_string_equal(first.ids[i], same.ids[i]);
        for (int k = 0; k < i; k++)
            assert_int_not_equal(first.numbers[i], first.numbers[k]);
    }
    fixture_close(&fixture);
}

static void ids_of_page_and_inits_are_unique(void **state)
{
    struct fixture fixture;
    struct draws draws = {0};
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_store_options options = {.init = drawing_init, .init_arg = &draws};
    draws.made = ssr_store_define(fixture.registry, "made", &options);
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, drawing_page, &draws), SSR_OK);
    assert_true(strlen(draws.init_id) > 0);
    for (int i = 0; i < DRAWS; i++) {
        assert_string_not_equal(draws.ids[i], draws.init_id);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(draws.ids[i], draws.ids[k]);
    }
    fixture_close(&fixture);
}

/* Inits, and components whose keys are the names of their stores. */
struct namesakes {
    ssr_component_definition *item;
    ssr_store *stores[DRAWS];
    char names[DRAWS][8], init_ids[DRAWS][64], ids[DRAWS][64];
    size_t shown;
};

static ssr_status namesake_init(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    snprintf(arg, 64, "%s", ssr_id(ctx));
    return ssr_builder_null(value);
}

static ssr_status show_namesake(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    struct namesakes *namesakes = arg;
    (void)props;
    snprintf(namesakes->ids[namesakes->shown++], 64, "%s", ssr_id(ctx));
    return SSR_OK;
}

static ssr_status page_of_namesakes(ssr_ctx *ctx, void *arg)
{
    const struct namesakes *namesakes = arg;
    for (size_t i = 0; i < DRAWS; i++) {
        ssr_get(ctx, namesakes->stores[i]);
        ssr_component(ctx, namesakes->item, namesakes->names[i], ssr_input_null());
    }
    return SSR_OK;
}

static void ids_of_components_and_inits_are_unique(void **state)
{
    struct fixture fixture;
    struct namesakes namesakes = {0};
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    namesakes.item = ssr_component_define(fixture.registry, "item",
                                          &(ssr_component_options){.render = show_namesake, .arg = &namesakes});
    for (size_t i = 0; i < DRAWS; i++) {
        snprintf(namesakes.names[i], sizeof namesakes.names[i], "k%zu", i);
        ssr_store_options options = {.init = namesake_init, .init_arg = namesakes.init_ids[i]};
        namesakes.stores[i] = ssr_store_define(fixture.registry, namesakes.names[i], &options);
    }
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, page_of_namesakes, &namesakes), SSR_OK);
    assert_int_equal(namesakes.shown, DRAWS);
    for (size_t i = 0; i < DRAWS; i++)
        for (size_t k = 0; k < DRAWS; k++)
            assert_string_not_equal(namesakes.ids[i], namesakes.init_ids[k]);
    fixture_close(&fixture);
}

/* ---- Output ------------------------------------------------------------------------------------------------------ */

static ssr_status page_of_nothing(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    assert_status(ssr_html(ctx, NULL), SSR_OK);
    assert_status(ssr_html_n(ctx, "", 0), SSR_OK);
    assert_status(ssr_text(ctx, NULL), SSR_OK);
    assert_status(ssr_text_n(ctx, "", 0), SSR_OK);
    assert_status(ssr_attr(ctx, NULL), SSR_OK);
    ssr_url(ctx, NULL);
    assert_status(ssr_url_component(ctx, NULL), SSR_OK);
    assert_status(ssr_text_json(ctx, (ssr_json){0}), SSR_E_WRONG_TYPE);
    return SSR_OK;
}

static void nothing_writes_nothing(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, page_of_nothing, NULL), SSR_OK);
    assert_true(fixture.result->has_document);
    assert_string_equal(fixture.result->html, "");
    fixture_close(&fixture);
}

static ssr_status page_of_numbers(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    ssr_text_integer(ctx, INT64_MIN);
    ssr_html(ctx, " ");
    ssr_text_integer(ctx, INT64_MAX);
    ssr_html(ctx, " ");
    ssr_text_integer(ctx, 0);
    ssr_html(ctx, " ");
    ssr_text_number(ctx, 0.1 + 0.2);
    ssr_html(ctx, " ");
    ssr_text_number(ctx, -0.0);
    ssr_html(ctx, " ");
    ssr_text_number(ctx, 1e21);
    double zero = 0;
    assert_status(ssr_text_number(ctx, zero / zero), SSR_E_NOT_FINITE);
    assert_status(ssr_text_number(ctx, 1 / zero), SSR_E_NOT_FINITE);
    return SSR_OK;
}

static void numbers_are_written_as_javascript_does(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, page_of_numbers, NULL), SSR_OK);
    assert_string_equal(fixture.result->html, "-9223372036854775808 9223372036854775807 0 0.30000000000000004 0 1e+21");
    assert_int_equal(fixture.result->refused, 2);
    fixture_close(&fixture);
}

struct written {
    const char *text;
    size_t length;
};

static ssr_status page_of_bytes(ssr_ctx *ctx, void *arg)
{
    const struct written *written = arg;
    assert_status(ssr_text_n(ctx, written->text, written->length), SSR_OK);
    ssr_html(ctx, "|");
    ssr_attr(ctx, written->text);
    ssr_html(ctx, "|");
    return ssr_url_component(ctx, written->text);
}

/* Whether text is UTF-8, as far as a value of the library may be one. */
static bool is_utf8(const char *text)
{
    ssr_builder *builder = ssr_builder_new(NULL);
    bool is_good = ssr_builder_string(builder, text) == SSR_OK;
    ssr_builder_free(builder);
    return is_good;
}

static void a_document_is_utf8_whatever_the_text(void **state)
{
    static const char *const bad[] = {"a\xffz", "a\xc3", "a\xe2\x82z", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\xaf"};
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_start(&fixture);
    for (size_t i = 0; i < TEST_COUNT(bad); i++) {
        struct written written = {bad[i], strlen(bad[i])};
        assert_status(fixture_run(&fixture, page_of_bytes, &written), SSR_OK);
        assert_true(is_utf8(fixture.result->html));
        assert_non_null(strstr(fixture.result->html, "\xef\xbf\xbd"));
    }
    fixture_close(&fixture);
}

static void good_text_of_any_length_stays(void **state)
{
    struct fixture fixture;
    char text[70];
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_start(&fixture);
    for (size_t length = 1; length < sizeof text; length++) {
        memset(text, 'a', length);
        text[length - 1] = '<';
        struct written written = {text, length};
        text[length] = '\0';
        assert_status(fixture_run(&fixture, page_of_bytes, &written), SSR_OK);
        assert_int_equal(strcspn(fixture.result->html, "&"), length - 1);
        assert_true(starts_with(fixture.result->html + length - 1, "&lt;|"));
        text[length - 1] = 'a';
    }
    fixture_close(&fixture);
}

/* `fill` bytes, and then what becomes longer when it is escaped, or must not be cut. */
static ssr_status page_around_an_edge(ssr_ctx *ctx, void *arg)
{
    static char fill[4200];
    memset(fill, 'x', sizeof fill);
    ssr_html_n(ctx, fill, *(const size_t *)arg);
    ssr_text(ctx, "a<\xc3\xa9");
    return ssr_text(ctx, "<<<<\xe2\x82\xac\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9>");
}

/* Wherever a buffer ends, no character is lost there. */
static void text_is_whole_at_any_place(void **state)
{
    static const char tail[] = "a&lt;\xc3\xa9&lt;&lt;&lt;&lt;\xe2\x82\xac\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9&gt;";
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_start(&fixture);
    for (size_t fill = 4060; fill < 4110; fill++) {
        assert_status(fixture_run(&fixture, page_around_an_edge, &fill), SSR_OK);
        assert_int_equal(strspn(fixture.result->html, "x"), fill);
        assert_memory_equal(fixture.result->html + fill, tail, sizeof tail - 1);
    }
    fixture_close(&fixture);
}

static ssr_status page_of_many_escapes(ssr_ctx *ctx, void *arg)
{
    static char fill[4200], brackets[300];
    memset(fill, 'x', sizeof fill);
    memset(brackets, '<', sizeof brackets);
    ssr_html_n(ctx, fill, *(const size_t *)arg);
    return ssr_text_n(ctx, brackets, sizeof brackets);
}

/* A text for which there seems to be room, until it is escaped. */
static void many_escapes_are_whole_at_any_place(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_start(&fixture);
    for (size_t fill = 2800; fill < 3900; fill += 50) {
        assert_status(fixture_run(&fixture, page_of_many_escapes, &fill), SSR_OK);
        const char *html = fixture.result->html;
        for (size_t i = 0; i < 300; i++)
            assert_memory_equal(html + fill + 4 * i, "&lt;", 4);
        assert_int_equal(strlen(html), fill + 4 * 300);
    }
    fixture_close(&fixture);
}

/* What an HTML parser leaves of a text: CR LF and CR become LF before anything else is looked at. */
static ssr_status page_of_line_ends(ssr_ctx *ctx, void *arg)
{
    ssr_text(ctx, "a\r\nb\rc\nd");
    ssr_html(ctx, "|");
    ssr_attr(ctx, "\r");
    ssr_html(ctx, "|");
    ssr_text_json(ctx, ssr_get_json(ctx, arg));
    return ssr_html(ctx, "|\r\n");
}

static void line_ends_of_a_text_survive_the_parser(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_store *store = fixture_store(&fixture, "lines", "\"x\\r\\ny\"");
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, page_of_line_ends, store), SSR_OK);
    assert_string_equal(fixture.result->html, "a&#13;\nb&#13;c\nd|&#13;|x&#13;\ny|\r\n");
    fixture_close(&fixture);
}

/* Escapes and characters of every length: it becomes 35 bytes for each time it is written. */
static const char dense[] = "a<&>\"'\r\xc3\xa9\xff";
enum { DENSE_HTML = 35, DENSE_TIMES = 40 };

static ssr_status dense_page(ssr_ctx *ctx, void *arg)
{
    size_t *written = arg;
    for (*written = 0; *written < DENSE_TIMES; ++*written)
        if (ssr_text(ctx, dense) != SSR_OK)
            break;
    return SSR_OK;
}

/* The limit is met to the byte, by whichever of the ways to write: a text fits whole, or the render ends without it. */
static void output_is_cut_off_at_its_limit(void **state)
{
    (void)state;
    for (size_t limit = 1; limit <= DENSE_HTML * DENSE_TIMES + 1;
         limit += limit % DENSE_HTML == 1 ? DENSE_HTML - 2 : 1) {
        struct fixture fixture;
        size_t written;
        fixture_init(&fixture);
        fixture.config.limits.output_bytes = limit;
        fixture_open(&fixture);
        fixture_start(&fixture);
        fixture_run(&fixture, dense_page, &written);
        assert_int_equal(written, limit / DENSE_HTML < DENSE_TIMES ? limit / DENSE_HTML : DENSE_TIMES);
        assert_int_equal(fixture.result->outcome, written < DENSE_TIMES ? SSR_LIMITED : SSR_SETTLED);
        fixture_close(&fixture);
    }
}

/* A title that is set, and what is made of it; the second pass outgrows the output. */
struct outgrown {
    ssr_store *title, *made;
    bool is_touched;
};

static ssr_status make_of_title(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    const struct outgrown *outgrown = arg;
    return ssr_builder_string(value, ssr_get_string(ctx, outgrown->title));
}

static ssr_status outgrowing_page(ssr_ctx *ctx, void *arg)
{
    const struct outgrown *outgrown = arg;
    ssr_text(ctx, ssr_get_string(ctx, outgrown->title));
    ssr_set_string(ctx, outgrown->title, "second");
    if (ssr_pass(ctx) == 2 && outgrown->is_touched)
        ssr_get(ctx, outgrown->made);
    return ssr_pass(ctx) == 2 ? ssr_text(ctx, dense) : SSR_OK;
}

/* Nothing that a pass which did not complete has made of what it saw leaves with the pass before it. */
static void what_crosses_is_of_the_last_completed_pass(void **state)
{
    struct outgrown outgrown;
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct fixture fixture;
        fixture_init(&fixture);
        fixture.config.limits.output_bytes = 12;
        fixture_open(&fixture);
        outgrown.title = fixture_store(&fixture, "title", "\"first\"");
        ssr_store_options options = {.init = make_of_title, .init_arg = &outgrown, .always = true};
        outgrown.made = ssr_store_define(fixture.registry, "made", &options);
        outgrown.is_touched = i == 1;
        fixture_start(&fixture);
        assert_status(fixture_run(&fixture, outgrowing_page, &outgrown), SSR_OK);
        assert_int_equal(fixture.result->outcome, SSR_LIMITED);
        assert_string_equal(fixture.result->html, "first");
        assert_non_null(strstr(fixture.result->data, "\"stores\":{\"made\":\"first\",\"title\":\"first\"}"));
        fixture_close(&fixture);
    }
}

static ssr_status page_of_refused_sets(ssr_ctx *ctx, void *arg)
{
    double zero = 0;
    assert_status(ssr_set_integer(ctx, arg, INT64_C(9007199254740992)), SSR_E_INTEGER_RANGE);
    assert_status(ssr_set_integer(ctx, arg, INT64_MIN), SSR_E_INTEGER_RANGE);
    assert_status(ssr_set_number(ctx, arg, zero / zero), SSR_E_NOT_FINITE);
    assert_status(ssr_set_integer(ctx, arg, 12345), SSR_E_TOO_LARGE);
    assert_status(ssr_set_number(ctx, arg, 1e21), SSR_E_TOO_LARGE);
    assert_status(ssr_set_boolean(ctx, arg, false), SSR_E_TOO_LARGE);
    assert_status(ssr_set_number(ctx, NULL, 1), SSR_E_UNKNOWN_STORE);
    assert_status(ssr_set_integer(ctx, arg, -123), SSR_OK);
    assert_status(ssr_set_boolean(ctx, arg, true), SSR_OK);
    assert_status(ssr_set_null(ctx, arg), SSR_OK);
    return SSR_OK;
}

static void numbers_that_a_store_cannot_hold_are_refused(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture.config.limits.value_bytes = 4;
    fixture_open(&fixture);
    ssr_store *store = fixture_store(&fixture, "count", "0");
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, page_of_refused_sets, store), SSR_OK);
    assert_int_equal(fixture.result->passes, 2);
    assert_int_equal(fixture.result->refused, 2 * 7);
    fixture_close(&fixture);
}

static ssr_status raw_page(ssr_ctx *ctx, void *arg)
{
    const struct written *written = arg;
    return ssr_html_n(ctx, written->text, written->length);
}

static void markup_is_written_as_it_is(void **state)
{
    struct fixture fixture;
    struct written written = {"<a b='c'>&\xff</a>ignored", 15};
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, raw_page, &written), SSR_OK);
    assert_string_equal(fixture.result->html, "<a b='c'>&\xff</a>");
    fixture_close(&fixture);
}

static ssr_status url_page(ssr_ctx *ctx, void *arg)
{
    ssr_url(ctx, arg);
    return SSR_OK;
}

/* What a browser makes of an attribute's URL: it drops control bytes at both ends and tab and newline anywhere. */
static bool would_run_script(const char *html)
{
    char scheme[64] = "";
    size_t length = 0;
    while (*html && (unsigned char)*html <= ' ')
        html++;
    for (; *html && length < sizeof scheme - 1; html++)
        if (!strchr("\t\n\r", *html))
            scheme[length++] = (char)(*html >= 'A' && *html <= 'Z' ? *html + 32 : *html);
    scheme[length] = '\0';
    return starts_with(scheme, "javascript:") || starts_with(scheme, "data:") || starts_with(scheme, "vbscript:");
}

static void escapes_in_urls_stay_and_half_ones_are_escaped(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, url_page, "/%2F%c3%A9%4z%z4%%25%5"), SSR_OK);
    assert_string_equal(fixture.result->html, "/%2F%c3%A9%254z%25z4%25%25%255");
    fixture_close(&fixture);
}

static void no_url_runs_script_or_leaves_its_attribute(void **state)
{
    static const char *const urls[] = {"javascript:alert(1)",       " javascript:alert(1)", "\tjavascript:alert(1)",
                                       "java\nscript:alert(1)",     "java\tscript:x",       "JAVASCRIPT:x",
                                       "\x01javascript:x",          "data:text/html,x",     "vbscript:x",
                                       "/x\" onclick=\"alert(1)",   "/x' onclick='y",       "/x><script>",
                                       "javascript&colon;alert(1)", "&#106;avascript:x",    ":x"};
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_start(&fixture);
    for (size_t i = 0; i < TEST_COUNT(urls); i++) {
        assert_status(fixture_run(&fixture, url_page, (void *)(uintptr_t)urls[i]), SSR_OK);
        assert_false(would_run_script(fixture.result->html));
        assert_int_equal(strcspn(fixture.result->html, "\"'<> \n\t"), fixture.result->html_length);
        assert_null(strstr(fixture.result->html, "&colon;"));
        assert_null(strstr(fixture.result->html, "&#1"));
    }
    fixture_close(&fixture);
}

static ssr_status json_page(ssr_ctx *ctx, void *arg)
{
    return ssr_text_json(ctx, ssr_json_at(ssr_get_json(ctx, arg), "/0"));
}

static void json_strings_are_unescaped_and_escaped_again(void **state)
{
    static const struct {
        const char *json, *html;
    } cases[] = {{"[\"a<b\\\"\\\\\\n\\u0001\\u00e9\\ud83d\\ude00\"]", "a&lt;b&quot;\\\n\x01\xc3\xa9\xf0\x9f\x98\x80"},
                 {"[1.50]", "1.5"},
                 {"[\"\"]", ""},
                 {"[\"\\u003c/script\\u003e\"]", "&lt;/script&gt;"}};
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct fixture fixture;
        fixture_init(&fixture);
        fixture_open(&fixture);
        ssr_store *store = fixture_store(&fixture, "list", cases[i].json);
        fixture_start(&fixture);
        assert_status(fixture_run(&fixture, json_page, store), SSR_OK);
        assert_string_equal(fixture.result->html, cases[i].html);
        fixture_close(&fixture);
    }
}

/* ---- Transfer -----------------------------------------------------------------------------------------------------
 */

static ssr_status encode(const ssr_value *value, ssr_builder *encoded, void *arg)
{
    ssr_builder_begin_object(encoded);
    ssr_builder_key(encoded, arg);
    ssr_builder_value(encoded, value);
    return ssr_builder_end_object(encoded);
}

static void a_transformer_encodes_what_crosses(void **state)
{
    struct fixture fixture;
    char key[] = "json";
    (void)state;
    fixture_init(&fixture);
    fixture.config.encode = encode;
    fixture.config.encode_arg = key;
    fixture_open(&fixture);
    ssr_store *store = fixture_store(&fixture, "n", "[1]");
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, json_page, store), SSR_OK);
    assert_string_equal(fixture.result->html, "1");
    assert_non_null(strstr(fixture.result->transfer, "\"stores\":{\"n\":{\"json\":[1]}}"));
    fixture_close(&fixture);
}

static ssr_status encode_nothing(const ssr_value *value, ssr_builder *encoded, void *arg)
{
    (void)value, (void)encoded, (void)arg;
    return SSR_E_FAILED;
}

static ssr_status encode_wrongly(const ssr_value *value, ssr_builder *encoded, void *arg)
{
    (void)value, (void)arg;
    return ssr_builder_string(encoded, "\xff");
}

/* A page without its state would be a page that lies: the render fails and names the store. */
static void a_transformer_that_fails_fails_the_render(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    for (int is_wrong = 0; is_wrong < 2; is_wrong++) {
        fixture_init(&fixture);
        fixture.config.encode = is_wrong ? encode_wrongly : encode_nothing;
        fixture_open(&fixture);
        ssr_store *store = fixture_store(&fixture, "the.store", "[1]");
        fixture_start(&fixture);
        assert_status(fixture_run(&fixture, json_page, store), is_wrong ? SSR_E_INVALID_UTF8 : SSR_E_FAILED);
        assert_int_equal(fixture.result->outcome, SSR_FAILED);
        assert_non_null(strstr(fixture.result->error, "the.store"));
        assert_false(fixture.result->has_document);
        fixture_close(&fixture);
    }
}

static ssr_status counting_init(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    (void)ctx;
    ++*(unsigned *)arg;
    return ssr_builder_string(value, "made");
}

static void a_store_marked_always_crosses_with_what_its_init_makes(void **state)
{
    struct fixture fixture;
    unsigned inits = 0;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_store_options options = {.init = counting_init, .init_arg = &inits, .always = true};
    assert_non_null(ssr_store_define(fixture.registry, "made", &options));
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, empty_page, NULL), SSR_OK);
    assert_int_equal(inits, 1);
    assert_non_null(strstr(fixture.result->transfer, "\"stores\":{\"made\":\"made\"}"));
    assert_int_equal(fixture.result->outcome, SSR_SETTLED);
    fixture_close(&fixture);
}

/* ---- The record -----------------------------------------------------------------------------------------------------
 */

struct recorded {
    ssr_store *title, *secret;
    int secret_line, refused_line;
};

static ssr_status recorded_page(ssr_ctx *ctx, void *arg)
{
    struct recorded *recorded = arg;
    ssr_get(ctx, recorded->title);
    ssr_set_string(ctx, recorded->title, "Swordfish");
    recorded->secret_line = __LINE__ + 1;
    ssr_set_string(ctx, recorded->secret, "Opensesame");
    recorded->refused_line = __LINE__ + 1;
    ssr_set_json(ctx, recorded->title, "[1,", 3);
    ssr_set_string_at(ctx, recorded->title, "Swordfish", "tem\"plate\n.html", 7);
    return SSR_OK;
}

static void open_recorded(struct fixture *fixture, struct recorded *recorded, uint64_t redaction_key)
{
    fixture_init(fixture);
    fixture->config.redaction_key = redaction_key;
    fixture_open(fixture);
    recorded->title = fixture_store(fixture, "title", "\"Default\"");
    recorded->secret = ssr_store_define(fixture->registry, "secret", &(ssr_store_options){.redact = true});
    fixture_start(fixture);
}

static const ssr_request recorded_request = {.id = "request-7\n\"", .location = "/ideas?token=abc"};

/* Whether "FILE:LINE" is in the text. */
static bool names_line(const char *text, int line)
{
    char place[32];
    snprintf(place, sizeof place, "test_render.c:%d", line);
    return strstr(text, place) != NULL;
}

static void a_record_tells_what_happened_where(void **state)
{
    struct fixture fixture;
    struct recorded recorded;
    (void)state;
    open_recorded(&fixture, &recorded, 0);
    assert_status(fixture_run_request(&fixture, recorded_page, &recorded, &recorded_request), SSR_OK);
    const char *both[] = {fixture.record_json, fixture.record_text};
    for (int i = 0; i < 2; i++) {
        assert_non_null(strstr(both[i], "title"));
        assert_non_null(strstr(both[i], "secret"));
        assert_non_null(strstr(both[i], "settled"));
        assert_non_null(strstr(both[i], "/ideas"));
        assert_non_null(strstr(both[i], "syntax"));
        assert_non_null(strstr(both[i], ".html:7"));
        assert_true(names_line(both[i], recorded.secret_line));
        assert_true(names_line(both[i], recorded.refused_line));
    }
    fixture_close(&fixture);
}

static void a_record_tells_no_redacted_value(void **state)
{
    static const char *const never[] = {"Opensesame", "token", "abc", "[1,"};
    struct fixture fixture;
    struct recorded recorded;
    (void)state;
    open_recorded(&fixture, &recorded, 0);
    assert_status(fixture_run_request(&fixture, recorded_page, &recorded, &recorded_request), SSR_OK);
    for (size_t i = 0; i < TEST_COUNT(never); i++) {
        assert_null(strstr(fixture.record_json, never[i]));
        assert_null(strstr(fixture.record_text, never[i]));
    }
    assert_non_null(strstr(fixture.record_json, "Swordfish")); /* others are told */
    fixture_close(&fixture);
}

static void format_digest(const char *json, char digits[33])
{
    ssr_value *value;
    assert_status(ssr_value_parse(NULL, json, strlen(json), NULL, &value), SSR_OK);
    ssr_digest digest = ssr_value_digest(value);
    snprintf(digits, 33, "%016llx%016llx", (unsigned long long)digest.high, (unsigned long long)digest.low);
    ssr_value_free(value);
}

/* Whoever reads the log could try passwords against a digest that is not keyed. */
static void a_redacted_value_has_a_digest_only_with_a_key(void **state)
{
    static char unkeyed[FIXTURE_TEXT];
    struct fixture fixture;
    struct recorded recorded;
    char title[33], secret[33];
    (void)state;
    format_digest("\"Swordfish\"", title);
    format_digest("\"Opensesame\"", secret);
    secret[8] = '\0';
    for (uint64_t key = 0; key < 3; key++) {
        open_recorded(&fixture, &recorded, key);
        assert_status(fixture_run_request(&fixture, recorded_page, &recorded, &recorded_request), SSR_OK);
        assert_non_null(strstr(fixture.record_json, title));
        assert_null(strstr(fixture.record_json, secret));
        assert_null(strstr(fixture.record_text, secret));
        if (key > 0)
            assert_string_not_equal(fixture.record_json, unkeyed);
        strcpy(unkeyed, fixture.record_json);
        fixture_close(&fixture);
    }
}

static void a_record_is_one_line_of_json_and_the_text_is_clean(void **state)
{
    struct fixture fixture;
    struct recorded recorded;
    ssr_value *value;
    (void)state;
    open_recorded(&fixture, &recorded, 0);
    assert_status(fixture_run_request(&fixture, recorded_page, &recorded, &recorded_request), SSR_OK);
    assert_null(strchr(fixture.record_json, '\n'));
    assert_status(ssr_value_parse(NULL, fixture.record_json, strlen(fixture.record_json), NULL, &value), SSR_OK);
    ssr_json json = ssr_value_json(value);
    int64_t number = 0;
    assert_true(ssr_json_equals(ssr_json_at(json, "/id"), recorded_request.id));
    assert_true(ssr_json_equals(ssr_json_at(json, "/location"), "/ideas"));
    assert_true(ssr_json_equals(ssr_json_at(json, "/outcome"), "settled"));
    assert_status(ssr_json_integer(ssr_json_at(json, "/passes"), &number), SSR_OK);
    assert_int_equal(number, 2);
    assert_status(ssr_json_integer(ssr_json_at(json, "/rerenders"), &number), SSR_OK);
    assert_int_equal(number, 1);
    ssr_value_free(value);
    for (const char *p = fixture.record_text; *p; p++)
        assert_true(*p == '\n' || (unsigned char)*p >= 0x20);
    fixture_close(&fixture);
}

static void the_same_render_leaves_the_same_record(void **state)
{
    struct fixture fixture;
    struct recorded recorded;
    static char first[FIXTURE_TEXT];
    (void)state;
    open_recorded(&fixture, &recorded, 0);
    recorded.secret = recorded.title;
    assert_status(fixture_run_request(&fixture, recorded_page, &recorded, &recorded_request), SSR_OK);
    strcpy(first, fixture.record_json);
    assert_status(fixture_run_request(&fixture, recorded_page, &recorded, &recorded_request), SSR_OK);
    assert_string_equal(fixture.record_json, first);
    fixture_close(&fixture);
}

static uint64_t ticking(void *arg)
{
    return *(uint64_t *)arg += 1500000;
}

static void durations_need_a_clock(void **state)
{
    struct fixture fixture;
    struct counter counter;
    uint64_t clock = 0;
    (void)state;
    open_counter(&fixture, &counter);
    assert_status(fixture_run(&fixture, counting_page, &counter), SSR_OK);
    assert_null(strstr(fixture.record_text, " ms"));
    fixture_close(&fixture);
    fixture_init(&fixture);
    fixture.config.clock = ticking;
    fixture.config.clock_arg = &clock;
    fixture_open(&fixture);
    counter.store = fixture_store(&fixture, "count", "0");
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, counting_page, &counter), SSR_OK);
    assert_non_null(strstr(fixture.record_text, "1.500 ms"));
    fixture_close(&fixture);
}

/* Reads a store whose default fails. */
static ssr_status reading_nothing(ssr_ctx *ctx, void *store)
{
    assert_null(ssr_get(ctx, store));
    return SSR_OK;
}

/* ---- Results --------------------------------------------------------------------------------------------------------
 */

static ssr_status failing_page(ssr_ctx *ctx, void *arg)
{
    ssr_html(ctx, "<p>");
    return *(const ssr_status *)arg;
}

static void whatever_a_page_returns_is_its_error(void **state)
{
    static const ssr_status errors[] = {SSR_E_FAILED, SSR_E_SYNTAX, SSR_E_WRONG_PHASE, SSR_E_UNKNOWN_STORE};
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_start(&fixture);
    for (size_t i = 0; i < TEST_COUNT(errors); i++) {
        ssr_status error = errors[i];
        assert_status(fixture_run(&fixture, failing_page, &error), error);
        assert_int_equal(fixture.result->outcome, SSR_FAILED);
        assert_status(fixture.result->error_status, error);
        assert_non_null(strstr(fixture.result->error, ssr_status_name(error)));
        assert_int_equal(fixture.result->status, 500);
        assert_string_equal(fixture.result->html, "");
    }
    fixture_close(&fixture);
}

/* A page may hand on the answer of a write: one that a refused write gave fails the render like any other. */
static ssr_status page_that_returns_a_refusal(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    return ssr_set_status(ctx, 1);
}

static void a_refusal_that_the_page_returns_fails_it(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, page_that_returns_a_refusal, NULL), SSR_E_BAD_STATUS);
    assert_int_equal(fixture.result->outcome, SSR_FAILED);
    fixture_close(&fixture);
}

struct reason {
    const char *text;
    unsigned in_pass;
    ssr_store *store;
    int line;
};

static ssr_status reasoning_page(ssr_ctx *ctx, void *arg)
{
    struct reason *reason = arg;
    ssr_set_integer(ctx, reason->store, ssr_pass(ctx));
    if (ssr_pass(ctx) < reason->in_pass)
        return SSR_OK;
    ssr_fail(ctx, "an earlier reason");
    reason->line = __LINE__ + 1;
    return ssr_fail(ctx, reason->text);
}

static void open_reason(struct fixture *fixture, struct reason *reason)
{
    fixture_init(fixture);
    fixture_open(fixture);
    reason->store = fixture_store(fixture, "count", "0");
    fixture_start(fixture);
}

static void assert_recorded_message(const struct fixture *fixture, const char *words)
{
    ssr_value *value;
    char message[1024];
    const char *json = fixture->record_json;
    assert_status(ssr_value_parse(NULL, json, strlen(json), NULL, &value), SSR_OK);
    ssr_json_string(ssr_json_at(ssr_value_json(value), "/message"), message, sizeof message);
    ssr_value_free(value);
    assert_non_null(strstr(message, words));
}

static void a_page_says_why_it_failed(void **state)
{
    struct fixture fixture;
    struct reason reason = {.text = "the ideas\n\"cannot\"\x7f be read", .in_pass = 2};
    const char *shown = "the ideas?\"cannot\"? be read"; /* an error is one line */
    char place[32];
    (void)state;
    open_reason(&fixture, &reason);
    assert_status(fixture_run(&fixture, reasoning_page, &reason), SSR_E_FAILED);
    snprintf(place, sizeof place, "test_render.c:%d", reason.line);
    assert_int_equal(fixture.result->outcome, SSR_FAILED);
    assert_non_null(strstr(fixture.result->error, shown));
    assert_non_null(strstr(fixture.result->error, place));
    assert_null(strstr(fixture.result->error, "an earlier reason"));
    assert_recorded_message(&fixture, shown);
    assert_non_null(strstr(fixture.record_text, place));
    fixture_close(&fixture);
}

static void a_reason_of_any_length_is_taken(void **state)
{
    struct fixture fixture;
    char text[2000];
    struct reason reason = {.text = text, .in_pass = 1};
    (void)state;
    memset(text, 'r', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    open_reason(&fixture, &reason);
    assert_status(fixture_run(&fixture, reasoning_page, &reason), SSR_E_FAILED);
    text[255] = '\0';
    assert_non_null(strstr(fixture.result->error, text));
    reason.text = NULL;
    assert_status(fixture_run(&fixture, reasoning_page, &reason), SSR_E_FAILED);
    assert_true(strlen(fixture.result->error) > 0);
    fixture_close(&fixture);
}

/* Saying why is not failing: what the callback returns counts. */
static ssr_status forgiving_page(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    assert_status(ssr_fail(ctx, "never mind"), SSR_E_FAILED);
    return ssr_html(ctx, "fine");
}

static void a_reason_alone_fails_nothing(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, forgiving_page, NULL), SSR_OK);
    assert_string_equal(fixture.result->html, "fine");
    assert_string_equal(fixture.result->error, "");
    fixture_close(&fixture);
}

static ssr_status reasoning_init(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    (void)value, (void)arg;
    return ssr_fail(ctx, "no such user");
}

static void an_init_says_why_it_failed(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_store *store = ssr_store_define(fixture.registry, "the.user", &(ssr_store_options){.init = reasoning_init});
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, reading_nothing, store), SSR_E_FAILED);
    assert_non_null(strstr(fixture.result->error, "no such user"));
    assert_non_null(strstr(fixture.result->error, "the.user"));
    fixture_close(&fixture);
}

/* Names as long as they may be, which must all fit. */
struct cycle {
    ssr_store *next;
};

static ssr_status cycling_init(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    const struct cycle *cycle = arg;
    ssr_get(ctx, cycle->next);
    return ssr_builder_null(value);
}

static void a_cycle_is_named_whole(void **state)
{
    struct fixture fixture;
    struct cycle cycles[2];
    char names[2][129];
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    for (int i = 0; i < 2; i++) {
        memset(names[i], 'a' + i, 128);
        names[i][128] = '\0';
        ssr_store_options options = {.init = cycling_init, .init_arg = &cycles[i]};
        cycles[1 - i].next = ssr_store_define(fixture.registry, names[i], &options);
    }
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, reading_nothing, cycles[0].next), SSR_E_INIT_CYCLE);
    assert_non_null(strstr(fixture.result->error, names[0]));
    assert_non_null(strstr(fixture.result->error, names[1]));
    fixture_close(&fixture);
}

enum { AT_THE_BEGINNING, BETWEEN, AT_THE_END, NOWHERE, PLACES };

static ssr_status placed_page(ssr_ctx *ctx, void *arg)
{
    int place = *(const int *)arg;
    if (place == AT_THE_BEGINNING)
        ssr_transfer_here(ctx);
    ssr_html(ctx, "<p>one</p>");
    if (place == BETWEEN)
        ssr_transfer_here(ctx);
    ssr_html(ctx, "<p>two</p>");
    return place == AT_THE_END ? ssr_transfer_here(ctx) : SSR_OK;
}

static void join(const ssr_result *result, char *text)
{
    size_t length = 0;
    for (size_t i = 0; i < result->segment_count; i++) {
        memcpy(text + length, result->segments[i].bytes, result->segments[i].length);
        length += result->segments[i].length;
    }
    text[length] = '\0';
    assert_int_equal(length, result->html_length);
}

static void a_document_can_be_had_in_segments(void **state)
{
    static const size_t counts[PLACES] = {2, 3, 2, 1};
    char whole[1024], joined[1024];
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_start(&fixture);
    for (int place = 0; place < PLACES; place++) {
        assert_status(fixture_run(&fixture, placed_page, &place), SSR_OK);
        assert_int_equal(fixture.result->segment_count, 1);
        join(fixture.result, whole);
        assert_string_equal(fixture.result->html, whole);
        assert_ptr_equal(ssr_render_html(fixture.render), fixture.result->html);
        assert_status(fixture_run_request(&fixture, placed_page, &place, &(ssr_request){.in_segments = true}), SSR_OK);
        assert_int_equal(fixture.result->segment_count, counts[place]);
        assert_string_equal(fixture.result->html, "");
        fixture.memory.fail_at = fixture.memory.calls + 1;
        assert_null(ssr_render_html(fixture.render));
        join(fixture.result, joined);
        assert_string_equal(joined, whole);
        assert_string_equal(ssr_render_html(fixture.render), whole);
        assert_ptr_equal(ssr_render_html(fixture.render), fixture.result->html);
        join(fixture.result, joined); /* where they were */
        assert_string_equal(joined, whole);
    }
    fixture_close(&fixture);
}

static void no_document_has_no_segments(void **state)
{
    int place = BETWEEN;
    ssr_status failure = SSR_E_FAILED;
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_start(&fixture);
    assert_status(fixture_run_request(&fixture, empty_page, NULL, &(ssr_request){.in_segments = true}), SSR_OK);
    assert_int_equal(fixture.result->segment_count, 0);
    assert_string_equal(ssr_render_html(fixture.render), "");
    assert_status(fixture_run_request(&fixture, failing_page, &failure, &(ssr_request){.in_segments = true}),
                  SSR_E_FAILED);
    assert_int_equal(fixture.result->segment_count, 0);
    assert_string_equal(ssr_render_html(fixture.render), "");
    const ssr_request data_only = {.in_segments = true, .data_only = true};
    assert_status(fixture_run_request(&fixture, placed_page, &place, &data_only), SSR_OK);
    assert_int_equal(fixture.result->segment_count, 0);
    assert_string_equal(ssr_render_html(fixture.render), "");
    ssr_render_free(fixture.render);
    assert_status(ssr_render_new(fixture.engine, placed_page, &place, NULL, &fixture.render), SSR_OK);
    assert_null(ssr_render_html(fixture.render));
    fixture_close(&fixture);
}

static ssr_status long_page(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    for (int i = 0; i < 20000; i++)
        ssr_text(ctx, "0123456789<012345678901234567890123456789");
    return ssr_transfer_here(ctx);
}

static void a_long_document_arrives_whole(void **state)
{
    enum { PIECE = 44 };
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, long_page, NULL), SSR_OK);
    const char *html = fixture.result->html;
    assert_int_equal(fixture.result->html_length, 20000 * PIECE + fixture.result->transfer_length);
    for (int i = 0; i < 20000; i++)
        assert_memory_equal(html + PIECE * i, "0123456789&lt;012345678901234567890123456789", PIECE);
    assert_string_equal(html + 20000 * PIECE, fixture.result->transfer);
    fixture_close(&fixture);
}

static void outcomes_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < SSR_OUTCOME_COUNT; i++)
        assert_true(strlen(ssr_outcome_name((ssr_outcome)i)) > 0);
    assert_string_equal(ssr_outcome_name(SSR_HARD_CAP), "hard_cap");
    assert_string_equal(ssr_outcome_name((ssr_outcome)SSR_OUTCOME_COUNT), "unknown");
}

static ssr_status refused_effects_page(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    assert_status(ssr_set_header(ctx, NULL, "value"), SSR_E_BAD_HEADER);
    assert_status(ssr_set_header(ctx, "X-Name", NULL), SSR_E_BAD_HEADER);
    assert_status(ssr_set_header(ctx, "X-Empty", ""), SSR_OK);
    assert_status(ssr_redirect(ctx, NULL, 0), SSR_E_BAD_REDIRECT);
    assert_status(ssr_redirect_external(ctx, "https://", 0), SSR_E_BAD_REDIRECT);
    assert_status(ssr_redirect_external(ctx, "https:///path", 0), SSR_E_BAD_REDIRECT);
    assert_status(ssr_redirect_external(ctx, "https://\\example.org", 0), SSR_E_BAD_REDIRECT);
    assert_status(ssr_redirect_external(ctx, "ftp://example.org", 0), SSR_E_BAD_REDIRECT);
    return SSR_OK;
}

/* What no text can say: scenarios have the rest. */
static void headers_and_redirects_need_all_their_parts(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, refused_effects_page, NULL), SSR_OK);
    assert_int_equal(fixture.result->outcome, SSR_SETTLED);
    assert_int_equal(fixture.result->refused, 7);
    assert_int_equal(fixture.result->header_count, 1);
    assert_string_equal(fixture.result->headers[0].value, "");
    fixture_close(&fixture);
}

static ssr_status set_brackets(ssr_ctx *ctx, void *store)
{
    static char text[3000];
    memset(text, '<', sizeof text - 1);
    return ssr_set_string(ctx, store, text);
}

/* Each of them crosses as an escape of six bytes. */
static void a_value_full_of_escapes_crosses_whole(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_store *store = fixture_store(&fixture, "a", NULL);
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, set_brackets, store), SSR_OK);
    const char *element = fixture.result->transfer;
    assert_int_equal(fixture.result->transfer_length, strlen(element));
    assert_true(strlen(element) > 2999 * 6);
    const char *at = strstr(element, "\\u003c");
    for (int i = 0; i < 2999; i++)
        assert_memory_equal(at + 6 * i, "\\u003c", 6);
    assert_string_equal(at + 6 * 2999, "\"},\"v\":1}</script>");
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_engine_renders_only_once_started),
        cmocka_unit_test(a_render_needs_a_page),
        cmocka_unit_test(nothing_runs_before_the_first_step),
        cmocka_unit_test(a_render_may_be_freed_between_steps),
        cmocka_unit_test(a_step_inside_a_callback_does_nothing),
        cmocka_unit_test(renders_side_by_side_do_not_see_each_other),
        cmocka_unit_test(the_configuration_is_copied),
        cmocka_unit_test(each_request_logs_its_own_error),
        cmocka_unit_test(without_a_log_everything_else_is_the_same),
        cmocka_unit_test(outside_a_callback_every_call_is_refused),
        cmocka_unit_test(after_the_end_every_call_is_refused),
        cmocka_unit_test(an_init_reads_and_nothing_else),
        cmocka_unit_test(a_page_knows_whether_it_changed_something),
        cmocka_unit_test(what_a_context_lends_lives_until_the_callback_returns),
        cmocka_unit_test(an_effect_runs_and_answers_what_it_returned),
        cmocka_unit_test(chance_depends_on_the_seed_alone),
        cmocka_unit_test(ids_of_page_and_inits_are_unique),
        cmocka_unit_test(ids_of_components_and_inits_are_unique),
        cmocka_unit_test(nothing_writes_nothing),
        cmocka_unit_test(numbers_are_written_as_javascript_does),
        cmocka_unit_test(a_document_is_utf8_whatever_the_text),
        cmocka_unit_test(good_text_of_any_length_stays),
        cmocka_unit_test(text_is_whole_at_any_place),
        cmocka_unit_test(escapes_in_urls_stay_and_half_ones_are_escaped),
        cmocka_unit_test(line_ends_of_a_text_survive_the_parser),
        cmocka_unit_test(output_is_cut_off_at_its_limit),
        cmocka_unit_test(what_crosses_is_of_the_last_completed_pass),
        cmocka_unit_test(numbers_that_a_store_cannot_hold_are_refused),
        cmocka_unit_test(many_escapes_are_whole_at_any_place),
        cmocka_unit_test(markup_is_written_as_it_is),
        cmocka_unit_test(no_url_runs_script_or_leaves_its_attribute),
        cmocka_unit_test(json_strings_are_unescaped_and_escaped_again),
        cmocka_unit_test(a_transformer_encodes_what_crosses),
        cmocka_unit_test(a_transformer_that_fails_fails_the_render),
        cmocka_unit_test(a_store_marked_always_crosses_with_what_its_init_makes),
        cmocka_unit_test(a_record_tells_what_happened_where),
        cmocka_unit_test(a_record_tells_no_redacted_value),
        cmocka_unit_test(a_redacted_value_has_a_digest_only_with_a_key),
        cmocka_unit_test(a_record_is_one_line_of_json_and_the_text_is_clean),
        cmocka_unit_test(the_same_render_leaves_the_same_record),
        cmocka_unit_test(durations_need_a_clock),
        cmocka_unit_test(whatever_a_page_returns_is_its_error),
        cmocka_unit_test(a_refusal_that_the_page_returns_fails_it),
        cmocka_unit_test(a_page_says_why_it_failed),
        cmocka_unit_test(a_reason_of_any_length_is_taken),
        cmocka_unit_test(a_reason_alone_fails_nothing),
        cmocka_unit_test(an_init_says_why_it_failed),
        cmocka_unit_test(a_cycle_is_named_whole),
        cmocka_unit_test(a_long_document_arrives_whole),
        cmocka_unit_test(a_document_can_be_had_in_segments),
        cmocka_unit_test(no_document_has_no_segments),
        cmocka_unit_test(outcomes_have_names),
        cmocka_unit_test(headers_and_redirects_need_all_their_parts),
        cmocka_unit_test(a_value_full_of_escapes_crosses_whole),
    };
    return cmocka_run_group_tests_name("render", tests, NULL, NULL);
}
