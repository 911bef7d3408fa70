/*
 * The grammar of cookies, both ways. What always holds: nothing written holds a control character, and a browser
 * that reads it stores the name, value and attributes that were meant, or the cookie was refused here.
 */
#include "cookie/grammar.h"

#include <string.h>
#include <strings.h>

#include "ssrstore/ascii.h"
#include "ssrstore/utf8.h"

enum {
    LONGEST_PAIR = 4096,      /* RFC 6265bis 5.6 step 5 */
    LONGEST_ATTRIBUTE = 1024, /* RFC 6265bis 5.6 step 6 of the attributes */
    LONGEST_LABEL = 63,
    LONGEST_DOMAIN = 253
};

/* ---- Reading ---------------------------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static void trim(const char **text, size_t *length)
{
    while (*length > 0 && is_blank(**text)) {
        ++*text;
        --*length;
    }
    while (*length > 0 && is_blank((*text)[*length - 1]))
        --*length;
}

/* RFC 6265bis 5.6 step 1: "%x00-08 / %x0A-1F / %x7F". */
static bool has_control(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (is_control(text[i]) && text[i] != '\t')
            return true;
    return false;
}

/* The cookie in one piece between semicolons; false: there is none. */
static bool read_pair(const char *piece, size_t length, ssr_cookie_pair *pair)
{
    const char *equals = memchr(piece, '=', length);
    if (!equals)
        return false;
    *pair = (ssr_cookie_pair){piece, equals + 1, (size_t)(equals - piece), length - (size_t)(equals - piece) - 1};
    trim(&pair->name, &pair->name_length);
    trim(&pair->value, &pair->value_length);
    return pair->name_length > 0 && !has_control(pair->name, pair->name_length) &&
           !has_control(pair->value, pair->value_length);
}

bool ssr_cookie_next(const char **header, size_t *length, ssr_cookie_pair *pair)
{
    while (*length > 0) {
        const char *piece = *header;
        const char *semicolon = memchr(piece, ';', *length);
        size_t piece_length = semicolon ? (size_t)(semicolon - piece) : *length;
        size_t taken = piece_length + (semicolon != NULL);
        *header += taken;
        *length -= taken;
        if (read_pair(piece, piece_length, pair))
            return true;
    }
    return false;
}

/* The byte at text[*at], which moves behind it, with its escape undone; -1: a malformed escape, or a NUL. */
static int decoded_byte(const char *text, size_t length, size_t *at)
{
    int byte = (unsigned char)text[*at];
    if (byte == '%') {
        int high = length - *at > 2 ? ssr_hex_digit(text[*at + 1]) : -1;
        int low = high >= 0 ? ssr_hex_digit(text[*at + 2]) : -1;
        byte = low < 0 ? -1 : high << 4 | low;
        *at += 2;
    }
    ++*at;
    return byte == 0 ? -1 : byte;
}

/* Whether the value can be decoded: every escape is one, and the bytes are UTF-8. */
static bool is_decodable(const char *value, size_t length)
{
    unsigned char sequence[4];
    size_t have = 0;
    for (size_t at = 0; at < length || have > 0;) {
        int byte = at < length ? decoded_byte(value, length, &at) : -1;
        if (byte < 0)
            return false;
        sequence[have++] = (unsigned char)byte;
        if (sequence[0] < 0x80 || ssr_utf8_sequence(sequence, sequence + have) == have)
            have = 0;
        else if (have == sizeof sequence)
            return false;
    }
    return true;
}

size_t ssr_cookie_decode(const char *value, size_t length, char *buffer, size_t size)
{
    bool is_kept = !is_decodable(value, length);
    struct ssr_text_out text = {buffer, size, 0};
    for (size_t at = 0; at < length;) {
        char byte = is_kept ? value[at++] : (char)decoded_byte(value, length, &at);
        ssr_text_put(&text, &byte, 1);
    }
    ssr_text_end(&text);
    return text.length;
}

/* ---- What may be written ---------------------------------------------------------------------------------------- */

/* RFC 6265bis 4.1.1: a token of RFC 9110 5.6.2. */
static bool is_name(const char *name)
{
    if (!name || !*name)
        return false;
    for (; *name; name++)
        if (!ssr_is_alphanumeric(*name) && !ssr_is_one_of(*name, "!#$%&'*+-.^_`|~"))
            return false;
    return true;
}

/* RFC 6265bis 4.1.1, cookie-octet. */
static bool is_octet(char c)
{
    return c > 0x20 && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\';
}

