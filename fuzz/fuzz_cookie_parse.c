/*
 * Any bytes as a Cookie header. What must hold: every pair lies inside the header, in order, and is clean; a pair that
 * is written again reads as itself; a decoded value is no longer than the value, and a small buffer cuts it only; and
 * a cookie that is set to what was read is refused by name or read as that.
 */
#include "cookie/grammar.h"
#include "fuzz/fuzz.h"
#include "ssrstore/utf8.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void expect_clean(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        expect(text[i] == '\t' || ((unsigned char)text[i] >= 0x20 && text[i] != 0x7f && text[i] != ';'));
    expect(length == 0 || (!is_blank(text[0]) && !is_blank(text[length - 1])));
}

static bool is_same(const char *a, size_t a_length, const char *b, size_t b_length)
{
    return a_length == b_length && memcmp(a, b, a_length) == 0;
}

/* In memory of exactly the text's size, so that a byte read behind it is found. */
static void expect_reads_as_itself(const ssr_cookie_pair *pair)
{
    size_t length = pair->name_length + 1 + pair->value_length;
    char *text = malloc(length);
    expect(text != NULL);
    memcpy(text, pair->name, pair->name_length);
    text[pair->name_length] = '=';
    memcpy(text + pair->name_length + 1, pair->value, pair->value_length);
    const char *header = text;
    ssr_cookie_pair again;
    expect(ssr_cookie_next(&header, &length, &again));
    expect(is_same(again.name, again.name_length, pair->name, pair->name_length));
    expect(is_same(again.value, again.value_length, pair->value, pair->value_length));
    expect(length == 0 && !ssr_cookie_next(&header, &length, &again));
    free(text);
}

/* The text of a cookie to set, the caller's to free; NULL when it is refused. */
static char *format(const ssr_set_cookie *cookie, size_t *length)
{
    ssr_status status = ssr_cookie_format(cookie, NULL, 0, length);
    if (status != SSR_OK) {
        expect(status == SSR_E_COOKIE_NAME || status == SSR_E_COOKIE_VALUE || status == SSR_E_COOKIE_PREFIX ||
               status == SSR_E_COOKIE_TOO_LONG);
        return NULL;
    }
    char *text = malloc(*length + 1);
    expect(text && ssr_cookie_format(cookie, text, *length + 1, length) == SSR_OK);
    return text;
}

static void expect_set_again(const ssr_cookie_pair *pair, ssr_cookie_encoding encoding, const char *value,
                             size_t value_length)
{
    struct input input = {(const uint8_t *)pair->name, pair->name_length};
    char *name = take_string(&input);
    size_t length;
    char *text = format(&(ssr_set_cookie){name, value, value_length, .encoding = encoding}, &length);
    const char *header = text;
    ssr_cookie_pair again;
    if (text) {
        expect(ssr_cookie_next(&header, &length, &again));
        expect(is_same(again.name, again.name_length, pair->name, pair->name_length));
        if (encoding == SSR_COOKIE_RAW) {
            expect(is_same(again.value, again.value_length, value, value_length));
        } else {
            char decoded[4097];
            size_t decoded_length = ssr_cookie_decode(again.value, again.value_length, decoded, sizeof decoded);
            expect(is_same(decoded, decoded_length, value, value_length));
        }
    }
    free(text);
    free(name);
}

static void expect_decodes(const ssr_cookie_pair *pair)
{
    char *whole = malloc(pair->value_length + 1), *part = malloc(pair->value_length / 2 + 1);
    expect(whole && part);
    size_t length = ssr_cookie_decode(pair->value, pair->value_length, whole, pair->value_length + 1);
    expect(length <= pair->value_length && whole[length] == '\0' && !memchr(whole, '\0', length));
    expect(length == pair->value_length || ssr_utf8_valid(whole, length));
    size_t room = pair->value_length / 2, kept = length < room ? length : room;
    expect(ssr_cookie_decode(pair->value, pair->value_length, part, room + 1) == length);
    expect(memcmp(part, whole, kept) == 0 && part[kept] == '\0');
    expect_set_again(pair, SSR_COOKIE_PERCENT, whole, length);
    expect_set_again(pair, SSR_COOKIE_RAW, pair->value, pair->value_length);
    free(whole);
    free(part);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *begin = (const char *)data, *end = begin + size, *header = begin;
    const char *behind = begin; /* the last pair */
    ssr_cookie_pair pair;
    for (size_t length = size; ssr_cookie_next(&header, &length, &pair);) {
        expect(header + length == end);
        expect(pair.name >= behind && pair.name_length > 0 && pair.name + pair.name_length < pair.value);
        expect(pair.value + pair.value_length <= header);
        expect(!memchr(pair.name, '=', pair.name_length));
        expect_clean(pair.name, pair.name_length);
        expect_clean(pair.value, pair.value_length);
        expect_reads_as_itself(&pair);
        expect_decodes(&pair);
        behind = pair.value + pair.value_length;
    }
    return 0;
}
