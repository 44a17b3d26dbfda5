// SPDX-License-Identifier: MIT
/*
 * Reading, on the connection that never waits for a flush of the disk.
 */
#include "state/store_sqlite.h"

static struct span empty_or_copy(struct arena *a, struct span s, int *error)
{
    struct span copy = arena_copy(a, s);

    if (s.len && !copy.ptr)
        *error = -CANDOR_E_MEMORY;
    return copy;
}

static int sync_get(struct database *d, uint32_t tree, const struct key *key,
                    struct store_sync *sync, struct arena *arena)
{
    sqlite3_stmt *q = NULL;
    int result = database_prepare(d, STATEMENT_SYNC_GET, &q);

    if (result < 0)
        return result;
    sqlite3_bind_int64(q, 1, tree);
    statement_bind(q, 2, key_span(key));
    sqlite3_bind_int(q, 3, sync->deep);
    if ((result = database_step(d, q)) <= 0)
        return result < 0 ? result : -CANDOR_E_ABSENT;
    result = 0;
    sync->version = (uint64_t)sqlite3_column_int64(q, 0);
    sync->state = empty_or_copy(arena, statement_column(q, 1), &result);
    database_reset(q);
    return result;
}

int store_sync_get(struct store *s, uint32_t tree, struct span path, bool deep, struct arena *arena,
                   struct store_sync *ret_sync)
{
    struct store_sync sync = {.path = path, .deep = deep};
    struct key key;
    int result = key_check(path);

    if (result < 0)
        return result;
    key_make(&key, path);
    pthread_mutex_lock(&s->reading);
    result = sync_get(&s->reader, tree, &key, &sync, arena);
    pthread_mutex_unlock(&s->reading);
    if (result == 0)
        *ret_sync = sync;
    return result;
}

/* A visit of the rows of one statement is a step for each; this is what it does with a row. */
struct visit {
    int (*row)(const struct visit *v, sqlite3_stmt *q);
    size_t index;
    bool values;
    union {
        int (*property)(void *context, size_t index, const struct store_property *property);
        int (*lock)(void *context, const struct store_lock *lock);
        int (*intent)(void *context, const struct store_intent *intent);
    };
    void *context;
};

static int visit_rows(struct database *d, sqlite3_stmt *q, const struct visit *v)
{
    int result;

    while ((result = database_step(d, q)) > 0) {
        int stop = v->row(v, q);
        if (stop != 0) {
            database_reset(q);
            return stop;
        }
    }
    return result;
}

static int property_row(const struct visit *v, sqlite3_stmt *q)
{
    struct store_property p = {
        .namespace = statement_column(q, 0),
        .name = statement_column(q, 1),
    };

    if (v->values)
        p.value = statement_column(q, 2);
    return v->property(v->context, v->index, &p);
}

static int visit_paths(struct database *d, uint32_t tree, const struct span *paths, size_t n,
                       struct visit *v)
{
    enum statement which = v->values ? STATEMENT_PROPERTY_VISIT : STATEMENT_PROPERTY_VISIT_NAMES;
    int result = 0;

    for (v->index = 0; result == 0 && v->index < n; v->index++) {
        struct key key;
        sqlite3_stmt *q;

        if ((result = key_check(paths[v->index])) < 0 ||
            (result = database_prepare(d, which, &q)) < 0)
            break;
        key_make(&key, paths[v->index]);
        sqlite3_bind_int64(q, 1, tree);
        statement_bind(q, 2, key_span(&key));
        result = visit_rows(d, q, v);
    }
    return result;
}

int store_properties_visit(
    struct store *s, uint32_t tree, const struct span *paths, size_t n, bool values,
    int (*visit)(void *context, size_t index, const struct store_property *property), void *context)
{
    struct visit v = {.row = property_row, .values = values, .property = visit, .context = context};
    int result = 0;

    pthread_mutex_lock(&s->reading);
    if (n > 1) // one view for all paths, and one look at the log instead of n
        result = database_run(&s->reader, STATEMENT_BEGIN_READ);
    if (result == 0)
        result = visit_paths(&s->reader, tree, paths, n, &v);
    if (!sqlite3_get_autocommit(s->reader.db)) {
        int end = database_run(&s->reader, STATEMENT_COMMIT);
        result = result == 0 ? end : result;
    }
    pthread_mutex_unlock(&s->reading);
    return result;
}

static int any_in(struct database *d, uint32_t tree, const struct key_range *range)
{
    sqlite3_stmt *q = NULL;
    int result = database_prepare(d, STATEMENT_PROPERTIES_ANY, &q);

    if (result < 0)
        return result;
    sqlite3_bind_int64(q, 1, tree);
    statement_bind(q, 2, key_span(&range->low));
    statement_bind(q, 3, key_span(&range->high));
    result = database_step(d, q);
    if (result > 0)
        database_reset(q);
    return result;
}

