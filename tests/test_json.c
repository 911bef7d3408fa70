/*
 * JSON text to canonical text: RFC 8785's own examples, every refusal with its byte offset, and random texts against
 * the oracle.
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ssrstore/value.h"
#include "tests/json_oracle.h"
#include "tests/testing.h"

/* A literal with its length, so that a NUL may stand inside. */
#define TEXT(literal) literal, sizeof(literal) - 1

static void check_canonical(const char *text, size_t length, const char *canonical)
{
    ssr_value *value;
    size_t at = 99;
    ssr_status status = ssr_value_parse(NULL, text, length, &at, &value);
    if (status != SSR_OK)
        fail_msg("%.60s: %s at %zu", text, ssr_status_name(status), at);
    assert_string_equal(ssr_value_text(value), canonical);
    assert_int_equal(ssr_value_length(value), strlen(canonical));
    ssr_value_free(value);
}

struct accepted {
    const char *text;
    size_t length;
    const char *canonical;
};

static void check_accepted(const struct accepted *samples, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_canonical(samples[i].text, samples[i].length, samples[i].canonical);
}

static void test_rfc8785_examples(void **state)
{
    (void)state;
    static const struct accepted samples[] = {
        /* 3.2.2 */
        {TEXT("{\n"
              "  \"numbers\": [333333333.33333329, 1E30, 4.50,\n"
              "              2e-3, 0.000000000000000000000000001],\n"
              "  \"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\",\n"
              "  \"literals\": [null, true, false]\n"
              "}"),
         "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
         "\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"},
        /* 3.2.3 */
        {TEXT("{\n"
              "  \"\\u20ac\": \"Euro Sign\",\n"
              "  \"\\r\": \"Carriage Return\",\n"
              "  \"\\ufb33\": \"Hebrew Letter Dalet With Dagesh\",\n"
              "  \"1\": \"One\",\n"
              "  \"\\ud83d\\ude00\": \"Emoji: Grinning Face\",\n"
              "  \"\\u0080\": \"Control\",\n"
              "  \"\\u00f6\": \"Latin Small Letter O With Diaeresis\"\n"
              "}"),
         "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
         "\"\xc3\xb6\":\"Latin Small Letter O With Diaeresis\",\"\xe2\x82\xac\":\"Euro Sign\","
         "\"\xf0\x9f\x98\x80\":\"Emoji: Grinning Face\",\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}"},
    };
    check_accepted(samples, TEST_COUNT(samples));
}

static void test_scalars_and_space(void **state)
{
    (void)state;
    static const struct accepted samples[] = {
        {TEXT("null"), "null"},
        {TEXT(" true\n"), "true"},
        {TEXT("\t\r\n false "), "false"},
        {TEXT("\"\""), "\"\""},
        {TEXT("[ ]"), "[]"},
        {TEXT("{ }"), "{}"},
        {TEXT(" [ 1 , [ ] , { } , \"a\" ] "), "[1,[],{},\"a\"]"},
        {TEXT("{ \"a\" : { \"b\" : [ 1 ] } }"), "{\"a\":{\"b\":[1]}}"},
        {TEXT("{\"\":0}"), "{\"\":0}"},
    };
    check_accepted(samples, TEST_COUNT(samples));
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct accepted samples[] = {
        {TEXT("0"), "0"},
        {TEXT("-0"), "0"},
        {TEXT("-0.0"), "0"},
        {TEXT("-0e-5"), "0"},
        {TEXT("0e400"), "0"},
        {TEXT("1e-400"), "0"},
        {TEXT("-1e-400"), "0"},
        {TEXT("1.0"), "1"},
        {TEXT("-1"), "-1"},
        {TEXT("1E2"), "100"},
        {TEXT("1e+2"), "100"},
        {TEXT("1.5e-7"), "1.5e-7"},
        {TEXT("0.000001"), "0.000001"},
        {TEXT("0.0000001"), "1e-7"},
        {TEXT("-0.00000123"), "-0.00000123"},
        {TEXT("-0.000000123"), "-1.23e-7"},
        {TEXT("12.50"), "12.5"},
        {TEXT("-12.0"), "-12"},
        {TEXT("0.0"), "0"},
        {TEXT("-0.0"), "0"},
        {TEXT("999999999999.999"), "999999999999.999"},
        {TEXT("9007199254.740993"), "9007199254.740993"},
        {TEXT("0.99999999999999999"), "1"},
        {TEXT("1.0000000000000001"), "1"},
        {TEXT("1.000000000000001"), "1.000000000000001"},
        {TEXT("0.00001"), "0.00001"},
        {TEXT("123456789012345"), "123456789012345"},
        {TEXT("-123456789012345"), "-123456789012345"},
        {TEXT("1234567890123456"), "1234567890123456"},
        {TEXT("9007199254740993"), "9007199254740992"},
        {TEXT("9007199254740990"), "9007199254740990"},
        {TEXT("100000000000000000000"), "100000000000000000000"},
        {TEXT("1000000000000000000000"), "1e+21"},
        {TEXT("123456789012345678901234567890"), "1.2345678901234568e+29"},
        {TEXT("0.1000000000000000055511151231257827021181583404541015625"), "0.1"},
        {TEXT("0.30000000000000004"), "0.30000000000000004"},
        {TEXT("2.2250738585072011e-308"), "2.225073858507201e-308"},
        {TEXT("1.7976931348623158e308"), "1.7976931348623157e+308"},
    };
    check_accepted(samples, TEST_COUNT(samples));
}

