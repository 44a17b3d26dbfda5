// SPDX-License-Identifier: MIT
#include "upstream/window.h"

#include "base/clock.h"
#include "base/limits.h"

#include <assert.h>

static_assert(LIMIT_UPSTREAM_WINDOW / 1000 < WINDOW_SLOTS, "the window fits into its slots");

static struct window_slot *slot_of(struct window *w, int64_t now)
{
    int64_t second = now / CLOCK_SECOND, was;
    struct window_slot *slot = &w->slots[second % WINDOW_SLOTS];

    was = atomic_load_explicit(&slot->second, memory_order_acquire);
    // A worker whose round began a moment earlier counts into the second that has begun since.
    if (was < second && atomic_compare_exchange_strong(&slot->second, &was, second))
        for (int i = 0; i < COUNT_KINDS; i++)
            atomic_store(&slot->counts[i], 0);
    return slot;
}

uint32_t window_add(struct window *w, int64_t now, enum window_count kind)
{
    return atomic_fetch_add_explicit(&slot_of(w, now)->counts[kind], 1, memory_order_relaxed) + 1;
}

void window_take_back(struct window *w, int64_t now, enum window_count kind)
{
    atomic_fetch_sub_explicit(&slot_of(w, now)->counts[kind], 1, memory_order_relaxed);
}

uint64_t window_sum(struct window *w, int64_t now, enum window_count kind)
{
    int64_t second = now / CLOCK_SECOND;
    uint64_t sum = 0;

    for (int i = 0; i < WINDOW_SLOTS; i++) {
        int64_t at = atomic_load_explicit(&w->slots[i].second, memory_order_relaxed);
        int32_t count =
            (int32_t)atomic_load_explicit(&w->slots[i].counts[kind], memory_order_relaxed);

        // What was lost at the turn of a second and taken back leaves less than nothing.
        if (at > second - LIMIT_UPSTREAM_WINDOW / 1000 && count > 0)
            sum += (uint64_t)count;
    }
    return sum;
}

bool window_may_retry(struct window *w, int64_t now, uint32_t percent, uint32_t least)
{
    // Counted first, so that two workers never take the same one.
    if (window_add(w, now, COUNT_RETRIES) <= least ||
        window_sum(w, now, COUNT_RETRIES) * 100 <= window_sum(w, now, COUNT_REQUESTS) * percent)
        return true;
    window_take_back(w, now, COUNT_RETRIES);
    return false;
}
