/*
 * Queries, operations and redirects through the calls of a host that answers by itself: what scenarios cannot say,
 * because it is about handles, snapshots, times, and who may be freed before whom.
 */
#include "fixture.h"

/* ---- A page that asks ------------------------------------------------------------------------------------------- */

struct asking {
    struct fixture fixture;
    ssr_query *query, *other;
    ssr_store *store;
    ssr_query_result seen; /* of the last pass; data not read outside */
    unsigned passes, wakes;
    ssr_ctx *ctx; /* kept for calls where they are not legal */
};

static void wake(void *arg)
{
    ++*(unsigned *)arg;
}

static ssr_status asking_page(ssr_ctx *ctx, void *arg)
{
    struct asking *asking = arg;
    asking->passes++;
    asking->seen = ssr_query_get(ctx, asking->query, "{\"id\":7}", true);
    ssr_html_n(ctx, asking->seen.data.text, asking->seen.data.length);
    return ssr_html(ctx, asking->seen.error);
}

static void open_asking(struct asking *asking, const ssr_query_options *options)
{
    memset(asking, 0, sizeof *asking);
    fixture_init(&asking->fixture);
    fixture_open(&asking->fixture);
    asking->query = ssr_query_define(asking->fixture.registry, "idea", options);
    asking->other = ssr_query_define(asking->fixture.registry, "other", NULL);
    asking->store = fixture_store(&asking->fixture, "title", "\"Default\"");
    assert_non_null(asking->query);
    fixture_start(&asking->fixture);
}

static ssr_render *begin(struct asking *asking, ssr_page_fn page, ssr_request request)
{
    request.wake = wake;
    request.wake_arg = &asking->wakes;
    assert_status(ssr_render_new(asking->fixture.engine, page, asking, &request, &asking->fixture.render), SSR_OK);
    return asking->fixture.render;
}

/* The first pass has run and its query was handed out. */
static ssr_operation *begin_waiting(struct asking *asking, ssr_request request)
{
    ssr_render *render = begin(asking, asking_page, request);
    assert_int_equal(ssr_render_step(render, 0), SSR_STEP_WAITING);
    ssr_operation *operation = ssr_render_next_operation(render);
    assert_non_null(operation);
    assert_null(ssr_render_next_operation(render));
    return operation;
}

static const ssr_result *end(struct asking *asking, int64_t now)
{
    assert_int_equal(ssr_render_step(asking->fixture.render, now), SSR_STEP_ENDED);
    return ssr_render_result(asking->fixture.render);
}

/* ---- Definitions ------------------------------------------------------------------------------------------------ */

static void assert_refused(const char *name, const ssr_query_options *options, ssr_status expected)
{
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_open(&fixture);
    assert_null(ssr_query_define(fixture.registry, name, options));
    assert_status(ssr_registry_status(fixture.registry), expected);
    assert_non_null(strstr(ssr_registry_error(fixture.registry), ssr_status_name(expected)));
    assert_status(ssr_engine_start(fixture.engine), expected);
    fixture_close(&fixture);
}

static void bad_definitions_are_refused(void **state)
{
    (void)state;
    assert_refused(NULL, NULL, SSR_E_INVALID_NAME);
    assert_refused("", NULL, SSR_E_INVALID_NAME);
    assert_refused("a\nb", NULL, SSR_E_INVALID_NAME);
    assert_refused("a\xff", NULL, SSR_E_INVALID_NAME);
    assert_refused("idea", &(ssr_query_options){.timeout_ms = -1}, SSR_E_INVALID_ARGUMENT);
    assert_refused("idea", &(ssr_query_options){.policy = (ssr_policy)7}, SSR_E_INVALID_ARGUMENT);
    assert_null(ssr_query_define(NULL, "idea", NULL));
}

static void a_name_is_one_query(void **state)
{
    struct fixture fixture;
    char name[] = "idea";
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_query *query = ssr_query_define(fixture.registry, name, NULL);
    memset(name, 'x', 4);
    assert_non_null(fixture_store(&fixture, "idea", NULL)); /* another kind */
    assert_null(ssr_query_define(fixture.registry, "idea", NULL));
    assert_status(ssr_engine_start(fixture.engine), SSR_E_DUPLICATE_NAME);
    assert_string_equal(ssr_query_name(query), "idea");
    fixture_close(&fixture);
}

static void queries_are_found_by_name(void **state)
{
    struct asking asking;
    (void)state;
    open_asking(&asking, NULL);
    assert_ptr_equal(ssr_query_find(asking.fixture.registry, "idea"), asking.query);
    assert_null(ssr_query_find(asking.fixture.registry, "Idea"));
    assert_null(ssr_query_find(asking.fixture.registry, "title"));
    assert_null(ssr_query_define(asking.fixture.registry, "late", NULL));
    assert_null(ssr_query_find(asking.fixture.registry, "late"));
    fixture_close(&asking.fixture);
}

/* ---- Asking ----------------------------------------------------------------------------------------------------- */

static void assert_disabled(ssr_query_result result)
{
    assert_int_equal(result.state, SSR_QUERY_DISABLED);
    assert_int_equal(ssr_json_type(result.data), SSR_JSON_ABSENT);
    assert_string_equal(result.error, "");
}

static ssr_status ask_a_stranger(ssr_ctx *ctx, void *arg)
{
    assert_disabled(ssr_query_get(ctx, arg, NULL, true));
    assert_status(ssr_last_status(ctx), SSR_E_UNKNOWN_QUERY);
    assert_disabled(ssr_query_integer(ctx, NULL, 7, true));
    assert_disabled(ssr_query_string(ctx, NULL, "x", false));
    ssr_builder_null(ssr_build(ctx));
    assert_disabled(ssr_query_built(ctx, arg, true));
    assert_status(ssr_last_status(ctx), SSR_E_UNKNOWN_QUERY);
    return SSR_OK;
}

static void a_query_of_another_engine_is_unknown(void **state)
{
    struct asking asking, stranger;
    (void)state;
    open_asking(&asking, NULL);
    open_asking(&stranger, NULL);
    assert_status(fixture_run(&asking.fixture, ask_a_stranger, stranger.query), SSR_OK);
    assert_int_equal(asking.fixture.result->refused, 4);
    assert_int_equal(asking.fixture.result->passes, 1);
    assert_non_null(strstr(asking.fixture.record_json, "unknown_query"));
    fixture_close(&asking.fixture);
    fixture_close(&stranger.fixture);
}

static ssr_status ask_with_nothing_built(ssr_ctx *ctx, void *arg)
{
    struct asking *asking = arg;
    assert_disabled(ssr_query_built(ctx, asking->query, true));
    assert_status(ssr_last_status(ctx), SSR_E_BUILDER);
    ssr_builder_begin_array(ssr_build(ctx));
    assert_disabled(ssr_query_built(ctx, asking->query, true));
    assert_status(ssr_last_status(ctx), SSR_E_BUILDER);
    ssr_builder_integer(ssr_build(ctx), 7); /* what was left open is gone */
    assert_int_equal(ssr_query_built(ctx, asking->query, false).state, SSR_QUERY_DISABLED);
    assert_status(ssr_last_status(ctx), SSR_OK);
    return SSR_OK;
}

