/*
 * What many records say together: per route how many passes they took, what caused the passes, which loads ran one
 * after the other, verdicts and advice. Memory is bounded whatever the log holds; records are looked at one by one.
 */
#ifndef SSR_TOOLS_EXPLAIN_SUMMARY_H
#define SSR_TOOLS_EXPLAIN_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "ssrstore/value.h"

struct explain_summary;

/* NULL: no memory. */
struct explain_summary *explain_summary_new(void);
void explain_summary_free(struct explain_summary *summary);

/* Looks at a record; `line` tells it from the others and is shown with examples. The record is borrowed for the call.
 */
void explain_summary_add(struct explain_summary *summary, ssr_json record, uint64_t line);

/*
 * The summary as an object:
 *   v, renders, skippedLines, errorLines   numbers
 *   passes, ms    {"median","p95","worst"} of all renders; ms only when durations were recorded
 *   outcomes, verdicts, advice   tables of {"kind","times","example"}; kind null: the record has none
 *   routes        a table of {"route","renders","notSettled","passes","ms"}; ":n" stands for a segment of digits
 *   causes        a table of {"what":{"kind","name"},"passes","renders","example"}: what made passes necessary
 *   waits         a table of {"steps":[{"kind","name"}],"times","ms","example"}: loads that ran one after the other,
 * and how long all of them took together, on average A table is {"rows":[...],"others":N}: at most 1,024 rows, those
 * that were named first, in the order in which they are shown; others counts what has no row of its own. An example is
 * the first record that said so: {"line","id","text"}, "at" instead of "text" for causes. Returns SSR_OK or
 * SSR_E_NOMEM. *value is the caller's to free.
 */
ssr_status explain_summary_finish(struct explain_summary *summary, uint64_t skipped_lines, uint64_t error_lines,
                                  ssr_value **value);

#endif
