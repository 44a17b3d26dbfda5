// SPDX-License-Identifier: MIT
/*
 * Digest fields (RFC 9530): Content-Digest and Repr-Digest, and the wishes in Want-Content-Digest
 * and Want-Repr-Digest. They are dictionaries of structured fields (RFC 9651); one that breaks
 * their syntax is malformed as a whole. Only sha-256 and sha-512 count: the other registered
 * algorithms are insecure, and unknown ones say nothing; both are ignored.
 */
#ifndef CANDOR_HTTP_DIGEST_H
#define CANDOR_HTTP_DIGEST_H

#include "base/buf.h"

enum digest_algorithm { DIGEST_SHA_256, DIGEST_SHA_512, DIGEST_ALGORITHMS };
enum { DIGEST_LENGTH_MAX = 64 };

/* All zero: none. */
struct digests {
    bool has[DIGEST_ALGORITHMS];
    uint8_t bytes[DIGEST_ALGORITHMS][DIGEST_LENGTH_MAX];
};

/* The bytes of a digest: 32 or 64. */
size_t digest_length(enum digest_algorithm algorithm);

/*
 * Reads Content-Digest or Repr-Digest; several field lines are joined with commas first. Of a key
 * that is repeated the last counts. False: malformed (*ret_offset: the byte), which a digest of
 * sha-256 or sha-512 is too when it is no byte sequence or has not the right length.
 */
bool digest_parse(struct span value, struct digests *ret, size_t *ret_offset);

/* Whether all digests in sent are also in computed, with the same bytes; true if there is none. */
bool digest_agree(const struct digests *sent, const struct digests *computed);

/* Adds a member such as "sha-256=:...:". */
void digest_write(struct buf *b, enum digest_algorithm algorithm, const uint8_t *bytes);

/*
 * Reads Want-Content-Digest or Want-Repr-Digest: the algorithm with the highest preference of 1 to
 * 10 (equal ones: sha-256). False: none is wanted, or the value is malformed.
 */
bool digest_wanted(struct span value, enum digest_algorithm *ret);

#endif
