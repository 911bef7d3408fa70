/*
 * Values as a whole: equality, the digest, the HTML element, reading under an allocator that fails at every point,
 * and the list of statuses.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ssrstore/value.h"
#include "ssrstore/value_internal.h"
#include "tests/testing.h"

static ssr_value *parse(const char *text)
{
    ssr_value *value;
    assert_int_equal(ssr_value_parse(NULL, text, strlen(text), NULL, &value), SSR_OK);
    return value;
}

struct pair {
    const char *a, *b;
};

static void check_pairs(const struct pair *pairs, size_t count, bool are_equal)
{
    for (size_t i = 0; i < count; i++) {
        ssr_value *a = parse(pairs[i].a), *b = parse(pairs[i].b);
        if (ssr_value_equal(a, b) != are_equal || ssr_value_equal(b, a) != are_equal)
            fail_msg("%s and %s", pairs[i].a, pairs[i].b);
        ssr_digest digest_a = ssr_value_digest(a), digest_b = ssr_value_digest(b);
        assert_true((digest_a.high == digest_b.high && digest_a.low == digest_b.low) == are_equal);
        assert_true(ssr_value_equal(a, a));
        ssr_value_free(a);
        ssr_value_free(b);
    }
}

static void test_equal(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {"-0", "0"},
        {"1.0", "1"},
        {"1e2", "100"},
        {"{\"a\":1,\"b\":2}", "{ \"b\": 2, \"a\": 1 }"},
        {"[ ]", "[]"},
        {"0.10", "1e-1"},
        {"\"\\u0041\"", "\"A\""},
        {"\"\\/\"", "\"/\""},
        {"9007199254740993", "9007199254740992"},
        {"{\"b\":{\"d\":0,\"c\":0}}", "{\"b\":{\"c\":0,\"d\":0}}"},
    };
    check_pairs(pairs, TEST_COUNT(pairs), true);
}

static void test_different(void **state)
{
    (void)state;
    static const struct pair pairs[] = {
        {"[1,2]", "[2,1]"},
        {"\"1\"", "1"},
        {"0.30000000000000004", "0.3"},
        {"9007199254740992", "9007199254740990"},
        {"null", "false"},
        {"[]", "{}"},
        {"\"a\"", "\"A\""},
        {"{\"a\":1}", "{\"A\":1}"},
        {"{\"a\":null}", "{}"},
        {"[null]", "[]"},
        {"\"\"", "null"},
        {"\"\\u00e9\"", "\"e\\u0301\""},
    };
    check_pairs(pairs, TEST_COUNT(pairs), false);
}

/* The digest is part of the contract: XXH3-128 without a seed, the high half first. */
static void test_digest(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        ssr_digest digest;
    } samples[] = {
        {"null", {0xdc32537e27486e2c, 0x652e7b35ccc22eda}},
        {" { \"a\" : 1.0 } ", {0x3c8c141663acf5a1, 0xb6b7137162fa70fb}},
    };
    for (size_t i = 0; i < TEST_COUNT(samples); i++) {
        ssr_value *value = parse(samples[i].text);
        ssr_digest digest = ssr_value_digest(value);
        assert_true(digest.high == samples[i].digest.high && digest.low == samples[i].digest.low);
        ssr_value_free(value);
    }
}

/* Whoever finds two texts with one digest gains nothing by it. */
static void test_equal_digests(void **state)
{
    const struct ssr_value value = {"\"a\"", 3, {1, 2}, NULL};
    const struct ssr_value others[] = {{"\"b\"", 3, {1, 2}, NULL},
                                       {"\"ab\"", 4, {1, 2}, NULL},
                                       {"\"a\"", 3, {1, 3}, NULL},
                                       {"\"a\"", 3, {3, 2}, NULL}};
    const struct ssr_value same = {"\"a\"", 3, {1, 2}, NULL};
    (void)state;
    assert_true(ssr_value_equal(&value, &same));
    for (size_t i = 0; i < TEST_COUNT(others); i++)
        assert_false(ssr_value_equal(&value, &others[i]));
}

