// SPDX-License-Identifier: MIT
/*
 * Finding rows of the tables by what somebody half remembers. For people, not for the hot path.
 */
#ifndef CANDOR_REGISTRY_SEARCH_H
#define CANDOR_REGISTRY_SEARCH_H

#include "registry/outcome.h"
#include "registry/status.h"

/* True when `text` contains `word`, without regard to the case of ASCII letters. An empty word is
 * contained in nothing. */
bool search_contains(struct span text, struct span word);

/* Over the code, the reason, the meaning and the fields. */
bool status_matches(const struct status_info *info, struct span word);
/* Over the code, the user, the name and the meaning. */
bool status_unregistered_matches(const struct status_unregistered *info, struct span word);
/* Over the token, the title and both pieces of advice. */
bool outcome_matches(const struct outcome_info *info, struct span word);

/*
 * The outcomes whose tokens are closest to what was typed, best first: a few letters wrong, left
 * out or added, a token that contains what was typed, or one that shares a word with it. Writes at
 * most `max` of them and returns how many.
 */
size_t outcome_find_close(struct span typed, enum outcome *out, size_t max);

#endif
