/*
 * The record of a render: what it says of each pass, what it keeps to itself, what it costs when nobody listens and
 * what it may cost when somebody does. The verdict is tested in test_verdict.c.
 */
#include "fixture.h"

#include "engine/component.h"
#include "engine/render_internal.h"
#include "ssrstore/shared.h"

/* The parsed record of the last render. */
struct reading {
    ssr_value *value;
    ssr_json json;
};

static struct reading read_record(const struct fixture *fixture)
{
    struct reading reading;
    assert_status(ssr_value_parse(NULL, fixture->record_json, strlen(fixture->record_json), NULL, &reading.value),
                  SSR_OK);
    reading.json = ssr_value_json(reading.value);
    return reading;
}

/* Whether the JSON at a place is this text, NULL for absent. */
static void assert_at(ssr_json json, const char *place, const char *expected)
{
    ssr_json found = ssr_json_at(json, place);
    if (!expected && found.text)
        fail_msg("%s is %.*s", place, (int)found.length, found.text);
    if (expected &&
        (!found.text || strlen(expected) != found.length || memcmp(found.text, expected, found.length) != 0))
        fail_msg("%s is %.*s, not %s", place, (int)found.length, found.text ? found.text : "absent", expected);
}

static void assert_same(ssr_json json, const char *place, const char *other, bool is_same)
{
    ssr_json a = ssr_json_at(json, place), b = ssr_json_at(json, other);
    assert_non_null(a.text);
    assert_non_null(b.text);
    assert_int_equal(a.length == b.length && memcmp(a.text, b.text, a.length) == 0, is_same);
}

/* ---- When nobody listens ----------------------------------------------------------------------------------------- */

static ssr_status count_up(ssr_ctx *ctx, void *store)
{
    return ssr_set_integer(ctx, store, ssr_get_integer(ctx, store, 0) + 1);
}

static size_t allocations(bool has_error, bool has_record)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture_init(fixture);
    ssr_log log = fixture->config.log;
    fixture->config.log =
        (ssr_log){.error = has_error ? log.error : NULL, .record = has_record ? log.record : NULL, .arg = fixture};
    fixture_open(fixture);
    ssr_store *store = fixture_store(fixture, "count", "0");
    fixture_start(fixture);
    size_t before = fixture->memory.calls;
    assert_status(fixture_run(fixture, count_up, store), SSR_OK);
    assert_int_equal(fixture->result->passes, 26);
    size_t calls = fixture->memory.calls - before;
    const struct ssr_record *record = &((struct ssr_render *)fixture->render)->record;
    if (!has_record) {
        assert_null(record->first);
        assert_null(record->history);
        assert_int_equal(record->budget.used, 0);
    }
    fixture_close(fixture);
    free(fixture);
    return calls;
}

static void without_a_sink_nothing_is_kept(void **state)
{
    (void)state;
    sweep_leave_alone(); /* it counts allocations */
    size_t silent = allocations(false, false);
    assert_int_equal(allocations(true, false), silent);
    assert_true(allocations(true, true) > silent);
}

/* ---- What is not told -------------------------------------------------------------------------------------------- */

struct pair {
    ssr_store *a, *b;
    ssr_query *query;
};

/* Sets a when it is unset, and b to what a is. */
static ssr_status follow_page(ssr_ctx *ctx, void *arg)
{
    const struct pair *pair = arg;
    ssr_set_string(ctx, pair->b, ssr_get_string(ctx, pair->a));
    return ssr_set_string(ctx, pair->a, "set");
}

static void open_pair(struct fixture *fixture, struct pair *pair, bool redact, uint64_t key)
{
    fixture_init(fixture);
    fixture->config.redaction_key = key;
    fixture_open(fixture);
    ssr_store_options options = {.default_string = "unset", .redact = redact};
    pair->a = ssr_store_define(fixture->registry, "a", &options);
    pair->b = fixture_store(fixture, "b", "\"unset\"");
    ssr_query_options quiet = {.timeout_ms = 0};
    pair->query = ssr_query_define(fixture->registry, "idea", &quiet);
    fixture_start(fixture);
}

static void what_is_redacted_has_no_patch_and_its_state_a_key(void **state)
{
    static struct fixture fixture;
    struct pair pair;
    char states[3][64];
    (void)state;
    for (uint64_t key = 0; key < 3; key++) {
        open_pair(&fixture, &pair, true, key);
        assert_status(fixture_run(&fixture, follow_page, &pair), SSR_OK);
        struct reading reading = read_record(&fixture);
        assert_at(reading.json, "/passLog/0/changed/0/name", "\"a\"");
        assert_at(reading.json, "/passLog/0/changed/0/patch", NULL);
        assert_at(reading.json, "/passLog/0/changed/0/size", NULL);
        assert_int_equal(ssr_json_at(reading.json, "/passLog/0/changed/0/after").text != NULL, key != 0);
        ssr_json seen = ssr_json_at(reading.json, "/passLog/0/state");
        assert_int_equal(seen.text != NULL, key != 0);
        snprintf(states[key], sizeof states[key], "%.*s", (int)seen.length, seen.text ? seen.text : "");
        ssr_value_free(reading.value);
        fixture_close(&fixture);
    }
    assert_string_not_equal(states[1], states[2]);
}

/* ---- States ------------------------------------------------------------------------------------------------------ */

static ssr_status flip(ssr_ctx *ctx, void *store)
{
    return ssr_set_boolean(ctx, store, !ssr_get_boolean(ctx, store, false));
}

static void equal_states_have_equal_digests(void **state)
{
    static struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture.config.allowed_rerenders_count = 3;
    fixture_open(&fixture);
    ssr_store *store = fixture_store(&fixture, "on", "false");
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, flip, store), SSR_OK);
    struct reading reading = read_record(&fixture);
    assert_same(reading.json, "/passLog/0/state", "/passLog/2/state", true);
    assert_same(reading.json, "/passLog/1/state", "/passLog/3/state", true);
    assert_same(reading.json, "/passLog/0/state", "/passLog/1/state", false);
    assert_same(reading.json, "/passLog/0/changed/0/after", "/passLog/1/changed/0/before", true);
    ssr_value_free(reading.value);
    fixture_close(&fixture);
}

/* Touches the two in one order or the other, the second one late. */
static ssr_status order_page(ssr_ctx *ctx, void *arg)
{
    const struct pair *pair = arg;
    bool is_other_way = ssr_location(ctx)[1] == 'b';
    ssr_set_string(ctx, is_other_way ? pair->b : pair->a, "set");
    if (ssr_pass(ctx) > 1)
        ssr_set_string(ctx, is_other_way ? pair->a : pair->b, "set");
    return SSR_OK;
}

static void the_way_to_a_state_does_not_show_in_its_digest(void **state)
{
    static struct fixture fixture;
    struct pair pair;
    char digests[2][64];
    (void)state;
    for (int i = 0; i < 2; i++) {
        ssr_request request = {.location = i ? "/b" : "/a"};
        open_pair(&fixture, &pair, false, 0);
        assert_status(fixture_run_request(&fixture, order_page, &pair, &request), SSR_OK);
        struct reading reading = read_record(&fixture);
        assert_same(reading.json, "/passLog/0/state", "/passLog/1/state", false);
        assert_same(reading.json, "/passLog/1/state", "/passLog/2/state", false);
        ssr_json last = ssr_json_at(reading.json, "/passLog/2/state");
        snprintf(digests[i], sizeof digests[i], "%.*s", (int)last.length, last.text);
        ssr_value_free(reading.value);
        fixture_close(&fixture);
    }
    assert_string_equal(digests[0], digests[1]);
}

