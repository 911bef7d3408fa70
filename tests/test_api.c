/* The calls around a render: definitions, configuration, typed getters, the context's builder, the cJSON bridge. */
#include "fixture.h"

#include <math.h>

#include "ssrstore/cjson.h"

/* ---- Definitions --------------------------------------------------------------------------------------------------
 */

/* Starting an engine with these definitions answers `expected`, with a sentence that has `mention` in it. */
static void assert_refused(const char *name, const ssr_store_options *options, ssr_status expected, const char *mention)
{
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_open(&fixture);
    assert_status(ssr_registry_status(fixture.registry), SSR_OK);
    assert_string_equal(ssr_registry_error(fixture.registry), "");
    assert_null(ssr_store_define(fixture.registry, name, options));
    assert_status(ssr_registry_status(fixture.registry), expected);
    assert_non_null(strstr(ssr_registry_error(fixture.registry), ssr_status_name(expected)));
    assert_non_null(strstr(ssr_registry_error(fixture.registry), mention));
    assert_status(ssr_engine_start(fixture.engine), expected);
    fixture_close(&fixture);
}

static ssr_status init_null(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    (void)ctx, (void)arg;
    return ssr_builder_null(value);
}

static void bad_names_are_refused(void **state)
{
    char long_name[130];
    (void)state;
    memset(long_name, 'n', sizeof long_name - 1);
    long_name[129] = '\0';
    assert_refused("", NULL, SSR_E_INVALID_NAME, "name");
    assert_refused(NULL, NULL, SSR_E_INVALID_NAME, "name");
    assert_refused(long_name, NULL, SSR_E_INVALID_NAME, "nnn");
    assert_refused("a\nb", NULL, SSR_E_INVALID_NAME, "name");
    assert_refused("a\x7f", NULL, SSR_E_INVALID_NAME, "name");
    assert_refused("a\xff", NULL, SSR_E_INVALID_NAME, "name");
}

static void good_names_are_taken_as_they_are(void **state)
{
    char long_name[129];
    struct fixture fixture;
    (void)state;
    memset(long_name, 'n', sizeof long_name - 1);
    long_name[128] = '\0';
    const char *const names[] = {long_name,    "a",    "page.title", "with space", "\xc3\xa9\xf0\x9f\x98\x80",
                                 "\"quoted\"", "Title"};
    ssr_store *stores[TEST_COUNT(names)];
    fixture_init(&fixture);
    fixture_open(&fixture);
    for (size_t i = 0; i < TEST_COUNT(names); i++) {
        char name[200];
        stores[i] = fixture_store(&fixture, strcpy(name, names[i]), NULL);
        memset(name, 'x', sizeof name);
    }
    fixture_start(&fixture);
    for (size_t i = 0; i < TEST_COUNT(names); i++) {
        assert_string_equal(ssr_store_name(stores[i]), names[i]);
        assert_ptr_equal(ssr_store_find(fixture.registry, names[i]), stores[i]);
    }
    assert_null(ssr_store_find(fixture.registry, "title"));
    assert_null(ssr_store_find(fixture.registry, ""));
    assert_null(ssr_store_find(fixture.registry, NULL));
    assert_null(ssr_store_find(NULL, names[0]));
    fixture_close(&fixture);
}

static void bad_defaults_are_refused(void **state)
{
    (void)state;
    assert_refused("crumb", &(ssr_store_options){.default_json = "[1"}, SSR_E_SYNTAX, "crumb");
    assert_refused("crumb", &(ssr_store_options){.default_json = ""}, SSR_E_SYNTAX, "crumb");
    assert_refused("crumb", &(ssr_store_options){.default_json = "{\"a\":1,\"a\":2}"}, SSR_E_DUPLICATE_KEY, "crumb");
    assert_refused("crumb", &(ssr_store_options){.default_json = "1e999"}, SSR_E_NOT_FINITE, "crumb");
    assert_refused("crumb", &(ssr_store_options){.default_string = "a\xff"}, SSR_E_INVALID_UTF8, "crumb");
}

static void several_defaults_are_refused(void **state)
{
    (void)state;
    ssr_store_options texts = {.default_json = "1", .default_string = "1"};
    ssr_store_options json = {.default_json = "1", .init = init_null};
    ssr_store_options string = {.default_string = "1", .init = init_null};
    assert_refused("crumb", &texts, SSR_E_INVALID_ARGUMENT, "crumb");
    assert_refused("crumb", &json, SSR_E_INVALID_ARGUMENT, "crumb");
    assert_refused("crumb", &string, SSR_E_INVALID_ARGUMENT, "crumb");
}

static void values_of_no_meaning_are_refused(void **state)
{
    (void)state;
    ssr_store_options lifetime = {.lifetime = (ssr_lifetime)9}, policy = {.policy = (ssr_policy)9};
    assert_refused("crumb", &lifetime, SSR_E_INVALID_ARGUMENT, "crumb");
    assert_refused("crumb", &policy, SSR_E_INVALID_ARGUMENT, "crumb");
    assert_null(ssr_store_define(NULL, "crumb", NULL));
}

static void a_name_is_defined_once(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_store(&fixture, "page.title", "1");
    assert_null(ssr_store_define(fixture.registry, "page.title", NULL));
    assert_status(ssr_registry_status(fixture.registry), SSR_E_DUPLICATE_NAME);
    assert_status(ssr_engine_start(fixture.engine), SSR_E_DUPLICATE_NAME);
    assert_non_null(strstr(ssr_registry_error(fixture.registry), "page.title"));
    fixture_close(&fixture);
}

static void the_first_error_is_kept(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_store_define(fixture.registry, "first.bad", &(ssr_store_options){.default_json = "{"});
    ssr_store_define(fixture.registry, "", NULL);
    assert_non_null(ssr_store_define(fixture.registry, "good", NULL));
    assert_status(ssr_engine_start(fixture.engine), SSR_E_SYNTAX);
    assert_non_null(strstr(ssr_registry_error(fixture.registry), "first.bad"));
    assert_status(ssr_engine_start(fixture.engine), SSR_E_SYNTAX);
    fixture_close(&fixture);
}

static ssr_status show_string(ssr_ctx *ctx, void *arg)
{
    return ssr_text(ctx, ssr_get_string(ctx, arg));
}

