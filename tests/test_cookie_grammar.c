/*
 * The grammar of cookies: tables of what is read and written, then properties that must hold for any bytes: what was
 * read holds no control character, and what was written reads back as what was meant.
 */
#include "testing.h"

#include <stdio.h>
#include <string.h>

#include "cookie/grammar.h"

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

/* All pairs of a header as "name=value|name=value". */
static void read_all(const char *header, size_t length, char *out, size_t size)
{
    ssr_cookie_pair pair;
    *out = '\0';
    for (size_t at = 0; ssr_cookie_next(&header, &length, &pair);)
        at += (size_t)snprintf(out + at, size - at, "%s%.*s=%.*s", at ? "|" : "", (int)pair.name_length, pair.name,
                               (int)pair.value_length, pair.value);
}

static void headers_are_read(void **state)
{
    static const struct {
        const char *header, *pairs;
    } cases[] = {
        {"", ""},
        {"a=b", "a=b"},
        {"a=b; c=d", "a=b|c=d"},
        {"a=b;c=d;", "a=b|c=d"},
        {" \t a \t=\t b \t; c=d", "a=b|c=d"},
        {"a=b=c", "a=b=c"},
        {"a=\"b c\"", "a=\"b c\""},
        {"a=; b", "a="},
        {"=a; ;;=; b=1", "b=1"},
        {"a=1; a=2", "a=1|a=2"},
        {"a=b\tc", "a=b\tc"},
        {"a=b\x01"
         "c; d=1",
         "d=1"},
        {"a=b\x7f; d\x1f=1; e=\r\n2; f=3", "f=3"},
        {"\xff=\xfe", "\xff=\xfe"},
        {"a b=c d", "a b=c d"},
    };
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        char out[200];
        read_all(cases[i].header, strlen(cases[i].header), out, sizeof out);
        assert_string_equal(out, cases[i].pairs);
    }
}

static void nul_bytes_drop_their_piece(void **state)
{
    char out[64];
    (void)state;
    read_all("a=\0b; c=d", 9, out, sizeof out);
    assert_string_equal(out, "c=d");
}

static void values_are_decoded_or_kept(void **state)
{
    static const struct {
        const char *value, *decoded;
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"a%20b%2Fc", "a b/c"},
        {"%e2%82%AC", "\xe2\x82\xac"},
        {"%", "%"},
        {"%4", "%4"},
        {"%zz%20", "%zz%20"},
        {"%20%e2%82", "%20%e2%82"},
        {"%ed%a0%80", "%ed%a0%80"},
        {"%00", "%00"},
        {"\xff", "\xff"},
        {"a+b", "a+b"},
    };
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        char out[64];
        size_t length = ssr_cookie_decode(cases[i].value, strlen(cases[i].value), out, sizeof out);
        assert_string_equal(out, cases[i].decoded);
        assert_int_equal(length, strlen(cases[i].decoded));
    }
}

/* ---- Writing ---------------------------------------------------------------------------------------------------- */

struct format_case {
    ssr_set_cookie cookie;
    ssr_status status;
    const char *text; /* when SSR_OK */
};

#define VALUE(text) .value = (text), .value_length = sizeof(text) - 1

