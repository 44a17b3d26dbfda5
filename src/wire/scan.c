// SPDX-License-Identifier: MIT
/*
 * Two classes, each scanned by plain C, by SSE4.2 and AVX2 (chosen at run time) or by NEON (always
 * there on aarch64). A field value stops at controls, which two comparisons find. The bytes of a
 * path have no such order: there the low nibble of a byte selects a set of high nibbles, and the
 * byte belongs to the class when its own high nibble is in that set.
 */
#include "wire/scan.h"

#include "base/ascii.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

static const char *field_value_plain(const char *at, const char *end)
{
    while (at < end && ascii_is(*at, ASCII_FIELD_VCHAR))
        at++;
    return at;
}

static const char *path_plain(const char *at, const char *end)
{
    while (at < end && (ascii_is(*at, ASCII_PCHAR | ASCII_RAW) || *at == '/'))
        at++;
    return at;
}

#if defined(__x86_64__) || defined(__aarch64__)

/* Bit h of entry l: the byte h * 16 + l may stand in a path. Bytes from 0x80 on never may. */
static const uint8_t path_sets[16] __attribute__((aligned(16))) = {
    0xf8, 0xfc, 0xf8, 0xf8, 0xfc, 0xf8, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xfc, 0xd4, 0xfc, 0xf4, 0x74};
static const uint8_t nibble_bits[16] __attribute__((aligned(16))) = {1, 2, 4, 8, 16, 32, 64, 128};

#endif

#if defined(__x86_64__)

static const char *field_value_sse2(const char *at, const char *end)
{
    if (end - at < 16)
        return field_value_plain(at, end);
    for (; end - at >= 16; at += 16) {
        unsigned mask = scan_controls(at);

        if (mask)
            return at + __builtin_ctz(mask);
    }
    return at < end ? scan_last_controls(end) : end;
}

__attribute__((target("sse4.2"))) static const char *path_sse42(const char *at, const char *end)
{
    const __m128i sets = _mm_load_si128((const __m128i *)(const void *)path_sets);
    const __m128i bits = _mm_load_si128((const __m128i *)(const void *)nibble_bits);

    for (; end - at >= 16; at += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i high = _mm_and_si128(_mm_srli_epi16(v, 4), _mm_set1_epi8(0x0f));
        __m128i in = _mm_and_si128(_mm_shuffle_epi8(sets, v), _mm_shuffle_epi8(bits, high));
        int mask = _mm_movemask_epi8(_mm_cmpeq_epi8(in, _mm_setzero_si128()));

        if (mask)
            return at + __builtin_ctz((unsigned)mask);
    }
    return path_plain(at, end);
}

__attribute__((target("avx2"))) static const char *field_value_avx2(const char *at, const char *end)
{
    const char *start = at;

    for (; end - at >= 32; at += 32) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)at);
        __m256i control = _mm256_cmpeq_epi8(_mm256_min_epu8(v, _mm256_set1_epi8(0x1f)), v);
        __m256i tab = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\t'));
        __m256i del = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(0x7f));
        int mask = _mm256_movemask_epi8(_mm256_or_si256(_mm256_andnot_si256(tab, control), del));

        if (mask)
            return at + __builtin_ctz((unsigned)mask);
    }
    if (at > start && end - at < 16) // the 16 before are sound
        return at < end ? scan_last_controls(end) : end;
    return field_value_sse2(at, end);
}

__attribute__((target("avx2"))) static const char *path_avx2(const char *at, const char *end)
{
    const __m256i sets =
        _mm256_broadcastsi128_si256(_mm_load_si128((const __m128i *)(const void *)path_sets));
    const __m256i bits =
        _mm256_broadcastsi128_si256(_mm_load_si128((const __m128i *)(const void *)nibble_bits));

    for (; end - at >= 32; at += 32) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)at);
        __m256i high = _mm256_and_si256(_mm256_srli_epi16(v, 4), _mm256_set1_epi8(0x0f));
        __m256i in =
            _mm256_and_si256(_mm256_shuffle_epi8(sets, v), _mm256_shuffle_epi8(bits, high));
        int mask = _mm256_movemask_epi8(_mm256_cmpeq_epi8(in, _mm256_setzero_si256()));

        if (mask)
            return at + __builtin_ctz((unsigned)mask);
    }
    return path_sse42(at, end);
}

#elif defined(__aarch64__)

/* Four bits for each byte of the mask, in order: NEON's nearest thing to a movemask. */
static uint64_t neon_mask(uint8x16_t mask)
{
    return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(mask), 4)), 0);
}

static const char *field_value_neon(const char *at, const char *end)
{
    for (; end - at >= 16; at += 16) {
        uint8x16_t v = vld1q_u8((const uint8_t *)at);
        uint8x16_t control = vbicq_u8(vcltq_u8(v, vdupq_n_u8(0x20)), vceqq_u8(v, vdupq_n_u8('\t')));
        uint64_t mask = neon_mask(vorrq_u8(control, vceqq_u8(v, vdupq_n_u8(0x7f))));

        if (mask)
            return at + __builtin_ctzll(mask) / 4;
    }
    return field_value_plain(at, end);
}

static const char *path_neon(const char *at, const char *end)
{
    const uint8x16_t sets = vld1q_u8(path_sets), bits = vld1q_u8(nibble_bits);

    for (; end - at >= 16; at += 16) {
        uint8x16_t v = vld1q_u8((const uint8_t *)at);
        uint8x16_t in = vandq_u8(vqtbl1q_u8(sets, vandq_u8(v, vdupq_n_u8(0x0f))),
                                 vqtbl1q_u8(bits, vshrq_n_u8(v, 4)));
        uint64_t mask = neon_mask(vceqq_u8(in, vdupq_n_u8(0)));

        if (mask)
            return at + __builtin_ctzll(mask) / 4;
    }
    return path_plain(at, end);
}

#endif

/* From the plainest to the fastest. */
static const struct scanner implementations[] = {
    {"plain", field_value_plain, path_plain},
#if defined(__x86_64__)
    {"sse4.2", field_value_sse2, path_sse42},
    {"avx2", field_value_avx2, path_avx2},
#elif defined(__aarch64__)
    {"neon", field_value_neon, path_neon},
#endif
};

struct scanner scanner = {"plain", field_value_plain, path_plain};

/* How many of the implementations the processor can run: each needs what those before it need. */
static size_t usable(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("sse4.2"))
        return 1;
    return __builtin_cpu_supports("avx2") ? 3 : 2;
#else
    return sizeof implementations / sizeof *implementations;
#endif
}

const struct scanner *scanner_at(size_t index)
{
    return index < usable() ? &implementations[index] : NULL;
}

__attribute__((constructor)) static void scanner_choose(void)
{
    scanner = implementations[usable() - 1];
}
