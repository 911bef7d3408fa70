/*
 * engine/query.h - data that a page asks for in the middle of its render.
 *
 * A query is a definition and canonical arguments; the pair is its key. Asked for in a pass it answers `pending`; when
 * the pass has ended, all queries it found are loaded together, and the page renders again and finds them `ready` or
 * `failed`. Each key is loaded at most once in a render.
 *
 * The library loads nothing itself. It hands out operations, which the host answers on any thread, at any time, even
 * when the render is gone: a late answer changes nothing. ssr_run runs loaders one after the other on its own thread;
 * engine/host/pool.h runs them in threads; a host with an event loop starts and answers them itself (engine/render.h).
 *
 * Source: seed "The re-render loop and its caps"; docs/queries.md tells it as a story.
 */
#ifndef SSR_ENGINE_QUERY_H
#define SSR_ENGINE_QUERY_H

#include "cookie/cookie.h"
#include "ssrstore/atom.h"
#include "ssrstore/ssrstore.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One defined query. Borrowed from the registry, valid as long as it; shared by all requests and threads. */
typedef struct ssr_query ssr_query;

/*
 * One loading of a query, or one run of a hook. Belongs to whoever was given it, until it is answered; it does not
 * need the render to live. One thread at a time.
 */
typedef struct ssr_operation ssr_operation;

/*
 * Loads: reads ssr_operation_args, adds one value to ssr_operation_build and returns SSR_OK, or returns
 * ssr_operation_fail(...). Runs on the thread that called ssr_operation_run.
 */
typedef ssr_status (*ssr_loader_fn)(ssr_operation *operation, void *arg);

/* ---- Defining --------------------------------------------------------------------------------------------------- */

typedef struct ssr_query_options {
    ssr_loader_fn load; /* NULL: only a host that answers operations itself can load it */
    void *load_arg;     /* borrowed as long as the engine lives; shared by all threads */
    int64_t timeout_ms; /* how long one loading may take; then the query fails with "timeout". 0: no limit */
    ssr_policy policy;  /* whether results cross to the browser */
    bool show_args;     /* the log shows the arguments; by default it does not */

    /* As in ssr_store_options: what the arguments are, and what is loaded. NULL: unknown. Copied. */
    const char *args_type;
    const char *type;
} ssr_query_options;

/*
 * Defines a query.
 * name       unique among the queries of the registry; as for ssr_store_define.
 * options    NULL: all zero. Copied.
 * Returns    the query, or NULL, as ssr_store_define; ssr_engine_start answers the first error.
 * Memory     borrowed from the registry. Allocates.
 * Legal      setup. One thread.
 */
SSR_API ssr_query *ssr_query_define(ssr_registry *registry, const char *name, const ssr_query_options *options);

/* Looks a query up by name, NULL when there is none; and the name of one, "" for NULL. Borrowed from the registry.
 * Legal anywhere, on any thread, once the engine has started. */
SSR_API ssr_query *ssr_query_find(const ssr_registry *registry, const char *name);
SSR_API const char *ssr_query_name(const ssr_query *query);

/* ---- Asking ----------------------------------------------------------------------------------------------------- */

typedef enum ssr_query_state {
    SSR_QUERY_DISABLED, /* asked for with enabled false, and nobody has loaded it; also for a refused call */
    SSR_QUERY_PENDING,  /* found in this pass: the next one will have it */
    SSR_QUERY_READY,
    SSR_QUERY_FAILED
} ssr_query_state;

typedef struct ssr_query_result {
    ssr_query_state state;
    ssr_json data;     /* ready: the value; else absent */
    const char *error; /* failed: the code, as "timeout"; else "" */
} ssr_query_result;

