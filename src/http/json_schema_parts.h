// SPDX-License-Identifier: MIT
/*
 * What a compiled schema is made of: nodes (subschemas), each with rules (keywords that check
 * something), in resources (what has a URI). Built by json_schema_build.h, read by
 * json_schema_run.h.
 */
#ifndef CANDOR_HTTP_JSON_SCHEMA_PARTS_H
#define CANDOR_HTTP_JSON_SCHEMA_PARTS_H

#include "base/hash_table.h"
#include "http/json_format.h"
#include "http/json_pattern.h"
#include "http/json_schema.h"
#include "http/json_set.h"

/* Kinds of values, as bits. */
enum {
    TYPE_NULL = 1 << 0,
    TYPE_BOOLEAN = 1 << 1,
    TYPE_OBJECT = 1 << 2,
    TYPE_ARRAY = 1 << 3,
    TYPE_NUMBER = 1 << 4,
    TYPE_STRING = 1 << 5,
    TYPE_INTEGER = 1 << 6, // only in what `type` allows: a number that is whole
    TYPE_ANY = 0x3f,
};

enum schema_vocabulary {
    VOCABULARY_CORE = 1 << 0,
    VOCABULARY_APPLICATOR = 1 << 1,
    VOCABULARY_UNEVALUATED = 1 << 2,
    VOCABULARY_VALIDATION = 1 << 3,
    VOCABULARY_FORMAT = 1 << 4,
    VOCABULARY_CONTENT = 1 << 5,
    VOCABULARY_META_DATA = 1 << 6,
    VOCABULARY_FORMAT_ASSERTION = 1 << 7, // not in the usual metaschema
    VOCABULARY_USUAL = 0x7f,
};

enum schema_keyword {
#define KEYWORD(ident, name, vocabulary, shape, types) KEYWORD_##ident,
#include "http/json_schema_keyword.def"
#undef KEYWORD
    KEYWORD_COUNT
};

/* The name of each keyword. */
extern const struct span schema_keyword_names[KEYWORD_COUNT];

struct schema_node;

struct schema_document {
    struct schema_document *next;
    json_t *json;
    struct span uri; // shown in front of its pointers; empty: that of the schema itself
    struct schema_node *root;
};

/* A name that $dynamicRef may find. */
struct schema_dynamic {
    struct schema_dynamic *next;
    struct span name;
    const struct schema_node *node;
};

struct schema_resource {
    struct span uri;
    const struct schema_document *document;
    unsigned vocabulary; // enum schema_vocabulary, of those in use
    struct schema_dynamic *dynamics;
};

struct schema_nodes {
    struct schema_node **list;
    size_t count;
};

struct schema_names {
    struct span *list;
    size_t count;
};

/* What depends on a member being there. */
struct schema_dependency {
    struct span name;
    struct schema_names names;
    struct schema_node *node;
};

struct schema_property {
    struct span name;
    uint64_t hash;
    struct schema_node *node;
};

/* properties, patternProperties and additionalProperties together, as the last needs the others. */
struct schema_members {
    struct schema_property **table; // open addressing by FNV-1a; at most half full
    size_t mask, count;
    struct schema_property *list;
    struct {
        struct json_pattern *pattern;
        struct schema_node *node;
    } * patterns;
    size_t pattern_count;
    struct schema_node *additional; // NULL: none
};

struct schema_rule {
    enum schema_keyword keyword;
    unsigned types; // of the values that it is about
    union {
        const json_t *value;
        struct json_decimal divisor;
        size_t count;
        unsigned allowed; // type
        struct json_pattern *pattern;
        const struct json_format *format;
        struct json_set *set;
        struct schema_names names;
        struct schema_node *node;
        struct schema_nodes nodes;
        struct schema_members *members;
        struct {
            struct schema_dependency *list;
            size_t count;
        } dependencies;
        struct {
            struct schema_nodes prefix;
            struct schema_node *rest; // NULL: none
        } items;
        struct {
            struct schema_node *node;
            size_t least, most;
        } contains;
        struct {
            struct schema_node *test, *then, *otherwise;
        } condition;
        struct {
            struct schema_node *node; // where it leads when nothing in the dynamic scope is found
            struct span name;         // ptr is NULL: it leads there anyhow
        } dynamic;
    };
};

struct schema_node {
    const json_t *json;
    const struct schema_resource *resource;
    const struct schema_node *parent; // NULL: the root of its document
    struct span path;                 // JSON Pointer from the parent
    bool is_boolean, allows;
    unsigned tracks; // TYPE_OBJECT, TYPE_ARRAY: has unevaluatedProperties, unevaluatedItems
    size_t rule_count;
    struct schema_rule *rules;
    struct hash_link by_json;
    struct schema_node *queued; // behind this one
    struct schema_node *next;   // of all objects
    enum { SCHEMA_NEW, SCHEMA_ON_WAY, SCHEMA_SEEN } mark;
};

struct schema_pattern {
    struct schema_pattern *next;
    struct json_pattern *pattern;
};

struct json_schema {
    struct arena arena; // for all of the above
    struct schema_document *documents;
    struct schema_pattern *patterns; // to be freed
    struct schema_node *root;
    struct hash_key key;
};

#endif
