// SPDX-License-Identifier: MIT
/* Schemas that would check a value by themselves again before they come to a part of it. */
#include "base/error.h"
#include "http/json_schema_build.h"

/* A node on the way from a first one, and where in it the way goes on. */
struct turn {
    struct schema_node *node;
    size_t rule, child;
};

/* The subschemas of a rule that are about the same value; *ret is NULL where there is none at `i`.
 * False: there are no more. A $dynamicRef leads elsewhere each time, so that it is left out. */
static bool next_child(const struct schema_rule *rule, size_t i, struct schema_node **ret)
{
    switch (rule->keyword) {
    case KEYWORD_REF:
    case KEYWORD_NOT:
        *ret = rule->node;
        return i == 0;
    case KEYWORD_ALL_OF:
    case KEYWORD_ANY_OF:
    case KEYWORD_ONE_OF:
        if (i == rule->nodes.count)
            return false;
        *ret = rule->nodes.list[i];
        return true;
    case KEYWORD_IF:
        *ret = i == 0   ? rule->condition.test
               : i == 1 ? rule->condition.then
                        : rule->condition.otherwise;
        return i < 3;
    case KEYWORD_DEPENDENT_SCHEMAS:
        if (i == rule->dependencies.count)
            return false;
        *ret = rule->dependencies.list[i].node;
        return true;
    default:
        return false;
    }
}

/* The next node from this turn of the way; NULL: it has been to all of them. */
static struct schema_node *go_on(struct turn *t)
{
    struct schema_node *next;

    for (; t->rule < t->node->rule_count; t->rule++, t->child = 0)
        while (next_child(&t->node->rules[t->rule], t->child, &next)) {
            t->child++;
            if (next)
                return next;
        }
    return NULL;
}

/* From one node, depth first, on a way that is no longer than there are nodes. */
static int follow(struct schema_builder *b, struct turn *way, struct schema_node *first)
{
    size_t length = 1;

    way[0] = (struct turn){.node = first};
    first->mark = SCHEMA_ON_WAY;
    while (length) {
        struct turn *t = &way[length - 1];
        struct schema_node *next = go_on(t);

        if (!next) {
            t->node->mark = SCHEMA_SEEN;
            length--;
        } else if (next->mark == SCHEMA_ON_WAY) {
            struct span keyword = schema_keyword_names[t->node->rules[t->rule].keyword];

            return schema_refuse(b, t->node, schema_path(b, keyword, NULL),
                                 "it leads back to where it came from with the same value, without "
                                 "end");
        } else if (next->mark == SCHEMA_NEW) {
            next->mark = SCHEMA_ON_WAY;
            way[length++] = (struct turn){.node = next};
        }
    }
    return 0;
}

int schema_refuse_cycles(struct schema_builder *b)
{
    struct turn *way = calloc(b->node_count, sizeof *way);
    int r = way ? 0 : -CANDOR_E_MEMORY;

    for (struct schema_node *n = b->nodes; r == 0 && n; n = n->next)
        if (n->mark == SCHEMA_NEW)
            r = follow(b, way, n);
    free(way);
    return r;
}
