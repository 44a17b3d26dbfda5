// SPDX-License-Identifier: MIT
#include "lock/lock_table.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/path.h"
#include "lock/lock_paths.h"
#include "lock/lock_texts.h"

#include <stdatomic.h>
#include <stdlib.h>

enum entry_state { ENTRY_PENDING, ENTRY_HELD, ENTRY_LEAVING };

/* A lock in the table. The texts of `gone.lock` stand behind it, in the same block. */
struct entry {
    struct lock_gone gone; // first member: what is taken out is freed as it
    struct hash_link token;
    struct list at_path;
    struct lock_node *node;
    enum entry_state state;
    size_t heap_index;
    uint64_t mark; // the last walk that found it submitted
    size_t size;
};

struct lock_table {
    struct lock_paths paths;
    struct hash_table tokens;
    struct entry **heap; // the soonest to expire first
    size_t count, heap_capacity;
    size_t memory;
    uint64_t mark;
    _Atomic size_t any;        // count, for who does not have the mutex
    struct lock_gone *expired; // the journal may have them still
};

int lock_table_new(struct lock_table **ret_table)
{
    struct lock_table *t = calloc(1, sizeof *t);
    int error = t ? lock_paths_init(&t->paths) : -CANDOR_E_MEMORY;

    if (error == 0)
        error = hash_table_init(&t->tokens);
    if (error < 0) {
        lock_table_free(t);
        return error;
    }
    *ret_table = t;
    return 0;
}

/* The heap: whose parent is at (i - 1) / 2 and never expires later. */

static bool is_sooner(const struct entry *a, const struct entry *b)
{
    return a->gone.lock.expires < b->gone.lock.expires;
}

static void heap_put(struct lock_table *t, size_t i, struct entry *e)
{
    t->heap[i] = e;
    e->heap_index = i;
}

static void heap_settle(struct lock_table *t, size_t i)
{
    struct entry *e = t->heap[i];

    for (; i && is_sooner(e, t->heap[(i - 1) / 2]); i = (i - 1) / 2)
        heap_put(t, i, t->heap[(i - 1) / 2]);
    for (size_t child = 2 * i + 1; child < t->count; child = 2 * i + 1) {
        if (child + 1 < t->count && is_sooner(t->heap[child + 1], t->heap[child]))
            child++;
        if (!is_sooner(t->heap[child], e))
            break;
        heap_put(t, i, t->heap[child]);
        i = child;
    }
    heap_put(t, i, e);
}

static int heap_add(struct lock_table *t, struct entry *e)
{
    if (t->count == t->heap_capacity) {
        size_t capacity = t->heap_capacity ? 2 * t->heap_capacity : 64;
        struct entry **heap = realloc(t->heap, capacity * sizeof *heap);

        if (!heap)
            return -CANDOR_E_MEMORY;
        t->heap = heap;
        t->heap_capacity = capacity;
    }
    heap_put(t, t->count++, e);
    heap_settle(t, t->count - 1);
    atomic_store_explicit(&t->any, t->count, memory_order_release);
    return 0;
}

static void heap_remove(struct lock_table *t, struct entry *e)
{
    size_t i = e->heap_index;
    struct entry *last = t->heap[--t->count];

    atomic_store_explicit(&t->any, t->count, memory_order_release);
    if (last == e)
        return;
    heap_put(t, i, last);
    heap_settle(t, i);
}

/* Takes the entry out of everything but memory. */
static void detach(struct lock_table *t, struct entry *e)
{
    hash_table_remove(&t->tokens, &e->token);
    heap_remove(t, e);
    list_remove(&e->at_path);
    lock_paths_prune(&t->paths, e->node);
    e->node = NULL;
    t->memory -= e->size;
}

static void expire(struct lock_table *t, int64_t now)
{
    while (t->count && t->heap[0]->gone.lock.expires <= now) {
        struct entry *e = t->heap[0];

        detach(t, e);
        e->gone.next = t->expired;
        t->expired = &e->gone;
    }
}

