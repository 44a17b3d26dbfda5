// SPDX-License-Identifier: MIT
#include "http/precondition.h"

#include "unit.h"

/* The representation that most tests ask for; NOW is a minute after its last change. */
enum { CHANGED = 784111777, NOW = CHANGED + 60 };
#define DATE_BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define DATE_CHANGED "Sun, 06 Nov 1994 08:49:37 GMT"
#define DATE_AFTER "Sun, 06 Nov 1994 08:49:38 GMT"

static const struct validators full = {true, true, {SPAN_INIT("v1"), false}, true, CHANGED, false};
static const struct validators weak = {true, true, {SPAN_INIT("v1"), true}, true, CHANGED, false};
static const struct validators shared = {true, true, {SPAN_INIT("v1"), false}, true, CHANGED, true};
static const struct validators bare = {.exists = true};
static const struct validators nothing = {.exists = false};

struct field_case {
    const char *value;
    const struct validators *v;
    enum condition expected;
};

static void check(const struct field_case *c, enum condition got)
{
    if (got != c->expected)
        fail_msg("%s: %d instead of %d", c->value ? c->value : "(absent)", (int)got,
                 (int)c->expected);
}

#define CHECK(ask, cases)                                                                          \
    for (size_t i = 0; i < sizeof(cases) / sizeof *(cases); i++)                                   \
    check(&(cases)[i], ask(span_from_str((cases)[i].value), (cases)[i].v))
#define CHECK_AT(ask, cases, now)                                                                  \
    for (size_t i = 0; i < sizeof(cases) / sizeof *(cases); i++)                                   \
    check(&(cases)[i], ask(span_from_str((cases)[i].value), (cases)[i].v, now))

// RFC 9110 §13.1.1
static void if_match_compares_strongly(void **state)
{
    static const struct field_case cases[] = {
        {NULL, &full, CONDITION_ABSENT},
        {"*", &full, CONDITION_HOLDS},
        {"*", &bare, CONDITION_HOLDS},
        {"*", &nothing, CONDITION_FAILS},
        {"\"v1\"", &full, CONDITION_HOLDS},
        {"\"v0\", \"v1\"", &full, CONDITION_HOLDS},
        {"\"v0\", \"v2\"", &full, CONDITION_FAILS},
        {"W/\"v1\"", &full, CONDITION_FAILS},
        {"\"v1\"", &weak, CONDITION_FAILS},
        {"W/\"v1\"", &weak, CONDITION_FAILS},
        {"\"v1\"", &bare, CONDITION_FAILS},
        {"\"v1\"", &nothing, CONDITION_FAILS},
        {"", &full, CONDITION_FAILS},
        {"v1", &full, CONDITION_MALFORMED},
        {"\"v1\", v2", &full, CONDITION_MALFORMED}, // even behind a match
        {"\"v1\" *", &nothing, CONDITION_MALFORMED},
    };

    (void)state;
    CHECK(precondition_if_match, cases);
}

// RFC 9110 §13.1.2
static void if_none_match_compares_weakly(void **state)
{
    static const struct field_case cases[] = {
        {NULL, &full, CONDITION_ABSENT},
        {"*", &full, CONDITION_FAILS},
        {"*", &bare, CONDITION_FAILS},
        {"*", &nothing, CONDITION_HOLDS},
        {"\"v1\"", &full, CONDITION_FAILS},
        {"\"v0\",,W/\"v1\"", &full, CONDITION_FAILS},
        {"\"v1\"", &weak, CONDITION_FAILS},
        {"\"v0\"", &full, CONDITION_HOLDS},
        {"\"v1\"", &bare, CONDITION_HOLDS},
        {"\"v1\"", &nothing, CONDITION_HOLDS},
        {"", &full, CONDITION_HOLDS},
        // What is no member of such a list names nothing; the members that are still count.
        {"v1", &full, CONDITION_HOLDS},
        {"\"v1\"x", &full, CONDITION_HOLDS},
        {"\"v1\" \"v1\"", &full, CONDITION_HOLDS},
        {"\"v1", &full, CONDITION_HOLDS},
        {"**", &full, CONDITION_HOLDS},
        {"v1, \"v1\"", &full, CONDITION_FAILS},
        {"\"v1\", v0", &full, CONDITION_FAILS},
        {"\"v0\", *", &full, CONDITION_FAILS},
        {"*, *", &full, CONDITION_FAILS},
        {"v1, *", &nothing, CONDITION_HOLDS},
    };

    (void)state;
    CHECK(precondition_if_none_match, cases);
}

