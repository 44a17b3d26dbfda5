// SPDX-License-Identifier: MIT
#include <candor/precondition.h>

#include "http/precondition.h"

enum candor_precondition candor_precondition_evaluate(
    const struct candor_preconditions *preconditions, const struct candor_validators *validators,
    bool method_reads, int64_t now)
{
    const struct candor_preconditions *p = preconditions;
    const struct preconditions fields = {
        .if_match = span_of(p->if_match, p->if_match_length),
        .if_unmodified_since = span_of(p->if_unmodified_since, p->if_unmodified_since_length),
        .if_none_match = span_of(p->if_none_match, p->if_none_match_length),
        .if_modified_since = span_of(p->if_modified_since, p->if_modified_since_length),
        .range = span_of(p->range, p->range_length),
        .if_range = span_of(p->if_range, p->if_range_length),
    };
    struct validators known = {
        .exists = validators->exists,
        .has_last_modified = validators->has_last_modified,
        .last_modified = validators->last_modified,
    };
    enum field field;

    known.has_etag =
        validators->etag &&
        entity_tag_parse(span_of(validators->etag, validators->etag_length), &known.etag);
    switch (precondition_evaluate(&fields, &known, method_reads, now, &field)) {
    case PRECONDITION_PROCEED:
        break;
    case PRECONDITION_PROCEED_WHOLE:
        return CANDOR_PRECONDITION_PROCEED_WHOLE;
    case PRECONDITION_NOT_MODIFIED:
        return CANDOR_PRECONDITION_NOT_MODIFIED;
    case PRECONDITION_FAILED:
        return CANDOR_PRECONDITION_FAILED;
    case PRECONDITION_MALFORMED:
        return CANDOR_PRECONDITION_MALFORMED;
    }
    return CANDOR_PRECONDITION_PROCEED;
}
