// SPDX-License-Identifier: MIT
/*
 * A folder beneath which things are opened (fs/open.h), and whether its path still leads to it.
 * Counted; for all threads.
 */
#ifndef CANDOR_FS_ROOT_H
#define CANDOR_FS_ROOT_H

#include "base/span.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

/* What root_check() says, negated, where the path leads elsewhere, and where it leads nowhere;
 * fs_failure() has their outcomes. */
#define ROOT_EXCHANGED EREMCHG
#define ROOT_GONE EUNATCH
/* What it comes to where the path leads to a folder that others write to. */
#define ROOT_SHARED ENOTUNIQ

enum { ROOT_NAMES = 2 };

struct root {
    int fd;        // for its path alone (O_PATH)
    bool is_local; // the system can tell what is there without asking anybody (fs/peek.h)
    /*
     * Absolute paths that lead to it, without links in the first, without a slash at the end (so
     * that "/" is empty); ptr NULL: unknown. A link that leads to one goes on from here.
     */
    struct span names[ROOT_NAMES];
    dev_t device; // private from here
    ino_t inode;
    uint64_t mount; // 0: the system does not tell
    atomic_uint references;
    char *path;
    char *texts;
};

/* Opens the folder that the path leads to, links included. Blocks. A negated errno. */
int root_open(const char *path, struct root **ret_root);
struct root *root_ref(struct root *r);
/* Accepts NULL. */
void root_unref(struct root *r);

/*
 * Whether the path that it was opened by leads to it still, after whatever was renamed, linked or
 * mounted: one call of the system. 0, -ROOT_EXCHANGED, -ROOT_GONE, or what kept it from being
 * known.
 */
int root_check(const struct root *r);

#endif
