// SPDX-License-Identifier: MIT
/* A listing from its begin to its end, whatever pieces it is made in. */
#ifndef CANDOR_TESTS_LISTING_UNIT_H
#define CANDOR_TESTS_LISTING_UNIT_H

#include "resource/page/listing.h"

static inline void listing_write_whole(struct buf *b, const struct listing *listing,
                                       enum listing_format format)
{
    struct listing all = *listing;
    struct listing_writer writer = {.listing = &all, .format = format};
    const struct page_piece *piece;
    bool more = true;

    for (size_t i = 0; i < all.count; i++)
        listing_totals_add(&all.totals, &all.entries[i]);
    while (more) {
        more = listing_write(&writer, b->len + 100, b, &piece);
        if (piece)
            buf_add(b, piece->text);
    }
}

#endif
