// SPDX-License-Identifier: MIT
/*
 * A path beneath a root, name by name, without openat2: each name is opened in the folder that was
 * opened before and never as a link, so that whatever others rename meanwhile, no step leaves what
 * was beneath the root. Links are read and followed here: beneath the root, and also where one
 * leaves it and comes back by one of the root's own names (root.h).
 */
#ifndef CANDOR_FS_WALK_H
#define CANDOR_FS_WALK_H

#include "fs/root.h"

#include <limits.h>

/* Opens it, as fs_open() of fs/open.h does, or (`straight`) as fs_open_straight(). -EAGAIN: others
 * have renamed what was on the way. */
int walk_open(const struct root *root, const char *path, int flags, bool straight);

/*
 * The path without links of what another one leads to; with `through` its last name is followed
 * where that is a link, too. Nothing has to have the last name. -EXDEV: it leads out of the root.
 */
int walk_follow(const struct root *root, const char *path, bool through, char ret_path[PATH_MAX],
                size_t *ret_length);

#endif
