/*
 * demo/layout.c - the document around the page. It is written top to bottom: head and header show what the stores
 * hold before the page below has run, and so they show what the page set only in the next pass. The bar above them
 * shows nothing that most pages set, so it is a component: it runs again when a cookie that it reads has changed. The
 * footer tells how many passes it took, and why.
 */
#include "demo/layout.h"

#include <string.h>

#include "demo/routes.h"

/* The style sheet follows data-theme; the colours that browsers begin with are those of color-scheme. */
static void write_head(ssr_ctx *ctx, const struct visit *visit)
{
    const struct stores *stores = visit->stores;
    const char *theme = cookies_theme(ctx, visit->cookies);

    ssr_html(ctx, "<!doctype html>\n<html lang=\"en\" data-theme=\"");
    ssr_attr(ctx, theme);
    ssr_html(ctx, "\">\n<head>\n<meta charset=\"utf-8\">\n"
                  "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                  "<meta name=\"color-scheme\" content=\"");
    ssr_attr(ctx, strcmp(theme, "auto") == 0 ? "light dark" : theme);
    ssr_html(ctx, "\">\n<title>");
    ssr_text(ctx, ssr_get_string(ctx, stores->title));
    ssr_html(ctx, "</title>\n<meta name=\"description\" content=\"");
    ssr_attr(ctx, ssr_get_string(ctx, stores->description));
    ssr_html(ctx, "\">\n<link rel=\"stylesheet\" href=\"/style.css\">\n"
                  "<link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\">\n"
                  "<script type=\"module\" src=\"/browser/app.js\"></script>\n</head>\n");
}

/* The page itself is "page"; the section it is in, "true". */
static void write_nav_link(ssr_ctx *ctx, const struct route *link, const struct route *here)
{
    ssr_html(ctx, "<li><a href=\"");
    ssr_url(ctx, link->path);
    if (link == here)
        ssr_html(ctx, "\" aria-current=\"page\">");
    else if (strncmp(link->path, here->path, strlen(link->path)) == 0)
        ssr_html(ctx, "\" aria-current=\"true\">");
    else
        ssr_html(ctx, "\">");
    ssr_text(ctx, link->label);
    ssr_html(ctx, "</a></li>");
}

static void write_visitor(ssr_ctx *ctx, const struct cookies *cookies)
{
    const char *user = cookies_user(ctx, cookies, NULL);

    ssr_html(ctx, "<nav aria-label=\"You\" class=\"you\"><ul><li><a href=\"/theme\">Theme: ");
    ssr_text(ctx, cookies_theme(ctx, cookies));
    ssr_html(ctx, "</a></li><li><button type=\"button\" id=\"switch-theme\" aria-label=\"Switch the "
                  "theme\">Switch</button></li><li><a href=\"");
    ssr_url(ctx, user ? "/account" : "/sign-in");
    ssr_html(ctx, "\">");
    ssr_text(ctx, user ? user : "Sign in");
    ssr_html(ctx, "</a></li></ul></nav>\n");
}

/* The props of the bar: pointers to what never changes. */
struct bar {
    const struct cookies *cookies;
    const struct route *here;
};

static ssr_status write_bar(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    const struct bar *bar = props->bytes;

    (void)arg;
    ssr_html(ctx, "<div class=\"bar\">\n"
                  "<a class=\"brand\" href=\"/\"><span class=\"mark\" aria-hidden=\"true\"></span>Second Pass</a>\n");
    write_visitor(ctx, bar->cookies);
    ssr_html(ctx, "<nav aria-label=\"Site\"><ul>");
    for (size_t i = 0; i < route_count; i++) {
        if (routes[i].label)
            write_nav_link(ctx, &routes[i], bar->here);
    }
    return ssr_html(ctx, "</ul></nav>\n</div>\n");
}

const ssr_component_definition *layout_define(ssr_registry *registry)
{
    return ssr_component_define(registry, "bar", &(ssr_component_options){.render = write_bar});
}

