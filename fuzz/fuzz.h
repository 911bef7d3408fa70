/*
 * What the targets of this folder share. A target is one function over bytes that returns when everything held that it
 * says must hold, and ends the process when something did not. It keeps nothing from one call to the next.
 */
#ifndef SSR_FUZZ_FUZZ_H
#define SSR_FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process, and says what did not hold. */
#define expect(holds) ((holds) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #holds))

static inline void fuzz_broken(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

/* What is left of the bytes. */
struct input {
    const uint8_t *at;
    size_t length;
};

/* The next byte; 0 behind the last. */
static inline uint8_t take_byte(struct input *input)
{
    if (input->length == 0)
        return 0;
    input->length--;
    return *input->at++;
}

/* The bytes up to a NUL or the end, as a string of its own: the caller's to free. */
static inline char *take_string(struct input *input)
{
    const uint8_t *nul = input->length ? memchr(input->at, 0, input->length) : NULL;
    size_t length = nul ? (size_t)(nul - input->at) : input->length;
    char *string = malloc(length + 1);
    expect(string != NULL);
    if (length > 0)
        memcpy(string, input->at, length);
    string[length] = '\0';
    input->at += length;
    input->length -= length;
    take_byte(input);
    return string;
}

#endif
