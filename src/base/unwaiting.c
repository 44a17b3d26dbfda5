// SPDX-License-Identifier: MIT
#include "base/unwaiting.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int unwaiting_open(int fd)
{
    char path[sizeof "/proc/self/fd/" + 3 * sizeof fd];
    struct stat st;
    int own;

    if (fstat(fd, &st) < 0 || S_ISREG(st.st_mode) || S_ISSOCK(st.st_mode))
        return fd;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    own = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    return own < 0 ? fd : own;
}

ssize_t unwaiting_write(int fd, struct span bytes)
{
    ssize_t n = send(fd, bytes.ptr, bytes.len, MSG_DONTWAIT | MSG_NOSIGNAL);

    return n < 0 && errno == ENOTSOCK ? write(fd, bytes.ptr, bytes.len) : n;
}
