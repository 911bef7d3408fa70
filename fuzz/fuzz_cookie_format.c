/*
 * Any bytes as a cookie to set: two bytes of flags, then strings up to their NULs, then the value. What must hold of a
 * text that is written: no control character is in it; its pieces are the name and value and the attributes that were
 * asked for, one each, in order; and a server that gets the pair back reads the value that was meant.
 */
#include "cookie/grammar.h"
#include "fuzz/fuzz.h"

static int64_t take_number(struct input *input)
{
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | take_byte(input);
    return (int64_t)number;
}

static ssr_set_cookie take_cookie(struct input *input)
{
    unsigned flags = take_byte(input), more = take_byte(input);
    ssr_set_cookie cookie = {.encoding = flags & 1 ? SSR_COOKIE_PERCENT : SSR_COOKIE_RAW,
                             .has_expires = flags & 2,
                             .has_max_age = flags & 4,
                             .secure = flags & 8,
                             .http_only = flags & 16,
                             .partitioned = flags & 32,
                             .is_deletion = flags & 64,
                             .same_site = (ssr_same_site)(more & 7)};
    if (cookie.has_expires)
        cookie.expires_ms = take_number(input);
    if (cookie.has_max_age)
        cookie.max_age = take_number(input);
    cookie.name = take_string(input);
    if (more & 8)
        cookie.path = take_string(input);
    if (more & 16)
        cookie.domain = take_string(input);
    if (input->length > 0) {
        cookie.value = (const char *)input->at;
        cookie.value_length = input->length;
    }
    return cookie;
}

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Takes "; PREFIX..." up to the next piece off the text when it is wanted; returns what stands behind the prefix. */
static const char *take_attribute(char **rest, const char *prefix, bool is_wanted)
{
    if (!is_wanted)
        return NULL;
    expect(*rest != NULL && begins_with(*rest, prefix));
    const char *value = *rest + strlen(prefix);
    char *next = strstr(*rest, "; ");
    if (next)
        *next = '\0';
    *rest = next ? next + 2 : NULL;
    return value;
}

static void expect_attributes(const ssr_set_cookie *cookie, char *rest)
{
    static const char *const same_site[] = {"", "SameSite=Strict", "SameSite=Lax", "SameSite=None"};
    const char *path = take_attribute(&rest, "Path=", cookie->path);
    expect(!path || strcmp(path, cookie->path) == 0);
    const char *domain = take_attribute(&rest, "Domain=", cookie->domain);
    expect(!domain || strcmp(domain, cookie->domain) == 0);
    const char *expires = take_attribute(&rest, "Expires=", cookie->has_expires || cookie->is_deletion);
    expect(!expires || (strlen(expires) == 29 && strcmp(expires + 25, " GMT") == 0));
    const char *age = take_attribute(&rest, "Max-Age=", cookie->has_max_age || cookie->is_deletion);
    expect(!age || (strlen(age) > 0 && strspn(age + (*age == '-'), "0123456789") == strlen(age + (*age == '-'))));
    expect(!age || strtoll(age, NULL, 10) <= 34560000);
    const char *secure = take_attribute(&rest, "Secure", cookie->secure);
    const char *http_only = take_attribute(&rest, "HttpOnly", cookie->http_only);
    const char *site = take_attribute(&rest, same_site[cookie->same_site], cookie->same_site != SSR_SAME_SITE_UNSET);
    const char *partitioned = take_attribute(&rest, "Partitioned", cookie->partitioned);
    expect((!secure || !*secure) && (!http_only || !*http_only) && (!site || !*site) &&
           (!partitioned || !*partitioned));
    expect(rest == NULL);
}

/* The pair as it comes back in a request. */
static void expect_pair(const ssr_set_cookie *cookie, const char *text, size_t length)
{
    ssr_cookie_pair pair;
    expect(ssr_cookie_next(&text, &length, &pair));
    expect(pair.name_length == strlen(cookie->name) && memcmp(pair.name, cookie->name, pair.name_length) == 0);
    if (cookie->is_deletion || !cookie->value) {
        expect(pair.value_length == 0);
    } else if (cookie->encoding == SSR_COOKIE_RAW) {
        expect(pair.value_length == cookie->value_length);
        expect(memcmp(pair.value, cookie->value, cookie->value_length) == 0);
    } else if (!memchr(cookie->value, '\0', cookie->value_length)) { /* with one, reading leaves it encoded */
        char decoded[4097];
        expect(ssr_cookie_decode(pair.value, pair.value_length, decoded, sizeof decoded) == cookie->value_length);
        expect(memcmp(decoded, cookie->value, cookie->value_length) == 0);
    }
}

static void expect_text(const ssr_set_cookie *cookie, char *text, size_t length)
{
    expect(strlen(text) == length);
    for (size_t i = 0; i < length; i++)
        expect((unsigned char)text[i] >= 0x20 && (unsigned char)text[i] < 0x7f);
    expect_pair(cookie, text, length);
    char *rest = strstr(text, "; ");
    expect_attributes(cookie, rest ? rest + 2 : NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    ssr_set_cookie cookie = take_cookie(&input);
    size_t length = 0, again = 0;
    if (ssr_cookie_format(&cookie, NULL, 0, &length) == SSR_OK) {
        char *text = malloc(length + 1);
        expect(text != NULL);
        expect(ssr_cookie_format(&cookie, text, length + 1, &again) == SSR_OK && again == length);
        expect_text(&cookie, text, length);
        free(text);
    }
    free((char *)cookie.name);
    free((char *)cookie.path);
    free((char *)cookie.domain);
    return 0;
}
