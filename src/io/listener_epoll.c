// SPDX-License-Identifier: MIT
/*
 * Listening sockets over epoll, level-triggered: what one round leaves is there in the next.
 */
#include "io/loop_epoll.h"

#include "base/error.h"

#include <errno.h>

static void listener_on_event(struct source *source, uint32_t events)
{
    (void)events;
    listener_accept_waiting(container_of(source, struct listener, source), ACCEPTS_A_ROUND);
}

void listener_accept_waiting(struct listener *l, unsigned most)
{
    for (unsigned i = 0; i < most && l->accepting; i++) {
        struct sockaddr_storage peer;
        socklen_t peer_len = sizeof peer;
        int fd = accept4(l->fd, (struct sockaddr *)&peer, &peer_len, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            l->on_accept(l, fd, (struct sockaddr *)&peer, peer_len);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            listener_pause(l);
            if (l->on_exhausted)
                l->on_exhausted(l);
            return;
        } else if (errno != EINTR && errno != ECONNABORTED && errno != EPROTO) {
            return; // EAGAIN: all were accepted
        }
    }
}

int listener_open(struct loop *loop, struct listener *l, int fd)
{
    *l = (struct listener){.source = {listener_on_event}, .loop = loop, .fd = fd};
    listener_resume(l);
    return l->accepting ? 0 : -CANDOR_E_SYSTEM;
}

void listener_pause(struct listener *l)
{
    if (l->accepting)
        epoll_ctl(l->loop->epoll_fd, EPOLL_CTL_DEL, l->fd, NULL);
    l->accepting = false;
}

void listener_resume(struct listener *l)
{
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = &l->source};

    if (!l->accepting && l->fd >= 0)
        l->accepting = epoll_ctl(l->loop->epoll_fd, EPOLL_CTL_ADD, l->fd, &e) == 0;
}

void listener_close(struct listener *l)
{
    if (l->fd < 0)
        return;
    listener_pause(l);
    loop_forget(l->loop, &l->source);
    close(l->fd);
    l->fd = -1;
}