static const struct format_case format_cases[] = {
    {{.name = "a"}, SSR_OK, "a="},
    {{.name = "a", VALUE("b")}, SSR_OK, "a=b"},
    {{.name = "a", VALUE("\"b\"")}, SSR_OK, "a=\"b\""},
    {{.name = "a", VALUE("\"")}, SSR_E_COOKIE_VALUE, NULL},
    {{.name = "a", VALUE("b c")}, SSR_E_COOKIE_VALUE, NULL},
    {{.name = "a", VALUE("b,c")}, SSR_E_COOKIE_VALUE, NULL},
    {{.name = "a", VALUE("b;c")}, SSR_E_COOKIE_VALUE, NULL},
    {{.name = "a", VALUE("b\\c")}, SSR_E_COOKIE_VALUE, NULL},
    {{.name = "a", VALUE("b\r\nSet-Cookie: c=d")}, SSR_E_COOKIE_VALUE, NULL},
    {{.name = "a", VALUE("b\0c")}, SSR_E_COOKIE_VALUE, NULL},
    {{.name = "a", VALUE("\xc3\xa9")}, SSR_E_COOKIE_VALUE, NULL},
    {{.name = "a", VALUE("\xc3\xa9 ;\r\n"), .encoding = SSR_COOKIE_PERCENT}, SSR_OK, "a=%C3%A9%20%3B%0D%0A"},
    {{.name = "a", VALUE("-_.!~*'()az09"), .encoding = SSR_COOKIE_PERCENT}, SSR_OK, "a=-_.!~*'()az09"},
    {{.name = "a", VALUE("\xff"), .encoding = SSR_COOKIE_PERCENT}, SSR_E_COOKIE_VALUE, NULL},
    {{.name = ""}, SSR_E_COOKIE_NAME, NULL},
    {{.name = NULL}, SSR_E_COOKIE_NAME, NULL},
    {{.name = "a b"}, SSR_E_COOKIE_NAME, NULL},
    {{.name = "a=b"}, SSR_E_COOKIE_NAME, NULL},
    {{.name = "a\n"}, SSR_E_COOKIE_NAME, NULL},
    {{.name = "\xc3\xa9"}, SSR_E_COOKIE_NAME, NULL},
    {{.name = "a", .path = "/x y"}, SSR_OK, "a=; Path=/x y"},
    {{.name = "a", .path = "x"}, SSR_E_COOKIE_PATH, NULL},
    {{.name = "a", .path = ""}, SSR_E_COOKIE_PATH, NULL},
    {{.name = "a", .path = "/;x"}, SSR_E_COOKIE_PATH, NULL},
    {{.name = "a", .path = "/\n"}, SSR_E_COOKIE_PATH, NULL},
    {{.name = "a", .path = "/ "}, SSR_E_COOKIE_PATH, NULL},
    {{.name = "a", .path = "/\xc3\xa9"}, SSR_E_COOKIE_PATH, NULL},
    {{.name = "a", .domain = ".example.com"}, SSR_OK, "a=; Domain=.example.com"},
    {{.name = "a", .domain = "localhost"}, SSR_OK, "a=; Domain=localhost"},
    {{.name = "a", .domain = ""}, SSR_E_COOKIE_DOMAIN, NULL},
    {{.name = "a", .domain = "."}, SSR_E_COOKIE_DOMAIN, NULL},
    {{.name = "a", .domain = "a..b"}, SSR_E_COOKIE_DOMAIN, NULL},
    {{.name = "a", .domain = "a.b."}, SSR_E_COOKIE_DOMAIN, NULL},
    {{.name = "a", .domain = "-a.b"}, SSR_E_COOKIE_DOMAIN, NULL},
    {{.name = "a", .domain = "a-.b"}, SSR_E_COOKIE_DOMAIN, NULL},
    {{.name = "a", .domain = "a-b.c"}, SSR_OK, "a=; Domain=a-b.c"},
    {{.name = "a", .domain = "a;b"}, SSR_E_COOKIE_DOMAIN, NULL},
    {{.name = "a", .has_expires = true}, SSR_OK, "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"},
    {{.name = "a", .has_expires = true, .expires_ms = -1}, SSR_OK, "a=; Expires=Wed, 31 Dec 1969 23:59:59 GMT"},
    {{.name = "a", .has_expires = true, .expires_ms = INT64_C(951782400000)},
     SSR_OK,
     "a=; Expires=Tue, 29 Feb 2000 00:00:00 GMT"},
    {{.name = "a", .has_expires = true, .expires_ms = INT64_C(-11644473600000)},
     SSR_OK,
     "a=; Expires=Mon, 01 Jan 1601 00:00:00 GMT"},
    {{.name = "a", .has_expires = true, .expires_ms = INT64_C(-11644473600001)}, SSR_E_COOKIE_EXPIRES, NULL},
    {{.name = "a", .has_expires = true, .expires_ms = INT64_C(253402300800000)}, SSR_E_COOKIE_EXPIRES, NULL},
    {{.name = "a", .has_expires = true, .expires_ms = INT64_MIN, .is_deletion = true},
     SSR_OK,
     "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0"},
    {{.name = "a", .has_max_age = true, .max_age = 0}, SSR_OK, "a=; Max-Age=0"},
    {{.name = "a", .has_max_age = true, .max_age = -5}, SSR_OK, "a=; Max-Age=-5"},
    {{.name = "a", .has_max_age = true, .max_age = 34560001}, SSR_OK, "a=; Max-Age=34560000"},
    {{.name = "a", .same_site = SSR_SAME_SITE_STRICT}, SSR_OK, "a=; SameSite=Strict"},
    {{.name = "a", .same_site = (ssr_same_site)9}, SSR_E_COOKIE_SAME_SITE, NULL},
    {{.name = "a", .same_site = SSR_SAME_SITE_NONE}, SSR_E_COOKIE_SAME_SITE_NONE, NULL},
    {{.name = "a", .partitioned = true}, SSR_E_COOKIE_PARTITIONED, NULL},
    {{.name = "__Secure-a"}, SSR_E_COOKIE_PREFIX, NULL},
    {{.name = "__secure-a", .secure = true}, SSR_OK, "__secure-a=; Secure"},
    {{.name = "__Host-a", .secure = true}, SSR_E_COOKIE_PREFIX, NULL},
    {{.name = "__HOST-a", .secure = true, .path = "/", .domain = "a.b"}, SSR_E_COOKIE_PREFIX, NULL},
    {{.name = "__Host-a", .secure = true, .path = "/"}, SSR_OK, "__Host-a=; Path=/; Secure"},
    {{.name = "__Http-a", .secure = true}, SSR_E_COOKIE_PREFIX, NULL},
    {{.name = "__Http-a", .secure = true, .http_only = true}, SSR_OK, "__Http-a=; Secure; HttpOnly"},
    {{.name = "__Host-Http-a", .secure = true, .path = "/"}, SSR_E_COOKIE_PREFIX, NULL},
    {{.name = "a", VALUE("b"), .path = "/", .is_deletion = true, .has_max_age = true, .max_age = 9},
     SSR_OK,
     "a=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0"},
    {{.name = "a",
      VALUE("b"),
      .path = "/",
      .domain = "e.org",
      .has_expires = true,
      .has_max_age = true,
      .max_age = 1,
      .secure = true,
      .http_only = true,
      .same_site = SSR_SAME_SITE_NONE,
      .partitioned = true},
     SSR_OK,
     "a=b; Path=/; Domain=e.org; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=1; Secure; HttpOnly; SameSite=None; "
     "Partitioned"},
};

