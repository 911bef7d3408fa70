/*
 * Doubles to text and back, below the JSON layer: the samples of RFC 8785 appendix B, and every rule of the two
 * conversions against the C library's printf and strtod, which round correctly in the C locale but know neither the
 * shortest text nor ECMAScript's form.
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ssrstore/number.h"
#include "tests/testing.h"

static double from_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t to_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* xorshift64*: the same numbers in every run. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

static const char *written(double value)
{
    static char text[SSR_NUMBER_TEXT + 1];
    text[ssr_number_write(value, text)] = '\0';
    return text;
}

static void test_rfc8785_samples(void **state)
{
    (void)state;
    static const struct {
        uint64_t bits;
        const char *text;
    } samples[] = {
        {0x0000000000000000, "0"},
        {0x8000000000000000, "0"},
        {0x0000000000000001, "5e-324"},
        {0x8000000000000001, "-5e-324"},
        {0x7fefffffffffffff, "1.7976931348623157e+308"},
        {0xffefffffffffffff, "-1.7976931348623157e+308"},
        {0x4340000000000000, "9007199254740992"},
        {0xc340000000000000, "-9007199254740992"},
        {0x4430000000000000, "295147905179352830000"},
        {0x44b52d02c7e14af5, "9.999999999999997e+22"},
        {0x44b52d02c7e14af6, "1e+23"},
        {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
        {0x444b1ae4d6e2ef4e, "999999999999999700000"},
        {0x444b1ae4d6e2ef4f, "999999999999999900000"},
        {0x444b1ae4d6e2ef50, "1e+21"},
        {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
        {0x3eb0c6f7a0b5ed8d, "0.000001"},
        {0x41b3de4355555553, "333333333.3333332"},
        {0x41b3de4355555554, "333333333.33333325"},
        {0x41b3de4355555555, "333333333.3333333"},
        {0x41b3de4355555556, "333333333.3333334"},
        {0x41b3de4355555557, "333333333.33333343"},
        {0xbecbf647612f3696, "-0.0000033333333333333333"},
        {0x43143ff3c1cb0959, "1424953923781206.2"},
    };
    for (size_t i = 0; i < TEST_COUNT(samples); i++)
        assert_string_equal(written(from_bits(samples[i].bits)), samples[i].text);
}

/* A power of two has a nearer neighbour below: the text nearest to it with one digit less may lie outside. */
static void test_powers_of_two(void **state)
{
    (void)state;
    static const struct {
        double value;
        const char *text;
    } samples[] = {
        {0x1p-1022, "2.2250738585072014e-308"}, {0x1p-1074, "5e-324"},         {0x1p-44, "5.684341886080802e-14"},
        {0x1p-24, "5.960464477539063e-8"},      {0x1p54, "18014398509481984"}, {0x1p70, "1.1805916207174113e+21"},
        {0x1p1023, "8.98846567431158e+307"},    {0x1p-1073, "1e-323"},
    };
    for (size_t i = 0; i < TEST_COUNT(samples); i++)
        assert_string_equal(written(samples[i].value), samples[i].text);
}

/* The significant digits of a number's text, without sign, point, exponent and zeros at either end. */
static size_t significant(const char *text, char digits[32])
{
    size_t count = 0;
    for (; *text && *text != 'e'; text++)
        if (*text >= '0' && *text <= '9' && (count > 0 || *text != '0'))
            digits[count++] = *text;
    while (count > 0 && digits[count - 1] == '0')
        count--;
    digits[count] = '\0';
    return count;
}

/* Fails unless `value` is written with the fewest digits that read back as it, and the closest of those. */
static void check_shortest(double value)
{
    char text[SSR_NUMBER_TEXT + 1], digits[32], wanted[40], wanted_digits[32];
    text[ssr_number_write(value, text)] = '\0';
    assert_true(to_bits(strtod(text, NULL)) == to_bits(value));
    size_t count = significant(text, digits);
    int precision = 0;
    do
        snprintf(wanted, sizeof wanted, "%.*e", precision++, value);
    while (strtod(wanted, NULL) != value);
    assert_true(count <= significant(wanted, wanted_digits));
    bool is_power_of_two = to_bits(value) << 12 == 0;
    if (!is_power_of_two)
        assert_string_equal(digits, wanted_digits);
}

