// SPDX-License-Identifier: MIT
/*
 * The tree itself: paths, looking, names, space.
 */
#include "fs/open.h"
#include "tree/tree_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/random.h>
#include <sys/statvfs.h>

int tree_open(int root, const struct tree_options *options, struct tree **ret_tree)
{
    struct tree *t = calloc(1, sizeof *t);

    if (!t)
        return -ENOMEM;
    t->options = *options;
    if (getrandom(&t->writer, sizeof t->writer, 0) != sizeof t->writer) {
        free(t);
        return -EIO;
    }
    t->root = fcntl(root, F_DUPFD_CLOEXEC, 0);
    if (t->root < 0) {
        int error = -errno;

        free(t);
        return error;
    }
    pthread_mutex_init(&t->mutex, NULL);
    pthread_cond_init(&t->counted, NULL);
    *ret_tree = t;
    return 0;
}

void tree_free(struct tree *t)
{
    if (!t)
        return;
    close(t->root);
    pthread_mutex_destroy(&t->mutex);
    pthread_cond_destroy(&t->counted);
    free(t);
}

void tree_lock(struct tree *t)
{
    pthread_mutex_lock(&t->mutex);
}

void tree_unlock(struct tree *t)
{
    pthread_mutex_unlock(&t->mutex);
}

static enum tree_name check_path(struct span path, bool dotfiles)
{
    struct span rest = path;

    if (path.len == 0)
        return TREE_NAME_OK;
    if (path.len > LIMIT_TREE_PATH)
        return TREE_NAME_TOO_LONG;
    if (span_find(path, '\0') < path.len)
        return TREE_NAME_NUL;
    if (path.ptr[path.len - 1] == '/')
        return TREE_NAME_MALFORMED;
    while (rest.len) {
        struct span name = span_take_until(&rest, '/');

        if (name.len == 0 || span_eq(name, SPAN(".")) || span_eq(name, SPAN("..")))
            return TREE_NAME_MALFORMED;
        if (name.len > NAME_MAX)
            return TREE_NAME_TOO_LONG;
        if (stamp_name_is_reserved(name))
            return TREE_NAME_RESERVED;
        if (name.ptr[0] == '.' && !dotfiles)
            return TREE_NAME_DOT;
    }
    return TREE_NAME_OK;
}

enum tree_name tree_check_path(const struct tree *t, struct span path)
{
    return check_path(path, t->options.dotfiles);
}

int tree_check_way(struct span path)
{
    enum tree_name name = check_path(path, true);

    return name == TREE_NAME_OK ? 0 : name == TREE_NAME_TOO_LONG ? -ENAMETOOLONG : -EINVAL;
}

void tree_name_temporary(struct tree *t, char ret_name[TEMPORARY_NAME])
{
    snprintf(ret_name, TEMPORARY_NAME, TEMPORARY_PREFIX "%08lx%08lx", (unsigned long)t->writer,
             (unsigned long)atomic_fetch_add(&t->serial, 1) & 0xffffffffUL);
}

bool tree_name_is_temporary(struct span name)
{
    if (!stamp_name_is_reserved(name) || name.len != TEMPORARY_NAME - 1)
        return false;
    for (size_t i = name.len - TEMPORARY_DIGITS; i < name.len; i++)
        if (!memchr("0123456789abcdef", name.ptr[i], 16))
            return false;
    return true;
}

/* ---- Places */

size_t tree_write_parent(struct span path, char ret_parent[LIMIT_TREE_PATH + 1])
{
    size_t length = path.len;

    while (length > 0 && path.ptr[length - 1] != '/')
        length--;
    length -= length > 0;
    if (length)
        memcpy(ret_parent, path.ptr, length);
    ret_parent[length] = '\0';
    return length;
}

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
    p->folder = fs_open_straight(t->root, p->parent, O_RDONLY | O_DIRECTORY);
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

