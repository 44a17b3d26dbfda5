// SPDX-License-Identifier: MIT
/*
 * A listing as the body of a response: what was found first stays in memory, and the page, JSON or
 * text is made of it in the pool, piece by piece, each when the one before it was sent; a large
 * folder is read again for what follows. A listing of one piece is whole from the start, and its
 * length known.
 */
#ifndef CANDOR_RESOURCE_FILES_LISTING_BODY_H
#define CANDOR_RESOURCE_FILES_LISTING_BODY_H

#include "graph/exchange.h"
#include "io/offload.h"
#include "resource/files/listing_read.h"

enum { LISTING_ETAG_LENGTH = 16 };

struct listing_body;

struct listing_body_options {
    struct listing listing; // its entries and totals are those of `found`
    struct root *root;      // where the folder is read on, when that is to be; a reference is taken
    const char *folder;
    struct listing_look look;
    enum listing_format format;
    bool gzip; // in that content coding
    struct loop *loop;
    struct offload *pool;
};

/*
 * Makes the first piece; for the pool. What the options point to must stay; what was found is
 * taken, and given back also when it fails. 0, -ENOMEM, or as budget_set.
 */
int listing_body_open(struct exchange *x, const struct listing_body_options *options,
                      struct listing_found *found, struct listing_body **ret_body);

/* Of a weak validator: the same members with the same sizes and dates give the same, and another
 * view or format others. */
struct span listing_body_etag(const struct listing_body *b);

/* Makes it the body of x's response. */
void listing_body_respond(struct listing_body *b);

/* A piece that is not being made yet is not made any more: nothing comes of it. Accepts NULL. */
bool listing_body_cancel(struct listing_body *b);

/* Not while a piece is being made. Accepts NULL. */
void listing_body_free(struct listing_body *b);

#endif
