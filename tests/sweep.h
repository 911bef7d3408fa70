/*
 * tests/sweep.h - the allocation sweep: runs each test of a program again and again, each time with another allocation
 * failing. tests/sweep.c says what is accepted. The build puts this file in front of every test's source, so that the
 * calls of the library that a test makes are seen (sweep_calls.h, made by sweep_calls.sh) and what it made is freed
 * when it ends early. Without SSR_SWEEP in the environment nothing of this does anything.
 */
#ifndef SSR_TESTS_SWEEP_H
#define SSR_TESTS_SWEEP_H

#include "tests/testing.h"

#include "cookie/cookie.h"
#include "cookie/seal.h"
#include "engine/history.h"
#include "engine/host/log_file.h"
#include "engine/host/pool.h"
#include "engine/host/waker.h"
#include "engine/render_internal.h"
#include "engine/ssr.h"
#include "engine/types.h"
#include "ssrstore/atom_internal.h"
#include "ssrstore/cjson.h"
#include "ssrstore/context_internal.h"
#include "ssrstore/draft_internal.h"
#include "ssrstore/patch.h"
#include "ssrstore/shared_internal.h"

/* Runs the group as cmocka does, or sweeps it. */
int sweep_run_group(const char *name, const struct CMUnitTest *tests, size_t count, CMFixtureFunction setup,
                    CMFixtureFunction teardown);

/* Called when a test ends early, before what it made is freed: what lets waiting threads go on. */
void sweep_on_stop(void (*let_go)(void *arg), void *arg);

/* The test counts what callbacks do, so that a call that fails and is made once more may disturb it. */
void sweep_test_counts(void);

/* The test has seen that the library said nomem, in a way that this header cannot see. */
void sweep_name(const char *what);

/* Of a test that repeats itself with other numbers: a sweep repeats it less often. */
unsigned sweep_rounds(unsigned rounds);

/* ---- What the macros below and in sweep_calls.h call ------------------------------------------------------------- */

/* A call of the library begins in that function. */
void sweep_enter(const char *function);
void sweep_leave(void);
/* It ends with that answer; true: it said that there is no memory and is called once more. */
bool sweep_first(const char *call, ssr_status status);
bool sweep_first_pointer(const char *call, const void *pointer);
/* What the first call answered. */
ssr_status sweep_answer(void);
void *sweep_answer_pointer(void);
/* The second call ends with that answer. */
ssr_status sweep_second(const char *call, ssr_status status);
void *sweep_second_pointer(const char *call, const void *pointer);

/* The allocator, or a counted one instead of none. */
const ssr_allocator *sweep_allocator(const ssr_allocator *allocator);
const ssr_config *sweep_config(const ssr_config *config);

/* What *handle points to after this status is freed by `destroy` when the test ends early. */
ssr_status sweep_own(ssr_status status, const void *handle, void (*destroy)(const void *object));
void *sweep_own_pointer(const void *object, void (*destroy)(const void *object));
ssr_status sweep_own_pool(ssr_status status, ssr_pool *const *pool, void (*destroy)(const void *object));
void sweep_own_scope(const ssr_ctx *ctx, void (*destroy)(const void *object));
/* It is freed, or given to someone else, now. */
void *sweep_disown(const void *object);

/* A page, effect or provider's body, which may be left at an assertion. */
ssr_page_fn sweep_page(ssr_page_fn page);
void *sweep_page_arg(ssr_page_fn page, void *arg);
/* As sweep_first and sweep_second for what runs a render to its end. */
bool sweep_first_render(const char *call, ssr_status status, ssr_render *render, void (*destroy)(const void *object));
void sweep_second_render(const char *call, ssr_status status, ssr_render *render, void (*destroy)(const void *object));
static inline const char *sweep_text(const void *text)
{
    return text ? text : "(null)";
}
static inline const char *sweep_value_text(const ssr_value *value)
{
    return value ? ssr_value_text(value) : "";
}
const ssr_result *sweep_result(const ssr_result *result);
ssr_query_result sweep_query(ssr_query_result result);
/* A record that memory cut short says so, and lists what failed for it. */
const char *sweep_record(const char *text);

