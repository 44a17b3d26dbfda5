// SPDX-License-Identifier: MIT
/*
 * Responses of a route that are broken on purpose (`faults` in the configuration).
 */
#ifndef CANDOR_SERVER_SESSION_ROUTE_FAULT_H
#define CANDOR_SERVER_SESSION_ROUTE_FAULT_H

#include "graph/exchange.h"
#include "server/config/route.h"

/* Lays the first of the route's faults that is for the response of x, and whose chance has it so,
 * on it; not on one that is a tunnel or broken already. Without memory it stays whole. */
void route_fault_lay(struct exchange *x, const struct route *route);

#endif
