// SPDX-License-Identifier: MIT
#include "upstream/balance.h"

#include "base/hash.h"

#include <math.h>

#define EACH(t, left, targets)                                                                     \
    for (uint64_t left = (targets), t; left && (t = (uint64_t)__builtin_ctzll(left), true);        \
         left &= left - 1)

/* A random one by weight. */
static unsigned pick(struct upstream_pool *p, uint64_t targets)
{
    const struct target *all = p->set->targets;
    uint64_t sum = 0, at;

    EACH(t, left, targets)
    sum += all[t].weight;
    at = pool_random(p) % sum;
    EACH(t, left, targets)
    {
        if (at < all[t].weight)
            return (unsigned)t;
        at -= all[t].weight;
    }
    return (unsigned)__builtin_ctzll(targets);
}

/* Two random ones; of these, who has less to do for his weight. Two choices are nearly as good as
 * the least of all, and workers that look at the same time do not all run to the same one. */
static unsigned choose_least(struct upstream_pool *p, uint64_t targets)
{
    struct upstream_set *s = p->set;
    unsigned a = pick(p, targets), b = pick(p, targets & ~target_bit(a));
    uint64_t of_a = atomic_load_explicit(&s->shared[a].in_flight, memory_order_relaxed);
    uint64_t of_b = atomic_load_explicit(&s->shared[b].in_flight, memory_order_relaxed);

    return of_b * s->targets[a].weight < of_a * s->targets[b].weight ? b : a;
}

/* Smooth: each gains its weight with every turn, and pays all of them when it is its own. */
static unsigned choose_turn(struct upstream_pool *p, uint64_t targets)
{
    unsigned best = (unsigned)__builtin_ctzll(targets);
    int64_t sum = 0;

    EACH(t, left, targets)
    {
        int64_t weight = p->set->targets[t].weight;

        p->own[t].turn += weight;
        sum += weight;
        if (p->own[t].turn > p->own[best].turn)
            best = (unsigned)t;
    }
    p->own[best].turn -= sum;
    return best;
}

/* Rendezvous: each draws a lot from the hash, and the best one wins. With these logarithms its
 * chance is its weight's part; one that falls away leaves the lots of all others as they are. */
static unsigned choose_hash(const struct upstream_pool *p, uint64_t targets, uint64_t hash)
{
    unsigned best = (unsigned)__builtin_ctzll(targets);
    double best_score = -1;

    EACH(t, left, targets)
    {
        uint64_t lot = hash_fold(hash ^ UINT64_C(0x9e3779b97f4a7c15), p->set->targets[t].hash | 1);
        double part =
            ((double)(hash_fold(lot ^ hash, UINT64_C(0xd6e8feb86659fd93)) >> 11) + 0.5) * 0x1p-53;
        double score = (double)p->set->targets[t].weight / -log(part);

        if (score > best_score) {
            best_score = score;
            best = (unsigned)t;
        }
    }
    return best;
}

unsigned balance_choose(struct upstream_pool *p, uint64_t targets, uint64_t hash)
{
    if (!(targets & (targets - 1)))
        return (unsigned)__builtin_ctzll(targets);
    switch (p->set->o.balance) {
    case BALANCE_ROUND_ROBIN:
        return choose_turn(p, targets);
    case BALANCE_HASH:
        return choose_hash(p, targets, hash);
    case BALANCE_LEAST:
        break;
    }
    return choose_least(p, targets);
}
