/*
 * Operations and the mailbox they come back through: the only place where threads meet.
 *
 * Owners: an operation is counted; the render's side holds one share, whoever answers it holds another and gives it
 * up by answering. Until it is answered everything but `is_cancelled` belongs to the answering side; once it has come
 * out of the mailbox everything belongs to the render. The mailbox is counted too, by the render and by each
 * operation, so that an answer always finds it; after the render has closed it, answers are dropped.
 */
#ifndef SSR_ENGINE_OPERATION_H
#define SSR_ENGINE_OPERATION_H

#include <stdatomic.h>

#include "cookie/cookie_internal.h"
#include "engine/query.h"
#include "engine/view.h"
#include "ssrstore/registry.h"
#include "ssrstore/scope.h"
#include "ssrstore/shared.h"

struct ssr_mailbox {
    ssr_allocator allocator;
    atomic_uint users;
    atomic_uint posting; /* threads between their look at is_closed and the end of their wake */
    atomic_bool is_closed;
    _Atomic(struct ssr_operation *) answered; /* the newest first */
    void (*wake)(void *arg);
    void *wake_arg;
};

struct ssr_query {
    struct ssr_definition definition;
    ssr_loader_fn load;
    void *load_arg;
    int64_t timeout_ms;
    ssr_policy policy;
    const char *args_type;
};

/* A header that a hook's answer carries; the texts are behind it, in its block. */
struct ssr_operation_header {
    struct ssr_operation_header *next;
    const char *name, *value;
    size_t size;
};

/* A value that an answer carries for a store, a cookie or an atom; texts of attributes are behind it, in its block. */
struct ssr_operation_write {
    struct ssr_operation_write *next;
    const struct ssr_definition *definition;
    struct ssr_value *value; /* NULL: the cookie's deletion */
    struct ssr_writer writer;
    bool has_attributes;
    ssr_cookie_attributes attributes;
    size_t size;
};

/* A write of the answering side that was refused. */
struct ssr_operation_refusal {
    const char *call;
    ssr_status status;
    const struct ssr_definition *definition; /* NULL: none, or an unknown one */
    struct ssr_writer writer;
};

enum { SSR_CODE_TEXT = 65 };

struct ssr_operation {
    struct ssr_operation *next; /* in the mailbox, or in the loads of a hook */
    struct ssr_mailbox *mailbox;
    struct ssr_budget budget; /* of the answering side */
    atomic_uint users;
    atomic_bool is_cancelled;

    /* What the loader may know. */
    const struct ssr_query *query; /* NULL: a hook */
    struct ssr_value *args;
    ssr_loader_fn run;
    void *run_arg;
    const char *location, *request_id, *name; /* behind the operation itself, in its block; name: of query or hook */
    size_t size;                              /* of the block */
    unsigned pass;
    int64_t deadline_ms;
    size_t value_cap;
    const struct ssr_registry *registry;
    struct ssr_view *view;             /* held */
    const struct ssr_operation *outer; /* the hook that loads this in place; NULL: none */
    bool is_adopted;                   /* that was loaded in place: the page finds its answer, and no other hook's */

    /* What it answers. */
    bool has_read_private; /* cookies or atoms */
    bool has_read_badly;   /* memory ran out while it read: what it answers cannot be trusted */
    struct ssr_builder data, side, read;
    struct ssr_operation_write *writes, **writes_end;
    int http_status; /* 0: not said */
    struct ssr_operation_header *headers, **headers_end;
    struct ssr_operation *loads, **loads_end; /* of a hook: queries loaded in place */
    struct ssr_operation **known;             /* of a hook: what the render knew before */
    size_t known_count, known_capacity;
    unsigned refused; /* writes, of which these are the first */
    struct ssr_operation_refusal first_refused[SSR_GUARD_LISTED];
    ssr_status status;
    struct ssr_value *value;
    char code[SSR_CODE_TEXT];
    char reason[SSR_REASON_TEXT];
};

struct ssr_mailbox *ssr_mailbox_new(const ssr_allocator *allocator, void (*wake)(void *arg), void *wake_arg);
void ssr_mailbox_drop(struct ssr_mailbox *mailbox);
/* Hands an answered operation back, the answering side's share with it, and wakes the host. */
void ssr_mailbox_post(struct ssr_operation *operation);
/* Takes everything that was answered, in no order; linked through `next`. */
struct ssr_operation *ssr_mailbox_take(struct ssr_mailbox *mailbox);
/* The render's last word: waits for a wake in progress, none follows, late answers are dropped. */
void ssr_mailbox_close(struct ssr_mailbox *mailbox);

/* What an operation is made from; the texts are copied, args are taken when it succeeds. */
struct ssr_operation_plan {
    struct ssr_mailbox *mailbox; /* NULL: loaded in place, never posted */
    const ssr_allocator *allocator;
    const struct ssr_registry *registry;
    const struct ssr_query *query;
    const char *name;
    struct ssr_value *args;
    ssr_loader_fn run;
    void *run_arg;
    const char *location, *request_id;
    unsigned pass;
    int64_t deadline_ms;
    size_t value_cap;
    struct ssr_view *view; /* held by the operation too */
    const struct ssr_operation *outer;
};

/* With one user, the caller. NULL: no memory. */
struct ssr_operation *ssr_operation_new(const struct ssr_operation_plan *plan);
void ssr_operation_hold(struct ssr_operation *operation);
void ssr_operation_drop(struct ssr_operation *operation);
/* Lets a hook that was not handed out yet find an answered query. */
ssr_status ssr_operation_know(struct ssr_operation *hook, struct ssr_operation *answered);
void ssr_operation_cancel(struct ssr_operation *operation);

/* exchange.c */
/* What a write answers: its status, which is noted for the record when it is a refusal. */
ssr_status ssr_operation_note(struct ssr_operation *operation, struct ssr_operation_refusal write);
void ssr_operation_free_writes(struct ssr_operation *operation);
/* What a loader set, and what it was refused, becomes its hook's. */
void ssr_operation_adopt_writes(struct ssr_operation *hook, struct ssr_operation *load);

#endif
