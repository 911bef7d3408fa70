/*
 * demo/form.c - fields of forms. What comes in is of any content; what is longer than a field holds is cut, which can
 * make no valid value of an invalid one here, because bodies are shorter and all known queries much shorter.
 */
#include "demo/form.h"

#include <string.h>

#include "cookie/grammar.h"
#include "ssrstore/value.h"

/* WHATWG URL, 5.1: "+" is a space, and then escapes are resolved. */
static void decode(const char *text, size_t length, struct field *field)
{
    char plain[sizeof field->text];

    if (length >= sizeof plain)
        length = sizeof plain - 1;
    for (size_t i = 0; i < length; i++)
        plain[i] = text[i] == '+' ? ' ' : text[i];
    field->length = ssr_cookie_decode(plain, length, field->text, sizeof field->text);
}

bool form_find(const char *text, size_t length, const char *name, struct field *field)
{
    const char *end = text + length;
    size_t name_length = strlen(name);

    while (text < end) {
        const char *and = memchr(text, '&', (size_t)(end - text));
        const char *stop = and? and : end;

        if ((size_t)(stop - text) > name_length && memcmp(text, name, name_length) == 0 && text[name_length] == '=') {
            text += name_length + 1;
            decode(text, (size_t)(stop - text), field);
            return true;
        }
        text = stop + 1;
    }
    return false;
}

bool form_find_in_query(const char *location, const char *name, struct field *field)
{
    const char *query = location + strcspn(location, "?#");

    return *query == '?' && form_find(query + 1, strcspn(query + 1, "#"), name, field);
}

static bool is_blank(char character)
{
    return character == ' ' || (character >= '\t' && character <= '\r');
}

void form_trim(struct field *field)
{
    size_t start = 0;

    while (start < field->length && is_blank(field->text[start]))
        start++;
    while (field->length > start && is_blank(field->text[field->length - 1]))
        field->length--;
    field->length -= start;
    memmove(field->text, field->text + start, field->length);
    field->text[field->length] = '\0';
}

static bool is_utf8(const struct field *field)
{
    ssr_builder *builder = ssr_builder_new(NULL);
    bool is_good = builder && ssr_builder_string_n(builder, field->text, field->length) == SSR_OK;

    ssr_builder_free(builder);
    return is_good;
}

/* Of C0 and DEL, and of C1, which are two bytes in UTF-8. */
static bool is_control(const unsigned char *bytes)
{
    return bytes[0] < 0x20 || bytes[0] == 0x7f || (bytes[0] == 0xc2 && bytes[1] < 0xa0);
}

bool form_is_line(const struct field *field, size_t most)
{
    const unsigned char *bytes = (const unsigned char *)field->text;
    size_t characters = 0;

    for (size_t i = 0; i < field->length; i++) {
        if (is_control(bytes + i))
            return false;
        characters += (bytes[i] & 0xc0) != 0x80;
    }
    return characters >= 1 && characters <= most && is_utf8(field);
}
