// SPDX-License-Identifier: MIT
/*
 * A PROPFIND's or REPORT's answer while it is being made. Everything runs in the pool, but for the
 * exchange's own thread when nothing does there.
 */
#ifndef CANDOR_RESOURCE_DAV_TELLING_H
#define CANDOR_RESOURCE_DAV_TELLING_H

#include "fs/descent.h"
#include "http/dav_fields.h"
#include "resource/dav/authoring.h"
#include "resource/dav/sync_state.h"
#include "resource/dav/xml/live.h"

enum {
    TELLING_BATCH = 128, // members that are looked at together
};

/* The row that is being written. */
struct row {
    bool begun;
    size_t propstat;  // where its first one begins in the piece
    bool any;         // a property is in it
    bool is_unsure;   // what is stored is just moving: nothing is said of it
    uint32_t put_off; // live properties that something may be stored in the place of
    struct live_subject of;
};

/* What is asked. */
struct telling_question {
    uint32_t live; // of those that a resource has
    bool names_only, all_dead, minimal, noroot;
    enum depth depth;
    struct xml_name *dead; // asked by name, sorted
    bool *dead_found;      // in the row at hand
    size_t dead_count;
};

/* Where it is. */
struct telling_walk {
    struct tree_list *folder;
    struct descent folders;  // relative to the root and without links
    struct span folder_path; // of the one at hand
    size_t member_at, member_count;
    uint64_t told; // members
    bool is_root;  // the batch is the request's own resource
    bool begun, cut, ended;
};

/* What a REPORT tells instead of the members of a folder (sync.h). */
struct telling_sync {
    struct arena arena; // chunks NULL: it is none
    struct sync_changes changes;
    size_t at; // of those
    struct span token;
    size_t told; // tokens of folders, as properties
};

/* What is made. */
struct telling_made {
    struct buf opening; // of a row, up to the member's name
    struct buf piece;
    size_t most; // bytes after which no further row is begun
    bool is_ready, is_making;
    struct budget_part memory; // of it
};

struct telling {
    struct authoring *a;
    struct telling_question asked;
    struct telling_walk walk;
    struct telling_made made;
    struct telling_sync sync;
    struct tree_usage usage;
    bool has_usage, has_locks;
    bool may_pause; // -EAGAIN of telling_make_piece: it is to be begun again after a while
    int error;
    struct row row;
    struct arena scratch; // for one batch
    struct arena locks;   // of one row
    struct tree_member members[TELLING_BATCH];
    bool unsure[TELLING_BATCH]; // of these, rows that are just moving
};

/* Asks, for one that is all zeros but for a, the arenas and made.most. A negated errno. */
int telling_begin(struct telling *t);
/* Makes the next piece, the first one too. */
void telling_make_piece(struct telling *t);
void telling_free(struct telling *t);
/* Bytes that it takes between two pieces. */
size_t telling_memory(const struct telling *t);

/*
 * What stands before the names of a folder's members, or all of the href of a file: as the client
 * knows it that asked, for a path without links. -ENOMEM.
 */
int telling_set_opening(struct telling *t, struct span path, bool is_folder);
/* Folder/name, on the scratch arena where it is none of the two. ptr NULL: no memory. */
struct span telling_join(struct telling *t, struct span folder, struct span name);
/* Maybe on the scratch arena. For the pool. A negated errno. */
int telling_names_of(struct telling *t, const struct tree_member *m, struct tree_names *ret_names);

/* A row: it is begun, gets what is stored, and is ended. A negated errno. */
int telling_begin_row(struct telling *t, const struct tree_member *m);
void telling_write_stored(struct telling *t, const struct store_property *p);
void telling_end_row(struct telling *t);

/* Orders struct xml_name, for qsort and bsearch. */
int telling_compare_names(const void *a, const void *b);

#endif