/*
 * Asks for a query with its arguments: any JSON, in each form made canonical.
 *
 *   ssr_query_get       JSON text up to its NUL; NULL: null
 *   ssr_query_integer   an integer
 *   ssr_query_string    a string
 *   ssr_query_built     what ssr_build(ctx) has built, which is emptied
 *
 * enabled    false: does not load it, but answers what is known when someone else asked for it enabled.
 * Returns    the state; `disabled` also when the call was refused: unknown_query, wrong_phase, a value error.
 * Memory     the result is borrowed until the callback returns. May allocate in the request's memory.
 * Legal      render.
 */
SSR_API ssr_query_result ssr_query_get(ssr_ctx *ctx, const ssr_query *query, const char *args, bool enabled);
SSR_API ssr_query_result ssr_query_integer(ssr_ctx *ctx, const ssr_query *query, int64_t arg, bool enabled);
SSR_API ssr_query_result ssr_query_string(ssr_ctx *ctx, const ssr_query *query, const char *arg, bool enabled);
SSR_API ssr_query_result ssr_query_built(ssr_ctx *ctx, const ssr_query *query, bool enabled);

/* ---- Loading ---------------------------------------------------------------------------------------------------- */

/* Runs the definition's loader, or the hook, on this thread and answers with what it did. The operation is taken. */
SSR_API void ssr_operation_run(ssr_operation *operation);

/*
 * What a loader may know: a snapshot of the request, taken when the operation was handed out. The pointers are
 * borrowed until the operation is answered.
 *   query          NULL for a hook
 *   args           canonical; absent for a hook
 *   location       path and query; request_id "" when there is none
 *   pass           the pass that asked; 0 for a hook
 *   deadline_ms    of the request; 0: none
 *   is_cancelled   live: nobody waits for the answer any more. A long loader looks at it now and then.
 */
SSR_API const ssr_query *ssr_operation_query(const ssr_operation *operation);
SSR_API ssr_json ssr_operation_args(const ssr_operation *operation);
SSR_API const char *ssr_operation_location(const ssr_operation *operation);
SSR_API const char *ssr_operation_request_id(const ssr_operation *operation);
SSR_API unsigned ssr_operation_pass(const ssr_operation *operation);
SSR_API int64_t ssr_operation_deadline_ms(const ssr_operation *operation);
SSR_API bool ssr_operation_is_cancelled(const ssr_operation *operation);

/* Where the answer is built. Borrowed until the operation is answered. */
SSR_API ssr_builder *ssr_operation_build(ssr_operation *operation);

/*
 * Stages a store's value with the answer: all that a pass's loaders set is staged in the order in which their
 * queries were found, before the next pass commits it. `build` gives an empty builder for the value of the next `set`.
 * What this and the calls below refuse is counted and listed in the render's record with the answer, of one operation
 * the first four.
 * Returns    SSR_OK, unknown_store, a value error, nomem; an error stages nothing.
 * Memory     the builder is borrowed until the operation is answered; the value is copied. Allocates.
 */
SSR_API ssr_builder *ssr_operation_build_store(ssr_operation *operation);
#define ssr_operation_set(operation, store) ssr_operation_set_at(operation, store, __FILE__, __LINE__)
SSR_API ssr_status ssr_operation_set_at(ssr_operation *operation, const ssr_store *store, const char *file, int line);

/*
 * Updates an atom of the request with the answer, to what ssr_operation_build_store has built: through its
 * before_update, in the order of all such writes. It stays when passes are rewound; what is refused only then leaves
 * the atom as it was, and is counted and listed as well.
 *
 * Returns    SSR_OK, unknown_atom, a value error, nomem; an error writes nothing.
 */
#define ssr_operation_update_atom(operation, atom) ssr_operation_update_atom_at(operation, atom, __FILE__, __LINE__)
SSR_API ssr_status ssr_operation_update_atom_at(ssr_operation *operation, const ssr_atom_template *atom,
                                                const char *file, int line);

/*
 * Sets or deletes a cookie with the answer, at once: the next pass sees it, and it is sent whatever becomes of the
 * render, unless that is called off before all answers of its batch were taken in. As ssr_cookie_set and its other
 * forms.
 *
 * Returns    as ssr_cookie_set, but for phases and limits; an error sets nothing.
 */
