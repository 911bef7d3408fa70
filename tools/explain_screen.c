/*
 * Lines for a terminal. A line is put together in memory and then written, wrapped at words. Everything that a record
 * says passes `add_code_point`, which spells out control characters and those that turn the direction of writing; so
 * the only escape sequences written are the styles of this file, and those only to a terminal that wants colours.
 */
#include "tools/explain_screen.h"

#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ssrstore/utf8.h"

/* ---- What the terminal can do ----------------------------------------------------------------------------------- */

static size_t terminal_width(FILE *to)
{
    const char *columns = getenv("COLUMNS");
    long width = columns ? strtol(columns, NULL, 10) : 0;
#ifdef TIOCGWINSZ
    struct winsize size;
    if (width <= 0 && ioctl(fileno(to), TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
#endif
    if (width <= 0)
        width = 100;
    return width < 40 ? 40 : width > 400 ? 400 : (size_t)width;
}

static bool wants_colours(FILE *to)
{
    const char *refusal = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return isatty(fileno(to)) && !(refusal && *refusal) && terminal && strcmp(terminal, "dumb") != 0;
}

void screen_init(struct screen *screen, FILE *to)
{
    setlocale(LC_CTYPE, "");
    *screen = (struct screen){.to = to,
                              .width = terminal_width(to),
                              .is_unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
                              .is_coloured = wants_colours(to)};
}

void screen_release(struct screen *screen)
{
    free(screen->line);
}

const char *screen_symbol(const struct screen *screen, const char *unicode, const char *ascii)
{
    return screen->is_unicode ? unicode : ascii;
}

const char *screen_arrow(const struct screen *screen)
{
    return screen_symbol(screen, "\u2192", "->");
}

/* ---- Putting a line together ------------------------------------------------------------------------------------ */

static void add_bytes(struct screen *screen, const char *bytes, size_t length)
{
    if (length > screen->capacity - screen->length) {
        size_t capacity = (screen->capacity + length) * 2;
        char *line = realloc(screen->line, capacity);
        if (!line) {
            screen->has_failed = true;
            return;
        }
        screen->line = line;
        screen->capacity = capacity;
    }
    memcpy(screen->line + screen->length, bytes, length);
    screen->length += length;
    for (size_t i = 0; i < length; i++)
        screen->column += ((unsigned char)bytes[i] & 0xC0) != 0x80 && (unsigned char)bytes[i] >= STYLES;
}

void screen_say(struct screen *screen, const char *format, ...)
{
    char text[512];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    add_bytes(screen, text, strlen(text));
}

void screen_style(struct screen *screen, enum style style)
{
    char byte = (char)style;
    add_bytes(screen, &byte, 1);
}

/* C0, DEL and C1 command a terminal; marks, embeddings, overrides and isolates turn what stands beside them. */
static bool is_harmless(uint32_t code_point)
{
    bool is_control = code_point < 0x20 || (code_point >= 0x7F && code_point < 0xA0);
    bool is_turning = code_point == 0x61C || code_point == 0x200E || code_point == 0x200F ||
                      (code_point >= 0x2028 && code_point <= 0x202E) || (code_point >= 0x2066 && code_point <= 0x2069);
    return !is_control && !is_turning && code_point != 0xFEFF;
}

static uint32_t decode(const char *bytes, size_t length)
{
    static const unsigned char mask[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code_point = (unsigned char)bytes[0] & mask[length];
    for (size_t i = 1; i < length; i++)
        code_point = code_point << 6 | ((unsigned char)bytes[i] & 0x3F);
    return code_point;
}

/* As the terminal may see it; the answer is how many columns it takes. */
static size_t spell(const struct screen *screen, const char *bytes, size_t length, char text[16])
{
    uint32_t code_point = decode(bytes, length);
    if (is_harmless(code_point) && (screen->is_unicode || code_point < 0x80)) {
        memcpy(text, bytes, length);
        text[length] = '\0';
        return 1;
    }
    return (size_t)snprintf(text, 16, code_point > 0xFFFF ? "\\U%06" PRIx32 : "\\u%04" PRIx32, code_point);
}

/* Of valid UTF-8, at most `limit` columns; the last of them say that there is more. */
static void add_limited(struct screen *screen, const char *bytes, size_t length, size_t limit)
{
    const char *more = screen_symbol(screen, "\u2026", "...");
    size_t more_columns = screen->is_unicode ? 1 : 3, columns = 0, fitting = screen->length, fitting_column = 0;
    for (size_t i = 0; i < length;) {
        char text[16];
        const unsigned char *p = (const unsigned char *)bytes + i;
        size_t step = *p < 0x80 ? 1 : ssr_utf8_sequence(p, (const unsigned char *)bytes + length);
        columns += spell(screen, bytes + i, step ? step : 1, text);
        if (columns > limit) {
            screen->length = fitting;
            screen->column = fitting_column;
            add_bytes(screen, more, strlen(more));
            return;
        }
        add_bytes(screen, text, strlen(text));
        if (columns + more_columns <= limit || i == 0) {
            fitting = screen->length;
            fitting_column = screen->column;
        }
        i += step ? step : 1;
    }
}

static void add_string(struct screen *screen, ssr_json string, size_t limit)
{
    size_t length = ssr_json_string(string, NULL, 0);
    char *text = malloc(length + 1);
    if (!text) {
        screen->has_failed = true;
        return;
    }
    ssr_json_string(string, text, length + 1);
    add_limited(screen, text, length, limit);
    free(text);
}

void screen_text(struct screen *screen, ssr_json string)
{
    add_string(screen, string, SIZE_MAX / 2);
}

void screen_json(struct screen *screen, ssr_json json, size_t limit)
{
    if (json.text)
        add_limited(screen, json.text, json.length, limit);
}

void screen_cell(struct screen *screen, ssr_json string, size_t columns)
{
    size_t start = screen->column;
    add_string(screen, string, columns);
    screen_pad(screen, start + columns);
}

void screen_pad(struct screen *screen, size_t column)
{
    while (screen->column < column && !screen->has_failed)
        add_bytes(screen, " ", 1);
}

/* ---- Numbers ---------------------------------------------------------------------------------------------------- */

void format_count(char text[32], uint64_t count)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, count);
    for (int i = 0; i < length; i++) {
        *text++ = digits[i];
        if (i + 1 < length && (length - i - 1) % 3 == 0)
            *text++ = ',';
    }
    *text = '\0';
}

void format_ms(char text[32], double ms)
{
    if (ms < 1000)
        snprintf(text, 32, "%.*f ms", ms < 1 ? 3 : ms < 10 ? 2 : ms < 100 ? 1 : 0, ms);
    else if (ms < 1e9)
        snprintf(text, 32, "%.2f s", ms / 1000);
    else
        snprintf(text, 32, "%.1e s", ms / 1000);
}

void screen_count(struct screen *screen, uint64_t count)
{
    char text[32];
    format_count(text, count);
    screen_say(screen, "%s", text);
}

void screen_ms(struct screen *screen, double ms)
{
    char text[32];
    format_ms(text, ms);
    screen_say(screen, "%s", text);
}

/* ---- Writing it ------------------------------------------------------------------------------------------------- */

static void write_style(const struct screen *screen, char style)
{
    static const char *const sequences[] = {
        [STYLE_PLAIN] = "\033[0m",     [STYLE_STRONG] = "\033[0;1m", [STYLE_QUIET] = "\033[0;2m",
        [STYLE_GOOD] = "\033[0;32m",   [STYLE_WARN] = "\033[0;33m",  [STYLE_BAD] = "\033[0;1;31m",
        [STYLE_NAME] = "\033[0;1;36m",
    };
    if (screen->is_coloured)
        fputs(sequences[(int)style], screen->to);
}

/* How far the line fits into `room` columns: up to the last blank, or all the room when there is none. */
static size_t fitting_length(const struct screen *screen, size_t from, size_t room)
{
    size_t column = 0, blank = 0;
    for (size_t i = from; i < screen->length; i++) {
        unsigned char c = (unsigned char)screen->line[i];
        if (c < STYLES || (c & 0xC0) == 0x80)
            continue;
        if (c == ' ' && column > 0)
            blank = i;
        if (++column > room)
            return blank > from + room / 2 ? blank : i;
    }
    return screen->length;
}

static void write_part(const struct screen *screen, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if ((unsigned char)screen->line[i] < STYLES)
            write_style(screen, screen->line[i]);
        else
            fputc(screen->line[i], screen->to);
    }
}

static size_t columns_of(const char *text)
{
    size_t columns = 0;
    for (; *text; text++)
        columns += ((unsigned char)*text & 0xC0) != 0x80;
    return columns;
}

void screen_end(struct screen *screen, const char *hanging, size_t indent)
{
    size_t start = columns_of(hanging) + indent, from = 0;
    while (screen->length > 0 && screen->line[screen->length - 1] == ' ')
        screen->length--;
    for (;;) {
        size_t end = fitting_length(screen, from, from == 0 ? screen->width : screen->width - start);
        write_part(screen, from, end);
        for (from = end; from < screen->length && screen->line[from] == ' ';)
            from++;
        if (from == screen->length)
            break;
        fprintf(screen->to, "\n%s%*s", hanging, (int)indent, "");
    }
    if (screen->length > 0)
        write_style(screen, STYLE_PLAIN);
    fputc('\n', screen->to);
    screen->length = screen->column = 0;
}
