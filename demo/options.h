/* demo/options.h - what the command line and the configuration file say. */
#ifndef DEMO_OPTIONS_H
#define DEMO_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "demo/log.h"
#include "engine/engine.h"

#define LARGEST_COOKIES 32

/* A count of the command line; one that was not given leaves what the file or the default says. */
struct count {
    bool given;
    uint64_t value;
};

/* The strings are borrowed from argv. */
struct options {
    uint16_t port;                        /* 0: a free one */
    const char *once;                     /* the path to render; NULL: serve */
    bool types;                           /* print the declarations for the browser's side instead */
    const char *config_path;              /* NULL: none */
    const char *key_path;                 /* of the file with the keys of cookies; NULL: none */
    const char *cookies[LARGEST_COOKIES]; /* the Cookie headers of `once` */
    size_t cookie_count;
    bool is_behind_tls; /* visitors come by https, through a proxy */
    enum log_format log;
    const char *log_path; /* of the file that the log is appended to as well; NULL: none */
    bool is_dev;          /* show how pages are rendered: live.h */
    struct count allowed_rerenders;
    struct count forbidden_rerenders;
    struct count max_query_passes;
    bool stop_on_cycle;    /* false leaves what the file says */
    bool prefetch_loaders; /* false leaves what the file says */
    unsigned loader_delay_ms;
    const char *island_path; /* of the bundle of demo/browser/bundle.mjs; NULL: none */
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
