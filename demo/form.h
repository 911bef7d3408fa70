/* demo/form.h - fields of a form, as a query or a body carries them: application/x-www-form-urlencoded. */
#ifndef DEMO_FORM_H
#define DEMO_FORM_H

#include <stdbool.h>
#include <stddef.h>

/* One value, and the room for the largest. */
struct field {
    char text[4096 + 1]; /* NUL-terminated; it may hold a NUL, too, and any other byte */
    size_t length;
};

/* Reads the first field of that name, resolving "+" and escapes; a malformed escape stays. False: there is none. */
bool form_find(const char *text, size_t length, const char *name, struct field *field);

/* The same, of the query of a location. */
bool form_find_in_query(const char *location, const char *name, struct field *field);

/* Takes blanks off both ends. */
void form_trim(struct field *field);

/* Whether it is UTF-8 of 1 to `most` characters without a control among them. */
bool form_is_line(const struct field *field, size_t most);

#endif
