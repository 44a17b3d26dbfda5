// SPDX-License-Identifier: MIT
/*
 * What locks and If say of a request, and of the change that it makes: RFC 4918 §6, §7, §10.4. The
 * facts, and the terms of changes.
 */
#ifndef CANDOR_RESOURCE_DAV_LOCKING_H
#define CANDOR_RESOURCE_DAV_LOCKING_H

#include "graph/exchange.h"
#include "lock/lock_facts.h"
#include "lock/lock_table.h"

struct authoring;

/* What locks say of the request, and the lock that it asks for. */
struct locking {
    struct lock_facts facts;
    struct lock_verdict verdict;
    bool has_meaning;              // the content was understood
    bool token_known, conflicting; // as in struct lock_state
    struct span blocking;          // the root of the lock that is in the way
    bool blocking_is_folder;
    struct lock lock; // granted or refreshed
    char token[LOCK_TOKEN_SIZE];
    bool inserted;             // it is in the table, and waits for the journal
    bool conflict_below;       // it is refused for a lock on a member
    struct lock_gone *expired; // for the journal, with the new lock
    struct lock_gone *gone;    // for the journal, with what they were on
};

enum step locks_begin(struct authoring *a);
void locks_run(struct authoring *a);
enum step locks_end(struct authoring *a);
/* What XML asks for, and whether the lock can be had that it asks for. */
enum step meaning_begin(struct authoring *a);
void meaning_run(struct authoring *a);
enum step meaning_end(struct authoring *a);
/* Makes a change one that no lock forbids, and locks end with what they were on. */
void locks_add_terms(struct authoring *a, struct tree_terms *terms);
/* After such a change, in the pool: the journal forgets the locks that ended. */
void locks_forget(struct authoring *a);

/* A LOCK that is without content; known once that has come. */
bool locks_is_refresh(const struct authoring *a);
/* Whether the lock asked for is of infinite depth. */
bool locks_is_infinite(const struct authoring *a);
/* Of a struct authoring, with the tree's mutex: -ESTALE when locks or If say otherwise than when
 * they were asked; -ENOMEM. */
int locks_check(void *context);
/* With the mutex: who stands in the way of the lock asked for. Below its root: *ret_below. 0 or
 * -ENOMEM. */
int locks_find_conflict(struct authoring *a, int64_t now, bool *ret_conflict, bool *ret_below);

#endif
