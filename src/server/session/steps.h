// SPDX-License-Identifier: MIT
/*
 * How the steps of facts (graph/fact.h) run in the pool, and how a walk pauses.
 */
#ifndef CANDOR_SERVER_SESSION_STEPS_H
#define CANDOR_SERVER_SESSION_STEPS_H

#include "graph/exchange.h"

/* As exchange_host.run and exchange_host.pause. */
void session_run_step(struct exchange *x, bool is_long);
void session_pause(struct exchange *x, int64_t nanoseconds);

/* FACT_route. */
enum step session_find_route(struct exchange *x);
/* As exchange_host.leads_here. */
bool session_leads_here(const struct exchange *x, struct span path);

#endif
