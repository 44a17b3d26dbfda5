// SPDX-License-Identifier: MIT
#include "base/hash.h"
#include "base/zero.h"
#include "resource/mock/mock.h"

struct mock_state *mock_state_of(struct exchange *x)
{
    struct mock_state *s = x->routing.resource_state;

    if (s)
        return s;
    s = arena_alloc(&x->arena, sizeof *s);
    if (!s)
        return NULL;
    zero(s, sizeof *s);
    s->x = x;
    s->mock = mock_of(x);
    x->routing.resource_state = s;
    return s;
}

void mock_wait(struct mock_state *s, int64_t at, void (*done)(struct timer *t))
{
    struct loop *l = s->mock->loop;

    if (s->is_timed)
        return;
    s->is_timed = true;
    timer_init(&s->timer, done);
    timer_set(l, &s->timer, at ? at : loop_now(l));
}

uint64_t mock_roll(const struct mock_state *s, uint64_t purpose)
{
    return hash_roll(s->seed, s->turn, purpose);
}
