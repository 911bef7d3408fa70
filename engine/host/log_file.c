/*
 * The log's file and standard error. What always holds: one system call writes one whole line; a failure is counted,
 * told by ssr_log_file_lost, and nothing else, whatever the file is: a log never stops a render, nor a broken pipe the
 * process.
 */
#include "engine/host/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "engine/host/host_memory.h"
#include "ssrstore/value.h"

struct ssr_log_file {
    ssr_allocator allocator;
    size_t size; /* of the block, the path included */
    pthread_mutex_t mutex;
    int descriptor;
    dev_t device; /* of what is open */
    ino_t inode;
    bool is_torn; /* the last line has no end */
    uint64_t lost;
    int last_error;
    char path[];
};

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

/* As writev, without the signal that a broken pipe raises. */
static ssize_t write_quietly(int descriptor, const struct iovec *parts, int count)
{
    static const struct timespec now = {0, 0};
    sigset_t pipe_signal, before, pending;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    bool is_ours = !sigismember(&pending, SIGPIPE);
    ssize_t written;
    do
        written = writev(descriptor, parts, count);
    while (written < 0 && errno == EINTR);
    int error = errno;
    if (written < 0 && error == EPIPE && is_ours)
        while (sigtimedwait(&pipe_signal, NULL, &now) < 0 && errno == EINTR)
            continue;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return written;
}

static ssr_status count_loss(struct ssr_log_file *file, int error)
{
    file->lost++;
    file->last_error = error;
    return SSR_E_SYSTEM;
}

static ssr_status write_line(struct ssr_log_file *file, struct iovec *parts, int count)
{
    size_t wanted = 0;
    for (int i = 0; i < count; i++)
        wanted += parts[i].iov_len;
    ssize_t written = write_quietly(file->descriptor, parts, count);
    if (written == (ssize_t)wanted) {
        file->is_torn = false;
        return SSR_OK;
    }
    file->is_torn |= written > 0;
    return count_loss(file, written < 0 ? errno : ENOSPC);
}

/* ---- Opening ----------------------------------------------------------------------------------------------------- */

/*
 * Whether the last line of a file has no end: whoever wrote it, before this process too, the disk was full or it died.
 * When the file cannot be read it has one.
 */
static bool is_cut_off(const char *path, off_t size)
{
    char last = '\n';
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    bool is_read = pread(descriptor, &last, 1, size - 1) == 1;
    close(descriptor);
    return is_read && last != '\n';
}

/* Opens the path in place of what is open; false: that stays. */
static bool reopen(struct ssr_log_file *file)
{
    struct stat status;
    int descriptor = open(file->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640);
    if (descriptor < 0)
        return false;
    if (fstat(descriptor, &status) != 0) {
        close(descriptor);
        return false;
    }
    if (file->descriptor >= 0)
        close(file->descriptor);
    file->descriptor = descriptor;
    file->device = status.st_dev;
    file->inode = status.st_ino;
    if (S_ISREG(status.st_mode))
        file->is_torn = is_cut_off(file->path, status.st_size);
    return true;
}

static bool was_rotated(const struct ssr_log_file *file)
{
    struct stat status;
    if (stat(file->path, &status) != 0)
        return errno == ENOENT;
    return status.st_dev != file->device || status.st_ino != file->inode;
}

ssr_status ssr_log_file_open(const ssr_allocator *allocator, const char *path, ssr_log_file **file)
{
    *file = NULL;
    if (!path)
        return SSR_E_INVALID_ARGUMENT;
    ssr_allocator memory = ssr_host_allocator(allocator);
    size_t size = sizeof **file + strlen(path) + 1;
    struct ssr_log_file *made = ssr_host_allocate(&memory, size);
    if (!made)
        return SSR_E_NOMEM;
    made->allocator = memory;
    made->size = size;
    made->descriptor = -1;
    memcpy(made->path, path, strlen(path) + 1);
    int error = pthread_mutex_init(&made->mutex, NULL);
    if (error == 0 && !reopen(made)) {
        error = errno;
        pthread_mutex_destroy(&made->mutex);
    }
    if (error != 0) {
        ssr_host_release(&memory, made, size);
        errno = error;
        return SSR_E_SYSTEM;
    }
    *file = made;
    return SSR_OK;
}