#define ssr_operation_set_cookie(operation, cookie, input) \
    ssr_operation_set_cookie_at(operation, cookie, input, NULL, __FILE__, __LINE__)
#define ssr_operation_set_cookie_with(operation, cookie, input, attributes) \
    ssr_operation_set_cookie_at(operation, cookie, input, attributes, __FILE__, __LINE__)
#define ssr_operation_delete_cookie(operation, cookie) \
    ssr_operation_delete_cookie_at(operation, cookie, __FILE__, __LINE__)
SSR_API ssr_status ssr_operation_set_cookie_at(ssr_operation *operation, const ssr_cookie *cookie, ssr_input input,
                                               const ssr_cookie_attributes *attributes, const char *file, int line);
SSR_API ssr_status ssr_operation_delete_cookie_at(ssr_operation *operation, const ssr_cookie *cookie, const char *file,
                                                  int line);

/*
 * The request's state, as the next pass would see it when the operation was handed out; what this operation has set, or
 * the hook it is loaded in, comes first.
 *   get        a store. Absent: not known yet, because the request has not touched a store with an init.
 *   cookie     a cookie, as ssr_cookie_get_json
 *   atom       the request's clone of a template; when it has none, what a clone would begin with: the value of the
 *              cookie that keeps the template, or the template's
 * Reading a cookie or an atom makes the response private.
 * Memory     borrowed until the operation is answered; what was read from a cookie only until the next such read. When
 * it runs out while a cookie is read, the operation fails with nomem whatever it answers.
 */
SSR_API ssr_json ssr_operation_get(ssr_operation *operation, const ssr_store *store);
SSR_API ssr_json ssr_operation_atom(ssr_operation *operation, const ssr_atom_template *atom);
SSR_API ssr_json ssr_operation_cookie(ssr_operation *operation, const ssr_cookie *cookie);

/*
 * Says why it failed. code: 1 to 64 of [a-z0-9_-], crosses to the browser; another code becomes "failed". reason: for
 * the log, copied. Does not answer. The operation has failed then, also when the loader returns SSR_OK.
 *
 * Returns    SSR_E_FAILED, for the loader to return.
 */
SSR_API ssr_status ssr_operation_fail(ssr_operation *operation, const char *code, const char *reason);

/*
 * For a hook: the status and headers that every pass of the location begins with. What a pass says itself wins; of
 * several hooks the later named one does. A redirecting page keeps its own.
 * Returns    as ssr_set_status and ssr_set_header (engine/response.h): bad_status, bad_header, reserved_header, nomem;
 *            wrong_phase in the loader of a query. An error changes nothing.
 */
SSR_API ssr_status ssr_operation_set_status(ssr_operation *operation, int status);
SSR_API ssr_status ssr_operation_set_header(ssr_operation *operation, const char *name, const char *value);

/*
 * For a hook: loads a query in place, on this thread, with the built arguments of ssr_operation_build_args (none:
 * null). The result is there for the hook, and for the page, which finds the query ready in its first pass.
 *
 * Returns    as ssr_query_get, never pending; refused calls are `failed` with the status's name: unknown_query, a value
 *            error, nomem, wrong_phase when the operation is no hook.
 * Memory     builder and result are borrowed until the operation is answered.
 */
SSR_API ssr_builder *ssr_operation_build_args(ssr_operation *operation);
SSR_API ssr_query_result ssr_operation_load(ssr_operation *operation, const ssr_query *query);

/*
 * Answers, exactly once, with what was built (status SSR_OK) or as failed (any other). The operation is taken. The
 * render's wake is called before this returns, unless the render is gone.
 */
SSR_API void ssr_operation_answer(ssr_operation *operation, ssr_status status);

#ifdef __cplusplus
}
#endif
#endif