static void arguments_must_have_been_built(void **state)
{
    struct asking asking;
    (void)state;
    open_asking(&asking, NULL);
    assert_status(fixture_run(&asking.fixture, ask_with_nothing_built, &asking), SSR_OK);
    assert_int_equal(asking.fixture.result->refused, 2);
    assert_int_equal(asking.fixture.result->passes, 1);
    fixture_close(&asking.fixture);
}

static ssr_status show_nothing(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    return ssr_html(ctx, "not shown");
}

/* Of another engine, or none at all: what the route declares cannot be loaded, and says where. */
static void declared_loaders_must_be_of_this_engine(void **state)
{
    struct asking asking, stranger;
    (void)state;
    open_asking(&stranger, NULL);
    const ssr_query *const queries[] = {NULL, stranger.query};
    for (size_t i = 0; i < TEST_COUNT(queries); i++) {
        fixture_init(&asking.fixture);
        asking.fixture.config.prefetch_loaders_before_page_render = true;
        fixture_open(&asking.fixture);
        fixture_start(&asking.fixture);
        ssr_declared_loader loader = {.query = queries[i]};
        ssr_route route = {.loaders = &loader, .loader_count = 1};
        ssr_request request = {.location = "/ideas", .find_route = fixture_route, .find_route_arg = &route};
        assert_status(fixture_run_request(&asking.fixture, show_nothing, NULL, &request), SSR_E_UNKNOWN_QUERY);
        assert_int_equal(asking.fixture.result->outcome, SSR_FAILED);
        assert_non_null(strstr(asking.fixture.result->error, "/ideas"));
        fixture_close(&asking.fixture);
    }
    fixture_close(&stranger.fixture);
}

static ssr_status keep_context(ssr_ctx *ctx, void *arg)
{
    struct asking *asking = arg;
    asking->ctx = ctx;
    return ssr_query_get(ctx, asking->query, NULL, true).state == SSR_QUERY_PENDING ? SSR_OK : SSR_E_FAILED;
}

static void outside_a_callback_nothing_is_asked(void **state)
{
    struct asking asking;
    (void)state;
    open_asking(&asking, NULL);
    ssr_render *render = begin(&asking, keep_context, (ssr_request){.id = NULL});
    assert_int_equal(ssr_render_step(render, 0), SSR_STEP_WAITING);
    ssr_ctx *ctx = asking.ctx;
    assert_disabled(ssr_query_get(ctx, asking.other, NULL, true));
    assert_status(ssr_last_status(ctx), SSR_E_WRONG_PHASE);
    assert_disabled(ssr_query_integer(ctx, asking.other, 7, true));
    assert_disabled(ssr_query_string(ctx, asking.other, "x", true));
    assert_disabled(ssr_query_built(ctx, asking.other, true));
    assert_status(ssr_set_header(ctx, "X-Late", "1"), SSR_E_WRONG_PHASE);
    assert_status(ssr_redirect(ctx, "/late", 0), SSR_E_WRONG_PHASE);
    assert_status(ssr_redirect_external(ctx, "https://example.org", 0), SSR_E_WRONG_PHASE);
    ssr_render_cancel(render);
    const ssr_result *result = end(&asking, 0);
    assert_int_equal(result->header_count, 0);
    assert_null(result->redirect_to);
    assert_int_equal(result->query_passes, 0);
    fixture_close(&asking.fixture);
}

/* ---- Operations ------------------------------------------------------------------------------------------------- */

/* Everything that a loader may know. */
static void assert_snapshot(const ssr_operation *operation, const struct asking *asking)
{
    assert_ptr_equal(ssr_operation_query(operation), asking->query);
    ssr_json args = ssr_operation_args(operation);
    assert_int_equal(args.length, 8);
    assert_memory_equal(args.text, "{\"id\":7}", 8);
    assert_string_equal(ssr_operation_location(operation), "/ideas?page=2");
    assert_string_equal(ssr_operation_request_id(operation), "request-7");
    assert_int_equal(ssr_operation_pass(operation), 1);
    assert_int_equal(ssr_operation_deadline_ms(operation), 1000);
}

static void an_operation_is_a_snapshot(void **state)
{
    struct asking asking;
    char location[] = "/ideas?page=2", id[] = "request-7";
    ssr_request request = {.id = id, .location = location, .deadline_ms = 1000};
    (void)state;
    open_asking(&asking, NULL);
    ssr_operation *operation = begin_waiting(&asking, request);
    assert_snapshot(operation, &asking);
    assert_false(ssr_operation_is_cancelled(operation));
    ssr_render_free(asking.fixture.render);
    asking.fixture.render = NULL;
    memset(location, 'x', sizeof location - 1);
    memset(id, 'x', sizeof id - 1);
    assert_snapshot(operation, &asking);
    assert_true(ssr_operation_is_cancelled(operation));
    ssr_operation_answer(operation, SSR_OK);
    assert_int_equal(asking.wakes, 0);
    fixture_close(&asking.fixture);
}

static void the_host_answers_itself(void **state)
{
    struct asking asking;
    (void)state;
    open_asking(&asking, NULL);
    ssr_operation *operation = begin_waiting(&asking, (ssr_request){.id = NULL});
    assert_string_equal(ssr_operation_request_id(operation), "");
    assert_string_equal(ssr_operation_location(operation), "/");
    assert_int_equal(ssr_operation_deadline_ms(operation), 0);
    ssr_builder_string(ssr_operation_build(operation), "Seven");
    ssr_operation_answer(operation, SSR_OK);
    assert_int_equal(asking.wakes, 1);
    const ssr_result *result = end(&asking, 0);
    assert_string_equal(result->html, "\"Seven\"");
    assert_int_equal(result->query_passes, 1);
    fixture_close(&asking.fixture);
}

/* Answers with what `fail` says, and shows what the page saw. */
static void assert_code(const char *code, const char *reason, ssr_status status, const char *expected)
{
    struct asking asking;
    open_asking(&asking, NULL);
    ssr_operation *operation = begin_waiting(&asking, (ssr_request){.id = NULL});
    ssr_builder_null(ssr_operation_build(operation));
    if (status == SSR_E_FAILED)
        assert_status(ssr_operation_fail(operation, code, reason), SSR_E_FAILED);
    assert_int_equal(asking.wakes, 0);
    ssr_operation_answer(operation, status);
    const ssr_result *result = end(&asking, 0);
    assert_string_equal(result->html, expected);
    assert_status(result->error_status, SSR_OK);
    fixture_close(&asking.fixture);
}

static void codes_are_codes(void **state)
{
    char code[66], reason[1000];
    (void)state;
    memset(code, 'a', sizeof code - 1);
    memset(reason, '"', sizeof reason - 1);
    reason[sizeof reason - 1] = code[65] = '\0';
    assert_code(code, "65 of them", SSR_E_FAILED, "failed");
    code[64] = '\0';
    assert_code(code, reason, SSR_E_FAILED, code);
    assert_code("0-_z", NULL, SSR_E_FAILED, "0-_z");
    assert_code(NULL, NULL, SSR_E_FAILED, "failed");
    assert_code("", "", SSR_E_FAILED, "failed");
    assert_code("Not found", "", SSR_E_FAILED, "failed");
    assert_code("<b>", "", SSR_E_FAILED, "failed");
    assert_code("\xc3\xa9", "", SSR_E_FAILED, "failed");
    assert_code(NULL, NULL, SSR_E_LIMIT, "limit");
    assert_code(NULL, NULL, (ssr_status)4242, ssr_status_name((ssr_status)4242));
}