#ifndef SWEEP_ITSELF

/* In whichever function a call of the library is made, these go around it. */
#define SWEEP_STATUS_IN(function, name, call)                                                                 \
    (sweep_first(name, (sweep_enter(function), (call))) ? sweep_second(name, (sweep_enter(function), (call))) \
                                                        : sweep_answer())
#define SWEEP_POINTER_IN(function, name, call)                         \
    (sweep_first_pointer(name, (sweep_enter(function), (call)))        \
         ? sweep_second_pointer(name, (sweep_enter(function), (call))) \
         : sweep_answer_pointer())
#define SWEEP_STATUS(name, call) SWEEP_STATUS_IN(__func__, name, call)
#define SWEEP_POINTER(name, call) ((__typeof__(call))SWEEP_POINTER_IN(__func__, name, call))
#define SWEEP_VOID(name, call) (sweep_enter(__func__), (call), sweep_leave())
#define SWEEP_QUERY(name, call) sweep_query(call)

/* ---- What tests make, and how it is freed ------------------------------------------------------------------------ */

#define SWEEP_DESTROYER(destroy)                           \
    static inline void sweep_##destroy(const void *object) \
    {                                                      \
        ssr_##destroy(sweep_disown(object));               \
    }
SWEEP_DESTROYER(builder_free)
SWEEP_DESTROYER(draft_release)
SWEEP_DESTROYER(engine_free)
SWEEP_DESTROYER(history_free)
SWEEP_DESTROYER(keyring_free)
SWEEP_DESTROYER(log_file_close)
SWEEP_DESTROYER(pool_free)
SWEEP_DESTROYER(recycler_free)
SWEEP_DESTROYER(region_free)
SWEEP_DESTROYER(registry_free)
SWEEP_DESTROYER(render_free)
SWEEP_DESTROYER(scope_release)
SWEEP_DESTROYER(snapshot_free)
SWEEP_DESTROYER(value_free)
SWEEP_DESTROYER(waker_free)
#undef SWEEP_DESTROYER
static inline ssr_status sweep_atom_store_destroy_in(const char *function, ssr_atom_store *store)
{
    sweep_disown(store);
    return SWEEP_STATUS_IN(function, "ssr_atom_store_destroy", ssr_atom_store_destroy(store));
}
static inline void sweep_atom_store_destroy(const void *store)
{
    ssr_atom_store_destroy(sweep_disown(store));
}
static inline void sweep_operation_answer(const void *operation)
{
    ssr_operation_answer(sweep_disown(operation), SSR_E_CANCELLED);
}

