// SPDX-License-Identifier: MIT
#include "http/range.h"

#include "base/ascii.h"

/* What was requested, clipped to the representation, before any merging. */
struct request {
    struct range ranges[LIMIT_RANGES]; // the satisfiable ones
    size_t count;
    size_t asked;      // all of them
    bool empty_suffix; // a suffix that all of an empty representation satisfies
};

/* Takes digits off the front of *rest; a number too large becomes UINT64_MAX. False: no digit. */
static bool take_number(struct span *rest, uint64_t *ret)
{
    uint64_t value = 0;
    size_t n = 0;

    for (; n < rest->len && ascii_is(rest->ptr[n], ASCII_DIGIT); n++) {
        unsigned digit = (unsigned)(rest->ptr[n] - '0');

        value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
    }
    if (n == 0)
        return false;
    *rest = span_from(*rest, n);
    *ret = value;
    return true;
}

/* Reads "first-last", "first-" or "-suffix" and adds it to *r. False: breaks the syntax. */
static bool read_range(struct request *r, struct span text, uint64_t size)
{
    uint64_t first = 0, last = UINT64_MAX, length = 0;
    bool has_first = take_number(&text, &first), has_last;

    if (text.len == 0 || text.ptr[0] != '-')
        return false;
    text = span_from(text, 1);
    has_last = take_number(&text, &last);
    if (text.len || (!has_first && !has_last) || (has_first && last < first))
        return false;
    if (!has_first) {
        length = last < size ? last : size;
        first = size - length;
        r->empty_suffix |= size == 0 && last > 0;
    } else if (first < size) {
        length = (last < size ? last : size - 1) - first + 1;
    }
    if (length)
        r->ranges[r->count++] = (struct range){first, length};
    return true;
}

/* Reads a range set (§14.1.1). False: to be ignored. */
static bool read_set(struct request *r, struct span set, uint64_t size)
{
    while (set.len) {
        struct span text = span_trim(span_take_until(&set, ','));

        if (text.len && (r->asked++ == LIMIT_RANGES || !read_range(r, text, size)))
            return false;
    }
    return r->asked > 0;
}

static bool overlap(struct range a, struct range b)
{
    return a.first < b.first + b.length && b.first < a.first + a.length;
}

static bool touch(struct range a, struct range b)
{
    return a.first <= b.first + b.length && b.first <= a.first + a.length;
}

/* How many ranges share a byte with another one. */
static int count_overlapping(const struct request *r)
{
    int n = 0;

    for (size_t i = 0; i < r->count; i++) {
        size_t j = 0;

        while (j < r->count && (j == i || !overlap(r->ranges[i], r->ranges[j])))
            j++;
        n += j < r->count;
    }
    return n;
}

/* Adds one range to those kept so far, no two of which touch. The new number of them. */
static size_t merge(struct range *kept, size_t count, struct range range)
{
    size_t home = count, left = 0;

    for (size_t i = 0; i < count; i++) {
        if (touch(kept[i], range)) {
            uint64_t end = range.first + range.length;
            uint64_t kept_end = kept[i].first + kept[i].length;

            range.first = kept[i].first < range.first ? kept[i].first : range.first;
            range.length = (kept_end > end ? kept_end : end) - range.first;
            if (home < count)
                continue; // already has its place; this one is swallowed
            home = left;
        }
        kept[left++] = kept[i];
    }
    if (home == count)
        home = left++;
    kept[home] = range;
    return left;
}

enum range_result range_parse(struct span value, uint64_t size, struct range out[LIMIT_RANGES],
                              size_t *ret_count)
{
    static const struct span unit = SPAN_INIT("bytes=");
    struct request r = {.count = 0};
    struct range merged[LIMIT_RANGES];
    size_t count = 0;
    uint64_t cost = 0;

    if (!span_eq_nocase(span_first(value, unit.len), unit) ||
        !read_set(&r, span_from(value, unit.len), size) || r.empty_suffix)
        return RANGE_IGNORE;
    if (r.count == 0)
        return RANGE_NOT_SATISFIABLE;
    if (r.count > RANGE_OVERLAPPING && count_overlapping(&r) > RANGE_OVERLAPPING)
        return RANGE_IGNORE;
    for (size_t i = 0; i < r.count; i++)
        count = merge(merged, count, r.ranges[i]);
    for (size_t i = 0; i < count; i++)
        cost += merged[i].length + RANGE_PART_OVERHEAD;
    if (count > RANGE_FEW && cost > size)
        return RANGE_IGNORE;
    memcpy(out, merged, count * sizeof *out);
    *ret_count = count;
    return RANGE_SATISFIABLE;
}

void range_write_content_range(struct buf *b, struct range range, uint64_t size)
{
    buf_add(b, SPAN("bytes "));
    buf_add_u64(b, range.first);
    buf_add_char(b, '-');
    buf_add_u64(b, range.first + range.length - 1);
    buf_add_char(b, '/');
    buf_add_u64(b, size);
}

void range_write_unsatisfied(struct buf *b, uint64_t size)
{
    buf_add(b, SPAN("bytes */"));
    buf_add_u64(b, size);
}

/*
 * The fixed texts of the multipart content, so that writing it and computing its length agree.
 * The CRLF before a delimiter belongs to the delimiter (RFC 2046 §5.1.1).
 */
static const struct span delimiter = SPAN_INIT("\r\n--"), dashes = SPAN_INIT("--");
static const struct span type_name = SPAN_INIT("\r\nContent-Type: ");
static const struct span range_name = SPAN_INIT("\r\nContent-Range: ");
static const struct span head_end = SPAN_INIT("\r\n\r\n"), content_end = SPAN_INIT("--\r\n");

void range_write_part_head(struct buf *b, const struct range_parts *p, struct range range,
                           bool is_first)
{
    buf_add(b, is_first ? dashes : delimiter);
    buf_add(b, p->boundary);
    if (p->content_type.len) {
        buf_add(b, type_name);
        buf_add(b, p->content_type);
    }
    buf_add(b, range_name);
    range_write_content_range(b, range, p->size);
    buf_add(b, head_end);
}

void range_write_end(struct buf *b, const struct range_parts *p)
{
    buf_add(b, delimiter);
    buf_add(b, p->boundary);
    buf_add(b, content_end);
}

static uint64_t count_digits(uint64_t value)
{
    uint64_t n = 1;

    while (value >= 10) {
        value /= 10;
        n++;
    }
    return n;
}

uint64_t range_parts_length(const struct range_parts *p, const struct range *ranges, size_t count)
{
    uint64_t length = delimiter.len + p->boundary.len + content_end.len;

    if (count == 0)
        return 0;
    for (size_t i = 0; i < count; i++) {
        length += (i ? delimiter.len : dashes.len) + p->boundary.len;
        if (p->content_type.len)
            length += type_name.len + p->content_type.len;
        length += range_name.len + sizeof "bytes -/" - 1 + count_digits(ranges[i].first);
        length += count_digits(ranges[i].first + ranges[i].length - 1) + count_digits(p->size);
        length += head_end.len + ranges[i].length;
    }
    return length;
}
