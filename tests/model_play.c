/*
 * Drives a page on the engine in the way that it asks for, and compares what leaves with the model's ending. What
 * always holds: after a render whose memory failed the same engine renders the page as if nothing had been, and in the
 * end every block was given back.
 */
#include "model_engine.h"
#include "testing.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NOW = 50, DEADLINE = 1000000, WAITING = 1024 };

/* ---- Driving ---------------------------------------------------------------------------------------------------- */

/* Operations that were handed out, in no order. */
struct waiting {
    struct {
        ssr_operation *operation;
        bool is_slow;
    } operations[WAITING];
    unsigned count;
    struct model_reader schedule;
};

/* One page on its way through all that it asks for. */
struct play {
    struct real real;
    struct test_memory memory;
    ssr_recycler *recycler; /* NULL: none */
    struct waiting waiting;
    bool has_loader_failed; /* for lack of memory */
    const struct ending *expected;
    struct text *account;
};

static bool fails_between(const struct test_memory *memory, size_t begin)
{
    return memory->fail_at != 0 && memory->calls > begin && memory->calls >= memory->fail_at &&
           (begin < memory->fail_at || memory->fail_after);
}

static bool is_slow(const struct real *real, const ssr_operation *operation)
{
    const ssr_query *query = ssr_operation_query(operation);
    for (unsigned i = 0; i < QUERIES; i++)
        if (query == real->queries[i])
            return real->page->loaders[i].is_slow;
    return false;
}

static void write_started(struct real *real, const ssr_operation *operation)
{
    const ssr_query *query = ssr_operation_query(operation);
    ssr_json args = ssr_operation_args(operation);
    if (query)
        text_format(&real->started, "%s %.*s; ", ssr_query_name(query), (int)args.length, args.text);
    else
        text_format(&real->started, "hook %s; ", ssr_operation_location(operation));
}

static void take_all(struct real *real, struct waiting *waiting, ssr_render *render)
{
    ssr_operation *operation;
    while ((operation = ssr_render_next_operation(render)) != NULL) {
        write_started(real, operation);
        waiting->operations[waiting->count].operation = operation;
        waiting->operations[waiting->count++].is_slow = is_slow(real, operation);
    }
}

static void answer(struct play *play, unsigned at)
{
    struct waiting *waiting = &play->waiting;
    ssr_operation *operation = waiting->operations[at].operation;
    size_t calls = play->memory.calls;
    waiting->operations[at] = waiting->operations[--waiting->count];
    ssr_operation_run(operation);
    play->has_loader_failed |= fails_between(&play->memory, calls);
}

/* Any that need not be late; false: there is none. */
static bool answer_any(struct play *play)
{
    struct waiting *waiting = &play->waiting;
    if (waiting->count == 0)
        return false;
    unsigned begin = model_below(&waiting->schedule, waiting->count < 256 ? waiting->count : 256);
    for (unsigned i = 0; i < waiting->count; i++) {
        unsigned at = (begin + i) % waiting->count;
        if (!waiting->operations[at].is_slow) {
            answer(play, at);
            return true;
        }
    }
    return false;
}

static void answer_some(struct play *play)
{
    while (model_once_in(&play->waiting.schedule, 2) && answer_any(play))
        continue;
}

/* Nobody has answered in time: what comes from now on is late. */
static int64_t pass_time(struct play *play, const ssr_render *render, int64_t now_ms)
{
    struct waiting *waiting = &play->waiting;
    int64_t timeout = ssr_render_timeout_ms(render, now_ms);
    if (timeout < 0 || waiting->count == 0)
        text_format(&play->real.complaints, "the render waits for nothing\n");
    for (unsigned i = 0; i < waiting->count; i++)
        waiting->operations[i].is_slow = false;
    return now_ms + (timeout > 0 ? timeout : 1);
}

/*
 * Before the pass that is not begun any more the render is told the time or, once, that nobody waits. A waiting render
 * gets its answers one by one, in any order, with steps between them.
 */
static void drive(struct play *play, ssr_render *render)
{
    const struct page *page = play->real.page;
    int64_t now_ms = NOW;
    for (ssr_step step = SSR_STEP_AGAIN; step != SSR_STEP_ENDED && play->real.complaints.length == 0;) {
        unsigned pass = play->real.latest + 1;
        if (pass >= page->cancel_before)
            ssr_render_cancel(render);
        if (step == SSR_STEP_WAITING && !answer_any(play))
            now_ms = pass_time(play, render, now_ms);
        else
            answer_some(play);
        step = ssr_render_step(render, pass >= page->late_before ? DEADLINE : now_ms);
        if (step == SSR_STEP_WAITING)
            take_all(&play->real, &play->waiting, render);
    }
}

/* ---- What leaves ------------------------------------------------------------------------------------------------ */

static const char *known_redirect(const char *to)
{
    for (unsigned i = 0; to && i < REDIRECTS; i++)
        if (strcmp(to, model_redirects[i]) == 0)
            return model_redirects[i];
    return to ? "elsewhere" : NULL;
}

