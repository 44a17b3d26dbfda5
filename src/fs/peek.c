// SPDX-License-Identifier: MIT
#include "fs/peek.h"

#include "fs/open.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdatomic.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { XFS_MAGIC = 0x58465342 }; // not in linux/magic.h

enum memory { MEMORY_UNKNOWN, MEMORY_TELLS, MEMORY_SILENT };

static _Atomic int memory; // as for openat2 (fs/open.c): the same for all threads

/* RESOLVE_CACHED is of Linux 5.12, and a filter of system calls may refuse openat2. */
static bool has_memory(void)
{
    int known = atomic_load_explicit(&memory, memory_order_relaxed);

    if (known == MEMORY_UNKNOWN) {
        int fd = fs_openat2(AT_FDCWD, "/", O_PATH | O_DIRECTORY, RESOLVE_CACHED);

        known = fd >= 0 || fd == -EAGAIN ? MEMORY_TELLS : MEMORY_SILENT;
        if (fd >= 0)
            close(fd);
        // Without a descriptor to spare, the next one finds out.
        if (fd >= 0 || !fs_error_is_shortage(-fd))
            atomic_store_explicit(&memory, known, memory_order_relaxed);
    }
    return known == MEMORY_TELLS;
}

bool peek_is_local(int fd)
{
    struct statfs fs;

    if (fstatfs(fd, &fs) < 0)
        return false;
    switch ((unsigned long)fs.f_type) {
    case EXT4_SUPER_MAGIC: // ext2 and ext3 as well
    case XFS_MAGIC:
    case BTRFS_SUPER_MAGIC:
    case F2FS_SUPER_MAGIC:
    case TMPFS_MAGIC:
        return true;
    default: // of layers (overlay), what is below may be anything
        return false;
    }
}

int peek_open(const struct root *root, int folder, const char *path, int flags)
{
    int fd;

    if (!root->is_local || !has_memory())
        return -EAGAIN;
    fd = fs_openat2(folder, path, O_PATH | flags,
                    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV | RESOLVE_CACHED);
    return fd >= 0 || fd == -ENOENT ? fd : -EAGAIN;
}
