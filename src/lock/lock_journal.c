// SPDX-License-Identifier: MIT
#include "lock/lock_journal.h"

#include "base/error.h"

#include <errno.h>
#include <stdlib.h>

static struct store_lock stored(const struct lock *lock)
{
    return (struct store_lock){
        .token = lock->token,
        .path = lock->path,
        .infinite = lock->infinite,
        .shared = lock->shared,
        .timeout = lock->timeout,
        .expires = lock->expires,
        .owner = lock->owner,
        .principal = lock->principal,
    };
}

static size_t count_gone(const struct lock_gone *gone)
{
    size_t n = 0;

    for (; gone; gone = gone->next)
        n++;
    return n;
}

/* One transaction: what is gone, and one change more, if any. */
static int apply(const struct lock_journal *j, const struct lock_gone *gone,
                 const struct store_change *last)
{
    size_t n = count_gone(gone), at = 0;
    struct store_change *changes;
    struct store_lock *locks;
    int error;

    if (!j->store || n + (last != NULL) == 0)
        return 0;
    changes = calloc(n + 1, sizeof *changes);
    locks = calloc(n + 1, sizeof *locks);
    if (!changes || !locks) {
        free(changes);
        free(locks);
        return -ENOMEM;
    }
    for (; gone; gone = gone->next, at++) {
        locks[at] = stored(&gone->lock);
        changes[at] = (struct store_change){.kind = STORE_LOCK_DELETE, .lock = &locks[at]};
    }
    if (last)
        changes[at++] = *last;
    error = store_errno(store_apply(j->store, j->tree, changes, at, NULL));
    free(changes);
    free(locks);
    return error;
}

int lock_journal_insert(const struct lock_journal *j, const struct lock *lock,
                        struct lock_gone *expired)
{
    struct store_lock s = stored(lock);
    struct store_change change = {.kind = STORE_LOCK_INSERT, .lock = &s};
    int error = apply(j, expired, &change);

    lock_gone_free(expired);
    return error;
}

int lock_journal_refresh(const struct lock_journal *j, const struct lock *lock)
{
    struct store_lock s = stored(lock);
    struct store_change change = {.kind = STORE_LOCK_REFRESH, .lock = &s};

    return apply(j, NULL, &change);
}

int lock_journal_delete(const struct lock_journal *j, struct span token)
{
    struct store_lock s = {.token = token};
    struct store_change change = {.kind = STORE_LOCK_DELETE, .lock = &s};

    return apply(j, NULL, &change);
}

int lock_journal_delete_gone(const struct lock_journal *j, const struct lock_gone *gone)
{
    return apply(j, gone, NULL);
}

struct loading {
    struct lock_table *table;
    struct tree *tree;
    struct lock_gone *gone; // not to be kept
    int64_t now;
};

/* Sets a lock aside: the store must not be called during a visit. */
static int set_aside(struct loading *l, const struct lock *lock)
{
    struct lock_gone *gone = calloc(1, sizeof *gone + lock->token.len);

    if (!gone)
        return -CANDOR_E_MEMORY;
    gone->lock.token = span_of(memcpy(gone + 1, lock->token.ptr, lock->token.len), lock->token.len);
    gone->next = l->gone;
    l->gone = gone;
    return 0;
}

static int load_one(void *context, const struct store_lock *s)
{
    struct loading *l = context;
    struct lock lock = {s->token, s->path,      s->infinite, s->shared,
                        s->owner, s->principal, s->timeout,  s->expires};
    struct tree_look look;
    int error;

    if (lock.expires <= l->now)
        return set_aside(l, &lock);
    if (tree_look(l->tree, lock.path, &look) == 0 && look.here.kind == TREE_ABSENT)
        return set_aside(l, &lock);
    tree_lock(l->tree);
    error = lock_table_grant(l->table, &lock, true, l->now);
    tree_unlock(l->tree);
    if (error == -CANDOR_E_EXISTS || error == -CANDOR_E_LIMIT)
        return set_aside(l, &lock);
    return error;
}

int lock_journal_load(const struct lock_journal *j, struct tree *tree, struct lock_table *table,
                      int64_t now)
{
    struct loading l = {.table = table, .tree = tree, .now = now};
    int error;

    if (!j->store)
        return 0;
    error = store_errno(store_locks_visit(j->store, j->tree, load_one, &l));
    if (error == 0)
        error = lock_journal_delete_gone(j, l.gone);
    lock_gone_free(l.gone);
    return error;
}
