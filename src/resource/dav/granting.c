// SPDX-License-Identifier: MIT
/*
 * LOCK and UNLOCK: RFC 4918 §9.10, §9.11. A lock is in the table before it is in the journal, and
 * is only told when it is in both.
 */
#include "resource/dav/granting.h"

#include "base/error.h"
#include "base/limits.h"
#include "http/dav_fields.h"
#include "resource/dav/authoring.h"

#include <errno.h>

static int64_t granted_timeout(const struct authoring *a)
{
    static const struct timeout_bounds bounds = {
        LIMIT_LOCK_TIMEOUT / 1000, LIMIT_LOCK_TIMEOUT_LEAST / 1000, LIMIT_LOCK_TIMEOUT_MOST / 1000};

    return timeout_parse(message_field(&a->x->request, FIELD_timeout), &bounds);
}

static int refresh(struct authoring *a)
{
    struct dav_share *share = a->share;
    int64_t now = lock_now();
    const struct lock *lock;
    int error = -ESTALE;

    tree_lock(share->tree);
    lock = lock_facts_named(&a->locking.facts, share->locks, now);
    if (lock)
        lock = lock_table_refresh(share->locks, lock->token, lock->path, granted_timeout(a), now);
    if (lock)
        error = lock_copy(lock, &a->x->arena, &a->locking.lock) < 0 ? -ENOMEM : 0;
    tree_unlock(share->tree);
    return error ? error : lock_journal_refresh(&share->journal, &a->locking.lock);
}

/* With the mutex: a lock that waits for the journal. */
static int insert(void *context)
{
    struct authoring *a = context;
    struct dav_share *share = a->share;
    int64_t now = lock_now();
    bool conflict, below;
    int error = locks_check(a);

    if (error == 0)
        error = locks_find_conflict(a, now, &conflict, &below);
    if (error)
        return error;
    if (conflict) {
        a->locking.conflict_below = below;
        return below ? -ECANCELED : -ESTALE;
    }
    a->locking.lock.timeout = granted_timeout(a);
    a->locking.lock.expires = now + a->locking.lock.timeout;
    switch (lock_table_grant(share->locks, &a->locking.lock, false, now)) {
    case 0:
        a->locking.inserted = true;
        a->locking.expired = lock_table_take_expired(share->locks, now);
        return 0;
    case -CANDOR_E_LIMIT:
        a->cause = OUTCOME_storage_full;
        return -ENOSPC;
    default:
        return -ENOMEM;
    }
}

static void withdraw(struct authoring *a)
{
    struct dav_share *share = a->share;

    if (!a->locking.inserted)
        return;
    tree_lock(share->tree);
    lock_table_withdraw(share->locks, a->locking.lock.token);
    lock_table_keep_gone(share->locks, a->locking.expired);
    tree_unlock(share->tree);
    a->locking.inserted = false;
    a->locking.expired = NULL;
}

/* The lock is there before the second look, so nothing can remove the resource after it. */
static int insert_on_existing(struct authoring *a)
{
    struct tree *tree = a->share->tree;
    struct tree_look look;
    int error;

    tree_lock(tree);
    error = insert(a);
    tree_unlock(tree);
    if (error == 0)
        error = tree_look(tree, a->target.path, &look);
    if (error == 0 && (look.here.kind == TREE_ABSENT || look.is_link))
        error = -ESTALE;
    return error;
}

/* RFC 4918 §7.3: a lock on a name that is not mapped makes an empty resource. */
static int insert_with_resource(struct authoring *a)
{
    struct tree_terms terms = {.must_not_exist = true, .check = insert, .context = a};

    return tree_put(a->share->tree, a->target.path, SPAN(""), a->content.fields.modified_ns, &terms,
                    &a->result);
}

static int confirm(struct authoring *a)
{
    struct dav_share *share = a->share;
    struct lock_gone *expired = a->locking.expired;
    int error;

    a->locking.expired = NULL;
    error = lock_journal_insert(&share->journal, &a->locking.lock, expired);
    if (error)
        return error;
    tree_lock(share->tree);
    error = lock_table_confirm(share->locks, a->locking.lock.token, lock_now()) < 0 ? -ESTALE : 0;
    tree_unlock(share->tree);
    return error;
}

static int grant(struct authoring *a)
{
    bool absent = a->target.look.here.kind == TREE_ABSENT;
    int error;

    if (lock_token_make(a->locking.token) < 0)
        return -EIO;
    a->locking.inserted = a->locking.conflict_below = false;
    a->locking.lock = (struct lock){.token = span_of(a->locking.token, LOCK_TOKEN_SIZE - 1),
                                    .path = a->target.path,
                                    .infinite = locks_is_infinite(a),
                                    .shared = !a->xml->lockinfo.exclusive,
                                    .owner = a->xml->lockinfo.owner,
                                    .principal = a->locking.facts.principal};
    error = absent ? insert_with_resource(a) : insert_on_existing(a);
    if (error == 0)
        error = confirm(a);
    if (error == 0)
        return 0;
    if (a->result.created) { // nobody else can have it yet
        struct tree_terms terms = {.target = &a->result.now};
        int undone = tree_delete(a->share->tree, a->target.path, &terms);

        a->result.created = false;
        if (error == TREE_NOT_DURABLE && tree_is_changed(undone))
            error = -EIO;
    }
    withdraw(a);
    return error;
}

void change_lock(struct authoring *a)
{
    a->error = root_check(a->share->root); // a lock has no change of the tree that would ask
    if (a->error == 0)
        a->error = locks_is_refresh(a) ? refresh(a) : grant(a);
    if (a->error == -EAGAIN)
        a->error = authoring_in_the_way(a, OUTCOME_store_busy);
    a->answer.has_result = a->error == 0;
    if (a->locking.conflict_below)
        a->error = 0; // told as a multi-status
}

/* ---- UNLOCK */

void change_unlock(struct authoring *a)
{
    struct dav_share *share = a->share;
    int64_t now = lock_now();
    const struct lock *lock;
    struct span token;
    int error = -ESTALE;

    a->error = root_check(a->share->root);
    if (a->error == 0 && !lock_token_parse(message_field(&a->x->request, FIELD_lock_token), &token))
        a->error = -ESTALE;
    if (a->error)
        return;
    tree_lock(share->tree);
    lock = lock_facts_find(share->locks, token, &a->target.names, now);
    if (lock)
        error = lock_table_release_begin(share->locks, token, lock->path, now);
    tree_unlock(share->tree);
    if (error) {
        a->error = -ESTALE;
        return;
    }
    a->error = lock_journal_delete(&share->journal, token);
    tree_lock(share->tree);
    lock_table_release_end(share->locks, token, a->error == 0);
    tree_unlock(share->tree);
    if (a->error == -EAGAIN)
        a->error = authoring_in_the_way(a, OUTCOME_store_busy);
}
