// SPDX-License-Identifier: MIT
#include "access/slow.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"

#include <stdlib.h>

enum { WAYS = 4, SETS = LIMIT_SLOW_ADDRESSES / WAYS, V6_BYTES = 8 };
_Static_assert((SETS & (SETS - 1)) == 0 && SETS * WAYS == LIMIT_SLOW_ADDRESSES, "a power of two");

/* Each failure is forgotten after its time, one after another: `until` is when the last one is. */
#define FAILURE_TIME (LIMIT_FAILURE_TIME * CLOCK_MS)
#define ALLOWANCE (LIMIT_FAILURES * FAILURE_TIME)
#define MOST (2 * ALLOWANCE) // so that who stops is free of it in a known time

struct entry {
    struct address address; // of IPv6 the first half only
    int64_t until, turn;
};

struct slow {
    struct hash_key key;
    struct entry entries[SETS][WAYS];
};

int slow_new(struct slow **ret)
{
    struct slow *s = calloc(1, sizeof *s);
    int error = s ? hash_key_make(&s->key) : -CANDOR_E_MEMORY;

    if (error < 0) {
        free(s);
        return error;
    }
    *ret = s;
    return 0;
}

void slow_free(struct slow *s)
{
    free(s);
}

/* The place of an address; NULL: it has none. With `make` it always has. */
static struct entry *find(struct slow *s, const struct address *a, bool make)
{
    struct address key = *a;
    struct entry *set, *least;

    if (!address_is_v4(a))
        memset(key.bytes + V6_BYTES, 0, sizeof key.bytes - V6_BYTES);
    set = s->entries[hash_keyed(&s->key, 0, span_of((const char *)key.bytes, sizeof key.bytes)) &
                     (SETS - 1)];
    least = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].until && memcmp(&set[i].address, &key, sizeof key) == 0)
            return &set[i];
        if (set[i].until < least->until)
            least = &set[i];
    }
    if (!make)
        return NULL;
    *least = (struct entry){.address = key};
    return least;
}

int64_t slow_take_turn(struct slow *s, const struct address *a, int64_t now)
{
    struct entry *e = find(s, a, false);
    int64_t most = now + LIMIT_SLOW_WAIT * CLOCK_MS;

    if (!e || e->until - now <= ALLOWANCE)
        return 0;
    e->turn += LIMIT_SLOW_SPACING * CLOCK_MS;
    if (e->turn < now)
        e->turn = now;
    if (e->turn > most)
        e->turn = most;
    return e->turn - now;
}

unsigned slow_count_failure(struct slow *s, const struct address *a, int64_t now)
{
    struct entry *e = find(s, a, true);
    int64_t over;

    e->until = (e->until > now ? e->until : now) + FAILURE_TIME;
    if (e->until > now + MOST)
        e->until = now + MOST;
    over = e->until - now - ALLOWANCE;
    return over > 0 ? (unsigned)((over + CLOCK_SECOND - 1) / CLOCK_SECOND) : 0;
}
