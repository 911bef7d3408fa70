/*
 * The log's file: whole lines from many threads, rotation under its feet, and files that take nothing. Works in a
 * folder of its own below /tmp.
 */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/host/log_file.h"

enum { THREADS = 4, LINES = 500 };

static char folder[] = "/tmp/test_log_file.XXXXXX";

static const char *in_folder(const char *name)
{
    static char paths[4][128];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"log", "log.1", "log.2", "fifo"};
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(names); i++)
        unlink(in_folder(names[i]));
    return rmdir(folder);
}

static struct ssr_log_file *open_log(struct test_memory *memory, const char *path)
{
    struct ssr_log_file *file;
    ssr_allocator allocator = test_allocator(memory);
    assert_status(ssr_log_file_open(&allocator, path, &file), SSR_OK);
    return file;
}

static void assert_text(const char *name, const char *expected)
{
    char text[4096];
    int descriptor = open(in_folder(name), O_RDONLY);
    assert_true(descriptor >= 0);
    ssize_t length = read(descriptor, text, sizeof text - 1);
    close(descriptor);
    assert_true(length >= 0);
    text[length] = '\0';
    assert_string_equal(text, expected);
}

static void write_text(struct ssr_log_file *file, const char *line)
{
    assert_status(ssr_log_file_write(file, line, strlen(line)), SSR_OK);
}

static void a_rotated_file_is_followed(void **state)
{
    struct test_memory memory = {0};
    (void)state;
    struct ssr_log_file *file = open_log(&memory, in_folder("log"));
    write_text(file, "one");
    assert_int_equal(rename(in_folder("log"), in_folder("log.1")), 0);
    write_text(file, "two");
    assert_text("log.1", "one\n");
    assert_text("log", "two\n");
    assert_int_equal(unlink(in_folder("log")), 0);
    write_text(file, "three");
    assert_text("log", "three\n");
    assert_int_equal(truncate(in_folder("log"), 0), 0);
    assert_status(ssr_log_file_reopen(file), SSR_OK);
    write_text(file, "four");
    assert_text("log", "four\n");
    assert_int_equal(ssr_log_file_lost(file, NULL), 0);
    ssr_log_file_close(file);
    unlink(in_folder("log"));
    assert_all_freed(&memory);
}

/* A folder stands where the file was: what is open stays in use, and the failure is told. */
static void a_path_that_cannot_be_opened_keeps_the_old_file(void **state)
{
    struct test_memory memory = {0};
    int error = 0;
    (void)state;
    struct ssr_log_file *file = open_log(&memory, in_folder("log"));
    assert_int_equal(rename(in_folder("log"), in_folder("log.2")), 0);
    assert_int_equal(mkdir(in_folder("log"), 0700), 0);
    write_text(file, "kept");
    assert_status(ssr_log_file_reopen(file), SSR_E_SYSTEM);
    assert_int_equal(ssr_log_file_lost(file, &error), 0);
    assert_int_equal(error, EISDIR);
    assert_text("log.2", "kept\n");
    assert_int_equal(rmdir(in_folder("log")), 0);
    ssr_log_file_close(file);
}

static void what_takes_nothing_loses_lines_and_nothing_else(void **state)
{
    struct test_memory memory = {0};
    struct ssr_log_file *file;
    int error = 0;
    (void)state;
    if (access("/dev/full", W_OK) == 0) {
        file = open_log(&memory, "/dev/full");
        for (int i = 0; i < 3; i++)
            assert_status(ssr_log_file_write(file, "line", 4), SSR_E_SYSTEM);
        assert_int_equal(ssr_log_file_lost(file, &error), 3);
        assert_int_equal(error, ENOSPC);
        ssr_log_file_close(file);
    }
    ssr_allocator allocator = test_allocator(&memory);
    assert_status(ssr_log_file_open(&allocator, NULL, &file), SSR_E_INVALID_ARGUMENT);
    assert_status(ssr_log_file_open(&allocator, "/no/such/folder/log", &file), SSR_E_SYSTEM);
    assert_int_equal(errno, ENOENT);
    assert_null(file);
    memory.fail_at = memory.calls + 1;
    assert_status(ssr_log_file_open(&allocator, in_folder("log"), &file), SSR_E_NOMEM);
    assert_all_freed(&memory);
    ssr_log_file_close(NULL);
}

