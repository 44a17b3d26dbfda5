// SPDX-License-Identifier: MIT
/*
 * Locks in the store, so that a restart keeps them. Every function blocks and is called without the
 * tree's mutex. Results are 0 or a negated errno.
 */
#ifndef CANDOR_LOCK_LOCK_JOURNAL_H
#define CANDOR_LOCK_LOCK_JOURNAL_H

#include "lock/lock_table.h"
#include "state/store.h"
#include "tree/tree.h"

struct lock_journal {
    struct store *store; // NULL: locks end with the process
    uint32_t tree;
    char boot[sizeof "00000000-0000-4000-8000-000000000000"]; // its name; "": not known
};

/* Of locks: seconds (clock_boot). */
int64_t lock_now(void);

/* Finds out the name of this boot. */
void lock_journal_read_boot(struct lock_journal *j);

/*
 * Fills the table with what the store has and the tree still has a place for: a lock whose root is
 * gone was removed with it, just before a crash. Those, and the expired ones, are deleted. What is
 * left of a lock's time is exact within a boot; after another the calendar (seconds since 1970)
 * tells it, but never more than was granted.
 */
int lock_journal_load(const struct lock_journal *j, struct tree *tree, struct lock_table *table,
                      int64_t now, int64_t calendar);

/* What expired meanwhile is deleted in passing; the list is freed. */
int lock_journal_insert(const struct lock_journal *j, const struct lock *lock,
                        struct lock_gone *expired);
int lock_journal_refresh(const struct lock_journal *j, const struct lock *lock);
int lock_journal_delete(const struct lock_journal *j, struct span token);
/* Deletes all of the list, in one transaction. Does not free it. */
int lock_journal_delete_gone(const struct lock_journal *j, const struct lock_gone *gone);

#endif
