/*
 * Operations: what a loader reads and answers. operation.h says who owns what when.
 */
#include "engine/operation.h"

#include <stdio.h>
#include <string.h>

#include "engine/render_internal.h"
#include "ssrstore/shared_internal.h"

/* ---- Life ------------------------------------------------------------------------------------------------------- */

struct ssr_operation *ssr_operation_new(const struct ssr_operation_plan *plan)
{
    size_t location = strlen(plan->location) + 1, id = strlen(plan->request_id) + 1, name = strlen(plan->name) + 1;
    size_t size = sizeof(struct ssr_operation) + location + id + name;
    struct ssr_operation *operation = plan->allocator->resize(plan->allocator->arg, NULL, 0, size);
    if (!operation)
        return NULL;
    memset(operation, 0, sizeof *operation);
    char *texts = (char *)(operation + 1);
    operation->location = memcpy(texts, plan->location, location);
    operation->request_id = memcpy(texts + location, plan->request_id, id);
    operation->name = memcpy(texts + location + id, plan->name, name);
    operation->size = size;
    operation->mailbox = plan->mailbox;
    if (plan->mailbox)
        atomic_fetch_add(&plan->mailbox->users, 1);
    ssr_budget_init(&operation->budget, plan->allocator, SIZE_MAX);
    atomic_init(&operation->users, 1);
    atomic_init(&operation->is_cancelled, false);
    operation->query = plan->query;
    operation->args = plan->args;
    operation->run = plan->run;
    operation->run_arg = plan->run_arg;
    operation->pass = plan->pass;
    operation->deadline_ms = plan->deadline_ms;
    operation->value_cap = plan->value_cap;
    operation->registry = plan->registry;
    operation->view = plan->view;
    ssr_view_hold(plan->view);
    operation->outer = plan->outer;
    ssr_builder_init(&operation->read, &operation->budget, plan->value_cap);
    ssr_builder_init(&operation->data, &operation->budget, plan->value_cap);
    ssr_builder_init(&operation->side, &operation->budget, plan->value_cap);
    operation->writes_end = &operation->writes;
    operation->loads_end = &operation->loads;
    operation->headers_end = &operation->headers;
    return operation;
}

void ssr_operation_hold(struct ssr_operation *operation)
{
    atomic_fetch_add(&operation->users, 1);
}

static void free_headers(struct ssr_operation *operation)
{
    while (operation->headers) {
        struct ssr_operation_header *header = operation->headers;
        operation->headers = header->next;
        ssr_budget_resize(&operation->budget, header, header->size, 0);
    }
}

void ssr_operation_drop(struct ssr_operation *operation)
{
    if (!operation || atomic_fetch_sub(&operation->users, 1) > 1)
        return;
    ssr_operation_free_writes(operation);
    free_headers(operation);
    while (operation->loads) {
        struct ssr_operation *load = operation->loads;
        operation->loads = load->next;
        ssr_operation_drop(load);
    }
    for (size_t i = 0; i < operation->known_count; i++)
        ssr_operation_drop(operation->known[i]);
    ssr_budget_resize(&operation->budget, operation->known, operation->known_capacity * sizeof *operation->known, 0);
    ssr_builder_release(&operation->data);
    ssr_builder_release(&operation->side);
    ssr_builder_release(&operation->read);
    ssr_view_drop(operation->view);
    ssr_value_free(operation->value);
    ssr_value_free(operation->args);
    ssr_mailbox_drop(operation->mailbox);
    ssr_allocator allocator = operation->budget.allocator;
    allocator.resize(allocator.arg, operation, operation->size, 0);
}

ssr_status ssr_operation_know(struct ssr_operation *hook, struct ssr_operation *answered)
{
    struct ssr_operation **known =
        ssr_grow(&hook->budget, hook->known, &hook->known_capacity, hook->known_count + 1, sizeof *known);
    if (!known)
        return SSR_E_NOMEM;
    hook->known = known;
    ssr_operation_hold(answered);
    known[hook->known_count++] = answered;
    return SSR_OK;
}

void ssr_operation_cancel(struct ssr_operation *operation)
{
    atomic_store(&operation->is_cancelled, true);
}

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

const ssr_query *ssr_operation_query(const struct ssr_operation *operation)
{
    return operation->query;
}

ssr_json ssr_operation_args(const struct ssr_operation *operation)
{
    return ssr_value_json(operation->args);
}

const char *ssr_operation_location(const struct ssr_operation *operation)
{
    return operation->location;
}

