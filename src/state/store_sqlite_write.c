// SPDX-License-Identifier: MIT
/*
 * Writing. A call puts its operation into a queue. The first caller that finds no leader becomes
 * it: takes what is in the queue, carries it out in one transaction, and wakes everybody. So a call
 * alone is served at once, and calls that come while the disk is being flushed share the next
 * flush. An operation that fails takes back its own changes only.
 */
#include "state/store_sqlite.h"

#include <assert.h>

static bool transaction_is_open(struct database *d)
{
    return !sqlite3_get_autocommit(d->db);
}

static void transaction_abandon(struct database *d)
{
    if (transaction_is_open(d))
        database_run(d, STATEMENT_ROLLBACK);
    assert(!transaction_is_open(d)); // SQLite's ROLLBACK leaves no transaction, whatever it returns
}

static int pages_written(struct database *d)
{
    int count = 0, most = 0;

    sqlite3_db_status(d->db, SQLITE_DBSTATUS_CACHE_WRITE, &count, &most, 0);
    return count;
}

/*
 * A commit whose flush fails has written all that it takes to the log, and only not heard that it
 * is there. The next one that writes anything takes its place. Where a write fails, as the disk is
 * full, the end of it is not there.
 */
static int commit(struct database *d)
{
    int before = pages_written(d);
    int result = database_run(d, STATEMENT_COMMIT);
    int code = result < 0 ? sqlite3_extended_errcode(d->db) : SQLITE_OK;

    if (result == 0 ? pages_written(d) != before
                    : code != SQLITE_FULL && code != SQLITE_IOERR_WRITE)
        atomic_store(&d->store->is_unsure, result < 0);
    return result;
}

static int perform(struct database *d, struct operation *op)
{
    int result = operation_run(d, op);

    return result == 0 && op->following ? following_run(d, op) : result;
}

/* One operation in a transaction of its own. */
static void run_alone(struct database *d, struct operation *op)
{
    int result = database_run(d, STATEMENT_BEGIN);

    op->failed = op->count;
    if (result == 0)
        result = perform(d, op);
    if (result == 0)
        result = commit(d);
    if (result < 0)
        transaction_abandon(d);
    op->result = result;
}

/* One operation of several in a transaction. False: the transaction cannot go on. */
static bool run_among_others(struct database *d, struct operation *op)
{
    if (database_run(d, STATEMENT_SAVEPOINT) < 0)
        return false;
    op->result = perform(d, op);
    // Some failures (no room, no memory) make SQLite take back everything by itself.
    if (op->result < 0 && (!transaction_is_open(d) || database_run(d, STATEMENT_ROLLBACK_TO) < 0))
        return false;
    return database_run(d, STATEMENT_RELEASE) == 0;
}

static void refuse(struct operation *first, int result)
{
    for (struct operation *op = first; op; op = op->next) {
        op->result = result;
        op->failed = op->count;
    }
}

/* Several operations in one transaction. False: they must be tried one by one. */
static bool run_together(struct database *d, struct operation *first)
{
    int result = database_run(d, STATEMENT_BEGIN);

    if (result < 0) { // the same for all
        refuse(first, result);
        return true;
    }
    for (struct operation *op = first; op; op = op->next)
        if (!run_among_others(d, op))
            return false;
    return commit(d) == 0;
}

static void run_batch(struct database *d, struct operation *first)
{
    if (store_check_place(d->store) < 0) {
        refuse(first, -CANDOR_E_GONE);
        return;
    }
    if (first->next) {
        if (run_together(d, first))
            return;
        // Whoever caused it must not take the others along: each again for itself.
        transaction_abandon(d);
    }
    for (struct operation *op = first; op; op = op->next)
        run_alone(d, op);
}

/* Called and returns with s->lock held; drops it meanwhile. */
static void lead(struct store *s)
{
    struct operation *batch = s->first, **end = &batch;

    for (int n = 0; *end && n < LIMIT_STORE_BATCH; n++)
        end = &(*end)->next;
    s->first = *end;
    *end = NULL;
    if (!s->first)
        s->last = &s->first;
    s->leading = true;
    pthread_mutex_unlock(&s->lock);

    run_batch(&s->writer, batch);

    pthread_mutex_lock(&s->lock);
    while (batch) {
        struct operation *op = batch;

        batch = op->next; // its owner is free to go once `done` is seen
        if (op->result == 0 && op->totals_known)
            s->trees[op->tree].properties = op->properties;
        op->done = true;
    }
    s->leading = false;
    pthread_cond_broadcast(&s->changed);
}

