/*
 * Plays every scenario of tests/scenarios in every driver and requires the log to be the expected one, byte for byte.
 * UPDATE=1 rewrites what is expected; whoever does that answers for each line, because the expected logs are written
 * from the contract and not from what the engine does. An argument plays the scenarios whose path contains it.
 */
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario.h"

static const char *const driver_names[SCENARIO_DRIVERS] = {
    "ssr_run", "steps", "steps, answers in reverse", "steps, one answer at a time", "data mode", "cancelled at a wait"};

static size_t line_length(const char *line)
{
    return strcspn(line, "\n");
}

static const char *next_line(const char *line)
{
    size_t length = line_length(line);
    return line + length + (line[length] == '\n');
}

static bool same_line(const char *a, const char *b)
{
    return line_length(a) == line_length(b) && strncmp(a, b, line_length(a)) == 0;
}

static void print_lines(char mark, const char *from, const char *to)
{
    for (; from < to; from = next_line(from))
        printf("    %c %.*s\n", mark, (int)line_length(from), from);
}

/* What differs, without the lines that both logs begin and end with. */
static void print_difference(const char *expected, const char *seen)
{
    enum { AROUND = 3 };
    const char *around[AROUND] = {expected, expected, expected};
    size_t line = 1;
    while (*expected && *seen && same_line(expected, seen)) {
        around[line % AROUND] = expected;
        expected = next_line(expected);
        seen = next_line(seen);
        line++;
    }
    const char *expected_end = expected + strlen(expected), *seen_end = seen + strlen(seen);
    while (expected_end > expected && seen_end > seen && expected_end[-1] == seen_end[-1]) {
        expected_end--;
        seen_end--;
    }
    printf("    the logs differ from line %zu on (- expected, + seen):\n", line);
    print_lines(' ', around[(line + AROUND - 1) % AROUND], expected);
    print_lines('-', expected, expected_end);
    print_lines('+', seen, seen_end);
}

/* ---- What is expected of a driver ---------------------------------------------------------------------------------
 */

static bool begins(const char *line, const char *with)
{
    return strncmp(line, with, strlen(with)) == 0;
}

/* In data mode there is no document; everything else is the same. */
static void expect_data(struct text *expected, const char *log)
{
    bool in_document = false;
    for (const char *line = log; *line; line = next_line(line)) {
        in_document = begins(line, "document ") || (in_document && !begins(line, "transfer "));
        if (begins(line, "document "))
            text_format(expected, "document none\n");
        if (!in_document)
            text_append(expected, line, (size_t)(next_line(line) - line));
    }
}

static bool is_unanswered(const char *line)
{
    static const char end[] = ": no answer";
    size_t length = line_length(line);
    return length > strlen(end) && begins(line + length - strlen(end), end);
}

/* A render that is cancelled at its first wait has run as expected up to there, and knows of no answer. */
static bool is_cut_short(const char *log, const char *expected)
{
    for (; *log && !begins(log, "cancelled, "); log = next_line(log)) {
        if (is_unanswered(log))
            continue;
        if (!same_line(log, expected))
            return false;
        expected = next_line(expected);
    }
    return !strstr(log, "VIOLATION") && !strstr(log, "queries ");
}

static bool is_expected(const struct scenario *scenario, enum scenario_driver driver, const char *log)
{
    struct text expected = {0};
    if (driver == SCENARIO_CANCEL)
        return is_cut_short(log, scenario_expected(scenario));
    if (driver == SCENARIO_DATA)
        expect_data(&expected, scenario_expected(scenario));
    else
        text_format(&expected, "%s", scenario_expected(scenario));
    bool is_same = strcmp(log, expected.data ? expected.data : "") == 0;
    if (!is_same && !getenv("UPDATE")) {
        printf("  %s:\n", driver_names[driver]);
        print_difference(expected.data ? expected.data : "", log);
    }
    text_free(&expected);
    return is_same;
}

static size_t plays;

static void play_in(const struct scenario *scenario, enum scenario_driver driver)
{
    struct test_memory memory = {0};
    ssr_allocator allocator = test_allocator(&memory);
    struct text log = {0};
    scenario_play(scenario, driver, &allocator, &log);
    bool is_good = is_expected(scenario, driver, log.data);
    if (!is_good && driver == SCENARIO_CANCEL)
        printf("  %s:\n%s", driver_names[driver], log.data);
    if (!is_good && getenv("UPDATE") && driver <= SCENARIO_STEPS)
        is_good = scenario_rewrite(scenario, log.data);
    text_free(&log);
    assert_all_freed(&memory);
    assert_true(is_good);
    plays++;
}

static void play_everywhere(void **state)
{
    struct scenario *scenario = scenario_read(*state);
    assert_non_null(scenario);
    for (enum scenario_driver driver = SCENARIO_RUN; driver < SCENARIO_DRIVERS; driver++)
        if (scenario_can_play(scenario, driver))
            play_in(scenario, driver);
    scenario_free(scenario);
}

int main(int argument_count, char **arguments)
{
    size_t count, chosen = 0;
    char **paths = scenario_list("scenarios", &count);
    struct CMUnitTest *tests = calloc(count + 1, sizeof *tests);
    for (size_t i = 0; tests && i < count; i++)
        if (argument_count < 2 || strstr(paths[i], arguments[1]))
            tests[chosen++] = (struct CMUnitTest){paths[i], play_everywhere, NULL, NULL, paths[i]};
    int failed = chosen > 0 ? _cmocka_run_group_tests("scenarios", tests, chosen, NULL, NULL) : 1;
    printf("count: %zu plays of %zu scenarios compared\n", plays, chosen);
    for (size_t i = 0; i < count; i++)
        free(paths[i]);
    free(paths);
    free(tests);
    return failed;
}
