// SPDX-License-Identifier: MIT
/*
 * The digests that the client sent (RFC 9530), checked against those of the content. All functions
 * but digests_reread_much are for the pool, and return 0 or a negated errno.
 */
#ifndef CANDOR_RESOURCE_DAV_CONTENT_DIGEST_H
#define CANDOR_RESOURCE_DAV_CONTENT_DIGEST_H

#include "resource/files/digest_hash.h"
#include "tree/tree.h"

struct authoring;

/* What the client says that the content is, and what it is. */
struct content_digests {
    struct digest_hash *hash;   // of the content, where the client sent digests
    struct digests *of_content; // on the arena; NULL: none
    struct digests *of_whole;   // of the representation, of which this is a part
    bool are_read, are_checked;
    bool all_computed; // whatever digest of the content may still come, it is being computed
};

/* Those that came before the content; once. */
int digests_read(struct authoring *a);
/* The content, piece by piece. */
void digests_add(struct authoring *a, struct span content);
/* All has come, trailers too. What could not be computed until now is read again: the content is
 * what is staged from `first` on; a stage is not needed when it is empty. */
int digests_check(struct authoring *a, const struct stage *stage, uint64_t first);
/* Whether so much is to be read again that it takes long. */
bool digests_reread_much(const struct authoring *a);
/* Those of the whole representation, and earlier ones (NULL: none) of it, of all that is staged. */
int digests_check_whole(struct authoring *a, const struct stage *stage,
                        const struct digests *earlier);

#endif
