// SPDX-License-Identifier: MIT
#include "http/json_format.h"

#include "base/ascii.h"
#include "http/json_pattern.h"

#include <arpa/inet.h>

/* ---- Dates and times, RFC 3339 §5.6 and appendix A */

/* Takes exactly so many digits. */
static bool take_digits(struct span *s, size_t count, unsigned *ret)
{
    unsigned value = 0;

    if (s->len < count)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!ascii_is(s->ptr[i], ASCII_DIGIT))
            return false;
        value = value * 10 + (unsigned)(s->ptr[i] - '0');
    }
    *s = span_from(*s, count);
    *ret = value;
    return true;
}

static bool take_char(struct span *s, char c)
{
    if (s->len == 0 || s->ptr[0] != c)
        return false;
    *s = span_from(*s, 1);
    return true;
}

static bool take_date(struct span *s)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year, month, day;
    bool is_leap;

    if (!take_digits(s, 4, &year) || !take_char(s, '-') || !take_digits(s, 2, &month) ||
        !take_char(s, '-') || !take_digits(s, 2, &day) || month < 1 || month > 12)
        return false;
    is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return day >= 1 && day <= days[month - 1] + (unsigned)(month == 2 && is_leap);
}

static bool take_time(struct span *s)
{
    unsigned hour, minute, second, zone_hour = 0, zone_minute = 0, in_utc;
    bool is_east = false;

    if (!take_digits(s, 2, &hour) || !take_char(s, ':') || !take_digits(s, 2, &minute) ||
        !take_char(s, ':') || !take_digits(s, 2, &second) || hour > 23 || minute > 59 ||
        second > 60)
        return false;
    if (take_char(s, '.')) {
        unsigned digit;

        if (!take_digits(s, 1, &digit))
            return false;
        while (take_digits(s, 1, &digit)) {
        }
    }
    if (!take_char(s, 'Z') && !take_char(s, 'z')) {
        is_east = take_char(s, '+');
        if ((!is_east && !take_char(s, '-')) || !take_digits(s, 2, &zone_hour) ||
            !take_char(s, ':') || !take_digits(s, 2, &zone_minute) || zone_hour > 23 ||
            zone_minute > 59)
            return false;
    }
    in_utc = is_east ? hour * 60 + minute + 1440 - zone_hour * 60 - zone_minute
                     : hour * 60 + minute + zone_hour * 60 + zone_minute;
    return second < 60 || in_utc % 1440 == 1439; // a leap second ends a day in UTC
}

static bool is_date(struct span s)
{
    return take_date(&s) && s.len == 0;
}

static bool is_time(struct span s)
{
    return take_time(&s) && s.len == 0;
}

static bool is_date_time(struct span s)
{
    return take_date(&s) && (take_char(&s, 'T') || take_char(&s, 't')) && take_time(&s) &&
           s.len == 0;
}

/* Numbers, each with the next of these units that it finds; how many. -1: a number has none. */
static int take_units(struct span *s, const char *units)
{
    int count = 0;

    while (s->len && ascii_is(s->ptr[0], ASCII_DIGIT)) {
        const char *found;

        while (s->len && ascii_is(s->ptr[0], ASCII_DIGIT))
            *s = span_from(*s, 1);
        found = s->len && s->ptr[0] ? strchr(units, s->ptr[0]) : NULL;
        // Units follow each other without a gap: P1Y1D is none.
        if (!found || (count && found != units))
            return -1;
        units = found + 1;
        *s = span_from(*s, 1);
        count++;
    }
    return count;
}

static bool is_duration(struct span s)
{
    int dates, times = 0;

    if (!take_char(&s, 'P'))
        return false;
    if (s.len && s.ptr[s.len - 1] == 'W')
        return take_units(&s, "W") == 1 && s.len == 0;
    dates = take_units(&s, "YMD");
    if (take_char(&s, 'T') && (times = take_units(&s, "HMS")) == 0)
        return false;
    return dates >= 0 && times >= 0 && dates + times > 0 && s.len == 0;
}

/* ---- Names of hosts */

