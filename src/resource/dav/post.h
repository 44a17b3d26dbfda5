// SPDX-License-Identifier: MIT
/*
 * POST to a collection: what becomes of its content.
 */
#ifndef CANDOR_RESOURCE_DAV_POST_H
#define CANDOR_RESOURCE_DAV_POST_H

#include "graph/exchange.h"

struct authoring;

struct posting;
struct buf;

void post_piece(struct authoring *a);
void post_commit(struct authoring *a);
/* Whether the content says that it is a form, before any of it was looked at. */
bool post_sends_form(const struct exchange *x);
/* What a page's form sends without files is nothing to be stored. */
bool post_takes_type(const struct exchange *x);
bool post_is_form(const struct authoring *a);
/* Whether the files came from a page that is to be shown again, rather than be told of them. */
bool post_shows_page(const struct authoring *a);
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
