// SPDX-License-Identifier: MIT
/* Where an upstream is: upstream/address.h. */
#include "unit.h"

#include "upstream/address.h"

#include <string.h>

static struct upstream_address parse(const char *text)
{
    struct upstream_address a;
    const char *why = NULL;
    size_t at = 0;

    if (!upstream_address_parse(span_from_str(text), &a, &why, &at))
        fail_msg("%s: %s at %zu", text, why, at);
    assert_true(span_eq(a.text, span_from_str(text)));
    return a;
}

static void assert_span(struct span s, const char *text)
{
    if (!span_eq(s, span_from_str(text)))
        fail_msg("\"%.*s\" is not \"%s\"", SPAN_ARG(s), text);
}

static void http_has_port_80_and_no_base_unless_it_says_so(void **state)
{
    struct upstream_address a = parse("http://app.internal");

    (void)state;
    assert_int_equal(a.scheme, UPSTREAM_HTTP);
    assert_span(a.host, "app.internal");
    assert_int_equal(a.port, 80);
    assert_span(a.base, "");
    assert_span(a.authority, "app.internal");
    assert_span(a.socket_path, "");
    a = parse("HTTP://127.0.0.1:3000/api/v1/");
    assert_span(a.host, "127.0.0.1");
    assert_int_equal(a.port, 3000);
    assert_span(a.base, "/api/v1");
    assert_span(a.authority, "127.0.0.1:3000");
    assert_span(parse("http://my_app-1.x./").base, "");
    assert_span(parse("http://h/a%2Fb;c=1").base, "/a%2Fb;c=1");
}

static void an_ipv6_address_is_in_brackets(void **state)
{
    struct upstream_address a = parse("http://[::1]:8080/x");

    (void)state;
    assert_span(a.host, "::1");
    assert_int_equal(a.port, 8080);
    assert_span(a.authority, "[::1]:8080");
    assert_span(a.base, "/x");
    assert_int_equal(parse("http://[2001:db8::2]").port, 80);
}

static void a_socket_is_an_absolute_path_and_may_have_a_base(void **state)
{
    struct upstream_address a = parse("unix:/run/app.sock");

    (void)state;
    assert_int_equal(a.scheme, UPSTREAM_HTTP);
    assert_span(a.socket_path, "/run/app.sock");
    assert_span(a.base, "");
    assert_span(a.host, "");
    assert_span(a.authority, "localhost");
    a = parse("unix:/run/app:1.sock:/base/");
    assert_span(a.socket_path, "/run/app:1.sock");
    assert_span(a.base, "/base");
    a = parse("fcgi+unix:/run/php.sock");
    assert_int_equal(a.scheme, UPSTREAM_FCGI);
    assert_span(a.socket_path, "/run/php.sock");
}

static void fastcgi_names_its_port(void **state)
{
    struct upstream_address a = parse("fcgi://localhost:9000");

    (void)state;
    assert_int_equal(a.scheme, UPSTREAM_FCGI);
    assert_span(a.host, "localhost");
    assert_int_equal(a.port, 9000);
}

static void what_is_no_address_is_refused_with_its_place_and_why(void **state)
{
    static const struct {
        const char *text, *why;
        size_t at;
    } cases[] = {
        {"", "begins with", 0},
        {"127.0.0.1:3000", "begins with", 0},
        {"https://a", "TLS", 0},
        {"http://", "has no host", 7},
        {"http://:80", "has no host", 7},
        {"http:///x", "has no host", 7},
        {"http://a b", "neither an address nor a name", 8},
        {"http://a%62", "neither an address nor a name", 8},
        {"http://a..b", "between its dots", 9},
        {"http://127.0.0.256", "IPv4", 7},
        {"http://127.1", "IPv4", 7},
        {"http://user:secret@h/", "password", 7},
        {"http://user@h/", "password", 7},
        {"http://::1", "has no host", 7},
        {"http://[::1", "IPv6", 7},
        {"http://[::g]", "IPv6", 7},
        {"http://[fe80::1%eth0]", "IPv6", 7},
        {"http://[::1]x", "behind its host", 12},
        {"http://h:", "port", 9},
        {"http://h:0", "port", 9},
        {"http://h:65536", "port", 9},
        {"http://h:+80", "port", 9},
        {"http://h:000080", "port", 9},
        {"http://h:80a/", "port", 9},
        {"http://h/x?y", "query", 10},
        {"http://h#x", "query", 8},
        {"http://h/a b", "%XX", 10},
        {"http://h/%4", "%XX", 9},
        {"http://h/a//b", "empty segment", 11},
        {"http://h//", "empty segment", 9},
        {"http://h/a//", "empty segment", 11},
        {"http://h/a/../b", "empty segment", 11},
        {"http://h/.", "empty segment", 9},
        {"unix:run/app.sock", "does not begin with", 5},
        {"unix:", "does not begin with", 5},
        {"fcgi://h", "none of its own", 8},
        {"fcgi://h:9000/x", "behind its port", 13},
        {"fcgi+unix:x", "does not begin with", 10},
    };
    struct upstream_address a;
    char path[160];
    const char *why;
    size_t at;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (upstream_address_parse(span_from_str(cases[i].text), &a, &why, &at))
            fail_msg("%s: taken", cases[i].text);
        if (!strstr(why, cases[i].why) || at != cases[i].at)
            fail_msg("%s: %s at %zu", cases[i].text, why, at);
    }
    snprintf(path, sizeof path, "unix:/%0107d", 0);
    assert_false(upstream_address_parse(span_from_str(path), &a, &why, &at));
    assert_non_null(strstr(why, "107"));
    assert_false(upstream_address_parse(span_of("unix:/a\0b", 9), &a, &why, &at));
    assert_false(upstream_address_parse(span_of("http://a\0b", 10), &a, &why, &at));
}

/* Without a byte behind it that belongs to another: the sanitizer watches. */
static void every_beginning_of_an_address_is_read_within_its_bounds(void **state)
{
    static const char *const texts[] = {"http://[2001:db8::1]:8080/a/b%20c", "unix:/run/a.sock:/x",
                                        "fcgi+unix:/run/x", "fcgi://localhost:9000", "https://h"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (size_t n = 0; n <= strlen(texts[i]); n++) {
            char *copy = malloc(n ? n : 1);
            struct upstream_address a;
            const char *why = NULL;
            size_t at = 0;

            memcpy(copy, texts[i], n);
            if (!upstream_address_parse(span_of(copy, n), &a, &why, &at))
                assert_true(at <= n && why);
            free(copy);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(http_has_port_80_and_no_base_unless_it_says_so),
        cmocka_unit_test(an_ipv6_address_is_in_brackets),
        cmocka_unit_test(a_socket_is_an_absolute_path_and_may_have_a_base),
        cmocka_unit_test(fastcgi_names_its_port),
        cmocka_unit_test(what_is_no_address_is_refused_with_its_place_and_why),
        cmocka_unit_test(every_beginning_of_an_address_is_read_within_its_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
