/* Templates: the definition of atoms, and registries without an engine. What always holds: a template never changes. */
#include <string.h>

#include "ssrstore/atom_internal.h"

static void release_template(struct ssr_definition *definition)
{
    ssr_value_free(((struct ssr_atom_template *)definition)->owned);
}

/* The template as an atom without a store: nothing of it ever changes. */
static void fill_atom(struct ssr_atom_template *template)
{
    struct ssr_atom *atom = &template->atom;
    atom->template = template;
    atom->value = &template->fallback;
    atom->key = template->definition.name;
    ssr_atom_link_init(&atom->subscriptions);
}

/* What the options point to, copied. */
struct copies {
    struct ssr_actions actions;
    const char *persist, *type;
    struct ssr_value *value;
};

static void fill(struct ssr_atom_template *template, const ssr_atom_options *options, const struct copies *copies)
{
    template->definition.release = release_template;
    template->definition.type = copies->type;
    template->before_update = options->before_update;
    template->get = options->get;
    template->arg = options->arg;
    template->actions = copies->actions;
    template->policy = options->policy;
    template->persist = copies->persist;
    template->owned = copies->value;
    template->fallback = (struct ssr_atom_value){*copies->value, 0};
    fill_atom(template);
}

/* What a template owns beside its definition; on an error nothing is left that the registry does not free. */
static ssr_status copy_options(struct ssr_registry *registry, const ssr_atom_options *options, struct copies *copies)
{
    if ((unsigned)options->policy > SSR_LOCAL)
        return SSR_E_INVALID_ARGUMENT;
    ssr_status status = ssr_actions_copy(&copies->actions, &registry->region, options->actions, options->action_count);
    if (status == SSR_OK && options->persist) {
        copies->persist = ssr_region_copy(&registry->region, options->persist, strlen(options->persist));
        status = copies->persist ? SSR_OK : SSR_E_NOMEM;
    }
    if (status == SSR_OK)
        status = ssr_registry_copy_type(registry, options->type, &copies->type);
    if (status != SSR_OK)
        return status;
    ssr_input input = options->default_json ? ssr_input_json(options->default_json) : ssr_input_null();
    return ssr_input_make(&registry->budget.allocator, input, &copies->value);
}

struct ssr_atom_template *ssr_atom_define(struct ssr_registry *registry, const char *key,
                                          const ssr_atom_options *options)
{
    static const ssr_atom_options zero;
    options = options ? options : &zero;
    if (!registry)
        return NULL;
    struct copies copies = {0};
    ssr_status status = ssr_registry_check(registry, SSR_KIND_ATOM, key, false);
    if (status == SSR_OK)
        status = copy_options(registry, options, &copies);
    if (status != SSR_OK)
        return ssr_registry_refuse(registry, SSR_KIND_ATOM, key, status);
    struct ssr_atom_template *template = ssr_registry_add(registry, SSR_KIND_ATOM, key, sizeof *template);
    if (!template) {
        ssr_value_free(copies.value);
        return ssr_registry_refuse(registry, SSR_KIND_ATOM, key, SSR_E_NOMEM);
    }
    fill(template, options, &copies);
    return template;
}

struct ssr_atom_template *ssr_atom_find(const struct ssr_registry *registry, const char *key)
{
    return (struct ssr_atom_template *)ssr_registry_find(registry, SSR_KIND_ATOM, key);
}

const char *ssr_atom_template_key(const struct ssr_atom_template *template)
{
    return template ? template->definition.name : "";
}

struct ssr_atom *ssr_atom_template_atom(const struct ssr_atom_template *template)
{
    return template ? (struct ssr_atom *)&template->atom : NULL; /* every write looks at its store first */
}

ssr_json ssr_atom_template_value(const struct ssr_atom_template *template)
{
    return ssr_value_json(template ? template->owned : NULL);
}

/* ---- Registries without an engine ------------------------------------------------------------------------------- */

ssr_status ssr_registry_new(const ssr_allocator *allocator, struct ssr_registry **registry)
{
    struct ssr_budget budget;
    ssr_budget_init(&budget, allocator, SIZE_MAX);
    *registry = ssr_budget_resize(&budget, NULL, 0, sizeof **registry);
    if (!*registry)
        return SSR_E_NOMEM;
    ssr_registry_init(*registry, &budget.allocator);
    (*registry)->is_own = true;
    return SSR_OK;
}

void ssr_registry_free(struct ssr_registry *registry)
{
    if (!registry)
        return;
    ssr_allocator allocator = registry->budget.allocator;
    ssr_registry_release(registry);
    allocator.resize(allocator.arg, registry, sizeof *registry, 0);
}
