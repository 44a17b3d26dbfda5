// SPDX-License-Identifier: MIT
/*
 * A request as it is passed on over HTTP/1.1: written anew from what was understood of the one that
 * came (RFC 9110 §7.6), never copied through.
 */
#ifndef CANDOR_RESOURCE_GATEWAY_FORWARD_H
#define CANDOR_RESOURCE_GATEWAY_FORWARD_H

#include "resource/gateway/gateway.h"

/* The protocols that it may change to, as they are passed on; empty: none. h2c is never among
 * them, as what is said in it would not be looked at. On the arena; ptr NULL: no memory. */
struct span forward_upgrade(struct exchange *x);

/* The head, on the arena; ptr NULL: no memory. */
struct span forward_head(struct passage *p, const struct upstream_address *address);

#endif
