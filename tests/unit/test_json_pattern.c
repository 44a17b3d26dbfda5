// SPDX-License-Identifier: MIT
#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "http/json_format.h"
#include "http/json_pattern.h"
#include "unit.h"

#include <time.h>

static int matches_within(struct span pattern, struct span text, size_t *steps, size_t most)
{
    struct json_pattern_fault fault = {0};
    struct json_matcher matcher = {0};
    struct json_pattern *p;
    int r;

    if (json_pattern_compile(pattern, &p, &fault) < 0)
        fail_msg("%.*s: %s", SPAN_ARG(pattern), fault.message);
    r = json_pattern_matches(p, &matcher, text, steps, most);
    json_matcher_done(&matcher);
    json_pattern_free(p);
    return r;
}

static int matches(const char *pattern, struct span text)
{
    size_t steps = 0;

    return matches_within(span_from_str(pattern), text, &steps, LIMIT_JSON_SCHEMA_STEPS);
}

// ECMA-262, 2024, §22.2
static void a_pattern_means_what_it_does_in_ecmascript(void **state)
{
    static const struct {
        const char *pattern;
        struct span text;
        int found;
    } cases[] = {
        {"b", SPAN_INIT("abc"), 1},
        {"", SPAN_INIT(""), 1},
        {"^a$", SPAN_INIT("a"), 1},
        {"^a$", SPAN_INIT("a\n"), 0}, // "$" is the very end
        {"^b", SPAN_INIT("a\nb"), 0},
        {"^.$", SPAN_INIT("\r"), 0},
        {"^.$", SPAN_INIT("\xe2\x80\xa8"), 0},
        {"^.$", SPAN_INIT("\x0b"), 1},
        {"^.$", SPAN_INIT("\xf0\x9f\x90\xb2"), 1}, // one character, of four bytes
        {"^\\s$", SPAN_INIT("\xc2\xa0"), 1},
        {"^\\s$", SPAN_INIT("\xef\xbb\xbf"), 1},
        {"^\\s$", SPAN_INIT("\xc2\x85"), 0}, // NEL is no white space there
        {"^\\S$", SPAN_INIT("\xe3\x80\x80"), 0},
        {"^[\\S]$", SPAN_INIT("\xe3\x80\x80"), 0},
        {"^[^\\s]+$", SPAN_INIT("a\xc2\x85"), 1},
        {"^\\w$", SPAN_INIT("\xc3\xa9"), 0},
        {"^\\W$", SPAN_INIT("\xc3\xa9"), 1},
        {"^\\d$", SPAN_INIT("\xd9\xa1"), 0},
        {"^\\v$", SPAN_INIT("\n"), 0},
        {"^\\v$", SPAN_INIT("\x0b"), 1},
        {"^\\cJ$", SPAN_INIT("\n"), 1},
        {"^\\0$", SPAN_INIT("\0"), 1},
        {"^\\x41\\u0042\\u{1f432}$", SPAN_INIT("AB\xf0\x9f\x90\xb2"), 1},
        {"^\\ud83d\\udc32$", SPAN_INIT("\xf0\x9f\x90\xb2"), 1},
        {"^[\\ud83d\\udc32-\\ud83d\\udc34]$", SPAN_INIT("\xf0\x9f\x90\xb3"), 1},
        {"^[[:alpha:]]$", SPAN_INIT("a]"), 1}, // a class of "[", ":", and letters, then "]"
        {"^[[:alpha:]]$", SPAN_INIT("b"), 0},
        {"^[^]$", SPAN_INIT("\n"), 1},
        {"a[]", SPAN_INIT("a"), 0},
        {"^[a-]+$", SPAN_INIT("-a"), 1},
        {"^[\\w-.]+$", SPAN_INIT("a-.b"), 1},
        {"^[.-\\d]+$", SPAN_INIT(".-1"), 1},
        {"^[\\b]$", SPAN_INIT("\b"), 1},
        {"\\bis\\b", SPAN_INIT("this is"), 1},
        {"^\\p{Letter}+$", SPAN_INIT("\xc3\xa9tude"), 1},
        {"^\\p{Lu}\\P{L}$",
         SPAN_INIT("\xc3\x89"
                   "1"),
         1},
        {"^\\p{Script=Greek}$", SPAN_INIT("\xce\xb1"), 1},
        {"^\\p{gc=Decimal_Number}$", SPAN_INIT("\xd9\xa1"), 1},
        {"^(?<year>\\d{4})-\\k<year>$", SPAN_INIT("2024-2024"), 1},
        {"^(a)\\1$", SPAN_INIT("aa"), 1},
        {"(?<=\\$)\\d", SPAN_INIT("$1"), 1},
        {"(?<!\\$)\\d", SPAN_INIT("$1"), 0},
        {"^(?:a|b)(?=c)(?!d).$", SPAN_INIT("ac"), 1},
        {"^a{2}$", SPAN_INIT("aa"), 1},
        {"^a{,2}$", SPAN_INIT("a{,2}"), 1}, // no quantifier
        {"^a+?b$", SPAN_INIT("aab"), 1},
        {"^\\-\\_\\@\\/\\\"$", SPAN_INIT("-_@/\""), 1},
        {"^x y#z$", SPAN_INIT("x y#z"), 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (matches(cases[i].pattern, cases[i].text) != cases[i].found)
            fail_msg("%s", cases[i].pattern);
}

static void what_only_pcre_knows_is_refused(void **state)
{
    static const char *const patterns[] = {
        "(",       ")",       "a)(b",        "[",
        "a\\",     "*a",      "a**",         "a++",
        "a{2}+",   "(?i)a",   "(?>a)",       "(?#x)",
        "(*FAIL)", "(?R)",    "(?P<n>a)",    "\\Aa",
        "a\\z",    "a\\Z",    "\\Qa\\E",     "\\a",
        "\\e",     "\\h",     "\\R",         "\\K",
        "\\G",     "\\X",     "\\u12",       "\\ud800",
        "\\x1",    "\\u{}",   "\\u{110000}", "\\p{Nonsense}",
        "\\pL",    "\\p{^L}", "(?<=a*)b",    "\\2(a)",
        "\\k<n>",  "[b-a]",   "a{2,1}",      "\\u{12345678901}",
        "(?|a)",   "\\00",
    };

    (void)state;
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        struct json_pattern_fault fault = {0};
        struct json_pattern *p;

        if (json_pattern_compile(span_from_str(patterns[i]), &p, &fault) != -CANDOR_E_SYNTAX)
            fail_msg("%s is taken", patterns[i]);
        assert_true(fault.message[0]);
    }
}

static void a_pattern_is_bounded_in_length_and_in_what_it_unfolds_to(void **state)
{
    struct json_pattern_fault fault;
    struct json_pattern *p;
    char text[LIMIT_JSON_PATTERN + 1];

    (void)state;
    memset(text, 'a', sizeof text);
    assert_int_equal(json_pattern_compile(span_of(text, sizeof text - 1), &p, &fault), 0);
    json_pattern_free(p);
    assert_int_equal(json_pattern_compile(span_of(text, sizeof text), &p, &fault), -CANDOR_E_LIMIT);
    assert_int_equal(json_pattern_compile(SPAN("(((a{1000}){1000}){1000}){1000}"), &p, &fault),
                     -CANDOR_E_SYNTAX);
    memset(text, '(', sizeof text / 2);
    memset(text + sizeof text / 2, ')', sizeof text / 2);
    assert_int_equal(json_pattern_compile(span_of(text, sizeof text / 2 * 2), &p, &fault),
                     -CANDOR_E_SYNTAX);
}

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Patterns that take time without end, or that grows with the square of the text. */
static void a_pattern_that_takes_too_much_ends(void **state)
{
    static const char *const patterns[] = {
        "(a*)*b",    "(a|a)*b",       "(a+)+$x",    "a*a*a*a*a*b",
        "[^x]*[yz]", "(?=(a+))\\1*b", "(a|b|ab)*c", "^(([a-z])+.)+[A-Z]([a-z])+$"};
    static const size_t lengths[] = {100, 10000, 1000 * 1000};
    char *text = malloc(1000 * 1000);

    (void)state;
    assert_non_null(text);
    memset(text, 'a', 1000 * 1000);
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
        for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
            struct span s = span_of(text, lengths[k]);
            double begin = seconds();
            size_t steps = 0;
            int r = matches_within(span_from_str(patterns[i]), s, &steps, LIMIT_JSON_SCHEMA_STEPS);

            // Some are found not to match before anything is tried, as a "b" is not there.
            assert_true(r == 0 || r == -CANDOR_E_LIMIT);
            if (seconds() - begin > 20)
                fail_msg("%s at %zu bytes: %.1f s", patterns[i], lengths[k], seconds() - begin);
        }
    assert_int_equal(matches("^(([a-z])+.)+[A-Z]([a-z])+$", span_of(text, 100)), -CANDOR_E_LIMIT);
    assert_int_equal(matches("[^x]*[yz]", span_of(text, 1000 * 1000)), -CANDOR_E_LIMIT);
    // What is usual is not too costly, however long the text is.
    assert_int_equal(matches("^[A-Za-z0-9+/]*={0,2}$", span_of(text, 1000 * 1000)), 1);
    assert_int_equal(matches("<script", span_of(text, 1000 * 1000)), 0);
    assert_int_equal(matches("^\\S+@\\S+$", span_of(text, 1000)), 0);
    free(text);
}

