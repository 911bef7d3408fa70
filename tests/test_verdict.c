/*
 * Faults that are planted, and the one look at the record that names each: verdict, names, advice. And pages that have
 * none, which must not be accused. SHOW=NAME prints the text form of that page's record, as docs/reading-the-log.md
 * shows it.
 */
#include "fixture.h"

#include "cookie/cookie.h"
#include "engine/render_internal.h"
#include "ssrstore/atom.h"

/* What the pages of a case share. */
struct planted {
    struct fixture fixture;
    ssr_store *a, *b, *c, *d, *e, *f;
    ssr_query *idea, *site;
    ssr_cookie *visit;
    ssr_atom_template *theme;
    uint64_t chance;
    int64_t clock;
    char pointer[32];
};

/* ---- Pages with a fault ------------------------------------------------------------------------------------------ */

/* A clock that goes on between passes. */
static ssr_status clock_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    ssr_get(ctx, planted->a);
    planted->clock += 3 + (int64_t)ssr_pass(ctx) % 4;
    return ssr_set_integer(ctx, planted->a, planted->clock);
}

/* A clock, and beside it a switch, and something that is new only in the end: both have come back to values. */
static ssr_status clock_and_flip_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    unsigned pass = ssr_pass(ctx);
    ssr_set_boolean(ctx, planted->d, !ssr_get_boolean(ctx, planted->d, false));
    ssr_set_integer(ctx, planted->e, pass < 20 ? pass % 2 : pass);
    return clock_page(ctx, arg);
}

static ssr_status date_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    char json[80];
    int length = snprintf(json, sizeof json, "{\"at\":\"2026-11-21T07:%02u:%02uZ\",\"by\":\"clock\"}",
                          ssr_pass(ctx) / 60, ssr_pass(ctx) % 60);
    return ssr_set_json(ctx, planted->a, json, (size_t)length);
}

static uint64_t draw(struct planted *planted)
{
    planted->chance = planted->chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return planted->chance >> 16;
}

static ssr_status random_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    return ssr_set_integer(ctx, planted->a, (int64_t)(draw(planted) % 2147483647));
}

static ssr_status token_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    char text[40];
    snprintf(text, sizeof text, "%08x%08x", (unsigned)draw(planted), (unsigned)draw(planted));
    return ssr_set_string(ctx, planted->a, text);
}

static ssr_status flip_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    return ssr_set_boolean(ctx, planted->a, !ssr_get_boolean(ctx, planted->a, false));
}

/* Each of three stores follows the one before. */
static ssr_status wheel_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    int64_t at = ssr_get_integer(ctx, planted->a, 0);
    return ssr_set_integer(ctx, planted->a, (at + 1) % 3);
}

/* Two parts of a page that want the other one's opposite. */
static ssr_status fight_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    bool is_dark = ssr_get_boolean(ctx, planted->a, false);
    if (is_dark)
        ssr_set_boolean(ctx, planted->a, false);
    else
        ssr_set_boolean(ctx, planted->a, true);
    return SSR_OK;
}

/* Two parts that set the same store in one pass; the last one counts. */
static ssr_status override_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    ssr_set_string(ctx, planted->a, "the layout's");
    ssr_set_string(ctx, planted->a, "the page's");
    return SSR_OK;
}

static ssr_status counter_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    return ssr_set_integer(ctx, planted->a, ssr_get_integer(ctx, planted->a, 0) + 1);
}

static ssr_status pointer_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    char text[40];
    snprintf(text, sizeof text, "0x55d0%08x", (0x1a2b3000u + ssr_pass(ctx) * 0x40u));
    return ssr_set_string(ctx, planted->a, text);
}

static ssr_status growing_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    ssr_builder *builder = ssr_build(ctx);
    ssr_builder_begin_array(builder);
    for (unsigned i = 0; i < ssr_pass(ctx); i++)
        ssr_builder_string(builder, "seen");
    ssr_builder_end_array(builder);
    return ssr_set_built(ctx, planted->a);
}

static ssr_status deep_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    ssr_builder *builder = ssr_build(ctx);
    for (int i = 0; i < 129; i++)
        ssr_builder_begin_array(builder);
    for (int i = 0; i < 129; i++)
        ssr_builder_end_array(builder);
    ssr_set_built(ctx, planted->a);
    return SSR_OK;
}

