/*
 * Random pages against a naive model of the loop: plain arrays, values compared as text, every pass simulated from the
 * contract's list of steps, nothing shared with the engine. What leaves a render must be the same in both.
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

enum { STORES = 6, INSTRUCTIONS = 14, AT_LEAST = 20000, TEXT = 4096, LONG_VALUE = 6, NO_STEP = 1000 };

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

enum op { OP_SHOW, OP_SET, OP_COPY, OP_SET_PASS, OP_BAD, OP_UNKNOWN, OP_STATUS, OP_TRANSFER, OP_FAIL, OPS };
static const char *const op_names[OPS] = {"show",    "set",    "copy",     "set_pass", "bad",
                                          "unknown", "status", "transfer", "fail"};

enum guard { ALWAYS, WHEN_EQUAL, UNLESS_EQUAL, WHEN_PASS, FROM_PASS };
static const char *const guard_names[] = {"always", "when", "unless", "in pass", "from pass"};

struct instruction {
    enum op op;
    unsigned store, other, value;
    enum guard guard;
    unsigned guard_store, guard_value, guard_pass;
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
    struct instruction instructions[INSTRUCTIONS];
    unsigned count;
    uint64_t allowed, forbidden;
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
    unsigned roll = below(chance, 100);
    if (roll < 25)
        return OP_SHOW;
    if (roll < 60)
        return OP_SET;
    if (roll < 80)
        return OP_COPY;
    if (roll < 84)
        return OP_SET_PASS;
    if (roll < 91)
        return OP_BAD;
    return roll < 93 ? OP_UNKNOWN : roll < 96 ? OP_STATUS : roll < 99 ? OP_TRANSFER : OP_FAIL;
}

static struct instruction draw_instruction(struct chance *chance)
{
    struct instruction instruction = {.op = draw_op(chance)};
    instruction.store = below(chance, STORES);
    instruction.other = below(chance, STORES);
    instruction.value = below(chance, (unsigned)TEST_COUNT(values));
    instruction.guard = once_in(chance, 2) ? ALWAYS : (enum guard)(WHEN_EQUAL + below(chance, FROM_PASS));
    instruction.guard_store = below(chance, STORES);
    instruction.guard_value = below(chance, (unsigned)TEST_COUNT(values));
    instruction.guard_pass = 1 + below(chance, 4);
    return instruction;
}

static uint64_t draw_cap(struct chance *chance, uint64_t otherwise)
{
    return once_in(chance, 2) ? otherwise : once_in(chance, 10) ? SSR_UNLIMITED : below(chance, 7);
}

static void draw_limits(struct chance *chance, struct page *page)
{
    page->limits = ssr_config_default().limits;
    page->limits.passes = once_in(chance, 10) ? 1 + below(chance, 6) : 40;
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
    draw_limits(&chance, &page);
    return page;
}

static void print_page(const struct page *page)
{
    printf("SEED=%" PRIu64 "\n", page->seed);
    printf("allowed %" PRIu64 " forbidden %" PRIu64 " passes %" PRIu64 " stores %" PRIu64 " output %" PRIu64
           " value %" PRIu64 " cancel_before %u late_before %u\n",
           page->allowed, page->forbidden, page->limits.passes, page->limits.stores, page->limits.output_bytes,
           page->limits.value_bytes, page->cancel_before, page->late_before);
    for (unsigned i = 0; i < STORES; i++) {
        const struct definition *store = &page->stores[i];
        printf("s%u %s%s%s%s%s%s\n", i, values[store->value].canonical, store->has_init ? " init" : "",
               store->has_init && store->copies_lower ? " copies_lower" : "", store->is_derived ? " derived" : "",
               store->is_local ? " local" : "", store->is_always ? " always" : "");
    }
    for (unsigned i = 0; i < page->count; i++) {
        const struct instruction *line = &page->instructions[i];
        printf("  %s s%u s%u %s  (%s s%u %s pass %u)\n", op_names[line->op], line->store, line->other,
               values[line->value].canonical, guard_names[line->guard], line->guard_store,
               values[line->guard_value].canonical, line->guard_pass);
    }
}

/* ---- What leaves ------------------------------------------------------------------------------------------------ */

