/*
 * How many bytes from `text` on need no attention: the hot loops of reading JSON and of escaping. Sixteen bytes a
 * turn where the machine has SSE2, one a turn elsewhere, and wherever SSR_SCAN_PORTABLE asks for it; both give the same
 * answer.
 */
#ifndef SSRSTORE_SCAN_H
#define SSRSTORE_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__SSE2__) && defined(__GNUC__) && !defined(SSR_SCAN_PORTABLE)
#define SSR_SCAN_SSE2 1
#include <emmintrin.h>
#endif

/* JSON strings: stops at a quote, a backslash, a control character or a byte of a non-ASCII character. */
static inline bool ssr_scan_json_stops(unsigned char byte)
{
    return byte < 0x20 || byte == '"' || byte == '\\' || byte >= 0x80;
}

/* Text inside a script element: stops at & < > or the first byte of U+2028 and U+2029. */
static inline bool ssr_scan_script_stops(unsigned char byte)
{
    return byte == '&' || byte == '<' || byte == '>' || byte == 0xe2;
}

#ifdef SSR_SCAN_SSE2
static inline int ssr_scan_json_mask(__m128i bytes)
{
    /* Signed: what is below 0x20 is a control character or has its top bit set. */
    __m128i stops = _mm_or_si128(
        _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),
        _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
    return _mm_movemask_epi8(stops);
}

static inline int ssr_scan_script_mask(__m128i bytes)
{
    __m128i angle = _mm_cmpeq_epi8(_mm_or_si128(bytes, _mm_set1_epi8(2)), _mm_set1_epi8('>'));
    __m128i amp = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('&'));
    return _mm_movemask_epi8(_mm_or_si128(angle, _mm_or_si128(amp, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\xe2')))));
}

#define SSR_SCAN_VECTORS(text, length, at, mask)                                           \
    for (; (length) - (at) >= 16; (at) += 16) {                                            \
        int found = mask(_mm_loadu_si128((const __m128i *)(const void *)((text) + (at)))); \
        if (found)                                                                         \
            return (at) + (size_t)__builtin_ctz((unsigned)found);                          \
    }
#else
#define SSR_SCAN_VECTORS(text, length, at, mask)
#endif

static inline size_t ssr_scan_json(const char *text, size_t length)
{
    size_t at = 0;
    SSR_SCAN_VECTORS(text, length, at, ssr_scan_json_mask)
    while (at < length && !ssr_scan_json_stops((unsigned char)text[at]))
        at++;
    return at;
}

static inline size_t ssr_scan_script(const char *text, size_t length)
{
    size_t at = 0;
    SSR_SCAN_VECTORS(text, length, at, ssr_scan_script_mask)
    while (at < length && !ssr_scan_script_stops((unsigned char)text[at]))
        at++;
    return at;
}

#endif