void lock_table_free(struct lock_table *t)
{
    if (!t)
        return;
    while (t->count) {
        struct entry *e = t->heap[0];

        detach(t, e);
        free(e);
    }
    lock_gone_free(t->expired);
    lock_paths_done(&t->paths);
    hash_table_done(&t->tokens);
    free(t->heap);
    free(t);
}

bool lock_table_is_empty(const struct lock_table *t)
{
    return atomic_load_explicit(&t->any, memory_order_acquire) == 0;
}

size_t lock_table_count(struct lock_table *t, int64_t now)
{
    expire(t, now);
    return t->count;
}

static struct entry *entry_of(struct list *link)
{
    return list_entry(link, struct entry, at_path);
}

static struct entry *find_token(const struct lock_table *t, struct span token)
{
    uint64_t hash = hash_keyed(&t->paths.key, 0, token);

    for (struct hash_link *at = hash_table_find(&t->tokens, hash); at; at = hash_table_next(at)) {
        struct entry *e = container_of(at, struct entry, token);

        if (span_eq(e->gone.lock.token, token))
            return e;
    }
    return NULL;
}

/* Whether the path is the lock's root, or below it where that counts. */
static bool applies(const struct lock *lock, struct span path)
{
    return lock->infinite ? path_is_within(lock->path, path) : span_eq(path, lock->path);
}

const struct lock *lock_table_conflict(struct lock_table *t, struct span path, bool infinite,
                                       bool shared, int64_t now)
{
    struct lock_node *node, *at;
    bool exact;

    expire(t, now);
    node = lock_paths_find(&t->paths, path, &exact);
    for (at = node; at; at = at->parent) {
        list_for_each (link, &at->locks) {
            const struct lock *lock = &entry_of(link)->gone.lock;

            if (!(lock->shared && shared) && (lock->infinite || (exact && at == node)))
                return lock;
        }
    }
    for (at = exact && infinite ? node : NULL; at; at = lock_paths_next(at, node)) {
        list_for_each (link, &at->locks) {
            const struct lock *lock = &entry_of(link)->gone.lock;

            if (!(lock->shared && shared))
                return lock;
        }
    }
    return NULL;
}

static bool is_within_limits(const struct lock_table *t, const struct lock *lock, size_t size)
{
    return t->count < LIMIT_LOCKS && lock->token.len <= LIMIT_LOCK_TOKEN &&
           lock->path.len <= LIMIT_TREE_PATH && lock->owner.len <= LIMIT_LOCK_OWNER &&
           lock->principal.len <= LIMIT_LOCK_OWNER &&
           t->memory + t->paths.memory + size <= LIMIT_LOCKS_MEMORY;
}

static void add_load(struct lock_load *load, const struct lock_node *node, bool only_infinite)
{
    list_for_each (link, &node->locks) {
        const struct lock *lock = &list_entry(link, struct entry, at_path)->gone.lock;

        if (only_infinite && !lock->infinite)
            continue;
        load->count++;
        load->owners += lock->owner.len;
    }
}

/*
 * Whether one more lock there is bearable, as a PROPFIND tells all that hold at a path: those with
 * their root there, and what reaches down to it from above. So wherever the lock itself holds.
 */
static bool is_bearable(struct lock_node *top, const struct lock *lock)
{
    struct lock_load above = {1, lock->owner.len};

    for (const struct lock_node *node = top->parent; node; node = node->parent)
        add_load(&above, node, true);
    top->above = above;
    for (struct lock_node *node = top; node; node = lock_paths_next(node, top)) {
        struct lock_load here;

        if (node != top) {
            node->above = node->parent->above;
            add_load(&node->above, node->parent, true);
        }
        here = node->above;
        add_load(&here, node, false);
        if (here.count > LIMIT_LOCKS_PATH || here.owners > LIMIT_LOCK_OWNERS_PATH)
            return false;
        if (!lock->infinite)
            break;
    }
    return true;
}

static int insert(struct lock_table *t, struct entry *e)
{
    const struct lock *lock = &e->gone.lock;

    e->node = lock_paths_make(&t->paths, lock->path);
    if (!e->node)
        return -CANDOR_E_MEMORY;
    if (!is_bearable(e->node, lock)) {
        lock_paths_prune(&t->paths, e->node);
        return -CANDOR_E_LIMIT;
    }
    if (heap_add(t, e) < 0) {
        lock_paths_prune(&t->paths, e->node);
        return -CANDOR_E_MEMORY;
    }
    list_add_tail(&e->node->locks, &e->at_path);
    hash_table_add(&t->tokens, &e->token, hash_keyed(&t->paths.key, 0, lock->token));
    t->memory += e->size;
    return 0;
}