/* RFC 6265bis 4.1.1, cookie-value: octets, or octets in quotes. */
static bool is_raw_value(const char *value, size_t length)
{
    if (length >= 2 && value[0] == '"' && value[length - 1] == '"') {
        value++;
        length -= 2;
    }
    for (size_t i = 0; i < length; i++)
        if (!is_octet(value[i]))
            return false;
    return true;
}

static bool is_value(const ssr_set_cookie *cookie)
{
    if (cookie->is_deletion || !cookie->value)
        return true;
    if (cookie->encoding != SSR_COOKIE_RAW)
        return ssr_utf8_valid(cookie->value, cookie->value_length);
    return is_raw_value(cookie->value, cookie->value_length);
}

/* RFC 6265bis 4.1.1, path-value; 5.6.4: a path that does not begin with "/" is replaced, blanks around it are cut. */
static bool is_path(const char *path)
{
    if (*path != '/')
        return false;
    for (const char *p = path; *p; p++)
        if (is_control(*p) || *p == ';' || (unsigned char)*p >= 0x80)
            return false;
    return !is_blank(path[strlen(path) - 1]);
}

/* A label of RFC 1123 2.1; returns its length, 0: it is none. */
static size_t label_length(const char *label)
{
    size_t length = strcspn(label, ".");
    for (size_t i = 0; i < length; i++)
        if (!ssr_is_alphanumeric(label[i]) && (label[i] != '-' || i == 0 || i == length - 1))
            return 0;
    return length <= LONGEST_LABEL ? length : 0;
}

/* RFC 6265bis 4.1.2.3; one leading dot is cut by browsers (5.6.3) and harmless. */
static bool is_domain(const char *domain)
{
    domain += *domain == '.';
    if (strlen(domain) > LONGEST_DOMAIN)
        return false;
    for (;;) {
        size_t length = label_length(domain);
        if (length == 0)
            return false;
        domain += length;
        if (*domain == '\0')
            return true;
        domain++;
    }
}

/* RFC 6265bis 5.1.1: a year before 1601 is no date; four digits end at 9999. */
static bool is_date(int64_t ms)
{
    return ms >= INT64_C(-11644473600000) && ms < INT64_C(253402300800000);
}

static bool has_prefix(const char *name, const char *prefix)
{
    return strncasecmp(name, prefix, strlen(prefix)) == 0;
}

/* RFC 6265bis 4.1.3; browsers compare without case (5.7 step 20 and following). */
static bool keeps_prefix(const ssr_set_cookie *cookie)
{
    bool is_host = has_prefix(cookie->name, "__Host-");
    bool is_http = has_prefix(cookie->name, "__Http-") || has_prefix(cookie->name, "__Host-Http-");
    bool is_secure = is_host || is_http || has_prefix(cookie->name, "__Secure-");
    bool is_rooted = cookie->path && strcmp(cookie->path, "/") == 0 && !cookie->domain;
    return (!is_secure || cookie->secure) && (!is_host || is_rooted) && (!is_http || cookie->http_only);
}

static ssr_status check(const ssr_set_cookie *cookie)
{
    if (!is_name(cookie->name))
        return SSR_E_COOKIE_NAME;
    if (!is_value(cookie))
        return SSR_E_COOKIE_VALUE;
    if (cookie->path && !is_path(cookie->path))
        return SSR_E_COOKIE_PATH;
    if (cookie->domain && !is_domain(cookie->domain))
        return SSR_E_COOKIE_DOMAIN;
    if (cookie->has_expires && !cookie->is_deletion && !is_date(cookie->expires_ms))
        return SSR_E_COOKIE_EXPIRES;
    if ((unsigned)cookie->same_site > SSR_SAME_SITE_NONE)
        return SSR_E_COOKIE_SAME_SITE;
    if (cookie->same_site == SSR_SAME_SITE_NONE && !cookie->secure)
        return SSR_E_COOKIE_SAME_SITE_NONE;
    if (cookie->partitioned && !cookie->secure)
        return SSR_E_COOKIE_PARTITIONED;
    return keeps_prefix(cookie) ? SSR_OK : SSR_E_COOKIE_PREFIX;
}

/* ---- Writing ---------------------------------------------------------------------------------------------------- */

static void put_string(struct ssr_text_out *text, const char *string)
{
    ssr_text_put(text, string, strlen(string));
}

/* Writes a number of at least `width` digits. */
static void put_number(struct ssr_text_out *text, int64_t number, int width)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    for (; rest > 0 || width > 0; rest /= 10, width--)
        digits[--at] = (char)('0' + rest % 10);
    if (number < 0)
        ssr_text_put(text, "-", 1);
    ssr_text_put(text, digits + at, sizeof digits - at);
}

