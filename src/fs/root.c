// SPDX-License-Identifier: MIT
#include "fs/root.h"

#include "fs/open.h"
#include "fs/peek.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct identity {
    dev_t device;
    ino_t inode;
    uint64_t mount;
};

/* A folder that was removed while it is somebody's working folder still answers: it has no name. */
static int identify(int fd, const char *path, struct identity *ret_id)
{
    int flags = *path ? 0 : AT_EMPTY_PATH;
    struct statx st;

    if (statx(fd, path, flags, STATX_TYPE | STATX_INO | STATX_NLINK | STATX_MNT_ID, &st) < 0)
        return -errno;
    if (!S_ISDIR(st.stx_mode))
        return -ENOTDIR;
    if (st.stx_mask & STATX_NLINK && st.stx_nlink == 0)
        return -ENOENT;
    ret_id->device = makedev(st.stx_dev_major, st.stx_dev_minor);
    ret_id->inode = st.stx_ino;
    ret_id->mount = st.stx_mask & STATX_MNT_ID ? st.stx_mnt_id : 0;
    return 0;
}

/* Without empty segments and dots; empty and false where it climbs, as links may be on the way. */
static bool write_plain(struct span path, char *ret_text, size_t *ret_length)
{
    size_t length = 0;

    while (path.len) {
        struct span name = span_take_until(&path, '/');

        if (name.len == 0 || span_eq(name, SPAN(".")))
            continue;
        if (span_eq(name, SPAN("..")))
            return false;
        ret_text[length++] = '/';
        memcpy(ret_text + length, name.ptr, name.len);
        length += name.len;
    }
    *ret_length = length;
    return true;
}

/* A root without names is a root: only links that leave it and come back are lost then. */
static int set_names(struct root *r)
{
    char real[PATH_MAX];
    size_t room = strlen(r->path) + 1, length;

    if (!realpath(r->path, real))
        real[0] = '\0';
    r->texts = malloc(strlen(real) + 1 + room);
    if (!r->texts)
        return -ENOMEM;
    if (real[0] == '/' && write_plain(span_from_str(real), r->texts, &length))
        r->names[0] = span_of(r->texts, length);
    if (r->path[0] == '/' &&
        write_plain(span_from_str(r->path), r->texts + strlen(real) + 1, &length))
        r->names[1] = span_of(r->texts + strlen(real) + 1, length);
    return 0;
}

int root_open(const char *path, struct root **ret_root)
{
    struct root *r = calloc(1, sizeof *r);
    struct identity id;
    int error = -ENOMEM;

    if (!r)
        return -ENOMEM;
    atomic_init(&r->references, 1);
    r->fd = -1;
    r->path = strdup(path);
    if (r->path) {
        r->fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        error = r->fd < 0 ? -errno : identify(r->fd, "", &id);
    }
    if (error == 0)
        error = set_names(r);
    if (error) {
        root_unref(r);
        return error;
    }
    r->device = id.device;
    r->inode = id.inode;
    r->mount = id.mount;
    r->is_local = peek_is_local(r->fd);
    *ret_root = r;
    return 0;
}

struct root *root_ref(struct root *r)
{
    atomic_fetch_add(&r->references, 1);
    return r;
}

void root_unref(struct root *r)
{
    if (!r || atomic_fetch_sub(&r->references, 1) != 1)
        return;
    if (r->fd >= 0)
        close(r->fd);
    free(r->path);
    free(r->texts);
    free(r);
}

int root_check(const struct root *r)
{
    struct identity id;
    int error = identify(AT_FDCWD, r->path, &id);

    if (error)
        return fs_error_is_shortage(-error) ? error : -ROOT_GONE;
    return id.device == r->device && id.inode == r->inode && id.mount == r->mount ? 0
                                                                                  : -ROOT_EXCHANGED;
}
