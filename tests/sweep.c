/*
 * The allocation sweep. Each test runs in a process of its own, first undisturbed to count what it allocates, then with
 * the i-th allocation failing, and with all from the i-th on failing. What always holds for a run that is accepted:
 *
 *   - it passed, because the failure was absorbed: it cost a spare or the record's detail;
 *   - or the library said so: a call answered nomem, a maker NULL, a result or a query the error. A call that the test
 *     itself makes is then made once more, and when that succeeds the test must pass as if nothing had happened;
 *     otherwise the test ends there, and what it made is freed as its header says;
 *   - and everything was given back, within the time, without a crash or a word from a sanitizer.
 *
 * Only the thread that runs the test ends it. An assertion that fails inside a page leaves the page first.
 */
#define SWEEP_ITSELF
#define _DEFAULT_SOURCE /* anonymous memory */
#include "tests/sweep.h"

#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TURNS = 4, MOST_TURNS = 2000, MANY = 20000, SECONDS = 30, DEEPEST = 1024, MOST_OWNED = 4096, MOST_LET_GO = 8 };

enum verdict { CRASHED, PASSED, NAMED, NAMED_UNFREED, WRONG };

/* What a run tells the process that started it. */
struct report {
    enum verdict verdict;
    size_t calls, fired;
    bool is_left_alone; /* the test is not to be swept: it makes allocations fail, too */
    bool was_repeated;
    char what[256];
};

struct owned {
    bool is_pool;
    const void *object;
    void (*destroy)(const void *object);
};

/* A page that runs, and where to leave it. */
struct running_page {
    sigjmp_buf leave;
    ssr_ctx *ctx;
    unsigned depth;
    struct running_page *outer;
};

