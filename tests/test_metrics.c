/*
 * tests/test_metrics.c - the demo's metrics out of records: where a value is counted, what is left out, and names that
 * the text format must escape.
 */
#include "demo/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "tests/testing.h"

static void note(struct metrics *metrics, const char *json)
{
    ssr_value *record;

    assert_int_equal(ssr_value_parse(NULL, json, strlen(json), NULL, &record), SSR_OK);
    metrics_note_record(metrics, ssr_value_json(record));
    ssr_value_free(record);
}

/* The text of some metrics, which are freed. */
static char *text_of(struct metrics *metrics)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);

    assert_non_null(out);
    metrics_write(metrics, out);
    assert_int_equal(fclose(out), 0);
    metrics_free(metrics);
    return text;
}

static void assert_has(const char *text, const char *lines)
{
    if (!strstr(text, lines))
        fail_msg("not found:\n%s\nin:\n%s", lines, text);
}

static void a_bound_is_in_its_bucket(void **state)
{
    struct metrics *metrics = metrics_new();

    (void)state;
    note(metrics, "{\"outcome\":\"settled\",\"passes\":5,\"ms\":4,\"waitMs\":6}");
    note(metrics, "{\"outcome\":\"settled\",\"passes\":6}");
    note(metrics, "{\"outcome\":\"hard_cap\",\"passes\":27,\"ms\":5000.5}");
    char *text = text_of(metrics);

    assert_has(text, "\nssr_renders_total{outcome=\"settled\"} 2\n");
    assert_has(text, "\nssr_renders_total{outcome=\"hard_cap\"} 1\n");
    assert_has(text, "\nssr_renders_total{outcome=\"failed\"} 0\n");
    assert_has(text, "{le=\"4\"} 0\nssr_passes_bucket{le=\"5\"} 1\nssr_passes_bucket{le=\"8\"} 2\n");
    assert_has(text, "{le=\"26\"} 2\nssr_passes_bucket{le=\"+Inf\"} 3\nssr_passes_sum 38\nssr_passes_count 3\n");
    assert_has(text, "{le=\"0.005\"} 0\nssr_render_seconds_bucket{le=\"0.01\"} 1\n");
    assert_has(text, "{le=\"5\"} 1\nssr_render_seconds_bucket{le=\"+Inf\"} 2\n");
    assert_has(text, "\nssr_render_seconds_sum 5.0105\nssr_render_seconds_count 2\n");
    free(text);
}

static void sums_add_up(void **state)
{
    struct metrics *metrics = metrics_new();

    (void)state;
    note(metrics, "{\"outcome\":\"settled\",\"passes\":1,\"bytes\":100,\"refused\":2}");
    note(metrics, "{\"outcome\":\"settled\",\"passes\":1,\"bytes\":23}");
    metrics_note_error(metrics);
    char *text = text_of(metrics);

    assert_has(text, "\nssr_html_bytes_total 123\n");
    assert_has(text, "\nssr_refused_total 2\n");
    assert_has(text, "\nssr_error_lines_total 1\n");
    assert_has(text, "\nssr_render_seconds_count 0\n");
    free(text);
}

static void queries_are_told_apart_and_hooks_left_out(void **state)
{
    struct metrics *metrics = metrics_new();

    (void)state;
    note(metrics, "{\"outcome\":\"settled\",\"passes\":2,\"passLog\":["
                  "{\"pass\":0,\"loads\":[{\"kind\":\"hook\",\"name\":\"h\",\"ms\":1},"
                  "{\"kind\":\"query\",\"name\":\"a\",\"ms\":1}]},"
                  "{\"pass\":1,\"loads\":[{\"kind\":\"query\",\"name\":\"b\",\"state\":\"pending\"},"
                  "{\"kind\":\"query\",\"name\":\"a\",\"ms\":2},{\"kind\":\"query\",\"name\":\"c\",\"ms\":3}]}]}");
    char *text = text_of(metrics);

    assert_has(text, "\nssr_query_seconds_bucket{query=\"a\",le=\"0.001\"} 1\n");
    assert_has(text, "\nssr_query_seconds_sum{query=\"a\"} 0.003\nssr_query_seconds_count{query=\"a\"} 2\n");
    assert_has(text, "\nssr_query_seconds_count{query=\"c\"} 1\n");
    assert_null(strstr(text, "query=\"h\""));
    assert_null(strstr(text, "query=\"b\""));
    free(text);
}

static void hostile_names_stay_on_their_line(void **state)
{
    struct metrics *metrics = metrics_new();

    (void)state;
    note(metrics, "{\"outcome\":\"settled\",\"passes\":2,\"passLog\":[{\"pass\":1,\"loads\":["
                  "{\"kind\":\"query\",\"name\":\"a\\\"} 1\\nx \\\\\",\"ms\":1}]}]}");
    char *text = text_of(metrics);

    assert_has(text, "\nssr_query_seconds_count{query=\"a\\\"} 1\\nx \\\\\"} 1\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bound_is_in_its_bucket),
        cmocka_unit_test(sums_add_up),
        cmocka_unit_test(queries_are_told_apart_and_hooks_left_out),
        cmocka_unit_test(hostile_names_stay_on_their_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
