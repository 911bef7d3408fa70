/*
 * Many threads on one engine. Each request carries a 64-bit identity through every way a request can know something;
 * no page may show, set or transfer another's. Also the one call that is legal from another thread: cancel. Threads
 * count what is wrong instead of asserting, because cmocka belongs to the main thread.
 */
#include "testing.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/ssr.h"
#include "ssrstore/cjson.h"

enum { THREADS = 8, PAGES = 2000 };

struct application {
    ssr_engine *engine;
    ssr_store *who, *made, *derived, *count;
    atomic_uint wrong, errors, records;
};

/* What one request is about. */
struct visitor {
    struct application *application;
    uint64_t identity;
    char digits[20];
};

static void expect(struct application *application, bool holds)
{
    if (!holds)
        atomic_fetch_add(&application->wrong, 1);
}

static bool is_my_string(const struct visitor *visitor, const char *text)
{
    return text && strcmp(text, visitor->digits) == 0;
}

static ssr_status make_identity(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    const struct visitor *visitor = ssr_host(ctx);
    (void)arg;
    return ssr_builder_string(value, visitor ? visitor->digits : "nobody");
}

static void read_mine(ssr_ctx *ctx, const struct visitor *visitor)
{
    struct application *application = visitor->application;
    expect(application, ssr_host(ctx) == visitor);
    expect(application, (uint64_t)ssr_now(ctx) == visitor->identity >> 1);
    expect(application, is_my_string(visitor, ssr_get_string(ctx, application->made)));
    if (ssr_pass(ctx) == 1)
        return;
    expect(application, is_my_string(visitor, ssr_get_string(ctx, application->who)));
    const cJSON *view = ssr_get_cjson(ctx, application->derived);
    expect(application, view && is_my_string(visitor, cJSON_GetStringValue(view->child)));
}

static void set_mine(ssr_ctx *ctx, const struct visitor *visitor)
{
    struct application *application = visitor->application;
    ssr_set_string(ctx, application->who, visitor->digits);
    ssr_builder *builder = ssr_build(ctx);
    ssr_builder_begin_array(builder);
    ssr_builder_string(builder, visitor->digits);
    ssr_builder_end_array(builder);
    ssr_set_built(ctx, application->derived);
    /* Pages take different numbers of passes, and one in eight never settles. */
    if (visitor->identity % 8 == 7 || ssr_pass(ctx) < visitor->identity % 8)
        ssr_set_integer(ctx, application->count, ssr_pass(ctx));
}

static ssr_status page(ssr_ctx *ctx, void *arg)
{
    const struct visitor *visitor = arg;
    read_mine(ctx, visitor);
    ssr_html(ctx, "<p>");
    ssr_text(ctx, ssr_get_string(ctx, visitor->application->who));
    ssr_html(ctx, "</p>");
    set_mine(ctx, visitor);
    return ssr_transfer_here(ctx);
}

static void check_result(const struct visitor *visitor, const ssr_result *result)
{
    struct application *application = visitor->application;
    char transfer[160], html[256];
    snprintf(html, sizeof html, "<p>%s</p>%s", visitor->digits, result->transfer);
    expect(application, strcmp(result->html, html) == 0);
    snprintf(transfer, sizeof transfer, "\"derived\":[\"%s\"],\"made\":\"%s\",\"who\":\"%s\"", visitor->digits,
             visitor->digits, visitor->digits);
    expect(application, strstr(result->transfer, transfer) != NULL);
    expect(application, result->refused == 0);
    expect(application, result->outcome == (visitor->identity % 8 == 7 ? SSR_HARD_CAP : SSR_SETTLED));
}

