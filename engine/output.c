/*
 * Writing the page: escaping for each place, always into the running pass's output. What always holds: a call either
 * appends everything or nothing, and what ssr_text, ssr_attr and ssr_url append is UTF-8 without markup.
 */
#include "engine/output.h"

#include <string.h>
#include <strings.h>

#include "engine/escape.h"
#include "engine/render_internal.h"
#include "ssrstore/ascii.h"
#include "ssrstore/number.h"

#ifdef __GNUC__
#define NEVER_INLINE __attribute__((noinline))
#else
#define NEVER_INLINE
#endif

/* ---- The window ------------------------------------------------------------------------------------------------- */

static size_t output_cap(const struct ssr_render *render)
{
    return ssr_clamp_size(render->engine->config.limits.output_bytes);
}

void ssr_output_open_window(struct ssr_render *render)
{
    struct ssr_ctx *ctx = &render->ctx;
    const struct ssr_buffer *html = &render->out.html;
    size_t end = html->capacity < output_cap(render) ? html->capacity : output_cap(render);
    if (ctx->fatal != SSR_OK || ctx->phase != SSR_RENDER || render->request.data_only || html->length >= end)
        ctx->window = (struct ssr_window){NULL, NULL};
    else
        ctx->window = (struct ssr_window){html->data + html->length, html->data + end};
}

/* The buffer's length is behind while the window is open. */
static void settle_window(struct ssr_render *render)
{
    render->out.html.length = ssr_output_length(render);
}

void ssr_output_close_window(struct ssr_render *render)
{
    settle_window(render);
    render->ctx.window = (struct ssr_window){NULL, NULL};
}

/* ---- Appending -------------------------------------------------------------------------------------------------- */

/* One call's output: taken back when it does not fit. */
struct writing {
    struct ssr_ctx *ctx;
    struct ssr_buffer *html;
    size_t start;
    size_t cap;
    ssr_status status;
    bool is_dropped; /* data mode */
};

static struct writing begin(struct ssr_ctx *ctx)
{
    struct ssr_render *render = (struct ssr_render *)ctx;
    settle_window(render);
    ssr_status status = ssr_enter_unplaced(ctx, SSR_CALL_OUTPUT);
    return (struct writing){
        .ctx = ctx,
        .html = &render->out.html,
        .start = render->out.html.length,
        .cap = output_cap(render),
        .status = status,
        .is_dropped = render->request.data_only,
    };
}

static void put(struct writing *writing, const char *bytes, size_t length)
{
    if (writing->status != SSR_OK || writing->is_dropped)
        return;
    if (length > writing->cap - writing->html->length)
        writing->status = ssr_fail_memory(writing->ctx, SSR_E_LIMIT, "ssr_limits.output_bytes");
    else if (ssr_buffer_append(writing->html, bytes, length) != SSR_OK)
        writing->status = ssr_fail_memory(writing->ctx, writing->ctx->budget.refusal, "the output");
}

static ssr_status end(struct writing *writing)
{
    if (writing->status != SSR_OK)
        writing->html->length = writing->start;
    ssr_output_open_window((struct ssr_render *)writing->ctx);
    return writing->status;
}

/* Whether `length` bytes, one at least, fit into the window. */
static bool fits(const struct ssr_ctx *ctx, size_t length)
{
    return length - 1 < (size_t)(ctx->window.end - ctx->window.at);
}

/* ---- Markup and text -------------------------------------------------------------------------------------------- */

/* As much of the text as fits into what the buffer has, or can have; *p moves behind it. False: nothing does. */
static bool put_some_text(struct writing *writing, const char **p, const char *end_of_text)
{
    struct ssr_buffer *html = writing->html;
    size_t room = writing->cap - html->length, wanted = (size_t)(end_of_text - *p) + SSR_ESCAPE_ROOM;
    if (room == 0)
        return false;
    ssr_status status = ssr_buffer_reserve(html, wanted < room ? wanted : room);
    if (status != SSR_OK) {
        writing->status = ssr_fail_memory(writing->ctx, status, "the output");
        return true;
    }
    char *out = html->data + html->length;
    size_t spare = html->capacity - html->length;
    size_t written = (size_t)(ssr_escape_html(out, out + (spare < room ? spare : room), p, end_of_text) - out);
    html->length += written;
    return written > 0;
}

static void put_text(struct writing *writing, const char *text, size_t length)
{
    if (length == 0 || writing->is_dropped)
        return;
    const char *p = text, *end_of_text = text + length;
    while (p < end_of_text && writing->status == SSR_OK)
        if (!put_some_text(writing, &p, end_of_text))
            writing->status = ssr_fail_memory(writing->ctx, SSR_E_LIMIT, "ssr_limits.output_bytes");
}

