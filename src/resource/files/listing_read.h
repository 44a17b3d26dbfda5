// SPDX-License-Identifier: MIT
/*
 * Reading a folder and writing it out as a page, JSON or text. Blocks: for the pool.
 */
#ifndef CANDOR_RESOURCE_FILES_LISTING_READ_H
#define CANDOR_RESOURCE_FILES_LISTING_READ_H

#include "base/buf.h"
#include "base/hurry.h"
#include "resource/files/files.h"

enum listing_format { LISTING_HTML, LISTING_JSON, LISTING_TEXT, LISTING_FORMATS };

/* Media types to choose from by Accept, in order of preference, and as Content-Type. */
extern const struct span listing_types[LISTING_FORMATS];

/* How a folder is shown. */
struct listing_view {
    struct span shown; // the path as the client knows it, decoded
    bool has_parent;   // see struct listing
    bool dotfiles;     // names that begin with a dot are shown
    bool writable, has_archives, has_search;
    enum listing_format format;
    const struct hurry *hurry; // NULL: there never is one
};

/*
 * folder: NUL-terminated path relative to root. Members that a client could not get (hidden,
 * outside, no file nor folder) are left out. 0, or a negated errno (-EINTR: there is a hurry);
 * *ret_body is then empty.
 */
int listing_read(int root, const char *folder, const struct listing_view *view,
                 struct buf *ret_body);

/* Whether a member of a folder is never shown: "." and "..", our own temporaries, hidden names. */
bool listing_hides(const char *name, bool dotfiles);

/* A folder that is being read. */
struct listing_folder {
    int root;
    const char *path; // NUL-terminated, relative to root, "" or with "/" behind it
    int fd;           // of the folder itself
};

/*
 * What a member is for a client: a link is what it leads to, followed beneath the root. False:
 * nothing that a client could get. The entry's name is `name` itself.
 */
struct listing_entry;
bool listing_member(const struct listing_folder *folder, const char *name,
                    struct listing_entry *ret_entry, bool *ret_is_link);

/* Opens a member by its path beneath the root, through links. A negated errno on failure. */
int listing_open(const struct listing_folder *folder, const char *name, int flags);

/* Writes what was read in the view's format. 0 or -ENOMEM; *ret_body is then empty. */
struct listing;
int listing_write(const struct listing *listing, enum listing_format format, struct buf *ret_body);

#endif
