// SPDX-License-Identifier: MIT
#include "upstream/health.h"

#include "base/clock.h"
#include "base/limits.h"

static bool may_try(const struct shared *h, int64_t now)
{
    return !h->is_down && h->ejected_until <= now &&
           (!h->is_trying || now - h->tried >= LIMIT_TRIAL * CLOCK_MS);
}

/* When it may be tried, as far as that is known. */
static int64_t try_time(const struct shared *h)
{
    if (h->is_down)
        return INT64_MAX;
    return h->is_trying ? h->tried + LIMIT_TRIAL * CLOCK_MS : h->ejected_until;
}

/* What is looked at without the mutex; whoever has changed anything calls it. */
static void publish(struct upstream_set *s)
{
    uint64_t unwell = 0;
    int64_t look_at = INT64_MAX;

    for (unsigned t = 0; t < s->o.count; t++) {
        const struct shared *h = &s->shared[t];

        if (h->is_down || h->ejected_until) {
            unwell |= target_bit(t);
            look_at = try_time(h) < look_at ? try_time(h) : look_at;
        }
    }
    atomic_store(&s->look_at, look_at);
    atomic_store(&s->unwell, unwell);
}

uint64_t health_targets(struct upstream_set *s, int64_t now)
{
    uint64_t all = ~UINT64_C(0) >> (UPSTREAM_MOST - s->o.count);
    uint64_t unwell = atomic_load_explicit(&s->unwell, memory_order_relaxed);

    if (!unwell)
        return all;
    if (now < atomic_load_explicit(&s->look_at, memory_order_relaxed))
        return all & ~unwell;
    pthread_mutex_lock(&s->lock);
    for (uint64_t left = unwell; left; left &= left - 1) {
        unsigned t = (unsigned)__builtin_ctzll(left);

        if (!may_try(&s->shared[t], now))
            all &= ~target_bit(t);
    }
    pthread_mutex_unlock(&s->lock);
    return all;
}

bool health_claim(struct upstream_set *s, unsigned target, int64_t now, bool *ret_trial)
{
    struct shared *h = &s->shared[target];
    bool may = true;

    *ret_trial = false;
    if (!(atomic_load_explicit(&s->unwell, memory_order_relaxed) & target_bit(target)))
        return true;
    pthread_mutex_lock(&s->lock);
    if (atomic_load(&s->unwell) & target_bit(target)) {
        may = may_try(h, now);
        if (may) {
            h->is_trying = *ret_trial = true;
            h->tried = now;
            publish(s);
        }
    }
    pthread_mutex_unlock(&s->lock);
    return may;
}

void health_disclaim(struct upstream_set *s, unsigned target)
{
    pthread_mutex_lock(&s->lock);
    s->shared[target].is_trying = false;
    publish(s);
    pthread_mutex_unlock(&s->lock);
}

/* Each time twice as long, up to a bound; three quarters of that to all of it, so that what failed
 * at the same time is not tried at the same time. */
static void eject(struct shared *h, int64_t now, uint64_t random)
{
    int64_t most = LIMIT_EJECTION_MOST * CLOCK_MS, time;

    if (h->recovered && now - h->recovered > most)
        h->ejections = 0;
    time = h->ejections < 16 ? (LIMIT_EJECTION_LEAST * CLOCK_MS) << h->ejections : most;
    if (time > most)
        time = most;
    time -= (int64_t)(random % (uint64_t)(time / 4));
    h->ejections++;
    h->ejected_until = now + time;
    h->is_trying = false;
    atomic_store(&h->failures, 0);
}

static bool recover(struct shared *h, int64_t now)
{
    bool was_ejected = h->ejected_until && h->ejected_until <= now;

    if (was_ejected) { // what was asked before the ejection says nothing
        h->ejected_until = 0;
        h->is_trying = false;
        h->recovered = now;
    }
    return was_ejected;
}

bool health_report(struct upstream_set *s, unsigned target, bool success, int64_t now,
                   uint64_t random)
{
    struct shared *h = &s->shared[target];
    bool is_well = !(atomic_load_explicit(&s->unwell, memory_order_relaxed) & target_bit(target));
    bool recovered = false;

    if (success && atomic_load_explicit(&h->failures, memory_order_relaxed))
        atomic_store(&h->failures, 0);
    if (s->o.health.failures == 0 || (success && is_well))
        return false;
    if (is_well && atomic_fetch_add(&h->failures, 1) + 1 < s->o.health.failures)
        return false;
    pthread_mutex_lock(&s->lock);
    if (success)
        recovered = recover(h, now);
    else if (h->ejected_until <= now && (h->is_trying || is_well))
        eject(h, now, random);
    publish(s);
    recovered = recovered && !h->is_down;
    pthread_mutex_unlock(&s->lock);
    return recovered;
}

bool health_probed(struct upstream_set *s, unsigned target, bool success, int64_t now, int64_t next)
{
    struct shared *h = &s->shared[target];
    bool was_barred;

    pthread_mutex_lock(&s->lock);
    was_barred = h->is_down || h->ejected_until > now;
    h->next_probe = next;
    if (success) {
        h->probe_failures = 0;
        h->is_down = false;
        if (h->ejected_until > now)
            h->ejected_until = now; // a request may try it
    } else if (++h->probe_failures >= s->o.health.failures) {
        h->is_down = true;
    }
    publish(s);
    pthread_mutex_unlock(&s->lock);
    return success && was_barred;
}

int64_t health_wait(struct upstream_set *s, int64_t now)
{
    int64_t least = INT64_MAX;

    pthread_mutex_lock(&s->lock);
    for (unsigned t = 0; t < s->o.count; t++) {
        const struct shared *h = &s->shared[t];
        int64_t at =
            h->is_down && h->next_probe > h->ejected_until ? h->next_probe : h->ejected_until;

        if (at < least)
            least = at;
    }
    pthread_mutex_unlock(&s->lock);
    return least > now ? least - now : 0;
}