static void a_replaced_store_keeps_its_handle(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_store *first = fixture_store(&fixture, "title", "\"First\"");
    ssr_store_options options = {.default_string = "Second", .replace = true, .policy = SSR_LOCAL};
    ssr_store *second = ssr_store_define(fixture.registry, "title", &options);
    assert_ptr_equal(first, second);
    fixture_start(&fixture);
    assert_ptr_equal(ssr_store_find(fixture.registry, "title"), first);
    assert_status(fixture_run(&fixture, show_string, first), SSR_OK);
    assert_string_equal(fixture.result->html, "Second");
    assert_null(strstr(fixture.result->transfer, "title"));
    fixture_close(&fixture);
}

static void replacing_nothing_defines(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_store_options options = {.default_string = "Only", .replace = true};
    ssr_store *store = ssr_store_define(fixture.registry, "title", &options);
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, show_string, store), SSR_OK);
    assert_string_equal(fixture.result->html, "Only");
    fixture_close(&fixture);
}

static void defaults_are_copied(void **state)
{
    struct fixture fixture;
    char text[] = "Default";
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_store_options options = {.default_string = text};
    ssr_store *store = ssr_store_define(fixture.registry, "title", &options);
    memset(text, 'x', sizeof text - 1);
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, show_string, store), SSR_OK);
    assert_string_equal(fixture.result->html, "Default");
    fixture_close(&fixture);
}

static void a_started_engine_takes_no_more_definitions(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_store *store = fixture_store(&fixture, "title", "\"Default\"");
    fixture_start(&fixture);
    assert_null(ssr_store_define(fixture.registry, "late", NULL));
    ssr_store_options options = {.default_string = "Late", .replace = true};
    assert_null(ssr_store_define(fixture.registry, "title", &options));
    assert_null(ssr_store_find(fixture.registry, "late"));
    assert_status(fixture_run(&fixture, show_string, store), SSR_OK);
    assert_string_equal(fixture.result->html, "Default");
    fixture_close(&fixture);
}

static ssr_status set_number_one(ssr_ctx *ctx, void *arg)
{
    assert_status(ssr_set_integer(ctx, arg, 1), SSR_E_UNKNOWN_STORE);
    assert_null(ssr_get(ctx, arg));
    assert_status(ssr_last_status(ctx), SSR_E_UNKNOWN_STORE);
    return SSR_OK;
}

/* A handle of another engine would be a store of another application. */
static void a_store_of_another_engine_is_unknown(void **state)
{
    struct fixture fixture, other;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_store(&fixture, "title", "0");
    fixture_start(&fixture);
    fixture_init(&other);
    fixture_open(&other);
    ssr_store *foreign = fixture_store(&other, "title", "0");
    fixture_start(&other);
    assert_status(fixture_run(&fixture, set_number_one, foreign), SSR_OK);
    assert_int_equal(fixture.result->passes, 1);
    fixture_close(&other);
    fixture_close(&fixture);
}

static void many_stores_are_found(void **state)
{
    enum { MANY = 3000 };
    struct fixture fixture;
    char name[32];
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "store.%d", i);
        fixture_store(&fixture, name, NULL);
    }
    fixture_start(&fixture);
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "store.%d", i);
        assert_string_equal(ssr_store_name(ssr_store_find(fixture.registry, name)), name);
    }
    assert_null(ssr_store_find(fixture.registry, "store.3000"));
    fixture_close(&fixture);
}

/* ---- Configuration -------------------------------------------------------------------------------------------------
 */

static void defaults_are_those_of_the_contract(void **state)
{
    ssr_config config = ssr_config_default();
    (void)state;
    assert_true(config.allowed_rerenders_count == SSR_UNLIMITED);
    assert_int_equal(config.forbidden_rerenders_count, 25);
    assert_int_equal(config.limits.passes, 500);
    assert_int_equal(config.limits.request_bytes, 64 << 20);
    assert_int_equal(config.limits.output_bytes, 8 << 20);
    assert_int_equal(config.limits.value_bytes, 1 << 20);
    assert_int_equal(config.limits.stores, 10000);
    assert_int_equal(config.limits.queries, 1000);
    assert_int_equal(config.max_query_passes, 100);
    assert_false(config.prefetch_loaders_before_page_render);
    assert_null(config.clock);
    assert_null(config.encode);
    assert_null(config.log.error);
    assert_null(config.log.record);
    assert_false(config.check_views);
}

static void an_engine_needs_no_configuration(void **state)
{
    ssr_engine *engine;
    ssr_render *render;
    (void)state;
    assert_status(ssr_engine_new(NULL, &engine), SSR_OK);
    ssr_store_options options = {.default_string = "x"};
    ssr_store *store = ssr_store_define(ssr_engine_registry(engine), "title", &options);
    assert_status(ssr_engine_start(engine), SSR_OK);
    assert_status(ssr_run(engine, show_string, store, NULL, &render), SSR_OK);
    assert_string_equal(ssr_render_result(render)->html, "x");
    ssr_render_free(render);
    ssr_engine_free(engine);
    ssr_engine_free(NULL);
    ssr_render_free(NULL);
}

/* What a caller gets who has not looked at what ssr_engine_new answered. */
static void no_engine_has_no_registry(void **state)
{
    (void)state;
    assert_null(ssr_engine_registry(NULL));
    assert_null(ssr_store_define(ssr_engine_registry(NULL), "title", NULL));
    assert_status(ssr_engine_start(NULL), SSR_E_INVALID_ARGUMENT);
    assert_status(ssr_registry_status(NULL), SSR_E_INVALID_ARGUMENT);
    assert_string_equal(ssr_registry_error(NULL), ssr_status_advice(SSR_E_INVALID_ARGUMENT));
}

/* Who looks a definition up by a name that is none has NULL in hand, as a template engine may. */
static void no_definition_has_no_name(void **state)
{
    (void)state;
    assert_null(ssr_store_find(NULL, "title"));
    assert_string_equal(ssr_store_name(NULL), "");
    assert_string_equal(ssr_query_name(NULL), "");
    assert_string_equal(ssr_cookie_name(NULL), "");
    assert_string_equal(ssr_shared_name(NULL), "");
    assert_string_equal(ssr_context_name(NULL), "");
    assert_string_equal(ssr_component_name(NULL), "");
    assert_string_equal(ssr_atom_template_key(NULL), "");
}

