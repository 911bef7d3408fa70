/*
 * Drafts: each call on small states, the order of keys, the limits, memory that runs out, and long random edits beside
 * a naive tree that is edited the same way and made canonical by the builder.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ssrstore/draft_internal.h"
#include "tests/testing.h"

#define assert_status(seen, expected) assert_string_equal(ssr_status_name(seen), ssr_status_name(expected))

struct bench {
    struct test_memory memory;
    struct ssr_budget budget;
    struct ssr_draft draft;
};

static void open_bench(struct bench *bench, size_t value_cap, const char *state)
{
    memset(bench, 0, sizeof *bench);
    ssr_allocator allocator = test_allocator(&bench->memory);
    ssr_budget_init(&bench->budget, &allocator, SIZE_MAX);
    ssr_draft_init(&bench->draft, &bench->budget, value_cap);
    assert_status(ssr_draft_open(&bench->draft, state, strlen(state)), SSR_OK);
}

static void close_bench(struct bench *bench)
{
    ssr_draft_release(&bench->draft);
    assert_int_equal(bench->budget.used, 0);
    assert_all_freed(&bench->memory);
}

static const char *text_of(const struct ssr_draft *draft)
{
    size_t length;
    const char *text = ssr_draft_text(draft, &length);
    assert_int_equal(strlen(text), length);
    return text;
}

/* ---- One call on one state -------------------------------------------------------------------------------------- */

enum call { SET, MERGE, REMOVE };

struct edit {
    const char *state;
    enum call call;
    const char *place, *json;
    ssr_status status;
    const char *after; /* NULL: as before */
};

static ssr_status apply(struct ssr_draft *draft, enum call call, const char *place, const char *json)
{
    switch (call) {
    case SET: return ssr_draft_set(draft, place, ssr_input_json(json));
    case MERGE: return ssr_draft_merge(draft, place, ssr_input_json(json));
    default: return ssr_draft_remove(draft, place);
    }
}

static void check_edits(const struct edit *edits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct bench bench;
        open_bench(&bench, SIZE_MAX, edits[i].state);
        ssr_status status = apply(&bench.draft, edits[i].call, edits[i].place, edits[i].json);
        const char *after = edits[i].after ? edits[i].after : edits[i].state;
        if (status != edits[i].status || strcmp(text_of(&bench.draft), after) != 0)
            fail_msg("edit %zu of %s at \"%s\": %s, %s", i, edits[i].state, edits[i].place, ssr_status_name(status),
                     text_of(&bench.draft));
        close_bench(&bench);
    }
}

static void a_set_replaces_what_stands_there(void **state)
{
    (void)state;
    static const struct edit edits[] = {
        {"1", SET, "", "{ \"b\" : 1.0, \"a\":[] }", SSR_OK, "{\"a\":[],\"b\":1}"},
        {"{\"a\":1}", SET, "", "null", SSR_OK, "null"},
        {"{\"a\":1,\"b\":2}", SET, "/a", "\"longer than before\"", SSR_OK, "{\"a\":\"longer than before\",\"b\":2}"},
        {"{\"a\":\"longer than after\",\"b\":2}", SET, "/a", "0", SSR_OK, "{\"a\":0,\"b\":2}"},
        {"{\"a\":{\"b\":[0,{\"c\":1}]}}", SET, "/a/b/1/c", "[2]", SSR_OK, "{\"a\":{\"b\":[0,{\"c\":[2]}]}}"},
        {"[1,2,3]", SET, "/0", "9", SSR_OK, "[9,2,3]"},
        {"[1,2,3]", SET, "/2", "{}", SSR_OK, "[1,2,{}]"},
        {"{\"a\":1}", SET, "/a", "1", SSR_OK, NULL},
        {"{\"\":1}", SET, "/", "2", SSR_OK, "{\"\":2}"},
        {"{\"a/b\":1,\"m~n\":2}", SET, "/a~1b", "3", SSR_OK, "{\"a/b\":3,\"m~n\":2}"},
        {"{\"a/b\":1,\"m~n\":2}", SET, "/m~0n", "3", SSR_OK, "{\"a/b\":1,\"m~n\":3}"},
        {"{\"~1\":1}", SET, "/~01", "3", SSR_OK, "{\"~1\":3}"},
        {"{\"-\":1}", SET, "/-", "3", SSR_OK, "{\"-\":3}"},
        {"{\"0\":1}", SET, "/0", "3", SSR_OK, "{\"0\":3}"},
        {"{\"a\\nb\":1}", SET, "/a\nb", "3", SSR_OK, "{\"a\\nb\":3}"},
    };
    check_edits(edits, TEST_COUNT(edits));
}

static void a_new_member_goes_to_its_place(void **state)
{
    (void)state;
    static const struct edit edits[] = {
        {"{}", SET, "/a", "1", SSR_OK, "{\"a\":1}"},
        {"{\"b\":1}", SET, "/a", "2", SSR_OK, "{\"a\":2,\"b\":1}"},
        {"{\"b\":1}", SET, "/c", "2", SSR_OK, "{\"b\":1,\"c\":2}"},
        {"{\"a\":1,\"c\":3}", SET, "/b", "2", SSR_OK, "{\"a\":1,\"b\":2,\"c\":3}"},
        {"{\"a\":1}", SET, "/A", "2", SSR_OK, "{\"A\":2,\"a\":1}"},
        {"{\"a\":1}", SET, "/", "2", SSR_OK, "{\"\":2,\"a\":1}"},
        {"{\"a\":1}", SET, "/-", "2", SSR_OK, "{\"-\":2,\"a\":1}"},
        {"{\"a\":1}", SET, "/01", "2", SSR_OK, "{\"01\":2,\"a\":1}"},
        {"{\"a\":1,\"a\\\"\":1}", SET, "/a!", "2", SSR_OK, "{\"a\":1,\"a!\":2,\"a\\\"\":1}"},
        {"[{}]", SET, "/0/x~1y~0z", "2", SSR_OK, "[{\"x/y~z\":2}]"},
        /* UTF-16 code units: U+1F600 (D83D DE00) comes before U+FB33, U+20AC before both. RFC 8785 3.2.3 */
        {"{\"\xef\xac\xb3\":1}", SET, "/\xf0\x9f\x98\x80", "2", SSR_OK, "{\"\xf0\x9f\x98\x80\":2,\"\xef\xac\xb3\":1}"},
        {"{\"\xf0\x9f\x98\x80\":2}", SET, "/\xef\xac\xb3", "1", SSR_OK, "{\"\xf0\x9f\x98\x80\":2,\"\xef\xac\xb3\":1}"},
        {"{\"\xf0\x9f\x98\x80\":2}", SET, "/\xe2\x82\xac", "1", SSR_OK, "{\"\xe2\x82\xac\":1,\"\xf0\x9f\x98\x80\":2}"},
        /* The key counts, not its escape: CR is 13, "1" is 49. */
        {"{\"1\":1}", SET, "/\r", "2", SSR_OK, "{\"\\r\":2,\"1\":1}"},
        {"{\"\\u001f\":1}", SET, "/\\", "2", SSR_OK, "{\"\\u001f\":1,\"\\\\\":2}"},
    };
    check_edits(edits, TEST_COUNT(edits));
}

