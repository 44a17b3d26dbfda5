// SPDX-License-Identifier: MIT
#include "base/hash.h"
#include "base/span.h"
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

static void hashes_are_fnv_1a_of_64_bits(void **state)
{
    (void)state;
    assert_int_equal(hash_add(HASH_BEGIN, SPAN("")), UINT64_C(0xcbf29ce484222325));
    assert_int_equal(hash_add(HASH_BEGIN, SPAN("a")), UINT64_C(0xaf63dc4c8601ec8c));
    assert_int_equal(hash_add(HASH_BEGIN, SPAN("foobar")), UINT64_C(0x85944171f73967e8));
    assert_int_equal(hash_add(hash_add(HASH_BEGIN, SPAN("foo")), SPAN("bar")),
                     UINT64_C(0x85944171f73967e8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(number_fills_the_whole_span),
        cmocka_unit_test(take_until_walks_a_list),
        cmocka_unit_test(hashes_are_fnv_1a_of_64_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
