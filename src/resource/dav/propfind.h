// SPDX-License-Identifier: MIT
/*
 * PROPFIND and REPORT: what is told, remembered and sent.
 */
#ifndef CANDOR_RESOURCE_DAV_PROPFIND_H
#define CANDOR_RESOURCE_DAV_PROPFIND_H

#include <stdbool.h>

struct authoring;

/*
 * In the loop's thread, before it begins: whether the answer is remembered, and
 * then there is nothing to begin.
 */
bool propfind_recall(struct authoring *a);
/* For the pool: begins to tell. */
void propfind_begin(struct authoring *a);
/* In the loop's thread, after that: keeps the answer when it is whole, and accounts for it. */
void propfind_settle(struct authoring *a);
/* A piece that is not being made yet is not made any more. False: none is, or it comes. */
bool propfind_cancel(struct authoring *a);
/* In the loop's thread: fills in the response. */
void propfind_respond(struct authoring *a);
void propfind_discard(struct authoring *a);

#endif