const char *ssr_operation_request_id(const struct ssr_operation *operation)
{
    return operation->request_id;
}

unsigned ssr_operation_pass(const struct ssr_operation *operation)
{
    return operation->pass;
}

int64_t ssr_operation_deadline_ms(const struct ssr_operation *operation)
{
    return operation->deadline_ms;
}

/* What is loaded in place is waited for by its hook, and that by the render. */
bool ssr_operation_is_cancelled(const struct ssr_operation *operation)
{
    while (operation->outer)
        operation = operation->outer;
    return atomic_load(&operation->is_cancelled);
}

/* ---- Answering -------------------------------------------------------------------------------------------------- */

ssr_builder *ssr_operation_build(struct ssr_operation *operation)
{
    return &operation->data;
}

ssr_builder *ssr_operation_build_store(struct ssr_operation *operation)
{
    ssr_builder_reset(&operation->side);
    return &operation->side;
}

ssr_builder *ssr_operation_build_args(struct ssr_operation *operation)
{
    return ssr_operation_build_store(operation);
}

static bool is_code(const char *code)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    size_t length = code ? strspn(code, allowed) : 0;
    return length > 0 && length < SSR_CODE_TEXT && code[length] == '\0';
}

ssr_status ssr_operation_fail(struct ssr_operation *operation, const char *code, const char *reason)
{
    snprintf(operation->code, sizeof operation->code, "%s", is_code(code) ? code : "failed");
    snprintf(operation->reason, sizeof operation->reason, "%s", reason ? reason : "");
    return SSR_E_FAILED;
}

/* What the guard around the answering code has refused goes into the record with the answer. */
static void take_refused(struct ssr_operation *operation)
{
    const struct ssr_guard *guard = ssr_guard_innermost();
    for (unsigned i = 0; guard && i < guard->refused; i++) {
        const ssr_refused_write *write = &guard->first_refused[i < SSR_GUARD_LISTED ? i : SSR_GUARD_LISTED - 1];
        ssr_operation_note(operation,
                           (struct ssr_operation_refusal){"ssr_shared_update",
                                                          SSR_E_SHARED_WRITE,
                                                          ssr_shared_definition(write->shared, operation->registry),
                                                          {write->file, write->line}});
    }
}

static const char *reason_of(ssr_status status)
{
    const char *refusal = status == SSR_E_SHARED_WRITE ? ssr_guard_refusal() : "";
    return *refusal ? refusal : ssr_status_advice(status);
}

/* Settles what the operation answers. */
static void conclude(struct ssr_operation *operation, ssr_status status)
{
    if (!operation->outer) /* else they are in the guard of the hook by and by */
        take_refused(operation);
    if (status == SSR_OK && operation->code[0]) /* who said that it failed and forgot to return it has failed */
        status = SSR_E_FAILED;
    if (status == SSR_OK && operation->has_read_badly)
        status = SSR_E_NOMEM;
    if (status == SSR_OK && operation->query)
        status = ssr_builder_finish(&operation->data, &operation->value);
    operation->status = status;
    if (status == SSR_OK)
        return;
    if (!operation->code[0] || status != SSR_E_FAILED)
        ssr_operation_fail(operation, ssr_status_name(status), reason_of(status));
    ssr_operation_free_writes(operation);
}

void ssr_operation_answer(struct ssr_operation *operation, ssr_status status)
{
    conclude(operation, status);
    ssr_mailbox_post(operation);
}

static ssr_status run(struct ssr_operation *operation)
{
    if (operation->run)
        return operation->run(operation, operation->run_arg);
    return ssr_operation_fail(operation, "no_loader", "the query was defined without a loader, and nobody answered it");
}

/* Runs and concludes, with a mark on the thread that it serves a request. */
static void run_guarded(struct ssr_operation *operation)
{
    ssr_guard guard;
    ssr_guard_enter(&guard, operation->query ? "loader" : "hook", operation->name);
    guard.ctx = NULL; /* what is refused travels in the answer */
    conclude(operation, run(operation));
    ssr_guard_leave(&guard);
}

void ssr_operation_run(struct ssr_operation *operation)
{
    run_guarded(operation);
    ssr_mailbox_post(operation);
}

/* ---- Response effects of hooks ----------------------------------------------------------------------------------- */