static void check_round_trip(double value)
{
    char text[SSR_NUMBER_TEXT];
    double read;
    assert_true(ssr_number_read(text, ssr_number_write(value, text), &read));
    assert_true(to_bits(read) == to_bits(value));
}

static bool is_finite(double value)
{
    return value - value == 0;
}

static void test_random_bits_are_shortest(void **state)
{
    (void)state;
    uint64_t seed = 8785;
    for (int i = 0; i < 60000; i++) {
        double value = from_bits(next_random(&seed));
        if (!is_finite(value))
            continue;
        check_shortest(value);
        check_round_trip(value);
    }
}

static void test_every_exponent_is_shortest(void **state)
{
    (void)state;
    for (uint64_t exponent = 0; exponent < 2047; exponent++) {
        for (int64_t delta = -3; delta <= 3; delta++) {
            uint64_t bits = (exponent << 52) + (uint64_t)delta;
            if (bits == 0 || bits >> 63)
                continue;
            check_shortest(from_bits(bits));
            check_round_trip(from_bits(bits));
        }
    }
}

static void test_integers(void **state)
{
    (void)state;
    char text[32];
    for (int64_t integer = (INT64_C(1) << 53) - 2000; integer <= INT64_C(1) << 53; integer++) {
        snprintf(text, sizeof text, "%lld", (long long)integer);
        assert_string_equal(written((double)integer), text);
    }
}

/* Our reader and strtod agree about `text`. */
static void check_read(const char *text)
{
    double value = 0, wanted = strtod(text, NULL);
    bool good = ssr_number_read(text, strlen(text), &value);
    if (good != is_finite(wanted) || (good && to_bits(value) != to_bits(wanted)))
        fail_msg("%.60s...: %a instead of %a", text, value, wanted);
}

static void test_reads_as_strtod_does(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "0",
        "-0",
        "0.0",
        "-0e5",
        "0e400",
        "1e308",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "1e309",
        "-1e400",
        "1e99999999999999999999",
        "1e-99999999999999999999",
        "0e99999999999999999999",
        "4.9e-324",
        "2.5e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.2250738585072011e-308",
        "2.2250738585072014e-308",
        "9007199254740993",
        "9007199254740993.0000000001",
        "9007199254740992.9999999999",
        "18446744073709551615",
        "18446744073709551616",
        "18446744073709552000",
        "123456789012345678901234567890",
        "0.1",
        "0.30000000000000004",
        "100000000000000000000000e-23",
        "1E+2",
        "1e0",
        "8.5070591730234615e37",
        "179769313486231580793728971405303415079934132710037826936173778980444968292764750946",
    };
    for (size_t i = 0; i < TEST_COUNT(texts); i++)
        check_read(texts[i]);
}

static void test_reads_long_texts(void **state)
{
    (void)state;
    static char text[5000];
    memset(text, '0', sizeof text);
    memcpy(text, "0.", 2);
    strcpy(text + 4000, "12345e4000"); /* the exponent takes all zeros back */
    check_read(text);
    memset(text, '9', sizeof text);
    strcpy(text + 3000, "e-3000");
    check_read(text);
    memset(text, '0', sizeof text);
    text[0] = '1';
    strcpy(text + 309, "");
    check_read(text);
    memset(text, '0', 400);
    text[0] = '1';
    text[399] = '\0';
    check_read(text);
}

static void test_reads_random_decimals(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (int i = 0; i < 100000; i++) {
        char text[64];
        uint64_t digits = next_random(&seed);
        int cut = (int)(next_random(&seed) % 64), exponent = (int)(next_random(&seed) % 700) - 360;
        snprintf(text, sizeof text, "%llu.%llue%d", (unsigned long long)(digits >> cut),
                 (unsigned long long)(next_random(&seed) >> cut), exponent);
        check_read(text);
    }
}

enum { FRACTION = 1080, WIDTH = 309 + 1 + FRACTION };

