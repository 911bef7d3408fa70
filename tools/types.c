/*
 * `ssrstore types`: declarations for the browser's side from a description of definitions. The description is defined
 * in an engine, member by member as the options of C have them, and the library writes the file; so what is refused
 * here is what C would refuse. Only a whole, good file is printed.
 */
#include "engine/types.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/ssr.h"
#include "tools/tool.h"

struct input {
    const struct command *command;
    const char *source; /* as it is called in messages */
    ssr_engine *engine;
    const char *kind;    /* the place in the description: of a kind, or NULL */
    ssr_json definition; /* a definition of it, or absent */
};

/* What a definition says: each text is the caller's to free, or NULL. */
struct said {
    char *name, *json, *type, *args_type;
    ssr_cookie_encoding encoding;
    bool has_no_memory;
};

static char *room_for(struct said *said, size_t length)
{
    char *text = malloc(length + 1);
    said->has_no_memory |= !text;
    return text;
}

/* ---- Members of one definition ---------------------------------------------------------------------------------- */

/* False: no string. */
static bool read_string(struct said *said, ssr_json json, char **string)
{
    if (ssr_json_type(json) != SSR_JSON_STRING)
        return false;
    size_t length = ssr_json_string(json, NULL, 0);
    *string = room_for(said, length);
    if (*string)
        ssr_json_string(json, *string, length + 1);
    return true;
}

static bool read_json(struct said *said, ssr_json json)
{
    said->json = room_for(said, json.length);
    if (said->json) {
        memcpy(said->json, json.text, json.length);
        said->json[json.length] = '\0';
    }
    return true;
}

static bool read_type(struct said *said, ssr_json json)
{
    return read_string(said, json, &said->type);
}

static bool read_args_type(struct said *said, ssr_json json)
{
    return read_string(said, json, &said->args_type);
}

