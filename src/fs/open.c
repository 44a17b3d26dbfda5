// SPDX-License-Identifier: MIT
#include "fs/open.h"

#include "fs/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { OPEN_ATTEMPTS = 32 };

enum way { WAY_UNKNOWN, WAY_OPENAT2, WAY_WALK };

static _Atomic int way; // the same for all threads, and found out again by who does not know

int fs_openat2(int folder, const char *path, int flags, uint64_t resolve)
{
    struct open_how how = {
        .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
        .resolve = resolve,
    };
    long fd = syscall(SYS_openat2, folder, path, &how, sizeof how);

    return fd < 0 ? -errno : (int)fd;
}

/* A kernel before 5.6 does not have it, and a filter of system calls may refuse it: either way. */
bool fs_has_openat2(void)
{
    int known = atomic_load_explicit(&way, memory_order_relaxed);

    if (known == WAY_UNKNOWN) {
        int fd = fs_openat2(AT_FDCWD, "/", O_PATH | O_DIRECTORY, RESOLVE_NO_MAGICLINKS);

        known = fd != -ENOSYS && fd != -EPERM ? WAY_OPENAT2 : WAY_WALK;
        if (fd >= 0)
            close(fd);
        atomic_store_explicit(&way, known, memory_order_relaxed);
    }
    return known == WAY_OPENAT2;
}

static bool is_once_more(int result, int *attempts)
{
    // EAGAIN: something was renamed meanwhile, or another program holds a lease on the file.
    return result == -EINTR || (result == -EAGAIN && ++*attempts < OPEN_ATTEMPTS);
}

static int open_beneath(int folder, const char *path, int flags, uint64_t resolve)
{
    int attempts = 0, fd;

    do
        fd = fs_openat2(folder, *path ? path : ".", flags, RESOLVE_BENEATH | resolve);
    while (is_once_more(fd, &attempts));
    return fd;
}

static int walk_beneath(const struct root *root, const char *path, int flags, bool straight)
{
    int attempts = 0, fd;

    do
        fd = walk_open(root, path, flags, straight);
    while (is_once_more(fd, &attempts));
    return fd;
}

int fs_open(const struct root *root, const char *path, int flags)
{
    int fd = fs_has_openat2() ? open_beneath(root->fd, path, flags, RESOLVE_NO_MAGICLINKS) : -EXDEV;

    // A link that leaves the root may come back to it.
    return fd == -EXDEV ? walk_beneath(root, path, flags, false) : fd;
}

int fs_open_straight(int folder, const char *path, int flags)
{
    const struct root root = {.fd = folder};

    return fs_has_openat2() ? open_beneath(folder, path, flags, RESOLVE_NO_SYMLINKS)
                            : walk_beneath(&root, path, flags, true);
}

/* Nothing is there, or nothing that may be reached: a link out of the root (EXDEV) is like none. */
bool fs_error_is_absence(int error)
{
    return error == ENOENT || error == ENOTDIR || error == EXDEV || error == ELOOP ||
           error == ENAMETOOLONG || error == ENXIO || error == ENODEV || error == EINVAL ||
           error == EILSEQ;
}

bool fs_error_is_shortage(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == EINTR;
}

enum outcome fs_failure(int error)
{
    switch (error) {
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return OUTCOME_resources_exhausted;
    case ENOBUFS:
        return OUTCOME_answers_too_much;
    case EUSERS:
        return OUTCOME_client_too_much;
    case EINTR:
        return OUTCOME_server_stopping;
    case ROOT_GONE:
        return OUTCOME_root_gone;
    case ROOT_EXCHANGED:
        return OUTCOME_root_exchanged;
    case ROOT_SHARED:
        return OUTCOME_root_shared;
    default:
        return OUTCOME_read_failed;
    }
}

int fs_failure_error(int error)
{
    switch (error) {
    case EINTR:
    case ENOBUFS:
    case EUSERS:
    case ROOT_GONE:
    case ROOT_EXCHANGED:
    case ROOT_SHARED:
        return 0;
    default:
        return error;
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
