// SPDX-License-Identifier: MIT
/*
 * How long a client may take for what is sent to it.
 */
#include "server/session/h1_session.h"

/* Grows with every byte that the client's system takes: what the system here still keeps for it
 * can be megabytes, and tells nothing. */
static uint64_t send_progress(const struct h1_session *h)
{
    return h->call->bytes_out + stream_send_progress(&h->stream) - stream_send_backlog(&h->stream);
}

void h1_give_up_sending(struct h1_session *h)
{
    struct call *k = h->call;

    k->bytes_out += stream_send_progress(&h->stream);
    if (k->x.outcome == OUTCOME_NONE) // it did not even take the 100 (Continue)
        k->x.outcome = OUTCOME_content_timeout;
    h->session.ops->abort(k, ENDING_SEND_TIMEOUT);
}

/* The client takes nothing any more, or takes it slowly. */
static void on_send_timer(struct timer *t)
{
    struct h1_call *c = container_of(t, struct h1_call, send_timer);
    struct h1_session *h = c->session;
    uint64_t progress;

    if (!stream_is_sending(&h->stream)) // no fault of the client's: its time stands still
        return;
    progress = send_progress(h);
    if (progress == c->progress) {
        h1_give_up_sending(h);
    } else {
        c->progress = progress;
        h1_set_timer(h, t, h1_limits_of(h)->send_timeout);
    }
}

void h1_watch_sending(struct h1_session *h)
{
    struct h1_call *c = h1_call(h);

    if (!stream_is_sending(&h->stream))
        return;
    if (!c->send_timer.on_fire)
        timer_init(&c->send_timer, on_send_timer);
    c->progress = send_progress(h);
    h1_set_timer(h, &c->send_timer, h1_limits_of(h)->send_timeout);
}

void h1_stop_sending(struct h1_session *h)
{
    if (h1_call(h)->send_timer.on_fire)
        timer_stop(&h1_call(h)->send_timer);
}

void h1_send_vector(struct h1_session *h, unsigned count, int flags, stream_send_fn *done)
{
    stream_send(&h->stream, h1_call(h)->vector, count, flags, done);
    h1_watch_sending(h);
}
