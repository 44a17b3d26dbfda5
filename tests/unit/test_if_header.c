// SPDX-License-Identifier: MIT
#include "http/if_header.h"

#include "base/buf.h"
#include "base/limits.h"
#include "unit.h"

/* A resource with the tokens urn:a and urn:b and the tag "t"; "/other" has urn:o and "o". */
static bool token_matches(void *context, struct span resource, struct span token)
{
    ++*(int *)context;
    if (span_eq(token, SPAN("DAV:no-lock")))
        fail_msg("DAV:no-lock was looked up");
    if (span_eq(resource, SPAN("/other")))
        return span_eq(token, SPAN("urn:o"));
    return !resource.ptr && (span_eq(token, SPAN("urn:a")) || span_eq(token, SPAN("urn:b")));
}

static bool tag_matches(void *context, struct span resource, struct entity_tag tag)
{
    struct span own = span_eq(resource, SPAN("/other")) ? SPAN("o") : SPAN("t");

    ++*(int *)context;
    return !tag.weak && span_eq(tag.opaque, own);
}

struct if_case {
    const char *value;
    enum if_result result;
    size_t offset; // of the fault
};

static void check(const struct if_case *cases, size_t count)
{
    int calls = 0;
    struct if_matcher matcher = {token_matches, tag_matches, &calls};

    for (size_t i = 0; i < count; i++) {
        size_t offset = 0;
        enum if_result result;

        calls = 0;
        result = if_evaluate(span_from_str(cases[i].value), &matcher, &offset);
        if (result != cases[i].result || offset != cases[i].offset)
            fail_msg("%s: %d at %zu", cases[i].value, (int)result, offset);
        if (result == IF_MALFORMED && calls)
            fail_msg("%s: looked up before its syntax was known", cases[i].value);
    }
}

#define CHECK(cases) check(cases, sizeof(cases) / sizeof *(cases))

// RFC 4918 §10.4.3, §10.4.6
static void one_list_must_hold_and_in_it_all_conditions(void **state)
{
    static const struct if_case cases[] = {
        {"(<urn:a>)", IF_HOLDS, 0},
        {"(<urn:x>)", IF_FAILS, 0},
        {"([\"t\"])", IF_HOLDS, 0},
        {"([\"x\"])", IF_FAILS, 0},
        {"([W/\"t\"])", IF_FAILS, 0},
        {"(<urn:a> [\"t\"])", IF_HOLDS, 0},
        {"(<urn:a> [\"x\"])", IF_FAILS, 0},
        {"(<urn:x> [\"t\"])", IF_FAILS, 0},
        {"(<urn:a> <urn:b> [\"t\"])", IF_HOLDS, 0},
        {"(<urn:a> <urn:x>) ([\"t\"])", IF_HOLDS, 0},
        {"(<urn:x>) (<urn:y>)", IF_FAILS, 0},
        {"(<urn:x>)(<urn:y>)(<urn:b>)", IF_HOLDS, 0},
        {"(<urn:a>) (<urn:x>)", IF_HOLDS, 0},
        {" \t( <urn:a>\t[ \"t\" ] ) ", IF_HOLDS, 0},
        {"(<urn:a>[\"t\"])", IF_HOLDS, 0},
        {"(<URN:A>)", IF_FAILS, 0}, // state tokens are compared octet by octet
    };

    (void)state;
    CHECK(cases);
}

// RFC 4918 §10.4.7, §10.4.8
static void not_reverses_one_condition(void **state)
{
    static const struct if_case cases[] = {
        {"(Not <urn:a>)", IF_FAILS, 0},
        {"(Not <urn:x>)", IF_HOLDS, 0},
        {"(Not <urn:x> <urn:a>)", IF_HOLDS, 0},
        {"(Not <urn:x> <urn:y>)", IF_FAILS, 0},
        {"(Not [\"t\"])", IF_FAILS, 0},
        {"(Not [\"x\"])", IF_HOLDS, 0},
        {"(not<urn:x>)", IF_HOLDS, 0},
        {"(<DAV:no-lock>)", IF_FAILS, 0},
        {"(Not <DAV:no-lock>)", IF_HOLDS, 0},
        {"(<urn:x>) (Not <DAV:no-lock>)", IF_HOLDS, 0},
        {"(<urn:x> [\"t\"]) (Not <DAV:no-lock> [\"t\"])", IF_HOLDS, 0},
        {"(Not <DAV:no-lock> [\"x\"])", IF_FAILS, 0},
    };

    (void)state;
    CHECK(cases);
}

