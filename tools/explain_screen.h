/* Lines for a terminal: escaped, styled, wrapped. What records bring along never reaches it as control characters. */
#ifndef SSR_TOOLS_EXPLAIN_SCREEN_H
#define SSR_TOOLS_EXPLAIN_SCREEN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ssrstore/value.h"

/* Each lasts until the next one. */
enum style { STYLE_PLAIN = 1, STYLE_STRONG, STYLE_QUIET, STYLE_GOOD, STYLE_WARN, STYLE_BAD, STYLE_NAME, STYLES };

struct screen {
    FILE *to;
    size_t width;
    bool is_unicode;
    bool is_coloured;
    bool has_failed; /* no memory: what was said is not whole */
    char *line;      /* UTF-8 in which the bytes of `enum style` stand for styles */
    size_t length, capacity;
    size_t column;
};

/* Asks the environment: the locale for its characters, NO_COLOR and the terminal for colours, COLUMNS for the width. */
void screen_init(struct screen *screen, FILE *to);
void screen_release(struct screen *screen);

/* One or the other, as the terminal has characters for it. */
const char *screen_symbol(const struct screen *screen, const char *unicode, const char *ascii);
const char *screen_arrow(const struct screen *screen);

/* Adds to the line. `say` is for the program's own words, the others for what a record says. */
void screen_say(struct screen *screen, const char *format, ...) __attribute__((format(printf, 2, 3)));
void screen_style(struct screen *screen, enum style style);
void screen_text(struct screen *screen, ssr_json string);
/* Any JSON, in at most `limit` columns. */
void screen_json(struct screen *screen, ssr_json json, size_t limit);
/* A string's text in exactly `columns`. */
void screen_cell(struct screen *screen, ssr_json string, size_t columns);
/* 1234567 as 1,234,567. */
void screen_count(struct screen *screen, uint64_t count);
void screen_ms(struct screen *screen, double ms);
/* Blanks up to a column. */
void screen_pad(struct screen *screen, size_t column);

/* Writes the line; what does not fit goes on below, behind `hanging` and `indent` blanks. */
void screen_end(struct screen *screen, const char *hanging, size_t indent);

/* The texts of the two above, for columns that are aligned to the right. */
void format_count(char text[32], uint64_t count);
void format_ms(char text[32], double ms);

#endif
