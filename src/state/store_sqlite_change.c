// SPDX-License-Identifier: MIT
/*
 * What each kind of change does to the rows. Everything runs in the leader, in a transaction.
 */
#include "state/store_sqlite.h"

#include <assert.h>

/* ---- Totals of the tree */

static int totals_read(struct database *d, struct operation *op)
{
    sqlite3_stmt *q = NULL;
    int result;

    if (op->totals_known)
        return 0;
    if ((result = database_prepare(d, STATEMENT_TREE_TOTALS, &q)) < 0)
        return result;
    sqlite3_bind_int64(q, 1, op->tree);
    if ((result = database_step(d, q)) < 0)
        return result;
    assert(result == 1); // trees are never deleted
    op->properties = sqlite3_column_int64(q, 0);
    op->octets = sqlite3_column_int64(q, 1);
    op->totals_known = true;
    database_reset(q);
    return 0;
}

static int totals_write(struct database *d, struct operation *op)
{
    sqlite3_stmt *q = NULL;
    int result = database_prepare(d, STATEMENT_TREE_SET_TOTALS, &q);

    if (result < 0)
        return result;
    assert(op->properties >= 0 && op->octets >= 0);
    sqlite3_bind_int64(q, 1, op->tree);
    sqlite3_bind_int64(q, 2, op->properties);
    sqlite3_bind_int64(q, 3, op->octets);
    return database_finish(d, q);
}

int totals_add(struct database *d, struct operation *op, int64_t properties, int64_t octets)
{
    int result;

    if (properties == 0 && octets == 0)
        return 0;
    if ((result = totals_read(d, op)) < 0)
        return result;
    op->properties += properties;
    op->octets += octets;
    if ((properties > 0 && op->properties > LIMIT_PROPERTIES_TREE) ||
        (octets > 0 && op->octets > LIMIT_PROPERTIES_TREE_SIZE))
        return -CANDOR_E_LIMIT;
    return totals_write(d, op);
}

/* ---- One property */

static void bind_property(sqlite3_stmt *q, uint32_t tree, const struct key *key,
                          const struct store_property *p)
{
    sqlite3_bind_int64(q, 1, tree);
    statement_bind(q, 2, key_span(key));
    statement_bind(q, 3, p->namespace);
    statement_bind(q, 4, p->name);
}

/* The length of the value that is there, or -CANDOR_E_ABSENT. */
static int64_t property_length(struct database *d, uint32_t tree, const struct key *key,
                               const struct store_property *p)
{
    sqlite3_stmt *q = NULL;
    int result = database_prepare(d, STATEMENT_PROPERTY_LENGTH, &q);

    if (result < 0)
        return result;
    bind_property(q, tree, key, p);
    if ((result = database_step(d, q)) <= 0)
        return result < 0 ? result : -CANDOR_E_ABSENT;
    int64_t length = sqlite3_column_int64(q, 0);
    database_reset(q);
    return length;
}

/* Whether one resource may have so many more properties, and octets of them. */
static int room_for(struct database *d, uint32_t tree, const struct key *key, int64_t more,
                    int64_t octets)
{
    sqlite3_stmt *q = NULL;
    int result = database_prepare(d, STATEMENT_PROPERTY_COUNT, &q);

    if (result < 0)
        return result;
    sqlite3_bind_int64(q, 1, tree);
    statement_bind(q, 2, key_span(key));
    if ((result = database_step(d, q)) < 0)
        return result;
    int64_t count = sqlite3_column_int64(q, 0) + more;
    int64_t size = sqlite3_column_int64(q, 1) + octets;
    database_reset(q);
    return (more > 0 && count > LIMIT_PROPERTIES) || (octets > 0 && size > LIMIT_PROPERTIES_SIZE)
               ? -CANDOR_E_LIMIT
               : 0;
}

