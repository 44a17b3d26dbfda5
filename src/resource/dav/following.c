// SPDX-License-Identifier: MIT
#include "resource/dav/following.h"
#include "base/error.h"
#include "resource/dav/authoring.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

struct rows_following *following_new(const struct store_intent *intent)
{
    size_t source = intent->source.len, destination = intent->destination.len;
    struct rows_following *f = calloc(1, sizeof *f + source + destination + 1);
    bool moves = intent->kind == STORE_INTENT_MOVE;

    if (!f)
        return NULL;
    if (source)
        memcpy(f->text, intent->source.ptr, source);
    if (destination)
        memcpy(f->text + source, intent->destination.ptr, destination);
    f->intent = *intent;
    f->intent.source = span_of(f->text, source);
    f->intent.destination = span_of(f->text + source, destination);
    f->claim = (struct rows_claim){.paths = {f->intent.source}, .renames = true};
    if (moves) {
        f->claim.paths[1] = f->intent.destination;
    } else if (intent->kind == STORE_INTENT_COPY) {
        f->claim.paths[0] = f->intent.destination;
        f->claim.paths[1] = f->intent.source;
        f->claim.copies = true;
    }
    return f;
}

void following_free(struct rows_following *f)
{
    if (!f)
        return;
    lock_gone_free(f->gone);
    free(f);
}

static void end(struct dav_share *share, struct rows_following *f)
{
    if (share->journal.store)
        store_keep_reserve(share->journal.store);
    rows_release(share->rows, &f->claim);
    following_free(f);
}

/* Where there is no room it is the tree's limit that a copy meets. */
static int from_store(int error)
{
    return error == -CANDOR_E_LIMIT ? -EDQUOT : store_errno(error);
}

/* Of a copy that cannot be finished nothing is left. */
static void turn_into_removal(struct rows_following *f)
{
    f->intent.kind = STORE_INTENT_DELETE;
    f->intent.source = f->intent.destination;
    f->intent.destination = SPAN("");
    f->progress = (struct store_progress){.phase = STORE_FOLLOWING};
    f->shallow = false;
}

static void leave_pending(struct authoring *a)
{
    struct rows_following *f = a->following;

    if (f->is_changed && f->intent.kind == STORE_INTENT_COPY)
        turn_into_removal(f);
    f->gone = a->locking.gone;
    a->locking.gone = NULL;
    a->following = NULL;
    rows_set_state(a->share->rows, &f->claim, ROWS_PENDING);
}

/* ---- Before the change */

static int identify(struct dav_share *share, struct span path, struct store_identity *ret)
{
    struct tree_identity found;
    int error = tree_identify(share->tree, path, &found);

    if (error == 0)
        *ret = (struct store_identity){found.inode, found.born_ns};
    return error;
}

/* Whether rows would have to follow, or locks to end. 0 or 1, or an error of the store. */
static int has_rows(struct dav_share *share, const struct store_intent *intent)
{
    const struct lock_journal *j = &share->journal;
    int result = 0;

    if (!j->store || store_is_unsure(j->store))
        return j->store != NULL;
    tree_lock(share->tree);
    if (intent->kind != STORE_INTENT_COPY)
        result = lock_table_has_subtree(share->locks, intent->source, false);
    if (intent->kind != STORE_INTENT_DELETE)
        result |= lock_table_has_subtree(share->locks, intent->destination, true);
    tree_unlock(share->tree);
    if (result || !store_tree_has_properties(j->store, j->tree))
        return result;
    result = store_has_below(j->store, j->tree, intent->source);
    if (result == 0 && intent->kind != STORE_INTENT_DELETE)
        result = store_has_below(j->store, j->tree, intent->destination);
    return result;
}

