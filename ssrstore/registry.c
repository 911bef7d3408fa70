/*
 * The registry of one engine. What always holds: names are unique in their kind; a definition stays where it is
 * until the registry goes; one that failed left nothing behind but the registry's first error.
 */
#include "ssrstore/registry.h"

#include <stdio.h>
#include <string.h>

#include "ssrstore/digest.h"
#include "ssrstore/utf8.h"

enum { TABLE_FIRST = 32 };

const char *ssr_kind_name(enum ssr_kind kind)
{
    static const char *const names[] = {"store", "query", "cookie", "atom", "shared", "context", "component"};
    return names[kind];
}

void ssr_registry_init(struct ssr_registry *registry, const ssr_allocator *allocator)
{
    memset(registry, 0, sizeof *registry);
    ssr_budget_init(&registry->budget, allocator, SIZE_MAX);
    registry->region.budget = &registry->budget;
}

void ssr_registry_release(struct ssr_registry *registry)
{
    for (size_t i = 0; i < registry->count; i++)
        if (registry->items[i]->release)
            registry->items[i]->release(registry->items[i]);
    struct ssr_budget *budget = &registry->budget;
    ssr_budget_resize(budget, registry->items, registry->capacity * sizeof *registry->items, 0);
    ssr_budget_resize(budget, registry->table, registry->table_size * sizeof *registry->table, 0);
    ssr_region_free(&registry->region);
}

static void link_always(struct ssr_registry *registry, struct ssr_store *store)
{
    if (!store->always || store->policy == SSR_LOCAL)
        return;
    store->next_always = registry->always;
    registry->always = store;
}

ssr_status ssr_registry_freeze(struct ssr_registry *registry)
{
    if (registry->status != SSR_OK || registry->is_frozen)
        return registry->status;
    registry->is_frozen = true;
    for (size_t i = 0; i < registry->count; i++)
        if (registry->items[i]->kind == SSR_KIND_STORE)
            link_always(registry, (struct ssr_store *)registry->items[i]);
    return SSR_OK;
}

ssr_status ssr_registry_status(const struct ssr_registry *registry)
{
    return registry ? registry->status : SSR_E_INVALID_ARGUMENT;
}

const char *ssr_registry_error(const struct ssr_registry *registry)
{
    return registry ? registry->error : ssr_status_advice(SSR_E_INVALID_ARGUMENT);
}

void *ssr_registry_refuse(struct ssr_registry *registry, enum ssr_kind kind, const char *name, ssr_status status)
{
    if (registry->status == SSR_OK && status != SSR_E_FROZEN) {
        registry->status = status;
        snprintf(registry->error, sizeof registry->error, "%s \"%.*s\": %s: %s", ssr_kind_name(kind), SSR_NAME_BYTES,
                 name ? name : "", ssr_status_name(status), ssr_status_advice(status));
    }
    return NULL;
}

bool ssr_is_plain_text(const char *text)
{
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return false;
    return ssr_utf8_valid(text, strlen(text));
}

bool ssr_is_name(const char *name)
{
    size_t length = name ? strlen(name) : 0;
    return length > 0 && length <= SSR_NAME_BYTES && ssr_is_plain_text(name);
}

ssr_status ssr_registry_check(const struct ssr_registry *registry, enum ssr_kind kind, const char *name, bool replace)
{
    if (registry->is_frozen)
        return SSR_E_FROZEN;
    if (!ssr_is_name(name))
        return SSR_E_INVALID_NAME;
    return !replace && ssr_registry_find(registry, kind, name) ? SSR_E_DUPLICATE_NAME : SSR_OK;
}

/* The name's place in the table: where it is, or the free place where it would be. */
static struct ssr_definition **place_of(struct ssr_definition **table, size_t size, enum ssr_kind kind,
                                        const char *name)
{
    size_t at = (size_t)ssr_digest_of(name, strlen(name), (uint64_t)kind).low & (size - 1);
    while (table[at] && (table[at]->kind != kind || strcmp(table[at]->name, name) != 0))
        at = (at + 1) & (size - 1);
    return &table[at];
}

struct ssr_definition *ssr_registry_find(const struct ssr_registry *registry, enum ssr_kind kind, const char *name)
{
    bool can_hold = registry && registry->table_size > 0 && name;
    return can_hold ? *place_of(registry->table, registry->table_size, kind, name) : NULL;
}

/* Keeps the table at most half full. */
static ssr_status reserve_table(struct ssr_registry *registry)
{
    if ((registry->count + 1) * 2 <= registry->table_size)
        return SSR_OK;
    size_t size = registry->table_size ? registry->table_size * 2 : TABLE_FIRST;
    struct ssr_definition **table =
        ssr_budget_resize(&registry->budget, NULL, 0, size * sizeof(struct ssr_definition *));
    if (!table)
        return registry->budget.refusal;
    for (size_t i = 0; i < size; i++)
        table[i] = NULL;
    for (size_t i = 0; i < registry->count; i++)
        *place_of(table, size, registry->items[i]->kind, registry->items[i]->name) = registry->items[i];
    ssr_budget_resize(&registry->budget, registry->table, registry->table_size * sizeof *table, 0);
    registry->table = table;
    registry->table_size = size;
    return SSR_OK;
}

void *ssr_registry_add(struct ssr_registry *registry, enum ssr_kind kind, const char *name, size_t size)
{
    struct ssr_definition **items =
        ssr_grow(&registry->budget, registry->items, &registry->capacity, registry->count + 1, sizeof *items);
    if (!items)
        return NULL;
    registry->items = items;
    struct ssr_definition *definition = ssr_region_alloc(&registry->region, size);
    char *copy = ssr_region_copy(&registry->region, name, strlen(name));
    if (!definition || !copy || reserve_table(registry) != SSR_OK)
        return NULL;
    definition->registry = registry;
    definition->name = copy;
    definition->kind = kind;
    definition->index = (uint32_t)registry->count;
    registry->items[registry->count++] = definition;
    *place_of(registry->table, registry->table_size, kind, copy) = definition;
    return definition;
}
