// SPDX-License-Identifier: MIT
/*
 * Content on its way into the tree, and the commit of content that is a representation or a part of
 * it.
 */
#ifndef CANDOR_RESOURCE_DAV_WRITE_H
#define CANDOR_RESOURCE_DAV_WRITE_H

#include "io/offload.h"
#include "resource/dav/content_role.h"
#include "tree/tree.h"

struct posting;

/* A part of the representation: where it goes, and between which other parts it is staged. */
struct content_part {
    uint64_t first, end;
    bool is_last;           // nothing stays behind it
    uint64_t staged_before; // bytes of the stage before the content
    bool is_between;        // what is before and behind it is of `between`
    struct tree_seen between;
};

/* Content on its way into the tree. */
struct content {
    struct content_fields fields;
    struct work work;    // of the piece that is being taken
    bool is_taking;      // one is, and nobody else touches what is below
    struct span whole;   // all of it, when it came in one piece
    struct stage *stage; // else where it goes
    struct span piece;   // that is being written
    uint64_t staged;     // bytes of content in pieces that were written
    struct content_part part;
    struct posting *posting; // POST: what becomes of its content
};

/* Whether so much of the representation stays that copying it takes long. */
bool write_copies_much(const struct authoring *a);
/* How many bytes are there, of which the content may become a part. */
uint64_t write_size_there(const struct authoring *a);

/* In the pool; what fails is a->error. */
void write_piece(struct authoring *a);
void write_commit(struct authoring *a);
/* The stage, for as much as the client tells, unless it has begun. A negated errno. */
int write_begin(struct authoring *a);
/* -EIO unless each byte of the content that has come is there to be committed. */
int write_check_staged(const struct authoring *a);
/* Of a stage that was begun for that path, or for what it led to then; the error. */
int write_commit_stage(struct authoring *a, struct stage *s, struct span path,
                       const struct tree_terms *terms);

/*
 * Nobody waits for the exchange any more, whose piece of content is being taken. True: that had not
 * begun, and nothing comes of it. False: none is being taken, or host->taken follows.
 */
bool write_cancel(struct authoring *a);

#endif
