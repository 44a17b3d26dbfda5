// SPDX-License-Identifier: MIT
/*
 * The responses of methods that author.
 */
#ifndef CANDOR_RESOURCE_DAV_ANSWER_H
#define CANDOR_RESOURCE_DAV_ANSWER_H

#include "fs/stamp.h"
#include "graph/exchange.h"
#include "resource/dav/answer_cache.h"

struct authoring;
struct telling;

/* What is to be told of what was done. */
struct answer_parts {
    char etag[STAMP_ETAG_OPAQUE + 1]; // of the target
    int written;                      // that, where it is to be told; -1: it isn't
    bool written_whole;               // all of it
    bool has_result;                  // in the content
    bool is_untold;                   // all was done, and the client does not want to hear of it
    struct span properties;           // PROPPATCH; ptr NULL: there is nothing to tell
    struct telling *telling;          // PROPFIND: what is being told
    struct answer_terms terms;        // of what is remembered of that, or will be
    struct answer *remembered;        // that is told; owned reference
    bool is_reserved;                 // there is room set aside
};

/* Whether what was stored is told: it is wanted, and could be looked at. */
bool answer_has_written(const struct authoring *a);
void authoring_respond(struct exchange *x);
/* Sets aside, on the arena, what it takes to tell of the method's effect, which then cannot fail.
 * False: out of memory. */
bool answer_reserve(struct authoring *a);

#endif
