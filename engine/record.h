/*
 * engine/record.h - the stabilization log: why a page took as many passes as it did.
 *
 * Every render leaves one record. It is made only when a sink asks for it; with no sink nothing is formatted and
 * nothing is allocated for it. Values never appear in it: changed values are named, with their digests and with
 * the line of code that set them.
 */
#ifndef SSR_ENGINE_RECORD_H
#define SSR_ENGINE_RECORD_H

#include <stddef.h>

#include "ssrstore/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ssr_record ssr_record;

/*
 * The record as one line of JSON, without a newline; see docs/record.md for its members. Byte for byte the same for
 * the same render, but for durations.
 * Returns    NULL when memory ran out; *length, when length is not NULL, is the line's length in bytes.
 * Memory     borrowed, until the sink returns. Allocates.
 */
SSR_API const char *ssr_record_json(ssr_record *record, size_t *length);

/* The record as lines for a person, control characters escaped, each line with its newline. Else as above. */
SSR_API const char *ssr_record_text(ssr_record *record, size_t *length);

/* The name of the outcome, the passes, and the place: what a one-line access log wants. Borrowed until the sink
 * returns. */
typedef struct ssr_record_summary {
    const char *id;
    const char *location; /* without its query string */
    const char *outcome;
    unsigned passes;
    unsigned rerenders;
} ssr_record_summary;

SSR_API ssr_record_summary ssr_record_summarize(const ssr_record *record);

/* Where the log goes. Called on the thread that steps the render; NULL for what nobody wants. */
typedef struct ssr_log {
    /*
     * One error line, without a newline: what must be seen even when records are sampled. The hard cap writes
     * exactly one. category is "ssr". The texts are borrowed for the call.
     */
    void (*error)(void *arg, const char *category, const char *line);
    /* One record for each render that ended. Borrowed for the call. */
    void (*record)(void *arg, ssr_record *record);
    void *arg;
} ssr_log;

#ifdef __cplusplus
}
#endif
#endif
