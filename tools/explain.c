/*
 * `ssrstore explain`: why pages took as many passes as they did, from a log of records. One record is shown as a tree,
 * many are summed up. Records go by one at a time; kept are the first one, the summary, and for --html the newest ones
 * up to a number and a size.
 */
#include "tools/explain.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/explain_html.h"
#include "tools/explain_summary.h"
#include "tools/tool.h"

enum { NEWEST = 2000, NEWEST_BYTES = 32 << 20 };

struct options {
    bool is_json;
    const char *html; /* the file, "-" for stdout */
    const char *log;  /* NULL: stdin */
    const char *id;   /* NULL: any */
    uint64_t line;    /* 0: any */
};

/* A ring of the newest records. */
struct newest {
    ssr_value *records[NEWEST];
    size_t first, count, bytes;
};

struct explanation {
    const struct command *command;
    struct options options;
    struct record_source source;
    struct explain_summary *summary;
    ssr_value *only; /* the first record that was selected */
    uint64_t selected;
    struct newest newest;
};

/* ---- Options ---------------------------------------------------------------------------------------------------- */

static bool read_line_number(const char *text, uint64_t *line)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    *line = number;
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && number > 0;
}

static int read_options(const struct command *command, char **arguments, struct options *options)
{
    for (; *arguments; arguments++) {
        const char *name = *arguments;
        bool takes_value = strcmp(name, "--html") == 0 || strcmp(name, "--id") == 0 || strcmp(name, "--record") == 0;
        if (takes_value && !arguments[1])
            return wrong_usage(command->name, "a value is missing after", name);
        if (takes_value)
            arguments++;
        if (strcmp(name, "--json") == 0)
            options->is_json = true;
        else if (strcmp(name, "--html") == 0)
            options->html = *arguments;
        else if (strcmp(name, "--id") == 0)
            options->id = *arguments;
        else if (strcmp(name, "--record") == 0 && !read_line_number(*arguments, &options->line))
            return wrong_usage(command->name, "--record needs the number of a line, from 1 up, not", *arguments);
        else if (!takes_value && (options->log || (name[0] == '-' && name[1])))
            return wrong_usage(command->name, "unknown argument", name);
        else if (!takes_value)
            options->log = name;
    }
    if (options->is_json && options->html)
        return wrong_usage(command->name, "choose one of --json and --html", NULL);
    return EXIT_GOOD;
}

/* ---- Records ---------------------------------------------------------------------------------------------------- */

static void drop_oldest(struct newest *newest)
{
    ssr_value *oldest = newest->records[newest->first];
    newest->bytes -= ssr_value_length(oldest);
    newest->first = (newest->first + 1) % NEWEST;
    newest->count--;
    ssr_value_free(oldest);
}

/* Takes the record. The newest one is always kept. */
static void keep(struct newest *newest, ssr_value *record)
{
    size_t length = ssr_value_length(record);
    while (newest->count == NEWEST || (newest->count > 0 && newest->bytes + length > NEWEST_BYTES))
        drop_oldest(newest);
    newest->records[(newest->first + newest->count++) % NEWEST] = record;
    newest->bytes += length;
}

static bool is_selected(const struct explanation *explanation, ssr_json record)
{
    const struct options *options = &explanation->options;
    return (options->line == 0 || options->line == explanation->source.number) &&
           (!options->id || ssr_json_equals(ssr_json_at(record, "/id"), options->id));
}

/* Takes the record. */
static void take(struct explanation *explanation, ssr_value *record)
{
    explain_summary_add(explanation->summary, ssr_value_json(record), explanation->source.number);
    explanation->selected++;
    if (explanation->options.html)
        keep(&explanation->newest, record);
    else if (explanation->selected == 1)
        explanation->only = record;
    else
        ssr_value_free(record);
}

static int read_records(struct explanation *explanation)
{
    ssr_value *record;
    enum source_answer answer;
    while ((answer = source_next(&explanation->source, &record)) == SOURCE_RECORD) {
        if (is_selected(explanation, ssr_value_json(record)))
            take(explanation, record);
        else
            ssr_value_free(record);
    }
    const char *command = explanation->command->name;
    if (answer == SOURCE_NO_MEMORY)
        return unusable(command, "no memory");
    if (answer == SOURCE_FAILED)
        return unusable(command, "cannot read %s: %s", explanation->source.name, strerror(errno));
    if (explanation->selected == 0 && (explanation->options.line || explanation->options.id)) {
        fprintf(stderr, "ssrstore %s: %s has no such record\n", command, explanation->source.name);
        return EXIT_REFUSED;
    }
    return explanation->source.skipped > 0 ? EXIT_REFUSED : EXIT_GOOD;
}

/* ---- What is printed -------------------------------------------------------------------------------------------- */

