// SPDX-License-Identifier: MIT
/*
 * What the tree gives up in a hurry, that of the program and that of one change.
 */
#include "tree_folder.h"

#include "base/limits.h"

enum { QUOTA = 100 * 1000 };

static void what_is_copied_is_given_up_without_a_trace_in_a_hurry(void **state)
{
    struct hurry hurry = {0};
    struct tree_folder f =
        tree_folder_new((struct tree_options){.umask = 022, .quota = QUOTA, .hurry = &hurry});
    struct tree_usage usage;

    (void)state;
    assert_int_equal(tree_folder_mkdir(&f, "a"), 0);
    assert_int_equal(tree_folder_put(&f, "a/f", "content"), 0);
    assert_int_equal(tree_folder_mkdir(&f, "old"), 0);
    assert_int_equal(copy(&f, "a", "b", false), 0);
    hurry_begin(&hurry);
    assert_int_equal(copy(&f, "a", "c", false), -EINTR);
    assert_int_equal(copy(&f, "a", "old", true), -EINTR);
    assert_int_equal(copy(&f, "a/f", "g", false), -EINTR);
    assert_int_equal(tree_folder_count(&f, ""), 3);
    assert_int_equal(tree_folder_count(&f, "old"), 0);
    assert_int_equal(tree_usage(f.tree, &usage), 0);
    assert_int_equal(usage.used, 14 + 3 * LIMIT_FOLDER_COST);
    assert_int_equal(usage.available, QUOTA - 14 - 3 * LIMIT_FOLDER_COST);
    // What is quick is still done.
    assert_int_equal(tree_folder_put(&f, "a/g", "more"), 0);
    assert_int_equal(move(&f, "a", "c", false), 0);
    tree_folder_free(&f);
}

/* Although there is nothing to be read. */
static void a_hole_is_not_copied_in_a_hurry(void **state)
{
    struct hurry hurry = {0};
    struct tree_folder f = tree_folder_new((struct tree_options){.umask = 022, .hurry = &hurry});
    struct stat copied;
    char path[300];

    (void)state;
    assert_int_equal(tree_folder_put(&f, "f", ""), 0);
    snprintf(path, sizeof path, "%s/f", f.path);
    assert_int_equal(truncate(path, 2 * LIMIT_TREE_PREALLOCATE), 0);
    assert_int_equal(copy(&f, "f", "g", false), 0);
    snprintf(path, sizeof path, "%s/g", f.path);
    assert_int_equal(stat(path, &copied), 0);
    assert_int_equal(copied.st_size, 2 * LIMIT_TREE_PREALLOCATE);
    assert_in_range(copied.st_blocks * 512, 0, LIMIT_TREE_PREALLOCATE);
    hurry_begin(&hurry);
    assert_int_equal(copy(&f, "f", "h", false), -EINTR);
    tree_folder_free(&f);
}