/* A pipe without a reader is refused, one whose reader has left raises no signal, one that is full keeps nobody. */
static void a_pipe_neither_stops_nor_kills(void **state)
{
    static char line[3000];
    struct test_memory memory = {0};
    struct ssr_log_file *file;
    int error = 0;
    (void)state;
    memset(line, 'x', sizeof line);
    assert_int_equal(mkfifo(in_folder("fifo"), 0600), 0);
    assert_status(ssr_log_file_open(NULL, in_folder("fifo"), &file), SSR_E_SYSTEM);
    assert_int_equal(errno, ENXIO);
    int reader = open(in_folder("fifo"), O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    file = open_log(&memory, in_folder("fifo"));
    for (int i = 0; i < 100; i++)
        ssr_log_file_write(file, line, sizeof line);
    assert_in_range(ssr_log_file_lost(file, &error), 50, 99);
    assert_int_equal(error, EAGAIN);
    close(reader);
    assert_status(ssr_log_file_write(file, "line", 4), SSR_E_SYSTEM);
    ssr_log_file_lost(file, &error);
    assert_int_equal(error, EPIPE);
    ssr_log_file_close(file);
    assert_all_freed(&memory);
}

/* What the path leads to may lie in another file system. */
static void a_link_is_followed_to_another_device(void **state)
{
    struct test_memory memory = {0};
    (void)state;
    unlink(in_folder("log.1"));
    assert_int_equal(symlink("log.1", in_folder("log")), 0);
    struct ssr_log_file *file = open_log(&memory, in_folder("log"));
    write_text(file, "one");
    unlink(in_folder("log"));
    assert_int_equal(symlink("/dev/null", in_folder("log")), 0);
    write_text(file, "two");
    unlink(in_folder("log"));
    assert_int_equal(symlink("log.1", in_folder("log")), 0);
    write_text(file, "three");
    assert_text("log.1", "one\nthree\n");
    assert_int_equal(ssr_log_file_lost(file, NULL), 0);
    ssr_log_file_close(file);
    unlink(in_folder("log"));
    unlink(in_folder("log.1"));
}

/* Of a line that was cut off only the beginning is there; the next one begins anew. */
static void a_torn_line_is_ended_by_the_next(void **state)
{
    static char line[200000], seen[200000];
    struct test_memory memory = {0};
    int error = 0;
    (void)state;
    memset(line, 'x', sizeof line);
    unlink(in_folder("fifo"));
    assert_int_equal(mkfifo(in_folder("fifo"), 0600), 0);
    int reader = open(in_folder("fifo"), O_RDONLY | O_NONBLOCK);
    struct ssr_log_file *file = open_log(&memory, in_folder("fifo"));
    assert_status(ssr_log_file_write(file, line, sizeof line), SSR_E_SYSTEM);
    assert_int_equal(ssr_log_file_lost(file, &error), 1);
    assert_int_equal(error, ENOSPC);
    ssize_t length = read(reader, seen, sizeof seen);
    assert_true(length > 0 && (size_t)length < sizeof line);
    write_text(file, "next");
    write_text(file, "last");
    length = read(reader, seen, sizeof seen - 1);
    assert_true(length > 0);
    seen[length] = '\0';
    assert_string_equal(seen, "\nnext\nlast\n");
    close(reader);
    ssr_log_file_close(file);
}

/* Writes a line for which the file system has room for a few bytes only. */
static void write_torn(struct ssr_log_file *file, const char *line, rlim_t room)
{
    struct rlimit before, few;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    few = (struct rlimit){room, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &few), 0);
    ssr_status status = ssr_log_file_write(file, line, strlen(line));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    assert_status(status, SSR_E_SYSTEM);
}

