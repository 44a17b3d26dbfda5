// SPDX-License-Identifier: MIT
/*
 * Moving: by renaming, and between file systems by copying. Each says what is on disk if everything
 * stops.
 */
#include "tree/tree_copy.h"

#include <errno.h>
#include <fcntl.h>

static const struct tree_terms no_terms;

/* Names were exchanged and exchanged again: files have another time of change since, and so another
 * tag, and nobody is told that nothing was touched. */
static int taken_back(int error)
{
    return error == -EIO ? -EBADE : error;
}

/* ---- Between file systems */

/* With the mutex: whether the source is what was copied. Else a change of it would be lost. */
static bool is_as_copied(const struct tree_watch *w, const struct found *before,
                         const struct found *now)
{
    return !w->changed && before->device == now->device && before->inode == now->inode &&
           (before->link || tree_seen_eq(&before->seen, &now->seen));
}

/* With the mutex: the old state is there again. */
static void take_back(const struct tree_pair *pair, const char *temporary, bool swapped)
{
    const struct place *p = &pair->target;

    if (swapped)
        (void)renameat2(p->folder, temporary, p->folder, p->leaf, RENAME_EXCHANGE);
    else
        (void)tree_rename_to_free(p->folder, p->leaf, p->folder, temporary);
}

/*
 * With the mutex: publishes the copy and takes the source out of view. What is replaced is always
 * exchanged, so that this can be undone when the source cannot go.
 */
static int move_copy_locked(struct copy *c, struct tree_pair *pair, const struct tree_terms *terms,
                            const char *temporary, const struct tree_watch *watch,
                            bool *ret_swapped, char hidden[TEMPORARY_NAME])
{
    const struct found before = pair->from;
    int error = tree_agree_pair(c->tree, pair, terms);

    if (error == 0 && !is_as_copied(watch, &before, &pair->from))
        error = -ESTALE;
    if (error == 0)
        error = place_publish(&pair->target, temporary, true, &pair->to, ret_swapped);
    if (error)
        return error;
    error = place_hide(c->tree, &pair->source, hidden);
    if (error) {
        take_back(pair, temporary, *ret_swapped);
        return *ret_swapped ? taken_back(error) : error;
    }
    copy_account(c, pair, *ret_swapped);
    tree_tell_change(c->tree, &pair->source);
    if (terms->done)
        terms->done(terms->context);
    return 0;
}

/* The copy, in the target's folder. */
static int copy_source(struct copy *c, const struct tree_pair *pair, const char *temporary)
{
    const struct place *s = &pair->source;
    int to = pair->target.folder;

    if (faccessat(s->folder, ".", W_OK, AT_EACCESS) < 0)
        return -errno; // the source could not go, and all the copying would be for nothing
    return pair->from.folder ? copy_collection(c, pair, temporary)
           : pair->from.link ? copy_link(c, s->folder, s->leaf, to, temporary)
                             : copy_file(c, s->folder, s->leaf, to, temporary);
}

/*
 * As a copy; then the source is hidden and its folder fsynced, after the target's. A stop between
 * leaves both whole.
 */
static int move_across(struct tree *t, struct tree_pair *pair, const struct tree_copying *copying,
                       const struct tree_terms *terms, struct tree_result *ret_result)
{
    struct copy c = {.tree = t,
                     .how = copying,
                     .hurry = tree_hurry(t, terms->hurry),
                     .moving = true,
                     .from = -1,
                     .to = -1};
    char temporary[TEMPORARY_NAME], hidden[TEMPORARY_NAME];
    struct tree_watch watch;
    struct found now = {0};
    bool swapped = false;
    int error;

    tree_watch_begin(t, &watch, &pair->from.seen);
    tree_name_temporary(t, temporary);
    error = copy_source(&c, pair, temporary);
    if (error == 0) {
        tree_lock(t);
        error = move_copy_locked(&c, pair, terms, temporary, &watch, &swapped, hidden);
        (void)place_look(t, &pair->target, &now);
        tree_unlock(t);
    }
    tree_watch_end(t, &watch);
    if (c.to >= 0)
        close(c.to);
    if (error) {
        copy_abandon(&c, pair, temporary);
        return error;
    }
    *ret_result = (struct tree_result){now.seen, pair->to.seen.kind == TREE_ABSENT};
    error = tree_sync_folder(pair->target.folder);
    if (error == 0)
        error = tree_sync_folder(pair->source.folder);
    if (swapped)
        tree_discard(t, pair->target.folder, temporary);
    tree_discard(t, pair->source.folder, hidden);
    return error;
}

/* ---- By renaming */

/*
 * Trades the two names, then hides what is now at the source. If the second step fails, the first
 * is undone. Where that fails as well (TREE_NOT_DURABLE), what was replaced is at the source's
 * name.
 */
static int move_swap(struct tree *t, const struct tree_pair *pair, char hidden[TEMPORARY_NAME])
{
    const struct place *s = &pair->source, *d = &pair->target;
    int error;

    if (renameat2(s->folder, s->leaf, d->folder, d->leaf, RENAME_EXCHANGE) < 0)
        return errno == EINVAL || errno == ENOSYS ? -EOPNOTSUPP : -errno;
    error = place_hide(t, s, hidden);
    if (error) {
        hidden[0] = '\0';
        error = renameat2(s->folder, s->leaf, d->folder, d->leaf, RENAME_EXCHANGE) < 0
                    ? TREE_NOT_DURABLE
                    : taken_back(error);
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
    if (!tree_is_changed(error))
        return error;
    // What is hidden is counted out as it is discarded; after half an exchange nothing is gone.
    if (error == 0 && !hidden[0])
        tree_account(t, (struct tree_amount){0}, tree_amount_of(old));
    tree_tell_change(t, s);
    tree_tell_change(t, d);
    (void)place_look(t, d, &pair->from); // under its new name, for the caller
    if (terms->done)
        terms->done(terms->context);
    return error;
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
    int error;

    if (!terms)
        terms = &no_terms;
    error = tree_open_pair(t, source, target, true, tree_hurry(t, terms->hurry), &pair);
    if (error)
        return error;
    tree_lock(t);
    error = move_locked(t, &pair, terms, hidden, &hold);
    tree_unlock(t);
    if (hold >= 0)
        close(hold);
    if (error == -EXDEV && !terms->at_once) {
        error = move_across(t, &pair, copying, terms, ret_result);
        tree_close_pair(&pair);
        return error;
    }
    if (tree_is_changed(error)) {
        int synced = tree_sync_folder(pair.target.folder);

        *ret_result = (struct tree_result){pair.from.seen, pair.to.seen.kind == TREE_ABSENT};
        if (synced == 0)
            synced = tree_sync_folder(pair.source.folder);
        error = error ? error : synced;
        if (hidden[0])
            tree_discard(t, pair.source.folder, hidden);
    }
    tree_close_pair(&pair);
    return error;
}
