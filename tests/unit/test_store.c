// SPDX-License-Identifier: MIT
#include "store_unit.h"

static int add_property_line(void *context, size_t index, const struct store_property *p)
{
    buf_addf(context, "%zu {%.*s}%.*s=%.*s\n", index, SPAN_ARG(p->namespace), SPAN_ARG(p->name),
             SPAN_ARG(p->value));
    return 0;
}

static void expect_properties(struct fixture *f, struct span path, bool values, const char *lines)
{
    struct buf got = {0};

    assert_int_equal(
        store_properties_visit(f->store, f->tree, &path, 1, values, add_property_line, &got), 0);
    buf_add_char(&got, '\0');
    assert_string_equal(got.ptr, lines);
    buf_done(&got);
}

static void expect_locks(struct fixture *f, const char *lines)
{
    struct buf got = {0};

    assert_int_equal(store_locks_visit(f->store, f->tree, add_lock_line, &got), 0);
    buf_add_char(&got, '\0');
    assert_string_equal(got.ptr, lines);
    buf_done(&got);
}

static void trees_keep_their_numbers(void **state)
{
    struct fixture *f = *state;
    uint32_t first = f->tree, other, again;

    assert_int_equal(store_tree(f->store, SPAN("/srv/other"), &other), 0);
    assert_int_not_equal(other, first);
    fixture_reopen(f);
    assert_int_equal(f->tree, first);
    assert_int_equal(store_tree(f->store, SPAN("/srv/other"), &again), 0);
    assert_int_equal(again, other);
}

// RFC 4918 §4.3: octets of a value come back as they were written
static void properties_are_kept_as_they_were_written(void **state)
{
    struct fixture *f = *state;
    const struct store_change changes[] = {
        change_set(SPAN("a"), SPAN("two"), SPAN("<x xml:lang=\"de\">\0\xff</x>")),
        change_set(SPAN("a"), SPAN("one"), SPAN("")),
        {.kind = STORE_PROPERTY_SET,
         .path = SPAN("a"),
         .property = {SPAN(""), SPAN("one"), SPAN("none")}},
    };

    assert_int_equal(store_apply(f->store, f->tree, changes, 3, NULL), 0);
    fixture_reopen(f);
    expect_properties(f, SPAN("a"), false,
                      "0 {}one=\n0 {http://example.com/}one=\n0 {http://example.com/}two=\n");

    struct buf value = {0};
    assert_int_equal(find_property(f->store, f->tree, SPAN("a"), SPAN("http://example.com/"),
                                   SPAN("two"), &value),
                     1);
    assert_true(span_eq(buf_span(&value), changes[0].property.value));
    assert_int_equal(find_property(f->store, f->tree, SPAN("a"), SPAN(""), SPAN("two"), &value), 0);
    buf_done(&value);
}

static void many_paths_are_visited_in_one_view(void **state)
{
    struct fixture *f = *state;
    const struct span paths[] = {SPAN_INIT("a"), SPAN_INIT("none"), SPAN_INIT(""), SPAN_INIT("b")};
    struct buf got = {0};

    assert_int_equal(set_property(f, "a", "x", "1"), 0);
    assert_int_equal(set_property(f, "b", "x", "2"), 0);
    assert_int_equal(set_property(f, "", "x", "root"), 0);
    assert_int_equal(
        store_properties_visit(f->store, f->tree, paths, 4, true, add_property_line, &got), 0);
    buf_add_char(&got, '\0');
    assert_string_equal(got.ptr, "0 {http://example.com/}x=1\n2 {http://example.com/}x=root\n"
                                 "3 {http://example.com/}x=2\n");
    buf_done(&got);
}

static int stop_at_once(void *context, size_t index, const struct store_property *p)
{
    (void)index, (void)p;
    return ++*(int *)context, -CANDOR_E_MEMORY;
}

static void a_visitor_can_stop_the_visit(void **state)
{
    struct fixture *f = *state;
    const struct span paths[] = {SPAN_INIT("a"), SPAN_INIT("a")};
    int calls = 0;

    assert_int_equal(set_property(f, "a", "x", "1"), 0);
    assert_int_equal(set_property(f, "a", "y", "1"), 0);
    assert_int_equal(
        store_properties_visit(f->store, f->tree, paths, 2, true, stop_at_once, &calls),
        -CANDOR_E_MEMORY);
    assert_int_equal(calls, 1);
    assert_string_equal(get_property(f, SPAN("a"), "x"), "1"); // and leaves nothing behind
}