/* Whoever opens the file finds the end that a full disk has left, also the server that comes after this one. */
static void a_torn_line_is_ended_in_a_file_opened_anew(void **state)
{
    struct test_memory memory = {0};
    (void)state;
    struct ssr_log_file *file = open_log(&memory, in_folder("log"));
    write_torn(file, "torn line", 4);
    assert_status(ssr_log_file_reopen(file), SSR_OK);
    write_text(file, "two");
    write_torn(file, "torn again", 11);
    ssr_log_file_close(file);
    file = open_log(&memory, in_folder("log"));
    write_text(file, "three");
    assert_text("log", "torn\ntwo\nto\nthree\n");
    write_torn(file, "torn line", 20);
    assert_int_equal(truncate(in_folder("log"), 0), 0);
    assert_status(ssr_log_file_reopen(file), SSR_OK);
    write_text(file, "four");
    assert_text("log", "four\n");
    ssr_log_file_close(file);
    unlink(in_folder("log"));
    assert_all_freed(&memory);
}

static bool is_pending(int number)
{
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, number);
}

/* A SIGPIPE that was waiting before is the host's, and goes on waiting; one that is ignored is none. */
static void a_signal_of_the_host_is_left_to_it(void **state)
{
    struct test_memory memory = {0};
    sigset_t pipe_signal, before;
    (void)state;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    unlink(in_folder("fifo"));
    assert_int_equal(mkfifo(in_folder("fifo"), 0600), 0);
    int reader = open(in_folder("fifo"), O_RDONLY | O_NONBLOCK);
    struct ssr_log_file *file = open_log(&memory, in_folder("fifo"));
    close(reader);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    assert_status(ssr_log_file_write(file, "line", 4), SSR_E_SYSTEM);
    assert_false(is_pending(SIGPIPE));
    raise(SIGPIPE);
    assert_status(ssr_log_file_write(file, "line", 4), SSR_E_SYSTEM);
    assert_true(is_pending(SIGPIPE));
    void (*handler)(int) = signal(SIGPIPE, SIG_IGN); /* which throws the waiting one away */
    assert_false(is_pending(SIGPIPE));
    assert_status(ssr_log_file_write(file, "line", 4), SSR_E_SYSTEM);
    signal(SIGPIPE, handler);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    assert_int_equal(ssr_log_file_lost(file, NULL), 3);
    ssr_log_file_close(file);
}

/* An error line is made in the file's own memory; each way to run out of it loses the line and counts it. */
static void error_lines_without_memory_are_counted(void **state)
{
    struct test_memory memory = {0};
    (void)state;
    struct ssr_log_file *file = open_log(&memory, in_folder("log"));
    ssr_log log = ssr_log_file_sinks(file);
    size_t before = memory.calls;
    log.error(log.arg, "ssr", "line");
    size_t calls = memory.calls - before;
    for (size_t i = 1; i <= calls; i++) {
        memory.fail_at = memory.calls + i;
        log.error(log.arg, "ssr", "lost");
        assert_int_equal(ssr_log_file_lost(file, NULL), i);
    }
    ssr_log_file_close(file);
    assert_text("log", "{\"category\":\"ssr\",\"error\":\"line\"}\n");
    unlink(in_folder("log"));
    assert_all_freed(&memory);
}

/* ---- Threads, and records ---------------------------------------------------------------------------------------- */

static void *write_lines(void *file)
{
    char line[200];
    memset(line, 'l', sizeof line);
    for (int i = 0; i < LINES; i++) {
        ssr_log_file_write(file, line, sizeof line);
        if (i == LINES / 2)
            ssr_log_file_reopen(file);
    }
    return NULL;
}