static int property_set(struct database *d, struct operation *op, const struct store_change *change)
{
    const struct store_property *p = &change->property;
    int64_t added = 0, octets = (int64_t)p->value.len;
    sqlite3_stmt *q = NULL;
    struct key key;
    int result;

    if (p->namespace.len + p->name.len > LIMIT_PROPERTY_NAME || p->value.len > LIMIT_PROPERTY_VALUE)
        return -CANDOR_E_LIMIT;
    key_make(&key, change->path);
    int64_t length = property_length(d, op->tree, &key, p);
    if (length >= 0) {
        octets -= length;
    } else if (length == -CANDOR_E_ABSENT) {
        added = 1;
        octets += (int64_t)(p->namespace.len + p->name.len);
    } else {
        return (int)length;
    }
    if ((result = room_for(d, op->tree, &key, added, octets)) < 0 ||
        (result = totals_add(d, op, added, octets)) < 0 ||
        (result = database_prepare(d, STATEMENT_PROPERTY_SET, &q)) < 0)
        return result;
    bind_property(q, op->tree, &key, p);
    statement_bind(q, 5, p->value);
    return database_finish(d, q);
}

static int property_remove(struct database *d, struct operation *op,
                           const struct store_change *change)
{
    const struct store_property *p = &change->property;
    sqlite3_stmt *q = NULL;
    struct key key;
    int result;

    key_make(&key, change->path);
    int64_t length = property_length(d, op->tree, &key, p);
    if (length < 0)
        return length == -CANDOR_E_ABSENT ? 0 : (int)length;
    length += (int64_t)(p->namespace.len + p->name.len);
    if ((result = totals_add(d, op, -1, -length)) < 0 ||
        (result = database_prepare(d, STATEMENT_PROPERTY_REMOVE, &q)) < 0)
        return result;
    bind_property(q, op->tree, &key, p);
    return database_finish(d, q);
}

/* ---- Subtrees */

void bind_range(sqlite3_stmt *q, uint32_t tree, const struct key_range *range)
{
    sqlite3_bind_int64(q, 1, tree);
    statement_bind(q, 2, key_span(&range->low));
    statement_bind(q, 3, key_span(&range->high));
}

static int range_sum(struct database *d, uint32_t tree, const struct key_range *range,
                     int64_t *ret_properties, int64_t *ret_octets)
{
    sqlite3_stmt *q = NULL;
    int result = database_prepare(d, STATEMENT_PROPERTIES_SUM, &q);

    if (result < 0)
        return result;
    bind_range(q, tree, range);
    if ((result = database_step(d, q)) < 0)
        return result;
    *ret_properties = sqlite3_column_int64(q, 0);
    *ret_octets = sqlite3_column_int64(q, 1);
    database_reset(q);
    return 0;
}

int range_run(struct database *d, struct operation *op, enum statement which,
              const struct key_range *range)
{
    sqlite3_stmt *q = NULL;
    int result = database_prepare(d, which, &q);

    if (result < 0)
        return result;
    bind_range(q, op->tree, range);
    return database_finish(d, q);
}

static int range_delete_properties(struct database *d, struct operation *op,
                                   const struct key_range *range)
{
    int64_t properties, octets;
    int result = range_sum(d, op->tree, range, &properties, &octets);

    if (result < 0 || properties == 0)
        return result;
    if ((result = totals_add(d, op, -properties, -octets)) < 0)
        return result;
    return range_run(d, op, STATEMENT_PROPERTIES_DELETE, range);
}

static int properties_delete(struct database *d, struct operation *op, struct span path)
{
    struct key_range range;
    struct key key;

    key_make(&key, path);
    key_range_self(&range, &key);
    int result = range_delete_properties(d, op, &range);
    if (result < 0)
        return result;
    key_range_below(&range, &key);
    return range_delete_properties(d, op, &range);
}

static int locks_delete(struct database *d, struct operation *op, const struct store_change *change)
{
    struct key_range range;
    struct key key;

    key_make(&key, change->path);
    key_range_self(&range, &key);
    int result = change->only_below ? 0 : range_run(d, op, STATEMENT_LOCKS_DELETE, &range);
    if (result < 0)
        return result;
    key_range_below(&range, &key);
    return range_run(d, op, STATEMENT_LOCKS_DELETE, &range);
}

/* ---- Locks */

