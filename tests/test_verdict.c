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

/* The same behind a query. */
static ssr_status waiting_chain_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    ssr_query_result result = ssr_query_integer(ctx, planted->idea, 0, true);
    return result.state == SSR_QUERY_READY ? chain_page(ctx, arg) : SSR_OK;
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

/* The ideas are asked for one after the other, and each time something else fails beside them. */
static ssr_status two_chains_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    if (ssr_pass(ctx) <= 5) {
        ssr_query_integer(ctx, planted->idea, ssr_pass(ctx), true);
        ssr_query_integer(ctx, planted->site, ssr_pass(ctx), true);
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

/* What a hook could set, and what makes the second pass whoever sets the rest. */
static ssr_status greeting_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    ssr_cookie_set(ctx, planted->visit, ssr_input_string("seen"));
    return ssr_set_string(ctx, planted->a, "Hello");
}

static ssr_status title_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    return ssr_set_string(ctx, planted->a, "Ideas");
}

/* More than an advice names, and all of it has to go into the hook. */
static ssr_status titles_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    ssr_store *const stores[] = {planted->a, planted->b, planted->c, planted->d, planted->e, planted->f};
    for (size_t i = 0; i < TEST_COUNT(stores); i++)
        ssr_set_string(ctx, stores[i], "Ideas");
    return SSR_OK;
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
    {"clock",
     clock_page,
     26,
     "\"kind\":\"always_new\"",
     {"\"name\":\"a\"", "\"looksLike\":\"time\"", "(looks like: time); take it from ssr_now"},
     NULL},
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
    {"fight",
     fight_page,
     26,
     "\"kind\":\"cycle\"",
     {"\"period\":2,", "\"writers\":[\"test_verdict.c:", "; decide it in one place"},
     NULL},
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
     {"\"queries\":[{\"name\":\"idea\",\"times\":100}]", "(100 times); declare them on the route"},
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
     {"\"chain\":[{\"kind\":\"store\",\"name\":\"a\",\"pass\":1,", "{\"kind\":\"store\",\"name\":\"f\",\"pass\":6,",
      "; set them in one pass"},
     NULL},
    {"slow chain behind a query",
     waiting_chain_page,
     8,
     "\"kind\":\"converging\"",
     {"\"chain\":[{\"kind\":\"query\",\"name\":\"idea\",\"pass\":1},{\"kind\":\"store\",\"name\":\"a\",\"pass\":2,"},
     NULL},
    {"serial queries",
     serial_page,
     6,
     "\"kind\":\"query_chain\"",
     {"\"queries\":[{\"name\":\"idea\",\"times\":5}]", "\"waitedFor\":[{\"kind\":\"query\",\"name\":\"idea\"}]"},
     NULL},
    {"two chains",
     two_chains_page,
     6,
     "\"kind\":\"query_chain\"",
     {"\"queries\":[{\"name\":\"idea\",\"times\":5},{\"name\":\"site\",\"times\":5}]"},
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
    {"title",
     title_page,
     2,
     "\"kind\":\"settled\"",
     {"{\"kind\":\"hook\",\"text\":\"the first pass asks for nothing and sets store \\\"a\\\" at test_verdict.c:"},
     NULL},
    {"titles",
     titles_page,
     2,
     "\"kind\":\"settled\"",
     {"store \\\"e\\\" at test_verdict.c:", " and 1 more: what depends on the location alone can be set in a hook"},
     NULL},
    {"failing page", failing_page, 1, "\"verdict\":{\"kind\":\"ended\",\"text\":\"failed after 1 pass\"}", {0}, NULL},
};