/* encodeURIComponent (ECMA-262 19.2.6.4). */
static void put_percent(struct ssr_text_out *text, const char *value, size_t length)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)value[i];
        if (ssr_is_alphanumeric(value[i]) || ssr_is_one_of(value[i], "-_.!~*'()"))
            ssr_text_put(text, &value[i], 1);
        else
            ssr_text_put(text, (char[]){'%', hex[byte >> 4], hex[byte & 15]}, 3);
    }
}

/*
 * The day of a count of days since 1970-01-01 in the Gregorian calendar, from the count of days since 0000-03-01: not
 * negative, as no date is before 1601.
 */
static void civil_date(int64_t days, int64_t *year, int *month, int *day)
{
    days += 719468;
    int64_t era = days / 146097;
    int64_t of_era = days - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int shifted = (int)((5 * of_year + 2) / 153);
    *day = (int)(of_year - (153 * shifted + 2) / 5 + 1);
    *month = shifted < 10 ? shifted + 3 : shifted - 9;
    *year = year_of_era + era * 400 + (*month <= 2);
}

static int64_t floor_divide(int64_t number, int64_t by)
{
    return number / by - (number % by < 0);
}

/* IMF-fixdate (RFC 9110 5.6.7). */
static void put_date(struct ssr_text_out *text, int64_t ms)
{
    static const char *const weekdays[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t seconds = floor_divide(ms, 1000), days = floor_divide(seconds, 86400), year;
    int64_t of_day = seconds - days * 86400;
    int month, day;
    civil_date(days, &year, &month, &day);
    put_string(text, weekdays[days - floor_divide(days, 7) * 7]);
    put_string(text, ", ");
    put_number(text, day, 2);
    put_string(text, " ");
    put_string(text, months[month - 1]);
    put_string(text, " ");
    put_number(text, year, 4);
    put_string(text, " ");
    put_number(text, of_day / 3600, 2);
    put_string(text, ":");
    put_number(text, of_day / 60 % 60, 2);
    put_string(text, ":");
    put_number(text, of_day % 60, 2);
    put_string(text, " GMT");
}

static void put_pair(struct ssr_text_out *text, const ssr_set_cookie *cookie)
{
    put_string(text, cookie->name);
    ssr_text_put(text, "=", 1);
    if (cookie->is_deletion || !cookie->value)
        return;
    if (cookie->encoding != SSR_COOKIE_RAW)
        put_percent(text, cookie->value, cookie->value_length);
    else
        ssr_text_put(text, cookie->value, cookie->value_length);
}

/* Both clocks: browsers prefer Max-Age, what is older than it knows Expires. */
static void put_life(struct ssr_text_out *text, const ssr_set_cookie *cookie)
{
    if (cookie->is_deletion || cookie->has_expires) {
        put_string(text, "; Expires=");
        put_date(text, cookie->is_deletion ? 0 : cookie->expires_ms);
    }
    if (cookie->is_deletion || cookie->has_max_age) {
        put_string(text, "; Max-Age=");
        int64_t age = cookie->is_deletion ? 0 : cookie->max_age;
        put_number(text, age < SSR_COOKIE_LONGEST_AGE ? age : SSR_COOKIE_LONGEST_AGE, 1);
    }
}

static void put_attributes(struct ssr_text_out *text, const ssr_set_cookie *cookie)
{
    static const char *const same_site[] = {"", "; SameSite=Strict", "; SameSite=Lax", "; SameSite=None"};
    if (cookie->path) {
        put_string(text, "; Path=");
        put_string(text, cookie->path);
    }
    if (cookie->domain) {
        put_string(text, "; Domain=");
        put_string(text, cookie->domain);
    }
    put_life(text, cookie);
    put_string(text, cookie->secure ? "; Secure" : "");
    put_string(text, cookie->http_only ? "; HttpOnly" : "");
    put_string(text, same_site[cookie->same_site]);
    put_string(text, cookie->partitioned ? "; Partitioned" : "");
}

ssr_status ssr_cookie_format(const ssr_set_cookie *cookie, char *buffer, size_t size, size_t *length)
{
    ssr_status status = check(cookie);
    if (status != SSR_OK)
        return status;
    struct ssr_text_out pair = {NULL, 0, 0};
    put_pair(&pair, cookie);
    if (pair.length - 1 > LONGEST_PAIR)
        return SSR_E_COOKIE_TOO_LONG;
    if (cookie->path && strlen(cookie->path) > LONGEST_ATTRIBUTE) /* a domain is shorter */
        return SSR_E_COOKIE_ATTRIBUTE_TOO_LONG;
    struct ssr_text_out text = {buffer, size, 0};
    put_pair(&text, cookie);
    put_attributes(&text, cookie);
    ssr_text_end(&text);
    *length = text.length;
    return SSR_OK;
}
