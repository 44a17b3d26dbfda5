// SPDX-License-Identifier: MIT
/* A hurry, and one that leads to another. */
#include "unit.h"

#include "base/hurry.h"

static void a_hurry_is_on_once_it_has_begun(void **state)
{
    struct hurry h = {0};
    int64_t since;

    (void)state;
    assert_false(hurry_is_on(NULL));
    assert_false(hurry_is_on(&h));
    hurry_begin(&h);
    assert_true(hurry_is_on(&h));
    assert_false(hurry_is_over(&h));
    h.since -= 1;
    since = h.since;
    hurry_begin(&h);
    assert_true(h.since == since); // only the first call counts
    h.since -= (int64_t)LIMIT_STOP_CLEANING * CLOCK_MS;
    assert_true(hurry_is_over(&h));
}

static void a_hurry_is_on_when_the_one_that_it_leads_to_is(void **state)
{
    struct hurry program = {0}, first = {.also = &program}, second = {.also = &program};

    (void)state;
    hurry_begin(&first);
    assert_true(hurry_is_on(&first));
    assert_false(hurry_is_on(&program));
    assert_false(hurry_is_on(&second));
    hurry_begin(&program);
    assert_true(hurry_is_on(&second));
    assert_false(hurry_is_over(&second));
    program.since -= (int64_t)LIMIT_STOP_CLEANING * CLOCK_MS;
    assert_true(hurry_is_over(&second));
    assert_true(hurry_is_over(&first)); // though it began only now
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hurry_is_on_once_it_has_begun),
        cmocka_unit_test(a_hurry_is_on_when_the_one_that_it_leads_to_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
