// SPDX-License-Identifier: MIT
/*
 * Conditional requests (RFC 9110 §13). One function for each field, and precondition_evaluate,
 * which applies them in their order. All are pure; a field value whose ptr is NULL is absent. Where
 * a list field came in several lines, the caller joins them with commas first (RFC 9110 §5.3).
 */
#ifndef CANDOR_HTTP_PRECONDITION_H
#define CANDOR_HTTP_PRECONDITION_H

#include "http/entity_tag.h"
#include "registry/field.h"

/* What is known of the selected representation. */
struct validators {
    bool exists; // the resource has a current representation
    bool has_etag;
    struct entity_tag etag;
    bool has_last_modified;
    int64_t last_modified; // seconds since 1970, as it would be sent in Last-Modified
    bool date_is_shared;   // by other representations, such as those in other codings
};

enum condition {
    CONDITION_ABSENT, // not sent, or to be ignored
    CONDITION_HOLDS,
    CONDITION_FAILS,
    CONDITION_MALFORMED, // what breaks its syntax, or too many entity tags
};

/* §13.1.1: "*" holds where something exists; a list by strong comparison. */
enum condition precondition_if_match(struct span value, const struct validators *v);

/*
 * §13.1.2: "*" fails where something exists; a list fails where a tag matches weakly. Never
 * malformed: a member that is neither names nothing that is stored, so the others decide.
 */
enum condition precondition_if_none_match(struct span value, const struct validators *v);

/*
 * §13.1.3 and §13.1.4: absent when the value is not a date or nothing is known of the last change.
 * If-Modified-Since counts for GET and HEAD only, and neither counts beside If-None-Match
 * respectively If-Match: that is for the caller to see to.
 * now: seconds since 1970, for dates with a year of two digits.
 */
enum condition precondition_if_modified_since(struct span value, const struct validators *v,
                                              int64_t now);
enum condition precondition_if_unmodified_since(struct span value, const struct validators *v,
                                                int64_t now);

/*
 * §13.1.5: strong comparison, or exactly the date of the last change, which counts only if it is a
 * strong validator: not where it is shared, as bytes of one coding would be joined to another's.
 * When it doesn't hold, Range is to be ignored; a value that is neither an entity tag nor a date is
 * malformed and means the same. Without Range the field is to be ignored.
 */
enum condition precondition_if_range(struct span value, const struct validators *v, int64_t now);

/*
 * Whether last_modified, as a date, is a strong validator (§8.8.2.2): only once its second is over
 * can a change in that same second no longer go unnoticed. A server that withholds Last-Modified
 * until then never hands out a date that a later change could share.
 */
static inline bool precondition_date_is_strong(int64_t last_modified, int64_t now)
{
    return last_modified < now;
}

/* The values of the fields; those that were not sent are {NULL, 0}. */
struct preconditions {
    struct span if_match, if_unmodified_since, if_none_match, if_modified_since;
    struct span range, if_range;
};

enum precondition_result {
    PRECONDITION_PROCEED,       // perform the method; Range, if any, applies
    PRECONDITION_PROCEED_WHOLE, // perform it, but ignore Range (206 must not be sent)
    PRECONDITION_NOT_MODIFIED,  // 304
    PRECONDITION_FAILED,        // 412
    PRECONDITION_MALFORMED,     // 400
};

/*
 * Evaluates them in the order of §13.2.2; the first that does not let the request proceed decides.
 * method_reads: the method is GET; also for HEAD, to which the caller applies no Range.
 * *ret_field: the field that decided; FIELD_OTHER with PRECONDITION_PROCEED.
 * Only for a request that would succeed without preconditions (§13.2.1).
 */
enum precondition_result precondition_evaluate(const struct preconditions *p,
                                               const struct validators *v, bool method_reads,
                                               int64_t now, enum field *ret_field);

#endif
