// SPDX-License-Identifier: MIT
#include "resource/dav/terms.h"

#include "resource/dav/authoring.h"

struct tree_terms terms_of_member(struct authoring *a, bool is_told)
{
    struct tree_terms terms = {.must_not_exist = true, .hurry = &a->x->urgency.hurry};

    if (is_told && a->content.fields.wants_representation)
        terms.ret_file = &a->answer.written;
    locks_add_terms(a, &terms);
    return terms;
}

struct tree_terms terms_of(struct authoring *a)
{
    struct tree_terms terms = {.target = &a->target.look.here, .hurry = &a->x->urgency.hurry};

    if (a->content.fields.wants_representation)
        terms.ret_file = &a->answer.written;
    locks_add_terms(a, &terms);
    return terms;
}