// RFC 4918 §9.2: in document order, all or none
static void a_list_of_changes_is_made_wholly_or_not_at_all(void **state)
{
    struct fixture *f = *state;
    struct store_lock lock = lock_of("urn:absent", "a");
    size_t failed = 99;
    struct store_change changes[] = {
        change_set(SPAN("a"), SPAN("x"), SPAN("1")),   change_set(SPAN("a"), SPAN("x"), SPAN("22")),
        change_remove(SPAN("a"), SPAN("never there")), change_set(SPAN("a"), SPAN("y"), SPAN("3")),
        change_remove(SPAN("a"), SPAN("y")),           {.kind = STORE_LOCK_REFRESH, .lock = &lock},
    };

    assert_int_equal(store_apply(f->store, f->tree, changes, 6, &failed), -CANDOR_E_ABSENT);
    assert_int_equal(failed, 5);
    expect_properties(f, SPAN("a"), true, "");
    assert_false(store_tree_has_properties(f->store, f->tree));
    assert_int_equal(store_apply(f->store, f->tree, changes, 5, &failed), 0);
    expect_properties(f, SPAN("a"), true, "0 {http://example.com/}x=22\n");
}

static void whether_a_tree_has_properties_is_known(void **state)
{
    struct fixture *f = *state;
    uint32_t other;

    assert_int_equal(store_tree(f->store, SPAN("/srv/other"), &other), 0);
    assert_false(store_tree_has_properties(f->store, f->tree));
    assert_int_equal(set_property(f, "a", "x", "1"), 0);
    assert_int_equal(set_property(f, "a", "y", "1"), 0);
    assert_true(store_tree_has_properties(f->store, f->tree));
    assert_false(store_tree_has_properties(f->store, other));
    fixture_reopen(f);
    assert_true(store_tree_has_properties(f->store, f->tree));
    assert_int_equal(apply_one(f, change_remove(SPAN("a"), SPAN("x"))), 0);
    assert_true(store_tree_has_properties(f->store, f->tree));
    assert_int_equal(apply_one(f, change_path(STORE_PROPERTIES_DELETE, SPAN(""))), 0);
    assert_false(store_tree_has_properties(f->store, f->tree));
    fixture_reopen(f);
    assert_false(store_tree_has_properties(f->store, f->tree));
}

static void limits_of_properties_are_kept(void **state)
{
    struct fixture *f = *state;
    static char big[LIMIT_PROPERTY_VALUE + 1];
    char name[16];

    assert_int_equal(apply_one(f, change_set(SPAN("a"), SPAN("x"), span_of(big, sizeof big))),
                     -CANDOR_E_LIMIT);
    assert_int_equal(apply_one(f, change_set(SPAN("a"), SPAN("x"), span_of(big, sizeof big - 1))),
                     0);
    assert_int_equal(
        apply_one(f, change_set(SPAN("a"), span_of(big, LIMIT_PROPERTY_NAME), SPAN(""))),
        -CANDOR_E_LIMIT);
    for (int i = 0; i < LIMIT_PROPERTIES - 1; i++) {
        snprintf(name, sizeof name, "n%d", i);
        assert_int_equal(set_property(f, "a", name, "v"), 0);
    }
    assert_int_equal(set_property(f, "a", "one more", "v"), -CANDOR_E_LIMIT);
    assert_int_equal(set_property(f, "a", "n0", "another value"), 0);
    assert_int_equal(set_property(f, "b", "one more", "v"), 0);
}

