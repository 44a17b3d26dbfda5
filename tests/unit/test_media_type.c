// SPDX-License-Identifier: MIT
#include "http/media_type.h"
#include "unit.h"

// RFC 9110 §8.3.1, §5.6.6
static void a_media_type_has_type_subtype_and_parameters(void **state)
{
    static const struct {
        const char *text, *essence; // essence NULL: malformed
        const char *charset;        // NULL: none
    } cases[] = {
        {"text/html", "text/html", NULL},
        {"text/html;charset=utf-8", "text/html", "utf-8"},
        {"Text/HTML ; Charset=\"utf-8\"", "text/html", "utf-8"},
        {"text/html\t;\tcharset=utf-8\t", "text/html", "utf-8"},
        {"text/html; a=\"x;charset=no\"; charset=\"utf\\-8\"", "text/html", "utf-8"},
        {"text/html; charset=utf-8; charset=latin1", "text/html", "utf-8"},
        {"text/html;", "text/html", NULL},
        {"text/html;;; charset=utf-8;", "text/html", "utf-8"},
        {"text/html; charset=\"\"", "text/html", ""},
        {"application/problem+json", "application/problem+json", NULL},
        {"", NULL, NULL},
        {"text", NULL, NULL},
        {"text/", NULL, NULL},
        {"/html", NULL, NULL},
        {"text /html", NULL, NULL},
        {"text/ html", NULL, NULL},
        {" text/html", NULL, NULL},
        {"text/html/x", NULL, NULL},
        {"text/html, text/plain", NULL, NULL},
        {"text/html charset=utf-8", NULL, NULL},
        {"text/html; charset", NULL, NULL},
        {"text/html; charset=", NULL, NULL},
        {"text/html; charset =utf-8", NULL, NULL},
        {"text/html; charset= utf-8", NULL, NULL},
        {"text/html; =utf-8", NULL, NULL},
        {"text/html; charset=\"utf-8", NULL, NULL},
        {"text/html; charset=\"utf-8\\", NULL, NULL},
        {"text/html; charset=\"utf-8\\\"", NULL, NULL},
        {"text/html; charset=\"utf-8\"x", NULL, NULL},
        {"text/html; charset=\"a\x01\"", NULL, NULL},
        {"text/html; charset=\"a\\\x01\"", NULL, NULL},
        {"text/html; charset=ut\xc3\xa9", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct media_type m;
        struct parameter p;
        bool ok = media_type_parse(span_from_str(cases[i].text), &m);

        if (ok != (cases[i].essence != NULL))
            fail_msg("%s", cases[i].text);
        if (!ok)
            continue;
        assert_true(media_type_is(&m, span_from_str(cases[i].essence)));
        assert_int_equal(media_type_find(&m, SPAN("charset"), &p), cases[i].charset != NULL);
        if (cases[i].charset) {
            struct parameter wanted = {.value = span_from_str(cases[i].charset)};

            if (!parameter_value_eq(&p, &wanted, false))
                fail_msg("%s", cases[i].text);
        }
    }
}

static void the_essence_is_compared_without_regard_to_case(void **state)
{
    struct media_type m;

    (void)state;
    assert_true(media_type_parse(SPAN("Application/JSON; v=1"), &m));
    assert_true(media_type_is(&m, SPAN("application/json")));
    assert_false(media_type_is(&m, SPAN("application/jso")));
    assert_false(media_type_is(&m, SPAN("application/json5")));
}

// RFC 9110 §5.6.4: a quoted pair is the octet behind the backslash.
static void values_are_compared_by_what_they_mean(void **state)
{
    static const struct {
        const char *a, *b;
        bool same, same_nocase;
    } cases[] = {
        {"x=abc", "x=\"abc\"", true, true},       {"x=\"a\\bc\"", "x=abc", true, true},
        {"x=\"\\\"\"", "x=\"\\\"\"", true, true}, {"x=ABC", "x=abc", false, true},
        {"x=abc", "x=ab", false, false},          {"x=ab", "x=abc", false, false},
        {"x=\"\"", "x=\"\"", true, true},         {"x=\"\"", "x=a", false, false},
        {"x=\"a\\\\\"", "x=\"a\"", false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char a_text[32], b_text[32];
        struct span a_rest, b_rest;
        struct parameter a, b;

        snprintf(a_text, sizeof a_text, ";%s", cases[i].a);
        snprintf(b_text, sizeof b_text, ";%s", cases[i].b);
        a_rest = span_from_str(a_text);
        b_rest = span_from_str(b_text);
        assert_int_equal(parameter_next(&a_rest, &a), PARAMETER_FOUND);
        assert_int_equal(parameter_next(&b_rest, &b), PARAMETER_FOUND);
        if (parameter_value_eq(&a, &b, false) != cases[i].same ||
            parameter_value_eq(&b, &a, true) != cases[i].same_nocase)
            fail_msg("%s and %s", cases[i].a, cases[i].b);
    }
}

// RFC 9110 §5.6.1.2
static void list_members_are_separated_by_commas_outside_of_strings(void **state)
{
    struct span rest = SPAN(" a ,, b;x=\"1,\\\",2\" ,\t,c,\"d,e"), member;

    (void)state;
    assert_true(list_take(&rest, &member));
    assert_true(span_eq(member, SPAN("a")));
    assert_true(list_take(&rest, &member));
    assert_true(span_eq(member, SPAN("b;x=\"1,\\\",2\"")));
    assert_true(list_take(&rest, &member));
    assert_true(span_eq(member, SPAN("c")));
    assert_true(list_take(&rest, &member));
    assert_true(span_eq(member, SPAN("\"d,e")));
    assert_false(list_take(&rest, &member));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_media_type_has_type_subtype_and_parameters),
        cmocka_unit_test(the_essence_is_compared_without_regard_to_case),
        cmocka_unit_test(values_are_compared_by_what_they_mean),
        cmocka_unit_test(list_members_are_separated_by_commas_outside_of_strings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
