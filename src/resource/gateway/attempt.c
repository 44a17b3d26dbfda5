// SPDX-License-Identifier: MIT
#include "resource/gateway/attempt.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/zero.h"
#include "graph/client.h"
#include "resource/gateway/answer.h"
#include "resource/gateway/fastcgi.h"
#include "resource/gateway/forward.h"
#include "resource/gateway/outgoing.h"
#include "resource/gateway/record.h"
#include "resource/gateway/retry.h"

static const struct fetch_events fetch_events;

static void resume(struct passage *p)
{
    p->x->host->resume(p->x);
}

static void fail(struct passage *p, enum outcome cause, int system_error)
{
    exchange_fail(p->x, cause, 0, NULL);
    p->x->failure.system_error = system_error;
    resume(p);
}

static bool ask(struct passage *p)
{
    if (!record_attempt(p))
        return false;
    p->attempts++;
    p->is_wished = true;
    upstream_ask(p->gateway->pool, &p->wish);
    return true;
}

/* The attempt has failed: another one, or the exchange has its cause. */
static void failed(struct passage *p, const struct attempt_failure *f)
{
    struct span why;
    bool again;

    if (f->target >= 0)
        p->wish.avoid |= UINT64_C(1) << f->target;
    if (retry_blames_upstream(p, f))
        upstream_report(p->gateway->pool, (unsigned)f->target, false);
    again = retry_is_due(p, f, &why);
    record_result(p, f->cause, f->system_error, f->phase, why);
    p->wish.fresh |= f->was_lent;
    if (!again) {
        p->x->failure.retry_after = p->wish.retry_after;
        fail(p, f->cause, f->system_error);
    } else if (!ask(p)) {
        fail(p, OUTCOME_resources_exhausted, 0);
    } else {
        outgoing_rewind(p);
    }
}

/* Nobody says 100 (Continue) to a client that waits for it: like the client itself would, the
 * content is sent all the same (RFC 9110 §10.1.1). */
static void on_patience_over(struct timer *t)
{
    struct passage *p = container_of(t, struct passage, patience);

    p->waits_to_send = false;
    outgoing_pump(p);
}

static bool make_head(struct passage *p, const struct upstream_address *address, struct span *head)
{
    *head = p->gateway->speaks_fcgi ? fastcgi_params(p, address) : forward_head(p, address);
    return head->ptr != NULL;
}

static void begin_fetch(struct passage *p, struct upstream_connection *c)
{
    const struct gateway *g = p->gateway;
    const struct message *m = &p->x->request;
    struct fetch_request r = {.framing = m->framing,
                              .content_length = m->content_length,
                              .to_head = p->to_head,
                              .upgrades = p->upgrade.len != 0,
                              .expects = p->waits_to_send};

    if (!make_head(p, upstream_address_of(g->pool, c->target), &r.head)) {
        upstream_give_back(c, RETURN_KEEP);
        fail(p, OUTCOME_resources_exhausted, 0);
        return;
    }
    if (g->speaks_fcgi && m->framing == FRAMING_OPEN) {
        r.framing = FRAMING_LENGTH; // all of it is there
        r.content_length = p->kept_length;
    }
    r.content = span_of(p->kept, p->kept_length);
    p->sending = r.content.len ? SENDING_KEPT : SENDING_NOTHING;
    p->content_told = r.framing == FRAMING_NONE;
    zero(&p->fetch, sizeof p->fetch);
    p->fetch.events = &fetch_events;
    p->fetch.limits = &g->limits;
    p->fetch.arena = &p->x->arena;
    p->is_fetching = true;
    fetch_begin(&p->fetch, c, &r);
    if (p->waits_to_send)
        timer_set(g->loop, &p->patience,
                  loop_now(g->loop) + (int64_t)LIMIT_CONTINUE_WAIT * CLOCK_MS);
    outgoing_pump(p);
}

static void on_connection(struct upstream_wish *w)
{
    struct passage *p = container_of(w, struct passage, wish);

    p->is_wished = false;
    if (w->target >= 0)
        record_upstream(p, (unsigned)w->target);
    if (w->connection) {
        p->is_reused = w->connection->reused;
        begin_fetch(p, w->connection);
        return;
    }
    p->fetch.bytes_sent = 0;
    failed(p, &(struct attempt_failure){.cause = w->cause,
                                        .system_error = w->system_error,
                                        .phase = w->phase,
                                        .target = w->target});
}

/* What the fetch tells. */

static struct passage *passage_of_fetch(struct fetch *f)
{
    return container_of(f, struct passage, fetch);
}

static void end_fetch(struct passage *p)
{
    p->is_fetching = false;
    timer_stop(&p->patience);
    fetch_end(&p->fetch);
}

