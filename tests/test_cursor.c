/*
 * Reading values: RFC 6901's own examples and the pointers it refuses, walking arrays and objects, and the typed reads
 * with what each answers for another type.
 */
#include <string.h>

#include "ssrstore/value.h"
#include "tests/testing.h"

static ssr_value *parse(const char *text)
{
    ssr_value *value;
    assert_int_equal(ssr_value_parse(NULL, text, strlen(text), NULL, &value), SSR_OK);
    return value;
}

/* The place holds exactly this canonical text; NULL: nothing. */
static void check_place(ssr_json place, const char *text)
{
    assert_int_equal(ssr_json_type(place) == SSR_JSON_ABSENT, text == NULL);
    assert_int_equal(place.length, text ? strlen(text) : 0);
    if (text)
        assert_memory_equal(place.text, text, place.length);
}

struct pointer_sample {
    const char *pointer, *text;
};

static void check_pointers(const char *document, const struct pointer_sample *samples, size_t count)
{
    ssr_value *value = parse(document);
    for (size_t i = 0; i < count; i++)
        check_place(ssr_json_at(ssr_value_json(value), samples[i].pointer), samples[i].text);
    ssr_value_free(value);
}

static void test_rfc6901_examples(void **state)
{
    (void)state;
    static const struct pointer_sample samples[] = {
        {"/foo", "[\"bar\",\"baz\"]"},
        {"/foo/0", "\"bar\""},
        {"/", "0"},
        {"/a~1b", "1"},
        {"/c%d", "2"},
        {"/e^f", "3"},
        {"/g|h", "4"},
        {"/i\\j", "5"},
        {"/k\"l", "6"},
        {"/ ", "7"},
        {"/m~0n", "8"},
    };
    static const char document[] =
        "{\"foo\": [\"bar\", \"baz\"], \"\": 0, \"a/b\": 1, \"c%d\": 2, \"e^f\": 3, \"g|h\": 4, \"i\\\\j\": 5, "
        "\"k\\\"l\": 6, \" \": 7, \"m~n\": 8}";
    check_pointers(document, samples, TEST_COUNT(samples));
    ssr_value *value = parse(document);
    check_place(ssr_json_at(ssr_value_json(value), ""), ssr_value_text(value));
    ssr_value_free(value);
}

static void test_pointer_tokens(void **state)
{
    (void)state;
    static const struct pointer_sample samples[] = {
        {"/~01", "1"},     {"/~1", "2"},
        {"/~0", "3"},      {"/~10", "4"},
        {"/\n", "5"},      {"/\xc3\xa9", "6"},
        {"/K", "7"},       {"/k", NULL},
        {"/d/01", "8"},    {"/d/-", "9"},
        {"/d/", "10"},     {"/~", NULL},
        {"/~2", NULL},     {"/a~", NULL},
        {"x", NULL},       {"d", NULL},
        {"#/K", NULL},     {"/K/", NULL},
        {"/K/0", NULL},    {"/d/x/y", NULL},
        {"/~01/", NULL},   {"//", NULL},
        {"/long", "11"},   {"/lon", NULL},
        {"/longer", NULL}, {"/\xf0\x9f\x98\x80", "12"},
    };
    check_pointers("{\"~1\":1,\"/\":2,\"~\":3,\"/0\":4,\"\\n\":5,\"\\u00e9\":6,\"K\":7,\"long\":11,"
                   "\"\\ud83d\\ude00\":12,\"d\":{\"01\":8,\"-\":9,\"\":10}}",
                   samples, TEST_COUNT(samples));
}

static void test_pointer_elements(void **state)
{
    (void)state;
    static const struct pointer_sample samples[] = {
        {"/0", "[1,[2]]"},
        {"/0/1/0", "2"},
        {"/1", "{\"a\":[3]}"},
        {"/1/a/0", "3"},
        {"/11", "11"},
        {"/2", "\"]\""},
        {"/3", "\",\""},
        {"/12", NULL},
        {"/-", NULL},
        {"/00", NULL},
        {"/01", NULL},
        {"/+1", NULL},
        {"/-1", NULL},
        {"/1.0", NULL},
        {"/1e0", NULL},
        {"/ 1", NULL},
        {"/1 ", NULL},
        {"/a", NULL},
        {"/", NULL},
        {"/4294967296", NULL},
        {"/18446744073709551616", NULL},
        {"/18446744073709551617", NULL},
        {"/999999999", NULL},
    };
    check_pointers("[[1,[2]],{\"a\":[3]},\"]\",\",\",4,5,6,7,8,9,10,11]", samples, TEST_COUNT(samples));
}

