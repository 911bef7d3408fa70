/* UTF-8 sequences, after the table "Well-Formed UTF-8 Byte Sequences" (Unicode 15, table 3-7). */
#include "ssrstore/utf8.h"

static bool is_tail(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

size_t ssr_utf8_sequence(const unsigned char *p, const unsigned char *end)
{
    size_t left = (size_t)(end - p);
    if (left < 2)
        return 0;
    if (p[0] >= 0xc2 && p[0] <= 0xdf)
        return is_tail(p[1]) ? 2 : 0;
    if (left < 3)
        return 0;
    if ((p[0] & 0xf0) == 0xe0) {
        unsigned char lowest = p[0] == 0xe0 ? 0xa0 : 0x80, highest = p[0] == 0xed ? 0x9f : 0xbf;
        return p[1] >= lowest && p[1] <= highest && is_tail(p[2]) ? 3 : 0;
    }
    if (left < 4 || p[0] < 0xf0 || p[0] > 0xf4)
        return 0;
    unsigned char lowest = p[0] == 0xf0 ? 0x90 : 0x80, highest = p[0] == 0xf4 ? 0x8f : 0xbf;
    return p[1] >= lowest && p[1] <= highest && is_tail(p[2]) && is_tail(p[3]) ? 4 : 0;
}

bool ssr_utf8_valid(const char *text, size_t length)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + length;
    while (p < end) {
        size_t step = *p < 0x80 ? 1 : ssr_utf8_sequence(p, end);
        if (step == 0)
            return false;
        p += step;
    }
    return true;
}

size_t ssr_utf8_encode(uint32_t code_point, char out[4])
{
    if (code_point < 0x80) {
        out[0] = (char)code_point;
        return 1;
    }
    size_t tails = code_point < 0x800 ? 1 : code_point < 0x10000 ? 2 : 3;
    static const unsigned char leads[] = {0, 0xc0, 0xe0, 0xf0};
    out[0] = (char)(leads[tails] | code_point >> (6 * tails));
    for (size_t i = 1; i <= tails; i++)
        out[i] = (char)(0x80 | (code_point >> (6 * (tails - i)) & 0x3f));
    return tails + 1;
}
