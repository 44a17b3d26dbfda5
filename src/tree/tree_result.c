// SPDX-License-Identifier: MIT
#include "tree/tree_result.h"

#include "tree/tree.h"

_Static_assert(TREE_TOO_MANY == -EXFULL, "tree_result.def has a row for it");
_Static_assert(TREE_NOT_DURABLE == -ENOTRECOVERABLE, "tree_result.def has a row for it");

enum outcome tree_result_outcome(int error)
{
    switch (-error) {
#define RESULT(number, outcome, meaning)                                                           \
    case number:                                                                                   \
        return OUTCOME_##outcome;
#include "tree/tree_result.def"
#undef RESULT
    default:
        return OUTCOME_write_failed;
    }
}