int lock_table_grant(struct lock_table *t, const struct lock *lock, bool confirmed, int64_t now)
{
    size_t size = sizeof(struct entry) + lock_texts_length(lock);
    struct entry *e;
    int error;

    if (lock_table_conflict(t, lock->path, lock->infinite, lock->shared, now) ||
        find_token(t, lock->token))
        return -CANDOR_E_EXISTS;
    if (!is_within_limits(t, lock, size))
        return -CANDOR_E_LIMIT;
    e = calloc(1, size);
    if (!e)
        return -CANDOR_E_MEMORY;
    lock_fill(&e->gone.lock, (char *)(e + 1), lock);
    e->state = confirmed ? ENTRY_HELD : ENTRY_PENDING;
    e->size = size;
    error = insert(t, e);
    if (error < 0)
        free(e);
    return error;
}

int lock_table_confirm(struct lock_table *t, struct span token, int64_t now)
{
    struct entry *e;

    expire(t, now);
    e = find_token(t, token);
    if (!e)
        return -CANDOR_E_ABSENT;
    e->state = ENTRY_HELD;
    return 0;
}

static void discard(struct lock_table *t, struct entry *e)
{
    detach(t, e);
    free(e);
}

void lock_table_withdraw(struct lock_table *t, struct span token)
{
    struct entry *e = find_token(t, token);

    if (e)
        discard(t, e);
}

static struct entry *find_held(struct lock_table *t, struct span token, struct span path,
                               int64_t now)
{
    struct entry *e;

    expire(t, now);
    e = find_token(t, token);
    return e && e->state == ENTRY_HELD && applies(&e->gone.lock, path) ? e : NULL;
}

const struct lock *lock_table_find(struct lock_table *t, struct span token, struct span path,
                                   int64_t now)
{
    const struct entry *e = find_held(t, token, path, now);

    return e ? &e->gone.lock : NULL;
}

const struct lock *lock_table_refresh(struct lock_table *t, struct span token, struct span path,
                                      int64_t timeout, int64_t now)
{
    struct entry *e = find_held(t, token, path, now);

    if (!e)
        return NULL;
    e->gone.lock.timeout = timeout;
    e->gone.lock.expires = now + timeout;
    heap_settle(t, e->heap_index);
    return &e->gone.lock;
}

int lock_table_release_begin(struct lock_table *t, struct span token, struct span path, int64_t now)
{
    struct entry *e = find_held(t, token, path, now);

    if (!e)
        return -CANDOR_E_ABSENT;
    e->state = ENTRY_LEAVING;
    return 0;
}

void lock_table_release_end(struct lock_table *t, struct span token, bool gone)
{
    struct entry *e = find_token(t, token);

    if (!e)
        return;
    if (gone)
        discard(t, e);
    else
        e->state = ENTRY_HELD;
}

struct lock_gone *lock_table_remove_subtree(struct lock_table *t, struct span path, bool only_below)
{
    struct lock_gone *gone = NULL;
    struct lock_node *top, *node;
    bool exact;

    top = lock_paths_find(&t->paths, path, &exact);
    if (!exact)
        return NULL;
    for (node = top; node; node = lock_paths_next(node, top)) {
        if (only_below && node == top)
            continue;
        // They are only strung together here: a node without locks would vanish under the walk.
        list_for_each (link, &node->locks) {
            entry_of(link)->gone.next = gone;
            gone = &entry_of(link)->gone;
        }
    }
    for (struct lock_gone *g = gone; g; g = g->next)
        detach(t, container_of(g, struct entry, gone));
    return gone;
}

bool lock_table_has_subtree(const struct lock_table *t, struct span path, bool only_below)
{
    bool exact;
    struct lock_node *top = lock_paths_find(&t->paths, path, &exact);

    // A node is there for the locks at it or below it.
    return exact && (!only_below || lock_paths_next(top, top));
}

