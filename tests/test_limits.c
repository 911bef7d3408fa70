/*
 * Each limit of ssr_limits, at its edge: a request that takes exactly what is allowed, one that takes one more, and
 * ordinary ones begun before and after it on the same engine, which notice nothing. docs/tuning.md has
 * the table, and tests/house.sh holds the fields against it and against this file.
 */
#include <stddef.h>

#include "fixture.h"

enum { LIMIT_STORES = 5 };

struct site {
    struct fixture fixture;
    ssr_store *title, *many[LIMIT_STORES + 1];
    ssr_query *number;
};

/* What a request is about: how much it takes of one thing. */
struct visit {
    const struct site *site;
    uint64_t amount;
};

/* ---- A page for each limit --------------------------------------------------------------------------------------- */

static ssr_status write_bytes(ssr_ctx *ctx, void *arg)
{
    const struct visit *visit = arg;
    for (uint64_t i = 0; i < visit->amount; i++)
        ssr_html(ctx, "x");
    return SSR_OK;
}

/* A canonical text of that length: two quotes and letters between them. */
static ssr_status set_bytes(ssr_ctx *ctx, void *arg)
{
    const struct visit *visit = arg;
    char text[64] = "";
    memset(text, 'v', visit->amount - 2);
    ssr_set_string(ctx, visit->site->title, text);
    return ssr_text(ctx, ssr_get_string(ctx, visit->site->title));
}

static ssr_status read_stores(ssr_ctx *ctx, void *arg)
{
    const struct visit *visit = arg;
    for (uint64_t i = 0; i < visit->amount; i++)
        ssr_get(ctx, visit->site->many[i]);
    return SSR_OK;
}

static ssr_status read_a_cookie(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    return ssr_text(ctx, ssr_cookie_sent(ctx, "a", 0));
}

static ssr_status ask_queries(ssr_ctx *ctx, void *arg)
{
    const struct visit *visit = arg;
    for (uint64_t i = 0; i < visit->amount; i++)
        ssr_query_integer(ctx, visit->site->number, (int64_t)i, true);
    return SSR_OK;
}

/* Settles in the pass of that number. */
static ssr_status take_passes(ssr_ctx *ctx, void *arg)
{
    const struct visit *visit = arg;
    uint64_t pass = ssr_pass(ctx);
    ssr_set_integer(ctx, visit->site->title, (int64_t)(pass < visit->amount ? pass : visit->amount - 1));
    return ssr_text_integer(ctx, (int64_t)pass);
}

static ssr_status load_number(ssr_operation *operation, void *arg)
{
    ssr_json args = ssr_operation_args(operation);
    (void)arg;
    return ssr_builder_json(ssr_operation_build(operation), args.text, args.length);
}

/* ---- Requests ---------------------------------------------------------------------------------------------------- */

struct limit {
    const char *name;
    size_t offset;
    uint64_t limit;
    ssr_page_fn page;
    bool in_cookies; /* the amount is what the headers bring */
};

#define LIMIT(field, most, page)                                             \
    {                                                                        \
        "ssr_limits." #field, offsetof(ssr_limits, field), most, page, false \
    }
#define COOKIE_LIMIT(field, most)                                                    \
    {                                                                                \
        "ssr_limits." #field, offsetof(ssr_limits, field), most, read_a_cookie, true \
    }

static const struct limit limits[] = {
    LIMIT(output_bytes, 40, write_bytes),
    LIMIT(value_bytes, 24, set_bytes),
    LIMIT(stores, LIMIT_STORES, read_stores),
    COOKIE_LIMIT(cookies, 3),
    COOKIE_LIMIT(cookie_bytes, 30),
    LIMIT(queries, 4, ask_queries),
    LIMIT(passes, 6, take_passes),
};

static void open_site(struct site *site, size_t offset, uint64_t limit)
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
    fixture_init(&site->fixture);
    memcpy((char *)&site->fixture.config.limits + offset, &limit, sizeof limit);
    fixture_open(&site->fixture);
    site->title = fixture_store(&site->fixture, "title", "\"untitled\"");
    for (size_t i = 0; i < TEST_COUNT(site->many); i++)
        site->many[i] = fixture_store(&site->fixture, names[i], "0");
    site->number = ssr_query_define(site->fixture.registry, "number", &(ssr_query_options){.load = load_number});
    fixture_start(&site->fixture);
}

/* Cookies of one byte each, or one that is as long as that. */
static void fill_header(const struct limit *limit, uint64_t amount, char *header)
{
    bool is_count = limit->offset == offsetof(ssr_limits, cookies);
    for (uint64_t i = 0; is_count && i < amount; i++)
        header += sprintf(header, "%sa=%u", i ? ";" : "", (unsigned)i);
    if (!is_count) {
        memset(header, 'c', amount);
        memcpy(header, "a=", 2);
    }
}

static ssr_status run_with(struct site *site, const struct limit *limit, uint64_t amount)
{
    struct visit visit = {site, amount};
    char text[64] = "";
    const char *header = text;
    if (limit->in_cookies)
        fill_header(limit, amount, text);
    return fixture_run_request(&site->fixture, limit->page, &visit,
                               &(ssr_request){.cookie_headers = &header, .cookie_header_count = 1});
}

/* ---- Ordinary ones ----------------------------------------------------------------------------------------------- */

/* A little of everything: a cookie, a query, a store set from both, three passes. */
static ssr_status ordinary_page(ssr_ctx *ctx, void *arg)
{
    const struct site *site = arg;
    ssr_query_result loaded = ssr_query_integer(ctx, site->number, 7, true);
    ssr_text(ctx, ssr_get_string(ctx, site->title));
    ssr_text_n(ctx, loaded.data.text, loaded.data.length);
    if (loaded.state == SSR_QUERY_READY)
        ssr_set_string(ctx, site->title, ssr_cookie_sent(ctx, "who", 0));
    return SSR_OK;
}

