// SPDX-License-Identifier: MIT
#include "upstream/address.h"

#include "base/ascii.h"

#include <arpa/inet.h>
#include <sys/un.h>

enum {
    HOST_LENGTH = 253, // of a name: RFC 1035 §2.3.4, less what only the wire has
    LABEL_LENGTH = 63,
    SOCKET_PATH = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1,
    PORT_HTTP = 80,
};

/* What is being read: what is left of the text, and why it is refused. */
struct reading {
    struct span text, rest;
    const char *why;
    size_t at;
};

static bool refuse_at(struct reading *r, const char *at, const char *why)
{
    r->why = why;
    r->at = (size_t)(at - r->text.ptr);
    return false;
}

static bool refuse(struct reading *r, const char *why)
{
    return refuse_at(r, r->rest.ptr, why);
}

static bool take_prefix(struct reading *r, struct span prefix)
{
    if (!span_eq_nocase(span_first(r->rest, prefix.len), prefix))
        return false;
    r->rest = span_from(r->rest, prefix.len);
    return true;
}

static bool pton(int family, struct span host, void *ret_address)
{
    char text[INET6_ADDRSTRLEN];

    if (host.len >= sizeof text || span_find(host, '\0') < host.len)
        return false;
    memcpy(text, host.ptr, host.len);
    text[host.len] = '\0';
    return inet_pton(family, text, ret_address) == 1;
}

static bool has_digits_only(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!ascii_is(s.ptr[i], ASCII_DIGIT))
            return false;
    return s.len > 0;
}

static bool read_name(struct reading *r, struct span host)
{
    struct span rest = host, label = {0};
    struct in_addr four;

    if (host.len > HOST_LENGTH)
        return refuse(r, "has a host of more than 253 characters");
    for (size_t i = 0; i < host.len; i++)
        if (!ascii_is(host.ptr[i], ASCII_TCHAR) || strchr("!#$%&'*+^`|~", host.ptr[i]))
            return refuse_at(
                r, host.ptr + i,
                "has a host that is neither an address nor a name of letters, digits, \".\","
                " \"-\" and \"_\"");
    while (rest.len) {
        label = span_take_until(&rest, '.');
        if (label.len == 0 || label.len > LABEL_LENGTH)
            return refuse_at(r, label.ptr,
                             "has a host with no character, or more than 63, between its dots");
    }
    // What ends in a number is never looked up: RFC 3986 §3.2.2 takes it for an address.
    if (has_digits_only(label) && !pton(AF_INET, host, &four))
        return refuse(r,
                      "has a host that ends in a number, and is no IPv4 address such as 127.0.0.1");
    return true;
}

static bool read_host(struct reading *r, struct upstream_address *a)
{
    size_t end = 0;
    struct in6_addr six;

    if (r->rest.len && r->rest.ptr[0] == '[') {
        end = span_find(r->rest, ']');
        a->host = span_from(span_first(r->rest, end), 1);
        if (end == r->rest.len || !pton(AF_INET6, a->host, &six))
            return refuse(r, "has brackets around what is no IPv6 address, as in [::1]");
        r->rest = span_from(r->rest, end + 1);
        return true;
    }
    while (end < r->rest.len && !strchr(":/?#@", r->rest.ptr[end]))
        end++;
    a->host = span_first(r->rest, end);
    if (end == 0)
        return refuse(r, "has no host");
    if (memchr(r->rest.ptr, '@', r->rest.len))
        return refuse(r, "has a user or a password in it");
    if (!read_name(r, a->host))
        return false;
    r->rest = span_from(r->rest, end);
    return true;
}

static bool read_port(struct reading *r, struct upstream_address *a)
{
    struct span digits;
    uint64_t port;
    size_t end = 0;

    r->rest = span_from(r->rest, 1);
    while (end < r->rest.len && r->rest.ptr[end] != '/' && r->rest.ptr[end] != '?' &&
           r->rest.ptr[end] != '#')
        end++;
    digits = span_first(r->rest, end);
    if (!has_digits_only(digits) || digits.len > 5 || !span_to_u64(digits, UINT16_MAX, &port) ||
        port == 0)
        return refuse(r, "has a port that is no number from 1 to 65535");
    a->port = (uint16_t)port;
    r->rest = span_from(r->rest, end);
    return true;
}

static bool is_dot_segment(struct span segment)
{
    return span_eq(segment, SPAN(".")) || span_eq(segment, SPAN(".."));
}

