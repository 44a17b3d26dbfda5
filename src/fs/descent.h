// SPDX-License-Identifier: MIT
/*
 * A walk down a tree of folders, depth first, for who neither recurses nor holds one open for each
 * level. Folders that wait are remembered by their names. Where these take more than
 * LIMIT_TREE_DESCENT bytes, the reading of a folder pauses and its subfolders come first; so memory
 * is bounded by that, and by a few names for each level.
 *
 *   while ((event = descent_next(&d)) != DESCENT_END)
 *       DESCENT_READ    open d.path, go on at d.at, descent_add() each subfolder, and where
 *                       descent_is_full() says so, descent_pause() and leave it
 *       DESCENT_LEAVE   all beneath d.path was visited
 */
#ifndef CANDOR_FS_DESCENT_H
#define CANDOR_FS_DESCENT_H

#include "base/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct descent_folder;

/* All zeros: nothing is to be visited. */
struct descent {
    char path[LIMIT_TREE_PATH + 1]; // of the folder at hand; "" for the one where it began
    int64_t at;                     // where it is read from: 0, or what descent_pause() was told
    struct descent_folder *folders; // the last one is at hand
    size_t count, capacity;
    size_t memory; // of those that wait, in bytes
    size_t first;  // how many there were when the reading began
    size_t at_hand;
    bool is_paused;
};

enum descent_event { DESCENT_END, DESCENT_READ, DESCENT_LEAVE };

/* -ENOMEM. */
int descent_begin(struct descent *d);
/* With that path in place of "", and in front of all others. -ENAMETOOLONG, -ENOMEM. */
int descent_begin_at(struct descent *d, const char *path);
enum descent_event descent_next(struct descent *d);
/* A subfolder of the one at hand. -ENAMETOOLONG, -ENOMEM. */
int descent_add(struct descent *d, const char *name);
/* Whether the folder at hand had better wait for its subfolders. */
bool descent_is_full(const struct descent *d);
/* It goes on there (dirent.d_off), when they were visited. */
void descent_pause(struct descent *d, int64_t at);
/* At any time. */
void descent_done(struct descent *d);

#endif
