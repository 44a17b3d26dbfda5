// SPDX-License-Identifier: MIT
#include "io/timer.h"

#include <assert.h>
#include <limits.h>

static_assert(WHEEL_WORDS == 64, "a bit for each word of slots fits in a word");

void timer_init(struct timer *t, void (*on_fire)(struct timer *t))
{
    list_init(&t->link);
    t->due = t->slot_time = 0;
    t->on_fire = on_fire;
}

void timer_stop(struct timer *t)
{
    list_remove(&t->link);
}

void wheel_init(struct wheel *w, int64_t now)
{
    *w = (struct wheel){.tick = now / WHEEL_TICK};
    for (int i = 0; i < WHEEL_SLOTS; i++)
        list_init(&w->slots[i]);
}

void wheel_set(struct wheel *w, struct timer *t, int64_t at)
{
    int64_t tick;
    unsigned slot;

    t->due = at;
    if (!list_empty(&t->link) && t->slot_time <= at)
        return;
    tick = (at + WHEEL_TICK - 1) / WHEEL_TICK;
    if (tick <= w->tick)
        tick = w->tick + 1;
    if (tick > w->tick + WHEEL_SLOTS - 1)
        tick = w->tick + WHEEL_SLOTS - 1;
    slot = (unsigned)(tick % WHEEL_SLOTS);
    t->slot_time = tick * WHEEL_TICK;
    list_remove(&t->link);
    list_add_tail(&w->slots[slot], &t->link);
    w->occupied[slot / 64] |= UINT64_C(1) << (slot % 64);
    w->words |= UINT64_C(1) << (slot / 64);
}

static void slot_run(struct wheel *w, unsigned slot, int64_t now)
{
    struct list due;
    struct list *link;

    w->occupied[slot / 64] &= ~(UINT64_C(1) << (slot % 64));
    if (!w->occupied[slot / 64])
        w->words &= ~(UINT64_C(1) << (slot / 64));
    if (list_empty(&w->slots[slot]))
        return;
    // Take the whole slot: what a timer's function sets anew must not run in this round.
    due = w->slots[slot];
    due.next->prev = due.prev->next = &due;
    list_init(&w->slots[slot]);
    while ((link = list_pop(&due))) {
        struct timer *t = list_entry(link, struct timer, link);

        if (t->due > now)
            wheel_set(w, t, t->due);
        else
            t->on_fire(t);
    }
}

void wheel_run(struct wheel *w, int64_t now)
{
    int64_t last;

    if (now < (w->tick + 1) * WHEEL_TICK)
        return;
    last = now / WHEEL_TICK;
    if (last - w->tick > WHEEL_SLOTS)
        w->tick = last - WHEEL_SLOTS;
    while (w->tick < last) {
        unsigned slot = (unsigned)(++w->tick % WHEEL_SLOTS);

        if (w->occupied[slot / 64] & UINT64_C(1) << (slot % 64))
            slot_run(w, slot, now);
    }
}

/* How many slots further than this one the next occupied one is; -1: there is none. */
static int next_occupied(const struct wheel *w, unsigned slot)
{
    unsigned word = slot / 64, bit = slot % 64, behind = (word + 1) % WHEEL_WORDS;
    uint64_t here = w->occupied[word] >> bit;
    // The words from the next one on, and this one's slots before `slot` as the last.
    uint64_t words = w->words >> behind | (behind ? w->words << (WHEEL_WORDS - behind) : 0);
    unsigned further;

    if (here)
        return __builtin_ctzll(here);
    if (!words)
        return -1;
    further = (unsigned)__builtin_ctzll(words);
    return (int)(64 - bit + 64 * further +
                 (unsigned)__builtin_ctzll(w->occupied[(behind + further) % WHEEL_WORDS]));
}

int wheel_wait(const struct wheel *w, int64_t now)
{
    int ahead = next_occupied(w, (unsigned)((w->tick + 1) % WHEEL_SLOTS));
    int64_t ms;

    if (ahead < 0)
        return -1;
    ms = ((w->tick + 1 + ahead) * WHEEL_TICK - now + 999999) / 1000000;
    return ms < 0 ? 0 : ms > INT_MAX ? INT_MAX : (int)ms;
}
