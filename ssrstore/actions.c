/* The named actions of a definition. What always holds: names are unique in a list, and each has its function. */
#include "ssrstore/draft_internal.h"
#include "ssrstore/registry.h"

static ssr_status check(const ssr_action *items, size_t count)
{
    if (count > 0 && !items)
        return SSR_E_INVALID_ARGUMENT;
    for (size_t i = 0; i < count; i++) {
        struct ssr_actions before = {items, i};
        if (!ssr_is_name(items[i].name))
            return SSR_E_INVALID_NAME;
        if (!items[i].run)
            return SSR_E_INVALID_ARGUMENT;
        if (ssr_actions_find(&before, items[i].name))
            return SSR_E_DUPLICATE_NAME;
    }
    return SSR_OK;
}

ssr_status ssr_actions_copy(struct ssr_actions *actions, struct ssr_region *region, const ssr_action *items,
                            size_t count)
{
    ssr_status status = check(items, count);
    if (status != SSR_OK)
        return status;
    ssr_action *copies = ssr_region_alloc(region, count * sizeof *copies);
    if (!copies)
        return region->budget->refusal;
    for (size_t i = 0; i < count; i++) {
        copies[i] = items[i];
        copies[i].name = ssr_region_copy(region, items[i].name, strlen(items[i].name));
        if (!copies[i].name)
            return region->budget->refusal;
    }
    *actions = (struct ssr_actions){copies, count};
    return SSR_OK;
}

const ssr_action *ssr_actions_find(const struct ssr_actions *actions, const char *name)
{
    for (size_t i = 0; name && i < actions->count; i++)
        if (strcmp(actions->items[i].name, name) == 0)
            return &actions->items[i];
    return NULL;
}
