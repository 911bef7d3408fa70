/* Values that live on their own, their equality, and their form as an HTML element. */
#include <string.h>

#include "ssrstore/ascii.h"
#include "ssrstore/digest.h"
#include "ssrstore/scan.h"
#include "ssrstore/value_internal.h"

/* A value and its text in one block of `size` bytes. */
struct owned_value {
    struct ssr_value value;
    ssr_allocator allocator;
    size_t size;
    bool is_secret; /* wiped when it is freed */
};

struct ssr_value *ssr_value_new(const ssr_allocator *allocator, const char *text, size_t length)
{
    size_t size = sizeof(struct owned_value) + length + 1;
    struct owned_value *owned = allocator->resize(allocator->arg, NULL, 0, size);
    if (!owned)
        return NULL;
    char *copy = (char *)(owned + 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    owned->value = (struct ssr_value){copy, length, ssr_digest_of(copy, length, 0), NULL};
    owned->allocator = *allocator;
    owned->size = size;
    owned->is_secret = false;
    return &owned->value;
}

void ssr_value_keep_secret(struct ssr_value *value)
{
    ((struct owned_value *)value)->is_secret = true;
}

void ssr_value_free(struct ssr_value *value)
{
    if (!value)
        return;
    struct owned_value *owned = (struct owned_value *)value;
    ssr_allocator allocator = owned->allocator;
    if (owned->is_secret)
        ssr_wipe(owned + 1, owned->size - sizeof *owned);
    allocator.resize(allocator.arg, owned, owned->size, 0);
}

ssr_status ssr_value_parse(const ssr_allocator *allocator, const char *text, size_t length, size_t *error_at,
                           struct ssr_value **value)
{
    size_t unasked = 0, *position = error_at ? error_at : &unasked;
    *value = NULL;
    *position = 0;
    if (!text)
        return SSR_E_INVALID_ARGUMENT;
    ssr_builder *builder = ssr_builder_new(allocator);
    if (!builder)
        return SSR_E_NOMEM;
    ssr_status status = ssr_json_read(builder, text, length, position);
    if (status == SSR_OK)
        status = ssr_builder_finish(builder, value);
    ssr_builder_free(builder);
    return status;
}

const char *ssr_value_text(const struct ssr_value *value)
{
    return value->text;
}

size_t ssr_value_length(const struct ssr_value *value)
{
    return value->length;
}

ssr_digest ssr_value_digest(const struct ssr_value *value)
{
    return value->digest;
}

bool ssr_value_same_text(const struct ssr_value *value, const char *text, size_t length, ssr_digest digest)
{
    return value->digest.high == digest.high && value->digest.low == digest.low && value->length == length &&
           memcmp(value->text, text, length) == 0;
}

bool ssr_value_equal(const struct ssr_value *a, const struct ssr_value *b)
{
    return a == b || ssr_value_same_text(a, b->text, b->length, b->digest);
}

/* ---- Embedding -------------------------------------------------------------------------------------------------- */

static bool is_id(const char *id)
{
    if (!id || *id == '-' || (*id >= '0' && *id <= '9'))
        return false;
    const char *p = id;
    while (ssr_is_alphanumeric(*p) || *p == '_' || *p == '-')
        p++;
    return p > id && *p == '\0';
}

/* The escape of what must not stand in a script element as it is, and how many bytes of the text it replaces. */
static const char *script_escape(const char *p, size_t *bytes)
{
    *bytes = 1;
    switch (*p) {
    case '<': return "\\u003c";
    case '>': return "\\u003e";
    case '&': return "\\u0026";
    default: /* \xe2, which U+2028 and U+2029 begin with, among others */
        *bytes = 3;
        if (p[1] == '\x80' && (p[2] == '\xa8' || p[2] == '\xa9'))
            return p[2] == '\xa8' ? "\\u2028" : "\\u2029";
        return NULL;
    }
}

static void write_script_text(struct ssr_text_out *out, const char *text, size_t length)
{
    const char *p = text, *end = text + length;
    for (;;) {
        size_t plain = ssr_scan_script(p, (size_t)(end - p)), bytes;
        ssr_text_put(out, p, plain);
        p += plain;
        if (p == end)
            return;
        const char *escape = script_escape(p, &bytes);
        ssr_text_put(out, escape ? escape : p, escape ? 6 : bytes);
        p += bytes;
    }
}

size_t ssr_value_embed(const struct ssr_value *value, const char *id, char *buffer, size_t size)
{
    static const char before[] = "<script type=\"application/json\" id=\"", middle[] = "\">", after[] = "</script>";
    if (!is_id(id))
        return 0;
    struct ssr_text_out out = {buffer, size, 0};
    ssr_text_put(&out, before, sizeof before - 1);
    ssr_text_put(&out, id, strlen(id));
    ssr_text_put(&out, middle, sizeof middle - 1);
    write_script_text(&out, value->text, value->length);
    ssr_text_put(&out, after, sizeof after - 1);
    ssr_text_end(&out);
    return out.length;
}
