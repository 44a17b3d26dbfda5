// SPDX-License-Identifier: MIT
/*
<<<<<<< HEAD
 * What a fetch is in any protocol: what is sent and received when, how long is waited for what, and
 * which event tells of it. Each function that tells an event does nothing behind it, as the fetch
 * may be ended by then.
=======
 * A fetch from its beginning to its end, and its receiving side. Each function that tells an event
 * does nothing behind it, as the fetch may be ended by then.
>>>>>>> fetch
 */
#include "upstream/fetch.h"

#include "base/clock.h"
#include "upstream/fetch_parts.h"

#include <assert.h>
#include <errno.h>

enum { BODY_SMALL = 1024 }; // what is left of a body and fits into a small buffer

<<<<<<< HEAD
static struct fetch *fetch_of(struct stream *s)
{
    return container_of(s, struct upstream_connection, stream)->borrower;
}

static void note_first(struct fetch *f, enum outcome cause, int error)
{
    if (f->cause == OUTCOME_NONE) {
        f->cause = cause;
        f->system_error = error;
    }
}

/* Counts what the system has taken of the vector under way. */
static void note_sent(struct fetch *f)
{
    uint64_t n = stream_send_progress(&f->connection->stream);

    if (n == f->io.vector_sent)
        return;
    f->bytes_sent += n - f->io.vector_sent;
    f->head_sent = true;
    f->io.vector_sent = n;
    f->io.moved_out = loop_now(f->io.loop);
}

static bool is_blocked(const struct fetch *f)
{
    return f->io.sending && f->io.vector_sent < f->io.vector_length;
}

/* The connection goes back; nothing is sent or received any more. */
static void give_back(struct fetch *f, enum upstream_return how)
{
    struct upstream_connection *c = f->connection;

    if (f->io.sending)
        note_sent(f);
    if (f->io.receiving)
        stream_recv_cancel(&c->stream);
    f->io.sending = f->io.receiving = false;
    f->connection = NULL;
    timer_stop(&f->io.timer);
    if (f->io.keeps || f->io.asked || !f->io.has_head) // whoever waits is told by the timer
        timer_set(f->io.loop, &f->io.timer, loop_now(f->io.loop));
    upstream_give_back(c, how);
}

/* The answer is complete: whether the connection can be used again. */
static void settle(struct fetch *f)
{
    const struct fetch_io *io = &f->io;
    bool stray = io->in && io->in->start < io->in->len;

    if (io->is_tunnel)
        give_back(f, RETURN_CLOSE);
    else if (io->request != REQUEST_SENT || io->send_error || io->shuts)
        give_back(f, RETURN_RESET);
    else if (stray || io->sending || io->has_ended || !f->ops->reusable(f))
        give_back(f, RETURN_CLOSE);
    else
        give_back(f, RETURN_KEEP);
}

/* When which patience ends; INT64_MAX: nothing is waited for. */
static int64_t deadline(const struct fetch *f, enum outcome *ret_cause)
{
    const struct fetch_io *io = &f->io;
    int64_t idle = (int64_t)f->limits->idle_timeout * CLOCK_MS, at = INT64_MAX, other = INT64_MAX;

    if (is_blocked(f)) {
        at = io->moved_out + idle;
        *ret_cause = OUTCOME_upstream_send_timeout;
    }
    if (!io->has_head && (io->request == REQUEST_SENT || io->send_error || io->awaits_100)) {
        other = io->since + (int64_t)f->limits->response_timeout * CLOCK_MS;
        if (other < at) {
            at = other;
            *ret_cause = OUTCOME_upstream_silent;
        }
    }
    if (io->has_head ? io->asked : io->in != NULL) {
        other =
            (io->has_head && io->moved_out > io->moved_in ? io->moved_out : io->moved_in) + idle;
        if (other < at) {
            at = other;
            *ret_cause = OUTCOME_upstream_read_timeout;
        }
    }
    return at;
}

/* A timer that is there too early moves on by itself. */
static void arm(struct fetch *f)
{
    enum outcome cause;
    int64_t at = deadline(f, &cause);

    if (at != INT64_MAX)
        timer_set(f->io.loop, &f->io.timer, at);
}

static void tell_more(struct fetch *f)
{
    if (f->io.asked) {
        f->io.asked = false;
        f->events->more(f);
    }
}

