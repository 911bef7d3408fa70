/*
 * demo/main.c - ssrdemo: reads what it was asked for, opens the site, and prints one page or serves them all.
 * Exit status: 0 when that worked, 1 when it failed on the way, 2 when it was asked for something impossible.
 */
#include <time.h>

#include "demo/once.h"
#include "demo/options.h"
#include "demo/server.h"
#include "demo/site.h"

static uint64_t steady_nanoseconds(void *arg)
{
    struct timespec now;

    (void)arg;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int run(const struct options *options, const ssr_config *config)
{
    struct site site;
    int status = 1;

    if (site_open(&site, config, options)) {
        if (options->once)
            status = once_print(&site, options->once) ? 0 : 1;
        else
            status = server_run(&site, options->port) ? 0 : 2;
    }
    site_close(&site);
    return status;
}

int main(int argc, char **argv)
{
    ssr_config config = ssr_config_default();
    struct options options;

    switch (options_read(&options, argc, argv)) {
    case OPTIONS_DONE: return 0;
    case OPTIONS_REFUSE: return 2;
    case OPTIONS_GO: break;
    }
    config.clock = steady_nanoseconds;
    config.log = log_sinks(&options.log);
    if (!options_configure(&options, &config))
        return 2;
    return run(&options, &config);
}
