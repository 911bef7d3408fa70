/*
 * The JSON Patch of two values: what is written for each kind of change, the paths, the caps, memory that runs out, and
 * random pairs whose patch is applied again by a naive reader of patches. tests/node/patch.mjs asks another one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ssrstore/patch.h"
#include "tests/json_oracle.h"
#include "tests/patch_oracle.h"
#include "tests/testing.h"

static ssr_value *parse(const char *text, size_t length)
{
    ssr_value *value;
    if (ssr_value_parse(NULL, text, length, NULL, &value) != SSR_OK)
        fail_msg("no JSON: %.*s", (int)length, text);
    return value;
}

/* ---- Patches as text -------------------------------------------------------------------------------------------- */

/* The patch in memory of its own, the caller's to free; NULL when the status is another than `expected`. */
static char *patch_of(const char *before, const char *after, size_t cap, ssr_status expected)
{
    struct ssr_budget budget;
    ssr_budget_init(&budget, NULL, SIZE_MAX);
    struct ssr_buffer out = {.budget = &budget};
    ssr_value *a = parse(before, strlen(before)), *b = parse(after, strlen(after));
    assert_int_equal(ssr_buffer_append(&out, "in front", 8), SSR_OK);
    assert_int_equal(ssr_patch_write(&out, ssr_value_json(a), ssr_value_json(b), cap), expected);
    assert_memory_equal(out.data, "in front", 8);
    assert_true(expected == SSR_OK ? out.length - 8 <= cap : out.length == 8);
    char *text = strndup(out.data + 8, out.length - 8);
    ssr_value_free(a);
    ssr_value_free(b);
    ssr_buffer_free(&out);
    assert_int_equal(budget.used, 0);
    return text;
}

static void check(const char *before, const char *after, const char *expected)
{
    char *text = patch_of(before, after, SIZE_MAX, SSR_OK);
    assert_string_equal(text, expected);
    free(text);
}

struct sample {
    const char *before, *after, *patch;
};

static void check_all(const struct sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check(samples[i].before, samples[i].after, samples[i].patch);
}

static void test_equal_values_have_an_empty_patch(void **state)
{
    (void)state;
    static const char *const texts[] = {"null", "0", "\"\"", "[]", "{}", "[1,[2]]", "{\"a\":{\"b\":[]}}"};
    for (size_t i = 0; i < TEST_COUNT(texts); i++)
        check(texts[i], texts[i], "[]");
    check("{\"b\":1.0,\"a\":-0}", "{\"a\":0,\"b\":1}", "[]");
}

static void test_other_roots_are_replaced(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        {"1", "2", "[{\"op\":\"replace\",\"path\":\"\",\"value\":2}]"},
        {"1", "\"1\"", "[{\"op\":\"replace\",\"path\":\"\",\"value\":\"1\"}]"},
        {"[]", "{}", "[{\"op\":\"replace\",\"path\":\"\",\"value\":{}}]"},
        {"{\"a\":[1]}", "null", "[{\"op\":\"replace\",\"path\":\"\",\"value\":null}]"},
        {"true", "{\"a\":[1]}", "[{\"op\":\"replace\",\"path\":\"\",\"value\":{\"a\":[1]}}]"},
    };
    check_all(samples, TEST_COUNT(samples));
}

#define LONG \
    "\"a text that is long enough to be worth two operations that leave it alone, and not one that repeats it\""

static void test_members(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        {"{\"a\":1,\"long\":" LONG "}", "{\"a\":2,\"long\":" LONG "}",
         "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":2}]"},
        {"{\"b\":1,\"long\":" LONG "}", "{\"a\":2,\"b\":1,\"long\":" LONG "}",
         "[{\"op\":\"add\",\"path\":\"/a\",\"value\":2}]"},
        {"{\"long\":" LONG ",\"z\":1}", "{\"long\":" LONG "}", "[{\"op\":\"remove\",\"path\":\"/z\"}]"},
        {"{\"a\":1,\"long\":" LONG "}", "{\"long\":" LONG ",\"z\":[]}",
         "[{\"op\":\"remove\",\"path\":\"/a\"},{\"op\":\"add\",\"path\":\"/z\",\"value\":[]}]"},
        {"{\"a\":{\"b\":{\"c\":1,\"long\":" LONG "}}}", "{\"a\":{\"b\":{\"c\":[],\"long\":" LONG "}}}",
         "[{\"op\":\"replace\",\"path\":\"/a/b/c\",\"value\":[]}]"},
    };
    check_all(samples, TEST_COUNT(samples));
}

