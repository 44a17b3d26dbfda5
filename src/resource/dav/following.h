// SPDX-License-Identifier: MIT
/*
 * Dead properties follow their resource through DELETE, MOVE and COPY. For the pool.
 */
#ifndef CANDOR_RESOURCE_DAV_FOLLOWING_H
#define CANDOR_RESOURCE_DAV_FOLLOWING_H

#include "resource/dav/rows.h"
#include "state/store.h"

struct authoring;

struct dav_share;

struct rows_following {
    struct rows_claim claim;
    struct store_intent intent;
    bool follows;  // there are rows that may have to follow
    bool recorded; // the intent is in the store
};
/* rows_claim, which the step has to begin with: it is made again while others are in the way. */
int rows_await(struct authoring *a, struct rows_claim *claim, bool patient);
/* Before the change. A negated errno, and then there is nothing to end. */
int rows_begin(struct authoring *a, struct rows_following *f, enum store_intent_kind kind);
/* After it, whether anything changed (a->error) or not. shallow: a copy without members. */
void rows_end(struct authoring *a, struct rows_following *f, bool shallow);
/* At start: what a crash has left between the two. */
int rows_recover(struct dav_share *share);

#endif
