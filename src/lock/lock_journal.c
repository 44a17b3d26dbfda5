// SPDX-License-Identifier: MIT
#include "lock/lock_journal.h"

#include "base/clock.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static const char BOOT_ID[] = "/proc/sys/kernel/random/boot_id";

int64_t lock_now(void)
{
    return clock_boot() / CLOCK_SECOND;
}

void lock_journal_read_boot(struct lock_journal *j)
{
    int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, j->boot, sizeof j->boot - 1);

    j->boot[n < 0 ? 0 : n] = '\0';
    if (fd >= 0)
        close(fd);
}

static struct store_lock stored(const struct lock_journal *j, const struct lock *lock)
{
    int64_t left = lock->expires - lock_now();

    return (struct store_lock){
        .token = lock->token,
        .path = lock->path,
        .infinite = lock->infinite,
        .shared = lock->shared,
        .timeout = lock->timeout,
        .expires = clock_realtime() / CLOCK_SECOND + left,
        .boot_expires = lock->expires,
        .boot = span_from_str(j->boot),
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
        locks[at] = stored(j, &gone->lock);
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
    struct store_lock s = stored(j, lock);
    struct store_change change = {.kind = STORE_LOCK_INSERT, .lock = &s};
    int error = apply(j, expired, &change);

    lock_gone_free(expired);
    return error;
}

int lock_journal_refresh(const struct lock_journal *j, const struct lock *lock)
{
    struct store_lock s = stored(j, lock);
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
    const char *boot;
    int64_t now, calendar;
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

/* When it expires, by the clock of this boot. */
static int64_t expires_of(const struct loading *l, const struct store_lock *s)
{
    int64_t left = s->expires - l->calendar;

    if (*l->boot && span_eq(s->boot, span_from_str(l->boot)))
        return s->boot_expires;
    return l->now + (left < s->timeout ? left : s->timeout);
}

static int load_one(void *context, const struct store_lock *s)
{
    struct loading *l = context;
    struct lock lock = {s->token, s->path,      s->infinite, s->shared,
                        s->owner, s->principal, s->timeout,  expires_of(l, s)};
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
                      int64_t now, int64_t calendar)
{
    struct loading l = {
        .table = table, .tree = tree, .boot = j->boot, .now = now, .calendar = calendar};
    int error;

    if (!j->store)
        return 0;
    error = store_errno(store_locks_visit(j->store, j->tree, load_one, &l));
    if (error == 0)
        error = lock_journal_delete_gone(j, l.gone);
    lock_gone_free(l.gone);
    return error;
}
