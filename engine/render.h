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
#include "engine/query.h"
#include "ssrstore/recycler.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The page: called once for each pass, writes the document through ctx, top to bottom. It leaves only by returning;
 * longjmp, C++ exceptions and Lua errors must be caught inside it.
 * Returns SSR_OK, or an error, which ends the render with outcome `failed`.
 */
typedef ssr_status (*ssr_page_fn)(ssr_ctx *ctx, void *arg);

/* Runs before the first pass of a location, as an operation; what it stages and loads is there in that pass. */
typedef struct ssr_hook {
    const char *name; /* for the record and errors; NULL: "" */
    ssr_loader_fn run;
    void *arg;
} ssr_hook;

/* A query that a route's layouts or page are known to ask for. */
typedef struct ssr_declared_loader {
    const ssr_query *query;
    /* Adds the arguments for this location; NULL: null. An error fails the render. */
    ssr_status (*args)(const char *location, ssr_builder *args, void *arg);
    void *arg;
} ssr_declared_loader;

/* What can be known about a location before it is rendered. Everything is borrowed until ssr_render_free. */
typedef struct ssr_route {
    const ssr_hook *hooks;
    size_t hook_count;
    const ssr_declared_loader *loaders; /* loaded first with prefetch_loaders_before_page_render */
    size_t loader_count;
} ssr_route;

typedef enum ssr_redirects {
    SSR_REDIRECTS_REPORT, /* the render ends with outcome `redirect`; in data mode it follows */
    SSR_REDIRECTS_FOLLOW  /* a path is rendered instead, without its fragment; another origin is reported */
} ssr_redirects;

/* What the host knows about a request. All zero is a good start. The pointers are borrowed until ssr_render_free. */
typedef struct ssr_request {
    const char *id;                    /* for ssr_request_id and the record; NULL: none */
    const char *location;              /* path and query, "/ideas?page=2"; NULL: "/" */
    const char *const *cookie_headers; /* the values of the Cookie headers, of any content; each borrowed likewise */
    size_t cookie_header_count;
    void *host;          /* the host's own request, for ssr_host */
    int64_t now_ms;      /* Unix time in milliseconds, for ssr_now, expiries of cookies, and the record */
    uint64_t seed;       /* for ssr_random; different for each request where numbers must differ */
    int64_t deadline_ms; /* on the scale of `now` in ssr_render_step; 0: none */
    ssr_redirects redirects;
    bool data_only; /* settle without a document: output is checked and dropped, redirects are followed */

    /* The route of a location; asked again after a followed redirect. NULL, or an answer of NULL: nothing is known. */
    const ssr_route *(*find_route)(const char *location, void *arg);
    void *find_route_arg;

    /*
     * Called when an operation has been answered, on the answering thread: may only signal the thread that steps. A
     * step may have taken the answer before its wake is called, so a wake may find the render waiting for others, or
     * ended. Not called any more once ssr_render_free has returned, which waits for a call in progress.
     */
    void (*wake)(void *arg);
    void *wake_arg;

    /* Whose blocks the render uses instead of the engine's allocator (ssrstore/recycler.h); NULL: the allocator. */
    ssr_recycler *recycler;

    /*
     * The document is wanted in pieces: it is not put together unless ssr_render_html asks for that. Pays for documents
     * of some 50 KB and more that call ssr_transfer_here, on a host that sends pieces as cheaply as a whole.
     */
    bool in_segments;

    bool cacheable; /* the route allows shared caching of a page that read nothing private */
} ssr_request;

/* How a render ended: engine/outcomes.def lists them with their meaning. */
typedef enum ssr_outcome {
#define SSR_OUTCOME(identifier, name, has_document, meaning) identifier,
#include "engine/outcomes.def"
#undef SSR_OUTCOME
    SSR_OUTCOME_COUNT
} ssr_outcome;

/* The outcome's name as in the record: "hard_cap". Static. */
SSR_API const char *ssr_outcome_name(ssr_outcome outcome);

/* A header of the response. Borrowed from the result. */
typedef struct ssr_header {
    const char *name, *value;
} ssr_header;

/* A piece of the document, as struct iovec has it. Borrowed from the result. */
typedef struct ssr_segment {
    const char *bytes;
    size_t length;
} ssr_segment;

