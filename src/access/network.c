// SPDX-License-Identifier: MIT
#include "access/network.h"

#include <arpa/inet.h>

static const unsigned char v4_prefix[12] = {[10] = 0xff, [11] = 0xff};

struct address address_from_bytes(const unsigned char *bytes, size_t count)
{
    struct address a;

    if (count == 4) {
        memcpy(a.bytes, v4_prefix, sizeof v4_prefix);
        memcpy(a.bytes + sizeof v4_prefix, bytes, 4);
    } else {
        memcpy(a.bytes, bytes, sizeof a.bytes);
    }
    return a;
}

bool address_parse(struct span text, struct address *ret)
{
    char copy[INET6_ADDRSTRLEN];
    unsigned char bytes[16];

    if (text.len == 0 || text.len >= sizeof copy || span_find(text, '\0') != text.len)
        return false;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    if (inet_pton(AF_INET, copy, bytes) == 1)
        *ret = address_from_bytes(bytes, 4);
    else if (inet_pton(AF_INET6, copy, bytes) == 1)
        *ret = address_from_bytes(bytes, 16);
    else
        return false;
    return true;
}

bool address_is_v4(const struct address *a)
{
    return memcmp(a->bytes, v4_prefix, sizeof v4_prefix) == 0;
}

/* The byte of a mask of so many bits. */
static unsigned char mask_byte(unsigned bits, size_t at)
{
    unsigned here = bits > 8 * at ? bits - 8 * (unsigned)at : 0;

    return (unsigned char)(here >= 8 ? 0xff : 0xff00 >> here);
}

const char *network_parse(struct span text, struct network *ret)
{
    struct span rest = text, address = span_take_until(&rest, '/');
    struct network n = {.bits = 128};
    unsigned most = 128;
    uint64_t bits;

    if (!address_parse(address, &n.first))
        return "an address is expected here, such as 192.0.2.0/24 or 2001:db8::/32";
    // Written within IPv6, the bits count from there.
    if (address_is_v4(&n.first) && span_find(address, ':') == address.len)
        most = 32;
    if (address.len < text.len) {
        if (!span_to_u64(rest, most, &bits) || (rest.len > 1 && rest.ptr[0] == '0'))
            return most == 32 ? "a network of IPv4 has 0 to 32 bits"
                              : "a network of IPv6 has 0 to 128 bits";
        n.bits = 128 - most + (unsigned)bits;
    }
    for (size_t i = 0; i < sizeof n.first.bytes; i++)
        if (n.first.bytes[i] & ~mask_byte(n.bits, i) & 0xff)
            return "the address has bits behind those of its network";
    *ret = n;
    return NULL;
}

bool network_has(const struct network *n, const struct address *a)
{
    for (size_t i = 0; i < sizeof a->bytes; i++)
        if ((a->bytes[i] ^ n->first.bytes[i]) & mask_byte(n->bits, i))
            return false;
    // ::/0 is all of IPv6, and no address of IPv4.
    return n->bits >= ADDRESS_V4_BITS || !address_is_v4(a);
}