static const struct expectation honest[] = {
    {"keys in another order", order_page, 1, SETTLED "1 pass\"}", {0}, "\"advice\""},
    {"a cookie beside the store", greeting_page, 2, SETTLED "2 passes\"}", {0}, "saves a pass"},
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
    sweep_leave_alone(); /* what no memory keeps from being proven goes on, as a test below says */
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
    static const char *const texts[] = {"\"0\"", "\"1\"", "\"2\"",  "\"3\"", "\"44\"",
                                        "\"5\"", "\"6\"", "\"77\"", "\"8\"", "\"9\""};
    struct ssr_definition definition = {.name = "a"};
    struct ssr_value values[10];
    struct ssr_cell cell = {.definition = &definition};
    struct ssr_cell *staged[] = {&cell};
    struct test_memory memory = {0};
    ssr_allocator allocator = test_allocator(&memory);
    (void)state;
    sweep_leave_alone(); /* what a history could not note is told by the record, which is not here */
    for (int does_repeat = 0; does_repeat < 2; does_repeat++) {
        struct ssr_history *history = ssr_history_new(&allocator);
        assert_non_null(history);
        for (unsigned i = 0; i < 10; i++)
            values[i] = (struct ssr_value){
                texts[does_repeat ? i % 2 : i], strlen(texts[does_repeat ? i % 2 : i]), {7, 7}, NULL};
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

/* Neither does a state that is the same number as another one: every track must have come back. */
static void equal_states_prove_nothing(void **state)
{
    struct ssr_definition definition = {.name = "a"};
    struct ssr_value values[10];
    char texts[10][4];
    struct ssr_cell cell = {.definition = &definition};
    struct ssr_cell *staged[] = {&cell};
    struct test_memory memory = {0};
    ssr_allocator allocator = test_allocator(&memory);
    (void)state;
    struct ssr_history *history = ssr_history_new(&allocator);
    assert_non_null(history);
    for (unsigned i = 0; i < 10; i++) {
        snprintf(texts[i], sizeof texts[i], "%u", i);
        values[i] = (struct ssr_value){texts[i], 1, {7, i}, NULL};
    }
    for (unsigned pass = 2; pass < 11; pass++) {
        struct ssr_ctx ctx = {.pass = pass, .staged = staged, .staged_count = 1, .differing = 1};
        cell.committed = &values[pass - 2];
        cell.staged = &values[pass - 1];
        ssr_history_note(history, &ctx, false);
    }
    for (size_t i = 0; i < history->transition_count; i++)
        history->transitions[i].state = 0;
    assert_int_equal(ssr_history_period(history, true), 0);
    ssr_history_free(history);
    assert_all_freed(&memory);
}

/* ---- What new values look like ----------------------------------------------------------------------------------- */

enum { SCRIPT = 9 };

struct script {
    const char *looks;
    int64_t now_ms;
    const char *values[SCRIPT]; /* of the passes, to the first NULL */
};

#define NOW INT64_C(1795247700000)
static const struct script scripts[] = {
    /* of numbers */
    {"counter", NOW, {"1", "12", "23", "34"}},
    {"counter", NOW, {"{\"n\":7,\"x\":0}", "{\"n\":8,\"x\":0}", "{\"n\":9,\"x\":0}"}},
    {"counter", NOW, {"\"item 8 of it\"", "\"item 9 of it\"", "\"item 10 of it\""}},
    {"counter", NOW, {"900", "800", "700"}},
    {"counter", NOW, {"0.5", "1", "1.5", "2", "2.5"}},
    {"counter", NOW, {"0.1", "0.2", "0.30000000000000004", "0.4", "0.5", "0.6", "0.7", "0.7999999999999999"}},
    {"counter", NOW, {"{\"n\":1.75,\"x\":0}", "{\"n\":1.5,\"x\":0}", "{\"n\":1.25,\"x\":0}"}},
    {"random", NOW, {"0.25", "0.5", "0.7500001"}},
    {"random", NOW, {"0.75", "0.5", "0.2499999"}},
    {"random", NOW, {"3", "1", "4"}},
    {"random", NOW, {"10", "15", "27"}},
    {"random", NOW, {"1001", "5000", "20000"}},
    {"random", NOW, {"900", "902", "907"}},
    {"random", NOW, {"0.25", "0.1", "0.5"}},
    {"random", NOW, {"1", "12", "123"}},
    {"counter", NOW, {"\"run-1-b\"", "\"run-2-b\"", "\"run-3-b\""}},
    {"random", NOW, {"\"k12345678\"", "\"k98765432\"", "\"k55667788\""}},
    {"time", NOW, {"123456", "123461", "123470"}},
    {"time", NOW, {"123456.5", "123461.25", "123470"}},
    {"time", NOW, {"1795247789", "1795247790", "1795247793"}},
    {"time", NOW, {"1795247789000000", "1795247790000123", "1795247793000456"}},
    {"random", NOW, {"1795247790", "1795247789", "1795247793"}},
    {"random", NOW, {"1200000001", "1500000007", "2000000003"}},
    {"time", NOW, {"1795247789", "1795247790", "1795334188"}},
    {"random", NOW, {"1000000001", "1000086402", "1090000004"}},
    /* of a year after 2100, which is a date only near to the request */
    {"time", INT64_C(5000000000000), {"5000000000001", "5000000000012", "5000000000013"}},
    {"random", INT64_C(9000000000000), {"5000000001", "6000000002", "9000000004"}},
    {"random", NOW, {"5000000001", "6000000002", "9000000004"}},
    /* addresses: aligned, of one process */
    {"pointer", NOW, {"94558000000016", "94558000000512", "94558000000048"}},
    {"random", NOW, {"94558000000017", "94558000000512", "94558000000048"}},
    {"random", NOW, {"300000000000000", "300000000000512", "300000000000048"}},
    {"random", NOW, {"94558000000016", "94658000000512", "94558000000048"}},
    {"random", NOW, {"94658000000512", "94558000000016", "94658000000048"}},
    {"pointer", NOW, {"\"0x55d01a2b3000\"", "\"0x55d01a2b3fc0\"", "\"0x55d01a2b0080\""}},
    {"unknown", NOW, {"\"0x55d01a2b3zzz\"", "\"0x55d01a2b3zzy\"", "\"0x55d01a2b3zyz\""}},
    {"unknown", NOW, {"\"0y55d01a2b3aaa\"", "\"0y55d01a2b3aab\"", "\"0y55d01a2b3aba\""}},
    /* dates and times of day */
    {"time", NOW, {"\"2026-11-21\"", "\"2026-11-22\"", "\"2026-11-24\""}},
    {"time", NOW, {"\"07:56\"", "\"08:01\"", "\"09:59\""}},
    {"time", NOW, {"\"at 07:56:29 now\"", "\"at 07:56:31 now\"", "\"at 07:57:00 now\""}},
    {"unknown", NOW, {"\"2026-1121-a\"", "\"2026-1121-b\"", "\"2026-1121-c\""}},
    {"unknown", NOW, {"\"202x-11-21a\"", "\"202x-11-21b\"", "\"202x-11-21c\""}},
    {"unknown", NOW, {"\"x026-11-21a\"", "\"x026-11-21b\"", "\"x026-11-21c\""}},
    {"unknown", NOW, {"\"2026.11-21a\"", "\"2026.11-21b\"", "\"2026.11-21c\""}},
    {"unknown", NOW, {"\"0a:56a\"", "\"0a:56b\"", "\"0a:56c\""}},
    {"unknown", NOW, {"\"07.56a\"", "\"07.56b\"", "\"07.56c\""}},
    {"unknown", NOW, {"\"07:x6a\"", "\"07:x6b\"", "\"07:x6c\""}},
    {"unknown", NOW, {"\"07:5xa\"", "\"07:5xb\"", "\"07:5xc\""}},
    {"unknown", NOW, {"\"-7:56a\"", "\"-7:56b\"", "\"-7:56c\""}},
    /* what only looks like a number */
    {"unknown", NOW, {"\"1.2.3\"", "\"1.2.4\"", "\"1.2.6\""}},
    {"unknown", NOW, {"\"a\"", "\"b\"", "\"c\""}},
    /* tokens: of about one length, with little in common */
    {"random", NOW, {"\"kT4w9ZpQ\"", "\"Xb7mL2vN\"", "\"qR8sD1fG\""}},
    {"unknown", NOW, {"\"kT4w9ZpQ\"", "\"Xb7mL2vNqR8s\"", "\"D1fG\""}},
    {"unknown", NOW, {"\"kT4AAAAA\"", "\"Xb7AAAAA\"", "\"qR8AAAAA\""}},
    {"random", NOW, {"\"aa41bb\"", "\"cd97ef\"", "\"xy23zw\""}},
    {"growing", NOW, {"[]", "[true]", "[true,false]"}},
    {"unknown", NOW, {"[true,false]", "[true]", "[null]"}},
};

struct scripted {
    struct planted planted;
    const char *const *values;
};

static ssr_status scripted_page(ssr_ctx *ctx, void *arg)
{
    const struct scripted *scripted = arg;
    const char *json = scripted->values[ssr_pass(ctx) - 1];
    return ssr_set_json(ctx, scripted->planted.a, json, strlen(json));
}

static void assert_looks(const struct script *script, size_t number)
{
    static struct scripted scripted;
    static uint64_t ticks;
    char expected[40];
    unsigned count = 0;
    while (count < SCRIPT && script->values[count])
        count++;
    memset(&scripted, 0, sizeof scripted);
    scripted.values = script->values;
    plant(&scripted.planted, &ticks);
    ((struct ssr_engine *)scripted.planted.fixture.engine)->config.allowed_rerenders_count = count - 1;
    ssr_request request = {.now_ms = script->now_ms};
    assert_status(fixture_run_request(&scripted.planted.fixture, scripted_page, &scripted, &request), SSR_OK);
    snprintf(expected, sizeof expected, "\"looksLike\":\"%s\"", script->looks);
    if (!strstr(scripted.planted.fixture.record_json, expected))
        fail_msg("script %zu (%.20s...): no %s in\n%.2000s", number, script->values[0], expected,
                 scripted.planted.fixture.record_json);
    fixture_close(&scripted.planted.fixture);
}

static void new_values_are_told_apart(void **state)
{
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(scripts); i++)
        assert_looks(&scripts[i], i);
}

/* Of values that are too long to be kept, only the lengths are known. */
static void long_values_are_told_by_their_lengths(void **state)
{
    static char texts[SCRIPT][1000 * 1000];
    struct script script = {"growing", NOW, {0}};
    (void)state;
    for (int more = -1; more <= 1; more++) {
        script.looks = more > 0 ? "growing" : "unknown";
        for (size_t i = 0; i < SCRIPT; i++) {
            size_t length = (size_t)(900 * 1000 + more * (int)i);
            memset(texts[i], 'a' + (int)i, length);
            texts[i][0] = texts[i][length - 1] = '"';
            texts[i][length] = '\0';
            script.values[i] = texts[i];
        }
        assert_looks(&script, 0);
    }
}

/* ---- Many names -------------------------------------------------------------------------------------------------- */

enum { MANY = 40 };

struct crowd {
    struct fixture fixture;
    ssr_store *stores[MANY], *early;
};

static void open_crowd(struct crowd *crowd, const char *format, bool stop_on_cycle)
{
    char name[64];
    fixture_init(&crowd->fixture);
    crowd->fixture.config.stop_on_cycle = stop_on_cycle;
    fixture_open(&crowd->fixture);
    crowd->early = fixture_store(&crowd->fixture, "early", NULL);
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, format, i);
        crowd->stores[i] = fixture_store(&crowd->fixture, name, NULL);
    }
    fixture_start(&crowd->fixture);
}

