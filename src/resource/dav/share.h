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

struct dav_share {
    const struct files_options *options;
    struct tree *tree;
    _Atomic uint64_t changes;
    struct lock_table *locks; // guarded by the tree's mutex
    struct lock_journal journal;
    struct upload_table *uploads;
    const struct media_type_map *types;
    struct rows *rows; // who changes dead properties, and names with such
};

struct dav {
    struct resource resource;
    struct dav_share *share;
    struct loop *loop;
    struct offload *pool;
    struct answer_cache *answers;
    size_t telling_memory;     // of answers to PROPFIND that are being sent
    size_t xml_memory;         // of content that is XML
    struct timer expiry_timer; // uploads that were silent too long
    struct work expiry;
    struct timer settling_timer; // rows that could not follow their names (settling.h)
    struct work settling;
    bool is_settling, settles_more;
};

#endif
