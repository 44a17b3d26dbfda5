// SPDX-License-Identifier: MIT
/*
 * Walking over everything beneath the root, to count what the quota and the bound on members are
 * about. It does not recurse, follows no link, and holds one descriptor.
 */
#include "fs/open.h"
#include "tree/tree_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

static int walk_member(struct tree_walk *w, int folder, const char *name)
{
    struct stat st;
    int error = 0;

    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    if (stamp_name_is_reserved(span_from_str(name))) {
        w->removed += w->reserved && w->reserved(w, folder, name, &st);
        return 0;
    }
    w->amount.members++;
    if (S_ISREG(st.st_mode)) {
        w->amount.bytes += (uint64_t)st.st_size;
    } else if (S_ISDIR(st.st_mode)) {
        w->amount.bytes += LIMIT_FOLDER_COST;
        error = descent_add(&w->folders, name);
    }
    return error == -ENAMETOOLONG ? 0 : error; // so deep that nobody can ask for it
}

static int walk_folder(struct tree_walk *w, const struct hurry *hurry)
{
    struct descent *d = &w->folders;
    int fd = fs_open_straight(w->tree->root->fd, d->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    const struct dirent *entry;
    size_t removed = w->removed;
    int error = 0;
    DIR *dir;

    if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM || (fd < 0 && !*d->path))
        return fd;
    if (fd < 0)
        return 0; // gone, or closed to us
    dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return -ENOMEM;
    }
    if (d->at)
        seekdir(dir, (long)d->at);
    while (error == 0 && !d->is_paused && (entry = readdir(dir))) {
        if (hurry_is_on(hurry))
            error = -EINTR;
        else if (!name_is_dots(entry->d_name))
            error = walk_member(w, fd, entry->d_name);
        if (descent_is_full(d))
            descent_pause(d, entry->d_off);
    }
    if (w->removed > removed)
        (void)fsync(fd);
    closedir(dir);
    return error;
}

int tree_walk(struct tree_walk *w, const struct hurry *hurry)
{
    int error = descent_begin(&w->folders);
    enum descent_event event;

    while (error == 0 && (event = descent_next(&w->folders)) != DESCENT_END)
        if (event == DESCENT_READ)
            error = walk_folder(w, hurry);
    descent_done(&w->folders);
    return error;
}

bool tree_count_begin(struct tree *t, bool wait)
{
    bool mine;

    if (t->options.quota == 0 && t->options.max_members == 0)
        return false;
    tree_lock(t);
    while (wait && t->counting == TREE_BEING_COUNTED)
        pthread_cond_wait(&t->counted, &t->mutex);
    mine = t->counting == TREE_UNCOUNTED;
    if (mine)
        t->counting = TREE_BEING_COUNTED;
    tree_unlock(t);
    return mine;
}

void tree_count_end(struct tree *t, const struct tree_amount *amount, int error)
{
    tree_lock(t);
    if (error == 0)
        t->used = *amount;
    t->counting = error ? TREE_UNCOUNTED : TREE_COUNTED;
    pthread_cond_broadcast(&t->counted);
    tree_unlock(t);
}

int tree_need_count(struct tree *t, const struct hurry *hurry)
{
    struct tree_walk w = {.tree = t};
    int error;

    if (!tree_count_begin(t, true))
        return 0;
    error = tree_walk(&w, hurry);
    tree_count_end(t, &w.amount, error);
    return error;
}
