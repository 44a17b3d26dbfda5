// SPDX-License-Identifier: MIT
/*
 * What the session and the walk ask of the gateway: the content as it comes, FACT_answer, the
 * response, and an end at any time.
 */
#include "resource/gateway/resource.h"

#include "base/zero.h"
#include "resource/gateway/answer.h"
#include "resource/gateway/attempt.h"
#include "resource/gateway/fastcgi.h"
#include "resource/gateway/forward.h"
#include "resource/gateway/forward_fields.h"
#include "resource/gateway/forward_target.h"
#include "resource/gateway/outgoing.h"

#include <stddef.h>
#include <stdlib.h>

enum { SPARES_KEPT = 64 };

/* All zeros but for the fetch. NULL: no memory. */
static struct passage *take_passage(struct gateway *g)
{
    struct passage *p = g->spares;

    if (p) {
        g->spares = p->next_spare;
        g->spare_count--;
    } else {
        p = malloc(sizeof *p);
        if (!p)
            return NULL;
    }
    zero(p, offsetof(struct passage, fetch));
    p->fetch.bytes_sent = 0; // is told of an attempt that had none
    return p;
}

static void give_passage_back(struct gateway *g, struct passage *p)
{
    if (g->spare_count == SPARES_KEPT) {
        free(p);
        return;
    }
    p->next_spare = g->spares;
    g->spares = p;
    g->spare_count++;
}

/* The passage of an exchange, which begins with whatever comes first. NULL: no memory, and that is
 * the cause. */
static struct passage *begin(struct exchange *x)
{
    struct passage *p = passage_of(x);

    if (p)
        return p;
    p = take_passage(gateway_of(x));
    if (!p) {
        exchange_fail(x, OUTCOME_resources_exhausted, 0, NULL);
        return NULL;
    }
    p->x = x;
    p->gateway = gateway_of(x);
    p->keeps_all = true;
    p->to_head = x->request.method == METHOD_HEAD;
    p->relay.attempts_end = &p->relay.attempts;
    x->relay = &p->relay;
    x->routing.resource_state = p;
    return p;
}

static bool is_without_length(const struct exchange *x)
{
    return x->request.framing == FRAMING_OPEN;
}

/* What is wrong with the request, so that it is not passed on. */
static enum outcome judge(struct passage *p)
{
    struct exchange *x = p->x;
    struct span script;

    if (forward_loops(p))
        return OUTCOME_proxy_loop;
    if (forward_may_climb(x))
        return OUTCOME_target_above_root;
    if (p->gateway->speaks_fcgi) {
        script = fastcgi_script(x);
        return !script.ptr                           ? OUTCOME_resources_exhausted
               : !script.len                         ? OUTCOME_script_unknown
               : is_without_length(x) && p->held.len ? OUTCOME_length_required
                                                     : OUTCOME_NONE;
    }
    p->upgrade = forward_upgrade(x);
    if (!p->upgrade.ptr)
        return OUTCOME_resources_exhausted;
    if (p->upgrade.len && (is_without_length(x) || x->request.content_length))
        return OUTCOME_upgrade_with_content;
    return OUTCOME_NONE;
}

/* Whether the content is read to its end before an upstream is chosen. */
static bool is_collected(const struct passage *p)
{
    const struct message *m = &p->x->request;

    if (outgoing_has_ended(p) || p->waits_to_send)
        return false;
    return m->framing == FRAMING_LENGTH ? m->content_length <= p->gateway->options->buffer
                                        : p->gateway->speaks_fcgi;
}

/* FACT_answer. */
static enum step begin_answer(struct exchange *x)
{
    struct passage *p = begin(x);
    enum outcome wrong = p ? judge(p) : OUTCOME_NONE;

    if (wrong != OUTCOME_NONE)
        exchange_fail(x, wrong, 0, NULL);
    if (!p || wrong != OUTCOME_NONE)
        return STEP_KNOWN;
    p->waits_to_send = x->request.expect_continue && !p->gateway->speaks_fcgi &&
                       !outgoing_has_ended(p) && !p->kept_length && !p->held.len;
    p->is_collecting = is_collected(p);
    if (p->is_collecting)
        outgoing_read(p);
    else if (!attempt_first(p))
        return STEP_KNOWN;
    return STEP_WAIT;
}

static bool take(struct exchange *x, struct span data)
{
    struct passage *p = begin(x);

    if (!p)
        return true;
    if (outgoing_take(p, data))
        return true;
    if (!p->is_collecting)
        return false;
    // Content of unknown length for an application that must be told it, or no memory.
    exchange_fail(x, is_without_length(x) ? OUTCOME_length_required : OUTCOME_resources_exhausted,
                  0, NULL);
    return true;
}

/* All of the content was read that is to be kept before an upstream is chosen. */
static void end_collecting(struct passage *p)
{
    p->is_collecting = false;
    if (!attempt_first(p))
        p->x->host->resume(p->x);
}

static void ended(struct exchange *x, bool whole)
{
    struct passage *p = passage_of(x);

    if (!p)
        return;
    if (x->response.is_tunnel && p->is_fetching) {
        fetch_end_content(&p->fetch, NULL);
        return;
    }
    p->content_ended |= whole;
    if (!whole && p->is_fetching)
        fetch_break_off(&p->fetch, OUTCOME_content_incomplete);
    else if (whole && p->is_collecting)
        end_collecting(p);
    else if (whole)
        outgoing_pump(p);
}

static bool detach(struct exchange *x, struct detached *ret)
{
    struct passage *p = passage_of(x);
    struct upstream_connection *c = NULL;

    if (p && p->is_fetching && !p->sending && !p->held.len)
        c = fetch_detach(&p->fetch);
    if (c)
        *ret = (struct detached){.connection = c,
                                 .idle_timeout = p->gateway->options->idle_timeout,
                                 .begun = p->attempt_begun,
                                 .bytes_sent = p->fetch.bytes_sent};
    return c != NULL;
}

static void respond(struct exchange *x)
{
    struct passage *p = passage_of(x);

    if (p && p->has_head && x->response.status && p->is_fetching)
        answer_respond(p);
}

static bool cancel(struct exchange *x)
{
    if (passage_of(x))
        attempt_end(passage_of(x));
    return true;
}

static void release(struct exchange *x)
{
    struct passage *p = passage_of(x);

    if (!p)
        return;
    attempt_end(p);
    x->relay = NULL;
    x->routing.resource_state = NULL;
    give_passage_back(p->gateway, p);
}

static void free_resource(struct resource *r)
{
    struct gateway *g = container_of(r, struct gateway, resource);

    upstream_pool_close(g->pool);
    while (g->spares)
        free(take_passage(g));
    free(g);
}

static const struct fact_step steps[FACT_COUNT] = {
    [FACT_answer] = {.begin = begin_answer},
};

const struct resource_ops gateway_ops = {
    .name = "gateway",
    .steps = steps,
    .take = take,
    .ended = ended,
    .detach = detach,
    .respond = respond,
    .cancel = cancel,
    .release = release,
    .free = free_resource,
};
