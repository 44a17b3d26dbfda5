// SPDX-License-Identifier: MIT
/*
 * Whether a target is well. After so many failures in a row it is ejected: not asked for a while.
 * When that has passed, one request tries it, and what becomes of it decides. Active checks say
 * besides whether it is down, and end an ejection early.
 */
#ifndef CANDOR_UPSTREAM_HEALTH_H
#define CANDOR_UPSTREAM_HEALTH_H

#include "upstream/parts.h"

/* Bit by target: those that may be asked now. */
uint64_t health_targets(struct upstream_set *s, int64_t now);
/* Whoever chose it asks. *ret_trial: his is the one that tries it. False: others were faster. */
bool health_claim(struct upstream_set *s, unsigned target, int64_t now, bool *ret_trial);
/* The trial was none: nothing was asked. */
void health_disclaim(struct upstream_set *s, unsigned target);
/* True: the target may be asked again. */
bool health_report(struct upstream_set *s, unsigned target, bool success, int64_t now,
                   uint64_t random);
bool health_probed(struct upstream_set *s, unsigned target, bool success, int64_t now,
                   int64_t next);
/* When the first may be asked again, where none may now: ns from now on. */
int64_t health_wait(struct upstream_set *s, int64_t now);

#endif