static ssr_status changing_query_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    ssr_query_integer(ctx, planted->idea, ssr_pass(ctx), true);
    return SSR_OK;
}

static ssr_status cookie_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)(planted->clock += 7));
    return ssr_cookie_set(ctx, planted->visit, ssr_input_string(text));
}

static ssr_status failing_query_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    ssr_query_result result = ssr_query_integer(ctx, planted->site, 7, true);
    if (result.state == SSR_QUERY_FAILED)
        ssr_set_string(ctx, planted->a, result.error);
    return SSR_OK;
}

/* Each store is set from the one before, six of them. */
static ssr_status chain_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    ssr_set_integer(ctx, planted->a, 1);
    ssr_set_integer(ctx, planted->b, ssr_get_integer(ctx, planted->a, 0));
    ssr_set_integer(ctx, planted->c, ssr_get_integer(ctx, planted->b, 0));
    ssr_set_integer(ctx, planted->d, ssr_get_integer(ctx, planted->c, 0));
    ssr_set_integer(ctx, planted->e, ssr_get_integer(ctx, planted->d, 0));
    return ssr_set_integer(ctx, planted->f, ssr_get_integer(ctx, planted->e, 0));
}

/* Five queries, each asked with the answer of the one before. */
static ssr_status serial_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    int64_t next = 0;
    for (int i = 0; i < 5; i++) {
        ssr_query_result result = ssr_query_integer(ctx, planted->idea, next, true);
        if (result.state != SSR_QUERY_READY || ssr_json_integer(result.data, &next) != SSR_OK)
            break;
    }
    return SSR_OK;
}

static ssr_status large_page(ssr_ctx *ctx, void *arg)
{
    static char text[12000];
    struct planted *planted = arg;
    memset(text, 'x', sizeof text - 1);
    return ssr_set_string(ctx, planted->a, text);
}

/* An atom that is changed after a part of the page has read it. */
static ssr_status late_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    ssr_atom *atom = ssr_atom_use(ssr_atoms(ctx), planted->theme);
    ssr_atom_value(atom);
    return ssr_atom_update(atom, ssr_input_string("dark"));
}

static ssr_status failing_page(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    return ssr_fail(ctx, "the ideas cannot be read");
}

/* ---- Pages without one ------------------------------------------------------------------------------------------- */

static ssr_status order_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    static const char json[] = "{\"b\":2,\"a\":1}";
    return ssr_set_json(ctx, planted->b, json, sizeof json - 1);
}

static ssr_status fresh_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    char text[16];
    snprintf(text, sizeof text, "%s", "Default");
    return ssr_set_string(ctx, planted->c, text);
}

/* A query feeds a store, that a query, that a store, that another: five passes, and none too many. */
static ssr_status honest_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    int64_t first = 0, second = 0;
    if (ssr_json_integer(ssr_query_integer(ctx, planted->idea, 0, true).data, &first) == SSR_OK)
        ssr_set_integer(ctx, planted->a, first);
    int64_t id = ssr_get_integer(ctx, planted->a, 0);
    if (id > 0 && ssr_json_integer(ssr_query_integer(ctx, planted->idea, id, true).data, &second) == SSR_OK)
        ssr_set_integer(ctx, planted->d, second);
    return SSR_OK;
}

/* The same store is set in each of the first four passes, and then it is done. */
static ssr_status steps_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    unsigned pass = ssr_pass(ctx);
    return ssr_set_integer(ctx, planted->a, pass < 4 ? pass : 4);
}

/* ---- Playing ----------------------------------------------------------------------------------------------------- */

static ssr_status answer_next(ssr_operation *operation, void *arg)
{
    int64_t given = 0;
    (void)arg;
    ssr_json_integer(ssr_operation_args(operation), &given);
    return ssr_builder_integer(ssr_operation_build(operation), given + 1);
}

static ssr_status answer_never(ssr_operation *operation, void *arg)
{
    (void)arg;
    return ssr_operation_fail(operation, "gone", "the ideas cannot be read");
}

static uint64_t ticking(void *arg)
{
    return *(uint64_t *)arg += 41000;
}

