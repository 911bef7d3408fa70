/*
 * Cookies of a request.
 *
 * Data and owners:
 *   jar        one for each request that touches a cookie, in the request region; knows what the browser sent, as pairs
 *              borrowed from the host's headers
 *   cells      one for each defined cookie touched (ssrstore/scope.h): committed is what a reader sees, so that the
 *              loop treats cookies as it treats stores
 *   writes     what goes out: the value with its attributes, in the memory of the pass that made it, which it holds
 *
 * What always holds: `written` belongs to the running pass and becomes `outgoing` when it completes; `outgoing` is
 * never taken back. So whatever a completed pass, a hook or a loader has set is sent, once for each name.
 */
#ifndef SSR_COOKIE_COOKIE_INTERNAL_H
#define SSR_COOKIE_COOKIE_INTERNAL_H

#include "cookie/cookie.h"
#include "ssrstore/scope.h"

struct ssr_cookie {
    struct ssr_definition definition;
    ssr_cookie_attributes attributes; /* texts in the registry's region; path and same_site are set */
    ssr_cookie_encoding encoding;
    ssr_cookie_protection protection;
    int64_t sealed_for;
    struct ssr_value *fallback;
};

/* One cookie on its way out. */
struct ssr_cookie_write {
    const struct ssr_value *value; /* held; NULL: a deletion, or made by hand */
    ssr_cookie_attributes attributes;
    const char *name;
    const char *line;             /* by hand: the whole Set-Cookie value */
    struct ssr_pass_memory *home; /* held: where this lies */
};

/* A name that something is sent for. The cell of a defined cookie begins with one of the scope. */
struct ssr_cookie_cell {
    struct ssr_cell cell;
    struct ssr_cookie_write *written, *outgoing;
    struct ssr_cookie_cell *next_written, *next_outgoing;
};

struct ssr_cookie_hand {
    const char *name;
    struct ssr_cookie_write *written, *outgoing;
    struct ssr_cookie_hand *next;
};

struct ssr_cookie_jar {
    ssr_cookie_pair *pairs; /* what the browser sent, in order */
    size_t pair_count;
    struct ssr_cookie_cell *written;                  /* by the running pass */
    struct ssr_cookie_cell *outgoing, **outgoing_end; /* in order of their first write */
    struct ssr_cookie_hand *by_hand, **by_hand_end;
    size_t outgoing_count;
};

/* ---- value.c: what a cookie's text means ------------------------------------------------------------------------ */

/*
 * Adds the value that a sent text means to the builder. temporary is of at least length + 1 bytes. On an error nothing
 * was added: seal_*, or a value error.
 */
ssr_status ssr_cookie_decode_value(const struct ssr_cookie *cookie, const char *text, size_t length, int64_t now_ms,
                                   char *temporary, struct ssr_builder *value);
/*
 * The Set-Cookie value that a canonical text becomes; NULL: a deletion. As snprintf; scratch is a buffer of the
 * caller's budget, wiped by whoever owns it.
 */
ssr_status ssr_cookie_encode(const struct ssr_cookie *cookie, const struct ssr_value *value,
                             const ssr_cookie_attributes *attributes, int64_t now_ms, struct ssr_buffer *scratch,
                             char *buffer, size_t size, size_t *length);
/* As ssr_cookie_read, of a cookie there is; `holds`: whether what was sent could be read. */
ssr_status ssr_cookie_read_sent(const struct ssr_cookie *cookie, const char *const *headers, size_t count,
                                int64_t now_ms, struct ssr_builder *value, bool *holds);
/* wrong_type when a raw or percent cookie is given anything but a string. */
ssr_status ssr_cookie_check_type(const struct ssr_cookie *cookie, const char *text);
/* The definition's attributes where `given` is NULL, and their defaults where a field is zero. */
ssr_cookie_attributes ssr_cookie_complete(const ssr_cookie_attributes *given);

/* Keeps atoms in cookies; for ssr_ctx.persistence. */
extern const struct ssr_atom_persistence ssr_cookie_persistence;

/* ---- cookie.c: the store ---------------------------------------------------------------------------------------- */

/* Stages what a loader or hook has set, and sends it whatever becomes of the render. value NULL: a deletion. */
ssr_status ssr_cookie_stage_answer(struct ssr_ctx *ctx, const struct ssr_cookie *cookie, const struct ssr_value *value,
                                   const ssr_cookie_attributes *attributes, struct ssr_writer writer);
/*
 * Whether the cookie has a value, which may be the one it falls back to: what this request sends last decides; without
 * that, whether what the browser sent could be read.
 */
bool ssr_cookie_holds_value(const struct ssr_cookie_cell *of_cookie);
/* The jar of the request, made at its first touch; NULL: the render has failed. */
struct ssr_cookie_jar *ssr_cookie_jar_of(struct ssr_ctx *ctx);

/* ---- outgoing.c ------------------------------------------------------------------------------------------------- */

/* The write of a value that can be sent, NULL for a deletion, with a share in both memories; NULL: no memory. */
struct ssr_cookie_write *ssr_cookie_write_new(struct ssr_ctx *ctx, const struct ssr_cookie *cookie,
                                              const struct ssr_value *value, const ssr_cookie_attributes *attributes);
void ssr_cookie_write_drop(struct ssr_ctx *ctx, struct ssr_cookie_write *write);
/* Takes the write as the running pass's latest of its cookie; or as what goes out now. */
void ssr_cookie_note_written(struct ssr_ctx *ctx, struct ssr_cookie_cell *of_cookie, struct ssr_cookie_write *write);
void ssr_cookie_note_outgoing(struct ssr_ctx *ctx, struct ssr_cookie_cell *of_cookie, struct ssr_cookie_write *write);
/* The running pass has completed: what it wrote goes out; or it has not, and it does not. */
void ssr_cookies_complete(struct ssr_ctx *ctx);
void ssr_cookies_abandon(struct ssr_ctx *ctx);
/* The Set-Cookie values of this request, in its memory; NULL with *count 0: none, or the render has failed. */
const char *const *ssr_cookies_flush(struct ssr_ctx *ctx, size_t *count);

#endif
