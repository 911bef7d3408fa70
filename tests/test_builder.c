/*
 * The builder: what its calls make, each misuse with its named error, that the first error is kept, and that a
 * failing allocator leaves nothing behind. Calls are written as small scripts, one character a call (see call()).
 */
#include <math.h>
#include <string.h>

#include "ssrstore/value.h"
#include "tests/testing.h"

static ssr_status call(ssr_builder *builder, char c)
{
    switch (c) {
    case '{': return ssr_builder_begin_object(builder);
    case '}': return ssr_builder_end_object(builder);
    case '[': return ssr_builder_begin_array(builder);
    case ']': return ssr_builder_end_array(builder);
    case 's': return ssr_builder_string(builder, "text");
    case 'i': return ssr_builder_integer(builder, -7);
    case 'd': return ssr_builder_number(builder, 0.5);
    case 't': return ssr_builder_boolean(builder, true);
    case 'f': return ssr_builder_boolean(builder, false);
    case 'n': return ssr_builder_null(builder);
    case 'j': return ssr_builder_json(builder, " {\"z\": 1, \"y\" : [2]}", 20);
    default: return ssr_builder_key_n(builder, &c, 1); /* A to Z: a key */
    }
}

static ssr_status play(ssr_builder *builder, const char *script)
{
    ssr_status status = ssr_builder_status(builder);
    for (; *script; script++)
        status = call(builder, *script);
    assert_int_equal(ssr_builder_status(builder), status);
    return status;
}

static void check_built(ssr_builder *builder, const char *text)
{
    ssr_value *value;
    assert_int_equal(ssr_builder_finish(builder, &value), SSR_OK);
    assert_string_equal(ssr_value_text(value), text);
    assert_int_equal(ssr_value_length(value), strlen(text));
    ssr_value_free(value);
}

static void test_builds(void **state)
{
    (void)state;
    static const struct {
        const char *script, *text;
    } samples[] = {
        {"n", "null"},
        {"s", "\"text\""},
        {"d", "0.5"},
        {"[]", "[]"},
        {"{}", "{}"},
        {"[s[i]{}t]", "[\"text\",[-7],{},true]"},
        {"{AsBiCtDfEn}", "{\"A\":\"text\",\"B\":-7,\"C\":true,\"D\":false,\"E\":null}"},
        {"{CiAsBd}", "{\"A\":\"text\",\"B\":0.5,\"C\":-7}"},
        {"{B{ZnYn}A[{Bt}{Dn}]}", "{\"A\":[{\"B\":true},{\"D\":null}],\"B\":{\"Y\":null,\"Z\":null}}"},
        {"j", "{\"y\":[2],\"z\":1}"},
        {"{KjAj}", "{\"A\":{\"y\":[2],\"z\":1},\"K\":{\"y\":[2],\"z\":1}}"},
    };
    ssr_builder *builder = ssr_builder_new(NULL);
    for (size_t i = 0; i < TEST_COUNT(samples); i++) {
        assert_int_equal(play(builder, samples[i].script), SSR_OK);
        check_built(builder, samples[i].text);
    }
    ssr_builder_free(builder);
}

/* After an error every call answers it, whatever the call; a reset forgets it. */
static void check_sticky(ssr_builder *builder, ssr_status status)
{
    static const char calls[] = "{}[]sidtfnjK";
    ssr_value *value = (ssr_value *)builder;
    for (const char *p = calls; *p; p++)
        assert_int_equal(call(builder, *p), status);
    assert_int_equal(ssr_builder_integer(builder, INT64_MAX), status);
    assert_int_equal(ssr_builder_string(builder, NULL), status);
    assert_int_equal(ssr_builder_json(builder, "x", 1), status);
    assert_int_equal(ssr_builder_finish(builder, &value), status);
    assert_null(value);
    assert_int_equal(ssr_builder_status(builder), status);
    ssr_builder_reset(builder);
    assert_int_equal(play(builder, "{As}"), SSR_OK);
    check_built(builder, "{\"A\":\"text\"}");
}