struct lock_gone *lock_table_take_expired(struct lock_table *t, int64_t now)
{
    struct lock_gone *taken, **end = &taken;

    expire(t, now);
    taken = t->expired;
    for (int n = 0; *end && n < LIMIT_LOCKS_EXPIRED; n++)
        end = &(*end)->next;
    t->expired = *end;
    *end = NULL;
    return taken;
}

void lock_table_keep_gone(struct lock_table *t, struct lock_gone *list)
{
    struct lock_gone **end = &t->expired;

    while (*end)
        end = &(*end)->next;
    *end = list;
}

/* Marks the locks whose tokens were submitted by who holds them. */
static void mark_submitted(struct lock_table *t, const struct lock_submission *submitted)
{
    t->mark++;
    for (size_t i = 0; i < submitted->count; i++) {
        struct entry *e = find_token(t, submitted->tokens[i]);

        if (e && e->state == ENTRY_HELD && span_eq(e->gone.lock.principal, submitted->principal))
            e->mark = t->mark;
    }
}

/* What a node's own locks say: the first that is not submitted, unless one that is suffices. */
static const struct lock *look_at_node(const struct lock_table *t, struct lock_node *node,
                                       bool only_infinite, bool *submitted, bool *infinite)
{
    const struct lock *first = NULL;

    list_for_each (link, &node->locks) {
        const struct entry *e = entry_of(link);

        if (only_infinite && !e->gone.lock.infinite)
            continue;
        if (e->mark == t->mark) {
            *submitted = true;
            *infinite |= e->gone.lock.infinite;
        } else if (!first) {
            first = &e->gone.lock;
        }
    }
    return first;
}

const struct lock *lock_table_blocks(struct lock_table *t, struct span path, enum lock_reach reach,
                                     const struct lock_submission *submitted, int64_t now)
{
    const struct lock *blocking = NULL;
    struct lock_node *top, *node;
    bool exact, any = false, infinite = false;

    expire(t, now);
    mark_submitted(t, submitted);
    top = lock_paths_find(&t->paths, path, &exact);
    for (node = top; node; node = node->parent) {
        const struct lock *lock = look_at_node(t, node, !exact || node != top, &any, &infinite);

        blocking = blocking ? blocking : lock;
    }
    if (blocking && !any)
        return blocking;
    if (!exact || reach == LOCK_REACH_RESOURCE)
        return NULL;
    top->covered = infinite;
    for (node = lock_paths_next(top, top); node; node = lock_paths_next(node, top)) {
        node->covered = node->parent->covered;
        any = node->covered;
        blocking = look_at_node(t, node, false, &any, &node->covered);
        if (blocking && !any)
            return blocking;
    }
    return NULL;
}

/* Visits what applies to the path; with locks == NULL it only counts. */
static int collect(struct lock_node *top, bool exact, struct arena *arena, struct lock *locks,
                   size_t *ret_count)
{
    size_t n = 0;
    int error = 0;

    for (struct lock_node *node = top; node; node = node->parent) {
        list_for_each (link, &node->locks) {
            const struct entry *e = entry_of(link);

            if (e->state != ENTRY_HELD || !(e->gone.lock.infinite || (exact && node == top)))
                continue;
            if (locks && error == 0)
                error = lock_copy(&e->gone.lock, arena, &locks[n]);
            n++;
        }
    }
    *ret_count = n;
    return error;
}

int lock_table_discover(struct lock_table *t, struct span path, int64_t now, struct arena *arena,
                        struct lock **ret_locks, size_t *ret_count)
{
    struct lock_node *top;
    struct lock *locks;
    size_t count;
    bool exact;
    int error;

    expire(t, now);
    top = lock_paths_find(&t->paths, path, &exact);
    collect(top, exact, arena, NULL, &count);
    locks = arena_alloc(arena, count * sizeof *locks);
    if (!locks)
        return -CANDOR_E_MEMORY;
    error = collect(top, exact, arena, locks, &count);
    if (error < 0)
        return error;
    *ret_locks = locks;
    *ret_count = count;
    return 0;
}
