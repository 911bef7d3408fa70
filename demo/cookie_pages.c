/*
 * demo/cookie_pages.c - what cookies cost, a page for each line of the table in docs/cookies.md. They differ in what
 * they do to one cookie, and the header above them shows it.
 */
#include <stdio.h>
#include <string.h>

#include "demo/pages.h"
#include "demo/routes.h"

/* ---- What they do ------------------------------------------------------------------------------------------------ */

static void set_it(ssr_ctx *ctx, const struct visit *visit)
{
    ssr_cookie_set(ctx, visit->cookies->biscuit, ssr_input_string("ginger"));
}

static void set_another(ssr_ctx *ctx, const struct visit *visit)
{
    char text[32];

    snprintf(text, sizeof text, "No. %u", ssr_pass(ctx));
    ssr_cookie_set(ctx, visit->cookies->biscuit, ssr_input_string(text));
}

static void set_from_store(ssr_ctx *ctx, const struct visit *visit)
{
    const char *order = ssr_get_string(ctx, visit->stores->order);

    ssr_set_string(ctx, visit->stores->order, "oat");
    if (order)
        ssr_cookie_set(ctx, visit->cookies->biscuit, ssr_input_string(order));
}

static void feed_store(ssr_ctx *ctx, const struct visit *visit)
{
    const char *biscuit = ssr_cookie_get_string(ctx, visit->cookies->biscuit);

    if (biscuit)
        ssr_set_string(ctx, visit->stores->order, biscuit);
}

static void set_and_delete(ssr_ctx *ctx, const struct visit *visit)
{
    ssr_cookie_set(ctx, visit->cookies->biscuit, ssr_input_string("ginger"));
    ssr_cookie_delete(ctx, visit->cookies->biscuit);
}

static void delete_and_set(ssr_ctx *ctx, const struct visit *visit)
{
    ssr_cookie_delete(ctx, visit->cookies->biscuit);
    ssr_cookie_set(ctx, visit->cookies->biscuit, ssr_input_string("shortbread"));
}

static void delete_it(ssr_ctx *ctx, const struct visit *visit)
{
    ssr_cookie_delete(ctx, visit->cookies->biscuit);
}

/* ---- The pages --------------------------------------------------------------------------------------------------- */

static const struct biscuit_case {
    const char *path;
    void (*play)(ssr_ctx *ctx, const struct visit *visit);
    const char *lesson;
} cases[] = {
    {"/cookies/set", set_it,
     "The header is written before the page below it sets the cookie, so the first pass shows what your browser "
     "sent. What the page sets is staged, as with a store; it changes what the header reads, so there is a second "
     "pass. When the browser already sent this value, nothing changes: one pass is enough, and the cookie is sent "
     "all the same."},
    {"/cookies/unstable", set_another,
     "Each pass sets another value. A cap ends that, as it does with stores; but a cookie is never dropped: the "
     "browser gets the last value, which this document does not show yet."},
    {"/cookies/from-store", set_from_store,
     "The page sets a store, and gives its value to the cookie as soon as it is committed: one pass for the store, "
     "one for the cookie, and one that shows both."},
    {"/cookies/to-store", feed_store,
     "The page copies into a store what your browser sent. The cookie is there in the first pass, and the store "
     "follows in the second. Without a cookie there is nothing to copy, and one pass is enough."},
    {"/cookies/set-delete", set_and_delete,
     "First set, then deleted, in one pass: the last write counts. If the browser had no such cookie, a reader sees"
     " what it saw before, and one pass is enough. The deletion is sent nevertheless."},
    {"/cookies/delete-set", delete_and_set,
     "First deleted, then set, in one pass: the last write counts, and one cookie is sent, with the value."},
    {"/cookies/delete", delete_it,
     "A deletion is a cookie without a value and with a date in the past. It is sent even when the request brought "
     "none; it costs a pass only when there was something to lose."},
};

ssr_status page_biscuit(ssr_ctx *ctx, struct visit *visit)
{
    const char *order = ssr_get_string(ctx, visit->stores->order);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (strcmp(cases[i].path, visit->route->path) != 0)
            continue;
        cases[i].play(ctx, visit);
        ssr_html(ctx, "<p>");
        ssr_text(ctx, cases[i].lesson);
        ssr_html(ctx, "</p>\n");
    }
    if (order) {
        ssr_html(ctx, "<p>The store <code>order</code>: <strong>");
        ssr_text(ctx, order);
        ssr_html(ctx, "</strong></p>\n");
    }
    return ssr_html(ctx, "<p class=\"onward\"><a href=\"/cookies\">All of them</a></p>\n");
}

static void write_case(ssr_ctx *ctx, const struct route *route)
{
    ssr_html(ctx, "<li><a href=\"");
    ssr_url(ctx, route->path);
    ssr_html(ctx, "\">");
    ssr_text(ctx, route->title);
    ssr_html(ctx, "</a><p>A page that ");
    ssr_text(ctx, route->about);
    ssr_html(ctx, ".</p></li>\n");
}

ssr_status page_cookies(ssr_ctx *ctx, struct visit *visit)
{
    ssr_html(ctx, "<p class=\"opening\">A cookie is a store whose value travels both ways: your browser brings it, a "
                  "page reads and sets it as it does with stores, and your browser takes it home. Another pass runs "
                  "only if what a reader sees has changed, and whatever was set is sent.</p>\n"
                  "<h2>What it costs</h2>\n<ul class=\"places\">\n");
    for (size_t i = 0; i < route_count; i++) {
        if (routes[i].above && strcmp(routes[i].above, visit->route->path) == 0)
            write_case(ctx, &routes[i]);
    }
    return ssr_html(ctx, "</ul>\n<p class=\"aside\">Each of them says in its footer what it took. Without a browser, "
                         "<code>./run demo --once /cookies/set</code> prints the answer, and its log.</p>\n");
}
