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
enum {
    // Of the budget, for each archive: its body, two pieces, the deflater and a few open folders.
    ARCHIVE_MEMORY = 384 * 1024,
};

struct archive_writer {
    struct buf out;
    struct archive_member member;
    // zip
    z_stream deflate;
    bool deflate_ready;
    struct buf directory;      // the central directory so far
    size_t directory_told;     // of that, at the end
    struct budget_part memory; // of the directory, and ARCHIVE_MEMORY
    uint64_t offset;           // of the next byte of the archive, from its beginning
    uint64_t count;            // members
    uint64_t member_offset, compressed;
    uint32_t crc;
};

/*
 * All return 0 or a negated errno. end: after exactly member.size bytes of content. finish: 1 when
 * it is to be called again, for the next piece.
 */
struct archive_format_ops {
    int (*begin)(struct archive_writer *w);
    int (*content)(struct archive_writer *w, struct span bytes);
    int (*end)(struct archive_writer *w);
    int (*finish)(struct archive_writer *w);
};

extern const struct archive_format_ops archive_zip_ops, archive_tar_ops;

#endif
