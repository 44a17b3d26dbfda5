// SPDX-License-Identifier: MIT
/*
 * The client's end of a connection.
 */
#ifndef CANDOR_GRAPH_CLIENT_H
#define CANDOR_GRAPH_CLIENT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct client {
    uint16_t port;  // in host order
    uint8_t family; // AF_INET, AF_INET6 or AF_UNIX
    unsigned char address[16];
};

enum { CLIENT_TEXT = 48 }; // bytes of an address as text, with its NUL

void client_from_address(struct client *c, const struct sockaddr *address);
/* The address as text, without port, "unix" for a Unix socket; returns its length. */
size_t client_print(const struct client *c, char out[CLIENT_TEXT]);

/* Once, at the start, for client_number: 0, or -CANDOR_E_SYSTEM. */
int client_numbers_prepare(void);
/* Where clients share memory and threads: from 1 to below LIMIT_CLIENTS. Of one address always the
 * same, and so of all that IPv6 gives to one network (64 bits), and of all on Unix sockets. */
unsigned client_number(const struct client *c);

#endif
