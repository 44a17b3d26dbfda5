// SPDX-License-Identifier: MIT
/*
 * That somebody wants what takes long to be given up: the program is to end and has waited long
 * enough, or nobody waits for the result any more. Threads that work for long look here now and
 * then, and give up what can be given up without a loss. Each has what it hurries for, and one of
 * those may lead to another: that of an exchange leads to that of the whole program. A pointer to
 * none (NULL) says that there never is a hurry.
 */
#ifndef CANDOR_BASE_HURRY_H
#define CANDOR_BASE_HURRY_H

#include "base/clock.h"
#include "base/limits.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* All zeros: there is none. */
struct hurry {
    _Atomic int64_t since;    // monotonic ns; 0: it has not begun
    const struct hurry *also; // when that is on, this is; NULL: none. Not changed while others look
};

/* From any thread; only the first call counts. */
static inline void hurry_begin(struct hurry *h)
{
    int64_t none = 0;

    atomic_compare_exchange_strong(&h->since, &none, clock_monotonic());
}

/* Nothing long goes on, but for the removal of what was given up. */
static inline bool hurry_is_on(const struct hurry *h)
{
    while (h && atomic_load_explicit(&h->since, memory_order_relaxed) == 0)
        h = h->also;
    return h != NULL;
}

/* That took too long as well: what is left of it is for the next start. */
static inline bool hurry_is_over(const struct hurry *h)
{
    for (; h; h = h->also) {
        int64_t since = atomic_load_explicit(&h->since, memory_order_relaxed);

        if (since && clock_monotonic() - since >= (int64_t)LIMIT_STOP_CLEANING * CLOCK_MS)
            return true;
    }
    return false;
}

#endif