static void plant(struct planted *planted, uint64_t *ticks)
{
    struct fixture *fixture = &planted->fixture;
    fixture_init(fixture);
    fixture->config.clock = ticking;
    fixture->config.clock_arg = ticks;
    fixture_open(fixture);
    planted->a = fixture_store(fixture, "a", NULL);
    planted->b = fixture_store(fixture, "b", "{\"a\":1,\"b\":2}");
    planted->c = fixture_store(fixture, "c", "\"Default\"");
    planted->d = fixture_store(fixture, "d", NULL);
    planted->e = fixture_store(fixture, "e", NULL);
    planted->f = fixture_store(fixture, "f", NULL);
    planted->idea = ssr_query_define(fixture->registry, "idea", &(ssr_query_options){.load = answer_next});
    planted->site = ssr_query_define(fixture->registry, "site", &(ssr_query_options){.load = answer_never});
    planted->visit = ssr_cookie_define(fixture->registry, "visit", NULL);
    planted->theme = ssr_atom_define(fixture->registry, "theme", NULL);
    planted->chance = 1;
    planted->clock = INT64_C(1795247789000);
    fixture_start(fixture);
}

struct expectation {
    const char *name;
    ssr_page_fn page;
    unsigned passes;
    const char *verdict;  /* the beginning of its JSON */
    const char *words[3]; /* in the JSON form */
    const char *never;    /* in neither form */
};

#define SETTLED "\"verdict\":{\"kind\":\"settled\",\"text\":\"settled after "
static const struct expectation faults[] = {
    {"clock", clock_page, 26, "\"kind\":\"always_new\"", {"\"name\":\"a\"", "\"looksLike\":\"time\""}, NULL},
    {"clock and flip",
     clock_and_flip_page,
     26,
     "\"kind\":\"always_new\"",
     {"\"stores\":[{\"kind\":\"store\",\"name\":\"a\"", "\"looksLike\":\"time\"}]}"},
     NULL},
    {"date", date_page, 26, "\"kind\":\"always_new\"", {"\"name\":\"a\"", "\"looksLike\":\"time\""}, NULL},
    {"random", random_page, 26, "\"kind\":\"always_new\"", {"\"name\":\"a\"", "\"looksLike\":\"random\""}, NULL},
    {"token", token_page, 26, "\"kind\":\"always_new\"", {"\"name\":\"a\"", "\"looksLike\":\"random\""}, NULL},
    {"counter", counter_page, 26, "\"kind\":\"always_new\"", {"\"name\":\"a\"", "\"looksLike\":\"counter\""}, NULL},
    {"pointer", pointer_page, 26, "\"kind\":\"always_new\"", {"\"name\":\"a\"", "\"looksLike\":\"pointer\""}, NULL},
    {"growing", growing_page, 26, "\"kind\":\"always_new\"", {"\"name\":\"a\"", "\"looksLike\":\"growing\""}, NULL},
    {"flip",
     flip_page,
     26,
     "\"kind\":\"cycle\"",
     {"\"period\":2,\"stores\":[{\"kind\":\"store\",\"name\":\"a\""},
     NULL},
    {"wheel",
     wheel_page,
     26,
     "\"kind\":\"cycle\"",
     {"\"period\":3,\"stores\":[{\"kind\":\"store\",\"name\":\"a\""},
     NULL},
    {"fight", fight_page, 26, "\"kind\":\"cycle\"", {"\"period\":2,", "\"writers\":[\"test_verdict.c:"}, NULL},
    {"two writers",
     override_page,
     2,
     "\"kind\":\"settled\"",
     {"{\"kind\":\"two_writers\",\"text\":\"store \\\"a\\\""},
     NULL},
    {"depth",
     deep_page,
     1,
     "\"kind\":\"settled\"",
     {"{\"kind\":\"refused\",\"text\":\"ssr_set of store \\\"a\\\"", "\"error\":\"too_deep\""},
     NULL},
    {"changing query",
     changing_query_page,
     101,
     "\"kind\":\"query_chain\"",
     {"\"queries\":[{\"name\":\"idea\",\"times\":100}]"},
     NULL},
    {"cookie",
     cookie_page,
     26,
     "\"kind\":\"always_new\"",
     {"\"kind\":\"cookie\",\"name\":\"visit\"", "\"looksLike\":\"time\""},
     "1795247789"},
    {"failing query",
     failing_query_page,
     3,
     "\"kind\":\"settled\"",
     {"{\"kind\":\"failed_query\",\"text\":\"store \\\"a\\\" is set at test_verdict.c:", "query \\\"site\\\""},
     NULL},
    {"slow chain",
     chain_page,
     7,
     "\"kind\":\"converging\"",
     {"\"chain\":[{\"kind\":\"store\",\"name\":\"a\",\"pass\":1,", "{\"kind\":\"store\",\"name\":\"f\",\"pass\":6,"},
     NULL},
    {"serial queries",
     serial_page,
     6,
     "\"kind\":\"query_chain\"",
     {"\"queries\":[{\"name\":\"idea\",\"times\":5}]", "\"waitedFor\":[{\"kind\":\"query\",\"name\":\"idea\"}]"},
     NULL},
    {"large value",
     large_page,
     2,
     "\"kind\":\"settled\"",
     {"{\"kind\":\"budget\",\"text\":\"store \\\"a\\\" sends 12001 bytes", "\"size\":12001"},
     NULL},
    {"late write",
     late_page,
     1,
     "\"kind\":\"settled\"",
     {"{\"kind\":\"late_write\",\"text\":\"atom \\\"theme\\\" was changed at test_verdict.c:", "\"lateWrites\":1"},
     NULL},
    {"failing page", failing_page, 1, "\"verdict\":{\"kind\":\"ended\",\"text\":\"failed after 1 pass\"}", {0}, NULL},
};