static void paths_that_are_none_are_refused(void **state)
{
    struct fixture *f = *state;
    static char longest[LIMIT_STORE_PATH + 1];

    memset(longest, 'p', sizeof longest);
    assert_int_equal(set_property(f, "/a", "x", "1"), -CANDOR_E_SYNTAX);
    assert_int_equal(set_property(f, "a/", "x", "1"), -CANDOR_E_SYNTAX);
    assert_int_equal(apply_one(f, change_set(SPAN("a\0b"), SPAN("x"), SPAN(""))), -CANDOR_E_SYNTAX);
    assert_int_equal(
        apply_one(f, change_set(span_of(longest, sizeof longest), SPAN("x"), SPAN(""))),
        -CANDOR_E_LIMIT);
    struct span most = span_of(longest, sizeof longest - 1);
    assert_int_equal(apply_one(f, change_set(most, SPAN("x"), SPAN("long"))), 0);
    assert_string_equal(get_property(f, most, "x"), "long");
    assert_int_equal(follow(f, STORE_INTENT_MOVE, most, SPAN("m")), 0);
    assert_string_equal(get_property(f, SPAN("m"), "x"), "long");
}

/* Neighbours of "a" and "a/..." in the order of octets, wildcards, and what is not UTF-8. */
static const struct span neighbours[] = {
    SPAN_INIT("ab"),    SPAN_INIT("a-"),     SPAN_INIT("a.txt"), SPAN_INIT("a0"),
    SPAN_INIT("a\x01"), SPAN_INIT("a\xff"),  SPAN_INIT("A"),     SPAN_INIT("%"),
    SPAN_INIT("_/x"),   SPAN_INIT("*/x"),    SPAN_INIT("a%/x"),  SPAN_INIT("a*/x"),
    SPAN_INIT("["),     SPAN_INIT("\xff/x"),
};
static const struct span members[] = {
    SPAN_INIT("a"),      SPAN_INIT("a/b"),          SPAN_INIT("a/%"),
    SPAN_INIT("a/\x01"), SPAN_INIT("a/\xff\xfe"),   SPAN_INIT("a/b/c\n"),
    SPAN_INIT("a/ /'"),  SPAN_INIT("a/\xc3\xa4/ö"), SPAN_INIT("a/\\"),
};
enum {
    NEIGHBOURS = sizeof neighbours / sizeof *neighbours,
    MEMBERS = sizeof members / sizeof *members
};

static void fill(struct fixture *f)
{
    for (size_t i = 0; i < NEIGHBOURS; i++)
        assert_int_equal(apply_one(f, change_set(neighbours[i], SPAN("x"), SPAN("n"))), 0);
    for (size_t i = 0; i < MEMBERS; i++)
        assert_int_equal(apply_one(f, change_set(members[i], SPAN("x"), SPAN("m"))), 0);
}

static void expect_neighbours(struct fixture *f)
{
    for (size_t i = 0; i < NEIGHBOURS; i++)
        assert_string_equal(get_property(f, neighbours[i], "x"), "n");
}

/* The members' values, with "a" replaced by `root` in their paths. */
static void expect_members(struct fixture *f, const char *root, const char *value)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        char path[64];
        int n = snprintf(path, sizeof path, "%s%.*s", root, (int)members[i].len - 1,
                         members[i].ptr + 1);

        assert_string_equal(get_property(f, span_of(path, (size_t)n), "x"), value);
    }
}

static void deletion_takes_what_is_below_and_nothing_else(void **state)
{
    struct fixture *f = *state;

    fill(f);
    assert_int_equal(apply_one(f, change_path(STORE_PROPERTIES_DELETE, SPAN("a"))), 0);
    expect_members(f, "a", "-");
    expect_neighbours(f);
}

// RFC 4918 §9.9.1: dead properties follow a move
static void a_move_takes_what_is_below_and_replaces_the_destination(void **state)
{
    struct fixture *f = *state;

    fill(f);
    assert_int_equal(set_property(f, "b/c\xff", "old", "1"), 0);
    assert_int_equal(set_property(f, "b/c\xff/deep", "old", "1"), 0);
    assert_int_equal(follow(f, STORE_INTENT_MOVE, SPAN("a"), SPAN("b/c\xff")), 0);
    expect_members(f, "a", "-");
    expect_members(f, "b/c\xff", "m");
    assert_string_equal(get_property(f, SPAN("b/c\xff"), "old"), "-");
    assert_string_equal(get_property(f, SPAN("b/c\xff/deep"), "old"), "-");
    expect_neighbours(f);
}

