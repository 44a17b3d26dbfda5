// SPDX-License-Identifier: MIT
/*
 * REPORT with DAV:sync-collection: RFC 6578. For the pool.
 */
#ifndef CANDOR_RESOURCE_DAV_SYNC_H
#define CANDOR_RESOURCE_DAV_SYNC_H

#include "resource/dav/sync_state.h"
#include "resource/dav/telling.h"

/*
 * What the request asks for becomes what is told (t->sync). A negated errno; where it is
 * -ECANCELED the exchange's cause says more.
 */
int sync_begin(struct telling *t);

/*
 * The token that a folder has now, by its path without links, for its members alone; on the arena.
 * ptr NULL: none can be had. -ENOMEM or -EINTR.
 */
int sync_current(const struct authoring *a, struct span path, struct arena *arena,
                 struct span *ret_token);

#endif