static ssr_status crowd_turns(ssr_ctx *ctx, void *arg)
{
    const struct crowd *crowd = arg;
    if (ssr_pass(ctx) < 4) /* new three times, and then it is done */
        ssr_set_integer(ctx, crowd->early, ssr_pass(ctx));
    for (size_t i = 0; i < MANY; i++)
        ssr_set_boolean(ctx, crowd->stores[i], ssr_pass(ctx) % 2);
    return SSR_OK;
}

/* The line names whom there is room for, whole, and nobody who has stopped changing. */
static void a_cycle_of_many_is_told_in_one_line(void **state)
{
    static struct crowd crowd;
    (void)state;
    open_crowd(&crowd, "a store whose name takes some room %02u", true);
    assert_status(fixture_run(&crowd.fixture, crowd_turns, &crowd), SSR_OK);
    assert_int_equal(crowd.fixture.result->outcome, SSR_CYCLE);
    const char *line = crowd.fixture.error;
    assert_null(strstr(line, "early"));
    assert_non_null(
        strstr(line, "They are set by turns: store \"a store whose name takes some room 00\" at test_verdict.c:"));
    fixture_close(&crowd.fixture);
}

/* However long the names are, it ends with a whole one and a full stop. */
static void the_line_of_a_cycle_always_ends(void **state)
{
    static struct crowd crowd;
    (void)state;
    for (int width = 1; width <= 40; width++) {
        char format[16], last[64];
        snprintf(format, sizeof format, "%%0%du", width);
        open_crowd(&crowd, format, true);
        assert_status(fixture_run(&crowd.fixture, crowd_turns, &crowd), SSR_OK);
        const char *line = crowd.fixture.error;
        size_t length = strlen(line);
        assert_in_range(length, 900, 1023);
        const char *place = strrchr(line, ':');
        assert_non_null(place);
        assert_int_equal(strspn(place + 1, "0123456789"), strlen(place + 1) - 1);
        assert_int_equal(line[length - 1], '.');
        snprintf(last, sizeof last, "store \"%0*u\" at test_verdict.c:", width, 0);
        assert_non_null(strstr(line, last));
        fixture_close(&crowd.fixture);
    }
}

