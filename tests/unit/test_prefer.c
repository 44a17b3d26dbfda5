// SPDX-License-Identifier: MIT
#include "http/prefer.h"

#include "unit.h"

static void check(const char *value, struct preferences expected)
{
    struct preferences p = prefer_parse(value ? span_from_str(value) : span_of(NULL, 0));

    if (p.returning != expected.returning || p.handling != expected.handling ||
        p.respond_async != expected.respond_async || p.depth_noroot != expected.depth_noroot ||
        p.has_wait != expected.has_wait || p.wait != expected.wait)
        fail_msg("%s", value ? value : "(absent)");
}

// RFC 7240 §4; RFC 8144 §3
static void known_preferences_are_read_in_any_case_and_form(void **state)
{
    (void)state;
    check("return=minimal", (struct preferences){.returning = PREFER_RETURN_MINIMAL});
    check("Return = \"Representation\"",
          (struct preferences){.returning = PREFER_RETURN_REPRESENTATION});
    check("respond-async, wait=10, handling=lenient",
          (struct preferences){.respond_async = true,
                               .has_wait = true,
                               .wait = 10,
                               .handling = PREFER_HANDLING_LENIENT});
    check("handling=strict; x=\"a,b\" ; y",
          (struct preferences){.handling = PREFER_HANDLING_STRICT});
    check("respond-async=\"\"", (struct preferences){.respond_async = true}); // §2: no value
    check("depth-noroot,return=minimal",
          (struct preferences){.depth_noroot = true, .returning = PREFER_RETURN_MINIMAL});
    check("wait=99999999999", (struct preferences){.has_wait = true, .wait = UINT32_MAX});
}

// RFC 7240 §2: "the server MUST use only the first instance".
static void the_first_of_one_name_counts(void **state)
{
    (void)state;
    check("return=minimal, return=representation",
          (struct preferences){.returning = PREFER_RETURN_MINIMAL});
    check("wait=1,wait=2", (struct preferences){.has_wait = true, .wait = 1});
}

// RFC 7240 §2
static void the_unknown_and_the_malformed_are_passed_over(void **state)
{
    (void)state;
    check(NULL, (struct preferences){.wait = 0});
    check("", (struct preferences){.wait = 0});
    check(" ,, foo, bar=baz;x, return, return=other, handling, wait, wait=x, wait=-1",
          (struct preferences){.wait = 0});
    check("=x, return=\"minimal, wait=3", (struct preferences){.wait = 0});
    check("foo bar, return=minimal x, wait=5", (struct preferences){.has_wait = true, .wait = 5});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_preferences_are_read_in_any_case_and_form),
        cmocka_unit_test(the_first_of_one_name_counts),
        cmocka_unit_test(the_unknown_and_the_malformed_are_passed_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
