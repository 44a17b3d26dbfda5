// SPDX-License-Identifier: MIT
/* Which of several targets is asked. */
#ifndef CANDOR_UPSTREAM_BALANCE_H
#define CANDOR_UPSTREAM_BALANCE_H

#include "upstream/parts.h"

/* One of `targets` (bit by target; not 0). */
unsigned balance_choose(struct upstream_pool *p, uint64_t targets, uint64_t hash);

#endif