static void test_misuse(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        "K",   "[K",  "}",   "]",  "[}",  "{]",  "{s", "{{", "{[", "{j",
        "{KK", "{K}", "{K]", "nn", "[]n", "{}{", "jK", "n]", "nj",
    };
    ssr_builder *builder = ssr_builder_new(NULL);
    for (size_t i = 0; i < TEST_COUNT(scripts); i++) {
        assert_int_equal(play(builder, scripts[i]), SSR_E_BUILDER);
        check_sticky(builder, SSR_E_BUILDER);
    }
    ssr_builder_free(builder);
}

/* Finishing too early is refused but breaks nothing: what is open can still be ended. */
static void test_finish_too_early(void **state)
{
    (void)state;
    ssr_builder *builder = ssr_builder_new(NULL);
    ssr_value *value;
    assert_int_equal(ssr_builder_finish(builder, &value), SSR_E_BUILDER);
    play(builder, "{A[");
    assert_int_equal(ssr_builder_finish(builder, &value), SSR_E_BUILDER);
    assert_null(value);
    assert_int_equal(play(builder, "i]}"), SSR_OK);
    check_built(builder, "{\"A\":[-7]}");
    ssr_builder_free(builder);
}

static void test_duplicate_key(void **state)
{
    (void)state;
    static const char *const scripts[] = {"{AnAn}", "{AnBnAn}", "[{BnAnBn}", "{A{CnCn}"};
    ssr_builder *builder = ssr_builder_new(NULL);
    for (size_t i = 0; i < TEST_COUNT(scripts); i++) {
        assert_int_equal(play(builder, scripts[i]), SSR_E_DUPLICATE_KEY);
        check_sticky(builder, SSR_E_DUPLICATE_KEY);
    }
    ssr_builder_free(builder);
}

static void test_integer_range(void **state)
{
    (void)state;
    static const int64_t good[] = {0, -1, 9007199254740991, -9007199254740991};
    static const char *const texts[] = {"0", "-1", "9007199254740991", "-9007199254740991"};
    static const int64_t bad[] = {9007199254740992, -9007199254740992, INT64_MAX, INT64_MIN};
    ssr_builder *builder = ssr_builder_new(NULL);
    for (size_t i = 0; i < TEST_COUNT(good); i++) {
        assert_int_equal(ssr_builder_integer(builder, good[i]), SSR_OK);
        check_built(builder, texts[i]);
        assert_int_equal(ssr_builder_integer(builder, bad[i]), SSR_E_INTEGER_RANGE);
        check_sticky(builder, SSR_E_INTEGER_RANGE);
    }
    ssr_builder_free(builder);
}

static void test_numbers(void **state)
{
    (void)state;
    static const double bad[] = {(double)INFINITY, -(double)INFINITY, (double)NAN};
    ssr_builder *builder = ssr_builder_new(NULL);
    for (size_t i = 0; i < TEST_COUNT(bad); i++) {
        assert_int_equal(ssr_builder_number(builder, bad[i]), SSR_E_NOT_FINITE);
        check_sticky(builder, SSR_E_NOT_FINITE);
    }
    ssr_builder_number(builder, -0.0);
    check_built(builder, "0");
    ssr_builder_number(builder, 0.1 + 0.2);
    check_built(builder, "0.30000000000000004");
    ssr_builder_number(builder, 1e300);
    check_built(builder, "1e+300");
    ssr_builder_free(builder);
}

static void test_strings(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
        ssr_status status;
    } bad[] = {
        {"a\0b", 3, SSR_E_NUL},
        {"\xff", 1, SSR_E_INVALID_UTF8},
        {"a\xc3", 2, SSR_E_INVALID_UTF8},
        {"\xed\xa0\x80", 3, SSR_E_INVALID_UTF8},
        {NULL, 0, SSR_E_INVALID_ARGUMENT},
    };
    ssr_builder *builder = ssr_builder_new(NULL);
    for (size_t i = 0; i < TEST_COUNT(bad); i++) {
        assert_int_equal(ssr_builder_string_n(builder, bad[i].text, bad[i].length), bad[i].status);
        check_sticky(builder, bad[i].status);
        play(builder, "{AnBn");
        assert_int_equal(ssr_builder_key_n(builder, bad[i].text, bad[i].length), bad[i].status);
        check_sticky(builder, bad[i].status);
    }
    ssr_builder_string(builder, "\x01\b\t\n\f\r\x1f\"\\/\x7f\xc3\xa9\xf0\x9f\x98\x80");
    check_built(builder, "\"\\u0001\\b\\t\\n\\f\\r\\u001f\\\"\\\\/\x7f\xc3\xa9\xf0\x9f\x98\x80\"");
    ssr_builder_string_n(builder, "abc", 2);
    check_built(builder, "\"ab\"");
    ssr_builder_string_n(builder, "", 0);
    check_built(builder, "\"\"");
    ssr_builder_free(builder);
}