static struct {
    bool is_on; /* this process runs a test of a sweep */
    size_t fail_at;
    bool fail_after;
    atomic_size_t calls, fired, live;
    atomic_bool is_named;
    const char *_Atomic named_by;
    bool was_repeated, is_loose; /* a call was repeated; and what it runs may have run twice */
    bool has_left_page;
    struct report *report;
    pthread_t thread;
    pthread_mutex_t owning;
    struct owned owned[MOST_OWNED];
    size_t owned_count;
    const ssr_ctx *scope; /* of a test that has one without a render */
    struct {
        void (*let_go)(void *arg);
        void *arg;
    } waiting[MOST_LET_GO];
    size_t waiting_count;
} sweep = {.owning = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local struct {
    struct {
        const char *function;
        size_t fired;
    } calls[DEEPEST];
    unsigned depth;
    size_t fired; /* in this thread */
    struct running_page *page;
    bool is_doomed; /* a page ended with its render's fate decided */
    ssr_status status;
    void *pointer;
} here;

/* ---- The end of a run -------------------------------------------------------------------------------------------- */

/* Of GCC, where branches are counted: what this process counted is kept, although it ends without its handlers. */
void __gcov_dump(void) __attribute__((weak));

static _Noreturn void end_run(enum verdict verdict, const char *what)
{
    struct report *report = sweep.report;
    report->verdict = verdict;
    report->calls = sweep.calls;
    report->fired = sweep.fired;
    report->was_repeated = sweep.was_repeated;
    snprintf(report->what, sizeof report->what, "%s", what);
    if (__gcov_dump)
        __gcov_dump();
    _exit(0);
}

static _Noreturn void end_wrong(const char *what, const char *call)
{
    char text[256];
    snprintf(text, sizeof text, "%s: %s", what, call ? call : "");
    end_run(WRONG, text);
}

/* The test makes allocations fail, too, or is skipped. */
static _Noreturn void leave_alone(void)
{
    sweep.report->is_left_alone = true;
    end_run(PASSED, "");
}

static bool is_test_thread(void)
{
    return pthread_equal(pthread_self(), sweep.thread);
}

static void destroy_owned(bool only_pools)
{
    for (size_t i = sweep.owned_count; i-- > 0;) {
        struct owned owned = sweep.owned[i];
        if (!owned.object || (only_pools && !owned.is_pool))
            continue;
        sweep.owned[i].object = NULL;
        owned.destroy(owned.object);
    }
}

static bool has_other_threads(void)
{
    size_t count = 0;
    DIR *threads = opendir("/proc/self/task");
    if (!threads)
        return true;
    for (const struct dirent *thread; (thread = readdir(threads)) != NULL;)
        count += thread->d_name[0] != '.';
    closedir(threads);
    return count > 1;
}

/*
 * The test ends here, outside of the library: frees what it made, the last first, but pools before everything, because
 * they wait for their loaders. Threads of the test's own may be anywhere, so that nothing can be freed around them.
 */
static _Noreturn void stop(void)
{
    for (size_t i = 0; i < sweep.waiting_count; i++)
        sweep.waiting[i].let_go(sweep.waiting[i].arg);
    destroy_owned(true);
    if (has_other_threads())
        end_run(NAMED_UNFREED, "");
    destroy_owned(false);
    if (sweep.live > 0)
        end_wrong("not everything was given back, after", sweep.named_by);
    end_run(NAMED, "");
}

void sweep_name(const char *call)
{
    if (!sweep.is_named)
        sweep.named_by = call;
    sweep.is_named = true;
}

/* cmocka aborts where an assertion fails. */
static void at_assertion(int signal_number)
{
    (void)signal_number;
    struct running_page *page = here.page;
    if (!is_test_thread())
        end_run(WRONG, "an assertion failed in a thread of its own");
    if (page && page->ctx->fatal == SSR_E_NOMEM)
        sweep_name("the render");
    if (!sweep.is_named)
        end_run(WRONG, "an assertion failed, and nothing had said nomem");
    if (sweep.was_repeated && !sweep.is_loose)
        end_wrong("an assertion failed although a second call had succeeded", sweep.named_by);
    if (here.depth == 0)
        stop();
    if (!page || here.depth > page->depth)
        end_run(NAMED_UNFREED, "");
    siglongjmp(page->leave, 1);
}

/* ---- Allocations ------------------------------------------------------------------------------------------------- */

bool sweep_refuses(const void *pointer, size_t old_size, size_t new_size)
{
    if (!sweep.is_on)
        return false;
    if (new_size > old_size) {
        size_t call = atomic_fetch_add(&sweep.calls, 1) + 1;
        if (sweep.fail_at != 0 && (call == sweep.fail_at || (sweep.fail_after && call > sweep.fail_at))) {
            atomic_fetch_add(&sweep.fired, 1);
            here.fired++;
            return true;
        }
    }
    atomic_fetch_add(&sweep.live, (size_t)(new_size > 0) - (size_t)(pointer != NULL));
    return false;
}

void sweep_leave_alone(void)
{
    if (sweep.is_on)
        leave_alone();
}

static void *counted_resize(void *arg, void *pointer, size_t old_size, size_t new_size)
{
    (void)arg;
    if (sweep_refuses(pointer, old_size, new_size))
        return NULL;
    if (new_size > 0)
        return realloc(pointer, new_size);
    free(pointer);
    return NULL;
}

const ssr_allocator *sweep_allocator(const ssr_allocator *allocator)
{
    static const ssr_allocator counted = {counted_resize, NULL};
    return sweep.is_on && !(allocator && allocator->resize) ? &counted : allocator;
}

const ssr_config *sweep_config(const ssr_config *config)
{
    static ssr_config changed;
    if (!sweep.is_on || (config && config->allocator.resize))
        return config;
    changed = config ? *config : ssr_config_default();
    changed.allocator = *sweep_allocator(NULL);
    return &changed;
}

/* ---- What a test has made ---------------------------------------------------------------------------------------- */

static void *own(const void *object, void (*destroy)(const void *object), bool is_pool)
{
    if (!sweep.is_on || !object)
        return (void *)object;
    pthread_mutex_lock(&sweep.owning);
    if (sweep.owned_count == MOST_OWNED)
        end_run(WRONG, "more is owned than the sweep can note");
    sweep.owned[sweep.owned_count++] = (struct owned){is_pool, object, destroy};
    pthread_mutex_unlock(&sweep.owning);
    return (void *)object;
}

void *sweep_own_pointer(const void *object, void (*destroy)(const void *object))
{
    return own(object, destroy, false);
}

ssr_status sweep_own_pool(ssr_status status, ssr_pool *const *pool, void (*destroy)(const void *object))
{
    own(status == SSR_OK ? *pool : NULL, destroy, true);
    return status;
}

ssr_status sweep_own(ssr_status status, const void *handle, void (*destroy)(const void *object))
{
    void *object = NULL;
    if (sweep.is_on && handle && status == SSR_OK)
        memcpy(&object, handle, sizeof object);
    sweep_own_pointer(object, destroy);
    return status;
}

void sweep_own_scope(const ssr_ctx *ctx, void (*destroy)(const void *object))
{
    sweep.scope = ctx;
    sweep_own_pointer(ctx, destroy);
}

void *sweep_disown(const void *object)
{
    if (sweep.scope == object)
        sweep.scope = NULL;
    if (!sweep.is_on || !object)
        return (void *)object;
    pthread_mutex_lock(&sweep.owning);
    for (size_t i = sweep.owned_count; i-- > 0;)
        if (sweep.owned[i].object == object) {
            sweep.owned[i].object = NULL;
            break;
        }
    while (sweep.owned_count > 0 && !sweep.owned[sweep.owned_count - 1].object)
        sweep.owned_count--;
    pthread_mutex_unlock(&sweep.owning);
    return (void *)object;
}

unsigned sweep_rounds(unsigned rounds)
{
    return sweep.is_on ? 1 + rounds / 100 : rounds;
}

void sweep_test_counts(void)
{
    sweep.is_loose = true;
}

void sweep_on_stop(void (*let_go)(void *arg), void *arg)
{
    if (!sweep.is_on)
        return;
    if (sweep.waiting_count == MOST_LET_GO)
        end_run(WRONG, "more waits than the sweep can note");
    sweep.waiting[sweep.waiting_count].let_go = let_go;
    sweep.waiting[sweep.waiting_count++].arg = arg;
}

/* ---- Calls ------------------------------------------------------------------------------------------------------- */

/* The arguments of a call may be calls of the same function; a callback is another one. */
void sweep_enter(const char *function)
{
    if (!sweep.is_on)
        return;
    if (here.depth == DEEPEST)
        end_run(WRONG, "calls are deeper than the sweep can note");
    here.calls[here.depth].function = function;
    here.calls[here.depth++].fired = here.fired;
}

/* Whether the call that just ended was made by the test itself and not by a callback of a call. */
static bool leave(void)
{
    const char *function = here.calls[--here.depth].function;
    bool is_own = is_test_thread();
    for (unsigned i = 0; i < here.depth; i++)
        is_own = is_own && here.calls[i].function == function;
    if (is_own && here.depth == 0 && sweep.has_left_page)
        stop();
    return is_own;
}

void sweep_leave(void)
{
    if (sweep.is_on)
        leave();
}

static bool is_one_of(const char *call, const char *const *calls, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strncmp(call, calls[i], strlen(calls[i])) == 0)
            return true;
    return false;
}

