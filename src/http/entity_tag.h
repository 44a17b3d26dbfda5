// SPDX-License-Identifier: MIT
/*
 * Entity tags (RFC 9110 §8.8.3) and the lists of them in If-Match and If-None-Match.
 */
#ifndef CANDOR_HTTP_ENTITY_TAG_H
#define CANDOR_HTTP_ENTITY_TAG_H

#include "base/span.h"

struct entity_tag {
    struct span opaque; // without the quotes; may be empty
    bool weak;
};

/* Reads one entity tag that fills the whole text. False: malformed, *ret is untouched. */
bool entity_tag_parse(struct span text, struct entity_tag *ret);

/* Takes an entity tag off the front of *rest. False: none is there; *rest is as it was. */
bool entity_tag_take(struct span *rest, struct entity_tag *ret);

/* Comparison, RFC 9110 §8.8.3.2: the strong one is never true of a weak tag. */
bool entity_tag_eq_strong(struct entity_tag a, struct entity_tag b);
bool entity_tag_eq_weak(struct entity_tag a, struct entity_tag b);

enum entity_tags {
    ENTITY_TAGS_ANY,       // "*"
    ENTITY_TAGS_LIST,      // well-formed to its end; perhaps without any tag
    ENTITY_TAGS_MALFORMED, // or more than LIMIT_ENTITY_TAGS tags
};

/* What the value of If-Match is; the whole value is looked at. */
enum entity_tags entity_tags_classify(struct span value);

/*
 * Takes the next tag off the front of *rest, a value that entity_tags_classify calls a list or the
 * rest of one. Empty elements are skipped (RFC 9110 §5.6.1.2). False: no tag is left, or what
 * follows is malformed; *rest then begins with the fault, and is empty when there is none.
 */
bool entity_tags_next(struct span *rest, struct entity_tag *ret);

/*
 * As entity_tags_next, for a value that may be malformed: a member that is no entity tag is passed
 * over, but for "*", which sets *ret_any. False: nothing is left.
 */
bool entity_tags_skim(struct span *rest, struct entity_tag *ret, bool *ret_any);

/* The offset in a malformed value at which the first list member stands that is no entity tag, or
 * is one too many. */
size_t entity_tags_fault(struct span value);

#endif
