// SPDX-License-Identifier: MIT
/*
 * Room beneath the root: the quota, what is claimed of it, the reserve of the disk.
 */
#include "tree/tree_parts.h"

#include <errno.h>
#include <sys/statvfs.h>

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
    int error = tree_need_count(t, t->options.hurry);

    if (error)
        return error;
    if (fstatvfs(t->root->fd, &fs) < 0)
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