static inline ssr_status sweep_atom_store_new(const char *function, ssr_registry *registry, ssr_atom_store **made)
{
    return sweep_own(SWEEP_STATUS_IN(function, "ssr_atom_store_new", ssr_atom_store_new(registry, made)), made,
                     sweep_atom_store_destroy);
}
static inline ssr_status sweep_builder_finish(const char *function, ssr_builder *builder, ssr_value **made)
{
    return sweep_own(SWEEP_STATUS_IN(function, "ssr_builder_finish", ssr_builder_finish(builder, made)), made,
                     sweep_value_free);
}
static inline ssr_status sweep_engine_new(const char *function, const ssr_config *config, ssr_engine **made)
{
    return sweep_own(SWEEP_STATUS_IN(function, "ssr_engine_new", ssr_engine_new(sweep_config(config), made)), made,
                     sweep_engine_free);
}
static inline ssr_status sweep_keyring_new(const char *function, const ssr_allocator *allocator,
                                           const ssr_cookie_key *keys, size_t count, ssr_keyring **made)
{
    return sweep_own(
        SWEEP_STATUS_IN(function, "ssr_keyring_new", ssr_keyring_new(sweep_allocator(allocator), keys, count, made)),
        made, sweep_keyring_free);
}
static inline ssr_status sweep_log_file_open(const char *function, const ssr_allocator *allocator, const char *path,
                                             ssr_log_file **made)
{
    return sweep_own(
        SWEEP_STATUS_IN(function, "ssr_log_file_open", ssr_log_file_open(sweep_allocator(allocator), path, made)), made,
        sweep_log_file_close);
}
static inline ssr_status sweep_pool_new(const char *function, const ssr_allocator *allocator, unsigned threads,
                                        size_t capacity, ssr_pool **made)
{
    return sweep_own_pool(
        SWEEP_STATUS_IN(function, "ssr_pool_new", ssr_pool_new(sweep_allocator(allocator), threads, capacity, made)),
        made, sweep_pool_free);
}
static inline ssr_status sweep_registry_new(const char *function, const ssr_allocator *allocator, ssr_registry **made)
{
    return sweep_own(SWEEP_STATUS_IN(function, "ssr_registry_new", ssr_registry_new(sweep_allocator(allocator), made)),
                     made, sweep_registry_free);
}
static inline ssr_status sweep_render_new(const char *function, const ssr_engine *engine, ssr_page_fn page, void *arg,
                                          const ssr_request *request, ssr_render **made)
{
    return sweep_own(
        SWEEP_STATUS_IN(function, "ssr_render_new",
                        ssr_render_new(engine, sweep_page(page), sweep_page_arg(page, arg), request, made)),
        made, sweep_render_free);
}
static inline ssr_status sweep_value_parse(const char *function, const ssr_allocator *allocator, const char *text,
                                           size_t length, size_t *error_at, ssr_value **made)
{
    return sweep_own(SWEEP_STATUS_IN(function, "ssr_value_parse",
                                     ssr_value_parse(sweep_allocator(allocator), text, length, error_at, made)),
                     made, sweep_value_free);
}
static inline ssr_status sweep_waker_new(const char *function, const ssr_allocator *allocator, ssr_waker **made)
{
    return sweep_own(SWEEP_STATUS_IN(function, "ssr_waker_new", ssr_waker_new(sweep_allocator(allocator), made)), made,
                     sweep_waker_free);
}
static inline ssr_builder *sweep_builder_new(const char *function, const ssr_allocator *allocator)
{
    return sweep_own_pointer(SWEEP_POINTER_IN(function, "ssr_builder_new", ssr_builder_new(sweep_allocator(allocator))),
                             sweep_builder_free);
}
static inline struct ssr_history *sweep_history_new(const char *function, const ssr_allocator *allocator)
{
    return sweep_own_pointer(SWEEP_POINTER_IN(function, "ssr_history_new", ssr_history_new(allocator)),
                             sweep_history_free);
}
static inline ssr_recycler *sweep_recycler_new(const char *function, const ssr_allocator *allocator, size_t keep)
{
    return sweep_own_pointer(
        SWEEP_POINTER_IN(function, "ssr_recycler_new", ssr_recycler_new(sweep_allocator(allocator), keep)),
        sweep_recycler_free);
}
static inline ssr_operation *sweep_render_next_operation(const char *function, ssr_render *render)
{
    return sweep_own_pointer(SWEEP_POINTER_IN(function, "ssr_render_next_operation", ssr_render_next_operation(render)),
                             sweep_operation_answer);
}
static inline ssr_snapshot *sweep_shared_snapshot(const char *function, ssr_shared *shared)
{
    return sweep_own_pointer(SWEEP_POINTER_IN(function, "ssr_shared_snapshot", ssr_shared_snapshot(shared)),
                             sweep_snapshot_free);
}
static inline ssr_status sweep_run(const char *function, const ssr_engine *engine, ssr_page_fn page, void *arg,
                                   const ssr_request *request, ssr_render **render)
{
    sweep_enter(function);
    ssr_status status = ssr_run(engine, sweep_page(page), sweep_page_arg(page, arg), request, render);
    if (sweep_first_render("ssr_run", status, *render, sweep_render_free)) {
        sweep_enter(function);
        status = ssr_run(engine, sweep_page(page), sweep_page_arg(page, arg), request, render);
        sweep_second_render("ssr_run", status, *render, sweep_render_free);
    }
    return status;
}
static inline ssr_status sweep_pool_run(const char *function, ssr_pool *pool, const ssr_engine *engine,
                                        ssr_page_fn page, void *arg, const ssr_request *request, ssr_render **render)
{
    sweep_enter(function);
    ssr_status status = ssr_pool_run(pool, engine, sweep_page(page), sweep_page_arg(page, arg), request, render);
    if (sweep_first_render("ssr_pool_run", status, *render, sweep_render_free)) {
        sweep_enter(function);
        status = ssr_pool_run(pool, engine, sweep_page(page), sweep_page_arg(page, arg), request, render);
        sweep_second_render("ssr_pool_run", status, *render, sweep_render_free);
    }
    return status;
}
/* A pool that takes an operation answers it. */
static inline ssr_status sweep_pool_submit(ssr_pool *pool, ssr_operation *operation)
{
    sweep_disown(operation);
    ssr_status status = ssr_pool_submit(pool, operation);
    sweep_own_pointer(status == SSR_OK ? NULL : operation, sweep_operation_answer);
    return status;
}
static inline ssr_status sweep_pool_submit_within(ssr_pool *pool, ssr_operation *operation, int64_t wait_ms)
{
    sweep_disown(operation);
    ssr_status status = ssr_pool_submit_within(pool, operation, wait_ms);
    sweep_own_pointer(status == SSR_OK ? NULL : operation, sweep_operation_answer);
    return status;
}
static inline ssr_step sweep_render_step(const char *function, ssr_render *render, int64_t now_ms)
{
    sweep_enter(function);
    ssr_step step = ssr_render_step(render, now_ms);
    sweep_leave();
    sweep_result(ssr_render_result(render));
    return step;
}
static inline ssr_status sweep_context_provide(const char *function, ssr_ctx *ctx, const ssr_context *context,
                                               const char *key, ssr_input initial, ssr_body_fn body, void *arg,
                                               const char *file, int line)
{
    return SWEEP_STATUS_IN(
        function, "ssr_context_provide_at",
        ssr_context_provide_at(ctx, context, key, initial, sweep_page(body), sweep_page_arg(body, arg), file, line));
}
static inline ssr_status sweep_effect(const char *function, ssr_ctx *ctx, ssr_effect_fn effect, void *arg)
{
    return SWEEP_STATUS_IN(function, "ssr_effect", ssr_effect(ctx, sweep_page(effect), sweep_page_arg(effect, arg)));
}
static inline void sweep_draft_init(struct ssr_draft *draft, struct ssr_budget *budget, size_t value_cap)
{
    ssr_draft_init(draft, budget, value_cap);
    sweep_own_pointer(draft, sweep_draft_release);
}
static inline void sweep_scope_init(struct ssr_ctx *ctx, const struct ssr_registry *registry,
                                    const ssr_allocator *allocator, uint64_t request_bytes)
{
    ssr_scope_init(ctx, registry, allocator, request_bytes);
    sweep_own_scope(ctx, sweep_scope_release);
}

