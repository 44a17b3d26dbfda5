// SPDX-License-Identifier: MIT
#include "graph/page_facts.h"

#include "graph/exchange.h"

/* Nearly all requests have none: that is seen without a call. */
static struct span field(struct exchange *x, enum field id)
{
    return x->request.first[id] ? exchange_field(x, id) : (struct span){NULL, 0};
}

/* Where an upload is completed, what counts is what the request said that opened it. */
static enum step begin_conditions(struct exchange *x)
{
    struct conditions *c = &x->conditions;

    if (x->upload.finishes) {
        c->if_match = x->upload.if_match;
        c->if_none_match = x->upload.if_none_match;
        c->if_unmodified_since = x->upload.if_unmodified_since;
    } else {
        c->if_match = field(x, FIELD_if_match);
        c->if_none_match = field(x, FIELD_if_none_match);
        c->if_unmodified_since = field(x, FIELD_if_unmodified_since);
        c->if_modified_since = field(x, FIELD_if_modified_since);
        c->if_range = field(x, FIELD_if_range);
    }
    return STEP_KNOWN;
}

static enum step begin_ranges(struct exchange *x)
{
    x->representation.ranges.list =
        arena_alloc(&x->arena, LIMIT_RANGES * sizeof *x->representation.ranges.list);
    if (!x->representation.ranges.list)
        exchange_fail(x, OUTCOME_resources_exhausted, 0, NULL);
    else
        x->representation.ranges.result =
            range_parse(exchange_field(x, FIELD_range), x->representation.length,
                        x->representation.ranges.list, &x->representation.ranges.count);
    return STEP_KNOWN;
}

const struct fact_step page_steps[FACT_COUNT] = {
    [FACT_conditions] = {.begin = begin_conditions},
    [FACT_ranges] = {.begin = begin_ranges},
};
