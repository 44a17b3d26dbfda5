// SPDX-License-Identifier: MIT
/*
 * A client's connection that speaks HTTP/1, and the exchange it carries at the moment. While it is
 * idle it holds no buffer and no exchange.
 */
#ifndef CANDOR_SERVER_SESSION_CONNECTION_H
#define CANDOR_SERVER_SESSION_CONNECTION_H

#include "server/config/listen.h"
#include "server/session/sessions.h"
#include "wire/h1_response.h"

enum phase {
    PHASE_IDLE,    // nothing of a request has come
    PHASE_HEAD,    // part of a head has come
    PHASE_CONTENT, // the content is being received
    PHASE_WAIT,    // a fact is on its way
    PHASE_SEND,    // the response is being sent
    PHASE_DRAIN,   // it was sent; the rest of the content is thrown away
    PHASE_LINGER,  // our end is shut; the peer's bytes are thrown away until it ends
    PHASE_CLOSED,
};

struct connection {
    struct stream stream;
    struct timer timer;
    struct list link; // in the worker's sessions
    struct sessions *sessions;
    struct loop_buffer *in;  // NULL when nothing unread is held
    struct carried *carried; // NULL when no exchange is under way
    int64_t head_since;      // monotonic ns: when the first byte of this head came
    int64_t fresh_until; // monotonic ns: a stop waits so long for a first request; 0: it had one
    uint64_t progress;   // of the send, when the timer last looked
    uint32_t head_seen;  // bytes of an incomplete head already looked at
    uint8_t phase;
    bool over_capacity;
    uint8_t address_family;
    uint16_t port; // of the client, in host order
    unsigned char address[16];
};

/* How an exchange ended when not well; "" for well. */
enum ending { ENDING_COMPLETE, ENDING_CLIENT_GONE, ENDING_SEND_TIMEOUT, ENDING_BODY_FAILED };

/* An exchange as HTTP/1 carries it. Pooled by the worker. */
struct carried {
    struct exchange x;
    struct carried *next_free;
    struct connection *connection;
    struct work work;   // the step of a fact that runs in the pool
    struct timer pause; // of the walk
    struct h1_head head;
    struct h1_content content;
    struct iovec vector[3]; // what is being sent
    char chunk_head[H1_CHUNK_HEAD];
    uint64_t bytes_in, bytes_out, content_received, drained;
    uint64_t file_length; // of the piece of a file that is being sent
    enum ending ending;
    bool content_ended; // nothing of the content is left to read
    bool invited;       // 100 (Continue) was sent
    bool close;         // the connection, after this exchange
    bool chunked;       // the response's content
};

/* Takes ownership of the socket fd; closes it when there is no memory. */
void connection_open(struct sessions *w, int fd, const struct sockaddr *peer);
/* The worker stops: closes it if it is idle, nothing has come that is unread, and it is not so new
 * that its request may be on its way; else after the exchange that it carries, or after the next
 * one if that has begun to arrive and this one's response did not tell of the close. */
void connection_stop(struct connection *c);
/* The worker cannot wait for it any longer: as if the client had run out of time. What a thread of
 * the pool works for goes on. */
void connection_hurry(struct connection *c);
/* Ends it at once, without another word to the peer. */
void connection_close(struct connection *c);

/* connection_send.c: sends x's response, then calls connection_response_sent. */
void connection_send_response(struct carried *k);
/* connection_send.c: the piece that the response waited for is there. */
void connection_send_more(struct carried *k);
/* connection_send.c: whether only the end of the connection tells the end of the response. */
bool connection_ends_body(const struct carried *k);
/* connection.c: the response is out, or could not be completed (k->ending). */
void connection_response_sent(struct carried *k);

/* content.c tells: FACT_CONTENT is known now; */
void connection_content_arrived(struct carried *k);
/* the rest of the content was thrown away, whole or not; */
void connection_content_drained(struct carried *k, bool whole);
/* the client ended before its content did (it may still read). */
void connection_content_broken_off(struct carried *k);

/* A send did not finish at once: from now on the client must take something now and then. */
void connection_watch_send(struct connection *c);

/* The client's address as text, without port. */
size_t connection_print_client(const struct connection *c, char out[LISTEN_TEXT]);

#endif
