// SPDX-License-Identifier: MIT
/*
 * Attempts to get an answer: an upstream is asked for, the request is sent to it, and what fails is
 * sent again where it may be.
 */
#ifndef CANDOR_RESOURCE_GATEWAY_ATTEMPT_H
#define CANDOR_RESOURCE_GATEWAY_ATTEMPT_H

#include "resource/gateway/gateway.h"

/* The first attempt. host->resume follows when the answer's head is there, or the exchange has a
 * cause; not before this returned. False: there is no memory, and that is the cause. */
bool attempt_first(struct passage *p);

/* Whatever is under way is given up, and nothing of it comes any more. */
void attempt_end(struct passage *p);

#endif
