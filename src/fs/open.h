// SPDX-License-Identifier: MIT
/*
 * Opening beneath a root, and what it means when that fails. No path and no symbolic link leads out
 * of the root.
 */
#ifndef CANDOR_FS_OPEN_H
#define CANDOR_FS_OPEN_H

#include "fs/root.h"
#include "registry/outcome.h"

#include <linux/openat2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/*
 * Opens beneath the root, through links that lead to something beneath it, but never a magic one; a
 * negated errno on failure, -EXDEV where it would lead out.
 */
int fs_open(const struct root *root, const char *path, int flags);
/* As fs_open() beneath any folder, but through no link at all: -ELOOP when there is one. */
int fs_open_straight(int folder, const char *path, int flags);

/* openat2(2), with O_CLOEXEC: a negated errno on failure. */
int fs_openat2(int folder, const char *path, int flags, uint64_t resolve);

/* Whether the system opens beneath a root by itself (openat2); else it is walked name by name. */
bool fs_has_openat2(void);

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
/* What the log says beside that outcome: the errno, or 0 where the outcome says all of it. */
int fs_failure_error(int error);
/* Whether it is the process that has no room for it just now: another try may do. */
bool fs_error_is_shortage(int error);
/* Whether nothing is there, or nothing that may be reached. */
bool fs_error_is_absence(int error);

#endif
