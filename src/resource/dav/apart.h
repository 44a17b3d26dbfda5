// SPDX-License-Identifier: MIT
/*
 * Folders that clients write to share nothing, also when a path comes to lead elsewhere while the
 * program runs: else two of them would not know of each other's locks, temporaries and caches.
 * Blocks; for all threads.
 */
#ifndef CANDOR_RESOURCE_DAV_APART_H
#define CANDOR_RESOURCE_DAV_APART_H

#include "base/list.h"
#include "fs/climb.h"

/* One such folder, or none. */
struct apart {
    struct list link;
    const char *path;
    struct folder_id folder;
};

/* path has to stay. */
void apart_init(struct apart *a, const char *path);
/* It is the folder that the path leads to now: 0, or -ROOT_SHARED where that is another's, within
 * it or around it; it is none then. */
int apart_claim(struct apart *a);
/* It is none any more. */
void apart_leave(struct apart *a);

#endif
