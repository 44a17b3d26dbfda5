// SPDX-License-Identifier: MIT
/*
 * The least that a server on epoll can cost: whatever arrives is answered by the same 200 with
 * 1 KiB of content, unparsed. One wait for many connections, one receive and one send a request.
 * It is what bench.py calls the floor; it is no server, and is not installed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONTENT_LENGTH = 1024, EVENTS = 512, BACKLOG = 4096 };

// The fields that a file server sends as well, so that as many bytes go out.
#define HEAD                                                                                       \
    "HTTP/1.1 200 OK\r\n"                                                                          \
    "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"                                                      \
    "Content-Type: text/plain; charset=utf-8\r\n"                                                  \
    "Content-Length: 1024\r\n"                                                                     \
    "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT\r\n"                                             \
    "ETag: \"0123456789abcdef\"\r\n"                                                               \
    "Accept-Ranges: bytes\r\n"                                                                     \
    "\r\n"

static char answer[sizeof HEAD - 1 + CONTENT_LENGTH];

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

static bool watch(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static void accept_all(int epoll, int listener)
{
    int fd;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
        if (!watch(epoll, fd))
            close(fd);
}

/* A request is taken to arrive in one piece, and its answer to fit the socket: true on loopback. */
static void answer_request(int fd)
{
    char request[4096];
    ssize_t got = recv(fd, request, sizeof request, 0);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0 || send(fd, answer, sizeof answer, MSG_NOSIGNAL) != (ssize_t)sizeof answer)
        close(fd);
}

int main(int argc, char **argv)
{
    static struct epoll_event events[EVENTS];
    unsigned long port = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
    int listener, epoll;

    if (port == 0 || port > UINT16_MAX) {
        fputs("usage: floor PORT\n", stderr);
        return 2;
    }
    memcpy(answer, HEAD, sizeof HEAD - 1);
    memset(answer + sizeof HEAD - 1, 'x', CONTENT_LENGTH);
    listener = listen_on((uint16_t)port);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (listener < 0 || epoll < 0 || !watch(epoll, listener)) {
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
