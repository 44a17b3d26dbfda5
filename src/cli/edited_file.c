// SPDX-License-Identifier: MIT
#include "cli/edited_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

enum { MODE_OF_NEW = 0640, MOST = 16 * 1024 * 1024 };

static bool tell(const struct edited_file *f, const char *what, const char *path)
{
    fprintf(stderr, "%s: %s %s: %s\n", f->command, path, what, strerror(errno));
    return false;
}

/* Where the file is or will be, and its folder. */
static bool find(struct edited_file *f, const char *path)
{
    struct span folder, whole;
    char *name;

    f->path = realpath(path, NULL);
    if (!f->path && errno == ENOENT)
        f->path = span_to_str(span_from_str(path));
    if (!f->path)
        return tell(f, "cannot be found", path);
    whole = folder = span_from_str(f->path);
    while (folder.len && folder.ptr[folder.len - 1] != '/')
        folder.len--;
    if (folder.len == whole.len) {
        errno = EISDIR;
        return tell(f, "cannot be edited", path);
    }
    name = folder.len ? span_to_str(folder) : span_to_str(SPAN("."));
    f->folder = name ? open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    free(name);
    if (f->folder < 0 || flock(f->folder, LOCK_EX) < 0)
        return tell(f, "is in a folder that cannot be opened", path);
    return true;
}

static bool read_all(struct edited_file *f, int fd)
{
    ssize_t n = 1;

    while (n > 0 && f->text.len <= MOST) {
        if (!buf_reserve(&f->text, 64 * 1024))
            break;
        n = read(fd, f->text.ptr + f->text.len, f->text.cap - f->text.len);
        if (n > 0)
            f->text.len += (size_t)n;
    }
    if (n == 0)
        return true;
    errno = n < 0 ? errno : EFBIG;
    return tell(f, "cannot be read", f->path);
}

bool edited_file_open(struct edited_file *f, const char *command, const char *path)
{
    bool good;
    int fd;

    *f = (struct edited_file){.command = command, .folder = -1};
    if (!find(f, path))
        return false;
    fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return true;
    if (fd < 0 || fstat(fd, &f->was) < 0) {
        good = tell(f, "cannot be opened", f->path);
    } else if (!S_ISREG(f->was.st_mode)) {
        errno = EINVAL;
        good = tell(f, "is not a file", f->path);
    } else {
        good = read_all(f, fd);
    }
    if (fd >= 0)
        close(fd);
    return good;
}

/* Mode and owner of what was there. */
static bool keep_rights(const struct edited_file *f, int fd)
{
    struct stat now;

    if (f->was.st_nlink == 0)
        return true;
    if (fstat(fd, &now) < 0)
        return false;
    if ((now.st_uid != f->was.st_uid || now.st_gid != f->was.st_gid) &&
        fchown(fd, f->was.st_uid, f->was.st_gid) < 0)
        return false;
    return fchmod(fd, f->was.st_mode & 07777) == 0;
}

static bool write_all(int fd, struct span text)
{
    while (text.len) {
        ssize_t n = write(fd, text.ptr, text.len);

        if (n < 0 && errno != EINTR)
            return false;
        text = span_from(text, n > 0 ? (size_t)n : 0);
    }
    return fsync(fd) == 0;
}

bool edited_file_write(const struct edited_file *f, struct span text)
{
    char temporary[PATH_MAX];
    int length = snprintf(temporary, sizeof temporary, "%s.XXXXXX", f->path);
    mode_t mask = umask(077);
    int fd = length < PATH_MAX ? mkostemp(temporary, O_CLOEXEC) : -1;
    bool good;

    umask(mask);
    if (fd < 0)
        return tell(f, "cannot be written beside what is there", f->path);
    good = f->was.st_nlink || fchmod(fd, MODE_OF_NEW & ~mask) == 0;
    good = good && keep_rights(f, fd) && write_all(fd, text) && rename(temporary, f->path) == 0;
    if (!good) {
        tell(f, "cannot be written and is as it was", f->path);
        unlink(temporary);
    } else if (fsync(f->folder) < 0) {
        good = tell(f, "is written, but the disk has not confirmed it", f->path);
    }
    close(fd);
    return good;
}

void edited_file_done(struct edited_file *f)
{
    if (f->folder >= 0)
        close(f->folder);
    free(f->path);
    buf_done(&f->text);
}
