// SPDX-License-Identifier: MIT
/*
 * Changes of names: new folders, removal, moving. Each says what is on disk if everything stops.
 */
#include "tree/tree_change.h"

#include <errno.h>
#include <fcntl.h>

static const struct tree_terms no_terms;

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
    int error = place_open(t, path, &p);

    if (error == -EBUSY)
        return -EEXIST; // the root
    if (error)
        return error;
    tree_lock(t);
    error = mkdir_locked(t, &p, terms ? terms : &no_terms, &fd, &result.now);
    tree_unlock(t);
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

int tree_hide_locked(struct tree *t, const struct place *p, char ret_hidden[TEMPORARY_NAME])
{
    int error = -EEXIST;

    for (int attempt = 0; attempt < 8 && error == -EEXIST; attempt++) {
        tree_name_temporary(t, ret_hidden);
        error = tree_rename_to_free(p->folder, p->leaf, p->folder, ret_hidden);
    }
    return error;
}

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
        error = tree_hide_locked(t, p, hidden);
        if (error)
            return error;
    } else {
        *ret_hold = tree_hold(p, &old);
        if (unlinkat(p->folder, p->leaf, 0) < 0)
            return -errno;
    }
    tree_account(t, 0, old.seen.kind == TREE_FILE && !old.link ? old.seen.stamp.size : 0);
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
    int error = tree_need_count(t);

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

/* ---- Moving */

static bool path_holds(struct span folder, struct span path)
{
    return folder.len == 0 || span_eq(folder, path) ||
           (span_starts(path, folder) && path.ptr[folder.len] == '/');
}

int tree_open_pair(struct tree *t, struct span source, struct span target, bool takes_link,
                   struct tree_pair *ret_pair)
{
    struct tree_pair *pair = ret_pair;
    int error = tree_need_count(t), within = 0;

    if (error)
        return error;
    if (tree_check_path(t, source) == TREE_NAME_OK && tree_check_path(t, target) == TREE_NAME_OK &&
        (path_holds(source, target) || path_holds(target, source)))
        return -EDEADLK;
    error = place_open(t, source, &pair->source);
    if (error)
        return error;
    error = place_open(t, target, &pair->target);
    if (error) {
        place_done(&pair->source);
        return error;
    }
    error = place_look(t, &pair->source, &pair->from);
    if (error == 0)
        error = place_look(t, &pair->target, &pair->to);
    /* The same by another way: through links. A link itself holds nothing. */
    if (error == 0 && pair->from.seen.kind == TREE_COLLECTION && !(takes_link && pair->from.link))
        within = place_is_within(t, &pair->target, &pair->from.seen);
    if (error == 0 && within == 0 && pair->to.folder)
        within = place_is_within(t, &pair->source, &pair->to.seen);
    if (error == 0 && within < 0)
        error = within;
    if (error == 0 && (within || (pair->source.inode == pair->target.inode &&
                                  pair->source.device == pair->target.device &&
                                  strcmp(pair->source.leaf, pair->target.leaf) == 0)))
        error = -EDEADLK;
    /* A link, and what it leads to. */
    if (error == 0 && (pair->from.link || pair->to.link) &&
        pair->from.seen.stamp.inode == pair->to.seen.stamp.inode &&
        pair->from.seen.stamp.device == pair->to.seen.stamp.device)
        error = -EDEADLK;
    if (error == 0 && pair->from.seen.kind == TREE_ABSENT)
        error = -ENOENT;
    if (error == 0 && pair->from.seen.kind == TREE_OTHER)
        error = -ENXIO;
    if (error)
        tree_close_pair(pair);
    return error;
}

void tree_close_pair(struct tree_pair *pair)
{
    place_done(&pair->source);
    place_done(&pair->target);
}

int tree_agree_pair(const struct tree *t, struct tree_pair *pair, const struct tree_terms *terms)
{
    struct tree_terms source_terms = {.target = terms->source};
    int error = place_agree(t, &pair->source, &source_terms, &pair->from);

    if (error == 0 && pair->from.seen.kind == TREE_ABSENT)
        error = -ENOENT;
    if (error == 0)
        error = place_agree(t, &pair->target, terms, &pair->to);
    if (error == 0 && terms->check)
        error = terms->check(terms->context);
    return error;
}

