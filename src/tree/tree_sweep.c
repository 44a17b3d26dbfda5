// SPDX-License-Identifier: MIT
/*
 * What a crash has left is removed at the start, by the walk that counts.
 */
#include "tree/tree_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

/* A leftover: ours by its name and owner, and nobody holds it. */
static bool sweep_leftover(const struct tree_walk *w, int folder, const char *name,
                           const struct stat *st)
{
    char mine[sizeof TEMPORARY_PREFIX + 8];
    struct tree_amount freed = {0};
    bool removed;
    int fd;

    snprintf(mine, sizeof mine, TEMPORARY_PREFIX "%08lx", (unsigned long)w->tree->writer);
    if (!tree_name_is_temporary(span_from_str(name)) || st->st_uid != geteuid() ||
        (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode)) ||
        span_starts(span_from_str(name), span_from_str(mine)))
        return false;
    fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
        close(fd); // another process is at work on it
        return false;
    }
    removed = tree_remove(w->tree, folder, name, &freed) == 0;
    if (fd >= 0)
        close(fd);
    return removed;
}

int tree_sweep(struct tree *t, size_t *ret_removed)
{
    struct tree_walk w = {.tree = t, .reserved = sweep_leftover};
    bool mine = tree_count_begin(t, false);
    int error = tree_walk(&w, t->options.hurry);

    if (mine)
        tree_count_end(t, &w.amount, error);
    if (error == 0 && ret_removed)
        *ret_removed = w.removed;
    return error;
}
