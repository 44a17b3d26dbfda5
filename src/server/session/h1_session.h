// SPDX-License-Identifier: MIT
/*
 * A session in HTTP/1 (RFC 9112): a connection, and one call at a time. Its two directions go by
 * themselves, each with its state and its timer. While it is idle it holds no buffer and no call.
 */
#ifndef CANDOR_SERVER_SESSION_H1_SESSION_H
#define CANDOR_SERVER_SESSION_H1_SESSION_H

#include "server/session/call.h"
#include "wire/h1_response.h"

enum h1_receive {
    H1_RECEIVE_IDLE,    // nothing of a request has come, but perhaps an empty line
    H1_RECEIVE_HEAD,    // part of a head has come
    H1_RECEIVE_NOTHING, // nothing is received: a call is under way, or the connection is closed
    H1_RECEIVE_CONTENT,
    H1_RECEIVE_PAUSED, // the resource keeps a piece of the content
    H1_RECEIVE_DRAIN,  // the response is on its way; the rest of the content is thrown away
    H1_RECEIVE_LINGER, // our end is shut; the peer's bytes are thrown away until it ends
    H1_RECEIVE_TUNNEL, // bytes of another protocol
};

enum h1_send {
    H1_SEND_NOTHING,
    H1_SEND_INTERIM, // 100 (Continue), 104 (Upload Resumption Supported)
    H1_SEND_RESPONSE,
    H1_SEND_AWAIT, // a piece of the response's body
    H1_SEND_DONE,  // the response is out
};

struct h1_session {
    struct session session;
    struct stream stream;
    struct timer receive_timer;
    struct loop_buffer *in;   // what is unread; NULL when nothing is
    struct call *call;        // NULL when none is under way
    struct h1_tunnel *tunnel; // that goes on without one (h1_tunnel.h), or NULL
    union {
        int64_t head_since;      // monotonic ns: when the first byte of this head came
        uint64_t linger_backlog; // what the peer had not taken when the timer last looked, or of a
                                 // tunnel what it had sent
    };
    union {                   // monotonic ns
        int64_t fresh_until;  // a stop waits so long for a first request; 0: it had one
        int64_t linger_until; // what the peer sends from then on gives it no more time
    };
    uint32_t head_seen;    // bytes of an incomplete head already looked at
    uint8_t receive, send; // enum h1_receive, enum h1_send
    bool linger_heard;     // the peer has sent something since the timer last looked
    bool closing;          // the stream is
    bool closed;
};

enum { H1_VECTOR = 4 }; // a head, and a chunk with what is before and behind it

/* What HTTP/1 keeps of a call (call.part). */
struct h1_call {
    struct h1_head head;
    struct h1_content content;
    struct timer send_timer; // all zeros until it is needed
    struct h1_session *session;
    struct loop_buffer *head_in;        // with the head of the request, if that is not session->in
    void (*sent)(struct h1_session *h); // what is being sent is out
    struct iovec vector[H1_VECTOR];     // of that
    char chunk_head[H1_CHUNK_HEAD];
    union {                                        // one after the other, as the response goes on
        struct {                                   // before it
            struct h1_interim *interims;           // that are to be sent
            void (*respond)(struct h1_session *h); // behind those; NULL: not yet
        };
        struct { // a piece of a file that is being sent, or follows the head
            int file;
            uint64_t file_offset, file_length;
        };
        struct {                                                      // a tunnel
            void (*tunnel_side_ended)(struct h1_session *h, bool in); // one direction
            struct loop_call quiet; // nothing of it is under way, perhaps
        };
    };
    struct h1_fault *fault; // the response is being broken on purpose; NULL: it is not
    uint8_t interim_count;
    uint8_t behind_head;   // enum piece_kind: of the body's first piece, where the head went alone
    bool content_ended;    // nothing of the content is left to read
    bool invited;          // 100 (Continue) was sent
    bool address_told;     // and 104 (Upload Resumption Supported)
    bool close;            // the connection, after this call
    bool chunked;          // the response's content
    bool awaits_piece;     // of its body, while the head is being sent
    bool tunnel_begun;     // the response is one
    bool tunnel_in_ended;  // the client has ended its side of it
    bool tunnel_out_ended; // and so has the other one
    uint64_t progress;     // of the send, when its timer last looked
    uint64_t drained_bytes;
    void (*drained)(struct h1_session *h);
};

static inline struct h1_call *h1_call(const struct h1_session *h)
{
    return h->call->part;
}

static inline struct h1_session *h1_session_of(const struct call *k)
{
    return container_of(k->session, struct h1_session, session);
}

static inline void h1_set_timer(struct h1_session *h, struct timer *t, uint64_t milliseconds)
{
    struct loop *l = h->session.sessions->loop;

    timer_set(l, t, loop_now(l) + (int64_t)milliseconds * CLOCK_MS);
}

static inline const struct config_limits *h1_limits_of(const struct h1_session *h)
{
    return &h->session.sessions->config->limits;
}

/* h1_session.c. As session_open. */
void h1_session_open(struct sessions *s, int fd, const struct sockaddr *peer);

/* h1_receive.c: content, of the call under way. As session_ops.open_content, read_content and
 * more_content. */
bool h1_receive_opening(struct h1_session *h);
bool h1_receive_content(struct h1_session *h);
bool h1_receive_more(struct h1_session *h);
/* The client has ended its side, or reset the connection: whether it did so before the end of the
 * content, of which all that came is looked at. */
bool h1_is_broken_off(const struct h1_session *h, bool reset);
/* The time for the next piece of it is over. */
void h1_receive_timeout(struct h1_session *h);
/* Whether what is left of it is worth reading to keep the connection. */
bool h1_can_drain(const struct h1_session *h);
/* Throws away what is left of it, up to LIMIT_DRAIN. `drained` follows, perhaps before this
 * returns; the connection is to be closed where it was not all. */
void h1_drain(struct h1_session *h, void (*drained)(struct h1_session *h));
/* The time for that is over: `drained` follows before this returns. */
void h1_stop_draining(struct h1_session *h);
/* Nothing of the content goes to the resource any more; nothing is being received. */
void h1_stop_receiving(struct h1_session *h);
/* Behind the head of a tunnel: bytes go to the resource until the client ends its side, which
 * tunnel_side_ended is told of. */
void h1_receive_tunnel(struct h1_session *h);

/* h1_pace.c. Sends what is in the call's vector, and minds the client's time for it. */
void h1_send_vector(struct h1_session *h, unsigned count, int flags, stream_send_fn *done);
/* A send was submitted. One that did not finish at once: from now on the client must take something
 * now and then. */
void h1_watch_sending(struct h1_session *h);
/* The client's time to take something is over. */
void h1_give_up_sending(struct h1_session *h);
/* The call ends. */
void h1_stop_sending(struct h1_session *h);

/* h1_send.c: the response to the call under way; `sent` follows when it is out. What cannot be sent
 * ends the call (session_ops.abort). */
void h1_send_response(struct h1_session *h, void (*sent)(struct h1_session *h));
/* The piece of the body that was awaited is there. */
void h1_send_awaited(struct h1_session *h);
/* h1_interim.c. An interim response: the lines of its fields, each with its CRLF, are copied.
 * False: there is no memory, or there are too many. */
bool h1_send_interim(struct h1_session *h, unsigned status, struct span fields);
/* Before more of the content is read: where it can go on after a break, and that it is awaited. */
void h1_invite(struct h1_session *h);
/* Whether only the end of the connection tells the end of the response. */
bool h1_close_ends_body(const struct h1_session *h);

#endif
