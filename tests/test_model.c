/*
 * The engine against the naive model of model.h: the kept files of the fuzzer's corpus, and pages from bytes of fixed
 * seeds. What leaves a render must be what the model says, however it is driven and whatever memory fails on the way.
 *
 * A failure prints the page and both answers. SEED=N compares that page alone, and with SAVE=FILE writes its bytes;
 * FILE=FILE compares that file alone; SECONDS=N keeps drawing pages for so long.
 */
#include "testing.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model.h"

enum { AT_LEAST = 12000, MOST_BYTES = 400, FILE_BYTES = 4096 };

#define CORPUS "../fuzz/corpus/scenario"

/* splitmix64. */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static void compare(const uint8_t *data, size_t size, const char *name, unsigned outcomes[SSR_OUTCOME_COUNT])
{
    struct page page;
    struct ending expected;
    struct text account = {0};
    model_page_read(&page, data, size);
    bool is_good = model_agrees(&page, &expected, &account);
    outcomes[expected.outcome]++;
    model_ending_free(&expected);
    if (!is_good)
        printf("%s: %s", name, text_read(&account));
    text_free(&account);
    if (!is_good)
        fail_msg("model and engine disagree");
}

static size_t draw_bytes(uint64_t seed, uint8_t bytes[MOST_BYTES])
{
    size_t size = 120 + draw(&seed) % (MOST_BYTES - 120);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)draw(&seed);
    return size;
}

static void compare_seed(uint64_t seed, unsigned outcomes[SSR_OUTCOME_COUNT])
{
    uint8_t bytes[MOST_BYTES];
    char name[32];
    snprintf(name, sizeof name, "SEED=%" PRIu64, seed);
    compare(bytes, draw_bytes(seed, bytes), name, outcomes);
}

static uint64_t number_from(const char *variable)
{
    const char *text = getenv(variable);
    return text ? strtoull(text, NULL, 10) : 0;
}

static void save(uint64_t seed, const char *path)
{
    uint8_t bytes[MOST_BYTES];
    size_t size = draw_bytes(seed, bytes);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static void random_pages_end_as_the_model_says(void **state)
{
    (void)state;
    unsigned outcomes[SSR_OUTCOME_COUNT] = {0};
    uint64_t seed = number_from("SEED"), count = 0;
    time_t end = time(NULL) + (time_t)number_from("SECONDS");
    if (seed && getenv("SAVE"))
        save(seed, getenv("SAVE"));
    if (seed)
        compare_seed(seed, outcomes);
    if (seed || getenv("FILE"))
        return;
    unsigned at_least = sweep_rounds(AT_LEAST);
    for (; count < at_least || time(NULL) < end; count++)
        compare_seed(++seed, outcomes);
    printf("count: %" PRIu64 " scenarios compared with the naive model:", count);
    for (unsigned i = 0; i < SSR_OUTCOME_COUNT; i++)
        printf(" %s %u", ssr_outcome_name((ssr_outcome)i), outcomes[i]);
    printf("\n");
    if (at_least < AT_LEAST)
        return;
    /* A generator that no longer reaches an outcome tests less than it says. */
    for (unsigned i = 0; i < SSR_OUTCOME_COUNT; i++)
        assert_true(outcomes[i] > AT_LEAST / 1000);
}

static bool compare_file(const char *path)
{
    uint8_t bytes[FILE_BYTES];
    unsigned outcomes[SSR_OUTCOME_COUNT] = {0};
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    compare(bytes, size, path, outcomes);
    return true;
}

static void kept_files_end_as_the_model_says(void **state)
{
    (void)state;
    unsigned count = 0;
    if (getenv("FILE")) {
        assert_true(compare_file(getenv("FILE")));
        return;
    }
    DIR *directory = opendir(CORPUS);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char path[512];
        snprintf(path, sizeof path, CORPUS "/%s", entry->d_name);
        if (entry->d_name[0] != '.')
            count += compare_file(path);
    }
    closedir(directory);
    assert_true(count > 0);
    printf("count: %u kept scenarios compared with the naive model\n", count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_files_end_as_the_model_says),
        cmocka_unit_test(random_pages_end_as_the_model_says),
    };
    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
