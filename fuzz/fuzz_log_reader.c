/*
 * Any bytes as a log that `ssrstore explain` reads. What must hold: each line is a record, an error line, blank, or
 * named as what is wrong with it, with its number and a place inside of it; the summary counts all of them; and nothing
 * of a record reaches the terminal as a control character, or the page as markup.
 */
#include "fuzz/fuzz.h"
#include "tools/explain.h"
#include "tools/explain_html.h"
#include "tools/explain_summary.h"

enum { RECORDS = 64 };

struct log {
    struct record_source source;
    struct explain_summary *summary;
    ssr_value *records[RECORDS]; /* the first ones */
    uint64_t count;
};

/* ---- Lines --------------------------------------------------------------------------------------------------------
 */

struct sums {
    uint64_t records, refused, blank, errors;
};

/* The answer to a line is expected as the next of the complaints; none for what was not refused. */
static void expect_complaint(char **complaints, uint64_t number, size_t length)
{
    char start[40], *end;
    int prefix = snprintf(start, sizeof start, "log:%ju: ", (uintmax_t)number);
    expect(strncmp(*complaints, start, (size_t)prefix) == 0);
    end = strchr(*complaints, '\n');
    expect(end != NULL);
    *end = '\0';
    char *at = strstr(*complaints, " at byte ");
    expect(at != NULL);
    unsigned long byte = strtoul(at + strlen(" at byte "), &at, 10);
    expect(byte <= length && strcmp(at, ": skipped") == 0);
    *complaints = end + 1;
}

static bool is_record(ssr_json json)
{
    return ssr_json_type(ssr_json_at(json, "/location")) == SSR_JSON_STRING ||
           ssr_json_type(ssr_json_at(json, "/outcome")) == SSR_JSON_STRING ||
           ssr_json_type(ssr_json_at(json, "/passLog")) == SSR_JSON_ARRAY;
}

static bool is_blank(const char *line, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
            return false;
    return true;
}

static void expect_line(struct sums *sums, uint64_t number, const char *line, size_t length, char **complaints)
{
    ssr_value *value = NULL;
    ssr_value_parse(NULL, line, length, NULL, &value);
    ssr_json json = ssr_value_json(value);
    if (is_blank(line, length)) {
        sums->blank++;
    } else if (is_record(json)) {
        sums->records++;
    } else if (ssr_json_at(json, "/category").text && ssr_json_at(json, "/error").text &&
               !ssr_json_at(json, "/location").text) {
        sums->errors++;
    } else {
        sums->refused++;
        expect_complaint(complaints, number, length);
    }
    ssr_value_free(value);
}

/* Reads the bytes a second time, naively. */
static void expect_lines(const struct log *log, const char *data, size_t size, char *complaints)
{
    struct sums sums = {0};
    uint64_t number = 0;
    for (const char *at = data, *end = data + size; at < end;) {
        const char *feed = memchr(at, '\n', (size_t)(end - at)), *behind = feed ? feed : end;
        expect_line(&sums, ++number, at, (size_t)(behind - at), &complaints);
        at = behind + 1;
    }
    expect(log->count == sums.records && log->source.skipped == sums.refused && log->source.errors == sums.errors);
    expect(log->source.number == number && *complaints == '\0');
}

/* ---- What is shown ------------------------------------------------------------------------------------------------
 */

/* No control character, of C1 neither, and none that turns the direction of writing. */
static void expect_printable(const char *text)
{
    for (const char *at = text; *at; at++)
        expect(*at == '\n' || ((unsigned char)*at >= ' ' && *at != 0x7f));
    for (const char *at = text; (at = strstr(at, "\xc2")) != NULL; at++)
        expect((unsigned char)at[1] >= 0xa0);
    for (const char *at = text; (at = strstr(at, "\xe2\x80")) != NULL; at++)
        expect((unsigned char)at[2] < 0xaa || (unsigned char)at[2] > 0xae);
}

/* Shows one thing as a terminal would get it. */
static void show(void (*print)(struct screen *, ssr_json), ssr_json json, bool is_unicode)
{
    char *text;
    size_t size;
    FILE *to = open_memstream(&text, &size);
    expect(to != NULL);
    struct screen screen;
    screen_init(&screen, to);
    screen.is_unicode = is_unicode;
    print(&screen, json);
    expect(!screen.has_failed);
    screen_release(&screen);
    expect(fclose(to) == 0 && strlen(text) == size);
    expect_printable(text);
    free(text);
}

static bool count_markup(void *arg, const char *bytes, size_t length)
{
    size_t *count = arg;
    for (size_t i = 0; i < length; i++)
        *count += bytes[i] == '<';
    return true;
}

/* How much markup a page of the first so many records has. */
static size_t markup(const struct log *log, size_t kept, const ssr_value *summary)
{
    explain_text texts[RECORDS];
    size_t count = 0;
    for (size_t i = 0; i < kept; i++)
        texts[i] = (explain_text){ssr_value_text(log->records[i]), ssr_value_length(log->records[i])};
    const explain_page page = {.records = texts,
                               .count = kept,
                               .total = log->count,
                               .source = log->source.name,
                               .summary = summary,
                               .style_url = "/style", /* not in the page: they are the same in each */
                               .script_url = "/script"};
    expect(explain_html(&page, count_markup, &count) == SSR_OK);
    return count;
}

static void expect_shown(const struct log *log)
{
    ssr_value *summary;
    size_t kept = log->count < RECORDS ? (size_t)log->count : RECORDS;
    expect(explain_summary_finish(log->summary, log->source.skipped, log->source.errors, &summary) == SSR_OK);
    ssr_json json = ssr_value_json(summary);
    expect(json_count(json, "/renders") == log->count && json_count(json, "/skippedLines") == log->source.skipped);
    expect(json_count(json, "/errorLines") == log->source.errors);
    show(print_tables, json, true);
    for (size_t i = 0; i < kept; i++)
        for (int is_unicode = 0; is_unicode < 2; is_unicode++)
            show(print_tree, ssr_value_json(log->records[i]), is_unicode);
    expect(markup(log, kept, summary) == markup(log, 0, summary) + 2 * kept); /* an element for each */
    ssr_value_free(summary);
}

/* ---- The target ---------------------------------------------------------------------------------------------------
 */

/* Reads all of the log; the answer is what it complained of, the caller's to free. */
static char *read_log(struct log *log)
{
    char *complaints;
    size_t size;
    ssr_value *record;
    enum source_answer answer;
    log->source.complaints = open_memstream(&complaints, &size);
    expect(log->source.complaints != NULL);
    while ((answer = source_next(&log->source, &record)) == SOURCE_RECORD) {
        explain_summary_add(log->summary, ssr_value_json(record), log->source.number);
        if (log->count < RECORDS)
            log->records[log->count] = record;
        else
            ssr_value_free(record);
        log->count++;
    }
    expect(answer == SOURCE_END && fclose(log->source.complaints) == 0);
    return complaints;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0; /* fmemopen wants a byte */
    struct log log = {.source = {.name = "log", .from = fmemopen((void *)data, size, "r")}};
    log.summary = explain_summary_new();
    expect(log.source.from && log.summary);
    char *complaints = read_log(&log);
    expect_lines(&log, (const char *)data, size, complaints);
    expect_shown(&log);
    for (size_t i = 0; i < log.count && i < RECORDS; i++)
        ssr_value_free(log.records[i]);
    free(complaints);
    fclose(log.source.from);
    source_release(&log.source);
    explain_summary_free(log.summary);
    return 0;
}
