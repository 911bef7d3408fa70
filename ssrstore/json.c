/*
 * The strict reader of JSON text (RFC 8259), which drives a builder and so ends in canonical text. One pass over the
 * input, no tree; nesting is bounded by the builder. The error reported is the first in input order: a repeated key
 * in an object that some later error left open comes before that error.
 */
#include <string.h>

#include "ssrstore/ascii.h"
#include "ssrstore/number.h"
#include "ssrstore/scan.h"
#include "ssrstore/utf8.h"
#include "ssrstore/value_internal.h"

struct reader {
    struct ssr_builder *builder;
    const char *start, *p, *end;
};

static bool read_value(struct reader *reader);

/* Notes the error at the reader's place. Always false, for the caller to return. */
static bool fail(struct reader *reader, ssr_status status)
{
    ssr_builder_fail(reader->builder, status);
    return false;
}

static bool at(const struct reader *reader, char c)
{
    return reader->p < reader->end && *reader->p == c;
}

static void skip_space(struct reader *reader)
{
    while (reader->p < reader->end &&
           (*reader->p == ' ' || *reader->p == '\n' || *reader->p == '\r' || *reader->p == '\t'))
        reader->p++;
}

static bool expect(struct reader *reader, char c)
{
    if (!at(reader, c))
        return fail(reader, SSR_E_SYNTAX);
    reader->p++;
    return true;
}