static void accepts(const char *json, uint64_t allowed, uint64_t forbidden)
{
    ssr_config config = ssr_config_default();
    char error[256] = "untouched";
    assert_status(ssr_config_read_json(&config, json, strlen(json), error, sizeof error), SSR_OK);
    assert_true(config.allowed_rerenders_count == allowed);
    assert_true(config.forbidden_rerenders_count == forbidden);
}

static void counts_are_read_from_json(void **state)
{
    (void)state;
    accepts("{}", SSR_UNLIMITED, 25);
    accepts("{\"allowedRerendersCount\":null,\"forbiddenRerendersCount\":null}", SSR_UNLIMITED, 25);
    accepts("{\"allowedRerendersCount\":7}", 7, 25);
    accepts(" { \"forbiddenRerendersCount\" : 0 } ", SSR_UNLIMITED, 0);
    accepts("{\"allowedRerendersCount\":0,\"forbiddenRerendersCount\":3}", 0, 3);
    accepts("{\"allowedRerendersCount\":\"Infinity\",\"forbiddenRerendersCount\":\"Infinity\"}", SSR_UNLIMITED,
            SSR_UNLIMITED);
    accepts("{\"allowedRerendersCount\":9007199254740991}", 9007199254740991, 25);
    accepts("{\"allowedRerendersCount\":1e2}", 100, 25);
}

static void accepts_loading(const char *json, uint64_t query_passes, bool prefetches)
{
    ssr_config config = ssr_config_default();
    config.max_query_passes = 5;
    config.prefetch_loaders_before_page_render = true;
    assert_status(ssr_config_read_json(&config, json, strlen(json), NULL, 0), SSR_OK);
    assert_true(config.max_query_passes == query_passes);
    assert_int_equal(config.prefetch_loaders_before_page_render, prefetches);
    assert_int_equal(config.forbidden_rerenders_count, 25);
}

static void the_rest_is_read_from_json(void **state)
{
    (void)state;
    accepts_loading("{}", 5, true);
    accepts_loading("{\"maxQueryPasses\":null,\"prefetchLoadersBeforePageRender\":null}", 5, true);
    accepts_loading("{\"maxQueryPasses\":0,\"prefetchLoadersBeforePageRender\":false}", 0, false);
    accepts_loading("{\"maxQueryPasses\":\"Infinity\",\"prefetchLoadersBeforePageRender\":true}", SSR_UNLIMITED, true);
}

static void refuses(const char *json, ssr_status expected, const char *mention)
{
    ssr_config config = ssr_config_default();
    char error[256] = "", few[8];
    config.allowed_rerenders_count = 5;
    config.forbidden_rerenders_count = 6;
    assert_status(ssr_config_read_json(&config, json, strlen(json), error, sizeof error), expected);
    assert_int_equal(config.allowed_rerenders_count, 5);
    assert_int_equal(config.forbidden_rerenders_count, 6);
    assert_non_null(strstr(error, mention));
    memset(few, '#', sizeof few);
    assert_status(ssr_config_read_json(&config, json, strlen(json), few, 4), expected);
    assert_int_equal(strlen(few), 3);
    assert_int_equal(few[4], '#');
    assert_status(ssr_config_read_json(&config, json, strlen(json), NULL, 0), expected);
}

static void what_is_no_count_is_refused_by_name(void **state)
{
    static const char *const counts[] = {
        "-1", "1.5", "\"5\"", "true", "[]", "{}", "\"\"", "1e16", "\"infinity\"", "9007199254740992", "\"-Infinity\""};
    char json[128];
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(counts); i++) {
        snprintf(json, sizeof json, "{\"forbiddenRerendersCount\":4,\"allowedRerendersCount\":%s}", counts[i]);
        refuses(json, SSR_E_INVALID_CONFIG, "allowedRerendersCount");
        snprintf(json, sizeof json, "{\"allowedRerendersCount\":4,\"forbiddenRerendersCount\":%s}", counts[i]);
        refuses(json, SSR_E_INVALID_CONFIG, "forbiddenRerendersCount");
        snprintf(json, sizeof json, "{\"allowedRerendersCount\":4,\"maxQueryPasses\":%s}", counts[i]);
        refuses(json, SSR_E_INVALID_CONFIG, "maxQueryPasses");
    }
}

static void what_is_no_configuration_is_refused(void **state)
{
    (void)state;
    refuses("{\"allowedRerenderCount\":1}", SSR_E_INVALID_CONFIG, "allowedRerenderCount");
    refuses("{\"allowedrerenderscount\":1}", SSR_E_INVALID_CONFIG, "allowedrerenderscount");
    refuses("{\"prefetchLoadersBeforePageRender\":1}", SSR_E_INVALID_CONFIG, "prefetchLoadersBeforePageRender");
    refuses("{\"prefetchLoadersBeforePageRender\":\"true\"}", SSR_E_INVALID_CONFIG, "prefetchLoadersBeforePageRender");
    refuses("{\"maxQueryPasses\":\"a text of more characters than are shown of it\"}", SSR_E_INVALID_CONFIG,
            "\"maxQueryPasses\": \"a text of more characters than are show: allowed");
    refuses("[]", SSR_E_INVALID_CONFIG, "object");
    refuses("7", SSR_E_INVALID_CONFIG, "object");
    refuses("{\"allowedRerendersCount\":1", SSR_E_SYNTAX, "syntax");
    refuses("", SSR_E_SYNTAX, "syntax");
    refuses("{\"allowedRerendersCount\":1e999}", SSR_E_NOT_FINITE, "not_finite");
    refuses("{\"allowedRerendersCount\":1,\"allowedRerendersCount\":2}", SSR_E_DUPLICATE_KEY, "duplicate_key");
}

/* ---- Typed getters
 * --------------------------------------------------------------------------------------------------- */

/* What each getter says of one value; NULL, the given otherwise, or the kind. */
struct reading {
    const char *json;
    const char *string;
    int64_t integer;
    double number;
    bool boolean;
    ssr_json_kind kind;
};