static void the_steps_of_a_match_count(void **state)
{
    size_t steps = 0;

    (void)state;
    assert_int_equal(matches_within(SPAN("[bc][de]"), SPAN("bbbbbbbbbbbbbbbbbbbb"), &steps, 10),
                     -CANDOR_E_LIMIT);
    steps = 0;
    assert_int_equal(matches_within(SPAN("[bc][de]"), SPAN("bbbbbbbbbbbbbbbbbbbb"), &steps, 1000),
                     0);
    assert_in_range(steps, 20, 200);
}

static void a_format_is_asked_for_by_its_name(void **state)
{
    static const struct {
        const char *name, *text;
        bool fits;
    } cases[] = {
        {"date-time", "1998-12-31T23:59:60Z", true},
        {"date-time", "1998-12-31T22:59:60Z", false}, // no leap second there
        {"date-time", "1998-12-31T15:59:60.123-08:00", true},
        {"date", "2023-02-29", false},
        {"date", "2024-02-29", true},
        {"date", "1900-02-29", false},
        {"time", "24:00:00Z", false},
        {"time", "12:00:00", false},
        {"email", "joe@example.org", true},
        {"email", "joe@@example.org", false},
        {"email", "\"joe b\"@[127.0.0.1]", true},
        {"email", ".a@b", false},
        {"email", "a@", false},
        {"email", "joe@[IPv6:::1]", true},
        {"hostname", "a-b.example", true},
        {"hostname", "-a", false},
        {"hostname", "a..b", false},
        {"hostname", "", false},
        {"ipv4", "127.0.0.01", false},
        {"ipv4", "127.0.0.1", true},
        {"ipv6", "::1", true},
        {"ipv6", "fe80::1%eth0", false},
        {"uri", "http://[::1]:80/a?b#c", true},
        {"uri", "//a/b", false},
        {"uri", "http://a b", false},
        {"uri", "http://a/%zz", false},
        {"uri", "urn:a:b", true},
        {"uri", "http://a:x/", false},
        {"uri-reference", "a/b?c", true},
        {"uri-reference", "a\\b", false},
        {"uri-reference", "1:a", false},
        {"uuid", "2eb8aa08-aa98-11ea-b4aa-73b441d16380", true},
        {"uuid", "2eb8aa08aa98-11ea-b4aa-73b441d163800", false},
        {"json-pointer", "/a~2", false},
        {"json-pointer", "/a~0~1", true},
        {"relative-json-pointer", "01", false},
        {"relative-json-pointer", "0#", true},
        {"duration", "P1Y2M3DT4H", true},
        {"duration", "P1YT", false},
        {"duration", "P", false},
        {"duration", "P4W", true},
        {"duration", "P1D1Y", false},
        {"regex", "a(", false},
        {"regex", "a+", true},
    };

    (void)state;
    assert_null(json_format_from_name(SPAN("nonsense")));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct json_format *f = json_format_from_name(span_from_str(cases[i].name));

        if (f->matches(span_from_str(cases[i].text)) != cases[i].fits)
            fail_msg("%s: %s", cases[i].name, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_means_what_it_does_in_ecmascript),
        cmocka_unit_test(what_only_pcre_knows_is_refused),
        cmocka_unit_test(a_pattern_is_bounded_in_length_and_in_what_it_unfolds_to),
        cmocka_unit_test(a_pattern_that_takes_too_much_ends),
        cmocka_unit_test(the_steps_of_a_match_count),
        cmocka_unit_test(a_format_is_asked_for_by_its_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
