/*
 * The program `ssrstore`: the library's text formats from a shell. One table of subcommands; each reads stdin, writes
 * stdout and says on stderr, in one line, what was wrong. The exit status is 0 when every input was good, 1 when one
 * was refused and 2 when nothing sensible could be done: wrong usage, no memory, a stream that fails.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "ssrstore/utf8.h"
#include "ssrstore/value.h"
#include "tools/tool.h"

static int run_canon(const struct command *command, char **arguments);
static int run_embed(const struct command *command, char **arguments);

static const struct command commands[] = {
    {"canon", "[--lines] [--digest]",
     "JSON on stdin, canonical JSON (RFC 8785) on stdout\n"
     "      --lines   one text a line, one answer a line; a bad one answers \"error: NAME\"\n"
     "      --digest  the XXH3-128 of the canonical text instead, 32 hex digits",
     run_canon},
    {"embed", "[--id ID]",
     "JSON on stdin, an inert script element for an HTML page on stdout\n"
     "      --id ID   the element's id, [A-Za-z_][A-Za-z0-9_-]*; default __SSRSTORE__",
     run_embed},
    {"cookie", "parse | format",
     "parse: a Cookie header a line on stdin, a JSON array of [name,value] a line on stdout; values as they were sent\n"
     "      format: a JSON object a line (name, value, encode none|percent, path, domain, expires in ms, max_age, "
     "secure,\n"
     "      http_only, same_site, partitioned, delete), a Set-Cookie value a line, or \"error: NAME\"",
     run_cookie},
    {"explain", "[--json | --html FILE] [--record LINE | --id ID] [LOG]",
     "why pages took as many passes as they did: LOG (or stdin) holds records of renders, one JSON object a line\n"
     "      one record is shown as a tree of its passes, many are summed up\n"
     "      --json         the same as one JSON object\n"
     "      --html FILE    a page that needs nothing else; \"-\" for stdout\n"
     "      --record LINE  only the record in that line\n"
     "      --id ID        only records with that id",
     run_explain},
    {"types", "[FILE]",
     "TypeScript declarations for the browser's side from a description of definitions; FILE or stdin is a JSON "
     "object\n"
     "      with the members stores, cookies, queries, atoms, shared, contexts, each {\"NAME\": {MEMBER...}...}, with\n"
     "      \"default\": JSON and \"type\": \"TYPESCRIPT\" (contexts: type; queries: type, argsType), and for cookies\n"
     "      \"encoding\": raw (as without), percent or json",
     run_types},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

/* ---- What the user is told -------------------------------------------------------------------------------------- */

static void print_usage(FILE *to)
{
    fputs("usage: ssrstore COMMAND [OPTION]...\n       ssrstore --help | --version\n", to);
    for (int i = 0; i < COMMANDS; i++)
        fprintf(to, "\n  %s %s\n      %s\n", commands[i].name, commands[i].arguments, commands[i].summary);
    fputs("\nExit status: 0 every input was good, 1 one was refused, 2 wrong usage or a failing stream.\n", to);
}

int unusable(const char *command, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fprintf(stderr, "ssrstore%s%s: ", command ? " " : "", command ? command : "");
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
    va_end(values);
    return EXIT_UNUSABLE;
}

/* Of a command, or of none when NULL; the argument is named when there is one. Short, so that what is wrong is seen. */
int wrong_usage(const char *command, const char *what, const char *argument)
{
    unusable(command, "%s%s%s", what, argument ? " " : "", argument ? argument : "");
    fprintf(stderr, "usage: ssrstore %s", command ? "" : "COMMAND [OPTION]..., where COMMAND is one of");
    for (int i = 0; i < COMMANDS; i++)
        if (!command)
            fprintf(stderr, " %s", commands[i].name);
        else if (strcmp(command, commands[i].name) == 0)
            fprintf(stderr, "%s %s", commands[i].name, commands[i].arguments);
    fputs("\n       ssrstore --help | --version\n", stderr);
    return EXIT_UNUSABLE;
}

static int refused(const char *command, ssr_status status, size_t at)
{
    if (status == SSR_E_NOMEM)
        return unusable(command, "no memory");
    fprintf(stderr, "ssrstore %s: %s at byte %zu: %s\n", command, ssr_status_name(status), at,
            ssr_status_advice(status));
    return EXIT_REFUSED;
}

/* ---- Streams ---------------------------------------------------------------------------------------------------- */

static bool grow(struct text *text)
{
    size_t capacity = text->capacity ? text->capacity * 2 : 65536;
    char *bytes = realloc(text->bytes, capacity);
    if (!bytes)
        return false;
    text->bytes = bytes;
    text->capacity = capacity;
    return true;
}

int read_all(const char *command, FILE *from, const char *name, struct text *text)
{
    *text = (struct text){NULL, 0, 0};
    while (!feof(from)) {
        if (text->length == text->capacity && !grow(text))
            return unusable(command, "no memory for the input");
        text->length += fread(text->bytes + text->length, 1, text->capacity - text->length, from);
        if (ferror(from))
            return unusable(command, "cannot read %s: %s", name, strerror(errno));
    }
    return EXIT_GOOD;
}

/* stdin as one value, the caller's to free; NULL when the answer is not EXIT_GOOD. */
static int read_value(const char *command, ssr_value **value)
{
    *value = NULL;
    struct text text;
    int code = read_all(command, stdin, "stdin", &text);
    if (code == EXIT_GOOD) {
        size_t at;
        ssr_status status = ssr_value_parse(NULL, text.bytes, text.length, &at, value);
        if (status != SSR_OK)
            code = refused(command, status, at);
    }
    free(text.bytes);
    return code;
}

