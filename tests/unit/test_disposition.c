// SPDX-License-Identifier: MIT
#include "http/disposition.h"
#include "unit.h"

/* RFC 6266 §4.1, RFC 8187 §3.2.1 */
static void a_name_of_any_bytes_becomes_a_value_of_plain_ones(void **state)
{
    static const struct {
        struct span name, value;
    } rows[] = {
        {SPAN_INIT("a.zip"), SPAN_INIT("a.zip")},
        {SPAN_INIT("A-Z_0!#$&+.^`|~"), SPAN_INIT("A-Z_0!#$&+.^`|~")},
        {SPAN_INIT("a b\"c'd*e%f\\g/h;i"), SPAN_INIT("a%20b%22c%27d%2Ae%25f%5Cg%2Fh%3Bi")},
        {SPAN_INIT("\xc3\xa4 \xe2\x82\xac"), SPAN_INIT("%C3%A4%20%E2%82%AC")},
        {SPAN_INIT("\r\n\0"), SPAN_INIT("%0D%0A%00")},
        {SPAN_INIT("x\xff\xc3"), SPAN_INIT("x%EF%BF%BD%EF%BF%BD")},
        {SPAN_INIT(""), SPAN_INIT("")},
    };
    const struct span before = SPAN("attachment; filename*=UTF-8''");

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf b = {0};

        disposition_add_attachment(&b, rows[i].name);
        assert_true(span_eq(span_first(buf_span(&b), before.len), before));
        assert_true(span_eq(span_from(buf_span(&b), before.len), rows[i].value));
        buf_done(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_of_any_bytes_becomes_a_value_of_plain_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