/* The rest: what is put before each path. */
static bool read_base(struct reading *r, struct upstream_address *a)
{
    struct span rest = r->rest;

    for (size_t i = 0; i < rest.len; i++) {
        char c = rest.ptr[i];

        if (c == '?' || c == '#')
            return refuse_at(r, rest.ptr + i, "has a query or a fragment");
        if (c == '%' && i + 2 < rest.len && ascii_hex_value(rest.ptr[i + 1]) >= 0 &&
            ascii_hex_value(rest.ptr[i + 2]) >= 0)
            continue;
        if (c != '/' && !ascii_is(c, ASCII_PCHAR))
            return refuse_at(r, rest.ptr + i,
                             "has a path with what no URI may have; it is written as %XX");
    }
    if (rest.len && rest.ptr[rest.len - 1] == '/')
        rest.len--;
    if (rest.len && rest.ptr[rest.len - 1] == '/')
        return refuse_at(r, rest.ptr + rest.len,
                         "has a path with an empty segment, \".\" or \"..\"");
    a->base = rest.len ? rest : (struct span){0};
    for (rest = span_from(rest, 1); rest.len;) {
        struct span segment = span_take_until(&rest, '/');

        if (segment.len == 0 || is_dot_segment(segment))
            return refuse_at(r, segment.ptr, "has a path with an empty segment, \".\" or \"..\"");
    }
    return true;
}

/* HOST[:PORT], and what may follow. */
static bool read_authority(struct reading *r, struct upstream_address *a)
{
    bool is_http = a->scheme == UPSTREAM_HTTP;
    const char *begin = r->rest.ptr;

    if (!read_host(r, a))
        return false;
    if (r->rest.len && r->rest.ptr[0] == ':') {
        if (!read_port(r, a))
            return false;
    } else if (is_http) {
        a->port = PORT_HTTP;
    } else {
        return refuse(r, "has no port, and FastCGI has none of its own; write one, such as :9000");
    }
    a->authority = span_of(begin, (size_t)(r->rest.ptr - begin));
    if (!is_http && r->rest.len)
        return refuse(r, "goes on behind its port, where an address of FastCGI ends");
    if (r->rest.len && r->rest.ptr[0] == '@')
        return refuse(r, "has a user or a password in it");
    if (r->rest.len && !strchr("/?#", r->rest.ptr[0]))
        return refuse(r, "has something behind its host that is neither a port nor a path");
    return read_base(r, a);
}

static bool read_socket(struct reading *r, struct upstream_address *a)
{
    struct span path = r->rest;

    if (!path.len || path.ptr[0] != '/')
        return refuse(r, "has the path of a socket that does not begin with \"/\"");
    if (a->scheme == UPSTREAM_HTTP)
        for (size_t i = 0; i + 1 < path.len; i++)
            if (path.ptr[i] == ':' && path.ptr[i + 1] == '/')
                path.len = i;
    if (span_find(path, '\0') < path.len)
        return refuse(r, "has a NUL in the path of its socket");
    if (path.len > SOCKET_PATH)
        return refuse(r, "has the path of a socket of more than 107 bytes");
    a->socket_path = path;
    a->authority = SPAN("localhost");
    r->rest = span_from(r->rest, path.len + 1);
    return read_base(r, a);
}

static bool read_address(struct reading *r, struct upstream_address *a)
{
    if (take_prefix(r, SPAN("http://")))
        return read_authority(r, a);
    if (take_prefix(r, SPAN("unix:")))
        return read_socket(r, a);
    a->scheme = UPSTREAM_FCGI;
    if (take_prefix(r, SPAN("fcgi://")))
        return read_authority(r, a);
    if (take_prefix(r, SPAN("fcgi+unix:")))
        return read_socket(r, a);
    if (take_prefix(r, SPAN("https://")))
        return refuse_at(
            r, r->text.ptr,
            "wants TLS, which is not spoken to upstreams yet; use http:// where the way"
            " is safe, or a proxy beside the upstream");
    return refuse(r, "begins with none of http://, unix:/, fcgi:// and fcgi+unix:/");
}

bool upstream_address_parse(struct span text, struct upstream_address *ret_address,
                            const char **ret_why, size_t *ret_at)
{
    struct upstream_address a = {.scheme = UPSTREAM_HTTP, .text = text};
    struct reading r = {.text = text, .rest = text};

    if (!read_address(&r, &a)) {
        *ret_why = r.why;
        *ret_at = r.at;
        return false;
    }
    *ret_address = a;
    return true;
}
