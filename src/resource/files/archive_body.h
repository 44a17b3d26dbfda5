// SPDX-License-Identifier: MIT
/*
 * An archive as the body of a response: made in the pool, each piece when the one before it was
 * sent, so that it goes as fast as its client reads and holds one piece of memory.
 */
#ifndef CANDOR_RESOURCE_FILES_ARCHIVE_BODY_H
#define CANDOR_RESOURCE_FILES_ARCHIVE_BODY_H

#include "base/list.h"
#include "fs/served.h"
#include "graph/exchange.h"
#include "io/offload.h"
#include "resource/files/archive.h"

struct archive_body;

/* Where it is made; outlives every body. */
struct archive_yard {
    struct served *served;
    struct loop *loop;
    struct offload *pool;
    struct list closing; // bodies that the pool gives back at the moment
};

void archive_yard_init(struct archive_yard *yard, struct served *served, struct loop *loop,
                       struct offload *pool);
/* When the pool has ended. */
void archive_yard_done(struct archive_yard *yard);

/*
 * Opens the archive in the pool: x->host->resume(x) follows, and archive_body_error tells how it
 * went (0 or a negated errno). What the options point to must stay until then. NULL: no memory.
 */
struct archive_body *archive_body_open(struct archive_yard *yard, struct exchange *x,
                                       const struct archive_options *options);
int archive_body_error(const struct archive_body *b);

/* Makes it the body of x's response. */
void archive_body_respond(struct archive_body *b);

/* What is under way for it, and has not begun, is taken back: nothing of it comes any more. Accepts
 * NULL. */
bool archive_body_cancel(struct archive_body *b);

/* Not while a resume is to follow. The archive is closed in the pool. Accepts NULL. */
void archive_body_release(struct archive_body *b);

#endif
