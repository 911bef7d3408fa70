/* The definition of stores: options checked, the default made canonical, the rest left to the registry. */
#include <string.h>

#include "ssrstore/registry.h"
#include "ssrstore/value_internal.h"

static ssr_status make_default(const struct ssr_registry *registry, const ssr_store_options *options,
                               struct ssr_value **value)
{
    *value = NULL;
    ssr_builder *builder = ssr_builder_new(&registry->budget.allocator);
    if (!builder)
        return SSR_E_NOMEM;
    if (options->default_string)
        ssr_builder_string(builder, options->default_string);
    else if (options->default_json)
        ssr_builder_json(builder, options->default_json, strlen(options->default_json));
    else
        ssr_builder_null(builder);
    ssr_status status = ssr_builder_finish(builder, value);
    ssr_builder_free(builder);
    return status;
}

static void release_store(struct ssr_definition *definition)
{
    ssr_value_free(((struct ssr_store *)definition)->fallback);
}

static void fill_store(struct ssr_store *store, const ssr_store_options *options, struct ssr_value *fallback)
{
    ssr_value_free(store->fallback);
    store->fallback = fallback;
    store->definition.release = release_store;
    store->definition.redact = options->redact;
    store->init = options->init;
    store->init_arg = options->init_arg;
    store->lifetime = options->lifetime;
    store->policy = options->policy;
    store->always = options->always;
}

static bool is_sound(const ssr_store_options *options)
{
    int defaults = (options->default_string != NULL) + (options->default_json != NULL) + (options->init != NULL);
    return defaults <= 1 && (unsigned)options->lifetime <= SSR_DERIVED && (unsigned)options->policy <= SSR_LOCAL;
}

struct ssr_store *ssr_store_define(struct ssr_registry *registry, const char *name, const ssr_store_options *options)
{
    static const ssr_store_options zero;
    options = options ? options : &zero;
    if (!registry)
        return NULL;
    ssr_status status = ssr_registry_check(registry, SSR_KIND_STORE, name, options->replace);
    if (status == SSR_OK && !is_sound(options))
        status = SSR_E_INVALID_ARGUMENT;
    struct ssr_value *fallback = NULL;
    if (status == SSR_OK)
        status = make_default(registry, options, &fallback);
    if (status != SSR_OK)
        return ssr_registry_refuse(registry, SSR_KIND_STORE, name, status);
    struct ssr_store *store = ssr_store_find(registry, name);
    if (!store)
        store = ssr_registry_add(registry, SSR_KIND_STORE, name, sizeof *store);
    if (!store) {
        ssr_value_free(fallback);
        return ssr_registry_refuse(registry, SSR_KIND_STORE, name, SSR_E_NOMEM);
    }
    fill_store(store, options, fallback);
    return store;
}

struct ssr_store *ssr_store_find(const struct ssr_registry *registry, const char *name)
{
    return (struct ssr_store *)ssr_registry_find(registry, SSR_KIND_STORE, name);
}

const char *ssr_store_name(const struct ssr_store *store)
{
    return store->definition.name;
}
