// SPDX-License-Identifier: MIT
/*
 * Addresses to listen on, as they are written. Nothing here asks the system; what a host stands for
 * is looked up at the start (server/config/listen_resolve.h).
 */
#ifndef CANDOR_SERVER_CONFIG_LISTEN_H
#define CANDOR_SERVER_CONFIG_LISTEN_H

#include "base/span.h"

#include <sys/socket.h>

/* Room for any address that listen_print writes, with its NUL: "unix:" and a path is the longest.
 */
enum { LISTEN_TEXT = 128 };

/* What listen_parse takes, for messages. */
#define LISTEN_EXPECTED "ADDRESS:PORT, [IPv6]:PORT, HOST:PORT, :PORT, PORT or unix:PATH"

struct listen_address {
    struct sockaddr_storage socket; // of AF_UNSPEC: the host has to be looked up
    socklen_t len;
    struct span host; // "localhost", or an address with its zone; empty where the socket is known
    uint16_t port;    // of the host, in host order
};

/*
 * "127.0.0.1:80", "[::1]:80", ":80" (every address: "[::]:80", to be opened for both families),
 * "80" (127.0.0.1, the careful default), "localhost:80", "[fe80::1%eth0]:80" (both are hosts, parts
 * of the text) or "unix:/run/candor.sock". Port 0 lets the system pick one.
 * -CANDOR_E_SYNTAX: none of these. -CANDOR_E_RANGE: a port above 65535. -CANDOR_E_LIMIT: a path
 * that no socket can have.
 */
int listen_parse(struct span text, struct listen_address *ret);

/* What is behind "unix:"; empty for any other text. */
struct span listen_path(struct span text);
/* A Unix socket at a path. -CANDOR_E_LIMIT: it is too long, or empty. */
int listen_at_path(struct span path, struct listen_address *ret);

/* How a sentence about the text goes on that listen_parse refused: "is not an address". */
const char *listen_wrong(int error);

/*
 * Writes "host:port", "[host]:port" or "unix:path" into out, with a NUL; returns its length. An
 * IPv4 address that came through an IPv6 socket is written as IPv4. "" for any other family.
 */
size_t listen_print(const struct sockaddr *address, char out[LISTEN_TEXT]);

/* The address alone, without the port and without brackets; "unix" for the client of a Unix
 * socket. */
size_t listen_print_host(const struct sockaddr *address, char out[LISTEN_TEXT]);

/* 0 for a family that has no ports. */
uint16_t listen_port(const struct sockaddr *address);
/* Of an address of IPv4 or IPv6; in host order. */
void listen_set_port(struct listen_address *address, uint16_t port);

/* Whether only this machine itself can reach it. */
bool listen_is_local(const struct sockaddr *address);

/* Whether family, address and port are equal, or the paths. */
bool listen_equal(const struct sockaddr *a, const struct sockaddr *b);

#endif
