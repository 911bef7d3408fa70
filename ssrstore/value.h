/*
 * ssrstore/value.h - immutable JSON values in canonical form.
 *
 * A value is the canonical text of RFC 8785 (keys sorted by UTF-16 code units, ECMAScript's number text, no white
 * space) and a digest of it. Two values are equal when their canonical bytes are: there is no other comparison.
 * What is no I-JSON value is refused by name; docs/values.md lists every difference to RFC 8785 and its reason.
 *
 *   text   -> value      ssr_value_parse
 *   calls  -> value      ssr_builder_*
 *   value  -> C          ssr_json_*: a cursor over the canonical text, with JSON Pointer
 *   cJSON <-> value      ssrstore/cjson.h
 *
 * Threads: a value may be read by many threads at once; a builder belongs to one at a time.
 */
#ifndef SSRSTORE_VALUE_H
#define SSRSTORE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ssrstore/allocator.h"
#include "ssrstore/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The largest count, budget or size: no limit. */
#define SSR_UNLIMITED UINT64_MAX

/* One value. Immutable: whoever holds it may read it as long as it lives. */
typedef struct ssr_value ssr_value;

/* XXH3-128 of the canonical bytes. Equal digests do not prove equal values; ssr_value_equal does. */
typedef struct ssr_digest {
    uint64_t high, low;
} ssr_digest;

/*
 * Reads JSON text strictly and makes a value of it.
 *
 * allocator  NULL: realloc and free.
 * text       `length` bytes; need not end in NUL. Copied.
 * error_at   NULL, or where to put the byte offset of what was refused, or of where the reader was.
 * Returns    SSR_OK, a value error (syntax ... too_deep), or SSR_E_NOMEM. On an error *value is NULL.
 * Memory     *value is the caller's: free it with ssr_value_free. Allocates.
 * Legal      anywhere, on any thread.
 * Source     RFC 8259 for the grammar, RFC 8785 for the form, RFC 7493 for what is refused.
 */
SSR_API ssr_status ssr_value_parse(const ssr_allocator *allocator, const char *text, size_t length, size_t *error_at,
                                   ssr_value **value);

/*
 * Frees a value made by ssr_value_parse or ssr_builder_finish. NULL is allowed.
 * Memory     taken. Values read from a context are never freed by the caller.
 */
SSR_API void ssr_value_free(ssr_value *value);

/*
 * The canonical text, with a NUL after it (canonical text has none inside), and its length in bytes.
 * Memory     borrowed, as long as the value lives. Does not allocate.
 */
SSR_API const char *ssr_value_text(const ssr_value *value);
SSR_API size_t ssr_value_length(const ssr_value *value);

/* The digest of the canonical text. Does not allocate. */
SSR_API ssr_digest ssr_value_digest(const ssr_value *value);

/*
 * Whether two values are equal: their canonical bytes are. So -0 equals 0, 1.0 equals 1, {"a":1,"b":2} equals
 * {"b":2,"a":1}, but [1,2] is not [2,1], "1" is not 1 and 0.1+0.2 is not 0.3.
 */
SSR_API bool ssr_value_equal(const ssr_value *a, const ssr_value *b);

/*
 * Writes the value as an inert HTML element that a browser reads with JSON.parse(element.textContent):
 * <script type="application/json" id="ID">...</script>, with < > & U+2028 and U+2029 as \u escapes, so that no
 * content of the value can end the element and no Content-Security-Policy nonce is needed.
 *
 * id         [A-Za-z_][A-Za-z0-9_-]*
 * buffer     receives at most `size` bytes, a NUL included when size > 0, as snprintf does; NULL when size is 0.
 * Returns    the length of the whole element in bytes, without NUL; 0 when the id is not of that form.
 * Memory     does not allocate.
 */
SSR_API size_t ssr_value_embed(const ssr_value *value, const char *id, char *buffer, size_t size);

/* ---- Building ------------------------------------------------------------------------------------------------- */

/*
 * A builder makes one value from calls, in order:
 *
 *     ssr_builder_begin_object(b);
 *     ssr_builder_key(b, "label");
 *     ssr_builder_string(b, "Ideas");
 *     ssr_builder_end_object(b);
 *
 * Its first error is kept and answered by every later call, so that only the last answer needs a look.
 */
