/*
 * demo/idea_pages.c - the pages whose content is loaded while they are rendered. Each has a part for every answer of
 * its query. A pending one has no reader but the next pass, unless --max-query-passes forbids that pass: so what it
 * says must be true, and need not be much.
 */
#include "demo/pages.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "demo/likes.h"

static ssr_status write_pending(ssr_ctx *ctx, const char *what)
{
    ssr_html(ctx, "<p>");
    ssr_text(ctx, what);
    return ssr_html(ctx, " not here yet.</p>\n");
}

/* Why it failed is in the log; the code alone is for everybody. */
static ssr_status write_failed(ssr_ctx *ctx, const char *what, const char *code)
{
    ssr_set_status(ctx, 503);
    ssr_set_header(ctx, "Retry-After", "60");
    ssr_html(ctx, "<p class=\"failure\">");
    ssr_text(ctx, what);
    ssr_html(ctx, " not here: the query failed with the code <code>");
    ssr_text(ctx, code);
    return ssr_html(ctx, "</code>.</p>\n");
}

/* ---- Parts of several pages -------------------------------------------------------------------------------------- */

static void write_byline(ssr_ctx *ctx, ssr_json idea)
{
    ssr_html(ctx, "<p class=\"byline\">");
    ssr_text_json(ctx, ssr_json_at(idea, "/author"));
    ssr_html(ctx, " <span aria-hidden=\"true\">\xC2\xB7</span> <time>");
    ssr_text_json(ctx, ssr_json_at(idea, "/created"));
    ssr_html(ctx, "</time> <span aria-hidden=\"true\">\xC2\xB7</span> ");
    ssr_text_json(ctx, ssr_json_at(idea, "/votes"));
    ssr_html(ctx, " votes</p>\n");
}

static void write_entry(ssr_ctx *ctx, ssr_json idea)
{
    ssr_html(ctx, "<li><h2><a href=\"/ideas/");
    ssr_text_json(ctx, ssr_json_at(idea, "/id"));
    ssr_html(ctx, "\">");
    ssr_text_json(ctx, ssr_json_at(idea, "/title"));
    ssr_html(ctx, "</a></h2>\n<p>");
    ssr_text_json(ctx, ssr_json_at(idea, "/summary"));
    ssr_html(ctx, "</p>\n");
    write_byline(ctx, idea);
    ssr_html(ctx, "</li>\n");
}

static void write_entries(ssr_ctx *ctx, ssr_json ideas)
{
    ssr_html(ctx, "<ol class=\"ideas\">\n");
    for (ssr_json idea = ssr_json_first(ideas); ssr_json_type(idea) != SSR_JSON_ABSENT; idea = ssr_json_next(idea))
        write_entry(ctx, idea);
    ssr_html(ctx, "</ol>\n");
}

/* ---- /ideas ------------------------------------------------------------------------------------------------------ */

static ssr_status show_ideas(ssr_ctx *ctx, const struct visit *visit, ssr_json ideas)
{
    const struct stores *stores = visit->stores;
    char description[96];

    snprintf(description, sizeof description, "%zu small thoughts that hold up when you look at them a second time.",
             ssr_json_count(ideas));
    ssr_set_string(ctx, stores->title, "Ideas");
    ssr_set_string(ctx, stores->description, description);
    page_trail_here(ctx, "Ideas");
    ssr_set_built(ctx, stores->breadcrumb);

    likes_write(ctx, visit->likes);
    ssr_html(ctx, "\n");
    write_entries(ctx, ideas);
    return SSR_OK;
}

ssr_status page_ideas(ssr_ctx *ctx, struct visit *visit)
{
    const ssr_query *query = visit->queries->ideas;
    ssr_query_result ideas = account_query(&visit->account, ctx, query, ssr_query_get(ctx, query, NULL, true));

    if (ideas.state == SSR_QUERY_READY)
        return show_ideas(ctx, visit, ideas.data);
    if (ideas.state == SSR_QUERY_FAILED)
        return write_failed(ctx, "The ideas are", ideas.error);
    return write_pending(ctx, "The ideas are");
}

/* ---- /ideas/N ---------------------------------------------------------------------------------------------------- */

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

static ssr_status show_idea(ssr_ctx *ctx, struct visit *visit, ssr_json idea)
{
    const struct stores *stores = visit->stores;
    const char *title = ssr_string(ctx, ssr_json_at(idea, "/title"));
    const char *body = ssr_string(ctx, ssr_json_at(idea, "/body"));

    if (!title || !body)
        return page_not_found(ctx, visit);
    ssr_set_string(ctx, stores->title, title);
    ssr_set_string(ctx, stores->description, ssr_string(ctx, ssr_json_at(idea, "/summary")));
    page_trail(ctx, (const struct crumb[]){{"Ideas", "/ideas"}, {title, NULL}}, 2);
    ssr_set_built(ctx, stores->breadcrumb);

    ssr_html(ctx, "<article>\n");
    write_paragraphs(ctx, body);
    write_byline(ctx, idea);
    return ssr_html(ctx, "</article>\n<p class=\"onward\"><a href=\"/ideas\">All ideas</a></p>\n");
}

ssr_status page_idea(ssr_ctx *ctx, struct visit *visit)
{
    const ssr_query *query = visit->queries->idea;
    ssr_query_result idea = account_query(&visit->account, ctx, query, ssr_query_integer(ctx, query, visit->id, true));

    if (idea.state == SSR_QUERY_READY)
        return show_idea(ctx, visit, idea.data);
    if (idea.state == SSR_QUERY_FAILED)
        return write_failed(ctx, "The idea is", idea.error);
    return write_pending(ctx, "The idea is");
}

