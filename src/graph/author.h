// SPDX-License-Identifier: MIT
/*
 * What the methods do (author.def): those that read a representation, and those that author, which
 * are all others but CONNECT, OPTIONS and TRACE.
 */
#ifndef CANDOR_GRAPH_AUTHOR_H
#define CANDOR_GRAPH_AUTHOR_H

#include "graph/exchange.h"
#include "http/dav_fields.h"

/* What becomes of the content. Those from TAKES_WHOLE on are stored. */
enum author_takes {
    TAKES_UNHEEDED,
    TAKES_NONE,
    TAKES_XML,
    TAKES_WHOLE,  // the representation
    TAKES_PART,   // a part of it
    TAKES_MEMBERS // members of a collection
};

enum author_makes { MAKES_NOTHING, MAKES_FILE, MAKES_COLLECTION };

enum author_changes { // bits
    CHANGES_RESOURCE = 1,
    CHANGES_SUBTREE = 2,
    CHANGES_PARENT = 4, // the collection that has it as a member
    CHANGES_PARENT_IF_NEW = 8,
    CHANGES_DESTINATION = 16
};

enum author_also {         // bits
    AUTHOR_ABOUT_LINK = 1, // about a link itself, not about what it leads to
    AUTHOR_ELSEWHERE = 2,  // there is a destination
    AUTHOR_LOCKS = 4,
    AUTHOR_UNLOCKS = 8,
    AUTHOR_TELLS = 16,   // of properties
    AUTHOR_BY_FORM = 32, // a page of another site can make a browser send it
    AUTHOR_REPORTS = 64  // of a collection alone, by a report that the content names
};

enum upload_use { UPLOAD_UNUSED, UPLOAD_OPENS, UPLOAD_ASKS, UPLOAD_APPENDS, UPLOAD_GIVES_UP };

struct author {
    enum author_takes takes;
    enum author_makes makes;
    uint8_t depths; // bits 1 << enum depth: which it takes
    uint8_t depths_of_collection;
    uint8_t changes; // enum author_changes
    uint8_t also;    // enum author_also
};

/* Indexed by enum method; a method that does not author has a row of zeros. */
extern const struct author author_table[METHOD_COUNT];
extern const enum upload_use upload_uses[METHOD_COUNT]; // of uploads in pieces

extern const method_set methods_that_read, methods_that_author;
extern const method_set methods_that_explain; // what can be done: every resource has them
extern const method_set methods_that_take;    // content that is heeded
extern const method_set methods_that_store, methods_that_patch;
extern const method_set methods_of_uploads; // that are there already

static inline bool method_is_in(const struct exchange *x, method_set set)
{
    return (set & METHOD_BIT(x->request.method)) != 0;
}

static inline const struct author *author_of(const struct exchange *x)
{
    return &author_table[x->request.method];
}

/* What Depth says; it may be absent or malformed. */
static inline enum depth depth_of(const struct exchange *x)
{
    return depth_parse(message_field(&x->request, FIELD_depth));
}

static inline enum upload_use upload_use_of(const struct exchange *x)
{
    return upload_uses[x->request.method];
}

#endif