// RFC 4918 §9.8.2 and §9.8.3: a copy has the properties; depth 0 takes those of the folder alone
static void a_copy_duplicates_what_is_below_unless_shallow(void **state)
{
    struct fixture *f = *state;

    fill(f);
    assert_int_equal(set_property(f, "copy/old", "x", "old"), 0);
    assert_int_equal(follow(f, STORE_INTENT_COPY, SPAN("a"), SPAN("copy")), 0);
    expect_members(f, "a", "m");
    expect_members(f, "copy", "m");
    assert_string_equal(get_property(f, SPAN("copy/old"), "x"), "-");

    const struct store_intent shallow = {
        .kind = STORE_INTENT_COPY, .source = SPAN("a"), .destination = SPAN("copy")};
    assert_int_equal(follow_all(f, &shallow, true, NULL), 0);
    assert_string_equal(get_property(f, SPAN("copy"), "x"), "m");
    assert_string_equal(get_property(f, SPAN("copy/b"), "x"), "-");
    expect_neighbours(f);

    // the numbers that the tree keeps add up: nothing is left when everything is deleted
    assert_int_equal(apply_one(f, change_path(STORE_PROPERTIES_DELETE, SPAN(""))), 0);
    assert_false(store_tree_has_properties(f->store, f->tree));
    expect_members(f, "a", "-");
}

static void nothing_is_copied_or_moved_into_itself(void **state)
{
    struct fixture *f = *state;
    static const struct span pairs[][2] = {
        {SPAN_INIT("a"), SPAN_INIT("a")},   {SPAN_INIT("a"), SPAN_INIT("a/b")},
        {SPAN_INIT("a/b"), SPAN_INIT("a")}, {SPAN_INIT(""), SPAN_INIT("a")},
        {SPAN_INIT("a"), SPAN_INIT("")},
    };

    fill(f);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        assert_int_equal(follow(f, STORE_INTENT_COPY, pairs[i][0], pairs[i][1]), -CANDOR_E_OVERLAP);
        assert_int_equal(follow(f, STORE_INTENT_MOVE, pairs[i][0], pairs[i][1]), -CANDOR_E_OVERLAP);
    }
    expect_members(f, "a", "m");
    assert_int_equal(follow(f, STORE_INTENT_MOVE, SPAN("a"), SPAN("ab")), 0);
    expect_members(f, "ab", "m");
}

// RFC 4918 §6: everything that lockdiscovery and the If field need is there again
static void locks_are_there_after_a_restart(void **state)
{
    struct fixture *f = *state;
    struct store_lock one = {.token = SPAN("urn:uuid:1"),
                             .path = SPAN("docs/a"),
                             .timeout = 600,
                             .expires = 2000000000,
                             .owner = SPAN("<D:href>ann</D:href>"),
                             .principal = SPAN("ann")};
    struct store_lock two = {
        .token = SPAN("urn:uuid:2"), .path = SPAN(""), .infinite = true, .shared = true};
    uint32_t other;

    assert_int_equal(insert_lock(f, &one), 0);
    assert_int_equal(insert_lock(f, &two), 0);
    assert_int_equal(insert_lock(f, &two), -CANDOR_E_EXISTS);
    one.timeout = 60, one.expires = 2000000060;
    assert_int_equal(apply_one(f, (struct store_change){.kind = STORE_LOCK_REFRESH, .lock = &one}),
                     0);
    fixture_reopen(f);
    expect_locks(f, "urn:uuid:2 at \"\" infinity shared 0 0 \"\" \"\"\n"
                    "urn:uuid:1 at \"docs/a\" 0 exclusive 60 2000000060"
                    " \"<D:href>ann</D:href>\" \"ann\"\n");

    assert_int_equal(store_tree(f->store, SPAN("/srv/other"), &other), 0);
    struct store_change delete = {.kind = STORE_LOCK_DELETE, .lock = &two};
    assert_int_equal(store_apply(f->store, other, &delete, 1, NULL), 0); // not of that tree
    assert_int_equal(count_locks(f), 2);
    assert_int_equal(apply_one(f, delete), 0);
    assert_int_equal(apply_one(f, delete), 0); // gone already
    assert_int_equal(count_locks(f), 1);
    assert_int_equal(apply_one(f, (struct store_change){.kind = STORE_LOCK_REFRESH, .lock = &two}),
                     -CANDOR_E_ABSENT);
}

