/*
 * Doubles to text. Digits come from the Schubfach algorithm (R. Giulietti, "The Schubfach way to render doubles",
 * 2020): of the decimals inside the rounding interval the shortest, and of those the closest. Locale-free.
 */
#include <stdint.h>
#include <string.h>

#include "ssrstore/number.h"
#include "ssrstore/powers.h"

enum { MANTISSA_BITS = 52, EXPONENT_BIAS = 1075, EXPONENT_MASK = 0x7ff };

#define EXACT 9007199254740992.0 /* 2^53: integers below it are doubles, and their own digits the shortest */

struct decimal {
    uint64_t digits; /* value = digits * 10^exponent */
    int exponent;
};

/* The high 64 bits of power * scaled, the lowest bit also saying whether anything was cut off (paper, 9.9). */
static uint64_t round_to_odd(struct ssr_u128 power, uint64_t scaled)
{
    uint64_t low = ssr_multiply(power.low, scaled).high;
    struct ssr_u128 high = ssr_multiply(power.high, scaled);
    uint64_t middle = high.low + low;
    uint64_t top = high.high + (middle < low);
    return top | (middle > 1);
}

/* 10^exponent rounded up to 128 bits, as the paper's g. */
static struct ssr_u128 power_above(int exponent)
{
    struct ssr_power power = ssr_power_of_ten(exponent);
    if (!power.exact) {
        power.significand.low++;
        power.significand.high += power.significand.low == 0;
    }
    return power.significand;
}

/* The shortest decimal in the rounding interval of mantissa * 2^exponent. */
static struct decimal shortest(uint64_t mantissa, int exponent, bool lower_is_closer)
{
    uint64_t odd = mantissa & 1;
    int k = (exponent * 1262611 - (lower_is_closer ? 524031 : 0)) >> 22;
    int shift = exponent + ssr_power_binary_exponent(-k) + 1;
    struct ssr_u128 power = power_above(-k);
    uint64_t lower = round_to_odd(power, (4 * mantissa - 2 + lower_is_closer) << shift) + odd;
    uint64_t middle = round_to_odd(power, (4 * mantissa) << shift);
    uint64_t upper = round_to_odd(power, (4 * mantissa + 2) << shift) - odd;
    uint64_t digits = middle / 4;
    if (digits >= 10) {
        uint64_t tens = digits / 10;
        bool below_inside = lower <= 40 * tens, above_inside = 40 * tens + 40 <= upper;
        if (below_inside != above_inside)
            return (struct decimal){tens + above_inside, k + 1};
    }
    bool below_inside = lower <= 4 * digits, above_inside = 4 * digits + 4 <= upper;
    if (below_inside != above_inside)
        return (struct decimal){digits + above_inside, k};
    uint64_t half = 4 * digits + 2;
    bool up = middle > half || (middle == half && (digits & 1) != 0);
    return (struct decimal){digits + up, k};
}

static struct decimal decimal_of(uint64_t bits)
{
    uint64_t fraction = bits & (((uint64_t)1 << MANTISSA_BITS) - 1);
    int biased = (int)(bits >> MANTISSA_BITS) & EXPONENT_MASK;
    if (biased == 0)
        return shortest(fraction, 1 - EXPONENT_BIAS, false);
    uint64_t mantissa = fraction | (uint64_t)1 << MANTISSA_BITS;
    int exponent = biased - EXPONENT_BIAS;
    return shortest(mantissa, exponent, fraction == 0 && biased > 1);
}

static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
                            "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
                            "8081828384858687888990919293949596979899";

static int digit_count(uint64_t number)
{
    int count = 1;
    for (; number >= 10000; number /= 10000)
        count += 4;
    return count + (number >= 10) + (number >= 100) + (number >= 1000);
}

/* Writes the digits without trailing zeros, which move into the exponent; returns how many. */
static int write_digits(struct decimal *decimal, char digits[20])
{
    while (decimal->digits % 10 == 0) {
        decimal->digits /= 10;
        decimal->exponent++;
    }
    int count = digit_count(decimal->digits);
    char *p = digits + count;
    uint64_t rest = decimal->digits;
    for (; rest >= 100; rest /= 100)
        memcpy(p -= 2, pairs + 2 * (rest % 100), 2);
    if (rest >= 10)
        memcpy(digits, pairs + 2 * rest, 2);
    else
        *digits = (char)('0' + rest);
    return count;
}

static char *put(char *out, const char *bytes, int count)
{
    memcpy(out, bytes, (size_t)count);
    return out + count;
}

static char *put_zeros(char *out, int count)
{
    memset(out, '0', (size_t)count);
    return out + count;
}

static char *put_exponent(char *out, int exponent)
{
    *out++ = 'e';
    *out++ = exponent < 0 ? '-' : '+';
    int rest = exponent < 0 ? -exponent : exponent;
    if (rest >= 100)
        *out++ = (char)('0' + rest / 100);
    if (rest >= 10)
        *out++ = (char)('0' + rest / 10 % 10);
    *out++ = (char)('0' + rest % 10);
    return out;
}

/* ECMA-262 6.1.6.1.20 Number::toString, steps 6 to 12; `point` is its n. */
static char *put_decimal(char *out, const char *digits, int count, int point)
{
    if (count <= point && point <= 21)
        return put_zeros(put(out, digits, count), point - count);
    if (0 < point && point <= 21) {
        out = put(out, digits, point);
        *out++ = '.';
        return put(out, digits + point, count - point);
    }
    if (-6 < point && point <= 0)
        return put(put_zeros(put(out, "0.", 2), -point), digits, count);
    *out++ = digits[0];
    if (count > 1) {
        *out++ = '.';
        out = put(out, digits + 1, count - 1);
    }
    return put_exponent(out, point - 1);
}

size_t ssr_integer_write(int64_t integer, char text[SSR_NUMBER_TEXT])
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
    do
        digits[--at] = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (integer < 0)
        digits[--at] = '-';
    memcpy(text, digits + at, sizeof digits - at);
    return sizeof digits - at;
}

size_t ssr_number_write(double value, char text[SSR_NUMBER_TEXT])
{
    if (value > -EXACT && value < EXACT && (double)(int64_t)value == value)
        return ssr_integer_write((int64_t)value, text);
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    char *out = text;
    if (bits >> 63)
        *out++ = '-';
    struct decimal decimal = decimal_of(bits & (UINT64_MAX >> 1));
    char digits[20];
    int count = write_digits(&decimal, digits);
    return (size_t)(put_decimal(out, digits, count, count + decimal.exponent) - text);
}
