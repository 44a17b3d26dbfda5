// SPDX-License-Identifier: MIT
/*
 * A WebSocket that sends back what comes, behind a response that is a tunnel.
 */
#ifndef CANDOR_RESOURCE_MOCK_ECHO_H
#define CANDOR_RESOURCE_MOCK_ECHO_H

#include "graph/exchange.h"

/* Whether the request asks for a WebSocket, as RFC 6455 §4.2.1 wants it. */
bool echo_is_asked(const struct exchange *x);
/* The fields of the 101, and what follows. */
void echo_begin(struct exchange *x);
/* As resource_ops.take and ended, of a tunnel. */
bool echo_take(struct exchange *x, struct span data);
void echo_ended(struct exchange *x);

#endif
