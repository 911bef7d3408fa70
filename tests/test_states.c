/*
 * The arrows of engine/states.def are the truth: every scenario is played in every driver with each change of state
 * noted, by a step.c that tells of them. No other change than those of the list happens, and each of the list does.
 */
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/render_internal.h"
#include "scenario.h"

static bool seen[SSR_STATE_COUNT][SSR_STATE_COUNT];

static const bool declared[SSR_STATE_COUNT][SSR_STATE_COUNT] = {
#define SSR_STATE_CHANGE(from, to, when) [SSR_STATE_##from][SSR_STATE_##to] = true,
#include "engine/states.def"
};

static const char *const names[] = {
#define SSR_STATE(identifier, name, meaning) name,
#include "engine/states.def"
};

void note_state(enum ssr_state from, enum ssr_state to); /* as step.c declares it */

void note_state(enum ssr_state from, enum ssr_state to)
{
    seen[from][to] = true;
}

static void play(const char *path)
{
    struct scenario *scenario = scenario_read(path);
    assert_non_null(scenario);
    for (enum scenario_driver driver = SCENARIO_RUN; driver < SCENARIO_DRIVERS; driver++) {
        struct test_memory memory = {0};
        ssr_allocator allocator = test_allocator(&memory);
        struct text log = {0};
        if (!scenario_can_play(scenario, driver))
            continue;
        scenario_play(scenario, driver, &allocator, &log);
        text_free(&log);
        assert_all_freed(&memory);
    }
    scenario_free(scenario);
}

static void changes_are_those_of_the_list(void **state)
{
    size_t count;
    char **paths = scenario_list("scenarios", &count);
    bool is_good = true;
    (void)state;
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++) {
        play(paths[i]);
        free(paths[i]);
    }
    free(paths);
    for (size_t from = 0; from < SSR_STATE_COUNT; from++)
        for (size_t to = 0; to < SSR_STATE_COUNT; to++)
            if (seen[from][to] != declared[from][to]) {
                printf("%s to %s %s\n", names[from], names[to],
                       seen[from][to] ? "happens, and is not in states.def" : "is in states.def, and never happens");
                is_good = false;
            }
    assert_true(is_good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(changes_are_those_of_the_list)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
