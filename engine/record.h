/*
 * engine/record.h - the stabilization log: why a page took as many passes as it did.
 *
 * Every render leaves one record, for the sink in ssr_config.log. With no sink nothing is noted, formatted or allocated
 * for it. What it notes lies in memory of its own: keeping it never changes a render. Values appear as the patch from
 * the committed to the staged one, those of redacted definitions not at all.
 *
 * docs/record.md lists its members; docs/reading-the-log.md goes from a symptom to its fix.
 */
#ifndef SSR_ENGINE_RECORD_H
#define SSR_ENGINE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "ssrstore/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The record of one render. Borrowed until the sink that was given it returns. */
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

/*
 * The value of a Server-Timing header (W3C Server Timing):
 *
 *     total;desc="settled";dur=2.115, pass;desc="1";dur=0.082, query;desc="idea";dur=2.000, pass;desc="2";dur=0.033
 *
 * Whole metrics only, as many as fit; printable ASCII whatever the names of queries are; without a clock no durations.
 * It tells how a page is made: for development, or an operator's address. Queries are named, their arguments are not.
 *
 * buffer     receives the text and a NUL, size bytes at the most.
 * Returns    the length without the NUL.
 * Memory     does not allocate.
 */
SSR_API size_t ssr_record_server_timing(const ssr_record *record, char *buffer, size_t size);

/* What a one-line access log wants, and what a sink needs to find the host's own request. Borrowed until the sink
 * returns. */
typedef struct ssr_record_summary {
    const char *id;       /* NULL: the host gave none */
    const char *location; /* without its query string */
    const char *outcome;
    const char *verdict; /* "settled", "cycle", ... */
    unsigned passes;
    unsigned rerenders;
    void *host; /* ssr_request.host */
} ssr_record_summary;

/* What a one-line log wants of a record. Does not allocate. */
SSR_API ssr_record_summary ssr_record_summarize(const ssr_record *record);

/* Where the log goes. Called on the thread that steps the render; NULL for what nobody wants. */
typedef struct ssr_log {
    /*
     * One error line, without a newline: what must be seen even when records are sampled. The hard cap, the cap of
     * query passes and a cycle that ended the render write exactly one. category is "ssr". The texts are borrowed for
     * the call.
     */
    void (*error)(void *arg, const char *category, const char *line);
    /* One record for each render that ended and was chosen. Borrowed for the call. */
    void (*record)(void *arg, ssr_record *record);
    void *arg;

    /*
     * Of N renders that settled or redirected, one is recorded: chosen by id, seed and now_ms of the request, so that
     * every machine chooses the same. 0 and 1: all. Renders that ended in any other way are always recorded.
     */
    uint64_t sample;
    /* What one record may note in memory, beside the request's; a longer one says `truncated`. 0: 1 MiB. */
    uint64_t record_bytes;
} ssr_log;

#ifdef __cplusplus
}
#endif
#endif
