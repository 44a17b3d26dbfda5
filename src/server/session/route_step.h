// SPDX-License-Identifier: MIT
/*
 * What the configuration says of a call: which route it takes.
 */
#ifndef CANDOR_SERVER_SESSION_ROUTE_STEP_H
#define CANDOR_SERVER_SESSION_ROUTE_STEP_H

#include "server/session/call.h"

/* FACT_route. */
enum step route_step_begin(struct exchange *x);
/* As exchange_host.leads_here. */
bool route_leads_here(const struct exchange *x, struct span path);

#endif
