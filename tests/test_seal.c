/*
 * Signed and sealed cookies: known texts made by another implementation, then what must hold for all: a text opens
 * with the key, the protection and the name it was made for, until its time comes, and no other text opens at all.
 * Built without SSR_HAVE_SODIUM it checks that every call says so.
 */
#include "testing.h"

#include <stdio.h>
#include <string.h>

#include "cookie/seal.h"

static const int64_t some_time = INT64_C(1767225600000); /* 2026-01-01T00:00:00Z */

#ifdef SSR_HAVE_SODIUM

static const ssr_cookie_protection both[] = {SSR_COOKIE_SIGNED, SSR_COOKIE_SEALED};

/* A ring of keys with one letter as id, whose secrets are made of that letter: "ba" seals with b. */
static ssr_keyring *ring_of(const char *letters)
{
    static unsigned char secrets[8][SSR_COOKIE_KEY_BYTES];
    static char ids[8][2];
    ssr_cookie_key keys[8];
    size_t count = strlen(letters);
    for (size_t i = 0; i < count; i++) {
        ids[i][0] = letters[i];
        memset(secrets[i], letters[i], sizeof secrets[i]);
        keys[i] = (ssr_cookie_key){ids[i], secrets[i], sizeof secrets[i]};
    }
    ssr_keyring *ring;
    assert_int_equal(ssr_keyring_new(NULL, keys, count, &ring), SSR_OK);
    return ring;
}

/* Seals under the name "n"; the text is static. */
static const char *seal(const ssr_keyring *ring, ssr_cookie_protection protection, const char *value, int64_t expires)
{
    static char text[SSR_COOKIE_TEXT_SIZE];
    size_t length;
    assert_int_equal(ssr_cookie_seal(ring, protection, "n", value, strlen(value), expires, text, sizeof text, &length),
                     SSR_OK);
    assert_int_equal(length, strlen(text));
    return text;
}

/* Opens, and checks that the value comes out, or that nothing does. NULL: it must not open. */
static ssr_status open_n(const ssr_keyring *ring, ssr_cookie_protection protection, const char *name, const char *text,
                         size_t text_length, int64_t now, const char *value)
{
    char out[SSR_COOKIE_TEXT_SIZE] = "untouched";
    size_t length = 77;
    ssr_status status = ssr_cookie_open(ring, protection, name, text, text_length, now, out, sizeof out, &length);
    const char *wanted = status == SSR_OK && value ? value : "untouched";
    assert_string_equal(out, wanted);
    assert_int_equal(length, status == SSR_OK ? strlen(wanted) : 77);
    return status;
}

static ssr_status open_text(const ssr_keyring *ring, ssr_cookie_protection protection, const char *text, int64_t now,
                            const char *value)
{
    return open_n(ring, protection, "n", text, strlen(text), now, value);
}

/* ---- Keys ------------------------------------------------------------------------------------------------------- */

static void keys_are_checked(void **state)
{
    static const unsigned char secret[SSR_COOKIE_KEY_BYTES + 1];
    static const struct {
        ssr_cookie_key keys[3];
        size_t count;
        ssr_status status;
    } cases[] = {
        {{{"a", secret, 32}}, 1, SSR_OK},
        {{{"A-Za_z-0123456_9", secret, 32}}, 1, SSR_OK},
        {{{"a", secret, 32}, {"A", secret, 32}, {"aa", secret, 32}}, 3, SSR_OK},
        {{{"a", secret, 32}}, 0, SSR_E_COOKIE_KEY},
        {{{"", secret, 32}}, 1, SSR_E_COOKIE_KEY},
        {{{NULL, secret, 32}}, 1, SSR_E_COOKIE_KEY},
        {{{"12345678901234567", secret, 32}}, 1, SSR_E_COOKIE_KEY},
        {{{"a.b", secret, 32}}, 1, SSR_E_COOKIE_KEY},
        {{{"a b", secret, 32}}, 1, SSR_E_COOKIE_KEY},
        {{{"\xc3\xa9", secret, 32}}, 1, SSR_E_COOKIE_KEY},
        {{{"a", secret, 31}}, 1, SSR_E_COOKIE_KEY},
        {{{"a", secret, 33}}, 1, SSR_E_COOKIE_KEY},
        {{{"a", NULL, 32}}, 1, SSR_E_COOKIE_KEY},
        {{{"a", secret, 32}, {"b", secret, 32}, {"a", secret, 32}}, 3, SSR_E_COOKIE_KEY},
        {{{"a", secret, 32}, {"b", secret, 0}}, 2, SSR_E_COOKIE_KEY},
    };
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        ssr_keyring *ring = (ssr_keyring *)&ring;
        ssr_status status = ssr_keyring_new(NULL, cases[i].keys, cases[i].count, &ring);
        if (status != cases[i].status)
            fail_msg("case %zu: %s", i, ssr_status_name(status));
        assert_true((ring != NULL) == (status == SSR_OK));
        ssr_keyring_free(ring);
    }
    ssr_keyring *ring;
    assert_int_equal(ssr_keyring_new(NULL, NULL, 1, &ring), SSR_E_COOKIE_KEY);
    ssr_keyring_free(NULL);
}

