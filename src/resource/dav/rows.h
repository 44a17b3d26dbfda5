// SPDX-License-Identifier: MIT
/*
 * Dead properties and the names they belong to change together: who sets properties of a path, and
 * who gives paths to other things (DELETE, MOVE, COPY), claims the path first, so that no row is
 * written for a name whose resource is just being replaced. In memory, for one tree.
 */
#ifndef CANDOR_RESOURCE_DAV_ROWS_H
#define CANDOR_RESOURCE_DAV_ROWS_H

#include "base/span.h"

struct rows;

int rows_new(struct rows **ret_rows);
/* Accepts NULL. */
void rows_free(struct rows *r);

/* One's own until rows_release; on the stack of who claims. */
struct rows_claim {
    struct span paths[2]; // a renamer's: with all that is below. ptr NULL: none
    bool renames;         // else it sets properties of paths[0] alone
    bool is_long;         // as of struct work: what is not so keeps no thread waiting for it
    struct rows_claim *next;
};

/*
 * Waits for those who have claimed before and would be disturbed. `patient`: also for others that
 * rename. -ETIMEDOUT: it took too long; -EAGAIN: it may take long, so the claim is to be made again
 * later, and the thread left to others. Nothing is claimed then.
 */
int rows_claim(struct rows *r, struct rows_claim *claim, bool patient);
void rows_release(struct rows *r, struct rows_claim *claim);

#endif
