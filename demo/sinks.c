/*
 * demo/sinks.c - one log for the engine out of several. With none there are no sinks, so that renders note nothing.
 */
#include "demo/sinks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void add(struct sinks *sinks, ssr_log log)
{
    if (log.record)
        sinks->all[sinks->count++] = log;
}

static bool open_file(struct sinks *sinks, const char *path)
{
    ssr_status status = ssr_log_file_open(NULL, path, &sinks->file);

    if (status == SSR_OK) {
        add(sinks, ssr_log_file_sinks(sinks->file));
        return true;
    }
    fprintf(stderr, "ssrdemo: cannot open the log file '%s' (%s): check its name and permissions\n", path,
            status == SSR_E_SYSTEM ? strerror(errno) : ssr_status_advice(status));
    return false;
}

static bool open_live(struct sinks *sinks)
{
    sinks->live = live_new();
    if (sinks->live)
        add(sinks, live_sinks(sinks->live));
    else
        fputs("ssrdemo: cannot prepare the live view: out of memory\n", stderr);
    return sinks->live;
}

bool sinks_open(struct sinks *sinks, const struct options *options)
{
    *sinks = (struct sinks){0};
    add(sinks, log_sinks(&options->log));
    return (!options->log_path || open_file(sinks, options->log_path)) && (!options->is_dev || open_live(sinks));
}

void sinks_close(struct sinks *sinks)
{
    live_free(sinks->live);
    ssr_log_file_close(sinks->file);
}

static void error_sink(void *arg, const char *category, const char *line)
{
    const struct sinks *sinks = arg;

    for (size_t i = 0; i < sinks->count; i++)
        sinks->all[i].error(sinks->all[i].arg, category, line);
}

static void record_sink(void *arg, ssr_record *record)
{
    const struct sinks *sinks = arg;

    for (size_t i = 0; i < sinks->count; i++)
        sinks->all[i].record(sinks->all[i].arg, record);
}

ssr_log sinks_log(struct sinks *sinks)
{
    if (sinks->count == 0)
        return (ssr_log){0};
    return (ssr_log){.error = error_sink, .record = record_sink, .arg = sinks};
}