/* ---- /chain ------------------------------------------------------------------------------------------------------ */

static int64_t count_votes(ssr_json ideas)
{
    int64_t all = 0;

    for (ssr_json idea = ssr_json_first(ideas); ssr_json_type(idea) != SSR_JSON_ABSENT; idea = ssr_json_next(idea)) {
        int64_t votes = 0;

        ssr_json_integer(ssr_json_at(idea, "/votes"), &votes);
        all += votes;
    }
    return all;
}

/* The last link: what the header shows. */
static void set_header(ssr_ctx *ctx, const struct stores *stores, const char *author, ssr_json ideas)
{
    char title[128], description[160];

    snprintf(title, sizeof title, "Ideas by %s", author);
    snprintf(description, sizeof description,
             "The idea with the most votes led to its author, and its author to %zu ideas with %" PRId64 " votes.",
             ssr_json_count(ideas), count_votes(ideas));
    ssr_set_string(ctx, stores->title, title);
    ssr_set_string(ctx, stores->description, description);
    page_trail(ctx, (const struct crumb[]){{"Ideas", "/ideas"}, {author, NULL}}, 2);
    ssr_set_built(ctx, stores->breadcrumb);
}

static void write_chain(ssr_ctx *ctx, ssr_json favourite, const char *author)
{
    ssr_html(ctx, "<p>No part of this page could have been known before the part it hangs on. The query "
                  "<code>favourite</code> found the idea with the most votes, \xE2\x80\x9C<a href=\"/ideas/");
    ssr_text_json(ctx, ssr_json_at(favourite, "/id"));
    ssr_html(ctx, "\">");
    ssr_text_json(ctx, ssr_json_at(favourite, "/title"));
    ssr_html(ctx, "</a>\xE2\x80\x9D. Who wrote it went into the store <code>author</code>; what that store held one "
                  "pass later, \xE2\x80\x9C");
    ssr_text(ctx, author);
    ssr_html(ctx, "\xE2\x80\x9D, was the argument of the query <code>by_author</code>; and what came of that is in "
                  "the header above. Each link took the pass it needed.</p>\n"
                  "<p>Started with <code>--prefetch-loaders</code>, the server loads the first query before the "
                  "first pass, and one pass is spared.</p>\n");
}

/* The second query, as soon as its argument has been committed. */
static ssr_status follow_author(ssr_ctx *ctx, struct visit *visit, ssr_json favourite)
{
    const ssr_query *query = visit->queries->by_author;
    const char *author = ssr_get_string(ctx, visit->stores->author);

    if (!author)
        return write_pending(ctx, "The author is");
    ssr_query_result ideas = account_query(&visit->account, ctx, query, ssr_query_string(ctx, query, author, true));

    if (ideas.state == SSR_QUERY_FAILED)
        return write_failed(ctx, "The author\xE2\x80\x99s ideas are", ideas.error);
    if (ideas.state != SSR_QUERY_READY)
        return write_pending(ctx, "The author\xE2\x80\x99s ideas are");
    set_header(ctx, visit->stores, author, ideas.data);
    write_chain(ctx, favourite, author);
    write_entries(ctx, ideas.data);
    return SSR_OK;
}

ssr_status page_chain(ssr_ctx *ctx, struct visit *visit)
{
    const ssr_query *query = visit->queries->favourite;
    ssr_query_result favourite = account_query(&visit->account, ctx, query, ssr_query_get(ctx, query, NULL, true));

    if (favourite.state == SSR_QUERY_FAILED)
        return write_failed(ctx, "The favourite is", favourite.error);
    if (favourite.state != SSR_QUERY_READY)
        return write_pending(ctx, "The favourite is");
    account_store(&visit->account, ctx, visit->stores->author, false);
    ssr_set_string(ctx, visit->stores->author, ssr_string(ctx, ssr_json_at(favourite.data, "/author")));
    return follow_author(ctx, visit, favourite.data);
}

/* ---- /broken ----------------------------------------------------------------------------------------------------- */

static void write_lesson(ssr_ctx *ctx)
{
    ssr_html(ctx,
             "<p>The query <code>comments</code> asks the database for a table that nobody has made. A page sees a "
             "failed query as what it is and decides what to make of it: this one says so, and answers with "
             "status 503. What the database had to say about it is in the server\xE2\x80\x99s log. Neither this "
             "document nor the JSON that travels with it has a word of it.</p>\n");
}

/* Its title needs no data: it is set in the pass that waits, and no further pass is needed for it. */
ssr_status page_broken(ssr_ctx *ctx, struct visit *visit)
{
    const struct stores *stores = visit->stores;
    const ssr_query *query = visit->queries->comments;
    ssr_query_result comments = account_query(&visit->account, ctx, query, ssr_query_get(ctx, query, NULL, true));

    ssr_set_string(ctx, stores->title, "The comments did not come");
    ssr_set_string(ctx, stores->description, "One part of this page failed to load, and the rest of it can tell you.");
    page_trail_here(ctx, "Broken");
    ssr_set_built(ctx, stores->breadcrumb);

    if (comments.state == SSR_QUERY_FAILED)
        write_failed(ctx, "The comments are", comments.error);
    else
        write_pending(ctx, "The comments are");
    write_lesson(ctx);
    return SSR_OK;
}
