// SPDX-License-Identifier: MIT
/*
 * Walks over everything: counting, sweeping, removing. None recurses or follows a link, and none
 * holds more than a few descriptors: folders that wait are remembered by their paths.
 */
#include "fs/open.h"
#include "tree/tree_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

int path_list_add(struct path_list *l, const char *folder, const char *name)
{
    size_t a = strlen(folder), b = strlen(name);
    char *path;

    if (a + b + 1 > LIMIT_TREE_PATH)
        return -ENAMETOOLONG;
    if (l->count >= LIMIT_TREE_FOLDERS)
        return -EMLINK;
    if (l->count == l->capacity) {
        size_t capacity = l->capacity ? 2 * l->capacity : 64;
        char **grown = realloc(l->paths, capacity * sizeof *grown);

        if (!grown)
            return -ENOMEM;
        l->paths = grown;
        l->capacity = capacity;
    }
    path = malloc(a + b + 2);
    if (!path)
        return -ENOMEM;
    memcpy(path, folder, a);
    if (a)
        path[a++] = '/';
    memcpy(path + a, name, b + 1);
    l->paths[l->count++] = path;
    return 0;
}

void path_list_done(struct path_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->paths[i]);
    free(l->paths);
    *l = (struct path_list){0};
}

static bool is_dots(const char *name)
{
    return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

/* ---- Removal */

struct removal {
    struct tree *tree;
    int top;
    dev_t device;
    struct path_list folders;
    uint64_t freed;
    size_t progress; // what this round has removed
    bool again;      // there is more than one round could take
};

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

static void remove_member(struct removal *r, int folder, const char *path, const char *name)
{
    char shorter[TEMPORARY_NAME];
    uint64_t uncounted = 0;
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
            r->freed += S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
            r->progress++;
        }
        return;
    }
    if (st.st_dev != r->device)
        return; // something is mounted there: not ours to empty
    switch (path_list_add(&r->folders, path, name)) {
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

static void remove_members(struct removal *r, const char *path)
{
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
    while (!hurry_is_over(r->tree->options.hurry) && (entry = readdir(dir)))
        if (!is_dots(entry->d_name))
            remove_member(r, fd, path, entry->d_name);
    closedir(dir);
}

static int remove_folder(struct removal *r, int folder, const char *name)
{
    const struct tree *t = r->tree;

    do {
        r->again = false;
        r->progress = 0;
        if (path_list_add(&r->folders, "", "") < 0)
            return -ENOMEM;
        for (size_t i = 0; i < r->folders.count; i++)
            remove_members(r, r->folders.paths[i]);
        for (size_t i = r->folders.count; i-- > 1 && !hurry_is_over(t->options.hurry);)
            if (unlinkat(r->top, r->folders.paths[i], AT_REMOVEDIR) == 0)
                r->progress++;
        path_list_done(&r->folders);
    } while (r->again && r->progress && !hurry_is_over(t->options.hurry));
    return unlinkat(folder, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

int tree_remove(struct tree *t, int folder, const char *name, uint64_t *freed)
{
    struct removal r = {.tree = t};
    struct stat st;
    int error;

    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    if (!S_ISDIR(st.st_mode)) {
        if (unlinkat(folder, name, 0) < 0)
            return -errno;
        *freed += S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
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
    *freed += r.freed;
    return error;
}

void tree_discard(struct tree *t, int folder, const char *name)
{
    uint64_t freed = 0;

    (void)tree_remove(t, folder, name, &freed);
    tree_lock(t);
    tree_account(t, 0, freed);
    tree_unlock(t);
}

/* ---- Counting and sweeping */

struct walk {
    struct tree *tree;
    bool sweep;
    uint64_t size;
    size_t removed;
    struct path_list folders;
};

/* A leftover: ours by its name and owner, and nobody holds it. */
static void sweep_leftover(struct walk *w, int folder, const char *name, const struct stat *st)
{
    char mine[sizeof TEMPORARY_PREFIX + 8];
    uint64_t freed = 0;
    int fd;

    snprintf(mine, sizeof mine, TEMPORARY_PREFIX "%08lx", (unsigned long)w->tree->writer);
    if (!tree_name_is_temporary(span_from_str(name)) || st->st_uid != geteuid() ||
        (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode)) ||
        span_starts(span_from_str(name), span_from_str(mine)))
        return;
    fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
        close(fd); // another process is at work on it
        return;
    }
    if (tree_remove(w->tree, folder, name, &freed) == 0)
        w->removed++;
    if (fd >= 0)
        close(fd);
}

static int walk_member(struct walk *w, int folder, const char *path, const char *name)
{
    struct stat st;
    int error = 0;

    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    if (stamp_name_is_reserved(span_from_str(name))) {
        if (w->sweep)
            sweep_leftover(w, folder, name, &st);
    } else if (S_ISREG(st.st_mode)) {
        w->size += (uint64_t)st.st_size;
    } else if (S_ISDIR(st.st_mode)) {
        error = path_list_add(&w->folders, path, name);
    }
    return error == -ENAMETOOLONG ? 0 : error; // so deep that nobody can ask for it
}

static int walk_folder(struct walk *w, const char *path)
{
    int fd = open_folder(w->tree->root, path);
    const struct dirent *entry;
    size_t removed = w->removed;
    int error = 0;
    DIR *dir;

    if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM || (fd < 0 && !*path))
        return fd;
    if (fd < 0)
        return 0; // gone, or closed to us
    dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return -ENOMEM;
    }
    while (error == 0 && (entry = readdir(dir))) {
        if (hurry_is_on(w->tree->options.hurry))
            error = -EINTR;
        else if (!is_dots(entry->d_name))
            error = walk_member(w, fd, path, entry->d_name);
    }
    if (w->removed > removed)
        (void)fsync(fd);
    closedir(dir);
    return error;
}

static int walk(struct walk *w)
{
    int error = path_list_add(&w->folders, "", "");

    while (error == 0 && w->folders.count) {
        char *path = w->folders.paths[--w->folders.count];

        error = walk_folder(w, path);
        free(path);
    }
    path_list_done(&w->folders);
    return error;
}

static void finish_count(struct tree *t, const struct walk *w, int error)
{
    tree_lock(t);
    if (error == 0)
        t->used = w->size;
    t->counting = error ? TREE_UNCOUNTED : TREE_COUNTED;
    pthread_cond_broadcast(&t->counted);
    tree_unlock(t);
}

int tree_need_count(struct tree *t)
{
    struct walk w = {.tree = t};
    bool mine;
    int error;

    if (t->options.quota == 0)
        return 0;
    tree_lock(t);
    while (t->counting == TREE_BEING_COUNTED)
        pthread_cond_wait(&t->counted, &t->mutex);
    mine = t->counting == TREE_UNCOUNTED;
    if (mine)
        t->counting = TREE_BEING_COUNTED;
    tree_unlock(t);
    if (!mine)
        return 0;
    error = walk(&w);
    finish_count(t, &w, error);
    return error;
}

int tree_sweep(struct tree *t, size_t *ret_removed)
{
    struct walk w = {.tree = t, .sweep = true};
    bool mine;
    int error;

    tree_lock(t);
    mine = t->options.quota && t->counting == TREE_UNCOUNTED;
    if (mine)
        t->counting = TREE_BEING_COUNTED;
    tree_unlock(t);
    error = walk(&w);
    if (mine)
        finish_count(t, &w, error);
    if (error == 0 && ret_removed)
        *ret_removed = w.removed;
    return error;
}
