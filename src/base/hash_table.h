// SPDX-License-Identifier: MIT
/*
 * An intrusive hash table that grows: the links live in the members, and only the buckets are
 * allocated. Whoever uses it computes the hashes (base/hash.h) and compares the keys:
 *
 *     for (struct hash_link *at = hash_table_find(h, hash); at; at = hash_table_next(at))
 *         if (key_eq(container_of(at, struct member, link), key))
 */
#ifndef CANDOR_BASE_HASH_TABLE_H
#define CANDOR_BASE_HASH_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct hash_link {
    struct hash_link *next; // in its bucket
    uint64_t hash;
};

struct hash_table {
    struct hash_link **buckets;
    size_t mask, count; // mask + 1 buckets
};

/* 0, or -CANDOR_E_MEMORY. */
int hash_table_init(struct hash_table *h);
/* What is in it stays its owner's. Also for one that is all zeros. */
void hash_table_done(struct hash_table *h);
/* A table that cannot grow becomes slower, not wrong. */
void hash_table_add(struct hash_table *h, struct hash_link *link, uint64_t hash);
/* It must be in the table. */
void hash_table_remove(struct hash_table *h, struct hash_link *link);

/* The next one with that hash; NULL: there is no more. */
static inline struct hash_link *hash_table_next(const struct hash_link *link)
{
    struct hash_link *at = link->next;

    while (at && at->hash != link->hash)
        at = at->next;
    return at;
}

/* One with that hash, the last that was added first; NULL: there is none. */
static inline struct hash_link *hash_table_find(const struct hash_table *h, uint64_t hash)
{
    struct hash_link *at = h->buckets[hash & h->mask];

    while (at && at->hash != hash)
        at = at->next;
    return at;
}

#endif
