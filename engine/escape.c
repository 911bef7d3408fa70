/*
 * Escaping text for HTML, for places between tags and inside quotes alike: & < > " ' and CR, which a browser would
 * otherwise read as LF (WHATWG HTML, 13.2.3.5). What always holds: nothing is written at or behind `out_end` and
 * nothing read at or behind `text_end`; and however the text is cut up, what comes out is the same.
 *
 * With SSE2, and as long as there is room for the longest that a block of text can become, a block is copied in one go
 * and its escapes are put over the copy one after the other, each with what follows it: so there is one jump for each
 * escape and one for each block, and none for the length of what lies between. Machines with AVX2 look for what needs
 * an escape in a whole block at once.
 */
#include "engine/escape.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "ssrstore/scan.h"
#include "ssrstore/utf8.h"

/* Eight bytes, so that one is copied in one go. */
struct escape {
    char text[7];
    unsigned char length; /* 0: the character stays as it is */
};

static const struct escape escapes['>' + 1] = {
    ['\r'] = {"&#13;", 5}, ['"'] = {"&quot;", 6}, ['&'] = {"&amp;", 5},
    ['\''] = {"&#39;", 5}, ['<'] = {"&lt;", 4},   ['>'] = {"&gt;", 4},
};

static bool is_escaped(unsigned char c)
{
    return c < sizeof escapes / sizeof *escapes && escapes[c].length > 0;
}

/* One character, or a byte that belongs to none. Returns how many bytes of text it was; 0: it does not fit. */
static size_t put_character(char **out, const char *out_end, const char *text, const char *text_end)
{
    unsigned char c = (unsigned char)*text;
    const char *bytes = text;
    size_t taken = 1, length = 1;
    if (c >= 0x80) {
        length = ssr_utf8_sequence((const unsigned char *)text, (const unsigned char *)text_end);
        taken = length > 0 ? length : 1;
        bytes = length > 0 ? text : "\xef\xbf\xbd";
        length = length > 0 ? length : 3;
    } else if (is_escaped(c)) {
        bytes = escapes[c].text;
        length = escapes[c].length;
    }
    if ((size_t)(out_end - *out) < length)
        return 0;
    for (size_t i = 0; i < length; i++)
        *(*out)++ = bytes[i];
    return taken;
}

/* Character by character: all of it where there are no vectors, and else what is near the end of the room. */
static char *put_characters(char *out, const char *out_end, const char **text, const char *text_end)
{
    const char *p = *text;
    size_t taken = 1;
    while (p < text_end && taken > 0) {
        while (p < text_end && out < out_end && (unsigned char)*p < 0x80 && !is_escaped((unsigned char)*p))
            *out++ = *p++;
        taken = p < text_end ? put_character(&out, out_end, p, text_end) : 0;
        p += taken;
    }
    *text = p;
    return out;
}

/* ---- Blocks ----------------------------------------------------------------------------------------------------- */

#ifdef SSR_SCAN_SSE2

#include <immintrin.h>

enum { VECTOR = 16, BLOCK = 32, LONGEST = 6 };

_Static_assert(BLOCK *LONGEST + BLOCK <= SSR_ESCAPE_ROOM, "a block of escapes, and what is copied behind the last");

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define WITH_AVX2 __attribute__((target("avx2")))
#ifdef SSR_SCAN_NO_AVX2
#define HAS_AVX2 false
#else
#define HAS_AVX2 __builtin_cpu_supports("avx2")
#endif

static ALWAYS_INLINE __m128i load(const char *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static ALWAYS_INLINE void store(char *p, __m128i bytes)
{
    _mm_storeu_si128((__m128i *)(void *)p, bytes);
}

/* Two ways to find out which bytes of a vector or block need an escape, or are beyond ASCII. */
struct finder {
    unsigned (*in_vector)(__m128i bytes);
    unsigned (*copying_block)(char *out, const char *p); /* that is copied on the way */
};

static ALWAYS_INLINE unsigned find(__m128i bytes)
{
    /* '&' and '\'' differ in the lowest bit only, '<' and '>' in the second lowest. */
    __m128i amp = _mm_cmpeq_epi8(_mm_or_si128(bytes, _mm_set1_epi8(1)), _mm_set1_epi8('\''));
    __m128i angle = _mm_cmpeq_epi8(_mm_or_si128(bytes, _mm_set1_epi8(2)), _mm_set1_epi8('>'));
    __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    __m128i rest = _mm_or_si128(bytes, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\r')));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(rest, quote), _mm_or_si128(amp, angle)));
}

static ALWAYS_INLINE unsigned copy_and_find(char *out, const char *p)
{
    __m128i low = load(p), high = load(p + VECTOR);
    store(out, low);
    store(out + VECTOR, high);
    return find(low) | find(high) << VECTOR;
}

/* No two of what needs an escape agree in their lower four bits: the table has for these what is looked for. */
#define TABLE -1, 0, '"', 0, 0, 0, '&', '\'', 0, 0, 0, 0, '<', '\r', '>', 0

WITH_AVX2 static inline unsigned find_avx2(__m128i bytes)
{
    __m128i found = _mm_cmpeq_epi8(_mm_shuffle_epi8(_mm_setr_epi8(TABLE), bytes), bytes);
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(found, bytes));
}

WITH_AVX2 static inline unsigned copy_and_find_avx2(char *out, const char *p)
{
    __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)p);
    _mm256_storeu_si256((__m256i *)(void *)out, bytes);
    __m256i found = _mm256_cmpeq_epi8(_mm256_shuffle_epi8(_mm256_setr_epi8(TABLE, TABLE), bytes), bytes);
    return (unsigned)_mm256_movemask_epi8(_mm256_or_si256(found, bytes));
}

