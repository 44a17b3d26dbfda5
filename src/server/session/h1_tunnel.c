// SPDX-License-Identifier: MIT
#include "server/session/h1_tunnel.h"

#include "base/clock.h"
#include "graph/relay.h"
#include "server/session/access_log.h"
#include "server/session/record.h"
#include "upstream/pool.h"

#include <errno.h>
#include <stdlib.h>

struct side {
    struct stream *stream;
    struct loop_buffer *piece; // on its way to it; meanwhile nothing of the other side is received
    struct iovec vector;       // of that
    uint64_t taken;            // of it by the peer's system, when the timer last looked
    int64_t came, went;        // monotonic ns: when bytes last did, from it and to it
    bool receiving;
    bool ended; // it sends nothing more
    bool told;  // that the other one does not
    int error;  // errno: it takes nothing more, and what is for it is dropped
};

struct h1_tunnel {
    struct h1_session *session;
    void (*over)(struct h1_session *h);
    struct upstream_connection *connection;
    struct side client, upstream;
    struct timer timer;
    uint64_t idle_timeout;
    int64_t begun; // the attempt
    struct attempt *attempt;
    struct record *record;
    bool stops;
};

static void on_client_bytes(struct stream *s, struct loop_buffer *b, ssize_t result);
static void on_upstream_bytes(struct stream *s, struct loop_buffer *b, ssize_t result);
static void on_client_took(struct stream *s, ssize_t result);
static void on_upstream_took(struct stream *s, ssize_t result);

static struct loop *loop_of(const struct h1_tunnel *t)
{
    return t->session->session.sessions->loop;
}

static void tell(struct h1_tunnel *t, enum ending ending)
{
    struct access_log *log = &t->session->session.sessions->log;
    struct record *r = t->record;

    r->ending = ending;
    r->time = clock_realtime();
    r->moments[MOMENT_ENDED] = clock_monotonic();
    t->attempt->duration = loop_now(loop_of(t)) - t->begun;
    if (access_log_is_on(log))
        access_log_add(log, r);
}

static void end(struct h1_tunnel *t, enum ending ending, enum upstream_return how)
{
    struct h1_session *h = t->session;
    struct loop *l = loop_of(t);

    timer_stop(&t->timer);
    if (t->client.piece)
        t->record->bytes_out += stream_send_progress(t->client.stream);
    if (t->upstream.piece)
        t->attempt->bytes_sent += stream_send_progress(t->upstream.stream);
    tell(t, ending);
    if (t->upstream.receiving)
        stream_recv_cancel(t->upstream.stream);
    upstream_give_back(t->connection, how);
    if (ending != ENDING_COMPLETE)
        stream_reset(&h->stream);
    h->tunnel = NULL;
    t->over(h);
    loop_buffer_release(l, t->client.piece);
    loop_buffer_release(l, t->upstream.piece);
    free(t->record);
    free(t);
}

/* By the upstream. */
static void fail(struct h1_tunnel *t, enum outcome cause, int error)
{
    t->attempt->cause = cause;
    t->attempt->system_error = error;
    t->attempt->sequel = SPAN("not repeated: the answer had begun");
    end(t, ENDING_BODY_FAILED, RETURN_RESET);
}

/* Time. */

static uint64_t taken(const struct side *s)
{
    return stream_send_progress(s->stream) - stream_send_backlog(s->stream);
}

static int64_t last_moved(const struct side *s)
{
    return s->came > s->went ? s->came : s->went;
}

enum patience { PATIENCE_IDLE, PATIENCE_CLIENT, PATIENCE_UPSTREAM, PATIENCE_END };

/* When which patience ends. */
static int64_t deadline(const struct h1_tunnel *t, enum patience *ret_which)
{
    const struct config_limits *limits = h1_limits_of(t->session);
    int64_t client = last_moved(&t->client), upstream = last_moved(&t->upstream);

    if (t->client.piece) {
        *ret_which = PATIENCE_CLIENT;
        return t->client.went + (int64_t)limits->send_timeout * CLOCK_MS;
    }
    if (t->upstream.ended) {
        *ret_which = PATIENCE_END;
        return client + (int64_t)limits->linger_timeout * CLOCK_MS;
    }
    *ret_which = t->upstream.piece ? PATIENCE_UPSTREAM : PATIENCE_IDLE;
    if (!t->upstream.piece && client > upstream)
        upstream = client;
    return (t->upstream.piece ? t->upstream.went : upstream) + (int64_t)t->idle_timeout * CLOCK_MS;
}

