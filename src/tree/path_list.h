// SPDX-License-Identifier: MIT
/*
 * Paths that wait to be visited, in order, so that who walks a tree of folders neither recurses nor
 * holds one open for each level.
 */
#ifndef CANDOR_TREE_PATH_LIST_H
#define CANDOR_TREE_PATH_LIST_H

#include <stddef.h>

/* All zeros: none. Every path is owned. */
struct path_list {
    char **paths;
    size_t count, capacity;
};

/* Adds folder/name, or name. -ENAMETOOLONG, -ENOMEM, or -EMLINK at the limit. */
int path_list_add(struct path_list *l, const char *folder, const char *name);
void path_list_done(struct path_list *l);

#endif