static void test_null_arguments(void **state)
{
    (void)state;
    ssr_builder *builder = ssr_builder_new(NULL);
    assert_int_equal(ssr_builder_string(builder, NULL), SSR_E_INVALID_ARGUMENT);
    check_sticky(builder, SSR_E_INVALID_ARGUMENT);
    play(builder, "{");
    assert_int_equal(ssr_builder_key(builder, NULL), SSR_E_INVALID_ARGUMENT);
    check_sticky(builder, SSR_E_INVALID_ARGUMENT);
    assert_int_equal(ssr_builder_json(builder, NULL, 0), SSR_E_INVALID_ARGUMENT);
    check_sticky(builder, SSR_E_INVALID_ARGUMENT);
    assert_int_equal(ssr_builder_value(builder, NULL), SSR_E_INVALID_ARGUMENT);
    check_sticky(builder, SSR_E_INVALID_ARGUMENT);
    ssr_builder_free(builder);
    ssr_builder_free(NULL);
}

static void test_json_inside(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        ssr_status status;
    } bad[] = {
        {"", SSR_E_SYNTAX},
        {"1 2", SSR_E_SYNTAX},
        {"{\"a\":1,\"a\":2}", SSR_E_DUPLICATE_KEY},
        {"[1e400]", SSR_E_NOT_FINITE},
        {"\"\\udc00\"", SSR_E_LONE_SURROGATE},
    };
    ssr_builder *builder = ssr_builder_new(NULL);
    for (size_t i = 0; i < TEST_COUNT(bad); i++) {
        play(builder, "[{K");
        assert_int_equal(ssr_builder_json(builder, bad[i].text, strlen(bad[i].text)), bad[i].status);
        check_sticky(builder, bad[i].status);
    }
    ssr_builder_free(builder);
}

/* What an earlier text left in the buffer does not complete a later one's half key to a repeated key. */
static void test_half_key_after_reset(void **state)
{
    (void)state;
    ssr_builder *builder = ssr_builder_new(NULL);
    assert_int_equal(ssr_builder_json(builder, "{\"b\":0,\"a\":1,\"a\":2}", 19), SSR_E_DUPLICATE_KEY);
    ssr_builder_reset(builder);
    assert_int_equal(ssr_builder_json(builder, "{\"b\":0,\"a\":1,\"a", 15), SSR_E_SYNTAX);
    ssr_builder_free(builder);
}

static void test_value_inside(void **state)
{
    (void)state;
    ssr_builder *builder = ssr_builder_new(NULL);
    ssr_value *inner, *outer;
    play(builder, "{BsAi}");
    assert_int_equal(ssr_builder_finish(builder, &inner), SSR_OK);
    play(builder, "[n");
    assert_int_equal(ssr_builder_value(builder, inner), SSR_OK);
    play(builder, "{K");
    assert_int_equal(ssr_builder_value(builder, inner), SSR_OK);
    play(builder, "}]");
    assert_int_equal(ssr_builder_finish(builder, &outer), SSR_OK);
    assert_string_equal(ssr_value_text(outer), "[null,{\"A\":-7,\"B\":\"text\"},{\"K\":{\"A\":-7,\"B\":\"text\"}}]");
    ssr_value_free(inner);
    ssr_value_free(outer);
    ssr_builder_free(builder);
}

