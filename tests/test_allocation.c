/*
 * Memory that runs out: every scenario is played with each i-th allocation failing, and with every allocation from
 * the i-th on failing. Nothing may crash or leak; either the failure is told (by the engine, the definitions, the
 * start, the new render, or the outcome) or nothing of it shows. Afterwards the scenario still plays as expected.
 *
 * A scenario with more allocations than TURNS is sampled, evenly and with both ends; the last line says how many were.
 */
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/ssr.h"
#include "scenario.h"
#include "ssrstore/cjson.h"
#include "ssrstore/memory.h"

enum { TURNS = 200, FULL_TURNS = 20000 };

static struct {
    size_t scenarios, sampled, turns;
} totals;

/* ---- Scenarios -------------------------------------------------------------------------------------------------- */

static enum scenario_driver any_driver(const struct scenario *scenario)
{
    return scenario_can_play(scenario, SCENARIO_RUN) ? SCENARIO_RUN : SCENARIO_STEPS;
}

/* When everything fails from some allocation on: the driver in which most is going on at that time. */
static enum scenario_driver busy_driver(const struct scenario *scenario)
{
    return scenario_can_play(scenario, SCENARIO_ONE) ? SCENARIO_ONE : SCENARIO_STEPS;
}

static struct scenario_end play(const struct scenario *scenario, enum scenario_driver driver,
                                struct test_memory *memory, struct text *log)
{
    ssr_allocator allocator = test_allocator(memory);
    log->length = 0;
    struct scenario_end end = scenario_play(scenario, driver, &allocator, log);
    assert_all_freed(memory);
    return end;
}

/* A record that ran out of memory says less, and nothing else changes. */
static bool same_but_record(const char *log, const char *good_log)
{
    const char *end = strstr(good_log, "\nthe record ");
    return end ? strncmp(log, good_log, (size_t)(end - good_log)) == 0 : strcmp(log, good_log) == 0;
}

/*
 * Whether the failure was told where it must be, or did not show at all. Who answers an operation has its own memory:
 * when that runs out, the query fails with "nomem", and a hook fails as for any other reason.
 */
static bool is_told(const struct scenario_end *end, const char *log, const char *good_log)
{
    if (strstr(log, "VIOLATION"))
        return false;
    if (end->setup == SSR_E_NOMEM || (end->outcome == SSR_LIMITED && end->error_status == SSR_E_NOMEM))
        return true;
    if (strstr(log, "failed nomem") || strstr(log, "{\"failed\":\"nomem\"}") || strstr(log, ": nomem\n"))
        return true;
    if (strstr(good_log, "hook ") && end->outcome == SSR_FAILED && end->error_status == SSR_E_NOMEM)
        return true;
    return same_but_record(log, good_log);
}

static void play_badly(const struct scenario *scenario, enum scenario_driver driver, struct test_memory memory,
                       const char *good_log)
{
    struct text log = {0};
    size_t fail_at = memory.fail_at;
    bool fail_after = memory.fail_after;
    struct scenario_end end = play(scenario, driver, &memory, &log);
    totals.turns++;
    if (!is_told(&end, log.data, good_log))
        fail_msg("driver %d, allocation %zu%s failed, and this is what came of it:\n%s", (int)driver, fail_at,
                 fail_after ? " and all after" : "", log.data);
    text_free(&log);
}

/* The turn-th of `turns` indices from 1 to `count`, both included. */
static size_t index_of(size_t turn, size_t turns, size_t count)
{
    return turns < 2 ? 1 : 1 + turn * (count - 1) / (turns - 1);
}

/* SSR_SWEEP=full: as for the sweeps of the other tests. */
static size_t turns_of_a_play(void)
{
    const char *extent = getenv("SSR_SWEEP");
    return extent && strcmp(extent, "full") == 0 ? FULL_TURNS : TURNS;
}

static void survive_in(const struct scenario *scenario, enum scenario_driver driver, bool fail_after)
{
    struct test_memory memory = {0};
    struct text good = {0}, again = {0};
    play(scenario, driver, &memory, &good);
    size_t count = memory.calls, most = turns_of_a_play(), turns = count < most ? count : most;
    for (size_t turn = 0; turn < turns; turn++)
        play_badly(scenario, driver,
                   (struct test_memory){.fail_at = index_of(turn, turns, count), .fail_after = fail_after}, good.data);
    play(scenario, driver, &memory, &again);
    assert_string_equal(again.data, good.data);
    totals.sampled += count > most;
    text_free(&good);
    text_free(&again);
}

