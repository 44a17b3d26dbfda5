// SPDX-License-Identifier: MIT
/*
 * The effects of LOCK and UNLOCK, for the pool.
 */
#ifndef CANDOR_RESOURCE_DAV_GRANTING_H
#define CANDOR_RESOURCE_DAV_GRANTING_H

struct authoring;

void change_lock(struct authoring *a);
void change_unlock(struct authoring *a);

#endif
