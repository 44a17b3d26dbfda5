// SPDX-License-Identifier: MIT
/* Where $ref and $dynamicRef lead. */
#include "base/error.h"
#include "http/json_schema_build.h"
#include "http/json_uri.h"
#include "http/json_value.h"

static struct span path_of(const struct schema_reference *r)
{
    return r->rule->keyword == KEYWORD_REF ? SPAN("/$ref") : SPAN("/$dynamicRef");
}

static int lead_nowhere(struct schema_builder *b, const struct schema_reference *r, const char *why)
{
    return schema_refuse(b, r->node, path_of(r), "the reference \"%.*s\" leads nowhere: %s",
                         (int)(r->text.len < 100 ? r->text.len : 100), r->text.ptr, why);
}

/* An item of an array by its token; NULL: there is none. */
static const json_t *item_of(const json_t *array, struct span token)
{
    uint64_t index;

    if ((token.len > 1 && token.ptr[0] == '0') ||
        !span_to_u64(token, json_array_size(array), &index))
        return NULL;
    return json_array_get(array, (size_t)index);
}

/* Follows a pointer from a node; on its way it may come through other nodes, which are nearer. */
static int follow_pointer(struct schema_builder *b, const struct schema_reference *r,
                          struct schema_node *from, struct span pointer, struct schema_node **ret)
{
    const json_t *at = from->json;
    struct span nearest = pointer, token;
    char *memory = schema_alloc(b, pointer.len);
    struct schema_node *known;

    if (!memory)
        return -CANDOR_E_MEMORY;
    while (pointer.len) {
        if (!json_pointer_next(&pointer, memory, &token))
            return lead_nowhere(b, r, "in a JSON Pointer ~ is written as ~0");
        at = json_is_object(at)  ? json_member(at, token)
             : json_is_array(at) ? item_of(at, token)
                                 : NULL;
        if (!at)
            return lead_nowhere(b, r, "there is nothing at that place");
        known = json_is_object(at) ? schema_node_of(b, at) : NULL;
        if (known) {
            from = known;
            nearest = pointer;
        }
    }
    *ret = from;
    return from->json == at ? 0 : schema_node_new(b, at, from, nearest, ret);
}

static int resolve(struct schema_builder *b, struct schema_reference *r)
{
    struct span uri = r->text, fragment, name;
    struct schema_node *root, *node;
    bool is_dynamic = false;
    int error;

    json_uri_split(&uri, &fragment);
    uri = json_uri_resolve(&b->schema->arena, r->node->resource->uri, uri);
    if (!json_uri_decode(&b->schema->arena, fragment, &name))
        return lead_nowhere(b, r, "a % is not followed by two hexadecimal digits");
    if (!uri.ptr || !name.ptr)
        return -CANDOR_E_MEMORY;
    error = schema_document_find(b, uri, &root);
    if (error < 0)
        return error;
    if (b->queue) { // a document that has just been read: its anchors are not known yet
        r->next = b->references;
        b->references = r;
        return 0;
    }
    if (!root)
        return lead_nowhere(b, r, "no document with this URI is known, and none is fetched");
    node = root;
    if (name.len && name.ptr[0] == '/')
        error = follow_pointer(b, r, root, name, &node);
    else if (name.len)
        node = schema_place(b, root->resource->uri, name, &is_dynamic);
    if (error < 0)
        return error;
    if (!node)
        return lead_nowhere(b, r, "there is no such anchor");
    r->rule->node = node;
    if (r->rule->keyword == KEYWORD_DYNAMIC_REF) {
        r->rule->dynamic.node = node;
        r->rule->dynamic.name = is_dynamic ? name : (struct span){0};
    }
    return 0;
}

int schema_references_resolve(struct schema_builder *b)
{
    int r = 0;

    while (r == 0 && b->references && !b->queue) {
        struct schema_reference *reference = b->references;

        b->references = reference->next;
        r = resolve(b, reference);
    }
    return r;
}