/* Touches the store before its loader sets it, or leaves that to the loader. */
static ssr_status touching_page(ssr_ctx *ctx, void *arg)
{
    const struct pair *pair = arg;
    if (ssr_location(ctx)[1] == 'a')
        ssr_get(ctx, pair->a);
    ssr_query_get(ctx, pair->query, NULL, true);
    return SSR_OK;
}

static ssr_status set_untouched(ssr_operation *operation, void *arg)
{
    const struct pair *pair = arg;
    ssr_builder_string(ssr_operation_build_store(operation), "loaded");
    ssr_operation_set(operation, pair->a);
    return ssr_builder_null(ssr_operation_build(operation));
}

static void who_touched_first_does_not_show_in_a_digest(void **state)
{
    static struct fixture fixture;
    struct pair pair;
    char digests[2][64];
    (void)state;
    for (int i = 0; i < 2; i++) {
        ssr_request request = {.location = i ? "/b" : "/a"};
        fixture_init(&fixture);
        fixture.config.redaction_key = 7;
        fixture_open(&fixture);
        pair.a = fixture_store(&fixture, "a", "\"\"");
        pair.query =
            ssr_query_define(fixture.registry, "query", &(ssr_query_options){.load = set_untouched, .load_arg = &pair});
        fixture_start(&fixture);
        assert_status(fixture_run_request(&fixture, touching_page, &pair, &request), SSR_OK);
        struct reading reading = read_record(&fixture);
        ssr_json last = ssr_json_at(reading.json, "/passLog/1/state");
        snprintf(digests[i], sizeof digests[i], "%.*s", (int)last.length, last.text);
        ssr_value_free(reading.value);
        fixture_close(&fixture);
    }
    assert_string_equal(digests[0], digests[1]);
}

/* ---- Why a pass ran, and what a query waited for ----------------------------------------------------------------- */

struct waiting {
    ssr_store *id;
    ssr_query *site, *idea, *last;
    int line;
};

static ssr_status give_args(ssr_operation *operation, void *arg)
{
    (void)arg;
    int64_t id = 0;
    ssr_json_integer(ssr_operation_args(operation), &id);
    return ssr_builder_integer(ssr_operation_build(operation), id);
}

/* site -> the store id -> idea(id) -> last */
static ssr_status waiting_page(ssr_ctx *ctx, void *arg)
{
    struct waiting *waiting = arg;
    if (ssr_query_integer(ctx, waiting->site, 7, true).state == SSR_QUERY_READY) {
        waiting->line = __LINE__ + 1;
        ssr_set_integer(ctx, waiting->id, 7);
    }
    int64_t id = ssr_get_integer(ctx, waiting->id, 0);
    if (id != 0 && ssr_query_integer(ctx, waiting->idea, id, true).state == SSR_QUERY_READY)
        ssr_query_integer(ctx, waiting->last, 0, true);
    return SSR_OK;
}

static void each_pass_and_each_query_says_what_for(void **state)
{
    static struct fixture fixture;
    struct waiting waiting;
    char expected[128], text[160];
    (void)state;
    fixture_init(&fixture);
    fixture.config.redaction_key = 1;
    fixture_open(&fixture);
    waiting.id = fixture_store(&fixture, "id", NULL);
    ssr_query_options shown = {.load = give_args, .show_args = true};
    waiting.site = ssr_query_define(fixture.registry, "site", &shown);
    waiting.idea = ssr_query_define(fixture.registry, "idea", &shown);
    waiting.last = ssr_query_define(fixture.registry, "last", &(ssr_query_options){.load = give_args});
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, waiting_page, &waiting), SSR_OK);
    assert_int_equal(fixture.result->passes, 5);
    struct reading reading = read_record(&fixture);
    ssr_json json = reading.json;
    assert_at(json, "/passLog/0/causes", NULL);
    assert_at(json, "/passLog/0/loads/0/waitedFor", NULL);
    assert_at(json, "/passLog/1/causes", "[{\"args\":7,\"kind\":\"query\",\"name\":\"site\"}]");
    snprintf(expected, sizeof expected,
             "[{\"at\":\"test_record.c:%d\",\"kind\":\"store\",\"name\":\"id\",\"setIn\":2}]", waiting.line);
    assert_at(json, "/passLog/2/causes", expected);
    assert_at(json, "/passLog/2/loads/0/waitedFor", expected);
    assert_at(json, "/passLog/3/loads/0/waitedFor", "[{\"kind\":\"query\",\"name\":\"idea\"}]");
    assert_at(json, "/passLog/3/loads/0/args", NULL);
    assert_at(json, "/advice/0/kind", "\"prefetch\"");
    snprintf(text, sizeof text,
             "    query \"idea\" 7: ready, waited for store \"id\", set in pass 2 at test_record.c:%d\n", waiting.line);
    assert_non_null(strstr(fixture.record_text, text));
    ssr_value_free(reading.value);
    fixture_close(&fixture);
}

static ssr_status moving_page(ssr_ctx *ctx, void *store)
{
    if (strcmp(ssr_location(ctx), "/b?secret=1") == 0)
        return SSR_OK;
    ssr_set_string(ctx, store, "left behind");
    return ssr_redirect(ctx, "/b?secret=1", 0);
}

static void a_followed_redirect_is_a_cause(void **state)
{
    static struct fixture fixture;
    ssr_request request = {.location = "/a?secret=1", .redirects = SSR_REDIRECTS_FOLLOW};
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_store *store = fixture_store(&fixture, "a", NULL);
    fixture_start(&fixture);
    assert_status(fixture_run_request(&fixture, moving_page, store, &request), SSR_OK);
    struct reading reading = read_record(&fixture);
    assert_at(reading.json, "/location", "\"/b\"");
    assert_at(reading.json, "/passLog/0/location", "\"/a\"");
    assert_at(reading.json, "/passLog/1/location", "\"/b\"");
    assert_at(reading.json, "/passLog/1/causes", "[{\"from\":\"/a\",\"kind\":\"redirect\"}]");
    assert_null(strstr(fixture.record_json, "secret"));
    assert_non_null(strstr(fixture.record_text, "  redirected to /b\n"));
    ssr_value_free(reading.value);
    fixture_close(&fixture);
}

/* The second pass is started over once, as it is when what was taken over cannot be trusted. */
static ssr_status restless_page(ssr_ctx *ctx, void *arg)
{
    const struct pair *pair = arg;
    static bool was_started_over;
    if (ssr_pass(ctx) == 1)
        was_started_over = false;
    if (ssr_pass(ctx) == 2 && !was_started_over)
        ctx->frames.must_start_over = was_started_over = true;
    return ssr_set_string(ctx, pair->a, "set");
}

/* There are boundaries only where a component is defined. */
static ssr_status part(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)ctx, (void)props, (void)arg;
    return SSR_OK;
}

static void a_pass_that_was_started_over_has_the_same_cause(void **state)
{
    static struct fixture fixture;
    struct pair pair;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    pair.a = fixture_store(&fixture, "a", NULL);
    assert_non_null(ssr_component_define(fixture.registry, "part", &(ssr_component_options){.render = part}));
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, restless_page, &pair), SSR_OK);
    assert_int_equal(fixture.result->passes, 2);
    struct reading reading = read_record(&fixture);
    assert_at(reading.json, "/passLog/1/pass", "2");
    assert_at(reading.json, "/passLog/1/completed", "false");
    assert_at(reading.json, "/passLog/2/pass", "2");
    assert_at(reading.json, "/passLog/2/completed", "true");
    assert_same(reading.json, "/passLog/1/causes", "/passLog/2/causes", true);
    assert_same(reading.json, "/passLog/1/state", "/passLog/2/state", true);
    assert_at(reading.json, "/verdict/kind", "\"settled\"");
    ssr_value_free(reading.value);
    fixture_close(&fixture);
}

