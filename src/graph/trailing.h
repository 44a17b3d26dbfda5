// SPDX-License-Identifier: MIT
/*
 * The fields of a trailer section that are passed on, gathered from the pieces that a codec gives
 * (H1_CONTENT_NAME, H1_CONTENT_TRAILER). The codec's limits bound them.
 */
#ifndef CANDOR_GRAPH_TRAILING_H
#define CANDOR_GRAPH_TRAILING_H

#include "graph/exchange.h"

/* All zeros at first; what it holds is on the arena. */
struct trailing {
    struct response_field *fields; // in order
    char *text;                    // private from here on: of the field that comes
    size_t length, room, name_length;
};

/* A piece of a name. False: out of memory. */
bool trailing_add_name(struct trailing *t, struct arena *arena, struct span piece);

/* A piece of the value; an empty one completes the field, which is kept where it `passes`
 * (h1_trailer_passes). False: out of memory. */
bool trailing_add_value(struct trailing *t, struct arena *arena, struct span piece, bool passes);

#endif
