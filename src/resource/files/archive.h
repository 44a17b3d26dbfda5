// SPDX-License-Identifier: MIT
/*
 * A folder as one zip or tar archive, made while it is sent: pulled piece by piece, in memory that
 * does not grow with the files (a zip's directory does, to LIMIT_ARCHIVE_DIRECTORY). Blocks: every
 * function is for the pool; one at a time for one archive.
 *
 * What listings leave out is left out, and so are links to folders, which could lead in circles; a
 * link to a file is the file. What a person would miss (such links, what this process may not read,
 * folders too deep) is told in a last member, LEFT-OUT.txt. A file that shrinks or fails while it
 * is sent breaks the archive off: an archive that ends well is whole.
 *
 * zip: APPNOTE 6.3.10 (zip64, UTF-8 names, deflate, data descriptors). tar: POSIX.1-2017 pax.
 */
#ifndef CANDOR_RESOURCE_FILES_ARCHIVE_H
#define CANDOR_RESOURCE_FILES_ARCHIVE_H

#include "base/hurry.h"
#include "base/span.h"

enum archive_format { ARCHIVE_ZIP, ARCHIVE_TAR, ARCHIVE_FORMATS };

extern const struct span archive_types[ARCHIVE_FORMATS];    // for Content-Type
extern const struct span archive_suffixes[ARCHIVE_FORMATS]; // ".zip", ".tar"

struct archive;

struct archive_options {
    struct root *root;  // of the route; archive_open takes a reference
    const char *folder; // NUL-terminated, relative to root: "a/", ""
    struct span name;   // of the folder that all members are in; empty: none. One segment
    bool dotfiles;
    enum archive_format format;
    unsigned client;           // by its number, which pays for the memory
    const struct hurry *hurry; // in which it cannot be completed: -EINTR; or NULL
};

/* 0, or a negated errno (-ENOBUFS, -EUSERS: budget_set). The caller frees *ret_archive. */
int archive_open(const struct archive_options *options, struct archive **ret_archive);

/*
 * The next bytes of the archive: at most `room`, and LIMIT_ARCHIVE_PIECE is a good one. 0 with
 * *ret_length 0: the archive is complete. A negated errno: it cannot be completed, and what was
 * sent must be left visibly broken; nothing more can be pulled then. But -EAGAIN only says that
 * LIMIT_ARCHIVE_STEPS of work have given nothing yet: others may work, and it is to be called
 * again.
 */
int archive_pull(struct archive *a, char *to, size_t room, size_t *ret_length);

/* At any time; accepts NULL. */
void archive_free(struct archive *a);

#endif