static void test_strings(void **state)
{
    (void)state;
    static const struct accepted samples[] = {
        {TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
        {TEXT("\"\\u0022\\u005C\\u002f\\u0008\\u000c\\u000A\\u000d\\u0009\""), "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
        {TEXT("\"\\u0001\\u001F\\u007f\""), "\"\\u0001\\u001f\x7f\""},
        {TEXT("\"\\u00e9\\u20AC\\uFFFF\\uE000\""), "\"\xc3\xa9\xe2\x82\xac\xef\xbf\xbf\xee\x80\x80\""},
        {TEXT("\"\\ud800\\udc00\\uDBFF\\uDFFF\""), "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\""},
        {TEXT("\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\""),
         "\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\""},
        {TEXT("\"\\u2028</script>\xe2\x80\xa9\""), "\"\xe2\x80\xa8</script>\xe2\x80\xa9\""},
        {TEXT("\"0123456789abcdef0123456789abcde\\n0123456789abcdef\""),
         "\"0123456789abcdef0123456789abcde\\n0123456789abcdef\""},
    };
    check_accepted(samples, TEST_COUNT(samples));
}

/* RFC 8785 3.2.3: UTF-16 code units, so U+1F600 (D83D DE00) comes before U+E000. */
static void test_key_order(void **state)
{
    (void)state;
    static const struct accepted samples[] = {
        {TEXT("{\"b\":1,\"a\":2}"), "{\"a\":2,\"b\":1}"},
        {TEXT("{\"\\ue000\":1,\"\xf0\x9f\x98\x80\":2}"), "{\"\xf0\x9f\x98\x80\":2,\"\xee\x80\x80\":1}"},
        {TEXT("{\"\\uffff\":1,\"\\udbff\\udfff\":2,\"\\ud7ff\":3}"),
         "{\"\xed\x9f\xbf\":3,\"\xf4\x8f\xbf\xbf\":2,\"\xef\xbf\xbf\":1}"},
        {TEXT("{\"x\\ue000\":1,\"x\xf0\x9f\x98\x80\":2}"), "{\"x\xf0\x9f\x98\x80\":2,\"x\xee\x80\x80\":1}"},
        {TEXT("{\"aa\":1,\"a\":2,\"\":3,\"ab\":4}"), "{\"\":3,\"a\":2,\"aa\":1,\"ab\":4}"},
        {TEXT("{\" \":1,\"\\u001f\":2,\"\\n\":3,\"\\u0001\":4,\"\\t\":5}"),
         "{\"\\u0001\":4,\"\\t\":5,\"\\n\":3,\"\\u001f\":2,\" \":1}"},
        {TEXT("{\"#\":1,\"\\\"\":2,\"!\":3}"), "{\"!\":3,\"\\\"\":2,\"#\":1}"},
        {TEXT("{\"]\":1,\"\\\\\":2,\"[\":3}"), "{\"[\":3,\"\\\\\":2,\"]\":1}"},
        {TEXT("{\"a\":1,\"A\":2,\"Z\":3}"), "{\"A\":2,\"Z\":3,\"a\":1}"},
        {TEXT("{\"10\":1,\"9\":2,\"1\":3}"), "{\"1\":3,\"10\":1,\"9\":2}"},
        {TEXT("{\"b\":{\"d\":1,\"c\":[{\"f\":1,\"e\":2}]},\"a\":0}"),
         "{\"a\":0,\"b\":{\"c\":[{\"e\":2,\"f\":1}],\"d\":1}}"},
    };
    check_accepted(samples, TEST_COUNT(samples));
}

struct refused {
    const char *text;
    size_t length;
    ssr_status status;
    size_t at;
};

static void check_refused(const struct refused *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ssr_value *value = (ssr_value *)&samples[i];
        size_t at = 99;
        ssr_status status = ssr_value_parse(NULL, samples[i].text, samples[i].length, &at, &value);
        if (status != samples[i].status || at != samples[i].at)
            fail_msg("%s: %s at %zu", samples[i].text, ssr_status_name(status), at);
        assert_null(value);
    }
}

static void test_syntax(void **state)
{
    (void)state;
    static const struct refused samples[] = {
        {TEXT(""), SSR_E_SYNTAX, 0},
        {TEXT("  "), SSR_E_SYNTAX, 2},
        {TEXT("\xef\xbb\xbf{}"), SSR_E_SYNTAX, 0},
        {TEXT("[1,]"), SSR_E_SYNTAX, 3},
        {TEXT("[,1]"), SSR_E_SYNTAX, 1},
        {TEXT("[1 2]"), SSR_E_SYNTAX, 3},
        {TEXT("[1}"), SSR_E_SYNTAX, 2},
        {TEXT("[1"), SSR_E_SYNTAX, 2},
        {TEXT("{\"a\":1,}"), SSR_E_SYNTAX, 7},
        {TEXT("{\"a\" 1}"), SSR_E_SYNTAX, 5},
        {TEXT("{a:1}"), SSR_E_SYNTAX, 1},
        {TEXT("{'a':1}"), SSR_E_SYNTAX, 1},
        {TEXT("{\"a\":1]"), SSR_E_SYNTAX, 6},
        {TEXT("{\"a\":1"), SSR_E_SYNTAX, 6},
        {TEXT("1 2"), SSR_E_SYNTAX, 2},
        {TEXT("{}x"), SSR_E_SYNTAX, 2},
        {TEXT("nul"), SSR_E_SYNTAX, 0},
        {TEXT("nullx"), SSR_E_SYNTAX, 4},
        {TEXT("True"), SSR_E_SYNTAX, 0},
        {TEXT("NaN"), SSR_E_SYNTAX, 0},
        {TEXT("[\f1]"), SSR_E_SYNTAX, 1},
        {TEXT("[1]\0"), SSR_E_SYNTAX, 3},
        {TEXT("\0"), SSR_E_SYNTAX, 0},
        {TEXT("// c\n1"), SSR_E_SYNTAX, 0},
    };
    check_refused(samples, TEST_COUNT(samples));
}

static void test_number_syntax(void **state)
{
    (void)state;
    static const struct refused samples[] = {
        {TEXT("012"), SSR_E_SYNTAX, 1},
        {TEXT("-012"), SSR_E_SYNTAX, 2},
        {TEXT("1."), SSR_E_SYNTAX, 2},
        {TEXT("[1.]"), SSR_E_SYNTAX, 3},
        {TEXT("-.5"), SSR_E_SYNTAX, 1},
        {TEXT(".5"), SSR_E_SYNTAX, 0},
        {TEXT("2.e3"), SSR_E_SYNTAX, 2},
        {TEXT("1e"), SSR_E_SYNTAX, 2},
        {TEXT("1e+"), SSR_E_SYNTAX, 3},
        {TEXT("1ex"), SSR_E_SYNTAX, 2},
        {TEXT("-"), SSR_E_SYNTAX, 1},
        {TEXT("+1"), SSR_E_SYNTAX, 0},
        {TEXT("0x10"), SSR_E_SYNTAX, 1},
        {TEXT("--1"), SSR_E_SYNTAX, 1},
        {TEXT("1.5.5"), SSR_E_SYNTAX, 3},
        {TEXT("1e400"), SSR_E_NOT_FINITE, 0},
        {TEXT("[-1e400]"), SSR_E_NOT_FINITE, 1},
        {TEXT("[0, 1.7976931348623159e308]"), SSR_E_NOT_FINITE, 4},
        {TEXT("[1e99999999999999999999]"), SSR_E_NOT_FINITE, 1},
    };
    check_refused(samples, TEST_COUNT(samples));
}

static void test_string_syntax(void **state)
{
    (void)state;
    static const struct refused samples[] = {
        {TEXT("\"abc"), SSR_E_SYNTAX, 4},
        {TEXT("\"a\nb\""), SSR_E_SYNTAX, 2},
        {TEXT("\"a\x1f\""), SSR_E_SYNTAX, 2},
        {TEXT("\"a\0\""), SSR_E_SYNTAX, 2},
        {TEXT("\"\\"), SSR_E_SYNTAX, 1},
        {TEXT("\"a\\x\""), SSR_E_SYNTAX, 2},
        {TEXT("\"\\U0041\""), SSR_E_SYNTAX, 1},
        {TEXT("\"\\\0\""), SSR_E_SYNTAX, 1},
        {TEXT("\"\\u12G4\""), SSR_E_SYNTAX, 1},
        {TEXT("\"\\u12"), SSR_E_SYNTAX, 1},
        {TEXT("\"\\u12\""), SSR_E_SYNTAX, 1},
        {TEXT("\"\\u0000\""), SSR_E_NUL, 1},
        {TEXT("\"ab\\u0000\""), SSR_E_NUL, 3},
        {TEXT("{\"\\u0000\":1}"), SSR_E_NUL, 2},
        {TEXT("\"\\ud800\""), SSR_E_LONE_SURROGATE, 1},
        {TEXT("\"\\udc00\""), SSR_E_LONE_SURROGATE, 1},
        {TEXT("\"\\ude00\\ud83d\""), SSR_E_LONE_SURROGATE, 1},
        {TEXT("\"\\ud800\\ud800\\udc00\""), SSR_E_LONE_SURROGATE, 1},
        {TEXT("\"\\udc00\\udc00\""), SSR_E_LONE_SURROGATE, 1},
        {TEXT("\"\\ud800\\uffff\""), SSR_E_LONE_SURROGATE, 1},
        {TEXT("\"\\ud800x\""), SSR_E_LONE_SURROGATE, 1},
        {TEXT("\"\\ud800\\n\""), SSR_E_LONE_SURROGATE, 1},
        {TEXT("\"a\\ud800\\u0041\""), SSR_E_LONE_SURROGATE, 2},
        {TEXT("{\"\\udfff\":1}"), SSR_E_LONE_SURROGATE, 2},
    };
    check_refused(samples, TEST_COUNT(samples));
}

/* Every row that is missing from "Well-Formed UTF-8 Byte Sequences" (Unicode, table 3-7). */
static void test_ill_formed_utf8(void **state)
{
    (void)state;
    static const struct refused samples[] = {
        {TEXT("\"\x80\""), SSR_E_INVALID_UTF8, 1}, /* a tail alone */
        {TEXT("\"a\xbf\""), SSR_E_INVALID_UTF8, 2},
        {TEXT("\"\xc0\xaf\""), SSR_E_INVALID_UTF8, 1}, /* overlong */
        {TEXT("\"\xc1\xbf\""), SSR_E_INVALID_UTF8, 1},
        {TEXT("\"\xe0\x9f\xbf\""), SSR_E_INVALID_UTF8, 1},
        {TEXT("\"\xf0\x8f\xbf\xbf\""), SSR_E_INVALID_UTF8, 1},
        {TEXT("\"\xed\xa0\x80\""), SSR_E_INVALID_UTF8, 1}, /* surrogates */
        {TEXT("\"\xed\xbf\xbf\""), SSR_E_INVALID_UTF8, 1},
        {TEXT("\"\xf4\x90\x80\x80\""), SSR_E_INVALID_UTF8, 1}, /* beyond U+10FFFF */
        {TEXT("\"\xf5\x80\x80\x80\""), SSR_E_INVALID_UTF8, 1},
        {TEXT("\"\xf8\x88\x80\x80\x80\""), SSR_E_INVALID_UTF8, 1},
        {TEXT("\"\xfe\""), SSR_E_INVALID_UTF8, 1},
        {TEXT("\"\xff\""), SSR_E_INVALID_UTF8, 1},
        {TEXT("\"\xc3\""), SSR_E_INVALID_UTF8, 1}, /* cut off */
        {TEXT("\"\xe2\x82\""), SSR_E_INVALID_UTF8, 1},
        {TEXT("\"\xf0\x9f\x98\""), SSR_E_INVALID_UTF8, 1},
        {TEXT("\"\xe2\x28\xa1\""), SSR_E_INVALID_UTF8, 1}, /* a wrong tail */
        {TEXT("\"\xe2\x82\x28\""), SSR_E_INVALID_UTF8, 1},
        {TEXT("\"\xf0\x9f\x28\x80\""), SSR_E_INVALID_UTF8, 1},
        {TEXT("\"\xf0\x9f\x98\x28\""), SSR_E_INVALID_UTF8, 1},
        {TEXT("\"\xc3"), SSR_E_INVALID_UTF8, 1}, /* cut off by the end of the text */
        {TEXT("\"\xe2\x82"), SSR_E_INVALID_UTF8, 1},
        {TEXT("\"\xf0\x9f\x98"), SSR_E_INVALID_UTF8, 1},
        {TEXT("{\"\xff\":1}"), SSR_E_INVALID_UTF8, 2},
        {TEXT("\"0123456789abcdef0123\xff\""), SSR_E_INVALID_UTF8, 21},
    };
    check_refused(samples, TEST_COUNT(samples));
}

static void test_duplicate_keys(void **state)
{
    (void)state;
    static const struct refused samples[] = {
        {TEXT("{\"a\":1,\"a\":2}"), SSR_E_DUPLICATE_KEY, 7},
        {TEXT("{\"a\":1,\"a\":1}"), SSR_E_DUPLICATE_KEY, 7},
        {TEXT("{\"a\":1,\"\\u0061\":2}"), SSR_E_DUPLICATE_KEY, 7},
        {TEXT("{\"\xf0\x9f\x98\x80\":1, \"\\ud83d\\ude00\":2}"), SSR_E_DUPLICATE_KEY, 11},
        {TEXT("{\"\":1,\"\":2}"), SSR_E_DUPLICATE_KEY, 6},
        {TEXT("{\"/\":1,\"\\/\":2}"), SSR_E_DUPLICATE_KEY, 7},
        {TEXT("{\"b\":1,\"c\":1,\"a\":1,\"c\":1,\"b\":1}"), SSR_E_DUPLICATE_KEY, 19},
        {TEXT("{\"b\":1,\"a\":1,\"a\":1,\"b\":1,\"a\":1}"), SSR_E_DUPLICATE_KEY, 13},
        {TEXT("[{\"x\":{\"b\":1,\"b\":2}}]"), SSR_E_DUPLICATE_KEY, 13},
    };
    check_refused(samples, TEST_COUNT(samples));
    check_canonical(TEXT("{\"a\":{\"a\":{\"a\":1}},\"A\":{}}"), "{\"A\":{},\"a\":{\"a\":{\"a\":1}}}");
}

static void test_first_error_in_input_order(void **state)
{
    (void)state;
    static const struct refused samples[] = {
        {TEXT("{\"a\":1,\"a\":2,x"), SSR_E_DUPLICATE_KEY, 7},
        {TEXT("{\"a\":1,\"a\":x"), SSR_E_DUPLICATE_KEY, 7},
        {TEXT("{\"a\":1,\"a\""), SSR_E_DUPLICATE_KEY, 7},
        {TEXT("{\"a\":1,\"a"), SSR_E_SYNTAX, 9}, /* half a key repeats nothing */
        {TEXT("{\"a\":1,\"b\":2,x"), SSR_E_SYNTAX, 13},
        {TEXT("{\"b\":1,\"a\":2,x"), SSR_E_SYNTAX, 13},
        {TEXT("{\"a\":1,\"a\":[1,2,{\"z\":\"\xff\""), SSR_E_DUPLICATE_KEY, 7},
        {TEXT("{\"a\":1,\"a\":[1,2,{\"z\":1,\"z\":1}]}"), SSR_E_DUPLICATE_KEY, 7},
        {TEXT("{\"a\":1,\"b\":[{\"z\":1,\"z\":1}],\"a\":1}"), SSR_E_DUPLICATE_KEY, 19},
        {TEXT("{\"k\":{\"a\":1,\"a\":2},\"k\":\"\\ud800\"}"), SSR_E_DUPLICATE_KEY, 12},
        {TEXT("{\"q\":1,\"x\":[{\"b\":1,\"b\":[{\"c\":1,\"c\":1e999"), SSR_E_DUPLICATE_KEY, 19},
        {TEXT("[\"\\u0000\",\"\xff\"]"), SSR_E_NUL, 2},
        {TEXT("[\"\xff\",\"\\u0000\"]"), SSR_E_INVALID_UTF8, 2},
        {TEXT("[1e999,\"\\ud800\",01]"), SSR_E_NOT_FINITE, 1},
        {TEXT("[01,1e999]"), SSR_E_SYNTAX, 2},
    };
    check_refused(samples, TEST_COUNT(samples));
}

/* `depth` containers around nothing, arrays or objects in turn; returns the length. */
static size_t write_nested(char *text, size_t depth, bool is_closed)
{
    size_t length = 0;
    for (size_t i = 0; i < depth; i++)
        length += (size_t)sprintf(text + length, "%s", i % 2 == 0 ? "[" : i + 1 < depth ? "{\"a\":" : "{");
    for (size_t i = depth; is_closed && i > 0; i--)
        text[length++] = (i - 1) % 2 == 0 ? ']' : '}';
    text[length] = '\0';
    return length;
}

static void test_depth(void **state)
{
    (void)state;
    char text[2000];
    size_t length = write_nested(text, 128, true);
    check_canonical(text, length, text);
    size_t at_129 = write_nested(text, 128, false) + strlen("\"a\":");
    length = write_nested(text, 129, true);
    const struct refused too_deep[] = {{text, length, SSR_E_TOO_DEEP, at_129}};
    check_refused(too_deep, 1);
    memset(text, '[', sizeof text);
    const struct refused open[] = {{text, sizeof text, SSR_E_TOO_DEEP, 128}};
    check_refused(open, 1);
}

/* Enough keys for many merges, in an order that is far from sorted. */
static void test_many_keys(void **state)
{
    (void)state;
    enum { KEYS = 4096 };
    static char text[KEYS * 16], wanted[KEYS * 16];
    size_t length = 0, wanted_length = 0;
    for (unsigned i = 0; i < KEYS; i++) {
        unsigned shuffled = i * 1237 % KEYS;
        length += (size_t)sprintf(text + length, "%c\"%04x\":%u", i ? ',' : '{', shuffled, shuffled);
        wanted_length += (size_t)sprintf(wanted + wanted_length, "%c\"%04x\":%u", i ? ',' : '{', i, i);
    }
    strcpy(text + length, "}");
    strcpy(wanted + wanted_length, "}");
    check_canonical(text, length + 1, wanted);
    sprintf(text + length, ",\"0abc\":0}");
    const struct refused twice[] = {{text, strlen(text), SSR_E_DUPLICATE_KEY, length + 1}};
    check_refused(twice, 1);
}

static void test_arguments(void **state)
{
    (void)state;
    ssr_value *value;
    assert_int_equal(ssr_value_parse(NULL, NULL, 0, NULL, &value), SSR_E_INVALID_ARGUMENT);
    assert_null(value);
    assert_int_equal(ssr_value_parse(NULL, "x", 1, NULL, &value), SSR_E_SYNTAX);
    assert_int_equal(ssr_value_parse(NULL, "1xyz", 1, NULL, &value), SSR_OK); /* only `length` bytes are read */
    ssr_value_free(value);
    ssr_value_free(NULL);
}

/* The text as a value; copied into a block of its own, so that reading beyond it is found by the sanitizer. */
static ssr_value *parse(const char *text, size_t length)
{
    char *copy = malloc(length + !length);
    assert_non_null(copy);
    memcpy(copy, text, length);
    ssr_value *value;
    size_t at = 0;
    ssr_status status = ssr_value_parse(NULL, copy, length, &at, &value);
    assert_true(at <= length);
    assert_true((status == SSR_OK) == (value != NULL));
    free(copy);
    return value;
}

static void test_random_texts(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < sweep_rounds(4000); seed++) {
        char *text = oracle_random_text(seed), *wanted = oracle_canonical(text);
        ssr_value *value = parse(text, strlen(text));
        if (!value)
            fail_msg("refused: %s", text);
        assert_string_equal(ssr_value_text(value), wanted);
        ssr_value *again = parse(ssr_value_text(value), ssr_value_length(value));
        assert_true(ssr_value_equal(value, again));
        ssr_value_free(again);
        ssr_value_free(value);
        free(wanted);
        free(text);
    }
}

