// SPDX-License-Identifier: MIT
/*
 * Reading a folder and writing it out as a page, JSON or text. Blocks: for the pool.
 */
#ifndef CANDOR_RESOURCE_FILES_LISTING_READ_H
#define CANDOR_RESOURCE_FILES_LISTING_READ_H

#include "base/buf.h"
#include "resource/files/files.h"

enum listing_format { LISTING_HTML, LISTING_JSON, LISTING_TEXT, LISTING_FORMATS };

/* Media types to choose from by Accept, in order of preference, and as Content-Type. */
extern const struct span listing_types[LISTING_FORMATS];

/*
 * folder: NUL-terminated path relative to root; shown: the path as the client knows it, decoded.
 * Members that a client could not get (hidden, outside, no file nor folder) are left out.
 * 0, or a negated errno; *ret_body is then empty.
 */
int listing_read(int root, const char *folder, struct span shown, bool has_parent, bool dotfiles,
                 enum listing_format format, struct buf *ret_body);

#endif