static void cookies_are_written_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(format_cases); i++) {
        char text[256] = "untouched";
        size_t length = 0;
        ssr_status status = ssr_cookie_format(&format_cases[i].cookie, text, sizeof text, &length);
        if (status != format_cases[i].status)
            fail_msg("case %zu: %s", i, ssr_status_name(status));
        assert_string_equal(text, status == SSR_OK ? format_cases[i].text : "untouched");
        if (status == SSR_OK)
            assert_int_equal(length, strlen(text));
    }
}

static void buffers_are_filled_as_snprintf_does(void **state)
{
    const ssr_set_cookie cookie = {.name = "name", VALUE("value"), .path = "/"};
    char text[32];
    size_t length;
    (void)state;
    for (size_t size = 0; size < sizeof text; size++) {
        memset(text, '?', sizeof text);
        assert_int_equal(ssr_cookie_format(&cookie, text, size, &length), SSR_OK);
        assert_int_equal(length, 18);
        if (size > 0)
            assert_int_equal(strlen(text), size <= 18 ? size - 1 : 18);
        assert_int_equal(text[size], '?');
    }
}

static void decoded_values_fill_buffers_likewise(void **state)
{
    static const char *const values[] = {"%C3%BCx", "\xc3\xbcx"}; /* one is decoded, one is kept */
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(values); i++) {
        char text[8];
        for (size_t size = 0; size < sizeof text; size++) {
            memset(text, '?', sizeof text);
            assert_int_equal(ssr_cookie_decode(values[i], strlen(values[i]), text, size), 3);
            assert_memory_equal(text, "\xc3\xbcx", size <= 3 ? size - (size > 0) : 3);
            if (size > 0)
                assert_int_equal(strlen(text), size <= 3 ? size - 1 : 3);
            assert_int_equal(text[size], '?');
        }
    }
}

static void domains_are_bounded(void **state)
{
    /* labels of 63, 63, 63 and 61 characters */
    static char domain[256];
    size_t length;
    (void)state;
    memset(domain, 'x', 253);
    domain[63] = domain[127] = domain[191] = '.';
    const ssr_set_cookie cookie = {.name = "a", .domain = domain};
    assert_int_equal(ssr_cookie_format(&cookie, NULL, 0, &length), SSR_OK);
    domain[253] = 'x';
    assert_int_equal(ssr_cookie_format(&cookie, NULL, 0, &length), SSR_E_COOKIE_DOMAIN);
    domain[64] = '\0'; /* a label of 64 characters */
    domain[63] = 'x';
    assert_int_equal(ssr_cookie_format(&cookie, NULL, 0, &length), SSR_E_COOKIE_DOMAIN);
}