/* What goes on failing for whoever asks again: builders and drafts, and registries that lack a definition. */
static bool is_sticky(const char *call)
{
    static const char *const sticky[] = {"ssr_builder_",    "ssr_draft_",       "ssr_atom_store_snapshot",
                                         "ssr_registry",    "ssr_engine_start", "ssr_atom_store_new",
                                         "ssr_cookie_read", "ssr_types_write"};
    return is_one_of(call, sticky, TEST_COUNT(sticky));
}

static bool has_scope_failed(void)
{
    return sweep.scope && sweep.scope->fatal == SSR_E_NOMEM;
}

/* What says in its header that a part of it may have happened. */
static bool is_partial(const char *call)
{
    static const char define[] = "_define";
    size_t length = strlen(call), last = sizeof define - 1;
    bool defines =
        length > last && strcmp(call + length - last, define) == 0; /* the registry remembers that it failed */
    return defines || strcmp(call, "ssr_atom_store_hydrate") == 0;
}

/* A call has ended, with or without the error: whether it is to be made once more. */
static bool ask_again(const char *call, bool is_failed)
{
    bool is_own = leave();
    if (is_failed && sweep.fired == 0)
        leave_alone();
    if (is_failed)
        sweep_name(call);
    if (!is_failed || !is_own)
        return false;
    if (sweep.fail_after)
        stop();
    sweep.was_repeated = true;
    sweep.is_loose |= is_partial(call);
    return true;
}

