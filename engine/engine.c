/* The engine: configuration and registry, frozen by the start. */
#include "engine/engine.h"

#include "engine/render_internal.h"
#include "ssrstore/atom_internal.h"

ssr_status ssr_engine_new(const ssr_config *config, struct ssr_engine **engine)
{
    ssr_config defaults = ssr_config_default();
    config = config ? config : &defaults;
    *engine = NULL;
    struct ssr_budget budget;
    ssr_budget_init(&budget, &config->allocator, SIZE_MAX);
    struct ssr_engine *made = ssr_budget_resize(&budget, NULL, 0, sizeof *made);
    if (!made)
        return SSR_E_NOMEM;
    made->config = *config;
    made->config.allocator = budget.allocator;
    made->keyring = NULL;
    ssr_registry_init(&made->registry, &made->config.allocator);
    ssr_status status = SSR_OK;
    if (config->cookie_keys)
        status =
            ssr_keyring_new(&made->config.allocator, config->cookie_keys, config->cookie_key_count, &made->keyring);
    made->config.cookie_keys = NULL; /* they were the caller's, and are wiped by now */
    made->registry.keyring = made->keyring;
    if (status == SSR_OK)
        *engine = made;
    else
        ssr_engine_free(made);
    return status;
}

ssr_registry *ssr_engine_registry(struct ssr_engine *engine)
{
    return engine ? &engine->registry : NULL;
}

/* An atom is kept in a cookie that is defined. */
static void check_persistence(struct ssr_registry *registry)
{
    for (size_t i = 0; i < registry->count; i++) {
        const struct ssr_definition *definition = registry->items[i];
        if (definition->kind != SSR_KIND_ATOM)
            continue;
        const char *cookie = ((const struct ssr_atom_template *)definition)->persist;
        if (cookie && !ssr_cookie_find(registry, cookie))
            ssr_registry_refuse(registry, SSR_KIND_ATOM, definition->name, SSR_E_UNKNOWN_COOKIE);
    }
}

ssr_status ssr_engine_start(struct ssr_engine *engine)
{
    if (!engine)
        return SSR_E_INVALID_ARGUMENT;
    check_persistence(&engine->registry);
    return ssr_registry_freeze(&engine->registry);
}

void ssr_engine_free(struct ssr_engine *engine)
{
    if (!engine)
        return;
    ssr_registry_release(&engine->registry);
    ssr_keyring_free(engine->keyring);
    ssr_allocator allocator = engine->config.allocator;
    allocator.resize(allocator.arg, engine, sizeof *engine, 0);
}
