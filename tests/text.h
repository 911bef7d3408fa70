/* tests/text.h - a text that grows, for the logs and descriptions that tests compare. */
#ifndef SSR_TESTS_TEXT_H
#define SSR_TESTS_TEXT_H

#include <stddef.h>

/* A growing text; from malloc, so that a test can write while the library's allocator fails. */
struct text {
    char *data; /* NUL-terminated; NULL while empty */
    size_t length, capacity;
};

void text_append(struct text *text, const char *bytes, size_t length);
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_free(struct text *text);
/* Its bytes; "" while it is empty. */
const char *text_read(const struct text *text);

#endif
