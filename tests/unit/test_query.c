// SPDX-License-Identifier: MIT
#include "unit.h"
#include "wire/query.h"

/* URL Standard §5.1 */
static void values_of_a_query_are_found_and_decoded(void **state)
{
    static const struct {
        struct span query, name, value;
        bool found;
    } rows[] = {
#define FOUND(query, name, value) {SPAN_INIT(query), SPAN_INIT(name), SPAN_INIT(value), true}
#define ABSENT(query, name) {SPAN_INIT(query), SPAN_INIT(name), SPAN_INIT(""), false}
        FOUND("search=a", "search", "a"),
        FOUND("a=1&search=a+b", "search", "a b"),
        FOUND("search=a%20b%2Bc%26d%3De", "search", "a b+c&d=e"),
        FOUND("search=%C3%a4%00x", "search", "\xc3\xa4\0x"),
        FOUND("search=first&search=second", "search", "first"),
        FOUND("search=a=b", "search", "a=b"),
        FOUND("s%65arch=a", "search", "a"),
        FOUND("search", "search", ""),
        FOUND("search=", "search", ""),
        FOUND("&&search=a&&", "search", "a"),
        FOUND("search=100%", "search", "100%"),
        FOUND("search=%4", "search", "%4"),
        FOUND("search=%zz%41", "search", "%zzA"),
        FOUND("se+arch=a", "se arch", "a"),
        ABSENT("", "search"),
        ABSENT("&", "search"),
        ABSENT("searching=a", "search"),
        ABSENT("Search=a", "search"),
        ABSENT("a=search", "search"),
#undef FOUND
#undef ABSENT
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *out = malloc(rows[i].query.len + 1); // what is written beyond is found by sanitizers
        struct span value = SPAN("untouched");

        assert_non_null(out);
        assert_int_equal(query_find(rows[i].query, rows[i].name, out, &value), rows[i].found);
        assert_true(span_eq(value, rows[i].found ? rows[i].value : SPAN("untouched")));
        free(out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_a_query_are_found_and_decoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
