// SPDX-License-Identifier: MIT
/*
 * A connection's life: receive a head, let the call be answered, again or close. The buffer with
 * the head stays until the call is over, so its spans stay valid.
 */
#include "server/session/h1_fault.h"

#include "base/clock.h"
#include "server/session/h1_tunnel.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

static void on_recv(struct stream *s, struct loop_buffer *b, ssize_t result);

/* A session without a connection lives until its call has ended. */
static void free_if_over(struct h1_session *h)
{
    struct sessions *sessions = h->session.sessions;

    if (h->call || h->tunnel || !h->closed)
        return;
    loop_buffer_release(sessions->loop, h->in);
    sessions->count--;
    sessions->on_ended(sessions);
    free(h);
}

static void on_closed(struct stream *s)
{
    struct h1_session *h = container_of(s, struct h1_session, stream);

    h->closed = true;
    free_if_over(h);
}

/* At once, without another word to the peer. */
static void close_session(struct h1_session *h)
{
    timer_stop(&h->receive_timer);
    list_remove(&h->session.link);
    h->receive = H1_RECEIVE_NOTHING;
    h->closing = true;
    stream_close(&h->stream, on_closed);
}

/* The head of a request. */

static bool new_call(struct h1_session *h)
{
    int64_t begun = h->head_since ? h->head_since : loop_now(h->session.sessions->loop);

    h->call = call_new(&h->session, begun, sizeof(struct h1_call));
    if (!h->call) {
        close_session(h);
        return false;
    }
    h1_call(h)->session = h;
    return true;
}

static ptrdiff_t read_head(struct h1_session *h, struct span in, size_t seen)
{
    struct call *k = h->call;
    struct h1_call *c = k->part;
    ptrdiff_t n = h1_read_head(&k->x.request, &c->head, in, seen, &h->session.sessions->h1_limits);

    k->request_line = c->head.request_line;
    return n;
}

static void begin_call(struct h1_session *h, size_t length)
{
    struct call *k = h->call;
    struct h1_call *c = k->part;
    struct loop_buffer *b = h->in;

    h->receive = H1_RECEIVE_NOTHING;
    k->x.arrival.head = span_of(b->data + b->start, length);
    b->start += (uint32_t)length;
    k->bytes_in = length;
    h1_content_init(&c->content, &k->x.request, length, &h->session.sessions->h1_limits);
    c->content_ended = k->x.request.framing == FRAMING_NONE;
    c->close = !c->head.keep_alive || h->session.over_capacity;
    k->x.arrival.version = c->head.minor ? "1.1" : "1.0";
    call_begin(k);
}

/* A request that cannot be read on: it is answered, and nothing behind it is read. */
static void refuse_head(struct h1_session *h, enum outcome cause, uint64_t at)
{
    h->receive = H1_RECEIVE_NOTHING;
    h->call->bytes_in = h->in->len - h->in->start;
    h->in->start = h->in->len;
    h1_call(h)->close = true;
    call_refuse(h->call, cause, at);
}

/* The rest of a head will not come. What came of it says whose request it was. */
static void refuse_partial_head(struct h1_session *h, enum outcome cause)
{
    struct span in = span_of(h->in->data + h->in->start, h->in->len - h->in->start);

    if (!new_call(h))
        return;
    read_head(h, in, 0);
    refuse_head(h, cause, in.len);
}

/* Whether nothing is there but the empty line, or half of it, that some clients send behind a
 * request (RFC 9112 §2.2): whoever sent it has not begun another. */
static bool is_empty_line(const struct loop_buffer *b)
{
    return span_starts(SPAN("\r\n"), span_of(b->data + b->start, b->len - b->start));
}

/* Room for more behind what is there; what was consumed goes. */
static void compact(struct loop_buffer *b)
{
    if (b->start == 0)
        return;
    memmove(b->data, b->data + b->start, b->len - b->start);
    b->len -= b->start;
    b->start = 0;
}

/* Not enough of a head yet: nobody keeps a call for half of one. */
static void receive_rest(struct h1_session *h)
{
    call_drop(h->call);
    h->call = NULL;
    compact(h->in);
    h->head_seen = h->in->len;
    if (h->receive == H1_RECEIVE_IDLE && !is_empty_line(h->in)) {
        h->receive = H1_RECEIVE_HEAD;
        h->head_since = loop_now(h->session.sessions->loop);
        h1_set_timer(h, &h->receive_timer, h1_limits_of(h)->header_timeout);
    }
    stream_recv(&h->stream, h->in, on_recv);
}

