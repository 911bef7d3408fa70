/*
 * The summary of many records as tables for a terminal. It says what explain_summary_finish has counted and nothing
 * else, so that `--json` has everything that stands here.
 */
#include <inttypes.h>
#include <string.h>

#include "tools/explain.h"

enum { ROWS_SHOWN = 20, NUMBER = 12, TEXT_SHOWN = 160 };

static ssr_json rows_of(ssr_json summary, const char *pointer)
{
    return ssr_json_first(ssr_json_at(ssr_json_at(summary, pointer), "/rows"));
}

static void end(struct screen *screen)
{
    screen_end(screen, "", 4);
}

/* An empty line, and what the table below it is about. */
static void print_title(struct screen *screen, const char *title)
{
    end(screen);
    screen_style(screen, STYLE_STRONG);
    screen_say(screen, "%s", title);
    screen_style(screen, STYLE_PLAIN);
}

static size_t name_columns(const struct screen *screen, unsigned numbers)
{
    size_t taken = 2 + (size_t)numbers * NUMBER;
    return screen->width > taken + 20 ? screen->width - taken : 20;
}

/* ---- Cells ------------------------------------------------------------------------------------------------------ */

static void say_cell(struct screen *screen, const char *text)
{
    screen_say(screen, "%*s", NUMBER, text);
}

static void say_count(struct screen *screen, uint64_t count)
{
    char text[32];
    format_count(text, count);
    say_cell(screen, text);
}

static void say_ms(struct screen *screen, ssr_json row, const char *pointer)
{
    char text[32] = "-";
    if (ssr_json_at(row, pointer).text)
        format_ms(text, json_number(row, pointer));
    say_cell(screen, text);
}

/* The heads of the columns behind a title, in a quiet voice. */
static void say_heads(struct screen *screen, size_t column, const char *const *heads)
{
    screen_pad(screen, column);
    screen_style(screen, STYLE_QUIET);
    for (; *heads; heads++)
        say_cell(screen, *heads);
    end(screen);
}

/* What a table does not show: rows beyond the first ones, and what was not told apart. */
static void print_rest(struct screen *screen, ssr_json summary, const char *pointer)
{
    ssr_json table = ssr_json_at(summary, pointer);
    size_t rows = ssr_json_count(ssr_json_at(table, "/rows"));
    uint64_t others = json_count(table, "/others");
    screen_style(screen, STYLE_QUIET);
    if (rows > ROWS_SHOWN) {
        screen_say(screen, "  and %zu more; --json has them all", rows - ROWS_SHOWN);
        end(screen);
    }
    if (others > 0) {
        screen_style(screen, STYLE_QUIET);
        screen_say(screen, "  others, not told apart: ");
        screen_count(screen, others);
        end(screen);
    }
    screen->length = screen->column = 0;
}

/* "line 7", and its id when it has one: what --record and --id take. */
static void say_example(struct screen *screen, ssr_json row)
{
    screen_style(screen, STYLE_QUIET);
    screen_say(screen, "line %" PRIu64, json_count(row, "/example/line"));
    ssr_json id = ssr_json_at(row, "/example/id");
    screen_say(screen, id.text ? ", id " : "");
    screen_text(screen, id);
    screen_style(screen, STYLE_PLAIN);
}

static void say_named(struct screen *screen, ssr_json what)
{
    screen_text(screen, ssr_json_at(what, "/kind"));
    screen_say(screen, " ");
    screen_style(screen, STYLE_NAME);
    screen_json(screen, ssr_json_at(what, "/name"), TEXT_SHOWN);
    screen_style(screen, STYLE_PLAIN);
}

/* ---- Tables ----------------------------------------------------------------------------------------------------- */

static void print_counted(struct screen *screen, ssr_json summary, const char *pointer)
{
    const char *words = "  ";
    screen_say(screen, "%s", pointer + 1);
    for (ssr_json row = rows_of(summary, pointer); row.text; row = ssr_json_next(row), words = ", ") {
        screen_say(screen, "%s", words);
        screen_count(screen, json_count(row, "/times"));
        screen_say(screen, " ");
        if (ssr_json_type(ssr_json_at(row, "/kind")) == SSR_JSON_STRING)
            screen_text(screen, ssr_json_at(row, "/kind"));
        else
            screen_say(screen, "without");
    }
    end(screen);
}

static void print_heading(struct screen *screen, ssr_json summary)
{
    uint64_t renders = json_count(summary, "/renders"), skipped = json_count(summary, "/skippedLines");
    screen_style(screen, STYLE_STRONG);
    screen_count(screen, renders);
    screen_say(screen, renders == 1 ? " render" : " renders");
    screen_style(screen, STYLE_PLAIN);
    if (skipped > 0) {
        screen_style(screen, STYLE_BAD);
        screen_say(screen, ", ");
        screen_count(screen, skipped);
        screen_say(screen, skipped == 1 ? " line was skipped" : " lines were skipped");
        screen_style(screen, STYLE_PLAIN);
    }
    end(screen);
    if (renders == 0)
        return;
    screen_say(screen, "passes    median %" PRIu64 ", p95 %" PRIu64 ", worst %" PRIu64,
               json_count(summary, "/passes/median"), json_count(summary, "/passes/p95"),
               json_count(summary, "/passes/worst"));
    if (ssr_json_at(summary, "/ms").text) {
        screen_say(screen, "; ");
        screen_ms(screen, json_number(summary, "/ms/median"));
        screen_say(screen, ", p95 ");
        screen_ms(screen, json_number(summary, "/ms/p95"));
    }
    end(screen);
    print_counted(screen, summary, "/outcomes");
    print_counted(screen, summary, "/verdicts");
}

