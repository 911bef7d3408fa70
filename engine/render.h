/*
 * engine/render.h - rendering one request: all at once, or step by step in any event loop.
 *
 *     ssr_run                                      new, step until it ends, and hand over the render
 *     ssr_render_new -> ssr_render_step ... -> ssr_render_result -> ssr_render_free
 *
 * A render belongs to one thread at a time and may move between threads between two calls. ssr_render_cancel alone
 * may be called from another thread at any time before ssr_render_free.
 */
#ifndef SSR_ENGINE_RENDER_H
#define SSR_ENGINE_RENDER_H

#include "engine/engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The page: called once for each pass, writes the document through ctx, top to bottom. It leaves only by returning;
 * longjmp, C++ exceptions and Lua errors must be caught inside it.
 * Returns SSR_OK, or an error, which ends the render with outcome `failed`.
 */
typedef ssr_status (*ssr_page_fn)(ssr_ctx *ctx, void *arg);

/* What the host knows about a request. All zero is a good start. The pointers are borrowed until ssr_render_free. */
typedef struct ssr_request {
    const char *id;       /* for the record; NULL: none */
    const char *location; /* path and query, "/ideas?page=2"; NULL: "/" */
    void *host;           /* the host's own request, for ssr_host */
    int64_t now_ms;       /* Unix time in milliseconds, for ssr_now */
    uint64_t seed;        /* for ssr_random; different for each request where numbers must differ */
    int64_t deadline_ms;  /* on the scale of `now` in ssr_render_step; 0: none */
    bool cacheable;       /* the route allows shared caching of a page that read nothing private */
} ssr_request;

typedef enum ssr_outcome {
#define SSR_OUTCOME(identifier, name, has_document, meaning) identifier,
#include "engine/outcomes.def"
#undef SSR_OUTCOME
    SSR_OUTCOME_COUNT
} ssr_outcome;

/* The outcome's name as in the record: "hard_cap". Static. */
SSR_API const char *ssr_outcome_name(ssr_outcome outcome);

/* What a render came to. Borrowed from it, until ssr_render_free. */
typedef struct ssr_result {
    ssr_outcome outcome;
    unsigned passes;    /* that ran, completed or not */
    unsigned rerenders; /* of these, the ones that ran because a staged value differed */
    unsigned refused;   /* writes that were refused; the record lists them */
    int status;         /* HTTP; 500 when there is no document */
    bool has_document;
    const char *html; /* NUL-terminated; "" without a document */
    size_t html_length;
    const char
        *transfer; /* the transfer element, for pages that do not call ssr_transfer_here; "" without a document */
    size_t transfer_length;
    const char *cache_control; /* "private, no-store", or "public" for a cacheable page that read nothing private */
    ssr_status error_status;   /* SSR_OK, or why the outcome is cancelled, deadline, limit or failed */
    const char *error;         /* that as a sentence that names the place; "" otherwise */
} ssr_result;

typedef struct ssr_render ssr_render;

/*
 * Begins a render; nothing runs yet.
 *
 * page, arg  called by the steps; arg is borrowed until ssr_render_free.
 * request    NULL: all zero.
 * Returns    SSR_OK, not_started, invalid_argument (no engine, no page), or nomem; on an error *render is NULL.
 * Memory     *render is the caller's: ssr_render_free. Allocates.
 * Next       ssr_render_step.
 */
SSR_API ssr_status ssr_render_new(const ssr_engine *engine, ssr_page_fn page, void *arg, const ssr_request *request,
                                  ssr_render **render);

typedef enum ssr_step {
    SSR_STEP_AGAIN, /* next: ssr_render_step, now or whenever the host likes */
    SSR_STEP_ENDED  /* next: ssr_render_result, ssr_render_free; another step answers the same and changes nothing */
} ssr_step;

/*
 * Runs at most one pass.
 *
 * now_ms     the time, on the host's scale of ssr_request.deadline_ms; only compared with it.
 * Memory     allocates in the request's memory.
 * Legal      anywhere but inside a callback of this render, where it answers SSR_STEP_AGAIN and does nothing.
 */
SSR_API ssr_step ssr_render_step(ssr_render *render, int64_t now_ms);

/* Asks the render to end before its next pass, with outcome `cancelled`. Legal on any thread. */
SSR_API void ssr_render_cancel(ssr_render *render);

/* The result; NULL while the render has not ended. */
SSR_API const ssr_result *ssr_render_result(const ssr_render *render);

/* The name of the state the render is in, for debuggers and logs. Static. */
SSR_API const char *ssr_render_state(const ssr_render *render);

/* Frees the render and everything borrowed from it. NULL is allowed. Not legal inside its own callbacks. */
SSR_API void ssr_render_free(ssr_render *render);

/*
 * Renders a request to its end: a loop over ssr_render_step. The deadline is not looked at, because nobody tells
 * the time.
 * Returns    SSR_OK when there is a document; otherwise what ssr_render_new or the render failed with.
 * Memory     *render is the caller's, on an error too unless it is NULL: read ssr_render_result, then free it.
 */
SSR_API ssr_status ssr_run(const ssr_engine *engine, ssr_page_fn page, void *arg, const ssr_request *request,
                           ssr_render **render);

#ifdef __cplusplus
}
#endif
#endif
