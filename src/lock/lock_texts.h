// SPDX-License-Identifier: MIT
/*
 * Copies of a lock: its texts in one block, one behind the other.
 */
#ifndef CANDOR_LOCK_LOCK_TEXTS_H
#define CANDOR_LOCK_LOCK_TEXTS_H

#include "lock/lock_table.h"

/* Bytes of the block. */
size_t lock_texts_length(const struct lock *lock);
/* A copy whose texts are written to the block. */
void lock_fill(struct lock *ret_lock, char *texts, const struct lock *from);

#endif
