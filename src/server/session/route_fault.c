// SPDX-License-Identifier: MIT
#include "server/session/route_fault.h"

#include "base/hash.h"
#include "resource/files/cache_control.h"

enum { CERTAIN = 1000 * 1000 };

static bool is_for(const struct route_fault *f, const struct exchange *x, const struct route *route)
{
    struct cache_rule rule = {.match = f->path};
    struct span below = span_from(route_rest(route, x->path.text), 1);

    return (f->status == 0 || f->status == (uint64_t)exchange_status(x)) &&
           (f->method == METHOD_UNKNOWN || f->method == x->request.method) &&
           (f->path.len == 0 || cache_rule_matches(&rule, below));
}

void route_fault_lay(struct exchange *x, const struct route *route)
{
    struct route_faults *faults = route->faults;
    uint64_t turn = 0;
    bool has_turn = false;

    for (size_t i = 0; i < faults->count && !x->response.fault && !x->response.is_tunnel; i++) {
        const struct route_fault *f = &faults->list[i];
        uint64_t seed = f->seed == UINT64_MAX ? faults->seed : f->seed;
        struct wire_fault *fault;

        if (!is_for(f, x, route))
            continue;
        if (f->chance < CERTAIN && !has_turn) {
            turn = atomic_fetch_add_explicit(&faults->turn, 1, memory_order_relaxed);
            has_turn = true;
        }
        if (f->chance < CERTAIN && hash_roll(seed, turn, i) % CERTAIN >= f->chance)
            continue;
        fault = arena_alloc(&x->arena, sizeof *fault);
        if (!fault)
            return;
        *fault = (struct wire_fault){f->fault, f->at};
        x->response.fault = fault;
    }
}
