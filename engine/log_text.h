/*
 * Text of the log under way: a buffer, and the first failure to add to it, after which nothing more is written. No
 * formatting machine stands behind it, because records are written for every request.
 */
#ifndef SSR_ENGINE_LOG_TEXT_H
#define SSR_ENGINE_LOG_TEXT_H

#include <string.h>

#include "ssrstore/journal.h"

struct ssr_log_text {
    struct ssr_buffer *buffer;
    ssr_status status;
};

static inline void ssr_put(struct ssr_log_text *text, const char *bytes, size_t length)
{
    if (text->status == SSR_OK)
        text->status = ssr_buffer_append(text->buffer, bytes, length);
}

/* The library's own words, as they are. */
static inline void ssr_put_words(struct ssr_log_text *text, const char *words)
{
    ssr_put(text, words, strlen(words));
}

void ssr_put_number(struct ssr_log_text *text, uint64_t number);
/* What ends a list that leaves so many out: " and 3 more"; nothing for 0. */
void ssr_put_more(struct ssr_log_text *text, uint64_t left_out);
void ssr_put_integer(struct ssr_log_text *text, int64_t number);
/* Milliseconds with 3 or 6 decimals. */
void ssr_put_milliseconds(struct ssr_log_text *text, uint64_t nanoseconds, int decimals);
/* 32 digits. */
void ssr_put_digest(struct ssr_log_text *text, ssr_digest digest);
/*
 * Text from outside, safe in JSON strings and in terminals alike: control characters, quotes and backslashes are
 * escaped as JSON does, bytes that are no UTF-8 become U+FFFD.
 */
void ssr_put_safe(struct ssr_log_text *text, const char *from);
/* JSON, with the control characters escaped that it may hold and a terminal would obey. */
void ssr_put_json(struct ssr_log_text *text, const char *json);
/* "page.c:41" */
void ssr_put_place(struct ssr_log_text *text, struct ssr_writer writer);
/* `store "title"` */
void ssr_put_name(struct ssr_log_text *text, const char *kind, const char *name);
/* For a person: store "title", and " at page.c:41" where the place is known. */
void ssr_put_definition(struct ssr_log_text *text, const struct ssr_definition *definition);
void ssr_put_at(struct ssr_log_text *text, struct ssr_writer writer);

/* Whether two places are the same line. */
bool ssr_same_place(struct ssr_writer a, struct ssr_writer b);

#endif
