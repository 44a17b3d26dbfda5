// SPDX-License-Identifier: MIT
#include "base/clock.h"
#include "base/error.h"
#include "lock/lock_facts.h"
#include "lock/lock_journal.h"
#include "store_unit.h"
#include "tree_folder.h"

enum { NOW = 1000 };

struct scene {
    struct tree_folder folder;
    struct lock_table *table;
    struct arena arena;
};

static int scene_setup(void **state)
{
    struct scene *s = calloc(1, sizeof *s);

    assert_non_null(s);
    s->folder = tree_folder_new((struct tree_options){.umask = 022});
    assert_int_equal(lock_table_new(&s->table), 0);
    assert_int_equal(arena_init(&s->arena, 4096), 0);
    assert_int_equal(tree_folder_put(&s->folder, "file", "one"), 0);
    assert_int_equal(tree_folder_put(&s->folder, "other", "two"), 0);
    assert_int_equal(tree_folder_mkdir(&s->folder, "folder"), 0);
    *state = s;
    return 0;
}

static int scene_teardown(void **state)
{
    struct scene *s = *state;

    arena_done(&s->arena);
    lock_table_free(s->table);
    tree_folder_free(&s->folder);
    free(s);
    return 0;
}

static void grant(struct scene *s, const char *token, const char *path, bool infinite)
{
    const struct lock lock = {.token = span_from_str(token),
                              .path = span_from_str(path),
                              .infinite = infinite,
                              .timeout = 100,
                              .expires = NOW + 100};

    assert_int_equal(lock_table_grant(s->table, &lock, true, NOW), 0);
}

static struct lock_target target_of(const char *path)
{
    struct span p = span_from_str(path);

    return (struct lock_target){SPAN("example"), SPAN("/docs/"), {p, p, p}};
}

/* In the texts of cases "F" and "O" stand for the tags of the two files. */
static const char *with_tags(struct scene *s, const char *text)
{
    static char out[512];
    size_t n = 0;

    for (; *text; text++) {
        struct tree_look look;
        bool is_file = text[0] == 'F' && text[-1] == '"';

        if (!is_file && !(text[0] == 'O' && text[-1] == '"')) {
            out[n++] = *text;
            continue;
        }
        assert_int_equal(tree_look(s->folder.tree, is_file ? SPAN("file") : SPAN("other"), &look),
                         0);
        stamp_etag(&look.here.stamp, 0, SPAN(""), out + n);
        n += STAMP_ETAG_OPAQUE;
    }
    out[n] = '\0';
    return out;
}

/* RFC 4918 §10.4; "file" is locked with t:file, "folder" and all below it with t:folder. */
static void if_holds_for_the_state_of_the_resources_that_it_names(void **state)
{
    static const struct {
        const char *path, *value;
        enum { HOLDS, FAILS, MALFORMED } result;
    } cases[] = {
        {"file", NULL, HOLDS},
        {"file", "(<t:file>)", HOLDS},
        {"file", "(<t:filex>)", FAILS},
        {"file", "(<t:folder>)", FAILS},
        {"other", "(<t:file>)", FAILS},
        {"file", "(Not <t:file>)", FAILS},
        {"file", "(<t:file> [\"F\"])", HOLDS},
        {"file", "(<t:file> [\"O\"])", FAILS},
        {"file", "([\"F\"])", HOLDS},
        {"file", "([W/\"F\"])", FAILS}, // strong comparison: RFC 9110 §8.8.3.2
        {"file", "(Not [\"O\"])", HOLDS},
        {"file", "(<DAV:no-lock>)", FAILS},
        {"file", "(Not <DAV:no-lock>)", HOLDS},
        {"file", "(<t:filex>) (Not <DAV:no-lock>)", HOLDS},
        {"file", "(<t:file> [\"O\"]) (Not <DAV:no-lock> [\"O\"])", FAILS},
        {"file", "(<t:file> [\"F\"]) (Not <DAV:no-lock> [\"O\"])", HOLDS},
        // The scope of a lock reaches its members, mapped or not.
        {"folder", "(<t:folder>)", HOLDS},
        {"folder/new", "(<t:folder>)", HOLDS},
        {"folderx", "(<t:folder>)", FAILS},
        // Tagged lists: §10.4.3. The state of what they name counts, not of the target.
        {"other", "</docs/file> (<t:file>)", HOLDS},
        {"other", "<http://example/docs/file> (<t:file> [\"F\"])", HOLDS},
        {"other", "<http://example:80/docs/%66ile> (<t:file>)", HOLDS},
        {"other", "<http://example/docs/sub/../file> (<t:file>)", HOLDS},
        {"other", "<http://other.example/docs/file> (<t:file>)", FAILS},
        {"other", "<https://example/docs/file> (<t:file>)", HOLDS}, // before a proxy
        {"other", "<https://example:80/docs/file> (<t:file>)", FAILS},
        {"other", "<ftp://example/docs/file> (<t:file>)", FAILS},
        {"other", "</elsewhere/file> (<t:file>)", FAILS},
        {"other", "</docs/other> (<t:file>)", FAILS},
        {"other", "</docs/folder/> (<t:folder>)", HOLDS},
        {"other", "</docs/gone> ([\"F\"])", FAILS},
        {"other", "</docs/gone> (Not [\"F\"])", HOLDS},
        {"other", "</docs/other> (<t:file>) </docs/file> (<t:file>)", HOLDS},
        {"other", "</docs> (Not <t:file>)", HOLDS},
        {"file", "<t:file>", MALFORMED},
        {"file", "()", MALFORMED},
        {"file", "", MALFORMED},
        {"file", "(<t:file>", MALFORMED},
    };
    struct scene *s = *state;

    grant(s, "t:file", "file", false);
    grant(s, "t:folder", "folder", true);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lock_target target = target_of(cases[i].path);
        struct span value =
            cases[i].value ? span_from_str(with_tags(s, cases[i].value)) : (struct span){NULL, 0};
        struct lock_verdict verdict;
        struct lock_facts f;

        assert_int_equal(lock_facts_read(&f, &s->arena, value, &target), 0);
        if (f.malformed != (cases[i].result == MALFORMED))
            fail_msg("%s: malformed %d", cases[i].value, f.malformed);
        if (f.malformed)
            continue;
        assert_int_equal(lock_facts_look(&f, s->folder.tree, &s->arena), 0);
        assert_int_equal(lock_facts_decide(&f, s->table, NOW, &s->arena, &verdict), 0);
        if (verdict.if_holds != (cases[i].result == HOLDS))
            fail_msg("%s on %s: %d", cases[i].value, cases[i].path, verdict.if_holds);
    }
}

