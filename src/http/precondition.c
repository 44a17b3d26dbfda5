// SPDX-License-Identifier: MIT
#include "http/precondition.h"

#include "http/date.h"

enum condition precondition_if_match(struct span value, const struct validators *v)
{
    struct entity_tag tag;

    if (!value.ptr)
        return CONDITION_ABSENT;
    switch (entity_tags_classify(value)) {
    case ENTITY_TAGS_MALFORMED:
        return CONDITION_MALFORMED;
    case ENTITY_TAGS_ANY:
        return v->exists ? CONDITION_HOLDS : CONDITION_FAILS;
    case ENTITY_TAGS_LIST:
        break;
    }
    if (!v->exists || !v->has_etag)
        return CONDITION_FAILS;
    while (entity_tags_next(&value, &tag))
        if (entity_tag_eq_strong(tag, v->etag))
            return CONDITION_HOLDS;
    return CONDITION_FAILS;
}

enum condition precondition_if_none_match(struct span value, const struct validators *v)
{
    struct entity_tag tag;
    bool any;

    if (!value.ptr)
        return CONDITION_ABSENT;
    while (v->exists && entity_tags_skim(&value, &tag, &any))
        if (any || (v->has_etag && entity_tag_eq_weak(tag, v->etag)))
            return CONDITION_FAILS;
    return CONDITION_HOLDS;
}

/* Whether there is a date to compare with a known last change. */
static bool have_dates(struct span value, const struct validators *v, int64_t now, int64_t *ret)
{
    return value.ptr && v->exists && v->has_last_modified && date_parse(value, now, ret);
}

enum condition precondition_if_modified_since(struct span value, const struct validators *v,
                                              int64_t now)
{
    int64_t date;

    if (!have_dates(value, v, now, &date))
        return CONDITION_ABSENT;
    return v->last_modified > date ? CONDITION_HOLDS : CONDITION_FAILS;
}

enum condition precondition_if_unmodified_since(struct span value, const struct validators *v,
                                                int64_t now)
{
    int64_t date;

    if (!have_dates(value, v, now, &date))
        return CONDITION_ABSENT;
    return v->last_modified <= date ? CONDITION_HOLDS : CONDITION_FAILS;
}

enum condition precondition_if_range(struct span value, const struct validators *v, int64_t now)
{
    struct entity_tag tag;
    bool holds;
    int64_t date;

    if (!value.ptr)
        return CONDITION_ABSENT;
    if (entity_tag_parse(value, &tag))
        holds = v->has_etag && entity_tag_eq_strong(tag, v->etag);
    else if (date_parse(value, now, &date))
        holds = v->has_last_modified && !v->date_is_shared && date == v->last_modified &&
                precondition_date_is_strong(date, now);
    else
        return CONDITION_MALFORMED;
    return v->exists && holds ? CONDITION_HOLDS : CONDITION_FAILS;
}

enum precondition_result precondition_evaluate(const struct preconditions *p,
                                               const struct validators *v, bool method_reads,
                                               int64_t now, enum field *ret_field)
{
    enum condition condition;

    *ret_field = FIELD_if_match;
    condition = precondition_if_match(p->if_match, v);
    if (condition == CONDITION_ABSENT) {
        *ret_field = FIELD_if_unmodified_since;
        condition = precondition_if_unmodified_since(p->if_unmodified_since, v, now);
    }
    if (condition == CONDITION_MALFORMED)
        return PRECONDITION_MALFORMED;
    if (condition == CONDITION_FAILS)
        return PRECONDITION_FAILED;

    *ret_field = FIELD_if_none_match;
    condition = precondition_if_none_match(p->if_none_match, v);
    if (condition == CONDITION_ABSENT && method_reads) {
        *ret_field = FIELD_if_modified_since;
        condition = precondition_if_modified_since(p->if_modified_since, v, now);
    }
    if (condition == CONDITION_FAILS)
        return method_reads ? PRECONDITION_NOT_MODIFIED : PRECONDITION_FAILED;

    *ret_field = FIELD_if_range;
    condition = precondition_if_range(p->range.ptr ? p->if_range : (struct span){0}, v, now);
    if (condition == CONDITION_FAILS || condition == CONDITION_MALFORMED)
        return PRECONDITION_PROCEED_WHOLE;
    *ret_field = FIELD_OTHER;
    return PRECONDITION_PROCEED;
}
