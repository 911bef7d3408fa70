/*
 * Powers of ten as 128-bit significands, for number text in both directions, and the multiplication it needs.
 */
#ifndef SSRSTORE_POWERS_H
#define SSRSTORE_POWERS_H

#include <stdbool.h>
#include <stdint.h>

enum { SSR_POWER_MIN = -351, SSR_POWER_MAX = 350 };

struct ssr_u128 {
    uint64_t high, low;
};

/*
 * 10^exponent = (significand + error) * 2^(ssr_power_binary_exponent(exponent) - 127), where 0 <= error < 1 and
 * the significand lies in [2^127, 2^128). `exact` says that the error is 0.
 */
struct ssr_power {
    struct ssr_u128 significand;
    bool exact;
};

struct ssr_power ssr_power_of_ten(int exponent); /* SSR_POWER_MIN..SSR_POWER_MAX */

/* floor(log2(10^exponent)), for |exponent| <= 1233. */
static inline int ssr_power_binary_exponent(int exponent)
{
    return (exponent * 1741647) >> 19;
}

#ifdef __SIZEOF_INT128__
static inline struct ssr_u128 ssr_multiply(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)a * b;
    return (struct ssr_u128){(uint64_t)(product >> 64), (uint64_t)product};
}
#else
static inline struct ssr_u128 ssr_multiply(uint64_t a, uint64_t b)
{
    uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    uint64_t low = a0 * b0, cross = a1 * b0 + (low >> 32), middle = a0 * b1 + (uint32_t)cross;
    return (struct ssr_u128){a1 * b1 + (cross >> 32) + (middle >> 32), middle << 32 | (uint32_t)low};
}
#endif

#endif
