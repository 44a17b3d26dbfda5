// SPDX-License-Identifier: MIT
#include "http/dav_fields.h"

#include "base/ascii.h"
#include "base/clock.h"
#include "http/date.h"

enum depth depth_parse(struct span value)
{
    struct span text = span_trim(value);

    if (!value.ptr)
        return DEPTH_ABSENT;
    if (span_eq(text, SPAN("0")))
        return DEPTH_0;
    if (span_eq(text, SPAN("1")))
        return DEPTH_1;
    return span_eq_nocase(text, SPAN("infinity")) ? DEPTH_INFINITY : DEPTH_MALFORMED;
}

enum overwrite overwrite_parse(struct span value)
{
    struct span text = span_trim(value);

    if (!value.ptr || span_eq_nocase(text, SPAN("T")))
        return OVERWRITE_T;
    return span_eq_nocase(text, SPAN("F")) ? OVERWRITE_F : OVERWRITE_MALFORMED;
}

/* Reads digits that fill the text; too large a number is UINT32_MAX. False: not digits. */
static bool read_seconds(struct span text, uint32_t *ret)
{
    uint64_t value = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (!ascii_is(text.ptr[i], ASCII_DIGIT))
            return false;
        value = value * 10 + (uint64_t)(text.ptr[i] - '0');
        if (value > UINT32_MAX)
            value = UINT32_MAX;
    }
    *ret = (uint32_t)value;
    return text.len > 0;
}

uint32_t timeout_parse(struct span value, const struct timeout_bounds *bounds)
{
    static const struct span second = SPAN_INIT("Second-");
    uint32_t seconds = bounds->fallback;

    while (value.len) {
        struct span member = span_trim(span_take_until(&value, ','));

        if (span_eq_nocase(member, SPAN("Infinite"))) {
            seconds = bounds->most;
            break;
        }
        if (span_eq_nocase(span_first(member, second.len), second) &&
            read_seconds(span_from(member, second.len), &seconds))
            break;
    }
    return seconds < bounds->least  ? bounds->least
           : seconds > bounds->most ? bounds->most
                                    : seconds;
}

bool coded_url_take(struct span *rest, struct span *ret)
{
    size_t end = span_find(*rest, '>');

    if (end < 2 || end == rest->len || rest->ptr[0] != '<')
        return false;
    for (size_t i = 1; i < end; i++) {
        unsigned char c = (unsigned char)rest->ptr[i];

        if (c <= ' ' || c == 0x7f || c == '<')
            return false;
    }
    *ret = span_of(rest->ptr + 1, end - 1);
    *rest = span_from(*rest, end + 1);
    return true;
}

size_t uri_scheme_length(struct span s)
{
    size_t n = 0;

    if (s.len == 0 || !ascii_is(s.ptr[0], ASCII_ALPHA))
        return 0;
    while (n < s.len && (ascii_is(s.ptr[n], ASCII_ALPHA | ASCII_DIGIT) || s.ptr[n] == '+' ||
                         s.ptr[n] == '-' || s.ptr[n] == '.'))
        n++;
    return n < s.len && s.ptr[n] == ':' ? n : 0;
}

/* A URI that lacks the brackets around it. */
static bool is_bare_uri(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if (c <= ' ' || c == 0x7f || c == '<' || c == '>')
            return false;
    }
    return uri_scheme_length(text) != 0;
}

bool lock_token_parse(struct span value, struct span *ret_token)
{
    struct span rest = span_trim(value), token = rest;

    if (is_bare_uri(rest))
        rest = SPAN("");
    else if (!coded_url_take(&rest, &token))
        return false;
    if (rest.len)
        return false;
    *ret_token = token;
    return true;
}

/* The value of the escape at the front of s, or -1. */
static int read_escape(struct span s)
{
    int high = s.len > 2 && s.ptr[0] == '%' ? ascii_hex_value(s.ptr[1]) : -1;
    int low = high < 0 ? -1 : ascii_hex_value(s.ptr[2]);

    return low < 0 ? -1 : high << 4 | low;
}

