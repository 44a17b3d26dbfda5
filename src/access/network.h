// SPDX-License-Identifier: MIT
/*
 * Addresses of clients, and networks of them in CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3). An
 * address of IPv4 within IPv6 (::ffff:192.0.2.1, RFC 4291 §2.5.5.2) is the one of IPv4.
 */
#ifndef CANDOR_ACCESS_NETWORK_H
#define CANDOR_ACCESS_NETWORK_H

#include "base/span.h"

struct address {
    unsigned char bytes[16]; // IPv4: within ::ffff:0:0/96
};

struct network {
    struct address first;
    unsigned bits; // of 128
};

enum { ADDRESS_V4_BITS = 96 };

/* Of 4 bytes of IPv4 or 16 of IPv6, in the network's order. */
struct address address_from_bytes(const unsigned char *bytes, size_t count);
/* Of text without brackets, port and zone. False: it is none. */
bool address_parse(struct span text, struct address *ret);
bool address_is_v4(const struct address *a);

/* ADDRESS or ADDRESS/BITS. NULL, or why it is none: a sentence. Bits of the address behind the
 * network's are refused: who wrote 10.0.0.1/8 meant something else. */
const char *network_parse(struct span text, struct network *ret);
bool network_has(const struct network *n, const struct address *a);

#endif
