// SPDX-License-Identifier: MIT
/*
 * How a schema is compiled. Documents become nodes without recursion: a node that is new waits in a
 * queue until its keywords are read, and its references wait until all nodes are there.
 */
#ifndef CANDOR_HTTP_JSON_SCHEMA_BUILD_H
#define CANDOR_HTTP_JSON_SCHEMA_BUILD_H

#include "http/json_schema_parts.h"

/* A reference that is to be resolved. */
struct schema_reference {
    struct schema_reference *next;
    struct schema_node *node;
    struct schema_rule *rule;
    struct span text;
};

struct schema_builder {
    struct json_schema *schema;
    const struct json_schema_options *options;
    struct json_schema_fault *fault;
    struct hash_table places;               // URIs, with anchors: where references lead
    struct hash_table by_json;              // nodes of objects
    struct schema_node *nodes, **nodes_end; // all that are objects
    struct schema_node *queue, **queue_end;
    struct schema_reference *references;
    size_t node_count, pattern_count;
};

/* Memory that lives as long as the schema, all zeros. NULL: out of memory. */
void *schema_alloc(struct schema_builder *b, size_t size);

/* What is wrong with a keyword of a node; path: a JSON Pointer from the node, such as "/minimum".
 * Returns -CANDOR_E_MEANING. */
__attribute__((format(printf, 4, 5))) int schema_refuse(struct schema_builder *b,
                                                        const struct schema_node *node,
                                                        struct span path, const char *format, ...);

/* "/a" or "/a/b", with escapes; from the arena. ptr is NULL when out of memory. */
struct span schema_path(struct schema_builder *b, struct span keyword, const struct span *token);

/* A subschema, in the queue. parent: the nearest node that is known; path: from there. */
int schema_node_new(struct schema_builder *b, const json_t *json, struct schema_node *parent,
                    struct span path, struct schema_node **ret);

/* The node of an object that is one already, or NULL. */
struct schema_node *schema_node_of(const struct schema_builder *b, const json_t *json);

/* Reads a document. shown: the URI to tell its places by. */
int schema_document_load(struct schema_builder *b, struct span text, struct span base,
                         struct span shown, struct schema_node **ret_root);

/* Where a URI leads, behind "#" an anchor; NULL: nowhere. *ret_dynamic: it is a $dynamicAnchor. */
struct schema_node *schema_place(const struct schema_builder *b, struct span uri,
                                 struct span anchor, bool *ret_dynamic);

/* A document's root by its URI; read now, where it was not yet. *ret is NULL: there is none. */
int schema_document_find(struct schema_builder *b, struct span uri, struct schema_node **ret);

/* Reads the keywords of a node. */
int schema_node_compile(struct schema_builder *b, struct schema_node *node);

/* Follows the references that wait, until there are new nodes in the queue. */
int schema_references_resolve(struct schema_builder *b);

/* Behind all of that: refuses a schema that would check a value by itself again, without end. */
int schema_refuse_cycles(struct schema_builder *b);

/* The text of a metaschema that is built in; ptr is NULL: there is none with that URI. */
struct span schema_meta_text(struct span uri);

#endif