static void process_head(struct h1_session *h)
{
    struct span in = span_of(h->in->data + h->in->start, h->in->len - h->in->start);
    ptrdiff_t n;

    if (!new_call(h))
        return;
    n = read_head(h, in, h->head_seen);
    if (n > 0) {
        begin_call(h, (size_t)n);
    } else if (n == H1_BAD) {
        const struct violation *v = &h->call->x.request.violation;

        refuse_head(h, v->outcome, v->offset);
    } else if (n == H1_NO_MEMORY) {
        refuse_head(h, OUTCOME_resources_exhausted, 0);
    } else {
        receive_rest(h);
    }
}

static void on_recv(struct stream *s, struct loop_buffer *b, ssize_t result)
{
    struct h1_session *h = container_of(s, struct h1_session, stream);

    if (result > 0) {
        h->in = b;
        process_head(h);
    } else if (result == 0 && h->receive == H1_RECEIVE_HEAD) {
        refuse_partial_head(h, OUTCOME_request_incomplete);
    } else {
        close_session(h);
    }
}

/* Between two calls. */

static void next_request(struct h1_session *h)
{
    struct loop_buffer *b = h->in;

    h->receive = H1_RECEIVE_IDLE;
    h1_set_timer(h, &h->receive_timer, h1_limits_of(h)->idle_timeout);
    if (b && b->start < b->len) {
        compact(b);
        process_head(h);
        return;
    }
    loop_buffer_release(h->session.sessions->loop, b);
    h->in = NULL;
    stream_recv(&h->stream, NULL, on_recv);
}

static void on_linger_recv(struct stream *s, struct loop_buffer *b, ssize_t result)
{
    struct h1_session *h = container_of(s, struct h1_session, stream);

    if (result <= 0) {
        close_session(h);
        return;
    }
    h->linger_heard = true;
    loop_buffer_release(h->session.sessions->loop, b);
    stream_recv(s, NULL, on_linger_recv);
}

/* To the next look, or to the end of the time that sending gives. */
static void set_linger_timer(struct h1_session *h)
{
    struct loop *l = h->session.sessions->loop;
    int64_t next = loop_now(l) + LIMIT_LINGER_SILENCE * CLOCK_MS;
    bool ends_before = h->linger_until > loop_now(l) && h->linger_until < next;

    h->linger_backlog = stream_send_backlog(&h->stream);
    h->linger_heard = false;
    timer_set(l, &h->receive_timer, ends_before ? h->linger_until : next);
}

/*
 * Closing while the peer's bytes are unread would make the system send a reset, and that could
 * overtake our answer: RFC 9112 §9.6. So a client that goes on sending, because it looks for the
 * answer only behind that, is read for a while; not for long where connections are short, or the
 * program is to end.
 */
static void linger(struct h1_session *h)
{
    bool is_pressed = h->session.over_capacity || h->session.sessions->stopping;
    uint64_t most = is_pressed ? LIMIT_LINGER_SILENCE : h1_limits_of(h)->linger_timeout;

    loop_buffer_release(h->session.sessions->loop, h->in);
    h->in = NULL;
    h->receive = H1_RECEIVE_LINGER;
    h->linger_until = loop_now(h->session.sessions->loop) + (int64_t)most * CLOCK_MS;
    set_linger_timer(h);
    stream_shutdown(&h->stream);
    stream_recv(&h->stream, NULL, on_linger_recv);
}

/* What the system still keeps of the answer would be lost by closing: a client that takes some of
 * it gets more time. */
static void check_linger(struct h1_session *h)
{
    uint64_t backlog = stream_send_backlog(&h->stream);
    bool takes = backlog != 0 && backlog != h->linger_backlog;
    bool sends = h->linger_heard && loop_now(h->session.sessions->loop) < h->linger_until;

    if (takes || sends)
        set_linger_timer(h);
    else
        close_session(h);
}

static void end_call(struct h1_session *h)
{
    struct call *k = h->call;
    struct h1_call *c = k->part;
    bool is_complete = k->ending == ENDING_COMPLETE || (c->fault && h1_fault_is_over(h));
    // Who was not told before may have sent more by now, and some send an empty line behind
    // content.
    bool unread = !c->content_ended || k->x.failure.cause != OUTCOME_NONE || c->head.keep_alive ||
                  k->x.request.framing != FRAMING_NONE;
    bool received = h->in && !is_empty_line(h->in); // something of a next request
    bool close = c->close || (h->session.sessions->stopping && !received);
    struct loop_buffer *head_in;

    if (!is_complete && !h->closing && h1_close_ends_body(h))
        stream_reset(&h->stream);
    h1_stop_sending(h);
    if (c->tunnel_begun)
        loop_call_cancel(&c->quiet);
    if (c->fault)
        h1_fault_stop(h);
    head_in = c->head_in;
    h->call = NULL;
    h->send = H1_SEND_NOTHING;
    h->head_since = h->fresh_until = 0;
    h->head_seen = 0;
    call_end(k);
    loop_buffer_release(h->session.sessions->loop, head_in);
    if (h->closing)
        free_if_over(h);
    else if (!is_complete)
        close_session(h);
    else if (!close)
        next_request(h);
    else if (unread || h->session.over_capacity || received)
        linger(h);
    else
        close_session(h);
}