#define ssr_atom_store_new(...) sweep_atom_store_new(__func__, __VA_ARGS__)
#define ssr_builder_finish(...) sweep_builder_finish(__func__, __VA_ARGS__)
#define ssr_engine_new(...) sweep_engine_new(__func__, __VA_ARGS__)
#define ssr_keyring_new(...) sweep_keyring_new(__func__, __VA_ARGS__)
#define ssr_log_file_open(...) sweep_log_file_open(__func__, __VA_ARGS__)
#define ssr_pool_new(...) sweep_pool_new(__func__, __VA_ARGS__)
#define ssr_registry_new(...) sweep_registry_new(__func__, __VA_ARGS__)
#define ssr_render_new(...) sweep_render_new(__func__, __VA_ARGS__)
#define ssr_value_parse(...) sweep_value_parse(__func__, __VA_ARGS__)
#define ssr_waker_new(...) sweep_waker_new(__func__, __VA_ARGS__)
#define ssr_builder_new(...) sweep_builder_new(__func__, __VA_ARGS__)
#define ssr_history_new(...) sweep_history_new(__func__, __VA_ARGS__)
#define ssr_recycler_new(...) sweep_recycler_new(__func__, __VA_ARGS__)
#define ssr_render_next_operation(...) sweep_render_next_operation(__func__, __VA_ARGS__)
#define ssr_shared_snapshot(...) sweep_shared_snapshot(__func__, __VA_ARGS__)
#define ssr_run(...) sweep_run(__func__, __VA_ARGS__)
#define ssr_pool_run(...) sweep_pool_run(__func__, __VA_ARGS__)
#define ssr_render_step(...) sweep_render_step(__func__, __VA_ARGS__)
#define ssr_context_provide_at(...) sweep_context_provide(__func__, __VA_ARGS__)
#define ssr_effect(...) sweep_effect(__func__, __VA_ARGS__)
#define ssr_atom_store_destroy(...) sweep_atom_store_destroy_in(__func__, __VA_ARGS__)
#define ssr_draft_init(...) sweep_draft_init(__VA_ARGS__)
#define ssr_scope_init(...) sweep_scope_init(__VA_ARGS__)
#define ssr_builder_free(...) SWEEP_VOID("ssr_builder_free", sweep_builder_free(__VA_ARGS__))
#define ssr_draft_release(...) SWEEP_VOID("ssr_draft_release", sweep_draft_release(__VA_ARGS__))
#define ssr_engine_free(...) SWEEP_VOID("ssr_engine_free", sweep_engine_free(__VA_ARGS__))
#define ssr_history_free(...) SWEEP_VOID("ssr_history_free", sweep_history_free(__VA_ARGS__))
#define ssr_keyring_free(...) SWEEP_VOID("ssr_keyring_free", sweep_keyring_free(__VA_ARGS__))
#define ssr_log_file_close(...) SWEEP_VOID("ssr_log_file_close", sweep_log_file_close(__VA_ARGS__))
#define ssr_pool_free(...) SWEEP_VOID("ssr_pool_free", sweep_pool_free(__VA_ARGS__))
#define ssr_recycler_free(...) SWEEP_VOID("ssr_recycler_free", sweep_recycler_free(__VA_ARGS__))
#define ssr_region_free(...) SWEEP_VOID("ssr_region_free", sweep_region_free(__VA_ARGS__))
#define ssr_registry_free(...) SWEEP_VOID("ssr_registry_free", sweep_registry_free(__VA_ARGS__))
#define ssr_render_free(...) SWEEP_VOID("ssr_render_free", sweep_render_free(__VA_ARGS__))
#define ssr_scope_release(...) SWEEP_VOID("ssr_scope_release", sweep_scope_release(__VA_ARGS__))
#define ssr_snapshot_free(...) SWEEP_VOID("ssr_snapshot_free", sweep_snapshot_free(__VA_ARGS__))
#define ssr_value_free(...) SWEEP_VOID("ssr_value_free", sweep_value_free(__VA_ARGS__))
#define ssr_waker_free(...) SWEEP_VOID("ssr_waker_free", sweep_waker_free(__VA_ARGS__))
#define ssr_pool_submit(...) sweep_pool_submit(__VA_ARGS__)
#define ssr_pool_submit_within(...) sweep_pool_submit_within(__VA_ARGS__)
#define ssr_operation_answer(operation, ...) \
    SWEEP_VOID("ssr_operation_answer", ssr_operation_answer(sweep_disown(operation), __VA_ARGS__))
#define ssr_operation_run(...) SWEEP_VOID("ssr_operation_run", ssr_operation_run(sweep_disown(__VA_ARGS__)))
#define ssr_record_json(...) sweep_record(SWEEP_POINTER("ssr_record_json", ssr_record_json(__VA_ARGS__)))
#define ssr_record_text(...) sweep_record(SWEEP_POINTER("ssr_record_text", ssr_record_text(__VA_ARGS__)))
#define ssr_render_result(...) sweep_result(ssr_render_result(__VA_ARGS__))

/* A text that is not there is another one than expected. */
#define ssr_value_text(...) sweep_value_text(__VA_ARGS__)
#undef assert_string_equal
#define assert_string_equal(a, b) _assert_string_equal(sweep_text(a), sweep_text(b), __FILE__, __LINE__)
#undef skip
#define skip() (sweep_leave_alone(), _skip(__FILE__, __LINE__))
#undef _cmocka_run_group_tests
#define _cmocka_run_group_tests sweep_run_group

#endif

#endif