static void an_array_takes_its_numbers_and_its_end(void **state)
{
    (void)state;
    static const struct edit edits[] = {
        {"[]", SET, "/-", "1", SSR_OK, "[1]"},
        {"[]", SET, "/0", "1", SSR_OK, "[1]"},
        {"[1]", SET, "/-", "[2]", SSR_OK, "[1,[2]]"},
        {"[1]", SET, "/1", "2", SSR_OK, "[1,2]"},
        {"[1,2,3,4,5,6,7,8,9,10]", SET, "/10", "11", SSR_OK, "[1,2,3,4,5,6,7,8,9,10,11]"},
        {"[1]", SET, "/2", "2", SSR_E_NO_MEMBER, NULL},
        {"[1]", SET, "/00", "2", SSR_E_NO_MEMBER, NULL},
        {"[1]", SET, "/01", "2", SSR_E_NO_MEMBER, NULL},
        {"[1]", SET, "/+1", "2", SSR_E_NO_MEMBER, NULL},
        {"[1]", SET, "/ 0", "2", SSR_E_NO_MEMBER, NULL},
        {"[1]", SET, "/1.0", "2", SSR_E_NO_MEMBER, NULL},
        {"[1]", SET, "/-1", "2", SSR_E_NO_MEMBER, NULL},
        {"[1]", SET, "/--", "2", SSR_E_NO_MEMBER, NULL},
        {"[1]", SET, "/", "2", SSR_E_NO_MEMBER, NULL},
        {"[1]", SET, "/a", "2", SSR_E_NO_MEMBER, NULL},
        {"[1]", SET, "/4294967296", "2", SSR_E_NO_MEMBER, NULL},
        {"[1]", SET, "/18446744073709551616", "2", SSR_E_NO_MEMBER, NULL},
        {"[1]", SET, "/18446744073709551617", "2", SSR_E_NO_MEMBER, NULL},
        {"[1]", SET, "/99999999999999999999999999999999999999999999", "2", SSR_E_NO_MEMBER, NULL},
        {"[1]", REMOVE, "/18446744073709551616", NULL, SSR_E_NO_MEMBER, NULL},
    };
    check_edits(edits, TEST_COUNT(edits));
}

static void what_is_around_a_place_must_be_there(void **state)
{
    (void)state;
    static const struct edit edits[] = {
        {"{}", SET, "/a/b", "1", SSR_E_NO_MEMBER, NULL},
        {"{}", SET, "/a/b/c", "1", SSR_E_NO_MEMBER, NULL},
        {"[]", SET, "/-/a", "1", SSR_E_NO_MEMBER, NULL},
        {"[]", SET, "/0/a", "1", SSR_E_NO_MEMBER, NULL},
        {"1", SET, "/a", "1", SSR_E_WRONG_TYPE, NULL},
        {"null", SET, "/a", "1", SSR_E_WRONG_TYPE, NULL},
        {"{\"a\":\"text\"}", SET, "/a/0", "1", SSR_E_WRONG_TYPE, NULL},
        {"{\"a\":true}", SET, "/a/b/c", "1", SSR_E_WRONG_TYPE, NULL},
        {"{\"a\":{}}", SET, "/A/b", "1", SSR_E_NO_MEMBER, NULL},
        {"{}", MERGE, "/a", "{}", SSR_E_NO_MEMBER, NULL},
        {"[]", MERGE, "/-", "{}", SSR_E_NO_MEMBER, NULL},
        {"{}", MERGE, "/a/b", "{}", SSR_E_NO_MEMBER, NULL},
        {"1", MERGE, "/a", "{}", SSR_E_WRONG_TYPE, NULL},
        {"{}", REMOVE, "/a", NULL, SSR_E_NO_MEMBER, NULL},
        {"{}", REMOVE, "/a/b", NULL, SSR_E_NO_MEMBER, NULL},
        {"1", REMOVE, "/a", NULL, SSR_E_NO_MEMBER, NULL},
        {"[1]", REMOVE, "/1", NULL, SSR_E_NO_MEMBER, NULL},
        {"[1]", REMOVE, "/-", NULL, SSR_E_NO_MEMBER, NULL},
        {"{\"a\":1}", REMOVE, "", NULL, SSR_E_NO_MEMBER, NULL},
    };
    check_edits(edits, TEST_COUNT(edits));
}

static void what_is_no_pointer_is_refused(void **state)
{
    (void)state;
    static const char *const pointers[] = {"a", "a/b", "0", "-", "#/a", "/~", "/a~", "/~2", "/~~", "/~/a", "/a/~x/b"};
    for (size_t i = 0; i < TEST_COUNT(pointers); i++) {
        const struct edit edits[] = {
            {"{\"a\":{\"b\":1},\"~\":1}", SET, pointers[i], "1", SSR_E_INVALID_ARGUMENT, NULL},
            {"{\"a\":{\"b\":1},\"~\":1}", MERGE, pointers[i], "{}", SSR_E_INVALID_ARGUMENT, NULL},
            {"{\"a\":{\"b\":1},\"~\":1}", REMOVE, pointers[i], NULL, SSR_E_INVALID_ARGUMENT, NULL},
        };
        check_edits(edits, TEST_COUNT(edits));
    }
    static const struct edit edits[] = {
        {"{}", SET, NULL, "1", SSR_E_INVALID_ARGUMENT, NULL},
        {"{}", MERGE, NULL, "{}", SSR_E_INVALID_ARGUMENT, NULL},
        {"{}", REMOVE, NULL, NULL, SSR_E_INVALID_ARGUMENT, NULL},
    };
    check_edits(edits, TEST_COUNT(edits));
}

