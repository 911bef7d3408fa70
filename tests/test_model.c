/*
 * Random pages against a naive model of the loop: plain arrays, values compared as text, every pass simulated from the
 * contract's list of steps, nothing shared with the engine. Stores, queries, hooks, declared loaders and redirects; the
 * engine's operations are answered in random order, some before and some after the render has ended. What leaves a
 * render must be the same in both.
 *
 * A failure prints the page and its seed. SEED=N runs that page alone; SECONDS=N keeps drawing pages for so long.
 */
#include "testing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/ssr.h"

enum { STORES = 6, QUERIES = 3, LOCATIONS = 3, INSTRUCTIONS = 14, KEYS = 200 };
enum { AT_LEAST = 20000, TEXT = 16384, LONG_VALUE = 6, NO_STEP = 1000 };

/* ---- Random pages ----------------------------------------------------------------------------------------------- */

/* What a page may set: text that may be written in many ways, and its canonical form. The first SHORT serve as
 * defaults. */
enum { SHORT = 5 };
static const struct {
    const char *written, *canonical;
} values[] = {
    {"0", "0"},
    {"-0.0", "0"},
    {"1e0", "1"},
    {"\"1\"", "\"1\""},
    {"null", "null"},
    {" [ 1 , 2 ]", "[1,2]"},
    {"[2,1]", "[2,1]"},
    {"{\"b\":1,\"a\":2}", "{\"a\":2,\"b\":1}"},
    {"{\"a\":2.0,\"b\":1}", "{\"a\":2,\"b\":1}"},
    {"true", "true"},
};

static const char *const bad_values[] = {"", "[1", "{\"a\":1,\"a\":1}", "\"\\ud800\"", "1e999", "01"};

enum op {
    OP_SHOW,
    OP_SET,
    OP_COPY,
    OP_SET_PASS,
    OP_BAD,
    OP_UNKNOWN,
    OP_STATUS,
    OP_TRANSFER,
    OP_FAIL,
    OP_ASK,
    OP_ASK_DISABLED,
    OP_FEED,
    OP_ASK_BAD,
    OP_REDIRECT,
    OPS
};
static const char *const op_names[OPS] = {"show",     "set",  "copy", "set_pass",     "bad",  "unknown", "status",
                                          "transfer", "fail", "ask",  "ask_disabled", "feed", "ask_bad", "redirect"};

enum guard { ALWAYS, WHEN_EQUAL, UNLESS_EQUAL, WHEN_PASS, FROM_PASS, WHEN_LOCATION, GUARDS };
static const char *const guard_names[GUARDS] = {"always", "when", "unless", "in pass", "from pass", "at location"};

/* The arguments of a query: a value as it may be written, what a store holds, or the number of the pass. */
enum args { ARGS_VALUE, ARGS_STORE, ARGS_PASS, ARGS_KINDS };
static const char *const args_names[ARGS_KINDS] = {"value", "store", "pass"};

struct instruction {
    enum op op;
    unsigned store, other, value;
    unsigned query;
    enum args args; /* of the query: `value` or `other` */
    enum guard guard;
    unsigned guard_store, guard_value, guard_pass, guard_location;
};

/* What a query's loader does with its arguments. */
struct loader {
    bool echoes;       /* answers its arguments; else a value */
    bool fails_on_odd; /* fails when their text has an odd length */
    bool writes;       /* sets a store to what it would answer */
    unsigned value, store;
    bool is_local;
};

/* What goes before the first pass of a location. */
struct route {
    bool has_hook, hook_fails, hook_sets, hook_loads;
    unsigned hook_store, hook_value; /* sets; loads the last query with the value */
    bool declares;                   /* one of the other queries, with the value */
    unsigned declared_query, declared_value;
};

struct definition {
    unsigned value;    /* the default */
    bool has_init;     /* makes the default */
    bool copies_lower; /* the init gives what the store below holds */
    bool is_derived, is_local, is_always;
};

struct page {
    uint64_t seed;
    struct definition stores[STORES];
    struct loader loaders[QUERIES];
    struct route routes[LOCATIONS];
    struct instruction instructions[INSTRUCTIONS];
    unsigned count;
    uint64_t allowed, forbidden, query_passes;
    bool prefetches, follows, data_only;
    ssr_limits limits;
    unsigned cancel_before, late_before; /* the pass that is not begun any more; NO_STEP */
};

struct chance {
    uint64_t state;
};

