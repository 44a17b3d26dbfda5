// SPDX-License-Identifier: MIT
/*
 * The walk through a schema and a value together. Nothing is told on the way at first; only where
 * the value does not fit, and somebody wants to know why, the walk is made once more.
 */
#include "base/error.h"
#include "base/hash.h"
#include "http/json_schema_run.h"
#include "http/json_value.h"

/* Which members or items have been evaluated (core §11), by their order in the value. */
struct seen {
    uint64_t *words;
    uint64_t word; // of those that have few
    size_t count;
    bool all;
};

static bool check_node(struct schema_run *r, const struct schema_node *node, const json_t *value,
                       const struct schema_at *at, struct seen *seen);

static void seen_begin(struct schema_run *r, struct seen *s, size_t count)
{
    *s = (struct seen){.words = &s->word, .count = count};
    if (count <= 64)
        return;
    schema_step(r, count / 64);
    s->words = calloc((count + 63) / 64, sizeof *s->words);
    if (!s->words) {
        r->error = -CANDOR_E_MEMORY;
        s->words = &s->word;
        s->count = 0;
    }
}

static void seen_done(struct seen *s)
{
    if (s->words != &s->word)
        free(s->words);
}

static void seen_mark(struct seen *s, size_t i)
{
    if (s && i < s->count)
        s->words[i / 64] |= UINT64_C(1) << (i % 64);
}

static bool seen_has(const struct seen *s, size_t i)
{
    return s->all || (i < s->count && (s->words[i / 64] >> (i % 64) & 1));
}

static void seen_merge(struct seen *to, const struct seen *from)
{
    size_t count = to->count < from->count ? to->count : from->count;

    to->all = to->all || from->all;
    for (size_t i = 0; i < (count + 63) / 64; i++)
        to->words[i] |= from->words[i];
}

/* ---- Subschemas of the same value */

/* Whether a subschema fits, where that decides nothing yet: nothing is told, and what it has
 * evaluated counts if it does. */
static bool try_node(struct schema_run *r, const struct schema_node *node, const json_t *value,
                     const struct schema_at *at, struct seen *seen)
{
    struct json_violations *told = r->told;
    struct seen own;
    bool fits;

    r->told = NULL;
    if (seen) {
        seen_begin(r, &own, seen->count);
        fits = check_node(r, node, value, at, &own);
        if (fits)
            seen_merge(seen, &own);
        seen_done(&own);
    } else {
        fits = check_node(r, node, value, at, NULL);
    }
    r->told = told;
    return fits;
}

static bool check_all_of(struct schema_run *r, const struct schema_nodes *nodes,
                         const json_t *value, const struct schema_at *at, struct seen *seen)
{
    bool fits = true;

    for (size_t i = 0; i < nodes->count && (fits || r->told) && !r->error; i++)
        fits = check_node(r, nodes->list[i], value, at, seen) && fits;
    return fits;
}

/* How many fit, up to `most`, behind which nobody counts. */
static size_t count_fitting(struct schema_run *r, const struct schema_nodes *nodes,
                            const json_t *value, const struct schema_at *at, struct seen *seen,
                            size_t most)
{
    size_t count = 0;

    for (size_t i = 0; i < nodes->count && (count < most || seen) && !r->error; i++)
        count += try_node(r, nodes->list[i], value, at, seen);
    return count;
}

static bool check_condition(struct schema_run *r, const struct schema_rule *rule,
                            const json_t *value, const struct schema_at *at, struct seen *seen)
{
    const struct schema_node *next = try_node(r, rule->condition.test, value, at, seen)
                                         ? rule->condition.then
                                         : rule->condition.otherwise;

    return !next || check_node(r, next, value, at, seen);
}

static bool check_dependent(struct schema_run *r, const struct schema_rule *rule,
                            const json_t *value, const struct schema_at *at, struct seen *seen)
{
    bool fits = true;

    schema_step(r, rule->dependencies.count);
    for (size_t i = 0; i < rule->dependencies.count && (fits || r->told) && !r->error; i++) {
        const struct schema_dependency *d = &rule->dependencies.list[i];

        if (json_member(value, d->name))
            fits = check_node(r, d->node, value, at, seen) && fits;
    }
    return fits;
}

/* The outermost resource that the check has come through decides (core §8.2.3.2). */
static const struct schema_node *dynamic_target(struct schema_run *r,
                                                const struct schema_rule *rule)
{
    const struct schema_node *node = rule->dynamic.node;

    if (!rule->dynamic.name.ptr)
        return node;
    for (const struct schema_scope *s = r->scope; s; s = s->outer) {
        schema_step(r, 1);
        for (const struct schema_dynamic *d = s->resource->dynamics; d; d = d->next)
            if (span_eq(d->name, rule->dynamic.name))
                node = d->node;
    }
    return node;
}

/* ---- Members */

static const struct schema_property *find_property(const struct schema_members *m, struct span name)
{
    uint64_t hash;

    if (m->count == 0)
        return NULL;
    hash = hash_add(HASH_BEGIN, name);
    for (size_t at = hash & m->mask; m->table[at]; at = (at + 1) & m->mask)
        if (m->table[at]->hash == hash && span_eq(m->table[at]->name, name))
            return m->table[at];
    return NULL;
}

