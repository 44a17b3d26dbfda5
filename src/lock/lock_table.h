// SPDX-License-Identifier: MIT
/*
 * The locks of one tree, in memory, shared by all workers: RFC 4918 §6 and §7. Nothing here blocks
 * or touches a disk: who grants or gives back a lock journals it in between.
 *
 *   grant, under the mutex -> the journal -> confirm (or withdraw), under the mutex
 *   release_begin          -> the journal -> release_end
 *
 * A lock that is not confirmed yet, or is being given back, stands in the way of others but is told
 * to nobody and no token names it.
 *
 * Every function but new, free, token_make and is_empty is called with the tree's mutex held
 * (tree_lock). Spans that are returned without an arena are valid while it is held. `now` is in
 * seconds of the clock of the boot, as no lock may last longer because the calendar is set back;
 * what has expired by then is dropped before anything else is looked at. Paths are as in tree.h.
 */
#ifndef CANDOR_LOCK_LOCK_TABLE_H
#define CANDOR_LOCK_LOCK_TABLE_H

#include "base/arena.h"
#include "base/span.h"

struct lock_table;

struct lock {
    struct span token; // a URI: "urn:uuid:..."
    struct span path;  // the lock's root
    bool infinite;     // its depth, else 0
    bool shared;       // else exclusive
    struct span owner; // XML that stands alone; empty: none
    struct span principal;
    int64_t timeout; // seconds, as granted
    int64_t expires; // seconds (clock_boot)
};

int lock_table_new(struct lock_table **ret_table);
/* Accepts NULL. */
void lock_table_free(struct lock_table *t);

enum { LOCK_TOKEN_SIZE = sizeof "urn:uuid:00000000-0000-4000-8000-000000000000" };

/* A new token (RFC 4122 §4.4). Without the mutex. -CANDOR_E_SYSTEM. */
int lock_token_make(char ret_token[LOCK_TOKEN_SIZE]);

/* Whether there is no lock at all; also without the mutex, then it may be so no longer. */
bool lock_table_is_empty(const struct lock_table *t);
size_t lock_table_count(struct lock_table *t, int64_t now);

/*
 * Whether another lock forbids this one: RFC 4918 §6.2, §9.10.5. NULL: none; else the root of the
 * nearest that does, those at and above the path first.
 */
const struct lock *lock_table_conflict(struct lock_table *t, struct span path, bool infinite,
                                       bool shared, int64_t now);

/*
 * Inserts a lock that nothing conflicts with; it waits for lock_table_confirm unless `confirmed`.
 * -CANDOR_E_EXISTS: there is a conflict, or such a token; -CANDOR_E_LIMIT, -CANDOR_E_MEMORY.
 */
int lock_table_grant(struct lock_table *t, const struct lock *lock, bool confirmed, int64_t now);
/* The journal has it. -CANDOR_E_ABSENT: it has expired meanwhile. */
int lock_table_confirm(struct lock_table *t, struct span token, int64_t now);
/* The journal does not have it. */
void lock_table_withdraw(struct lock_table *t, struct span token);

/* The lock with that token; NULL unless it is held and the path is in its scope. */
const struct lock *lock_table_find(struct lock_table *t, struct span token, struct span path,
                                   int64_t now);

/* Ends at now + timeout from here on; NULL as in lock_table_find. */
const struct lock *lock_table_refresh(struct lock_table *t, struct span token, struct span path,
                                      int64_t timeout, int64_t now);

/* -CANDOR_E_ABSENT as in lock_table_find. */
int lock_table_release_begin(struct lock_table *t, struct span token, struct span path,
                             int64_t now);
/* gone: the journal does not have it any more; else it is held again. */
void lock_table_release_end(struct lock_table *t, struct span token, bool gone);

/* Locks that were taken out of the table; what they point to is theirs. */
struct lock_gone {
    struct lock_gone *next;
    struct lock lock;
};
void lock_gone_free(struct lock_gone *list);

/* Takes out all that have their root at the path or below it, or only below it: RFC 4918 §7.7,
 * §9.6. For the journal, and then for lock_gone_free. */
struct lock_gone *lock_table_remove_subtree(struct lock_table *t, struct span path,
                                            bool only_below);
/* Whether there are any that it would take out. */
bool lock_table_has_subtree(const struct lock_table *t, struct span path, bool only_below);
/* Hands over some of those that have expired, which the journal may still have; NULL: none. */
struct lock_gone *lock_table_take_expired(struct lock_table *t, int64_t now);
/* Takes a list back that the journal could not be told of: it counts as expired. */
void lock_table_keep_gone(struct lock_table *t, struct lock_gone *list);

/* What the client submitted: RFC 4918 §10.4.1. Tokens count for who was granted their locks. */
struct lock_submission {
    const struct span *tokens;
    size_t count;
    struct span principal;
};

enum lock_reach {
    LOCK_REACH_RESOURCE, // the resource itself: content, properties, members of a collection
    LOCK_REACH_SUBTREE,  // and all below it
};

/*
 * Whether what would change is locked by somebody else: a resource is locked when locks apply to
 * it and no token of any of them was submitted. NULL: it is not; else one lock that forbids it.
 */
const struct lock *lock_table_blocks(struct lock_table *t, struct span path, enum lock_reach reach,
                                     const struct lock_submission *submitted, int64_t now);

/*
 * The locks that apply to the path, its own first: RFC 4918 §15.8. Copied to the arena, to outlive
 * the mutex. -CANDOR_E_MEMORY.
 */
int lock_table_discover(struct lock_table *t, struct span path, int64_t now, struct arena *arena,
                        struct lock **ret_locks, size_t *ret_count);

/* A copy on the arena. -CANDOR_E_MEMORY. */
int lock_copy(const struct lock *lock, struct arena *arena, struct lock *ret_lock);

#endif
