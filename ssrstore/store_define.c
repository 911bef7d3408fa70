/* The definition of stores: options checked, the default made canonical, the rest left to the registry. */
#include "ssrstore/registry.h"
#include "ssrstore/value_internal.h"

static ssr_status make_default(const struct ssr_registry *registry, const ssr_store_options *options,
                               struct ssr_value **value)
{
    ssr_input input = options->default_string ? ssr_input_string(options->default_string)
                      : options->default_json ? ssr_input_json(options->default_json)
                                              : ssr_input_null();
    return ssr_input_make(&registry->budget.allocator, input, value);
}

static void release_store(struct ssr_definition *definition)
{
    ssr_value_free(((struct ssr_store *)definition)->fallback);
}

static void fill_store(struct ssr_store *store, const ssr_store_options *options, const char *type,
                       struct ssr_value *fallback)
{
    ssr_value_free(store->fallback);
    store->fallback = fallback;
    store->definition.release = release_store;
    store->definition.redact = options->redact;
    store->definition.type = type;
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
    const char *type = NULL;
    if (status == SSR_OK)
        status = ssr_registry_copy_type(registry, options->type, &type);
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
    fill_store(store, options, type, fallback);
    return store;
}

struct ssr_store *ssr_store_find(const struct ssr_registry *registry, const char *name)
{
    return (struct ssr_store *)ssr_registry_find(registry, SSR_KIND_STORE, name);
}

const char *ssr_store_name(const struct ssr_store *store)
{
    return store ? store->definition.name : "";
}