static void test_elements(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        {"[" LONG "]", "[" LONG ",2]", "[{\"op\":\"add\",\"path\":\"/1\",\"value\":2}]"},
        {"[" LONG "]", "[2," LONG "]", "[{\"op\":\"add\",\"path\":\"/0\",\"value\":2}]"},
        {"[1,2," LONG ",4]", "[1," LONG ",4]", "[{\"op\":\"remove\",\"path\":\"/1\"}]"},
        {"[1," LONG ",3]", "[" LONG "]", "[{\"op\":\"remove\",\"path\":\"/0\"},{\"op\":\"remove\",\"path\":\"/1\"}]"},
        {"[7,7,7," LONG "]", "[" LONG "]",
         "[{\"op\":\"remove\",\"path\":\"/0\"},{\"op\":\"remove\",\"path\":\"/0\"},{\"op\":\"remove\",\"path\":\"/"
         "0\"}]"},
        {"[" LONG "]", "[" LONG ",1,2]",
         "[{\"op\":\"add\",\"path\":\"/1\",\"value\":1},{\"op\":\"add\",\"path\":\"/2\",\"value\":2}]"},
        {"[0," LONG ",2]", "[0," LONG ",3]", "[{\"op\":\"replace\",\"path\":\"/2\",\"value\":3}]"},
        {"[" LONG ",1,2,3,4]", "[" LONG ",2,3,4,1]",
         "[{\"op\":\"remove\",\"path\":\"/1\"},{\"op\":\"add\",\"path\":\"/4\",\"value\":1}]"},
        /* To keep the 9 would take a "remove" and an "add" for each of the others. */
        {"[" LONG ",1,2,9," LONG "]", "[" LONG ",9,3,4," LONG "]",
         "[{\"op\":\"replace\",\"path\":\"/1\",\"value\":9},{\"op\":\"replace\",\"path\":\"/2\",\"value\":3},"
         "{\"op\":\"replace\",\"path\":\"/3\",\"value\":4}]"},
    };
    check_all(samples, TEST_COUNT(samples));
}

/* A changed element is looked into where it stands, also behind one that came or went. */
static void test_elements_are_looked_into(void **state)
{
    (void)state;
    check("[0,{\"n\":1,\"t\":" LONG "},2]", "[0,{\"n\":2,\"t\":" LONG "},2]",
          "[{\"op\":\"replace\",\"path\":\"/1/n\",\"value\":2}]");
    check("[9,5,{\"n\":1,\"t\":" LONG "},2]", "[5,{\"n\":2,\"t\":" LONG "},2]",
          "[{\"op\":\"remove\",\"path\":\"/0\"},{\"op\":\"replace\",\"path\":\"/1/n\",\"value\":2}]");
    check("[5,{\"n\":[" LONG "]},2,3]", "[4,5,{\"n\":[" LONG ",1]},2]",
          "[{\"op\":\"add\",\"path\":\"/0\",\"value\":4},{\"op\":\"add\",\"path\":\"/2/n/1\",\"value\":1},"
          "{\"op\":\"remove\",\"path\":\"/4\"}]");
}

