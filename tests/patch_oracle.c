/*
 * Each operation cuts the document's text and reads it again as JSON. A document that an operation was given is the
 * operation's to free, whatever comes of it.
 */
#include "tests/patch_oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The document with its text from `at` to `end` replaced by three pieces. */
static ssr_value *splice(ssr_value *document, const char *at, const char *end, const char *front, ssr_json value,
                         const char *back)
{
    const char *text = ssr_value_text(document);
    size_t size = ssr_value_length(document) + strlen(front) + value.length + strlen(back) + 1;
    char *spliced = malloc(size);
    ssr_value *result = NULL;
    if (spliced) {
        int length = snprintf(spliced, size, "%.*s%s%.*s%s%s", (int)(at - text), text, front, (int)value.length,
                              value.text ? value.text : "", back, end);
        ssr_value_parse(NULL, spliced, (size_t)length, NULL, &result);
    }
    free(spliced);
    ssr_value_free(document);
    return result;
}

static ssr_value *refuse(ssr_value *document)
{
    ssr_value_free(document);
    return NULL;
}

static ssr_value *replace(ssr_value *document, const char *path, ssr_json value)
{
    ssr_json place = ssr_json_at(ssr_value_json(document), path);
    if (!place.text || !value.text)
        return refuse(document);
    return splice(document, place.text, place.text + place.length, "", value, "");
}

static ssr_value *take_out(ssr_value *document, const char *path, ssr_json value)
{
    ssr_json place = ssr_json_at(ssr_value_json(document), path);
    if (!place.text || value.text || !*path)
        return refuse(document);
    const char *at = place.key ? place.key : place.text, *end = place.text + place.length;
    if (*end == ',')
        end++;
    else if (at[-1] == ',')
        at--;
    return splice(document, at, end, "", value, "");
}

/* The last token of a path as the JSON of a key, with a colon; the caller's to free. */
static char *key_of(const char *token)
{
    char *name = malloc(strlen(token) + 1), *to = name, *key = NULL;
    ssr_builder *builder = ssr_builder_new(NULL);
    ssr_value *value = NULL;
    for (; name && *token; token++)
        *to++ = *token != '~' ? *token : *++token == '0' ? '~' : '/';
    if (name && builder) {
        *to = '\0';
        ssr_builder_string(builder, name);
        ssr_builder_finish(builder, &value);
    }
    if (value && (key = malloc(ssr_value_length(value) + 2)))
        sprintf(key, "%s:", ssr_value_text(value));
    ssr_value_free(value);
    ssr_builder_free(builder);
    free(name);
    return key;
}

static ssr_value *add_member(ssr_value *document, ssr_json parent, const char *token, ssr_json value)
{
    char *key = key_of(token);
    const char *at = parent.text + 1;
    ssr_value *result = key ? splice(document, at, at, key, value, parent.length == 2 ? "" : ",") : refuse(document);
    free(key);
    return result;
}

/* Cuts the path in two. */
static ssr_value *add(ssr_value *document, char *path, ssr_json value)
{
    char *token = strrchr(path, '/');
    ssr_json place = ssr_json_at(ssr_value_json(document), path);
    if (!token || !value.text)
        return refuse(document);
    *token++ = '\0';
    ssr_json parent = ssr_json_at(ssr_value_json(document), path);
    if (ssr_json_type(parent) == SSR_JSON_OBJECT && !place.text)
        return add_member(document, parent, token, value);
    if (ssr_json_type(parent) != SSR_JSON_ARRAY)
        return refuse(document);
    if (place.text)
        return splice(document, place.text, place.text, "", value, ",");
    if (strtoul(token, NULL, 10) != ssr_json_count(parent))
        return refuse(document);
    const char *end = parent.text + parent.length - 1;
    return splice(document, end, end, parent.length == 2 ? "" : ",", value, "");
}

static ssr_value *operate(ssr_value *document, ssr_json operation)
{
    ssr_json pointer = ssr_json_at(operation, "/path"), op = ssr_json_at(operation, "/op");
    ssr_json value = ssr_json_at(operation, "/value");
    char *path = ssr_json_type(pointer) == SSR_JSON_STRING ? malloc(pointer.length) : NULL;
    if (!path)
        return refuse(document);
    ssr_json_string(pointer, path, pointer.length);
    document = ssr_json_equals(op, "remove")    ? take_out(document, path, value)
               : ssr_json_equals(op, "add")     ? add(document, path, value)
               : ssr_json_equals(op, "replace") ? replace(document, path, value)
                                                : refuse(document);
    free(path);
    return document;
}

ssr_value *patch_oracle_apply(const ssr_value *before, ssr_json patch)
{
    ssr_value *document = NULL;
    ssr_value_parse(NULL, ssr_value_text(before), ssr_value_length(before), NULL, &document);
    for (ssr_json at = ssr_json_first(patch); document && at.text; at = ssr_json_next(at))
        document = operate(document, at);
    return document;
}