static ssr_status fail_and_forget(ssr_operation *operation, void *arg)
{
    (void)arg;
    ssr_operation_fail(operation, "gone", "says the loader");
    ssr_builder_null(ssr_operation_build(operation));
    return SSR_OK;
}

static ssr_status fail_otherwise(ssr_operation *operation, void *arg)
{
    (void)arg;
    ssr_operation_fail(operation, "gone", "");
    return SSR_E_TOO_DEEP;
}

/* Who says that it failed has failed, whatever it returns; another error is named by itself. */
static void the_code_stands_unless_another_error_is_returned(void **state)
{
    static const ssr_loader_fn loads[] = {fail_and_forget, fail_otherwise};
    static const char *const expected[] = {"gone", "too_deep"};
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(loads); i++) {
        struct asking asking;
        open_asking(&asking, &(ssr_query_options){.load = loads[i]});
        assert_status(fixture_run(&asking.fixture, asking_page, &asking), SSR_OK);
        assert_string_equal(asking.fixture.result->html, expected[i]);
        fixture_close(&asking.fixture);
    }
}

/* What was built for a set stays built until the set has succeeded. */
static void a_set_that_ran_out_is_made_again(void **state)
{
    struct asking asking;
    (void)state;
    open_asking(&asking, NULL);
    ssr_operation *operation = begin_waiting(&asking, (ssr_request){.id = NULL});
    ssr_status status = SSR_E_NOMEM;
    for (size_t i = 1; status == SSR_E_NOMEM; i++) {
        ssr_builder_integer(ssr_operation_build_store(operation), 1);
        asking.fixture.memory.fail_at = asking.fixture.memory.calls + i;
        status = ssr_operation_set(operation, asking.store);
        asking.fixture.memory.fail_at = 0;
        if (status == SSR_E_NOMEM)
            assert_status(ssr_operation_set(operation, asking.store), SSR_OK);
    }
    assert_status(status, SSR_OK);
    ssr_operation_answer(operation, SSR_OK);
    fixture_close(&asking.fixture);
}

static void what_an_operation_sets_is_checked(void **state)
{
    struct asking asking, stranger;
    (void)state;
    open_asking(&asking, NULL);
    open_asking(&stranger, NULL);
    ssr_operation *operation = begin_waiting(&asking, (ssr_request){.id = NULL});
    ssr_builder_integer(ssr_operation_build_store(operation), 1);
    assert_status(ssr_operation_set(operation, NULL), SSR_E_UNKNOWN_STORE);
    assert_status(ssr_operation_set(operation, stranger.store), SSR_E_UNKNOWN_STORE);
    assert_status(ssr_operation_set(operation, asking.store), SSR_OK);
    assert_status(ssr_operation_set(operation, asking.store), SSR_E_BUILDER); /* the value has been taken */
    ssr_builder_begin_array(ssr_operation_build_store(operation));
    assert_status(ssr_operation_set(operation, asking.store), SSR_E_BUILDER);
    ssr_builder_string(ssr_operation_build_store(operation), "a\xff");
    assert_status(ssr_operation_set(operation, asking.store), SSR_E_INVALID_UTF8);
    ssr_builder_null(ssr_operation_build(operation));
    ssr_operation_answer(operation, SSR_OK);
    const ssr_result *result = end(&asking, 0);
    assert_string_equal(result->html, "null");
    assert_int_equal(result->rerenders, 0);
    assert_non_null(strstr(result->data, "\"stores\":{\"title\":1}"));
    assert_non_null(strstr(asking.fixture.record_json, "test_query.c:"));
    fixture_close(&asking.fixture);
    fixture_close(&stranger.fixture);
}

static void operations_come_only_while_waiting(void **state)
{
    struct asking asking;
    (void)state;
    open_asking(&asking, NULL);
    ssr_render *render = begin(&asking, asking_page, (ssr_request){.id = NULL});
    assert_null(ssr_render_next_operation(render));
    assert_int_equal(ssr_render_step(render, 0), SSR_STEP_WAITING);
    assert_int_equal(ssr_render_step(render, 0), SSR_STEP_WAITING);
    ssr_operation *operation = ssr_render_next_operation(render);
    assert_non_null(operation);
    assert_null(ssr_render_next_operation(render));
    assert_int_equal(ssr_render_step(render, 0), SSR_STEP_WAITING);
    assert_null(ssr_render_next_operation(render));
    assert_int_equal(asking.passes, 1);
    ssr_operation_run(operation);
    assert_null(ssr_render_next_operation(render));
    assert_string_equal(end(&asking, 0)->html, "no_loader");
    assert_null(ssr_render_next_operation(render));
    fixture_close(&asking.fixture);
}

static void a_render_may_be_freed_before_it_hands_out(void **state)
{
    struct asking asking;
    (void)state;
    open_asking(&asking, NULL);
    ssr_render *render = begin(&asking, asking_page, (ssr_request){.id = NULL});
    assert_int_equal(ssr_render_step(render, 0), SSR_STEP_WAITING);
    fixture_close(&asking.fixture);
}

static void an_answer_may_be_left_in_the_mailbox(void **state)
{
    struct asking asking;
    (void)state;
    open_asking(&asking, NULL);
    ssr_operation *operation = begin_waiting(&asking, (ssr_request){.id = NULL});
    ssr_builder_integer(ssr_operation_build_store(operation), 1);
    ssr_operation_set(operation, asking.store);
    ssr_operation_run(operation);
    assert_int_equal(asking.wakes, 1);
    fixture_close(&asking.fixture);
}

/* ---- Time ------------------------------------------------------------------------------------------------------- */

static void a_wait_has_an_end(void **state)
{
    struct asking asking;
    (void)state;
    open_asking(&asking, &(ssr_query_options){.timeout_ms = 100});
    ssr_render *render = begin(&asking, asking_page, (ssr_request){.deadline_ms = 1000});
    assert_int_equal(ssr_render_timeout_ms(render, 0), 1000);
    assert_int_equal(ssr_render_timeout_ms(render, 999), 1);
    assert_int_equal(ssr_render_timeout_ms(render, 1000), 0);
    assert_int_equal(ssr_render_timeout_ms(render, 2000), 0);
    assert_true(ssr_render_timeout_ms(render, INT64_MIN) == INT64_MAX); /* farther than a number can say */
    assert_int_equal(ssr_render_step(render, 50), SSR_STEP_WAITING);
    assert_int_equal(ssr_render_timeout_ms(render, 50), 100);
    assert_int_equal(ssr_render_timeout_ms(render, 149), 1);
    assert_int_equal(ssr_render_timeout_ms(render, 150), 0);
    ssr_operation *operation = ssr_render_next_operation(render);
    assert_int_equal(ssr_render_step(render, 149), SSR_STEP_WAITING);
    assert_false(ssr_operation_is_cancelled(operation));
    assert_string_equal(end(&asking, 150)->html, "timeout");
    assert_true(ssr_operation_is_cancelled(operation));
    ssr_operation_run(operation);
    fixture_close(&asking.fixture);
}

