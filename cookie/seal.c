/*
 * Signed and sealed cookie values; the only file that knows libsodium. What always holds: nothing leaves here that was
 * not authenticated first, whether a key may open a text is decided by key, protection and name together, a text that
 * opens is the only spelling of what it says, and bytes that were secret are wiped from the stack before a return.
 */
#include "cookie/seal.h"

#ifdef SSR_HAVE_SODIUM

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "ssrstore/ascii.h"
#include "ssrstore/memory.h"

enum {
    LONGEST_COOKIE = SSR_COOKIE_TEXT_SIZE - 1, /* name and text: RFC 6265bis 5.6 step 5 */
    LONGEST_BINARY = LONGEST_COOKIE / 4 * 3,
    LONGEST_EXPIRY = 12, /* digits of the last second of 9999 */
    VERSION = 2,
    LONGEST_HEAD = VERSION + 1 + SSR_COOKIE_KEY_ID_SIZE - 1 + 1 + LONGEST_EXPIRY,
    FIELDS = 5,
    NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    MAC = crypto_generichash_BYTES,
    BASE64 = sodium_base64_VARIANT_URLSAFE_NO_PADDING
};

_Static_assert(SSR_COOKIE_KEY_BYTES == crypto_kdf_KEYBYTES, "a secret is a master key");

static const int64_t last_second = INT64_C(253402300799); /* 9999-12-31T23:59:59Z */

/* ---- Keys ------------------------------------------------------------------------------------------------------- */

/* What is kept of a key: one subkey for each protection, so that neither use can say anything about the other. */
struct ring_key {
    char id[SSR_COOKIE_KEY_ID_SIZE];
    unsigned char sealing[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
    unsigned char signing[crypto_generichash_KEYBYTES];
};

struct ssr_keyring {
    struct ssr_budget budget;
    size_t count;
    struct ring_key keys[];
};

static bool is_id(const char *id, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!ssr_is_alphanumeric(id[i]) && !ssr_is_one_of(id[i], "-_"))
            return false;
    return length > 0 && length < SSR_COOKIE_KEY_ID_SIZE;
}

static bool is_id_string(const char *id)
{
    return id && is_id(id, strlen(id));
}

/* Whether the key is one, and its id is none of those before it. */
static bool is_key(const ssr_cookie_key *keys, size_t at)
{
    const ssr_cookie_key *key = &keys[at];
    if (!is_id_string(key->id) || !key->secret || key->secret_length != SSR_COOKIE_KEY_BYTES)
        return false;
    for (size_t i = 0; i < at; i++)
        if (strcmp(keys[i].id, key->id) == 0)
            return false;
    return true;
}

static bool are_keys(const ssr_cookie_key *keys, size_t count)
{
    if (!keys || count == 0 || count > SSR_COOKIE_KEYS)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!is_key(keys, i))
            return false;
    return true;
}

/* The numbers and the context are part of the form: with others, no text made before would open. */
static void derive(struct ring_key *key, const ssr_cookie_key *from)
{
    memcpy(key->id, from->id, strlen(from->id) + 1);
    crypto_kdf_derive_from_key(key->sealing, sizeof key->sealing, 1, "ssrstore", from->secret);
    crypto_kdf_derive_from_key(key->signing, sizeof key->signing, 2, "ssrstore", from->secret);
}

static size_t ring_size(size_t count)
{
    return sizeof(struct ssr_keyring) + count * sizeof(struct ring_key);
}

ssr_status ssr_keyring_new(const ssr_allocator *allocator, const ssr_cookie_key *keys, size_t count, ssr_keyring **ring)
{
    *ring = NULL;
    if (!are_keys(keys, count))
        return SSR_E_COOKIE_KEY;
    if (sodium_init() < 0) /* GCOVR_EXCL_BR_LINE: fails where the system gives no random bytes */
        return SSR_E_NO_CRYPTO;
    struct ssr_budget budget;
    ssr_budget_init(&budget, allocator, SIZE_MAX);
    struct ssr_keyring *made = ssr_budget_resize(&budget, NULL, 0, ring_size(count));
    if (!made)
        return SSR_E_NOMEM;
    made->budget = budget;
    made->count = count;
    for (size_t i = 0; i < count; i++)
        derive(&made->keys[i], &keys[i]);
    *ring = made;
    return SSR_OK;
}

