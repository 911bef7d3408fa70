/*
 * The stop decision of the loop, condition by condition (MC/DC): a table whose rows are played on the engine, and in
 * which each condition has two rows that differ in nothing else that is looked at, and in what comes of it.
 * docs/loop.md tells the decision in words; engine/step.c makes it.
 */
#include "fixture.h"

#include "engine/component.h"
#include "engine/render_internal.h"

/* ---- The tables -------------------------------------------------------------------------------------------------- */

/*
 * The conditions, in the order in which the code looks at them. In a row each is T, F, or "-": it is not looked at, and
 * is played as T, so that the row also shows what has precedence.
 */
struct row {
    const char *conditions;
    const char *becomes; /* the state of the render after the step, or its outcome when it has ended */
    const char *because;
};

/* Whether a pass begins. */
enum { CANCELLED, HAS_DEADLINE, DEADLINE_REACHED, PASSES_USED_UP, BEGIN_CONDITIONS };

static const struct row begin_rows[] = {
    {"T---", "cancelled", "the host's word comes before its clock"},
    {"FTT-", "deadline", "which comes before limits"},
    {"FFTF", "settled", "a deadline of 0 is none, whatever the time"},
    {"FTFF", "settled", "not yet"},
    {"FTFT", "limit", "of passes"},
};

/* What a pass that has run leads to. */
enum {
    STARTS_OVER,   /* a: judge_pass */
    IS_FATAL,      /* b: memory, a limit, or an init that failed */
    IS_LIMIT,      /* c: and it was a limit or memory */
    PAGE_FAILED,   /* d: has_failed */
    REDIRECTS,     /* e: judge_pass */
    FOLLOWS,       /* f: judge_redirect: the request asks for it */
    DATA_ONLY,     /* g: or wants no document */
    OWN_SITE,      /* h: and it leads to a path */
    FEW_TO_THERE,  /* i: count_followed: 10 at the most */
    FEW_IN_ALL,    /* j: 20 */
    HAS_QUERIES,   /* k: judge_pass */
    QUERIES_LEFT,  /* l: judge_queries: maxQueryPasses is not reached */
    DIFFERS,       /* m: judge_pass */
    STOP_ON_CYCLE, /* n: judge_rerender */
    REPEATS,       /* o: and three periods are proven */
    HARD_REACHED,  /* p: forbiddenRerendersCount */
    SOFT_LEFT,     /* q: allowedRerendersCount */
    END_CONDITIONS
};

static const struct row end_rows[] = {
    /* abcdefghijklmnopq */
    {"FF-FF-----F-F----", "settled", "no query, no change"},
    {"FF-FF-----F-TFFFT", "pass", "a change, and both caps allow another pass"},
    {"FF-FF-----F-TFTFT", "pass", "a cycle that is not to end the render"},
    {"FF-FF-----F-TTFFT", "pass", "no cycle"},
    {"FF-FF-----F-TTT--", "cycle", "proven: before the caps are looked at"},
    {"FF-FF-----F-TFFT-", "hard_cap", "looked at before the soft one"},
    {"FF-FF-----F-TFFFF", "soft_cap", "quietly"},
    {"FF-FF-----TT-----", "load", "what is staged is committed by the next pass, which comes anyway"},
    {"FF-FF-----TF-----", "query_cap", "nothing is loaded any more"},
    {"FF-FTFF----------", "redirect", "told; what the page found and set is dropped"},
    {"FF-FTTFTTT-------", "prepare", "followed"},
    {"FF-FTFTTTT-------", "prepare", "in data mode as well"},
    {"FF-FTT-F---------", "redirect", "another site is never followed"},
    {"FF-FTT-TF--------", "redirect_loop", "the eleventh time to one place"},
    {"FF-FTT-TTF-------", "redirect_loop", "the twenty-first in all"},
    {"FF-T-------------", "failed", "whatever else the page has done"},
    {"FTT--------------", "limit", "whatever the page returns"},
    {"FTF--------------", "failed", "an init, though the page has overlooked it"},
    {"TF---------------", "pass", "the same one again, with everything running"},
    {"TTT--------------", "limit", "which running again would not mend"},
};

