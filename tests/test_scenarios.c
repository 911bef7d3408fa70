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

static const char *const driver_names[SCENARIO_DRIVERS] = {"ssr_run", "ssr_render_step"};

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

static void play_in(const struct scenario *scenario, enum scenario_driver driver)
{
    struct test_memory memory = {0};
    ssr_allocator allocator = test_allocator(&memory);
    struct text log = {0};
    scenario_play(scenario, driver, &allocator, &log);
    bool is_same = strcmp(log.data, scenario_expected(scenario)) == 0;
    if (!is_same && getenv("UPDATE")) {
        is_same = scenario_rewrite(scenario, log.data);
    } else if (!is_same) {
        printf("  %s:\n", driver_names[driver]);
        print_difference(scenario_expected(scenario), log.data);
    }
    text_free(&log);
    assert_all_freed(&memory);
    assert_true(is_same);
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
    for (size_t i = 0; i < count; i++)
        free(paths[i]);
    free(paths);
    free(tests);
    return failed;
}