/* The host's scale may begin anywhere. */
static void times_may_be_negative(void **state)
{
    struct asking asking;
    (void)state;
    open_asking(&asking, &(ssr_query_options){.timeout_ms = 100});
    ssr_render *render = begin(&asking, asking_page, (ssr_request){.deadline_ms = -10});
    assert_int_equal(ssr_render_step(render, -1000), SSR_STEP_WAITING);
    assert_int_equal(ssr_render_timeout_ms(render, -1000), 100);
    assert_int_equal(ssr_render_step(render, -901), SSR_STEP_WAITING);
    assert_string_equal(end(&asking, -900)->html, "timeout");
    fixture_close(&asking.fixture);
}

static ssr_status give_true(ssr_operation *operation, void *arg)
{
    ++*(unsigned *)arg;
    return ssr_builder_boolean(ssr_operation_build(operation), true);
}

/* ssr_run looks at no deadline, however long ago that was on the host's scale. */
static void the_blocking_call_has_no_time(void **state)
{
    struct asking asking;
    unsigned loads = 0;
    (void)state;
    open_asking(&asking, &(ssr_query_options){.load = give_true, .load_arg = &loads, .timeout_ms = 1});
    ssr_request request = {.deadline_ms = -10};
    assert_status(fixture_run_request(&asking.fixture, asking_page, &asking, &request), SSR_OK);
    assert_int_equal(asking.fixture.result->outcome, SSR_SETTLED);
    assert_string_equal(asking.fixture.result->html, "true");
    fixture_close(&asking.fixture);
}

static void a_deadline_comes_before_a_timeout(void **state)
{
    struct asking asking;
    (void)state;
    open_asking(&asking, &(ssr_query_options){.timeout_ms = INT64_MAX});
    ssr_render *render = begin(&asking, asking_page, (ssr_request){.deadline_ms = 70});
    assert_int_equal(ssr_render_step(render, 50), SSR_STEP_WAITING);
    assert_int_equal(ssr_render_timeout_ms(render, 50), 20);
    const ssr_result *result = end(&asking, 70);
    assert_int_equal(result->outcome, SSR_DEADLINE);
    assert_status(result->error_status, SSR_E_DEADLINE);
    assert_true(result->has_document);
    fixture_close(&asking.fixture);
}

static void without_deadline_and_timeout_nothing_ends_a_wait(void **state)
{
    struct asking asking;
    (void)state;
    open_asking(&asking, NULL);
    ssr_render *render = begin(&asking, asking_page, (ssr_request){.id = NULL});
    assert_int_equal(ssr_render_timeout_ms(render, 0), -1);
    assert_int_equal(ssr_render_step(render, 0), SSR_STEP_WAITING);
    assert_int_equal(ssr_render_timeout_ms(render, 0), -1);
    assert_int_equal(ssr_render_step(render, INT64_MAX), SSR_STEP_WAITING);
    ssr_operation_run(ssr_render_next_operation(render));
    assert_int_equal(end(&asking, 0)->outcome, SSR_SETTLED);
    fixture_close(&asking.fixture);
}

static ssr_status ask_both(ssr_ctx *ctx, void *arg)
{
    struct asking *asking = arg;
    asking->passes++;
    ssr_html(ctx, ssr_query_get(ctx, asking->query, "1", true).error);
    ssr_html(ctx, ssr_query_get(ctx, asking->other, "2", true).error);
    return SSR_OK;
}

/* A host that comes for its operations too late gets only those that still want an answer. */
static void what_timed_out_is_not_handed_out(void **state)
{
    struct asking asking;
    (void)state;
    open_asking(&asking, &(ssr_query_options){.timeout_ms = 100});
    ssr_render *render = begin(&asking, ask_both, (ssr_request){.id = NULL});
    assert_int_equal(ssr_render_step(render, 0), SSR_STEP_WAITING);
    assert_int_equal(ssr_render_step(render, 100), SSR_STEP_WAITING);
    assert_int_equal(ssr_render_timeout_ms(render, 100), -1);
    ssr_operation *operation = ssr_render_next_operation(render);
    assert_non_null(operation);
    assert_ptr_equal(ssr_operation_query(operation), asking.other);
    assert_null(ssr_render_next_operation(render));
    ssr_operation_fail(operation, "gone", "");
    ssr_operation_answer(operation, SSR_E_FAILED);
    assert_string_equal(end(&asking, 100)->html, "timeoutgone");
    fixture_close(&asking.fixture);
}

/* ---- Hooks ------------------------------------------------------------------------------------------------------ */

static ssr_status give_nothing(ssr_operation *operation, void *arg)
{
    (void)operation;
    ++*(unsigned *)arg;
    return SSR_OK;
}

static ssr_status look_around(ssr_operation *operation, void *arg)
{
    struct asking *asking = arg;
    assert_null(ssr_operation_query(operation));
    assert_int_equal(ssr_json_type(ssr_operation_args(operation)), SSR_JSON_ABSENT);
    assert_string_equal(ssr_operation_location(operation), "/here");
    assert_string_equal(ssr_operation_request_id(operation), "id");
    assert_int_equal(ssr_operation_pass(operation), 0);
    assert_int_equal(ssr_operation_deadline_ms(operation), 9);
    ssr_builder_integer(ssr_operation_build_args(operation), 7);
    assert_int_equal(ssr_operation_load(operation, asking->query).state, SSR_QUERY_READY);
    assert_int_equal(ssr_operation_load(operation, asking->query).state, SSR_QUERY_READY); /* of null */
    ssr_builder_integer(ssr_operation_build_args(operation), 7);
    ssr_query_result result = ssr_operation_load(operation, asking->query);
    assert_int_equal(result.data.length, 4);
    assert_memory_equal(result.data.text, "true", 4);
    assert_string_equal(result.error, "");
    result = ssr_operation_load(operation, NULL);
    assert_int_equal(result.state, SSR_QUERY_FAILED);
    assert_string_equal(result.error, "unknown_query");
    return SSR_OK;
}

static const ssr_route *route_of(const char *location, void *arg)
{
    assert_string_equal(location, "/here");
    return arg;
}

static ssr_status show_both(ssr_ctx *ctx, void *arg)
{
    struct asking *asking = arg;
    ssr_json a = ssr_query_integer(ctx, asking->query, 7, true).data;
    ssr_json b = ssr_query_get(ctx, asking->query, NULL, true).data;
    ssr_html_n(ctx, a.text, a.length);
    return ssr_html_n(ctx, b.text, b.length);
}

static void a_hook_knows_its_request_and_loads_once(void **state)
{
    struct asking asking;
    unsigned loads = 0;
    (void)state;
    open_asking(&asking, &(ssr_query_options){.load = give_true, .load_arg = &loads});
    ssr_hook hook = {"look", look_around, &asking};
    ssr_route route = {.hooks = &hook, .hook_count = 1};
    ssr_request request = {
        .id = "id", .location = "/here", .deadline_ms = 9, .find_route = route_of, .find_route_arg = &route};
    assert_status(fixture_run_request(&asking.fixture, show_both, &asking, &request), SSR_OK);
    assert_string_equal(asking.fixture.result->html, "truetrue");
    assert_int_equal(asking.fixture.result->passes, 1);
    assert_int_equal(loads, 2);
    fixture_close(&asking.fixture);
}

static ssr_status load_seven(ssr_operation *operation, void *arg)
{
    struct asking *asking = arg;
    ssr_builder_json(ssr_operation_build_args(operation), "{\"id\":7}", 8);
    return ssr_operation_load(operation, asking->query).state == SSR_QUERY_READY ? SSR_OK : SSR_E_FAILED;
}

