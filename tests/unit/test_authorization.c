// SPDX-License-Identifier: MIT
#include "access/authorization.h"
#include "access/challenge.h"
#include "base/limits.h"

#include "unit.h"

static struct authorization parse(const char *value)
{
    struct authorization a;
    struct fault f;

    if (authorization_parse(span_from_str(value), &a, &f) < 0)
        fail_msg("%s: %s at %zu", value, f.reason, f.at);
    return a;
}

static void check_refused(const char *value, size_t at, const char *word)
{
    struct authorization a = {.at = 777};
    struct fault f;

    if (authorization_parse(span_from_str(value), &a, &f) == 0)
        fail_msg("%s is taken", value);
    if (f.at != at || !strstr(f.reason, word) || a.at != 777)
        fail_msg("%s: %s at %zu", value, f.reason, f.at);
}

#define assert_span(s, text) assert_true(span_eq((s), span_from_str(text)))

// RFC 9110 §11.4
static void scheme_and_what_follows_are_told_apart(void **state)
{
    struct authorization a = parse("basic  YTpi");
    struct authorization_parameter p;
    struct span rest;

    (void)state;
    assert_int_equal(a.scheme, AUTHORIZATION_BASIC);
    assert_span(a.token, "YTpi");
    assert_int_equal(a.at, 7);
    a = parse("BEARER a.b-c_d~e+f/g==");
    assert_int_equal(a.scheme, AUTHORIZATION_BEARER);
    assert_span(a.token, "a.b-c_d~e+f/g==");
    a = parse("Negotiate");
    assert_int_equal(a.scheme, AUTHORIZATION_OTHER);
    assert_int_equal(a.token.len + a.parameters.len, 0);
    a = parse("Digest , username=\"a\\\"b,c\" ,, nc = 1, qop=auth,");
    assert_int_equal(a.scheme, AUTHORIZATION_OTHER);
    rest = a.parameters;
    assert_true(authorization_next(&rest, &p));
    assert_span(p.name, "username");
    assert_span(p.value, "a\\\"b,c");
    assert_true(p.quoted);
    assert_true(authorization_next(&rest, &p));
    assert_span(p.name, "nc");
    assert_span(p.value, "1");
    assert_false(p.quoted);
    assert_true(authorization_next(&rest, &p));
    assert_span(p.value, "auth");
    assert_false(authorization_next(&rest, &p));
}

static void what_is_malformed_is_refused_with_its_byte(void **state)
{
    char many[LIMIT_AUTH_PARAMETERS * 8 + 16];
    int length = snprintf(many, sizeof many, "X ");

    (void)state;
    check_refused("", 0, "scheme");
    check_refused(" Basic YTpi", 0, "scheme");
    check_refused("\"Basic\" YTpi", 0, "scheme");
    check_refused("Basic\tYTpi", 5, "space");
    check_refused("Basic:YTpi", 5, "space");
    check_refused("Basic YTpi, Basic YTpi", 10, "Basic"); // two lines that were joined
    check_refused("Basic YTpi x", 10, "Basic");
    check_refused("Bearer realm=\"x\"", 13, "Bearer");
    check_refused("Bearer a b", 8, "Bearer");
    check_refused("Bearer =a", 7, "Bearer");
    check_refused("Bearer a=b", 9, "Bearer");
    check_refused("Bearer \xc3\xa4", 7, "Bearer");
    check_refused("Digest a=1, b", 13, "\"=\"");
    check_refused("Digest a=1 b=2", 11, "comma");
    check_refused("Digest a=1, A=2", 12, "twice");
    check_refused("Digest a=\"1", 11, "no end");
    check_refused("Digest a=\"1\\", 12, "no end");
    check_refused("Digest a=\"1\x01\"", 11, "control");
    check_refused("Digest a=\"1\\\x01\"", 12, "control");
    check_refused("Digest a=, b=1", 9, "value");
    check_refused("Digest \"a\"=1", 7, "name");
    check_refused("Digest a=1, =2", 12, "name");
    for (int i = 0; i <= LIMIT_AUTH_PARAMETERS; i++) {
        if (i == LIMIT_AUTH_PARAMETERS)
            assert_int_equal(parse(many).scheme, AUTHORIZATION_OTHER);
        length += snprintf(many + length, sizeof many - (size_t)length, "p%d=1,", i);
    }
    check_refused(many, strlen(many) - strlen("p32=1,"), "more than");
}

static int read_basic(const char *value, struct basic_credentials *c, struct fault *f)
{
    static char memory[LIMIT_BASIC_CREDENTIALS];
    struct authorization a = parse(value);

    return authorization_read_basic(&a, memory, sizeof memory, c, f);
}

