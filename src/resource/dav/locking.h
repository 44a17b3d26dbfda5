// SPDX-License-Identifier: MIT
/*
 * LOCK and UNLOCK, and what locks mean to every other method: RFC 4918 §6, §7, §9.10, §9.11.
 */
#ifndef CANDOR_RESOURCE_DAV_LOCKING_H
#define CANDOR_RESOURCE_DAV_LOCKING_H

#include "graph/exchange.h"
#include "lock/lock_facts.h"
#include "lock/lock_table.h"
#include "resource/dav/xml/multistatus_write.h"

struct authoring;

/* What locks say of the request, and the lock that it asks for. */
struct locking {
    struct lock_facts facts;
    struct lock_verdict verdict;
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
enum step meaning_begin(struct authoring *a);
/* Makes a change one that no lock forbids, and locks end with what they were on. */
void locks_add_terms(struct authoring *a, struct tree_terms *terms);
/* After such a change, in the pool: the journal forgets the locks that ended. */
void locks_forget(struct authoring *a);
void change_lock(struct authoring *a);
void change_unlock(struct authoring *a);
/* Adds what it knows to the response; nothing where the outcome is not about locks. */
void locks_respond(struct exchange *x);

/* An error element as the response's content, about a path of the tree (ptr NULL: none). */
void respond_condition(struct exchange *x, enum dav_condition condition, struct span path,
                       bool is_folder);

#endif