static void a_merge_sets_members_one_level_deep(void **state)
{
    (void)state;
    static const struct edit edits[] = {
        {"{}", MERGE, "", "{}", SSR_OK, NULL},
        {"{\"a\":1}", MERGE, "", "{}", SSR_OK, NULL},
        {"{}", MERGE, "", "{\"b\":1,\"a\":2}", SSR_OK, "{\"a\":2,\"b\":1}"},
        {"{\"a\":1,\"c\":3}", MERGE, "", "{\"d\":4,\"b\":2,\"a\":0}", SSR_OK, "{\"a\":0,\"b\":2,\"c\":3,\"d\":4}"},
        {"{\"a\":{\"x\":1}}", MERGE, "", "{\"a\":{\"y\":2}}", SSR_OK, "{\"a\":{\"y\":2}}"},
        {"{\"a\":[{\"x\":1}]}", MERGE, "/a/0", "{\"y\":2}", SSR_OK, "{\"a\":[{\"x\":1,\"y\":2}]}"},
        {"{\"\xef\xac\xb3\":1}", MERGE, "", "{\"\xf0\x9f\x98\x80\":2}", SSR_OK,
         "{\"\xf0\x9f\x98\x80\":2,\"\xef\xac\xb3\":1}"},
        {"{\"a\":1}", MERGE, "", "[1]", SSR_E_WRONG_TYPE, NULL},
        {"{\"a\":1}", MERGE, "", "null", SSR_E_WRONG_TYPE, NULL},
        {"{\"a\":1}", MERGE, "/a", "{}", SSR_E_WRONG_TYPE, NULL},
        {"[1]", MERGE, "", "{}", SSR_E_WRONG_TYPE, NULL},
        {"{\"a\":1}", MERGE, "", "{\"b\":2,\"b\":3}", SSR_E_DUPLICATE_KEY, NULL},
        {"{\"a\":1}", MERGE, "", "{\"b\":}", SSR_E_SYNTAX, NULL},
    };
    check_edits(edits, TEST_COUNT(edits));
}

static void a_removal_closes_the_gap(void **state)
{
    (void)state;
    static const struct edit edits[] = {
        {"{\"a\":1}", REMOVE, "/a", NULL, SSR_OK, "{}"},
        {"{\"a\":1,\"b\":2,\"c\":3}", REMOVE, "/a", NULL, SSR_OK, "{\"b\":2,\"c\":3}"},
        {"{\"a\":1,\"b\":2,\"c\":3}", REMOVE, "/b", NULL, SSR_OK, "{\"a\":1,\"c\":3}"},
        {"{\"a\":1,\"b\":2,\"c\":3}", REMOVE, "/c", NULL, SSR_OK, "{\"a\":1,\"b\":2}"},
        {"[[1]]", REMOVE, "/0/0", NULL, SSR_OK, "[[]]"},
        {"[1,2,3]", REMOVE, "/0", NULL, SSR_OK, "[2,3]"},
        {"[1,2,3]", REMOVE, "/2", NULL, SSR_OK, "[1,2]"},
        {"{\"-\":1}", REMOVE, "/-", NULL, SSR_OK, "{}"},
        {"{\"a,\":\",\"}", REMOVE, "/a,", NULL, SSR_OK, "{}"},
    };
    check_edits(edits, TEST_COUNT(edits));
}

static void a_bad_value_changes_nothing(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, SIZE_MAX, "{\"a\":1}");
    struct ssr_draft *draft = &bench.draft;
    ssr_builder *open = ssr_builder_new(NULL);
    ssr_builder_begin_array(open);
    assert_status(ssr_draft_set(draft, "/b", ssr_input_json("{")), SSR_E_SYNTAX);
    assert_status(ssr_draft_set(draft, "/b", ssr_input_string("\xff")), SSR_E_INVALID_UTF8);
    assert_status(ssr_draft_set(draft, "/b", ssr_input_string_n("a\0b", 3)), SSR_E_NUL);
    assert_status(ssr_draft_set(draft, "/b", ssr_input_string(NULL)), SSR_E_INVALID_ARGUMENT);
    assert_status(ssr_draft_set(draft, "/b", ssr_input_value(NULL)), SSR_E_INVALID_ARGUMENT);
    assert_status(ssr_draft_set(draft, "/b", ssr_input_integer(INT64_MAX)), SSR_E_INTEGER_RANGE);
    assert_status(ssr_draft_set(draft, "/b", ssr_input_built(open)), SSR_E_BUILDER);
    assert_status(ssr_draft_set(draft, "/\xff", ssr_input_null()), SSR_E_INVALID_UTF8);
    assert_status(ssr_draft_set(draft, "/\xed\xa0\x80", ssr_input_null()), SSR_E_INVALID_UTF8);
    assert_string_equal(text_of(draft), "{\"a\":1}");
    ssr_builder_free(open);
    close_bench(&bench);
}

static void every_form_of_input_is_taken(void **state)
{
    (void)state;
    struct bench bench;
    ssr_value *value;
    ssr_builder *built = ssr_builder_new(NULL);
    ssr_builder_boolean(built, false);
    assert_status(ssr_value_parse(NULL, "{\"x\":[7]}", 9, NULL, &value), SSR_OK);
    open_bench(&bench, SIZE_MAX, "[]");
    const ssr_input inputs[] = {ssr_input_null(),        ssr_input_boolean(true),
                                ssr_input_integer(-3),   ssr_input_number(0.5),
                                ssr_input_string("s\n"), ssr_input_json(" [ ] "),
                                ssr_input_value(value),  ssr_input_cursor(ssr_json_at(ssr_value_json(value), "/x/0")),
                                ssr_input_built(built)};
    for (size_t i = 0; i < TEST_COUNT(inputs); i++)
        assert_status(ssr_draft_set(&bench.draft, "/-", inputs[i]), SSR_OK);
    assert_string_equal(text_of(&bench.draft), "[null,true,-3,0.5,\"s\\n\",[],{\"x\":[7]},7,false]");
    ssr_value_free(value);
    ssr_builder_free(built);
    close_bench(&bench);
}

