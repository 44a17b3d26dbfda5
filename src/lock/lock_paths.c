// SPDX-License-Identifier: MIT
#include "lock/lock_paths.h"

#include "base/error.h"

#include <stdlib.h>

static struct lock_node *node_new(struct lock_node *parent, struct span segment)
{
    struct lock_node *node = malloc(sizeof *node + segment.len);

    if (!node)
        return NULL;
    *node = (struct lock_node){.parent = parent, .length = segment.len};
    list_init(&node->sibling);
    list_init(&node->children);
    list_init(&node->locks);
    if (segment.len)
        memcpy(node->segment, segment.ptr, segment.len);
    return node;
}

int lock_paths_init(struct lock_paths *p)
{
    int error;

    *p = (struct lock_paths){.memory = 0};
    error = hash_key_make(&p->key);
    if (error)
        return error;
    p->root = node_new(NULL, SPAN(""));
    return p->root ? hash_table_init(&p->nodes) : -CANDOR_E_MEMORY;
}

void lock_paths_done(struct lock_paths *p)
{
    hash_table_done(&p->nodes);
    free(p->root);
    p->root = NULL;
}

static struct lock_node *find_child(const struct lock_paths *p, const struct lock_node *parent,
                                    struct span segment, uint64_t hash)
{
    for (struct hash_link *at = hash_table_find(&p->nodes, hash); at; at = hash_table_next(at)) {
        struct lock_node *node = container_of(at, struct lock_node, link);

        if (node->parent == parent && span_eq(span_of(node->segment, node->length), segment))
            return node;
    }
    return NULL;
}

struct lock_node *lock_paths_find(const struct lock_paths *p, struct span path, bool *ret_exact)
{
    struct lock_node *node = p->root;

    while (path.len) {
        struct span segment = span_take_until(&path, '/');
        struct lock_node *child =
            list_empty(&node->children)
                ? NULL
                : find_child(p, node, segment, hash_keyed(&p->key, node->link.hash, segment));

        if (!child) {
            *ret_exact = false;
            return node;
        }
        node = child;
    }
    *ret_exact = true;
    return node;
}

struct lock_node *lock_paths_make(struct lock_paths *p, struct span path)
{
    struct lock_node *node = p->root;

    while (path.len) {
        struct span segment = span_take_until(&path, '/');
        uint64_t hash = hash_keyed(&p->key, node->link.hash, segment);
        struct lock_node *child = find_child(p, node, segment, hash);

        if (!child) {
            child = node_new(node, segment);
            if (!child) {
                lock_paths_prune(p, node);
                return NULL;
            }
            list_add_tail(&node->children, &child->sibling);
            hash_table_add(&p->nodes, &child->link, hash);
            p->memory += sizeof *child + segment.len;
        }
        node = child;
    }
    return node;
}

void lock_paths_prune(struct lock_paths *p, struct lock_node *node)
{
    while (node != p->root && list_empty(&node->locks) && list_empty(&node->children)) {
        struct lock_node *parent = node->parent;

        hash_table_remove(&p->nodes, &node->link);
        list_remove(&node->sibling);
        p->memory -= sizeof *node + node->length;
        free(node);
        node = parent;
    }
}

struct lock_node *lock_paths_next(struct lock_node *node, const struct lock_node *top)
{
    if (!list_empty(&node->children))
        return list_entry(node->children.next, struct lock_node, sibling);
    for (; node != top; node = node->parent)
        if (node->sibling.next != &node->parent->children)
            return list_entry(node->sibling.next, struct lock_node, sibling);
    return NULL;
}