/* RFC 4918 §7, §10.4.1: a token that stands anywhere in If was submitted. */
static void what_would_change_needs_its_token(void **state)
{
    static const struct {
        const char *path;
        enum lock_reach reach;
        bool parent_too;
        const char *value, *blocking; // NULL: nothing is in the way
    } cases[] = {
        {"file", LOCK_REACH_RESOURCE, false, NULL, "file"},
        {"file", LOCK_REACH_RESOURCE, false, "(<t:file>)", NULL},
        {"file", LOCK_REACH_RESOURCE, false, "(Not <t:file>)", NULL},
        {"file", LOCK_REACH_RESOURCE, false, "</elsewhere> (<t:file>)", NULL},
        {"file", LOCK_REACH_RESOURCE, false, "(<t:filex>)", "file"},
        {"folder/a", LOCK_REACH_RESOURCE, true, NULL, "folder"},
        {"folder/a", LOCK_REACH_RESOURCE, true, "(<t:folder>)", NULL},
        {"flat/a", LOCK_REACH_RESOURCE, false, NULL, NULL},
        {"flat/a", LOCK_REACH_RESOURCE, true, NULL, "flat"},
        {"flat/a", LOCK_REACH_RESOURCE, true, "</docs/flat> (<t:flat>)", NULL},
        {"flat/a/b", LOCK_REACH_RESOURCE, true, NULL, NULL},
        {"new", LOCK_REACH_RESOURCE, true, NULL, NULL},
        {"", LOCK_REACH_RESOURCE, true, NULL, NULL},
        {"", LOCK_REACH_SUBTREE, true, "(<t:file>) (<t:folder>)", "flat"},
        {"", LOCK_REACH_SUBTREE, true, "(<t:file>) (<t:folder>) (<t:flat>)", NULL},
    };
    struct scene *s = *state;

    grant(s, "t:file", "file", false);
    grant(s, "t:folder", "folder", true);
    grant(s, "t:flat", "flat", false);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lock_target target = target_of(cases[i].path);
        struct lock_verdict verdict;
        struct lock_facts f;

        assert_int_equal(lock_facts_read(&f, &s->arena, span_from_str(cases[i].value), &target), 0);
        lock_facts_change(&f, &target.names, cases[i].reach);
        if (cases[i].parent_too)
            lock_facts_change_parent(&f, &target.names);
        assert_int_equal(lock_facts_decide(&f, s->table, NOW, &s->arena, &verdict), 0);
        if (verdict.blocked != (cases[i].blocking != NULL) ||
            (verdict.blocked && !span_eq(verdict.blocking, span_from_str(cases[i].blocking))))
            fail_msg("case %zu: %.*s", i, SPAN_ARG(verdict.blocking));
    }
}

