/*
 * The page of records as a server uses it, and what the summary says of routes, chains and many names: what is not seen
 * from a shell. tests/explain.sh has the rest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testing.h"
#include "tools/explain_html.h"
#include "tools/explain_summary.h"

struct output {
    char *text;
    size_t length, limit;
};

static bool collect(void *arg, const char *bytes, size_t length)
{
    struct output *output = arg;
    if (output->length + length > output->limit)
        return false;
    output->text = realloc(output->text, output->length + length + 1);
    assert_non_null(output->text);
    memcpy(output->text + output->length, bytes, length);
    output->length += length;
    output->text[output->length] = '\0';
    return true;
}

#define TEXT(text)            \
    {                         \
        text, sizeof text - 1 \
    }

static const explain_text records[] = {
    TEXT("{\"location\":\"/a\",\"outcome\":\"settled\",\"passes\":2}"),
    TEXT("{\"location\":\"/b"),
    TEXT("{\"location\":\"</script>\",\"passes\":3}"),
};

static void test_inline_page(void **state)
{
    (void)state;
    struct output output = {.limit = SIZE_MAX / 2};
    const explain_page page = {.records = records, .count = 3, .source = "memory"};
    assert_int_equal(explain_html(&page, collect, &output), SSR_OK);
    assert_non_null(strstr(output.text, "<style>"));
    assert_non_null(strstr(output.text, "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';"));
    assert_non_null(strstr(output.text, "{\"shown\":2,\"source\":\"memory\",\"total\":3}"));
    assert_non_null(
        strstr(output.text, "id=\"record-2\">{\"location\":\"\\u003c/script\\u003e\",\"passes\":3}</script>"));
    assert_null(strstr(output.text, "id=\"record-3\""));
    assert_non_null(strstr(output.text, "\"renders\":2"));
    assert_null(strstr(output.text, "{{"));
    free(output.text);
}

static void test_linked_page(void **state)
{
    (void)state;
    struct output output = {.limit = SIZE_MAX / 2};
    const explain_page page = {.style_url = "/_ssr.css?a=1&b='\"<2>", .script_url = "/_ssr.js", .total = 7};
    assert_int_equal(explain_html(&page, collect, &output), SSR_OK);
    assert_non_null(
        strstr(output.text, "<link rel=\"stylesheet\" href=\"/_ssr.css?a=1&#38;b=&#39;&#34;&#60;2&#62;\">"));
    assert_non_null(strstr(output.text, "<script src=\"/_ssr.js\"></script>"));
    assert_null(strstr(output.text, "<style"));
    assert_null(strstr(output.text, "Content-Security-Policy"));
    assert_null(strstr(output.text, " style="));
    assert_non_null(strstr(output.text, "{\"shown\":0,\"total\":7}"));
    free(output.text);
    assert_true(explain_style().length == strlen(explain_style().bytes));
    assert_true(explain_script().length == strlen(explain_script().bytes));
}

static void test_stopped_page(void **state)
{
    (void)state;
    const explain_page page = {.records = records, .count = 3};
    for (size_t limit = 0; limit < 40000; limit += 997) {
        struct output output = {.limit = limit};
        assert_int_equal(explain_html(&page, collect, &output), SSR_E_FAILED);
        assert_true(output.length <= limit);
        free(output.text);
    }
}

static void add(struct explain_summary *summary, const char *json, uint64_t line)
{
    ssr_value *value = NULL;
    assert_int_equal(ssr_value_parse(NULL, json, strlen(json), NULL, &value), SSR_OK);
    explain_summary_add(summary, ssr_value_json(value), line);
    ssr_value_free(value);
}

static void assert_member(const ssr_value *summary, const char *pointer, const char *wanted)
{
    ssr_json json = ssr_json_at(ssr_value_json(summary), pointer);
    char text[512];
    snprintf(text, sizeof text, "%.*s", (int)json.length, json.text ? json.text : "");
    assert_string_equal(text, wanted);
}

static void test_routes(void **state)
{
    static const char *const folded[][2] = {
        {"/", "/"},          {"/7", "/:n"}, {"/7/", "/:n/"},        {"/7/8/9", "/:n/:n/:n"}, {"/7a", "/7a"},
        {"/a7/1", "/a7/:n"}, {"7", "7"},    {"/123456/x", "/:n/x"}, {"/a-1", "/a-1"},        {"", ""},
        {"//1", "//:n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof folded / sizeof *folded; i++) {
        struct explain_summary *summary = explain_summary_new();
        char json[64];
        ssr_value *value;
        snprintf(json, sizeof json, "{\"location\":\"%s\",\"passes\":1}", folded[i][0]);
        add(summary, json, 1);
        assert_int_equal(explain_summary_finish(summary, 0, 0, &value), SSR_OK);
        snprintf(json, sizeof json, "\"%s\"", folded[i][1]);
        assert_member(value, "/routes/rows/0/route", json);
        ssr_value_free(value);
        explain_summary_free(summary);
    }
}

static void test_numbers(void **state)
{
    (void)state;
    struct explain_summary *summary = explain_summary_new();
    ssr_value *value;
    for (int i = 1; i <= 100; i++) {
        char json[96];
        snprintf(json, sizeof json, "{\"location\":\"/%d\",\"passes\":%d,\"ms\":%d}", i, i, i * 10);
        add(summary, json, (uint64_t)i);
    }
    add(summary, "{\"location\":\"/7\",\"passes\":5000,\"ms\":-1}", 101);
    assert_int_equal(explain_summary_finish(summary, 3, 4, &value), SSR_OK);
    assert_member(value, "/routes/rows/0/passes", "{\"median\":51,\"p95\":96,\"worst\":5000}");
    assert_member(value, "/passes", "{\"median\":51,\"p95\":96,\"worst\":5000}");
    double median = 0;
    assert_int_equal(ssr_json_number(ssr_json_at(ssr_value_json(value), "/ms/median"), &median), SSR_OK);
    assert_true(median > 500 * 31 / 32.0 && median < 500 * 33 / 32.0);
    assert_member(value, "/ms/worst", "1000");
    assert_member(value, "/skippedLines", "3");
    assert_member(value, "/errorLines", "4");
    ssr_value_free(value);
    explain_summary_free(summary);
}

/* The names beyond the 1,024th are counted together, and so is one that is too long. */
static void test_many_names(void **state)
{
    (void)state;
    struct explain_summary *summary = explain_summary_new();
    ssr_value *value;
    char json[4096];
    for (int i = 0; i < 1500; i++) {
        snprintf(json, sizeof json, "{\"location\":\"/r%d\",\"passes\":1}", i);
        add(summary, json, (uint64_t)i + 1);
    }
    snprintf(json, sizeof json, "{\"location\":\"/%02000d\",\"passes\":1,\"outcome\":\"%02000d\"}", 0, 0);
    json[14] = 'x'; /* no segment of digits */
    add(summary, json, 1501);
    add(summary, "{\"location\":\"/r1023\",\"passes\":1}", 1502);
    assert_int_equal(explain_summary_finish(summary, 0, 0, &value), SSR_OK);
    assert_int_equal(ssr_json_count(ssr_json_at(ssr_value_json(value), "/routes/rows")), 1024);
    assert_member(value, "/routes/others", "477");
    assert_member(value, "/routes/rows/0/route", "\"/r1023\"");
    assert_member(value, "/routes/rows/0/renders", "2");
    assert_member(value, "/outcomes/others", "1");
    ssr_value_free(value);
    explain_summary_free(summary);
}

