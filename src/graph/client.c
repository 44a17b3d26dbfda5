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

size_t client_print(const struct client *c, char out[CLIENT_TEXT])
{
    struct in6_addr six;

    memcpy(&six, c->address, sizeof six);
    if (c->family == AF_UNIX)
        memcpy(out, "unix", sizeof "unix");
    else if (c->family == AF_INET)
        inet_ntop(AF_INET, c->address, out, CLIENT_TEXT);
    else if (IN6_IS_ADDR_V4MAPPED(&six))
        inet_ntop(AF_INET, c->address + 12, out, CLIENT_TEXT);
    else
        inet_ntop(AF_INET6, c->address, out, CLIENT_TEXT);
    return strlen(out);
}

static struct hash_key numbers_key; // random: nobody picks the address that shares with another

int client_numbers_prepare(void)
{
    return hash_key_make(&numbers_key);
}

unsigned client_number(const struct client *c)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff}; // RFC 4291 §2.5.5.2
    const char *address = (const char *)c->address;
    struct span key = SPAN("");

    if (c->family == AF_INET)
        key = span_of(address, 4);
    else if (c->family == AF_INET6 && memcmp(address, mapped, sizeof mapped) == 0)
        key = span_of(address + sizeof mapped, 4);
    else if (c->family == AF_INET6)
        key = span_of(address, 8);
    return 1 + (unsigned)(hash_keyed(&numbers_key, 0, key) % (LIMIT_CLIENTS - 1));
}