static int lock_insert(struct database *d, struct operation *op, const struct store_lock *lock)
{
    sqlite3_stmt *q = NULL;
    struct key key;
    int result;

    if (lock->token.len > LIMIT_LOCK_TOKEN || lock->owner.len > LIMIT_LOCK_OWNER ||
        lock->principal.len > LIMIT_LOCK_OWNER || lock->boot.len > LIMIT_LOCK_OWNER)
        return -CANDOR_E_LIMIT;
    if ((result = key_check(lock->path)) < 0 ||
        (result = database_prepare(d, STATEMENT_LOCK_INSERT, &q)) < 0)
        return result;
    key_make(&key, lock->path);
    statement_bind(q, 1, lock->token);
    sqlite3_bind_int64(q, 2, op->tree);
    statement_bind(q, 3, key_span(&key));
    sqlite3_bind_int(q, 4, lock->infinite);
    sqlite3_bind_int(q, 5, lock->shared);
    sqlite3_bind_int64(q, 6, lock->timeout);
    sqlite3_bind_int64(q, 7, lock->expires);
    statement_bind(q, 8, lock->owner);
    statement_bind(q, 9, lock->principal);
    statement_bind(q, 10, lock->boot);
    sqlite3_bind_int64(q, 11, lock->boot_expires);
    return database_finish(d, q);
}

static int lock_refresh(struct database *d, struct operation *op, const struct store_lock *lock)
{
    sqlite3_stmt *q = NULL;
    int result = database_prepare(d, STATEMENT_LOCK_REFRESH, &q);

    if (result < 0)
        return result;
    statement_bind(q, 1, lock->token);
    sqlite3_bind_int64(q, 2, op->tree);
    sqlite3_bind_int64(q, 3, lock->timeout);
    sqlite3_bind_int64(q, 4, lock->expires);
    statement_bind(q, 5, lock->boot);
    sqlite3_bind_int64(q, 6, lock->boot_expires);
    if ((result = database_finish(d, q)) < 0)
        return result;
    return sqlite3_changes(d->db) ? 0 : -CANDOR_E_ABSENT;
}

static int lock_delete(struct database *d, struct operation *op, const struct store_lock *lock)
{
    sqlite3_stmt *q = NULL;
    int result = database_prepare(d, STATEMENT_LOCK_DELETE, &q);

    if (result < 0)
        return result;
    statement_bind(q, 1, lock->token);
    sqlite3_bind_int64(q, 2, op->tree);
    return database_finish(d, q);
}

/* ---- Intents */

static int intent_begin(struct database *d, struct operation *op, const struct store_intent *it)
{
    sqlite3_stmt *q = NULL;
    int result;

    if ((result = key_check(it->source)) < 0 || (result = key_check(it->destination)) < 0 ||
        (result = database_prepare(d, STATEMENT_INTENT_BEGIN, &q)) < 0)
        return result;
    sqlite3_bind_int64(q, 1, (int64_t)it->id);
    sqlite3_bind_int64(q, 2, op->tree);
    sqlite3_bind_int(q, 3, (int)it->kind);
    statement_bind(q, 4, it->source);
    statement_bind(q, 5, it->destination);
    sqlite3_bind_int64(q, 6, (int64_t)it->source_is.inode);
    sqlite3_bind_int64(q, 7, (int64_t)it->destination_is.inode);
    sqlite3_bind_int64(q, 8, it->source_is.born);
    sqlite3_bind_int64(q, 9, it->destination_is.born);
    return database_finish(d, q);
}

int intent_finish(struct database *d, struct operation *op, const struct store_intent *it)
{
    sqlite3_stmt *q = NULL;
    int result = database_prepare(d, STATEMENT_INTENT_FINISH, &q);

    if (result < 0)
        return result;
    sqlite3_bind_int64(q, 1, (int64_t)it->id);
    sqlite3_bind_int64(q, 2, op->tree);
    if ((result = database_finish(d, q)) < 0)
        return result;
    return sqlite3_changes(d->db) ? 0 : -CANDOR_E_ABSENT;
}

