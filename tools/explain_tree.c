/*
 * One record as a tree of passes. Each line says one thing, begins with the word for what it is, and goes on under that
 * word when it is too long. A member that a record has not is not spoken of.
 */
#include <inttypes.h>
#include <string.h>

#include "tools/explain.h"

/* Of very many passes the first and the last ones tell what there is to tell. */
enum { PASSES_SHOWN = 16, FIRST_SHOWN = 10, LAST_SHOWN = 4, LABEL = 9, ITEMS_SHOWN = 10, BAR = 16 };

struct tree {
    struct screen *screen;
    const char *branch; /* what stands before a line inside a pass */
    double longest;     /* ms of the longest load: the whole bar */
};

double json_number(ssr_json object, const char *pointer)
{
    double number = 0;
    ssr_json_number(ssr_json_at(object, pointer), &number);
    return number;
}

uint64_t json_count(ssr_json object, const char *pointer)
{
    int64_t count = 0;
    ssr_json_integer(ssr_json_at(object, pointer), &count);
    return count > 0 ? (uint64_t)count : 0;
}

static bool is_true(ssr_json object, const char *pointer)
{
    bool answer = false;
    ssr_json_boolean(ssr_json_at(object, pointer), &answer);
    return answer;
}

static ssr_json first_of(ssr_json object, const char *pointer)
{
    ssr_json list = ssr_json_at(object, pointer);
    return ssr_json_type(list) == SSR_JSON_ARRAY ? ssr_json_first(list) : (ssr_json){NULL, 0, NULL, 0};
}

/* ---- Parts of lines --------------------------------------------------------------------------------------------- */

/* WORD text, when there is one. */
static void say_member(struct screen *screen, const char *words, ssr_json object, const char *pointer)
{
    ssr_json json = ssr_json_at(object, pointer);
    if (!json.text)
        return;
    screen_say(screen, "%s", words);
    if (ssr_json_type(json) == SSR_JSON_STRING)
        screen_text(screen, json);
    else
        screen_json(screen, json, 200);
}

/* store "breadcrumb" */
static void say_named(struct screen *screen, ssr_json item)
{
    say_member(screen, "", item, "/kind");
    screen_say(screen, ssr_json_at(item, "/kind").text ? " " : "");
    screen_style(screen, STYLE_NAME);
    screen_json(screen, ssr_json_at(item, "/name"), 140);
    screen_style(screen, STYLE_PLAIN);
}

static void say_counted(struct screen *screen, ssr_json object, const char *pointer, const char *one, const char *many)
{
    uint64_t count = json_count(object, pointer);
    screen_count(screen, count);
    screen_say(screen, " %s", count == 1 ? one : many);
}

static void begin(struct tree *tree, const char *label)
{
    screen_say(tree->screen, "%s", tree->branch);
    size_t column = tree->screen->column;
    screen_style(tree->screen, STYLE_QUIET);
    screen_say(tree->screen, "%s ", label);
    screen_style(tree->screen, STYLE_PLAIN);
    screen_pad(tree->screen, column + LABEL);
}

static void end(struct tree *tree)
{
    screen_end(tree->screen, tree->branch, LABEL + 2);
}

static size_t room(const struct tree *tree)
{
    return tree->screen->width > tree->screen->column + 24 ? tree->screen->width - tree->screen->column : 24;
}

/* ---- Causes and changes ----------------------------------------------------------------------------------------- */

static void print_cause(struct tree *tree, ssr_json cause)
{
    struct screen *screen = tree->screen;
    begin(tree, "because");
    if (ssr_json_equals(ssr_json_at(cause, "/kind"), "redirect")) {
        say_member(screen, "of a redirect from ", cause, "/from");
    } else {
        say_named(screen, cause);
        if (ssr_json_at(cause, "/args").text)
            screen_say(screen, " ");
        screen_json(screen, ssr_json_at(cause, "/args"), 80);
        bool is_load = ssr_json_equals(ssr_json_at(cause, "/kind"), "query") ||
                       ssr_json_equals(ssr_json_at(cause, "/kind"), "hook");
        screen_say(screen, is_load ? " was loaded" : " changed");
        say_member(screen, " in pass ", cause, "/setIn");
        say_member(screen, " at ", cause, "/at");
    }
    end(tree);
}

