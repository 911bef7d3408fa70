/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef SSRSTORE_UTF8_H
#define SSRSTORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length, 2 to 4, of the sequence of a non-ASCII character that starts at p; 0 when it is none. */
size_t ssr_utf8_sequence(const unsigned char *p, const unsigned char *end);
bool ssr_utf8_valid(const char *text, size_t length);
/* Writes a code point that is no surrogate as 1 to 4 bytes; returns how many. */
size_t ssr_utf8_encode(uint32_t code_point, char out[4]);

#endif
