// SPDX-License-Identifier: MIT
#include "resource/gateway/retry.h"

#include "resource/gateway/outgoing.h"

static bool is_closed(const struct attempt_failure *f)
{
    return f->cause == OUTCOME_upstream_closed || f->cause == OUTCOME_upstream_reset;
}

/* Bytes that are no answer, over a kept connection: they belong to the answer before, and were
 * under way when the request was sent. */
static bool is_stray(const struct passage *p, const struct attempt_failure *f)
{
    return p->is_reused && f->cause == OUTCOME_upstream_status_line_malformed;
}

/* A kept connection that the upstream had closed, or was about to close, or on which something
 * strayed: a race, and no sign of anything. */
static bool is_race(const struct passage *p, const struct attempt_failure *f)
{
    return is_stray(p, f) || (p->is_reused && !f->answer_begun && is_closed(f));
}

/* Whether an upstream is left that has not failed for this request. */
static bool has_another(const struct passage *p)
{
    size_t count = p->gateway->options->to.count;
    uint64_t all = count == UPSTREAM_MOST ? UINT64_MAX : (UINT64_C(1) << count) - 1;

    return (p->wish.avoid & all) != all;
}

/* Empty: it may be repeated. */
static struct span why_not(const struct passage *p, const struct attempt_failure *f)
{
    const struct gateway_options *o = p->gateway->options;

    if (f->target < 0)
        return SPAN("not repeated: no upstream could be asked");
    if (f->cause == OUTCOME_upstream_own_fault)
        return SPAN("not repeated: the fault is here");
    if (f->answer_begun && !is_stray(p, f))
        return SPAN("not repeated: the answer had begun");
    if (f->may_have_arrived && !method_table[p->x->request.method].idempotent)
        return SPAN("not repeated: it may have been processed, and the method must not be twice");
    if (!outgoing_is_whole(p))
        return SPAN("not repeated: its content was not kept");
    if (!has_another(p) && !(f->was_lent && is_closed(f)) && !is_stray(p, f))
        return SPAN("not repeated: there is no other upstream");
    if (p->attempts > o->retries)
        return SPAN("not repeated: as often as retries says");
    return SPAN("");
}

bool retry_is_due(const struct passage *p, const struct attempt_failure *f, struct span *ret_why)
{
    *ret_why = why_not(p, f);
    if (ret_why->len)
        return false;
    if (!upstream_may_retry(p->gateway->pool)) {
        *ret_why = SPAN("not repeated: the budget of retries is used up");
        return false;
    }
    *ret_why = !f->may_have_arrived ? SPAN("repeated: nothing of it was sent")
               : is_stray(p, f)     ? SPAN("repeated: a kept connection had bytes of no answer")
               : is_race(p, f)      ? SPAN("repeated: a kept connection had been closed")
                                    : SPAN("repeated: the method may be");
    return true;
}

bool retry_blames_upstream(const struct passage *p, const struct attempt_failure *f)
{
    return f->was_lent && f->cause != OUTCOME_upstream_own_fault &&
           f->cause != OUTCOME_content_incomplete && f->cause != OUTCOME_script_unknown &&
           !is_race(p, f);
}
