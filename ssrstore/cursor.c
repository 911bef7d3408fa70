/*
 * Reading canonical text in place: cursors and JSON Pointer. The text is trusted to be canonical, because only a
 * builder makes values; a cursor never looks beyond the NUL that ends every value's text.
 */
#include <string.h>

#include "ssrstore/ascii.h"
#include "ssrstore/number.h"
#include "ssrstore/utf8.h"
#include "ssrstore/value_internal.h"

static const ssr_json absent = {NULL, 0, NULL, 0};

/* Behind the string whose opening quote is at p. */
static const char *skip_string(const char *p)
{
    for (p++; *p != '"'; p++)
        p += *p == '\\';
    return p + 1;
}

/* Behind the value at p. */
static const char *skip_value(const char *p)
{
    if (*p == '"')
        return skip_string(p);
    if (*p != '{' && *p != '[')
        return p + strcspn(p, ",]}");
    unsigned depth = 0;
    do {
        if (*p == '"') {
            p = skip_string(p);
            continue;
        }
        if (*p == '{' || *p == '[')
            depth++;
        else if (*p == '}' || *p == ']')
            depth--;
        p++;
    } while (depth > 0);
    return p;
}

/* The element, or member with its key, at p. */
static ssr_json item_at(const char *p, bool is_member)
{
    ssr_json item = absent;
    if (is_member) {
        const char *end = skip_string(p);
        item.key = p;
        item.key_length = (size_t)(end - p);
        p = end + 1;
    }
    item.text = p;
    item.length = (size_t)(skip_value(p) - p);
    return item;
}

ssr_json ssr_value_json(const struct ssr_value *value)
{
    return value ? (ssr_json){value->text, value->length, NULL, 0} : absent;
}

ssr_json_kind ssr_json_type(ssr_json json)
{
    if (!json.text)
        return SSR_JSON_ABSENT;
    switch (*json.text) {
    case '{': return SSR_JSON_OBJECT;
    case '[': return SSR_JSON_ARRAY;
    case '"': return SSR_JSON_STRING;
    case 'n': return SSR_JSON_NULL;
    case 't':
    case 'f': return SSR_JSON_BOOLEAN;
    default: return SSR_JSON_NUMBER;
    }
}

ssr_json ssr_json_first(ssr_json json)
{
    ssr_json_kind kind = ssr_json_type(json);
    if ((kind != SSR_JSON_ARRAY && kind != SSR_JSON_OBJECT) || json.length == 2)
        return absent;
    return item_at(json.text + 1, kind == SSR_JSON_OBJECT);
}

ssr_json ssr_json_next(ssr_json json)
{
    if (!json.text || json.text[json.length] != ',')
        return absent;
    return item_at(json.text + json.length + 1, json.key != NULL);
}

ssr_json ssr_json_key(ssr_json member)
{
    return member.key ? (ssr_json){member.key, member.key_length, NULL, 0} : absent;
}

size_t ssr_json_count(ssr_json json)
{
    size_t count = 0;
    for (ssr_json item = ssr_json_first(json); item.text; item = ssr_json_next(item))
        count++;
    return count;
}

/* ---- Strings ---------------------------------------------------------------------------------------------------- */

char ssr_json_next_byte(const char **p)
{
    static const char forms[] = "b\bf\fn\nr\rt\t";
    if (**p != '\\')
        return *(*p)++;
    char form = (*p)[1];
    *p += 2;
    if (form == 'u') { /* canonical text escapes nothing above U+001F this way */
        static const char hex[] = "0123456789abcdef";
        char byte = (char)((strchr(hex, (*p)[2]) - hex) << 4 | (strchr(hex, (*p)[3]) - hex));
        *p += 4;
        return byte;
    }
    const char *pair = strchr(forms, form);
    return pair ? pair[1] : form;
}

size_t ssr_json_string(ssr_json json, char *buffer, size_t size)
{
    struct ssr_text_out out = {buffer, size, 0};
    bool is_string = ssr_json_type(json) == SSR_JSON_STRING;
    const char *p = is_string ? json.text + 1 : NULL, *end = is_string ? json.text + json.length - 1 : NULL;
    while (p < end) {
        const char *backslash = memchr(p, '\\', (size_t)(end - p));
        const char *stop = backslash ? backslash : end;
        ssr_text_put(&out, p, (size_t)(stop - p));
        p = stop;
        if (backslash) {
            char byte = ssr_json_next_byte(&p);
            ssr_text_put(&out, &byte, 1);
        }
    }
    ssr_text_end(&out);
    return out.length;
}