// RFC 9110 §13.1.3
static void if_modified_since_ignores_what_it_cannot_use(void **state)
{
    static const struct field_case cases[] = {
        {NULL, &full, CONDITION_ABSENT},
        {DATE_BEFORE, &full, CONDITION_HOLDS},
        {DATE_CHANGED, &full, CONDITION_FAILS},
        {DATE_AFTER, &full, CONDITION_FAILS},
        {"Sunday, 06-Nov-94 08:49:37 GMT", &full, CONDITION_FAILS},
        {"Sun Nov  6 08:49:36 1994", &full, CONDITION_HOLDS},
        {"yesterday", &full, CONDITION_ABSENT},
        {"", &full, CONDITION_ABSENT},
        {DATE_BEFORE ", " DATE_AFTER, &full, CONDITION_ABSENT},
        {DATE_CHANGED, &bare, CONDITION_ABSENT},
        {DATE_CHANGED, &nothing, CONDITION_ABSENT},
    };

    (void)state;
    CHECK_AT(precondition_if_modified_since, cases, NOW);
}

// RFC 9110 §13.1.4
static void if_unmodified_since_ignores_what_it_cannot_use(void **state)
{
    static const struct field_case cases[] = {
        {NULL, &full, CONDITION_ABSENT},           {DATE_BEFORE, &full, CONDITION_FAILS},
        {DATE_CHANGED, &full, CONDITION_HOLDS},    {DATE_AFTER, &full, CONDITION_HOLDS},
        {"yesterday", &full, CONDITION_ABSENT},    {DATE_BEFORE, &bare, CONDITION_ABSENT},
        {DATE_BEFORE, &nothing, CONDITION_ABSENT},
    };

    (void)state;
    CHECK_AT(precondition_if_unmodified_since, cases, NOW);
}

// RFC 9110 §13.1.5
static void if_range_needs_a_strong_validator(void **state)
{
    static const struct field_case cases[] = {
        {NULL, &full, CONDITION_ABSENT},
        {"\"v1\"", &full, CONDITION_HOLDS},
        {"\"v0\"", &full, CONDITION_FAILS},
        {"W/\"v1\"", &full, CONDITION_FAILS},
        {"\"v1\"", &weak, CONDITION_FAILS},
        {"W/\"v1\"", &weak, CONDITION_FAILS},
        {"\"v1\"", &bare, CONDITION_FAILS},
        {DATE_CHANGED, &full, CONDITION_HOLDS},
        {DATE_BEFORE, &full, CONDITION_FAILS},
        {DATE_AFTER, &full, CONDITION_FAILS}, // exactly the same date, no later one
        {DATE_CHANGED, &bare, CONDITION_FAILS},
        {DATE_CHANGED, &nothing, CONDITION_FAILS},
        {DATE_CHANGED, &shared, CONDITION_FAILS}, // of which representation is it?
        {"\"v1\"", &shared, CONDITION_HOLDS},
        {"*", &full, CONDITION_MALFORMED},
        {"\"v1\", \"v2\"", &full, CONDITION_MALFORMED},
        {"", &full, CONDITION_MALFORMED},
        {"soon", &full, CONDITION_MALFORMED},
    };

    (void)state;
    CHECK_AT(precondition_if_range, cases, NOW);
}

// RFC 9110 §8.8.2.2
static void a_date_is_strong_only_once_its_second_is_over(void **state)
{
    (void)state;
    assert_int_equal(precondition_if_range(SPAN(DATE_CHANGED), &full, CHANGED), CONDITION_FAILS);
    assert_int_equal(precondition_if_range(SPAN(DATE_CHANGED), &full, CHANGED - 1),
                     CONDITION_FAILS);
    assert_int_equal(precondition_if_range(SPAN(DATE_CHANGED), &full, CHANGED + 1),
                     CONDITION_HOLDS);
}