void ssr_log_file_close(struct ssr_log_file *file)
{
    if (!file)
        return;
    close(file->descriptor);
    pthread_mutex_destroy(&file->mutex);
    ssr_allocator memory = file->allocator;
    ssr_host_release(&memory, file, file->size);
}

ssr_status ssr_log_file_reopen(struct ssr_log_file *file)
{
    pthread_mutex_lock(&file->mutex);
    bool is_open = reopen(file);
    if (!is_open)
        file->last_error = errno;
    pthread_mutex_unlock(&file->mutex);
    return is_open ? SSR_OK : SSR_E_SYSTEM;
}

uint64_t ssr_log_file_lost(struct ssr_log_file *file, int *last_error)
{
    pthread_mutex_lock(&file->mutex);
    uint64_t lost = file->lost;
    if (last_error)
        *last_error = file->last_error;
    pthread_mutex_unlock(&file->mutex);
    return lost;
}

/* ---- Lines ------------------------------------------------------------------------------------------------------- */

ssr_status ssr_log_file_write(struct ssr_log_file *file, const char *line, size_t length)
{
    pthread_mutex_lock(&file->mutex);
    if (was_rotated(file) && !reopen(file))
        file->last_error = errno;
    struct iovec parts[] = {{"\n", file->is_torn}, {(char *)line, length}, {"\n", 1}};
    ssr_status status = write_line(file, parts, 3);
    pthread_mutex_unlock(&file->mutex);
    return status;
}

static void lose(struct ssr_log_file *file)
{
    pthread_mutex_lock(&file->mutex);
    count_loss(file, ENOMEM);
    pthread_mutex_unlock(&file->mutex);
}

static void record_to_file(void *arg, ssr_record *record)
{
    size_t length;
    const char *json = ssr_record_json(record, &length);
    if (json)
        ssr_log_file_write(arg, json, length);
    else
        lose(arg);
}

static void error_to_file(void *arg, const char *category, const char *line)
{
    struct ssr_log_file *file = arg;
    ssr_value *value = NULL;
    ssr_builder *entry = ssr_builder_new(&file->allocator);
    if (entry) {
        ssr_builder_begin_object(entry);
        ssr_builder_key(entry, "category");
        ssr_builder_string(entry, category);
        ssr_builder_key(entry, "error");
        ssr_builder_string(entry, line);
        ssr_builder_end_object(entry);
        ssr_builder_finish(entry, &value);
    }
    if (value)
        ssr_log_file_write(file, ssr_value_text(value), ssr_value_length(value));
    else
        lose(file);
    ssr_value_free(value);
    ssr_builder_free(entry);
}

ssr_log ssr_log_file_sinks(struct ssr_log_file *file)
{
    return (ssr_log){.error = error_to_file, .record = record_to_file, .arg = file};
}

/* ---- Standard error ---------------------------------------------------------------------------------------------- */

static void record_to_stderr(void *arg, ssr_record *record)
{
    static const char lost[] = "ssr: a record was lost: there was no memory for its text\n";
    size_t length;
    const char *text = ssr_record_text(record, &length);
    struct iovec part = {(char *)(text ? text : lost), text ? length : sizeof lost - 1};
    (void)arg;
    write_quietly(STDERR_FILENO, &part, 1);
}

static void error_to_stderr(void *arg, const char *category, const char *line)
{
    struct iovec parts[] = {{(char *)category, strlen(category)}, {": ", 2}, {(char *)line, strlen(line)}, {"\n", 1}};
    (void)arg;
    write_quietly(STDERR_FILENO, parts, 4);
}

ssr_log ssr_log_stderr(void)
{
    return (ssr_log){.error = error_to_stderr, .record = record_to_stderr};
}
