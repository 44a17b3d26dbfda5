// SPDX-License-Identifier: MIT
/* Documents, resources, anchors, and the nodes that stand for their subschemas. */
#include "base/ascii.h"
#include "base/error.h"
#include "base/hash.h"
#include "http/json.h"
#include "http/json_schema_build.h"
#include "http/json_schema_place.h"
#include "http/json_uri.h"
#include "http/json_value.h"

#include <stdarg.h>

#define DIALECT "https://json-schema.org/draft/2020-12/schema"

/* A URI, or a URI, "#" and an anchor. */
struct place {
    struct hash_link link;
    struct span uri, anchor;
    struct schema_node *node;
    bool is_dynamic;
};

static const struct {
    struct span uri;
    unsigned bit;
} vocabularies[] = {
#define VOCABULARY(name, bit)                                                                      \
    {                                                                                              \
        SPAN_INIT("https://json-schema.org/draft/2020-12/vocab/" name), VOCABULARY_##bit           \
    }
    VOCABULARY("core", CORE),
    VOCABULARY("applicator", APPLICATOR),
    VOCABULARY("unevaluated", UNEVALUATED),
    VOCABULARY("validation", VALIDATION),
    VOCABULARY("format-annotation", FORMAT),
    VOCABULARY("format-assertion", FORMAT_ASSERTION),
    VOCABULARY("content", CONTENT),
    VOCABULARY("meta-data", META_DATA),
};

/* ---- Memory and faults */

void *schema_alloc(struct schema_builder *b, size_t size)
{
    void *at = arena_alloc(&b->schema->arena, size ? size : 1);

    if (at)
        memset(at, 0, size);
    return at;
}

int schema_refuse(struct schema_builder *b, const struct schema_node *node, struct span path,
                  const char *format, ...)
{
    struct buf place = {0};
    va_list arguments;

    if (node)
        schema_place_add(&place, node);
    buf_add(&place, path);
    schema_place_cut(&place, 0);
    snprintf(b->fault->place, sizeof b->fault->place, "%.*s", SPAN_ARG(buf_span(&place)));
    buf_done(&place);
    va_start(arguments, format);
    vsnprintf(b->fault->message, sizeof b->fault->message, format, arguments);
    va_end(arguments);
    return -CANDOR_E_MEANING;
}

static struct span keep(struct schema_builder *b, struct buf *text)
{
    struct span kept = {0};

    if (!text->failed)
        kept = arena_copy(&b->schema->arena, buf_span(text));
    buf_done(text);
    return kept;
}

struct span schema_path(struct schema_builder *b, struct span keyword, const struct span *token)
{
    struct buf text = {0};

    json_pointer_add(&text, keyword);
    if (token)
        json_pointer_add(&text, *token);
    return keep(b, &text);
}

/* ---- Places */

static uint64_t hash_place(struct span uri, struct span anchor)
{
    return hash_add(hash_add(hash_add(HASH_BEGIN, uri), SPAN("#")), anchor);
}

static struct place *find_place(const struct schema_builder *b, struct span uri, struct span anchor)
{
    struct hash_link *at = hash_table_find(&b->places, hash_place(uri, anchor));

    for (; at; at = hash_table_next(at)) {
        struct place *p = (struct place *)(void *)at;

        if (span_eq(p->uri, uri) && span_eq(p->anchor, anchor))
            return p;
    }
    return NULL;
}

static int add_place(struct schema_builder *b, struct span uri, struct span anchor,
                     struct schema_node *node, bool is_dynamic)
{
    struct place *p = schema_alloc(b, sizeof *p);

    if (!p)
        return -CANDOR_E_MEMORY;
    *p = (struct place){.uri = uri, .anchor = anchor, .node = node, .is_dynamic = is_dynamic};
    hash_table_add(&b->places, &p->link, hash_place(uri, anchor));
    return 0;
}

struct schema_node *schema_place(const struct schema_builder *b, struct span uri,
                                 struct span anchor, bool *ret_dynamic)
{
    struct place *p = find_place(b, uri, anchor);

    *ret_dynamic = p && p->is_dynamic;
    return p ? p->node : NULL;
}

/* ---- Nodes */

static uint64_t hash_pointer(const json_t *json)
{
    return hash_fold((uint64_t)(uintptr_t)json, UINT64_C(0x9e3779b97f4a7c15));
}

struct schema_node *schema_node_of(const struct schema_builder *b, const json_t *json)
{
    struct hash_link *at = hash_table_find(&b->by_json, hash_pointer(json));

    for (; at; at = hash_table_next(at)) {
        struct schema_node *node =
            (struct schema_node *)(void *)((char *)at - offsetof(struct schema_node, by_json));

        if (node->json == json)
            return node;
    }
    return NULL;
}

