/*
 * Recyclers: a warm render allocates nothing, documents are the same, what is kept is bounded, and nothing of a render
 * that had secrets is left in what it gives back.
 */
#include "fixture.h"

struct warm {
    ssr_store *title, *count;
    const char *shown;
};

static ssr_status page(ssr_ctx *ctx, void *arg)
{
    const struct warm *warm = arg;
    ssr_html(ctx, "<h1>");
    ssr_text(ctx, ssr_get_string(ctx, warm->title));
    ssr_html(ctx, "</h1>");
    ssr_text_integer(ctx, ssr_get_integer(ctx, warm->count, 0));
    ssr_set_string(ctx, warm->title, warm->shown);
    ssr_set_integer(ctx, warm->count, 7);
    return ssr_transfer_here(ctx);
}

static void open_warm(struct fixture *fixture, struct warm *warm)
{
    fixture_init(fixture);
    fixture->config.log = (ssr_log){0};
    fixture_open(fixture);
    warm->title = fixture_store(fixture, "title", "\"Untitled\"");
    warm->count = fixture_store(fixture, "count", "0");
    warm->shown = "One idea";
    fixture_start(fixture);
}

/* ---- What is saved ----------------------------------------------------------------------------------------------- */

static void test_warm_render_allocates_nothing(void **state)
{
    struct fixture fixture;
    struct warm warm;
    (void)state;
    open_warm(&fixture, &warm);
    ssr_recycler *recycler = ssr_recycler_new(&fixture.config.allocator, 1 << 20);
    ssr_request request = {.recycler = recycler};
    char first[1024];
    fixture_run_request(&fixture, page, &warm, &request);
    snprintf(first, sizeof first, "%s", fixture.result->html);
    fixture_run_request(&fixture, page, &warm, &request);
    size_t calls = fixture.memory.calls;
    for (int i = 0; i < 3; i++) {
        fixture_run_request(&fixture, page, &warm, &request);
        assert_int_equal(fixture.result->passes, 2);
        assert_string_equal(fixture.result->html, first);
    }
    assert_int_equal(fixture.memory.calls, calls);
    ssr_render_free(fixture.render);
    fixture.render = NULL;
    ssr_recycler_free(recycler);
    fixture_close(&fixture);
}

static void test_document_is_the_same_without(void **state)
{
    struct fixture fixture;
    struct warm warm;
    (void)state;
    open_warm(&fixture, &warm);
    char plain[1024];
    fixture_run(&fixture, page, &warm);
    snprintf(plain, sizeof plain, "%s", fixture.result->html);
    ssr_recycler *recycler = ssr_recycler_new(&fixture.config.allocator, 1 << 20);
    for (int i = 0; i < 3; i++) {
        fixture_run_request(&fixture, page, &warm, &(ssr_request){.recycler = recycler});
        assert_string_equal(fixture.result->html, plain);
    }
    ssr_render_free(fixture.render);
    fixture.render = NULL;
    ssr_recycler_free(recycler);
    fixture_close(&fixture);
}

/* ---- What is kept ------------------------------------------------------------------------------------------------ */

static void test_keeps_no_more_than_it_may(void **state)
{
    struct test_memory memory = {0};
    ssr_allocator allocator = test_allocator(&memory);
    (void)state;
    sweep_leave_alone(); /* nobody but the test could free its blocks */
    ssr_recycler *recycler = ssr_recycler_new(&allocator, 10000);
    size_t own = memory.live_bytes;
    ssr_allocator recycled = ssr_recycler_allocator(recycler);
    void *blocks[20];
    for (size_t i = 0; i < TEST_COUNT(blocks); i++)
        blocks[i] = recycled.resize(recycled.arg, NULL, 0, 1000);
    for (size_t i = 0; i < TEST_COUNT(blocks); i++)
        recycled.resize(recycled.arg, blocks[i], 1000, 0);
    assert_in_range(memory.live_bytes - own, 1000, 10000);
    ssr_recycler_free(recycler);
    assert_all_freed(&memory);
}