static bool read_encoding(struct said *said, ssr_json json)
{
    static const char *const names[] = {
        [SSR_COOKIE_RAW] = "raw", [SSR_COOKIE_PERCENT] = "percent", [SSR_COOKIE_JSON] = "json"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (ssr_json_equals(json, names[i])) {
            said->encoding = (ssr_cookie_encoding)i;
            return true;
        }
    return false;
}

/* ---- Kinds ------------------------------------------------------------------------------------------------------ */

static void define_store(ssr_registry *registry, const struct said *said)
{
    ssr_store_define(registry, said->name, &(ssr_store_options){.default_json = said->json, .type = said->type});
}

static void define_cookie(ssr_registry *registry, const struct said *said)
{
    ssr_cookie_define(
        registry, said->name,
        &(ssr_cookie_options){.encoding = said->encoding, .fallback_json = said->json, .type = said->type});
}

static void define_query(ssr_registry *registry, const struct said *said)
{
    ssr_query_define(registry, said->name, &(ssr_query_options){.args_type = said->args_type, .type = said->type});
}

static void define_atom(ssr_registry *registry, const struct said *said)
{
    ssr_atom_define(registry, said->name, &(ssr_atom_options){.default_json = said->json, .type = said->type});
}

static void define_shared(ssr_registry *registry, const struct said *said)
{
    ssr_shared_define(registry, said->name, &(ssr_shared_options){.initial_json = said->json, .type = said->type});
}

static void define_context(ssr_registry *registry, const struct said *said)
{
    ssr_context_define(registry, said->name, &(ssr_context_options){.type = said->type});
}

/* What each kind is called in the description, and what its definitions may say. */
enum { DEFAULT = 1, TYPE = 2, ARGS_TYPE = 4, ENCODING = 8 };

static const struct kind {
    const char *name;
    unsigned members;
    void (*define)(ssr_registry *registry, const struct said *said);
} kinds[] = {
    {"stores", DEFAULT | TYPE, define_store},    {"cookies", DEFAULT | TYPE | ENCODING, define_cookie},
    {"queries", TYPE | ARGS_TYPE, define_query}, {"atoms", DEFAULT | TYPE, define_atom},
    {"shared", DEFAULT | TYPE, define_shared},   {"contexts", TYPE, define_context},
};

static const struct member {
    const char *name;
    unsigned member;
    bool (*read)(struct said *said, ssr_json json);
    const char *wanted;
} members[] = {
    {"default", DEFAULT, read_json, "JSON"},
    {"type", TYPE, read_type, "a string"},
    {"argsType", ARGS_TYPE, read_args_type, "a string"},
    {"encoding", ENCODING, read_encoding, "\"raw\", \"percent\" or \"json\""},
};

enum { KINDS = sizeof kinds / sizeof *kinds, MEMBERS = sizeof members / sizeof *members };

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

/* One line about a place in the description; its names as they stand there. */
static int refuse(const struct input *input, ssr_json at, const char *what, const char *wanted)
{
    fprintf(stderr, "ssrstore %s: %s: ", input->command->name, input->source);
    if (input->kind)
        fprintf(stderr, "%s: ", input->kind);
    if (input->definition.key)
        fprintf(stderr, "%.*s: ", (int)input->definition.key_length, input->definition.key);
    if (at.key)
        fprintf(stderr, "%.*s: ", (int)at.key_length, at.key);
    fprintf(stderr, "%s%s\n", what, wanted);
    return EXIT_REFUSED;
}

static int read_member(const struct input *input, const struct kind *kind, ssr_json at, struct said *said)
{
    ssr_json key = ssr_json_key(at);
    for (int i = 0; i < MEMBERS; i++) {
        if (!(kind->members & members[i].member) || !ssr_json_equals(key, members[i].name))
            continue;
        return members[i].read(said, at) ? EXIT_GOOD : refuse(input, at, "this has to be ", members[i].wanted);
    }
    return refuse(input, at, "no member of that name belongs here", "");
}

static int define(struct input *input, const struct kind *kind, ssr_json definition)
{
    struct said said = {0};
    int code = EXIT_GOOD;
    if (ssr_json_type(definition) != SSR_JSON_OBJECT)
        return refuse(input, definition, "this has to be an object, as ", "{\"type\": \"string\"}");
    input->definition = definition;
    for (ssr_json at = ssr_json_first(definition); code == EXIT_GOOD && at.text; at = ssr_json_next(at))
        code = read_member(input, kind, at, &said);
    input->definition = (ssr_json){NULL, 0, NULL, 0};
    read_string(&said, ssr_json_key(definition), &said.name);
    if (said.has_no_memory)
        code = unusable(input->command->name, "no memory");
    else if (code == EXIT_GOOD)
        kind->define(ssr_engine_registry(input->engine), &said);
    free(said.name);
    free(said.json);
    free(said.type);
    free(said.args_type);
    return code;
}

static int define_kind(struct input *input, ssr_json described)
{
    const struct kind *kind = kinds, *end = kinds + KINDS;
    int code = EXIT_GOOD;
    while (kind < end && !ssr_json_equals(ssr_json_key(described), kind->name))
        kind++;
    if (kind == end)
        return refuse(input, described, "no kind: write one of ", "stores, cookies, queries, atoms, shared, contexts");
    if (ssr_json_type(described) != SSR_JSON_OBJECT)
        return refuse(input, described, "this has to be an object of definitions by name", "");
    input->kind = kind->name;
    for (ssr_json at = ssr_json_first(described); code == EXIT_GOOD && at.text; at = ssr_json_next(at))
        code = define(input, kind, at);
    input->kind = NULL;
    return code;
}

static int define_all(struct input *input, ssr_json description)
{
    int code = EXIT_GOOD;
    if (ssr_json_type(description) != SSR_JSON_OBJECT)
        return refuse(input, description, "write an object, as ", "{\"stores\": {\"title\": {\"default\": \"\"}}}");
    for (ssr_json at = ssr_json_first(description); code == EXIT_GOOD && at.text; at = ssr_json_next(at))
        code = define_kind(input, at);
    return code;
}

/* ---- Writing ---------------------------------------------------------------------------------------------------- */

static int print_types(const struct input *input)
{
    const ssr_registry *registry = ssr_engine_registry(input->engine);
    size_t length;
    ssr_status status = ssr_types_write(registry, NULL, 0, &length);
    char *text = status == SSR_OK ? malloc(length + 1) : NULL;
    if (text)
        status = ssr_types_write(registry, text, length + 1, &length);
    if (text && status == SSR_OK)
        fwrite(text, 1, length, stdout);
    bool is_printed = text && status == SSR_OK;
    free(text);
    return is_printed ? EXIT_GOOD : unusable(input->command->name, "no memory");
}

/* What is wrong with a definition is said by the library. */
static int start(const struct input *input)
{
    ssr_status status = ssr_engine_start(input->engine);
    if (status == SSR_OK)
        return EXIT_GOOD;
    if (status == SSR_E_NOMEM)
        return unusable(input->command->name, "no memory");
    fprintf(stderr, "ssrstore %s: %s: %s\n", input->command->name, input->source,
            ssr_registry_error(ssr_engine_registry(input->engine)));
    return EXIT_REFUSED;
}

static int write_types(struct input *input, const struct text *text)
{
    ssr_value *description;
    size_t at;
    ssr_status status = ssr_value_parse(NULL, text->bytes, text->length, &at, &description);
    if (status == SSR_OK)
        status = ssr_engine_new(NULL, &input->engine);
    int code = EXIT_GOOD;
    if (status == SSR_E_NOMEM) {
        code = unusable(input->command->name, "no memory");
    } else if (status != SSR_OK) {
        fprintf(stderr, "ssrstore %s: %s: %s at byte %zu: %s\n", input->command->name, input->source,
                ssr_status_name(status), at, ssr_status_advice(status));
        code = EXIT_REFUSED;
    }
    code = code == EXIT_GOOD ? define_all(input, ssr_value_json(description)) : code;
    code = code == EXIT_GOOD ? start(input) : code;
    code = code == EXIT_GOOD ? print_types(input) : code;
    ssr_engine_free(input->engine);
    ssr_value_free(description);
    return code;
}

int run_types(const struct command *command, char **arguments)
{
    const char *file = *arguments;
    if (file && (arguments[1] || (file[0] == '-' && file[1])))
        return wrong_usage(command->name, "unknown argument", arguments[1] ? arguments[1] : file);
    bool is_stdin = !file || strcmp(file, "-") == 0;
    struct input input = {.command = command, .source = is_stdin ? "stdin" : file};
    FILE *from = is_stdin ? stdin : fopen(file, "r");
    if (!from)
        return unusable(command->name, "cannot read %s: %s", file, strerror(errno));
    struct text text;
    int code = read_all(command->name, from, input.source, &text);
    if (!is_stdin)
        fclose(from);
    if (code == EXIT_GOOD)
        code = write_types(&input, &text);
    free(text.bytes);
    return end_output(command->name, code);
}
