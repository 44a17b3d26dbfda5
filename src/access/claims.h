// SPDX-License-Identifier: MIT
/*
 * The claims of a token that was found to be valid.
 */
#ifndef CANDOR_ACCESS_CLAIMS_H
#define CANDOR_ACCESS_CLAIMS_H

#include "base/span.h"

struct claims; // a JSON object

void claims_free(struct claims *c);

/* The text of a claim that is a string, a view of c; a null pointer: there is none. */
struct span claims_text(const struct claims *c, struct span name);

/*
 * Whether a claim has a value: a string is equal to it, a number or boolean is written so, a list
 * has such a member. "scope" is a set: one of its words, separated by spaces, is equal to it
 * (RFC 8693 §4.2).
 */
bool claims_have(const struct claims *c, struct span name, struct span value);

/* Whether a word is one of a text's, which are separated by spaces. */
bool claims_scope_has(struct span scope, struct span word);

#endif
