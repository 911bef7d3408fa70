/*
 * Cookies on their way out: what the running pass has written, what goes out when it completes, and the Set-Cookie
 * lines at the end. cookie_internal.h says what always holds.
 */
#include <string.h>

#include "cookie/cookie_internal.h"

enum { LONGEST_LINE = 8192 }; /* name and value of 4096 bytes, path and domain of 1024, and their names */

/* ---- Writes ----------------------------------------------------------------------------------------------------- */

void ssr_cookie_write_drop(struct ssr_ctx *ctx, struct ssr_cookie_write *write)
{
    if (!write)
        return;
    ssr_value_drop(ctx, write->value);
    ssr_pass_drop(ctx, write->home);
}

/* A write in the running pass's memory, which it holds; NULL: no memory. */
static struct ssr_cookie_write *new_write(struct ssr_ctx *ctx, const char *name)
{
    struct ssr_cookie_write *write = ssr_region_alloc(&ctx->memory->region, sizeof *write);
    if (!write)
        return NULL;
    write->name = name;
    write->home = ctx->memory;
    ssr_pass_hold(write->home);
    return write;
}

/* Copies an attribute's text, if there is one; false: no memory. */
static bool keep_text(struct ssr_ctx *ctx, const char **text)
{
    if (!*text)
        return true;
    *text = ssr_region_copy(&ctx->memory->region, *text, strlen(*text));
    return *text != NULL;
}

/* The write of a value that has been checked; NULL: no memory. */
struct ssr_cookie_write *ssr_cookie_write_new(struct ssr_ctx *ctx, const struct ssr_cookie *cookie,
                                              const struct ssr_value *value, const ssr_cookie_attributes *attributes)
{
    struct ssr_cookie_write *write = new_write(ctx, cookie->definition.name);
    if (!write)
        return NULL;
    write->attributes = attributes ? ssr_cookie_complete(attributes) : cookie->attributes;
    if (attributes && (!keep_text(ctx, &write->attributes.path) || !keep_text(ctx, &write->attributes.domain))) {
        ssr_cookie_write_drop(ctx, write);
        return NULL;
    }
    write->value = value;
    ssr_value_hold(value);
    return write;
}

void ssr_cookie_note_outgoing(struct ssr_ctx *ctx, struct ssr_cookie_cell *of_cookie, struct ssr_cookie_write *write)
{
    struct ssr_cookie_jar *jar = ctx->jar;
    if (!of_cookie->outgoing) {
        of_cookie->next_outgoing = NULL;
        *jar->outgoing_end = of_cookie;
        jar->outgoing_end = &of_cookie->next_outgoing;
        jar->outgoing_count++;
    }
    ssr_cookie_write_drop(ctx, of_cookie->outgoing);
    of_cookie->outgoing = write;
}

/* Its value is an effect of its own. */
static bool is_same_write(const struct ssr_effect *is, const struct ssr_effect *was)
{
    const struct ssr_cookie_write *write = is->what, *former = was->what;
    const ssr_cookie_attributes *a = &write->attributes, *b = &former->attributes;
    return (write->value == NULL) == (former->value == NULL) && ssr_is_same_text(a->path, b->path) &&
           ssr_is_same_text(a->domain, b->domain) && a->max_age == b->max_age && a->secure == b->secure &&
           a->http_only == b->http_only && a->partitioned == b->partitioned && a->same_site == b->same_site;
}

static ssr_status replay_write(struct ssr_ctx *ctx, const struct ssr_effect *effect);

/* Takes the write as the running pass's latest of its cookie. */
void ssr_cookie_note_written(struct ssr_ctx *ctx, struct ssr_cookie_cell *of_cookie, struct ssr_cookie_write *write)
{
    ssr_frame_effect(
        ctx, (struct ssr_effect){.replay = replay_write, .is_same = is_same_write, .on = of_cookie, .what = write});
    if (!of_cookie->written) {
        of_cookie->next_written = ctx->jar->written;
        ctx->jar->written = of_cookie;
    }
    ssr_cookie_write_drop(ctx, of_cookie->written);
    of_cookie->written = write;
}