static void print_routes(struct screen *screen, ssr_json summary)
{
    static const char *const heads[] = {"renders", "median", "p95", "worst", "time", "not settled", NULL};
    size_t columns = name_columns(screen, 6);
    unsigned shown = 0;
    print_title(screen, "Routes and their passes");
    say_heads(screen, columns + 2, heads);
    for (ssr_json row = rows_of(summary, "/routes"); row.text && shown < ROWS_SHOWN; row = ssr_json_next(row)) {
        uint64_t not_settled = json_count(row, "/notSettled");
        screen_say(screen, "  ");
        screen_cell(screen, ssr_json_at(row, "/route"), columns);
        say_count(screen, json_count(row, "/renders"));
        say_count(screen, json_count(row, "/passes/median"));
        say_count(screen, json_count(row, "/passes/p95"));
        say_count(screen, json_count(row, "/passes/worst"));
        say_ms(screen, row, "/ms/median");
        screen_style(screen, not_settled ? STYLE_BAD : STYLE_QUIET);
        say_count(screen, not_settled);
        end(screen);
        shown++;
    }
    print_rest(screen, summary, "/routes");
}

static void print_causes(struct screen *screen, ssr_json summary)
{
    static const char *const heads[] = {"passes", "renders", NULL};
    size_t columns = name_columns(screen, 2);
    unsigned shown = 0;
    if (!rows_of(summary, "/causes").text)
        return;
    print_title(screen, "What caused further passes");
    say_heads(screen, columns + 2, heads);
    for (ssr_json row = rows_of(summary, "/causes"); row.text && shown < ROWS_SHOWN; row = ssr_json_next(row)) {
        screen_say(screen, "  ");
        say_named(screen, ssr_json_at(row, "/what"));
        if (ssr_json_at(row, "/what/at").text) {
            screen_style(screen, STYLE_QUIET);
            screen_say(screen, "  ");
            screen_text(screen, ssr_json_at(row, "/what/at"));
            screen_style(screen, STYLE_PLAIN);
        }
        screen_pad(screen, columns + 2);
        say_count(screen, json_count(row, "/passes"));
        say_count(screen, json_count(row, "/renders"));
        end(screen);
        shown++;
    }
    print_rest(screen, summary, "/causes");
}

static void print_waits(struct screen *screen, ssr_json summary)
{
    static const char *const heads[] = {"times", "each", NULL};
    size_t columns = name_columns(screen, 2);
    unsigned shown = 0;
    if (!rows_of(summary, "/waits").text)
        return;
    print_title(screen, "What was loaded one after the other");
    say_heads(screen, columns + 2, heads);
    for (ssr_json row = rows_of(summary, "/waits"); row.text && shown < ROWS_SHOWN; row = ssr_json_next(row)) {
        screen_say(screen, "  ");
        for (ssr_json step = ssr_json_first(ssr_json_at(row, "/steps")); step.text;) {
            say_named(screen, step);
            step = ssr_json_next(step);
            if (step.text)
                screen_say(screen, " %s ", screen_arrow(screen));
        }
        screen_pad(screen, columns + 2);
        say_count(screen, json_count(row, "/times"));
        say_ms(screen, row, "/ms");
        end(screen);
        shown++;
    }
    print_rest(screen, summary, "/waits");
}

/* One finding of a kind, and where it can be looked at. */
static void print_finding(struct screen *screen, ssr_json row, enum style style)
{
    ssr_json kind = ssr_json_at(row, "/kind");
    screen_say(screen, "  ");
    screen_style(screen, style);
    if (ssr_json_type(kind) == SSR_JSON_STRING)
        screen_text(screen, kind);
    else
        screen_say(screen, "no verdict");
    screen_style(screen, STYLE_PLAIN);
    screen_say(screen, "  ");
    screen_count(screen, json_count(row, "/times"));
    screen_say(screen, json_count(row, "/times") == 1 ? " time, " : " times, as in ");
    say_example(screen, row);
    if (ssr_json_at(row, "/example/text").text) {
        screen_say(screen, ": ");
        screen_text(screen, ssr_json_at(row, "/example/text"));
    }
    end(screen);
}

static void print_findings(struct screen *screen, ssr_json summary, const char *pointer, const char *title,
                           enum style style)
{
    bool has_title = false;
    unsigned shown = 0;
    for (ssr_json row = rows_of(summary, pointer); row.text && shown < ROWS_SHOWN; row = ssr_json_next(row)) {
        if (ssr_json_equals(ssr_json_at(row, "/kind"), "settled"))
            continue;
        if (!has_title) {
            print_title(screen, title);
            end(screen);
        }
        has_title = true;
        print_finding(screen, row, style);
        shown++;
    }
    print_rest(screen, summary, pointer);
}

void print_tables(struct screen *screen, ssr_json summary)
{
    print_heading(screen, summary);
    if (json_count(summary, "/renders") == 0)
        return;
    print_routes(screen, summary);
    print_causes(screen, summary);
    print_waits(screen, summary);
    print_findings(screen, summary, "/verdicts", "Did not settle as it should", STYLE_BAD);
    print_findings(screen, summary, "/advice", "Advice", STYLE_WARN);
}
