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
    bool is_spoilt; // it is not what its digest says, and nobody knows since when
    struct upload_waiting waiting;
};

/* FACT_upload: afterwards the target is the file that the upload will be. */
enum step upload_begin(struct authoring *a);
void upload_claim_run(struct authoring *a);
enum step upload_end(struct authoring *a);
/* Nobody waits for the exchange any more, which waits for the upload. True: nothing comes any more.
 * False: host->resume follows, or it did not wait for that. */
bool upload_cancel(struct authoring *a);
/* Content and effect, in the pool; what fails is a->error. */
void upload_piece(struct authoring *a);
void upload_commit(struct authoring *a);
/* At the end: whether the upload cannot be completed any more, and is to be removed. */
bool upload_is_lost(const struct authoring *a);
void upload_respond(struct exchange *x);
/* Looks for silent uploads now and then. */
void upload_watch_begin(struct dav *d);
void upload_watch_end(struct dav *d);

#endif
