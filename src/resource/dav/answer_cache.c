// SPDX-License-Identifier: MIT
#include "resource/dav/answer_cache.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/list.h"

#include <assert.h>
#include <stdlib.h>

struct answer {
    struct answer_cache *cache;
    struct list used;    // the cache's order of use; in no list when it is forgotten
    unsigned references; // one is the cache's
    uint64_t changes;
    int64_t made; // monotonic ns
    int64_t time;
    struct span applied;
    size_t key_length, length;
    char bytes[]; // the key, the content
};

struct answer_cache {
    struct list used; // least recently used first
    unsigned count;   // in it
    size_t memory;    // of all there are, and of what is set aside
};

int answer_cache_new(struct answer_cache **ret_cache)
{
    struct answer_cache *c = calloc(1, sizeof *c);

    if (!c)
        return -CANDOR_E_MEMORY;
    list_init(&c->used);
    *ret_cache = c;
    return 0;
}

static size_t size_of(const struct answer *a)
{
    return sizeof *a + a->key_length + a->length;
}

void answer_unref(struct answer *a)
{
    if (!a || --a->references)
        return;
    a->cache->memory -= size_of(a);
    free(a);
}

static void forget(struct answer *a)
{
    list_remove(&a->used);
    a->cache->count--;
    answer_unref(a);
}

void answer_cache_free(struct answer_cache *c)
{
    if (!c)
        return;
    while (!list_empty(&c->used))
        forget(list_entry(c->used.next, struct answer, used));
    assert(c->memory == 0);
    free(c);
}

/* What is being sent stays: to forget it would free nothing. */
static bool make_room(struct answer_cache *c, size_t size)
{
    struct list *link = c->used.next;

    while (c->memory + size > LIMIT_ANSWERS_MEMORY && link != &c->used) {
        struct answer *a = list_entry(link, struct answer, used);

        link = link->next;
        if (a->references == 1)
            forget(a);
    }
    return c->memory + size <= LIMIT_ANSWERS_MEMORY;
}

bool answer_cache_reserve(struct answer_cache *c)
{
    if (!make_room(c, LIMIT_ANSWER))
        return false;
    c->memory += LIMIT_ANSWER;
    return true;
}

void answer_cache_give_back(struct answer_cache *c)
{
    assert(c->memory >= LIMIT_ANSWER);
    c->memory -= LIMIT_ANSWER;
}

static struct answer *find_any(struct answer_cache *c, struct span key)
{
    for (struct list *l = c->used.prev; l != &c->used; l = l->prev) {
        struct answer *a = list_entry(l, struct answer, used);

        if (span_eq(span_of(a->bytes, a->key_length), key))
            return a;
    }
    return NULL;
}

struct answer *answer_cache_find(struct answer_cache *c, const struct answer_terms *terms)
{
    struct answer *a = find_any(c, terms->key);

    if (!a)
        return NULL;
    if (a->changes != terms->changes || a->time != terms->time ||
        terms->now - a->made >= LIMIT_FILES_FRESH * CLOCK_MS) {
        forget(a);
        return NULL;
    }
    list_remove(&a->used);
    list_add_tail(&c->used, &a->used);
    a->references++;
    return a;
}

struct answer *answer_cache_put(struct answer_cache *c, const struct answer_terms *terms,
                                struct span content, struct span applied)
{
    size_t size = sizeof(struct answer) + terms->key.len + content.len;
    struct answer *a = find_any(c, terms->key);

    if (a)
        forget(a);
    if (size > LIMIT_ANSWER || !make_room(c, size))
        return NULL;
    a = malloc(size);
    if (!a)
        return NULL;
    *a = (struct answer){.cache = c,
                         .references = 2,
                         .changes = terms->changes,
                         .made = terms->now,
                         .time = terms->time,
                         .applied = applied,
                         .key_length = terms->key.len,
                         .length = content.len};
    if (terms->key.len)
        memcpy(a->bytes, terms->key.ptr, terms->key.len);
    if (content.len)
        memcpy(a->bytes + terms->key.len, content.ptr, content.len);
    list_add_tail(&c->used, &a->used);
    c->memory += size;
    if (++c->count > LIMIT_ANSWERS)
        forget(list_entry(c->used.next, struct answer, used));
    return a;
}

struct span answer_content(const struct answer *a)
{
    return span_of(a->bytes + a->key_length, a->length);
}

struct span answer_applied(const struct answer *a)
{
    return a->applied;
}
