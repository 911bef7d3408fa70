/*
 * `ssrstore cookie parse|format`: the grammar of cookies from a shell, one line in, one line out. The names of errors
 * are those of the tool's contract; the library has its own, with the same meaning.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cookie/grammar.h"
#include "ssrstore/value.h"
#include "tools/tool.h"

static int refuse(const char *name)
{
    printf("error: %s\n", name);
    return EXIT_REFUSED;
}

/* ---- parse ------------------------------------------------------------------------------------------------------ */

/* A string of JSON from any bytes: what is no UTF-8 JSON cannot say. */
static void add_bytes(ssr_builder *builder, const char *bytes, size_t length)
{
    char *text = make_utf8(bytes, length, &length);
    ssr_builder_string_n(builder, text, length);
    free(text);
}

static int parse_line(const char *command, const char *line, size_t length, void *arg)
{
    (void)arg;
    ssr_builder *builder = ssr_builder_new(NULL);
    ssr_value *value = NULL;
    ssr_cookie_pair pair;
    if (!builder)
        return unusable(command, "no memory");
    ssr_builder_begin_array(builder);
    while (ssr_cookie_next(&line, &length, &pair)) {
        ssr_builder_begin_array(builder);
        add_bytes(builder, pair.name, pair.name_length);
        add_bytes(builder, pair.value, pair.value_length);
        ssr_builder_end_array(builder);
    }
    ssr_builder_end_array(builder);
    ssr_status status = ssr_builder_finish(builder, &value);
    ssr_builder_free(builder);
    if (status != SSR_OK)
        return unusable(command, "%s", ssr_status_name(status));
    puts(ssr_value_text(value));
    ssr_value_free(value);
    return EXIT_GOOD;
}

/* ---- format ----------------------------------------------------------------------------------------------------- */

/* The strings of a cookie, unescaped, and the cookie that points to them. */
struct input {
    ssr_set_cookie cookie;
    char *name, *value, *path, *domain;
};

static bool read_string(ssr_json json, char **string)
{
    if (ssr_json_type(json) != SSR_JSON_STRING)
        return false;
    size_t length = ssr_json_string(json, NULL, 0);
    free(*string);
    *string = malloc(length + 1);
    if (*string)
        ssr_json_string(json, *string, length + 1);
    return *string != NULL;
}

static bool read_whole(ssr_json json, bool *has, int64_t *number)
{
    *has = true;
    return ssr_json_integer(json, number) == SSR_OK;
}

static bool read_same_site(ssr_json json, ssr_same_site *same_site)
{
    static const char *const names[] = {"strict", "lax", "none"};
    char name[8] = "";
    if (ssr_json_type(json) != SSR_JSON_STRING || ssr_json_string(json, name, sizeof name) >= sizeof name)
        return false;
    for (char *p = name; *p; p++)
        *p = (char)(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) {
            *same_site = (ssr_same_site)(SSR_SAME_SITE_STRICT + i);
            return true;
        }
    return false;
}

static bool read_encoding(ssr_json json, ssr_cookie_encoding *encoding)
{
    *encoding = ssr_json_equals(json, "percent") ? SSR_COOKIE_PERCENT : SSR_COOKIE_RAW;
    return *encoding == SSR_COOKIE_PERCENT || ssr_json_equals(json, "none");
}

enum kind { NAME, VALUE, PATH, DOMAIN, ENCODE, EXPIRES, MAX_AGE, SAME_SITE, SECURE, HTTP_ONLY, PARTITIONED, DELETE };

/* Each member, and the error when it is of another type than it must be. */
static const struct {
    const char *key, *error;
} members[] = {
    [NAME] = {"name", "invalid-name"},
    [VALUE] = {"value", "invalid-value"},
    [PATH] = {"path", "invalid-path"},
    [DOMAIN] = {"domain", "invalid-domain"},
    [ENCODE] = {"encode", "invalid-json"},
    [EXPIRES] = {"expires", "invalid-expires"},
    [MAX_AGE] = {"max_age", "invalid-max-age"},
    [SAME_SITE] = {"same_site", "invalid-samesite"},
    [SECURE] = {"secure", "invalid-json"},
    [HTTP_ONLY] = {"http_only", "invalid-json"},
    [PARTITIONED] = {"partitioned", "invalid-json"},
    [DELETE] = {"delete", "invalid-json"},
};

enum { MEMBERS = sizeof members / sizeof members[0] };