static void on_interim(struct fetch *f)
{
    struct passage *p = passage_of_fetch(f);

    if (f->answer.status != 100) {
        answer_interim(p);
        return;
    }
    timer_stop(&p->patience);
    p->waits_to_send = false;
    outgoing_pump(p);
}

static void on_head(struct fetch *f)
{
    struct passage *p = passage_of_fetch(f);
    enum outcome wrong = answer_judge(p);

    timer_stop(&p->patience);
    p->has_head = true;
    p->relay.received_status = f->answer.status;
    if (wrong == OUTCOME_NONE || wrong == OUTCOME_script_unknown)
        upstream_report(p->gateway->pool, (unsigned)p->wish.target, true);
    record_result(p, wrong, 0, wrong == OUTCOME_NONE ? PHASE_BODY : PHASE_HEAD,
                  wrong == OUTCOME_NONE ? SPAN("") : SPAN("not repeated: the answer had begun"));
    if (wrong != OUTCOME_NONE) {
        end_fetch(p);
        fail(p, wrong, 0);
        return;
    }
    answer_begin(p);
    resume(p);
}

static void on_taken(struct fetch *f)
{
    outgoing_taken(passage_of_fetch(f));
}

static void on_more(struct fetch *f)
{
    struct passage *p = passage_of_fetch(f);

    p->x->host->resume_body(p->x);
}

static void on_failed(struct fetch *f)
{
    struct passage *p = passage_of_fetch(f);
    struct attempt_failure failure = {.cause = f->cause,
                                      .system_error = f->system_error,
                                      .phase = f->phase,
                                      .target = p->wish.target,
                                      .was_lent = true,
                                      .may_have_arrived = f->head_sent,
                                      .answer_begun = f->answer_begun};

    p->relay.offset = f->offset;
    end_fetch(p);
    failed(p, &failure);
}

static void on_complaint(struct fetch *f, struct span text)
{
    struct passage *p = passage_of_fetch(f);

    p->script_unknown |= fastcgi_is_script_unknown(text);
    if (p->gateway->tell)
        p->gateway->tell("application-complains", text);
}

static const struct fetch_events fetch_events = {.interim = on_interim,
                                                 .head = on_head,
                                                 .taken = on_taken,
                                                 .more = on_more,
                                                 .failed = on_failed,
                                                 .complaint = on_complaint};

/* What the choice of an upstream depends on: docs of the key balance. */
static uint64_t hash_of(const struct passage *p)
{
    const struct option_balance *b = &p->gateway->options->balance;
    const struct message *m = &p->x->request;
    const struct client *c = p->x->arrival.client;
    struct span text = SPAN("");

    if (b->kind != SPREAD_HASH)
        return 0;
    switch (b->of) {
    case HASH_CLIENT:
        text = span_of((const char *)c->address, sizeof c->address);
        break;
    case HASH_PATH:
        text = p->x->path.text;
        break;
    case HASH_FIELD:
        for (size_t i = 0; i < m->field_count; i++)
            if (span_eq_nocase(field_line_name(&m->fields[i]), b->name))
                text = field_line_value(&m->fields[i]);
        break;
    case HASH_COOKIE:
        for (size_t i = 0; i < m->field_count; i++) {
            struct span rest = field_line_value(&m->fields[i]);

            while (m->fields[i].id == FIELD_cookie && rest.len) {
                struct span value = span_trim(span_take_until(&rest, ';'));

                if (span_eq(span_take_until(&value, '='), b->name))
                    text = value;
            }
        }
        break;
    }
    return hash_add(HASH_BEGIN, text);
}

bool attempt_first(struct passage *p)
{
    timer_init(&p->patience, on_patience_over);
    p->wish = (struct upstream_wish){.hash = hash_of(p), .done = on_connection};
    upstream_count_request(p->gateway->pool);
    if (ask(p))
        return true;
    exchange_fail(p->x, OUTCOME_resources_exhausted, 0, NULL);
    return false;
}

/* What is under way is given up: the client has left, its content was found wrong, or the server
 * stops. */
static void record_giving_up(struct passage *p, enum upstream_phase phase)
{
    enum outcome cause = p->x->failure.cause;

    if (cause == OUTCOME_NONE && p->x->urgency.hurried && !p->x->urgency.cancelled)
        record_result(p, OUTCOME_server_stopping, 0, phase, SPAN("given up: the server stops"));
    else if (cause == OUTCOME_NONE)
        record_result(p, OUTCOME_client_gone, 0, phase, SPAN("given up: nobody waits for it"));
    else
        record_result(p, cause, 0, phase, SPAN("given up: the request came to nothing"));
}

void attempt_end(struct passage *p)
{
    if (p->is_wished) {
        p->is_wished = false;
        upstream_withdraw(&p->wish);
        record_giving_up(p, PHASE_QUEUE);
    }
    if (!p->is_fetching)
        return;
    if (!p->has_head)
        record_giving_up(p, p->fetch.phase);
    end_fetch(p);
}
