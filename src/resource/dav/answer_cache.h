// SPDX-License-Identifier: MIT
/*
 * Answers to PROPFIND that a worker remembers ready-made, for LIMIT_FILES_FRESH ms and only within
 * the second they were made in, as locks are told with the seconds they have left. What the server
 * itself changes is seen at once: an answer is of no use after the count of changes has grown.
 * Memory is bounded by LIMIT_ANSWERS_MEMORY, with what is still being sent and what is being made;
 * the least recently used goes. For the loop's thread alone.
 */
#ifndef CANDOR_RESOURCE_DAV_ANSWER_CACHE_H
#define CANDOR_RESOURCE_DAV_ANSWER_CACHE_H

#include "base/span.h"

struct answer_cache;
struct answer;

/* What is asked, and when: taken before the look that the answer is made from. */
struct answer_terms {
    struct span key;  // everything that the answer depends on, but for the tree
    uint64_t changes; // how many there were
    int64_t now;      // monotonic, ns
    int64_t time;     // seconds since 1970
};

/* -CANDOR_E_MEMORY. */
int answer_cache_new(struct answer_cache **ret_cache);
/* When no answer is referenced any more. Accepts NULL. */
void answer_cache_free(struct answer_cache *c);

/* A new reference, or NULL. */
struct answer *answer_cache_find(struct answer_cache *c, const struct answer_terms *terms);

/*
 * Sets LIMIT_ANSWER bytes aside for one that is being made; what was remembered makes room. False:
 * answers that are being sent or made take all of it. To be given back.
 */
bool answer_cache_reserve(struct answer_cache *c);
void answer_cache_give_back(struct answer_cache *c);

/*
 * Remembers a copy; `applied` (text that lives forever) goes with it. A new reference, or NULL: it
 * is too large, or there is no room.
 */
struct answer *answer_cache_put(struct answer_cache *c, const struct answer_terms *terms,
                                struct span content, struct span applied);

struct span answer_content(const struct answer *a);
struct span answer_applied(const struct answer *a);
void answer_unref(struct answer *a);

#endif
