/* What a context store and its providers are made of. */
#ifndef SSRSTORE_CONTEXT_INTERNAL_H
#define SSRSTORE_CONTEXT_INTERNAL_H

#include "ssrstore/context.h"
#include "ssrstore/draft_internal.h"
#include "ssrstore/scope.h"

struct ssr_context {
    struct ssr_definition definition;
    ssr_context_init_fn init; /* NULL: the state is the initial data */
    void *arg;
    struct ssr_actions actions;
    ssr_policy policy;
};

/*
 * What a provider leaves when its body has run, in the memory of its pass. The nodes are a list in the order of their
 * beginning and, from its head, a tree in which two bits of the path's digest at a time lead to a path.
 */
struct ssr_provided {
    const struct ssr_context *context;
    char *path; /* unique in the pass */
    size_t path_length;
    unsigned number; /* the last one given to a provider that asked for this very path */
    const struct ssr_value *initial;
    struct ssr_provided *next;
    struct ssr_provided *child[4];
};

struct ssr_context_change;

/* A provider whose body runs, and its instance. It lives on the stack of ssr_context_provide. */
struct ssr_provider {
    struct ssr_provider *outer;
    struct ssr_provided *provided;
    const struct ssr_frame *frame; /* that provides; NULL: the page, outside of components */
    const struct ssr_value *state;
    bool was_read;
    bool is_noted; /* the journal knows that this state was read */
    /* Changes asked for while one runs; queue_end is NULL while none does. */
    struct ssr_context_change *queue, **queue_end;
};

/* Whether what a frame has read of context stores around it is what it would read now. */
bool ssr_contexts_hold(const struct ssr_ctx *ctx, const struct ssr_frame *frame);
/* The frame does not run again: so has its parent, which runs, and what is around that. False: no memory. */
bool ssr_contexts_take_over(struct ssr_ctx *ctx, const struct ssr_frame *frame);
/* Adds the object of contexts: what the providers of the last completed pass began with. */
void ssr_contexts_transfer(struct ssr_transfer *transfer);
/* Frees the drafts of a request. */
void ssr_contexts_release(struct ssr_ctx *ctx);

#endif