static const struct expectation honest[] = {
    {"keys in another order", order_page, 1, SETTLED "1 pass\"}", {0}, "\"advice\""},
    {"an equal fresh value", fresh_page, 1, SETTLED "1 pass\"}", {0}, "\"advice\""},
    {"five honest passes", honest_page, 5, SETTLED "5 passes\"}", {0}, "two_writers"},
    {"five steps of one store", steps_page, 5, SETTLED "5 passes\"}", {0}, "two_writers"},
};

static void assert_has(const struct expectation *expected, const char *json, const char *words)
{
    if (words && !strstr(json, words))
        fail_msg("%s: no %s in\n%s", expected->name, words, json);
}

static void play(const struct expectation *expected)
{
    static struct planted planted; /* its texts are large */
    const char *show = getenv("SHOW");
    uint64_t ticks = 0;
    ssr_value *value;
    memset(&planted, 0, sizeof planted);
    plant(&planted, &ticks);
    ssr_request request = {.location = "/page?q=1", .now_ms = INT64_C(1795247700000)};
    fixture_run_request(&planted.fixture, expected->page, &planted, &request);
    const char *json = planted.fixture.record_json;
    if (show && strcmp(show, expected->name) == 0)
        printf("%s%s\n", planted.fixture.record_text, json);
    assert_int_equal(planted.fixture.result->passes, expected->passes);
    assert_status(ssr_value_parse(NULL, json, strlen(json), NULL, &value), SSR_OK);
    ssr_value_free(value);
    assert_has(expected, json, expected->verdict);
    for (size_t i = 0; i < TEST_COUNT(expected->words); i++)
        assert_has(expected, json, expected->words[i]);
    if (expected->never && (strstr(json, expected->never) || strstr(planted.fixture.record_text, expected->never)))
        fail_msg("%s: %s is in\n%s", expected->name, expected->never, json);
    fixture_close(&planted.fixture);
}

static void each_fault_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(faults); i++)
        play(&faults[i]);
}

static void an_honest_page_is_not_accused(void **state)
{
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(honest); i++)
        play(&honest[i]);
}

/* ---- A cycle that ends the render -------------------------------------------------------------------------------- */

struct turning {
    struct fixture fixture;
    ssr_store *a, *b;
    unsigned period;
    int lines[2];
};

/* Two stores that follow each other round. */
static ssr_status turning_page(ssr_ctx *ctx, void *arg)
{
    struct turning *turning = arg;
    unsigned at = ssr_pass(ctx) % turning->period;
    ssr_html(ctx, "document");
    turning->lines[0] = __LINE__ + 1;
    ssr_set_integer(ctx, turning->a, at);
    turning->lines[1] = __LINE__ + 1;
    return ssr_set_boolean(ctx, turning->b, at == 0);
}

static void turn(struct turning *turning, unsigned period, bool has_sink, struct test_memory memory)
{
    struct fixture *fixture = &turning->fixture;
    fixture_init(fixture);
    fixture->memory = memory;
    fixture->config.stop_on_cycle = true;
    if (!has_sink)
        fixture->config.log.record = NULL;
    turning->period = period;
    fixture_open(fixture);
    turning->a = fixture_store(fixture, "a", NULL);
    turning->b = fixture_store(fixture, "b", NULL);
    fixture_start(fixture);
    fixture_run(fixture, turning_page, turning);
}

