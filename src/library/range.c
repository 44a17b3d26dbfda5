// SPDX-License-Identifier: MIT
#include <candor/range.h>

#include "http/range.h"

#include <assert.h>

static_assert((int)CANDOR_RANGES_MAX == (int)LIMIT_RANGES, "the limit is a promise of the library");

enum candor_range_result candor_range_parse(const char *value, size_t length, uint64_t size,
                                            struct candor_range out[CANDOR_RANGES_MAX],
                                            size_t *ret_count)
{
    struct range ranges[LIMIT_RANGES];
    size_t count;

    switch (range_parse(span_of(value, length), size, ranges, &count)) {
    case RANGE_IGNORE:
        break;
    case RANGE_NOT_SATISFIABLE:
        return CANDOR_RANGE_NOT_SATISFIABLE;
    case RANGE_SATISFIABLE:
        for (size_t i = 0; i < count; i++)
            out[i] = (struct candor_range){ranges[i].first, ranges[i].length};
        *ret_count = count;
        return CANDOR_RANGE_SATISFIABLE;
    }
    return CANDOR_RANGE_IGNORE;
}