/* A scalar has only itself. */
static void test_pointer_into_scalars(void **state)
{
    (void)state;
    static const struct pointer_sample samples[] = {{"", "\"a\""}, {"/", NULL}, {"/0", NULL}, {"/a", NULL}};
    check_pointers("\"a\"", samples, TEST_COUNT(samples));
    check_place(ssr_json_at(ssr_value_json(NULL), ""), NULL);
    check_place(ssr_json_at(ssr_value_json(NULL), "/a"), NULL);
}

static void test_array_iteration(void **state)
{
    (void)state;
    static const char *const elements[] = {"1", "[2,[]]", "\"a,]\\\"\"", "{\"k\":[3]}", "[]", "{}", "null"};
    ssr_value *value = parse("[1,[2,[]],\"a,]\\\"\",{\"k\":[3]},[],{},null]");
    ssr_json array = ssr_value_json(value), element = ssr_json_first(array);
    for (size_t i = 0; i < TEST_COUNT(elements); i++) {
        check_place(element, elements[i]);
        check_place(ssr_json_key(element), NULL);
        element = ssr_json_next(element);
    }
    check_place(element, NULL);
    check_place(ssr_json_next(element), NULL);
    assert_int_equal(ssr_json_count(array), TEST_COUNT(elements));
    check_place(ssr_json_next(array), NULL);
    ssr_value_free(value);
}

static void test_object_iteration(void **state)
{
    (void)state;
    static const struct {
        const char *key, *text;
    } members[] = {{"", "1"}, {"\n\"", "{\"x\":1,\"y\":2}"}, {"a:b", "[\"}\"]"}, {"\xf0\x9f\x98\x80", "\"\""}};
    ssr_value *value = parse("{\"\\ud83d\\ude00\":\"\",\"a:b\":[\"}\"],\"\\n\\\"\":{\"x\":1,\"y\":2},\"\":1}");
    ssr_json object = ssr_value_json(value), member = ssr_json_first(object);
    for (size_t i = 0; i < TEST_COUNT(members); i++) {
        check_place(member, members[i].text);
        assert_true(ssr_json_equals(ssr_json_key(member), members[i].key));
        member = ssr_json_next(member);
    }
    check_place(member, NULL);
    assert_int_equal(ssr_json_count(object), TEST_COUNT(members));
    check_place(ssr_json_key(object), NULL);
    ssr_value_free(value);
}

/* What a pointer finds can be walked on from: its siblings follow. */
static void test_next_from_pointer(void **state)
{
    (void)state;
    ssr_value *value = parse("{\"a\":[1,2,3],\"b\":true}");
    ssr_json second = ssr_json_at(ssr_value_json(value), "/a/1");
    check_place(ssr_json_next(second), "3");
    check_place(ssr_json_next(ssr_json_next(second)), NULL);
    ssr_json array = ssr_json_at(ssr_value_json(value), "/a");
    check_place(ssr_json_next(array), "true");
    check_place(ssr_json_key(ssr_json_next(array)), "\"b\"");
    ssr_value_free(value);
}

static void test_empty_and_scalars_hold_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {"[]", "{}", "12", "\"ab\"", "null", "true", "10", "\"\""};
    for (size_t i = 0; i < TEST_COUNT(texts); i++) {
        ssr_value *value = parse(texts[i]);
        check_place(ssr_json_first(ssr_value_json(value)), NULL);
        assert_int_equal(ssr_json_count(ssr_value_json(value)), 0);
        ssr_value_free(value);
    }
}

/* Every typed read of a place of the given kind; a refused one leaves its answer untouched. */
static void check_reads(ssr_json place, ssr_json_kind kind)
{
    bool boolean = true;
    int64_t integer = 77;
    double number = 77;
    char text[8] = "before";
    assert_int_equal(ssr_json_type(place), kind);
    assert_int_equal(ssr_json_boolean(place, &boolean), kind == SSR_JSON_BOOLEAN ? SSR_OK : SSR_E_WRONG_TYPE);
    assert_int_equal(ssr_json_integer(place, &integer), kind == SSR_JSON_NUMBER ? SSR_OK : SSR_E_WRONG_TYPE);
    assert_int_equal(ssr_json_number(place, &number), kind == SSR_JSON_NUMBER ? SSR_OK : SSR_E_WRONG_TYPE);
    assert_int_equal(ssr_json_string(place, text, sizeof text), kind == SSR_JSON_STRING ? 1 : 0);
    assert_true(boolean == (kind != SSR_JSON_BOOLEAN));
    assert_int_equal(integer, kind == SSR_JSON_NUMBER ? 0 : 77);
    assert_true(number == (kind == SSR_JSON_NUMBER ? 0 : 77));
    assert_true(ssr_json_equals(place, "s") == (kind == SSR_JSON_STRING));
}