static void test_default_allocator_serves(void **state)
{
    static const ssr_allocator none = {0};
    const ssr_allocator *const givens[] = {NULL, &none};
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(givens); i++) {
        ssr_recycler *recycler = ssr_recycler_new(givens[i], 10000);
        assert_non_null(recycler);
        ssr_allocator recycled = ssr_recycler_allocator(recycler);
        void *block = SWEEP_POINTER("the allocator", recycled.resize(recycled.arg, NULL, 0, 1000));
        assert_non_null(block);
        recycled.resize(recycled.arg, block, 1000, 0);
        ssr_recycler_free(recycler);
    }
}

static ssr_status long_page(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    for (int i = 0; i < 6000; i++)
        ssr_html(ctx, "0123456789");
    return SSR_OK;
}

static ssr_status page_of_one_value(ssr_ctx *ctx, void *title)
{
    static char text[30000];
    memset(text, 'x', sizeof text);
    return ssr_set_string_n(ctx, title, text, sizeof text);
}

/* How long another request's page was takes no memory from this one. */
static void test_limits_are_the_same_without(void **state)
{
    (void)state;
    for (uint64_t kib = 100; kib <= 250; kib += 10) {
        struct fixture fixture;
        fixture_init(&fixture);
        fixture.config.log = (ssr_log){0};
        fixture.config.limits.request_bytes = kib << 10;
        fixture_open(&fixture);
        ssr_store *title = fixture_store(&fixture, "title", NULL);
        fixture_start(&fixture);
        fixture_run(&fixture, page_of_one_value, title);
        ssr_outcome cold = fixture.result->outcome;
        ssr_recycler *recycler = ssr_recycler_new(&fixture.config.allocator, 1 << 20);
        ssr_request request = {.recycler = recycler};
        fixture_run_request(&fixture, long_page, NULL, &request);
        fixture_run_request(&fixture, page_of_one_value, title, &request);
        assert_int_equal(fixture.result->outcome, cold);
        ssr_render_free(fixture.render);
        fixture.render = NULL;
        ssr_recycler_free(recycler);
        fixture_close(&fixture);
    }
}

static void test_large_blocks_are_not_kept(void **state)
{
    struct test_memory memory = {0};
    ssr_allocator allocator = test_allocator(&memory);
    (void)state;
    ssr_recycler *recycler = ssr_recycler_new(&allocator, SIZE_MAX);
    size_t own = memory.live_bytes;
    ssr_allocator recycled = ssr_recycler_allocator(recycler);
    void *block = SWEEP_POINTER("the allocator", recycled.resize(recycled.arg, NULL, 0, (1 << 20) + 1));
    assert_non_null(block);
    recycled.resize(recycled.arg, block, (1 << 20) + 1, 0);
    assert_int_equal(memory.live_bytes, own);
    ssr_recycler_free(recycler);
}

static void test_blocks_of_every_size_hold_their_bytes(void **state)
{
    struct test_memory memory = {0};
    ssr_allocator allocator = test_allocator(&memory);
    (void)state;
    sweep_leave_alone(); /* nobody but the test could free its block */
    ssr_recycler *recycler = ssr_recycler_new(&allocator, SIZE_MAX);
    ssr_allocator recycled = ssr_recycler_allocator(recycler);
    unsigned char *block = NULL;
    size_t size = 0;
    for (size_t next = 1; next < 3 << 20; next += next / 7 + 1) {
        unsigned char *moved = recycled.resize(recycled.arg, block, size, next);
        assert_non_null(moved);
        for (size_t i = 0; i < size; i += 97)
            assert_int_equal(moved[i], (unsigned char)(i * 31));
        for (size_t i = 0; i < next; i++)
            moved[i] = (unsigned char)(i * 31);
        block = moved;
        size = next;
    }
    recycled.resize(recycled.arg, block, size, 0);
    ssr_recycler_free(recycler);
    assert_all_freed(&memory);
}

