// SPDX-License-Identifier: MIT
/*
 * Looking for names below a folder. Blocks: for the pool. Bounded: LIMIT_SEARCH_RESULTS names are
 * told, LIMIT_SEARCH_VISITED looked at, nearest first; the answer says when a limit ended it.
 */
#ifndef CANDOR_RESOURCE_FILES_SEARCH_H
#define CANDOR_RESOURCE_FILES_SEARCH_H

#include "resource/files/listing_read.h"

/*
 * Names that contain the word, whatever the case of their letters (ASCII, Latin, Greek, Cyrillic;
 * other bytes as they are). What listings leave out is left out; links to folders are found but not
 * followed; a folder that cannot be read is passed over. The answer is a listing whose names are
 * paths. 0, or a negated errno when the folder itself cannot be read, or -EINTR when there is a
 * hurry; *ret_found then holds nothing.
 */
int search_read(const struct root *root, const char *folder, const struct listing_look *look,
                struct span word, struct listing_found *ret_found);

/* Whether name contains word in that way; an empty word is in no name. */
bool search_matches(struct span name, struct span word);

#endif
