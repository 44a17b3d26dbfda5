// SPDX-License-Identifier: MIT
/*
 * Removing a name and all beneath it. It does not recurse, follows no link, and holds no more than
 * a few descriptors.
 */
#include "fs/open.h"
#include "tree/tree_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

struct removal {
    struct tree *tree;
    int top;
    dev_t device;
    struct descent folders;
    struct tree_amount freed;
    size_t progress; // what this round has removed
    bool again;      // there is more than one round could take
};

static const struct tree_amount folder_cost = {LIMIT_FOLDER_COST, 1};

/* What is no folder. */
static void add_freed(struct tree_amount *freed, const struct stat *st)
{
    freed->bytes += S_ISREG(st->st_mode) ? (uint64_t)st->st_size : 0;
    freed->members++;
}

/* Somebody's content that has no name yet, which no quota has counted; else it is rubbish. */
static bool is_staged(int folder, const char *name)
{
    bool staged;
    int fd;

    if (!stamp_name_is_reserved(span_from_str(name)))
        return false;
    fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return false;
    staged = flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
    close(fd);
    return staged;
}

static void remove_member(struct removal *r, int folder, const char *name)
{
    char shorter[TEMPORARY_NAME];
    struct tree_amount uncounted = {0};
    struct stat st;

    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return;
    if (is_staged(folder, name)) { // without members that are staged themselves: no deeper call
        if (tree_remove(r->tree, folder, name, &uncounted) == 0)
            r->progress++;
        return;
    }
    if (!S_ISDIR(st.st_mode)) {
        if (unlinkat(folder, name, 0) == 0) {
            add_freed(&r->freed, &st);
            r->progress++;
        }
        return;
    }
    if (st.st_dev != r->device)
        return; // something is mounted there: not ours to empty
    switch (descent_add(&r->folders, name)) {
    case 0:
        return;
    case -ENAMETOOLONG: // too deep for a path: bring it up, for the next round
        tree_name_temporary(r->tree, shorter);
        if (renameat(folder, name, r->top, shorter) == 0)
            r->progress++;
        break;
    default:
        break;
    }
    r->again = true;
}

static int open_folder(int top, const char *path)
{
    return fs_open_straight(top, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

/* Beneath `top` and through no link, whatever others make of the names meanwhile. */
static bool let_us_in(int top, const char *path)
{
    char name[sizeof "/proc/self/fd/" + 3 * sizeof(int)];
    int fd = fs_open_straight(top, path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
    bool done;

    if (fd < 0)
        return false;
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd); // fchmod() takes no such descriptor
    done = chmod(name, 0700) == 0;
    close(fd);
    return done;
}

static void remove_members(struct removal *r)
{
    struct descent *d = &r->folders;
    const char *path = d->path;
    int fd = open_folder(r->top, path);
    const struct dirent *entry;
    struct stat st;
    DIR *dir;

    if (fd == -EACCES && let_us_in(r->top, path))
        fd = open_folder(r->top, path);
    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && (st.st_mode & 0700) != 0700)
        (void)fchmod(fd, 0700); // its members must go, too
    dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return;
    }
    if (d->at)
        seekdir(dir, (long)d->at);
    while (!d->is_paused && !hurry_is_over(r->tree->options.hurry) && (entry = readdir(dir))) {
        if (!name_is_dots(entry->d_name))
            remove_member(r, fd, entry->d_name);
        if (descent_is_full(d))
            descent_pause(d, entry->d_off);
    }
    closedir(dir);
}

static void remove_beneath(struct removal *r)
{
    struct descent *d = &r->folders;
    enum descent_event event;

    while (!hurry_is_over(r->tree->options.hurry) && (event = descent_next(d)) != DESCENT_END) {
        if (event == DESCENT_READ) {
            remove_members(r);
        } else if (*d->path && unlinkat(r->top, d->path, AT_REMOVEDIR) == 0) {
            r->freed = tree_amount_sum(r->freed, folder_cost);
            r->progress++;
        }
    }
}

/*
 * A round that removed nothing is followed by another one where something is in the way: somebody
 * who had the folder open may have begun a stage in it meanwhile.
 */
static int remove_folder(struct removal *r, int folder, const char *name)
{
    const struct tree *t = r->tree;
    bool idle = false, was_idle;
    int error;

    do {
        was_idle = idle;
        r->again = false;
        r->progress = 0;
        if (descent_begin(&r->folders) < 0)
            return -ENOMEM;
        remove_beneath(r);
        descent_done(&r->folders);
        error = unlinkat(folder, name, AT_REMOVEDIR) < 0 ? -errno : 0;
        idle = r->progress == 0;
        r->again |= error == -ENOTEMPTY || error == -EEXIST;
    } while (error && r->again && !(idle && was_idle) && !hurry_is_over(t->options.hurry));
    return error;
}

int tree_remove(struct tree *t, int folder, const char *name, struct tree_amount *freed)
{
    struct removal r = {.tree = t};
    struct stat st;
    int error;

    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    if (!S_ISDIR(st.st_mode)) {
        if (unlinkat(folder, name, 0) < 0)
            return -errno;
        add_freed(freed, &st);
        return 0;
    }
    r.device = st.st_dev;
    r.top = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (r.top < 0 && errno == EACCES && let_us_in(folder, name))
        r.top = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (r.top < 0)
        return -errno;
    error = remove_folder(&r, folder, name);
    close(r.top);
    if (error == 0)
        r.freed = tree_amount_sum(r.freed, folder_cost);
    *freed = tree_amount_sum(*freed, r.freed);
    return error;
}

void tree_discard(struct tree *t, int folder, const char *name)
{
    struct tree_amount freed = {0};

    (void)tree_remove(t, folder, name, &freed);
    tree_lock(t);
    tree_account(t, (struct tree_amount){0}, freed);
    tree_unlock(t);
}
