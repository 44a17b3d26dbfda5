// SPDX-License-Identifier: MIT
/* Request targets: their forms, what may stand in them, and what is told of them (RFC 9112 §3.2).
 */
#include "h1_unit.h"

/* §3.2, RFC 3986 */
static void target_has_one_of_four_forms(void **state)
{
    static const struct row rows[] = {
        ROW("GET /a?b?c=/%41%zZ HTTP/1.1\r\n" H E, NONE, 40),
        ROW("GET /?% HTTP/1.1\r\n" H E, NONE, 29),
        ROW("GET /?a=%4\\ HTTP/1.1\r\n" H E, NONE, 33),
        ROW("GET /?\\^`{|}[]?/%%20% HTTP/1.1\r\n" H E, NONE, 43),
        ROW("GET /?\"", target_malformed, 6),
        ROW("GET /?a<", target_malformed, 7),
        ROW("GET /?a>", target_malformed, 7),
        ROW("GET /?a#", target_malformed, 7),
        ROW("GET /?\xc3", target_malformed, 6),
        ROW("GET /?\t", target_malformed, 6),
        ROW("GET /a%zZ", target_percent_malformed, 6),
        ROW("GET /%4", NONE, 0),
        ROW("GET /%4 HTTP/1.1\r\n", target_percent_malformed, 5),
        ROW("GET /%\r\n", target_percent_malformed, 5),
        ROW("GET /a#b HTTP/1.1\r\n", target_malformed, 6),
        ROW("GET /\x01 HTTP/1.1\r\n", target_malformed, 5),
        ROW("GET /a\tb HTTP/1.1\r\n", target_malformed, 6),
        ROW("GET /\x7f HTTP/1.1\r\n", target_malformed, 5),
        ROW("GET /\xc3\xa4 HTTP/1.1\r\n", target_malformed, 5),
        ROW("GET /\"<>", target_malformed, 5),
        ROW("GET /<", target_malformed, 5),
        ROW("GET />", target_malformed, 5),
        ROW("GET /\\", target_malformed, 5),
        ROW("GET /a[1]^`{|}/[] HTTP/1.1\r\n" H E, NONE, 39),
        ROW("GET http://a/[b] HTTP/1.1\r\n" H E, NONE, 38),
        ROW("GET http://a{/ HTTP/1.1\r\n", target_malformed, 12),
        ROW("GET /0123456789012345678901234567890123456789\\ HTTP/1.1\r\n", target_malformed, 45),
        ROW("GET /a HTTP/1.1\r\n" H E, NONE, 28),
        ROW("GET ?a HTTP/1.1\r\n", target_malformed, 4),
        ROW("GET a HTTP/1.1\r\n", target_malformed, 5),
        ROW("GET a/b HTTP/1.1\r\n", target_malformed, 5),
        ROW("CONNECT /a HTTP/1.1\r\n", target_form_wrong, 8),
        ROW("GET http://a/b?c HTTP/1.1\r\n" H E, NONE, 38),
        ROW("GET HTTPS://a HTTP/1.1\r\n" H E, NONE, 35),
        ROW("GET http://a?b HTTP/1.1\r\n" H E, NONE, 36),
        ROW("GET ftp://a/ HTTP/1.1\r\n", target_scheme_unknown, 4),
        ROW("GET urn:x HTTP/1.1\r\n", target_scheme_unknown, 4),
        ROW("GET http:/a HTTP/1.1\r\n", target_malformed, 10),
        ROW("GET http:a HTTP/1.1\r\n", target_malformed, 9),
        ROW("GET http:///a HTTP/1.1\r\n", target_malformed, 11),
        ROW("GET http:// HTTP/1.1\r\n", target_malformed, 11),
        ROW("GET http://:80/ HTTP/1.1\r\n", target_malformed, 11),
        ROW("GET http://u@a/ HTTP/1.1\r\n", target_userinfo, 12),
        ROW("GET http://u:p@a/ HTTP/1.1\r\n", target_userinfo, 14),
        ROW("GET http://a:65536/ HTTP/1.1\r\n", target_malformed, 17),
        ROW("GET http://a:b/ HTTP/1.1\r\n", target_malformed, 13),
        ROW("GET http://a%4/ HTTP/1.1\r\n", target_percent_malformed, 12),
        ROW("GET http://a<b/ HTTP/1.1\r\n", target_malformed, 12),
        ROW("GET http://a#b HTTP/1.1\r\n", target_malformed, 12),
        ROW("GET http://[::1]/ HTTP/1.1\r\nHost: [::1]\r\n\r\n", NONE, 43),
        ROW("GET http://[::g]/ HTTP/1.1\r\n", target_malformed, 11),
        ROW("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", NONE, 39),
        ROW("CONNECT a HTTP/1.1\r\n", target_malformed, 9),
        ROW("CONNECT a: HTTP/1.1\r\n", target_malformed, 10),
        ROW("CONNECT a:0 HTTP/1.1\r\n", target_malformed, 11),
        ROW("CONNECT :443 HTTP/1.1\r\n", target_malformed, 8),
        ROW("CONNECT u@a:443 HTTP/1.1\r\n", target_userinfo, 9),
        ROW("CONNECT a:443/ HTTP/1.1\r\n", target_form_wrong, 8),
        ROW("GET a:443 HTTP/1.1\r\n", target_form_wrong, 4),
        ROW("OPTIONS * HTTP/1.1\r\n" H E, NONE, 31),
        ROW("OPTIONS *a HTTP/1.1\r\n", target_malformed, 9),
        ROW("GET * HTTP/1.1\r\n", target_form_wrong, 4),
        ROW("CONNECT * HTTP/1.1\r\n", target_form_wrong, 8),
    };

    (void)state;
    CHECK(rows);
}