static void tell_taken(struct fetch *f)
{
    if (f->io.keeps) {
        f->io.keeps = false;
        f->events->taken(f);
    }
}

/* That the connection is gone. */
static void tell_end(struct fetch *f)
{
    bool ended = false;

    if (!f->io.has_head) {
        f->events->failed(f);
        return;
    }
    f->io.ended = &ended;
    tell_taken(f);
    if (ended)
        return;
    f->io.ended = NULL;
    tell_more(f);
}

/* Not within a call of the fetch's owner: events are told. */
static void fail(struct fetch *f, enum outcome cause, int error)
{
    note_first(f, cause, error);
    give_back(f, RETURN_RESET);
    timer_stop(&f->io.timer);
    tell_end(f);
}

static bool upstream_took_some(struct fetch *f)
{
    uint64_t backlog = stream_send_backlog(&f->connection->stream);
    uint64_t delivered = f->bytes_sent > backlog ? f->bytes_sent - backlog : 0;
    bool took = delivered > f->io.delivered;

    f->io.delivered = delivered;
    return took;
}

static void on_timer(struct timer *t)
{
    struct fetch *f = container_of(t, struct fetch, io.timer);
    enum outcome cause = OUTCOME_NONE;
    int64_t at;

    if (!f->connection) {
        tell_end(f);
        return;
    }
    note_sent(f);
    at = deadline(f, &cause);
    if (at <= loop_now(f->io.loop)) {
        if (cause != OUTCOME_upstream_send_timeout || !upstream_took_some(f)) {
            fail(f, cause, 0);
            return;
        }
        f->io.moved_out = loop_now(f->io.loop);
    }
    arm(f);
}

// Sending.

static void on_sent(struct stream *s, ssize_t result);

/* True: the system has taken all of it. */
static bool send_vector(struct fetch *f, struct fetch_vector v)
{
    struct fetch_io *io = &f->io;

    io->vector_sent = io->vector_length = 0;
    for (unsigned i = 0; i < v.count; i++)
        io->vector_length += v.iov[i].iov_len;
    io->sending = true;
    io->moved_out = loop_now(io->loop);
    stream_send(&f->connection->stream, v.iov, v.count, 0, on_sent);
    note_sent(f);
    if (is_blocked(f)) {
        upstream_took_some(f);
        arm(f);
        return false;
    }
    if (io->request == REQUEST_FRAMED && !io->kept.len) {
        io->request = REQUEST_SENT;
        io->since = io->moved_out;
        if (f->phase == PHASE_SEND)
            f->phase = PHASE_WAIT;
        arm(f);
    }
    return true;
}

/* For want of memory: the timer tells, or the next piece does. */
static void fail_later(struct fetch *f)
{
    note_first(f, OUTCOME_upstream_own_fault, ENOMEM);
    give_back(f, RETURN_RESET);
}

/* True: all that was kept has been given to the system. */
static bool send_kept(struct fetch *f)
{
    struct fetch_vector v;

    if (f->io.is_tunnel) {
        f->io.vector[0] = (struct iovec){(char *)f->io.kept.ptr, f->io.kept.len};
        f->io.kept.len = 0;
        v = (struct fetch_vector){f->io.vector, 1};
    } else {
        v = f->ops->frame(f);
    }
    return send_vector(f, v) && !f->io.kept.len;
}

static void send_end(struct fetch *f)
{
    struct fetch_vector v = f->ops->end(f, f->io.trailers);

    f->io.request = REQUEST_FRAMED;
    if (v.count)
        send_vector(f, v);
    else
        fail_later(f);
}

/* The upstream takes nothing more. It may have answered before it closed, so that is read first. */
static void sending_failed(struct fetch *f, int error)
{
    f->io.send_error = error;
    f->io.since = loop_now(f->io.loop);
    f->io.kept.len = 0;
    arm(f);
    tell_taken(f);
}

static void on_sent(struct stream *s, ssize_t result)
{
    struct fetch *f = fetch_of(s);
    struct fetch_io *io = &f->io;

    note_sent(f);
    io->sending = false;
    if (result < 0) {
        sending_failed(f, (int)-result);
        return;
    }
    if (io->kept.len && !send_kept(f))
        return;
    if (!io->sending && io->shuts)
        stream_shutdown(s);
    else if (!io->sending && io->request == REQUEST_ENDING)
        send_end(f);
    tell_taken(f);
}

