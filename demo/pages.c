/*
 * demo/pages.c - the pages that need no data. A page runs once in every pass and does the same each time: it sets what
 * the layout above it shows, and writes its own part. Only /unstable and /flip misbehave, on purpose.
 */
#include "demo/pages.h"

#include <stdio.h>
#include <string.h>

#include "demo/routes.h"

void page_trail(ssr_ctx *ctx, const struct crumb *crumbs, size_t count)
{
    ssr_builder *trail = ssr_build(ctx);

    ssr_builder_begin_array(trail);
    for (size_t i = 0; i < count; i++) {
        ssr_builder_begin_array(trail);
        ssr_builder_string(trail, crumbs[i].label);
        if (crumbs[i].address)
            ssr_builder_string(trail, crumbs[i].address);
        else
            ssr_builder_null(trail);
        ssr_builder_end_array(trail);
    }
    ssr_builder_end_array(trail);
}

void page_trail_here(ssr_ctx *ctx, const char *label)
{
    page_trail(ctx, &(struct crumb){label, NULL}, 1);
}

/* ---- / ----------------------------------------------------------------------------------------------------------- */

static void write_route(ssr_ctx *ctx, const struct route *route)
{
    ssr_html(ctx, "<li><a href=\"");
    ssr_url(ctx, route->example);
    ssr_html(ctx, "\">");
    ssr_text(ctx, route->example);
    ssr_html(ctx, "</a><p>");
    ssr_text(ctx, route->about);
    ssr_html(ctx, "</p></li>\n");
}

ssr_status page_home(ssr_ctx *ctx, struct visit *visit)
{
    (void)visit;
    ssr_html(ctx,
             "<p class=\"opening\">A page is written from top to bottom, but often only its lower part knows what "
             "belongs at the top: the title, the way back, a warning. This site renders every page with "
             "<code>ssrstore</code>, a C library that lets a page set such values while it is being rendered. If "
             "one of them differs from what the header has already shown, the page is rendered again, and again, "
             "until nothing changes any more.</p>\n"
             "<p>This page sets nothing, so one pass is enough; every footer says how many its page took, and why. "
             "The response header <code>X-Ssr-Passes</code> tells a program.</p>\n"
             "<h2>Have a look around</h2>\n<ul class=\"places\">\n");
    for (size_t i = 0; i < route_count; i++) {
        if (routes[i].example)
            write_route(ctx, &routes[i]);
    }
    ssr_html(ctx,
             "</ul>\n<p class=\"aside\">With <code>./run demo --dev</code> each page has a badge that opens "
             "the log of its passes. The flags <code>--allowed-rerenders-count</code> and "
             "<code>--forbidden-rerenders-count</code> limit the passes, and <code>--prefetch-loaders</code> loads "
             "data before the first one. The descriptions above hold for the defaults.</p>\n");
    return SSR_OK;
}

/* ---- Nothing here ------------------------------------------------------------------------------------------------ */

ssr_status page_not_found(ssr_ctx *ctx, struct visit *visit)
{
    const struct stores *stores = visit->stores;

    ssr_set_status(ctx, 404);
    ssr_set_string(ctx, stores->title, "Nothing here");
    ssr_set_string(ctx, stores->description, "No page of this site has that address.");
    page_trail_here(ctx, "Not found");
    ssr_set_built(ctx, stores->breadcrumb);

    ssr_html(ctx, "<p>It may never have existed, or the address has a slip in it. Even this page took another look "
                  "before it put its name at the top.</p>\n"
                  "<p class=\"onward\"><a href=\"/ideas\">All ideas</a> <a href=\"/\">Start page</a></p>\n");
    return SSR_OK;
}

/* ---- /old ---------------------------------------------------------------------------------------------------------
 */

ssr_status page_old(ssr_ctx *ctx, struct visit *visit)
{
    (void)visit;
    return ssr_redirect(ctx, "/ideas", 301);
}

/* ---- /override --------------------------------------------------------------------------------------------------- */

/* Runs on the server as well as it would in a browser; what it sets is staged like any other set. */
static ssr_status announce(ssr_ctx *ctx, void *arg)
{
    const struct visit *visit = arg;

    page_trail_here(ctx, "What a part of the page wanted");
    return ssr_set_built(ctx, visit->stores->breadcrumb);
}

