// SPDX-License-Identifier: MIT
/*
 * The wheel of timers behind loop.h: slots of 16 ms; a timer further away than the wheel is long
 * waits in the farthest slot and moves on when that comes. Moving a timer later touches nothing but
 * the timer itself: the slot finds out.
 */
#ifndef CANDOR_IO_TIMER_H
#define CANDOR_IO_TIMER_H

#include "io/loop.h"

enum { WHEEL_SLOTS = 4096, WHEEL_WORDS = WHEEL_SLOTS / 64 };
#define WHEEL_TICK (INT64_C(16) * 1000000) // nanoseconds

struct wheel {
    int64_t tick;                   // slots up to and with this one have been run
    uint64_t occupied[WHEEL_WORDS]; // a bit for each slot that may have a timer
    uint64_t words;                 // a bit for each word of those that is not 0
    struct list slots[WHEEL_SLOTS];
};

void wheel_init(struct wheel *w, int64_t now);
void wheel_set(struct wheel *w, struct timer *t, int64_t at);
/* Runs what is due. */
void wheel_run(struct wheel *w, int64_t now);
/* Milliseconds until the next slot that may have something to run; -1 when there is none. */
int wheel_wait(const struct wheel *w, int64_t now);

#endif