static bool read_member(struct input *input, enum kind kind, ssr_json json)
{
    ssr_set_cookie *cookie = &input->cookie;
    switch (kind) {
    case NAME: return read_string(json, &input->name);
    case VALUE: return read_string(json, &input->value);
    case PATH: return read_string(json, &input->path);
    case DOMAIN: return read_string(json, &input->domain);
    case ENCODE: return read_encoding(json, &cookie->encoding);
    case EXPIRES: return read_whole(json, &cookie->has_expires, &cookie->expires_ms);
    case MAX_AGE: return read_whole(json, &cookie->has_max_age, &cookie->max_age);
    case SAME_SITE: return read_same_site(json, &cookie->same_site);
    case SECURE: return ssr_json_boolean(json, &cookie->secure) == SSR_OK;
    case HTTP_ONLY: return ssr_json_boolean(json, &cookie->http_only) == SSR_OK;
    case PARTITIONED: return ssr_json_boolean(json, &cookie->partitioned) == SSR_OK;
    default: return ssr_json_boolean(json, &cookie->is_deletion) == SSR_OK;
    }
}

/* The members in the order of the table, which is that of the errors; NULL: all are good. */
static const char *read_members(struct input *input, ssr_json object)
{
    for (int i = 0; i < MEMBERS; i++) {
        char pointer[16];
        snprintf(pointer, sizeof pointer, "/%s", members[i].key);
        ssr_json json = ssr_json_at(object, pointer);
        bool is_given = json.text && ssr_json_type(json) != SSR_JSON_NULL;
        if (is_given && !read_member(input, (enum kind)i, json))
            return members[i].error;
    }
    return NULL;
}

static const char *error_name(ssr_status status)
{
    switch (status) {
    case SSR_E_COOKIE_NAME: return "invalid-name";
    case SSR_E_COOKIE_VALUE: return "invalid-value";
    case SSR_E_COOKIE_PATH: return "invalid-path";
    case SSR_E_COOKIE_DOMAIN: return "invalid-domain";
    case SSR_E_COOKIE_EXPIRES: return "invalid-expires";
    case SSR_E_COOKIE_SAME_SITE: return "invalid-samesite";
    case SSR_E_COOKIE_SAME_SITE_NONE: return "samesite-none-needs-secure";
    case SSR_E_COOKIE_PARTITIONED: return "partitioned-needs-secure";
    case SSR_E_COOKIE_PREFIX: return "prefix";
    case SSR_E_COOKIE_TOO_LONG: return "too-long";
    case SSR_E_COOKIE_ATTRIBUTE_TOO_LONG: return "attribute-too-long";
    default: return ssr_status_name(status);
    }
}

static int print_cookie(const char *command, struct input *input)
{
    ssr_set_cookie *cookie = &input->cookie;
    cookie->name = input->name;
    cookie->value = input->value;
    cookie->value_length = input->value ? strlen(input->value) : 0;
    cookie->path = input->path;
    cookie->domain = input->domain;
    size_t length;
    ssr_status status = ssr_cookie_format(cookie, NULL, 0, &length);
    if (status != SSR_OK)
        return refuse(error_name(status));
    char *text = malloc(length + 1);
    if (!text)
        return unusable(command, "no memory");
    ssr_cookie_format(cookie, text, length + 1, &length);
    puts(text);
    free(text);
    return EXIT_GOOD;
}

static int format_line(const char *command, const char *line, size_t length, void *arg)
{
    (void)arg;
    ssr_value *value;
    if (ssr_value_parse(NULL, line, length, NULL, &value) != SSR_OK)
        return refuse("invalid-json");
    ssr_json object = ssr_value_json(value);
    struct input input = {.name = NULL};
    const char *error = ssr_json_type(object) == SSR_JSON_OBJECT ? read_members(&input, object) : "invalid-json";
    int code = error ? refuse(error) : print_cookie(command, &input);
    free(input.name);
    free(input.value);
    free(input.path);
    free(input.domain);
    ssr_value_free(value);
    return code;
}

int run_cookie(const struct command *command, char **arguments)
{
    bool is_one = arguments[0] && !arguments[1];
    if (is_one && strcmp(arguments[0], "parse") == 0)
        return each_line(command->name, parse_line, NULL);
    if (is_one && strcmp(arguments[0], "format") == 0)
        return each_line(command->name, format_line, NULL);
    return wrong_usage(command->name, "say parse or format", NULL);
}
