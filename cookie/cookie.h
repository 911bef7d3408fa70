/*
 * cookie/cookie.h - cookies as state: values that travel from the browser to the server and back.
 *
 * A cookie is defined once, as a store is, and read, set and deleted in the same way. A read sees what the request
 * carried, or what this request has set since: inside a render that is staged, so that the running pass sees the value
 * from before; in hooks and loaders it is done at once. Another pass runs only when what a reader would see changes;
 * whatever was set by a pass that completed is sent, also on a redirect and on the last pass: a cookie is never
 * dropped.
 *
 * Reading a cookie makes the response private; setting one makes it uncacheable.
 *
 * Source: seed "SsrStore", "When to use it - and when not" (CookieStore); RFC 6265bis (cookie/grammar.h).
 */
#ifndef SSR_COOKIE_COOKIE_H
#define SSR_COOKIE_COOKIE_H

#include "cookie/grammar.h"
#include "cookie/seal.h"
#include "ssrstore/ssrstore.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One defined cookie. Borrowed from the registry, valid as long as it; shared by all requests and threads. */
typedef struct ssr_cookie ssr_cookie;

/* What goes with the value. All zero is a session cookie for the whole site: Path=/; SameSite=Lax. */
typedef struct ssr_cookie_attributes {
    const char *path;   /* NULL: "/" */
    const char *domain; /* NULL: this host only */
    int64_t max_age;    /* seconds, cut to 400 days; 0: until the browser is closed */
    bool secure;
    bool http_only; /* not for scripts; the browser client refuses such a name */
    bool partitioned;
    ssr_same_site same_site; /* SSR_SAME_SITE_UNSET: Lax */
} ssr_cookie_attributes;

/* All zero but the attributes you want is a good start: raw text, readable by the browser, absent reads as null. */
typedef struct ssr_cookie_options {
    ssr_cookie_attributes attributes; /* copied */
    ssr_cookie_encoding encoding;     /* raw and percent cookies hold strings, JSON ones any value */
    /*
     * SSR_COOKIE_SIGNED or SSR_COOKIE_SEALED: needs ssr_config.cookie_keys. What does not open (tampered, expired, of
     * an unknown key, of another name) reads as absent and is listed once in the record, without its value. The life of
     * what is inside is max_age, or `sealed_for` seconds when that is 0; both 0: a day.
     */
    ssr_cookie_protection protection;
    int64_t sealed_for;
    const char *fallback_string; /* what an absent cookie reads as: one of the two at most; none: null. Copied. */
    const char *fallback_json;
    bool show_value;  /* the log shows values; by default it does not */
    const char *type; /* as in ssr_store_options: what the cookie holds, where the fallback cannot tell. Copied. */
} ssr_cookie_options;

/*
 * Defines a cookie.
 * name       as the browser knows it: a token of RFC 6265bis.
 * options    NULL: all zero. Copied.
 * Returns    the cookie, or NULL: what ssr_store_define answers, a cookie_* status for a name or attributes that
 *            browsers drop, cookie_key (protected, and the engine has no keys), no_crypto. ssr_engine_start answers the
 *            first error.
 * Memory     borrowed from the registry. Allocates.
 * Legal      setup. One thread.
 */
SSR_API ssr_cookie *ssr_cookie_define(ssr_registry *registry, const char *name, const ssr_cookie_options *options);
SSR_API ssr_cookie *ssr_cookie_find(const ssr_registry *registry, const char *name);
SSR_API const char *ssr_cookie_name(const ssr_cookie *cookie);

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

/*
 * The value as a reader sees it: what this request has set, else what the browser sent, else the fallback. An empty
 * cookie is an empty string; a value that cannot be decoded (no percent escapes, no JSON, no UTF-8) is the raw text for
 * raw and percent cookies when that is UTF-8, and absent otherwise.
 *
 * Returns    as ssr_get, ssr_get_string and ssr_get_json.
 * Memory     borrowed, until the callback returns. May allocate in the request's memory.
 * Legal      render, init.
 */
SSR_API const ssr_value *ssr_cookie_get(ssr_ctx *ctx, const ssr_cookie *cookie);
SSR_API const ssr_value *ssr_cookie_use(ssr_ctx *ctx, const ssr_cookie *cookie);
SSR_API const char *ssr_cookie_get_string(ssr_ctx *ctx, const ssr_cookie *cookie);
SSR_API ssr_json ssr_cookie_get_json(ssr_ctx *ctx, const ssr_cookie *cookie);

