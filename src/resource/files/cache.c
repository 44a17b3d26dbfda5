// SPDX-License-Identifier: MIT
#include "resource/files/cache.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/hash_table.h"

#include <stdatomic.h>
#include <stdlib.h>

struct file_entry {
    struct work work; // the look that is under way
    struct file_cache *cache;
    struct hash_link link;
    struct list used; // the cache's order of use; in no list while it is looked at
    struct list waiters;
    struct snapshot *snapshot; // owned reference; NULL before the first look
    struct snapshot *found;    // what the look brought
    struct snapshot_request request;
    int result;
    bool looking;
    int64_t checked;  // monotonic ns: the snapshot was true then
    uint64_t changes; // of the cache, at that time
    size_t length;
    char path[];
};

struct file_cache {
    struct served *served;
    const struct files_options *options;
    const _Atomic uint64_t *changes;
    struct loop *loop;
    struct offload *pool;
    const struct media_type_map *types;
    struct list used;  // least recently used first
    struct timer idle; // looks for open files that nobody asks for
    bool idle_is_set;
    unsigned count, open;
    size_t memory;
    struct hash_table entries; // by path
    struct hash_key key;
};

static void on_idle(struct timer *t);

int file_cache_open(struct served *served, const struct files_options *options, struct loop *loop,
                    struct offload *pool, const struct media_type_map *types,
                    struct file_cache **ret_cache)
{
    struct file_cache *c = calloc(1, sizeof *c);
    int error = c ? hash_key_make(&c->key) : -CANDOR_E_MEMORY;

    if (error == 0)
        error = hash_table_init(&c->entries);
    if (error) {
        free(c);
        return error;
    }
    c->served = served;
    c->options = options;
    c->changes = served_changes(served);
    c->loop = loop;
    c->pool = pool;
    c->types = types;
    list_init(&c->used);
    timer_init(&c->idle, on_idle);
    *ret_cache = c;
    return 0;
}

/* What the cache's bounds count of a snapshot. */
static void account(struct file_cache *c, const struct snapshot *s, bool add)
{
    if (!s)
        return;
    c->open += add ? s->open : -s->open;
    c->memory += add ? s->memory : -s->memory;
}

static void entry_free(struct file_entry *e)
{
    struct file_cache *c = e->cache;

    hash_table_remove(&c->entries, &e->link);
    list_remove(&e->used);
    account(c, e->snapshot, false);
    snapshot_unref(e->snapshot);
    c->count--;
    free(e);
}

/* Keeps the bounds: the least recently used entries go; those under way are not in the list. */
static void evict(struct file_cache *c)
{
    while ((c->count > LIMIT_FILES_CACHED || c->open > LIMIT_FILES_CACHED_OPEN ||
            c->memory > LIMIT_FILES_CACHED_MEMORY) &&
           !list_empty(&c->used))
        entry_free(list_entry(c->used.next, struct file_entry, used));
}

static void watch_open(struct file_cache *c)
{
    if (!c->open || c->idle_is_set)
        return;
    c->idle_is_set = true;
    timer_set(c->loop, &c->idle, loop_now(c->loop) + LIMIT_FILES_IDLE / 2 * CLOCK_MS);
}

/*
 * A file that was removed or replaced keeps its space while it is open. Whoever asks for one looks
 * at it again every LIMIT_FILES_FRESH, so an older look tells that nobody does.
 */
static void on_idle(struct timer *t)
{
    struct file_cache *c = container_of(t, struct file_cache, idle);
    struct list *link = c->used.next;

    c->idle_is_set = false;
    while (link != &c->used) {
        struct file_entry *e = list_entry(link, struct file_entry, used);

        link = link->next;
        if (e->snapshot && e->snapshot->open &&
            loop_now(c->loop) - e->checked >= LIMIT_FILES_IDLE * CLOCK_MS)
            entry_free(e);
    }
    watch_open(c);
}

void file_cache_free(struct file_cache *c)
{
    if (!c)
        return;
    timer_stop(&c->idle);
    while (!list_empty(&c->used))
        entry_free(list_entry(c->used.next, struct file_entry, used));
    hash_table_done(&c->entries);
    free(c);
}

static void look_run(struct work *w)
{
    struct file_entry *e = container_of(w, struct file_entry, work);

    struct root *root = NULL;
    int error = served_root(e->cache->served, clock_monotonic(), &root);

    e->request.root = root;
    e->result = error ? snapshot_fail(-error, &e->found) : snapshot_take(&e->request, &e->found);
    root_unref(root);
}

/* Remembers that one, which was the caller's reference, or none. */
static void remember(struct file_entry *e, struct snapshot *s)
{
    account(e->cache, e->snapshot, false);
    snapshot_unref(e->snapshot);
    e->snapshot = s;
    account(e->cache, s, true);
}

