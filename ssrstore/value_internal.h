/* What a value is made of, and the builder that every way in shares. */
#ifndef SSRSTORE_VALUE_INTERNAL_H
#define SSRSTORE_VALUE_INTERNAL_H

#include <string.h>

#include "ssrstore/memory.h"
#include "ssrstore/value.h"

enum { SSR_MAX_DEPTH = 128 };

#define SSR_MAX_VALUE UINT32_MAX /* bytes of canonical text, whatever the limits say */

#define SSR_MAX_INTEGER INT64_C(9007199254740991) /* 2^53-1, RFC 7493 2.2 */

struct ssr_pass_memory;

struct ssr_value {
    const char *text; /* canonical, a NUL after it */
    size_t length;
    ssr_digest digest;
    struct ssr_pass_memory *home; /* the pass whose memory holds it; NULL for values that live on their own */
};

/* One open array or object. Its members are the builder's, from first_member on. */
struct ssr_builder_frame {
    uint32_t start;        /* offset in out of the bracket */
    uint32_t first_member; /* objects */
    bool is_object;
    bool is_sorted;
    bool has_key;  /* objects: a key waits for its value */
    bool is_empty; /* nothing inside yet */
};

struct ssr_builder_member {
    size_t start;  /* offset in out of the key's opening quote */
    size_t length; /* of key, colon and value */
    size_t source; /* where the key stood in the input */
};

struct ssr_builder {
    struct ssr_budget *budget;
    struct ssr_budget own; /* a builder of the user's counts for itself */
    struct ssr_buffer out;
    struct ssr_builder_member *members;
    size_t member_count, member_capacity;
    struct ssr_builder_member *sorted;
    size_t sorted_capacity;
    size_t value_cap; /* bytes of canonical text */
    size_t position;  /* in the input: set by readers, counted by keys otherwise */
    ssr_status status;
    bool is_text_error; /* status came from JSON text, at byte error_at of it */
    size_t error_at;
    unsigned depth;
    bool is_complete;
    struct ssr_builder *next_free;
    struct ssr_builder_frame frames[SSR_MAX_DEPTH];
};

void ssr_builder_init(struct ssr_builder *builder, struct ssr_budget *budget, size_t value_cap);
void ssr_builder_set_cap(struct ssr_builder *builder, size_t value_cap);
void ssr_builder_release(struct ssr_builder *builder);
ssr_status ssr_builder_fail(struct ssr_builder *builder, ssr_status status);
/* SSR_OK when one whole value was built and nothing is open. */
ssr_status ssr_builder_complete(const struct ssr_builder *builder);

/* Adds canonical text as the next value, however deep it is. */
ssr_status ssr_builder_canonical(struct ssr_builder *builder, const char *text, size_t length);

/* For the reader, which writes string and number text itself. */
ssr_status ssr_builder_begin_value(struct ssr_builder *builder);
void ssr_builder_end_value(struct ssr_builder *builder);
ssr_status ssr_builder_begin_key(struct ssr_builder *builder);
ssr_status ssr_builder_end_key(struct ssr_builder *builder);
ssr_status ssr_builder_put_slowly(struct ssr_builder *builder, const char *bytes, size_t length);
static inline ssr_status ssr_builder_put(struct ssr_builder *builder, const char *bytes, size_t length)
{
    struct ssr_buffer *out = &builder->out;
    bool fits = length < out->capacity - out->length && length <= builder->value_cap - out->length;
    if (!fits || builder->status != SSR_OK)
        return ssr_builder_put_slowly(builder, bytes, length);
    memcpy(out->data + out->length, bytes, length);
    out->length += length;
    return SSR_OK;
}
/* Writes text as the inside of a canonical JSON string, one character that needs an escape. */
ssr_status ssr_builder_put_escaped(struct ssr_builder *builder, unsigned char c);
/* The input position of the earliest repeated key in the objects open beyond `depth`, which it closes; or SIZE_MAX. */
size_t ssr_builder_open_duplicate(struct ssr_builder *builder, unsigned depth);

/*
 * Reads one JSON text into the builder as its next value. On an error *error_at is the byte offset; the builder's
 * status is set.
 */
ssr_status ssr_json_read(struct ssr_builder *builder, const char *text, size_t length, size_t *error_at);

/* The order of keys: < 0, 0, > 0. `a` and `b` stand at the opening quotes of canonical strings. */
int ssr_key_compare(const char *a, const char *b);

/* Whether a text is a JSON Pointer: "", or "/" and tokens in which "~" is followed by "0" or "1". */
bool ssr_json_is_pointer(const char *pointer);
/* The member or element that one token of a JSON Pointer names; absent: none. */
ssr_json ssr_json_child(ssr_json json, const char *token, size_t length);

/* The byte that stands, escaped or not, at *p inside a canonical string; *p moves behind it. */
char ssr_json_next_byte(const char **p);

/* A value in memory of its own, from any input. On an error *value is NULL. */
ssr_status ssr_input_make(const ssr_allocator *allocator, ssr_input input, struct ssr_value **value);

/* A value in memory of its own, from canonical text. NULL: no memory. */
struct ssr_value *ssr_value_new(const ssr_allocator *allocator, const char *text, size_t length);

/* A value in memory of its own is wiped when it is freed. */
void ssr_value_keep_secret(struct ssr_value *value);

/* Equal is exact: the digest says "different" at once, on equal digests the bytes decide. */
bool ssr_value_same_text(const struct ssr_value *value, const char *text, size_t length, ssr_digest digest);

#endif
