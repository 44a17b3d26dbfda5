// SPDX-License-Identifier: MIT
/*
 * The least that a gateway on epoll can cost: each connection has one to the upstream, and bytes
 * go from one to the other unread. It is what gateway.py calls the floor; it is no server, and is
 * not installed.
 *
 * relay PORT UPSTREAM-PORT
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

enum { EVENTS = 512, BACKLOG = 4096, DESCRIPTORS = 65536, PIECE = 64 * 1024 };

/* What one socket could not take of the other's bytes. */
struct rest {
    char *bytes;
    size_t at, length;
};

static int peer[DESCRIPTORS]; // by descriptor
static struct rest rests[DESCRIPTORS];
static char piece[PIECE];

static bool watch(int epoll, int how, int fd, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};

    return epoll_ctl(epoll, how, fd, &event) == 0;
}

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void set_quick(int fd)
{
    int on = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void end_pair(int fd)
{
    int fds[2] = {fd, peer[fd]};

    for (int i = 0; i < 2; i++) {
        free(rests[fds[i]].bytes);
        rests[fds[i]] = (struct rest){0};
        close(fds[i]);
    }
}

static void accept_all(int epoll, int listener, uint16_t port)
{
    struct sockaddr_in to = loopback(port);
    int fd, other;

    while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (other < 0 || fd >= DESCRIPTORS || other >= DESCRIPTORS ||
            connect(other, (struct sockaddr *)&to, sizeof to) < 0) {
            perror("relay");
            exit(1);
        }
        peer[fd] = other;
        peer[other] = fd;
        set_quick(fd);
        set_quick(other);
        if (!watch(epoll, EPOLL_CTL_ADD, fd, EPOLLIN) ||
            !watch(epoll, EPOLL_CTL_ADD, other, EPOLLIN))
            exit(1);
    }
}

/* The other's socket is full: its bytes wait, and no more are read meanwhile. */
static bool keep(int epoll, int from, size_t sent, size_t length)
{
    struct rest *r = &rests[peer[from]];

    if (!r->bytes)
        r->bytes = malloc(PIECE);
    if (!r->bytes)
        return false;
    memcpy(r->bytes, piece + sent, length - sent);
    r->at = 0;
    r->length = length - sent;
    return watch(epoll, EPOLL_CTL_MOD, from, 0) &&
           watch(epoll, EPOLL_CTL_MOD, peer[from], EPOLLIN | EPOLLOUT);
}

static bool pass(int epoll, int from)
{
    ssize_t got = recv(from, piece, sizeof piece, MSG_DONTWAIT), sent;

    if (got <= 0)
        return got < 0 && (errno == EAGAIN || errno == EINTR);
    sent = send(peer[from], piece, (size_t)got, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN)
        return false;
    sent = sent < 0 ? 0 : sent;
    return sent == got || keep(epoll, from, (size_t)sent, (size_t)got);
}

static bool pass_rest(int epoll, int to)
{
    struct rest *r = &rests[to];
    ssize_t sent = send(to, r->bytes + r->at, r->length, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (sent < 0)
        return errno == EAGAIN || errno == EINTR;
    r->at += (size_t)sent;
    r->length -= (size_t)sent;
    return r->length || (watch(epoll, EPOLL_CTL_MOD, to, EPOLLIN) &&
                         watch(epoll, EPOLL_CTL_MOD, peer[to], EPOLLIN));
}

static int listen_on(uint16_t port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, BACKLOG) < 0)
        return -1;
    return fd;
}

static void serve(int epoll, int listener, uint16_t upstream)
{
    static struct epoll_event events[EVENTS];
    int count = epoll_wait(epoll, events, EVENTS, -1);

    for (int i = 0; i < count; i++) {
        int fd = events[i].data.fd;

        if (fd == listener)
            accept_all(epoll, listener, upstream);
        else if (!(events[i].events & EPOLLOUT ? pass_rest(epoll, fd) : pass(epoll, fd)))
            end_pair(fd);
    }
}

int main(int argc, char **argv)
{
    unsigned long port = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
    unsigned long upstream = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    int listener, epoll;

    if (port == 0 || port > UINT16_MAX || upstream == 0 || upstream > UINT16_MAX) {
        fputs("usage: relay PORT UPSTREAM-PORT\n", stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    listener = listen_on((uint16_t)port);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (listener < 0 || epoll < 0 || !watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN)) {
        perror("relay");
        return 1;
    }
    for (;;)
        serve(epoll, listener, (uint16_t)upstream);
}