static const struct reading readings[] = {
    {"\"a\\n\\u00e9\\ud83d\\ude00\"", "a\n\xc3\xa9\xf0\x9f\x98\x80", -7, -7.5, true, SSR_JSON_STRING},
    {"\"\"", "", -7, -7.5, true, SSR_JSON_STRING},
    {"\"12\"", "12", -7, -7.5, true, SSR_JSON_STRING},
    {"12", NULL, 12, 12, true, SSR_JSON_NUMBER},
    {"-9007199254740991", NULL, -9007199254740991, -9007199254740991., true, SSR_JSON_NUMBER},
    {"9007199254740992", NULL, -7, 9007199254740992., true, SSR_JSON_NUMBER},
    {"1.5", NULL, -7, 1.5, true, SSR_JSON_NUMBER},
    {"1e2", NULL, 100, 100, true, SSR_JSON_NUMBER},
    {"false", NULL, -7, -7.5, false, SSR_JSON_BOOLEAN},
    {"null", NULL, -7, -7.5, true, SSR_JSON_NULL},
    {"[1]", NULL, -7, -7.5, true, SSR_JSON_ARRAY},
    {"{\"a\":1}", NULL, -7, -7.5, true, SSR_JSON_OBJECT},
};

static ssr_status reading_page(ssr_ctx *ctx, void *arg)
{
    ssr_store *const *stores = arg;
    for (size_t i = 0; i < TEST_COUNT(readings); i++) {
        const struct reading *reading = &readings[i];
        const char *string = ssr_get_string(ctx, stores[i]);
        assert_int_equal(string != NULL, reading->string != NULL);
        if (string)
            assert_string_equal(string, reading->string);
        else
            assert_status(ssr_last_status(ctx), SSR_E_WRONG_TYPE);
        assert_ptr_equal(ssr_get_string(ctx, stores[i]), string); /* once more, and with the same answer */
        assert_status(ssr_last_status(ctx), string ? SSR_OK : SSR_E_WRONG_TYPE);
        assert_int_equal(ssr_get_integer(ctx, stores[i], -7), reading->integer);
        assert_true(ssr_get_number(ctx, stores[i], -7.5) == reading->number);
        assert_int_equal(ssr_get_boolean(ctx, stores[i], true), reading->boolean);
        assert_int_equal(ssr_json_type(ssr_get_json(ctx, stores[i])), reading->kind);
        assert_ptr_equal(ssr_get(ctx, stores[i]), ssr_use(ctx, stores[i]));
    }
    return SSR_OK;
}

static void typed_getters_read_their_type_only(void **state)
{
    struct fixture fixture;
    ssr_store *stores[TEST_COUNT(readings)];
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    for (size_t i = 0; i < TEST_COUNT(readings); i++) {
        char name[16];
        snprintf(name, sizeof name, "s%zu", i);
        stores[i] = fixture_store(&fixture, name, readings[i].json);
    }
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, reading_page, stores), SSR_OK);
    assert_int_equal(fixture.result->refused, 0);
    fixture_close(&fixture);
}

static ssr_status unknown_page(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    assert_null(ssr_get(ctx, NULL));
    assert_null(ssr_get_string(ctx, NULL));
    assert_int_equal(ssr_get_integer(ctx, NULL, 3), 3);
    assert_true(ssr_get_number(ctx, NULL, 3) == 3);
    assert_false(ssr_get_boolean(ctx, NULL, false));
    assert_null(ssr_get_json(ctx, NULL).text);
    assert_null(ssr_get_cjson(ctx, NULL));
    assert_status(ssr_last_status(ctx), SSR_E_UNKNOWN_STORE);
    return ssr_html(ctx, "fine");
}

static void an_unknown_store_reads_as_nothing(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, unknown_page, NULL), SSR_OK);
    assert_string_equal(fixture.result->html, "fine");
    fixture_close(&fixture);
}

/* ---- Setting
 * ---------------------------------------------------------------------------------------------------------- */

static ssr_status missing_page(ssr_ctx *ctx, void *store)
{
    assert_status(ssr_set_string(ctx, store, NULL), SSR_E_INVALID_ARGUMENT);
    assert_status(ssr_set_json(ctx, store, NULL, 0), SSR_E_INVALID_ARGUMENT);
    assert_status(ssr_set_value(ctx, store, NULL), SSR_E_INVALID_ARGUMENT);
    assert_status(ssr_set_cjson(ctx, store, NULL), SSR_E_INVALID_ARGUMENT);
    assert_status(ssr_set_json(ctx, store, "1 ignored", 1), SSR_OK);
    return SSR_OK;
}

static void what_is_missing_is_refused(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_store *store = fixture_store(&fixture, "store", "1");
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, missing_page, store), SSR_OK);
    assert_int_equal(fixture.result->passes, 1);
    assert_int_equal(fixture.result->refused, 4);
    fixture_close(&fixture);
}

/* What a page sets comes from memory that is gone right afterwards. */
static ssr_status fleeting_page(ssr_ctx *ctx, void *store)
{
    char *text = malloc(16);
    assert_non_null(text);
    strcpy(text, "\"fleeting\"");
    assert_status(ssr_set_json(ctx, store, text, strlen(text)), SSR_OK);
    memset(text, '#', 16);
    free(text);
    return ssr_text(ctx, ssr_get_string(ctx, store));
}

static void what_is_set_is_copied(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_store *store = fixture_store(&fixture, "store", "\"-\"");
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, fleeting_page, store), SSR_OK);
    assert_string_equal(fixture.result->html, "fleeting");
    fixture_close(&fixture);
}

static ssr_status value_page(ssr_ctx *ctx, void *store)
{
    ssr_value *value;
    assert_status(ssr_value_parse(NULL, "{\"b\":[1.0],\"a\":\"x\"}", 19, NULL, &value), SSR_OK);
    assert_status(ssr_set_value(ctx, store, value), SSR_OK);
    ssr_value_free(value);
    return ssr_html(ctx, ssr_value_text(ssr_get(ctx, store)));
}

static void a_value_of_ones_own_may_be_set(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture_open(&fixture);
    ssr_store *store = fixture_store(&fixture, "store", NULL);
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, value_page, store), SSR_OK);
    assert_int_equal(fixture.result->passes, 2);
    assert_string_equal(fixture.result->html, "{\"a\":\"x\",\"b\":[1]}");
    fixture_close(&fixture);
}

/* ---- The context's builder
 * ------------------------------------------------------------------------------------------- */

static void build_crumb(ssr_builder *builder, const char *label)
{
    ssr_builder_begin_array(builder);
    ssr_builder_begin_object(builder);
    ssr_builder_key(builder, "to");
    ssr_builder_string(builder, "/ideas");
    ssr_builder_key(builder, "label");
    ssr_builder_string(builder, label);
    ssr_builder_end_object(builder);
    ssr_builder_end_array(builder);
}

struct building {
    ssr_store *crumb, *made;
    unsigned inits;
};