static void check_element(const ssr_value *value, const char *id, const char *element)
{
    char buffer[400];
    assert_int_equal(ssr_value_embed(value, id, buffer, sizeof buffer), strlen(element));
    assert_string_equal(buffer, element);
}

static void test_embed(void **state)
{
    (void)state;
    static const struct pair samples[] = {
        {"{\"b\":1,\"a\":[true]}", "{\"a\":[true],\"b\":1}"},
        {"\"</script>\"", "\"\\u003c/script\\u003e\""},
        {"\"<!--<script>&amp;]]>\"", "\"\\u003c!--\\u003cscript\\u003e\\u0026amp;]]\\u003e\""},
        {"\"\\u2028\\u2029\"", "\"\\u2028\\u2029\""},
        {"\"\\u2027\\u202a\\u20a8\\u2128\"", "\"\xe2\x80\xa7\xe2\x80\xaa\xe2\x82\xa8\xe2\x84\xa8\""},
        {"{\"<\":{\"&\":\">\"}}", "{\"\\u003c\":{\"\\u0026\":\"\\u003e\"}}"},
        {"\"'\\\"\\\\\\n\\u0001\xc3\xa9\xf0\x9f\x98\x80\"", "\"'\\\"\\\\\\n\\u0001\xc3\xa9\xf0\x9f\x98\x80\""},
    };
    for (size_t i = 0; i < TEST_COUNT(samples); i++) {
        ssr_value *value = parse(samples[i].a);
        char element[400];
        snprintf(element, sizeof element, "<script type=\"application/json\" id=\"state-1_A\">%s</script>",
                 samples[i].b);
        check_element(value, "state-1_A", element);
        ssr_value_free(value);
    }
}

static void test_embed_ids(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "Z", "_", "__SSRSTORE__", "a-b", "a9-_"};
    static const char *const bad[] = {NULL, "", "1a", "-a", "a b", "a\"", "a>", "a.b", "\xc3\xa9", "a\n"};
    ssr_value *value = parse("0");
    for (size_t i = 0; i < TEST_COUNT(good); i++)
        assert_true(ssr_value_embed(value, good[i], NULL, 0) > 0);
    for (size_t i = 0; i < TEST_COUNT(bad); i++)
        assert_int_equal(ssr_value_embed(value, bad[i], NULL, 0), 0);
    ssr_value_free(value);
}

/* As snprintf: whatever the size, the answer is the whole length, and what fits is there with a NUL. */
static void test_embed_truncates(void **state)
{
    (void)state;
    static const char whole[] = "<script type=\"application/json\" id=\"s\">[\"\\u003c\\u2028\",1]</script>";
    ssr_value *value = parse("[\"<\\u2028\",1]");
    assert_int_equal(ssr_value_embed(value, "s", NULL, 0), sizeof whole - 1);
    for (size_t size = 1; size < sizeof whole + 3; size++) {
        char buffer[sizeof whole + 4];
        memset(buffer, '#', sizeof buffer);
        assert_int_equal(ssr_value_embed(value, "s", buffer, size), sizeof whole - 1);
        size_t copied = size < sizeof whole ? size - 1 : sizeof whole - 1;
        assert_memory_equal(buffer, whole, copied);
        assert_int_equal(buffer[copied], '\0');
        assert_int_equal(buffer[copied + 1], '#');
    }
    ssr_value_free(value);
}

/* Nested unsorted objects, enough members to grow every array, and a text longer than the first buffer. */
static char *large_text(const char *tail)
{
    char *text = malloc(4096);
    assert_non_null(text);
    size_t length = (size_t)sprintf(text, "{\"z\":{\"b\":[1,{\"d\":1,\"c\":2}],\"a\":0}");
    for (int i = 0; i < 40; i++)
        length += (size_t)sprintf(text + length, ", \"k%d\" : \"0123456789abcdef\\n\"", 99 - i);
    strcpy(text + length, tail);
    return text;
}

