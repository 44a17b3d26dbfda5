// SPDX-License-Identifier: MIT
/*
 * An amount that many share, such as the memory of what clients make the server keep for a while.
 * What is taken is counted before it is there; whoever gets none does without, or says so. No
 * client has so much of it that there is none for others. For all threads.
 */
#ifndef CANDOR_BASE_BUDGET_H
#define CANDOR_BASE_BUDGET_H

#include "base/limits.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct budget {
    atomic_size_t taken;
    atomic_size_t highest; // that it was, about
    size_t most;
    size_t open;        // up to here whoever comes has it
    size_t client_most; // beyond that, those clients alone that have no more than this
    atomic_size_t clients[LIMIT_CLIENTS]; // what each has
};

/* LIMIT_MEMORY: the memory of the program for what clients make it keep for a while. */
extern struct budget budget_memory;

/* One's part of it, which one thread at a time changes. All zeros but for the budget: nothing. */
struct budget_part {
    struct budget *budget; // NULL: there is no bound
    unsigned client;       // its number, below LIMIT_CLIENTS; as long as something is taken
    size_t taken;
};

/*
 * From now on the part is that much: 0. Less can always be had. -ENOBUFS: the budget has not got
 * the difference; -EUSERS: not for this client, which has much of it already. The part is then what
 * it was.
 */
int budget_set(struct budget_part *p, size_t size);

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