static int record(struct dav_share *share, struct rows_following *f)
{
    const struct lock_journal *j = &share->journal;
    struct store_change begin = {.kind = STORE_INTENT_BEGIN, .intent = &f->intent};
    int error = identify(share, f->intent.source, &f->intent.source_is);

    if (error == 0 && f->intent.kind != STORE_INTENT_DELETE)
        error = identify(share, f->intent.destination, &f->intent.destination_is);
    if (error == 0 && f->intent.kind == STORE_INTENT_COPY)
        error =
            from_store(store_can_copy(j->store, j->tree, f->intent.source, f->intent.destination));
    if (error)
        return error;
    f->intent.id = store_intent_id(j->store);
    error = store_errno(store_apply(j->store, j->tree, &begin, 1, NULL));
    // What may make room is not to need any that others have taken.
    if (error == -ENOSPC && f->intent.kind == STORE_INTENT_DELETE && store_use_reserve(j->store))
        error = store_errno(store_apply(j->store, j->tree, &begin, 1, NULL));
    return error;
}

int rows_begin(struct authoring *a, enum store_intent_kind kind)
{
    struct dav_share *share = a->share;
    const struct lock_journal *j = &share->journal;
    const struct store_intent intent = {.kind = kind,
                                        .source = a->target.path,
                                        .destination =
                                            a->destination ? a->destination->path : SPAN("")};
    struct rows_following *f = a->following;
    int error;

    if (!f)
        f = a->following = following_new(&intent);
    if (!f)
        return -ENOMEM;
    error = rows_claim(share->rows, &f->claim,
                       j->store && store_tree_has_properties(j->store, j->tree));
    if (error)
        return authoring_in_the_way(a, OUTCOME_names_busy); // it keeps its turn
    error = has_rows(share, &f->intent);
    f->follows = error > 0;
    f->is_decided = true;
    if (error > 0)
        error = rows_are_full(share->rows) ? -EINPROGRESS : record(share, f);
    else
        error = store_errno(error);
    if (error && f->intent.id && store_is_unsure(j->store)) {
        leave_pending(a); // it may be found by the next start
    } else if (error) {
        a->following = NULL;
        end(share, f);
    }
    return error == -EAGAIN ? authoring_in_the_way(a, OUTCOME_store_busy) : error;
}

void rows_names_changed(struct authoring *a)
{
    struct rows_following *f = a->following;

    if (f && f->follows)
        rows_set_state(a->share->rows, &f->claim, ROWS_FOLLOWING);
}

/* ---- After it */

/* The locks that end with the change, for the transaction of its first step: those that are known,
 * or all that a crash may have left (RFC 4918 §7.7, §9.6). *ret_changes is to be freed. */
static int end_locks(const struct rows_following *f, const struct lock_gone *gone,
                     struct store_change **ret_changes, size_t *ret_count)
{
    const struct store_intent *it = &f->intent;
    struct store_change *changes;
    struct store_lock *locks;
    size_t n = 0;

    for (const struct lock_gone *g = gone; g; g = g->next)
        n++;
    changes = calloc(n + 2, sizeof *changes + sizeof *locks);
    if (!changes)
        return -ENOMEM;
    locks = (struct store_lock *)(changes + n + 2);
    n = 0;
    for (const struct lock_gone *g = gone; g; g = g->next, locks++) {
        locks->token = g->lock.token;
        changes[n++] = (struct store_change){.kind = STORE_LOCK_DELETE, .lock = locks};
    }
    if (f->ends_locks && it->kind != STORE_INTENT_COPY)
        changes[n++] = (struct store_change){.kind = STORE_LOCKS_DELETE, .path = it->source};
    if (f->ends_locks && it->kind != STORE_INTENT_DELETE)
        changes[n++] = (struct store_change){
            .kind = STORE_LOCKS_DELETE, .path = it->destination, .only_below = true};
    *ret_changes = changes;
    *ret_count = n;
    return 0;
}

/* One transaction: some rows, and the end of the locks that are gone. A negated errno. */
static int step(struct dav_share *share, struct rows_following *f, bool is_partial,
                struct lock_gone **gone)
{
    const struct lock_journal *j = &share->journal;
    struct store_following following = {
        .intent = &f->intent, .shallow = f->shallow, .is_partial = is_partial};
    struct store_change *changes = NULL;
    int error = 0;

    if (*gone || f->ends_locks)
        error = end_locks(f, *gone, &changes, &following.count);
    if (error)
        return error;
    following.first = changes;
    error = store_follow(j->store, j->tree, &following, &f->progress);
    free(changes);
    if (error == 0) {
        lock_gone_free(*gone);
        *gone = NULL;
        f->ends_locks = false;
    }
    atomic_fetch_add(share->changes, 1);
    return from_store(error);
}