static void a_ring_holds_64_keys(void **state)
{
    static const unsigned char secret[SSR_COOKIE_KEY_BYTES];
    static char ids[SSR_COOKIE_KEYS + 1][8];
    ssr_cookie_key keys[SSR_COOKIE_KEYS + 1];
    ssr_keyring *ring;
    (void)state;
    for (size_t i = 0; i <= SSR_COOKIE_KEYS; i++) {
        snprintf(ids[i], sizeof ids[i], "%zu", i);
        keys[i] = (ssr_cookie_key){ids[i], secret, sizeof secret};
    }
    assert_int_equal(ssr_keyring_new(NULL, keys, SSR_COOKIE_KEYS, &ring), SSR_OK);
    ssr_keyring_free(ring);
    assert_int_equal(ssr_keyring_new(NULL, keys, SSR_COOKIE_KEYS + 1, &ring), SSR_E_COOKIE_KEY);
}

#define HEX32 "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"

static void key_lines_are_read(void **state)
{
    static const struct {
        const char *line, *id; /* NULL: refused */
    } cases[] = {
        {"a:" HEX32, "a"},
        {"2026-10_abcdefgh:" HEX32, "2026-10_abcdefgh"},
        {"a:" HEX32 "\n", "a"},
        {"a:" HEX32 "\r\n", "a"},
        {"a:" HEX32 "\n\n", NULL},
        {"a:" HEX32 " ", NULL},
        {"a:" HEX32 "0", NULL},
        {"a:" HEX32 "00", NULL},
        {"a: " HEX32, NULL},
        {"a:\n", NULL},
        {"a:", NULL},
        {"a", NULL},
        {"", NULL},
        {":" HEX32, NULL},
        {"a b:" HEX32, NULL},
        {"a:b:" HEX32, NULL},
        {"12345678901234567:" HEX32, NULL},
        {"a:x00102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", NULL},
        {"a:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1g", NULL},
        {"a:0001:2030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f0", NULL},
    };
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        char id[SSR_COOKIE_KEY_ID_SIZE] = "untouched";
        unsigned char secret[SSR_COOKIE_KEY_BYTES] = {0xff};
        ssr_status status = ssr_cookie_key_read(cases[i].line, strlen(cases[i].line), id, secret);
        if (status != (cases[i].id ? SSR_OK : SSR_E_COOKIE_KEY))
            fail_msg("case %zu: %s", i, ssr_status_name(status));
        assert_string_equal(id, cases[i].id ? cases[i].id : "untouched");
        for (size_t at = 0; at < sizeof secret; at++)
            assert_int_equal(secret[at], cases[i].id ? at : at == 0 ? 0xff : 0);
    }
    assert_int_equal(ssr_cookie_key_read(NULL, 0, NULL, NULL), SSR_E_COOKIE_KEY);
}

static void only_hexadecimal_digits_are_read(void **state)
{
    (void)state;
    for (size_t at = 2; at < 66; at += 9)
        for (int byte = 0; byte < 256; byte++) {
            char line[] = "a:" HEX32, id[SSR_COOKIE_KEY_ID_SIZE];
            unsigned char secret[SSR_COOKIE_KEY_BYTES];
            line[at] = (char)byte;
            bool is_digit = byte > 0 && strchr("0123456789abcdefABCDEF", byte);
            assert_int_equal(ssr_cookie_key_read(line, 66, id, secret), is_digit ? SSR_OK : SSR_E_COOKIE_KEY);
        }
}