static bool is_hostname(struct span s)
{
    if (s.len == 0 || s.len > 253)
        return false;
    for (;;) {
        size_t n = span_find(s, '.');
        struct span label = span_first(s, n);

        if (label.len == 0 || label.len > 63 || label.ptr[0] == '-' || label.ptr[n - 1] == '-')
            return false;
        for (size_t i = 0; i < n; i++)
            if (!ascii_is(label.ptr[i], ASCII_ALPHA | ASCII_DIGIT) && label.ptr[i] != '-')
                return false;
        if (n == s.len)
            return true;
        s = span_from(s, n + 1);
    }
}

static bool is_address(int family, struct span s)
{
    char text[INET6_ADDRSTRLEN];
    unsigned char address[16];

    if (s.len >= sizeof text || span_find(s, '\0') < s.len)
        return false;
    memcpy(text, s.len ? s.ptr : "", s.len);
    text[s.len] = '\0';
    return inet_pton(family, text, address) == 1;
}

static bool is_ipv4(struct span s)
{
    return is_address(AF_INET, s);
}

static bool is_ipv6(struct span s)
{
    return is_address(AF_INET6, s);
}

/* RFC 5321 §4.1.2 */
static bool is_email(struct span s)
{
    struct span local, domain;
    size_t at = s.len;

    while (at && s.ptr[at - 1] != '@')
        at--;
    if (at < 2)
        return false;
    local = span_first(s, at - 1);
    domain = span_from(s, at);
    if (local.len > 1 && local.ptr[0] == '"' && local.ptr[local.len - 1] == '"') {
        local = span_of(local.ptr + 1, local.len - 2);
        for (size_t i = 0; i < local.len; i++) {
            if (local.ptr[i] == '\\')
                i++;
            else if (local.ptr[i] == '"')
                return false;
            if (i == local.len || (unsigned char)local.ptr[i] < 0x20 ||
                (unsigned char)local.ptr[i] > 0x7e)
                return false;
        }
    } else {
        for (size_t i = 0; i < local.len; i++)
            if (!ascii_is(local.ptr[i], ASCII_TCHAR) && !strchr("/=?{}.", local.ptr[i]))
                return false;
        for (size_t i = 0; i <= local.len; i++)
            if ((i == local.len || local.ptr[i] == '.') && (i == 0 || local.ptr[i - 1] == '.'))
                return false;
    }
    if (domain.len > 2 && domain.ptr[0] == '[' && domain.ptr[domain.len - 1] == ']') {
        domain = span_of(domain.ptr + 1, domain.len - 2);
        return span_starts(domain, SPAN("IPv6:")) ? is_ipv6(span_from(domain, 5)) : is_ipv4(domain);
    }
    return is_hostname(domain);
}

/* ---- URIs, RFC 3986 appendix A */

/* Only pchar, percent-encoded octets, and what else is allowed there. */
static bool is_of_uri(struct span s, const char *besides)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];

        if (c == '%') {
            if (s.len - i < 3 || ascii_hex_value(s.ptr[i + 1]) < 0 ||
                ascii_hex_value(s.ptr[i + 2]) < 0)
                return false;
            i += 2;
        } else if (!c || (!ascii_is(c, ASCII_PCHAR) && !strchr(besides, c))) {
            return false;
        }
    }
    return true;
}

static bool is_authority(struct span s)
{
    size_t at = span_find(s, '@'), end;

    if (at < s.len) {
        if (!is_of_uri(span_first(s, at), ""))
            return false;
        s = span_from(s, at + 1);
    }
    if (s.len && s.ptr[0] == '[') {
        struct span literal;

        end = span_find(s, ']');
        if (end == s.len)
            return false;
        literal = span_of(s.ptr + 1, end - 1);
        if (!is_ipv6(literal) &&
            (literal.len < 4 || ascii_lower(literal.ptr[0]) != 'v' || !is_of_uri(literal, "")))
            return false;
        s = span_from(s, end + 1);
        if (s.len && s.ptr[0] != ':')
            return false;
    } else {
        end = span_find(s, ':');
        if (!is_of_uri(span_first(s, end), "") || span_find(span_first(s, end), '@') < end)
            return false;
        s = span_from(s, end);
    }
    for (size_t i = 1; i < s.len; i++)
        if (!ascii_is(s.ptr[i], ASCII_DIGIT))
            return false;
    return true;
}