/* Whether the string at `json` is text[0..length), where "~0" and "~1" stand for "~" and "/" when `is_token`. */
static bool same_string(ssr_json json, const char *text, size_t length, bool is_token)
{
    const char *p = json.text + 1, *end = json.text + json.length - 1, *text_end = text + length;
    while (p < end && text < text_end) {
        char wanted = *text++;
        if (is_token && wanted == '~')
            wanted = *text++ == '0' ? '~' : '/';
        if (ssr_json_next_byte(&p) != wanted)
            return false;
    }
    return p == end && text == text_end;
}

bool ssr_json_equals(ssr_json json, const char *text)
{
    return ssr_json_type(json) == SSR_JSON_STRING && same_string(json, text, strlen(text), false);
}

/* ---- JSON Pointer (RFC 6901) ------------------------------------------------------------------------------------ */

static ssr_json member_named(ssr_json object, const char *token, size_t length)
{
    ssr_json member = ssr_json_first(object);
    while (member.text && !same_string(ssr_json_key(member), token, length, true))
        member = ssr_json_next(member);
    return member;
}

/* RFC 6901 4: "0", or digits without a leading zero. */
static ssr_json element_numbered(ssr_json array, const char *token, size_t length)
{
    if (length == 0 || length > 9 || (token[0] == '0' && length > 1) || strspn(token, "0123456789") < length)
        return absent;
    unsigned long index = 0;
    for (size_t i = 0; i < length; i++)
        index = index * 10 + (unsigned long)(token[i] - '0');
    ssr_json element = ssr_json_first(array);
    while (element.text && index-- > 0)
        element = ssr_json_next(element);
    return element;
}

/* RFC 6901 3: "~" is followed by "0" or "1". */
bool ssr_json_is_pointer(const char *pointer)
{
    if (*pointer != '\0' && *pointer != '/')
        return false;
    for (const char *p = pointer; *p; p++)
        if (*p == '~' && p[1] != '0' && p[1] != '1')
            return false;
    return true;
}

ssr_json ssr_json_child(ssr_json json, const char *token, size_t length)
{
    switch (ssr_json_type(json)) {
    case SSR_JSON_OBJECT: return member_named(json, token, length);
    case SSR_JSON_ARRAY: return element_numbered(json, token, length);
    default: return absent;
    }
}

ssr_json ssr_json_at(ssr_json json, const char *pointer)
{
    if (!ssr_json_is_pointer(pointer))
        return absent;
    while (*pointer == '/') {
        const char *token = pointer + 1;
        size_t length = strcspn(token, "/");
        json = ssr_json_child(json, token, length);
        pointer = token + length;
    }
    return json;
}

/* ---- Scalars ---------------------------------------------------------------------------------------------------- */

ssr_status ssr_json_boolean(ssr_json json, bool *out)
{
    if (ssr_json_type(json) != SSR_JSON_BOOLEAN)
        return SSR_E_WRONG_TYPE;
    *out = *json.text == 't';
    return SSR_OK;
}

ssr_status ssr_json_number(ssr_json json, double *out)
{
    if (ssr_json_type(json) != SSR_JSON_NUMBER)
        return SSR_E_WRONG_TYPE;
    ssr_number_read(json.text, json.length, out);
    return SSR_OK;
}

ssr_status ssr_json_integer(ssr_json json, int64_t *out)
{
    if (json.text && ssr_integer_read(json.text, json.length, out))
        return SSR_OK;
    double number;
    if (ssr_json_number(json, &number) != SSR_OK)
        return SSR_E_WRONG_TYPE;
    if (number > (double)SSR_MAX_INTEGER || number < -(double)SSR_MAX_INTEGER || (double)(int64_t)number != number)
        return SSR_E_INTEGER_RANGE;
    *out = (int64_t)number;
    return SSR_OK;
}