ssr_status page_override(ssr_ctx *ctx, struct visit *visit)
{
    const struct stores *stores = visit->stores;

    ssr_effect(ctx, announce, visit);
    ssr_set_string(ctx, stores->title, "The page has the last word");
    ssr_set_string(ctx, stores->description, "The layout had a title and a breadcrumb of its own. Both gave way.");
    page_trail(ctx, (const struct crumb[]){{"Start", "/"}, {"Overridden by the page", NULL}}, 2);
    ssr_set_built(ctx, stores->breadcrumb);

    ssr_html(ctx,
             "<p>When the header above was rendered for the first time, it showed what every page of this site starts "
             "with: the title \xE2\x80\x9CSecond Pass\xE2\x80\x9D and the breadcrumb \xE2\x80\x9CStart\xE2\x80\x9D. "
             "Then this page set its own.</p>\n"
             "<p>It set the breadcrumb twice: an effect did it first, the page itself afterwards. Within a pass the "
             "last set counts, so the first one was never seen by anybody and cost nothing.</p>\n");
    return SSR_OK;
}

/* ---- /unstable and /flip ----------------------------------------------------------------------------------------- */

/* The same in every pass: what a page that wants time or chance should read. */
static void write_remedy(ssr_ctx *ctx)
{
    ssr_html(ctx, "<p>A page that wants the time or a random number asks the library instead of the system. All "
                  "passes of a render get the same answer: here it was <code>");
    ssr_text_integer(ctx, ssr_now(ctx));
    ssr_html(ctx, "</code> milliseconds after the start of 1970, and the dice showed <code>");
    ssr_text_integer(ctx, (int64_t)(ssr_random(ctx) % 6) + 1);
    ssr_html(ctx, "</code>.</p>\n");
}

ssr_status page_unstable(ssr_ctx *ctx, struct visit *visit)
{
    const struct stores *stores = visit->stores;
    char notice[64];

    snprintf(notice, sizeof notice, "Reading no. %u, and another is on its way.", ssr_pass(ctx));
    ssr_set_string(ctx, stores->notice, notice);
    ssr_set_string(ctx, stores->title, "A needle that never rests");
    ssr_set_string(ctx, stores->description, "Each pass of this page sets a value that the pass before did not have.");
    page_trail_here(ctx, "Unstable");
    ssr_set_built(ctx, stores->breadcrumb);

    ssr_html(ctx, "<p>The notice in the header comes from a store, and this page sets it to the number of the running "
                  "pass. No number of passes makes that settle. Clocks, random numbers and counters do the same to "
                  "a page by accident, which is why there are two caps: a soft one that stops quietly, and a hard "
                  "one that also writes one line to the error log.</p>\n<p>You are looking at pass ");
    ssr_text_integer(ctx, ssr_pass(ctx));
    ssr_html(ctx, ". What it set is dropped: the document and the values sent along with it are those of one and the "
                  "same pass.</p>\n");
    write_remedy(ctx);
    return SSR_OK;
}

ssr_status page_flip(ssr_ctx *ctx, struct visit *visit)
{
    static const char heads[] = "Heads. The page would rather have tails.";
    static const char tails[] = "Tails. The page would rather have heads.";
    const struct stores *stores = visit->stores;
    bool shows_heads = ssr_json_equals(ssr_get_json(ctx, stores->notice), heads);

    ssr_set_string(ctx, stores->notice, shows_heads ? tails : heads);
    ssr_set_string(ctx, stores->title, "Heads, tails, heads, tails");
    ssr_set_string(ctx, stores->description, "Whatever the header shows, the page asks for the opposite.");
    page_trail_here(ctx, "Flip");
    ssr_set_built(ctx, stores->breadcrumb);

    ssr_html(ctx, "<p>Two values that take turns are the mildest way of never settling: nothing is random, nothing "
                  "grows, and yet there is no end to it. It happens when a page derives a value from the very value "
                  "it sets.</p>\n<p>You are looking at pass ");
    ssr_text_integer(ctx, ssr_pass(ctx));
    ssr_html(ctx, ". One more would have shown what it asked for.</p>\n");
    return SSR_OK;
}
