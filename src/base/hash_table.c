// SPDX-License-Identifier: MIT
#include "base/hash_table.h"

#include "base/error.h"

#include <stdlib.h>

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
