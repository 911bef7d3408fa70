/* Growing text, from malloc and never from an allocator that is tested. Without memory the program ends. */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *need(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

void text_append(struct text *text, const char *bytes, size_t length)
{
    size_t needed = text->length + length + 1;
    if (needed > text->capacity) {
        text->capacity = needed * 2;
        text->data = need(realloc(text->data, text->capacity));
    }
    memcpy(text->data + text->length, bytes, length);
    text->length += length;
    text->data[text->length] = '\0';
}

void text_format(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *bytes = need(malloc((size_t)length + 1));
    va_start(arguments, format);
    vsnprintf(bytes, (size_t)length + 1, format, arguments);
    va_end(arguments);
    text_append(text, bytes, (size_t)length);
    free(bytes);
}

void text_free(struct text *text)
{
    free(text->data);
    *text = (struct text){0};
}

const char *text_read(const struct text *text)
{
    return text->data ? text->data : "";
}