/* splitmix64. */
static uint64_t draw(struct chance *chance)
{
    uint64_t z = chance->state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static unsigned below(struct chance *chance, unsigned end)
{
    return (unsigned)(draw(chance) % end);
}

static bool once_in(struct chance *chance, unsigned times)
{
    return below(chance, times) == 0;
}

static struct definition draw_definition(struct chance *chance, unsigned store)
{
    struct definition definition = {.value = below(chance, SHORT)};
    definition.has_init = once_in(chance, 3);
    definition.copies_lower = store > 0 && once_in(chance, 2);
    definition.is_derived = once_in(chance, 3);
    definition.is_local = once_in(chance, 5);
    /* With an init, nobody has said when it would run. */
    definition.is_always = !definition.has_init && once_in(chance, 5);
    return definition;
}

static enum op draw_op(struct chance *chance)
{
    static const unsigned weights[OPS] = {
        [OP_SHOW] = 18,        [OP_SET] = 26,   [OP_COPY] = 15,    [OP_SET_PASS] = 3, [OP_BAD] = 5,
        [OP_UNKNOWN] = 2,      [OP_STATUS] = 3, [OP_TRANSFER] = 3, [OP_FAIL] = 1,     [OP_ASK] = 9,
        [OP_ASK_DISABLED] = 3, [OP_FEED] = 6,   [OP_ASK_BAD] = 1,  [OP_REDIRECT] = 5};
    unsigned roll = below(chance, 100);
    enum op op = OP_SHOW;
    for (; roll >= weights[op]; op++)
        roll -= weights[op];
    return op;
}

static struct instruction draw_instruction(struct chance *chance)
{
    struct instruction instruction = {.op = draw_op(chance)};
    instruction.store = below(chance, STORES);
    instruction.other = below(chance, STORES);
    instruction.value = below(chance, (unsigned)TEST_COUNT(values));
    instruction.query = below(chance, QUERIES);
    instruction.args = once_in(chance, 10) ? ARGS_PASS : (enum args)below(chance, ARGS_PASS);
    bool is_free = instruction.op != OP_REDIRECT && once_in(chance, 2);
    instruction.guard = is_free ? ALWAYS : (enum guard)(WHEN_EQUAL + below(chance, GUARDS - WHEN_EQUAL));
    instruction.guard_store = below(chance, STORES);
    instruction.guard_value = below(chance, (unsigned)TEST_COUNT(values));
    instruction.guard_pass = 1 + below(chance, 4);
    instruction.guard_location = below(chance, LOCATIONS);
    return instruction;
}

static struct loader draw_loader(struct chance *chance)
{
    struct loader loader = {.echoes = once_in(chance, 2), .fails_on_odd = once_in(chance, 4)};
    loader.writes = once_in(chance, 2);
    loader.value = below(chance, (unsigned)TEST_COUNT(values));
    loader.store = below(chance, STORES);
    loader.is_local = once_in(chance, 5);
    return loader;
}

/* Whether a key that is known already is loaded in place again is not what this test asks: one location at the most. */
static struct route draw_route(struct chance *chance, bool is_only)
{
    struct route route = {.has_hook = once_in(chance, 4)};
    route.hook_fails = once_in(chance, 10);
    route.hook_sets = once_in(chance, 2);
    route.hook_loads = is_only && once_in(chance, 2);
    route.hook_store = below(chance, STORES);
    route.hook_value = below(chance, (unsigned)TEST_COUNT(values));
    route.declares = once_in(chance, 3);
    route.declared_query = below(chance, QUERIES - 1);
    route.declared_value = below(chance, (unsigned)TEST_COUNT(values));
    return route;
}

static uint64_t draw_cap(struct chance *chance, uint64_t otherwise)
{
    return once_in(chance, 2) ? otherwise : once_in(chance, 10) ? SSR_UNLIMITED : below(chance, 7);
}

static void draw_limits(struct chance *chance, struct page *page)
{
    page->limits = ssr_config_default().limits;
    page->limits.passes = once_in(chance, 10) ? 1 + below(chance, 6) : 60;
    if (once_in(chance, 10))
        page->limits.queries = below(chance, 4);
    if (once_in(chance, 10))
        page->limits.stores = below(chance, STORES);
    if (once_in(chance, 10))
        page->limits.output_bytes = below(chance, 40);
    if (once_in(chance, 5))
        page->limits.value_bytes = LONG_VALUE;
    page->cancel_before = once_in(chance, 12) ? 1 + below(chance, 4) : NO_STEP;
    page->late_before = once_in(chance, 12) ? 1 + below(chance, 4) : NO_STEP;
}

static struct page draw_page(uint64_t seed)
{
    struct chance chance = {seed};
    struct page page = {.seed = seed};
    for (unsigned i = 0; i < STORES; i++)
        page.stores[i] = draw_definition(&chance, i);
    page.count = below(&chance, INSTRUCTIONS + 1);
    for (unsigned i = 0; i < page.count; i++)
        page.instructions[i] = draw_instruction(&chance);
    page.allowed = draw_cap(&chance, SSR_UNLIMITED);
    page.forbidden = draw_cap(&chance, 25);
    page.query_passes = once_in(&chance, 2) ? 30 : below(&chance, 4);
    page.follows = once_in(&chance, 2);
    page.data_only = once_in(&chance, 5);
    page.prefetches = once_in(&chance, 2);
    for (unsigned i = 0; i < QUERIES; i++)
        page.loaders[i] = draw_loader(&chance);
    for (unsigned i = 0; i < LOCATIONS; i++)
        page.routes[i] = draw_route(&chance, !page.follows && !page.data_only);
    draw_limits(&chance, &page);
    return page;
}

static void print_loading(const struct page *page)
{
    for (unsigned i = 0; i < QUERIES; i++) {
        const struct loader *loader = &page->loaders[i];
        printf("q%u answers %s%s%s%s s%u\n", i, loader->echoes ? "its arguments" : values[loader->value].canonical,
               loader->fails_on_odd ? " fails_on_odd" : "", loader->is_local ? " local" : "",
               loader->writes ? " writes" : "", loader->store);
    }
    for (unsigned i = 0; i < LOCATIONS; i++) {
        const struct route *route = &page->routes[i];
        if (route->has_hook)
            printf("/%u hook%s%s%s s%u q%u %s\n", i, route->hook_fails ? " fails" : "", route->hook_sets ? " sets" : "",
                   route->hook_loads ? " loads" : "", route->hook_store, QUERIES - 1,
                   values[route->hook_value].canonical);
        if (route->declares)
            printf("/%u declares q%u %s\n", i, route->declared_query, values[route->declared_value].canonical);
    }
}

static void print_page(const struct page *page)
{
    printf("SEED=%" PRIu64 "%s%s%s\n", page->seed, page->follows ? " follows" : "", page->data_only ? " data" : "",
           page->prefetches ? " prefetches" : "");
    printf("allowed %" PRIu64 " forbidden %" PRIu64 " query passes %" PRIu64 " passes %" PRIu64 " stores %" PRIu64
           " queries %" PRIu64 " output %" PRIu64 " value %" PRIu64 " cancel_before %u late_before %u\n",
           page->allowed, page->forbidden, page->query_passes, page->limits.passes, page->limits.stores,
           page->limits.queries, page->limits.output_bytes, page->limits.value_bytes, page->cancel_before,
           page->late_before);
    print_loading(page);
    for (unsigned i = 0; i < STORES; i++) {
        const struct definition *store = &page->stores[i];
        printf("s%u %s%s%s%s%s%s\n", i, values[store->value].canonical, store->has_init ? " init" : "",
               store->has_init && store->copies_lower ? " copies_lower" : "", store->is_derived ? " derived" : "",
               store->is_local ? " local" : "", store->is_always ? " always" : "");
    }
    for (unsigned i = 0; i < page->count; i++) {
        const struct instruction *line = &page->instructions[i];
        printf("  %s s%u s%u %s q%u by %s  (%s s%u %s pass %u /%u)\n", op_names[line->op], line->store, line->other,
               values[line->value].canonical, line->query, args_names[line->args], guard_names[line->guard],
               line->guard_store, values[line->guard_value].canonical, line->guard_pass, line->guard_location);
    }
}

/* ---- What leaves ------------------------------------------------------------------------------------------------ */

struct ending {
    ssr_outcome outcome;
    unsigned passes, rerenders, query_passes, refused, errors;
    int status;
    bool has_document;
    unsigned location;
    int redirect_to; /* the location; -1: none */
    char html[TEXT];
    char stores[TEXT], queries[TEXT];
};

static void append(char text[TEXT], const char *more)
{
    strncat(text, more, TEXT - strlen(text) - 1);
}

/* ---- The model: stores ------------------------------------------------------------------------------------------ */

struct model_store {
    bool is_counted;            /* against the limit of the request */
    bool is_touched, is_staged; /* at this location */
    char committed[32], staged[32], fallback[32];
};

enum key_state { KEY_UNASKED, KEY_PENDING, KEY_READY, KEY_FAILED };

/* A query and its arguments; what it answers is known when it is loaded. */
struct model_key {
    unsigned query;
    char args[32];
    enum key_state state;
    char answer[32]; /* the value, or the code */
};

struct model {
    const struct page *page;
    struct model_store stores[STORES];
    struct model_key keys[KEYS];
    unsigned key_count;
    unsigned found[KEYS], found_count; /* in this pass, in order */
    unsigned location, followed_to[LOCATIONS], followed;
    int redirect_to; /* of the running pass */
    struct ending ending;
    char html[TEXT], kept_stores[TEXT], kept_queries[TEXT]; /* of the last completed pass */
    int status, kept_status;
    bool has_completed; /* a pass at this location */
    bool has_place;     /* ssr_transfer_here was called */
    bool is_over_limit;
    unsigned rerenders, query_passes; /* at this location */
};

static unsigned counted(const struct model *model)
{
    unsigned count = 0;
    for (unsigned i = 0; i < STORES; i++)
        count += model->stores[i].is_counted;
    return count;
}

/* The store's default becomes its committed value, at the first read or set. False: one store too many. */
static bool touch(struct model *model, unsigned at)
{
    const struct definition *definition = &model->page->stores[at];
    struct model_store *store = &model->stores[at];
    if (store->is_touched)
        return true;
    if (!store->is_counted && counted(model) >= model->page->limits.stores) {
        model->is_over_limit = true;
        return false;
    }
    store->is_counted = store->is_touched = true;
    const char *value = values[definition->value].canonical;
    if (definition->has_init && definition->copies_lower) {
        if (!touch(model, at - 1))
            return false;
        value = model->stores[at - 1].committed;
    }
    strcpy(store->committed, value);
    strcpy(store->fallback, value);
    return true;
}

static bool is_too_large(const struct model *model, const char *value)
{
    return strlen(value) > model->page->limits.value_bytes;
}

static void stage_checked(struct model *model, unsigned at, const char *value)
{
    if (touch(model, at)) {
        strcpy(model->stores[at].staged, value);
        model->stores[at].is_staged = true;
    }
}

static void stage(struct model *model, unsigned at, const char *value)
{
    if (is_too_large(model, value))
        model->ending.refused++;
    else
        stage_checked(model, at, value);
}

/* What a loader or hook sets; for a derived store that is the default from now on. */
static void stage_from_outside(struct model *model, unsigned at, const char *value)
{
    if (is_too_large(model, value))
        return;
    stage_checked(model, at, value);
    if (!model->is_over_limit)
        strcpy(model->stores[at].fallback, value);
}

/* ---- The model: queries ----------------------------------------------------------------------------------------- */

static struct model_key *find_key(struct model *model, unsigned query, const char *args)
{
    for (unsigned i = 0; i < model->key_count; i++)
        if (model->keys[i].query == query && strcmp(model->keys[i].args, args) == 0)
            return &model->keys[i];
    return NULL;
}

/* NULL: one key too many. */
static struct model_key *make_key(struct model *model, unsigned query, const char *args)
{
    struct model_key *key = find_key(model, query, args);
    if (key)
        return key;
    if (model->key_count >= model->page->limits.queries) {
        model->is_over_limit = true;
        return NULL;
    }
    key = &model->keys[model->key_count++];
    key->query = query;
    strcpy(key->args, args);
    return key;
}

static void find_query(struct model *model, struct model_key *key)
{
    if (key->state != KEY_UNASKED)
        return;
    key->state = KEY_PENDING;
    model->found[model->found_count++] = (unsigned)(key - model->keys);
}

/* What the loader would answer or write. */
static const char *loaded(const struct model *model, const struct model_key *key)
{
    const struct loader *loader = &model->page->loaders[key->query];
    return loader->echoes ? key->args : values[loader->value].canonical;
}

static void load_key(struct model *model, struct model_key *key)
{
    const struct loader *loader = &model->page->loaders[key->query];
    const char *value = loaded(model, key);
    bool fails = loader->fails_on_odd && strlen(key->args) % 2 == 1;
    key->state = fails || is_too_large(model, value) ? KEY_FAILED : KEY_READY;
    strcpy(key->answer, fails ? "gone" : key->state == KEY_FAILED ? "too_large" : value);
    if (key->state == KEY_READY && loader->writes)
        stage_from_outside(model, loader->store, value);
}

/* All queries that the pass found, in the order of finding. */
static void load_found(struct model *model)
{
    for (unsigned i = 0; i < model->found_count && !model->is_over_limit; i++)
        load_key(model, &model->keys[model->found[i]]);
    model->found_count = 0;
}

static void forget_found(struct model *model)
{
    for (unsigned i = 0; i < model->found_count; i++)
        model->keys[model->found[i]].state = KEY_UNASKED;
    model->found_count = 0;
}

/* Hook and declared loaders of a location; false: the hook, or making the arguments, failed. */
static bool prepare_location(struct model *model)
{
    const struct page *page = model->page;
    const struct route *route = &page->routes[model->location];
    struct model_key *key = NULL;
    if (page->prefetches && route->declares) {
        if (is_too_large(model, values[route->declared_value].canonical))
            return false;
        key = make_key(model, route->declared_query, values[route->declared_value].canonical);
        if (!key)
            return true;
        find_query(model, key);
    }
    if (!route->has_hook)
        return true;
    if (route->hook_fails)
        return false;
    const char *value = values[route->hook_value].canonical;
    if (route->hook_sets)
        stage_from_outside(model, route->hook_store, value);
    if (route->hook_loads && !is_too_large(model, value) && !model->is_over_limit) {
        key = make_key(model, QUERIES - 1, value);
        if (key)
            load_key(model, key);
    }
    return true;
}

/* ---- The model: the page ---------------------------------------------------------------------------------------- */

static void write_html(struct model *model, char html[TEXT], const char *text)
{
    size_t length = strlen(html) - model->has_place + strlen(text);
    if (model->page->data_only)
        return;
    if (length > model->page->limits.output_bytes)
        model->is_over_limit = true;
    else
        append(html, text);
}

static bool guard_holds(struct model *model, const struct instruction *line, unsigned pass)
{
    switch (line->guard) {
    case WHEN_PASS: return pass == line->guard_pass;
    case FROM_PASS: return pass >= line->guard_pass;
    case WHEN_LOCATION: return model->location == line->guard_location;
    case WHEN_EQUAL:
    case UNLESS_EQUAL:
        if (!touch(model, line->guard_store))
            return false;
        return (strcmp(model->stores[line->guard_store].committed, values[line->guard_value].canonical) == 0) ==
               (line->guard == WHEN_EQUAL);
    default: return true;
    }
}

static void show(struct model *model, char html[TEXT], unsigned store)
{
    if (touch(model, store))
        write_html(model, html, model->stores[store].committed);
}

/* "@" marks the place of the transfer element, which is no output of the page. */
static void place_transfer(struct model *model, char html[TEXT])
{
    if (model->has_place)
        model->ending.refused++;
    else if (!model->page->data_only)
        append(html, "@");
    model->has_place = true;
}

/* False: a store too many on the way to the arguments. */
static bool read_args(struct model *model, const struct instruction *line, char args[32])
{
    if (line->args == ARGS_STORE && !touch(model, line->other))
        return false;
    if (line->args == ARGS_PASS)
        snprintf(args, 32, "%u", model->ending.passes);
    else
        strcpy(args, line->args == ARGS_STORE ? model->stores[line->other].committed : values[line->value].canonical);
    return true;
}

/* The key, when it is known after asking; NULL: disabled. */
static const struct model_key *ask(struct model *model, const struct instruction *line)
{
    char args[32];
    if (!read_args(model, line, args))
        return NULL;
    if (is_too_large(model, args)) {
        model->ending.refused++;
        return NULL;
    }
    bool enabled = line->op != OP_ASK_DISABLED;
    struct model_key *key = enabled ? make_key(model, line->query, args) : find_key(model, line->query, args);
    if (key && enabled)
        find_query(model, key);
    return key;
}

static void show_answer(struct model *model, const struct instruction *line, char html[TEXT])
{
    static const char *const marks[] = {"-", "?", "", "!"};
    const struct model_key *key = ask(model, line);
    if (model->is_over_limit)
        return;
    enum key_state state = key ? key->state : KEY_UNASKED;
    write_html(model, html, marks[state]);
    if (!model->is_over_limit && (state == KEY_READY || state == KEY_FAILED))
        write_html(model, html, key->answer);
}

static void feed(struct model *model, const struct instruction *line)
{
    char code[34];
    const struct model_key *key = ask(model, line);
    if (!key || model->is_over_limit)
        return;
    snprintf(code, sizeof code, "\"%s\"", key->answer);
    if (key->state == KEY_READY)
        stage(model, line->store, key->answer);
    else if (key->state == KEY_FAILED)
        stage(model, line->store, code);
}

static void run_write(struct model *model, const struct instruction *line)
{
    char number[16];
    switch (line->op) {
    case OP_SET: stage(model, line->store, values[line->value].canonical); break;
    case OP_COPY:
        if (touch(model, line->other))
            stage(model, line->store, model->stores[line->other].committed);
        break;
    case OP_SET_PASS:
        snprintf(number, sizeof number, "%u", model->ending.passes);
        stage(model, line->store, number);
        break;
    default: model->ending.refused++; break;
    }
}

static void run_instruction(struct model *model, const struct instruction *line, char html[TEXT])
{
    switch (line->op) {
    case OP_SHOW: show(model, html, line->store); break;
    case OP_STATUS: model->status = 200 + (int)line->value; break;
    case OP_TRANSFER: place_transfer(model, html); break;
    case OP_ASK:
    case OP_ASK_DISABLED: show_answer(model, line, html); break;
    case OP_FEED: feed(model, line); break;
    case OP_REDIRECT: model->redirect_to = (int)(line->value % LOCATIONS); break;
    default: run_write(model, line); break;
    }
}

/* False: the callback returns an error. */
static bool run_model_page(struct model *model, char html[TEXT])
{
    for (unsigned i = 0; i < model->page->count && !model->is_over_limit; i++) {
        const struct instruction *line = &model->page->instructions[i];
        if (!guard_holds(model, line, model->ending.passes) || model->is_over_limit)
            continue;
        if (line->op == OP_FAIL)
            return false;
        run_instruction(model, line, html);
    }
    return true;
}

/* ---- The model: what a pass leaves ------------------------------------------------------------------------------ */

static void commit(struct model *model)
{
    for (unsigned i = 0; i < STORES; i++) {
        struct model_store *store = &model->stores[i];
        if (store->is_staged)
            strcpy(store->committed, store->staged);
        store->is_staged = false;
    }
}

/* At the end of a pass: derived stores that were not set fall back. Whether anything staged differs. */
static bool stage_defaults(struct model *model)
{
    bool differs = false;
    for (unsigned i = 0; i < STORES; i++) {
        struct model_store *store = &model->stores[i];
        if (store->is_touched && !store->is_staged && model->page->stores[i].is_derived) {
            strcpy(store->staged, store->fallback);
            store->is_staged = true;
        }
        differs |= store->is_staged && strcmp(store->staged, store->committed) != 0;
    }
    return differs;
}

static void keep_stores(struct model *model)
{
    strcpy(model->kept_stores, "{");
    for (unsigned i = 0; i < STORES; i++) {
        const struct definition *definition = &model->page->stores[i];
        const struct model_store *store = &model->stores[i];
        char member[64];
        if (definition->is_local || (!store->is_touched && !definition->is_always))
            continue;
        snprintf(member, sizeof member, "%s\"s%u\":%s", model->kept_stores[1] ? "," : "", i,
                 store->is_touched ? store->committed : values[definition->value].canonical);
        append(model->kept_stores, member);
    }
    append(model->kept_stores, "}");
}

/* A key as text, which is what keys are sorted by, and what crosses of it. */
struct member {
    char text[64];
    const struct model_key *key;
};

static int compare_members(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->text, ((const struct member *)b)->text);
}