/* The offset of the first octet that may not be in a path, query or fragment; s.len: none.
 * extra: what is allowed beside pchar and what is sent raw. */
static size_t find_foreign(struct span s, struct span extra)
{
    size_t i = 0;

    while (i < s.len) {
        if (s.ptr[i] == '%') {
            if (read_escape(span_from(s, i)) < 0)
                return i;
            i += 3;
        } else if (ascii_is(s.ptr[i], ASCII_PCHAR | ASCII_RAW) ||
                   span_find(extra, s.ptr[i]) < extra.len) {
            i++;
        } else {
            return i;
        }
    }
    return s.len;
}

/* The offset of the ":" before the port of an authority without user information; its length when
 * there is none. */
static size_t find_port(struct span authority)
{
    size_t i = authority.len;

    while (i > 0 && ascii_is(authority.ptr[i - 1], ASCII_DIGIT))
        i--;
    return i > 0 && authority.ptr[i - 1] == ':' ? i - 1 : authority.len;
}

static bool is_authority(struct span s)
{
    struct span host = span_first(s, find_port(s));

    if (host.len == 0)
        return false;
    if (host.ptr[0] == '[') { // IP-literal, RFC 3986 §3.2.2
        if (host.len < 4 || host.ptr[host.len - 1] != ']')
            return false;
        for (size_t i = 1; i + 1 < host.len; i++)
            if (!ascii_is(host.ptr[i], ASCII_URI_HOST) && host.ptr[i] != ':')
                return false;
        return true;
    }
    for (size_t i = 0; i < host.len; i++)
        if (!ascii_is(host.ptr[i], ASCII_URI_HOST) &&
            (host.ptr[i] != '%' || read_escape(span_from(host, i)) < 0))
            return false;
    return true;
}

/* Takes "scheme://authority" off the front of *rest, if it begins with a scheme. */
static bool take_origin(struct span *rest, struct destination *d)
{
    size_t scheme = uri_scheme_length(*rest), end = 0;
    struct span s = span_from(*rest, scheme + 1);

    if (scheme == 0)
        return rest->len > 0 && rest->ptr[0] == '/' && !span_starts(*rest, SPAN("//"));
    if (!span_starts(s, SPAN("//")))
        return false;
    s = span_from(s, 2);
    while (end < s.len && s.ptr[end] != '/' && s.ptr[end] != '?' && s.ptr[end] != '#')
        end++;
    d->scheme = span_first(*rest, scheme);
    d->authority = span_first(s, end);
    *rest = span_from(s, end);
    return is_authority(d->authority);
}

/* Splits into *d. False: malformed, at *ret_at. */
static bool split(struct span value, struct destination *d, const char **ret_at)
{
    struct span rest = value;
    size_t n;

    *ret_at = value.ptr;
    if (!take_origin(&rest, d))
        return false;
    n = span_find(rest, '#');
    if (n < rest.len)
        d->fragment = span_from(rest, n + 1);
    rest = span_first(rest, n);
    n = span_find(rest, '?');
    if (n < rest.len)
        d->query = span_from(rest, n + 1);
    d->path = span_first(rest, n);
    if (d->path.len == 0)
        d->path = SPAN("/"); // RFC 9110 §4.2.3
    if ((n = find_foreign(d->path, SPAN("/"))) < d->path.len) {
        *ret_at = d->path.ptr + n;
        return false;
    }
    if ((n = find_foreign(d->query, SPAN("/?"))) < d->query.len) {
        *ret_at = d->query.ptr + n;
        return false;
    }
    if ((n = find_foreign(d->fragment, SPAN("/?"))) < d->fragment.len) {
        *ret_at = d->fragment.ptr + n;
        return false;
    }
    return true;
}

/* The offset of the escape of that octet in path; its length when there is none. */
static size_t find_escape(struct span path, int octet)
{
    for (size_t i = 0; i < path.len; i++)
        if (path.ptr[i] == '%' && read_escape(span_from(path, i)) == octet)
            return i;
    return path.len;
}

