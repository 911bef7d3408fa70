/* The definition of cookies: options checked by writing a cookie with them, the fallback made canonical. */
#include <string.h>

#include "cookie/cookie_internal.h"

/* Whether browsers would keep a cookie of that name with these attributes. */
static ssr_status try_attributes(const char *name, const ssr_cookie_options *options)
{
    ssr_cookie_attributes attributes = ssr_cookie_complete(&options->attributes);
    size_t length;
    return ssr_cookie_format(&(ssr_set_cookie){.name = name,
                                               .path = attributes.path,
                                               .domain = attributes.domain,
                                               .secure = attributes.secure,
                                               .http_only = attributes.http_only,
                                               .partitioned = attributes.partitioned,
                                               .same_site = attributes.same_site},
                             NULL, 0, &length);
}

static ssr_status check_protection(const struct ssr_registry *registry, ssr_cookie_protection protection)
{
    if (protection == SSR_COOKIE_PLAIN || registry->keyring)
        return SSR_OK;
    return SSR_E_COOKIE_KEY;
}

static ssr_status check(const struct ssr_registry *registry, const char *name, const ssr_cookie_options *options)
{
    ssr_status status = ssr_registry_check(registry, SSR_KIND_COOKIE, name, false);
    if (status == SSR_OK)
        status = try_attributes(name, options);
    bool is_sound = (unsigned)options->encoding <= SSR_COOKIE_JSON && options->attributes.max_age >= 0 &&
                    (unsigned)options->protection <= SSR_COOKIE_SEALED && options->sealed_for >= 0 &&
                    !(options->fallback_string && options->fallback_json);
    if (status == SSR_OK && !is_sound)
        status = SSR_E_INVALID_ARGUMENT;
    return status == SSR_OK ? check_protection(registry, options->protection) : status;
}

static ssr_status make_fallback(const struct ssr_registry *registry, const ssr_cookie_options *options,
                                struct ssr_value **value)
{
    ssr_input input = options->fallback_string ? ssr_input_string(options->fallback_string)
                      : options->fallback_json ? ssr_input_json(options->fallback_json)
                                               : ssr_input_null();
    return ssr_input_make(&registry->budget.allocator, input, value);
}

static void release_cookie(struct ssr_definition *definition)
{
    ssr_value_free(((struct ssr_cookie *)definition)->fallback);
}

/* Moves an attribute's text into the registry's memory; false: none left. */
static bool keep_text(struct ssr_registry *registry, const char **text)
{
    *text = ssr_region_copy(&registry->region, *text, strlen(*text));
    return *text != NULL;
}

static struct ssr_cookie *add_cookie(struct ssr_registry *registry, const char *name, const ssr_cookie_options *options,
                                     const char *type)
{
    ssr_cookie_attributes attributes = ssr_cookie_complete(&options->attributes);
    if (!keep_text(registry, &attributes.path) || (attributes.domain && !keep_text(registry, &attributes.domain)))
        return NULL;
    struct ssr_cookie *cookie = ssr_registry_add(registry, SSR_KIND_COOKIE, name, sizeof *cookie);
    if (!cookie)
        return NULL;
    cookie->definition.redact = !options->show_value;
    cookie->definition.type = type;
    cookie->definition.release = release_cookie;
    cookie->attributes = attributes;
    cookie->encoding = options->encoding;
    cookie->protection = options->protection;
    cookie->sealed_for = options->sealed_for;
    return cookie;
}

struct ssr_cookie *ssr_cookie_define(struct ssr_registry *registry, const char *name, const ssr_cookie_options *options)
{
    static const ssr_cookie_options zero;
    options = options ? options : &zero;
    if (!registry)
        return NULL;
    struct ssr_value *fallback = NULL;
    const char *type = NULL;
    ssr_status status = check(registry, name, options);
    if (status == SSR_OK)
        status = ssr_registry_copy_type(registry, options->type, &type);
    if (status == SSR_OK)
        status = make_fallback(registry, options, &fallback);
    struct ssr_cookie *cookie = status == SSR_OK ? add_cookie(registry, name, options, type) : NULL;
    if (!cookie) {
        ssr_value_free(fallback);
        return ssr_registry_refuse(registry, SSR_KIND_COOKIE, name, status == SSR_OK ? SSR_E_NOMEM : status);
    }
    cookie->fallback = fallback;
    return cookie;
}

struct ssr_cookie *ssr_cookie_find(const struct ssr_registry *registry, const char *name)
{
    return (struct ssr_cookie *)ssr_registry_find(registry, SSR_KIND_COOKIE, name);
}

const char *ssr_cookie_name(const struct ssr_cookie *cookie)
{
    return cookie ? cookie->definition.name : "";
}
