// SPDX-License-Identifier: MIT
/*
 * Fields that are made once and sent many times: as pairs, which every version of HTTP can send,
 * with the lines that HTTP/1 makes of them beside them.
 */
#ifndef CANDOR_WIRE_FIELD_BLOCK_H
#define CANDOR_WIRE_FIELD_BLOCK_H

#include "base/span.h"

struct field_pair {
    struct span name, value; // into the lines
};

struct field_block {
    struct span lines; // "name: value", each with its CRLF
    const struct field_pair *pairs;
    size_t count;
};

/*
 * Makes a block of lines that were written as above: a copy of them, in one piece of memory with
 * the pairs. -CANDOR_E_MEMORY when it cannot be had.
 */
int field_block_make(struct span lines, struct field_block *ret_block);
void field_block_done(struct field_block *b);

/* Its lines from that pair on. */
static inline struct span field_block_lines(const struct field_block *b, size_t first)
{
    return first < b->count ? span_from(b->lines, (size_t)(b->pairs[first].name.ptr - b->lines.ptr))
                            : SPAN("");
}

#endif
