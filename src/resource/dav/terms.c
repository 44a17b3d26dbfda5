// SPDX-License-Identifier: MIT
#include "resource/dav/terms.h"

#include "resource/dav/authoring.h"
#include "resource/dav/written.h"

struct tree_terms terms_of_member(struct authoring *a, bool is_told)
{
    struct tree_terms terms = {.must_not_exist = true, .hurry = &a->x->hurry};

    if (is_told && written_is_wanted(a->x))
        terms.ret_file = &a->answer.written;
    locks_add_terms(a, &terms);
    return terms;
}

struct tree_terms terms_of(struct authoring *a)
{
    struct tree_terms terms = {.target = &a->target.look.here, .hurry = &a->x->hurry};

    if (written_is_wanted(a->x))
        terms.ret_file = &a->answer.written;
    locks_add_terms(a, &terms);
    return terms;
}
