/*
 * demo/island_page.c - the page with an island in React. What is inside the island is to the byte what its component
 * (browser/island.jsx) renders at first, without a blank between its elements: React goes on with it. Without the
 * bundle, or without scripts, the same markup is a list like any other.
 */
#include "demo/likes.h"
#include "demo/pages.h"

static void write_island_entry(ssr_ctx *ctx, ssr_json idea)
{
    ssr_html(ctx, "<li><h2><a href=\"/ideas/");
    ssr_text_json(ctx, ssr_json_at(idea, "/id"));
    ssr_html(ctx, "\">");
    ssr_text_json(ctx, ssr_json_at(idea, "/title"));
    ssr_html(ctx, "</a></h2><p>");
    ssr_text_json(ctx, ssr_json_at(idea, "/summary"));
    ssr_html(ctx, "</p></li>");
}

static void write_island(ssr_ctx *ctx, const struct visit *visit, ssr_json ideas)
{
    ssr_html(ctx, "<section id=\"island\" data-root=\"");
    ssr_attr(ctx, visit->root);
    ssr_html(ctx, "\">");
    likes_write(ctx, visit->likes);
    ssr_html(ctx, "<p class=\"find\"><label for=\"find\">Find</label> "
                  "<input id=\"find\" type=\"search\" autocomplete=\"off\" value=\"\"/></p><ol class=\"ideas\">");
    for (ssr_json idea = ssr_json_first(ideas); ssr_json_type(idea) != SSR_JSON_ABSENT; idea = ssr_json_next(idea))
        write_island_entry(ctx, idea);
    ssr_html(ctx, "</ol></section>\n");
}

static void write_script(ssr_ctx *ctx, const struct visit *visit)
{
    if (visit->has_island)
        ssr_html(ctx, "<script type=\"module\" src=\"/browser/island.js\"></script>\n");
    else
        ssr_html(
            ctx,
            "<p class=\"aside\" id=\"no-island\">The island\xE2\x80\x99s script is missing, so the list stays as the "
            "server wrote it. The script is built with npm; <code>./run demo</code> does without "
            "it where there is no npm.</p>\n");
}

ssr_status page_island(ssr_ctx *ctx, struct visit *visit)
{
    const ssr_query *query = visit->queries->ideas;
    ssr_query_result ideas = account_query(&visit->account, ctx, query, ssr_query_get(ctx, query, NULL, true));

    ssr_html(ctx,
             "<p>The server wrote this list like everything else; then React took it over. It reads the same ideas "
             "from the JSON at the end of this document, and the count is the one on the page of "
             "<a href=\"/ideas\">ideas</a>.</p>\n");
    if (ideas.state == SSR_QUERY_READY) {
        write_island(ctx, visit, ideas.data);
        write_script(ctx, visit);
    } else {
        ssr_html(ctx, "<p>The ideas are not here.</p>\n");
    }
    return SSR_OK;
}
