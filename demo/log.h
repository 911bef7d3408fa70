/* demo/log.h - where log lines go: standard error, as text, as JSON Lines, or nowhere. */
#ifndef DEMO_LOG_H
#define DEMO_LOG_H

#include "engine/record.h"

enum log_format { LOG_TEXT, LOG_JSON, LOG_OFF };

/* The log for ssr_config. `format` is borrowed as long as the engine lives. With LOG_OFF there are no sinks. */
ssr_log log_sinks(const enum log_format *format);

/* A line for whoever started the program; category says of which part. */
void log_note(enum log_format format, const char *category, const char *line);

/* One error line of the demo's own; category says of which part. */
void log_error(enum log_format format, const char *category, const char *line);

#endif