/*
 * The n-th cookie of that name as the browser sent it, from 0, whether it is defined or not: several of one name come
 * from different paths. NULL when there is none. Memory: borrowed until the render is freed. Legal: render, init.
 */
SSR_API const char *ssr_cookie_sent(ssr_ctx *ctx, const char *name, size_t n);

/* ---- Writing ---------------------------------------------------------------------------------------------------- */

/*
 * Stages a value. Of several writes in one pass the last counts.
 *
 *   ssr_cookie_set        with the definition's attributes
 *   ssr_cookie_set_with   with other ones, for this write alone; they alone never cost a pass
 *   ssr_cookie_delete     tells the browser to forget it: readers then see the fallback
 *
 * Macros that note the place for the record.
 *
 * Returns    SSR_OK; unknown_cookie, wrong_phase, wrong_type (no string for a raw or percent cookie), a value error,
 *            invalid_argument (max_age is below 0), or what ssr_cookie_format refuses: nothing changed, the refusal is
 *            listed. nomem or limit: the render ends.
 * Memory     everything is copied. May allocate in the request's memory.
 * Legal      render.
 */
#define ssr_cookie_set(ctx, cookie, input) ssr_cookie_set_at(ctx, cookie, input, NULL, __FILE__, __LINE__)
#define ssr_cookie_set_with(ctx, cookie, input, attributes) \
    ssr_cookie_set_at(ctx, cookie, input, attributes, __FILE__, __LINE__)
#define ssr_cookie_delete(ctx, cookie) ssr_cookie_delete_at(ctx, cookie, __FILE__, __LINE__)
SSR_API ssr_status ssr_cookie_set_at(ssr_ctx *ctx, const ssr_cookie *cookie, ssr_input input,
                                     const ssr_cookie_attributes *attributes, const char *file, int line);
SSR_API ssr_status ssr_cookie_delete_at(ssr_ctx *ctx, const ssr_cookie *cookie, const char *file, int line);

/*
 * Sends a cookie made by hand (cookie/grammar.h), defined or not, as it is; of its name it wins over every other write
 * of this request. Nobody reads it in this request.
 *
 * Returns    SSR_OK, wrong_phase, or what ssr_cookie_format refuses.
 * Memory     copied. Allocates in the request's memory.
 * Legal      render.
 */
#define ssr_cookie_send(ctx, cookie) ssr_cookie_send_at(ctx, cookie, __FILE__, __LINE__)
SSR_API ssr_status ssr_cookie_send_at(ssr_ctx *ctx, const ssr_set_cookie *cookie, const char *file, int line);

/* ---- Outside of renders ----------------------------------------------------------------------------------------- */

/*
 * A defined cookie in a handler that renders nothing: what a sign-in form is posted to. Both work at once, on any
 * thread, once the engine has started.
 *
 *   ssr_cookie_read    adds what a reader would see to `value`. headers: the values of the request's Cookie headers,
 *                      borrowed for the call.
 *   ssr_cookie_write   the value of a Set-Cookie header as snprintf does, as ssr_cookie_format; input NULL: deletes it.
 *                      attributes NULL: the definition's.
 *
 * now_ms     Unix time in milliseconds: what expiries are judged by and made from.
 * Returns    ssr_cookie_read: SSR_OK, or what opening a protected one or reading its text answered (seal_..., a value
 *            error), and then the fallback was added; unknown_cookie, nomem, and what the builder had failed with, and
 *            nothing was added. ssr_cookie_write: as ssr_cookie_set; on an error `buffer` is untouched.
 * Memory     arguments are borrowed for the call. Both allocate, and leave nothing allocated.
 * Legal      on any thread, once the engine has started.
 */
SSR_API ssr_status ssr_cookie_read(const ssr_cookie *cookie, const char *const *headers, size_t count, int64_t now_ms,
                                   ssr_builder *value);
SSR_API ssr_status ssr_cookie_write(const ssr_cookie *cookie, const ssr_input *input,
                                    const ssr_cookie_attributes *attributes, int64_t now_ms, char *buffer, size_t size,
                                    size_t *length);

#ifdef __cplusplus
}
#endif
#endif