static void copy_lines(const ssr_result *result, struct ending *ending)
{
    for (size_t i = 0; i < result->header_count; i++)
        text_format(&ending->headers, "%s: %s\n", result->headers[i].name, result->headers[i].value);
    for (size_t i = 0; i < result->set_cookie_count; i++)
        text_format(&ending->cookies, "%s\n", result->set_cookies[i]);
}

static void copy_ending(struct real *real, const ssr_result *result, struct ending *ending)
{
    *ending = (struct ending){.outcome = result->outcome,
                              .passes = result->passes,
                              .rerenders = result->rerenders,
                              .query_passes = result->query_passes,
                              .refused = result->refused,
                              .errors = real->errors,
                              .status = result->status,
                              .has_document = result->has_document,
                              .is_public = strcmp(result->cache_control, "public") == 0,
                              .error = ssr_status_name(result->error_status),
                              .location = model_known_location(result->location),
                              .redirect_to = known_redirect(result->redirect_to),
                              .started = real->started,
                              .in_place = real->in_place};
    real->started = real->in_place = (struct text){0};
    copy_lines(result, ending);
    text_append(&ending->data, result->data, result->data_length);
    text_append(&ending->element, result->transfer, result->transfer_length);
    text_append(&ending->html, result->html, result->html_length);
    if (strlen(result->html) != result->html_length || strlen(result->data) != result->data_length)
        text_format(&real->complaints, "a text of the result is not as long as it says\n");
}

/* ssr_run answers ok exactly when there is something to send. */
static void check_answer(struct real *real, ssr_status status, const ssr_result *result)
{
    bool is_good = result->has_document || result->redirect_to || (real->page->data_only && result->data_length > 0);
    if ((status == SSR_OK) != is_good)
        text_format(&real->complaints, "ssr_run answered %s\n", ssr_status_name(status));
}

/* ---- One render ------------------------------------------------------------------------------------------------- */

static ssr_request request_of(struct real *real, const char **cookies, char header[64])
{
    const struct page *page = real->page;
    header[0] = '\0';
    for (unsigned i = 0; i < COOKIES; i++)
        if (page->sent[i] > 0)
            snprintf(header + strlen(header), 64 - strlen(header), "%sc%u=%s", header[0] ? "; " : "", i,
                     model_sent[i][page->sent[i]].written);
    *cookies = header;
    return (ssr_request){.deadline_ms = page->late_before == NO_PASS ? 0 : DEADLINE,
                         .location = model_locations[0],
                         .cookie_headers = cookies,
                         .cookie_header_count = 1,
                         .redirects = page->follows ? SSR_REDIRECTS_FOLLOW : SSR_REDIRECTS_REPORT,
                         .data_only = page->data_only,
                         .cacheable = page->cacheable,
                         .find_route = model_find_route,
                         .find_route_arg = real};
}

/* NULL: there was no memory for it. */
static ssr_render *run(struct play *play, const ssr_request *request)
{
    struct real *real = &play->real;
    ssr_render *render;
    if (real->page->uses_steps) {
        if (ssr_render_new(real->engine, model_run_page, real, request, &render) == SSR_OK)
            drive(play, render);
        return render;
    }
    ssr_status status = ssr_run(real->engine, model_run_page, real, request, &render);
    if (render)
        check_answer(real, status, ssr_render_result(render));
    return render;
}

/* Renders once; false: there is no result. */
static bool render_once(struct play *play, struct ending *ending)
{
    struct real *real = &play->real;
    char header[64];
    const char *cookies;
    ssr_request request = request_of(real, &cookies, header);
    request.recycler = play->recycler;
    play->waiting.schedule = (struct model_reader){real->page->schedule, real->page->schedule + SCHEDULE};
    play->has_loader_failed = false;
    real->latest = real->errors = 0;
    real->must_end = false;
    ssr_render *render = run(play, &request);
    answer_some(play);
    const ssr_result *result = render ? ssr_render_result(render) : NULL;
    if (result)
        copy_ending(real, result, ending);
    ssr_render_free(render);
    while (play->waiting.count > 0)
        answer(play, 0);
    text_free(&real->started);
    text_free(&real->in_place);
    return result != NULL;
}

/* ---- Comparing -------------------------------------------------------------------------------------------------- */

static bool is_same(const struct ending *a, const struct ending *b)
{
    struct text as_text = {0}, bs_text = {0};
    model_ending_print(a, &as_text);
    model_ending_print(b, &bs_text);
    bool same = strcmp(as_text.data, bs_text.data) == 0;
    text_free(&as_text);
    text_free(&bs_text);
    return same;
}

static void give_account(const struct play *play, const struct ending *expected, const struct ending *seen,
                         const char *what)
{
    text_format(play->account, "%s%s\n", what, text_read(&play->real.complaints));
    model_page_print(play->real.page, play->account);
    text_format(play->account, "---- model\n");
    model_ending_print(expected, play->account);
    text_format(play->account, "---- engine\n");
    if (seen)
        model_ending_print(seen, play->account);
}

/*
 * Called off when its latest pass had been run, discarded and not run again: then that pass is the one that is not
 * begun any more, after its loads.
 */