/* RFC 6901 in a JSON string: "~" and "/" first, then what JSON escapes. */
static void test_paths(void **state)
{
    (void)state;
    static const struct sample keys[] = {
        {"a/b", NULL, "/a~1b"},
        {"a~b", NULL, "/a~0b"},
        {"~1", NULL, "/~01"},
        {"/~/", NULL, "/~1~0~1"},
        {"", NULL, "/"},
        {"\\\"", NULL, "/\\\""},
        {"\\\\/", NULL, "/\\\\~1"},
        {"\\n\\u0001\\u007e", NULL, "/\\n\\u0001~0"},
        {"\\u00e9", NULL, "/\xc3\xa9"},
        {"\\ud83d\\ude00", NULL, "/\xf0\x9f\x98\x80"},
        {"-", NULL, "/-"},
        {"0", NULL, "/0"},
    };
    for (size_t i = 0; i < TEST_COUNT(keys); i++) {
        char before[400], after[400], patch[400];
        snprintf(before, sizeof before, "[[{\"%s\":1,\"long\":%s}]]", keys[i].before, LONG);
        snprintf(after, sizeof after, "[[{\"%s\":2,\"long\":%s}]]", keys[i].before, LONG);
        snprintf(patch, sizeof patch, "[{\"op\":\"replace\",\"path\":\"/0/0%s\",\"value\":2}]", keys[i].patch);
        check(before, after, patch);
    }
}

/* Members beside each other in the order of UTF-16 code units, where that of UTF-8 is another. */
static void test_members_beside_each_other(void **state)
{
    (void)state;
    check("{\"\xf0\x9f\x98\x80\":1,\"\xef\xac\xb3\":" LONG "}", "{\"\xef\xac\xb3\":" LONG "}",
          "[{\"op\":\"remove\",\"path\":\"/\xf0\x9f\x98\x80\"}]");
    check("{\"a\":" LONG ",\"\xef\xac\xb3\":1}", "{\"a\":" LONG ",\"\xf0\x9f\x98\x80\":2,\"\xef\xac\xb3\":1}",
          "[{\"op\":\"add\",\"path\":\"/\xf0\x9f\x98\x80\",\"value\":2}]");
    check("{\"\\u0001\":1,\" \":" LONG "}", "{\"\\b\":1,\" \":" LONG "}",
          "[{\"op\":\"remove\",\"path\":\"/\\u0001\"},{\"op\":\"add\",\"path\":\"/\\b\",\"value\":1}]");
    check("{\"ab\":1,\"b\":" LONG "}", "{\"a\":1,\"ab\":1,\"b\":" LONG "}",
          "[{\"op\":\"add\",\"path\":\"/a\",\"value\":1}]");
}

static void test_the_shorter_of_two_patches(void **state)
{
    (void)state;
    check("{\"a\":1,\"b\":2}", "{\"a\":3,\"b\":4}", "[{\"op\":\"replace\",\"path\":\"\",\"value\":{\"a\":3,\"b\":4}}]");
    check("{\"a\":[1,2,3],\"t\":" LONG "}", "{\"a\":[],\"t\":" LONG "}",
          "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":[]}]");
    check("{\"a\":[1,2,3],\"t\":" LONG ",\"z\":0}", "{\"a\":[4,5,6],\"t\":" LONG ",\"z\":1}",
          "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":[4,5,6]},{\"op\":\"replace\",\"path\":\"/z\",\"value\":1}]");
}

/* ---- Caps ------------------------------------------------------------------------------------------------------- */

static void test_cap(void **state)
{
    (void)state;
    static const char before[] = "{\"a\":{\"x\":\""
                                 "12345678901234567890"
                                 "\",\"y\":1,\"z\":1},\"b\":1}";
    static const char after[] = "{\"a\":{\"x\":\""
                                "12345678901234567890"
                                "\",\"y\":2,\"z\":1},\"b\":2}";
    static const char fine[] =
        "[{\"op\":\"replace\",\"path\":\"/a/y\",\"value\":2},{\"op\":\"replace\",\"path\":\"/b\",\"value\":2}]";
    static const char whole[] = "[{\"op\":\"replace\",\"path\":\"\",\"value\":{\"a\":{\"x\":\"12345678901234567890\","
                                "\"y\":2,\"z\":1},\"b\":2}}]";
    for (size_t cap = 0; cap < sizeof fine + 3; cap++) {
        size_t shortest = strlen(fine) < strlen(whole) ? strlen(fine) : strlen(whole);
        char *text = patch_of(before, after, cap, cap < shortest ? SSR_E_LIMIT : SSR_OK);
        assert_string_equal(text, cap < shortest ? "" : strlen(fine) <= strlen(whole) ? fine : whole);
        free(text);
    }
}

