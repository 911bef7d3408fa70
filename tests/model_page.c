/*
 * Pages from bytes, and pages as text. What always holds: any bytes are a page, fewer bytes are a smaller one, and no
 * page runs more than some hundred parts a pass.
 */
#include "model.h"

#include <inttypes.h>
#include <string.h>

const struct model_value model_values[VALUES] = {
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
    {"\"<&>\"", "\"<&>\""},
    {"\"a b;\\u00e9\"", "\"a b;\xc3\xa9\""},
    {"9007199254740993", "9007199254740992"},
    {"9007199254740990", "9007199254740990"},
    {"0.30000000000000004", "0.30000000000000004"},
    {"0.3", "0.3"},
};

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
const char model_long_text[] = HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED;

const char *const model_bad_values[BAD_VALUES] = {"", "[1", "{\"a\":1,\"a\":1}", "\"\\ud800\"", "1e999", "01"};

const struct model_value model_sent[COOKIES][SENT_KINDS] = {
    {{NULL, NULL}, {"1", "\"1\""}, {"", "\"\""}, {"\xff", NULL}},
    {{NULL, NULL}, {"a%20b", "\"a b\""}, {"%zz", "\"%zz\""}, {"f", "\"f\""}},
    {{NULL, NULL}, {"%5B1%2C2%5D", "[1,2]"}, {"%7B", NULL}, {"1.0", "1"}},
};
const ssr_cookie_encoding model_encodings[COOKIES] = {SSR_COOKIE_RAW, SSR_COOKIE_PERCENT, SSR_COOKIE_JSON};
const char *const model_fallbacks[COOKIES] = {"null", "\"f\"", "[1,2]"};

const char *const model_locations[LOCATIONS] = {"/0", "/1", "/2"};
const char *const model_redirects[REDIRECTS] = {"/0", "/1", "/2", "https://x.test/", "//x.test/", "/\\x"};
const int model_redirect_statuses[REDIRECT_STATUSES] = {0, 301, 303, 307, 308, 299};

unsigned model_turn(const char *text, unsigned value)
{
    bool is_digit = text[0] >= '0' && text[0] <= '9' && text[1] == '\0';
    return is_digit ? ((unsigned)(text[0] - '0') + 1) % (2 + value % 9) : 0;
}

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

unsigned model_below(struct model_reader *reader, unsigned end)
{
    return reader->at < reader->end ? *reader->at++ % end : 0;
}

bool model_once_in(struct model_reader *reader, unsigned times)
{
    return model_below(reader, times) == times - 1;
}

static enum op read_op(struct model_reader *reader)
{
    static const enum op frequent[] = {OP_SHOW,         OP_SHOW,       OP_SHOW,       OP_SHOW_COOKIE, OP_SHOW_ATOM,
                                       OP_SHOW_CONTEXT, OP_SET,        OP_SET,        OP_SET,         OP_SET,
                                       OP_SET,          OP_COOKIE_SET, OP_COOKIE_SET, OP_ATOM_UPDATE, OP_CONTEXT_SET,
                                       OP_ASK,          OP_ASK,        OP_FEED,       OP_FEED,        OP_CHILD,
                                       OP_CHILD,        OP_CHILD,      OP_LIST,       OP_PROVIDE,     OP_SHOW_ESCAPED,
                                       OP_SHOW_PROPS,   OP_SHOW_PROPS, OP_REDIRECT,   OP_TURN};
    static const enum op rare[] = {OP_SHOW_PASS,    OP_SHOW_PENDING, OP_SHOW_LONG,     OP_EFFECT,      OP_BAD,
                                   OP_UNKNOWN,      OP_STATUS,       OP_COOKIE_DELETE, OP_COOKIE_SEND, OP_ATOM_RESET,
                                   OP_COOKIE_AGED,  OP_HEADER,       OP_TRANSFER,      OP_FAIL,        OP_ASK_BAD,
                                   OP_ASK_DISABLED, OP_TWICE};
    enum { FREQUENT = sizeof frequent / sizeof frequent[0], RARE = sizeof rare / sizeof rare[0], PARTS = 7 };
    unsigned byte = model_below(reader, PARTS * FREQUENT + RARE);
    return byte < PARTS * FREQUENT ? frequent[byte % FREQUENT] : rare[byte - PARTS * FREQUENT];
}

/* How many parts an instruction renders. */
static unsigned parts_of(enum op op)
{
    return op == OP_LIST ? 3 : op == OP_CHILD || op == OP_TWICE || op == OP_PROVIDE;
}

