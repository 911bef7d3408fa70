/*
 * demo/metrics.c - counters and histograms, and their text for Prometheus. A series per outcome exists from the start,
 * so that the first bad render is seen as a step; one per query begins with its first answer, and there are no more
 * than queries are defined. What always holds: counts and sums only grow, and each value is counted in one bucket.
 */
#include "demo/metrics.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { MOST_BOUNDS = 12 };

struct bounds {
    size_t count;
    double upper[MOST_BOUNDS];
};

static const struct bounds passes_bounds = {8, {1, 2, 3, 4, 5, 8, 13, 26}};
static const struct bounds seconds_bounds = {
    12, {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5}};

struct histogram {
    uint64_t counts[MOST_BOUNDS + 1]; /* each value once: where it first fits; behind the bounds what fits nowhere */
    double sum;
};

struct query_times {
    char *name;
    struct histogram seconds;
};

static const char *const outcomes[] = {
#define SSR_OUTCOME(identifier, name, has_document, what) name,
#include "engine/outcomes.def"
#undef SSR_OUTCOME
};

struct metrics {
    uint64_t renders[COUNT(outcomes)];
    struct histogram passes, seconds;
    struct query_times *queries;
    size_t query_count;
    uint64_t html_bytes, refused, error_lines;
};

struct metrics *metrics_new(void)
{
    return calloc(1, sizeof(struct metrics));
}

void metrics_free(struct metrics *metrics)
{
    if (!metrics)
        return;
    for (size_t i = 0; i < metrics->query_count; i++)
        free(metrics->queries[i].name);
    free(metrics->queries);
    free(metrics);
}

/* ---- Counting ---------------------------------------------------------------------------------------------------- */

static void observe(struct histogram *histogram, const struct bounds *bounds, double value)
{
    size_t i = 0;

    while (i < bounds->count && value > bounds->upper[i])
        i++;
    histogram->counts[i]++;
    histogram->sum += value;
}

static uint64_t count_at(ssr_json record, const char *pointer)
{
    int64_t count = 0;

    ssr_json_integer(ssr_json_at(record, pointer), &count);
    return count > 0 ? (uint64_t)count : 0;
}

/* NULL: no memory. */
static struct query_times *add_query(struct metrics *metrics, ssr_json name)
{
    size_t size = ssr_json_string(name, NULL, 0) + 1;
    struct query_times *queries = realloc(metrics->queries, (metrics->query_count + 1) * sizeof *queries);
    char *copy = queries ? malloc(size) : NULL;

    if (queries)
        metrics->queries = queries;
    if (!copy)
        return NULL;
    ssr_json_string(name, copy, size);
    queries[metrics->query_count] = (struct query_times){.name = copy};
    return &queries[metrics->query_count++];
}

static struct query_times *find_query(struct metrics *metrics, ssr_json name)
{
    for (size_t i = 0; i < metrics->query_count; i++) {
        if (ssr_json_equals(name, metrics->queries[i].name))
            return &metrics->queries[i];
    }
    return add_query(metrics, name);
}

static void note_load(struct metrics *metrics, ssr_json load)
{
    struct query_times *query;
    double ms;

    if (!ssr_json_equals(ssr_json_at(load, "/kind"), "query") ||
        ssr_json_number(ssr_json_at(load, "/ms"), &ms) != SSR_OK)
        return;
    query = find_query(metrics, ssr_json_at(load, "/name"));
    if (query)
        observe(&query->seconds, &seconds_bounds, ms / 1000);
}

static void note_loads(struct metrics *metrics, ssr_json pass)
{
    ssr_json load = ssr_json_first(ssr_json_at(pass, "/loads"));

    for (; ssr_json_type(load) != SSR_JSON_ABSENT; load = ssr_json_next(load))
        note_load(metrics, load);
}

static void note_outcome(struct metrics *metrics, ssr_json outcome)
{
    for (size_t i = 0; i < COUNT(outcomes); i++)
        metrics->renders[i] += ssr_json_equals(outcome, outcomes[i]);
}

