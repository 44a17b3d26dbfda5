// SPDX-License-Identifier: MIT
/*
 * Where an upstream is: http://HOST[:PORT][/BASE], unix:/PATH[:/BASE], fcgi://HOST[:PORT] or
 * fcgi+unix:/PATH. An https address is refused with a sentence of its own until it is spoken.
 */
#ifndef CANDOR_UPSTREAM_ADDRESS_H
#define CANDOR_UPSTREAM_ADDRESS_H

#include "base/span.h"

enum upstream_scheme { UPSTREAM_HTTP, UPSTREAM_FCGI };

/* All spans point into the text that was parsed. */
struct upstream_address {
    enum upstream_scheme scheme;
    struct span text;        // as it was written
    struct span host;        // a name, or an address without brackets; empty of a Unix socket
    uint16_t port;           // in host order
    struct span socket_path; // of a Unix socket; else empty
    struct span base;        // put before the path of each request; without a slash at its end
    struct span authority;   // HOST[:PORT] as in Host; "localhost" of a Unix socket
};

/* False: *ret_why says why not, as part of a sentence, and *ret_at at which byte of the text. */
bool upstream_address_parse(struct span text, struct upstream_address *ret_address,
                            const char **ret_why, size_t *ret_at);

#endif