/* Two that lie at the same place of a table, in the history as in what a loader sees. */
static ssr_status neighbours_turn(ssr_ctx *ctx, void *arg)
{
    const struct crowd *crowd = arg;
    ssr_set_boolean(ctx, crowd->stores[1], ssr_pass(ctx) % 2);
    ssr_set_boolean(ctx, crowd->stores[1 + 16], ssr_pass(ctx) % 2);
    ssr_set_boolean(ctx, crowd->stores[1 + 32], ssr_pass(ctx) % 2);
    return SSR_OK;
}

static void neighbours_are_told_apart(void **state)
{
    static struct crowd crowd;
    (void)state;
    open_crowd(&crowd, "store %u", false);
    assert_status(fixture_run(&crowd.fixture, neighbours_turn, &crowd), SSR_OK);
    const struct ssr_record *record = &((struct ssr_render *)crowd.fixture.render)->record;
    assert_int_equal(record->verdict.period, 2);
    assert_non_null(strstr(record->verdict.text, "store \"store 1\""));
    assert_non_null(strstr(record->verdict.text, "store \"store 17\""));
    assert_non_null(strstr(record->verdict.text, "store \"store 33\""));
    fixture_close(&crowd.fixture);
}

static ssr_status flip_first(ssr_ctx *ctx, void *arg)
{
    const struct crowd *crowd = arg;
    return ssr_set_boolean(ctx, crowd->stores[0], ssr_pass(ctx) % 2);
}

