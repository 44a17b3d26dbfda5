// SPDX-License-Identifier: MIT
#include "server/config/listen.h"

#include "base/ascii.h"
#include "base/error.h"
#include "graph/client.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/un.h>

#define UNIX_PREFIX "unix:"

enum {
    HOST_LENGTH = 253, // bytes of a host: RFC 1035 §2.3.4, less what only the wire has
    LISTEN_PATH = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1,
};

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

void listen_set_port(struct listen_address *address, uint16_t number)
{
    struct sockaddr_storage *to = &address->socket;
    in_port_t port = htons(number);

    if (to->ss_family == AF_INET6)
        ((struct sockaddr_in6 *)to)->sin6_port = port;
    else
        ((struct sockaddr_in *)to)->sin_port = port;
}

/* One that a name server, or the hosts file, could know; what ends in a number is an address that
 * is not well-formed. */
static bool is_host_name(struct span text)
{
    size_t label = 0; // where the last one begins

    if (text.len == 0 || text.len > HOST_LENGTH)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '.' && i + 1 < text.len)
            label = i + 1;
        if (!ascii_is(text.ptr[i], ASCII_ALPHA | ASCII_DIGIT) && text.ptr[i] != '-' &&
            text.ptr[i] != '.' && text.ptr[i] != '_')
            return false;
    }
    return ascii_is(text.ptr[0], ASCII_ALPHA | ASCII_DIGIT) &&
           !ascii_is(text.ptr[label], ASCII_DIGIT);
}

/* "fe80::1%eth0": RFC 4007 §11. */
static bool is_zoned(struct span text)
{
    struct sockaddr_storage address = {0};
    size_t percent = span_find(text, '%');
    socklen_t len;

    if (percent + 1 >= text.len || text.len > HOST_LENGTH)
        return false;
    for (size_t i = percent + 1; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] >= 0x7f || text.ptr[i] == '%' || text.ptr[i] == '/')
            return false;
    return address_parse(span_first(text, percent), true, &address, &len);
}

/* Takes text apart at its last colon, or at the bracket before it; false: it has no such form. */
static bool split(struct span text, struct span *ret_host, bool *ret_bracketed,
                  struct span *ret_port)
{
    size_t colon = span_find(text, ':'), close = span_find(text, ']');

    *ret_bracketed = true;
    if (span_starts(text, SPAN("["))) {
        if (close + 1 >= text.len || text.ptr[close + 1] != ':')
            return false;
        *ret_host = span_of(text.ptr + 1, close - 1);
        *ret_port = span_from(text, close + 2);
    } else if (colon == 0 && text.len) {
        *ret_host = SPAN("::");
        *ret_port = span_from(text, 1);
    } else {
        *ret_bracketed = false;
        *ret_host = colon == text.len ? SPAN("127.0.0.1") : span_first(text, colon);
        *ret_port = colon == text.len ? text : span_from(text, colon + 1);
    }
    return true;
}

int listen_parse(struct span text, struct listen_address *ret)
{
    struct listen_address address = {0};
    struct span host, port_text;
    bool bracketed;
    in_port_t port = 0;
    int r;

    if (span_starts(text, SPAN(UNIX_PREFIX)))
        return listen_at_path(listen_path(text), ret);
    if (!split(text, &host, &bracketed, &port_text))
        return -CANDOR_E_SYNTAX;
    r = port_parse(port_text, &port);
    if (r < 0)
        return r;
    if (address_parse(host, bracketed, &address.socket, &address.len))
        listen_set_port(&address, ntohs(port));
    else if (bracketed ? is_zoned(host) : is_host_name(host))
        address = (struct listen_address){.host = host, .port = ntohs(port)};
    else
        return -CANDOR_E_SYNTAX;
    *ret = address;
    return 0;
}

struct span listen_path(struct span text)
{
    return span_starts(text, SPAN(UNIX_PREFIX)) ? span_from(text, sizeof UNIX_PREFIX - 1)
                                                : SPAN("");
}