/* What a call asks of its session. */

static void on_drained(struct h1_session *h)
{
    if (h->send == H1_SEND_DONE)
        end_call(h);
}

/* Our side of a tunnel has ended: the client has time for the end of its own while it sends. */
static void await_tunnel_end(struct h1_session *h)
{
    h->linger_backlog = h->call->bytes_in;
    stream_shutdown(&h->stream);
    h1_set_timer(h, &h->receive_timer, h1_limits_of(h)->linger_timeout);
}

static void end_tunnel_side(struct h1_session *h, bool in)
{
    struct h1_call *c = h1_call(h);

    if (in)
        c->tunnel_in_ended = true;
    else
        c->tunnel_out_ended = true;
    if (c->tunnel_in_ended && c->tunnel_out_ended)
        end_call(h);
    else if (!in)
        await_tunnel_end(h);
}

static void check_tunnel_end(struct h1_session *h)
{
    if (!h1_call(h)->tunnel_out_ended)
        return; // the timer is one of before
    if (h->linger_backlog != h->call->bytes_in) {
        await_tunnel_end(h);
        return;
    }
    if (h->receive == H1_RECEIVE_TUNNEL)
        stream_recv_cancel(&h->stream);
    end_tunnel_side(h, true);
}

static void on_response_sent(struct h1_session *h)
{
    if (h->call->x.response.is_tunnel) {
        end_tunnel_side(h, false);
        return;
    }
    if (h->receive == H1_RECEIVE_DRAIN)
        return;
    if (call_is_reading(h->call)) { // the answer did not wait for all of the content
        h1_stop_receiving(h);
        call_stop_reading(h->call);
        if (!h1_call(h)->content_ended && !h1_call(h)->close) {
            h1_drain(h, on_drained);
            return;
        }
    }
    end_call(h);
}

/* A tunnel that is quiet needs no call. */
static void on_quiet(struct loop_call *quiet)
{
    h1_tunnel_begin(container_of(quiet, struct h1_call, quiet)->session, close_session);
}

static void send_response(struct h1_session *h)
{
    struct h1_call *c = h1_call(h);

    c->tunnel_begun = h->call->x.response.is_tunnel;
    if (c->tunnel_begun) {
        loop_call_init(&c->quiet, on_quiet);
        c->tunnel_side_ended = end_tunnel_side;
    }
    h1_send_response(h, on_response_sent);
    if (h->call && h->call->x.response.is_tunnel) // else there was no memory for it
        h1_receive_tunnel(h);
}

static void respond(struct call *k)
{
    struct h1_session *h = h1_session_of(k);
    struct h1_call *c = k->part;

    if (!call_is_reading(k))
        h1_stop_receiving(h);
    c->close |= h->session.sessions->stopping || !h1_can_drain(h) ||
                (k->x.response.fault && !c->content_ended); // nothing delays that
    if (!c->content_ended && !c->close && !call_is_reading(k))
        h1_drain(h, on_drained);
    if (h->send == H1_SEND_INTERIM)
        c->respond = send_response; // it follows
    else
        send_response(h);
}

static void more_body(struct call *k)
{
    h1_send_awaited(h1_session_of(k));
}

static bool open_content(struct call *k)
{
    return h1_receive_opening(h1_session_of(k));
}

static bool send_interim(struct call *k, unsigned status, struct span fields)
{
    return h1_send_interim(h1_session_of(k), status, fields);
}

static bool read_content(struct call *k)
{
    return h1_receive_content(h1_session_of(k));
}

static bool more_content(struct call *k)
{
    return h1_receive_more(h1_session_of(k));
}

static void abort_call(struct call *k, enum ending ending)
{
    struct h1_session *h = h1_session_of(k);
    struct h1_call *c = k->part;

    if (k->ending == ENDING_COMPLETE)
        k->ending = ending;
    if (c->awaits_piece &&
        !call_give_up_body(k)) { // a thread works for it, and has what is the call's
        h1_stop_sending(h);
        if (!h->closing)
            close_session(h);
        return;
    }
    end_call(h);
}

