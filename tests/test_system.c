/*
 * What the system refuses to the helpers of engine/host, and how they tell it. The linker puts the calls below in front
 * of the system's (--wrap), each of which fails when the test says so and is the system's otherwise.
 */
#include "tests/host_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "engine/host/log_file.h"
#include "ssrstore/shared.h"

/* ---- Calls that fail --------------------------------------------------------------------------------------------- */

static struct {
    const char *call;
    unsigned turns; /* so many calls from now on; 1: the next */
    int error;
} failing;

static void fail_next(const char *call, unsigned turns, int error)
{
    failing.call = call;
    failing.turns = turns;
    failing.error = error;
}

static bool must_fail(const char *call)
{
    if (!failing.call || strcmp(failing.call, call) != 0 || --failing.turns > 0)
        return false;
    failing.call = NULL;
    errno = failing.error;
    return true;
}

/* A call that answers what it failed with, and one that answers -1 and sets errno. */
#define WRAP(failed, result, name, parameters, arguments)             \
    result __real_##name parameters;                                  \
    result __wrap_##name parameters;                                  \
    result __wrap_##name parameters                                   \
    {                                                                 \
        return must_fail(#name) ? (failed) : __real_##name arguments; \
    }
#define WRAP_PTHREAD(name, parameters, arguments) WRAP(failing.error, int, name, parameters, arguments)
#define WRAP_CALL(result, name, parameters, arguments) WRAP(-1, result, name, parameters, arguments)

WRAP_PTHREAD(pthread_mutex_init, (pthread_mutex_t * mutex, const pthread_mutexattr_t *attributes), (mutex, attributes))
WRAP_PTHREAD(pthread_cond_init, (pthread_cond_t * condition, const pthread_condattr_t *attributes),
             (condition, attributes))
WRAP_PTHREAD(pthread_condattr_init, (pthread_condattr_t * attributes), (attributes))
WRAP_PTHREAD(pthread_condattr_setclock, (pthread_condattr_t * attributes, clockid_t clock), (attributes, clock))
WRAP_PTHREAD(pthread_create, (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *), void *arg),
             (thread, attributes, run, arg))
WRAP_CALL(int, fstat, (int descriptor, struct stat *status), (descriptor, status))
WRAP_CALL(int, pipe, (int ends[2]), (ends))
WRAP_CALL(int, sigtimedwait, (const sigset_t *set, siginfo_t *info, const struct timespec *timeout),
          (set, info, timeout))
WRAP_CALL(ssize_t, writev, (int descriptor, const struct iovec *parts, int count), (descriptor, parts, count))
WRAP_CALL(ssize_t, write, (int descriptor, const void *bytes, size_t length), (descriptor, bytes, length))
WRAP_CALL(ssize_t, read, (int descriptor, void *bytes, size_t length), (descriptor, bytes, length))

int __real_fcntl(int descriptor, int command, ...);
int __wrap_fcntl(int descriptor, int command, ...);
int __wrap_fcntl(int descriptor, int command, ...)
{
    va_list arguments;
    va_start(arguments, command);
    int argument = va_arg(arguments, int);
    va_end(arguments);
    return must_fail("fcntl") ? -1 : __real_fcntl(descriptor, command, argument);
}

/* ---- The pool ---------------------------------------------------------------------------------------------------- */

static void a_pool_that_the_system_refuses_is_none(void **state)
{
    static const struct {
        const char *call;
        unsigned turns;
    } refusals[] = {{"pthread_mutex_init", 1},    {"pthread_condattr_init", 1},
                    {"pthread_condattr_init", 2}, {"pthread_condattr_setclock", 1},
                    {"pthread_cond_init", 1},     {"pthread_cond_init", 2},
                    {"pthread_create", 1},        {"pthread_create", 3}};
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(refusals); i++) {
        struct shared_memory memory = {.is_empty = false};
        ssr_allocator allocator = shared_allocator(&memory);
        ssr_pool *pool = (ssr_pool *)&allocator;
        fail_next(refusals[i].call, refusals[i].turns, EAGAIN);
        assert_status(ssr_pool_new(&allocator, 3, 4, &pool), SSR_E_SYSTEM);
        assert_null(pool);
        assert_null(failing.call);
        assert_int_equal(memory.live_blocks, 0);
    }
}

