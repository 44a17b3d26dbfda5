// SPDX-License-Identifier: MIT
/*
 * Range requests in bytes (RFC 9110 §14), and the multipart/byteranges content that answers several
 * ranges (§15.3.7.2). Sizes and offsets are bytes; a size is at most INT64_MAX.
 */
#ifndef CANDOR_HTTP_RANGE_H
#define CANDOR_HTTP_RANGE_H

#include "base/buf.h"
#include "base/limits.h"

enum range_result {
    RANGE_IGNORE,          // answer as if there were no Range
    RANGE_SATISFIABLE,     // 206
    RANGE_NOT_SATISFIABLE, // 416
};

struct range {
    uint64_t first, length; // length at least 1; within the representation
};

enum {
    RANGE_OVERLAPPING = 2,   // ranges that may share bytes with others
    RANGE_FEW = 4,           // ranges that are served whatever they cost
    RANGE_PART_OVERHEAD = 80 // assumed bytes of a part's head, as RFC 9110 §15.3.7.2 does
};

/*
 * Reads the value of Range for a representation of that size. With RANGE_SATISFIABLE out[] holds
 * *ret_count (at least 1) ranges, clipped to the size, no two of which overlap or touch: those that
 * did became one, in the place of the first of them; otherwise the order is that of the request.
 * Ranges that are not satisfiable are left out as long as another one is.
 *
 * Ignored are: an absent field; another unit than bytes; anything that breaks the syntax, or whose
 * last position is before the first; and what is not worth its cost (§14.2): more than LIMIT_RANGES
 * ranges, more than RANGE_OVERLAPPING ranges that share bytes with another one, and more than
 * RANGE_FEW ranges that would with the heads of their parts come to more bytes than the whole. Of
 * an empty representation only a suffix is satisfiable, by nothing that 206 could express: that is
 * ignored too.
 */
enum range_result range_parse(struct span value, uint64_t size, struct range out[LIMIT_RANGES],
                              size_t *ret_count);

/* The value of Content-Range with 206: "bytes 0-499/1234". */
void range_write_content_range(struct buf *b, struct range range, uint64_t size);
/* Content-Range with 416: an asterisk in place of the range. */
void range_write_unsatisfied(struct buf *b, uint64_t size);

/* What all parts of a multipart/byteranges content have in common; owned by the caller. */
struct range_parts {
    struct span boundary;     // 1 to 70 octets that RFC 2046 §5.1.1 allows, not in the content
    struct span content_type; // of the representation; empty: the parts have no Content-Type
    uint64_t size;            // of the representation
};

/* What goes before the bytes of a part: delimiter and head. is_first: the first of the content. */
void range_write_part_head(struct buf *b, const struct range_parts *p, struct range range,
                           bool is_first);
/* What goes behind the bytes of the last part. */
void range_write_end(struct buf *b, const struct range_parts *p);
/* The exact length of the whole content: heads, bytes and end. */
uint64_t range_parts_length(const struct range_parts *p, const struct range *ranges, size_t count);

#endif