/* The value has been staged again by the effect before this one. */
static ssr_status replay_write(struct ssr_ctx *ctx, const struct ssr_effect *effect)
{
    struct ssr_cookie_cell *of_cookie = effect->on;
    const struct ssr_cookie *cookie = (const struct ssr_cookie *)of_cookie->cell.definition;
    const struct ssr_cookie_write *former = effect->what;
    struct ssr_cookie_write *write =
        ssr_cookie_write_new(ctx, cookie, former->value ? of_cookie->cell.staged : NULL, &former->attributes);
    if (!write)
        return ssr_fail_memory(ctx, ctx->budget.refusal, cookie->definition.name);
    ssr_cookie_note_written(ctx, of_cookie, write);
    return ctx->fatal;
}

/* ---- Made by hand ----------------------------------------------------------------------------------------------- */

static struct ssr_cookie_hand *hand_of(struct ssr_ctx *ctx, struct ssr_cookie_jar *jar, const char *name)
{
    struct ssr_cookie_hand *hand = jar->by_hand;
    while (hand && strcmp(hand->name, name) != 0)
        hand = hand->next;
    if (hand)
        return hand;
    hand = ssr_region_alloc(&ctx->request, sizeof *hand);
    const char *copy = hand ? ssr_region_copy(&ctx->request, name, strlen(name)) : NULL;
    if (!copy)
        return NULL;
    hand->name = copy;
    *jar->by_hand_end = hand;
    jar->by_hand_end = &hand->next;
    return hand;
}

static ssr_status replay_hand(struct ssr_ctx *ctx, const struct ssr_effect *effect);

/* Takes a line, which is copied, as the running pass's latest of its name. */
static ssr_status take_line(struct ssr_ctx *ctx, struct ssr_cookie_hand *hand, const char *line)
{
    struct ssr_cookie_write *write = new_write(ctx, hand->name);
    if (write)
        write->line = ssr_region_copy(&ctx->memory->region, line, strlen(line));
    if (!write || !write->line) {
        ssr_cookie_write_drop(ctx, write);
        return ssr_fail_memory(ctx, ctx->budget.refusal, "ssr_cookie_send");
    }
    ssr_cookie_write_drop(ctx, hand->written);
    hand->written = write;
    ssr_frame_effect(ctx,
                     (struct ssr_effect){
                         .replay = replay_hand, .is_same = ssr_effects_say_the_same, .on = hand, .what = write->line});
    return ssr_answer(ctx, ctx->fatal);
}

static ssr_status replay_hand(struct ssr_ctx *ctx, const struct ssr_effect *effect)
{
    return take_line(ctx, effect->on, effect->what);
}

static ssr_status take_by_hand(struct ssr_ctx *ctx, const ssr_set_cookie *cookie)
{
    char line[LONGEST_LINE];
    size_t length;
    struct ssr_cookie_jar *jar = ssr_cookie_jar_of(ctx);
    struct ssr_cookie_hand *hand = jar ? hand_of(ctx, jar, cookie->name) : NULL;
    if (!hand)
        return ssr_fail_memory(ctx, ctx->budget.refusal, "ssr_cookie_send");
    ssr_cookie_format(cookie, line, sizeof line, &length);
    return take_line(ctx, hand, line);
}

ssr_status ssr_cookie_send_at(struct ssr_ctx *ctx, const ssr_set_cookie *cookie, const char *file, int line)
{
    struct ssr_writer writer = {file, line};
    if (ssr_enter_write(ctx, SSR_CALL_COOKIE_SET, NULL, writer) != SSR_OK)
        return ctx->last;
    size_t length = 0;
    ssr_status status = cookie ? ssr_cookie_format(cookie, NULL, 0, &length) : SSR_E_INVALID_ARGUMENT;
    return status == SSR_OK
               ? take_by_hand(ctx, cookie)
               : ssr_refuse(ctx, (struct ssr_refusal){.call = SSR_CALL_COOKIE_SET, .status = status, .writer = writer});
}

/* ---- The edges of a pass, and the end --------------------------------------------------------------------------- */

