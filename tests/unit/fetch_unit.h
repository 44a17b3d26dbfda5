// SPDX-License-Identifier: MIT
/*
 * A fetch over one end of a TCP connection whose other end a test plays by hand, and a pool that
 * only notes how the connection came back.
 */
#ifndef CANDOR_TESTS_FETCH_UNIT_H
#define CANDOR_TESTS_FETCH_UNIT_H

#include "loop_unit.h"

#include "base/buf.h"
#include "upstream/fetch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER = 16 * 1024, RETURNED_NOT = -1, PATIENCE = 10 };

struct peer_state {
    struct loop *loop;
    struct arena arena;
    struct fetch f;
    struct fetch_limits limits;
    struct upstream_address address;
    struct upstream_connection connection;
    int fd;       // the upstream's end; -1: closed
    int returned; // enum upstream_return, or RETURNED_NOT
    bool closed;  // the stream is
    bool begun;   // and not ended
    // What was told.
    struct buf interims, body, complaints;
    unsigned heads, fails, takens, mores;
    enum piece_kind last; // of the pieces asked for
    bool pulls;           // asks for pieces by itself
    bool keeps;           // connections that may be kept are
    void (*hook)(void);   // in each event, once it was noted
    size_t awaited;       // what the test waits for
};

static struct peer_state t;

void upstream_give_back(struct upstream_connection *c, enum upstream_return how);
const struct upstream_address *upstream_address_of(const struct upstream_pool *p, unsigned target);

static inline void note_closed(struct stream *s)
{
    (void)s;
    t.closed = true;
}

void upstream_give_back(struct upstream_connection *c, enum upstream_return how)
{
    assert_ptr_equal(c, &t.connection);
    assert_int_equal(t.returned, RETURNED_NOT);
    t.returned = (int)how;
    if (how == RETURN_KEEP && t.keeps)
        return;
    if (how == RETURN_RESET)
        stream_reset(&c->stream);
    stream_close(&c->stream, note_closed);
}

const struct upstream_address *upstream_address_of(const struct upstream_pool *p, unsigned target)
{
    (void)p, (void)target;
    return &t.address;
}

static inline void pull(void)
{
    struct piece piece;

    do {
        fetch_next(&t.f, &piece);
        t.last = piece.kind;
        if (piece.kind == PIECE_BYTES)
            buf_add(&t.body, piece.bytes);
    } while (piece.kind == PIECE_BYTES);
}

static inline void run_hook(void)
{
    if (t.hook)
        t.hook();
}

static inline void on_interim(struct fetch *f)
{
    buf_addf(&t.interims, "%u %.*s\n", f->answer.status, SPAN_ARG(f->answer.reason));
    run_hook();
}

static inline void on_head(struct fetch *f)
{
    (void)f;
    t.heads++;
    run_hook();
    if (t.pulls)
        pull();
}

static inline void on_taken(struct fetch *f)
{
    (void)f;
    t.takens++;
    run_hook();
}

static inline void on_more(struct fetch *f)
{
    (void)f;
    t.mores++;
    run_hook();
    if (t.pulls)
        pull();
}

static inline void on_failed(struct fetch *f)
{
    assert_int_not_equal(f->cause, OUTCOME_NONE);
    t.fails++;
    run_hook();
}

static inline void on_complaint(struct fetch *f, struct span text)
{
    (void)f;
    buf_add(&t.complaints, text);
    buf_add_char(&t.complaints, '\n');
    run_hook();
}

static const struct fetch_events events = {
    .interim = on_interim,
    .head = on_head,
    .taken = on_taken,
    .more = on_more,
    .failed = on_failed,
    .complaint = on_complaint,
};

static inline void close_peer(void)
{
    if (t.fd >= 0)
        close(t.fd);
    t.fd = -1;
}

static inline void adopt(int fd)
{
    memset(&t.connection, 0, sizeof t.connection);
    assert_int_equal(stream_open(t.loop, &t.connection.stream, fd), 0);
    t.returned = RETURNED_NOT;
    t.closed = false;
}

