// SPDX-License-Identifier: MIT
/*
 * Looks that wait for nothing: at what the system remembers of a local file system. So the loop's
 * thread can take them, which no disk, daemon or other machine may keep waiting. Whatever is not
 * remembered, or cannot be known to be, is left to who may wait (fs/open.h), in the pool.
 */
#ifndef CANDOR_FS_PEEK_H
#define CANDOR_FS_PEEK_H

#include "fs/root.h"

/* Whether what is on the file system of fd is known to the system by itself, without a daemon or
 * another machine that it would ask. */
bool peek_is_local(int fd);

/*
 * Opens beneath a folder of the root, for the path alone (O_PATH, and these flags), through no link
 * and on no other file system. -ENOENT where nothing is there; -EAGAIN where that has to be found
 * out by who may wait, or where it would fail in any other way.
 */
int peek_open(const struct root *root, int folder, const char *path, int flags);

#endif
