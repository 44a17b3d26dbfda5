// SPDX-License-Identifier: MIT
/*
 * Conditional requests (RFC 9110 §13): may the request proceed?
 */
#ifndef CANDOR_PRECONDITION_H
#define CANDOR_PRECONDITION_H

#include <candor/api.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is known of the selected representation. */
struct candor_validators {
    bool exists;      // the resource has a current representation
    const char *etag; // as in the ETag field, with its quotes; NULL, or malformed: none
    size_t etag_length;
    bool has_last_modified;
    int64_t last_modified; // seconds since 1970, as in Last-Modified
};

/* The values of the request's fields; NULL for one that was not sent. Where a list came in several
 * lines, join them with commas (RFC 9110 §5.3). */
struct candor_preconditions {
    const char *if_match;
    size_t if_match_length;
    const char *if_unmodified_since;
    size_t if_unmodified_since_length;
    const char *if_none_match;
    size_t if_none_match_length;
    const char *if_modified_since;
    size_t if_modified_since_length;
    const char *range;
    size_t range_length;
    const char *if_range;
    size_t if_range_length;
};

enum candor_precondition {
    CANDOR_PRECONDITION_PROCEED,       // perform the method; Range, if any, applies
    CANDOR_PRECONDITION_PROCEED_WHOLE, // perform it, but ignore Range
    CANDOR_PRECONDITION_NOT_MODIFIED,  // answer 304
    CANDOR_PRECONDITION_FAILED,        // answer 412
    CANDOR_PRECONDITION_MALFORMED,     // answer 400: an If-Match that breaks its syntax
};

/*
 * Evaluates the fields in the order of RFC 9110 §13.2.2; the first that does not let the request
 * proceed decides. Only for a request that would succeed without them (§13.2.1).
 * method_reads: the method is GET or HEAD. now: seconds since 1970.
 */
CANDOR_API enum candor_precondition candor_precondition_evaluate(
    const struct candor_preconditions *preconditions, const struct candor_validators *validators,
    bool method_reads, int64_t now);

#ifdef __cplusplus
}
#endif

#endif
