/*
 * The drivers of scenarios: ssr_run, and ssr_render_step by hand with operations answered in different orders. Each
 * checks what must hold of steps, waits and wakes for every render; what does not is a "VIOLATION" in the log.
 */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario_internal.h"

enum { MANY_STEPS = 2000 };

/* ---- ssr_run ---------------------------------------------------------------------------------------------------- */

static ssr_status drive_run(struct scenario_play *play, const struct scenario_settings *settings, ssr_render **render)
{
    ssr_status status = ssr_run(play->engine, scenario_page, play, &settings->request, render);
    const ssr_result *result = *render ? ssr_render_result(*render) : NULL;
    if (!*render)
        return status == SSR_OK ? SSR_E_FAILED : status;
    if (!result) {
        scenario_violation(play->log, "ssr_run came back before the end");
        return SSR_OK;
    }
    bool has_something = result->has_document || result->redirect_to || result->data_length > 0;
    if ((status == SSR_OK) != has_something)
        scenario_violation(play->log, "ssr_run's answer and what leaves disagree");
    else if (status != SSR_OK && status != result->error_status)
        scenario_violation(play->log, "ssr_run's answer is not the render's error");
    return SSR_OK;
}

/* ---- Operations ------------------------------------------------------------------------------------------------- */

static void take_operations(struct scenario_play *play, ssr_render *render)
{
    for (ssr_operation *operation; (operation = ssr_render_next_operation(render)) != NULL;) {
        play->pending = realloc(play->pending, (play->pending_count + 1) * sizeof *play->pending);
        if (!play->pending)
            abort();
        play->pending[play->pending_count++] = (struct scenario_pending){operation, scenario_hand_out(play, operation)};
    }
}

/* Answers one, on whose answer a render that lives is woken once, and one that is gone never. */
static void answer(struct scenario_play *play, size_t at, bool is_alive)
{
    ssr_operation *operation = play->pending[at].operation;
    play->pending_count--;
    memmove(&play->pending[at], &play->pending[at + 1], (play->pending_count - at) * sizeof *play->pending);
    bool is_unheard = play->is_unheard;
    play->is_unheard = is_unheard || !scenario_is_handed(play, operation);
    unsigned wakes = play->wakes;
    ssr_operation_run(operation);
    play->is_unheard = is_unheard;
    if (play->wakes != wakes + is_alive)
        scenario_violation(play->log, is_alive ? "an answer did not wake" : "an answer woke a render that is gone");
}

static bool is_due(const struct scenario_pending *pending, unsigned step)
{
    return !pending->loader || (!pending->loader->is_late && pending->loader->before_step <= step);
}

/* The next to be answered before `step`; pending_count: none. */
static size_t next_due(const struct scenario_play *play, unsigned step, bool from_the_end)
{
    size_t count = play->pending_count;
    for (size_t i = 0; i < count; i++) {
        size_t at = from_the_end ? count - 1 - i : i;
        if (is_due(&play->pending[at], step))
            return at;
    }
    return count;
}

static void answer_due(struct scenario_play *play, enum scenario_driver driver, unsigned step)
{
    size_t at;
    while ((at = next_due(play, step, driver == SCENARIO_REVERSE)) < play->pending_count) {
        answer(play, at, true);
        if (driver == SCENARIO_ONE)
            return;
    }
}

/* ---- Steps ------------------------------------------------------------------------------------------------------ */

/* A step that finds nothing new changes nothing. */
static void check_waiting(struct scenario_play *play, ssr_render *render, int64_t now)
{
    size_t logged = play->log->length;
    unsigned callbacks = play->callbacks;
    int64_t timeout = ssr_render_timeout_ms(render, now);
    if (ssr_render_step(render, now) != SSR_STEP_WAITING || ssr_render_result(render) ||
        strcmp(ssr_render_state(render), "load") != 0)
        scenario_violation(play->log, "a step with nothing new ends the wait");
    if (play->callbacks != callbacks || play->log->length != logged || ssr_render_timeout_ms(render, now) != timeout)
        scenario_violation(play->log, "a step with nothing new changes something");
}

static void begin_wait(struct scenario_play *play, ssr_render *render, enum scenario_driver driver, int64_t now)
{
    if (driver == SCENARIO_ONE)
        check_waiting(play, render, now);
    take_operations(play, render);
    if (play->pending_count == 0)
        scenario_violation(play->log, "waiting for nothing");
    if (driver == SCENARIO_ONE)
        check_waiting(play, render, now);
    if (driver == SCENARIO_CANCEL)
        ssr_render_cancel(render);
}

/* Steps behind the end change nothing. */
static void check_end(struct scenario_play *play, ssr_render *render)
{
    const ssr_result *result = ssr_render_result(render);
    unsigned callbacks = play->callbacks;
    if (!result) {
        scenario_violation(play->log, "an ended render has no result");
        return;
    }
    ssr_result before = *result;
    for (int i = 0; i < 2; i++)
        if (ssr_render_step(render, INT64_MAX) != SSR_STEP_ENDED)
            scenario_violation(play->log, "an ended render goes on");
    if (play->callbacks != callbacks || ssr_render_result(render) != result || result->html != before.html ||
        result->transfer != before.transfer || result->outcome != before.outcome || result->passes != before.passes)
        scenario_violation(play->log, "a step behind the end changed something");
    if (strcmp(ssr_render_state(render), "ended") != 0)
        scenario_violation(play->log, "an ended render is in another state");
    if (ssr_render_next_operation(render))
        scenario_violation(play->log, "an ended render hands out operations");
}