/* A loader that its render has been called off from under. */
static ssr_status load_for_nobody(ssr_operation *operation, void *arg)
{
    struct asking *asking = arg;
    assert_false(ssr_operation_is_cancelled(operation));
    ssr_render_cancel(asking->fixture.render);
    assert_int_equal(ssr_render_step(asking->fixture.render, 0), SSR_STEP_ENDED);
    assert_true(ssr_operation_is_cancelled(operation));
    return ssr_builder_null(ssr_operation_build(operation));
}

static ssr_status load_in_place(ssr_operation *operation, void *arg)
{
    struct asking *asking = arg;
    ssr_operation_load(operation, asking->query);
    return SSR_OK;
}

static void a_loader_inside_a_hook_learns_that_nobody_waits(void **state)
{
    struct asking asking;
    (void)state;
    open_asking(&asking, &(ssr_query_options){.load = load_for_nobody, .load_arg = &asking});
    ssr_hook hook = {"load", load_in_place, &asking};
    ssr_route route = {.hooks = &hook, .hook_count = 1};
    ssr_render *render =
        begin(&asking, asking_page, (ssr_request){.find_route = fixture_route, .find_route_arg = &route});
    assert_int_equal(ssr_render_step(render, 0), SSR_STEP_WAITING);
    ssr_operation_run(ssr_render_next_operation(render));
    assert_int_equal(ssr_render_step(render, 0), SSR_STEP_ENDED);
    assert_int_equal(ssr_render_result(render)->outcome, SSR_CANCELLED);
    fixture_close(&asking.fixture);
}

/* Neither knows of the other; the page finds what the first of them has loaded. */
static void two_hooks_may_load_the_same(void **state)
{
    struct asking asking;
    unsigned loads = 0;
    (void)state;
    open_asking(&asking, &(ssr_query_options){.load = give_true, .load_arg = &loads});
    ssr_hook hooks[] = {{"one", load_seven, &asking}, {"two", load_seven, &asking}};
    ssr_route route = {.hooks = hooks, .hook_count = 2};
    ssr_request request = {.find_route = fixture_route, .find_route_arg = &route};
    assert_status(fixture_run_request(&asking.fixture, asking_page, &asking, &request), SSR_OK);
    assert_string_equal(asking.fixture.result->html, "true");
    assert_int_equal(asking.fixture.result->passes, 1);
    assert_int_equal(loads, 2);
    fixture_close(&asking.fixture);
}

static void a_loader_that_gives_nothing_fails(void **state)
{
    struct asking asking;
    unsigned loads = 0;
    (void)state;
    open_asking(&asking, &(ssr_query_options){.load = give_nothing, .load_arg = &loads});
    assert_status(fixture_run(&asking.fixture, asking_page, &asking), SSR_OK);
    assert_string_equal(asking.fixture.result->html, "builder_misuse");
    assert_int_equal(loads, 1);
    fixture_close(&asking.fixture);
}

/* ---- The state of the request ----------------------------------------------------------------------------------- */

/* A site with something of each kind; its hook, and the loader of its query, do what the test says. */
struct state_site {
    struct fixture fixture;
    ssr_store *title, *lazy;
    ssr_cookie *cookie;
    ssr_atom_template *atom, *other;
    ssr_query *query;
    const struct state_site *stranger;
    char seen[256]; /* what was read, one after the other */
};

static ssr_status make_lazy(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    (void)ctx, (void)arg;
    return ssr_builder_string(value, "made");
}

static void open_state(struct state_site *site, ssr_loader_fn load)
{
    memset(site, 0, sizeof *site);
    fixture_init(&site->fixture);
    fixture_open(&site->fixture);
    ssr_registry *registry = site->fixture.registry;
    site->title = fixture_store(&site->fixture, "title", "\"Default\"");
    site->lazy = ssr_store_define(registry, "lazy", &(ssr_store_options){.init = make_lazy});
    site->cookie = ssr_cookie_define(registry, "theme", &(ssr_cookie_options){.fallback_string = "light"});
    site->atom = ssr_atom_define(registry, "cart", &(ssr_atom_options){.default_json = "[]"});
    site->other = ssr_atom_define(registry, "other", &(ssr_atom_options){.default_json = "0"});
    site->query = ssr_query_define(registry, "state", &(ssr_query_options){.load = load, .load_arg = site});
    fixture_start(&site->fixture);
}

static void note_json(struct state_site *site, ssr_json json)
{
    size_t length = strlen(site->seen);
    snprintf(site->seen + length, sizeof site->seen - length, "%.*s ", json.text ? (int)json.length : 1,
             json.text ? json.text : "-");
}

static void note_state(struct state_site *site, ssr_operation *operation)
{
    note_json(site, ssr_operation_get(operation, site->title));
    note_json(site, ssr_operation_get(operation, site->lazy));
    note_json(site, ssr_operation_cookie(operation, site->cookie));
    note_json(site, ssr_operation_atom(operation, site->atom));
}

static ssr_status note_in_loader(ssr_operation *operation, void *arg)
{
    note_state(arg, operation);
    assert_status(ssr_operation_set_status(operation, 404), SSR_E_WRONG_PHASE);
    assert_status(ssr_operation_set_header(operation, "X-Late", "1"), SSR_E_WRONG_PHASE);
    ssr_builder_string(ssr_operation_build_store(operation), "loaded");
    assert_status(ssr_operation_set(operation, ((struct state_site *)arg)->title), SSR_OK);
    note_json(arg, ssr_operation_get(operation, ((struct state_site *)arg)->title));
    return ssr_builder_null(ssr_operation_build(operation));
}

/* A hook that writes one of each, and reads before, after, and through a loader that it runs in place. */
static ssr_status write_one_of_each(ssr_operation *operation, void *arg)
{
    struct state_site *site = arg;
    const ssr_cookie_attributes attributes = {.path = "/p", .domain = "example.org"};
    note_state(site, operation);
    ssr_builder_string(ssr_operation_build_store(operation), "set");
    assert_status(ssr_operation_set(operation, site->title), SSR_OK);
    ssr_builder_string(ssr_operation_build_store(operation), "too");
    assert_status(ssr_operation_set(operation, site->lazy), SSR_OK);
    assert_status(ssr_operation_set_cookie_with(operation, site->cookie, ssr_input_string("dark"), &attributes),
                  SSR_OK);
    ssr_builder_json(ssr_operation_build_store(operation), "[1]", 3);
    assert_status(ssr_operation_update_atom(operation, site->atom), SSR_OK);
    note_state(site, operation);
    assert_int_equal(ssr_operation_load(operation, site->query).state, SSR_QUERY_READY);
    assert_status(ssr_operation_set_cookie_with(operation, site->cookie, ssr_input_string("blue"),
                                                &((ssr_cookie_attributes){.secure = true})),
                  SSR_OK);
    return SSR_OK;
}

static ssr_status run_with_hook(struct state_site *site, ssr_page_fn page, ssr_loader_fn run)
{
    ssr_hook hook = {NULL, run, site};
    ssr_route route = {.hooks = &hook, .hook_count = 1};
    return fixture_run_request(&site->fixture, page, site,
                               &(ssr_request){.find_route = fixture_route, .find_route_arg = &route});
}

