// SPDX-License-Identifier: MIT
/*
 * What is in a folder: as a page for people, as JSON for programs, as plain text for pipes.
 * Pure: whoever calls has read the folder, and owns all names until the call returns.
 */
#ifndef CANDOR_RESOURCE_PAGE_LISTING_H
#define CANDOR_RESOURCE_PAGE_LISTING_H

#include "base/buf.h"
#include "resource/page/page.h"

/* A symbolic link is listed as what it leads to: that is what a client can get. */
struct listing_entry {
    // One segment as the file system has it, any bytes but "/"; not empty. In the answer to a
    // search: the path below the folder, segments with "/" between.
    struct span name;
    bool is_folder;
    uint64_t size;    // bytes; of no meaning for a folder
    int64_t modified; // seconds since 1970-01-01T00:00:00Z
};

/* Of all entries, those that are not at hand too. */
struct listing_totals {
    uint64_t folders, files;
    uint64_t bytes; // of the files
};

void listing_totals_add(struct listing_totals *t, const struct listing_entry *entry);

struct listing {
    struct span path; // decoded; begins and ends with "/"
    struct listing_totals totals;
    const struct listing_entry *entries; // at hand
    size_t count;
    bool follows;    // more will be put in the place of these when they were written
    bool truncated;  // there are more than are told
    bool has_parent; // the folder above may be asked for: it is linked

    bool writable;      // the page offers what changes: upload, new folder, rename, move, delete
    bool has_archives;  // "?archive=zip" and "?archive=tar" are answered
    bool has_search;    // "?search=WORD" is answered
    struct span search; // the word looked for; not empty: the entries are what was found
};

/* Folders first, then by name: without regard to ASCII case, and 2 before 10 in "file2", "file10".
 */
void listing_sort(struct listing_entry *entries, size_t count);
/* In that order: below zero, 0, above. */
int listing_compare(const struct listing_entry *a, const struct listing_entry *b);

/*
 * LISTING_HTML: to be sent with listing_policy.
 *
 * LISTING_JSON: {"path", "truncated", "entries": [{"name", "href", "type": "folder" or "file",
 * "size" in bytes (files only), "modified" as of RFC 3339}]}. The answer to a search has "search"
 * behind "path", and paths for names. A name that is not UTF-8 has U+FFFD for each byte that is
 * none, and "utf8": false behind it; href holds its exact bytes. So has the listing, of its path.
 *
 * LISTING_TEXT: one name a line, a folder's with "/" behind it.
 */
enum listing_format { LISTING_HTML, LISTING_JSON, LISTING_TEXT, LISTING_FORMATS };

/* Media types to choose from by Accept, in order of preference, and as Content-Type. */
extern const struct span listing_types[LISTING_FORMATS];

struct span listing_policy(bool writable);

/* Writes a listing from its begin to its end. All zeros but for the first two, when it begins; what
 * they point to must stay. */
struct listing_writer {
    const struct listing *listing;
    enum listing_format format;
    size_t at; // the next of the entries at hand
    int stage; // private from here
    bool has_row;
};

/*
 * Appends what comes next to text: no more rows when there are `room` bytes. *ret_piece: what is to
 * follow behind the text, or NULL. False: this was the last of it. Where w->at is at the end of the
 * entries and more follow, they are to be put there before the next call.
 */
bool listing_write(struct listing_writer *w, size_t room, struct buf *text,
                   const struct page_piece **ret_piece);

#endif
