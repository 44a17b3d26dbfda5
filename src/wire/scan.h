// SPDX-License-Identifier: MIT
/*
 * Finding the first byte that ends a run of allowed ones, many bytes at a time. The widest
 * implementation that the processor has is chosen when the program starts; all give the same
 * answers. Nothing outside [at, end) is ever read.
 */
#ifndef CANDOR_WIRE_SCAN_H
#define CANDOR_WIRE_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Returns the first byte that is not of the class, or end. */
typedef const char *scan_function(const char *at, const char *end);

struct scanner {
    const char *name;
    scan_function *field_value; // VCHAR, obs-text, SP, HTAB: RFC 9110 §5.5
    scan_function *path;        // pchar without "%", "/" (RFC 3986 §3.3), and what is sent raw
};

/* The one in use. Set before main, constant from then on. */
extern struct scanner scanner;

/* Every implementation that this machine can run, for tests: NULL behind the last. The first one,
 * plain C, defines what is right. */
const struct scanner *scanner_at(size_t index);

#ifdef __SSE2__
/* A bit for each of 16 bytes that no field value may have. */
static inline unsigned scan_controls(const char *at)
{
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
    __m128i tab = _mm_cmpeq_epi8(v, _mm_set1_epi8('\t'));
    __m128i del = _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f));

    return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(tab, control), del));
}

/* The last bytes, fewer than 16, behind at least 16 in which no control is: with some of those. */
static inline const char *scan_last_controls(const char *end)
{
    unsigned mask = scan_controls(end - 16);

    return mask ? end - 16 + __builtin_ctz(mask) : end;
}
#endif

/* Field values are mostly short: the first bytes are looked at without a call. */
static inline const char *scan_field_value(const char *at, const char *end)
{
#ifdef __SSE2__
    if (end - at >= 16) {
        unsigned mask = scan_controls(at);

        if (mask)
            return at + __builtin_ctz(mask);
        at += 16;
        if (end - at < 16)
            return scan_last_controls(end);
    }
#endif
    return scanner.field_value(at, end);
}

#endif
