/*
 * demo/pages.c - the pages. A page runs once in every pass and does the same each time: it sets what the layout
 * above it shows, and writes its own part. Only /unstable and /flip misbehave, on purpose.
 */
#include "demo/pages.h"

#include <stdio.h>
#include <string.h>

#include "demo/routes.h"

/* Builds the trail [[section, address], [here, null]] for ssr_set_built; section NULL: [[here, null]]. */
static void build_trail(ssr_ctx *ctx, const char *section, const char *address, const char *here)
{
    ssr_builder *trail = ssr_build(ctx);

    ssr_builder_begin_array(trail);
    if (section) {
        ssr_builder_begin_array(trail);
        ssr_builder_string(trail, section);
        ssr_builder_string(trail, address);
        ssr_builder_end_array(trail);
    }
    ssr_builder_begin_array(trail);
    ssr_builder_string(trail, here);
    ssr_builder_null(trail);
    ssr_builder_end_array(trail);
    ssr_builder_end_array(trail);
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
             "<p>This page sets nothing, so one pass is enough; every footer tells how many its page took, and why. "
             "The response header <code>X-Ssr-Passes</code> says the same to a program.</p>\n"
             "<h2>Have a look around</h2>\n<ul class=\"places\">\n");
    for (size_t i = 0; i < route_count; i++) {
        if (routes[i].example)
            write_route(ctx, &routes[i]);
    }
    ssr_html(ctx, "</ul>\n<p class=\"aside\">How far a page may go is set with <code>--allowed-rerenders-count</code> "
                  "and <code>--forbidden-rerenders-count</code>. What is said above holds for their defaults.</p>\n");
    return SSR_OK;
}

/* ---- /ideas ------------------------------------------------------------------------------------------------------ */

static void write_byline(ssr_ctx *ctx, const struct idea *idea)
{
    ssr_html(ctx, "<p class=\"byline\">");
    ssr_text(ctx, idea->author);
    ssr_html(ctx, " <span aria-hidden=\"true\">\xC2\xB7</span> <time>");
    ssr_text(ctx, idea->created);
    ssr_html(ctx, "</time> <span aria-hidden=\"true\">\xC2\xB7</span> ");
    ssr_text_integer(ctx, idea->votes);
    ssr_html(ctx, " votes</p>\n");
}

static void write_entry(const struct idea *idea, void *arg)
{
    ssr_ctx *ctx = arg;

    ssr_html(ctx, "<li><h2><a href=\"/ideas/");
    ssr_text_integer(ctx, idea->id);
    ssr_html(ctx, "\">");
    ssr_text(ctx, idea->title);
    ssr_html(ctx, "</a></h2>\n<p>");
    ssr_text(ctx, idea->summary);
    ssr_html(ctx, "</p>\n");
    write_byline(ctx, idea);
    ssr_html(ctx, "</li>\n");
}

ssr_status page_ideas(ssr_ctx *ctx, struct visit *visit)
{
    const struct stores *stores = visit->stores;
    int count;

    ssr_set_string(ctx, stores->title, "Ideas");
    ssr_set_string(ctx, stores->description, "Small thoughts that hold up when you look at them a second time.");
    build_trail(ctx, NULL, NULL, "Ideas");
    ssr_set_built(ctx, stores->breadcrumb);

    ssr_html(ctx, "<ol class=\"ideas\">\n");
    count = data_ideas(visit->data, write_entry, ctx);
    ssr_html(ctx, "</ol>\n");
    return count < 0 ? ssr_fail(ctx, data_error(visit->data)) : SSR_OK;
}

/* ---- /ideas/N ---------------------------------------------------------------------------------------------------- */

struct idea_page {
    ssr_ctx *ctx;
    const struct stores *stores;
};

static void write_paragraphs(ssr_ctx *ctx, const char *body)
{
    while (*body) {
        const char *end = strstr(body, "\n\n");
        size_t length = end ? (size_t)(end - body) : strlen(body);

        ssr_html(ctx, "<p>");
        ssr_text_n(ctx, body, length);
        ssr_html(ctx, "</p>\n");
        body += end ? length + 2 : length;
    }
}

