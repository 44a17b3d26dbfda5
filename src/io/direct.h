// SPDX-License-Identifier: MIT
/*
 * What the loop calls for every request, straight from the system: as the functions of the C
 * library, but without their points of cancellation, which cost a tenth of a request's path through
 * that library. No thread of this program is ever cancelled.
 */
#ifndef CANDOR_IO_DIRECT_H
#define CANDOR_IO_DIRECT_H

#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static inline ssize_t direct_recv(int fd, void *to, size_t room)
{
    return syscall(SYS_recvfrom, fd, to, room, 0, NULL, NULL);
}

static inline ssize_t direct_send(int fd, const void *from, size_t length, int flags)
{
    return syscall(SYS_sendto, fd, from, length, flags, NULL, 0);
}

static inline ssize_t direct_sendmsg(int fd, const struct msghdr *m, int flags)
{
    return syscall(SYS_sendmsg, fd, m, flags);
}

static inline int direct_epoll_wait(int fd, struct epoll_event *events, int count, int milliseconds)
{
    return (int)syscall(SYS_epoll_pwait, fd, events, count, milliseconds, NULL, 0);
}

#endif