/* The second call has ended. */
static void asked_again(const char *call, bool is_failed)
{
    leave();
    if ((is_failed && is_sticky(call)) || has_scope_failed())
        stop();
    if (is_failed)
        end_wrong("a second call failed as well, without a reason", call);
}

bool sweep_first(const char *call, ssr_status status)
{
    bool again = sweep.is_on && ask_again(call, status == SSR_E_NOMEM);
    here.status = status;
    return again;
}

ssr_status sweep_answer(void)
{
    return here.status;
}

ssr_status sweep_second(const char *call, ssr_status status)
{
    asked_again(call, status == SSR_E_NOMEM);
    return status;
}

bool sweep_first_pointer(const char *call, const void *pointer)
{
    bool is_failed = sweep.is_on && !pointer && here.calls[here.depth - 1].fired != here.fired;
    bool again = sweep.is_on && ask_again(call, is_failed);
    here.pointer = (void *)pointer;
    return again;
}

void *sweep_answer_pointer(void)
{
    return here.pointer;
}

/* No pointer may be what the call answers here. */
void *sweep_second_pointer(const char *call, const void *pointer)
{
    asked_again(call, false);
    return (void *)pointer;
}

/* ---- Renders ----------------------------------------------------------------------------------------------------- */

struct page_call {
    ssr_page_fn page;
    void *arg;
};

static ssr_status call_page(ssr_ctx *ctx, void *arg)
{
    const struct page_call *call = arg;
    struct running_page running = {.ctx = ctx, .depth = here.depth, .outer = here.page};
    here.page = &running;
    ssr_status status = SSR_E_FAILED;
    if (sigsetjmp(running.leave, 1) == 0)
        status = call->page(ctx, call->arg);
    else
        sweep.has_left_page = true;
    here.page = running.outer;
    here.depth = running.depth;
    here.is_doomed = ctx->fatal == SSR_E_NOMEM;
    return status;
}

ssr_page_fn sweep_page(ssr_page_fn page)
{
    return sweep.is_on && page ? call_page : page;
}

/* Kept until the process ends: the render may call it at any time. */
void *sweep_page_arg(ssr_page_fn page, void *arg)
{
    if (!sweep.is_on || !page)
        return arg;
    struct page_call *call = malloc(sizeof *call);
    if (!call)
        end_run(WRONG, "the machine has no memory for the test");
    *call = (struct page_call){page, arg};
    return call;
}

/* The error, or the sentence of Lua, whose callback fails for it. */
static bool says_nomem(const ssr_result *result)
{
    return result && (result->error_status == SSR_E_NOMEM || strstr(result->error, "not enough memory"));
}

static bool has_failed(const char *call, ssr_status status, const ssr_render *render)
{
    const ssr_result *result = render ? ssr_render_result(render) : NULL;
    if (here.is_doomed && result && result->error_status == SSR_OK)
        end_wrong("memory ran out in a page, and the result does not say so", call);
    here.is_doomed = false;
    return status == SSR_E_NOMEM || says_nomem(result);
}

