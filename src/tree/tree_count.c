// SPDX-License-Identifier: MIT
/*
 * Walking over everything beneath the root, to count what the quota is about. It does not recurse,
 * follows no link, and holds one descriptor: folders that wait are remembered by their paths.
 */
#include "fs/open.h"
#include "tree/tree_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

static int walk_member(struct tree_walk *w, int folder, const char *path, const char *name)
{
    struct stat st;
    int error = 0;

    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    if (stamp_name_is_reserved(span_from_str(name))) {
        w->removed += w->reserved && w->reserved(w, folder, name, &st);
    } else if (S_ISREG(st.st_mode)) {
        w->size += (uint64_t)st.st_size;
    } else if (S_ISDIR(st.st_mode)) {
        error = path_list_add(&w->folders, path, name);
    }
    return error == -ENAMETOOLONG ? 0 : error; // so deep that nobody can ask for it
}

static int walk_folder(struct tree_walk *w, const char *path, const struct hurry *hurry)
{
    int fd = fs_open_straight(w->tree->root->fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
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
        if (hurry_is_on(hurry))
            error = -EINTR;
        else if (!name_is_dots(entry->d_name))
            error = walk_member(w, fd, path, entry->d_name);
    }
    if (w->removed > removed)
        (void)fsync(fd);
    closedir(dir);
    return error;
}

int tree_walk(struct tree_walk *w, const struct hurry *hurry)
{
    int error = path_list_add(&w->folders, "", "");

    while (error == 0 && w->folders.count) {
        char *path = w->folders.paths[--w->folders.count];

        error = walk_folder(w, path, hurry);
        free(path);
    }
    path_list_done(&w->folders);
    return error;
}

bool tree_count_begin(struct tree *t, bool wait)
{
    bool mine;

    if (t->options.quota == 0)
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

void tree_count_end(struct tree *t, uint64_t size, int error)
{
    tree_lock(t);
    if (error == 0)
        t->used = size;
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
    tree_count_end(t, w.size, error);
    return error;
}