void ssr_keyring_free(ssr_keyring *ring)
{
    if (!ring)
        return;
    struct ssr_budget budget = ring->budget;
    size_t size = ring_size(ring->count);
    sodium_memzero(ring, size);
    ssr_budget_resize(&budget, ring, size, 0);
}

static const struct ring_key *find_key(const ssr_keyring *ring, const char *id, size_t length)
{
    for (size_t i = 0; i < ring->count; i++)
        if (strlen(ring->keys[i].id) == length && memcmp(ring->keys[i].id, id, length) == 0)
            return &ring->keys[i];
    return NULL;
}

ssr_status ssr_cookie_key_read(const char *line, size_t length, char *id, unsigned char *secret)
{
    const char *colon = line ? memchr(line, ':', length) : NULL;
    if (!colon || !is_id(line, (size_t)(colon - line)))
        return SSR_E_COOKIE_KEY;
    size_t id_length = (size_t)(colon - line), digits = length - id_length - 1;
    digits -= digits > 0 && colon[digits] == '\n';
    digits -= digits > 0 && colon[digits] == '\r';
    unsigned char bytes[SSR_COOKIE_KEY_BYTES];
    bool is_read =
        digits == 2 * sizeof bytes && sodium_hex2bin(bytes, sizeof bytes, colon + 1, digits, NULL, NULL, NULL) == 0;
    if (is_read) {
        memcpy(id, line, id_length);
        id[id_length] = '\0';
        memcpy(secret, bytes, sizeof bytes);
    }
    sodium_memzero(bytes, sizeof bytes);
    return is_read ? SSR_OK : SSR_E_COOKIE_KEY;
}

ssr_status ssr_cookie_key_generate(const char *id, char *line)
{
    if (!is_id_string(id))
        return SSR_E_COOKIE_KEY;
    if (sodium_init() < 0) /* GCOVR_EXCL_BR_LINE: as in ssr_keyring_new */
        return SSR_E_NO_CRYPTO;
    unsigned char secret[SSR_COOKIE_KEY_BYTES];
    crypto_kdf_keygen(secret);
    size_t length = strlen(id);
    memmove(line, id, length);
    line[length] = ':';
    sodium_bin2hex(line + length + 1, 2 * sizeof secret + 1, secret, sizeof secret);
    sodium_memzero(secret, sizeof secret);
    return SSR_OK;
}

/* ---- What is authenticated -------------------------------------------------------------------------------------- */

/* The two binary fields of a text. Plaintext passes through here: who has one on the stack wipes it. */
struct body {
    unsigned char first[LONGEST_BINARY];  /* sealed: the nonce. Signed: the value */
    unsigned char second[LONGEST_BINARY]; /* sealed: the box, in place of the value. Signed: the MAC */
    size_t first_length, second_length;
};

/* What a text vouches for besides the value: its head as written, and the cookie's name. */
struct associated {
    unsigned char bytes[4 + LONGEST_HEAD + 4 + LONGEST_COOKIE];
    size_t length;
};

static void put_length(unsigned char out[4], size_t length)
{
    for (int i = 0; i < 4; i++)
        out[i] = (unsigned char)(length >> 8 * i);
}

/* Each part stands behind its length, so no two lists of parts are the same bytes. */
static void associate(struct associated *associated, const char *part, size_t length)
{
    put_length(associated->bytes + associated->length, length);
    memcpy(associated->bytes + associated->length + 4, part, length);
    associated->length += 4 + length;
}

static void compute_mac(const struct ring_key *key, const struct associated *associated, const struct body *body,
                        unsigned char mac[MAC])
{
    unsigned char length[4];
    crypto_generichash_state state;
    put_length(length, body->first_length);
    crypto_generichash_init(&state, key->signing, sizeof key->signing, MAC);
    crypto_generichash_update(&state, associated->bytes, associated->length);
    crypto_generichash_update(&state, length, sizeof length);
    crypto_generichash_update(&state, body->first, body->first_length);
    crypto_generichash_final(&state, mac, MAC);
    sodium_memzero(&state, sizeof state);
}

