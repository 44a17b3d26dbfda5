// SPDX-License-Identifier: MIT
/*
 * What was found at one path at one moment: immutable but for digests, counted, made by a thread of
 * the pool, or in the loop's where that takes no waiting. An exchange that holds one sends exactly
 * this, whatever happens to the file meanwhile.
 */
#ifndef CANDOR_RESOURCE_FILES_SNAPSHOT_H
#define CANDOR_RESOURCE_FILES_SNAPSHOT_H

#include "fs/open.h"
#include "fs/pages.h"
#include "fs/stamp.h"
#include "http/digest.h"
#include "http/precondition.h"
#include "resource/files/files.h"
#include "wire/field_block.h"

enum file_coding { CODING_IDENTITY, CODING_BROTLI, CODING_ZSTD, CODING_GZIP, CODING_COUNT };

/* One representation of the file: itself, or a precompressed neighbour. */
struct file_variant {
    bool present;
    struct file_stamp stamp;
    uint64_t length;    // if it is not unsized
    bool unsized;       // the file holds more or less than its size says: only its end tells
    int fd;             // -1 when the content is in memory
    char *content;      // or NULL
    struct pages pages; // where content is, from PAGES_LEAST on, unless there were none
    uint64_t ends;      // where the content is not in memory: a hash of its first and last bytes
    struct entity_tag etag; // what is unsized has none, nor a date
    int64_t last_modified;
    bool has_date; // that last_modified tells, and is sent
    /* Content-Type, then the rest of the representation's fields, then what 304 has too. */
    struct field_block fields;
    size_t after_type, validators; // the first of those parts, by its number
    struct digests *digests;       // of the content, as far as somebody wished for them; or NULL
};

enum snapshot_kind {
    SNAPSHOT_ABSENT,
    SNAPSHOT_UNREADABLE, // the system does not let this process read it
    SNAPSHOT_FAILED,     // failure and error tell
    SNAPSHOT_FILE,
    SNAPSHOT_FOLDER,       // to be listed
    SNAPSHOT_SLASH_LACKING // a folder, asked for without its slash
};

struct snapshot {
    unsigned references;
    enum snapshot_kind kind;
    enum outcome failure;
    int error; // errno, for the log
    char *
        other; // the path by which it was found, in another Unicode form; NULL: that of the request
    struct span content_type;
    bool is_gzip;     // the file itself is in that coding, and there is no other variant
    size_t memory;    // bytes of content held
    unsigned open;    // files, whose content is not in memory
    int64_t taken_ns; // since 1970: when the look began
    struct file_variant variants[CODING_COUNT];
};

extern const struct span file_coding_names[CODING_COUNT]; // "br" and so on

/* What a look-up needs; nothing of it changes while it runs. */
struct snapshot_request {
    const struct root *root;
    const struct files_options *options;
    const struct media_type_map *types;
    const char *path;           // relative to the root, NUL-terminated: "a/b", "a/", ""
    const struct snapshot *old; // an earlier one that may still be true, or NULL
    bool at_once;               // it must not wait (fs/peek.h)
};

/*
 * Looks. Blocks: for the pool. NULL in *ret_new: `old` is still true. Never fails otherwise: what
 * goes wrong is a snapshot of kind SNAPSHOT_FAILED, or with no memory at all -CANDOR_E_MEMORY. With
 * at_once it does not block, but fails with -CANDOR_E_WAIT where it would have to: where a file is
 * to be read, or the system does not remember all that is to be looked at.
 */
int snapshot_take(const struct snapshot_request *request, struct snapshot **ret_new);

/* The one where what is asked for could not be looked at; the errno (positive). Otherwise alike. */
int snapshot_fail(int error, struct snapshot **ret_new);

/*
 * Whether the open files, whose content is not in memory, are still what the snapshot says: else
 * its fields would be sent with other content. Costs one call of the system for each of them.
 */
bool snapshot_files_hold(const struct snapshot *s);

/*
 * Whether what was sent of the open file is of one state of it. Asked when the last byte was read:
 * a strong entity tag promises every byte. Of a file that has grown it is believed when its ends of
 * before are what they were, so that a log can be downloaded while it is written.
 */
bool file_variant_holds(const struct file_variant *v);

/* Gives back one reference; accepts NULL. */
void snapshot_unref(struct snapshot *s);

/*
 * Whether content of that type can act for whoever looks at it; what clients wrote is then sent
 * with "Content-Security-Policy: sandbox".
 */
bool snapshot_can_hold_scripts(struct span content_type);

#endif
