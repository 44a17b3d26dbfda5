// SPDX-License-Identifier: MIT
#include "http/dav_fields.h"

#include "unit.h"

static struct span optional(const char *text)
{
    return text ? span_from_str(text) : span_of(NULL, 0);
}

// RFC 4918 §10.2, §10.6
static void depth_and_overwrite_are_one_word(void **state)
{
    static const struct {
        const char *value;
        int depth, overwrite;
    } cases[] = {
        {NULL, DEPTH_ABSENT, OVERWRITE_T},
        {"0", DEPTH_0, OVERWRITE_MALFORMED},
        {" 1\t", DEPTH_1, OVERWRITE_MALFORMED},
        {"infinity", DEPTH_INFINITY, OVERWRITE_MALFORMED},
        {"Infinity", DEPTH_INFINITY, OVERWRITE_MALFORMED},
        {"", DEPTH_MALFORMED, OVERWRITE_MALFORMED},
        {"2", DEPTH_MALFORMED, OVERWRITE_MALFORMED},
        {"00", DEPTH_MALFORMED, OVERWRITE_MALFORMED},
        {"0, 1", DEPTH_MALFORMED, OVERWRITE_MALFORMED},
        {"T", DEPTH_MALFORMED, OVERWRITE_T},
        {"t", DEPTH_MALFORMED, OVERWRITE_T},
        {" F ", DEPTH_MALFORMED, OVERWRITE_F},
        {"TF", DEPTH_MALFORMED, OVERWRITE_MALFORMED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(depth_parse(optional(cases[i].value)), cases[i].depth);
        assert_int_equal(overwrite_parse(optional(cases[i].value)), cases[i].overwrite);
    }
}

// RFC 4918 §10.7
static void the_first_timeout_that_can_be_read_counts_within_bounds(void **state)
{
    static const struct timeout_bounds bounds = {600, 10, 3600};
    static const struct {
        const char *value;
        uint32_t seconds;
    } cases[] = {
        {NULL, 600},
        {"", 600},
        {"Second-100", 100},
        {"second-100", 100},
        {"Infinite", 3600},
        {"Infinite, Second-4100000000", 3600},
        {"Second-4100000000", 3600},
        {"Second-99999999999999999999999", 3600},
        {"Second-1", 10},
        {"Second-0", 10},
        {"Extend, Second-50", 50},
        {" , Second-x,Second-, Second-70 ,Infinite", 70},
        {"Second--5", 600},
        {"100", 600},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (timeout_parse(optional(cases[i].value), &bounds) != cases[i].seconds)
            fail_msg("%s", cases[i].value);
}

// RFC 4918 §10.5
static void a_lock_token_is_one_coded_url(void **state)
{
    static const struct {
        const char *value, *token;
    } cases[] = {
        {"<urn:uuid:1>", "urn:uuid:1"},
        {" <opaquelocktoken:1>\t", "opaquelocktoken:1"},
        {NULL, NULL},
        {"", NULL},
        {" urn:uuid:1 ", "urn:uuid:1"}, // as npm's webdav sends it
        {"1", NULL},
        {"urn:1 urn:2", NULL},
        {"urn:1>", NULL},
        {"<>", NULL},
        {"<urn:uuid:1", NULL},
        {"<urn:1><urn:2>", NULL},
        {"<urn:1>, <urn:2>", NULL},
        {"<urn: 1>", NULL},
        {"<urn:<1>", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct span token;
        bool ok = lock_token_parse(optional(cases[i].value), &token);

        if (ok != (cases[i].token != NULL) || (ok && !span_eq(token, optional(cases[i].token))))
            fail_msg("%s", cases[i].value);
    }
}

// RFC 4918 §10.3, RFC 3986 §3
static void a_destination_is_split_and_its_faults_are_told_apart(void **state)
{
    static const struct {
        const char *value;
        enum destination_result result;
        const char *authority, *path;
        size_t offset;
    } cases[] = {
        {"http://h/a/b", DESTINATION_OK, "h", "/a/b", 0},
        {"/a/b", DESTINATION_OK, NULL, "/a/b", 0},
        {" /a ", DESTINATION_OK, NULL, "/a", 0},
        {"http://h", DESTINATION_OK, "h", "/", 0},
        {"https://[::1]:8443/", DESTINATION_OK, "[::1]:8443", "/", 0},
        {"http://h:/a", DESTINATION_OK, "h:", "/a", 0},
        {"http://h/%C3%A4//b;x=1,@:!$&'()*+", DESTINATION_OK, "h", "/%C3%A4//b;x=1,@:!$&'()*+", 0},
        {"/a/./b/../../c", DESTINATION_OK, NULL, "/a/./b/../../c", 0},
        {"/a/.../..x", DESTINATION_OK, NULL, "/a/.../..x", 0},
        {"/a?x", DESTINATION_HAS_QUERY, NULL, "/a", 2},
        {"/a?", DESTINATION_HAS_QUERY, NULL, "/a", 2},
        {"http://h?x", DESTINATION_HAS_QUERY, "h", "/", 8},
        {"http://h/a#f", DESTINATION_HAS_FRAGMENT, "h", "/a", 10},
        {"/a?x#f", DESTINATION_HAS_FRAGMENT, NULL, "/a", 4},
        {"/a%2fb", DESTINATION_ENCODED_SLASH, NULL, "/a%2fb", 2},
        {"/a%00b", DESTINATION_ENCODED_NUL, NULL, "/a%00b", 2},
        {"/..", DESTINATION_ABOVE_ROOT, NULL, "/..", 1},
        {"/a/../../b", DESTINATION_ABOVE_ROOT, NULL, "/a/../../b", 6},
        {"/a//../../b", DESTINATION_ABOVE_ROOT, NULL, "/a//../../b", 7},
        {"http://h//../b", DESTINATION_ABOVE_ROOT, "h", "//../b", 10},
        {"http://h//a//../b", DESTINATION_OK, "h", "//a//../b", 0},
        {"http://h/%2e%2E/b", DESTINATION_ABOVE_ROOT, "h", "/%2e%2E/b", 9},
        {"/a/.%2e/./..", DESTINATION_ABOVE_ROOT, NULL, "/a/.%2e/./..", 10},
        {NULL, DESTINATION_MALFORMED, NULL, NULL, 0},
        {"", DESTINATION_MALFORMED, NULL, NULL, 0},
        {"a/b", DESTINATION_MALFORMED, NULL, NULL, 0},
        {"//h/a", DESTINATION_MALFORMED, NULL, NULL, 0},
        {"http:/a", DESTINATION_MALFORMED, NULL, NULL, 0},
        {"http:///a", DESTINATION_MALFORMED, NULL, NULL, 0},
        {"http://u@h/a", DESTINATION_MALFORMED, NULL, NULL, 0},
        {"http://h:8x/a", DESTINATION_MALFORMED, NULL, NULL, 0},
        {"mailto:a@b", DESTINATION_MALFORMED, NULL, NULL, 0},
        {"*", DESTINATION_MALFORMED, NULL, NULL, 0},
        {"/a b", DESTINATION_MALFORMED, NULL, NULL, 2},
        {"/a%", DESTINATION_MALFORMED, NULL, NULL, 2},
        {"/a%2", DESTINATION_MALFORMED, NULL, NULL, 2},
        {"/a%zz", DESTINATION_MALFORMED, NULL, NULL, 2},
        {"/\xc3\xa4", DESTINATION_MALFORMED, NULL, NULL, 1},
        {"/a?b\\", DESTINATION_MALFORMED, NULL, NULL, 4},
        {"/a#b#c", DESTINATION_MALFORMED, NULL, NULL, 4},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct destination d = {.scheme = {NULL, 0}};
        size_t offset = 0;
        enum destination_result result = destination_parse(optional(cases[i].value), &d, &offset);

        if (result != cases[i].result || offset != cases[i].offset)
            fail_msg("%s: %d at %zu", cases[i].value, (int)result, offset);
        assert_true(span_eq(d.path, optional(cases[i].path)));
        assert_true(span_eq(d.authority, optional(cases[i].authority)));
        assert_int_equal(d.scheme.ptr != NULL, cases[i].authority != NULL);
    }
}

// RFC 3986 §6.2.2.1, §6.2.3; RFC 4918 §9.8.5
static void a_destination_is_here_when_host_and_port_are_the_same(void **state)
{
    static const struct {
        const char *value, *host;
        bool here;
    } cases[] = {
        {"/a", "h", true},
        {"http://h/a", "h", true},
        {"HTTP://H/a", "h", true},
        {"http://h:80/a", "h", true},
        {"http://h/a", "h:80", true},
        {"http://h:/a", "h", true},
        {"http://h:0080/a", "h", true},
        {"http://[::1]/a", "[::1]:80", true},
        {"http://[FE80::1]:81/a", "[fe80::1]:81", true},
        // Behind a proxy that ends TLS
        {"https://h/a", "h", true},
        {"https://h/a", "h:443", true},
        {"https://h:443/a", "h", true},
        {"https://h:8080/a", "h:8080", true},
        {"http://h:8080/a", "h", false},
        {"http://h/a", "h:8080", false},
        {"http://g/a", "h", false},
        {"http://h.example/a", "h", false},
        {"http://h/a", "", false},
        {"https://h/a", "h:8080", false},
        {"https://h/a", "h:80", false},
        {"ftp://h/a", "h", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct destination d;
        size_t offset;

        assert_int_equal(destination_parse(span_from_str(cases[i].value), &d, &offset),
                         DESTINATION_OK);
        if (destination_is_here(&d, span_from_str(cases[i].host)) != cases[i].here)
            fail_msg("%s at %s", cases[i].value, cases[i].host);
    }
}

static void oc_mtime_is_decimal_seconds(void **state)
{
    static const struct {
        const char *value;
        bool ok;
        int64_t seconds;
    } cases[] = {
        {"1405659103", true, 1405659103},
        {" 1 ", true, 1},
        {"0", true, 0},
        {"-1", true, -1},
        {"1405659103.5", true, 1405659103},
        {"9223372036", true, 9223372036}, // in nanoseconds, just within 64 bits
        {"9223372037", false, 0},
        {"253402300799", false, 0},
        {"-9223372036", true, -9223372036},
        {"-9223372037", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {".5", false, 0},
        {"1.", false, 0},
        {"0x10", false, 0},
        {"1e5", false, 0},
        {"+1", false, 0},
        {"1.2.3", false, 0},
        {NULL, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t seconds = 0;

        if (oc_mtime_parse(optional(cases[i].value), &seconds) != cases[i].ok ||
            seconds != cases[i].seconds)
            fail_msg("%s", cases[i].value);
    }
}

static void an_expected_length_is_a_number_of_bytes(void **state)
{
    uint64_t length = 7;

    (void)state;
    assert_true(expected_length_parse(SPAN(" 9223372036854775807 "), &length));
    assert_int_equal(length, INT64_MAX);
    length = 7;
    assert_false(expected_length_parse(SPAN("9223372036854775808"), &length));
    assert_false(expected_length_parse(SPAN("-1"), &length));
    assert_false(expected_length_parse(SPAN(""), &length));
    assert_false(expected_length_parse((struct span){NULL, 0}, &length));
    assert_int_equal(length, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(depth_and_overwrite_are_one_word),
        cmocka_unit_test(the_first_timeout_that_can_be_read_counts_within_bounds),
        cmocka_unit_test(a_lock_token_is_one_coded_url),
        cmocka_unit_test(a_destination_is_split_and_its_faults_are_told_apart),
        cmocka_unit_test(a_destination_is_here_when_host_and_port_are_the_same),
        cmocka_unit_test(oc_mtime_is_decimal_seconds),
        cmocka_unit_test(an_expected_length_is_a_number_of_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
