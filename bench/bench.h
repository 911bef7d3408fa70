/* The measurements of ssrbench. Each runs one operation `times` times, so that the caller can time it. */
#ifndef SSR_BENCH_BENCH_H
#define SSR_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>

struct bench {
    const char *name;
    void *(*begin)(const char *argument); /* NULL: the argument is unusable */
    void (*run)(void *state, size_t times);
    double (*count)(void *state); /* allocations for each operation, or bytes of it; NULL: not counted */
    void (*end)(void *state);
    bool waits; /* for other threads, or for time to pass */
};

extern const struct bench page_benches[];
extern const size_t page_bench_count;
extern const struct bench tree_benches[];
extern const size_t tree_bench_count;
extern const struct bench lua_benches[];
extern const size_t lua_bench_count;
extern const struct bench canon_benches[];
extern const size_t canon_bench_count;
extern const struct bench loader_benches[];
extern const size_t loader_bench_count;
extern const struct bench flight_benches[];
extern const size_t flight_bench_count;

#endif