/* Where there are loads, the answers that come too late run out of memory as well. */
static void survives_no_memory(void **state)
{
    struct scenario *scenario = scenario_read(*state);
    survive_in(scenario, any_driver(scenario), false);
    survive_in(scenario, busy_driver(scenario), true);
    if (scenario_can_play(scenario, SCENARIO_CANCEL))
        survive_in(scenario, SCENARIO_CANCEL, false);
    totals.scenarios++;
    scenario_free(scenario);
}

/* ---- What no scenario reaches: the transformer, typed getters, cJSON ----------------------------------------------
 */

static ssr_status encode(const ssr_value *value, ssr_builder *encoded, void *arg)
{
    (void)arg;
    ssr_builder_begin_array(encoded);
    ssr_builder_value(encoded, value);
    return ssr_builder_end_array(encoded);
}

static void ignore_error(void *arg, const char *category, const char *line)
{
    (void)arg, (void)category, (void)line;
}

static void format_record(void *arg, ssr_record *record)
{
    size_t length;
    (void)arg;
    ssr_record_json(record, &length);
    ssr_record_text(record, &length);
}

static ssr_status busy_page(ssr_ctx *ctx, void *arg)
{
    ssr_store *const *stores = arg;
    ssr_text(ctx, ssr_get_string(ctx, stores[0]));
    ssr_attr(ctx, ssr_id(ctx));
    ssr_text_integer(ctx, ssr_get_integer(ctx, stores[0], 7));
    const char *inner = ssr_string(ctx, ssr_json_at(ssr_get_json(ctx, stores[1]), "/0"));
    ssr_text(ctx, inner);
    const cJSON *view = ssr_get_cjson(ctx, stores[1]);
    if (view)
        ssr_set_cjson(ctx, stores[1], view);
    ssr_builder *builder = ssr_build(ctx);
    ssr_builder_begin_object(builder);
    ssr_builder_key(builder, "k");
    ssr_builder_string(builder, "é");
    ssr_builder_end_object(builder);
    ssr_set_built(ctx, stores[2]);
    ssr_set_integer(ctx, stores[0], ssr_pass(ctx) < 3 ? 1 : 2);
    ssr_set_json(ctx, stores[0], "{", 1);
    return ssr_transfer_here(ctx);
}

/* One write of each pass is refused, and none because memory ran out. SSR_E_NOMEM where something told it, SSR_OK
 * otherwise; another status is a mistake. */
static ssr_status render_busy_page(const ssr_engine *engine, ssr_store **stores)
{
    ssr_render *render;
    ssr_status status = ssr_run(engine, busy_page, stores, NULL, &render);
    const ssr_result *result = render ? ssr_render_result(render) : NULL;
    if (result && result->error_status != SSR_OK) {
        status = result->error_status;
        assert_int_equal(result->outcome, SSR_LIMITED);
    } else if (result) {
        assert_int_equal(result->outcome, SSR_SETTLED);
        assert_int_equal(result->refused, result->passes);
    }
    ssr_render_free(render);
    return status;
}

static ssr_status live_once(struct test_memory *memory)
{
    static const char settings[] = "{\"allowedRerendersCount\":9}";
    ssr_engine *engine;
    ssr_store *stores[3] = {NULL};
    ssr_config config = ssr_config_default();
    config.allocator = test_allocator(memory);
    config.check_views = true;
    config.encode = encode;
    config.log = (ssr_log){.error = ignore_error, .record = format_record};
    ssr_status status = ssr_config_read_json(&config, settings, strlen(settings), NULL, 0);
    if (status == SSR_OK)
        status = ssr_engine_new(&config, &engine);
    if (status != SSR_OK)
        return status;
    ssr_registry *registry = ssr_engine_registry(engine);
    stores[0] = ssr_store_define(registry, "text", &(ssr_store_options){.default_string = "a\"b"});
    stores[1] = ssr_store_define(registry, "list", &(ssr_store_options){.default_json = "[\"\\n\",{\"a\":1}]"});
    stores[2] = ssr_store_define(registry, "text", &(ssr_store_options){.replace = true, .always = true});
    status = ssr_engine_start(engine);
    if (status == SSR_OK)
        status = render_busy_page(engine, stores);
    ssr_engine_free(engine);
    return status;
}