static void a_cycle_ends_without_anybody_to_tell(void **state)
{
    static struct crowd crowd;
    (void)state;
    fixture_init(&crowd.fixture);
    crowd.fixture.config.stop_on_cycle = true;
    crowd.fixture.config.log.error = NULL;
    fixture_open(&crowd.fixture);
    crowd.stores[0] = fixture_store(&crowd.fixture, "a", NULL);
    fixture_start(&crowd.fixture);
    assert_status(fixture_run(&crowd.fixture, flip_first, &crowd), SSR_OK);
    assert_int_equal(crowd.fixture.result->outcome, SSR_CYCLE);
    assert_int_equal(crowd.fixture.errors, 0);
    fixture_close(&crowd.fixture);
}

static ssr_status crowd_counts(ssr_ctx *ctx, void *arg)
{
    const struct crowd *crowd = arg;
    for (size_t i = 0; i < MANY; i++)
        ssr_set_integer(ctx, crowd->stores[i], (int64_t)(ssr_pass(ctx) * 1000 + i));
    return SSR_OK;
}

/* Each of them is in the record, and a person is told of five; advice ends at twenty findings. */
static void many_that_are_new_are_all_named(void **state)
{
    static struct crowd crowd;
    (void)state;
    open_crowd(&crowd, "session %u", false);
    assert_status(fixture_run(&crowd.fixture, crowd_counts, &crowd), SSR_OK);
    const struct ssr_record *record = &((struct ssr_render *)crowd.fixture.render)->record;
    unsigned named = 0, advice = 0;
    for (const struct ssr_named *one = record->verdict.named; one; one = one->next)
        named++;
    for (const struct ssr_advice *one = record->advice; one; one = one->next)
        advice++;
    assert_int_equal(named, MANY);
    assert_int_equal(advice, 20);
    assert_non_null(strstr(record->verdict.text, "store \"session 4\""));
    assert_null(strstr(record->verdict.text, "store \"session 5\""));
    assert_non_null(strstr(record->verdict.text, " and 35 more"));
    fixture_close(&crowd.fixture);
}

