// SPDX-License-Identifier: MIT
/*
 * What only the system can tell of a path: whether what it names is there, and whether this user
 * may do with it what the program is going to do. Each answers NULL, or how a sentence about the
 * path goes on: "does not exist". Nothing here changes anything.
 */
#ifndef CANDOR_FS_PATH_CHECK_H
#define CANDOR_FS_PATH_CHECK_H

#include "base/buf.h"

#include <unistd.h> // R_OK, W_OK, X_OK

/* A regular file of at most that many bytes that can be read. */
const char *path_not_readable(const char *file, size_t most);

/* A folder, or a link that leads to one. */
const char *path_not_folder(const char *path);

/* access: of R_OK, W_OK and X_OK. */
const char *path_not_permitted(const char *path, int access);

/*
 * A file that can be written, or made in a folder that is there; with_neighbours: it is read too,
 * and other files are made beside it.
 */
const char *path_not_writable(const char *path, bool with_neighbours);

/* A Unix socket that is there or can be made, in a folder that is there. */
const char *path_not_socket(const char *path);

/* A file with neighbours whose folders may have to be made first. */
const char *path_not_makable(const char *path);

/*
 * Adds a regular file's bytes to a buffer. Otherwise *ret_why is how the sentence goes on:
 * -CANDOR_E_SYSTEM, or -CANDOR_E_MEMORY.
 */
int path_read(const char *file, size_t most, struct buf *to, const char **ret_why);

#endif