static ssr_status restless_chain(ssr_ctx *ctx, void *arg)
{
    const struct pair *pair = arg;
    restless_page(ctx, arg);
    return ssr_set_integer(ctx, pair->a, ssr_pass(ctx) < 6 ? ssr_pass(ctx) : 6);
}

static void a_pass_that_was_started_over_is_one_link(void **state)
{
    static struct fixture fixture;
    struct pair pair;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    pair.a = fixture_store(&fixture, "a", NULL);
    assert_non_null(ssr_component_define(fixture.registry, "part", &(ssr_component_options){.render = part}));
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, restless_chain, &pair), SSR_OK);
    struct reading reading = read_record(&fixture);
    assert_at(reading.json, "/verdict/kind", "\"converging\"");
    for (unsigned i = 0; i < 6; i++) {
        char pointer[32], number[4];
        snprintf(pointer, sizeof pointer, "/verdict/chain/%u/pass", i);
        snprintf(number, sizeof number, "%u", i + 1);
        assert_at(reading.json, pointer, number);
    }
    ssr_value_free(reading.value);
    fixture_close(&fixture);
}

/* ---- What changed ------------------------------------------------------------------------------------------------ */

static ssr_status long_page(ssr_ctx *ctx, void *arg)
{
    static char text[4000];
    const struct pair *pair = arg;
    memset(text, 'x', sizeof text - 1);
    ssr_set_string(ctx, pair->a, text);
    static const char json[] = "{\"list\":[1,2,{\"deep\":\"\\u007f\"}]}";
    return ssr_set_json(ctx, pair->b, json, sizeof json - 1);
}

static void a_change_has_a_patch_or_its_size(void **state)
{
    static struct fixture fixture;
    struct pair pair;
    (void)state;
    open_pair(&fixture, &pair, false, 0);
    assert_status(fixture_run(&fixture, long_page, &pair), SSR_OK);
    struct reading reading = read_record(&fixture);
    assert_at(reading.json, "/passLog/0/changed/0/patch", NULL);
    assert_at(reading.json, "/passLog/0/changed/0/size", "4001");
    assert_at(reading.json, "/passLog/0/changed/1/size", NULL);
    assert_at(reading.json, "/passLog/0/changed/1/patch",
              "[{\"op\":\"replace\",\"path\":\"\",\"value\":{\"list\":[1,2,{\"deep\":\"\x7f\"}]}}]");
    assert_null(strchr(fixture.record_json, 0x7f));
    assert_null(strchr(fixture.record_text, 0x7f));
    ssr_value_free(reading.value);
    fixture_close(&fixture);
}

static ssr_status set_from_loader(ssr_operation *operation, void *arg)
{
    const struct pair *pair = arg;
    ssr_builder_string(ssr_operation_build_store(operation), "loaded");
    ssr_operation_set(operation, pair->a);
    return ssr_builder_null(ssr_operation_build(operation));
}

static ssr_status loading_page(ssr_ctx *ctx, void *arg)
{
    const struct pair *pair = arg;
    ssr_query_get(ctx, pair->query, NULL, true);
    if (ssr_pass(ctx) == 1)
        ssr_set_string(ctx, pair->b, "once");
    return SSR_OK;
}

static ssr_status leaving_page(ssr_ctx *ctx, void *arg)
{
    const struct pair *pair = arg;
    if (strcmp(ssr_location(ctx), "/b") == 0)
        return SSR_OK;
    ssr_set_string(ctx, pair->a, "left");
    return ssr_pass(ctx) == 1 ? SSR_OK : ssr_redirect(ctx, "/b", 0);
}

/* What the page that was left has set is not a writer of what the hook of the next location sets. */
static void a_hook_does_not_write_with_the_page_that_was_left(void **state)
{
    static struct fixture fixture;
    struct pair pair;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    pair.a = fixture_store(&fixture, "a", NULL);
    ssr_hook hook = {"warm", set_from_loader, &pair};
    ssr_route route = {.hooks = &hook, .hook_count = 1};
    ssr_request request = {.location = "/a",
                           .redirects = SSR_REDIRECTS_FOLLOW,
                           .find_route = fixture_route_of_b,
                           .find_route_arg = &route};
    fixture_start(&fixture);
    assert_status(fixture_run_request(&fixture, leaving_page, &pair, &request), SSR_OK);
    struct reading reading = read_record(&fixture);
    assert_at(reading.json, "/passLog/2/changed/0/by", "\"hook warm\"");
    assert_at(reading.json, "/passLog/2/changed/0/writers", NULL);
    ssr_value_free(reading.value);
    fixture_close(&fixture);
}

static ssr_status set_b_from_loader(ssr_operation *operation, void *arg)
{
    const struct pair *pair = arg;
    ssr_builder_string(ssr_operation_build_store(operation), "b");
    ssr_operation_set(operation, pair->b);
    return set_from_loader(operation, arg);
}

static ssr_status set_a_in_a_hook(ssr_operation *operation, void *arg)
{
    const struct pair *pair = arg;
    ssr_builder_string(ssr_operation_build_store(operation), "loaded");
    return ssr_operation_set(operation, pair->a);
}

static ssr_status set_both_in_a_hook(ssr_operation *operation, void *arg)
{
    const struct pair *pair = arg;
    ssr_builder_string(ssr_operation_build_store(operation), "hook");
    ssr_operation_set(operation, pair->b);
    return set_a_in_a_hook(operation, arg);
}

static ssr_status give_null(ssr_operation *operation, void *arg)
{
    (void)arg;
    return ssr_builder_null(ssr_operation_build(operation));
}

static ssr_status an_empty_page(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    return ssr_html(ctx, "");
}

/* The record of a hook and a declared loader behind it. */
static struct reading record_both(struct fixture *fixture, ssr_loader_fn in_hook, ssr_loader_fn declared)
{
    struct pair pair;
    fixture_init(fixture);
    fixture->config.prefetch_loaders_before_page_render = true;
    fixture_open(fixture);
    pair.a = fixture_store(fixture, "a", NULL);
    pair.b = fixture_store(fixture, "b", NULL);
    pair.query = ssr_query_define(fixture->registry, "idea", &(ssr_query_options){.load = declared, .load_arg = &pair});
    ssr_hook hook = {"warm", in_hook, &pair};
    ssr_declared_loader loader = {.query = pair.query};
    ssr_route route = {.hooks = &hook, .hook_count = 1, .loaders = &loader, .loader_count = 1};
    ssr_request request = {.find_route = fixture_route, .find_route_arg = &route};
    fixture_start(fixture);
    assert_status(fixture_run_request(fixture, an_empty_page, &pair, &request), SSR_OK);
    return read_record(fixture);
}

/* Hooks and declared loaders are two batches: each tells what it has set, and nothing is told twice. */
static void a_batch_tells_what_it_has_set(void **state)
{
    static struct fixture fixture;
    (void)state;
    struct reading reading = record_both(&fixture, set_a_in_a_hook, give_null);
    assert_at(reading.json, "/passLog/0/changed/0/by", "\"hook warm\"");
    assert_at(reading.json, "/passLog/1/pass", "0");
    assert_at(reading.json, "/passLog/1/changed", NULL);
    ssr_value_free(reading.value);
    fixture_close(&fixture);
    reading = record_both(&fixture, set_both_in_a_hook, set_b_from_loader);
    assert_at(reading.json, "/passLog/0/changed/1/by", "\"hook warm\"");
    assert_at(reading.json, "/passLog/1/changed/0/by", "\"query idea\""); /* another value */
    assert_at(reading.json, "/passLog/1/changed/1/by", "\"query idea\""); /* the same from another place */
    ssr_value_free(reading.value);
    fixture_close(&fixture);
    reading = record_both(&fixture, give_null, set_from_loader);
    assert_at(reading.json, "/passLog/0/changed", NULL);
    assert_at(reading.json, "/passLog/1/changed/0/by", "\"query idea\"");
    ssr_value_free(reading.value);
    fixture_close(&fixture);
}