static ssr_status building_page(ssr_ctx *ctx, void *arg)
{
    struct building *building = arg;
    build_crumb(ssr_build(ctx), "Ideas");
    assert_status(ssr_set_built(ctx, building->crumb), SSR_OK);
    assert_status(ssr_set_built(ctx, building->crumb), SSR_E_BUILDER);
    return ssr_html(ctx, ssr_value_text(ssr_get(ctx, building->crumb)));
}

/* Everything that leaves a builder without one whole value. */
static ssr_status misbuilding_page(ssr_ctx *ctx, void *arg)
{
    const struct building *building = arg;
    assert_status(ssr_set_built(ctx, building->crumb), SSR_E_BUILDER);
    ssr_build(ctx);
    assert_status(ssr_set_built(ctx, building->crumb), SSR_E_BUILDER);
    assert_status(ssr_builder_begin_array(ssr_build(ctx)), SSR_OK);
    assert_status(ssr_set_built(ctx, building->crumb), SSR_E_BUILDER);
    ssr_builder *builder = ssr_build(ctx);
    assert_status(ssr_builder_begin_object(builder), SSR_OK);
    assert_status(ssr_builder_string(builder, "no key"), SSR_E_BUILDER);
    assert_status(ssr_set_built(ctx, building->crumb), SSR_E_BUILDER);
    builder = ssr_build(ctx);
    ssr_builder_null(builder);
    assert_status(ssr_builder_null(builder), SSR_E_BUILDER);
    assert_status(ssr_set_built(ctx, building->crumb), SSR_E_BUILDER);
    assert_status(ssr_builder_number(ssr_build(ctx), (double)NAN), SSR_E_NOT_FINITE);
    assert_status(ssr_set_built(ctx, building->crumb), SSR_E_NOT_FINITE);
    assert_status(ssr_builder_integer(ssr_build(ctx), INT64_MAX), SSR_E_INTEGER_RANGE);
    assert_status(ssr_set_built(ctx, building->crumb), SSR_E_INTEGER_RANGE);
    return SSR_OK;
}

/* Half a value is forgotten by the next ssr_build, and by the next pass. */
static ssr_status half_building_page(ssr_ctx *ctx, void *arg)
{
    const struct building *building = arg;
    ssr_builder_begin_object(ssr_build(ctx));
    build_crumb(ssr_build(ctx), "Whole");
    assert_status(ssr_set_built(ctx, building->crumb), SSR_OK);
    ssr_builder_begin_object(ssr_build(ctx));
    return ssr_html(ctx, ssr_value_text(ssr_get(ctx, building->crumb)));
}

/* A whole value that nobody took goes with its pass. */
static ssr_status overbuilding_page(ssr_ctx *ctx, void *arg)
{
    const struct building *building = arg;
    assert_status(ssr_set_built(ctx, building->crumb), SSR_E_BUILDER);
    build_crumb(ssr_build(ctx), "Left");
    return ssr_set_integer(ctx, building->crumb, 7);
}

static void open_building(struct fixture *fixture, struct building *building)
{
    fixture_init(fixture);
    fixture_open(fixture);
    *building = (struct building){.crumb = fixture_store(fixture, "crumb", "[]")};
}

static void a_value_is_built_without_json_text(void **state)
{
    struct fixture fixture;
    struct building building;
    (void)state;
    open_building(&fixture, &building);
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, building_page, &building), SSR_OK);
    assert_string_equal(fixture.result->html, "[{\"label\":\"Ideas\",\"to\":\"/ideas\"}]");
    assert_int_equal(fixture.result->passes, 2);
    assert_int_equal(fixture.result->refused, 2);
    fixture_close(&fixture);
}

static void a_misused_builder_sets_nothing(void **state)
{
    struct fixture fixture;
    struct building building;
    (void)state;
    open_building(&fixture, &building);
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, misbuilding_page, &building), SSR_OK);
    assert_int_equal(fixture.result->passes, 1);
    assert_int_equal(fixture.result->refused, 7);
    assert_int_equal(fixture.result->outcome, SSR_SETTLED);
    fixture_close(&fixture);
}

static void what_is_not_taken_is_forgotten(void **state)
{
    struct fixture fixture;
    struct building building;
    (void)state;
    open_building(&fixture, &building);
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, half_building_page, &building), SSR_OK);
    assert_string_equal(fixture.result->html, "[{\"label\":\"Whole\",\"to\":\"/ideas\"}]");
    assert_int_equal(fixture.result->refused, 0);
    assert_status(fixture_run(&fixture, overbuilding_page, &building), SSR_OK);
    assert_int_equal(fixture.result->passes, 2);
    assert_int_equal(fixture.result->refused, 2);
    fixture_close(&fixture);
}

/* Runs while the page is in the middle of building: it has a builder of its own, and may not touch the page's. */
static ssr_status interrupting_init(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    struct building *building = arg;
    building->inits++;
    ssr_builder_string(ssr_build(ctx), "not the page's");
    ssr_set_built(ctx, building->crumb);
    ssr_builder_begin_array(value);
    ssr_builder_integer(value, 1);
    return ssr_builder_end_array(value);
}

static ssr_status interrupted_page(ssr_ctx *ctx, void *arg)
{
    struct building *building = arg;
    ssr_builder *builder = ssr_build(ctx);
    ssr_builder_begin_array(builder);
    ssr_builder_string(builder, "before");
    ssr_builder_value(builder, ssr_get(ctx, building->made));
    ssr_builder_string(builder, "after");
    ssr_builder_end_array(builder);
    assert_status(ssr_set_built(ctx, building->made), SSR_OK);
    return ssr_html(ctx, ssr_value_text(ssr_get(ctx, building->made)));
}

static void an_init_in_the_middle_of_building_disturbs_nothing(void **state)
{
    struct fixture fixture;
    struct building building;
    (void)state;
    open_building(&fixture, &building);
    fixture.config.allowed_rerenders_count = 1;
    ssr_engine_free(fixture.engine);
    fixture_open(&fixture);
    building.crumb = fixture_store(&fixture, "crumb", "[]");
    ssr_store_options options = {.init = interrupting_init, .init_arg = &building};
    building.made = ssr_store_define(fixture.registry, "made", &options);
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, interrupted_page, &building), SSR_OK);
    assert_int_equal(building.inits, 1);
    assert_string_equal(fixture.result->html, "[\"before\",[1],\"after\"]");
    fixture_close(&fixture);
}

