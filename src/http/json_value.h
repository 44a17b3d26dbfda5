// SPDX-License-Identifier: MIT
/*
 * JSON values as JSON Schema sees them (draft 2020-12, core §4.2.2): 1 and 1.0 are equal, and the
 * members of an object have no order.
 */
#ifndef CANDOR_HTTP_JSON_VALUE_H
#define CANDOR_HTTP_JSON_VALUE_H

#include "base/buf.h"
#include "base/hash.h"

#include <jansson.h>

static inline struct span json_string_span(const json_t *string)
{
    return span_of(json_string_value(string), json_string_length(string));
}

/* A member of an object, or NULL. */
static inline json_t *json_member(const json_t *object, struct span name)
{
    return json_object_getn(object, name.ptr, name.len);
}

/* Walks the members of an object in the order of its text. */
struct json_walk {
    void *iter;
    json_t *object;
};
static inline struct json_walk json_walk_begin(const json_t *object)
{
    json_t *o = (json_t *)(uintptr_t)object;

    return (struct json_walk){json_object_iter(o), o};
}
/* False: there is no more. */
static inline bool json_walk_next(struct json_walk *w, struct span *ret_name, json_t **ret_value)
{
    if (!w->iter)
        return false;
    *ret_name = span_of(json_object_iter_key(w->iter), json_object_iter_key_len(w->iter));
    *ret_value = json_object_iter_value(w->iter);
    w->iter = json_object_iter_next(w->object, w->iter);
    return true;
}

/* Below, at or above 0, exactly, also between an integer and a double. Both are numbers. */
int json_number_compare(const json_t *a, const json_t *b);

/* Whether a number has no fraction. */
bool json_number_is_whole(const json_t *number);

/* A number as digits * 10^exponent, without its sign: a double as the shortest decimal that reads
 * as it. 0 has exponent 0; the digits of others do not end with a zero. */
struct json_decimal {
    uint64_t digits;
    int exponent;
};
struct json_decimal json_number_decimal(const json_t *number);

/* Whether a number is a multiple of a divisor that is not 0, as decimals: 19.99 is one of 0.01. */
bool json_number_is_multiple(const json_t *value, const struct json_decimal *divisor);

/*
 * Deep equality. *steps grows with the work; where it is above `most` the result is false, and
 * means nothing.
 */
bool json_value_eq(const json_t *a, const json_t *b, size_t *steps, size_t most);

/* Equal values have equal hashes. */
uint64_t json_value_hash(const struct hash_key *k, const json_t *value, size_t *steps);

/* Characters of UTF-8 that is well-formed. */
size_t json_string_characters(struct span text);

/* "the string \"ab\"", "the number 5", "an object with 2 members"; long strings are cut. */
void json_value_describe(const json_t *value, struct buf *out);

/* A value as JSON where it is short: a string, a number, true, false or null; else as above. */
void json_value_print(const json_t *value, struct buf *out);

#endif