static void generated_keys_read_back_and_differ(void **state)
{
    char line[2][SSR_COOKIE_KEY_LINE_SIZE] = {"untouched"}, id[SSR_COOKIE_KEY_ID_SIZE];
    unsigned char secret[2][SSR_COOKIE_KEY_BYTES];
    (void)state;
    assert_int_equal(ssr_cookie_key_generate("", line[0]), SSR_E_COOKIE_KEY);
    assert_int_equal(ssr_cookie_key_generate("a:b", line[0]), SSR_E_COOKIE_KEY);
    assert_int_equal(ssr_cookie_key_generate(NULL, line[0]), SSR_E_COOKIE_KEY);
    assert_string_equal(line[0], "untouched");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ssr_cookie_key_generate("ABCDEFGHIJKLMNOP", line[i]), SSR_OK);
        assert_int_equal(strlen(line[i]), SSR_COOKIE_KEY_LINE_SIZE - 1);
        assert_int_equal(ssr_cookie_key_read(line[i], strlen(line[i]), id, secret[i]), SSR_OK);
        assert_string_equal(id, "ABCDEFGHIJKLMNOP");
    }
    assert_memory_not_equal(secret[0], secret[1], SSR_COOKIE_KEY_BYTES);
}

static void keys_are_rotated(void **state)
{
    ssr_keyring *old = ring_of("a"), *both_keys = ring_of("ba"), *fresh = ring_of("b");
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(both); i++) {
        char text[200];
        strcpy(text, seal(old, both[i], "v", 0));
        assert_int_equal(open_text(both_keys, both[i], text, 0, "v"), SSR_OK);
        assert_int_equal(open_text(fresh, both[i], text, 0, NULL), SSR_E_SEAL_KEY);
        strcpy(text, seal(both_keys, both[i], "v", 0));
        assert_memory_equal(text + 2, ".b.", 3);
        assert_int_equal(open_text(fresh, both[i], text, 0, "v"), SSR_OK);
        assert_int_equal(open_text(old, both[i], text, 0, NULL), SSR_E_SEAL_KEY);
    }
    ssr_keyring_free(old);
    ssr_keyring_free(both_keys);
    ssr_keyring_free(fresh);
}

static void another_secret_of_the_same_id_is_no_key(void **state)
{
    static const unsigned char secret[SSR_COOKIE_KEY_BYTES];
    ssr_keyring *ring = ring_of("a"), *other;
    (void)state;
    assert_int_equal(ssr_keyring_new(NULL, &(ssr_cookie_key){"a", secret, 32}, 1, &other), SSR_OK);
    for (size_t i = 0; i < TEST_COUNT(both); i++)
        assert_int_equal(open_text(other, both[i], seal(ring, both[i], "v", 0), 0, NULL), SSR_E_SEAL_FORGED);
    ssr_keyring_free(ring);
    ssr_keyring_free(other);
}

/* ---- Memory ----------------------------------------------------------------------------------------------------- */

static void no_memory_makes_no_ring(void **state)
{
    static const unsigned char secret[SSR_COOKIE_KEY_BYTES];
    struct test_memory memory = {.fail_at = 1};
    ssr_allocator allocator = test_allocator(&memory);
    ssr_keyring *ring;
    char text[100], value[100];
    size_t length;
    (void)state;
    assert_int_equal(ssr_keyring_new(&allocator, &(ssr_cookie_key){"a", secret, 32}, 1, &ring), SSR_E_NOMEM);
    assert_null(ring);
    assert_int_equal(ssr_keyring_new(&allocator, &(ssr_cookie_key){"a", secret, 32}, 1, &ring), SSR_OK);
    assert_int_equal(ssr_cookie_seal(ring, both[1], "n", "v", 1, 0, text, sizeof text, &length), SSR_OK);
    assert_int_equal(ssr_cookie_open(ring, both[1], "n", text, length, 0, value, sizeof value, &length), SSR_OK);
    assert_int_equal(memory.calls, 2);
    ssr_keyring_free(ring);
    assert_all_freed(&memory);
}

static size_t bytes_left; /* that are not zero, in the block last freed */

static void *watching_resize(void *arg, void *pointer, size_t old_size, size_t new_size)
{
    if (new_size == 0)
        for (size_t i = 0; i < old_size; i++)
            bytes_left += ((unsigned char *)pointer)[i] != 0;
    return test_allocator(arg).resize(arg, pointer, old_size, new_size);
}

static void a_ring_is_wiped_before_it_is_freed(void **state)
{
    static const unsigned char secret[SSR_COOKIE_KEY_BYTES] = {1};
    struct test_memory memory = {0};
    ssr_keyring *ring;
    (void)state;
    assert_int_equal(
        ssr_keyring_new(&(ssr_allocator){watching_resize, &memory}, &(ssr_cookie_key){"a", secret, 32}, 1, &ring),
        SSR_OK);
    ssr_keyring_free(ring);
    assert_all_freed(&memory);
    assert_int_equal(bytes_left, 0);
}

/* ---- Round trips ------------------------------------------------------------------------------------------------ */