/* splitmix64: identities that share nothing. */
static uint64_t identity_of(uint64_t number)
{
    uint64_t z = number * 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static void visit(struct application *application, uint64_t number)
{
    struct visitor visitor = {application, identity_of(number), ""};
    ssr_render *render;
    snprintf(visitor.digits, sizeof visitor.digits, "%016" PRIx64, visitor.identity);
    ssr_request request = {
        .id = visitor.digits, .host = &visitor, .now_ms = (int64_t)(visitor.identity >> 1), .seed = visitor.identity};
    expect(application, ssr_run(application->engine, page, &visitor, &request, &render) == SSR_OK);
    const ssr_result *result = render ? ssr_render_result(render) : NULL;
    if (result)
        check_result(&visitor, result);
    ssr_render_free(render);
}

struct thread {
    struct application *application;
    uint64_t first;
};

static void *visit_often(void *arg)
{
    const struct thread *thread = arg;
    for (uint64_t i = 0; i < PAGES; i++)
        visit(thread->application, thread->first + i);
    return NULL;
}

static void count_error(void *arg, const char *category, const char *line)
{
    struct application *application = arg;
    (void)category, (void)line;
    atomic_fetch_add(&application->errors, 1);
}

static void count_record(void *arg, ssr_record *record)
{
    struct application *application = arg;
    const char *id = ssr_record_summarize(record).id;
    const char *json = ssr_record_json(record, NULL);
    atomic_fetch_add(&application->records, 1);
    expect(application, json && strstr(json, id));
}

static void open_application(struct application *application)
{
    ssr_config config = ssr_config_default();
    config.forbidden_rerenders_count = 12;
    config.check_views = true;
    config.log = (ssr_log){.error = count_error, .record = count_record, .arg = application};
    assert_int_equal(ssr_engine_new(&config, &application->engine), SSR_OK);
    ssr_registry *registry = ssr_engine_registry(application->engine);
    ssr_store_options made = {.init = make_identity}, local = {.policy = SSR_LOCAL};
    ssr_store_options derived = {.lifetime = SSR_DERIVED, .default_json = "[\"nobody\"]"};
    application->who = ssr_store_define(registry, "who", NULL);
    application->made = ssr_store_define(registry, "made", &made);
    application->derived = ssr_store_define(registry, "derived", &derived);
    application->count = ssr_store_define(registry, "count", &local);
    assert_int_equal(ssr_engine_start(application->engine), SSR_OK);
}

static void no_request_sees_another(void **state)
{
    static struct application application;
    struct thread threads[THREADS];
    pthread_t handles[THREADS];
    unsigned never_settle = 0;
    (void)state;
    open_application(&application);
    for (unsigned i = 0; i < THREADS; i++) {
        threads[i] = (struct thread){&application, 1 + i * (uint64_t)PAGES};
        assert_int_equal(pthread_create(&handles[i], NULL, visit_often, &threads[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(handles[i], NULL);
    for (uint64_t i = 1; i <= THREADS * PAGES; i++)
        never_settle += identity_of(i) % 8 == 7;
    ssr_engine_free(application.engine);
    assert_int_equal(application.wrong, 0);
    assert_int_equal(application.errors, never_settle);
    assert_int_equal(application.records, THREADS * PAGES);
}

/* ---- Cancelling from another thread ---------------------------------------------------------------------------------
 */

static ssr_status endless_page(ssr_ctx *ctx, void *store)
{
    ssr_text_integer(ctx, ssr_get_integer(ctx, store, 0));
    return ssr_set_integer(ctx, store, ssr_pass(ctx));
}

static void *cancel(void *render)
{
    ssr_render_cancel(render);
    return NULL;
}

static void cancel_is_legal_on_any_thread(void **state)
{
    ssr_engine *engine;
    ssr_render *render;
    pthread_t canceller;
    (void)state;
    ssr_config config = ssr_config_default();
    config.forbidden_rerenders_count = SSR_UNLIMITED;
    config.limits.passes = SSR_UNLIMITED;
    assert_int_equal(ssr_engine_new(&config, &engine), SSR_OK);
    ssr_store *store = ssr_store_define(ssr_engine_registry(engine), "count", NULL);
    assert_int_equal(ssr_engine_start(engine), SSR_OK);
    assert_int_equal(ssr_render_new(engine, endless_page, store, NULL, &render), SSR_OK);
    assert_int_equal(ssr_render_step(render, 0), SSR_STEP_AGAIN);
    assert_int_equal(pthread_create(&canceller, NULL, cancel, render), 0);
    while (ssr_render_step(render, 0) == SSR_STEP_AGAIN)
        continue;
    pthread_join(canceller, NULL);
    const ssr_result *result = ssr_render_result(render);
    assert_int_equal(result->outcome, SSR_CANCELLED);
    assert_true(result->has_document);
    assert_int_equal(atoi(result->html), result->passes - 1);
    ssr_render_free(render);
    ssr_engine_free(engine);
}

/* A render may go from thread to thread between two steps. */
static void *step_once(void *render)
{
    return ssr_render_step(render, 0) == SSR_STEP_AGAIN ? render : NULL;
}

static void a_render_moves_between_threads(void **state)
{
    ssr_engine *engine;
    ssr_render *render;
    void *more;
    (void)state;
    assert_int_equal(ssr_engine_new(NULL, &engine), SSR_OK);
    ssr_store *store = ssr_store_define(ssr_engine_registry(engine), "count", NULL);
    assert_int_equal(ssr_engine_start(engine), SSR_OK);
    assert_int_equal(ssr_render_new(engine, endless_page, store, NULL, &render), SSR_OK);
    do {
        pthread_t stepper;
        assert_int_equal(pthread_create(&stepper, NULL, step_once, render), 0);
        pthread_join(stepper, &more);
    } while (more);
    assert_int_equal(ssr_render_result(render)->passes, 26);
    assert_string_equal(ssr_render_result(render)->html, "25");
    ssr_render_free(render);
    ssr_engine_free(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_request_sees_another),
        cmocka_unit_test(cancel_is_legal_on_any_thread),
        cmocka_unit_test(a_render_moves_between_threads),
    };
    return cmocka_run_group_tests_name("threads", tests, NULL, NULL);
}