/* A part of the draft may be put elsewhere in it. */
static void an_input_may_be_a_part_of_the_draft(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, SIZE_MAX, "{\"a\":{\"k\":[1,2]}}");
    struct ssr_draft *draft = &bench.draft;
    for (int i = 0; i < 8; i++) {
        assert_status(ssr_draft_set(draft, "/b", ssr_input_cursor(ssr_draft_get(draft, "/a"))), SSR_OK);
        assert_status(ssr_draft_set(draft, "/a/k/-", ssr_input_cursor(ssr_draft_get(draft, "/b"))), SSR_OK);
    }
    assert_status(ssr_draft_merge(draft, "/b", ssr_input_cursor(ssr_draft_get(draft, ""))), SSR_OK);
    assert_int_equal(ssr_json_count(ssr_draft_get(draft, "/a/k")), 10);
    assert_int_equal(ssr_json_count(ssr_draft_get(draft, "/b")), 3);
    assert_status(ssr_draft_set(draft, "", ssr_input_cursor(ssr_draft_get(draft, "/a/k/2"))), SSR_OK);
    assert_string_equal(text_of(draft), "{\"k\":[1,2]}");
    close_bench(&bench);
}

static void a_get_shows_what_stands_there_now(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, SIZE_MAX, "{\"a\":[1,\"x\"]}");
    struct ssr_draft *draft = &bench.draft;
    assert_true(ssr_json_equals(ssr_draft_get(draft, "/a/1"), "x"));
    assert_int_equal(ssr_json_type(ssr_draft_get(draft, "")), SSR_JSON_OBJECT);
    assert_status(ssr_draft_remove(draft, "/a/0"), SSR_OK);
    assert_true(ssr_json_equals(ssr_draft_get(draft, "/a/0"), "x"));
    assert_int_equal(ssr_json_type(ssr_draft_get(draft, "/a/1")), SSR_JSON_ABSENT);
    assert_int_equal(ssr_json_type(ssr_draft_get(draft, "/a/-")), SSR_JSON_ABSENT);
    assert_int_equal(ssr_json_type(ssr_draft_get(draft, "a")), SSR_JSON_ABSENT);
    assert_int_equal(ssr_json_type(ssr_draft_get(draft, NULL)), SSR_JSON_ABSENT);
    close_bench(&bench);
}

/* ---- Limits ----------------------------------------------------------------------------------------------------- */

/* `depth` arrays inside each other. */
static const char *nested(unsigned depth)
{
    static char text[2 * 200 + 1];
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    text[2 * (size_t)depth] = '\0';
    return text;
}

static const char *nested_place(unsigned depth)
{
    static char text[2 * 200 + 1];
    for (unsigned i = 0; i < depth; i++)
        memcpy(text + 2 * (size_t)i, "/0", 3);
    return text;
}

/* Every split of a nesting between state and input, from the outside and the inside of the limit. */
static void no_edit_makes_a_state_too_deep(void **state)
{
    (void)state;
    for (unsigned outer = 1; outer <= SSR_MAX_DEPTH; outer++) {
        struct bench bench;
        unsigned inner = SSR_MAX_DEPTH - outer;
        open_bench(&bench, SIZE_MAX, nested(outer));
        const char *place = nested_place(outer);
        assert_status(ssr_draft_set(&bench.draft, place, ssr_input_json(nested(inner + 1))), SSR_E_TOO_DEEP);
        assert_string_equal(text_of(&bench.draft), nested(outer));
        ssr_value *value;
        assert_status(ssr_value_parse(NULL, nested(inner + 1), 2 * (size_t)(inner + 1), NULL, &value), SSR_OK);
        assert_status(ssr_draft_set(&bench.draft, place, ssr_input_value(value)), SSR_E_TOO_DEEP);
        ssr_value_free(value);
        ssr_input input = inner > 0 ? ssr_input_json(nested(inner)) : ssr_input_null();
        assert_status(ssr_draft_set(&bench.draft, place, input), SSR_OK);
        close_bench(&bench);
    }
}

static void a_merge_counts_the_depth_too(void **state)
{
    (void)state;
    struct bench bench;
    char members[480];
    open_bench(&bench, SIZE_MAX, "[{}]");
    snprintf(members, sizeof members, "{\"a\":%s}", nested(SSR_MAX_DEPTH - 1));
    assert_status(ssr_draft_merge(&bench.draft, "/0", ssr_input_json(members)), SSR_E_TOO_DEEP);
    assert_string_equal(text_of(&bench.draft), "[{}]");
    snprintf(members, sizeof members, "{\"a\":%s}", nested(SSR_MAX_DEPTH - 2));
    assert_status(ssr_draft_merge(&bench.draft, "/0", ssr_input_json(members)), SSR_OK);
    close_bench(&bench);
}

static void a_state_grows_up_to_the_cap(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, 16, "{\"a\":[]}"); /* 8 bytes */
    struct ssr_draft *draft = &bench.draft;
    assert_status(ssr_draft_set(draft, "/a/-", ssr_input_string("1234567")), SSR_E_TOO_LARGE);
    assert_status(ssr_draft_set(draft, "/b", ssr_input_string("12")), SSR_E_TOO_LARGE);
    assert_status(ssr_draft_set(draft, "", ssr_input_string("123456789012345")), SSR_E_TOO_LARGE);
    assert_status(ssr_draft_merge(draft, "", ssr_input_json("{\"b\":\"12\"}")), SSR_E_TOO_LARGE);
    assert_string_equal(text_of(draft), "{\"a\":[]}");
    assert_status(ssr_draft_set(draft, "/b", ssr_input_integer(123)), SSR_OK);
    assert_status(ssr_draft_remove(draft, "/b"), SSR_OK);
    assert_status(ssr_draft_merge(draft, "", ssr_input_json("{\"b\":123}")), SSR_OK);
    assert_status(ssr_draft_remove(draft, "/b"), SSR_OK);
    assert_status(ssr_draft_set(draft, "/a/-", ssr_input_string("123456")), SSR_OK);
    assert_int_equal(strlen(text_of(draft)), 16);
    assert_status(ssr_draft_set(draft, "/a/-", ssr_input_integer(1)), SSR_E_TOO_LARGE);
    assert_status(ssr_draft_set(draft, "/a/0", ssr_input_string("abcdef")), SSR_OK);
    assert_status(ssr_draft_set(draft, "", ssr_input_string("12345678901234")), SSR_OK);
    close_bench(&bench);
}

