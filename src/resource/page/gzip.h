// SPDX-License-Identifier: MIT
/*
 * A page in the content coding gzip (RFC 1952), piece by piece: what is made for one request is
 * deflated as it comes, what is the same in every page was deflated with the program and is joined
 * with it, so that it costs no more than to be copied.
 */
#ifndef CANDOR_RESOURCE_PAGE_GZIP_H
#define CANDOR_RESOURCE_PAGE_GZIP_H

#include "resource/page/page.h"

struct gzip;

/* NULL: no memory. */
struct gzip *gzip_new(void);
/* Accepts NULL. */
void gzip_free(struct gzip *g);

/* Append to out what is known of the coded page; out->failed tells if memory ran out. */
void gzip_add_text(struct gzip *g, struct span text, struct buf *out);
void gzip_add_piece(struct gzip *g, const struct page_piece *piece, struct buf *out);
/* After it nothing may be added. */
void gzip_end(struct gzip *g, struct buf *out);

#endif
