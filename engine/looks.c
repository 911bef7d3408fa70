/*
 * What a value that is new in every pass looks like: a time, a random number, a counter, a pointer, something that
 * grows. Decided from the last values alone, and from the one part of them in which they differ, so that a clock inside
 * of an object is found as well. What always holds: only a word leaves this file, never a part of a value.
 */
#include "engine/history.h"
#include "ssrstore/ascii.h"
#include "ssrstore/number.h"

/* The same stretch of every value, the oldest first. */
struct stretch {
    const char *text[SSR_HISTORY_VALUES];
    size_t length[SSR_HISTORY_VALUES];
    size_t count;
};

/* ---- Where they differ ------------------------------------------------------------------------------------------- */

static size_t common_prefix(const struct stretch *values)
{
    for (size_t at = 0;; at++)
        for (size_t i = 0; i < values->count; i++)
            if (at == values->length[i] || values->text[i][at] != values->text[0][at])
                return at;
}

static size_t common_suffix(const struct stretch *values, size_t prefix)
{
    for (size_t back = 0;; back++)
        for (size_t i = 0; i < values->count; i++) {
            size_t length = values->length[i];
            if (back == length - prefix ||
                values->text[i][length - 1 - back] != values->text[0][values->length[0] - 1 - back])
                return back;
        }
}

static bool is_of_number(char c)
{
    return (c >= '0' && c <= '9') || c == '.';
}

/* A word as dates, identifiers and hexadecimal numbers are written. */
static bool is_of_word(char c)
{
    return ssr_is_alphanumeric(c) || ssr_is_one_of(c, ".:+-_/=");
}

/* The part in which the values differ, widened by what surrounds it and belongs to it. */
static struct stretch differing(const struct stretch *values, bool (*belongs)(char))
{
    struct stretch part = *values;
    size_t prefix = common_prefix(values), suffix = common_suffix(values, prefix);
    const char *first = values->text[0];
    while (prefix > 0 && belongs(first[prefix - 1]))
        prefix--;
    while (first[prefix] == ':') /* of a member: a value does not end with it */
        prefix++;
    while (suffix > 0 && belongs(first[values->length[0] - suffix]))
        suffix--;
    for (size_t i = 0; i < part.count; i++) {
        part.text[i] += prefix;
        part.length[i] -= prefix + suffix < part.length[i] ? prefix + suffix : part.length[i];
    }
    return part;
}

/* ---- Numbers ----------------------------------------------------------------------------------------------------- */

struct numbers {
    double at[SSR_HISTORY_VALUES];
    size_t count;
    bool are_integers;
};

/* Digits, with one point at the most; leading zeros are allowed, as in a date's parts. */
static bool read_decimal(const char *text, size_t length, double *number, bool *is_integer)
{
    double scale = 0;
    *number = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '.' && scale == 0)
            scale = 1;
        else if (text[i] >= '0' && text[i] <= '9')
            *number = *number * 10 + (text[i] - '0'), scale *= 10;
        else
            return false;
    }
    *is_integer = scale == 0;
    if (scale > 1)
        *number /= scale;
    return length > 0;
}

static bool read_numbers(const struct stretch *values, struct numbers *numbers)
{
    numbers->count = values->count;
    numbers->are_integers = true;
    for (size_t i = 0; i < values->count; i++) {
        bool is_integer;
        if (!read_decimal(values->text[i], values->length[i], &numbers->at[i], &is_integer))
            return false;
        numbers->are_integers &= is_integer;
    }
    return true;
}

/* Fractions are rounded: what counts by 0.1 passes 0.30000000000000004. */
static bool have_constant_difference(const struct numbers *numbers)
{
    double first = numbers->at[0], last = numbers->at[numbers->count - 1], difference = numbers->at[1] - first;
    double slack = numbers->are_integers ? 0 : (first + last) * 1e-12;
    for (size_t i = 2; i < numbers->count; i++) {
        double away = numbers->at[i] - numbers->at[i - 1] - difference;
        if (away < -slack || away > slack)
            return false;
    }
    return true;
}

static bool only_grow(const struct numbers *numbers)
{
    for (size_t i = 1; i < numbers->count; i++)
        if (numbers->at[i] < numbers->at[i - 1])
            return false;
    return true;
}

/*
 * Seconds, milliseconds, microseconds or nanoseconds: of the years 2001 to 2100, or within a day of the request; and
 * all of one day, which no render outlasts.
 */
static bool are_dates(const struct numbers *numbers, int64_t now_ms)
{
    static const double per_second[] = {1, 1e3, 1e6, 1e9};
    enum { DAY = 86400 };
    double first = numbers->at[0], last = numbers->at[numbers->count - 1];
    for (size_t i = 0; i < sizeof per_second / sizeof *per_second; i++) {
        double seconds = first / per_second[i], away = seconds - (double)now_ms / 1e3;
        bool is_date = seconds >= 1e9 && (seconds <= 4.1e9 || (away > -DAY && away < DAY));
        if (is_date && (last - first) / per_second[i] < DAY)
            return true;
    }
    return false;
}

