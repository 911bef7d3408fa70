#include <engine/ssr.h>
#include <stdio.h>
static ssr_store *title;

static ssr_status page(ssr_ctx *ctx)
{
    ssr_set_string(ctx, title, "Ideas & more"); /* staged: the layout above sees it in the next pass */
    return ssr_html(ctx, "<p>Everything starts as one.</p>\n");
}

static ssr_status layout(ssr_ctx *ctx, void *log)
{
    fprintf(log, "pass %u: the title is \"%s\"\n", ssr_pass(ctx), ssr_get_string(ctx, title));
    ssr_html(ctx, "<h1>");
    ssr_text(ctx, ssr_get_string(ctx, title)); /* escaped */
    ssr_html(ctx, "</h1>\n");
    return page(ctx);
}

int main(void)
{
    ssr_engine *engine;
    ssr_render *render = NULL;
    ssr_engine_new(NULL, &engine);
    title = ssr_store_define(ssr_engine_registry(engine), "title", &(ssr_store_options){.default_string = "Untitled"});
    if (ssr_engine_start(engine) == SSR_OK && ssr_run(engine, layout, stdout, NULL, &render) == SSR_OK)
        printf("%s%s\n", ssr_render_result(render)->html, ssr_render_result(render)->transfer);
    ssr_render_free(render);
    ssr_engine_free(engine);
}
