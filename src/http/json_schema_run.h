// SPDX-License-Identifier: MIT
/*
 * The state of one check of a value.
 */
#ifndef CANDOR_HTTP_JSON_SCHEMA_RUN_H
#define CANDOR_HTTP_JSON_SCHEMA_RUN_H

#include "http/json_schema_parts.h"

/* Where in the value the check is: a way back to its root. */
struct schema_at {
    const struct schema_at *up; // NULL: the root
    struct span name;           // ptr is NULL: an item
    size_t index;
    bool is_name; // the value is the name of the member, not the member
};

/* The resources that the check has come through, for $dynamicRef. */
struct schema_scope {
    const struct schema_scope *outer;
    const struct schema_resource *resource;
};

struct schema_run {
    const struct json_schema *schema;
    const struct schema_scope *scope;
    struct json_violations *told; // NULL: nobody wants to know why
    struct json_matcher matcher;
    size_t steps, depth;
    int error; // what ends it: 0, or negative; what was found then means nothing
};

/* The kind of a value as a bit; a number is TYPE_NUMBER. */
static inline unsigned schema_type_of(const json_t *value)
{
    static const unsigned char bits[] = {
        [JSON_OBJECT] = TYPE_OBJECT,  [JSON_ARRAY] = TYPE_ARRAY, [JSON_STRING] = TYPE_STRING,
        [JSON_INTEGER] = TYPE_NUMBER, [JSON_REAL] = TYPE_NUMBER, [JSON_TRUE] = TYPE_BOOLEAN,
        [JSON_FALSE] = TYPE_BOOLEAN,  [JSON_NULL] = TYPE_NULL,
    };

    return bits[json_typeof(value)];
}

/* A step more; false: there were too many. */
static inline bool schema_step(struct schema_run *r, size_t steps)
{
    r->steps += steps;
    return r->steps <= LIMIT_JSON_SCHEMA_STEPS;
}

/* Whether a value, of a kind that the rule is about, fits a rule without subschemas. */
bool schema_assert(struct schema_run *r, const struct schema_rule *rule, const json_t *value);

/* 1, 0, or negative with r->error. */
int schema_matches(struct schema_run *r, const struct json_pattern *pattern, struct span text);

/* Two items that are equal; false: there are none. */
bool schema_find_equal(struct schema_run *r, const json_t *array, size_t *ret_first,
                       size_t *ret_second);

/* Tells why a value does not fit a rule; count: how many items or subschemas fitted it. */
void schema_tell(struct schema_run *r, const struct schema_node *node,
                 const struct schema_rule *rule, const struct schema_at *at, const json_t *value,
                 size_t count);

/* Tells that a node is `false`, and there is a value. */
void schema_tell_false(struct schema_run *r, const struct schema_node *node,
                       const struct schema_at *at, const json_t *value);

#endif
