/*
 * demo/options.c - the command line and the configuration file. Every flag is one row of the table `flags`: its
 * reader takes the value and says whether it understood; the help text is made from the same rows. Whatever is
 * wrong is said in one line on standard error, with what to write instead.
 */
#include "demo/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ssrstore/value.h"

#define LARGEST_COUNT 9007199254740991 /* 2^53-1, as in a configuration file */

#define LARGEST_DELAY_MS 60000

struct flag {
    const char *name;
    const char *value; /* what the help calls it; "": the flag has none */
    const char *help;
    const char *expects; /* completes "NAME needs ..." */
    bool (*read)(struct options *options, const char *text);
};

/* Digits only: no sign, no blank, no base prefix, nothing beyond `largest`. */
static bool read_number(const char *text, uint64_t largest, uint64_t *number)
{
    uint64_t sum = 0;

    if (!*text)
        return false;
    for (; *text; text++) {
        uint64_t digit = (uint64_t)(*text - '0');

        if (*text < '0' || *text > '9' || sum > (largest - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *number = sum;
    return true;
}

static bool read_count(const char *text, struct count *count)
{
    count->given = true;
    if (strcmp(text, "Infinity") != 0)
        return read_number(text, LARGEST_COUNT, &count->value);
    count->value = SSR_UNLIMITED;
    return true;
}

static bool read_port(struct options *options, const char *text)
{
    uint64_t number;

    if (!read_number(text, UINT16_MAX, &number))
        return false;
    options->port = (uint16_t)number;
    return true;
}

static bool read_once(struct options *options, const char *text)
{
    options->once = text;
    return *text == '/';
}

/* A flag without a value is read with an empty one. */
static bool read_types(struct options *options, const char *text)
{
    options->types = true;
    return *text == '\0';
}

static bool read_allowed(struct options *options, const char *text)
{
    return read_count(text, &options->allowed_rerenders);
}

static bool read_forbidden(struct options *options, const char *text)
{
    return read_count(text, &options->forbidden_rerenders);
}

static bool read_query_passes(struct options *options, const char *text)
{
    return read_count(text, &options->max_query_passes);
}

static bool read_stop_on_cycle(struct options *options, const char *text)
{
    options->stop_on_cycle = true;
    return *text == '\0';
}

static bool read_prefetch(struct options *options, const char *text)
{
    options->prefetch_loaders = true;
    return *text == '\0';
}

static bool read_delay(struct options *options, const char *text)
{
    uint64_t number;

    if (!read_number(text, LARGEST_DELAY_MS, &number))
        return false;
    options->loader_delay_ms = (unsigned)number;
    return true;
}

static bool read_log(struct options *options, const char *text)
{
    static const char *const names[] = {[LOG_TEXT] = "text", [LOG_JSON] = "json", [LOG_OFF] = "off"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(text, names[i]) == 0) {
            options->log = (enum log_format)i;
            return true;
        }
    }
    return false;
}

static bool read_log_file(struct options *options, const char *text)
{
    options->log_path = text;
    return *text != '\0';
}

static bool read_dev(struct options *options, const char *text)
{
    options->is_dev = true;
    return *text == '\0';
}

static bool read_config(struct options *options, const char *text)
{
    options->config_path = text;
    return *text != '\0';
}

static bool read_cookie(struct options *options, const char *text)
{
    if (options->cookie_count == LARGEST_COOKIES)
        return false;
    options->cookies[options->cookie_count++] = text;
    return true;
}

static bool read_keys(struct options *options, const char *text)
{
    options->key_path = text;
    return *text != '\0';
}

static bool read_behind_tls(struct options *options, const char *text)
{
    options->is_behind_tls = true;
    return *text == '\0';
}

static bool read_island(struct options *options, const char *text)
{
    options->island_path = text;
    return *text != '\0';
}

#define A_COUNT "a whole number from 0 up, or Infinity"

static const struct flag flags[] = {
    {"--port", "N", "listen on 127.0.0.1, port N; 0 picks a free one (8080)", "a number from 0 to 65535", read_port},
    {"--once", "PATH", "print the answer to GET PATH and exit", "a path that begins with /", read_once},
    {"--cookie", "HEADER", "a Cookie header of that request, as \"theme=dark; a=b\"; may be given again",
     "a value, and no more than 32 times", read_cookie},
    {"--types", "", "print TypeScript declarations of what is defined here and exit", "no value", read_types},
    {"--allowed-rerenders-count", "N", "after N re-renders stop quietly (Infinity)", A_COUNT, read_allowed},
    {"--forbidden-rerenders-count", "N", "after N re-renders stop and log an error (25)", A_COUNT, read_forbidden},
    {"--max-query-passes", "N", "after N waits for queries stop and log an error (100)", A_COUNT, read_query_passes},
    {"--stop-on-cycle", "", "stop and log an error once the same states have come three times", "no value",
     read_stop_on_cycle},
    {"--prefetch-loaders", "", "load what a route declares before its first pass", "no value", read_prefetch},
    {"--loader-delay", "MS", "make every loader that much slower, to see the waiting (0)", "a number from 0 to 60000",
     read_delay},
    {"--log", "FORMAT", "text, json or off: what goes to standard error (text)", "text, json or off", read_log},
    {"--log-file", "FILE", "append the log to that file too, as JSON Lines", "a file name", read_log_file},
    {"--dev", "", "show how pages are rendered: at /_ssr and /metrics, and in a badge on each page", "no value",
     read_dev},
    {"--config", "FILE", "JSON with an \"ssr\" object, {\"ssr\":{\"allowedRerendersCount\":7}}", "a file name",
     read_config},
    {"--cookie-key-file", "FILE", "keys of sealed cookies, a line ID:64 HEX DIGITS each; the first one seals",
     "a file name", read_keys},
    {"--behind-tls", "", "visitors come by https, through a proxy: all cookies are Secure", "no value",
     read_behind_tls},
    {"--island", "FILE", "what node demo/browser/bundle.mjs FILE has made, for the page /island", "a file name",
     read_island},
};

#define FLAG_COUNT (sizeof flags / sizeof *flags)

static void print_help(void)
{
    puts("Usage: ssrdemo [OPTION]...\n"
         "Serves a small site whose pages are rendered until the state they set has settled.\n");
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        int width = 29 - (int)strlen(flags[i].name);

        printf("  %s %-*s %s\n", flags[i].name, width, flags[i].value, flags[i].help);
    }
    puts("  --help                         print this\n"
         "  --version                      print the version\n\n"
         "Flags win over the file. In parentheses: the defaults. Without a key file the keys are those in the\n"
         "environment variable SSRDEMO_COOKIE_KEYS, with blanks between them, or else a new one is made.\n"
         "SIGINT or SIGTERM ends the server.");
}

/* The row of a flag written as "--name" or "--name=value"; *value is then what follows "=", or NULL. */
static const struct flag *find_flag(const char *argument, const char **value)
{
    size_t length = strcspn(argument, "=");

    *value = argument[length] ? argument + length + 1 : NULL;
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        if (strlen(flags[i].name) == length && strncmp(flags[i].name, argument, length) == 0)
            return &flags[i];
    }
    return NULL;
}

