// SPDX-License-Identifier: MIT
/*
 * The paths that have locks, as a tree of segments: a node is there as long as something is locked
 * at or below it, so what is below a path is found without a look at anything else, and what is
 * above it by its parents. Nodes are found by a keyed hash of parent and segment.
 */
#ifndef CANDOR_LOCK_LOCK_PATHS_H
#define CANDOR_LOCK_LOCK_PATHS_H

#include "base/hash.h"
#include "base/hash_table.h"
#include "base/list.h"
#include "base/span.h"

struct lock_load {
    size_t count, owners; // of locks; octets
};

struct lock_node {
    struct hash_link link; // first member
    struct lock_node *parent;
    struct list sibling, children;
    struct list locks;      // with their root here
    bool covered;           // scratch of a walk
    struct lock_load above; // and of another
    size_t length;
    char segment[]; // of the path, without slashes
};

struct lock_paths {
    struct hash_table nodes;
    struct lock_node *root; // the path ""
    struct hash_key key;    // of all hashes here, and of the tokens
    size_t memory;          // bytes of all nodes but the root
};

int lock_paths_init(struct lock_paths *p);
/* No locks are left in it. */
void lock_paths_done(struct lock_paths *p);

/* The node of the path, or of the nearest thing above it that has one: *ret_exact tells. */
struct lock_node *lock_paths_find(const struct lock_paths *p, struct span path, bool *ret_exact);
/* The node of the path, made where it is not there. NULL: no memory. */
struct lock_node *lock_paths_make(struct lock_paths *p, struct span path);
/* Removes it, and what is above it, as far as nothing is locked at or below it. */
void lock_paths_prune(struct lock_paths *p, struct lock_node *node);
/* Walks over `top` and all that is below, parents first. NULL: there is no more. */
struct lock_node *lock_paths_next(struct lock_node *node, const struct lock_node *top);

#endif
