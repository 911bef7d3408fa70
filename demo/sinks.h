/* demo/sinks.h - all the places that the log of the renders goes to: standard error, a file, the live view. */
#ifndef DEMO_SINKS_H
#define DEMO_SINKS_H

#include "demo/live.h"
#include "demo/options.h"
#include "engine/host/log_file.h"

struct sinks {
    ssr_log all[3];
    size_t count;
    ssr_log_file *file; /* NULL: none */
    struct live *live;  /* NULL: none */
};

/* Opens what the options ask for. False: one line on standard error says why. sinks_close either way. */
bool sinks_open(struct sinks *sinks, const struct options *options);

/* For ssr_config. Borrows the sinks. */
ssr_log sinks_log(struct sinks *sinks);

/* After the engine is freed. */
void sinks_close(struct sinks *sinks);

#endif
