/*
 * demo/layout.c - the document around the page. It is written top to bottom: head and header show what the stores
 * hold before the page below has run, and so they show what the page set only in the next pass. The footer tells how
 * many passes that took. It says only what can be known from inside a pass: the document is the last pass, so this
 * pass's number is the final count; and a store that differs from what the pass before showed was set by the page.
 */
#include "demo/layout.h"

#include <string.h>

#include "demo/routes.h"

/* ---- What changed from pass to pass ------------------------------------------------------------------------------ */

static void note_changes(ssr_ctx *ctx, struct visit *visit, const ssr_store *const *stores)
{
    for (size_t i = 0; i < STORE_COUNT; i++) {
        const ssr_value *value = ssr_get(ctx, stores[i]);
        struct seen *seen = &visit->seen[i];

        if (!value)
            continue;
        ssr_digest digest = ssr_value_digest(value);

        if (ssr_pass(ctx) > 1 && (digest.high != seen->digest.high || digest.low != seen->digest.low))
            seen->changes++;
        seen->digest = digest;
    }
}

static size_t count_changed(const struct visit *visit)
{
    size_t changed = 0;

    for (size_t i = 0; i < STORE_COUNT; i++)
        changed += visit->seen[i].changes > 0;
    return changed;
}

/* "breadcrumb, page.title and notice (25 times)" */
static void list_changed(ssr_ctx *ctx, const struct visit *visit, const ssr_store *const *stores)
{
    size_t left = count_changed(visit);

    for (size_t i = 0; i < STORE_COUNT; i++) {
        if (visit->seen[i].changes == 0)
            continue;
        ssr_html(ctx, "<code>");
        ssr_text(ctx, ssr_store_name(stores[i]));
        ssr_html(ctx, "</code>");
        if (visit->seen[i].changes > 1) {
            ssr_html(ctx, " (");
            ssr_text_integer(ctx, visit->seen[i].changes);
            ssr_html(ctx, " times)");
        }
        left--;
        ssr_html(ctx, left > 1 ? ", " : left == 1 ? " and " : "");
    }
}

/* ---- The parts, in the order of the document --------------------------------------------------------------------- */

