// SPDX-License-Identifier: MIT
#include "server/memory.h"

#include "base/budget.h"
#include "base/clock.h"

#include <malloc.h>

enum {
    LARGE = 128 * 1024,          // bytes of a block that has pages of its own
    FREE_AT_THE_TOP = 1 << 20,   // bytes that an arena keeps
    MANY = 64,                   // connections
    MUCH = 8 * 1024 * 1024,      // bytes of LIMIT_MEMORY
    RETURN_AFTER = CLOCK_SECOND, // who has gone is followed by others
};

/* Left alone, the allocator raises both thresholds to what was ever freed, up to 64 MiB for each of
 * its arenas, and has an arena for each thread. */
void memory_prepare(unsigned workers)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, LARGE);
    mallopt(M_TRIM_THRESHOLD, FREE_AT_THE_TOP);
    mallopt(M_ARENA_MAX, (int)workers + 1);
#else
    (void)workers;
#endif
}

static void return_run(struct work *w)
{
    (void)w;
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

static void return_done(struct work *w)
{
    struct memory_return *r = container_of(w, struct memory_return, work);

    r->is_due = false;
}

static void on_timer(struct timer *t)
{
    struct memory_return *r = container_of(t, struct memory_return, timer);

    r->highest = 0;
    budget_forget_highest(&budget_memory);
    loop_drop_buffers(r->loop);
    r->work.run = return_run;
    r->work.done = return_done;
    r->work.lane = LANE_LONG;
    offload_submit(r->pool, r->loop, &r->work);
}

void memory_return_init(struct memory_return *r, struct loop *loop, struct offload *pool)
{
    *r = (struct memory_return){.loop = loop, .pool = pool};
    timer_init(&r->timer, on_timer);
}

void memory_return_note(struct memory_return *r, size_t connections)
{
    if (connections > r->highest)
        r->highest = connections;
    // Less than half of what it was: else it is about to be taken again.
    if (!r->is_due && (r->highest >= MANY + 2 * connections ||
                       budget_highest(&budget_memory) >= MUCH + 2 * budget_taken(&budget_memory))) {
        r->is_due = true;
        timer_set(r->loop, &r->timer, loop_now(r->loop) + RETURN_AFTER);
    }
}