static void a_proven_cycle_ends_the_render_once_asked(void **state)
{
    static struct turning turning;
    (void)state;
    for (unsigned period = 2; period <= 8; period++)
        for (int has_sink = 0; has_sink < 2; has_sink++) {
            char expected[256];
            turn(&turning, period, has_sink, (struct test_memory){0});
            snprintf(expected, sizeof expected,
                     "SSR stores/cookies repeat with period %u (stopOnCycle); using the last render. They are set by "
                     "turns: store \"a\" at test_verdict.c:%d, store \"b\" at test_verdict.c:%d.",
                     period, turning.lines[0], turning.lines[1]);
            assert_int_equal(turning.fixture.result->outcome, SSR_CYCLE);
            assert_int_equal(turning.fixture.result->passes, 3 * period);
            assert_int_equal(turning.fixture.errors, 1);
            assert_string_equal(turning.fixture.error, expected);
            assert_string_equal(turning.fixture.result->html, "document");
            if (has_sink)
                assert_non_null(strstr(turning.fixture.record_json, "\"outcome\":\"cycle\""));
            fixture_close(&turning.fixture);
        }
}

/* Longer ones are not looked for, and what is new each time is no cycle. */
static void no_other_page_is_ended(void **state)
{
    static struct turning turning;
    static struct planted planted;
    uint64_t ticks = 0;
    (void)state;
    turn(&turning, 9, true, (struct test_memory){0});
    assert_int_equal(turning.fixture.result->outcome, SSR_HARD_CAP);
    fixture_close(&turning.fixture);
    static const ssr_page_fn pages[] = {counter_page, random_page, growing_page, chain_page, honest_page};
    for (size_t i = 0; i < TEST_COUNT(pages); i++) {
        memset(&planted, 0, sizeof planted);
        plant(&planted, &ticks);
        ((struct ssr_engine *)planted.fixture.engine)->config.stop_on_cycle = true;
        assert_status(fixture_run(&planted.fixture, pages[i], &planted), SSR_OK);
        assert_int_not_equal(planted.fixture.result->outcome, SSR_CYCLE);
        fixture_close(&planted.fixture);
    }
}

static void by_default_nothing_ends_early(void **state)
{
    static struct planted planted;
    uint64_t ticks = 0;
    (void)state;
    assert_false(ssr_config_default().stop_on_cycle);
    memset(&planted, 0, sizeof planted);
    plant(&planted, &ticks);
    assert_status(fixture_run(&planted.fixture, flip_page, &planted), SSR_OK);
    assert_int_equal(planted.fixture.result->outcome, SSR_HARD_CAP);
    assert_int_equal(planted.fixture.result->passes, 26);
    fixture_close(&planted.fixture);
}

static void json_can_ask_for_it(void **state)
{
    ssr_config config = ssr_config_default();
    char error[400];
    (void)state;
    assert_status(ssr_config_read_json(&config, "{\"stopOnCycle\":true}", 20, error, sizeof error), SSR_OK);
    assert_true(config.stop_on_cycle);
    assert_status(ssr_config_read_json(&config, "{\"stopOnCycle\":null}", 20, error, sizeof error), SSR_OK);
    assert_true(config.stop_on_cycle);
    assert_status(ssr_config_read_json(&config, "{\"stopOnCycle\":1}", 17, error, sizeof error), SSR_E_INVALID_CONFIG);
    assert_non_null(strstr(error, "stopOnCycle"));
    assert_status(ssr_config_read_json(&config, "{\"stopOnCycle\":false}", 21, error, sizeof error), SSR_OK);
    assert_false(config.stop_on_cycle);
}

