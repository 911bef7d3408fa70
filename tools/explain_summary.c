/*
 * What many records say together. Each thing that is counted has a tally; the keys of routes are their text, those of
 * all others canonical JSON, which is written into the summary as it is. Nothing of a record is kept but what is
 * counted and one short example of each name.
 */
#include "tools/explain_summary.h"

#include <stdlib.h>
#include <string.h>

#include "tools/explain_tally.h"

/* Loads of one record that are looked at when chains are sought, and the memory their names are put together in. */
enum { LOADS = 256, KEY_BYTES = TALLY_KEY + 1 };

static const ssr_json no_json = {NULL, 0, NULL, 0};

struct explain_summary {
    struct tally outcomes, verdicts, routes, causes, waits, advice;
    struct spread passes, time;
    uint64_t renders;
    bool has_failed;
};

struct explain_summary *explain_summary_new(void)
{
    struct explain_summary *summary = calloc(1, sizeof *summary);
    if (!summary)
        return NULL;
    summary->time.is_time = true;
    bool is_whole = tally_init(&summary->outcomes);
    is_whole = tally_init(&summary->verdicts) && is_whole;
    is_whole = tally_init(&summary->routes) && is_whole;
    is_whole = tally_init(&summary->causes) && is_whole;
    is_whole = tally_init(&summary->waits) && is_whole;
    is_whole = tally_init(&summary->advice) && is_whole;
    if (is_whole)
        return summary;
    explain_summary_free(summary);
    return NULL;
}

void explain_summary_free(struct explain_summary *summary)
{
    if (!summary)
        return;
    tally_release(&summary->outcomes);
    tally_release(&summary->verdicts);
    tally_release(&summary->routes);
    tally_release(&summary->causes);
    tally_release(&summary->waits);
    tally_release(&summary->advice);
    free(summary);
}

/* ---- Reading one record ----------------------------------------------------------------------------------------- */

static uint64_t whole(ssr_json json)
{
    int64_t number = 0;
    ssr_json_integer(json, &number);
    return number > 0 ? (uint64_t)number : 0;
}

static uint64_t nanoseconds(ssr_json ms)
{
    double number = 0;
    ssr_json_number(ms, &number);
    return number <= 0 ? 0 : number >= 1e12 ? UINT64_C(1000000000000000000) : (uint64_t)(number * 1e6 + 0.5);
}

static ssr_json first_of(ssr_json object, const char *pointer)
{
    ssr_json list = ssr_json_at(object, pointer);
    return ssr_json_type(list) == SSR_JSON_ARRAY ? ssr_json_first(list) : no_json;
}

/* The members of a record that are looked at, found in one walk: a record may be long, and a cursor walks. */
struct facts {
    ssr_json advice, id, location, ms, outcome, passes, verdict;
    ssr_json first_pass;
    uint64_t line;
};

static struct facts find_facts(ssr_json record, uint64_t line)
{
    struct facts facts = {.line = line};
    ssr_json pass_log = {NULL, 0, NULL, 0};
    const struct {
        const char *name;
        ssr_json *place;
    } wanted[] = {
        {"advice", &facts.advice},   {"id", &facts.id},      {"location", &facts.location}, {"ms", &facts.ms},
        {"outcome", &facts.outcome}, {"passLog", &pass_log}, {"passes", &facts.passes},     {"verdict", &facts.verdict},
    };
    for (ssr_json member = ssr_json_first(record); member.text; member = ssr_json_next(member))
        for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
            if (ssr_json_equals(ssr_json_key(member), wanted[i].name))
                *wanted[i].place = member;
    if (ssr_json_type(pass_log) == SSR_JSON_ARRAY)
        facts.first_pass = ssr_json_first(pass_log);
    return facts;
}

/* Only strings are kept: they can stand anywhere in the summary, which what is deeply nested could not. */
static ssr_json only_string(ssr_json json)
{
    return ssr_json_type(json) == SSR_JSON_STRING ? json : no_json;
}