/* What a steady clock counts grows by little of what it is; it has no step. */
static bool are_steady_clock(const struct numbers *numbers)
{
    double first = numbers->at[0], last = numbers->at[numbers->count - 1];
    return first >= 1000 && (last - first) / first < 0.01;
}

/* Addresses of one process: large, near to each other, aligned. */
static bool are_addresses(const struct numbers *numbers)
{
    for (size_t i = 0; i < numbers->count; i++) {
        double number = numbers->at[i], away = number - numbers->at[0];
        if (number < 4294967296.0 || number > 281474976710656.0 || (uint64_t)number % 8 != 0)
            return false;
        if (away < -4294967296.0 || away > 4294967296.0)
            return false;
    }
    return true;
}

static const char *numbers_look(const struct numbers *numbers, int64_t now_ms)
{
    bool grow = only_grow(numbers);
    if (grow && are_dates(numbers, now_ms))
        return "time";
    if (numbers->are_integers && are_addresses(numbers))
        return "pointer";
    if (have_constant_difference(numbers))
        return "counter";
    return grow && are_steady_clock(numbers) ? "time" : "random";
}

/* ---- Words ------------------------------------------------------------------------------------------------------- */

static bool are_all(const struct stretch *words, bool (*is)(const char *text, size_t length))
{
    for (size_t i = 0; i < words->count; i++)
        if (!is(words->text[i], words->length[i]))
            return false;
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "2026-11-21T07:56:29Z", "07:56:29" */
static bool is_date(const char *text, size_t length)
{
    if (length >= 10 && is_digit(text[0]) && is_digit(text[3]) && text[4] == '-' && text[7] == '-')
        return true;
    return length >= 5 && is_digit(text[0]) && is_digit(text[1]) && text[2] == ':' && is_digit(text[3]) &&
           is_digit(text[4]);
}

static bool is_hex_address(const char *text, size_t length)
{
    if (length < 8 || text[0] != '0' || text[1] != 'x')
        return false;
    for (size_t i = 2; i < length; i++)
        if (ssr_hex_digit(text[i]) < 0)
            return false;
    return true;
}

/* Whether words of about one length have little in common: most places differ from the word before. */
static bool are_scrambled(const struct stretch *words)
{
    for (size_t i = 1; i < words->count; i++) {
        size_t a = words->length[i - 1], b = words->length[i], least = a < b ? a : b, equal = 0;
        for (size_t at = 0; at < least; at++)
            equal += words->text[i - 1][at] == words->text[i][at];
        if (least < 4 || (a > b ? a - b : b - a) > least / 4 || equal * 2 > least)
            return false;
    }
    return true;
}

/* Whether each value is the one before with something put in. */
static bool are_growing(const struct stretch *values)
{
    for (size_t i = 1; i < values->count; i++) {
        struct stretch two = {{values->text[i - 1], values->text[i]}, {values->length[i - 1], values->length[i]}, 2};
        size_t prefix = common_prefix(&two);
        if (two.length[0] >= two.length[1] || prefix + common_suffix(&two, prefix) < two.length[0])
            return false;
    }
    return true;
}

/* ---- All together ------------------------------------------------------------------------------------------------ */

/* Whether the values become longer, as far as lengths can tell: one that was not kept is there twice in a row. */
static bool are_longer(const struct ssr_track *track, size_t count)
{
    for (size_t n = 0; n + 1 < count; n++)
        if (ssr_track_value(track, n)->length < ssr_track_value(track, n + 1)->length)
            return false;
    return ssr_track_value(track, 0)->length > ssr_track_value(track, count - 1)->length;
}

static const char *stretch_looks(const struct stretch *values, int64_t now_ms)
{
    struct stretch words = differing(values, is_of_word), digits = differing(values, is_of_number);
    struct numbers numbers = {.count = 0}, whole;
    bool are_numbers = read_numbers(&digits, &numbers);
    if (are_all(&words, is_date))
        return "time";
    if (are_all(&words, is_hex_address))
        return "pointer";
    if (!are_numbers && are_growing(values))
        return "growing";
    if (are_numbers && (read_numbers(&words, &whole) || !are_scrambled(&words)))
        return numbers_look(&numbers, now_ms);
    return are_scrambled(&words) ? "random" : "unknown";
}

const char *ssr_track_looks(const struct ssr_track *track, int64_t now_ms)
{
    struct stretch values = {.count = 0};
    size_t count = 2; /* only what has changed is looked at */
    bool is_whole = true;
    while (ssr_track_value(track, count))
        count++;
    for (size_t n = count; n-- > 0;) {
        const struct ssr_past_value *value = ssr_track_value(track, n);
        is_whole &= value->kept == value->length;
        values.text[values.count] = value->text;
        values.length[values.count++] = value->kept;
    }
    if (!is_whole)
        return are_longer(track, count) ? "growing" : "unknown";
    return stretch_looks(&values, now_ms);
}
