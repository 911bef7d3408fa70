/*
 * engine/output.h - writing the page. Each call appends to the output of the running pass, which starts empty.
 *
 * Returns    SSR_OK; wrong_phase; nomem or limit (nothing was written, and the render ends); what else is named
 *            below. Refused writes are listed in the record, the render goes on.
 * Memory     everything is copied. May allocate in the request's memory.
 * Legal      render.
 *
 * Text is expected to be UTF-8. Bytes that are none are written as U+FFFD, so that a document is always UTF-8;
 * ssr_html writes what it is given.
 */
#ifndef SSR_ENGINE_OUTPUT_H
#define SSR_ENGINE_OUTPUT_H

#include <string.h>

#include "ssrstore/ssrstore.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Markup, as it is: never text that came from outside. NULL writes nothing. */
SSR_API ssr_status ssr_html_n(ssr_ctx *ctx, const char *html, size_t length);
/* Inline, so that the length of a literal is known where it is written. */
SSR_API inline ssr_status ssr_html(ssr_ctx *ctx, const char *html)
{
    return ssr_html_n(ctx, html, html ? strlen(html) : 0);
}

/*
 * Text between tags: & < > " ' are escaped, and CR, which a browser would read as LF. NULL writes nothing.
 * Source     WHATWG HTML, 13.2.3.5 Preprocessing the input stream.
 */
SSR_API ssr_status ssr_text_n(ssr_ctx *ctx, const char *text, size_t length);
SSR_API inline ssr_status ssr_text(ssr_ctx *ctx, const char *text)
{
    return ssr_text_n(ctx, text, text ? strlen(text) : 0);
}

/* An integer, and a number as JavaScript writes it. Numbers that are not finite: not_finite. */
SSR_API ssr_status ssr_text_integer(ssr_ctx *ctx, int64_t integer);
SSR_API ssr_status ssr_text_number(ssr_ctx *ctx, double number);

/* A string or number out of a value, as text; anything else is wrong_type. No copy is made on the way. */
SSR_API ssr_status ssr_text_json(ssr_ctx *ctx, ssr_json json);

/*
 * The value of an attribute, inside single or double quotes that the page writes: the same are escaped as in text. NULL
 * writes nothing.
 */
SSR_API inline ssr_status ssr_attr(ssr_ctx *ctx, const char *text)
{
    return ssr_text_n(ctx, text, text ? strlen(text) : 0);
}

/*
 * A URL as the value of an attribute, inside quotes: what RFC 3986 does not allow is percent-encoded, escapes that
 * are there stay. A scheme other than http, https, mailto and tel is refused (bad_url), and nothing is written; so
 * no data can become "javascript:". NULL writes nothing.
 */
SSR_API ssr_status ssr_url(ssr_ctx *ctx, const char *url);

/* One path segment or query value of a URL: like JavaScript's encodeURIComponent. NULL writes nothing. */
SSR_API ssr_status ssr_url_component(ssr_ctx *ctx, const char *text);

/*
 * Puts the transfer element here. Its content is only known when the page has settled; it is put in at the end. A
 * page that never calls this finds the element in ssr_result.transfer. A second call in a pass: transfer_twice.
 */
SSR_API ssr_status ssr_transfer_here(ssr_ctx *ctx);

#ifdef __cplusplus
}
#endif
#endif