static bool holds(const struct row *row, size_t condition)
{
    return row->conditions[condition] != 'F';
}

/* ---- Independence ------------------------------------------------------------------------------------------------ */

/* Whether the two rows show that the condition alone changes what comes of it. */
static bool is_pair(const struct row *a, const struct row *b, size_t condition)
{
    if (a->conditions[condition] != 'T' || b->conditions[condition] != 'F' || strcmp(a->becomes, b->becomes) == 0)
        return false;
    for (size_t i = 0; a->conditions[i]; i++)
        if (i != condition && a->conditions[i] != '-' && b->conditions[i] != '-' &&
            a->conditions[i] != b->conditions[i])
            return false;
    return true;
}

static void assert_independent(const struct row *rows, size_t count, size_t conditions)
{
    for (size_t condition = 0; condition < conditions; condition++) {
        bool has_pair = false;
        for (size_t i = 0; i < count; i++)
            for (size_t j = 0; j < count; j++)
                has_pair |= is_pair(&rows[i], &rows[j], condition);
        if (!has_pair)
            fail_msg("no two rows differ in condition %c alone", (int)('a' + condition));
    }
    for (size_t i = 0; i < count; i++)
        assert_int_equal(strlen(rows[i].conditions), conditions);
}

static void each_condition_decides_by_itself(void **state)
{
    (void)state;
    assert_independent(begin_rows, TEST_COUNT(begin_rows), BEGIN_CONDITIONS);
    assert_independent(end_rows, TEST_COUNT(end_rows), END_CONDITIONS);
}

/* ---- Playing a row ----------------------------------------------------------------------------------------------- */

enum { SETTING = 6, LOOPING = 11, WANDERING = 21 };

struct play {
    struct fixture fixture;
    const struct row *row;
    ssr_store *store, *broken;
    ssr_query *query;
    unsigned judged; /* the pass that the row is about */
    unsigned runs;
};

static void assert_becomes(const struct play *play, const ssr_render *render)
{
    const char *state = ssr_render_state(render);
    const char *seen = strcmp(state, "ended") == 0 ? ssr_outcome_name(ssr_render_result(render)->outcome) : state;
    if (strcmp(seen, play->row->becomes) != 0)
        fail_msg("%s: %s, not %s (%s)", play->row->conditions, seen, play->row->becomes, play->row->because);
}

/* Before the judged pass every pass makes the next one necessary. */
static ssr_status go_on(ssr_ctx *ctx, const struct play *play)
{
    char to[32] = "/same";
    if (play->judged == SETTING)
        return ssr_set_integer(ctx, play->store, holds(play->row, REPEATS) ? ssr_pass(ctx) % 2 : ssr_pass(ctx));
    if (play->judged == WANDERING)
        snprintf(to, sizeof to, "/%u", ssr_pass(ctx));
    return ssr_redirect(ctx, to, 0);
}

static void redirect(ssr_ctx *ctx, const struct row *row)
{
    if (holds(row, OWN_SITE))
        ssr_redirect(ctx, holds(row, FEW_TO_THERE) ? "/new" : "/same", 0);
    else
        ssr_redirect_external(ctx, "https://example.org/", 0);
}

static void ask_too_much(ssr_ctx *ctx, const ssr_query *query)
{
    ssr_query_integer(ctx, query, 1, true);
    ssr_query_integer(ctx, query, 2, true);
}

static ssr_status judged_page(ssr_ctx *ctx, void *arg)
{
    struct play *play = arg;
    const struct row *row = play->row;
    play->runs++;
    if (ssr_pass(ctx) < play->judged)
        return go_on(ctx, play);
    if (holds(row, STARTS_OVER))
        ctx->frames.must_start_over = true;
    if (holds(row, REDIRECTS))
        redirect(ctx, row);
    if (holds(row, HAS_QUERIES))
        ssr_query_get(ctx, play->query, NULL, true);
    if (holds(row, DIFFERS))
        ssr_set_integer(ctx, play->store, holds(row, REPEATS) ? ssr_pass(ctx) % 2 : ssr_pass(ctx));
    if (holds(row, IS_FATAL) && holds(row, IS_LIMIT))
        ask_too_much(ctx, play->query);
    else if (holds(row, IS_FATAL))
        ssr_get(ctx, play->broken);
    return holds(row, PAGE_FAILED) ? SSR_E_FAILED : SSR_OK;
}

