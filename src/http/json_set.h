// SPDX-License-Identifier: MIT
/*
 * A set of JSON values that others own, by deep equality (http/json_value.h).
 */
#ifndef CANDOR_HTTP_JSON_SET_H
#define CANDOR_HTTP_JSON_SET_H

#include "base/arena.h"
#include "http/json_value.h"

struct json_set_slot {
    uint64_t hash;
    const json_t *value; // NULL: free
    size_t index;        // the caller's
};

struct json_set {
    struct json_set_slot *slots;
    size_t mask;
    const struct hash_key *key;
    const json_t *source; // what it was made of
};

/* How many slots a set of so many values has. */
size_t json_set_slots(size_t count);

/* The slot of a value that is equal, or a free one (value is NULL) with the hash filled in. NULL:
 * *steps is above `most`. */
struct json_set_slot *json_set_find(const struct json_set *s, const json_t *value, size_t *steps,
                                    size_t most);

/* The set of an array's items, in the arena; NULL: out of memory. */
struct json_set *json_set_of(struct arena *a, const struct hash_key *key, const json_t *array);

#endif