/* Counts, and of the first one keeps the id and what `note` holds. */
static struct tally_row *count(struct tally *tally, const char *key, size_t length, const struct facts *facts,
                               ssr_json note)
{
    struct tally_row *row = tally_count(tally, key, length, facts->line);
    if (row && row->times == 1) {
        ssr_json id = only_string(facts->id);
        note = only_string(note);
        row->example_id = tally_keep(tally, id.text, id.length);
        row->note = tally_keep(tally, note.text, note.length);
    }
    return row;
}

/* ---- Routes ----------------------------------------------------------------------------------------------------- */

/* A segment of digits alone becomes ":n": /ideas/7 and /ideas/8 are one route. At most one byte longer for each two. */
static size_t fold(const char *path, char *route)
{
    char *start = route;
    while (*path) {
        size_t digits = path[0] == '/' ? strspn(path + 1, "0123456789") : 0;
        *route++ = *path++;
        if (digits == 0 || (path[digits] != '/' && path[digits] != '\0'))
            continue;
        *route++ = ':';
        *route++ = 'n';
        path += digits;
    }
    *route = '\0';
    return (size_t)(route - start);
}

static bool add_spreads(struct tally_row *row)
{
    if (!row->passes)
        row->passes = calloc(1, sizeof *row->passes);
    if (!row->time)
        row->time = calloc(1, sizeof *row->time);
    if (!row->passes || !row->time)
        return false;
    row->time->is_time = true;
    return true;
}

/* The route's row, counted; NULL: among the others, or no memory. */
static struct tally_row *count_route(struct explain_summary *summary, ssr_json location, uint64_t line)
{
    size_t length = ssr_json_string(location, NULL, 0);
    char *path = malloc(length + 1), *route = malloc(length * 2 + 1);
    struct tally_row *row = NULL;
    if (path && route) {
        ssr_json_string(location, path, length + 1);
        row = tally_count(&summary->routes, route, fold(path, route), line);
    }
    bool is_whole = path && route && (!row || add_spreads(row));
    summary->has_failed = summary->has_failed || !is_whole;
    free(path);
    free(route);
    return is_whole ? row : NULL;
}

static void add_route(struct explain_summary *summary, const struct facts *facts)
{
    struct tally_row *row = count_route(summary, facts->location, facts->line);
    uint64_t passes = whole(facts->passes);
    if (!row)
        return;
    spread_add(row->passes, passes);
    if (facts->ms.text)
        spread_add(row->time, nanoseconds(facts->ms));
    row->good += ssr_json_equals(facts->outcome, "settled") || ssr_json_equals(facts->outcome, "redirect");
    row->extra_passes += passes > 0 ? passes - 1 : 0;
}

/* ---- Causes ----------------------------------------------------------------------------------------------------- */

static const char no_name[] = "\"\"";

/* {"kind":...,"name":...} of canonical parts, and "at" where there is a place; 0: it has no room. */
static size_t named(char key[KEY_BYTES], ssr_json item, ssr_json name, ssr_json place)
{
    ssr_json kind = only_string(ssr_json_at(item, "/kind"));
    name = only_string(name);
    place = only_string(place);
    if (!kind.text)
        kind = (ssr_json){no_name, 2, NULL, 0};
    if (!name.text)
        name = (ssr_json){no_name, 2, NULL, 0};
    if (kind.length + name.length + place.length + 26 > KEY_BYTES)
        return 0;
    size_t length = 0;
    const struct {
        const char *text;
        size_t length;
    } parts[] = {{"{\"kind\":", 8},
                 {kind.text, kind.length},
                 {",\"name\":", 8},
                 {name.text, name.length},
                 {",\"at\":", place.text ? 6 : 0},
                 {place.text ? place.text : "", place.length},
                 {"}", 1}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        memcpy(key + length, parts[i].text, parts[i].length);
        length += parts[i].length;
    }
    return length;
}