static void append_member(char queries[TEXT], const struct member *member)
{
    const struct model_key *key = member->key;
    append(queries, queries[1] ? ",\"" : "\"");
    for (const char *p = member->text; *p; p++) {
        append(queries, *p == '"' || *p == '\\' ? "\\" : "");
        append(queries, (char[]){*p, 0});
    }
    append(queries, key->state == KEY_READY ? "\":{\"ready\":" : "\":{\"failed\":\"");
    append(queries, key->answer);
    append(queries, key->state == KEY_READY ? "}" : "\"}");
}

static void keep_queries(struct model *model)
{
    struct member members[KEYS];
    size_t count = 0;
    for (unsigned i = 0; i < model->key_count; i++) {
        const struct model_key *key = &model->keys[i];
        if (model->page->loaders[key->query].is_local || (key->state != KEY_READY && key->state != KEY_FAILED))
            continue;
        members[count].key = key;
        snprintf(members[count++].text, sizeof members[0].text, "[\"q%u\",%s]", key->query, key->args);
    }
    qsort(members, count, sizeof members[0], compare_members);
    strcpy(model->kept_queries, "{");
    for (size_t i = 0; i < count; i++)
        append_member(model->kept_queries, &members[i]);
    append(model->kept_queries, "}");
}

/* What the last completed pass saw. */
static void keep(struct model *model, const char *html)
{
    strcpy(model->html, html);
    model->kept_status = model->status;
    model->has_completed = true;
    keep_stores(model);
    keep_queries(model);
}