static ssr_status load_in_place(ssr_operation *operation, void *arg)
{
    const struct pair *pair = arg;
    return ssr_operation_load(operation, pair->query).state == SSR_QUERY_READY ? SSR_OK : SSR_E_FAILED;
}

static ssr_status page_behind_a_redirect(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    return strcmp(ssr_location(ctx), "/b") == 0 ? SSR_OK : ssr_redirect(ctx, "/b", 0);
}

/* The answer that a hook has loaded is a part of what the pass behind it sees; of two hooks the first one's is. */
static void what_a_hook_has_loaded_is_a_part_of_the_state(void **state)
{
    ssr_value *seen[2];
    (void)state;
    for (size_t hooks = 1; hooks <= 2; hooks++) {
        static struct fixture fixture;
        struct pair pair;
        fixture_init(&fixture);
        fixture.config.redaction_key = 7;
        fixture_open(&fixture);
        pair.query = ssr_query_define(fixture.registry, "idea", &(ssr_query_options){.load = give_null});
        ssr_hook both[] = {{"one", load_in_place, &pair}, {"two", load_in_place, &pair}};
        ssr_route route = {.hooks = both, .hook_count = hooks};
        ssr_request request = {.location = "/a",
                               .redirects = SSR_REDIRECTS_FOLLOW,
                               .find_route = fixture_route_of_b,
                               .find_route_arg = &route};
        fixture_start(&fixture);
        assert_status(fixture_run_request(&fixture, page_behind_a_redirect, &pair, &request), SSR_OK);
        struct reading reading = read_record(&fixture);
        ssr_json before = ssr_json_at(reading.json, "/passLog/0/state");
        ssr_json behind = ssr_json_at(reading.json, "/passLog/2/state");
        assert_int_equal(before.length, behind.length);
        assert_memory_not_equal(before.text, behind.text, before.length);
        assert_status(ssr_value_parse(NULL, behind.text, behind.length, NULL, &seen[hooks - 1]), SSR_OK);
        ssr_value_free(reading.value);
        fixture_close(&fixture);
    }
    assert_true(ssr_value_equal(seen[0], seen[1]));
    ssr_value_free(seen[0]);
    ssr_value_free(seen[1]);
}

/* A hook sets a before the first pass, a loader in it; nothing sets the derived b again. */
static void a_change_says_who_set_it(void **state)
{
    static struct fixture fixture;
    struct pair pair;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    pair.a = fixture_store(&fixture, "a", NULL);
    pair.b = ssr_store_define(fixture.registry, "b", &(ssr_store_options){.lifetime = SSR_DERIVED});
    pair.query =
        ssr_query_define(fixture.registry, "idea", &(ssr_query_options){.load = set_from_loader, .load_arg = &pair});
    ssr_hook hook = {"warm", set_from_loader, &pair};
    ssr_route route = {.hooks = &hook, .hook_count = 1};
    ssr_request request = {.find_route = fixture_route, .find_route_arg = &route};
    fixture_start(&fixture);
    assert_status(fixture_run_request(&fixture, loading_page, &pair, &request), SSR_OK);
    struct reading reading = read_record(&fixture);
    assert_at(reading.json, "/passLog/0/changed/0/by", "\"hook warm\"");
    assert_at(reading.json, "/passLog/1/changed/0/name", "\"b\"");
    assert_at(reading.json, "/passLog/1/changed/0/by", NULL);
    assert_at(reading.json, "/passLog/2/changed/0/by", "\"default\"");
    assert_at(reading.json, "/passLog/2/changed/0/at", NULL);
    ssr_value_free(reading.value);
    request.find_route = NULL;
    assert_status(fixture_run_request(&fixture, loading_page, &pair, &request), SSR_OK);
    reading = read_record(&fixture);
    assert_at(reading.json, "/passLog/0/changed/1/name", "\"a\"");
    assert_at(reading.json, "/passLog/0/changed/1/by", "\"query idea\"");
    assert_non_null(ssr_json_at(reading.json, "/passLog/0/changed/1/at").text);
    assert_non_null(strstr(fixture.record_text, ", set by query \"idea\" at test_record.c:"));
    ssr_value_free(reading.value);
    fixture_close(&fixture);
}

static ssr_status writers_page(ssr_ctx *ctx, void *arg)
{
    const struct pair *pair = arg;
    static const struct {
        bool is_a;
        const char *value;
        int line;
    } sets[] = {{true, "1", 1}, {false, "same", 2}, {true, "2", 3}, {true, "1", 1}, {false, "same", 4}, {true, "3", 5}};
    for (size_t i = 0; i < TEST_COUNT(sets); i++)
        ssr_set_string_at(ctx, sets[i].is_a ? pair->a : pair->b, sets[i].value, "parts/page.c", sets[i].line);
    return SSR_OK;
}

/* In order, each place once; advice only where they disagree. */
/* ---- Components -------------------------------------------------------------------------------------------------- */

struct parts {
    ssr_component_definition *setter;
    ssr_store *title, *other;
};

static ssr_status set_title(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    const struct parts *parts = arg;
    (void)props;
    return ssr_set_string(ctx, parts->title, "from inside");
}

/* The other store changes too, so that there is a pass in which the component is taken over. */
static ssr_status page_of_parts(ssr_ctx *ctx, void *arg)
{
    const struct parts *parts = arg;
    ssr_set_integer(ctx, parts->other, ssr_get_integer(ctx, parts->other, 0) < 2 ? (int64_t)ssr_pass(ctx) : 2);
    return ssr_component(ctx, parts->setter, NULL, ssr_input_null());
}

static void a_change_names_the_component_that_made_it(void **state)
{
    (void)state;
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct parts parts;
    fixture_init(fixture);
    fixture_open(fixture);
    parts.title = fixture_store(fixture, "title", NULL);
    parts.other = fixture_store(fixture, "other", "0");
    parts.setter = ssr_component_define(fixture->registry, "headline",
                                        &(ssr_component_options){.render = set_title, .arg = &parts});
    fixture_start(fixture);
    assert_status(fixture_run(fixture, page_of_parts, &parts), SSR_OK);
    struct reading reading = read_record(fixture);
    assert_at(reading.json, "/passLog/0/changed/0/name", "\"other\"");
    assert_at(reading.json, "/passLog/0/changed/0/component", NULL);
    assert_at(reading.json, "/passLog/0/changed/1/name", "\"title\"");
    assert_at(reading.json, "/passLog/0/changed/1/component", "\"headline\"");
    assert_non_null(strstr(fixture->record_text, "set by component \"headline\" at test_record.c:"));
    ssr_value_free(reading.value);
    fixture_close(fixture);
    free(fixture);
}

static void all_writers_of_a_pass_are_told(void **state)
{
    static struct fixture fixture;
    struct pair pair;
    (void)state;
    open_pair(&fixture, &pair, false, 0);
    assert_status(fixture_run(&fixture, writers_page, &pair), SSR_OK);
    struct reading reading = read_record(&fixture);
    assert_at(reading.json, "/passLog/0/changed/0/at", "\"page.c:5\"");
    assert_at(reading.json, "/passLog/0/changed/0/writers", "[\"page.c:1\",\"page.c:3\",\"page.c:5\"]");
    assert_at(reading.json, "/passLog/0/changed/1/writers", "[\"page.c:2\",\"page.c:4\"]");
    assert_non_null(strstr(fixture.record_json, "\"two_writers\",\"text\":\"store \\\"a\\\""));
    assert_null(strstr(fixture.record_json, "\"two_writers\",\"text\":\"store \\\"b\\\""));
    ssr_value_free(reading.value);
    fixture_close(&fixture);
}