/* The same when the set itself asks for the default. */
static ssr_status set_first_page(ssr_ctx *ctx, void *arg)
{
    struct building *building = arg;
    build_crumb(ssr_build(ctx), "Set first");
    assert_status(ssr_set_built(ctx, building->made), SSR_OK);
    return ssr_html(ctx, ssr_value_text(ssr_get(ctx, building->made)));
}

static void an_init_at_the_set_disturbs_nothing(void **state)
{
    struct fixture fixture;
    struct building building;
    (void)state;
    open_building(&fixture, &building);
    ssr_store_options options = {.init = interrupting_init, .init_arg = &building};
    building.made = ssr_store_define(fixture.registry, "made", &options);
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, set_first_page, &building), SSR_OK);
    assert_int_equal(building.inits, 1);
    assert_string_equal(fixture.result->html, "[{\"label\":\"Set first\",\"to\":\"/ideas\"}]");
    fixture_close(&fixture);
}

/* ---- cJSON
 * ------------------------------------------------------------------------------------------------------------- */

/* Sets one tree in every pass and shows what it became. */
struct tree {
    ssr_store *store;
    cJSON *(*make)(void);
    ssr_status expected;
};

static ssr_status tree_page(ssr_ctx *ctx, void *arg)
{
    const struct tree *tree = arg;
    cJSON *made = tree->make();
    assert_status(ssr_set_cjson(ctx, tree->store, made), tree->expected);
    /* The tree is the caller's: changed, and gone. */
    if (cJSON_IsObject(made))
        cJSON_AddStringToObject(made, "added", "later");
    cJSON_Delete(made);
    return ssr_html(ctx, ssr_value_text(ssr_get(ctx, tree->store)));
}

static void assert_tree(cJSON *(*make)(void), ssr_status expected, const char *html)
{
    struct fixture fixture;
    fixture_init(&fixture);
    fixture_open(&fixture);
    struct tree tree = {fixture_store(&fixture, "tree", "0"), make, expected};
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, tree_page, &tree), SSR_OK);
    assert_string_equal(fixture.result->html, html);
    assert_int_equal(fixture.result->passes, expected == SSR_OK ? 2 : 1);
    assert_int_equal(fixture.result->refused, expected != SSR_OK);
    fixture_close(&fixture);
}

static cJSON *ordinary_tree(void)
{
    cJSON *tree = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(tree, "list");
    cJSON_AddNumberToObject(tree, "b", 0.1 + 0.2);
    cJSON_AddStringToObject(tree, "a", "<\xc3\xa9\"\n>");
    cJSON_AddNullToObject(tree, "A");
    cJSON_AddItemToArray(list, cJSON_CreateTrue());
    cJSON_AddItemToArray(list, cJSON_CreateFalse());
    cJSON_AddItemToArray(list, cJSON_CreateNumber(-0.0));
    cJSON_AddItemToArray(list, cJSON_CreateObject());
    return tree;
}

static cJSON *invalid_utf8_tree(void)
{
    return cJSON_CreateString("a\xff");
}

static cJSON *invalid_key_tree(void)
{
    cJSON *tree = cJSON_CreateObject();
    cJSON_AddNullToObject(tree, "\xff");
    cJSON_AddNumberToObject(tree, "later", (double)NAN); /* the first mistake is told */
    return tree;
}

static cJSON *nan_tree(void)
{
    return cJSON_CreateNumber((double)NAN);
}

static cJSON *infinite_tree(void)
{
    return cJSON_CreateNumber((double)INFINITY);
}

static cJSON *nested_arrays(int depth)
{
    cJSON *tree = cJSON_CreateArray();
    for (int i = 1; i < depth; i++) {
        cJSON *outer = cJSON_CreateArray();
        cJSON_AddItemToArray(outer, tree);
        tree = outer;
    }
    return tree;
}

static cJSON *deep_tree(void)
{
    return nested_arrays(129);
}

static cJSON *deep_object_tree(void)
{
    cJSON *tree = cJSON_CreateObject(), *inner = tree;
    for (int i = 1; i < 129; i++)
        inner = cJSON_AddObjectToObject(inner, "in");
    return tree;
}

static cJSON *very_deep_tree(void)
{
    return nested_arrays(5000);
}

static cJSON *duplicate_key_tree(void)
{
    cJSON *tree = cJSON_CreateObject();
    cJSON_AddNumberToObject(tree, "k", 1);
    cJSON_AddNumberToObject(tree, "K", 1);
    cJSON_AddNumberToObject(tree, "k", 2);
    return tree;
}

static cJSON *raw_tree(void)
{
    cJSON *tree = cJSON_CreateArray();
    cJSON_AddItemToArray(tree, cJSON_CreateRaw(" {\"b\":1.0,\"a\":2} "));
    return tree;
}

static cJSON *bad_raw_tree(void)
{
    cJSON *tree = cJSON_CreateArray();
    cJSON_AddItemToArray(tree, cJSON_CreateRaw("1],[2"));
    return tree;
}

static cJSON *empty_raw_tree(void)
{
    cJSON *tree = cJSON_CreateNull();
    tree->type = cJSON_Raw;
    return tree;
}

static cJSON *typeless_tree(void)
{
    cJSON *tree = cJSON_CreateNull();
    tree->type = cJSON_Invalid;
    return tree;
}

static void trees_become_canonical_values(void **state)
{
    (void)state;
    assert_tree(ordinary_tree, SSR_OK,
                "{\"A\":null,\"a\":\"<\xc3\xa9\\\"\\n>\",\"b\":0.30000000000000004,\"list\":[true,false,0,{}]}");
    assert_tree(raw_tree, SSR_OK, "[{\"a\":2,\"b\":1}]");
}

static void trees_that_are_no_values_are_refused_by_name(void **state)
{
    (void)state;
    assert_tree(invalid_utf8_tree, SSR_E_INVALID_UTF8, "0");
    assert_tree(invalid_key_tree, SSR_E_INVALID_UTF8, "0");
    assert_tree(nan_tree, SSR_E_NOT_FINITE, "0");
    assert_tree(infinite_tree, SSR_E_NOT_FINITE, "0");
    assert_tree(deep_tree, SSR_E_TOO_DEEP, "0");
    assert_tree(deep_object_tree, SSR_E_TOO_DEEP, "0");
    assert_tree(very_deep_tree, SSR_E_TOO_DEEP, "0");
    assert_tree(duplicate_key_tree, SSR_E_DUPLICATE_KEY, "0");
    assert_tree(bad_raw_tree, SSR_E_SYNTAX, "0");
    assert_tree(empty_raw_tree, SSR_E_INVALID_ARGUMENT, "0");
    assert_tree(typeless_tree, SSR_E_WRONG_TYPE, "0");
}

