/*
 * Any bytes as a page of tests/model.h: a tree of components with stores, cookies, queries, atoms, contexts, redirects
 * and caps, and how it is driven. What must hold: what leaves the engine is what the naive model says; where memory
 * failed, the engine says so; and nothing stays behind.
 */
#include "fuzz/fuzz.h"
#include "tests/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct page page;
    struct ending expected;
    struct text account = {0};
    model_page_read(&page, data, size);
    bool is_good = model_agrees(&page, &expected, &account);
    model_ending_free(&expected);
    if (!is_good)
        fprintf(stderr, "%s", text_read(&account));
    expect(is_good);
    text_free(&account);
    return 0;
}
