/* Text of the log under way. What always holds: whatever the bytes from outside, what is written is UTF-8 without a
 * control character but the line ends that the library itself puts there. */
#include "engine/log_text.h"

#include "ssrstore/scan.h"
#include "ssrstore/utf8.h"

void ssr_put_number(struct ssr_log_text *text, uint64_t number)
{
    char digits[20], *first = digits + sizeof digits;
    do
        *--first = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    ssr_put(text, first, (size_t)(digits + sizeof digits - first));
}

void ssr_put_more(struct ssr_log_text *text, uint64_t left_out)
{
    if (left_out == 0)
        return;
    ssr_put_words(text, " and ");
    ssr_put_number(text, left_out);
    ssr_put_words(text, " more");
}

void ssr_put_integer(struct ssr_log_text *text, int64_t number)
{
    ssr_put(text, "-", number < 0);
    ssr_put_number(text, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

void ssr_put_milliseconds(struct ssr_log_text *text, uint64_t nanoseconds, int decimals)
{
    char digits[7] = ".";
    uint64_t fraction = nanoseconds % 1000000;
    for (int i = 6; i > 0; i--, fraction /= 10)
        digits[i] = (char)('0' + fraction % 10);
    ssr_put_number(text, nanoseconds / 1000000);
    ssr_put(text, digits, (size_t)decimals + 1);
}

/* Eight digits of 32 bits at once: each half is spread until every byte holds four bits. */
static void write_hex(char digits[8], uint32_t number)
{
    uint64_t spread = number;
    spread = (spread | spread << 16) & UINT64_C(0x0000ffff0000ffff);
    spread = (spread | spread << 8) & UINT64_C(0x00ff00ff00ff00ff);
    spread = (spread | spread << 4) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    uint64_t letters = (spread + UINT64_C(0x0606060606060606)) >> 4 & UINT64_C(0x0101010101010101);
    spread += UINT64_C(0x3030303030303030) + letters * ('a' - '0' - 10);
    for (int i = 0; i < 8; i++)
        digits[i] = (char)(spread >> (56 - 8 * i));
}

void ssr_put_digest(struct ssr_log_text *text, ssr_digest digest)
{
    char digits[32];
    write_hex(digits, (uint32_t)(digest.high >> 32));
    write_hex(digits + 8, (uint32_t)digest.high);
    write_hex(digits + 16, (uint32_t)(digest.low >> 32));
    write_hex(digits + 24, (uint32_t)digest.low);
    ssr_put(text, digits, sizeof digits);
}

static void put_escape(struct ssr_log_text *text, unsigned code)
{
    char digits[8];
    write_hex(digits, code);
    ssr_put(text, "\\u", 2);
    ssr_put(text, digits + 4, 4);
}

/* U+0080 to U+009F, which some terminals obey; p is UTF-8. */
static bool is_c1(const unsigned char *p)
{
    return p[0] == 0xc2 && p[1] < 0xa0;
}

/* How many bytes from p on can be put as they are: printable ASCII without quote and backslash. */
static size_t count_plain(const unsigned char *p, const unsigned char *end)
{
    size_t length = ssr_scan_json((const char *)p, (size_t)(end - p));
    const unsigned char *delete = length > 0 ? memchr(p, 0x7f, length) : NULL;
    return delete ? (size_t)(delete - p) : length;
}

/* Puts the character at p, which is not plain; returns its length in bytes. */
static size_t put_special(struct ssr_log_text *text, const unsigned char *p, const unsigned char *end)
{
    size_t length = *p < 0x80 ? 1 : ssr_utf8_sequence(p, end);
    if (length == 0) {
        ssr_put(text, "\xef\xbf\xbd", 3);
        return 1;
    }
    if (is_c1(p) || *p < 0x20 || *p == 0x7f) {
        put_escape(text, is_c1(p) ? p[1] : p[0]);
    } else {
        if (*p == '"' || *p == '\\')
            ssr_put(text, "\\", 1);
        ssr_put(text, (const char *)p, length);
    }
    return length;
}

void ssr_put_safe(struct ssr_log_text *text, const char *from)
{
    const unsigned char *p = (const unsigned char *)from, *end = p + strlen(from);
    while (p < end) {
        size_t plain = count_plain(p, end);
        ssr_put(text, (const char *)p, plain);
        p += plain;
        if (p < end)
            p += put_special(text, p, end);
    }
}

void ssr_put_json(struct ssr_log_text *text, const char *json)
{
    const unsigned char *p = (const unsigned char *)json, *done = p;
    size_t length = strlen(json);
    if (!memchr(json, 0x7f, length) && !memchr(json, 0xc2, length)) {
        ssr_put(text, json, length);
        return;
    }
    for (; *p; p++) {
        if (*p != 0x7f && !is_c1(p))
            continue;
        ssr_put(text, (const char *)done, (size_t)(p - done));
        put_escape(text, is_c1(p) ? p[1] : p[0]);
        p += is_c1(p);
        done = p + 1;
    }
    ssr_put(text, (const char *)done, (size_t)(p - done));
}

void ssr_put_place(struct ssr_log_text *text, struct ssr_writer writer)
{
    ssr_put_safe(text, ssr_base_name(writer.file));
    ssr_put(text, ":", 1);
    ssr_put_number(text, writer.line > 0 ? (uint64_t)writer.line : 0);
}

void ssr_put_name(struct ssr_log_text *text, const char *kind, const char *name)
{
    ssr_put_words(text, kind);
    ssr_put(text, " \"", 2);
    ssr_put_safe(text, name);
    ssr_put(text, "\"", 1);
}

void ssr_put_definition(struct ssr_log_text *text, const struct ssr_definition *definition)
{
    ssr_put_name(text, ssr_kind_name(definition->kind), definition->name);
}

void ssr_put_at(struct ssr_log_text *text, struct ssr_writer writer)
{
    if (!writer.file)
        return;
    ssr_put_words(text, " at ");
    ssr_put_place(text, writer);
}

bool ssr_same_place(struct ssr_writer a, struct ssr_writer b)
{
    if (a.line != b.line)
        return false;
    return a.file == b.file || (a.file && b.file && strcmp(a.file, b.file) == 0);
}
