// SPDX-License-Identifier: MIT
/* What pools do with what they share. */
#ifndef CANDOR_UPSTREAM_SET_H
#define CANDOR_UPSTREAM_SET_H

#include "upstream/parts.h"

/* Room for one more connection is taken, if there is any. */
bool set_reserve(struct upstream_set *s, unsigned target);
bool set_has_room(struct upstream_set *s, unsigned target);
/* It is free again; requests that wait, in whatever worker, look. */
void set_release(struct upstream_set *s, unsigned target);
/* The workers whose requests wait look whether they may be served. */
void set_wake(struct upstream_set *s);
/* A worker other than this one is to close an idle connection to one of these targets. */
void set_ask_for_room(struct upstream_set *s, struct upstream_pool *p, uint64_t targets);
/* Whether requests of another worker wait, and have done so for longer. */
bool set_others_wait(struct upstream_set *s, const struct upstream_pool *p);

/* Seconds as Retry-After, with jitter; 0: it is not known. */
uint32_t retry_after_of(int64_t ns, uint64_t random);
/* When the queue will be empty at the pace of late. */
uint32_t set_drained_after(struct upstream_set *s, int64_t now, uint64_t random);

#endif
