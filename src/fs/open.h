// SPDX-License-Identifier: MIT
/*
 * Opening beneath a root, and what it means when that fails. No path and no symbolic link leads out
 * of the root.
 */
#ifndef CANDOR_FS_OPEN_H
#define CANDOR_FS_OPEN_H

#include "registry/outcome.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* Opens beneath the root, never through a magic link; a negated errno on failure. */
int fs_open(int root, const char *path, int flags);
/* As fs_open(), but through no link at all: -ELOOP when there is one. */
int fs_open_straight(int root, const char *path, int flags);

/* Reads so many bytes; a negated errno on failure, -EAGAIN when the file ends before. Blocks. */
int fs_read(int fd, uint64_t offset, char *into, size_t length);

/*
 * Whether an open file holds as much as its size, of st, says. Files that a program makes up while
 * they are read do not: those of /proc, and of some file systems in user space. Only of files that
 * take no room is that asked, so it costs others nothing; one that changes meanwhile is believed.
 */
bool fs_size_tells(int fd, const struct stat *st);

/* The outcome for an errno (positive) that is neither absence nor permission. */
enum outcome fs_failure(int error);
/* Whether nothing is there, or nothing that may be reached. */
bool fs_error_is_absence(int error);

#endif