/* Made by another implementation (see node/sealing.mjs) with the secret 00 01 ... 1f and the nonce 40 41 ... 57. */
static void known_texts_open(void **state)
{
    static const struct {
        ssr_cookie_protection protection;
        bool expires;
        const char *text;
    } cases[] = {
        {SSR_COOKIE_SEALED, false, "e1.2026-10.0.QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZX.g-FYwsspgJEZJWmxXmiQy6IehSNW22tRDIc"},
        {SSR_COOKIE_SIGNED, false, "s1.2026-10.0.eyJ1c2VyIjo3fQ.qmGXfxw4xTLycam5h-IgNn5nAynyRrUWrxg7lSGMglY"},
        {SSR_COOKIE_SEALED, true,
         "e1.2026-10.1767225600.QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZX.g-FYwsspgJEZJVUv5AF0HQ2r3AFeq3FwpDI"},
        {SSR_COOKIE_SIGNED, true, "s1.2026-10.1767225600.eyJ1c2VyIjo3fQ.95VYZ8oADgCkOKnp2HCnDgUX9f2jkkVN8aYgrvswtVw"},
    };
    static const char value[] = "{\"user\":7}";
    unsigned char secret[SSR_COOKIE_KEY_BYTES];
    ssr_keyring *ring;
    (void)state;
    for (size_t i = 0; i < sizeof secret; i++)
        secret[i] = (unsigned char)i;
    assert_int_equal(ssr_keyring_new(NULL, &(ssr_cookie_key){"2026-10", secret, sizeof secret}, 1, &ring), SSR_OK);
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        const char *text = cases[i].text;
        assert_int_equal(open_n(ring, cases[i].protection, "session", text, strlen(text), 0, value), SSR_OK);
        char made[200];
        size_t length;
        assert_int_equal(ssr_cookie_seal(ring, cases[i].protection, "session", value, strlen(value),
                                         cases[i].expires ? some_time : 0, made, sizeof made, &length),
                         SSR_OK);
        assert_int_equal(length, strlen(text));
        if (cases[i].protection == SSR_COOKIE_SIGNED)
            assert_string_equal(made, text);
    }
    ssr_keyring_free(ring);
}

static void values_of_every_length_come_back(void **state)
{
    char value[4096], text[SSR_COOKIE_TEXT_SIZE], out[SSR_COOKIE_TEXT_SIZE];
    ssr_keyring *ring = ring_of("a");
    (void)state;
    for (size_t i = 0; i < sizeof value; i++)
        value[i] = (char)(i * 7 + i / 256);
    for (size_t i = 0; i < TEST_COUNT(both); i++) {
        size_t length = 0, longest = 0, out_length;
        ssr_status status = SSR_OK;
        for (; status == SSR_OK; length++) {
            status = ssr_cookie_seal(ring, both[i], "name", value, length, some_time, text, sizeof text, &longest);
            if (status != SSR_OK)
                break;
            assert_int_equal(longest, strlen(text));
            assert_int_equal(strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"),
                             longest);
            assert_int_equal(ssr_cookie_open(ring, both[i], "name", text, longest, 0, out, sizeof out, &out_length),
                             SSR_OK);
            assert_int_equal(out_length, length);
            assert_memory_equal(out, value, length);
            assert_int_equal(out[length], '\0');
        }
        assert_int_equal(status, SSR_E_COOKIE_TOO_LONG);
        assert_in_range(4 + longest, 4094, 4096); /* one byte more is two letters more, at the most */
        printf("protection %d: 0 to %zu bytes\n", (int)both[i], length - 1);
    }
    ssr_keyring_free(ring);
}

static void long_names_and_values_are_refused(void **state)
{
    static char name[5000], value[5000];
    ssr_keyring *ring = ring_of("a");
    char text[16] = "untouched";
    size_t length = 77;
    (void)state;
    memset(name, 'n', sizeof name - 1);
    for (size_t i = 0; i < TEST_COUNT(both); i++) {
        assert_int_equal(ssr_cookie_seal(ring, both[i], name, "", 0, 0, text, sizeof text, &length),
                         SSR_E_COOKIE_TOO_LONG);
        assert_int_equal(ssr_cookie_seal(ring, both[i], "n", value, 5000, 0, text, sizeof text, &length),
                         SSR_E_COOKIE_TOO_LONG);
        assert_int_equal(ssr_cookie_seal(ring, both[i], "n", value, SIZE_MAX, 0, text, sizeof text, &length),
                         SSR_E_COOKIE_TOO_LONG);
        assert_int_equal(open_n(ring, both[i], name, "", 0, 0, NULL), SSR_E_SEAL_FORM);
        assert_int_equal(open_n(ring, both[i], name, value, 4097, 0, NULL), SSR_E_SEAL_FORM);
        assert_int_equal(open_n(ring, both[i], "n", value, SIZE_MAX, 0, NULL), SSR_E_SEAL_FORM);
    }
    assert_string_equal(text, "untouched");
    assert_int_equal(length, 77);
    ssr_keyring_free(ring);
}