/* Reads the flag at argv[*at] and its value, and moves *at to the last argument it used. */
static bool read_flag(struct options *options, int *at, char **argv)
{
    const char *value;
    const struct flag *flag = find_flag(argv[*at], &value);

    if (!flag) {
        fprintf(stderr, "ssrdemo: unknown argument '%s': see ssrdemo --help\n", argv[*at]);
        return false;
    }
    if (!value && !*flag->value)
        value = "";
    else if (!value && argv[*at + 1])
        value = argv[++*at];
    if (value && flag->read(options, value))
        return true;
    fprintf(stderr, "ssrdemo: %s needs %s%s%s%s\n", flag->name, flag->expects, value ? ", not '" : "",
            value ? value : "", value ? "'" : "");
    return false;
}

enum options_answer options_read(struct options *options, int argc, char **argv)
{
    *options = (struct options){.port = 8080};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            print_help();
            return OPTIONS_DONE;
        }
        if (strcmp(argv[i], "--version") == 0) {
            puts("ssrdemo " SSRDEMO_VERSION);
            return OPTIONS_DONE;
        }
        if (!read_flag(options, &i, argv))
            return OPTIONS_REFUSE;
    }
    if (options->cookie_count > 0 && !options->once) {
        fputs("ssrdemo: --cookie goes with --once PATH: a server gets its cookies from browsers\n", stderr);
        return OPTIONS_REFUSE;
    }
    return OPTIONS_GO;
}

/* ---- The file --------------------------------------------------------------------------------------------------- */

#define LARGEST_FILE 65536

/* The file's text in `text`, which holds LARGEST_FILE bytes. */
static bool read_file(const char *path, char *text, size_t *length)
{
    FILE *file = fopen(path, "rb");
    bool whole;

    if (!file) {
        fprintf(stderr, "ssrdemo: cannot open the configuration file '%s': check its name and permissions\n", path);
        return false;
    }
    *length = fread(text, 1, LARGEST_FILE, file);
    whole = !ferror(file) && *length < LARGEST_FILE;
    fclose(file);
    if (!whole)
        fprintf(stderr, "ssrdemo: cannot read '%s': it must be a file of less than 64 KiB\n", path);
    return whole;
}

static bool read_ssr_object(const char *path, const ssr_value *value, ssr_config *config)
{
    ssr_json object = ssr_json_at(ssr_value_json(value), "/ssr");
    char error[256];

    if (ssr_json_type(object) != SSR_JSON_OBJECT) {
        fprintf(stderr, "ssrdemo: '%s' has no \"ssr\" object: write {\"ssr\":{\"allowedRerendersCount\":7}}\n", path);
        return false;
    }
    if (ssr_config_read_json(config, object.text, object.length, error, sizeof error) == SSR_OK)
        return true;
    fprintf(stderr, "ssrdemo: '%s': %s\n", path, error);
    return false;
}

static bool configure_from_file(const char *path, ssr_config *config)
{
    static char text[LARGEST_FILE];
    size_t length, error_at;
    ssr_value *value;
    bool configured;

    if (!read_file(path, text, &length))
        return false;
    ssr_status status = ssr_value_parse(NULL, text, length, &error_at, &value);

    if (status != SSR_OK) {
        fprintf(stderr, "ssrdemo: '%s', byte %zu: %s\n", path, error_at, ssr_status_advice(status));
        return false;
    }
    configured = read_ssr_object(path, value, config);
    ssr_value_free(value);
    return configured;
}

bool options_configure(const struct options *options, ssr_config *config)
{
    if (options->config_path && !configure_from_file(options->config_path, config))
        return false;
    if (options->allowed_rerenders.given)
        config->allowed_rerenders_count = options->allowed_rerenders.value;
    if (options->forbidden_rerenders.given)
        config->forbidden_rerenders_count = options->forbidden_rerenders.value;
    if (options->max_query_passes.given)
        config->max_query_passes = options->max_query_passes.value;
    if (options->stop_on_cycle)
        config->stop_on_cycle = true;
    if (options->prefetch_loaders)
        config->prefetch_loaders_before_page_render = true;
    return true;
}
