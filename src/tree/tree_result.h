// SPDX-License-Identifier: MIT
/*
 * What the results of the tree mean for a request (tree_result.def).
 */
#ifndef CANDOR_TREE_TREE_RESULT_H
#define CANDOR_TREE_TREE_RESULT_H

#include "registry/outcome.h"

/*
 * What becomes of a request whose change had that result, a negated errno. OUTCOME_NONE: what was
 * seen has changed, and the request is to be judged again.
 */
enum outcome tree_result_outcome(int error);

#endif