/* Set from more places than are told. */
static ssr_status places_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    return ssr_set_integer_at(ctx, planted->a, ssr_pass(ctx), "page.c", (int)ssr_pass(ctx));
}

static void four_places_are_told(void **state)
{
    static struct planted planted;
    uint64_t ticks = 0;
    (void)state;
    memset(&planted, 0, sizeof planted);
    plant(&planted, &ticks);
    assert_status(fixture_run(&planted.fixture, places_page, &planted), SSR_OK);
    const struct ssr_record *record = &((struct ssr_render *)planted.fixture.render)->record;
    assert_non_null(record->verdict.named);
    assert_int_equal(record->verdict.named->place_count, SSR_HISTORY_PLACES);
    assert_non_null(strstr(record->verdict.text, "page.c:3, page.c:4, page.c:5 and page.c:6 ("));
    fixture_close(&planted.fixture);
}

/* ---- Names that should not be in a log ----------------------------------------------------------------------------
 */

static ssr_status set_one(ssr_ctx *ctx, void *store)
{
    return ssr_set_integer(ctx, store, 1);
}

static void assert_sounds_secret(const char *name, bool redact, bool expected)
{
    static struct fixture fixture;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_store *store = ssr_store_define(fixture.registry, name, &(ssr_store_options){.redact = redact});
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, set_one, store), SSR_OK);
    if ((strstr(fixture.record_json, "\"kind\":\"redact\"") != NULL) != expected)
        fail_msg("%s: %s", name, fixture.record_json);
    fixture_close(&fixture);
}

static void names_that_sound_secret_are_advised_to_be_redacted(void **state)
{
    static const char *const secret[] = {"apikey",      "API_KEY", "myApiKey", "userCredentials", "Password",
                                         "oldPasswd_2", "SECRETS", "session",  "csrfToken"};
    static const char *const plain[] = {"apiary", "api-key", "pass", "pastword", "sect",   "sessile",
                                        "toke",   "crude",   "A{b",  "PX",       "Section"};
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(secret); i++) {
        assert_sounds_secret(secret[i], false, true);
        assert_sounds_secret(secret[i], true, false);
    }
    for (size_t i = 0; i < TEST_COUNT(plain); i++)
        assert_sounds_secret(plain[i], false, false);
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

