// SPDX-License-Identifier: MIT
/*
 * What a request's If says of the state of resources, and whether locks stand in the way of what it
 * would change: RFC 4918 §7, §10.4. Three steps, because they belong to different places:
 *
 *   lock_facts_read    what was sent: pure
 *   lock_facts_look    the entity tags that conditions ask about: blocks
 *   lock_facts_decide  with the tree's mutex, as often as wanted: also just before a change
 */
#ifndef CANDOR_LOCK_LOCK_FACTS_H
#define CANDOR_LOCK_LOCK_FACTS_H

#include "lock/lock_table.h"
#include "tree/tree.h"

/* What would change. */
struct lock_change {
    struct span path;
    enum lock_reach reach;
};

/* MOVE: source and destination by all names, and the collections that they are in. */
enum { LOCK_CHANGES = 2 * (TREE_NAMES + 1) };

/* Where the request points; spans are borrowed until the last decision. */
struct lock_target {
    struct span host;        // as in Host
    struct span mount;       // "/docs/": what stands before the tree's root in a path
    struct tree_names names; // of the request's resource
};

/* A resource that conditions are about. */
struct if_resource {
    struct span tag; // as sent; ptr NULL: the request's own
    bool here;       // else it is no resource of this tree: nothing matches
    bool tag_asked;  // a condition is about its entity tag
    bool has_etag;
    struct tree_names names;
    char etag[STAMP_ETAG_OPAQUE + 1];
};

struct lock_facts {
    struct lock_target target;
    struct span value; // of If; ptr NULL: there is none
    bool malformed;
    size_t offset; // of the fault
    struct span *tokens;
    size_t token_count;
    struct span principal;
    struct if_resource *resources; // the first is the request's own
    size_t resource_count;
    struct lock_change changes[LOCK_CHANGES]; // filled in by lock_facts_change
    size_t change_count;
};

struct lock_verdict {
    bool if_holds; // also when there is no If
    bool blocked;
    struct span blocking; // the root of a lock that is in the way; on the arena
};

/* Everything is allocated in the arena. -CANDOR_E_MEMORY. */
int lock_facts_read(struct lock_facts *f, struct arena *arena, struct span if_value,
                    const struct lock_target *target);

/*
 * Adds something that would change, by all names; at most LOCK_CHANGES. What a link leads to is not
 * changed below itself when the link goes.
 */
void lock_facts_change(struct lock_facts *f, const struct tree_names *names, enum lock_reach reach);
/* Adds the collection that it is a member of, if it is in any, but not what is below that. */
void lock_facts_change_parent(struct lock_facts *f, const struct tree_names *names);

/* 0 or a negated errno. */
int lock_facts_look(struct lock_facts *f, struct tree *tree, struct arena *arena);

/* -CANDOR_E_MEMORY. */
int lock_facts_decide(const struct lock_facts *f, struct lock_table *table, int64_t now,
                      struct arena *arena, struct lock_verdict *ret_verdict);

/* With the mutex: as lock_table_find, for a path that is any of the names. */
const struct lock *lock_facts_find(struct lock_table *table, struct span token,
                                   const struct tree_names *names, int64_t now);

/* With the mutex: the one lock of those that If submits which holds at the request's resource; NULL
 * when it is none, or more than one: RFC 4918 §9.10.2. */
const struct lock *lock_facts_named(const struct lock_facts *f, struct lock_table *table,
                                    int64_t now);

#endif