/* The number of dots of which the segment consists, escaped or not; 0: it is something else. */
static int count_dots(struct span segment)
{
    int dots = 0;

    for (size_t i = 0; i < segment.len; dots++) {
        if (segment.ptr[i] == '.')
            i++;
        else if (read_escape(span_from(segment, i)) == '.')
            i += 3;
        else
            return 0;
    }
    return dots;
}

/* The offset of the segment that climbs above the root; the length when there is none. */
static size_t find_climb(struct span path)
{
    struct span rest = span_from(path, 1);
    long level = 0;

    while (rest.len) {
        size_t at = path.len - rest.len;
        struct span segment = span_take_until(&rest, '/');
        int dots = count_dots(segment);

        if (segment.len && dots != 1) // several slashes are one
            level += dots == 2 ? -1 : 1;
        if (level < 0)
            return at;
    }
    return path.len;
}

enum destination_result destination_parse(struct span value, struct destination *ret,
                                          size_t *ret_offset)
{
    struct destination d = {.scheme = {NULL, 0}};
    enum destination_result result = DESTINATION_OK;
    const char *at;
    size_t n;

    if (!split(span_trim(value), &d, &at)) {
        *ret_offset = value.ptr ? (size_t)(at - value.ptr) : 0;
        return DESTINATION_MALFORMED;
    }
    if (d.fragment.ptr) {
        result = DESTINATION_HAS_FRAGMENT;
        at = d.fragment.ptr - 1;
    } else if (d.query.ptr) {
        result = DESTINATION_HAS_QUERY;
        at = d.query.ptr - 1;
    } else if ((n = find_escape(d.path, '\0')) < d.path.len) {
        result = DESTINATION_ENCODED_NUL;
        at = d.path.ptr + n;
    } else if ((n = find_escape(d.path, '/')) < d.path.len) {
        result = DESTINATION_ENCODED_SLASH;
        at = d.path.ptr + n;
    } else if ((n = find_climb(d.path)) < d.path.len) {
        result = DESTINATION_ABOVE_ROOT;
        at = d.path.ptr + n;
    }
    *ret = d;
    if (result != DESTINATION_OK)
        *ret_offset = (size_t)(at - value.ptr);
    return result;
}

/* The port, without leading zeros; the scheme's own when none is written, empty when it has none.
 */
static struct span port_of(struct span scheme, struct span authority)
{
    struct span port = span_from(authority, find_port(authority) + 1);

    while (port.len > 1 && port.ptr[0] == '0')
        port = span_from(port, 1);
    if (port.len)
        return port;
    if (span_eq_nocase(scheme, SPAN("http")))
        return SPAN("80");
    return span_eq_nocase(scheme, SPAN("https")) ? SPAN("443") : SPAN("");
}

static bool host_eq(struct span a, struct span b)
{
    return span_eq_nocase(span_first(a, find_port(a)), span_first(b, find_port(b)));
}

bool authority_eq(struct span scheme_a, struct span a, struct span scheme_b, struct span b)
{
    return host_eq(a, b) && span_eq(port_of(scheme_a, a), port_of(scheme_b, b));
}

bool destination_is_here(const struct destination *d, struct span host)
{
    if (!d->scheme.ptr)
        return true;
    return (span_eq_nocase(d->scheme, SPAN("http")) || span_eq_nocase(d->scheme, SPAN("https"))) &&
           authority_eq(d->scheme, d->authority, d->scheme, host);
}

bool oc_mtime_parse(struct span value, int64_t *ret_unix)
{
    struct span text = span_trim(value), whole;
    bool negative = text.len && text.ptr[0] == '-', has_fraction;
    uint64_t seconds;

    text = span_from(text, negative);
    has_fraction = span_find(text, '.') < text.len;
    whole = span_take_until(&text, '.');
    if (!span_to_u64(whole, INT64_MAX / CLOCK_SECOND, &seconds) || (has_fraction && text.len == 0))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!ascii_is(text.ptr[i], ASCII_DIGIT))
            return false;
    *ret_unix = negative ? -(int64_t)seconds : (int64_t)seconds;
    return true;
}

bool expected_length_parse(struct span value, uint64_t *ret_length)
{
    return span_to_u64(span_trim(value), INT64_MAX, ret_length);
}