// RFC 4918 §10.4.9, §10.4.10
static void a_tagged_list_is_about_its_resource(void **state)
{
    static const struct if_case cases[] = {
        {"</other> (<urn:o>)", IF_HOLDS, 0},
        {"</other> (<urn:a>)", IF_FAILS, 0},
        {"</other> ([\"o\"])", IF_HOLDS, 0},
        {"</other> (<urn:x>) ([\"o\"])", IF_HOLDS, 0},
        {"</none> (<urn:o>) </other> (<urn:o>)", IF_HOLDS, 0},
        {"</other> (<urn:o>) </none> (<urn:o>)", IF_HOLDS, 0},
        {"<http://example.com/x>(<urn:o>)", IF_FAILS, 0},
        {"</none>(Not <urn:o>)", IF_HOLDS, 0},
    };

    (void)state;
    CHECK(cases);
}

// RFC 4918 §10.4.2
static void what_breaks_the_grammar_is_malformed(void **state)
{
    static const struct if_case cases[] = {
        {"", IF_MALFORMED, 0},
        {"  ", IF_MALFORMED, 2},
        {"()", IF_MALFORMED, 1},
        {"( )", IF_MALFORMED, 2},
        {"(<urn:a>", IF_MALFORMED, 8},
        {"(<urn:a>) (", IF_MALFORMED, 11},
        {"(<urn:a>))", IF_MALFORMED, 9},
        {"<urn:a>", IF_MALFORMED, 7},
        {"(urn:a)", IF_MALFORMED, 1},
        {"(<urn:a)", IF_MALFORMED, 1},
        {"(<>)", IF_MALFORMED, 1},
        {"(<urn: a>)", IF_MALFORMED, 1},
        {"([t])", IF_MALFORMED, 2},
        {"([\"t\")", IF_MALFORMED, 5},
        {"(\"t\")", IF_MALFORMED, 1},
        {"(Not)", IF_MALFORMED, 4},
        {"(Not Not <urn:a>)", IF_MALFORMED, 5},
        {"Not (<urn:a>)", IF_MALFORMED, 0},
        {"(<urn:a>), (<urn:b>)", IF_MALFORMED, 9},
        {"(<urn:a>) </other> (<urn:o>)", IF_MALFORMED, 10},
        {"</other> </none> (<urn:o>)", IF_MALFORMED, 9},
        {"</other>", IF_MALFORMED, 8},
        {"<other> (<urn:o>)", IF_MALFORMED, 0},
        {"(<urn:a>) x", IF_MALFORMED, 10},
    };

    (void)state;
    CHECK(cases);
}

// RFC 4918 §10.4.1: the mere appearance of a token submits it.
static void every_token_but_no_lock_is_submitted(void **state)
{
    static const char value[] =
        "</a> (<urn:1> [\"x\"]) (Not <urn:2>) <http://h/b> (Not <DAV:no-lock> <urn:3>)";
    static const char *const expected[] = {"/a urn:1", "/a urn:2", "http://h/b urn:3"};
    struct if_cursor c;
    struct if_condition condition;
    size_t n = 0;

    (void)state;
    if_begin(&c, span_from_str(value));
    for (; if_next_submitted(&c, &condition); n++) {
        char text[64];

        assert_true(n < 3);
        snprintf(text, sizeof text, "%.*s %.*s", SPAN_ARG(condition.resource),
                 SPAN_ARG(condition.token));
        assert_string_equal(text, expected[n]);
    }
    assert_int_equal(n, 3);
}

static void too_many_conditions_are_malformed(void **state)
{
    int calls = 0;
    struct if_matcher matcher = {token_matches, tag_matches, &calls};
    struct buf b = {0};
    size_t offset = 0;

    (void)state;
    for (int i = 0; i < LIMIT_IF_CONDITIONS; i++)
        buf_add(&b, SPAN("(<urn:x>)"));
    assert_int_equal(if_evaluate(buf_span(&b), &matcher, &offset), IF_FAILS);
    buf_add(&b, SPAN("(<urn:x>)"));
    assert_int_equal(if_evaluate(buf_span(&b), &matcher, &offset), IF_MALFORMED);
    assert_int_equal(offset, b.len - 8);
    buf_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_list_must_hold_and_in_it_all_conditions),
        cmocka_unit_test(not_reverses_one_condition),
        cmocka_unit_test(a_tagged_list_is_about_its_resource),
        cmocka_unit_test(what_breaks_the_grammar_is_malformed),
        cmocka_unit_test(every_token_but_no_lock_is_submitted),
        cmocka_unit_test(too_many_conditions_are_malformed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
