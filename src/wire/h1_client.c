// SPDX-License-Identifier: MIT
#include "wire/h1_client.h"

#include "base/ascii.h"
#include "wire/h1_parts.h"
#include "wire/scan.h"

#include <assert.h>

static int bad_status_line(struct h1_reader *r, const char *at)
{
    return h1_bad(r, OUTCOME_upstream_status_line_malformed, at);
}

enum { STATUS_END = 12 }; // bytes before the end of the status

/* Each byte is judged as soon as it is there. */
static int read_version_and_status(struct h1_reader *r)
{
    static const char pattern[] = "HTTP/1.v sdd";
    const char *start = r->at;
    unsigned status = 0;

    if (r->end - start >= STATUS_END && memcmp(start, "HTTP/1.1 2", 10) == 0 &&
        ascii_is(start[10], ASCII_DIGIT) && ascii_is(start[11], ASCII_DIGIT)) { // as most are
        r->h->minor = 1;
        r->m->status = (uint16_t)(200 + (start[10] - '0') * 10 + (start[11] - '0'));
        r->at += STATUS_END;
        return H1_OK;
    }
    for (size_t i = 0; i < STATUS_END; i++, r->at++) {
        char c;
        bool ok;

        if (r->at == r->end)
            return H1_MORE;
        c = *r->at;
        if (pattern[i] == 'v')
            ok = c == '0' || c == '1';
        else if (pattern[i] == 's') // 100 to 599, RFC 9110 §15
            ok = c >= '1' && c <= '5';
        else
            ok = pattern[i] == 'd' ? ascii_is(c, ASCII_DIGIT) : c == pattern[i];
        if (!ok)
            return bad_status_line(r, r->at);
        if (i >= STATUS_END - 3)
            status = status * 10 + (unsigned)(c - '0');
    }
    r->h->minor = start[7] == '1';
    r->m->status = (uint16_t)status;
    return H1_OK;
}

/* status-line = HTTP-version SP status-code SP [ reason-phrase ], RFC 9112 §4; r->at is its first
 * byte. Nearly everybody takes one that ends behind the status. */
static int read_status_line(struct h1_reader *r)
{
    const char *reason;
    int rc = read_version_and_status(r);

    if (rc != H1_OK)
        return rc;
    if (r->at == r->end)
        return H1_MORE;
    reason = r->at;
    if (*r->at == ' ') {
        reason++;
        r->at = scan_field_value(reason, r->end);
        if (r->at == r->end)
            return H1_MORE;
    }
    r->m->reason = span_of(reason, (size_t)(r->at - reason));
    if (*r->at != '\r')
        return bad_status_line(r, r->at);
    rc = h1_read_line_end(r);
    return rc == H1_BAD ? bad_status_line(r, r->at) : rc;
}

static bool has_no_content(unsigned status)
{
    return status < 200 || status == 204 || status == 304;
}

/* What concerns the whole field section. */
static int check_section(struct h1_reader *r, struct h1_answer *a)
{
    const struct message *m = r->m;
    struct h1_connection c = h1_read_connection(m);
    int rc = h1_check_framing(r);
    bool has_framing = m->framing == FRAMING_OPEN || m->content_length > 0;

    if (rc != H1_OK)
        return rc;
    // RFC 9110 §8.6, RFC 9112 §6.1: neither may tell of content. Whoever does may send it as well,
    // and it would be read as the next response.
    if (has_framing && m->status < 200 && m->status != 101)
        return h1_bad(r, OUTCOME_upstream_malformed,
                      message_field(m, m->framing == FRAMING_OPEN ? FIELD_transfer_encoding
                                                                  : FIELD_content_length)
                          .ptr);
    a->keep_alive =
        !c.close && !c.bad && (a->minor || c.keep_alive) && !(has_framing && m->status == 204);
    a->has_upgrade = c.upgrade && m->first[FIELD_upgrade];
    return H1_OK;
}

static ptrdiff_t read_answer(struct h1_reader *r, struct h1_answer *a, struct span in,
                             const struct h1_client_limits *limits,
                             const struct h1_section_limits *section)
{
    bool full = h1_reader_bound(r, in.ptr + in.len, limits->status_line);
    int rc = read_status_line(r);

    a->minor = r->h->minor;
    if (rc == H1_MORE && full)
        return bad_status_line(r, in.ptr + limits->status_line);
    if (rc == H1_OK)
        rc = h1_read_section(r, in.ptr + in.len, section);
    if (rc == H1_OK)
        rc = check_section(r, a);
    return rc == H1_OK ? r->at - in.ptr : rc;
}

ptrdiff_t h1_read_answer(struct message *m, struct h1_answer *a, struct span in, size_t seen,
                         const struct h1_client_limits *limits)
{
    struct h1_head head = {0};
    struct h1_reader r = {.m = m,
                          .h = &head,
                          .base = in.ptr,
                          .at = in.ptr,
                          .end = in.ptr + in.len,
                          .is_answer = true};
    struct h1_section_limits section = {limits->field_line, limits->field_section, limits->fields};
    ptrdiff_t n;

    assert(limits->fields <= MESSAGE_FIELDS);
    message_begin(m);
    *a = (struct h1_answer){0};
    if (in.len == 0 || h1_is_nothing_new(in, seen, limits->status_line, &section))
        return H1_MORE;
    n = read_answer(&r, a, in, limits, &section);
    if (n == H1_BAD)
        m->violation.outcome = h1_upstream_outcome(m->violation.outcome);
    return n;
}

void h1_answer_content_init(struct h1_content *c, const struct message *m,
                            const struct h1_answer *a, bool to_head, size_t head_length,
                            const struct h1_client_limits *limits)
{
    enum framing framing = m->framing;

    (void)a;
    if (to_head || has_no_content(m->status))
        framing = FRAMING_NONE;
    else if (framing == FRAMING_NONE)
        framing = FRAMING_CLOSE;
    h1_content_begin(c, framing, m->content_length, head_length, limits->trailer_section,
                     limits->fields);
    c->is_answer = true;
}

bool h1_content_ends_with_close(const struct h1_content *c)
{
    return h1_content_missing(c) == 0;
}
