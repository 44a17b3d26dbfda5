// SPDX-License-Identifier: MIT
/*
 * The head of a request, read once from its first byte to its last: the request line (RFC 9112 §3)
 * and the field lines (§5). Each reading step answers H1_OK, H1_MORE or H1_BAD.
 *
 * What a step answers for some bytes it also answers when more follow, unless it was H1_MORE: a
 * violation is never taken back. So a request is judged alike however it is split.
 */
#include "base/ascii.h"
#include "wire/h1_parts.h"
#include "wire/scan.h"

#include <assert.h>

enum { CRLF = 2 };

static bool is_line_end(char c)
{
    return c == '\r' || c == '\n';
}

/* Takes the CRLF at r->at, which is a CR or LF. */
static inline int read_line_end(struct h1_reader *r)
{
    if (r->end - r->at >= CRLF && r->at[0] == '\r' && r->at[1] == '\n') {
        r->at += CRLF;
        return H1_OK;
    }
    return h1_bad_line_end(r, OUTCOME_NONE);
}

static int read_method(struct h1_reader *r)
{
    const char *start = r->at;

    if (r->end - r->at >= 5 && memcmp(r->at, "GET /", 5) == 0) { // as most are
        r->m->method_name = span_of(start, 3);
        r->m->method = METHOD_GET;
        r->at += 4;
        return H1_OK;
    }
    while (r->at < r->end && ascii_is(*r->at, ASCII_TCHAR))
        r->at++;
    if (r->at == r->end)
        return H1_MORE;
    r->m->method_name = span_of(start, (size_t)(r->at - start));
    if (is_line_end(*r->at))
        return h1_bad_line_end(r, OUTCOME_request_line_malformed);
    if (*r->at != ' ' || r->at == start)
        return h1_bad(r, OUTCOME_method_malformed, r->at);
    r->m->method = method_from_name(r->m->method_name);
    r->at++;
    if (r->at == r->end)
        return H1_MORE;
    if (is_line_end(*r->at))
        return h1_bad_line_end(r, OUTCOME_request_line_malformed);
    if (*r->at == ' ' || *r->at == '\t')
        return h1_bad(r, OUTCOME_request_line_malformed, r->at);
    return H1_OK;
}

/* HTTP-version, RFC 9112 §2.3, and the end of the line. */
static int read_version(struct h1_reader *r)
{
    static const char pattern[] = "HTTP/d.d";
    const char *start = r->at;

    if (r->end - r->at >= 10 && memcmp(r->at, "HTTP/1.1\r\n", 10) == 0) { // as most are
        r->h->minor = 1;
        r->at += 10;
        return H1_OK;
    }
    for (size_t i = 0; i < sizeof pattern - 1; i++, r->at++) {
        if (r->at == r->end)
            return H1_MORE;
        if (is_line_end(*r->at))
            return h1_bad_line_end(r, i ? OUTCOME_version_malformed : OUTCOME_version_missing);
        if (i == 0 && (*r->at == ' ' || *r->at == '\t'))
            return h1_bad(r, OUTCOME_request_line_malformed, r->at);
        if (pattern[i] == 'd' ? !ascii_is(*r->at, ASCII_DIGIT) : *r->at != pattern[i])
            return h1_bad(r, OUTCOME_version_malformed, r->at);
    }
    if (start[5] != '1')
        return h1_bad(r, OUTCOME_version_unsupported, start + 5);
    r->h->minor = start[7] != '0';
    if (r->at == r->end)
        return H1_MORE;
    if (!is_line_end(*r->at))
        return h1_bad(r, OUTCOME_version_malformed, r->at);
    return read_line_end(r);
}

/* What came where a target belongs that is malformed or not there to its end. */
static struct span spoilt_target(const struct h1_reader *r, const char *start)
{
    const char *end = start;

    while (end < r->end && *end != ' ' && !is_line_end(*end))
        end++;
    return span_of(start, (size_t)(end - start));
}

static int read_request_line(struct h1_reader *r)
{
    const char *target;
    int rc = read_method(r);

    if (rc != H1_OK)
        return rc;
    target = r->at;
    rc = h1_read_target(r);
    if (rc != H1_OK) {
        r->m->target.text = spoilt_target(r, target);
        return rc;
    }
    r->m->target.text = span_of(target, (size_t)(r->at - target));
    if (is_line_end(*r->at))
        return h1_bad_line_end(r, OUTCOME_version_missing);
    r->at++;
    rc = read_version(r);
    if (rc != H1_OK)
        return rc;
    return r->form_wrong ? h1_bad(r, OUTCOME_target_form_wrong, target) : H1_OK;
}

/* The bytes from start to the end of their line, or of what may be read. */
static struct span rest_of_line(const struct h1_reader *r, const char *start)
{
    const char *end = start;

    while (end < r->end && !is_line_end(*end))
        end++;
    return span_of(start, (size_t)(end - start));
}

/* The byte at r->at ended a field name that begins at `start`, and is no colon. */
static int bad_field_name(struct h1_reader *r, const char *start)
{
    const char *stop = r->at;

    if (is_line_end(*stop))
        return h1_bad_line_end(r, OUTCOME_field_colon_missing);
    if (stop == start || (*stop != ' ' && *stop != '\t'))
        return h1_bad(r, OUTCOME_field_name_malformed, stop);
    // A name and whitespace: what follows tells what it was meant to be.
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t'))
        r->at++;
    if (r->at == r->end)
        return H1_MORE;
    if (is_line_end(*r->at))
        return h1_bad_line_end(r, OUTCOME_field_colon_missing);
    return h1_bad(
        r, *r->at == ':' ? OUTCOME_field_space_before_colon : OUTCOME_field_name_malformed, stop);
}