void ssr_cookies_complete(struct ssr_ctx *ctx)
{
    if (!ctx->jar)
        return;
    /* the latest written name stands first in the list; names go out in the order they were first written in */
    struct ssr_cookie_cell *in_order = NULL;
    while (ctx->jar->written) {
        struct ssr_cookie_cell *of_cookie = ctx->jar->written;
        ctx->jar->written = of_cookie->next_written;
        of_cookie->next_written = in_order;
        in_order = of_cookie;
    }
    for (; in_order; in_order = in_order->next_written) {
        ssr_cookie_note_outgoing(ctx, in_order, in_order->written);
        in_order->written = NULL;
    }
    for (struct ssr_cookie_hand *hand = ctx->jar->by_hand; hand; hand = hand->next)
        if (hand->written) {
            ssr_cookie_write_drop(ctx, hand->outgoing);
            hand->outgoing = hand->written;
            hand->written = NULL;
        }
}

void ssr_cookies_abandon(struct ssr_ctx *ctx)
{
    if (!ctx->jar)
        return;
    for (; ctx->jar->written; ctx->jar->written = ctx->jar->written->next_written) {
        ssr_cookie_write_drop(ctx, ctx->jar->written->written);
        ctx->jar->written->written = NULL;
    }
    for (struct ssr_cookie_hand *hand = ctx->jar->by_hand; hand; hand = hand->next) {
        ssr_cookie_write_drop(ctx, hand->written);
        hand->written = NULL;
    }
}

static bool is_made_by_hand(const struct ssr_cookie_jar *jar, const char *name)
{
    for (const struct ssr_cookie_hand *hand = jar->by_hand; hand; hand = hand->next)
        if (hand->outgoing && strcmp(hand->name, name) == 0)
            return true;
    return false;
}

/* The line of a stored cookie in the request's memory; NULL: the render has failed. */
static const char *write_line(struct ssr_ctx *ctx, const struct ssr_cookie_cell *of_cookie)
{
    const struct ssr_cookie *cookie = (const struct ssr_cookie *)of_cookie->cell.definition;
    const struct ssr_cookie_write *write = of_cookie->outgoing;
    struct ssr_buffer scratch = {&ctx->budget, NULL, 0, 0};
    char line[LONGEST_LINE];
    size_t length;
    ssr_status status =
        ssr_cookie_encode(cookie, write->value, &write->attributes, ctx->now_ms, &scratch, line, sizeof line, &length);
    ssr_buffer_free(&scratch);
    const char *copy = status == SSR_OK ? ssr_region_copy(&ctx->request, line, length) : NULL;
    if (!copy)
        ssr_fail_memory(ctx, status == SSR_OK ? ctx->budget.refusal : status, cookie->definition.name);
    return copy;
}

const char *const *ssr_cookies_flush(struct ssr_ctx *ctx, size_t *count)
{
    const struct ssr_cookie_jar *jar = ctx->jar;
    size_t room = jar ? jar->outgoing_count : 0;
    *count = 0;
    for (const struct ssr_cookie_hand *hand = jar ? jar->by_hand : NULL; hand; hand = hand->next)
        room += hand->outgoing != NULL;
    const char **lines = room > 0 ? ssr_region_alloc(&ctx->request, room * sizeof *lines) : NULL;
    if (room > 0 && !lines)
        ssr_fail_memory(ctx, ctx->budget.refusal, "the cookies");
    if (!lines)
        return NULL;
    size_t filled = 0;
    for (const struct ssr_cookie_cell *of_cookie = jar->outgoing; of_cookie; of_cookie = of_cookie->next_outgoing) {
        if (is_made_by_hand(jar, of_cookie->cell.definition->name))
            continue;
        lines[filled] = write_line(ctx, of_cookie);
        if (!lines[filled++])
            return NULL;
    }
    for (const struct ssr_cookie_hand *hand = jar->by_hand; hand; hand = hand->next)
        if (hand->outgoing)
            lines[filled++] = hand->outgoing->line;
    *count = filled;
    return lines;
}
