// SPDX-License-Identifier: MIT
/*
 * The loop: operations are submitted, and a callback tells the result. Invariants:
 *  - no callback runs before the call that submitted its operation has returned;
 *  - after stream_close no callback of that stream runs but the one given to stream_close;
 *  - a loop and all that belongs to it is used by one thread, but for loop_post.
 * Results are bytes (0 or more) or a negated errno. epoll stands behind it; io_uring fits.
 */
#ifndef CANDOR_IO_LOOP_H
#define CANDOR_IO_LOOP_H

#include "base/list.h"

#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

struct loop;

/* buffer_size: capacity in bytes of the large ones of the buffers that the loop lends to receives.
 */
int loop_open(size_t buffer_size, struct loop **ret_loop);
void loop_free(struct loop *l);
/* Runs until loop_stop; -CANDOR_E_SYSTEM if the system's own waiting fails. */
int loop_run(struct loop *l);
void loop_stop(struct loop *l);
/* Whoever waits for something that comes by loop_post holds the loop: held, it doesn't end. */
void loop_hold(struct loop *l);
void loop_let_go(struct loop *l);
/* Monotonic nanoseconds, read once a round. */
int64_t loop_now(const struct loop *l);

/* Private: what epoll points at. */
struct source {
    void (*on_event)(struct source *s, uint32_t events);
};

/*
 * A buffer lent by the loop. Whoever gets it in a callback owns it until loop_buffer_release.
 * Bytes [start, len) of data are valid and unread; the reader advances start. There are small ones,
 * so that who waits with a short request takes little memory, and large ones.
 */
struct loop_buffer {
    struct loop_buffer *next; // private
    uint32_t start, len, cap;
    char data[];
};
void loop_buffer_release(struct loop *l, struct loop_buffer *b);
/* Gives those back to the system that are kept to be lent again. */
void loop_drop_buffers(struct loop *l);

/*
 * A connected stream socket. At most one receive and one send are under way at a time.
 */
struct stream;
typedef void stream_recv_fn(struct stream *s, struct loop_buffer *b, ssize_t result);
typedef void stream_send_fn(struct stream *s, ssize_t result);
typedef void stream_closed_fn(struct stream *s);
typedef void stream_hang_up_fn(struct stream *s, bool reset);

struct stream {
    struct source source; // all private
    struct loop *loop;
    struct list ready;
    struct loop_buffer *into;
    stream_recv_fn *on_recv;
    stream_send_fn *on_send;
    stream_closed_fn *on_closed;
    stream_hang_up_fn *on_hang_up;
    struct iovec *iov;
    uint64_t file_offset, file_left;
    uint64_t sent;
    ssize_t result;
    int fd, file;
    uint16_t iov_count;
    uint16_t state;
    uint16_t round, steps; // of the loop in which it was ready last, and how often
};

/* Takes ownership of the non-blocking socket fd; on failure the fd stays the caller's. */
int stream_open(struct loop *l, struct stream *s, int fd);
/*
 * Connects a new socket, as an operation that is under way like a send, until `done` is told 0 or a
 * negated errno. Whatever it is told, the stream is open and to be closed. Where the system refuses
 * at once its negated errno is returned, nothing is open, and `done` does not follow. TCP does not
 * wait to fill packets.
 */
int stream_connect(struct loop *l, struct stream *s, const struct sockaddr *to, socklen_t to_len,
                   stream_send_fn *done);

/*
 * Receives once. `into`: append to this buffer (a large one must have room); NULL: the loop lends a
 * small one when bytes are there, so that a waiting stream holds none. What would fill a small
 * buffer is received into a large one, with all that was in the small one before, which is gone
 * then. In the callback result > 0 is the number of bytes appended, 0 the end of the stream; b is
 * the buffer, but NULL where one was to be lent and result <= 0.
 */
void stream_recv(struct stream *s, struct loop_buffer *into, stream_recv_fn *done);
/* As stream_recv without a buffer, for who expects much: a large one is lent, or one of a few that
 * are larger still. */
void stream_recv_much(struct stream *s, stream_recv_fn *done);
/* Takes back a receive that has not completed; its callback will not run. */
void stream_recv_cancel(struct stream *s);

enum { STREAM_MORE = 1 }; // more will be sent at once: the system may wait to fill a packet

/*
 * Sends all of it, or fails. The array and what it points to must stay until the callback; the
 * array is modified. result: the bytes sent (all), or a negated errno.
 */
void stream_send(struct stream *s, struct iovec *iov, unsigned count, int flags,
                 stream_send_fn *done);
/* Sends part of a file. A result smaller than length: the file ended early. */
void stream_send_file(struct stream *s, int file, uint64_t offset, uint64_t length,
                      stream_send_fn *done);
