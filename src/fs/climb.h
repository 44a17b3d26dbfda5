// SPDX-License-Identifier: MIT
/*
 * Which folders a folder lies in, by what the system says rather than by how paths are written.
 */
#ifndef CANDOR_FS_CLIMB_H
#define CANDOR_FS_CLIMB_H

#include <stdbool.h>
#include <sys/types.h>

struct folder_id {
    bool known; // else it cannot be looked at, and is no other one's equal
    dev_t device;
    ino_t inode;
};

struct folder_id folder_identify(const char *path);
bool folder_is_same(const struct folder_id *a, const struct folder_id *b);

/* A walk from a folder to the topmost one; at.known is false behind that. */
struct climb {
    int fd;
    struct folder_id at;
};

struct climb climb_from(const char *folder);
/* Begins at the innermost folder on the way to a file that is there already. */
struct climb climb_around(const char *file);
void climb_up(struct climb *c);
void climb_end(struct climb *c);

#endif