/* With the i-th allocation failing, for every i: no memory is the answer and nothing leaks; then `status` is. */
static void check_failing_allocator(const char *text, ssr_status status, size_t error_at)
{
    bool failed = true;
    for (size_t i = 1; failed; i++) {
        struct test_memory memory = {.fail_at = i, .fail_after = i % 2 == 0};
        ssr_allocator allocator = test_allocator(&memory);
        ssr_value *value;
        size_t at = SIZE_MAX;
        ssr_status answer = ssr_value_parse(&allocator, text, strlen(text), &at, &value);
        failed = memory.calls >= i;
        assert_int_equal(answer, failed ? SSR_E_NOMEM : status);
        assert_true((value != NULL) == (answer == SSR_OK));
        assert_true(failed ? at <= strlen(text) : at == error_at);
        ssr_value_free(value);
        assert_all_freed(&memory);
    }
}

static void test_failing_allocator(void **state)
{
    (void)state;
    char *good = large_text("}");
    check_failing_allocator(good, SSR_OK, 0);
    free(good);
    check_failing_allocator("0", SSR_OK, 0);
    check_failing_allocator("{\"b\":1,\"a\":2}", SSR_OK, 0);
}

/* Wherever a buffer ends, be it inside what becomes two characters. */
static void test_no_memory_for_an_escape(void **state)
{
    char text[300];
    (void)state;
    for (int length = 240; length < 260; length++) {
        snprintf(text, sizeof text, "\"%0*d\\u000a\\n\"", length, 0);
        check_failing_allocator(text, SSR_OK, 0);
    }
}

/* Looking for an earlier repeated key needs memory too: without it the answer is not some later error. */
static void test_failing_allocator_and_bad_text(void **state)
{
    (void)state;
    check_failing_allocator("{\"a\":1,\"a\":2,x", SSR_E_DUPLICATE_KEY, 7);
    check_failing_allocator("{\"b\":1,\"a\":2,x", SSR_E_SYNTAX, 13);
    char *bad = large_text(", x");
    check_failing_allocator(bad, SSR_E_SYNTAX, strlen(bad) - 1);
    free(bad);
}

/* A value remembers its allocator: it is freed there, after the caller's own copy is gone. */
static void test_value_keeps_its_allocator(void **state)
{
    (void)state;
    struct test_memory memory = {0};
    ssr_allocator allocator = test_allocator(&memory);
    ssr_value *value;
    assert_int_equal(ssr_value_parse(&allocator, "[1]", 3, NULL, &value), SSR_OK);
    assert_int_equal(memory.live_blocks, 1);
    memset(&allocator, 0, sizeof allocator);
    ssr_value_free(value);
    assert_all_freed(&memory);
}

static void test_status_names(void **state)
{
    (void)state;
    for (int i = 0; i < SSR_STATUS_COUNT; i++) {
        const char *name = ssr_status_name((ssr_status)i), *advice = ssr_status_advice((ssr_status)i);
        assert_true(*name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name));
        assert_true(*advice && advice[strlen(advice) - 1] != '.' && !strchr(advice, '\n'));
        for (int j = 0; j < i; j++)
            assert_string_not_equal(name, ssr_status_name((ssr_status)j));
    }
    assert_string_equal(ssr_status_name(SSR_OK), "ok");
    assert_string_equal(ssr_status_name(SSR_E_DUPLICATE_KEY), "duplicate_key");
    assert_string_equal(ssr_status_name((ssr_status)9999), "unknown");
    assert_string_equal(ssr_status_advice((ssr_status)9999), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal),
        cmocka_unit_test(test_different),
        cmocka_unit_test(test_digest),
        cmocka_unit_test(test_equal_digests),
        cmocka_unit_test(test_embed),
        cmocka_unit_test(test_embed_ids),
        cmocka_unit_test(test_embed_truncates),
        cmocka_unit_test(test_failing_allocator),
        cmocka_unit_test(test_failing_allocator_and_bad_text),
        cmocka_unit_test(test_no_memory_for_an_escape),
        cmocka_unit_test(test_value_keeps_its_allocator),
        cmocka_unit_test(test_status_names),
    };
    return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