char *make_utf8(const char *bytes, size_t length, size_t *text_length)
{
    char *text = malloc(length * 3 + 1);
    size_t written = 0;
    for (size_t i = 0; text && i < length;) {
        const unsigned char *p = (const unsigned char *)bytes + i;
        size_t step = *p < 0x80 ? 1 : ssr_utf8_sequence(p, (const unsigned char *)bytes + length);
        memcpy(text + written, step ? bytes + i : "\xef\xbf\xbd", step ? step : 3);
        written += step ? step : 3;
        i += step ? step : 1;
    }
    if (text)
        text[written] = '\0';
    *text_length = written;
    return text;
}

/* Ends a command: what did not reach stdout is an error whatever else happened. */
int end_output(const char *command, int code)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        return unusable(command, "cannot write stdout: %s", strerror(errno));
    return code;
}

/* ---- canon ------------------------------------------------------------------------------------------------------ */

static void print_canonical(const ssr_value *value, bool as_digest)
{
    if (as_digest) {
        ssr_digest digest = ssr_value_digest(value);
        printf("%016" PRIx64 "%016" PRIx64 "\n", digest.high, digest.low);
    } else {
        fwrite(ssr_value_text(value), 1, ssr_value_length(value), stdout);
        putchar('\n');
    }
}

static int canon_text(const char *command, bool as_digest)
{
    ssr_value *value;
    int code = read_value(command, &value);
    if (code == EXIT_GOOD)
        print_canonical(value, as_digest);
    ssr_value_free(value);
    return end_output(command, code);
}

int each_line(const char *command, int (*answer)(const char *command, const char *line, size_t length, void *arg),
              void *arg)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length = 0;
    int worst = EXIT_GOOD;
    errno = 0;
    while (worst != EXIT_UNUSABLE && !ferror(stdout) && (length = getline(&line, &capacity, stdin)) >= 0) {
        length -= line[length - 1] == '\n';
        int code = answer(command, line, (size_t)length, arg);
        worst = code > worst ? code : worst;
    }
    if (length < 0 && !feof(stdin))
        worst = unusable(command, "cannot read stdin: %s", strerror(errno));
    free(line);
    return end_output(command, worst);
}

static int canon_line(const char *command, const char *line, size_t length, void *as_digest)
{
    ssr_value *value;
    ssr_status status = ssr_value_parse(NULL, line, length, NULL, &value);
    if (status == SSR_E_NOMEM)
        return unusable(command, "no memory");
    if (status != SSR_OK) {
        printf("error: %s\n", ssr_status_name(status));
        return EXIT_REFUSED;
    }
    print_canonical(value, *(const bool *)as_digest);
    ssr_value_free(value);
    return EXIT_GOOD;
}

static int run_canon(const struct command *command, char **arguments)
{
    bool by_line = false, as_digest = false;
    for (; *arguments; arguments++) {
        if (strcmp(*arguments, "--lines") == 0)
            by_line = true;
        else if (strcmp(*arguments, "--digest") == 0)
            as_digest = true;
        else
            return wrong_usage(command->name, "unknown argument", *arguments);
    }
    return by_line ? each_line(command->name, canon_line, &as_digest) : canon_text(command->name, as_digest);
}

/* ---- embed ------------------------------------------------------------------------------------------------------ */

/* Whether an element may have this id: the library is asked, with a value that does not matter. */
static bool is_element_id(const char *id)
{
    ssr_value *value;
    bool good = ssr_value_parse(NULL, "0", 1, NULL, &value) == SSR_OK && ssr_value_embed(value, id, NULL, 0) > 0;
    ssr_value_free(value);
    return good;
}

static int print_element(const char *command, const ssr_value *value, const char *id)
{
    size_t length = ssr_value_embed(value, id, NULL, 0);
    char *element = malloc(length + 1);
    if (!element)
        return unusable(command, "no memory");
    ssr_value_embed(value, id, element, length + 1);
    fwrite(element, 1, length, stdout);
    putchar('\n');
    free(element);
    return EXIT_GOOD;
}

static int run_embed(const struct command *command, char **arguments)
{
    const char *id = "__SSRSTORE__";
    for (; *arguments; arguments++) {
        if (strcmp(*arguments, "--id") != 0)
            return wrong_usage(command->name, "unknown argument", *arguments);
        if (!arguments[1])
            return wrong_usage(command->name, "a value is missing after", *arguments);
        id = *++arguments;
    }
    if (!is_element_id(id))
        return wrong_usage(command->name, "--id needs the form [A-Za-z_][A-Za-z0-9_-]*, not", id);
    ssr_value *value;
    int code = read_value(command->name, &value);
    if (code == EXIT_GOOD)
        code = print_element(command->name, value, id);
    ssr_value_free(value);
    return end_output(command->name, code);
}

/* ---- main ------------------------------------------------------------------------------------------------------- */

static bool asks_for_help(char **arguments)
{
    for (; *arguments; arguments++)
        if (strcmp(*arguments, "--help") == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return wrong_usage(NULL, "a command is missing", NULL);
    if (asks_for_help(argv + 1)) {
        print_usage(stdout);
        return end_output(NULL, EXIT_GOOD);
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("ssrstore " SSRSTORE_VERSION);
        return end_output(NULL, EXIT_GOOD);
    }
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(&commands[i], argv + 2);
    return wrong_usage(NULL, "unknown command", argv[1]);
}
