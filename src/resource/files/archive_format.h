// SPDX-License-Identifier: MIT
/*
 * The inside of an archive: what archive.c (the walk) and the two formats share.
 */
#ifndef CANDOR_RESOURCE_FILES_ARCHIVE_FORMAT_H
#define CANDOR_RESOURCE_FILES_ARCHIVE_FORMAT_H

#include "base/budget.h"
#include "base/buf.h"

#include <zlib.h>

/* One member, while it is written. */
struct archive_member {
    struct span path; // with the archive's own folder in front, and "/" behind a folder
    bool is_folder, is_executable;
    uint64_t size;    // bytes of content, all of which will follow
    int64_t modified; // seconds since 1970
};

/* What a writer knows. Bytes to be sent are appended to `out`. */
struct archive_writer {
    struct buf out;
    struct archive_member member;
    // zip
    z_stream deflate;
    bool deflate_ready;
    struct buf directory;      // the central directory so far
    size_t directory_told;     // of that, at the end
    struct budget_part memory; // of all that the archive takes (archive_account)
    size_t least;              // archive_format_ops.memory
    size_t folders;            // that are open
    uint64_t offset;           // of the next byte of the archive, from its beginning
    uint64_t count;            // members
    uint64_t member_offset, compressed;
    uint32_t crc;
};

enum {
    ARCHIVE_FOLDER = 36 * 1024,     // bytes of an open folder
    ARCHIVE_OWN_PAGES = 256 * 1024, // bytes from which on a block has pages of its own
};

/* Counts what it takes now, with the folders that are open. As budget_set. */
static inline int archive_account(struct archive_writer *w)
{
    const struct buf *d = &w->directory;
    size_t folders = w->folders ? (w->folders - 1) * ARCHIVE_FOLDER : 0;

    // Of a large block, what was never written to takes no memory.
    return budget_set(&w->memory,
                      w->least + folders + (d->cap < ARCHIVE_OWN_PAGES ? d->cap : d->len));
}

/*
 * All return 0 or a negated errno. end: after exactly member.size bytes of content. finish: 1 when
 * it is to be called again, for the next piece.
 */
struct archive_format_ops {
    size_t memory; // bytes that one takes, with its body, its pieces and the first of its folders
    int (*begin)(struct archive_writer *w);
    int (*content)(struct archive_writer *w, struct span bytes);
    int (*end)(struct archive_writer *w);
    int (*finish)(struct archive_writer *w);
};

extern const struct archive_format_ops archive_zip_ops, archive_tar_ops;

#endif
