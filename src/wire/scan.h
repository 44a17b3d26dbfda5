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

/* Field values are mostly short: the first bytes are looked at without a call. */
static inline const char *scan_field_value(const char *at, const char *end)
{
#ifdef __SSE2__
    if (end - at >= 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
        __m128i bad =
            _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\t')), control),
                         _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
        int mask = _mm_movemask_epi8(bad);

        if (mask)
            return at + __builtin_ctz((unsigned)mask);
        at += 16;
    }
#endif
    return scanner.field_value(at, end);
}

#endif