static void parts_of_the_target_are_told(void **state)
{
    (void)state;
    parse(SPAN("GET /a/b?c?d HTTP/1.1\r\nHost: x:81\r\n\r\n"));
    assert_int_equal(message.method, METHOD_GET);
    assert_int_equal(message.target.form, TARGET_ORIGIN);
    ASSERT_SPAN(message.target.text, "/a/b?c?d");
    ASSERT_SPAN(message.target.path, "/a/b");
    ASSERT_SPAN(message.target.query, "c?d");
    assert_true(message.target.has_query);
    ASSERT_SPAN(message.target.host, "x");
    assert_int_equal(message.target.port, 81);
    parse(SPAN("FOO http://[::1]:80?q HTTP/1.1\r\nHost: [::1]\r\n\r\n"));
    assert_int_equal(message.method, METHOD_UNKNOWN);
    ASSERT_SPAN(message.method_name, "FOO");
    assert_int_equal(message.target.form, TARGET_ABSOLUTE);
    ASSERT_SPAN(message.target.scheme, "http");
    ASSERT_SPAN(message.target.host, "[::1]");
    assert_int_equal(message.target.port, 80);
    ASSERT_SPAN(message.target.path, "/");
    ASSERT_SPAN(message.target.query, "q");
    parse(SPAN("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"));
    assert_int_equal(message.target.form, TARGET_ASTERISK);
    assert_int_equal(message.target.path.len, 0);
    assert_false(message.target.has_query);
    ASSERT_SPAN(message.target.host, "x");
    parse(SPAN("CONNECT y:443 HTTP/1.1\r\nHost: y:443\r\n\r\n"));
    assert_int_equal(message.target.form, TARGET_AUTHORITY);
    ASSERT_SPAN(message.target.host, "y");
    assert_int_equal(message.target.port, 443);
    parse(SPAN("GET / HTTP/1.0\r\n\r\n"));
    assert_int_equal(message.target.host.len, 0);
    assert_int_equal(head.minor, 0);
}

static void a_target_is_told_also_where_it_is_refused(void **state)
{
    static const struct {
        struct span in, text;
    } rows[] = {
        {SPAN_INIT("GET /a\"b HTTP/1.1\r\n"), SPAN_INIT("/a\"b")},
        {SPAN_INIT("GET /a#b\r\n"), SPAN_INIT("/a#b")},
        {SPAN_INIT("GET /a%4 HTTP/1.1\r\n"), SPAN_INIT("/a%4")},
        {SPAN_INIT("GET /\xc3\xa4\tb HTTP/1.1\r\n"), SPAN_INIT("/\xc3\xa4\tb")},
        {SPAN_INIT("GET a/b HTTP/1.1\r\n"), SPAN_INIT("a/b")},
        {SPAN_INIT("GET http://u@a/ HTTP/1.1\r\n"), SPAN_INIT("http://u@a/")},
        {SPAN_INIT("GET ftp://a/b"), SPAN_INIT("ftp://a/b")},
        {SPAN_INIT("GET /half"), SPAN_INIT("/half")},
        {SPAN_INIT("GET /a b HTTP/1.1\r\n"), SPAN_INIT("/a")},
        {SPAN_INIT("GET * HTTP/1.1\r\n"), SPAN_INIT("*")},
        {SPAN_INIT("GET  /a HTTP/1.1\r\n"), SPAN_INIT("")},
        {SPAN_INIT("GET"), SPAN_INIT("")},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *copy;

        read_exact(rows[i].in, 0, &limits, &copy);
        assert_true(span_eq(message.target.text, rows[i].text));
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(target_has_one_of_four_forms),
        cmocka_unit_test(parts_of_the_target_are_told),
        cmocka_unit_test(a_target_is_told_also_where_it_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