/* Exactly half way between a and b, both positive: their decimal texts are added and halved digit by digit. */
static void write_midpoint(double a, double b, char text[WIDTH + 3])
{
    static char left[WIDTH + 2], right[WIDTH + 2];
    snprintf(left, sizeof left, "%0*.*f", WIDTH, FRACTION, a);
    snprintf(right, sizeof right, "%0*.*f", WIDTH, FRACTION, b);
    int rest = 0;
    int sums[WIDTH];
    for (int i = WIDTH - 1; i >= 0; i--) {
        if (left[i] == '.')
            continue;
        int sum = left[i] - '0' + right[i] - '0' + rest;
        sums[i] = sum % 10;
        rest = sum / 10;
    }
    for (int i = 0; i < WIDTH; i++) {
        text[i] = '.';
        if (left[i] == '.')
            continue;
        text[i] = (char)('0' + (rest * 10 + sums[i]) / 2);
        rest = (rest * 10 + sums[i]) % 2;
    }
    text[WIDTH] = '\0';
}

/* The last nonzero digit one less, and nines behind it. */
static void step_below(char *text)
{
    size_t last = strlen(text) - 1;
    for (; text[last] == '0' || text[last] == '.'; last--)
        if (text[last] == '0')
            text[last] = '9';
    text[last]--;
}

static void check_around_midpoint(uint64_t bits)
{
    char text[WIDTH + 3];
    write_midpoint(from_bits(bits), from_bits(bits + 1), text);
    check_read(text);
    strcat(text, "1");
    check_read(text);
    text[WIDTH] = '\0';
    step_below(text);
    check_read(text);
}

static void test_reads_midpoints(void **state)
{
    (void)state;
    static const uint64_t edges[] = {0,
                                     1,
                                     2,
                                     0x000ffffffffffffe,
                                     0x000fffffffffffff,
                                     0x0010000000000000,
                                     0x3fefffffffffffff,
                                     0x3ff0000000000000,
                                     0x433fffffffffffff,
                                     0x4340000000000000};
    for (size_t i = 0; i < TEST_COUNT(edges); i++)
        check_around_midpoint(edges[i]);
    uint64_t seed = 71;
    for (int i = 0; i < 1500; i++) {
        uint64_t bits = next_random(&seed) >> 1;
        if (bits < 0x7fe0000000000000)
            check_around_midpoint(bits);
    }
}

/* 2^512 / 10^192 lies so close above a midpoint that only exact integers tell, of which one has a 32-bit word more. */
static void test_reads_beside_a_midpoint_of_fewer_words(void **state)
{
    (void)state;
    check_read(
        "134078079299425970995740249982058461274793658205923933777235614437217640300735469768018742981669034276900318"
        "58186486050853753882811946569946433649006084096e-192");
}

/* Half way between the largest double and what would come next: from there on it is infinite. */
static void test_largest_midpoint(void **state)
{
    (void)state;
    static const char at[] = "1797693134862315807937289714053034150799341327100378269361737789804449682927647509466490"
                             "1797758720709633028641669288791094655554785194040263065748867150582068190890200070838367"
                             "6273854845817711531764475730270069855571366959622842914819860834936475292719074168444365"
                             "510704342711559699508093042880177904174497792";
    double value;
    assert_false(ssr_number_read(at, sizeof at - 1, &value));
    char below[sizeof at];
    memcpy(below, at, sizeof at);
    step_below(below);
    assert_true(ssr_number_read(below, sizeof below - 1, &value));
    assert_true(to_bits(value) == 0x7fefffffffffffff);
}

static void test_locale_does_not_matter(void **state)
{
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE", "ru_RU.UTF-8"};
    bool found = false;
    for (size_t i = 0; i < TEST_COUNT(names) && !found; i++)
        found = setlocale(LC_NUMERIC, names[i]) != NULL;
    if (!found || *localeconv()->decimal_point != ',') {
        setlocale(LC_NUMERIC, "C");
        skip();
    }
    double value = 0;
    bool good = ssr_number_read("1.5e-3", 6, &value);
    const char *text = written(1234567.25);
    setlocale(LC_NUMERIC, "C");
    assert_true(good && value == 1.5e-3);
    assert_string_equal(text, "1234567.25");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc8785_samples),
        cmocka_unit_test(test_powers_of_two),
        cmocka_unit_test(test_random_bits_are_shortest),
        cmocka_unit_test(test_every_exponent_is_shortest),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_reads_as_strtod_does),
        cmocka_unit_test(test_reads_long_texts),
        cmocka_unit_test(test_reads_random_decimals),
        cmocka_unit_test(test_reads_midpoints),
        cmocka_unit_test(test_reads_beside_a_midpoint_of_fewer_words),
        cmocka_unit_test(test_largest_midpoint),
        cmocka_unit_test(test_locale_does_not_matter),
    };
    return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
