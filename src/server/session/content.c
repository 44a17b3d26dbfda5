// SPDX-License-Identifier: MIT
/*
 * Content moves in pieces from the connection's buffer to the resource that wants it, one at a
 * time: while the resource has a piece, nothing is received, so a slow disk slows the client down.
 * Content that nobody wants is read too, as far as it keeps the connection usable.
 */
#include "server/session/content.h"

#include "base/clock.h"

static bool move(struct carried *k);

static bool is_wanted(const struct exchange *x)
{
    return x->resource && x->resource->wants & METHOD_BIT(x->request.method);
}

/* The next event of the content in the buffer; *ret_data with content and trailers. */
static enum h1_event next_event(struct carried *k, struct span *ret_data)
{
    struct loop_buffer *b = k->connection->in;
    struct span in = span_of(b->data + b->start, b->len - b->start);
    uint32_t before = b->start;
    enum h1_event event = h1_read_content(&k->content, &in, ret_data);

    b->start = b->len - (uint32_t)in.len;
    k->bytes_in += b->start - before;
    if (event == H1_CONTENT_END)
        k->content_ended = true;
    return event;
}

/* Content is consumed at once, so the room behind the head is used again for the next piece. */
static void receive_more(struct carried *k, stream_recv_fn *done)
{
    struct loop_buffer *b = k->connection->in;
    uint32_t head_end =
        (uint32_t)(k->x.request_bytes.ptr - b->data) + (uint32_t)k->x.request_bytes.len;

    b->start = b->len = head_end;
    stream_recv(&k->connection->stream, b, done);
}

static void on_content(struct stream *s, struct loop_buffer *b, ssize_t result)
{
    struct carried *k = container_of(s, struct connection, stream)->carried;

    (void)b;
    if (result <= 0)
        connection_content_broken_off(k);
    else if (move(k))
        connection_content_arrived(k);
}

static void await(struct carried *k)
{
    struct connection *c = k->connection;
    struct sessions *w = c->sessions;

    c->phase = PHASE_CONTENT;
    timer_set(w->loop, &c->timer,
              loop_now(w->loop) + (int64_t)w->config->limits.content_timeout * CLOCK_MS);
    receive_more(k, on_content);
}

static void on_continue_sent(struct stream *s, ssize_t result)
{
    struct carried *k = container_of(s, struct connection, stream)->carried;

    if (result < 0)
        connection_content_broken_off(k);
    else
        await(k);
}

/* RFC 9110 §10.1.1: the client waits for a word before it sends its content. */
static void invite(struct carried *k)
{
    static char text[] = "HTTP/1.1 100 Continue\r\n\r\n";

    k->invited = true;
    k->vector[0] = (struct iovec){text, sizeof text - 1};
    stream_send(&k->connection->stream, k->vector, 1, 0, on_continue_sent);
    if (stream_is_sending(&k->connection->stream)) { // the client takes nothing, for now
        k->connection->phase = PHASE_SEND;
        connection_watch_send(k->connection);
    }
}

/* Hands a piece to the resource. False: the resource has it and will tell. */
static bool hand_over(struct carried *k, struct span data)
{
    struct exchange *x = &k->x;
    bool taken;

    k->content_received += data.len;
    if (k->content_received > x->content_limit) {
        exchange_fail(x, OUTCOME_content_too_large, k->content.offset, NULL);
        return true;
    }
    taken = !is_wanted(x) || x->resource->ops->take(x, data);
    if (taken)
        x->content_taken = k->content_received;
    return taken;
}

/* Moves what can be moved. True: the fact is known, with a cause or without. */
static bool move(struct carried *k)
{
    struct exchange *x = &k->x;
    struct span data;

    while (x->cause == OUTCOME_NONE && !k->content_ended) {
        switch (next_event(k, &data)) {
        case H1_CONTENT_DATA:
            if (!hand_over(k, data)) {
                k->connection->phase = PHASE_WAIT;
                return false;
            }
            break;
        case H1_CONTENT_TRAILER:
            if (is_wanted(x) && !exchange_add_trailer(x, k->content.trailer, data))
                exchange_fail(x, OUTCOME_resources_exhausted, 0, NULL);
            break;
        case H1_CONTENT_END:
            break;
        case H1_CONTENT_BAD:
            exchange_fail(x, k->content.violation.outcome, k->content.violation.offset, NULL);
            break;
        case H1_CONTENT_MORE:
            if (x->request.expect_continue && !k->invited && k->content_received == 0)
                invite(k);
            else
                await(k);
            return false;
        }
    }
    k->close |= !k->content_ended;
    return true;
}

void content_taken(struct carried *k)
{
    k->x.content_taken = k->content_received;
    if (move(k))
        connection_content_arrived(k);
}

bool content_establish(struct carried *k, enum fact fact)
{
    struct exchange *x = &k->x;

    if (k->content_ended || x->cause != OUTCOME_NONE)
        return true;
    if ((fact == FACT_content) != is_wanted(x))
        return true;
    if (!is_wanted(x) && x->request.expect_continue) {
        // Nobody here wants it, so it is not asked for; whether it comes all the same cannot be
        // known, so the connection ends with the answer: RFC 9110 §10.1.1.
        k->close = true;
        return true;
    }
    return move(k);
}

bool content_is_drainable(const struct carried *k)
{
    const struct message *m = &k->x.request;

    if (k->content_ended)
        return true;
    return !m->expect_continue &&
           (m->framing == FRAMING_OPEN || m->content_length - k->content_received <= LIMIT_DRAIN);
}

static void on_drain(struct stream *s, struct loop_buffer *b, ssize_t result)
{
    struct carried *k = container_of(s, struct connection, stream)->carried;

    (void)b;
    if (result <= 0) {
        connection_content_drained(k, false);
        return;
    }
    k->drained += (uint64_t)result;
    content_drain(k);
}

void content_drain(struct carried *k)
{
    enum h1_event event;
    struct span data;

    do
        event = next_event(k, &data);
    while (event == H1_CONTENT_DATA || event == H1_CONTENT_TRAILER);
    if (event == H1_CONTENT_MORE && k->drained <= LIMIT_DRAIN)
        receive_more(k, on_drain);
    else
        connection_content_drained(k, event == H1_CONTENT_END);
}