/* One operation of a JSON Patch: add /0 ["Ideas","/ideas"]; the whole value: -> [] */
static void say_operation(struct tree *tree, ssr_json operation)
{
    struct screen *screen = tree->screen;
    ssr_json path = ssr_json_at(operation, "/path"), value = ssr_json_at(operation, "/value");
    if (ssr_json_equals(path, "")) {
        screen_say(screen, "%s ", screen_arrow(screen));
    } else {
        say_member(screen, "", operation, "/op");
        say_member(screen, " ", operation, "/from");
        screen_say(screen, " ");
        screen_text(screen, path);
        screen_say(screen, value.text ? " " : "");
    }
    screen_json(screen, value, room(tree));
}

static void say_digests(struct tree *tree, ssr_json change)
{
    struct screen *screen = tree->screen;
    ssr_json before = ssr_json_at(change, "/before"), after = ssr_json_at(change, "/after");
    char short_before[9], short_after[9];
    ssr_json_string(before, short_before, sizeof short_before);
    ssr_json_string(after, short_after, sizeof short_after);
    bool are_hex = strspn(short_before, "0123456789abcdef") == 8 && strspn(short_after, "0123456789abcdef") == 8;
    if (are_hex)
        screen_say(screen, "%s %s %s", short_before, screen_arrow(screen), short_after);
    else
        screen_say(screen, "value not shown");
    if (ssr_json_at(change, "/size").text) {
        screen_say(screen, ", now ");
        say_counted(screen, change, "/size", "byte", "bytes");
    }
}

/* Who set it; nothing when the record does not say. */
static void print_writer(struct tree *tree, ssr_json change)
{
    struct screen *screen = tree->screen;
    bool has_writer = ssr_json_at(change, "/at").text || ssr_json_at(change, "/by").text;
    if (!has_writer && !is_true(change, "/readFirst"))
        return;
    begin(tree, "");
    screen_style(screen, STYLE_QUIET);
    screen_say(screen, "  set");
    say_member(screen, " by ", change, "/by");
    say_member(screen, " at ", change, "/at");
    say_member(screen, " in component ", change, "/component");
    if (is_true(change, "/readFirst"))
        screen_say(screen, ", after it had been read");
    ssr_json writer = first_of(change, "/writers");
    for (const char *words = "; in this pass it was set at "; writer.text; words = ", ") {
        screen_say(screen, "%s", words);
        if (ssr_json_type(writer) == SSR_JSON_OBJECT)
            say_member(screen, "", writer, "/at");
        else
            screen_text(screen, writer);
        writer = ssr_json_next(writer);
    }
    end(tree);
}

static void print_change(struct tree *tree, ssr_json change)
{
    begin(tree, "changed");
    say_named(tree->screen, change);
    screen_say(tree->screen, "  ");
    ssr_json operation = first_of(change, "/patch");
    if (!operation.text)
        say_digests(tree, change);
    for (unsigned shown = 0; operation.text; operation = ssr_json_next(operation)) {
        if (shown++ == ITEMS_SHOWN) {
            screen_say(tree->screen, "%s", screen_symbol(tree->screen, "\u2026", "..."));
            break;
        }
        if (shown > 1)
            screen_say(tree->screen, "; ");
        say_operation(tree, operation);
    }
    end(tree);
    print_writer(tree, change);
}

/* ---- Loads ------------------------------------------------------------------------------------------------------ */

static void say_bar(struct tree *tree, double ms)
{
    struct screen *screen = tree->screen;
    size_t column = screen->column;
    for (int i = 0; i == 0 || i < (int)(ms / tree->longest * BAR + 0.5); i++)
        screen_say(screen, "%s", screen_symbol(screen, "\u2588", "#"));
    screen_pad(screen, column + BAR + 1);
    screen_ms(screen, ms);
}