static void check_view(const cJSON *view)
{
    assert_true(cJSON_IsObject(view));
    assert_int_equal(cJSON_GetArraySize(view), 3);
    assert_string_equal(cJSON_GetObjectItemCaseSensitive(view, "a")->valuestring, "x\ty");
    assert_null(cJSON_GetObjectItemCaseSensitive(view, "A"));
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(view, "list");
    assert_int_equal(cJSON_GetArraySize(list), 6);
    /* cJSON appends behind the first item's prev. */
    assert_ptr_equal(list->child->prev, cJSON_GetArrayItem(list, 5));
    assert_true(cJSON_GetArrayItem(list, 0)->valuedouble == 1.5);
    assert_int_equal(cJSON_GetArrayItem(list, 0)->valueint, 1);
    assert_true(cJSON_IsTrue(cJSON_GetArrayItem(list, 1)));
    assert_true(cJSON_IsNull(cJSON_GetArrayItem(list, 2)));
    assert_int_equal(cJSON_GetArrayItem(list, 3)->valueint, 2147483647);
    assert_true(cJSON_IsFalse(cJSON_GetArrayItem(list, 4)));
    assert_int_equal(cJSON_GetArrayItem(list, 5)->valueint, -2147483647 - 1);
    assert_true(cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(view, "o")));
    char *text = cJSON_PrintUnformatted(view);
    assert_string_equal(text, "{\"a\":\"x\\ty\",\"list\":[1.5,true,null,3000000000,false,-3000000000],\"o\":{}}");
    cJSON_free(text);
}

/* A copy of a view may be changed and set; the view itself can be set as it is. */
static ssr_status view_page(ssr_ctx *ctx, void *store)
{
    const cJSON *view = ssr_get_cjson(ctx, store);
    check_view(view);
    assert_ptr_equal(ssr_get_cjson(ctx, store), view);
    assert_status(ssr_set_cjson(ctx, store, view), SSR_OK);
    cJSON *copy = cJSON_Duplicate(view, true);
    cJSON_DeleteItemFromObjectCaseSensitive(copy, "a");
    cJSON_Delete(copy);
    return SSR_OK;
}

static void a_view_is_the_value_as_a_tree(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture.config.check_views = true;
    fixture_open(&fixture);
    ssr_store *store = fixture_store(
        &fixture, "tree", "{\"o\":{},\"list\":[1.5,true,null,3000000000,false,-3000000000],\"a\":\"x\\ty\"}");
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, view_page, store), SSR_OK);
    assert_int_equal(fixture.result->passes, 1);
    assert_int_equal(fixture.result->refused, 0);
    fixture_close(&fixture);
}

struct vandal {
    ssr_store *tree, *count;
};

/* What the header forbids, in the first pass. */
static ssr_status vandalising_page(ssr_ctx *ctx, void *arg)
{
    const struct vandal *vandal = arg;
    const cJSON *view = ssr_get_cjson(ctx, vandal->tree);
    assert_non_null(view);
    assert_true(view->child->valuedouble == 1);
    if (ssr_pass(ctx) == 1)
        view->child->valuedouble = 2;
    assert_string_equal(ssr_value_text(ssr_get(ctx, vandal->tree)), "[1]");
    return ssr_set_integer(ctx, vandal->count, 1);
}

/* The same, which takes what it gets. */
static ssr_status tolerant_vandal(ssr_ctx *ctx, void *arg)
{
    const struct vandal *vandal = arg;
    const cJSON *view = ssr_get_cjson(ctx, vandal->tree);
    if (view && ssr_pass(ctx) == 1)
        view->child->valuedouble = 2;
    return ssr_set_integer(ctx, vandal->count, 1);
}

static void open_vandal(struct fixture *fixture, struct vandal *vandal, bool check_views)
{
    fixture_init(fixture);
    fixture->config.check_views = check_views;
    fixture_open(fixture);
    *vandal = (struct vandal){fixture_store(fixture, "the.tree", "[1]"), fixture_store(fixture, "count", "0")};
    fixture_start(fixture);
}

/* A check that runs out of memory says so, and not that all is well. */
static void no_changed_view_passes_for_want_of_memory(void **state)
{
    static struct fixture fixture;
    struct vandal vandal;
    (void)state;
    open_vandal(&fixture, &vandal, true);
    size_t before = fixture.memory.calls;
    assert_status(fixture_run(&fixture, vandalising_page, &vandal), SSR_OK);
    size_t calls = fixture.memory.calls - before;
    for (size_t i = 1; i <= calls; i++) {
        fixture.memory.fail_at = fixture.memory.calls + i;
        ssr_status status = fixture_run(&fixture, tolerant_vandal, &vandal);
        if (status == SSR_OK && fixture.result->error_status == SSR_OK && fixture.result->refused == 0)
            fail_msg("allocation %zu failed, and the changed view was not found", i);
    }
    fixture.memory.fail_at = 0;
    fixture_close(&fixture);
}

static void a_changed_view_is_found_and_made_anew(void **state)
{
    struct fixture fixture;
    struct vandal vandal;
    (void)state;
    open_vandal(&fixture, &vandal, true);
    assert_status(fixture_run(&fixture, vandalising_page, &vandal), SSR_OK);
    assert_int_equal(fixture.result->passes, 2);
    assert_int_equal(fixture.result->outcome, SSR_SETTLED);
    assert_non_null(strstr(fixture.record_json, "view_mutated"));
    assert_non_null(strstr(fixture.record_json, "the.tree"));
    assert_non_null(strstr(fixture.result->transfer, "\"the.tree\":[1]"));
    fixture_close(&fixture);
}

static ssr_status shortening_page(ssr_ctx *ctx, void *store)
{
    cJSON *view = (cJSON *)ssr_get_cjson(ctx, store);
    assert_non_null(view);
    view->valuedouble = 1;
    return SSR_OK;
}