static ssr_status shared_page(ssr_ctx *ctx, void *shared)
{
    (void)ctx;
    return ssr_shared_replace_at(shared, ssr_input_integer(1), "parts/page.c", 9);
}

static void shared_writes_are_listed(void **state)
{
    static struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_shared *shared =
        ssr_shared_define(fixture.registry, "visits", &(ssr_shared_options){.writable_in_render = true});
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, shared_page, shared), SSR_OK);
    struct reading reading = read_record(&fixture);
    assert_at(reading.json, "/passLog/0/sharedWrites",
              "[{\"at\":\"page.c:9\",\"kind\":\"shared\",\"name\":\"visits\"}]");
    assert_non_null(strstr(fixture.record_text, "    shared \"visits\" written at page.c:9, for every visitor\n"));
    ssr_value_free(reading.value);
    fixture_close(&fixture);
}

/* Its engine may be gone when the record is written, so that the record cannot name it. */
static void a_shared_store_of_another_engine_is_written_without_a_name(void **state)
{
    static struct fixture fixture, other;
    (void)state;
    fixture_init(&other);
    fixture_open(&other);
    ssr_shared *foreign =
        ssr_shared_define(other.registry, "visits", &(ssr_shared_options){.writable_in_render = true});
    fixture_start(&other);
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, shared_page, foreign), SSR_OK);
    struct reading reading = read_record(&fixture);
    assert_at(reading.json, "/passLog/0/sharedWrites", "[{\"at\":\"page.c:9\",\"kind\":\"shared\"}]");
    assert_non_null(
        strstr(fixture.record_text, "    a shared store of another engine written at page.c:9, for every visitor\n"));
    ssr_value_free(reading.value);
    fixture_close(&fixture);
    fixture_close(&other);
}

/* ---- Text from outside ------------------------------------------------------------------------------------------- */

static ssr_status set_hostile(ssr_ctx *ctx, void *store)
{
    static const char json[] = "\"\xc2\x85 \xc2\xa9\"";
    return ssr_set_json(ctx, store, json, sizeof json - 1);
}

/* Control characters in either form, bytes that are no UTF-8, and a time before 1970. */
static void what_a_terminal_would_obey_is_escaped(void **state)
{
    static struct fixture fixture;
    ssr_request request = {.id = "a\x7f\xc2\x85\xff\xc2\xa9\"\\\n", .now_ms = -5};
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_store *store = fixture_store(&fixture, "a", NULL);
    fixture_start(&fixture);
    assert_status(fixture_run_request(&fixture, set_hostile, store, &request), SSR_OK);
    assert_non_null(
        strstr(fixture.record_json, "\"id\":\"a\\u007f\\u0085\xef\xbf\xbd\xc2\xa9\\\"\\\\\\u000a\",\"time\":-5,"));
    assert_non_null(strstr(fixture.record_json, "\"value\":\"\\u0085 \xc2\xa9\"}"));
    assert_non_null(strstr(fixture.record_text, "null -> \"\\u0085 \xc2\xa9\""));
    struct reading reading = read_record(&fixture);
    assert_at(reading.json, "/time", "-5");
    ssr_value_free(reading.value);
    fixture_close(&fixture);
}

static ssr_status places_page(ssr_ctx *ctx, void *store)
{
    static const char file[] = "a.c", same[] = "a.c", other[] = "b.c";
    ssr_set_integer_at(ctx, store, 1, file, 7);
    ssr_set_integer_at(ctx, store, 2, same, 7);
    ssr_set_integer_at(ctx, store, 3, other, 7);
    ssr_set_integer_at(ctx, store, 4, NULL, 7);
    return ssr_set_integer_at(ctx, store, 5, file, 7);
}

/* A place is a file by its name, whichever copy of it a caller has. */
static void places_are_told_apart_by_their_text(void **state)
{
    static struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_store *store = fixture_store(&fixture, "a", NULL);
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, places_page, store), SSR_OK);
    struct reading reading = read_record(&fixture);
    assert_at(reading.json, "/passLog/0/changed/0/writers", "[\"a.c:7\",\"b.c:7\"]");
    ssr_value_free(reading.value);
    fixture_close(&fixture);
}

/* Nowhere, then somewhere, then nowhere: a cycle of two. */
static ssr_status nowhere_page(ssr_ctx *ctx, void *store)
{
    return ssr_set_integer_at(ctx, store, ssr_pass(ctx) % 2, ssr_pass(ctx) % 2 ? NULL : "a.c", 0);
}

static void a_place_may_be_unknown(void **state)
{
    static struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_store *store = fixture_store(&fixture, "a", NULL);
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, nowhere_page, store), SSR_OK);
    struct reading reading = read_record(&fixture);
    assert_at(reading.json, "/verdict/kind", "\"cycle\"");
    assert_at(reading.json, "/verdict/stores/0/writers", "[\"a.c:0\"]");
    ssr_value_free(reading.value);
    fixture_close(&fixture);
}

static ssr_status set_somewhere(ssr_ctx *ctx, void *store)
{
    return ssr_set_integer_at(ctx, store, 1, NULL, 0);
}

static ssr_status set_in_a_component(ssr_ctx *ctx, const ssr_props *props, void *store)
{
    (void)props;
    return set_somewhere(ctx, *(ssr_store **)store);
}

static ssr_status page_of_a_component(ssr_ctx *ctx, void *component)
{
    return ssr_component(ctx, component, NULL, ssr_input_null());
}

/* What was set at an unknown place is no default: the record says no more than it knows. */
static void an_unknown_place_is_no_default(void **state)
{
    static struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_store *store = fixture_store(&fixture, "a", NULL);
    ssr_component_definition *item = ssr_component_define(
        fixture.registry, "item", &(ssr_component_options){.render = set_in_a_component, .arg = &store});
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, set_somewhere, store), SSR_OK);
    assert_non_null(strstr(fixture.record_text, "store \"a\" changed null -> 1\n"));
    assert_null(strstr(fixture.record_json, "\"by\""));
    assert_status(fixture_run(&fixture, page_of_a_component, item), SSR_OK);
    assert_non_null(strstr(fixture.record_text, "store \"a\" changed null -> 1, set by component \"item\"\n"));
    assert_null(strstr(fixture.record_json, "\"by\""));
    fixture_close(&fixture);
}

struct late {
    ssr_atom_template *atom;
    ssr_store *count;
    ssr_component_definition *bar;
};

static ssr_status show_late(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    const struct late *late = arg;
    (void)props;
    ssr_json json = ssr_atom_value(ssr_atom_use(ssr_atoms(ctx), late->atom));
    return ssr_text_n(ctx, json.text, json.length);
}

static ssr_status write_late(ssr_ctx *ctx, void *arg)
{
    const struct late *late = arg;
    ssr_component(ctx, late->bar, NULL, ssr_input_null());
    ssr_atom *atom = ssr_atom_use(ssr_atoms(ctx), late->atom);
    ssr_atom_value(atom);
    if (ssr_get_integer(ctx, late->count, 0) == 0)
        return ssr_set_integer(ctx, late->count, 1);
    return ssr_atom_update(atom, ssr_input_integer(7));
}

/* The second pass runs twice, because its component was taken over before the atom changed; the write is one. */
static void a_late_write_of_a_pass_that_starts_over_counts_once(void **state)
{
    static struct fixture fixture;
    struct late late;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    late.atom = ssr_atom_define(fixture.registry, "a", NULL);
    late.count = fixture_store(&fixture, "count", "0");
    late.bar =
        ssr_component_define(fixture.registry, "bar", &(ssr_component_options){.render = show_late, .arg = &late});
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, write_late, &late), SSR_OK);
    struct reading reading = read_record(&fixture);
    assert_at(reading.json, "/lateWrites", "1");
    assert_at(reading.json, "/passLog/1/completed", "false");
    assert_at(reading.json, "/passLog/1/lateWrites/0/name", "\"a\"");
    assert_at(reading.json, "/passLog/2/lateWrites/0/name", "\"a\"");
    ssr_value_free(reading.value);
    fixture_close(&fixture);
}

