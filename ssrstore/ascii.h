/*
 * Letters and digits of ASCII, whatever the C locale; and text written into a buffer that may be too small for it, as
 * snprintf does.
 */
#ifndef SSRSTORE_ASCII_H
#define SSRSTORE_ASCII_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static inline bool ssr_is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Whether c is one of the characters of `set`; NUL never is. */
static inline bool ssr_is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

/* The value of a hexadecimal digit in either case; -1: it is none. */
static inline int ssr_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

struct ssr_text_out {
    char *buffer;
    size_t size;   /* of the buffer */
    size_t length; /* of all that was written, whether it fitted or not */
};

static inline void ssr_text_put(struct ssr_text_out *out, const char *bytes, size_t length)
{
    if (out->length < out->size) {
        size_t room = out->size - out->length;
        memcpy(out->buffer + out->length, bytes, length < room ? length : room);
    }
    out->length += length;
}

/* Ends the text: the NUL takes the last place when the buffer is too small. */
static inline void ssr_text_end(struct ssr_text_out *out)
{
    if (out->size > 0)
        out->buffer[out->length < out->size ? out->length : out->size - 1] = '\0';
}

#endif
