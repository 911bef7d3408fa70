/*
 * What the text of a cookie means: encodings and protections, in both directions, for the store and for handlers that
 * render nothing. What always holds: a text that cannot be what the definition says adds nothing.
 */
#include <string.h>

#include "cookie/cookie_internal.h"
#include "ssrstore/utf8.h"

enum { DEFAULT_SEALED_FOR = 24 * 60 * 60 };

static const int64_t latest_ms = INT64_C(253402300799000); /* the end of the year 9999 */

/* ---- From the browser ------------------------------------------------------------------------------------------- */

/* The first cookie of that name in the headers; false: none. */
static bool find_sent(const char *const *headers, size_t count, const char *name, ssr_cookie_pair *pair)
{
    size_t name_length = strlen(name);
    for (size_t i = 0; i < count; i++) {
        const char *header = headers[i];
        size_t length = header ? strlen(header) : 0;
        while (ssr_cookie_next(&header, &length, pair))
            if (pair->name_length == name_length && memcmp(pair->name, name, name_length) == 0)
                return true;
    }
    return false;
}

/* Adds decoded text: JSON or a string. The builder is as before on an error. */
static ssr_status add_decoded(const struct ssr_cookie *cookie, const char *text, size_t length,
                              struct ssr_builder *value)
{
    ssr_status status = cookie->encoding == SSR_COOKIE_JSON ? ssr_builder_json(value, text, length)
                                                            : ssr_builder_string_n(value, text, length);
    if (status != SSR_OK && !ssr_ends_render(status))
        ssr_builder_reset(value);
    return status;
}

ssr_status ssr_cookie_decode_value(const struct ssr_cookie *cookie, const char *text, size_t length, int64_t now_ms,
                                   char *temporary, struct ssr_builder *value)
{
    if (cookie->protection != SSR_COOKIE_PLAIN) {
        ssr_status status =
            ssr_cookie_open(cookie->definition.registry->keyring, cookie->protection, cookie->definition.name, text,
                            length, now_ms, temporary, length + 1, &length);
        return status == SSR_OK ? add_decoded(cookie, temporary, length, value) : status;
    }
    if (cookie->encoding == SSR_COOKIE_RAW)
        return add_decoded(cookie, text, length, value);
    length = ssr_cookie_decode(text, length, temporary, length + 1);
    return add_decoded(cookie, temporary, length, value);
}

/* ---- To the browser --------------------------------------------------------------------------------------------- */

ssr_cookie_attributes ssr_cookie_complete(const ssr_cookie_attributes *given)
{
    ssr_cookie_attributes attributes = *given;
    if (!attributes.path)
        attributes.path = "/";
    if (attributes.same_site == SSR_SAME_SITE_UNSET)
        attributes.same_site = SSR_SAME_SITE_LAX;
    return attributes;
}

ssr_status ssr_cookie_check_type(const struct ssr_cookie *cookie, const char *text)
{
    return cookie->encoding == SSR_COOKIE_JSON || text[0] == '"' ? SSR_OK : SSR_E_WRONG_TYPE;
}

/* The text that the encoding begins from: the JSON itself, or the string's characters. */
static ssr_status put_plain(const struct ssr_cookie *cookie, const struct ssr_value *value, struct ssr_buffer *plain)
{
    plain->length = 0;
    ssr_status status = ssr_buffer_reserve(plain, value->length + 1);
    if (status != SSR_OK)
        return status;
    if (cookie->encoding == SSR_COOKIE_JSON)
        return ssr_buffer_append(plain, value->text, value->length);
    plain->length = ssr_json_string(ssr_value_json(value), plain->data, value->length + 1);
    return SSR_OK;
}

static int64_t expiry(const struct ssr_cookie *cookie, const ssr_cookie_attributes *attributes, int64_t now_ms)
{
    int64_t seconds = cookie->sealed_for > 0 ? cookie->sealed_for : DEFAULT_SEALED_FOR;
    if (attributes->max_age > 0)
        seconds = attributes->max_age < SSR_COOKIE_LONGEST_AGE ? attributes->max_age : SSR_COOKIE_LONGEST_AGE;
    int64_t now = now_ms < 0 ? 0 : now_ms < latest_ms ? now_ms : latest_ms;
    int64_t furthest = (latest_ms - now) / 1000;
    return now + (seconds < furthest ? seconds : furthest) * 1000;
}

/* Replaces the plain text by its protected one, behind it in the same buffer. */
static ssr_status protect(const struct ssr_cookie *cookie, const ssr_cookie_attributes *attributes, int64_t now_ms,
                          struct ssr_buffer *text, ssr_set_cookie *set)
{
    ssr_status status = ssr_buffer_reserve(text, SSR_COOKIE_TEXT_SIZE);
    if (status != SSR_OK)
        return status;
    char *protected_text = text->data + text->length;
    status = ssr_cookie_seal(cookie->definition.registry->keyring, cookie->protection, cookie->definition.name,
                             text->data, text->length, expiry(cookie, attributes, now_ms), protected_text,
                             SSR_COOKIE_TEXT_SIZE, &set->value_length);
    set->value = protected_text;
    set->encoding = SSR_COOKIE_RAW;
    return status;
}

