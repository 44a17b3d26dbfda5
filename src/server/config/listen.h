// SPDX-License-Identifier: MIT
/*
 * Addresses to listen on: numeric only, so that nothing here ever asks a name server.
 */
#ifndef CANDOR_SERVER_CONFIG_LISTEN_H
#define CANDOR_SERVER_CONFIG_LISTEN_H

#include "base/span.h"

#include <sys/socket.h>

/* Room for any address that listen_print writes, with its NUL. */
enum { LISTEN_TEXT = 64 };

/* What listen_parse takes, for messages. */
#define LISTEN_EXPECTED "ADDRESS:PORT, [IPv6]:PORT, :PORT or PORT, all in numbers"

/*
 * "127.0.0.1:80", "[::1]:80", ":80" (every address: "[::]:80", to be opened for both families) or
 * "80" (127.0.0.1, the careful default). Port 0 lets the system pick one.
 * -CANDOR_E_SYNTAX: none of these. -CANDOR_E_RANGE: a port above 65535.
 */
int listen_parse(struct span text, struct sockaddr_storage *ret, socklen_t *ret_len);

/*
 * Writes "host:port" or "[host]:port" into out, with a NUL; returns its length. An IPv4 address
 * that came through an IPv6 socket is written as IPv4. "" for any other family.
 */
size_t listen_print(const struct sockaddr *address, char out[LISTEN_TEXT]);

/* The address alone, without the port and without brackets. */
size_t listen_print_host(const struct sockaddr *address, char out[LISTEN_TEXT]);

/* 0 for a family that has no ports. */
uint16_t listen_port(const struct sockaddr *address);

/* Whether only this machine itself can reach it. */
bool listen_is_loopback(const struct sockaddr *address);

/* Whether family, address and port are equal. */
bool listen_equal(const struct sockaddr *a, const struct sockaddr *b);

#endif
