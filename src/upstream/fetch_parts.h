// SPDX-License-Identifier: MIT
/*
 * What a protocol is to a fetch: how a request is framed and how an answer is read. The files of
 * the protocols do no I/O; fetch.c does it, and tells the events.
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

#endif
