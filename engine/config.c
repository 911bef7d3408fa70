/* The configuration: its defaults, and its form as JSON in the spelling of the seed. */
#include <stdio.h>
#include <string.h>

#include "engine/engine.h"
#include "ssrstore/memory.h"

ssr_config ssr_config_default(void)
{
    ssr_config config;
    memset(&config, 0, sizeof config);
    config.allocator = ssr_default_allocator;
    config.allowed_rerenders_count = SSR_UNLIMITED;
    config.forbidden_rerenders_count = 25;
    config.limits.request_bytes = UINT64_C(64) << 20;
    config.limits.output_bytes = UINT64_C(8) << 20;
    config.limits.value_bytes = UINT64_C(1) << 20;
    config.limits.stores = 10000;
    config.reuse_components = true;
    config.limits.cookies = 300;
    config.limits.cookie_bytes = UINT64_C(64) << 10;
    config.limits.queries = 1000;
    config.limits.passes = 500;
    config.max_query_passes = 100;
    return config;
}

/* A count as the seed writes it: a whole number, null for what it was, "Infinity". */
static ssr_status read_count(ssr_json json, uint64_t *count)
{
    int64_t integer;
    if (ssr_json_type(json) == SSR_JSON_NULL)
        return SSR_OK;
    if (ssr_json_equals(json, "Infinity")) {
        *count = SSR_UNLIMITED;
        return SSR_OK;
    }
    if (ssr_json_integer(json, &integer) != SSR_OK || integer < 0)
        return SSR_E_INVALID_CONFIG;
    *count = (uint64_t)integer;
    return SSR_OK;
}

static ssr_status read_flag(ssr_json json, bool *flag)
{
    bool is_kept = ssr_json_type(json) == SSR_JSON_NULL || ssr_json_boolean(json, flag) == SSR_OK;
    return is_kept ? SSR_OK : SSR_E_INVALID_CONFIG;
}

static ssr_status read_member(ssr_config *config, ssr_json member)
{
    ssr_json name = ssr_json_key(member);
    if (ssr_json_equals(name, "allowedRerendersCount"))
        return read_count(member, &config->allowed_rerenders_count);
    if (ssr_json_equals(name, "forbiddenRerendersCount"))
        return read_count(member, &config->forbidden_rerenders_count);
    if (ssr_json_equals(name, "maxQueryPasses"))
        return read_count(member, &config->max_query_passes);
    if (ssr_json_equals(name, "prefetchLoadersBeforePageRender"))
        return read_flag(member, &config->prefetch_loaders_before_page_render);
    if (ssr_json_equals(name, "stopOnCycle"))
        return read_flag(member, &config->stop_on_cycle);
    return SSR_E_INVALID_CONFIG;
}

static ssr_status refuse_member(ssr_json member, char *error, size_t error_size)
{
    char name[64];
    ssr_json_string(ssr_json_key(member), name, sizeof name);
    snprintf(error, error_size,
             "\"%s\": %.*s: allowedRerendersCount, forbiddenRerendersCount and maxQueryPasses take a whole number from "
             "0 up or \"Infinity\"; prefetchLoadersBeforePageRender and stopOnCycle take true or false; null leaves "
             "each as it is",
             name, member.length < 40 ? (int)member.length : 40, member.text);
    return SSR_E_INVALID_CONFIG;
}

static ssr_status read_object(ssr_config *config, ssr_json object, char *error, size_t error_size)
{
    if (ssr_json_type(object) != SSR_JSON_OBJECT) {
        snprintf(error, error_size, "the configuration is a JSON object, as in {\"allowedRerendersCount\":7}");
        return SSR_E_INVALID_CONFIG;
    }
    ssr_config read = *config;
    for (ssr_json member = ssr_json_first(object); member.text; member = ssr_json_next(member))
        if (read_member(&read, member) != SSR_OK)
            return refuse_member(member, error, error_size);
    *config = read;
    return SSR_OK;
}

ssr_status ssr_config_read_json(ssr_config *config, const char *json, size_t length, char *error, size_t error_size)
{
    ssr_value *value;
    size_t at;
    if (!error)
        error_size = 0;
    ssr_status status = ssr_value_parse(&config->allocator, json, length, &at, &value);
    if (status != SSR_OK) {
        snprintf(error, error_size, "byte %zu: %s: %s", at, ssr_status_name(status), ssr_status_advice(status));
        return status;
    }
    status = read_object(config, ssr_value_json(value), error, error_size);
    ssr_value_free(value);
    return status;
}
