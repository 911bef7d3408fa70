/*
 * Any bytes as a double, and as the text of a number. What must hold: a double is written with the fewest digits that
 * read back as it, as printf and strtod find them by trying; and a text is read as strtod reads it, refused when that
 * is infinite, with no byte behind it looked at.
 */
#include <math.h>

#include "fuzz/fuzz.h"
#include "ssrstore/number.h"
#include "tests/json_oracle.h"

static void expect_written(double number)
{
    char text[SSR_NUMBER_TEXT + 1], precise[40];
    size_t length = ssr_number_write(number, text);
    expect(length < sizeof text);
    text[length] = '\0';
    snprintf(precise, sizeof precise, "%.17g", number);
    char *expected = oracle_canonical(precise);
    expect(strcmp(text, expected) == 0);
    free(expected);
    double again;
    expect(ssr_number_read(text, length, &again) && again == number);
}

static const char *skip_digits(const char *at)
{
    return at + strspn(at, "0123456789");
}

/* RFC 8259 6. */
static bool is_number(const char *text)
{
    const char *at = text + (*text == '-'), *end = *at == '0' ? at + 1 : skip_digits(at);
    if (end == at)
        return false;
    if (*end == '.') {
        at = end + 1;
        end = skip_digits(at);
        if (end == at)
            return false;
    }
    if (*end == 'e' || *end == 'E') {
        at = end + 1 + (end[1] == '+' || end[1] == '-');
        end = skip_digits(at);
        if (end == at)
            return false;
    }
    return *end == '\0';
}

static void expect_read(const char *text, const uint8_t *data, size_t length)
{
    double expected = strtod(text, NULL), number = 0;
    bool is_finite = ssr_number_read((const char *)data, length, &number);
    expect(is_finite == !isinf(expected));
    if (!is_finite)
        return;
    expect(number == expected && !signbit(number) == !signbit(expected));
    expect_written(number);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    char *text = take_string(&input);
    double number;
    if (strlen(text) == size && is_number(text))
        expect_read(text, data, size);
    if (size >= sizeof number) {
        memcpy(&number, data, sizeof number);
        if (isfinite(number))
            expect_written(number);
    }
    free(text);
    return 0;
}
