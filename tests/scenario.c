/*
 * Scenario files: reads them into lines, finds them, rewrites them. A file is an input part, a line "---" and the
 * expected log. Empty lines and lines that start with "#" say nothing to the player. Nothing here knows the engine.
 */
#define _POSIX_C_SOURCE 200809L

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario_internal.h"

static void *need(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

/* ---- Lines ------------------------------------------------------------------------------------------------------ */

_Noreturn void scenario_mistake(const struct scenario *scenario, size_t at, const char *what)
{
    const struct scenario_line *line = &scenario->lines[at];
    fprintf(stderr, "%s:%d: %s: %s\n", scenario->path, line->number, what, line->text);
    exit(2);
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    struct text text = {0};
    char chunk[4096];
    size_t length;
    text_append(&text, "", 0);
    while ((length = fread(chunk, 1, sizeof chunk, file)) > 0)
        text_append(&text, chunk, length);
    fclose(file);
    return text.data;
}

static void add_line(struct scenario *scenario, int number, char *text)
{
    size_t indent = strspn(text, " ");
    if (text[indent] == '\0' || text[indent] == '#')
        return;
    scenario->lines = need(realloc(scenario->lines, (scenario->line_count + 1) * sizeof *scenario->lines));
    scenario->lines[scenario->line_count++] = (struct scenario_line){number, (int)indent, text + indent};
}

static void split_lines(struct scenario *scenario)
{
    int number = 1;
    for (char *line = scenario->bytes; line; number++) {
        char *end = strchr(line, '\n');
        if (end)
            *end = '\0';
        add_line(scenario, number, line);
        line = end ? end + 1 : NULL;
    }
}

static char *copy_bytes(const char *bytes, size_t length)
{
    char *copy = need(malloc(length + 1));
    memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

struct scenario *scenario_read(const char *path)
{
    static const char mark[] = "\n---\n";
    char *file = read_file(path);
    if (!file)
        return NULL;
    struct scenario *scenario = need(calloc(1, sizeof *scenario));
    scenario->path = copy_bytes(path, strlen(path));
    const char *end = strstr(file, mark);
    size_t input = end ? (size_t)(end - file) : strlen(file);
    const char *expected = end ? end + strlen(mark) : "";
    scenario->source = copy_bytes(file, input);
    scenario->bytes = copy_bytes(file, input);
    scenario->expected = copy_bytes(expected, strlen(expected));
    free(file);
    split_lines(scenario);
    return scenario;
}

void scenario_free(struct scenario *scenario)
{
    free(scenario->path);
    free(scenario->source);
    free(scenario->bytes);
    free(scenario->expected);
    free(scenario->lines);
    free(scenario);
}

const char *scenario_expected(const struct scenario *scenario)
{
    return scenario->expected;
}

bool scenario_rewrite(const struct scenario *scenario, const char *log)
{
    FILE *file = fopen(scenario->path, "wb");
    if (!file)
        return false;
    fprintf(file, "%s\n---\n%s", scenario->source, log);
    return fclose(file) == 0;
}

size_t scenario_next(const struct scenario *scenario, size_t at)
{
    int indent = scenario->lines[at].indent;
    do
        at++;
    while (at < scenario->line_count && scenario->lines[at].indent > indent);
    return at;
}

/* ---- Words ------------------------------------------------------------------------------------------------------ */

const char *scenario_rest(const char *text, const char *word)
{
    size_t length = strlen(word);
    if (strncmp(text, word, length) != 0 || (text[length] != ' ' && text[length] != '\0'))
        return NULL;
    return text + length + strspn(text + length, " ");
}

static bool take(const char **rest, size_t length, char *word, size_t size)
{
    if (length == 0 || length >= size)
        return false;
    memcpy(word, *rest, length);
    word[length] = '\0';
    *rest += length;
    *rest += strspn(*rest, " ");
    return true;
}

bool scenario_word(const char **rest, char *word, size_t size)
{
    return take(rest, strcspn(*rest, " "), word, size);
}

bool scenario_json(const char **rest, char *json, size_t size)
{
    int depth = 0;
    bool in_string = false;
    const char *p = *rest;
    for (; *p && (in_string || depth > 0 || *p != ' '); p++) {
        if (*p == '\\' && p[1])
            p++;
        else if (*p == '"')
            in_string = !in_string;
        else if (!in_string)
            depth += (*p == '[' || *p == '{') - (*p == ']' || *p == '}');
    }
    return take(rest, (size_t)(p - *rest), json, size);
}

char *scenario_string(const char *json, size_t *length)
{
    ssr_value *value;
    if (ssr_value_parse(NULL, json, strlen(json), NULL, &value) != SSR_OK)
        return NULL;
    ssr_json string = ssr_value_json(value);
    char *text = NULL;
    if (ssr_json_type(string) == SSR_JSON_STRING) {
        *length = ssr_json_string(string, NULL, 0);
        text = need(malloc(*length + 1));
        ssr_json_string(string, text, *length + 1);
    }
    ssr_value_free(value);
    return text;
}

bool scenario_name(const char **rest, char *word, size_t size)
{
    if (!scenario_json(rest, word, size))
        return false;
    if (*word != '"')
        return true;
    size_t length;
    char *text = scenario_string(word, &length);
    if (!text)
        return false;
    memcpy(word, text, length + 1);
    free(text);
    return true;
}

/* ---- Finding ---------------------------------------------------------------------------------------------------- */

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_scenario(const char *name)
{
    size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, ".txt") == 0;
}

char **scenario_list(const char *directory, size_t *count)
{
    char **paths = NULL;
    *count = 0;
    DIR *open = opendir(directory);
    for (struct dirent *entry; open && (entry = readdir(open));) {
        if (!is_scenario(entry->d_name))
            continue;
        struct text path = {0};
        text_format(&path, "%s/%s", directory, entry->d_name);
        paths = need(realloc(paths, (*count + 1) * sizeof *paths));
        paths[(*count)++] = path.data;
    }
    if (open)
        closedir(open);
    if (*count > 0)
        qsort(paths, *count, sizeof *paths, compare_paths);
    return paths;
}
