// SPDX-License-Identifier: MIT
/*
 * Descriptors of others over epoll, level-triggered: how much of what is there their owner takes is
 * not known here.
 */
#include "io/loop_epoll.h"

#include "base/error.h"

static void watch_on_event(struct source *source, uint32_t events)
{
    struct fd_watch *w = container_of(source, struct fd_watch, source);
    bool ended = events & (EPOLLHUP | EPOLLERR);

    w->on_ready(w, ended || events & EPOLLIN, ended || events & EPOLLOUT);
}

static int watch_control(struct fd_watch *w, int operation, bool readable, bool writable)
{
    struct epoll_event e = {
        .events = (readable ? EPOLLIN : 0U) | (writable ? EPOLLOUT : 0U),
        .data.ptr = &w->source,
    };

    return epoll_ctl(w->loop->epoll_fd, operation, w->fd, &e) < 0 ? -CANDOR_E_SYSTEM : 0;
}

int fd_watch_open(struct loop *l, struct fd_watch *w, int fd, bool readable, bool writable)
{
    w->source.on_event = watch_on_event;
    w->loop = l;
    w->fd = fd;
    return watch_control(w, EPOLL_CTL_ADD, readable, writable);
}

int fd_watch_change(struct fd_watch *w, bool readable, bool writable)
{
    return watch_control(w, EPOLL_CTL_MOD, readable, writable);
}

void fd_watch_close(struct fd_watch *w)
{
    epoll_ctl(w->loop->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
    loop_forget(w->loop, &w->source);
}
