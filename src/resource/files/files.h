// SPDX-License-Identifier: MIT
/*
 * A folder of the file system as a resource: files with validators, ranges and precompressed
 * neighbours, listings of folders. Paths are opened beneath the root and nowhere else.
 */
#ifndef CANDOR_RESOURCE_FILES_FILES_H
#define CANDOR_RESOURCE_FILES_FILES_H

#include "graph/resource.h"
#include "io/offload.h"
#include "resource/files/media_type_map.h"

struct files_options {
    const char *root;
    struct span index;  // name of the file that answers for its folder; empty: none
    bool listing;       // folders without it are listed
    bool dotfiles;      // names that begin with a dot are served
    bool precompressed; // NAME.br, NAME.zst and NAME.gz answer for NAME
    bool tags_by_stamp; // a writable tree: tags are known without reading, see stamp_etag()
};

/*
 * An instance for one worker. The options and what they point to, the loop, the pool and the map
 * must outlive it. -CANDOR_E_SYSTEM (see errno) when the root cannot be opened.
 */
int files_open(const struct files_options *options, struct loop *loop, struct offload *pool,
               const struct media_type_map *types, struct resource **ret_resource);

#endif