static void test_chains(void **state)
{
    (void)state;
    struct explain_summary *summary = explain_summary_new();
    ssr_value *value;
    add(summary,
        "{\"location\":\"/\",\"passLog\":[{\"loads\":[{\"kind\":\"query\",\"name\":\"a\",\"ms\":1},{\"kind\":\"query\","
        "\"name\":\"z\",\"ms\":9}]},{\"loads\":[{\"kind\":\"query\",\"name\":\"b\",\"ms\":2,\"waitedFor\":[{\"kind\":"
        "\"query\",\"name\":\"a\"}]},{\"kind\":\"query\",\"name\":\"never\",\"waitedFor\":[{\"kind\":\"query\","
        "\"name\":"
        "\"later\"}]}]},{\"loads\":[{\"kind\":\"query\",\"name\":\"b\",\"ms\":4,\"waitedFor\":[{\"kind\":\"query\","
        "\"name\":\"b\"}]}]}]}",
        1);
    assert_int_equal(explain_summary_finish(summary, 0, 0, &value), SSR_OK);
    assert_member(value, "/waits",
                  "{\"others\":0,\"rows\":[{\"example\":{\"line\":1},\"ms\":7,\"steps\":[{\"kind\":\"query\",\"name\":"
                  "\"a\"},{\"kind\":\"query\",\"name\":\"b\"},{\"kind\":\"query\",\"name\":\"b\"}],\"times\":1}]}");
    ssr_value_free(value);
    explain_summary_free(summary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inline_page), cmocka_unit_test(test_linked_page), cmocka_unit_test(test_stopped_page),
        cmocka_unit_test(test_routes),      cmocka_unit_test(test_numbers),     cmocka_unit_test(test_many_names),
        cmocka_unit_test(test_chains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