/* The rows of members that were not copied: none. And the end of it. */
static int end_partial(struct authoring *a, struct rows_following *f)
{
    const struct lock_journal *j = &a->share->journal;
    struct span to = f->intent.destination;
    struct store_change *changes = calloc(a->failures.count + 1, sizeof *changes);
    size_t n = 0;
    int error = changes ? 0 : -ENOMEM;

    for (const struct failed_member *m = a->failures.first; m && error == 0; m = m->next) {
        char *path = arena_alloc(&a->x->arena, to.len + 1 + m->length);

        if (!path) {
            error = -ENOMEM;
            break;
        }
        memcpy(path, to.ptr, to.len);
        path[to.len] = '/';
        memcpy(path + to.len + 1, m->path, m->length);
        changes[n++] = (struct store_change){.kind = STORE_PROPERTIES_DELETE,
                                             .path = span_of(path, to.len + 1 + m->length)};
    }
    if (f->intent.id)
        changes[n++] = (struct store_change){.kind = STORE_INTENT_FINISH, .intent = &f->intent};
    if (error == 0)
        error = store_errno(store_apply(j->store, j->tree, changes, n, NULL));
    free(changes);
    return error;
}

static void go_on(struct authoring *a)
{
    struct rows_following *f = a->following;
    bool is_partial = f->intent.kind == STORE_INTENT_COPY && a->failures.first;
    int error = f->progress.is_done ? 0 : step(a->share, f, is_partial, &a->locking.gone);

    if (error == 0 && f->progress.is_done && is_partial)
        error = end_partial(a, f);
    if (error == -EAGAIN && f->is_busy) {
        a->error = authoring_in_the_way(a, OUTCOME_not_durable);
        return;
    }
    f->is_busy = error == -EAGAIN;
    if (f->is_busy || (error == 0 && !f->progress.is_done)) {
        a->goes_on = true;
    } else if (error) {
        leave_pending(a);
        a->error = TREE_NOT_DURABLE;
    } else {
        a->error = f->result;
        a->following = NULL;
        end(a->share, f);
    }
}

/* It did not happen, and must not be taken at the next start for one that did. */
static void undo(struct authoring *a)
{
    struct rows_following *f = a->following;
    const struct lock_journal *j = &a->share->journal;
    struct store_change undone = {.kind = STORE_INTENT_FINISH, .intent = &f->intent};

    if (f->intent.id && store_apply(j->store, j->tree, &undone, 1, NULL) < 0) {
        leave_pending(a);
        return;
    }
    a->following = NULL;
    end(a->share, f);
}

void rows_follow(struct authoring *a, bool shallow)
{
    struct rows_following *f = a->following;

    f->is_changed = tree_is_changed(a->error);
    f->result = a->error;
    f->shallow = shallow;
    if (!f->follows || !f->is_changed) {
        undo(a);
        return;
    }
    rows_names_changed(a);
    go_on(a);
}

bool rows_resume(struct authoring *a)
{
    if (!a->following || !a->following->is_changed)
        return false;
    go_on(a);
    return true;
}

void rows_give_up(struct authoring *a)
{
    struct rows_following *f = a->following;

    if (!f)
        return;
    if (f->is_changed) {
        leave_pending(a);
        return;
    }
    a->following = NULL;
    end(a->share, f);
}

int following_settle(struct dav_share *share, struct rows_following *f)
{
    const struct lock_journal *j = &share->journal;
    struct store_change undone = {.kind = STORE_INTENT_FORGET, .intent = &f->intent};
    int error;

    if (f->is_changed) {
        error = step(share, f, false, &f->gone);
        if (error == -EDQUOT)
            turn_into_removal(f);
    } else {
        error = store_errno(store_apply(j->store, j->tree, &undone, 1, NULL));
    }
    if (error == -EDQUOT || (error == 0 && f->is_changed && !f->progress.is_done))
        return 1;
    if (error && error != -ESTALE) // that: the store does not have it
        return error;
    end(share, f);
    return 0;
}
