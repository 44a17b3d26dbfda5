// SPDX-License-Identifier: MIT
/*
 * What all workers share of one route, and what each of them has of its own.
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

/* Intents of changes that were not made, which the store could not be made to forget yet. */
struct rows_undone {
    uint64_t ids[16]; // more are for the next start
    size_t count;
};

struct dav_share {
    const struct files_options *options;
    struct tree *tree;
    _Atomic uint64_t changes;
    struct lock_table *locks; // guarded by the tree's mutex
    struct lock_journal journal;
    struct upload_table *uploads;
    const struct media_type_map *types;
    struct rows *rows;         // who changes dead properties, and names with such
    struct rows_undone undone; // guarded by the tree's mutex
};

struct dav {
    struct resource resource;
    struct dav_share *share;
    struct loop *loop;
    struct offload *pool;
    struct answer_cache *answers;
    struct timer expiry_timer; // uploads that were silent too long
    struct work expiry;
};

#endif