/* RFC 4918 §9.10.2. */
static void a_refresh_names_one_lock_that_holds_at_the_path(void **state)
{
    static const struct {
        const char *path, *value;
        bool named;
    } cases[] = {
        {"file", "(<t:file>)", true},
        {"folder/deep", "(<t:folder>)", true},
        {"other", "(<t:file>)", false},
        {"file", "(<t:x>)", false},
        {"file", "([\"x\"])", false},
        {"file", NULL, false},
        {"file", "(<t:file>) (<t:folder>)", true},
        {"file", "(<t:file>) (<t:file>)", true},
    };
    struct scene *s = *state;

    grant(s, "t:file", "file", false);
    grant(s, "t:folder", "folder", true);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lock_target target = target_of(cases[i].path);
        struct lock_facts f;

        assert_int_equal(lock_facts_read(&f, &s->arena, span_from_str(cases[i].value), &target), 0);
        if ((lock_facts_named(&f, s->table, NOW) != NULL) != cases[i].named)
            fail_msg("case %zu", i);
    }
}

static void a_restart_keeps_locks_that_have_time_and_a_resource(void **state)
{
    struct scene *s = *state;
    void *opened = NULL;
    struct fixture *f;
    const int64_t now = lock_now(), calendar = clock_realtime() / CLOCK_SECOND;
    struct lock_journal j = {.boot = "one"};
    struct lock_table *again;
    struct lock lock = {.token = SPAN("t:1"),
                        .path = SPAN("file"),
                        .infinite = true,
                        .shared = true,
                        .owner = SPAN("<owner>me</owner>"),
                        .timeout = 100,
                        .expires = now + 100};
    const struct lock *found;

    assert_int_equal(fixture_setup(&opened), 0);
    f = opened;
    j.store = f->store, j.tree = f->tree;
    assert_int_equal(lock_journal_insert(&j, &lock, NULL), 0);
    lock.token = SPAN("t:gone");
    lock.path = SPAN("gone");
    assert_int_equal(lock_journal_insert(&j, &lock, NULL), 0);
    lock.token = SPAN("t:old");
    lock.path = SPAN("other");
    lock.expires = now + 10;
    assert_int_equal(lock_journal_insert(&j, &lock, NULL), 0);
    for (int start = 0; start < 2; start++) {
        fixture_reopen(f);
        j.store = f->store, j.tree = f->tree;
        assert_int_equal(lock_table_new(&again), 0);
        assert_int_equal(lock_journal_load(&j, s->folder.tree, again, now + 10, calendar - 7200),
                         0);
        assert_int_equal(lock_table_count(again, now + 10), 1);
        found = lock_table_find(again, SPAN("t:1"), SPAN("file"), now + 10);
        assert_non_null(found);
        assert_true(found->infinite && found->shared);
        assert_true(span_eq(found->owner, SPAN("<owner>me</owner>")));
        assert_int_equal(found->expires, now + 100);
        lock_table_free(again);
    }
    assert_int_equal(lock_journal_delete(&j, SPAN("t:1")), 0);
    assert_int_equal(lock_table_new(&again), 0);
    assert_int_equal(lock_journal_load(&j, s->folder.tree, again, now, calendar), 0);
    assert_true(lock_table_is_empty(again));
    lock_table_free(again);
    fixture_teardown(&opened);
}

static void after_another_boot_a_lock_has_what_the_calendar_leaves_but_no_more(void **state)
{
    static const struct {
        int64_t later; // by the calendar, seconds
        int64_t left;  // 0: it has expired
    } cases[] = {{0, 60}, {20, 40}, {50, 10}, {70, 0}, {-20, 80}, {-7200, 100}};
    struct scene *s = *state;
    void *opened = NULL;
    struct fixture *f;
    struct lock_journal j;
    const int64_t now = lock_now(), calendar = clock_realtime() / CLOCK_SECOND;
    // Two clocks whose seconds begin at different times, and a test that may be slow: about so
    // much.
    const struct lock lock = {
        .token = SPAN("t:1"), .path = SPAN("file"), .timeout = 100, .expires = now + 60};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lock_table *table;
        const struct lock *found;

        assert_int_equal(fixture_setup(&opened), 0);
        f = opened;
        j = (struct lock_journal){f->store, f->tree, "one"};
        assert_int_equal(lock_journal_insert(&j, &lock, NULL), 0);
        fixture_reopen(f);
        j = (struct lock_journal){f->store, f->tree, "two"};
        if (i % 2)
            j.boot[0] = '\0'; // not known: as another
        assert_int_equal(lock_table_new(&table), 0);
        // The clock of the boot began anew.
        assert_int_equal(lock_journal_load(&j, s->folder.tree, table, 7, calendar + cases[i].later),
                         0);
        found = lock_table_find(table, SPAN("t:1"), SPAN("file"), 7);
        assert_int_equal(found != NULL, cases[i].left > 0);
        if (found)
            assert_in_range(found->expires, 7 + cases[i].left - 5, 7 + cases[i].left + 5);
        lock_table_free(table);
        fixture_teardown(&opened);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, scene_setup, scene_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(if_holds_for_the_state_of_the_resources_that_it_names),
        TEST(what_would_change_needs_its_token),
        TEST(a_refresh_names_one_lock_that_holds_at_the_path),
        TEST(a_restart_keeps_locks_that_have_time_and_a_resource),
        TEST(after_another_boot_a_lock_has_what_the_calendar_leaves_but_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
