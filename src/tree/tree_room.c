// SPDX-License-Identifier: MIT
/*
 * Room beneath the root: the quota and the members, what is claimed of them, the reserve of the
 * disk.
 */
#include "tree/tree_parts.h"

#include <errno.h>
#include <sys/statvfs.h>

struct tree_amount tree_amount_of(const struct found *found)
{
    if (found->folder)
        return (struct tree_amount){LIMIT_FOLDER_COST, 1};
    if (found->link)
        return (struct tree_amount){0, 1};
    if (found->seen.kind == TREE_FILE)
        return (struct tree_amount){found->seen.stamp.size, 1};
    return (struct tree_amount){0, found->seen.kind != TREE_ABSENT};
}

struct tree_amount tree_amount_sum(struct tree_amount a, struct tree_amount b)
{
    return (struct tree_amount){a.bytes + b.bytes, a.members + b.members};
}

static bool is_counted(const struct tree *t)
{
    return t->options.quota || t->options.max_members;
}

/* What `most` leaves, where 0 is no limit. */
static uint64_t left_of(uint64_t most, uint64_t used, uint64_t claimed)
{
    uint64_t taken = used + claimed;

    return most == 0 ? UINT64_MAX : most > taken ? most - taken : 0;
}

/* With the mutex: bytes of the quota that nobody has. */
static uint64_t quota_left(const struct tree *t)
{
    return left_of(t->options.quota, t->used.bytes, t->claimed.bytes);
}

/* With the mutex. */
static int check_room(const struct tree *t, struct tree_amount more)
{
    if (more.members &&
        more.members > left_of(t->options.max_members, t->used.members, t->claimed.members))
        return TREE_TOO_MANY;
    return more.bytes && more.bytes > quota_left(t) ? -EDQUOT : 0;
}

static uint64_t beyond(uint64_t wanted, uint64_t had)
{
    return wanted > had ? wanted - had : 0;
}

int tree_check_quota(struct tree *t, struct tree_amount more)
{
    int error;

    if (!is_counted(t))
        return 0;
    tree_lock(t);
    error = check_room(t, more);
    tree_unlock(t);
    return error;
}

int tree_claim(struct tree *t, struct tree_amount *claim, struct tree_amount wanted)
{
    int error;

    if (!is_counted(t))
        return 0;
    tree_lock(t);
    error = check_room(t, (struct tree_amount){beyond(wanted.bytes, claim->bytes),
                                               beyond(wanted.members, claim->members)});
    if (error == 0) {
        t->claimed.bytes += wanted.bytes - claim->bytes;
        t->claimed.members += wanted.members - claim->members;
        *claim = wanted;
    }
    tree_unlock(t);
    return error;
}

void tree_unclaim(struct tree *t, struct tree_amount *claim)
{
    (void)tree_claim(t, claim, (struct tree_amount){0});
}

int tree_settle(const struct tree *t, struct tree_amount claim, struct tree_amount come,
                struct tree_amount gone)
{
    struct tree_amount more = {beyond(come.bytes, gone.bytes), beyond(come.members, gone.members)};
    uint64_t bytes = t->claimed.bytes - claim.bytes, members = t->claimed.members - claim.members;

    if (more.members && more.members > left_of(t->options.max_members, t->used.members, members))
        return TREE_TOO_MANY;
    return more.bytes && more.bytes > left_of(t->options.quota, t->used.bytes, bytes) ? -EDQUOT : 0;
}

/* A file system that makes files as it likes tells of none, or of as many as it happens to have. */
static bool has_inodes(const struct statvfs *fs)
{
    return fs->f_files == 0 || fs->f_favail == 0 || fs->f_favail >= LIMIT_RESERVE_INODES;
}

int tree_check_space(const struct tree *t, int fd, struct tree_amount more)
{
    struct statvfs fs;
    uint64_t left;

    if (t->options.reserve == 0 && more.bytes < LIMIT_TREE_PREALLOCATE)
        return 0; // the write itself will tell
    if (fstatvfs(fd, &fs) < 0)
        return -errno;
    if (t->options.reserve && more.members && !has_inodes(&fs))
        return -ENOSPC;
    left = (uint64_t)fs.f_bavail * fs.f_frsize;
    return left < t->options.reserve || left - t->options.reserve < more.bytes ? -ENOSPC : 0;
}

static void account(uint64_t *used, uint64_t come, uint64_t gone)
{
    *used += come;
    *used = *used > gone ? *used - gone : 0;
}

/* Others may change the tree too, so the count is what we know, and never less than nothing. */
void tree_account(struct tree *t, struct tree_amount come, struct tree_amount gone)
{
    account(&t->used.bytes, come.bytes, gone.bytes);
    account(&t->used.members, come.members, gone.members);
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
        usage.used = t->used.bytes;
        left = quota_left(t);
        tree_unlock(t);
        if (usage.available > left)
            usage.available = left;
    }
    *ret_usage = usage;
    return 0;
}