/* A default may be longer than what a request may set: it can shrink, and not grow. */
static void a_state_beyond_the_cap_may_shrink(void **state)
{
    (void)state;
    struct bench bench;
    open_bench(&bench, 8, "[\"0123456789\",\"0123456789\"]");
    assert_status(ssr_draft_set(&bench.draft, "/-", ssr_input_null()), SSR_E_TOO_LARGE);
    assert_status(ssr_draft_set(&bench.draft, "/0", ssr_input_integer(1)), SSR_OK);
    assert_status(ssr_draft_remove(&bench.draft, "/1"), SSR_OK);
    assert_string_equal(text_of(&bench.draft), "[1]");
    close_bench(&bench);
}

/* ---- Changes ---------------------------------------------------------------------------------------------------- */

struct kept {
    struct ssr_draft *draft;
    ssr_status answer;
};

static ssr_status push(ssr_draft *draft, ssr_json item, void *arg)
{
    struct kept *kept = arg;
    kept->draft = draft;
    if (ssr_json_type(item) == SSR_JSON_ABSENT)
        return ssr_draft_set(draft, "/-", ssr_input_string("nothing"));
    assert_status(ssr_draft_set(draft, "/-", ssr_input_cursor(item)), SSR_OK);
    assert_status(ssr_draft_set(draft, "/-", ssr_input_cursor(item)), SSR_OK); /* still there */
    return kept->answer;
}

static ssr_status push_once(ssr_draft *draft, void *arg)
{
    struct kept *kept = arg;
    kept->draft = draft;
    assert_status(ssr_draft_set(draft, "/-", ssr_input_integer(1)), SSR_OK);
    return kept->answer;
}

static void an_ended_draft_changes_nothing(void **state)
{
    (void)state;
    struct bench bench;
    struct kept kept = {NULL, SSR_OK};
    open_bench(&bench, SIZE_MAX, "[]");
    assert_status(ssr_draft_run(&bench.draft, "[]", 2, push_once, &kept), SSR_OK);
    assert_string_equal(text_of(&bench.draft), "[1]");
    assert_status(ssr_draft_set(kept.draft, "", ssr_input_null()), SSR_E_DRAFT_ENDED);
    assert_status(ssr_draft_merge(kept.draft, "", ssr_input_json("{}")), SSR_E_DRAFT_ENDED);
    assert_status(ssr_draft_remove(kept.draft, "/0"), SSR_E_DRAFT_ENDED);
    assert_int_equal(ssr_json_type(ssr_draft_get(kept.draft, "")), SSR_JSON_ABSENT);
    assert_status(ssr_draft_set(NULL, "", ssr_input_null()), SSR_E_DRAFT_ENDED);
    assert_int_equal(ssr_json_type(ssr_draft_get(NULL, "")), SSR_JSON_ABSENT);
    assert_string_equal(text_of(&bench.draft), "[1]");
    ssr_draft_release(&bench.draft);
    assert_status(ssr_draft_set(kept.draft, "", ssr_input_null()), SSR_E_DRAFT_ENDED);
    close_bench(&bench);
}

static void a_change_answers_what_its_callback_does(void **state)
{
    (void)state;
    struct bench bench;
    struct kept kept = {NULL, SSR_E_FAILED};
    const ssr_action action = {"push", push, &kept};
    open_bench(&bench, SIZE_MAX, "null");
    struct ssr_draft *draft = &bench.draft;
    assert_status(ssr_draft_run(draft, "[]", 2, push_once, &kept), SSR_E_FAILED);
    assert_status(ssr_draft_run(draft, "[]", 2, NULL, &kept), SSR_E_INVALID_ARGUMENT);
    assert_status(ssr_draft_act(draft, "[]", 2, &action, ssr_input_integer(2)), SSR_E_FAILED);
    assert_status(ssr_draft_act(draft, "[]", 2, NULL, ssr_input_integer(2)), SSR_E_UNKNOWN_ACTION);
    assert_status(ssr_draft_act(draft, "[]", 2, &action, ssr_input_json("{")), SSR_E_SYNTAX);
    assert_status(ssr_draft_act(draft, "[]", 2, &action, ssr_input_string(NULL)), SSR_E_INVALID_ARGUMENT);
    kept.answer = SSR_OK;
    assert_status(ssr_draft_act(draft, "[]", 2, &action, ssr_input_json("{\"b\":1, \"a\":2}")), SSR_OK);
    assert_string_equal(text_of(draft), "[{\"a\":2,\"b\":1},{\"a\":2,\"b\":1}]");
    assert_status(ssr_draft_act(draft, "[]", 2, &action, ssr_input_null()), SSR_OK);
    assert_string_equal(text_of(draft), "[null,null]");
    assert_status(ssr_draft_act(draft, "[]", 2, &action, ssr_input_value(NULL)), SSR_OK);
    assert_string_equal(text_of(draft), "[\"nothing\"]");
    close_bench(&bench);
}