static void write_head(ssr_ctx *ctx, const struct stores *stores)
{
    ssr_html(ctx, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    ssr_text(ctx, ssr_get_string(ctx, stores->title));
    ssr_html(ctx, "</title>\n<meta name=\"description\" content=\"");
    ssr_attr(ctx, ssr_get_string(ctx, stores->description));
    ssr_html(ctx, "\">\n<link rel=\"stylesheet\" href=\"/style.css\">\n"
                  "<link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\">\n</head>\n");
}

/* The page itself is "page"; the section it is in, "true". */
static void write_nav_link(ssr_ctx *ctx, const struct route *link, const struct route *here)
{
    ssr_html(ctx, "<li><a href=\"");
    ssr_url(ctx, link->path);
    ssr_html(ctx, "\"");
    if (link == here)
        ssr_html(ctx, " aria-current=\"page\"");
    else if (strncmp(link->path, here->path, strlen(link->path)) == 0)
        ssr_html(ctx, " aria-current=\"true\"");
    ssr_html(ctx, ">");
    ssr_text(ctx, link->label);
    ssr_html(ctx, "</a></li>");
}

static void write_site_header(ssr_ctx *ctx, const struct visit *visit)
{
    ssr_html(ctx, "<body>\n<a class=\"skip\" href=\"#content\">Skip to the page</a>\n<header>\n<div class=\"bar\">\n"
                  "<a class=\"brand\" href=\"/\"><span class=\"mark\" aria-hidden=\"true\"></span>Second Pass</a>\n"
                  "<nav aria-label=\"Site\"><ul>");
    for (size_t i = 0; i < route_count; i++) {
        if (routes[i].label)
            write_nav_link(ctx, &routes[i], visit->route);
    }
    ssr_html(ctx, "</ul></nav>\n</div>\n");
}

/* One [label, address or null]; null is where the visitor is. */
static void write_crumb(ssr_ctx *ctx, ssr_json crumb)
{
    const char *href = ssr_string(ctx, ssr_json_at(crumb, "/1"));

    if (href) {
        ssr_html(ctx, "<li><a href=\"");
        ssr_url(ctx, href);
        ssr_html(ctx, "\">");
        ssr_text_json(ctx, ssr_json_at(crumb, "/0"));
        ssr_html(ctx, "</a></li>");
    } else {
        ssr_html(ctx, "<li><span aria-current=\"page\">");
        ssr_text_json(ctx, ssr_json_at(crumb, "/0"));
        ssr_html(ctx, "</span></li>");
    }
}

static void write_page_header(ssr_ctx *ctx, const struct stores *stores)
{
    ssr_json crumb = ssr_json_first(ssr_get_json(ctx, stores->breadcrumb));
    const char *notice = ssr_get_string(ctx, stores->notice);

    ssr_html(ctx, "<div class=\"masthead\">\n<nav aria-label=\"Breadcrumb\" class=\"trail\"><ol>");
    for (; ssr_json_type(crumb) != SSR_JSON_ABSENT; crumb = ssr_json_next(crumb))
        write_crumb(ctx, crumb);
    ssr_html(ctx, "</ol></nav>\n<h1>");
    ssr_text(ctx, ssr_get_string(ctx, stores->title));
    ssr_html(ctx, "</h1>\n<p class=\"lede\">");
    ssr_text(ctx, ssr_get_string(ctx, stores->description));
    ssr_html(ctx, "</p>\n");
    if (notice) {
        ssr_html(ctx, "<p class=\"notice\">");
        ssr_text(ctx, notice);
        ssr_html(ctx, "</p>\n");
    }
    ssr_html(ctx, "</div>\n</header>\n");
}

/* One ring for each pass, the last one filled: a picture of the sentence beside it. */
static void write_rings(ssr_ctx *ctx)
{
    unsigned shown = ssr_pass(ctx) < 60 ? ssr_pass(ctx) : 60;

    ssr_html(ctx, "<p class=\"rings\" aria-hidden=\"true\">");
    for (unsigned i = 0; i < shown; i++)
        ssr_html(ctx, "<i></i>");
    ssr_html(ctx, "</p>\n");
}

static void write_footer(ssr_ctx *ctx, const struct visit *visit, const ssr_store *const *stores)
{
    ssr_html(ctx, "<footer>\n");
    write_rings(ctx);
    ssr_html(ctx, "<p><strong>Rendered in ");
    ssr_text_integer(ctx, ssr_pass(ctx));
    if (count_changed(visit) == 0) {
        ssr_html(ctx, " pass:</strong> the header above shows every store as it began.");
    } else {
        ssr_html(ctx, " passes:</strong> the page set ");
        list_changed(ctx, visit, stores);
        ssr_html(ctx, " after the header above it had been rendered.");
    }
    ssr_html(ctx, "</p>\n<p>What the header shows also travels to the browser, as JSON at the end of this document."
                  "</p>\n</footer>\n");
}

ssr_status layout_render(ssr_ctx *ctx, void *arg)
{
    struct visit *visit = arg;
    const ssr_store *const shown[STORE_COUNT] = {visit->stores->title, visit->stores->description,
                                                 visit->stores->breadcrumb, visit->stores->notice};
    ssr_status status;

    note_changes(ctx, visit, shown);
    write_head(ctx, visit->stores);
    write_site_header(ctx, visit);
    write_page_header(ctx, visit->stores);
    ssr_html(ctx, "<main id=\"content\">\n");
    status = visit->route->page(ctx, visit);
    ssr_html(ctx, "</main>\n");
    write_footer(ctx, visit, shown);
    ssr_transfer_here(ctx);
    ssr_html(ctx, "</body>\n</html>\n");
    return status;
}