/* ---- The model: the loop ---------------------------------------------------------------------------------------- */

/* Whether the host ends the render before its next pass. */
static bool is_called_off(struct model *model)
{
    unsigned pass = model->ending.passes + 1;
    if (pass >= model->page->cancel_before)
        model->ending.outcome = SSR_CANCELLED;
    else if (pass >= model->page->late_before)
        model->ending.outcome = SSR_DEADLINE;
    else
        return false;
    return true;
}

/* Follows or reports; true: another location begins. */
static bool redirect(struct model *model)
{
    const struct page *page = model->page;
    unsigned to = (unsigned)model->redirect_to;
    forget_found(model);
    if (!page->follows && !page->data_only) {
        model->ending.outcome = SSR_REDIRECT;
        model->ending.redirect_to = model->redirect_to;
        return false;
    }
    if (++model->followed_to[to] > 10 || ++model->followed > 20) {
        model->ending.outcome = SSR_REDIRECT_LOOP;
        return false;
    }
    model->location = to;
    for (unsigned i = 0; i < STORES; i++)
        model->stores[i].is_touched = model->stores[i].is_staged = false;
    model->has_completed = false;
    model->rerenders = model->query_passes = 0;
    return true;
}

enum next { NEXT_NOTHING, NEXT_RERENDER, NEXT_QUERY_PASS, NEXT_LOCATION };