/* A member by all that is said of its name. *ret_evaluated: something is. */
static bool check_member(struct schema_run *r, const struct schema_members *m, const json_t *value,
                         const struct schema_at *at, bool *ret_evaluated)
{
    const struct schema_property *p = find_property(m, at->name);
    bool fits = true, is_named = p != NULL;

    if (p)
        fits = check_node(r, p->node, value, at, NULL);
    for (size_t i = 0; i < m->pattern_count && (fits || r->told) && !r->error; i++) {
        if (schema_matches(r, m->patterns[i].pattern, at->name) <= 0)
            continue;
        is_named = true;
        fits = check_node(r, m->patterns[i].node, value, at, NULL) && fits;
    }
    if (!is_named && m->additional && !r->error)
        fits = check_node(r, m->additional, value, at, NULL);
    *ret_evaluated = is_named || m->additional;
    return fits;
}

/* Of a large object only the members that are named. */
static bool check_named(struct schema_run *r, const struct schema_members *m, const json_t *object,
                        const struct schema_at *at)
{
    bool fits = true;

    schema_step(r, m->count);
    for (size_t i = 0; i < m->count && (fits || r->told) && !r->error; i++) {
        const struct schema_property *p = &m->list[i];
        const struct schema_at below = {.up = at, .name = p->name};
        const json_t *value = json_member(object, p->name);

        if (value)
            fits = check_node(r, p->node, value, &below, NULL) && fits;
    }
    return fits;
}

static bool check_members(struct schema_run *r, const struct schema_members *m,
                          const json_t *object, const struct schema_at *at, struct seen *seen)
{
    struct json_walk w = json_walk_begin(object);
    struct schema_at below = {.up = at};
    json_t *value;
    bool fits = true, evaluated;

    if (!seen && !m->additional && !m->pattern_count && json_object_size(object) > 2 * m->count)
        return check_named(r, m, object, at);
    for (size_t i = 0; json_walk_next(&w, &below.name, &value); i++) {
        schema_step(r, 1);
        fits = check_member(r, m, value, &below, &evaluated) && fits;
        if (evaluated)
            seen_mark(seen, i);
        if (r->error || !(fits || r->told))
            break;
    }
    return fits;
}

static bool check_names(struct schema_run *r, const struct schema_node *node, const json_t *object,
                        const struct schema_at *at)
{
    struct json_walk w = json_walk_begin(object);
    struct schema_at below = {.up = at, .is_name = true};
    json_t *value, *name;
    bool fits = true;

    while ((fits || r->told) && !r->error && json_walk_next(&w, &below.name, &value)) {
        name = json_stringn_nocheck(below.name.ptr, below.name.len);
        if (!name) {
            r->error = -CANDOR_E_MEMORY;
            return false;
        }
        fits = check_node(r, node, name, &below, NULL) && fits;
        json_decref(name);
    }
    return fits;
}

/* ---- Items */

static bool check_items(struct schema_run *r, const struct schema_rule *rule, const json_t *array,
                        const struct schema_at *at, struct seen *seen)
{
    const struct schema_nodes *prefix = &rule->items.prefix;
    struct schema_at below = {.up = at};
    size_t count = json_array_size(array);
    bool fits = true;

    if (!rule->items.rest && count > prefix->count)
        count = prefix->count;
    else if (seen)
        seen->all = true;
    for (size_t i = 0; i < count && (fits || r->told) && !r->error; i++) {
        const struct schema_node *node = i < prefix->count ? prefix->list[i] : rule->items.rest;

        below.index = i;
        fits = check_node(r, node, json_array_get(array, i), &below, NULL) && fits;
        seen_mark(seen, i);
    }
    return fits;
}

static bool check_contains(struct schema_run *r, const struct schema_node *node,
                           const struct schema_rule *rule, const json_t *array,
                           const struct schema_at *at, struct seen *seen)
{
    const size_t least = rule->contains.least, most = rule->contains.most;
    struct schema_at below = {.up = at};
    size_t fitting = 0;

    for (size_t i = 0; i < json_array_size(array) && !r->error; i++) {
        if (!seen && !r->told && (fitting > most || (fitting >= least && most == SIZE_MAX)))
            break;
        below.index = i;
        if (try_node(r, rule->contains.node, json_array_get(array, i), &below, NULL)) {
            fitting++;
            seen_mark(seen, i);
        }
    }
    if (fitting >= least && fitting <= most)
        return true;
    if (r->told)
        schema_tell(r, node, rule, at, array, fitting);
    return false;
}

/* ---- What nothing else has evaluated */

