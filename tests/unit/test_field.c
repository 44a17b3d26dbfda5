// SPDX-License-Identifier: MIT
#include "base/ascii.h"
#include "registry/field.h"
#include "unit.h"

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

/* RFC 9110 §5.1: field names are case-insensitive. */
static void every_row_is_found_in_any_case(void **state)
{
    (void)state;
    for (int f = 1; f < FIELD_COUNT; f++) {
        struct span name = field_table[f].name;
        char text[64];

        assert_int_equal(field_from_name(name), f);
        for (unsigned variant = 0; variant < 3; variant++) {
            for (size_t i = 0; i < name.len; i++)
                text[i] = variant == 0 || (variant == 2 && i % 2) ? ascii_lower(name.ptr[i])
                                                                  : upper(name.ptr[i]);
            assert_int_equal(field_from_name(span_of(text, name.len)), f);
        }
    }
}

static void near_misses_are_other_fields(void **state)
{
    (void)state;
    assert_int_equal(field_from_name(SPAN("")), FIELD_OTHER);
    assert_int_equal(field_from_name(SPAN("X")), FIELD_OTHER);
    assert_int_equal(field_from_name(SPAN("content\rlength")), FIELD_OTHER);
    assert_int_equal(field_from_name(SPAN("Hos")), FIELD_OTHER);
    assert_int_equal(field_from_name(SPAN("Host ")), FIELD_OTHER);
    for (int f = 1; f < FIELD_COUNT; f++) {
        struct span name = field_table[f].name;
        char text[64];

        for (size_t i = 0; i < name.len; i++) {
            memcpy(text, name.ptr, name.len);
            text[i] = '~';
            assert_int_equal(field_from_name(span_of(text, name.len)), FIELD_OTHER);
        }
        memcpy(text, name.ptr, name.len);
        memset(text + name.len, 'a', 32);
        assert_int_equal(field_from_name(span_of(text, name.len + 32)), FIELD_OTHER);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_found_in_any_case),
        cmocka_unit_test(near_misses_are_other_fields),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
