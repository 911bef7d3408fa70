/*
 * Any bytes as JSON text. What must hold: a refusal names a place inside of the text; what is read is what a naive
 * canonicaliser writes, and reading that again changes nothing; and the same value comes back from its cursor, from a
 * builder that is given its members backwards, and from the view that cJSON gets.
 */
#include "engine/ssr.h"
#include "fuzz/fuzz.h"
#include "ssrstore/cjson.h"
#include "tests/json_oracle.h"

static void expect_same(const ssr_value *a, const ssr_value *b)
{
    ssr_digest of_a = ssr_value_digest(a), of_b = ssr_value_digest(b);
    expect(ssr_value_equal(a, b) && strcmp(ssr_value_text(a), ssr_value_text(b)) == 0);
    expect(ssr_value_length(a) == ssr_value_length(b) && of_a.high == of_b.high && of_a.low == of_b.low);
}

/* Takes what the builder holds. */
static void expect_built(ssr_builder *builder, const ssr_value *value)
{
    ssr_value *built;
    expect(ssr_builder_finish(builder, &built) == SSR_OK);
    expect_same(built, value);
    ssr_value_free(built);
}

/* ---- Through the cursor and the builder -------------------------------------------------------------------------- */

static char *string_of(ssr_json json, size_t *length)
{
    *length = ssr_json_string(json, NULL, 0);
    char *text = malloc(*length + 1);
    expect(text && ssr_json_string(json, text, *length + 1) == *length && strlen(text) == *length);
    return text;
}

static void add_scalar(ssr_builder *builder, ssr_json json)
{
    bool boolean;
    int64_t integer;
    double number;
    if (ssr_json_type(json) == SSR_JSON_NULL)
        ssr_builder_null(builder);
    else if (ssr_json_boolean(json, &boolean) == SSR_OK)
        ssr_builder_boolean(builder, boolean);
    else if (ssr_json_integer(json, &integer) == SSR_OK)
        ssr_builder_integer(builder, integer);
    else
        expect(ssr_json_number(json, &number) == SSR_OK && ssr_builder_number(builder, number) == SSR_OK);
}

static void add(ssr_builder *builder, ssr_json json);

static void add_backwards(ssr_builder *builder, ssr_json member)
{
    if (!member.text)
        return;
    add_backwards(builder, ssr_json_next(member));
    size_t length;
    char *key = string_of(ssr_json_key(member), &length);
    ssr_builder_key_n(builder, key, length);
    add(builder, member);
    free(key);
}

static void add_string(ssr_builder *builder, ssr_json json)
{
    size_t length;
    char *text = string_of(json, &length);
    expect(ssr_json_equals(json, text));
    ssr_builder_string_n(builder, text, length);
    free(text);
}

static void add_elements(ssr_builder *builder, ssr_json array)
{
    size_t count = 0;
    char pointer[32];
    for (ssr_json at = ssr_json_first(array); at.text; at = ssr_json_next(at)) {
        snprintf(pointer, sizeof pointer, "/%zu", count++);
        expect(count > 16 || ssr_json_at(array, pointer).text == at.text);
        add(builder, at);
    }
    expect(ssr_json_count(array) == count);
}

static void add(ssr_builder *builder, ssr_json json)
{
    switch (ssr_json_type(json)) {
    case SSR_JSON_STRING: add_string(builder, json); break;
    case SSR_JSON_ARRAY:
        ssr_builder_begin_array(builder);
        add_elements(builder, json);
        ssr_builder_end_array(builder);
        break;
    case SSR_JSON_OBJECT:
        ssr_builder_begin_object(builder);
        add_backwards(builder, ssr_json_first(json));
        ssr_builder_end_object(builder);
        break;
    default: add_scalar(builder, json);
    }
}

/* ---- Through cJSON ------------------------------------------------------------------------------------------------
 */

struct viewing {
    ssr_store *store;
    ssr_builder *builder;
};

static ssr_status page(ssr_ctx *ctx, void *arg)
{
    struct viewing *viewing = arg;
    const cJSON *tree = ssr_get_cjson(ctx, viewing->store);
    expect(tree && ssr_builder_cjson(viewing->builder, tree) == SSR_OK);
    return SSR_OK;
}

/* Gives the builder what is seen of the value. */
static void view(ssr_builder *builder, const ssr_value *value)
{
    ssr_config config = ssr_config_default();
    ssr_engine *engine;
    ssr_render *render;
    config.check_views = true;
    expect(ssr_engine_new(&config, &engine) == SSR_OK);
    const ssr_store_options options = {.default_json = ssr_value_text(value)};
    struct viewing viewing = {ssr_store_define(ssr_engine_registry(engine), "value", &options), builder};
    expect(viewing.store && ssr_engine_start(engine) == SSR_OK);
    expect(ssr_run(engine, page, &viewing, NULL, &render) == SSR_OK);
    expect(ssr_render_result(render)->outcome == SSR_SETTLED);
    ssr_render_free(render);
    ssr_engine_free(engine);
}

/* ---- The target ---------------------------------------------------------------------------------------------------
 */

static void expect_canonical(const ssr_value *value, const char *text)
{
    char *expected = oracle_canonical(text);
    expect(strcmp(ssr_value_text(value), expected) == 0);
    free(expected);
    ssr_value *again;
    expect(ssr_value_parse(NULL, ssr_value_text(value), ssr_value_length(value), NULL, &again) == SSR_OK);
    expect_same(again, value);
    ssr_value_free(again);
}

static void expect_comes_back(const ssr_value *value, const char *text, size_t length)
{
    ssr_builder *builder = ssr_builder_new(NULL);
    expect(builder != NULL);
    add(builder, ssr_value_json(value));
    expect_built(builder, value);
    expect(ssr_builder_json(builder, text, length) == SSR_OK);
    expect_built(builder, value);
    expect(ssr_builder_value(builder, value) == SSR_OK);
    expect_built(builder, value);
    view(builder, value);
    expect_built(builder, value);
    ssr_builder_free(builder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ssr_value *value;
    size_t error_at = SIZE_MAX;
    if (ssr_value_parse(NULL, (const char *)data, size, &error_at, &value) != SSR_OK) {
        expect(!value && error_at <= size);
        return 0;
    }
    struct input input = {data, size};
    char *text = take_string(&input);
    expect(strlen(text) == size);
    expect_canonical(value, text);
    expect_comes_back(value, text, size);
    free(text);
    ssr_value_free(value);
    return 0;
}
