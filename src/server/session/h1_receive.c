// SPDX-License-Identifier: MIT
/*
 * Content moves in pieces from the connection's buffer to the call, one at a time: while the
 * resource keeps a piece, nothing is received, so a slow disk slows the client down. What is left
 * of it when the response is decided is read too, as far as that keeps the connection usable.
 */
#include "server/session/h1_session.h"

static struct span unread(const struct loop_buffer *b)
{
    return b ? span_of(b->data + b->start, b->len - b->start) : SPAN("");
}

/* The next event of the content in the buffer; *ret_data with content and trailers. */
static enum h1_event next_event(struct h1_session *h, struct span *ret_data)
{
    struct h1_call *c = h1_call(h);
    struct loop_buffer *b = h->in;
    struct span in = unread(b);
    size_t before = in.len;
    enum h1_event event = h1_read_content(&c->content, &in, ret_data);

    if (b)
        b->start = b->len - (uint32_t)in.len;
    h->call->bytes_in += before - in.len;
    if (event == H1_CONTENT_END)
        c->content_ended = true;
    return event;
}

/* All that came before is consumed; only the head of the request stays. */
static void receive_more(struct h1_session *h, stream_recv_fn *done)
{
    struct h1_call *c = h1_call(h);

    if (!c->head_in)
        c->head_in = h->in;
    else
        loop_buffer_release(h->session.sessions->loop, h->in);
    h->in = NULL;
    stream_recv_much(&h->stream, done);
}

/* The content will not come to its end. */
static void break_off(struct h1_session *h, enum outcome cause)
{
    h->receive = H1_RECEIVE_NOTHING;
    h1_call(h)->close = true;
    call_content_broken(h->call, cause, h1_call(h)->content.offset);
}

static void on_content(struct stream *s, struct loop_buffer *b, ssize_t result)
{
    struct h1_session *h = container_of(s, struct h1_session, stream);

    h->in = b;
    if (result <= 0)
        break_off(h, OUTCOME_content_incomplete);
    else if (h1_receive_more(h))
        call_content_arrived(h->call);
}

void h1_receive_timeout(struct h1_session *h)
{
    stream_recv_cancel(&h->stream);
    break_off(h, OUTCOME_content_timeout);
}

static void await(struct h1_session *h)
{
    h->receive = H1_RECEIVE_CONTENT;
    h1_set_timer(h, &h->receive_timer, h1_limits_of(h)->content_timeout);
    receive_more(h, on_content);
}

enum buffered { BUFFERED_KEPT, BUFFERED_MORE, BUFFERED_ENDED };

/* What is in the buffer goes to the call: until that keeps a piece, or more is needed, or all has
 * come or has a cause. */
static enum buffered take_buffered(struct h1_session *h)
{
    struct call *k = h->call;
    struct h1_call *c = k->part;
    struct span data;

    while (k->x.failure.cause == OUTCOME_NONE && !c->content_ended) {
        switch (next_event(h, &data)) {
        case H1_CONTENT_DATA:
            if (!call_take(k, data, c->content.offset)) {
                h->receive = H1_RECEIVE_PAUSED;
                stream_tell_again(&h->stream); // it may have ended before this piece was there
                return BUFFERED_KEPT;
            }
            break;
        case H1_CONTENT_NAME:
            call_take_trailer_name(k, data);
            break;
        case H1_CONTENT_TRAILER:
            call_take_trailer(k, c->content.trailer, data, h1_trailer_passes(&c->content));
            break;
        case H1_CONTENT_END:
            break;
        case H1_CONTENT_BAD:
            exchange_fail(&k->x, c->content.violation.outcome, c->content.violation.offset, NULL);
            break;
        case H1_CONTENT_MORE:
            return BUFFERED_MORE;
        }
    }
    c->close |= !c->content_ended;
    return BUFFERED_ENDED;
}

bool h1_receive_opening(struct h1_session *h)
{
    enum buffered buffered;

    h1_call(h)->content.wants_names = true; // of trailers, as they are passed on
    buffered = take_buffered(h);
    if (buffered != BUFFERED_KEPT)
        h->receive = H1_RECEIVE_NOTHING;
    return buffered == BUFFERED_ENDED;
}

