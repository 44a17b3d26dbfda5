// SPDX-License-Identifier: MIT
#include "fs/open.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { OPEN_ATTEMPTS = 32 };

static int open_beneath(int root, const char *path, int flags, uint64_t resolve)
{
    struct open_how how = {
        .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
        .resolve = RESOLVE_BENEATH | resolve,
    };
    int attempts = 0;
    long fd;

    // EAGAIN: something was renamed meanwhile, or another program holds a lease on the file.
    do
        fd = syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof how);
    while (fd < 0 && (errno == EINTR || (errno == EAGAIN && ++attempts < OPEN_ATTEMPTS)));
    return fd < 0 ? -errno : (int)fd;
}

int fs_open(int root, const char *path, int flags)
{
    return open_beneath(root, path, flags, RESOLVE_NO_MAGICLINKS);
}

int fs_open_straight(int root, const char *path, int flags)
{
    return open_beneath(root, path, flags, RESOLVE_NO_SYMLINKS);
}

/* Nothing is there, or nothing that may be reached: a link out of the root (EXDEV) is like none. */
bool fs_error_is_absence(int error)
{
    return error == ENOENT || error == ENOTDIR || error == EXDEV || error == ELOOP ||
           error == ENAMETOOLONG || error == ENXIO || error == ENODEV || error == EINVAL ||
           error == EILSEQ;
}

enum outcome fs_failure(int error)
{
    switch (error) {
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return OUTCOME_resources_exhausted;
    case EINTR:
        return OUTCOME_server_stopping;
    default:
        return OUTCOME_read_failed;
    }
}

int fs_read(int fd, uint64_t offset, char *into, size_t length)
{
    size_t at = 0;

    while (at < length) {
        ssize_t n = pread(fd, into + at, length - at, (off_t)(offset + at));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? -errno : -EAGAIN;
        at += (size_t)n;
    }
    return 0;
}

bool fs_size_tells(int fd, const struct stat *st)
{
    struct stat now;
    char byte;

    if (st->st_blocks)
        return true;
    if ((st->st_size == 0 || pread(fd, &byte, 1, st->st_size - 1) != 0) &&
        pread(fd, &byte, 1, st->st_size) <= 0)
        return true;
    return fstat(fd, &now) < 0 || now.st_size != st->st_size;
}
