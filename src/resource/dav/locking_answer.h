// SPDX-License-Identifier: MIT
/*
 * What is told of locks.
 */
#ifndef CANDOR_RESOURCE_DAV_LOCKING_ANSWER_H
#define CANDOR_RESOURCE_DAV_LOCKING_ANSWER_H

#include "graph/exchange.h"
#include "resource/dav/xml/multistatus_write.h"

struct authoring;

/* Adds what it knows to the response; nothing where the outcome is not about locks. */
void locks_respond(struct exchange *x);

/* Bytes of the arena that telling of a lock takes which was granted; 0 for what grants none. */
size_t locks_room_to_tell(const struct authoring *a);

/* An error element as the response's content, about a path of the tree (ptr NULL: none). */
void respond_condition(struct exchange *x, enum dav_condition condition, struct span path,
                       bool is_folder);

#endif
