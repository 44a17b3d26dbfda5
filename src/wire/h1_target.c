// SPDX-License-Identifier: MIT
/*
 * The four forms of a request target (RFC 9112 §3.2), and the authority that two of them and Host
 * have in common (RFC 3986 §3.2).
 */
#include "base/ascii.h"
#include "wire/h1_parts.h"
#include "wire/scan.h"

static bool is_ipv4(struct span s)
{
    for (int octets = 1;; octets++) {
        struct span octet = span_take_until(&s, '.');
        uint64_t value;

        if (octet.len > 3 || !span_to_u64(octet, 255, &value) ||
            (octet.len > 1 && octet.ptr[0] == '0'))
            return false;
        if (octets == 4)
            return s.len == 0 && octet.ptr + octet.len == s.ptr;
    }
}

static bool is_ipv6(struct span s)
{
    bool compressed = span_starts(s, SPAN("::"));
    size_t i = compressed ? 2 : 0;
    int groups = 0;

    while (i < s.len) {
        size_t start = i;

        while (i < s.len && i - start < 4 && ascii_is(s.ptr[i], ASCII_HEX))
            i++;
        if (i == start)
            return false;
        if (i < s.len && s.ptr[i] == '.') {
            if (!is_ipv4(span_from(s, start)))
                return false;
            groups += 2;
            break;
        }
        groups++;
        if (i == s.len)
            break;
        if (s.ptr[i++] != ':' || i == s.len)
            return false;
        if (s.ptr[i] == ':') {
            if (compressed)
                return false;
            compressed = true;
            i++;
        }
    }
    return compressed ? groups <= 7 : groups == 8;
}

/* IPvFuture = "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" ) */
static bool is_ipvfuture(struct span s)
{
    size_t i = 1;

    if (s.len == 0 || ascii_lower(s.ptr[0]) != 'v')
        return false;
    while (i < s.len && ascii_is(s.ptr[i], ASCII_HEX))
        i++;
    if (i == 1 || i + 1 >= s.len || s.ptr[i++] != '.')
        return false;
    while (i < s.len && (ascii_is(s.ptr[i], ASCII_URI_HOST) || s.ptr[i] == ':'))
        i++;
    return i == s.len;
}

/* The first byte behind the literal at the front of s; NULL: it is wrong. */
__attribute__((noinline)) static const char *literal_end(struct span s)
{
    size_t close = span_find(s, ']');
    struct span literal = span_from(span_first(s, close), 1);

    return close < s.len && (is_ipv6(literal) || is_ipvfuture(literal)) ? s.ptr + close + 1 : NULL;
}

/* The first byte behind the percent escapes, and what may stand between them, from `at` on; NULL:
 * *ret_bad is wrong. */
__attribute__((noinline)) static const char *escapes_end(const char *at, const char *end,
                                                         const char **ret_bad)
{
    for (; at < end; at++) {
        if (ascii_is(*at, ASCII_URI_HOST))
            continue;
        if (*at != '%')
            break;
        *ret_bad = at;
        if (end - at < 3 || !ascii_is(at[1], ASCII_HEX) || !ascii_is(at[2], ASCII_HEX))
            return NULL;
        at += 2;
    }
    return at;
}

/* The first byte behind the host at the front of s; NULL: *ret_bad is wrong. */
static const char *host_end(struct span s, const char **ret_bad)
{
    const char *at = s.ptr, *end = s.ptr + s.len;

    *ret_bad = at;
    if (s.len && *at == '[')
        return literal_end(s);
    while (at < end && ascii_is(*at, ASCII_URI_HOST))
        at++;
    return at < end && *at == '%' ? escapes_end(at, end, ret_bad) : at;
}

bool h1_parse_authority(struct span s, struct authority *ret_authority, const char **ret_bad)
{
    struct authority a = {0};
    const char *end = s.ptr + s.len, *at = host_end(s, ret_bad);
    uint32_t port = 0;

    if (!at)
        return false;
    a.host = span_of(s.ptr, (size_t)(at - s.ptr));
    *ret_bad = at;
    if (at < end && *at != ':')
        return false;
    if (at < end)
        at++;
    a.has_port = at < end;
    for (; at < end; at++) {
        unsigned digit = (unsigned char)*at - (unsigned)'0';

        if (digit > 9 || (port = port * 10 + digit) > UINT16_MAX) {
            *ret_bad = at;
            return false;
        }
    }
    a.port = (uint16_t)port;
    *ret_authority = a;
    return true;
}

/* Path and query at r->at up to the first byte that belongs to neither, which ends the target if it
 * is a space or the end of the line. As browsers and others send them: some bytes of a path stand
 * for themselves, and in a query also "\\" and a "%" without digits (URL Standard §4.4). */
static int read_path(struct h1_reader *r)
{
    struct message *m = r->m;
    const char *path = r->at, *query = NULL, *p = path;

    for (;;) {
        p = scanner.path(p, r->end);
        if (p == r->end)
            return H1_MORE;
        if (*p == ' ' || *p == '\r' || *p == '\n')
            break;
        if (*p == '?') {
            if (!query)
                query = p;
            p++;
        } else if (query && (*p == '%' || *p == '\\')) {
            p++;
        } else if (*p == '%') {
            for (int i = 1; i <= 2; i++) {
                if (r->end - p <= i)
                    return H1_MORE;
                if (!ascii_is(p[i], ASCII_HEX))
                    return h1_bad(r, OUTCOME_target_percent_malformed, p);
            }
            p += 3;
        } else {
            return h1_bad(r, OUTCOME_target_malformed, p);
        }
    }
    r->at = p;
    m->target.path = span_of(path, (size_t)((query ? query : p) - path));
    if (query) {
        m->target.has_query = true;
        m->target.query = span_of(query + 1, (size_t)(p - query - 1));
    }
    return H1_OK;
}

