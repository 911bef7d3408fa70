/*
 * tests/json_oracle.h - a second, naive canonicaliser, to compare the library's with, and random JSON to feed both.
 */
#ifndef SSR_TESTS_JSON_ORACLE_H
#define SSR_TESTS_JSON_ORACLE_H

#include <stdint.h>

/* The canonical form of a valid JSON text; the caller's to free. Wants the C locale. */
char *oracle_canonical(const char *text);

/*
 * A random valid JSON text with odd white space, escapes and key orders; the caller's to free. The same seed gives
 * the same text.
 */
char *oracle_random_text(uint64_t seed);

#endif
