/*
 * Escaping for HTML, against the plainest way to do it: the same comes out for every byte at every place, for texts of
 * all sorts and lengths, however little room there is and however often that runs out; nothing is written outside of
 * the room, and nothing read outside of the text. Built three times, for each of the ways that escape.c has.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/escape.h"
#include "testing.h"

enum { LONGEST_TEXT = 300, LONGEST_HTML = LONGEST_TEXT * 6, GUARD = 64 };

/* ---- The plainest way -------------------------------------------------------------------------------------------- */

/* Of the character that begins at p; 1 when it is none. After RFC 3629, by what it decodes to. */
static size_t character_length(const unsigned char *p, size_t left, bool *is_valid)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = *p < 0x80 ? 1 : *p >> 5 == 6 ? 2 : *p >> 4 == 14 ? 3 : *p >> 3 == 30 ? 4 : 0;
    *is_valid = length == 1;
    if (length < 2 || length > left)
        return 1;
    uint32_t code = *p & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        if (p[i] >> 6 != 2)
            return 1;
        code = code << 6 | (p[i] & 0x3f);
    }
    *is_valid = code >= least[length] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    return *is_valid ? length : 1;
}

/* Escapes the first character; *taken is how long it was. Returns a text that lives until the next call. */
static const char *escape_first(const char *text, size_t left, size_t *taken)
{
    static char copy[5];
    bool is_valid;
    *taken = character_length((const unsigned char *)text, left, &is_valid);
    if (!is_valid)
        return "\xef\xbf\xbd";
    switch (*text) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    case '\r': return "&#13;";
    default: break;
    }
    memset(copy, 0, sizeof copy);
    memcpy(copy, text, *taken);
    return copy;
}

/* As much as fits into `room` bytes. Returns its length; *taken is how much of the text it is. */
static size_t escape_plainly(const char *text, size_t length, size_t room, char *html, size_t *taken)
{
    size_t written = 0, step;
    for (*taken = 0; *taken < length; *taken += step) {
        const char *escaped = escape_first(text + *taken, length - *taken, &step);
        size_t bytes = *escaped ? strlen(escaped) : 1; /* a NUL is a character */
        if (bytes > room - written)
            break;
        memcpy(html + written, escaped, bytes);
        written += bytes;
    }
    return written;
}

/* ---- Comparing --------------------------------------------------------------------------------------------------- */

/* Both in blocks of just their size, so that the sanitizers see whoever leaves them. */
static void assert_same(const char *text, size_t length, size_t room)
{
    static char wanted[LONGEST_HTML];
    static const char guard[GUARD] = {0};
    size_t wanted_taken, wanted_length = escape_plainly(text, length, room, wanted, &wanted_taken);
    char *copy = malloc(length + (length == 0)), *html = malloc(room + GUARD);
    memcpy(copy, text, length);
    memcpy(html + room, guard, GUARD);
    const char *p = copy;
    const char *end = ssr_escape_html(html, html + room, &p, copy + length);
    assert_int_equal(end - html, wanted_length);
    assert_int_equal(p - copy, wanted_taken);
    assert_memory_equal(html, wanted, wanted_length);
    assert_memory_equal(html + room, guard, GUARD);
    free(copy);
    free(html);
}

static void assert_same_in_every_room(const char *text, size_t length)
{
    static const size_t rooms[] = {0, 1, 4, 5, 6, 17, 100, 223, 224, 225, 300, LONGEST_HTML};
    for (size_t i = 0; i < TEST_COUNT(rooms); i++)
        assert_same(text, length, rooms[i]);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* ---- Texts ------------------------------------------------------------------------------------------------------- */

static void every_byte_at_every_place(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++)
        for (size_t length = 1; length <= 70; length++) {
            char text[70];
            memset(text, 'x', sizeof text);
            for (size_t place = 0; place < length; place += 1 + place / 34) {
                text[place] = (char)byte;
                assert_same(text, length, LONGEST_HTML);
                text[place] = 'x';
            }
        }
}

static void all_of_one_kind(void **state)
{
    static const char *const kinds[] = {"&",    "\r", "\r\n", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x92\xa1",
                                        "\xff", "a",  ""};
    (void)state;
    for (size_t kind = 0; kind < TEST_COUNT(kinds); kind++) {
        char text[LONGEST_TEXT];
        size_t size = strlen(kinds[kind]) + (*kinds[kind] == '\0'); /* the last one is NUL bytes */
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = kinds[kind][i % size];
        for (size_t length = 0; length <= sizeof text; length++)
            assert_same_in_every_room(text, length);
    }
}

/* Pieces of everything that is looked at, some of them cut off. */
static void texts_of_all_sorts(void **state)
{
    static const char *const pieces[] = {"&",
                                         "<b>",
                                         "\"",
                                         "'",
                                         "\r\n",
                                         "\t",
                                         "plain words, some of them long, ",
                                         "\n",
                                         "x",
                                         "\xc3\xa9",
                                         "\xe2\x80\xa8",
                                         "\xed\xa0\x80",
                                         "\xf0\x9f\x92\xa1",
                                         "\xf0\x9f",
                                         "\xc0\xaf",
                                         "\xff",
                                         "\x7f\x01",
                                         "#%=?;",
                                         "0123456789abcdef0123456789abcdef"};
    uint32_t seed = 1;
    (void)state;
    for (int round = 0; round < 2000; round++) {
        char text[LONGEST_TEXT];
        size_t length = 0, wanted = next_random(&seed) % sizeof text;
        while (length < wanted) {
            const char *piece = pieces[next_random(&seed) % TEST_COUNT(pieces)];
            size_t bytes = strlen(piece) < wanted - length ? strlen(piece) : wanted - length;
            memcpy(text + length, piece, bytes);
            length += bytes;
        }
        assert_same(text, length, next_random(&seed) % LONGEST_HTML);
        assert_same_in_every_room(text, length);
    }
}

/* Where the room runs out, the rest of the text begins with a whole character and goes on elsewhere. */
static void a_text_may_be_written_in_pieces(void **state)
{
    static const char text[] =
        "A line of \"text\" & more,\r\nwith \xc3\xa9 and \xf0\x9f\x92\xa1 in it <here> and 'there'; ";
    static const char wanted[] =
        "A line of &quot;text&quot; &amp; more,&#13;\nwith \xc3\xa9 and \xf0\x9f\x92\xa1 in it "
        "&lt;here&gt; and &#39;there&#39;; ";
    (void)state;
    for (size_t room = 6; room < 300; room++) {
        char html[1024], *end = html;
        const char *p = text, *text_end = text + sizeof text - 1;
        while (p < text_end)
            end = ssr_escape_html(end, end + room, &p, text_end);
        assert_int_equal(end - html, sizeof wanted - 1);
        assert_memory_equal(html, wanted, sizeof wanted - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_at_every_place),
        cmocka_unit_test(all_of_one_kind),
        cmocka_unit_test(texts_of_all_sorts),
        cmocka_unit_test(a_text_may_be_written_in_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