/* The bytes at r->at that may be an authority; r->at is then behind them. A "@" and a percent sign
 * without its digits are their own violations. */
static int read_authority(struct h1_reader *r, struct authority *ret_authority)
{
    const char *start = r->at, *p = start, *bad;
    struct authority a;

    for (; p < r->end; p++) {
        if (*p == '@')
            return h1_bad(r, OUTCOME_target_userinfo, p);
        if (!ascii_is(*p, ASCII_URI_HOST) && *p != ':' && *p != '%' && *p != '[' && *p != ']')
            break;
    }
    r->at = p;
    if (p == r->end)
        return H1_MORE;
    if (*p != '/' && *p != '?' && *p != ' ' && *p != '\r' && *p != '\n')
        return h1_bad(r, OUTCOME_target_malformed, p);
    if (!h1_parse_authority(span_of(start, (size_t)(p - start)), &a, &bad))
        return h1_bad(
            r, bad < p && *bad == '%' ? OUTCOME_target_percent_malformed : OUTCOME_target_malformed,
            bad);
    if (a.host.len == 0)
        return h1_bad(r, OUTCOME_target_malformed, start);
    *ret_authority = a;
    r->m->target.host = a.host;
    r->m->target.port = a.port;
    return H1_OK;
}

/* authority-form = uri-host ":" port, RFC 9112 §3.2.3 */
static int read_authority_form(struct h1_reader *r)
{
    struct authority a;
    int rc = read_authority(r, &a);

    if (rc != H1_OK)
        return rc;
    r->m->target.form = TARGET_AUTHORITY;
    if (*r->at == '/' || *r->at == '?') { // another form, which CONNECT may not have
        r->form_wrong = true;
        return read_path(r);
    }
    if (a.port == 0)
        return h1_bad(r, OUTCOME_target_malformed, r->at);
    return H1_OK;
}

/* Behind "scheme:", whose colon is at r->at. */
static int read_after_scheme(struct h1_reader *r)
{
    struct message *m = r->m;
    struct authority a;
    int rc;

    for (int i = 1; i <= 2; i++) {
        if (r->end - r->at <= i)
            return H1_MORE;
        if (r->at[i] != '/')
            return h1_bad(r, OUTCOME_target_malformed, r->at + i);
    }
    r->at += 3;
    rc = read_authority(r, &a);
    if (rc != H1_OK)
        return rc;
    m->target.form = TARGET_ABSOLUTE;
    if (*r->at == '/' || *r->at == '?') {
        rc = read_path(r);
        if (rc != H1_OK)
            return rc;
    }
    if (m->target.path.len == 0)
        m->target.path = SPAN("/");
    return H1_OK;
}

/* absolute-form, RFC 9112 §3.2.2; r->at is its first byte. */
static int read_absolute_form(struct h1_reader *r)
{
    const char *start = r->at, *p = start;

    if (!ascii_is(*p, ASCII_ALPHA))
        return h1_bad(r, OUTCOME_target_malformed, p);
    while (p < r->end &&
           (ascii_is(*p, ASCII_ALPHA | ASCII_DIGIT) || *p == '+' || *p == '-' || *p == '.'))
        p++;
    if (p == r->end)
        return H1_MORE;
    if (*p != ':')
        return h1_bad(r, OUTCOME_target_malformed, p);
    r->m->target.scheme = span_of(start, (size_t)(p - start));
    r->at = p;
    if (p + 1 == r->end)
        return H1_MORE;
    if (ascii_is(p[1], ASCII_DIGIT)) { // host:port, which only CONNECT may have
        r->m->target.scheme = span_of(NULL, 0);
        r->at = start;
        r->form_wrong = true;
        return read_authority_form(r);
    }
    if (!span_eq_nocase(r->m->target.scheme, SPAN("http")) &&
        !span_eq_nocase(r->m->target.scheme, SPAN("https")))
        return h1_bad(r, OUTCOME_target_scheme_unknown, start);
    return read_after_scheme(r);
}

int h1_read_target(struct h1_reader *r)
{
    struct message *m = r->m;

    if (*r->at == '/') {
        m->target.form = TARGET_ORIGIN;
        r->form_wrong = m->method == METHOD_CONNECT;
        return read_path(r);
    }
    if (*r->at == '*') {
        if (r->end - r->at < 2)
            return H1_MORE;
        r->at++;
        if (*r->at != ' ' && *r->at != '\r' && *r->at != '\n')
            return h1_bad(r, OUTCOME_target_malformed, r->at);
        m->target.form = TARGET_ASTERISK;
        r->form_wrong = m->method != METHOD_OPTIONS;
        return H1_OK;
    }
    if (m->method == METHOD_CONNECT)
        return read_authority_form(r);
    return read_absolute_form(r);
}