static void sign(const struct ring_key *key, const struct associated *associated, struct body *body)
{
    compute_mac(key, associated, body, body->second);
    body->second_length = MAC;
}

static bool verify(const struct ring_key *key, const struct associated *associated, const struct body *body)
{
    unsigned char mac[MAC];
    compute_mac(key, associated, body, mac);
    bool is_authentic = sodium_memcmp(mac, body->second, MAC) == 0;
    sodium_memzero(mac, sizeof mac);
    return is_authentic;
}

static void encrypt(const struct ring_key *key, const struct associated *associated, struct body *body)
{
    body->first_length = NONCE;
    randombytes_buf(body->first, NONCE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(body->second, NULL, body->second, body->second_length, associated->bytes,
                                               associated->length, NULL, body->first, key->sealing);
    body->second_length += TAG;
}

static bool decrypt(const struct ring_key *key, const struct associated *associated, struct body *body)
{
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(body->second, NULL, NULL, body->second, body->second_length,
                                                   associated->bytes, associated->length, body->first,
                                                   key->sealing) != 0)
        return false;
    body->second_length -= TAG;
    return true;
}

/* ---- Sealing ---------------------------------------------------------------------------------------------------- */

static bool is_protected(ssr_cookie_protection protection)
{
    return protection == SSR_COOKIE_SIGNED || protection == SSR_COOKIE_SEALED;
}

static const char *version_of(ssr_cookie_protection protection)
{
    return protection == SSR_COOKIE_SEALED ? "e1" : "s1";
}

static size_t encoded_length(size_t length)
{
    return (length * 4 + 2) / 3;
}

/* Returns the head's length. */
static size_t write_head(char head[LONGEST_HEAD], const char *version, const char *id, int64_t expiry)
{
    char digits[LONGEST_EXPIRY];
    size_t at = sizeof digits;
    do
        digits[--at] = (char)('0' + expiry % 10);
    while ((expiry /= 10) > 0);
    struct ssr_text_out out = {head, LONGEST_HEAD, 0};
    ssr_text_put(&out, version, VERSION);
    ssr_text_put(&out, ".", 1);
    ssr_text_put(&out, id, strlen(id));
    ssr_text_put(&out, ".", 1);
    ssr_text_put(&out, digits + at, sizeof digits - at);
    return out.length;
}

static void put_encoded(struct ssr_text_out *out, const unsigned char *bytes, size_t length)
{
    char text[LONGEST_COOKIE + 1];
    sodium_bin2base64(text, sizeof text, bytes, length, BASE64);
    ssr_text_put(out, ".", 1);
    ssr_text_put(out, text, encoded_length(length));
    sodium_memzero(text, encoded_length(length));
}

/* Whether name and text will be no longer than browsers keep; all buffers here are made for that. */
static bool fits(size_t name, size_t head, ssr_cookie_protection protection, size_t value)
{
    if (name > LONGEST_COOKIE || value > LONGEST_BINARY)
        return false;
    size_t first = protection == SSR_COOKIE_SEALED ? NONCE : value;
    size_t second = protection == SSR_COOKIE_SEALED ? value + TAG : (size_t)MAC;
    return name + head + 1 + encoded_length(first) + 1 + encoded_length(second) <= LONGEST_COOKIE;
}

static void put_value(unsigned char field[LONGEST_BINARY], size_t *field_length, const char *value, size_t length)
{
    if (length > 0) /* value may be NULL */
        memcpy(field, value, length);
    *field_length = length;
}

static void protect(const struct ring_key *key, ssr_cookie_protection protection, const struct associated *associated,
                    const char *value, size_t length, struct body *body)
{
    if (protection == SSR_COOKIE_SEALED) {
        put_value(body->second, &body->second_length, value, length);
        encrypt(key, associated, body);
    } else {
        put_value(body->first, &body->first_length, value, length);
        sign(key, associated, body);
    }
}