/* The four hex digits behind \u at `p`; -1 when they are not there. */
static int32_t hex_unit(const char *p, const char *end)
{
    if (end - p < 4)
        return -1;
    int32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = ssr_hex_digit(p[i]);
        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

static bool put_code_point(struct reader *reader, uint32_t code_point)
{
    if (code_point < 0x20 || code_point == '"' || code_point == '\\')
        return ssr_builder_put_escaped(reader->builder, (unsigned char)code_point) == SSR_OK;
    char bytes[4];
    return ssr_builder_put(reader->builder, bytes, ssr_utf8_encode(code_point, bytes)) == SSR_OK;
}

/* At the backslash of \uXXXX. */
static bool read_unicode_escape(struct reader *reader)
{
    int32_t unit = hex_unit(reader->p + 2, reader->end);
    if (unit < 0)
        return fail(reader, SSR_E_SYNTAX);
    if (unit == 0)
        return fail(reader, SSR_E_NUL);
    uint32_t code_point = (uint32_t)unit;
    size_t length = 6;
    if (unit >= 0xd800 && unit <= 0xdfff) {
        const char *second = reader->p + 6;
        bool escaped = unit < 0xdc00 && reader->end - second >= 2 && second[0] == '\\' && second[1] == 'u';
        int32_t low = escaped ? hex_unit(second + 2, reader->end) : -1;
        if (low < 0xdc00 || low > 0xdfff)
            return fail(reader, SSR_E_LONE_SURROGATE);
        code_point = 0x10000 + ((code_point - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
        length = 12;
    }
    if (!put_code_point(reader, code_point))
        return false;
    reader->p += length;
    return true;
}

/* At a backslash. */
static bool read_escape(struct reader *reader)
{
    static const char forms[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
    if (reader->end - reader->p < 2)
        return fail(reader, SSR_E_SYNTAX);
    char form = reader->p[1];
    if (form == 'u')
        return read_unicode_escape(reader);
    for (const char *pair = forms; *pair; pair += 2) {
        if (*pair != form)
            continue;
        if (!put_code_point(reader, (unsigned char)pair[1]))
            return false;
        reader->p += 2;
        return true;
    }
    return fail(reader, SSR_E_SYNTAX);
}

static bool put_sequence(struct reader *reader)
{
    size_t length = ssr_utf8_sequence((const unsigned char *)reader->p, (const unsigned char *)reader->end);
    if (length == 0)
        return fail(reader, SSR_E_INVALID_UTF8);
    if (ssr_builder_put(reader->builder, reader->p, length) != SSR_OK)
        return false;
    reader->p += length;
    return true;
}

/* From behind the opening quote to behind the closing one; the text goes to the builder, without quotes. */
static bool read_string(struct reader *reader)
{
    for (;;) {
        size_t plain = ssr_scan_json(reader->p, (size_t)(reader->end - reader->p));
        if (ssr_builder_put(reader->builder, reader->p, plain) != SSR_OK)
            return false;
        reader->p += plain;
        if (reader->p == reader->end)
            return fail(reader, SSR_E_SYNTAX);
        unsigned char c = (unsigned char)*reader->p;
        if (c == '"') {
            reader->p++;
            return true;
        }
        if (c < 0x20)
            return fail(reader, SSR_E_SYNTAX);
        if (c == '\\' ? !read_escape(reader) : !put_sequence(reader))
            return false;
    }
}

static bool read_string_value(struct reader *reader)
{
    reader->p++;
    return ssr_builder_put(reader->builder, "\"", 1) == SSR_OK && read_string(reader) &&
           ssr_builder_put(reader->builder, "\"", 1) == SSR_OK;
}

static const char *skip_digits(const char *p, const char *end)
{
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

/* Moves *p over one or more digits; false when there is none. */
static bool some_digits(const char **p, const char *end)
{
    const char *first = *p;
    *p = skip_digits(first, end);
    return *p > first;
}

/* The end of the number at reader->p and where its point is, if it has one; NULL: no number. */
static const char *number_end(struct reader *reader, const char **point, bool *has_exponent)
{
    const char *p = reader->p, *end = reader->end;
    p += *p == '-';
    const char *digits = p;
    *point = NULL;
    bool good = some_digits(&p, end);
    if (good && *digits == '0')
        p = digits + 1;
    if (good && p < end && *p == '.') {
        *point = p++;
        good = some_digits(&p, end);
    }
    *has_exponent = good && p < end && (*p == 'e' || *p == 'E');
    if (*has_exponent) {
        p++;
        p += p < end && (*p == '+' || *p == '-');
        good = some_digits(&p, end);
    }
    if (!good)
        reader->p = p;
    return good ? p : NULL;
}

/*
 * Whether a number without exponent is its own canonical text. No two decimals of 15 digits are the same double, so
 * none that is shorter can stand for one of them: what is left is ECMAScript's form.
 */
static bool is_own_text(const char *text, const char *point, const char *end)
{
    enum { SURE_DIGITS = 15, ZEROS_BEFORE_EXPONENT = 5 };
    bool negative = *text == '-';
    text += negative;
    if (!point)
        return end - text <= SURE_DIGITS && !(negative && *text == '0');
    if (end - text > SURE_DIGITS + 1 || end[-1] == '0')
        return false;
    const char *digit = point + 1;
    while (*digit == '0')
        digit++;
    return *text != '0' || digit - point - 1 <= ZEROS_BEFORE_EXPONENT;
}

static bool read_number(struct reader *reader)
{
    const char *point;
    bool has_exponent;
    const char *text = reader->p, *end = number_end(reader, &point, &has_exponent);
    if (!end)
        return fail(reader, SSR_E_SYNTAX);
    size_t length = (size_t)(end - text);
    char canonical[SSR_NUMBER_TEXT];
    if (has_exponent || !is_own_text(text, point, end)) {
        double value;
        if (!ssr_number_read(text, length, &value))
            return fail(reader, SSR_E_NOT_FINITE);
        length = ssr_number_write(value, canonical);
        text = canonical;
    }
    if (ssr_builder_put(reader->builder, text, length) != SSR_OK)
        return false;
    reader->p = end;
    return true;
}

static bool read_literal(struct reader *reader, const char *literal)
{
    size_t length = strlen(literal);
    if ((size_t)(reader->end - reader->p) < length || memcmp(reader->p, literal, length) != 0)
        return fail(reader, SSR_E_SYNTAX);
    if (ssr_builder_put(reader->builder, literal, length) != SSR_OK)
        return false;
    reader->p += length;
    return true;
}

static bool read_array(struct reader *reader)
{
    if (ssr_builder_begin_array(reader->builder) != SSR_OK)
        return false;
    reader->p++;
    skip_space(reader);
    if (!at(reader, ']')) {
        for (;;) {
            if (!read_value(reader))
                return false;
            if (!at(reader, ','))
                break;
            reader->p++;
        }
    }
    return expect(reader, ']') && ssr_builder_end_array(reader->builder) == SSR_OK;
}

static bool read_member(struct reader *reader)
{
    skip_space(reader);
    reader->builder->position = (size_t)(reader->p - reader->start);
    if (!expect(reader, '"'))
        return false;
    if (ssr_builder_begin_key(reader->builder) != SSR_OK)
        return false;
    read_string(reader); /* when it fails, so does the builder */
    if (ssr_builder_end_key(reader->builder) != SSR_OK)
        return false;
    skip_space(reader);
    return expect(reader, ':') && read_value(reader);
}

static bool read_object(struct reader *reader)
{
    if (ssr_builder_begin_object(reader->builder) != SSR_OK)
        return false;
    reader->p++;
    skip_space(reader);
    if (!at(reader, '}')) {
        for (;;) {
            if (!read_member(reader))
                return false;
            if (!at(reader, ','))
                break;
            reader->p++;
        }
    }
    return expect(reader, '}') && ssr_builder_end_object(reader->builder) == SSR_OK;
}

/* At the first character of what is neither array nor object. */
static bool read_scalar_text(struct reader *reader)
{
    switch (*reader->p) {
    case '"': return read_string_value(reader);
    case 't': return read_literal(reader, "true");
    case 'f': return read_literal(reader, "false");
    case 'n': return read_literal(reader, "null");
    default: return read_number(reader);
    }
}

static bool read_scalar(struct reader *reader)
{
    if (ssr_builder_begin_value(reader->builder) != SSR_OK || !read_scalar_text(reader))
        return false;
    ssr_builder_end_value(reader->builder);
    return true;
}

/* One value, with the white space around it. */
static bool read_value(struct reader *reader)
{
    skip_space(reader);
    if (reader->p == reader->end)
        return fail(reader, SSR_E_SYNTAX);
    bool good;
    switch (*reader->p) {
    case '{': good = read_object(reader); break;
    case '[': good = read_array(reader); break;
    default: good = read_scalar(reader);
    }
    if (good)
        skip_space(reader);
    return good;
}

ssr_status ssr_json_read(struct ssr_builder *builder, const char *text, size_t length, size_t *error_at)
{
    struct reader reader = {builder, text, text, text + length};
    unsigned depth = builder->depth;
    *error_at = 0;
    if (read_value(&reader) && reader.p != reader.end)
        fail(&reader, SSR_E_SYNTAX);
    if (builder->status == SSR_OK)
        return SSR_OK;
    *error_at = (size_t)(reader.p - text);
    size_t duplicate = ssr_builder_open_duplicate(builder, depth);
    if (duplicate < *error_at) {
        builder->status = SSR_E_DUPLICATE_KEY;
        *error_at = duplicate;
    }
    return builder->status;
}
