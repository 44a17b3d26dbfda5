// SPDX-License-Identifier: MIT
#include "access/rule.h"
#include "base/error.h"
#include "base/limits.h"

#include "unit.h"

/* Of a null-terminated list. */
static struct rules *rules_of(const char *const *texts)
{
    struct rules *r;
    struct fault f;

    assert_int_equal(rules_new(&r), 0);
    for (; *texts; texts++)
        if (rules_add(r, span_from_str(*texts), &f) < 0)
            fail_msg("%s: %s at %zu", *texts, f.reason, f.at);
    return r;
}

static struct groups *groups_of(const char *text)
{
    struct faults faults = {0};
    struct groups *g = NULL;

    if (groups_read(span_from_str(text), &faults, &g) < 0)
        fail_msg("%s: %s", text, faults.list[0].reason);
    faults_done(&faults);
    return g;
}

static struct identity user(const char *name)
{
    return (struct identity){.kind = name ? IDENTITY_USER : IDENTITY_NOBODY,
                             .name = span_from_str(name)};
}

/* "METHOD path", of somebody or, with a null pointer, of nobody, from 192.0.2.1. */
static void expect(const struct rules *r, const struct groups *g, const char *name,
                   const char *method, const char *path, enum rule_verdict verdict, size_t rule)
{
    enum method m = method_from_name(span_from_str(method));
    struct identity who = user(name);
    struct address address;
    struct rule_request request = {rule_right_of(m), m, span_from_str(path), &address};
    struct rule_decision d;

    assert_true(address_parse(SPAN("192.0.2.1"), &address));
    d = rules_decide(r, g, &who, &request);
    if (d.verdict != verdict || d.rule != rule)
        fail_msg("%s %s /%s: %d by %zu", name ? name : "nobody", method, path, (int)d.verdict,
                 d.rule);
}

static void the_first_rule_that_fits_decides(void **state)
{
    static const char *const texts[] = {
        "ann may not DELETE under /keep",
        "ann may all",
        "@staff may read,PUT under /shared/",
        "anyone may not all under /private",
        "anyone may read from 192.0.2.0/24",
        "authenticated may write under \"/drop box\"",
        NULL,
    };
    static const struct {
        const char *name, *method, *path;
        enum rule_verdict verdict;
        size_t rule;
    } table[] = {
        {"ann", "DELETE", "keep", RULE_DENIED, 0},
        {"ann", "DELETE", "keep/x", RULE_DENIED, 0},
        {"ann", "DELETE", "keeper", RULE_ALLOWED, 1},
        {"ann", "MOVE", "keep/x", RULE_ALLOWED, 1},
        {"ann", "GET", "private/x", RULE_ALLOWED, 1},
        {"bob", "GET", "shared", RULE_ALLOWED, 2},
        {"bob", "PUT", "shared/x", RULE_ALLOWED, 2},
        {"bob", "POST", "shared/x", RULE_DENIED, RULE_NONE},
        {"bob", "PROPFIND", "shared/x", RULE_ALLOWED, 2},
        {"eve", "PUT", "shared/x", RULE_DENIED, RULE_NONE},
        {"eve", "GET", "shared/x", RULE_ALLOWED, 4},
        {"eve", "GET", "private/x", RULE_DENIED, 3},
        {"eve", "PUT", "drop box/x", RULE_ALLOWED, 5},
        {"eve", "PUT", "drop", RULE_DENIED, RULE_NONE},
        {NULL, "GET", "", RULE_ALLOWED, 4},
        {NULL, "GET", "private", RULE_NEEDS_IDENTITY, 3}, // ann would be let in
        {NULL, "PUT", "drop box/x", RULE_NEEDS_IDENTITY, RULE_NONE},
        {NULL, "PUT", "x", RULE_NEEDS_IDENTITY, RULE_NONE},
        {"", "PUT", "x", RULE_DENIED, RULE_NONE},
    };
    struct rules *r = rules_of(texts);
    struct groups *g = groups_of("# who\nstaff: bob\tdan\r\nstaff: carl\nempty:\n");

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        expect(r, g, table[i].name, table[i].method, table[i].path, table[i].verdict,
               table[i].rule);
    expect(r, NULL, "bob", "PUT", "shared/x", RULE_DENIED, RULE_NONE);
    assert_int_equal(rules_count(r), 6);
    assert_true(span_eq(rules_text(r, 1), SPAN("ann may all")));
    assert_true(span_eq(rules_group(r, 2), SPAN("staff")));
    assert_int_equal(rules_group(r, 1).len, 0);
    rules_free(r);
    groups_free(g);
}