static void print_waited_for(struct tree *tree, ssr_json load)
{
    ssr_json item = first_of(load, "/waitedFor");
    if (!item.text)
        return;
    begin(tree, "");
    for (const char *words = "  waited for "; item.text; words = ", ") {
        screen_say(tree->screen, "%s", words);
        say_named(tree->screen, item);
        say_member(tree->screen, ", set in pass ", item, "/setIn");
        say_member(tree->screen, " at ", item, "/at");
        item = ssr_json_next(item);
    }
    end(tree);
}

/* Begins with the bar, so that the bars of loads that ran at the same time stand below each other. */
static void print_load(struct tree *tree, ssr_json load)
{
    struct screen *screen = tree->screen;
    ssr_json state = ssr_json_at(load, "/state");
    bool is_ready = ssr_json_equals(state, "ready") || !state.text;
    begin(tree, "loaded");
    size_t column = screen->column;
    if (ssr_json_at(load, "/ms").text && tree->longest > 0) {
        screen_style(screen, is_ready ? STYLE_GOOD : STYLE_BAD);
        double ms = json_number(load, "/ms");
        say_bar(tree, ms < 0 ? 0 : ms);
        screen_style(screen, STYLE_PLAIN);
        screen_pad(screen, column + BAR + 11);
    }
    say_named(screen, load);
    screen_say(screen, ssr_json_at(load, "/args").text ? " " : "");
    screen_json(screen, ssr_json_at(load, "/args"), room(tree));
    if (!is_ready) {
        screen_style(screen, STYLE_BAD);
        say_member(screen, " ", load, "/state");
        say_member(screen, " with ", load, "/code");
        screen_style(screen, STYLE_PLAIN);
        say_member(screen, ": ", load, "/reason");
    }
    end(tree);
    print_waited_for(tree, load);
}

/* ---- What went wrong in a pass ---------------------------------------------------------------------------------- */

static void print_late(struct tree *tree, ssr_json write)
{
    begin(tree, "late");
    say_named(tree->screen, write);
    say_member(tree->screen, " was changed after it had been read, at ", write, "/at");
    end(tree);
}

static void print_shared(struct tree *tree, ssr_json write)
{
    begin(tree, "shared");
    say_member(tree->screen, "store ", write, "/name");
    say_member(tree->screen, " was written for every visitor, at ", write, "/at");
    end(tree);
}

static void print_refused(struct tree *tree, ssr_json call)
{
    begin(tree, "refused");
    screen_style(tree->screen, STYLE_BAD);
    say_member(tree->screen, "", call, "/error");
    screen_style(tree->screen, STYLE_PLAIN);
    say_member(tree->screen, " from ", call, "/call");
    if (ssr_json_at(call, "/name").text) {
        screen_say(tree->screen, " for ");
        say_named(tree->screen, call);
    }
    say_member(tree->screen, " at byte ", call, "/byte");
    say_member(tree->screen, " in the init function of ", call, "/initOf");
    say_member(tree->screen, " at ", call, "/at");
    end(tree);
}

/* ---- Passes ----------------------------------------------------------------------------------------------------- */

static void print_each(struct tree *tree, ssr_json pass, const char *pointer, void (*print)(struct tree *, ssr_json))
{
    for (ssr_json item = first_of(pass, pointer); item.text; item = ssr_json_next(item))
        print(tree, item);
}

static void print_pass_head(struct tree *tree, ssr_json pass, bool is_last)
{
    struct screen *screen = tree->screen;
    uint64_t number = json_count(pass, "/pass");
    screen_say(screen, "%s",
               is_last ? screen_symbol(screen, "\u2514\u2500 ", "`- ") : screen_symbol(screen, "\u251c\u2500 ", "|- "));
    screen_style(screen, STYLE_STRONG);
    if (number == 0)
        screen_say(screen, "before the first pass");
    else
        screen_say(screen, "pass %" PRIu64, number);
    screen_style(screen, STYLE_PLAIN);
    say_member(screen, "  ", pass, "/location");
    if (ssr_json_at(pass, "/bytes").text) {
        screen_say(screen, "  ");
        say_counted(screen, pass, "/bytes", "byte", "bytes");
    }
    if (ssr_json_at(pass, "/ms").text) {
        screen_say(screen, "  ");
        screen_ms(screen, json_number(pass, "/ms"));
    }
    if (number > 0 && ssr_json_at(pass, "/completed").text && !is_true(pass, "/completed")) {
        screen_style(screen, STYLE_WARN);
        screen_say(screen, "  not completed");
    }
    screen_end(screen, tree->branch, LABEL);
}