bool h1_receive_more(struct h1_session *h)
{
    enum buffered buffered;

    if (h->call->x.response.is_tunnel) {
        h1_receive_tunnel(h);
        return false;
    }
    buffered = take_buffered(h);
    if (buffered == BUFFERED_MORE) {
        h1_invite(h);
        await(h);
    } else if (buffered == BUFFERED_ENDED) {
        h->receive = H1_RECEIVE_NOTHING;
    }
    return buffered == BUFFERED_ENDED;
}

void h1_stop_receiving(struct h1_session *h)
{
    if (h->receive != H1_RECEIVE_CONTENT && h->receive != H1_RECEIVE_PAUSED)
        return;
    if (h->receive == H1_RECEIVE_CONTENT)
        stream_recv_cancel(&h->stream);
    timer_stop(&h->receive_timer);
    h->receive = H1_RECEIVE_NOTHING;
}

/* Tunnels. */

static void on_tunnel_bytes(struct stream *s, struct loop_buffer *b, ssize_t result)
{
    struct h1_session *h = container_of(s, struct h1_session, stream);

    if (result > 0) {
        h->in = b;
        h1_receive_tunnel(h);
    } else if (result == 0) {
        h->receive = H1_RECEIVE_NOTHING;
        call_end_tunnel(h->call);
        h1_call(h)->tunnel_side_ended(h, true);
    } else {
        h->receive = H1_RECEIVE_NOTHING;
        h->session.ops->abort(h->call, ENDING_CLIENT_GONE);
    }
}

void h1_receive_tunnel(struct h1_session *h)
{
    struct h1_call *c = h1_call(h);
    struct span data = unread(h->in);

    if (data.len) {
        h->in->start = h->in->len;
        h->call->bytes_in += data.len;
        if (!call_take_bytes(h->call, data)) {
            h->receive = H1_RECEIVE_PAUSED;
            return;
        }
    }
    if (!c->head_in)
        c->head_in = h->in; // with what there is to tell of the call
    else
        loop_buffer_release(h->session.sessions->loop, h->in);
    h->in = NULL;
    h->receive = H1_RECEIVE_TUNNEL;
    stream_recv(&h->stream, NULL, on_tunnel_bytes);
}

bool h1_is_broken_off(const struct h1_session *h, bool reset)
{
    struct h1_content ahead = h1_call(h)->content;
    struct span in = unread(h->in), data;
    enum h1_event event;

    do
        event = h1_read_content(&ahead, &in, &data);
    while (h1_event_goes_on(event));
    return event == H1_CONTENT_MORE &&
           (reset || h1_content_missing(&ahead) > stream_input(&h->stream));
}

bool h1_receive_content(struct h1_session *h)
{
    return h1_call(h)->content_ended || h->call->x.failure.cause != OUTCOME_NONE ||
           h1_receive_more(h);
}

bool h1_can_drain(const struct h1_session *h)
{
    const struct message *m = &h->call->x.request;

    if (h1_call(h)->content_ended)
        return true;
    return !m->expect_continue && (m->framing == FRAMING_OPEN ||
                                   m->content_length - h->call->content_received <= LIMIT_DRAIN);
}

static void drain_on(struct h1_session *h);

static void end_draining(struct h1_session *h, bool whole)
{
    h->receive = H1_RECEIVE_NOTHING;
    h1_call(h)->close |= !whole;
    h1_call(h)->drained(h);
}

static void on_drain(struct stream *s, struct loop_buffer *b, ssize_t result)
{
    struct h1_session *h = container_of(s, struct h1_session, stream);

    h->in = b;
    if (result <= 0) {
        end_draining(h, false);
        return;
    }
    h1_call(h)->drained_bytes += (uint64_t)result;
    drain_on(h);
}

static void drain_on(struct h1_session *h)
{
    enum h1_event event;
    struct span data;

    do
        event = next_event(h, &data);
    while (h1_event_goes_on(event));
    if (event == H1_CONTENT_MORE && h1_call(h)->drained_bytes <= LIMIT_DRAIN)
        receive_more(h, on_drain);
    else
        end_draining(h, event == H1_CONTENT_END);
}

void h1_drain(struct h1_session *h, void (*drained)(struct h1_session *h))
{
    h->receive = H1_RECEIVE_DRAIN;
    h1_call(h)->drained = drained;
    h1_set_timer(h, &h->receive_timer, h1_limits_of(h)->content_timeout);
    drain_on(h);
}

void h1_stop_draining(struct h1_session *h)
{
    stream_recv_cancel(&h->stream);
    end_draining(h, false);
}
