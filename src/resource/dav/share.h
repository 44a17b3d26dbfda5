// SPDX-License-Identifier: MIT
/*
 * What all workers share of one route, and what each of them has of its own.
 *
 * The path of a route may lead to another folder while it is served. What is known of a folder
 * (locks, uploads, what is under way) is that folder's: it has a share of its own, and an exchange
 * keeps to the share that it began with. In the store it all belongs to the folder's real path, as
 * after a restart: with `mv share old; mkdir share` the new folder has the properties that the
 * store has for its names, and those locks whose names it has.
 */
#ifndef CANDOR_RESOURCE_DAV_SHARE_H
#define CANDOR_RESOURCE_DAV_SHARE_H

#include "lock/lock_journal.h"
#include "resource/dav/answer_cache.h"
#include "resource/dav/dav.h"
#include "resource/dav/rows.h"
#include "resource/files/media_type_map.h"
#include "tree/tree.h"
#include "upload/upload_table.h"

/* What all share of one folder that the route's path leads to, or did. */
struct dav_share {
    const struct files_options *options;
    struct root *root;
    struct tree *tree;
    struct lock_table *locks; // guarded by the tree's mutex
    struct lock_journal journal;
    struct upload_table *uploads;
    const struct media_type_map *types;
    struct rows *rows;         // who changes dead properties, and names with such
    _Atomic uint64_t *changes; // dav_site_changes()
    struct dav_share *next;    // of those that the path does not lead to any more
    atomic_uint uses;
    atomic_bool swept; // or somebody does it
};

/*
 * One for the folder that the path leads to now; an exchange takes it once and keeps to it, and
 * leaves it at its end. To use blocks. A negated errno, for fs_failure().
 */
int dav_share_use(struct dav_site *site, struct dav_share **ret_share);
/* That one without waiting for anything; NULL where it takes dav_share_use() to know it. */
struct dav_share *dav_share_use_at_once(struct dav_site *site);
struct dav_share *dav_share_use_again(struct dav_share *share);
/* Accepts NULL. */
void dav_share_leave(struct dav_share *share);

/* Grows with every change that was made, and when the path leads elsewhere. */
_Atomic uint64_t *dav_site_changes(const struct dav_site *site);
/* What was known of where the path leads is not so any more. */
void dav_site_distrust(struct dav_site *site);

/* Whether the path has led to another folder before. */
bool dav_site_has_turned(const struct dav_site *site);

/* Uploads that were silent too long, and what is left of folders of before. Blocks. */
void dav_site_clean(struct dav_site *site, int64_t now);
/* Whether there is nothing to be cleaned; does not block. */
bool dav_site_is_clean(struct dav_site *site);

struct dav {
    struct resource resource;
    struct dav_site *site;
    struct loop *loop;
    struct offload *pool;
    struct answer_cache *answers;
    struct timer expiry_timer; // uploads that were silent too long
    struct work expiry;
    struct timer settling_timer; // rows that could not follow their names (settling.h)
    struct work settling;
    bool is_settling, settles_more, settles_later;
};

#endif