static struct instruction read_instruction(struct model_reader *reader)
{
    struct instruction line = {.op = read_op(reader)};
    line.target = model_below(reader, 30);
    static const enum source sources[] = {SOURCE_VALUE, SOURCE_VALUE,  SOURCE_VALUE, SOURCE_VALUE,
                                          SOURCE_STORE, SOURCE_STORE,  SOURCE_STORE, SOURCE_PROPS,
                                          SOURCE_PASS,  SOURCE_COOKIE, SOURCE_ATOM,  SOURCE_CONTEXT};
    line.source = sources[model_below(reader, sizeof sources / sizeof sources[0])];
    line.value = model_below(reader, VALUES);
    static const enum guard guards[] = {GUARD_NONE,      GUARD_NONE,     GUARD_NONE,  GUARD_NONE,    GUARD_NONE,
                                        GUARD_NONE,      GUARD_EQUAL,    GUARD_EQUAL, GUARD_UNEQUAL, GUARD_PASS,
                                        GUARD_FROM_PASS, GUARD_LOCATION, GUARD_ATOM};
    line.guard = guards[model_below(reader, sizeof guards / sizeof guards[0])];
    if ((line.op == OP_REDIRECT || line.op == OP_FAIL) && line.guard == GUARD_NONE)
        line.guard = GUARD_EQUAL; /* for good it would be the end of most pages */
    if (line.guard == GUARD_NONE)
        return line;
    unsigned byte = model_below(reader, STORES * SHORT_VALUES * 2);
    line.guard_store = byte % STORES;
    line.guard_value = byte / STORES;
    line.guard_number = byte % 4;
    return line;
}

/* The root is as large as it may be, unless the bytes end. */
static struct node read_node(struct model_reader *reader, bool is_root, bool is_leaf)
{
    enum { PARTS = 4 };
    struct node node = {.count = is_root ? INSTRUCTIONS : model_below(reader, INSTRUCTIONS + 1)};
    unsigned parts = 0;
    if (reader->at == reader->end)
        node.count = 0;
    for (unsigned i = 0; i < node.count; i++) {
        struct instruction *line = &node.instructions[i];
        *line = read_instruction(reader);
        parts += parts_of(line->op);
        if (parts_of(line->op) > 0 && (is_leaf || parts > PARTS))
            line->op = OP_SHOW;
    }
    return node;
}

static struct model_store_definition read_store(struct model_reader *reader, unsigned store)
{
    struct model_store_definition definition = {.value = model_below(reader, SHORT_VALUES)};
    definition.has_init = model_once_in(reader, 3);
    definition.copies_lower = store > 0 && definition.has_init && model_once_in(reader, 2);
    definition.is_derived = model_once_in(reader, 3);
    definition.is_local = model_once_in(reader, 5);
    /* With an init, nobody has said when it would run. */
    definition.is_always = !definition.has_init && model_once_in(reader, 5);
    return definition;
}

static struct loader read_loader(struct model_reader *reader)
{
    static const enum answer answers[] = {ANSWER_ARGS,  ANSWER_ARGS,  ANSWER_ARGS,   ANSWER_VALUE,
                                          ANSWER_VALUE, ANSWER_STORE, ANSWER_COOKIE, ANSWER_ATOM};
    struct loader loader = {.answer = answers[model_below(reader, sizeof answers / sizeof answers[0])]};
    loader.fails_on_odd = model_once_in(reader, 4);
    loader.is_slow = model_once_in(reader, 6);
    loader.is_local = model_once_in(reader, 5);
    loader.value = model_below(reader, VALUES);
    loader.write = (enum write)model_below(reader, WRITES);
    loader.target = model_below(reader, 30);
    return loader;
}

static struct route read_route(struct model_reader *reader)
{
    struct route route = {.has_hook = model_once_in(reader, 4)};
    if (route.has_hook) {
        route.hook_fails = model_once_in(reader, 10);
        route.hook_write = (enum write)model_below(reader, WRITES);
        route.hook_loads = model_once_in(reader, 2);
        route.hook_responds = model_once_in(reader, 3);
        route.hook_target = model_below(reader, 30);
        route.hook_value = model_below(reader, VALUES);
    }
    route.declares = model_once_in(reader, 3);
    if (route.declares) {
        route.declared_query = model_below(reader, QUERIES);
        route.declared_value = model_below(reader, VALUES);
    }
    return route;
}

static uint64_t read_cap(struct model_reader *reader, uint64_t otherwise)
{
    unsigned byte = model_below(reader, 16);
    return byte < 8 ? otherwise : byte == 15 ? SSR_UNLIMITED : byte - 8;
}

/* Most pages have none of them: what runs into a limit says little about the rest. */
static void read_limits(struct model_reader *reader, struct page *page)
{
    page->limits = ssr_config_default().limits;
    page->limits.passes = model_once_in(reader, 10) ? 1 + model_below(reader, 6) : 60;
    if (model_once_in(reader, 10))
        page->limits.queries = model_below(reader, 4);
    if (model_once_in(reader, 10))
        page->limits.stores = model_below(reader, STORES + COOKIES);
    if (model_once_in(reader, 10))
        page->limits.output_bytes = model_below(reader, 40);
    if (model_once_in(reader, 5))
        page->limits.value_bytes = LONG_VALUE;
}