/* Less than 16 bytes and zeros behind them, read without a look behind their end. */
static ALWAYS_INLINE __m128i load_few(const char *p, size_t count)
{
    uint64_t low = 0, high = 0;
    if (count >= 8) {
        memcpy(&low, p, 8);
        memcpy(&high, p + count - 8, 8);
        high = count > 8 ? high >> 8 * (16 - count) : 0;
    } else if (count >= 4) {
        uint32_t first, last;
        memcpy(&first, p, 4);
        memcpy(&last, p + count - 4, 4);
        low = first | (uint64_t)last << 8 * (count - 4);
    } else {
        for (size_t i = 0; i < count; i++)
            low |= (uint64_t)(unsigned char)p[i] << 8 * i;
    }
    return _mm_set_epi64x((long long)high, (long long)low);
}

/* Copies the end of the text, which is less than a block and not empty. Returns where it stops. */
static ALWAYS_INLINE unsigned put_last(char *out, const char *p, size_t count, unsigned (*find_in)(__m128i))
{
    if (count < VECTOR) {
        __m128i all = load_few(p, count);
        store(out, all);
        return find_in(all);
    }
    __m128i first = load(p), last = load(p + count - VECTOR); /* what is in both stops in both */
    store(out, first);
    store(out + count - VECTOR, last);
    return find_in(first) | find_in(last) << (count - VECTOR);
}

/*
 * Writes a block of text over its copy, from the first byte on that is `found`, up to the first that is beyond ASCII.
 * Behind the block another can be read. Returns how many bytes of text are written.
 */
static ALWAYS_INLINE size_t put_escapes(char **out, const char *bytes, size_t count, unsigned found)
{
    size_t at = 0;
    for (; found; found &= found - 1) {
        size_t next = (size_t)__builtin_ctz(found);
        unsigned char c = (unsigned char)bytes[next];
        *out += next - at;
        if (c >= 0x80)
            return next;
        memcpy(*out, &escapes[c], sizeof *escapes);
        *out += escapes[c].length;
        at = next + 1;
        memcpy(*out, bytes + at, BLOCK);
    }
    *out += count - at;
    return count;
}

/* Characters beyond ASCII, as many as follow each other. */
static char *put_sequences(char *out, const char *out_last, const char **text, const char *text_end)
{
    const char *p = *text;
    while (p < text_end && (unsigned char)*p >= 0x80 && out <= out_last)
        p += put_character(&out, out_last + SSR_ESCAPE_ROOM, p, text_end);
    *text = p;
    return out;
}

/* A block that was copied to `out` and has something in it to be escaped, or beyond ASCII. */
static ALWAYS_INLINE char *put_found(char *out, const char *out_last, const char **text, const char *text_end,
                                     unsigned found)
{
    size_t left = (size_t)(text_end - *text), count = left < BLOCK ? left : BLOCK;
    const char *bytes = *text;
    char copy[2 * BLOCK];
    if (left < sizeof copy) {
        memcpy(copy, out, BLOCK);
        memset(copy + BLOCK, 0, BLOCK);
        bytes = copy;
    }
    size_t written = put_escapes(&out, bytes, count, found);
    const char *rest = *text + written; /* a copy, so that the caller's can stay in a register */
    if (written < count)
        out = put_sequences(out, out_last, &rest, text_end);
    *text = rest;
    return out;
}

/* As much of the text as there is room for, whatever a block may become. */
static ALWAYS_INLINE char *put_blocks(char *out, const char *out_end, const char **text, const char *text_end,
                                      struct finder finder)
{
    const char *p = *text, *out_last = out_end - SSR_ESCAPE_ROOM;
    while (p < text_end && out <= out_last) {
        unsigned found = 0;
        while (text_end - p >= BLOCK && out <= out_last && (found = finder.copying_block(out, p)) == 0) {
            p += BLOCK;
            out += BLOCK;
        }
        size_t left = (size_t)(text_end - p);
        if (!found && left > 0 && left < BLOCK && out <= out_last) {
            found = put_last(out, p, left, finder.in_vector);
            p += found ? 0 : left;
            out += found ? 0 : left;
        }
        if (found)
            out = put_found(out, out_last, &p, text_end, found);
    }
    *text = p;
    return out;
}

WITH_AVX2 static char *put_blocks_avx2(char *out, const char *out_end, const char **text, const char *text_end)
{
    return put_blocks(out, out_end, text, text_end, (struct finder){find_avx2, copy_and_find_avx2});
}

static char *put_blocks_sse2(char *out, const char *out_end, const char **text, const char *text_end)
{
    return put_blocks(out, out_end, text, text_end, (struct finder){find, copy_and_find});
}

static __attribute__((noinline)) char *put_any(char *out, const char *out_end, const char **text, const char *text_end)
{
    bool has_room = out_end - out >= SSR_ESCAPE_ROOM;
    if (has_room && HAS_AVX2) /* GCOVR_EXCL_BR_LINE: the machine has it or not; test_escape_sse2 is without */
        out = put_blocks_avx2(out, out_end, text, text_end);
    else if (has_room)
        out = put_blocks_sse2(out, out_end, text, text_end);
    return *text < text_end ? put_characters(out, out_end, text, text_end) : out;
}

/* Most texts of a page are short and have nothing to be escaped. */
char *ssr_escape_html(char *out, const char *out_end, const char **text, const char *text_end)
{
    size_t left = (size_t)(text_end - *text);
    if (left >= BLOCK || out_end - out < SSR_ESCAPE_ROOM || put_last(out, *text, left, find) != 0)
        return put_any(out, out_end, text, text_end);
    *text = text_end;
    return out + left;
}

#else

char *ssr_escape_html(char *out, const char *out_end, const char **text, const char *text_end)
{
    return put_characters(out, out_end, text, text_end);
}

#endif