static void print_pass(struct tree *tree, ssr_json pass, bool is_last)
{
    tree->branch = is_last ? "   " : screen_symbol(tree->screen, "\u2502  ", "|  ");
    print_pass_head(tree, pass, is_last);
    print_each(tree, pass, "/causes", print_cause);
    print_each(tree, pass, "/changed", print_change);
    print_each(tree, pass, "/lateWrites", print_late);
    print_each(tree, pass, "/sharedWrites", print_shared);
    print_each(tree, pass, "/refused", print_refused);
    print_each(tree, pass, "/loads", print_load);
}

static double longest_load(ssr_json record)
{
    double longest = 0;
    for (ssr_json pass = first_of(record, "/passLog"); pass.text; pass = ssr_json_next(pass))
        for (ssr_json load = first_of(pass, "/loads"); load.text; load = ssr_json_next(load)) {
            double ms = json_number(load, "/ms");
            longest = ms > longest ? ms : longest;
        }
    return longest;
}

static void print_passes(struct screen *screen, ssr_json record)
{
    struct tree tree = {.screen = screen, .longest = longest_load(record)};
    size_t count = ssr_json_count(ssr_json_at(record, "/passLog")), number = 0;
    for (ssr_json pass = first_of(record, "/passLog"); pass.text; pass = ssr_json_next(pass), number++) {
        bool is_shown = count <= PASSES_SHOWN || number < FIRST_SHOWN || number >= count - LAST_SHOWN;
        if (is_shown) {
            print_pass(&tree, pass, number + 1 == count);
        } else if (number == FIRST_SHOWN) {
            screen_style(screen, STYLE_QUIET);
            screen_say(screen, "%s %zu more passes; --json and --html have them all",
                       screen_symbol(screen, "\u250a ", ": "), count - FIRST_SHOWN - LAST_SHOWN);
            screen_end(screen, "", 2);
        }
    }
}

/* ---- Head, verdict, advice -------------------------------------------------------------------------------------- */

static void say_outcome(struct screen *screen, ssr_json record)
{
    ssr_json outcome = ssr_json_at(record, "/outcome");
    bool is_good = ssr_json_equals(outcome, "settled") || ssr_json_equals(outcome, "redirect");
    screen_style(screen, is_good ? STYLE_GOOD : STYLE_BAD);
    screen_text(screen, outcome);
    screen_style(screen, STYLE_PLAIN);
}

static void print_head(struct screen *screen, ssr_json record)
{
    screen_style(screen, STYLE_STRONG);
    screen_text(screen, ssr_json_at(record, "/location"));
    screen_style(screen, STYLE_PLAIN);
    screen_say(screen, "  ");
    say_outcome(screen, record);
    screen_say(screen, " in ");
    say_counted(screen, record, "/passes", "pass", "passes");
    if (ssr_json_at(record, "/ms").text) {
        screen_say(screen, ", ");
        screen_ms(screen, json_number(record, "/ms"));
    }
    if (ssr_json_at(record, "/waitMs").text) {
        screen_say(screen, " and ");
        screen_ms(screen, json_number(record, "/waitMs"));
        screen_say(screen, " of waiting");
    }
    screen_end(screen, "", 2);
}

/* How many there were, and of how many when that many is what ended the render. */
static void say_capped(struct screen *screen, ssr_json record, const char *outcome, const char *cap)
{
    if (ssr_json_equals(ssr_json_at(record, "/outcome"), outcome))
        say_member(screen, ", the cap being ", record, cap);
}

