// SPDX-License-Identifier: MIT
/*
 * Streams over epoll: edges are remembered as READABLE and WRITABLE until the system says that it
 * has no more to give or to take.
 */
#include "io/loop_epoll.h"

#include "base/error.h"
#include "io/direct.h"

#include <assert.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>

enum stream_state {
    READABLE = 1 << 0,
    WRITABLE = 1 << 1,
    HUNG_UP = 1 << 2,   // the peer has ended: a short receive does not mean that all was read
    RECEIVING = 1 << 3, // a receive is submitted
    SENDING = 1 << 4,   // a send is submitted and not finished
    SENT = 1 << 5,      // finished; its callback is still to run
    CLOSED = 1 << 6,
    SENDS_FILE = 1 << 7,
    SENDS_MORE = 1 << 8,
    RESET = 1 << 9, // nothing can be sent or received any more
    NEWS = 1 << 10, // that it hung up, or that it is reset, was not told yet
    RECEIVES_MUCH = 1 << 11,
    READS_FILE = 1 << 12, // as sendfile does not send it
    CONNECTING = 1 << 13, // what is under way as a send
};

enum {
    SEND_PIECE = 64 * 1024,  // most bytes of one send
    SEND_FRONT = 4,          // most pieces of one send: a head, and a chunk with what frames it
    FILE_PIECE = 256 * 1024, // of one sendfile, so that one stream does not keep the loop
};

static void set(struct stream *s, unsigned bits)
{
    s->state = (uint16_t)(s->state | bits);
}

static void clear(struct stream *s, unsigned bits)
{
    s->state = (uint16_t)(s->state & ~bits);
}

static void make_ready(struct stream *s)
{
    struct loop *l = s->loop;

    if (!list_empty(&s->ready))
        return;
    if (s->round != l->round) {
        s->round = l->round;
        s->steps = 0;
    }
    list_add_tail(s->steps < STEPS_A_ROUND ? &l->ready : &l->later, &s->ready);
    s->steps++;
}

/* As recv(2), with a negated errno. */
static ssize_t receive_into(struct stream *s, struct loop_buffer *b)
{
    size_t room = b->cap - b->len;
    ssize_t n;

    do
        n = direct_recv(s->fd, b->data + b->len, room);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        n = -errno;
    if (n == -EAGAIN || (n < (ssize_t)room && !(s->state & HUNG_UP)))
        clear(s, READABLE);
    if (n > 0)
        b->len += (uint32_t)n;
    return n;
}

/* What fills a small buffer goes on in a large one. */
static ssize_t receive_all(struct stream *s, struct loop_buffer **b)
{
    ssize_t n, more;

    if ((*b)->len == (*b)->cap) // there was no memory when it was filled
        return -ENOMEM;
    n = receive_into(s, *b);
    if (n <= 0 || (*b)->len < (*b)->cap || !loop_buffer_grow(s->loop, b))
        return n;
    more = receive_into(s, *b);
    return more > 0 ? n + more : n; // an end is there the next time as well
}

/* One receive, unless there is nothing to receive yet. */
static void receive(struct stream *s)
{
    struct loop_buffer *b = s->into;
    bool is_lent = !b;
    ssize_t n;

    if (is_lent)
        b = loop_buffer_take(s->loop, s->state & RECEIVES_MUCH ? BUFFERS_FOR_MUCH : BUFFERS_SMALL);
    n = b ? receive_all(s, &b) : -ENOMEM;
    if (is_lent && n <= 0) {
        loop_buffer_release(s->loop, b);
        b = NULL;
    }
    if (n == -EAGAIN)
        return;
    clear(s, RECEIVING | RECEIVES_MUCH);
    s->on_recv(s, b, n);
}

static void send_done(struct stream *s, ssize_t result)
{
    clear(s, SENDING | SENDS_FILE | SENDS_MORE | READS_FILE | CONNECTING);
    set(s, SENT);
    s->result = result;
    make_ready(s);
}

/* Takes n sent bytes off the front of the vector. True when nothing is left. */
static bool vector_advance(struct stream *s, size_t n)
{
    while (s->iov_count && n >= s->iov->iov_len) {
        n -= s->iov->iov_len;
        s->iov++;
        s->iov_count--;
    }
    if (!s->iov_count)
        return true;
    s->iov->iov_base = (char *)s->iov->iov_base + n;
    s->iov->iov_len -= n;
    return false;
}

/*
 * One system call, with at most SEND_PIECE bytes: with larger ones the system was measured to take
 * a third more time for the same bytes.
 */