static void write_idea(const struct idea *idea, void *arg)
{
    const struct idea_page *page = arg;
    ssr_ctx *ctx = page->ctx;

    ssr_set_string(ctx, page->stores->title, idea->title);
    ssr_set_string(ctx, page->stores->description, idea->summary);
    build_trail(ctx, "Ideas", "/ideas", idea->title);
    ssr_set_built(ctx, page->stores->breadcrumb);

    ssr_html(ctx, "<article>\n");
    write_paragraphs(ctx, idea->body);
    write_byline(ctx, idea);
    ssr_html(ctx, "</article>\n<p class=\"onward\"><a href=\"/ideas\">All ideas</a></p>\n");
}

ssr_status page_idea(ssr_ctx *ctx, struct visit *visit)
{
    struct idea_page page = {.ctx = ctx, .stores = visit->stores};
    int found = data_idea(visit->data, visit->id, write_idea, &page);

    if (found < 0)
        return ssr_fail(ctx, data_error(visit->data));
    return found ? SSR_OK : page_not_found(ctx, visit);
}

/* ---- Nothing here ------------------------------------------------------------------------------------------------ */

ssr_status page_not_found(ssr_ctx *ctx, struct visit *visit)
{
    const struct stores *stores = visit->stores;

    ssr_set_status(ctx, 404);
    ssr_set_string(ctx, stores->title, "Nothing here");
    ssr_set_string(ctx, stores->description, "No page of this site has that address.");
    build_trail(ctx, NULL, NULL, "Not found");
    ssr_set_built(ctx, stores->breadcrumb);

    ssr_html(ctx, "<p>It may never have existed, or the address has a slip in it. Even this page took another look "
                  "before it put its name at the top.</p>\n"
                  "<p class=\"onward\"><a href=\"/ideas\">All ideas</a> <a href=\"/\">Start page</a></p>\n");
    return SSR_OK;
}

/* ---- /override --------------------------------------------------------------------------------------------------- */

/* Runs on the server as well as it would in a browser; what it sets is staged like any other set. */
static ssr_status announce(ssr_ctx *ctx, void *arg)
{
    const struct visit *visit = arg;

    build_trail(ctx, NULL, NULL, "What a part of the page wanted");
    return ssr_set_built(ctx, visit->stores->breadcrumb);
}

ssr_status page_override(ssr_ctx *ctx, struct visit *visit)
{
    const struct stores *stores = visit->stores;

    ssr_effect(ctx, announce, visit);
    ssr_set_string(ctx, stores->title, "The page has the last word");
    ssr_set_string(ctx, stores->description, "The layout had a title and a breadcrumb of its own. Both gave way.");
    build_trail(ctx, "Start", "/", "Overridden by the page");
    ssr_set_built(ctx, stores->breadcrumb);

    ssr_html(ctx,
             "<p>When the header above was rendered for the first time, it showed what every page of this site begins "
             "with: the title \xE2\x80\x9CSecond Pass\xE2\x80\x9D and the breadcrumb \xE2\x80\x9CStart\xE2\x80\x9D. "
             "Then came this page and set other ones.</p>\n"
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
    build_trail(ctx, NULL, NULL, "Unstable");
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
    build_trail(ctx, NULL, NULL, "Flip");
    ssr_set_built(ctx, stores->breadcrumb);

    ssr_html(ctx, "<p>Two values that take turns are the mildest way of never settling: nothing is random, nothing "
                  "grows, and yet there is no end to it. It happens when a page derives a value from the very value "
                  "it sets.</p>\n<p>You are looking at pass ");
    ssr_text_integer(ctx, ssr_pass(ctx));
    ssr_html(ctx, ". One more would have shown what it asked for.</p>\n");
    return SSR_OK;
}