/* With a change in any case: what a commit that failed has left in the log is overwritten. */
static int intent_forget(struct database *d, struct operation *op, const struct store_intent *it)
{
    int result = intent_finish(d, op, it);

    if (result == 0 || result == -CANDOR_E_ABSENT)
        result = intent_begin(d, op, it); // SQLite writes no page for a row that stays as it is
    return result == 0 ? intent_finish(d, op, it) : result;
}

/* ---- Synchronisation */

/* 1: one more is to be forgotten. */
static int sync_is_too_much(struct database *d, uint32_t tree)
{
    sqlite3_stmt *q = NULL;
    int result = database_prepare(d, STATEMENT_SYNC_SUM, &q);

    if (result < 0)
        return result;
    sqlite3_bind_int64(q, 1, tree);
    if ((result = database_step(d, q)) < 0)
        return result;
    result = sqlite3_column_int64(q, 0) > LIMIT_SYNC_STATES ||
             sqlite3_column_int64(q, 1) > LIMIT_SYNC_STATES_SIZE;
    database_reset(q);
    return result;
}

static int sync_forget(struct database *d, uint32_t tree)
{
    sqlite3_stmt *q = NULL;
    int result = database_prepare(d, STATEMENT_SYNC_FORGET, &q);

    if (result < 0)
        return result;
    sqlite3_bind_int64(q, 1, tree);
    return database_finish(d, q);
}

static int sync_set(struct database *d, struct operation *op, const struct store_change *change)
{
    const struct store_sync *sync = change->sync;
    sqlite3_stmt *q = NULL;
    struct key key;
    int result;

    if (sync->state.len > LIMIT_SYNC_STATE)
        return -CANDOR_E_LIMIT;
    if ((result = key_check(sync->path)) < 0 ||
        (result = database_prepare(
             d, change->sync_before ? STATEMENT_SYNC_UPDATE : STATEMENT_SYNC_INSERT, &q)) < 0)
        return result;
    key_make(&key, sync->path);
    sqlite3_bind_int64(q, 1, op->tree);
    statement_bind(q, 2, key_span(&key));
    sqlite3_bind_int(q, 3, sync->deep);
    if (change->sync_before)
        sqlite3_bind_int64(q, 4, (int64_t)change->sync_before);
    sqlite3_bind_int64(q, 5, (int64_t)sync->version);
    statement_bind(q, 6, sync->state);
    if ((result = database_finish(d, q)) < 0)
        return result;
    if (!sqlite3_changes(d->db))
        return -CANDOR_E_EXISTS;
    while ((result = sync_is_too_much(d, op->tree)) > 0)
        if ((result = sync_forget(d, op->tree)) < 0)
            break;
    return result;
}

/* ---- All of them */

static int change_run(struct database *d, struct operation *op, const struct store_change *change)
{
    int result;

    if ((result = key_check(change->path)) < 0)
        return result;
    switch (change->kind) {
    case STORE_PROPERTY_SET:
        return property_set(d, op, change);
    case STORE_PROPERTY_REMOVE:
        return property_remove(d, op, change);
    case STORE_PROPERTIES_DELETE:
        return properties_delete(d, op, change->path);
    case STORE_LOCK_INSERT:
        return lock_insert(d, op, change->lock);
    case STORE_LOCK_REFRESH:
        return lock_refresh(d, op, change->lock);
    case STORE_LOCK_DELETE:
        return lock_delete(d, op, change->lock);
    case STORE_LOCKS_DELETE:
        return locks_delete(d, op, change);
    case STORE_INTENT_BEGIN:
        return intent_begin(d, op, change->intent);
    case STORE_INTENT_FORGET:
        return intent_forget(d, op, change->intent);
    case STORE_INTENT_FINISH:
        return intent_finish(d, op, change->intent);
    case STORE_SYNC_SET:
        return sync_set(d, op, change);
    }
    assert(false);
    return -CANDOR_E_STORE;
}

int operation_run(struct database *d, struct operation *op)
{
    int result = 0;

    op->totals_known = false;
    for (op->failed = 0; op->failed < op->count; op->failed++) {
        result = change_run(d, op, &op->changes[op->failed]);
        if (result < 0)
            return result;
    }
    return 0;
}
