/*
 * Signed and sealed cookies from a shell, for an oracle in another language: one line in, one line out.
 *
 *     seal PROTECTION NAME KEY EXPIRES_MS xVALUE     the text
 *     open PROTECTION NAME KEY NOW_MS TEXT           xVALUE
 *
 * PROTECTION is signed or sealed, KEY is ID:HEX, VALUE is in hexadecimal behind an x. Errors are "error: NAME".
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cookie/seal.h"
#include "ssrstore/ascii.h"

enum { WORDS = 6 };

static bool split(char *line, char *words[WORDS])
{
    char *rest = NULL;
    for (size_t i = 0; i < WORDS; i++)
        words[i] = strtok_r(i == 0 ? line : NULL, " \n", &rest);
    return words[WORDS - 1] != NULL;
}

static size_t read_hex(const char *hex, char *bytes)
{
    size_t length = 0;
    for (; hex[0] && hex[1]; hex += 2)
        bytes[length++] = (char)(ssr_hex_digit(hex[0]) << 4 | ssr_hex_digit(hex[1]));
    return length;
}

static void print_hex(const char *bytes, size_t length)
{
    putchar('x');
    for (size_t i = 0; i < length; i++)
        printf("%02x", (unsigned char)bytes[i]);
    putchar('\n');
}

static ssr_status run(ssr_keyring *ring, char *words[WORDS])
{
    char value[SSR_COOKIE_TEXT_SIZE], out[SSR_COOKIE_TEXT_SIZE];
    size_t length;
    ssr_cookie_protection protection = strcmp(words[1], "sealed") == 0 ? SSR_COOKIE_SEALED : SSR_COOKIE_SIGNED;
    int64_t ms = strtoll(words[4], NULL, 10);
    bool is_seal = strcmp(words[0], "seal") == 0;
    ssr_status status =
        is_seal ? ssr_cookie_seal(ring, protection, words[2], value, read_hex(words[5] + 1, value), ms, out, sizeof out,
                                  &length)
                : ssr_cookie_open(ring, protection, words[2], words[5], strlen(words[5]), ms, out, sizeof out, &length);
    if (status == SSR_OK && is_seal)
        puts(out);
    else if (status == SSR_OK)
        print_hex(out, length);
    return status;
}

static ssr_status answer(char *words[WORDS])
{
    char id[SSR_COOKIE_KEY_ID_SIZE];
    unsigned char secret[SSR_COOKIE_KEY_BYTES];
    ssr_keyring *ring = NULL;
    ssr_status status = ssr_cookie_key_read(words[3], strlen(words[3]), id, secret);
    if (status == SSR_OK)
        status = ssr_keyring_new(NULL, &(ssr_cookie_key){id, secret, sizeof secret}, 1, &ring);
    if (status == SSR_OK)
        status = run(ring, words);
    ssr_keyring_free(ring);
    return status;
}

int main(void)
{
    static char line[4 * SSR_COOKIE_TEXT_SIZE];
    char *words[WORDS];
    while (fgets(line, sizeof line, stdin)) {
        ssr_status status = split(line, words) ? answer(words) : SSR_E_INVALID_ARGUMENT;
        if (status != SSR_OK)
            printf("error: %s\n", ssr_status_name(status));
    }
    return 0;
}