/* What the page did happens twice, which a test that counts may not like. */
bool sweep_first_render(const char *call, ssr_status status, ssr_render *render, void (*destroy)(const void *object))
{
    if (!sweep.is_on)
        return false;
    sweep_own_pointer(render, destroy);
    if (!ask_again(call, has_failed(call, status, render)))
        return false;
    sweep.is_loose = true;
    ssr_render_free(sweep_disown(render));
    return true;
}

void sweep_second_render(const char *call, ssr_status status, ssr_render *render, void (*destroy)(const void *object))
{
    if (!sweep.is_on)
        return;
    sweep_own_pointer(render, destroy);
    asked_again(call, has_failed(call, status, render));
}

const ssr_result *sweep_result(const ssr_result *result)
{
    if (!sweep.is_on || !says_nomem(result))
        return result;
    sweep_name("the result");
    if (here.depth == 0 && is_test_thread())
        stop();
    return result;
}

const char *sweep_record(const char *text)
{
    static const char *const said[] = {"\"truncated\":true", "(record truncated)", "nomem"};
    for (size_t i = 0; sweep.is_on && text && i < TEST_COUNT(said); i++)
        if (strstr(text, said[i]))
            sweep_name("the record");
    return text;
}

ssr_query_result sweep_query(ssr_query_result result)
{
    if (sweep.is_on && result.state == SSR_QUERY_FAILED && strcmp(result.error, "nomem") == 0)
        sweep_name("a query");
    return result;
}

/* ---- Runs -------------------------------------------------------------------------------------------------------- */

struct group {
    const char *name;
    CMFixtureFunction setup, teardown;
    struct report *report;
    FILE *output; /* of the last run */
    size_t turns, seed;
    size_t tests, alone, allocations, runs, passed, repeated, named, unfreed, wrong;
};

static void sweep_one(const struct group *group, const struct CMUnitTest *test)
{
    void *state = NULL, *group_state = NULL;
    bool is_good = !group->setup || group->setup(&group_state) == 0;
    state = test->initial_state ? test->initial_state : group_state;
    is_good = is_good && (!test->setup_func || test->setup_func(&state) == 0);
    if (!is_good)
        end_run(sweep.is_named ? NAMED_UNFREED : WRONG, "the test's setup failed");
    test->test_func(&state);
    if (test->teardown_func)
        test->teardown_func(&state);
    if (group->teardown)
        group->teardown(&group_state);
    if (sweep.live > 0)
        end_run(WRONG, "the test passed, and not everything was given back");
    end_run(PASSED, "");
}

static void become_run(const struct group *group, const struct CMUnitTest *test, size_t fail_at, bool fail_after)
{
    sweep.is_on = true;
    sweep.fail_at = fail_at;
    sweep.fail_after = fail_after;
    sweep.report = group->report;
    sweep.thread = pthread_self();
    dup2(fileno(group->output), STDOUT_FILENO);
    dup2(fileno(group->output), STDERR_FILENO);
    setvbuf(stdout, NULL, _IONBF, 0);
    setenv("CMOCKA_TEST_ABORT", "1", 1);
    sigaction(SIGABRT, &(struct sigaction){.sa_handler = at_assertion, .sa_flags = SA_NODEFER}, NULL);
    alarm(SECONDS);
    sweep_one(group, test);
}

static void run(struct group *group, const struct CMUnitTest *test, size_t fail_at, bool fail_after)
{
    memset(group->report, 0, sizeof *group->report);
    rewind(group->output);
    if (ftruncate(fileno(group->output), 0) != 0)
        perror("the output of a run");
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        become_run(group, test, fail_at, fail_after);
    int ended = 0;
    waitpid(child, &ended, 0);
    if (!WIFEXITED(ended) || WEXITSTATUS(ended) != 0 || group->report->verdict == CRASHED) {
        group->report->verdict = CRASHED;
        bool is_late = WIFSIGNALED(ended) && WTERMSIG(ended) == SIGALRM;
        snprintf(group->report->what, sizeof group->report->what, is_late ? "it did not end" : "it crashed");
    }
}