typedef struct ssr_builder ssr_builder;

/*
 * A new, empty builder. allocator NULL: realloc and free.
 * Returns    NULL when there is no memory.
 * Memory     the caller's: ssr_builder_free. Allocates. (Inside a render, ssr_build lends one for nothing.)
 */
SSR_API ssr_builder *ssr_builder_new(const ssr_allocator *allocator);
SSR_API void ssr_builder_free(ssr_builder *builder);

/* Forgets everything, its error too. */
SSR_API void ssr_builder_reset(ssr_builder *builder);

/*
 * Each adds one token and returns the builder's status: SSR_OK, or its first error.
 * Strings and keys are UTF-8 and copied; the _n forms take `length` bytes (a NUL among them is SSR_E_NUL), the
 * others end at the first NUL. NULL for a string is SSR_E_INVALID_ARGUMENT.
 *   integer    SSR_E_INTEGER_RANGE beyond 2^53-1 either way
 *   number     SSR_E_NOT_FINITE for NaN and infinities
 *   json       any JSON text, as ssr_value_parse reads it
 *   value      another value
 * Memory     may allocate.
 */
SSR_API ssr_status ssr_builder_begin_object(ssr_builder *builder);
SSR_API ssr_status ssr_builder_end_object(ssr_builder *builder);
SSR_API ssr_status ssr_builder_begin_array(ssr_builder *builder);
SSR_API ssr_status ssr_builder_end_array(ssr_builder *builder);
SSR_API ssr_status ssr_builder_key(ssr_builder *builder, const char *key);
SSR_API ssr_status ssr_builder_key_n(ssr_builder *builder, const char *key, size_t length);
SSR_API ssr_status ssr_builder_string(ssr_builder *builder, const char *text);
SSR_API ssr_status ssr_builder_string_n(ssr_builder *builder, const char *text, size_t length);
SSR_API ssr_status ssr_builder_integer(ssr_builder *builder, int64_t integer);
SSR_API ssr_status ssr_builder_number(ssr_builder *builder, double number);
SSR_API ssr_status ssr_builder_boolean(ssr_builder *builder, bool boolean);
SSR_API ssr_status ssr_builder_null(ssr_builder *builder);
SSR_API ssr_status ssr_builder_json(ssr_builder *builder, const char *text, size_t length);
SSR_API ssr_status ssr_builder_value(ssr_builder *builder, const ssr_value *value);

/* The builder's first error, or SSR_OK. */
SSR_API ssr_status ssr_builder_status(const ssr_builder *builder);

/*
 * Makes a value of what was built and empties the builder for the next.
 * Returns    SSR_OK, the builder's first error, SSR_E_BUILDER when nothing was built or something is still open,
 *            or SSR_E_NOMEM (the builder is then as it was). On an error *value is NULL.
 * Memory     *value is the caller's: ssr_value_free. Allocates.
 */
SSR_API ssr_status ssr_builder_finish(ssr_builder *builder, ssr_value **value);

/* ---- Reading -------------------------------------------------------------------------------------------------- */

/* The types of JSON, and nothing. */
typedef enum ssr_json_kind {
    SSR_JSON_ABSENT,
    SSR_JSON_NULL,
    SSR_JSON_BOOLEAN,
    SSR_JSON_NUMBER,
    SSR_JSON_STRING,
    SSR_JSON_ARRAY,
    SSR_JSON_OBJECT
} ssr_json_kind;

/*
 * A place in a value's canonical text; passed by value, nothing to free. It is borrowed: valid as long as the value
 * it was read from. `text` is NULL when there is nothing at that place, and every call takes that as SSR_JSON_ABSENT.
 */
typedef struct ssr_json {
    const char *text;
    size_t length;
    const char *key; /* of an object's member: its name as canonical JSON string, quotes included; else NULL */
    size_t key_length;
} ssr_json;

/* The whole value. NULL gives absent. */
SSR_API ssr_json ssr_value_json(const ssr_value *value);

