// SPDX-License-Identifier: MIT
#include "http/content_range.h"

#include "http/parameter.h"

/* A position that fills the text. */
static bool read_position(struct span text, uint64_t *ret)
{
    return span_to_u64(text, INT64_MAX, ret);
}

static bool has(struct span s, char c)
{
    return span_find(s, c) < s.len;
}

enum content_range_result content_range_parse(struct span value, struct content_range *ret)
{
    struct span rest = span_trim(value), unit = token_take(&rest), first, last;
    struct content_range r = {.has_size = true};

    if (unit.len == 0 || rest.len == 0 || rest.ptr[0] != ' ')
        return CONTENT_RANGE_MALFORMED;
    if (!span_eq_nocase(unit, SPAN("bytes")))
        return CONTENT_RANGE_OTHER_UNIT;
    rest = span_from(rest, 1);
    if (!has(rest, '/'))
        return CONTENT_RANGE_MALFORMED;
    last = span_take_until(&rest, '/');
    if (!has(last, '-'))
        return CONTENT_RANGE_MALFORMED;
    first = span_take_until(&last, '-');
    if (!read_position(first, &r.first) || !read_position(last, &r.last) || r.last < r.first)
        return CONTENT_RANGE_MALFORMED;
    if (span_eq(rest, SPAN("*")))
        r.has_size = false;
    else if (!read_position(rest, &r.size) || r.last >= r.size)
        return CONTENT_RANGE_MALFORMED;
    *ret = r;
    return CONTENT_RANGE_OK;
}

bool update_range_parse(struct span value, struct update_range *ret)
{
    static const struct span unit = SPAN_INIT("bytes=");
    struct update_range r = {.kind = UPDATE_RANGE_APPEND};
    struct span rest = span_trim(value), first;

    if (span_eq_nocase(rest, SPAN("append"))) {
        *ret = r;
        return true;
    }
    if (!span_eq_nocase(span_first(rest, unit.len), unit))
        return false;
    rest = span_from(rest, unit.len);
    if (!has(rest, '-'))
        return false;
    first = span_take_until(&rest, '-');
    if (first.len == 0) {
        r.kind = UPDATE_RANGE_SUFFIX;
        if (!read_position(rest, &r.first) || r.first == 0)
            return false;
    } else if (!read_position(first, &r.first)) {
        return false;
    } else if (rest.len == 0) {
        r.kind = UPDATE_RANGE_FROM;
    } else {
        r.kind = UPDATE_RANGE_WITHIN;
        if (!read_position(rest, &r.last) || r.last < r.first)
            return false;
    }
    *ret = r;
    return true;
}

enum update_range_result update_range_place(const struct update_range *r, uint64_t size,
                                            uint64_t length, uint64_t *ret_first)
{
    uint64_t first = r->first;

    if (r->kind == UPDATE_RANGE_APPEND)
        first = size;
    else if (r->kind == UPDATE_RANGE_SUFFIX)
        first = size - r->first;
    if (r->kind == UPDATE_RANGE_SUFFIX && r->first > size)
        return UPDATE_RANGE_OUTSIDE;
    if (r->kind == UPDATE_RANGE_WITHIN && length != r->last - r->first + 1)
        return UPDATE_RANGE_OTHER_LENGTH;
    *ret_first = first;
    return UPDATE_RANGE_OK;
}
