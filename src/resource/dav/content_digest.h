// SPDX-License-Identifier: MIT
/*
 * The digests that the client sent (RFC 9530), and what computes the same.
 */
#ifndef CANDOR_RESOURCE_DAV_CONTENT_DIGEST_H
#define CANDOR_RESOURCE_DAV_CONTENT_DIGEST_H

#include "resource/files/digest_hash.h"
#include "tree/tree.h"

struct authoring;

/* What the client says that the content is, and what it is. */
struct content_digests {
    struct digest_hash *hash; // of the content, where the client sent digests
    struct digests of_content;
    struct digests of_whole; // of the representation, of which this is a part
    bool are_read, are_checked;
    bool all_computed; // whatever digest of the content may still come, it is being computed
};

int digests_read(struct authoring *a);
void digests_add(struct authoring *a, struct span content);
/* All has come, trailers too. What could not be computed until now is read again: the content is
 * what is staged from `first` on; a stage is not needed when it is empty. */
int digests_check(struct authoring *a, const struct stage *stage, uint64_t first);
/* Whether the next takes long. */
bool digests_reread_much(const struct authoring *a);
/* The same for all that is staged: those of the whole, and earlier ones (NULL: none) of it. */
int digests_check_whole(struct authoring *a, const struct stage *stage,
                        const struct digests *earlier);

#endif