static ssize_t send_front(struct stream *s, int flags)
{
    struct iovec front[SEND_FRONT];
    struct msghdr m = {.msg_iov = front};
    size_t room = SEND_PIECE;

    if (s->iov_count == 1 || s->iov->iov_len >= room)
        return direct_send(s->fd, s->iov->iov_base, s->iov->iov_len < room ? s->iov->iov_len : room,
                           flags);
    while (m.msg_iovlen < SEND_FRONT && m.msg_iovlen < s->iov_count && room) {
        struct iovec *v = &front[m.msg_iovlen];

        *v = s->iov[m.msg_iovlen++];
        if (v->iov_len > room)
            v->iov_len = room;
        room -= v->iov_len;
    }
    return direct_sendmsg(s->fd, &m, flags);
}

static void send_vector(struct stream *s)
{
    int flags = MSG_NOSIGNAL | (s->state & SENDS_MORE ? MSG_MORE : 0);

    for (;;) {
        ssize_t n;

        n = send_front(s, flags);
        if (n >= 0) {
            s->sent += (uint64_t)n;
            if (vector_advance(s, (size_t)n)) {
                send_done(s, (ssize_t)s->sent);
                return;
            }
        } else if (errno == EAGAIN) {
            clear(s, WRITABLE);
            return;
        } else if (errno != EINTR) {
            send_done(s, -errno);
            return;
        }
    }
}

static void file_advance(struct stream *s, ssize_t n)
{
    s->sent += (uint64_t)n;
    s->file_offset += (uint64_t)n;
    s->file_left -= (uint64_t)n;
    if (s->file_left == 0)
        send_done(s, (ssize_t)s->sent);
    else
        list_add_tail(&s->loop->later, &s->ready); // others first, then the next piece
}

/* What the system does not take is read again the next time: nothing is kept. */
static void send_read(struct stream *s)
{
    char bytes[SEND_PIECE];
    size_t piece = s->file_left < sizeof bytes ? (size_t)s->file_left : sizeof bytes;
    ssize_t n, sent;

    do
        n = pread(s->file, bytes, piece, (off_t)s->file_offset);
    while (n < 0 && errno == EINTR);
    if (n <= 0) {
        send_done(s, n < 0 ? -errno : (ssize_t)s->sent);
        return;
    }
    do
        sent = send(s->fd, bytes, (size_t)n, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        file_advance(s, sent);
    else if (errno == EAGAIN)
        clear(s, WRITABLE);
    else
        send_done(s, -errno);
}

/*
 * Whether a file that can be read may well be one that sendfile does not send: its file system has
 * no such way, or a filter of system calls knows none.
 */
static bool is_unsendable(int error)
{
    return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP || error == EPERM;
}

static void send_file(struct stream *s)
{
    off_t at = (off_t)s->file_offset;
    size_t piece = s->file_left < FILE_PIECE ? (size_t)s->file_left : FILE_PIECE;
    ssize_t n;

    do
        n = sendfile(s->fd, s->file, &at, piece);
    while (n < 0 && errno == EINTR);
    if (n > 0) {
        file_advance(s, n);
    } else if (n == 0 || is_unsendable(errno)) { // nothing at all: reading tells whether it ends
        set(s, READS_FILE);
        send_read(s);
    } else if (errno == EAGAIN) {
        clear(s, WRITABLE);
    } else {
        send_done(s, -errno);
    }
}

static void connect_end(struct stream *s)
{
    int error = 0;
    socklen_t len = sizeof error;

    if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
        error = errno;
    send_done(s, -error);
}

static void send_some(struct stream *s)
{
    if (s->state & CONNECTING)
        connect_end(s);
    else if (s->state & READS_FILE)
        send_read(s);
    else if (s->state & SENDS_FILE)
        send_file(s);
    else
        send_vector(s);
}

static void run_operations(struct stream *s)
{
    if (s->state & SENT) {
        clear(s, SENT);
        if ((s->state & (RECEIVING | READABLE)) == (RECEIVING | READABLE))
            make_ready(s);
        s->on_send(s, s->result);
        return;
    }
    if ((s->state & (SENDING | WRITABLE)) == (SENDING | WRITABLE))
        send_some(s);
    if ((s->state & (RECEIVING | READABLE)) == (RECEIVING | READABLE))
        receive(s);
}

void stream_run_ready(struct stream *s)
{
    if (s->state & CLOSED) {
        s->on_closed(s);
        return;
    }
    run_operations(s);
    if ((s->state & (NEWS | RECEIVING | SENDING | SENT | CLOSED)) == NEWS && s->on_hang_up) {
        clear(s, NEWS);
        s->on_hang_up(s, s->state & RESET);
    }
}

static void note_hang_up(struct stream *s, unsigned bits)
{
    if (bits & ~(unsigned)s->state)
        set(s, bits | NEWS);
}

static void stream_on_event(struct source *source, uint32_t events)
{
    struct stream *s = container_of(source, struct stream, source);

    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        set(s, READABLE);
    if (events & (EPOLLHUP | EPOLLERR))
        note_hang_up(s, HUNG_UP | RESET);
    else if (events & EPOLLRDHUP)
        note_hang_up(s, HUNG_UP);
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
        set(s, WRITABLE);
    list_remove(&s->ready);
    stream_run_ready(s);
}

int stream_open(struct loop *l, struct stream *s, int fd)
{
    struct epoll_event e = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};

    *s = (struct stream){.source = {stream_on_event}, .loop = l, .fd = fd, .file = -1};
    list_init(&s->ready);
    e.data.ptr = &s->source;
    if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &e) < 0)
        return -CANDOR_E_SYSTEM;
    set(s, WRITABLE); // a new connection has an empty send buffer
    return 0;
}

