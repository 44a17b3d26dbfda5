// SPDX-License-Identifier: MIT
#include "tree/tree_pair.h"

#include "base/path.h"

#include <errno.h>

int tree_open_pair(struct tree *t, struct span source, struct span target, bool takes_link,
                   const struct hurry *hurry, struct tree_pair *ret_pair)
{
    struct tree_pair *pair = ret_pair;
    int error = tree_need_count(t, hurry), within = 0;

    if (error)
        return error;
    if (tree_check_path(t, source) == TREE_NAME_OK && tree_check_path(t, target) == TREE_NAME_OK &&
        (path_is_within(source, target) || path_is_within(target, source)))
        return -EDEADLK;
    error = place_open(t, source, &pair->source);
    if (error)
        return error;
    error = place_open(t, target, &pair->target);
    if (error) {
        place_done(&pair->source);
        return error;
    }
    error = place_look(t, &pair->source, &pair->from);
    if (error == 0)
        error = place_look(t, &pair->target, &pair->to);
    /* Nor by way of links. A link itself holds nothing. */
    if (error == 0 && pair->from.seen.kind == TREE_COLLECTION && !(takes_link && pair->from.link))
        within = place_is_within(t, &pair->target, &pair->from.seen);
    if (error == 0 && within == 0 && pair->to.folder)
        within = place_is_within(t, &pair->source, &pair->to.seen);
    if (error == 0 && within < 0)
        error = within;
    if (error == 0 && (within || (pair->source.inode == pair->target.inode &&
                                  pair->source.device == pair->target.device &&
                                  strcmp(pair->source.leaf, pair->target.leaf) == 0)))
        error = -EDEADLK;
    /* A link, and what it leads to. */
    if (error == 0 && (pair->from.link || pair->to.link) &&
        pair->from.seen.stamp.inode == pair->to.seen.stamp.inode &&
        pair->from.seen.stamp.device == pair->to.seen.stamp.device)
        error = -EDEADLK;
    if (error == 0 && pair->from.seen.kind == TREE_ABSENT)
        error = -ENOENT;
    if (error == 0 && pair->from.seen.kind == TREE_OTHER)
        error = -ENXIO;
    if (error)
        tree_close_pair(pair);
    return error;
}

void tree_close_pair(struct tree_pair *pair)
{
    place_done(&pair->source);
    place_done(&pair->target);
}

int tree_agree_pair(const struct tree *t, struct tree_pair *pair, const struct tree_terms *terms)
{
    struct tree_terms source_terms = {.target = terms->source};
    int error = place_agree(t, &pair->source, &source_terms, &pair->from);

    if (error == 0 && pair->from.seen.kind == TREE_ABSENT)
        error = -ENOENT;
    if (error == 0)
        error = place_agree(t, &pair->target, terms, &pair->to);
    if (error == 0 && terms->check)
        error = terms->check(terms->context);
    return error;
}
