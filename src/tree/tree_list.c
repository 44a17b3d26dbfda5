// SPDX-License-Identifier: MIT
/*
 * Telling what is in a folder: names in batches, one statx() for each, no file opened, no more
 * memory for more members.
 */
#include "base/clock.h"
#include "fs/open.h"
#include "tree/tree_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { NAMES = 16 * 1024 }; // bytes of one batch of names

struct tree_list {
    struct tree *tree;
    struct span path;
    int fd;
    size_t at, end; // in names
    alignas(struct dirent64) char names[NAMES];
};

static int64_t to_ns(struct statx_timestamp t)
{
    return clock_join(t.tv_sec, t.tv_nsec);
}

static void member_from_statx(const struct statx *st, struct tree_member *ret)
{
    ret->seen = (struct tree_seen){
        .kind = S_ISREG(st->stx_mode)   ? TREE_FILE
                : S_ISDIR(st->stx_mode) ? TREE_COLLECTION
                                        : TREE_OTHER,
        .stamp = {.present = true,
                  .device = makedev(st->stx_dev_major, st->stx_dev_minor),
                  .inode = st->stx_ino,
                  .size = st->stx_size,
                  .modified_ns = to_ns(st->stx_mtime),
                  .changed_ns = to_ns(st->stx_ctime)},
    };
    ret->created = st->stx_mask & STATX_BTIME ? st->stx_btime.tv_sec : TREE_NOW;
}

static int statx_beneath(const struct root *root, const char *path, struct statx *ret)
{
    int fd = fs_open(root, path, O_PATH);
    int error = 0;

    if (fd < 0)
        return fd;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, ret) < 0)
        error = -errno;
    close(fd);
    return error;
}

static int look_beneath(const struct root *root, const char *path, struct tree_member *ret)
{
    struct statx st;
    int error = statx_beneath(root, path, &st);

    if (error == 0)
        member_from_statx(&st, ret);
    return error;
}

int tree_look_closely(struct tree *t, struct span path, struct tree_member *ret_member)
{
    struct tree_member member = {0};
    char text[LIMIT_TREE_PATH + 1];
    int error;

    if (tree_check_way(path) < 0)
        return -ENOENT;
    if (path.len)
        memcpy(text, path.ptr, path.len);
    text[path.len] = '\0';
    error = look_beneath(t->root, text, &member);
    if (error)
        return error;
    *ret_member = member;
    return 0;
}

int tree_identify(struct tree *t, struct span path, struct tree_identity *ret_identity)
{
    char text[LIMIT_TREE_PATH + 1];
    struct statx st;
    int error = tree_check_way(path) < 0 ? -ENOENT : 0;

    if (error == 0) {
        if (path.len)
            memcpy(text, path.ptr, path.len);
        text[path.len] = '\0';
        error = statx_beneath(t->root, text, &st);
    }
    if (error && !fs_error_is_absence(-error))
        return error;
    *ret_identity = (struct tree_identity){0};
    if (error == 0)
        *ret_identity =
            (struct tree_identity){st.stx_ino, st.stx_mask & STATX_BTIME ? to_ns(st.stx_btime) : 0};
    return 0;
}

int tree_list_open(struct tree *t, struct span path, struct tree_list **ret_folder)
{
    char text[LIMIT_TREE_PATH + 1];
    struct tree_list *f;
    int fd;

    if (tree_check_way(path) < 0)
        return -ENOENT;
    if (path.len)
        memcpy(text, path.ptr, path.len);
    text[path.len] = '\0';
    fd = fs_open(t->root, text, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return fd;
    f = malloc(sizeof *f);
    if (!f) {
        close(fd);
        return -ENOMEM;
    }
    f->tree = t;
    f->path = path;
    f->fd = fd;
    f->at = f->end = 0;
    *ret_folder = f;
    return 0;
}

void tree_list_close(struct tree_list *f)
{
    if (!f)
        return;
    close(f->fd);
    free(f);
}

int tree_list_go_on(struct tree_list *f, int64_t next)
{
    return next && lseek(f->fd, next, SEEK_SET) < 0 ? -errno : 0;
}

/* Whether a request for it would be answered, as far as the name tells. */
static bool is_shown(const struct tree_list *f, struct span name)
{
    if (name.ptr[0] != '.')
        return true;
    return f->tree->options.dotfiles && !span_eq(name, SPAN(".")) && !span_eq(name, SPAN("..")) &&
           !stamp_name_is_reserved(name);
}

/* What a link leads to, followed beneath the root as a request would. */
static int look_through_link(const struct tree_list *f, struct tree_member *m)
{
    char path[LIMIT_TREE_PATH + 1];
    int length = snprintf(path, sizeof path, "%.*s%s%.*s", SPAN_ARG(f->path),
                          f->path.len ? "/" : "", SPAN_ARG(m->name));

    if (length < 0 || (size_t)length >= sizeof path)
        return -ENOENT;
    m->is_link = true;
    return look_beneath(f->tree->root, path, m);
}

/* False: it is left out. */
static bool look_at_member(const struct tree_list *f, const struct dirent64 *entry,
                           struct tree_member *ret)
{
    const char *name = entry->d_name;
    struct statx st;

    *ret = (struct tree_member){.name = span_from_str(name), .next = entry->d_off};
    if (!is_shown(f, ret->name))
        return false;
    if (statx(f->fd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_BASIC_STATS | STATX_BTIME,
              &st) < 0)
        ret->error = -errno;
    else if (S_ISLNK(st.stx_mode))
        ret->error = look_through_link(f, ret);
    else
        member_from_statx(&st, ret);
    if (ret->error)
        return !fs_error_is_absence(-ret->error) && ret->error != -EXDEV;
    return ret->seen.kind != TREE_OTHER;
}

int tree_list_read(struct tree_list *f, struct tree_member *members, size_t room, size_t *ret_count)
{
    size_t count = 0;

    while (count < room) {
        const struct dirent64 *entry;

        if (f->at == f->end) {
            ssize_t n;

            if (count)
                break; // their names are in the buffer
            n = getdents64(f->fd, f->names, sizeof f->names);
            if (n < 0)
                return -errno;
            f->at = 0;
            f->end = (size_t)n;
            if (n == 0)
                break;
        }
        entry = (const void *)(f->names + f->at);
        f->at += entry->d_reclen;
        count += look_at_member(f, entry, &members[count]);
    }
    *ret_count = count;
    return 0;
}
