// SPDX-License-Identifier: MIT
/*
 * A call: one exchange as a session carries it, from the head of its request to its record. The
 * walk, what it waits for and what becomes of it are here; how bytes come and go is the session's
 * (session_ops). Calls are pooled by the worker.
 */
#ifndef CANDOR_SERVER_SESSION_CALL_H
#define CANDOR_SERVER_SESSION_CALL_H

#include "server/session/session.h"

struct call {
    struct exchange x;
    struct call *next_free;
    struct session *session;
    void *part; // the session's own, on the exchange's arena
    const struct route *route;
    union { // what a fact waits for
        struct work work;
        struct timer pause;
    };
    struct span request_line;      // as the session read it
    uint64_t bytes_in, bytes_out;  // counted by the session
    uint64_t content_received;     // bytes of content, without framing
    int64_t moments[MOMENT_ENDED]; // monotonic ns
    enum ending ending;
    bool reads; // content is read for a resource that answers by itself (exchange_host.read)
    bool kept;  // a piece of that is kept by it
    bool tunnel_ended;
    bool body_given_up; // no piece of it comes any more
};

enum {
    CALL_MEMORY = 4096, // bytes of a call that waits, with its arena and what malloc needs for both
    CALL_ARENA = (CALL_MEMORY - sizeof(struct call) - 3 * 16) & ~15U // bytes, kept with it
};

/*
 * A call whose request began at that time (monotonic ns), with `part` bytes for the session on the
 * arena, all zeros. NULL without memory.
 */
struct call *call_new(struct session *s, int64_t begun, size_t part);
/* There is no request yet: gives the call back, and nothing is told of it. */
void call_drop(struct call *k);

/* The head of the request is complete: x->request, x->arrival.head. The answer follows. */
void call_begin(struct call *k);
/* The request cannot be read to its end: that is answered. offset: of the byte at fault, or 0. */
void call_refuse(struct call *k, enum outcome cause, uint64_t offset);

/* A piece of content, which ended before that byte of the request. False: it stays where it is, and
 * nothing more is read until session_ops.more_content. */
bool call_take(struct call *k, struct span data, uint64_t offset);
/* A piece of a trailer (exchange_add_trailer); of its name, where a resource answers by itself;
 * passes: it may be passed on. */
void call_take_trailer_name(struct call *k, struct span data);
void call_take_trailer(struct call *k, enum field id, struct span data, bool passes);
/* All of the content has come, or what came of it has a cause. */
void call_content_arrived(struct call *k);
/* The content will not come to its end, for that cause. */
void call_content_broken(struct call *k, enum outcome cause, uint64_t offset);
/* Whether content still goes to a resource that answers by itself. */
bool call_is_reading(const struct call *k);
/* It does not any more. */
void call_stop_reading(struct call *k);

/* Bytes of a tunnel, as call_take. */
bool call_take_bytes(struct call *k, struct span data);
/* The client has ended its side of the tunnel, or the worker stops: nothing of it goes on, and
 * whoever is at the other end is told by that end. */
void call_end_tunnel(struct call *k);
/*
 * The call is to end while a piece of its body is on its way: that is given up. False: it comes
 * all the same, soon, and then session_ops.abort follows; the call lives until then.
 */
bool call_give_up_body(struct call *k);
/* The worker cannot wait any longer for what the call waits for. */
void call_hurry(struct call *k);
/* Whether a client that has ended its side is one that has left. */
bool call_ends_half_closed(const struct call *k);

/* The content will not come to its end, and the resource keeps a piece of it, which is given up
 * where no part of the content is of use. */
void call_break_off(struct call *k, uint64_t offset);
/*
 * The client has reset the connection, and nobody waits for the answer any more: what the call
 * waits for is given up as far as it can be. session_ops.abort follows, perhaps before this
 * returns, when it waits for nothing any more; nothing else of the session is asked for.
 */
void call_cancel(struct call *k);

/* The response is out, or will never be: the call is told of (the record), and is no more. */
void call_end(struct call *k);

/* What there is to tell of the call so far, to be told later, when it is no more: call_leave ends
 * it and tells nothing. NULL without memory. */
struct record *call_keep_record(const struct call *k);
void call_leave(struct call *k);

#endif