/* What stands there. */
SSR_API ssr_json_kind ssr_json_type(ssr_json json);

/*
 * Follows a JSON Pointer: "" is the place itself, "/0/title" the member "title" of element 0; "~1" stands for "/"
 * and "~0" for "~" in a key. Keys are case-sensitive.
 * Returns    the place, or absent: nothing there, or no pointer.
 * Source     RFC 6901.
 */
SSR_API ssr_json ssr_json_at(ssr_json json, const char *pointer);

/* The first element of an array or member of an object, and the one after it; absent behind the last. */
SSR_API ssr_json ssr_json_first(ssr_json json);
SSR_API ssr_json ssr_json_next(ssr_json json);

/* The name of an object's member as a string; absent for anything else. */
SSR_API ssr_json ssr_json_key(ssr_json member);

/* How many elements or members; 0 for what is neither array nor object. Walks them. */
SSR_API size_t ssr_json_count(ssr_json json);

/*
 * Each reads one type and leaves *out untouched when the place holds another: SSR_OK or SSR_E_WRONG_TYPE.
 * ssr_json_integer refuses numbers with a fraction or beyond 2^53-1 with SSR_E_INTEGER_RANGE.
 */
SSR_API ssr_status ssr_json_boolean(ssr_json json, bool *out);
SSR_API ssr_status ssr_json_integer(ssr_json json, int64_t *out);
SSR_API ssr_status ssr_json_number(ssr_json json, double *out);

/*
 * Copies a string's text, unescaped, as snprintf does: at most `size` bytes, a NUL included when size > 0.
 * Returns    the length of the whole text in bytes, without NUL; 0 when the place holds no string.
 */
SSR_API size_t ssr_json_string(ssr_json json, char *buffer, size_t size);

/* Whether the place holds a string equal to `text`. */
SSR_API bool ssr_json_equals(ssr_json json, const char *text);

/* ---- Inputs --------------------------------------------------------------------------------------------------- */

/*
 * A value on its way in, of whatever form: what every call takes that takes any value. Passed by value and made where
 * it is used; what it points to is borrowed for that call.
 *
 *     ssr_cookie_set(ctx, theme, ssr_input_string("dark"));
 *
 *   string, string_n     UTF-8; NULL is refused as invalid_argument
 *   integer, number      as ssr_builder_integer and ssr_builder_number refuse them
 *   json, json_n         JSON text
 *   value, cursor        a value, or the part of one that a cursor stands on; NULL and absent: invalid_argument
 *   built                what a builder holds; it keeps it
 */
typedef struct ssr_input {
    enum {
        SSR_INPUT_NULL,
        SSR_INPUT_BOOLEAN,
        SSR_INPUT_INTEGER,
        SSR_INPUT_NUMBER,
        SSR_INPUT_STRING,
        SSR_INPUT_JSON,
        SSR_INPUT_CANONICAL,
        SSR_INPUT_BUILT
    } form;
    const char *text;
    size_t length;
    union {
        bool boolean;
        int64_t integer;
        double number;
        const ssr_builder *builder;
    } as;
} ssr_input;

/* Each makes an input of what it is given, which is borrowed for the call that the input is used in. None allocates. */
SSR_API ssr_input ssr_input_null(void);
SSR_API ssr_input ssr_input_boolean(bool boolean);
SSR_API ssr_input ssr_input_integer(int64_t integer);
SSR_API ssr_input ssr_input_number(double number);
SSR_API ssr_input ssr_input_string(const char *text);
SSR_API ssr_input ssr_input_string_n(const char *text, size_t length);
SSR_API ssr_input ssr_input_json(const char *text);
SSR_API ssr_input ssr_input_json_n(const char *text, size_t length);
SSR_API ssr_input ssr_input_value(const ssr_value *value);
SSR_API ssr_input ssr_input_cursor(ssr_json json);
SSR_API ssr_input ssr_input_built(const ssr_builder *builder);

/* Adds the input as the builder's next value. Returns the builder's status. May allocate. */
SSR_API ssr_status ssr_builder_input(ssr_builder *builder, ssr_input input);

#ifdef __cplusplus
}
#endif
#endif
