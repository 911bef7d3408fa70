/*
 * demo/keys.c - where the keys of cookies come from. What always holds: a secret is in the struct keys alone, every
 * other copy that was made here is wiped; and no line on standard error quotes one.
 */
#include "demo/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VARIABLE "SSRDEMO_COOKIE_KEYS"

enum { LARGEST_FILE = (SSR_COOKIE_KEYS + 1) * (SSR_COOKIE_KEY_LINE_SIZE + 2) };

static bool refuse_key(const char *source, size_t number, const char *what)
{
    fprintf(stderr,
            "ssrdemo: %s, key %zu: %s; write ID:SECRET, where ID is 1 to 16 letters, digits, - or _, and SECRET is 64 "
            "hexadecimal digits, as `openssl rand -hex 32` prints them\n",
            source, number, what);
    return false;
}

static bool is_known(const struct keys *keys, const char *id)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (strcmp(keys->ids[i], id) == 0)
            return true;
    }
    return false;
}

static bool add_key(struct keys *keys, const char *source, const char *line, size_t length)
{
    size_t at = keys->count;
    char id[SSR_COOKIE_KEY_ID_SIZE];

    if (at == SSR_COOKIE_KEYS)
        return refuse_key(source, at + 1, "too many keys, 64 at the most");
    if (ssr_cookie_key_read(line, length, id, keys->secrets[at]) != SSR_OK)
        return refuse_key(source, at + 1, "not a key");
    if (is_known(keys, id))
        return refuse_key(source, at + 1, "its id is taken by another key");
    memcpy(keys->ids[at], id, sizeof id);
    keys->keys[at] = (ssr_cookie_key){keys->ids[at], keys->secrets[at], SSR_COOKIE_KEY_BYTES};
    keys->count++;
    return true;
}

/* Blanks and line ends separate keys. */
static bool add_keys(struct keys *keys, const char *source, const char *text, size_t length)
{
    static const char blanks[] = " \t\r\n";
    const char *end = text + length;

    while (text < end) {
        const char *start = text;

        while (text < end && !memchr(blanks, *text, sizeof blanks - 1))
            text++;
        if (text > start && !add_key(keys, source, start, (size_t)(text - start)))
            return false;
        text++;
    }
    return keys->count > 0 || refuse_key(source, 1, "no key is there");
}

/* Without a buffer of the library's, which nobody could wipe. */
static bool add_file(struct keys *keys, const char *path)
{
    char text[LARGEST_FILE], source[512];
    FILE *file = fopen(path, "rb");
    size_t length = 0;
    bool is_read = false;

    if (file) {
        setvbuf(file, NULL, _IONBF, 0);
        length = fread(text, 1, sizeof text, file);
        is_read = !ferror(file);
        fclose(file);
    }
    if (!is_read) {
        fprintf(stderr, "ssrdemo: cannot read the key file '%s': check its name and permissions\n", path);
        return false;
    }
    snprintf(source, sizeof source, "'%s'", path);
    is_read = length < sizeof text ? add_keys(keys, source, text, length)
                                   : refuse_key(source, SSR_COOKIE_KEYS + 1, "too many keys, 64 at the most");
    explicit_bzero(text, sizeof text);
    return is_read;
}

static bool make_key(struct keys *keys)
{
    char line[SSR_COOKIE_KEY_LINE_SIZE];
    ssr_status status = ssr_cookie_key_generate("made", line);
    bool is_made = status == SSR_OK && add_key(keys, "a new key", line, strlen(line));

    explicit_bzero(line, sizeof line);
    keys->is_made = is_made;
    if (status != SSR_OK)
        fprintf(stderr, "ssrdemo: cannot make a key for cookies: %s\n", ssr_status_advice(status));
    return is_made;
}

bool keys_read(struct keys *keys, const char *path, ssr_config *config)
{
    const char *variable = getenv(VARIABLE);
    bool is_read;

    *keys = (struct keys){0};
    if (path)
        is_read = add_file(keys, path);
    else if (variable)
        is_read = add_keys(keys, VARIABLE, variable, strlen(variable));
    else
        is_read = make_key(keys);
    config->cookie_keys = keys->keys;
    config->cookie_key_count = keys->count;
    if (!is_read)
        keys_wipe(keys);
    return is_read;
}

void keys_wipe(struct keys *keys)
{
    explicit_bzero(keys->secrets, sizeof keys->secrets);
}