struct nowhere {
    ssr_store *store;
    ssr_query *first, *second;
    bool is_first_unplaced;
};

static ssr_status set_first(ssr_operation *operation, void *arg)
{
    const struct nowhere *nowhere = arg;
    ssr_builder_integer(ssr_operation_build_store(operation), 1);
    ssr_operation_set_at(operation, nowhere->store, nowhere->is_first_unplaced ? NULL : "a.c", 0);
    return ssr_builder_null(ssr_operation_build(operation));
}

static ssr_status set_second(ssr_operation *operation, void *arg)
{
    const struct nowhere *nowhere = arg;
    ssr_builder_integer(ssr_operation_build_store(operation), 2);
    ssr_operation_set_at(operation, nowhere->store, nowhere->is_first_unplaced ? "a.c" : NULL, 0);
    return ssr_builder_null(ssr_operation_build(operation));
}

static ssr_status ask_for_both(ssr_ctx *ctx, void *arg)
{
    const struct nowhere *nowhere = arg;
    ssr_query_get(ctx, nowhere->first, NULL, true);
    ssr_query_get(ctx, nowhere->second, NULL, true);
    return SSR_OK;
}

/* Two loaders set the same store, one of them without saying where: the last one is named. */
static void an_unknown_place_is_no_other(void **state)
{
    static struct fixture fixture;
    struct nowhere nowhere;
    (void)state;
    for (int i = 0; i < 2; i++) {
        nowhere.is_first_unplaced = i == 1;
        fixture_init(&fixture);
        fixture_open(&fixture);
        nowhere.store = fixture_store(&fixture, "a", NULL);
        nowhere.first =
            ssr_query_define(fixture.registry, "one", &(ssr_query_options){.load = set_first, .load_arg = &nowhere});
        nowhere.second =
            ssr_query_define(fixture.registry, "two", &(ssr_query_options){.load = set_second, .load_arg = &nowhere});
        fixture_start(&fixture);
        assert_status(fixture_run(&fixture, ask_for_both, &nowhere), SSR_OK);
        struct reading reading = read_record(&fixture);
        assert_at(reading.json, "/passLog/0/changed/0/by", "\"query two\"");
        ssr_value_free(reading.value);
        fixture_close(&fixture);
    }
}

/* ---- Long and deep ----------------------------------------------------------------------------------------------- */

struct deep {
    ssr_store *store;
    ssr_query *query;
    char args[600];
};

static ssr_status deep_page(ssr_ctx *ctx, void *arg)
{
    const struct deep *deep = arg;
    ssr_set_json(ctx, deep->store, deep->args, strlen(deep->args));
    ssr_query_get(ctx, deep->query, deep->args, true);
    return SSR_OK;
}

/* `depth` arrays around a string with what could be taken for more of them, and for its end. */
static void nest(char *json, size_t depth)
{
    memset(json, '[', depth);
    strcpy(json + depth, "\"[\\\"[\\\\\"");
    size_t length = strlen(json);
    memset(json + length, ']', depth);
    json[length + depth] = '\0';
}

/* What is so deep that nobody could read it inside of a record is left out. */
static void deep_values_are_left_out(void **state)
{
    static struct fixture fixture;
    static const struct {
        size_t depth;
        bool is_told;
    } cases[] = {{5, true}, {116, true}, {120, true}, {121, false}, {128, false}};
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct deep deep;
        fixture_init(&fixture);
        fixture_open(&fixture);
        deep.store = fixture_store(&fixture, "a", NULL);
        deep.query = ssr_query_define(fixture.registry, "idea", &(ssr_query_options){.show_args = true});
        fixture_start(&fixture);
        nest(deep.args, cases[i].depth);
        assert_status(fixture_run(&fixture, deep_page, &deep), SSR_OK);
        struct reading reading = read_record(&fixture);
        if (cases[i].depth < 118) /* the patch around it counts */
            assert_non_null(ssr_json_at(reading.json, "/passLog/0/changed/0/patch").text);
        else
            assert_at(reading.json, "/passLog/0/changed/0/patch", NULL);
        assert_at(reading.json, "/passLog/0/loads/0/args", cases[i].is_told ? deep.args : NULL);
        ssr_value_free(reading.value);
        fixture_close(&fixture);
    }
}

static ssr_status set_text(ssr_ctx *ctx, void *arg)
{
    const struct deep *deep = arg;
    static char text[2100];
    size_t length = strtoul(deep->args, NULL, 10);
    memset(text, 'x', length);
    return ssr_set_string_n(ctx, deep->store, text, length);
}

/* In the text form: the values, or else the patch, or else the size. The JSON form has patches up to 2048 bytes. */
static void a_change_is_told_as_shortly_as_it_can(void **state)
{
    static struct fixture fixture;
    static const struct {
        const char *length, *told;
        bool has_patch;
    } cases[] = {{"50", " null -> \"xxx", true},
                 {"105", " by [{\"op\":\"replace\",\"path\":\"\",\"value\":\"xxx", true},
                 {"150", " to 152 bytes", true},
                 {"2003", " to 2005 bytes", true},
                 {"2040", " to 2042 bytes", false}};
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        struct deep deep;
        fixture_init(&fixture);
        fixture_open(&fixture);
        deep.store = fixture_store(&fixture, "a", NULL);
        fixture_start(&fixture);
        strcpy(deep.args, cases[i].length);
        assert_status(fixture_run(&fixture, set_text, &deep), SSR_OK);
        if (!strstr(fixture.record_text, cases[i].told))
            fail_msg("%s: %s", cases[i].length, fixture.record_text);
        struct reading reading = read_record(&fixture);
        assert_int_equal(ssr_json_at(reading.json, "/passLog/0/changed/0/patch").text != NULL, cases[i].has_patch);
        ssr_value_free(reading.value);
        fixture_close(&fixture);
    }
}

static ssr_status write_shared_often(ssr_operation *operation, void *shared)
{
    for (int line = 1; line <= 6; line++)
        assert_status(ssr_shared_replace_at(shared, ssr_input_integer(line), "loader.c", line), SSR_E_SHARED_WRITE);
    return ssr_builder_null(ssr_operation_build(operation));
}

static ssr_status ask_the_writer(ssr_ctx *ctx, void *query)
{
    ssr_query_get(ctx, query, NULL, true);
    return SSR_OK;
}

/* All are counted, the first four have a line. */
static void refused_writes_of_a_loader_are_counted_and_listed(void **state)
{
    static struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_shared *shared = ssr_shared_define(fixture.registry, "visits", NULL);
    ssr_query *query = ssr_query_define(fixture.registry, "idea",
                                        &(ssr_query_options){.load = write_shared_often, .load_arg = shared});
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, ask_the_writer, query), SSR_OK);
    assert_int_equal(fixture.result->refused, 6);
    assert_non_null(strstr(fixture.record_text, "loader.c:4"));
    assert_null(strstr(fixture.record_text, "loader.c:5"));
    fixture_close(&fixture);
}

/* What a hook and the query that it loads write to. */
struct careless {
    ssr_query *query;
    ssr_atom_template *atom;
    ssr_cookie *cookie;
};