struct ending {
    ssr_outcome outcome;
    unsigned passes, rerenders, refused, errors;
    int status;
    bool has_document;
    char html[TEXT];
    char transfer[TEXT];
};

static void append(char text[TEXT], const char *more)
{
    strncat(text, more, TEXT - strlen(text) - 1);
}

/* ---- The model -------------------------------------------------------------------------------------------------- */

struct model_store {
    bool is_touched, is_staged;
    char committed[32], staged[32], fallback[32];
};

struct model {
    const struct page *page;
    struct model_store stores[STORES];
    struct ending ending;
    char html[TEXT], transfer[TEXT]; /* of the last completed pass */
    int status, kept_status;
    unsigned completed;
    bool has_place; /* ssr_transfer_here was called */
    bool is_over_limit;
};

static unsigned touched_count(const struct model *model)
{
    unsigned count = 0;
    for (unsigned i = 0; i < STORES; i++)
        count += model->stores[i].is_touched;
    return count;
}

/* The store's default becomes its committed value, at the first read or set. False: one store too many. */
static bool touch(struct model *model, unsigned at)
{
    const struct definition *definition = &model->page->stores[at];
    struct model_store *store = &model->stores[at];
    if (store->is_touched)
        return true;
    if (touched_count(model) >= model->page->limits.stores) {
        model->is_over_limit = true;
        return false;
    }
    store->is_touched = true;
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

static void stage(struct model *model, unsigned at, const char *value)
{
    if (strlen(value) > model->page->limits.value_bytes)
        model->ending.refused++;
    else if (touch(model, at)) {
        strcpy(model->stores[at].staged, value);
        model->stores[at].is_staged = true;
    }
}

static void write_html(struct model *model, char html[TEXT], const char *text)
{
    size_t length = strlen(html) - model->has_place + strlen(text);
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
    else
        append(html, "@");
    model->has_place = true;
}

/* False: the callback returns an error. */
static bool run_instruction(struct model *model, const struct instruction *line, unsigned pass, char html[TEXT])
{
    char number[16];
    switch (line->op) {
    case OP_SHOW: show(model, html, line->store); break;
    case OP_SET: stage(model, line->store, values[line->value].canonical); break;
    case OP_COPY:
        if (touch(model, line->other))
            stage(model, line->store, model->stores[line->other].committed);
        break;
    case OP_SET_PASS:
        snprintf(number, sizeof number, "%u", pass);
        stage(model, line->store, number);
        break;
    case OP_STATUS: model->status = 200 + (int)line->value; break;
    case OP_TRANSFER: place_transfer(model, html); break;
    case OP_FAIL: return false;
    default: model->ending.refused++; break;
    }
    return true;
}

static bool run_model_page(struct model *model, unsigned pass, char html[TEXT])
{
    for (unsigned i = 0; i < model->page->count && !model->is_over_limit; i++) {
        const struct instruction *line = &model->page->instructions[i];
        if (guard_holds(model, line, pass) && !model->is_over_limit && !run_instruction(model, line, pass, html))
            return false;
    }
    return true;
}

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

/* What the last completed pass saw. */
static void keep(struct model *model, const char *html)
{
    strcpy(model->html, html);
    model->kept_status = model->status;
    model->completed++;
    strcpy(model->transfer, "{");
    for (unsigned i = 0; i < STORES; i++) {
        const struct definition *definition = &model->page->stores[i];
        const struct model_store *store = &model->stores[i];
        char member[64];
        if (definition->is_local || (!store->is_touched && !definition->is_always))
            continue;
        snprintf(member, sizeof member, "%s\"s%u\":%s", model->transfer[1] ? "," : "", i,
                 store->is_touched ? store->committed : values[definition->value].canonical);
        append(model->transfer, member);
    }
    append(model->transfer, "}");
}

/* Whether the render ends before `pass`. */
static bool ends_before(struct model *model, unsigned pass)
{
    const struct page *page = model->page;
    if (pass >= page->cancel_before)
        model->ending.outcome = SSR_CANCELLED;
    else if (pass >= page->late_before)
        model->ending.outcome = SSR_DEADLINE;
    else if (pass > page->limits.passes)
        model->ending.outcome = SSR_LIMITED;
    else
        return false;
    return true;
}

/* One pass and its verdict; true: another one follows. Design 2, steps 1 to 7. */
static bool run_model_pass(struct model *model, bool *is_rerender)
{
    struct ending *ending = &model->ending;
    char html[TEXT] = "";
    if (ends_before(model, ending->passes + 1))
        return false;
    commit(model);
    ending->passes++;
    ending->rerenders += *is_rerender;
    model->status = 200;
    model->has_place = false;
    bool is_good = run_model_page(model, ending->passes, html);
    ending->outcome = model->is_over_limit ? SSR_LIMITED : SSR_FAILED;
    if (!is_good || model->is_over_limit)
        return false;
    keep(model, html);
    bool differs = stage_defaults(model);
    ending->outcome = !differs                                      ? SSR_SETTLED
                      : ending->rerenders >= model->page->forbidden ? SSR_HARD_CAP
                                                                    : SSR_SOFT_CAP;
    ending->errors = ending->outcome == SSR_HARD_CAP;
    *is_rerender = true;
    return ending->outcome == SSR_SOFT_CAP && ending->rerenders < model->page->allowed;
}

static struct ending run_model(const struct page *page)
{
    struct model model = {.page = page};
    bool is_rerender = false;
    while (run_model_pass(&model, &is_rerender))
        continue;
    struct ending *ending = &model.ending;
    ending->has_document = model.completed > 0 && ending->outcome != SSR_FAILED;
    ending->status = ending->has_document ? model.kept_status : 500;
    if (ending->has_document) {
        strcpy(ending->html, model.html);
        strcpy(ending->transfer, model.transfer);
    }
    return *ending;
}

/* ---- The engine ------------------------------------------------------------------------------------------------- */

struct real {
    const struct page *page;
    ssr_store *stores[STORES];
    unsigned errors;
};

struct init {
    struct real *real;
    unsigned store;
};

static ssr_status init_store(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    const struct init *init = arg;
    const struct definition *definition = &init->real->page->stores[init->store];
    if (definition->copies_lower)
        return ssr_builder_value(value, ssr_get(ctx, init->real->stores[init->store - 1]));
    const char *text = values[definition->value].written;
    return ssr_builder_json(value, text, strlen(text));
}

static bool is_open(const struct real *real, ssr_ctx *ctx, const struct instruction *line)
{
    unsigned pass = ssr_pass(ctx);
    if (line->guard == WHEN_PASS || line->guard == FROM_PASS)
        return line->guard == WHEN_PASS ? pass == line->guard_pass : pass >= line->guard_pass;
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

static void call_output(struct real *real, ssr_ctx *ctx, const struct instruction *line)
{
    const ssr_value *value;
    switch (line->op) {
    case OP_STATUS: ssr_set_status(ctx, 200 + (int)line->value); break;
    case OP_TRANSFER: ssr_transfer_here(ctx); break;
    default:
        value = ssr_get(ctx, real->stores[line->store]);
        if (value)
            ssr_html_n(ctx, ssr_value_text(value), ssr_value_length(value));
    }
}

static ssr_status run_page(ssr_ctx *ctx, void *arg)
{
    struct real *real = arg;
    for (unsigned i = 0; i < real->page->count; i++) {
        const struct instruction *line = &real->page->instructions[i];
        if (!is_open(real, ctx, line))
            continue;
        if (line->op == OP_FAIL)
            return SSR_E_FAILED;
        if (line->op == OP_SHOW || line->op == OP_STATUS || line->op == OP_TRANSFER)
            call_output(real, ctx, line);
        else
            call_set(real, ctx, line);
    }
    return SSR_OK;
}

static void count_error(void *arg, const char *category, const char *line)
{
    struct real *real = arg;
    (void)category, (void)line;
    real->errors++;
}

static void define_stores(struct real *real, ssr_engine *engine, struct init inits[STORES])
{
    for (unsigned i = 0; i < STORES; i++) {
        const struct definition *definition = &real->page->stores[i];
        char name[8];
        snprintf(name, sizeof name, "s%u", i);
        inits[i] = (struct init){real, i};
        ssr_store_options options = {.lifetime = definition->is_derived ? SSR_DERIVED : SSR_STICKY,
                                     .policy = definition->is_local ? SSR_LOCAL : SSR_TRANSFERRED,
                                     .always = definition->is_always};
        if (definition->has_init) {
            options.init = init_store;
            options.init_arg = &inits[i];
        } else {
            options.default_json = values[definition->value].written;
        }
        real->stores[i] = ssr_store_define(ssr_engine_registry(engine), name, &options);
        assert_non_null(real->stores[i]);
    }
}

/* Between the first step and the last the render is told the time and, once, that nobody waits any more. */
static const ssr_result *drive(ssr_render *render, const struct page *page)
{
    for (unsigned step = 1;; step++) {
        if (step == page->cancel_before)
            ssr_render_cancel(render);
        if (ssr_render_step(render, step >= page->late_before ? 200 : 50) == SSR_STEP_ENDED)
            return ssr_render_result(render);
    }
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

static void copy_stores(struct ending *ending, const ssr_result *result)
{
    const char *start = strchr(result->transfer, '{'), *end = strrchr(result->transfer, '}');
    ssr_value *value = NULL;
    if (start && end)
        ssr_value_parse(NULL, start, (size_t)(end + 1 - start), NULL, &value);
    ssr_json stores = ssr_json_at(ssr_value_json(value), "/stores");
    if (stores.text)
        strncat(ending->transfer, stores.text, stores.length);
    ssr_value_free(value);
}

static struct ending run_engine(const struct page *page)
{
    struct real real = {.page = page};
    struct init inits[STORES];
    ssr_engine *engine;
    ssr_render *render;
    struct test_memory memory = {0};
    ssr_config config = ssr_config_default();
    config.allocator = test_allocator(&memory);
    config.allowed_rerenders_count = page->allowed;
    config.forbidden_rerenders_count = page->forbidden;
    config.limits = page->limits;
    config.log = (ssr_log){count_error, NULL, &real};
    assert_int_equal(ssr_engine_new(&config, &engine), SSR_OK);
    define_stores(&real, engine, inits);
    assert_int_equal(ssr_engine_start(engine), SSR_OK);
    ssr_request request = {.deadline_ms = page->late_before == NO_STEP ? 0 : 100};
    assert_int_equal(ssr_render_new(engine, run_page, &real, &request, &render), SSR_OK);
    const ssr_result *result = drive(render, page);
    struct ending ending = {.outcome = result->outcome,
                            .passes = result->passes,
                            .rerenders = result->rerenders,
                            .refused = result->refused,
                            .errors = real.errors,
                            .status = result->status,
                            .has_document = result->has_document};
    copy_html(&ending, result);
    copy_stores(&ending, result);
    ssr_render_free(render);
    ssr_engine_free(engine);
    assert_all_freed(&memory);
    return ending;
}

/* ---- Comparing -------------------------------------------------------------------------------------------------- */

static bool is_same(const struct ending *a, const struct ending *b)
{
    return a->outcome == b->outcome && a->passes == b->passes && a->rerenders == b->rerenders &&
           a->refused == b->refused && a->errors == b->errors && a->status == b->status &&
           a->has_document == b->has_document && strcmp(a->html, b->html) == 0 && strcmp(a->transfer, b->transfer) == 0;
}

static void print_ending(const char *who, const struct ending *ending)
{
    printf("%s: %s, passes %u, rerenders %u, refused %u, errors %u, status %d\n  document %s\n  transfer %s\n", who,
           ssr_outcome_name(ending->outcome), ending->passes, ending->rerenders, ending->refused, ending->errors,
           ending->status, ending->html, ending->transfer);
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
        assert_true(outcomes[i] > AT_LEAST / 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_pages_end_as_the_model_says)};
    return cmocka_run_group_tests_name("model", tests, NULL, NULL);
}
