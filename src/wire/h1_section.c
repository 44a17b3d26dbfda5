// SPDX-License-Identifier: MIT
/*
 * Field lines (RFC 9112 §5), of heads of every kind, up to the empty line.
 */
#include "base/ascii.h"
#include "wire/h1_parts.h"
#include "wire/scan.h"

/* The byte at r->at ended a field name that begins at `start`, and is no colon. */
static int bad_field_name(struct h1_reader *r, const char *start)
{
    const char *stop = r->at;

    if (h1_is_line_end(*stop))
        return h1_bad_line_end(r, OUTCOME_field_colon_missing);
    if (stop == start || (*stop != ' ' && *stop != '\t'))
        return h1_bad(r, OUTCOME_field_name_malformed, stop);
    // A name and whitespace: what follows tells what it was meant to be.
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t'))
        r->at++;
    if (r->at == r->end)
        return H1_MORE;
    if (h1_is_line_end(*r->at))
        return h1_bad_line_end(r, OUTCOME_field_colon_missing);
    return h1_bad(
        r, *r->at == ':' ? OUTCOME_field_space_before_colon : OUTCOME_field_name_malformed, stop);
}

/* Takes a field name off the front: that of a field in the table is found by its colon, and has
 * nothing but the bytes of a name. Returns what is behind it, and which field it is. */
static const char *take_name(const char *at, const char *end, enum field *ret_id)
{
    const char *start = at;
#ifdef __SSE2__
    for (; end - at >= 16 && at - start < 32; at += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)at);
        int mask = _mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(':')));

        if (!mask)
            continue;
        at += __builtin_ctz((unsigned)mask);
        *ret_id = field_from_name(span_of(start, (size_t)(at - start)));
        if (*ret_id != FIELD_OTHER)
            return at;
        break;
    }
    at = start;
#endif
    while (at < end && ascii_is(*at, ASCII_TCHAR))
        at++;
    *ret_id = field_from_name(span_of(start, (size_t)(at - start)));
    return at;
}

/* One field line that is not the empty line; r->at is its first byte. */
static int read_field_line(struct h1_reader *r)
{
    struct message *m = r->m;
    struct field_line *line = &m->fields[m->field_count];
    const char *start = r->at, *value, *stop;
    enum field id;
    const char *p = take_name(start, r->end, &id);
    int rc;

    r->at = p;
    if (p == r->end)
        return H1_MORE;
    if (*p != ':' || p == start)
        return bad_field_name(r, start);
    line->name = start;
    line->name_length = (unsigned)(p - start) & ((1U << FIELD_NAME_BITS) - 1);
    do
        p++;
    while (p < r->end && (*p == ' ' || *p == '\t'));
    value = p;
    r->at = stop = scan_field_value(p, r->end);
    if (stop == r->end)
        return H1_MORE;
    if (!h1_is_line_end(*stop))
        return h1_bad(r, OUTCOME_field_value_malformed, stop);
    rc = h1_read_line_end(r);
    if (rc != H1_OK)
        return rc;
    while (stop > value && (stop[-1] == ' ' || stop[-1] == '\t'))
        stop--;
    line->value = value;
    line->value_length = (uint32_t)(stop - value);
    line->id = id;
    m->field_count++;
    if (!m->first[line->id])
        m->first[line->id] = m->field_count;
    else if (line->id != FIELD_OTHER)
        r->repeated = true;
    return H1_OK;
}

/* r->end is behind the last byte of the section that may be read. */
static int read_lines(struct h1_reader *r, const struct h1_section_limits *limits)
{
    const char *section = r->at, *end = r->end;
    bool bounded = limits->line < limits->section;

    for (;;) {
        const char *line = r->at;
        bool full = false;
        int rc;

        if (r->at == r->end)
            return H1_MORE;
        if (h1_is_line_end(*r->at))
            break;
        if (*r->at == ' ' || *r->at == '\t')
            return h1_bad(
                r, r->at == section ? OUTCOME_field_line_indented : OUTCOME_field_line_folded,
                r->at);
        if (r->m->field_count >= limits->fields)
            return h1_bad(r, OUTCOME_fields_too_many, r->at);
        if (r->m->field_count == r->m->field_room && !message_grow(r->m))
            return H1_NO_MEMORY;
        if (bounded)
            full = h1_reader_bound(r, end, limits->line);
        rc = read_field_line(r);
        r->end = end;
        if (rc == H1_MORE && full)
            return h1_bad(r, OUTCOME_upstream_field_too_large, line + limits->line);
        if (rc != H1_OK)
            return rc;
        if (r->at - section > (ptrdiff_t)limits->section)
            return h1_bad(r, OUTCOME_fields_too_large, section + limits->section);
    }
    return h1_read_line_end(r);
}

int h1_read_section(struct h1_reader *r, const char *end, const struct h1_section_limits *limits)
{
    const char *section = r->at;
    bool full = h1_reader_bound(r, end, limits->section);
    int rc = read_lines(r, limits);

    if (rc == H1_MORE && full)
        return h1_bad(r, OUTCOME_fields_too_large, section + limits->section);
    return rc;
}

/* Whether the line at the end of `in` has not ended within its limit. */
static bool is_line_full(struct span in, const struct h1_section_limits *limits)
{
    size_t most = (size_t)limits->line + H1_CRLF;

    return limits->line < limits->section && in.len >= most &&
           !memrchr(in.ptr + in.len - most, '\n', most);
}

bool h1_is_nothing_new(struct span in, size_t seen, uint32_t first_line,
                       const struct h1_section_limits *limits)
{
    const char *end = in.ptr + in.len, *line = in.ptr, *line_end;
    ptrdiff_t most_line = (ptrdiff_t)first_line + H1_CRLF;
    ptrdiff_t most_section = (ptrdiff_t)limits->section + H1_CRLF;

    if (seen == 0 || seen > in.len || in.ptr[seen - 1] == '\r')
        return false;
    if (scan_field_value(in.ptr + seen, end) != end || is_line_full(in, limits))
        return false;
    if (in.len >= H1_CRLF && memcmp(line, "\r\n", H1_CRLF) == 0)
        line += H1_CRLF;
    if (end - line < most_line && end - line < most_section)
        return true;
    line_end = memchr(line, '\n', (size_t)(end - line < most_line ? end - line : most_line));
    if (!line_end)
        return end - line < most_line;
    return end - (line_end + 1) < most_section;
}
