#include <engine/ssr.h>
#include <stdio.h>

static ssr_store *count;
static ssr_component_definition *header, *item;

static ssr_status show_header(ssr_ctx *ctx, const ssr_props *props, void *runs)
{
    (void)props;
    ++*(int *)runs;
    ssr_html(ctx, "<h1>Ideas: ");
    ssr_text_json(ctx, ssr_get_json(ctx, count)); /* a read: when it changes, this runs again */
    return ssr_html(ctx, "</h1>\n");
}

static ssr_status show_item(ssr_ctx *ctx, const ssr_props *props, void *runs)
{
    ++*(int *)runs;
    ssr_html(ctx, "<li>");
    ssr_text_json(ctx, ssr_json_at(props->json, "/title"));
    return ssr_html(ctx, "</li>\n");
}

static ssr_status page(ssr_ctx *ctx, void *arg)
{
    static const char *const ideas[][2] = {{"7", "{\"title\":\"Fly\"}"}, {"9", "{\"title\":\"Walk & talk\"}"}};
    (void)arg;
    ssr_component(ctx, header, NULL, ssr_input_null());
    for (int i = 0; i < 2; i++)
        ssr_component(ctx, item, ideas[i][0], ssr_input_json(ideas[i][1])); /* the key: which one it is */
    return ssr_set_integer(ctx, count, 2);                                  /* what the header above shows */
}

int main(void)
{
    ssr_engine *engine;
    ssr_render *render = NULL;
    int headers = 0, items = 0; /* to show what runs; a component looks at nothing of that kind */
    ssr_engine_new(NULL, &engine);
    ssr_registry *registry = ssr_engine_registry(engine);
    count = ssr_store_define(registry, "count", &(ssr_store_options){.default_json = "0"});
    header = ssr_component_define(registry, "header", &(ssr_component_options){.render = show_header, .arg = &headers});
    item = ssr_component_define(registry, "item", &(ssr_component_options){.render = show_item, .arg = &items});
    if (ssr_engine_start(engine) == SSR_OK && ssr_run(engine, page, NULL, NULL, &render) == SSR_OK)
        printf("%s%u passes: the header ran %d times, items %d times\n", ssr_render_result(render)->html,
               ssr_render_result(render)->passes, headers, items);
    ssr_render_free(render);
    ssr_engine_free(engine);
}
