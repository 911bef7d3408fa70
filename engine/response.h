/*
 * engine/response.h - status, headers and redirects, as a part of rendering: those of the last pass count, because
 * each pass begins with none but what the location's hooks have set.
 *
 * Returns    SSR_OK; wrong_phase, or what else is named below: nothing changed, the refusal is listed in the record.
 * Memory     everything is copied. May allocate in the request's memory.
 * Legal      render.
 */
#ifndef SSR_ENGINE_RESPONSE_H
#define SSR_ENGINE_RESPONSE_H

#include "ssrstore/ssrstore.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The HTTP status of the response, 200 to 599 (bad_status); 200 when the pass does not say otherwise. */
SSR_API ssr_status ssr_set_status(ssr_ctx *ctx, int status);

/*
 * Sets a header, in place of one of the same name in any case.
 * Refused: bad_header (the name is no token, or the value holds control characters other than HTAB, or begins or ends
 * with a blank), reserved_header (Set-Cookie, Content-Length, Transfer-Encoding, Location: they have their own ways).
 * Source     RFC 9110 5.1, 5.5.
 */
SSR_API ssr_status ssr_set_header(ssr_ctx *ctx, const char *name, const char *value);

/*
 * Ends the rendering of this location when the pass has run: what it staged in stores is dropped and the queries it
 * found are not loaded. status is 301, 302, 303, 307 or 308; 0 is 302. The last call of a pass counts.
 *
 *   ssr_redirect             a path of this site: begins with one "/", and "/\\" is none
 *   ssr_redirect_external    another origin: begins with http:// or https://
 *
 * Refused    bad_redirect: another status, another form, control characters, spaces or non-ASCII bytes.
 * Source     RFC 9110 15.4.
 */
SSR_API ssr_status ssr_redirect(ssr_ctx *ctx, const char *path, int status);
SSR_API ssr_status ssr_redirect_external(ssr_ctx *ctx, const char *url, int status);

#ifdef __cplusplus
}
#endif
#endif
