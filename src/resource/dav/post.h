// SPDX-License-Identifier: MIT
/*
 * POST to a collection: what becomes of its content.
 */
#ifndef CANDOR_RESOURCE_DAV_POST_H
#define CANDOR_RESOURCE_DAV_POST_H

#include "graph/exchange.h"

struct authoring;

struct posting;
struct stage;
struct buf;

void post_piece(struct authoring *a);
void post_commit(struct authoring *a);
/* The name that the member should have, or one of chance, on the arena. A negated errno. */
int post_name_asked(struct authoring *a, struct span *ret_name);
/* The path of a member of the collection; b is empty at first. -ENOMEM. */
int post_write_path(struct buf *b, const struct authoring *a, struct span name);
/* Makes a member of a stage that was begun for that name; it stays another's. A negated errno. */
int post_commit_staged(struct authoring *a, struct stage *stage, struct span name);
bool post_made_several(const struct authoring *a);
/* As JSON, in the order of the form: what each file was to be called, is called, and where it is.
 */
void post_write_result(struct buf *b, const struct authoring *a, struct span folder);
/* Bytes that this takes at most, once the content has come; the length of the folder's path. */
size_t post_result_room(const struct authoring *a, size_t folder);
/* Of the first member that was made. */
struct span post_member_name(const struct authoring *a);
void post_free(struct posting *p);

#endif
