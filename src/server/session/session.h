// SPDX-License-Identifier: MIT
/*
 * A session: what carries calls, in whichever version of HTTP. This is all that the others know of
 * one: the worker that it belongs to, and the calls that it carries, of which there may be many.
 */
#ifndef CANDOR_SERVER_SESSION_SESSION_H
#define CANDOR_SERVER_SESSION_SESSION_H

#include "server/session/record.h"
#include "server/session/sessions.h"

struct call;
struct session;

struct session_ops {
    /* The response to a call is decided: it is sent, and then the call ends. */
    void (*respond)(struct call *k);
    /* The piece of the body that was said to come (PIECE_WAIT) is there. */
    void (*more_body)(struct call *k);
    /* What has come of the content goes to call_take, and nothing more is received yet. True: that
     * was all of it, or it has a cause. */
    bool (*open_content)(struct call *k);
    /* As exchange_host.interim; fields: their lines. */
    bool (*send_interim)(struct call *k, unsigned status, struct span fields);
    /* The content is wanted: each piece goes to call_take. True: all of it has come, or has a
     * cause. False: call_content_arrived follows. */
    bool (*read_content)(struct call *k);
    /* The piece that the resource kept was taken: as read_content. */
    bool (*more_content)(struct call *k);
    /* The call ends so, at once, without what is left of its response. */
    void (*abort)(struct call *k, enum ending ending);
    /*
     * The worker stops. The session ends if it is idle, nothing has come that is unread, and it is
     * not so new that its request may be on its way; else after the call that it carries, or after
     * the next one if that has begun to arrive and the last response did not tell of the close.
     */
    void (*stop)(struct session *s);
    /* The worker cannot wait for it any longer: as if the client had run out of time. What a thread
     * of the pool works for goes on. */
    void (*hurry)(struct session *s);
};

struct session {
    const struct session_ops *ops;
    struct sessions *sessions;
    struct list link; // in those
    struct client client;
    unsigned client_number;
    bool over_capacity; // there are too many: it is told so, and ends
};

/* A session on a new connection. Takes ownership of the socket fd; closes it when there is no
 * memory. */
void session_open(struct sessions *s, int fd, const struct sockaddr *peer);

#endif
