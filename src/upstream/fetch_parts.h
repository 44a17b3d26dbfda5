// SPDX-License-Identifier: MIT
/*
 * What the files of a fetch share; nothing else includes it. A protocol is how a request is framed
 * and how an answer is read; its file does no I/O. The others do that, and tell the events. Each
 * function that tells one does nothing behind it, as the fetch may be ended by then.
 */
#ifndef CANDOR_UPSTREAM_FETCH_PARTS_H
#define CANDOR_UPSTREAM_FETCH_PARTS_H

#include "upstream/fetch.h"

/* What was read. */
enum fetch_step {
    STEP_MORE,    // all that is there was looked at
    STEP_INTERIM, // a head that another one follows
    STEP_HEAD,    // the final one
    STEP_BODY_END,
    STEP_BAD, // f->cause, f->offset
    STEP_GONE // the fetch was ended in an event
};

/* A vector to be sent; count 0: there was no memory for it. */
struct fetch_vector {
    struct iovec *iov;
    unsigned count;
};

struct fetch_ops {
    /* Head and, as far as io.kept goes, content. Where that is all of the request it is framed. */
    struct fetch_vector (*begin)(struct fetch *f, const struct fetch_request *r);
    /* The next part of io.kept, which is not empty. */
    struct fetch_vector (*frame)(struct fetch *f);
    /* What ends open content. */
    struct fetch_vector (*end)(struct fetch *f, const struct response_field *trailers);
    /* Looks at what was received from byte `from` of io.in on, before anything else does. NULL:
     * nothing is to be done. STEP_MORE, STEP_BAD or STEP_GONE. */
    enum fetch_step (*arrive)(struct fetch *f, uint32_t from);
    /* Takes a head off the front of io.in. *ret_length: of a head, in bytes. */
    enum fetch_step (*read_head)(struct fetch *f, struct span in, size_t *ret_length);
    /* Takes content off the front of b (NULL: nothing has come), whose bytes it may move together
     * to make one piece of them. *ret_data may have something to be handed out before what the
     * result tells: STEP_MORE, STEP_BODY_END or STEP_BAD. */
    enum fetch_step (*read_body)(struct fetch *f, struct loop_buffer *b, struct span *ret_data);
    /* The connection has ended in order, within the answer: OUTCOME_NONE if that is the answer's
     * end. */
    enum outcome (*ended)(struct fetch *f);
    /* Whether the connection can carry another request behind this one, which is complete. */
    bool (*reusable)(const struct fetch *f);
};

extern const struct fetch_ops fetch_h1_ops, fetch_fcgi_ops;

static inline struct fetch *fetch_of(struct stream *s)
{
    return container_of(s, struct upstream_connection, stream)->borrower;
}

/* The first cause stands. */
void fetch_note_cause(struct fetch *f, enum outcome cause, int error);
/* Counts what the system has taken of the vector under way. */
void fetch_note_sent(struct fetch *f);
/* Whether the peer's system has more than at the last look. */
bool fetch_note_delivered(struct fetch *f);
/* Whether a part of the vector still waits for the system. */
bool fetch_is_blocked(const struct fetch *f);

/* Sets the timer for what is waited for; one that is there too early moves on by itself. */
void fetch_arm(struct fetch *f);
void fetch_on_timer(struct timer *t);

/* The connection goes back: nothing is sent or received any more. Whoever waits for an event is
 * told behind the call that is under way. */
void fetch_give_back(struct fetch *f, enum upstream_return how);
/* The answer is complete: the connection goes back, to be used again if it can be. */
void fetch_settle(struct fetch *f);
void fetch_fail(struct fetch *f, enum outcome cause, int error);
/* Tells what was waited for, or that it does not come. */
void fetch_on_end(struct loop_call *c);

/* These tell events, so not within a call of the fetch's owner. */
void fetch_tell_more(struct fetch *f);
void fetch_tell_taken(struct fetch *f);

/* True: the system has taken all of it. */
bool fetch_send_vector(struct fetch *f, struct fetch_vector v);

#endif