static int64_t time_of(const struct scenario_settings *settings, unsigned step)
{
    size_t at = step <= settings->time_count ? step - 1 : settings->time_count - 1;
    return settings->time_count > 0 ? settings->times[at] : 0;
}

static void check_step(struct scenario_play *play, ssr_render *render, ssr_step step, unsigned callbacks)
{
    if (play->callbacks > callbacks + 1)
        scenario_violation(play->log, "a step ran more than one pass");
    if ((step == SSR_STEP_ENDED) != (ssr_render_result(render) != NULL))
        scenario_violation(play->log, "step and result disagree about the end");
    if ((step == SSR_STEP_WAITING) != (strcmp(ssr_render_state(render), "load") == 0))
        scenario_violation(play->log, "step and state disagree about waiting");
    if (step == SSR_STEP_AGAIN && ssr_render_next_operation(render))
        scenario_violation(play->log, "operations without waiting");
}

static ssr_status drive_steps(struct scenario_play *play, const struct scenario_settings *settings,
                              enum scenario_driver driver, ssr_render **render)
{
    ssr_status status = ssr_render_new(play->engine, scenario_page, play, &settings->request, render);
    if (status != SSR_OK)
        return status;
    ssr_step step = SSR_STEP_AGAIN;
    for (unsigned i = 1; step != SSR_STEP_ENDED && i < MANY_STEPS; i++) {
        unsigned callbacks = play->callbacks;
        if (driver != SCENARIO_CANCEL)
            answer_due(play, driver, i);
        if (i == settings->cancel_before)
            ssr_render_cancel(*render);
        step = ssr_render_step(*render, time_of(settings, i));
        check_step(play, *render, step, callbacks);
        if (step == SSR_STEP_WAITING)
            begin_wait(play, *render, driver, time_of(settings, i));
    }
    if (step != SSR_STEP_ENDED)
        scenario_violation(play->log, "the render does not end");
    check_end(play, *render);
    return SSR_OK;
}

/* ---- Late answers ----------------------------------------------------------------------------------------------- */

/* Answers to a render that has ended: half of them while it is still there. */
static void answer_ended(struct scenario_play *play, const ssr_result *result)
{
    ssr_result before = *result;
    struct text html = {0}, data = {0};
    text_append(&html, result->html, result->html_length);
    text_append(&data, result->data, result->data_length);
    for (size_t left = play->pending_count / 2; play->pending_count > left;)
        answer(play, play->pending_count - 1, true);
    if (memcmp(&before, result, sizeof before) != 0 || strcmp(html.data, result->html) != 0 ||
        strcmp(data.data, result->data) != 0)
        scenario_violation(play->log, "a late answer changed something");
    text_free(&html);
    text_free(&data);
}

static void answer_gone(struct scenario_play *play)
{
    while (play->pending_count > 0) {
        if (!ssr_operation_is_cancelled(play->pending[0].operation))
            scenario_violation(play->log, "the render is gone, and a loader is not told");
        answer(play, 0, false);
    }
    free(play->pending);
    play->pending = NULL;
}

/* The document in pieces is that in one. */
static void check_segments(struct scenario_play *play, const struct scenario_settings *settings, ssr_render *render)
{
    const ssr_result *result = ssr_render_result(render);
    struct text joined = {0};
    text_append(&joined, "", 0);
    for (size_t i = 0; i < result->segment_count; i++)
        text_append(&joined, result->segments[i].bytes, result->segments[i].length);
    if (settings->request.in_segments && result->html[0])
        scenario_violation(play->log, "a document that nobody has asked for is put together");
    const char *html = ssr_render_html(render);
    if (html && (html != result->html || joined.length != result->html_length || strcmp(joined.data, html) != 0))
        scenario_violation(play->log, "the segments are not the document");
    text_free(&joined);
}

/* ---- Driving ---------------------------------------------------------------------------------------------------- */

struct scenario_end scenario_drive(struct scenario_play *play, struct scenario_settings *settings,
                                   enum scenario_driver driver)
{
    struct scenario_end end = {SSR_OK, SSR_SETTLED, SSR_OK};
    ssr_render *render = NULL;
    end.setup =
        driver == SCENARIO_RUN ? drive_run(play, settings, &render) : drive_steps(play, settings, driver, &render);
    scenario_flush_loads(play);
    play->is_unheard = true;
    const ssr_result *result = render ? ssr_render_result(render) : NULL;
    if (result) {
        end.outcome = result->outcome;
        end.error_status = result->error_status;
        check_segments(play, settings, render);
        scenario_show_result(settings, result);
        scenario_check_result(settings, result);
        answer_ended(play, result);
    } else if (end.setup == SSR_OK) {
        scenario_violation(play->log, "no result");
    }
    ssr_render_free(render);
    answer_gone(play);
    return end;
}
