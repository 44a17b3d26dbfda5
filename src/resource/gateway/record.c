// SPDX-License-Identifier: MIT
#include "resource/gateway/record.h"

bool record_attempt(struct passage *p)
{
    struct attempt *a = arena_alloc(&p->x->arena, sizeof *a);

    if (!a)
        return false;
    *a = (struct attempt){.phase = upstream_phase_name(PHASE_QUEUE)};
    *p->relay.attempts_end = a;
    p->relay.attempts_end = &a->next;
    p->attempt = a;
    p->attempt_begun = loop_now(p->gateway->loop);
    return true;
}

void record_upstream(struct passage *p, unsigned target)
{
    p->attempt->upstream = upstream_name(p->gateway->pool, target);
    p->relay.upstream = p->attempt->upstream;
}

void record_result(struct passage *p, enum outcome cause, int system_error,
                   enum upstream_phase phase, struct span sequel)
{
    struct attempt *a = p->attempt;

    a->cause = cause;
    a->system_error = system_error;
    a->phase = upstream_phase_name(phase);
    a->duration = loop_now(p->gateway->loop) - p->attempt_begun;
    a->bytes_sent = p->fetch.bytes_sent;
    a->sequel = sequel;
}

void record_failed_body(struct passage *p, enum outcome cause, int system_error)
{
    if (p->attempt->cause != OUTCOME_NONE)
        return;
    p->relay.offset = p->fetch.offset;
    record_result(p, cause, system_error, PHASE_BODY, SPAN("not repeated: the answer had begun"));
}
