// SPDX-License-Identifier: MIT
/*
 * Connections, statements and keys of the SQLite backend, and what its errors mean.
 */
#include "state/store_sqlite.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

static const char *const statement_texts[STATEMENT_COUNT] = {
#define STATEMENT(ident, sql) [STATEMENT_##ident] = sql,
#include "state/statement.def"
#undef STATEMENT
};

/*
 * WAL with synchronous=FULL: each commit is flushed before it returns, and readers never wait.
 * Foreign keys are off on purpose: trees are never deleted, and checking them would cost a look-up
 * for each row. Temporary tables (a copy needs one) stay in memory.
 */
static const char pragmas[] = "PRAGMA synchronous=FULL;"
                              "PRAGMA foreign_keys=OFF;"
                              "PRAGMA temp_store=MEMORY;"
                              "PRAGMA trusted_schema=OFF;"
                              "PRAGMA cell_size_check=ON;"
                              "PRAGMA journal_size_limit=16777216;";

int database_open(struct store *s, const char *path, struct database *d)
{
    *d = (struct database){.store = s};
    int rc = sqlite3_open_v2(
        path, &d->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_busy_timeout(d->db, LIMIT_STORE_BUSY);
    if (rc == SQLITE_OK)
        rc = sqlite3_db_config(d->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return rc == SQLITE_OK ? 0 : database_error(d, rc);
}

int database_configure(struct database *d)
{
    int rc = sqlite3_exec(d->db, pragmas, NULL, NULL, NULL);

    return rc == SQLITE_OK ? 0 : database_error(d, rc);
}

void database_close(struct database *d)
{
    for (int i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(d->statements[i]);
    int rc = sqlite3_close(d->db);
    assert(rc == SQLITE_OK);
    (void)rc;
    *d = (struct database){0};
}

static bool errno_is_full(int error)
{
    return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

/*
 * Why the operating system refused. SQLite's own sqlite3_system_errno does not know it when it was
 * a commit that failed, so its files are asked: the log, where commits go, then the database.
 */
static int system_error(sqlite3 *db)
{
    int number = 0;
    sqlite3_file *log = NULL;

    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK && log &&
        log->pMethods)
        log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &number);
    if (number == 0)
        sqlite3_file_control(db, "main", SQLITE_FCNTL_LAST_ERRNO, &number);
    return number ? number : sqlite3_system_errno(db);
}

int database_error(struct database *d, int rc)
{
    int number = d->db ? system_error(d->db) : 0;
    bool io = (rc & 0xff) == SQLITE_IOERR || (rc & 0xff) == SQLITE_CANTOPEN;

    if (d->store) {
        pthread_mutex_lock(&d->store->failure_lock);
        snprintf(d->store->failure, sizeof d->store->failure, "%s (SQLite's code %d%s%s)",
                 d->db ? sqlite3_errmsg(d->db) : sqlite3_errstr(rc), rc, io && number ? ", " : "",
                 io && number ? strerrordesc_np(number) : "");
        pthread_mutex_unlock(&d->store->failure_lock);
    }
    bool read = rc == SQLITE_IOERR_READ || rc == SQLITE_IOERR_SHORT_READ;
    if (io && !read && errno_is_full(number)) // SQLite says FULL for some of these only
        return -CANDOR_E_FULL;
    switch (rc & 0xff) {
    case SQLITE_FULL:
        return -CANDOR_E_FULL;
    case SQLITE_BUSY:
        return -CANDOR_E_BUSY;
    case SQLITE_NOMEM:
        return -CANDOR_E_MEMORY;
    case SQLITE_CONSTRAINT:
        return -CANDOR_E_EXISTS;
    default:
        return -CANDOR_E_STORE;
    }
}

int database_prepare(struct database *d, enum statement which, sqlite3_stmt **ret_statement)
{
    if (!d->statements[which]) {
        int rc = sqlite3_prepare_v3(d->db, statement_texts[which], -1, SQLITE_PREPARE_PERSISTENT,
                                    &d->statements[which], NULL);
        if (rc != SQLITE_OK)
            return database_error(d, rc);
    }
    *ret_statement = d->statements[which];
    return 0;
}

void database_reset(sqlite3_stmt *statement)
{
    sqlite3_reset(statement); // repeats the error of the last step, which is known already
    sqlite3_clear_bindings(statement);
}

int database_step(struct database *d, sqlite3_stmt *statement)
{
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW)
        return 1;

    int error = rc == SQLITE_DONE ? 0 : database_error(d, rc);
    database_reset(statement);
    return error;
}

int database_finish(struct database *d, sqlite3_stmt *statement)
{
    int result = database_step(d, statement);

    assert(result <= 0);
    return result;
}

int database_prepare_all(struct database *d)
{
    sqlite3_stmt *statement;
    int result = 0;

    for (int i = 0; i < STATEMENT_COUNT && result == 0; i++)
        result = database_prepare(d, (enum statement)i, &statement);
    return result;
}

int database_run(struct database *d, enum statement which)
{
    sqlite3_stmt *statement = NULL;
    int error = database_prepare(d, which, &statement);

    return error < 0 ? error : database_finish(d, statement);
}

void statement_bind(sqlite3_stmt *statement, int index, struct span s)
{
    // Cannot fail: the index is one of the statement's, and a static blob takes no memory.
    int rc = sqlite3_bind_blob64(statement, index, s.len ? s.ptr : "", s.len, SQLITE_STATIC);

    assert(rc == SQLITE_OK);
    (void)rc;
}

struct span statement_column(sqlite3_stmt *statement, int column)
{
    const char *ptr = sqlite3_column_blob(statement, column);

    return span_of(ptr, (size_t)sqlite3_column_bytes(statement, column));
}

int key_check(struct span path)
{
    if (path.len > LIMIT_STORE_PATH)
        return -CANDOR_E_LIMIT;
    if (path.len &&
        (path.ptr[0] == '/' || path.ptr[path.len - 1] == '/' || memchr(path.ptr, '\0', path.len)))
        return -CANDOR_E_SYNTAX;
    return 0;
}

void key_make(struct key *k, struct span path)
{
    assert(path.len <= LIMIT_STORE_PATH);
    k->len = 0;
    if (path.len) {
        k->text[0] = '/';
        memcpy(k->text + 1, path.ptr, path.len);
        k->len = path.len + 1;
    }
}

struct span key_span(const struct key *k)
{
    return span_of(k->text, k->len);
}

struct span key_path(struct span key)
{
    return span_from(key, 1);
}

static void key_append(struct key *to, const struct key *from, char d)
{
    memcpy(to->text, from->text, from->len);
    to->text[from->len] = d;
    to->len = from->len + 1;
}

void key_range_self(struct key_range *r, const struct key *k)
{
    memcpy(r->low.text, k->text, k->len);
    r->low.len = k->len;
    key_append(&r->high, k, '\0');
}

void key_range_below(struct key_range *r, const struct key *k)
{
    key_append(&r->low, k, '/');
    key_append(&r->high, k, '/' + 1);
}
