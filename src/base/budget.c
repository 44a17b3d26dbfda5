// SPDX-License-Identifier: MIT
#include "base/budget.h"

#include <errno.h>

struct budget budget_memory = {
    .most = LIMIT_MEMORY, .open = LIMIT_MEMORY / 2, .client_most = LIMIT_MEMORY_CLIENT};

static int take(struct budget *b, size_t more, size_t most)
{
    size_t taken = atomic_load_explicit(&b->taken, memory_order_relaxed);

    do {
        if (taken > most || more > most - taken)
            return taken > b->most || more > b->most - taken ? -ENOBUFS : -EUSERS;
    } while (!atomic_compare_exchange_weak_explicit(&b->taken, &taken, taken + more,
                                                    memory_order_relaxed, memory_order_relaxed));
    taken += more;
    if (taken > budget_highest(b))
        atomic_store_explicit(&b->highest, taken, memory_order_relaxed);
    return 0;
}

int budget_set(struct budget_part *p, size_t size)
{
    struct budget *b = p->budget;

    if (b && size > p->taken) {
        atomic_size_t *client = &b->clients[p->client];
        size_t more = size - p->taken;
        // Counted first: of two at once of one client, neither overlooks the other.
        size_t had = atomic_fetch_add_explicit(client, more, memory_order_relaxed);
        bool has_much = had > b->client_most || more > b->client_most - had;
        int error = take(b, more, has_much ? b->open : b->most);

        if (error) {
            atomic_fetch_sub_explicit(client, more, memory_order_relaxed);
            return error;
        }
    } else if (b) {
        atomic_fetch_sub_explicit(&b->clients[p->client], p->taken - size, memory_order_relaxed);
        atomic_fetch_sub_explicit(&b->taken, p->taken - size, memory_order_relaxed);
    }
    p->taken = size;
    return 0;
}
