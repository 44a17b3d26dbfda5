// SPDX-License-Identifier: MIT
/*
 * Reading a folder for its listing. Blocks: for the pool.
 */
#ifndef CANDOR_RESOURCE_FILES_LISTING_READ_H
#define CANDOR_RESOURCE_FILES_LISTING_READ_H

#include "base/arena.h"
#include "base/budget.h"
#include "base/hurry.h"
#include "fs/root.h"
#include "resource/page/listing.h"

/* What is looked for. */
struct listing_look {
    bool dotfiles;             // names that begin with a dot, too
    const struct hurry *hurry; // NULL: there never is one
    unsigned client;           // by its number, which pays for the memory
    size_t most;               // members that are read before it ends with -EFBIG; 0: all
};

/* What was found, and the memory for its names. All zeros: nothing. */
struct listing_found {
    struct listing_entry *entries;
    size_t count, room;
    size_t names_length; // bytes of their names
    bool follows;        // these are the first of more: listing_read_on
    bool truncated;      // there is more than is told
    struct listing_totals totals;
    uint64_t hash; // of all entries, whatever their order
    struct budget_part memory;
    struct arena arena;
    char *names, *names_end; // room of the arena for the next names, side by side
};

/* Adds an entry whose name is of the arena or stays. 0, -ENOMEM, or as budget_set. */
int listing_found_add(struct listing_found *f, struct listing_entry entry);
/* Counts it in the totals and the hash. */
void listing_found_count(struct listing_found *f, const struct listing_entry *entry);
void listing_found_done(struct listing_found *f);

/*
 * folder: NUL-terminated path relative to root. Members that a client could not get (hidden,
 * outside, no file nor folder) are left out; they are sorted. Of a large folder the first are kept
 * that LIMIT_LISTING_MEMORY has room for. 0, or a negated errno (-EINTR: there is a hurry);
 * *ret_found then holds nothing.
 */
int listing_read(const struct root *root, const char *folder, const struct listing_look *look,
                 struct listing_found *ret_found);
/* Reads the folder once more, for those that come behind what was kept, and puts them in its place.
 * 0, or a negated errno. */
int listing_read_on(const struct root *root, const char *folder, const struct listing_look *look,
                    struct listing_found *f);

/* Whether a member of a folder is never shown: "." and "..", our own temporaries, hidden names. */
bool listing_hides(const char *name, bool dotfiles);

/* A folder that is being read. */
struct listing_folder {
    const struct root *root;
    const char *path; // NUL-terminated, relative to root, "" or with "/" behind it
    int fd;           // of the folder itself
};

/*
 * What a member is for a client: a link is what it leads to, followed beneath the root. 1; 0:
 * nothing that a client could get; or a negated errno. The entry's name is `name` itself.
 */
int listing_member(const struct listing_folder *folder, const char *name,
                   struct listing_entry *ret_entry, bool *ret_is_link);

/* Opens a member by its path beneath the root, through links. A negated errno on failure. */
int listing_open(const struct listing_folder *folder, const char *name, int flags);

#endif
