/*
 * Any bytes as a signed or sealed cookie, and as changes to one that is valid. What must hold: nobody without the key
 * makes a text that opens, and only the text itself opens, under its own name, as what was put in; a refusal gives
 * nothing away.
 */
#include "cookie/seal.h"
#include "fuzz/fuzz.h"

enum { MOST_ALONE = 8 }; /* changes that are tried alone: each costs an opening */

static const int64_t expires_ms = 2000, now_ms = 1999;

/* Opens under `name` and answers whether it did; what came out is then in `out`. */
static bool opens(const ssr_keyring *ring, ssr_cookie_protection protection, const char *name, const char *text,
                  size_t text_length, char out[SSR_COOKIE_TEXT_SIZE], size_t *length)
{
    memset(out, '?', SSR_COOKIE_TEXT_SIZE);
    ssr_status status =
        ssr_cookie_open(ring, protection, name, text, text_length, now_ms, out, SSR_COOKIE_TEXT_SIZE, length);
    if (status == SSR_OK)
        return true;
    expect(status == SSR_E_SEAL_FORM || status == SSR_E_SEAL_KEY || status == SSR_E_SEAL_FORGED ||
           status == SSR_E_SEAL_EXPIRED);
    for (size_t i = 0; i < SSR_COOKIE_TEXT_SIZE; i++)
        expect(out[i] == '?');
    return false;
}

static void expect_never_opens(const ssr_keyring *ring, const char *text, size_t length)
{
    char out[SSR_COOKIE_TEXT_SIZE];
    size_t out_length;
    expect(!opens(ring, SSR_COOKIE_SIGNED, "n", text, length, out, &out_length));
    expect(!opens(ring, SSR_COOKIE_SEALED, "n", text, length, out, &out_length));
}

/* One change of three bytes: what to do, where, and with which byte. Returns the new length. */
static size_t change(char text[SSR_COOKIE_TEXT_SIZE], size_t length, const uint8_t how[3])
{
    size_t at = how[1] % (length + 1);
    switch (how[0] % 4) {
    case 0: /* replace */
        if (at < length)
            text[at] = (char)how[2];
        return length;
    case 1: /* cut out */
        if (at == length)
            return length;
        memmove(text + at, text + at + 1, length - at - 1);
        return length - 1;
    case 2: /* put in */
        if (length + 1 >= SSR_COOKIE_TEXT_SIZE)
            return length;
        memmove(text + at + 1, text + at, length - at);
        text[at] = (char)how[2];
        return length + 1;
    default:
        if (how[2] < 8) /* cut off, seldom */
            return at;
        if (at < length) /* one bit, so that another digit of the same value is soon there */
            text[at] = (char)(text[at] ^ 1 << how[2] % 8);
        return length;
    }
}

static void expect_changed_never_opens(const ssr_keyring *ring, const char *text, size_t length, const char *changed,
                                       size_t changed_length)
{
    if (changed_length != length || memcmp(changed, text, length) != 0)
        expect_never_opens(ring, changed, changed_length);
}

/* One change alone. */
static void try_change(const ssr_keyring *ring, const char *text, size_t length, const uint8_t how[3])
{
    char changed[SSR_COOKIE_TEXT_SIZE];
    memcpy(changed, text, length);
    expect_changed_never_opens(ring, text, length, changed, change(changed, length, how));
}

/* A valid text of the first bytes, up to 64, and the others as changes to it, all together and the first ones alone. */
static void try_changes(const ssr_keyring *ring, ssr_cookie_protection protection, const char *data, size_t size)
{
    char text[SSR_COOKIE_TEXT_SIZE], changed[SSR_COOKIE_TEXT_SIZE], out[SSR_COOKIE_TEXT_SIZE];
    size_t value_length = size > 0 ? (unsigned char)data[0] % 64 : 0, length, out_length;
    if (value_length > size)
        value_length = size;
    expect(ssr_cookie_seal(ring, protection, "n", data, value_length, expires_ms, text, sizeof text, &length) ==
           SSR_OK);
    expect(opens(ring, protection, "n", text, length, out, &out_length));
    expect(out_length == value_length && (value_length == 0 || memcmp(out, data, value_length) == 0));
    expect(!opens(ring, protection, "m", text, length, out, &out_length));
    memcpy(changed, text, length);
    size_t changed_length = length;
    for (size_t at = value_length; at + 3 <= size; at += 3) {
        const uint8_t *how = (const uint8_t *)data + at;
        changed_length = change(changed, changed_length, how);
        if (at < value_length + 3 * MOST_ALONE)
            try_change(ring, text, length, how);
    }
    expect_changed_never_opens(ring, text, length, changed, changed_length);
}

/* A fresh secret for every input: the fuzzer looks into comparisons, and sends valid texts that it has seen there. */
static ssr_keyring *fresh_ring(void)
{
    char line[SSR_COOKIE_KEY_LINE_SIZE], id[SSR_COOKIE_KEY_ID_SIZE];
    unsigned char secrets[2][SSR_COOKIE_KEY_BYTES];
    for (int i = 0; i < 2; i++) {
        expect(ssr_cookie_key_generate("a", line) == SSR_OK);
        expect(ssr_cookie_key_read(line, strlen(line), id, secrets[i]) == SSR_OK);
    }
    ssr_keyring *ring;
    const ssr_cookie_key keys[] = {{"a", secrets[0], sizeof secrets[0]}, {"b", secrets[1], sizeof secrets[1]}};
    expect(ssr_keyring_new(NULL, keys, 2, &ring) == SSR_OK);
    return ring;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ssr_keyring *ring = fresh_ring();
    const char *bytes = (const char *)data;
    expect_never_opens(ring, bytes, size);
    if (size > 0)
        try_changes(ring, data[0] & 1 ? SSR_COOKIE_SIGNED : SSR_COOKIE_SEALED, bytes + 1, size - 1);
    ssr_keyring_free(ring);
    return 0;
}
