// SPDX-License-Identifier: MIT
/*
 * Wrong credentials, counted by address (of IPv6 by /64), and how an address is slowed that has
 * sent many.
 *
 * Whoever has the right password gets in, whatever others at that address did: no credentials are
 * refused unseen. An address that is slow has its checks one after another, LIMIT_SLOW_SPACING
 * apart, so each waits for its turn, but never longer than LIMIT_SLOW_WAIT; only what was found to
 * be wrong is answered with 429 and Retry-After in place of 401. What is remembered to be right
 * (access/verified.h) needs no check, and so no turn. A right password takes nothing off the
 * count, or an account of one's own would be a way to guess at those of others.
 *
 * The table has LIMIT_SLOW_ADDRESSES places; where it is full, who is the least slow of a few is
 * forgotten. For one thread at a time. Times are nanoseconds of clock_monotonic().
 */
#ifndef CANDOR_ACCESS_SLOW_H
#define CANDOR_ACCESS_SLOW_H

#include "access/network.h"

struct slow;

/* 0, -CANDOR_E_MEMORY, or -CANDOR_E_SYSTEM: no random bytes. */
int slow_new(struct slow **ret);
void slow_free(struct slow *s);

/* Takes a turn for a check: how long it waits, 0 for an address that is not slow. */
int64_t slow_take_turn(struct slow *s, const struct address *a, int64_t now);

/* Counts wrong credentials. 0: the answer is 401; else 429, and this is Retry-After in seconds. */
unsigned slow_count_failure(struct slow *s, const struct address *a, int64_t now);

#endif
