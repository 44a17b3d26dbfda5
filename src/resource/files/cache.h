// SPDX-License-Identifier: MIT
/*
 * What a route remembers per worker: path to snapshot, believed for LIMIT_FILES_FRESH ms. What is
 * asked for meanwhile needs no call of the file system (but of an open file, whose content is not
 * in memory, whether it changed); what is older is looked at again in the pool, once for all who
 * wait. That a look failed is told to those who wait for it, and not remembered.
 */
#ifndef CANDOR_RESOURCE_FILES_CACHE_H
#define CANDOR_RESOURCE_FILES_CACHE_H

#include "resource/files/snapshot.h"

struct file_cache;

/* Somebody who waits for a snapshot; all zeros but for on_found, before it is used. */
struct file_waiter {
    struct list link; // of those who wait for one path; in none: it does not wait
    /* s: a reference for the waiter, or NULL when there was no memory. */
    void (*on_found)(struct file_waiter *w, struct snapshot *s);
};

/* What it is given must outlive it. */
int file_cache_open(struct served *served, const struct files_options *options, struct loop *loop,
                    struct offload *pool, const struct media_type_map *types,
                    struct file_cache **ret_cache);
/* No look-up may be under way. Accepts NULL. */
void file_cache_free(struct file_cache *c);

/*
 * True: the snapshot of a relative path is known and fresh; *ret_snapshot is a reference for the
 * caller, or NULL when there is no memory. False: it is being looked for, and w->on_found will be
 * called (never before this returned).
 */
bool file_cache_find(struct file_cache *c, struct span path, struct file_waiter *w,
                     struct snapshot **ret_snapshot);
/* True: it waited, and does so no more: on_found will not be called. */
bool file_cache_cancel(struct file_waiter *w);

#endif