static ssr_status show_state(ssr_ctx *ctx, void *arg)
{
    struct state_site *site = arg;
    ssr_text(ctx, ssr_get_string(ctx, site->title));
    ssr_text(ctx, ssr_cookie_get_string(ctx, site->cookie));
    ssr_json cart = ssr_atom_value(ssr_atom_use(ssr_atoms(ctx), site->atom));
    return ssr_text_n(ctx, cart.text, cart.length);
}

static void a_hook_reads_what_it_has_written(void **state)
{
    struct state_site site;
    (void)state;
    open_state(&site, note_in_loader);
    assert_status(run_with_hook(&site, show_state, write_one_of_each), SSR_OK);
    assert_string_equal(site.seen, "\"Default\" - \"light\" [] "
                                   "\"set\" \"too\" \"dark\" [1] "
                                   "\"set\" \"too\" \"dark\" [1] \"loaded\" ");
    assert_string_equal(site.fixture.result->html, "loadedblue[1]");
    assert_int_equal(site.fixture.result->set_cookie_count, 1);
    assert_string_equal(site.fixture.result->set_cookies[0], "theme=blue; Path=/; Secure; SameSite=Lax");
    fixture_close(&site.fixture);
}

static ssr_status write_attributes(ssr_operation *operation, void *arg)
{
    struct state_site *site = arg;
    return ssr_operation_set_cookie_with(operation, site->cookie, ssr_input_string("dark"),
                                         &((ssr_cookie_attributes){.path = "/p", .domain = "example.org"}));
}

static ssr_status fail_at_once(ssr_operation *operation, void *arg)
{
    (void)arg;
    return ssr_operation_fail(operation, "closed", "not today");
}

static ssr_status set_session(ssr_operation *operation, void *cookie)
{
    return ssr_operation_set_cookie(operation, cookie, ssr_input_string("new"));
}

/* Sent whatever becomes of the render, in whatever order the hooks stand. */
static void a_failed_hook_takes_no_cookie_with_it(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct fixture fixture;
        fixture_init(&fixture);
        fixture_open(&fixture);
        ssr_cookie *cookie = ssr_cookie_define(fixture.registry, "session", NULL);
        fixture_start(&fixture);
        ssr_hook hooks[2];
        hooks[i] = (ssr_hook){"fail", fail_at_once, NULL};
        hooks[1 - i] = (ssr_hook){"sign in", set_session, cookie};
        ssr_route route = {.hooks = hooks, .hook_count = 2};
        ssr_request request = {.find_route = fixture_route, .find_route_arg = &route};
        assert_status(fixture_run_request(&fixture, asking_page, NULL, &request), SSR_E_FAILED);
        assert_int_equal(fixture.result->outcome, SSR_FAILED);
        assert_non_null(strstr(fixture.result->error, "hook \"fail\""));
        assert_int_equal(fixture.result->set_cookie_count, 1);
        fixture_close(&fixture);
    }
}

struct longer_first {
    ssr_query *query;
    ssr_cookie *list, *number;
};

/* What was read before left a comma where the number ends. */
static ssr_status look_behind_a_cookie(ssr_operation *operation, void *arg)
{
    const struct longer_first *cookies = arg;
    size_t count = ssr_json_count(ssr_operation_cookie(operation, cookies->list));
    ssr_json number = ssr_operation_cookie(operation, cookies->number);
    if (count == 0 || !number.text) /* no memory: the operation has failed, whatever it answers */
        return ssr_builder_null(ssr_operation_build(operation));
    assert_int_equal(count, 2);
    assert_int_equal(number.length, 2);
    assert_int_equal(ssr_json_type(ssr_json_next(number)), SSR_JSON_ABSENT);
    return ssr_builder_null(ssr_operation_build(operation));
}

static ssr_status ask_once(ssr_ctx *ctx, void *arg)
{
    const struct longer_first *cookies = arg;
    ssr_query_get(ctx, cookies->query, NULL, true);
    return SSR_OK;
}

static void nothing_stands_behind_a_cookie(void **state)
{
    static const char *const headers[] = {"list=[1,2]; number=17"};
    struct fixture fixture;
    struct longer_first cookies;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    const ssr_cookie_options json = {.encoding = SSR_COOKIE_JSON};
    cookies.list = ssr_cookie_define(fixture.registry, "list", &json);
    cookies.number = ssr_cookie_define(fixture.registry, "number", &json);
    cookies.query = ssr_query_define(fixture.registry, "look",
                                     &(ssr_query_options){.load = look_behind_a_cookie, .load_arg = &cookies});
    fixture_start(&fixture);
    ssr_request request = {.cookie_headers = headers, .cookie_header_count = 1};
    assert_status(fixture_run_request(&fixture, ask_once, &cookies, &request), SSR_OK);
    assert_int_equal(fixture.result->passes, 2);
    fixture_close(&fixture);
}

static ssr_status give_up_for_a_reason(ssr_operation *operation, void *arg)
{
    (void)arg;
    return ssr_operation_fail(operation, "gone", "nobody is there");
}

static void a_hook_needs_no_name(void **state)
{
    struct state_site site;
    (void)state;
    open_state(&site, NULL);
    assert_status(run_with_hook(&site, show_state, give_up_for_a_reason), SSR_E_FAILED);
    assert_string_equal(site.fixture.result->error, "hook \"\": gone: nobody is there");
    fixture_close(&site.fixture);
}

static void a_hook_says_where_its_cookie_counts(void **state)
{
    struct state_site site;
    (void)state;
    open_state(&site, NULL);
    assert_status(run_with_hook(&site, show_state, write_attributes), SSR_OK);
    assert_string_equal(site.fixture.result->set_cookies[0], "theme=dark; Path=/p; Domain=example.org; SameSite=Lax");
    fixture_close(&site.fixture);
}

static ssr_status use_and_ask(ssr_ctx *ctx, void *arg)
{
    struct state_site *site = arg;
    ssr_set_string(ctx, site->title, "staged");
    ssr_get_string(ctx, site->lazy);
    ssr_atom *cart = ssr_atom_use(ssr_atoms(ctx), site->atom);
    ssr_atom *other = ssr_atom_use(ssr_atoms(ctx), site->other);
    if (ssr_pass(ctx) == 1) {
        ssr_atom_update(ssr_atom_clone(cart), ssr_input_json("[\"a copy\"]"));
        ssr_atom_update(other, ssr_input_integer(5));
    }
    ssr_query_get(ctx, site->query, NULL, true);
    return SSR_OK;
}

static ssr_status note_twice(ssr_operation *operation, void *arg)
{
    struct state_site *site = arg;
    note_state(site, operation);
    note_json(site, ssr_operation_atom(operation, site->other));
    return ssr_builder_null(ssr_operation_build(operation));
}

/* What the pass staged is seen; what it did to atoms is taken back before the next one. */
static void a_loader_sees_what_the_next_pass_will_see(void **state)
{
    struct state_site site;
    (void)state;
    open_state(&site, note_twice);
    assert_status(fixture_run(&site.fixture, use_and_ask, &site), SSR_OK);
    assert_string_equal(site.seen, "\"staged\" \"made\" \"light\" [] 0 ");
    fixture_close(&site.fixture);
}