// Receiving.

=======
>>>>>>> fetch
static void receive(struct fetch *f);

static void release_buffer(struct fetch *f)
{
    loop_buffer_release(f->io.loop, f->io.in);
    f->io.in = NULL;
}

/* What the answer points to is kept apart, so that its buffer can go. */
static bool keep_head(struct fetch *f, const char *head, size_t length)
{
    struct message *m = &f->answer;
    char *copy = arena_alloc(f->arena, length);

    if (!copy)
        return false;
    memcpy(copy, head, length);
    for (unsigned i = 0; i < m->field_count; i++) {
        struct field_line *line = &m->fields[i];

        if (line->name >= head && line->name < head + length)
            line->name = copy + (line->name - head);
        if (line->value >= head && line->value <= head + length)
            line->value = copy + (line->value - head);
    }
    if (m->reason.ptr >= head && m->reason.ptr <= head + length)
        m->reason.ptr = copy + (m->reason.ptr - head);
    return true;
}

/* The final head, whose bytes are at `head`. */
static void begin_body(struct fetch *f, const char *head, size_t length)
{
    struct fetch_io *io = &f->io;

    if (!keep_head(f, head, length)) {
<<<<<<< HEAD
        fail(f, OUTCOME_upstream_own_fault, ENOMEM);
=======
        fetch_fail(f, OUTCOME_upstream_own_fault, ENOMEM);
>>>>>>> fetch
        return;
    }
    io->has_head = true;
    io->awaits_100 = false;
    f->phase = PHASE_BODY;
    f->events->head(f);
}

static bool tell_interim(struct fetch *f)
{
    bool ended = false;

    if (f->answer.status == 100)
        f->io.awaits_100 = false;
    f->io.since = loop_now(f->io.loop);
    f->io.ended = &ended;
    f->events->interim(f);
    if (!ended)
        f->io.ended = NULL;
    return !ended;
}

static void read_heads(struct fetch *f)
{
    struct fetch_io *io = &f->io;
    enum fetch_step step = STEP_INTERIM;

    while (step == STEP_INTERIM && io->in && io->in->start < io->in->len) {
        struct span in = span_of(io->in->data + io->in->start, io->in->len - io->in->start);
        size_t length = 0;

        f->phase = PHASE_HEAD;
        step = f->ops->read_head(f, in, &length);
        io->seen = step == STEP_MORE ? in.len : 0;
        io->in->start += (uint32_t)length;
        if (step == STEP_INTERIM && ++io->interims > f->limits->interim_most) {
<<<<<<< HEAD
            fail(f, OUTCOME_upstream_interim_flood, 0);
=======
            fetch_fail(f, OUTCOME_upstream_interim_flood, 0);
>>>>>>> fetch
            return;
        }
        if (step == STEP_INTERIM && (!tell_interim(f) || !f->connection))
            return;
        if (step == STEP_HEAD) {
            begin_body(f, in.ptr, length);
            return;
        }
    }
    if (step == STEP_BAD)
<<<<<<< HEAD
        fail(f, f->cause, 0);
=======
        fetch_fail(f, f->cause, 0);
>>>>>>> fetch
    else
        receive(f);
}

/* The stream is at its end, or broken: result is 0 or a negated errno. */
static void receive_ended(struct fetch *f, ssize_t result)
{
    int error = result < 0 ? (int)-result : 0;
    enum outcome cause;

    if (!error && f->io.send_error == ECONNRESET)
        error = ECONNRESET; // that was told there, and is not told twice
    if (error == ENOMEM)
        cause = OUTCOME_upstream_own_fault;
    else if (!f->answer_begun)
        cause = error ? OUTCOME_upstream_reset : OUTCOME_upstream_closed;
    else
        cause = f->io.is_tunnel ? OUTCOME_NONE : f->ops->ended(f);
    if (cause == OUTCOME_NONE && error)
        cause = OUTCOME_upstream_incomplete;
    if (cause != OUTCOME_NONE) {
<<<<<<< HEAD
        fail(f, cause, error);
        return;
    }
    f->io.has_ended = true;
    tell_more(f);
=======
        fetch_fail(f, cause, error);
        return;
    }
    f->io.has_ended = true;
    fetch_tell_more(f);
