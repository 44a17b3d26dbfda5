// SPDX-License-Identifier: MIT
/*
 * A copy under way, for tree_copy() and for moving between file systems.
 */
#ifndef CANDOR_TREE_TREE_COPY_H
#define CANDOR_TREE_TREE_COPY_H

#include "tree/tree_pair.h"

struct copy {
    struct tree *tree;
    const struct tree_copying *how;
    const struct hurry *hurry;
    bool moving;   // keeps times, and needs no quota as the source will go
    int from, to;  // the two collections; -1: none
    size_t synced; // files and folders, each by itself
    struct tree_amount made, claim;
    struct descent folders; // beneath both, to be filled
};

int copy_file(struct copy *c, int from, const char *name, int to, const char *new_name);
/* As it is: where it leads is looked at when somebody follows it. */
int copy_link(struct copy *c, int from, const char *name, int to, const char *new_name);
/*
 * The whole collection, under the temporary's name in the target's folder. c->to is open then, and
 * the caller's to close when the copy has its place, or is abandoned: its lock tells that we live.
 */
int copy_collection(struct copy *c, const struct tree_pair *pair, const char *temporary);
/* With the mutex, when the copy has its place. `swapped`: what was there before is not freed yet.
 */
void copy_account(struct copy *c, const struct tree_pair *pair, bool swapped);
/* What was copied goes, and the quota that it had. */
void copy_abandon(struct copy *c, const struct tree_pair *pair, const char *temporary);

#endif
