/*
 * ssrbench NAME ARGUMENT MILLISECONDS: runs one measurement for about so long and prints "nanoseconds count" for one
 * operation, the count being allocations or bytes. bench.mjs runs it many times, interleaved with others, and makes the
 * table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/bench.h"

/* Processor time, which others on the machine do not add to; but what waits for loaders is timed by the wall clock. */
static double now_ns(const struct bench *bench)
{
    struct timespec time;
    clock_gettime(bench->waits ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static const struct bench *find_in(const struct bench *benches, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, benches[i].name) == 0)
            return &benches[i];
    return NULL;
}

static const struct bench *find(const char *name)
{
    const struct bench *found = find_in(page_benches, page_bench_count, name);
    found = found ? found : find_in(tree_benches, tree_bench_count, name);
    found = found ? found : find_in(lua_benches, lua_bench_count, name);
    found = found ? found : find_in(canon_benches, canon_bench_count, name);
    found = found ? found : find_in(loader_benches, loader_bench_count, name);
    return found ? found : find_in(flight_benches, flight_bench_count, name);
}

/* How many operations take about `wanted_ns`; warms up on the way. */
static size_t calibrate(const struct bench *bench, void *state, double wanted_ns)
{
    size_t times = 1;
    for (;;) {
        double start = now_ns(bench);
        bench->run(state, times);
        double taken = now_ns(bench) - start;
        if (taken > wanted_ns / 8)
            return (size_t)((double)times * wanted_ns / taken) + 1;
        times *= 2;
    }
}

int main(int argc, char **argv)
{
    const struct bench *bench = argc == 4 ? find(argv[1]) : NULL;
    double wanted_ns = argc == 4 ? strtod(argv[3], NULL) * 1e6 : 0;
    void *state = bench && wanted_ns > 0 ? bench->begin(argv[2]) : NULL;
    if (!state) {
        fprintf(stderr, "usage: ssrbench NAME ARGUMENT MILLISECONDS\n");
        return 2;
    }
    size_t times = calibrate(bench, state, wanted_ns);
    double start = now_ns(bench);
    bench->run(state, times);
    double taken = now_ns(bench) - start;
    printf("%.3f %.3f\n", taken / (double)times, bench->count ? bench->count(state) : 0);
    bench->end(state);
    return 0;
}
