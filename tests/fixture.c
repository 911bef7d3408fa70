/* The fixture of fixture.h: owns nothing but what a test's struct fixture holds. */
#include "fixture.h"

#include "ssrstore/memory.h"

static void on_error(void *arg, const char *category, const char *line)
{
    struct fixture *fixture = arg;
    assert_string_equal(category, "ssr");
    fixture->errors++;
    snprintf(fixture->error, sizeof fixture->error, "%s", line);
}

static void on_record(void *arg, ssr_record *record)
{
    struct fixture *fixture = arg;
    size_t length;
    fixture->records++;
    const char *json = ssr_record_json(record, &length);
    snprintf(fixture->record_json, sizeof fixture->record_json, "%s", json ? json : "no memory");
    assert_true(!json || strlen(json) == length);
    const char *text = ssr_record_text(record, NULL);
    snprintf(fixture->record_text, sizeof fixture->record_text, "%s", text ? text : "no memory");
}

void fixture_init(struct fixture *fixture)
{
    memset(fixture, 0, sizeof *fixture);
    fixture->config = ssr_config_default();
    fixture->config.allocator = test_allocator(&fixture->memory);
    fixture->config.log = (ssr_log){.error = on_error, .record = on_record, .arg = fixture};
}

void fixture_open(struct fixture *fixture)
{
    assert_status(ssr_engine_new(&fixture->config, &fixture->engine), SSR_OK);
    fixture->registry = ssr_engine_registry(fixture->engine);
}

ssr_store *fixture_store(struct fixture *fixture, const char *name, const char *json)
{
    ssr_store *store = ssr_store_define(fixture->registry, name, &(ssr_store_options){.default_json = json});
    assert_non_null(store);
    return store;
}

void fixture_start(struct fixture *fixture)
{
    assert_status(ssr_engine_start(fixture->engine), SSR_OK);
}

ssr_status fixture_run_request(struct fixture *fixture, ssr_page_fn page, void *arg, const ssr_request *request)
{
    ssr_render_free(fixture->render);
    ssr_status status = ssr_run(fixture->engine, page, arg, request, &fixture->render);
    fixture->result = fixture->render ? ssr_render_result(fixture->render) : NULL;
    return status;
}

ssr_status fixture_run(struct fixture *fixture, ssr_page_fn page, void *arg)
{
    return fixture_run_request(fixture, page, arg, NULL);
}

const ssr_route *fixture_route(const char *location, void *route)
{
    (void)location;
    return route;
}

const ssr_route *fixture_route_of_b(const char *location, void *route)
{
    return strcmp(location, "/b") == 0 ? route : NULL;
}

void fixture_fill(struct ssr_region *region)
{
    size_t cap = region->budget->cap;
    region->budget->cap = region->budget->used;
    while (ssr_region_take(region, 1))
        continue;
    region->budget->cap = cap;
}

void fixture_close(struct fixture *fixture)
{
    ssr_render_free(fixture->render);
    ssr_engine_free(fixture->engine);
    assert_all_freed(&fixture->memory);
}