static void test_no_memory_changes_nothing(void **state)
{
    struct test_memory memory = {0};
    ssr_allocator allocator = test_allocator(&memory);
    (void)state;
    memory.fail_at = 1;
    assert_null(ssr_recycler_new(&allocator, SIZE_MAX));
    ssr_recycler *recycler = ssr_recycler_new(&allocator, SIZE_MAX);
    ssr_allocator recycled = ssr_recycler_allocator(recycler);
    char *block = recycled.resize(recycled.arg, NULL, 0, 100);
    memcpy(block, "still here", 11);
    memory.fail_at = memory.calls + 1;
    assert_null(recycled.resize(recycled.arg, block, 100, 5000));
    assert_string_equal(block, "still here");
    recycled.resize(recycled.arg, block, 100, 0);
    ssr_recycler_free(recycler);
    assert_all_freed(&memory);
}

/* ---- Secrets ----------------------------------------------------------------------------------------------------- */

static const char mark[] = "nobody-may-find-this";

/* Counts the blocks that come back with the mark in them. */
static void *spy_resize(void *arg, void *pointer, size_t old_size, size_t new_size)
{
    for (size_t i = 0; pointer && i + sizeof mark - 1 <= old_size; i++)
        *(unsigned *)arg += memcmp((const char *)pointer + i, mark, sizeof mark - 1) == 0;
    void *moved = new_size > 0 ? calloc(1, new_size) : NULL;
    if (moved && pointer)
        memcpy(moved, pointer, old_size < new_size ? old_size : new_size);
    free(pointer);
    return moved;
}

static ssr_status show_secret(ssr_ctx *ctx, void *cookie)
{
    ssr_cookie_set(ctx, cookie, ssr_input_string(mark));
    ssr_text(ctx, ssr_cookie_get_string(ctx, cookie));
    return ssr_html(ctx, "<p>done</p>");
}

static void test_secrets_are_wiped(void **state)
{
    static const unsigned char secret[] = "0123456789abcdef0123456789abcdef";
    static const ssr_cookie_key key = {"k1", secret, SSR_COOKIE_KEY_BYTES};
    unsigned found = 0;
    ssr_allocator spy = {spy_resize, &found};
    (void)state;
    ssr_recycler *recycler = ssr_recycler_new(&spy, SIZE_MAX);
    ssr_config config = ssr_config_default();
    ssr_engine *engine;
    config.cookie_keys = &key;
    config.cookie_key_count = 1;
    assert_status(ssr_engine_new(&config, &engine), SSR_OK);
    ssr_cookie *cookie = ssr_cookie_define(ssr_engine_registry(engine), "session",
                                           &(ssr_cookie_options){.protection = SSR_COOKIE_SEALED});
    assert_status(ssr_engine_start(engine), SSR_OK);
    ssr_render *render;
    assert_status(ssr_run(engine, show_secret, cookie, &(ssr_request){.recycler = recycler}, &render), SSR_OK);
    assert_non_null(strstr(ssr_render_result(render)->html, mark));
    ssr_render_free(render);
    ssr_recycler_free(recycler);
    ssr_engine_free(engine);
    assert_int_equal(found, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_warm_render_allocates_nothing),
        cmocka_unit_test(test_document_is_the_same_without),
        cmocka_unit_test(test_limits_are_the_same_without),
        cmocka_unit_test(test_keeps_no_more_than_it_may),
        cmocka_unit_test(test_default_allocator_serves),
        cmocka_unit_test(test_large_blocks_are_not_kept),
        cmocka_unit_test(test_blocks_of_every_size_hold_their_bytes),
        cmocka_unit_test(test_no_memory_changes_nothing),
        cmocka_unit_test(test_secrets_are_wiped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
