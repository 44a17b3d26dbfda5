// SPDX-License-Identifier: MIT
/* What the results of the tree mean for a request. */
#include "unit.h"

#include "tree/tree.h"
#include "tree/tree_result.h"

static void every_result_with_a_meaning_of_its_own_has_one_outcome(void **state)
{
    static const struct {
        int error;
        enum outcome outcome;
        const char *meaning;
    } rows[] = {
#define RESULT(number, outcome, meaning) {-number, OUTCOME_##outcome, meaning},
#include "tree/tree_result.def"
#undef RESULT
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int status = outcome_table[rows[i].outcome].status;

        assert_int_equal(tree_result_outcome(rows[i].error), rows[i].outcome);
        assert_true(rows[i].outcome == OUTCOME_NONE || (status >= 400 && status < 600));
        assert_true(rows[i].meaning[0]);
    }
}

static void what_has_changed_since_it_was_seen_is_judged_again(void **state)
{
    (void)state;
    assert_int_equal(tree_result_outcome(-ESTALE), OUTCOME_NONE);
    assert_int_equal(tree_result_outcome(-EEXIST), OUTCOME_NONE);
    assert_int_equal(tree_result_outcome(-ENOENT), OUTCOME_NONE);
}

static void errors_that_nobody_foresaw_are_failures_of_writing(void **state)
{
    (void)state;
    assert_int_equal(tree_result_outcome(-EIO), OUTCOME_write_failed);
    assert_int_equal(tree_result_outcome(TREE_NOT_DURABLE), OUTCOME_not_durable);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_result_with_a_meaning_of_its_own_has_one_outcome),
        cmocka_unit_test(what_has_changed_since_it_was_seen_is_judged_again),
        cmocka_unit_test(errors_that_nobody_foresaw_are_failures_of_writing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
