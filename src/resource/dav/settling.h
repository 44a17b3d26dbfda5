// SPDX-License-Identifier: MIT
/*
 * Changes of names whose rows could not be made to follow, as the store failed or the process
 * ended: they are settled as soon as the store works, before anything else is done with these
 * names. Until then no row of theirs is told or taken.
 */
#ifndef CANDOR_RESOURCE_DAV_SETTLING_H
#define CANDOR_RESOURCE_DAV_SETTLING_H

#include "base/span.h"

struct authoring;
struct dav_share;

/*
 * For the pool: goes on with what is pending about a path. 0: nothing is, or not any more; -EAGAIN:
 * somebody is at it, or it takes longer; else the store fails: -EINPROGRESS, or what it says.
 */
int settle_path(struct dav_share *share, struct span path);
/* For what the exchange is to change; a->error, or in the way. */
void settle_names(struct authoring *a);

/*
 * For the pool: goes on with one that is pending. Negative: none is, or the store fails; else there
 * may be more to do.
 */
int settle_next(struct dav_share *share);

/* As a share is opened: what a crash has left. What the store cannot do now is pending. */
int settling_recover(struct dav_share *share);
/* At the end: what is pending is for the next start. */
void settling_forget(struct dav_share *share);

#endif
