// SPDX-License-Identifier: MIT
/* Active checks of a set's targets, by the one worker that runs them. */
#ifndef CANDOR_UPSTREAM_PROBE_H
#define CANDOR_UPSTREAM_PROBE_H

#include "upstream/parts.h"

/* Without memory there are none. */
void probes_begin(struct upstream_pool *p);
void probes_end(struct upstream_pool *p);

#endif
