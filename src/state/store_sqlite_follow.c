// SPDX-License-Identifier: MIT
/*
 * Rows that follow their names, some of them in each transaction. The intent tells how far it has
 * come: every phase may be begun anew, as what it has done is not there to be done again.
 */
#include "base/path.h"
#include "state/store_sqlite.h"

#include <assert.h>

/* What this transaction may still take. */
struct allowance {
    int64_t rows, octets;
};

/* The first rows of a range, as many as may be taken, but all of a path together. */
struct head {
    struct key_range range;
    int64_t rows, octets;
    bool is_all; // nothing of the range is left behind it
};

static void key_copy(struct key *to, struct span from)
{
    assert(from.len <= sizeof to->text);
    if (from.len)
        memcpy(to->text, from.ptr, from.len);
    to->len = from.len;
}

static int find_head(struct database *d, uint32_t tree, const struct key_range *range,
                     struct allowance *left, struct head *ret)
{
    sqlite3_stmt *q = NULL;
    int result = database_prepare(d, STATEMENT_PROPERTIES_HEAD, &q);
    struct key at = {.len = 0};
    bool begun = false;

    if (result < 0)
        return result;
    ret->range = *range;
    ret->rows = ret->octets = 0;
    ret->is_all = true;
    bind_range(q, tree, range);
    while ((result = database_step(d, q)) > 0) {
        struct span path = statement_column(q, 0);

        // One that has become too long by moving what is above it is no end.
        if (path.len <= sizeof at.text && (!begun || !span_eq(path, key_span(&at)))) {
            if (ret->rows >= left->rows || ret->octets >= left->octets) {
                key_copy(&ret->range.high, path);
                ret->is_all = false;
                database_reset(q);
                break;
            }
            key_copy(&at, path);
            begun = true;
        }
        ret->rows++;
        ret->octets += sqlite3_column_int64(q, 1);
    }
    left->rows -= ret->rows;
    left->octets -= ret->octets;
    return result < 0 ? result : 0;
}

/* 1: there is more to remove. */
static int clear_range(struct database *d, struct operation *op, const struct key_range *range,
                       struct allowance *left)
{
    struct head head;
    int result = find_head(d, op->tree, range, left, &head);

    if (result == 0 && head.rows)
        result = totals_add(d, op, -head.rows, -head.octets);
    if (result == 0 && head.rows)
        result = range_run(d, op, STATEMENT_PROPERTIES_DELETE, &head.range);
    return result < 0 ? result : !head.is_all;
}

/* The properties of a path and of everything below it. 1: there is more to remove. */
static int clear(struct database *d, struct operation *op, struct span path, struct allowance *left)
{
    struct key_range range;
    struct key key;
    int result;

    key_make(&key, path);
    key_range_self(&range, &key);
    result = clear_range(d, op, &range, left);
    if (result)
        return result;
    key_range_below(&range, &key);
    return clear_range(d, op, &range, left);
}

/* The rows get the key `to` in place of the first `skip` octets of theirs. */
static int transfer_head(struct database *d, struct operation *op, const struct head *head,
                         const struct key *to, size_t skip)
{
    bool copies = op->following->intent->kind == STORE_INTENT_COPY;
    sqlite3_stmt *q = NULL;
    int result = copies ? totals_add(d, op, head->rows, head->octets) : 0;

    if (result == 0)
        result =
            database_prepare(d, copies ? STATEMENT_PROPERTIES_COPY : STATEMENT_PROPERTIES_MOVE, &q);
    if (result < 0)
        return result;
    bind_range(q, op->tree, &head->range);
    statement_bind(q, 4, key_span(to));
    sqlite3_bind_int64(q, 5, (int64_t)skip + 1); // substr counts from 1
    return database_finish(d, q);
}

/* 1: there is more. A copy remembers where it goes on; what has moved is not there any more. */
static int transfer_range(struct database *d, struct operation *op, struct key_range *range,
                          struct allowance *left)
{
    const struct store_intent *intent = op->following->intent;
    struct span from = span_of(op->after.from, op->after.length);
    struct key to;
    struct head head;
    int result;

    if (from.len && span_compare(from, key_span(&range->high)) >= 0)
        return 0;
    if (from.len && span_compare(from, key_span(&range->low)) > 0)
        key_copy(&range->low, from);
    result = find_head(d, op->tree, range, left, &head);
    key_make(&to, intent->destination);
    if (result == 0 && head.rows)
        result = transfer_head(d, op, &head, &to, intent->source.len ? intent->source.len + 1 : 0);
    if (result == 0 && intent->kind == STORE_INTENT_COPY) {
        op->after.length = head.range.high.len;
        memcpy(op->after.from, head.range.high.text, head.range.high.len);
    }
    return result < 0 ? result : !head.is_all;
}

static int transfer(struct database *d, struct operation *op, struct allowance *left)
{
    struct key_range range;
    struct key key;
    int result;

    key_make(&key, op->following->intent->source);
    key_range_self(&range, &key);
    result = transfer_range(d, op, &range, left);
    if (result || op->following->shallow)
        return result;
    key_range_below(&range, &key);
    return transfer_range(d, op, &range, left);
}

/* How far it is. */
static int note_phase(struct database *d, struct operation *op)
{
    const struct store_following *f = op->following;
    const struct store_intent *it = f->intent;
    sqlite3_stmt *q = NULL;
    int result = database_prepare(d, STATEMENT_INTENT_FOLLOW, &q);
    struct span source = f->is_partial ? it->destination : it->source;

    if (result < 0)
        return result;
    sqlite3_bind_int64(q, 1, (int64_t)it->id);
    sqlite3_bind_int64(q, 2, op->tree);
    sqlite3_bind_int(q, 3, f->is_partial ? STORE_INTENT_DELETE : (int)it->kind);
    statement_bind(q, 4, source);
    statement_bind(q, 5, f->is_partial ? SPAN("") : it->destination);
    sqlite3_bind_int(q, 6, f->is_partial ? STORE_FOLLOWING : (int)op->after.phase);
    if ((result = database_finish(d, q)) < 0)
        return result;
    return sqlite3_changes(d->db) ? 0 : -CANDOR_E_ABSENT;
}

static int check(const struct store_intent *it)
{
    int result = key_check(it->source);

    if (result == 0)
        result = key_check(it->destination);
    if (result < 0 || it->kind == STORE_INTENT_DELETE)
        return result;
    return path_is_within(it->destination, it->source) ||
                   path_is_within(it->source, it->destination)
               ? -CANDOR_E_OVERLAP
               : 0;
}

int following_run(struct database *d, struct operation *op)
{
    const struct store_intent *it = op->following->intent;
    struct store_progress *p = &op->after;
    struct allowance left = {LIMIT_FOLLOWING_ROWS, LIMIT_FOLLOWING_SIZE};
    int result = check(it);

    *p = *op->progress;
    if (result == 0 && p->phase != STORE_FOLLOWING) {
        p->phase = STORE_CLEARING;
        if (it->kind != STORE_INTENT_DELETE)
            result = clear(d, op, it->destination, &left);
        if (result == 0)
            p->phase = STORE_FOLLOWING;
    }
    if (result == 0)
        result = it->kind == STORE_INTENT_DELETE ? clear(d, op, it->source, &left)
                                                 : transfer(d, op, &left);
    if (result < 0)
        return result;
    p->is_done = result == 0;
    if (!it->id)
        return 0;
    return p->is_done && !op->following->is_partial ? intent_finish(d, op, it) : note_phase(d, op);
}