static void add_causes(struct explain_summary *summary, const struct facts *facts, ssr_json pass)
{
    char key[KEY_BYTES];
    for (ssr_json cause = first_of(pass, "/causes"); cause.text; cause = ssr_json_next(cause)) {
        bool is_redirect = ssr_json_equals(ssr_json_at(cause, "/kind"), "redirect");
        size_t length =
            named(key, cause, ssr_json_at(cause, is_redirect ? "/from" : "/name"), ssr_json_at(cause, "/at"));
        if (length > 0)
            count(&summary->causes, key, length, facts, no_json);
        else
            summary->causes.others++;
    }
}

/* ---- Chains of loads -------------------------------------------------------------------------------------------- */

struct load {
    ssr_json json;
    ssr_json store; /* what it waited for, when that was no load */
    int before;     /* the load it waited for; -1: none */
    bool has_after;
};

static bool same_text(ssr_json a, ssr_json b)
{
    return a.text && b.text && a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

static void link_load(struct load loads[LOADS], int index)
{
    struct load *load = &loads[index];
    for (ssr_json item = first_of(load->json, "/waitedFor"); item.text; item = ssr_json_next(item)) {
        ssr_json name = ssr_json_at(item, "/name");
        int before = index - 1;
        if (!ssr_json_equals(ssr_json_at(item, "/kind"), "query")) {
            load->store = item;
            continue;
        }
        while (before >= 0 && !same_text(ssr_json_at(loads[before].json, "/name"), name))
            before--;
        load->before = before > load->before ? before : load->before;
    }
    if (load->before >= 0)
        loads[load->before].has_after = true;
}

static int add_loads(struct load loads[LOADS], int loaded, ssr_json pass)
{
    for (ssr_json json = first_of(pass, "/loads"); json.text && loaded < LOADS; json = ssr_json_next(json)) {
        loads[loaded] = (struct load){.json = json, .before = -1};
        link_load(loads, loaded++);
    }
    return loaded;
}

/* Appends one step to a list of them; false: it has no room. */
static bool add_step(char *key, size_t *length, size_t room, ssr_json item)
{
    char step[KEY_BYTES];
    size_t step_length = named(step, item, ssr_json_at(item, "/name"), no_json);
    if (step_length == 0 || *length + step_length + 2 > room)
        return false;
    key[*length] = *length > 0 ? ',' : '[';
    (*length)++;
    memcpy(key + *length, step, step_length);
    *length += step_length;
    return true;
}

/* The chain that ends with a load, from its first step on: the key of a tally. */
static void add_chain(struct explain_summary *summary, const struct facts *facts, const struct load loads[LOADS],
                      int last)
{
    int steps[LOADS], depth = 0;
    uint64_t time = 0;
    for (int i = last; i >= 0; i = loads[i].before) {
        steps[depth++] = i;
        time += nanoseconds(ssr_json_at(loads[i].json, "/ms"));
    }
    const struct load *first = &loads[steps[depth - 1]];
    char key[KEY_BYTES];
    size_t length = 0;
    bool fits = !first->store.text || add_step(key, &length, sizeof key, first->store);
    while (fits && depth > 0)
        fits = add_step(key, &length, sizeof key, loads[steps[--depth]].json);
    if (!fits) {
        summary->waits.others++;
        return;
    }
    key[length++] = ']';
    struct tally_row *row = count(&summary->waits, key, length, facts, no_json);
    if (row)
        row->nanoseconds += time;
}

static void add_waits(struct explain_summary *summary, const struct facts *facts, const struct load loads[LOADS],
                      int loaded)
{
    for (int i = 0; i < loaded; i++)
        if (!loads[i].has_after && (loads[i].before >= 0 || loads[i].store.text))
            add_chain(summary, facts, loads, i);
}

/* ---- A record --------------------------------------------------------------------------------------------------- */

static void add_kind(struct tally *tally, ssr_json kind, ssr_json text, const struct facts *facts)
{
    kind = only_string(kind);
    if (kind.text)
        count(tally, kind.text, kind.length, facts, text);
    else
        count(tally, "null", 4, facts, text);
}

static void add_passes(struct explain_summary *summary, const struct facts *facts)
{
    struct load loads[LOADS];
    int loaded = 0;
    for (ssr_json pass = facts->first_pass; pass.text; pass = ssr_json_next(pass)) {
        add_causes(summary, facts, pass);
        loaded = add_loads(loads, loaded, pass);
    }
    add_waits(summary, facts, loads, loaded);
}

void explain_summary_add(struct explain_summary *summary, ssr_json record, uint64_t line)
{
    const struct facts facts = find_facts(record, line);
    ssr_json verdict = facts.verdict, nothing = {NULL, 0, NULL, 0};
    summary->renders++;
    spread_add(&summary->passes, whole(facts.passes));
    if (facts.ms.text)
        spread_add(&summary->time, nanoseconds(facts.ms));
    add_kind(&summary->outcomes, facts.outcome, nothing, &facts);
    add_kind(&summary->verdicts, ssr_json_at(verdict, "/kind"), ssr_json_at(verdict, "/text"), &facts);
    add_route(summary, &facts);
    add_passes(summary, &facts);
    ssr_json advice = ssr_json_type(facts.advice) == SSR_JSON_ARRAY ? ssr_json_first(facts.advice) : nothing;
    for (; advice.text; advice = ssr_json_next(advice))
        add_kind(&summary->advice, ssr_json_at(advice, "/kind"), ssr_json_at(advice, "/text"), &facts);
}

/* ---- The summary as JSON ---------------------------------------------------------------------------------------- */

static int by_name(const struct tally_row *a, const struct tally_row *b)
{
    size_t shorter = a->key_length < b->key_length ? a->key_length : b->key_length;
    int order = memcmp(a->key, b->key, shorter);
    return order ? order : (a->key_length > b->key_length) - (a->key_length < b->key_length);
}

static int by_times(const void *left, const void *right)
{
    const struct tally_row *a = *(const struct tally_row *const *)left, *b = *(const struct tally_row *const *)right;
    return a->times != b->times ? (a->times < b->times ? 1 : -1) : by_name(a, b);
}

/* Routes: what they cost beyond one pass each. */
static int by_passes(const void *left, const void *right)
{
    const struct tally_row *a = *(const struct tally_row *const *)left, *b = *(const struct tally_row *const *)right;
    return a->extra_passes != b->extra_passes ? (a->extra_passes < b->extra_passes ? 1 : -1) : by_times(left, right);
}

static void put_count(ssr_builder *builder, const char *key, uint64_t number)
{
    ssr_builder_key(builder, key);
    ssr_builder_integer(builder, (int64_t)number);
}

static void put_ms(ssr_builder *builder, const char *key, uint64_t time)
{
    ssr_builder_key(builder, key);
    ssr_builder_number(builder, (double)time / 1e6);
}

static void put_passes(ssr_builder *builder, const struct spread *spread)
{
    ssr_builder_key(builder, "passes");
    ssr_builder_begin_object(builder);
    put_count(builder, "median", spread_percentile(spread, 50));
    put_count(builder, "p95", spread_percentile(spread, 95));
    put_count(builder, "worst", spread->largest);
    ssr_builder_end_object(builder);
}

static void put_time(ssr_builder *builder, const struct spread *spread)
{
    if (spread->count == 0)
        return;
    ssr_builder_key(builder, "ms");
    ssr_builder_begin_object(builder);
    put_ms(builder, "median", spread_percentile(spread, 50));
    put_ms(builder, "p95", spread_percentile(spread, 95));
    put_ms(builder, "worst", spread->largest);
    ssr_builder_end_object(builder);
}

static void put_example(ssr_builder *builder, const struct tally_row *row)
{
    ssr_builder_key(builder, "example");
    ssr_builder_begin_object(builder);
    put_count(builder, "line", row->example_line);
    if (row->example_id) {
        ssr_builder_key(builder, "id");
        ssr_builder_json(builder, row->example_id, strlen(row->example_id));
    }
    if (row->note) {
        ssr_builder_key(builder, "text");
        ssr_builder_json(builder, row->note, strlen(row->note));
    }
    ssr_builder_end_object(builder);
}

static void put_route(ssr_builder *builder, const struct tally_row *row)
{
    ssr_builder_key(builder, "route");
    ssr_builder_string_n(builder, row->key, row->key_length);
    put_count(builder, "renders", row->times);
    put_count(builder, "notSettled", row->times - row->good);
    put_passes(builder, row->passes);
    put_time(builder, row->time);
}

static void put_kind(ssr_builder *builder, const struct tally_row *row)
{
    ssr_builder_key(builder, "kind");
    ssr_builder_json(builder, row->key, row->key_length);
    put_count(builder, "times", row->times);
    put_example(builder, row);
}

static void put_cause(ssr_builder *builder, const struct tally_row *row)
{
    ssr_builder_key(builder, "what");
    ssr_builder_json(builder, row->key, row->key_length);
    put_count(builder, "passes", row->times);
    put_count(builder, "renders", row->renders);
    put_example(builder, row);
}

static void put_wait(ssr_builder *builder, const struct tally_row *row)
{
    ssr_builder_key(builder, "steps");
    ssr_builder_json(builder, row->key, row->key_length);
    put_count(builder, "times", row->times);
    put_ms(builder, "ms", row->nanoseconds / row->times);
    put_example(builder, row);
}

/* {"rows":[...],"others":0} */
static bool put_tally(ssr_builder *builder, const char *key, const struct tally *tally,
                      int (*order)(const void *, const void *), void (*put)(ssr_builder *, const struct tally_row *))
{
    const struct tally_row **rows = malloc((tally->count + 1) * sizeof *rows);
    if (!rows)
        return false;
    for (size_t i = 0; i < tally->count; i++)
        rows[i] = &tally->rows[i];
    qsort(rows, tally->count, sizeof *rows, order);
    ssr_builder_key(builder, key);
    ssr_builder_begin_object(builder);
    ssr_builder_key(builder, "rows");
    ssr_builder_begin_array(builder);
    for (size_t i = 0; i < tally->count; i++) {
        ssr_builder_begin_object(builder);
        put(builder, rows[i]);
        ssr_builder_end_object(builder);
    }
    ssr_builder_end_array(builder);
    put_count(builder, "others", tally->others);
    ssr_builder_end_object(builder);
    free(rows);
    return !tally->has_failed;
}

static bool put_summary(ssr_builder *builder, const struct explain_summary *summary, uint64_t skipped_lines,
                        uint64_t error_lines)
{
    ssr_builder_begin_object(builder);
    put_count(builder, "v", 1);
    put_count(builder, "renders", summary->renders);
    put_count(builder, "skippedLines", skipped_lines);
    put_count(builder, "errorLines", error_lines);
    put_passes(builder, &summary->passes);
    put_time(builder, &summary->time);
    bool is_whole = put_tally(builder, "outcomes", &summary->outcomes, by_times, put_kind);
    is_whole = put_tally(builder, "verdicts", &summary->verdicts, by_times, put_kind) && is_whole;
    is_whole = put_tally(builder, "routes", &summary->routes, by_passes, put_route) && is_whole;
    is_whole = put_tally(builder, "causes", &summary->causes, by_times, put_cause) && is_whole;
    is_whole = put_tally(builder, "waits", &summary->waits, by_times, put_wait) && is_whole;
    is_whole = put_tally(builder, "advice", &summary->advice, by_times, put_kind) && is_whole;
    ssr_builder_end_object(builder);
    return is_whole && !summary->has_failed;
}

ssr_status explain_summary_finish(struct explain_summary *summary, uint64_t skipped_lines, uint64_t error_lines,
                                  ssr_value **value)
{
    *value = NULL;
    ssr_builder *builder = ssr_builder_new(NULL);
    ssr_status status = SSR_E_NOMEM;
    if (builder && put_summary(builder, summary, skipped_lines, error_lines))
        status = ssr_builder_finish(builder, value);
    ssr_builder_free(builder);
    return status;
}