/* What a render came to. Borrowed from it, until ssr_render_free. */
typedef struct ssr_result {
    ssr_outcome outcome;
    unsigned passes;           /* that ran, completed or not */
    unsigned rerenders;        /* of these, the ones that ran because a staged value differed */
    unsigned query_passes;     /* of these, the ones that ran because the one before found queries */
    unsigned refused;          /* writes that were refused; the record lists them */
    int status;                /* HTTP; 500 when there is neither a document nor, in data mode, data */
    const ssr_header *headers; /* of the last pass, in the order of their first set; not the ones named below */
    size_t header_count;
    const char *const *set_cookies; /* values of Set-Cookie headers, whatever the outcome: one for each name */
    size_t set_cookie_count;
    const char *redirect_to; /* outcome `redirect`: the Location; else NULL. status is then 301 to 308 */
    const char *location;    /* what was rendered in the end, after followed redirects */
    bool has_document;
    const char *html;   /* NUL-terminated; "" without a document, and with in_segments until ssr_render_html makes it */
    size_t html_length; /* of the document, made or not */
    const ssr_segment *segments; /* joined they are the document, for writev: one, or with in_segments up to three */
    size_t segment_count;        /* 0 without a document */
    const char
        *transfer; /* the transfer element, for pages that do not call ssr_transfer_here; "" without a document */
    size_t transfer_length;
    const char *data; /* what the element carries, as canonical JSON; in data mode too. "" when there is none */
    size_t data_length;
    const char *cache_control; /* "private, no-store", or "public" for a cacheable page that read nothing private */
    ssr_status error_status;   /* SSR_OK, or why it is cancelled, deadline, limit, redirect_loop or failed */
    const char *error;         /* that as a sentence that names the place; "" otherwise */
} ssr_result;

/* One request on its way to an outcome. One thread at a time. */
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
    SSR_STEP_AGAIN,   /* next: ssr_render_step, now or whenever the host likes */
    SSR_STEP_WAITING, /* next: ssr_render_next_operation until it gives NULL; then ssr_render_step after a wake, or when
                         ssr_render_timeout_ms has passed. A step before that answers the same and changes nothing */
    SSR_STEP_ENDED    /* next: ssr_render_result, ssr_render_free; another step answers the same and changes nothing */
} ssr_step;

/*
 * Runs at most one pass.
 *
 * now_ms     the time, on the host's scale of ssr_request.deadline_ms; only compared with it.
 * Memory     allocates in the request's memory.
 * Legal      anywhere but inside a callback of this render, where it answers SSR_STEP_AGAIN and does nothing.
 */
SSR_API ssr_step ssr_render_step(ssr_render *render, int64_t now_ms);

/*
 * The next operation to start: run it with ssr_operation_run on any thread, or answer it later.
 * Returns    NULL when there is none (now).
 * Memory     the caller's, until ssr_operation_run or ssr_operation_answer takes it; it may outlive the render.
 */
SSR_API ssr_operation *ssr_render_next_operation(ssr_render *render);

/* Milliseconds from now_ms until a deadline or the timeout of a query wants a step; 0: now; -1: no such. */
SSR_API int64_t ssr_render_timeout_ms(const ssr_render *render, int64_t now_ms);

/*
 * Asks the render to end at its next step, with outcome `cancelled`. Legal on any thread. Wakes nobody: the host that
 * cancels a waiting render steps it.
 */
SSR_API void ssr_render_cancel(ssr_render *render);

/* The result; NULL while the render has not ended. Borrowed, until ssr_render_free. */
SSR_API const ssr_result *ssr_render_result(const ssr_render *render);

/*
 * The document as one text, for a host that has asked for segments and wants it whole after all; then it is
 * ssr_result.html too, and the segments stay what they are.
 *
 * Returns    NUL-terminated, of ssr_result.html_length bytes; "" without a document. NULL: the render has not ended, or
 *            no memory, and nothing has changed.
 * Memory     borrowed, until ssr_render_free. Allocates at its first call, if the request says in_segments.
 */
SSR_API const char *ssr_render_html(ssr_render *render);

/* The name of the state the render is in, for debuggers and logs. Static. */
SSR_API const char *ssr_render_state(const ssr_render *render);

/* Frees the render and everything borrowed from it. NULL is allowed. Not legal inside its own callbacks. */
SSR_API void ssr_render_free(ssr_render *render);

/*
 * Renders a request to its end: a loop over ssr_render_step that runs each operation on this thread, one after the
 * other. Deadline and timeouts are not looked at, because nobody tells the time. engine/host/pool.h has a loop that
 * loads in parallel and keeps time.
 *
 * Returns    SSR_OK when there is a document, a redirect, or in data mode data; otherwise what ssr_render_new or the
 *            render failed with.
 * Memory     *render is the caller's, on an error too unless it is NULL: read ssr_render_result, then free it.
 */
SSR_API ssr_status ssr_run(const ssr_engine *engine, ssr_page_fn page, void *arg, const ssr_request *request,
                           ssr_render **render);

#ifdef __cplusplus
}
#endif
#endif
