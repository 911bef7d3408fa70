/*
 * cookie/seal.h - cookie values that a visitor cannot change, or cannot even read.
 *
 * A signed value can be read by whoever has the cookie, and changed by nobody. A sealed one is encrypted as well. Both
 * are bound to the cookie's name and to an expiry of their own. What is not prevented: sending an older value again
 * while it lives. docs/sealing.md has the form of the texts, what they protect, and how keys are made and replaced.
 *
 * The library must be built with SSR_SODIUM, which is the default. Without it, every call here that returns a status
 * returns SSR_E_NO_CRYPTO. Random bytes come from libsodium, which asks the system; time comes in as an argument.
 *
 * Source: design 5, "Cookies". XChaCha20-Poly1305 as draft-irtf-cfrg-xchacha, BLAKE2b as RFC 7693.
 */
#ifndef SSR_COOKIE_SEAL_H
#define SSR_COOKIE_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "ssrstore/allocator.h"
#include "ssrstore/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ssr_cookie_protection {
    SSR_COOKIE_PLAIN,  /* neither; not for the calls below */
    SSR_COOKIE_SIGNED, /* everybody can read it */
    SSR_COOKIE_SEALED  /* encrypted: only the ring can read it */
} ssr_cookie_protection;

/* ---- Keys ------------------------------------------------------------------------------------------------------- */

enum {
    SSR_COOKIE_KEY_BYTES = 32,   /* of a secret */
    SSR_COOKIE_KEY_ID_SIZE = 17, /* an id of 16 characters and a NUL */
    SSR_COOKIE_KEY_LINE_SIZE = SSR_COOKIE_KEY_ID_SIZE + 2 * SSR_COOKIE_KEY_BYTES + 1,
    SSR_COOKIE_KEYS = 64,            /* the most that a ring holds */
    SSR_COOKIE_TEXT_SIZE = 4096 + 1, /* of a buffer that every text, and every value, fits in */
};

/* A secret and the id by which texts name it. The id is public: every cookie made with the key shows it. */
typedef struct ssr_cookie_key {
    const char *id;              /* 1 to 16 of A-Z a-z 0-9 - _ */
    const unsigned char *secret; /* random bytes, no passphrase */
    size_t secret_length;        /* SSR_COOKIE_KEY_BYTES */
} ssr_cookie_key;

/* Keys ready for use: the first one signs and seals, all of them open. Never changes; any number of threads share it.
 */
typedef struct ssr_keyring ssr_keyring;

/*
 * Makes a ring.
 *
 * allocator  NULL: realloc and free. Copied.
 * keys       1 to SSR_COOKIE_KEYS of them, no id twice; the first is the current one, the others are being retired.
 * ring       receives the ring; NULL on an error.
 * Returns    SSR_OK; cookie_key (a bad id, an id twice, a secret of another length, none or too many keys); nomem;
 *            no_crypto.
 * Memory     what is needed of the keys is copied, and wiped by ssr_keyring_free: wipe your own copies. Allocates once.
 * Legal      anywhere, on any thread.
 */
SSR_API ssr_status ssr_keyring_new(const ssr_allocator *allocator, const ssr_cookie_key *keys, size_t count,
                                   ssr_keyring **ring);

/* Wipes and frees a ring that nobody uses any more. NULL is fine. */
SSR_API void ssr_keyring_free(ssr_keyring *ring);

/*
 * Reads a key as it stands in a file or an environment variable: "ID:" and 64 hexadecimal digits in either case; one
 * line end after them is passed over.
 *
 * line       any bytes, `length` of them; borrowed for the call.
 * id         receives the id and a NUL: SSR_COOKIE_KEY_ID_SIZE bytes at the most.
 * secret     receives SSR_COOKIE_KEY_BYTES bytes. Wipe them after use.
 * Returns    SSR_OK; cookie_key: it is none, and id and secret are untouched; no_crypto.
 * Memory     does not allocate.
 * Legal      anywhere, on any thread.
 */
SSR_API ssr_status ssr_cookie_key_read(const char *line, size_t length, char *id, unsigned char *secret);

/*
 * Makes a new random key and writes it in the form that ssr_cookie_key_read reads, without a line end.
 *
 * id         as in ssr_cookie_key.
 * line       receives the text and a NUL: SSR_COOKIE_KEY_LINE_SIZE bytes at the most. Untouched on an error. It is
 *            the secret: wipe it after use.
 * Returns    SSR_OK; cookie_key: a bad id; no_crypto.
 * Memory     does not allocate.
 * Legal      anywhere, on any thread.
 */
SSR_API ssr_status ssr_cookie_key_generate(const char *id, char *line);

/* ---- Values ----------------------------------------------------------------------------------------------------- */

/*
 * Makes the text of a protected value, which is a cookie-value of RFC 6265bis 4.1.1: letters, digits, ".", "-", "_".
 *
 * protection signed or sealed. Signed texts of equal arguments are equal; sealed ones never are.
 * name       of the cookie, the only one under which it will open. Not empty.
 * value      any bytes, `value_length` of them; NULL only with none. Its length can be told from the text's.
 * expires_ms Unix time in milliseconds, cut to seconds; from then on it does not open. 0: never. From second 1 to the
 *            end of the year 9999.
 * buffer     receives at most `size` bytes, a NUL included when size > 0, as snprintf does; untouched on an error. A
 *            sealed text that was cut is lost: the next call makes another one, of the same length.
 * length     receives the length of the whole text in bytes, without NUL.
 * Returns    SSR_OK; invalid_argument; cookie_expires; cookie_too_long: name and text exceed 4096 bytes.
 * Memory     arguments are borrowed for the call. Does not allocate; copies on the stack are wiped.
 * Legal      anywhere, on any thread.
 */
SSR_API ssr_status ssr_cookie_seal(const ssr_keyring *ring, ssr_cookie_protection protection, const char *name,
                                   const char *value, size_t value_length, int64_t expires_ms, char *buffer,
                                   size_t size, size_t *length);

/*
 * Takes the value out of a text, of any bytes, if it is one that ssr_cookie_seal made with a key of the ring, for this
 * protection and this name, and its time has not come. There is one text for a value, not several that mean the same.
 *
 * now_ms     Unix time in milliseconds.
 * buffer     receives at most `size` bytes of the value, a NUL included when size > 0, as snprintf does; untouched on
 *            an error: nothing comes out that was not authenticated. A value may hold NULs. It may be the text itself.
 * length     receives the length of the whole value in bytes.
 * Returns    SSR_OK, or the first of these that applies, in this order. They are for logs; to a visitor they are all
 *            the same, a cookie that was not sent.
 *              invalid_argument
 *              seal_form       no text of this protection: another version, not five fields, an expiry or base64url
 *                              that is not canonical, or more than 4096 bytes with the name
 *              seal_key        made with a key that is not in the ring
 *              seal_forged     changed, made for another cookie, or with another secret of this id
 *              seal_expired    authentic, but its time has come
 * Memory     arguments are borrowed for the call. Does not allocate; copies on the stack are wiped.
 * Legal      anywhere, on any thread.
 */
SSR_API ssr_status ssr_cookie_open(const ssr_keyring *ring, ssr_cookie_protection protection, const char *name,
                                   const char *text, size_t text_length, int64_t now_ms, char *buffer, size_t size,
                                   size_t *length);

#ifdef __cplusplus
}
#endif
#endif
