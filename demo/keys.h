/* demo/keys.h - the keys of signed and sealed cookies, from outside of the program. */
#ifndef DEMO_KEYS_H
#define DEMO_KEYS_H

#include <stdbool.h>

#include "engine/engine.h"

/* Secret, but for the ids: keys_wipe as soon as the engine has them. */
struct keys {
    ssr_cookie_key keys[SSR_COOKIE_KEYS];
    char ids[SSR_COOKIE_KEYS][SSR_COOKIE_KEY_ID_SIZE];
    unsigned char secrets[SSR_COOKIE_KEYS][SSR_COOKIE_KEY_BYTES];
    size_t count;
    bool is_made; /* nobody gave one: it is new, and ends with the program */
};

/*
 * Reads the file, one key a line, or when path is NULL the environment variable SSRDEMO_COOKIE_KEYS, with blanks
 * between them; when there is neither, makes one. The first signs and seals. The keys are borrowed by config.
 * False: one line on standard error says what to do.
 */
bool keys_read(struct keys *keys, const char *path, ssr_config *config);

void keys_wipe(struct keys *keys);

#endif