static void arm(struct h1_tunnel *t)
{
    enum patience which;

    timer_set(loop_of(t), &t->timer, deadline(t, &which));
}

/* What is under way moves on, though not to its end. */
static void look(const struct h1_tunnel *t, struct side *s)
{
    uint64_t now = s->piece ? taken(s) : s->taken;

    if (now == s->taken)
        return;
    s->taken = now;
    s->went = loop_now(loop_of(t));
}

static void on_timer(struct timer *timer)
{
    struct h1_tunnel *t = container_of(timer, struct h1_tunnel, timer);
    enum patience which;
    int64_t at;

    look(t, &t->client);
    look(t, &t->upstream);
    at = deadline(t, &which);
    if (at > loop_now(loop_of(t)))
        timer_set(loop_of(t), &t->timer, at);
    else if (which == PATIENCE_CLIENT)
        end(t, ENDING_SEND_TIMEOUT, RETURN_CLOSE);
    else if (which == PATIENCE_END)
        end(t, ENDING_COMPLETE, RETURN_CLOSE);
    else
        fail(t,
             which == PATIENCE_IDLE ? OUTCOME_upstream_read_timeout : OUTCOME_upstream_send_timeout,
             0);
}

/* Bytes. */

static struct h1_tunnel *tunnel_of_client(struct stream *s)
{
    return container_of(s, struct h1_session, stream)->tunnel;
}

static struct h1_tunnel *tunnel_of_upstream(struct stream *s)
{
    return container_of(s, struct upstream_connection, stream)->borrower;
}

static void receive(struct h1_tunnel *t, struct side *from)
{
    from->receiving = true;
    stream_recv(from->stream, NULL, from == &t->client ? on_client_bytes : on_upstream_bytes);
}

static void tell_end(struct side *s)
{
    if (!s->told && !s->error)
        stream_shutdown(s->stream);
    s->told = true;
}

static void pass(struct h1_tunnel *t, struct side *from, struct side *to, struct loop_buffer *b)
{
    if (to->told || to->error) {
        loop_buffer_release(loop_of(t), b);
        receive(t, from);
        return;
    }
    to->piece = b;
    to->vector = (struct iovec){b->data + b->start, b->len - b->start};
    to->went = loop_now(loop_of(t));
    stream_send(to->stream, &to->vector, 1, 0,
                to == &t->client ? on_client_took : on_upstream_took);
    to->taken = taken(to);
    arm(t);
}

static void side_ended(struct h1_tunnel *t, struct side *from, struct side *to)
{
    from->ended = true;
    tell_end(to);
    if (to->ended)
        end(t, ENDING_COMPLETE, RETURN_CLOSE);
    else
        arm(t);
}

static void on_client_bytes(struct stream *s, struct loop_buffer *b, ssize_t result)
{
    struct h1_tunnel *t = tunnel_of_client(s);

    t->client.receiving = false;
    t->client.came = loop_now(loop_of(t));
    if (result > 0) {
        t->record->bytes_in += (uint64_t)result;
        pass(t, &t->client, &t->upstream, b);
    } else if (result == 0) {
        side_ended(t, &t->client, &t->upstream);
    } else {
        end(t, ENDING_CLIENT_GONE, RETURN_CLOSE);
    }
}

static void on_upstream_bytes(struct stream *s, struct loop_buffer *b, ssize_t result)
{
    struct h1_tunnel *t = tunnel_of_upstream(s);

    t->upstream.receiving = false;
    t->upstream.came = loop_now(loop_of(t));
    if (result > 0)
        pass(t, &t->upstream, &t->client, b);
    else if (result == 0 && t->upstream.error != ECONNRESET)
        side_ended(t, &t->upstream, &t->client);
    else
        fail(t, OUTCOME_upstream_incomplete, result < 0 ? (int)-result : ECONNRESET);
}

