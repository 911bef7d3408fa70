/*
 * demo/log.c - the log on standard error. In text an error is its line and a record its lines; in JSON each is one
 * line, an error being {"category":...,"error":...} and a note likewise. Every entry is written by one call, so that
 * entries stay whole.
 */
#include "demo/log.h"

#include <stdio.h>

#include "ssrstore/value.h"

static void write_json(const char *category, const char *member, const char *line)
{
    ssr_builder *entry = ssr_builder_new(NULL);
    ssr_value *value = NULL;

    if (!entry)
        return;
    ssr_builder_begin_object(entry);
    ssr_builder_key(entry, "category");
    ssr_builder_string(entry, category);
    ssr_builder_key(entry, member);
    ssr_builder_string(entry, line);
    ssr_builder_end_object(entry);
    if (ssr_builder_finish(entry, &value) == SSR_OK)
        fprintf(stderr, "%s\n", ssr_value_text(value));
    ssr_value_free(value);
    ssr_builder_free(entry);
}

static void write_line(enum log_format format, const char *category, const char *member, const char *line)
{
    if (format == LOG_TEXT)
        fprintf(stderr, "%s\n", line);
    else if (format == LOG_JSON)
        write_json(category, member, line);
}

void log_note(enum log_format format, const char *category, const char *line)
{
    write_line(format, category, "note", line);
}

void log_error(enum log_format format, const char *category, const char *line)
{
    write_line(format, category, "error", line);
}

static void error_sink(void *arg, const char *category, const char *line)
{
    const enum log_format *format = arg;

    log_error(*format, category, line);
}

static void text_sink(void *arg, ssr_record *record)
{
    const char *text = ssr_record_text(record, NULL);

    (void)arg;
    if (text)
        fputs(text, stderr);
}

static void json_sink(void *arg, ssr_record *record)
{
    const char *json = ssr_record_json(record, NULL);

    (void)arg;
    if (json)
        fprintf(stderr, "%s\n", json);
}

ssr_log log_sinks(const enum log_format *format)
{
    ssr_log sinks = {.arg = (void *)format};

    if (*format == LOG_OFF)
        return sinks;
    sinks.error = error_sink;
    sinks.record = *format == LOG_JSON ? json_sink : text_sink;
    return sinks;
}
