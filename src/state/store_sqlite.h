// SPDX-License-Identifier: MIT
/*
 * What the files of the SQLite backend share; nobody else includes it.
 *
 * Two connections to one database in WAL mode. `writer` belongs to the leader: the one thread that
 * carries out what stands in the queue, many calls in one transaction and so in one flush of the
 * disk. `reader` belongs to whoever holds `reading`; it never waits for the writer.
 * Neither mutex `lock` nor `failure_lock` is held while SQLite works.
 */
#ifndef CANDOR_STATE_STORE_SQLITE_H
#define CANDOR_STATE_STORE_SQLITE_H

#include "base/error.h"
#include "base/limits.h"
#include "state/store.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

enum statement {
#define STATEMENT(ident, sql) STATEMENT_##ident,
#include "state/statement.def"
#undef STATEMENT
    STATEMENT_COUNT
};

struct database {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT]; // prepared once
    struct store *store;                       // for the description of failures
};

struct tree {
    int64_t properties; // rows as of the last commit; 0 too for an id that is not in use
    unsigned setting;   // calls under way that may add one
};

/* One call of store_apply in the queue; it lives on the stack of the caller, who waits for it. */
struct operation {
    const struct store_change *changes;
    size_t count, failed;
    const struct store_following *following; // after the changes; NULL: none
    struct store_progress *progress;         // as it was
    struct store_progress after;             // as it is afterwards
    uint32_t tree;
    int result;
    bool done;
    bool totals_known;          // properties and octets are read
    int64_t properties, octets; // of the tree, as they are after this operation
    struct operation *next;
};

/* A file at its path. */
struct placed {
    char *path;
    uint64_t device, inode;
};

struct store {
    int lock_file;
    struct placed file, log; // the database and its log, of which both must last
    _Atomic bool is_gone, is_unsure, has_reserve;
    void (*tell)(bool is_gone, const char *path); // or NULL
    struct database writer;
    struct database reader;
    pthread_mutex_t reading;

    pthread_mutex_t lock; // what follows, up to trees
    pthread_cond_t changed;
    bool leading; // somebody has the writer
    struct operation *first, **last;
    struct tree *trees; // by id; [0] is not in use
    size_t tree_count;

    pthread_mutex_t failure_lock;
    char failure[256];

    _Atomic uint64_t intent_id; // the last one given
};

/* ---- Connections: results are 0 or more, or a negated error */

/* Reads nothing yet. After a failure, too, the connection must be closed. */
int database_open(struct store *s, const char *path, struct database *d);
/* The settings of a connection to a database that is known to be ours. */
int database_configure(struct database *d);
void database_close(struct database *d);
/* The error for SQLite's result; remembers its description. */
int database_error(struct database *d, int rc);
/* The statement, reset and without bindings. */
int database_prepare(struct database *d, enum statement which, sqlite3_stmt **ret_statement);
/* Every statement, so that a rollback, say, cannot fail later for want of memory. */
int database_prepare_all(struct database *d);
/* 1: a row is there; 0: the end, and the statement is reset, as it is after an error. */
int database_step(struct database *d, sqlite3_stmt *statement);
/* Ends a statement before database_step came to its end. */
void database_reset(sqlite3_stmt *statement);
/* Prepares and runs a statement that has no parameters. */
int database_run(struct database *d, enum statement which);

/* Runs to its end a statement that gives no row. */
int database_finish(struct database *d, sqlite3_stmt *statement);

/* Never NULL in SQL: an empty span is an empty blob. The span must stay until the reset. */
void statement_bind(sqlite3_stmt *statement, int index, struct span s);
struct span statement_column(sqlite3_stmt *statement, int column);

/* ---- Keys */

enum { KEY_SIZE = LIMIT_STORE_PATH + 2 };

/* A path as it is in the tables. */
struct key {
    char text[KEY_SIZE];
    size_t len;
};

/* The keys from low up to, not including, high. */
struct key_range {
    struct key low, high;
};

/* The path must be valid. */
void key_make(struct key *k, struct span path);
void key_range_self(struct key_range *r, const struct key *k);
void key_range_below(struct key_range *r, const struct key *k);
struct span key_span(const struct key *k);
/* The path again. */
struct span key_path(struct span key);
/* -CANDOR_E_SYNTAX, -CANDOR_E_LIMIT */
int key_check(struct span path);

/* ---- Schema */

enum { STORE_APPLICATION = 0x43414e44 }; // "CAND", SQLite's application_id

/* Brings the database to version n by the rows of `migrations` that it lacks, each in a transaction
 * of its own. Refuses what is newer or foreign before anything is written. */
int schema_migrate(struct database *d, const char *const *migrations, int n, struct buf *error);
/* The migrations of this program. */
extern const char *const schema_migrations[];
extern const int schema_version;

/* Room for the tree with this id in s->trees; the caller holds s->lock, or is alone. */
int store_grow_trees(struct store *s, size_t id);

/* ---- Changes */

/* Makes the changes of the operation on the writer, within a transaction that is open. */
int operation_run(struct database *d, struct operation *op);

int totals_add(struct database *d, struct operation *op, int64_t properties, int64_t octets);
void bind_range(sqlite3_stmt *q, uint32_t tree, const struct key_range *range);
/* Runs a statement about the rows of a range. */
int range_run(struct database *d, struct operation *op, enum statement which,
              const struct key_range *range);
int intent_finish(struct database *d, struct operation *op, const struct store_intent *it);
/* What op->following asks for. */
int following_run(struct database *d, struct operation *op);

/* 0, or -CANDOR_E_GONE: what is open is not what is at its path. Told when that changes. */
int store_check_place(struct store *s);

#endif