// RFC 7617 §2
static void basic_is_a_user_and_a_password(void **state)
{
    struct basic_credentials c;
    struct fault f;

    (void)state;
    assert_int_equal(read_basic("Basic YW5uOnNlOmNyZXQ=", &c, &f), 0); // ann:se:cret
    assert_span(c.user, "ann");
    assert_span(c.password, "se:cret");
    assert_int_equal(read_basic("Basic Og==", &c, &f), 0);
    assert_int_equal(c.user.len + c.password.len, 0);
    assert_int_equal(read_basic("Basic dGVzdDoxMjPCow==", &c, &f), 0); // 123 and a pound sign
    assert_span(c.password, "123\xc2\xa3");
}

static void basic_that_is_malformed_is_refused(void **state)
{
    static const struct {
        const char *value, *word;
        size_t at;
    } table[] = {
        {"Basic", "missing", 5},
        {"Basic YW5u", "no colon", 6},
        {"Basic YW5uOg", "base64", 12},        // no padding
        {"Basic YW5uOn==", "base64", 11},      // bits that stand for nothing
        {"Basic YW5uOnN-", "base64", 13},      // the other alphabet
        {"Basic YW5uOmEAYg==", "control", 10}, // a NUL within the password
        {"Basic YQk6Yg==", "control", 6},      // a tab within the name
        {"Basic YTpif2M=", "control", 10},     // DEL
        {"Basic YTrk", "UTF-8", 6},            // Latin-1
    };
    char text[LIMIT_BASIC_CREDENTIALS * 2] = "Basic ";
    struct basic_credentials c;
    struct fault f;

    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (read_basic(table[i].value, &c, &f) == 0)
            fail_msg("%s is taken", table[i].value);
        if (f.at != table[i].at || !strstr(f.reason, table[i].word))
            fail_msg("%s: %s at %zu", table[i].value, f.reason, f.at);
    }
    for (size_t i = 6; i < 6 + LIMIT_BASIC_CREDENTIALS / 3 * 4; i += 4)
        memcpy(text + i, i == 6 ? "YTph" : "YWFh", 4);
    assert_int_equal(read_basic(text, &c, &f), 0);
    memcpy(text + strlen(text), "YWFh", 4);
    assert_true(read_basic(text, &c, &f) < 0);
    assert_non_null(strstr(f.reason, "longer"));
}

// RFC 6750 §2.1
static void bearer_is_one_token(void **state)
{
    struct authorization a = parse("Bearer abc"), none = parse("Bearer"), other = parse("X abc");
    struct span token;
    struct fault f;

    (void)state;
    assert_int_equal(authorization_read_bearer(&a, &token, &f), 0);
    assert_span(token, "abc");
    assert_true(authorization_read_bearer(&none, &token, &f) < 0);
    assert_true(authorization_read_bearer(&other, &token, &f) < 0);
}

static void check_challenge(struct challenge c, const char *expected)
{
    struct buf b = {0};

    challenge_add(&b, &c);
    buf_add_char(&b, '\0');
    assert_false(b.failed);
    assert_string_equal(b.ptr, expected);
    buf_done(&b);
}

// RFC 9110 §11.6.1, RFC 7617 §2.1, RFC 6750 §3
static void every_scheme_on_offer_is_told(void **state)
{
    (void)state;
    check_challenge((struct challenge){.realm = SPAN("files"), .basic = true},
                    "Basic realm=\"files\", charset=\"UTF-8\"");
    check_challenge(
        (struct challenge){.realm = SPAN("a\"b\\c\n\xc3\xa4"), .basic = true, .bearer = true},
        "Bearer realm=\"a\\\"b\\\\c \xc3\xa4\", "
        "Basic realm=\"a\\\"b\\\\c \xc3\xa4\", charset=\"UTF-8\"");
    check_challenge((struct challenge){.realm = SPAN("r"),
                                       .bearer = true,
                                       .error = CHALLENGE_INSUFFICIENT_SCOPE,
                                       .description = SPAN("what \"it\" needs\xff"),
                                       .scope = SPAN("read write")},
                    "Bearer realm=\"r\", error=\"insufficient_scope\", "
                    "error_description=\"what  it  needs \", scope=\"read write\"");
    check_challenge(
        (struct challenge){.realm = SPAN("r"), .basic = true, .error = CHALLENGE_INVALID_TOKEN},
        "Basic realm=\"r\", charset=\"UTF-8\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scheme_and_what_follows_are_told_apart),
        cmocka_unit_test(what_is_malformed_is_refused_with_its_byte),
        cmocka_unit_test(basic_is_a_user_and_a_password),
        cmocka_unit_test(basic_that_is_malformed_is_refused),
        cmocka_unit_test(bearer_is_one_token),
        cmocka_unit_test(every_scheme_on_offer_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
