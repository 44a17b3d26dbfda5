// SPDX-License-Identifier: MIT
#include "unit.h"

#include "base/error.h"
#include "base/limits.h"
#include "lock/lock_table.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { NOW = 1000 };

static struct lock_table *table;

static int set_up(void **state)
{
    (void)state;
    return lock_table_new(&table);
}

static int tear_down(void **state)
{
    (void)state;
    lock_table_free(table);
    return 0;
}

/* "urn:x path depth scope", with depth 0 or i and scope x(clusive) or s(hared). */
struct asked {
    const char *token, *path;
    char depth, scope;
};

static struct lock lock_of(const struct asked *a)
{
    return (struct lock){.token = span_from_str(a->token),
                         .path = span_from_str(a->path),
                         .infinite = a->depth == 'i',
                         .shared = a->scope == 's',
                         .owner = SPAN("<D:owner xmlns:D=\"DAV:\">me</D:owner>"),
                         .timeout = 100,
                         .expires = NOW + 100};
}

static int grant(const char *token, const char *path, char depth, char scope)
{
    struct asked asked = {token, path, depth, scope};
    struct lock lock = lock_of(&asked);

    return lock_table_grant(table, &lock, true, NOW);
}

/* RFC 4918 §6.2, §7.4, §9.10.5: compatible and incompatible locks. */
static void locks_conflict_as_the_compatibility_table_says(void **state)
{
    static const struct {
        struct asked first, second;
        bool conflict;
    } cases[] = {
        {{"t:1", "a", '0', 'x'}, {"t:2", "a", '0', 'x'}, true},
        {{"t:1", "a", '0', 'x'}, {"t:2", "a", '0', 's'}, true},
        {{"t:1", "a", '0', 's'}, {"t:2", "a", '0', 'x'}, true},
        {{"t:1", "a", '0', 's'}, {"t:2", "a", '0', 's'}, false},
        {{"t:1", "a", '0', 'x'}, {"t:2", "ab", '0', 'x'}, false},
        {{"t:1", "a", 'i', 'x'}, {"t:2", "ab", '0', 'x'}, false},
        {{"t:1", "a", '0', 'x'}, {"t:2", "a/b", '0', 'x'}, false},
        {{"t:1", "a", 'i', 'x'}, {"t:2", "a/b", '0', 'x'}, true},
        {{"t:1", "a", 'i', 'x'}, {"t:2", "a/b/c/d", '0', 's'}, true},
        {{"t:1", "a", 'i', 's'}, {"t:2", "a/b/c/d", '0', 's'}, false},
        {{"t:1", "", 'i', 'x'}, {"t:2", "a/b", '0', 's'}, true},
        {{"t:1", "", '0', 'x'}, {"t:2", "a/b", '0', 'x'}, false},
        {{"t:1", "a/b", '0', 'x'}, {"t:2", "a", 'i', 'x'}, true},
        {{"t:1", "a/b", '0', 'x'}, {"t:2", "a", '0', 'x'}, false},
        {{"t:1", "a/b/c", '0', 'x'}, {"t:2", "", 'i', 's'}, true},
        {{"t:1", "a/b/c", '0', 's'}, {"t:2", "", 'i', 's'}, false},
        {{"t:1", "a/b", 'i', 'x'}, {"t:2", "a/c", 'i', 'x'}, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lock first = lock_of(&cases[i].first), second = lock_of(&cases[i].second);
        const struct lock *conflict;

        assert_int_equal(lock_table_grant(table, &first, true, NOW), 0);
        conflict = lock_table_conflict(table, second.path, second.infinite, second.shared, NOW);
        if ((conflict != NULL) != cases[i].conflict)
            fail_msg("case %zu", i);
        if (conflict)
            assert_true(span_eq(conflict->path, first.path));
        assert_int_equal(lock_table_grant(table, &second, true, NOW),
                         cases[i].conflict ? -CANDOR_E_EXISTS : 0);
        lock_table_withdraw(table, first.token);
        lock_table_withdraw(table, second.token);
        assert_int_equal(lock_table_count(table, NOW), 0);
    }
}

/* RFC 4918 §7: what stands in the way of a change, and which tokens clear it. */
static void a_change_is_blocked_unless_a_token_of_each_locked_resource_is_submitted(void **state)
{
    static const struct {
        struct asked locks[3];
        const char *path;
        enum lock_reach reach;
        const char *submitted[2];
        const char *blocking; // the root of the lock; NULL: nothing is in the way
    } cases[] = {
        {{{"t:1", "a", '0', 'x'}}, "a", LOCK_REACH_RESOURCE, {NULL}, "a"},
        {{{"t:1", "a", '0', 'x'}}, "a", LOCK_REACH_RESOURCE, {"t:1"}, NULL},
        {{{"t:1", "a", '0', 'x'}}, "a", LOCK_REACH_RESOURCE, {"t:other"}, "a"},
        {{{"t:1", "a", '0', 'x'}}, "a/b", LOCK_REACH_RESOURCE, {NULL}, NULL},
        {{{"t:1", "a", 'i', 'x'}}, "a/b/c", LOCK_REACH_RESOURCE, {NULL}, "a"},
        {{{"t:1", "a", 'i', 'x'}}, "a/b/c", LOCK_REACH_RESOURCE, {"t:1"}, NULL},
        {{{"t:1", "a", 'i', 'x'}}, "a/b/c", LOCK_REACH_SUBTREE, {"t:1"}, NULL},
        {{{"t:1", "a/b", '0', 'x'}}, "a", LOCK_REACH_RESOURCE, {NULL}, NULL},
        {{{"t:1", "a/b", '0', 'x'}}, "a", LOCK_REACH_SUBTREE, {NULL}, "a/b"},
        {{{"t:1", "a/b", '0', 'x'}}, "", LOCK_REACH_SUBTREE, {NULL}, "a/b"},
        {{{"t:1", "a/b", '0', 'x'}}, "a", LOCK_REACH_SUBTREE, {"t:1"}, NULL},
        {{{"t:1", "ab", '0', 'x'}}, "a", LOCK_REACH_SUBTREE, {NULL}, NULL},
        // Of shared locks on one resource the own one is enough: §6.2.
        {{{"t:1", "a", '0', 's'}, {"t:2", "a", '0', 's'}}, "a", LOCK_REACH_RESOURCE, {"t:2"}, NULL},
        {{{"t:1", "a", 'i', 's'}, {"t:2", "a/b", '0', 's'}},
         "a",
         LOCK_REACH_SUBTREE,
         {"t:1"},
         NULL},
        {{{"t:1", "a", 'i', 's'}, {"t:2", "a/b", '0', 's'}}, "a", LOCK_REACH_SUBTREE, {"t:2"}, "a"},
        // A token clears its own lock only, each locked member needs one.
        {{{"t:1", "a", '0', 'x'}, {"t:2", "a/b", '0', 'x'}},
         "a",
         LOCK_REACH_SUBTREE,
         {"t:1"},
         "a/b"},
        {{{"t:1", "a", '0', 'x'}, {"t:2", "a/b", '0', 'x'}}, "a", LOCK_REACH_SUBTREE, {"t:2"}, "a"},
        {{{"t:1", "a", '0', 'x'}, {"t:2", "a/b", '0', 'x'}},
         "a",
         LOCK_REACH_SUBTREE,
         {"t:1", "t:2"},
         NULL},
        {{{"t:1", "a/b", 'i', 's'}, {"t:2", "a/b/c", '0', 's'}, {"t:3", "a/d", '0', 'x'}},
         "a",
         LOCK_REACH_SUBTREE,
         {"t:1"},
         "a/d"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct span tokens[2];
        struct lock_submission submitted = {.tokens = tokens};
        const struct lock *blocking;

        for (int n = 0; n < 3 && cases[i].locks[n].token; n++) {
            struct lock lock = lock_of(&cases[i].locks[n]);

            assert_int_equal(lock_table_grant(table, &lock, true, NOW), 0);
        }
        for (int n = 0; n < 2 && cases[i].submitted[n]; n++)
            tokens[submitted.count++] = span_from_str(cases[i].submitted[n]);
        blocking =
            lock_table_blocks(table, span_from_str(cases[i].path), cases[i].reach, &submitted, NOW);
        if ((blocking != NULL) != (cases[i].blocking != NULL))
            fail_msg("case %zu", i);
        if (blocking && !span_eq(blocking->path, span_from_str(cases[i].blocking)))
            fail_msg("case %zu: %.*s", i, SPAN_ARG(blocking->path));
        for (int n = 0; n < 3 && cases[i].locks[n].token; n++)
            lock_table_withdraw(table, span_from_str(cases[i].locks[n].token));
    }
}

static void a_token_counts_for_its_principal_only(void **state)
{
    struct lock lock = {.token = SPAN("t:1"),
                        .path = SPAN("a"),
                        .principal = SPAN("ann"),
                        .timeout = 1,
                        .expires = NOW + 1};
    struct span token = SPAN("t:1");
    struct lock_submission submitted = {&token, 1, SPAN("bob")};

    (void)state;
    assert_int_equal(lock_table_grant(table, &lock, true, NOW), 0);
    assert_non_null(lock_table_blocks(table, SPAN("a"), LOCK_REACH_RESOURCE, &submitted, NOW));
    submitted.principal = SPAN("ann");
    assert_null(lock_table_blocks(table, SPAN("a"), LOCK_REACH_RESOURCE, &submitted, NOW));
}

/* RFC 4918 §6.6. */
static void an_expired_lock_is_gone_and_handed_over_for_the_journal_once(void **state)
{
    struct lock_gone *gone;

    (void)state;
    assert_int_equal(grant("t:1", "a", '0', 'x'), 0);
    assert_non_null(lock_table_find(table, SPAN("t:1"), SPAN("a"), NOW + 99));
    assert_null(lock_table_find(table, SPAN("t:1"), SPAN("a"), NOW + 100));
    assert_null(lock_table_conflict(table, SPAN("a"), false, false, NOW + 100));
    gone = lock_table_take_expired(table, NOW + 100);
    assert_non_null(gone);
    assert_true(span_eq(gone->lock.token, SPAN("t:1")));
    assert_null(gone->next);
    lock_gone_free(gone);
    assert_null(lock_table_take_expired(table, NOW + 100));
}

/* RFC 4918 §9.10.2. */
static void a_refresh_counts_from_its_own_time(void **state)
{
    (void)state;
    assert_int_equal(grant("t:1", "a", 'i', 'x'), 0);
    assert_int_equal(grant("t:2", "b", '0', 'x'), 0);
    assert_non_null(lock_table_refresh(table, SPAN("t:1"), SPAN("a/b"), 50, NOW + 90));
    assert_null(lock_table_refresh(table, SPAN("t:2"), SPAN("b/c"), 50, NOW + 90));
    assert_int_equal(lock_table_count(table, NOW + 100), 1);
    assert_non_null(lock_table_find(table, SPAN("t:1"), SPAN("a"), NOW + 139));
    assert_int_equal(lock_table_count(table, NOW + 140), 0);
}

static void a_lock_that_is_not_journalled_blocks_and_is_told_to_nobody(void **state)
{
    struct asked asked = {"t:1", "a", '0', 'x'};
    struct lock lock = lock_of(&asked), *told;
    struct span token = SPAN("t:1");
    struct lock_submission submitted = {&token, 1, SPAN("")};
    struct arena arena;
    size_t count;

    (void)state;
    assert_int_equal(arena_init(&arena, 1024), 0);
    assert_int_equal(lock_table_grant(table, &lock, false, NOW), 0);
    assert_int_equal(grant("t:2", "a", '0', 'x'), -CANDOR_E_EXISTS);
    assert_null(lock_table_find(table, SPAN("t:1"), SPAN("a"), NOW));
    assert_non_null(lock_table_blocks(table, SPAN("a"), LOCK_REACH_RESOURCE, &submitted, NOW));
    assert_int_equal(lock_table_discover(table, SPAN("a"), NOW, &arena, &told, &count), 0);
    assert_int_equal(count, 0);
    assert_int_equal(lock_table_confirm(table, SPAN("t:1"), NOW), 0);
    assert_int_equal(lock_table_discover(table, SPAN("a"), NOW, &arena, &told, &count), 0);
    assert_int_equal(count, 1);
    assert_null(lock_table_blocks(table, SPAN("a"), LOCK_REACH_RESOURCE, &submitted, NOW));

    assert_int_equal(lock_table_release_begin(table, SPAN("t:1"), SPAN("a"), NOW), 0);
    assert_int_equal(lock_table_release_begin(table, SPAN("t:1"), SPAN("a"), NOW),
                     -CANDOR_E_ABSENT);
    assert_int_equal(grant("t:2", "a", '0', 'x'), -CANDOR_E_EXISTS);
    lock_table_release_end(table, SPAN("t:1"), false);
    assert_non_null(lock_table_find(table, SPAN("t:1"), SPAN("a"), NOW));
    assert_int_equal(lock_table_release_begin(table, SPAN("t:1"), SPAN("a"), NOW), 0);
    lock_table_release_end(table, SPAN("t:1"), true);
    assert_int_equal(grant("t:2", "a", '0', 'x'), 0);
    arena_done(&arena);
}

/* RFC 4918 §9.11: the token must be that of a lock whose scope has the path. */
static void a_lock_is_given_back_anywhere_in_its_scope_and_nowhere_else(void **state)
{
    (void)state;
    assert_int_equal(grant("t:1", "a", 'i', 'x'), 0);
    assert_int_equal(grant("t:2", "b", '0', 'x'), 0);
    assert_int_equal(lock_table_release_begin(table, SPAN("t:1"), SPAN("b"), NOW),
                     -CANDOR_E_ABSENT);
    assert_int_equal(lock_table_release_begin(table, SPAN("t:2"), SPAN("b/c"), NOW),
                     -CANDOR_E_ABSENT);
    assert_int_equal(lock_table_release_begin(table, SPAN("t:1"), SPAN("a/b/c"), NOW), 0);
}

/* What holds at one path is told in one row, however many folders it comes from. */
static void locks_that_hold_at_a_path_are_bounded_with_those_from_above(void **state)
{
    char token[32], path[2 * LIMIT_LOCKS_PATH + 8] = "a";
    size_t end = 1;

    (void)state;
    assert_int_equal(grant("t:deep", "a/b/c", '0', 's'), 0);
    for (int i = 0; i < LIMIT_LOCKS_PATH - 1; i++) {
        snprintf(token, sizeof token, "t:%d", i);
        assert_int_equal(grant(token, path, 'i', 's'), 0);
        snprintf(path + end, sizeof path - end, "/b");
        end += 2;
    }
    assert_int_equal(grant("t:0s", "a", '0', 's'), 0); // it does not reach down
    assert_int_equal(grant("t:last", path, 'i', 's'), 0);
    snprintf(path + end, sizeof path - end, "/b");
    assert_int_equal(grant("t:below", path, '0', 's'), -CANDOR_E_LIMIT);
    assert_int_equal(grant("t:above", "", 'i', 's'), -CANDOR_E_LIMIT);
    assert_int_equal(grant("t:above", "", '0', 's'), 0);
    assert_int_equal(grant("t:beside", "a/b/d", 'i', 's'), 0);
    // What was refused has left nothing.
    assert_int_equal(grant("t:exclusive", "b", 'i', 'x'), 0);
    lock_table_withdraw(table, SPAN("t:last"));
    assert_int_equal(grant("t:below", path, '0', 's'), 0);
}

/* RFC 4918 §15.8. */
static void discovery_tells_own_locks_and_those_that_reach_down(void **state)
{
    struct arena arena;
    struct lock *told;
    size_t count;

    (void)state;
    assert_int_equal(arena_init(&arena, 1024), 0);
    assert_int_equal(grant("t:1", "", 'i', 's'), 0);
    assert_int_equal(grant("t:2", "a", '0', 's'), 0);
    assert_int_equal(grant("t:3", "a/b", '0', 's'), 0);
    assert_int_equal(grant("t:4", "a/b/c", '0', 's'), 0);
    assert_int_equal(lock_table_discover(table, SPAN("a/b"), NOW, &arena, &told, &count), 0);
    assert_int_equal(count, 2);
    assert_true(span_eq(told[0].token, SPAN("t:3")));
    assert_true(span_eq(told[1].token, SPAN("t:1")));
    assert_int_equal(lock_table_discover(table, SPAN("x/y"), NOW, &arena, &told, &count), 0);
    assert_int_equal(count, 1);
    arena_done(&arena);
}

/* RFC 4918 §7.7, §9.6: with its root a lock vanishes. */
static void removal_takes_the_locks_of_a_subtree_and_tells_which(void **state)
{
    struct lock_gone *gone;
    size_t count = 0;

    (void)state;
    assert_int_equal(grant("t:1", "a", '0', 'x'), 0);
    assert_int_equal(grant("t:2", "a/b/c", '0', 'x'), 0);
    assert_int_equal(grant("t:3", "a/d", 'i', 'x'), 0);
    assert_int_equal(grant("t:4", "ab", '0', 'x'), 0);
    assert_true(lock_table_has_subtree(table, SPAN("a"), true));
    gone = lock_table_remove_subtree(table, SPAN("a"), true);
    for (struct lock_gone *g = gone; g; g = g->next)
        count++;
    lock_gone_free(gone);
    assert_int_equal(count, 2);
    assert_int_equal(lock_table_count(table, NOW), 2);
    assert_false(lock_table_has_subtree(table, SPAN("a"), true));
    assert_true(lock_table_has_subtree(table, SPAN("a"), false));
    gone = lock_table_remove_subtree(table, SPAN("a"), false);
    assert_false(lock_table_has_subtree(table, SPAN("a"), false));
    assert_non_null(gone);
    assert_true(span_eq(gone->lock.token, SPAN("t:1")));
    lock_gone_free(gone);
    assert_null(lock_table_remove_subtree(table, SPAN("a"), false));
    assert_non_null(lock_table_find(table, SPAN("t:4"), SPAN("ab"), NOW));
}

static void the_limits_are_reached(void **state)
{
    char token[64], owner[LIMIT_LOCK_OWNER + 1];
    struct lock lock = {.path = SPAN("a"), .shared = true, .timeout = 1, .expires = NOW + 1};

    (void)state;
    for (int i = 0; i <= LIMIT_LOCKS_PATH; i++) {
        snprintf(token, sizeof token, "t:%d", i);
        assert_int_equal(grant(token, "a", '0', 's'), i < LIMIT_LOCKS_PATH ? 0 : -CANDOR_E_LIMIT);
    }
    lock.token = SPAN("t:big");
    lock.path = SPAN("b");
    lock.owner = span_of(memset(owner, 'x', sizeof owner), sizeof owner);
    assert_int_equal(lock_table_grant(table, &lock, true, NOW), -CANDOR_E_LIMIT);
    for (int i = LIMIT_LOCKS_PATH; i <= LIMIT_LOCKS; i++) {
        char path[32];

        snprintf(token, sizeof token, "t:%d", i);
        snprintf(path, sizeof path, "f/%d", i);
        assert_int_equal(grant(token, path, '0', 'x'), i < LIMIT_LOCKS ? 0 : -CANDOR_E_LIMIT);
    }
}

static void tokens_are_random_uuids(void **state)
{
    char a[LOCK_TOKEN_SIZE], b[LOCK_TOKEN_SIZE];

    (void)state;
    assert_int_equal(lock_token_make(a), 0);
    assert_int_equal(lock_token_make(b), 0);
    assert_int_equal(strlen(a), LOCK_TOKEN_SIZE - 1);
    assert_memory_equal(a, "urn:uuid:", 9);
    assert_int_equal(a[23], '4');
    assert_non_null(strchr("89ab", a[28]));
    assert_string_not_equal(a, b);
}

enum { RACERS = 4, RACES = 5000 };

struct race {
    pthread_mutex_t mutex; // stands for the tree's
    int holders, granted;
};

static void *race(void *argument)
{
    struct race *r = argument;

    for (int i = 0; i < RACES; i++) {
        char token[LOCK_TOKEN_SIZE];
        struct lock lock = {.path = SPAN("a/b"), .timeout = 10, .expires = NOW + 10};
        int error;

        assert_int_equal(lock_token_make(token), 0);
        lock.token = span_from_str(token);
        pthread_mutex_lock(&r->mutex);
        error = lock_table_grant(table, &lock, false, NOW);
        if (error == 0) {
            assert_int_equal(r->holders++, 0);
            r->granted++;
        }
        pthread_mutex_unlock(&r->mutex);
        if (error < 0)
            continue;
        pthread_mutex_lock(&r->mutex);
        assert_int_equal(lock_table_confirm(table, lock.token, NOW), 0);
        assert_int_equal(lock_table_release_begin(table, lock.token, lock.path, NOW), 0);
        pthread_mutex_unlock(&r->mutex);
        pthread_mutex_lock(&r->mutex);
        r->holders--;
        lock_table_release_end(table, lock.token, true);
        pthread_mutex_unlock(&r->mutex);
    }
    return NULL;
}

static void of_racing_exclusive_locks_one_is_held_at_a_time(void **state)
{
    struct race r = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    pthread_t threads[RACERS];

    (void)state;
    for (int i = 0; i < RACERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, race, &r), 0);
    for (int i = 0; i < RACERS; i++)
        pthread_join(threads[i], NULL);
    assert_true(r.granted > 0);
    assert_int_equal(lock_table_count(table, NOW), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(locks_conflict_as_the_compatibility_table_says),
        TEST(a_change_is_blocked_unless_a_token_of_each_locked_resource_is_submitted),
        TEST(a_token_counts_for_its_principal_only),
        TEST(an_expired_lock_is_gone_and_handed_over_for_the_journal_once),
        TEST(a_refresh_counts_from_its_own_time),
        TEST(a_lock_that_is_not_journalled_blocks_and_is_told_to_nobody),
        TEST(a_lock_is_given_back_anywhere_in_its_scope_and_nowhere_else),
        TEST(locks_that_hold_at_a_path_are_bounded_with_those_from_above),
        TEST(discovery_tells_own_locks_and_those_that_reach_down),
        TEST(removal_takes_the_locks_of_a_subtree_and_tells_which),
        TEST(the_limits_are_reached),
        TEST(tokens_are_random_uuids),
        TEST(of_racing_exclusive_locks_one_is_held_at_a_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