ssr_status ssr_cookie_seal(const ssr_keyring *ring, ssr_cookie_protection protection, const char *name,
                           const char *value, size_t value_length, int64_t expires_ms, char *buffer, size_t size,
                           size_t *length)
{
    if (!ring || !is_protected(protection) || !name || !*name || (!value && value_length > 0))
        return SSR_E_INVALID_ARGUMENT;
    if (expires_ms != 0 && (expires_ms < 1000 || expires_ms / 1000 > last_second))
        return SSR_E_COOKIE_EXPIRES;
    const struct ring_key *key = &ring->keys[0];
    char head[LONGEST_HEAD];
    size_t head_length = write_head(head, version_of(protection), key->id, expires_ms / 1000);
    size_t name_length = strlen(name);
    if (!fits(name_length, head_length, protection, value_length))
        return SSR_E_COOKIE_TOO_LONG;
    struct associated associated = {.length = 0};
    associate(&associated, head, head_length);
    associate(&associated, name, name_length);
    struct body body;
    protect(key, protection, &associated, value, value_length, &body);
    struct ssr_text_out out = {buffer, size, 0};
    ssr_text_put(&out, head, head_length);
    put_encoded(&out, body.first, body.first_length);
    put_encoded(&out, body.second, body.second_length);
    ssr_text_end(&out);
    sodium_memzero(&body, sizeof body);
    *length = out.length;
    return SSR_OK;
}

/* ---- Opening ---------------------------------------------------------------------------------------------------- */

struct slice {
    const char *bytes; /* not NUL-terminated */
    size_t length;
};

/* False: there are not exactly so many fields. */
static bool split(const char *text, size_t length, struct slice fields[FIELDS])
{
    size_t count = 0;
    fields[0] = (struct slice){text, 0};
    for (size_t i = 0; i < length; i++)
        if (text[i] != '.')
            fields[count].length++;
        else if (++count == FIELDS)
            return false;
        else
            fields[count] = (struct slice){text + i + 1, 0};
    return count == FIELDS - 1;
}

/* Seconds without sign or leading zeros, up to the last second that is ever written. */
static bool read_expiry(struct slice field, int64_t *expiry)
{
    if (field.length == 0 || field.length > LONGEST_EXPIRY || (field.bytes[0] == '0' && field.length > 1))
        return false;
    *expiry = 0;
    for (size_t i = 0; i < field.length; i++) {
        if (field.bytes[i] < '0' || field.bytes[i] > '9')
            return false;
        *expiry = *expiry * 10 + (field.bytes[i] - '0');
    }
    return *expiry <= last_second;
}

/*
 * Only the spelling that encoding gives back is taken, whatever the library lets through: 1.0.18 refuses padding and
 * bits behind the last byte, but reads each byte from 0x80 on as "_".
 */
static bool decode(struct slice field, unsigned char bytes[LONGEST_BINARY], size_t *length)
{
    if (sodium_base642bin(bytes, LONGEST_BINARY, field.bytes, field.length, NULL, length, NULL, BASE64) != 0)
        return false;
    char again[LONGEST_COOKIE + 1];
    sodium_bin2base64(again, sizeof again, bytes, *length, BASE64);
    bool is_canonical = encoded_length(*length) == field.length && /* GCOVR_EXCL_BR_LINE: others may read padding */
                        memcmp(again, field.bytes, field.length) == 0;
    sodium_memzero(again, encoded_length(*length));
    return is_canonical;
}

/* Reads the form of a text; body is written only partly when it has none. */
static bool read_text(ssr_cookie_protection protection, const struct slice fields[FIELDS], int64_t *expiry,
                      struct body *body)
{
    if (fields[0].length != VERSION || memcmp(fields[0].bytes, version_of(protection), VERSION) != 0 ||
        !is_id(fields[1].bytes, fields[1].length) || !read_expiry(fields[2], expiry) ||
        !decode(fields[3], body->first, &body->first_length) || !decode(fields[4], body->second, &body->second_length))
        return false;
    if (protection == SSR_COOKIE_SEALED)
        return body->first_length == NONCE && body->second_length >= TAG;
    return body->second_length == MAC;
}