static ssr_status use_atoms_of_hook(ssr_ctx *ctx, void *arg)
{
    struct state_site *site = arg;
    if (ssr_pass(ctx) == 2) /* the clones of the hook's writes are there for the loader, and not this one */
        ssr_atom_clone(ssr_atom_use(ssr_atoms(ctx), site->other));
    return ssr_query_integer(ctx, site->query, ssr_pass(ctx) > 1 ? 2 : 1, true).state == SSR_QUERY_FAILED ? SSR_E_FAILED
                                                                                                          : SSR_OK;
}

static ssr_status write_both_atoms(ssr_operation *operation, void *arg)
{
    struct state_site *site = arg;
    ssr_builder_integer(ssr_operation_build_store(operation), 3);
    ssr_operation_update_atom(operation, site->other);
    ssr_builder_json(ssr_operation_build_store(operation), "[4]", 3);
    return ssr_operation_update_atom(operation, site->atom);
}

static void a_loader_sees_the_atoms_of_a_hook(void **state)
{
    struct state_site site;
    (void)state;
    open_state(&site, note_twice);
    assert_status(run_with_hook(&site, use_atoms_of_hook, write_both_atoms), SSR_OK);
    assert_string_equal(site.seen, "\"Default\" - \"light\" [4] 3 \"Default\" - \"light\" [4] 3 ");
    fixture_close(&site.fixture);
}

enum { CROWD = 200 };

struct crowd {
    struct fixture fixture;
    ssr_store *stores[CROWD];
    ssr_query *query;
    int stride;
};

static ssr_status read_all_stores(ssr_operation *operation, void *arg)
{
    const struct crowd *crowd = arg;
    for (int i = 0; i < CROWD; i++) {
        int64_t seen = -1;
        ssr_json_integer(ssr_operation_get(operation, crowd->stores[i]), &seen);
        assert_int_equal(seen, i % crowd->stride == 0 ? 1000 + i : i);
    }
    return ssr_builder_null(ssr_operation_build(operation));
}

static ssr_status set_some(ssr_ctx *ctx, void *arg)
{
    const struct crowd *crowd = arg;
    for (int i = 0; i < CROWD; i += crowd->stride)
        ssr_set_integer(ctx, crowd->stores[i], 1000 + i);
    ssr_query_get(ctx, crowd->query, NULL, true);
    return SSR_OK;
}

/* Stores that lie close to each other in a table, and some that the request has not touched. */
static void a_loader_tells_many_stores_apart(void **state)
{
    (void)state;
    struct crowd crowd;
    fixture_init(&crowd.fixture);
    fixture_open(&crowd.fixture);
    for (int i = 0; i < CROWD; i++) {
        char name[16], json[16];
        snprintf(name, sizeof name, "store %d", i);
        snprintf(json, sizeof json, "%d", i);
        crowd.stores[i] = fixture_store(&crowd.fixture, name, json);
    }
    crowd.query = ssr_query_define(crowd.fixture.registry, "sum",
                                   &(ssr_query_options){.load = read_all_stores, .load_arg = &crowd});
    fixture_start(&crowd.fixture);
    for (crowd.stride = 1; crowd.stride <= 64; crowd.stride *= 2)
        assert_status(fixture_run(&crowd.fixture, set_some, &crowd), SSR_OK);
    fixture_close(&crowd.fixture);
}

static void assert_unknown(ssr_operation *operation, const struct state_site *of)
{
    const struct state_site none = {.title = NULL};
    of = of ? of : &none;
    assert_int_equal(ssr_json_type(ssr_operation_get(operation, of->title)), SSR_JSON_ABSENT);
    assert_int_equal(ssr_json_type(ssr_operation_cookie(operation, of->cookie)), SSR_JSON_ABSENT);
    assert_int_equal(ssr_json_type(ssr_operation_atom(operation, of->atom)), SSR_JSON_ABSENT);
    assert_status(ssr_operation_set_cookie(operation, of->cookie, ssr_input_string("x")), SSR_E_UNKNOWN_COOKIE);
    assert_status(ssr_operation_delete_cookie(operation, of->cookie), SSR_E_UNKNOWN_COOKIE);
    ssr_builder_null(ssr_operation_build_store(operation));
    assert_status(ssr_operation_update_atom(operation, of->atom), SSR_E_UNKNOWN_ATOM);
    assert_string_equal(ssr_operation_load(operation, of->query).error, "unknown_query");
}

static ssr_status try_the_stranger(ssr_operation *operation, void *arg)
{
    const struct state_site *site = arg;
    assert_unknown(operation, NULL);
    assert_unknown(operation, site->stranger);
    return SSR_OK;
}

static void the_state_of_another_engine_is_unknown(void **state)
{
    struct state_site site, stranger;
    (void)state;
    open_state(&site, NULL);
    open_state(&stranger, NULL);
    site.stranger = &stranger;
    assert_status(run_with_hook(&site, show_state, try_the_stranger), SSR_OK);
    assert_string_equal(site.fixture.result->html, "Defaultlight[]");
    assert_int_equal(site.fixture.result->set_cookie_count, 0);
    fixture_close(&site.fixture);
    fixture_close(&stranger.fixture);
}

/* ---- Redirects -------------------------------------------------------------------------------------------------- */

struct moving {
    ssr_store *source, *copy;
};

static ssr_status copy_source(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    const struct moving *moving = arg;
    return ssr_builder_string(value, ssr_get_string(ctx, moving->source));
}

static ssr_status set_copy(ssr_operation *operation, void *arg)
{
    const struct moving *moving = arg;
    ssr_builder_string(ssr_operation_build_store(operation), "hook");
    return ssr_operation_set(operation, moving->copy);
}

/* At /a the source is changed, and read as a text in the pass that redirects. */
static ssr_status moving_page(ssr_ctx *ctx, void *arg)
{
    const struct moving *moving = arg;
    ssr_text(ctx, ssr_get_string(ctx, moving->source));
    ssr_text(ctx, ssr_get_string(ctx, moving->copy));
    if (strcmp(ssr_location(ctx), "/a") != 0)
        return SSR_OK;
    ssr_set_string(ctx, moving->source, "of a");
    return ssr_pass(ctx) == 2 ? ssr_redirect(ctx, "/b", 0) : SSR_OK;
}

/* What ran before the first pass at /b changed the copy from "Default", which its init made: the digest says so. */
static void assert_init_made_the_default(const char *record)
{
    char expected[64];
    ssr_value *value;
    assert_status(ssr_value_parse(NULL, "\"Default\"", 9, NULL, &value), SSR_OK);
    ssr_digest digest = ssr_value_digest(value);
    snprintf(expected, sizeof expected, "\"before\":\"%016llx%016llx\"", (unsigned long long)digest.high,
             (unsigned long long)digest.low);
    ssr_value_free(value);
    const char *before_b = strstr(record, "{\"pass\":0,");
    assert_non_null(before_b);
    assert_non_null(strstr(before_b, expected));
}