static ssr_status break_init(ssr_ctx *ctx, ssr_builder *value, void *arg)
{
    (void)value, (void)arg;
    return ssr_fail(ctx, "it cannot be made");
}

/* There are boundaries, and passes that start over, only where a component is defined. */
static ssr_status part(ssr_ctx *ctx, const ssr_props *props, void *arg)
{
    (void)ctx, (void)props, (void)arg;
    return SSR_OK;
}

static void configure(struct play *play)
{
    ssr_config *config = &play->fixture.config;
    config->limits.queries = 1;
    config->max_query_passes = holds(play->row, QUERIES_LEFT) ? 1 : 0;
    config->stop_on_cycle = holds(play->row, STOP_ON_CYCLE);
    config->forbidden_rerenders_count = holds(play->row, HARD_REACHED) ? SETTING - 1 : SETTING;
    config->allowed_rerenders_count = holds(play->row, SOFT_LEFT) ? SETTING : SETTING - 1;
    play->judged = !holds(play->row, FEW_TO_THERE) ? LOOPING : !holds(play->row, FEW_IN_ALL) ? WANDERING : SETTING;
}

static void open_play(struct play *play)
{
    fixture_open(&play->fixture);
    ssr_registry *registry = play->fixture.registry;
    play->store = fixture_store(&play->fixture, "store", "0");
    play->broken = ssr_store_define(registry, "broken", &(ssr_store_options){.init = break_init});
    play->query = ssr_query_define(registry, "query", NULL);
    assert_non_null(ssr_component_define(registry, "part", &(ssr_component_options){.render = part}));
    fixture_start(&play->fixture);
}

static void the_end_of_a_pass_is_judged_as_the_table_says(void **state)
{
    static struct play play;
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(end_rows); i++) {
        play.row = &end_rows[i];
        play.runs = 0;
        fixture_init(&play.fixture);
        configure(&play);
        open_play(&play);
        ssr_request request = {.redirects = holds(play.row, FOLLOWS) ? SSR_REDIRECTS_FOLLOW : SSR_REDIRECTS_REPORT,
                               .data_only = holds(play.row, DATA_ONLY)};
        assert_status(ssr_render_new(play.fixture.engine, judged_page, &play, &request, &play.fixture.render), SSR_OK);
        for (unsigned pass = 1; pass <= play.judged; pass++)
            ssr_render_step(play.fixture.render, 0);
        assert_int_equal(play.runs, play.judged);
        assert_becomes(&play, play.fixture.render);
        fixture_close(&play.fixture);
    }
}

static ssr_status empty_page(ssr_ctx *ctx, void *arg)
{
    (void)arg;
    return ssr_html(ctx, "");
}

static void a_pass_begins_as_the_table_says(void **state)
{
    enum { NOW = 5 };
    static struct play play;
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(begin_rows); i++) {
        play.row = &begin_rows[i];
        fixture_init(&play.fixture);
        play.fixture.config.limits.passes = holds(play.row, PASSES_USED_UP) ? 0 : 1;
        open_play(&play);
        ssr_request request = {.deadline_ms = holds(play.row, DEADLINE_REACHED) ? NOW : NOW + 1};
        if (!holds(play.row, HAS_DEADLINE))
            request.deadline_ms = 0;
        assert_status(ssr_render_new(play.fixture.engine, empty_page, NULL, &request, &play.fixture.render), SSR_OK);
        if (holds(play.row, CANCELLED))
            ssr_render_cancel(play.fixture.render);
        ssr_render_step(play.fixture.render, NOW);
        assert_becomes(&play, play.fixture.render);
        fixture_close(&play.fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_condition_decides_by_itself),
        cmocka_unit_test(a_pass_begins_as_the_table_says),
        cmocka_unit_test(the_end_of_a_pass_is_judged_as_the_table_says),
    };
    return cmocka_run_group_tests_name("stop decision", tests, NULL, NULL);
}