/* The contract's steps 4 to 7. */
static enum next judge(struct model *model)
{
    const struct page *page = model->page;
    struct ending *ending = &model->ending;
    if (model->redirect_to >= 0)
        return redirect(model) ? NEXT_LOCATION : NEXT_NOTHING;
    if (model->found_count > 0) {
        if (model->query_passes < page->query_passes)
            return NEXT_QUERY_PASS;
        ending->outcome = SSR_QUERY_CAP;
        ending->errors++;
        return NEXT_NOTHING;
    }
    ending->outcome = SSR_SETTLED;
    if (!stage_defaults(model))
        return NEXT_NOTHING;
    if (model->rerenders >= page->forbidden) {
        ending->outcome = SSR_HARD_CAP;
        ending->errors++;
        return NEXT_NOTHING;
    }
    ending->outcome = SSR_SOFT_CAP;
    return model->rerenders < page->allowed ? NEXT_RERENDER : NEXT_NOTHING;
}

/* What goes before a pass: false when it is not reached. */
static bool arrive(struct model *model, enum next why)
{
    if (is_called_off(model))
        return false;
    model->ending.outcome = SSR_FAILED;
    if (why == NEXT_LOCATION && !prepare_location(model))
        return model->is_over_limit = false;
    if (!model->is_over_limit)
        load_found(model);
    model->ending.outcome = SSR_LIMITED;
    return !model->is_over_limit && model->ending.passes < model->page->limits.passes;
}

/* One pass and its verdict. */
static enum next run_model_pass(struct model *model, enum next why)
{
    struct ending *ending = &model->ending;
    char html[TEXT] = "";
    if (!arrive(model, why))
        return NEXT_NOTHING;
    commit(model);
    ending->passes++;
    ending->rerenders += why == NEXT_RERENDER;
    model->rerenders += why == NEXT_RERENDER;
    ending->query_passes += why == NEXT_QUERY_PASS;
    model->query_passes += why == NEXT_QUERY_PASS;
    model->status = 200;
    model->has_place = false;
    model->redirect_to = -1;
    bool is_good = run_model_page(model, html);
    ending->outcome = model->is_over_limit ? SSR_LIMITED : SSR_FAILED;
    if (!is_good || model->is_over_limit)
        return NEXT_NOTHING;
    keep(model, html);
    return judge(model);
}

static bool leaves_something(ssr_outcome outcome)
{
    return outcome != SSR_FAILED && outcome != SSR_REDIRECT && outcome != SSR_REDIRECT_LOOP;
}