static void sealed_texts_are_fresh_and_signed_ones_equal(void **state)
{
    ssr_keyring *ring = ring_of("a");
    char first[200];
    (void)state;
    strcpy(first, seal(ring, SSR_COOKIE_SIGNED, "v", 0));
    assert_string_equal(first, seal(ring, SSR_COOKIE_SIGNED, "v", 0));
    strcpy(first, seal(ring, SSR_COOKIE_SEALED, "v", 0));
    const char *second = seal(ring, SSR_COOKIE_SEALED, "v", 0);
    assert_memory_equal(first, second, 7);
    assert_memory_not_equal(first + 7, second + 7, 32);
    assert_memory_not_equal(first + 40, second + 40, 22);
    ssr_keyring_free(ring);
}

static void buffers_are_filled_as_snprintf_does(void **state)
{
    ssr_keyring *ring = ring_of("a");
    char out[128];
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(both); i++) {
        char text[128];
        size_t text_length, length;
        strcpy(text, seal(ring, both[i], "value", 0));
        text_length = strlen(text);
        for (size_t size = 0; size < sizeof out; size++) {
            memset(out, '?', sizeof out);
            assert_int_equal(ssr_cookie_seal(ring, both[i], "n", "value", 5, 0, size ? out : NULL, size, &length),
                             SSR_OK);
            assert_int_equal(length, text_length);
            if (size > 0)
                assert_int_equal(strlen(out), size <= length ? size - 1 : length);
            assert_int_equal(out[size], '?');
            memset(out, '?', sizeof out);
            assert_int_equal(
                ssr_cookie_open(ring, both[i], "n", text, text_length, 0, size ? out : NULL, size, &length), SSR_OK);
            assert_int_equal(length, 5);
            if (size > 0)
                assert_int_equal(strlen(out), size <= 5 ? size - 1 : 5);
            assert_memory_equal(out, "value", size == 0 ? 0 : size <= 5 ? size - 1 : 5);
            assert_int_equal(out[size], '?');
        }
        assert_int_equal(ssr_cookie_open(ring, both[i], "n", text, text_length, 0, text, sizeof text, &length), SSR_OK);
        assert_string_equal(text, "value");
    }
    ssr_keyring_free(ring);
}

static void arguments_are_checked(void **state)
{
    ssr_keyring *ring = ring_of("a");
    char text[100];
    size_t length;
    (void)state;
    static const struct {
        bool has_ring;
        int protection;
        const char *name, *bytes;
        size_t length;
    } cases[] = {
        {false, SSR_COOKIE_SEALED, "n", "v", 1},
        {true, SSR_COOKIE_PLAIN, "n", "v", 1},
        {true, 3, "n", "v", 1},
        {true, SSR_COOKIE_SEALED, "", "v", 1},
        {true, SSR_COOKIE_SEALED, NULL, "v", 1},
        {true, SSR_COOKIE_SEALED, "n", NULL, 1},
    };
    for (size_t i = 0; i < TEST_COUNT(cases); i++) {
        const ssr_keyring *used = cases[i].has_ring ? ring : NULL;
        ssr_cookie_protection protection = (ssr_cookie_protection)cases[i].protection;
        assert_int_equal(ssr_cookie_seal(used, protection, cases[i].name, cases[i].bytes, cases[i].length, 0, text,
                                         sizeof text, &length),
                         SSR_E_INVALID_ARGUMENT);
        assert_int_equal(ssr_cookie_open(used, protection, cases[i].name, cases[i].bytes, cases[i].length, 0, text,
                                         sizeof text, &length),
                         SSR_E_INVALID_ARGUMENT);
    }
    assert_int_equal(ssr_cookie_seal(ring, SSR_COOKIE_SIGNED, "n", NULL, 0, 0, text, sizeof text, &length), SSR_OK);
    assert_int_equal(open_text(ring, SSR_COOKIE_SIGNED, text, 0, ""), SSR_OK);
    assert_int_equal(open_n(ring, SSR_COOKIE_SIGNED, "n", NULL, 0, 0, NULL), SSR_E_SEAL_FORM);
    ssr_keyring_free(ring);
}

/* ---- Expiry ----------------------------------------------------------------------------------------------------- */

