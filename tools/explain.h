/* What the files of `ssrstore explain` share. */
#ifndef SSR_TOOLS_EXPLAIN_H
#define SSR_TOOLS_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ssrstore/value.h"
#include "tools/explain_screen.h"

/* ---- explain_read.c: records from a stream, one at a time ---- */

struct record_source {
    FILE *from;
    FILE *complaints; /* gets a message for each line that is refused */
    const char *name; /* as it is called in them */
    char *chunk;      /* what was read and not yet used: chunk[used..filled) */
    size_t used, filled;
    char *line;
    size_t length, capacity;
    bool is_too_long;
    uint64_t number;  /* of the line, from 1 */
    uint64_t skipped; /* lines that were refused, each with a complaint */
    uint64_t errors;  /* lines of a host's error sink, which are no records: {"category":...,"error":...} */
};

enum source_answer { SOURCE_RECORD, SOURCE_END, SOURCE_FAILED, SOURCE_NO_MEMORY };

/* The next record, the caller's to free; source->number is its line. FAILED: errno says why. */
enum source_answer source_next(struct record_source *source, ssr_value **record);
void source_release(struct record_source *source);

/* ---- explain_tree.c, explain_tables.c: for a person at a terminal ---- */

void print_tree(struct screen *screen, ssr_json record);
/* The summary that explain_summary_finish made. */
void print_tables(struct screen *screen, ssr_json summary);

/* The number there, or 0. */
double json_number(ssr_json object, const char *pointer);
uint64_t json_count(ssr_json object, const char *pointer);

#endif