/* Passes for which the record had no room were passes all the same. */
static void a_truncated_record_does_not_call_a_chain_short(void **state)
{
    static struct planted planted;
    static uint64_t ticks;
    (void)state;
    for (uint64_t bytes = 1; bytes < 16384; bytes += 997) {
        memset(&planted, 0, sizeof planted);
        plant(&planted, &ticks);
        ((struct ssr_engine *)planted.fixture.engine)->config.log.record_bytes = bytes;
        fixture_run(&planted.fixture, chain_page, &planted);
        assert_int_equal(planted.fixture.result->passes, 7);
        assert_non_null(strstr(planted.fixture.record_json, "\"verdict\":{\"kind\":\"converging\""));
        fixture_close(&planted.fixture);
    }
}

/* What there was no room to note, for memory or for the record's own limit, is not advised about. */
static bool is_advised(size_t fail_at, uint64_t record_bytes, bool *has_failed)
{
    static struct planted planted;
    static uint64_t ticks;
    memset(&planted, 0, sizeof planted);
    plant(&planted, &ticks);
    struct test_memory *memory = &planted.fixture.memory;
    ((struct ssr_engine *)planted.fixture.engine)->config.log.record_bytes = record_bytes;
    size_t at = memory->fail_at = fail_at > 0 ? memory->calls + fail_at : 0;
    fixture_run(&planted.fixture, title_page, &planted);
    *has_failed = memory->calls >= at;
    const char *json = planted.fixture.record_json;
    bool has_name = strstr(json, "and sets store") != NULL;
    assert_null(strstr(json, "and sets : "));
    assert_false(has_name && strstr(json, "\"truncated\":true"));
    fixture_close(&planted.fixture);
    return has_name;
}

static void a_change_that_was_not_noted_is_not_advised(void **state)
{
    bool has_failed = true;
    (void)state;
    sweep_leave_alone();
    for (size_t i = 1; has_failed; i++)
        is_advised(i, 0, &has_failed);
    for (uint64_t bytes = 1; bytes < 8192; bytes += 61)
        is_advised(0, bytes, &has_failed);
    assert_true(is_advised(0, 0, &has_failed));
}

/* ---- Behind a redirect ------------------------------------------------------------------------------------------- */

static bool is_here(const ssr_ctx *ctx, const char *location)
{
    return strcmp(ssr_location(ctx), location) == 0;
}

/* Two links, the second of which leads elsewhere; there it is six others. */
static ssr_status moving_chain_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    if (is_here(ctx, "/b"))
        return chain_page(ctx, arg);
    bool is_second = ssr_get_boolean(ctx, planted->b, false);
    ssr_set_boolean(ctx, planted->b, true);
    return is_second ? ssr_redirect(ctx, "/b", 0) : SSR_OK;
}

/* A chain that ends elsewhere: what its last pass sets goes nowhere. */
static ssr_status leaving_chain_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    chain_page(ctx, arg);
    if (ssr_get_integer(ctx, planted->f, 0) == 0)
        return SSR_OK;
    ssr_set_integer(ctx, planted->a, 2);
    return ssr_redirect(ctx, "/b", 0);
}

/* One query before the redirect and one behind it. */
static ssr_status moving_query_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    bool is_moved = is_here(ctx, "/b");
    ssr_query_result result = ssr_query_integer(ctx, is_moved ? planted->idea : planted->site, 1, true);
    return is_moved || result.state == SSR_QUERY_PENDING ? SSR_OK : ssr_redirect(ctx, "/b", 0);
}

