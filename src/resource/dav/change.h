// SPDX-License-Identifier: MIT
/*
 * The effects that move whole resources, for the pool: DELETE, MKCOL, COPY, MOVE.
 */
#ifndef CANDOR_RESOURCE_DAV_CHANGE_H
#define CANDOR_RESOURCE_DAV_CHANGE_H

#include "base/buf.h"

struct authoring;

/* A member that the method could not be performed on. */
struct failed_member {
    struct failed_member *next;
    size_t length;
    char path[]; // below the source
};

struct failures {
    struct failed_member *first;
    size_t count;
    struct buf told; // the multi-status about them, complete when the effect is
};

void change_delete(struct authoring *a);
void change_mkcol(struct authoring *a);
void change_copy(struct authoring *a);
void change_move(struct authoring *a);
void change_forget_failed(struct authoring *a);

#endif