/* Any change of a byte, and any cut, is answered: with a status, or with a value whose text is its own canonical form.
 */
static void test_damaged_texts(void **state)
{
    (void)state;
    static const unsigned char bytes[] = {0, '"', '\\', '{', ']', ',', '0', 'u', 0x1f, 0x80, 0xc3, 0xed, 0xf4, 0xff};
    for (uint64_t seed = 0; seed < sweep_rounds(40); seed++) {
        char *text = oracle_random_text(seed);
        size_t length = strlen(text);
        for (size_t i = 0; i < length && i < 400; i++) {
            ssr_value_free(parse(text, i));
            char kept = text[i];
            text[i] = (char)bytes[(i + seed) % sizeof bytes];
            ssr_value *value = parse(text, length);
            if (value) {
                ssr_value *again = parse(ssr_value_text(value), ssr_value_length(value));
                assert_true(again && ssr_value_equal(value, again));
                ssr_value_free(again);
            }
            ssr_value_free(value);
            text[i] = kept;
        }
        free(text);
    }
}

static void test_locale_does_not_matter(void **state)
{
    (void)state;
    bool found = setlocale(LC_ALL, "de_DE.UTF-8") || setlocale(LC_ALL, "fr_FR.UTF-8");
    if (found)
        check_canonical(TEXT("[1.5,-0.25e-3,12345678901234567890.5]"), "[1.5,-0.00025,12345678901234567000]");
    setlocale(LC_ALL, "C");
    if (!found)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc8785_examples),
        cmocka_unit_test(test_scalars_and_space),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_key_order),
        cmocka_unit_test(test_syntax),
        cmocka_unit_test(test_number_syntax),
        cmocka_unit_test(test_string_syntax),
        cmocka_unit_test(test_ill_formed_utf8),
        cmocka_unit_test(test_duplicate_keys),
        cmocka_unit_test(test_first_error_in_input_order),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_many_keys),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_random_texts),
        cmocka_unit_test(test_damaged_texts),
        cmocka_unit_test(test_locale_does_not_matter),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
