// SPDX-License-Identifier: MIT
/* From the keywords of a node to its rules. */
#include "base/error.h"
#include "base/hash.h"
#include "http/json_schema_build.h"
#include "http/json_value.h"

/* What the value of a keyword has to be. */
enum shape {
    SHAPE_ANY,
    SHAPE_STRING,
    SHAPE_BOOLEAN,
    SHAPE_ARRAY,
    SHAPE_OBJECT,
    SHAPE_NUMBER,
    SHAPE_POSITIVE,
    SHAPE_COUNT,
    SHAPE_NAMES,
    SHAPE_NAMES_MAP,
    SHAPE_TYPES,
    SHAPE_SCHEMA,
    SHAPE_SCHEMAS,
    SHAPE_SCHEMA_MAP,
};

#define TYPES_WORDS                                                                                \
    "one of \"null\", \"boolean\", \"object\", \"array\", \"number\", \"integer\" and "            \
    "\"string\", or an array of them that differ"

static const char *const shape_words[] = {
    [SHAPE_ANY] = "anything",
    [SHAPE_STRING] = "a string",
    [SHAPE_BOOLEAN] = "true or false",
    [SHAPE_ARRAY] = "an array",
    [SHAPE_OBJECT] = "an object",
    [SHAPE_NUMBER] = "a number",
    [SHAPE_POSITIVE] = "a number above 0",
    [SHAPE_COUNT] = "a whole number of at least 0",
    [SHAPE_NAMES] = "an array of strings that differ",
    [SHAPE_NAMES_MAP] = "an object of arrays of strings that differ",
    [SHAPE_TYPES] = TYPES_WORDS,
    [SHAPE_SCHEMA] = "a schema",
    [SHAPE_SCHEMAS] = "an array of at least one schema",
    [SHAPE_SCHEMA_MAP] = "an object of schemas",
};

