// SPDX-License-Identifier: MIT
/*
 * What is wrong with a text that somebody wrote: where it shows, and a sentence for that person.
 * Values that clients or operators hold secret are never part of the sentence.
 */
#ifndef CANDOR_ACCESS_FAULT_H
#define CANDOR_ACCESS_FAULT_H

#include "base/span.h"

enum { FAULT_REASON = 240 };

struct fault {
    size_t line; // of a file, from 1; for a list of keys the number of the key; 0: it has no lines
    size_t at;   // the offset of the byte in the text or line, from 0
    char reason[FAULT_REASON];
};

/* The faults of a file: the first LIMIT_ACCESS_FAULTS of them, and how many there are in all. A
 * zeroed struct has none. */
struct faults {
    struct fault *list; // owned
    size_t count;
};

/* With a sentence for printf; for use with `return`: -CANDOR_E_SYNTAX. */
__attribute__((format(printf, 4, 5))) int fault_set(struct fault *f, size_t line, size_t at,
                                                    const char *format, ...);
/* Adds one; f may be null. */
__attribute__((format(printf, 4, 5))) void faults_add(struct faults *f, size_t line, size_t at,
                                                      const char *format, ...);
/* How many of them are in the list. */
size_t faults_kept(const struct faults *f);
void faults_done(struct faults *f);

#endif