static struct ending run_model(const struct page *page)
{
    static struct model model;
    memset(&model, 0, sizeof model);
    model.page = page;
    struct ending *ending = &model.ending;
    ending->redirect_to = -1;
    for (enum next next = NEXT_LOCATION; next != NEXT_NOTHING;)
        next = run_model_pass(&model, next);
    bool leaves = model.has_completed && leaves_something(ending->outcome);
    ending->has_document = leaves && !page->data_only;
    ending->status = leaves ? model.kept_status : ending->outcome == SSR_REDIRECT ? 302 : 500;
    ending->location = model.location;
    if (leaves) {
        strcpy(ending->html, model.html);
        strcpy(ending->stores, model.kept_stores);
        strcpy(ending->queries, model.kept_queries);
    }
    return *ending;
}

/* ---- The engine ------------------------------------------------------------------------------------------------- */

struct real;

/* What belongs to one definition or location, as an argument of its callback. */
struct part {
    struct real *real;
    unsigned index;
};

struct real {
    const struct page *page;
    ssr_store *stores[STORES];
    ssr_query *queries[QUERIES];
    struct part inits[STORES], loaders[QUERIES], locations[LOCATIONS];
    ssr_hook hooks[LOCATIONS];
    ssr_declared_loader declared[LOCATIONS];
    ssr_route routes[LOCATIONS];
    unsigned errors, passes;
};

static const char *const location_names[LOCATIONS] = {"/0", "/1", "/2"};

static unsigned location_index(const char *location)
{
    return (unsigned)(location[1] - '0');
}

static ssr_status init_store(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    const struct part *init = arg;
    const struct definition *definition = &init->real->page->stores[init->index];
    if (definition->copies_lower)
        return ssr_builder_value(value, ssr_get(ctx, init->real->stores[init->index - 1]));
    const char *text = values[definition->value].written;
    return ssr_builder_json(value, text, strlen(text));
}

/* A refused write is ignored. */
static ssr_status load_query(ssr_operation *operation, void *arg)
{
    const struct part *part = arg;
    const struct loader *loader = &part->real->page->loaders[part->index];
    ssr_json args = ssr_operation_args(operation);
    if (loader->fails_on_odd && args.length % 2 == 1)
        return ssr_operation_fail(operation, "gone", "its arguments are odd");
    const char *text = loader->echoes ? args.text : values[loader->value].written;
    if (loader->writes) {
        ssr_builder_json(ssr_operation_build_store(operation), text, strlen(text));
        ssr_operation_set(operation, part->real->stores[loader->store]);
    }
    return ssr_builder_json(ssr_operation_build(operation), text, strlen(text));
}

static ssr_status run_hook(ssr_operation *operation, void *arg)
{
    const struct part *part = arg;
    const struct route *route = &part->real->page->routes[part->index];
    const char *text = values[route->hook_value].written;
    if (route->hook_sets) {
        ssr_builder_json(ssr_operation_build_store(operation), text, strlen(text));
        ssr_operation_set(operation, part->real->stores[route->hook_store]);
    }
    if (route->hook_loads) {
        ssr_builder_json(ssr_operation_build_args(operation), text, strlen(text));
        ssr_operation_load(operation, part->real->queries[QUERIES - 1]);
    }
    return route->hook_fails ? ssr_operation_fail(operation, "gone", "it was drawn to fail") : SSR_OK;
}

static ssr_status declare_args(const char *location, ssr_builder *args, void *arg)
{
    const struct part *part = arg;
    const char *text = values[part->real->page->routes[part->index].declared_value].written;
    assert_string_equal(location, location_names[part->index]);
    return ssr_builder_json(args, text, strlen(text));
}

static const ssr_route *find_route(const char *location, void *arg)
{
    struct real *real = arg;
    return &real->routes[location_index(location)];
}

static bool is_open(const struct real *real, ssr_ctx *ctx, const struct instruction *line)
{
    unsigned pass = ssr_pass(ctx);
    if (line->guard == WHEN_PASS || line->guard == FROM_PASS)
        return line->guard == WHEN_PASS ? pass == line->guard_pass : pass >= line->guard_pass;
    if (line->guard == WHEN_LOCATION)
        return location_index(ssr_location(ctx)) == line->guard_location;
    if (line->guard == ALWAYS)
        return true;
    const ssr_value *value = ssr_get(ctx, real->stores[line->guard_store]);
    bool is_equal = value && strcmp(ssr_value_text(value), values[line->guard_value].canonical) == 0;
    return is_equal == (line->guard == WHEN_EQUAL);
}

static void call_set(struct real *real, ssr_ctx *ctx, const struct instruction *line)
{
    ssr_store *store = real->stores[line->store];
    const char *text = values[line->value].written;
    const char *bad = bad_values[line->value % TEST_COUNT(bad_values)];
    switch (line->op) {
    case OP_SET: ssr_set_json(ctx, store, text, strlen(text)); break;
    case OP_COPY: ssr_set_value(ctx, store, ssr_get(ctx, real->stores[line->other])); break;
    case OP_SET_PASS: ssr_set_integer(ctx, store, ssr_pass(ctx)); break;
    case OP_BAD: ssr_set_json(ctx, store, bad, strlen(bad)); break;
    default: ssr_set_null(ctx, NULL); break;
    }
}

static ssr_query_result call_ask(struct real *real, ssr_ctx *ctx, const struct instruction *line)
{
    const ssr_query *query = real->queries[line->query];
    bool enabled = line->op != OP_ASK_DISABLED;
    if (line->args == ARGS_PASS)
        return ssr_query_integer(ctx, query, ssr_pass(ctx), enabled);
    if (line->args == ARGS_VALUE)
        return ssr_query_get(ctx, query, values[line->value].written, enabled);
    const ssr_value *value = ssr_get(ctx, real->stores[line->other]);
    ssr_builder_value(ssr_build(ctx), value);
    return ssr_query_built(ctx, query, enabled);
}