/* What the one says does not concern the other. */
static void who_has_a_hurry_of_their_own_gives_up_alone(void **state)
{
    struct hurry program = {0}, mine = {.also = &program}, yours = {.also = &program};
    const struct tree_terms in_mine = {.hurry = &mine}, in_yours = {.hurry = &yours};
    struct tree_folder f =
        tree_folder_new((struct tree_options){.umask = 022, .quota = QUOTA, .hurry = &program});
    struct tree_result result;
    struct stage *s, *other;

    (void)state;
    assert_int_equal(tree_folder_mkdir(&f, "a"), 0);
    assert_int_equal(tree_folder_put(&f, "a/f", "content"), 0);
    hurry_begin(&mine);
    assert_int_equal(tree_copy(f.tree, SPAN("a"), SPAN("b"), NULL, &in_mine, &result), -EINTR);
    assert_int_equal(tree_copy(f.tree, SPAN("a/f"), SPAN("b"), NULL, &in_mine, &result), -EINTR);
    assert_int_equal(tree_folder_count(&f, ""), 1);
    assert_int_equal(tree_copy(f.tree, SPAN("a"), SPAN("b"), NULL, &in_yours, &result), 0);
    assert_int_equal(copy(&f, "a", "c", false), 0);
    assert_int_equal(tree_stage_begin(f.tree, SPAN("g"), TREE_LENGTH_UNKNOWN, &s), 0);
    assert_int_equal(tree_stage_copy_from(s, SPAN("a/f"), NULL, 0, 7, &mine), -EINTR);
    tree_stage_free(s);
    assert_int_equal(tree_stage_begin(f.tree, SPAN("g"), TREE_LENGTH_UNKNOWN, &s), 0);
    assert_int_equal(tree_stage_copy_from(s, SPAN("a/f"), NULL, 0, 7, &yours), 0);
    assert_int_equal(tree_stage_begin(f.tree, SPAN("g"), TREE_LENGTH_UNKNOWN, &other), 0);
    assert_int_equal(tree_stage_copy_stage(other, s, 0, 7, &mine), -EINTR);
    tree_stage_free(other);
    // It is gone from view at once, and nobody's leaving is a reason to leave its space taken.
    assert_int_equal(tree_delete(f.tree, SPAN("b"), &in_mine), 0);
    assert_int_equal(tree_folder_count(&f, ""), 3); // "a", "c", and the stage
    hurry_begin(&program);
    assert_int_equal(tree_copy(f.tree, SPAN("a"), SPAN("b"), NULL, &in_yours, &result), -EINTR);
    assert_int_equal(tree_stage_copy_from(s, SPAN("a/f"), NULL, 0, 7, NULL), -EINTR);
    tree_stage_free(s);
    assert_int_equal(tree_folder_count(&f, ""), 2);
    tree_folder_free(&f);
}

/* The next one that needs to know counts. */
static void who_leaves_while_counting_leaves_the_count_to_others(void **state)
{
    struct hurry program = {0}, mine = {.also = &program};
    const struct tree_terms in_mine = {.hurry = &mine};
    struct tree_folder f =
        tree_folder_new((struct tree_options){.quota = QUOTA, .hurry = &program});
    struct tree_usage usage;

    (void)state;
    assert_int_equal(tree_folder_put(&f, "f", "content"), 0);
    tree_folder_reopen(&f, (struct tree_options){.quota = QUOTA, .hurry = &program});
    hurry_begin(&mine);
    assert_int_equal(tree_delete(f.tree, SPAN("f"), &in_mine), -EINTR);
    assert_int_equal(tree_usage(f.tree, &usage), 0);
    assert_int_equal(usage.used, 7);
    assert_int_equal(tree_delete(f.tree, SPAN("f"), &in_mine), 0);
    tree_folder_free(&f);
}

static void a_removal_is_finished_in_a_hurry_or_left_to_the_next_start(void **state)
{
    struct hurry hurry = {0};
    struct tree_folder f = tree_folder_new((struct tree_options){.umask = 022, .hurry = &hurry});
    size_t removed = 0;

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(tree_folder_mkdir(&f, i ? "b" : "a"), 0);
        assert_int_equal(tree_folder_put(&f, i ? "b/f" : "a/f", "content"), 0);
    }
    hurry_begin(&hurry);
    assert_int_equal(discard(&f, "a"), 0);
    assert_int_equal(tree_folder_count(&f, ""), 1);
    hurry.since -= (int64_t)LIMIT_STOP_CLEANING * CLOCK_MS;
    assert_int_equal(discard(&f, "b"), 0);
    assert_int_equal(look(&f, "b").here.kind, TREE_ABSENT);
    assert_int_equal(tree_folder_count(&f, ""), 1); // hidden
    tree_folder_reopen(&f, (struct tree_options){.umask = 022});
    assert_int_equal(tree_sweep(f.tree, &removed), 0);
    assert_int_equal(removed, 1);
    assert_int_equal(tree_folder_count(&f, ""), 0);
    tree_folder_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_copied_is_given_up_without_a_trace_in_a_hurry),
        cmocka_unit_test(a_hole_is_not_copied_in_a_hurry),
        cmocka_unit_test(who_has_a_hurry_of_their_own_gives_up_alone),
        cmocka_unit_test(who_leaves_while_counting_leaves_the_count_to_others),
        cmocka_unit_test(a_removal_is_finished_in_a_hurry_or_left_to_the_next_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