>>>>>>> fetch
}

static void on_received(struct stream *s, struct loop_buffer *b, ssize_t result)
{
    struct fetch *f = fetch_of(s);
    struct fetch_io *io = &f->io;
    enum fetch_step step = STEP_MORE;

    io->receiving = false;
    io->moved_in = loop_now(io->loop);
    if (result <= 0) {
        receive_ended(f, result);
        return;
    }
    io->in = b;
    f->bytes_received += (uint64_t)result;
    f->answer_begun = true;
    if (f->ops->arrive)
        step = f->ops->arrive(f, b->len - (uint32_t)result);
    if (step == STEP_BAD)
<<<<<<< HEAD
        fail(f, f->cause, 0);
    else if (step == STEP_MORE && !io->has_head)
        read_heads(f);
    else if (step == STEP_MORE)
        tell_more(f);
=======
        fetch_fail(f, f->cause, 0);
    else if (step == STEP_MORE && !io->has_head)
        read_heads(f);
    else if (step == STEP_MORE)
        fetch_tell_more(f);
>>>>>>> fetch
}

static void receive(struct fetch *f)
{
    struct fetch_io *io = &f->io;
    struct loop_buffer *b = io->in;
    struct stream *s = &f->connection->stream;

    if (b && b->start == b->len) {
        release_buffer(f);
        b = NULL;
    } else if (b && b->start) {
        memmove(b->data, b->data + b->start, b->len - b->start);
        b->len -= b->start;
        b->start = 0;
    }
    if (b && b->len == b->cap) { // the largest that there is
<<<<<<< HEAD
        fail(f, OUTCOME_upstream_section_too_large, 0);
=======
        fetch_fail(f, OUTCOME_upstream_section_too_large, 0);
>>>>>>> fetch
        return;
    }
    io->receiving = true;
    if (!io->has_head || io->is_tunnel || (f->has_length && f->length <= BODY_SMALL))
        stream_recv(s, b, on_received);
    else
        stream_recv_much(s, on_received);
<<<<<<< HEAD
    arm(f);
=======
    fetch_arm(f);
>>>>>>> fetch
}

void fetch_begin(struct fetch *f, struct upstream_connection *c, const struct fetch_request *r)
{
    struct fetch_io *io = &f->io;
<<<<<<< HEAD
    const struct upstream_address *a = upstream_address_of(c->pool, c->target);
=======
>>>>>>> fetch
    struct fetch_vector v;

    c->borrower = f;
    f->connection = c;
<<<<<<< HEAD
    f->ops = a->scheme == UPSTREAM_FCGI ? &fetch_fcgi_ops : &fetch_h1_ops;
    f->phase = PHASE_SEND;
    f->answer.arena = f->arena;
    io->loop = c->stream.loop;
    timer_init(&io->timer, on_timer);
=======
    f->ops = &fetch_h1_ops;
    f->phase = PHASE_SEND;
    f->answer.arena = f->arena;
    io->loop = c->stream.loop;
    timer_init(&io->timer, fetch_on_timer);
>>>>>>> fetch
    io->framing = r->framing;
    io->left = r->framing == FRAMING_LENGTH ? r->content_length : 0;
    if (!io->left && r->framing != FRAMING_OPEN)
        io->request = REQUEST_FRAMED;
    io->to_head = r->to_head;
    io->upgrades = r->upgrades;
    io->awaits_100 = r->expects;
    io->kept = r->content;
    io->keeps = r->content.len > 0;
    io->since = io->moved_in = loop_now(io->loop);
    v = f->ops->begin(f, r);
    if (!v.count) {
<<<<<<< HEAD
        fail_later(f);
        return;
    }
    send_vector(f, v);
    receive(f);
}

/* Whether content goes nowhere any more. */
static bool drops(const struct fetch *f)
{
    const struct fetch_io *io = &f->io;

    return !f->connection || io->send_error || io->shuts ||
           (!io->is_tunnel && (io->is_whole || io->request != REQUEST_OPEN));
}

bool fetch_send(struct fetch *f, struct span data)
{
    if (drops(f) || !data.len)
        return true;
    assert(!f->io.keeps);
    f->io.awaits_100 = false;
    f->io.kept = data;
    f->io.keeps = f->io.sending || !send_kept(f);
    return !f->io.keeps;
}