static ssr_render *begin_ordinary(const struct site *site)
{
    static const char *const header = "who=me";
    ssr_request request = {.cookie_headers = &header, .cookie_header_count = 1};
    ssr_render *render;
    assert_status(ssr_render_new(site->fixture.engine, ordinary_page, (void *)site, &request, &render), SSR_OK);
    assert_int_equal(ssr_render_step(render, 0), SSR_STEP_WAITING);
    return render;
}

static void end_ordinary(ssr_render *render)
{
    while (ssr_render_step(render, 0) != SSR_STEP_ENDED)
        for (ssr_operation *operation; (operation = ssr_render_next_operation(render)) != NULL;)
            ssr_operation_run(operation);
    const ssr_result *result = ssr_render_result(render);
    assert_int_equal(result->outcome, SSR_SETTLED);
    assert_string_equal(result->html, "me7");
    assert_int_equal(result->passes, 3);
    assert_int_equal(result->refused, 0);
    ssr_render_free(render);
}

/* ---- The limits -------------------------------------------------------------------------------------------------- */

static void assert_at_its_limit(struct site *site, const struct limit *limit)
{
    assert_status(run_with(site, limit, limit->limit), SSR_OK);
    assert_int_equal(site->fixture.result->outcome, SSR_SETTLED);
    assert_int_equal(site->fixture.result->refused, 0);
}

/* Only a value that is too long is refused by itself; its store keeps what it had. */
static void assert_beyond_its_limit(struct site *site, const struct limit *limit)
{
    const ssr_result *result;
    bool refuses = limit->offset == offsetof(ssr_limits, value_bytes);
    run_with(site, limit, limit->limit + 1);
    result = site->fixture.result;
    assert_int_equal(result->outcome, refuses ? SSR_SETTLED : SSR_LIMITED);
    assert_int_equal(result->refused, refuses);
    if (refuses) {
        assert_string_equal(result->html, "untitled");
        assert_non_null(strstr(site->fixture.record_json, "\"too_large\""));
    } else {
        assert_status(result->error_status, SSR_E_LIMIT);
        assert_non_null(strstr(result->error, limit->name));
    }
}

static void one_more_than_a_limit_ends_that_request_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(limits); i++) {
        static struct site site;
        open_site(&site, limits[i].offset, limits[i].limit);
        ssr_render *before = begin_ordinary(&site);
        assert_at_its_limit(&site, &limits[i]);
        ssr_render *between = begin_ordinary(&site);
        assert_beyond_its_limit(&site, &limits[i]);
        end_ordinary(before);
        end_ordinary(begin_ordinary(&site));
        end_ordinary(between);
        assert_at_its_limit(&site, &limits[i]);
        fixture_close(&site.fixture);
    }
}

/* The document is that of the last pass that completed: the sixth, which the limit of passes made the last. */
static void a_request_over_its_limit_keeps_the_last_completed_pass(void **state)
{
    static struct site site;
    const struct limit passes = LIMIT(passes, 6, take_passes);
    (void)state;
    open_site(&site, passes.offset, passes.limit);
    assert_status(run_with(&site, &passes, 7), SSR_OK); /* there is a document */
    assert_int_equal(site.fixture.result->outcome, SSR_LIMITED);
    assert_true(site.fixture.result->has_document);
    assert_string_equal(site.fixture.result->html, "6");
    assert_int_equal(site.fixture.result->passes, 6);
    fixture_close(&site.fixture);
}

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

enum { LONG_PAGE = 100000, ENOUGH_FOR_ORDINARY = 60000, BESIDE = 32768 /* the render itself, and its record */ };

/* taken: the memory of the render when it has ended. */
static ssr_status run_in(uint64_t request_bytes, size_t *taken)
{
    static struct site site;
    const struct limit memory = LIMIT(request_bytes, 0, write_bytes);
    open_site(&site, memory.offset, request_bytes);
    ssr_render *ordinary = begin_ordinary(&site);
    size_t before = site.fixture.memory.live_bytes;
    ssr_status status = run_with(&site, &memory, LONG_PAGE);
    *taken = site.fixture.memory.live_bytes - before;
    assert_int_equal(site.fixture.result->outcome, status == SSR_OK ? SSR_SETTLED : SSR_LIMITED);
    if (status != SSR_OK)
        assert_status(site.fixture.result->error_status, SSR_E_LIMIT);
    end_ordinary(ordinary);
    end_ordinary(begin_ordinary(&site));
    fixture_close(&site.fixture);
    return status;
}

/* Whatever allocations there are, there is one least number of bytes that is enough; one less is refused. */
static void a_byte_of_memory_less_ends_that_request_alone(void **state)
{
    uint64_t refused = ENOUGH_FOR_ORDINARY, enough = 1 << 20;
    size_t taken;
    (void)state;
    assert_status(run_in(refused, &taken), SSR_E_LIMIT);
    assert_status(run_in(enough, &taken), SSR_OK);
    while (enough - refused > 1) {
        uint64_t middle = refused + (enough - refused) / 2;
        *(run_in(middle, &taken) == SSR_OK ? &enough : &refused) = middle;
    }
    assert_status(run_in(enough, &taken), SSR_OK);
    assert_in_range(taken, LONG_PAGE, enough + BESIDE);
    printf("count: a page of %d bytes settles within request_bytes of %u\n", LONG_PAGE, (unsigned)enough);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_more_than_a_limit_ends_that_request_alone),
        cmocka_unit_test(a_request_over_its_limit_keeps_the_last_completed_pass),
        cmocka_unit_test(a_byte_of_memory_less_ends_that_request_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
