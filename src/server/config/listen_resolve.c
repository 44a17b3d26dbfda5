// SPDX-License-Identifier: MIT
#include "server/config/listen_resolve.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <unistd.h>

enum { HOST_ROOM = 256, PORT_ROOM = 8 };

/* Whether a socket can be bound to it, on any port; localhost has ::1 also where the machine has no
 * IPv6. */
static bool is_here(const struct addrinfo *a)
{
    struct listen_address any = {.len = a->ai_addrlen};
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool here;

    if (fd < 0)
        return false;
    memcpy(&any.socket, a->ai_addr, a->ai_addrlen);
    listen_set_port(&any, 0);
    here = bind(fd, (const struct sockaddr *)&any.socket, any.len) == 0 ||
           (errno != EADDRNOTAVAIL && errno != EAFNOSUPPORT);
    close(fd);
    return here;
}

const char *listen_resolve(const struct listen_address *host, struct listen_address *ret,
                           size_t room, size_t *ret_count)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char name[HOST_ROOM], port[PORT_ROOM];
    size_t count = 0;
    int error;

    snprintf(name, sizeof name, "%.*s", SPAN_ARG(host->host));
    snprintf(port, sizeof port, "%u", (unsigned)host->port);
    error = getaddrinfo(name, port, &hints, &found);
    if (error)
        return error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error);
    for (const struct addrinfo *a = found; a && count < room; a = a->ai_next) {
        if (a->ai_addrlen > sizeof ret->socket || !is_here(a))
            continue;
        ret[count] = (struct listen_address){.len = a->ai_addrlen};
        memcpy(&ret[count++].socket, a->ai_addr, a->ai_addrlen);
    }
    freeaddrinfo(found);
    *ret_count = count;
    return count ? NULL : "this machine has none of its addresses";
}
