/* The engine: configuration and registry, frozen by the start. */
#include "engine/engine.h"

#include "engine/render_internal.h"

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
    ssr_registry_init(&made->registry, &made->config.allocator);
    *engine = made;
    return SSR_OK;
}

ssr_registry *ssr_engine_registry(struct ssr_engine *engine)
{
    return engine ? &engine->registry : NULL;
}

ssr_status ssr_engine_start(struct ssr_engine *engine)
{
    return engine ? ssr_registry_freeze(&engine->registry) : SSR_E_INVALID_ARGUMENT;
}

void ssr_engine_free(struct ssr_engine *engine)
{
    if (!engine)
        return;
    ssr_registry_release(&engine->registry);
    ssr_allocator allocator = engine->config.allocator;
    allocator.resize(allocator.arg, engine, sizeof *engine, 0);
}