/*
 * Trades the two names, then hides what is now at the source. If the second step fails, the first
 * is undone.
 */
static int move_swap(struct tree *t, const struct tree_pair *pair, char hidden[TEMPORARY_NAME])
{
    const struct place *s = &pair->source, *d = &pair->target;
    int error;

    if (renameat2(s->folder, s->leaf, d->folder, d->leaf, RENAME_EXCHANGE) < 0)
        return errno == EINVAL || errno == ENOSYS ? -EOPNOTSUPP : -errno;
    error = tree_hide_locked(t, s, hidden);
    if (error) {
        hidden[0] = '\0';
        (void)renameat2(s->folder, s->leaf, d->folder, d->leaf, RENAME_EXCHANGE);
    }
    return error;
}

static int move_locked(struct tree *t, struct tree_pair *pair, const struct tree_terms *terms,
                       char hidden[TEMPORARY_NAME], int *ret_hold)
{
    const struct place *s = &pair->source, *d = &pair->target;
    int error = tree_agree_pair(t, pair, terms);
    const struct found *old = &pair->to;

    if (error)
        return error;
    if (old->seen.kind == TREE_ABSENT) {
        error = tree_rename_to_free(s->folder, s->leaf, d->folder, d->leaf);
        if (error == -EEXIST)
            error = -ESTALE;
    } else if (pair->from.inode == old->inode && pair->from.device == old->device) {
        /*
         * Two names of one file: rename(2) would do nothing. Nor may the source just be unlinked:
         * where case does not matter, both names are the only one.
         */
        error = -EDEADLK;
    } else if (!pair->from.folder && !old->folder) {
        *ret_hold = tree_hold(d, old);
        error = renameat(s->folder, s->leaf, d->folder, d->leaf) < 0 ? -errno : 0;
    } else {
        error = move_swap(t, pair, hidden);
    }
    if (error)
        return error;
    tree_account(
        t, 0, old->seen.kind == TREE_FILE && !old->link && !hidden[0] ? old->seen.stamp.size : 0);
    tree_tell_change(t, s);
    tree_tell_change(t, d);
    (void)place_look(t, d, &pair->from); // under its new name, for the caller
    if (terms->done)
        terms->done(terms->context);
    return 0;
}

/*
 * To a free name, or a file over a file: rename(2), one step; the old state or the new one.
 * Where a collection is involved in replacing or being replaced:
 *   before             the old state
 *   names exchanged    the source is at the target; what was there before is at the source's name
 *   that one hidden    the new state, in view; its remains are for the sweep
 * So nothing is ever lost: a stop between the two leaves the replaced one at the source's name.
 * Then both folders are fsynced, the target's first: at no time is the source gone for good
 * and the target not there.
 */
int tree_move(struct tree *t, struct span source, struct span target,
              const struct tree_copying *copying, const struct tree_terms *terms,
              struct tree_result *ret_result)
{
    char hidden[TEMPORARY_NAME] = "";
    struct tree_pair pair;
    int hold = -1;
    int error = tree_open_pair(t, source, target, true, &pair);

    if (error)
        return error;
    if (!terms)
        terms = &no_terms;
    tree_lock(t);
    error = move_locked(t, &pair, terms, hidden, &hold);
    tree_unlock(t);
    if (hold >= 0)
        close(hold);
    if (error == -EXDEV && !terms->at_once) {
        error = tree_move_across(t, &pair, copying, terms, ret_result);
        tree_close_pair(&pair);
        return error;
    }
    if (error == 0) {
        *ret_result = (struct tree_result){pair.from.seen, pair.to.seen.kind == TREE_ABSENT};
        error = tree_sync_folder(pair.target.folder);
        if (error == 0)
            error = tree_sync_folder(pair.source.folder);
        if (hidden[0])
            tree_discard(t, pair.source.folder, hidden);
    }
    tree_close_pair(&pair);
    return error;
}