/* The vocabularies of a metaschema: a document's $vocabulary. */
static int read_vocabulary(struct schema_builder *b, struct schema_node *node, const json_t *map,
                           unsigned *ret)
{
    struct json_walk w = json_walk_begin(map);
    unsigned bits = VOCABULARY_CORE;
    struct span uri;
    json_t *required;

    while (json_walk_next(&w, &uri, &required)) {
        size_t i = 0, n = sizeof vocabularies / sizeof *vocabularies;

        while (i < n && !span_eq(uri, vocabularies[i].uri))
            i++;
        if (i < n)
            bits |= vocabularies[i].bit;
        else if (json_is_true(required))
            return schema_refuse(b, node, SPAN("/$schema"),
                                 "its metaschema requires the vocabulary %.*s, which is not known",
                                 (int)(uri.len < 150 ? uri.len : 150), uri.ptr);
    }
    if (bits & VOCABULARY_FORMAT_ASSERTION)
        bits |= VOCABULARY_FORMAT;
    *ret = bits;
    return 0;
}

/* What $schema says of the vocabularies in use. */
static int read_dialect(struct schema_builder *b, struct schema_node *node, const json_t *json,
                        unsigned *vocabulary)
{
    struct span uri = json_string_span(json), fragment;
    struct schema_node *meta;
    const json_t *map;
    int r;

    if (!json_is_string(json))
        return schema_refuse(b, node, SPAN("/$schema"), "$schema is to be a string");
    json_uri_split(&uri, &fragment);
    if (fragment.len == 0 && span_eq(uri, SPAN(DIALECT))) {
        *vocabulary = VOCABULARY_USUAL;
        return 0;
    }
    r = fragment.len ? 0 : schema_document_find(b, uri, &meta);
    if (r < 0)
        return r;
    if (fragment.len || !meta)
        return schema_refuse(b, node, SPAN("/$schema"),
                             "the dialect is not known; expected " DIALECT);
    map = json_object_get(meta->json, "$vocabulary");
    if (json_is_object(map))
        return read_vocabulary(b, node, map, vocabulary);
    *vocabulary = VOCABULARY_USUAL;
    return 0;
}

/* A node with $id, or the root of a document, begins a resource. */
static int begin_resource(struct schema_builder *b, struct schema_node *node, const json_t *id)
{
    struct schema_resource *resource = schema_alloc(b, sizeof *resource);
    const json_t *dialect = json_object_get(node->json, "$schema");
    struct span text, fragment;
    struct place *other;

    if (!resource)
        return -CANDOR_E_MEMORY;
    *resource = *node->resource;
    resource->dynamics = NULL;
    node->resource = resource;
    if (id) {
        if (!json_is_string(id))
            return schema_refuse(b, node, SPAN("/$id"), "$id is to be a string");
        text = json_string_span(id);
        json_uri_split(&text, &fragment);
        if (fragment.len)
            return schema_refuse(b, node, SPAN("/$id"),
                                 "$id is to have no fragment; expected $anchor in its place");
        resource->uri = json_uri_resolve(&b->schema->arena, resource->uri, text);
        if (!resource->uri.ptr)
            return -CANDOR_E_MEMORY;
        other = find_place(b, resource->uri, SPAN(""));
        if (other && other->node != node)
            return schema_refuse(b, node, SPAN("/$id"), "there is another subschema with this $id");
    }
    if (!find_place(b, resource->uri, SPAN("")) &&
        add_place(b, resource->uri, SPAN(""), node, false) < 0)
        return -CANDOR_E_MEMORY;
    return dialect ? read_dialect(b, node, dialect, &resource->vocabulary) : 0;
}

static bool is_anchor(struct span s)
{
    if (s.len == 0 || (!ascii_is(s.ptr[0], ASCII_ALPHA) && s.ptr[0] != '_'))
        return false;
    for (size_t i = 1; i < s.len; i++)
        if (!ascii_is(s.ptr[i], ASCII_ALPHA | ASCII_DIGIT) && !strchr("-._", s.ptr[i]))
            return false;
    return memchr(s.ptr, '\0', s.len) == NULL;
}

static int add_anchor(struct schema_builder *b, struct schema_node *node, const char *keyword,
                      bool is_dynamic)
{
    struct schema_resource *resource = (struct schema_resource *)(uintptr_t)node->resource;
    const json_t *json = json_object_get(node->json, keyword);
    struct span path = schema_path(b, span_from_str(keyword), NULL), name;
    struct schema_dynamic *d;
    struct place *other;

    if (!json)
        return 0;
    name = json_string_span(json);
    if (!json_is_string(json) || !is_anchor(name))
        return schema_refuse(b, node, path,
                             "%s is to be a name: a letter or _, then letters, digits, - . _",
                             keyword);
    other = find_place(b, resource->uri, name);
    if (other && other->node != node)
        return schema_refuse(b, node, path, "there is another subschema with this anchor");
    if (!other && add_place(b, resource->uri, name, node, is_dynamic) < 0)
        return -CANDOR_E_MEMORY;
    if (!is_dynamic)
        return 0;
    if (other)
        other->is_dynamic = true;
    d = schema_alloc(b, sizeof *d);
    if (!d)
        return -CANDOR_E_MEMORY;
    *d = (struct schema_dynamic){resource->dynamics, name, node};
    resource->dynamics = d;
    return 0;
}

