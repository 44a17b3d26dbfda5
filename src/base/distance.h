// SPDX-License-Identifier: MIT
/*
 * What somebody may have meant who wrote a word that does not exist.
 */
#ifndef CANDOR_BASE_DISTANCE_H
#define CANDOR_BASE_DISTANCE_H

#include "base/span.h"

/* Longer words are never found similar. */
enum { DISTANCE_WORD = 64 };

/*
 * How many octets must be inserted, removed, replaced or swapped with their neighbour to make one
 * word of the other; SIZE_MAX when one is longer than DISTANCE_WORD.
 */
size_t distance_words(struct span a, struct span b);

/* Whether the distance is small enough, for a word of that length, to suggest it. */
bool distance_is_close(struct span word, size_t distance);

#endif