static void write_site_header(ssr_ctx *ctx, const struct visit *visit)
{
    const struct bar bar = {visit->cookies, visit->route};

    ssr_html(ctx, "<body>\n<a class=\"skip\" href=\"#content\">Skip to the page</a>\n<header>\n");
    ssr_component_bytes(ctx, visit->bar, NULL, &bar, sizeof bar);
}

/* One [label, address or null]; null is where the visitor is. */
static void write_crumb(ssr_ctx *ctx, ssr_json crumb)
{
    ssr_json label = ssr_json_first(crumb);
    const char *href = ssr_string(ctx, ssr_json_next(label));

    if (href) {
        ssr_html(ctx, "<li><a href=\"");
        ssr_url(ctx, href);
        ssr_html(ctx, "\">");
        ssr_text_json(ctx, label);
        ssr_html(ctx, "</a></li>");
    } else {
        ssr_html(ctx, "<li><span aria-current=\"page\">");
        ssr_text_json(ctx, label);
        ssr_html(ctx, "</span></li>");
    }
}

/* What a form has left for this page. A page that redirects leaves it for the page that it leads to. */
static void write_flash(ssr_ctx *ctx, const struct visit *visit)
{
    const char *flash = cookies_flash(ctx, visit->cookies);

    if (!flash || visit->route->leaves)
        return;
    ssr_html(ctx, "<p class=\"notice\" role=\"status\">");
    ssr_text(ctx, flash);
    ssr_html(ctx, "</p>\n");
    cookies_forget_flash(ctx, visit->cookies);
}

static void write_biscuit(ssr_ctx *ctx, const struct visit *visit)
{
    const char *biscuit = ssr_cookie_get_string(ctx, visit->cookies->biscuit);

    ssr_html(ctx, "<p class=\"jar\">The cookie <code>biscuit</code>: <strong>");
    ssr_text(ctx, biscuit ? biscuit : "none");
    ssr_html(ctx, "</strong></p>\n");
}

static void write_page_header(ssr_ctx *ctx, const struct visit *visit)
{
    const struct stores *stores = visit->stores;
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
    write_flash(ctx, visit);
    if (visit->route->shows_biscuit)
        write_biscuit(ctx, visit);
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

static void write_footer(ssr_ctx *ctx, const struct visit *visit)
{
    ssr_html(ctx, "<footer>\n");
    write_rings(ctx);
    ssr_html(ctx, "<p>");
    account_write(&visit->account, ctx, visit->route->sets_cookies);
    ssr_html(ctx,
             "</p>\n<p>What the header shows and what the page was given also travel to the browser, as JSON at the "
             "end of this document.</p>\n</footer>\n");
}

void layout_note_shown(ssr_ctx *ctx, struct visit *visit)
{
    const struct stores *stores = visit->stores;
    const ssr_store *const shown[] = {stores->title, stores->description, stores->breadcrumb, stores->notice};

    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        account_store(&visit->account, ctx, shown[i], true);
    account_cookie(&visit->account, ctx, visit->cookies->theme, true);
    if (!visit->route->shows_biscuit)
        return;
    account_store(&visit->account, ctx, stores->order, false);
    account_cookie(&visit->account, ctx, visit->cookies->biscuit, true);
}

ssr_status layout_render(ssr_ctx *ctx, void *arg)
{
    struct visit *visit = arg;
    ssr_status status;

    layout_note_shown(ctx, visit);
    write_head(ctx, visit);
    write_site_header(ctx, visit);
    write_page_header(ctx, visit);
    ssr_html(ctx, "<main id=\"content\">\n");
    status = visit->route->page(ctx, visit);
    ssr_html(ctx, "</main>\n");
    write_footer(ctx, visit);
    ssr_transfer_here(ctx);
    ssr_html(ctx, "</body>\n</html>\n");
    return status;
}
