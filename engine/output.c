/*
 * Writing the page: escaping for each place, always into the running pass's output. What always holds: a call either
 * appends everything or nothing, and what ssr_text, ssr_attr and ssr_url append is UTF-8 without markup.
 */
#include "engine/output.h"

#include <string.h>
#include <strings.h>

#include "engine/render_internal.h"
#include "ssrstore/ascii.h"
#include "ssrstore/number.h"
#include "ssrstore/scan.h"
#include "ssrstore/utf8.h"

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

size_t ssr_output_length(const struct ssr_render *render)
{
    const struct ssr_window *window = &render->ctx.window;
    return window->at ? (size_t)(window->at - render->out.html.data) : render->out.html.length;
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

/* Eight bytes, so that one is copied in one go. */
struct escape {
    char text[7];
    unsigned char length;
};

static const struct escape *html_escape(char c)
{
    static const struct escape escapes['>' - '"' + 1] = {
        ['"' - '"'] = {"&quot;", 6}, ['&' - '"'] = {"&amp;", 5}, ['\'' - '"'] = {"&#39;", 5},
        ['<' - '"'] = {"&lt;", 4},   ['>' - '"'] = {"&gt;", 4},
    };
    unsigned at = (unsigned)(unsigned char)c - '"';
    return at < sizeof escapes / sizeof *escapes && escapes[at].length > 0 ? &escapes[at] : NULL;
}

/* How many bytes from p on are whole UTF-8 characters beyond ASCII. */
static size_t scan_sequences(const unsigned char *p, const unsigned char *end_of_text)
{
    const unsigned char *start = p;
    while (p < end_of_text && *p >= 0x80) {
        size_t length = ssr_utf8_sequence(p, end_of_text);
        if (length == 0)
            break;
        p += length;
    }
    return (size_t)(p - start);
}

static void put_text(struct writing *writing, const char *text, size_t length)
{
    if (length == 0)
        return;
    const char *p = text, *end_of_text = text + length;
    while (p < end_of_text && writing->status == SSR_OK) {
        size_t plain = ssr_scan_html(p, (size_t)(end_of_text - p));
        put(writing, p, plain);
        p += plain;
        if (p == end_of_text)
            break;
        const struct escape *escape = html_escape(*p);
        size_t sequences = escape ? 0 : scan_sequences((const unsigned char *)p, (const unsigned char *)end_of_text);
        if (escape)
            put(writing, escape->text, escape->length);
        else if (sequences > 0)
            put(writing, p, sequences);
        else
            put(writing, "\xef\xbf\xbd", 3);
        p += sequences > 0 ? sequences : 1;
    }
}

ssr_status ssr_html_n(struct ssr_ctx *ctx, const char *html, size_t length)
{
    if (fits(ctx, length)) {
        memcpy(ctx->window.at, html, length);
        ctx->window.at += length;
        return ctx->last = SSR_OK;
    }
    struct writing writing = begin(ctx);
    put(&writing, html, length);
    return end(&writing);
}

extern inline ssr_status ssr_html(struct ssr_ctx *ctx, const char *html);

/*
 * Copies text up to what needs an escape, 16 bytes at a time where there is room for them: writing the bytes that stop
 * it does no harm, because they are written over. *p moves behind what was copied.
 */
static inline char *copy_plain(char *out, const char *end, const char **text, const char *end_of_text)
{
    const char *from = *text;
    size_t length = (size_t)(end_of_text - from), room = (size_t)(end - out), at = 0;
    size_t most = length < room ? length : room;
#ifdef SSR_SCAN_SSE2
    for (; most - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(from + at));
        int found = ssr_scan_html_mask(bytes);
        _mm_storeu_si128((__m128i *)(void *)(out + at), bytes);
        if (found) {
            at += (size_t)__builtin_ctz((unsigned)found);
            *text = from + at;
            return out + at;
        }
    }
#endif
    for (; at < most && !ssr_scan_html_stops((unsigned char)from[at]); at++)
        out[at] = from[at];
    *text = from + at;
    return out + at;
}

/* Writes the text into the window; false: it does not fit, or needs a closer look, and nothing was written. */
static bool put_text_in_window(struct ssr_ctx *ctx, const char *text, size_t length)
{
    const char *p = text, *end_of_text = text + length;
    char *out = ctx->window.at, *end = ctx->window.end;
    while (p < end_of_text) {
        out = copy_plain(out, end, &p, end_of_text);
        if (p == end_of_text)
            break;
        const struct escape *escape = html_escape(*p);
        if (escape && (size_t)(end - out) >= sizeof *escape) {
            memcpy(out, escape, sizeof *escape);
            out += escape->length;
            p++;
            continue;
        }
        size_t sequences = escape ? 0 : scan_sequences((const unsigned char *)p, (const unsigned char *)end_of_text);
        if (sequences == 0 || (size_t)(end - out) < sequences)
            return false;
        memcpy(out, p, sequences);
        out += sequences;
        p += sequences;
    }
    ctx->window.at = out;
    return true;
}

ssr_status ssr_text_n(struct ssr_ctx *ctx, const char *text, size_t length)
{
    if (fits(ctx, length) && put_text_in_window(ctx, text, length))
        return ctx->last = SSR_OK;
    struct writing writing = begin(ctx);
    put_text(&writing, text, length);
    return end(&writing);
}

ssr_status ssr_text(struct ssr_ctx *ctx, const char *text)
{
    return ssr_text_n(ctx, text, text ? strlen(text) : 0);
}

ssr_status ssr_attr(struct ssr_ctx *ctx, const char *text)
{
    return ssr_text(ctx, text);
}

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
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
    do
        digits[--at] = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (integer < 0)
        digits[--at] = '-';
    return ssr_html_n(ctx, digits + at, sizeof digits - at);
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
    struct writing writing = begin(ctx);
    ssr_json_kind kind = ssr_json_type(json);
    if (writing.status == SSR_OK && kind != SSR_JSON_STRING && kind != SSR_JSON_NUMBER)
        return ssr_refuse_unplaced(ctx, SSR_CALL_OUTPUT, SSR_E_WRONG_TYPE);
    if (kind == SSR_JSON_STRING)
        put_json_string(&writing, json.text + 1, json.text + json.length - 1);
    else
        put(&writing, json.text, json.length);
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
    const struct escape *escape = html_escape(c);
    if (!ssr_is_one_of(c, kept))
        put_percent(writing, c);
    else if (escape)
        put(writing, escape->text, escape->length);
    else
        put(writing, &c, 1);
}

/* Letters and digits at p and the "/" between them, which most URLs are made of. Returns what follows. */
static const char *put_url_run(struct writing *writing, const char *p, bool has_slashes)
{
    const char *from = p;
    while (ssr_is_alphanumeric(*p) || (has_slashes && *p == '/'))
        p++;
    put(writing, from, (size_t)(p - from));
    return p;
}

ssr_status ssr_url(struct ssr_ctx *ctx, const char *url)
{
    static const char kept[] = "-._~:/?#[]@!$&'()*+,;=";
    struct writing writing = begin(ctx);
    if (writing.status == SSR_OK && url && !is_safe(url))
        return ssr_refuse_unplaced(ctx, SSR_CALL_OUTPUT, SSR_E_BAD_URL);
    for (const char *p = url; writing.status == SSR_OK && p && *p;) {
        p = put_url_run(&writing, p, true);
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
        p = put_url_run(&writing, p, false);
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
