// SPDX-License-Identifier: MIT
/*
 * What moving and copying share: a source and a target, and copying as a way to move.
 */
#ifndef CANDOR_TREE_TREE_CHANGE_H
#define CANDOR_TREE_TREE_CHANGE_H

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
                   struct tree_pair *ret_pair);
void tree_close_pair(struct tree_pair *pair);
/* With the mutex: looks at both again, and asks the terms. */
int tree_agree_pair(const struct tree *t, struct tree_pair *pair, const struct tree_terms *terms);

/* With the mutex: renames what is there to a temporary's name, in its folder. */
int tree_hide_locked(struct tree *t, const struct place *p, char ret_hidden[TEMPORARY_NAME]);

/* tree_move() between file systems. */
int tree_move_across(struct tree *t, struct tree_pair *pair, const struct tree_copying *copying,
                     const struct tree_terms *terms, struct tree_result *ret_result);

#endif