/* The hook's write runs the copy's init between two locations, where the source is at its default already. */
static void a_text_of_the_left_page_is_not_read_again(void **state)
{
    struct fixture fixture;
    struct moving moving;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    moving.source = fixture_store(&fixture, "source", "\"Default\"");
    ssr_store_options options = {.init = copy_source, .init_arg = &moving};
    moving.copy = ssr_store_define(fixture.registry, "copy", &options);
    fixture_start(&fixture);
    ssr_hook hook = {"set", set_copy, &moving};
    ssr_route route = {.hooks = &hook, .hook_count = 1};
    ssr_request request = {.location = "/a",
                           .redirects = SSR_REDIRECTS_FOLLOW,
                           .find_route = fixture_route_of_b,
                           .find_route_arg = &route};
    assert_status(fixture_run_request(&fixture, moving_page, &moving, &request), SSR_OK);
    assert_string_equal(fixture.result->html, "Defaulthook");
    assert_init_made_the_default(fixture.record_json);
    fixture_close(&fixture);
}

static ssr_status redirecting_page(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    return ssr_redirect(ctx, "/new", 0);
}

static void a_redirect_and_data_are_good_answers(void **state)
{
    struct asking asking;
    ssr_request request = {.data_only = true};
    unsigned loads = 0;
    (void)state;
    open_asking(&asking, &(ssr_query_options){.load = give_true, .load_arg = &loads});
    assert_status(fixture_run(&asking.fixture, redirecting_page, NULL), SSR_OK);
    assert_int_equal(asking.fixture.result->outcome, SSR_REDIRECT);
    assert_string_equal(asking.fixture.result->redirect_to, "/new");
    assert_string_equal(asking.fixture.result->data, "");
    assert_status(fixture_run_request(&asking.fixture, asking_page, &asking, &request), SSR_OK);
    assert_false(asking.fixture.result->has_document);
    assert_string_equal(asking.fixture.result->html, "");
    assert_string_equal(asking.fixture.result->transfer, "");
    assert_string_equal(
        asking.fixture.result->data,
        "{\"atoms\":{},\"contexts\":{},\"queries\":{\"[\\\"idea\\\",{\\\"id\\\":7}]\":{\"ready\":true}},"
        "\"stores\":{},\"v\":1}");
    request.redirects = SSR_REDIRECTS_REPORT; /* data mode follows all the same */
    assert_status(fixture_run_request(&asking.fixture, redirecting_page, NULL, &request), SSR_E_REDIRECT_LOOP);
    fixture_close(&asking.fixture);
}

/* ---- The transformer and the record ----------------------------------------------------------------------------- */

static ssr_status encode(const ssr_value *value, ssr_builder *encoded, void *arg)
{
    (void)arg;
    ssr_builder_begin_array(encoded);
    ssr_builder_value(encoded, value);
    return ssr_builder_end_array(encoded);
}

static uint64_t tick(void *arg)
{
    return *(uint64_t *)arg += 1500000;
}

static void results_are_transformed_and_timed(void **state)
{
    struct asking asking = {.wakes = 0};
    struct fixture *fixture = &asking.fixture;
    unsigned loads = 0;
    uint64_t now = 0;
    (void)state;
    fixture_init(fixture);
    fixture->config.encode = encode;
    fixture->config.clock = tick;
    fixture->config.clock_arg = &now;
    fixture_open(fixture);
    ssr_query_options options = {.load = give_true, .load_arg = &loads, .show_args = true};
    asking.query = ssr_query_define(fixture->registry, "idea", &options);
    fixture_start(fixture);
    assert_status(fixture_run(fixture, asking_page, &asking), SSR_OK);
    assert_string_equal(fixture->result->html, "true");
    assert_non_null(strstr(fixture->result->data, "{\"ready\":[true]}"));
    assert_non_null(strstr(fixture->record_json,
                           "\"loads\":[{\"kind\":\"query\",\"name\":\"idea\",\"args\":{\"id\":7},\"state\":\"ready\","
                           "\"ms\":1.500000}]"));
    assert_non_null(strstr(fixture->record_text, "    query \"idea\" {\"id\":7}: ready, 1.500 ms\n"));
    fixture_close(fixture);
}

static void a_record_of_a_wait_says_pending(void **state)
{
    struct asking asking;
    (void)state;
    open_asking(&asking, NULL);
    ssr_operation *operation = begin_waiting(&asking, (ssr_request){.id = NULL});
    ssr_render_cancel(asking.fixture.render);
    end(&asking, 0);
    const char *json = asking.fixture.record_json;
    assert_non_null(strstr(json, "\"queryPasses\":0"));
    assert_non_null(strstr(json, "\"maxQueryPasses\":100"));
    assert_non_null(strstr(json, "\"loads\":[{\"kind\":\"query\",\"name\":\"idea\",\"state\":\"pending\"}]"));
    assert_null(strstr(json, "{\"id\":7}"));
    assert_null(strstr(asking.fixture.record_text, "{\"id\":7}"));
    ssr_operation_run(operation);
    fixture_close(&asking.fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_definitions_are_refused),
        cmocka_unit_test(a_name_is_one_query),
        cmocka_unit_test(queries_are_found_by_name),
        cmocka_unit_test(a_query_of_another_engine_is_unknown),
        cmocka_unit_test(arguments_must_have_been_built),
        cmocka_unit_test(declared_loaders_must_be_of_this_engine),
        cmocka_unit_test(outside_a_callback_nothing_is_asked),
        cmocka_unit_test(an_operation_is_a_snapshot),
        cmocka_unit_test(the_host_answers_itself),
        cmocka_unit_test(codes_are_codes),
        cmocka_unit_test(the_code_stands_unless_another_error_is_returned),
        cmocka_unit_test(a_set_that_ran_out_is_made_again),
        cmocka_unit_test(what_an_operation_sets_is_checked),
        cmocka_unit_test(operations_come_only_while_waiting),
        cmocka_unit_test(a_render_may_be_freed_before_it_hands_out),
        cmocka_unit_test(an_answer_may_be_left_in_the_mailbox),
        cmocka_unit_test(a_wait_has_an_end),
        cmocka_unit_test(times_may_be_negative),
        cmocka_unit_test(the_blocking_call_has_no_time),
        cmocka_unit_test(a_deadline_comes_before_a_timeout),
        cmocka_unit_test(without_deadline_and_timeout_nothing_ends_a_wait),
        cmocka_unit_test(what_timed_out_is_not_handed_out),
        cmocka_unit_test(a_hook_knows_its_request_and_loads_once),
        cmocka_unit_test(a_loader_inside_a_hook_learns_that_nobody_waits),
        cmocka_unit_test(two_hooks_may_load_the_same),
        cmocka_unit_test(a_loader_that_gives_nothing_fails),
        cmocka_unit_test(a_hook_reads_what_it_has_written),
        cmocka_unit_test(a_failed_hook_takes_no_cookie_with_it),
        cmocka_unit_test(nothing_stands_behind_a_cookie),
        cmocka_unit_test(a_hook_needs_no_name),
        cmocka_unit_test(a_hook_says_where_its_cookie_counts),
        cmocka_unit_test(a_loader_sees_what_the_next_pass_will_see),
        cmocka_unit_test(a_loader_sees_the_atoms_of_a_hook),
        cmocka_unit_test(a_loader_tells_many_stores_apart),
        cmocka_unit_test(the_state_of_another_engine_is_unknown),
        cmocka_unit_test(a_text_of_the_left_page_is_not_read_again),
        cmocka_unit_test(a_redirect_and_data_are_good_answers),
        cmocka_unit_test(results_are_transformed_and_timed),
        cmocka_unit_test(a_record_of_a_wait_says_pending),
    };
    return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