/* Without a call of the system more than it takes: a single name is no way that links are on. */
int place_check(const struct tree *t, const struct place *p)
{
    struct stat st;
    int fd, error = 0;

    if (!p->parent[0])
        return 0;
    if (!strchr(p->parent, '/')) {
        if (fstatat(t->root, p->parent, &st, AT_SYMLINK_NOFOLLOW) < 0)
            error = -errno;
    } else {
        fd = fs_open_straight(t->root, p->parent, O_PATH);
        if (fd < 0 || fstat(fd, &st) < 0)
            error = fd < 0 ? fd : -errno;
        if (fd >= 0)
            close(fd);
    }
    if (error)
        return fs_error_is_absence(-error) ? -ESTALE : error;
    return st.st_dev == p->device && st.st_ino == p->inode ? 0 : -ESTALE;
}

struct tree_seen tree_seen_from_stat(const struct stat *st)
{
    return (struct tree_seen){
        .kind = S_ISREG(st->st_mode)   ? TREE_FILE
                : S_ISDIR(st->st_mode) ? TREE_COLLECTION
                                       : TREE_OTHER,
        .stamp = stamp_from_stat(st),
    };
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
            if (fstat(fd, &st) == 0)
                found.seen = tree_seen_from_stat(&st);
            close(fd);
        }
    }
    *ret_found = found;
    return 0;
}

bool tree_seen_eq(const struct tree_seen *a, const struct tree_seen *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == TREE_FILE)
        return stamp_eq(&a->stamp, &b->stamp);
    return a->kind == TREE_ABSENT ||
           (a->stamp.device == b->stamp.device && a->stamp.inode == b->stamp.inode);
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
    if (fstat(t->root, &root) < 0)
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

/* ---- Space */

/* With the mutex: bytes of the quota that nobody has. */
static uint64_t quota_left(const struct tree *t)
{
    uint64_t taken = t->used + t->claimed;

    return t->options.quota > taken ? t->options.quota - taken : 0;
}

int tree_check_quota(struct tree *t, uint64_t more)
{
    int error;

    if (t->options.quota == 0)
        return 0;
    tree_lock(t);
    error = more > quota_left(t) ? -EDQUOT : 0;
    tree_unlock(t);
    return error;
}

int tree_claim(struct tree *t, uint64_t *claim, uint64_t wanted)
{
    int error = 0;

    if (t->options.quota == 0)
        return 0;
    tree_lock(t);
    if (wanted > *claim && wanted - *claim > quota_left(t))
        error = -EDQUOT;
    if (error == 0) {
        t->claimed = t->claimed - *claim + wanted;
        *claim = wanted;
    }
    tree_unlock(t);
    return error;
}

int tree_check_space(const struct tree *t, int fd, uint64_t more)
{
    struct statvfs fs;
    uint64_t left;

    if (t->options.reserve == 0 && more < LIMIT_TREE_PREALLOCATE)
        return 0; // the write itself will tell
    if (fstatvfs(fd, &fs) < 0)
        return -errno;
    left = (uint64_t)fs.f_bavail * fs.f_frsize;
    return left < t->options.reserve || left - t->options.reserve < more ? -ENOSPC : 0;
}

/* Others may change the tree too, so the count is what we know, and never less than nothing. */
void tree_account(struct tree *t, uint64_t come, uint64_t gone)
{
    t->used += come;
    t->used = t->used > gone ? t->used - gone : 0;
}

int tree_usage(struct tree *t, struct tree_usage *ret_usage)
{
    struct tree_usage usage = {0};
    struct statvfs fs;
    int error = tree_need_count(t);

    if (error)
        return error;
    if (fstatvfs(t->root, &fs) < 0)
        return -errno;
    usage.available = (uint64_t)fs.f_bavail * fs.f_frsize;
    usage.available -= usage.available < t->options.reserve ? usage.available : t->options.reserve;
    if (t->options.quota) {
        uint64_t left;

        tree_lock(t);
        usage.used = t->used;
        left = quota_left(t);
        tree_unlock(t);
        if (usage.available > left)
            usage.available = left;
    }
    *ret_usage = usage;
    return 0;
}