static void actions_are_copied_and_found(void **state)
{
    (void)state;
    struct bench bench;
    struct ssr_actions actions = {NULL, 0};
    char name[] = "push";
    open_bench(&bench, SIZE_MAX, "null");
    struct ssr_region region = {&bench.budget, NULL, 0};
    sweep_own_pointer(&region, sweep_region_free);
    ssr_action items[] = {{name, push, NULL}, {"Push", push, items}};
    assert_status(ssr_actions_copy(&actions, &region, items, 2), SSR_OK);
    memset(name, 'x', 4);
    items[1].run = NULL;
    assert_string_equal(ssr_actions_find(&actions, "push")->name, "push");
    assert_ptr_equal(ssr_actions_find(&actions, "Push")->arg, items);
    assert_non_null(ssr_actions_find(&actions, "Push")->run);
    assert_null(ssr_actions_find(&actions, "pus"));
    assert_null(ssr_actions_find(&actions, ""));
    assert_null(ssr_actions_find(&actions, NULL));
    assert_status(ssr_actions_copy(&actions, &region, items, 2), SSR_E_INVALID_ARGUMENT);
    assert_status(ssr_actions_copy(&actions, &region, NULL, 1), SSR_E_INVALID_ARGUMENT);
    const ssr_action twice[] = {{"a", push, NULL}, {"a", push, NULL}};
    const ssr_action nameless[] = {{NULL, push, NULL}, {"", push, NULL}, {"a\n", push, NULL}, {"\xff", push, NULL}};
    assert_status(ssr_actions_copy(&actions, &region, twice, 2), SSR_E_DUPLICATE_NAME);
    for (size_t i = 0; i < TEST_COUNT(nameless); i++)
        assert_status(ssr_actions_copy(&actions, &region, &nameless[i], 1), SSR_E_INVALID_NAME);
    assert_int_equal(actions.count, 2);
    assert_status(ssr_actions_copy(&actions, &region, NULL, 0), SSR_OK);
    assert_null(ssr_actions_find(&actions, "push"));
    ssr_region_free(&region);
    close_bench(&bench);
}

/* ---- Memory that runs out --------------------------------------------------------------------------------------- */

/* Each call on its own: refused, it leaves the draft as it was, and works when it is made again. */
static void persist(struct ssr_draft *draft, enum call call, const char *place, const char *json)
{
    char before[4096];
    ssr_status status;
    snprintf(before, sizeof before, "%s", text_of(draft));
    status = apply(draft, call, place, json);
    if (status == SSR_E_NOMEM) {
        assert_string_equal(text_of(draft), before);
        status = apply(draft, call, place, json);
    }
    assert_status(status, SSR_OK);
}

static void a_refused_allocation_changes_nothing(void **state)
{
    char filler[700];
    (void)state;
    filler[0] = '"';
    memset(filler + 1, 'f', sizeof filler - 3);
    memcpy(filler + sizeof filler - 2, "\"", 2);
    for (size_t fail_at = 1, calls = fail_at; fail_at <= calls; fail_at++) {
        struct bench bench;
        open_bench(&bench, SIZE_MAX, "{}");
        bench.memory.calls = 0;
        bench.memory.fail_at = fail_at;
        struct ssr_draft *draft = &bench.draft;
        persist(draft, SET, "/list", "[]");
        persist(draft, SET, "/list/-", filler);
        persist(draft, SET, "/a", "{\"z\":1,\"y\":{\"x\":[[[[]]]]}}");
        persist(draft, MERGE, "", "{\"list\":{},\"m\":[1,2,3]}");
        persist(draft, SET, "/a/y/a key with a ~1", "{\"q\":1,\"p\":2}");
        persist(draft, REMOVE, "/list", NULL);
        calls = bench.memory.calls;
        close_bench(&bench);
    }
}

static ssr_status overlook(ssr_draft *draft, void *arg)
{
    unsigned *refused = arg;
    char place[16];
    for (int i = 0; i < 300; i++) {
        snprintf(place, sizeof place, "/k%d", i);
        *refused += ssr_draft_set(draft, place, ssr_input_string("value")) != SSR_OK;
    }
    return SSR_OK;
}

/* An updater that overlooks an answer cannot make a state that lacks what was refused. */
static void a_change_never_hides_that_memory_ran_out(void **state)
{
    (void)state;
    struct bench bench;
    for (size_t fail_at = 1, calls = fail_at; fail_at <= calls; fail_at++) {
        unsigned refused = 0;
        open_bench(&bench, SIZE_MAX, "{}");
        bench.memory.calls = 0;
        bench.memory.fail_at = fail_at;
        ssr_status status = ssr_draft_run(&bench.draft, "{}", 2, overlook, &refused);
        calls = bench.memory.calls;
        assert_status(status, calls < fail_at ? SSR_OK : SSR_E_NOMEM);
        assert_status(ssr_draft_run(&bench.draft, "{}", 2, overlook, &refused), SSR_OK); /* it is forgotten */
        close_bench(&bench);
    }
    unsigned refused = 0;
    open_bench(&bench, SIZE_MAX, "{}");
    bench.budget.cap = 4096;
    assert_status(ssr_draft_run(&bench.draft, "{}", 2, overlook, &refused), SSR_E_LIMIT);
    assert_true(refused > 0);
    close_bench(&bench);
}

/* ---- Beside a naive tree ---------------------------------------------------------------------------------------- */

/* A value as a tree: members in any order, each with its key unescaped. */
struct node {
    ssr_json_kind kind;
    char *scalar; /* canonical text */
    struct node **items;
    char **keys; /* objects */
    size_t count;
};

