/*
 * ssrbench NAME ARGUMENT MILLISECONDS: runs one measurement for about so long and prints "nanoseconds allocations" for
 * one operation. bench.mjs runs it many times, interleaved with others, and makes the table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/bench.h"

static double now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static const struct bench *find(const char *name)
{
    if (strcmp(name, page_bench.name) == 0)
        return &page_bench;
    for (size_t i = 0; i < canon_bench_count; i++)
        if (strcmp(name, canon_benches[i].name) == 0)
            return &canon_benches[i];
    return NULL;
}

/* How many operations take about `wanted_ns`; warms up on the way. */
static size_t calibrate(const struct bench *bench, void *state, double wanted_ns)
{
    size_t times = 1;
    for (;;) {
        double start = now_ns();
        bench->run(state, times);
        double taken = now_ns() - start;
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
    double start = now_ns();
    bench->run(state, times);
    double taken = now_ns() - start;
    printf("%.3f %.3f\n", taken / (double)times, bench->count ? bench->count(state) : 0);
    bench->end(state);
    return 0;
}