static void print_facts(struct screen *screen, ssr_json record)
{
    screen_style(screen, STYLE_QUIET);
    say_counted(screen, record, "/rerenders", "re-render", "re-renders");
    say_capped(screen, record, "soft_cap", "/allowedRerendersCount");
    say_capped(screen, record, "hard_cap", "/forbiddenRerendersCount");
    screen_say(screen, ", ");
    say_counted(screen, record, "/queryPasses", "query pass", "query passes");
    say_capped(screen, record, "query_cap", "/maxQueryPasses");
    screen_say(screen, "; ");
    say_counted(screen, record, "/bytes", "byte", "bytes");
    say_member(screen, ", status ", record, "/status");
    say_member(screen, ", id ", record, "/id");
    screen_end(screen, "", 2);
}

/* What the verdict names, one a line: writers of stores, times of queries, links of the chain. */
static void print_verdict_items(struct tree *tree, ssr_json verdict, const char *pointer)
{
    struct screen *screen = tree->screen;
    unsigned shown = 0;
    for (ssr_json item = first_of(verdict, pointer); item.text; item = ssr_json_next(item)) {
        begin(tree, "");
        if (shown++ == ITEMS_SHOWN) {
            screen_say(screen, "and %zu more", ssr_json_count(ssr_json_at(verdict, pointer)) - ITEMS_SHOWN);
            end(tree);
            break;
        }
        say_named(screen, item);
        say_member(screen, " in pass ", item, "/pass");
        say_member(screen, " at ", item, "/at");
        say_member(screen, ", times: ", item, "/times");
        say_member(screen, ", looks like: ", item, "/looksLike");
        ssr_json writer = first_of(item, "/writers");
        for (const char *words = ", set at "; writer.text; words = ", ", writer = ssr_json_next(writer)) {
            screen_say(screen, "%s", words);
            screen_text(screen, writer);
        }
        end(tree);
    }
}

static void print_verdict(struct tree *tree, ssr_json record)
{
    ssr_json verdict = ssr_json_at(record, "/verdict"), kind = ssr_json_at(verdict, "/kind");
    begin(tree, "verdict");
    if (!kind.text) {
        screen_say(tree->screen, "no verdict");
        end(tree);
        return;
    }
    /* The sentence of a page that settled begins with that word. */
    bool is_told = ssr_json_equals(kind, "settled") && ssr_json_at(verdict, "/text").text;
    screen_style(tree->screen, ssr_json_equals(kind, "settled") ? STYLE_GOOD : STYLE_WARN);
    screen_text(tree->screen, is_told ? ssr_json_at(verdict, "/text") : kind);
    screen_style(tree->screen, STYLE_PLAIN);
    if (!is_told)
        say_member(tree->screen, ": ", verdict, "/text");
    end(tree);
    print_verdict_items(tree, verdict, "/stores");
    print_verdict_items(tree, verdict, "/queries");
    print_verdict_items(tree, verdict, "/chain");
}

static void print_error(struct tree *tree, ssr_json record)
{
    if (!ssr_json_at(record, "/error").text && !ssr_json_at(record, "/message").text)
        return;
    begin(tree, "error");
    say_member(tree->screen, "", record, "/error");
    say_member(tree->screen, ": ", record, "/message");
    end(tree);
}

void print_tree(struct screen *screen, ssr_json record)
{
    struct tree tree = {.screen = screen, .branch = ""};
    print_head(screen, record);
    print_facts(screen, record);
    print_error(&tree, record);
    print_verdict(&tree, record);
    for (ssr_json advice = first_of(record, "/advice"); advice.text; advice = ssr_json_next(advice)) {
        begin(&tree, "advice");
        say_member(screen, "", advice, "/kind");
        say_member(screen, ": ", advice, "/text");
        end(&tree);
    }
    if (is_true(record, "/truncated")) {
        begin(&tree, "truncated");
        screen_say(screen, "the record outgrew its size; its later passes are missing");
        end(&tree);
    }
    if (first_of(record, "/passLog").text) {
        screen_end(screen, "", 0);
        print_passes(screen, record);
    }
}
