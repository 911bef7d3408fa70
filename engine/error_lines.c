/* Error lines: what is told once a render whatever becomes of records. They need no memory. */
#include "engine/render_internal.h"

enum { LINE_BYTES = 1024 };

/* A line in memory of its own, which does not grow: what does not fit is left out. */
struct line {
    char bytes[LINE_BYTES];
    struct ssr_budget no_budget;
    struct ssr_buffer buffer;
    struct ssr_log_text text;
};

static struct ssr_log_text *begin(struct line *line)
{
    ssr_budget_init(&line->no_budget, NULL, 0);
    line->buffer = (struct ssr_buffer){&line->no_budget, line->bytes, 0, sizeof line->bytes - 1};
    line->text = (struct ssr_log_text){&line->buffer, SSR_OK};
    return &line->text;
}

static void send(struct line *line, const struct ssr_render *render)
{
    const ssr_log *log = &render->engine->config.log;
    line->bytes[line->buffer.length] = '\0';
    log->error(log->arg, "ssr", line->bytes);
}

static void log_cap(const struct ssr_render *render, const char *before, uint64_t count, const char *after)
{
    struct line line;
    if (!render->engine->config.log.error)
        return;
    struct ssr_log_text *text = begin(&line);
    ssr_put_words(text, before);
    ssr_put_number(text, count);
    ssr_put_words(text, after);
    send(&line, render);
}

void ssr_log_hard_cap(const struct ssr_render *render)
{
    log_cap(render, "SSR stores/cookies did not stabilize after ", render->engine->config.forbidden_rerenders_count,
            " re-renders (forbiddenRerendersCount); using the last render. Check for non-deterministic SsrStore or "
            "cookie values (e.g. time(), rand()).");
}

void ssr_log_query_cap(const struct ssr_render *render)
{
    log_cap(render, "SSR queries were still being found after ", render->engine->config.max_query_passes,
            " query passes (maxQueryPasses); using the last render. Check for queries whose arguments are new in "
            "every pass.");
}

/* Puts what the last period set, as far as there is room. */
static void put_turns(struct ssr_log_text *text, const struct ssr_history *history, unsigned period)
{
    const char *before = " They are set by turns: ";
    size_t whole = text->buffer->length;
    for (const struct ssr_track *track = history->first; track; track = track->next) {
        struct ssr_named named = {.kind = ssr_kind_name(track->definition->kind), .name = track->definition->name};
        named.place_count = ssr_track_places(history, track, period, named.places);
        if (named.place_count == 0)
            continue;
        ssr_put_words(text, before);
        ssr_put_named(text, &named);
        if (text->status != SSR_OK || text->buffer->length + 1 >= text->buffer->capacity)
            break;
        whole = text->buffer->length;
        before = ", ";
    }
    text->buffer->length = whole;
    text->status = SSR_OK;
    ssr_put(text, ".", *before == ',');
}

void ssr_log_cycle(const struct ssr_render *render, unsigned period)
{
    struct line line;
    if (!render->engine->config.log.error)
        return;
    struct ssr_log_text *text = begin(&line);
    ssr_put_words(text, "SSR stores/cookies repeat with period ");
    ssr_put_number(text, period);
    ssr_put_words(text, " (stopOnCycle); using the last render.");
    put_turns(text, render->record.history, period);
    send(&line, render);
}
