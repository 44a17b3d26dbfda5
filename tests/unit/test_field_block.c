// SPDX-License-Identifier: MIT
#include "unit.h"

#include "wire/field_block.h"

/* What HTTP/1 sends of it and what any other version does is alike. */
static void lines_and_pairs_tell_alike(void **state)
{
    const struct span lines = SPAN("Content-Type: text/plain\r\nEmpty: \r\nETag: \"a: b\"\r\n");
    struct field_block b;

    (void)state;
    assert_int_equal(field_block_make(lines, &b), 0);
    assert_ptr_not_equal(b.lines.ptr, lines.ptr);
    assert_int_equal(b.count, 3);
    assert_true(span_eq(b.pairs[0].name, SPAN("Content-Type")));
    assert_true(span_eq(b.pairs[0].value, SPAN("text/plain")));
    assert_true(span_eq(b.pairs[1].name, SPAN("Empty")));
    assert_int_equal(b.pairs[1].value.len, 0);
    assert_true(span_eq(b.pairs[2].name, SPAN("ETag")));
    assert_true(span_eq(b.pairs[2].value, SPAN("\"a: b\"")));
    assert_true(span_eq(field_block_lines(&b, 0), lines));
    assert_true(span_eq(field_block_lines(&b, 1), SPAN("Empty: \r\nETag: \"a: b\"\r\n")));
    assert_true(span_eq(field_block_lines(&b, 2), SPAN("ETag: \"a: b\"\r\n")));
    assert_int_equal(field_block_lines(&b, 3).len, 0);
    field_block_done(&b);
    assert_null(b.pairs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_and_pairs_tell_alike),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
