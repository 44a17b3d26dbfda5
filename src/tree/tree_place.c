// SPDX-License-Identifier: MIT
/*
 * Places: a name in a folder that is held open, what is there, whether the terms allow to change
 * it, and the calls that change it. Who watches a collection is told here.
 */
#include "fs/open.h"
#include "tree/tree_parts.h"

#include <errno.h>
#include <fcntl.h>

int place_open(const struct tree *t, struct span path, struct place *ret_place)
{
    struct place *p = ret_place;
    int error = tree_check_way(path);
    size_t parent;
    struct stat st;

    if (error)
        return error;
    if (path.len == 0)
        return -EBUSY;
    memcpy(p->path, path.ptr, path.len);
    p->path[path.len] = '\0';
    p->length = path.len;
    parent = tree_write_parent(path, p->parent);
    p->leaf = p->path + parent + (parent > 0);
    p->folder = fs_open_straight(t->root->fd, p->parent, O_RDONLY | O_DIRECTORY);
    if (p->folder < 0)
        return p->folder == -ELOOP ? -ESTALE : p->folder;
    if (fstat(p->folder, &st) < 0) {
        error = -errno;
        close(p->folder);
        return error;
    }
    p->device = st.st_dev;
    p->inode = st.st_ino;
    return 0;
}

void place_done(struct place *p)
{
    close(p->folder);
}

/* Without a call of the system more than it takes: a single name is no way that links are on. But
 * whether the root is still the one that is served is asked before every change. */
int place_check(const struct tree *t, const struct place *p)
{
    struct stat st;
    int fd, error = root_check(t->root);

    if (error || !p->parent[0])
        return error;
    if (!strchr(p->parent, '/')) {
        if (fstatat(t->root->fd, p->parent, &st, AT_SYMLINK_NOFOLLOW) < 0)
            error = -errno;
    } else {
        fd = fs_open_straight(t->root->fd, p->parent, O_PATH);
        if (fd < 0 || fstat(fd, &st) < 0)
            error = fd < 0 ? fd : -errno;
        if (fd >= 0)
            close(fd);
    }
    if (error)
        return fs_error_is_absence(-error) ? -ESTALE : error;
    return st.st_dev == p->device && st.st_ino == p->inode ? 0 : -ESTALE;
}

int place_look(const struct tree *t, const struct place *p, struct found *ret_found)
{
    struct found found = {0};
    struct stat st;
    int fd;

    if (fstatat(p->folder, p->leaf, &st, AT_SYMLINK_NOFOLLOW) < 0) {
        if (errno != ENOENT)
            return -errno;
        *ret_found = found;
        return 0;
    }
    found.device = st.st_dev;
    found.inode = st.st_ino;
    found.mode = st.st_mode & 0777;
    found.owner = st.st_uid;
    found.owner_group = st.st_gid;
    found.link = S_ISLNK(st.st_mode);
    found.folder = S_ISDIR(st.st_mode);
    found.seen = tree_seen_from_stat(&st);
    if (found.link) {
        fd = fs_open(t->root, p->path, O_PATH);
        if (fd < 0 && !fs_error_is_absence(-fd))
            return fd;
        if (fd >= 0) {
            int error = fstat(fd, &st) < 0 ? -errno : 0;

            close(fd);
            if (error)
                return error;
            found.seen = tree_seen_from_stat(&st);
        }
    }
    *ret_found = found;
    return 0;
}

int place_agree(const struct tree *t, const struct place *p, const struct tree_terms *terms,
                struct found *ret_found)
{
    struct found found;
    int error = place_check(t, p);

    if (error == 0)
        error = place_look(t, p, &found);
    if (error)
        return error;
    if (terms->target && !tree_seen_eq(terms->target, &found.seen))
        return -ESTALE;
    if (terms->must_not_exist && found.seen.kind != TREE_ABSENT)
        return -EEXIST;
    if (found.seen.kind == TREE_OTHER)
        return -ENXIO;
    *ret_found = found;
    return 0;
}