static ssr_set_cookie describe(const struct ssr_cookie *cookie, const ssr_cookie_attributes *attributes)
{
    return (ssr_set_cookie){.name = cookie->definition.name,
                            .encoding = cookie->encoding,
                            .path = attributes->path,
                            .domain = attributes->domain,
                            .has_max_age = attributes->max_age != 0,
                            .max_age = attributes->max_age,
                            .secure = attributes->secure,
                            .http_only = attributes->http_only,
                            .partitioned = attributes->partitioned,
                            .same_site = attributes->same_site};
}

ssr_status ssr_cookie_encode(const struct ssr_cookie *cookie, const struct ssr_value *value,
                             const ssr_cookie_attributes *attributes, int64_t now_ms, struct ssr_buffer *scratch,
                             char *buffer, size_t size, size_t *length)
{
    ssr_set_cookie set = describe(cookie, attributes);
    set.is_deletion = value == NULL;
    if (attributes->max_age < 0) /* a browser would forget the cookie at once */
        return SSR_E_INVALID_ARGUMENT;
    ssr_status status = value ? put_plain(cookie, value, scratch) : SSR_OK;
    if (status == SSR_OK && value) {
        set.value = scratch->data;
        set.value_length = scratch->length;
        if (cookie->protection != SSR_COOKIE_PLAIN)
            status = protect(cookie, attributes, now_ms, scratch, &set);
    }
    return status == SSR_OK ? ssr_cookie_format(&set, buffer, size, length) : status;
}

/* ---- Outside of renders ----------------------------------------------------------------------------------------- */

/* What work outside of a render needs: memory that is wiped when it is given back. */
struct work {
    struct ssr_budget budget;
    struct ssr_builder builder;
    struct ssr_buffer text;
};

static void begin(struct work *work, const struct ssr_cookie *cookie)
{
    ssr_budget_init(&work->budget, &cookie->definition.registry->budget.allocator, SIZE_MAX);
    work->budget.has_secrets = true;
    ssr_builder_init(&work->builder, &work->budget, SIZE_MAX);
    work->text = (struct ssr_buffer){&work->budget, NULL, 0, 0};
}

static void end(struct work *work)
{
    ssr_builder_release(&work->builder);
    ssr_buffer_free(&work->text);
}

/* Decodes what was sent into the work's builder. */
static ssr_status read_sent(struct work *work, const struct ssr_cookie *cookie, const ssr_cookie_pair *pair,
                            int64_t now_ms)
{
    ssr_status status = ssr_buffer_reserve(&work->text, pair->value_length + 1);
    if (status != SSR_OK)
        return status;
    return ssr_cookie_decode_value(cookie, pair->value, pair->value_length, now_ms, work->text.data, &work->builder);
}

ssr_status ssr_cookie_read_sent(const struct ssr_cookie *cookie, const char *const *headers, size_t count,
                                int64_t now_ms, ssr_builder *value, bool *holds)
{
    struct work work;
    begin(&work, cookie);
    ssr_cookie_pair pair;
    bool is_sent = find_sent(headers, count, cookie->definition.name, &pair);
    ssr_status status = is_sent ? read_sent(&work, cookie, &pair, now_ms) : SSR_OK;
    ssr_status added;
    *holds = is_sent && status == SSR_OK;
    if (ssr_ends_render(status))
        added = ssr_builder_fail(value, status);
    else if (*holds)
        added = ssr_builder_input(value, ssr_input_built(&work.builder));
    else
        added = ssr_builder_input(value, ssr_input_value(cookie->fallback));
    end(&work);
    return added == SSR_OK ? status : added;
}

ssr_status ssr_cookie_read(const struct ssr_cookie *cookie, const char *const *headers, size_t count, int64_t now_ms,
                           ssr_builder *value)
{
    bool holds;
    return cookie ? ssr_cookie_read_sent(cookie, headers, count, now_ms, value, &holds)
                  : ssr_builder_fail(value, SSR_E_UNKNOWN_COOKIE);
}

/* The value that an input makes, borrowed from the work. */
static ssr_status build(struct work *work, const struct ssr_cookie *cookie, ssr_input input, struct ssr_value *value)
{
    ssr_builder_input(&work->builder, input);
    ssr_status status = ssr_builder_complete(&work->builder);
    if (status != SSR_OK)
        return status;
    *value = (struct ssr_value){work->builder.out.data, work->builder.out.length, {0, 0}, NULL};
    return ssr_cookie_check_type(cookie, value->text);
}

ssr_status ssr_cookie_write(const struct ssr_cookie *cookie, const ssr_input *input,
                            const ssr_cookie_attributes *attributes, int64_t now_ms, char *buffer, size_t size,
                            size_t *length)
{
    if (!cookie)
        return SSR_E_UNKNOWN_COOKIE;
    struct work work;
    struct ssr_value value;
    begin(&work, cookie);
    ssr_cookie_attributes complete = ssr_cookie_complete(attributes ? attributes : &cookie->attributes);
    ssr_status status = input ? build(&work, cookie, *input, &value) : SSR_OK;
    if (status == SSR_OK)
        status = ssr_cookie_encode(cookie, input ? &value : NULL, &complete, now_ms, &work.text, buffer, size, length);
    end(&work);
    return status;
}