static void a_whole_life_survives_no_memory(void **state)
{
    (void)state;
    struct test_memory good = {0};
    assert_int_equal(live_once(&good), SSR_OK);
    assert_all_freed(&good);
    for (size_t i = 1; i <= good.calls; i++) {
        for (int after = 0; after < 2; after++) {
            struct test_memory memory = {.fail_at = i, .fail_after = after == 1};
            ssr_status status = live_once(&memory);
            totals.turns++;
            if (status != SSR_OK && status != SSR_E_NOMEM)
                fail_msg("allocation %zu failed and was told as %s", i, ssr_status_name(status));
            assert_all_freed(&memory);
        }
    }
    assert_int_equal(live_once(&good), SSR_OK);
}

/* ---- Sizes that no machine has ----------------------------------------------------------------------------------- */

static void what_cannot_be_counted_is_refused(void **state)
{
    struct test_memory memory = {0};
    ssr_allocator allocator = test_allocator(&memory);
    struct ssr_budget budget;
    uint64_t items[8] = {0};
    size_t capacity = TEST_COUNT(items);
    (void)state;
    ssr_budget_init(&budget, &allocator, SIZE_MAX);
    struct ssr_buffer buffer = {.budget = &budget};
    assert_int_equal(ssr_buffer_append(&buffer, "text", 4), SSR_OK);
    assert_int_equal(ssr_buffer_reserve(&buffer, SIZE_MAX), SSR_E_LIMIT);
    assert_int_equal(ssr_buffer_reserve(&buffer, SIZE_MAX - 4), SSR_E_LIMIT);
    assert_memory_equal(buffer.data, "text", buffer.length);
    struct ssr_region region = {.budget = &budget};
    assert_null(ssr_region_take(&region, SIZE_MAX));
    const size_t counts[] = {SIZE_MAX, SIZE_MAX / 8};
    for (size_t i = 0; i < TEST_COUNT(counts); i++) {
        budget.refusal = SSR_OK;
        assert_null(ssr_grow(&budget, items, &capacity, counts[i], sizeof *items));
        assert_int_equal(budget.refusal, SSR_E_LIMIT);
        budget.refusal = SSR_OK;
        assert_null(ssr_region_grow(&region, items, &capacity, counts[i], sizeof *items));
        assert_int_equal(budget.refusal, SSR_E_LIMIT);
    }
    assert_int_equal(capacity, TEST_COUNT(items));
    assert_int_equal(memory.calls, 1); /* nobody was asked for any of this */
    ssr_buffer_free(&buffer);
    assert_all_freed(&memory);
}

static void an_allocator_without_a_function_is_the_default_one(void **state)
{
    static const ssr_allocator none = {NULL, NULL};
    ssr_value *value;
    (void)state;
    assert_int_equal(ssr_value_parse(&none, "1", 1, NULL, &value), SSR_OK);
    ssr_value_free(value);
}

int main(int argument_count, char **arguments)
{
    size_t count, chosen = 0;
    char **paths = scenario_list("scenarios", &count);
    struct CMUnitTest *tests = calloc(count + 3, sizeof *tests);
    if (!tests)
        return 1;
    tests[chosen++] = (struct CMUnitTest)cmocka_unit_test(a_whole_life_survives_no_memory);
    tests[chosen++] = (struct CMUnitTest)cmocka_unit_test(what_cannot_be_counted_is_refused);
    tests[chosen++] = (struct CMUnitTest)cmocka_unit_test(an_allocator_without_a_function_is_the_default_one);
    for (size_t i = 0; i < count; i++)
        if (argument_count < 2 || strstr(paths[i], arguments[1]))
            tests[chosen++] = (struct CMUnitTest){paths[i], survives_no_memory, NULL, NULL, paths[i]};
    int failed = _cmocka_run_group_tests("allocation", tests, chosen, NULL, NULL);
    printf("count: %zu allocation failures injected into %zu scenarios, %zu plays sampled\n", totals.turns,
           totals.scenarios, totals.sampled);
    for (size_t i = 0; i < count; i++)
        free(paths[i]);
    free(paths);
    free(tests);
    return failed;
}
