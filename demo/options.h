/* demo/options.h - what the command line and the configuration file say. */
#ifndef DEMO_OPTIONS_H
#define DEMO_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "demo/log.h"
#include "engine/engine.h"

/* A count of the command line; one that was not given leaves what the file or the default says. */
struct count {
    bool given;
    uint64_t value;
};

/* The strings are borrowed from argv. */
struct options {
    uint16_t port;           /* 0: a free one */
    const char *once;        /* the path to render; NULL: serve */
    const char *config_path; /* NULL: none */
    enum log_format log;
    struct count allowed_rerenders;
    struct count forbidden_rerenders;
    struct count max_query_passes;
    bool prefetch_loaders; /* false leaves what the file says */
    unsigned loader_delay_ms;
};

enum options_answer {
    OPTIONS_GO,    /* run with them */
    OPTIONS_DONE,  /* help or version was printed: exit 0 */
    OPTIONS_REFUSE /* one line on standard error says what to do: exit 2 */
};

/* Reads the command line. */
enum options_answer options_read(struct options *options, int argc, char **argv);

/* Puts the file's `ssr` object into config, and then the flags, which win. False: one line says what to do. */
bool options_configure(const struct options *options, ssr_config *config);

#endif
