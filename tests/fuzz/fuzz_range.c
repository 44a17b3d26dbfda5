// SPDX-License-Identifier: MIT
/* Input: eight bytes of size, then the value of Range. */
#include "http/range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_range(const struct range *ranges, size_t i, uint64_t whole)
{
    if (ranges[i].length == 0 || ranges[i].first >= whole ||
        ranges[i].length > whole - ranges[i].first)
        abort();
    for (size_t j = 0; j < i; j++)
        if (ranges[i].first <= ranges[j].first + ranges[j].length &&
            ranges[j].first <= ranges[i].first + ranges[i].length)
            abort(); // overlapping or adjacent
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct range ranges[LIMIT_RANGES];
    struct range_parts parts = {SPAN("boundary"), SPAN("text/plain"), 0};
    struct buf b = {0};
    size_t count = 0;
    uint64_t bytes = 0;

    if (size < sizeof parts.size)
        return 0;
    memcpy(&parts.size, data, sizeof parts.size);
    parts.size &= INT64_MAX;
    if (range_parse(span_of((const char *)data + sizeof parts.size, size - sizeof parts.size),
                    parts.size, ranges, &count) != RANGE_SATISFIABLE)
        return 0;
    if (count < 1 || count > LIMIT_RANGES)
        abort();
    for (size_t i = 0; i < count; i++) {
        check_range(ranges, i, parts.size);
        range_write_part_head(&b, &parts, ranges[i], i == 0);
        bytes += ranges[i].length;
    }
    range_write_end(&b, &parts);
    if (bytes > parts.size || range_parts_length(&parts, ranges, count) != bytes + b.len)
        abort();
    buf_done(&b);
    return 0;
}
