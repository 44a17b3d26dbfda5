// SPDX-License-Identifier: MIT
/*
 * The least that a server on epoll can cost: whatever arrives is answered by the same 200,
 * unparsed. One wait for many connections, one receive and one answer a request. It is what
 * bench.py calls the floor; it is no server, and is not installed.
 *
 * floor PORT                 1 KiB of content, in the same send as the head
 * floor PORT FILE copy       the content of a file, from memory
 * floor PORT FILE sendfile   as the system keeps it
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { SMALL = 1024, EVENTS = 512, BACKLOG = 4096, CONNECTIONS = 65536, HEAD_ROOM = 512 };

// The fields that a file server sends as well, so that as many bytes go out.
#define HEAD                                                                                       \
    "HTTP/1.1 200 OK\r\n"                                                                          \
    "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"                                                      \
    "Content-Type: text/plain; charset=utf-8\r\n"                                                  \
    "Content-Length: %zu\r\n"                                                                      \
    "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n"                                             \
    "ETag: \"0123456789abcdef\"\r\n"                                                               \
    "Accept-Ranges: bytes\r\n"                                                                     \
    "\r\n"

static char *answer; // head and content
static size_t head_length, answer_length;
static int file = -1;            // that is sent by sendfile
static size_t left[CONNECTIONS]; // of the answer, by descriptor

static int listen_on(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    // Accepted sockets inherit this.
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, BACKLOG) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool watch(int epoll, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};

    return fd < CONNECTIONS && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void accept_all(int epoll, int listener)
{
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        if (watch(epoll, fd, EPOLLIN | EPOLLOUT | EPOLLET))
            left[fd] = 0;
        else
            close(fd);
    }
}

/* What is left of the answer, as much as the system takes. False: the client has left. */
static bool send_on(int fd)
{
    while (left[fd]) {
        size_t at = answer_length - left[fd];
        off_t offset = (off_t)(at - head_length);
        ssize_t sent;

        if (file >= 0 && at < head_length)
            sent = send(fd, answer + at, head_length - at, MSG_NOSIGNAL | MSG_MORE);
        else if (file >= 0)
            sent = sendfile(fd, file, &offset, left[fd]);
        else
            sent = send(fd, answer + at, left[fd], MSG_NOSIGNAL);
        if (sent <= 0)
            return sent < 0 && (errno == EAGAIN || errno == EINTR);
        left[fd] -= (size_t)sent;
    }
    return true;
}

/* A request is taken to arrive in one piece: true on loopback. */
static void answer_request(int fd)
{
    char request[4096];
    ssize_t got = left[fd] ? 1 : recv(fd, request, sizeof request, 0);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got > 0 && !left[fd])
        left[fd] = answer_length;
    if (got <= 0 || !send_on(fd))
        close(fd);
}

static bool make_answer(const char *path, bool by_sendfile)
{
    struct stat st = {.st_size = SMALL};
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    size_t length;

    if (path && (fd < 0 || fstat(fd, &st) < 0))
        return false;
    length = (size_t)st.st_size;
    answer = malloc(HEAD_ROOM + length);
    if (!answer)
        return false;
    head_length = (size_t)snprintf(answer, HEAD_ROOM, HEAD, length);
    answer_length = head_length + length;
    memset(answer + head_length, 'x', length);
    if (by_sendfile)
        file = fd;
    else if (path && read(fd, answer + head_length, length) != (ssize_t)length)
        return false;
    return true;
}

int main(int argc, char **argv)
{
    static struct epoll_event events[EVENTS];
    bool has_file = argc == 4, by_sendfile = has_file && strcmp(argv[3], "sendfile") == 0;
    unsigned long port = argc == 2 || has_file ? strtoul(argv[1], NULL, 10) : 0;
    int listener, epoll;

    if (port == 0 || port > UINT16_MAX) {
        fputs("usage: floor PORT [FILE copy|sendfile]\n", stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN); // sendfile has no flag for that
    listener = listen_on((uint16_t)port);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!make_answer(has_file ? argv[2] : NULL, by_sendfile) || listener < 0 || epoll < 0 ||
        !watch(epoll, listener, EPOLLIN)) {
        perror("floor");
        return 1;
    }
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);

        if (count < 0 && errno != EINTR)
            return 1;
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listener)
                accept_all(epoll, listener);
            else
                answer_request(events[i].data.fd);
        }
    }
}
