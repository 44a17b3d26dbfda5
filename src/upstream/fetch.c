// SPDX-License-Identifier: MIT
/*
 * A fetch from its beginning to its end, and its receiving side. Each function that tells an event
 * does nothing behind it, as the fetch may be ended by then.
 */
#include "upstream/fetch.h"

#include "base/clock.h"
#include "upstream/fetch_parts.h"

#include <assert.h>
#include <errno.h>

enum { BODY_SMALL = 1024 }; // bytes that fit into a small buffer, with a head

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
        fetch_fail(f, OUTCOME_upstream_own_fault, ENOMEM);
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
            fetch_fail(f, OUTCOME_upstream_interim_flood, 0);
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
        fetch_fail(f, f->cause, 0);
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
        fetch_fail(f, cause, error);
        return;
    }
    f->io.has_ended = true;
    fetch_tell_more(f);
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
    io->flows = result > BODY_SMALL;
    f->answer_begun = true;
    if (f->ops->arrive)
        step = f->ops->arrive(f, b->len - (uint32_t)result);
    if (step == STEP_BAD)
        fetch_fail(f, f->cause, 0);
    else if (step == STEP_MORE && !io->has_head)
        read_heads(f);
    else if (step == STEP_MORE)
        fetch_tell_more(f);
}

/* Events and messages of a tunnel come in small pieces, for many who wait; others say how much. */
static bool expects_much(const struct fetch *f)
{
    return f->io.has_head && (f->has_length ? f->length > BODY_SMALL : f->io.flows);
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
        fetch_fail(f, OUTCOME_upstream_section_too_large, 0);
        return;
    }
    io->receiving = true;
    if (!b && expects_much(f))
        stream_recv_much(s, on_received);
    else
        stream_recv(s, b, on_received);
    fetch_arm(f);
}

void fetch_begin(struct fetch *f, struct upstream_connection *c, const struct fetch_request *r)
{
    const struct upstream_address *a = upstream_address_of(c->pool, c->target);
    struct fetch_io *io = &f->io;
    struct fetch_vector v;

    c->borrower = f;
    f->connection = c;
    f->ops = a->scheme == UPSTREAM_FCGI ? &fetch_fcgi_ops : &fetch_h1_ops;
    f->phase = PHASE_SEND;
    f->answer.arena = f->arena;
    io->loop = c->stream.loop;
    timer_init(&io->timer, fetch_on_timer);
    loop_call_init(&io->end, fetch_on_end);
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
        fetch_fail(f, OUTCOME_upstream_own_fault, ENOMEM);
        return;
    }
    fetch_send_vector(f, v);
    receive(f);
}

/* The answer's end, or its failure, once all before it was handed out. */
static void end_body(struct fetch *f, struct piece *ret_piece)
{
    if (f->cause != OUTCOME_NONE && f->connection)
        fetch_give_back(f, RETURN_RESET);
    else if (f->connection && !f->io.is_tunnel) // whose other side goes on
        fetch_settle(f);
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
            fetch_settle(f); // whoever reads the last piece slowly holds no connection
    } else if (f->io.is_whole || f->cause != OUTCOME_NONE) {
        end_body(f, ret_piece);
    } else {
        f->io.asked = true;
        f->io.moved_in = loop_now(f->io.loop);
        *ret_piece = (struct piece){.kind = PIECE_WAIT};
        receive(f);
    }
}

struct upstream_connection *fetch_detach(struct fetch *f)
{
    struct fetch_io *io = &f->io;
    struct upstream_connection *c = f->connection;

    if (!c || !io->is_tunnel || !io->asked || !io->receiving || io->sending || io->keeps ||
        io->shuts || io->has_ended || io->send_error || io->in)
        return NULL;
    stream_recv_cancel(&c->stream);
    timer_stop(&io->timer);
    io->receiving = io->asked = false;
    f->connection = NULL;
    return c;
}

void fetch_end(struct fetch *f)
{
    struct span rest = {NULL, 0};

    if (f->io.ended)
        *f->io.ended = true;
    // What nobody asked for any more may be there, and be all.
    if (f->connection && f->io.has_head && !f->io.is_tunnel && f->cause == OUTCOME_NONE)
        f->io.is_whole = f->io.is_whole || read_body(f, &rest) == STEP_BODY_END;
    if (f->connection && (f->io.is_whole || f->io.is_tunnel))
        fetch_settle(f);
    else if (f->connection)
        fetch_give_back(f, RETURN_RESET);
    timer_stop(&f->io.timer);
    loop_call_cancel(&f->io.end);
    release_buffer(f);
}