static void call_query(struct real *real, ssr_ctx *ctx, const struct instruction *line)
{
    static const char *const marks[] = {"-", "?", "", "!"};
    if (line->op == OP_ASK_BAD) {
        ssr_query_get(ctx, real->queries[line->query], bad_values[line->value % TEST_COUNT(bad_values)], true);
        return;
    }
    ssr_query_result result = call_ask(real, ctx, line);
    if (line->op == OP_FEED && result.state == SSR_QUERY_READY)
        ssr_set_json(ctx, real->stores[line->store], result.data.text, result.data.length);
    else if (line->op == OP_FEED && result.state == SSR_QUERY_FAILED)
        ssr_set_string(ctx, real->stores[line->store], result.error);
    if (line->op == OP_FEED)
        return;
    ssr_html(ctx, marks[result.state]);
    if (result.state == SSR_QUERY_READY)
        ssr_html_n(ctx, result.data.text, result.data.length);
    ssr_html(ctx, result.error);
}

static void call_output(struct real *real, ssr_ctx *ctx, const struct instruction *line)
{
    const ssr_value *value = ssr_get(ctx, real->stores[line->store]);
    if (value)
        ssr_html_n(ctx, ssr_value_text(value), ssr_value_length(value));
}

static void call(struct real *real, ssr_ctx *ctx, const struct instruction *line)
{
    switch (line->op) {
    case OP_SHOW: call_output(real, ctx, line); break;
    case OP_STATUS: ssr_set_status(ctx, 200 + (int)line->value); break;
    case OP_TRANSFER: ssr_transfer_here(ctx); break;
    case OP_REDIRECT: ssr_redirect(ctx, location_names[line->value % LOCATIONS], 0); break;
    case OP_ASK:
    case OP_ASK_DISABLED:
    case OP_FEED:
    case OP_ASK_BAD: call_query(real, ctx, line); break;
    default: call_set(real, ctx, line); break;
    }
}

static ssr_status run_page(ssr_ctx *ctx, void *arg)
{
    struct real *real = arg;
    real->passes++;
    for (unsigned i = 0; i < real->page->count; i++) {
        const struct instruction *line = &real->page->instructions[i];
        if (!is_open(real, ctx, line))
            continue;
        if (line->op == OP_FAIL)
            return SSR_E_FAILED;
        call(real, ctx, line);
    }
    return SSR_OK;
}

static void count_error(void *arg, const char *category, const char *line)
{
    struct real *real = arg;
    (void)category, (void)line;
    real->errors++;
}

static void define_stores(struct real *real, ssr_registry *registry)
{
    for (unsigned i = 0; i < STORES; i++) {
        const struct definition *definition = &real->page->stores[i];
        char name[8];
        snprintf(name, sizeof name, "s%u", i);
        real->inits[i] = (struct part){real, i};
        ssr_store_options options = {.lifetime = definition->is_derived ? SSR_DERIVED : SSR_STICKY,
                                     .policy = definition->is_local ? SSR_LOCAL : SSR_TRANSFERRED,
                                     .always = definition->is_always};
        if (definition->has_init) {
            options.init = init_store;
            options.init_arg = &real->inits[i];
        } else {
            options.default_json = values[definition->value].written;
        }
        real->stores[i] = ssr_store_define(registry, name, &options);
        assert_non_null(real->stores[i]);
    }
}

static void define_queries(struct real *real, ssr_registry *registry)
{
    for (unsigned i = 0; i < QUERIES; i++) {
        char name[8];
        snprintf(name, sizeof name, "q%u", i);
        real->loaders[i] = (struct part){real, i};
        ssr_query_options options = {.load = load_query,
                                     .load_arg = &real->loaders[i],
                                     .policy = real->page->loaders[i].is_local ? SSR_LOCAL : SSR_TRANSFERRED};
        real->queries[i] = ssr_query_define(registry, name, &options);
        assert_non_null(real->queries[i]);
    }
}

static void make_routes(struct real *real)
{
    for (unsigned i = 0; i < LOCATIONS; i++) {
        const struct route *route = &real->page->routes[i];
        real->locations[i] = (struct part){real, i};
        real->hooks[i] = (ssr_hook){"hook", run_hook, &real->locations[i]};
        real->declared[i] =
            (ssr_declared_loader){real->queries[route->declared_query], declare_args, &real->locations[i]};
        real->routes[i] = (ssr_route){&real->hooks[i], route->has_hook, &real->declared[i], route->declares};
    }
}

/* Operations that were handed out, in no order. */
struct waiting {
    ssr_operation *operations[KEYS];
    unsigned count;
};

static void answer_any(struct waiting *waiting, struct chance *chance)
{
    unsigned at = below(chance, waiting->count);
    ssr_operation *operation = waiting->operations[at];
    waiting->operations[at] = waiting->operations[--waiting->count];
    ssr_operation_run(operation);
}

static void take_all(struct waiting *waiting, ssr_render *render)
{
    ssr_operation *operation;
    while ((operation = ssr_render_next_operation(render)) != NULL)
        waiting->operations[waiting->count++] = operation;
}

/*
 * Before the pass that is not begun any more the render is told the time or, once, that nobody waits. A waiting render
 * gets its answers one by one, in any order, with steps between them.
 */
static const ssr_result *drive(ssr_render *render, const struct real *real, struct waiting *waiting,
                               struct chance *chance)
{
    for (ssr_step step = SSR_STEP_AGAIN; step != SSR_STEP_ENDED;) {
        unsigned pass = real->passes + 1;
        if (pass >= real->page->cancel_before)
            ssr_render_cancel(render);
        if (step == SSR_STEP_WAITING && waiting->count > 0)
            answer_any(waiting, chance);
        while (waiting->count > 0 && once_in(chance, 2))
            answer_any(waiting, chance);
        step = ssr_render_step(render, pass >= real->page->late_before ? 200 : 50);
        if (step == SSR_STEP_WAITING)
            take_all(waiting, render);
    }
    return ssr_render_result(render);
}

/* Replaces the transfer element inside the document by the model's mark. */
static void copy_html(struct ending *ending, const ssr_result *result)
{
    const char *html = result->html, *found = result->transfer_length ? strstr(html, result->transfer) : NULL;
    if (found) {
        strncat(ending->html, html, (size_t)(found - html));
        append(ending->html, "@");
        html = found + result->transfer_length;
    }
    append(ending->html, html);
}