/* A call that cannot wait is not begun; the next one finds everything in order. */
static void a_blocking_call_needs_a_place_to_wait(void **state)
{
    struct host host;
    (void)state;
    host_init(&host, load_number, 2);
    host_open(&host, 1, 1);
    fail_next("pthread_cond_init", 1, ENOMEM);
    assert_status(host_run(&host, NULL), SSR_E_NOMEM);
    assert_null(host.render);
    assert_status(host_run(&host, NULL), SSR_OK);
    assert_string_equal(host.result->html, "0=0;1=1;");
    host_close(&host);
}

/* ---- A shared store, which has locks ------------------------------------------------------------------------------
 */

static void a_shared_store_that_the_system_refuses_is_none(void **state)
{
    (void)state;
    for (unsigned turns = 1; turns <= 2; turns++) {
        struct shared_memory memory = {.is_empty = false};
        ssr_config config = ssr_config_default();
        ssr_engine *engine;
        config.allocator = shared_allocator(&memory);
        assert_status(ssr_engine_new(&config, &engine), SSR_OK);
        fail_next("pthread_mutex_init", turns, EAGAIN);
        assert_null(ssr_shared_define(ssr_engine_registry(engine), "theme", NULL));
        assert_null(failing.call);
        assert_status(ssr_engine_start(engine), SSR_E_NOMEM);
        ssr_engine_free(engine);
        assert_int_equal(memory.live_blocks, 0);
    }
}

/* ---- The waker --------------------------------------------------------------------------------------------------- */

static int open_descriptors(void)
{
    int count = 0;
    for (int descriptor = 0; descriptor < 256; descriptor++)
        count += fcntl(descriptor, F_GETFD, 0) >= 0;
    return count;
}

static void a_waker_that_the_system_refuses_is_none(void **state)
{
    static const struct {
        const char *call;
        unsigned turns;
    } refusals[] = {{"pipe", 1}, {"fcntl", 1}, {"fcntl", 2}, {"fcntl", 3}, {"fcntl", 4}, {"pthread_mutex_init", 1}};
    int before = open_descriptors();
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(refusals); i++) {
        ssr_waker *waker = (ssr_waker *)&before;
        fail_next(refusals[i].call, refusals[i].turns, EMFILE);
        errno = 0;
        assert_status(ssr_waker_new(NULL, &waker), SSR_E_SYSTEM);
        assert_int_equal(errno, EMFILE);
        assert_null(waker);
        assert_null(failing.call);
        assert_int_equal(open_descriptors(), before);
    }
}

static bool is_readable(const ssr_waker *waker)
{
    struct pollfd descriptor = {.fd = ssr_waker_descriptor(waker), .events = POLLIN};
    return poll(&descriptor, 1, 0) == 1;
}

static void a_signal_in_between_loses_no_wake(void **state)
{
    ssr_waker *waker;
    (void)state;
    assert_status(ssr_waker_new(NULL, &waker), SSR_OK);
    ssr_waker_entry entry = {.waker = waker};
    fail_next("write", 1, EINTR);
    ssr_waker_wake(&entry);
    assert_null(failing.call);
    assert_true(is_readable(waker));
    assert_ptr_equal(ssr_waker_next(waker), &entry);
    fail_next("read", 1, EINTR);
    assert_null(ssr_waker_next(waker));
    assert_null(failing.call);
    assert_false(is_readable(waker));
    ssr_waker_free(waker);
}

/* What cannot happen to this descriptor does not hang whoever wakes or takes. */
static void a_failing_descriptor_keeps_nobody(void **state)
{
    ssr_waker *waker;
    (void)state;
    assert_status(ssr_waker_new(NULL, &waker), SSR_OK);
    ssr_waker_entry entry = {.waker = waker};
    fail_next("write", 1, EIO);
    ssr_waker_wake(&entry);
    assert_ptr_equal(ssr_waker_next(waker), &entry);
    fail_next("read", 1, EIO);
    assert_null(ssr_waker_next(waker));
    assert_null(failing.call);
    ssr_waker_free(waker);
}

