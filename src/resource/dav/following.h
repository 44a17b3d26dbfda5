// SPDX-License-Identifier: MIT
/*
 * Dead properties follow their resource through DELETE, MOVE and COPY, in steps: an intent is
 * written before the names change, then some rows follow in each transaction, and the last of these
 * ends the intent. All that this needs is had before the names change, so that it can be gone on
 * with whenever the store works. For the pool, but where it is said.
 */
#ifndef CANDOR_RESOURCE_DAV_FOLLOWING_H
#define CANDOR_RESOURCE_DAV_FOLLOWING_H

#include "resource/dav/rows.h"
#include "state/store.h"

struct authoring;
struct dav_share;
struct lock_gone;

/* One DELETE, MOVE or COPY. */
struct rows_following {
    struct rows_claim claim;
    struct store_intent intent; // its paths are in text
    struct store_progress progress;
    bool follows;           // there are rows that have to follow, or locks that end
    bool ends_locks;        // of one that a crash has left: all that were at these names
    bool is_decided;        // whether the names have changed is known
    bool is_changed;        // they have
    bool shallow;           // a copy without members
    bool is_busy;           // another program had the store in the last step
    int result;             // of the change, for the answer
    struct lock_gone *gone; // of a pending one: locks of whose end the store is to be told
    char text[];
};

/*
 * Before the change; a->following is it then. A negated errno: nothing is to be changed. -EAGAIN:
 * in the way (authoring_in_the_way), to be begun again.
 */
int rows_begin(struct authoring *a, enum store_intent_kind kind);
/* With the tree's mutex, as the names change. */
void rows_names_changed(struct authoring *a);
/* After it, whether anything changed (a->error) or not: the first step. a->error is the result,
 * or a->goes_on: rows_resume has to follow. */
void rows_follow(struct authoring *a, bool shallow);
/* Whether the names have changed in an earlier run; then one step more is made. */
bool rows_resume(struct authoring *a);
/* In any thread: the exchange has no more time. What is not finished is pending. */
void rows_give_up(struct authoring *a);

/* ---- What is pending (settling.h) */

struct rows_following *following_new(const struct store_intent *intent);
/* Accepts NULL. */
void following_free(struct rows_following *f);
/* The next step. 1: there are more; 0: it is ended, and released and freed; else a negated errno.
 */
int following_settle(struct dav_share *share, struct rows_following *f);

#endif
