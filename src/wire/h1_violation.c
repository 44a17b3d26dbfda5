// SPDX-License-Identifier: MIT
#include "wire/h1_parts.h"

int h1_bad(struct h1_reader *r, enum outcome outcome, const char *at)
{
    r->m->violation = (struct violation){outcome, (uint64_t)(at - r->base)};
    return H1_BAD;
}

int h1_bad_line_end(struct h1_reader *r, enum outcome outcome)
{
    if (*r->at == '\n')
        return h1_bad(r, OUTCOME_line_end_bare_lf, r->at);
    if (r->end - r->at < 2)
        return H1_MORE;
    return h1_bad(r, r->at[1] == '\n' ? outcome : OUTCOME_line_end_bare_cr, r->at);
}