static void locks_go_with_what_they_lock(void **state)
{
    struct fixture *f = *state;
    char token[16];

    for (size_t i = 0; i < NEIGHBOURS + MEMBERS; i++) {
        snprintf(token, sizeof token, "t%zu", i);
        struct store_lock lock = {.token = span_from_str(token),
                                  .path = i < NEIGHBOURS ? neighbours[i] : members[i - NEIGHBOURS]};
        assert_int_equal(insert_lock(f, &lock), 0);
    }
    assert_int_equal(apply_one(f, change_path(STORE_LOCKS_DELETE, SPAN("a"))), 0);
    assert_int_equal(count_locks(f), NEIGHBOURS);
    assert_int_equal(apply_one(f, change_path(STORE_LOCKS_DELETE, SPAN(""))), 0);
    assert_int_equal(count_locks(f), 0);
}

static void an_intent_ends_in_the_transaction_that_moves_the_rows(void **state)
{
    struct fixture *f = *state;
    struct store_intent intent = {.id = store_intent_id(f->store),
                                  .kind = STORE_INTENT_MOVE,
                                  .source = SPAN("a"),
                                  .destination = SPAN("b"),
                                  .source_is = {UINT64_MAX, 5},
                                  .destination_is = {7, INT64_MAX}};
    const struct store_change locks = change_path(STORE_LOCKS_DELETE, SPAN("a"));
    const struct store_following following = {.intent = &intent, .first = &locks, .count = 1};
    struct store_progress progress = {0};
    struct store_lock lock = lock_of("t", "a/x");

    assert_int_equal(set_property(f, "a", "x", "1"), 0);
    assert_int_equal(insert_lock(f, &lock), 0);
    assert_int_equal(
        apply_one(f, (struct store_change){.kind = STORE_INTENT_BEGIN, .intent = &intent}), 0);
    fixture_reopen(f);
    expect_intents(f, "1 1 a>b 0 ffffffffffffffff.5 7.7fffffffffffffff\n");
    assert_int_equal(store_intent_id(f->store), 2);

    assert_int_equal(store_follow(f->store, f->tree, &following, &progress), 0);
    assert_true(progress.is_done);
    expect_intents(f, "");
    assert_string_equal(get_property(f, SPAN("b"), "x"), "1");
    assert_int_equal(count_locks(f), 0);
    // a second time it does nothing: the move would wipe out what the first one moved
    progress = (struct store_progress){0};
    assert_int_equal(store_follow(f->store, f->tree, &following, &progress), -CANDOR_E_ABSENT);
    assert_string_equal(get_property(f, SPAN("b"), "x"), "1");
}

static void whether_anything_is_below_is_told(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(store_has_below(f->store, f->tree, SPAN("")), 0);
    fill(f);
    assert_int_equal(store_has_below(f->store, f->tree, SPAN("")), 1);
    assert_int_equal(store_has_below(f->store, f->tree, SPAN("a")), 1);
    assert_int_equal(follow(f, STORE_INTENT_DELETE, SPAN("a"), SPAN("")), 0);
    assert_int_equal(store_has_below(f->store, f->tree, SPAN("a")), 0);
    assert_int_equal(store_has_below(f->store, f->tree, SPAN("a/")), -CANDOR_E_SYNTAX);
    expect_neighbours(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(trees_keep_their_numbers),
        STORE_TEST(properties_are_kept_as_they_were_written),
        STORE_TEST(many_paths_are_visited_in_one_view),
        STORE_TEST(a_visitor_can_stop_the_visit),
        STORE_TEST(a_list_of_changes_is_made_wholly_or_not_at_all),
        STORE_TEST(whether_a_tree_has_properties_is_known),
        STORE_TEST(limits_of_properties_are_kept),
        STORE_TEST(paths_that_are_none_are_refused),
        STORE_TEST(deletion_takes_what_is_below_and_nothing_else),
        STORE_TEST(a_move_takes_what_is_below_and_replaces_the_destination),
        STORE_TEST(a_copy_duplicates_what_is_below_unless_shallow),
        STORE_TEST(nothing_is_copied_or_moved_into_itself),
        STORE_TEST(whether_anything_is_below_is_told),
        STORE_TEST(locks_are_there_after_a_restart),
        STORE_TEST(locks_go_with_what_they_lock),
        STORE_TEST(an_intent_ends_in_the_transaction_that_moves_the_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