static char *copy_text(const char *text, size_t length)
{
    char *copy = malloc(length + 1);
    assert_non_null(copy);
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

static void node_free(struct node *node)
{
    for (size_t i = 0; i < node->count; i++) {
        node_free(node->items[i]);
        if (node->keys)
            free(node->keys[i]);
    }
    free(node->items);
    free(node->keys);
    free(node->scalar);
    free(node);
}

/* Takes the item; the key is copied, NULL in arrays. */
static void node_add(struct node *node, const char *key, struct node *item)
{
    node->items = realloc(node->items, (node->count + 1) * sizeof(struct node *));
    assert_non_null(node->items);
    node->items[node->count] = item;
    if (key) {
        node->keys = realloc(node->keys, (node->count + 1) * sizeof(char *));
        assert_non_null(node->keys);
        node->keys[node->count] = copy_text(key, strlen(key));
    }
    node->count++;
}

static struct node *node_new(ssr_json_kind kind, const char *scalar)
{
    struct node *node = calloc(1, sizeof *node);
    assert_non_null(node);
    node->kind = kind;
    node->scalar = scalar ? copy_text(scalar, strlen(scalar)) : NULL;
    return node;
}

static void node_build(const struct node *node, ssr_builder *builder)
{
    if (node->kind == SSR_JSON_OBJECT)
        ssr_builder_begin_object(builder);
    else if (node->kind == SSR_JSON_ARRAY)
        ssr_builder_begin_array(builder);
    else
        ssr_builder_json(builder, node->scalar, strlen(node->scalar));
    for (size_t i = 0; i < node->count; i++) {
        if (node->kind == SSR_JSON_OBJECT)
            ssr_builder_key(builder, node->keys[i]);
        node_build(node->items[i], builder);
    }
    if (node->kind == SSR_JSON_OBJECT)
        ssr_builder_end_object(builder);
    else if (node->kind == SSR_JSON_ARRAY)
        ssr_builder_end_array(builder);
}

static ssr_value *node_value(const struct node *node)
{
    ssr_value *value;
    ssr_builder *builder = ssr_builder_new(NULL);
    node_build(node, builder);
    assert_status(ssr_builder_finish(builder, &value), SSR_OK);
    ssr_builder_free(builder);
    return value;
}

static struct node *node_copy(const struct node *node)
{
    struct node *copy = node_new(node->kind, node->scalar);
    for (size_t i = 0; i < node->count; i++)
        node_add(copy, node->keys ? node->keys[i] : NULL, node_copy(node->items[i]));
    return copy;
}

/* The number of the child that an unescaped token names; count: none. */
static size_t node_child(const struct node *node, const char *token)
{
    for (size_t i = 0; i < node->count; i++) {
        char number[24];
        snprintf(number, sizeof number, "%zu", i);
        if (strcmp(node->kind == SSR_JSON_OBJECT ? node->keys[i] : number, token) == 0)
            return i;
    }
    return node->count;
}

/* Takes one token off a pointer and unescapes it. */
static const char *next_token(const char *pointer, char token[64])
{
    size_t length = 0;
    for (pointer++; *pointer && *pointer != '/'; pointer++) {
        char c = *pointer;
        if (c == '~')
            c = *++pointer == '0' ? '~' : '/';
        token[length++] = c;
    }
    token[length] = '\0';
    return pointer;
}

static bool is_container(const struct node *node)
{
    return node->kind == SSR_JSON_OBJECT || node->kind == SSR_JSON_ARRAY;
}

/* What is around the last token. NULL: nothing, and *status says why. */
static struct node *node_around(struct node *node, const char *pointer, char token[64], ssr_status *status)
{
    for (;;) {
        pointer = next_token(pointer, token);
        *status = is_container(node) ? SSR_OK : SSR_E_WRONG_TYPE;
        if (*status != SSR_OK || *pointer == '\0')
            break;
        size_t at = node_child(node, token);
        *status = at < node->count ? SSR_OK : SSR_E_NO_MEMBER;
        if (*status != SSR_OK)
            break;
        node = node->items[at];
    }
    return *status == SSR_OK ? node : NULL;
}

static void node_put(struct node *around, const char *token, struct node *value)
{
    size_t at = node_child(around, token);
    if (at == around->count) {
        node_add(around, around->kind == SSR_JSON_OBJECT ? token : NULL, value);
        return;
    }
    node_free(around->items[at]);
    around->items[at] = value;
}

static ssr_status model_set(struct node **root, const char *pointer, const struct node *value)
{
    char token[64], end[24];
    ssr_status status;
    if (*pointer == '\0') {
        node_free(*root);
        *root = node_copy(value);
        return SSR_OK;
    }
    struct node *around = node_around(*root, pointer, token, &status);
    if (!around)
        return status;
    snprintf(end, sizeof end, "%zu", around->count);
    bool is_end = strcmp(token, "-") == 0 || strcmp(token, end) == 0;
    if (around->kind == SSR_JSON_ARRAY && !is_end && node_child(around, token) == around->count)
        return SSR_E_NO_MEMBER;
    node_put(around, token, node_copy(value));
    return SSR_OK;
}

static ssr_status model_remove(struct node *root, const char *pointer)
{
    char token[64];
    ssr_status status;
    struct node *around = *pointer ? node_around(root, pointer, token, &status) : NULL;
    size_t at = around ? node_child(around, token) : 0;
    if (!around || at == around->count)
        return SSR_E_NO_MEMBER;
    node_free(around->items[at]);
    if (around->keys)
        free(around->keys[at]);
    around->count--;
    for (; at < around->count; at++) {
        around->items[at] = around->items[at + 1];
        if (around->keys)
            around->keys[at] = around->keys[at + 1];
    }
    return SSR_OK;
}

static ssr_status model_merge(struct node *root, const char *pointer, const struct node *members)
{
    char token[64];
    ssr_status status;
    if (*pointer) {
        root = node_around(root, pointer, token, &status);
        if (!root)
            return status;
        size_t at = node_child(root, token);
        if (at == root->count)
            return SSR_E_NO_MEMBER;
        root = root->items[at];
    }
    if (root->kind != SSR_JSON_OBJECT || members->kind != SSR_JSON_OBJECT)
        return SSR_E_WRONG_TYPE;
    for (size_t i = 0; i < members->count; i++)
        node_put(root, members->keys[i], node_copy(members->items[i]));
    return SSR_OK;
}

static uint64_t chance;

static size_t pick(size_t count)
{
    chance = chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)((chance >> 33) % count);
}

static const char *const keys[] = {"",
                                   "a",
                                   "b",
                                   "A",
                                   "ab",
                                   "~",
                                   "/",
                                   "~1",
                                   "~0",
                                   "-",
                                   "0",
                                   "1",
                                   "2",
                                   "00",
                                   "10",
                                   "\"",
                                   "\\",
                                   "\n",
                                   "\r",
                                   "\x01",
                                   "\x1f",
                                   "\x7f",
                                   "{",
                                   "}",
                                   "],[",
                                   "a,b",
                                   "\xc2\x80",
                                   "\xc3\xb6",
                                   "\xe2\x82\xac",
                                   "\xed\x9f\xbf",
                                   "\xee\x80\x80",
                                   "\xef\xac\xb3",
                                   "\xef\xbf\xbd",
                                   "\xf0\x9f\x98\x80",
                                   "\xf0\x90\x80\x80",
                                   "\xf4\x8f\xbf\xbf"};