static void lengths_are_bounded(void **state)
{
    static char longest[4097], path[1026];
    size_t length;
    (void)state;
    memset(longest, 'x', sizeof longest);
    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    ssr_set_cookie cookie = {.name = "ab", .value = longest, .value_length = 4094};
    assert_int_equal(ssr_cookie_format(&cookie, NULL, 0, &length), SSR_OK);
    cookie.value_length = 4095;
    assert_int_equal(ssr_cookie_format(&cookie, NULL, 0, &length), SSR_E_COOKIE_TOO_LONG);
    memset(longest, ' ', sizeof longest);
    cookie.encoding = SSR_COOKIE_PERCENT; /* three bytes each, as written */
    cookie.value_length = 1365;
    assert_int_equal(ssr_cookie_format(&cookie, NULL, 0, &length), SSR_E_COOKIE_TOO_LONG);
    cookie.value_length = 0;
    cookie.path = path;
    assert_int_equal(ssr_cookie_format(&cookie, NULL, 0, &length), SSR_E_COOKIE_ATTRIBUTE_TOO_LONG);
    path[1024] = '\0';
    assert_int_equal(ssr_cookie_format(&cookie, NULL, 0, &length), SSR_OK);
}

/* ---- Any bytes -------------------------------------------------------------------------------------------------- */

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    return *seed ^= *seed << 17;
}

/* Bytes that lean towards what matters in headers. */
static size_t fill(uint64_t *seed, char *bytes, size_t size)
{
    static const char likely[] = ";;==\"\" \t,\\%%2041aZ/.-\r\n\x7f\xc3\xa9";
    size_t length = next_random(seed) % size;
    for (size_t i = 0; i < length; i++) {
        uint64_t random = next_random(seed);
        bytes[i] = random % 4 ? likely[random / 4 % (sizeof likely - 1)] : (char)(random >> 8);
    }
    return length;
}

static void any_header_gives_clean_pairs(void **state)
{
    uint64_t seed = 42;
    (void)state;
    for (int turn = 0; turn < 200000; turn++) {
        char bytes[48];
        size_t length = fill(&seed, bytes, sizeof bytes);
        const char *header = bytes;
        ssr_cookie_pair pair;
        while (ssr_cookie_next(&header, &length, &pair)) {
            assert_true(pair.name_length > 0);
            assert_true(pair.name >= bytes && pair.value + pair.value_length <= bytes + sizeof bytes);
            for (size_t i = 0; i < pair.value_length; i++)
                assert_true(pair.value[i] == '\t' || ((unsigned char)pair.value[i] >= 0x20 && pair.value[i] != 0x7f));
            char decoded[48];
            assert_true(ssr_cookie_decode(pair.value, pair.value_length, decoded, sizeof decoded) <= pair.value_length);
        }
    }
}

static void what_is_written_reads_back(void **state)
{
    uint64_t seed = 7;
    size_t written = 0;
    (void)state;
    for (int turn = 0; turn < 200000; turn++) {
        char bytes[24], text[128], decoded[128];
        size_t length = fill(&seed, bytes, sizeof bytes), text_length;
        ssr_set_cookie cookie = {
            .name = "n", .value = bytes, .value_length = length, .encoding = (ssr_cookie_encoding)(turn % 2)};
        if (ssr_cookie_format(&cookie, text, sizeof text, &text_length) != SSR_OK)
            continue;
        written++;
        assert_null(strpbrk(text, "\r\n;"));
        const char *header = text;
        ssr_cookie_pair pair;
        assert_true(ssr_cookie_next(&header, &text_length, &pair));
        if (cookie.encoding == SSR_COOKIE_PERCENT && !memchr(bytes, 0, length)) {
            assert_int_equal(ssr_cookie_decode(pair.value, pair.value_length, decoded, sizeof decoded), length);
            assert_memory_equal(decoded, bytes, length);
        } else if (cookie.encoding == SSR_COOKIE_RAW) {
            assert_int_equal(pair.value_length, length);
            assert_memory_equal(pair.value, bytes, length);
        }
    }
    assert_true(written > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_read),
        cmocka_unit_test(nul_bytes_drop_their_piece),
        cmocka_unit_test(values_are_decoded_or_kept),
        cmocka_unit_test(cookies_are_written_or_refused),
        cmocka_unit_test(buffers_are_filled_as_snprintf_does),
        cmocka_unit_test(decoded_values_fill_buffers_likewise),
        cmocka_unit_test(domains_are_bounded),
        cmocka_unit_test(lengths_are_bounded),
        cmocka_unit_test(any_header_gives_clean_pairs),
        cmocka_unit_test(what_is_written_reads_back),
    };
    return cmocka_run_group_tests_name("cookie grammar", tests, NULL, NULL);
}
