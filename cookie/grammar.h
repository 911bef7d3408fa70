/*
 * cookie/grammar.h - the text of cookies: reading `Cookie` headers of any bytes, writing `Set-Cookie` values.
 *
 * What is written is what every browser keeps: whatever would inject, or be silently dropped or changed on the
 * other side, is refused by name. Pure functions: no state, no allocation, any thread.
 *
 * Source: RFC 6265bis (draft-ietf-httpbis-rfc6265bis); each step is cited in grammar.c.
 */
#ifndef SSR_COOKIE_GRAMMAR_H
#define SSR_COOKIE_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ssrstore/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

/* One cookie of a request, borrowed from the header. The value is as it was sent, quotes and escapes included. */
typedef struct ssr_cookie_pair {
    const char *name, *value; /* not NUL-terminated */
    size_t name_length, value_length;
} ssr_cookie_pair;

/*
 * Takes the next cookie off a header: *header moves behind it and *length shrinks. Begin with the header's bytes, of
 * any content; call until it answers false. Pieces without "=", with an empty name or with a control byte other than
 * an HTAB inside are passed over, as they can mean nothing. Duplicates are all given, in order; the first is the one
 * that counts.
 * Returns    false when there is none left.
 * Memory     what *pair points to is borrowed from the header.
 * Source     RFC 6265bis 4.2.1, 5.6 step 1 (control characters).
 */
SSR_API bool ssr_cookie_next(const char **header, size_t *length, ssr_cookie_pair *pair);

/*
 * Undoes percent-encoding, as decodeURIComponent does. A value with a malformed escape, or whose bytes are then no
 * UTF-8 or hold a NUL, stays as it is.
 *
 * buffer     receives at most `size` bytes, a NUL included when size > 0, as snprintf does. It may not overlap value.
 * Returns    the length of the whole decoded value in bytes, without NUL.
 */
SSR_API size_t ssr_cookie_decode(const char *value, size_t length, char *buffer, size_t size);

/* ---- Writing ---------------------------------------------------------------------------------------------------- */

typedef enum ssr_cookie_encoding {
    SSR_COOKIE_RAW,     /* the value is a cookie-value of RFC 6265bis 4.1.1, or refused */
    SSR_COOKIE_PERCENT, /* any UTF-8, percent-encoded as encodeURIComponent does */
    SSR_COOKIE_JSON     /* JSON text, percent-encoded likewise */
} ssr_cookie_encoding;

/* In seconds, the most that browsers keep a cookie for: RFC 6265bis 5.5. */
enum { SSR_COOKIE_LONGEST_AGE = 400 * 24 * 60 * 60 };

/* The attribute SameSite; unset: it is not written. */
typedef enum ssr_same_site {
    SSR_SAME_SITE_UNSET,
    SSR_SAME_SITE_STRICT,
    SSR_SAME_SITE_LAX,
    SSR_SAME_SITE_NONE
} ssr_same_site;

/* A cookie to set. All zero but the name is a session cookie with an empty value: nothing is added by itself. */
typedef struct ssr_set_cookie {
    const char *name;
    const char *value; /* NULL: empty */
    size_t value_length;
    ssr_cookie_encoding encoding;
    const char *path; /* NULL: no attribute; likewise below */
    const char *domain;
    bool has_expires;
    int64_t expires_ms; /* Unix time in milliseconds; cut to seconds */
    bool has_max_age;
    int64_t max_age; /* seconds; what exceeds 400 days is cut to it, as browsers do */
    bool secure, http_only, partitioned;
    ssr_same_site same_site;
    bool is_deletion; /* an empty value, Expires and Max-Age in the past; what is above for these is not looked at */
} ssr_set_cookie;

/*
 * Writes the value of a Set-Cookie header: name, value and just the attributes that were given, in the order Path,
 * Domain, Expires, Max-Age, Secure, HttpOnly, SameSite, Partitioned.
 *
 * buffer     receives at most `size` bytes, a NUL included when size > 0, as snprintf does; untouched on an error.
 * length     receives the length of the whole text in bytes, without NUL.
 * Returns    SSR_OK, or the first of these that applies, in this order:
 *              cookie_name          no token
 *              cookie_value         a byte that a cookie-value has not (raw), or no UTF-8 (percent)
 *              cookie_path          does not begin with "/", or holds ";", controls, non-ASCII, or ends with a blank
 *              cookie_domain        no host name
 *              cookie_expires       a date without an IMF form that browsers read: before 1601 or after 9999
 *              cookie_same_site     no such value
 *              cookie_same_site_none, cookie_partitioned    without Secure
 *              cookie_prefix        __Secure-, __Host-, __Http- or __Host-Http-, in any case, without what it promises
 *              cookie_too_long      name and value as written exceed 4096 bytes
 *              cookie_attribute_too_long    an attribute's value exceeds 1024 bytes
 */
SSR_API ssr_status ssr_cookie_format(const ssr_set_cookie *cookie, char *buffer, size_t size, size_t *length);

#ifdef __cplusplus
}
#endif
#endif
