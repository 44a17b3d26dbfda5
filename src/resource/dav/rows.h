// SPDX-License-Identifier: MIT
/*
 * Dead properties and the names they belong to change together: who sets properties of a path, and
 * who gives paths to other things (DELETE, MOVE, COPY), claims the path first, so that no row is
 * written for a name whose resource is just being replaced. A claim stays until the rows are where
 * the names are: also without its exchange, where the store could not be made to do that (pending).
 * In memory, for one tree. Nothing here waits.
 */
#ifndef CANDOR_RESOURCE_DAV_ROWS_H
#define CANDOR_RESOURCE_DAV_ROWS_H

#include "base/span.h"

#include <stdint.h>

struct rows;

int rows_new(struct rows **ret_rows);
/* No claim is left. Accepts NULL. */
void rows_free(struct rows *r);

enum rows_state {
    ROWS_UNCLAIMED,
    ROWS_WAITING,   // a renamer's that has its turn before those who come later
    ROWS_CLAIMED,   // nothing has changed yet
    ROWS_FOLLOWING, // the names have changed, and the rows not all
    ROWS_PENDING,   // and nobody is at work on that, until the store can be made to do it
};

/* One's own, with its paths, until rows_release; all zeros but for these three at first. */
struct rows_claim {
    struct span paths[2]; // a renamer's: with all that is below. ptr NULL: none
    bool renames;         // else it sets properties of paths[0] alone
    bool copies;          // paths[1] only has the rows that follow: it matters while they do
    enum rows_state state;
    bool is_settling; // somebody is at work on one that is pending
    uint64_t number;  // in their order
    struct rows_claim *next;
};

/*
 * `patient`: also other renamers are in the way, not only who sets. -EAGAIN: somebody is, and the
 * claim is to be made again later; a renamer keeps its turn until then, and has to be released
 * if it does not come again.
 */
int rows_claim(struct rows *r, struct rows_claim *claim, bool patient);
/* In whatever state it is. */
void rows_release(struct rows *r, struct rows_claim *claim);
/* The names of a claim have changed, or whoever had it leaves it. */
void rows_set_state(struct rows *r, struct rows_claim *claim, enum rows_state state);
/* Adds one that is pending from the beginning. */
void rows_add_pending(struct rows *r, struct rows_claim *claim);

/* Whether any is pending; and whether no more may become so. */
bool rows_are_pending(const struct rows *r);
bool rows_are_full(const struct rows *r);
/* Whether the rows of that path may not be there yet, or may not be its own. */
bool rows_are_moving(struct rows *r, struct span path);
/*
 * One that is pending and has to do with that path (ptr NULL: with any), for the caller to settle:
 * then it is released, or left. 1: there is one; 0: there is none; -EAGAIN: others are at work on
 * it.
 */
int rows_take_pending(struct rows *r, struct span path, struct rows_claim **ret_claim);
/* It could not be settled; others are taken before it. */
void rows_leave(struct rows *r, struct rows_claim *claim);

#endif