/* The client hangs up while the call waits. Who has only ended its side still gets the answer. */
static void on_hang_up(struct stream *s, bool reset)
{
    struct h1_session *h = container_of(s, struct h1_session, stream);
    struct call *k = h->call;

    assert(k);
    if (h1_call(h)->fault && h1_fault_hang_up(h))
        return;
    if (h->receive == H1_RECEIVE_PAUSED && h1_is_broken_off(h, reset)) {
        h1_call(h)->close = true;
        if (reset)
            exchange_fail(&k->x, OUTCOME_content_incomplete, h1_call(h)->content.offset, NULL);
        else
            call_break_off(k, h1_call(h)->content.offset);
    }
    if (reset || call_ends_half_closed(k)) {
        close_session(h);
        call_cancel(k);
    }
}

/* Time. */

static void on_receive_timer(struct timer *t)
{
    struct h1_session *h = container_of(t, struct h1_session, receive_timer);

    switch ((enum h1_receive)h->receive) {
    case H1_RECEIVE_IDLE:
        close_session(h);
        break;
    case H1_RECEIVE_HEAD:
        stream_recv_cancel(&h->stream);
        refuse_partial_head(h, OUTCOME_header_timeout);
        break;
    case H1_RECEIVE_CONTENT:
        h1_receive_timeout(h);
        break;
    case H1_RECEIVE_DRAIN:
        h1_stop_draining(h);
        break;
    case H1_RECEIVE_LINGER:
        check_linger(h);
        break;
    case H1_RECEIVE_TUNNEL:
        check_tunnel_end(h);
        break;
    case H1_RECEIVE_NOTHING:
    case H1_RECEIVE_PAUSED:
        break;
    }
}

static void stop(struct session *s)
{
    struct h1_session *h = container_of(s, struct h1_session, session);

    if (h->receive == H1_RECEIVE_LINGER) {
        int64_t until = loop_now(s->sessions->loop) + LIMIT_LINGER_SILENCE * CLOCK_MS;

        h->linger_until = until < h->linger_until ? until : h->linger_until;
    }
    if (h->call && h->call->x.response.is_tunnel && h->call->x.outcome != OUTCOME_NONE)
        call_end_tunnel(h->call);
    if (h->tunnel)
        h1_tunnel_stop(h->tunnel);
    if (h->receive != H1_RECEIVE_IDLE || stream_has_input(&h->stream))
        return;
    if (loop_now(s->sessions->loop) < h->fresh_until)
        timer_set(s->sessions->loop, &h->receive_timer, h->fresh_until);
    else
        close_session(h);
}

static void hurry(struct session *s)
{
    struct h1_session *h = container_of(s, struct h1_session, session);

    if (h->tunnel)
        h1_tunnel_hurry(h->tunnel);
    else if (h->receive == H1_RECEIVE_LINGER)
        close_session(h);
    else if (h->send == H1_SEND_RESPONSE || h->send == H1_SEND_INTERIM)
        h1_give_up_sending(h);
    else if (h->send == H1_SEND_AWAIT || h->receive == H1_RECEIVE_NOTHING ||
             h->receive == H1_RECEIVE_PAUSED || h->receive == H1_RECEIVE_TUNNEL)
        call_hurry(h->call);
    else
        on_receive_timer(&h->receive_timer);
}

void h1_session_open(struct sessions *s, int fd, const struct sockaddr *peer)
{
    static const struct session_ops ops = {.respond = respond,
                                           .more_body = more_body,
                                           .open_content = open_content,
                                           .send_interim = send_interim,
                                           .read_content = read_content,
                                           .more_content = more_content,
                                           .abort = abort_call,
                                           .stop = stop,
                                           .hurry = hurry};
    struct h1_session *h = calloc(1, sizeof *h);
    const struct config_limits *limits = &s->config->limits;

    if (!h || stream_open(s->loop, &h->stream, fd) < 0) {
        free(h);
        close(fd);
        return;
    }
    h->session.ops = &ops;
    h->session.sessions = s;
    h->session.over_capacity = s->count >= s->most;
    client_from_address(&h->session.client, peer);
    h->session.client_number = client_number(&h->session.client);
    h->fresh_until = loop_now(s->loop) + LIMIT_STOP_GREETING * CLOCK_MS;
    timer_init(&h->receive_timer, on_receive_timer);
    stream_watch(&h->stream, on_hang_up);
    list_add_tail(&s->all, &h->session.link);
    s->count++;
    h1_set_timer(h, &h->receive_timer,
                 h->session.over_capacity ? limits->header_timeout : limits->idle_timeout);
    stream_recv(&h->stream, NULL, on_recv);
}