int stream_connect(struct loop *l, struct stream *s, const struct sockaddr *to, socklen_t to_len,
                   stream_send_fn *done)
{
    int fd = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool is_connected;

    if (fd < 0)
        return -errno;
    if (to->sa_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    // Not registered before: a socket that connects nowhere would be told as one that hung up.
    is_connected = connect(fd, to, to_len) == 0;
    if ((!is_connected && errno != EINPROGRESS) || stream_open(l, s, fd) < 0) {
        int error = errno;

        close(fd);
        return -error;
    }
    s->sent = 0;
    s->on_send = done;
    set(s, SENDING | CONNECTING);
    if (is_connected)
        send_done(s, 0);
    else
        clear(s, WRITABLE);
    return 0;
}

static void recv_begin(struct stream *s, struct loop_buffer *into, unsigned bits,
                       stream_recv_fn *done)
{
    assert(!(s->state & (RECEIVING | CLOSED)));
    s->into = into;
    s->on_recv = done;
    set(s, RECEIVING | bits);
    if (s->state & READABLE)
        make_ready(s);
}

void stream_recv(struct stream *s, struct loop_buffer *into, stream_recv_fn *done)
{
    recv_begin(s, into, 0, done);
}

void stream_recv_much(struct stream *s, stream_recv_fn *done)
{
    recv_begin(s, NULL, RECEIVES_MUCH, done);
}

void stream_recv_cancel(struct stream *s)
{
    clear(s, RECEIVING | RECEIVES_MUCH);
}

static void send_begin(struct stream *s, unsigned bits, stream_send_fn *done)
{
    assert(!(s->state & (SENDING | SENT | CLOSED)));
    s->sent = 0;
    s->on_send = done;
    set(s, SENDING | bits);
    if (s->state & WRITABLE)
        send_some(s);
}

void stream_send(struct stream *s, struct iovec *iov, unsigned count, int flags,
                 stream_send_fn *done)
{
    s->iov = iov;
    s->iov_count = (uint16_t)count;
    send_begin(s, flags & STREAM_MORE ? SENDS_MORE : 0, done);
}

void stream_send_file(struct stream *s, int file, uint64_t offset, uint64_t length,
                      stream_send_fn *done)
{
    s->file = file;
    s->file_offset = offset;
    s->file_left = length;
    send_begin(s, SENDS_FILE, done);
}

bool stream_is_sending(const struct stream *s)
{
    return s->state & SENDING;
}

uint64_t stream_send_progress(const struct stream *s)
{
    return s->sent;
}

uint64_t stream_send_backlog(const struct stream *s)
{
    int bytes = 0;

    return ioctl(s->fd, SIOCOUTQ, &bytes) == 0 && bytes > 0 ? (uint64_t)bytes : 0;
}

void stream_watch(struct stream *s, stream_hang_up_fn *hung_up)
{
    s->on_hang_up = hung_up;
}

void stream_tell_again(struct stream *s)
{
    if (s->state & HUNG_UP) {
        set(s, NEWS);
        make_ready(s);
    }
}

uint64_t stream_input(const struct stream *s)
{
    int bytes = 0;

    return ioctl(s->fd, SIOCINQ, &bytes) == 0 && bytes > 0 ? (uint64_t)bytes : 0;
}

bool stream_has_input(const struct stream *s)
{
    char byte;

    return recv(s->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

bool stream_is_quiet(struct stream *s)
{
    char byte;

    if (s->state & HUNG_UP)
        return false;
    if (s->state & READABLE) {
        if (recv(s->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN)
            return false;
        clear(s, READABLE);
    }
    return true;
}

void stream_shutdown(struct stream *s)
{
    shutdown(s->fd, SHUT_WR);
}

void stream_reset(struct stream *s)
{
    const struct linger at_once = {.l_onoff = 1};

    setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void stream_close(struct stream *s, stream_closed_fn *closed)
{
    assert(!(s->state & CLOSED));
    s->state = CLOSED;
    s->on_closed = closed;
    close(s->fd);
    s->fd = -1;
    loop_forget(s->loop, &s->source);
    make_ready(s);
}

void stream_drop(struct stream *s)
{
    list_remove(&s->ready);
    if (s->state & CLOSED)
        return;
    s->state = CLOSED;
    close(s->fd);
    s->fd = -1;
    loop_forget(s->loop, &s->source);
}
