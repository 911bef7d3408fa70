/*
 * engine/host/log_file.h - where records go: a file of JSON Lines that may be rotated under the feet of the server, and
 * standard error.
 *
 *     ssr_log_file_open(NULL, "/var/log/site/ssr.jsonl", &file);
 *     config.log = ssr_log_file_sinks(file);       // before ssr_engine_new
 *     ...
 *     ssr_log_file_close(file);                    // after ssr_engine_free
 *
 * Each record is one line, each error line {"category":"ssr","error":"..."}. A line is written by one call, appending,
 * so that several threads and processes may write one file and every line stays whole.
 */
#ifndef SSR_ENGINE_HOST_LOG_FILE_H
#define SSR_ENGINE_HOST_LOG_FILE_H

#include "engine/record.h"
#include "ssrstore/allocator.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An open log file. Every call but open and close takes any thread. */
typedef struct ssr_log_file ssr_log_file;

/*
 * Opens a file for appending, making it (mode 0640) when it is not there. A pipe or terminal is opened without waiting:
 * what it cannot take at once is lost, and counted.
 *
 * allocator  NULL: realloc and free. Copied.
 * path       copied.
 * Returns    SSR_OK, invalid_argument (no path), nomem, or system (see errno); on an error *file is NULL.
 * Memory     *file is the caller's: ssr_log_file_close. Allocates; of what follows only the sinks do, for the text of a
 *            record or of an error line.
 * Legal      anywhere.
 */
SSR_API ssr_status ssr_log_file_open(const ssr_allocator *allocator, const char *path, ssr_log_file **file);

/* Closes it. No render may use its sinks any more. NULL is allowed. */
SSR_API void ssr_log_file_close(ssr_log_file *file);

/*
 * The sinks that write into the file; set sample and record_bytes as you like. Borrow `file`: close it after the
 * engine.
 */
SSR_API ssr_log ssr_log_file_sinks(ssr_log_file *file);

/*
 * Writes one line; the newline is added. Before it is written, a file that was renamed or removed is opened anew under
 * its path, so that rotating needs no signal; when that fails the old one is written to.
 * Returns    SSR_OK, or system: the line is lost and counted. A line that was cut short, on a full disk, is ended
 * before the next one, also when the file was opened anew in between.
 */
SSR_API ssr_status ssr_log_file_write(ssr_log_file *file, const char *line, size_t length);

/*
 * Opens the path anew, whatever it is now: for a rotation that copies and truncates, or a host that gets a signal.
 * Returns    SSR_OK, or system: the file that was open stays so.
 */
SSR_API ssr_status ssr_log_file_reopen(ssr_log_file *file);

/* How many lines were lost, and, when last_error is not NULL, the errno of the last failure (0: there was none). */
SSR_API uint64_t ssr_log_file_lost(ssr_log_file *file, int *last_error);

/* Sinks that write the text form to standard error, each record and each error line by one call; they wait when it
 * does. A line says so when a record was lost because there was no memory for its text. */
SSR_API ssr_log ssr_log_stderr(void);

#ifdef __cplusplus
}
#endif
#endif