static struct node *random_node(unsigned depth)
{
    static const char *const scalars[] = {"null", "true", "0", "-1.5e-9", "\"\"", "\",\"", "\"]}\"", "\"\\\"\\\\\""};
    size_t kind = pick(depth < 3 ? 4 : 2);
    if (kind < 2)
        return node_new(SSR_JSON_NULL, scalars[pick(TEST_COUNT(scalars))]);
    struct node *node = node_new(kind == 2 ? SSR_JSON_ARRAY : SSR_JSON_OBJECT, NULL);
    for (size_t i = pick(4); i > 0; i--) {
        const char *key = keys[pick(TEST_COUNT(keys))];
        if (kind == 2)
            node_add(node, NULL, random_node(depth + 1));
        else if (node_child(node, key) == node->count)
            node_add(node, key, random_node(depth + 1));
    }
    return node;
}

static void append_token(char *pointer, const char *token)
{
    char *end = pointer + strlen(pointer);
    *end++ = '/';
    for (; *token; token++) {
        bool is_escaped = *token == '~' || *token == '/';
        if (is_escaped)
            *end++ = '~';
        *end++ = !is_escaped ? *token : *token == '~' ? '0' : '1';
    }
    *end = '\0';
}

/* Mostly a place that is there; the last token often one that is not. */
static void random_pointer(const struct node *node, char pointer[512])
{
    *pointer = '\0';
    while (is_container(node) && pick(*pointer ? 6 : 40) > 0) {
        char number[24];
        bool is_there = node->count > 0 && pick(4) > 0;
        size_t at = is_there ? pick(node->count) : 0;
        snprintf(number, sizeof number, "%zu", is_there ? at : node->count + pick(2));
        if (is_there)
            append_token(pointer, node->kind == SSR_JSON_OBJECT ? node->keys[at] : number);
        else
            append_token(pointer, pick(3) > 0 ? keys[pick(TEST_COUNT(keys))] : number);
        if (!is_there || strlen(pointer) > 400)
            return;
        node = node->items[at];
    }
    if (*pointer && pick(8) == 0)
        append_token(pointer, keys[pick(TEST_COUNT(keys))]);
}

static ssr_status model_apply(struct node **root, enum call call, const char *pointer, const struct node *value)
{
    switch (call) {
    case SET: return model_set(root, pointer, value);
    case MERGE: return model_merge(*root, pointer, value);
    default: return model_remove(*root, pointer);
    }
}

/* One random edit of both; counts the ones that changed something. */
static void edit_both(struct ssr_draft *draft, struct node **root, size_t *changed)
{
    static const enum call calls[] = {SET, SET, SET, MERGE, MERGE, REMOVE, REMOVE};
    char pointer[512], before[32];
    enum call call = calls[pick(TEST_COUNT(calls))];
    struct node *value = random_node(0);
    ssr_value *text = node_value(value);
    random_pointer(*root, pointer);
    snprintf(before, sizeof before, "%s", text_of(draft));
    ssr_status expected = model_apply(root, call, pointer, value);
    ssr_status status = apply(draft, call, pointer, ssr_value_text(text));
    ssr_value *after = node_value(*root);
    if (status != expected || strcmp(text_of(draft), ssr_value_text(after)) != 0)
        fail_msg("call %d at \"%s\" with %s: %s, not %s; of %s... to %s, not %s", call, pointer, ssr_value_text(text),
                 ssr_status_name(status), ssr_status_name(expected), before, text_of(draft), ssr_value_text(after));
    *changed += status == SSR_OK;
    ssr_value_free(after);
    ssr_value_free(text);
    node_free(value);
}

static void random_edits_agree_with_a_naive_tree(void **state)
{
    enum { ROUNDS = 400, EDITS = 60 };
    size_t changed = 0;
    (void)state;
    for (size_t round = 0; round < ROUNDS; round++) {
        struct bench bench;
        struct node *root = node_new(SSR_JSON_OBJECT, NULL);
        chance = round;
        open_bench(&bench, SIZE_MAX, "{}");
        for (int i = 0; i < EDITS; i++)
            edit_both(&bench.draft, &root, &changed);
        node_free(root);
        close_bench(&bench);
    }
    assert_in_range(changed, ROUNDS * EDITS / 3, ROUNDS * EDITS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_replaces_what_stands_there),
        cmocka_unit_test(a_new_member_goes_to_its_place),
        cmocka_unit_test(an_array_takes_its_numbers_and_its_end),
        cmocka_unit_test(what_is_around_a_place_must_be_there),
        cmocka_unit_test(what_is_no_pointer_is_refused),
        cmocka_unit_test(a_merge_sets_members_one_level_deep),
        cmocka_unit_test(a_removal_closes_the_gap),
        cmocka_unit_test(a_bad_value_changes_nothing),
        cmocka_unit_test(every_form_of_input_is_taken),
        cmocka_unit_test(an_input_may_be_a_part_of_the_draft),
        cmocka_unit_test(a_get_shows_what_stands_there_now),
        cmocka_unit_test(no_edit_makes_a_state_too_deep),
        cmocka_unit_test(a_merge_counts_the_depth_too),
        cmocka_unit_test(a_state_grows_up_to_the_cap),
        cmocka_unit_test(a_state_beyond_the_cap_may_shrink),
        cmocka_unit_test(an_ended_draft_changes_nothing),
        cmocka_unit_test(a_change_answers_what_its_callback_does),
        cmocka_unit_test(actions_are_copied_and_found),
        cmocka_unit_test(a_refused_allocation_changes_nothing),
        cmocka_unit_test(a_change_never_hides_that_memory_ran_out),
        cmocka_unit_test(random_edits_agree_with_a_naive_tree),
    };
    return cmocka_run_group_tests_name("draft", tests, NULL, NULL);
}