int place_is_within(const struct tree *t, const struct place *p, const struct tree_seen *folder)
{
    struct stat root, st;
    int fd = fcntl(p->folder, F_DUPFD_CLOEXEC, 0);
    int result = -ELOOP;

    if (fd < 0)
        return -errno;
    if (fstat(t->root->fd, &root) < 0)
        result = -errno;
    for (size_t depth = 0; result == -ELOOP && depth <= LIMIT_TREE_PATH; depth++) {
        int up;

        if (fstat(fd, &st) < 0) {
            result = -errno;
        } else if (st.st_dev == folder->stamp.device && st.st_ino == folder->stamp.inode) {
            result = 1;
        } else if (st.st_dev == root.st_dev && st.st_ino == root.st_ino) {
            result = 0;
        } else {
            up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
            if (up < 0)
                result = -errno;
            close(fd);
            fd = up;
        }
    }
    if (fd >= 0)
        close(fd);
    return result;
}

void tree_watch_begin(struct tree *t, struct tree_watch *w, const struct tree_seen *folder)
{
    tree_lock(t);
    *w = (struct tree_watch){.next = t->watches, .folder = *folder};
    t->watches = w;
    tree_unlock(t);
}

void tree_watch_end(struct tree *t, struct tree_watch *w)
{
    struct tree_watch **at = &t->watches;

    tree_lock(t);
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    tree_unlock(t);
}

/* By inodes, as an address may lead into it through links. Where one can't tell, it has changed. */
void tree_tell_change(struct tree *t, const struct place *p)
{
    for (struct tree_watch *w = t->watches; w; w = w->next)
        if (!w->changed && (!p || place_is_within(t, p, &w->folder) != 0))
            w->changed = true;
}

int tree_rename_to_free(int from, const char *name, int to, const char *new_name)
{
    struct stat st;

    if (renameat2(from, name, to, new_name, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -errno;
    /* A file system without that flag: a look must do, against others the mutex guards anyway. */
    if (fstatat(to, new_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return -EEXIST;
    return renameat(from, name, to, new_name) < 0 ? -errno : 0;
}

int place_hide(struct tree *t, const struct place *p, char ret_hidden[TEMPORARY_NAME])
{
    int error = -EEXIST;

    for (int attempt = 0; attempt < 8 && error == -EEXIST; attempt++) {
        tree_name_temporary(t, ret_hidden);
        error = tree_rename_to_free(p->folder, p->leaf, p->folder, ret_hidden);
    }
    return error;
}

int place_publish(const struct place *p, const char *temporary, bool is_folder,
                  const struct found *old, bool *ret_swapped)
{
    bool swap = false;
    int error;

    if (old->seen.kind == TREE_ABSENT) {
        error = tree_rename_to_free(p->folder, temporary, p->folder, p->leaf);
        if (error == -EEXIST)
            error = -ESTALE; // another program was here between the look and the change
    } else if (!is_folder && !old->folder) {
        error = renameat(p->folder, temporary, p->folder, p->leaf) < 0 ? -errno : 0;
    } else {
        swap = true;
        error =
            renameat2(p->folder, temporary, p->folder, p->leaf, RENAME_EXCHANGE) < 0 ? -errno : 0;
        if (error == -EINVAL || error == -ENOSYS)
            error = -EOPNOTSUPP;
        else if (error == -ENOENT)
            error = -ESTALE;
    }
    if (error == 0)
        *ret_swapped = swap;
    return error;
}

int tree_sync_folder(int folder)
{
    return fsync(folder) < 0 ? TREE_NOT_DURABLE : 0;
}

int tree_hold(const struct place *p, const struct found *old)
{
    if (old->folder || old->link || old->seen.stamp.size < LIMIT_TREE_PREALLOCATE)
        return -1;
    return openat(p->folder, p->leaf, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}