/* ---- The log's file ---------------------------------------------------------------------------------------------- */

static char path[] = "/tmp/test_system.XXXXXX";

static int make_file(void **state)
{
    int descriptor = mkstemp(path);
    (void)state;
    return descriptor < 0 ? -1 : close(descriptor);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void a_file_that_the_system_refuses_is_none(void **state)
{
    static const char *const calls[] = {"pthread_mutex_init", "fstat"};
    int before = open_descriptors();
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(calls); i++) {
        struct test_memory memory = {0};
        ssr_allocator allocator = test_allocator(&memory);
        ssr_log_file *file = (ssr_log_file *)&memory;
        fail_next(calls[i], 1, EIO);
        assert_status(ssr_log_file_open(&allocator, path, &file), SSR_E_SYSTEM);
        assert_int_equal(errno, EIO);
        assert_null(file);
        assert_int_equal(open_descriptors(), before);
        assert_all_freed(&memory);
    }
}

static void a_signal_in_between_loses_no_line(void **state)
{
    ssr_log_file *file;
    char text[64] = "";
    (void)state;
    assert_status(ssr_log_file_open(NULL, path, &file), SSR_OK);
    fail_next("writev", 1, EINTR);
    assert_status(ssr_log_file_write(file, "line", 4), SSR_OK);
    assert_null(failing.call);
    assert_int_equal(ssr_log_file_lost(file, NULL), 0);
    ssr_log_file_close(file);
    int descriptor = open(path, O_RDONLY);
    assert_int_equal(read(descriptor, text, sizeof text), 5);
    close(descriptor);
    assert_string_equal(text, "line\n");
}

/* A socket may be set to raise none. */
static void a_broken_pipe_without_its_signal_is_a_loss_too(void **state)
{
    ssr_log_file *file;
    int error = 0;
    (void)state;
    assert_status(ssr_log_file_open(NULL, path, &file), SSR_OK);
    fail_next("writev", 1, EPIPE);
    assert_status(ssr_log_file_write(file, "line", 4), SSR_E_SYSTEM);
    assert_int_equal(ssr_log_file_lost(file, &error), 1);
    assert_int_equal(error, EPIPE);
    ssr_log_file_close(file);
}

/* The signal of a broken pipe is taken although another one comes in between. */
static void a_signal_in_between_leaves_no_other(void **state)
{
    int ends[2], before = dup(STDERR_FILENO);
    sigset_t pipe_signal, mask, pending;
    (void)state;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    dup2(ends[1], STDERR_FILENO);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &mask); /* so that what is left would show */
    fail_next("sigtimedwait", 1, EINTR);
    ssr_log log = ssr_log_stderr();
    log.error(log.arg, "ssr", "to nobody");
    dup2(before, STDERR_FILENO);
    close(before);
    close(ends[1]);
    sigpending(&pending);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    assert_null(failing.call);
    assert_false(sigismember(&pending, SIGPIPE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pool_that_the_system_refuses_is_none),
        cmocka_unit_test(a_blocking_call_needs_a_place_to_wait),
        cmocka_unit_test(a_shared_store_that_the_system_refuses_is_none),
        cmocka_unit_test(a_waker_that_the_system_refuses_is_none),
        cmocka_unit_test(a_signal_in_between_loses_no_wake),
        cmocka_unit_test(a_failing_descriptor_keeps_nobody),
        cmocka_unit_test(a_file_that_the_system_refuses_is_none),
        cmocka_unit_test(a_signal_in_between_loses_no_line),
        cmocka_unit_test(a_broken_pipe_without_its_signal_is_a_loss_too),
        cmocka_unit_test(a_signal_in_between_leaves_no_other),
    };
    return cmocka_run_group_tests_name("system", tests, make_file, remove_file);
}
