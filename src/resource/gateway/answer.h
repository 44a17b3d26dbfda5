// SPDX-License-Identifier: MIT
/*
 * The answer of an upstream as it is passed on.
 */
#ifndef CANDOR_RESOURCE_GATEWAY_ANSWER_H
#define CANDOR_RESOURCE_GATEWAY_ANSWER_H

#include "resource/gateway/gateway.h"

/* What is wrong with an answer whose head is there, so that it is not passed on; OUTCOME_NONE. */
enum outcome answer_judge(const struct passage *p);

/* Its status, and whether it opens a tunnel. */
void answer_begin(struct passage *p);

/* As resource_ops.respond. */
void answer_respond(struct passage *p);

/* An interim answer, as far as it can be passed on. */
void answer_interim(struct passage *p);

#endif