/* The longer way of writing is a function of its own, so that the short one needs no stack. */
static NEVER_INLINE ssr_status html_slowly(struct ssr_ctx *ctx, const char *html, size_t length)
{
    struct writing writing = begin(ctx);
    put(&writing, html, length);
    return end(&writing);
}

static NEVER_INLINE ssr_status text_slowly(struct ssr_ctx *ctx, const char *text, size_t length)
{
    struct writing writing = begin(ctx);
    put_text(&writing, text, length);
    return end(&writing);
}

/* As memcpy; most markup is so short that a call would cost more than the copy. Not empty. */
static inline void copy(char *to, const char *from, size_t length)
{
    if (length > 32) {
        memcpy(to, from, length);
    } else if (length >= 16) {
        memcpy(to, from, 16);
        memcpy(to + length - 16, from + length - 16, 16);
    } else if (length >= 8) {
        memcpy(to, from, 8);
        memcpy(to + length - 8, from + length - 8, 8);
    } else if (length >= 4) {
        memcpy(to, from, 4);
        memcpy(to + length - 4, from + length - 4, 4);
    } else {
        to[0] = from[0];
        to[length / 2] = from[length / 2];
        to[length - 1] = from[length - 1];
    }
}

/* Never inline: a compiler that knows how long the caller's text is warns of the branches for others. */
NEVER_INLINE ssr_status ssr_html_n(struct ssr_ctx *ctx, const char *html, size_t length)
{
    if (fits(ctx, length)) {
        copy(ctx->window.at, html, length);
        ctx->window.at += length;
        return ctx->last = SSR_OK;
    }
    return html_slowly(ctx, html, length);
}

extern inline ssr_status ssr_html(struct ssr_ctx *ctx, const char *html);

ssr_status ssr_text_n(struct ssr_ctx *ctx, const char *text, size_t length)
{
    if (fits(ctx, length) && fits(ctx, length + SSR_ESCAPE_ROOM)) {
        const char *p = text;
        char *end_of_output = ssr_escape_html(ctx->window.at, ctx->window.end, &p, text + length);
        if (p == text + length) {
            ctx->window.at = end_of_output;
            return ctx->last = SSR_OK;
        }
    }
    return text_slowly(ctx, text, length);
}

extern inline ssr_status ssr_text(struct ssr_ctx *ctx, const char *text);
extern inline ssr_status ssr_attr(struct ssr_ctx *ctx, const char *text);

ssr_status ssr_text_number(struct ssr_ctx *ctx, double number)
{
    struct writing writing = begin(ctx);
    if (writing.status == SSR_OK && number - number != 0)
        return ssr_refuse_unplaced(ctx, SSR_CALL_OUTPUT, SSR_E_NOT_FINITE);
    char text[SSR_NUMBER_TEXT];
    put(&writing, text, writing.status == SSR_OK ? ssr_number_write(number, text) : 0);
    return end(&writing);
}

ssr_status ssr_text_integer(struct ssr_ctx *ctx, int64_t integer)
{
    char text[SSR_NUMBER_TEXT];
    return ssr_html_n(ctx, text, ssr_integer_write(integer, text));
}

/* The inside of a canonical string, unescaped and escaped again for HTML. */
static void put_json_string(struct writing *writing, const char *p, const char *end_of_text)
{
    while (p < end_of_text) {
        const char *backslash = memchr(p, '\\', (size_t)(end_of_text - p));
        const char *stop = backslash ? backslash : end_of_text;
        put_text(writing, p, (size_t)(stop - p));
        p = stop;
        if (backslash) {
            char c = ssr_json_next_byte(&p);
            put_text(writing, &c, 1);
        }
    }
}

ssr_status ssr_text_json(struct ssr_ctx *ctx, ssr_json json)
{
    ssr_json_kind kind = ssr_json_type(json);
    if (kind == SSR_JSON_NUMBER)
        return ssr_html_n(ctx, json.text, json.length);
    if (kind == SSR_JSON_STRING && !memchr(json.text, '\\', json.length))
        return ssr_text_n(ctx, json.text + 1, json.length - 2);
    struct writing writing = begin(ctx);
    if (kind == SSR_JSON_STRING)
        put_json_string(&writing, json.text + 1, json.text + json.length - 1);
    else if (writing.status == SSR_OK)
        return ssr_refuse_unplaced(ctx, SSR_CALL_OUTPUT, SSR_E_WRONG_TYPE);
    return end(&writing);
}

