// SPDX-License-Identifier: MIT
/*
 * What tests of a loop ask of it.
 */
#ifndef CANDOR_TESTS_LOOP_UNIT_H
#define CANDOR_TESTS_LOOP_UNIT_H

#include "unit.h"

#include "base/clock.h"
#include "base/list.h"
#include "io/loop.h"

struct while_ {
    struct timer timer;
    struct loop *loop;
    bool passed;
};

static inline void while_end(struct timer *t)
{
    struct while_ *w = container_of(t, struct while_, timer);

    w->passed = true;
    loop_stop(w->loop);
}

/* Several rounds of a loop, so that what would come has come. False: something else stopped it. */
static inline bool run_a_while(struct loop *loop)
{
    struct while_ w = {.loop = loop};

    timer_init(&w.timer, while_end);
    timer_set(loop, &w.timer, loop_now(loop) + 20 * CLOCK_MS);
    assert_int_equal(loop_run(loop), 0);
    timer_stop(&w.timer);
    return w.passed;
}

#endif
