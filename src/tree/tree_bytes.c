// SPDX-License-Identifier: MIT
/*
 * Copying bytes between files, with what can be shared shared and what is a hole left one.
 */
#include "tree/tree_parts.h"

#include <errno.h>
#include <fcntl.h>

static int copy_by_hand(const struct hurry *hurry, int from, uint64_t offset, int to, uint64_t at,
                        uint64_t length)
{
    enum { PIECE = 64 * 1024 };
    char *piece = malloc(PIECE);
    int error = piece ? 0 : -ENOMEM;

    while (error == 0 && length) {
        if (hurry_is_on(hurry)) {
            error = -EINTR;
            break;
        }
        ssize_t n = pread(from, piece, length < PIECE ? length : PIECE, (off_t)offset);
        ssize_t done = 0;

        if (n <= 0) {
            error = n == 0 ? -EIO : errno == EINTR ? 0 : -errno;
            continue;
        }
        while (error == 0 && done < n) {
            ssize_t m = pwrite(to, piece + done, (size_t)(n - done), (off_t)at + done);

            if (m < 0)
                error = errno == EINTR ? 0 : -errno;
            else
                done += m;
        }
        offset += (uint64_t)n;
        at += (uint64_t)n;
        length -= (uint64_t)n;
    }
    free(piece);
    return error;
}

/* copy_file_range() shares blocks where the file system can, so this is a clone if possible. */
static int copy_data(const struct hurry *hurry, int from, uint64_t offset, int to, uint64_t at,
                     uint64_t length)
{
    while (length && !hurry_is_on(hurry)) {
        off_t in = (off_t)offset, out = (off_t)at;
        size_t piece = length < LIMIT_TREE_COPY_STEP ? (size_t)length : LIMIT_TREE_COPY_STEP;
        ssize_t n = copy_file_range(from, &in, to, &out, piece, 0);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
            return -errno;
        if (n <= 0) // not for such files, or the end: reading tells which
            return copy_by_hand(hurry, from, offset, to, at, length);
        offset += (uint64_t)n;
        at += (uint64_t)n;
        length -= (uint64_t)n;
    }
    return length ? -EINTR : 0;
}

/* Whether a file has a hole at an offset within it; how far that, or what is none, reaches. */
static bool is_hole(int fd, uint64_t offset, uint64_t *ret_length)
{
    off_t data = lseek(fd, (off_t)offset, SEEK_DATA);
    bool hole = data < 0 ? errno == ENXIO : (uint64_t)data > offset;
    off_t end = !hole      ? lseek(fd, (off_t)offset, SEEK_HOLE)
                : data < 0 ? lseek(fd, 0, SEEK_END)
                           : data;

    if (end < 0 || (uint64_t)end <= offset) { // the end, or a file system that does not tell
        *ret_length = UINT64_MAX;
        return false;
    }
    *ret_length = (uint64_t)end - offset;
    return hole;
}

/* Also where there was content, or room was set aside. False: the file system can't. */
static bool make_hole(int fd, uint64_t at, uint64_t length)
{
    struct stat st;

    if (fstat(fd, &st) < 0 ||
        ((uint64_t)st.st_size < at + length && ftruncate(fd, (off_t)(at + length)) < 0))
        return false;
    return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at, (off_t)length) == 0;
}

/* What takes no room in the source takes none in the copy. */
int tree_copy_bytes(const struct hurry *hurry, int from, uint64_t offset, int to, uint64_t at,
                    uint64_t length)
{
    while (length) {
        uint64_t run;
        bool hole = is_hole(from, offset, &run);
        int error = 0;

        if (run > length)
            run = length;
        if (!hole || !make_hole(to, at, run))
            error = copy_data(hurry, from, offset, to, at, run);
        if (error)
            return error;
        offset += run;
        at += run;
        length -= run;
    }
    return 0;
}
