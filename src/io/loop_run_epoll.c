// SPDX-License-Identifier: MIT
/*
 * The loop's rounds. They are above the streams, whose completions they tell; what streams need of
 * the loop is in loop_epoll.c.
 */
#include "io/loop_epoll.h"

#include "base/clock.h"
#include "base/error.h"
#include "io/direct.h"

#include <errno.h>

/* Runs what was ready when it began and what that made ready, up to a bound. */
static inline void loop_run_ready(struct loop *l)
{
    for (int i = 0; i < READY_A_ROUND; i++) {
        if (!list_empty(&l->calls)) {
            struct loop_call *c = list_entry(list_pop(&l->calls), struct loop_call, link);

            c->on_call(c);
        } else if (!list_empty(&l->ready)) {
            stream_run_ready(list_entry(list_pop(&l->ready), struct stream, ready));
        } else {
            return;
        }
    }
}

/*
 * Those that go on and on, such as a large file or a row of requests that came at once, have what
 * time is left: else, with many of them, whoever comes would wait for a step of each between any
 * two events.
 */
static void loop_run_later(struct loop *l)
{
    int64_t until = list_empty(&l->later) ? 0 : clock_monotonic() + LATER_A_ROUND;

    while (!list_empty(&l->later)) {
        stream_run_ready(list_entry(list_pop(&l->later), struct stream, ready));
        if (clock_monotonic() >= until)
            return;
    }
}

int loop_run(struct loop *l)
{
    l->stopping = false;
    while (!l->stopping || l->holds) {
        bool is_idle = list_empty(&l->ready) && list_empty(&l->later) && list_empty(&l->calls);
        int wait = is_idle ? wheel_wait(&l->wheel, l->now) : 0;
        int n = direct_epoll_wait(l->epoll_fd, l->events, EVENTS_A_ROUND, wait);

        if (n < 0 && errno != EINTR)
            return -CANDOR_E_SYSTEM;
        l->now = clock_monotonic();
        l->event_count = n > 0 ? n : 0;
        l->round++;
        for (l->event_at = 0; l->event_at < l->event_count; l->event_at++) {
            const struct epoll_event *e = &l->events[l->event_at];
            struct source *s = e->data.ptr;

            if (s)
                s->on_event(s, e->events);
            loop_run_ready(l);
        }
        l->event_count = 0;
        wheel_run(&l->wheel, l->now);
        loop_run_ready(l);
        loop_run_later(l);
    }
    return 0;
}
