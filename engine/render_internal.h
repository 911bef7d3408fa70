/*
 * What a render is made of. Its scope is the first member, so a context is the address of its render.
 *
 * Two outputs take turns: `out` is what the running pass writes, `kept` what the last completed pass wrote. A pass
 * that does not complete leaves `kept` alone, and with it everything that leaves the render.
 */
#ifndef SSR_ENGINE_RENDER_INTERNAL_H
#define SSR_ENGINE_RENDER_INTERNAL_H

#include <stdatomic.h>

#include "engine/render.h"
#include "ssrstore/scope.h"

struct ssr_engine {
    ssr_config config;
    struct ssr_registry registry;
};

enum ssr_state {
#define SSR_STATE(identifier, name, meaning) identifier,
#include "engine/states.def"
#undef SSR_STATE
    SSR_STATE_COUNT
};

#define SSR_NO_TRANSFER SIZE_MAX

struct ssr_output {
    struct ssr_buffer html;
    size_t transfer_at; /* where the element goes; SSR_NO_TRANSFER */
    int status;         /* HTTP */
};

/* What the record remembers of a pass; in the record's own memory. */
struct ssr_record_pass;

struct ssr_record {
    const struct ssr_render *render;
    struct ssr_budget budget; /* apart from the request's: the log never makes a page fail */
    struct ssr_region region;
    struct ssr_buffer text;
    struct ssr_record_pass *first, *last;
    bool is_truncated;
};

struct ssr_render {
    struct ssr_ctx ctx;
    const struct ssr_engine *engine;
    ssr_page_fn page;
    void *arg;
    ssr_request request;
    char *location_path; /* for the record: the location without its query string */

    enum ssr_state state;
    bool is_stepping;
    atomic_bool is_cancelled;
    bool is_rerender; /* the next pass runs only because a staged value differs */
    uint64_t rerenders;
    unsigned completed; /* the last pass that completed; 0: none */
    ssr_status page_status;
    ssr_outcome outcome;
    uint64_t began, pass_began, pass_nanoseconds; /* by the clock, when there is one */

    struct ssr_output out, kept;
    struct ssr_buffer transfer;
    struct ssr_record record;
    ssr_result result;
    char error[SSR_ERROR_TEXT];
};

/* record.c */
void ssr_record_init(struct ssr_record *record, const struct ssr_render *render);
void ssr_record_release(struct ssr_record *record);
/* Notes what the pass that just ran did; nothing when no sink listens. Called while its values live. */
void ssr_record_pass_ended(struct ssr_record *record, bool completed);
void ssr_record_send(struct ssr_record *record);
void ssr_log_hard_cap(const struct ssr_render *render);

bool ssr_outcome_has_document(ssr_outcome outcome);

#endif
