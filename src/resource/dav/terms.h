// SPDX-License-Identifier: MIT
/*
 * Under which terms the tree makes a change: that of a request that the questions have judged, as
 * long as what they saw is there and no lock forbids it.
 */
#ifndef CANDOR_RESOURCE_DAV_TERMS_H
#define CANDOR_RESOURCE_DAV_TERMS_H

#include "tree/tree.h"

struct authoring;

/* For a change of the target. */
struct tree_terms terms_of(struct authoring *a);
/* For a new member of the target, which must not be there yet. is_told: what is stored may have to
 * be told in the answer. */
struct tree_terms terms_of_member(struct authoring *a, bool is_told);

#endif
