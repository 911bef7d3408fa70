/*
 * JSON numbers, both ways, as ECMAScript writes and reads them, whatever the C locale.
 */
#ifndef SSRSTORE_NUMBER_H
#define SSRSTORE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SSR_NUMBER_TEXT = 25 }; /* the longest has 24 characters: -1.7976931348623157e+308 */

/*
 * Writes `value`, which is finite, as ECMAScript's Number::toString does (RFC 8785 3.2.2.3): the shortest digits
 * that read back as the same double, the closest of those. -0 is "0". Returns the length; no NUL is written.
 */
size_t ssr_number_write(double value, char text[SSR_NUMBER_TEXT]);

/* The same of an integer. */
size_t ssr_integer_write(int64_t integer, char text[SSR_NUMBER_TEXT]);

/*
 * Reads the JSON number text[0..length), whose grammar the caller has checked, to the nearest double, ties to even.
 * Returns false when it is beyond the largest double.
 */
bool ssr_number_read(const char *text, size_t length, double *value);

/*
 * Reads the canonical JSON value text[0..length) when it is an integer of so few digits that a double holds it for
 * sure. Returns false for every other one.
 */
bool ssr_integer_read(const char *text, size_t length, int64_t *integer);

#endif