static void nobody_is_asked_who_it_is_only_where_that_could_help(void **state)
{
    static const char *const closed[] = {"anyone may read", "ann may write under /a", NULL};
    static const char *const none[] = {NULL};
    struct rules *r = rules_of(closed);

    (void)state;
    expect(r, NULL, NULL, "PUT", "a", RULE_NEEDS_IDENTITY, RULE_NONE);
    expect(r, NULL, NULL, "PUT", "b", RULE_DENIED, RULE_NONE);
    rules_free(r);
    r = rules_of(none);
    expect(r, NULL, NULL, "GET", "", RULE_DENIED, RULE_NONE);
    expect(r, NULL, "ann", "GET", "", RULE_DENIED, RULE_NONE);
    rules_free(r);
}

static void names_keys_and_claims_are_kept_apart(void **state)
{
    static const char *const texts[] = {"key:ann may read", "claim:scope=write may write",
                                        "\"anyone\" may DELETE", "ann may POST", NULL};
    struct rules *r = rules_of(texts);
    struct identity key = {.kind = IDENTITY_KEY, .name = SPAN("ann"), .scopes = SPAN("x write")};
    struct identity token = {.kind = IDENTITY_TOKEN, .name = SPAN("ann")}, person = user("ann");
    struct identity anyone = user("anyone"), nobody = user(NULL);
    struct rule_request get = {RULE_READ, method_from_name(SPAN("GET")), SPAN(""), NULL};
    struct rule_request put = {RULE_WRITE, method_from_name(SPAN("PUT")), SPAN(""), NULL};
    struct rule_request post = {RULE_WRITE, method_from_name(SPAN("POST")), SPAN(""), NULL};
    struct rule_request delete = {RULE_WRITE, method_from_name(SPAN("DELETE")), SPAN(""), NULL};

    (void)state;
    assert_int_equal(rules_decide(r, NULL, &key, &get).verdict, RULE_ALLOWED);
    assert_int_equal(rules_decide(r, NULL, &person, &get).verdict, RULE_DENIED);
    assert_int_equal(rules_decide(r, NULL, &token, &get).verdict, RULE_DENIED);
    assert_int_equal(rules_decide(r, NULL, &key, &put).rule, 1);
    assert_int_equal(rules_decide(r, NULL, &token, &put).verdict, RULE_DENIED); // no claims
    key.scopes = SPAN("x writes");
    assert_int_equal(rules_decide(r, NULL, &key, &put).verdict, RULE_DENIED);
    assert_int_equal(rules_decide(r, NULL, &key, &post).verdict, RULE_DENIED);
    assert_int_equal(rules_decide(r, NULL, &token, &post).rule, 3);
    assert_int_equal(rules_decide(r, NULL, &person, &post).rule, 3);
    assert_int_equal(rules_decide(r, NULL, &anyone, &delete).rule, 2);
    assert_int_equal(rules_decide(r, NULL, &nobody, &delete).verdict, RULE_NEEDS_IDENTITY);
    rules_free(r);
}

// A file is found by all forms of its name, so a rule holds for all of them.
static void a_path_is_one_in_all_forms_of_unicode(void **state)
{
    static const char *const texts[] = {"anyone may not all under /caf\xc3\xa9", "anyone may all",
                                        NULL};
    struct rules *r = rules_of(texts);

    (void)state;
    expect(r, NULL, NULL, "GET", "caf\xc3\xa9/x", RULE_DENIED, 0);
    expect(r, NULL, NULL, "GET", "cafe\xcc\x81/x", RULE_DENIED, 0);
    expect(r, NULL, NULL, "GET", "cafe/x", RULE_ALLOWED, 1);
    expect(r, NULL, NULL, "GET", "caf\xc3\xa9s", RULE_ALLOWED, 1);
    expect(r, NULL, NULL, "GET", "caf\xe9", RULE_ALLOWED, 1); // Latin-1 is another name
    rules_free(r);
}

