// SPDX-License-Identifier: MIT
/*
 * Computes the digests of RFC 9530 over content that comes piece by piece, through libcrypto.
 */
#ifndef CANDOR_RESOURCE_FILES_DIGEST_HASH_H
#define CANDOR_RESOURCE_FILES_DIGEST_HASH_H

#include "http/digest.h"

struct digest_hash;

/*
 * Loads the algorithms, so that nothing of the library is loaded when memory is short. Once, at the
 * start. -CANDOR_E_MEMORY, or -CANDOR_E_SYSTEM when the library has not got them.
 */
int digest_hash_prepare(void);

/*
 * Begins a computation of those algorithms that wanted has (its bytes don't matter). The caller
 * frees it. -CANDOR_E_MEMORY when there is no memory, -CANDOR_E_SYSTEM when the library refuses.
 */
int digest_hash_new(const struct digests *wanted, struct digest_hash **ret);
void digest_hash_free(struct digest_hash *h); // NULL is fine

/* A failure is kept, and told by digest_hash_finish. */
void digest_hash_add(struct digest_hash *h, struct span piece);

/* The digests of all that was added, to be asked once. 0, or -CANDOR_E_SYSTEM. */
int digest_hash_finish(struct digest_hash *h, struct digests *ret);

#endif