#define HIT SPAN_INIT("\"v1\"")
#define MISS SPAN_INIT("\"v0\"")
#define JUNK SPAN_INIT("v1")
#define BEFORE SPAN_INIT(DATE_BEFORE)
#define CHANGED_THEN SPAN_INIT(DATE_CHANGED)
#define RANGE SPAN_INIT("bytes=0-1")

// RFC 9110 §13.2.2
static void preconditions_are_evaluated_in_their_order(void **state)
{
    static const struct {
        struct preconditions p;
        bool reads;
        enum precondition_result expected;
        enum field field;
    } cases[] = {
        {{.if_match = {NULL, 0}}, true, PRECONDITION_PROCEED, FIELD_OTHER},
        {{.if_match = HIT}, true, PRECONDITION_PROCEED, FIELD_OTHER},
        {{.if_match = MISS}, true, PRECONDITION_FAILED, FIELD_if_match},
        {{.if_match = JUNK}, true, PRECONDITION_MALFORMED, FIELD_if_match},
        // If-Unmodified-Since counts only without If-Match.
        {{.if_unmodified_since = BEFORE}, false, PRECONDITION_FAILED, FIELD_if_unmodified_since},
        {{.if_match = HIT, .if_unmodified_since = BEFORE},
         false,
         PRECONDITION_PROCEED,
         FIELD_OTHER},
        {{.if_unmodified_since = CHANGED_THEN, .if_none_match = HIT},
         true,
         PRECONDITION_NOT_MODIFIED,
         FIELD_if_none_match},
        // If-None-Match: 304 to GET and HEAD, 412 to others.
        {{.if_none_match = HIT}, true, PRECONDITION_NOT_MODIFIED, FIELD_if_none_match},
        {{.if_none_match = HIT}, false, PRECONDITION_FAILED, FIELD_if_none_match},
        {{.if_none_match = JUNK}, true, PRECONDITION_PROCEED, FIELD_OTHER},
        {{.if_none_match = JUNK}, false, PRECONDITION_PROCEED, FIELD_OTHER},
        {{.if_match = MISS, .if_none_match = HIT}, true, PRECONDITION_FAILED, FIELD_if_match},
        {{.if_match = HIT, .if_none_match = HIT},
         true,
         PRECONDITION_NOT_MODIFIED,
         FIELD_if_none_match},
        // If-Modified-Since counts only without If-None-Match, and for GET and HEAD.
        {{.if_modified_since = CHANGED_THEN},
         true,
         PRECONDITION_NOT_MODIFIED,
         FIELD_if_modified_since},
        {{.if_modified_since = BEFORE}, true, PRECONDITION_PROCEED, FIELD_OTHER},
        {{.if_modified_since = CHANGED_THEN}, false, PRECONDITION_PROCEED, FIELD_OTHER},
        {{.if_none_match = MISS, .if_modified_since = CHANGED_THEN},
         true,
         PRECONDITION_PROCEED,
         FIELD_OTHER},
        // If-Range counts only beside Range, and comes last.
        {{.range = RANGE, .if_range = HIT}, true, PRECONDITION_PROCEED, FIELD_OTHER},
        {{.range = RANGE, .if_range = MISS}, true, PRECONDITION_PROCEED_WHOLE, FIELD_if_range},
        {{.range = RANGE, .if_range = JUNK}, true, PRECONDITION_PROCEED_WHOLE, FIELD_if_range},
        {{.if_range = MISS}, true, PRECONDITION_PROCEED, FIELD_OTHER},
        {{.if_none_match = HIT, .range = RANGE, .if_range = MISS},
         true,
         PRECONDITION_NOT_MODIFIED,
         FIELD_if_none_match},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum field field = FIELD_OTHER;
        enum precondition_result got =
            precondition_evaluate(&cases[i].p, &full, cases[i].reads, NOW, &field);

        if (got != cases[i].expected || field != cases[i].field)
            fail_msg("case %zu: %d", i, (int)got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(if_match_compares_strongly),
        cmocka_unit_test(if_none_match_compares_weakly),
        cmocka_unit_test(if_modified_since_ignores_what_it_cannot_use),
        cmocka_unit_test(if_unmodified_since_ignores_what_it_cannot_use),
        cmocka_unit_test(if_range_needs_a_strong_validator),
        cmocka_unit_test(a_date_is_strong_only_once_its_second_is_over),
        cmocka_unit_test(preconditions_are_evaluated_in_their_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
