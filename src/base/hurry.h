// SPDX-License-Identifier: MIT
/*
 * That the program is to end, and has waited long enough: threads that work for long look here now
 * and then, and give up what can be given up without a loss. One for the whole program; a pointer
 * to none (NULL) says that there never is a hurry.
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
    _Atomic int64_t since;    // monotonic ns
    const struct hurry *also; // another one that is in force for the same work; NULL: none
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
    for (; h; h = h->also)
        if (atomic_load_explicit(&h->since, memory_order_relaxed) != 0)
            return true;
    return false;
}

/* That took too long as well: what is left of it is for the next start. */
static inline bool hurry_is_over(const struct hurry *h)
{
    return hurry_is_on(h) &&
           clock_monotonic() - atomic_load(&h->since) >= (int64_t)LIMIT_STOP_CLEANING * CLOCK_MS;
}

#endif