static void print_output(FILE *output)
{
    char line[1024];
    rewind(output);
    while (fgets(line, sizeof line, output))
        printf("    %s%s", line, strchr(line, '\n') ? "" : "\n");
}

/* Counts what came of a run, and tells what is not accepted. */
static void judge(struct group *group, const struct CMUnitTest *test, size_t fail_at, bool fail_after)
{
    const struct report *report = group->report;
    group->runs += report->fired > 0;
    group->passed += report->verdict == PASSED;
    group->repeated += report->verdict == PASSED && report->was_repeated;
    group->named += report->verdict == NAMED;
    group->unfreed += report->verdict == NAMED_UNFREED;
    if (report->verdict != WRONG && report->verdict != CRASHED)
        return;
    group->wrong++;
    printf("wrong: %s: %s, allocation %zu%s: %s\n", group->name, test->name, fail_at,
           fail_after ? " and all after" : "", report->what);
    print_output(group->output);
}

/* So many evenly spread allocations of this many; where they begin turns with the seed. */
static size_t stride_of(const struct group *group, size_t count)
{
    size_t turns = count > MANY && group->turns < MANY ? (group->turns + 2) / 3 : group->turns;
    return count > turns ? (count + turns - 1) / turns : 1;
}

static void sweep_test(struct group *group, const struct CMUnitTest *test)
{
    run(group, test, 0, false);
    if (group->report->is_left_alone) {
        group->alone++;
        return;
    }
    judge(group, test, 0, false);
    size_t count = group->report->calls, stride = stride_of(group, count);
    group->tests += count > 0;
    group->allocations += count;
    for (int after = 0; after < 2; after++)
        for (size_t i = 1 + (group->seed + (size_t)after * stride / 2) % stride; i <= count; i += stride) {
            run(group, test, i, after == 1);
            judge(group, test, i, after == 1);
        }
}

static size_t number_in(const char *variable, size_t otherwise)
{
    const char *text = getenv(variable);
    return text && *text ? (size_t)strtoull(text, NULL, 10) : otherwise;
}

static int sweep_group(struct group *group, const struct CMUnitTest *tests, size_t count)
{
    const char *extent = getenv("SSR_SWEEP"), *only = getenv("SSR_SWEEP_TEST");
    group->turns = extent && strcmp(extent, "full") == 0 ? MOST_TURNS : number_in("SSR_SWEEP", TURNS);
    group->turns += group->turns == 0;
    group->seed = number_in("SSR_SWEEP_SEED", 0);
    group->output = tmpfile();
    group->report = mmap(NULL, sizeof *group->report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!group->output || group->report == MAP_FAILED)
        return 1;
    for (size_t i = 0; i < count; i++)
        if (!only || strcmp(only, tests[i].name) == 0)
            sweep_test(group, &tests[i]);
    printf("%zu runs passed, %zu of them after a second call; %zu ended early, %zu of them without freeing; %zu are "
           "wrong; %zu tests were left alone\n",
           group->passed, group->repeated, group->named + group->unfreed, group->unfreed, group->wrong, group->alone);
    printf("count: %zu allocation failures injected in %zu tests with %zu allocations\n", group->runs, group->tests,
           group->allocations);
    munmap(group->report, sizeof *group->report);
    fclose(group->output);
    return group->wrong > 0;
}

int sweep_run_group(const char *name_of_group, const struct CMUnitTest *tests, size_t count, CMFixtureFunction setup,
                    CMFixtureFunction teardown)
{
    if (!getenv("SSR_SWEEP_RUN"))
        return _cmocka_run_group_tests(name_of_group, tests, count, setup, teardown);
    struct group group = {.name = name_of_group, .setup = setup, .teardown = teardown};
    return sweep_group(&group, tests, count);
}