static void texts_open_until_their_time_comes(void **state)
{
    static const struct {
        int64_t expires, now;
        ssr_status status;
    } cases[] = {
        {0, 0, SSR_OK},
        {0, INT64_MAX, SSR_OK},
        {0, INT64_MIN, SSR_OK},
        {1000, 999, SSR_OK},
        {1000, 1000, SSR_E_SEAL_EXPIRED},
        {1999, 1000, SSR_E_SEAL_EXPIRED},
        {1000, INT64_MIN, SSR_OK},
        {INT64_C(1767225600000), INT64_C(1767225599999), SSR_OK},
        {INT64_C(1767225600000), INT64_C(1767225600000), SSR_E_SEAL_EXPIRED},
        {INT64_C(253402300799999), INT64_C(253402300798999), SSR_OK},
        {INT64_C(253402300799999), INT64_C(253402300799000), SSR_E_SEAL_EXPIRED},
        {INT64_C(253402300799999), INT64_MAX, SSR_E_SEAL_EXPIRED},
    };
    ssr_keyring *ring = ring_of("a");
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(cases); i++)
        for (size_t p = 0; p < TEST_COUNT(both); p++)
            assert_int_equal(open_text(ring, both[p], seal(ring, both[p], "v", cases[i].expires), cases[i].now, "v"),
                             cases[i].status);
    ssr_keyring_free(ring);
}

static void expiries_that_cannot_be_written_are_refused(void **state)
{
    static const int64_t expiries[] = {1, 999, -1, -1000, INT64_MIN, INT64_C(253402300800000), INT64_MAX};
    ssr_keyring *ring = ring_of("a");
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(expiries); i++) {
        char text[100] = "untouched";
        size_t length;
        assert_int_equal(ssr_cookie_seal(ring, SSR_COOKIE_SEALED, "n", "v", 1, expiries[i], text, sizeof text, &length),
                         SSR_E_COOKIE_EXPIRES);
        assert_string_equal(text, "untouched");
    }
    ssr_keyring_free(ring);
}

/* A forged text tells nothing about its expiry. */
static void forgery_comes_before_expiry(void **state)
{
    ssr_keyring *ring = ring_of("a");
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(both); i++) {
        const char *text = seal(ring, both[i], "v", 1000);
        assert_int_equal(open_n(ring, both[i], "m", text, strlen(text), some_time, NULL), SSR_E_SEAL_FORGED);
        assert_int_equal(open_text(ring, both[i], text, some_time, NULL), SSR_E_SEAL_EXPIRED);
    }
    ssr_keyring_free(ring);
}

/* ---- Forgery ---------------------------------------------------------------------------------------------------- */

static bool is_refusal(ssr_status status)
{
    return status == SSR_E_SEAL_FORM || status == SSR_E_SEAL_KEY || status == SSR_E_SEAL_FORGED;
}

/* Every byte by every other, which has every flipped bit in it, and every other spelling of the same bytes. */
static void no_replaced_byte_opens(void **state)
{
    ssr_keyring *ring = ring_of("ab");
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(both); i++) {
        char text[200];
        strcpy(text, seal(ring, both[i], "value", some_time));
        size_t length = strlen(text);
        for (size_t at = 0; at < length; at++) {
            char kept = text[at];
            for (int byte = 0; byte < 256; byte++) {
                text[at] = (char)byte;
                ssr_status status = open_n(ring, both[i], "n", text, length, 0, "value");
                assert_true((char)byte == kept ? status == SSR_OK : is_refusal(status));
            }
            text[at] = kept;
        }
    }
    ssr_keyring_free(ring);
}

static void no_cut_or_longer_text_opens(void **state)
{
    ssr_keyring *ring = ring_of("a");
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(both); i++) {
        char text[200], changed[202];
        strcpy(text, seal(ring, both[i], "value", some_time));
        size_t length = strlen(text);
        for (size_t at = 0; at < length; at++) {
            assert_true(is_refusal(open_n(ring, both[i], "n", text, at, 0, NULL)));
            assert_true(is_refusal(open_n(ring, both[i], "n", text + at + 1, length - at - 1, 0, NULL)));
            memcpy(changed, text, at);
            memcpy(changed + at, text + at + 1, length - at);
            assert_true(is_refusal(open_text(ring, both[i], changed, 0, NULL)));
        }
        for (size_t at = 0; at <= length; at++)
            for (int byte = 0; byte < 256; byte++) {
                memcpy(changed, text, at);
                changed[at] = (char)byte;
                memcpy(changed + at + 1, text + at, length - at + 1);
                assert_true(is_refusal(open_n(ring, both[i], "n", changed, length + 1, 0, NULL)));
            }
    }
    ssr_keyring_free(ring);
}