static void what_does_not_parse_is_told_with_its_byte(void **state)
{
    static const struct {
        const char *text;
        size_t at;
        const char *word;
    } table[] = {
        {"", 0, "who"},
        {"  ", 2, "who"},
        {"ann", 3, "may"},
        {"ann can read", 4, "may"},
        {"ann \"may\" read", 4, "may"},
        {"@ may read", 0, "missing"},
        {"key: may read", 0, "missing"},
        {"foo:bar may read", 0, "colon"},
        {"claim:scope may read", 0, "claim:NAME=VALUE"},
        {"claim:=x may read", 0, "claim:NAME=VALUE"},
        {"claim:x= may read", 0, "claim:NAME=VALUE"},
        {"\"ann may read", 0, "no end"},
        {"\"ann\"may read", 5, "space"},
        {"ann may", 7, "read, write"},
        {"ann may not", 11, "read, write"},
        {"ann may not not read", 12, "read, write"},
        {"ann may get", 8, "capitals"},
        {"ann may read,", 13, "commas"},
        {"ann may read,,write", 13, "commas"},
        {"ann may read, write", 13, "commas"},
        {"ann may GET,FOO", 12, "method"},
        {"ann may \"read\"", 8, "read, write"},
        {"ann may read in /x", 13, "under"},
        {"ann may read under", 18, "slash"},
        {"ann may read under x", 19, "slash"},
        {"ann may read under /a//b", 19, "empty"},
        {"ann may read under /a/../b", 19, ".."},
        {"ann may read under /.", 19, ".."},
        {"ann may read under /a%20b", 19, "decoded"},
        {"ann may read under /\xff", 19, "UTF-8"},
        {"ann may read under /a under /b", 22, "from"},
        {"ann may read from", 17, "address"},
        {"ann may read from x", 18, "address"},
        {"ann may read from 10.0.0.1/8", 18, "bits"},
        {"ann may read from 10.0.0.0/33", 18, "0 to 32"},
        {"ann may read from 10.0.0.0/8 under /x", 29, "nothing"},
        {"ann may read from 10.0.0.0/8 x", 29, "nothing"},
    };
    char long_rule[LIMIT_RULE + 2];
    struct rules *r;
    struct fault f;

    (void)state;
    assert_int_equal(rules_new(&r), 0);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (rules_add(r, span_from_str(table[i].text), &f) == 0)
            fail_msg("%s is taken", table[i].text);
        if (f.at != table[i].at || !strstr(f.reason, table[i].word))
            fail_msg("%s: %s at %zu", table[i].text, f.reason, f.at);
    }
    assert_int_equal(rules_count(r), 0);
    memset(long_rule, ' ', sizeof long_rule);
    memcpy(long_rule, "ann may read", 12);
    assert_int_equal(rules_add(r, span_of(long_rule, LIMIT_RULE), &f), 0);
    assert_int_equal(rules_add(r, span_of(long_rule, LIMIT_RULE + 1), &f), -CANDOR_E_SYNTAX);
    while (rules_count(r) < LIMIT_ACCESS_RULES)
        assert_int_equal(rules_add(r, SPAN("ann may all under / from ::/0"), &f), 0);
    assert_int_equal(rules_add(r, SPAN("ann may read"), &f), -CANDOR_E_SYNTAX);
    rules_free(r);
}

static void lines_of_groups_that_are_none_are_told(void **state)
{
    static const char *const bad[] = {"staff",    "staff bob",  ": bob",
                                      "a b: bob", "x\x01: bob", "staff: b:ob"};
    char *large = calloc(1, LIMIT_GROUPS_FILE + 1);
    struct groups *g = groups_of("a: b c\n\xef\xbb\xbf: d\n");

    (void)state;
    assert_true(groups_have(g, SPAN("a")) && groups_have_user(g, SPAN("a"), SPAN("c")));
    assert_false(groups_have_user(g, SPAN("a"), SPAN("")));
    assert_false(groups_have_user(g, SPAN("a"), SPAN("d")));
    assert_false(groups_have(g, SPAN("b")));
    groups_free(g);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct faults faults = {0};

        assert_int_equal(groups_read(span_from_str(bad[i]), &faults, &g), -CANDOR_E_SYNTAX);
        assert_int_equal(faults.list[0].line, 1);
        faults_done(&faults);
    }
    assert_int_equal(groups_read(span_of(large, LIMIT_GROUPS_FILE + 1), NULL, &g), -CANDOR_E_LIMIT);
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_rule_that_fits_decides),
        cmocka_unit_test(nobody_is_asked_who_it_is_only_where_that_could_help),
        cmocka_unit_test(names_keys_and_claims_are_kept_apart),
        cmocka_unit_test(a_path_is_one_in_all_forms_of_unicode),
        cmocka_unit_test(what_does_not_parse_is_told_with_its_byte),
        cmocka_unit_test(lines_of_groups_that_are_none_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
