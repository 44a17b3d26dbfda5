// SPDX-License-Identifier: MIT
/*
 * Changing when something was modified, and nothing else of it.
 */
#include "base/clock.h"
#include "fs/open.h"
#include "tree/tree_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static const struct tree_terms no_terms;

static int agree_root(struct tree *t, const struct tree_terms *terms)
{
    int error;

    tree_lock(t);
    error = root_check(t->root);
    if (error == 0 && terms->check)
        error = terms->check(terms->context);
    if (error == 0 && terms->done)
        terms->done(terms->context);
    tree_unlock(t);
    return error;
}

static int touch_locked(struct tree *t, const struct place *p, int fd, int64_t modified_ns,
                        const struct tree_terms *terms)
{
    const struct timespec times[2] = {
        {.tv_nsec = UTIME_OMIT},
        {.tv_sec = modified_ns / CLOCK_SECOND, .tv_nsec = modified_ns % CLOCK_SECOND}};
    struct found found;
    struct stat st;
    int error = place_agree(t, p, terms, &found);

    if (error == 0 && found.seen.kind == TREE_ABSENT)
        error = -ENOENT;
    if (error == 0 && found.link)
        error = -ESTALE;
    if (error == 0 && terms->check)
        error = terms->check(terms->context);
    if (error)
        return error;
    if (modified_ns != TREE_NOW) {
        if (fstat(fd, &st) < 0)
            return -errno;
        if (st.st_ino != found.seen.stamp.inode || st.st_dev != found.seen.stamp.device)
            return -ESTALE;
        if (futimens(fd, times) < 0)
            return -errno;
        tree_tell_change(t, found.link ? NULL : p); // who knows where the link leads
    }
    if (terms->done)
        terms->done(terms->context);
    return 0;
}

/* One step: the old time or the new one; after the fsync the new one for good. */
int tree_touch(struct tree *t, struct span path, int64_t modified_ns,
               const struct tree_terms *terms)
{
    struct place p;
    int fd = -1;
    int error;

    if (!terms)
        terms = &no_terms;
    if (path.len == 0 && modified_ns == TREE_NOW)
        return agree_root(t, terms);
    error = place_open(t, path, &p);
    if (error)
        return error;
    if (modified_ns != TREE_NOW) {
        fd = fs_open(t->root, p.path, O_RDONLY | O_NONBLOCK);
        error = fd < 0 ? fd : 0;
    }
    if (error == 0) {
        tree_lock(t);
        error = touch_locked(t, &p, fd, modified_ns, terms);
        tree_unlock(t);
    }
    if (error == 0 && fd >= 0 && fsync(fd) < 0)
        error = TREE_NOT_DURABLE;
    if (fd >= 0)
        close(fd);
    place_done(&p);
    return error;
}
