// SPDX-License-Identifier: MIT
/*
 * What a fetch is in any protocol: how long is waited for what, how its connection goes back, and
 * which event tells of an end.
 */
#include "base/clock.h"
#include "upstream/fetch_parts.h"

void fetch_note_cause(struct fetch *f, enum outcome cause, int error)
{
    if (f->cause == OUTCOME_NONE) {
        f->cause = cause;
        f->system_error = error;
    }
}

void fetch_note_sent(struct fetch *f)
{
    uint64_t n = stream_send_progress(&f->connection->stream);

    if (n == f->io.vector_sent)
        return;
    f->bytes_sent += n - f->io.vector_sent;
    f->head_sent = true;
    f->io.vector_sent = n;
    f->io.moved_out = loop_now(f->io.loop);
}

bool fetch_is_blocked(const struct fetch *f)
{
    return f->io.sending && f->io.vector_sent < f->io.vector_length;
}

void fetch_give_back(struct fetch *f, enum upstream_return how)
{
    struct upstream_connection *c = f->connection;

    if (f->io.sending)
        fetch_note_sent(f);
    if (f->io.receiving)
        stream_recv_cancel(&c->stream);
    f->io.sending = f->io.receiving = false;
    f->connection = NULL;
    timer_stop(&f->io.timer);
    if (f->io.keeps || f->io.asked || !f->io.has_head) // whoever waits is told
        loop_call(f->io.loop, &f->io.end);
    upstream_give_back(c, how);
}

void fetch_settle(struct fetch *f)
{
    const struct fetch_io *io = &f->io;
    bool stray = io->in && io->in->start < io->in->len;

    if (io->is_tunnel)
        fetch_give_back(f, RETURN_CLOSE);
    else if (io->request != REQUEST_SENT || io->send_error || io->shuts)
        fetch_give_back(f, RETURN_RESET);
    else if (stray || io->sending || io->has_ended || !f->ops->reusable(f))
        fetch_give_back(f, RETURN_CLOSE);
    else
        fetch_give_back(f, RETURN_KEEP);
}

/* When which patience ends; INT64_MAX: nothing is waited for. */
static int64_t deadline(const struct fetch *f, enum outcome *ret_cause)
{
    const struct fetch_io *io = &f->io;
    int64_t idle = (int64_t)f->limits->idle_timeout * CLOCK_MS, at = INT64_MAX, other = INT64_MAX;

    if (fetch_is_blocked(f)) {
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

void fetch_arm(struct fetch *f)
{
    enum outcome cause;
    int64_t at = deadline(f, &cause);

    if (at != INT64_MAX)
        timer_set(f->io.loop, &f->io.timer, at);
}

void fetch_tell_more(struct fetch *f)
{
    if (f->io.asked) {
        f->io.asked = false;
        f->events->more(f);
    }
}

void fetch_tell_taken(struct fetch *f)
{
    if (f->io.keeps) {
        f->io.keeps = false;
        f->events->taken(f);
    }
}

void fetch_on_end(struct loop_call *c)
{
    struct fetch *f = container_of(c, struct fetch, io.end);
    bool ended = false;

    if (!f->io.has_head) {
        f->events->failed(f);
        return;
    }
    f->io.ended = &ended;
    fetch_tell_taken(f);
    if (ended)
        return;
    f->io.ended = NULL;
    fetch_tell_more(f);
}

void fetch_fail(struct fetch *f, enum outcome cause, int error)
{
    fetch_note_cause(f, cause, error);
    fetch_give_back(f, RETURN_RESET);
}

bool fetch_note_delivered(struct fetch *f)
{
    uint64_t backlog = stream_send_backlog(&f->connection->stream);
    uint64_t delivered = f->bytes_sent > backlog ? f->bytes_sent - backlog : 0;
    bool took = delivered > f->io.delivered;

    f->io.delivered = delivered;
    return took;
}

void fetch_on_timer(struct timer *t)
{
    struct fetch *f = container_of(t, struct fetch, io.timer);
    enum outcome cause = OUTCOME_NONE;
    int64_t at;

    fetch_note_sent(f);
    at = deadline(f, &cause);
    if (at <= loop_now(f->io.loop)) {
        if (cause != OUTCOME_upstream_send_timeout || !fetch_note_delivered(f)) {
            fetch_fail(f, cause, 0);
            return;
        }
        f->io.moved_out = loop_now(f->io.loop);
    }
    fetch_arm(f);
}
