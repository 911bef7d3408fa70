/* demo/metrics.h - what many renders add up to, counted from their records. One thread at a time. */
#ifndef DEMO_METRICS_H
#define DEMO_METRICS_H

#include <stdio.h>

#include "ssrstore/value.h"

struct metrics;

/* All zero. NULL: no memory. */
struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics);

/* Counts a record (docs/record.md). What it does not tell, as durations without a clock, is not counted. */
void metrics_note_record(struct metrics *metrics, ssr_json record);

/* Counts a line of the error sink. */
void metrics_note_error(struct metrics *metrics);

/* Writes them in the text format of Prometheus, version 0.0.4. */
void metrics_write(const struct metrics *metrics, FILE *out);

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

#endif