void fetch_end_content(struct fetch *f, const struct response_field *trailers)
{
    if (drops(f))
        return;
    f->io.awaits_100 = false;
    if (f->io.is_tunnel) {
        f->io.shuts = true;
        if (!f->io.sending)
            stream_shutdown(&f->connection->stream);
        return;
    }
    assert(f->io.framing == FRAMING_OPEN);
    f->io.trailers = trailers;
    f->io.request = REQUEST_ENDING;
    if (!f->io.sending)
        send_end(f);
}

void fetch_break_off(struct fetch *f, enum outcome cause)
{
    if (drops(f))
        return;
    if (!f->io.has_head) {
        note_first(f, cause, 0);
        give_back(f, RETURN_RESET);
        return;
    }
    f->io.shuts = true;
    if (!f->io.sending)
        stream_shutdown(&f->connection->stream);
}

=======
        fetch_fail_later(f);
        return;
    }
    fetch_send_vector(f, v);
    receive(f);
}

>>>>>>> fetch
/* The answer's end, or its failure, once all before it was handed out. */
static void end_body(struct fetch *f, struct piece *ret_piece)
{
    if (f->cause != OUTCOME_NONE && f->connection)
<<<<<<< HEAD
        give_back(f, RETURN_RESET);
    else if (f->connection && !f->io.is_tunnel) // whose other side goes on
        settle(f);
=======
        fetch_give_back(f, RETURN_RESET);
    else if (f->connection && !f->io.is_tunnel) // whose other side goes on
        fetch_settle(f);
>>>>>>> fetch
    *ret_piece = (struct piece){.kind = f->io.is_whole ? PIECE_END : PIECE_FAILED};
}

static enum fetch_step read_body(struct fetch *f, struct span *ret_data)
{
    struct loop_buffer *b = f->io.in;

    if (!f->io.is_tunnel)
        return f->ops->read_body(f, b, ret_data);
    if (b) {
        *ret_data = span_of(b->data + b->start, b->len - b->start);
        b->start = b->len;
    }
    return f->io.has_ended ? STEP_BODY_END : STEP_MORE;
}

void fetch_next(struct fetch *f, struct piece *ret_piece)
{
    struct span data = {NULL, 0};
    enum fetch_step step;

    assert(f->io.has_head);
    if (f->io.in && f->io.in->start == f->io.in->len)
        release_buffer(f);
    if (f->io.asked) {
        *ret_piece = (struct piece){.kind = PIECE_WAIT};
        return;
    }
    step = f->io.is_whole ? STEP_BODY_END : read_body(f, &data);
    if (step == STEP_BODY_END)
        f->io.is_whole = true;
    if (data.len) {
        *ret_piece = (struct piece){.kind = PIECE_BYTES, .bytes = data, .length = data.len};
        if (f->io.is_whole && f->connection && !f->io.is_tunnel)
<<<<<<< HEAD
            settle(f); // whoever reads the last piece slowly holds no connection
=======
            fetch_settle(f); // whoever reads the last piece slowly holds no connection
>>>>>>> fetch
    } else if (f->io.is_whole || f->cause != OUTCOME_NONE) {
        end_body(f, ret_piece);
    } else {
        f->io.asked = true;
        f->io.moved_in = loop_now(f->io.loop);
        *ret_piece = (struct piece){.kind = PIECE_WAIT};
        receive(f);
    }
}

void fetch_end(struct fetch *f)
{
    struct span rest = {NULL, 0};

    if (f->io.ended)
        *f->io.ended = true;
    // What nobody asked for any more may be there, and be all.
    if (f->connection && f->io.has_head && !f->io.is_tunnel && f->cause == OUTCOME_NONE)
        f->io.is_whole = f->io.is_whole || read_body(f, &rest) == STEP_BODY_END;
    f->io.asked = f->io.keeps = false;
    if (f->connection && (f->io.is_whole || f->io.is_tunnel))
<<<<<<< HEAD
        settle(f);
    else if (f->connection)
        give_back(f, RETURN_RESET);
=======
        fetch_settle(f);
    else if (f->connection)
        fetch_give_back(f, RETURN_RESET);
>>>>>>> fetch
    timer_stop(&f->io.timer);
    release_buffer(f);
}
