// SPDX-License-Identifier: MIT
/* The sending side of a fetch. */
#include "upstream/fetch_parts.h"

#include <assert.h>
#include <errno.h>

static void on_sent(struct stream *s, ssize_t result);

/* All of the vector was taken, which may be the last one. */
static void note_request_end(struct fetch *f)
{
    struct fetch_io *io = &f->io;

    if (io->request != REQUEST_FRAMED || io->kept.len)
        return;
    io->request = REQUEST_SENT;
    io->since = io->moved_out;
    if (f->phase == PHASE_SEND)
        f->phase = PHASE_WAIT;
    fetch_arm(f);
}

bool fetch_send_vector(struct fetch *f, struct fetch_vector v)
{
    struct fetch_io *io = &f->io;

    io->vector_sent = io->vector_length = 0;
    for (unsigned i = 0; i < v.count; i++)
        io->vector_length += v.iov[i].iov_len;
    io->sending = true;
    io->moved_out = loop_now(io->loop);
    stream_send(&f->connection->stream, v.iov, v.count, 0, on_sent);
    fetch_note_sent(f);
    if (fetch_is_blocked(f)) {
        fetch_note_delivered(f);
        fetch_arm(f);
        return false;
    }
    note_request_end(f);
    return true;
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
    return fetch_send_vector(f, v) && !f->io.kept.len;
}

static void send_end(struct fetch *f)
{
    struct fetch_vector v = f->ops->end(f, f->io.trailers);

    f->io.request = REQUEST_FRAMED;
    if (v.count)
        fetch_send_vector(f, v);
    else
        fetch_fail(f, OUTCOME_upstream_own_fault, ENOMEM);
}

/* The upstream takes nothing more. It may have answered before it closed, so that is read first. */
static void sending_failed(struct fetch *f, int error)
{
    f->io.send_error = error;
    f->io.since = loop_now(f->io.loop);
    f->io.kept.len = 0;
    fetch_arm(f);
    fetch_tell_taken(f);
}

static void on_sent(struct stream *s, ssize_t result)
{
    struct fetch *f = fetch_of(s);
    struct fetch_io *io = &f->io;

    fetch_note_sent(f);
    io->sending = false;
    if (result < 0) {
        sending_failed(f, (int)-result);
        return;
    }
    note_request_end(f);
    if (io->kept.len && !send_kept(f))
        return;
    if (!io->sending && io->shuts)
        stream_shutdown(s);
    else if (!io->sending && io->request == REQUEST_ENDING)
        send_end(f);
    fetch_tell_taken(f);
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
    if (f->io.framing == FRAMING_LENGTH) { // the last of it is kept
        assert(f->io.kept.len >= f->io.left);
        return;
    }
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
        fetch_fail(f, cause, 0);
        return;
    }
    f->io.shuts = true;
    if (!f->io.sending)
        stream_shutdown(&f->connection->stream);
}