/* What the pass that redirects has set is dropped: it is new twice where it is told. */
static ssr_status moving_counter_page(ssr_ctx *ctx, void *arg)
{
    struct planted *planted = arg;
    ssr_set_integer(ctx, planted->a, 100 + ssr_pass(ctx) * ssr_pass(ctx));
    return is_here(ctx, "/b") ? SSR_OK : ssr_redirect(ctx, "/b", 0);
}

static void play_moving(struct planted *planted, ssr_page_fn page, uint64_t allowed)
{
    static uint64_t ticks;
    const ssr_request request = {.location = "/a", .redirects = SSR_REDIRECTS_FOLLOW};
    memset(planted, 0, sizeof *planted);
    plant(planted, &ticks);
    ((struct ssr_engine *)planted->fixture.engine)->config.allowed_rerenders_count = allowed;
    assert_status(fixture_run_request(&planted->fixture, page, planted, &request), SSR_OK);
}

static void a_verdict_is_about_the_last_location(void **state)
{
    static struct planted planted;
    (void)state;
    play_moving(&planted, moving_chain_page, SSR_UNLIMITED);
    const char *json = planted.fixture.record_json;
    assert_int_equal(planted.fixture.result->passes, 9);
    assert_non_null(strstr(json, "a chain, one link a pass, 7 passes: store \\\"a\\\""));
    assert_non_null(strstr(json, "\"chain\":[{\"kind\":\"store\",\"name\":\"a\",\"pass\":3"));
    fixture_close(&planted.fixture);
    play_moving(&planted, moving_counter_page, 1);
    assert_int_equal(planted.fixture.result->passes, 3);
    assert_null(strstr(json, "always_new"));
    assert_non_null(strstr(json, "\"verdict\":{\"kind\":\"converging\""));
    fixture_close(&planted.fixture);
}

static void what_a_redirecting_pass_sets_is_no_link(void **state)
{
    static struct planted planted;
    static uint64_t ticks;
    (void)state;
    memset(&planted, 0, sizeof planted);
    plant(&planted, &ticks);
    fixture_run(&planted.fixture, leaving_chain_page, &planted);
    const char *json = planted.fixture.record_json;
    assert_int_equal(planted.fixture.result->passes, 7);
    assert_non_null(strstr(json, "\"name\":\"f\",\"pass\":6"));
    assert_null(strstr(json, "\"name\":\"a\",\"pass\":7"));
    fixture_close(&planted.fixture);
}

static void queries_of_two_locations_are_not_told_as_one_chain(void **state)
{
    static struct planted planted;
    (void)state;
    play_moving(&planted, moving_query_page, SSR_UNLIMITED);
    assert_int_equal(planted.fixture.result->query_passes, 2);
    assert_null(strstr(planted.fixture.record_json, "\"prefetch\""));
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
        cmocka_unit_test(equal_states_prove_nothing),
        cmocka_unit_test(new_values_are_told_apart),
        cmocka_unit_test(long_values_are_told_by_their_lengths),
        cmocka_unit_test(a_cycle_of_many_is_told_in_one_line),
        cmocka_unit_test(the_line_of_a_cycle_always_ends),
        cmocka_unit_test(neighbours_are_told_apart),
        cmocka_unit_test(a_cycle_ends_without_anybody_to_tell),
        cmocka_unit_test(many_that_are_new_are_all_named),
        cmocka_unit_test(four_places_are_told),
        cmocka_unit_test(names_that_sound_secret_are_advised_to_be_redacted),
        cmocka_unit_test(a_low_cap_leaves_enough_to_judge),
        cmocka_unit_test(a_truncated_record_does_not_call_a_chain_short),
        cmocka_unit_test(a_change_that_was_not_noted_is_not_advised),
        cmocka_unit_test(a_verdict_is_about_the_last_location),
        cmocka_unit_test(what_a_redirecting_pass_sets_is_no_link),
        cmocka_unit_test(queries_of_two_locations_are_not_told_as_one_chain),
    };
    return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
