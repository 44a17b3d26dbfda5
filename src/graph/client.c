// SPDX-License-Identifier: MIT
#include "graph/client.h"

#include "base/hash.h"
#include "base/limits.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <string.h>

static_assert(CLIENT_TEXT >= INET6_ADDRSTRLEN, "every address fits");

void client_from_address(struct client *c, const struct sockaddr *address)
{
    const struct sockaddr_in *four = (const void *)address;
    const struct sockaddr_in6 *six = (const void *)address;

    c->family = (uint8_t)address->sa_family;
    c->port = 0;
    if (address->sa_family == AF_INET) {
        c->port = ntohs(four->sin_port);
        memcpy(c->address, &four->sin_addr, 4);
    } else if (address->sa_family == AF_INET6) {
        c->port = ntohs(six->sin6_port);
        memcpy(c->address, &six->sin6_addr, 16);
    }
}

/* The address of version 4 in one of version 6 (RFC 4291 §2.5.5.2), or NULL. */
static const unsigned char *mapped_four(const struct client *c)
{
    static const unsigned char prefix[12] = {[10] = 0xff, [11] = 0xff};

    return c->family == AF_INET6 && memcmp(c->address, prefix, sizeof prefix) == 0
               ? c->address + sizeof prefix
               : NULL;
}

size_t client_print(const struct client *c, char out[CLIENT_TEXT])
{
    const unsigned char *four = c->family == AF_INET ? c->address : mapped_four(c);

    if (c->family == AF_UNIX)
        memcpy(out, "unix", sizeof "unix");
    else
        inet_ntop(four ? AF_INET : AF_INET6, four ? four : c->address, out, CLIENT_TEXT);
    return strlen(out);
}

static struct hash_key numbers_key; // random: nobody picks the address that shares with another

int client_numbers_prepare(void)
{
    return hash_key_make(&numbers_key);
}

unsigned client_number(const struct client *c)
{
    const unsigned char *four = c->family == AF_INET ? c->address : mapped_four(c);
    struct span key = SPAN("");

    if (four)
        key = span_of((const char *)four, 4);
    else if (c->family == AF_INET6)
        key = span_of((const char *)c->address, 8);
    return 1 + (unsigned)(hash_keyed(&numbers_key, 0, key) % (LIMIT_CLIENTS - 1));
}
