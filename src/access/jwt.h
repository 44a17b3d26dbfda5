// SPDX-License-Identifier: MIT
/*
 * JSON Web Tokens (RFC 7519) that are signed, in the compact form (RFC 7515 §7.1), as RFC 8725
 * wants them checked. A token chooses neither the kind of its algorithm, which is the key's, nor
 * where keys come from: jku, jwk, x5u and x5c are ignored.
 */
#ifndef CANDOR_ACCESS_JWT_H
#define CANDOR_ACCESS_JWT_H

#include "access/claims.h"
#include "access/jwt_keys.h"
#include "access/verified.h"

enum jwt_verdict {
#define JWT_VERDICT(ident, token, text) JWT_##ident,
#include "access/jwt_verdict.def"
#undef JWT_VERDICT
    JWT_VERDICT_COUNT
};

struct jwt_verdict_info {
    struct span token, text;
};

/* Indexed by enum jwt_verdict. */
extern const struct jwt_verdict_info jwt_verdict_table[JWT_VERDICT_COUNT];

/* What is expected of a token. */
struct jwt_policy {
    struct span issuer;           // empty: any
    const struct span *audiences; // one of them has to be in aud
    size_t audience_count;        // 0: any, and none
    int64_t skew;                 // seconds by which clocks may differ
    bool may_lack_expiry;
};

/* What a worker remembers of tokens whose signature was right a moment ago; see access/verified.h.
 */
struct jwt_memory {
    struct verified *verified;
    uint64_t of; // which keys: another number for each file and each time that it is read
    int64_t now; // of clock_monotonic()
};

/*
 * Checks a token; now is in seconds since 1970. memory may be null. What a token says is looked at
 * only after its signature. *ret_claims is written with JWT_VALID only, and given back with
 * claims_free(). Takes some microseconds, for RSA and EC up to some hundred where it is not
 * remembered; for any thread.
 */
enum jwt_verdict jwt_check(const struct jwt_keys *keys, const struct jwt_policy *policy,
                           struct span token, int64_t now, const struct jwt_memory *memory,
                           struct claims **ret_claims);

#endif
