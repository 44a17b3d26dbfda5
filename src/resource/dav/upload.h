// SPDX-License-Identifier: MIT
/*
 * Content that comes in pieces: docs/uploads.md.
 */
#ifndef CANDOR_RESOURCE_DAV_UPLOAD_H
#define CANDOR_RESOURCE_DAV_UPLOAD_H

#include "graph/exchange.h"
#include "upload/upload_table.h"

struct authoring;

struct dav;

/* The upload that the target names, or that the request opened. */
struct upload_part {
    struct upload_claim claim;
    struct span name;   // of the member that is to be made, on the arena; ptr NULL: none yet
    struct span folder; // that the target names, where links lead from there; ptr NULL: not known
    bool is_spoilt;     // it is not what its digest says, and nobody knows since when
    struct upload_waiting waiting;
};

/* FACT_upload: afterwards the target is the file that the upload will be. */
enum step upload_begin(struct authoring *a);
void upload_claim_run(struct authoring *a);
enum step upload_end(struct authoring *a);
/* Nobody waits for the exchange any more, which waits for the upload. True: nothing comes any more.
 * False: host->resume follows, or it did not wait for that. */
bool upload_cancel(struct authoring *a);
/* FACT_room of a request that opens an upload, in the pool. It is there before its content comes
 * where the client can learn of it by then; what fails is a->error. */
bool upload_opens_early(const struct authoring *a);
void upload_room_run(struct authoring *a);
/* Afterwards, in the loop: the client is to be told where it is. */
void upload_tell_address(struct authoring *a);
/* Content and effect, in the pool; what fails is a->error. */
void upload_piece(struct authoring *a);
void upload_commit(struct authoring *a);
/* At the end: whether the upload cannot be completed any more, and is to be removed. */
bool upload_is_lost(const struct authoring *a);
void upload_respond(struct exchange *x);
/* The fields that tell how much there is of an upload, in the words of the client's draft. */
void upload_add_state(struct exchange *x, uint64_t offset, bool is_complete);
/* Looks for silent uploads now and then. */
void upload_watch_begin(struct dav *d);
void upload_watch_end(struct dav *d);

#endif
