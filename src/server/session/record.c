// SPDX-License-Identifier: MIT
#include "server/session/record.h"

#include "base/ascii.h"
#include "base/hash.h"
#include "base/limits.h"

#include <netinet/in.h>

void request_id_print(uint64_t id, char out[REQUEST_ID_LENGTH])
{
    ascii_write_hex_u64(id, out);
}

void client_from_address(struct client *c, const struct sockaddr *address)
{
    c->family = (uint8_t)address->sa_family;
    c->port = listen_port(address);
    if (address->sa_family == AF_INET)
        memcpy(c->address, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
    else if (address->sa_family == AF_INET6)
        memcpy(c->address, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
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

size_t client_print(const struct client *c, char out[LISTEN_TEXT])
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

    if (c->family == AF_UNIX)
        return listen_print_host(&(struct sockaddr){.sa_family = AF_UNIX}, out);
    if (c->family == AF_INET) {
        memcpy(&v4.sin_addr, c->address, 4);
        return listen_print_host((struct sockaddr *)&v4, out);
    }
    memcpy(&v6.sin6_addr, c->address, 16);
    return listen_print_host((struct sockaddr *)&v6, out);
}

struct span ending_name(enum ending ending)
{
    static const struct span names[] = {
        [ENDING_COMPLETE] = SPAN_INIT(""),
        [ENDING_CLIENT_GONE] = SPAN_INIT("client-gone"),
        [ENDING_SEND_TIMEOUT] = SPAN_INIT("send-timeout"),
        [ENDING_BODY_FAILED] = SPAN_INIT("body-failed"),
    };

    return names[ending];
}