/* From a text of the right form to the plain value in its body; what is expired must be authentic as well. */
static ssr_status authenticate(const ssr_keyring *ring, ssr_cookie_protection protection, const char *name,
                               const struct slice fields[FIELDS], struct body *body)
{
    const struct ring_key *key = find_key(ring, fields[1].bytes, fields[1].length);
    if (!key)
        return SSR_E_SEAL_KEY;
    struct associated associated = {.length = 0};
    associate(&associated, fields[0].bytes, (size_t)(fields[2].bytes + fields[2].length - fields[0].bytes));
    associate(&associated, name, strlen(name));
    bool is_authentic =
        protection == SSR_COOKIE_SEALED ? decrypt(key, &associated, body) : verify(key, &associated, body);
    return is_authentic ? SSR_OK : SSR_E_SEAL_FORGED;
}

static ssr_status open_body(const ssr_keyring *ring, ssr_cookie_protection protection, const char *name,
                            const struct slice fields[FIELDS], int64_t now_ms, struct body *body)
{
    int64_t expiry = 0;
    if (!read_text(protection, fields, &expiry, body))
        return SSR_E_SEAL_FORM;
    ssr_status status = authenticate(ring, protection, name, fields, body);
    if (status != SSR_OK)
        return status;
    return expiry != 0 && now_ms >= expiry * 1000 ? SSR_E_SEAL_EXPIRED : SSR_OK;
}

ssr_status ssr_cookie_open(const ssr_keyring *ring, ssr_cookie_protection protection, const char *name,
                           const char *text, size_t text_length, int64_t now_ms, char *buffer, size_t size,
                           size_t *length)
{
    if (!ring || !is_protected(protection) || !name || !*name || (!text && text_length > 0))
        return SSR_E_INVALID_ARGUMENT;
    struct slice fields[FIELDS];
    if (text_length > LONGEST_COOKIE || strlen(name) > LONGEST_COOKIE - text_length ||
        !split(text, text_length, fields))
        return SSR_E_SEAL_FORM;
    struct body body;
    ssr_status status = open_body(ring, protection, name, fields, now_ms, &body);
    if (status == SSR_OK) {
        bool is_sealed = protection == SSR_COOKIE_SEALED;
        struct ssr_text_out out = {buffer, size, 0};
        ssr_text_put(&out, (const char *)(is_sealed ? body.second : body.first),
                     is_sealed ? body.second_length : body.first_length);
        ssr_text_end(&out);
        *length = out.length;
    }
    sodium_memzero(&body, sizeof body);
    return status;
}

#else /* without libsodium */

ssr_status ssr_keyring_new(const ssr_allocator *allocator, const ssr_cookie_key *keys, size_t count, ssr_keyring **ring)
{
    (void)allocator, (void)keys, (void)count;
    *ring = NULL;
    return SSR_E_NO_CRYPTO;
}

void ssr_keyring_free(ssr_keyring *ring)
{
    (void)ring;
}

ssr_status ssr_cookie_key_read(const char *line, size_t length, char *id, unsigned char *secret)
{
    (void)line, (void)length, (void)id, (void)secret;
    return SSR_E_NO_CRYPTO;
}

ssr_status ssr_cookie_key_generate(const char *id, char *line)
{
    (void)id, (void)line;
    return SSR_E_NO_CRYPTO;
}

ssr_status ssr_cookie_seal(const ssr_keyring *ring, ssr_cookie_protection protection, const char *name,
                           const char *value, size_t value_length, int64_t expires_ms, char *buffer, size_t size,
                           size_t *length)
{
    (void)ring, (void)protection, (void)name, (void)value, (void)value_length;
    (void)expires_ms, (void)buffer, (void)size, (void)length;
    return SSR_E_NO_CRYPTO;
}

ssr_status ssr_cookie_open(const ssr_keyring *ring, ssr_cookie_protection protection, const char *name,
                           const char *text, size_t text_length, int64_t now_ms, char *buffer, size_t size,
                           size_t *length)
{
    (void)ring, (void)protection, (void)name, (void)text, (void)text_length;
    (void)now_ms, (void)buffer, (void)size, (void)length;
    return SSR_E_NO_CRYPTO;
}

#endif
