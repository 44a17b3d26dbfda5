// SPDX-License-Identifier: MIT
/*
 * One key that signatures are checked with: what it is made of, and which algorithms it is for. The
 * key says that, never the token: a public key is no secret of HMAC, whoever asks for it (RFC 8725
 * §3.1).
 */
#ifndef CANDOR_ACCESS_JWT_KEY_H
#define CANDOR_ACCESS_JWT_KEY_H

#include "base/span.h"

#include <jansson.h>
#include <openssl/evp.h>

enum jwt_algorithm {
#define JWT_ALGORITHM(ident, name, family, digest, size, section) JWT_##ident,
#include "access/jwt_algorithm.def"
#undef JWT_ALGORITHM
    JWT_ALGORITHM_COUNT
};

/* A set of algorithms: bit JWT_x is in the set. */
#define JWT_BIT(a) (UINT32_C(1) << (a))

struct jwt_key {
    EVP_PKEY *public_key; // NULL: a secret
    unsigned char *secret;
    size_t secret_length;
    uint32_t algorithms; // the set that it is for; never empty
    // What a check begins with a copy of, for each algorithm of the set: to make it anew takes
    // long.
    EVP_MD_CTX *begun[JWT_ALGORITHM_COUNT];
    EVP_MAC_CTX *begun_macs[JWT_ALGORITHM_COUNT];
    char *id; // kid; NULL: it has none
};

/* False: no such algorithm is known. EdDSA is Ed25519: the only curve of it that is known here. */
bool jwt_algorithm_from_name(struct span name, enum jwt_algorithm *ret);

/* Take a key over, or copy what it is made of. NULL, or why the key is of no use: the rest of a
 * sentence that begins with "the key". */
const char *jwt_key_from_public(EVP_PKEY *public_key, struct jwt_key *ret);
const char *jwt_key_from_jwk(const json_t *jwk, struct jwt_key *ret);
void jwt_key_done(struct jwt_key *k);

/* Makes it ready for checks, once. False: no memory. */
bool jwt_key_prepare(struct jwt_key *k);

/* Whether a signature is this key's, with an algorithm that it is for. The key is prepared. For any
 * thread. */
bool jwt_key_verifies(const struct jwt_key *k, enum jwt_algorithm a, struct span message,
                      struct span signature);

#endif
