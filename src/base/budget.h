// SPDX-License-Identifier: MIT
/*
 * An amount that many share, such as the memory of what clients make the server keep for a while.
 * What is taken is counted before it is there; whoever gets none does without, or says so.
 * For all threads.
 */
#ifndef CANDOR_BASE_BUDGET_H
#define CANDOR_BASE_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct budget {
    atomic_size_t taken;
    atomic_size_t highest; // that it was, about
    size_t most;
};

/* LIMIT_MEMORY: the memory of the program for what clients make it keep for a while. */
extern struct budget budget_memory;

/* One's part of it, which one thread at a time changes. All zeros but for the budget: nothing. */
struct budget_part {
    struct budget *budget; // NULL: there is no bound
    size_t taken;
};

/* From now on the part is that much. False: the budget has not got the difference, and the part is
 * what it was. Less can always be had. */
static inline bool budget_set(struct budget_part *p, size_t size)
{
    struct budget *b = p->budget;
    size_t taken;

    if (b && size > p->taken) {
        taken = atomic_load_explicit(&b->taken, memory_order_relaxed);
        do {
            if (taken > b->most || size - p->taken > b->most - taken)
                return false;
        } while (!atomic_compare_exchange_weak_explicit(&b->taken, &taken, taken + size - p->taken,
                                                        memory_order_relaxed,
                                                        memory_order_relaxed));
        taken += size - p->taken;
        if (taken > atomic_load_explicit(&b->highest, memory_order_relaxed))
            atomic_store_explicit(&b->highest, taken, memory_order_relaxed);
    } else if (b) {
        atomic_fetch_sub_explicit(&b->taken, p->taken - size, memory_order_relaxed);
    }
    p->taken = size;
    return true;
}

static inline size_t budget_taken(const struct budget *b)
{
    return atomic_load_explicit(&b->taken, memory_order_relaxed);
}

/* The most that was taken since it was forgotten, about. */
static inline size_t budget_highest(const struct budget *b)
{
    return atomic_load_explicit(&b->highest, memory_order_relaxed);
}

static inline void budget_forget_highest(struct budget *b)
{
    atomic_store_explicit(&b->highest, budget_taken(b), memory_order_relaxed);
}

#endif
