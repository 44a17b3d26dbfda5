// SPDX-License-Identifier: MIT
/*
 * Where the content of a request goes within a representation: Content-Range with PUT (RFC 9110
 * §14.5), and the X-Update-Range of SabreDAV's PATCH. Positions and sizes are bytes, at most
 * INT64_MAX. Spans are not kept.
 */
#ifndef CANDOR_HTTP_CONTENT_RANGE_H
#define CANDOR_HTTP_CONTENT_RANGE_H

#include "base/span.h"

struct content_range {
    uint64_t first, last; // first <= last
    bool has_size;        // otherwise "*" was sent for it
    uint64_t size;        // of the whole representation; last < size
};

enum content_range_result {
    CONTENT_RANGE_OK,
    CONTENT_RANGE_MALFORMED, // also "bytes" with "*" for the range, which says nothing in a request
    CONTENT_RANGE_OTHER_UNIT, // well-formed as far as it can be known, but not in bytes
};

/* §14.4: "bytes 0-499/1234" or "bytes 0-499/" and an asterisk. *ret is written with OK only. */
enum content_range_result content_range_parse(struct span value, struct content_range *ret);

enum update_range_kind {
    UPDATE_RANGE_APPEND, // "append": behind the end
    UPDATE_RANGE_WITHIN, // "bytes=3-6": first to last
    UPDATE_RANGE_FROM,   // "bytes=4-": first on, as long as the content is
    UPDATE_RANGE_SUFFIX, // "bytes=-5": first is the distance from the end, at least 1
};

struct update_range {
    enum update_range_kind kind;
    uint64_t first, last; // last: with WITHIN only
};

/* Reads X-Update-Range. False: malformed, *ret is untouched. */
bool update_range_parse(struct span value, struct update_range *ret);

enum update_range_result {
    UPDATE_RANGE_OK,
    UPDATE_RANGE_OUTSIDE,      // it begins before the beginning
    UPDATE_RANGE_OTHER_LENGTH, // the content has not as many bytes as the range
};

/*
 * The position at which length bytes of content go into a representation of that size. They may
 * reach beyond its end, and begin there: what lies between is to be zeros.
 */
enum update_range_result update_range_place(const struct update_range *r, uint64_t size,
                                            uint64_t length, uint64_t *ret_first);

#endif
