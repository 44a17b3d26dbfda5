// SPDX-License-Identifier: MIT
/*
 * The head of a request, read once from its first byte to its last: the request line (RFC 9112 §3),
 * then the field lines. Each reading step answers H1_OK, H1_MORE or H1_BAD.
 *
 * What a step answers for some bytes it also answers when more follow, unless it was H1_MORE: a
 * violation is never taken back. So a request is judged alike however it is split.
 */
#include "base/ascii.h"
#include "wire/h1_parts.h"

#include <assert.h>

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
    if (h1_is_line_end(*r->at))
        return h1_bad_line_end(r, OUTCOME_request_line_malformed);
    if (*r->at != ' ' || r->at == start)
        return h1_bad(r, OUTCOME_method_malformed, r->at);
    r->m->method = method_from_name(r->m->method_name);
    r->at++;
    if (r->at == r->end)
        return H1_MORE;
    if (h1_is_line_end(*r->at))
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
        if (h1_is_line_end(*r->at))
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
    if (!h1_is_line_end(*r->at))
        return h1_bad(r, OUTCOME_version_malformed, r->at);
    return h1_read_line_end(r);
}

/* What came where a target belongs that is malformed or not there to its end. */
static struct span spoilt_target(const struct h1_reader *r, const char *start)
{
    const char *end = start;

    while (end < r->end && *end != ' ' && !h1_is_line_end(*end))
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
    if (h1_is_line_end(*r->at))
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

    while (end < r->end && !h1_is_line_end(*end))
        end++;
    return span_of(start, (size_t)(end - start));
}

ptrdiff_t h1_read_head(struct message *m, struct h1_head *h, struct span in, size_t seen,
                       const struct h1_limits *limits)
{
    struct h1_reader r = {.m = m, .h = h, .base = in.ptr, .at = in.ptr, .end = in.ptr + in.len};
    struct h1_section_limits section = {limits->field_section, limits->field_section,
                                        limits->fields};
    const char *start;
    bool full;
    int rc;

    assert(limits->fields <= MESSAGE_FIELDS);
    message_begin(m);
    *h = (struct h1_head){0};
    if (in.len == 0 || h1_is_nothing_new(in, seen, limits->request_line, &section))
        return H1_MORE;
    if (h1_is_line_end(*r.at)) { // RFC 9112 §2.2: one empty line before the request line
        rc = h1_read_line_end(&r);
        if (rc != H1_OK)
            return rc;
    }
    start = r.at;
    full = h1_reader_bound(&r, in.ptr + in.len, limits->request_line);
    rc = read_request_line(&r);
    if (rc == H1_MORE && full)
        rc = h1_bad(&r, OUTCOME_request_line_too_long, start + limits->request_line);
    if (rc != H1_OK) {
        h->request_line = rest_of_line(&r, start);
        return rc;
    }
    h->request_line = span_of(start, (size_t)(r.at - start) - H1_CRLF);
    rc = h1_read_section(&r, in.ptr + in.len, &section);
    if (rc != H1_OK)
        return rc;
    rc = h1_check_section(&r, r.at - H1_CRLF);
    return rc == H1_OK ? r.at - in.ptr : rc;
}