/* What begins as the value does is not the value. */
static void a_shortened_view_is_found(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture.config.check_views = true;
    fixture_open(&fixture);
    ssr_store *store = fixture_store(&fixture, "number", "12");
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, shortening_page, store), SSR_OK);
    assert_int_equal(fixture.result->refused, 1);
    assert_non_null(strstr(fixture.record_json, "view_mutated"));
    fixture_close(&fixture);
}

static void a_changed_view_harms_nobody_even_unfound(void **state)
{
    struct fixture fixture;
    struct vandal vandal;
    (void)state;
    open_vandal(&fixture, &vandal, false);
    assert_status(fixture_run(&fixture, vandalising_page, &vandal), SSR_OK);
    assert_non_null(strstr(fixture.result->transfer, "\"the.tree\":[1]"));
    assert_null(strstr(fixture.record_json, "view_mutated"));
    fixture_close(&fixture);
}

static ssr_status viewing_page(ssr_ctx *ctx, void *store)
{
    assert_non_null(ssr_get_cjson(ctx, store));
    return SSR_OK;
}

/* A default is no write, so the limit of values does not hold for it, nor for the check of its view. */
static void the_view_of_a_long_default_is_not_suspected(void **state)
{
    struct fixture fixture;
    (void)state;
    fixture_init(&fixture);
    fixture.config.check_views = true;
    fixture.config.limits.value_bytes = 10;
    fixture_open(&fixture);
    ssr_store *store = fixture_store(&fixture, "list", "[\"longer than ten bytes\"]");
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, viewing_page, store), SSR_OK);
    assert_int_equal(fixture.result->refused, 0);
    assert_null(strstr(fixture.record_json, "view_mutated"));
    fixture_close(&fixture);
}

static ssr_status large_view_page(ssr_ctx *ctx, void *store)
{
    assert_null(ssr_get_cjson(ctx, store));
    assert_status(ssr_last_status(ctx), SSR_E_LIMIT);
    return SSR_OK;
}

/* A view takes about forty times its text: the request's memory limit holds for it. */
static void a_view_counts_against_the_requests_memory(void **state)
{
    enum { COUNT = 20000 };
    struct fixture fixture;
    char *json = calloc(2 * COUNT + 2, 1);
    (void)state;
    assert_non_null(json);
    for (int i = 0; i < COUNT; i++)
        memcpy(json + 2 * i, i == 0 ? "[1" : ",1", 2);
    json[2 * COUNT] = ']';
    fixture_init(&fixture);
    fixture.config.limits.request_bytes = 500000;
    fixture_open(&fixture);
    ssr_store *store = fixture_store(&fixture, "list", json);
    free(json);
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, large_view_page, store), SSR_E_LIMIT);
    assert_int_equal(fixture.result->outcome, SSR_LIMITED);
    fixture_close(&fixture);
}

static void builders_take_trees(void **state)
{
    ssr_value *value;
    ssr_builder *builder = ssr_builder_new(NULL);
    cJSON *tree = ordinary_tree();
    (void)state;
    ssr_builder_begin_array(builder);
    assert_status(ssr_builder_cjson(builder, cJSON_GetObjectItemCaseSensitive(tree, "list")), SSR_OK);
    assert_status(ssr_builder_cjson(builder, cJSON_GetObjectItemCaseSensitive(tree, "b")), SSR_OK);
    ssr_builder_end_array(builder);
    cJSON_Delete(tree);
    assert_status(ssr_builder_finish(builder, &value), SSR_OK);
    assert_string_equal(ssr_value_text(value), "[[true,false,0,{}],0.30000000000000004]");
    ssr_value_free(value);
    assert_status(ssr_builder_cjson(builder, NULL), SSR_E_INVALID_ARGUMENT);
    ssr_builder_free(builder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_names_are_refused),
        cmocka_unit_test(good_names_are_taken_as_they_are),
        cmocka_unit_test(bad_defaults_are_refused),
        cmocka_unit_test(several_defaults_are_refused),
        cmocka_unit_test(values_of_no_meaning_are_refused),
        cmocka_unit_test(a_name_is_defined_once),
        cmocka_unit_test(the_first_error_is_kept),
        cmocka_unit_test(a_replaced_store_keeps_its_handle),
        cmocka_unit_test(replacing_nothing_defines),
        cmocka_unit_test(defaults_are_copied),
        cmocka_unit_test(a_started_engine_takes_no_more_definitions),
        cmocka_unit_test(a_store_of_another_engine_is_unknown),
        cmocka_unit_test(many_stores_are_found),
        cmocka_unit_test(defaults_are_those_of_the_contract),
        cmocka_unit_test(an_engine_needs_no_configuration),
        cmocka_unit_test(no_engine_has_no_registry),
        cmocka_unit_test(no_definition_has_no_name),
        cmocka_unit_test(counts_are_read_from_json),
        cmocka_unit_test(the_rest_is_read_from_json),
        cmocka_unit_test(what_is_no_count_is_refused_by_name),
        cmocka_unit_test(what_is_no_configuration_is_refused),
        cmocka_unit_test(typed_getters_read_their_type_only),
        cmocka_unit_test(an_unknown_store_reads_as_nothing),
        cmocka_unit_test(what_is_missing_is_refused),
        cmocka_unit_test(what_is_set_is_copied),
        cmocka_unit_test(a_value_of_ones_own_may_be_set),
        cmocka_unit_test(a_value_is_built_without_json_text),
        cmocka_unit_test(a_misused_builder_sets_nothing),
        cmocka_unit_test(what_is_not_taken_is_forgotten),
        cmocka_unit_test(an_init_in_the_middle_of_building_disturbs_nothing),
        cmocka_unit_test(an_init_at_the_set_disturbs_nothing),
        cmocka_unit_test(trees_become_canonical_values),
        cmocka_unit_test(trees_that_are_no_values_are_refused_by_name),
        cmocka_unit_test(a_view_is_the_value_as_a_tree),
        cmocka_unit_test(no_changed_view_passes_for_want_of_memory),
        cmocka_unit_test(a_changed_view_is_found_and_made_anew),
        cmocka_unit_test(a_shortened_view_is_found),
        cmocka_unit_test(a_changed_view_harms_nobody_even_unfound),
        cmocka_unit_test(the_view_of_a_long_default_is_not_suspected),
        cmocka_unit_test(a_view_counts_against_the_requests_memory),
        cmocka_unit_test(builders_take_trees),
    };
    return cmocka_run_group_tests_name("api", tests, NULL, NULL);
}
