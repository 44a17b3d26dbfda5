// SPDX-License-Identifier: MIT
/*
 * What the files of this folder share: an exchange that authors, and its steps.
 */
#ifndef CANDOR_RESOURCE_DAV_DAV_PARTS_H
#define CANDOR_RESOURCE_DAV_DAV_PARTS_H

#include "resource/dav/dav.h"
#include "resource/dav/tree.h"

struct dav_share {
    const struct files_options *options;
    struct tree *tree;
    _Atomic uint64_t changes;
};

struct dav {
    struct resource resource;
    struct dav_share *share;
    struct loop *loop;
    struct offload *pool;
};

/* A member that the method could not be performed on. */
struct failed_member {
    struct failed_member *next;
    int error; // errno, positive
    size_t length;
    char path[]; // below the source
};

/* What an exchange that authors holds; on its arena, until its release. */
struct authoring {
    struct exchange *x;
    struct dav *dav;
    struct work work;
    void (*act)(struct authoring *a);   // in the pool: the step that is under way
    void (*acted)(struct authoring *a); // the last step that has come back; NULL: none
    int error;                          // of the last step: 0, or a negated errno
    enum outcome cause;                 // of the last step, where an errno does not tell

    struct span path;      // relative to the root, without slashes at the ends
    struct tree_look here; // what is there
    struct span to;        // COPY, MOVE: the destination
    struct tree_look there;

    struct span content; // all of it, when it came in one piece
    struct stage *stage; // else where it goes
    struct span piece;   // that is being written

    /* A part of the representation: where it goes, and between which other parts it is staged. */
    uint64_t place_first, place_end;
    uint64_t staged_before; // bytes of the stage before the content
    bool is_between;        // what is before and behind it is of `between`
    struct tree_seen between;

    struct failed_member *failed;

    struct tree_result result;
    char etag[STAMP_ETAG_OPAQUE + 1];
};

/*
 * Runs a step in the pool. True: it has come back (a->error, a->cause). False: it is under way, and
 * the walk will ask for the same fact again.
 */
bool step(struct authoring *a, void (*act)(struct authoring *a));

/* The tree's terms for a change of the target, as the questions saw it. */
struct tree_terms terms_of(const struct authoring *a);

/* Records why the last step failed as the cause; a state that changed meanwhile is no cause. */
void authoring_set_cause(struct authoring *a);

/* dav_look.c: facts. */
bool establish_target(struct authoring *a);
bool establish_destination(struct authoring *a);

/* dav_write.c: content on its way into the tree, and its commit. */
bool write_takes_type(const struct exchange *x);
/* FACT_PLACE: refuses what has no room or no place before its content is asked for. */
bool establish_place(struct authoring *a);
bool write_take(struct authoring *a, struct span data);
void write_commit(struct authoring *a);
/* Gives up what was staged and not committed. */
void write_discard(struct authoring *a);

/* dav_change.c: the other effects, for the pool. */
void change_delete(struct authoring *a);
void change_mkcol(struct authoring *a);
void change_copy(struct authoring *a);
void change_move(struct authoring *a);

/* dav_respond.c */
void authoring_respond(struct exchange *x);

#endif