int listen_at_path(struct span path, struct listen_address *ret)
{
    struct sockaddr_un socket = {.sun_family = AF_UNIX};

    if (path.len == 0 || path.len > LISTEN_PATH || memchr(path.ptr, '\0', path.len))
        return -CANDOR_E_LIMIT;
    memcpy(socket.sun_path, path.ptr, path.len);
    *ret = (struct listen_address){.len = sizeof socket};
    memcpy(&ret->socket, &socket, sizeof socket);
    return 0;
}

const char *listen_wrong(int error)
{
    return error == -CANDOR_E_RANGE   ? "has a port above 65535"
           : error == -CANDOR_E_LIMIT ? "has no path of 1 to 107 bytes, as the system wants for a "
                                        "socket"
                                      : "is not an address";
}

uint16_t listen_port(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)address)->sin_port);
    if (address->sa_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
    return 0;
}

/* RFC 4007 §11; a zone that has gone is left out. */
static void add_zone(const struct sockaddr_in6 *address, char out[LISTEN_TEXT])
{
    size_t len = strlen(out);
    char name[IF_NAMESIZE];

    if (address->sin6_scope_id && if_indextoname(address->sin6_scope_id, name))
        snprintf(out + len, LISTEN_TEXT - len, "%%%s", name);
}

size_t listen_print_host(const struct sockaddr *address, char out[LISTEN_TEXT])
{
    struct client c = {0};

    out[0] = '\0';
    if (address->sa_family != AF_UNIX && address->sa_family != AF_INET &&
        address->sa_family != AF_INET6)
        return 0;
    client_from_address(&c, address);
    client_print(&c, out);
    if (address->sa_family == AF_INET6)
        add_zone((const struct sockaddr_in6 *)address, out);
    return strlen(out);
}

size_t listen_print(const struct sockaddr *address, char out[LISTEN_TEXT])
{
    char host[LISTEN_TEXT];
    int n;

    if (address->sa_family == AF_UNIX) {
        n = snprintf(out, LISTEN_TEXT, UNIX_PREFIX "%.*s", LISTEN_PATH,
                     ((const struct sockaddr_un *)address)->sun_path);
        return (size_t)n;
    }
    if (listen_print_host(address, host) == 0) {
        out[0] = '\0';
        return 0;
    }
    n = snprintf(out, LISTEN_TEXT, strchr(host, ':') ? "[%.64s]:%u" : "%.64s:%u", host,
                 (unsigned)listen_port(address));
    return (size_t)n;
}

bool listen_is_local(const struct sockaddr *address)
{
    const struct in6_addr *six = &((const struct sockaddr_in6 *)address)->sin6_addr;

    if (address->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 ==
               IN_LOOPBACKNET;
    if (address->sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(six) ||
               (IN6_IS_ADDR_V4MAPPED(six) && six->s6_addr[12] == IN_LOOPBACKNET);
    return address->sa_family == AF_UNIX;
}

bool listen_equal(const struct sockaddr *a, const struct sockaddr *b)
{
    if (a->sa_family != b->sa_family || listen_port(a) != listen_port(b))
        return false;
    if (a->sa_family == AF_INET)
        return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
               ((const struct sockaddr_in *)b)->sin_addr.s_addr;
    if (a->sa_family == AF_UNIX)
        return strcmp(((const struct sockaddr_un *)a)->sun_path,
                      ((const struct sockaddr_un *)b)->sun_path) == 0;
    return a->sa_family == AF_INET6 &&
           IN6_ARE_ADDR_EQUAL(&((const struct sockaddr_in6 *)a)->sin6_addr,
                              &((const struct sockaddr_in6 *)b)->sin6_addr) &&
           ((const struct sockaddr_in6 *)a)->sin6_scope_id ==
               ((const struct sockaddr_in6 *)b)->sin6_scope_id;
}
