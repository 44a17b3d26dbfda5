// SPDX-License-Identifier: MIT
/*
 * The hash of a password as crypt(5) writes it: which kind it is, whether it can be checked here,
 * and the check, by libxcrypt. bcrypt, yescrypt, SHA-512 and SHA-256 are known.
 */
#ifndef CANDOR_ACCESS_PASSWORD_HASH_H
#define CANDOR_ACCESS_PASSWORD_HASH_H

#include "base/span.h"

enum password_kind { PASSWORD_BCRYPT, PASSWORD_YESCRYPT, PASSWORD_SHA512, PASSWORD_SHA256 };

/* Two hashes take as long as each other when kind and cost are equal. */
struct password_hash {
    const char *text; // ends with NUL; its owner's
    enum password_kind kind;
    uint32_t cost; // in the measure of the kind
};

/* Of a text that ends with NUL. NULL and *ret, or what is wrong with it: the rest of a sentence
 * that begins with "the password". */
const char *password_hash_read(const char *text, struct password_hash *ret);

/* What one check needs for its work, 32 KiB: one for each thread. NULL: no memory. */
struct password_scratch;
struct password_scratch *password_scratch_new(void);
void password_scratch_free(struct password_scratch *s);

enum password_verdict {
    PASSWORD_WRONG,
    PASSWORD_RIGHT,
    PASSWORD_UNABLE // there was no memory for it
};

/* Takes from a millisecond to some seconds, as the hash wants it: for a thread of the pool.
 * Nothing of the password stays in s. */
enum password_verdict password_check(const struct password_hash *hash, struct span password,
                                     struct password_scratch *s);

/* A new hash, yescrypt with its usual cost, in memory that the caller frees; NULL when it cannot be
 * made: no memory, no random bytes, or the password is longer than LIMIT_PASSWORD. */
char *password_hash_make(struct span password);

#endif
