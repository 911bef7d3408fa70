/*
 * Text to doubles. The first 19 digits give bounds below and above the number, at first rough ones; when both round
 * to the same double, that is the answer. The few numbers for which they do not are compared exactly, in big integers,
 * with the midpoint of the two candidates. Locale-free, and nothing is allocated.
 */
#include <stdint.h>
#include <string.h>

#include "ssrstore/number.h"
#include "ssrstore/powers.h"

enum {
    EXACT_DIGITS = 800, /* more than any midpoint between doubles has (767), so what follows only breaks ties */
    EXPONENT_LIMIT = 100000000,
    LIMBS = 192
};

/* digits * 10^exponent, of `count` digits at the most, and whether others that are not 0 follow the first 19. */
struct scanned {
    uint64_t digits;
    int64_t exponent;
    int count;
    bool more;
    bool negative;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Behind the "e", where the grammar has a sign or a digit. */
static int64_t scan_exponent(const char *p, const char *end)
{
    bool negative = *p == '-';
    if (*p == '-' || *p == '+')
        p++;
    int64_t exponent = 0;
    for (; p < end; p++)
        if (exponent < EXPONENT_LIMIT)
            exponent = exponent * 10 + (*p - '0');
    return negative ? -exponent : exponent;
}

/* The eight characters at `p`, the first of them in the lowest byte. */
static uint64_t load_eight(const char *p)
{
    uint64_t word = 0;
    for (int i = 0; i < 8; i++)
        word |= (uint64_t)(unsigned char)p[i] << 8 * i;
    return word;
}

static bool are_digits(uint64_t eight)
{
    const uint64_t upper = 0xf0f0f0f0f0f0f0f0;
    return ((eight & upper) | ((eight + 0x0606060606060606) & upper) >> 4) == 0x3333333333333333;
}

/* The number that eight digits write: neighbours join to pairs, pairs to fours, fours to eight. */
static uint64_t number_of_eight(uint64_t eight)
{
    eight = (eight & 0x0f0f0f0f0f0f0f0f) * (1 + (10 << 8)) >> 8;
    eight = (eight & 0x00ff00ff00ff00ff) * (1 + (100 << 16)) >> 16;
    return (eight & 0x0000ffff0000ffff) * (1 + ((uint64_t)10000 << 32)) >> 32;
}

/* Takes in the run of digits at `p`, which stands before the point or behind it; returns its end. */
static const char *scan_digits(struct scanned *number, const char *p, const char *end, bool fraction)
{
    const char *first = p;
    if (number->digits == 0)
        while (p < end && *p == '0')
            p++;
    for (; number->count <= 19 - 8 && end - p >= 8 && are_digits(load_eight(p)); p += 8) {
        number->digits = number->digits * 100000000 + number_of_eight(load_eight(p));
        number->count += 8;
    }
    for (; number->count < 19 && p < end && is_digit(*p); p++) {
        number->digits = number->digits * 10 + (uint64_t)(*p - '0');
        number->count++;
    }
    const char *taken = p;
    for (; p < end && is_digit(*p); p++)
        number->more |= *p != '0';
    number->exponent += fraction ? first - taken : p - taken;
    return p;
}

static struct scanned scan(const char *p, const char *end)
{
    struct scanned number = {.negative = *p == '-'};
    p = scan_digits(&number, p + number.negative, end, false);
    if (p < end && *p == '.')
        p = scan_digits(&number, p + 1, end, true);
    if (p < end)
        number.exponent += scan_exponent(p + 1, end);
    return number;
}

static double from_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static const uint64_t infinity_bits = (uint64_t)0x7ff << 52;

/*
 * The bits of the double nearest to (high + rest) * 2^(exponent - 63), high having its top bit set and 0 <= rest < 1;
 * `sticky` says that rest is not 0.
 */
static uint64_t round_bits(uint64_t high, bool sticky, int exponent)
{
    if (exponent > 1023)
        return infinity_bits;
    int drop = exponent < -1022 ? 11 + (-1022 - exponent) : 11;
    if (drop > 64)
        return 0;
    uint64_t kept = drop == 64 ? 0 : high >> drop;
    uint64_t cut = high << (64 - drop);
    uint64_t half = (uint64_t)1 << 63;
    if (cut > half || (cut == half && (sticky || (kept & 1) != 0)))
        kept++;
    uint64_t biased = exponent < -1022 ? 0 : (uint64_t)(exponent + 1022);
    return (biased << 52) + kept; /* a normal's hidden bit, and a carry, step the exponent */
}

static int leading_zeros(uint64_t word)
{
#if defined(__GNUC__)
    return __builtin_clzll(word);
#else
    int count = 0;
    while (word >> 63 == 0) {
        word <<= 1;
        count++;
    }
    return count;
#endif
}

/* The bits of the double nearest to digits * significand * 2^(exponent - 127). */
static uint64_t round_product(uint64_t digits, struct ssr_u128 significand, int exponent)
{
    int zeros = leading_zeros(digits);
    digits <<= zeros;
    struct ssr_u128 low = ssr_multiply(significand.low, digits);
    struct ssr_u128 high = ssr_multiply(significand.high, digits);
    uint64_t middle = high.low + low.high;
    uint64_t top = high.high + (middle < low.high);
    exponent += 64 - zeros;
    if (top >> 63 == 0) {
        top = top << 1 | middle >> 63;
        middle <<= 1;
        exponent--;
    }
    return round_bits(top, (middle | low.low) != 0, exponent);
}

/*
 * The same from the upper half of the significand. The product is then too small by less than 2 of its upper word:
 * false when its nine lowest bits, which are never kept, say that this could change what it rounds to.
 */
static bool round_upper_half(uint64_t digits, uint64_t significand, int exponent, uint64_t *bits)
{
    int zeros = leading_zeros(digits);
    struct ssr_u128 product = ssr_multiply(significand, digits << zeros);
    uint64_t lowest = product.high & 0x1ff;
    if (lowest == 0 || lowest >= 0x1fe)
        return false;
    bool short_of_one = product.high >> 63 == 0;
    *bits = round_bits(product.high << short_of_one, true, exponent + 64 - zeros - short_of_one);
    return true;
}

/* Little-endian big integers, large enough for any number of EXACT_DIGITS digits and any midpoint. */
struct big {
    uint32_t limbs[LIMBS]; /* from count on, zeros */
    int count;
};

static void big_multiply_add(struct big *big, uint32_t factor, uint32_t term)
{
    uint64_t carry = term;
    for (int i = 0; i < big->count; i++) {
        carry += (uint64_t)big->limbs[i] * factor;
        big->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry)
        big->limbs[big->count++] = (uint32_t)carry;
}

static void big_multiply_power(struct big *big, uint32_t base, int64_t exponent)
{
    for (; exponent > 0; exponent--)
        big_multiply_add(big, base, 0);
}

static void big_shift(struct big *big, int64_t bits)
{
    for (; bits >= 28; bits -= 28)
        big_multiply_add(big, (uint32_t)1 << 28, 0);
    if (bits > 0)
        big_multiply_add(big, (uint32_t)1 << bits, 0);
}

static int big_compare(const struct big *a, const struct big *b)
{
    for (int i = LIMBS - 1; i >= 0; i--)
        if (a->limbs[i] != b->limbs[i])
            return a->limbs[i] < b->limbs[i] ? -1 : 1;
    return 0;
}

/* All significant digits as an integer; returns the power of ten it is to be multiplied with. */
static int64_t big_scan(struct big *big, const char *p, const char *end)
{
    int64_t exponent = 0;
    bool fraction = false, more = false;
    int count = 0;
    for (; p < end && (is_digit(*p) || *p == '.' || *p == '-'); p++) {
        if (!is_digit(*p)) {
            fraction |= *p == '.';
        } else if (count < EXACT_DIGITS) {
            big_multiply_add(big, 10, (uint32_t)(*p - '0'));
            count += big->count > 0;
            exponent -= fraction;
        } else {
            more |= *p != '0';
            exponent += !fraction;
        }
    }
    if (more) {
        big_multiply_add(big, 10, 1);
        exponent--;
    }
    return exponent + (p < end ? scan_exponent(p + 1, end) : 0);
}

/* The number's place relative to the midpoint of the double `bits` and the next larger one: below, at, above. */
static int compare_to_midpoint(const char *text, const char *end, uint64_t bits)
{
    struct big number = {{0}, 0}, midpoint = {{0}, 0};
    int64_t ten = big_scan(&number, text, end);
    int biased = (int)(bits >> 52);
    uint64_t mantissa = bits & (((uint64_t)1 << 52) - 1);
    if (biased > 0)
        mantissa |= (uint64_t)1 << 52;
    int64_t two = (biased > 0 ? biased : 1) - 1075 - 1;
    big_multiply_add(&midpoint, 1, (uint32_t)((2 * mantissa + 1) >> 32));
    big_shift(&midpoint, 32);
    big_multiply_add(&midpoint, 1, (uint32_t)(2 * mantissa + 1));
    big_multiply_power(&number, 5, ten);
    big_multiply_power(&midpoint, 5, -ten);
    big_shift(&number, ten - two);
    big_shift(&midpoint, two - ten);
    return big_compare(&number, &midpoint);
}

/* The bits of the nearest double to a number without its sign. */
static uint64_t nearest_bits(const struct scanned *number, const char *text, const char *end)
{
    if (number->digits == 0 || number->exponent < SSR_POWER_MIN)
        return 0;
    if (number->exponent > SSR_POWER_MAX)
        return infinity_bits;
    int exponent = (int)number->exponent;
    int binary = ssr_power_binary_exponent(exponent);
    struct ssr_power power = ssr_power_of_ten(exponent);
    uint64_t bits;
    if (!number->more && round_upper_half(number->digits, power.significand.high, binary, &bits))
        return bits;
    uint64_t below = round_product(number->digits, power.significand, binary);
    if (power.exact && !number->more)
        return below;
    struct ssr_u128 larger = {power.significand.high + (power.significand.low == UINT64_MAX),
                              power.significand.low + 1};
    uint64_t above = round_product(number->digits + number->more, larger, binary);
    if (below == above)
        return below;
    int place = compare_to_midpoint(text, end, below);
    return place > 0 || (place == 0 && (below & 1) != 0) ? below + 1 : below;
}

bool ssr_integer_read(const char *text, size_t length, int64_t *integer)
{
    enum { SURE = 15 };
    bool is_negative = *text == '-';
    int64_t read = 0;
    if (length > SURE)
        return false;
    for (size_t at = is_negative; at < length; at++) {
        if (text[at] < '0' || text[at] > '9')
            return false;
        read = read * 10 + (text[at] - '0');
    }
    *integer = is_negative ? -read : read;
    return true;
}

bool ssr_number_read(const char *text, size_t length, double *value)
{
    struct scanned number = scan(text, text + length);
    uint64_t bits = nearest_bits(&number, text, text + length);
    if (bits == infinity_bits)
        return false;
    *value = from_bits(bits | (number.negative ? (uint64_t)1 << 63 : 0));
    return true;
}
