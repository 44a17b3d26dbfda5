// SPDX-License-Identifier: MIT
/*
 * A fetch: one request to an upstream over a connection that the pool lent, and what comes back.
 * HTTP/1 and FastCGI are spoken behind the same functions. The content goes out while the answer
 * comes in; nothing is received that nobody asked for, so a slow reader costs one buffer.
 *
 * Events never come before the call that led to them has returned.
 */
#ifndef CANDOR_UPSTREAM_FETCH_H
#define CANDOR_UPSTREAM_FETCH_H

#include "graph/exchange.h"
#include "upstream/pool.h"
#include "wire/h1_client.h"

struct fetch;
struct fetch_ops;

struct fetch_events {
    /* An interim answer other than 101, in f->answer until this returns. */
    void (*interim)(struct fetch *f);
    /* The final head (or a 101 that was asked for), in f->answer until the fetch ends. The body is
     * there for fetch_next. */
    void (*head)(struct fetch *f);
    /* The piece of content that fetch_send kept was taken. */
    void (*taken)(struct fetch *f);
    /* After PIECE_WAIT: fetch_next is to be asked again. */
    void (*more)(struct fetch *f);
    /* No answer will come: f->cause. Only before `head`; later PIECE_FAILED tells, and f->cause. It
     * is the last event: a piece that was kept is not told of any more. */
    void (*failed)(struct fetch *f);
    /* A sentence from the error stream of a FastCGI application. */
    void (*complaint)(struct fetch *f, struct span text);
};

/* Milliseconds and limits that hold for it. */
struct fetch_limits {
    /* From the request's end, or the last interim answer, to the answer's head. */
    uint64_t response_timeout;
    uint64_t idle_timeout; // between two pieces of either direction
    uint64_t interim_most; // interim answers; more: a flood
    struct h1_client_limits wire;
};

/* What is sent. The spans live until the head was sent. */
struct fetch_request {
    struct span head; // HTTP/1: all of it with the empty line. FastCGI: the records
                      // from fcgi_add_begin to fcgi_params_end
    /* What of the content is there already, so that it leaves together with the head: as if it were
     * given to fetch_send, which returned false; `taken` follows. Empty: nothing. */
    struct span content;
    enum framing framing;
    uint64_t content_length; // with FRAMING_LENGTH; once so much was given, all of it was
    bool to_head;            // the answer has no content
    bool upgrades; // a 101 is welcome; whether it names what was asked for is not looked at
    bool expects;  // no content is sent until 100 or a final answer: the content's giver waits
};

enum { FETCH_VECTOR = 5, FETCH_LINES = 24 };

/* Private: where a fetch stands. */
struct fetch_io {
    struct loop *loop;
    struct timer timer;
    struct loop_call end; // tells of it
    bool *ended;          // set by fetch_end within an event

    enum fetch_request_state {
        REQUEST_OPEN,   // content may come
        REQUEST_ENDING, // no more comes, and the end is still to be framed
        REQUEST_FRAMED, // all that is left is in the vector
        REQUEST_SENT,   // the system has all of it
    } request;
    enum framing framing;
    uint64_t left;    // of content whose length is known: bytes that were not framed yet
    struct span kept; // of the piece that was kept: what is not framed yet
    const struct response_field *trailers;
    struct iovec vector[FETCH_VECTOR];
    char lines[FETCH_LINES]; // chunk-size line, record headers
    uint64_t vector_sent, vector_length;
    uint64_t delivered; // bytes that the peer's system had when a send was last looked at
    int send_error;     // errno; nothing is sent any more
    bool keeps;         // `taken` is owed
    bool sending;       // a completion is to come
    bool shuts;         // what is under way is the last that is sent

    struct loop_buffer *in;
    size_t seen; // bytes of it that are a head's, which is not whole
    uint64_t interims;
    bool to_head, upgrades, awaits_100;
    bool receiving;
    bool flows; // the last time much was there
    bool asked; // `more` is owed
    bool has_head, is_tunnel;
    bool is_whole;   // all of the answer was handed out
    bool has_ended;  // the stream has
    bool in_trailer; // one is under way

    int64_t since;               // response_timeout counts from here
    int64_t moved_out, moved_in; // when bytes did; or since when they are waited for
    union {
        struct h1_content h1;
        void *fcgi;
    } content;
};

struct fetch {
    // Filled in by whoever has it; all else zeros.
    const struct fetch_events *events;
    const struct fetch_limits *limits;
    struct arena *arena; // for what the answer needs beyond its buffer

    struct message answer; // status, reason, fields
    struct h1_answer h1;
    bool has_length; // of the answer's content
    uint64_t length;
    struct response_field *trailers; // that may be passed on; from PIECE_END on

    enum outcome cause; // OUTCOME_NONE: none
    uint64_t offset;    // byte of the answer at fault, or 0
    int system_error;
    enum upstream_phase phase;
    uint64_t bytes_sent, bytes_received;
    bool answer_begun; // a byte of an answer has come
    bool head_sent;    // a byte of the request may have arrived

    struct upstream_connection *connection; // private from here on
    const struct fetch_ops *ops;
    struct fetch_io io;
};

/* Takes the connection over; gives it back to its pool itself, in the end or on failure. */
void fetch_begin(struct fetch *f, struct upstream_connection *c, const struct fetch_request *r);

/* A piece of content (of a tunnel: of bytes), as resource_ops.take. False: it stays where it is
 * until `taken`. What comes after a cause or the answer's end counts as taken and is dropped. */
bool fetch_send(struct fetch *f, struct span data);
/* All of the content was sent, with these trailers (of chunked content), which live as long as the
 * fetch; of a tunnel: the client has ended its side. */
void fetch_end_content(struct fetch *f, const struct response_field *trailers);
/* The content will not come to its end: the request is left visibly incomplete. Before the head
 * `failed` follows with that cause; behind it the upstream sees the end of what is sent, and what
 * it makes of it is the answer's end. */
void fetch_break_off(struct fetch *f, enum outcome cause);

/* The next piece of the body (of a tunnel: of bytes), as response.next. `more` may turn out to
 * have brought nothing but framing: then it is PIECE_WAIT once more. */
void fetch_next(struct fetch *f, struct piece *ret_piece);

/*
 * Of a tunnel over which nothing is under way, and whose bytes fetch_next waits for: the connection
 * is the caller's, to be given back, and no event follows. NULL: something is under way. fetch_end
 * is due in either case.
 */
struct upstream_connection *fetch_detach(struct fetch *f);

/* Ends it at any time, once, also within an event; the connection is kept if the answer and the
 * content have come to their ends, and else closed so that the upstream notices. No event follows,
 * and nothing of the fetch or its arena is touched any more. */
void fetch_end(struct fetch *f);

#endif
