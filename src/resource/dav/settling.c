// SPDX-License-Identifier: MIT
#include "resource/dav/settling.h"
#include "base/error.h"
#include "resource/dav/authoring.h"
#include "resource/dav/following.h"

#include <errno.h>
#include <stdlib.h>

static struct rows_following *following_of(struct rows_claim *claim)
{
    return container_of(claim, struct rows_following, claim);
}

/* ---- Whether it had happened */

static bool is_same(const struct store_identity *a, const struct tree_identity *b)
{
    return a->inode == b->inode && (!a->born || !b->born_ns || a->born == b->born_ns);
}

static int decide(struct dav_share *share, struct rows_following *f)
{
    const struct store_intent *intent = &f->intent;
    struct tree_identity source, there;
    int error = tree_identify(share->tree, intent->source, &source);

    if (error == 0)
        error = tree_identify(share->tree, intent->destination, &there);
    if (error)
        return error;
    switch (intent->kind) {
    case STORE_INTENT_MOVE:
        // On another file system the destination is a copy, with an inode of its own.
        f->is_changed =
            there.inode && !is_same(&intent->destination_is, &there) &&
            (is_same(&intent->source_is, &there) || !is_same(&intent->source_is, &source));
        break;
    case STORE_INTENT_DELETE:
        f->is_changed = !is_same(&intent->source_is, &source);
        break;
    case STORE_INTENT_COPY:
        f->is_changed = there.inode && !is_same(&intent->destination_is, &there);
        break;
    }
    return 0;
}

/* A copy without its members has none yet. */
static bool is_empty(struct tree *tree, struct span path)
{
    struct tree_list *list;
    struct tree_member member;
    size_t count = 0;

    if (tree_list_open(tree, path, &list) < 0)
        return true;
    if (tree_list_read(list, &member, 1, &count) < 0)
        count = 0;
    tree_list_close(list);
    return count == 0;
}

/* One step; it is released when it is done, and else left. */
static int settle(struct dav_share *share, struct rows_following *f)
{
    int result = 0;

    if (!f->is_decided) {
        result = decide(share, f);
        f->is_decided = result == 0;
        f->shallow =
            f->intent.kind == STORE_INTENT_COPY && is_empty(share->tree, f->intent.destination);
    }
    if (result == 0)
        result = following_settle(share, f);
    if (result)
        rows_leave(share->rows, &f->claim);
    return result;
}

int settle_path(struct dav_share *share, struct span path)
{
    struct rows_claim *claim = NULL;
    int result;

    while (rows_are_pending(share->rows)) {
        result = rows_take_pending(share->rows, path, &claim);
        if (result > 0)
            result = settle(share, following_of(claim));
        else
            return result;
        if (result)
            return result == 1 || result == -EAGAIN ? -EAGAIN
                   : result == -ENOLINK             ? result
                                                    : -EINPROGRESS;
    }
    return 0;
}

void settle_names(struct authoring *a)
{
    struct dav_share *share = a->share;
    int error = settle_path(share, a->target.path);

    if (error == 0 && a->destination)
        error = settle_path(share, a->destination->path);
    a->error = error == -EAGAIN ? authoring_in_the_way(a, OUTCOME_names_busy) : error;
}

int settle_next(struct dav_share *share)
{
    struct rows_claim *claim = NULL;
    int result = rows_take_pending(share->rows, (struct span){NULL, 0}, &claim);

    return result > 0 ? settle(share, following_of(claim)) : -ENOENT;
}

/* ---- After a crash */

static int add_intent(void *context, const struct store_intent *intent)
{
    struct dav_share *share = context;
    struct rows_following *f = following_new(intent);

    if (!f)
        return -CANDOR_E_MEMORY;
    f->follows = true;
    f->ends_locks = intent->phase == STORE_BEGUN; // else they have
    f->is_decided = f->is_changed = intent->phase != STORE_BEGUN;
    // How far a copy had come is not known; its rows are copied anew.
    f->progress.phase = intent->kind == STORE_INTENT_COPY ? STORE_CLEARING : intent->phase;
    rows_add_pending(share->rows, &f->claim);
    return 0;
}

int settling_recover(struct dav_share *share)
{
    const struct lock_journal *j = &share->journal;
    int error;

    if (!j->store)
        return 0;
    error = store_intents_visit(j->store, j->tree, add_intent, share);
    while (error == 0 && settle_next(share) >= 0)
        ;
    return store_errno(error);
}

void settling_forget(struct dav_share *share)
{
    struct rows_claim *claim = NULL;

    while (share->rows && rows_take_pending(share->rows, (struct span){NULL, 0}, &claim) > 0) {
        rows_release(share->rows, claim);
        following_free(following_of(claim));
    }
}
