/*
 * ssrstore/ssrstore.h - stores: state that is set while a page renders and seen by what rendered above it.
 *
 * A store is defined once, before the engine starts, and holds one value for each request. ssr_set_* stages a value:
 * the running pass does not see it. Between passes the staged values are committed, and as long as one of them
 * differs from what was committed before, the page renders again. When nothing differs the page has settled.
 *
 * The library never starts a thread, does no I/O, reads no clock and keeps no state outside the handles below.
 *
 * Each call names the phases it is legal in (docs/phases.md has the whole table):
 *   setup    before ssr_engine_start
 *   render   inside the page callback, and in effects
 *   init     inside the init function of a store
 * A call in another phase answers SSR_E_WRONG_PHASE and changes nothing.
 *
 * A write that is refused (a bad value, an unknown store, a wrong phase) changes nothing, returns its error, and is
 * listed with its place in the render's record; the render goes on, so the answer may be ignored. Only SSR_E_NOMEM
 * and SSR_E_LIMIT end it. What is called outside every callback belongs to no pass and is answered only.
 *
 * Source: seed "SsrStore".
 */
#ifndef SSRSTORE_SSRSTORE_H
#define SSRSTORE_SSRSTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ssrstore/status.h"
#include "ssrstore/value.h"

#ifdef __cplusplus
extern "C" {
#endif

/* All definitions of one engine. Made and freed by the engine; immutable once it has started. */
typedef struct ssr_registry ssr_registry;

/* One defined store. Borrowed from the registry, valid as long as it; shared by all requests and threads. */
typedef struct ssr_store ssr_store;

/* Everything one request knows. Belongs to one thread at a time; no other request can reach it. */
typedef struct ssr_ctx ssr_ctx;

/* Writes what `value` becomes on its way to the browser; the client's transformer reads it back. An error, or a text
 * beyond ssr_limits.value_bytes, leaves the render without a document: outcome `failed`. */
typedef ssr_status (*ssr_encode_fn)(const ssr_value *value, ssr_builder *encoded, void *arg);

/* ---- Defining --------------------------------------------------------------------------------------------------- */

/*
 * Makes a store's default: adds one value to `value` and returns its status, or SSR_E_FAILED, which ends the render.
 * Called at the first read or set of the store in a request, at most once for each location. It may read other
 * stores through ctx; it may not set. A cycle of such reads ends the render with SSR_E_INIT_CYCLE.
 */
typedef ssr_status (*ssr_init_fn)(ssr_ctx *ctx, ssr_builder *value, void *arg);

typedef enum ssr_lifetime {
    SSR_STICKY, /* a value set once stays until it is set again */
    SSR_DERIVED /* a pass that does not set the store stages its default: nothing stays of who is gone */
} ssr_lifetime;

typedef enum ssr_policy {
    SSR_TRANSFERRED, /* crosses to the browser when this request read or set it */
    SSR_LOCAL        /* never leaves the server */
} ssr_policy;

/* All zero is a good start: a sticky, transferred store whose default is null. */
typedef struct ssr_store_options {
    /* The default: one of the three at most. Both texts are copied. */
    const char *default_string; /* UTF-8 */
    const char *default_json;   /* JSON text */
    ssr_init_fn init;
    void *init_arg; /* borrowed, as long as the engine lives; given to init */

    /*
     * What the store holds, as TypeScript, for the browser's side (engine/types.h): where the default cannot tell. One
     * line: "string | null", "import('./idea').Idea". NULL: what the default looks like. Copied; never read otherwise.
     */
    const char *type;

    ssr_lifetime lifetime;
    ssr_policy policy;
    bool always;  /* transferred even when nobody read or set it */
    bool redact;  /* its values never appear in logs, and its digests there are keyed */
    bool replace; /* a definition of this name made earlier gives way; its handle stays valid and means this one */
} ssr_store_options;

/*
 * Defines a store.
 *
 * name       unique in the registry: 1 to 128 bytes of UTF-8 without control characters. Copied.
 * options    NULL: all zero. Copied.
 * Returns    the store, or NULL: duplicate_name, invalid_name, invalid_argument (several defaults), a value error in
 *            a default, invalid_type, frozen, nomem. The first such error is kept; ssr_engine_start answers it and
 *            says which name.
 * Memory     borrowed from the registry. Allocates.
 * Legal      setup. One thread.
 * Source     seed "Declare a value".
 */
SSR_API ssr_store *ssr_store_define(ssr_registry *registry, const char *name, const ssr_store_options *options);

/*
 * Looks a store up by name, for template engines that meet names at run time.
 * Returns    the store, or NULL, which every other call takes: those that answer a status with SSR_E_UNKNOWN_STORE.
 * Memory     borrowed from the registry. Does not allocate.
 * Legal      anywhere, on any thread, once the engine has started.
 */
SSR_API ssr_store *ssr_store_find(const ssr_registry *registry, const char *name);

/* The store's name; "" for NULL. Borrowed from the registry. Legal anywhere. Source: seed "Handle methods". */
SSR_API const char *ssr_store_name(const ssr_store *store);

/* The first error of a definition, or SSR_OK; and a sentence about it, borrowed; "" when there is none. A NULL registry
 * has the error invalid_argument. */
SSR_API ssr_status ssr_registry_status(const ssr_registry *registry);
SSR_API const char *ssr_registry_error(const ssr_registry *registry);

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

/*
 * The committed value: the default, until a pass has committed a set. What the running pass sets is not seen.
 *
 * Returns    the value; NULL for an unknown store, in a wrong phase, or when its init failed.
 * Memory     borrowed, until the callback returns. May allocate in the request's memory.
 * Legal      render, init.
 * Source     seed "Read, write, subscribe".
 */
SSR_API const ssr_value *ssr_get(ssr_ctx *ctx, const ssr_store *store);

/* As ssr_get: on the server, where nothing renders again by itself, `use` is `get`. */
SSR_API const ssr_value *ssr_use(ssr_ctx *ctx, const ssr_store *store);

/*
 * The committed value as a C type.
 * Returns    ssr_get_string: the text, NUL-terminated; NULL when the value is no string (ssr_text takes NULL).
 *            The others: `otherwise` when the value is of another type, or no integer within 2^53-1.
 *            ssr_get_json: a cursor; absent where ssr_get gives NULL.
 * Memory     borrowed, until the callback returns. ssr_get_string may allocate in the request's memory.
 * Legal      render, init.
 */
SSR_API const char *ssr_get_string(ssr_ctx *ctx, const ssr_store *store);
SSR_API int64_t ssr_get_integer(ssr_ctx *ctx, const ssr_store *store, int64_t otherwise);
SSR_API double ssr_get_number(ssr_ctx *ctx, const ssr_store *store, double otherwise);
SSR_API bool ssr_get_boolean(ssr_ctx *ctx, const ssr_store *store, bool otherwise);
SSR_API ssr_json ssr_get_json(ssr_ctx *ctx, const ssr_store *store);

/*
 * The text of a string inside a value, unescaped and NUL-terminated.
 * Returns    NULL when `json` holds no string, in a wrong phase, or when memory ran out.
 * Memory     borrowed, until the callback returns. Allocates in the request's memory.
 * Legal      render, init.
 */
SSR_API const char *ssr_string(ssr_ctx *ctx, ssr_json json);

/* ---- Setting ---------------------------------------------------------------------------------------------------- */

/*
 * Stages a value: the next pass sees it. Of several sets in one pass the last counts. A value equal to the committed
 * one, however fresh, costs no pass.
 *
 *   ssr_set_string     UTF-8 up to its NUL           ssr_set_json    JSON text of `length` bytes
 *   ssr_set_string_n   `length` bytes of UTF-8       ssr_set_value   a value; its text is copied
 *   ssr_set_integer    within 2^53-1                 ssr_set_built   what ssr_build(ctx) has built, which is emptied
 *   ssr_set_number     finite                        ssr_set_null
 *   ssr_set_boolean
 *
 * These are macros that note __FILE__ and __LINE__ for the record. The _at forms take them as arguments: a template
 * engine gives its template's. `file` is borrowed until the render is freed.
 *
 * Returns    SSR_OK; unknown_store, wrong_phase, a value error, or builder_misuse, and nothing changed; nomem or
 *            limit, nothing changed and the render ends.
 * Memory     everything is copied. May allocate in the request's memory.
 * Legal      render.
 * Source     seed ".set on the server: staged, not immediate".
 */
#define ssr_set_string(ctx, store, text) ssr_set_string_at(ctx, store, text, __FILE__, __LINE__)
#define ssr_set_string_n(ctx, store, text, length) ssr_set_string_n_at(ctx, store, text, length, __FILE__, __LINE__)
#define ssr_set_integer(ctx, store, integer) ssr_set_integer_at(ctx, store, integer, __FILE__, __LINE__)
#define ssr_set_number(ctx, store, number) ssr_set_number_at(ctx, store, number, __FILE__, __LINE__)
#define ssr_set_boolean(ctx, store, boolean) ssr_set_boolean_at(ctx, store, boolean, __FILE__, __LINE__)
#define ssr_set_null(ctx, store) ssr_set_null_at(ctx, store, __FILE__, __LINE__)
#define ssr_set_json(ctx, store, text, length) ssr_set_json_at(ctx, store, text, length, __FILE__, __LINE__)
#define ssr_set_value(ctx, store, value) ssr_set_value_at(ctx, store, value, __FILE__, __LINE__)
#define ssr_set_built(ctx, store) ssr_set_built_at(ctx, store, __FILE__, __LINE__)

SSR_API ssr_status ssr_set_string_at(ssr_ctx *ctx, const ssr_store *store, const char *text, const char *file,
                                     int line);
SSR_API ssr_status ssr_set_string_n_at(ssr_ctx *ctx, const ssr_store *store, const char *text, size_t length,
                                       const char *file, int line);
SSR_API ssr_status ssr_set_integer_at(ssr_ctx *ctx, const ssr_store *store, int64_t integer, const char *file,
                                      int line);
SSR_API ssr_status ssr_set_number_at(ssr_ctx *ctx, const ssr_store *store, double number, const char *file, int line);
SSR_API ssr_status ssr_set_boolean_at(ssr_ctx *ctx, const ssr_store *store, bool boolean, const char *file, int line);
SSR_API ssr_status ssr_set_null_at(ssr_ctx *ctx, const ssr_store *store, const char *file, int line);
SSR_API ssr_status ssr_set_json_at(ssr_ctx *ctx, const ssr_store *store, const char *text, size_t length,
                                   const char *file, int line);
SSR_API ssr_status ssr_set_value_at(ssr_ctx *ctx, const ssr_store *store, const ssr_value *value, const char *file,
                                    int line);
SSR_API ssr_status ssr_set_built_at(ssr_ctx *ctx, const ssr_store *store, const char *file, int line);

/*
 * The context's own builder, emptied, for ssr_set_built:
 *
 *     ssr_builder *b = ssr_build(ctx);
 *     ssr_builder_begin_array(b);
 *     ssr_builder_string(b, "Ideas");
 *     ssr_builder_end_array(b);
 *     ssr_set_built(ctx, breadcrumb);
 *
 * Returns    the builder; never NULL: where it is not legal, what it builds is refused.
 * Memory     borrowed, until the callback returns.
 * Legal      render.
 */
SSR_API ssr_builder *ssr_build(ssr_ctx *ctx);

/* ---- Effects ---------------------------------------------------------------------------------------------------- */

/* What an effect does. Its answer is that of ssr_effect. */
typedef ssr_status (*ssr_effect_fn)(ssr_ctx *ctx, void *arg);

/*
 * Runs fn(ctx, arg) now, as a part of the render: the server's half of useEffectSsr. The hook's dependencies are
 * ignored during a server render and its cleanup is skipped, so neither is an argument here.
 *
 * Returns    what fn returned. An error of fn is not the render's until the callback returns it.
 * Memory     arg is borrowed for the call.
 * Legal      render.
 * Source     seed "useEffectSsr: the companion hook".
 */
SSR_API ssr_status ssr_effect(ssr_ctx *ctx, ssr_effect_fn fn, void *arg);

/* ---- The request ------------------------------------------------------------------------------------------------ */

/* The number of the running pass, from 1; 0 outside a render. Legal anywhere. */
SSR_API unsigned ssr_pass(const ssr_ctx *ctx);

/* The location that is rendered, as the host gave it ("/ideas?page=2"). Borrowed until the render is freed. Legal
 * anywhere. */
SSR_API const char *ssr_location(const ssr_ctx *ctx);

/* What the host put into ssr_request.host; borrowed from it. Reading it makes the response private. Legal: render,
 * init; else NULL. */
SSR_API void *ssr_host(ssr_ctx *ctx);

/*
 * Says that what was rendered is for this visitor only: the response is not cacheable.
 * Returns    SSR_OK or wrong_phase.
 * Legal      render, init.
 */
SSR_API ssr_status ssr_private(ssr_ctx *ctx);

/*
 * Time, chance and identity that are the same in every pass of a render: the remedy for values that never settle.
 *   ssr_now      ssr_request.now_ms: Unix time in milliseconds
 *   ssr_random   64 bits from ssr_request.seed; the n-th call in a pass answers what it did in the last pass
 *   ssr_id       an identifier for HTML, unique in the document: letter, digits, "-"; the n-th call likewise
 * Inside an init both count on their own, because an init runs in one pass only.
 * Returns    0 and "" in a wrong phase.
 * Memory     ssr_id: borrowed until the callback returns; allocates in the request's memory.
 * Legal      render, init.
 */
SSR_API int64_t ssr_now(ssr_ctx *ctx);
SSR_API uint64_t ssr_random(ssr_ctx *ctx);
SSR_API const char *ssr_id(ssr_ctx *ctx);

/* The request's id, as the host gave it; "" when it gave none. Borrowed until the render is freed. Legal anywhere. */
SSR_API const char *ssr_request_id(const ssr_ctx *ctx);

/*
 * Whether the running pass has, so far, staged a value that differs from its committed one: what the document says
 * now is not yet what it will say.
 * Legal      anywhere; false outside a render.
 * Source     seed "Handle methods", hasPendingChanges.
 */
SSR_API bool ssr_has_pending_changes(const ssr_ctx *ctx);

/*
 * Says why a callback is about to fail, in the words of ssr_result.error and the record:
 *
 *     if (!rows)
 *         return ssr_fail(ctx, "the ideas cannot be read");
 *
 * Returns    SSR_E_FAILED, for the callback to return: that ends the render, this call alone does not. In a wrong
 *            phase SSR_E_WRONG_PHASE.
 * Memory     reason is copied, up to 255 bytes, control characters as "?"; the latest one of a pass counts. Does not
 *            allocate.
 * Legal      render, init.
 */
#define ssr_fail(ctx, reason) ssr_fail_at(ctx, reason, __FILE__, __LINE__)
SSR_API ssr_status ssr_fail_at(ssr_ctx *ctx, const char *reason, const char *file, int line);

/* Why a getter answered NULL: the status of the latest call on this context that could fail, or SSR_OK. Legal
 * anywhere. */
SSR_API ssr_status ssr_last_status(const ssr_ctx *ctx);

#ifdef __cplusplus
}
#endif
#endif