void metrics_note_record(struct metrics *metrics, ssr_json record)
{
    ssr_json pass = ssr_json_first(ssr_json_at(record, "/passLog"));
    double ms, wait_ms = 0;

    note_outcome(metrics, ssr_json_at(record, "/outcome"));
    observe(&metrics->passes, &passes_bounds, (double)count_at(record, "/passes"));
    ssr_json_number(ssr_json_at(record, "/waitMs"), &wait_ms);
    if (ssr_json_number(ssr_json_at(record, "/ms"), &ms) == SSR_OK)
        observe(&metrics->seconds, &seconds_bounds, (ms + wait_ms) / 1000);
    metrics->html_bytes += count_at(record, "/bytes");
    metrics->refused += count_at(record, "/refused");
    for (; ssr_json_type(pass) != SSR_JSON_ABSENT; pass = ssr_json_next(pass))
        note_loads(metrics, pass);
}

void metrics_note_error(struct metrics *metrics)
{
    metrics->error_lines++;
}

/* ---- The text ---------------------------------------------------------------------------------------------------- */

static void write_head(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_counter(FILE *out, const char *name, const char *help, uint64_t value)
{
    write_head(out, name, "counter", help);
    fprintf(out, "%s %" PRIu64 "\n", name, value);
}

/* label="value", with backslash, quote and line feed escaped. */
static void write_label(FILE *out, const char *label, const char *value)
{
    fprintf(out, "%s=\"", label);
    for (; *value; value++) {
        if (*value == '\n')
            fputs("\\n", out);
        else if (*value == '\\' || *value == '"')
            fprintf(out, "\\%c", *value);
        else
            fputc(*value, out);
    }
    fputc('"', out);
}

/* {query="idea",le="0.5"}, each part where there is one. */
static void write_labels(FILE *out, const char *query, const char *upper)
{
    if (!query && !upper)
        return;
    fputc('{', out);
    if (query)
        write_label(out, "query", query);
    if (query && upper)
        fputc(',', out);
    if (upper)
        write_label(out, "le", upper);
    fputc('}', out);
}

/* The buckets of the format are cumulative. query NULL: no such label. */
static void write_histogram(FILE *out, const char *name, const char *query, const struct histogram *histogram,
                            const struct bounds *bounds)
{
    uint64_t count = 0;

    for (size_t i = 0; i <= bounds->count; i++) {
        char upper[32] = "+Inf";

        if (i < bounds->count)
            snprintf(upper, sizeof upper, "%g", bounds->upper[i]);
        count += histogram->counts[i];
        fprintf(out, "%s_bucket", name);
        write_labels(out, query, upper);
        fprintf(out, " %" PRIu64 "\n", count);
    }
    fprintf(out, "%s_sum", name);
    write_labels(out, query, NULL);
    fprintf(out, " %.15g\n%s_count", histogram->sum, name);
    write_labels(out, query, NULL);
    fprintf(out, " %" PRIu64 "\n", count);
}

static void write_renders(FILE *out, const struct metrics *metrics)
{
    write_head(out, "ssr_renders_total", "counter", "Renders that ended, by outcome.");
    for (size_t i = 0; i < COUNT(outcomes); i++) {
        fputs("ssr_renders_total{", out);
        write_label(out, "outcome", outcomes[i]);
        fprintf(out, "} %" PRIu64 "\n", metrics->renders[i]);
    }
}

void metrics_write(const struct metrics *metrics, FILE *out)
{
    write_renders(out, metrics);
    write_head(out, "ssr_passes", "histogram", "Passes that a render took.");
    write_histogram(out, "ssr_passes", NULL, &metrics->passes, &passes_bounds);
    write_head(out, "ssr_render_seconds", "histogram",
               "Time of a render: its passes, and waiting for what they asked for.");
    write_histogram(out, "ssr_render_seconds", NULL, &metrics->seconds, &seconds_bounds);
    write_head(out, "ssr_query_seconds", "histogram", "Time that a query took to be answered, by its name.");
    for (size_t i = 0; i < metrics->query_count; i++)
        write_histogram(out, "ssr_query_seconds", metrics->queries[i].name, &metrics->queries[i].seconds,
                        &seconds_bounds);
    write_counter(out, "ssr_html_bytes_total", "Bytes of HTML that left.", metrics->html_bytes);
    write_counter(out, "ssr_refused_total", "Writes that were refused.", metrics->refused);
    write_counter(out, "ssr_error_lines_total", "Error lines of renders that a cap or a cycle ended.",
                  metrics->error_lines);
}
