/*
 * demo/leak_page.c - the page about the leak that cannot happen. It shows what the query "race" found out, the
 * responses side by side; race.c has the race.
 */
#include "demo/pages.h"

static void write_response(ssr_ctx *ctx, const char *visitor, ssr_json sent)
{
    ssr_html(ctx, "<div><dt>");
    ssr_text(ctx, visitor);
    ssr_html(ctx, " is sent</dt><dd>");
    ssr_text_json(ctx, sent);
    ssr_html(ctx, "</dd></div>\n");
}

static void write_race(ssr_ctx *ctx, ssr_json race)
{
    ssr_json refusal = ssr_json_at(race, "/refusal");
    bool leaks = false;

    ssr_json_boolean(ssr_json_at(race, "/leaks"), &leaks);
    ssr_html(ctx, "<section>\n<h2>");
    ssr_text_json(ctx, ssr_json_at(race, "/title"));
    ssr_html(ctx, "</h2>\n<p>");
    ssr_text_json(ctx, ssr_json_at(race, "/about"));
    ssr_html(ctx, "</p>\n<dl>\n");
    write_response(ctx, "Alice", ssr_json_at(race, "/alice"));
    write_response(ctx, "Bob", ssr_json_at(race, "/bob"));
    ssr_html(ctx, leaks ? "</dl>\n<p class=\"did leaks\">" : "</dl>\n<p class=\"did\">");
    ssr_text_json(ctx, ssr_json_at(race, "/did"));
    ssr_html(ctx, "</p>\n");
    if (ssr_json_type(refusal) == SSR_JSON_STRING) {
        ssr_html(ctx, "<p class=\"refusal\">");
        ssr_text_json(ctx, refusal);
        ssr_html(ctx, "</p>\n");
    }
    ssr_html(ctx, "</section>\n");
}

static ssr_status write_races(ssr_ctx *ctx, ssr_json races)
{
    ssr_html(ctx, "<div class=\"races\">\n");
    for (ssr_json race = ssr_json_first(races); ssr_json_type(race) != SSR_JSON_ABSENT; race = ssr_json_next(race))
        write_race(ctx, race);
    return ssr_html(
        ctx, "</div>\n"
             "<p>The race was run just now, for you, on an engine of its own, by two renders that took their steps in "
             "turns: Alice\xE2\x80\x99s first pass, Bob\xE2\x80\x99s first, then hers and his again, when their "
             "baskets had come. Under load that happens by chance, which is why nobody finds it on their desk.</p>\n"
             "<p class=\"aside\">The rule: what differs from visitor to visitor belongs in a context store. If "
             "unsure, use one.</p>\n");
}

static ssr_status write_failed(ssr_ctx *ctx, const char *code)
{
    ssr_set_status(ctx, 503);
    ssr_set_header(ctx, "Retry-After", "60");
    ssr_html(ctx, "<p class=\"failure\">The race is not here: the query failed with the code <code>");
    ssr_text(ctx, code);
    return ssr_html(ctx, "</code>.</p>\n");
}

ssr_status page_leak(ssr_ctx *ctx, struct visit *visit)
{
    const ssr_query *query = visit->queries->race;
    ssr_query_result races = account_query(&visit->account, ctx, query, ssr_query_get(ctx, query, NULL, true));

    ssr_html(ctx, "<p class=\"opening\">Two visitors come at the same moment. Each page learns who its visitor is, "
                  "waits for a basket, and then greets them by name. Where was the name kept meanwhile?</p>\n");
    if (races.state == SSR_QUERY_READY)
        return write_races(ctx, races.data);
    if (races.state == SSR_QUERY_FAILED)
        return write_failed(ctx, races.error);
    return ssr_html(ctx, "<p>The race is not here yet.</p>\n");
}
