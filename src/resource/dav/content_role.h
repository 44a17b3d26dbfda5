// SPDX-License-Identifier: MIT
/*
 * What the content of a request is to the folder, and what else its fields say of it: found once,
 * before any of it has come (FACT_content_kind).
 */
#ifndef CANDOR_RESOURCE_DAV_CONTENT_ROLE_H
#define CANDOR_RESOURCE_DAV_CONTENT_ROLE_H

#include "graph/exchange.h"
#include "http/content_range.h"
#include "http/media_type.h"

struct authoring;

enum content_role {
    CONTENT_IGNORED, // nothing that the method stores or understands
    CONTENT_XML,     // says what the method is to do
    CONTENT_WHOLE,   // is the target's representation
    CONTENT_PART,    // is a part of it: PATCH, or PUT with Content-Range
    CONTENT_MEMBER,  // is the representation of a member to be made: POST
    CONTENT_FORM,    // has files that become members: POST
    CONTENT_OPENING, // is the beginning of an upload, which it opens, or all of it: PUT, POST
    CONTENT_PIECE    // continues the upload that the target names, whatever is asked of that
};

/* What the fields say, beside struct content_kind of the exchange. */
struct content_fields {
    enum content_role role;
    bool range_sound; // of a part; then, of PATCH and of PUT:
    union {
        struct update_range update;
        struct content_range content;
    } range;
    int64_t modified_ns;                     // X-OC-Mtime, or TREE_NOW
    struct media_type type;                  // all zeros: none, or it is malformed or of no use
    struct span content_digest, repr_digest; // ptr NULL: not sent before the content
    bool announces_digest;                   // behind the content
    bool wants_representation;               // in the answer: RFC 7240 §4.2
    bool wants_page;                         // of a form: rather than a list of its files
};

/* FACT_content_kind. */
enum step content_role_begin(struct authoring *a);
/* Whether the content, if any, goes to an upload. */
bool content_is_of_upload(const struct authoring *a);
/* Whether it does, and ends that. */
bool content_completes_upload(const struct authoring *a);
/* Whether what is stored becomes a member of the target. */
bool content_makes_member(const struct exchange *x);

#endif