static ssr_status write_badly(ssr_operation *operation, void *arg)
{
    const struct careless *careless = arg;
    ssr_builder_integer(ssr_operation_build_store(operation), 1);
    assert_status(ssr_operation_set_cookie_at(operation, careless->cookie, ssr_input_string("a;b"), NULL, "l.c", 7),
                  SSR_E_COOKIE_VALUE);
    for (int i = 0; i < 5; i++)
        assert_status(ssr_operation_set_status(operation, 404), SSR_E_WRONG_PHASE);
    return ssr_builder_null(ssr_operation_build(operation));
}

static ssr_status warm_badly(ssr_operation *operation, void *arg)
{
    const struct careless *careless = arg;
    assert_status(ssr_operation_set_header(operation, "a b", "c"), SSR_E_BAD_HEADER);
    assert_status(ssr_operation_update_atom_at(operation, careless->atom, "h.c", 3), SSR_E_BUILDER);
    assert_int_equal(ssr_operation_load(operation, careless->query).state, SSR_QUERY_READY);
    assert_status(ssr_operation_delete_cookie_at(operation, NULL, "h.c", 5), SSR_E_UNKNOWN_COOKIE);
    return SSR_OK;
}

static ssr_status read_nothing(ssr_ctx *ctx, void *arg)
{
    (void)ctx;
    (void)arg;
    return SSR_OK;
}

/* All are counted, the first four listed; those of a query that was loaded in place are the hook's. */
static void refused_writes_of_a_hook_are_listed(void **state)
{
    static struct fixture fixture;
    struct careless careless;
    ssr_hook hook = {"warm", warm_badly, &careless};
    ssr_route route = {.hooks = &hook, .hook_count = 1};
    ssr_request request = {.find_route = fixture_route, .find_route_arg = &route};
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    careless.atom = ssr_atom_define(fixture.registry, "cart", NULL);
    careless.cookie = ssr_cookie_define(fixture.registry, "theme", NULL);
    careless.query =
        ssr_query_define(fixture.registry, "idea", &(ssr_query_options){.load = write_badly, .load_arg = &careless});
    fixture_start(&fixture);
    assert_status(fixture_run_request(&fixture, read_nothing, NULL, &request), SSR_OK);
    assert_int_equal(fixture.result->refused, 9);
    struct reading reading = read_record(&fixture);
    assert_at(reading.json, "/passLog/0/refused",
              "[{\"call\":\"ssr_operation_set_header\",\"error\":\"bad_header\"},"
              "{\"at\":\"h.c:3\",\"call\":\"ssr_operation_update_atom\",\"error\":\"builder_misuse\",\"kind\":\"atom\","
              "\"name\":\"cart\"},"
              "{\"at\":\"l.c:7\",\"call\":\"ssr_operation_set_cookie\",\"error\":\"cookie_value\",\"kind\":\"cookie\","
              "\"name\":\"theme\"},"
              "{\"call\":\"ssr_operation_set_status\",\"error\":\"wrong_phase\"}]");
    ssr_value_free(reading.value);
    fixture_close(&fixture);
}

struct late_refusal {
    ssr_query *query;
    ssr_atom_template *picky, *kept, *told;
};

static ssr_status refuse_bad(ssr_draft *next, ssr_json old, const ssr_atom *atom, void *arg)
{
    (void)old;
    (void)atom;
    (void)arg;
    return ssr_json_equals(ssr_draft_get(next, ""), "bad") ? SSR_E_INVALID_ARGUMENT : SSR_OK;
}

static void write_atom(ssr_operation *operation, ssr_atom_template *atom, ssr_input input, int line)
{
    ssr_builder_input(ssr_operation_build_store(operation), input);
    assert_status(ssr_operation_update_atom_at(operation, atom, "l.c", line), SSR_OK);
}

static ssr_status write_too_much(ssr_operation *operation, void *arg)
{
    const struct late_refusal *late = arg;
    write_atom(operation, late->picky, ssr_input_string("good"), 1);
    write_atom(operation, late->picky, ssr_input_string("bad"), 2);
    write_atom(operation, late->kept, ssr_input_string("two words"), 3);
    write_atom(operation, late->told, ssr_input_integer(4), 4);
    return ssr_builder_null(ssr_operation_build(operation));
}

static ssr_status ask_for_late(ssr_ctx *ctx, void *arg)
{
    const struct late_refusal *late = arg;
    if (ssr_query_get(ctx, late->query, NULL, true).state != SSR_QUERY_READY)
        return SSR_OK;
    assert_true(ssr_json_equals(ssr_atom_value(ssr_atom_use(ssr_atoms(ctx), late->picky)), "good"));
    assert_int_equal(ssr_json_type(ssr_atom_value(ssr_atom_use(ssr_atoms(ctx), late->kept))), SSR_JSON_NULL);
    return SSR_OK;
}

/* What the loader was promised and the atom refuses later has a line too: in the order of the writes. */
static void writes_that_an_atom_refuses_later_are_listed(void **state)
{
    static struct fixture fixture;
    struct late_refusal late;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_cookie_define(fixture.registry, "kept", &(ssr_cookie_options){.encoding = SSR_COOKIE_RAW});
    late.picky = ssr_atom_define(fixture.registry, "picky", &(ssr_atom_options){.before_update = refuse_bad});
    late.kept = ssr_atom_define(fixture.registry, "kept", &(ssr_atom_options){.persist = "kept"});
    late.told = ssr_atom_define(fixture.registry, "told", NULL);
    late.query =
        ssr_query_define(fixture.registry, "idea", &(ssr_query_options){.load = write_too_much, .load_arg = &late});
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, ask_for_late, &late), SSR_OK);
    assert_int_equal(fixture.result->refused, 2);
    struct reading reading = read_record(&fixture);
    assert_at(
        reading.json, "/passLog/0/refused",
        "[{\"at\":\"l.c:2\",\"call\":\"ssr_operation_update_atom\",\"error\":\"invalid_argument\",\"kind\":\"atom\","
        "\"name\":\"picky\"},"
        "{\"at\":\"l.c:3\",\"call\":\"ssr_operation_update_atom\",\"error\":\"cookie_value\",\"kind\":\"atom\","
        "\"name\":\"kept\"}]");
    ssr_value_free(reading.value);
    fixture_close(&fixture);
}

/* ---- Size and samples -------------------------------------------------------------------------------------------- */

static void a_record_that_is_full_says_so_and_changes_nothing(void **state)
{
    static struct fixture fixture;
    unsigned truncated = 0;
    (void)state;
    for (uint64_t bytes = 1; bytes < 40000; bytes = bytes * 5 / 4 + 1) {
        fixture_init(&fixture);
        fixture.config.log.record_bytes = bytes;
        fixture_open(&fixture);
        ssr_store *store = fixture_store(&fixture, "count", "0");
        fixture_start(&fixture);
        assert_status(fixture_run(&fixture, count_up, store), SSR_OK);
        assert_int_equal(fixture.result->passes, 26);
        assert_int_equal(fixture.records, 1);
        struct reading reading = read_record(&fixture);
        bool is_truncated = ssr_json_at(reading.json, "/truncated").text != NULL;
        if (!is_truncated)
            assert_non_null(ssr_json_at(reading.json, "/passLog/25").text);
        assert_at(reading.json, "/verdict/kind", "\"always_new\"");
        truncated += is_truncated;
        ssr_value_free(reading.value);
        fixture_close(&fixture);
    }
    assert_true(truncated > 10);
}

static ssr_status still_page(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    return ssr_html(ctx, "still");
}

static ssr_status leave(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    return ssr_redirect(ctx, "/elsewhere", 0);
}

