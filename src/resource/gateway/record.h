// SPDX-License-Identifier: MIT
/*
 * What is told of the attempts of a passage: graph/relay.h.
 */
#ifndef CANDOR_RESOURCE_GATEWAY_RECORD_H
#define CANDOR_RESOURCE_GATEWAY_RECORD_H

#include "resource/gateway/gateway.h"

/* A new attempt begins; false: no memory to tell of it. */
bool record_attempt(struct passage *p);
/* It was for that upstream. */
void record_upstream(struct passage *p, unsigned target);
/* It has ended, or came as far as the phase. sequel: why it is repeated, or why not. */
void record_result(struct passage *p, enum outcome cause, int system_error,
                   enum upstream_phase phase, struct span sequel);
/* The content of the answer broke off. */
void record_failed_body(struct passage *p, enum outcome cause, int system_error);

#endif
