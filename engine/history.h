/*
 * The history of a render: which values its changing definitions went through, and by it whether the state repeats.
 *
 * Data and owners: everything is in memory of the history's own, of HISTORY_BYTES at the most, so that keeping it never
 * changes a render. It begins with what the second pass staged: a page that settles in two passes has none.
 *
 *   track        one for each definition that changed: its last values, as bytes, and how often it changed in a row
 *   transition   what one pass staged, as the numbers its tracks have given to the values
 *
 * What always holds: two values of a track have one number exactly when their bytes are equal. So equality of states is
 * proven by bytes, though only numbers are compared. Where memory ran out nothing is ever found to be equal.
 */
#ifndef SSR_ENGINE_HISTORY_H
#define SSR_ENGINE_HISTORY_H

#include "ssrstore/scope.h"

enum {
    SSR_HISTORY_PERIOD = 8, /* the longest that is looked for */
    SSR_HISTORY_VALUES = SSR_HISTORY_PERIOD,
    SSR_HISTORY_TRANSITIONS = 3 * SSR_HISTORY_PERIOD,
    SSR_HISTORY_PLACES = 4 /* writers of one definition that are told */
};

struct ssr_past_value {
    ssr_digest digest;
    char *text;    /* the first `kept` bytes */
    size_t length; /* of the whole */
    size_t kept, capacity;
    uint64_t number;
};

struct ssr_track {
    const struct ssr_definition *definition;
    struct ssr_track *next;          /* in order of first change */
    struct ssr_past_value values[8]; /* a ring */
    size_t value_count;              /* that there ever were; the newest is at (value_count - 1) % 8 */
    unsigned last_pass;              /* that changed it */
    unsigned streak;                 /* passes in a row that changed it, up to that one */
    bool has_repeated;               /* in them: a value came back */
    uint64_t first_seen, last_seen;  /* numbers at both ends of the stretch looked at by stretch `look` */
    uint64_t look;
};

struct ssr_transition_change {
    struct ssr_track *track;
    uint64_t before, after;
    struct ssr_writer writer;
};

struct ssr_transition {
    unsigned pass;
    bool is_barrier; /* more than the tracks say has changed: the states of both sides are never equal */
    uint64_t state;  /* mixed from the numbers, after it: unequal ones are unequal states */
    struct ssr_transition_change *changes;
    size_t count, capacity;
};

struct ssr_history {
    struct ssr_budget budget;
    struct ssr_region region;
    struct ssr_track *first, **end;
    struct ssr_track **table; /* by definition, open addressing */
    size_t table_size, track_count;
    struct ssr_transition transitions[SSR_HISTORY_TRANSITIONS]; /* a ring */
    size_t transition_count;
    uint64_t state, last_number, last_look;
};

/* NULL: no memory. */
struct ssr_history *ssr_history_new(const ssr_allocator *allocator);
void ssr_history_free(struct ssr_history *history);
/* Notes what is staged and differs when a pass has ended. */
void ssr_history_note(struct ssr_history *history, const struct ssr_ctx *ctx, bool is_barrier);
/* Another location begins. */
void ssr_history_restart(struct ssr_history *history);

/*
 * The shortest period with which the states up to the staged one repeat; 0: none. is_proof: for three full periods;
 * else for as long as anything is known, and once at least.
 */
unsigned ssr_history_period(struct ssr_history *history, bool is_proof);
/* The n-th transition from the end, 0 being the last; NULL: it is not known. */
const struct ssr_transition *ssr_history_transition(const struct ssr_history *history, size_t n);
/* The n-th value of a track from the end; NULL: it is not known any more. */
const struct ssr_past_value *ssr_track_value(const struct ssr_track *track, size_t n);
/* Where the last `passes` transitions set the track, each place once, in order; returns how many. */
size_t ssr_track_places(const struct ssr_history *history, const struct ssr_track *track, size_t passes,
                        struct ssr_writer places[SSR_HISTORY_PLACES]);

/* looks.c: what the last values of a track, three at least, look like: time, random, counter, pointer, growing,
 * unknown.
 */
const char *ssr_track_looks(const struct ssr_track *track, int64_t now_ms);

#endif