static void test_cap_of_an_empty_patch(void **state)
{
    (void)state;
    for (size_t cap = 0; cap < 4; cap++) {
        char *text = patch_of("[1]", "[1]", cap, cap < 2 ? SSR_E_LIMIT : SSR_OK);
        assert_string_equal(text, cap < 2 ? "" : "[]");
        free(text);
    }
}

/* ---- Patches applied again ----------------------------------------------------------------------------------------
 */

/* Whether the patch makes `after` of `before`, is no longer than a replacement, and is canonical but for its order. */
static size_t check_applies(const char *before, const char *after)
{
    char *text = patch_of(before, after, SIZE_MAX, SSR_OK);
    size_t length = strlen(text);
    ssr_value *a = parse(before, strlen(before)), *b = parse(after, strlen(after)), *patch = parse(text, length);
    assert_int_equal(ssr_value_length(patch), length);
    assert_true(length <= sizeof "[{\"op\":\"replace\",\"path\":\"\",\"value\":}]" - 1 + ssr_value_length(b));
    ssr_value *result = patch_oracle_apply(a, ssr_value_json(patch));
    if (!result || !ssr_value_equal(result, b))
        fail_msg("%s\nbecomes %s\nnot     %s\nby      %s", before, result ? ssr_value_text(result) : "nothing", after,
                 text);
    ssr_value_free(a);
    ssr_value_free(b);
    ssr_value_free(patch);
    ssr_value_free(result);
    free(text);
    return length;
}

static unsigned choose(uint64_t *state, unsigned limit)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (unsigned)(*state >> 33) % limit;
}

/* An array of small numbers, 0 to `count` of them, as JSON. */
static void random_numbers(uint64_t *state, unsigned count, char *text)
{
    size_t length = (size_t)sprintf(text, "[%s", LONG);
    for (unsigned left = choose(state, count + 1); left > 0; left--)
        length += (size_t)sprintf(text + length, ",%u", choose(state, 6));
    strcpy(text + length, choose(state, 2) ? "," LONG "]" : "]");
}

static void test_random_arrays(void **state)
{
    (void)state;
    uint64_t random = 6902;
    char before[1000], after[1000];
    for (unsigned i = 0; i < sweep_rounds(5000); i++) {
        random_numbers(&random, 20, before);
        random_numbers(&random, 20, after);
        check_applies(before, after);
    }
}

static void test_random_values(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < sweep_rounds(2000); seed++) {
        char *before = oracle_random_text(seed), *after = oracle_random_text(seed + 1);
        check_applies(before, after);
        check_applies(after, before);
        free(before);
        free(after);
    }
}

/* ---- Large and deep ones ---------------------------------------------------------------------------------------- */

/* An array of `count` numbers from `first` on, `step` apart, each but number `left_out`; the caller's to free. */
static char *numbers(unsigned count, unsigned first, unsigned step, unsigned left_out)
{
    char *text = malloc((size_t)count * 12 + 3);
    size_t length = 1;
    text[0] = '[';
    for (unsigned i = 0; i < count; i++)
        if (i != left_out)
            length += (size_t)sprintf(text + length, "%s%u", length > 1 ? "," : "", first + i * step);
    strcpy(text + length, "]");
    return text;
}

