/* Counts by name and spreads of numbers, in memory that does not grow with what is counted. */
#ifndef SSR_TOOLS_EXPLAIN_TALLY_H
#define SSR_TOOLS_EXPLAIN_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TALLY_ROWS = 1024, TALLY_KEY = 1024, SPREAD_BINS = 1024 };

/*
 * How numbers are spread. Passes are counted exactly up to 1,022 and beyond that as "1,023 or more"; durations by 16
 * steps in each doubling, so that a median is off by at most a thirty-second part. The largest is exact.
 */
struct spread {
    uint64_t count, largest, smallest;
    uint32_t bins[SPREAD_BINS];
    bool is_time;
};

void spread_add(struct spread *spread, uint64_t number);
/* The smallest number that at least `percent` of all are not above. 0 when there are none. */
uint64_t spread_percentile(const struct spread *spread, unsigned percent);

struct tally_row {
    char *key;
    size_t key_length;
    uint64_t times;        /* how often it was counted */
    uint64_t renders;      /* in how many renders */
    uint64_t last_line;    /* the render that counted it last */
    uint64_t good;         /* of routes: renders that settled or redirected */
    uint64_t extra_passes; /* of routes: beyond one for each render */
    uint64_t nanoseconds;  /* of chains */
    uint64_t example_line; /* the render that counted it first */
    char *example_id;      /* canonical JSON; NULL: it had none */
    char *note;            /* canonical JSON of what that render said about it; NULL: nothing */
    struct spread *passes, *time;
};

/* At most TALLY_ROWS names, those that came first. `others` counts what was left out. */
struct tally {
    struct tally_row *rows;
    uint16_t *slots;
    size_t count;
    uint64_t others;
    bool has_failed; /* no memory */
};

bool tally_init(struct tally *tally);
void tally_release(struct tally *tally);
/* Counts once in the render at `line`. NULL: among the others. A new row has times == 1. */
struct tally_row *tally_count(struct tally *tally, const char *key, size_t length, uint64_t line);
/* A copy of a text that is short enough to keep; NULL when there is none. */
char *tally_keep(struct tally *tally, const char *text, size_t length);

#endif
