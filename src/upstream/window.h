// SPDX-License-Identifier: MIT
/*
 * What happened in the last seconds, in slots of one second, counted by all workers at once. At the
 * turn of a second a few counts may be lost, which nobody needs to know exactly.
 */
#ifndef CANDOR_UPSTREAM_WINDOW_H
#define CANDOR_UPSTREAM_WINDOW_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { WINDOW_SLOTS = 16 }; // a power of two above the seconds of the window

enum window_count {
    COUNT_REQUESTS, // received
    COUNT_RETRIES,  // decided
    COUNT_SERVED,   // connections that were given back
    COUNT_KINDS
};

struct window {
    struct window_slot {
        _Atomic int64_t second;
        _Atomic uint32_t counts[COUNT_KINDS];
    } slots[WINDOW_SLOTS];
};

/* now: monotonic nanoseconds. Returns the count of this second. */
uint32_t window_add(struct window *w, int64_t now, enum window_count kind);
void window_take_back(struct window *w, int64_t now, enum window_count kind);
/* In the last LIMIT_UPSTREAM_WINDOW milliseconds. */
uint64_t window_sum(struct window *w, int64_t now, enum window_count kind);

/* One more retry: where less than `percent` of the window's requests were retried, or less than
 * `least` in this second. */
bool window_may_retry(struct window *w, int64_t now, uint32_t percent, uint32_t least);

#endif
