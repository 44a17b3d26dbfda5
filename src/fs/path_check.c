// SPDX-License-Identifier: MIT
#include "fs/path_check.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

static const char *why_from_errno(int error, bool written)
{
    switch (error) {
    case ENOENT:
        return "does not exist";
    case EACCES:
    case EPERM:
        return written ? "may not be written by this user" : "may not be read by this user";
    case EROFS:
        return "is on a file system that can only be read";
    case ENOTDIR:
        return "is not a folder";
    case EISDIR:
        return "is a folder";
    case ELOOP:
        return "is behind too many symbolic links";
    case ENAMETOOLONG:
        return "has too long a name";
    default:
        return "cannot be read";
    }
}

/* A regular file that can be read; the descriptor, or -1. */
static int open_regular(const char *file, off_t *ret_size, const char **ret_why)
{
    // Without O_NONBLOCK, opening a pipe would wait for a writer.
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0)
        *ret_why = why_from_errno(errno, false);
    else if (!S_ISREG(st.st_mode))
        *ret_why = S_ISDIR(st.st_mode) ? "is a folder" : "is not a regular file";
    else {
        *ret_size = st.st_size;
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

int path_read(const char *file, size_t most, struct buf *to, const char **ret_why)
{
    const char *why = NULL;
    ssize_t n = 1;
    off_t size;
    int fd = open_regular(file, &size, &why);

    while (!why && n > 0) {
        if (!buf_reserve(to, 16384)) {
            close(fd);
            *ret_why = "does not fit into memory";
            return -CANDOR_E_MEMORY;
        }
        n = read(fd, to->ptr + to->len, 16384);
        if (n > 0)
            to->len += (size_t)n;
        if (n < 0)
            why = why_from_errno(errno, false);
        else if (to->len > most)
            why = "is too large";
    }
    if (fd >= 0)
        close(fd);
    *ret_why = why;
    return why ? -CANDOR_E_SYSTEM : 0;
}

const char *path_not_readable(const char *file, size_t most)
{
    const char *why = NULL;
    off_t size = 0;
    int fd = open_regular(file, &size, &why);

    if (fd >= 0)
        close(fd);
    return (uint64_t)size > most ? "is too large" : why;
}

static bool may(const char *path, int access)
{
    return faccessat(AT_FDCWD, path, access, AT_EACCESS) == 0;
}

const char *path_not_folder(const char *path)
{
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return why_from_errno(errno, false);
    close(fd);
    return NULL;
}

const char *path_not_permitted(const char *path, int access)
{
    return may(path, access) ? NULL : why_from_errno(errno, access & W_OK);
}

/* The folder around a file, in the room given; false when the path is too long. */
static bool folder_of(const char *path, char room[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    const char *folder = !slash ? "." : slash == path ? "/" : path;
    size_t length = !slash || slash == path ? 1 : (size_t)(slash - path);

    if (length >= PATH_MAX)
        return false;
    memcpy(room, folder, length);
    room[length] = '\0';
    return true;
}

/* That files can be made beside it. */
static const char *place_not_writable(const char *path)
{
    char folder[PATH_MAX];

    if (!folder_of(path, folder))
        return "has too long a name";
    if (may(folder, W_OK | X_OK))
        return NULL;
    return errno == ENOENT   ? "is in a folder that does not exist"
           : errno == EACCES ? "is in a folder that may not be written by this user"
                             : why_from_errno(errno, true);
}

const char *path_not_socket(const char *path)
{
    struct stat st;

    if (lstat(path, &st) < 0 && errno != ENOENT)
        return why_from_errno(errno, true);
    if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode))
        return S_ISDIR(st.st_mode) ? "is a folder" : "is something else than a socket";
    return place_not_writable(path);
}

const char *path_not_writable(const char *path, bool with_neighbours)
{
    struct stat st;
    bool there = stat(path, &st) == 0;

    if (!there && errno != ENOENT)
        return why_from_errno(errno, true);
    if (there && S_ISDIR(st.st_mode))
        return "is a folder";
    if (there && with_neighbours && !S_ISREG(st.st_mode))
        return "is not a regular file";
    if (there && !may(path, with_neighbours ? R_OK | W_OK : W_OK))
        return why_from_errno(errno, true);
    return there && !with_neighbours ? NULL : place_not_writable(path);
}

const char *path_not_makable(const char *path)
{
    char around[PATH_MAX], above[PATH_MAX];
    struct stat st;

    if (!folder_of(path, around))
        return NULL; // its length is told by whoever opens it
    if (stat(around, &st) == 0)
        return path_not_writable(path, true);
    while (stat(around, &st) < 0 && errno == ENOENT && folder_of(around, above))
        memcpy(around, above, sizeof around);
    if (may(around, W_OK | X_OK))
        return NULL;
    return errno == EACCES ? "is in a folder that this user may not make"
                           : why_from_errno(errno, true);
}