static void test_large_arrays(void **state)
{
    (void)state;
    char *all = numbers(50000, 0, 1, UINT32_MAX), *without = numbers(50000, 0, 1, 20000);
    char *shifted = numbers(50000, 1, 1, 30000), *others = numbers(50000, 1000000, 3, UINT32_MAX);
    check(all, without, "[{\"op\":\"remove\",\"path\":\"/20000\"}]");
    check(without, all, "[{\"op\":\"add\",\"path\":\"/20000\",\"value\":20000}]");
    check(all, shifted,
          "[{\"op\":\"remove\",\"path\":\"/0\"},{\"op\":\"remove\",\"path\":\"/30000\"},"
          "{\"op\":\"add\",\"path\":\"/49998\",\"value\":50000}]");
    char *text = patch_of(all, others, SIZE_MAX, SSR_OK);
    assert_int_equal(strlen(text), strlen(others) + sizeof "[{\"op\":\"replace\",\"path\":\"\",\"value\":}]" - 1);
    free(text);
    free(all);
    free(without);
    free(shifted);
    free(others);
}

/* What is alike on both sides of them stays, also when there are more than an edit script would be looked for. */
static void test_many_elements_in_between(void **state)
{
    (void)state;
    char before[10000] = "[0", after[20000] = "[0";
    for (int i = 0; i < 150; i++)
        sprintf(after + strlen(after), ",%d", i);
    for (int i = 0; i < 80; i++) {
        strcat(before, "," LONG);
        strcat(after, "," LONG);
    }
    assert_true(check_applies(strcat(before, "]"), strcat(after, "]")) < 7000);
    assert_true(check_applies(after, before) < 7000);
}

/* `inside` in so many arrays; the caller's to free. */
static char *nest(const char *inside, size_t depth)
{
    size_t length = strlen(inside);
    char *text = malloc(length + 2 * depth + 1);
    memset(text, '[', depth);
    memcpy(text + depth, inside, length);
    memset(text + depth + length, ']', depth);
    text[depth + length + depth] = '\0';
    return text;
}

static void test_deepest_values(void **state)
{
    (void)state;
    char inside[1024], *before, *after, patch[400] = "[{\"op\":\"replace\",\"path\":\"";
    memset(inside, 'x', sizeof inside);
    memcpy(inside, "1,\"", 3);
    strcpy(inside + sizeof inside - 2, "\"");
    before = nest(inside, 128);
    inside[0] = '2';
    after = nest(inside, 128);
    for (int i = 0; i < 128; i++)
        strcat(patch, "/0");
    check(before, after, strcat(patch, "\",\"value\":2}]"));
    free(before);
    free(after);
}

/* Too large to be read once for each level: an array in between is replaced. */
static void test_large_and_deep_values(void **state)
{
    (void)state;
    enum { SIZE = 300000 };
    char *inside = malloc(SIZE + 1);
    memset(inside, 'x', SIZE);
    memcpy(inside, "1,\"", 3);
    strcpy(inside + SIZE - 1, "\"");
    char *before = nest(inside, 128);
    inside[0] = '2';
    char *after = nest(inside, 128);
    assert_true(check_applies(before, after) > SIZE);
    free(inside);
    free(before);
    free(after);
}

/* Nothing that a request could send takes long: this would be minutes. */
static void test_hostile_values(void **state)
{
    (void)state;
    sweep_leave_alone(); /* it takes seconds, and the others allocate in the same places */
    char *odd = numbers(100000, 1, 2, UINT32_MAX), *even = numbers(100000, 0, 2, UINT32_MAX);
    char *before = nest(odd, 127), *after = nest(even, 127);
    check_applies(before, after);
    char *key = malloc(400000), *end = key;
    for (int turn = 0; turn < 2; turn++) { /* a path of 100,000 bytes to 20,000 arrays that all differ */
        memset(key, 'k', 100000);
        memcpy(key, "{\"", 2);
        end = key + 100000 + sprintf(key + 100000, "\":[0");
        for (int i = 0; i < 20000; i++)
            end += sprintf(end, ",[1,%d,1]", turn);
        strcpy(end, "]}");
        char **text = turn == 0 ? &before : &after;
        free(*text);
        *text = strdup(key);
    }
    check_applies(before, after);
    free(key);
    free(odd);
    free(even);
    free(before);
    free(after);
}