/* A failure is for those who wait; whoever asks then has another try. */
static void look_done(struct work *w)
{
    struct file_entry *e = container_of(w, struct file_entry, work);
    struct file_cache *c = e->cache;
    struct snapshot *s = e->result != 0 ? NULL : e->found ? e->found : e->snapshot;
    bool failed = !s || s->kind == SNAPSHOT_FAILED;
    struct list waiters;
    struct list *link;

    e->looking = false;
    if (failed || e->found)
        remember(e, failed ? NULL : s);
    e->found = NULL;
    // The waiters' callbacks may look up other paths: take them off the entry first.
    list_init(&waiters);
    while ((link = list_pop(&e->waiters)))
        list_add_tail(&waiters, link);
    while ((link = list_pop(&waiters))) {
        struct file_waiter *waiter = list_entry(link, struct file_waiter, link);

        if (s)
            s->references++;
        waiter->on_found(waiter, s);
    }
    if (failed)
        snapshot_unref(s);
    if (e->looking)
        return;
    list_remove(&e->used); // a callback may have found it
    list_add_tail(&c->used, &e->used);
    if (!e->snapshot)
        entry_free(e);
    else
        evict(c);
    watch_open(c);
}

static struct file_entry *entry_find(const struct file_cache *c, struct span path, uint64_t hash)
{
    for (struct hash_link *at = hash_table_find(&c->entries, hash); at; at = hash_table_next(at)) {
        struct file_entry *e = container_of(at, struct file_entry, link);

        if (span_eq(span_of(e->path, e->length), path))
            return e;
    }
    return NULL;
}

static struct file_entry *entry_new(struct file_cache *c, struct span path, uint64_t hash)
{
    struct file_entry *e = calloc(1, sizeof *e + path.len + 1);

    if (!e)
        return NULL;
    e->cache = c;
    e->length = path.len;
    if (path.len)
        memcpy(e->path, path.ptr, path.len);
    list_init(&e->used);
    list_init(&e->waiters);
    hash_table_add(&c->entries, &e->link, hash);
    c->count++;
    return e;
}

/* Known, and believed without another look. */
static bool is_fresh(const struct file_entry *e)
{
    const struct file_cache *c = e->cache;

    return e->snapshot && !e->looking && e->changes == atomic_load(c->changes) &&
           loop_now(c->loop) - e->checked < LIMIT_FILES_FRESH * CLOCK_MS &&
           served_holds(c->served, loop_now(c->loop)) && snapshot_files_hold(e->snapshot);
}

static void look_begin(struct file_entry *e)
{
    struct file_cache *c = e->cache;

    e->checked = loop_now(c->loop);
    e->changes = atomic_load(c->changes);
    e->request = (struct snapshot_request){
        .options = c->options, .types = c->types, .path = e->path, .old = e->snapshot};
}

/* Where the system remembers all that is to be known, as it mostly does of what was looked at
 * before, it takes no way through the pool. */
static bool look_at_once(struct file_entry *e)
{
    struct file_cache *c = e->cache;
    struct root *root = served_root_at_once(c->served, loop_now(c->loop));
    struct snapshot *found;
    int error;

    if (!root)
        return false;
    look_begin(e);
    e->request.root = root;
    e->request.at_once = true;
    error = snapshot_take(&e->request, &found);
    root_unref(root);
    if (error == 0 && found)
        remember(e, found);
    return error == 0;
}

static void look_submit(struct file_entry *e)
{
    struct file_cache *c = e->cache;

    look_begin(e);
    e->looking = true;
    e->work.run = look_run;
    e->work.done = look_done;
    list_remove(&e->used);
    offload_submit(c->pool, c->loop, &e->work);
}

/* A reference; the entry is then the most recently used one. */
static struct snapshot *use(struct file_entry *e)
{
    struct file_cache *c = e->cache;

    if (c->used.prev != &e->used) {
        list_remove(&e->used);
        list_add_tail(&c->used, &e->used);
    }
    e->snapshot->references++;
    return e->snapshot;
}

bool file_cache_find(struct file_cache *c, struct span path, struct file_waiter *w,
                     struct snapshot **ret_snapshot)
{
    uint64_t hash = hash_keyed(&c->key, 0, path);
    struct file_entry *e = entry_find(c, path, hash);

    *ret_snapshot = NULL;
    list_init(&w->link);
    if (e && is_fresh(e)) {
        *ret_snapshot = use(e);
        return true;
    }
    if (!e)
        e = entry_new(c, path, hash);
    if (!e)
        return true;
    if (!e->looking && look_at_once(e)) {
        *ret_snapshot = use(e);
        evict(c);
        return true;
    }
    list_add_tail(&e->waiters, &w->link);
    if (!e->looking)
        look_submit(e);
    return false;
}

bool file_cache_cancel(struct file_waiter *w)
{
    bool waits = w->link.next && !list_empty(&w->link);

    if (waits)
        list_remove(&w->link);
    return waits;
}
