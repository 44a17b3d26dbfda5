// SPDX-License-Identifier: MIT
/*
 * A file of keys that tokens are checked with: PEM (public keys and certificates), a JWK Set or one
 * JWK (RFC 7517). It does not change, and threads may share it.
 */
#ifndef CANDOR_ACCESS_JWT_KEYS_H
#define CANDOR_ACCESS_JWT_KEYS_H

#include "access/fault.h"
#include "access/jwt_key.h"

struct jwt_keys {
    struct jwt_key *list;
    size_t count;
};

/*
 * Reads such a file. Keys that are of no use are passed over, each with a reason in *faults, where
 * `line` is the number of the key from 1; these are words of caution when 0 is returned.
 * -CANDOR_E_SYNTAX: it is no such file, or no key is of use. -CANDOR_E_LIMIT: it has more than
 * LIMIT_JWT_KEYS_FILE bytes or LIMIT_JWT_KEYS keys. -CANDOR_E_MEMORY.
 */
int jwt_keys_read(struct span text, struct faults *faults, struct jwt_keys **ret);
void jwt_keys_free(struct jwt_keys *k);

#endif
