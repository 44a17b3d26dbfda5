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

#endif