/* The length of a scheme with its colon; 0: there is none. */
static size_t scheme_length(struct span s)
{
    if (s.len == 0 || !ascii_is(s.ptr[0], ASCII_ALPHA))
        return 0;
    for (size_t i = 1; i < s.len; i++) {
        if (s.ptr[i] == ':')
            return i + 1;
        if (!ascii_is(s.ptr[i], ASCII_ALPHA | ASCII_DIGIT) && !strchr("+-.", s.ptr[i]))
            return 0;
    }
    return 0;
}

static bool is_hierarchy(struct span s, bool is_relative)
{
    struct span fragment = span_from(s, span_find(s, '#') + 1), query, path;
    size_t n;

    s = span_first(s, span_find(s, '#'));
    query = span_from(s, span_find(s, '?') + 1);
    path = span_first(s, span_find(s, '?'));
    if (!is_of_uri(fragment, "/?") || !is_of_uri(query, "/?"))
        return false;
    if (span_starts(path, SPAN("//"))) {
        path = span_from(path, 2);
        n = span_find(path, '/');
        if (!is_authority(span_first(path, n)))
            return false;
        path = span_from(path, n);
    } else if (is_relative && span_find(path, ':') < span_find(path, '/')) {
        return false;
    }
    return is_of_uri(path, "/");
}

static bool is_uri(struct span s)
{
    size_t n = scheme_length(s);

    return n && is_hierarchy(span_from(s, n), false);
}

static bool is_uri_reference(struct span s)
{
    return is_uri(s) || (scheme_length(s) == 0 && is_hierarchy(s, true));
}

/* ---- Others */

static bool is_uuid(struct span s)
{
    if (s.len != 36)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (is_dash ? s.ptr[i] != '-' : ascii_hex_value(s.ptr[i]) < 0)
            return false;
    }
    return true;
}

static bool is_json_pointer(struct span s)
{
    if (s.len && s.ptr[0] != '/')
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] == '~' && (i + 1 == s.len || (s.ptr[i + 1] != '0' && s.ptr[i + 1] != '1')))
            return false;
    return true;
}

static bool is_relative_json_pointer(struct span s)
{
    size_t n = 0;

    while (n < s.len && ascii_is(s.ptr[n], ASCII_DIGIT))
        n++;
    if (n == 0 || (n > 1 && s.ptr[0] == '0'))
        return false;
    s = span_from(s, n);
    return span_eq(s, SPAN("#")) || is_json_pointer(s);
}

static bool is_regex(struct span s)
{
    struct json_pattern_fault fault;
    struct json_pattern *p;

    if (json_pattern_compile(s, &p, &fault) < 0)
        return false;
    json_pattern_free(p);
    return true;
}

static const struct json_format formats[] = {
    {"date", "a date, such as 2024-02-29 (RFC 3339)", is_date},
    {"date-time", "a date with a time, such as 2024-02-29T12:30:00Z (RFC 3339)", is_date_time},
    {"duration", "a duration, such as P1DT12H (RFC 3339)", is_duration},
    {"email", "an email address (RFC 5321)", is_email},
    {"hostname", "the name of a host (RFC 1123)", is_hostname},
    {"ipv4", "an IPv4 address, such as 192.0.2.1", is_ipv4},
    {"ipv6", "an IPv6 address, such as 2001:db8::1", is_ipv6},
    {"json-pointer", "a JSON Pointer, such as /a/0 (RFC 6901)", is_json_pointer},
    {"regex", "a regular expression (ECMA-262)", is_regex},
    {"relative-json-pointer", "a relative JSON Pointer, such as 1/a", is_relative_json_pointer},
    {"time", "a time with its zone, such as 12:30:00Z (RFC 3339)", is_time},
    {"uri", "a URI with its scheme (RFC 3986)", is_uri},
    {"uri-reference", "a URI, or a relative reference (RFC 3986)", is_uri_reference},
    {"uuid", "a UUID, such as 2eb8aa08-aa98-11ea-b4aa-73b441d16380 (RFC 4122)", is_uuid},
};

const struct json_format *json_format_from_name(struct span name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (span_eq(name, span_from_str(formats[i].name)))
            return &formats[i];
    return NULL;
}