static void read_driving(struct model_reader *reader, struct page *page)
{
    page->boundaries = (enum boundaries)model_below(reader, BOUNDARIES);
    page->uses_steps = !model_once_in(reader, 3);
    page->has_recycler = model_once_in(reader, 3);
    page->has_record = model_once_in(reader, 3);
    page->cancel_before = model_once_in(reader, 12) ? 1 + model_below(reader, 4) : NO_PASS;
    page->late_before = model_once_in(reader, 12) ? 1 + model_below(reader, 4) : NO_PASS;
    page->uses_steps |= page->cancel_before != NO_PASS || page->late_before != NO_PASS;
    if (model_once_in(reader, 3)) {
        page->fail_at = model_below(reader, 256);
        page->fail_after = model_once_in(reader, 3);
    }
    for (unsigned i = 0; i < SCHEDULE; i++)
        page->schedule[i] = (uint8_t)model_below(reader, 256);
}

void model_page_read(struct page *page, const uint8_t *data, size_t size)
{
    struct model_reader reader = {data, data + size};
    memset(page, 0, sizeof *page);
    page->allowed = read_cap(&reader, SSR_UNLIMITED);
    page->forbidden = read_cap(&reader, 25);
    page->query_passes = model_once_in(&reader, 4) ? model_below(&reader, 4) : 30;
    page->stops_on_cycle = model_once_in(&reader, 4);
    page->follows = model_once_in(&reader, 2);
    page->data_only = model_once_in(&reader, 6);
    page->prefetches = model_once_in(&reader, 2);
    page->cacheable = model_once_in(&reader, 2);
    read_limits(&reader, page);
    read_driving(&reader, page);
    for (unsigned i = 0; i < STORES; i++)
        page->stores[i] = read_store(&reader, i);
    for (unsigned i = 0; i < COOKIES; i++)
        page->sent[i] = model_below(&reader, SENT_KINDS);
    for (unsigned i = 0; i < QUERIES; i++)
        page->loaders[i] = read_loader(&reader);
    for (unsigned i = 0; i < LOCATIONS; i++)
        page->routes[i] = read_route(&reader);
    for (unsigned i = 0; i < NODES; i++)
        page->nodes[i] = read_node(&reader, i == 0, i + 1 == NODES);
}

/* ---- Printing --------------------------------------------------------------------------------------------------- */

static const char *const op_names[OPS] = {
    "show",       "show_escaped", "show_props",    "show_pass",   "show_pending", "show_long",  "show_cookie",
    "show_atom",  "show_context", "set",           "effect_set",  "turn",         "bad",        "unknown",
    "cookie_set", "cookie_aged",  "cookie_delete", "cookie_send", "atom_update",  "atom_reset", "context_set",
    "status",     "header",       "transfer",      "fail",        "redirect",     "ask",        "ask_disabled",
    "feed",       "ask_bad",      "child",         "twice",       "list",         "provide"};
static const char *const write_names[WRITES] = {"nothing", "store", "cookie", "atom"};
static const char *const boundary_names[BOUNDARIES] = {"reused", "run", "checked", "none"};

static void print_cap(struct text *text, const char *name, uint64_t cap)
{
    if (cap == SSR_UNLIMITED)
        text_format(text, " %s unlimited", name);
    else
        text_format(text, " %s %" PRIu64, name, cap);
}

static void print_flag(struct text *text, const char *name, bool is_set)
{
    if (is_set)
        text_format(text, " %s", name);
}

static void print_configuration(struct text *text, const struct page *page)
{
    text_format(text, "page:");
    print_cap(text, "allowed", page->allowed);
    print_cap(text, "forbidden", page->forbidden);
    print_cap(text, "query_passes", page->query_passes);
    print_flag(text, "stops_on_cycle", page->stops_on_cycle);
    print_flag(text, "follows", page->follows);
    print_flag(text, "data_only", page->data_only);
    print_flag(text, "prefetches", page->prefetches);
    print_flag(text, "cacheable", page->cacheable);
    text_format(text, "\nlimits:");
    print_cap(text, "passes", page->limits.passes);
    print_cap(text, "stores", page->limits.stores);
    print_cap(text, "queries", page->limits.queries);
    print_cap(text, "output", page->limits.output_bytes);
    print_cap(text, "value", page->limits.value_bytes);
    text_format(text, "\ndriven: boundaries %s, %s", boundary_names[page->boundaries],
                page->uses_steps ? "steps" : "ssr_run");
    print_flag(text, "recycler", page->has_recycler);
    print_flag(text, "record", page->has_record);
    text_format(text, " cancel_before %u late_before %u fail_at %u%s\n", page->cancel_before, page->late_before,
                page->fail_at, page->fail_after ? " and after" : "");
}

