// SPDX-License-Identifier: MIT
#include "server/config/listen.h"

#include "base/error.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

static int port_parse(struct span text, in_port_t *ret_port)
{
    uint64_t port;

    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return -CANDOR_E_SYNTAX;
    if (text.len == 0)
        return -CANDOR_E_SYNTAX;
    if (!span_to_u64(text, UINT16_MAX, &port))
        return -CANDOR_E_RANGE;
    *ret_port = htons((uint16_t)port);
    return 0;
}

/* Fills in family and address; host is "" (every address), IPv4 or IPv6 without brackets. */
static bool address_parse(struct span host, bool bracketed, struct sockaddr_storage *to,
                          socklen_t *len)
{
    char text[INET6_ADDRSTRLEN];

    if (host.len >= sizeof text || memchr(host.ptr, '\0', host.len))
        return false;
    memcpy(text, host.ptr, host.len);
    text[host.len] = '\0';
    if (bracketed) {
        struct sockaddr_in6 *six = (struct sockaddr_in6 *)to;

        six->sin6_family = AF_INET6;
        *len = sizeof *six;
        return inet_pton(AF_INET6, text, &six->sin6_addr) == 1;
    }
    struct sockaddr_in *four = (struct sockaddr_in *)to;

    four->sin_family = AF_INET;
    *len = sizeof *four;
    return inet_pton(AF_INET, text, &four->sin_addr) == 1;
}

static void port_set(struct sockaddr_storage *to, in_port_t port)
{
    if (to->ss_family == AF_INET6)
        ((struct sockaddr_in6 *)to)->sin6_port = port;
    else
        ((struct sockaddr_in *)to)->sin_port = port;
}

int listen_parse(struct span text, struct sockaddr_storage *ret, socklen_t *ret_len)
{
    struct sockaddr_storage address = {0};
    struct span host, port_text;
    bool bracketed = false;
    in_port_t port = 0;
    socklen_t len = 0;
    int r;

    if (span_starts(text, SPAN("["))) {
        size_t close = span_find(text, ']');

        if (close + 1 >= text.len || text.ptr[close + 1] != ':')
            return -CANDOR_E_SYNTAX;
        bracketed = true;
        host = span_of(text.ptr + 1, close - 1);
        port_text = span_from(text, close + 2);
    } else {
        size_t colon = span_find(text, ':');

        bracketed = colon == 0 && text.len > 0;
        host = bracketed           ? SPAN("::")
               : colon == text.len ? SPAN("127.0.0.1")
                                   : span_first(text, colon);
        port_text = colon == text.len ? text : span_from(text, colon + 1);
    }
    r = port_parse(port_text, &port);
    if (r < 0)
        return r;
    if (!address_parse(host, bracketed, &address, &len))
        return -CANDOR_E_SYNTAX;
    port_set(&address, port);
    *ret = address;
    *ret_len = len;
    return 0;
}

uint16_t listen_port(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)address)->sin_port);
    if (address->sa_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
    return 0;
}

size_t listen_print_host(const struct sockaddr *address, char out[LISTEN_TEXT])
{
    out[0] = '\0';
    if (address->sa_family == AF_INET) {
        inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, out, LISTEN_TEXT);
    } else if (address->sa_family == AF_INET6) {
        const struct in6_addr *six = &((const struct sockaddr_in6 *)address)->sin6_addr;

        if (IN6_IS_ADDR_V4MAPPED(six))
            inet_ntop(AF_INET, &six->s6_addr[12], out, LISTEN_TEXT);
        else
            inet_ntop(AF_INET6, six, out, LISTEN_TEXT);
    }
    return strlen(out);
}

size_t listen_print(const struct sockaddr *address, char out[LISTEN_TEXT])
{
    char host[LISTEN_TEXT];
    int n;

    if (listen_print_host(address, host) == 0) {
        out[0] = '\0';
        return 0;
    }
    n = snprintf(out, LISTEN_TEXT, strchr(host, ':') ? "[%.45s]:%u" : "%.45s:%u", host,
                 (unsigned)listen_port(address));
    return (size_t)n;
}

bool listen_is_loopback(const struct sockaddr *address)
{
    const struct in6_addr *six = &((const struct sockaddr_in6 *)address)->sin6_addr;

    if (address->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 ==
               IN_LOOPBACKNET;
    return address->sa_family == AF_INET6 &&
           (IN6_IS_ADDR_LOOPBACK(six) ||
            (IN6_IS_ADDR_V4MAPPED(six) && six->s6_addr[12] == IN_LOOPBACKNET));
}

bool listen_equal(const struct sockaddr *a, const struct sockaddr *b)
{
    if (a->sa_family != b->sa_family || listen_port(a) != listen_port(b))
        return false;
    if (a->sa_family == AF_INET)
        return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
               ((const struct sockaddr_in *)b)->sin_addr.s_addr;
    return a->sa_family == AF_INET6 &&
           IN6_ARE_ADDR_EQUAL(&((const struct sockaddr_in6 *)a)->sin6_addr,
                              &((const struct sockaddr_in6 *)b)->sin6_addr);
}
