// SPDX-License-Identifier: MIT
#include "base/path.h"
#include "unit.h"

static void number_fills_the_whole_span(void **state)
{
    uint64_t value = 7;

    (void)state;
    assert_true(span_to_u64(SPAN("18446744073709551615"), UINT64_MAX, &value));
    assert_true(value == UINT64_MAX);
    value = 7;
    assert_false(span_to_u64(SPAN("18446744073709551616"), UINT64_MAX, &value));
    assert_false(span_to_u64(SPAN(""), UINT64_MAX, &value));
    assert_false(span_to_u64(SPAN("1 "), UINT64_MAX, &value));
    assert_false(span_to_u64(SPAN("-1"), UINT64_MAX, &value));
    assert_false(span_to_u64(SPAN("11"), 10, &value));
    assert_int_equal(value, 7);
}

static void take_until_walks_a_list(void **state)
{
    struct span rest = SPAN("a,,b");

    (void)state;
    assert_true(span_eq(span_take_until(&rest, ','), SPAN("a")));
    assert_true(span_eq(span_take_until(&rest, ','), SPAN("")));
    assert_true(span_eq(span_take_until(&rest, ','), SPAN("b")));
    assert_int_equal(rest.len, 0);
}

static void spans_are_ordered_by_their_bytes(void **state)
{
    static const struct span in_order[] = {SPAN_INIT(""),   SPAN_INIT("a"), SPAN_INIT("a\0"),
                                           SPAN_INIT("ab"), SPAN_INIT("b"), SPAN_INIT("\xff")};
    enum { COUNT = sizeof in_order / sizeof *in_order };

    (void)state;
    for (int i = 0; i < COUNT; i++)
        for (int j = 0; j < COUNT; j++) {
            int order = span_compare(in_order[i], in_order[j]);

            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
        }
    assert_int_equal(span_compare((struct span){NULL, 0}, SPAN("")), 0);
}

static void a_path_is_within_itself_and_what_is_above_it(void **state)
{
    (void)state;
    assert_true(path_is_within(SPAN(""), SPAN("")));
    assert_true(path_is_within(SPAN(""), SPAN("a/b")));
    assert_true(path_is_within(SPAN("a"), SPAN("a")));
    assert_true(path_is_within(SPAN("a"), SPAN("a/b/c")));
    assert_true(path_is_within((struct span){NULL, 0}, SPAN("a")));
    assert_false(path_is_within(SPAN("a"), SPAN("")));
    assert_false(path_is_within(SPAN("a"), SPAN("ab")));
    assert_false(path_is_within(SPAN("a/b"), SPAN("a")));
    assert_false(path_is_within(SPAN("b"), SPAN("a/b")));
}

static void a_path_has_a_parent_and_a_leaf(void **state)
{
    static const struct {
        struct span path, parent, leaf;
    } rows[] = {
        {SPAN_INIT(""), SPAN_INIT(""), SPAN_INIT("")},
        {SPAN_INIT("a"), SPAN_INIT(""), SPAN_INIT("a")},
        {SPAN_INIT("a/b"), SPAN_INIT("a"), SPAN_INIT("b")},
        {SPAN_INIT("a/b/c.d"), SPAN_INIT("a/b"), SPAN_INIT("c.d")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(span_eq(path_parent(rows[i].path), rows[i].parent));
        assert_true(span_eq(path_leaf(rows[i].path), rows[i].leaf));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(number_fills_the_whole_span),
        cmocka_unit_test(take_until_walks_a_list),
        cmocka_unit_test(spans_are_ordered_by_their_bytes),
        cmocka_unit_test(a_path_is_within_itself_and_what_is_above_it),
        cmocka_unit_test(a_path_has_a_parent_and_a_leaf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
