/*
 * What a render is made of. Its scope is the first member, so a context is the address of its render.
 *
 * Two outputs take turns: `out` is what the running pass writes, `kept` what the last completed pass wrote. A pass
 * that does not complete leaves `kept` alone, and with it everything that leaves the render.
 */
#ifndef SSR_ENGINE_RENDER_INTERNAL_H
#define SSR_ENGINE_RENDER_INTERNAL_H

#include <stdatomic.h>

#include "engine/record_internal.h"
#include "engine/render.h"
#include "ssrstore/scope.h"

struct ssr_engine {
    ssr_config config;
    struct ssr_registry registry;
    struct ssr_keyring *keyring; /* NULL: no protected cookies */
};

enum ssr_state {
#define SSR_STATE(identifier, name, meaning) identifier,
#include "engine/states.def"
    SSR_STATE_COUNT
};

#define SSR_NO_TRANSFER SIZE_MAX

struct ssr_output {
    struct ssr_buffer html;
    size_t transfer_at;       /* where the element goes; SSR_NO_TRANSFER */
    struct ssr_region region; /* header texts, the redirect */
    ssr_header *headers;
    size_t header_count, header_capacity;
    int status;              /* HTTP */
    const char *redirect_to; /* NULL: it did not */
    int redirect_status;
};

/* A query key of this request, or one run of a hook: what loads together is one batch. */
struct ssr_load {
    const struct ssr_query *query; /* NULL: a hook */
    const struct ssr_value *args;
    const ssr_hook *hook;
    ssr_query_state state; /* disabled: known, but nobody has asked for it to be loaded */
    struct ssr_operation *operation;
    bool is_answered;      /* in this batch */
    unsigned found_pass;   /* 0: before the first */
    unsigned visible_pass; /* the first pass that sees its answer; 0: none yet */
    int64_t expires_ms;    /* INT64_MAX: never */
    uint64_t began, nanoseconds;
    struct ssr_readers readers;
    struct ssr_load *next; /* of the batch, in the order of finding */
};

/* What came back for a load; NULL: nothing yet, and what was handed out still belongs to whoever answers it. */
static inline const struct ssr_operation *ssr_load_answer(const struct ssr_load *load)
{
    return load->state == SSR_QUERY_READY || load->state == SSR_QUERY_FAILED ? load->operation : NULL;
}

struct ssr_loads {
    struct ssr_load **table; /* queries by key, open addressing */
    size_t table_size, count;
    struct ssr_load *first, **end; /* the batch: found and not yet answered together */
    struct ssr_load *next_out;     /* the first that was not handed out */
    size_t unanswered;
    struct ssr_view *view; /* of the latest batch */
};

/* A redirect's target and how often it was followed. */
struct ssr_followed {
    struct ssr_followed *next;
    const char *location;
    unsigned times;
};

struct ssr_render {
    struct ssr_ctx ctx;
    const struct ssr_engine *engine;
    ssr_page_fn page;
    void *arg;
    ssr_request request;
    const char *location_path; /* for the record: the location without its query string */
    const ssr_route *route;
    struct ssr_mailbox *mailbox; /* made with the first operation */
    struct ssr_loads loads;
    struct ssr_followed *followed;
    unsigned followed_total;

    enum ssr_state state;
    bool is_stepping;
    atomic_bool is_cancelled;
    bool has_run_hooks;               /* of this location: the declared loaders are next */
    bool is_preparing;                /* the batch goes before the first pass */
    bool next_is_rerender;            /* the running or next pass runs only because a staged value differs */
    bool next_is_query_pass;          /* the running or next pass runs because the last one found queries */
    uint64_t rerenders, query_passes; /* of this location: what the caps are held against */
    unsigned all_rerenders, all_query_passes;
    unsigned completed; /* the last pass that completed; 0: none */
    ssr_status page_status;
    ssr_outcome outcome;
    uint64_t pass_began, pass_nanoseconds; /* by the clock, when there is one */

    struct ssr_output base; /* what hooks set: every pass of the location begins with its status and headers */
    struct ssr_output out, kept;
    size_t span_was, span_is; /* of the text that a component took over last: where it lay in kept, and lies in out */
    char *transfer;           /* the element; in the memory of the last pass, as data is */
    size_t transfer_length;
    ssr_segment segments[3]; /* before the transfer element, it, and behind it */
    const ssr_value *data;
    struct ssr_record record;
    ssr_result result;
    char error[SSR_ERROR_TEXT]; /* last: what lies before it begins as zeros */
};

/* output.c: around the page callback, what is written may go straight into the buffer; then its length is known. */
void ssr_output_open_window(struct ssr_render *render);
void ssr_output_close_window(struct ssr_render *render);
/* How much the running pass has written. */
static inline size_t ssr_output_length(const struct ssr_render *render)
{
    const struct ssr_window *window = &render->ctx.window;
    return window->at ? (size_t)(window->at - render->out.html.data) : render->out.html.length;
}

/* response.c */
bool ssr_is_http_status(int status);
/* SSR_OK, bad_header or reserved_header. */
ssr_status ssr_check_header(const char *name, const char *value);
/* Sets a header of an output, whatever the phase; a memory error ends the render. */
ssr_status ssr_output_set_header(struct ssr_ctx *ctx, struct ssr_output *out, const char *name, const char *value);

/* query.c */
/* The load of a key, made when it is new (state disabled); NULL: no memory or too many (see fatal). */
struct ssr_load *ssr_loads_find(struct ssr_render *render, const struct ssr_query *query, const char *args,
                                size_t length, bool make);
/* The load of a key that this render has asked for. */
const struct ssr_load *ssr_loads_known(const struct ssr_loads *loads, const struct ssr_definition *query,
                                       const struct ssr_value *args);
/* Puts a load into the batch. */
void ssr_loads_add(struct ssr_render *render, struct ssr_load *load);
/* The batch has been loaded and noted. */
void ssr_loads_end_batch(struct ssr_render *render);
/* The queries of a pass that redirected are not loaded. */
void ssr_loads_forget_batch(struct ssr_render *render);
void ssr_loads_transfer(struct ssr_transfer *transfer, void *render);
void ssr_loads_release(struct ssr_render *render);

/* load.c */
/* Put what goes before the first pass of a location into the batch. SSR_OK, or the render has failed. */
ssr_status ssr_add_hooks(struct ssr_render *render);
ssr_status ssr_add_declared_loaders(struct ssr_render *render);
/* Makes the batch's operations; they expire from now on. */
ssr_status ssr_begin_load(struct ssr_render *render, int64_t now_ms);
/* Takes answers in; true when all are there and what they carry is staged, or the render has failed. */
bool ssr_continue_load(struct ssr_render *render, int64_t now_ms);
void ssr_cancel_load(struct ssr_render *render);

/* render.c */
bool ssr_outcome_has_document(ssr_outcome outcome);
/* Notes where the render is; for the log without the query string, which may hold what a log should not. */
bool ssr_set_location(struct ssr_render *render, const char *location);

/* 0 without a clock. */
uint64_t ssr_read_clock(const struct ssr_render *render);
/* 0 too when the clock was set back. */
uint64_t ssr_time_since(const struct ssr_render *render, uint64_t began);

/* finish.c */
void ssr_finish_render(struct ssr_render *render);

#endif