static bool was_discarded(const struct real *real, const struct ending *seen)
{
    return real->page->uses_steps && real->latest > seen->passes &&
           (seen->outcome == SSR_CANCELLED || seen->outcome == SSR_DEADLINE);
}

static void predict_discarded(const struct real *real, struct ending *expected)
{
    struct page page = *real->page;
    page.cancel_before -= page.cancel_before == real->latest + 1;
    page.late_before -= page.late_before == real->latest + 1;
    page.ends_behind_loads = true;
    model_predict(&page, expected);
}

static bool agrees(struct play *play)
{
    struct ending seen, other;
    const struct ending *expected = play->expected;
    if (!render_once(play, &seen)) {
        give_account(play, expected, NULL, "no result: ");
        return false;
    }
    bool is_discarded = was_discarded(&play->real, &seen);
    if (is_discarded) {
        predict_discarded(&play->real, &other);
        expected = &other;
    }
    bool same = is_same(expected, &seen) && play->real.complaints.length == 0;
    if (!same)
        give_account(play, expected, &seen, "");
    if (is_discarded)
        model_ending_free(&other);
    model_ending_free(&seen);
    return same;
}

/*
 * Whether a render without some of its memory says so, or did not need it. What ssr_run has loaded may have failed for
 * that reason too, and need not show.
 */
static bool is_named(const struct play *play, const struct ending *seen)
{
    if (play->real.must_end || strcmp(seen->error, "nomem") == 0)
        return strcmp(seen->error, "nomem") == 0;
    bool has_loaded = !play->real.page->uses_steps && seen->started.length > 0;
    return play->has_loader_failed || has_loaded || is_same(play->expected, seen) || was_discarded(&play->real, seen);
}

static bool fails_well(struct play *play)
{
    struct test_memory *memory = &play->memory;
    struct ending seen;
    memory->calls = 0;
    memory->fail_at = play->real.page->fail_at;
    memory->fail_after = play->real.page->fail_after;
    bool has_result = render_once(play, &seen);
    bool has_failed = memory->calls >= memory->fail_at;
    memory->fail_at = 0;
    bool is_well = has_result ? is_named(play, &seen) : has_failed && play->real.complaints.length == 0;
    if (!is_well)
        give_account(play, play->expected, has_result ? &seen : NULL, "memory that fails is not named ");
    if (has_result)
        model_ending_free(&seen);
    return is_well;
}

/* ---- The engine ------------------------------------------------------------------------------------------------- */

static void count_error(void *arg, const char *category, const char *line)
{
    struct real *real = arg;
    (void)category, (void)line;
    real->errors++;
}

/* What is noted and written must not show in how a page ends. */
static void write_record(void *arg, ssr_record *record)
{
    struct real *real = arg;
    bool is_written = ssr_record_json(record, NULL) && ssr_record_text(record, NULL);
    if (!is_written && real->page->fail_at == 0)
        text_format(&real->complaints, "no record was written\n");
}

static uint64_t read_clock(void *arg)
{
    struct real *real = arg;
    return real->latest * UINT64_C(1000);
}

static ssr_config config_of(struct real *real, struct test_memory *memory)
{
    const struct page *page = real->page;
    ssr_config config = ssr_config_default();
    config.allocator = test_allocator(memory);
    config.allowed_rerenders_count = page->allowed;
    config.forbidden_rerenders_count = page->forbidden;
    config.max_query_passes = page->query_passes;
    config.stop_on_cycle = page->stops_on_cycle;
    config.prefetch_loaders_before_page_render = page->prefetches;
    config.limits = page->limits;
    config.reuse_components = page->boundaries != BOUNDARIES_RUN;
    config.check_components = page->boundaries == BOUNDARIES_CHECKED;
    config.log = (ssr_log){.error = count_error, .record = page->has_record ? write_record : NULL, .arg = real};
    if (page->has_record) {
        config.clock = read_clock;
        config.clock_arg = real;
    }
    return config;
}

/* With failing memory first, and in the end once more in what the others have left. */
static bool play_all(struct play *play)
{
    enum { KEEP = 65536 };
    const struct page *page = play->real.page;
    ssr_allocator allocator = test_allocator(&play->memory);
    play->recycler = page->has_recycler ? ssr_recycler_new(&allocator, KEEP) : NULL;
    bool is_good = page->fail_at == 0 || fails_well(play);
    is_good = is_good && agrees(play) && (!play->recycler || agrees(play));
    ssr_recycler_free(play->recycler);
    return is_good;
}

bool model_agrees(const struct page *page, struct ending *expected, struct text *account)
{
    struct play play = {.real = {.page = page}, .expected = expected, .account = account};
    model_predict(page, expected);
    ssr_config config = config_of(&play.real, &play.memory);
    if (ssr_engine_new(&config, &play.real.engine) != SSR_OK)
        text_format(&play.real.complaints, "there is no engine\n");
    model_define(&play.real);
    bool is_good = play_all(&play);
    ssr_engine_free(play.real.engine);
    if (is_good && play.memory.live_blocks > 0) {
        give_account(&play, expected, NULL, "blocks were not given back");
        is_good = false;
    }
    text_free(&play.real.complaints);
    return is_good;
}