static void one_in_n_is_recorded_and_every_fault(void **state)
{
    static struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture.config.log.sample = 4;
    fixture_open(&fixture);
    ssr_store *store = fixture_store(&fixture, "count", "0");
    fixture_start(&fixture);
    for (int i = 0; i < 400; i++) {
        char id[16];
        snprintf(id, sizeof id, "request-%d", i);
        ssr_request request = {.id = id};
        unsigned before = fixture.records;
        assert_status(fixture_run_request(&fixture, still_page, NULL, &request), SSR_OK);
        unsigned chosen = fixture.records - before;
        assert_status(fixture_run_request(&fixture, still_page, NULL, &request), SSR_OK);
        assert_int_equal(fixture.records - before, 2 * chosen);
    }
    assert_in_range(fixture.records, 120, 280);
    unsigned redirects = fixture.records;
    for (uint64_t seed = 0; seed < 400; seed++) /* without an id, by seed and time */
        assert_status(fixture_run_request(&fixture, leave, NULL, &(ssr_request){.seed = seed}), SSR_OK);
    assert_in_range(fixture.records - redirects, 60, 140);
    unsigned before = fixture.records;
    for (uint64_t seed = 0; seed < 9; seed++)
        assert_status(fixture_run_request(&fixture, count_up, store, &(ssr_request){.seed = seed}), SSR_OK);
    assert_int_equal(fixture.records, before + 9);
    fixture_close(&fixture);
}

/* ---- Server-Timing ----------------------------------------------------------------------------------------------- */

struct timing {
    char header[512];
    size_t size, length;
};

static void take_timing(void *arg, ssr_record *record)
{
    struct timing *timing = arg;
    memset(timing->header, '#', sizeof timing->header);
    timing->length = ssr_record_server_timing(record, timing->header, timing->size);
}

static uint64_t ticking(void *arg)
{
    return *(uint64_t *)arg += 1500000;
}

static void the_header_holds_whole_metrics_of_plain_text(void **state)
{
    sweep_leave_alone(); /* the metrics of a record that memory cut short are fewer */
    static struct fixture fixture;
    static const char whole[] = "total;desc=\"settled\";dur=4.500, pass;desc=\"1\";dur=1.500, "
                                "query;desc=\"sp aced?quote? ???\";dur=1.500, pass;desc=\"2\";dur=1.500";
    struct timing timing = {.length = 0};
    struct pair pair;
    uint64_t now = 0;
    (void)state;
    fixture_init(&fixture);
    fixture.config.clock = ticking;
    fixture.config.clock_arg = &now;
    fixture.config.log = (ssr_log){.record = take_timing, .arg = &timing};
    fixture_open(&fixture);
    pair.a = pair.b = fixture_store(&fixture, "a", NULL);
    pair.query =
        ssr_query_define(fixture.registry, "sp aced\"quote\\ \xe2\x82\xac", &(ssr_query_options){.load = give_args});
    fixture_start(&fixture);
    for (timing.size = 0; timing.size <= sizeof whole + 1; timing.size++) {
        assert_status(fixture_run(&fixture, loading_page, &pair), SSR_OK);
        if (timing.size > 0)
            assert_int_equal(strlen(timing.header), timing.length);
        assert_true(timing.length == 0 || timing.length < timing.size);
        assert_memory_equal(timing.header, whole, timing.length);
        assert_true(timing.length == 0 || whole[timing.length] == ',' || whole[timing.length] == '\0');
        assert_int_equal(timing.header[timing.size], '#');
    }
    assert_string_equal(timing.header, whole);
    fixture_close(&fixture);
}

static uint64_t going_back(void *arg)
{
    return *(uint64_t *)arg -= 1500000;
}

static void a_clock_that_goes_back_measures_nothing(void **state)
{
    static struct fixture fixture;
    struct pair pair;
    uint64_t now = INT64_C(1000000000);
    (void)state;
    fixture_init(&fixture);
    fixture.config.clock = going_back;
    fixture.config.clock_arg = &now;
    fixture_open(&fixture);
    pair.a = pair.b = fixture_store(&fixture, "a", NULL);
    pair.query = ssr_query_define(fixture.registry, "echo", &(ssr_query_options){.load = give_args});
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, loading_page, &pair), SSR_OK);
    struct reading reading = read_record(&fixture);
    assert_at(reading.json, "/ms", "0");
    assert_at(reading.json, "/passLog/0/ms", "0");
    assert_at(reading.json, "/passLog/0/loads/0/ms", "0");
    ssr_value_free(reading.value);
    fixture_close(&fixture);
}

static ssr_status do_nothing(ssr_operation *operation, void *arg)
{
    (void)operation, (void)arg;
    return SSR_OK;
}

/* What a hook is called is the host's own text. */
static void a_header_without_a_clock_has_no_times(void **state)
{
    static struct fixture fixture;
    struct timing timing = {.size = sizeof timing.header};
    ssr_hook hook = {"warm\tup\x7f", do_nothing, NULL};
    ssr_route route = {.hooks = &hook, .hook_count = 1};
    ssr_request request = {.find_route = fixture_route, .find_route_arg = &route};
    (void)state;
    sweep_leave_alone(); /* the metrics of a record that memory cut short are fewer */
    fixture_init(&fixture);
    fixture.config.log = (ssr_log){.record = take_timing, .arg = &timing};
    fixture_open(&fixture);
    fixture_start(&fixture);
    assert_status(fixture_run_request(&fixture, still_page, NULL, &request), SSR_OK);
    assert_string_equal(timing.header, "total;desc=\"settled\", hook;desc=\"warm?up?\", pass;desc=\"1\"");
    fixture_close(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_sink_nothing_is_kept),
        cmocka_unit_test(what_is_redacted_has_no_patch_and_its_state_a_key),
        cmocka_unit_test(equal_states_have_equal_digests),
        cmocka_unit_test(the_way_to_a_state_does_not_show_in_its_digest),
        cmocka_unit_test(who_touched_first_does_not_show_in_a_digest),
        cmocka_unit_test(each_pass_and_each_query_says_what_for),
        cmocka_unit_test(a_followed_redirect_is_a_cause),
        cmocka_unit_test(a_pass_that_was_started_over_has_the_same_cause),
        cmocka_unit_test(a_pass_that_was_started_over_is_one_link),
        cmocka_unit_test(a_change_has_a_patch_or_its_size),
        cmocka_unit_test(a_change_says_who_set_it),
        cmocka_unit_test(a_hook_does_not_write_with_the_page_that_was_left),
        cmocka_unit_test(what_a_hook_has_loaded_is_a_part_of_the_state),
        cmocka_unit_test(a_batch_tells_what_it_has_set),
        cmocka_unit_test(a_change_names_the_component_that_made_it),
        cmocka_unit_test(all_writers_of_a_pass_are_told),
        cmocka_unit_test(shared_writes_are_listed),
        cmocka_unit_test(a_shared_store_of_another_engine_is_written_without_a_name),
        cmocka_unit_test(what_a_terminal_would_obey_is_escaped),
        cmocka_unit_test(places_are_told_apart_by_their_text),
        cmocka_unit_test(a_place_may_be_unknown),
        cmocka_unit_test(a_late_write_of_a_pass_that_starts_over_counts_once),
        cmocka_unit_test(an_unknown_place_is_no_default),
        cmocka_unit_test(an_unknown_place_is_no_other),
        cmocka_unit_test(deep_values_are_left_out),
        cmocka_unit_test(a_change_is_told_as_shortly_as_it_can),
        cmocka_unit_test(refused_writes_of_a_loader_are_counted_and_listed),
        cmocka_unit_test(refused_writes_of_a_hook_are_listed),
        cmocka_unit_test(writes_that_an_atom_refuses_later_are_listed),
        cmocka_unit_test(a_record_that_is_full_says_so_and_changes_nothing),
        cmocka_unit_test(one_in_n_is_recorded_and_every_fault),
        cmocka_unit_test(the_header_holds_whole_metrics_of_plain_text),
        cmocka_unit_test(a_clock_that_goes_back_measures_nothing),
        cmocka_unit_test(a_header_without_a_clock_has_no_times),
    };
    return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