static void print_answer(struct text *text, const struct loader *loader)
{
    switch (loader->answer) {
    case ANSWER_STORE: text_format(text, "s%u", loader->value % STORES); break;
    case ANSWER_COOKIE: text_format(text, "c%u", loader->value % COOKIES); break;
    case ANSWER_ATOM: text_format(text, "a%u", loader->value % ATOMS); break;
    case ANSWER_VALUE: text_format(text, "%s", model_values[loader->value].written); break;
    default: text_format(text, "its arguments"); break;
    }
}

static void print_loading(struct text *text, const struct page *page)
{
    for (unsigned i = 0; i < QUERIES; i++) {
        const struct loader *loader = &page->loaders[i];
        text_format(text, "q%u answers ", i);
        print_answer(text, loader);
        text_format(text, ", writes %s %u", write_names[loader->write], loader->target);
        print_flag(text, "fails_on_odd", loader->fails_on_odd);
        print_flag(text, "slow", loader->is_slow);
        print_flag(text, "local", loader->is_local);
        text_format(text, "\n");
    }
    for (unsigned i = 0; i < LOCATIONS; i++) {
        const struct route *route = &page->routes[i];
        if (route->has_hook)
            text_format(text, "/%u hook writes %s %u, value %s%s%s%s\n", i, write_names[route->hook_write],
                        route->hook_target, model_values[route->hook_value].written, route->hook_loads ? " loads" : "",
                        route->hook_responds ? " responds" : "", route->hook_fails ? " fails" : "");
        if (route->declares)
            text_format(text, "/%u declares q%u %s\n", i, route->declared_query,
                        model_values[route->declared_value].canonical);
    }
}

static void print_guard(struct text *text, const struct instruction *line)
{
    const char *value = model_values[line->guard_value].canonical;
    switch (line->guard) {
    case GUARD_EQUAL: text_format(text, " when s%u is %s", line->guard_store, value); break;
    case GUARD_UNEQUAL: text_format(text, " unless s%u is %s", line->guard_store, value); break;
    case GUARD_PASS: text_format(text, " in pass %u", line->guard_number + 1); break;
    case GUARD_FROM_PASS: text_format(text, " from pass %u", line->guard_number + 1); break;
    case GUARD_ATOM: text_format(text, " when a%u is %s", line->guard_store % ATOMS, value); break;
    case GUARD_LOCATION: text_format(text, " at %s", model_locations[line->guard_number % LOCATIONS]); break;
    default: break;
    }
}

static void print_instruction(struct text *text, const struct instruction *line)
{
    text_format(text, "  %s %u", op_names[line->op], line->target);
    switch (line->source) {
    case SOURCE_VALUE: text_format(text, " %s (%u)", model_values[line->value].written, line->value); break;
    case SOURCE_STORE: text_format(text, " of s%u (%u)", line->value % STORES, line->value); break;
    case SOURCE_PASS: text_format(text, " of the pass (%u)", line->value); break;
    case SOURCE_COOKIE: text_format(text, " of c%u (%u)", line->value % COOKIES, line->value); break;
    case SOURCE_ATOM: text_format(text, " of a%u (%u)", line->value % ATOMS, line->value); break;
    case SOURCE_CONTEXT: text_format(text, " of x%u (%u)", line->value % CONTEXTS, line->value); break;
    default: text_format(text, " of the props (%u)", line->value); break;
    }
    print_guard(text, line);
    text_format(text, "\n");
}

void model_page_print(const struct page *page, struct text *text)
{
    print_configuration(text, page);
    for (unsigned i = 0; i < STORES; i++) {
        const struct model_store_definition *store = &page->stores[i];
        text_format(text, "s%u %s", i, model_values[store->value].written);
        print_flag(text, "init", store->has_init);
        print_flag(text, "copies_lower", store->copies_lower);
        print_flag(text, "derived", store->is_derived);
        print_flag(text, "local", store->is_local);
        print_flag(text, "always", store->is_always);
        text_format(text, "\n");
    }
    for (unsigned i = 0; i < COOKIES; i++)
        if (page->sent[i] > 0)
            text_format(text, "sent c%u=%s\n", i, model_sent[i][page->sent[i]].written);
    print_loading(text, page);
    for (unsigned i = 0; i < NODES; i++) {
        if (page->nodes[i].count > 0)
            text_format(text, "n%u\n", i);
        for (unsigned j = 0; j < page->nodes[i].count; j++)
            print_instruction(text, &page->nodes[i].instructions[j]);
    }
}
