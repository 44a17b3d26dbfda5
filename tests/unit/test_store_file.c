// SPDX-License-Identifier: MIT
/* The file of the store: who may open it, its versions, and files that are no stores. */
#include "base/clock.h"
#include "state/store_sqlite.h"
#include "store_unit.h"

#include <fcntl.h>
#include <sys/stat.h>

static void the_file_is_for_its_owner_only(void **state)
{
    struct fixture *f = *state;
    static const char *const ends[] = {"", "-wal", "-shm", "-lock"};

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct stat st;
        char name[128];

        snprintf(name, sizeof name, "%s%s", f->path, ends[i]);
        assert_int_equal(stat(name, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
}

static void a_store_in_use_is_refused(void **state)
{
    struct fixture *f = *state;
    struct store *second = NULL;
    char link[128], pid[32];

    assert_int_equal(store_open(f->path, &second, &f->error), -CANDOR_E_BUSY);
    assert_null(second);
    snprintf(pid, sizeof pid, "process %d", (int)getpid());
    assert_true(fixture_told(f, f->path) && fixture_told(f, "another server") &&
                fixture_told(f, pid));
    snprintf(link, sizeof link, "%s/link", f->folder);
    assert_int_equal(symlink("candor.db", link), 0);
    assert_int_equal(store_open(link, &second, &f->error), -CANDOR_E_BUSY);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(set_property(f, "a", "x", "1"), 0); // the first is none the worse
}

static void execute(const char *path, const char *sql)
{
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static size_t read_whole(const char *path, char *into, size_t size)
{
    int fd = open(path, O_RDONLY);
    ssize_t n = read(fd, into, size);

    assert_true(fd >= 0 && n >= 0);
    close(fd);
    return (size_t)n;
}

static void limits_of_trees_and_locks_are_kept(void **state)
{
    struct fixture *f = *state;
    static char big[LIMIT_LOCK_OWNER + 1];
    struct store_lock lock = {.token = SPAN("t"), .owner = span_of(big, sizeof big)};
    char sql[128];
    uint32_t tree;

    assert_int_equal(insert_lock(f, &lock), -CANDOR_E_LIMIT);
    lock.owner.len--;
    assert_int_equal(insert_lock(f, &lock), 0);
    lock.token = span_of(big, LIMIT_LOCK_TOKEN + 1);
    assert_int_equal(insert_lock(f, &lock), -CANDOR_E_LIMIT);

    // as if there were that many, and as if that many trees had been there
    assert_int_equal(set_property(f, "a", "x", "12345"), 0);
    store_close(f->store);
    snprintf(sql, sizeof sql,
             "UPDATE tree SET properties = %d; INSERT INTO tree VALUES (%d, x'74', 0, 0)",
             LIMIT_PROPERTIES_TREE, LIMIT_STORE_TREES);
    execute(f->path, sql);
    fixture_open(f);
    assert_int_equal(set_property(f, "b", "x", "1"), -CANDOR_E_LIMIT);
    assert_int_equal(follow(f, STORE_INTENT_COPY, SPAN("a"), SPAN("b")), -CANDOR_E_LIMIT);
    assert_int_equal(store_can_copy(f->store, f->tree, SPAN("a"), SPAN("b")), -CANDOR_E_LIMIT);
    assert_int_equal(store_can_copy(f->store, f->tree, SPAN("c"), SPAN("b")), 0);
    assert_int_equal(store_can_copy(f->store, f->tree, SPAN("a"), SPAN("a")), 0);
    assert_int_equal(set_property(f, "a", "x", "another"), 0);
    assert_int_equal(store_tree(f->store, SPAN("/one/more"), &tree), -CANDOR_E_LIMIT);

    store_close(f->store);
    snprintf(sql, sizeof sql, "UPDATE tree SET properties = 1, octets = %d",
             LIMIT_PROPERTIES_TREE_SIZE);
    execute(f->path, sql);
    fixture_open(f);
    assert_int_equal(set_property(f, "a", "x", "longer than it"), -CANDOR_E_LIMIT);
    assert_int_equal(set_property(f, "a", "x", "short"), 0);
}

/* Opening is refused with this text, and every octet of the file stays. */
static void expect_refusal(struct fixture *f, const char *text)
{
    static char before[256 * 1024], after[256 * 1024];
    struct store *s = NULL;
    size_t len = read_whole(f->path, before, sizeof before);

    buf_clear(&f->error);
    assert_int_equal(store_open(f->path, &s, &f->error), -CANDOR_E_STORE);
    assert_null(s);
    assert_true(fixture_told(f, text));
    assert_int_equal(read_whole(f->path, after, sizeof after), len);
    assert_memory_equal(before, after, len);
}

static int set_sync(struct fixture *f, const char *path, uint64_t before, uint64_t version,
                    struct span state)
{
    struct store_sync sync = {span_from_str(path), false, version, state};
    struct store_change change = {.kind = STORE_SYNC_SET, .sync = &sync, .sync_before = before};

    return store_apply(f->store, f->tree, &change, 1, NULL);
}

static bool has_sync(struct fixture *f, const char *path, uint64_t version)
{
    struct store_sync sync;
    struct arena arena;
    int result;

    assert_int_equal(arena_init(&arena, 1024), 0);
    result = store_sync_get(f->store, f->tree, span_from_str(path), false, &arena, &sync);
    arena_done(&arena);
    return result == 0 && sync.version == version;
}

static void what_is_known_for_synchronisation_is_replaced_by_who_has_seen_it(void **state)
{
    struct fixture *f = *state;
    struct store_sync sync;
    struct arena arena;

    assert_int_equal(set_sync(f, "a", 0, 5, SPAN("one")), 0);
    assert_int_equal(set_sync(f, "a", 0, 6, SPAN("two")), -CANDOR_E_EXISTS);
    assert_int_equal(set_sync(f, "a", 4, 6, SPAN("two")), -CANDOR_E_EXISTS);
    assert_int_equal(set_sync(f, "b", 4, 6, SPAN("two")), -CANDOR_E_EXISTS);
    assert_int_equal(set_sync(f, "a", 5, 7, SPAN("three")), 0);
    fixture_reopen(f);
    assert_int_equal(arena_init(&arena, 1024), 0);
    assert_int_equal(store_sync_get(f->store, f->tree, SPAN("a"), false, &arena, &sync), 0);
    assert_true(sync.version == 7 && span_eq(sync.state, SPAN("three")));
    assert_int_equal(store_sync_get(f->store, f->tree, SPAN("a"), true, &arena, &sync),
                     -CANDOR_E_ABSENT);
    assert_int_equal(store_sync_get(f->store, f->tree, SPAN("/a"), true, &arena, &sync),
                     -CANDOR_E_SYNTAX);
    arena_done(&arena);
}

static void of_too_much_for_synchronisation_the_oldest_goes(void **state)
{
    struct fixture *f = *state;
    char *much = calloc(1, LIMIT_SYNC_STATE + 1);
    char path[16];

    assert_non_null(much);
    for (unsigned i = 1; i <= LIMIT_SYNC_STATES + 1; i++) {
        snprintf(path, sizeof path, "%u", i);
        assert_int_equal(set_sync(f, path, 0, i, SPAN("s")), 0);
        assert_true(i < LIMIT_SYNC_STATES || has_sync(f, path, i));
    }
    assert_false(has_sync(f, "1", 1));
    assert_true(has_sync(f, "2", 2));
    assert_int_equal(set_sync(f, "m", 0, 5000, span_of(much, LIMIT_SYNC_STATE + 1)),
                     -CANDOR_E_LIMIT);
    for (unsigned i = 0; i <= LIMIT_SYNC_STATES_SIZE / LIMIT_SYNC_STATE; i++) {
        snprintf(path, sizeof path, "m%u", i);
        assert_int_equal(set_sync(f, path, 0, 5000 + i, span_of(much, LIMIT_SYNC_STATE)), 0);
    }
    assert_false(has_sync(f, "m0", 5000));
    assert_true(has_sync(f, "m1", 5001));
    free(much);
}

static void a_newer_store_is_refused(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(set_property(f, "a", "x", "1"), 0);
    store_close(f->store);
    f->store = NULL;
    execute(f->path, "PRAGMA user_version=1000");
    expect_refusal(f, "newer Candor (version 1000");
    char back[64];
    snprintf(back, sizeof back, "PRAGMA user_version=%d", schema_version);
    execute(f->path, back);
    fixture_open(f);
    assert_string_equal(get_property(f, SPAN("a"), "x"), "1");
}

static int note_old_intent(void *context, const struct store_intent *intent)
{
    *(struct store_intent *)context = *intent;
    return 0;
}

static int times_gone, times_back;

static void note_watch(bool is_gone, const char *path)
{
    (void)path;
    ++*(is_gone ? &times_gone : &times_back);
}

/* What would be lost is not acknowledged: neither without the database, nor without its log. */
static void a_store_whose_file_is_gone_takes_nothing(void **state)
{
    static const char *const ends[] = {"", "-wal"};
    struct fixture *f = *state;

    store_watch(f->store, note_watch);
    times_gone = times_back = 0;
    assert_int_equal(set_property(f, "a", "x", "kept"), 0);
    for (int i = 0; i < 2; i++) {
        char name[128], aside[128];

        snprintf(name, sizeof name, "%s%s", f->path, ends[i]);
        snprintf(aside, sizeof aside, "%s/aside", f->folder);
        assert_int_equal(rename(name, aside), 0);
        assert_int_equal(set_property(f, "a", "x", "lost"), -CANDOR_E_GONE);
        assert_int_equal(follow(f, STORE_INTENT_DELETE, SPAN("a"), SPAN("")), -CANDOR_E_GONE);
        assert_string_equal(get_property(f, SPAN("a"), "x"), "kept");
        int fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600); // another file is not it
        assert_true(fd >= 0);
        close(fd);
        assert_int_equal(set_property(f, "a", "x", "lost"), -CANDOR_E_GONE);
        assert_int_equal(times_gone, i + 1);
        assert_int_equal(times_back, i);
        assert_int_equal(rename(aside, name), 0);
        assert_int_equal(set_property(f, "a", "x", "kept again"), 0);
        assert_int_equal(times_back, i + 1);
        assert_int_equal(set_property(f, "a", "x", "kept"), 0);
    }
    fixture_reopen(f);
    assert_string_equal(get_property(f, SPAN("a"), "x"), "kept");
}

/* Nothing waits in a thread for a program that holds it. */
static void a_store_that_another_program_holds_is_not_waited_for(void **state)
{
    struct fixture *f = *state;
    int64_t before = clock_monotonic();
    sqlite3 *db = NULL;

    assert_int_equal(set_property(f, "a", "x", "1"), 0);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(set_property(f, "a", "x", "2"), -CANDOR_E_BUSY);
    assert_string_equal(get_property(f, SPAN("a"), "x"), "1");
    assert_true(clock_monotonic() - before < LIMIT_STORE_BUSY * CLOCK_MS);
    assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(set_property(f, "a", "x", "2"), 0);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Intents that an older program has left have no births and no phase. */
static void intents_of_an_older_store_are_read(void **state)
{
    struct fixture *f = *state;
    char sql[2048];

    store_close(f->store);
    f->store = NULL;
    assert_int_equal(unlink(f->path), 0);
    snprintf(sql, sizeof sql,
             "%s PRAGMA application_id=%d; PRAGMA user_version=1; INSERT INTO tree VALUES"
             " (1, CAST('/srv/team' AS BLOB), 0, 0);"
             " INSERT INTO intent VALUES (5, 1, 1, x'2f61', x'2f62', x'', 7, 8)",
             schema_migrations[0], STORE_APPLICATION);
    execute(f->path, sql);
    fixture_open(f);
    struct store_intent found = {0};
    assert_int_equal(store_intents_visit(f->store, f->tree, note_old_intent, &found), 0);
    assert_int_equal(found.source_is.inode, 7);
    assert_int_equal(found.destination_is.inode, 8);
    assert_true(found.source_is.born == 0 && found.phase == STORE_BEGUN);
}

static void a_foreign_file_is_left_as_it_is(void **state)
{
    struct fixture *f = *state;

    store_close(f->store);
    f->store = NULL;
    assert_int_equal(unlink(f->path), 0);
    execute(f->path, "CREATE TABLE bookmark (name); INSERT INTO bookmark VALUES ('precious')");
    expect_refusal(f, "a database of another program");

    FILE *out = fopen(f->path, "w");
    assert_non_null(out);
    for (int i = 0; i < 2000; i++)
        fputs("Dear diary, ", out);
    fclose(out);
    expect_refusal(f, "another kind of file");

    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(mkdir(f->path, 0700), 0);
    assert_int_equal(store_open(f->path, &f->store, &f->error), -CANDOR_E_STORE);
    assert_true(fixture_told(f, "not a regular file"));
    assert_int_equal(rmdir(f->path), 0);
    assert_int_equal(store_open("/tmp/candor-no-such-folder/x.db", &f->store, &f->error),
                     -CANDOR_E_SYSTEM);
    assert_true(fixture_told(f, "No such file or directory"));
}

static void migrations_run_in_order_from_where_the_store_is(void **state)
{
    struct fixture *f = *state;
    static const char *const steps[] = {
        "CREATE TABLE step (n INTEGER); INSERT INTO step VALUES (1)",
        "INSERT INTO step SELECT max(n) + 1 FROM step",
        "INSERT INTO step SELECT max(n) * 10 FROM step",
        "INSERT INTO step SELECT max(n) + 4 FROM step; INSERT INTO absent VALUES (1)",
    };
    struct database d;
    char name[128];
    sqlite3_stmt *q;

    snprintf(name, sizeof name, "%s/steps.db", f->folder);
    execute(name, "");
    for (int n = 1; n <= 4; n++) { // one more each time; the last one fails, wholly
        assert_int_equal(database_open(NULL, name, &d), 0);
        assert_int_equal(schema_migrate(&d, steps, n == 2 ? 1 : n, &f->error),
                         n == 4 ? -CANDOR_E_STORE : 0);
        database_close(&d);
    }
    assert_true(fixture_told(f, "from version 3 to 4"));
    assert_int_equal(database_open(NULL, name, &d), 0);
    assert_int_equal(sqlite3_prepare_v2(d.db,
                                        "SELECT group_concat(n), user_version"
                                        " FROM step, pragma_user_version",
                                        -1, &q, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    assert_string_equal(sqlite3_column_text(q, 0), "1,2,20");
    assert_int_equal(sqlite3_column_int(q, 1), 3);
    sqlite3_finalize(q);
    database_close(&d);
    assert_int_equal(unlink(name), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(the_file_is_for_its_owner_only),
        STORE_TEST(a_store_in_use_is_refused),
        STORE_TEST(limits_of_trees_and_locks_are_kept),
        STORE_TEST(what_is_known_for_synchronisation_is_replaced_by_who_has_seen_it),
        STORE_TEST(of_too_much_for_synchronisation_the_oldest_goes),
        STORE_TEST(a_newer_store_is_refused),
        STORE_TEST(a_store_whose_file_is_gone_takes_nothing),
        STORE_TEST(a_store_that_another_program_holds_is_not_waited_for),
        STORE_TEST(intents_of_an_older_store_are_read),
        STORE_TEST(a_foreign_file_is_left_as_it_is),
        STORE_TEST(migrations_run_in_order_from_where_the_store_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
