/* demo/embedded.h - files of this folder as bytes in the program; CMakeLists.txt makes the definitions. */
#ifndef DEMO_EMBEDDED_H
#define DEMO_EMBEDDED_H

#include <stddef.h>

/* `size` bytes, and a NUL after them, so that text can be handed on as a string. */
struct embedded {
    const char *bytes;
    size_t size;
};

extern const struct embedded embedded_ideas_sql;
extern const struct embedded embedded_style_css;
extern const struct embedded embedded_favicon_svg;
extern const struct embedded embedded_error_html;

#endif