static const struct keyword_info {
    unsigned vocabulary;
    enum shape shape;
    unsigned types;
} keywords[KEYWORD_COUNT] = {
#define KEYWORD(ident, name, vocabulary, shape, types)                                             \
    [KEYWORD_##ident] = {VOCABULARY_##vocabulary, SHAPE_##shape, types},
#include "http/json_schema_keyword.def"
#undef KEYWORD
};

/* The rules of one node while its keywords are read. */
struct draft {
    struct schema_builder *b;
    struct schema_node *node;
    bool has[KEYWORD_COUNT];
    struct schema_rule rules[KEYWORD_COUNT];
};

static enum schema_keyword keyword_from_name(struct span name)
{
    int k = 0;

    while (k < KEYWORD_COUNT && !span_eq(name, schema_keyword_names[k]))
        k++;
    return (enum schema_keyword)k;
}

/* ---- Shapes */

static unsigned type_from_name(const json_t *json)
{
    static const struct {
        struct span name;
        unsigned bit;
    } types[] = {
        {SPAN_INIT("null"), TYPE_NULL},       {SPAN_INIT("boolean"), TYPE_BOOLEAN},
        {SPAN_INIT("object"), TYPE_OBJECT},   {SPAN_INIT("array"), TYPE_ARRAY},
        {SPAN_INIT("number"), TYPE_NUMBER},   {SPAN_INIT("string"), TYPE_STRING},
        {SPAN_INIT("integer"), TYPE_INTEGER},
    };

    for (size_t i = 0; json_is_string(json) && i < sizeof types / sizeof *types; i++)
        if (span_eq(json_string_span(json), types[i].name))
            return types[i].bit;
    return 0;
}

/* The bits of `type`; 0: it is wrong. */
static unsigned read_types(const json_t *json)
{
    unsigned bits = 0;

    if (!json_is_array(json))
        return type_from_name(json);
    for (size_t i = 0; i < json_array_size(json); i++) {
        unsigned bit = type_from_name(json_array_get(json, i));

        if (!bit || (bits & bit))
            return 0;
        bits |= bit;
    }
    return bits;
}

static bool is_count(const json_t *json)
{
    return json_is_integer(json)
               ? json_integer_value(json) >= 0
               : json_is_real(json) && json_real_value(json) >= 0 && json_number_is_whole(json);
}

static bool are_strings(const json_t *json)
{
    if (!json_is_array(json))
        return false;
    for (size_t i = 0; i < json_array_size(json); i++)
        if (!json_is_string(json_array_get(json, i)))
            return false;
    return true;
}

static bool are_maps_of_strings(const json_t *json)
{
    struct json_walk w = json_walk_begin(json);
    struct span name;
    json_t *value;

    if (!json_is_object(json))
        return false;
    while (json_walk_next(&w, &name, &value))
        if (!are_strings(value))
            return false;
    return true;
}

static bool has_shape(const json_t *json, enum shape shape)
{
    switch (shape) {
    case SHAPE_ANY:
        return true;
    case SHAPE_STRING:
        return json_is_string(json);
    case SHAPE_BOOLEAN:
        return json_is_boolean(json);
    case SHAPE_ARRAY:
        return json_is_array(json);
    case SHAPE_OBJECT:
    case SHAPE_SCHEMA_MAP:
        return json_is_object(json);
    case SHAPE_NUMBER:
        return json_is_number(json);
    case SHAPE_POSITIVE:
        return json_is_number(json) && json_number_value(json) > 0;
    case SHAPE_COUNT:
        return is_count(json);
    case SHAPE_NAMES:
        return are_strings(json);
    case SHAPE_NAMES_MAP:
        return are_maps_of_strings(json);
    case SHAPE_TYPES:
        return read_types(json) != 0;
    case SHAPE_SCHEMA:
        return json_is_object(json) || json_is_boolean(json);
    case SHAPE_SCHEMAS:
        return json_is_array(json) && json_array_size(json);
    }
    return false;
}

/* ---- Parts of rules */

static int refuse(struct draft *d, enum schema_keyword k, const char *what)
{
    return schema_refuse(d->b, d->node, schema_path(d->b, schema_keyword_names[k], NULL), "%.*s %s",
                         SPAN_ARG(schema_keyword_names[k]), what);
}

static int read_names(struct draft *d, enum schema_keyword k, const json_t *json,
                      struct schema_names *ret)
{
    size_t count = json_array_size(json), steps = 0;
    struct json_set *set = json_set_of(&d->b->schema->arena, &d->b->schema->key, json);
    struct span *list = schema_alloc(d->b, count * sizeof *list);

    if (!list || !set)
        return -CANDOR_E_MEMORY;
    for (size_t i = 0; i < count; i++) {
        const json_t *name = json_array_get(json, i);

        if (json_set_find(set, name, &steps, SIZE_MAX)->value != name)
            return refuse(d, k, "has the same name twice");
        list[i] = json_string_span(name);
    }
    *ret = (struct schema_names){list, count};
    return 0;
}

static int read_pattern(struct draft *d, struct span text, struct span path,
                        struct json_pattern **ret)
{
    struct schema_pattern *p = schema_alloc(d->b, sizeof *p);
    struct json_pattern_fault fault;
    int r;

    if (!p)
        return -CANDOR_E_MEMORY;
    if (++d->b->pattern_count > LIMIT_JSON_PATTERNS) {
        schema_refuse(d->b, d->node, path, "there are more than %d regular expressions",
                      LIMIT_JSON_PATTERNS);
        return -CANDOR_E_LIMIT;
    }
    r = json_pattern_compile(text, &p->pattern, &fault);
    if (r == -CANDOR_E_SYNTAX || r == -CANDOR_E_LIMIT)
        return schema_refuse(d->b, d->node, path, "the regular expression cannot be used: %s",
                             fault.message);
    if (r < 0)
        return r;
    p->next = d->b->schema->patterns;
    d->b->schema->patterns = p;
    *ret = p->pattern;
    return 0;
}

static int read_nodes(struct draft *d, enum schema_keyword k, const json_t *json,
                      struct schema_nodes *ret)
{
    size_t count = json_array_size(json);
    struct schema_node **list = schema_alloc(d->b, count * sizeof(struct schema_node *));
    char number[24];

    if (!list)
        return -CANDOR_E_MEMORY;
    for (size_t i = 0; i < count; i++) {
        struct span token;
        int r;

        snprintf(number, sizeof number, "%zu", i);
        token = span_from_str(number);
        r = schema_node_new(d->b, json_array_get(json, i), d->node,
                            schema_path(d->b, schema_keyword_names[k], &token), &list[i]);
        if (r < 0)
            return r;
    }
    *ret = (struct schema_nodes){list, count};
    return 0;
}

static int read_node(struct draft *d, enum schema_keyword k, const json_t *json,
                     struct schema_node **ret)
{
    return schema_node_new(d->b, json, d->node, schema_path(d->b, schema_keyword_names[k], NULL),
                           ret);
}

static struct schema_members *members_of(struct draft *d)
{
    struct schema_rule *rule = &d->rules[KEYWORD_PROPERTIES];

    d->has[KEYWORD_PROPERTIES] = true;
    if (!rule->members)
        rule->members = schema_alloc(d->b, sizeof *rule->members);
    return rule->members;
}

static void add_property(struct schema_members *m, struct schema_property *p)
{
    size_t at = p->hash & m->mask;

    while (m->table[at])
        at = (at + 1) & m->mask;
    m->table[at] = p;
}

/* properties and patternProperties. */
static int read_members(struct draft *d, enum schema_keyword k, const json_t *json)
{
    struct schema_members *m = members_of(d);
    size_t count = json_object_size(json), slots = json_set_slots(count), i = 0;
    struct json_walk w = json_walk_begin(json);
    struct span name, path;
    json_t *value;
    int r = 0;

    if (!m)
        return -CANDOR_E_MEMORY;
    if (k == KEYWORD_PROPERTIES) {
        m->list = schema_alloc(d->b, count * sizeof *m->list);
        m->table = schema_alloc(d->b, slots * sizeof(struct schema_property *));
        m->count = count;
        m->mask = slots - 1;
    } else {
        m->patterns = schema_alloc(d->b, count * sizeof *m->patterns);
        m->pattern_count = count;
    }
    if (k == KEYWORD_PROPERTIES ? !m->list || !m->table : !m->patterns)
        return -CANDOR_E_MEMORY;
    for (; r == 0 && json_walk_next(&w, &name, &value); i++) {
        path = schema_path(d->b, schema_keyword_names[k], &name);
        if (k == KEYWORD_PROPERTIES) {
            struct schema_property *p = &m->list[i];

            *p = (struct schema_property){name, hash_add(HASH_BEGIN, name), NULL};
            r = schema_node_new(d->b, value, d->node, path, &p->node);
            add_property(m, p);
        } else {
            r = read_pattern(d, name, path, &m->patterns[i].pattern);
            if (r == 0)
                r = schema_node_new(d->b, value, d->node, path, &m->patterns[i].node);
        }
    }
    return r;
}

/* dependentRequired and dependentSchemas. */
static int read_dependencies(struct draft *d, enum schema_keyword k, const json_t *json)
{
    size_t count = json_object_size(json), i = 0;
    struct schema_dependency *list = schema_alloc(d->b, count * sizeof *list);
    struct json_walk w = json_walk_begin(json);
    struct span name;
    json_t *value;
    int r = list ? 0 : -CANDOR_E_MEMORY;

    for (; r == 0 && json_walk_next(&w, &name, &value); i++) {
        list[i].name = name;
        if (k == KEYWORD_DEPENDENT_REQUIRED)
            r = read_names(d, k, value, &list[i].names);
        else
            r = schema_node_new(d->b, value, d->node,
                                schema_path(d->b, schema_keyword_names[k], &name), &list[i].node);
    }
    d->rules[k].dependencies.list = list;
    d->rules[k].dependencies.count = count;
    return r;
}

/* Subschemas that are there for references alone. */
static int read_definitions(struct draft *d, enum schema_keyword k, const json_t *json)
{
    struct json_walk w = json_walk_begin(json);
    struct schema_node *node;
    struct span name;
    json_t *value;
    int r = 0;

    while (r == 0 && json_walk_next(&w, &name, &value))
        r = schema_node_new(d->b, value, d->node, schema_path(d->b, schema_keyword_names[k], &name),
                            &node);
    return r;
}

/* Whether it asserts: else it is an annotation, which nobody reads. */
static bool format_asserts(const struct draft *d)
{
    return (d->b->options && d->b->options->asserts_formats) ||
           (d->node->resource->vocabulary & VOCABULARY_FORMAT_ASSERTION);
}

static size_t count_of(const json_t *json)
{
    double d = json_number_value(json);

    return d < 1e15 ? (size_t)d : SIZE_MAX;
}

/* ---- Keywords */

/* Those with subschemas. */
static int read_applicator(struct draft *d, enum schema_keyword k, const json_t *json)
{
    struct schema_rule *rule = &d->rules[k];
    struct schema_members *m;
    struct schema_node *unused;

    switch (k) {
    case KEYWORD_ALL_OF:
    case KEYWORD_ANY_OF:
    case KEYWORD_ONE_OF:
        return read_nodes(d, k, json, &rule->nodes);
    case KEYWORD_DEPENDENT_SCHEMAS:
        return read_dependencies(d, k, json);
    case KEYWORD_PROPERTIES:
    case KEYWORD_PATTERN_PROPERTIES:
        return read_members(d, k, json);
    case KEYWORD_ADDITIONAL_PROPERTIES:
        m = members_of(d);
        return m ? read_node(d, k, json, &m->additional) : -CANDOR_E_MEMORY;
    case KEYWORD_PREFIX_ITEMS:
        return read_nodes(d, k, json, &rule->items.prefix);
    case KEYWORD_ITEMS:
        d->has[KEYWORD_PREFIX_ITEMS] = true;
        return read_node(d, k, json, &d->rules[KEYWORD_PREFIX_ITEMS].items.rest);
    case KEYWORD_CONTAINS:
        return read_node(d, k, json, &rule->contains.node);
    case KEYWORD_IF:
        return read_node(d, k, json, &rule->condition.test);
    case KEYWORD_THEN:
        return read_node(d, k, json, &d->rules[KEYWORD_IF].condition.then);
    case KEYWORD_ELSE:
        return read_node(d, k, json, &d->rules[KEYWORD_IF].condition.otherwise);
    case KEYWORD_UNEVALUATED_ITEMS:
        d->node->tracks |= TYPE_ARRAY;
        return read_node(d, k, json, &rule->node);
    case KEYWORD_UNEVALUATED_PROPERTIES:
        d->node->tracks |= TYPE_OBJECT;
        return read_node(d, k, json, &rule->node);
    case KEYWORD_CONTENT_SCHEMA:
        return read_node(d, k, json, &unused);
    default:
        return read_node(d, k, json, &rule->node);
    }
}

static int read_assertion(struct draft *d, enum schema_keyword k, const json_t *json)
{
    struct schema_rule *rule = &d->rules[k];

    switch (k) {
    case KEYWORD_TYPE:
        rule->allowed = read_types(json);
        return 0;
    case KEYWORD_MULTIPLE_OF:
        rule->divisor = json_number_decimal(json);
        return 0;
    case KEYWORD_ENUM:
        rule->set = json_set_of(&d->b->schema->arena, &d->b->schema->key, json);
        return rule->set ? 0 : -CANDOR_E_MEMORY;
    case KEYWORD_PATTERN:
        return read_pattern(d, json_string_span(json), SPAN("/pattern"), &rule->pattern);
    case KEYWORD_FORMAT:
        rule->format = json_format_from_name(json_string_span(json));
        d->has[k] = rule->format && format_asserts(d);
        return 0;
    case KEYWORD_REQUIRED:
        return read_names(d, k, json, &rule->names);
    case KEYWORD_DEPENDENT_REQUIRED:
        return read_dependencies(d, k, json);
    case KEYWORD_MAX_CONTAINS:
        d->rules[KEYWORD_CONTAINS].contains.most = count_of(json);
        return 0;
    case KEYWORD_MIN_CONTAINS:
        d->rules[KEYWORD_CONTAINS].contains.least = count_of(json);
        return 0;
    case KEYWORD_UNIQUE_ITEMS:
        d->has[k] = json_is_true(json);
        return 0;
    default:
        if (keywords[k].shape == SHAPE_COUNT)
            rule->count = count_of(json);
        else
            rule->value = json;
        return 0;
    }
}

static int read_keyword(struct draft *d, enum schema_keyword k, const json_t *json)
{
    const struct keyword_info *info = &keywords[k];
    char what[200];

    if (!has_shape(json, info->shape)) {
        snprintf(what, sizeof what, "is to be %s", shape_words[info->shape]);
        return refuse(d, k, what);
    }
    if (info->types)
        d->has[k] = true;
    switch (info->shape) {
    case SHAPE_SCHEMA:
    case SHAPE_SCHEMAS:
        return read_applicator(d, k, json);
    case SHAPE_SCHEMA_MAP:
        return info->types || k == KEYWORD_PATTERN_PROPERTIES ? read_applicator(d, k, json)
                                                              : read_definitions(d, k, json);
    default:
        return info->vocabulary == VOCABULARY_CORE ? 0 : read_assertion(d, k, json);
    }
}

/* A rule for $ref or $dynamicRef waits for its node. */
static int add_reference(struct draft *d, struct schema_rule *rule)
{
    struct span name = schema_keyword_names[rule->keyword];
    struct schema_reference *r = schema_alloc(d->b, sizeof *r);

    if (!r)
        return -CANDOR_E_MEMORY;
    *r = (struct schema_reference){d->b->references, d->node, rule,
                                   json_string_span(json_member(d->node->json, name))};
    d->b->references = r;
    return 0;
}

/* From the draft to the node. */
static int keep_rules(struct draft *d)
{
    struct schema_rule *to;
    size_t count = 0;

    for (int k = 0; k < KEYWORD_COUNT; k++)
        count += d->has[k];
    to = schema_alloc(d->b, count * sizeof *to);
    if (!to)
        return -CANDOR_E_MEMORY;
    d->node->rules = to;
    d->node->rule_count = count;
    for (int k = 0; k < KEYWORD_COUNT; k++) {
        if (!d->has[k])
            continue;
        *to = d->rules[k];
        to->keyword = (enum schema_keyword)k;
        to->types = keywords[k].types;
        if ((k == KEYWORD_REF || k == KEYWORD_DYNAMIC_REF) && add_reference(d, to) < 0)
            return -CANDOR_E_MEMORY;
        to++;
    }
    return 0;
}

int schema_node_compile(struct schema_builder *b, struct schema_node *node)
{
    struct draft d = {.b = b, .node = node};
    struct json_walk w = json_walk_begin(node->json);
    struct span name;
    json_t *value;
    int r = 0;

    d.rules[KEYWORD_CONTAINS].contains.least = 1;
    d.rules[KEYWORD_CONTAINS].contains.most = SIZE_MAX;
    while (r == 0 && json_walk_next(&w, &name, &value)) {
        enum schema_keyword k = keyword_from_name(name);

        if (k < KEYWORD_COUNT && (keywords[k].vocabulary & node->resource->vocabulary))
            r = read_keyword(&d, k, value);
    }
    return r < 0 ? r : keep_rules(&d);
}