/* ---- URLs ------------------------------------------------------------------------------------------------------- */

/* RFC 3986 3.1: the scheme's length when the URL has one. */
static size_t scheme_length(const char *url)
{
    size_t length = strcspn(url, ":/?#");
    return url[length] == ':' ? length : 0;
}

/* A URL that begins with ":" has a scheme of no letters, which is none of the four. */
static bool is_safe(const char *url)
{
    static const char *const schemes[] = {"http", "https", "mailto", "tel"};
    size_t length = scheme_length(url);
    if (length == 0)
        return *url != ':';
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (strlen(schemes[i]) == length && strncasecmp(url, schemes[i], length) == 0)
            return true;
    return false;
}

static void put_percent(struct writing *writing, char c)
{
    static const char hex[] = "0123456789ABCDEF";
    unsigned char byte = (unsigned char)c;
    put(writing, (char[]){'%', hex[byte >> 4], hex[byte & 15]}, 3);
}

/* One byte of a URL that is no letter or digit; `kept` are the others that stay as they are. */
static void put_url_byte(struct writing *writing, char c, const char *kept)
{
    if (ssr_is_one_of(c, kept))
        put_text(writing, &c, 1);
    else
        put_percent(writing, c);
}

/* How many letters and digits stand at p, with the "/" between them: what most URLs are made of. */
static size_t url_run(const char *p, bool has_slashes)
{
    size_t length = 0;
    while (ssr_is_alphanumeric(p[length]) || (has_slashes && p[length] == '/'))
        length++;
    return length;
}

ssr_status ssr_url(struct ssr_ctx *ctx, const char *url)
{
    static const char kept[] = "-._~:/?#[]@!$&'()*+,;=";
    size_t run = url ? url_run(url, true) : 0;
    if (!url || !url[run])
        return ssr_html_n(ctx, url, run);
    struct writing writing = begin(ctx);
    if (writing.status == SSR_OK && !is_safe(url))
        return ssr_refuse_unplaced(ctx, SSR_CALL_OUTPUT, SSR_E_BAD_URL);
    for (const char *p = url; writing.status == SSR_OK && *p;) {
        run = url_run(p, true);
        put(&writing, p, run);
        p += run;
        bool is_escape = p[0] == '%' && ssr_hex_digit(p[1]) >= 0 && ssr_hex_digit(p[2]) >= 0;
        if (*p)
            put_url_byte(&writing, *p++, is_escape ? "%" : kept);
    }
    return end(&writing);
}

ssr_status ssr_url_component(struct ssr_ctx *ctx, const char *text)
{
    struct writing writing = begin(ctx);
    for (const char *p = text; writing.status == SSR_OK && p && *p;) {
        size_t run = url_run(p, false);
        put(&writing, p, run);
        p += run;
        if (*p)
            put_url_byte(&writing, *p++, "-_.!~*'()");
    }
    return end(&writing);
}

/* ---- Transfer --------------------------------------------------------------------------------------------------- */

static ssr_status take_transfer(struct ssr_ctx *ctx, size_t at);

/* In a component that was taken over, as far behind the beginning of the text as before. */
static ssr_status replay_transfer(struct ssr_ctx *ctx, const struct ssr_effect *effect)
{
    const struct ssr_render *render = (struct ssr_render *)ctx;
    return take_transfer(ctx, render->span_is + (effect->number - render->span_was));
}

/* Whether it is the first of the pass is for the pass to say, not for the component. */
static ssr_status take_transfer(struct ssr_ctx *ctx, size_t at)
{
    struct ssr_output *out = &((struct ssr_render *)ctx)->out;
    if (!ssr_frame_effect(ctx, (struct ssr_effect){.replay = replay_transfer, .number = at, .is_place = true}))
        return ctx->fatal;
    if (out->transfer_at != SSR_NO_TRANSFER)
        return ssr_refuse(
            ctx, (struct ssr_refusal){.call = SSR_CALL_TRANSFER, .status = SSR_E_TRANSFER_TWICE, .has_effect = true});
    out->transfer_at = at;
    return ssr_answer(ctx, SSR_OK);
}

ssr_status ssr_transfer_here(struct ssr_ctx *ctx)
{
    if (ssr_enter_unplaced(ctx, SSR_CALL_TRANSFER) != SSR_OK)
        return ctx->last;
    return take_transfer(ctx, ssr_output_length((struct ssr_render *)ctx));
}