static void test_types(void **state)
{
    (void)state;
    static const ssr_json_kind kinds[] = {SSR_JSON_NULL,   SSR_JSON_BOOLEAN, SSR_JSON_NUMBER,
                                          SSR_JSON_STRING, SSR_JSON_ARRAY,   SSR_JSON_OBJECT};
    ssr_value *value = parse("[null,false,0,\"s\",[0],{\"s\":0}]");
    ssr_json place = ssr_json_first(ssr_value_json(value));
    for (size_t i = 0; i < TEST_COUNT(kinds); i++, place = ssr_json_next(place))
        check_reads(place, kinds[i]);
    check_reads(place, SSR_JSON_ABSENT);
    ssr_value_free(value);
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double number;
        ssr_status status; /* of reading an integer */
    } samples[] = {
        {"1", 1, SSR_OK},
        {"-5", -5, SSR_OK},
        {"1e3", 1000, SSR_OK},
        {"9007199254740991", 9007199254740991, SSR_OK},
        {"-9007199254740991", -9007199254740991, SSR_OK},
        {"9007199254740992", 9007199254740992, SSR_E_INTEGER_RANGE},
        {"-9007199254740992", -9007199254740992, SSR_E_INTEGER_RANGE},
        {"1e300", 1e300, SSR_E_INTEGER_RANGE},
        {"0.5", 0.5, SSR_E_INTEGER_RANGE},
        {"-1e-7", -1e-7, SSR_E_INTEGER_RANGE},
    };
    for (size_t i = 0; i < TEST_COUNT(samples); i++) {
        ssr_value *value = parse(samples[i].text);
        double number = 0;
        int64_t integer = 77;
        assert_int_equal(ssr_json_number(ssr_value_json(value), &number), SSR_OK);
        assert_true(number == samples[i].number);
        assert_int_equal(ssr_json_integer(ssr_value_json(value), &integer), samples[i].status);
        assert_int_equal(integer, samples[i].status == SSR_OK ? (int64_t)samples[i].number : 77);
        ssr_value_free(value);
    }
}

/* As snprintf: the whole length whatever the size, and always a NUL when there is room for one. */
static void test_string_copies(void **state)
{
    (void)state;
    static const char text[] = "a\n\x01\x1f\"\\/\b\f\r\t\xc3\xa9z";
    ssr_value *value = parse("\"a\\n\\u0001\\u001f\\\"\\\\\\/\\b\\f\\r\\t\\u00e9z\"");
    ssr_json place = ssr_value_json(value);
    assert_true(ssr_json_equals(place, text));
    assert_int_equal(ssr_json_string(place, NULL, 0), sizeof text - 1);
    for (size_t size = 1; size < sizeof text + 3; size++) {
        char buffer[sizeof text + 4];
        memset(buffer, '#', sizeof buffer);
        assert_int_equal(ssr_json_string(place, buffer, size), sizeof text - 1);
        size_t copied = size < sizeof text ? size - 1 : sizeof text - 1;
        assert_memory_equal(buffer, text, copied);
        assert_int_equal(buffer[copied], '\0');
        assert_int_equal(buffer[copied + 1], '#');
    }
    ssr_value_free(value);
}

static void test_string_equality(void **state)
{
    (void)state;
    ssr_value *value = parse("\"~1ab\"");
    ssr_json place = ssr_value_json(value);
    assert_true(ssr_json_equals(place, "~1ab"));
    assert_false(ssr_json_equals(place, "/ab"));
    assert_false(ssr_json_equals(place, "~1a"));
    assert_false(ssr_json_equals(place, "~1abc"));
    assert_false(ssr_json_equals(place, "~1aB"));
    assert_false(ssr_json_equals(place, ""));
    ssr_value_free(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc6901_examples),
        cmocka_unit_test(test_pointer_tokens),
        cmocka_unit_test(test_pointer_elements),
        cmocka_unit_test(test_pointer_into_scalars),
        cmocka_unit_test(test_array_iteration),
        cmocka_unit_test(test_object_iteration),
        cmocka_unit_test(test_next_from_pointer),
        cmocka_unit_test(test_empty_and_scalars_hold_nothing),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_string_copies),
        cmocka_unit_test(test_string_equality),
    };
    return cmocka_run_group_tests_name("cursor", tests, NULL, NULL);
}