int store_has_below(struct store *s, uint32_t tree, struct span path)
{
    struct key_range range;
    struct key key;
    int result = key_check(path);

    if (result < 0)
        return result;
    key_make(&key, path);
    key_range_self(&range, &key);
    pthread_mutex_lock(&s->reading);
    result = any_in(&s->reader, tree, &range);
    key_range_below(&range, &key);
    if (result == 0)
        result = any_in(&s->reader, tree, &range);
    pthread_mutex_unlock(&s->reading);
    return result;
}

struct totals {
    int64_t properties, octets;
};

/* The statement, with what is bound, adds to the totals. */
static int add_totals(struct database *d, sqlite3_stmt *q, int sign, struct totals *totals)
{
    int result = database_step(d, q);

    if (result <= 0)
        return result;
    totals->properties += sign * sqlite3_column_int64(q, 0);
    totals->octets += sign * sqlite3_column_int64(q, 1);
    database_reset(q);
    return 0;
}

static int add_below(struct database *d, uint32_t tree, struct span path, int sign,
                     struct totals *totals)
{
    struct key_range range;
    sqlite3_stmt *q = NULL;
    struct key key;
    int result = database_prepare(d, STATEMENT_PROPERTIES_SUM, &q);

    key_make(&key, path);
    for (int part = 0; part < 2 && result == 0; part++) {
        (part ? key_range_below : key_range_self)(&range, &key);
        bind_range(q, tree, &range);
        result = add_totals(d, q, sign, totals);
    }
    return result;
}

static int can_copy(struct database *d, uint32_t tree, struct span source, struct span destination)
{
    struct totals totals = {0};
    sqlite3_stmt *q = NULL;
    int result = database_prepare(d, STATEMENT_TREE_TOTALS, &q);

    if (result < 0)
        return result;
    sqlite3_bind_int64(q, 1, tree);
    result = add_totals(d, q, 1, &totals);
    // Most trees are far from their limits, and not to be counted for that.
    if (result < 0 || (totals.properties <= LIMIT_PROPERTIES_TREE / 2 &&
                       totals.octets <= LIMIT_PROPERTIES_TREE_SIZE / 2))
        return result;
    result = add_below(d, tree, source, 1, &totals);
    if (result == 0)
        result = add_below(d, tree, destination, -1, &totals);
    if (result == 0 &&
        (totals.properties > LIMIT_PROPERTIES_TREE || totals.octets > LIMIT_PROPERTIES_TREE_SIZE))
        result = -CANDOR_E_LIMIT;
    return result;
}

int store_can_copy(struct store *s, uint32_t tree, struct span source, struct span destination)
{
    int result = key_check(source);

    if (result == 0)
        result = key_check(destination);
    if (result < 0)
        return result;
    pthread_mutex_lock(&s->reading);
    result = can_copy(&s->reader, tree, source, destination);
    pthread_mutex_unlock(&s->reading);
    return result;
}

static int visit_tree(struct store *s, uint32_t tree, enum statement which, const struct visit *v)
{
    sqlite3_stmt *q = NULL;

    pthread_mutex_lock(&s->reading);
    int result = database_prepare(&s->reader, which, &q);
    if (result == 0) {
        sqlite3_bind_int64(q, 1, tree);
        result = visit_rows(&s->reader, q, v);
    }
    pthread_mutex_unlock(&s->reading);
    return result;
}

static int lock_row(const struct visit *v, sqlite3_stmt *q)
{
    return v->lock(v->context, &(struct store_lock){
                                   .token = statement_column(q, 0),
                                   .path = key_path(statement_column(q, 1)),
                                   .infinite = sqlite3_column_int(q, 2) != 0,
                                   .shared = sqlite3_column_int(q, 3) != 0,
                                   .timeout = sqlite3_column_int64(q, 4),
                                   .expires = sqlite3_column_int64(q, 5),
                                   .owner = statement_column(q, 6),
                                   .principal = statement_column(q, 7),
                                   .boot = statement_column(q, 8),
                                   .boot_expires = sqlite3_column_int64(q, 9),
                               });
}

int store_locks_visit(struct store *s, uint32_t tree,
                      int (*visit)(void *context, const struct store_lock *lock), void *context)
{
    struct visit v = {.row = lock_row, .lock = visit, .context = context};

    return visit_tree(s, tree, STATEMENT_LOCK_VISIT, &v);
}

static int intent_row(const struct visit *v, sqlite3_stmt *q)
{
    return v->intent(
        v->context,
        &(struct store_intent){
            .id = (uint64_t)sqlite3_column_int64(q, 0),
            .kind = (enum store_intent_kind)sqlite3_column_int(q, 1),
            .source = statement_column(q, 2),
            .destination = statement_column(q, 3),
            .phase = (enum store_phase)sqlite3_column_int(q, 4),
            .source_is = {(uint64_t)sqlite3_column_int64(q, 5), sqlite3_column_int64(q, 7)},
            .destination_is = {(uint64_t)sqlite3_column_int64(q, 6), sqlite3_column_int64(q, 8)},
        });
}

int store_intents_visit(struct store *s, uint32_t tree,
                        int (*visit)(void *context, const struct store_intent *intent),
                        void *context)
{
    struct visit v = {.row = intent_row, .intent = visit, .context = context};

    return visit_tree(s, tree, STATEMENT_INTENT_VISIT, &v);
}
