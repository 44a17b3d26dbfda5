// SPDX-License-Identifier: MIT
/*
 * The If field (RFC 4918 §10.4): lists of conditions on state tokens and entity tags. It holds when
 * one of its lists does, and a list holds when all of its conditions do. A cursor over the value;
 * no allocation. All spans point into the value.
 */
#ifndef CANDOR_HTTP_IF_HEADER_H
#define CANDOR_HTTP_IF_HEADER_H

#include "http/entity_tag.h"

/* One condition, and where it stands. */
struct if_condition {
    struct span resource;  // the Resource-Tag of its list, without "<>"; ptr NULL: none, then the
                           // list is about the resource that the request names
    bool starts_list;      // the first of a list
    bool negated;          // "Not" is before it
    bool is_tag;           // an entity tag, else a state token
    struct span token;     // the state token, without "<>"; not empty
    struct entity_tag tag; // the entity tag
};

enum if_step {
    IF_STEP_CONDITION,
    IF_STEP_END,       // the value was well-formed to its end
    IF_STEP_MALFORMED, // or more than LIMIT_IF_CONDITIONS conditions
};

/* Set up by if_begin; the caller looks at nothing but offset. */
struct if_cursor {
    struct span value, resource;
    size_t offset; // of what comes next; after IF_STEP_MALFORMED, of the fault
    size_t conditions;
    bool in_list, starts_list, tag_without_list, has_list;
};

void if_begin(struct if_cursor *c, struct span value);

/*
 * The next condition. Tolerant in two things: "Not" in any case, and a state token may be any text
 * without spaces and angle brackets, so that a corrupt one simply matches no lock.
 */
enum if_step if_next(struct if_cursor *c, struct if_condition *ret);

/* How the state of the resources is looked up. resource is as in if_condition: it is not decoded,
 * and may name a resource of another server, for which nothing matches. */
struct if_matcher {
    // Whether that state token is one of the resource's, such as the token of a lock on it (also
    // of one on a collection above that reaches it). Never asked about DAV:no-lock.
    bool (*token_matches)(void *context, struct span resource, struct span token);
    // Whether the resource's entity tag is the same, by strong comparison where it changes
    // something (RFC 9110 §8.8.3.2).
    bool (*tag_matches)(void *context, struct span resource, struct entity_tag tag);
    void *context;
};

enum if_result { IF_HOLDS, IF_FAILS, IF_MALFORMED };

/*
 * Evaluates the whole field; its syntax is read to the end before the first look-up.
 * *ret_offset: the fault, with IF_MALFORMED only. DAV:no-lock (§10.4.8) matches no resource.
 */
enum if_result if_evaluate(struct span value, const struct if_matcher *matcher, size_t *ret_offset);

/*
 * The submitted state tokens (§10.4.1: "the mere fact that a state token appears in an If header
 * means that it has been submitted"): all of them, also those behind Not and those of lists that
 * fail; DAV:no-lock, which is no lock's token, is left out. ret->resource is the resource that it
 * was tagged with: §10.4.1 asks nothing of it, so a token counts wherever it stands.
 * Begin with if_begin. False: there is no more, or the value is malformed from here on.
 */
bool if_next_submitted(struct if_cursor *c, struct if_condition *ret);

#endif
