// SPDX-License-Identifier: MIT
/*
 * A folder of the file system as a resource: files with validators, ranges and precompressed
 * neighbours, listings of folders. Paths are opened beneath the root and nowhere else.
 */
#ifndef CANDOR_RESOURCE_FILES_FILES_H
#define CANDOR_RESOURCE_FILES_FILES_H

#include "fs/served.h"
#include "graph/resource.h"
#include "io/offload.h"
#include "resource/files/media_type_map.h"
#include "resource/option.h"

struct files_options {
    const char *root;
    struct span index;        // name of the file that answers for its folder; empty: none
    bool listing;             // folders without it are listed
    bool archives;            // they are offered as archives as well
    bool search;              // names below them are searched for
    bool dotfiles;            // names that begin with a dot are served
    bool precompressed;       // NAME.br, NAME.zst and NAME.gz answer for NAME
    struct option_list cache; // of struct cache_rule: what caches may do with which files
    bool write;               // authoring is on (resource/dav); the rest is of meaning then only
    uint64_t max_upload;      // bytes that one request may store; 0: no bound
    uint64_t quota;           // bytes that everything below the root may take; 0: no bound
    uint64_t max_members;     // files, folders and links below the root; 0: no bound
    uint64_t reserve;         // bytes of the file system that uploads leave free
    uint64_t infinite_depth;  // members that PROPFIND with Depth: infinity may tell; 0: it is off
};

/*
 * An instance for one worker. The options and what they point to, the folder that is served, the
 * loop, the pool and the map must outlive it. -CANDOR_E_MEMORY.
 */
int files_open(const struct files_options *options, struct served *served, struct loop *loop,
               struct offload *pool, const struct media_type_map *types,
               struct resource **ret_resource);

#endif
