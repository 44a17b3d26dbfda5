// SPDX-License-Identifier: MIT
#include "fs/climb.h"

#include "base/span.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_folder(int from, const char *path)
{
    return openat(from, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static struct folder_id identify(int fd)
{
    struct folder_id id = {.known = false};
    struct stat st;

    if (fd >= 0 && fstat(fd, &st) == 0) {
        id.known = true;
        id.device = st.st_dev;
        id.inode = st.st_ino;
    }
    return id;
}

struct folder_id folder_identify(const char *path)
{
    int fd = open_folder(AT_FDCWD, path);
    struct folder_id id = identify(fd);

    if (fd >= 0)
        close(fd);
    return id;
}

bool folder_is_same(const struct folder_id *a, const struct folder_id *b)
{
    return a->known && b->known && a->device == b->device && a->inode == b->inode;
}

struct climb climb_from(const char *folder)
{
    int fd = open_folder(AT_FDCWD, folder);

    return (struct climb){fd, identify(fd)};
}

struct climb climb_around(const char *file)
{
    char *path = span_to_str(span_from_str(file));
    struct climb c = {.fd = -1};

    for (char *end = path ? strrchr(path, '/') : NULL; end && c.fd < 0; end = strrchr(path, '/')) {
        *end = '\0';
        c = climb_from(end == path ? "/" : path);
        if (end == path)
            break;
    }
    free(path);
    return c;
}

void climb_up(struct climb *c)
{
    int up = open_folder(c->fd, "..");
    struct folder_id around = identify(up);

    if (c->fd >= 0)
        close(c->fd);
    c->fd = up;
    around.known = around.known && !folder_is_same(&c->at, &around);
    c->at = around;
}

void climb_end(struct climb *c)
{
    if (c->fd >= 0)
        close(c->fd);
}