/* Over TCP: other sockets know no reset. */
static inline void open_connection(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), fd;
    struct timeval patience = {.tv_sec = PATIENCE};

    assert_int_equal(bind(listener, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    t.fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(t.fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(setsockopt(t.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    assert_true(fd >= 0);
    close(listener);
    adopt(fd);
}

/* Over a Unix socket, which tells of a close in other words. */
static inline void open_local_connection(void)
{
    int fds[2];

    close_peer();
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    t.fd = fds[0];
    adopt(fds[1]);
}

static inline int setup(void **state)
{
    (void)state;
    t = (struct peer_state){
        .limits = {.response_timeout = 60000,
                   .idle_timeout = 60000,
                   .interim_most = 3,
                   .wire = {.status_line = 256,
                            .field_line = 4096,
                            .field_section = 8192,
                            .fields = 50,
                            .trailer_section = 1024}},
        .pulls = true,
        .last = PIECE_WAIT,
        .fd = -1,
    };
    assert_int_equal(loop_open(BUFFER, &t.loop), 0);
    assert_int_equal(arena_init(&t.arena, 1024), 0);
    open_connection();
    return 0;
}

static inline void end_round(struct loop_message *m)
{
    (void)m;
    loop_stop(t.loop);
}

/* Runs the loop until something holds; it is looked at once a round. */
static inline void run_until(bool (*is_there)(void))
{
    struct loop_message message = {.on_arrival = end_round};
    int64_t until = clock_monotonic() + PATIENCE * CLOCK_SECOND;

    while (!is_there()) {
        assert_true(clock_monotonic() < until);
        loop_post(t.loop, &message);
        assert_int_equal(loop_run(t.loop), 0);
    }
}

static inline bool is_closed(void)
{
    return t.closed;
}

/* In the place of the one that is there. */
static inline void use_local_connection(void)
{
    stream_close(&t.connection.stream, note_closed);
    run_until(is_closed);
    open_local_connection();
}

static inline void end_now(void)
{
    t.begun = false;
    fetch_end(&t.f);
}

/* Ends the fetch, and tells how the connection came back. */
static inline enum upstream_return end_fetch(void)
{
    end_now();
    assert_int_not_equal(t.returned, RETURNED_NOT);
    run_until(is_closed);
    return (enum upstream_return)t.returned;
}

static inline void reset_peer(void)
{
    const struct linger at_once = {.l_onoff = 1};

    assert_int_equal(setsockopt(t.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
    close_peer();
}

/* Behind a fetch that was ended: all is made ready for another one. */
static inline void start_anew(void)
{
    close_peer();
    arena_reset(&t.arena);
    buf_clear(&t.interims);
    buf_clear(&t.body);
    buf_clear(&t.complaints);
    t.heads = t.fails = t.takens = t.mores = 0;
    t.last = PIECE_WAIT;
    open_connection();
}

static inline int teardown(void **state)
{
    (void)state;
    if (t.begun)
        end_fetch();
    run_until(is_closed);
    close_peer();
    buf_done(&t.interims);
    buf_done(&t.body);
    buf_done(&t.complaints);
    arena_done(&t.arena);
    loop_free(t.loop);
    return 0;
}

static inline void begin(const struct fetch_request *r)
{
    memset(&t.f, 0, sizeof t.f);
    t.f.events = &events;
    t.f.limits = &t.limits;
    t.f.arena = &t.arena;
    t.begun = true;
    fetch_begin(&t.f, &t.connection, r);
    assert_int_equal(t.heads + t.fails + t.takens + t.mores, 0);
}

static inline void answer(struct span text)
{
    assert_int_equal(send(t.fd, text.ptr, text.len, MSG_NOSIGNAL), text.len);
}

static inline void answer_text(const char *text)
{
    answer(span_from_str(text));
}

/* What arrives at the upstream next. */
static inline void expect_arrival(const char *text)
{
    char bytes[1024];
    size_t n = strlen(text), have = 0;

    assert_true(n < sizeof bytes);
    while (have < n) {
        ssize_t some = recv(t.fd, bytes + have, n - have, 0);

        assert_true(some > 0);
        have += (size_t)some;
    }
    bytes[n] = '\0';
    assert_string_equal(bytes, text);
}

static inline bool nothing_arrived(void)
{
    char byte;

    return recv(t.fd, &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

static inline bool has_failed(void)
{
    return t.fails > 0;
}

static inline bool has_head(void)
{
    return t.heads > 0;
}

static inline bool has_more(void)
{
    return t.mores > 0;
}

/* The answer is there, or there will be none. */
static inline bool is_over(void)
{
    return t.fails || (t.heads && (t.last == PIECE_END || t.last == PIECE_FAILED));
}

static inline bool has_received(void)
{
    return t.fails || t.f.bytes_received >= t.awaited;
}

static inline bool has_taken(void)
{
    return t.takens >= t.awaited;
}

static inline void assert_buf(const struct buf *b, const char *text)
{
    assert_int_equal(b->len, strlen(text));
    if (b->len)
        assert_memory_equal(b->ptr, text, b->len);
}

#endif
