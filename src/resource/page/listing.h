// SPDX-License-Identifier: MIT
/*
 * What is in a folder: as a page for people, as JSON for programs, as plain text for pipes.
 * Pure: whoever calls has read the folder, and owns all names until the call returns.
 */
#ifndef CANDOR_RESOURCE_PAGE_LISTING_H
#define CANDOR_RESOURCE_PAGE_LISTING_H

#include "base/buf.h"

/* A symbolic link is listed as what it leads to: that is what a client can get. */
struct listing_entry {
    // One segment as the file system has it, any bytes but "/"; not empty. In the answer to a
    // search: the path below the folder, segments with "/" between.
    struct span name;
    bool is_folder;
    uint64_t size;    // bytes; of no meaning for a folder
    int64_t modified; // seconds since 1970-01-01T00:00:00Z
};

struct listing {
    struct span path; // decoded; begins and ends with "/"
    const struct listing_entry *entries;
    size_t count;
    bool truncated;  // there are more than these
    bool has_parent; // the folder above may be asked for: it is linked

    bool writable;      // the page offers what changes: upload, new folder, rename, move, delete
    bool has_archives;  // "?archive=zip" and "?archive=tar" are answered
    bool has_search;    // "?search=WORD" is answered
    struct span search; // the word looked for; not empty: the entries are what was found
};

/* Folders first, then by name: without regard to ASCII case, and 2 before 10 in "file2", "file10".
 */
void listing_sort(struct listing_entry *entries, size_t count);

/* text/html; charset=utf-8, to be sent with listing_policy. */
struct span listing_policy(bool writable);
void listing_write_html(struct buf *b, const struct listing *listing);

/*
 * application/json: {"path", "truncated", "entries": [{"name", "href", "type": "folder" or "file",
 * "size" in bytes (files only), "modified" as of RFC 3339}]}. href holds the exact bytes of a name
 * that is not UTF-8; name then has U+0080 to U+00FF for those bytes. The answer to a search has
 * "search" behind "path", and paths for names.
 */
void listing_write_json(struct buf *b, const struct listing *listing);

/* text/plain; charset=utf-8: one name a line, a folder's with "/" behind it. */
void listing_write_text(struct buf *b, const struct listing *listing);

#endif