/* What a node is called, and what it is in: needed before any reference is followed. */
static int name_node(struct schema_builder *b, struct schema_node *node, bool is_root)
{
    const json_t *id = json_object_get(node->json, "$id");
    int r = 0;

    if (id || is_root)
        r = begin_resource(b, node, id);
    if (r == 0)
        r = add_anchor(b, node, "$anchor", false);
    if (r == 0)
        r = add_anchor(b, node, "$dynamicAnchor", true);
    return r;
}

static int make_node(struct schema_builder *b, const json_t *json, struct schema_node *parent,
                     const struct schema_resource *resource, struct span path,
                     struct schema_node **ret)
{
    struct schema_node *node = schema_alloc(b, sizeof *node);

    if (!node)
        return -CANDOR_E_MEMORY;
    *node =
        (struct schema_node){.json = json, .parent = parent, .path = path, .resource = resource};
    if (!json_is_object(json) && !json_is_boolean(json))
        return schema_refuse(b, node, SPAN(""), "a schema is to be an object, true or false");
    if (++b->node_count > LIMIT_JSON_SCHEMA_NODES) {
        schema_refuse(b, node, SPAN(""), "there are more than %d subschemas",
                      LIMIT_JSON_SCHEMA_NODES);
        return -CANDOR_E_LIMIT;
    }
    node->is_boolean = json_is_boolean(json);
    node->allows = json_is_true(json);
    if (!node->is_boolean) {
        hash_table_add(&b->by_json, &node->by_json, hash_pointer(json));
        *b->nodes_end = node;
        b->nodes_end = &node->next;
        *b->queue_end = node;
        b->queue_end = &node->queued;
    }
    *ret = node;
    return 0;
}

int schema_node_new(struct schema_builder *b, const json_t *json, struct schema_node *parent,
                    struct span path, struct schema_node **ret)
{
    int r;

    if (!path.ptr)
        return -CANDOR_E_MEMORY;
    r = make_node(b, json, parent, parent->resource, path, ret);
    return r < 0 || (*ret)->is_boolean ? r : name_node(b, *ret, false);
}

/* ---- Documents */

int schema_document_load(struct schema_builder *b, struct span text, struct span base,
                         struct span shown, struct schema_node **ret_root)
{
    struct schema_document *document = schema_alloc(b, sizeof *document);
    struct schema_resource *resource = schema_alloc(b, sizeof *resource);
    struct json_fault fault;
    int r;

    if (!document || !resource)
        return -CANDOR_E_MEMORY;
    base = arena_copy(&b->schema->arena, base.len ? base : SPAN(""));
    document->uri = shown.len ? base : SPAN("");
    *resource = (struct schema_resource){base, document, VOCABULARY_USUAL, NULL};
    r = json_read(text, NULL, &document->json, &fault);
    if (r < 0 && r != -CANDOR_E_MEMORY) {
        snprintf(b->fault->place, sizeof b->fault->place, "%.*s", SPAN_ARG(span_first(shown, 999)));
        snprintf(b->fault->message, sizeof b->fault->message, "line %zu, column %zu (byte %zu): %s",
                 fault.line, fault.column, fault.offset, fault.message);
    }
    if (r < 0)
        return r;
    document->next = b->schema->documents;
    b->schema->documents = document;
    r = make_node(b, document->json, NULL, resource, SPAN(""), &document->root);
    if (r < 0)
        return r;
    *ret_root = document->root;
    // Known by where it was found, before and besides what it calls itself.
    if (shown.len && !find_place(b, base, SPAN("")) &&
        add_place(b, base, SPAN(""), document->root, false) < 0)
        return -CANDOR_E_MEMORY;
    return name_node(b, document->root, true);
}

int schema_document_find(struct schema_builder *b, struct span uri, struct schema_node **ret)
{
    struct place *p = find_place(b, uri, SPAN(""));
    struct span text = {0};

    *ret = p ? p->node : NULL;
    if (p)
        return 0;
    for (size_t i = 0; b->options && i < b->options->document_count && !text.ptr; i++)
        if (span_eq(uri, b->options->documents[i].uri))
            text = b->options->documents[i].text;
    if (!text.ptr)
        text = schema_meta_text(uri);
    return text.ptr ? schema_document_load(b, text, uri, uri, ret) : 0;
}