/* Where memory runs out the proof takes longer, or the render has run out of it itself; nothing else happens. */
static void a_cycle_survives_no_memory(void **state)
{
    static struct turning turning;
    unsigned later = 0;
    (void)state;
    turn(&turning, 2, false, (struct test_memory){0});
    size_t calls = turning.fixture.memory.calls;
    fixture_close(&turning.fixture);
    for (size_t i = 1; i <= calls; i++) {
        struct fixture *fixture = &turning.fixture;
        fixture_init(fixture);
        fixture->config.stop_on_cycle = true;
        fixture->config.log.record = NULL;
        fixture_open(fixture);
        turning.a = fixture_store(fixture, "a", NULL);
        turning.b = fixture_store(fixture, "b", NULL);
        fixture_start(fixture);
        fixture->memory.fail_at = fixture->memory.calls + i;
        fixture_run(fixture, turning_page, &turning);
        ssr_outcome outcome = fixture->result ? fixture->result->outcome : SSR_LIMITED;
        assert_true(outcome == SSR_CYCLE || outcome == SSR_LIMITED);
        later += outcome == SSR_CYCLE && fixture->result->passes > 6;
        fixture_close(fixture);
    }
    assert_true(later > 0);
}

/* A digest that somebody has found two values for proves nothing. */
static void equal_digests_prove_nothing(void **state)
{
    static const char *const texts[] = {"\"0\"", "\"1\"", "\"2\"", "\"3\"", "\"4\"",
                                        "\"5\"", "\"6\"", "\"7\"", "\"8\"", "\"9\""};
    struct ssr_definition definition = {.name = "a"};
    struct ssr_value values[10];
    struct ssr_cell cell = {.definition = &definition};
    struct ssr_cell *staged[] = {&cell};
    struct test_memory memory = {0};
    ssr_allocator allocator = test_allocator(&memory);
    (void)state;
    for (int does_repeat = 0; does_repeat < 2; does_repeat++) {
        struct ssr_history *history = ssr_history_new(&allocator);
        assert_non_null(history);
        for (unsigned i = 0; i < 10; i++)
            values[i] = (struct ssr_value){texts[does_repeat ? i % 2 : i], 3, {7, 7}, NULL};
        for (unsigned pass = 2; pass < 11; pass++) {
            struct ssr_ctx ctx = {.pass = pass, .staged = staged, .staged_count = 1, .differing = 1};
            cell.committed = &values[pass - 2];
            cell.staged = &values[pass - 1];
            ssr_history_note(history, &ctx, false);
        }
        assert_int_equal(ssr_history_period(history, true), does_repeat ? 2 : 0);
        ssr_history_free(history);
    }
    assert_all_freed(&memory);
}

/* ---- Less evidence ----------------------------------------------------------------------------------------------- */

static void run_capped(struct planted *planted, ssr_page_fn page, uint64_t allowed)
{
    static uint64_t ticks;
    memset(planted, 0, sizeof *planted);
    plant(planted, &ticks);
    ((struct ssr_engine *)planted->fixture.engine)->config.allowed_rerenders_count = allowed;
    assert_status(fixture_run(&planted->fixture, page, planted), SSR_OK);
    assert_int_equal(planted->fixture.result->passes, allowed + 1);
}

/* Under a low cap a state that came back is enough, and three new values in a row; two are a chain. */
static void a_low_cap_leaves_enough_to_judge(void **state)
{
    static struct planted planted;
    (void)state;
    run_capped(&planted, flip_page, 3);
    assert_non_null(strstr(planted.fixture.record_json, "\"verdict\":{\"kind\":\"cycle\""));
    assert_non_null(strstr(planted.fixture.record_json, "\"period\":2"));
    fixture_close(&planted.fixture);
    run_capped(&planted, wheel_page, 7);
    assert_non_null(strstr(planted.fixture.record_json, "\"period\":3"));
    fixture_close(&planted.fixture);
    run_capped(&planted, counter_page, 2);
    assert_non_null(strstr(planted.fixture.record_json, "\"verdict\":{\"kind\":\"always_new\""));
    assert_non_null(strstr(planted.fixture.record_json, "\"looksLike\":\"counter\""));
    fixture_close(&planted.fixture);
    run_capped(&planted, chain_page, 1);
    assert_non_null(strstr(planted.fixture.record_json, "\"verdict\":{\"kind\":\"converging\""));
    fixture_close(&planted.fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_is_named),
        cmocka_unit_test(an_honest_page_is_not_accused),
        cmocka_unit_test(a_proven_cycle_ends_the_render_once_asked),
        cmocka_unit_test(no_other_page_is_ended),
        cmocka_unit_test(by_default_nothing_ends_early),
        cmocka_unit_test(json_can_ask_for_it),
        cmocka_unit_test(a_cycle_survives_no_memory),
        cmocka_unit_test(equal_digests_prove_nothing),
        cmocka_unit_test(a_low_cap_leaves_enough_to_judge),
    };
    return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
