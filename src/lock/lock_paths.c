// SPDX-License-Identifier: MIT
#include "lock/lock_paths.h"

#include "base/error.h"

#include <stdlib.h>
#include <sys/random.h>

enum { BUCKETS_AT_FIRST = 64 };

int hash_table_init(struct hash_table *h)
{
    *h = (struct hash_table){.mask = BUCKETS_AT_FIRST - 1};
    h->buckets = calloc(BUCKETS_AT_FIRST, sizeof(struct hash_link *));
    return h->buckets ? 0 : -CANDOR_E_MEMORY;
}

void hash_table_done(struct hash_table *h)
{
    free(h->buckets);
    h->buckets = NULL;
}

static void insert(struct hash_table *h, struct hash_link *link)
{
    struct hash_link **bucket = &h->buckets[link->hash & h->mask];

    link->next = *bucket;
    *bucket = link;
}

static void grow(struct hash_table *h)
{
    struct hash_link **old = h->buckets;
    size_t size = h->mask + 1;
    struct hash_link **buckets = calloc(2 * size, sizeof(struct hash_link *));

    if (!buckets)
        return;
    h->buckets = buckets;
    h->mask = 2 * size - 1;
    for (size_t i = 0; i < size; i++) {
        while (old[i]) {
            struct hash_link *link = old[i];

            old[i] = link->next;
            insert(h, link);
        }
    }
    free(old);
}

void hash_table_add(struct hash_table *h, struct hash_link *link, uint64_t hash)
{
    link->hash = hash;
    if (h->count > h->mask)
        grow(h);
    insert(h, link);
    h->count++;
}

void hash_table_remove(struct hash_table *h, struct hash_link *link)
{
    struct hash_link **at = &h->buckets[link->hash & h->mask];

    while (*at != link)
        at = &(*at)->next;
    *at = link->next;
    h->count--;
}

/* A multiplication whose halves are folded: every bit of the result hangs on every bit of both. */
static uint64_t fold(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t lock_hash(const struct lock_paths *p, uint64_t start, struct span text)
{
    uint64_t hash = fold(start ^ p->key[0], p->key[1]) ^ text.len;

    while (text.len) {
        uint64_t word = 0;
        size_t n = text.len < sizeof word ? text.len : sizeof word;

        memcpy(&word, text.ptr, n);
        hash = fold(hash ^ word ^ p->key[0], p->key[1]);
        text = span_from(text, n);
    }
    return fold(hash ^ p->key[0], p->key[1]);
}

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
    *p = (struct lock_paths){.memory = 0};
    if (getrandom(p->key, sizeof p->key, 0) != (ssize_t)sizeof p->key)
        return -CANDOR_E_SYSTEM;
    p->key[1] |= 1;
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
    for (struct hash_link *at = hash_table_chain(&p->nodes, hash); at; at = at->next) {
        struct lock_node *node = container_of(at, struct lock_node, link);

        if (at->hash == hash && node->parent == parent &&
            span_eq(span_of(node->segment, node->length), segment))
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
                : find_child(p, node, segment, lock_hash(p, node->link.hash, segment));

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
        uint64_t hash = lock_hash(p, node->link.hash, segment);
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
