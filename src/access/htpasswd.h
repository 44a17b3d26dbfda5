// SPDX-License-Identifier: MIT
/*
 * A file of users and the hashes of their passwords, as htpasswd(1) writes it: lines of NAME:HASH,
 * behind which a third part is a comment. A table does not change, and threads may share it.
 */
#ifndef CANDOR_ACCESS_HTPASSWD_H
#define CANDOR_ACCESS_HTPASSWD_H

#include "access/fault.h"
#include "access/password_hash.h"

struct htpasswd;

/*
 * Reads a whole file. Each line that is no good is told in *faults, with the command that makes a
 * good one; then it is -CANDOR_E_SYNTAX. -CANDOR_E_LIMIT: the file is larger than
 * LIMIT_HTPASSWD_FILE. -CANDOR_E_MEMORY, -CANDOR_E_SYSTEM. Nothing of text is kept.
 */
int htpasswd_read(struct span text, struct faults *faults, struct htpasswd **ret);
void htpasswd_free(struct htpasswd *h);

size_t htpasswd_count(const struct htpasswd *h);
bool htpasswd_has(const struct htpasswd *h, struct span user);

/*
 * Checks a password, in a thread of the pool. What is wrong takes the same time for every name,
 * whether there is such a user or not: where hashes of several kinds or costs are in the file, one
 * of each is computed, so there is no way to tell whose is of which.
 */
enum password_verdict htpasswd_check(const struct htpasswd *h, struct span user,
                                     struct span password, struct password_scratch *s);

#endif
