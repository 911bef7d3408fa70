/*
 * JSON numbers, both ways, as ECMAScript writes and reads them, whatever the C locale.
 */
#ifndef SSRSTORE_NUMBER_H
#define SSRSTORE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

enum { SSR_NUMBER_TEXT = 25 }; /* the longest: -1.7976931348623157e+308 has 24 characters */

/*
 * Writes `value`, which is finite, as ECMAScript's Number::toString does (RFC 8785 3.2.2.3): the shortest digits
 * that read back as the same double, the closest of those. -0 is "0". Returns the length; no NUL is written.
 */
size_t ssr_number_write(double value, char text[SSR_NUMBER_TEXT]);

/*
 * Reads the JSON number text[0..length), whose grammar the caller has checked, to the nearest double, ties to even.
 * Returns false when it is beyond the largest double.
 */
bool ssr_number_read(const char *text, size_t length, double *value);

#endif