static bool check_unevaluated(struct schema_run *r, const struct schema_node *node,
                              const json_t *value, const struct schema_at *at, struct seen *seen)
{
    struct json_walk w = json_walk_begin(value);
    struct schema_at below = {.up = at};
    json_t *member = NULL;
    bool fits = true;

    if (seen->all)
        return true;
    for (size_t i = 0; i < seen->count && (fits || r->told) && !r->error; i++) {
        schema_step(r, 1);
        below.index = i;
        if (json_is_object(value))
            json_walk_next(&w, &below.name, &member);
        else
            member = json_array_get(value, i);
        if (!seen_has(seen, i))
            fits = check_node(r, node, member, &below, NULL) && fits;
    }
    seen->all = true;
    return fits;
}

/* ---- Rules and nodes */

static bool check_rule(struct schema_run *r, const struct schema_node *node,
                       const struct schema_rule *rule, const json_t *value,
                       const struct schema_at *at, struct seen *seen)
{
    size_t count = 0;
    bool fits;

    switch (rule->keyword) {
    case KEYWORD_REF:
        return check_node(r, rule->node, value, at, seen);
    case KEYWORD_DYNAMIC_REF:
        return check_node(r, dynamic_target(r, rule), value, at, seen);
    case KEYWORD_ALL_OF:
        return check_all_of(r, &rule->nodes, value, at, seen);
    case KEYWORD_IF:
        return check_condition(r, rule, value, at, seen);
    case KEYWORD_DEPENDENT_SCHEMAS:
        return check_dependent(r, rule, value, at, seen);
    case KEYWORD_PROPERTIES:
        return check_members(r, rule->members, value, at, seen);
    case KEYWORD_PROPERTY_NAMES:
        return check_names(r, rule->node, value, at);
    case KEYWORD_PREFIX_ITEMS:
        return check_items(r, rule, value, at, seen);
    case KEYWORD_CONTAINS:
        return check_contains(r, node, rule, value, at, seen);
    case KEYWORD_UNEVALUATED_ITEMS:
    case KEYWORD_UNEVALUATED_PROPERTIES:
        return check_unevaluated(r, rule->node, value, at, seen);
    case KEYWORD_ANY_OF:
        fits = count_fitting(r, &rule->nodes, value, at, seen, 1) > 0;
        break;
    case KEYWORD_ONE_OF:
        count = count_fitting(r, &rule->nodes, value, at, seen, r->told ? SIZE_MAX : 2);
        fits = count == 1;
        break;
    case KEYWORD_NOT:
        fits = !try_node(r, rule->node, value, at, NULL);
        break;
    default:
        fits = schema_assert(r, rule, value);
    }
    if (!fits && r->told && !r->error)
        schema_tell(r, node, rule, at, value, count);
    return fits;
}

static bool check_rules(struct schema_run *r, const struct schema_node *node, const json_t *value,
                        const struct schema_at *at, struct seen *seen)
{
    unsigned type = schema_type_of(value);
    bool fits = true;

    for (size_t i = 0; i < node->rule_count; i++) {
        const struct schema_rule *rule = &node->rules[i];

        if (!(rule->types & type))
            continue;
        // What others have evaluated counts only where they fit: nothing is to be said of it.
        if (!fits && rule->keyword >= KEYWORD_UNEVALUATED_ITEMS)
            break;
        fits = check_rule(r, node, rule, value, at, seen) && fits;
        if (r->error || !(fits || r->told))
            break;
    }
    return fits;
}

static bool check_node(struct schema_run *r, const struct schema_node *node, const json_t *value,
                       const struct schema_at *at, struct seen *seen)
{
    const struct schema_scope scope = {r->scope, node->resource};
    struct seen own;
    bool fits;

    if (node->is_boolean) {
        if (!node->allows && r->told)
            schema_tell_false(r, node, at, value);
        return node->allows;
    }
    if (!schema_step(r, 1) || r->depth == LIMIT_JSON_SCHEMA_DEPTH) {
        if (!r->error)
            r->error = -CANDOR_E_LIMIT;
        return false;
    }
    r->depth++;
    if (scope.outer->resource != node->resource)
        r->scope = &scope;
    if (node->tracks & schema_type_of(value)) {
        seen_begin(r, &own,
                   json_is_object(value) ? json_object_size(value) : json_array_size(value));
        fits = check_rules(r, node, value, at, &own);
        if (fits && seen)
            seen_merge(seen, &own);
        seen_done(&own);
    } else {
        fits = check_rules(r, node, value, at, seen);
    }
    r->scope = scope.outer;
    r->depth--;
    return fits && !r->error;
}

int json_schema_check(const struct json_schema *s, const json_t *value,
                      struct json_violations *violations)
{
    const struct schema_scope scope = {NULL, s->root->resource};
    struct schema_run r = {.schema = s, .scope = &scope};
    bool fits = check_node(&r, s->root, value, NULL, NULL);

    if (violations) {
        violations->count = 0;
        violations->has_more = false;
    }
    if (!fits && !r.error && violations && r.steps <= LIMIT_JSON_SCHEMA_STEPS) {
        r.told = violations;
        r.steps = 0;
        check_node(&r, s->root, value, NULL, NULL);
    }
    json_matcher_done(&r.matcher);
    if (r.error)
        return r.error;
    return r.steps > LIMIT_JSON_SCHEMA_STEPS ? -CANDOR_E_LIMIT : fits;
}