/* 128 containers pass and 129 do not, whichever way they are made. */
static void test_depth(void **state)
{
    (void)state;
    ssr_builder *builder = ssr_builder_new(NULL);
    for (int i = 0; i < 127; i++)
        assert_int_equal(ssr_builder_begin_array(builder), SSR_OK);
    assert_int_equal(ssr_builder_json(builder, "{\"a\":1}", 7), SSR_OK);
    assert_int_equal(play(builder, "[]{}[n"), SSR_OK);
    assert_int_equal(ssr_builder_begin_object(builder), SSR_E_TOO_DEEP);
    check_sticky(builder, SSR_E_TOO_DEEP);
    for (int i = 0; i < 128; i++)
        assert_int_equal(ssr_builder_begin_array(builder), SSR_OK);
    assert_int_equal(ssr_builder_json(builder, "[]", 2), SSR_E_TOO_DEEP);
    check_sticky(builder, SSR_E_TOO_DEEP);
    ssr_builder_free(builder);
}

/* A value with a text long enough to grow, keys to sort, and JSON inside. */
static ssr_status build_large(const ssr_allocator *allocator, ssr_value **value)
{
    *value = NULL;
    ssr_builder *builder = ssr_builder_new(allocator);
    if (!builder)
        return SSR_E_NOMEM;
    ssr_builder_begin_object(builder);
    for (int i = 0; i < 40; i++) {
        char key[] = {(char)('z' - i % 26), (char)('0' + i / 26), '\0'};
        ssr_builder_key(builder, key);
        ssr_builder_string(builder, "0123456789abcdef0123456789abcdef");
    }
    ssr_builder_key(builder, "json");
    ssr_builder_json(builder, "{\"b\":[1,2],\"a\":{}}", 18);
    ssr_builder_end_object(builder);
    ssr_status status = ssr_builder_finish(builder, value);
    ssr_builder_free(builder);
    return status;
}

static void test_failing_allocator(void **state)
{
    (void)state;
    size_t failures = 0;
    for (size_t i = 1;; i++) {
        struct test_memory memory = {.fail_at = i, .fail_after = i % 2 == 0};
        ssr_allocator allocator = test_allocator(&memory);
        ssr_value *value;
        ssr_status status = build_large(&allocator, &value);
        bool failed = memory.calls >= i;
        assert_int_equal(status, failed ? SSR_E_NOMEM : SSR_OK);
        assert_true(failed == (value == NULL));
        ssr_value_free(value);
        assert_all_freed(&memory);
        if (!failed)
            break;
        failures++;
    }
    assert_true(failures > 8);
}

/* When only finishing fails, nothing is lost: the next try makes the value. */
static void test_finish_can_be_repeated(void **state)
{
    (void)state;
    struct test_memory memory = {0};
    ssr_allocator allocator = test_allocator(&memory);
    ssr_builder *builder = ssr_builder_new(&allocator);
    ssr_value *value;
    play(builder, "[is]");
    memory.fail_at = memory.calls + 1;
    assert_int_equal(ssr_builder_finish(builder, &value), SSR_E_NOMEM);
    assert_null(value);
    check_built(builder, "[-7,\"text\"]");
    ssr_builder_free(builder);
    assert_all_freed(&memory);
}

/* An input that says nothing fails what it is put into, by name. */
static void test_inputs_of_nothing(void **state)
{
    ssr_input inputs[] = {ssr_input_string(NULL), ssr_input_json(NULL), ssr_input_value(NULL), ssr_input_built(NULL),
                          ssr_input_json("1")};
    (void)state;
    inputs[4].form = 99;
    for (size_t i = 0; i < TEST_COUNT(inputs); i++) {
        ssr_builder *builder = ssr_builder_new(NULL);
        assert_int_equal(ssr_builder_input(builder, inputs[i]), SSR_E_INVALID_ARGUMENT);
        assert_int_equal(ssr_builder_status(builder), SSR_E_INVALID_ARGUMENT);
        ssr_builder_free(builder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inputs_of_nothing),
        cmocka_unit_test(test_builds),
        cmocka_unit_test(test_misuse),
        cmocka_unit_test(test_finish_too_early),
        cmocka_unit_test(test_duplicate_key),
        cmocka_unit_test(test_integer_range),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_null_arguments),
        cmocka_unit_test(test_json_inside),
        cmocka_unit_test(test_half_key_after_reset),
        cmocka_unit_test(test_value_inside),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_failing_allocator),
        cmocka_unit_test(test_finish_can_be_repeated),
    };
    return cmocka_run_group_tests_name("builder", tests, NULL, NULL);
}
