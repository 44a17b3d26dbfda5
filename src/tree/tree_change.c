// SPDX-License-Identifier: MIT
/*
 * New collections and removal. Each says what is on disk if everything stops.
 */
#include "tree/tree_parts.h"

#include <errno.h>
#include <fcntl.h>

static const struct tree_terms no_terms;
static const struct tree_amount folder_cost = {LIMIT_FOLDER_COST, 1};

/* ---- New collections */

/* The mode is set here, as the process's own umask may take more than ours. */
static int finish_folder(const struct tree *t, int fd, struct tree_seen *ret_seen)
{
    mode_t mode = 0777 & ~t->options.umask;
    struct stat st;

    if (fstat(fd, &st) < 0)
        return -errno;
    if ((st.st_mode & 0777) != mode &&
        (fchmod(fd, (st.st_mode & 07000) | mode) < 0 || fstat(fd, &st) < 0))
        return -errno;
    *ret_seen = (struct tree_seen){TREE_COLLECTION, stamp_from_stat(&st)};
    return 0;
}

static int mkdir_locked(struct tree *t, const struct place *p, const struct tree_terms *terms,
                        int *ret_fd, struct tree_seen *ret_seen)
{
    struct found old;
    int error = place_agree(t, p, terms, &old);
    int fd;

    if (error == -ENXIO || (error == 0 && old.seen.kind != TREE_ABSENT))
        error = -EEXIST;
    if (error == 0)
        error = tree_settle(t, (struct tree_amount){0}, folder_cost, (struct tree_amount){0});
    if (error == 0 && terms->check)
        error = terms->check(terms->context);
    if (error)
        return error;
    if (mkdirat(p->folder, p->leaf, 0777 & ~t->options.umask) < 0)
        return -errno;
    fd = openat(p->folder, p->leaf, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    error = fd < 0 ? -errno : finish_folder(t, fd, ret_seen);
    if (error) {
        if (fd >= 0)
            close(fd);
        unlinkat(p->folder, p->leaf, AT_REMOVEDIR);
        return error;
    }
    tree_account(t, folder_cost, (struct tree_amount){0});
    tree_tell_change(t, p);
    if (terms->done)
        terms->done(terms->context);
    *ret_fd = fd;
    return 0;
}

/*
 * mkdir(2) is one step: the folder is there or it is not, and it is empty either way. After the
 * fsync of its folder it is there for good.
 */
int tree_mkdir(struct tree *t, struct span path, const struct tree_terms *terms,
               struct tree_result *ret_result)
{
    struct tree_result result = {.created = true};
    struct place p;
    int fd = -1;
    int error = tree_need_count(t, tree_hurry(t, terms ? terms->hurry : NULL));

    if (error == 0)
        error = place_open(t, path, &p);
    if (error == -EBUSY)
        return -EEXIST; // the root
    if (error)
        return error;
    error = tree_check_space(t, p.folder, folder_cost);
    if (error == 0) {
        tree_lock(t);
        error = mkdir_locked(t, &p, terms ? terms : &no_terms, &fd, &result.now);
        tree_unlock(t);
    }
    if (error == 0) {
        *ret_result = result;
        error = tree_sync_folder(fd);
        close(fd);
        if (error == 0)
            error = tree_sync_folder(p.folder);
    }
    place_done(&p);
    return error;
}

/* ---- Removal */

static int delete_locked(struct tree *t, const struct place *p, const struct tree_terms *terms,
                         char hidden[TEMPORARY_NAME], int *ret_hold)
{
    struct found old;
    int error = place_agree(t, p, terms, &old);

    if (error == 0 && old.seen.kind == TREE_ABSENT)
        error = -ENOENT;
    if (error == 0 && terms->check)
        error = terms->check(terms->context);
    if (error)
        return error;
    if (old.folder) {
        error = place_hide(t, p, hidden);
        if (error)
            return error;
    } else {
        *ret_hold = tree_hold(p, &old);
        if (unlinkat(p->folder, p->leaf, 0) < 0)
            return -errno;
    }
    if (!old.folder) // that is counted out as it is discarded
        tree_account(t, (struct tree_amount){0}, tree_amount_of(&old));
    tree_tell_change(t, p);
    if (terms->done)
        terms->done(terms->context);
    return 0;
}

/*
 * A file: unlink(2), one step; after the fsync of the folder it is gone for good.
 * A collection:
 *   before the rename            all of it is there
 *   renamed to a hidden name     all of it is gone from view, in one step; the sweep would free it
 *   folder fsynced               gone for good
 *   members being removed        some rubbish, hidden, for the sweep; the same if a member cannot
 *                                be removed
 */
int tree_delete(struct tree *t, struct span path, const struct tree_terms *terms)
{
    char hidden[TEMPORARY_NAME] = "";
    struct place p;
    int hold = -1;
    int error = tree_need_count(t, tree_hurry(t, terms ? terms->hurry : NULL));

    if (error == 0)
        error = place_open(t, path, &p);
    if (error)
        return error;
    tree_lock(t);
    error = delete_locked(t, &p, terms ? terms : &no_terms, hidden, &hold);
    tree_unlock(t);
    if (hold >= 0)
        close(hold);
    if (error == 0) {
        error = tree_sync_folder(p.folder);
        if (hidden[0])
            tree_discard(t, p.folder, hidden);
    }
    place_done(&p);
    return error;
}
