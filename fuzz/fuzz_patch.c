/*
 * Two JSON texts with a NUL between them, and how they differ. What must hold: the patch, applied by a naive reader of
 * patches, makes the second of the first; it is no longer than a replacement of everything; and a cap that it would
 * exceed is kept, by that replacement or a refusal that leaves nothing behind.
 */
#include "fuzz/fuzz.h"
#include "ssrstore/patch.h"
#include "tests/patch_oracle.h"

static void expect_makes(const ssr_value *before, const ssr_value *after, const char *patch, size_t length)
{
    ssr_value *read;
    expect(ssr_value_parse(NULL, patch, length, NULL, &read) == SSR_OK);
    ssr_value *made = patch_oracle_apply(before, ssr_value_json(read));
    expect(made && ssr_value_equal(made, after));
    ssr_value_free(made);
    ssr_value_free(read);
}

/* The length of the patch, 0 when it was refused. */
static size_t expect_patch(const ssr_value *before, const ssr_value *after, size_t cap)
{
    struct ssr_budget budget;
    ssr_budget_init(&budget, NULL, SIZE_MAX);
    struct ssr_buffer out = {.budget = &budget};
    size_t replacement = strlen("[{\"op\":\"replace\",\"path\":\"\",\"value\":}]") + ssr_value_length(after);
    ssr_status status = ssr_patch_write(&out, ssr_value_json(before), ssr_value_json(after), cap);
    size_t length = out.length;
    expect(status == SSR_OK || (status == SSR_E_LIMIT && length == 0 && replacement > cap));
    expect(length <= cap && length <= replacement);
    if (status == SSR_OK)
        expect_makes(before, after, out.data, length);
    ssr_buffer_free(&out);
    expect(budget.used == 0);
    return length;
}

static ssr_value *take_value(struct input *input)
{
    char *text = take_string(input);
    ssr_value *value;
    ssr_status status = ssr_value_parse(NULL, text, strlen(text), NULL, &value);
    expect((status == SSR_OK) == (value != NULL));
    free(text);
    return value;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    ssr_value *before = take_value(&input), *after = take_value(&input);
    if (before && after) {
        size_t length = expect_patch(before, after, SIZE_MAX);
        expect((length == 2) == ssr_value_equal(before, after));
        expect(expect_patch(before, after, length) == length);
        expect_patch(before, after, length - 1);
        expect_patch(after, before, SIZE_MAX);
        expect(expect_patch(before, before, 2) == 2);
    }
    ssr_value_free(before);
    ssr_value_free(after);
    return 0;
}
