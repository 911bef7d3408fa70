/*
 * demo/main.c - ssrdemo: reads what it was asked for, opens the site, and prints one page or serves them all.
 * Exit status: 0 when that worked, 1 when it failed on the way, 2 when it was asked for something impossible.
 */
#include <time.h>

#include "demo/keys.h"
#include "demo/once.h"
#include "demo/options.h"
#include "demo/server.h"
#include "demo/sinks.h"
#include "demo/site.h"

static uint64_t steady_nanoseconds(void *arg)
{
    struct timespec now;

    (void)arg;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static bool print_once(struct site *site, const struct options *options)
{
    return once_print(site, &(struct request){.method = "GET",
                                              .target = options->once,
                                              .cookies = options->cookies,
                                              .cookie_count = options->cookie_count,
                                              .body = ""});
}

static bool serve(struct site *site, const struct options *options, bool has_made_key)
{
    return server_run(site, options->port,
                      has_made_key ? "ssrdemo: made a key for sealed cookies, because --cookie-key-file and "
                                     "SSRDEMO_COOKIE_KEYS are not set: sign-ins end when this server stops"
                                   : NULL);
}

/* The engine has its own copy of the keys as soon as the site is open. */
static int run(const struct options *options, const ssr_config *config, struct keys *keys, struct live *live)
{
    struct site site;
    bool is_open = site_open(&site, config, options, live);
    int status = 1;

    keys_wipe(keys);
    if (is_open && options->types)
        status = once_print_types(&site) ? 0 : 1;
    else if (is_open && options->once)
        status = print_once(&site, options) ? 0 : 1;
    else if (is_open)
        status = serve(&site, options, keys->is_made) ? 0 : 2;
    site_close(&site);
    return status;
}

int main(int argc, char **argv)
{
    ssr_config config = ssr_config_default();
    struct options options;
    struct keys keys;
    struct sinks sinks;
    int status = 2;

    switch (options_read(&options, argc, argv)) {
    case OPTIONS_DONE: return 0;
    case OPTIONS_REFUSE: return 2;
    case OPTIONS_GO: break;
    }
    if (!options_configure(&options, &config) || !keys_read(&keys, options.key_path, &config))
        return 2;
    if (sinks_open(&sinks, &options)) {
        config.log = sinks_log(&sinks);
        config.clock = config.log.record ? steady_nanoseconds : NULL; /* durations are for records alone */
        status = run(&options, &config, &keys, sinks.live);
    }
    sinks_close(&sinks);
    return status;
}
