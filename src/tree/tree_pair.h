// SPDX-License-Identifier: MIT
/*
 * What moving and copying are about: a source and a target.
 */
#ifndef CANDOR_TREE_TREE_PAIR_H
#define CANDOR_TREE_TREE_PAIR_H

#include "tree/tree_parts.h"

struct tree_pair {
    struct place source, target;
    struct found from, to; // what was found there last
};

/*
 * Both folders open, neither path within the other, also not through links, and space counted.
 * takes_link: a source that is a link is meant itself, not what it leads to.
 */
int tree_open_pair(struct tree *t, struct span source, struct span target, bool takes_link,
                   const struct hurry *hurry, struct tree_pair *ret_pair);
void tree_close_pair(struct tree_pair *pair);
/* With the mutex: looks at both again, and asks the terms. */
int tree_agree_pair(const struct tree *t, struct tree_pair *pair, const struct tree_terms *terms);

#endif