/* The summary, and the record itself when there is but one. */
static int print_json(const struct explanation *explanation, const ssr_value *summary)
{
    ssr_builder *builder = ssr_builder_new(NULL);
    ssr_value *answer = NULL;
    ssr_status status = SSR_E_NOMEM;
    if (builder) {
        ssr_builder_begin_object(builder);
        if (explanation->selected == 1) {
            ssr_builder_key(builder, "record");
            ssr_builder_value(builder, explanation->only);
        }
        ssr_builder_key(builder, "summary");
        ssr_builder_value(builder, summary);
        ssr_builder_end_object(builder);
        status = ssr_builder_finish(builder, &answer);
    }
    if (status == SSR_OK)
        puts(ssr_value_text(answer));
    ssr_value_free(answer);
    ssr_builder_free(builder);
    return status == SSR_OK ? EXIT_GOOD : unusable(explanation->command->name, "%s", ssr_status_name(status));
}

static int print_text(const struct explanation *explanation, const ssr_value *summary)
{
    struct screen screen;
    screen_init(&screen, stdout);
    if (explanation->selected == 1)
        print_tree(&screen, ssr_value_json(explanation->only));
    else
        print_tables(&screen, ssr_value_json(summary));
    screen_release(&screen);
    return screen.has_failed ? unusable(explanation->command->name, "no memory") : EXIT_GOOD;
}

static bool write_file(void *file, const char *bytes, size_t length)
{
    return fwrite(bytes, 1, length, file) == length;
}

static ssr_status write_page(const struct explanation *explanation, const ssr_value *summary, FILE *to)
{
    static explain_text texts[NEWEST];
    const struct newest *newest = &explanation->newest;
    const char *name = explanation->source.name;
    size_t length;
    char *source = make_utf8(name, strlen(name), &length);
    if (!source)
        return SSR_E_NOMEM;
    for (size_t i = 0; i < newest->count; i++) {
        const ssr_value *record = newest->records[(newest->first + i) % NEWEST];
        texts[i] = (explain_text){ssr_value_text(record), ssr_value_length(record)};
    }
    explain_page page = {
        .records = texts, .count = newest->count, .total = explanation->selected, .source = source, .summary = summary};
    ssr_status status = explain_html(&page, write_file, to);
    free(source);
    return status;
}

static int print_html(const struct explanation *explanation, const ssr_value *summary)
{
    const char *command = explanation->command->name, *name = explanation->options.html;
    bool is_stdout = strcmp(name, "-") == 0;
    FILE *to = is_stdout ? stdout : fopen(name, "w");
    if (!to)
        return unusable(command, "cannot write %s: %s", name, strerror(errno));
    ssr_status status = write_page(explanation, summary, to);
    bool is_written = is_stdout || fclose(to) == 0;
    if (status == SSR_E_NOMEM)
        return unusable(command, "no memory");
    if (!is_stdout && (status != SSR_OK || !is_written))
        return unusable(command, "cannot write %s: %s", name, strerror(errno));
    return EXIT_GOOD;
}

static int print_explanation(const struct explanation *explanation)
{
    ssr_value *summary;
    const struct record_source *source = &explanation->source;
    if (explain_summary_finish(explanation->summary, source->skipped, source->errors, &summary) != SSR_OK)
        return unusable(explanation->command->name, "no memory");
    int code = explanation->options.is_json ? print_json(explanation, summary)
               : explanation->options.html  ? print_html(explanation, summary)
                                            : print_text(explanation, summary);
    ssr_value_free(summary);
    return code;
}

/* ---- The command ------------------------------------------------------------------------------------------------ */

static bool open_log(struct explanation *explanation)
{
    const char *log = explanation->options.log;
    bool is_stdin = !log || strcmp(log, "-") == 0;
    explanation->source.complaints = stderr;
    explanation->source.name = is_stdin ? "stdin" : log;
    explanation->source.from = is_stdin ? stdin : fopen(log, "r");
    return explanation->source.from != NULL;
}

static int explain(struct explanation *explanation)
{
    int code = read_records(explanation);
    if (code == EXIT_UNUSABLE || (explanation->selected == 0 && (explanation->options.line || explanation->options.id)))
        return code;
    int printed = print_explanation(explanation);
    return printed > code ? printed : code;
}

static void release(struct explanation *explanation)
{
    while (explanation->newest.count > 0)
        drop_oldest(&explanation->newest);
    if (explanation->source.from && explanation->source.from != stdin)
        fclose(explanation->source.from);
    source_release(&explanation->source);
    explain_summary_free(explanation->summary);
    ssr_value_free(explanation->only);
}

int run_explain(const struct command *command, char **arguments)
{
    static struct explanation explanation; /* one command a process; the ring is too large for a stack */
    explanation.command = command;
    int code = read_options(command, arguments, &explanation.options);
    if (code != EXIT_GOOD)
        return code;
    if (!open_log(&explanation))
        return unusable(command->name, "cannot read %s: %s", explanation.options.log, strerror(errno));
    explanation.summary = explain_summary_new();
    code = explanation.summary ? explain(&explanation) : unusable(command->name, "no memory");
    release(&explanation);
    return end_output(command->name, code);
}