static void lines_of_threads_stay_whole(void **state)
{
    struct test_memory memory = {0};
    pthread_t threads[THREADS];
    char line[300];
    int lines = 0;
    (void)state;
    struct ssr_log_file *file = open_log(&memory, in_folder("log"));
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, file), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ssr_log_file_close(file);
    FILE *text = fopen(in_folder("log"), "r");
    assert_non_null(text);
    for (; fgets(line, sizeof line, text); lines++)
        assert_int_equal(strlen(line), 201);
    fclose(text);
    unlink(in_folder("log"));
    assert_int_equal(lines, THREADS * LINES);
}

static ssr_status flip(ssr_ctx *ctx, void *store)
{
    return ssr_set_boolean(ctx, store, !ssr_get_boolean(ctx, store, false));
}

static void records_and_errors_are_lines_of_json(void **state)
{
    static struct fixture fixture;
    struct test_memory memory = {0};
    char line[32768];
    (void)state;
    struct ssr_log_file *file = open_log(&memory, in_folder("log"));
    fixture_init(&fixture);
    fixture.config.log = ssr_log_file_sinks(file);
    fixture_open(&fixture);
    ssr_store *store = fixture_store(&fixture, "on", "false");
    fixture_start(&fixture);
    assert_status(fixture_run(&fixture, flip, store), SSR_OK);
    fixture_close(&fixture);
    if (ssr_log_file_lost(file, NULL) > 0)
        sweep_name("the log");
    ssr_log_file_close(file);
    FILE *text = fopen(in_folder("log"), "r");
    assert_non_null(text);
    assert_non_null(fgets(line, sizeof line, text));
    assert_non_null(strstr(line, "{\"category\":\"ssr\",\"error\":\"SSR stores/cookies did not"));
    assert_non_null(fgets(line, sizeof line, text));
    assert_non_null(strstr(line, "\"outcome\":\"hard_cap\""));
    assert_int_equal(line[strlen(line) - 1], '\n');
    assert_null(fgets(line, sizeof line, text));
    fclose(text);
    unlink(in_folder("log"));
    assert_all_freed(&memory);
}

static void standard_error_gets_the_text(void **state)
{
    static struct fixture fixture;
    char text[32768];
    int ends[2], before = dup(STDERR_FILENO);
    (void)state;
    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    fixture_init(&fixture);
    fixture.config.forbidden_rerenders_count = 2;
    fixture.config.log = ssr_log_stderr();
    fixture_open(&fixture);
    ssr_store *store = fixture_store(&fixture, "on", "false");
    fixture_start(&fixture);
    ssr_status status = fixture_run(&fixture, flip, store);
    dup2(before, STDERR_FILENO);
    close(before);
    close(ends[1]);
    ssize_t length = read(ends[0], text, sizeof text - 1);
    close(ends[0]);
    fixture_close(&fixture);
    assert_status(status, SSR_OK);
    assert_true(length > 0);
    text[length] = '\0';
    if (strstr(text, "a record was lost"))
        sweep_name("the log");
    assert_ptr_equal(strstr(text, "ssr: SSR stores/cookies did not"), text);
    assert_non_null(strstr(text, "\n/: hard_cap in 3 passes"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rotated_file_is_followed),
        cmocka_unit_test(a_path_that_cannot_be_opened_keeps_the_old_file),
        cmocka_unit_test(what_takes_nothing_loses_lines_and_nothing_else),
        cmocka_unit_test(a_pipe_neither_stops_nor_kills),
        cmocka_unit_test(a_link_is_followed_to_another_device),
        cmocka_unit_test(a_torn_line_is_ended_by_the_next),
        cmocka_unit_test(a_torn_line_is_ended_in_a_file_opened_anew),
        cmocka_unit_test(a_signal_of_the_host_is_left_to_it),
        cmocka_unit_test(error_lines_without_memory_are_counted),
        cmocka_unit_test(lines_of_threads_stay_whole),
        cmocka_unit_test(records_and_errors_are_lines_of_json),
        cmocka_unit_test(standard_error_gets_the_text),
    };
    return cmocka_run_group_tests_name("log_file", tests, make_folder, remove_folder);
}