/* Whether the system could not take all of it at once. */
bool stream_is_sending(const struct stream *s);
/* Bytes that the operation under way, or the last one, has given to the system. */
uint64_t stream_send_progress(const struct stream *s);
/* Bytes given to the system that the peer's has not taken yet, of all operations. With the progress
 * it tells a slow client from a stuck one. */
uint64_t stream_send_backlog(const struct stream *s);

/*
 * From now on `hung_up` tells what no result of an operation does, as neither a receive nor a send
 * is submitted: that the peer has ended its side (what it sent before may still be there), and that
 * it has reset the connection.
 */
void stream_watch(struct stream *s, stream_hang_up_fn *hung_up);
/* If it was told already, it is told again, as soon as nothing is submitted. */
void stream_tell_again(struct stream *s);
/* Bytes that have come and were not received yet. */
uint64_t stream_input(const struct stream *s);

/* Whether something has come that was not received yet; the stream's end is nothing. */
bool stream_has_input(const struct stream *s);
/* Whether nothing has come that was not received, neither bytes nor an end nor a reset. The system
 * is asked only where the loop has heard of something. */
bool stream_is_quiet(struct stream *s);

/* No more will be sent: the peer sees the end. */
void stream_shutdown(struct stream *s);
/* The close to come is a reset: the peer can tell it from an end. What it has not taken is lost. */
void stream_reset(struct stream *s);
/* Closes; `closed` tells when the struct may be reused. */
void stream_close(struct stream *s, stream_closed_fn *closed);
/* Closes, or forgets one that is closing: none of its callbacks will run, and the struct may be
 * reused now. Not within one of its callbacks. */
void stream_drop(struct stream *s);

/*
 * A listening socket. Takes ownership of fd. Each accepted connection is a non-blocking socket that
 * on_accept then owns.
 */
struct listener {
    struct source source; // private
    struct loop *loop;
    void (*on_accept)(struct listener *l, int fd, const struct sockaddr *peer, socklen_t peer_len);
    void (*on_exhausted)(struct listener *l); // no descriptor left: it was paused; may be NULL
    int fd;
    bool accepting;
};
int listener_open(struct loop *loop, struct listener *l, int fd);
/* Accepts at most so many of those that are in the system's backlog, now. */
void listener_accept_waiting(struct listener *l, unsigned most);
/* A paused listener leaves connections in the system's backlog. */
void listener_pause(struct listener *l);
void listener_resume(struct listener *l);
/* Connections that are still in the backlog are reset by the system. */
void listener_close(struct listener *l);

/*
 * A descriptor of another's, such as a library's: `on_ready` tells, again in each round, that it
 * can be read or written as was wished. The descriptor stays its owner's, who closes the watch
 * before it; that may be within on_ready.
 */
struct fd_watch {
    struct source source; // private
    struct loop *loop;
    void (*on_ready)(struct fd_watch *w, bool readable, bool writable);
    int fd;
};
/* 0, or -CANDOR_E_SYSTEM. */
int fd_watch_open(struct loop *l, struct fd_watch *w, int fd, bool readable, bool writable);
int fd_watch_change(struct fd_watch *w, bool readable, bool writable);
void fd_watch_close(struct fd_watch *w);

/* A timer fires once, at its time or up to 16 ms later. Setting it again moves it. */
struct timer {
    struct list link; // private
    int64_t due;
    int64_t slot_time;
    void (*on_fire)(struct timer *t);
};
void timer_init(struct timer *t, void (*on_fire)(struct timer *t));
void timer_set(struct loop *l, struct timer *t, int64_t at);
void timer_stop(struct timer *t);

/*
 * Something to be called in a loop's own thread: the only way from one thread to another.
 * The message stays its sender's until on_arrival runs. Posting it again before that changes
 * nothing: it arrives once. It must be all zeros, but for on_arrival, when it is posted first.
 */
struct loop_message {
    struct loop_message *next; // private
    bool posted;               // private
    void (*on_arrival)(struct loop_message *p);
};
void loop_post(struct loop *l, struct loop_message *p);
/* In the loop's own thread: takes back a message that has not arrived, if it was posted at all. */
void loop_take_back(struct loop *l, struct loop_message *p);

/*
 * Something to be called in this round of the loop, but not before the caller has returned: how a
 * result that is known at once keeps the first invariant. One that is called for already stays
 * where it is.
 */
struct loop_call {
    struct list link; // private
    void (*on_call)(struct loop_call *c);
};
void loop_call_init(struct loop_call *c, void (*on_call)(struct loop_call *c));
void loop_call(struct loop *l, struct loop_call *c);
void loop_call_cancel(struct loop_call *c);

#endif