static void copy_member(char text[TEXT], ssr_json data, const char *pointer)
{
    ssr_json member = ssr_json_at(data, pointer);
    if (member.text)
        strncat(text, member.text, member.length < TEXT ? member.length : TEXT - 1);
}

static struct ending ending_of(const ssr_result *result, unsigned errors)
{
    struct ending ending = {.outcome = result->outcome,
                            .passes = result->passes,
                            .rerenders = result->rerenders,
                            .query_passes = result->query_passes,
                            .refused = result->refused,
                            .errors = errors,
                            .status = result->status,
                            .has_document = result->has_document,
                            .location = location_index(result->location),
                            .redirect_to = result->redirect_to ? (int)location_index(result->redirect_to) : -1};
    ssr_value *value = NULL;
    ssr_value_parse(NULL, result->data, result->data_length, NULL, &value);
    copy_html(&ending, result);
    copy_member(ending.stores, ssr_value_json(value), "/stores");
    copy_member(ending.queries, ssr_value_json(value), "/queries");
    ssr_value_free(value);
    return ending;
}

/* What is noted and written must not show in how a page ends. */
static void write_record(void *arg, ssr_record *record)
{
    (void)arg;
    assert_non_null(ssr_record_json(record, NULL));
    assert_non_null(ssr_record_text(record, NULL));
}

static ssr_config config_of(struct real *real, struct test_memory *memory)
{
    const struct page *page = real->page;
    ssr_config config = ssr_config_default();
    config.allocator = test_allocator(memory);
    config.allowed_rerenders_count = page->allowed;
    config.forbidden_rerenders_count = page->forbidden;
    config.max_query_passes = page->query_passes;
    config.prefetch_loaders_before_page_render = page->prefetches;
    config.limits = page->limits;
    config.log = (ssr_log){.error = count_error, .record = page->seed % 4 ? NULL : write_record, .arg = real};
    return config;
}

static struct ending run_engine(const struct page *page)
{
    struct real real = {.page = page};
    struct chance chance = {page->seed};
    struct waiting waiting = {.count = 0};
    ssr_engine *engine;
    ssr_render *render;
    struct test_memory memory = {0};
    ssr_config config = config_of(&real, &memory);
    assert_int_equal(ssr_engine_new(&config, &engine), SSR_OK);
    define_stores(&real, ssr_engine_registry(engine));
    define_queries(&real, ssr_engine_registry(engine));
    make_routes(&real);
    assert_int_equal(ssr_engine_start(engine), SSR_OK);
    ssr_request request = {.deadline_ms = page->late_before == NO_STEP ? 0 : 100,
                           .location = location_names[0],
                           .redirects = page->follows ? SSR_REDIRECTS_FOLLOW : SSR_REDIRECTS_REPORT,
                           .data_only = page->data_only,
                           .find_route = find_route,
                           .find_route_arg = &real};
    assert_int_equal(ssr_render_new(engine, run_page, &real, &request, &render), SSR_OK);
    const ssr_result *result = drive(render, &real, &waiting, &chance);
    while (waiting.count > 0 && once_in(&chance, 2))
        answer_any(&waiting, &chance);
    struct ending ending = ending_of(result, real.errors);
    ssr_render_free(render);
    while (waiting.count > 0)
        answer_any(&waiting, &chance);
    ssr_engine_free(engine);
    assert_all_freed(&memory);
    return ending;
}

/* ---- Comparing -------------------------------------------------------------------------------------------------- */

static bool is_same(const struct ending *a, const struct ending *b)
{
    return a->outcome == b->outcome && a->passes == b->passes && a->rerenders == b->rerenders &&
           a->query_passes == b->query_passes && a->refused == b->refused && a->errors == b->errors &&
           a->status == b->status && a->has_document == b->has_document && a->location == b->location &&
           a->redirect_to == b->redirect_to && strcmp(a->html, b->html) == 0 && strcmp(a->stores, b->stores) == 0 &&
           strcmp(a->queries, b->queries) == 0;
}

static void print_ending(const char *who, const struct ending *ending)
{
    printf("%s: %s, passes %u, rerenders %u, query passes %u, refused %u, errors %u, status %d, at /%u, to /%d\n", who,
           ssr_outcome_name(ending->outcome), ending->passes, ending->rerenders, ending->query_passes, ending->refused,
           ending->errors, ending->status, ending->location, ending->redirect_to);
    printf("  %s %s\n  stores %s\n  queries %s\n", ending->has_document ? "document" : "none", ending->html,
           ending->stores, ending->queries);
}

static void compare(uint64_t seed, unsigned outcomes[SSR_OUTCOME_COUNT])
{
    struct page page = draw_page(seed);
    struct ending expected = run_model(&page);
    struct ending seen = run_engine(&page);
    outcomes[expected.outcome]++;
    if (is_same(&expected, &seen))
        return;
    print_page(&page);
    print_ending("model ", &expected);
    print_ending("engine", &seen);
    fail_msg("model and engine disagree");
}

static uint64_t number_from(const char *variable)
{
    const char *text = getenv(variable);
    return text ? strtoull(text, NULL, 10) : 0;
}

static void random_pages_end_as_the_model_says(void **state)
{
    (void)state;
    unsigned outcomes[SSR_OUTCOME_COUNT] = {0};
    uint64_t seed = number_from("SEED"), count = 0;
    time_t end = time(NULL) + (time_t)number_from("SECONDS");
    if (seed) {
        compare(seed, outcomes);
        return;
    }
    for (; count < AT_LEAST || time(NULL) < end; count++)
        compare(++seed, outcomes);
    printf("%" PRIu64 " pages:", count);
    for (unsigned i = 0; i < SSR_OUTCOME_COUNT; i++)
        printf(" %s %u", ssr_outcome_name((ssr_outcome)i), outcomes[i]);
    printf("\n");
    /* A generator that no longer reaches an outcome tests less than it says. */
    for (unsigned i = 0; i < SSR_OUTCOME_COUNT; i++)
        assert_true(outcomes[i] > AT_LEAST / 200 || i == SSR_CYCLE); /* no page here asks for that */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_pages_end_as_the_model_says)};
    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