#define MAC43 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define NONCE32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define TAG22 "AAAAAAAAAAAAAAAAAAAAAA"
static const struct {
    ssr_cookie_protection protection;
    const char *text;
    ssr_status status;
} malformed[] = {
    /* Well-formed, so that each case below differs from these in one thing. */
    {SSR_COOKIE_SIGNED, "s1.a.0.AA." MAC43, SSR_E_SEAL_FORGED},
    {SSR_COOKIE_SIGNED, "s1.a.0.." MAC43, SSR_E_SEAL_FORGED},
    {SSR_COOKIE_SEALED, "e1.a.0." NONCE32 "." TAG22, SSR_E_SEAL_FORGED},
    {SSR_COOKIE_SIGNED, "s1.a.253402300799.AA." MAC43, SSR_E_SEAL_FORGED},
    {SSR_COOKIE_SIGNED, "s1.b.0.AA." MAC43, SSR_E_SEAL_KEY},
    {SSR_COOKIE_SIGNED, "s1.aa.0.AA." MAC43, SSR_E_SEAL_KEY},
    {SSR_COOKIE_SIGNED, "", SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "....", SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a.0.AA", SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a.0.AA." MAC43 ".", SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a.0.AA." MAC43 ".AA", SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, ".a.0.AA." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s2.a.0.AA." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "S1.a.0.AA." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s.a.0.AA." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s11.a.0.AA." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "e1.a.0.AA." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SEALED, "s1.a.0." NONCE32 "." TAG22, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1..0.AA." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a b.0.AA." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.12345678901234567.0.AA." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a..AA." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a.00.AA." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a.01.AA." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a.+1.AA." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a.-1.AA." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a. 1.AA." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a.1x.AA." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a.253402300800.AA." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a.9999999999999.AA." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a.18446744073709551616.AA." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a.0.A." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a.0.AB." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a.0.AAB." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a.0.AA==." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a.0.AA=." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a.0.A+AA." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a.0.A/AA." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a.0.A A." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a.0.A_AA." MAC43, SSR_E_SEAL_FORGED},
    {SSR_COOKIE_SIGNED, "s1.a.0.A\x80\x41\x41." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a.0.A\xff\x41\x41." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a.0.AA ." MAC43, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a.0.AA." MAC43 "=", SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a.0.AA." MAC43 "A", SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a.0.AA.AA", SSR_E_SEAL_FORM},
    {SSR_COOKIE_SIGNED, "s1.a.0.AA.", SSR_E_SEAL_FORM},
    {SSR_COOKIE_SEALED, "e1.a.0." NONCE32 ".", SSR_E_SEAL_FORM},
    {SSR_COOKIE_SEALED, "e1.a.0." NONCE32 ".AAAAAAAAAAAAAAAAAAAA", SSR_E_SEAL_FORM},
    {SSR_COOKIE_SEALED, "e1.a.0.." TAG22, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SEALED, "e1.a.0." NONCE32 "AA." TAG22, SSR_E_SEAL_FORM},
    {SSR_COOKIE_SEALED, "e1.a.0." NONCE32 "." TAG22 "==", SSR_E_SEAL_FORM},
};

static void malformed_texts_are_named(void **state)
{
    ssr_keyring *ring = ring_of("a");
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(malformed); i++) {
        ssr_status status = open_text(ring, malformed[i].protection, malformed[i].text, 0, NULL);
        if (status != malformed[i].status)
            fail_msg("%s: %s", malformed[i].text, ssr_status_name(status));
    }
    ssr_keyring_free(ring);
}

static void texts_open_under_their_own_name_only(void **state)
{
    static const char *const names[] = {"m", "N", "nn", "n ", "n.", "e1.a.0"};
    ssr_keyring *ring = ring_of("a");
    (void)state;
    for (size_t i = 0; i < TEST_COUNT(both); i++) {
        const char *text = seal(ring, both[i], "v", 0);
        for (size_t n = 0; n < TEST_COUNT(names); n++)
            assert_int_equal(open_n(ring, both[i], names[n], text, strlen(text), 0, NULL), SSR_E_SEAL_FORGED);
    }
    ssr_keyring_free(ring);
}

