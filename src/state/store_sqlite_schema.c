// SPDX-License-Identifier: MIT
/*
 * Which version a database has (PRAGMA user_version), whether it is ours (PRAGMA application_id),
 * and the way from there to the version that this program knows.
 */
#include "state/store_sqlite.h"

const char *const schema_migrations[] = {
#define MIGRATION(sql) sql,
#include "state/migration.def"
#undef MIGRATION
};
const int schema_version = (int)(sizeof schema_migrations / sizeof *schema_migrations);

/* The first column of the only row. */
static int read_number(struct database *d, const char *sql, int *ret_number)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(d->db, sql, -1, &statement, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW)
        *ret_number = sqlite3_column_int(statement, 0);
    int error = rc == SQLITE_ROW ? 0 : database_error(d, rc);
    sqlite3_finalize(statement);
    return error;
}

/* The version of what is there; 0 for a database without anything in it. */
static int read_version(struct database *d, int known, int *ret_version, struct buf *error)
{
    int application = 0, version = 0, objects = 0;
    int result = read_number(d, "PRAGMA application_id", &application);

    if (result == 0)
        result = read_number(d, "PRAGMA user_version", &version);
    if (result == 0)
        result = read_number(d, "SELECT count(*) FROM sqlite_schema", &objects);
    if (result < 0) {
        if ((sqlite3_errcode(d->db) & 0xff) == SQLITE_NOTADB)
            buf_add_str(error, "it is another kind of file; it was left as it is");
        else
            buf_addf(error, "it cannot be read: %s", sqlite3_errmsg(d->db));
        return result;
    }

    bool empty = application == 0 && version == 0 && objects == 0;
    if (!empty && application != STORE_APPLICATION) {
        buf_add_str(error, "it is a database of another program; it was left as it is");
        return -CANDOR_E_STORE;
    }
    if (version > known) {
        buf_addf(error,
                 "it was written by a newer Candor (version %d of the store; this program knows"
                 " %d); use that one, or another store",
                 version, known);
        return -CANDOR_E_STORE;
    }
    if (!empty && version < 1) {
        buf_addf(error, "its version, %d, is not one of a store", version);
        return -CANDOR_E_STORE;
    }
    *ret_version = version;
    return 0;
}

static int migrate_to(struct database *d, const char *migration, int version)
{
    char stamp[96];
    int rc = sqlite3_exec(d->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

    snprintf(stamp, sizeof stamp, "PRAGMA application_id=%d; PRAGMA user_version=%d",
             STORE_APPLICATION, version);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(d->db, migration, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(d->db, stamp, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(d->db, "COMMIT", NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        return 0;

    int error = database_error(d, rc);
    if (!sqlite3_get_autocommit(d->db))
        sqlite3_exec(d->db, "ROLLBACK", NULL, NULL, NULL);
    return error;
}

static int use_wal(struct database *d, struct buf *error)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(d->db, "PRAGMA journal_mode=WAL", -1, &statement, NULL);
    int result = 0;

    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    if (rc != SQLITE_ROW) {
        result = database_error(d, rc);
        buf_addf(error, "it cannot be written: %s", sqlite3_errmsg(d->db));
    } else if (strcmp((const char *)sqlite3_column_text(statement, 0), "wal") != 0) {
        result = -CANDOR_E_STORE;
        buf_add_str(error, "its file system lacks the shared memory that SQLite's write-ahead log"
                           " needs; put it on a local one");
    }
    sqlite3_finalize(statement);
    return result;
}

int schema_migrate(struct database *d, const char *const *migrations, int n, struct buf *error)
{
    int version = 0;
    int result = read_version(d, n, &version, error);

    if (result < 0) // what is not ours is not tidied up either
        sqlite3_db_config(d->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    else if (sqlite3_db_readonly(d->db, "main") == 1) {
        buf_add_str(error, "this user may not write to it");
        result = -CANDOR_E_STORE;
    } else if ((result = database_configure(d)) < 0) {
        buf_addf(error, "it cannot be read: %s", sqlite3_errmsg(d->db));
    } else {
        result = use_wal(d, error);
    }
    for (; result == 0 && version < n; version++) {
        result = migrate_to(d, migrations[version], version + 1);
        if (result < 0)
            buf_addf(error, "it cannot be brought from version %d to %d: %s", version, version + 1,
                     error_text(result));
    }
    return result;
}
