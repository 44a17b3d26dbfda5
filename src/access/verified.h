// SPDX-License-Identifier: MIT
/*
 * A memory of credentials that were found to be right a few seconds ago, so that not every request
 * pays for a slow hash. It keeps a hash under a random key of its own (HMAC-SHA-256), never a
 * password; it has LIMIT_VERIFIED entries, and the oldest of a few that share a place goes.
 * For one thread: each worker has its own. Times are nanoseconds of clock_monotonic().
 */
#ifndef CANDOR_ACCESS_VERIFIED_H
#define CANDOR_ACCESS_VERIFIED_H

#include "base/span.h"

struct verified;

/* 0, -CANDOR_E_MEMORY, or -CANDOR_E_SYSTEM: no random bytes. */
int verified_new(struct verified **ret);
void verified_free(struct verified *v);

/* The hash of credentials, which are told apart by `of` too: whose they are, such as the number of
 * a file and of its version. So a file that was read again needs nothing to be forgotten. */
struct verified_hash {
    unsigned char bytes[32];
};
/* False: no memory. */
bool verified_hash(struct verified *v, uint64_t of, struct span user, struct span password,
                   struct verified_hash *ret);

bool verified_knows(const struct verified *v, const struct verified_hash *hash, int64_t now);
/* For LIMIT_VERIFIED_TIME from now. */
void verified_remember(struct verified *v, const struct verified_hash *hash, int64_t now);

#endif