/* A sealed text relabelled as a signed one: a box of 32 bytes has the form of a MAC. And the other way round. */
static void protections_do_not_mix(void **state)
{
    ssr_keyring *ring = ring_of("a");
    char text[200];
    (void)state;
    strcpy(text, seal(ring, SSR_COOKIE_SEALED, "sixteen bytes...", 0));
    assert_int_equal(open_text(ring, SSR_COOKIE_SIGNED, text, 0, NULL), SSR_E_SEAL_FORM);
    text[0] = 's';
    assert_int_equal(open_text(ring, SSR_COOKIE_SIGNED, text, 0, NULL), SSR_E_SEAL_FORGED);
    strcpy(text, seal(ring, SSR_COOKIE_SIGNED, "twenty-four bytes.......", 0));
    assert_int_equal(open_text(ring, SSR_COOKIE_SEALED, text, 0, NULL), SSR_E_SEAL_FORM);
    text[0] = 'e';
    assert_int_equal(open_text(ring, SSR_COOKIE_SEALED, text, 0, NULL), SSR_E_SEAL_FORGED);
    ssr_keyring_free(ring);
}

/* Bytes moved between neighbouring parts keep what they spell in a row, not what they mean. */
static void parts_do_not_run_together(void **state)
{
    ssr_keyring *ring = ring_of("a");
    char text[200], moved[200];
    (void)state;
    strcpy(text, seal(ring, SSR_COOKIE_SIGNED, "abcd", 0));
    const char *mac = strrchr(text, '.');
    snprintf(moved, sizeof moved, "s1.a.0.YmNk%s", mac); /* "bcd", the letter a having gone to the name */
    assert_int_equal(open_n(ring, SSR_COOKIE_SIGNED, "na", moved, strlen(moved), 0, NULL), SSR_E_SEAL_FORGED);
    ssr_keyring_free(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_checked),
        cmocka_unit_test(a_ring_holds_64_keys),
        cmocka_unit_test(key_lines_are_read),
        cmocka_unit_test(only_hexadecimal_digits_are_read),
        cmocka_unit_test(generated_keys_read_back_and_differ),
        cmocka_unit_test(keys_are_rotated),
        cmocka_unit_test(another_secret_of_the_same_id_is_no_key),
        cmocka_unit_test(no_memory_makes_no_ring),
        cmocka_unit_test(a_ring_is_wiped_before_it_is_freed),
        cmocka_unit_test(known_texts_open),
        cmocka_unit_test(values_of_every_length_come_back),
        cmocka_unit_test(long_names_and_values_are_refused),
        cmocka_unit_test(sealed_texts_are_fresh_and_signed_ones_equal),
        cmocka_unit_test(buffers_are_filled_as_snprintf_does),
        cmocka_unit_test(arguments_are_checked),
        cmocka_unit_test(texts_open_until_their_time_comes),
        cmocka_unit_test(expiries_that_cannot_be_written_are_refused),
        cmocka_unit_test(forgery_comes_before_expiry),
        cmocka_unit_test(no_replaced_byte_opens),
        cmocka_unit_test(no_cut_or_longer_text_opens),
        cmocka_unit_test(malformed_texts_are_named),
        cmocka_unit_test(texts_open_under_their_own_name_only),
        cmocka_unit_test(protections_do_not_mix),
        cmocka_unit_test(parts_do_not_run_together),
    };
    return cmocka_run_group_tests_name("sealing", tests, NULL, NULL);
}

#else

static void without_libsodium_every_call_says_so(void **state)
{
    static const unsigned char secret[SSR_COOKIE_KEY_BYTES];
    ssr_keyring *ring = (ssr_keyring *)&ring;
    char text[SSR_COOKIE_KEY_LINE_SIZE] = "untouched";
    unsigned char read[SSR_COOKIE_KEY_BYTES];
    size_t length = 77;
    (void)state;
    assert_int_equal(ssr_keyring_new(NULL, &(ssr_cookie_key){"a", secret, 32}, 1, &ring), SSR_E_NO_CRYPTO);
    assert_null(ring);
    ssr_keyring_free(ring);
    assert_int_equal(ssr_cookie_key_read("a:", 2, text, read), SSR_E_NO_CRYPTO);
    assert_int_equal(ssr_cookie_key_generate("a", text), SSR_E_NO_CRYPTO);
    assert_int_equal(ssr_cookie_seal(NULL, SSR_COOKIE_SIGNED, "n", "v", 1, some_time, text, sizeof text, &length),
                     SSR_E_NO_CRYPTO);
    assert_int_equal(ssr_cookie_open(NULL, SSR_COOKIE_SIGNED, "n", "s1", 2, some_time, text, sizeof text, &length),
                     SSR_E_NO_CRYPTO);
    assert_string_equal(text, "untouched");
    assert_int_equal(length, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(without_libsodium_every_call_says_so)};
    return cmocka_run_group_tests_name("sealing without libsodium", tests, NULL, NULL);
}

#endif
