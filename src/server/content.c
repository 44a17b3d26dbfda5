// SPDX-License-Identifier: MIT
#include "server/content.h"

#include "base/clock.h"

enum taken { TAKEN_MORE, TAKEN_END, TAKEN_BAD };

/*
 * Reads what is in the buffer. Content is consumed at once, so the room behind the head is used
 * again for the next piece.
 */
static enum taken take_content(struct carried *k)
{
    struct loop_buffer *b = k->connection->in;

    for (;;) {
        struct span in = span_of(b->data + b->start, b->len - b->start);
        struct span data;
        enum h1_event event = h1_read_content(&k->content, &in, &data);
        uint32_t before = b->start;

        b->start = b->len - (uint32_t)in.len;
        k->bytes_in += b->start - before;
        switch (event) {
        case H1_CONTENT_DATA:
            k->content_received += data.len;
            break;
        case H1_CONTENT_END:
            k->content_ended = true;
            return TAKEN_END;
        case H1_CONTENT_BAD:
            return TAKEN_BAD;
        case H1_CONTENT_MORE:
            return TAKEN_MORE;
        }
    }
}

static void on_content(struct stream *s, struct loop_buffer *b, ssize_t result);

static void receive_more(struct carried *k, stream_recv_fn *done)
{
    struct loop_buffer *b = k->connection->in;
    uint32_t head_end =
        (uint32_t)(k->x.request_bytes.ptr - b->data) + (uint32_t)k->x.request_bytes.len;

    b->start = b->len = head_end;
    stream_recv(&k->connection->stream, b, done);
}

/* True: the fact is known, with a cause or without. */
static bool content_is_known(struct carried *k)
{
    struct exchange *x = &k->x;
    enum taken taken = take_content(k);

    if (taken == TAKEN_BAD) {
        exchange_set_cause(x, k->content.violation.outcome, k->content.violation.offset);
        k->close = true;
    } else if (k->content_received > x->content_limit) {
        exchange_set_cause(x, OUTCOME_content_too_large, k->content.offset);
        k->close = true;
    } else if (taken == TAKEN_MORE) {
        return false;
    }
    return true;
}

static void watch(struct carried *k)
{
    struct worker *w = k->connection->worker;

    timer_set(w->loop, &k->connection->timer,
              loop_now(w->loop) + (int64_t)w->config->limits.content_timeout * CLOCK_MS);
}

bool content_establish(struct carried *k)
{
    if (k->content_ended || k->x.cause != OUTCOME_NONE)
        return true;
    if (k->x.request.expect_continue) {
        // Nobody here wants it, so it is not asked for; whether it comes all the same cannot be
        // known, so the connection ends with the answer: RFC 9110 §10.1.1.
        k->close = true;
        return true;
    }
    if (content_is_known(k))
        return true;
    k->connection->phase = PHASE_CONTENT;
    watch(k);
    receive_more(k, on_content);
    return false;
}

static void on_content(struct stream *s, struct loop_buffer *b, ssize_t result)
{
    struct connection *c = container_of(s, struct connection, stream);
    struct carried *k = c->carried;

    (void)b;
    if (result <= 0) {
        connection_content_broken_off(k);
        return;
    }
    if (content_is_known(k)) {
        connection_content_arrived(k);
        return;
    }
    watch(k);
    receive_more(k, on_content);
}

bool content_is_drainable(const struct carried *k)
{
    const struct message *m = &k->x.request;

    if (k->content_ended)
        return true;
    return !m->expect_continue && (m->framing == FRAMING_CHUNKED ||
                                   m->content_length - k->content_received <= LIMIT_DRAIN);
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
    enum taken taken = take_content(k);

    if (taken == TAKEN_MORE && k->drained <= LIMIT_DRAIN)
        receive_more(k, on_drain);
    else
        connection_content_drained(k, taken == TAKEN_END);
}