/* ---- Memory ----------------------------------------------------------------------------------------------------- */

static const char memory_before[] = "{\"list\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,{\"n\":1,\"t\":" LONG
                                    "}],\"a key that is so long that the path grows more than once, ~/~/~/~/\":1}";
static const char memory_after[] =
    "{\"list\":[2,3,5,6,7,8,10,11,12,13,14,15,16,1,{\"m\":" LONG ",\"n\":2,\"t\":" LONG
    "}],\"a key that is so long that the path grows more than once, ~/~/~/~/\":2,\"A\":\"new\"}";

static void test_failing_allocations(void **state)
{
    (void)state;
    ssr_value *a = parse(memory_before, strlen(memory_before)), *b = parse(memory_after, strlen(memory_after));
    char *good = patch_of(memory_before, memory_after, SIZE_MAX, SSR_OK);
    size_t failures = 0;
    for (ssr_status status = SSR_E_NOMEM; status != SSR_OK; failures += status != SSR_OK) {
        struct test_memory memory = {.fail_at = failures + 2};
        ssr_allocator allocator = test_allocator(&memory);
        struct ssr_budget budget;
        ssr_budget_init(&budget, &allocator, SIZE_MAX);
        struct ssr_buffer out = {.budget = &budget};
        assert_int_equal(ssr_buffer_append(&out, "!", 1), SSR_OK);
        status = ssr_patch_write(&out, ssr_value_json(a), ssr_value_json(b), SIZE_MAX);
        assert_int_equal(status, memory.calls >= memory.fail_at ? SSR_E_NOMEM : SSR_OK);
        assert_int_equal(out.length, status == SSR_OK ? 1 + strlen(good) : 1);
        assert_memory_equal(out.data + (status == SSR_OK), status == SSR_OK ? good : "!",
                            out.length - (status == SSR_OK));
        assert_int_equal(memory.live_blocks, 1);
        ssr_buffer_free(&out);
        assert_all_freed(&memory);
    }
    assert_true(failures > 5);
    free(good);
    ssr_value_free(a);
    ssr_value_free(b);
}

/* The budget's cap is kept whatever it is, and told as the limit that it is. */
static void test_budget(void **state)
{
    (void)state;
    ssr_value *a = parse(memory_before, strlen(memory_before)), *b = parse(memory_after, strlen(memory_after));
    ssr_status status = SSR_E_LIMIT;
    for (size_t cap = 0; status != SSR_OK; cap += 7) {
        struct ssr_budget budget;
        ssr_budget_init(&budget, NULL, cap);
        struct ssr_buffer out = {.budget = &budget};
        status = ssr_patch_write(&out, ssr_value_json(a), ssr_value_json(b), SIZE_MAX);
        assert_true(status == SSR_OK || (status == SSR_E_LIMIT && out.length == 0));
        ssr_buffer_free(&out);
        assert_int_equal(budget.used, 0);
    }
    ssr_value_free(a);
    ssr_value_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_values_have_an_empty_patch),
        cmocka_unit_test(test_other_roots_are_replaced),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_elements),
        cmocka_unit_test(test_elements_are_looked_into),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_members_beside_each_other),
        cmocka_unit_test(test_the_shorter_of_two_patches),
        cmocka_unit_test(test_cap),
        cmocka_unit_test(test_cap_of_an_empty_patch),
        cmocka_unit_test(test_random_arrays),
        cmocka_unit_test(test_random_values),
        cmocka_unit_test(test_large_arrays),
        cmocka_unit_test(test_many_elements_in_between),
        cmocka_unit_test(test_deepest_values),
        cmocka_unit_test(test_large_and_deep_values),
        cmocka_unit_test(test_hostile_values),
        cmocka_unit_test(test_failing_allocations),
        cmocka_unit_test(test_budget),
    };
    return cmocka_run_group_tests_name("patch", tests, NULL, NULL);
}
