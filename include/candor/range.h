// SPDX-License-Identifier: MIT
/*
 * Range requests in bytes (RFC 9110 §14).
 */
#ifndef CANDOR_RANGE_H
#define CANDOR_RANGE_H

#include <candor/api.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { CANDOR_RANGES_MAX = 64 }; // a Range field with more is to be ignored

/* Bytes of a representation: length is at least 1, and all of them are within it. */
struct candor_range {
    uint64_t first, length;
};

enum candor_range_result {
    CANDOR_RANGE_IGNORE,          // answer as if there were no Range
    CANDOR_RANGE_SATISFIABLE,     // answer 206
    CANDOR_RANGE_NOT_SATISFIABLE, // answer 416
};

/*
 * Reads the value of Range for a representation of `size` bytes (at most INT64_MAX). With
 * CANDOR_RANGE_SATISFIABLE `out` holds *ret_count ranges, clipped to the size, none of which
 * overlaps or touches another. To be ignored are other units, broken syntax, and combinations that
 * would cost more than the whole is worth (RFC 9110 §14.2).
 */
CANDOR_API enum candor_range_result candor_range_parse(const char *value, size_t length,
                                                       uint64_t size,
                                                       struct candor_range out[CANDOR_RANGES_MAX],
                                                       size_t *ret_count);

#ifdef __cplusplus
}
#endif

#endif