static void end_piece(struct h1_tunnel *t, struct side *to)
{
    loop_buffer_release(loop_of(t), to->piece);
    to->piece = NULL;
    to->went = loop_now(loop_of(t));
}

static void on_client_took(struct stream *s, ssize_t result)
{
    struct h1_tunnel *t = tunnel_of_client(s);

    if (result < 0) {
        end(t, ENDING_CLIENT_GONE, RETURN_CLOSE);
        return;
    }
    end_piece(t, &t->client);
    t->record->bytes_out += (uint64_t)result;
    receive(t, &t->upstream);
}

static void on_upstream_took(struct stream *s, ssize_t result)
{
    struct h1_tunnel *t = tunnel_of_upstream(s);

    end_piece(t, &t->upstream);
    if (result < 0) // what it sent before is received all the same
        t->upstream.error = (int)-result;
    else
        t->attempt->bytes_sent += (uint64_t)result;
    if (t->stops)
        tell_end(&t->upstream);
    receive(t, &t->client);
}

/* The client hangs up while the upstream takes nothing. Who has only ended its side is heard of
 * when that is read. */
static void on_hang_up(struct stream *s, bool reset)
{
    if (reset)
        end(tunnel_of_client(s), ENDING_CLIENT_GONE, RETURN_CLOSE);
}

void h1_tunnel_stop(struct h1_tunnel *t)
{
    t->stops = true;
    if (!t->upstream.piece)
        tell_end(&t->upstream);
}

void h1_tunnel_hurry(struct h1_tunnel *t)
{
    end(t, ENDING_SEND_TIMEOUT, RETURN_CLOSE);
}

/* From the call to the tunnel. */

static bool is_quiet(const struct h1_session *h)
{
    const struct h1_call *c = h1_call(h);

    return h->send == H1_SEND_AWAIT && h->receive == H1_RECEIVE_TUNNEL && !h->in && !h->closing &&
           !h->call->tunnel_ended && !c->tunnel_in_ended && !c->tunnel_out_ended &&
           !h->session.sessions->stopping;
}

static void end_call(struct h1_session *h)
{
    struct call *k = h->call;
    struct loop_buffer *head_in = h1_call(h)->head_in;

    stream_recv_cancel(&h->stream);
    timer_stop(&h->receive_timer);
    h1_stop_sending(h);
    h->call = NULL;
    h->send = H1_SEND_NOTHING;
    call_leave(k);
    loop_buffer_release(h->session.sessions->loop, head_in);
}

static struct attempt *last_attempt(const struct record *r)
{
    struct attempt *a = r->relay->attempts;

    while (a->next)
        a = a->next;
    return a;
}

void h1_tunnel_begin(struct h1_session *h, void (*over)(struct h1_session *h))
{
    struct call *k = h->call;
    const struct resource_ops *ops = k->x.routing.resource->ops;
    int64_t now = loop_now(h->session.sessions->loop);
    struct h1_tunnel *t;
    struct detached d;

    if (!ops->detach || !is_quiet(h))
        return;
    t = calloc(1, sizeof *t);
    if (!t)
        return;
    t->record = call_keep_record(k);
    if (!t->record || !ops->detach(&k->x, &d)) {
        free(t->record);
        free(t);
        return;
    }
    t->session = h;
    t->over = over;
    t->connection = d.connection;
    t->connection->borrower = t;
    t->idle_timeout = d.idle_timeout;
    t->begun = d.begun;
    t->attempt = last_attempt(t->record);
    t->attempt->bytes_sent = d.bytes_sent;
    t->client = (struct side){.stream = &h->stream, .came = now, .went = now};
    t->upstream = (struct side){.stream = &d.connection->stream, .came = now, .went = now};
    timer_init(&t->timer, on_timer);
    end_call(h);
    h->tunnel = t;
    stream_watch(&h->stream, on_hang_up);
    receive(t, &t->client);
    receive(t, &t->upstream);
    arm(t);
}