/* In the queue, until it is done. */
static void carry_out(struct store *s, struct operation *op)
{
    unsigned setting = 0;

    for (size_t i = 0; i < op->count; i++)
        setting |= op->changes[i].kind == STORE_PROPERTY_SET;
    pthread_mutex_lock(&s->lock);
    assert(op->tree > 0 && op->tree < s->tree_count);
    s->trees[op->tree].setting += setting;
    *s->last = op;
    s->last = &op->next;
    while (!op->done) {
        if (s->leading)
            pthread_cond_wait(&s->changed, &s->lock);
        else
            lead(s);
    }
    s->trees[op->tree].setting -= setting;
    pthread_mutex_unlock(&s->lock);
}

int store_apply(struct store *s, uint32_t tree, const struct store_change *changes, size_t n,
                size_t *failed)
{
    struct operation op = {.changes = changes, .count = n, .tree = tree};

    carry_out(s, &op);
    if (op.result < 0 && failed)
        *failed = op.failed;
    return op.result;
}

int store_follow(struct store *s, uint32_t tree, const struct store_following *following,
                 struct store_progress *progress)
{
    struct operation op = {.changes = following->first,
                           .count = following->count,
                           .following = following,
                           .progress = progress,
                           .tree = tree};

    carry_out(s, &op);
    if (op.result == 0)
        *progress = op.after;
    return op.result;
}

bool store_is_unsure(const struct store *s)
{
    return atomic_load(&s->is_unsure);
}

bool store_tree_has_properties(struct store *s, uint32_t tree)
{
    pthread_mutex_lock(&s->lock);
    assert(tree > 0 && tree < s->tree_count);
    bool any = s->trees[tree].properties > 0 || s->trees[tree].setting > 0;
    pthread_mutex_unlock(&s->lock);
    return any;
}

uint64_t store_intent_id(struct store *s)
{
    return atomic_fetch_add(&s->intent_id, 1) + 1;
}

/* ---- Trees: rare, so each takes the writer for itself */

static void writer_take(struct store *s)
{
    pthread_mutex_lock(&s->lock);
    while (s->leading)
        pthread_cond_wait(&s->changed, &s->lock);
    s->leading = true;
    pthread_mutex_unlock(&s->lock);
}

static void writer_leave(struct store *s)
{
    pthread_mutex_lock(&s->lock);
    s->leading = false;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static int64_t tree_find(struct database *d, struct span name)
{
    sqlite3_stmt *q = NULL;
    int result = database_prepare(d, STATEMENT_TREE_FIND, &q);

    if (result < 0)
        return result;
    statement_bind(q, 1, name);
    if ((result = database_step(d, q)) <= 0)
        return result < 0 ? result : -CANDOR_E_ABSENT;
    int64_t id = sqlite3_column_int64(q, 0);
    database_reset(q);
    return id;
}

static int64_t tree_add(struct database *d, struct span name)
{
    sqlite3_stmt *q = NULL;
    int result = database_prepare(d, STATEMENT_TREE_INSERT, &q);

    if (result < 0)
        return result;
    statement_bind(q, 1, name);
    result = database_finish(d, q); // a transaction of its own
    return result < 0 ? result : sqlite3_last_insert_rowid(d->db);
}

int store_tree(struct store *s, struct span name, uint32_t *ret_tree)
{
    int result = 0;

    writer_take(s);
    int64_t id = tree_find(&s->writer, name);
    if (id == -CANDOR_E_ABSENT)
        id = s->tree_count > LIMIT_STORE_TREES ? -CANDOR_E_LIMIT : tree_add(&s->writer, name);
    if (id > 0) {
        pthread_mutex_lock(&s->lock);
        result = store_grow_trees(s, (size_t)id);
        pthread_mutex_unlock(&s->lock);
    } else {
        result = (int)id;
    }
    writer_leave(s);
    if (result == 0)
        *ret_tree = (uint32_t)id;
    return result;
}