/* One field line that is not the empty line; r->at is its first byte. */
static int read_field_line(struct h1_reader *r)
{
    struct message *m = r->m;
    struct field_line *line = &m->fields[m->field_count];
    const char *start = r->at, *p = start, *value, *stop;
    int rc;

    while (p < r->end && ascii_is(*p, ASCII_TCHAR))
        p++;
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
    if (!is_line_end(*stop))
        return h1_bad(r, OUTCOME_field_value_malformed, stop);
    rc = read_line_end(r);
    if (rc != H1_OK)
        return rc;
    while (stop > value && (stop[-1] == ' ' || stop[-1] == '\t'))
        stop--;
    line->value = value;
    line->value_length = (uint32_t)(stop - value);
    line->id = field_from_name(field_line_name(line));
    m->field_count++;
    if (!m->first[line->id])
        m->first[line->id] = m->field_count;
    else if (line->id != FIELD_OTHER)
        r->repeated = true;
    return H1_OK;
}

/* Field lines up to and with the empty line. */
static int read_field_section(struct h1_reader *r, const struct h1_limits *limits)
{
    const char *section = r->at;

    for (;;) {
        int rc;

        if (r->at == r->end)
            return H1_MORE;
        if (is_line_end(*r->at))
            break;
        if (*r->at == ' ' || *r->at == '\t')
            return h1_bad(
                r, r->at == section ? OUTCOME_field_line_indented : OUTCOME_field_line_folded,
                r->at);
        if (r->m->field_count >= limits->fields)
            return h1_bad(r, OUTCOME_fields_too_many, r->at);
        if (r->m->field_count == r->m->field_room && !message_grow(r->m))
            return H1_NO_MEMORY;
        rc = read_field_line(r);
        if (rc != H1_OK)
            return rc;
        if (r->at - section > (ptrdiff_t)limits->field_section)
            return h1_bad(r, OUTCOME_fields_too_large, section + limits->field_section);
    }
    return read_line_end(r);
}

/* Sets r->end so that no more than `limit` bytes and a CRLF are read. True: there are that many, so
 * whoever needs more has met the limit. */
static bool reader_bound(struct h1_reader *r, const char *end, uint32_t limit)
{
    bool full = end - r->at >= (ptrdiff_t)limit + CRLF;

    r->end = full ? r->at + limit + CRLF : end;
    return full;
}

/* Whether the bytes from `seen` on can change nothing: no line ends in them, nothing in them is
 * forbidden everywhere, and no limit is met. */
static bool is_nothing_new(struct span in, size_t seen, const struct h1_limits *limits)
{
    const char *end = in.ptr + in.len, *line = in.ptr, *line_end;
    ptrdiff_t most_line = (ptrdiff_t)limits->request_line + CRLF;
    ptrdiff_t most_section = (ptrdiff_t)limits->field_section + CRLF;

    if (seen == 0 || seen > in.len || in.ptr[seen - 1] == '\r')
        return false;
    if (scan_field_value(in.ptr + seen, end) != end)
        return false;
    if (in.len >= CRLF && memcmp(line, "\r\n", CRLF) == 0)
        line += CRLF;
    if (end - line < most_line && end - line < most_section)
        return true;
    line_end = memchr(line, '\n', (size_t)(end - line < most_line ? end - line : most_line));
    if (!line_end)
        return end - line < most_line;
    return end - (line_end + 1) < most_section;
}

ptrdiff_t h1_read_head(struct message *m, struct h1_head *h, struct span in, size_t seen,
                       const struct h1_limits *limits)
{
    struct h1_reader r = {.m = m, .h = h, .base = in.ptr, .at = in.ptr, .end = in.ptr + in.len};
    const char *start;
    bool full;
    int rc;

    assert(limits->fields <= MESSAGE_FIELDS);
    message_begin(m);
    *h = (struct h1_head){0};
    if (in.len == 0 || is_nothing_new(in, seen, limits))
        return H1_MORE;
    if (is_line_end(*r.at)) { // RFC 9112 §2.2: one empty line before the request line
        rc = read_line_end(&r);
        if (rc != H1_OK)
            return rc;
    }
    start = r.at;
    full = reader_bound(&r, in.ptr + in.len, limits->request_line);
    rc = read_request_line(&r);
    if (rc == H1_MORE && full)
        rc = h1_bad(&r, OUTCOME_request_line_too_long, start + limits->request_line);
    if (rc != H1_OK) {
        h->request_line = rest_of_line(&r, start);
        return rc;
    }
    h->request_line = span_of(start, (size_t)(r.at - start) - CRLF);
    start = r.at;
    full = reader_bound(&r, in.ptr + in.len, limits->field_section);
    rc = read_field_section(&r, limits);
    if (rc == H1_MORE && full)
        return h1_bad(&r, OUTCOME_fields_too_large, start + limits->field_section);
    if (rc != H1_OK)
        return rc;
    rc = h1_check_section(&r, r.at - CRLF);
    return rc == H1_OK ? r.at - in.ptr : rc;
}
