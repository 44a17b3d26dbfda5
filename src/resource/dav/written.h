// SPDX-License-Identifier: MIT
/*
 * The representation that was stored, in the answer.
 */
#ifndef CANDOR_RESOURCE_DAV_WRITTEN_H
#define CANDOR_RESOURCE_DAV_WRITTEN_H

#include "graph/exchange.h"

struct authoring;

/* By its path, whose last segment tells the type. */
void written_respond(struct authoring *a, struct span path);
/* A preference that has shaped the answer: RFC 7240 §3. */
void preference_applied(struct exchange *x, struct span preference);

#endif