ssr_status ssr_operation_set_status(struct ssr_operation *operation, int status)
{
    struct ssr_operation_refusal write = {.call = "ssr_operation_set_status"};
    if (operation->query)
        write.status = SSR_E_WRONG_PHASE;
    else if (!ssr_is_http_status(status))
        write.status = SSR_E_BAD_STATUS;
    else
        operation->http_status = status;
    return ssr_operation_note(operation, write);
}

/* A header that may be set. */
static ssr_status add_header(struct ssr_operation *operation, const char *name, const char *value)
{
    size_t name_size = strlen(name) + 1, value_size = strlen(value) + 1;
    size_t size = sizeof(struct ssr_operation_header) + name_size + value_size;
    struct ssr_operation_header *header = ssr_budget_resize(&operation->budget, NULL, 0, size);
    if (!header)
        return SSR_E_NOMEM;
    char *texts = (char *)(header + 1);
    header->next = NULL;
    header->name = memcpy(texts, name, name_size);
    header->value = memcpy(texts + name_size, value, value_size);
    header->size = size;
    *operation->headers_end = header;
    operation->headers_end = &header->next;
    return SSR_OK;
}

ssr_status ssr_operation_set_header(struct ssr_operation *operation, const char *name, const char *value)
{
    ssr_status status = operation->query ? SSR_E_WRONG_PHASE : ssr_check_header(name, value);
    if (status == SSR_OK)
        status = add_header(operation, name, value);
    return ssr_operation_note(operation, (struct ssr_operation_refusal){"ssr_operation_set_header", status, NULL, {0}});
}

/* ---- Hooks ------------------------------------------------------------------------------------------------------ */

static ssr_query_result result_of(const struct ssr_operation *load)
{
    if (load->status == SSR_OK)
        return (ssr_query_result){SSR_QUERY_READY, ssr_value_json(load->value), ""};
    return (ssr_query_result){SSR_QUERY_FAILED, ssr_value_json(NULL), load->code};
}

/* Nothing was loaded, and the status says why. */
static ssr_query_result refused_load(ssr_status status)
{
    return (ssr_query_result){SSR_QUERY_FAILED, ssr_value_json(NULL), ssr_status_name(status)};
}

static bool is_load_of(const struct ssr_operation *load, const struct ssr_query *query, const struct ssr_value *args)
{
    return load->query == query && ssr_value_equal(load->args, args);
}

static struct ssr_operation *find_load(const struct ssr_operation *hook, const struct ssr_query *query,
                                       const struct ssr_value *args)
{
    for (size_t i = 0; i < hook->known_count; i++)
        if (is_load_of(hook->known[i], query, args))
            return hook->known[i];
    struct ssr_operation *load = hook->loads;
    while (load && !is_load_of(load, query, args))
        load = load->next;
    return load;
}

static struct ssr_operation *new_load(struct ssr_operation *hook, const struct ssr_query *query, struct ssr_value *args)
{
    return ssr_operation_new(&(struct ssr_operation_plan){.allocator = &hook->budget.allocator,
                                                          .registry = hook->registry,
                                                          .query = query,
                                                          .name = query->definition.name,
                                                          .args = args,
                                                          .run = query->load,
                                                          .run_arg = query->load_arg,
                                                          .location = hook->location,
                                                          .request_id = hook->request_id,
                                                          .deadline_ms = hook->deadline_ms,
                                                          .value_cap = hook->value_cap,
                                                          .view = hook->view,
                                                          .outer = hook});
}

/* The arguments of the next load: what was built for it, or null. */
static ssr_status take_args(struct ssr_operation *hook, struct ssr_value **args)
{
    if (!hook->side.is_complete && hook->side.status == SSR_OK)
        ssr_builder_null(&hook->side);
    return ssr_builder_finish(&hook->side, args);
}

ssr_query_result ssr_operation_load(struct ssr_operation *hook, const struct ssr_query *query)
{
    struct ssr_value *args;
    ssr_status status = hook->query                                              ? SSR_E_WRONG_PHASE
                        : !query || query->definition.registry != hook->registry ? SSR_E_UNKNOWN_QUERY
                                                                                 : take_args(hook, &args);
    if (status != SSR_OK)
        return refused_load(status);
    struct ssr_operation *load = find_load(hook, query, args);
    if (load) {
        ssr_value_free(args);
        return result_of(load);
    }
    load = new_load(hook, query, args);
    if (!load) {
        ssr_value_free(args);
        return refused_load(SSR_E_NOMEM);
    }
    run_guarded(load);
    ssr_operation_adopt_writes(hook, load);
    *hook->loads_end = load;
    hook->loads_end = &load->next;
    return result_of(load);
}
